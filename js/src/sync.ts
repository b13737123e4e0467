// The sync as programs see it: plan, apply, run.

import type { CallOptions, List } from "./call.js";
import { type Core, requireCallOptions } from "./core.js";
import { createError } from "./errors.js";
import type { Events, ProgressEvent } from "./events.js";
import type { CallContext, GlueConnector } from "./glue.js";
import type { TurnBounds } from "./in-turn.js";
import { createList, untilAborted } from "./list.js";
import type { Change, DeadLetter, PlanSummary, SyncOutcome, SyncStatus } from "./sync-report.js";

/** Options of everything that takes long. */
export interface ProgressOptions extends CallOptions {
  /** Takes the progress of this operation. */
  onProgress?: ((event: ProgressEvent) => void) | undefined;
}

/** Options of a plan. */
export interface PlanOptions extends ProgressOptions {
  /** Reads everything again, not only what changed. */
  full?: boolean | undefined;
}

/** Options of applying a plan. What stops it leaves a checkpoint; the next apply or run goes on there. */
export interface ApplyOptions extends ProgressOptions {
  /** Milliseconds after which it stops at its next step. */
  deadlineMs?: number | undefined;
  /** Most calls to both services together. */
  maxCalls?: number | undefined;
  /** Most records written. */
  maxRecords?: number | undefined;
}

/** Options of a run. */
export interface RunOptions extends ApplyOptions {
  /** Reads everything again, not only what changed. */
  full?: boolean | undefined;
  /** Writes even if it is the location's first run. */
  apply?: boolean | undefined;
}

/** A plan: what would be written, and what it costs. Making it wrote nothing to either service. */
export interface Plan extends PlanSummary {
  /** The changes, in the order in which they are applied. */
  changes(options?: CallOptions): AsyncIterableIterator<Change>;
}

/**
 * Keeps the two services in step. Within a process, the plans, applies and runs of one location wait for
 * each other.
 */
export interface Sync {
  /** Reads both sides and tells what would be written. Writes nothing to either. */
  plan(options?: PlanOptions): Promise<Plan>;
  /** Carries out exactly that plan; refuses one that no longer fits (`stale_plan`). */
  apply(plan: Plan | string, options?: ApplyOptions): Promise<SyncOutcome>;
  /** Plans and applies, within a budget; goes on where the last run stopped. */
  run(options?: RunOptions): Promise<SyncOutcome>;
  /**
   * The bodies of the ChartMogul creates for a page of contacts: the bytes of an answer to
   * `POST /contacts/search` in, a JSON list as bytes out, `null` for a contact that cannot be read.
   * Sends nothing. Custom fields, owner, customer and data source need what only a plan asks for.
   */
  preview(page: Uint8Array): Promise<Uint8Array>;
  /** Records that were set aside, with reasons. */
  deadLetters(options?: CallOptions): List<DeadLetter>;
  /** What the store holds of the location. Sends nothing. */
  status(options?: CallOptions): Promise<SyncStatus>;
}

/** Changes and dead letters read from the store at a time. */
const PAGE_SIZE = 500;

/** Runs an operation when no other one works on the same state. */
export type TakeTurn = <Result>(
  bounds: TurnBounds,
  operation: (deadlineMs: number | undefined) => Promise<Result>,
) => Promise<Result>;

