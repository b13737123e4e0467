// The command line of the installed package against a served sandbox, as a person or a script uses it.

import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { createFolder, requirePackage, run, serveSandbox, start } from "./sandbox.mjs";

/** Every person becomes a customer of its own, so that a test can count them. */
const SETTINGS = {
  anchor: "contact-is-customer",
  onExisting: "create",
  users: { defaultAssignee: "anna@agency.example" },
};

/** A folder with a configuration file. */
function createProject(configuration = { sync: SETTINGS }) {
  const folder = createFolder();
  writeFileSync(join(folder, "ghl-chartmogul.config.json"), JSON.stringify(configuration));
  return folder;
}

const lines = (text) => text.split("\n").filter(Boolean);

/** The contacts of a sandbox's location. */
async function contactsOf({ address }) {
  const response = await fetch(`${address.ghl.baseUrl}/sandbox/records?service=ghl&kind=contacts`);
  return response.json();
}

/** How many people a sandbox's location has: contacts of one e-mail address are one. */
async function countPeople(sandbox) {
  const contacts = await contactsOf(sandbox);
  return new Set(contacts.map(({ id, email }) => email?.trim().toLowerCase() || id)).size;
}

describe("usage", () => {
  test("help and version go to stdout and are not errors", async () => {
    const help = await run(["--help"]);
    assert.equal(help.code, 0);
    for (const command of [
      ...["check", "plan", "sync", "status", "why", "rejected", "retry"],
      ...["accept", "link", "unlink", "forget", "call", "sandbox"],
    ])
      assert.match(help.stdout, new RegExp(`^ {2}${command} `, "m"));
    const { version } = requirePackage("ghl-chartmogul/package.json");
    assert.equal((await run(["--version"])).stdout.trim(), version);
  });

  test("mistakes end with 2, a message and a hint, and nothing on stdout", async () => {
    for (const [args, message] of [
      [["pln"], /unknown command 'pln'[\s\S]*Did you mean plan\?/],
      [["plan", "--ful"], /unknown option '--ful'/],
      [["sync", "--max-calls", "many"], /must be a whole number/],
      [["plan"], /GHL_TOKEN, GHL_LOCATION_ID and CHARTMOGUL_API_KEY are not set/],
      [["plan", "--config", "missing.json"], /missing\.json cannot be read \(ENOENT\)/],
      [
        ["call", "contacts.gett"],
        /unknown endpoint contacts\.gett[\s\S]*Did you mean contacts\.get\b(?!.*\bghl\.)/,
      ],
      [["call", "contacts.get", "--contactid", "1"], /no parameter contactid[\s\S]*--contactId/],
    ]) {
      const { code, stdout, stderr } = await run(args, { cwd: createFolder() });
      assert.equal(code, 2, args.join(" "));
      assert.equal(stdout, "");
      assert.match(stderr, message);
    }
  });

  test("with --json, an error is one line of JSON on stdout", async () => {
    for (const [args, message, hint] of [
      [["plan", "--json"], "GHL_TOKEN, GHL_LOCATION_ID and CHARTMOGUL_API_KEY are not set", /--env-file/],
      [["plan", "--json", "--ful"], "unknown option '--ful'", /Did you mean --full\?/],
      [["pln", "--json"], "unknown command 'pln'", /Did you mean plan\?/],
      [["sync", "--max-calls", "many", "--json"], /must be a whole number/, undefined],
    ]) {
      const { code, stdout, stderr } = await run(args, { cwd: createFolder() });
      assert.equal(code, 2);
      assert.equal(stderr, "");
      const [line, ...more] = lines(stdout);
      assert.deepEqual(more, []);
      const { error } = JSON.parse(line);
      assert.equal(error.code, "usage");
      assert.match(error.message, message instanceof RegExp ? message : new RegExp(`^${message}$`));
      if (hint !== undefined) assert.match(error.hint, hint);
    }
  });

  test("call --list needs no credentials", async () => {
    const { code, stdout } = await run(["call", "--list", "--json"], { cwd: createFolder() });
    assert.equal(code, 0);
    const endpoints = JSON.parse(stdout);
    assert.ok(endpoints.length > 200);
    assert.ok(endpoints.some(({ service, name }) => service === "ghl" && name === "contacts.get"));
    const table = await run(["call", "contacts.get", "--list"], { cwd: createFolder() });
    assert.match(table.stdout, /ghl\.contacts\.get +trigger +GET +\/contacts\/\{contactId\}/);
  });
});

