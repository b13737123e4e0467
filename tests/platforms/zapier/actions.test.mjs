// Every action in Zapier's core against the sandbox: run with what a person enters, and compared with what the
// sandbox then holds.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { connect, said } from "./connection.mjs";
import { createWorld, eventOf, invoiceOf } from "./world.mjs";

let app;
let world;
let ghl;
let chartmogul;
let files;
before(async () => {
  app = await connect();
  world = await createWorld(app);
  ({ ghl, chartmogul } = app.connector);
  files = await serveFile("customer_external_id,name\n");
});
after(async () => {
  await app.close();
  files.close();
});

/** A file as Zapier gives it: its address. */
async function serveFile(text) {
  const server = createServer((_, response) => response.end(text)).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.on("listening", resolve));
  return { url: `http://127.0.0.1:${server.address().port}/file.csv`, close: () => server.close() };
}

/** What earlier actions made. */
const made = {};

const fieldOf = (model, dataType) => {
  const found = world.customFields.find((field) => field.model === model && field.dataType === dataType);
  assert.ok(found, `the sandbox has a custom field ${dataType} of ${model}`);
  return found;
};

const all = async (list) => {
  const records = [];
  for await (const record of list) records.push(record);
  return records;
};

/** That the record is gone. */
const gone = async (read) => {
  await assert.rejects(read, ({ code }) => code === "not_found");
  return [{}, {}];
};

const DAY = "2026-12-10";

/**
 * In the order in which they are run: the action, what is entered, and a check: what the sandbox holds then, and
 * what it must hold at least. The check gets what the action gave.
 */
