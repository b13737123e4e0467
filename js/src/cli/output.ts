// What each command prints with `--json`: the package's output.schema.json is made of these types.

import type {
  Change,
  CheckReport,
  Conflict,
  DeadLetter,
  ForgetOutcome,
  PlanSummary,
  RecordStatus,
  SyncCost,
  SyncOutcome,
  SyncRun,
  SyncStatus,
} from "../generated/answers.js";
import type { SyncSettings } from "../generated/settings.js";
import type { Effect, FieldProposal, SharedAddress } from "./setup/findings.js";

/** What `init` prints. */
export interface InitOutput {
  /** The configuration file. */
  file: string;
  /** Whether it was written: false where nothing would change. */
  written: boolean;
  /** Its content. */
  configuration: {
    $schema: string;
    ghl: Record<string, unknown>;
    sync: Record<string, unknown>;
  };
  /** The file of credentials that was written; null where none was. */
  credentialsFile: string | null;
  /** What the records say; null where they were not read. */
  findings: {
    /** Contacts in GHL. */
    contacts: number;
    /** Customers in ChartMogul. */
    customers: number;
    /** Notes in ChartMogul. */
    notes: number;
    /** E-mail addresses that several records of a side have. */
    duplicates: { ghl: SharedAddress[]; chartmogul: SharedAddress[] };
    /** Custom fields, and the attribute that each can become. */
    fields: FieldProposal[];
    /** E-mail addresses of ChartMogul users, as far as records name them. */
    chartmogulUsers: string[];
  } | null;
  /** What each anchor would do; null where the records were not read. */
  effects: Partial<Record<NonNullable<SyncSettings["anchor"]>, Effect>> | null;
  /** The first plan; null with `--no-plan`. */
  plan: PlanSummary | null;
}

/** A plan with its changes. */
export interface PlanOutput extends PlanSummary {
  /** In the order in which they are applied. */
  changes: readonly Change[];
}

/** An error: the command's exit code is not 0 then. */
export interface ErrorOutput {
  error: {
    /** The code of an error, or `usage`, `interrupted`, `failed`. */
    code: string;
    /** What happened. */
    message: string;
    /** What to do about it. */
    hint?: string;
    [more: string]: unknown;
  };
}

/** By command. Commands that list print one object; `watch` a line for each event, which is not among these. */
export interface CommandOutput {
  init: InitOutput;
  check: CheckReport;
  plan: PlanOutput;
  /** `plan --cost`. */
  cost: SyncCost;
  sync: SyncOutcome;
  status: SyncStatus;
  runs: { runs: readonly SyncRun[] };
  rejected: { deadLetters: readonly DeadLetter[] };
  conflicts: { conflicts: readonly Conflict[] };
  resolve: readonly Conflict[];
  why: RecordStatus;
  link: RecordStatus;
  unlink: RecordStatus;
  retry: RecordStatus;
  accept: readonly RecordStatus[];
  refresh: { refreshing: number };
  forget: ForgetOutcome;
  error: ErrorOutput;
}
