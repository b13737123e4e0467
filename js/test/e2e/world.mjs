// A served sandbox whose creates take their time, and the installed command line on real files against it:
// its processes are killed, or meet. What is there at the end is judged from outside.

import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createFolder, requirePackage, serveSandbox, start } from "./sandbox.mjs";

/** Of a request to ChartMogul. */
export const TIMEOUT_MS = 1_500;
/** The latest that a create is carried out: when its sender has given it up, but is not over yet. */
export const LATEST_MS = 2_000;

/** A command that has not ended by then never will. */
const HANGS_AFTER_MS = 120_000;

/** Such requests take 0.6 s or more; some are done late, some when nobody waits any more, some answered late. */
export function slow(service, method, ...paths) {
  return [
    { probability: 1, fault: { kind: "slow", milliseconds: 600 } },
    { probability: 0.15, fault: { kind: "slow", milliseconds: 500 } },
    { probability: 0.05, fault: { kind: "slow", milliseconds: LATEST_MS - 1_100 } },
    { probability: 0.1, fault: { kind: "delay", milliseconds: 500 } },
    { probability: 0.03, fault: { kind: "delay", milliseconds: TIMEOUT_MS } },
  ].flatMap((rule) => paths.map((path) => ({ service, method, path, ...rule })));
}

const SLOW_CREATES = slow("chartmogul", "POST", "/v1/customers", "/v1/contacts", "/v1/notes", "/v1/tasks");

/** Every person becomes a customer of its own, so that a test can count them. */
const SETTINGS = {
  anchor: "contact-is-customer",
  onExisting: "create",
  users: { defaultAssignee: "ada.king@agency.example" },
};

/** Numbers from 0 to 1, the same for the same seed. */
export function createRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A served sandbox with slow creates, and a folder with a configuration and a store. */
export class World {
  static async open(seed, contacts) {
    const flags = ["--seed", `${seed}`, "--contacts", `${contacts}`, "--search-lag-ms", "0"];
    const world = new this();
    world.name = `sandbox seed ${seed}`;
    world.sandbox = await serveSandbox(...flags, "--burst-limit", "1000");
    world.cwd = createFolder();
    world.configure();
    await world.begins();
    return world;
  }

  async begins() {
    await this.control("faults", SLOW_CREATES);
  }

  configure(settings = {}, services = {}) {
    const sync = { ...SETTINGS, ...settings };
    const configuration = { chartmogul: { timeoutMs: TIMEOUT_MS }, ...services, sync };
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

  /** Writes to both services so far. */
  async writes() {
    const { ghl, chartmogul } = await this.control("stats");
    return ghl.writes + chartmogul.writes;
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

  /**
   * Syncs, killing and restarting at once; gives the number of kills until it was done. `onKill` may
   * take its time, while the next process waits for the lease of the killed one.
   */
  async syncUnderKills(random, most, onKill = () => {}, flags = [], longest = 13_000) {
    let people;
    for (let killed = 0; ; ) {
      const { child, ended } = this.begin("sync", ...flags, "--yes", "--json");
      const aborter = new AbortController();
      const { signal } = aborter;
      const moment = async () => {
        // Most in the middle of creates; some anywhere, so also while it reads, plans or waits.
        if (random() < 0.15) return delay(random() * longest, undefined, { signal });
        const after = random() * 1_500;
        await people;
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
        people = onKill(killed);
        continue;
      }
      assert.equal(end.code, 0, `${this.name}, after ${killed} kills: ${end.stdout}${end.stderr}`);
      assert.equal(JSON.parse(end.stdout).done, true);
      await people;
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
    // What came from ChartMogul has no copy there.
    const given = { notes: notes.filter(isGiven), tasks: tasks.filter(isGiven) };
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
    for (const [kind, own, texts] of [
      ["note", given.notes, made.notes.map(({ text, of_customer_uuid }) => [text, of_customer_uuid])],
      [
        "task",
        given.tasks,
        made.tasks.map(({ task_details, of_customer_uuid }) => [task_details, of_customer_uuid]),
      ],
    ]) {
      const marked = texts
        .map(([text, customer]) => [/\[ghl:[nt]:(\w+)\]/.exec(text ?? "")?.[1], customer])
        .filter(([id]) => id !== undefined);
      this.assertOnce(
        kind,
        marked.map(([id]) => id),
        own.map(({ id }) => id),
      );
      const ownerOf = new Map(own.map(({ id, contactId }) => [id, personOf.get(contactId)]));
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

/** Whether a note or task of GHL was written there, and not brought from ChartMogul. */
const isGiven = ({ body }) => !/\[cm:[nt]:/.test(body ?? "");

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
