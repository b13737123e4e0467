// The GHL node in n8n's own engine, against the sandbox.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { tellCatalogue } from "./catalogue.mjs";
import { loadEngine } from "./engine.mjs";
import { buildPackage } from "./packages.mjs";
import { askSandbox, findOperation, holds, nodeParameters, openSandbox, operations } from "./sandbox.mjs";

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
  const [found] = await engine.run({ type: "ghl", parameters, credential, items, settings, workflowSettings });
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
    assert.ok(holds(value, item), `${name}: ${JSON.stringify(item)} is not in ${JSON.stringify(value).slice(0, 2000)}`);
  }
}

/** Whether the sandbox's own record has these values. */
function same(name, parameters, wanted, options) {
  const { status, value } = askSandbox(world, name, parameters, tokenOf(options));
  assert.equal(status, 200, `${name}: ${JSON.stringify(value)}`);
  const has = (at) => Object.entries(wanted).every(([key, one]) => JSON.stringify(at[key]) === JSON.stringify(one));
  const look = (at) => typeof at === "object" && at !== null && (has(at) || Object.values(at).some(look));
  assert.ok(look(value), `${name}: no ${JSON.stringify(wanted)} in ${JSON.stringify(value).slice(0, 2000)}`);
}

/** Whether the sandbox has the record no more. */
function gone(name, parameters) {
  const { status, value } = askSandbox(world, name, parameters);
  assert.ok(status >= 400 || JSON.stringify(value).includes('"deleted":true'), `${name}: ${JSON.stringify(value)}`);
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
