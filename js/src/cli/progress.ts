// A progress bar on stderr, where that is a terminal.

import type { ProgressEvent } from "../events.js";
import { inAscii, needsAscii } from "./signs.js";
import { formatNumber } from "./table.js";
import { cutToWidth } from "./text-width.js";

/** Draws the progress of one operation. */
export interface Progress {
  update(event: ProgressEvent): void;
  /** Clears the bar. */
  end(): void;
}

const BAR_WIDTH = 24;
const REDRAW_MS = 80;

/** A progress bar; a silent one where nobody would see it. */
export function createProgress(json: boolean): Progress {
  const { stderr } = process;
  if (json || stderr.isTTY !== true) return { update() {}, end() {} };
  const shown = needsAscii(process.env) ? inAscii : (line: string) => line;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let phase = "";
  return {
    update(event) {
      const now = performance.now();
      const finished = event.total > 0 && event.done >= event.total;
      if (event.phase === phase && !finished && now - drawnAt < REDRAW_MS) return;
      drawnAt = now;
      phase = event.phase;
      stderr.write(`\r\u001B[2K${shown(cutToWidth(formatProgress(event), (stderr.columns || 80) - 1))}`);
    },
    end() {
      if (drawnAt > Number.NEGATIVE_INFINITY) stderr.write("\r\u001B[2K");
    },
  };
}

/** One line that shows a progress. */
export function formatProgress({ phase, done, total }: ProgressEvent): string {
  if (total === 0) return done === 0 ? `${phase} …` : `${phase}  ${formatNumber(done)}`;
  const share = Math.min(1, done / total);
  const filled = Math.round(share * BAR_WIDTH);
  const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
  const percent = `${Math.floor(share * 100)} %`.padStart(5);
  return `${bar} ${percent}  ${phase}  ${formatNumber(done)} of ${formatNumber(total)}`;
}
