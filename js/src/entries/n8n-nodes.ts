// The entry `ghl-chartmogul/n8n-nodes`: what n8n nodes are made of, from the table of endpoints. Like
// `ghl-chartmogul/n8n`, it names nothing that n8n forbids in nodes.

export {
  type Connect,
  type LoadOptionsContext,
  type MappedField,
  type NodeMethods,
  nodeMethods,
} from "../n8n/choices.js";
export { errorItem, failureOf, type NodeFailure } from "../n8n/failure.js";
export {
  type NodeProperty,
  nodeOperations,
  nodeProperties,
  nodeTriggers,
  simplified,
  triggerProperties,
} from "../n8n/form.js";
export {
  type ItemContext,
  type ItemOptions,
  type NodeItem,
  type PollContext,
  pollItems,
  rememberedCustomFields,
  runItem,
} from "../n8n/items.js";
export { type RunOptions, type RunResult, runOperation } from "../n8n/run.js";
export {
  type HttpRequest,
  type HttpRequestTransportOptions,
  httpRequestTransport,
} from "../n8n/transport.js";
export { type ReadingOptions, type ReadProperty, readOperation, readTrigger } from "../n8n/values.js";
export { type CustomField, readCustomFields } from "../operations/custom-fields.js";
export { findOperation, type Operation, type TriggerForm } from "../operations/operation.js";
