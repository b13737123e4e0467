// A state store in PostgreSQL, for several processes and for programs that have a database already.

import { createError } from "../errors.js";
import { identitiesOf } from "./identities.js";
import { patiently } from "./patience.js";
import { compareBytes } from "./sorted-keys.js";
import type { StateStore } from "./store.js";
import { isStoreError, messageOf, shownCause, storeError } from "./store-error.js";
import { successor } from "./successor.js";

/** A pool or client of `pg`, or anything with its `query(text, values)`: Neon's and others. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): PromiseLike<unknown>;
}

/** What `postgres` (postgres.js) gives. */
export interface PostgresJs {
  unsafe(text: string, values?: never[]): PromiseLike<unknown>;
}

/** Options of a store in PostgreSQL. */
export interface PostgresOptions {
  /**
   * The table, made when it is missing: `table` or `schema.table` of lower-case letters, digits and
   * underscores, each up to 40 characters. Default `ghl_chartmogul_state`.
   */
  table?: string | undefined;
  /** Which store of the table, 1 to 100 characters: those of different names see nothing of each other. Default `default`. */
  name?: string | undefined;
}

type Row = Record<string, unknown>;
type Query = (text: string, values: unknown[]) => Promise<Row[]>;

const identityOf = identitiesOf();
const DEFAULT_TABLE = "ghl_chartmogul_state";
/** Raised when the table or its function changes. */
const FORMAT = 1;

/**
 * A store in PostgreSQL 11 or later through a pool or client of the program: `pg`, `postgres` (postgres.js),
 * Neon's, or anything with `query(text, values)`. A commit is one statement, which happens whole or not at
 * all, so that any number of processes may share the store, also behind a pooler. It serves any number of
 * locations. A server that restarts is waited for up to 15 seconds.
 *
 * The first use makes the table and a function `…_commit_1` beside it, for which the user needs CREATE on
 * the schema; `postgresSchema` gives the statement for those who run it themselves. Closing the store does
 * not close the pool.
 *
 * @throws `invalid_config` if the client is of another kind, or the table or name cannot be one.
 * @example
 * import pg from "pg";
 * import { createConnector } from "ghl-chartmogul";
 * import { postgres } from "ghl-chartmogul/postgres";
 *
 * const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
 * pool.on("error", () => {}); // An idle connection that broke; the store opens another.
 * const connector = createConnector({ ghl, chartmogul, store: postgres(pool) });
 */
export function postgres(client: PostgresClient | PostgresJs, options: PostgresOptions = {}): StateStore {
  const { table = DEFAULT_TABLE, name = "default" } = options;
  const { quoted, commit } = namesOf(table);
  if (typeof name !== "string" || name.length === 0 || name.length > 100)
    throw invalid("the option name of postgres must be 1 to 100 characters");
  const query = queryOf(client);
  let prepared: Promise<void> | undefined;
  const attempt = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    try {
      prepared ??= patiently(() => prepare(query, table), mayRepeat).catch((reason) => {
        prepared = undefined;
        throw reason;
      });
      await prepared;
      return await patiently(work, mayRepeat);
    } catch (reason) {
      throw failureOf(reason, table);
    }
  };
  const ask = (text: string, values: unknown[]) => attempt(() => query(text, values));
  const column = `name = $1 AND key`;
  const read = (keys: readonly string[]) =>
    query(`SELECT key, value FROM ${quoted} WHERE ${column} = ANY($2::text[])`, [name, keys]);
  return {
    identity: identityOf(client, `${quoted} ${name}`),
    conditional: true,
    async get(keys) {
      if (keys.length === 0) return [];
      const rows = await attempt(() => read(keys));
      const found = new Map(rows.map(({ key, value }) => [key as string, value as string]));
      return keys.map((key) => found.get(key));
    },
    async commit(puts, deletes, guard) {
      if (puts.length === 0 && deletes.length === 0 && guard === undefined) return true;
      // PostgreSQL refuses to write a row twice in one statement.
      const last = new Map(puts);
      const text = `SELECT ${commit}($1, $2, $3, $4::text[], $5::text[], $6::text[]) AS done`;
      const guarded = [guard?.key ?? null, guard?.value ?? null];
      const given = [name, ...guarded, [...last.keys()], [...last.values()], deletes];
      const isChanged = guard !== undefined && (last.has(guard.key) || deletes.includes(guard.key));
      /** Why it is not known whether an earlier attempt happened. */
      let doubt: { reason: unknown } | undefined;
      return attempt(async () => {
        try {
          const [row] = await query(text, given);
          if (row?.["done"] === true) return true;
        } catch (reason) {
          if (isBroken(reason)) doubt = { reason };
          throw reason;
        }
        if (doubt === undefined || !isChanged) return false;
        // The guard is not as it was. What was put is of this commit alone: there it has happened before.
        const [held] = await read([guard.key]);
        if (held?.["value"] === last.get(guard.key)) return true;
        // Somebody else has changed it, before this commit or after it.
        throw unknownOutcome(doubt.reason);
      });
    },
    async scan(prefix, after, limit, size) {
      const begins = after === undefined || compareBytes(after, prefix) < 0;
      const upper = successor(prefix);
      const values: unknown[] = [name, begins ? prefix : after, limit];
      let range = `${column} ${begins ? ">=" : ">"} $2`;
      if (upper !== undefined) range += ` AND key < $${values.push(upper)}`;
      const page = `FROM ${quoted} WHERE ${range} ORDER BY key LIMIT $3`;
      const rows =
        size === undefined
          ? await ask(`SELECT key, value ${page}`, values)
          : await ask(
              `SELECT key, value FROM (SELECT key, value, sum(length(value)) OVER (ORDER BY key ROWS
                 BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - length(value) AS before
                 FROM (SELECT key, value ${page}) AS page) AS measured
               WHERE before < $${values.push(size)}::numeric ORDER BY key`,
              values,
            );
      return rows.map(({ key, value }) => [key as string, value as string]);
    },
    async compact() {
      await ask(`VACUUM (FULL) ${quoted}`, []);
    },
  };
}

