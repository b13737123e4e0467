// Triggers against the sandbox: the names that a person would choose, every operation of the catalogue, and
// the command with its cursor in a file.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { requirePackage, run, start } from "./sandbox.mjs";

const { createConnector } = requirePackage("ghl-chartmogul");
const { createSandbox } = requirePackage("ghl-chartmogul/sandbox");

/** A connector over a sandbox of its own. */
function connect(options = {}) {
  const sandbox = createSandbox({ seed: 11, contacts: 30, searchLagMs: 0, ...options });
  const { ghlToken, locationId, chartmogulKey } = sandbox.credentials;
  const connector = createConnector({
    ghl: { token: ghlToken, locationId },
    chartmogul: { apiKey: chartmogulKey },
    store: "memory",
    transport: sandbox.transport,
  });
  return { sandbox, connector };
}

/** Polls a trigger again and again; gives what is new each time. */
async function watch({ triggers }, name, options = {}) {
  let { cursor, items } = await triggers.poll(name, null, options);
  assert.deepEqual(items, [], `${name} floods at first`);
  return async () => {
    const page = await triggers.poll(name, cursor, options);
    cursor = page.cursor;
    assert.equal(page.more, false);
    return page.items;
  };
}

const recordsOf = (items) => items.map(({ record }) => record);
const only = (items, what) => {
  assert.equal(items.length, 1, `${what}: ${JSON.stringify(items.map(({ id, change }) => [id, change]))}`);
  return items[0];
};

