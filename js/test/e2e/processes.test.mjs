// Processes that are killed, and processes that meet: the installed command line on real files, against
// a served sandbox whose creates take their time. What is there at the end is judged from outside.
//
// PROCESS_KILLS (default 20) says how many kills there are, PROCESS_SEED repeats their moments as far as
// the machine lets it, PROCESS_LANES (default 7) how many worlds run side by side.

import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createFolder, requirePackage, serveSandbox, start } from "./sandbox.mjs";

const KILLS = Number(process.env.PROCESS_KILLS ?? 20);
const LANES = Number(process.env.PROCESS_LANES ?? 7);
const SEED = Number(process.env.PROCESS_SEED ?? Date.now() % 1_000_000);

/** Of a request to ChartMogul. */
const TIMEOUT_MS = 1_500;
/** The latest that a create is carried out: when its sender has given it up, but is not over yet. */
const LATEST_MS = 2_000;

/** A command that has not ended by then never will. */
const HANGS_AFTER_MS = 120_000;

/** Creates take 0.6 s or more; some are done late, some when nobody waits any more, some answered late. */
const SLOW_CREATES = [
  { probability: 1, fault: { kind: "slow", milliseconds: 600 } },
  { probability: 0.15, fault: { kind: "slow", milliseconds: 500 } },
  { probability: 0.05, fault: { kind: "slow", milliseconds: LATEST_MS - 1_100 } },
  { probability: 0.1, fault: { kind: "delay", milliseconds: 500 } },
  { probability: 0.03, fault: { kind: "delay", milliseconds: TIMEOUT_MS } },
].flatMap((rule) =>
  ["customers", "contacts", "notes", "tasks"].map((kind) => {
    return { service: "chartmogul", method: "POST", path: `/v1/${kind}`, ...rule };
  }),
);

/** Every person becomes a customer of its own, so that a test can count them. */
const SETTINGS = {
  anchor: "contact-is-customer",
  onExisting: "create",
  users: { defaultAssignee: "ada.king@agency.example" },
};

process.stdout.write(
  `seed ${SEED}, ${KILLS} kills in ${LANES} worlds at a time, Node.js ${process.version}\n`,
);

/** Numbers from 0 to 1, the same for the same seed. */
function createRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A served sandbox with slow creates, and a folder with a configuration and a store. */
class World {
  static async open(seed, contacts) {
    const flags = ["--seed", `${seed}`, "--contacts", `${contacts}`, "--search-lag-ms", "0"];
    const world = new World();
    world.name = `sandbox seed ${seed}`;
    world.sandbox = await serveSandbox(...flags, "--burst-limit", "1000");
    world.cwd = createFolder();
    world.configure();
    await world.control("faults", SLOW_CREATES);
    return world;
  }

  configure(settings = {}) {
    const configuration = { chartmogul: { timeoutMs: TIMEOUT_MS }, sync: { ...SETTINGS, ...settings } };
    writeFileSync(join(this.cwd, "ghl-chartmogul.config.json"), JSON.stringify(configuration));
  }

  async control(name, body) {
    const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    const response = await fetch(`${this.sandbox.address.ghl.baseUrl}/sandbox/${name}`, init);
    assert.equal(response.status, 200, name);
    return response.json();
  }

  records(service, kind) {
    return this.control(`records?service=${service}&kind=${kind}`);
  }

  async writes() {
    return (await this.control("stats")).chartmogul.writes;
  }

  /** Starts a command; `ended` gives how it ended and what it wrote. */
  begin(...args) {
    const child = start(args, { cwd: this.cwd, env: this.sandbox.env });
    const written = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"])
      child[name].setEncoding("utf8").on("data", (text) => {
        written[name] += text;
      });
    let hangs = false;
    const timer = setTimeout(() => {
      hangs = true;
      child.kill("SIGKILL");
    }, HANGS_AFTER_MS);
    const ended = once(child, "close").then(([code, signal]) => {
      clearTimeout(timer);
      assert.ok(!hangs, `${this.name}: ${args.join(" ")} does not end`);
      return { code, signal, ...written };
    });
    return { child, ended };
  }

  /** Resolves when this process, not one that was just killed, has made something. */
  async creating(signal, afterKill = false) {
    // What a killed one has sent is carried out by then, and the new one still watches its lease.
    if (afterKill) await delay(LATEST_MS, undefined, { signal });
    const before = await this.writes();
    while ((await this.writes()) === before) await delay(50, undefined, { signal });
  }

  /** Syncs, killing and restarting at once; gives the number of kills until it was done. */
  async syncUnderKills(random, most, kill = () => {}) {
    for (let killed = 0; ; ) {
      const { child, ended } = this.begin("sync", "--yes", "--json");
      const aborter = new AbortController();
      const { signal } = aborter;
      const moment = async () => {
        // Most in the middle of creates; some anywhere, so also while it reads, plans or waits.
        if (random() < 0.15) return delay(random() * 13_000, undefined, { signal });
        const after = random() * 1_500;
        await this.creating(signal, killed > 0);
        await delay(after, undefined, { signal });
      };
      if (killed < most) {
        await Promise.race([ended, moment()]);
        child.kill("SIGKILL");
      }
      const end = await ended;
      aborter.abort();
      if (end.signal === "SIGKILL") {
        killed += 1;
        kill(killed);
        continue;
      }
      assert.equal(end.code, 0, `${this.name}, after ${killed} kills: ${end.stdout}${end.stderr}`);
      assert.equal(JSON.parse(end.stdout).done, true);
      return killed;
    }
  }

