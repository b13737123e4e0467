// The package's pages, and the code in them.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The Markdown files under a folder, by their paths in it. */
export function pagesIn(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((path) => path.endsWith(".md") && !path.startsWith("node_modules"))
    .map((path) => path.replaceAll("\\", "/"))
    .sort();
}

/** The fenced blocks of a page: language, text, and the line on which each begins. */
export function blocksOf(page) {
  return [...page.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(({ 1: language, 2: text, index }) => ({
    language,
    text,
    line: page.slice(0, index).split("\n").length,
  }));
}

/** What a page links to: the targets of links and of their definitions, outside of code. */
export function linksOf(page) {
  const prose = page.replaceAll(/^```[\s\S]*?^```$/gm, "").replaceAll(/`[^`\n]*`/g, "");
  const inline = [...prose.matchAll(/\]\(([^)\s]+)\)/g)];
  const definitions = [...prose.matchAll(/^\[[^\]]+\]: (\S+)$/gm)];
  return [...inline, ...definitions].map(([, target]) => target);
}

/** Names used as `[text][name]` that the page does not define. */
export function undefinedLinksOf(page) {
  const prose = page.replaceAll(/^```[\s\S]*?^```$/gm, "").replaceAll(/`[^`\n]*`/g, "``");
  const defined = new Set([...prose.matchAll(/^\[([^\]]+)\]: \S+$/gm)].map(([, name]) => name));
  return [...prose.matchAll(/\]\[([^\]]+)\]/g)].map(([, name]) => name).filter((name) => !defined.has(name));
}

/** The names by which a page's headings can be linked to, as GitHub makes them. */
export function anchorsOf(page) {
  const prose = page.replaceAll(/^```[\s\S]*?^```$/gm, "");
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

export const read = (folder, path) => readFileSync(join(folder, path), "utf8");
