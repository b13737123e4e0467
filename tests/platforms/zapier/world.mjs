// Records of each kind in a sandbox, and the values that fields of forms take from them.

const DAY_MS = 86_400_000;

/** Creates what the seeded records lack, and gives the values by the names of fields. */
export async function createWorld({ connector, locationId, companyId }) {
  const { ghl, chartmogul } = connector;
  const first = async (list) => (await list).items[0];
  const contact = await ghl.contacts.create({
    firstName: "Ada",
    lastName: "World",
    email: "ada@world.example",
    phone: "+12025550143",
    tags: ["world"],
  });
  const contactId = contact.id;
  const task = await ghl.tasks.create({
    contactId,
    title: "Call",
    dueDate: "2026-12-01T10:00:00.000Z",
    completed: false,
  });
  const note = await ghl.notes.create({ contactId, body: "Hello" });
  const user = await first(ghl.users.list());
  const pipeline = await first(ghl.pipelines.list());
  const opportunity = await ghl.opportunities.create({
    pipelineId: pipeline.id,
    name: "Deal",
    status: "open",
    contactId,
    monetaryValue: 12.5,
  });
  const calendar = await ghl.calendars.create({ name: "Visit", slotDuration: 20 });
  const calendarId = calendar.id;
  const group = await ghl.calendarGroups.create({ name: "G", description: "D", slug: "g-slug" });
  const appointment = await ghl.appointments.create({
    calendarId,
    contactId,
    startTime: "2026-12-01T10:00:00-05:00",
  });
  const appointmentNote = await ghl.appointmentNotes.create({ appointmentId: appointment.id, body: "N" });
  await ghl.blockSlots.create({
    calendarId,
    title: "Lunch",
    startTime: "2026-12-01T12:00:00-05:00",
    endTime: "2026-12-01T13:00:00-05:00",
  });
  const [notification] = await ghl.calendarNotifications.create({
    calendarId,
    notifications: [{ receiverType: "contact", channel: "email", notificationType: "booked" }],
  });
  const resource = await ghl.calendarResources.create({
    resourceType: "rooms",
    name: "Room 1",
    description: "",
    quantity: 1,
    outOfService: 0,
    capacity: 4,
    calendarIds: [calendarId],
  });
  const business = await first(ghl.businesses.list());
  await ghl.contacts.bulkUpdateBusiness({ ids: [contactId], businessId: business.id });
  const calls = [];
  for await (const message of ghl.messages.export())
    if (message.messageType === "TYPE_CALL") calls.push(message);
  const [call] = calls;
  const association = await ghl.associations.create({
    key: "owner_pet",
    firstObjectLabel: "Owner",
    firstObjectKey: "contact",
    secondObjectLabel: "Pet",
    secondObjectKey: "custom_objects.pet",
  });
  const pet = await ghl.records.create({ schemaKey: "custom_objects.pet", properties: { name: "Rex" } });
  const relation = await ghl.relations.create({
    associationId: association.id,
    firstRecordId: contactId,
    secondRecordId: pet.id,
  });
  const blog = await first(ghl.blogs.list());
  const author = await first(ghl.blogAuthors.list());
  const category = await first(ghl.blogCategories.list());
  const blogPost = {
    title: "Hello",
    blogId: blog._id,
    imageUrl: "https://example.com/a.png",
    description: "D",
    rawHTML: "<p>x</p>",
    status: "DRAFT",
    imageAltText: "alt",
    categories: [category._id],
    author: author._id,
    urlSlug: "hello",
    publishedAt: "2026-12-01T10:00:00.000Z",
  };
  const post = await ghl.blogPosts.create(blogPost);
  const tag = await first(ghl.tags.list());
  const campaign = await first(ghl.campaigns.list());
  const workflow = await first(ghl.workflows.list());
  const customFields = [];
  for await (const field of ghl.customFields.list()) customFields.push(field);
  const billing = await createBilling(chartmogul);
  return {
    contact,
    contactId,
    task,
    taskId: task.id,
    note,
    noteId: note.id,
    user,
    userId: user.id,
    pipeline,
    pipelineId: pipeline.id,
    opportunityId: opportunity.id,
    calendarId,
    groupId: group.id,
    appointmentId: appointment.id,
    appointmentNoteId: appointmentNote.id,
    notificationId: notification.id ?? notification._id,
    resourceId: resource.id ?? resource._id,
    businessId: business.id,
    messageId: call.id,
    conversationId: call.conversationId,
    callContactId: call.contactId,
    associationId: association.id,
    petId: pet.id,
    relationId: relation.id,
    blogId: blog._id,
    blogPost,
    postId: post._id ?? post.id,
    tagId: tag.id,
    campaignId: campaign.id,
    workflowId: workflow.id,
    customFields,
    locationId,
    companyId,
    window: { startTime: "1795000000000", endTime: "1798000000000" },
    ...billing,
  };
}

