// What every call and every list takes and gives.

/** Options of one call. */
export interface CallOptions {
  /** Ends the call; it then rejects with the signal's own reason. */
  signal?: AbortSignal | undefined;
  /** Milliseconds for each request until its answer is read. Default 30,000. */
  timeoutMs?: number | undefined;
}

/** Options of a list. */
export interface ListOptions extends CallOptions {
  /** Where to continue: the `cursor` of a page seen before, with the same parameters. */
  cursor?: string | null | undefined;
  /** Most records to give over all pages. Default: all. */
  limit?: number | undefined;
}

/** One page of a list. */
export interface Page<Item> {
  items: Item[];
  /** Gives what follows when passed as the option `cursor`; null after the last record. */
  cursor: string | null;
  /** How many records the service says there are; null where it does not say. */
  total: number | null;
  /** On the last page: records that the service announced and did not give. */
  missing: number;
}

/**
 * A list that reads page by page and never holds more than one.
 * `for await (const item of list)` goes through all, `await list` gives one page,
 * `list.pages()` goes page by page so that a program can keep each cursor.
 */
export interface List<Item> extends AsyncIterable<Item>, PromiseLike<Page<Item>> {
  /** The pages, one after the other. */
  pages(): AsyncIterableIterator<Page<Item>>;
}
