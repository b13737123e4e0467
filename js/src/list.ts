// A list: pages read one at a time, as an async iterable and as a promise of one page.

import type { CallOptions, List, ListOptions, Page } from "./call.js";
import { createError } from "./errors.js";

/** Reads the page at a cursor, null for the first, with what the list's options say of each call. */
export type ReadPage<Item> = (cursor: string | null, options: CallOptions) => Promise<Page<Item>>;

/** The list of these pages. */
export function createList<Item>(readPage: ReadPage<Item>, options: ListOptions): List<Item> {
  const pages = () => readPages(readPage, options);
  let firstPage: Promise<Page<Item>> | undefined;
  return {
    pages,
    [Symbol.asyncIterator]: () => readItems(pages(), options.signal),
    // biome-ignore lint/suspicious/noThenProperty: a list is awaitable by design.
    then(fulfilled, rejected) {
      firstPage ??= readFirstPage(pages());
      return firstPage.then(fulfilled, rejected);
    },
  };
}

async function* readPages<Item>(
  readPage: ReadPage<Item>,
  { cursor: start = null, limit = Number.POSITIVE_INFINITY, ...callOptions }: ListOptions,
): AsyncGenerator<Page<Item>, undefined, undefined> {
  if (!(limit > 0)) {
    throw createError({
      code: "invalid_argument",
      message: `the option limit must be a number above 0, not ${String(limit)}`,
    });
  }
  // The module takes only texts.
  if (start !== null && typeof start !== "string") {
    throw createError({
      code: "invalid_argument",
      message: `the option cursor must be the cursor of a page, a text, not ${typeof start}`,
    });
  }
  let left = limit;
  let place: string | null = start;
  do {
    const { cursor, given } = placeOf(place);
    const page = await readPage(cursor, callOptions);
    const items = given === 0 ? page.items : page.items.slice(given);
    const isCut = items.length > left;
    place = isCut ? inside(cursor, given + left) : page.cursor;
    yield { ...page, items: isCut ? items.slice(0, left) : items, cursor: place };
    left -= items.length;
  } while (place !== null && left > 0);
  return undefined;
}

/** The cursor behind the first records of a page, where `limit` cut it. */
function inside(cursor: string | null, given: number): string {
  return `given:${given}:${cursor ?? ""}`;
}

/** The page that a cursor leads to, and how many of its records were given before. */
function placeOf(place: string | null): { cursor: string | null; given: number } {
  const [, given, cursor] = /^given:(\d+):(.*)$/s.exec(place ?? "") ?? [];
  return given === undefined ? { cursor: place, given: 0 } : { cursor: cursor || null, given: Number(given) };
}

async function* readItems<Item>(
  pages: AsyncIterable<Page<Item>>,
  signal: AbortSignal | null | undefined,
): AsyncGenerator<Item, undefined, undefined> {
  for await (const page of pages) yield* untilAborted(page.items, signal);
  return undefined;
}

/** The items one by one: a signal that fires in the middle of a page ends it there. */
export function* untilAborted<Item>(
  items: readonly Item[],
  signal: AbortSignal | null | undefined,
): Generator<Item, undefined, undefined> {
  for (const item of items) {
    signal?.throwIfAborted();
    yield item;
  }
  return undefined;
}

async function readFirstPage<Item>(pages: AsyncIterator<Page<Item>>): Promise<Page<Item>> {
  const { value } = await pages.next();
  return value;
}
