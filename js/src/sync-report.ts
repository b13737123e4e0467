// What the sync plans and reports. The shapes are those of src/sync, as they come out of the module;
// a test compares their names.

import type { ErrorCode, ErrorFields } from "./errors.js";

/**
 * The kinds of records that are synced. A `customer` stands for the tags and custom attributes
 * of a ChartMogul customer, which its contacts share.
 */
export type RecordKind = "business" | "contact" | "customer" | "note" | "task";

/**
 * What is done to a record. `move`: it goes to another customer. `delete`: a double of ours is deleted. `keep`: nothing is written, as
 * ChartMogul's value was kept at the first link. For the last three nothing is done: the reason says why.
 */
export type ChangeAction =
  | "create"
  | "update"
  | "complete"
  | "link"
  | "move"
  | "delete"
  | "keep"
  | "skip"
  | "conflict"
  | "error";

/** Why a record is not in step. */
export type Cause =
  /** ChartMogul refused it. */
  | "rejected"
  /** It could not be read. */
  | "unread"
  /** Whether it was written is not known yet. */
  | "open"
  /** It could not be written for now: the next run tries again. */
  | "unavailable"
  /** A value cannot be stored in ChartMogul. */
  | "unmappable"
  /** A value was cut, left out or refused; the rest of its record was written. */
  | "field"
  /** Several customers match. */
  | "ambiguous"
  /** No ChartMogul customer matches. */
  | "noCounterpart"
  /** It belongs to no business. */
  | "noBusiness"
  /** It belongs to no contact. */
  | "noContact"
  /** Its contact is not in ChartMogul. */
  | "parentApart"
  /** A person deleted it in ChartMogul. */
  | "deleted"
  /** A person deleted its customer in ChartMogul. */
  | "customerDeleted"
  /** A person edited the copy at its former customer: it stays there. */
  | "edited"
  /** A person unlinked it. */
  | "unlinked"
  /** A person accepted it as it is. */
  | "accepted"
  /** GHL has another contact of the same e-mail address, which stands for it. */
  | "duplicate"
  /** ChartMogul has it more than once. */
  | "double"
  /** A decision about it was queued, and could not be carried out. */
  | "decision";

/** How a record that is not in step stands: it fails, it waits for a person, or that is settled. */
export type Standing = "failed" | "waiting" | "apart";

/** Numbers of records by kind. */
export type CountByKind = Readonly<Partial<Record<RecordKind, number>>>;

/** Numbers of changes by action and kind. */
export type Totals = Readonly<Partial<Record<ChangeAction, CountByKind>>>;

/** API calls by service. */
export interface Calls {
  ghl: number;
  chartmogul: number;
}

/** A field's value before, where it is known, and after. */
export interface FieldChange {
  from?: unknown;
  to: unknown;
}

/** One change of a plan. */
export interface Change {
  action: ChangeAction;
  kind: RecordKind;
  direction: "ghl-to-chartmogul";
  /** GHL's id of the record; for the kind `customer` the contact that leads. */
  ghlId: string;
  /** For notes and tasks: the GHL contact. */
  ghlContactId?: string;
  /** ChartMogul's uuid of the record, where it exists. */
  chartmogulId?: string;
  /** Uuid of the ChartMogul customer, where it exists. */
  chartmogulCustomer?: string;
  /** The record's name, or the beginning of its text. */
  title: string;
  /** Why. */
  reason: string;
  /** For what is not carried out: why, of a closed list. */
  cause?: Cause;
  /** For skips, conflicts and errors: an error code. */
  code?: ErrorCode;
  fields: Readonly<Record<string, FieldChange>>;
  /** Fields whose values stay ChartMogul's since the first link. */
  kept?: readonly string[];
  /** Tags that the customer gets. */
  tagsAdded?: readonly string[];
  /** Tags that the customer loses: only such as the sync added. */
  tagsRemoved?: readonly string[];
  /** Values that the other service has no place for; the rest of the record is synced. */
  problems?: readonly { field: string; reason: string }[];
  /** For conflicts: the candidates' uuids. */
  candidates?: readonly string[];
  /** How many existing values it replaces. */
  replaces: number;
  /** True for a refused record that is tried again: outside of the caps. */
  retry?: boolean;
  /** ChartMogul calls it costs. */
  calls: number;
}