/**
 * The statement that makes a table for `postgres`, for a user who may create tables. It may run again.
 *
 * @throws `invalid_config` if the table cannot be one.
 * @example
 * import { postgresSchema } from "ghl-chartmogul/postgres";
 *
 * console.log(postgresSchema({ table: "crm.sync_state" }));
 */
export function postgresSchema({ table = DEFAULT_TABLE }: Pick<PostgresOptions, "table"> = {}): string {
  const { quoted, commit } = namesOf(table);
  // Two processes that make it at once would fail by turns. A guard on an absent key puts a row of its own:
  // another that puts the same key waits until this commit has ended, and then finds a row. A guard on a
  // value locks its row. Each statement in the function sees what was committed until it began. All lock
  // rows in one order, so that deadlocks are rare; one that happens is undone whole, and tried again.
  return `DO $make$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('ghl-chartmogul state table'));
  CREATE TABLE IF NOT EXISTS ${quoted} (
    name text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (name, key)
  );
  CREATE OR REPLACE FUNCTION ${commit}(
    store text, guard_key text, guard_value text, put_keys text[], put_values text[], delete_keys text[]
  ) RETURNS boolean LANGUAGE plpgsql AS $commit$
  BEGIN
    IF guard_key IS NOT NULL AND guard_value IS NULL THEN
      INSERT INTO ${quoted} VALUES (store, guard_key, '') ON CONFLICT DO NOTHING;
      IF NOT FOUND THEN RETURN false; END IF;
      IF NOT guard_key = ANY (put_keys) THEN delete_keys := delete_keys || guard_key; END IF;
    ELSIF guard_key IS NOT NULL THEN
      PERFORM FROM ${quoted} WHERE name = store AND key = guard_key AND value = guard_value FOR UPDATE;
      IF NOT FOUND THEN RETURN false; END IF;
    END IF;
    PERFORM FROM ${quoted} WHERE name = store AND key = ANY (put_keys || delete_keys) ORDER BY key FOR UPDATE;
    DELETE FROM ${quoted} WHERE name = store AND key = ANY (delete_keys);
    INSERT INTO ${quoted}
      SELECT store, put_key, put_value FROM unnest(put_keys, put_values) AS puts (put_key, put_value)
      ORDER BY put_key COLLATE "C"
      ON CONFLICT (name, key) DO UPDATE SET value = excluded.value;
    RETURN true;
  END $commit$;
END $make$`;
}

async function prepare(query: Query, table: string): Promise<void> {
  const { quoted, commit } = namesOf(table);
  const [found] = await query(
    `SELECT to_regclass($1) IS NOT NULL AND to_regproc($2) IS NOT NULL AS made,
       current_setting('server_encoding') AS encoding`,
    [quoted, commit],
  );
  if (found?.["encoding"] !== "UTF8") {
    throw storeError({
      code: "store_failed",
      message: `the database has the encoding ${found?.["encoding"]}, and the sync's state needs UTF8`,
      hint: "Use a database that was created with ENCODING 'UTF8'.",
    });
  }
  if (found?.["made"] !== true) await query(postgresSchema({ table }), []);
}

