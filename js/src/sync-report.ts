// What the sync plans and reports. The shapes are those of src/sync, as they come out of the module.

import type { ErrorCode, ErrorFields } from "./errors.js";

/** The kinds of records that the sync brings over. */
export type RecordKind = "dataSource" | "business" | "contact" | "note" | "task";

/** What is done to a record; for the last three, nothing: the reason says why. */
export type ChangeAction = "create" | "update" | "complete" | "link" | "skip" | "conflict" | "error";

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
  /** GHL's id of the record. */
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
  /** For skips, conflicts and errors: an error code. */
  code?: string;
  fields: Readonly<Record<string, FieldChange>>;
  /** Values that cannot be brought over; the rest of the record is. */
  problems?: readonly { field: string; reason: string }[];
  /** For conflicts: the candidates' uuids. */
  candidates?: readonly string[];
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
  /** Records set aside as dead letters. Values that were cut or left out of a record that crossed are dead letters too, and not counted here. */
  rejected: number;
  /** Calls sent, reading included. */
  calls: Calls;
  /** The least calls that the same could have taken. */
  leastCalls: Calls;
  elapsedMs: number;
  /** Things to look at. */
  warnings: readonly string[];
}

/** How a run or an apply ended. */
export interface SyncOutcome {
  /** True at its end; false when it stopped at a budget: the next run goes on there. */
  done: boolean;
  /** True when nothing was written because it was the location's first run. */
  plannedOnly: boolean;
  /** Why it stopped. */
  stopped?: "deadline" | "calls" | "records" | "quota";
  /** Where the next run goes on. */
  checkpoint?: string;
  report: SyncReport;
}

/** A record, or a field of one, that was set aside; the run went on. */
export interface DeadLetter {
  kind: RecordKind | "field";
  /** GHL's id of it. */
  id: string;
  /** The GHL contact that it belongs to. */
  contact?: string;
  code: ErrorCode;
  /** What happened. */
  reason: string;
  /** What to do about it. */
  hint?: string;
  /** When, epoch milliseconds. */
  at: number;
  /** Hash of what should have been written: the same content is not tried again and again. */
  content?: string;
  /** Whether the next run tries again without a change. */
  retryable: boolean;
}

/** What the store holds of the location. Instants are epoch milliseconds, 0 for never. */
export interface SyncStatus {
  /** Goes up whenever a plan is applied: a plan made before is stale. */
  revision: number;
  /** Contacts changed up to here were read. */
  watermark: number;
  /** When the last pass that read everything began. */
  fullPassAt: number;
  /** When a plan was first made. */
  plannedAt: number;
  /** When a plan was last applied whole. */
  appliedAt: number;
  /** The plan that was last applied whole. */
  lastPlan: string;
  /** Pages that ChartMogul's customers and contacts took when they were last listed; 0 for never. */
  listPages: number;
  /** Linked contacts. */
  linked: number;
  /** The run under way, where one was stopped. */
  unfinished?: { planId: string; phase: string; createdAt: number };
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
  users: {
    /** GHL users who have a ChartMogul address. */
    mapped: number;
    /** Names of those who have none. */
    unmapped: readonly string[];
    defaultAssignee: string | null;
  };
  /** What stands in the way. */
  problems: readonly ErrorFields[];
  /** What a sync would leave out. */
  warnings: readonly ErrorFields[];
}