/** A plan without its changes. */
export interface PlanSummary {
  id: string;
  /** When reading began, epoch milliseconds. */
  createdAt: number;
  /** Whether everything was read, or what changed since the last pass. */
  pass: "full" | "incremental";
  /** Records read. */
  read: CountByKind;
  /** Changes by action and kind. */
  totals: Totals;
  /** Linked records that need no change. */
  unchanged: CountByKind;
  /** The least calls that applying will cost. */
  calls: Calls;
  /** Calls that reading has cost. */
  readCalls: Calls;
  /** Existing values of ChartMogul that applying replaces. */
  replaces: number;
  /** Refused records that are tried again: outside of the caps. */
  retries: number;
  /**
   * Values that were cut or left out for the first time. Each is an event, a dead letter of the kind
   * `field`, and in the status until it is corrected.
   */
  leftOut: number;
  /** Records that are deleted: our own copies of what moves. */
  deletes: number;
  /** Duplicates of synced notes and tasks in ChartMogul; found by full passes. */
  doubles: number;
  /** Those of them that it deletes. */
  removes: number;
  /** Lists that could not be read, by the kind they list: the next run reads them. */
  unread: CountByKind;
  /** Links whose counterpart is gone from ChartMogul. */
  voids: number;
  /** Why a person must read the plan before it is applied; null where nobody has to. */
  guard: string | null;
  /** Things to look at. */
  warnings: readonly string[];
  /** GHL's quota of today, where it is known; `share` of it, 0 to 1, goes to this plan. */
  quota?: { limit: number; remaining: number; share: number };
}

/** What a run did. */
export interface SyncReport {
  /** The plan it made or carried out. */
  planId: string;
  pass: "full" | "incremental";
  /** Records read. */
  read: CountByKind;
  /** Changes planned, by action and kind. */
  planned: Totals;
  /** Changes carried out, by action and kind. */
  done: Totals;
  /** Linked records that needed no change. */
  unchanged: CountByKind;
  /** Records that failed in this run. Values that were cut or left out of a record do not count. */
  rejected: number;
  /** Values that were cut or left out of records, and are reported for the first time. */
  leftOut: number;
  /** Of the changes carried out: refused records that were tried again. */
  retried: number;
  /** Records that turned out to be deleted in ChartMogul by a person. */
  apart: number;
  /** Lists that could not be read, by the kind they list: the next run reads them. */
  unread: CountByKind;
  /** Why a person must read the plan before it is applied; null where nobody has to. */
  guard: string | null;
  /** Calls sent, reading included. */
  calls: Calls;
  /** The least calls that the same could have taken. */
  leastCalls: Calls;
  elapsedMs: number;
  /** Things to look at. */
  warnings: readonly string[];
}

/** How many records are not in step and not settled. */
export interface StandingCounts {
  /** Was not synced. */
  failed: number;
  /** Wait for a person. */
  waiting: number;
}

/** How a run or an apply ended. */
export interface SyncOutcome {
  /** True when it finished; false when it stopped: the next run continues there. */
  done: boolean;
  /** True when nothing was written: the location's first run, or a plan that a person must read. */
  plannedOnly: boolean;
  /** Why it stopped; `unavailable`: several lists in a row could not be read. */
  stopped?: "deadline" | "calls" | "records" | "quota" | "unavailable";
  /** Where the next run continues. */
  checkpoint?: string;
  /** Records that are not in step, now or since an earlier run. Both are 0 when all is well. */
  standing: StandingCounts;
  report: SyncReport;
}

/** A record, a value of one, or a list that is not in step; the run continued. */
export interface DeadLetter {
  /**
   * `field`: a value of a record; `list`: a contact's notes that could not be read; `decision`: one that was
   * queued and could not be carried out.
   */
  kind: RecordKind | "field" | "list" | "decision";
  /** GHL's id of it; for a field `KIND/ID/FIELD`. */
  id: string;
  /** The GHL contact that it belongs to. */
  contact?: string;
  /** `apart`: told, and settled, such as a text that was cut. */
  standing: Standing;
  /** Why, of a closed list. */
  cause: Cause;
  code: ErrorCode;
  /** What happened. */
  reason: string;
  /** What to do about it. */
  hint?: string;
  /** When, epoch milliseconds. */
  at: number;
  /** Hash of what should have been written: the same content is not tried again and again. */
  content?: string;
  /** Hash of what GHL showed: a change takes an acceptance back. */
  shows?: string;
  /** Whether the next run tries again without a change. */
  retryable: boolean;
  /** The group of equal refusals it belongs to: a full pass tries some of each. */
  group?: string;
  /** For conflicts: the candidates' uuids. */
  candidates?: readonly string[];
}