const ROWS = [
  // Contacts.
  [
    "ghl_contacts_create",
    () => ({
      firstName: "Zoé",
      lastName: "",
      email: "zoe@world.example",
      phone: "(202) 555-0147",
      country: "US",
      dateOfBirth: "1990-02-03",
      dnd: "false",
      tags: ["One", "two"],
      dndSettings__SMS: '{"status":"active"}',
      [`custom_field_${fieldOf("contact", "TEXT").id}`]: "Filter coffee",
      [`custom_field_${fieldOf("contact", "NUMERICAL").id}`]: "12",
    }),
    async ({ id }) => {
      made.contactId = id;
      const contact = await ghl.contacts.get({ contactId: id });
      const values = Object.fromEntries(contact.customFields.map((field) => [field.id, field.value]));
      assert.deepEqual(values, {
        [fieldOf("contact", "TEXT").id]: "Filter coffee",
        [fieldOf("contact", "NUMERICAL").id]: 12,
      });
      return [
        contact,
        { firstName: "Zoé", email: "zoe@world.example", phone: "+12025550147", tags: ["one", "two"] },
      ];
    },
  ],
  [
    "ghl_contacts_update",
    () => ({ contactId: made.contactId, city: "Paris", email: "" }),
    async () => [
      await ghl.contacts.get({ contactId: made.contactId }),
      { city: "Paris", email: "zoe@world.example" },
    ],
  ],
  [
    "ghl_contacts_upsert",
    () => ({ email: "zoe@world.example", city: "Lyon" }),
    async () => [await ghl.contacts.get({ contactId: made.contactId }), { city: "Lyon" }],
  ],
  [
    "ghl_contacts_addTags",
    () => ({ contactId: made.contactId, tags: "Three, four" }),
    async () => [
      await ghl.contacts.get({ contactId: made.contactId }),
      { tags: ["one", "two", "three", "four"] },
    ],
  ],
  [
    "ghl_contacts_removeTags",
    () => ({ contactId: made.contactId, tags: ["three", "four"] }),
    async () => [await ghl.contacts.get({ contactId: made.contactId }), { tags: ["one", "two"] }],
  ],
  [
    "ghl_contacts_bulkUpdateTags",
    () => ({ type: "add", contacts: [made.contactId], tags: ["Bulk"] }),
    async () => [await ghl.contacts.get({ contactId: made.contactId }), { tags: ["one", "two", "bulk"] }],
  ],
  [
    "ghl_contacts_bulkUpdateBusiness",
    () => ({ ids: [made.contactId], businessId: world.businessId }),
    async () => {
      const contacts = await all(ghl.contacts.listByBusiness({ businessId: world.businessId }));
      return [contacts.find(({ id }) => id === made.contactId), { id: made.contactId }];
    },
  ],
  [
    "ghl_contacts_addFollowers",
    () => ({ contactId: made.contactId, followers: [world.userId] }),
    async () => [await ghl.contacts.get({ contactId: made.contactId }), { followers: [world.userId] }],
  ],
  [
    "ghl_contacts_removeFollowers",
    () => ({ contactId: made.contactId, followers: [world.userId] }),
    async () => [await ghl.contacts.get({ contactId: made.contactId }), { followers: [] }],
  ],
  // The sandbox shows no enrolments: that it took the request, and an unknown one is refused below.
  ["ghl_contacts_addToCampaign", () => ({ contactId: made.contactId, campaignId: world.campaignId }), done],
  [
    "ghl_contacts_removeFromCampaign",
    () => ({ contactId: made.contactId, campaignId: world.campaignId }),
    done,
  ],
  ["ghl_contacts_removeFromAllCampaigns", () => ({ contactId: made.contactId }), done],
  [
    "ghl_contacts_addToWorkflow",
    () => ({
      contactId: made.contactId,
      workflowId: world.workflowId,
      eventStartTime: "2026-12-01T10:00:00+00:00",
    }),
    done,
  ],
  [
    "ghl_contacts_removeFromWorkflow",
    () => ({ contactId: made.contactId, workflowId: world.workflowId }),
    done,
  ],
  // Tasks and notes.
  [
    "ghl_tasks_create",
    () => ({
      contactId: made.contactId,
      title: "Call",
      dueDate: "2026-12-01T10:00:00.000Z",
      completed: "false",
    }),
    async ({ id }) => {
      made.taskId = id;
      return [await taskNow(), { title: "Call", completed: false }];
    },
  ],
  [
    "ghl_tasks_update",
    () => ({ contactId: made.contactId, taskId: made.taskId, title: "Call again" }),
    async () => [await taskNow(), { title: "Call again" }],
  ],
  [
    "ghl_tasks_setCompleted",
    () => ({ contactId: made.contactId, taskId: made.taskId, completed: "yes" }),
    async () => [await taskNow(), { completed: true }],
  ],
  ["ghl_tasks_delete", () => ({ contactId: made.contactId, taskId: made.taskId }), () => gone(taskNow)],
  [
    "ghl_notes_create",
    () => ({ contactId: made.contactId, body: "Hello {{bundle.inputData.name}}" }),
    async ({ id }) => {
      made.noteId = id;
      return [await noteNow(), { body: "Hello {{bundle.inputData.name}}" }];
    },
  ],
  [
    "ghl_notes_update",
    () => ({ contactId: made.contactId, id: made.noteId, body: "Changed" }),
    async () => [await noteNow(), { body: "Changed" }],
  ],
  ["ghl_notes_delete", () => ({ contactId: made.contactId, id: made.noteId }), () => gone(noteNow)],
  // Calendars.
  [
    "ghl_calendarGroups_create",
    () => ({ name: "Group", description: "D", slug: "group-slug" }),
    async ({ id }) => {
      made.groupId = id;
      return [await groupNow(), { name: "Group" }];
    },
  ],
  [
    "ghl_calendarGroups_validateSlug",
    () => ({ slug: "group-slug" }),
    async ({ value }) => [{ value }, { value: false }],
  ],
  [
    "ghl_calendarGroups_update",
    () => ({ groupId: made.groupId, name: "Group 2", description: "D", slug: "group-2" }),
    async () => [await groupNow(), { name: "Group 2", slug: "group-2" }],
  ],
  [
    "ghl_calendarGroups_updateStatus",
    () => ({ groupId: made.groupId, isActive: "false" }),
    async () => [await groupNow(), { isActive: false }],
  ],
  [
    "ghl_calendars_create",
    () => ({
      name: "Visit",
      groupId: made.groupId,
      slotDuration: "20",
      teamMembers: [{ teamMembers__userId: world.userId, teamMembers__priority: "0.5" }],
    }),
    async ({ id }) => {
      made.calendarId = id;
      const calendar = await ghl.calendars.get({ calendarId: id });
      assert.deepEqual(
        calendar.teamMembers.map(({ userId, priority }) => ({ userId, priority })),
        [{ userId: world.userId, priority: 0.5 }],
      );
      return [calendar, { name: "Visit", slotDuration: 20 }];
    },
  ],
  [
    "ghl_calendars_update",
    () => ({ calendarId: made.calendarId, name: "Visits" }),
    async () => [await ghl.calendars.get({ calendarId: made.calendarId }), { name: "Visits" }],
  ],
  [
    "ghl_appointments_create",
    () => ({
      calendarId: made.calendarId,
      contactId: world.contactId,
      startTime: "2026-12-04T10:00:00-05:00",
    }),
    async ({ id }) => {
      made.eventId = id;
      return [await ghl.appointments.get({ eventId: id }), { contactId: world.contactId }];
    },
  ],
  [
    "ghl_appointments_update",
    () => ({ eventId: made.eventId, appointmentStatus: "Showed" }),
    async () => [await ghl.appointments.get({ eventId: made.eventId }), { appointmentStatus: "showed" }],
  ],
  [
    "ghl_appointmentNotes_create",
    () => ({ appointmentId: made.eventId, body: "N" }),
    async ({ id }) => {
      made.appointmentNoteId = id;
      return [await appointmentNoteNow(), { body: "N" }];
    },
  ],
  [
    "ghl_appointmentNotes_update",
    () => ({ appointmentId: made.eventId, noteId: made.appointmentNoteId, body: "M" }),
    async () => [await appointmentNoteNow(), { body: "M" }],
  ],
  [
    "ghl_appointmentNotes_delete",
    () => ({ appointmentId: made.eventId, noteId: made.appointmentNoteId }),
    async () => [{ note: await appointmentNoteNow() }, { note: undefined }],
  ],
  [
    "ghl_blockSlots_create",
    () => ({
      calendarId: made.calendarId,
      title: "Lunch",
      startTime: "2026-12-04T12:00:00-05:00",
      endTime: "2026-12-04T13:00:00-05:00",
    }),
    async ({ id }) => {
      made.slotId = id;
      return [await slotNow(), { title: "Lunch" }];
    },
  ],
  [
    "ghl_blockSlots_update",
    () => ({
      eventId: made.slotId,
      calendarId: made.calendarId,
      title: "Break",
      startTime: "2026-12-04T12:00:00-05:00",
      endTime: "2026-12-04T13:00:00-05:00",
    }),
    async () => [await slotNow(), { title: "Break" }],
  ],
  [
    "ghl_calendarEvents_delete",
    () => ({ eventId: made.slotId }),
    async () => [{ slot: await slotNow() }, { slot: undefined }],
  ],
  [
    "ghl_calendarNotifications_create",
    () => ({
      calendarId: made.calendarId,
      notifications: [
        {
          notifications__receiverType: "contact",
          notifications__channel: "email",
          notifications__notificationType: "booked",
        },
      ],
    }),
    async ({ value }) => {
      made.notificationId = value[0].id ?? value[0]._id;
      return [await notificationNow(), { channel: "email", notificationType: "booked" }];
    },
  ],
  [
    "ghl_calendarNotifications_update",
    () => ({ calendarId: made.calendarId, notificationId: made.notificationId, isActive: "no" }),
    async () => [await notificationNow(), { isActive: false }],
  ],
  [
    "ghl_calendarNotifications_delete",
    () => ({ calendarId: made.calendarId, notificationId: made.notificationId }),
    async () => {
      const left = await all(ghl.calendarNotifications.list({ calendarId: made.calendarId }));
      return [{ left: left.filter(({ deleted }) => deleted !== true) }, { left: [] }];
    },
  ],
  [
    "ghl_calendarResources_create",
    () => ({
      resourceType: "rooms",
      name: "Room",
      description: "-",
      quantity: "1",
      outOfService: "0",
      capacity: "4",
      calendarIds: [made.calendarId],
    }),
    async (resource) => {
      made.resourceId = resource.id ?? resource._id;
      return [await resourceNow(), { name: "Room", capacity: 4 }];
    },
  ],
  [
    "ghl_calendarResources_update",
    () => ({ resourceType: "rooms", id: made.resourceId, capacity: "5" }),
    async () => [await resourceNow(), { capacity: 5 }],
  ],
  [
    "ghl_calendarResources_delete",
    () => ({ resourceType: "rooms", id: made.resourceId }),
    () => gone(resourceNow),
  ],
  [
    "ghl_calendars_delete",
    () => ({ calendarId: made.calendarId }),
    () => gone(() => ghl.calendars.get({ calendarId: made.calendarId })),
  ],
  [
    "ghl_calendarGroups_delete",
    () => ({ groupId: made.groupId }),
    async () => [{ group: await groupNow() }, { group: undefined }],
  ],
  // Opportunities.
  [
    "ghl_opportunities_create",
    () => ({
      pipelineId: world.pipelineId,
      name: "Deal",
      status: "open",
      contactId: made.contactId,
      monetaryValue: "12.5",
      [`custom_field_${fieldOf("opportunity", "TEXT").id}`]: "Rival",
    }),
    async ({ id }) => {
      made.opportunityId = id;
      const deal = await dealNow();
      assert.equal(JSON.stringify(deal.customFields).includes("Rival"), true);
      return [deal, { name: "Deal", monetaryValue: 12.5, contactId: made.contactId }];
    },
  ],
  [
    "ghl_opportunities_update",
    () => ({ id: made.opportunityId, monetaryValue: "20" }),
    async () => [await dealNow(), { monetaryValue: 20 }],
  ],
  [
    "ghl_opportunities_updateStatus",
    () => ({ id: made.opportunityId, status: "won" }),
    async () => [await dealNow(), { status: "won" }],
  ],
  [
    "ghl_opportunities_upsert",
    () => ({
      id: made.opportunityId,
      pipelineId: world.pipelineId,
      name: "Deal 2",
      followers: [world.userId],
      isRemoveAllFollowers: "false",
      followersActionType: "add",
    }),
    async () => [await dealNow(), { name: "Deal 2" }],
  ],
  [
    "ghl_opportunities_addFollowers",
    () => ({ id: made.opportunityId, followers: [world.userId] }),
    async () => [await dealNow(), { followers: [world.userId] }],
  ],
  [
    "ghl_opportunities_removeFollowers",
    () => ({ id: made.opportunityId, followers: [world.userId] }),
    async () => [await dealNow(), { followers: [] }],
  ],
  ["ghl_opportunities_delete", () => ({ id: made.opportunityId }), () => gone(dealNow)],
  // Users, conversations, businesses, locations.
  [
    "ghl_users_create",
    () => ({
      companyId: world.companyId,
      firstName: "New",
      lastName: "User",
      email: "new@agency.example",
      password: "a-password-of-a-test",
      type: "account",
      role: "user",
      locationIds: [world.locationId],
    }),
    async ({ id }) => {
      made.userId = id;
      return [await ghl.users.get({ userId: id }), { email: "new@agency.example" }];
    },
  ],
  [
    "ghl_users_update",
    () => ({ userId: made.userId, firstName: "Newer" }),
    async () => [await ghl.users.get({ userId: made.userId }), { firstName: "Newer" }],
  ],
  [
    "ghl_users_delete",
    () => ({ userId: made.userId }),
    () => gone(() => ghl.users.get({ userId: made.userId })),
  ],
  [
    "ghl_conversations_setTyping",
    () => ({ isTyping: "true", visitorId: "v", conversationId: world.conversationId }),
    done,
  ],
  [
    "ghl_messages_updateStatus",
    () => ({ messageId: world.messageId, status: "read" }),
    async () => [await ghl.messages.get({ id: world.messageId }), { status: "read" }],
  ],
  [
    "ghl_businesses_create",
    () => ({ name: "Copper Ltd" }),
    async ({ id }) => {
      made.businessId = id;
      return [await ghl.businesses.get({ businessId: id }), { name: "Copper Ltd" }];
    },
  ],
  [
    "ghl_businesses_update",
    () => ({ businessId: made.businessId, city: "Köln" }),
    async () => [await ghl.businesses.get({ businessId: made.businessId }), { city: "Köln" }],
  ],
  [
    "ghl_businesses_delete",
    () => ({ businessId: made.businessId }),
    () => gone(() => ghl.businesses.get({ businessId: made.businessId })),
  ],
  [
    "ghl_locations_create",
    () => ({ name: "Second", companyId: world.companyId }),
    async ({ id }) => {
      made.locationId = id;
      const found = await all(app.agency.ghl.locations.search({ companyId: world.companyId }));
      return [found.find((location) => location.id === id), { name: "Second" }];
    },
    "agency",
  ],
  [
    "ghl_locations_update",
    () => ({ locationId: made.locationId, companyId: world.companyId, city: "Rome" }),
    async () => {
      const found = await all(app.agency.ghl.locations.search({ companyId: world.companyId }));
      return [found.find(({ id }) => id === made.locationId), { city: "Rome" }];
    },
    "agency",
  ],
  // Associations, custom objects, fields and tags.
  [
    "ghl_associations_create",
    () => ({
      key: "walker_pet",
      firstObjectLabel: "Walker",
      firstObjectKey: "contact",
      secondObjectLabel: "Pet",
      secondObjectKey: "custom_objects.pet",
    }),
    async ({ id }) => {
      made.associationId = id;
      return [await ghl.associations.get({ associationId: id }), { key: "walker_pet" }];
    },
  ],
  [
    "ghl_associations_update",
    () => ({ associationId: made.associationId, firstObjectLabel: "Human", secondObjectLabel: "Pet" }),
    async () => [
      await ghl.associations.get({ associationId: made.associationId }),
      { firstObjectLabel: "Human" },
    ],
  ],
  [
    "ghl_relations_create",
    () => ({
      associationId: made.associationId,
      firstRecordId: made.contactId,
      secondRecordId: world.petId,
    }),
    async ({ id }) => {
      made.relationId = id;
      const relations = await all(ghl.relations.list({ recordId: made.contactId }));
      return [relations[0], { id, associationId: made.associationId }];
    },
  ],
  [
    "ghl_relations_delete",
    () => ({ relationId: made.relationId }),
    async () => [{ left: await all(ghl.relations.list({ recordId: made.contactId })) }, { left: [] }],
  ],
  [
    "ghl_associations_delete",
    () => ({ associationId: made.associationId }),
    () => gone(() => ghl.associations.get({ associationId: made.associationId })),
  ],
  [
    "ghl_records_create",
    () => ({ schemaKey: "custom_objects.pet", properties: '{"name":"Bello"}' }),
    async ({ id }) => {
      made.petId = id;
      return [(await petNow()).properties, { name: "Bello" }];
    },
  ],
  [
    "ghl_records_update",
    () => ({ schemaKey: "custom_objects.pet", id: made.petId, properties: { age: 3 } }),
    async () => [(await petNow()).properties, { age: 3 }],
  ],
  ["ghl_records_delete", () => ({ schemaKey: "custom_objects.pet", id: made.petId }), () => gone(petNow)],
  [
    "ghl_customFields_create",
    () => ({ name: "Colour", dataType: "TEXT", model: "contact" }),
    async ({ id }) => {
      made.fieldId = id;
      return [await ghl.customFields.get({ id }), { name: "Colour" }];
    },
  ],
  [
    "ghl_customFields_update",
    () => ({ id: made.fieldId, name: "Color" }),
    async () => [await ghl.customFields.get({ id: made.fieldId }), { name: "Color" }],
  ],
  [
    "ghl_customFields_delete",
    () => ({ id: made.fieldId }),
    () => gone(() => ghl.customFields.get({ id: made.fieldId })),
  ],
  [
    "ghl_tags_create",
    () => ({ name: "Fresh" }),
    async ({ id }) => {
      made.tagId = id;
      return [await ghl.tags.get({ tagId: id }), { name: "fresh" }];
    },
  ],
  [
    "ghl_tags_update",
    () => ({ tagId: made.tagId, name: "Fresher" }),
    async () => [await ghl.tags.get({ tagId: made.tagId }), { name: "fresher" }],
  ],
  ["ghl_tags_delete", () => ({ tagId: made.tagId }), () => gone(() => ghl.tags.get({ tagId: made.tagId }))],
  [
    "ghl_blogPosts_create",
    () => ({ ...world.blogPost, urlSlug: "second", title: "Second" }),
    async (post) => {
      made.postId = post._id ?? post.id;
      return [await postNow(), { title: "Second" }];
    },
  ],
  [
    "ghl_blogPosts_update",
    () => ({ ...world.blogPost, postId: made.postId, urlSlug: "second", title: "Third" }),
    async () => [await postNow(), { title: "Third" }],
  ],
  [
    "ghl_request",
    () => ({ method: "GET", path: `/contacts/${made.contactId}` }),
    async (answer) => [answer.contact, { email: "zoe@world.example" }],
  ],
  [
    "ghl_contacts_delete",
    () => ({ contactId: made.contactId }),
    () => gone(() => ghl.contacts.get({ contactId: made.contactId })),
  ],
  // ChartMogul.
  [
    "chartmogul_dataSources_create",
    () => ({ name: "Zapier" }),
    async ({ uuid }) => {
      made.source = uuid;
      return [await chartmogul.dataSources.retrieve({ data_source_uuid: uuid }), { name: "Zapier" }];
    },
  ],
  [
    "chartmogul_customers_create",
    () => ({
      data_source_uuid: made.source,
      external_id: "zapier_1",
      name: "Zoé",
      email: "zoe@customer.example",
      lead_created_at: DAY,
      attributes__tags: ["vip"],
      attributes__custom: '[{"type":"Integer","key":"seats","value":3}]',
    }),
    async ({ uuid }) => {
      made.customer = uuid;
      const customer = await customerNow();
      assert.deepEqual([customer.attributes.tags, customer.attributes.custom], [["vip"], { seats: 3 }]);
      return [customer, { name: "Zoé", email: "zoe@customer.example", external_id: "zapier_1" }];
    },
  ],
  [
    "chartmogul_customers_update",
    () => ({ customer_uuid: made.customer, company: "Copper Ltd", email: "" }),
    async () => [await customerNow(), { company: "Copper Ltd", email: "zoe@customer.example" }],
  ],
  [
    "chartmogul_customers_createContact",
    () => ({
      customer_uuid: made.customer,
      data_source_uuid: made.source,
      first_name: "Zoé",
      email: "z@c.example",
    }),
    async ({ uuid }) => {
      made.contact = uuid;
      return [await contactNow(), { first_name: "Zoé", customer_uuid: made.customer }];
    },
  ],
  [
    "chartmogul_contacts_create",
    () => ({
      customer_uuid: made.customer,
      data_source_uuid: made.source,
      first_name: "Max",
      email: "max@c.example",
    }),
    async ({ uuid }) => {
      made.other = uuid;
      return [await chartmogul.contacts.retrieve({ contact_uuid: uuid }), { first_name: "Max" }];
    },
  ],
  [
    "chartmogul_contacts_update",
    () => ({ contact_uuid: made.contact, title: "CEO" }),
    async () => [await contactNow(), { title: "CEO" }],
  ],
  [
    "chartmogul_contacts_merge",
    () => ({ into_contact_uuid: made.contact, from_contact_uuid: made.other }),
    () => gone(() => chartmogul.contacts.retrieve({ contact_uuid: made.other })),
  ],
  ["chartmogul_contacts_delete", () => ({ contact_uuid: made.contact }), () => gone(contactNow)],
  [
    "chartmogul_tags_add",
    () => ({ customer_uuid: made.customer, tags: "new, hot" }),
    async () => [(await customerNow()).attributes, { tags: ["vip", "new", "hot"] }],
  ],
  [
    "chartmogul_tags_remove",
    () => ({ customer_uuid: made.customer, tags: ["hot"] }),
    async () => [(await customerNow()).attributes, { tags: ["vip", "new"] }],
  ],
  [
    "chartmogul_tags_addByEmail",
    () => ({ email: "zoe@customer.example", tags: ["mailed"] }),
    async ({ items }) => {
      assert.deepEqual(
        items.map(({ uuid }) => uuid),
        [made.customer],
      );
      return [(await customerNow()).attributes, { tags: ["vip", "new", "mailed"] }];
    },
  ],
  [
    "chartmogul_customAttributes_add",
    () => ({ customer_uuid: made.customer, custom: ['{"type":"String","key":"channel","value":"Ads"}'] }),
    async () => [(await customerNow()).attributes.custom, { seats: 3, channel: "Ads" }],
  ],
  [
    "chartmogul_customAttributes_addByEmail",
    () => ({ email: "zoe@customer.example", custom: '[{"type":"Boolean","key":"trial","value":true}]' }),
    async () => [(await customerNow()).attributes.custom, { trial: true }],
  ],
  [
    "chartmogul_customAttributes_update",
    () => ({ customer_uuid: made.customer, custom: '{"seats":5}' }),
    async () => [(await customerNow()).attributes.custom, { seats: 5 }],
  ],
  [
    "chartmogul_customAttributes_remove",
    () => ({ customer_uuid: made.customer, custom: ["seats"] }),
    async () => [{ seats: (await customerNow()).attributes.custom.seats }, { seats: undefined }],
  ],
  [
    "chartmogul_notes_create",
    () => ({ customer_uuid: made.customer, type: "note", text: "Hello" }),
    async ({ uuid }) => {
      made.note = uuid;
      return [await billingNoteNow(), { text: "Hello" }];
    },
  ],
  [
    "chartmogul_notes_update",
    () => ({ note_uuid: made.note, text: "Changed" }),
    async () => [await billingNoteNow(), { text: "Changed" }],
  ],
  ["chartmogul_notes_delete", () => ({ note_uuid: made.note }), () => gone(billingNoteNow)],
  [
    "chartmogul_customerNotes_create",
    () => ({ customer_uuid: made.customer, type: "call", text: "Called", call_duration: "90" }),
    async ({ uuid }) => {
      made.call = uuid;
      return [await callNow(), { text: "Called", call_duration: 90 }];
    },
  ],
  [
    "chartmogul_customerNotes_update",
    () => ({ note_uuid: made.call, text: "Called back" }),
    async () => [await callNow(), { text: "Called back" }],
  ],
  ["chartmogul_customerNotes_delete", () => ({ note_uuid: made.call }), () => gone(callNow)],
  [
    "chartmogul_tasks_create",
    () => ({
      customer_uuid: made.customer,
      task_details: "Call",
      assignee: world.owner,
      due_date: "2026-12-30T00:00:00Z",
    }),
    async ({ task_uuid, uuid }) => {
      made.task = task_uuid ?? uuid;
      return [await billingTaskNow(), { task_details: "Call", assignee: world.owner }];
    },
  ],
  [
    "chartmogul_tasks_update",
    () => ({ task_uuid: made.task, task_details: "Call again" }),
    async () => [await billingTaskNow(), { task_details: "Call again" }],
  ],
  ["chartmogul_tasks_delete", () => ({ task_uuid: made.task }), () => gone(billingTaskNow)],
  [
    "chartmogul_opportunities_create",
    () => ({
      customer_uuid: made.customer,
      owner: world.owner,
      pipeline: "New Business",
      pipeline_stage: "Discovery",
      estimated_close_date: "2026-12-28T00:00:00Z",
      amount_in_cents: "100",
      currency: "USD",
    }),
    async ({ uuid }) => {
      made.opportunity = uuid;
      return [await billingDealNow(), { amount_in_cents: 100, estimated_close_date: "2026-12-28" }];
    },
  ],
  [
    "chartmogul_opportunities_update",
    () => ({ opportunity_uuid: made.opportunity, amount_in_cents: "250" }),
    async () => [await billingDealNow(), { amount_in_cents: 250 }],
  ],
  [
    "chartmogul_opportunities_delete",
    () => ({ opportunity_uuid: made.opportunity }),
    () => gone(billingDealNow),
  ],
  [
    "chartmogul_plans_create",
    () => ({
      data_source_uuid: made.source,
      name: "Plan",
      interval_count: "1",
      interval_unit: "month",
      external_id: "zapier_plan",
    }),
    async ({ uuid }) => {
      made.plan = uuid;
      return [await planNow(), { name: "Plan", interval_count: 1 }];
    },
  ],
  [
    "chartmogul_plans_update",
    () => ({ plan_uuid: made.plan, name: "Plan 2" }),
    async () => [await planNow(), { name: "Plan 2" }],
  ],
  [
    "chartmogul_planGroups_create",
    () => ({ name: "Zapier group", plans: [made.plan] }),
    async ({ uuid }) => {
      made.planGroup = uuid;
      return [await planGroupNow(), { name: "Zapier group", plans_count: 1 }];
    },
  ],
  [
    "chartmogul_planGroups_update",
    () => ({ plan_group_uuid: made.planGroup, name: "Group 2" }),
    async () => [await planGroupNow(), { name: "Group 2" }],
  ],
  ["chartmogul_planGroups_delete", () => ({ plan_group_uuid: made.planGroup }), () => gone(planGroupNow)],
  [
    "chartmogul_invoices_import",
    () => ({
      customer_uuid: made.customer,
      invoices: [
        {
          invoices__external_id: "zapier_invoice",
          invoices__date: "2026-03-01T12:00:00Z",
          invoices__due_date: "2026-03-07T12:00:00Z",
          invoices__currency: "EUR",
          invoices__line_items: JSON.stringify(
            invoiceOf(made.plan, 3).line_items.map((item) => ({
              ...item,
              ...(item.type === "subscription" && {
                external_id: "zapier_item",
                subscription_external_id: "zapier_subscription",
              }),
            })),
          ),
          invoices__transactions: JSON.stringify([
            { ...invoiceOf(made.plan, 3).transactions[0], external_id: "zapier_transaction" },
          ]),
        },
      ],
    }),
    async ({ items }) => {
      const [invoice] = items;
      made.invoice = invoice.uuid;
      const subscription = invoice.line_items.find(({ type }) => type === "subscription");
      Object.assign(made, {
        item: subscription.uuid,
        subscription: subscription.subscription_uuid,
        transaction: invoice.transactions[0].uuid,
      });
      return [await invoiceNow(), { external_id: "zapier_invoice", currency: "EUR" }];
    },
  ],
  [
    "chartmogul_invoices_update",
    () => ({ invoice_uuid: made.invoice, due_date: "2026-03-09T12:00:00Z" }),
    async () => [{ day: (await invoiceNow()).due_date.slice(0, 10) }, { day: "2026-03-09" }],
  ],
  [
    "chartmogul_invoices_updateByExternalId",
    () => ({ data_source_uuid: made.source, external_id: "zapier_invoice", currency: "USD" }),
    async () => [await invoiceNow(), { currency: "USD" }],
  ],
  [
    "chartmogul_invoices_updateStatus",
    () => ({ data_source_uuid: made.source, invoice_external_id: "zapier_invoice", status: "written_off" }),
    async (result, before) => [
      {
        external_id: result.external_id,
        writes: app.sandbox.stats().chartmogul.writes - before.chartmogul.writes,
      },
      { external_id: "zapier_invoice", writes: 1 },
    ],
  ],
  [
    "chartmogul_invoices_setDisabled",
    () => ({ invoice_uuid: made.invoice, disabled: "true" }),
    async () => [await invoiceNow({ with_disabled: true }), { disabled: true }],
  ],
  [
    "chartmogul_invoices_setDisabledByExternalId",
    () => ({ data_source_uuid: made.source, external_id: "zapier_invoice", disabled: "false" }),
    async () => [await invoiceNow({ with_disabled: true }), { disabled: false }],
  ],
  [
    "chartmogul_lineItems_create",
    () => ({
      invoice_uuid: made.invoice,
      type: "one_time",
      amount_in_cents: "500",
      external_id: "zapier_item_2",
      description: "Extra",
    }),
    async ({ uuid }) => {
      made.item2 = uuid;
      return [await itemNow(uuid), { amount_in_cents: 500, external_id: "zapier_item_2" }];
    },
  ],
  [
    "chartmogul_lineItems_update",
    () => ({ line_item_uuid: made.item2, amount_in_cents: "600" }),
    async () => [await itemNow(made.item2), { amount_in_cents: 600 }],
  ],
  [
    "chartmogul_lineItems_updateByExternalId",
    () => ({ data_source_uuid: made.source, external_id: "zapier_item_2", amount_in_cents: "700" }),
    async () => [await itemNow(made.item2), { amount_in_cents: 700 }],
  ],
  [
    "chartmogul_lineItems_setDisabled",
    () => ({ line_item_uuid: made.item2, disabled: "true" }),
    async () => [await itemNow(made.item2), { disabled: true }],
  ],
  [
    "chartmogul_lineItems_setDisabledByExternalId",
    () => ({ data_source_uuid: made.source, external_id: "zapier_item_2", disabled: "false" }),
    async () => [await itemNow(made.item2), { disabled: false }],
  ],
  [
    "chartmogul_lineItems_deleteByExternalId",
    () => ({ data_source_uuid: made.source, external_id: "zapier_item_2" }),
    () => gone(() => itemNow(made.item2)),
  ],
  [
    "chartmogul_transactions_create",
    () => ({
      invoice_uuid: made.invoice,
      type: "payment",
      date: "2026-03-02T12:00:00Z",
      result: "failed",
      external_id: "zapier_transaction_2",
    }),
    async ({ uuid }) => {
      made.transaction2 = uuid;
      return [await transactionNow(uuid), { result: "failed" }];
    },
  ],
  [
    "chartmogul_transactions_update",
    () => ({ transaction_uuid: made.transaction2, result: "successful" }),
    async () => [await transactionNow(made.transaction2), { result: "successful" }],
  ],
  [
    "chartmogul_transactions_updateByExternalId",
    () => ({ data_source_uuid: made.source, external_id: "zapier_transaction_2", result: "failed" }),
    async () => [await transactionNow(made.transaction2), { result: "failed" }],
  ],
  [
    "chartmogul_transactions_setDisabled",
    () => ({ transaction_uuid: made.transaction2, disabled: "true" }),
    async () => [await transactionNow(made.transaction2), { disabled: true }],
  ],
  [
    "chartmogul_transactions_setDisabledByExternalId",
    () => ({ data_source_uuid: made.source, external_id: "zapier_transaction_2", disabled: "false" }),
    async () => [await transactionNow(made.transaction2), { disabled: false }],
  ],
  [
    "chartmogul_transactions_deleteByExternalId",
    () => ({ data_source_uuid: made.source, external_id: "zapier_transaction_2" }),
    () => gone(() => transactionNow(made.transaction2)),
  ],
  [
    "chartmogul_transactions_delete",
    () => ({ transaction_uuid: made.transaction }),
    () => gone(() => transactionNow(made.transaction)),
  ],
  [
    "chartmogul_subscriptions_cancel",
    () => ({ subscription_uuid: made.subscription, cancelled_at: "2026-03-20T00:00:00Z" }),
    async () => {
      const [subscription] = await all(
        chartmogul.subscriptions.listByCustomer({ customer_uuid: made.customer }),
      );
      return [{ day: subscription.cancellation_dates[0].slice(0, 10) }, { day: "2026-03-20" }];
    },
  ],
  [
    "chartmogul_subscriptionEvents_create",
    () => inEvent({ ...eventOf(made.source, "zapier_event"), customer_external_id: "zapier_1" }),
    async ({ id }) => {
      made.event = id;
      return [await eventNow(), { external_id: "zapier_event", amount_in_cents: 100 }];
    },
  ],
  [
    "chartmogul_subscriptionEvents_update",
    () => inEvent({ id: made.event, amount_in_cents: "200" }),
    async () => [await eventNow(), { amount_in_cents: 200 }],
  ],
  [
    "chartmogul_subscriptionEvents_setDisabled",
    () => ({ subscription_event_id: String(made.event), disabled: "true" }),
    async () => [await eventNow(), { disabled: true }],
  ],
  [
    "chartmogul_subscriptionEvents_setDisabledByExternalId",
    () => ({ data_source_uuid: made.source, external_id: "zapier_event", disabled: "false" }),
    async () => [await eventNow(), { disabled: false }],
  ],
  [
    "chartmogul_subscriptionEvents_delete",
    () => inEvent({ id: made.event }),
    async () => [{ event: await eventNow() }, { event: undefined }],
  ],
  [
    "chartmogul_customers_connectSubscriptions",
    () => ({
      customer_uuid: world.customer_uuid,
      subscriptions: [
        {
          subscriptions__data_source_uuid: world.data_source_uuid,
          subscriptions__uuid: world.subscription_uuid,
        },
      ],
    }),
    done,
  ],
  [
    "chartmogul_customers_disconnectSubscriptions",
    () => ({
      customer_uuid: world.customer_uuid,
      subscriptions: [
        {
          subscriptions__data_source_uuid: world.data_source_uuid,
          subscriptions__uuid: world.subscription_uuid,
        },
      ],
    }),
    done,
  ],
  [
    "chartmogul_lineItems_delete",
    () => ({ line_item_uuid: made.item }),
    () => gone(() => itemNow(made.item)),
  ],
  ["chartmogul_invoices_delete", () => ({ invoice_uuid: made.invoice }), () => gone(invoiceNow)],
  [
    "chartmogul_invoices_deleteByExternalId",
    async () => {
      await importInvoice("zapier_invoice_2");
      return { data_source_uuid: made.source, external_id: "zapier_invoice_2" };
    },
    () => gone(invoiceNow),
  ],
  [
    "chartmogul_invoices_deleteByCustomer",
    async () => {
      await importInvoice("zapier_invoice_3");
      return { data_source_uuid: made.source, customer_uuid: made.customer };
    },
    () => gone(invoiceNow),
  ],
  ["chartmogul_plans_delete", () => ({ plan_uuid: made.plan }), () => gone(planNow)],
  [
    "chartmogul_jsonImports_create",
    () => ({ data_source_uuid: made.source, external_id: "zapier_import" }),
    async () => [
      await chartmogul.jsonImports.retrieve({ data_source_uuid: made.source, import_id: "zapier_import" }),
      { external_id: "zapier_import" },
    ],
  ],
  [
    "chartmogul_uploads_create",
    () => ({ data_source_uuid: made.source, file: files.url, type: "customer", batch_name: "zapier" }),
    async (result) => [result, { batch_name: "zapier" }],
  ],
  [
    "chartmogul_activitiesExports_create",
    () => ({ type: "churn", "start-date": "2026-01-01", "end-date": "2026-06-30" }),
    async ({ id }) => [await chartmogul.activitiesExports.retrieve({ export_id: id }), { id }],
  ],
  [
    "chartmogul_customers_merge",
    async () => {
      const other = await chartmogul.customers.create({
        data_source_uuid: made.source,
        external_id: "zapier_2",
        name: "Twin",
        email: "twin@customer.example",
      });
      made.twin = other.uuid;
      return { from__customer_uuid: other.uuid, into__customer_uuid: made.customer };
    },
    () => gone(() => chartmogul.customers.retrieve({ customer_uuid: made.twin })),
  ],
  [
    "chartmogul_customers_unmerge",
    () => ({
      customer_uuid: made.customer,
      data_source_uuid: made.source,
      external_id: "zapier_2",
    }),
    async () => {
      const found = await all(
        chartmogul.customers.list({ data_source_uuid: made.source, external_id: "zapier_2" }),
      );
      return [{ count: found.length }, { count: 1 }];
    },
  ],
  ["chartmogul_customers_delete", () => ({ customer_uuid: made.customer }), () => gone(customerNow)],
  [
    "chartmogul_dataSources_empty",
    () => ({ data_source_uuid: made.source }),
    async () => {
      const left = await all(chartmogul.customers.list({ data_source_uuid: made.source }));
      return [{ left: left.length }, { left: 0 }];
    },
  ],
  [
    "chartmogul_dataSources_delete",
    () => ({ data_source_uuid: made.source }),
    () => gone(() => chartmogul.dataSources.retrieve({ data_source_uuid: made.source })),
  ],
];

