// Every link of the packed package's pages leads somewhere: to a file of the package and a heading in
// it, or, on npm's page, to the same file as it is published.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { anchorsOf, linksOf, pagesIn, read, undefinedLinksOf } from "./pages.mjs";
import { packageFolder } from "./project.mjs";

const repository = fileURLToPath(new URL("../../", import.meta.url));
const { name, version } = JSON.parse(read(packageFolder, "package.json"));
const published = `https://unpkg.com/${name}@${version}/`;

/** Other sites that the pages may name. */
const SITES = ["https://www.gohighlevel.com", "https://chartmogul.com", "https://rustup.rs"];

/** What is wrong with the links of a page. */
function faults(folder, page) {
  const text = read(folder, page);
  const missing = undefinedLinksOf(text).map((link) => `[${link}] is not defined`);
  const broken = linksOf(text).flatMap((link) => {
    if (SITES.includes(link)) return [];
    const own = link.startsWith(published);
    if (!own && /^[a-z]+:/.test(link)) return [`${link} is not a site that the pages may name`];
    const [path, anchor] = (own ? link.slice(published.length) : link).split("#");
    const target = path === "" ? page : normalize(join(own ? "." : dirname(page), path));
    if (target.startsWith("..") || !existsSync(join(folder, target))) return [`${link} leads nowhere`];
    const hasHeading = anchor === undefined || anchorsOf(read(folder, target)).includes(anchor);
    return hasHeading ? [] : [`${link}: ${target} has no such heading`];
  });
  return [...missing, ...broken];
}

const pages = pagesIn(packageFolder);

test("the package has its README, its pages, the reference and the changelog", () => {
  for (const page of ["README.md", "CHANGELOG.md", "docs/sync.md", "docs/glossary.md"])
    assert.ok(pages.includes(page), page);
  assert.ok(pages.filter((page) => page.startsWith("docs/reference/")).length > 50);
});

test("the README names the pages as they are published: npm's site resolves no relative link", () => {
  const links = linksOf(read(packageFolder, "README.md"));
  const own = links.filter((link) => link.startsWith(published));
  assert.ok(own.length >= 7, String(own));
  assert.deepEqual(
    links.filter((link) => !/^(https:|#)/.test(link)),
    [],
  );
});

test("every page of the package can be reached from its README", () => {
  const reached = new Set(["README.md"]);
  for (const page of reached) {
    for (const link of linksOf(read(packageFolder, page))) {
      const own = link.startsWith(published);
      if (!own && /^[a-z]+:/.test(link)) continue;
      const [path] = (own ? link.slice(published.length) : link).split("#");
      if (path.endsWith(".md")) reached.add(normalize(join(own ? "." : dirname(page), path)));
    }
  }
  assert.deepEqual(
    pages.filter((page) => !reached.has(page)),
    [],
  );
});

for (const page of pages) {
  test(`the links of ${page}`, () => {
    assert.deepEqual(faults(packageFolder, page), []);
  });
}

for (const page of ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]) {
  test(`the links of the repository's ${page}`, () => {
    assert.deepEqual(faults(repository, page), []);
  });
}

test("a broken link is found", () => {
  assert.deepEqual(linksOf("[a](b.md) `[c](d)` [e](f.md#g)\n\n[h]: i.md\n"), ["b.md", "f.md#g", "i.md"]);
  assert.deepEqual(undefinedLinksOf("[a][b] [c][d]\n\n[b]: x.md\n"), ["d"]);
  assert.deepEqual(anchorsOf("# A store of your own\n## `search`: one\n"), [
    "a-store-of-your-own",
    "search-one",
  ]);
});
