// What every state store must do, tried on each that ships; and what only a file must withstand.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { sourcesPath } from "../build-sources.mjs";
import { processTests, readRounds, runProcess, WRITE_ROUNDS } from "../store-processes.mjs";

const sources = await sourcesPath(
  "stores/memory",
  "stores/sqlite",
  "stores/sqlite-database",
  "stores/owner",
  "stores/conformance",
);
const { heartbeat, memory, openDatabase, ownEngine, sqlite, sqliteOn, storeOf, storeTests } = await import(
  sources
);
const BEATS = { everyMs: 100, goneAfterMs: 2_000 };
Object.assign(heartbeat, BEATS);

const folder = mkdtempSync(join(tmpdir(), "stores-"));
after(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
const newFile = () => join(folder, `state-${++count}.db`);

const NATIVE = ownEngine() === "node:sqlite" ? ["node:sqlite"] : [];
const ENGINES = ["wasm", ...NATIVE];

/** Code that opens the file as `store`. */
const opening = (file, engine) => `
  import { heartbeat, sqliteOn } from ${JSON.stringify(sources)};
  Object.assign(heartbeat, ${JSON.stringify(BEATS)});
  const store = sqliteOn(${JSON.stringify(file)}, ${JSON.stringify(engine)});`;

/** A process that has the file open, and whatever it does then. */
async function openIn(file, engine, then = "setInterval(() => {}, 1000);") {
  const child = runProcess(`${opening(file, engine)} await store.get(["a"]); process.send("open"); ${then}`);
  await once(child, "message");
  return child;
}

async function kill(child) {
  child.kill("SIGKILL");
  await once(child, "exit");
}

const busyOf = (pid) => (error) => {
  assert.equal(error.code, "busy");
  assert.match(error.message, new RegExp(`in use by process ${pid} on \\S+ since 20\\d\\d-`));
  assert.match(error.hint, /22\.13/);
  return true;
};

const byName = (create) => {
  const stores = new Map();
  return (name) => {
    if (!stores.has(name)) stores.set(name, create());
    return stores.get(name);
  };
};
const files = (engine) => {
  const fileOf = byName(newFile);
  return (name) => sqliteOn(fileOf(name), engine);
};
for (const [title, create] of [
  ["memory", () => byName(memory)],
  ...ENGINES.map((engine) => [`SQLite on ${engine}`, () => files(engine)]),
]) {
  describe(`the store ${title}`, () => {
    for (const { name, run } of storeTests) test(name, () => run(create()));

    test("ends a page behind the entry with which it is large, and continues", async () => {
      const store = await create()("large");
      const entries = ["a", "b", "c", "d"].map((key) => [key, key.repeat(1_000)]);
      await store.commit(entries, []);
      assert.deepEqual(await store.scan("", undefined, 9, 1), entries.slice(0, 1));
      assert.deepEqual(await store.scan("", undefined, 9, 1_001), entries.slice(0, 2));
      // What a page has left holds nothing.
      await store.commit([], ["d"]);
      assert.deepEqual(await store.scan("", "a", 9, 9_000), entries.slice(1, 3));
      await store.close?.();
    });
  });
}

for (const engine of ENGINES) {
  test(`what was deleted is in no file once SQLite on ${engine} is compact`, async () => {
    const file = newFile();
    const store = sqliteOn(file, engine);
    const rows = Array.from({ length: 400 }, (_, index) => [
      `row/${index}`,
      `marzipan ${"x".repeat(index * 9)}`,
    ]);
    await store.commit([...rows, ["kept", "gherkin"]], []);
    await store.commit(
      [],
      rows.map(([key]) => key),
    );
    const holds = (word) =>
      [file, `${file}-wal`].some((name) => existsSync(name) && readFileSync(name).includes(word));
    assert.ok(holds("marzipan"), "without it the words stay");
    await store.compact();
    assert.deepEqual([holds("marzipan"), holds("gherkin")], [false, true]);
    await store.commit([["after", "trombone"]], []);
    assert.deepEqual(await store.get(["kept", "after", "row/3"]), ["gherkin", "trombone", undefined]);
    await store.close();
    assert.ok(!holds("marzipan"));
  });
}

describe("the tests of stores", () => {
  // Each wrong store must be found out by one of them.
  const wrong = {
    "ignores the guard": (store) => ({ ...store, commit: (puts, deletes) => store.commit(puts, deletes) }),
    "takes an absent key for an empty value": (store) => ({
      ...store,
      commit: (puts, deletes, guard) =>
        store.commit(puts, deletes, guard?.value === "" ? { ...guard, value: undefined } : guard),
    }),
    "writes before it compares": (store) => ({
      ...store,
      commit(puts, deletes, guard) {
        const result = store.commit([], [], guard);
        store.commit(puts, deletes);
        return result;
      },
    }),
    "compares, and writes later": (store) => ({
      ...store,
      async commit(puts, deletes, guard) {
        if (store.commit([], [], guard) === false) return false;
        await new Promise((resolve) => setTimeout(resolve, 0));
        return store.commit(puts, deletes);
      },
    }),
    "writes puts in two steps": (store) => ({
      ...store,
      async commit(puts, deletes, guard) {
        const half = puts.length >> 1;
        if (store.commit(puts.slice(0, half), deletes, guard) === false) return false;
        await new Promise((resolve) => setTimeout(resolve, 0));
        return store.commit(puts.slice(half), []);
      },
    }),
    "orders by UTF-16": (store) => ({
      ...store,
      scan: (prefix, after, limit) =>
        store
          .scan(prefix, undefined, 1e9)
          .sort(([left], [right]) => (left < right ? -1 : 1))
          .filter(([key]) => after === undefined || key > after)
          .slice(0, limit),
    }),
    "begins at the key and not after it": (store) => ({
      ...store,
      scan: (prefix, after, limit) => store.scan(prefix, after?.slice(0, -1), limit),
    }),
    "forgets the limit": (store) => ({ ...store, scan: (prefix, after) => store.scan(prefix, after, 1e9) }),
    "ends a page before the entry that is too large": (store) => ({
      ...store,
      scan: (prefix, after, limit, size = Number.POSITIVE_INFINITY) =>
        store.scan(prefix, after, limit).filter(([, value]) => value.length <= size),
    }),
    "gives rows beside the prefix": (store) => ({
      ...store,
      scan: (prefix, after, limit) => store.scan(prefix.slice(0, 1), after ?? prefix, limit),
    }),
    "folds case": (store) => ({ ...store, get: (keys) => store.get(keys.map((key) => key.toLowerCase())) }),
    "cuts values": (store) => ({
      ...store,
      get: (keys) => store.get(keys).map((value) => value?.slice(0, 65_535)),
    }),
  };
  for (const [what, change] of Object.entries(wrong)) {
    test(`find a store that ${what}`, async () => {
      const failed = [];
      for (const { name, run } of storeTests) {
        const open = byName(() => change(memory()));
        await run(open).catch(() => failed.push(name));
      }
      assert.notDeepEqual(failed, []);
    });
  }

  test("find a store that loses what it held when it is closed", async () => {
    const open = () => ({ ...memory(), close() {} });
    const failed = [];
    for (const { name, run } of storeTests) await run(open).catch(() => failed.push(name));
    assert.ok(failed.includes("holds what was committed when it is closed and opened again"));
  });
});

describe("the scan of a SQLite store", () => {
  test("reads no rows beside its prefix, and none before its place", async () => {
    const store = sqlite(newFile());
    const keys = Array.from({ length: 20_000 }, (_, index) => `${index % 2 ? "a" : "c"}/${10_000 + index}`);
    await store.commit(
      keys.map((key) => [key, "x".repeat(100)]),
      [],
    );
    const time = async (action) => {
      let best = Number.POSITIVE_INFINITY;
      for (let round = 0; round < 5; round++) {
        const began = performance.now();
        for (let times = 0; times < 20; times++) await action();
        best = Math.min(best, performance.now() - began);
      }
      return best;
    };
    const page = await time(() => store.scan("a/", undefined, 1_000));
    const empty = await time(() => store.scan("b/", undefined, 1_000));
    const late = await time(() => store.scan("a/", "a/29990", 1_000));
    await store.close();
    assert.ok(empty < page / 4, `an empty prefix takes ${empty} ms, a page ${page} ms`);
    assert.ok(late < page / 4, `the last rows take ${late} ms, a page ${page} ms`);
  });
});

for (const engine of ENGINES) {
  describe(`a SQLite file on ${engine}`, () => {
    test("keeps its entries when it is closed and opened again, and leaves only itself behind", async () => {
      const file = newFile();
      const first = sqliteOn(file, engine);
      await first.commit([["a", "1"]], []);
      await first.close();
      for (const extra of [".owner", ".lock", "-wal", "-shm"]) assert.ok(!existsSync(file + extra), extra);
      const second = sqliteOn(file, engine);
      assert.deepEqual(await second.get(["a"]), ["1"]);
      await second.close();
    });

    test("leaves only itself behind when its process ends without closing it", async () => {
      const file = newFile();
      const child = await openIn(file, engine, `await store.commit([["a", "1"]], []); process.exit(0);`);
      await once(child, "exit");
      for (const extra of [".owner", "-wal", "-shm"]) assert.ok(!existsSync(file + extra), extra);
      const store = sqliteOn(file, engine);
      assert.deepEqual(await store.get(["a"]), ["1"]);
      await store.close();
    });

    test("is shared by the stores of one process", async () => {
      const file = newFile();
      const [first, second] = [sqliteOn(file, engine), sqliteOn(file, engine)];
      await first.commit([["a", "1"]], []);
      assert.deepEqual(await second.get(["a"]), ["1"]);
      await first.close();
      await second.commit([["a", "2"]], []);
      await second.close();
    });

    test("refuses a file that is not a database, and one of a newer format", async () => {
      const file = newFile();
      writeFileSync(
        file,
        "this is a shopping list, not a database; it is long enough to have a header".repeat(20),
      );
      await assert.rejects(async () => sqliteOn(file, engine).get(["a"]), /not a database/);
      assert.ok(!existsSync(`${file}.owner`));

      const newer = newFile();
      const database = await openDatabase(newer, engine);
      database.exec("PRAGMA user_version = 99");
      database.close();
      await assert.rejects(async () => sqliteOn(newer, engine).get(["a"]), /newer version/);
    });

    test("opens with nothing torn after its process is killed at any moment", {
      timeout: 240_000,
    }, async () => {
      const file = newFile();
      let rounds = 0;
      for (let kills = 0; kills < 12; kills++) {
        const child = runProcess(`${opening(file, engine)} ${WRITE_ROUNDS}`);
        let reported = 0;
        child.on("message", (round) => {
          reported = round;
        });
        await once(child, "message");
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 40));
        await kill(child);
        // Nobody else is there: no need to watch for a heartbeat.
        rmSync(`${file}.owner`, { force: true });
        const before = rounds;
        const store = sqliteOn(file, engine);
        rounds = await readRounds(store);
        await store.close();
        assert.ok(
          rounds >= reported && rounds > before,
          `a commit that had returned is lost: ${rounds} of ${reported}`,
        );
      }
    });

    test("names a full disk, and continues when there is space again", async () => {
      const file = newFile();
      await sqliteOn(file, engine).get([]);
      const database = await openDatabase(newFile(), engine);
      database.exec("CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
      const store = storeOf(file, database);
      store.commit([["a", "1"]], []);
      database.exec("PRAGMA max_page_count = 10");
      const large = [
        ["a", "2"],
        ["b", "x".repeat(100_000)],
      ];
      const full = (error) => {
        assert.equal(error.message, `the disk is full: state store ${file}`);
        assert.equal(error.code, "store_failed");
        assert.match(error.hint, /space/);
        assert.match(error.cause.message, /database or disk is full/);
        return true;
      };
      assert.throws(() => store.commit(large, []), full);
      assert.throws(() => store.commit(large, ["a"], { key: "a", value: "1" }), full);
      assert.deepEqual(store.get(["a", "b"]), ["1", undefined]);
      store.commit([["a", "3"]], []);
      database.exec("PRAGMA max_page_count = 1000");
      store.commit(large, []);
      assert.equal(store.get(["b"])[0].length, 100_000);
      store.close();
    });

    test("names a file system that is really full", {
      skip: (process.platform !== "linux" || process.getuid() !== 0) && "only root can mount one",
    }, async (context) => {
      const place = join(folder, `full-${engine.replace(":", "-")}`);
      mkdirSync(place);
      try {
        execFileSync("mount", ["-t", "tmpfs", "-o", "size=400k", "tmpfs", place], { stdio: "ignore" });
      } catch {
        return context.skip("this container may not mount");
      }
      try {
        const file = join(place, "state.db");
        const store = sqliteOn(file, engine);
        await store.commit([["a", "1"]], []);
        const full = { message: `the disk is full: state store ${file}`, code: "store_failed" };
        const large = [["b", "x".repeat(600_000)]];
        await assert.rejects(async () => store.commit(large, []), full);
        await assert.rejects(async () => store.commit(large, []), full);
        assert.deepEqual(await store.get(["a", "b"]), ["1", undefined]);
        execFileSync("mount", ["-o", "remount,size=4m", place], { stdio: "ignore" });
        await store.commit(large, []);
        assert.equal((await store.get(["b"]))[0].length, 600_000);
        await store.close();
      } finally {
        execFileSync("umount", [place]);
      }
    });
  });
}

