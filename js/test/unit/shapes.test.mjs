// Shapes of the sandbox, and pages, have the same names in Rust and in TypeScript. All others are written by
// `cargo xtask generate`.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldsOfStruct, propertiesOfInterface, readSource, valuesOfEnum } from "../rust-names.mjs";

const shapes = [
  ["src/sandbox/options.rs", "SandboxOptions", "js/src/sandbox/options.ts", "SandboxOptions"],
  ["src/sandbox/mod.rs", "Credentials", "js/src/sandbox/options.ts", "SandboxCredentials"],
  ["src/sandbox/faults.rs", "FaultRule", "js/src/sandbox/faults.ts", "FaultRule"],
  ["src/sandbox/stats.rs", "ServiceStats", "js/src/sandbox/sandbox.ts", "ServiceStats"],
  ["src/http/pager.rs", "Page", "js/src/call.ts", "Page"],
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

const enums = [
  ["src/sandbox/options.rs", "TokenKind", "js/src/sandbox/options.ts"],
  ["src/sandbox/options.rs", "ChartmogulGeneration", "js/src/sandbox/options.ts"],
  ["src/sandbox/faults.rs", "Fault", "js/src/sandbox/faults.ts"],
];

for (const [rustFile, name, typescriptFile] of enums) {
  test(`every ${name} of Rust is in TypeScript`, () => {
    const values = valuesOfEnum(readSource(rustFile), name);
    assert.ok(values.length > 1, `${rustFile} has no ${name}`);
    const typescript = readSource(typescriptFile);
    for (const value of values) assert.ok(typescript.includes(`"${value}"`), value);
  });
}
