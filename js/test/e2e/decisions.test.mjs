// What people ask of single records and decide, with the installed command line against a served sandbox.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createFolder, run, serveSandbox } from "./sandbox.mjs";

const SETTINGS = { anchor: "attach-only" };

let sandbox;
let cwd;
before(async () => {
  sandbox = await serveSandbox("--seed", "21", "--contacts", "60", "--search-lag-ms", "0");
  cwd = createFolder();
  writeFileSync(join(cwd, "ghl-chartmogul.config.json"), JSON.stringify({ sync: SETTINGS }));
});
after(() => sandbox.close());

const cli = (...args) => run(args, { env: sandbox.env, cwd });

/** The JSON that a command prints, and its exit code. */
async function json(...args) {
  const { code, stdout, stderr } = await cli(...args, "--json");
  assert.equal(stderr, "");
  return { code, ...(Array.isArray(JSON.parse(stdout)) ? { list: JSON.parse(stdout) } : JSON.parse(stdout)) };
}

const ask = async (path, body) => {
  const response = await fetch(`${sandbox.address.ghl.baseUrl}/sandbox/${path}`, {
    method: body === undefined ? "GET" : "POST",
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return response.json();
};

const letters = async () => (await json("rejected")).deadLetters;
const open = async () => (await letters()).filter(({ standing }) => standing !== "apart");

test("a sync that leaves records behind ends with 3, and status says which and why", async () => {
  assert.equal((await cli("status")).code, 0, "nothing is known yet");
  const planned = await json("sync");
  assert.deepEqual([planned.code, planned.plannedOnly], [3, true]);
  const plan = await json("plan");
  assert.equal(plan.code, 0);
  const written = await json("sync");
  assert.equal(written.code, 3);
  assert.ok(written.standing.waiting > 0 && written.standing.failed > 0, JSON.stringify(written.standing));

  const status = await json("status");
  assert.equal(status.code, 3);
  assert.deepEqual(status.standing, written.standing);
  for (const standing of ["failed", "waiting"]) {
    const reasons = status.reasons.filter((reason) => reason.standing === standing);
    const sum = reasons.flatMap(({ kinds }) => Object.values(kinds)).reduce((all, count) => all + count, 0);
    assert.equal(sum, status.standing[standing], standing);
  }
  assert.equal(status.quota.limit, 200_000);
  assert.ok(status.quota.remaining < 200_000 && status.quota.resetsAtMs > Date.now());

  const text = await cli("status");
  assert.match(text.stdout, /^\d+ records linked; × \d+ failed, ≠ \d+ waiting$/m);
  assert.match(text.stdout, /^ {2}\d+ contacts?: several ChartMogul customers match$/m);
  assert.match(text.stdout, /Next: ghl-chartmogul rejected {2}which records, and what to do\n$/);
  assert.ok(!text.stdout.includes("\u001B"));
});

test("a plan's totals add up for each kind", async () => {
  const { read, totals, unchanged } = await json("plan", "--full");
  for (const kind of ["contact", "note", "task"]) {
    const changes = Object.values(totals).reduce((sum, kinds) => sum + (kinds[kind] ?? 0), 0);
    assert.equal(changes + (unchanged[kind] ?? 0), read[kind], kind);
  }
});

test("rejected lists each with its reason and the commands that settle it", async () => {
  const all = await open();
  const { code, stdout } = await cli("rejected", "--show", "0");
  assert.equal(code, 3);
  for (const { id, reason, candidates = [] } of all) {
    assert.ok(stdout.includes(id) && stdout.includes(reason), id);
    for (const uuid of candidates) {
      assert.ok(stdout.includes(`ghl-chartmogul link ${id} ${uuid}`));
      assert.ok(stdout.includes(`https://app.chartmogul.com/#/customers/${uuid}`));
    }
    assert.ok(stdout.includes(`ghl-chartmogul accept ${id}`), id);
  }
});

describe("a conflict", () => {
  test("is settled by link: the plan of that contact shows it, and a sync of it takes few calls", async () => {
    const [{ id, candidates }] = (await open()).filter(({ cause }) => cause === "ambiguous");
    const waiting = await json("why", id);
    assert.deepEqual([waiting.code, waiting.standing, waiting.cause], [3, "waiting", "ambiguous"]);
    assert.deepEqual(waiting.candidates, candidates);

    const before = await json("status");
    const linked = await json("link", id, candidates[1]);
    assert.deepEqual([linked.code, linked.chartmogulCustomer], [0, candidates[1]]);
    const plan = await json("plan", "--contact", id);
    assert.deepEqual(plan.read.contact, 1);
    const change = plan.changes.find(({ kind }) => kind === "contact");
    assert.equal(change.chartmogulCustomer, candidates[1], JSON.stringify(change));

    const outcome = await json("sync", "--contact", id);
    assert.equal(outcome.done, true);
    assert.equal(outcome.standing.waiting, before.standing.waiting - 1);
    const now = await cli("why", id);
    assert.equal(now.code, 0, now.stdout + now.stderr);
    assert.match(now.stdout, new RegExp(`^= contact ${id}: in step$`, "m"));
    assert.match(now.stdout, new RegExp(`customer: ${candidates[1]}`));

    const start = await ask("stats");
    await json("sync", "--contact", id);
    const end = await ask("stats");
    const calls = (service) => end[service].calls - start[service].calls;
    const writes = (service) => end[service].writes - start[service].writes;
    const read = calls("ghl") + calls("chartmogul") - writes("ghl") - writes("chartmogul");
    assert.ok(read <= 6, `${read} calls besides writes`);
    assert.equal(writes("chartmogul") + writes("ghl"), 0);
  });

  test("is settled by accept, and a mistyped id settles nothing", async () => {
    const [{ id }] = (await open()).filter(({ cause }) => cause === "ambiguous");
    const wrong = await cli("accept", id, "nobody");
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /knows no record nobody/);
    assert.equal((await json("why", id)).standing, "waiting");
    const accepted = await json("accept", id);
    assert.deepEqual(
      accepted.list.map(({ standing, cause }) => [standing, cause]),
      [["apart", "accepted"]],
    );
    assert.equal((await json("status")).standing.waiting, 0);
    await cli("sync", "--full");
    assert.equal((await json("status")).standing.waiting, 0, "a full pass leaves it");
  });
});

test("all that is accepted makes a sync end with 0", async () => {
  const ids = (await open()).map(({ id }) => id);
  assert.ok(ids.length > 1);
  assert.equal((await cli("accept", ...ids)).code, 0);
  const { code, standing } = await json("sync");
  assert.deepEqual([code, standing], [0, { failed: 0, waiting: 0 }]);
  assert.match((await cli("sync")).stdout, /^= in step$/m);
  assert.equal((await cli("status")).code, 0);
  const rejected = await cli("rejected");
  assert.equal(rejected.code, 0);
});

/** How the first contact stands that is linked with a ChartMogul contact. */
async function findLinked() {
  for (const { id } of await ask("records?service=ghl&kind=contacts")) {
    const why = await json("why", id);
    if (why.standing === "inStep" && why.chartmogulId !== undefined) return why;
  }
  return assert.fail("no contact is linked");
}

test("what is unlinked stays unlinked until it is retried", async () => {
  const linked = await findLinked();
  const unlinked = await json("unlink", linked.chartmogulId);
  assert.deepEqual([unlinked.code, unlinked.standing, unlinked.cause], [0, "apart", "unlinked"]);
  assert.equal((await json("sync", "--full")).code, 0);
  const still = await cli("why", linked.ghlId);
  assert.match(still.stdout, /paused since .* \(unlinked\)\n {2}it was unlinked\n/);
  assert.match(still.stdout, new RegExp(`^ {2}ghl-chartmogul retry ${linked.ghlId}$`, "m"));
  const retried = await json("retry", linked.ghlId);
  assert.equal(retried.reason, "the next run tries it again");
  const outcome = await json("sync");
  assert.equal(outcome.code, 0, JSON.stringify(outcome));
  const again = await json("why", linked.ghlId);
  assert.deepEqual([again.standing, again.chartmogulId], ["inStep", linked.chartmogulId]);
});

test("what ChartMogul refused once is taken after retry", async () => {
  const { ghlId: target } = await findLinked();
  const body = "A note that is refused at first";
  const made = await cli("call", "notes.create", "--contactId", target, "--body", body, "--json");
  assert.equal(made.code, 0, made.stdout + made.stderr);
  await ask("faults", [
    {
      service: "chartmogul",
      method: "POST",
      path: "*notes*",
      times: 1,
      fault: { kind: "status", status: 422 },
    },
  ]);
  const refused = await json("sync", "--contact", target);
  assert.deepEqual([refused.code, refused.standing.failed], [3, 1], JSON.stringify(refused));
  assert.equal((await json("sync", "--contact", target)).code, 3, "it is not tried again by itself");
  const [{ id, cause }] = await open();
  assert.equal(cause, "rejected");
  assert.equal((await json("retry", id)).code, 0);
  const taken = await json("sync", "--contact", target);
  assert.deepEqual([taken.code, taken.standing.failed], [0, 0], JSON.stringify(taken));
});

test("a person is forgotten once both services have deleted them, and no file of the state names them", async () => {
  const { ghlId } = await findLinked();
  const contacts = await ask("records?service=ghl&kind=contacts");
  const { email } = contacts.find(({ id }) => id === ghlId);
  const files = () => readdirSync(cwd).filter((name) => name.includes(".db"));
  const naming = (text) => files().filter((name) => readFileSync(join(cwd, name)).includes(text));
  assert.ok(naming(ghlId).length > 0, `${files()}`);

  const refused = await cli("forget", ghlId);
  assert.equal(refused.code, 3, refused.stderr);
  assert.match(refused.stdout, new RegExp(`^≠ ${ghlId}: not forgotten`));
  assert.match(refused.stdout, new RegExp(`^ {2}ghl-chartmogul forget ${ghlId} --even-if-present$`, "m"));
  const { code, forgotten, remaining, removed } = await json("forget", ghlId);
  assert.deepEqual([code, forgotten, removed], [3, false, {}]);
  assert.deepEqual(remaining[0], { service: "ghl", kind: "contact", id: ghlId });

  await cli("call", "ghl.contacts.delete", "--contactId", ghlId);
  for (const { service, kind, id } of remaining.filter(({ service }) => service === "chartmogul")) {
    const parameter = `--${kind}_uuid`;
    await cli("call", `${service}.${kind}s.delete`, parameter, id);
  }
  // A customer of a billing source stays until it is deleted there.
  const left = await json("forget", ghlId);
  const customers = remaining.filter(({ kind }) => kind === "customer");
  assert.deepEqual([left.code, left.remaining], [3, customers], JSON.stringify(left));
  assert.equal(customers.length, 1);
  const done = await json("forget", ghlId, "--even-if-present");
  assert.deepEqual([done.code, done.forgotten, done.remaining], [0, true, customers], JSON.stringify(done));
  assert.ok(done.removed.pair > 0 && done.removed.key > 0, JSON.stringify(done));
  for (const text of [ghlId, email, ...remaining.map(({ id }) => id)])
    assert.deepEqual(naming(text), [], `${text} is in a file of the state`);
  const again = await cli("forget", ghlId);
  assert.equal(again.code, 0);
  assert.match(again.stdout, /the state holds nothing of this person/);
  assert.equal((await cli("why", ghlId)).code, 1, "nothing is known of them");
});

test("mistakes are reported: unknown ids with 1, wrong ones with 2", async () => {
  const unknown = await cli("why", "nobody");
  assert.equal(unknown.code, 1);
  assert.match(unknown.stdout, /^-- nobody: unknown$/m);
  for (const [args, code, message] of [
    [["link", "C1", "C2"], 2, /"C2" is not a ChartMogul customer or contact/],
    [["link", "C1", "cus_00000000-0000-0000-0000-000000000000"], 1, /has no customer cus_0/],
    [["forget", "a b"], 2, /"a b" is not the id of a person/],
    [["link", "C1"], 2, /missing required argument 'chartmogul'/],
    [["retry", "nobody"], 1, /knows no record nobody/],
    [["unlink", "nobody"], 1, /knows no record nobody/],
    [["why", ""], 2, /"" is not an id/],
    [["accept"], 2, /missing required argument 'id'/],
    [["sync", "--contact", ""], 2, /must not be empty/],
    [["plan", "--contact", " "], 2, /must not be empty/],
  ]) {
    const end = await cli(...args);
    assert.equal(end.code, code, args.join(" ") + end.stderr);
    assert.match(end.stderr, message);
    assert.equal(end.stdout, "");
  }
});
