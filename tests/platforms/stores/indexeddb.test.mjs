// The state store in IndexedDB, in pages and workers of Chromium.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { bundle, servePage, startBrowser, withoutChromium } from "./browser.mjs";

const SEED = Number(process.env.STORE_SEED ?? Date.now() % 1_000_000);

describe(`the store in IndexedDB (STORE_SEED=${SEED})`, { skip: withoutChromium }, () => {
  let browser;
  let context;
  let site;
  let script;
  before(async () => {
    script = await bundle("indexeddb", "store-tests");
    site = await servePage();
    browser = await startBrowser();
    context = await browser.start();
  });
  after(async () => {
    await browser?.stop();
    site?.close();
  });

  const openPage = async () => {
    const page = await context.newPage();
    await page.goto(`${site.origin}/`);
    await page.addScriptTag({ content: script });
    return page;
  };

  test("does in a page what every store must do", async (t) => {
    const page = await openPage();
    const { failed, passed, totals } = await page.evaluate(
      ([seed]) => globalThis.tests.runSuite(tests.storeTests, tests.indexedDb, seed, 12),
      [SEED],
    );
    assert.deepEqual(failed, []);
    assert.ok(passed >= 12 && totals.refused > 0 && totals.found > 0);
    t.diagnostic(JSON.stringify({ passed, totals }));
    await page.close();
  });

  test("does the same in a worker", async () => {
    const page = await openPage();
    const { failed, passed } = await page.evaluate(
      ([text, seed]) =>
        new Promise((resolve, reject) => {
          const run = `tests.runSuite(tests.storeTests, tests.indexedDb, ${seed}, 3).then(postMessage)`;
          const worker = new Worker(URL.createObjectURL(new Blob([text, run])));
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = ({ message }) => reject(new Error(message));
        }),
      [script, SEED + 100],
    );
    assert.deepEqual(failed, []);
    assert.ok(passed >= 12);
    await page.close();
  });

  test("lets guarded commits of three tabs through one after the other", async () => {
    const pages = await Promise.all([openPage(), openPage(), openPage()]);
    await Promise.all(
      pages.map((page, at) =>
        page.evaluate(([name]) => tests.countUp(tests.indexedDb("tabs"), name, 40), [`${at}`]),
      ),
    );
    const [count, by] = await pages[0].evaluate(async () => {
      const store = tests.indexedDb("tabs");
      return [
        (await store.get(["count"]))[0],
        (await store.scan("by/", undefined, 999)).map(([, name]) => name),
      ];
    });
    assert.equal(count, "120");
    for (const name of ["0", "1", "2"]) assert.equal(by.filter((each) => each === name).length, 40);
    for (const page of pages) await page.close();
  });

  test("holds whole commits when the browser is killed in the middle of them", async () => {
    let last = 0;
    for (let kill = 0; kill < 3; kill++) {
      const page = await openPage();
      let confirmed = 0;
      await page.exposeFunction("confirmRound", (round) => {
        confirmed = round;
      });
      await page.evaluate(() => {
        tests.writeRounds(tests.indexedDb("rounds"), (round) => globalThis.confirmRound(round));
      });
      while (confirmed < last + 5) await delay(5);
      await browser.kill();
      const before = confirmed;
      context = await browser.start();
      const next = await openPage();
      last = await next.evaluate(() => tests.readRound(tests.indexedDb("rounds")));
      assert.ok(last >= before, `round ${last} of ${before}`);
      await next.close();
    }
  });

  test("makes room for a page that deletes the database, and begins anew after it", async () => {
    const [one, two] = [await openPage(), await openPage()];
    await one.evaluate(async () => {
      globalThis.store = tests.indexedDb("deleted");
      await store.commit([["a", "1"]], []);
    });
    const outcome = await two.evaluate(
      () =>
        new Promise((resolve) => {
          const request = indexedDB.deleteDatabase("deleted");
          request.onsuccess = () => resolve("deleted");
          request.onerror = () => resolve("failed");
        }),
    );
    assert.equal(outcome, "deleted");
    assert.deepEqual(
      await one.evaluate(async () => {
        await store.commit([["b", "2"]], []);
        return store.scan("", undefined, 9);
      }),
      [["b", "2"]],
    );
    await one.close();
    await two.close();
  });

  const failureOf = (page, work, ...values) =>
    page.evaluate(
      async ([source, given]) => {
        try {
          await new Function("given", `return (${source})(...given)`)(given);
          return "nothing failed";
        } catch ({ code, message, hint }) {
          return { code, message, hint };
        }
      },
      [work.toString(), values],
    );

  test("says what is wrong: a newer version, no more room", async () => {
    const page = await openPage();
    const newer = await failureOf(page, async () => {
      await new Promise((resolve, reject) => {
        const request = indexedDB.open("newer", 7);
        request.onsuccess = () => resolve(request.result.close());
        request.onerror = reject;
      });
      await tests.indexedDb("newer").get(["a"]);
    });
    assert.equal(newer.code, "store_failed");
    assert.match(newer.hint, /newer version/);

    // The browser's own quota cannot be made small enough for a test: it is refused as the browser refuses it.
    const full = await failureOf(page, async () => {
      globalThis.full = tests.indexedDb("full");
      await full.commit([["a", "1"]], []);
      const { put } = IDBObjectStore.prototype;
      let puts = 0;
      IDBObjectStore.prototype.put = function (...given) {
        if (++puts > 2) throw new DOMException("Quota exceeded", "QuotaExceededError");
        return put.apply(this, given);
      };
      const rows = ["a", "b", "c"].map((key) => [key, "2"]);
      await full.commit(rows, []).finally(() => {
        IDBObjectStore.prototype.put = put;
      });
    });
    assert.equal(full.code, "store_failed", JSON.stringify(full));
    assert.match(full.hint, /unlimitedStorage/);
    assert.deepEqual(await page.evaluate(() => full.scan("", undefined, 9)), [["a", "1"]]);
    await page.close();
  });

  test("counts as one within a page by its name, and refuses what is not a name", async () => {
    const page = await openPage();
    assert.deepEqual(
      await page.evaluate(() => {
        const codeOf = (work) => {
          try {
            work();
          } catch ({ code }) {
            return code;
          }
        };
        const [x, again, y] = ["x", "x", "y"].map((name) => tests.indexedDb(name).identity);
        return [x === again, x === y, codeOf(() => tests.indexedDb(5)), codeOf(() => tests.indexedDb(""))];
      }),
      [true, false, "invalid_config", "invalid_config"],
    );
    await page.close();
  });
});
