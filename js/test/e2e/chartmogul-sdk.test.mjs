// ChartMogul's official client against the sandbox, and our own client on the same records.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, beforeEach, describe, test } from "node:test";
import { requirePackage, serveSandbox } from "./sandbox.mjs";

const ChartMogul = createRequire(import.meta.url)("chartmogul-node");
const { createConnector } = requirePackage("ghl-chartmogul");

let sandbox;
let config;
let connector;
let dataSource;

before(async () => {
  sandbox = await serveSandbox("--seed", "12", "--contacts", "120");
  const { baseUrl, apiKey } = sandbox.address.chartmogul;
  config = new ChartMogul.Config(apiKey, baseUrl);
  config.retries = 0;
  connector = createConnector({ ...sandbox.address, store: "memory" });
  dataSource = await ChartMogul.DataSource.create(config, { name: "Official client" });
});
// The official client keeps to no rate limit: a fast machine would send more than a second allows.
beforeEach(() =>
  fetch(`${sandbox.address.ghl.baseUrl}/sandbox/clock`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ advanceMs: 1000 }),
  }),
);
after(async () => {
  await connector.close();
  await sandbox.close();
});

describe("the official ChartMogul client", () => {
  test("pings and reads the account", async () => {
    assert.equal((await ChartMogul.Ping.ping(config)).data, "pong!");
    assert.ok((await ChartMogul.Account.retrieve(config)).name);
  });

  test("creates, reads, updates, searches and deletes a customer", async () => {
    const customer = await ChartMogul.Customer.create(config, {
      data_source_uuid: dataSource.uuid,
      external_id: "official-1",
      name: "Zoë & sons 👋",
      email: "zoe@example.com",
      attributes: { tags: ["important"], custom: [{ type: "String", key: "channel", value: "Facebook" }] },
    });
    const read = await ChartMogul.Customer.retrieve(config, customer.uuid);
    assert.equal(read.name, "Zoë & sons 👋");
    assert.deepEqual(read.attributes.tags, ["important"]);
    await ChartMogul.Customer.modify(config, customer.uuid, { company: "Sons Ltd" });
    const ours = await connector.chartmogul.customers.retrieve({ customer_uuid: customer.uuid });
    assert.deepEqual([ours.uuid, ours.name, ours.company], [customer.uuid, "Zoë & sons 👋", "Sons Ltd"]);
    const found = await ChartMogul.Customer.search(config, { email: "zoe@example.com" });
    assert.deepEqual(
      found.entries.map(({ uuid }) => uuid),
      [customer.uuid],
    );
    await ChartMogul.Customer.destroy(config, customer.uuid);
    await assert.rejects(
      ChartMogul.Customer.retrieve(config, customer.uuid),
      (error) => error.status === 404,
    );
  });

  test("pages through all customers, the same as ours does", async () => {
    const seen = [];
    for (let cursor; ; ) {
      const page = await ChartMogul.Customer.all(config, { per_page: 20, ...(cursor && { cursor }) });
      seen.push(...page.entries.map(({ uuid }) => uuid));
      if (!page.has_more) break;
      cursor = page.cursor;
    }
    assert.ok(seen.length > 40);
    assert.equal(new Set(seen).size, seen.length);
    const ours = [];
    for await (const { uuid } of connector.chartmogul.customers.list({ per_page: 15 })) ours.push(uuid);
    assert.deepEqual(ours.toSorted(), seen.toSorted());
  });

  test("creates, lists, updates and deletes contacts, notes and tasks of a customer", async () => {
    const customer = await ChartMogul.Customer.create(config, {
      data_source_uuid: dataSource.uuid,
      external_id: "official-2",
      name: "Parent",
    });
    const contact = await ChartMogul.Customer.createContact(config, customer.uuid, {
      data_source_uuid: dataSource.uuid,
      first_name: "Юлія",
      email: "yulia@example.com",
    });
    await ChartMogul.Contact.modify(config, contact.uuid, { title: "CTO" });
    const contacts = await ChartMogul.Customer.contacts(config, customer.uuid, {});
    assert.deepEqual(
      contacts.entries.map(({ uuid, title }) => [uuid, title]),
      [[contact.uuid, "CTO"]],
    );

    const note = await ChartMogul.CustomerNote.create(config, {
      customer_uuid: customer.uuid,
      type: "note",
      text: "A note with an emoji 👋",
    });
    await ChartMogul.CustomerNote.patch(config, note.uuid, { text: "Changed" });
    assert.equal((await ChartMogul.CustomerNote.retrieve(config, note.uuid)).text, "Changed");
    const notes = await ChartMogul.CustomerNote.all(config, { customer_uuid: customer.uuid });
    assert.deepEqual(
      notes.entries.map(({ uuid }) => uuid),
      [note.uuid],
    );

    const { email: assignee } = await someUser();
    const task = await ChartMogul.Task.create(config, {
      customer_uuid: customer.uuid,
      assignee,
      task_details: "Call back",
      due_date: "2027-01-15T00:00:00.000Z",
    });
    const taskUuid = task.task_uuid;
    await ChartMogul.Task.patch(config, taskUuid, { task_details: "Call back soon" });
    const ours = await connector.chartmogul.tasks.list({ customer_uuid: customer.uuid });
    assert.deepEqual(
      ours.items.map(({ task_uuid, task_details }) => [task_uuid, task_details]),
      [[taskUuid, "Call back soon"]],
    );
    await ChartMogul.Task.destroy(config, taskUuid);
    await ChartMogul.CustomerNote.destroy(config, note.uuid);
    await ChartMogul.Contact.destroy(config, contact.uuid);
    assert.equal((await ChartMogul.Customer.contacts(config, customer.uuid, {})).entries.length, 0);
  });

  test("adds tags and custom attributes", async () => {
    const customer = await ChartMogul.Customer.create(config, {
      data_source_uuid: dataSource.uuid,
      external_id: "official-3",
      name: "Tagged",
      email: "tagged@example.com",
    });
    await ChartMogul.Tag.add(config, customer.uuid, { tags: ["one", "two"] });
    await ChartMogul.Tag.remove(config, customer.uuid, { tags: ["one"] });
    await ChartMogul.CustomAttribute.add(config, customer.uuid, {
      custom: [{ type: "Integer", key: "age", value: 8 }],
    });
    const attributes = await ChartMogul.Customer.attributes(config, customer.uuid);
    assert.deepEqual(attributes.tags, ["two"]);
    assert.deepEqual(attributes.custom.age, 8);
  });

  test("gets errors for a wrong key and for an unknown user", async () => {
    const stranger = new ChartMogul.Config("wrong", sandbox.address.chartmogul.baseUrl);
    await assert.rejects(ChartMogul.Customer.all(stranger, {}), (error) => error.status === 401);
    const {
      entries: [customer],
    } = await ChartMogul.Customer.all(config, { per_page: 1 });
    const task = {
      customer_uuid: customer.uuid,
      assignee: "nobody@example.com",
      task_details: "x",
      due_date: "2027-01-15",
    };
    await assert.rejects(ChartMogul.Task.create(config, task), (error) => error.status === 422);
  });
});

/** A user of the sandbox: the assignee of some task. */
async function someUser() {
  const { items } = await connector.ghl.users.list();
  return items[0];
}
