// The last runs, told by the installed command line: how each ended, also one that failed or was killed.

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { createFolder, run, serveSandbox, start } from "./sandbox.mjs";

let sandbox;
let cwd;
before(async () => {
  sandbox = await serveSandbox("--seed", "21", "--contacts", "30", "--search-lag-ms", "0");
  cwd = createFolder();
});
after(() => sandbox.close());

const cli = (...args) => run(args, { env: sandbox.env, cwd });

/** The JSON that a command prints. */
async function json(...args) {
  const { stdout, stderr } = await cli(...args, "--json");
  assert.equal(stderr, "");
  return JSON.parse(stdout);
}

const setFaults = (...faults) =>
  fetch(`${sandbox.address.ghl.baseUrl}/sandbox/faults`, { method: "POST", body: JSON.stringify(faults) });

test("runs lists each run with what it did and why it stopped, newest first", async () => {
  const none = await cli("runs");
  assert.deepEqual([none.code, none.stdout], [0, "No run yet. Begin: ghl-chartmogul plan\n"]);
  assert.equal((await json("sync")).plannedOnly, true);
  assert.equal((await json("sync", "--max-records", "3")).stopped, "records");
  const outcome = await json("sync");
  assert.equal(outcome.done, true);

  const { runs } = await json("runs");
  assert.deepEqual(
    runs.map(({ done, plannedOnly, stopped, error }) => ({ done, plannedOnly, stopped, error })),
    [
      { done: true, plannedOnly: false, stopped: null, error: null },
      { done: false, plannedOnly: false, stopped: "records", error: null },
      { done: true, plannedOnly: true, stopped: null, error: null },
    ],
  );
  const [last] = runs;
  assert.deepEqual([last.planId, last.pass], [outcome.report.planId, "full"]);
  assert.deepEqual([last.totals, last.standing], [outcome.report.done, outcome.standing]);
  assert.ok(last.calls.chartmogul > 0 && last.endedAt >= last.beganAt && last.elapsedMs > 0);

  const { code, stdout } = await cli("runs");
  const { failed, waiting } = outcome.standing;
  assert.equal(code, failed + waiting > 0 ? 3 : 0);
  assert.match(stdout, /^began +took +pass +written +calls +not in step +end\n/);
  assert.match(stdout, / done\n.* record limit\n.* planned only\n/);
});

test("a run that fails stands among them, and what it failed with", async () => {
  await setFaults({ service: "chartmogul", fault: { kind: "status", status: 401 } });
  const failed = await json("sync");
  assert.equal(failed.error.code, "unauthorized");
  await setFaults();
  const [last] = (await json("runs")).runs;
  assert.deepEqual(last.error, { code: "unauthorized", message: failed.error.message });
  assert.deepEqual([last.done, last.stopped], [false, null]);
  assert.ok(last.endedAt !== null);
  assert.match((await cli("runs")).stdout, / failed\n {4}unauthorized: /);
});

test("a run that was killed is interrupted, and status says who holds the state", async () => {
  const count = (await json("runs")).runs.length;
  await setFaults({ service: "ghl", path: "/contacts/*", fault: { kind: "delay", milliseconds: 25_000 } });
  const child = start(["sync", "--full"], { env: sandbox.env, cwd });
  const closed = once(child, "close");
  // With Node.js 20 nobody else can open the file meanwhile.
  let seen = {};
  while (seen.error?.code !== "busy" && !(seen.runs?.length > count)) seen = await json("runs");
  if (seen.runs === undefined) await new Promise((resolve) => setTimeout(resolve, 2_000));
  else {
    assert.deepEqual([seen.runs[0].endedAt, seen.runs[0].stopped], [null, null]);
    const { holder } = await json("status");
    assert.match(holder.name, new RegExp(`\\b${child.pid}\\b`));
    assert.match((await cli("status")).stdout, /^in use by .* since just now/m);
  }
  child.kill("SIGKILL");
  await closed;

  await setFaults();
  const outcome = await json("sync");
  assert.equal(outcome.done, true);
  const [last, killed] = (await json("runs")).runs;
  assert.equal(last.done, true);
  assert.deepEqual([killed.stopped, killed.endedAt, killed.pass], ["interrupted", null, "full"]);
  const status = await json("status");
  assert.equal(status.holder, undefined);
  if (outcome.standing.failed === 0) assert.equal(status.lastGood.planId, last.planId);
  else assert.equal(status.lastGood, undefined);
});
