// All that the nodes use of ghl-chartmogul, in one file, which bundle.mjs makes whole.

export { createConnector, httpRequestTransport } from 'ghl-chartmogul/n8n';
export type { Connector } from 'ghl-chartmogul/n8n';
export {
	errorItem,
	failureOf,
	nodeMethods,
	nodeProperties,
	pollItems,
	rememberedCustomFields,
	runItem,
	triggerProperties,
} from 'ghl-chartmogul/n8n-nodes';
