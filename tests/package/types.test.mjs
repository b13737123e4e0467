// The packed types in programs that check strictly: ES modules, CommonJS, bundlers. Other compilers than
// the one in use are in tests/platforms/hosts.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { compile, consumer, WAYS } from "./consumer.mjs";
import { packageFolder } from "./project.mjs";

const wrong = `
  import { createConnector, type Ghl } from "ghl-chartmogul";
  const connector = createConnector({});
  // @ts-expect-error no such option
  createConnector({ gohighlevel: {} });
  // @ts-expect-error no such format
  createConnector({ alerts: { format: "teams" } });
  // @ts-expect-error the contact's id is missing
  connector.ghl.contacts.get({});
  // @ts-expect-error no such parameter
  connector.ghl.contacts.get({ contactId: "1", id: "2" });
  // @ts-expect-error no such endpoint
  connector.chartmogul.customers.fetch();
  // @ts-expect-error the operator needs a value
  connector.ghl.contacts.search({ filters: [{ field: "email", operator: "eq" }] });
  // @ts-expect-error the operator needs a value
  connector.ghl.contacts.search({ filters: [{ field: "customFields.abc", operator: "range" }] });
  // @ts-expect-error the operator has no value
  connector.ghl.contacts.search({ filters: [{ field: "email", operator: "exists", value: "a@b.co" }] });
  // @ts-expect-error no such kind of field
  connector.ghl.customFields.create({ name: "Plan", dataType: "STRING" });
  // @ts-expect-error the value is not of the attribute's type
  connector.chartmogul.customAttributes.add({ customer_uuid: "c", custom: [{ type: "Integer", key: "age", value: "8" }] });
  // @ts-expect-error no such spelling of a truth value
  connector.chartmogul.customAttributes.add({ customer_uuid: "c", custom: [{ type: "Boolean", key: "paying", value: "yes" }] });
  // @ts-expect-error a number field takes a number
  const seats: Ghl.CustomFieldValues["NUMERICAL"] = "8";
  // @ts-expect-error no field takes numbers in a list
  connector.ghl.contacts.update({ contactId: "1", customFields: [{ id: "a", field_value: [1] }] });
  // @ts-expect-error no such code
  import("ghl-chartmogul").then(({ ConnectorError }) => new ConnectorError({ code: "oops", message: "" }));`;

for (const [name, file, module] of WAYS) {
  test(`${name} compiles strictly`, async (context) => {
    const start = performance.now();
    await compile(file, consumer, module);
    context.diagnostic(`${((performance.now() - start) / 1000).toFixed(1)} s`);
  });
}

test("mistakes do not compile", async () => {
  await compile("wrong.mts", wrong, { module: "nodenext" });
});

test("the public types hold no any", () => {
  const folder = join(packageFolder, "types");
  for (const file of readdirSync(folder, { recursive: true })) {
    if (!file.endsWith(".d.ts")) continue;
    const code = readFileSync(join(folder, file), "utf8").replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    assert.doesNotMatch(code, /[:<|&(,]\s*any\b/, file);
  }
});
