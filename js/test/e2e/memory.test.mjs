// Connectors that a program drops without closing them take no memory with them.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { requirePackage } from "./sandbox.mjs";

const script = (entry) => `
  const { createConnector } = require(${JSON.stringify(entry)});
  const answer = { status: 200, headers: { "content-type": "application/json" }, body: '{"contact":{"id":"1"}}' };
  const options = { ghl: { token: "t".repeat(20_000), locationId: "l" }, transport: async () => answer };
  async function round() {
    for (let index = 0; index < 300; index++) await createConnector(options).ghl.contacts.get({ contactId: "1" });
    for (let turn = 0; turn < 4; turn++) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  }
  (async () => {
    await round();
    const before = await round();
    for (let more = 0; more < 3; more++) await round();
    console.log((await round()) - before);
  })();`;

test("1,200 dropped connectors with tokens of 20 kB hold less than 3 MB", async () => {
  const code = script(requirePackage.resolve("ghl-chartmogul"));
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", "--eval", code]);
  assert.ok(Number(stdout) < 3_000_000, `${stdout.trim()} bytes`);
});
