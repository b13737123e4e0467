// A state store in the storage area of a browser extension: `chrome.storage.local`, and Firefox's
// `browser.storage.local`.

import { createError } from "../errors.js";
import { identitiesOf } from "./identities.js";
import { compareBytes, SortedKeys } from "./sorted-keys.js";
import type { CommitGuard, StateStore } from "./store.js";
import { isStoreError, messageOf, storeError } from "./store-error.js";

/** A storage area of an extension, as `chrome.storage.local` is in Manifest V3. */
export interface StorageArea {
  get(names: string[] | null): Promise<Record<string, unknown>>;
  set(items: Record<string, unknown>): Promise<void>;
  remove(names: string[]): Promise<void>;
  /** Chrome 130 and later. */
  getKeys?(): Promise<string[]>;
}

/** Options of a store in a storage area. */
export interface ChromeStorageOptions {
  /** Default: `browser.storage.local` or `chrome.storage.local`, whichever the host has. */
  area?: StorageArea | undefined;
  /** What the names of its items begin with, 1 to 100 characters without `:` and `~`. Default `ghl-chartmogul`. */
  prefix?: string | undefined;
}

/** What a commit that ended half-way is undone with. */
interface Journal {
  /** The items as they were. */
  put: Record<string, unknown>;
  /** Those that were not there. */
  remove: string[];
}

type LockMode = "shared" | "exclusive";
type WithLock = <Result>(mode: LockMode, work: () => Promise<Result>) => Promise<Result>;

const identityOf = identitiesOf();
/** Values that are read at once: a page ends where it is large. */
const ROWS = 64;

/**
 * A store in an extension's storage area, for the pages and the service worker of one extension at the same
 * time. The area has no transactions: commits are guarded by the Web Locks of the extension, and undone by
 * the next use where the browser ended the worker in the middle of one.
 *
 * `chrome.storage.local` holds 10 MB, some 1,500 contacts while they are first synced, unless the manifest asks for `unlimitedStorage`;
 * a full one is `store_failed`, and nothing of the commit is stored. For more, `indexedDb` is faster. A
 * content script cannot use it: its locks are those of the page.
 *
 * @throws `invalid_config` if the host has no such area or no Web Locks, or in a content script.
 * @example
 * import { createConnector } from "ghl-chartmogul/inline";
 * import { chromeStorage } from "ghl-chartmogul/chrome-storage";
 *
 * const connector = createConnector({ ghl, chartmogul, store: chromeStorage() });
 */