for (const engine of NATIVE) {
  describe(`a SQLite file that processes share on ${engine}`, () => {
    processTests(() => {
      const file = newFile();
      return { code: opening(file, engine), open: () => sqliteOn(file, engine) };
    });

    test("can be made by several processes at once", { timeout: 60_000 }, async () => {
      for (let round = 0; round < 3; round++) {
        const file = newFile();
        const code = `${opening(file, engine)} await store.commit([["p/" + process.pid, ""]], []); await store.close(); process.disconnect();`;
        const children = Array.from({ length: 5 }, () => runProcess(code));
        for (const end of await Promise.all(children.map((child) => once(child, "exit"))))
          assert.deepEqual(end, [0, null]);
        const store = sqliteOn(file, engine);
        assert.equal((await store.scan("p/", undefined, 9)).length, 5);
        await store.close();
      }
    });

    test("is not opened by the WebAssembly build meanwhile, and the other way round", async () => {
      const file = newFile();
      const first = await openIn(file, engine);
      const store = sqliteOn(file, "wasm");
      const busy = (error) => error.code === "busy" && /uses node:sqlite/.test(error.message);
      await assert.rejects(async () => store.get(["a"]), busy);
      assert.ok(!existsSync(`${file}.owner`));
      await kill(first);
      await store.commit([["a", "1"]], []);
      await store.close();
      assert.ok(!existsSync(`${file}-shm`));

      const second = await openIn(file, "wasm");
      await assert.rejects(async () => sqliteOn(file, engine).get(["a"]), busyOf(second.pid));
      assert.ok(!existsSync(`${file}-shm`), "nothing announces a process that gave up");
      await kill(second);
      const last = sqliteOn(file, engine);
      assert.deepEqual(await last.get(["a"]), ["1"]);
      await last.close();
    });
  });
}

