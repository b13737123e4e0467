// Other people's GoHighLevel clients against the sandbox: each request is answered with success, or
// refused as the service is known to refuse it.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { serveSandbox } from "./sandbox.mjs";

// They are installed apart, and imported by path: they offer themselves to `import` alone.
const installed = new URL("../../../tests/clients/node_modules/", import.meta.url);
const { createHighLevelClient } = await import(new URL("@gnosticdev/highlevel-sdk/dist/index.js", installed));

let sandbox;
let ghl;

before(async () => {
  sandbox = await serveSandbox("--seed", "13", "--contacts", "60", "--search-lag-ms", "0");
  ghl = sandbox.address.ghl;
});
after(() => sandbox.close());

describe("@gnosticdev/highlevel-sdk", () => {
  test("reads and writes what its types describe", async () => {
    const client = createHighLevelClient({ baseUrl: ghl.baseUrl }, "integration", {
      privateToken: ghl.token,
      accessType: "Sub-Account",
      scopes: ["contacts.readonly"],
    });
    const { locationId } = ghl;
    let calls = 0;
    const ask = async (group, method, path, { body, query, ...ids } = {}) => {
      const { data, error, response } = await client[group][method](path, {
        headers: { Authorization: `Bearer ${ghl.token}` },
        params: { header: { Version: "2021-07-28" }, path: ids, query },
        body,
      });
      assert.ok(response.ok, `${method} ${path}: ${response.status} ${JSON.stringify(error)}`);
      calls += 1;
      return data;
    };
    const { contact } = await ask("contacts", "POST", "/contacts/", {
      body: { locationId, firstName: "Ann", email: "gnostic@example.com" },
    });
    const contactId = contact.id;
    await ask("contacts", "GET", "/contacts/{contactId}", { contactId });
    await ask("contacts", "PUT", "/contacts/{contactId}", { contactId, body: { city: "Ulm" } });
    await ask("contacts", "POST", "/contacts/upsert", { body: { locationId, email: "gnostic@example.com" } });
    const { contacts } = await ask("contacts", "GET", "/contacts/", { query: { locationId, limit: 5 } });
    assert.equal(contacts.length, 5);
    await ask("contacts", "GET", "/contacts/search/duplicate", {
      query: { locationId, email: "gnostic@example.com" },
    });
    const { note } = await ask("contacts", "POST", "/contacts/{contactId}/notes", {
      contactId,
      body: { body: "Hi" },
    });
    await ask("contacts", "GET", "/contacts/{contactId}/notes", { contactId });
    await ask("contacts", "PUT", "/contacts/{contactId}/notes/{id}", {
      contactId,
      id: note.id,
      body: { body: "Ho" },
    });
    await ask("contacts", "DELETE", "/contacts/{contactId}/notes/{id}", { contactId, id: note.id });
    const { task } = await ask("contacts", "POST", "/contacts/{contactId}/tasks", {
      contactId,
      body: { title: "Call", dueDate: "2027-01-15T10:00:00Z", completed: false },
    });
    await ask("contacts", "GET", "/contacts/{contactId}/tasks", { contactId });
    await ask("contacts", "PUT", "/contacts/{contactId}/tasks/{taskId}/completed", {
      contactId,
      taskId: task.id,
      body: { completed: true },
    });
    await ask("contacts", "POST", "/contacts/{contactId}/tags", { contactId, body: { tags: ["One"] } });
    await ask("contacts", "DELETE", "/contacts/{contactId}/tags", { contactId, body: { tags: ["one"] } });
    const { users } = await ask("users", "GET", "/users/", { query: { locationId } });
    const { pipelines } = await ask("opportunities", "GET", "/opportunities/pipelines", {
      query: { locationId },
    });
    const { opportunity } = await ask("opportunities", "POST", "/opportunities/", {
      body: {
        locationId,
        contactId,
        pipelineId: pipelines[0].id,
        name: "Deal",
        status: "open",
        assignedTo: users[0].id,
      },
    });
    await ask("opportunities", "GET", "/opportunities/{id}", { id: opportunity.id });
    await ask("opportunities", "PUT", "/opportunities/{id}/status", {
      id: opportunity.id,
      body: { status: "won" },
    });
    await ask("opportunities", "GET", "/opportunities/search", { query: { location_id: locationId } });
    await ask("opportunities", "DELETE", "/opportunities/{id}", { id: opportunity.id });
    const { messageId } = await ask("conversations", "POST", "/conversations/messages", {
      body: { type: "SMS", contactId, message: "Hello" },
    });
    await ask("conversations", "GET", "/conversations/messages/{id}", { id: messageId });
    await ask("conversations", "GET", "/conversations/search", { query: { locationId } });
    const { calendars } = await ask("calendars", "GET", "/calendars/", { query: { locationId } });
    const booked = await ask("calendars", "POST", "/calendars/events/appointments", {
      body: { calendarId: calendars[0].id, locationId, contactId, startTime: "2027-01-15T10:00:00+01:00" },
    });
    await ask("calendars", "DELETE", "/calendars/events/{eventId}", { eventId: booked.id, body: {} });
    await ask("locations", "GET", "/locations/{locationId}", { locationId });
    await ask("locations", "GET", "/locations/{locationId}/customFields", { locationId });
    const { customValue } = await ask("locations", "POST", "/locations/{locationId}/customValues", {
      locationId,
      body: { name: "Hours", value: "9 to 5" },
    });
    await ask("locations", "DELETE", "/locations/{locationId}/customValues/{id}", {
      locationId,
      id: customValue.id,
    });
    await ask("businesses", "GET", "/businesses/", { query: { locationId } });
    await ask("workflows", "GET", "/workflows/", { query: { locationId } });
    await ask("campaigns", "GET", "/campaigns/", { query: { locationId } });
    await ask("surveys", "GET", "/surveys/", { query: { locationId } });
    await ask("emailIsv", "POST", "/email/verify", {
      query: { locationId },
      body: { type: "email", verify: "a@example.com" },
    });
    await ask("contacts", "DELETE", "/contacts/{contactId}", { contactId });
    assert.ok(calls >= 36);
  });
});

