// What operations give, as the plain objects that Zapier takes.

const { recordOf } = require("ghl-chartmogul/operations");

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

module.exports = { actionResultOf, actionSampleOf };