/** The sync of a connector. */
export function createSync(core: Core, events: Events, takeTurn: TakeTurn): Sync {
  /** Runs an operation on the location's state in its turn; it gets what waiting left of the deadline. */
  async function runInTurn<Result>(
    { onProgress, signal, timeoutMs }: ProgressOptions,
    deadlineMs: number | undefined,
    operation: (connector: GlueConnector, context: CallContext, deadlineMs?: number) => Promise<string>,
  ): Promise<Result> {
    const bounds = requireCallOptions({ signal, timeoutMs });
    const text = await takeTurn({ signal: bounds.signal, deadlineMs }, (left) =>
      events.during(onProgress, () =>
        core.invoke((connector, context) => operation(connector, context, left), bounds),
      ),
    );
    return JSON.parse(text);
  }

  return {
    async plan({ onProgress, signal, timeoutMs, ...options } = {}) {
      const summary: PlanSummary = await runInTurn(
        { onProgress, signal, timeoutMs },
        undefined,
        (connector, context) => connector.plan(JSON.stringify(options), context),
      );
      return { ...summary, changes: (callOptions) => readChanges(core, summary.id, callOptions) };
    },

    async apply(plan, { onProgress, signal, timeoutMs, ...given } = {}) {
      const id = planId(plan);
      const options = { ...given, ...budgetOf(given) };
      return runInTurn(
        { onProgress, signal, timeoutMs },
        options.deadlineMs,
        (connector, context, deadlineMs) =>
          connector.apply(id, JSON.stringify({ ...options, deadlineMs }), context),
      );
    },

    async run({ onProgress, signal, timeoutMs, ...given } = {}) {
      const options = { ...given, ...budgetOf(given) };
      return runInTurn(
        { onProgress, signal, timeoutMs },
        options.deadlineMs,
        (connector, context, deadlineMs) =>
          connector.run(JSON.stringify({ ...options, deadlineMs }), context),
      );
    },

    async preview(page) {
      if (!ArrayBuffer.isView(page)) {
        throw createError({
          code: "invalid_argument",
          message: "the page must be a Uint8Array",
          hint: "Give the bytes of an answer to POST /contacts/search.",
        });
      }
      return core.invoke(async (connector) => connector.preview(page));
    },

    deadLetters: (options = {}) =>
      createList(async (cursor, callOptions) => {
        const text = await core.invoke(
          (connector, context) => connector.deadLetters(cursor ?? undefined, PAGE_SIZE, context),
          callOptions,
        );
        const page: { deadLetters: DeadLetter[]; cursor: string | null } = JSON.parse(text);
        return { items: page.deadLetters, cursor: page.cursor, total: null, missing: 0 };
      }, options),

    async status(options) {
      return JSON.parse(await core.invoke((connector, context) => connector.status(context), options));
    },
  };
}

/** The budget in whole numbers, as the module takes it: a deadline is often computed. */
function budgetOf(options: ApplyOptions): Pick<ApplyOptions, "deadlineMs" | "maxCalls" | "maxRecords"> {
  const whole = (name: "deadlineMs" | "maxCalls" | "maxRecords") => {
    const value: unknown = options[name] ?? undefined;
    if (value === undefined || value === Number.POSITIVE_INFINITY) return undefined;
    if (typeof value === "number" && value >= 0) return Math.floor(value);
    throw createError({
      code: "invalid_argument",
      message: `the option ${name} must be a number, 0 or more, not ${String(value)}`,
    });
  };
  return { deadlineMs: whole("deadlineMs"), maxCalls: whole("maxCalls"), maxRecords: whole("maxRecords") };
}

/** The id of a plan. Refuses what is none here: the module takes only texts. */
function planId(plan: Plan | string): string {
  const id: unknown = typeof plan === "string" ? plan : (plan as Plan | undefined)?.id;
  if (typeof id === "string") return id;
  throw createError({
    code: "invalid_argument",
    message: "apply takes a plan, or a plan's id",
    hint: "Await the plan first: sync.apply(await sync.plan()).",
  });
}

async function* readChanges(
  core: Core,
  planId: string,
  options?: CallOptions,
): AsyncGenerator<Change, undefined, undefined> {
  let after: string | null = null;
  do {
    const cursor: string | undefined = after ?? undefined;
    const text: string = await core.invoke(
      (connector, context) => connector.planChanges(planId, cursor, PAGE_SIZE, context),
      options,
    );
    const page: { changes: Change[]; cursor: string | null } = JSON.parse(text);
    yield* untilAborted(page.changes, options?.signal);
    after = page.cursor;
  } while (after !== null);
  return undefined;
}
