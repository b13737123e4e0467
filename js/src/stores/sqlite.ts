// A state store in a SQLite file, for Node.

import { mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { takeOwnership } from "./owner.js";
import { compareBytes } from "./sorted-keys.js";
import { openDatabase, type SqliteDatabase } from "./sqlite-database.js";
import type { StateStore } from "./store.js";
import { successor } from "./successor.js";

/** Raised when the table changes. */
const FORMAT = 1;

type OpenStore = Required<Omit<StateStore, "identity">>;

/** An open file, shared by the stores of this process that name it. */
interface OpenFile {
  store: OpenStore;
  users: number;
}

const openFiles = new Map<string, Promise<OpenFile>>();

/** What stores of the same file have in common. */
const identities = new Map<string, object>();

function identityOf(file: string): object {
  const identity = identities.get(file) ?? { file };
  identities.set(file, identity);
  return identity;
}

/**
 * A store in that SQLite file, which is made when it is missing. Commits are whole and durable: a
 * process may be killed at any moment. One process at a time uses a file; a second one gets an error
 * that says which. The file is opened at the first use and let go of by `close()` or at exit.
 */
export function sqlite(path: string): StateStore {
  const file = resolve(path);
  let opened: Promise<OpenFile> | undefined;
  const open = async (): Promise<StateStore> => {
    opened ??= share(file);
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
    commit: async (puts, deletes, guard) => (await open()).commit(puts, deletes, guard),
    scan: async (prefix, after, limit) => (await open()).scan(prefix, after, limit),
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

async function share(file: string): Promise<OpenFile> {
  const opening = openFiles.get(file) ?? openStore(file).then((store) => ({ store, users: 0 }));
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

async function openStore(file: string): Promise<OpenStore> {
  mkdirSync(dirname(file), { recursive: true });
  const release = takeOwnership(file);
  try {
    const database = await openDatabase(file);
    prepareTable(database, file);
    return storeOf(database, release);
  } catch (reason) {
    release();
    throw reason;
  }
}

function prepareTable(database: SqliteDatabase, file: string): void {
  const format = Number(database.prepare("PRAGMA user_version").all()[0]?.["user_version"]);
  if (format > FORMAT) {
    database.close();
    throw new Error(`the store ${file} was written by a newer version of ghl-chartmogul`);
  }
  database.exec("CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
  database.exec(`PRAGMA user_version = ${FORMAT}`);
}

function storeOf(database: SqliteDatabase, release: () => void): OpenStore {
  const read = database.prepare("SELECT value FROM state WHERE key = ?");
  const write = database.prepare(
    "INSERT INTO state VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
  );
  const remove = database.prepare("DELETE FROM state WHERE key = ?");
  const list = (range: string) =>
    database.prepare(`SELECT key, value FROM state WHERE ${range} ORDER BY key LIMIT ?`);
  const [from, behind] = [list("key >= ? AND key < ?"), list("key > ? AND key < ?")];
  const [fromUnbounded, behindUnbounded] = [list("key >= ?"), list("key > ?")];
  const get = (key: string) => read.all(key)[0]?.["value"] as string | undefined;
  return {
    conditional: true,
    get: (keys) => keys.map(get),
    commit(puts, deletes, guard) {
      database.exec("BEGIN IMMEDIATE");
      try {
        if (guard !== undefined && get(guard.key) !== guard.value) {
          database.exec("ROLLBACK");
          return false;
        }
        for (const key of deletes) remove.run(key);
        for (const [key, value] of puts) write.run(key, value);
        database.exec("COMMIT");
        return true;
      } catch (reason) {
        database.exec("ROLLBACK");
        throw reason;
      }
    },
    scan(prefix, after, limit) {
      const begins = after === undefined || compareBytes(after, prefix) < 0;
      const [bounded, unbounded] = begins ? [from, fromUnbounded] : [behind, behindUnbounded];
      const [lower, upper] = [begins ? prefix : after, successor(prefix)];
      const rows = upper === undefined ? unbounded.all(lower, limit) : bounded.all(lower, upper, limit);
      return (rows as { key: string; value: string }[]).map(({ key, value }) => [key, value]);
    },
    close() {
      database.close();
      release();
    },
  };
}
