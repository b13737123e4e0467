// Every search in Zapier's core against the sandbox: pages, records, and what is not found.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { connect, PACKAGE, said } from "./connection.mjs";
import { createWorld, inputOf, nestedOf, valuesOf } from "./world.mjs";

const { operations, readInput } = await import(pathToFileURL(join(PACKAGE, "operations.js")));

const OF_AGENCY = new Set(["ghl.users.filterByEmail", "ghl.snapshots.list", "ghl.companies.get"]);

const keyOf = (name) => name.replaceAll(".", "_");

let app;
let values;
let world;
before(async () => {
  app = await connect({ contacts: 230 });
  world = await createWorld(app);
  // Imports and exports of ChartMogul take a moment.
  app.sandbox.advanceClock(60_000);
  values = valuesOf(world);
});
after(() => app.close());

const objectOf = (record) =>
  typeof record === "object" && record !== null && !Array.isArray(record) ? record : { value: record };

/** A record without what differs from reading to reading. */
function steady({ traceId, createdBy, lastUpdatedBy, ...record }) {
  // An import of the sandbox was always updated just now.
  const { updated_at, ...settled } = record;
  return "status_details" in record ? settled : record;
}

describe("every operation that reads by something, as a search", () => {
  const searches = operations().filter(({ name, kind, fields }) => {
    const isCatalogued = ["ghl.contacts.find", "ghl.locations.get"].includes(name);
    return (
      isCatalogued || (kind === "trigger" && fields.some((field) => !/^location_?[iI]d$/.test(field.name)))
    );
  });

  test("is one of the app's, and the app has no others", () => {
    assert.deepEqual(
      Object.keys(app.App.searches).toSorted(),
      searches.map(({ name }) => keyOf(name)).toSorted(),
    );
  });

  for (const operation of searches) {
    test(operation.name, async () => {
      const { name, gives } = operation;
      const isAgency = OF_AGENCY.has(name);
      const inputData = inputOf(operation, values);
      const bundle = { inputData, ...(isAgency && { authData: app.agencyAuthData }) };
      const found = await app.run("searches", keyOf(name), bundle);
      const connector = isAgency ? app.agency : app.connector;
      const call = name.split(".").reduce((place, part) => place[part], connector);
      const parameters = readInput(operation, nestedOf(inputData));
      if (gives === "bytes") {
        assert.deepEqual(
          found.map(({ bytes }) => bytes),
          [(await call(parameters)).length],
        );
        return;
      }
      const page =
        gives === "list" ? await call(parameters, { limit: 100 }) : { items: [await call(parameters)] };
      const { results, paging_token: next = null } = gives === "list" ? found : { results: found };
      const expected = page.items.map((record) => steady(objectOf(record)));
      assert.ok(expected.length > 0, "the sandbox has records of this kind");
      assert.deepEqual(results.map(steady), expected);
      assert.equal(next === null, (page.cursor ?? null) === null);
    });
  }
});

describe("a search", () => {
  test("gives the second page, and says that it is the last", async () => {
    const search = (paging_token) =>
      app.run("searches", "ghl_contacts_search", { inputData: {}, meta: { paging_token } });
    const pages = [await search()];
    while (pages.at(-1).paging_token !== null) pages.push(await search(pages.at(-1).paging_token));
    const ids = pages.flatMap(({ results }) => results.map(({ id }) => id));
    assert.deepEqual([pages.length, ids.length, new Set(ids).size], [3, 231, 231]);
  });

  for (const [what, inputData] of [
    ["an e-mail address", { email: "ada@world.example" }],
    ["a phone, however it is written", { phone: "(202) 555-0143", country: "US" }],
  ]) {
    test(`finds a contact by ${what}`, async () => {
      const found = await app.run("searches", "ghl_contacts_find", { inputData });
      assert.deepEqual(
        found.map(({ id }) => id),
        [world.contactId],
      );
    });
  }

  test("finds a contact by its id", async () => {
    const [found] = await app.run("searches", "ghl_contacts_find", {
      inputData: { contactId: world.contactId },
    });
    assert.equal(found.email, "ada@world.example");
  });

  test("finds nothing where there is nothing, which Zapier takes as not found", async () => {
    for (const [key, inputData, nothing] of [
      ["ghl_contacts_find", { email: "nobody@world.example" }, []],
      ["ghl_contacts_get", { contactId: "nobodyAtAll123456789" }, []],
      ["chartmogul_customers_retrieve", { customer_uuid: "cus_00000000-0000-0000-0000-000000000000" }, []],
      ["chartmogul_customers_search", { email: "nobody@world.example" }, { results: [], paging_token: null }],
    ])
      assert.deepEqual(await app.run("searches", key, { inputData }), nothing, key);
  });

  test("says what is missing before anything is sent", async () => {
    const before = app.sandbox.stats().ghl.calls;
    await assert.rejects(app.run("searches", "ghl_contacts_find"), (error) => {
      assert.equal(said(error).code, "invalid_argument");
      assert.match(said(error).message, /contactId, email or phone/);
      return true;
    });
    assert.equal(app.sandbox.stats().ghl.calls, before);
  });

  test("is paired with the action that creates what it does not find", () => {
    for (const [key, { search, create }] of Object.entries(app.App.searchOrCreates)) {
      assert.equal(key, search);
      assert.ok(app.App.searches[search] && app.App.creates[create], key);
    }
    assert.deepEqual(Object.keys(app.App.searchOrCreates), [
      "ghl_contacts_find",
      "chartmogul_customers_search",
    ]);
  });
});
