// The state store in a Durable Object, in workerd. Miniflare needs Node.js 22: with an older one the suite is
// run by the one that NODE_22 names.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const suite = new URL("durable-object.suite.mjs", import.meta.url);
const [major] = process.versions.node.split(".");
const { NODE_22: newer } = process.env;

if (Number(major) >= 22) await import(suite);
else if (newer) {
  test("the store in a Durable Object, under Node.js 22", () => {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const { status, stdout, stderr } = spawnSync(newer, ["--test", fileURLToPath(suite)], {
      env,
      encoding: "utf8",
    });
    assert.equal(status, 0, stdout + stderr);
  });
} else {
  const skip = "miniflare needs Node.js 22: set NODE_22 to the path of one";
  test("the store in a Durable Object", { skip }, () => {});
}
