// SQLite: the runtime's own where it has it, else the WebAssembly build of `node-sqlite3-wasm`.

import { rmSync } from "node:fs";

type Value = string | number;

/** What the store needs of a SQLite database. */
export interface SqliteDatabase {
  exec(sql: string): void;
  prepare(sql: string): SqliteStatement;
  close(): void;
}

/** A prepared statement. */
export interface SqliteStatement {
  all(...values: Value[]): Record<string, unknown>[];
  run(...values: Value[]): void;
}

/** Opens the file, or makes it. The caller owns it: see owner.ts. */
export async function openDatabase(file: string): Promise<SqliteDatabase> {
  const database = openOwn(file) ?? (await openWebAssembly(file));
  // A write-ahead log holds whole commits with checksums: whatever a kill leaves opens clean. With
  // exclusive locking it needs no shared memory, which the WebAssembly build does not have. Its
  // rollback journal must not be used: it takes its own lock for another's and would not roll back.
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = FULL");
  // 16 MB: with the default of 2 MB, 100,000 records of random ids take three times as long.
  database.exec("PRAGMA cache_size = -16000");
  return database;
}

/** The part of `node:sqlite` that is used here; the types of Node 20 do not have it. */
interface NodeSqlite {
  DatabaseSync: new (
    file: string,
  ) => {
    exec(sql: string): void;
    prepare(sql: string): {
      all(...values: Value[]): Record<string, unknown>[];
      run(...values: Value[]): unknown;
    };
    close(): void;
  };
}

function openOwn(file: string): SqliteDatabase | undefined {
  const getBuiltin: ((name: string) => unknown) | undefined = process.getBuiltinModule;
  const sqlite = withoutItsWarning(() => getBuiltin?.("node:sqlite")) as NodeSqlite | undefined;
  return sqlite && new sqlite.DatabaseSync(file);
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

async function openWebAssembly(file: string): Promise<SqliteDatabase> {
  const { default: sqlite } = await import("node-sqlite3-wasm");
  // Its lock is a folder that outlives a killed process. The owner file has already told that no
  // other process is there.
  rmSync(`${file}.lock`, { recursive: true, force: true });
  const database = new sqlite.Database(file);
  const statements: { finalize(): void }[] = [];
  return {
    exec: (sql) => database.exec(sql),
    prepare(sql) {
      const statement = database.prepare(sql);
      statements.push(statement);
      return {
        all: (...values) => statement.all(values) as Record<string, unknown>[],
        run: (...values) => void statement.run(values),
      };
    },
    close() {
      for (const statement of statements) statement.finalize();
      database.close();
    },
  };
}
