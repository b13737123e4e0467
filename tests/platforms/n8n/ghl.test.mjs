// The GHL node in n8n's own engine, against the sandbox.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { tellCatalogue } from "./catalogue.mjs";
import { loadEngine } from "./engine.mjs";
import { buildPackage } from "./packages.mjs";
import {
  askSandbox,
  contactIds,
  findOperation,
  holds,
  nodeParameters,
  openSandbox,
  operations,
} from "./sandbox.mjs";

let world;
let engine;
before(async () => {
  world = await openSandbox();
  engine = await loadEngine([buildPackage("ghl")], world.credentials);
});
after(async () => {
  await world.connector.close();
  await world.server.close();
});

const runs = new Set();

/** Runs an operation for these values of its form. */
async function run(name, values, { credential, items, settings, more, workflowSettings } = {}) {
  const operation = findOperation(name);
  const parameters = { ...nodeParameters(engine.types.ghl, operation, values), simplify: false, ...more };
  const [found] = await engine.run({
    type: "ghl",
    parameters,
    credential,
    items,
    settings,
    workflowSettings,
  });
  runs.add(name);
  return found;
}

const tokenOf = ({ credential } = {}) =>
  credential === "agency" ? world.sandbox.credentials.ghlCompanyToken : undefined;

/** Runs what reads, and finds each item in the sandbox's own answer. */
async function read(name, values, options) {
  const items = await run(name, values, { more: { returnAll: true }, ...options });
  const operation = findOperation(name);
  const limits = operation.fields.filter(({ type }) => type !== "text").map(({ name: field }) => field);
  const given = { ...values };
  if (operation.gives === "list") {
    if (limits.includes("limit")) given.limit ??= 20;
    if (limits.includes("pageLimit")) given.pageLimit ??= 20;
    if (limits.includes("skip")) given.skip ??= 0;
    if (limits.includes("offset")) given.offset ??= 0;
  }
  const { status, value, bytes } = askSandbox(world, name, given, tokenOf(options));
  assert.equal(status, 200, `${name}: ${JSON.stringify(value)}`);
  assert.ok(items.length > 0, `${name} gave nothing`);
  if (operation.gives === "bytes") {
    const [{ binary }] = items;
    assert.deepEqual(Buffer.from(binary.data.data, "base64"), bytes);
    return;
  }
  // The first page of a long list.
  for (const { json } of items.slice(0, 5)) {
    const item = Object.keys(json).length === 1 && "value" in json ? json.value : json;
    assert.ok(
      holds(value, item),
      `${name}: ${JSON.stringify(item)} is not in ${JSON.stringify(value).slice(0, 2000)}`,
    );
  }
}

/** Whether the sandbox's own record has these values. */
function same(name, parameters, wanted, options) {
  const { status, value } = askSandbox(world, name, parameters, tokenOf(options));
  assert.equal(status, 200, `${name}: ${JSON.stringify(value)}`);
  const has = (at) =>
    Object.entries(wanted).every(([key, one]) => JSON.stringify(at[key]) === JSON.stringify(one));
  const look = (at) => typeof at === "object" && at !== null && (has(at) || Object.values(at).some(look));
  assert.ok(look(value), `${name}: no ${JSON.stringify(wanted)} in ${JSON.stringify(value).slice(0, 2000)}`);
}

/** Whether the sandbox has the record no more. */
function gone(name, parameters) {
  const { status, value } = askSandbox(world, name, parameters);
  assert.ok(
    status >= 400 || JSON.stringify(value).includes('"deleted":true'),
    `${name}: ${JSON.stringify(value)}`,
  );
}

/** The first record of a list, as the sandbox has it. */
function first(name, property, isWanted = () => true) {
  const limit = name === "ghl.messages.export" ? 500 : 100;
  const { value } = askSandbox(world, name, { limit, skip: 0, offset: 0 });
  const found = value[property]?.find(isWanted);
  assert.ok(found, `${name}: ${JSON.stringify(value).slice(0, 300)}`);
  return found;
}