describe("names that a person would choose", () => {
  const { sandbox, connector } = connect();
  const { ghl, chartmogul } = connector;
  let contact;
  before(async () => {
    [contact] = (await ghl.contacts.search({ pageLimit: 1 })).items;
  });
  after(() => connector.close());
  /** The changes of a test have times of their own. */
  const later = () => sandbox.advanceClock(1_000);

  test("newContact and updatedContact", async () => {
    const created = await watch(connector, "newContact");
    const updated = await watch(connector, "updatedContact");
    later();
    const { id } = await ghl.contacts.create({ firstName: "Ada", email: "ada@example.com" });
    assert.deepEqual(
      recordsOf(await created()).map((record) => record.id),
      [id],
    );
    assert.deepEqual(await updated(), []);
    later();
    await ghl.contacts.update({ contactId: id, city: "Brno" });
    await ghl.contacts.update({ contactId: contact.id, city: "Graz" });
    assert.deepEqual(await created(), []);
    const changed = await updated();
    assert.deepEqual(changed.map((item) => item.id).toSorted(), [id, contact.id].toSorted());
    assert.ok(changed.every(({ change }) => change === "changed"));
    assert.deepEqual(await updated(), []);
  });

  test("newTask, updatedTask and completedTask", async () => {
    const [created, updated, completed] = await Promise.all(
      ["newTask", "updatedTask", "completedTask"].map((name) => watch(connector, name)),
    );
    later();
    const dueDate = "2027-01-01T00:00:00Z";
    const { id } = await ghl.tasks.create({
      contactId: contact.id,
      title: "Call",
      dueDate,
      completed: false,
    });
    assert.equal(only(await created(), "newTask").id, id);
    assert.deepEqual([await updated(), await completed()], [[], []]);
    later();
    await ghl.tasks.setCompleted({ contactId: contact.id, taskId: id, completed: true });
    assert.equal(only(await completed(), "completedTask").id, id);
    assert.equal(only(await updated(), "updatedTask").id, id);
    assert.deepEqual([await created(), await updated(), await completed()], [[], [], []]);
  });

  test("newNote of contacts that changed, and of contacts that are named", async () => {
    const all = await watch(connector, "newNote");
    const named = await watch(connector, "newNote", { parameters: { contactIds: [contact.id] } });
    later();
    const first = await ghl.notes.create({ contactId: contact.id, body: "first" });
    assert.equal(only(await all(), "newNote").id, first.id);
    assert.equal(only(await named(), "newNote").id, first.id);
    later();
    await ghl.notes.update({ contactId: contact.id, id: first.id, body: "edited" });
    later();
    const second = await ghl.notes.create({ contactId: contact.id, body: "second" });
    assert.equal(only(await all(), "newNote").record.body, "second");
    assert.equal(only(await named(), "newNote").id, second.id);
    later();
    await ghl.contacts.update({ contactId: contact.id, city: "Linz" });
    assert.deepEqual([await all(), await named()], [[], []]);
  });

  test("opportunities that are new, changed, moved, won", async () => {
    const names = [
      "newOpportunity",
      "updatedOpportunity",
      "opportunityChangedStage",
      "opportunityChangedStatus",
    ];
    const polls = [];
    for (const name of names) polls.push(await watch(connector, name));
    const given = async () => {
      const found = [];
      for (const poll of polls) found.push((await poll()).map((item) => item.id));
      return found;
    };
    const [pipeline] = (await ghl.pipelines.list()).items;
    const [stage, next] = pipeline.stages;
    later();
    const { id } = await ghl.opportunities.create({
      pipelineId: pipeline.id,
      pipelineStageId: stage.id,
      name: "Upgrade",
      status: "open",
      contactId: (await ghl.contacts.create({ email: "buyer@example.com" })).id,
    });
    assert.deepEqual(await given(), [[id], [], [], []]);
    later();
    await ghl.opportunities.update({ id, pipelineStageId: next.id });
    assert.deepEqual(await given(), [[], [id], [id], []]);
    later();
    await ghl.opportunities.update({ id, monetaryValue: 5 });
    assert.deepEqual(await given(), [[], [id], [], []]);
    later();
    await ghl.opportunities.updateStatus({ id, status: "won" });
    assert.deepEqual(await given(), [[], [id], [], [id]]);
  });

  test("newAppointment, updatedAppointment and newMessage", async () => {
    const [calendar] = (await ghl.calendars.list()).items;
    const parameters = { calendarId: calendar.id };
    const created = await watch(connector, "newAppointment", { parameters });
    const updated = await watch(connector, "updatedAppointment", { parameters });
    const messages = await watch(connector, "newMessage");
    later();
    const startTime = new Date(Date.now() + 86_400_000).toISOString();
    const { id } = await ghl.appointments.create({
      calendarId: calendar.id,
      contactId: contact.id,
      startTime,
    });
    assert.equal(only(await created(), "newAppointment").id, id);
    assert.deepEqual(await updated(), []);
    later();
    await ghl.appointments.update({ eventId: id, appointmentStatus: "showed" });
    assert.equal(only(await updated(), "updatedAppointment").record.appointmentStatus, "showed");
    assert.deepEqual(await created(), []);
    later();
    const { status } = sandbox.handle({
      method: "POST",
      url: "/conversations/messages",
      headers: {
        authorization: `Bearer ${sandbox.credentials.ghlToken}`,
        version: "2021-04-15",
        "content-type": "application/json",
      },
      body: JSON.stringify({ type: "SMS", contactId: contact.id, message: "Hello" }),
    });
    assert.equal(status, 200);
    assert.equal(only(await messages(), "newMessage").record.body, "Hello");
  });

  test("customers, MRR and churn", async () => {
    const names = ["newCustomer", "updatedCustomer", "mrrChanged", "customerSubscribed", "customerChurned"];
    const polls = [];
    for (const name of names) polls.push(await watch(connector, name));
    const given = async () => {
      const found = [];
      for (const poll of polls) found.push((await poll()).map(({ record }) => record.type ?? record.uuid));
      return found;
    };
    const source = await chartmogul.dataSources.create({ name: "Triggers" });
    const { uuid } = await chartmogul.customers.create({
      data_source_uuid: source.uuid,
      external_id: "t1",
      name: "Triggered",
    });
    assert.deepEqual(await given(), [[uuid], [], [], [], []]);
    const plan = await chartmogul.plans.create({
      data_source_uuid: source.uuid,
      name: "Monthly",
      interval_count: 1,
      interval_unit: "month",
      external_id: "p1",
    });
    const day = 86_400_000;
    const at = (days) => new Date(Date.now() + days * day).toISOString();
    await chartmogul.invoices.import({
      customer_uuid: uuid,
      invoices: [
        {
          external_id: "i1",
          date: at(-20),
          currency: "USD",
          line_items: [
            {
              type: "subscription",
              subscription_external_id: "s1",
              plan_uuid: plan.uuid,
              service_period_start: at(-20),
              service_period_end: at(10),
              amount_in_cents: 5_000,
            },
          ],
        },
      ],
    });
    const [, [changed], moved, subscribed, churned] = await given();
    assert.deepEqual([changed, moved, subscribed, churned], [uuid, ["new_biz"], ["new_biz"], []]);
    const { items } = await chartmogul.subscriptions.listByCustomer({ customer_uuid: uuid });
    await chartmogul.subscriptions.cancel({ subscription_uuid: items[0].uuid, cancelled_at: at(-5) });
    const [, , movedNow, , churnedNow] = await given();
    assert.deepEqual([movedNow, churnedNow], [["churn"], ["churn"]]);
    assert.deepEqual(await given(), [[], [], [], [], []]);
  });

  test("notes and tasks of ChartMogul", async () => {
    const names = [
      "newChartMogulNote",
      "newChartMogulTask",
      "completedChartMogulTask",
      "newChartMogulContact",
    ];
    const polls = [];
    for (const name of names) polls.push(await watch(connector, name));
    const given = async () => {
      const found = [];
      for (const poll of polls) found.push((await poll()).map(({ id }) => id));
      return found;
    };
    const [customer] = (await chartmogul.customers.list({ per_page: 1 })).items;
    const customer_uuid = customer.uuid;
    later();
    const note = await chartmogul.notes.create({ customer_uuid, type: "note", text: "Hello" });
    const task = await chartmogul.tasks.create({
      customer_uuid,
      task_details: "Call",
      assignee: (await chartmogul.tasks.list({ per_page: 1 })).items[0]?.assignee ?? "keith@chartmogul.com",
      due_date: "2027-01-01",
    });
    assert.deepEqual(await given(), [[note.uuid], [task.task_uuid], [], []]);
    later();
    await chartmogul.tasks.update({ task_uuid: task.task_uuid, completed_at: new Date().toISOString() });
    assert.deepEqual(await given(), [[], [], [task.task_uuid], []]);
  });

  test("an index that lags hides a contact, and it comes when it is there", async () => {
    const { sandbox: late, connector: other } = connect({ searchLagMs: 90_000 });
    const created = await watch(other, "newContact");
    const { id } = await other.ghl.contacts.create({ email: "late@example.com" });
    assert.deepEqual(await created(), []);
    late.advanceClock(60_000);
    const { id: next } = await other.ghl.contacts.create({ email: "next@example.com" });
    assert.deepEqual(await created(), []);
    late.advanceClock(40_000);
    assert.equal(only(await created(), "late").id, id);
    late.advanceClock(60_000);
    assert.equal(only(await created(), "next").id, next);
    assert.deepEqual(await created(), []);
    await other.close();
  });

  test("the first poll of a large location costs one page", async () => {
    const { sandbox: large, connector: other } = connect({ contacts: 3_000 });
    await other.triggers.poll("newContact");
    assert.equal(large.stats().ghl.calls, 1);
    const { items } = await other.triggers.poll("newContact", null, { samples: true });
    assert.deepEqual(
      items.map(({ change }) => change),
      ["sample", "sample", "sample"],
    );
    const newest = (
      await other.ghl.contacts.search({ sort: [{ field: "dateAdded", direction: "desc" }], pageLimit: 1 })
    ).items[0];
    assert.equal(items[0].record.dateAdded, newest.dateAdded);
    await other.close();
  });
});

