// The node "ChartMogul Trigger": starts a workflow with what is new or has changed, found by polling.

import { NodeConnectionTypes } from 'n8n-workflow';
import type {
	ILoadOptionsFunctions,
	INodeExecutionData,
	INodeProperties,
	INodeType,
	INodeTypeDescription,
	IPollFunctions,
} from 'n8n-workflow';
import { nodeMethods, pollItems, triggerProperties } from 'ghl-chartmogul/n8n-nodes';
import { chartMogulOf, nodeErrorOf } from '../connector/accounts';

export class ChartMogulTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'ChartMogul Trigger',
		name: 'chartMogulTrigger',
		icon: { light: 'file:../../icons/chartmogul.svg', dark: 'file:../../icons/chartmogul.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: '={{$parameter["event"]}}',
		description: 'Starts the workflow when something is new or has changed in a ChartMogul account',
		defaults: { name: 'ChartMogul Trigger' },
		polling: true,
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'chartMogulAccountApi', required: true }],
		properties: triggerProperties('chartmogul') as INodeProperties[],
	};

	methods = nodeMethods<ILoadOptionsFunctions>('chartmogul', chartMogulOf);

	async poll(this: IPollFunctions): Promise<INodeExecutionData[][] | null> {
		const connector = await chartMogulOf(this);
		try {
			const items = await pollItems(this, connector, 'chartmogul', this.getNode().credentials?.chartMogulAccountApi?.id);
			return items.length === 0 ? null : [items as INodeExecutionData[]];
		} catch (error) {
			throw nodeErrorOf(this, error);
		} finally {
			await connector.close();
		}
	}
}