test("every operation of the catalogue does in the sandbox what it says", { timeout: 300_000 }, async () => {
  const { locationId, companyId } = world;
  await tellCatalogue({ run, read, same, gone, first, locationId, companyId });
  const catalogue = operations().filter((one) => one.service === "ghl" && one.catalogue.length > 0);
  const missing = catalogue.map(({ name }) => name).filter((name) => !runs.has(name));
  assert.deepEqual(missing, []);
  assert.equal(catalogue.length, 124);
});

test("all contacts are listed, past a page, as the sandbox has them", async () => {
  const items = await run("ghl.contacts.search", {}, { more: { returnAll: true } });
  const ids = new Set(items.map(({ json }) => json.id));
  const known = contactIds(world);
  // The service gives 500 at once.
  assert.ok(known.length > 600);
  assert.deepEqual([...ids].sort(), known);
  assert.equal(items.length, known.length);
  const limited = await run("ghl.contacts.search", {}, { more: { returnAll: false, limit: 130 } });
  assert.equal(limited.length, 130);
});

test("simplified items have up to ten properties, and custom fields by their names", async () => {
  const [raw] = await run("ghl.contacts.search", {}, { more: { limit: 1 } });
  const [{ json }] = await run("ghl.contacts.search", {}, { more: { limit: 1, simplify: true } });
  assert.ok(Object.keys(raw.json).length > 10 && Object.keys(json).length <= 10);
  const { value } = askSandbox(world, "ghl.customFields.list", { model: "contact" });
  const names = Object.fromEntries(value.customFields.map(({ id, name }) => [id, name]));
  const wanted = Object.fromEntries(raw.json.customFields.map((one) => [names[one.id], one.value]));
  assert.ok(Object.keys(wanted).length > 0);
  assert.deepEqual(json.customFields, wanted);
});

test("custom fields' names are read once for all items", async () => {
  const { contacts } = askSandbox(world, "ghl.contacts.search", { pageLimit: 4 }).value;
  const items = contacts.map(({ id }) => ({ json: { id } }));
  const reads = () => world.sandbox.stats().ghl.endpoints["GET /locations/{locationId}/customFields"] ?? 0;
  const before = reads();
  const values = { contactId: "={{ $json.id }}" };
  const found = await run("ghl.contacts.get", values, { items, more: { simplify: true } });
  assert.ok(found.filter(({ json }) => Object.keys(json.customFields ?? {}).length > 0).length > 1);
  assert.equal(reads() - before, 1, JSON.stringify(world.sandbox.stats().ghl.endpoints));
});

test("custom fields are chosen from the location's list, and written with their types", async () => {
  const { fields } = await engine.list({
    type: "ghl",
    kind: "resourceMapping",
    method: "contactCustomFields",
  });
  const { value } = askSandbox(world, "ghl.customFields.list", { model: "contact" });
  const ofContacts = value.customFields.filter(({ model }) => model === "contact");
  assert.deepEqual(fields.map(({ id }) => id).sort(), ofContacts.map(({ id }) => id).sort());
  const byType = (dataType) => ofContacts.find((field) => field.dataType === dataType);
  const [number, text, several, day] = ["NUMERICAL", "TEXT", "MULTIPLE_OPTIONS", "DATE"].map(byType);
  assert.equal(fields.find(({ id }) => id === number.id).type, "number");
  const { contacts } = askSandbox(world, "ghl.contacts.search", { pageLimit: 1 }).value;
  const [{ id: contactId }] = contacts;
  const [first, second] = several.picklistOptions;
  const customFields = {
    ...{ [number.id]: "42", [text.id]: "Head of Läufe", [several.id]: [first, second] },
    [day.id]: "2026-03-29T00:00:00",
  };
  await run(
    "ghl.contacts.update",
    { contactId, customFields },
    { workflowSettings: { timezone: "Europe/Berlin" } },
  );
  const { contact } = askSandbox(world, "ghl.contacts.get", { contactId }).value;
  const held = (field) => contact.customFields.find(({ id }) => id === field.id)?.value;
  assert.equal(Number(held(number)), 42);
  assert.equal(held(text), "Head of Läufe");
  assert.deepEqual(held(several), [first, second]);
  assert.equal(new Date(held(day)).toISOString().slice(0, 10), "2026-03-29");
});