/** Calls of 0nmcp's tools that the service does not know: no official document has their path. */
const UNKNOWN_PATHS = {
  crm_list_conversations: "GET /conversations/ (the documents have /conversations/search)",
  crm_create_event: "POST /calendars/events (the documents have /calendars/events/appointments)",
};

describe("0nmcp", () => {
  test("its tools for contacts, opportunities, conversations, calendars and locations are answered", async () => {
    const folder = new URL("0nmcp/crm/", installed);
    const { registerTools } = await import(new URL("helpers.js", folder));
    const tools = new Map();
    // Its own server and rate limiter, replaced by what they stand for.
    const type = new Proxy(() => type, { get: () => () => type });
    const proxy = {
      callWithCredentials: async (_service, _name, url, options) => {
        const response = await fetch(
          url.replace("https://services.leadconnectorhq.com", ghl.baseUrl),
          options,
        );
        const text = await response.text();
        return { response, data: text && JSON.parse(text) };
      },
    };
    for (const module of [
      "contacts",
      "conversations",
      "calendars",
      "opportunities",
      "locations",
      "users",
      "funnels",
      "objects",
    ]) {
      const { default: definitions } = await import(new URL(`${module}.js`, folder));
      const server = { tool: (name, _description, _schema, handler) => tools.set(name, handler) };
      registerTools(server, type, definitions, proxy);
    }
    let calls = 0;
    const call = async (name, args = {}) => {
      const handler = tools.get(name);
      assert.ok(handler, `${name} of ${[...tools.keys()].join(" ")}`);
      const { content } = await handler({ access_token: ghl.token, location_id: ghl.locationId, ...args });
      const { success, status, data, error } = JSON.parse(content[0].text);
      if (UNKNOWN_PATHS[name]) assert.equal(status, 404, UNKNOWN_PATHS[name]);
      else assert.ok(success, `${name}: ${status} ${JSON.stringify(data ?? error)}`);
      calls += 1;
      return data;
    };
    const { locationId } = ghl;
    const { contact } = await call("crm_create_contact", {
      firstName: "Bo",
      email: "bo@example.com",
      companyName: "Copper",
      tags: ["a"],
    });
    const contactId = contact.id;
    await call("crm_get_contact", { contactId });
    await call("crm_update_contact", { contactId, city: "Ulm", companyName: "Tin" });
    await call("crm_upsert_contact", { email: "bo@example.com", source: "mcp" });
    await call("crm_search_contacts", {
      pageLimit: 20,
      query: "bo",
      sort: "dateAdded",
      sortDirection: "asc",
    });
    const { task } = await call("crm_create_contact_task", {
      contactId,
      title: "Call",
      dueDate: "2027-01-15T10:00:00Z",
      completed: false,
    });
    await call("crm_get_contact_tasks", { contactId });
    await call("crm_update_contact_task", { contactId, taskId: task.id, title: "Call back" });
    const { note } = await call("crm_create_contact_note", { contactId, body: "Hi" });
    await call("crm_get_contact_notes", { contactId });
    await call("crm_update_contact_note", { contactId, noteId: note.id, body: "Ho" });
    await call("crm_add_contact_tags", { contactId, tags: ["b"] });
    await call("crm_remove_contact_tags", { contactId, tags: ["b"] });
    await call("crm_get_contact_appointments", { contactId });
    const { pipelines } = await call("crm_list_pipelines");
    const [{ id: pipelineId, stages }] = pipelines;
    const { opportunity } = await call("crm_upsert_opportunity", {
      pipelineId,
      contactId,
      name: "Deal",
      status: "open",
      source: "mcp",
      monetaryValue: 5,
    });
    assert.equal(opportunity.contactId, contactId);
    const opportunityId = opportunity.id;
    await call("crm_get_opportunity", { opportunityId });
    await call("crm_update_opportunity", {
      opportunityId,
      contactId,
      name: "Deal 2",
      pipelineStageId: stages[0].id,
    });
    await call("crm_update_opportunity_status", { opportunityId, status: "won" });
    const found = await call("crm_search_opportunities", {
      pipelineId,
      contactId,
      order: "asc",
      sortBy: "date_added",
      limit: 10,
    });
    assert.deepEqual(
      found.opportunities.map(({ id }) => id),
      [opportunityId],
    );
    await call("crm_list_conversations");
    const { messageId } = await call("crm_send_message", { type: "SMS", contactId, message: "Hello" });
    await call("crm_get_message", { messageId });
    const { calendars } = await call("crm_list_calendars");
    const calendarId = calendars[0].id;
    await call("crm_get_calendar", { calendarId });
    await call("crm_get_free_slots", { calendarId, startDate: 1795305600000, endDate: 1795392000000 });
    await call("crm_list_calendar_groups");
    await call("crm_get_location", { locationId });
    await call("crm_list_location_tags", { locationId });
    await call("crm_list_custom_fields", { locationId });
    const { customValue } = await call("crm_create_custom_value", { locationId, name: "Hours", value: "9" });
    await call("crm_update_custom_value", {
      locationId,
      customValueId: customValue.id,
      name: "Hours",
      value: "8",
    });
    await call("crm_list_custom_values", { locationId });
    await call("crm_delete_custom_value", { locationId, customValueId: customValue.id });
    await call("crm_list_users");
    await call("crm_list_surveys");
    await call("crm_delete_opportunity", { opportunityId });
    await call("crm_delete_contact_note", { contactId, noteId: note.id });
    await call("crm_delete_contact_task", { contactId, taskId: task.id });
    await call("crm_delete_contact", { contactId });
    assert.ok(calls >= 40);
  });
});
