// Every trigger in Zapier's core against the sandbox: what it gives is what the sandbox holds, and it fires on
// what it says, once.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { connect, PACKAGE, said } from "./connection.mjs";
import { createWorld, inputOf, invoiceOf, nestedOf, valuesOf } from "./world.mjs";

const { findOperation, readInput, triggerForms } = await import(
  pathToFileURL(join(PACKAGE, "operations.js"))
);

/** Operations that only an agency's token may call. */
const OF_AGENCY = new Set(["ghl.users.filterByEmail", "ghl.snapshots.list", "ghl.companies.get"]);

const keyOf = (name) => name.replaceAll(".", "_");

let app;
let world;
let values;
before(async () => {
  app = await connect();
  world = await createWorld(app);
  values = valuesOf(world);
});
after(() => app.close());

/** What Zapier compares: the fields that are marked, else the id. */
function primaryOf(key, record) {
  const marked = app.App.triggers[key].operation.outputFields.filter(({ primary }) => primary);
  const names = marked.length > 0 ? marked.map((field) => field.key) : ["id"];
  return JSON.stringify(names.map((name) => record[name]));
}

/** A Zap: polls, and knows what it has seen, as Zapier does. */
async function turnOn(key, inputData = {}) {
  const poll = (meta) => app.run("triggers", key, { inputData, meta });
  const seen = new Set();
  const note = (records) => {
    const fresh = records.filter((record) => !seen.has(primaryOf(key, record)));
    for (const record of records) seen.add(primaryOf(key, record));
    return fresh;
  };
  note(await poll({ isPopulatingDedupe: true }));
  return { poll: async () => note(await poll({})) };
}

/** All records of an operation, as the connector reads them from the sandbox. */
async function recordsOf(connector, name, parameters) {
  const { gives } = findOperation(name);
  const call = name.split(".").reduce((place, part) => place[part], connector);
  if (gives !== "list") return [await call(parameters)];
  const records = [];
  for await (const record of call(parameters)) records.push(record);
  return records;
}

const objectOf = (record) =>
  typeof record === "object" && record !== null && !Array.isArray(record) ? record : { value: record };

/** A record without what differs from reading to reading: its place in a list, and when it was asked for. */
function steady({ searchAfter, startAfter, sort, traceId, ...record }) {
  // The sandbox says of a custom object's record that it was made when it is read.
  const { createdBy, lastUpdatedBy, ...rest } = record;
  return createdBy?.channel === undefined ? record : rest;
}

describe("every operation that reads, as a trigger", () => {
  const raw = triggerForms().filter(({ name, reads }) => name === reads);

  for (const form of raw) {
    test(form.name, async () => {
      const key = keyOf(form.name);
      const isAgency = OF_AGENCY.has(form.name);
      const input = inputOf(form, values);
      const bundle = { inputData: input, ...(isAgency && { authData: app.agencyAuthData }) };
      const items = await app.run("triggers", key, bundle);
      const given = await app.run("triggers", key, { ...bundle, meta: { isLoadingSample: true } });
      assert.ok(given.length <= 3);
      const parameters = readInput(form, nestedOf(input));
      const records = await recordsOf(isAgency ? app.agency : app.connector, form.name, parameters);
      if (findOperation(form.name).gives === "bytes") {
        assert.deepEqual(
          items.map(({ bytes }) => bytes),
          [records[0].length],
        );
        assert.match(items[0].file, /^hydrate\|\|\|/);
        return;
      }
      const expected = records.filter((record) => record !== null).map((record) => steady(objectOf(record)));
      const found = items.map(({ recordVersion, ...record }) => steady(record));
      assert.ok(items.every((item) => item.recordVersion === undefined || item.recordVersion !== ""));
      // Of a list that the service sorts, the newest page.
      const most = form.finds === "times" ? 100 : 1_000;
      assert.ok(expected.length > 0, "the sandbox has records of this kind");
      assert.ok(found.length >= Math.min(expected.length, most), `${found.length} of ${expected.length}`);
      // `id` is filled in where a list spells it differently.
      for (const record of found) {
        const same = expected.find((one) => contains(record, one));
        assert.ok(same, `${JSON.stringify(record).slice(0, 300)} is not a record of the sandbox`);
      }
    });
  }

  /** Whether a record has all that another has, and at most an id besides. */
  function contains(record, other) {
    const names = Object.keys(record).filter((name) => !(name in other));
    if (names.some((name) => name !== "id")) return false;
    try {
      assert.deepEqual(
        { ...record, ...(names.length > 0 && { id: undefined }) },
        {
          ...other,
          ...(names.length > 0 && { id: undefined }),
        },
      );
      return true;
    } catch {
      return false;
    }
  }
});

