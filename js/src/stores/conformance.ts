// What every state store must do, as tests that run on any of them under any test runner.

import { compareBytes } from "./sorted-keys.js";
import type { StateStore } from "./store.js";

/** A test of a state store. */
export interface StoreTest {
  /** What the store must do. */
  readonly name: string;
  /** True when it needs a store that is `conditional`. */
  readonly conditional: boolean;
  /**
   * Rejects when the store does not do it. `open` gives a store, empty for each new name; it is called
   * twice with a name for two owners of the same state. Names differ between tests only by chance: put
   * something of your own before them where tests share a server.
   */
  run(open: OpenStore): Promise<void>;
}

/** Gives a store; the same state for the same name. */
export type OpenStore = (name: string) => StateStore | PromiseLike<StateStore>;

type Entries = [key: string, value: string][];

/** The tests of a state store: `for (const { name, run } of storeTests) test(name, () => run(open))`. */
export const storeTests: readonly StoreTest[] = [
  plain("returns values in the order of the keys, and undefined for a missing key", async (store) => {
    const text = `{"text":"привіт 👋 ﷽ '\\"\\\\u0000\\n"}\n\t'";--%_`;
    await store.commit(entries({ a: "1", b: text, empty: "" }), []);
    equal(await store.get(["b", "missing", "a", "empty", "a"]), [text, undefined, "1", "", "1"]);
    equal(await store.get([]), []);
  }),
  plain("puts and deletes together, and replaces what was there", async (store) => {
    await store.commit(entries({ a: "1", b: "2" }), []);
    await store.commit(entries({ b: "3", c: "4" }), ["a", "never there"]);
    equal(await store.get(["a", "b", "c"]), [undefined, "3", "4"]);
    await store.commit([], []);
    equal(await store.scan("", undefined, 9), entries({ b: "3", c: "4" }));
  }),
  plain("tells keys apart by case, accent and trailing space", async (store) => {
    const keys = ["k", "K", "k ", "ｋ", "é", "e\u0301", "ß", "ss"];
    await store.commit(
      keys.map((key) => [key, key]),
      [],
    );
    equal(await store.get(keys), keys);
    equal(await keysOf(store, "k"), ["k", "k "]);
  }),
  plain("scans a prefix in byte order of UTF-8, after a key, up to a limit", async (store) => {
    const keys = [
      "p/a",
      "p/ａ",
      "p/👋",
      "p/",
      "p/z",
      "p0",
      "o",
      "p/zz",
      "p/%",
      "p/_",
      "P/a",
      "p/\ud7ff",
      "p/é",
    ];
    await store.commit(
      keys.map((key) => [key, `value of ${key}`]),
      [],
    );
    const found = keys.filter((key) => key.startsWith("p/")).sort(compareBytes);
    equal(await keysOf(store, "p/"), found);
    equal(
      await store.scan("p/", found[0], 2),
      found.slice(1, 3).map((key) => [key, `value of ${key}`]),
    );
    equal(await store.scan("p/", found.at(-1), 5), []);
    equal(await store.scan("p/", "o", 1), [["p/", "value of p/"]]);
    equal(await store.scan("p/", "p/b, which is not there", 1), [["p/z", "value of p/z"]]);
    equal(await store.scan("p/", "q", 5), []);
    equal(await store.scan("nothing", undefined, 5), []);
    equal((await store.scan("", undefined, 100)).length, keys.length);
  }),
  plain("goes through large values page by page, missing none", async (store) => {
    const found = ["a", "b", "c", "d"].map((key): [string, string] => [`l/${key}`, key.repeat(1_000)]);
    await store.commit(found, []);
    for (const size of [1, 1_000, 1_500, 9_000]) {
      const pages: Entries[] = [];
      for (let after: string | undefined; ; ) {
        const page = await store.scan("l/", after, 9, size);
        after = page.at(-1)?.[0];
        if (after === undefined) break;
        if (pages.push(page) > found.length) throw new Error("the pages of a scan come to no end");
      }
      equal(pages.flat(), found);
    }
  }),
  plain("scans prefixes up to the last of all characters, and nothing beside them", async (store) => {
    const last = String.fromCodePoint(0x10ffff);
    const keys = [
      ...["a", `a${last}`, `a${last}${last}b`, "b", "\ud7ff", "\ud7ffz", "\ue000", last, `${last}1`],
    ];
    await store.commit(
      keys.map((key) => [key, ""]),
      [],
    );
    for (const prefix of ["a", `a${last}`, "\ud7ff", "\ue000", last, ""]) {
      const found = await keysOf(store, prefix);
      equal(
        found,
        keys.filter((key) => key.startsWith(prefix)),
      );
      equal(await store.scan(prefix, found.at(-1), 100), []);
    }
  }),
  plain("goes through many keys page by page while they change, missing none that stay", async (store) => {
    const keys = Array.from({ length: 1_000 }, (_, index) => `k/${String(index).padStart(4, "0")}`);
    await store.commit(
      keys.map((key) => [key, key]),
      [],
    );
    const seen: string[] = [];
    for (let after: string | undefined; ; ) {
      const page = await store.scan("k/", after, 64);
      after = page.at(-1)?.[0];
      if (after === undefined) break;
      if (seen.length > 10 * keys.length) throw new Error("the pages of a scan come to no end");
      seen.push(...page.map(([key]) => key));
      if (!after.endsWith("x")) await store.commit([[`${after}x`, "new"]], [page[0]?.[0] ?? ""]);
    }
    equal(
      seen.filter((key) => !key.endsWith("x")),
      keys,
    );
  }),
  plain("keeps large values, and many in one commit", async (store) => {
    const large = "ü👋 large\n".repeat(150_000);
    const many = Array.from({ length: 5_000 }, (_, index): [string, string] => [
      `m/${index}`,
      "x".repeat(200),
    ]);
    await store.commit([["large", large], ...many], []);
    if ((await store.get(["large"]))[0] !== large) throw new Error("a value of 2 MB has changed");
    equal((await store.scan("m/", undefined, 10_000)).length, 5_000);
    await store.commit(
      [],
      many.map(([key]) => key),
    );
    equal(await keysOf(store, ""), ["large"]);
  }),
  {
    name: "shows a commit whole or not at all to whoever reads meanwhile",
    conditional: false,
    async run(open) {
      const store = await open("whole");
      const keys = Array.from({ length: 50 }, (_, index) => `k/${index}`);
      const write = (value: string) =>
        store.commit(
          keys.map((key) => [key, value]),
          [],
        );
      await write("0");
      const writing = (async () => {
        for (let round = 1; round <= 20; round++) await write(String(round));
      })();
      for (let last = 0; last < 20; ) {
        const values = new Set((await store.scan("k/", undefined, 100)).map(([, value]) => value));
        equal(values.size, 1);
        last = Number([...values][0]);
        if (last < 20) await Promise.race([writing, new Promise((resolve) => setTimeout(resolve, 0))]);
      }
      await writing;
      await store.close?.();
    },
  },
  {
    name: "holds what was committed when it is closed and opened again",
    conditional: false,
    async run(open) {
      const first = await open("again");
      // A store that cannot be closed keeps its state for as long as the object lives.
      if (first.close === undefined) return;
      await first.commit(entries({ a: "1", b: "2" }), []);
      await first.commit(entries({ c: "3" }), ["a"]);
      await first.close();
      const second = await open("again");
      equal(await second.scan("", undefined, 9), entries({ b: "2", c: "3" }));
      await second.close?.();
    },
  },
  {
    ...plain("commits under a guard only while its key holds exactly the value", async (store) => {
      const commit = async (held: string | undefined, value: string, deletes: string[] = []) =>
        (await store.commit([["lease", value]], deletes, { key: "lease", value: held })) !== false;
      equal(await commit("a", "b"), false);
      equal(await keysOf(store, ""), []);
      equal(await commit(undefined, ""), true);
      // An empty value is one.
      equal(await commit(undefined, "b"), false);
      equal(await commit("", "a"), true);
      await store.commit(entries({ other: "1" }), []);
      equal(await commit("A", "b", ["other"]), false);
      equal(await commit("a ", "b", ["other"]), false);
      equal(await store.get(["lease", "other"]), ["a", "1"]);
      equal(await commit("a", "b", ["other"]), true);
      equal(await store.get(["lease", "other"]), ["b", undefined]);
      // The guard's key need not be among the puts, and may be deleted.
      equal((await store.commit(entries({ c: "3" }), [], { key: "lease", value: "b" })) !== false, true);
      equal((await store.commit([], ["lease"], { key: "lease", value: "b" })) !== false, true);
      equal(await store.scan("", undefined, 9), entries({ c: "3" }));
      if ((await store.commit([], ["c"])) === false) throw new Error("a commit without a guard was refused");
    }),
    conditional: true,
  },
  {
    name: "lets one of several writers through whose guards name the same value",
    conditional: true,
    async run(open) {
      const stores = await Promise.all([open("writers"), open("writers")]);
      const [one] = stores as [StateStore, StateStore];
      await one.commit(entries({ count: "0" }), []);
      let through = 0;
      const write = async (store: StateStore, name: string) => {
        for (let tries = 0; tries < 60; tries++) {
          const [count = ""] = await store.get(["count"]);
          // The other's turn, between reading and writing.
          await new Promise((resolve) => setTimeout(resolve, 0));
          const next = String(Number(count) + 1);
          const puts = entries({ count: next, [`by/${next.padStart(4, "0")}`]: name });
          if ((await store.commit(puts, [], { key: "count", value: count })) !== false) through++;
        }
      };
      await Promise.all(
        stores.flatMap((store, index) => [write(store, `${index}a`), write(store, `${index}b`)]),
      );
      equal(await one.get(["count"]), [String(through)]);
      equal((await one.scan("by/", undefined, 1_000)).length, through);
      // Whoever reads first of all in a round can always write.
      if (through < 60) throw new Error(`only ${through} commits went through`);
      for (const store of stores) await store.close?.();
    },
  },
];

function plain(name: string, work: (store: StateStore) => Promise<void>): StoreTest {
  return {
    name,
    conditional: false,
    async run(open) {
      const store = await open(name.replaceAll(/\W+/g, "-"));
      await work(store);
      await store.close?.();
    },
  };
}

const entries = (object: Record<string, string>): Entries => Object.entries(object);

async function keysOf(store: StateStore, prefix: string): Promise<string[]> {
  return (await store.scan(prefix, undefined, 100)).map(([key]) => key);
}

/** Throws where the two differ as JSON; an `undefined` in a list is not `null` here. */
function equal(actual: unknown, expected: unknown): void {
  const text = (value: unknown) =>
    JSON.stringify(value, (_, part) => (part === undefined ? "(undefined)" : part));
  const [left, right] = [text(actual), text(expected)];
  if (left !== right) throw new Error(`the store gave ${left} and not ${right}`);
}
