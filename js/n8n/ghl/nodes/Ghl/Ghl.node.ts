// The node "GHL": every operation of GoHighLevel, from the table of endpoints of ghl-chartmogul.

import { NodeConnectionTypes } from 'n8n-workflow';
import type {
	IBinaryData,
	IExecuteFunctions,
	ILoadOptionsFunctions,
	INodeExecutionData,
	INodeProperties,
	INodeType,
	INodeTypeDescription,
} from 'n8n-workflow';
import { errorItem, nodeMethods, nodeProperties, rememberedCustomFields, runItem } from '../connector/connector';
import { authentication, connectorOf, nodeErrorOf } from '../connector/ghl';

export class Ghl implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'GHL',
		name: 'ghl',
		icon: { light: 'file:../../icons/ghl.svg', dark: 'file:../../icons/ghl.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: '={{$parameter["operation"].split(".").slice(1).join(": ")}}',
		description: 'Read and write contacts, opportunities, appointments and all else of a GoHighLevel location',
		defaults: { name: 'GHL' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [
			{ name: 'ghlApi', required: true, displayOptions: { show: { authentication: ['ghlApi'] } } },
			{ name: 'ghlOAuth2Api', required: true, displayOptions: { show: { authentication: ['ghlOAuth2Api'] } } },
		],
		properties: [authentication, ...(nodeProperties('ghl') as INodeProperties[])],
	};

	methods = nodeMethods<ILoadOptionsFunctions>('ghl', connectorOf);

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const items = this.getInputData();
		const results: INodeExecutionData[] = [];
		const connector = await connectorOf(this);
		const customFields = rememberedCustomFields(connector);
		const prepareFile = async (file: Uint8Array, name: string) =>
			await this.helpers.prepareBinaryData(Buffer.from(file), name);
		try {
			for (let itemIndex = 0; itemIndex < items.length; itemIndex++) {
				const pairedItem = { item: itemIndex };
				try {
					const found = await runItem<IBinaryData>(this, connector, itemIndex, { customFields, prepareFile });
					results.push(...found.map((data) => ({ ...(data as INodeExecutionData), pairedItem })));
				} catch (error) {
					if (!this.continueOnFail()) throw nodeErrorOf(this, error, itemIndex);
					results.push({ json: errorItem(error), error: nodeErrorOf(this, error, itemIndex), pairedItem });
				}
			}
		} finally {
			await connector.close();
		}
		return [results];
	}
}
