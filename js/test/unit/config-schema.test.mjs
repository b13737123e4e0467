// The JSON Schema of the configuration file: valid, and with the settings that Rust has. Those of TypeScript
// are written by `cargo xtask generate`.

import assert from "node:assert/strict";
import { test } from "node:test";
import Ajv from "ajv";
import { fieldsOfStruct, readSource, valuesOfEnum } from "../rust-names.mjs";

const schema = JSON.parse(readSource("pkg-template/config.schema.json"));
const rust = readSource("src/mapping/settings.rs");

const sync = schema.properties.sync.properties;
const structs = [
  ["Settings", sync],
  ["Directions", sync.directions.properties],
  ["Users", sync.users.properties],
  ["CustomField", sync.customFields.items.properties],
  ["BooleanWords", sync.booleanWords.properties],
  ["Tags", sync.tags.properties],
  ["Caps", sync.caps.properties],
];

for (const [rustName, properties] of structs) {
  test(`${rustName} has the same settings in Rust and in the schema`, () => {
    const expected = fieldsOfStruct(rust, rustName).toSorted();
    assert.ok(expected.length > 0);
    assert.deepEqual(Object.keys(properties).toSorted(), expected);
  });
}

const enums = [
  ["Anchor", sync.anchor],
  ["Object", sync.objects.items],
  ["Way", sync.directions.properties.notes],
  ["Way", sync.directions.properties.tasks],
  ["Owner", sync.owners.additionalProperties],
  ["Marker", sync.marker],
  ["NoteFormat", sync.noteFormat],
  ["LongTasks", sync.longTasks],
  ["WithoutBusiness", sync.withoutBusiness],
  ["OnLink", sync.onLink],
  ["OnExisting", sync.onExisting],
  ["OnDeleted", sync.onDeleted],
  ["FirstRun", sync.firstRun],
  ["DecimalMark", sync.decimalMark],
  ["AttributeType", sync.customFields.items.properties.type],
  ["AttributeObject", sync.customFields.items.properties.object],
];

for (const [name, property] of enums) {
  test(`${name} has the same values in Rust and in the schema`, () => {
    const values = valuesOfEnum(rust, name);
    assert.ok(values.length > 1);
    assert.deepEqual(property.enum, values);
  });
}

test("the schema is valid, accepts its own defaults, and refuses what it does not know", () => {
  const validate = new Ajv({ strict: true, formats: { email: /@/ } }).compile(schema);
  const defaults = Object.fromEntries(
    Object.entries(sync).flatMap(([name, { default: value }]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
  assert.ok(Object.keys(defaults).length > 10);
  assert.ok(validate({ $schema: "x", sync: defaults, store: "memory" }), JSON.stringify(validate.errors));
  const alerts = {
    webhook: "https://hooks.slack.com/x",
    format: "slack",
    maxFailures: 0,
    minQuotaPercent: 5,
  };
  assert.ok(validate({ alerts, audit: { file: "a.jsonl", mask: true } }), JSON.stringify(validate.errors));
  const webhooks = { publicKey: ["a", "b"], toleranceMs: 300_000, bodyLimit: 1_048_576 };
  assert.ok(validate({ webhooks }), JSON.stringify(validate.errors));
  for (const wrong of [
    { webhooks: { chartmogulSecret: "a-secret-of-more-than-20" } },
    { webhooks: { toleranceMs: 10 } },
    { sync: { ancor: "attach-only" } },
    { sync: { anchor: "everything" } },
    { ghl: { token: "secret" } },
    { sync: { caps: { maxChangePercent: 120 } } },
    { sync: { customFields: [{ from: "a" }] } },
    { alerts: { webhook: "hooks.slack.com/x" } },
    { alerts: { format: "teams" } },
    { audit: { mask: "yes" } },
  ]) {
    assert.ok(!validate(wrong), JSON.stringify(wrong));
  }
});
