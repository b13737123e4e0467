// `ghl-chartmogul conflicts` and `resolve`: values that differ on both sides, and how they are settled.

import type { Connector } from "../../connector.js";
import type { Conflict, RecordKind, Winner } from "../../generated/answers.js";
import { ExitCode, UsageError } from "../exit-code.js";
import { formatNumber } from "../table.js";
import type { Terminal } from "../terminal.js";
import { printable } from "../text-width.js";
import { customerLink, dateText, PROGRAM, paragraph } from "../words.js";

/** Flags of `conflicts`. */
export interface ConflictFlags {
  /** Conflicts shown; all with 0. */
  show: number;
  /** Those that are settled, with the values that lost. */
  settled?: boolean;
}

/** Flags of `resolve`. */
export interface ResolveFlags {
  /** Whose value it is settled with. */
  with: Winner;
  /** All that wait, of `kind` and `field` where those are given. */
  all?: boolean;
  kind?: RecordKind;
  field?: string;
  /** What the conflict showed to whom decides. */
  seen?: string;
}

/** Lists conflicts; 3 where one waits. */
export async function runConflicts(
  connector: Connector,
  { show, settled = false }: ConflictFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const most = show === 0 ? Number.POSITIVE_INFINITY : show;
  let count = 0;
  if (terminal.json) terminal.write('{"conflicts":[');
  for await (const conflict of connector.sync.conflicts({ settled })) {
    count += 1;
    if (terminal.json) terminal.write((count === 1 ? "" : ",") + JSON.stringify(conflict));
    else if (count <= most) for (const line of conflictLines(conflict, terminal)) terminal.print(line);
  }
  if (terminal.json) terminal.write("]}\n");
  else if (count > most)
    terminal.print(
      terminal.style("dim", `… and ${formatNumber(count - most)} more: ${PROGRAM} conflicts --show 0`),
    );
  else if (count === 0)
    terminal.print(settled ? "Nothing was settled in the last 90 days." : "Nothing waits to be settled.");
  return count > 0 && !settled ? ExitCode.NotInStep : ExitCode.Done;
}

/** Settles one conflict, or all that a rule names. */
export async function runResolve(
  connector: Connector,
  ids: readonly string[],
  { with: winner, all = false, kind, field, seen }: ResolveFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  if (all === ids.length > 0)
    throw new UsageError("resolve takes the ids of conflicts, or --all", `List them: ${PROGRAM} conflicts`);
  const settled: Conflict[] = all
    ? await connector.sync.resolveAll({ ...(kind && { kind }), ...(field && { field }) }, winner)
    : [];
  for (const id of ids) settled.push(await connector.sync.resolve(id, winner, seen ? { seen } : {}));
  if (terminal.json) terminal.printJson(settled);
  else {
    const conflicts =
      settled.length === 1 ? "1 conflict is" : `${formatNumber(settled.length)} conflicts are`;
    const text = `${conflicts} settled with ${WINNERS[winner]}: the next sync writes it`;
    for (const line of paragraph(terminal, text)) terminal.print(line);
  }
  return ExitCode.Done;
}

const WINNERS: Readonly<Record<Winner, string>> = {
  ghl: "GHL's value",
  chartmogul: "ChartMogul's value",
  both: "GHL's text, and ChartMogul's as a note of its own",
};

/** The lines of a conflict: what differs, both values, and the commands that settle it. */
export function* conflictLines(
  conflict: Conflict,
  terminal: Terminal,
  now = Date.now(),
): Generator<string, void, undefined> {
  const { id, kind, field, title, reason, ghl, chartmogul, customer, at, winner, done } = conflict;
  const what = `≠ ${kind} ${printable(title)}, ${field}: ${reason}, since ${dateText(at, now)}`;
  for (const line of paragraph(terminal, what, "  ", ""))
    yield terminal.style("bold", terminal.style("yellow", line));
  yield* paragraph(terminal, `GHL: ${valueText(ghl)}`, "    ", "  ");
  yield* paragraph(terminal, `ChartMogul: ${valueText(chartmogul)}`, "    ", "  ");
  yield `  ${customerLink(customer)}`;
  if (winner !== undefined) {
    const text = `settled with ${WINNERS[winner]}${done ? "" : ": the next sync writes it"}`;
    yield* paragraph(terminal, text, "  ");
    return;
  }
  const isText = field === "text" || field === "task_details";
  for (const choice of isText ? ["ghl", "chartmogul", "both"] : ["ghl", "chartmogul"])
    yield `  ${PROGRAM} resolve ${id} --with ${choice}`;
}

function valueText(value: unknown): string {
  return printable(typeof value === "string" ? value : JSON.stringify(value));
}
