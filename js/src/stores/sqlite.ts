// A state store in a SQLite file, for Node.

import { mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { storeFailure } from "./failures.js";
import { identitiesByName } from "./identities.js";
import { compareBytes } from "./sorted-keys.js";
import { type Engine, openDatabase, ownEngine, type SqliteDatabase } from "./sqlite-database.js";
import type { StateStore } from "./store.js";
import { successor } from "./successor.js";

/** Raised when the table changes. */
const FORMAT = 1;

type OpenStore = Required<Omit<StateStore, "identity" | "exclusive">>;

/** An open file, shared by the stores of this process that name it. */
interface OpenFile {
  store: OpenStore;
  users: number;
}

const openFiles = new Map<string, Promise<OpenFile>>();

/** What stores of the same file have in common. */
const identityOf = identitiesByName((file) => ({ file }));

/**
 * A store in that SQLite file, which is made when it is missing. Commits are whole and durable: a
 * process may be killed at any moment. With `node:sqlite` (Node.js 22.13 and later) several processes
 * may share a file on a local disk. Elsewhere one process at a time uses it, and a second one gets
 * `busy` with who that is; after a kill, the next one waits 10 seconds. The file is opened at the
 * first use and closed by `close()` or at exit.
 */
export function sqlite(path: string): StateStore {
  return sqliteOn(path, ownEngine());
}

/** The same with a chosen engine. */
export function sqliteOn(path: string, engine: Engine): StateStore {
  const file = resolve(path);
  let opened: Promise<OpenFile> | undefined;
  const open = async (): Promise<StateStore> => {
    opened ??= share(file, engine);
    try {
      return (await opened).store;
    } catch (reason) {
      opened = undefined;
      throw reason;
    }
  };
  return {
    identity: identityOf(file),
    get: async (keys) => (await open()).get(keys),
    conditional: true,
    exclusive: engine === "wasm",
    commit: async (puts, deletes, guard) => (await open()).commit(puts, deletes, guard),
    scan: async (prefix, after, limit, size) => (await open()).scan(prefix, after, limit, size),
    compact: async () => (await open()).compact?.(),
    async close() {
      const last = opened;
      opened = undefined;
      const shared = await last;
      if (shared === undefined) return;
      shared.users -= 1;
      if (shared.users > 0) return;
      openFiles.delete(file);
      await shared.store.close();
    },
  };
}

async function share(file: string, engine: Engine): Promise<OpenFile> {
  const opening = openFiles.get(file) ?? openStore(file, engine).then((store) => ({ store, users: 0 }));
  openFiles.set(file, opening);
  try {
    const shared = await opening;
    shared.users += 1;
    return shared;
  } catch (reason) {
    openFiles.delete(file);
    throw reason;
  }
}

async function openStore(file: string, engine: Engine): Promise<OpenStore> {
  let database: SqliteDatabase | undefined;
  try {
    mkdirSync(dirname(file), { recursive: true });
    database = await openDatabase(file, engine);
    prepareTable(database, file);
    return storeOf(file, database);
  } catch (reason) {
    database?.close();
    throw storeFailure(file, reason);
  }
}

function prepareTable(database: SqliteDatabase, file: string): void {
  const format = () => Number(database.prepare("PRAGMA user_version").all()[0]?.["user_version"]);
  if (format() < FORMAT) {
    whole(database, () => {
      database.exec(
        "CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
      );
      database.exec(`PRAGMA user_version = ${FORMAT}`);
    });
  }
  if (format() > FORMAT) {
    throw new Error(`the store ${file} was written by a newer version of ghl-chartmogul`);
  }
}

/** Runs the writes as one transaction; `false` of them rolls it back. */
function whole<Result>(database: SqliteDatabase, writes: () => Result): Result {
  database.verify();
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = writes();
    database.exec(result === false ? "ROLLBACK" : "COMMIT");
    return result;
  } catch (reason) {
    try {
      database.exec("ROLLBACK");
    } catch {
      // On a full disk SQLite has rolled back already: the first failure is the one to report.
    }
    throw reason;
  }
}

/** The store of an open database. */
export function storeOf(file: string, database: SqliteDatabase): OpenStore {
  const read = database.prepare("SELECT value FROM state WHERE key = ?");
  const write = database.prepare(
    "INSERT INTO state VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
  );
  const remove = database.prepare("DELETE FROM state WHERE key = ?");
  const list = (range: string) =>
    database.prepare(`SELECT key, value FROM state WHERE ${range} ORDER BY key LIMIT ?`);
  const [from, behind] = [list("key >= ? AND key < ?"), list("key > ? AND key < ?")];
  const [fromUnbounded, behindUnbounded] = [list("key >= ?"), list("key > ?")];
  const named = <Result>(action: () => Result): Result => {
    try {
      return action();
    } catch (reason) {
      throw storeFailure(file, reason);
    }
  };
  const closeAtExit = () => {
    try {
      database.close();
    } catch {
      // Nobody is left to hear of it, and what was committed is safe.
    }
  };
  process.on("exit", closeAtExit);
  const get = (key: string) => read.all(key)[0]?.["value"] as string | undefined;
  return {
    conditional: true,
    get: (keys) => named(() => keys.map(get)),
    commit: (puts, deletes, guard) =>
      named(() =>
        whole(database, () => {
          if (guard !== undefined && get(guard.key) !== guard.value) return false;
          for (const key of deletes) remove.run(key);
          for (const [key, value] of puts) write.run(key, value);
          return true;
        }),
      ),
    scan(prefix, after, limit, size = Number.POSITIVE_INFINITY) {
      const begins = after === undefined || compareBytes(after, prefix) < 0;
      const [bounded, unbounded] = begins ? [from, fromUnbounded] : [behind, behindUnbounded];
      const [lower, upper] = [begins ? prefix : after, successor(prefix)];
      const entries: [string, string][] = [];
      let length = 0;
      const take = (row: Record<string, unknown>) => {
        const { key, value } = row as { key: string; value: string };
        entries.push([key, value]);
        length += value.length;
        return length < size;
      };
      named(() =>
        upper === undefined ? unbounded.each(take, lower, limit) : bounded.each(take, lower, upper, limit),
      );
      return entries;
    },
    compact: () =>
      named(() => {
        database.verify();
        // The file is written anew, without the pages that deletes have freed, and then the log is emptied.
        database.exec("VACUUM");
        database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      }),
    close() {
      process.off("exit", closeAtExit);
      database.close();
    },
  };
}
