// A state store in IndexedDB, for pages, extensions and workers of browsers.

import { createError } from "../errors.js";
import { identitiesByName } from "./identities.js";
import { compareBytes } from "./sorted-keys.js";
import type { StateStore } from "./store.js";
import { isStoreError, messageOf, storeError } from "./store-error.js";
import { successor } from "./successor.js";

const identityOf = identitiesByName();
/** Raised when what the database holds changes. */
const FORMAT = 1;
const TABLE = "state";
/** Rows that are read at once: a page ends where it is large. */
const ROWS = 64;

/**
 * A store in the IndexedDB database of that name, of the page's or extension's origin. Pages, tabs and
 * workers of one origin may share it. A commit is one transaction that has reached the disk when it is done
 * (`durability: "strict"`). Nothing is opened before the first use; `close()` closes the database, and the
 * next use opens it again.
 *
 * Browsers may delete the data of an origin when the disk is full, unless `navigator.storage.persist()` was
 * granted; Safari deletes what was not visited for seven days. A sync that has lost its state finds its
 * records again, in more calls. Errors are `store_failed` with what to do, and `busy` where another tab holds
 * an older version of the database open.
 *
 * @param name Default `ghl-chartmogul`.
 * @throws `invalid_config` if the name is not a text, or the host has no IndexedDB.
 * @example
 * import { createConnector } from "ghl-chartmogul";
 * import { indexedDb } from "ghl-chartmogul/indexeddb";
 *
 * const connector = createConnector({ ghl, chartmogul, store: indexedDb() });
 */
export function indexedDb(name = "ghl-chartmogul"): StateStore {
  if (typeof name !== "string" || name === "")
    throw createError({ code: "invalid_config", message: "indexedDb takes the name of a database" });
  const factory = factoryOfHost();
  let opened: Promise<Database> | undefined;
  const open = () => {
    opened ??= openDatabase(factory, name, () => {
      opened = undefined;
    }).catch((reason) => {
      opened = undefined;
      throw reason;
    });
    return opened;
  };
  const during = async <Result>(
    mode: "readonly" | "readwrite",
    work: (table: Table) => Promise<Result>,
  ): Promise<Result> => {
    try {
      return await inTransaction(await begin(open, mode), work);
    } catch (reason) {
      throw failureOf(reason, name);
    }
  };
  return {
    identity: identityOf(name),
    conditional: true,
    get: (keys) =>
      during("readonly", (table) =>
        Promise.all(keys.map((key) => done<string | undefined>(table.get(bytesOf(key))))),
      ),
    commit: (puts, deletes, guard) =>
      during("readwrite", async (table) => {
        if (guard !== undefined && (await done(table.get(bytesOf(guard.key)))) !== guard.value) return false;
        for (const key of deletes) table.delete(bytesOf(key));
        for (const [key, value] of puts) table.put(value, bytesOf(key));
        return true;
      }),
    scan: (prefix, after, limit, size = Number.POSITIVE_INFINITY) =>
      during("readonly", async (table) => {
        const entries: [key: string, value: string][] = [];
        const upper = successor(prefix);
        let length = 0;
        let last = after !== undefined && compareBytes(after, prefix) >= 0 ? after : undefined;
        for (;;) {
          const count = Math.min(ROWS, limit - entries.length);
          if (count <= 0) return entries;
          const range = rangeOf(last ?? prefix, last !== undefined, upper);
          // One after the last of all keys would be an empty range, which IndexedDB refuses.
          if (range === undefined) return entries;
          const [keys, values] = await Promise.all([
            done<ArrayBuffer[]>(table.getAllKeys(range, count)),
            done<string[]>(table.getAll(range, count)),
          ]);
          for (const [at, key] of keys.entries()) {
            const value = values[at] ?? "";
            entries.push([textOf(key), value]);
            length += value.length;
            if (length >= size) return entries;
          }
          if (keys.length < count) return entries;
          last = entries.at(-1)?.[0];
        }
      }),
    async close() {
      const last = opened;
      opened = undefined;
      (await last?.catch(() => undefined))?.close();
    },
  };
}

// The part of IndexedDB that is used here: the types of browsers are not those of the package's build.

interface Request<Result> {
  readonly result: Result;
  readonly error: unknown;
  onsuccess: (() => void) | null;
  onerror: (() => void) | null;
}

interface OpenRequest extends Request<Database> {
  onblocked: (() => void) | null;
  onupgradeneeded: (() => void) | null;
}

interface Factory {
  open(name: string, version: number): OpenRequest;
}

interface Database {
  close(): void;
  createObjectStore(name: string): unknown;
  transaction(tables: string, mode: string, options: { durability: "strict" }): Transaction;
  onversionchange: (() => void) | null;
  onclose: (() => void) | null;
}

