// The node "GHL": every operation of GoHighLevel, from the table of endpoints of ghl-chartmogul.

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
	type Connector,
	failureOf,
	findOperation,
	nodeMethods,
	nodeProperties,
	readCustomFields,
	readOperation,
	runOperation,
} from '../connector/connector';
import { authentication, connectorOf, errorItem, nodeErrorOf } from '../connector/ghl';

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
		const customFields = customFieldsOf(connector);
		try {
			for (let itemIndex = 0; itemIndex < items.length; itemIndex++) {
				const pairedItem = { item: itemIndex };
				try {
					const operation = findOperation(this.getNodeParameter('operation', itemIndex) as string);
					const read = (name: string) => this.getNodeParameter(name, itemIndex, null) ?? undefined;
					const model = operation.fields.find((field) => field.customFields !== undefined && read(field.name))?.customFields;
					const parameters = await readOperation(operation, read, {
						timeZone: this.getTimezone(),
						customFields: model && (await customFields(model)),
						readFile: async (name) => await this.helpers.getBinaryDataBuffer(itemIndex, name),
					});
					const isLimited = operation.gives === 'list' && read('returnAll') !== true;
					const { items: found, file } = await runOperation(connector, operation, parameters, {
						limit: isLimited ? (this.getNodeParameter('limit', itemIndex, 50) as number) : undefined,
						simplify: read('simplify') === true,
						customFields,
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

/** The location's custom fields, read once for all items; again only where that failed for a while. */
function customFieldsOf(connector: Connector) {
	const known = new Map<string, ReturnType<typeof readCustomFields>>();
	return async (model: 'contact' | 'opportunity') => {
		const fields = known.get(model) ?? readCustomFields(connector, model);
		known.set(model, fields);
		fields.catch((error) => {
			// What the token may not read, it may not read for the next item either.
			if (!['401', '403'].includes(failureOf(error)?.httpCode ?? '')) known.delete(model);
		});
		return await fields;
	};
}