describe("every operation of the catalogue", () => {
  const { sandbox, connector } = connect({ contacts: 20 });
  const { ghl } = connector;
  /** The agency's: some operations are for it alone. */
  const agency = createConnector({
    ghl: { token: sandbox.credentials.ghlCompanyToken },
    store: "memory",
    transport: sandbox.transport,
  });
  const OF_AGENCIES = ["users.filterByEmail", "snapshots.list", "companies.get"];
  after(() => Promise.all([connector.close(), agency.close()]));
  const catalogue = connector.endpoints.filter(
    ({ service, kind, catalogue: names }) => service === "ghl" && kind === "trigger" && names.length > 0,
  );
  /** Ids of records, for parameters. */
  let ids;
  before(async () => {
    const [contact] = (await ghl.contacts.search({ pageLimit: 1 })).items;
    const first = async (list) => (await list).items[0];
    ids = await idsOf({ contact, first, ghl, sandbox });
  });

  test("are 55, and each is a trigger", () => {
    assert.equal(catalogue.length, 55);
    const names = connector.triggers.list().map(({ name }) => name);
    for (const { name } of catalogue) assert.ok(names.includes(`ghl.${name}`), name);
  });

  for (const { name, parameters: table } of catalogue) {
    test(name, async () => {
      const parameters = {};
      for (const { name: parameter, required } of table) {
        const value = ids[`${name} ${parameter}`] ?? (required ? ids[parameter] : undefined);
        if (value !== undefined) parameters[parameter] = value;
      }
      const { triggers } = OF_AGENCIES.includes(name) ? agency : connector;
      const begin = await triggers.poll(name, null, { parameters });
      assert.deepEqual(begin.items, []);
      const again = await triggers.poll(name, begin.cursor, { parameters });
      assert.deepEqual(again.items, [], "nothing has changed");
      assert.equal(again.more, false);
      const change = CHANGES[name];
      if (change === undefined) return;
      sandbox.advanceClock(1_000);
      await change(ghl, ids);
      const page = await triggers.poll(name, again.cursor, { parameters });
      assert.ok(page.items.length > 0, "the change is not given");
      const last = await triggers.poll(name, page.cursor, { parameters });
      assert.deepEqual(last.items, [], "given again");
    });
  }
});