describe("the command sandbox", () => {
  test("tells people how to use it, and ends on SIGINT with 0", async () => {
    const child = start(["sandbox", "--contacts", "3"]);
    const seen = [];
    for await (const line of createInterface({ input: child.stdout })) {
      seen.push(line);
      if (/Ctrl\+C/.test(line)) break;
    }
    child.kill("SIGINT");
    const [code] = await once(child, "exit");
    assert.equal(code, 0);
    const exported = seen.filter((line) => line.trim().startsWith("export "));
    assert.deepEqual(
      exported.map((line) => line.trim().replace(/^export (\w+)=.+$/, "$1")),
      ["GHL_BASE_URL", "GHL_TOKEN", "GHL_LOCATION_ID", "CHARTMOGUL_BASE_URL", "CHARTMOGUL_API_KEY"],
    );
  });

  test("gives the same records for the same seed, on this machine only", async () => {
    const [first, second] = await Promise.all([
      serveSandbox("--seed", "5", "--contacts", "4"),
      serveSandbox("--seed", "5", "--contacts", "4"),
    ]);
    const ids = async ({ env }) => {
      const { stdout } = await run(["call", "contacts.search", "--all"], { env, cwd: createFolder() });
      return lines(stdout).map((line) => JSON.parse(line).id);
    };
    const seen = await ids(first);
    assert.equal(seen.length, 4);
    assert.deepEqual(await ids(second), seen);
    assert.match(first.address.ghl.baseUrl, /^http:\/\/127\.0\.0\.1:\d+$/);
    await Promise.all([first.close(), second.close()]);
  });

  test("refuses a port that is taken", async () => {
    const sandbox = await serveSandbox("--contacts", "1");
    const { code, stderr } = await run(["sandbox", "--port", new URL(sandbox.address.ghl.baseUrl).port]);
    assert.equal(code, 2);
    assert.match(stderr, /^error: port \d+ is in use by another program\n/);
    await sandbox.close();
  });
});

