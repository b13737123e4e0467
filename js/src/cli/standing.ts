// How many records stand how, and why: the heart of `status`, and the end of `sync`.

import type { ReasonCount, StandingCounts } from "../generated/answers.js";
import { formatNumber } from "./table.js";
import type { Terminal } from "./terminal.js";
import { CAUSES, hintText, kindsText, paragraph, SIGNS, STANDINGS, sumOf } from "./words.js";

/** The reasons by standing, most urgent first, each with its count and what to do. */
export function* standingLines(
  reasons: readonly ReasonCount[],
  terminal: Terminal,
  standings = STANDINGS,
): Generator<string, void, undefined> {
  for (const standing of standings) {
    const same = reasons
      .filter((reason) => reason.standing === standing)
      .sort((left, right) => sumOf(right.kinds) - sumOf(left.kinds));
    if (same.length === 0) continue;
    const [sign, word, colour] = SIGNS[standing];
    const count = same.reduce((sum, { kinds }) => sum + sumOf(kinds), 0);
    yield terminal.style("bold", terminal.style(colour, `${sign} ${formatNumber(count)} ${word}`));
    for (const { kinds, cause, hint } of same) {
      yield* paragraph(terminal, `${kindsText(kinds)}: ${CAUSES[cause]}`, "    ", "  ");
      for (const line of paragraph(terminal, hintText(hint), "    ")) yield terminal.style("dim", line);
    }
  }
}

/** "× 9 failed, ≠ 4 waiting"; nothing where all is in step. */
export function standingText({ failed, waiting }: StandingCounts): string {
  const parts = [];
  if (failed > 0) parts.push(`${SIGNS.failed[0]} ${formatNumber(failed)} ${SIGNS.failed[1]}`);
  if (waiting > 0) parts.push(`${SIGNS.waiting[0]} ${formatNumber(waiting)} ${SIGNS.waiting[1]}`);
  return parts.join(", ");
}
