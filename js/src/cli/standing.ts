// How many records stand how, and why: the heart of `status`, and the end of `sync`.

import type { ReasonCount, Standing, StandingCounts } from "../generated/answers.js";
import { colourOf, type State, signText, stateOf } from "./signs.js";
import { formatNumber } from "./table.js";
import type { Terminal } from "./terminal.js";
import { CAUSES, hintText, kindsText, paragraph, STANDINGS, sumOf } from "./words.js";

/** The reasons by standing, most urgent first, each with its count and what to do. */
export function* standingLines(
  reasons: readonly ReasonCount[],
  terminal: Terminal,
  standings = STANDINGS,
): Generator<string, void, undefined> {
  for (const [state, standing, word] of GROUPS) {
    if (!standings.includes(standing)) continue;
    const same = reasons
      .filter((reason) => reason.standing === standing && stateOf(standing, reason.cause) === state)
      .sort((left, right) => sumOf(right.kinds) - sumOf(left.kinds));
    if (same.length === 0) continue;
    const count = same.reduce((sum, { kinds }) => sum + sumOf(kinds), 0);
    const title = `${signText(state)} ${formatNumber(count)} ${word}`;
    yield terminal.style("bold", terminal.style(colourOf(state), title));
    for (const { kinds, cause, hint } of same) {
      yield* paragraph(terminal, `${kindsText(kinds)}: ${CAUSES[cause]}`, "    ", "  ");
      // What stands apart is settled: nothing has to be done.
      const fix = standing === "apart" ? "" : `${terminal.style("bold", "Fix:")} `;
      yield* paragraph(terminal, fix + hintText(hint), "    ");
    }
  }
}

/** What records are counted as, most urgent first: those apart have no partner, or were left out on purpose. */
const GROUPS: readonly (readonly [state: State, standing: Standing, word: string])[] = [
  ["failed", "failed", "failed"],
  ["conflict", "waiting", "waiting"],
  ["paused", "apart", "paused"],
  ["unlinked", "apart", "unlinked"],
];

/** "× 9 failed, ≠ 4 waiting"; nothing where all is in step. */
export function standingText({ failed, waiting }: StandingCounts): string {
  const parts = [];
  if (failed > 0) parts.push(`${signText("failed")} ${formatNumber(failed)} failed`);
  if (waiting > 0) parts.push(`${signText("conflict")} ${formatNumber(waiting)} waiting`);
  return parts.join(", ");
}
