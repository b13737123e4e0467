// The credential "Sync State API": where the sync keeps its links, when that is not the file in n8n's folder.

import type { Icon, ICredentialType, INodeProperties } from 'n8n-workflow';

export class SyncStateApi implements ICredentialType {
	name = 'syncStateApi';

	displayName = 'Sync State API';

	icon: Icon = { light: 'file:../icons/sync.svg', dark: 'file:../icons/sync.dark.svg' };

	documentationUrl = 'https://github.com/ghl-chartmogul/n8n-nodes-ghl-chartmogul-sync#state';

	properties: INodeProperties[] = [
		{
			displayName: 'URL',
			name: 'url',
			type: 'string',
			typeOptions: { password: true },
			required: true,
			default: '',
			placeholder: 'e.g. postgres://user:password@host/database',
			description:
				'Of a store: redis://, rediss://, postgres:// or sqlite: with the path of a file. It may hold a password.',
		},
	];
}
