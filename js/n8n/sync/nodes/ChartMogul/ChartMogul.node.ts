// The node "ChartMogul": every operation of ChartMogul, from the table of endpoints of ghl-chartmogul.

import { NodeConnectionTypes } from 'n8n-workflow';
import type {
	IDataObject,
	IExecuteFunctions,
	ILoadOptionsFunctions,
	INodeExecutionData,
	INodeProperties,
	INodeType,
	INodeTypeDescription,
} from 'n8n-workflow';
import {
	findOperation,
	nodeMethods,
	nodeProperties,
	readOperation,
	runOperation,
} from 'ghl-chartmogul/n8n-nodes';
import { chartMogulOf, errorItem, nodeErrorOf } from '../connector/accounts';

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
		try {
			for (let itemIndex = 0; itemIndex < items.length; itemIndex++) {
				const pairedItem = { item: itemIndex };
				try {
					const operation = findOperation(this.getNodeParameter('operation', itemIndex) as string);
					const read = (name: string) => this.getNodeParameter(name, itemIndex, null) ?? undefined;
					const parameters = await readOperation(operation, read, {
						timeZone: this.getTimezone(),
						readFile: async (name) => await this.helpers.getBinaryDataBuffer(itemIndex, name),
					});
					const isLimited = operation.gives === 'list' && read('returnAll') !== true;
					const { items: found, file } = await runOperation(connector, operation, parameters, {
						limit: isLimited ? (this.getNodeParameter('limit', itemIndex, 50) as number) : undefined,
						simplify: read('simplify') === true,
						signal: this.getExecutionCancelSignal(),
					});
					for (const json of found as IDataObject[]) {
						if (file === undefined) {
							results.push({ json, pairedItem });
							continue;
						}
						const property = this.getNodeParameter('binaryPropertyName', itemIndex, 'data') as string;
						const data = await this.helpers.prepareBinaryData(Buffer.from(file), operation.group);
						results.push({ json, binary: { [property]: data }, pairedItem });
					}
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
