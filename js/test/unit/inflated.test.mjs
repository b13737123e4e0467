// What is inflated is the same with Node's zlib and without it.

import assert from "node:assert/strict";
import test from "node:test";
import vm from "node:vm";
import { deflateRawSync } from "node:zlib";
import { build } from "esbuild";

const text = "the module ".repeat(10_000);
const deflated = deflateRawSync(text).toString("base64");
const { outputFiles } = await build({
  entryPoints: [new URL("../../src/inflated.ts", import.meta.url).pathname],
  ...{ bundle: true, write: false, format: "iife", globalName: "it", logLevel: "error" },
});

/** Inflates in a context with these globals. */
function inflateWith(globals) {
  const context = vm.createContext({ ...globals });
  vm.runInContext(outputFiles[0].text, context);
  context.deflated = deflated;
  return Buffer.from(vm.runInContext("it.inflateBase64(deflated)", context)).toString();
}

test("Node's zlib inflates where the host has it", () => {
  const asked = [];
  const getBuiltinModule = (name) => {
    asked.push(name);
    return process.getBuiltinModule(name);
  };
  assert.ok(inflateWith({ Buffer, process: { getBuiltinModule } }) === text);
  assert.deepEqual(asked, ["node:zlib"]);
});

for (const [name, globals] of [
  ["no process", { Buffer }],
  ["a process of another host", { Buffer, process: {} }],
  ["a process that has no zlib", { Buffer, process: { getBuiltinModule: () => undefined } }],
  ["a process that refuses", { Buffer, process: { getBuiltinModule: () => assert.fail("not supported") } }],
  ["no Buffer", { process }],
]) {
  test(`plain loops inflate where the host has ${name}`, () => {
    assert.ok(inflateWith(globals) === text);
  });
}
