// One poll of a trigger: what is new behind a cursor, item by item, with the cursor behind each.

import type { CallOptions } from "../call.js";
import { createError } from "../errors.js";
import { type Definition, lateByMs } from "./catalogue.js";
import { decodeCursor, encodeCursor, type State } from "./cursor.js";
import { canonicalJson, hash40, hexOf } from "./hash.js";
import { itemOf, type Step, type TriggerItem } from "./item.js";
import { readNamedNotes, readNotes } from "./notes.js";
import {
  type Caller,
  LAST_ID,
  MOST_ROWS,
  type Reader,
  readBehind,
  readContents,
  readInOrder,
  readNewest,
  tooMany,
} from "./reading.js";
import type { Row } from "./rows.js";
import { Seen } from "./seen.js";

/** How a poll goes. */
export interface PollOptions extends CallOptions {
  /** Parameters of the trigger, as `connector.triggers.list()` names them. */
  parameters?: object | undefined;
  /** Most items; the cursor then holds the place, and `more` is true. Default: 100 when awaited, all when iterated. */
  limit?: number | undefined;
  /** On the first poll: gives the newest items there are, up to 3 or `limit`, each marked as a sample. */
  samples?: boolean | undefined;
  /**
   * From a poll to the next, 60,000 to 900,000: one that comes earlier sends nothing and gives nothing. Without
   * it, each poll reads.
   */
  intervalMs?: number | undefined;
}

/** What an awaited poll gives. */
export interface PollPage<Item = unknown> {
  items: TriggerItem<Item>[];
  /** Save it, and pass it to the next poll. */
  cursor: string;
  /** True where `limit` ended the poll: the next one continues at once. */
  more: boolean;
}

/**
 * A poll that reads page by page. `for await (const item of poll)` gives item by item, `await poll` up to
 * `limit` items at once.
 */
export interface Poll<Item = unknown> extends AsyncIterable<TriggerItem<Item>>, PromiseLike<PollPage<Item>> {
  /**
   * Has every item behind it that was given so far: save it when an item is dealt with. Null until the first
   * poll knows where to begin.
   */
  readonly cursor: string | null;
  /** True where `limit` ended the poll. */
  readonly more: boolean;
}

/** How far a poll is. */
interface Progress {
  state: State | undefined;
  more: boolean;
}

/** Items of an awaited poll. */
const AWAITED = 100;
/** Samples where no limit is set. */
const SAMPLES = 3;
/** Records behind the place that a cursor can hold. */
const MOST_SEEN = 1_000;
/** The same with those that a list did not have when it was read last. */
const MOST_ENTRIES = 1_100;

/** New records of one poll that are known again when they change while it lasts. */
const MOST_CREATED = 10_000;

export const SHORTEST_INTERVAL_MS = 60_000;
export const LONGEST_INTERVAL_MS = 900_000;

/** The poll of this trigger behind this cursor. Sends nothing until it is used. */
export function createPoll(
  caller: Caller,
  find: () => Definition,
  location: string,
  cursor: string | null | undefined,
  options: PollOptions,
): Poll {
  const progress: Progress = { state: undefined, more: false };
  let setting: Setting | undefined;
  const start = () => {
    setting = readSetting(find(), location, options);
    const { definition, parameters } = setting;
    const given = cursor ?? undefined;
    progress.state =
      given === undefined ? undefined : decodeCursor(definition.name, fingerprint(setting), given);
    progress.more = false;
    const { signal, timeoutMs } = options ?? {};
    const reader = { caller, definition, parameters, options: { signal, timeoutMs }, startedAt: Date.now() };
    return { reader, setting };
  };
  const cursorNow = () => {
    if (setting === undefined || progress.state === undefined) return cursor ?? null;
    return encodeCursor(setting.definition.name, fingerprint(setting), progress.state);
  };
  async function* items(most: number): AsyncGenerator<TriggerItem, undefined> {
    const { reader, setting } = start();
    const limit = setting.limit ?? most;
    const read =
      progress.state === undefined
        ? prime(reader, setting, progress)
        : poll(reader, setting, progress, limit);
    yield* read;
    return undefined;
  }
  const readPage = async (): Promise<PollPage> => {
    const page: TriggerItem[] = [];
    for await (const item of items(AWAITED)) page.push(item);
    return { items: page, cursor: cursorNow() ?? "", more: progress.more };
  };
  let page: Promise<PollPage> | undefined;
  return {
    get cursor() {
      return cursorNow();
    },
    get more() {
      return progress.more;
    },
    [Symbol.asyncIterator]: () => items(Number.POSITIVE_INFINITY),
    // biome-ignore lint/suspicious/noThenProperty: a poll is awaitable as a list is.
    then(fulfilled, rejected) {
      page ??= readPage();
      return page.then(fulfilled, rejected);
    },
  };
}