/** Ids of the sandbox's records by the names of the parameters that take them. */
async function idsOf({ contact, first, ghl, sandbox }) {
  const { companyId, locationId } = sandbox.credentials;
  const calendar = await first(ghl.calendars.list());
  const startTime = new Date(Date.now() + 86_400_000).toISOString();
  const appointment = await ghl.appointments.create({
    calendarId: calendar.id,
    contactId: contact.id,
    startTime,
  });
  await ghl.appointmentNotes.create({ appointmentId: appointment.id, body: "Bring papers" });
  const dueDate = "2027-01-01T00:00:00Z";
  const task = await ghl.tasks.create({ contactId: contact.id, title: "Call", dueDate, completed: false });
  const note = await ghl.notes.create({ contactId: contact.id, body: "Hello" });
  const notifications = await ghl.calendarNotifications.create({
    calendarId: calendar.id,
    notifications: [{ receiverType: "contact", channel: "email", notificationType: "booked" }],
  });
  const notification = await first(ghl.calendarNotifications.list({ calendarId: calendar.id }));
  const room = await ghl.calendarResources.create({
    ...{ resourceType: "rooms", name: "Room", description: "Upstairs", quantity: 1, outOfService: 0 },
    ...{ capacity: 4, calendarIds: [calendar.id] },
  });
  const business = await ghl.businesses.create({ name: "Bakery" });
  await ghl.contacts.bulkUpdateBusiness({ ids: [contact.id], businessId: business.id });
  const user = await first(ghl.users.list());
  const blog = await first(ghl.blogs.list());
  const post = await first(ghl.blogPosts.list({ blogId: blog._id }));
  const association = await first(ghl.associations.list());
  const opportunity = await first(ghl.opportunities.search());
  const conversation = await first(ghl.conversations.search());
  const message = await first(ghl.messages.list({ conversationId: conversation.id }));
  const messages = [];
  for await (const each of ghl.messages.export()) messages.push(each);
  const call = messages.find(({ messageType }) => messageType === "TYPE_CALL");
  const email = messages.find(({ messageType }) => messageType === "TYPE_EMAIL") ?? message;
  return {
    ...{ companyId, locationId, contactId: contact.id, businessId: business.id, taskId: task.id },
    ...{ calendarId: calendar.id, eventId: appointment.id, appointmentId: appointment.id, userId: user.id },
    ...{ startDate: Date.now(), endDate: Date.now() + 7 * 86_400_000 },
    ...{ startTime: Date.now(), endTime: Date.now() + 7 * 86_400_000 },
    ...{
      resourceType: "rooms",
      conversationId: conversation.id,
      blogId: blog._id,
      urlSlug: post?.urlSlug ?? "a",
    },
    ...{
      associationId: association?.id,
      key_name: association?.key,
      objectKey: "contact",
      recordId: contact.id,
    },
    ...{ emails: user.email, messageId: call?.id },
    notificationId: notification?._id ?? notifications[0]?._id,
    "calendarResources.get id": room.id ?? room._id,
    "notes.get id": note.id,
    "opportunities.get id": opportunity.id,
    "messages.get id": message.id,
    "messages.getEmail id": email.id,
    "contacts.searchDuplicate email": contact.email ?? "nobody@example.com",
    "calendarEvents.list calendarId": calendar.id,
    "blockSlots.list calendarId": calendar.id,
    calendar,
    contact,
  };
}