describe("a trigger with a name of its own fires once on what it says, and on nothing else", () => {
  /** What happens in the services; gives the id of the record that the trigger then gives. */
  const CAUSES = {
    newContact: async ({ ghl }) => (await ghl.contacts.create({ email: "new@cause.example" })).id,
    updatedContact: async ({ ghl }) => {
      await ghl.contacts.update({ contactId: world.contactId, city: "Paris" });
      return world.contactId;
    },
    newNote: async ({ ghl }) => (await ghl.notes.create({ contactId: world.contactId, body: "New" })).id,
    newTask: async ({ ghl }) => (await createTask(ghl)).id,
    updatedTask: async ({ ghl }) => {
      await ghl.tasks.update({ contactId: world.contactId, taskId: world.taskId, title: "Call again" });
      return world.taskId;
    },
    completedTask: async ({ ghl }) => {
      const { id } = await createTask(ghl);
      await ghl.tasks.setCompleted({ contactId: world.contactId, taskId: id, completed: true });
      return id;
    },
    newOpportunity: async ({ ghl }) => {
      const { id: contactId } = await ghl.contacts.create({ email: "deal@cause.example" });
      const { pipelineId } = world;
      return (await ghl.opportunities.create({ pipelineId, name: "New", status: "open", contactId })).id;
    },
    updatedOpportunity: async ({ ghl }) => {
      await ghl.opportunities.update({ id: world.opportunityId, name: "Bigger deal" });
      return world.opportunityId;
    },
    opportunityChangedStage: async ({ ghl }) => {
      const stage = world.pipeline.stages.at(-1).id;
      await ghl.opportunities.update({ id: world.opportunityId, pipelineStageId: stage });
      return world.opportunityId;
    },
    opportunityChangedStatus: async ({ ghl }) => {
      await ghl.opportunities.updateStatus({ id: world.opportunityId, status: "won" });
      return world.opportunityId;
    },
    newAppointment: async ({ ghl }) => {
      const { calendarId, contactId } = world;
      const startTime = "2026-12-02T10:00:00-05:00";
      return (await ghl.appointments.create({ calendarId, contactId, startTime })).id;
    },
    updatedAppointment: async ({ ghl }) => {
      await ghl.appointments.update({ eventId: world.appointmentId, title: "Moved" });
      return world.appointmentId;
    },
    newMessage: async ({ sandbox }) => sendMessage(sandbox),
    newCustomer: async ({ chartmogul }) => (await createCustomer(chartmogul, "cus_new")).uuid,
    updatedCustomer: async ({ chartmogul }) => {
      await chartmogul.customers.update({ customer_uuid: world.customer_uuid, company: "Changed" });
      return world.customer_uuid;
    },
    mrrChanged: (services) => subscribe(services, 2),
    customerSubscribed: (services) => subscribe(services, 3),
    customerChurned: async (services) => {
      const before = await activities(services.chartmogul);
      await services.chartmogul.subscriptions.cancel({
        subscription_uuid: world.subscription_uuid,
        cancelled_at: "2026-02-01",
      });
      return newIdOf(before, await activities(services.chartmogul), "churn");
    },
    newChartMogulContact: async ({ chartmogul }) => {
      const { customer_uuid, data_source_uuid } = world;
      const email = "new@contact.example";
      return (await chartmogul.contacts.create({ customer_uuid, data_source_uuid, email })).uuid;
    },
    newChartMogulNote: async ({ chartmogul }) => {
      const { customer_uuid } = world;
      return (await chartmogul.notes.create({ customer_uuid, type: "note", text: "New" })).uuid;
    },
    newChartMogulTask: async ({ chartmogul }) => taskIdOf(await createBillingTask(chartmogul)),
    completedChartMogulTask: async ({ chartmogul }) => {
      const task_uuid = taskIdOf(await createBillingTask(chartmogul));
      await chartmogul.tasks.update({ task_uuid, completed_at: new Date().toISOString() });
      return task_uuid;
    },
    newChartMogulOpportunity: async ({ chartmogul }) => {
      const { customer_uuid, owner } = world;
      const opportunity = await chartmogul.opportunities.create({
        customer_uuid,
        owner,
        pipeline: "New Business",
        pipeline_stage: "Discovery",
        estimated_close_date: "2026-12-28",
        amount_in_cents: 200,
        currency: "USD",
      });
      return opportunity.uuid;
    },
  };
  const named = triggerForms().filter(({ name, reads }) => name !== reads);

  test("each of them has a cause here", () => {
    assert.deepEqual(
      named.map(({ name }) => name),
      Object.keys(CAUSES),
    );
  });

  for (const form of named) {
    test(form.name, async () => {
      const inputData = inputOf(form, values);
      const zap = await turnOn(form.name, inputData);
      assert.deepEqual(await zap.poll(), []);
      // The services keep times to a second at the coarsest.
      app.sandbox.advanceClock(2_000);
      const services = { ...app.connector, sandbox: app.sandbox };
      const id = await CAUSES[form.name](services);
      const fired = await zap.poll();
      const ids = fired.map((record) => record.uuid ?? record.task_uuid ?? record.id ?? record._id);
      assert.deepEqual(ids, [id]);
      assert.deepEqual(await zap.poll(), []);
    });
  }

  const createTask = (ghl) =>
    ghl.tasks.create({
      contactId: world.contactId,
      title: "New",
      dueDate: "2026-12-03T10:00:00.000Z",
      completed: false,
    });

  const createCustomer = (chartmogul, external_id) =>
    chartmogul.customers.create({
      data_source_uuid: world.data_source_uuid,
      external_id,
      name: external_id,
      email: `${external_id}@world.example`,
    });

  const taskIdOf = ({ task_uuid, uuid }) => task_uuid ?? uuid;

  const createBillingTask = (chartmogul) =>
    chartmogul.tasks.create({
      customer_uuid: world.customer_uuid,
      task_details: "New",
      assignee: world.owner,
      due_date: "2026-12-30",
    });

  function sendMessage(sandbox) {
    const { ghlToken } = sandbox.credentials;
    const { status, body } = sandbox.handle({
      method: "POST",
      url: "/conversations/messages",
      headers: {
        authorization: `Bearer ${ghlToken}`,
        version: "2021-04-15",
        "content-type": "application/json",
      },
      body: JSON.stringify({
        type: "SMS",
        contactId: world.callContactId,
        message: "Hi",
        status: "pending",
        subType: {},
      }),
    });
    const answer = JSON.parse(new TextDecoder().decode(body));
    assert.ok(status < 300, JSON.stringify(answer));
    return answer.messageId;
  }

  async function activities(chartmogul) {
    const all = [];
    for await (const activity of chartmogul.activities.list()) all.push(activity);
    return all;
  }

  function newIdOf(before, now, type) {
    const known = new Set(before.map(({ uuid }) => uuid));
    const fresh = now.filter(
      (activity) => !known.has(activity.uuid) && (type === undefined || activity.type === type),
    );
    assert.equal(fresh.length, 1);
    return fresh[0].uuid;
  }

  /** A new customer begins to pay. */
  async function subscribe({ chartmogul }, number) {
    const before = await activities(chartmogul);
    const { uuid: customer_uuid } = await createCustomer(chartmogul, `cus_paying_${number}`);
    const invoice = invoiceOf(world.plan_uuid, number);
    invoice.line_items[1].subscription_external_id = `world_subscription_${number}`;
    await chartmogul.invoices.import({ customer_uuid, invoices: [invoice] });
    return newIdOf(before, await activities(chartmogul));
  }
});