/** How a record stands, and why. */
export interface RecordStatus {
  /** The id that was asked for. */
  id: string;
  /** Left out where the state knows nothing of it. */
  kind?: RecordKind;
  standing: "inStep" | Standing | "unknown";
  /** Why it is not in step, of a closed list. */
  cause?: Cause;
  /** The same in a sentence. */
  reason: string;
  /** What to do about it: commands are in backticks. */
  hint?: string;
  /** GHL's id of it. */
  ghlId?: string;
  /** The GHL contact it belongs to. */
  ghlContactId?: string;
  /** ChartMogul's uuid of it. */
  chartmogulId?: string;
  /** Uuid of its ChartMogul customer. */
  chartmogulCustomer?: string;
  /** How both came to be linked. */
  matched?: Matched;
  /** Fields whose values stay ChartMogul's. */
  kept: readonly string[];
  /** Values that were cut, left out or refused, and why. */
  fields: readonly string[];
  /** For conflicts: the candidates' uuids. */
  candidates: readonly string[];
  /** Since when it has stood so, epoch milliseconds. */
  since?: number;
  /**
   * For a decision that is not carried out yet: who is syncing the location, and takes it up before the end.
   * Until then the record stands as it did.
   */
  queued?: Holder;
}

/** How a GHL record and a ChartMogul record came to be linked. */
export type Matched =
  /** We created it. */
  | "created"
  /** A person linked them. */
  | "choice"
  /** They were linked before. */
  | "link"
  /** It carries our external id. */
  | "externalId"
  /** Its custom attribute names the GHL contact. */
  | "attribute"
  /** Its e-mail address is the same. */
  | "email"
  /** Its name is the same, under the same customer. */
  | "name"
  /** Its phone or secondary e-mail address is the same, and unique on both sides. */
  | "weak"
  /** It is the customer of the contact's business. */
  | "business"
  /** Its text carries our marker. */
  | "marker"
  /** Its content is the same. */
  | "content";

/** Records that stand for one reason. */
export interface ReasonCount {
  standing: Standing;
  cause: Cause;
  /** How many of each kind. */
  kinds: Readonly<Partial<Record<RecordKind | "field" | "list" | "decision", number>>>;
  /** What to do about them. */
  hint: string;
}

/** What the store holds of the location. Instants are epoch milliseconds, 0 for never. */
export interface SyncStatus {
  /** Goes up whenever a plan is applied, or a person decides: a plan made before is stale. */
  revision: number;
  /** Contacts changed up to here were read. */
  watermark: number;
  /** When the last pass that read everything began. */
  fullPassAt: number;
  /** When a plan was last made. */
  plannedAt: number;
  /** When a plan was last applied whole. */
  appliedAt: number;
  /** The plan that was last applied whole. */
  lastPlan: string;
  /** Pages that ChartMogul's customers and contacts took when they were last listed; 0 for never. */
  listPages: number;
  /** Linked records of all kinds. */
  linked: number;
  /** What the links were made with; null while there are none. */
  anchor: "attach-only" | "contact-is-customer" | "business-is-customer" | null;
  /** The ChartMogul account that the links belong to; empty texts while there are none. */
  account: AccountMark;
  /** Uuid of the data source that customers are created in, once it is known. */
  dataSource: string | null;
  /** How many records are not in step and not settled. */
  standing: StandingCounts;
  /** The same by reason, with what stands apart. */
  reasons: readonly ReasonCount[];
  /** GHL's quota of the day as a run saw it last; left out once it has started again. */
  quota?: { limit: number | null; remaining: number; resetsAtMs: number };
  /** The run under way, where one was stopped; `phase` says what it was at, for people. */
  unfinished?: { planId: string; phase: string; createdAt: number };
  /** The last run over all contacts that finished with no record failing. */
  lastGood?: SyncRun;
  /** Who is changing the state now. One that was killed stands here until another takes over. */
  holder?: Holder;
  /** Decisions that wait for whoever holds the state, or takes it next. */
  queued: number;
}

