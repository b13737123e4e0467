// Actions: every operation that writes.

const { methodOf, nounOf, operations } = require("ghl-chartmogul/operations");
const { withConnector } = require("./connector.js");
const { ACTIONS_THAT_READ, THROTTLES } = require("./design.js");
const { inputFieldsOf, outputFieldsOf, parametersOf } = require("./fields.js");
const { descriptionOf, keyOf, labelOf } = require("./names.js");
const { actionResultOf, actionSampleOf } = require("./results.js");

function actions() {
  const writing = operations().filter(({ kind, name }) => kind === "action" && !ACTIONS_THAT_READ.has(name));
  return Object.fromEntries(writing.map((operation) => [keyOf(operation.name), actionOf(operation)]));
}

function actionOf(operation) {
  const { name, group, description, service, gives } = operation;
  const outputs = outputFieldsOf(operation);
  return {
    key: keyOf(name),
    noun: nounOf(group),
    display: { label: labelOf(operation), description: descriptionOf(description) },
    operation: {
      inputFields: inputFieldsOf(operation),
      throttle: THROTTLES[service],
      perform: (z, bundle) =>
        withConnector(z, bundle, async (connector, signal) => {
          const parameters = await parametersOf(z, connector, operation, bundle.inputData ?? {}, signal);
          const call = methodOf(connector, name);
          const result =
            gives === "list"
              ? await listOf(call(parameters, { signal }))
              : await call(parameters, { signal });
          return actionResultOf(operation, parameters, result);
        }),
      sample: actionSampleOf(operation),
      ...(outputs.length > 0 && {
        outputFields: gives === "list" ? [{ key: "items", label: "Items", children: outputs }] : outputs,
      }),
    },
  };
}

async function listOf(list) {
  const items = [];
  for await (const item of list) items.push(item);
  return items;
}

module.exports = { actions };
