// The phrases of tests/phrases.txt are in no text, comment or test.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Where texts are; what is generated comes from the comments of `src`. */
const PLACES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Cargo.toml", "pkg-template", "src", "tests"];
const PLATFORMS = ["js/cloudflare", "js/zapier"];
const OTHERS = ["js/src", ...PLATFORMS, "js/test", "js/demo", "js/bench", "js/build.mjs", "xtask/src"];
const WITHOUT = /(^|\/)(node_modules|fixtures|generated|pkg-template\/docs\/reference)(\/|$)/;
const TEXTS = /\.(rs|ts|m?js|md|toml|json)$/;

/** Services' own words, and lists of words that are tested. */
const NOT_OURS = ["src/sandbox/ghl/operations.json", "package-lock.json", "unit/phrases.test.mjs"];

const phrases = readFileSync(join(root, "tests/phrases.txt"), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => line.split(" => "))
  .map(([pattern, cure]) => ({ pattern: new RegExp(pattern, "gi"), cure }));

/**
 * Where a text has phrases: the line, the words around, the cure. Comments are read across lines, names of
 * Rust's tests as sentences.
 */
function find(text) {
  const spelled = text.replaceAll(/\bfn (?:[a-z0-9]+_){3,}\w+/g, (name) => name.replaceAll("_", " "));
  const flat = spelled.replace(/\n[ \t]*(?:\/\/[/!]?|\*|#)?[ \t]*/g, (gap) =>
    " ".padEnd(gap.length, "\u0000"),
  );
  // A gap between lines counts as one blank, and keeps its length for the line's number.
  const kept = [];
  let words = "";
  for (let index = 0; index < flat.length; index++) {
    if (flat[index] === "\u0000") continue;
    kept.push(index);
    words += flat[index];
  }
  return phrases.flatMap(({ pattern, cure }) =>
    [...words.matchAll(pattern)].map(({ 0: found, index }) => ({
      line: text.slice(0, kept[index]).split("\n").length,
      around: words.slice(Math.max(0, index - 30), index + found.length + 20).trim(),
      cure,
    })),
  );
}

function filesUnder(path) {
  if (WITHOUT.test(path)) return [];
  const absolute = join(root, path);
  if (!statSync(absolute).isDirectory())
    return TEXTS.test(path) && !NOT_OURS.some((name) => path.endsWith(name)) ? [path] : [];
  return readdirSync(absolute).flatMap((name) => filesUnder(relative(root, join(absolute, name))));
}

test("every phrase has a cure and matches only where it should", () => {
  for (const { pattern, cure } of phrases) assert.ok(cure, String(pattern));
  const lines = (text) => find(text).map(({ line }) => line);
  assert.deepEqual(lines("a\n/// It is no\n/// number.\n"), [2]);
  assert.deepEqual(lines("the run\n  * goes on. It is told.\n").length, 2);
  assert.deepEqual(lines("#[test]\nfn what_is_no_number_is_refused() {}\nfn is_no_one() {}"), [2]);
  assert.deepEqual(lines("There is no number. It is no longer there. Both are told apart."), []);
});

for (const path of [...PLACES, ...OTHERS].flatMap(filesUnder)) {
  const found = find(readFileSync(join(root, path), "utf8"));
  if (found.length > 0)
    test(`${path} is in plain English`, () => {
      assert.fail(found.map(({ line, around, cure }) => `${path}:${line}: "${around}": ${cure}`).join("\n"));
    });
}