test("a list is searched, and continued, as its editor does", async () => {
  const [wanted] = askSandbox(world, "ghl.contacts.search", { pageLimit: 1 }).value.contacts;
  const list = (...given) => engine.list({ type: "ghl", kind: "listSearch", method: "ghlContacts", given });
  const found = await list(wanted.email);
  assert.ok(found.results.some(({ value }) => value === wanted.id));
  const first = await list();
  const next = await list(undefined, first.paginationToken);
  const values = new Set([...first.results, ...next.results].map(({ value }) => value));
  assert.equal(values.size, first.results.length + next.results.length);
  const [pipeline] = askSandbox(world, "ghl.pipelines.list", {}).value.pipelines;
  const stages = await engine.list({
    ...{ type: "ghl", kind: "listSearch", method: "ghlStages" },
    parameters: {
      ...{ resource: "opportunities", operation: "ghl.opportunities.create" },
      pipelineId: { __rl: true, mode: "list", value: pipeline.id },
    },
  });
  assert.deepEqual(
    stages.results.map(({ value }) => value),
    pipeline.stages.map(({ id }) => id),
  );
});

test("each item runs with its own values, from expressions", async () => {
  const items = ["Ada", "Grace"].map((name) => ({ json: { name, email: `${name}@pair.example` } }));
  const values = { firstName: "={{ $json.name }}", email: "={{ $json.email }}" };
  const made = await run("ghl.contacts.create", values, { items });
  assert.deepEqual(
    made.map(({ pairedItem }) => pairedItem),
    [{ item: 0 }, { item: 1 }],
  );
  for (const [index, { json }] of made.entries())
    same("ghl.contacts.get", { contactId: json.id }, { firstName: items[index].json.name });
});

test("a time without a zone is in the workflow's", async () => {
  const [{ id: contactId }] = askSandbox(world, "ghl.contacts.search", { pageLimit: 1 }).value.contacts;
  const values = { contactId, title: "Call", dueDate: "2026-07-01T09:30:00", completed: false };
  const workflowSettings = { timezone: "America/New_York" };
  const [{ json }] = await run("ghl.tasks.create", values, { workflowSettings });
  const { task } = askSandbox(world, "ghl.tasks.get", { contactId, taskId: json.id }).value;
  assert.equal(new Date(task.dueDate).toISOString(), "2026-07-01T13:30:00.000Z");
});

test("an item that fails stops the node, or is given on with its error", async () => {
  const [known] = askSandbox(world, "ghl.contacts.search", { pageLimit: 1 }).value.contacts;
  const items = [{ json: { id: "none" } }, { json: { id: known.id } }];
  const values = { contactId: "={{ $json.id }}" };
  const failure = await run("ghl.contacts.get", values, { items }).catch((error) => error);
  assert.equal(failure.name, "NodeApiError");
  assert.equal(failure.httpCode, "400");
  assert.equal(failure.context.itemIndex, 0);
  assert.match(failure.description, /Code: \w+/);
  const given = await run("ghl.contacts.get", values, {
    items,
    settings: { onError: "continueRegularOutput" },
  });
  assert.match(given[0].json.error, /none|contact/i);
  assert.equal(given[1].json.id, known.id);
  const wrong = await run("ghl.contacts.update", { contactId: known.id, dateOfBirth: "soon" }).catch(
    (error) => error,
  );
  assert.equal(wrong.name, "NodeOperationError");
  assert.match(wrong.message, /Date Of Birth takes a date/);
  // n8n stores errors: none holds the token.
  for (const error of [failure, wrong])
    assert.ok(
      !JSON.stringify(error, Object.getOwnPropertyNames(error)).includes(world.credentials.ghlApi.token),
    );
});

test("what the service refuses for a while is asked again, and a service that cannot be reached is named", async () => {
  const { sandbox } = world;
  sandbox.setFaults([{ fault: { kind: "status", status: 429 }, service: "ghl", times: 2 }]);
  const [{ json }] = await run("ghl.locations.get", { locationId: world.locationId });
  assert.equal(json.id, world.locationId);
  sandbox.setFaults([]);
  const engineOf = {
    ...world.credentials,
    closed: { ...world.credentials.ghlApi, baseUrl: "http://127.0.0.1:1" },
  };
  engine.credentials = engineOf;
  const refused = await run("ghl.businesses.list", {}, { credential: "closed" }).catch((error) => error);
  assert.match(JSON.stringify(refused.messages ?? refused.message), /reached|refused/i);
  engine.credentials = world.credentials;
});

