// The glossary explains the closed lists of words in results, and no word that is gone.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";

const template = new URL("../../../pkg-template/", import.meta.url);
const sources = new URL("../../src/", import.meta.url);
const glossary = readFileSync(new URL("docs/glossary.md", template), "utf8");
const code = readdirSync(sources, { recursive: true })
  .filter((path) => path.endsWith(".ts") && !path.startsWith("generated/endpoints"))
  .map((path) => readFileSync(new URL(path, sources), "utf8"))
  .join("\n");
const types = code.replaceAll(/\/\*[\s\S]*?\*\//g, "");

/** The words of a type that is a list of texts. */
function wordsOf(type) {
  const [, union] = new RegExp(`^export type ${type} =\\s*([^;]+);`, "m").exec(types) ?? [];
  assert.ok(union, `no type ${type}`);
  return [...union.matchAll(/"(\w+)"/g)].map(([, word]) => word);
}

/** The rows of the table under a heading: the word, and what it means. */
function rowsUnder(heading) {
  const [, section] = new RegExp(`^## ${heading}\n([^#]+)`, "m").exec(glossary) ?? [];
  assert.ok(section, heading);
  return [...section.matchAll(/^\| (.+?) \| (.+) \|$/gm)]
    .slice(1)
    .map(([, word, meaning]) => ({ word, meaning }));
}

for (const [name, words] of [
  ["kinds", wordsOf("RecordKind")],
  ["actions", wordsOf("ChangeAction")],
  ["causes", wordsOf("Cause")],
  ["ways of matching", wordsOf("Matched")],
  ["reasons for a stop", wordsOf("RunStopReason")],
  ["passes", wordsOf("SyncScope")],
]) {
  test(`the glossary explains all ${name}`, () => {
    for (const word of words) assert.ok(glossary.includes(`\`${word}\``), word);
  });
}

test("the table of causes holds exactly the causes", () => {
  const listed = rowsUnder("Causes").map(({ word }) => word.replaceAll("`", ""));
  assert.deepEqual([...listed].sort(), [...wordsOf("Cause")].sort());
});

test("every state of a record is a word of the glossary", () => {
  const words = rowsUnder("Status").map(({ word }) => word);
  for (const word of wordsOf("Standing")) assert.ok(words.includes(word), word);
});

test("every word stands once, in its table, and other pages or results use it", () => {
  const headings = [...glossary.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  const pages = [
    "README.md",
    "docs/sync.md",
    "docs/configuration.md",
    "docs/command-line.md",
    "docs/errors.md",
  ];
  const used = [code, ...pages.map((page) => readFileSync(new URL(page, template), "utf8"))]
    .join("\n")
    .toLowerCase();
  for (const heading of headings) {
    const words = rowsUnder(heading).map(({ word }) => word.replaceAll("`", ""));
    assert.equal(new Set(words).size, words.length, heading);
    for (const word of words) assert.ok(used.includes(word.toLowerCase()), `nothing uses ${word}`);
  }
});
