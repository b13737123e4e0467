// The node "GHL ChartMogul Sync": keeps a GHL location and a ChartMogul account in step.

import type { Connector } from 'ghl-chartmogul';
import { NodeConnectionTypes, NodeOperationError } from 'n8n-workflow';
import type {
	IDataObject,
	IExecuteFunctions,
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
} from 'n8n-workflow';
import { errorItem } from 'ghl-chartmogul/n8n-nodes';
import { bothOf, nodeErrorOf, testStore } from '../connector/accounts';
import { planned, requireInStep, type SyncResult, syncedBefore, totalsOf } from './result';

const show = (...operation: string[]) => ({ show: { operation } });

export class GhlChartMogulSync implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'GHL ChartMogul Sync',
		name: 'ghlChartMogulSync',
		icon: { light: 'file:../../icons/sync.svg', dark: 'file:../../icons/sync.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: '={{$parameter["operation"]}}',
		description: 'Keep contacts, notes and tasks of a GoHighLevel location and a ChartMogul account in step',
		defaults: { name: 'GHL ChartMogul Sync' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [
			{ name: 'ghlAccountApi', displayName: 'GHL', required: true },
			{ name: 'chartMogulAccountApi', displayName: 'ChartMogul', required: true },
			{ name: 'syncStateApi', displayName: 'State (Without One, a File in n8n’s Folder)', testedBy: 'testStore' },
		],
		properties: [
			{
				displayName: 'Operation',
				name: 'operation',
				type: 'options',
				noDataExpression: true,
				options: [
					{
						name: 'Get Many Conflicts',
						value: 'conflicts',
						action: 'Get many conflicts',
						description: 'Fields that both sides changed, and that a person must settle',
					},
					{
						name: 'Get Many Rejected Records',
						value: 'rejected',
						action: 'Get many rejected records',
						description: 'Records that a service refused, each with the cause',
					},
					{
						name: 'Get Status',
						value: 'status',
						action: 'Get the status',
						description: 'How the sync stands: counts, the last run, the calls of today',
					},
					{
						name: 'Plan',
						value: 'plan',
						action: 'Plan a sync',
						description: 'Shows what a sync would change, and writes nothing',
					},
					{
						name: 'Resolve Conflict',
						value: 'resolve',
						action: 'Resolve a conflict',
						description: 'Settles a conflict with the value of one side',
					},
					{
						name: 'Retry Record',
						value: 'retry',
						action: 'Retry a record',
						description: 'Tries a rejected record again with the next sync',
					},
					{
						name: 'Sync Contact',
						value: 'syncContact',
						action: 'Sync a contact',
						description: 'Brings one contact, its notes and its tasks in step',
					},
					{
						name: 'Sync Now',
						value: 'sync',
						action: 'Sync all that changed',
						description: 'Brings all that changed in step. Only plans until a sync with Write on was done.',
					},
				],
				default: 'sync',
			},
			{
				displayName: 'Contact ID',
				name: 'contactId',
				type: 'string',
				required: true,
				default: '',
				displayOptions: show('syncContact'),
				placeholder: 'e.g. seD4PfOuKoVMLkEZqohJ',
				description: 'Of the contact in GHL, or of the customer in ChartMogul: <code>cus_…</code>',
			},
			{
				displayName: 'Conflict ID',
				name: 'conflictId',
				type: 'string',
				required: true,
				default: '',
				displayOptions: show('resolve'),
			},
			{
				displayName: 'Winner',
				name: 'winner',
				type: 'options',
				options: [
					{ name: 'Both, as Two Notes', value: 'both' },
					{ name: 'ChartMogul', value: 'chartmogul' },
					{ name: 'GHL', value: 'ghl' },
				],
				default: 'ghl',
				displayOptions: show('resolve'),
				description: 'Whose value is kept',
			},
			{
				displayName: 'Record ID',
				name: 'recordId',
				type: 'string',
				required: true,
				default: '',
				displayOptions: show('retry'),
				description: 'As the rejected record names it',
			},
			{
				displayName: 'Return All',
				name: 'returnAll',
				type: 'boolean',
				default: false,
				displayOptions: show('conflicts', 'rejected'),
				description: 'Whether to return all results or only up to a given limit',
			},
			{
				displayName: 'Limit',
				name: 'limit',
				type: 'number',
				typeOptions: { minValue: 1 },
				default: 50,
				displayOptions: { show: { operation: ['conflicts', 'rejected'], returnAll: [false] } },
				description: 'Max number of results to return',
			},
			{
				displayName: 'Return Changes',
				name: 'returnChanges',
				type: 'boolean',
				default: false,
				displayOptions: show('plan'),
				description: 'Whether to return an item for each change in place of one with the totals',
			},
			{
				displayName: 'Write',
				name: 'apply',
				type: 'boolean',
				default: false,
				displayOptions: show('sync', 'syncContact'),
				description:
					'Whether to write even if the location was never synced whole, or a plan asks to be read. Without it, every run only plans until one with Write is done. Read the plan first.',
			},
			{
				displayName: 'Settings',
				name: 'settings',
				type: 'json',
				default: '{}',
				description:
					'Settings of the sync, for example <code>{ "anchor": "contact-is-customer" }</code>. Give the same in each node of this location.',
			},
			{
				displayName: 'Options',
				name: 'options',
				type: 'collection',
				placeholder: 'Add option',
				default: {},
				displayOptions: show('plan', 'sync', 'syncContact'),
				options: [
					{
						displayName: 'Fail If Not in Step',
						name: 'failIfNotInStep',
						type: 'boolean',
						default: true,
						displayOptions: { show: { '/operation': ['sync', 'syncContact'] } },
						description:
							'Whether the node fails when records failed or wait for a person, when the sync was stopped, or when its plan must be read first. What was written stays, and the next run continues.',
					},
					{
						displayName: 'Full',
						name: 'full',
						type: 'boolean',
						default: false,
						description: 'Whether to read everything again, not only what changed',
					},
					{
						displayName: 'Slice (Seconds)',
						name: 'sliceSeconds',
						type: 'number',
						typeOptions: { minValue: 1 },
						default: 60,
						description: 'After so long a run stops at its next step, and the next slice continues there',
					},
					{
						displayName: 'Until Done',
						name: 'untilDone',
						type: 'boolean',
						default: true,
						description: 'Whether to run slice after slice until all is done, or one slice only',
					},
				],
			},
		],
	};

	methods = { credentialTest: { testStore } };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const items = this.getInputData();
		const results: INodeExecutionData[] = [];
		for (let itemIndex = 0; itemIndex < items.length; itemIndex++) {
			try {
				for (const json of await resultsOf(this, itemIndex)) {
					results.push({ json: json as IDataObject, pairedItem: { item: itemIndex } });
				}
			} catch (error) {
				if (!this.continueOnFail()) throw nodeErrorOf(this, error, itemIndex);
				results.push({
					json: errorItem(error),
					error: nodeErrorOf(this, error, itemIndex),
					pairedItem: { item: itemIndex },
				});
			}
		}
		return [results];
	}
}

