// The state store in a data store of Pipedream, on one in memory that behaves as the documents say: one
// record a call, JSON only, nothing atomic; and one that ends a run in the middle of a commit.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createChance, playHistory } from "../../../tests/platforms/stores/model.mjs";
import { importSources } from "../build-sources.mjs";

const { memory, pipedreamDataStore, storeTests } = await importSources(
  "stores/memory",
  "stores/pipedream",
  "stores/conformance",
);

const SEED = Number(process.env.STORE_SEED ?? Date.now() % 1_000_000);

/** A data store; each call may be the last that happens. */
function createDataStore(records = new Map()) {
  const dataStore = {
    records,
    writes: 0,
    /** How many writes happen yet; after them each one is lost with its run. */
    left: Number.POSITIVE_INFINITY,
    async get(key) {
      await delay(0);
      const text = records.get(key);
      return text === undefined ? undefined : JSON.parse(text);
    },
    async set(key, value) {
      await dataStore.write();
      records.set(key, JSON.stringify(value));
    },
    async delete(key) {
      await dataStore.write();
      records.delete(key);
    },
    async write() {
      await delay(0);
      if (dataStore.left <= 0) throw new Error("the run has ended");
      dataStore.left -= 1;
      dataStore.writes += 1;
    },
  };
  return dataStore;
}

describe("the store in a data store of Pipedream", () => {
  const dataStores = new Map();
  const open = (name) => {
    if (!dataStores.has(name)) dataStores.set(name, createDataStore());
    return pipedreamDataStore(dataStores.get(name));
  };
  // It is not conditional: what needs guards is not asked of it.
  for (const { name, conditional, run } of storeTests) if (!conditional) test(name, () => run(open));

  test("says that it is not conditional", () => {
    const store = pipedreamDataStore(createDataStore());
    assert.equal(store.conditional, undefined);
  });

  test(`does in 20 histories what memory does, also when it is opened again (STORE_SEED=${SEED})`, async () => {
    for (let history = 0; history < 20; history++) {
      const dataStore = createDataStore();
      const chance = createChance(SEED + history);
      let store = pipedreamDataStore(dataStore);
      // Opened again at any moment, as by the next run.
      const reopening = new Proxy(store, {
        get(_, name) {
          if (chance(6) === 0) store = pipedreamDataStore(dataStore);
          return store[name];
        },
      });
      await playHistory(SEED + history, reopening, memory());
    }
  });

  test(`holds a commit whole or not at all wherever a run ends, and few keys (STORE_SEED=${SEED})`, async () => {
    const chance = createChance(SEED);
    const dataStore = createDataStore();
    const value = (round) => `${round}${"x".repeat(2_000)}`;
    const keys = Array.from({ length: 8 }, (_, at) => `k/${at}`);
    let last = 0;
    let mostKeys = 0;
    let ended = 0;
    for (let run = 0; run < 60; run++) {
      dataStore.left = chance(90);
      const store = pipedreamDataStore(dataStore);
      let confirmed = last;
      try {
        for (;;) {
          const puts = keys.map((key) => [key, value(confirmed + 1)]);
          await store.commit([...puts, [`round/${confirmed + 1}`, "1"]], [`round/${confirmed}`]);
          confirmed += 1;
          mostKeys = Math.max(mostKeys, dataStore.records.size);
        }
      } catch (error) {
        assert.equal(error.code, "store_failed");
        ended += 1;
      }
      dataStore.left = Number.POSITIVE_INFINITY;
      const next = pipedreamDataStore(dataStore);
      const values = [...new Set(await next.get(keys))];
      assert.equal(values.length, 1, "a part of a commit");
      const stored = Number.parseInt(values[0] ?? "0", 10);
      assert.ok(stored === confirmed || stored === confirmed + 1, `${stored} of ${confirmed}`);
      assert.deepEqual(
        (await next.scan("round/", undefined, 9)).map(([key]) => key),
        stored === 0 ? [] : [`round/${stored}`],
      );
      last = stored;
    }
    assert.ok(ended === 60 && last > 500, `${ended} runs, ${last} commits`);
    assert.ok(mostKeys <= 90, `${mostKeys} keys`);
  });

  test("stores a commit with one write, and reads with none", async () => {
    const dataStore = createDataStore();
    const store = pipedreamDataStore(dataStore);
    await store.commit([["a", "1"]], []);
    await store.commit(
      [
        ["b", "2"],
        ["c", "3"],
      ],
      ["a"],
    );
    assert.equal(dataStore.writes, 2);
    dataStore.get = () => assert.fail("it asks again");
    assert.deepEqual(await store.get(["a", "b"]), [undefined, "2"]);
  });

  test("is busy for a run that meets another, and reads what that has written", async () => {
    const dataStore = createDataStore();
    const [one, two] = [pipedreamDataStore(dataStore), pipedreamDataStore(dataStore)];
    await one.get(["a"]);
    await two.get(["a"]);
    await one.commit([["a", "1"]], []);
    await assert.rejects(
      async () => two.commit([["a", "2"]], []),
      (error) => {
        assert.equal(error.code, "busy");
        assert.match(error.hint, /concurrency to 1/);
        return true;
      },
    );
    assert.deepEqual(await two.get(["a"]), ["1"]);
  });

  test("says what is wrong: a plan that is full, a part that somebody deleted, what is not a data store", async () => {
    const full = createDataStore();
    full.set = () => Promise.reject(new Error("You have exceeded your data store limit"));
    await assert.rejects(async () => pipedreamDataStore(full).commit([["a", "1"]], []), {
      code: "store_failed",
      hint: /full/,
    });
    const dataStore = createDataStore();
    const store = pipedreamDataStore(dataStore);
    for (let round = 0; round < 41; round++) await store.commit([["a", `${round}`]], []);
    const part = [...dataStore.records.keys()].find((key) => key.includes("/part/"));
    dataStore.records.delete(part);
    await assert.rejects(async () => pipedreamDataStore(dataStore).get(["a"]), {
      code: "store_failed",
      message: /missing/,
    });
    for (const wrong of [undefined, {}, "x"])
      assert.throws(() => pipedreamDataStore(wrong), { code: "invalid_config" });
    assert.throws(() => pipedreamDataStore(dataStore, { prefix: "" }), { code: "invalid_config" });
  });
});
