// The credential "ChartMogul Account API": an API key.

import type {
	IAuthenticateGeneric,
	Icon,
	ICredentialTestRequest,
	ICredentialType,
	INodeProperties,
} from 'n8n-workflow';

export class ChartMogulAccountApi implements ICredentialType {
	name = 'chartMogulAccountApi';

	displayName = 'ChartMogul Account API';

	icon: Icon = { light: 'file:../icons/chartmogul.svg', dark: 'file:../icons/chartmogul.dark.svg' };

	documentationUrl = 'https://github.com/ghl-chartmogul/n8n-nodes-ghl-chartmogul-sync#credentials';

	properties: INodeProperties[] = [
		{
			displayName: 'API Key',
			name: 'apiKey',
			type: 'string',
			typeOptions: { password: true },
			required: true,
			default: '',
			description: 'From your profile in ChartMogul, under API keys. The sync needs one that may write.',
		},
		{
			displayName: 'Base URL',
			name: 'baseUrl',
			type: 'string',
			default: 'https://api.chartmogul.com',
			description: 'Change it only to try the nodes on a sandbox',
		},
	];

	authenticate: IAuthenticateGeneric = {
		type: 'generic',
		properties: { auth: { username: '={{$credentials.apiKey}}', password: '' } },
	};

	test: ICredentialTestRequest = {
		request: { baseURL: '={{$credentials.baseUrl}}', url: '/v1/ping' },
	};
}
