// SQLite: the runtime's own where it has it, else the WebAssembly build of `node-sqlite3-wasm`.

import { closeSync, openSync, rmSync, statSync, utimesSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { storeBusy } from "./failures.js";
import { changes, heartbeat, takeOwnership, untilNoOwner } from "./owner.js";

type Value = string | number;

/** What the store needs of a SQLite database. */
export interface SqliteDatabase {
  exec(sql: string): void;
  prepare(sql: string): SqliteStatement;
  /** Throws `busy` where this process may not write any more. */
  verify(): void;
  close(): void;
}

/** A prepared statement. */
export interface SqliteStatement {
  all(...values: Value[]): Record<string, unknown>[];
  /** Gives one row after the other, for as long as `take` returns true. */
  each(take: (row: Record<string, unknown>) => boolean, ...values: Value[]): void;
  run(...values: Value[]): void;
}

/** Which SQLite opens a file. */
export type Engine = "node:sqlite" | "wasm";

/** The engine of this runtime. */
export const ownEngine = (): Engine => (nodeSqlite() === undefined ? "wasm" : "node:sqlite");

/**
 * Opens the file, or makes it. With `node:sqlite` several processes may have it open; the WebAssembly
 * build owns it, and no other process has it open then, of either engine.
 */
export async function openDatabase(file: string, engine: Engine = ownEngine()): Promise<SqliteDatabase> {
  createPrivately(file);
  const database = engine === "wasm" ? await openOwned(file) : await openShared(file);
  try {
    database.exec("PRAGMA synchronous = FULL");
    // 16 MB: with the default of 2 MB, 100,000 records of random ids take three times as long.
    database.exec("PRAGMA cache_size = -16000");
  } catch (reason) {
    database.close();
    throw reason;
  }
  return database;
}

/** How long a process waits for another's commit. */
const PATIENCE_MS = 10_000;

/** Shared memory of a database that has a write-ahead log: it exists while somebody has the file open. */
const sharedMemoryOf = (file: string) => `${file}-shm`;

async function openShared(file: string): Promise<SqliteDatabase> {
  const sharedMemory = sharedMemoryOf(file);
  // Announced first, then looked for an owner; an owner does the two the other way round.
  for (;;) {
    touch(sharedMemory);
    if (statOf(`${file}.owner`) === undefined) break;
    try {
      await untilNoOwner(file);
    } catch (reason) {
      if (statOf(sharedMemory)?.size === 0) rmSync(sharedMemory, { force: true });
      throw reason;
    }
  }
  const { DatabaseSync } = nodeSqlite() as NodeSqlite;
  const database = new DatabaseSync(file);
  const timer = setInterval(() => touch(sharedMemory), heartbeat.everyMs);
  timer.unref();
  const close = () => {
    clearInterval(timer);
    database.close();
  };
  try {
    database.exec(`PRAGMA busy_timeout = ${PATIENCE_MS}`);
    await patiently(() => database.exec("PRAGMA journal_mode = WAL"));
  } catch (reason) {
    close();
    if (statOf(sharedMemory)?.size === 0) rmSync(sharedMemory, { force: true });
    throw reason;
  }
  return {
    exec: (sql) => database.exec(sql),
    prepare(sql) {
      const statement = database.prepare(sql);
      return {
        all: (...values) => statement.all(...values),
        each(take, ...values) {
          for (const row of statement.iterate(...values)) if (!take(row)) break;
        },
        run: (...values) => statement.run(...values),
      };
    },
    verify: () => {},
    close,
  };
}

/** SQLite does not wait for others while it changes the journal's mode: two processes that make a file meet there. */
async function patiently(action: () => void): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return action();
    } catch (reason) {
      if (!/database is locked/.test(String(reason)) || performance.now() > until) throw reason;
    }
    await delay(10);
  }
}

/** Renews a file's date without opening it: closing a file ends SQLite's locks on it. */
function touch(file: string): void {
  try {
    const now = new Date();
    utimesSync(file, now, now);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") return;
    createPrivately(file);
  }
}

/** Makes a file that does not exist yet, for this user alone: it holds personal data. Its log inherits that. */
function createPrivately(file: string): void {
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch {
    // It exists, another process has just made it, or the folder cannot be written: opening says which.
  }
}

