// What a program can set of the sync. The same names and defaults as src/mapping/settings.rs, and as
// the JSON Schema of the configuration file; a test compares them.

/** What the sync copies, and how. Every setting has a safe default. */
export interface SyncSettings {
  /**
   * What a GHL contact becomes in ChartMogul. `attach-only` (default): a contact of the customer it
   * matches, never a new customer. `contact-is-customer`: a customer with its primary contact.
   * `business-is-customer`: a contact of the customer that its GHL business becomes.
   */
  anchor?: "attach-only" | "contact-is-customer" | "business-is-customer" | undefined;
  /** What is synced besides contacts. Default: both. */
  objects?: ("tasks" | "notes")[] | undefined;
  /** Name or uuid of the custom data source that customers are created in. Default: `GoHighLevel - LOCATION NAME`. */
  dataSource?: string | undefined;
  /** Which ChartMogul user stands for which GHL user. */
  users?: UserSettings | undefined;
  /** Fields synced as custom attributes. Default: none. */
  customFields?: CustomFieldSetting[] | undefined;
  /** Tags synced to customers: those that begin with one of the prefixes. Default: none. */
  tags?: { prefixes?: string[] | undefined } | undefined;
  /** Whether texts end with a marker that names the GHL record, so that a lost store can be rebuilt. Default `trailing`. */
  marker?: "trailing" | "none" | undefined;
  /** How note texts are written. Default `html`: escaped, with `<br>` for line breaks. */
  noteFormat?: "html" | "plain" | undefined;
  /** A task over 255 characters is cut at a word; with `note`, its whole text becomes a note as well. Default `cut`. */
  longTasks?: "cut" | "note" | undefined;
  /** With the anchor `business-is-customer`: contacts without a business are left out, or become customers. Default `skip`. */
  withoutBusiness?: "skip" | "customer" | undefined;
  /**
   * What happens to differing values when a record that somebody else made is first linked: `fillEmpty`
   * (default) fills empty fields and keeps ChartMogul's values, `overwrite` replaces them.
   */
  onLink?: "fillEmpty" | "overwrite" | undefined;
  /**
   * With an anchor that makes customers, where another data source has a customer of the same e-mail
   * address: `attach` (default) attaches the contact to it, `create` makes a second customer.
   */
  onExisting?: "attach" | "create" | undefined;
  /** When a customer of our own data source was deleted in ChartMogul: `leave` (default) lists it, `recreate` makes it again. */
  onDeleted?: "leave" | "recreate" | undefined;
  /** Name or uuid of the data source whose customer is taken where several customers have the same e-mail address. Default: none. */
  prefer?: string | undefined;
  /** Whether a contact's assigned user becomes the customer's owner. Default false. */
  owner?: boolean | undefined;
  /** E-mail addresses that several people share: never used for matching. Default: none. */
  sharedEmails?: string[] | undefined;
  /** ISO 3166-1 alpha-2 country of phones written without a country code. Default: the location's. */
  defaultCountry?: string | undefined;
  /** IANA time zone in which due dates become days. Default: the location's. */
  timeZone?: string | undefined;
  /** The decimal mark of numbers written as text, where `1,250` could be two numbers. Default: that of the location's country. */
  decimalMark?: "point" | "comma" | undefined;
  /** More words for true and false in fields synced as Boolean, for example `{ true: ["aktiv"] }`. Default: none. */
  booleanWords?: BooleanWordSettings | undefined;
  /**
   * Hours in which everything is read again: the lists of both services at once, the notes of contacts
   * that did not change a share in each run. Longer where `dailyCalls` asks for it. Default 24.
   */
  fullPassHours?: number | undefined;
  /** Most calls a day to GHL. Default: half of the quota that GHL's answers tell. */
  dailyCalls?: number | undefined;
  /** Minutes after which a plan is too old to apply. Default 60. */
  maxPlanAgeMinutes?: number | undefined;
  /** Milliseconds for which a run waits for a service that is unavailable before it ends. Default 300,000. */
  patienceMs?: number | undefined;
  /**
   * Duplicates of synced notes and tasks in ChartMogul: a full pass lists them (default), or deletes
   * all but the linked one. A copy that a person edited is never deleted.
   */
  doubles?: "list" | "remove" | undefined;
  /** Limits that a plan must not exceed to be applied. Default: none. */
  caps?: CapSettings | undefined;
  /** Whether the first run of a location only plans (default), or writes. */
  firstRun?: "plan" | "apply" | undefined;
}

/** Which ChartMogul user stands for which GHL user. */
export interface UserSettings {
  /** E-mail of the ChartMogul user who gets tasks of unassigned or unknown users. Without it such a task is rejected. */
  defaultAssignee?: string | undefined;
  /** GHL user id or e-mail to ChartMogul e-mail. Default: empty. */
  map?: Record<string, string> | undefined;
  /** Whether a GHL user's e-mail is taken for a ChartMogul user's. Default true. */
  sameEmail?: boolean | undefined;
}

/** Words for true and false, beside those of many languages that are known. They go first. */
export interface BooleanWordSettings {
  /** Words that mean true. */
  true?: string[] | undefined;
  /** Words that mean false. */
  false?: string[] | undefined;
}

/** A field synced as a custom attribute. */
export interface CustomFieldSetting {
  /** GHL's field key, for example `contact.plan`, or a standard field: `source`, `timezone`, `dnd`, `address1`, `type`, `dateOfBirth`. */
  from: string;
  /** Key of the attribute: letters, digits, underscores. */
  to: string;
  /** Type of the attribute. ChartMogul fixes it at the first write. */
  type: "String" | "Integer" | "Decimal" | "Timestamp" | "Boolean";
  /** What holds it. Default: the customer with `contact-is-customer`, else the contact. */
  object?: "customer" | "contact" | undefined;
}

/** Limits that a plan must not exceed to be applied. */
export interface CapSettings {
  /** Most records created by one plan. */
  maxCreates?: number | undefined;
  /** Most records deleted by one plan. */
  maxDeletes?: number | undefined;
  /** Most linked records changed by one plan, in percent of those linked. */
  maxChangePercent?: number | undefined;
}
