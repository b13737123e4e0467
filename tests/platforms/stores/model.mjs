// Seeded histories of commits, guards and scans, played on a store and on the store in memory: both must
// give the same. Runs in any host.

/** Numbers below `limit`, the same for the same seed. */
export function createChance(seed) {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const PIECES = [
  "",
  "a",
  "b",
  "A",
  "é",
  "ａ",
  "👋",
  "\u{10ffff}",
  "\ud7ff",
  "\ue000",
  "0",
  "%",
  "_",
  "z",
  "aa",
];

/** Throws at the first step where the two differ; gives how many steps of each kind there were. */
export async function playHistory(seed, store, model, steps = 150) {
  const chance = createChance(seed);
  const pick = (list) => list[chance(list.length)];
  const text = () => pick(PIECES) + pick(PIECES);
  const key = () => `${pick(["p/", "p/q/", "r/", ""])}${text() || "x"}`;
  const value = () => pick([text(), JSON.stringify({ text: text() }), "", "v".repeat(chance(3_000))]);
  const counts = { commits: 0, refused: 0, gets: 0, scans: 0, found: 0 };
  for (let step = 0; step < steps; step++) {
    const same = (what, actual, expected) => {
      const [left, right] = [show(actual), show(expected)];
      if (left !== right)
        throw new Error(
          `seed ${seed}, step ${step}: ${what} gave ${left.slice(0, 2_000)}, memory ${right.slice(0, 2_000)}`,
        );
    };
    const action = chance(10);
    if (action < 5) {
      const keys = [...new Set(Array.from({ length: chance(8) }, key))];
      const puts = keys.filter(() => chance(3) > 0).map((each) => [each, value()]);
      const deletes = keys.filter((each) => !puts.some(([put]) => put === each));
      const of = pick([key(), ...keys]);
      const [held] = await model.get([of]);
      const guard =
        chance(2) === 0 || !store.conditional
          ? undefined
          : { key: of, value: pick([held, held, undefined, "", value()]) };
      const [actual, expected] = [
        await store.commit(puts, deletes, guard),
        await model.commit(puts, deletes, guard),
      ];
      same("commit", actual !== false, expected !== false);
      counts.commits++;
      if (expected === false) counts.refused++;
    } else if (action < 7) {
      const keys = Array.from({ length: chance(6) }, key);
      same("get", await store.get(keys), await model.get(keys));
      counts.gets++;
    } else {
      const prefix = pick(["", "p/", "p/q/", "r/", "p", key(), text()]);
      const after = pick([undefined, key(), prefix + text()]);
      const limit = 1 + chance(12);
      const expected = await model.scan(prefix, after, limit);
      same("scan", await store.scan(prefix, after, limit), expected);
      // Where a page ends by size is each store's own: together the pages must be the whole.
      const size = 1 + chance(4_000);
      const paged = [];
      for (let last = after; paged.length < limit; ) {
        const page = await store.scan(prefix, last, limit - paged.length, size);
        if (page.length === 0) break;
        paged.push(...page);
        last = page.at(-1)[0];
      }
      same("scan by size", paged, expected);
      counts.scans++;
      counts.found += expected.length;
    }
  }
  const [all, wanted] = [await store.scan("", undefined, 10_000), await model.scan("", undefined, 10_000)];
  if (show(all) !== show(wanted)) throw new Error(`seed ${seed}: what is left differs`);
  return counts;
}

function show(given) {
  return JSON.stringify(given, (_, part) => (part === undefined ? "(undefined)" : part));
}
