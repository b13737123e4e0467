// The state store in chrome.storage.local, in the page and the service worker of an unpacked extension.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { bundle, servePage, startBrowser, withoutChromium } from "./browser.mjs";

const SEED = Number(process.env.STORE_SEED ?? Date.now() % 1_000_000);

describe(`the store in chrome.storage (STORE_SEED=${SEED})`, { skip: withoutChromium }, () => {
  const extension = mkdtempSync(join(tmpdir(), "ghl-chartmogul-extension-"));
  let browser;
  let context;
  let id;
  let script;
  before(async () => {
    script = await bundle("chrome-storage", "store-tests");
    writeFileSync(
      join(extension, "manifest.json"),
      JSON.stringify({
        manifest_version: 3,
        name: "Stores",
        version: "1.0",
        permissions: ["storage"],
        background: { service_worker: "worker.js" },
      }),
    );
    // The worker does what a page of the extension asks it to: `tests` are the suite and the store.
    const answering = `
      const tasks = {
        suite: ({ seed }) => tests.runSuite(tests.storeTests, open, seed, 4, () => chrome.storage.local.clear()),
        count: ({ prefix, name }) => tests.countUp(tests.chromeStorage({ prefix }), name, 30),
        rounds: ({ prefix }) => void tests.writeRounds(tests.chromeStorage({ prefix })),
        round: ({ prefix }) => tests.readRound(tests.chromeStorage({ prefix })),
        rows: ({ prefix }) => tests.chromeStorage({ prefix }).scan("", undefined, 99),
      };
      const open = (prefix) => tests.chromeStorage({ prefix: prefix.slice(0, 100) });
      chrome.runtime.onMessage.addListener(({ task, ...given }, _, respond) => {
        Promise.resolve(tasks[task](given)).then(
          (value) => respond({ value }),
          (error) => respond({ error: String(error.stack ?? error) }),
        );
        return true;
      });`;
    writeFileSync(join(extension, "worker.js"), `${script}\n${answering}`);
    writeFileSync(join(extension, "tests.js"), script);
    writeFileSync(
      join(extension, "page.html"),
      '<!doctype html><title>stores</title><script src="tests.js"></script>',
    );
    browser = await startBrowser(`--disable-extensions-except=${extension}`, `--load-extension=${extension}`);
    context = await browser.start();
    const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent("serviceworker"));
    id = new URL(worker.url()).host;
  });
  after(async () => {
    await browser?.stop();
    rmSync(extension, { recursive: true, force: true });
  });

  const openPage = async () => {
    const page = await context.newPage();
    await page.goto(`chrome-extension://${id}/page.html`);
    return page;
  };
  /** Asks the service worker. */
  const ask = async (page, task) => {
    const { value, error } = await page.evaluate((message) => chrome.runtime.sendMessage(message), task);
    if (error) throw new Error(error);
    return value;
  };

  test("does in a page what every store must do", async (t) => {
    const page = await openPage();
    const { failed, passed, totals } = await page.evaluate(
      (seed) =>
        tests.runSuite(
          tests.storeTests,
          (prefix) => tests.chromeStorage({ prefix: prefix.slice(0, 100) }),
          seed,
          8,
          () => chrome.storage.local.clear(),
        ),
      SEED,
    );
    assert.deepEqual(failed, []);
    assert.ok(passed >= 12 && totals.refused > 0 && totals.found > 0);
    t.diagnostic(JSON.stringify({ passed, totals }));
    await page.close();
  });

  test("does the same in the service worker", async () => {
    const page = await openPage();
    const { failed, passed } = await ask(page, { task: "suite", seed: SEED + 100 });
    assert.deepEqual(failed, []);
    assert.ok(passed >= 12);
    await page.close();
  });

  test("lets guarded commits of two pages and the worker through one after the other", async () => {
    const pages = [await openPage(), await openPage()];
    const prefix = "counted";
    await Promise.all([
      ask(pages[0], { task: "count", prefix, name: "w" }),
      ...pages.map((page, at) =>
        page.evaluate(
          ([own, name]) => tests.countUp(tests.chromeStorage({ prefix: own }), name, 30),
          [prefix, `${at}`],
        ),
      ),
    ]);
    const [count, by] = await pages[0].evaluate(async (own) => {
      const store = tests.chromeStorage({ prefix: own });
      return [
        (await store.get(["count"]))[0],
        (await store.scan("by/", undefined, 999)).map(([, name]) => name),
      ];
    }, prefix);
    assert.equal(count, "90");
    for (const name of ["w", "0", "1"]) assert.equal(by.filter((each) => each === name).length, 30);
    for (const page of pages) await page.close();
  });

  test("undoes a commit whose page ended after any of its steps", async () => {
    const steps = [];
    for (let step = 1; step <= 8; step++) {
      const prefix = `ended${step}`;
      const page = await openPage();
      const reached = await page.evaluate(
        async ([own, last]) => {
          const store = tests.chromeStorage({ prefix: own });
          await store.commit(
            [
              ["a", "1"],
              ["b", "2"],
              ["c", "3"],
            ],
            [],
          );
          // The same area, but after so many steps nothing happens any more, as in a page that has ended.
          const { local } = chrome.storage;
          let left = last;
          const stepped = (work) => async (given) => {
            if (left-- > 0) return work(given);
            globalThis.hung = true;
            return new Promise(() => {});
          };
          const area = {
            get: (names) => local.get(names),
            set: stepped((items) => local.set(items)),
            remove: stepped((names) => local.remove(names)),
          };
          const commit = tests.chromeStorage({ prefix: own, area }).commit(
            [
              ["a", "9"],
              ["d", "9"],
              ["e", "9"],
            ],
            ["b", "c"],
          );
          return Promise.race([
            commit.then(() => "done"),
            new Promise((resolve) => {
              const timer = setInterval(() => {
                if (globalThis.hung) resolve("hung");
                if (globalThis.hung) clearInterval(timer);
              }, 5);
            }),
          ]);
        },
        [prefix, step - 1],
      );
      await page.close();
      const other = await openPage();
      const rows = await ask(other, { task: "rows", prefix });
      await other.close();
      steps.push(reached);
      assert.deepEqual(
        rows,
        reached === "done"
          ? [
              ["a", "9"],
              ["d", "9"],
              ["e", "9"],
            ]
          : [
              ["a", "1"],
              ["b", "2"],
              ["c", "3"],
            ],
        `step ${step}`,
      );
      if (reached === "done") break;
    }
    assert.ok(steps.filter((each) => each === "hung").length >= 3 && steps.at(-1) === "done", steps.join());
  });

  test("holds whole commits when the worker is stopped, and when the browser is killed, in the middle of them", async () => {
    const prefix = "rounds";
    let last = 0;
    for (let end = 0; end < 4; end++) {
      let page = await openPage();
      await ask(page, { task: "rounds", prefix });
      const look = () =>
        page.evaluate((own) => tests.readRound(tests.chromeStorage({ prefix: own })), prefix);
      while ((await look()) < last + 5) await delay(5);
      await delay(Math.random() * 60);
      if (end % 2 === 0) {
        const session = await context.newCDPSession(page);
        await session.send("ServiceWorker.enable");
        await session.send("ServiceWorker.stopAllWorkers");
        await delay(300);
      } else {
        await browser.kill();
        context = await browser.start();
        page = await openPage();
      }
      const first = await look();
      await delay(200);
      const second = await look();
      assert.equal(second, first, "something still writes");
      assert.ok(second >= last + 5, `${second} after ${last}`);
      last = second;
      await page.close();
    }
  });

  test("says that the storage is full, names unlimitedStorage, and has stored nothing of that commit", async () => {
    const page = await openPage();
    const { failure, rounds, rows, count } = await page.evaluate(async () => {
      await chrome.storage.local.clear();
      const store = tests.chromeStorage({ prefix: "full" });
      let failure;
      let rounds = 0;
      while (failure === undefined && rounds < 40) {
        try {
          await store.commit(
            [
              ["count", `${rounds + 1}`],
              [`row/${rounds}`, "x".repeat(400_000)],
              [`row/${rounds}/b`, "x".repeat(100_000)],
            ],
            [],
          );
          rounds++;
        } catch ({ code, message, hint }) {
          failure = { code, message, hint };
        }
      }
      const rows = (await store.scan("row/", undefined, 999)).length;
      const [count] = await store.get(["count"]);
      await store.commit([], ["row/0"]);
      await chrome.storage.local.clear();
      return { failure, rounds, rows, count };
    });
    assert.equal(failure.code, "store_failed");
    assert.match(failure.hint, /unlimitedStorage/);
    assert.ok(rounds >= 15, `${rounds} rounds of 500 kB`);
    assert.deepEqual([rows, count], [2 * rounds, `${rounds}`]);
    await page.close();
  });

  test("refuses a content script, a host without the area, and what cannot be a prefix or an area", async () => {
    const site = await servePage();
    const web = await context.newPage();
    await web.goto(site.origin);
    await web.addScriptTag({ content: script });
    const codes = (page) =>
      page.evaluate(() => {
        const area = { get: async () => ({}), set: async () => {}, remove: async () => {} };
        return [{}, { area }, { area, prefix: "" }, { area: {} }].map((options) => {
          try {
            tests.chromeStorage(options);
            return "taken";
          } catch ({ code, message }) {
            return `${code}: ${message}`;
          }
        });
      });
    const [none, foreign, prefix, wrong] = await codes(web);
    assert.match(none, /^invalid_config: this host has no chrome\.storage\.local/);
    assert.match(foreign, /^invalid_config: .*content script/);
    assert.match(prefix, /^invalid_config: .*prefix/);
    assert.match(wrong, /^invalid_config: .*area/);
    const page = await openPage();
    assert.deepEqual((await codes(page)).slice(0, 2), ["taken", "taken"]);
    await page.close();
    await web.close();
    site.close();
  });
});
