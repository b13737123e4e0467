// Reads what a trigger watches: page by page, and never more than a page or two of records at once.

import type { CallOptions, Page } from "../call.js";
import { createError } from "../errors.js";
import { type Definition, lateByMs } from "./catalogue.js";
import type { Place } from "./cursor.js";
import { INSTEAD, type Parameters } from "./facts.js";
import { compareRows, idOf, propertyOf, type Row, rowOfContents, rowOfTime } from "./rows.js";
import type { Seen } from "./seen.js";

/** Calls endpoints by their full names. */
export interface Caller {
  call(name: string, parameters: object, options: CallOptions): Promise<unknown>;
  bytes(name: string, parameters: object, options: CallOptions): Promise<Uint8Array>;
  page(name: string, parameters: object, cursor: string | null, options: CallOptions): Promise<Page<unknown>>;
}

/** Reads for one poll. */
export interface Reader {
  caller: Caller;
  definition: Definition;
  /** What the caller of the trigger passed, with what is fixed. */
  parameters: Parameters;
  options: CallOptions;
  /** When the poll began, in milliseconds since 1970. */
  startedAt: number;
}

/** Most records that are compared by what they hold. */
export const MOST_ROWS = 1_000;

/** Most records of a list that is read to its end for their times. */
export const MOST_TIMED_ROWS = 10_000;

/** Records that are picked out of a list at a time. */
const BATCH = 500;

/** After all ids: a place there has everything of its time before it. */
export const LAST_ID = "\uffff";

/** Records of a page, where pages overlap. */
const LIMIT = 100;

const TRIES = 3;

/** A record went while its list was read by a count: what follows has moved up. */
class Shifted extends Error {}

/** What is behind a place: the oldest first. */
export interface Behind {
  rows: Row[];
  /** Whether there is more behind the last of them. */
  isMore: boolean;
  /** Rows of this time or earlier are not kept for comparing: there are too many after it. */
  cut: number;
}

/** The records of a list that the service sorts, behind a place, oldest first, with the service's own cursor. */
export async function* readInOrder(
  reader: Reader,
  place: Place,
): AsyncGenerator<{ row: Row; after: unknown }, undefined> {
  const { caller, definition, options } = reader;
  const { reads, facts, time = "" } = definition;
  const parameters = { ...reader.parameters, ...facts?.since?.(place, time, reader.parameters) };
  let cursor: string | null = null;
  let last = Number.NEGATIVE_INFINITY;
  do {
    const page: Page<unknown> = await caller.page(reads, parameters, cursor, options);
    for (const record of page.items) {
      const row = rowOfTime(record, time, facts?.created);
      if (Number.isFinite(row.time) && row.time < last) throw unsorted(definition);
      last = Number.isFinite(row.time) ? row.time : last;
      const isDone = row.time < place.time || (place.after === undefined && row.time === place.time);
      if (!isDone) yield { row, after: propertyOf(record, "searchAfter") };
    }
    cursor = page.cursor;
  } while (cursor !== null);
  return undefined;
}

/**
 * The oldest records of a list behind a place, whatever order the list has. Those that were given are left
 * out, and noted in `known` with their times.
 */
