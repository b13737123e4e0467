// A story in which each GHL operation has its place: what is made is read, changed, listed and removed. Each
// step gives the values of a form, from the sandbox's records and from what the steps before have made.

const DAY_MS = 86_400_000;

function must(holds, answer) {
  if (!holds) throw new Error(`not as it should be: ${JSON.stringify(answer)}`);
}

/**
 * The steps. `run(operation, values, options)` runs the node and gives its items; `ask` asks the sandbox itself.
 * A write is followed by a look at the sandbox's own record: `same` compares what was given, `gone` a delete.
 */
export async function tellCatalogue({ run, read, same, gone, first, locationId, companyId }) {
  const agency = { credential: "agency" };
  const one = async (name, values, options) => (await run(name, values, options))[0].json;

  // Contacts.
  const contact = await one("ghl.contacts.create", {
    ...{ firstName: "Zoé", email: "zoe@example.com", phone: "+15550199999", dateOfBirth: "1990-02-03" },
    ...{ companyName: "Copper", tags: ["one"], country: "FR" },
  });
  const contactId = contact.id;
  same("ghl.contacts.get", { contactId }, { firstName: "Zoé", email: "zoe@example.com", country: "FR" });
  await read("ghl.contacts.get", { contactId });
  await one("ghl.contacts.update", { contactId, lastName: "Lang" });
  same("ghl.contacts.get", { contactId }, { firstName: "Zoé", lastName: "Lang" });
  const upserted = await one("ghl.contacts.upsert", { email: "zoe@example.com", city: "Paris" });
  must(JSON.stringify(upserted).includes(contactId), upserted);
  same("ghl.contacts.get", { contactId }, { city: "Paris" });
  await read("ghl.contacts.search", {});
  await read("ghl.contacts.list", {});
  await read("ghl.contacts.searchDuplicate", { email: "zoe@example.com" });
  const found = await one("ghl.contacts.find", { email: "zoe@example.com" });
  must(found.id === contactId, found);
  await one("ghl.contacts.addTags", { contactId, tags: ["two"] });
  same("ghl.contacts.get", { contactId }, { tags: ["one", "two"] });
  await one("ghl.contacts.removeTags", { contactId, tags: ["two"] });
  same("ghl.contacts.get", { contactId }, { tags: ["one"] });
  await one("ghl.contacts.bulkUpdateTags", { type: "add", contacts: [contactId], tags: ["bulk"] });
  same("ghl.contacts.get", { contactId }, { tags: ["one", "bulk"] });
  const business = first("ghl.businesses.list", "businesses");
  await one("ghl.contacts.bulkUpdateBusiness", { ids: [contactId], businessId: business.id });
  same("ghl.contacts.get", { contactId }, { businessId: business.id });
  await read("ghl.contacts.listByBusiness", { businessId: business.id });
  const user = first("ghl.users.list", "users");
  await one("ghl.contacts.addFollowers", { contactId, followers: [user.id] });
  same("ghl.contacts.get", { contactId }, { followers: [user.id] });
  await one("ghl.contacts.removeFollowers", { contactId, followers: [user.id] });
  same("ghl.contacts.get", { contactId }, { followers: [] });

  // Notes and tasks.
  const note = await one("ghl.notes.create", { contactId, body: "Hi" });
  await read("ghl.notes.list", { contactId });
  await read("ghl.notes.get", { contactId, id: note.id });
  await one("ghl.notes.update", { contactId, id: note.id, body: "Ho" });
  same("ghl.notes.get", { contactId, id: note.id }, { body: "Ho" });
  await one("ghl.notes.delete", { contactId, id: note.id });
  gone("ghl.notes.get", { contactId, id: note.id });
  const due = { title: "Call", dueDate: "2026-12-01T10:00:00.000Z", completed: false };
  const task = await one("ghl.tasks.create", { contactId, ...due });
  const ofTask = { contactId, taskId: task.id };
  await read("ghl.tasks.list", { contactId });
  await read("ghl.tasks.get", ofTask);
  await one("ghl.tasks.update", { ...ofTask, title: "Visit" });
  same("ghl.tasks.get", ofTask, { title: "Visit" });
  await one("ghl.tasks.setCompleted", { ...ofTask, completed: true });
  same("ghl.tasks.get", ofTask, { completed: true });
  await one("ghl.tasks.delete", ofTask);
  gone("ghl.tasks.get", ofTask);

  // Campaigns and workflows of a contact.
  const campaignId = first("ghl.campaigns.list", "campaigns").id;
  await read("ghl.campaigns.list", {});
  await one("ghl.contacts.addToCampaign", { contactId, campaignId });
  await one("ghl.contacts.removeFromCampaign", { contactId, campaignId });
  await one("ghl.contacts.removeFromAllCampaigns", { contactId });
  const workflowId = first("ghl.workflows.list", "workflows").id;
  await read("ghl.workflows.list", {});
  const when = { eventStartTime: "2026-12-01T10:00:00+00:00" };
  await one("ghl.contacts.addToWorkflow", { contactId, workflowId, ...when });
  await one("ghl.contacts.removeFromWorkflow", { contactId, workflowId });

  // Calendars.
  const group = await one("ghl.calendarGroups.create", { name: "G", description: "D", slug: "g-slug" });
  const taken = await one("ghl.calendarGroups.validateSlug", { slug: "g-slug" });
  must(taken.value === false, taken);
  await read("ghl.calendarGroups.list", {});
  const groupId = group.id;
  await one("ghl.calendarGroups.update", { groupId, name: "H", description: "D", slug: "h" });
  same("ghl.calendarGroups.list", {}, { name: "H", slug: "h" });
  await one("ghl.calendarGroups.updateStatus", { groupId, isActive: false });
  same("ghl.calendarGroups.list", {}, { id: groupId, isActive: false });
  const calendar = await one("ghl.calendars.create", { name: "Visit", groupId, slotDuration: 20 });
  const calendarId = calendar.id;
  await read("ghl.calendars.list", {});
  await read("ghl.calendars.get", { calendarId });
  await one("ghl.calendars.update", { calendarId, name: "Visits" });
  same("ghl.calendars.get", { calendarId }, { name: "Visits" });
  const now = Date.now();
  const days = { startDate: new Date(now).toISOString(), endDate: new Date(now + 7 * DAY_MS).toISOString() };
  const slots = await one("ghl.calendars.getFreeSlots", { calendarId, ...days });
  must(Object.keys(slots).length >= 3, slots);
  const start = new Date(Math.ceil(now / DAY_MS) * DAY_MS + 8 * DAY_MS + 15 * 3_600_000).toISOString();
  const appointment = await one("ghl.appointments.create", {
    ...{ calendarId, contactId, startTime: start, ignoreFreeSlotValidation: true },
  });
  const eventId = appointment.id;
  await read("ghl.appointments.get", { eventId });
  await one("ghl.appointments.update", { eventId, title: "Second visit" });
  same("ghl.appointments.get", { eventId }, { title: "Second visit" });
  await read("ghl.contacts.listAppointments", { contactId });
  const window = { startTime: String(now - 30 * DAY_MS), endTime: String(now + 60 * DAY_MS) };
  await read("ghl.calendarEvents.list", { calendarId, ...window });
  const appointmentId = eventId;
  const remark = await one("ghl.appointmentNotes.create", { appointmentId, body: "N" });
  await read("ghl.appointmentNotes.list", { appointmentId });
  await one("ghl.appointmentNotes.update", { appointmentId, noteId: remark.id, body: "M" });
  same("ghl.appointmentNotes.list", { appointmentId, limit: 10, offset: 0 }, { body: "M" });
  await one("ghl.appointmentNotes.delete", { appointmentId, noteId: remark.id });
  const block = await one("ghl.blockSlots.create", {
    ...{ calendarId, title: "Lunch", startTime: start },
    endTime: new Date(Date.parse(start) + 3_600_000).toISOString(),
  });
  await read("ghl.blockSlots.list", { calendarId, ...window });
  await one("ghl.blockSlots.update", { eventId: block.id, calendarId, title: "Long lunch" });
  same("ghl.blockSlots.list", { calendarId, ...window }, { id: block.id, title: "Long lunch" });
  await one("ghl.calendarEvents.delete", { eventId });
  gone("ghl.appointments.get", { eventId });
  const notifications = [{ receiverType: "contact", channel: "email", notificationType: "booked" }];
  const [notification] = (await one("ghl.calendarNotifications.create", { calendarId, notifications })).value;
  const notificationId = notification.id ?? notification._id;
  await read("ghl.calendarNotifications.list", { calendarId });
  await read("ghl.calendarNotifications.get", { calendarId, notificationId });
  await one("ghl.calendarNotifications.update", { calendarId, notificationId, isActive: false });
  same("ghl.calendarNotifications.get", { calendarId, notificationId }, { isActive: false });
  await one("ghl.calendarNotifications.delete", { calendarId, notificationId });
  const rooms = { resourceType: "rooms" };
  const room = await one("ghl.calendarResources.create", {
    ...{ ...rooms, name: "Room 1", description: "Blue", quantity: 1, outOfService: 0, capacity: 4 },
    calendarIds: [calendarId],
  });
  const id = room.id ?? room._id;
  await read("ghl.calendarResources.list", rooms);
  await read("ghl.calendarResources.get", { ...rooms, id });
  await one("ghl.calendarResources.update", { ...rooms, id, name: "Room 2" });
  same("ghl.calendarResources.get", { ...rooms, id }, { name: "Room 2" });
  await one("ghl.calendarResources.delete", { ...rooms, id });
  await one("ghl.calendars.delete", { calendarId });
  gone("ghl.calendars.get", { calendarId });
  await one("ghl.calendarGroups.delete", { groupId });

  // Opportunities.
  const pipeline = first("ghl.pipelines.list", "pipelines");
  await read("ghl.pipelines.list", {});
  const deal = { pipelineId: pipeline.id, name: "Deal", status: "open", contactId, monetaryValue: 12.5 };
  const opportunity = await one("ghl.opportunities.create", deal);
  const ofDeal = { id: opportunity.id };
  same("ghl.opportunities.get", ofDeal, { name: "Deal", monetaryValue: 12.5 });
  await read("ghl.opportunities.get", ofDeal);
  await read("ghl.opportunities.search", { contact_id: contactId });
  await one("ghl.opportunities.update", { ...ofDeal, name: "Big deal" });
  same("ghl.opportunities.get", ofDeal, { name: "Big deal" });
  await one("ghl.opportunities.updateStatus", { ...ofDeal, status: "won" });
  same("ghl.opportunities.get", ofDeal, { status: "won" });
  await one("ghl.opportunities.upsert", {
    ...{ ...ofDeal, pipelineId: pipeline.id, name: "Deal 2", followers: [user.id] },
    ...{ isRemoveAllFollowers: false, followersActionType: "add" },
  });
  same("ghl.opportunities.get", ofDeal, { name: "Deal 2" });
  await one("ghl.opportunities.addFollowers", { ...ofDeal, followers: [user.id] });
  same("ghl.opportunities.get", ofDeal, { followers: [user.id] });
  await one("ghl.opportunities.removeFollowers", { ...ofDeal, followers: [user.id] });
  same("ghl.opportunities.get", ofDeal, { followers: [] });
  await one("ghl.opportunities.delete", ofDeal);
  gone("ghl.opportunities.get", ofDeal);

  // Users.
  await read("ghl.users.search", { companyId });
  await read("ghl.users.list", {});
  await read("ghl.users.filterByEmail", { companyId, emails: "ada.king@agency.example" }, agency);
  const colleague = await one("ghl.users.create", {
    ...{ companyId, firstName: "New", lastName: "User", email: "new@agency.example" },
    ...{ password: "canary-password", type: "account", role: "user", locationIds: [locationId] },
  });
  const userId = colleague.id;
  await read("ghl.users.get", { userId });
  await one("ghl.users.update", { userId, firstName: "Newer" });
  same("ghl.users.get", { userId }, { firstName: "Newer" });
  await one("ghl.users.delete", { userId });
  gone("ghl.users.get", { userId });

  // Conversations.
  await read("ghl.conversations.search", {});
  const call = first("ghl.messages.export", "messages", ({ messageType }) => messageType === "TYPE_CALL");
  const { conversationId } = call;
  await read("ghl.conversations.get", { conversationId });
  await read("ghl.messages.list", { conversationId });
  await read("ghl.messages.get", { id: call.id });
  await read("ghl.messages.getEmail", { id: call.id });
  await read("ghl.messages.getTranscription", { messageId: call.id });
  await read("ghl.messages.getRecording", { messageId: call.id });
  await read("ghl.messages.downloadTranscription", { messageId: call.id });
  await one("ghl.messages.updateStatus", { messageId: call.id, status: "read" });
  same("ghl.messages.get", { id: call.id }, { status: "read" });
  await one("ghl.conversations.setTyping", { isTyping: "true", visitorId: "v", conversationId });

  // Businesses.
  const firm = await one("ghl.businesses.create", { name: "New & Co" });
  const ofFirm = { businessId: firm.id };
  await read("ghl.businesses.get", ofFirm);
  await read("ghl.businesses.list", {});
  await one("ghl.businesses.update", { ...ofFirm, city: "Köln" });
  same("ghl.businesses.get", ofFirm, { city: "Köln" });
  await one("ghl.businesses.delete", ofFirm);
  gone("ghl.businesses.get", ofFirm);

  // Locations and what belongs to an agency.
  await read("ghl.locations.get", { locationId });
  await read("ghl.locations.search", { companyId });
  await read("ghl.snapshots.list", { companyId }, agency);
  await read("ghl.companies.get", { companyId }, agency);
  const place = await one("ghl.locations.create", { name: "Second", companyId }, agency);
  same("ghl.locations.get", { locationId: place.id }, { name: "Second" }, agency);
  await read("ghl.customFields.list", {});

  // Custom objects.
  const association = await one("ghl.associations.create", {
    ...{ key: "owner_pet", firstObjectLabel: "Owner", firstObjectKey: "contact" },
    ...{ secondObjectLabel: "Pet", secondObjectKey: "custom_objects.pet" },
  });
  const associationId = association.id;
  await read("ghl.associations.list", {});
  await read("ghl.associations.get", { associationId });
  await read("ghl.associations.getByKey", { key_name: "owner_pet" });
  await read("ghl.associations.listByObjectKey", { objectKey: "contact" });
  const labels = { firstObjectLabel: "Human", secondObjectLabel: "Pet" };
  await one("ghl.associations.update", { associationId, ...labels });
  same("ghl.associations.get", { associationId }, labels);
  const schemaKey = "custom_objects.pet";
  const pet = await one("ghl.records.create", { schemaKey, properties: { name: "Rex" } });
  const ends = { firstRecordId: contactId, secondRecordId: pet.id };
  const relation = await one("ghl.relations.create", { associationId, ...ends });
  await read("ghl.relations.list", { recordId: contactId });
  await one("ghl.relations.delete", { relationId: relation.id });
  await one("ghl.associations.delete", { associationId });
  gone("ghl.associations.get", { associationId });

  // Blogs.
  await read("ghl.blogs.list", {});
  await read("ghl.blogAuthors.list", {});
  await read("ghl.blogCategories.list", {});
  const blogId = first("ghl.blogs.list", "data")._id;
  const author = first("ghl.blogAuthors.list", "authors")._id;
  const category = first("ghl.blogCategories.list", "categories")._id;
  const post = {
    ...{ title: "Hello", blogId, imageUrl: "https://example.com/a.png", description: "D" },
    ...{ rawHTML: "<p>x</p>", status: "DRAFT", imageAltText: "alt", categories: [category], author },
    ...{ urlSlug: "hello", publishedAt: "2026-12-01T10:00:00.000Z" },
  };
  const free = await one("ghl.blogPosts.checkSlug", { urlSlug: "hello" });
  must(free.value === false, free);
  const blogPost = await one("ghl.blogPosts.create", post);
  const postId = blogPost._id ?? blogPost.id;
  await one("ghl.blogPosts.update", { ...post, postId, title: "Hello again" });
  same("ghl.blogPosts.list", { blogId, limit: 10, offset: 0 }, { title: "Hello again" });
  await read("ghl.blogPosts.list", { blogId });

  await one("ghl.contacts.delete", { contactId });
  gone("ghl.contacts.get", { contactId });
}
