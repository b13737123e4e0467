// Operations as forms: every one has what a form shows, and what a form gives becomes what an operation takes.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { importSources } from "../build-sources.mjs";

const { customFieldValues, findOperation, labelOf, operations, readInput, schemas, singular, triggerForms } =
  await importSources(
    "operations/custom-fields",
    "operations/input",
    "operations/label",
    "operations/operation",
    "generated/schemas",
  );

const TYPES = "text email number integer boolean date dateTime json object file".split(" ");

describe("forms", () => {
  test("every operation has a title, a help line for each field, and an example of what it gives", () => {
    assert.equal(operations().length, Object.keys(schemas().endpoints).length);
    for (const { name, title, description, fields, outputs, sample, gives } of operations()) {
      assert.match(title, /^[A-Z]/, name);
      assert.ok(description !== "", name);
      for (const field of fields) checkField(name, field);
      const hasResult = gives === "one" || gives === "list";
      assert.equal(outputs.length > 0, hasResult, name);
      assert.equal(sample !== null, hasResult, name);
      assert.equal(new Set(outputs.map((output) => output.name)).size, outputs.length, name);
    }
  });

  function checkField(operation, field) {
    const place = `${operation} ${field.name}`;
    assert.ok(TYPES.includes(field.type), place);
    assert.match(field.label, /^[A-Z][A-Za-z0-9]*( [A-Z0-9][A-Za-z0-9]*)*$/, place);
    assert.ok(field.help !== "", `${place} has no help`);
    if (field.type === "object") assert.ok(field.fields.length > 0, place);
    else assert.equal(field.fields, undefined, place);
    for (const part of field.fields ?? [])
      assert.ok(TYPES.includes(part.type) && part.type !== "object", place);
    if (field.words !== undefined) assert.ok(field.words.length > 0, place);
  }

  test("the catalogue's 124 operations are there under its names, and all triggers", () => {
    const names = (kind) =>
      operations()
        .filter((operation) => operation.kind === kind)
        .flatMap(({ catalogue }) => catalogue);
    assert.deepEqual([names("trigger").length, names("action").length], [55, 69]);
    for (const { name, fields, outputs } of triggerForms()) {
      for (const field of fields) checkField(name, field);
      assert.equal(new Set(outputs.map((output) => output.name)).size, outputs.length, name);
    }
    assert.ok(triggerForms().some(({ name, sample }) => name === "newContact" && sample.email !== undefined));
    const { fields, outputs, sample } = triggerForms().find(({ name }) => name === "newNote");
    const [{ name, list, choices }] = fields;
    assert.deepEqual([name, list, choices], ["contactIds", true, "ghl.contacts"]);
    assert.deepEqual(
      outputs.map((output) => output.name),
      findOperation("ghl.notes.list").outputs.map((output) => output.name),
    );
    assert.ok(sample.body !== undefined);
  });

  test("a form has no field that only the generation v3 takes", () => {
    const fields = findOperation("ghl.blogPosts.update").fields.map(({ name }) => name);
    assert.ok(fields.includes("title") && !fields.includes("wordCount"));
    for (const { name, fields } of [...operations(), ...triggerForms()])
      assert.ok(!fields.some(({ help }) => help.includes("Only with apiVersion `v3`")), name);
    const { fields: ofNotes } = triggerForms().find(({ name }) => name === "newNote");
    assert.deepEqual([ofNotes[0].name, ofNotes[0].list], ["contactIds", true]);
  });

  test("an unknown operation is refused, with a hint of what may be meant", () => {
    assert.throws(() => findOperation("ghl.contacts.creat"), {
      code: "invalid_argument",
      hint: /ghl\.contacts\.create/,
    });
  });

  test("names are written as people read them", () => {
    const cases = {
      ...{
        firstName: "First Name",
        customer_uuid: "Customer UUID",
        locationIds: "Location IDs",
        address1: "Address1",
      },
      ...{
        mrr: "MRR",
        "customer-since": "Customer Since",
        timezone: "Timezone",
        SMS: "SMS",
        WhatsApp: "WhatsApp",
        rrule: "RRULE",
      },
    };
    for (const [name, label] of Object.entries(cases)) assert.equal(labelOf(name), label);
    for (const [many, one] of [
      ["businesses", "business"],
      ["activities", "activity"],
      ["contacts", "contact"],
      ["ping", "ping"],
      ["taxes", "tax"],
    ])
      assert.equal(singular(many), one);
  });
});