/** A small account: two customers with all that belongs to them. */
async function createBilling(chartmogul) {
  const source = await chartmogul.dataSources.create({ name: "World" });
  const data_source_uuid = source.uuid;
  const account = await chartmogul.customers.list();
  const seeded = account.items[0];
  const owner = seeded?.owner || (await usersOf(chartmogul));
  const customers = [];
  for (const external_id of ["cus_a", "cus_b", "cus_c"]) {
    const customer = await chartmogul.customers.create({
      data_source_uuid,
      external_id,
      name: external_id,
      email: `${external_id}@world.example`,
      country: "US",
    });
    customers.push(customer);
  }
  const [{ uuid: customer_uuid }] = customers;
  const contactOf = (customer, email) =>
    chartmogul.contacts.create({ customer_uuid: customer, data_source_uuid, first_name: "A", email });
  const contact = await contactOf(customer_uuid, "contact@world.example");
  const otherContact = await contactOf(customer_uuid, "other@world.example");
  const note = await chartmogul.notes.create({ customer_uuid, type: "note", text: "Hello" });
  const task = await chartmogul.tasks.create({
    customer_uuid,
    task_details: "Call",
    assignee: owner,
    due_date: "2026-12-30",
  });
  const opportunity = await chartmogul.opportunities.create({
    customer_uuid,
    owner,
    pipeline: "New Business",
    pipeline_stage: "Discovery",
    estimated_close_date: "2026-12-28",
    amount_in_cents: 100,
    currency: "USD",
  });
  const plan = await chartmogul.plans.create({
    data_source_uuid,
    name: "Plan",
    interval_count: 1,
    interval_unit: "month",
    external_id: "world_plan",
  });
  const planGroup = await chartmogul.planGroups.create({ name: "Group", plans: [plan.uuid] });
  const invoice = invoiceOf(plan.uuid, 1);
  const imported = [];
  for await (const one of chartmogul.invoices.import({ customer_uuid, invoices: [invoice] }))
    imported.push(one);
  const [made] = imported;
  const event = await chartmogul.subscriptionEvents.create({
    subscription_event: eventOf(data_source_uuid, "world_event_1"),
  });
  const exported = await chartmogul.activitiesExports.create({
    type: "churn",
    "start-date": "2026-01-01",
    "end-date": "2026-06-30",
  });
  await chartmogul.jsonImports.create({ data_source_uuid, external_id: "world_import" });
  return {
    data_source_uuid,
    owner,
    customers,
    customer_uuid,
    contact_uuid: contact.uuid,
    other_contact_uuid: otherContact.uuid,
    note_uuid: note.uuid,
    task_uuid: task.task_uuid ?? task.uuid,
    opportunity_uuid: opportunity.uuid,
    plan_uuid: plan.uuid,
    plan_group_uuid: planGroup.uuid,
    invoice_uuid: made.uuid,
    line_item_uuid: made.line_items.find(({ type }) => type === "subscription").uuid,
    transaction_uuid: made.transactions[0].uuid,
    subscription_uuid: made.line_items.find(({ type }) => type === "subscription").subscription_uuid,
    subscription_event_id: event.id,
    export_id: exported.id,
  };
}

