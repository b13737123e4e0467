// Choices of forms against the sandbox: every source gives the records that its fields name.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { requirePackage } from "./sandbox.mjs";

const { createConnector } = requirePackage("ghl-chartmogul");
const { createSandbox } = requirePackage("ghl-chartmogul/sandbox");
const { findOperation, operations, readChoices, readCustomFields, readInput, triggerForms } =
  requirePackage("ghl-chartmogul/operations");

const sandbox = createSandbox({ seed: 5, contacts: 150 });
let connector;
before(() => {
  const { ghlToken, locationId, chartmogulKey } = sandbox.credentials;
  connector = createConnector({
    ghl: { token: ghlToken, locationId },
    chartmogul: { apiKey: chartmogulKey },
    store: "memory",
    transport: sandbox.transport,
  });
});
after(() => connector.close());

test("every source that a field names gives choices", async () => {
  const forms = [...operations(), ...triggerForms()];
  const sources = new Set(forms.flatMap(({ fields }) => fields.flatMap(({ choices }) => choices ?? [])));
  assert.ok(sources.size > 30, `${sources.size} sources`);
  const first = async (source, input = {}) =>
    (await readChoices(connector, source, { input })).choices[0]?.value;
  let contactId;
  let appointmentId;
  for await (const { id } of connector.ghl.contacts.search()) {
    const lists = ["ghl.tasks", "ghl.notes", "ghl.appointments"];
    const found = await Promise.all(lists.map((source) => first(source, { contactId: id })));
    if (found.includes(undefined)) continue;
    [contactId, appointmentId] = [id, found[2]];
    break;
  }
  const calendarId = await first("ghl.calendars");
  const resourceType = "rooms";
  const blogId = await first("ghl.blogs");
  const input = { contactId, appointmentId, resourceType, calendarId, blogId };
  await makeWhatIsNotSeeded(input);
  for (const source of sources) {
    const { choices } = await readChoices(connector, source, { input });
    assert.ok(choices.length > 0, `${source} is empty`);
    for (const { value, label } of choices) {
      assert.ok(value !== "" && label.trim() !== "", source);
    }
    assert.equal(new Set(choices.map(({ value }) => value)).size, choices.length, source);
  }
});

/** The sandbox begins without these. */
async function makeWhatIsNotSeeded({ appointmentId, resourceType, calendarId, blogId }) {
  const { ghl, chartmogul } = connector;
  const room = { description: "", quantity: 1, outOfService: 0, capacity: 4, calendarIds: [] };
  await ghl.calendarResources.create({ ...room, resourceType, name: "Blue room" });
  await ghl.appointmentNotes.create({ appointmentId, body: "Bring the contract." });
  await ghl.calendarNotifications.create({
    calendarId,
    notifications: [{ receiverType: "contact", channel: "email", notificationType: "booked" }],
  });
  const [author, category] = await Promise.all(
    ["ghl.blogAuthors", "ghl.blogCategories"].map((source) => readChoices(connector, source)),
  );
  await ghl.blogPosts.create({
    ...{
      blogId,
      title: "First post",
      description: "What is new",
      urlSlug: "first-post",
      rawHTML: "<p>Hello</p>",
    },
    ...{ imageUrl: "https://example.com/a.png", imageAltText: "A", publishedAt: "2026-01-31T09:30:00Z" },
    ...{ status: "PUBLISHED", author: author.choices[0].value, categories: [category.choices[0].value] },
  });
  const [{ uuid: customer_uuid }] = (await chartmogul.customers.list()).items;
  const day = "2026-12-01";
  const owner = "ada.king@agency.example";
  await chartmogul.tasks.create({ customer_uuid, task_details: "Call back", assignee: owner, due_date: day });
  await chartmogul.notes.create({ customer_uuid, type: "note", text: "Asked for a call." });
  await chartmogul.opportunities.create({
    ...{ customer_uuid, owner, pipeline: "New Business", pipeline_stage: "Proposal" },
    ...{ estimated_close_date: day, amount_in_cents: 100, currency: "USD" },
  });
  const plans = (await chartmogul.plans.list()).items.map(({ uuid }) => uuid);
  await chartmogul.planGroups.create({ name: "All plans", plans });
}

test("pages, searches, and asks for what must be chosen before", async () => {
  const seen = [];
  let cursor = null;
  do {
    const page = await readChoices(connector, "ghl.contacts", { cursor, limit: 60 });
    assert.ok(page.choices.length <= 60);
    seen.push(...page.choices.map(({ value }) => value));
    cursor = page.cursor;
  } while (cursor !== null);
  const ids = [];
  for await (const { id } of connector.ghl.contacts.search()) ids.push(id);
  assert.deepEqual(seen.sort(), ids.sort());

  const [customer] = (await connector.chartmogul.customers.list()).items;
  const byMail = await readChoices(connector, "chartmogul.customers", { search: customer.email });
  assert.ok(byMail.choices.some(({ value }) => value === customer.uuid));
  const byName = await readChoices(connector, "chartmogul.customers", {
    search: customer.name.toUpperCase(),
  });
  assert.ok(byName.choices.some(({ value }) => value === customer.uuid));
  assert.deepEqual(
    (await readChoices(connector, "ghl.users", { search: "nobody is called so" })).choices,
    [],
  );

  await assert.rejects(readChoices(connector, "ghl.tasks"), { message: "contactId must be chosen first" });
  await assert.rejects(readChoices(connector, "ghl.moon"), { code: "invalid_argument" });
  const pipelines = await readChoices(connector, "ghl.pipelines");
  const [pipeline] = pipelines.choices;
  const stages = await readChoices(connector, "ghl.stages", { input: { pipelineId: pipeline.value } });
  const all = await readChoices(connector, "ghl.stages");
  assert.ok(stages.choices.length > 0 && all.choices.length >= stages.choices.length);
  assert.ok(all.choices.every(({ label }) => label.includes(": ")));
});

test("custom fields come as fields, and their texts reach the contact as values", async () => {
  const customFields = await readCustomFields(connector, "contact");
  assert.ok(customFields.length > 0);
  const operation = findOperation("ghl.contacts.update");
  const values = { number: "12", date: "2026-01-31T10:00:00Z", text: "plain" };
  const chosen = customFields.filter(({ type, list, words }) => type in values && !list && !words);
  assert.ok(chosen.length >= 2, `${chosen.length} plain custom fields`);
  const [{ id: contactId }] = (await connector.ghl.contacts.search()).items;
  const given = Object.fromEntries(chosen.map(({ name, type }) => [name, values[type]]));
  const parameters = readInput(operation, { contactId, customFields: given }, { customFields });
  await connector.ghl.contacts.update(parameters);
  const contact = await connector.ghl.contacts.get({ contactId });
  for (const { name, type } of chosen) {
    const stored = contact.customFields.find(({ id }) => id === name)?.value;
    // GHL gives a day as milliseconds or as text.
    const found = type === "date" ? new Date(stored).toISOString().slice(0, 10) : stored;
    assert.equal(found, { number: 12, date: "2026-01-31", text: "plain" }[type], name);
  }
});