/** Nothing can be read back: one request arrived, and was taken. */
async function done(result, before) {
  const { ghl, chartmogul } = app.sandbox.stats();
  const calls = ghl.calls + chartmogul.calls - (before.ghl.calls + before.chartmogul.calls);
  return [
    { ...result, calls },
    { done: true, calls: 1 },
  ];
}

const inEvent = (event) =>
  Object.fromEntries(
    Object.entries(event).map(([name, value]) => [`subscription_event__${name}`, String(value)]),
  );

const taskNow = () => ghl.tasks.get({ contactId: made.contactId, taskId: made.taskId });
const noteNow = () => ghl.notes.get({ contactId: made.contactId, id: made.noteId });
const groupNow = async () => (await all(ghl.calendarGroups.list())).find(({ id }) => id === made.groupId);
const appointmentNoteNow = async () =>
  (await all(ghl.appointmentNotes.list({ appointmentId: made.eventId }))).find(
    ({ id }) => id === made.appointmentNoteId,
  );
const slotNow = async () =>
  (
    await all(
      ghl.blockSlots.list({
        calendarId: made.calendarId,
        startTime: Number(world.window.startTime),
        endTime: Number(world.window.endTime),
      }),
    )
  ).find(({ id }) => id === made.slotId);
const notificationNow = () =>
  ghl.calendarNotifications.get({ calendarId: made.calendarId, notificationId: made.notificationId });
