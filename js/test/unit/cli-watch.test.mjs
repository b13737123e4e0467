// The command line's part of watching: what it says, its exit codes, the settings of alerts and audit, and
// the audit's file.

import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { importSources } from "../build-sources.mjs";

const {
  appendAudit,
  createError,
  exitCodeOfWatch,
  masked,
  readAuditSettings,
  readConfiguration,
  updateText,
  UsageError,
  waitText,
} = await importSources(
  "errors",
  "cli/audit-file",
  "cli/configuration",
  "cli/exit-code",
  "cli/commands/watch",
);

const folder = mkdtempSync(join(tmpdir(), "cli-watch-"));
after(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
const path = () => join(folder, `file-${++count}`);
function file(content) {
  const name = path();
  writeFileSync(name, typeof content === "string" ? content : JSON.stringify(content));
  return name;
}

const report = (given = {}) => ({
  done: { create: { contact: 2, note: 3 } },
  calls: { ghl: 41, chartmogul: 6 },
  elapsedMs: 4_200,
  guard: null,
  ...given,
});
const outcome = (given = {}) => ({
  done: true,
  plannedOnly: false,
  standing: { failed: 0, waiting: 0 },
  report: report(),
  ...given,
});

describe("a watch on the command line", () => {
  test("says in one line what a run did", () => {
    const text = (given) => updateText({ type: "outcome", outcome: outcome(given) }, 15);
    assert.equal(text(), "5 written; 41 GoHighLevel and 6 ChartMogul calls in 4.2 s; in step");
    assert.match(text({ standing: { failed: 2, waiting: 1 } }), /; × 2 failed, ≠ 1 waiting$/);
    assert.match(text({ done: false, stopped: "quota" }), /; stopped: the day's quota of calls is used up$/);
    assert.match(
      text({ plannedOnly: true }),
      /^nothing was written: .*first run.* The next run, in 15 min, writes it$/,
    );
    const guarded = text({ plannedOnly: true, report: report({ guard: "9 of 60 links are gone" }) });
    assert.equal(
      guarded,
      "nothing was written: 9 of 60 links are gone. Read the plan, and apply it: ghl-chartmogul sync --yes",
    );
  });

  test("says why a run failed and when the next one comes", () => {
    const error = createError({ code: "busy", message: "another\u001B[31m process", hint: "Wait." });
    assert.equal(updateText({ type: "failure", error }, 15), "failed: busy: another [31m process Wait.");
    const until = Date.UTC(2027, 0, 1, 12);
    assert.equal(
      updateText({ type: "wait", until, reason: "interval" }, 15),
      "next run at 2027-01-01T12:00:00.000Z",
    );
    assert.match(updateText({ type: "wait", until, reason: "quota" }, 15), /quota of calls is used up$/);
    assert.match(updateText({ type: "wait", until, reason: "hint" }, 15), /contacts were named$/);
    assert.equal(updateText({ type: "run", reason: "interval" }, 15), undefined);
    assert.equal(waitText({ until, reason: "interval" }, until - 872_000), "next run in 14:32");
    assert.equal(waitText({ until, reason: "interval" }, until - 3_600_000), "next run in 01:00:00");
    assert.equal(waitText({ until, reason: "interval" }, until + 5), "next run in 00:00");
  });

  test("ends as its last run would have", () => {
    const ended = { runs: 3, interrupted: false };
    for (const [result, code] of [
      [{ ...ended, outcome: outcome() }, 0],
      [{ ...ended, outcome: outcome({ standing: { failed: 1, waiting: 0 } }) }, 3],
      [{ ...ended, outcome: outcome({ plannedOnly: true }) }, 3],
      [{ ...ended, outcome: outcome({ done: false, stopped: "calls" }) }, 4],
      [{ ...ended, outcome: outcome(), interrupted: true }, 4],
      [{ runs: 0, interrupted: false }, 4],
      [{ ...ended, error: createError({ code: "service_unavailable", message: "x" }) }, 4],
      [{ ...ended, error: createError({ code: "busy", message: "x" }) }, 1],
      [{ ...ended, outcome: outcome(), error: createError({ code: "cap_exceeded", message: "x" }) }, 1],
    ])
      assert.equal(exitCodeOfWatch(result), code, JSON.stringify(result));
  });
});

describe("the configuration of alerts", () => {
  const CANARY = "https://hooks.example.com/T0KEN-canary";

  test("is the file's, and the webhook of the environment comes first", () => {
    const config = file({ store: "memory", alerts: { webhook: "https://of.the.file", format: "slack" } });
    assert.deepEqual(readConfiguration({ config }, [], {}).alerts, {
      webhook: "https://of.the.file",
      format: "slack",
    });
    assert.deepEqual(readConfiguration({ config }, [], { ALERTS_WEBHOOK: CANARY }).alerts, {
      webhook: CANARY,
      format: "slack",
    });
    const envFile = file(`ALERTS_WEBHOOK=${CANARY}\n`);
    const none = file({ store: "memory" });
    assert.deepEqual(readConfiguration({ config: none, envFile }, [], {}).alerts, { webhook: CANARY });
    assert.equal("alerts" in readConfiguration({ config: none }, [], {}), false);
  });

  test("refuses what it does not know, and shows no webhook", () => {
    for (const [content, words] of [
      [{ alerts: { webHook: CANARY } }, /alerts has no setting webHook/],
      [{ alerts: CANARY }, /alerts must be an object/],
      [`{ "alerts": { "webhook": ${CANARY} } }`, /is not JSON/],
      [`{ "alerts": { "webhook": "${CANARY}" "format": "json" } }`, /is not JSON/],
    ]) {
      assert.throws(
        () => readConfiguration({ config: file(content) }, [], {}),
        (error) =>
          error instanceof UsageError &&
          words.test(error.message) &&
          !/T0KEN|hooks\.example/.test(`${error.message}${error.hint}${error.stack}`),
        JSON.stringify(content),
      );
    }
  });
});

describe("the audit of the command line", () => {
  const record = {
    at: 5,
    run: 1,
    plan: "p",
    service: "chartmogul",
    endpoint: "contacts.update",
    action: "update",
    kind: "contact",
    ghlId: "C1",
    chartmogulId: "con_1",
    customer: "cus_1",
    before: { phone: "+14155550123", "custom.seats": 3 },
    after: {
      phone: "+14155550124",
      "custom.seats": 4,
      tags: ["crm-vip"],
      completed: true,
      due_date: "2027-01-01",
    },
  };

  test("goes to the flag's file, else to the configuration's", () => {
    const config = file({ audit: { file: join(folder, "of-the-file"), mask: true } });
    assert.deepEqual(readAuditSettings({ config }), { file: join(folder, "of-the-file"), mask: true });
    const flags = { config, audit: join(folder, "of-the-flag") };
    assert.deepEqual(readAuditSettings(flags), { file: join(folder, "of-the-flag"), mask: true });
    assert.equal(readAuditSettings({ config: file({}) }), undefined);
    assert.equal(readAuditSettings({ config: file({}), audit: join(folder, "x") }).mask, false);
    for (const [audit, words] of [
      [{ file: "a", mask: "yes" }, /audit\.mask must be true or false/],
      [{ file: 5 }, /audit\.file must be the path/],
      [{ file: "" }, /audit\.file must be the path/],
      [{ path: "a" }, /audit has no setting path/],
    ])
      assert.throws(() => readAuditSettings({ config: file({ audit }) }), {
        name: "UsageError",
        message: words,
      });
  });

  test("is appended, a line each, and only its owner reads it", () => {
    const name = path();
    writeFileSync(name, "kept\n");
    chmodSync(name, 0o644);
    const append = appendAudit({ file: name, mask: false }, "l1", assert.fail);
    append(record);
    append({ ...record, at: 6 });
    const lines = readFileSync(name, "utf8").split("\n");
    assert.deepEqual(lines, ["kept", JSON.stringify(record), JSON.stringify({ ...record, at: 6 }), ""]);
    assert.equal(statSync(name).mode & 0o777, 0o600);
    // As logrotate does: what follows goes into a new file, which is as closed.
    renameSync(name, `${name}.1`);
    append(record);
    assert.equal(readFileSync(name, "utf8"), `${JSON.stringify(record)}\n`);
    assert.equal(statSync(name).mode & 0o777, 0o600);
  });

  test("that cannot be written is refused at first, and told once later", () => {
    assert.throws(() => appendAudit({ file: folder, mask: false }, "l1", assert.fail), {
      name: "UsageError",
      message: /the audit .* cannot be written \(EISDIR\)/,
    });
    assert.throws(
      () => appendAudit({ file: join(folder, "gone", "audit"), mask: false }, "l1", assert.fail),
      {
        name: "UsageError",
        message: /ENOENT/,
      },
    );
    const name = path();
    const told = [];
    const lost = appendAudit({ file: name, mask: false }, "l1", (message) => told.push(message));
    // A folder in the file's place: nothing can be appended to it.
    rmSync(name);
    renameSync(mkdtempSync(join(folder, "folder-")), name);
    lost(record);
    lost(record);
    assert.equal(told.length, 1);
    assert.match(told[0], /cannot be written \(EISDIR\): writes are missing from it/);
  });

  test("is masked with hashes that are the same for the same value of a location", () => {
    const hidden = masked(record, "l1");
    assert.match(hidden.before.phone, /^masked:[\w-]{12}$/);
    assert.notEqual(hidden.before.phone, hidden.after.phone);
    assert.match(hidden.after["custom.seats"], /^masked:/);
    assert.deepEqual(hidden.after.tags.length, 1);
    assert.match(hidden.after.tags[0], /^masked:/);
    assert.equal(hidden.after.completed, true);
    assert.equal(hidden.after.due_date, "2027-01-01");
    assert.deepEqual({ ...hidden, before: 0, after: 0 }, { ...record, before: 0, after: 0 });
    assert.equal(masked(record, "l1").after.phone, hidden.after.phone);
    assert.notEqual(masked(record, "l2").after.phone, hidden.after.phone);
    assert.equal(masked({ ...record, before: null }, "l1").before, null);
    assert.doesNotMatch(JSON.stringify(hidden), /555|crm-vip/);
    const name = path();
    appendAudit({ file: name, mask: true }, "l1", assert.fail)(record);
    assert.equal(readFileSync(name, "utf8"), `${JSON.stringify(hidden)}\n`);
  });
});