  /** What GHL has is in ChartMogul, each once; and a full sync has nothing to write. */
  async judge() {
    // What a killed process has sent is carried out by then.
    await delay(LATEST_MS + 500);
    await this.judgeRecords();
    const before = await this.writes();
    const { code, stdout, stderr } = await this.begin("sync", "--full", "--yes", "--json").ended;
    assert.equal(code, 0, `${this.name}: ${stdout}${stderr}`);
    assert.deepEqual(JSON.parse(stdout).report.done, {}, this.name);
    assert.equal(await this.writes(), before, `${this.name}: a full sync wrote`);
    await this.judgeRecords();
    this.checkFile();
  }

  async judgeRecords() {
    const [people, notes, tasks] = await Promise.all(
      ["contacts", "notes", "tasks"].map((kind) => this.records("ghl", kind)),
    );
    const made = Object.fromEntries(
      await Promise.all(
        ["dataSources", "customers", "contacts", "notes", "tasks"].map(async (kind) => [
          kind,
          await this.records("chartmogul", kind),
        ]),
      ),
    );
    const sources = made.dataSources.map(({ name }) => name);
    this.assertOnce("data source", sources, [...new Set(sources)]);
    // Contacts of one e-mail address are one person, which has one customer and one contact.
    const personOf = new Map(people.map(({ id, email }) => [id, email?.trim().toLowerCase() || id]));
    const persons = [...new Set(personOf.values())];
    const prefix = `ghl:${this.sandbox.address.ghl.locationId}:`;
    const customerOf = new Map(
      made.customers
        .filter(({ external_id }) => external_id?.startsWith(prefix))
        .map(({ uuid, external_id }) => [uuid, personOf.get(external_id.slice(prefix.length))]),
    );
    const contacts = made.contacts.filter(({ customer_uuid }) => customerOf.has(customer_uuid));
    this.assertOnce("customer", [...customerOf.values()], persons);
    this.assertOnce(
      "contact",
      contacts.map(({ customer_uuid }) => customerOf.get(customer_uuid)),
      persons,
    );
    for (const [kind, given, texts] of [
      ["note", notes, made.notes.map(({ text, of_customer_uuid }) => [text, of_customer_uuid])],
      [
        "task",
        tasks,
        made.tasks.map(({ task_details, of_customer_uuid }) => [task_details, of_customer_uuid]),
      ],
    ]) {
      const marked = texts
        .map(([text, customer]) => [/\[ghl:[nt]:(\w+)\]/.exec(text ?? "")?.[1], customer])
        .filter(([id]) => id !== undefined);
      this.assertOnce(
        kind,
        marked.map(([id]) => id),
        given.map(({ id }) => id),
      );
      const ownerOf = new Map(given.map(({ id, contactId }) => [id, personOf.get(contactId)]));
      for (const [id, customer] of marked)
        assert.equal(
          customerOf.get(customer),
          ownerOf.get(id),
          `${this.name}: ${kind} ${id} stands elsewhere`,
        );
    }
  }

  assertOnce(kind, found, wanted) {
    const twice = found.filter((each, index) => found.indexOf(each) !== index);
    const lost = wanted.filter((each) => !found.includes(each));
    assert.deepEqual({ kind, twice, lost }, { kind, twice: [], lost: [] }, this.name);
    assert.equal(found.length, wanted.length, `${this.name}: ${kind}`);
  }

  checkFile() {
    const file = join(this.cwd, "ghl-chartmogul.db");
    assert.deepEqual(integrityOf(file), ["ok"], this.name);
  }

  async close() {
    await this.sandbox.close();
  }
}

/** What SQLite finds wrong with a file that nobody has open. */
function integrityOf(file) {
  const { DatabaseSync } = process.getBuiltinModule?.("node:sqlite") ?? {};
  const database =
    DatabaseSync === undefined
      ? new (requirePackage("node-sqlite3-wasm").Database)(file)
      : new DatabaseSync(file);
  if (DatabaseSync === undefined) database.exec("PRAGMA locking_mode = EXCLUSIVE");
  try {
    const sql = "PRAGMA integrity_check";
    const rows = DatabaseSync === undefined ? database.all(sql) : database.prepare(sql).all();
    return rows.map(({ integrity_check }) => integrity_check);
  } finally {
    database.close();
  }
}