/** What makes an operation give something else, by its name. */
const CHANGES = {
  "contacts.get": (ghl, { contactId }) => ghl.contacts.update({ contactId, city: "Wels" }),
  "contacts.search": (ghl, { contactId }) => ghl.contacts.update({ contactId, city: "Enns" }),
  "contacts.list": (ghl, { contactId }) => ghl.contacts.update({ contactId, city: "Steyr" }),
  "contacts.listByBusiness": (ghl, { contactId }) => ghl.contacts.update({ contactId, city: "Perg" }),
  "contacts.listAppointments": (ghl, { eventId }) =>
    ghl.appointments.update({ eventId, appointmentStatus: "noshow" }),
  "tasks.list": (ghl, { contactId, taskId }) => ghl.tasks.update({ contactId, taskId, title: "Call again" }),
  "tasks.get": (ghl, { contactId, taskId }) => ghl.tasks.update({ contactId, taskId, title: "Call soon" }),
  "notes.list": (ghl, { contactId }) => ghl.notes.create({ contactId, body: "Another" }),
  "notes.get": (ghl, { contactId, "notes.get id": id }) =>
    ghl.notes.update({ contactId, id, body: "Changed" }),
  "calendars.list": (ghl, { calendarId }) => ghl.calendars.update({ calendarId, description: "By phone" }),
  "calendars.get": (ghl, { calendarId }) => ghl.calendars.update({ calendarId, description: "By video" }),
  "appointments.get": (ghl, { eventId }) => ghl.appointments.update({ eventId, title: "Review" }),
  "calendarEvents.list": (ghl, { eventId }) => ghl.appointments.update({ eventId, title: "Second review" }),
  "appointmentNotes.list": (ghl, { appointmentId }) =>
    ghl.appointmentNotes.create({ appointmentId, body: "More" }),
  "opportunities.search": (ghl, { "opportunities.get id": id }) =>
    ghl.opportunities.update({ id, monetaryValue: 7 }),
  "opportunities.get": (ghl, { "opportunities.get id": id }) =>
    ghl.opportunities.update({ id, monetaryValue: 8 }),
  "businesses.get": (ghl, { businessId }) => ghl.businesses.update({ businessId, name: "Bread" }),
  "businesses.list": (ghl, { businessId }) => ghl.businesses.update({ businessId, name: "Rolls" }),
  "customFields.list": (ghl) => ghl.customFields.create({ name: "Shoe size", dataType: "TEXT" }),
};

