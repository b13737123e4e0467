// How the panel reaches both services: through `serve`, or directly with keys. Everything else is the same.

import type { Failure } from "./failure.js";

/** A page of a list. */
export interface Page<Item> {
  items: Item[];
  cursor: string | null;
}

/** One side of the connection. */
export type SideOf<Named> = ({ ok: true } & Named) | { ok: false; error: Failure };

/** Which location and account are reached. */
export interface Connection {
  crm: SideOf<{ location: { id: string; name: string; timeZone: string } }>;
  chartmogul: SideOf<{ account: { name: string; currency: string } }>;
}

/** The standing of a record in the state of the sync. */
export interface RecordStatus {
  id: string;
  standing: "unknown" | "inStep" | "failed" | "waiting" | "apart";
  reason: string;
  hint?: string;
  cause?: string;
  kind?: string;
  chartmogulCustomer?: string;
  chartmogulId?: string;
  ghlContactId?: string;
  ghlId?: string;
  matched?: string;
  candidates: readonly string[];
  fields: readonly string[];
  kept: readonly string[];
  since?: number;
  queued?: object;
}

/** A value that differs on both sides. */
export interface Conflict {
  id: string;
  kind: string;
  field: string;
  ghlId: string;
  chartmogulId: string;
  title: string;
  cause: string;
  reason: string;
  ghl: unknown;
  chartmogul: unknown;
  at: number;
  seen: string;
  winner?: string;
}

/** One change of a plan. */
export interface Change {
  action: string;
  kind: string;
  direction: "ghl-to-chartmogul" | "chartmogul-to-ghl" | "both";
  title: string;
  reason: string;
  fields: Readonly<Record<string, { from?: unknown; to: unknown }>>;
  ghlFields?: Readonly<Record<string, { from?: unknown; to: unknown }>>;
  ghlContactId?: string;
  ghlId?: string;
  chartmogulId?: string;
  tagsAdded?: readonly string[];
  tagsRemoved?: readonly string[];
  problems?: readonly { field: string; reason: string }[];
}

/** A plan without its changes. */
export interface PlanSummary {
  id: string;
  calls: { ghl: number; chartmogul: number };
  unchanged: Readonly<Record<string, number>>;
  replaces: number;
  guard: string | null;
  warnings: readonly string[];
}

/** A plan with all its changes. */
export interface Plan {
  summary: PlanSummary;
  changes: readonly Change[];
}

/** How applying a plan ended. */
export interface Outcome {
  done: boolean;
  stopped?: string;
  standing: { failed: number; waiting: number };
  report: {
    done: Readonly<Record<string, Record<string, number>>>;
    calls: { ghl: number; chartmogul: number };
  };
}

/** What only the state of a sync can answer and do. */
export interface SyncReach {
  why(ids: readonly string[], signal: AbortSignal): Promise<RecordStatus[]>;
  conflicts(contact: string, signal: AbortSignal): Promise<Conflict[]>;
  plan(contact: string, signal: AbortSignal): Promise<Plan>;
  apply(planId: string, signal: AbortSignal): Promise<Outcome>;
  resolve(id: string, winner: "ghl" | "chartmogul", seen: string): Promise<void>;
  link(contact: string, chartmogul: string): Promise<RecordStatus>;
  unlink(id: string): Promise<RecordStatus>;
  retry(id: string): Promise<RecordStatus>;
}

/** A way to both services. */
export interface Reach {
  readonly way: "served" | "direct";
  connection(signal: AbortSignal): Promise<Connection>;
  /** Calls an endpoint by its name, such as `ghl.contacts.get`: a record, or a page of a list. */
  call<Result>(endpoint: string, parameters: object, signal: AbortSignal, cursor?: string): Promise<Result>;
  /** Undefined where no state is shared: then records are read, and single ones written. */
  readonly sync: SyncReach | undefined;
  close(): Promise<void>;
}

/** Most records of a list that the panel reads. */
export const MOST_RECORDS = 20_000;

/** All records of a list. */
export async function all<Item>(
  reach: Reach,
  endpoint: string,
  parameters: object,
  signal: AbortSignal,
): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null | undefined;
  do {
    const page: Page<Item> = await reach.call(endpoint, parameters, signal, cursor ?? undefined);
    for (const item of page.items) items.push(item);
    cursor = page.cursor;
  } while (cursor !== null && items.length < MOST_RECORDS);
  return items;
}
