// `ghl-chartmogul rejected`: what failed or waits, why, and what to do about each. Sends nothing.

import type { Connector } from "../../connector.js";
import type { DeadLetter } from "../../generated/answers.js";
import { ExitCode } from "../exit-code.js";
import { colourOf, signText, stateOf, stateWord } from "../signs.js";
import { formatNumber } from "../table.js";
import type { Terminal } from "../terminal.js";
import { printable } from "../text-width.js";
import { adviceLines, dateText, PROGRAM, paragraph } from "../words.js";

/** Flags of the command. */
export interface RejectedFlags {
  /** Records shown; all with 0. */
  show: number;
}

/** Lists the dead letters; 3 where one fails or waits. */
export async function runRejected(
  connector: Connector,
  { show }: RejectedFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const most = show === 0 ? Number.POSITIVE_INFINITY : show;
  let [count, open] = [0, 0];
  if (terminal.json) terminal.write('{"deadLetters":[');
  for await (const letter of connector.sync.deadLetters()) {
    if (letter.standing !== "apart") open += 1;
    count += 1;
    if (terminal.json) terminal.write((count === 1 ? "" : ",") + JSON.stringify(letter));
    else if (count <= most) {
      const hint = await hintOf(connector, letter);
      for (const line of letterLines({ ...letter, ...(hint === undefined ? {} : { hint }) }, terminal))
        terminal.print(line);
    }
  }
  if (terminal.json) terminal.write("]}\n");
  else {
    if (count > most)
      terminal.print(
        terminal.style("dim", `… and ${formatNumber(count - most)} more: ${PROGRAM} rejected --show 0`),
      );
    if (count === 0) terminal.print("Nothing failed, and nothing waits.");
  }
  return open > 0 ? ExitCode.NotInStep : ExitCode.Done;
}

/** What to do about the record, with its id in the commands. */
async function hintOf(connector: Connector, letter: DeadLetter): Promise<string | undefined> {
  if (letter.standing === "apart") return letter.hint;
  const id = letter.kind === "field" ? letter.id.split("/")[1] : letter.id;
  if (id === undefined || id === "") return letter.hint;
  const { hint } = await connector.sync.why(id);
  return hint ?? letter.hint;
}

/** The lines of a dead letter. */
export function* letterLines(
  letter: DeadLetter,
  terminal: Terminal,
  now = Date.now(),
): Generator<string, void, undefined> {
  const { kind, id, contact, standing, cause, reason, hint, at, candidates = [] } = letter;
  const state = stateOf(standing, cause);
  const of = contact === undefined || contact === id ? "" : ` of contact ${contact}`;
  const what = `${signText(state)} ${kind} ${printable(id)}${of}: ${stateWord(standing, cause)} since ${dateText(at, now)} (${cause})`;
  for (const line of paragraph(terminal, what, "  ", ""))
    yield terminal.style("bold", terminal.style(colourOf(state), line));
  yield* paragraph(terminal, printable(reason), "    ");
  yield* adviceLines({ kind, contact: id, candidates, hint }, "    ", terminal);
}
