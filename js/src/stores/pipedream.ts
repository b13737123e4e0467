// A state store in a data store of Pipedream.

import { createError } from "../errors.js";
import { identitiesOf } from "./identities.js";
import { memory } from "./memory.js";
import type { StateStore } from "./store.js";
import { isStoreError, messageOf, storeError } from "./store-error.js";

/** The part of `this.data_store` of a step that is used here. */
export interface PipedreamDataStore {
  get(key: string): PromiseLike<unknown>;
  set(key: string, value: unknown): PromiseLike<unknown>;
  delete(key: string): PromiseLike<unknown>;
}

/** Options of a store in a data store. */
export interface PipedreamOptions {
  /** What the names of its records begin with, 1 to 100 characters. Default `ghl-chartmogul`. */
  prefix?: string | undefined;
}

/** What a state consists of: the parts of its last copy, and the commits since. */
interface Head {
  /** Counts the copies: the names of their parts and of the commits after them. */
  copy: number;
  parts: number;
  /** How much of the copy before has to be deleted. */
  before?: { parts: number; commits: number };
}

interface Commit {
  puts: [key: string, value: string][];
  deletes: string[];
}

interface Opened {
  head: Head;
  /** Commits since the copy. */
  commits: number;
  rows: StateStore;
}

const identityOf = identitiesOf();
/** After so many commits, all is copied anew: a plan limits the number of keys, and each start reads them all. */
const MOST_COMMITS = 40;
/** Characters of a part of a copy. */
const PART = 400_000;
const TOGETHER = 10;

/**
 * A store in a data store of Pipedream: pass the prop of type `data_store`. Data stores have no
 * transactions and no conditions, so **only one run at a time may use it**: set the workflow's concurrency
 * to 1. A second run that is seen gets `busy`, but not each one is seen. Use `redis` or `postgres` where
 * runs overlap.
 *
 * Plans limit keys and bytes. The whole state takes some 40 keys more than its size divided by 400 kB: each
 * commit is one record, which is stored whole or not at all, and 40 commits are copied into a few. It is
 * held in memory while the store is open, so that reading costs no requests.
 *
 * @throws `invalid_config` if it is not a data store.
 * @example
 * import { createConnector } from "ghl-chartmogul";
 * import { pipedreamDataStore } from "ghl-chartmogul/pipedream";
 *
 * export default defineComponent({
 *   props: { data_store: { type: "data_store" } },
 *   async run() {
 *     const store = pipedreamDataStore(this.data_store);
 *     const connector = createConnector({ ghl, chartmogul, store });
 *     return await connector.sync.run({ deadlineMs: 240_000 });
 *   },
 * });
 */
