// Forms of operations as Zapier's fields, and what people enter in them as parameters.

const { readChoices, readCustomFields, readInput } = require("ghl-chartmogul/operations");
const { send, withConnector } = require("./connector.js");
const { invalid } = require("./errors.js");
const { cut } = require("./names.js");

/** Between an object's name and that of a field in it. */
const INSIDE = "__";
/** Before the id of a custom field. */
const CUSTOM = "custom_field_";
/** Choices of a page. */
const PAGE = 100;

const INPUT_TYPES = {
  text: "string",
  email: "string",
  number: "number",
  integer: "integer",
  boolean: "boolean",
  date: "datetime",
  dateTime: "datetime",
  json: "text",
  object: "text",
  file: "file",
};

const OUTPUT_TYPES = {
  number: "number",
  integer: "integer",
  boolean: "boolean",
  date: "datetime",
  dateTime: "datetime",
};

/** Zapier's input fields of a form. Objects become a field for each part, lists of objects line items. */
function inputFieldsOf({ fields }) {
  return fields.flatMap((field) => {
    if (field.customFields !== undefined) return [customFieldsOf(field.customFields)];
    if (field.type !== "object" || field.fields === undefined) return [inputFieldOf(field)];
    const parts = field.fields.map((part) => inputFieldOf(partOf(field, part)));
    return field.list ? [{ key: field.name, label: field.label, children: parts }] : parts;
  });
}

/** A field inside an object: it must be filled in only where the object must. */
function partOf(field, part) {
  return {
    ...part,
    name: `${field.name}${INSIDE}${part.name}`,
    label: `${field.label}: ${part.label}`,
    required: part.required && field.required && !field.list,
  };
}

function inputFieldOf({ name, label, help, required, list, type, words, closed, choices }) {
  const isJson = type === "json" || type === "object";
  const notes = [
    help,
    isJson ? "As JSON." : "",
    words !== undefined && closed !== true ? `For example ${words.slice(0, 8).join(", ")}.` : "",
  ].filter((note) => note !== "");
  return {
    key: name,
    label: cut(label, 100),
    type: INPUT_TYPES[type],
    required,
    ...(list && { list }),
    ...(notes.length > 0 && { helpText: cut(notes.join(" "), 1_000) }),
    ...(closed === true && { choices: [...words] }),
    ...(choices !== undefined && { choices: choicesOf(choices) }),
  };
}

const choicesBySource = new Map();

/** The choices of a source, a page at a time. */
function choicesOf(source) {
  const known = choicesBySource.get(source);
  if (known !== undefined) return known;
  const choices = {
    perform: (z, bundle) =>
      withConnector(z, bundle, async (connector, signal) => {
        const { choices, cursor } = await readChoices(connector, source, {
          input: bundle.inputData ?? {},
          cursor: bundle.meta?.paging_token ?? null,
          limit: PAGE,
          signal,
        });
        return {
          results: choices.map(({ value, label }) => ({ id: value, label })),
          paging_token: cursor,
        };
      }),
  };
  choicesBySource.set(source, choices);
  return choices;
}

/** The location's custom fields, as they are at the moment: a function that Zapier calls for more fields. */
function customFieldsOf(model) {
  return (z, bundle) =>
    withConnector(z, bundle, async (connector, signal) => {
      const fields = await readCustomFields(connector, model, { signal });
      return fields.map((field) => inputFieldOf({ ...field, name: `${CUSTOM}${field.name}` }));
    });
}

/**
 * The parameters of a form from what Zapier gives. Empty values are left out, and so is what the form does not
 * have: Zaps keep the values of fields that an earlier version had.
 */
async function parametersOf(z, connector, form, inputData, signal) {
  const input = {};
  for (const field of form.fields) {
    const value = enteredOf(field, inputData);
    if (value !== undefined) input[field.name] = await loaded(z, field, value, signal);
  }
  const custom = form.fields.find(
    (field) => field.customFields !== undefined && input[field.name] !== undefined,
  );
  const customFields =
    custom === undefined ? undefined : await readCustomFields(connector, custom.customFields, { signal });
  return readInput(form, input, { customFields });
}

/** What was entered for a field, its parts put together. */
function enteredOf(field, inputData) {
  if (field.customFields !== undefined) return customValuesOf(inputData);
  if (field.type !== "object" || field.fields === undefined) return inputData[field.name];
  const whole = inputData[field.name];
  if (field.list) {
    const rows = Array.isArray(whole) ? whole : isObject(whole) ? [whole] : undefined;
    return rows === undefined ? whole : filled(rows.map((row) => partsOf(field, row)));
  }
  if (typeof whole === "string") return whole;
  const parts = partsOf(field, { ...(isObject(whole) ? whole : {}), ...inputData });
  return Object.keys(parts).length > 0 ? parts : undefined;
}

/**
 * The parts of an object, under their own names or under the field's: an empty part stays empty, also where the form
 * has a field of its name. Line items may leave out the field's name.
 */
function partsOf(field, row) {
  if (!isObject(row)) return row;
  return Object.fromEntries(
    field.fields.flatMap(({ name }) => {
      const inside = `${field.name}${INSIDE}${name}`;
      const value = inside in row || !field.list ? row[inside] : row[name];
      return isEmpty(value) ? [] : [[name, value]];
    }),
  );
}

const filled = (rows) => rows.filter((row) => !isObject(row) || Object.keys(row).length > 0);

function customValuesOf(inputData) {
  const values = Object.entries(inputData).filter(
    ([key, value]) => key.startsWith(CUSTOM) && !isEmpty(value),
  );
  if (values.length === 0) return undefined;
  return Object.fromEntries(values.map(([key, value]) => [key.slice(CUSTOM.length), value]));
}

/** A file's bytes: Zapier gives its address. */
async function loaded(z, field, value, signal) {
  if (field.type !== "file" || typeof value !== "string" || value === "") return value;
  if (!/^https?:\/\//.test(value)) return Buffer.from(value, "utf8");
  const response = await send(z, { url: value, raw: true, signal });
  if (response.status !== 200)
    throw invalid(z, `${field.label}: the file could not be read (${response.status}).`);
  return new Uint8Array(await response.arrayBuffer());
}

const isEmpty = (value) => value === undefined || value === null || value === "";

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** Zapier's output fields of a form. */
function outputFieldsOf({ outputs }) {
  return outputs.map(({ name, label, type, list }) => ({
    key: name.replaceAll(".", INSIDE),
    label,
    ...(OUTPUT_TYPES[type] !== undefined && { type: OUTPUT_TYPES[type] }),
    ...(list && { list }),
  }));
}

module.exports = { choicesOf, inputFieldsOf, outputFieldsOf, parametersOf };
