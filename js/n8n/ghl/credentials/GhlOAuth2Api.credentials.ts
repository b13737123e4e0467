// The credential "GHL OAuth2 API": a marketplace app that a location has installed.

import type { Icon, ICredentialType, INodeProperties } from 'n8n-workflow';

const scopes = [
	'businesses.readonly businesses.write calendars.readonly calendars.write calendars/events.readonly',
	'calendars/events.write calendars/groups.readonly calendars/groups.write contacts.readonly contacts.write',
	'conversations.readonly conversations.write conversations/message.readonly locations.readonly',
	'locations/customFields.readonly locations/customValues.readonly locations/tags.readonly locations/tags.write',
	'opportunities.readonly opportunities.write users.readonly workflows.readonly campaigns.readonly',
];

export class GhlOAuth2Api implements ICredentialType {
	name = 'ghlOAuth2Api';

	extends = ['oAuth2Api'];

	displayName = 'GHL OAuth2 API';

	icon: Icon = { light: 'file:../icons/ghl.svg', dark: 'file:../icons/ghl.dark.svg' };

	documentationUrl = 'https://github.com/ghl-chartmogul/n8n-nodes-ghl-connector#credentials';

	properties: INodeProperties[] = [
		{ displayName: 'Grant Type', name: 'grantType', type: 'hidden', default: 'authorizationCode' },
		{
			displayName: 'Authorization URL',
			name: 'authUrl',
			type: 'hidden',
			default: 'https://marketplace.gohighlevel.com/oauth/chooselocation',
			required: true,
		},
		{
			displayName: 'Access Token URL',
			name: 'accessTokenUrl',
			type: 'hidden',
			default: '={{$self["baseUrl"]}}/oauth/token',
			required: true,
		},
		{
			displayName: 'Scope',
			name: 'scope',
			type: 'string',
			default: scopes.join(' '),
			description: 'Scopes of the app, separated by spaces: those that the app has in the marketplace',
		},
		{ displayName: 'Auth URI Query Parameters', name: 'authQueryParameters', type: 'hidden', default: '' },
		{ displayName: 'Authentication', name: 'authentication', type: 'hidden', default: 'body' },
		{
			displayName: 'Location ID',
			name: 'locationId',
			type: 'string',
			default: '',
			placeholder: 'e.g. ve9EPM428h8vShlRW1KT',
			description: 'Empty for the location that was chosen when connecting',
		},
		{
			displayName: 'Base URL',
			name: 'baseUrl',
			type: 'string',
			default: 'https://services.leadconnectorhq.com',
			description: 'Change it only to try the nodes on a sandbox',
		},
	];
}