interface Options {
	failIfNotInStep?: boolean;
	full?: boolean;
	sliceSeconds?: number;
	untilDone?: boolean;
}

async function resultsOf(context: IExecuteFunctions, itemIndex: number): Promise<object[]> {
	const options = context.getNodeParameter('options', itemIndex, {}) as Options;
	const connector = await bothOf(context, settingsOf(context, itemIndex));
	try {
		return await operate(context, connector, options, itemIndex);
	} finally {
		await connector.close();
	}
}

function settingsOf(context: IExecuteFunctions, itemIndex: number): object {
	const settings = context.getNodeParameter('settings', itemIndex, '{}') as string | object;
	if (typeof settings === 'object') return settings;
	try {
		return JSON.parse(settings) as object;
	} catch {
		throw new NodeOperationError(context.getNode(), 'Settings are not valid JSON', { itemIndex });
	}
}

async function operate(
	context: IExecuteFunctions,
	{ sync }: Connector,
	options: Options,
	itemIndex: number,
): Promise<object[]> {
	const text = (name: string) => String(context.getNodeParameter(name, itemIndex)).trim();
	const signal = context.getExecutionCancelSignal();
	switch (text('operation')) {
		case 'status':
			return [await sync.status({ signal })];
		case 'plan': {
			const plan = await sync.plan({ full: options.full, signal });
			if (context.getNodeParameter('returnChanges', itemIndex) !== true) return [totalsOf(plan)];
			return await all(plan.changes({ signal }));
		}
		case 'conflicts':
			return await all(sync.conflicts({ limit: limitOf(context, itemIndex), signal }));
		case 'rejected':
			return await all(sync.deadLetters({ limit: limitOf(context, itemIndex), signal }));
		case 'resolve':
			return [await sync.resolve(text('conflictId'), text('winner') as 'ghl', { signal })];
		case 'retry':
			return [await sync.retry(text('recordId'), { signal })];
		default: {
			const contacts = text('operation') === 'syncContact' ? [text('contactId')] : undefined;
			const apply = context.getNodeParameter('apply', itemIndex) === true;
			const deadlineMs = (options.sliceSeconds ?? 60) * 1_000;
			if (!apply && !syncedBefore(await sync.status({ signal }))) {
				const plan = await sync.plan({ contacts, full: options.full, signal });
				return [planned(plan, await sync.status({ signal }))];
			}
			const slice = async () => await sync.run({ contacts, apply, full: options.full, deadlineMs, signal });
			let outcome = await slice();
			while (options.untilDone !== false && outcome.stopped === 'deadline') outcome = await slice();
			const result: SyncResult = { ...outcome, guard: outcome.report.guard };
			if (options.failIfNotInStep !== false) requireInStep(context, result, itemIndex, contacts !== undefined);
			return [result];
		}
	}
}

function limitOf(context: IExecuteFunctions, itemIndex: number): number | undefined {
	if (context.getNodeParameter('returnAll', itemIndex) === true) return undefined;
	return context.getNodeParameter('limit', itemIndex) as number;
}

async function all<Item extends object>(list: AsyncIterable<Item>): Promise<object[]> {
	const items: object[] = [];
	for await (const item of list) items.push(item);
	return items;
}
