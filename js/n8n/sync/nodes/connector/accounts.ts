// A connector for a node: its requests go through n8n with the node's credentials; its state is in a store.

import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { type Connector, createConnector, type StateStore, type Transport } from 'ghl-chartmogul';
import { failureOf, httpRequestTransport } from 'ghl-chartmogul/n8n-nodes';
import { sqlite } from 'ghl-chartmogul/sqlite';
import { NodeApiError, NodeOperationError } from 'n8n-workflow';
import type {
	ICredentialDataDecryptedObject,
	ICredentialsDecrypted,
	ICredentialTestFunctions,
	IExecuteFunctions,
	IHttpRequestOptions,
	ILoadOptionsFunctions,
	INodeCredentialTestResult,
	IPollFunctions,
} from 'n8n-workflow';

export type Context = IExecuteFunctions | ILoadOptionsFunctions | IPollFunctions;

type CredentialName = 'chartMogulAccountApi' | 'ghlAccountApi';

/** The connector of a node that reads and writes ChartMogul alone. Close it after use. */
export async function chartMogulOf(context: Context): Promise<Connector> {
	const credential = await context.getCredentials('chartMogulAccountApi');
	return createConnector({
		chartmogul: { apiKey: placeholder(context, 'chartMogulAccountApi'), ...baseUrlOf(credential) },
		transport: transportOf(context, 'chartMogulAccountApi'),
		store: 'memory',
	});
}

/** The connector of the sync: both services, and the state. Close it after use. */
export async function bothOf(context: IExecuteFunctions, sync: object): Promise<Connector> {
	const ghl = await context.getCredentials('ghlAccountApi');
	const chartmogul = await context.getCredentials('chartMogulAccountApi');
	const toGhl = transportOf(context, 'ghlAccountApi');
	const toChartMogul = transportOf(context, 'chartMogulAccountApi');
	const key = placeholder(context, 'chartMogulAccountApi');
	const isChartMogul = `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
	return createConnector({
		ghl: {
			token: placeholder(context, 'ghlAccountApi'),
			locationId: String(ghl.locationId).trim(),
			...baseUrlOf(ghl),
		},
		chartmogul: { apiKey: key, ...baseUrlOf(chartmogul) },
		transport: async (request) =>
			await (request.headers.authorization === isChartMogul ? toChartMogul(request) : toGhl(request)),
		store: await storeOf(context),
		sync,
	});
}

/** Only tells a credential from others: n8n adds the secret to each request. */
function placeholder(context: Context, name: CredentialName): string {
	return `n8n-credential-${name}-${context.getNode().credentials?.[name]?.id ?? 'new'}`;
}

function baseUrlOf({ baseUrl }: ICredentialDataDecryptedObject): { baseUrl?: string } {
	const text = String(baseUrl ?? '').trim();
	return text === '' ? {} : { baseUrl: text };
}

function transportOf(context: Context, name: CredentialName): Transport {
	return httpRequestTransport({
		httpRequest: async (request) => await context.helpers.httpRequest(request as IHttpRequestOptions),
		withCredential: async (request) =>
			await context.helpers.httpRequestWithAuthentication.call(context, name, request as IHttpRequestOptions),
	});
}

/** The store of the credential "Sync State API", or the SQLite file in n8n's user folder. */
async function storeOf(context: IExecuteFunctions): Promise<StateStore> {
	if (context.getNode().credentials?.syncStateApi === undefined) {
		const folder = join(env.N8N_USER_FOLDER ?? homedir(), '.n8n');
		mkdirSync(folder, { recursive: true });
		return sqlite(join(folder, 'ghl-chartmogul.db'));
	}
	const { url } = await context.getCredentials('syncStateApi');
	const { openStore } = await import('ghl-chartmogul/stores');
	return openStore(String(url));
}

/** Whether the store of a credential "Sync State API" can be reached: n8n asks this when it is saved. */
export async function testStore(
	this: ICredentialTestFunctions,
	{ data }: ICredentialsDecrypted,
): Promise<INodeCredentialTestResult> {
	try {
		const { openStore } = await import('ghl-chartmogul/stores');
		const store = openStore(String(data?.url ?? ''));
		await store.get(['v1/n8n']);
		await store.close?.();
		return { status: 'OK', message: 'The store can be reached' };
	} catch (reason) {
		const { message, hint } = failureOf(reason) ?? (reason as Error & { hint?: undefined });
		return { status: 'Error', message: [message, hint].filter(Boolean).join(' ') };
	}
}

/** The error that n8n shows: what happened, and what to do. */
export function nodeErrorOf(
	context: Context,
	reason: unknown,
	itemIndex?: number,
): NodeApiError | NodeOperationError {
	const node = context.getNode();
	const failure = failureOf(reason);
	if (failure === undefined) {
		if (reason instanceof NodeApiError || reason instanceof NodeOperationError) return reason;
		return new NodeOperationError(node, reason as Error, { itemIndex });
	}
	const { message, description, code, httpCode, isOfService } = failure;
	if (!isOfService) return new NodeOperationError(node, message, { itemIndex, description });
	return new NodeApiError(node, { message, code }, { message, description, itemIndex, httpCode });
}