export async function readBehind(
  reader: Reader,
  place: Place,
  seen: Seen,
  known: Map<number, number>,
): Promise<Behind> {
  const { definition } = reader;
  const { facts, time = "" } = definition;
  const given = { ...reader.parameters, ...facts?.since?.(place, time, reader.parameters) };
  return untilUnshifted(reader, async () => {
    let rows: Row[] = [];
    const times: number[] = [];
    let isMore = false;
    let highest = Number.NEGATIVE_INFINITY;
    // Where records come late, all of them are counted.
    let isSorted = facts?.ascending === true && facts.lateByMs === undefined;
    reading: for await (const records of pagesOf(reader, given, MOST_TIMED_ROWS)) {
      for (const record of records) {
        const row = timedRow(reader, record);
        if (row === undefined || compareRows(row, place) <= 0) continue;
        if (facts?.lateByMs !== undefined && Number.isFinite(row.time)) times.push(row.time);
        if (seen.version(row.idHash) === row.versionHash) {
          known.set(row.idHash, row.time);
          seen.meet(row.idHash);
          continue;
        }
        isSorted &&= row.time >= highest;
        highest = Math.max(highest, row.time);
        if (isSorted && rows.length >= BATCH && row.time > (rows[BATCH - 1]?.time ?? 0)) {
          isMore = true;
          break reading;
        }
        rows.push(row);
        if (rows.length >= 2 * BATCH) {
          rows = rows.sort(compareRows).slice(0, BATCH);
          isMore = true;
        }
      }
      if (isSorted) rows.sort(compareRows);
    }
    rows.sort(compareRows);
    isMore ||= rows.length > BATCH;
    return { rows: rows.slice(0, BATCH), isMore, cut: cutOf(times) };
  });
}

/**
 * The newest records, at most so many, newest first: of one page where the list can be asked for them, and of
 * as many as may come late.
 */
export async function readNewest(reader: Reader, most: number): Promise<Row[]> {
  const { definition, parameters, startedAt } = reader;
  const { facts, time = "" } = definition;
  const newestFirst = (left: Row, right: Row) => compareRows(right, left);
  const isNewestFirst = facts?.newest !== undefined;
  const from = facts?.lateByMs === undefined ? Number.POSITIVE_INFINITY : startedAt - lateByMs(definition);
  const given = { ...parameters, ...(facts?.newest ?? facts?.all)?.(time) };
  return untilUnshifted(reader, async () => {
    let rows: Row[] = [];
    for await (const records of pagesOf(reader, given, MOST_TIMED_ROWS)) {
      const read = records.flatMap((record) => timedRow(reader, record) ?? []);
      rows.push(...read);
      const isEnough = rows.length >= most || (read.at(-1)?.time ?? 0) < from;
      if (isNewestFirst && isEnough) break;
      if (rows.length > 2 * most) rows = rows.sort(newestFirst).slice(0, most);
    }
    return rows.sort(newestFirst).slice(0, most);
  });
}

/** Whether the service gives the newest records first, page by page, and none of them late. */
export function isSortedByService({ facts }: Definition): boolean {
  return facts?.newest !== undefined && facts.lateByMs === undefined;
}

/**
 * The records, newest first, of all that the trigger watches. Where the service sorts them, a page is read
 * when the one before was given; any other list is read whole first.
 */
export async function* readNewestFirst(reader: Reader): AsyncGenerator<Row, undefined> {
  const { definition, parameters } = reader;
  const { facts, time = "" } = definition;
  if (!isSortedByService(definition)) {
    yield* await readNewest(reader, MOST_TIMED_ROWS);
    return undefined;
  }
  const given = { ...parameters, ...facts?.newest?.(time) };
  for await (const records of pagesOf(reader, given, Number.POSITIVE_INFINITY, "descending"))
    for (const record of records) {
      const row = timedRow(reader, record);
      if (row !== undefined) yield row;
    }
  return undefined;
}

/** All rows that are compared by what they hold; refuses more than can be. */
export async function readContents(reader: Reader): Promise<Row[]> {
  const { caller, definition, parameters, options } = reader;
  const { reads, endpoint } = definition;
  if (endpoint.gives === "bytes")
    return [rowOfContents(await caller.bytes(reads, parameters, options), "value")];
  if (endpoint.gives !== "list") {
    const record = await caller.call(reads, parameters, options);
    return record === null || record === undefined ? [] : [rowOfContents(record, "value")];
  }
  const rows = new Map<string, Row>();
  for await (const records of pagesOf(reader, parameters, MOST_ROWS)) {
    for (const record of records) {
      const row = rowOfContents(record);
      rows.set(row.id, row);
    }
  }
  return [...rows.values()];
}

