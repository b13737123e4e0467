// What operations give, as the plain objects that Zapier takes.

/** A record as one object; any other value under `value`. */
function recordOf(value) {
  const isPlain = typeof value === "object" && value !== null && !Array.isArray(value);
  return isPlain ? value : { value: value ?? null };
}

/** What an action gives: its result, or that it was done and on what. */
function actionResultOf({ gives }, parameters, result) {
  if (gives === "list") return { items: result.map(recordOf) };
  if (gives === "nothing") return { done: true, ...scalarsOf(parameters) };
  return recordOf(result);
}

function scalarsOf(parameters) {
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => typeof value !== "object"));
}

/** An example of that. */
function actionSampleOf({ gives, fields, sample }) {
  if (gives === "list") return { items: [recordOf(sample)] };
  if (gives !== "nothing") return recordOf(sample);
  const ids = fields.filter(({ required, type }) => required && type === "text");
  return { done: true, ...Object.fromEntries(ids.map(({ name }) => [name, "ocQHyuzHvysMo5N5VsXc"])) };
}

/** Calls an operation by its full name. */
function callOf(connector, name) {
  return name.split(".").reduce((place, part) => place[part], connector);
}

module.exports = { actionResultOf, actionSampleOf, callOf, recordOf };
