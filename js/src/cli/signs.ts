// The signs of the terminal, with their words and colours: one place for all commands, and their ASCII forms.

import type { Cause, ChangeAction, Direction, RecordStanding } from "../generated/answers.js";
import type { Colour, Terminal } from "./terminal.js";

/** What a sign can say. */
export type State =
  | "inStep"
  | "pending"
  | "incoming"
  | "bothWays"
  | "conflict"
  | "failed"
  | "unlinked"
  | "paused";

interface Sign {
  sign: string;
  /** Where the locale has no UTF-8, or shows such signs two columns wide. */
  ascii: string;
  /** The sign alone says it without colour. */
  colour: Colour;
}

/** Each state's sign. A line reads the same without colour: the word is beside it. */
const SIGNS: Readonly<Record<State, Sign>> = {
  inStep: { sign: "=", ascii: "==", colour: "green" },
  pending: { sign: "→", ascii: "->", colour: "cyan" },
  incoming: { sign: "←", ascii: "<-", colour: "cyan" },
  bothWays: { sign: "↔", ascii: "<>", colour: "cyan" },
  conflict: { sign: "≠", ascii: "!=", colour: "yellow" },
  failed: { sign: "×", ascii: "x", colour: "red" },
  unlinked: { sign: "--", ascii: "--", colour: "dim" },
  paused: { sign: "‖", ascii: "||", colour: "magenta" },
};

/** Columns of a sign with the blank behind it, in either form: nothing moves. */
export const SIGN_WIDTH = 3;

/** A sign in a column: two columns and a blank, coloured. */
export function signCell(state: State, terminal: Terminal): string {
  const { sign, ascii, colour } = SIGNS[state];
  return `${terminal.style(colour, (terminal.ascii ? ascii : sign).padEnd(2))} `;
}

/** A sign within a sentence, followed by one blank; `inAscii` replaces it where it must. */
export function signText(state: State): string {
  return SIGNS[state].sign;
}

/** The colour of a state. */
export function colourOf(state: State): Colour {
  return SIGNS[state].colour;
}

/** Causes for which a record has no partner, or more than one. */
const UNLINKED: readonly Cause[] = [
  "noCounterpart",
  "noBusiness",
  "noContact",
  "parentApart",
  "customerDeleted",
  "duplicate",
];

/** The state of a record by its standing; one that stands apart has no partner, or was left out on purpose. */
export function stateOf(standing: RecordStanding, cause?: Cause): State {
  switch (standing) {
    case "inStep":
      return "inStep";
    case "failed":
      return "failed";
    case "waiting":
      return "conflict";
    case "apart":
      return cause !== undefined && UNLINKED.includes(cause) ? "unlinked" : "paused";
    default:
      return "unlinked";
  }
}

/** The word beside a record's sign. */
export function stateWord(standing: RecordStanding, cause?: Cause): string {
  if (standing === "unknown") return "unknown";
  if (standing === "waiting") return WAITING[cause ?? ""] ?? "waiting";
  return { inStep: "in step", failed: "failed", unlinked: "unlinked", paused: "paused" }[
    stateOf(standing, cause) as "inStep" | "failed" | "unlinked" | "paused"
  ];
}

/** What a person waits for, where there is a word for it. */
const WAITING: Readonly<Record<string, string>> = {
  ambiguous: "conflict",
  bothChanged: "conflict",
  held: "held",
};

/** The state of a change: where it goes, or why it is not carried out. */
export function stateOfChange(action: ChangeAction, direction: Direction, cause?: Cause): State {
  if (action === "conflict") return "conflict";
  if (action === "error") return "failed";
  if (action === "keep") return "inStep";
  if (action === "skip") return stateOf("apart", cause);
  return { "ghl-to-chartmogul": "pending", "chartmogul-to-ghl": "incoming", both: "bothWays" }[
    direction
  ] as State;
}

/** A bar of so many columns. */
export function bar(share: number, width: number, terminal: Terminal): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  const [full, empty] = terminal.ascii ? ["#", "."] : ["█", "·"];
  return terminal.style("cyan", full.repeat(filled)) + terminal.style("dim", empty.repeat(width - filled));
}

/** What other texts hold, for terminals that show ASCII only. */
const ASCII: readonly (readonly [RegExp, string])[] = [
  [/^(\s*)…/, "$1..."],
  [/…$/, ".."],
  [/…/g, "~"],
  [/─/g, "-"],
  [/█/g, "#"],
  [/░/g, "."],
  [/✓/g, "ok"],
  [/✗/g, "x"],
  [/→/g, "->"],
  [/←/g, "<-"],
  [/≠/g, "!="],
  [/×/g, "x"],
  [/‖/g, "||"],
  [/−/g, "-"],
  [/≤/g, "<="],
  [/≥/g, ">="],
  [/[“”]/g, '"'],
  [/[‘’]/g, "'"],
];

/** A line with its signs in ASCII; letters of names and texts stay as they are. */
export function inAscii(line: string): string {
  return ASCII.reduce((text, [pattern, sign]) => text.replace(pattern, sign), line);
}

/** Whether signs are shown in ASCII: no UTF-8, or a locale in which they are two columns wide. */
export function needsAscii(
  environment: Readonly<Record<string, string | undefined>>,
  platform: string = process.platform,
): boolean {
  const { LC_ALL, LC_CTYPE, LANG, TERM, WT_SESSION, TERM_PROGRAM } = environment;
  const locale = LC_ALL || LC_CTYPE || LANG || "";
  if (/^(?:zh|ja|ko)\b|^(?:zh|ja|ko)_/i.test(locale)) return true;
  if (TERM === "linux") return true;
  if (locale !== "") return !/utf-?8/i.test(locale);
  // Windows says nothing in its environment: the newer terminals are known by their own variables.
  return platform === "win32" && !WT_SESSION && !TERM_PROGRAM;
}