describe("against a sandbox", () => {
  let sandbox;
  before(async () => {
    sandbox = await serveSandbox("--seed", "21", "--contacts", "40", "--search-lag-ms", "0");
  });
  after(() => sandbox.close());

  test("check tells what works and what does not", async () => {
    const cwd = createProject();
    const good = await run(["check"], { env: sandbox.env, cwd });
    assert.equal(good.code, 0, good.stdout + good.stderr);
    assert.match(good.stdout, /✓ GoHighLevel: .+\n(.*\n)*.*✓ contacts\.readonly/);
    assert.match(good.stdout, /calls left today/);
    const warned = await run(["check"], { env: sandbox.env, cwd: createFolder() });
    assert.equal(warned.code, 0, warned.stdout + warned.stderr);
    assert.match(warned.stdout, /^warning: sync\.users\.defaultAssignee is not set/m);
    const bad = await run(["check", "--json"], {
      env: { ...sandbox.env, CHARTMOGUL_API_KEY: "wrong-canary" },
      cwd,
    });
    assert.equal(bad.code, 1);
    const report = JSON.parse(bad.stdout);
    assert.deepEqual([report.ok, report.ghl.ok, report.chartmogul.ok], [false, true, false]);
    assert.ok(report.problems.some(({ code }) => code === "unauthorized"));
    assert.doesNotMatch(bad.stdout + bad.stderr, /wrong-canary/);
  });

  test("call reads one record, one page, all pages, and typed parameters", async () => {
    const cwd = createFolder();
    const { env } = sandbox;
    const page = JSON.parse(
      (await run(["call", "contacts.search", "--pageLimit", "7", "--json"], { env, cwd })).stdout,
    );
    assert.equal(page.items.length, 7);
    assert.equal(page.total, 40);
    const all = await run(["call", "contacts.search", "--pageLimit", "7", "--all"], { env, cwd });
    assert.equal(lines(all.stdout).length, 40);
    const [{ id }] = page.items;
    const one = JSON.parse((await run(["call", "ghl.contacts.get", "--contactId", id], { env, cwd })).stdout);
    assert.equal(one.id, id);
    const customers = await run(["call", "chartmogul.customers.list", "--per_page", "5", "--json"], {
      env,
      cwd,
    });
    assert.equal(JSON.parse(customers.stdout).items.length, 5);
    const nobody = ["--email", "nobody@nowhere.example", "--json"];
    const none = await run(["call", "Find Contact", ...nobody], { env, cwd });
    assert.deepEqual([none.code, none.stdout], [0, "null\n"]);
    const missing = await run(["call", "contacts.get", "--contactId", "nobody"], { env, cwd });
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /^error: ghl contacts\.get: GoHighLevel/);
  });

  test("a check with a refused token says nothing of users and leaves no file", async () => {
    const cwd = createFolder();
    const env = { ...sandbox.env, GHL_TOKEN: "pit-canary-refused-1" };
    const { code, stdout } = await run(["check"], { env, cwd });
    assert.equal(code, 1);
    assert.match(stdout, /unauthorized/);
    assert.doesNotMatch(stdout, /users mapped|canary/);
    assert.deepEqual(readdirSync(cwd), []);
    assert.equal(JSON.parse((await run(["check", "--json"], { env, cwd })).stdout).users, null);
  });

  test("call shows an endpoint's parameters, filters the list, and sends text as text", async () => {
    const cwd = createFolder();
    const { env } = sandbox;
    const help = await run(["call", "contacts.create", "--help"], { cwd });
    assert.equal(help.code, 0);
    assert.match(help.stdout, /^ghl\.contacts\.create: /);
    assert.match(help.stdout, /--phone +string \| null +\S/);
    const list = await run(["call", "--list", "custom", "attributes"], { cwd });
    assert.match(list.stdout, /^chartmogul\.customAttributes\.update /m);
    assert.doesNotMatch(list.stdout, /ghl\.contacts\.get/);
    const none = await run(["call", "--list", "zzzz"], { cwd });
    assert.deepEqual([none.code, /no endpoint has zzzz/.test(none.stderr)], [2, true]);
    const made = await run(
      ["call", "contacts.create", "--firstName", "7", "--phone", "2025550123", "--tags", "a,b", "--json"],
      { env, cwd },
    );
    const { firstName, phone, tags } = JSON.parse(made.stdout);
    assert.deepEqual([firstName, phone, tags.toSorted()], ["7", "+12025550123", ["a", "b"]]);
  });

  test("an error of the state file gives its path", async () => {
    const cwd = createFolder();
    writeFileSync(join(cwd, "broken.db"), "x".repeat(5000));
    writeFileSync(join(cwd, "ghl-chartmogul.config.json"), JSON.stringify({ store: "broken.db" }));
    const { code, stderr } = await run(["status"], { env: sandbox.env, cwd });
    assert.equal(code, 1);
    assert.match(stderr, /^error: .*broken\.db\)?\nhint: It is not a state file/);
  });

  test("call works with the credentials of one service", async () => {
    const { CHARTMOGUL_API_KEY, CHARTMOGUL_BASE_URL } = sandbox.env;
    const env = { CHARTMOGUL_API_KEY, CHARTMOGUL_BASE_URL };
    assert.equal((await run(["call", "chartmogul.ping.ping"], { env, cwd: createFolder() })).code, 0);
    const other = await run(["call", "contacts.search"], { env, cwd: createFolder() });
    assert.equal(other.code, 2);
    assert.match(other.stderr, /GHL_TOKEN and GHL_LOCATION_ID are not set/);
  });

  test("plan writes nothing; sync plans at first, writes, and writes nothing more", async () => {
    const cwd = createProject();
    const { env } = sandbox;
    const count = async () => {
      const { stdout } = await run(["call", "chartmogul.customers.list", "--all"], {
        env,
        cwd: createFolder(),
      });
      return lines(stdout).length;
    };
    const before = await count();
    const people = await countPeople(sandbox);

    const estimate = await run(["plan", "--cost"], { env, cwd });
    assert.equal(estimate.code, 0, estimate.stderr);
    assert.match(estimate.stdout, /^calls to +for +first load +a day +usual run$/m);
    const { synced, counts, firstLoad } = JSON.parse(
      (await run(["plan", "--cost", "--json"], { env, cwd })).stdout,
    );
    assert.ok(!synced && firstLoad.callsByKind["ghl.notes.list"] === counts.contacts && counts.contacts > 0);
    assert.equal((await run(["plan", "--cost", "--full"], { env, cwd })).code, 2);

    const first = await run(["sync"], { env, cwd });
    assert.equal(first.code, 3);
    assert.match(first.stdout, /Nothing was written: it is this location's first run/);
    assert.equal(await count(), before);
    assert.ok(existsSync(join(cwd, "ghl-chartmogul.db")));
    assert.ok(!existsSync(join(cwd, "ghl-chartmogul.db.owner")));

    const table = await run(["plan"], { env, cwd });
    assert.equal(table.code, 0, table.stderr);
    assert.match(table.stdout, /^\S.* {2}\w+ {2}no customer\n {2}→ +contact +create {2}/m);
    assert.match(table.stdout, /^ +seen +create.* unchanged$/m);
    assert.match(table.stdout, /^Next: ghl-chartmogul sync {2}applies it\n$/m);
    assert.match(table.stdout, /Applying it takes 0 GoHighLevel and \d+ ChartMogul calls/);
    assert.match(table.stdout, /% of GoHighLevel's 200,000 calls a day/);
    assert.ok(!table.stdout.includes("\u001B"), "no colours where nobody sees them");
    assert.equal(table.stderr, "");

    const plan = JSON.parse((await run(["plan", "--json"], { env, cwd })).stdout);
    const creates = plan.changes.filter(
      ({ action, kind }) => action === "create" && kind === "contact",
    ).length;
    assert.equal(creates, plan.totals.create.contact);
    assert.equal(creates, people);
    assert.equal(await count(), before);

    const written = await run(["sync", "--json"], { env, cwd });
    const outcome = JSON.parse(written.stdout);
    assert.equal(outcome.done, true);
    const { failed, waiting } = outcome.standing;
    assert.equal(written.code, failed + waiting > 0 ? 3 : 0);
    assert.equal(outcome.report.done.create.contact, people);
    assert.equal(await count(), before + people);

    const again = JSON.parse((await run(["sync", "--json"], { env, cwd })).stdout);
    assert.deepEqual(again.report.done, {});
    // The account, and the newest notes and tasks.
    assert.equal(again.report.calls.chartmogul, 3);
    assert.equal(await count(), before + people);
  });

  test("a lost store is rebuilt without a single new record", async () => {
    const cwd = createProject();
    const lost = await run(["check", "--records", "--json"], { env: sandbox.env, cwd });
    const { ok, records } = JSON.parse(lost.stdout);
    assert.deepEqual([lost.code, ok, records.counts.double, records.counts.gone], [3, true, 0, 0]);
    assert.ok(records.counts.unknown > 40, JSON.stringify(records.counts));
    const { stdout } = await run(["sync", "--yes", "--json"], { env: sandbox.env, cwd });
    const { done } = JSON.parse(stdout).report;
    assert.equal(done.create?.contact ?? 0, 0);
    assert.equal(done.create?.note ?? 0, 0);
    assert.equal(done.link.contact, (await contactsOf(sandbox)).length);
    const rebuilt = await run(["check", "--records"], { env: sandbox.env, cwd });
    assert.equal(rebuilt.code, 0, rebuilt.stdout);
    assert.match(rebuilt.stdout, /^✓ \d+ ChartMogul records walked: nothing found$/m);
  });

  test("a second sync at the same time learns who uses the store", async () => {
    const cwd = createProject();
    // An owner that lives, as the WebAssembly build of SQLite leaves one.
    const since = "2026-11-26T00:00:00.000Z";
    let beat = 0;
    const beating = setInterval(() => {
      const owner = { process: `process ${process.pid} on ${hostname()}`, since, id: "other", beat: ++beat };
      writeFileSync(join(cwd, "ghl-chartmogul.db.owner"), JSON.stringify(owner));
    }, 200);
    await new Promise((resolve) => setTimeout(resolve, 300));
    try {
      const { code, stderr } = await run(["plan"], { env: sandbox.env, cwd });
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`in use by process ${process.pid} on \\S+ since ${since}`));
      const json = await run(["status", "--json"], { env: sandbox.env, cwd });
      assert.equal(JSON.parse(json.stdout).error.code, "busy");
    } finally {
      clearInterval(beating);
    }
  });

  test("wrong settings end with 2 before anything is sent", async () => {
    for (const [sync, message] of [
      [{ ancor: "attach-only" }, /ancor/],
      [{ anchor: "everything" }, /attach-only/],
      [{ customFields: [{ from: "contact.nope", to: "x y", type: "String" }] }, /letters, digits/],
      [{ caps: { maxChangePercent: 150 } }, /0 to 100/],
    ]) {
      const { code, stderr } = await run(["plan"], { env: sandbox.env, cwd: createProject({ sync }) });
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    }
  });
});

