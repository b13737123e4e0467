// The sync as programs see it: plan, apply, run, and what people decide of single records.

import type { Alerts } from "./alerts.js";
import { sleep } from "./bounded.js";
import type { CallOptions, List, ListOptions } from "./call.js";
import { monotonic } from "./clock.js";
import { type Core, requireCallOptions } from "./core.js";
import { createError } from "./errors.js";
import type { Events, ProgressEvent } from "./events.js";
import type {
  Change,
  Conflict,
  DeadLetter,
  ForgetOutcome,
  PlanSummary,
  RecordStatus,
  RefreshOutcome,
  SyncCost,
  SyncOutcome,
  SyncRun,
  SyncStatus,
  Winner,
} from "./generated/answers.js";
import type * as Given from "./generated/options.js";
import type { CallContext, GlueConnector } from "./glue.js";
import { giveHint, onHint } from "./hints.js";
import type { TurnBounds } from "./in-turn.js";
import { createList, untilAborted } from "./list.js";
import { identityOf, type StateStore } from "./stores/store.js";
import {
  type WatchHost,
  type WatchResult,
  type WatchTimes,
  type WatchUpdate,
  watch,
  watchTimes,
} from "./watch.js";

export type { WaitReason, WatchResult, WatchTimes, WatchUpdate } from "./watch.js";

/** Options of everything that takes long. */
export interface ProgressOptions extends CallOptions {
  /** Takes the progress of this operation. */
  onProgress?: ((event: ProgressEvent) => void) | undefined;
}

/** Options of a plan. */
export interface PlanOptions extends ProgressOptions, Pick<Given.RunOptions, "full" | "contacts"> {}

/** Options of applying a plan. When it stops, it leaves a checkpoint; the next apply or run continues there. */
export interface ApplyOptions
  extends ProgressOptions,
    Pick<Given.RunOptions, "deadlineMs" | "maxCalls" | "maxRecords"> {}

/** Options of a run. */
export interface RunOptions extends ProgressOptions, Given.RunOptions {}

/** Which conflicts to list. */
export interface ConflictOptions extends ListOptions {
  /** Those that were settled in the last 90 days, with the values that lost, instead of those that wait. */
  settled?: boolean | undefined;
}

/** How a conflict is settled. */
export interface ResolveOptions extends CallOptions {
  /** `seen` of the conflict as it was shown: if a value has changed since, nothing is settled. */
  seen?: string | undefined;
}

/** Who says that contacts have changed. */
export interface RefreshOptions extends CallOptions, Pick<Given.RefreshOptions, "event"> {}

/** Whom to forget, and whether to do so while a service still has a record of the person. */
export interface ForgetOptions extends CallOptions, Given.ForgetOptions {}

/** Options of a watch. The last ones hold for each of its runs. */
export interface WatchOptions
  extends ProgressOptions,
    WatchTimes,
    Pick<Given.RunOptions, "apply" | "deadlineMs" | "maxCalls" | "maxRecords"> {
  /** Takes what the watch does: runs, how they ended, and when the next one comes. What it throws is dropped. */
  onUpdate?: ((update: WatchUpdate) => void) | undefined;
}

/** A plan: what would be written, and what it costs. Making it wrote nothing to either service. */
export interface Plan extends PlanSummary {
  /** The changes, in the order in which they are applied. */
  changes(options?: CallOptions): AsyncIterableIterator<Change>;
}

/**
 * Keeps the two services in step. Within a process, plans, applies and runs of one location wait for each
 * other. `link`, `unlink`, `accept`, `retry` and `resolve` do not wait for them: while somebody is syncing the location,
 * here or in another process, a decision is checked and queued, and its result has `queued`. It is carried
 * out before that run ends, at the latest before the next one plans. Where that turns out to be impossible,
 * `deadLetters()` lists it as a `decision`. With a store that is not `conditional` they wait for their turn.
 */