/** The options that were checked. */
export interface Setting {
  definition: Definition;
  parameters: Record<string, unknown>;
  limit: number | undefined;
  samples: boolean;
  intervalMs: number | undefined;
  location: string;
}

function fingerprint({ definition, parameters, location }: Setting): string {
  return hexOf(hash40(canonicalJson({ parameters, location: definition.service === "ghl" ? location : "" })));
}

const OPTIONS = ["parameters", "limit", "samples", "signal", "timeoutMs", "intervalMs"];

/** Refuses what a poll does not take, before anything is sent. */
export function readSetting(
  definition: Definition,
  location: string,
  options: PollOptions,
  allowed: readonly string[] = OPTIONS,
): Setting {
  const { parameters: given = {}, limit, samples = false, intervalMs } = options ?? {};
  const unknown = Object.keys(options ?? {}).find((name) => !allowed.includes(name));
  if (unknown !== undefined) {
    throw refused(
      `unknown option ${unknown}`,
      `It takes ${allowed.join(", ")}. Parameters of the trigger go into parameters.`,
    );
  }
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw refused("the option parameters must be one object", undefined);
  }
  if (limit !== undefined && !(Number.isInteger(limit) && limit > 0)) {
    throw refused(`the option limit must be a whole number above 0, not ${String(limit)}`, undefined);
  }
  const isInterval = (ms: number) => ms >= SHORTEST_INTERVAL_MS && ms <= LONGEST_INTERVAL_MS;
  if (intervalMs !== undefined && !isInterval(intervalMs)) {
    throw refused(
      `the option intervalMs must be from 60,000 to 900,000 (1 to 15 minutes), not ${String(intervalMs)}`,
      undefined,
    );
  }
  const parameters = readParameters(definition, given as Record<string, unknown>);
  return { definition, parameters, limit, samples: samples === true, intervalMs, location };
}

/** The parameters that the trigger takes. */
function readParameters(
  { name, parameters, facts, endpoint }: Definition,
  given: Record<string, unknown>,
): Record<string, unknown> {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  const names = parameters.map((parameter) => parameter.name);
  for (const [parameter] of entries) {
    if (names.includes(parameter)) continue;
    const isOwn = endpoint.parameters.some((known) => known.name === parameter);
    throw refused(
      isOwn ? `${name} sets the parameter ${parameter} itself` : `${name} has no parameter ${parameter}`,
      names.length === 0 ? "It takes none." : `It takes ${names.join(", ")}.`,
    );
  }
  const found = Object.fromEntries(entries);
  const missing = parameters.find(
    (parameter) => parameter.required && found[parameter.name] === undefined && !isLocation(parameter.name),
  );
  if (missing !== undefined) {
    throw refused(`${name}: the parameter ${missing.name} is missing`, missing.summary);
  }
  const { oneOf } = facts ?? {};
  if (oneOf !== undefined && !oneOf.some((one) => found[one] !== undefined)) {
    throw refused(`${name}: one of the parameters ${oneOf.join(", ")} is needed`, undefined);
  }
  return found;
}

/** Filled in by the connector. */
const isLocation = (name: string) => name === "locationId" || name === "location_id";

/** What the endpoint is called with: what was passed, what is fixed, and a window that moves with the clock. */
export function withFixed(
  { definition, parameters }: Pick<Setting, "definition" | "parameters">,
  now: number,
): Record<string, unknown> {
  const { fixed = {}, windowDays } = definition.named;
  const [back, ahead] = windowDays ?? [];
  const window =
    back === undefined || ahead === undefined
      ? {}
      : { startTime: now - back * 86_400_000, endTime: now + ahead * 86_400_000 };
  return { ...window, ...parameters, ...fixed };
}

function refused(message: string, hint: string | undefined) {
  return createError({ code: "invalid_argument", message, ...(hint === undefined ? {} : { hint }) });
}

