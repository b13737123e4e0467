// Shapes that cross between Rust and TypeScript have the same names on both sides.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldsOfStruct, propertiesOfInterface, readSource, valuesOfEnum } from "../rust-names.mjs";

const shapes = [
  ["src/sandbox/mod.rs", "SandboxOptions", "js/src/sandbox/options.ts", "SandboxOptions"],
  ["src/sandbox/mod.rs", "Credentials", "js/src/sandbox/options.ts", "SandboxCredentials"],
  ["src/sandbox/faults.rs", "FaultRule", "js/src/sandbox/faults.ts", "FaultRule"],
  ["src/sandbox/stats.rs", "ServiceStats", "js/src/sandbox/sandbox.ts", "ServiceStats"],
  ["src/http/pager.rs", "Page", "js/src/call.ts", "Page"],
  ["src/sync/report.rs", "Report", "js/src/sync-report.ts", "SyncReport"],
  ["src/sync/run.rs", "Outcome", "js/src/sync-report.ts", "SyncOutcome"],
  ["src/sync/change.rs", "Calls", "js/src/sync-report.ts", "Calls"],
  ["src/sync/change.rs", "ChangeView", "js/src/sync-report.ts", "Change"],
  ["src/sync/state.rs", "DeadLetter", "js/src/sync-report.ts", "DeadLetter"],
  ["src/sync/check.rs", "Check", "js/src/sync-report.ts", "CheckReport"],
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

test("a plan has the properties of Rust's, less what only the engine needs", () => {
  const engine = ["revision", "settings", "watermark", "leastReadCalls"];
  const fields = fieldsOfStruct(readSource("src/sync/change.rs"), "Plan").filter(
    (name) => !engine.includes(name),
  );
  const properties = propertiesOfInterface(readSource("js/src/sync-report.ts"), "PlanSummary");
  assert.deepEqual(properties.toSorted(), [...fields, "quota"].toSorted());
});

const enums = [
  ["src/sandbox/mod.rs", "TokenKind", "js/src/sandbox/options.ts"],
  ["src/sandbox/mod.rs", "ChartmogulGeneration", "js/src/sandbox/options.ts"],
  ["src/sandbox/faults.rs", "Fault", "js/src/sandbox/faults.ts"],
  ["src/sync/change.rs", "Action", "js/src/sync-report.ts"],
  ["src/sync/change.rs", "Pass", "js/src/sync-report.ts"],
  ["src/sync/budget.rs", "Stop", "js/src/sync-report.ts"],
  ["src/sync/state.rs", "Kind", "js/src/sync-report.ts"],
  ["src/host.rs", "Event", "js/src/events.ts"],
];

for (const [rustFile, name, typescriptFile] of enums) {
  test(`every ${name} of Rust stands in TypeScript`, () => {
    const values = valuesOfEnum(readSource(rustFile), name);
    assert.ok(values.length > 1, `${rustFile} has no ${name}`);
    const typescript = readSource(typescriptFile);
    for (const value of values) assert.ok(typescript.includes(`"${value}"`), value);
  });
}