export function pipedreamDataStore(
  dataStore: PipedreamDataStore,
  options: PipedreamOptions = {},
): StateStore {
  const { prefix = "ghl-chartmogul" } = options;
  if (["get", "set", "delete"].some((name) => typeof dataStore?.[name as "get"] !== "function"))
    throw createError({
      code: "invalid_config",
      message: "pipedreamDataStore takes a data store of Pipedream",
      hint: 'Add the prop data_store: { type: "data_store" } to the step, and pass this.data_store.',
    });
  if (typeof prefix !== "string" || prefix === "" || prefix.length > 100)
    throw createError({
      code: "invalid_config",
      message: "the option prefix of pipedreamDataStore must be 1 to 100 characters",
    });
  const names = {
    head: `${prefix}/head`,
    part: (copy: number, index: number) => `${prefix}/${copy}/part/${index}`,
    commit: (copy: number, index: number) => `${prefix}/${copy}/commit/${index}`,
  };
  const readHead = async (): Promise<Head> =>
    ((await dataStore.get(names.head)) as Head | undefined) ?? { copy: 0, parts: 0 };

  const load = async (): Promise<Opened> => {
    const head = await readHead();
    if (head.before !== undefined && (await dataStore.get(names.commit(head.copy - 1, 0))) != null)
      await deleteBefore(head);
    const rows = memory();
    const parts = Array.from({ length: head.parts }, (_, index) => names.part(head.copy, index));
    for (const part of await inGroups(parts, (name) => dataStore.get(name))) {
      if (!Array.isArray(part)) throw incomplete();
      await rows.commit(part, []);
    }
    for (let commits = 0; ; ) {
      const some = Array.from({ length: TOGETHER }, (_, at) => names.commit(head.copy, commits + at));
      for (const found of await inGroups(some, (name) => dataStore.get(name))) {
        if (found === undefined || found === null) return { head, commits, rows };
        const { puts, deletes } = found as Commit;
        await rows.commit(puts, deletes);
        commits += 1;
      }
    }
  };

  /** Deletes the copy before; its first commit last, so that an end half-way is seen. */
  const deleteBefore = async ({ copy, before }: Head): Promise<void> => {
    if (before === undefined) return;
    const old = [
      ...Array.from({ length: before.parts }, (_, index) => names.part(copy - 1, index)),
      ...Array.from({ length: before.commits - 1 }, (_, index) => names.commit(copy - 1, index + 1)),
    ];
    await inGroups(old, (name) => dataStore.delete(name));
    await dataStore.delete(names.commit(copy - 1, 0));
  };

  /** Copies all rows anew. What is left of an attempt that was given up is written over by the next one. */
  const copy = async (state: Opened): Promise<void> => {
    const { head, commits } = state;
    const next: Head = { copy: head.copy + 1, parts: 0, before: { parts: head.parts, commits } };
    for (let after: string | undefined; ; next.parts++) {
      const part = await state.rows.scan("", after, Number.MAX_SAFE_INTEGER, PART);
      if (part.length === 0) break;
      await dataStore.set(names.part(next.copy, next.parts), part);
      after = part.at(-1)?.[0];
    }
    await dataStore.set(names.head, next);
    state.head = next;
    state.commits = 0;
    await deleteBefore(next);
  };

  let opened: Promise<Opened> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const open = () => {
    opened ??= load().catch((reason) => {
      opened = undefined;
      throw reason;
    });
    return opened;
  };
  const named = async <Result>(work: () => PromiseLike<Result>): Promise<Result> => {
    try {
      return await work();
    } catch (reason) {
      // What was stored is not known any more: the next use reads it again.
      opened = undefined;
      throw failureOf(reason);
    }
  };
  const append = async (commit: Commit): Promise<void> => {
    const state = await open();
    const name = names.commit(state.head.copy, state.commits);
    const [head, taken] = await Promise.all([readHead(), dataStore.get(name)]);
    if (head.copy !== state.head.copy || (taken !== undefined && taken !== null)) throw inUse();
    await dataStore.set(name, commit);
    state.commits += 1;
    await state.rows.commit(commit.puts, commit.deletes);
    // The commit is stored, whatever becomes of the copy: a later one makes it.
    if (state.commits % MOST_COMMITS === 0) await copy(state).catch(() => {});
  };
  return {
    identity: identityOf(dataStore, prefix),
    get: (keys) => named(async () => (await open()).rows.get(keys)),
    commit(puts, deletes) {
      if (puts.length === 0 && deletes.length === 0) return;
      // One after the other: each is a record of its own, and they are numbered.
      const done = last.then(() => named(() => append({ puts, deletes })));
      last = done.catch(() => {});
      return done;
    },
    scan: (within, after, limit, size) =>
      named(async () => (await open()).rows.scan(within, after, limit, size)),
    async close() {
      await last;
      opened = undefined;
    },
  };
}

/** Does the work for some at a time; the results are in the order of the names. */
async function inGroups<Result>(
  names: readonly string[],
  work: (name: string) => PromiseLike<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let first = 0; first < names.length; first += TOGETHER)
    results.push(...(await Promise.all(names.slice(first, first + TOGETHER).map(work))));
  return results;
}

function incomplete(): Error {
  return storeError({
    code: "store_failed",
    message: "a part of the sync's state is missing in the data store",
    hint: "Somebody deleted it. Delete the other records of this prefix too: the next run finds its records again.",
  });
}

function inUse(): Error {
  return storeError({
    code: "busy",
    message: "another run has written to the data store of this sync",
    hint: "Set the workflow's concurrency to 1: a data store serves one run at a time.",
  });
}

function failureOf(reason: unknown): unknown {
  if (isStoreError(reason)) return reason;
  const message = messageOf(reason);
  return storeError({
    code: "store_failed",
    message: `the state store in Pipedream failed: ${message}`,
    hint: /limit|quota|exceed|too large/i.test(message)
      ? "The plan's data stores are full. Delete what is not needed, or use a store in Redis or PostgreSQL."
      : "Run again. No record is lost or written twice.",
    cause: reason,
  });
}