function namesOf(table: string): { quoted: string; commit: string } {
  if (typeof table !== "string" || !/^([a-z_][a-z0-9_]{0,39}\.)?[a-z_][a-z0-9_]{0,39}$/.test(table)) {
    throw invalid(
      'the option table of postgres must be "table" or "schema.table" of lower-case letters, digits and underscores, each up to 40 characters',
    );
  }
  const quote = (name: string) =>
    name
      .split(".")
      .map((part) => `"${part}"`)
      .join(".");
  return { quoted: quote(table), commit: quote(`${table}_commit_${FORMAT}`) };
}

function invalid(message: string) {
  return createError({
    code: "invalid_config",
    message,
    hint: "For example: postgres(pool, { table: 'ghl_chartmogul_state', name: 'production' }).",
  });
}

function queryOf(client: PostgresClient | PostgresJs): Query {
  const given = (client ?? {}) as Partial<PostgresClient & PostgresJs>;
  const rowsOf = (result: unknown) =>
    (Array.isArray(result) ? result : ((result as { rows?: Row[] } | undefined)?.rows ?? [])) as Row[];
  // An empty list of values would make some clients prepare what cannot be prepared.
  if (typeof given.unsafe === "function") {
    const { unsafe } = given;
    return async (text, values) => rowsOf(await unsafe.call(client, text, values as never[]));
  }
  if (typeof given.query === "function") {
    const { query } = given;
    return async (text, values) =>
      rowsOf(await (values.length === 0 ? query.call(client, text) : query.call(client, text, values)));
  }
  throw createError({
    code: "invalid_config",
    message: "postgres takes a pool or client of pg, or an object with query(text, values)",
    hint: 'For example: postgres(new pg.Pool({ connectionString })). A URL is for openStore of "ghl-chartmogul/stores".',
  });
}

/** The server undid it all: a deadlock, or a conflict between serializable transactions. */
const UNDONE = new Set(["40P01", "40001"]);
/** The server did not take it: it refuses connections, starts, stops or has too many. */
const NOT_TAKEN = new Set(["ECONNREFUSED", "57P03", "53300", "EAI_AGAIN"]);
/** No connection of the pool was free, or none was made. */
const NOT_SENT = /timeout exceeded when trying to connect|due to connection timeout/i;
/** The connection broke: what was sent may have happened. */
const BROKEN = /^(ECONNRESET|EPIPE|ETIMEDOUT|57P01|57P02|08\d{3}|CONNECTION_(CLOSED|ENDED|DESTROYED))$/;

/** Whether what was sent may be sent again: a commit that finds its guard changed looks whether it was itself. */
function mayRepeat(reason: unknown): boolean {
  return UNDONE.has(codeOf(reason)) || NOT_TAKEN.has(codeOf(reason)) || isNotSent(reason) || isBroken(reason);
}

function isBroken(reason: unknown): boolean {
  if (isStoreError(reason) || isNotSent(reason)) return false;
  return BROKEN.test(codeOf(reason)) || /Connection terminated/i.test(messageOf(reason));
}

const isNotSent = (reason: unknown) => NOT_SENT.test(messageOf(reason));
const codeOf = (reason: unknown) => String((reason as { code?: unknown } | undefined)?.code);

function unknownOutcome(reason: unknown): Error {
  return storeError({
    code: "store_failed",
    message: `the connection to PostgreSQL broke during a commit, and somebody else has written since: ${messageOf(reason)}`,
    hint: "Whether the commit happened is not known. Run again: the next run finds out.",
    cause: shownCause(reason),
  });
}

function failureOf(reason: unknown, table: string): unknown {
  if (isStoreError(reason)) return reason;
  const { code } = (reason ?? {}) as { code?: unknown };
  const message = messageOf(reason) || String(code);
  return storeError({
    code: "store_failed",
    message: `the state store in PostgreSQL failed: ${message}`,
    hint: /read timeout/i.test(message)
      ? "The server does not answer, or is too slow. Whether the commit happened is not known; the next run finds out."
      : hintOf(String(code), table),
    cause: shownCause(reason),
  });
}

/** What to do about a server that refuses or cannot be reached. */
function hintOf(code: string, table: string): string {
  if (/^(28|3D)/.test(code)) return "Check the user, the password and the database of the connection.";
  if (code === "42501")
    return `Give the user the rights to use ${table}, or let its owner run what postgresSchema of "ghl-chartmogul/postgres" gives.`;
  if (/^(42|3F)/.test(code))
    return `Something else is named ${table}, or it was changed. Name another table.`;
  if (/^53/.test(code))
    return "The server is full. Free some space or connections; no record is lost or written twice.";
  if (code === "22021") return "PostgreSQL stores no text that holds the character NUL (U+0000).";
  if (code === "54000") return "PostgreSQL takes keys of up to 2,700 bytes.";
  if (code === "25006") return "The connection leads to a replica. Connect to the primary server.";
  return "Check that the server is running and reachable from here, and run again. No record is lost or written twice.";
}
