// The token and the key of a run appear nowhere but in requests: not in events, errors, the store's
// files, or what the command line prints.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { inspect } from "node:util";
import { createFolder, requirePackage, run, serveSandbox } from "./sandbox.mjs";

const { createConnector } = requirePackage("ghl-chartmogul");
const { sqlite } = requirePackage("ghl-chartmogul/sqlite");

let sandbox;
let secrets;
before(async () => {
  sandbox = await serveSandbox("--seed", "31", "--contacts", "15", "--search-lag-ms", "0");
  const { ghl, chartmogul } = sandbox.address;
  secrets = [
    ghl.token,
    chartmogul.apiKey,
    Buffer.from(`${chartmogul.apiKey}:`).toString("base64"),
    Buffer.from(`${chartmogul.apiKey}:x`).toString("base64").slice(0, -4),
  ];
});
after(() => sandbox.close());

function assertNoSecret(text, where) {
  for (const secret of secrets) assert.ok(!text.includes(secret), `a secret is in ${where}`);
}

const sync = { anchor: "contact-is-customer", firstRun: "apply" };

describe("secrets", () => {
  test("stay out of events, results, errors and the store of a whole sync", async () => {
    const folder = createFolder();
    const seen = [];
    const sent = [];
    const connector = createConnector({
      ...sandbox.address,
      sync,
      store: sqlite(join(folder, "state.db")),
      onEvent: (event) => seen.push(event),
      transport: (request) => {
        sent.push(request);
        return fetch(request.url, request);
      },
    });
    seen.push(connector, await connector.check(), await connector.sync.plan());
    const outcome = await connector.sync.run();
    assert.ok(outcome.report.done.create.contact > 0);
    seen.push(outcome, await connector.sync.status(), await connector.sync.runs());
    for await (const letter of connector.sync.deadLetters()) seen.push(letter);
    const failing = [
      () => connector.ghl.contacts.get({ contactId: "nobody" }),
      () => connector.ghl.contacts.get({}),
      () => connector.ghl.contacts.create({ email: "no address" }),
      () => connector.chartmogul.customers.retrieve({ customer_uuid: "cus_none" }),
      () =>
        connector.chartmogul.tasks.create({
          customer_uuid: "cus_none",
          assignee: "a@b.co",
          task_details: "x",
          due_date: "2027-01-01",
        }),
    ];
    for (const call of failing) {
      const error = await call().then(
        () => assert.fail(`${call} succeeded`),
        (reason) => reason,
      );
      seen.push(error, error.stack, JSON.stringify(error));
    }
    await connector.close();

    assert.ok(
      sent.some(({ headers }) => headers.authorization.includes(secrets[0])),
      "the canary is what is sent",
    );
    assert.ok(
      sent.every(({ url }) => secrets.every((secret) => !url.includes(secret))),
      "no secret in a URL",
    );
    assert.ok(seen.length > 60);
    for (const value of seen) assertNoSecret(inspect(value, { depth: 20, showHidden: true }), inspect(value));
    for (const name of readdirSync(folder)) assertNoSecret(readFileSync(join(folder, name), "latin1"), name);
  });

  test("stay out of the errors of refused credentials", async () => {
    const canaries = {
      ghl: { token: "ghl-canary-1", locationId: "l" },
      chartmogul: { apiKey: "chartmogul-canary-1" },
    };
    const { ghl, chartmogul } = sandbox.address;
    const connector = createConnector({
      ghl: { ...canaries.ghl, baseUrl: ghl.baseUrl },
      chartmogul: { ...canaries.chartmogul, baseUrl: chartmogul.baseUrl },
      store: "memory",
    });
    for (const call of [
      () => connector.ghl.contacts.get({ contactId: "1" }),
      () => connector.chartmogul.account.retrieve(),
    ]) {
      await assert.rejects(call, (error) => {
        assert.equal(error.code, "unauthorized");
        assert.ok(!/canary/.test(inspect(error, { depth: 20, showHidden: true }) + JSON.stringify(error)));
        return true;
      });
    }
    assert.ok(!/canary/.test(inspect(await connector.check(), { depth: 20 })));
  });

  test("stay out of what the command line prints and leaves behind", async () => {
    const cwd = createFolder();
    writeFileSync(join(cwd, "ghl-chartmogul.config.json"), JSON.stringify({ sync }));
    for (const args of [
      ["check"],
      ["plan"],
      ["plan", "--json"],
      ["sync"],
      ["sync", "--json"],
      ["call", "contacts.get", "--contactId", "nobody"],
    ]) {
      const { stdout, stderr } = await run(args, { env: sandbox.env, cwd });
      assert.ok(stdout.length + stderr.length > 20);
      assertNoSecret(stdout + stderr, args.join(" "));
    }
    for (const name of readdirSync(cwd)) assertNoSecret(readFileSync(join(cwd, name), "latin1"), name);
  });
});
