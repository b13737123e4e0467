// How many columns a text takes in a terminal, and texts of a given width.

import { stripVTControlCharacters } from "node:util";
import { eastAsianWidth } from "get-east-asian-width";

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Shown as pictures, two columns wide. */
const EMOJI = /\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F|\u20E3/u;
/** Needs no column of its own: accents, joiners, the later parts of a Hangul syllable. */
const ZERO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}\u1160-\u11FF]$/u;
/** Would move the cursor, change colours or the direction of the text around it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must go.
const UNSAFE = /[\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]+/gu;

/** The text without what would disturb a terminal. Texts of records may hold anything. */
export function printable(text: string): string {
  return text.replace(UNSAFE, " ").trim();
}

/** Columns that a printable text takes; colours take none. */
export function textWidth(text: string): number {
  let width = 0;
  const shown = text.includes("\u001B") ? stripVTControlCharacters(text) : text;
  for (const { segment } of graphemes.segment(shown)) width += graphemeWidth(segment);
  return width;
}

/** The text, cut with an ellipsis where it is wider. */
export function cutToWidth(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let cut = "";
  let left = width - 1;
  for (const { segment } of graphemes.segment(text)) {
    left -= graphemeWidth(segment);
    if (left < 0) break;
    cut += segment;
  }
  return `${cut}…`;
}

/**
 * The lines of a text that is wrapped at words. Longer words continue in the next line, or stay whole with
 * `wholeWords`: a terminal wraps them, and an id or a command can still be copied.
 */
export function wrapToWidth(text: string, width: number, { wholeWords = false } = {}): string[] {
  const room = Math.max(1, width);
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (textWidth(longer) <= room) {
      line = longer;
      continue;
    }
    if (line !== "") lines.push(line);
    line = word;
    while (!wholeWords && textWidth(line) > room) {
      const [head, tail] = splitAt(line, room);
      lines.push(head);
      line = tail;
    }
  }
  return [...lines, line].map((text) => text.trimEnd());
}

/** The text's beginning of that width, one character at least, and its rest. */
function splitAt(text: string, width: number): [head: string, tail: string] {
  let head = "";
  let taken = 0;
  for (const { segment } of graphemes.segment(text)) {
    taken += graphemeWidth(segment);
    if (taken > width && head !== "") break;
    head += segment;
  }
  return [head, text.slice(head.length)];
}

function graphemeWidth(grapheme: string): number {
  if (EMOJI.test(grapheme)) return 2;
  let width = 0;
  for (const character of grapheme) {
    if (!ZERO_WIDTH.test(character)) width += eastAsianWidth(character.codePointAt(0) ?? 0);
  }
  return width;
}