/** Who is working on a location's state. */
export interface Holder {
  /** Who that is, for people; empty where the host does not say. */
  name: string;
  /** Since when, by its own clock, epoch milliseconds. */
  since: number;
}

/** A run or an apply: what it did and why it stopped. Holds no value of a record. */
export interface SyncRun {
  /** The plan it made or carried out; null where it failed before it had one. */
  planId: string | null;
  /** What it read; null where it failed before that was decided. */
  pass: "full" | "incremental" | "contacts" | null;
  /** When it began, epoch milliseconds. */
  beganAt: number;
  /** When it ended; null while it is under way, and for one that was interrupted. */
  endedAt: number | null;
  /** Milliseconds it took, whatever the clock was set to meanwhile. */
  elapsedMs: number | null;
  /** True at its end; false when it stopped or failed. */
  done: boolean;
  /** True when nothing was written: the location's first run, or a plan that a person must read. */
  plannedOnly: boolean;
  /**
   * Why it stopped before its end; `interrupted`: its process was killed, or another one took the store
   * over. That is known once another has held the store.
   */
  stopped: "deadline" | "calls" | "records" | "quota" | "unavailable" | "interrupted" | null;
  /** What it failed with. */
  error: RunError | null;
  /** Changes carried out, by action and kind. */
  totals: Totals;
  /** Calls that it sent itself; null while it has no end. */
  calls: Calls | null;
  /** Records that were not in step after it. */
  standing: StandingCounts | null;
}

/** What a run failed with. */
export interface RunError {
  code: ErrorCode;
  /** What happened. */
  message: string;
}

/** What tells a ChartMogul account from others. */
export interface AccountMark {
  /** Its id, where the service gives one. */
  id: string | null;
  name: string;
  currency: string;
  timeZone: string;
}

/** What `check()` finds. */
export interface CheckReport {
  /** True when a sync can run. */
  ok: boolean;
  ghl: {
    /** Whether the token works for the location, with every scope that the sync needs. */
    ok: boolean;
    /** The location's name. */
    location: string | null;
    /** Its IANA time zone. */
    timeZone: string | null;
    scopes: readonly { scope: string; ok: boolean }[];
    /** The day's quota of calls, as far as the service tells. */
    quota: { limit: number | null; remaining: number; resetsAtMs: number } | null;
  };
  chartmogul: {
    ok: boolean;
    /** The account's name. */
    account: string | null;
    /** The data source that customers are created in; its uuid is null while it does not exist. */
    dataSource: { name: string; uuid: string | null } | null;
  };
  /** Null where GHL's users could not be read. */
  users: {
    /** GHL users who have a ChartMogul address. */
    mapped: number;
    /** Names of those who have none. */
    unmapped: readonly string[];
    defaultAssignee: string | null;
  } | null;
  /** What prevents a sync. */
  problems: readonly ErrorFields[];
  /** What a sync would leave out. */
  warnings: readonly ErrorFields[];
  /** With `records`: what ChartMogul's records are. Left out where they could not be walked. */
  records?: RecordsReport;
}

/** What a walk of ChartMogul's contacts, notes and tasks found. */
export interface RecordsReport {
  /** Records that were walked. */
  walked: CountByKind;
  /** How many findings there are. */
  counts: Readonly<Record<FindingCause, number>>;
  /** The first 1,000 of them. */
  findings: readonly Finding[];
}

/** Why a record of ChartMogul is listed. */
export type FindingCause =
  /** There is more than one for the same GHL record, whether or not a person has edited it. */
  | "double"
  /** It is linked, and gone. */
  | "gone"
  /** It names a GHL record that the store does not know: another installation writes here. */
  | "unknown";

/** A record of ChartMogul that is not as the store knows it. */
export interface Finding {
  cause: FindingCause;
  kind: RecordKind;
  /** The GHL record that it names, or is linked with. */
  ghlId: string;
  /** Its uuid. */
  chartmogulId: string;
  /** Uuid of its customer. */
  chartmogulCustomer?: string;
  /** For a double, uuid of the other one: of the linked one, where one is linked. */
  doubleOf?: string;
}
