// The recipe for Code by Zapier, taken from the app's README, in a process with the limits of such a step.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { APP_FOLDER, PACKAGE } from "./connection.mjs";

const { createSandbox } = await import(pathToFileURL(join(PACKAGE, "sandbox.js")));
const { createConnector } = await import(pathToFileURL(join(PACKAGE, "node.js")));

/** Milliseconds of a step on the free plan, and on the next one. */
const FREE_LIMIT_MS = 1_000;
const PAID_LIMIT_MS = 10_000;
const MEGABYTES = 256;
const node = process.env.NODE_22 ?? process.execPath;

let sandbox;
let server;
let connector;
before(async () => {
  sandbox = createSandbox({ contacts: 60, billingShare: 1 });
  server = await sandbox.serve({ port: 0 });
  const { ghlToken, locationId, chartmogulKey } = sandbox.credentials;
  connector = createConnector({
    ghl: { token: ghlToken, locationId },
    chartmogul: { apiKey: chartmogulKey },
    store: "memory",
    transport: sandbox.transport,
  });
});
after(() => server.close());

test("reads a contact and what it pays, within a Code step's memory and time", async (context) => {
  const recipe = /## Without an app[\s\S]*?```js\n([\s\S]*?)```/.exec(
    readFileSync(join(APP_FOLDER, "README.md"), "utf8"),
  )[1];
  // A contact with an e-mail address that a customer has, too.
  let expected;
  for await (const customer of connector.chartmogul.customers.list()) {
    if (!customer.email || !customer.mrr) continue;
    const contact = await connector.ghl.contacts.find({ email: customer.email }).catch(() => undefined);
    if (contact === undefined) continue;
    const { items } = await connector.chartmogul.customers.search({ email: customer.email });
    const mrr = items.reduce((sum, { mrr = 0 }) => sum + mrr, 0) / 100;
    expected = { email: customer.email, result: { contactId: contact.id, customers: items.length, mrr } };
    break;
  }
  assert.ok(expected, "a contact pays");
  const { ghlToken, locationId, chartmogulKey } = sandbox.credentials;
  const inputData = {
    email: expected.email,
    ghlToken,
    locationId,
    chartmogulApiKey: chartmogulKey,
    ghlBaseUrl: server.url,
    chartmogulBaseUrl: server.url,
  };
  const script = `
    const inputData = ${JSON.stringify(inputData)};
    const step = async () => { ${recipe} };
    const began = performance.now();
    step().then((result) => console.log(JSON.stringify({
      result, ms: performance.now() - began, cpu: process.cpuUsage(), rss: process.memoryUsage().rss,
    })));
  `;
  const { stdout } = await promisify(execFile)(
    node,
    [`--max-old-space-size=${MEGABYTES}`, "--input-type=commonjs", "-e", script],
    { cwd: join(PACKAGE, "../.."), env: { PATH: process.env.PATH }, timeout: 30_000 },
  );
  const { result, ms, cpu, rss } = JSON.parse(stdout);
  assert.deepEqual(result, expected.result);
  assert.ok(ms < PAID_LIMIT_MS, `${ms} ms`);
  assert.ok(rss < MEGABYTES * 1e6, `${rss} bytes`);
  // On a machine that does other work, too, the time that passes says less than the processor's.
  const cpuMs = (cpu.user + cpu.system) / 1_000;
  const isFree = ms < FREE_LIMIT_MS ? "within" : "over";
  context.diagnostic(
    `Code step: ${Math.round(ms)} ms (${isFree} the free plan's second), ${Math.round(cpuMs)} ms of the processor with Node's own start, ${Math.round(rss / 1e6)} MB`,
  );
});