describe("what a form gives", () => {
  const create = findOperation("ghl.contacts.create");
  const field = (over) => ({
    ...{ name: "f", label: "F", help: "", required: false, nullable: false, list: false, type: "text" },
    ...over,
  });
  const read = (over, value) => readInput({ name: "x", fields: [field(over)] }, { f: value })["f"];

  test("becomes what the operation takes", () => {
    const cases = [
      [{ type: "number" }, "12.5", 12.5],
      [{ type: "integer" }, " 12 ", 12],
      [{ type: "integer" }, "2026-11-23T00:00:00Z", 1_795_392_000_000],
      [{ type: "boolean" }, "Yes", true],
      [{ type: "boolean" }, "false", false],
      [{ type: "boolean" }, 0, false],
      [{ type: "date" }, "2026-01-31T00:00:00.000-05:00", "2026-01-31"],
      [{ type: "dateTime" }, "2026-01-31T09:30:00-05:00", "2026-01-31T09:30:00-05:00"],
      [{ type: "dateTime" }, new Date(0), "1970-01-01T00:00:00.000Z"],
      [
        { type: "dateTime" },
        { toISO: () => "2026-01-31T09:30:00.000+01:00" },
        "2026-01-31T09:30:00.000+01:00",
      ],
      [{ list: true }, "a, b\nc", ["a", "b", "c"]],
      [{ list: true }, '["a, b"]', ["a, b"]],
      [{ list: true }, ["a", "", "b"], ["a", "b"]],
      [{ list: true, type: "integer" }, "1,2", [1, 2]],
      [{ type: "json" }, '{"a":[1]}', { a: [1] }],
      [{ type: "json" }, "plain", "plain"],
      [{ type: "json" }, "02134", "02134"],
      [{ type: "json" }, "1234567890123456789", "1234567890123456789"],
      [{ type: "json" }, "true", "true"],
      [{ type: "json" }, 12, 12],
      [{ type: "json" }, { a: 1 }, { a: 1 }],
      [{ words: ["open", "won"], closed: true }, "Won", "won"],
      [{ words: ["open", "won"] }, "else", "else"],
      [{ type: "text" }, 14155550123, "14155550123"],
      [{ type: "text" }, false, "false"],
    ];
    for (const [over, value, expected] of cases)
      assert.deepEqual(read(over, value), expected, JSON.stringify([over, value]));
  });

  test("is refused with the field's name where it does not fit", () => {
    const cases = [
      [{ type: "number" }, "many", /^F takes a number, not "many"/],
      [{ type: "integer" }, "1.5", /whole number/],
      [{ type: "boolean" }, "perhaps", /true or false/],
      [{ type: "date" }, "31/01/2026", /such as 2026-01-31/],
      [{ type: "dateTime" }, "tomorrow", /2026-01-31T09:30:00Z/],
      [{ type: "file" }, "text", /file's bytes/],
      [{ type: "integer" }, "1234567890123456789", /up to 15 digits/],
      [{ type: "date" }, new Date("2026-01-31T00:00:00+01:00"), /a Date is another day in other zones/],
      [{ words: ["open", "won"], closed: true }, "lots", /one of open, won/],
      [{ type: "text" }, { a: 1 }, /takes text, not an object/],
      [{ type: "object", fields: [field()] }, "no object", /takes an object/],
    ];
    for (const [over, value, message] of cases)
      assert.throws(
        () => read(over, value),
        { code: "invalid_argument", message },
        JSON.stringify([over, value]),
      );
    assert.throws(() => readInput(create, { emial: "x" }), {
      code: "invalid_argument",
      message: "ghl.contacts.create has no field emial",
      hint: /email/,
    });
  });

  test("is left out where it is empty", () => {
    const empty = { firstName: "", lastName: null, tags: [], phone: undefined, city: [""], email: "  " };
    assert.deepEqual(readInput(create, empty), {});
    for (const tags of [", ", "[]", "\n", '[""]', " [ null ] "])
      assert.deepEqual(readInput(create, { tags }), {}, tags);
    for (const dndSettings of ["{}", '{"Call":{}}', { Call: { status: "" } }])
      assert.deepEqual(readInput(create, { dndSettings }), {}, JSON.stringify(dndSettings));
    const customFields = [{ ...field({ list: true }), name: "m", label: "Colours" }];
    for (const m of [", ", "[]", [" "]])
      assert.deepEqual(readInput(create, { customFields: { m } }, { customFields }), {}, m);
  });

  test("reads the parts of objects, in lists too", () => {
    const { fields } = findOperation("ghl.contacts.create");
    const settings = fields.find(({ name }) => name === "dndSettings");
    assert.equal(settings.type, "object");
    const given = { dndSettings: { Call: '{"status":"active"}', SMS: "" } };
    assert.deepEqual(readInput(create, given), { dndSettings: { Call: { status: "active" } } });
  });

  test("is of a time zone where it names none", () => {
    const timeZone = "America/New_York";
    const inZone = (over, value) =>
      readInput({ name: "x", fields: [field(over)] }, { f: value }, { timeZone })["f"];
    const cases = [
      [{ type: "dateTime" }, "2026-01-31T09:30:00", "2026-01-31T14:30:00.000Z"],
      [{ type: "dateTime" }, "2026-07-31 09:30", "2026-07-31T13:30:00.000Z"],
      [{ type: "dateTime" }, "2026-01-31T09:30:00+01:00", "2026-01-31T09:30:00+01:00"],
      [{ type: "dateTime", list: true }, ["2026-01-31T09:30:00"], ["2026-01-31T14:30:00.000Z"]],
      [{ type: "integer" }, "2026-01-31T00:00:00", Date.parse("2026-01-31T05:00:00Z")],
      [{ help: "An instant." }, "2026-01-31T09:30:00", "2026-01-31T14:30:00.000Z"],
      [{}, "2026-01-31T09:30:00", "2026-01-31T09:30:00"],
      [{ type: "date" }, new Date("2026-01-31T03:00:00Z"), "2026-01-30"],
      [{ type: "date" }, "2026-01-31", "2026-01-31"],
      [
        { type: "object", fields: [{ ...field({ type: "dateTime" }), name: "at" }] },
        { at: "2026-01-31T09:30:00" },
        { at: "2026-01-31T14:30:00.000Z" },
      ],
    ];
    for (const [over, value, expected] of cases)
      assert.deepEqual(inZone(over, value), expected, JSON.stringify([over, value]));
  });

  test("types custom fields by their dataType, and refuses those that the location has not", () => {
    const customFields = [
      { ...field({ type: "number" }), name: "n", label: "Seats" },
      { ...field({ list: true, words: ["Red", "Blue"], closed: true }), name: "m", label: "Colours" },
      { ...field({ type: "date" }), name: "d", label: "Since" },
    ];
    const input = { contactId: "c", customFields: { n: "12", m: "red, Blue", d: "2026-01-31T00:00:00Z" } };
    assert.deepEqual(readInput(findOperation("ghl.contacts.update"), input, { customFields }), {
      contactId: "c",
      customFields: [
        { id: "n", field_value: 12 },
        { id: "m", field_value: ["Red", "Blue"] },
        { id: "d", field_value: "2026-01-31" },
      ],
    });
    assert.throws(() => customFieldValues({ other: "1" }, customFields), { hint: /Seats \(n\)/ });
    assert.throws(() => customFieldValues({ m: "Green" }, customFields), { message: /one of Red, Blue/ });
  });
});