interface Transaction {
  readonly error: unknown;
  objectStore(name: string): Table;
  abort(): void;
  oncomplete: (() => void) | null;
  onabort: (() => void) | null;
}

/** An object store under keys that are bytes: IndexedDB compares those byte by byte, and texts by UTF-16. */
interface Table {
  get(key: ArrayBuffer): Request<unknown>;
  getAll(range: object, count: number): Request<unknown[]>;
  getAllKeys(range: object, count: number): Request<unknown[]>;
  put(value: string, key: ArrayBuffer): Request<unknown>;
  delete(key: ArrayBuffer): Request<unknown>;
}

interface Ranges {
  bound(lower: ArrayBuffer, upper: ArrayBuffer, lowerOpen: boolean, upperOpen: boolean): object;
  lowerBound(lower: ArrayBuffer, open: boolean): object;
}

interface Host {
  indexedDB?: Factory;
  IDBKeyRange?: Ranges;
}

function factoryOfHost(): Factory {
  const { indexedDB } = globalThis as Host;
  if (indexedDB !== undefined) return indexedDB;
  throw createError({
    code: "invalid_config",
    message: "this host has no IndexedDB",
    hint: "In Node.js take a SQLite file, in a Cloudflare Worker a Durable Object; see docs/stores.md.",
  });
}

function openDatabase(factory: Factory, name: string, forget: () => void): Promise<Database> {
  return new Promise((resolve, reject) => {
    const request = factory.open(name, FORMAT);
    let isGivenUp = false;
    request.onupgradeneeded = () => void request.result.createObjectStore(TABLE);
    request.onblocked = () => {
      isGivenUp = true;
      reject(
        storeError({
          code: "busy",
          message: `the state store ${name} in IndexedDB is open in another tab with an older version of the page`,
          hint: "Close the other tabs, and try again.",
        }),
      );
    };
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const database = request.result;
      // Somebody deletes it or brings a newer version, or the browser closes it: the next use opens it again.
      database.onversionchange = () => {
        forget();
        database.close();
      };
      database.onclose = forget;
      if (isGivenUp) database.close();
      else resolve(database);
    };
  });
}

/** A transaction; the database may have been closed between opening and this. */
async function begin(open: () => Promise<Database>, mode: string): Promise<Transaction> {
  const start = async () => (await open()).transaction(TABLE, mode, { durability: "strict" });
  try {
    return await start();
  } catch (reason) {
    if ((reason as { name?: unknown } | null)?.name !== "InvalidStateError") throw reason;
    return start();
  }
}

/** Resolves when the transaction has ended: what it wrote is stored then, whole. */
async function inTransaction<Result>(
  transaction: Transaction,
  work: (table: Table) => Promise<Result>,
): Promise<Result> {
  const ended = new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("the transaction was aborted"));
  });
  // Where the work fails, its reason goes before that of the transaction.
  ended.catch(() => {});
  let result: Result;
  try {
    result = await work(transaction.objectStore(TABLE));
  } catch (reason) {
    try {
      transaction.abort();
    } catch {
      // It has ended already.
    }
    throw transaction.error ?? reason;
  }
  await ended;
  return result;
}

function done<Result>(request: Request<unknown>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result as Result);
    request.onerror = () => reject(request.error);
  });
}

function rangeOf(lower: string, isOpen: boolean, upper: string | undefined): object | undefined {
  const { IDBKeyRange } = globalThis as unknown as Required<Host>;
  if (upper === undefined) return IDBKeyRange.lowerBound(bytesOf(lower), isOpen);
  if (compareBytes(lower, upper) >= 0) return undefined;
  return IDBKeyRange.bound(bytesOf(lower), bytesOf(upper), isOpen, true);
}

function bytesOf(text: string): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = new TextEncoder().encode(text);
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}

function textOf(bytes: ArrayBuffer): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

function failureOf(reason: unknown, name: string): unknown {
  if (isStoreError(reason)) return reason;
  const kind = String((reason as { name?: unknown } | null)?.name);
  return storeError({
    code: "store_failed",
    message: `the state store ${name} in IndexedDB failed: ${messageOf(reason) || kind}`,
    hint: hintOf(kind, messageOf(reason)),
    cause: reason,
  });
}

/** What to do about a database that the browser does not open or write. */
function hintOf(kind: string, message: string): string {
  if (kind === "QuotaExceededError")
    return 'The browser gives this site no more room. Free some disk space; an extension asks for the permission "unlimitedStorage".';
  if (kind === "VersionError") return "It was written by a newer version of ghl-chartmogul. Reload the page.";
  if (kind === "SecurityError" || kind === "InvalidStateError" || /did not allow mutations/i.test(message))
    return "Private windows and blocked site data have no IndexedDB. Allow this site to keep data, or use memory().";
  return "Reload the page and try again; if it stays, delete the site's data. No record is lost or written twice.";
}
