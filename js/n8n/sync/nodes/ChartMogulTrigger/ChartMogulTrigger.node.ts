// The node "ChartMogul Trigger": starts a workflow with what is new or has changed, found by polling.

import { NodeConnectionTypes, NodeOperationError } from 'n8n-workflow';
import type {
	IDataObject,
	ILoadOptionsFunctions,
	INodeExecutionData,
	INodeProperties,
	INodeType,
	INodeTypeDescription,
	IPollFunctions,
} from 'n8n-workflow';
import type { TriggerItem } from 'ghl-chartmogul';
import { nodeMethods, nodeTriggers, readTrigger, triggerProperties } from 'ghl-chartmogul/n8n-nodes';
import { chartMogulOf, nodeErrorOf } from '../connector/accounts';

/** Most items of one poll. What is behind them comes with the next. */
const MOST_ITEMS = 1_000;

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
			const event = this.getNodeParameter('event') as string;
			const trigger = nodeTriggers('chartmogul').find(({ name }) => name === event);
			if (trigger === undefined) {
				throw new NodeOperationError(this.getNode(), `The event "${event}" is not known. Choose another one.`);
			}
			const read = (name: string) => this.getNodeParameter(name, null) ?? undefined;
			const parameters = await readTrigger(trigger, read, { timeZone: this.getTimezone() });
			if (this.getMode() === 'manual') {
				// A test gives samples, and leaves the place of the active workflow alone.
				const { items } = await connector.triggers.poll(event, null, { parameters, samples: true });
				return items.length === 0 ? null : [items.map(executionData)];
			}
			const state = this.getWorkflowStaticData('node');
			// Another event, other filters or another credential begin anew.
			const credentialId = this.getNode().credentials?.chartMogulAccountApi?.id;
			const of = JSON.stringify([event, parameters, credentialId]);
			const cursor = state.of === of ? (state.cursor as string) : null;
			const page = await connector.triggers.poll(event, cursor, { parameters, limit: MOST_ITEMS });
			// n8n keeps this only once it has taken the items.
			Object.assign(state, { of, cursor: page.cursor });
			return page.items.length === 0 ? null : [page.items.map(executionData)];
		} catch (error) {
			throw nodeErrorOf(this, error);
		} finally {
			await connector.close();
		}
	}
}

/** The record, with what is said about it beside it. */
function executionData({ id, change, version, record }: TriggerItem): INodeExecutionData {
	const isObject = typeof record === 'object' && record !== null && !Array.isArray(record);
	const values = isObject ? (record as IDataObject) : { value: record as IDataObject };
	return { json: { ...values, triggerItem: { id, change, version } } };
}
