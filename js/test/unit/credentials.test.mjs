// A program's functions for tokens and keys: asked once for each round, whoever waits.

import assert from "node:assert/strict";
import { test } from "node:test";
import { importSources } from "../build-sources.mjs";

const { credentialsOf, splitOptions } = await importSources("credentials", "options");

/** A function that is answered by hand. */
function byHand() {
  const asked = [];
  const source = () => new Promise((resolve, reject) => asked.push({ resolve, reject }));
  return { asked, source };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("calls of one round share one answer, also after it came", async () => {
  const { asked, source } = byHand();
  const credential = credentialsOf({ ghl: source });
  const waiting = [credential("ghl", 1), credential("ghl", 1), credential("ghl", 1)];
  await settled();
  asked[0].resolve("pit-canary-1");
  assert.deepEqual(await Promise.all(waiting), Array(3).fill("pit-canary-1"));
  assert.equal(await credential("ghl", 1), "pit-canary-1");
  assert.equal(asked.length, 1);
  const next = [credential("ghl", 2), credential("ghl", 2)];
  await settled();
  assert.equal(asked.length, 2);
  asked[1].resolve("pit-canary-2");
  assert.deepEqual(await Promise.all(next), ["pit-canary-2", "pit-canary-2"]);
});

test("services are asked apart, and a plain text is taken too", async () => {
  const credential = credentialsOf({ ghl: () => "g", chartmogul: async () => "c" });
  assert.deepEqual(await Promise.all([credential("ghl", 1), credential("chartmogul", 1)]), ["g", "c"]);
});

test("one caller's signal ends that caller's waiting only", async () => {
  const { asked, source } = byHand();
  const credential = credentialsOf({ ghl: source });
  const controller = new AbortController();
  const [first, second] = [credential("ghl", 1, controller.signal), credential("ghl", 1)];
  await settled();
  controller.abort();
  await assert.rejects(first, { kind: "aborted" });
  asked[0].resolve("t");
  assert.equal(await second, "t");
});

test("what failed or gave no text is asked again", async () => {
  for (const failing of [
    () => Promise.reject(new Error("vault is sealed")),
    () => {
      throw new Error("vault is sealed");
    },
    () => undefined,
    () => 5,
    () => null,
  ]) {
    let calls = 0;
    const credential = credentialsOf({ ghl: () => (calls++ === 0 ? failing() : "t") });
    const first = await credential("ghl", 1).catch((error) => error.message);
    assert.notEqual(typeof first === "string" ? first : "t!", "t");
    assert.equal(await credential("ghl", 1), "t");
    assert.equal(calls, 2);
  }
});

test("functions stay outside of the module's data", () => {
  const source = () => "pit-canary";
  const { data, functions } = splitOptions({
    ghl: { token: source, locationId: "l" },
    chartmogul: { apiKey: source, timeoutMs: 5000 },
  });
  assert.deepEqual(JSON.parse(data), {
    ghl: { token: { function: true }, locationId: "l" },
    chartmogul: { apiKey: { function: true }, timeoutMs: 5000 },
  });
  assert.deepEqual(functions.credentials, { ghl: source, chartmogul: source });
  const texts = splitOptions({ ghl: { token: "t" } });
  assert.deepEqual([JSON.parse(texts.data), texts.functions.credentials], [{ ghl: { token: "t" } }, {}]);
});
