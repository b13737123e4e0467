// How a sandbox is seeded, and what a client needs to use it. The same names as `SandboxOptions` in
// src/sandbox/options.rs, but for the credentials.

/** How a sandbox is seeded and how it behaves. Unknown settings are refused. */
export interface SandboxOptions {
  /** The same seed gives the same records, ids and faults. Default 1. */
  seed?: number | undefined;
  /** Contacts in the GHL location at the start. Default 200. */
  contacts?: number | undefined;
  /** Notes for each contact, on average. Default 1.5. */
  notesPerContact?: number | undefined;
  /** Tasks for each contact, on average. Default 0.8. */
  tasksPerContact?: number | undefined;
  /** Instant of seeding in milliseconds since 1970. Default: now. */
  nowMs?: number | undefined;
  /** Share of contacts, from 0 to 1, that have a billing customer in ChartMogul. Default 0.6. */
  billingShare?: number | undefined;
  /** Refuses what only other people's clients send; see the reference's page on the sandbox. Default false. */
  strict?: boolean | undefined;
  /** GHL: requests allowed in each 10 seconds. Default 100. */
  burstLimit?: number | undefined;
  /** GHL: requests allowed in a day. Default 200,000. */
  dailyLimit?: number | undefined;
  /** GHL: milliseconds until a change shows in searches. Default 2,000. */
  searchLagMs?: number | undefined;
  /** GHL: milliseconds until a changed task shows so in the location's search. Default 0. */
  taskSearchLagMs?: number | undefined;
  /** GHL: whether writing a note or task moves its contact's `dateUpdated`. Default true. */
  notesTouchContact?: boolean | undefined;
  /** GHL: lets contacts share an e-mail or phone. Default false. */
  allowDuplicateContact?: boolean | undefined;
  /** GHL: scopes of the token. Default: all. */
  scopes?: string[] | undefined;
  /** GHL: what kind of token the credentials hold. Default `location`. */
  tokenKind?: "location" | "company" | "agency" | undefined;
  /** GHL: what a person who agrees to the OAuth app installs it in. Default `location`. */
  oauthInstall?: "location" | "company" | "bulk" | undefined;
  /** GHL: locations of the company in which the app is installed; only the first has records. Default 1. */
  oauthLocations?: number | undefined;
  /** GHL: milliseconds that a refresh token works after its first use. Default 0. */
  oauthGraceMs?: number | undefined;
  /** GHL: whether `/oauth/reconnect` is there. Default false. */
  oauthReconnect?: boolean | undefined;
  /** GHL: seconds that an OAuth access token works. Default 86,399. */
  oauthExpiresS?: number | undefined;
  /** GHL: whether a merge of two contacts takes the appointments of the one that goes. Default true. */
  mergeMovesAppointments?: boolean | undefined;
  /** GHL: whether deleting a business takes its contacts' `businessId` off. Default false. */
  businessDeletionClearsContacts?: boolean | undefined;
  /** ChartMogul: which generation of its interface answers. Default `september2026`. */
  chartmogulGeneration?: "september2026" | "before" | undefined;
  /** ChartMogul: requests allowed in a second. Default 40. */
  chartmogulLimit?: number | undefined;
  /** ChartMogul: whether `GET /v1/account` tells the account's `id`; before 2025 it did not. Default true. */
  chartmogulAccountId?: boolean | undefined;
  /** ChartMogul: what becomes of a contact's custom attribute that the account does not define. Default `dropUnknown`. */
  contactAttributes?: "keep" | "dropUnknown" | undefined;
  /** ChartMogul: keys of contacts' custom attributes that the account defines. Default `Toggle`, `ghl_contact_id`. */
  contactAttributeKeys?: string[] | undefined;
  /** ChartMogul: custom attributes of customers that have their type from the start. Default: none. */
  attributeTypes?: Record<string, "String" | "Integer" | "Decimal" | "Timestamp" | "Boolean"> | undefined;
  /** ChartMogul: what becomes of a customer's attribute whose JSON value is of another type. Default `convert`. */
  attributeValues?: "convert" | "sameType" | undefined;
  /** ChartMogul: whether texts stay as given, or white space, case of addresses and emoji are tidied. Default `asGiven`. */
  chartmogulTexts?: "asGiven" | "tidied" | undefined;
  /** ChartMogul: whether the key may only read. Default false. */
  chartmogulReadOnly?: boolean | undefined;
  /** ChartMogul: the status of moving a contact to a customer that is not there. Default 404. */
  contactMoveRefusal?: 404 | 422 | undefined;
}

/** What a client needs to use the sandbox. The secrets are made up from the seed. */
export interface SandboxCredentials {
  ghlToken: string;
  /** The company's token, for what only an agency may do. */
  ghlCompanyToken: string;
  locationId: string;
  companyId: string;
  chartmogulKey: string;
  /** The OAuth app's. */
  oauthClientId: string;
  oauthClientSecret: string;
}
