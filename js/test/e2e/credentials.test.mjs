// Tokens and keys that a program gives as functions: rotated under a connector that keeps running, and
// shown nowhere.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import { createFolder, requirePackage } from "./sandbox.mjs";

const { createConnector, ConnectorError } = requirePackage("ghl-chartmogul");
const { createSandbox } = requirePackage("ghl-chartmogul/sandbox");
const { sqlite } = requirePackage("ghl-chartmogul/sqlite");

/** Both services, which take one token and one key at a time; `rotate` ends both. */
function rotating() {
  const sandbox = createSandbox({ seed: 5, contacts: 12, searchLagMs: 0 });
  const { ghlToken, chartmogulKey, locationId } = sandbox.credentials;
  let round = 1;
  const tokens = { ghl: () => `pit-canary-ghl-${round}`, chartmogul: () => `canary-chartmogul-${round}` };
  const basic = (key) => `Basic ${Buffer.from(`${key}:`).toString("base64")}`;
  const sent = [];
  const transport = async (request) => {
    const isGhl = request.url.includes("leadconnectorhq");
    const given = request.headers.authorization;
    sent.push(given);
    const expected = isGhl ? `Bearer ${tokens.ghl()}` : basic(tokens.chartmogul());
    if (given !== expected) {
      // As some proxies do, it repeats what it was sent.
      const body = JSON.stringify({ statusCode: 401, message: `Invalid JWT ${given}` });
      return { status: 401, headers: { "content-type": "application/json" }, body };
    }
    const authorization = isGhl ? `Bearer ${ghlToken}` : basic(chartmogulKey);
    return sandbox.transport({ ...request, headers: { ...request.headers, authorization } });
  };
  return { locationId, tokens, sent, transport, rotate: () => (round += 1) };
}

test("a program that keeps running takes rotated credentials, and shows none", async () => {
  const services = rotating();
  const folder = createFolder();
  const asked = { ghl: 0, chartmogul: 0 };
  const seen = [];
  const ask = (service) => async () => {
    asked[service] += 1;
    await new Promise((resolve) => setTimeout(resolve, 5));
    return services.tokens[service]();
  };
  const connector = createConnector({
    ghl: { token: ask("ghl"), locationId: services.locationId },
    chartmogul: { apiKey: ask("chartmogul") },
    sync: {
      anchor: "contact-is-customer",
      firstRun: "apply",
      users: { defaultAssignee: "anna@agency.example" },
    },
    store: sqlite(join(folder, "state.db")),
    transport: services.transport,
    onEvent: (event) => seen.push(event),
  });
  assert.deepEqual(asked, { ghl: 0, chartmogul: 0 });
  seen.push(await connector.sync.run());
  assert.deepEqual(asked, { ghl: 1, chartmogul: 1 });
  for (const round of [2, 3]) {
    services.rotate();
    const { done } = await connector.sync.run({ full: true });
    assert.ok(done);
    for await (const { code } of connector.sync.deadLetters()) {
      assert.ok(["ambiguous", "unmappable"].includes(code), `refused: ${code}`);
    }
    assert.deepEqual(asked, { ghl: round, chartmogul: round }, "once for each refusal, however many calls");
  }
  services.rotate();
  const many = Array.from({ length: 10 }, () =>
    connector.ghl.contacts.search({ pageLimit: 1 }).then((p) => p),
  );
  assert.equal((await Promise.all(many)).length, 10);
  assert.equal(asked.ghl, 4);
  const error = await connector.ghl.contacts.get({ contactId: "nobody" }).catch((reason) => reason);
  seen.push(error, error.stack, JSON.stringify(error), connector, await connector.sync.status());
  await connector.close();
  for (const value of seen) assert.doesNotMatch(inspect(value, { depth: 20, showHidden: true }), /canary/);
  for (const name of readdirSync(folder)) {
    const text = readFileSync(join(folder, name), "latin1");
    assert.ok(!/canary|Y2FuYXJ5/.test(text), name);
  }
  assert.ok(
    services.sent.some((given) => given.includes("canary-ghl-3")),
    "the canary is what is sent",
  );
});

test("a function that fails, gives no text or only refused tokens is reported without a secret", async () => {
  const services = rotating();
  const { locationId, transport } = services;
  const failing = async (token) => {
    const connector = createConnector({ ghl: { token, locationId }, store: "memory", transport });
    const error = await connector.ghl.contacts.get({ contactId: "c" }).catch((reason) => reason);
    assert.ok(ConnectorError.is(error) && error instanceof ConnectorError);
    assert.doesNotMatch(`${error.message}${error.hint}${JSON.stringify(error)}`, /canary/);
    return error;
  };
  const cause = new Error("vault is sealed");
  const thrown = await failing(() => {
    throw cause;
  });
  assert.deepEqual(
    [thrown.code, thrown.message],
    ["unauthorized", "ghl.token: the function failed: vault is sealed"],
  );
  assert.equal(thrown.cause, cause);
  for (const [given, message] of [
    [undefined, /ghl\.token: the function gave nothing/],
    [5, /ghl\.token: the function gave no text/],
    [{ apiKey: "pit-canary-ghl-1" }, /ghl\.token: the function gave no text/],
    ["", /ghl\.token is empty/],
    ["pit canary", /ghl\.token contains characters/],
  ]) {
    const error = await failing(async () => given);
    assert.equal(error.code, "invalid_config");
    assert.match(error.message, message);
  }
  const refused = await failing(() => "pit-canary-old-0");
  assert.deepEqual([refused.code, refused.status], ["unauthorized", 401]);
  assert.match(refused.message, /\(secret\)/);
});

test("a CommonJS program's error is one to the ES module", async () => {
  const { pathToFileURL } = await import("node:url");
  const { createRequire } = await import("node:module");
  const script = createRequire(join(process.env.PACKAGE_DIR, "x.cjs"));
  const file = join(process.env.PACKAGE_DIR, "node_modules/ghl-chartmogul/node.js");
  const module = await import(pathToFileURL(file).href);
  const { createConnector: create, ConnectorError: Other } = script("ghl-chartmogul");
  const error = await create({ store: "memory" })
    .ghl.contacts.get({ contactId: "c" })
    .catch((reason) => reason);
  assert.ok(error instanceof Other && !(error instanceof module.ConnectorError));
  assert.ok(module.ConnectorError.is(error) && module.ValidationError.is(error));
  assert.throws(
    () => createSandbox({ contact: 3 }),
    (reason) => {
      assert.ok(reason instanceof Error && module.ConnectorError.is(reason));
      assert.match(reason.message, /contact/);
      return true;
    },
  );
});
