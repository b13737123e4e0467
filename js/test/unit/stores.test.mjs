// What every state store must do, tried on each that ships; and what only a file must withstand.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { sourcesPath } from "../build-sources.mjs";

const sources = await sourcesPath("stores/memory", "stores/sqlite", "stores/sqlite-database");
const { memory, openDatabase, sqlite } = await import(sources);
const folder = mkdtempSync(join(tmpdir(), "stores-"));
after(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
const newFile = () => join(folder, `state-${++count}.db`);

for (const [name, create] of [
  ["memory", memory],
  ["sqlite", () => sqlite(newFile())],
]) {
  describe(`the store ${name}`, () => {
    test("gives values in the order of the keys, and undefined where there is none", async () => {
      const store = create();
      await store.commit(
        [
          ["a", "1"],
          ["b", '{"text":"привіт 👋 \\u0000"}'],
        ],
        [],
      );
      assert.deepEqual(await store.get(["b", "missing", "a"]), [
        '{"text":"привіт 👋 \\u0000"}',
        undefined,
        "1",
      ]);
      await store.close?.();
    });

    test("puts and deletes together", async () => {
      const store = create();
      await store.commit(
        [
          ["a", "1"],
          ["b", "2"],
        ],
        [],
      );
      await store.commit(
        [
          ["b", "3"],
          ["c", "4"],
        ],
        ["a", "never there"],
      );
      assert.deepEqual(await store.get(["a", "b", "c"]), [undefined, "3", "4"]);
      await store.close?.();
    });

    test("commits under a guard only while its key holds the value", async () => {
      const store = create();
      assert.equal(store.conditional, true);
      const commit = (guardValue, value, deletes = []) =>
        store.commit([["lease", value]], deletes, { key: "lease", value: guardValue });
      assert.equal(await commit("a", "b"), false, "absent");
      assert.equal(await commit(undefined, ""), true);
      assert.equal(await commit(undefined, "b"), false, "an empty value is one");
      assert.equal(await commit("", "a"), true);
      await store.commit([["other", "1"]], []);
      assert.equal(await commit("A", "b", ["other"]), false);
      assert.deepEqual(await store.get(["lease", "other"]), ["a", "1"]);
      assert.equal(await commit("a", "b", ["other"]), true);
      assert.deepEqual(await store.get(["lease", "other"]), ["b", undefined]);
      assert.notEqual(await store.commit([["other", "2"]], []), false);
      assert.equal(await store.commit([], ["lease"], { key: "other", value: "2" }), true);
      assert.deepEqual(await store.get(["lease"]), [undefined]);
      await store.close?.();
    });

    test("scans prefixes up to the last of all characters, and nothing beside them", async () => {
      const store = create();
      const last = String.fromCodePoint(0x10ffff);
      const keys = [
        "a",
        `a${last}`,
        `a${last}${last}b`,
        "b",
        "\ud7ff",
        "\ud7ffz",
        "\ue000",
        last,
        `${last}1`,
      ];
      await store.commit(
        keys.map((key) => [key, ""]),
        [],
      );
      for (const prefix of ["a", `a${last}`, "\ud7ff", "\ue000", last, ""]) {
        const found = (await store.scan(prefix, undefined, 100)).map(([key]) => key);
        assert.deepEqual(
          found,
          keys.filter((key) => key.startsWith(prefix)),
          JSON.stringify(prefix),
        );
        assert.deepEqual(await store.scan(prefix, found.at(-1), 100), []);
        assert.equal((await store.scan(prefix, "", 100)).length, found.length);
      }
      assert.deepEqual(await store.scan("a", "b", 100), [], "after a key behind the prefix");
      await store.close?.();
    });

    test("scans a prefix in byte order, after a key, up to a limit", async () => {
      const store = create();
      const keys = ["p/a", "p/ａ", "p/👋", "p/", "p/z", "p0", "o", "p/zz", "p/%", "P/a"];
      await store.commit(
        keys.map((key) => [key, key.toUpperCase()]),
        [],
      );
      const expected = keys
        .filter((key) => key.startsWith("p/"))
        .sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
      const keysOf = (entries) => entries.map(([key]) => key);
      assert.deepEqual(keysOf(await store.scan("p/", undefined, 100)), expected);
      const [, second, third] = expected;
      assert.deepEqual(await store.scan("p/", expected[0], 2), [
        [second, second.toUpperCase()],
        [third, third.toUpperCase()],
      ]);
      assert.deepEqual(await store.scan("p/", expected.at(-1), 5), []);
      assert.deepEqual(await store.scan("nothing", undefined, 5), []);
      assert.equal((await store.scan("", undefined, 100)).length, keys.length);
      await store.close?.();
    });

    test("goes through many keys page by page while they change, missing none that stay", async () => {
      const store = create();
      const keys = Array.from({ length: 1_000 }, (_, index) => `k/${String(index).padStart(4, "0")}`);
      await store.commit(
        keys.map((key) => [key, key]),
        [],
      );
      const seen = [];
      for (let after; ; ) {
        const page = await store.scan("k/", after, 64);
        if (page.length === 0) break;
        seen.push(...page.map(([key]) => key));
        after = page.at(-1)[0];
        if (!after.endsWith("x")) await store.commit([[`${after}x`, "new"]], [page[0][0]]);
      }
      assert.deepEqual(
        seen.filter((key) => !key.endsWith("x")),
        keys,
      );
      await store.close?.();
    });
  });
}

describe("the scan of a SQLite store", () => {
  test("reads no rows beside its prefix, and none before its place", async () => {
    const file = newFile();
    const store = sqlite(file);
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

describe("a SQLite file", () => {
  test("keeps its entries when it is closed and opened again, and leaves only itself behind", async () => {
    const file = newFile();
    const first = sqlite(file);
    await first.commit([["a", "1"]], []);
    await first.close();
    for (const extra of [".owner", ".lock", "-wal", "-shm"]) assert.ok(!existsSync(file + extra), extra);
    const second = sqlite(file);
    assert.deepEqual(await second.get(["a"]), ["1"]);
    await second.close();
  });

  test("is shared by the stores of one process", async () => {
    const file = newFile();
    const [first, second] = [sqlite(file), sqlite(file)];
    await first.commit([["a", "1"]], []);
    assert.deepEqual(await second.get(["a"]), ["1"]);
    await first.close();
    await second.commit([["a", "2"]], []);
    await second.close();
  });

  test("refuses a file that is no database, and one of a newer format", async () => {
    const file = newFile();
    writeFileSync(
      file,
      "this is a shopping list, not a database; it is long enough to have a header".repeat(20),
    );
    await assert.rejects(async () => sqlite(file).get(["a"]), /not a database/);
    assert.ok(!existsSync(`${file}.owner`));

    const newer = newFile();
    await sqlite(newer).get(["a"]);
    const database = await openDatabase(newFile());
    database.exec(`ATTACH '${newer}.copy' AS other; PRAGMA other.user_version = 99`);
    database.close();
    await assert.rejects(async () => sqlite(`${newer}.copy`).get(["a"]), /newer version/);
  });

  test("refuses a second process while the first lives, and names it", async () => {
    const file = newFile();
    const child = run(
      `await store.commit([["a", "1"]], []); console.log("open"); setInterval(() => {}, 1000);`,
      file,
    );
    await once(child.stdout, "data");
    await assert.rejects(async () => sqlite(file).get(["a"]), new RegExp(`in use by process ${child.pid} `));
    child.kill("SIGKILL");
    await once(child, "exit");
    const store = sqlite(file);
    assert.deepEqual(await store.get(["a"]), ["1"]);
    await store.close();
  });

  test("is free after an owner whose process id lives on as another process", async () => {
    const file = newFile();
    const store = sqlite(file);
    await store.get(["a"]);
    const owner = JSON.parse(readFileSync(`${file}.owner`, "utf8"));
    await store.close();
    if (owner.started === "") return;
    writeFileSync(`${file}.owner`, JSON.stringify({ ...owner, started: "an earlier boot:1" }));
    const next = sqlite(file);
    assert.deepEqual(await next.get(["a"]), [undefined]);
    await next.close();
  });

  test("opens with nothing torn after its process is killed at any moment", {
    timeout: 120_000,
  }, async () => {
    const file = newFile();
    let rounds = 0;
    for (let kill = 0; kill < 15; kill++) {
      const child = run(WRITE_ROUNDS, file, ["pipe", "pipe", "inherit", "ipc"]);
      let reported = 0;
      child.on("message", (round) => {
        reported = round;
      });
      await once(child, "message");
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 40));
      child.kill("SIGKILL");
      await once(child, "exit");
      const before = rounds;
      rounds = await readRounds(file);
      assert.ok(
        rounds >= reported && rounds > before,
        `a commit that had returned is lost: ${rounds} of ${reported}`,
      );
    }
  });

  test("opens with nothing torn after its process is killed at each of its file operations", {
    skip: process.getBuiltinModule("node:sqlite") && "the runtime's own SQLite does not go through node:fs",
    timeout: 240_000,
  }, async () => {
    let survived = false;
    for (let operation = 1; !survived; operation += 1) {
      const file = newFile();
      const child = run(`${killAt(operation)} const rounds = 2; ${WRITE_ROUNDS}`, file, [
        "pipe",
        "pipe",
        "inherit",
        "ipc",
      ]);
      let reported = 0;
      child.on("message", (round) => {
        reported = round;
      });
      const [, signal] = await once(child, "exit");
      survived = signal === null;
      const rounds = await readRounds(file);
      assert.ok(
        rounds >= reported,
        `operation ${operation}: a commit that had returned is lost: ${rounds} of ${reported}`,
      );
      assert.ok(!survived || operation > 20, `only ${operation} file operations seen`);
    }
  });
});

/** Writes rounds: each puts its number under many keys and deletes the last round's, whole or not at all. */
const WRITE_ROUNDS = `
  const pad = "x".repeat(1000);
  const [last] = await store.get(["last"]);
  const end = typeof rounds === "undefined" ? Infinity : rounds;
  for (let round = Number(last ?? 0) + 1; round <= end; round++) {
    const puts = [["last", String(round)]];
    const deletes = [];
    for (let key = 0; key < 8; key++) {
      puts.push(["same/" + key, round + pad], ["of/" + round + "/" + key, String(round)]);
      deletes.push("of/" + (round - 1) + "/" + key);
    }
    await store.commit(puts, deletes);
    await new Promise((resolve) => process.send(round, resolve));
  }
  process.disconnect();`;

/** Opens the file, checks that it holds exactly one round, and gives its number; 0 before the first. */
async function readRounds(file) {
  const store = sqlite(file);
  const [last] = await store.get(["last"]);
  const round = last === undefined ? [] : [Number(last)];
  const same = await store.scan("same/", undefined, 100);
  const of = await store.scan("of/", undefined, 1_000);
  await store.close();
  assert.deepEqual([...new Set(same.map(([, value]) => Number.parseInt(value, 10)))], round);
  assert.deepEqual([...new Set(of.map(([, value]) => Number(value)))], round);
  assert.deepEqual([same.length, of.length], last === undefined ? [0, 0] : [8, 8]);
  return round[0] ?? 0;
}

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

/** A process that opens the file as `store` and runs the body. */
function run(body, file, stdio = ["pipe", "pipe", "inherit"]) {
  const script = `import { sqlite } from ${JSON.stringify(sources)};
    const store = sqlite(${JSON.stringify(file)});
    ${body}`;
  return spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio,
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
  });
}