const resourceNow = () => ghl.calendarResources.get({ resourceType: "rooms", id: made.resourceId });
const dealNow = () => ghl.opportunities.get({ id: made.opportunityId });
const petNow = () => ghl.records.get({ schemaKey: "custom_objects.pet", id: made.petId });
const postNow = async () =>
  (await all(ghl.blogPosts.list({ blogId: world.blogId }))).find(
    (post) => (post._id ?? post.id) === made.postId,
  );
const customerNow = () => chartmogul.customers.retrieve({ customer_uuid: made.customer });
const contactNow = () => chartmogul.contacts.retrieve({ contact_uuid: made.contact });
const billingNoteNow = () => chartmogul.notes.retrieve({ note_uuid: made.note });
const callNow = () => chartmogul.customerNotes.retrieve({ note_uuid: made.call });
const billingTaskNow = () => chartmogul.tasks.retrieve({ task_uuid: made.task });
const billingDealNow = () => chartmogul.opportunities.retrieve({ opportunity_uuid: made.opportunity });
const planNow = () => chartmogul.plans.retrieve({ plan_uuid: made.plan });
const planGroupNow = () => chartmogul.planGroups.retrieve({ plan_group_uuid: made.planGroup });
const invoiceNow = (more) => chartmogul.invoices.retrieve({ invoice_uuid: made.invoice, ...more });
const itemNow = (line_item_uuid) => chartmogul.lineItems.retrieve({ line_item_uuid, with_disabled: true });
const transactionNow = (transaction_uuid) =>
  chartmogul.transactions.retrieve({ transaction_uuid, with_disabled: true });
