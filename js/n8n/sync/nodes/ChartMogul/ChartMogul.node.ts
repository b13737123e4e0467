// The node "ChartMogul": every operation of ChartMogul, from the table of endpoints of ghl-chartmogul.

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
import { errorItem, nodeMethods, nodeProperties, runItem } from 'ghl-chartmogul/n8n-nodes';
import { chartMogulOf, nodeErrorOf } from '../connector/accounts';

export class ChartMogul implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'ChartMogul',
		name: 'chartMogul',
		icon: { light: 'file:../../icons/chartmogul.svg', dark: 'file:../../icons/chartmogul.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: '={{$parameter["operation"].split(".").slice(1).join(": ")}}',
		description: 'Read and write customers, subscriptions, metrics and all else of a ChartMogul account',
		defaults: { name: 'ChartMogul' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'chartMogulAccountApi', required: true }],
		properties: nodeProperties('chartmogul') as INodeProperties[],
	};

	methods = nodeMethods<ILoadOptionsFunctions>('chartmogul', chartMogulOf);

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const items = this.getInputData();
		const results: INodeExecutionData[] = [];
		const connector = await chartMogulOf(this);
		const prepareFile = async (file: Uint8Array, name: string) =>
			await this.helpers.prepareBinaryData(Buffer.from(file), name);
		try {
			for (let itemIndex = 0; itemIndex < items.length; itemIndex++) {
				const pairedItem = { item: itemIndex };
				try {
					const found = await runItem<IBinaryData>(this, connector, itemIndex, { prepareFile });
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