describe("a long sync", () => {
  // Fresh for each test: its writes take seconds at ChartMogul's 40 a second, so that a stop meets work.
  let sandbox;
  beforeEach(async () => {
    sandbox = await serveSandbox("--seed", "22", "--contacts", "60", "--search-lag-ms", "0");
  });
  afterEach(() => sandbox.close());

  async function assertEachPersonOnce(cwd) {
    const { stdout } = await run(["call", "chartmogul.customers.list", "--all"], { env: sandbox.env, cwd });
    const ids = lines(stdout)
      .map((line) => JSON.parse(line).external_id)
      .filter((id) => id?.startsWith("ghl:"));
    assert.equal(ids.length, await countPeople(sandbox));
    assert.equal(new Set(ids).size, ids.length);
  }

  test("stops at a budget with 4, and continues until it is done", async () => {
    const cwd = createProject();
    const stops = [];
    for (let round = 0; round < 40; round++) {
      const { code, stdout, stderr } = await run(["sync", "--yes", "--json", "--max-calls", "60"], {
        env: sandbox.env,
        cwd,
      });
      const outcome = JSON.parse(stdout);
      if (outcome.done) {
        assert.ok(stops.length > 1);
        assert.ok(stops.every((code) => code === 4));
        await assertEachPersonOnce(cwd);
        return;
      }
      assert.equal(outcome.stopped, "calls", stderr);
      stops.push(code);
    }
    assert.fail("never done");
  });

  test("stops at a checkpoint on SIGINT with 4, and leaves the store usable", async () => {
    const cwd = createProject();
    const child = start(["sync", "--yes", "--full"], { env: sandbox.env, cwd });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text;
    });
    while (!existsSync(join(cwd, "ghl-chartmogul.db-wal")))
      await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => setTimeout(resolve, 300));
    child.kill("SIGINT");
    const [code, signal] = await once(child, "exit");
    assert.deepEqual([code, signal], [4, null], stderr);
    assert.match(stderr, /stopping at the next checkpoint[\s\S]*the next plan or sync continues there/);
    const next = await run(["sync", "--yes", "--json"], { env: sandbox.env, cwd });
    assert.equal(JSON.parse(next.stdout).done, true);
    await assertEachPersonOnce(cwd);
  });
});

test("the configuration's schema is in the package", () => {
  const schema = JSON.parse(
    readFileSync(requirePackage.resolve("ghl-chartmogul/config.schema.json"), "utf8"),
  );
  assert.equal(schema.type, "object");
});
