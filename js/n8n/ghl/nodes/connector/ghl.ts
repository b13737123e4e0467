// A connector for a node: its requests go through n8n with the node's credential, and never see the token.

import { NodeApiError, NodeOperationError, sleep } from 'n8n-workflow';
import type {
	IExecuteFunctions,
	IHttpRequestOptions,
	ILoadOptionsFunctions,
	INodeProperties,
	IPollFunctions,
} from 'n8n-workflow';
import { type Connector, createConnector, failureOf, httpRequestTransport } from './connector';

type Context = IExecuteFunctions | ILoadOptionsFunctions | IPollFunctions;

/** Which credential a node uses: one of the two is active. */
export const authentication: INodeProperties = {
	displayName: 'Authentication',
	name: 'authentication',
	type: 'options',
	noDataExpression: true,
	options: [
		{ name: 'Private Integration Token', value: 'ghlApi' },
		{ name: 'OAuth2', value: 'ghlOAuth2Api' },
	],
	default: 'ghlApi',
};

/** The ID of the location that a node's credential is of. */
export async function locationIdOf(context: Context): Promise<string> {
	const credential = await context.getCredentials(credentialName(context));
	const { locationId: granted } = (credential.oauthTokenData ?? {}) as { locationId?: string };
	const locationId = String(credential.locationId || granted || '').trim();
	if (locationId === '') {
		throw new NodeOperationError(context.getNode(), 'The credential has no location ID', {
			description: 'Add the ID of the location: it is in the address of the location in GHL, after /location/.',
		});
	}
	return locationId;
}

/** The connector of a node. Sends nothing yet; close it after use. */
export async function connectorOf(context: Context): Promise<Connector> {
	const name = credentialName(context);
	const credential = await context.getCredentials(name);
	const locationId = await locationIdOf(context);
	const id = context.getNode().credentials?.[name]?.id ?? 'new';
	const baseUrl = String(credential.baseUrl ?? '').trim();
	return createConnector({
		// Only tells this credential from others: n8n adds the token to each request.
		ghl: { token: `n8n-credential-${id}`, locationId, ...(baseUrl !== '' && { baseUrl }) },
		transport: httpRequestTransport({
			httpRequest: async (request) => await context.helpers.httpRequest(request as IHttpRequestOptions),
			withCredential: async (request) =>
				await context.helpers.httpRequestWithAuthentication.call(
					context,
					name,
					request as IHttpRequestOptions,
				),
			renews: name === 'ghlOAuth2Api',
		}),
		sleep,
		store: 'memory',
	});
}

function credentialName(context: Context): string {
	const { authentication } = context.getNode().parameters;
	return authentication === 'ghlOAuth2Api' ? 'ghlOAuth2Api' : 'ghlApi';
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
