// Writing to the terminal: results to stdout, everything else to stderr.

import { styleText } from "node:util";
import { inAscii, needsAscii } from "./signs.js";

/** Colours are the sixteen of the reader's terminal; bold is what it is about, dim what was. */
export type Colour = "bold" | "dim" | "red" | "green" | "yellow" | "cyan" | "magenta";

/** Where a command writes, and how. */
export interface Terminal {
  /** True with `--json`: stdout carries JSON only. */
  readonly json: boolean;
  /** True where signs are shown in ASCII. */
  readonly ascii: boolean;
  /** Columns of stdout; undefined where it is not a terminal. */
  readonly columns: number | undefined;
  /** A part of a result. */
  write(text: string): void;
  /** A result: a line of stdout. */
  print(line: string): void;
  /** A result as one line of JSON. */
  printJson(value: unknown): void;
  /** Something for people: a line of stderr, not with `--json`. */
  note(line: string): void;
  /** Emphasis, where stdout is a terminal that shows it. */
  style(format: Colour, text: string): string;
}

/** The terminal of this process. */
export function createTerminal(json: boolean): Terminal {
  const coloured = hasColours();
  const ascii = needsAscii(process.env);
  const shown = (line: string) => (ascii ? inAscii(line) : line);
  const write = (text: string) => void process.stdout.write(text);
  return {
    json,
    ascii,
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
    write,
    print: (line) => write(`${shown(line)}\n`),
    printJson: (value) => write(`${JSON.stringify(value)}\n`),
    note: (line) => {
      // A line that is drawn there gives way.
      const start = process.stderr.isTTY === true ? "\r\u001B[2K" : "";
      if (!json) process.stderr.write(`${start}${shown(line)}\n`);
    },
    style: (format, text) => (coloured ? styleText(format, text, { validateStream: false }) : text),
  };
}

/** https://no-color.org: set and not empty means none. */
function hasColours(): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR && FORCE_COLOR !== "0") return true;
  return process.stdout.isTTY === true && TERM !== "dumb";
}