describe("a trigger", () => {
  test("is refused a wrong input before anything is sent, with the field and the cure", async () => {
    const before = app.sandbox.stats().ghl.calls;
    const poll = app.run("triggers", "newTask", { inputData: { completed: "perhaps" } });
    await assert.rejects(poll, (error) => {
      assert.deepEqual(said(error), {
        name: "AppError",
        code: "invalid_argument",
        message: 'Completed takes true or false, not "perhaps".',
      });
      return true;
    });
    assert.equal(app.sandbox.stats().ghl.calls, before);
  });

  test("has in its form the inputs that its poll takes, and no others", () => {
    for (const form of triggerForms()) {
      const { inputFields } = app.App.triggers[keyOf(form.name)].operation;
      const names = new Set(inputFields.map(({ key }) => key.split("__")[0]));
      assert.deepEqual(names, new Set(form.fields.map(({ name }) => name)), form.name);
    }
  });

  test("reads a backlog of thousands when a Zap is turned on, though only the newest page in a poll", async () => {
    const other = await connect({ contacts: 450 });
    try {
      const known = await other.run("triggers", "newContact", { meta: { isPopulatingDedupe: true } });
      assert.equal(new Set(known.map(({ id }) => id)).size, 450);
      // No more than what Zapier compares: thousands of whole records would be too long an answer.
      assert.deepEqual(Object.keys(known[0]), ["id"]);
      const page = await other.run("triggers", "newContact");
      assert.deepEqual(
        page.map(({ id }) => id),
        known.slice(0, 100).map(({ id }) => id),
      );
      const times = page.map(({ dateAdded }) => dateAdded);
      assert.deepEqual(times, times.toSorted().reverse());
    } finally {
      await other.close();
      const { server } = app;
      Object.assign(process.env, { GHL_BASE_URL: server.url, CHARTMOGUL_BASE_URL: server.url });
    }
  });
});