const statOf = (file: string) => statSync(file, { throwIfNoEntry: false });

/** The part of `node:sqlite` that is used here; the types of Node 20 do not have it. */
interface NodeSqlite {
  DatabaseSync: new (
    file: string,
  ) => {
    exec(sql: string): void;
    prepare(sql: string): {
      all(...values: Value[]): Record<string, unknown>[];
      iterate(...values: Value[]): Iterable<Record<string, unknown>>;
      run(...values: Value[]): void;
    };
    close(): void;
  };
}

function nodeSqlite(): NodeSqlite | undefined {
  const getBuiltin: ((name: string) => unknown) | undefined = process.getBuiltinModule;
  return withoutItsWarning(() => getBuiltin?.("node:sqlite")) as NodeSqlite | undefined;
}

/** Node 22 and 24 warn at loading that the module is experimental: nothing that a user of this package can act on. */
function withoutItsWarning<Result>(load: () => Result): Result {
  const { emitWarning } = process;
  process.emitWarning = (...warning: unknown[]) => {
    if (!/SQLite is an experimental feature/.test(String(warning[0])))
      Reflect.apply(emitWarning, process, warning);
  };
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}

async function openOwned(file: string): Promise<SqliteDatabase> {
  const ownership = await takeOwnership(file);
  try {
    await untilNotShared(file);
    const database = await openWebAssembly(file);
    return {
      ...database,
      verify: ownership.verify,
      close() {
        try {
          // A file that another process has taken over must not be touched again.
          ownership.verify();
          database.close();
        } finally {
          ownership.release();
        }
      },
    };
  } catch (reason) {
    ownership.release();
    throw reason;
  }
}

/** Resolves when no process has the file open with `node:sqlite`. */
async function untilNotShared(file: string): Promise<void> {
  const sharedMemory = sharedMemoryOf(file);
  const touched = () => statOf(sharedMemory)?.mtimeMs;
  const before = touched();
  if (before === undefined) return;
  if (await changes(touched, before)) {
    if (touched() === undefined) return;
    throw storeBusy(file, "another process, which uses node:sqlite");
  }
  rmSync(sharedMemory, { force: true });
}

async function openWebAssembly(file: string): Promise<Omit<SqliteDatabase, "verify">> {
  const { default: sqlite } = await import("node-sqlite3-wasm");
  // Its lock is a folder that outlives a killed process; the owner file has settled whose turn it is.
  rmSync(`${file}.lock`, { recursive: true, force: true });
  const database = new sqlite.Database(file);
  // A write-ahead log holds whole commits with checksums: whatever a kill leaves opens clean. With
  // exclusive locking it needs no shared memory, which the WebAssembly build does not have. Its
  // rollback journal must not be used: it takes its own lock for another's and would not roll back.
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    database.exec("PRAGMA journal_mode = WAL");
  } catch (reason) {
    database.close();
    throw reason;
  }
  const statements = new Set<{ finalize(): void }>();
  return {
    exec: (sql) => database.exec(sql),
    prepare(sql) {
      const prepare = () => {
        const statement = database.prepare(sql);
        statements.add(statement);
        return statement;
      };
      let statement = prepare();
      const renew = () => {
        statements.delete(statement);
        try {
          statement.finalize();
        } catch {
          // It says once more why it failed.
        }
        statement = prepare();
      };
      // A statement that failed would fail once more at its next use, whatever that is.
      const renewing = <Result>(action: () => Result): Result => {
        try {
          return action();
        } catch (reason) {
          renew();
          throw reason;
        }
      };
      return {
        all: (...values) => renewing(() => statement.all(values) as Record<string, unknown>[]),
        each(take, ...values) {
          const whole = renewing(() => {
            for (const row of statement.iterate(values)) {
              if (!take(row as Record<string, unknown>)) return false;
            }
            return true;
          });
          // One that has rows left would hold them.
          if (!whole) renew();
        },
        run: (...values) => renewing(() => void statement.run(values)),
      };
    },
    close() {
      for (const statement of statements) statement.finalize();
      database.close();
    },
  };
}