test("the trigger gives each new contact once, and skips none", async () => {
  const parameters = { event: "newContact" };
  const poll = (staticData, more) => engine.poll({ type: "ghlTrigger", parameters, staticData, ...more });
  const samples = await poll({}, { mode: "manual" });
  assert.ok(samples.items.length > 0 && samples.items.length <= 3);
  assert.deepEqual(samples.staticData, {});
  const begin = await poll({});
  assert.deepEqual(begin.items, []);
  const create = async (name) => (await world.connector.ghl.contacts.create({ firstName: name })).id;
  const made = [await create("A"), await create("B")];
  const first = await poll(begin.staticData);
  assert.deepEqual(first.items.map(({ json }) => json.id).sort(), [...made].sort());
  // A poll whose items were not taken: n8n keeps the data of before.
  const again = await poll(begin.staticData);
  assert.deepEqual(again.items.map(({ json }) => json.id).sort(), [...made].sort());
  const third = await create("C");
  const second = await poll(first.staticData);
  assert.deepEqual(
    second.items.map(({ json }) => json.id),
    [third],
  );
  assert.equal(second.items[0].json.triggerItem.change, "new");
  assert.deepEqual((await poll(second.staticData)).items, []);
});

test("a trigger begins anew where its credential is of another location", async () => {
  const parameters = { event: "newContact" };
  const poll = (staticData) => engine.poll({ type: "ghlTrigger", parameters, staticData });
  const begin = await poll({});
  assert.ok(begin.staticData.of.includes(world.locationId));
  // The place of another location: every poll would refuse its cursor.
  const of = begin.staticData.of.replace(world.locationId, "anotherLocation");
  const moved = await poll({ of, cursor: await cursorOfAnotherLocation(parameters.event) });
  assert.deepEqual(moved.items, []);
  assert.equal(moved.staticData.of, begin.staticData.of);
  assert.deepEqual((await poll(moved.staticData)).items, []);
});

async function cursorOfAnotherLocation(event) {
  const other = await openSandbox({ contacts: 5, seed: 12 });
  assert.notEqual(other.locationId, world.locationId);
  const { cursor } = await other.connector.triggers.poll(event, null);
  await other.connector.close();
  await other.server.close();
  return cursor;
}

/** A credential of OAuth2 for the location, whose access token ran out. */
async function connectedCredential() {
  const { sandbox, baseUrl } = world;
  const { oauthClientId: clientId, oauthClientSecret: clientSecret } = sandbox.credentials;
  const redirect = "https://n8n.example/rest/oauth2-credential/callback";
  const query = new URLSearchParams({
    ...{
      response_type: "code",
      client_id: clientId,
      redirect_uri: redirect,
      scope: "contacts.readonly",
      state: "s",
    },
  });
  const consent = sandbox.handle({
    method: "GET",
    url: `${baseUrl}/oauth/chooselocation?${query}`,
    headers: {},
  });
  const back = new URL(consent.headers.find(([name]) => name === "location")[1]);
  const accessTokenUrl = `${baseUrl}/oauth/token`;
  const answer = await fetch(accessTokenUrl, {
    method: "POST",
    body: new URLSearchParams({
      ...{ client_id: clientId, client_secret: clientSecret, grant_type: "authorization_code" },
      ...{ code: back.searchParams.get("code"), redirect_uri: redirect, user_type: "Location" },
    }),
  });
  assert.equal(answer.status, 200);
  const oauthTokenData = { ...(await answer.json()), access_token: "ran-out" };
  return {
    ...{ grantType: "authorizationCode", clientId, clientSecret, accessTokenUrl, authentication: "body" },
    ...{ scope: "contacts.readonly", baseUrl, oauthTokenData },
  };
}

const rotations = () => world.sandbox.stats().ghl.endpoints["POST /oauth/token"] ?? 0;

