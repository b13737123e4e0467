// All that the nodes use of ghl-chartmogul, in one file, which bundle.mjs makes whole.

export { createConnector, httpRequestTransport } from 'ghl-chartmogul/n8n';
export type { Connector, TriggerItem } from 'ghl-chartmogul/n8n';
export {
	failureOf,
	findOperation,
	nodeMethods,
	nodeProperties,
	nodeTriggers,
	readCustomFields,
	readOperation,
	readTrigger,
	runOperation,
	triggerProperties,
} from 'ghl-chartmogul/n8n-nodes';
