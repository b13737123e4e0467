// Searches: every operation that reads by something that is entered, and finding or creating.

const { methodOf, nounOf, operations, recordOf } = require("ghl-chartmogul/operations");
const { withConnector } = require("./connector.js");
const { ACTIONS_THAT_READ, FIND_OR_CREATE } = require("./design.js");
const { inputFieldsOf, outputFieldsOf, parametersOf } = require("./fields.js");
const { FILE_FIELDS, FILE_SAMPLE, fileRecordOf } = require("./files.js");
const { descriptionOf, keyOf, labelOf } = require("./names.js");

/** Records of a page. */
const PAGE = 100;

/** Fields that say nothing about what is searched for. */
const FILLED_IN = new Set(["locationId", "location_id"]);

function searches() {
  return Object.fromEntries(
    operations()
      .filter(isSearch)
      .map((operation) => [keyOf(operation.name), searchOf(operation)]),
  );
}

function isSearch({ kind, name, fields }) {
  if (ACTIONS_THAT_READ.has(name)) return true;
  return kind === "trigger" && fields.some((field) => !FILLED_IN.has(field.name));
}

function searchOf(operation) {
  const { name, group, description, gives } = operation;
  const isFile = gives === "bytes";
  return {
    key: keyOf(name),
    noun: nounOf(group),
    display: { label: labelOf(operation), description: descriptionOf(description) },
    operation: {
      inputFields: inputFieldsOf(operation),
      ...(gives === "list" && { canPaginate: true }),
      perform: (z, bundle) =>
        withConnector(z, bundle, (connector, signal) => search(z, bundle, operation, connector, signal)),
      sample: isFile ? FILE_SAMPLE : recordOf(operation.sample),
      outputFields: isFile ? FILE_FIELDS : outputFieldsOf(operation),
    },
  };
}

/** A page of a list, or the one record; nothing if no record is found. */
async function search(z, bundle, operation, connector, signal) {
  const { name, gives } = operation;
  const parameters = await parametersOf(z, connector, operation, bundle.inputData ?? {}, signal);
  const call = methodOf(connector, name);
  try {
    if (gives === "list") {
      const cursor = bundle.meta?.paging_token ?? null;
      const page = await call(parameters, { cursor, limit: PAGE, signal });
      return { results: page.items.map(recordOf), paging_token: page.cursor };
    }
    const result = await call(parameters, { signal });
    if (gives === "bytes") return [fileRecordOf(z, name, parameters, result)];
    return result === null || result === undefined ? [] : [recordOf(result)];
  } catch (reason) {
    if (reason?.code !== "not_found") throw reason;
    return gives === "list" ? { results: [], paging_token: null } : [];
  }
}

function searchOrCreates() {
  return Object.fromEntries(
    FIND_OR_CREATE.map(({ search, create, label, description }) => [
      keyOf(search),
      { key: keyOf(search), display: { label, description }, search: keyOf(search), create: keyOf(create) },
    ]),
  );
}

module.exports = { searches, searchOrCreates };