export function chromeStorage(options: ChromeStorageOptions = {}): StateStore {
  const { area = areaOfHost(), prefix = "ghl-chartmogul" } = options;
  // Each of the two ends the prefix: the rows of "a:b" would be rows of "a".
  if (typeof prefix !== "string" || !/^[^:~]{1,100}$/.test(prefix))
    throw invalid("the option prefix of chromeStorage must be 1 to 100 characters without : and ~");
  if (["get", "set", "remove"].some((name) => typeof area?.[name as "get"] !== "function"))
    throw invalid("the option area of chromeStorage must be a storage area, such as chrome.storage.local");
  const withLock = locksOfHost(`${prefix} state`);
  const rows = `${prefix}:`;
  const [journalName, stampName] = [`${prefix}~journal`, `${prefix}~keys`];
  const nameOf = (key: string) => rows + key;
  let known: { stamp: unknown; keys: SortedKeys } | undefined;

  const undo = async ({ put, remove }: Journal) => {
    // First what makes room.
    await area.remove(remove);
    await area.set(put);
    await area.remove([journalName]);
  };
  const recover = async () => {
    const { [journalName]: journal } = await area.get([journalName]);
    if (journal !== undefined) await undo(journal as Journal);
  };
  const read = async <Result>(
    names: string[],
    work: (items: Record<string, unknown>) => Promise<Result>,
  ): Promise<Result> => {
    for (;;) {
      const result = await withLock("shared", async () => {
        const items = await area.get([journalName, ...names]);
        return journalName in items ? undefined : { value: await work(items) };
      });
      if (result !== undefined) return result.value;
      await withLock("exclusive", recover);
    }
  };
  const sortedKeys = async (stamp: unknown): Promise<SortedKeys> => {
    if (known !== undefined && known.stamp === stamp) return known.keys;
    const names = (await area.getKeys?.()) ?? Object.keys(await area.get(null));
    const keys = new SortedKeys();
    const found = names.filter((name) => name.startsWith(rows)).map((name) => name.slice(rows.length));
    for (const key of found.sort(compareBytes)) keys.add(key);
    known = { stamp, keys };
    return keys;
  };
  const commit = async (
    puts: readonly [key: string, value: string][],
    deletes: readonly string[],
    guard: CommitGuard | undefined,
  ): Promise<boolean> => {
    await recover();
    const changed = [...puts.map(([key]) => key), ...deletes];
    const asked = [...changed, ...(guard === undefined ? [] : [guard.key])].map(nameOf);
    const before = await area.get([stampName, ...asked]);
    if (guard !== undefined && before[nameOf(guard.key)] !== guard.value) return false;
    const added = puts.map(([key]) => key).filter((key) => !(nameOf(key) in before));
    const removed = deletes.filter((key) => nameOf(key) in before);
    const items: Record<string, unknown> = Object.fromEntries(
      puts.map(([key, value]) => [nameOf(key), value]),
    );
    if (added.length === 0 && removed.length === 0) {
      if (puts.length === 0) return true;
      // One item is stored whole or not at all.
      if (puts.length === 1) {
        await area.set(items);
        return true;
      }
    }
    const isOtherSet = added.length > 0 || removed.length > 0;
    const stamp = isOtherSet ? crypto.randomUUID() : before[stampName];
    if (isOtherSet) items[stampName] = stamp;
    const names = [...Object.keys(items), ...removed.map(nameOf)];
    const journal: Journal = {
      put: Object.fromEntries(names.filter((name) => name in before).map((name) => [name, before[name]])),
      remove: names.filter((name) => !(name in before)),
    };
    await area.set({ [journalName]: journal });
    try {
      await area.set(items);
      if (removed.length > 0) await area.remove(removed.map(nameOf));
      await area.remove([journalName]);
    } catch (reason) {
      // Where this fails as well, the next use finds the journal.
      await undo(journal).catch(() => {});
      throw reason;
    }
    if (known !== undefined && known.stamp === before[stampName]) {
      for (const key of added) known.keys.add(key);
      for (const key of removed) known.keys.delete(key);
      known.stamp = stamp;
    }
    return true;
  };
  const named = async <Result>(work: Promise<Result>): Promise<Result> => {
    try {
      return await work;
    } catch (reason) {
      throw failureOf(reason);
    }
  };
  return {
    identity: identityOf(area, prefix),
    conditional: true,
    get: (keys) =>
      named(
        read(keys.map(nameOf), async (items) => keys.map((key) => items[nameOf(key)] as string | undefined)),
      ),
    commit: (puts, deletes, guard) => named(withLock("exclusive", () => commit(puts, deletes, guard))),
    scan: (within, after, limit, size = Number.POSITIVE_INFINITY) =>
      named(
        read([stampName], async (items) => {
          const wanted: string[] = [];
          const bound = after !== undefined && compareBytes(after, within) >= 0 ? after : within;
          for (const key of (await sortedKeys(items[stampName])).from(bound)) {
            if (key === after) continue;
            if (!key.startsWith(within) || wanted.length >= limit) break;
            wanted.push(key);
          }
          const entries: [key: string, value: string][] = [];
          for (let length = 0; entries.length < wanted.length && length < size; ) {
            const some = wanted.slice(entries.length, entries.length + ROWS);
            const values = await area.get(some.map(nameOf));
            for (const key of some) {
              const value = values[nameOf(key)] as string;
              entries.push([key, value]);
              length += value.length;
              if (length >= size) break;
            }
          }
          return entries;
        }),
      ),
  };
}

function invalid(message: string, hint?: string) {
  return createError({ code: "invalid_config", message, ...(hint !== undefined && { hint }) });
}

interface Host {
  browser?: { storage?: { local?: StorageArea } };
  chrome?: { storage?: { local?: StorageArea } };
  navigator?: {
    locks?: { request(name: string, options: { mode: LockMode }, work: () => unknown): unknown };
  };
  location?: { protocol?: string };
}

function areaOfHost(): StorageArea {
  const { browser, chrome } = globalThis as unknown as Host;
  const area = browser?.storage?.local ?? chrome?.storage?.local;
  if (area !== undefined) return area;
  throw invalid(
    "this host has no chrome.storage.local",
    'It exists in pages and workers of an extension whose manifest has the permission "storage".',
  );
}

function locksOfHost(name: string): WithLock {
  const { navigator, location } = globalThis as unknown as Host;
  if (location?.protocol !== undefined && !location.protocol.endsWith("-extension:"))
    throw invalid(
      "chromeStorage cannot be used in a content script: its locks would be those of the page",
      "Use it in the service worker or a page of the extension, and send a message there.",
    );
  const locks = navigator?.locks;
  if (locks === undefined)
    throw invalid("this host has no Web Locks (navigator.locks)", "Use Chrome 120 or Firefox 121, or later.");
  return async <Result>(mode: LockMode, work: () => Promise<Result>) =>
    (await locks.request(name, { mode }, work)) as Result;
}

function failureOf(reason: unknown): unknown {
  if (isStoreError(reason)) return reason;
  const message = messageOf(reason);
  return storeError({
    code: "store_failed",
    message: `the state store in the extension's storage failed: ${message}`,
    hint: /quota/i.test(message)
      ? 'The storage of an extension holds 10 MB. Add "unlimitedStorage" to the permissions of the manifest. Nothing of the commit was stored.'
      : "Reload the extension and try again. No record is lost or written twice.",
    cause: reason,
  });
}
