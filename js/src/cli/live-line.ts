// A line on stderr that shows what is done now, where stderr is a terminal.

import { inAscii, needsAscii } from "./signs.js";
import { cutToWidth } from "./text-width.js";

/** A line that is drawn again and again. */
export interface LiveLine {
  /** Shows what the function gives, from now on. */
  show(text: () => string): void;
  /** Takes the line away, so that something else can be written. */
  clear(): void;
}

const REDRAW_MS = 500;
/** What moves faster is not drawn each time. */
const LEAST_MS = 80;

/** A line on stderr; a silent one where nobody would see it. */
export function createLiveLine(json: boolean): LiveLine {
  const { stderr } = process;
  if (json || stderr.isTTY !== true) return { show() {}, clear() {} };
  const shown = needsAscii(process.env) ? inAscii : (line: string) => line;
  let timer: NodeJS.Timeout | undefined;
  let current = () => "";
  let drawn = "";
  let drawnAt = Number.NEGATIVE_INFINITY;
  const draw = () => {
    const line = shown(cutToWidth(current(), (stderr.columns || 80) - 1));
    drawnAt = performance.now();
    if (line !== drawn) stderr.write(`\r\u001B[2K${line}`);
    drawn = line;
  };
  return {
    show(text) {
      current = text;
      timer ??= setInterval(draw, REDRAW_MS).unref();
      if (performance.now() - drawnAt >= LEAST_MS) draw();
    },
    clear() {
      clearInterval(timer);
      timer = undefined;
      if (drawn !== "") stderr.write("\r\u001B[2K");
      drawn = "";
      drawnAt = Number.NEGATIVE_INFINITY;
    },
  };
}