export interface Sync {
  /**
   * Reads both sides and tells what would be written. Writes nothing to either.
   *
   * @example
   * const plan = await connector.sync.plan({ contacts: ["seD4PfOuKoVMLkEZqohJ"] });
   * for await (const change of plan.changes()) console.log(change.action, change.title, change.reason);
   */
  plan(options?: PlanOptions): Promise<Plan>;
  /**
   * Estimates what reading costs, in a few calls: a first load, all notes once, a day and a usual run, by
   * kind of call. Reads no notes of GHL, writes nothing, and waits for no run.
   *
   * @example
   * const { firstLoad, dailyCalls } = await connector.sync.cost();
   * console.log(firstLoad.calls.ghl, firstLoad.callsByKind["ghl.notes.list"], firstLoad.days, dailyCalls);
   */
  cost(options?: CallOptions): Promise<SyncCost>;
  /**
   * The changes of a plan that is in the store, a page at a time: for a program that shows them and knows
   * only the plan's id.
   *
   * @example
   * const { id } = await connector.sync.plan();
   * const { items, cursor } = await connector.sync.changes(id, { limit: 50 }); // cursor: null on the last page
   * console.log(items.length, cursor);
   */
  changes(planId: string, options?: ListOptions): List<Change>;
  /** Carries out exactly that plan; refuses one that no longer fits (`stale_plan`). */
  apply(plan: Plan | string, options?: ApplyOptions): Promise<SyncOutcome>;
  /**
   * Plans and applies, within a budget; continues where the last run stopped.
   *
   * @example
   * const { done, standing } = await connector.sync.run({ contacts: ["seD4PfOuKoVMLkEZqohJ"] });
   * if (done && standing.failed + standing.waiting === 0) console.log("in step");
   */
  run(options?: RunOptions): Promise<SyncOutcome>;
  /**
   * Keeps the location in step: runs again and again until the signal fires, and then gives how it ended.
   * Where contacts are named by `refresh` in this process, the next run comes within seconds. A run that
   * fails as a service is unavailable, or finds the location `busy`, is tried again after 15 seconds, then
   * after twice as long each time; one that finds the day's calls used up waits for their reset. Rejects at
   * once with what no later run corrects: a wrong configuration, refused credentials.
   *
   * @example
   * const controller = new AbortController();
   * const { runs, outcome } = await connector.sync.watch({
   *   signal: controller.signal,
   *   intervalMs: 900_000,
   *   jitterMs: 0, // or up to so much later
   *   onUpdate(update) {
   *     if (update.type === "outcome") console.log(update.outcome.done, update.outcome.standing);
   *     if (update.type === "wait" && update.reason !== "start") controller.abort(); // one run is enough here
   *   },
   * });
   * console.log(runs, outcome?.done); // 1 true
   */
  watch(options?: WatchOptions): Promise<WatchResult>;
  /**
   * The bodies of the ChartMogul creates for a page of contacts: the bytes of an answer to
   * `POST /contacts/search` in, a JSON list as bytes out, `null` for a contact that cannot be read.
   * Sends nothing. Custom fields, owner, customer and data source need what only a plan asks for.
   */
  preview(page: Uint8Array): Promise<Uint8Array>;
  /**
   * Links a GHL contact with a ChartMogul customer (`cus_…`) or one of its contacts (`con_…`). Writes
   * nothing to either service: the next plan shows what follows from it. Never waits for a run: the result
   * then has `queued`.
   *
   * @example
   * const { reason } = await connector.sync.link("seD4PfOuKoVMLkEZqohJ", "cus_7e1b2c3d");
   * console.log(reason); // the next plan links it
   */
  link(contact: string, chartmogul: string, options?: CallOptions): Promise<RecordStatus>;
  /**
   * Ends the link of a record. It stays as it is on both sides, and is not linked again until `link` or
   * `retry`. Takes any id of either service.
   *
   * @example
   * const { standing, cause } = await connector.sync.unlink("seD4PfOuKoVMLkEZqohJ");
   * console.log(standing, cause); // apart unlinked
   */
  unlink(id: string, options?: CallOptions): Promise<RecordStatus>;
  /**
   * Settles records as they are: they are still counted and listed, and no longer fail or wait. A change
   * of the record in GHL undoes it. An unknown id settles none of them.
   *
   * @example
   * const accepted = await connector.sync.accept(["seD4PfOuKoVMLkEZqohJ"]);
   * console.log(accepted[0].cause); // accepted
   */
  accept(ids: readonly string[], options?: CallOptions): Promise<RecordStatus[]>;
  /**
   * Has the next run try a record again: one that was refused, that a person deleted in ChartMogul, or
   * that was unlinked or accepted.
   *
   * @example
   * await connector.sync.retry("seD4PfOuKoVMLkEZqohJ");
   * await connector.sync.run();
   */
  retry(id: string, options?: CallOptions): Promise<RecordStatus>;
  /**
   * Has the next run read GHL contacts at once, with their notes and tasks, whether their dates say that
   * they changed or not: for webhooks, and for programs that change records themselves. A ChartMogul
   * customer (`cus_…`) stands for the contacts that are linked with it. With `event` the same event is
   * taken once in 7 days; it and its contacts are noted together or not at all. Sends nothing, and does not
   * wait for a sync that is under way. `status().refreshing` counts the contacts.
   *
   * @example
   * // A webhook says that a note of this contact changed.
   * const { contacts, duplicate } = await connector.sync.refresh(["seD4PfOuKoVMLkEZqohJ"], {
   *   event: "evt-4f1c",
   * });
   * console.log(contacts.length, duplicate); // 1 false
   */
  refresh(contacts: readonly string[], options?: RefreshOptions): Promise<RefreshOutcome>;
  /**
   * How a record stands, and why: any id of either service. Sends nothing.
   *
   * @example
   * const { standing, reason, hint } = await connector.sync.why("seD4PfOuKoVMLkEZqohJ");
   * console.log(standing, reason, hint);
   */
  why(id: string, options?: CallOptions): Promise<RecordStatus>;
  /**
   * What failed or waits, with reasons; then single values that were cut, left out or refused. Sends
   * nothing.
   *
   * @example
   * for await (const { kind, id, reason, hint } of connector.sync.deadLetters())
   *   console.log(kind, id, reason, hint);
   */
  deadLetters(options?: ListOptions): List<DeadLetter>;
  /**
   * Values that have changed on both sides, and texts that cannot go back to GHL without a loss: both
   * values, since when, and whose they are. Sends nothing.
   *
   * @example
   * for await (const { id, kind, field, ghl, chartmogul } of connector.sync.conflicts())
   *   console.log(id, kind, field, ghl, chartmogul);
   */
  conflicts(options?: ConflictOptions): List<Conflict>;
  /**
   * Settles a conflict with GHL's value (`ghl`), ChartMogul's (`chartmogul`), or for a text with `both`:
   * GHL's stays, and ChartMogul's becomes a note of its own. The next run writes it; the value that loses
   * is kept for 90 days. Never waits for a run.
   *
   * @example
   * for await (const { id, seen } of connector.sync.conflicts())
   *   await connector.sync.resolve(id, "chartmogul", { seen });
   */
  resolve(id: string, winner: Winner, options?: ResolveOptions): Promise<Conflict>;
  /**
   * Settles all conflicts of a kind or field that wait, as they are now. Gives those that it settled.
   *
   * @example
   * const settled = await connector.sync.resolveAll({ kind: "task", field: "completed" }, "chartmogul");
   * console.log(settled.length);
   */
  resolveAll(rule: Given.ConflictRule, winner: Winner, options?: CallOptions): Promise<Conflict[]>;
  /**
   * Removes all that the state store holds of a person: links, marks, hashes, dead letters, conflicts with
   * the values that lost, what was read and planned. Asks both services first: while one of them still has
   * a record of the person, nothing is removed, and `remaining` lists what is left, unless
   * `evenIfPresent` is set. Deletes nothing in either service. Waits for a run of this process; while
   * another process syncs the location it fails with `busy`.
   *
   * @example
   * const { forgotten, remaining } = await connector.sync.forget({ person: "seD4PfOuKoVMLkEZqohJ" });
   * for (const { service, kind, id } of remaining) console.log(forgotten, service, kind, id);
   */
  forget(options: ForgetOptions): Promise<ForgetOutcome>;
  /**
   * The last 50 runs and applies, newest first: what each did, how long it took, and why it stopped. One
   * that failed is among them. Sends nothing.
   *
   * @example
   * for (const { beganAt, done, stopped, error, standing } of await connector.sync.runs())
   *   console.log(new Date(beganAt), done, stopped, error?.message, standing?.failed);
   */
  runs(options?: CallOptions): Promise<SyncRun[]>;
  /**
   * What the store holds of the location: last runs, how many records stand how, and who is working on
   * it. Sends nothing.
   *
   * @example
   * const { linked, standing, reasons, lastGood } = await connector.sync.status();
   * console.log(linked, standing.failed, standing.waiting, lastGood?.endedAt);
   * for (const { cause, kinds, hint } of reasons) console.log(cause, kinds, hint);
   */
  status(options?: CallOptions): Promise<SyncStatus>;
}

