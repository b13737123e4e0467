// What pages, workers and extensions run of the tests of stores. Bundled by `bundle.mjs`; the stores of the
// package come in as globals, so that what runs is the packed file.

import { memory } from "../../../js/src/stores/memory.ts";
import { playHistory } from "./model.mjs";

let count = 0;

/** Runs all tests of stores and some histories; gives what failed, and what the histories did. */
export async function runSuite(storeTests, open, seed, histories, between = async () => {}) {
  const failed = [];
  const passed = [];
  for (const { name, run } of storeTests) {
    const own = `test-${seed}-${++count}`;
    await run((each) => open(`${own}-${each}`)).then(
      () => passed.push(name),
      (error) => failed.push(`${name}: ${error.stack ?? error}`),
    );
    await between();
  }
  const totals = {};
  for (let history = 0; history < histories; history++) {
    const store = await open(`history-${seed}-${++count}`);
    try {
      const counts = await playHistory(seed + history, store, memory());
      for (const [name, number] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + number;
    } catch (error) {
      failed.push(String(error.stack ?? error));
    }
    await store.close?.();
    await between();
  }
  return { failed, passed: passed.length, totals };
}

/** Raises a counter so many times, each under a guard that names the value it read. */
export async function countUp(store, name, times) {
  for (let done = 0; done < times; ) {
    const [count = "0"] = await store.get(["count"]);
    const next = String(Number(count) + 1);
    const guard = { key: "count", value: count === "0" ? undefined : count };
    const puts = [
      ["count", next],
      [`by/${next.padStart(5, "0")}`, name],
    ];
    if (await store.commit(puts, [], guard)) done++;
  }
}

/** Writes rounds until the end of the world: each puts its number under many keys and deletes the last round's. */
export async function writeRounds(store, onRound = () => {}) {
  const [last] = await store.get(["last"]);
  for (let round = Number(last ?? 0) + 1; ; round++) {
    const puts = [["last", String(round)]];
    const deletes = [];
    for (let key = 0; key < 8; key++) {
      puts.push(
        [`round/same/${key}`, `${round}${"x".repeat(1_000)}`],
        [`round/${round}/${key}`, String(round)],
      );
      deletes.push(`round/${round - 1}/${key}`);
    }
    await store.commit(puts, deletes);
    onRound(round);
  }
}

/** The number of the round that is stored; throws where parts of two are. */
export async function readRound(store) {
  const rows = await store.scan("round/", undefined, 1_000);
  const rounds = [...new Set(rows.map(([, value]) => Number.parseInt(value, 10)))];
  if (rounds.length > 1) throw new Error(`parts of several rounds: ${rounds}`);
  if (rows.length !== rounds.length * 16) throw new Error(`${rows.length} rows`);
  return rounds[0] ?? 0;
}
