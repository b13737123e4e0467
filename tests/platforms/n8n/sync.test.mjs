// The nodes of the sync package in n8n's own engine, against the sandbox.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { loadEngine } from "./engine.mjs";
import { buildPackage } from "./packages.mjs";
import { askSandbox, findOperation, holds, nodeParameters, openSandbox, operations } from "./sandbox.mjs";

let world;
let engine;
before(async () => {
  world = await openSandbox({ contacts: 30 });
  engine = await loadEngine([buildPackage("sync")], world.credentials);
});
after(async () => {
  await world.connector.close();
  await world.server.close();
});

async function sync(operation, more = {}, options = {}) {
  const parameters = { operation, settings: '{ "anchor": "contact-is-customer" }', ...more };
  const [items] = await engine.run({ type: "ghlChartMogulSync", parameters, ...options });
  return items.map(({ json }) => json);
}

const writes = () => {
  const { ghl, chartmogul } = world.sandbox.stats();
  return Object.entries({ ...ghl.endpoints, ...chartmogul.endpoints })
    .filter(([name]) => /^(POST|PUT|PATCH|DELETE) /.test(name) && !/search/.test(name))
    .reduce((sum, [, count]) => sum + count, 0);
};

test("the first run plans only, and writes nothing", async () => {
  const before = writes();
  const [outcome] = await sync("sync");
  assert.equal(outcome.plannedOnly, true, JSON.stringify(outcome));
  assert.equal(writes(), before, JSON.stringify(world.sandbox.stats()));
  const [planned] = await sync("plan");
  assert.ok(planned.totals, JSON.stringify(planned));
  const changes = await sync("plan", { returnChanges: true });
  assert.ok(changes.length > 0 && changes.every(({ kind, action }) => kind && action));
  assert.equal(writes(), before);
  assert.ok(existsSync(join(process.env.N8N_USER_FOLDER, ".n8n/ghl-chartmogul.db")));
});

test("one contact is brought in step: its customer has it", async () => {
  const { contacts } = askSandbox(world, "ghl.contacts.search", { pageLimit: 100 }).value;
  const withMail = contacts.filter(({ email }) => email);
  const [{ id, email }] = withMail;
  const [outcome] = await sync("syncContact", { contactId: id, apply: true });
  assert.equal(outcome.done, true, JSON.stringify(outcome));
  const found = await customersOf(email);
  assert.equal(found.length, 1, JSON.stringify(outcome.report));
});

async function customersOf(email) {
  const found = [];
  for await (const one of world.connector.chartmogul.customers.search({ email })) found.push(one);
  return found;
}

test("slices bring all in step, and the next run writes nothing", { timeout: 300_000 }, async () => {
  const options = { sliceSeconds: 1 };
  const [outcome] = await sync("sync", { apply: true, options });
  assert.equal(outcome.done, true, JSON.stringify(outcome));
  const before = writes();
  const [again] = await sync("sync", { apply: true, options });
  assert.equal(again.done, true);
  assert.equal(writes(), before);
  const [status] = await sync("status");
  assert.ok(status.lastRun || status.today, JSON.stringify(status));
  for (const operation of ["conflicts", "rejected"]) await sync(operation, { returnAll: true });
});

test("a record that nobody knows is refused with what to do, or given on", async () => {
  const failure = await sync("retry", { recordId: "none" }).catch((error) => error);
  assert.match(failure.name, /^Node(Operation|Api)Error$/);
  assert.match(failure.description, /Code: /);
  const [item] = await sync(
    "retry",
    { recordId: "none" },
    { settings: { onError: "continueRegularOutput" } },
  );
  assert.ok(item.error);
});

test("ChartMogul's operations: made, read, changed, removed", async () => {
  const run = async (name, values, more) => {
    const parameters = nodeParameters(engine.types.chartMogul, findOperation(name), values);
    const [items] = await engine.run({ type: "chartMogul", parameters: { ...parameters, ...more } });
    return items.map(({ json }) => json);
  };
  const [source] = await run("chartmogul.dataSources.create", { name: "n8n" });
  const given = {
    data_source_uuid: source.uuid,
    external_id: "n8n-1",
    name: "Ada",
    email: "ada@n8n.example",
  };
  const [customer] = await run("chartmogul.customers.create", given);
  const ask = () => askSandbox(world, "chartmogul.customers.retrieve", { customer_uuid: customer.uuid });
  assert.equal(ask().value.name, "Ada");
  await run("chartmogul.customers.update", { customer_uuid: customer.uuid, name: "Ada L." });
  assert.equal(ask().value.name, "Ada L.");
  const [read] = await run(
    "chartmogul.customers.retrieve",
    { customer_uuid: customer.uuid },
    { simplify: false },
  );
  assert.ok(holds(ask().value, read));
  const all = await run("chartmogul.customers.list", {}, { returnAll: true });
  assert.ok(all.some(({ uuid }) => uuid === customer.uuid));
  assert.deepEqual(await run("chartmogul.customers.delete", { customer_uuid: customer.uuid }), [
    { deleted: true },
  ]);
  assert.equal(ask().status, 404);
  const offered = engine.types.chartMogul.description.properties
    .filter(({ name }) => name === "operation")
    .flatMap(({ options }) => options.map(({ value }) => value));
  const known = operations().filter(({ service }) => service === "chartmogul");
  assert.deepEqual(offered.sort(), known.map(({ name }) => name).sort());
});

test("ChartMogul's trigger gives a new customer once", async () => {
  const event = "newCustomer";
  const poll = (staticData) => engine.poll({ type: "chartMogulTrigger", parameters: { event }, staticData });
  const begin = await poll({});
  const { uuid } = await world.connector.chartmogul.dataSources.create({ name: "trigger" });
  const customer = await world.connector.chartmogul.customers.create({
    ...{ data_source_uuid: uuid, external_id: "t-1", name: "New" },
  });
  const found = await poll(begin.staticData);
  assert.deepEqual(
    found.items.map(({ json }) => json.uuid),
    [customer.uuid],
  );
  assert.deepEqual((await poll(found.staticData)).items, []);
});

test("the state is kept in the store of a URL, which its credential tests", async () => {
  const folder = mkdtempSync(join(tmpdir(), "n8n-state-"));
  const url = `sqlite:${join(folder, "own.db")}`;
  engine.credentials = { ...world.credentials, syncStateApi: { url } };
  await sync("status");
  engine.credentials = world.credentials;
  assert.ok(existsSync(join(folder, "own.db")));
  const { testStore } = engine.types.ghlChartMogulSync.methods.credentialTest;
  assert.equal((await testStore.call({}, { data: { url } })).status, "OK");
  const wrong = await testStore.call({}, { data: { url: "ftp://user:secret-word@host/x" } });
  assert.equal(wrong.status, "Error");
  assert.ok(!wrong.message.includes("secret-word"));
});
