// The node "GHL Trigger": starts a workflow with what is new or has changed, found by polling.

import { NodeConnectionTypes } from 'n8n-workflow';
import type {
	ILoadOptionsFunctions,
	INodeExecutionData,
	INodeProperties,
	INodeType,
	INodeTypeDescription,
	IPollFunctions,
} from 'n8n-workflow';
import { nodeMethods, pollItems, triggerProperties } from '../connector/connector';
import { authentication, connectorOf, locationIdOf, nodeErrorOf } from '../connector/ghl';

export class GhlTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'GHL Trigger',
		name: 'ghlTrigger',
		icon: { light: 'file:../../icons/ghl.svg', dark: 'file:../../icons/ghl.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: '={{$parameter["event"]}}',
		description: 'Starts the workflow when something is new or has changed in a GoHighLevel location',
		defaults: { name: 'GHL Trigger' },
		polling: true,
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [
			{ name: 'ghlApi', required: true, displayOptions: { show: { authentication: ['ghlApi'] } } },
			{ name: 'ghlOAuth2Api', required: true, displayOptions: { show: { authentication: ['ghlOAuth2Api'] } } },
		],
		properties: [authentication, ...(triggerProperties('ghl') as INodeProperties[])],
	};

	methods = nodeMethods<ILoadOptionsFunctions>('ghl', connectorOf);

	async poll(this: IPollFunctions): Promise<INodeExecutionData[][] | null> {
		const connector = await connectorOf(this);
		try {
			const items = await pollItems(this, connector, 'ghl', await locationIdOf(this));
			return items.length === 0 ? null : [items as INodeExecutionData[]];
		} catch (error) {
			throw nodeErrorOf(this, error);
		} finally {
			await connector.close();
		}
	}
}
