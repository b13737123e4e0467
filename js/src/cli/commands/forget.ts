// `ghl-chartmogul forget`: removes all that the state holds of a person, and says what remains elsewhere.

import type { Connector } from "../../connector.js";
import type { ForgetOutcome, RemainingRecord } from "../../generated/answers.js";
import { ExitCode } from "../exit-code.js";
import { untilInterrupted } from "../interrupt.js";
import { formatNumber } from "../table.js";
import type { Terminal } from "../terminal.js";
import { printable } from "../text-width.js";
import { kindWord, PROGRAM, paragraph, sumOf } from "../words.js";

/** Flags of `forget`. */
export interface ForgetFlags {
  /** Also a person of whom a record remains in a service. */
  evenIfPresent?: boolean;
}

/** Forgets a person; 3 where a record remains in a service and nothing was removed. */
export async function runForget(
  connector: Connector,
  person: string,
  { evenIfPresent = false }: ForgetFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  return untilInterrupted(async (signal) => {
    const outcome = await connector.sync.forget({ person, evenIfPresent, signal });
    if (terminal.json) terminal.printJson(outcome);
    else for (const line of forgetLines(outcome, terminal)) terminal.print(line);
    return outcome.forgotten ? ExitCode.Done : ExitCode.NotInStep;
  });
}

/** The lines that say what was removed, what remains, and what to do about it. */
export function* forgetLines(
  { person, forgotten, remaining, removed }: ForgetOutcome,
  terminal: Terminal,
): Generator<string, void, undefined> {
  const who = printable(person);
  const rows = sumOf(removed);
  const count = rows === 1 ? "1 row of the state" : `${formatNumber(rows)} rows of the state`;
  const [sign, said] = !forgotten
    ? ["≠", "not forgotten, nothing was removed: a service still has records of the person"]
    : rows === 0
      ? ["=", "the state holds nothing of this person; check the id if you expected otherwise"]
      : ["=", `forgotten; ${count} removed or changed`];
  const colour = forgotten ? "green" : "yellow";
  for (const line of paragraph(terminal, `${sign} ${who}: ${said}`, "  ", ""))
    yield terminal.style("bold", terminal.style(colour, line));
  yield* remainingLines(remaining, terminal);
  if (!forgotten) {
    yield* paragraph(
      terminal,
      "Delete them there, then forget again; or forget the person all the same:",
      "  ",
    );
    yield `  ${PROGRAM} forget ${who} --even-if-present`;
    return;
  }
  if (remaining.length > 0)
    yield* paragraph(terminal, "A run that reads them links them again, as new: delete them there.", "  ");
  if (rows > 0)
    yield* paragraph(
      terminal,
      "Audit files, logs and backups of the state are yours: remove the person there.",
      "  ",
    );
}

/** A line for each record, below its service and kind. */
function* remainingLines(
  remaining: readonly RemainingRecord[],
  terminal: Terminal,
): Generator<string, void, undefined> {
  const groups = new Map<string, string[]>();
  for (const { service, kind, id } of remaining) {
    const group = `${service} ${kind}`;
    groups.set(group, [...(groups.get(group) ?? []), printable(id)]);
  }
  for (const [group, ids] of groups) {
    const [service = "", kind = ""] = group.split(" ");
    const where = service === "ghl" ? "GoHighLevel" : "ChartMogul";
    const what = `${formatNumber(ids.length)} ${kindWord(kind, ids.length)}`;
    yield* paragraph(terminal, `${where}: ${what}: ${ids.join(", ")}`, "    ", "  ");
  }
}
