// A state store in a Durable Object of Cloudflare, on its SQLite storage.

import { createError } from "../errors.js";
import { compareBytes } from "./sorted-keys.js";
import type { StateStore } from "./store.js";
import { isStoreError, messageOf, storeError } from "./store-error.js";
import { successor } from "./successor.js";

/** The part of `ctx.storage` of a Durable Object that is used here. */
export interface DurableObjectStorage {
  readonly sql: {
    exec(query: string, ...values: (string | number)[]): Iterable<Record<string, unknown>>;
  };
  transactionSync<Result>(work: () => Result): Result;
}

const TABLE = "ghl_chartmogul_state";
/** SQLite of a Durable Object refuses longer texts. */
const LONGEST_BYTES = 2_000_000;

/**
 * A store in the SQLite storage of a Durable Object: pass `ctx.storage`. Commits are transactions. The
 * platform holds what the object sends out until its writes are safe, so none is lost by a crash. One object
 * serves one location, or several; one for each location spreads them over machines.
 *
 * The class of the object needs `new_sqlite_classes` in its migration. Row limit: 2 MB.
 *
 * @throws `invalid_config` if the storage is not SQLite's.
 * @example
 * import { DurableObject } from "cloudflare:workers";
 * import { createConnector } from "ghl-chartmogul";
 * import { durableObject } from "ghl-chartmogul/durable-object";
 *
 * export class Location extends DurableObject {
 *   sync(options) {
 *     const store = durableObject(this.ctx.storage);
 *     return createConnector({ ghl, chartmogul, store }).sync.run(options);
 *   }
 * }
 */
export function durableObject(storage: DurableObjectStorage): StateStore {
  const sql = sqlOf(storage);
  let isReady = false;
  const during = <Result>(work: () => Result): Result => {
    try {
      if (!isReady) prepareTable(sql);
      isReady = true;
      return work();
    } catch (reason) {
      throw failureOf(reason);
    }
  };
  const get = (key: string) => {
    const [row] = sql.exec(`SELECT value FROM ${TABLE} WHERE key = ?`, key);
    return row?.["value"] as string | undefined;
  };
  return {
    identity: storage,
    conditional: true,
    get: (keys) => during(() => keys.map(get)),
    commit: (puts, deletes, guard) =>
      during(() =>
        storage.transactionSync(() => {
          if (guard !== undefined && get(guard.key) !== guard.value) return false;
          for (const key of deletes) sql.exec(`DELETE FROM ${TABLE} WHERE key = ?`, key);
          for (const [key, value] of puts) {
            requireFit(key, value);
            sql.exec(
              `INSERT INTO ${TABLE} VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value`,
              key,
              value,
            );
          }
          return true;
        }),
      ),
    scan: (prefix, after, limit, size = Number.POSITIVE_INFINITY) =>
      during(() => {
        const begins = after === undefined || compareBytes(after, prefix) < 0;
        const upper = successor(prefix);
        const range = `key ${begins ? ">=" : ">"} ?${upper === undefined ? "" : " AND key < ?"}`;
        const values = [begins ? prefix : after, ...(upper === undefined ? [] : [upper]), limit];
        const entries: [key: string, value: string][] = [];
        let length = 0;
        const rows = sql.exec(
          `SELECT key, value FROM ${TABLE} WHERE ${range} ORDER BY key LIMIT ?`,
          ...values,
        );
        for (const row of rows) {
          const { key, value } = row as { key: string; value: string };
          entries.push([key, value]);
          length += value.length;
          if (length >= size) break;
        }
        return entries;
      }),
  };
}

function sqlOf(storage: DurableObjectStorage): DurableObjectStorage["sql"] {
  let why = "durableObject takes the storage of a Durable Object: ctx.storage";
  try {
    const { sql, transactionSync } = storage;
    if (typeof sql?.exec === "function" && typeof transactionSync === "function") {
      // The older storage has these functions, too, and refuses them.
      sql.exec("SELECT 1");
      return sql;
    }
  } catch (reason) {
    why = `the storage of this Durable Object is not SQLite's: ${messageOf(reason)}`;
  }
  throw createError({
    code: "invalid_config",
    message: why,
    hint: "Name the class in new_sqlite_classes of a migration in wrangler.jsonc; an existing class of the older storage cannot be changed.",
  });
}

function prepareTable(sql: DurableObjectStorage["sql"]): void {
  sql.exec(`CREATE TABLE IF NOT EXISTS ${TABLE} (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID`);
}

function requireFit(key: string, value: string): void {
  // A text has at most three bytes a unit: only long ones are counted.
  if (3 * value.length < LONGEST_BYTES) return;
  const bytes = new TextEncoder().encode(value).length;
  if (bytes <= LONGEST_BYTES) return;
  throw storeError({
    code: "store_failed",
    message: `the record under ${key.slice(0, 100)} has ${bytes} bytes, and a Durable Object stores ${LONGEST_BYTES}`,
    hint: "Shorten that record, or keep the state in PostgreSQL.",
  });
}

function failureOf(reason: unknown): unknown {
  if (isStoreError(reason)) return reason;
  const message = messageOf(reason);
  return storeError({
    code: "store_failed",
    message: `the state store in the Durable Object failed: ${message}`,
    hint: /SQLITE_FULL|full/i.test(message)
      ? "A Durable Object holds 10 GB, on the free plan less. Use one object for each location."
      : "Run again. No record is lost or written twice.",
    cause: reason,
  });
}
