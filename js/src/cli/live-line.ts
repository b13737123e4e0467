// A line on stderr that shows what is done now, where stderr is a terminal.

import { cutToWidth } from "./text-width.js";

/** A line that is drawn again and again. */
export interface LiveLine {
  /** Shows what the function gives, from now on. */
  show(text: () => string): void;
  /** Takes the line away, so that something else can be written. */
  clear(): void;
}

const REDRAW_MS = 500;

/** A line on stderr; a silent one where nobody would see it. */
export function createLiveLine(json: boolean): LiveLine {
  const { stderr } = process;
  if (json || stderr.isTTY !== true) return { show() {}, clear() {} };
  let timer: NodeJS.Timeout | undefined;
  let drawn = "";
  const erase = () => {
    if (drawn !== "") stderr.write("\r\u001B[2K");
    drawn = "";
  };
  return {
    show(text) {
      clearInterval(timer);
      const draw = () => {
        const line = cutToWidth(text(), (stderr.columns || 80) - 1);
        if (line === drawn) return;
        stderr.write(`\r\u001B[2K${line}`);
        drawn = line;
      };
      draw();
      timer = setInterval(draw, REDRAW_MS);
      timer.unref();
    },
    clear() {
      clearInterval(timer);
      erase();
    },
  };
}
