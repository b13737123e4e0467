// GoHighLevel's official client against the sandbox: it creates, reads, searches, pages, updates and
// deletes as it would against the real service, and our own client sees the same records.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { requirePackage, serveSandbox } from "./sandbox.mjs";

const { HighLevel } = createRequire(import.meta.url)("@gohighlevel/api-client");
const { createConnector } = requirePackage("ghl-chartmogul");

let sandbox;
let official;
let connector;
let locationId;

before(async () => {
  sandbox = await serveSandbox("--seed", "11", "--contacts", "230", "--search-lag-ms", "0");
  const { ghl } = sandbox.address;
  HighLevel.BASE_URL = ghl.baseUrl;
  official = new HighLevel({
    privateIntegrationToken: ghl.token,
    apiVersion: "2021-07-28",
    logLevel: "none",
  });
  connector = createConnector({ ...sandbox.address, store: "memory" });
  locationId = ghl.locationId;
});
after(async () => {
  await connector.close();
  await sandbox.close();
});

describe("the official GoHighLevel client", () => {
  test("creates, reads, updates and deletes a contact", async () => {
    const { contact } = await official.contacts.createContact({
      locationId,
      firstName: "Zoë",
      lastName: "Nováková",
      email: "zoe.novakova@example.com",
      phone: "+420601123456",
      tags: ["VIP"],
    });
    const read = await official.contacts.getContact({ contactId: contact.id });
    assert.equal(read.contact.firstName, "Zoë");
    assert.deepEqual(read.contact.tags, ["vip"]);
    await official.contacts.updateContact({ contactId: contact.id }, { city: "Brno" });
    assert.equal((await official.contacts.getContact({ contactId: contact.id })).contact.city, "Brno");

    const ours = await connector.ghl.contacts.get({ contactId: contact.id });
    assert.deepEqual([ours.id, ours.firstName, ours.city], [contact.id, "Zoë", "Brno"]);

    const duplicate = await official.contacts.getDuplicateContact({
      locationId,
      email: "zoe.novakova@example.com",
    });
    assert.equal(duplicate.contact.id, contact.id);
    await assert.rejects(
      official.contacts.createContact({ locationId, email: "zoe.novakova@example.com" }),
      (error) => {
        assert.equal(error.statusCode, 400);
        assert.equal(error.response.meta.contactId, contact.id);
        return true;
      },
    );
    await official.contacts.deleteContact({ contactId: contact.id });
    await assert.rejects(
      official.contacts.getContact({ contactId: contact.id }),
      (error) => error.statusCode === 400,
    );
  });

  test("searches and pages through all contacts, the same as ours does", async () => {
    const seen = [];
    for (let searchAfter; ; ) {
      const { contacts, total } = await official.contacts.searchContactsAdvanced({
        locationId,
        pageLimit: 100,
        ...(searchAfter && { searchAfter }),
      });
      assert.equal(total, 230);
      seen.push(...contacts.map(({ id }) => id));
      if (contacts.length < 100) break;
      searchAfter = contacts.at(-1).searchAfter;
    }
    assert.equal(new Set(seen).size, 230);
    const ours = [];
    for await (const { id } of connector.ghl.contacts.search({ pageLimit: 50 })) ours.push(id);
    assert.deepEqual(ours.toSorted(), seen.toSorted());
  });

  test("finds contacts by filter", async () => {
    const {
      contacts: [first],
    } = await official.contacts.searchContactsAdvanced({
      locationId,
      pageLimit: 1,
      filters: [{ field: "email", operator: "exists" }],
    });
    const { contacts } = await official.contacts.searchContactsAdvanced({
      locationId,
      pageLimit: 10,
      filters: [{ field: "email", operator: "eq", value: first.email }],
    });
    assert.ok(contacts.some(({ id }) => id === first.id));
  });

  test("creates, reads, updates and deletes notes and tasks", async () => {
    const { contact } = await official.contacts.createContact({ locationId, email: "notes@example.com" });
    const contactId = contact.id;
    const { users } = await official.users.getUserByLocation({ locationId });
    const { note } = await official.contacts.createNote(
      { contactId },
      { body: "First <b>note</b>", userId: users[0].id },
    );
    await official.contacts.updateNote({ contactId, id: note.id }, { body: "Changed" });
    assert.match((await official.contacts.getNote({ contactId, id: note.id })).note.body, /Changed/);
    assert.equal((await official.contacts.getAllNotes({ contactId })).notes.length, 1);

    const { task } = await official.contacts.createTask(
      { contactId },
      {
        title: "Call back",
        body: "About the plan",
        dueDate: "2027-01-15T09:30:00.000Z",
        completed: false,
        assignedTo: users[0].id,
      },
    );
    await official.contacts.updateTaskCompleted({ contactId, taskId: task.id }, { completed: true });
    assert.equal((await official.contacts.getTask({ contactId, taskId: task.id })).task.completed, true);
    const { tasks } = await official.contacts.getAllTasks({ contactId });
    assert.deepEqual(
      tasks.map(({ title }) => title),
      ["Call back"],
    );
    const ours = await connector.ghl.tasks.list({ contactId });
    assert.deepEqual(
      ours.items.map(({ id }) => id),
      [task.id],
    );

    await official.contacts.deleteTask({ contactId, taskId: task.id });
    await official.contacts.deleteNote({ contactId, id: note.id });
    assert.equal((await official.contacts.getAllNotes({ contactId })).notes.length, 0);
    assert.equal((await official.contacts.getAllTasks({ contactId })).tasks.length, 0);
  });

  test("adds and removes tags, and reads the location with its fields and tags", async () => {
    const { contact } = await official.contacts.upsertContact({
      locationId,
      email: "tags@example.com",
      firstName: "Tag",
    });
    await official.contacts.addTags({ contactId: contact.id }, { tags: ["One", "two"] });
    await official.contacts.removeTags({ contactId: contact.id }, { tags: ["one"] });
    assert.deepEqual((await official.contacts.getContact({ contactId: contact.id })).contact.tags, ["two"]);
    const again = await official.contacts.upsertContact({
      locationId,
      email: "tags@example.com",
      firstName: "Tag2",
    });
    assert.deepEqual([again.new, again.contact.id], [false, contact.id]);
    assert.equal((await official.locations.getLocation({ locationId })).location.id, locationId);
    assert.ok((await official.locations.getCustomFields({ locationId })).customFields.length > 0);
  });

  test("gets errors for a bad token and for an unknown property", async () => {
    const stranger = new HighLevel({
      privateIntegrationToken: "pit-wrong",
      apiVersion: "2021-07-28",
      logLevel: "none",
    });
    await assert.rejects(
      stranger.contacts.getContact({ contactId: "x" }),
      (error) => error.statusCode === 401,
    );
    await assert.rejects(
      official.contacts.createContact({ locationId, nickname: "no such property" }),
      (error) => error.statusCode === 422,
    );
  });
});