/** An invoice with an item of each type, and its payment. */
export function invoiceOf(plan_uuid, number) {
  const month = (day) => `2026-0${number}-${day} 12:00:00 UTC`;
  return {
    external_id: `world_invoice_${number}`,
    date: month("01"),
    due_date: month("07"),
    currency: "EUR",
    line_items: [
      { type: "one_time", description: "setup", amount_in_cents: 4500 },
      {
        type: "subscription",
        subscription_external_id: "world_subscription_1",
        plan_uuid,
        amount_in_cents: 1000 * number,
        service_period_start: month("01"),
        service_period_end: month("28"),
        external_id: `world_line_item_${number}`,
      },
    ],
    transactions: [
      {
        type: "payment",
        date: month("01"),
        result: "successful",
        external_id: `world_transaction_${number}`,
      },
    ],
  };
}

/** The start of a subscription. */
export function eventOf(data_source_uuid, external_id) {
  return {
    data_source_uuid,
    customer_external_id: "cus_a",
    subscription_external_id: "world_subscription_1",
    event_type: "subscription_start",
    event_date: "2026-01-01",
    effective_date: "2026-01-01",
    external_id,
    plan_external_id: "world_plan",
    amount_in_cents: 100,
    currency: "EUR",
    quantity: 1,
    tax_amount_in_cents: 0,
  };
}

/** The e-mail address of a user, as seeded tasks name it. */
async function usersOf(chartmogul) {
  for await (const task of chartmogul.tasks.list()) if (task.assignee) return task.assignee;
  throw new Error("the sandbox has no task with an assignee");
}

/**
 * What the required fields of reading operations take, by the operation's group and field, or the field alone.
 * A window of days is one around the appointments.
 */
export function valuesOf(world) {
  const now = Date.now();
  const days = { startDate: String(now), endDate: String(now + 7 * DAY_MS) };
  return {
    ...world,
    ...days,
    "start-date": "2026-01-01",
    "end-date": "2026-06-30",
    "notes.id": world.noteId,
    "opportunities.id": world.opportunityId,
    "calendarResources.id": world.resourceId,
    "customFields.id": world.customFields[0].id,
    "records.id": world.petId,
    "messages.id": world.messageId,
    "objects.key": "custom_objects.pet",
    "customers.email": "cus_a@world.example",
    "lineItems.external_id": "world_line_item_1",
    "transactions.external_id": "world_transaction_1",
    "opportunities.query": "deal",
    email: "ada@world.example",
    import_id: "world_import",
    eventId: world.appointmentId,
    recordId: world.contactId,
    key_name: "owner_pet",
    objectKey: "contact",
    schemaKey: "custom_objects.pet",
    resourceType: "rooms",
    urlSlug: "hello",
    emails: "ada.king@agency.example",
    query: "rex",
    pageLimit: "10",
    startTime: world.window.startTime,
    endTime: world.window.endTime,
  };
}

/** What must be entered besides the required fields: one of several, or the parts of an object. */
const ALSO = {
  newAppointment: ["calendarId"],
  updatedAppointment: ["calendarId"],
  "ghl.calendarEvents.list": ["calendarId"],
  "ghl.blockSlots.list": ["calendarId"],
  "ghl.contacts.find": ["email"],
  "ghl.contacts.searchDuplicate": ["email"],
};

/** What the required fields of a form take. */
export function inputOf({ name, reads = name, fields }, values) {
  const group = reads.split(".").at(-2);
  const required = fields.filter((field) => field.required || ALSO[name]?.includes(field.name));
  return Object.fromEntries(
    required.flatMap((field) =>
      field.type === "object"
        ? field.fields.map((part) => [`${field.name}__${part.name}`, "false"])
        : [[field.name, values[`${group}.${field.name}`] ?? values[field.name]]],
    ),
  );
}

/** The same with the parts of objects put together: what an operation takes. */
export function nestedOf(input) {
  const nested = {};
  for (const [key, value] of Object.entries(input)) {
    const [name, part] = key.split("__");
    nested[name] = part === undefined ? value : { ...nested[name], [part]: value };
  }
  return nested;
}
