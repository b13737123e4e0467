// Triggers: every one that the package polls, newest first. Zapier remembers what it has seen.

const { findOperation, nounOf, recordOf, triggerForms } = require("ghl-chartmogul/operations");
const { withConnector } = require("./connector.js");
const { inputFieldsOf, outputFieldsOf, parametersOf } = require("./fields.js");
const { FILE_FIELDS, FILE_SAMPLE, fileRecordOf } = require("./files.js");
const { descriptionOf, keyOf, labelOf } = require("./names.js");

const SAMPLES = 3;
/** When a Zap is turned on, as many records as fit: Zapier never triggers on them. */
const MOST_KNOWN = 10_000;
const KNOWING_MS = 22_000;

/** Names of ids, the first that a record has. */
const ID_NAMES = ["id", "_id", "uuid", "task_uuid"];

/** A version of contents is one that was seen when the contents are as they were. */
const RETURNS = "It does not trigger when a record returns to a state that it had before.";

const VERSION_FIELD = {
  key: "recordVersion",
  label: "Record Version",
  primary: true,
};

function triggers() {
  return Object.fromEntries(triggerForms().map((form) => [keyOf(form.name), triggerOf(form)]));
}

function triggerOf(form) {
  const operation = findOperation(form.reads);
  const isFile = operation.gives === "bytes";
  const idName = isFile
    ? undefined
    : ID_NAMES.find((name) => form.outputs.some((output) => output.name === name));
  // New records are told apart by their ids; changed ones by id and version together.
  const isNew = form.gives === "new" && idName !== undefined;
  const outputs = (isFile ? FILE_FIELDS : outputFieldsOf(form)).map((field) =>
    field.key === idName ? { ...field, primary: true } : field,
  );
  const keyFields = isNew ? [] : [VERSION_FIELD];
  const isNamed = form.name !== form.reads;
  const sample = isFile
    ? FILE_SAMPLE
    : { ...(idName && { [idName]: "ocQHyuzHvysMo5N5VsXc" }), ...recordOf(form.sample) };
  return {
    key: keyOf(form.name),
    noun: nounOf(operation.group),
    display: {
      label: labelOf(form),
      description: descriptionOf(
        isNamed ? form.description : `Triggers when this is new or has changed: ${operation.description}`,
        !isNew && form.finds === "contents" ? RETURNS : "",
      ),
    },
    operation: {
      type: "polling",
      inputFields: inputFieldsOf(form),
      perform: (z, bundle) => poll(z, bundle, { form, operation, idName, isNew }),
      sample: isNew ? sample : { ...sample, recordVersion: "2026-11-23T09:30:00.000Z" },
      outputFields: [...outputs, ...keyFields],
    },
  };
}

/**
 * The newest records: three as samples. When Zapier only takes note of them, as many as can be read in time, each
 * with no more than what tells it apart.
 */
async function poll(z, bundle, trigger) {
  return withConnector(z, bundle, async (connector, signal) => {
    const { isLoadingSample, isPopulatingDedupe } = bundle.meta ?? {};
    const { form } = trigger;
    const parameters = await parametersOf(z, connector, form, bundle.inputData ?? {}, signal);
    const limit = isLoadingSample ? SAMPLES : isPopulatingDedupe ? MOST_KNOWN : undefined;
    const until = Date.now() + KNOWING_MS;
    const records = [];
    try {
      for await (const item of connector.triggers.newest(form.name, { parameters, limit, signal })) {
        const record = itemOf(z, trigger, parameters, item);
        records.push(isPopulatingDedupe ? keysOf(trigger, record) : record);
        if (isPopulatingDedupe && Date.now() > until) break;
      }
    } catch (reason) {
      // The time is over in the middle of a page: what was read before it counts.
      if (!isPopulatingDedupe || !signal.aborted || records.length === 0) throw reason;
    }
    return records;
  });
}

/** What Zapier compares of a record. */
function keysOf({ idName, isNew }, record) {
  return {
    ...(idName !== undefined && { [idName]: record[idName] }),
    ...(!isNew && { recordVersion: record.recordVersion }),
  };
}

function itemOf(z, { operation, idName, isNew }, parameters, { id, version, record }) {
  const known =
    record instanceof Uint8Array ? fileRecordOf(z, operation.name, parameters, record) : recordOf(record);
  return {
    ...known,
    // Some lists spell the id differently from what is documented.
    ...(idName !== undefined && known[idName] == null && { [idName]: id }),
    ...(!isNew && { recordVersion: version }),
  };
}

module.exports = { triggers };
