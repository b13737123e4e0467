// Shapes that cross between Rust and TypeScript have the same names on both sides.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldsOfStruct, propertiesOfInterface, readSource, valuesOfEnum } from "../rust-names.mjs";

const shapes = [
  ["src/sandbox/options.rs", "SandboxOptions", "js/src/sandbox/options.ts", "SandboxOptions"],
  ["src/sandbox/mod.rs", "Credentials", "js/src/sandbox/options.ts", "SandboxCredentials"],
  ["src/sandbox/faults.rs", "FaultRule", "js/src/sandbox/faults.ts", "FaultRule"],
  ["src/sandbox/stats.rs", "ServiceStats", "js/src/sandbox/sandbox.ts", "ServiceStats"],
  ["src/http/pager.rs", "Page", "js/src/call.ts", "Page"],
  ["src/sync/report.rs", "Report", "js/src/sync-report.ts", "SyncReport"],
  ["src/sync/run.rs", "Outcome", "js/src/sync-report.ts", "SyncOutcome"],
  ["src/sync/model/standing.rs", "StandingCounts", "js/src/sync-report.ts", "StandingCounts"],
  ["src/sync/model/history.rs", "RunRecord", "js/src/sync-report.ts", "SyncRun"],
  ["src/sync/model/history.rs", "RunError", "js/src/sync-report.ts", "RunError"],
  ["src/sync/report.rs", "Holder", "js/src/sync-report.ts", "Holder"],
  ["src/sync/report.rs", "ReasonCount", "js/src/sync-report.ts", "ReasonCount"],
  ["src/sync/verbs.rs", "Why", "js/src/sync-report.ts", "RecordStatus"],
  ["src/sync/model/plan.rs", "Calls", "js/src/sync-report.ts", "Calls"],
  ["src/sync/model/change.rs", "ChangeView", "js/src/sync-report.ts", "Change"],
  ["src/sync/model/standing.rs", "DeadLetter", "js/src/sync-report.ts", "DeadLetter"],
  ["src/sync/model/state.rs", "AccountMark", "js/src/sync-report.ts", "AccountMark"],
  ["src/sync/check.rs", "Check", "js/src/sync-report.ts", "CheckReport"],
  ["src/sync/check_records.rs", "RecordsCheck", "js/src/sync-report.ts", "RecordsReport"],
  ["src/sync/check_records.rs", "Finding", "js/src/sync-report.ts", "Finding"],
];

for (const [rustFile, rustName, typescriptFile, typescriptName] of shapes) {
  test(`${rustName} has the same properties in Rust and in TypeScript`, () => {
    const fields = fieldsOfStruct(readSource(rustFile), rustName);
    assert.ok(fields.length > 1, `${rustFile} has no ${rustName}`);
    assert.deepEqual(
      propertiesOfInterface(readSource(typescriptFile), typescriptName).toSorted(),
      fields.toSorted(),
    );
  });
}

test("a plan and a status have the properties of Rust's, less what only the engine needs", () => {
  const typescript = readSource("js/src/sync-report.ts");
  for (const [file, struct, engine, more, name] of [
    [
      "src/sync/model/plan.rs",
      "Plan",
      ["revision", "settings", "watermark", "leastReadCalls"],
      ["quota"],
      "PlanSummary",
    ],
    [
      "src/sync/model/state.rs",
      "State",
      ["settings", "shown", "knownCustomer", "newestNote", "newestTask", "writing"],
      fieldsOfStruct(readSource("src/sync/report.rs"), "Status").filter((field) => field !== "state"),
      "SyncStatus",
    ],
  ]) {
    const fields = fieldsOfStruct(readSource(file), struct).filter((field) => !engine.includes(field));
    assert.ok(fields.length > 1, `${file} has no ${struct}`);
    assert.deepEqual(propertiesOfInterface(typescript, name).toSorted(), [...fields, ...more].toSorted());
  }
});

const enums = [
  ["src/sandbox/options.rs", "TokenKind", "js/src/sandbox/options.ts"],
  ["src/sandbox/options.rs", "ChartmogulGeneration", "js/src/sandbox/options.ts"],
  ["src/sandbox/faults.rs", "Fault", "js/src/sandbox/faults.ts"],
  ["src/sync/model/change.rs", "Action", "js/src/sync-report.ts"],
  ["src/sync/model/plan.rs", "Pass", "js/src/sync-report.ts"],
  ["src/sync/model/history.rs", "Scope", "js/src/sync-report.ts"],
  ["src/sync/budget.rs", "Stop", "js/src/sync-report.ts"],
  ["src/sync/model/pair.rs", "Kind", "js/src/sync-report.ts"],
  ["src/sync/model/pair.rs", "Matched", "js/src/sync-report.ts"],
  ["src/sync/model/standing.rs", "Standing", "js/src/sync-report.ts"],
  ["src/sync/model/standing.rs", "Reason", "js/src/sync-report.ts"],
  ["src/sync/check_records.rs", "FindingCause", "js/src/sync-report.ts"],
  ["src/host.rs", "Event", "js/src/events.ts"],
];

for (const [rustFile, name, typescriptFile] of enums) {
  test(`every ${name} of Rust is in TypeScript`, () => {
    const values = valuesOfEnum(readSource(rustFile), name);
    assert.ok(values.length > 1, `${rustFile} has no ${name}`);
    const typescript = readSource(typescriptFile);
    for (const value of values) assert.ok(typescript.includes(`"${value}"`), value);
  });
}