/** The first poll: notes where everything is, and gives nothing but samples. */
async function* prime(
  given: Reader,
  setting: Setting,
  progress: Progress,
): AsyncGenerator<TriggerItem, undefined> {
  const reader = { ...given, parameters: withFixed(setting, given.startedAt) };
  const { definition, startedAt } = reader;
  const seen = new Seen();
  const place = { time: 0, id: "" };
  // No record, no word of the service's clock: it may show any time.
  const state: State = { polledAt: startedAt, aheadMs: startedAt, place, base: 0, seen, noted: new Seen() };
  const ofContents =
    definition.named.notes === true
      ? reader.parameters["contactIds"] !== undefined
      : definition.facts === undefined;
  let rows: Row[];
  if (ofContents) {
    rows = definition.named.notes === true ? await readNamedNotes(reader) : await readContents(reader);
    for (const { idHash, versionHash } of rows) seen.set(idHash, versionHash);
  } else {
    rows = await readNewest(reader, MOST_ROWS);
    for (const { time } of rows) noteClock(state, startedAt, time);
    state.place = { time: placeOf(rows, reader), id: LAST_ID };
    state.base = state.place.time;
    const behind = rows.filter(({ time }) => time > state.place.time);
    if (behind.length > MOST_SEEN) throw tooMany(definition, MOST_SEEN);
    for (const { idHash, versionHash } of behind) seen.set(idHash, versionHash);
  }
  seen.sweep();
  progress.state = state;
  if (!setting.samples) return undefined;
  const samples = definition.named.notes === true && !ofContents ? [] : rows;
  for (const row of samples.slice(0, Math.min(setting.limit ?? SAMPLES, AWAITED)))
    yield itemOf(row, "sample");
  return undefined;
}

/**
 * Where a trigger begins, of the newest records: the newest time, so that what follows is new by the service's
 * own clock. Records of a time to come do not count, and where records come late, it begins so much earlier.
 */
function placeOf(rows: readonly Row[], { definition, startedAt }: Reader): number {
  const times = rows.map(({ time }) => time).filter(Number.isFinite);
  if (times.length === 0) return 0;
  const isLate = definition.facts?.lateByMs !== undefined;
  const begin = isLate ? startedAt - lateByMs(definition) : Math.min(Math.max(...times), startedAt);
  const isAll = rows.length < (definition.facts?.newest !== undefined && !isLate ? 1 : MOST_ROWS);
  const oldest = Math.min(...times);
  return isAll ? begin : Math.max(begin, oldest);
}

/**
 * Takes in the time of a record: the service's clock has shown it. Two clocks are never compared otherwise:
 * one that is fast would pass over what is still to come. Says whether more is known than before.
 */
function noteClock(state: State, now: number, time: number): boolean {
  const aheadMs = Math.max(0, now - time);
  if (!(aheadMs < state.aheadMs)) return false;
  state.aheadMs = aheadMs;
  return true;
}

/** A later poll. */
async function* poll(
  given: Reader,
  setting: Setting,
  progress: Progress,
  limit: number,
): AsyncGenerator<TriggerItem, undefined> {
  const reader = { ...given, parameters: withFixed(setting, given.startedAt) };
  const state = progress.state as State;
  const { intervalMs, definition } = setting;
  // A clock that was set back must not silence a trigger until it has caught up.
  const sinceMs = reader.startedAt - state.polledAt;
  if (intervalMs !== undefined && sinceMs >= 0 && sinceMs < intervalMs) return undefined;
  const steps = stepsOf(reader, state);
  let left = limit;
  for await (const step of steps) {
    const item = step.item;
    const isWanted = item !== undefined && isGiven(definition, item);
    if (isWanted && left === 0) {
      progress.more = true;
      return undefined;
    }
    if (step.isBudget === true) {
      progress.more = true;
      return undefined;
    }
    reader.options.signal?.throwIfAborted();
    step.done();
    if (!isWanted) continue;
    left -= 1;
    yield item;
  }
  state.polledAt = reader.startedAt;
  return undefined;
}

function isGiven({ gives }: Definition, { change }: TriggerItem): boolean {
  return gives === "both" || gives === change;
}

function stepsOf(reader: Reader, state: State): AsyncGenerator<Step, undefined> {
  const { definition, parameters } = reader;
  if (definition.named.notes === true) {
    return parameters["contactIds"] === undefined
      ? readNotes(reader, state, stepsOfTimes(reader, state, MOST_SEEN / 2))
      : stepsOfRows(state, definition, () => readNamedNotes(reader));
  }
  return definition.facts === undefined
    ? stepsOfRows(state, definition, () => readContents(reader))
    : stepsOfTimes(reader, state, MOST_SEEN);
}

