// What a store that several processes share must withstand, tried with real processes: give it the
// code that opens the store, and a function that does the same here.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

/** A process that runs the body, an ES module, in the folder js. */
export function runProcess(body, stdio = ["pipe", "pipe", "inherit", "ipc"]) {
  return spawn(process.execPath, ["--input-type=module", "--eval", body], {
    stdio,
    cwd: fileURLToPath(new URL("..", import.meta.url)),
  });
}

/** `code` declares `store`, and `open` gives the same one in this process; each call of `place` begins anew. */
export function processTests(place) {
  test("lets guarded commits of several processes through one after the other", {
    timeout: 120_000,
  }, async () => {
    const { code, open } = place();
    const seed = await open();
    await seed.commit([["count", "0"]], []);
    await seed.close?.();
    const writers = ["a", "b", "c"].map((name) => runProcess(`${code} const name = "${name}"; ${COUNT}`));
    const ends = await Promise.all(writers.map((writer) => once(writer, "exit")));
    assert.deepEqual(ends, [
      [0, null],
      [0, null],
      [0, null],
    ]);
    const store = await open();
    assert.deepEqual(await store.get(["count"]), ["150"]);
    const by = (await store.scan("by/", undefined, 1_000)).map(([, name]) => name);
    for (const name of ["a", "b", "c"]) assert.equal(by.filter((each) => each === name).length, 50);
    await store.close?.();
  });

  test("shows whole commits to another process, also when the writer is killed", {
    timeout: 120_000,
  }, async () => {
    const { code, open } = place();
    const store = await open();
    let rounds = 0;
    for (let kill = 0; kill < 10; kill++) {
      const child = runProcess(`${code} ${WRITE_ROUNDS}`);
      let reported = 0;
      child.on("message", (round) => {
        reported = round;
      });
      await once(child, "message");
      const until = performance.now() + 20 + Math.random() * 40;
      while (performance.now() < until) {
        await readRounds(store);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      child.kill("SIGKILL");
      await once(child, "exit");
      const before = rounds;
      rounds = await readRounds(store);
      assert.ok(rounds >= reported && rounds > before, `lost: ${rounds} of ${reported}`);
    }
    await store.close?.();
  });
}

/** Raises a counter 50 times, each under a guard that names the value it read. */
const COUNT = `
  for (let done = 0; done < 50; ) {
    const [count] = await store.get(["count"]);
    const next = String(Number(count) + 1);
    const puts = [["count", next], ["by/" + next, name]];
    if ((await store.commit(puts, [], { key: "count", value: count })) !== false) done++;
  }
  await store.close?.();
  process.disconnect();`;

/** Writes rounds: each puts its number under many keys and deletes the last round's, whole or not at all. */
export const WRITE_ROUNDS = `
  const pad = "x".repeat(1000);
  const [last] = await store.get(["last"]);
  const end = typeof rounds === "undefined" ? Infinity : rounds;
  for (let round = Number(last ?? 0) + 1; round <= end; round++) {
    const puts = [["last", String(round)]];
    const deletes = [];
    for (let key = 0; key < 8; key++) {
      puts.push(["round/same/" + key, round + pad], ["round/" + round + "/" + key, String(round)]);
      deletes.push("round/" + (round - 1) + "/" + key);
    }
    await store.commit(puts, deletes);
    await new Promise((resolve) => process.send(round, resolve));
  }
  process.disconnect();`;

/** Checks that the store holds exactly one round, and gives its number; 0 before the first. */
export async function readRounds(store) {
  // One scan: between two, another process may commit.
  const rows = await store.scan("round/", undefined, 1_000);
  const rounds = [...new Set(rows.map(([, value]) => Number.parseInt(value, 10)))];
  assert.ok(rounds.length <= 1, `parts of several rounds: ${rounds}`);
  assert.equal(rows.length, rounds.length * 16);
  assert.equal(new Set(rows.map(([key]) => key.split("/")[1])).size, rounds.length * 2);
  return rounds[0] ?? 0;
}