const eventNow = async () =>
  (
    await all(chartmogul.subscriptionEvents.list({ data_source_uuid: made.source, with_disabled: true }))
  ).find(({ id }) => id === made.event);

async function importInvoice(external_id) {
  const invoice = {
    external_id,
    date: "2026-04-01 12:00:00 UTC",
    currency: "EUR",
    line_items: [
      { type: "one_time", description: "setup", amount_in_cents: 100, external_id: `${external_id}_item` },
    ],
  };
  const [imported] = await all(
    chartmogul.invoices.import({ customer_uuid: made.customer, invoices: [invoice] }),
  );
  made.invoice = imported.uuid;
}

describe("every operation that writes, as an action", () => {
  test("is run here, but for those of the sync", () => {
    const known = Object.keys(app.App.creates).filter((key) => !key.startsWith("sync_"));
    assert.deepEqual(known.toSorted(), ROWS.map(([key]) => key).toSorted());
  });

  for (const [key, enter, check, who] of ROWS) {
    test(key, async () => {
      const authData = who === "agency" ? app.agencyAuthData : app.authData;
      const inputData = await enter();
      const before = app.sandbox.stats();
      const result = await app.run("creates", key, { authData, inputData });
      const [actual, expected] = await check(result, before);
      assert.ok(actual !== undefined, "the record is there");
      for (const [name, value] of Object.entries(expected)) assert.deepEqual(actual[name], value, name);
    });
  }
});