describe("the command", () => {
  const folder = mkdtempSync(join(tmpdir(), "triggers-"));
  const cursorFile = join(folder, "cursor");
  const sandbox = createSandbox({ seed: 12, contacts: 10, searchLagMs: 0 });
  let server;
  let env;
  let connector;
  before(async () => {
    server = await sandbox.serve();
    const { ghl, chartmogul } = server.address;
    env = {
      GHL_TOKEN: ghl.token,
      GHL_LOCATION_ID: ghl.locationId,
      GHL_BASE_URL: ghl.baseUrl,
      CHARTMOGUL_API_KEY: chartmogul.apiKey,
      CHARTMOGUL_BASE_URL: chartmogul.baseUrl,
    };
    connector = createConnector({ ...server.address, store: "memory" });
  });
  after(async () => {
    await connector.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const trigger = (...args) => run(["trigger", ...args], { env, cwd: folder });
  const linesOf = ({ stdout }) =>
    stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));

  test("continues in another process where its cursor file says", async () => {
    const first = await trigger("newContact", "--cursor-file", cursorFile);
    assert.deepEqual([first.code, first.stdout], [0, ""]);
    assert.match(first.stderr, /begins now/);
    sandbox.advanceClock(1_000);
    const emails = ["a@example.com", "b@example.com", "c@example.com"];
    for (const email of emails) await connector.ghl.contacts.create({ email });
    const second = await trigger("newContact", "--cursor-file", cursorFile, "--limit", "2");
    assert.deepEqual(
      linesOf(second).map(({ record }) => record.email),
      emails.slice(0, 2),
    );
    assert.match(second.stderr, /there are more/);
    const third = await trigger("newContact", "--cursor-file", cursorFile);
    assert.deepEqual(
      linesOf(third).map(({ record }) => record.email),
      emails.slice(2),
    );
    assert.deepEqual(linesOf(await trigger("newContact", "--cursor-file", cursorFile)), []);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.includes(".new")),
      [],
    );
    assert.match(readFileSync(cursorFile, "utf8"), /^[\w.-]+\n$/);
  });

  test("gives samples on demand, and reads parameters", async () => {
    const { items } = await connector.ghl.contacts.search({ pageLimit: 1 });
    const given = await trigger(
      "newTask",
      "--samples",
      "--limit",
      "2",
      "--param",
      `contactId=${items[0].id}`,
    );
    assert.equal(given.code, 0);
    for (const { change, record } of linesOf(given)) {
      assert.equal(change, "sample");
      assert.equal(record.contactId, items[0].id);
    }
  });

  test("refuses what it cannot do, before anything is sent", async () => {
    const before = sandbox.stats().ghl.calls;
    const broken = join(folder, "broken");
    writeFileSync(broken, "nonsense");
    for (const [args, message] of [
      [["newContct"], /Did you mean newContact/],
      [["newTask", "--param", "contactIdd=5"], /Did you mean contactId/],
      [["newTask", "--param", "completed=maybe"], /--param completed takes true or false/],
      [["newContact", "--interval", "16"], /1 to 15 minutes/],
      [["newContact", "--interval", "0"], /1 to 15 minutes/],
      [["newContact", "--limit", "0"], /limit/],
      [["newContact", "--cursor-file", broken], /not one of a trigger/],
      [["newTask", "--cursor-file", cursorFile], /of the trigger newContact, not of newTask/],
      [["newContact", "--cursor-file", join(folder, "none/cursor")], /cannot be read or written/],
    ]) {
      const { code, stderr, stdout } = await trigger(...args);
      assert.deepEqual([code, stdout], [2, ""], args.join(" "));
      assert.match(stderr, message);
    }
    assert.equal(sandbox.stats().ghl.calls, before);
  });

  test("lists the triggers", async () => {
    const { code, stdout } = await trigger();
    assert.equal(code, 0);
    assert.match(stdout, /^newContact +new +times +A contact was created\.$/m);
    assert.match(stdout, /^ghl\.contacts\.get +both +contents$/m);
    const listed = JSON.parse((await trigger("--json")).stdout);
    assert.deepEqual(listed, JSON.parse(JSON.stringify(connector.triggers.list())));
  });

  test("loses nothing when it is killed between two lines", async () => {
    const busy = createSandbox({ seed: 13, contacts: 1, searchLagMs: 0, burstLimit: 100_000 });
    const other = await busy.serve();
    const own = createConnector({ ...other.address, store: "memory" });
    const file = join(folder, "killed");
    const at = { ...env, GHL_BASE_URL: other.address.ghl.baseUrl, GHL_TOKEN: other.address.ghl.token };
    at.GHL_LOCATION_ID = other.address.ghl.locationId;
    const flags = ["trigger", "newContact", "--cursor-file", file];
    await run(flags, { env: at });
    busy.advanceClock(1_000);
    const ids = [];
    for (let index = 0; index < 450; index++)
      ids.push((await own.ghl.contacts.create({ email: `k${index}@example.com` })).id);
    const began = readFileSync(file, "utf8");
    const child = start(flags, { env: at });
    let printed = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      printed += text;
    });
    while (readFileSync(file, "utf8") === began) await new Promise((resolve) => setTimeout(resolve, 1));
    child.kill("SIGKILL");
    await once(child, "close");
    // What was half written when it was killed is not a line.
    const before = linesOf({ stdout: printed.slice(0, printed.lastIndexOf("\n") + 1) }).map(({ id }) => id);
    const rest = linesOf(await run(flags, { env: at })).map(({ id }) => id);
    assert.deepEqual([...new Set([...before, ...rest])].toSorted(), ids.toSorted());
    assert.equal(new Set(rest).size, rest.length);
    assert.ok(rest.length <= ids.length - 100, "what a saved cursor has behind it came again");
    await own.close();
    await other.close();
  });

  test("and the page's example do the same", async () => {
    const page = readFileSync(new URL("../../../pkg-template/docs/triggers.md", import.meta.url), "utf8");
    const [, code] = /```js\n([\s\S]+?)```/.exec(page);
    const own = mkdtempSync(join(folder, "example-"));
    symlinkSync(join(process.env.PACKAGE_DIR, "node_modules"), join(own, "node_modules"));
    writeFileSync(join(own, "example.mjs"), code);
    const runExample = async () => {
      const child = spawn(process.execPath, ["example.mjs"], { cwd: own, env: { ...process.env, ...env } });
      let printed = "";
      child.stdout.setEncoding("utf8").on("data", (text) => {
        printed += text;
      });
      const [code] = await once(child, "close");
      assert.equal(code, 0);
      return printed;
    };
    assert.equal(await runExample(), "");
    sandbox.advanceClock(1_000);
    const { id } = await connector.ghl.contacts.create({ email: "page@example.com" });
    assert.equal(await runExample(), `new ${id} page@example.com\n`);
    assert.equal(await runExample(), "");
  });

  test("polls again at its interval, and ends when it is told to", async () => {
    const file = join(folder, "watched");
    const child = start(["trigger", "newContact", "--interval", "1", "--cursor-file", file], {
      env,
      cwd: folder,
    });
    await new Promise((resolve) => child.stderr.once("data", resolve));
    const deadline = Date.now() + 10_000;
    while (!existsSync(file) && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill("SIGTERM");
    const code = await new Promise((resolve) => child.once("close", resolve));
    assert.equal(code, 0);
    assert.ok(existsSync(file));
  });
});