describe("the owner of a SQLite file on wasm", () => {
  test("is named to a second process while it lives, and followed when it was killed", async () => {
    const file = newFile();
    const owner = await openIn(file, "wasm");
    await assert.rejects(async () => sqliteOn(file, "wasm").get(["a"]), busyOf(owner.pid));
    await kill(owner);
    const store = sqliteOn(file, "wasm");
    const began = performance.now();
    assert.deepEqual(await store.get(["a"]), [undefined]);
    assert.ok(performance.now() - began > BEATS.goneAfterMs * 0.9, "a silent owner is waited for");
    await store.close();
  });

  test("is judged by its heartbeat, whatever its process id and host are", async () => {
    const file = newFile();
    // As in another container: this very process id and host name, which say nothing.
    const own = { process: `process ${process.pid} on ${hostname()}`, since: "2026-01-01T00:00:00.000Z" };
    const beat = (beats) =>
      writeFileSync(`${file}.owner`, JSON.stringify({ ...own, id: "other", beat: beats }));
    beat(0);
    let beats = 0;
    const beating = setInterval(() => beat(++beats), 300);
    await assert.rejects(async () => sqliteOn(file, "wasm").get(["a"]), busyOf(process.pid));
    clearInterval(beating);
    const store = sqliteOn(file, "wasm");
    assert.deepEqual(await store.get(["a"]), [undefined]);
    await store.close();
  });

  test("is one of several that want a dead owner's file at once", { timeout: 60_000 }, async () => {
    const file = newFile();
    await kill(await openIn(file, "wasm"));
    const code = `${opening(file, "wasm")}
      const outcome = await store.commit([["a", "1"]], []).then(() => "open", (error) => error.code);
      process.send(outcome);
      setInterval(() => {}, 1000);`;
    const children = Array.from({ length: 4 }, () => runProcess(code));
    const outcomes = await Promise.all(children.map(async (child) => (await once(child, "message"))[0]));
    for (const child of children) await kill(child);
    assert.deepEqual(outcomes.sort(), ["busy", "busy", "busy", "open"]);
  });

  test("writes nothing more once it was taken for dead", { skip: process.platform === "win32" }, async () => {
    const file = newFile();
    const suspended = await openIn(
      file,
      "wasm",
      `process.on("message", async () => {
        const outcome = await store.commit([["a", "late"]], []).then(() => "written", (error) => error.code);
        await store.close().catch(() => {});
        process.send(outcome, () => process.exit());
      });`,
    );
    suspended.kill("SIGSTOP");
    const store = sqliteOn(file, "wasm");
    await store.commit([["a", "1"]], []);
    suspended.kill("SIGCONT");
    suspended.send("go");
    const [outcome] = await once(suspended, "message");
    await once(suspended, "exit");
    assert.equal(outcome, "busy");
    await store.commit([["b", "2"]], []);
    await store.close();
    const again = sqliteOn(file, "wasm");
    assert.deepEqual(await again.get(["a", "b"]), ["1", "2"]);
    await again.close();
  });

  test("may be killed at each of its file operations, and nothing is torn", {
    timeout: 400_000,
  }, async () => {
    let survived = false;
    for (let operation = 1; !survived; operation += 1) {
      const file = newFile();
      const code = `${opening(file, "wasm")} ${killAt(operation)} const rounds = 2; ${WRITE_ROUNDS}`;
      const child = runProcess(code);
      let reported = 0;
      child.on("message", (round) => {
        reported = round;
      });
      const [, signal] = await once(child, "exit");
      survived = signal === null;
      // Nobody else is there: no need to watch for a heartbeat.
      rmSync(`${file}.owner`, { force: true });
      const store = sqliteOn(file, "wasm");
      const rounds = await readRounds(store);
      await store.close();
      assert.ok(
        rounds >= reported,
        `operation ${operation}: a commit that had returned is lost: ${rounds} of ${reported}`,
      );
      assert.ok(!survived || operation > 20, `only ${operation} file operations seen`);
    }
  });
});

/** Code that kills its process at its n-th change of a file; a write is then half done. */
function killAt(operation) {
  return `
    const { default: fs } = await import("node:fs");
    let operations = 0;
    for (const name of ["writeSync", "fsyncSync", "ftruncateSync", "unlinkSync", "mkdirSync", "rmdirSync"]) {
      const original = fs[name];
      fs[name] = (...args) => {
        if (++operations !== ${operation}) return original(...args);
        if (name === "writeSync" && args[1] instanceof Uint8Array) {
          original(args[0], args[1].subarray(0, args[1].length / 2), 0, args[1].length >> 1, args[4]);
        }
        process.kill(process.pid, "SIGKILL");
        for (;;);
      };
    }`;
}
