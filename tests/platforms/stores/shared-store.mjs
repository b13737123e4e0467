// What each store must do whatever server it is on, as tests: those of every store, seeded histories beside
// the store in memory, and what several processes do to it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { processTests } from "../../../js/test/store-processes.mjs";
import { playHistory } from "./model.mjs";
import { importEntry } from "./project.mjs";

const HISTORIES = Number(process.env.STORE_HISTORIES ?? 12);
const SEED = Number(process.env.STORE_SEED ?? Date.now() % 1_000_000);

const { storeTests } = await importEntry("store-tests");
const { openStore } = await importEntry("stores");

let count = 0;

/** `open` gives a store for a name, the same state for the same name; `code` is what opens it in a process. */
export function storeSuite(title, { open, code }) {
  describe(title, () => {
    const unique = (name) => `${name}-${SEED}-${++count}`;
    for (const { name, run } of storeTests)
      test(name, async () => {
        const own = unique("test");
        await run((each) => open(`${own}-${each}`));
      });

    test("ends a page behind the entry with which it is large, and continues", async () => {
      const store = await open(unique("large"));
      const entries = ["a", "b", "c", "d"].map((key) => [key, key.repeat(1_000)]);
      await store.commit(entries, []);
      assert.deepEqual(await store.scan("", undefined, 9, 1), entries.slice(0, 1));
      assert.deepEqual(await store.scan("", undefined, 9, 1_001), entries.slice(0, 2));
      assert.deepEqual(await store.scan("", "b", 9, 9_000), entries.slice(2));
      await store.close?.();
    });

    test(`does in ${HISTORIES} histories what memory does (STORE_SEED=${SEED})`, async (context) => {
      const totals = {};
      for (let history = 0; history < HISTORIES; history++) {
        const store = await open(unique("history"));
        const counts = await playHistory(SEED + history, store, openStore("memory:"));
        for (const [name, number] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + number;
        await store.close?.();
      }
      assert.ok(totals.refused > 0 && totals.found > 0, "the histories show too little");
      context.diagnostic(JSON.stringify(totals));
    });

    if (code !== undefined)
      processTests(() => {
        const name = unique("processes");
        return { code: code(name), open: () => open(name) };
      });
  });
}