/** Changes and dead letters read from the store at a time. */
const PAGE_SIZE = 500;

/** Contacts that a watch looks at, to see whether there are new ones. */
const MOST_HINTS = 100;

/** Runs an operation when no other one works on the same state; a decision may do so beside a run. */
export type TakeTurn = <Result>(
  bounds: TurnBounds,
  operation: (deadlineMs: number | undefined) => Promise<Result>,
  isDecision?: boolean,
) => Promise<Result>;

/** Where the state of a location is. */
export interface Place {
  location: string;
  store: () => Promise<StateStore>;
  closeStore: () => Promise<void>;
}

/** The sync of a connector. */
export function createSync(
  core: Core,
  events: Events,
  takeTurn: TakeTurn,
  alerts: Alerts,
  place: Place,
): Sync {
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

  /** A list that the store holds, a page at a time; each page has its records under this name. */
  function listOf<Item>(
    name: string,
    read: (connector: GlueConnector, after: string | undefined, context: CallContext) => Promise<string>,
    options: ListOptions,
  ): List<Item> {
    return createList(async (cursor, callOptions) => {
      const text = await core.invoke(
        (connector, context) => read(connector, cursor ?? undefined, context),
        callOptions,
      );
      const page = JSON.parse(text);
      return { items: page[name] as Item[], cursor: page.cursor, total: null, missing: 0 };
    }, options);
  }

  /** A decision about records, after those that came before it. */
  async function decide<Result>(
    options: CallOptions | undefined,
    operation: (connector: GlueConnector, context: CallContext) => Promise<string>,
  ): Promise<Result> {
    const bounds = requireCallOptions(options ?? {});
    const text = await takeTurn({ signal: bounds.signal }, () => core.invoke(operation, bounds), true);
    return JSON.parse(text);
  }

  async function run({ onProgress, signal, timeoutMs, ...given }: RunOptions = {}): Promise<SyncOutcome> {
    requireContacts(given.contacts);
    const options = { ...given, ...budgetOf(given) };
    return alerts.around(signal, () =>
      runInTurn({ onProgress, signal, timeoutMs }, options.deadlineMs, (connector, context, deadlineMs) =>
        connector.run(JSON.stringify({ ...options, deadlineMs }), context),
      ),
    );
  }

  return {
    async plan({ onProgress, signal, timeoutMs, ...options } = {}) {
      requireContacts(options.contacts);
      const summary: PlanSummary = await runInTurn(
        { onProgress, signal, timeoutMs },
        undefined,
        (connector, context) => connector.plan(JSON.stringify(options), context),
      );
      return { ...summary, changes: (callOptions) => readChanges(core, summary.id, callOptions) };
    },

    async cost(options) {
      return JSON.parse(await core.invoke((connector, context) => connector.cost(context), options));
    },

    changes(planId, options = {}) {
      requireId(planId, "the id of a plan");
      return listOf<Change>(
        "changes",
        (connector, after, context) => connector.planChanges(planId, after, PAGE_SIZE, context),
        options,
      );
    },

    async apply(plan, { onProgress, signal, timeoutMs, ...given } = {}) {
      const id = planId(plan);
      const options = { ...given, ...budgetOf(given) };
      return alerts.around(signal, () =>
        runInTurn({ onProgress, signal, timeoutMs }, options.deadlineMs, (connector, context, deadlineMs) =>
          connector.apply(id, JSON.stringify({ ...options, deadlineMs }), context),
        ),
      );
    },

    run,

    async watch({ intervalMs, jitterMs, onUpdate, ...ofRuns } = {}) {
      const times = watchTimes({ intervalMs, jitterMs });
      requireCallOptions({ signal: ofRuns.signal, timeoutMs: ofRuns.timeoutMs });
      budgetOf(ofRuns);
      const host = await watchHostOf(place, core, run, ofRuns, onUpdate);
      return watch(host, times);
    },

    async preview(page) {
      if (!ArrayBuffer.isView(page)) {
        throw createError({
          code: "invalid_argument",
          message: "the page must be a Uint8Array",
          hint: "Pass the bytes of an answer to POST /contacts/search.",
        });
      }
      return core.invoke(async (connector) => connector.preview(page));
    },

    async link(contact, chartmogul, options) {
      requireId(contact, "a GHL contact's id");
      requireId(chartmogul, "the uuid of a ChartMogul customer (cus_…) or contact (con_…)");
      return decide(options, (connector, context) => connector.link(contact, chartmogul, context));
    },

    async unlink(id, options) {
      requireId(id, ANY_ID);
      return decide(options, (connector, context) => connector.unlink(id, context));
    },

    async accept(ids, options) {
      requireIds(ids, "accept", "ids");
      return decide(options, (connector, context) => connector.accept(JSON.stringify(ids), context));
    },

    async retry(id, options) {
      requireId(id, ANY_ID);
      return decide(options, (connector, context) => connector.retry(id, context));
    },

    async refresh(contacts, options) {
      const { event, ...callOptions } = options ?? {};
      // An event may be about nobody in particular.
      const isEmpty = Array.isArray(contacts) && contacts.length === 0;
      if (!(isEmpty && event !== undefined)) requireIds(contacts, "refresh", "GHL contact ids");
      const text = await core.invoke(
        (connector, context) => connector.refresh(JSON.stringify({ contacts, event }), context),
        callOptions,
      );
      const outcome: RefreshOutcome = JSON.parse(text);
      if (!outcome.duplicate) giveHint(identityOf(await place.store()), place.location);
      return outcome;
    },

    async why(id, options) {
      requireId(id, ANY_ID);
      return JSON.parse(await core.invoke((connector, context) => connector.why(id, context), options));
    },

    deadLetters: (options = {}) =>
      listOf<DeadLetter>(
        "deadLetters",
        (connector, after, context) => connector.deadLetters(after, PAGE_SIZE, context),
        options,
      ),

    conflicts: ({ settled = false, ...options } = {}) =>
      listOf<Conflict>(
        "conflicts",
        (connector, after, context) => connector.conflicts(settled, after, PAGE_SIZE, context),
        options,
      ),

    async resolve(id, winner, { seen, ...options } = {}) {
      requireId(id, "the id of a conflict, as `conflicts()` lists it");
      const settlement = JSON.stringify({ id, winner, seen });
      const [conflict] = await decide<[Conflict]>(options, (connector, context) =>
        connector.resolve(settlement, context),
      );
      return conflict;
    },

    async resolveAll(rule, winner, options) {
      const settlement = JSON.stringify({ winner, rule });
      return decide(options, (connector, context) => connector.resolve(settlement, context));
    },

    async forget({ signal, timeoutMs, ...given }) {
      requireId(given.person, PERSON);
      const outcome: ForgetOutcome = await runInTurn({ signal, timeoutMs }, undefined, (connector, context) =>
        connector.forget(JSON.stringify(given), context),
      );
      // Also where nothing was removed: an earlier attempt may have failed here.
      if (outcome.forgotten) await compact(place);
      return outcome;
    },

    async runs(options) {
      return JSON.parse(await core.invoke((connector, context) => connector.runs(context), options));
    },

    async status(options) {
      return JSON.parse(await core.invoke((connector, context) => connector.status(context), options));
    },
  };
}

