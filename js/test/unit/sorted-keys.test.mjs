// Sorted keys against a plain sorted list, with keys of every kind of character.

import assert from "node:assert/strict";
import { test } from "node:test";
import { importSources } from "../build-sources.mjs";

const { SortedKeys, compareBytes } = await importSources("stores/sorted-keys");

const byBytes = (left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right));

/** The same numbers for the same seed. */
function createRandom(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >> 8) % below;
  };
}

const CHARACTERS = ["", "a", "b", "/", "0", "é", "ｱ", "東", "\uE000", "\uFFFD", "👋", "𐀀", "\u{10FFFF}"];

test("order is that of the UTF-8 bytes", () => {
  for (const left of CHARACTERS) {
    for (const right of CHARACTERS) {
      assert.equal(
        Math.sign(compareBytes(`x${left}`, `x${right}`)),
        byBytes(`x${left}`, `x${right}`),
        `${left} ${right}`,
      );
    }
  }
});

test("they stay sorted while thousands come and go", () => {
  const random = createRandom(7);
  const keys = new SortedKeys();
  const expected = new Set();
  const newKey = () =>
    Array.from({ length: 4 }, () => CHARACTERS[random(CHARACTERS.length)]).join("") + random(400);
  for (let step = 0; step < 12_000; step++) {
    const key = newKey();
    if (random(3) === 0) {
      const [some] = expected;
      for (const gone of [key, some]) if (expected.delete(gone)) keys.delete(gone);
    } else if (!expected.has(key)) {
      expected.add(key);
      keys.add(key);
    }
    if (step % 1_500 !== 0) continue;
    const sorted = [...expected].sort(byBytes);
    assert.deepEqual([...keys.from("")], sorted);
    for (const bound of [key, newKey(), "", "\u{10FFFF}zzz"]) {
      assert.deepEqual(
        [...keys.from(bound)],
        sorted.filter((other) => byBytes(other, bound) >= 0),
      );
    }
  }
  assert.ok(expected.size > 2_000);
  for (const key of [...expected]) keys.delete(key);
  assert.deepEqual([...keys.from("")], []);
});
