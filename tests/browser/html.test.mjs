// What our reader of HTML says of documents, judged by a browser: its DOMParser reads each, and a walk over
// the tree lays it out anew. `cargo xtask test browser` writes the documents; HTML_DOCUMENTS says how many,
// VALUES_SEED which.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { open, serve } from "./chromium.mjs";

const { HTML_ANSWERS: answers } = process.env;
if (!answers) throw new Error("run this through `cargo xtask test browser`");

/** Runs in the page: lays out what DOMParser finds. */
function layOut(html) {
  const BLOCKS = new Set("P DIV UL OL LI TABLE TR BLOCKQUOTE PRE H1 H2 HR".split(" "));
  let out = "";
  let sign = -1;
  const trim = (blanks = / +$/) => {
    out = out.replace(blanks, "");
  };
  const line = (soft) => {
    if (soft && sign === out.length) return;
    trim();
    if (out !== "" && !out.endsWith("\n")) out += "\n";
  };
  const marked = (text) => {
    out += text;
    sign = out.length;
  };
  const folded = (text) => {
    for (const part of text.split(/([ \t\n\r\f]+)/)) {
      if (!/^[ \t\n\r\f]+$/.test(part)) out += part;
      else if (out !== "" && !/[ \n]$/.test(out)) out += " ";
    }
  };
  const core = (text) =>
    text
      .replace(/^https:\/\//, "")
      .replace(/^http:\/\//, "")
      .replace(/\/+$/, "")
      .toLowerCase();
  const behind = (address) => {
    out += `${out === "" || /[ \n]$/.test(out) ? "" : " "}(${address})`;
  };
  const depthOf = (item) => {
    let depth = 0;
    for (let up = item.parentElement; up; up = up.parentElement) depth += /^[UO]L$/.test(up.tagName) ? 1 : 0;
    return depth;
  };
  const numberOf = (item) => {
    let next = Number(item.parentElement.getAttribute("start") ?? 1);
    for (const one of item.parentElement.children) {
      const number = Number(one.getAttribute("value") ?? next);
      if (one === item) return number;
      next = number + 1;
    }
  };
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) {
      if (node.parentElement.closest("pre")) out += node.data;
      else folded(node.data);
      return;
    }
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    const name = node.tagName;
    const start = out.length;
    if (name === "BR") {
      trim();
      out += "\n";
    } else if (name === "HR") {
      line(false);
      out += "---\n";
    } else if (name === "IMG") {
      const source = node.getAttribute("src");
      const shown = source.startsWith("https://");
      const alt = node.alt.trim() || (shown ? "image" : "");
      if (alt !== "") out += `[${alt}]`;
      if (shown) behind(source);
    } else if (name === "LI") {
      line(false);
      out += "  ".repeat(Math.min(7, depthOf(node) - 1));
      marked(node.parentElement.tagName === "OL" ? `${numberOf(node)}. ` : "- ");
    } else if (name === "TD" && node.previousElementSibling) {
      const row = Number(node.parentElement.dataset.start);
      const text = out.replace(/[ \n]+$/, "").length;
      out = out.slice(0, Math.max(row, text));
      marked(" | ");
    } else if (BLOCKS.has(name)) line(true);
    if (name === "TD" && !node.previousElementSibling) node.parentElement.dataset.start = String(out.length);
    for (const child of node.childNodes) walk(child);
    if (name === "A") {
      const address = node
        .getAttribute("href")
        .trim()
        .replace(/^mailto:/, "");
      const text = out.slice(start).trim();
      if (address.startsWith("#") || address.startsWith("javascript:") || core(address) === core(text))
        return;
      if (text === "") out += `${address} `;
      else {
        const spaced = out.endsWith(" ");
        trim();
        behind(address);
        if (spaced) out += " ";
      }
    } else if (["UL", "OL", "TR", "PRE"].includes(name)) line(false);
    else if (BLOCKS.has(name)) line(true);
  };
  for (const node of new DOMParser().parseFromString(html, "text/html").body.childNodes) walk(node);
  return out;
}

/** Lines that say something, each with single blanks: their number is not compared. */
function compared(text) {
  const lines = text.replaceAll("\u00A0", " ").split("\n");
  return lines.map((line) => line.replace(/\s+/g, " ").trim()).filter((line) => line !== "");
}

test("a browser finds the same in HTML", { timeout: 600_000 }, async (context) => {
  const documents = readFileSync(answers, "utf8").trimEnd().split("\n");
  const { origin, result } = await serve(context, {
    "/judge.html": `<!doctype html><script type="module">
      const report = (value) => fetch("/result", { method: "POST", body: JSON.stringify(value) });
      try {
        ${layOut}
        ${compared}
        const wrong = [];
        const lines = (await (await fetch("/documents.txt")).text()).split("\\n");
        for (const line of lines) {
          const { html, text } = JSON.parse(line);
          const theirs = compared(layOut(html));
          const ours = compared(text);
          if (ours.join("\\n") !== theirs.join("\\n")) wrong.push({ html, ours, theirs });
        }
        await report({ judged: lines.length, count: wrong.length, wrong: wrong.slice(0, 5) });
      } catch (error) {
        await report({ failed: String(error.stack ?? error) });
      }</script>`,
    "/documents.txt": documents.join("\n"),
  });
  open(context, `${origin}/judge.html`);
  assert.deepEqual(await result, { judged: documents.length, count: 0, wrong: [] });
  context.diagnostic(`${documents.length} documents judged`);
});