test("an access token that ran out is renewed by n8n, and the request sent again", async () => {
  const { locationId } = world;
  engine.credentials = { ...world.credentials, ghlOAuth2Api: await connectedCredential() };
  const before = rotations();
  const found = await run("ghl.contacts.search", {}, { more: { authentication: "ghlOAuth2Api", limit: 3 } });
  assert.equal(found.length, 3);
  assert.equal(found[0].json.locationId, locationId);
  assert.equal(rotations() - before, 1);
  assert.notEqual(engine.credentials.ghlOAuth2Api.oauthTokenData.access_token, "ran-out");
  engine.credentials = world.credentials;
});

/** Runs with OAuth2, and gives its error with the calls that were sent. */
async function failureWithOAuth(credential, name, values, fault) {
  const { sandbox } = world;
  engine.credentials = { ...world.credentials, ghlOAuth2Api: credential };
  sandbox.setFaults(fault === undefined ? [] : [fault]);
  const sum = () => Object.values(sandbox.stats().ghl.endpoints).reduce((all, count) => all + count, 0);
  const [before, rotated] = [sum(), rotations()];
  const error = await run(name, values, { more: { authentication: "ghlOAuth2Api" } }).then(
    () => assert.fail("it did not fail"),
    (reason) => reason,
  );
  sandbox.setFaults([]);
  engine.credentials = world.credentials;
  const renewals = rotations() - rotated;
  assert.ok(
    !JSON.stringify(error, Object.getOwnPropertyNames(error)).includes(
      credential.oauthTokenData.access_token,
    ),
  );
  return { error, renewals, calls: sum() - before - renewals };
}

test("what the service says behind a lasting 401 reaches the node", async () => {
  const message = "The token is not authorized for this scope.";
  const answers = { scope_missing: JSON.stringify({ statusCode: 401, message }), unauthorized: "" };
  for (const [code, said] of Object.entries(answers)) {
    const server = createServer((_, response) => response.writeHead(401).end(said)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const baseUrl = `http://127.0.0.1:${server.address().port}`;
    const credential = { ...(await connectedCredential()), baseUrl };
    const { error, renewals } = await failureWithOAuth(credential, "ghl.users.list", {});
    server.close();
    assert.equal(renewals, 1);
    assert.ok(error.description.includes(`Code: ${code}.`), `${error.message} ${error.description}`);
    assert.doesNotMatch(error.description, /proxy/i);
  }
});

test("a token that cannot be renewed asks to connect again, and nothing is sent", async () => {
  const credential = await connectedCredential();
  const revoked = {
    ...credential,
    oauthTokenData: { ...credential.oauthTokenData, refresh_token: "revoked" },
  };
  for (const [name, values] of [
    ["ghl.businesses.list", {}],
    ["ghl.businesses.create", { name: "Never" }],
  ]) {
    const { error, calls, renewals } = await failureWithOAuth(revoked, name, values);
    assert.match(error.description, /Code: reconnect_required/, `${error.message} ${error.description}`);
    assert.match(error.message, /connect it again/);
    assert.deepEqual({ calls, renewals }, { calls: 1, renewals: 1 });
  }
  const { oauthTokenData: _, ...never } = credential;
  const unconnected = { ...never, locationId: world.locationId, oauthTokenData: undefined };
  engine.credentials = { ...world.credentials, ghlOAuth2Api: unconnected };
  const missing = await run("ghl.businesses.list", {}, { more: { authentication: "ghlOAuth2Api" } }).catch(
    (reason) => reason,
  );
  engine.credentials = world.credentials;
  assert.match(missing.description, /Code: reconnect_required/);
});

test("a create whose token endpoint cannot be asked was not sent", async () => {
  const credential = await connectedCredential();
  const outage = { fault: { kind: "status", status: 503 }, service: "ghl", path: "/oauth/token" };
  const down = await failureWithOAuth(credential, "ghl.businesses.create", { name: "Never" }, outage);
  assert.doesNotMatch(down.error.description, /outcome_unknown/, down.error.description);
  assert.match(down.error.description, /Code: network/);
  const closed = { ...credential, accessTokenUrl: "http://127.0.0.1:1/oauth/token" };
  const { error } = await failureWithOAuth(closed, "ghl.businesses.create", { name: "Never" });
  assert.match(error.description, /Code: network/);
});