/** How the second of two processes ends, with --json. */
function assertBusy({ code, stdout, stderr }, pid, since) {
  assert.equal(code, 1, stdout + stderr);
  const { error } = JSON.parse(stdout);
  assert.equal(error.code, "busy", error.message);
  assert.match(error.message, new RegExp(`\\bprocess ${pid} on \\S`));
  const [told] = /\d{4}-\d\d-\d\dT[\d:.]+Z/.exec(error.message) ?? [];
  assert.ok(Date.parse(told) >= since && Date.parse(told) <= Date.now(), error.message);
  assert.ok(error.hint);
}

/** They wait more than they work. */
const AT_ONCE = { concurrency: true };

describe("processes", AT_ONCE, () => {
  describe("a process that is killed", AT_ONCE, () => {
    const lanes = Array.from({ length: Math.min(LANES, KILLS) }, (_, lane) => lane);
    for (const lane of lanes) {
      const kills = Math.floor((KILLS + lane) / lanes.length);
      test(`${kills} times, and started again at once, loses nothing and makes nothing twice (${lane})`, async (t) => {
        const random = createRandom(SEED * 31 + lane);
        let worlds = 0;
        for (let left = kills; left > 0; worlds++) {
          const world = await World.open(1 + Math.floor(random() * 1_000_000), 70);
          left -= await world.syncUnderKills(random, left);
          await world.judge();
          await world.close();
        }
        t.diagnostic(`${kills} kills in ${worlds} worlds`);
      });
    }

    test("while it makes customers, and started with another data source, makes each once", async () => {
      const random = createRandom(SEED);
      const world = await World.open(1 + Math.floor(random() * 1_000_000), 60);
      world.configure({ dataSource: "The first" });
      const kills = await world.syncUnderKills(random, 2, () =>
        world.configure({ dataSource: "The second" }),
      );
      assert.ok(kills > 0);
      await world.judge();
      await world.close();
    });
  });

  describe("two processes on one file", AT_ONCE, () => {
    test("the second learns who holds it and since when, the first ends well", async () => {
      const world = await World.open(SEED + 1, 40);
      const since = Date.now();
      const first = world.begin("sync", "--yes", "--json");
      await world.creating();
      const [json, plain] = await Promise.all([
        world.begin("sync", "--yes", "--json").ended,
        world.begin("sync", "--yes").ended,
      ]);
      assert.equal(first.child.exitCode, null, "the first was done too soon for this test");
      assertBusy(json, first.child.pid, since);
      assert.equal(plain.code, 1);
      assert.match(plain.stderr, new RegExp(`^error: .*process ${first.child.pid} on .*since .*\nhint: `));
      const { code, stdout, stderr } = await first.ended;
      assert.equal(code, 0, stdout + stderr);
      assert.equal(JSON.parse(stdout).done, true);
      await world.judge();
      await world.close();
    });

    const canShare = process.getBuiltinModule?.("node:sqlite") !== undefined;
    const skip = canShare ? false : "without node:sqlite one process at a time has the file open";

    test("what a person decides while the other syncs is queued, and done when that ends", {
      skip,
    }, async () => {
      const world = await World.open(SEED + 2, 60);
      const json = async (...args) => {
        const { code, stdout, stderr } = await world.begin(...args, "--json").ended;
        assert.equal(stderr, "", stdout);
        return { code, ...JSON.parse(stdout) };
      };
      const first = world.begin("sync", "--yes", "--json");
      await world.creating();
      let linked;
      for (const { id } of await world.records("ghl", "contacts")) {
        if ((await json("why", id)).standing === "inStep") linked = id;
        if (linked !== undefined) break;
      }
      assert.ok(linked, "none is linked yet");
      const wrong = await json("unlink", "nobody");
      assert.deepEqual([wrong.code, wrong.error.code], [1, "not_found"]);
      const unlinked = await world.begin("unlink", linked).ended;
      assert.equal(first.child.exitCode, null, "the first was done too soon for this test");
      assert.equal(unlinked.code, 0, unlinked.stdout + unlinked.stderr);
      const said = `queued: process ${first.child.pid} on .* is syncing this location, since .*; it takes this up`;
      assert.match(unlinked.stdout, new RegExp(said));
      const during = await json("status");
      assert.deepEqual([during.queued, during.holder !== undefined], [1, true]);
      const { code, stdout, stderr } = await first.ended;
      assert.equal(code, 0, stdout + stderr);
      assert.equal((await json("status")).queued, 0);
      assert.equal((await json("why", linked)).cause, "unlinked");
      await world.close();
    });

    for (const round of [1, 2, 3])
      test(`started at the same instant: one wins, the other learns of it (${round})`, async () => {
        const world = await World.open(SEED + 10 + round, 30);
        const since = Date.now();
        const both = [world.begin("sync", "--yes", "--json"), world.begin("sync", "--yes", "--json")];
        const ends = await Promise.all(both.map(({ ended }) => ended));
        const winner = ends.findIndex(({ code }) => code === 0);
        assert.notEqual(winner, -1, ends.map(({ stdout, stderr }) => stdout + stderr).join("\n"));
        assert.equal(JSON.parse(ends[winner].stdout).done, true);
        assertBusy(ends[1 - winner], both[winner].child.pid, since);
        await world.judge();
        await world.close();
      });
  });
});