/** Compares what records hold: all are read before the first is given. */
async function* stepsOfRows(
  state: State,
  definition: Definition,
  read: () => Promise<Row[]>,
): AsyncGenerator<Step, undefined> {
  const { seen } = state;
  const rows = await read();
  if (rows.length > MOST_ROWS) throw tooMany(definition, MOST_ROWS);
  const changed = rows.filter(({ idHash, versionHash }) => seen.version(idHash) !== versionHash);
  for (const { idHash } of rows) seen.meet(idHash);
  seen.sweep();
  const added = changed.filter(({ idHash }) => seen.version(idHash) === undefined).length;
  seen.dropMissed(Math.max(0, MOST_ENTRIES - added));
  for (const row of changed) {
    const change = seen.version(row.idHash) === undefined ? "new" : "changed";
    yield { item: itemOf(row, change), done: () => seen.set(row.idHash, row.versionHash) };
  }
  return undefined;
}

/** Compares times: the oldest change is given first. */
async function* stepsOfTimes(reader: Reader, state: State, most: number): AsyncGenerator<Step, undefined> {
  const { definition, startedAt } = reader;
  const { seen } = state;
  // What the service's clock shows at least by now, less the time that a record may come late.
  const settled = () => startedAt - state.aheadMs - lateByMs(definition);
  let settledUpTo = settled();
  // What was created up to here has been met in an earlier poll.
  const begun = state.place.time;
  const created = new Set<number>();
  const known = new Map<number, number>();
  const rows =
    definition.facts?.reading === "order"
      ? readInOrder(reader, state.place)
      : selected(reader, state, known, (cut) => {
          settledUpTo = Math.max(settledUpTo, cut);
        });
  /** All that is settled was given: the place is behind it, and the cursor need not hold it. */
  const passSettled = () => {
    for (const [id, time] of known) if (time <= settledUpTo) seen.delete(id);
    known.clear();
    if (settledUpTo > state.place.time) state.place = { time: settledUpTo, id: LAST_ID };
  };
  for await (const { row, after } of rows) {
    if (noteClock(state, startedAt, row.time)) settledUpTo = Math.max(settledUpTo, settled());
    if (row.time > settledUpTo) passSettled();
    const before = seen.version(row.idHash);
    // The service's own order continues behind its own cursor alone.
    const hasPlace = definition.facts?.reading !== "order" || after !== undefined;
    const isSettled = row.time <= settledUpTo && hasPlace;
    const settle = () => {
      seen.delete(row.idHash);
      state.place = { time: row.time, id: row.id, ...(after === undefined ? {} : { after }) };
    };
    if (before === row.versionHash) {
      seen.meet(row.idHash);
      if (isSettled) settle();
      continue;
    }
    if (!isSettled && before === undefined && seen.size >= most) {
      if (!Number.isFinite(row.time)) throw tooMany(definition, most);
      // The rest waits until it is settled, and the cursor need not hold it.
      return undefined;
    }
    seen.meet(row.idHash);
    const isNew = before === undefined && (row.created ?? 0) > begun && !created.has(row.idHash);
    // It may change while the list is read, and be met again.
    if (isNew && created.size < MOST_CREATED) created.add(row.idHash);
    const isCreated = definition.named.event === undefined && (isNew || isCreation(definition));
    const item = itemOf(row, isCreated ? "new" : "changed");
    yield { item, done: isSettled ? settle : () => seen.set(row.idHash, row.versionHash) };
  }
  passSettled();
  seen.sweep();
  state.base = state.place.time;
  return undefined;
}

/** Whether the time that is watched never moves. */
function isCreation({ time, facts }: Definition): boolean {
  return time !== undefined && time === facts?.created;
}

/** What is behind the place, picked out of the whole list a part at a time. */
async function* selected(
  reader: Reader,
  { place, seen }: State,
  known: Map<number, number>,
  onCut: (cut: number) => void,
): AsyncGenerator<{ row: Row; after: undefined }, undefined> {
  let from = place;
  for (;;) {
    const { rows, isMore, cut } = await readBehind(reader, from, seen, known);
    onCut(cut);
    for (const row of rows) yield { row, after: undefined };
    const last = rows.at(-1);
    if (!isMore || last === undefined) return undefined;
    from = { time: last.time, id: last.id };
  }
}