/** The row of a record by the time that is watched; nothing where that never happened to it. */
function timedRow({ definition }: Reader, record: unknown): Row | undefined {
  const { facts, time = "", named } = definition;
  const row = rowOfTime(record, time, facts?.created);
  if (named.event === undefined) return row;
  return Number.isFinite(row.time) && row.time > (row.created ?? Number.NEGATIVE_INFINITY) ? row : undefined;
}

/** The pages of a list, each without what the one before had. */
async function* pagesOf(
  { caller, definition, options }: Reader,
  given: Parameters,
  most: number,
  order: "ascending" | "descending" = "ascending",
): AsyncGenerator<unknown[], undefined> {
  const { reads, facts } = definition;
  const overlap = facts?.pages;
  let parameters: Record<string, unknown> =
    overlap === "skip" ? { ...given, limit: LIMIT, skip: 0 } : { ...given };
  let cursor: string | null = null;
  let before = new Set<string>();
  let longest = 0;
  let count = 0;
  for (;;) {
    const page: Page<unknown> = await caller.page(reads, parameters, cursor, options);
    const ids = overlap === undefined ? [] : page.items.map(idOf);
    const records = page.items.filter((_, index) => !before.has(ids[index] ?? ""));
    count += records.length;
    if (count > most || (most === MOST_ROWS && (page.total ?? 0) > most)) throw tooMany(definition, most);
    const isGap = before.size > 0 && records.length === page.items.length;
    if (overlap === "skip" && isGap) throw new Shifted();
    yield records;
    if (page.cursor === null) return undefined;
    if (overlap === undefined) {
      cursor = page.cursor;
      continue;
    }
    // All of this page are known: the list is over, unless it is as long as a page can be.
    if (records.length === 0 && page.items.length < longest) return undefined;
    if (records.length === 0) throw stuck(definition);
    longest = Math.max(longest, page.items.length);
    before = new Set(ids);
    parameters =
      overlap === "skip"
        ? { ...parameters, skip: Number(parameters["skip"]) + page.items.length - 1 }
        : {
            ...parameters,
            [overlap.after]:
              rowOfTime(page.items.at(-1), definition.time ?? "", undefined).time +
              (order === "ascending" ? -1 : 1),
          };
  }
}

async function untilUnshifted<Result>({ definition }: Reader, read: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    try {
      return await read();
    } catch (reason) {
      if (!(reason instanceof Shifted)) throw reason;
    }
  }
  throw createError({
    code: "incomplete_list",
    message: `${definition.reads}: records were deleted each time that the list was read`,
    service: definition.service,
    endpoint: definition.endpoint.name,
    hint: "Poll again with the same cursor.",
  });
}

/** The time of which no more than the newest rows are later. */
function cutOf(times: number[]): number {
  return times.length <= MOST_ROWS
    ? Number.NEGATIVE_INFINITY
    : (times.sort((a, b) => b - a)[MOST_ROWS - 1] ?? 0);
}

export function tooMany({ name, reads, service, endpoint }: Definition, most: number) {
  const instead = INSTEAD[reads] ?? "narrow the list by its parameters";
  return createError({
    code: "invalid_argument",
    message: `${name}: the list has more than ${most.toLocaleString("en-US")} records, the most that a trigger compares`,
    service,
    endpoint: endpoint.name,
    hint: `${instead.charAt(0).toUpperCase()}${instead.slice(1)}.`,
  });
}

function unsorted({ reads, service, endpoint, time }: Definition) {
  return createError({
    code: "unreadable_response",
    message: `${reads}: the list is not sorted by ${time}, as it was asked to be`,
    service,
    endpoint: endpoint.name,
  });
}

function stuck({ reads, service, endpoint }: Definition) {
  return createError({
    code: "cursor_stuck",
    message: `${reads}: more records than a page holds have the same time`,
    service,
    endpoint: endpoint.name,
  });
}
