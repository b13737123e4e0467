// `ghl-chartmogul runs`: the last runs, newest first: what each did and why it stopped. Sends nothing.

import type { Connector } from "../../connector.js";
import type { SyncRun } from "../../generated/answers.js";
import { type ExitCode, exitCodeOfStanding } from "../exit-code.js";
import { signText } from "../signs.js";
import { standingText } from "../standing.js";
import { formatNumber, formatTable, tableWidth } from "../table.js";
import type { Terminal } from "../terminal.js";
import { printable } from "../text-width.js";
import { callsText, writesOf } from "../totals.js";
import { dateText, durationText, PROGRAM, paragraph } from "../words.js";

/** Lists the last runs; 3 where records fail or wait now. */
export async function runRuns(connector: Connector, _flags: object, terminal: Terminal): Promise<ExitCode> {
  const runs = await connector.sync.runs();
  if (terminal.json) terminal.printJson({ runs });
  else for (const line of runsLines(runs, terminal)) terminal.print(line);
  const { standing } = await connector.sync.status();
  return exitCodeOfStanding(standing);
}

const COLUMNS = [
  { title: "began" },
  { title: "took", align: "right" },
  { title: "pass" },
  { title: "written", align: "right" },
  { title: "calls", align: "right" },
  { title: "not in step" },
  { title: "end" },
] as const;

/** The runs as a table; as sentences where the terminal is too narrow for one. */
export function* runsLines(
  runs: readonly SyncRun[],
  terminal: Terminal,
  now = Date.now(),
): Generator<string, void, undefined> {
  if (runs.length === 0) {
    yield `No run yet. Begin: ${PROGRAM} plan`;
    return;
  }
  const rows = runs.map((run) => cells(run, now));
  const isTable = tableWidth(COLUMNS, rows) <= (terminal.columns ?? Number.POSITIVE_INFINITY);
  const [head = "", rule = "", ...lines] = formatTable(COLUMNS, rows);
  if (isTable) {
    yield terminal.style("bold", head);
    yield terminal.style("dim", rule);
  }
  for (const [index, run] of runs.entries()) {
    const told = isTable ? [lines[index] ?? ""] : paragraph(terminal, runText(run, now), "  ", "");
    const colour = colourOf(run);
    for (const line of told) yield colour === undefined ? line : terminal.style(colour, line);
    if (run.error !== null)
      yield* paragraph(terminal, `${run.error.code}: ${printable(run.error.message)}`, "    ");
  }
  if (!isTable) return;
  const [failed, waiting] = [signText("failed"), signText("conflict")];
  const legend = `calls: GoHighLevel + ChartMogul; not in step after it: ${failed} failed, ${waiting} waiting`;
  for (const line of paragraph(terminal, legend)) yield terminal.style("dim", line);
}

/** The cells of a run; what one without an end has written is not known. */
function cells(run: SyncRun, now: number): (string | number)[] {
  const { beganAt, elapsedMs, pass, totals, calls, standing } = run;
  return [
    dateText(beganAt, now),
    elapsedMs === null ? "" : durationText(elapsedMs),
    pass ?? "",
    calls === null ? "" : writesOf(totals),
    calls === null ? "" : `${formatNumber(calls.ghl)} + ${formatNumber(calls.chartmogul)}`,
    standing === null ? "" : signsText(standing),
    endOf(run),
  ];
}

/** "× 8 ≠ 1". */
function signsText({ failed, waiting }: NonNullable<SyncRun["standing"]>): string {
  const parts = [];
  if (failed > 0) parts.push(`${signText("failed")} ${formatNumber(failed)}`);
  if (waiting > 0) parts.push(`${signText("conflict")} ${formatNumber(waiting)}`);
  return parts.join(" ");
}

/** "26 Nov, 09:42: done in 12 s, full pass; 7 written; 41 GoHighLevel and 12 ChartMogul calls; × 1 failed". */
export function runText(run: SyncRun, now: number): string {
  const { beganAt, elapsedMs, pass, totals, calls, standing } = run;
  const took = elapsedMs === null ? "" : ` in ${durationText(elapsedMs)}`;
  const parts = [
    `${dateText(beganAt, now)}: ${endOf(run)}${took}${pass === null ? "" : `, ${PASSES[pass]}`}`,
  ];
  if (calls !== null) parts.push(`${formatNumber(writesOf(totals))} written`, callsText(calls));
  const notInStep = standing === null ? "" : standingText(standing);
  if (notInStep !== "") parts.push(notInStep);
  return parts.join("; ");
}

const PASSES = { full: "full pass", incremental: "incremental pass", contacts: "single contacts" } as const;

/** How a run ended, in a word or two. */
function endOf({ done, plannedOnly, stopped, error, endedAt }: SyncRun): string {
  if (error !== null) return "failed";
  if (stopped !== null) return stopped === "interrupted" ? stopped : STOPS[stopped];
  if (plannedOnly) return "planned only";
  if (done) return "done";
  return endedAt === null ? "under way" : "stopped";
}

/** The budgets and services at which a run stops. */
const STOPS = {
  deadline: "deadline",
  calls: "call limit",
  records: "record limit",
  quota: "day's quota",
  unavailable: "unavailable",
} as const;

function colourOf({ done, plannedOnly, stopped, error }: SyncRun): "red" | "yellow" | undefined {
  if (error !== null || stopped === "interrupted") return "red";
  return stopped !== null || (done && plannedOnly) ? "yellow" : undefined;
}
