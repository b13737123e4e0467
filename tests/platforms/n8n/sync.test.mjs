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
  assert.ok(outcome.plan.totals && outcome.hint.includes("Write"));
  const [planned] = await sync("plan");
  assert.ok(planned.totals, JSON.stringify(planned));
  const changes = await sync("plan", { returnChanges: true });
  assert.ok(changes.length > 0 && changes.every(({ kind, action }) => kind && action));
  assert.equal(writes(), before);
  assert.ok(existsSync(join(process.env.N8N_USER_FOLDER, ".n8n/ghl-chartmogul.db")));
});

test("a schedule without Write never writes, however often its plan was shown", async () => {
  const before = writes();
  for (let run = 0; run < 3; run++) {
    const [outcome] = await sync("sync");
    assert.equal(outcome.plannedOnly, true, JSON.stringify(outcome));
  }
  const [outcome] = await sync("syncContact", { contactId: await firstContact() });
  assert.equal(outcome.plannedOnly, true);
  assert.equal(writes(), before);
});

async function firstContact() {
  const { contacts } = askSandbox(world, "ghl.contacts.search", { pageLimit: 100 }).value;
  return contacts.find(({ email }) => email).id;
}

test("one contact is brought in step: its customer has it", async () => {
  const { contacts } = askSandbox(world, "ghl.contacts.search", { pageLimit: 100 }).value;
  const withMail = contacts.filter(({ email }) => email);
  const [{ id, email }] = withMail;
  const [outcome] = await sync("syncContact", { contactId: id, apply: true });
  assert.equal(outcome.done, true, JSON.stringify(outcome));
  const found = await customersOf(email);
  assert.equal(found.length, 1, JSON.stringify(outcome.report));
  // One contact says nothing of the others.
  const before = writes();
  assert.equal((await sync("sync"))[0].plannedOnly, true);
  assert.equal(writes(), before);
});

async function customersOf(email) {
  const found = [];
  for await (const one of world.connector.chartmogul.customers.search({ email })) found.push(one);
  return found;
}

test("slices bring all in step, and the next run writes nothing", { timeout: 300_000 }, async () => {
  const options = { sliceSeconds: 1, failIfNotInStep: false };
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
  // Another account: its customers are not new.
  const other = await openSandbox({ contacts: 5, seed: 12 });
  engine.credentials = { ...world.credentials, other: other.credentials.chartMogulAccountApi };
  const parameters = { event };
  const given = { type: "chartMogulTrigger", parameters, credential: "other" };
  const source = await other.connector.chartmogul.dataSources.create({ name: "other" });
  for (const external_id of ["o-1", "o-2"])
    await other.connector.chartmogul.customers.create({
      data_source_uuid: source.uuid,
      external_id,
      name: "Old",
    });
  const moved = await engine.poll({ ...given, staticData: found.staticData });
  engine.credentials = world.credentials;
  await other.connector.close();
  await other.server.close();
  assert.deepEqual(moved.items, []);
});

test("ChartMogul's times without a zone are in the workflow's", async () => {
  const { uuid } = await world.connector.chartmogul.dataSources.create({ name: "times" });
  const operation = findOperation("chartmogul.customers.create");
  const given = { data_source_uuid: uuid, external_id: "z-1", name: "Zone" };
  const parameters = nodeParameters(engine.types.chartMogul, operation, {
    ...given,
    lead_created_at: "2026-07-01T09:30:00",
    free_trial_started_at: "={{ '2026-01-02 03:04:05' }}",
  });
  const workflowSettings = { timezone: "America/New_York" };
  const [[{ json }]] = await engine.run({
    type: "chartMogul",
    parameters: { ...parameters, simplify: false },
    workflowSettings,
  });
  const { value } = askSandbox(world, "chartmogul.customers.retrieve", { customer_uuid: json.uuid });
  assert.equal(new Date(value.lead_created_at).toISOString(), "2026-07-01T13:30:00.000Z");
  assert.equal(new Date(value.free_trial_started_at).toISOString(), "2026-01-02T08:04:05.000Z");
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

// The last: the sandbox's quota stays used up.
test("what is not in step fails the node, unless its option is off", {
  timeout: 300_000,
}, async (context) => {
  const { sandbox, connector } = world;
  await connector.ghl.contacts.create({ firstName: "Refused", email: "no@refused.example" });
  const refused = { kind: "status", status: 422 };
  context.after(() => sandbox.setFaults([]));
  sandbox.setFaults([{ fault: refused, service: "chartmogul", method: "POST", path: "/v1/customers" }]);
  const failure = await sync("sync").catch((error) => error);
  assert.equal(failure.name, "NodeOperationError");
  assert.match(failure.description, /Get Many Rejected Records/);
  const [green] = await sync("sync", { options: { failIfNotInStep: false } });
  const { failed, waiting } = green.standing;
  assert.ok(failed > 0);
  assert.equal(green.guard, null);
  assert.equal(failure.message, `Not in step: ${failed} failed, ${waiting} waiting for a person`);
  const [given] = await sync("sync", {}, { settings: { onError: "continueRegularOutput" } });
  assert.match(given.error, /Not in step/);
  sandbox.setFaults([{ fault: { kind: "quotaExhausted" }, service: "ghl" }]);
  const stopped = await sync("sync").catch((error) => error);
  assert.match(stopped.message, /The sync was stopped: the day's quota/);
});