/** Removes from the files of a store what deletes have left in them. */
async function compact(place: Place): Promise<void> {
  try {
    await (await place.store()).compact?.();
  } catch (reason) {
    const { code, message } = (reason ?? {}) as { code?: unknown; message?: unknown };
    throw createError({
      code: code === "busy" ? "busy" : "store_failed",
      message: `the person is forgotten, but the store could not be compacted: ${message ?? String(reason)}`,
      hint: "Forget the person again when the store can be written.",
      cause: reason,
    });
  }
}

/** What a watch of this connector asks of the outside. */
async function watchHostOf(
  place: Place,
  core: Core,
  run: Sync["run"],
  ofRuns: Omit<WatchOptions, "onUpdate" | keyof WatchTimes>,
  onUpdate: WatchOptions["onUpdate"],
): Promise<WatchHost> {
  // One that cannot be opened now is what the first run fails with.
  const store = await place.store().catch(() => undefined);
  const prefix = `v1/${place.location}/refresh/`;
  // An exclusive store is closed between runs, and no other process can put anything into one of its own.
  const isShared = store?.conditional === true && store.exclusive !== true;
  return {
    run: (signal) => run({ ...ofRuns, signal }),
    release: async () => {
      if (store?.exclusive === true) await place.closeStore().catch(() => {});
    },
    async today() {
      const status: SyncStatus = JSON.parse(
        await core.invoke((connector, context) => connector.status(context)),
      );
      return status.today;
    },
    onHint: (callback) =>
      store === undefined ? () => {} : onHint(identityOf(store), place.location, callback),
    hints: isShared
      ? async () => (await (await place.store()).scan(prefix, undefined, MOST_HINTS)).map(([key]) => key)
      : undefined,
    now: () => Date.now(),
    monotonic,
    random: () => Math.random(),
    sleep,
    signal: ofRuns.signal,
    onUpdate(update) {
      try {
        onUpdate?.(update);
      } catch {
        // A log that fails must not end the watch.
      }
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

const ANY_ID = "GHL's id of a contact, note, task or business, or a ChartMogul uuid";

const PERSON = "a GHL contact's id, or the uuid of its ChartMogul contact (con_…) or customer (cus_…)";

/** Refuses what is not an id before anything is sent. */
function requireId(id: unknown, what: string): asserts id is string {
  if (isId(id)) return;
  throw createError({
    code: "invalid_argument",
    message: `${JSON.stringify(id) ?? String(id)} is not an id`,
    hint: `Pass ${what}.`,
  });
}

/** Refuses what is not a list of ids: an empty one would mean all, or nothing. */
function requireIds(ids: unknown, what: string, of: string): void {
  if (Array.isArray(ids) && ids.length > 0 && ids.every(isId)) return;
  throw createError({
    code: "invalid_argument",
    message: `${what} takes a list of ${of}: texts that are not empty, one at least`,
    hint: 'For example ["seD4PfOuKoVMLkEZqohJ"].',
  });
}

function requireContacts(contacts: unknown): void {
  if (contacts !== undefined && contacts !== null)
    requireIds(contacts, "the option contacts", "GHL contact ids");
}

function isId(id: unknown): id is string {
  return typeof id === "string" && id.trim() !== "";
}

/** Checks that a plan id is a string: the module accepts nothing else. */
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
