// Lists: page by page, item by item, as a promise, with cursor, limit and stopping early.

import assert from "node:assert/strict";
import { test } from "node:test";
import { importSources } from "../build-sources.mjs";

const { createList } = await importSources("list");

const PAGES = new Map([
  [null, { items: [1, 2, 3], cursor: "b", total: 7 }],
  ["b", { items: [4, 5, 6], cursor: "c", total: 7 }],
  ["c", { items: [7], cursor: null, total: 7 }],
]);

function listOf(options = {}, pages = PAGES) {
  const read = [];
  const list = createList(async (cursor) => {
    read.push(cursor);
    return pages.get(cursor);
  }, options);
  return { list, read };
}

async function collect(iterable) {
  const all = [];
  for await (const item of iterable) all.push(item);
  return all;
}

test("iterates over all items, reading a page only when it is needed", async () => {
  const { list, read } = listOf();
  assert.deepEqual(read, []);
  assert.deepEqual(await collect(list), [1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(read, [null, "b", "c"]);
});

test("stops reading when the loop ends", async () => {
  const { list, read } = listOf();
  for await (const item of list) if (item === 2) break;
  assert.deepEqual(read, [null]);
});

test("stops in the middle of a page when its signal fires", async () => {
  const controller = new AbortController();
  const seen = [];
  const { list } = listOf({ signal: controller.signal });
  const loop = async () => {
    for await (const item of list) {
      seen.push(item);
      if (item === 2) controller.abort(new Error("enough"));
    }
  };
  await assert.rejects(loop(), /enough/);
  assert.deepEqual(seen, [1, 2]);
});

test("can be gone through again from the start", async () => {
  const { list } = listOf();
  assert.deepEqual(await collect(list), await collect(list));
});

test("awaited, gives one page and reads it once", async () => {
  const { list, read } = listOf();
  assert.deepEqual(await list, { items: [1, 2, 3], cursor: "b", total: 7 });
  assert.equal(await list, await list);
  assert.deepEqual(read, [null]);
});

test("continues at a cursor", async () => {
  assert.deepEqual(await collect(listOf({ cursor: "c" }).list), [7]);
  assert.deepEqual((await listOf({ cursor: "b" }).list).items, [4, 5, 6]);
});

test("gives pages with their cursors", async () => {
  const pages = await collect(listOf().list.pages());
  assert.deepEqual(
    pages.map(({ cursor }) => cursor),
    ["b", "c", null],
  );
});

test("gives at most `limit` items, over all pages and in an awaited page", async () => {
  for (const [limit, expected, pages] of [
    [1, [1], 1],
    [3, [1, 2, 3], 1],
    [5, [1, 2, 3, 4, 5], 2],
    [100, [1, 2, 3, 4, 5, 6, 7], 3],
  ]) {
    const { list, read } = listOf({ limit });
    assert.deepEqual(await collect(list), expected);
    assert.equal(read.length, pages);
  }
  assert.deepEqual((await listOf({ limit: 2 }).list).items, [1, 2]);
});

test("continues behind the last record given, where the limit cut a page", async () => {
  const { list } = listOf({ limit: 5 });
  const [, cut] = await collect(list.pages());
  assert.deepEqual(await collect(listOf({ cursor: cut.cursor }).list), [6, 7]);
});

test("is read whole, nothing twice, by awaiting one limited page after the other", async () => {
  for (const limit of [1, 2, 3, 4, 5, 7, 8]) {
    const items = [];
    let cursor = null;
    do {
      const page = await listOf({ limit, cursor }).list;
      items.push(...page.items);
      cursor = page.cursor;
    } while (cursor !== null);
    assert.deepEqual(items, [1, 2, 3, 4, 5, 6, 7], `limit ${limit}`);
  }
});

test("refuses a limit that is not a number above 0, before reading", async () => {
  for (const limit of [0, -1, Number.NaN, "many"]) {
    const { list, read } = listOf({ limit });
    await assert.rejects(collect(list), { code: "invalid_argument" });
    await assert.rejects(async () => list, { code: "invalid_argument" });
    assert.deepEqual(read, []);
  }
});

test("a failing page rejects the promise and ends the loop", async () => {
  const broken = createList(() => Promise.reject(new Error("no page")), {});
  await assert.rejects(async () => broken, /no page/);
  await assert.rejects(collect(broken), /no page/);
});