test("a part of an object that is null stays empty, though the form has a field of its name", async () => {
  const { data_source_uuid } = world;
  const inputData = {
    data_source_uuid,
    external_id: "no_contact",
    name: "Nobody",
    email: "nobody@customer.example",
    primary_contact__email: null,
    primary_contact__first_name: "",
  };
  const { uuid } = await app.run("creates", "chartmogul_customers_create", { inputData });
  const contacts = await all(app.connector.chartmogul.contacts.list({ customer_uuid: uuid }));
  assert.deepEqual(contacts, []);
});

describe("an action that fails", () => {
  const rejection = async (key, inputData) => {
    try {
      await app.run("creates", key, { inputData });
    } catch (error) {
      return said(error);
    }
    throw new Error("it did not fail");
  };

  test("says what was wrong, where, and the cure, before anything is sent", async () => {
    const before = app.sandbox.stats().ghl.calls;
    const { name, code, message } = await rejection("ghl_tasks_create", {
      contactId: world.contactId,
      title: "T",
      dueDate: "soon",
      completed: "false",
    });
    assert.deepEqual([name, code], ["AppError", "invalid_argument"]);
    assert.match(message, /^Due Date takes a date such as 2026-01-31, .* not "soon"\.$/);
    assert.equal(app.sandbox.stats().ghl.calls, before);
  });

  test("says which contact is in the way of a duplicate", async () => {
    const { code, status, message } = await rejection("ghl_contacts_create", { email: "ada@world.example" });
    assert.deepEqual([code, status], ["duplicate", 400]);
    assert.match(message, /duplicate/i);
  });

  test("says that a record does not exist", async () => {
    const { code } = await rejection("ghl_tasks_setCompleted", {
      contactId: world.contactId,
      taskId: "nobodysTask123456789",
      completed: "true",
    });
    assert.equal(code, "not_found");
    const enrolment = { contactId: world.contactId, workflowId: "none" };
    assert.equal((await rejection("ghl_contacts_addToWorkflow", enrolment)).code, "rejected");
  });

  test("keeps what a service says of a refused value", async () => {
    const { code, status } = await rejection("chartmogul_tasks_create", {
      customer_uuid: world.customer_uuid,
      task_details: "Call",
      assignee: "nobody@world.example",
      due_date: "2026-12-30",
    });
    assert.deepEqual([code, status], ["rejected", 422]);
  });
});
