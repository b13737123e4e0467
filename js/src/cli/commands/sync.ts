// `ghl-chartmogul sync`: plans and applies, within a budget; continues where the last run stopped.

import type { Connector } from "../../connector.js";
import type { SyncOutcome, SyncStatus } from "../../generated/answers.js";
import { ExitCode, exitCodeOfStanding } from "../exit-code.js";
import { untilInterrupted } from "../interrupt.js";
import { createProgress } from "../progress.js";
import { standingLines, standingText } from "../standing.js";
import { formatNumber } from "../table.js";
import type { Terminal } from "../terminal.js";
import { printable } from "../text-width.js";
import { callsText, countsOfRun, totalsLines } from "../totals.js";
import { kindsText, leftOutText, PROGRAM, paragraph, sumOf } from "../words.js";

/** Flags of the command. */
export interface SyncFlags {
  yes?: boolean | undefined;
  full?: boolean | undefined;
  /** Only these contacts. */
  contact?: readonly string[] | undefined;
  deadline?: number | undefined;
  maxCalls?: number | undefined;
  maxRecords?: number | undefined;
}

/** Runs the sync once. */
export async function runSync(connector: Connector, flags: SyncFlags, terminal: Terminal): Promise<ExitCode> {
  const progress = createProgress(terminal.json);
  const onInterrupt = () => {
    progress.end();
    terminal.note("stopping at the next checkpoint; again to stop at once");
  };
  const outcome = await untilInterrupted(
    (signal) =>
      connector.sync
        .run({
          signal,
          onProgress: progress.update,
          full: flags.full,
          apply: flags.yes,
          contacts: flags.contact,
          deadlineMs: flags.deadline === undefined ? undefined : flags.deadline * 1_000,
          maxCalls: flags.maxCalls,
          maxRecords: flags.maxRecords,
        })
        .finally(progress.end),
    onInterrupt,
  );
  if (terminal.json) terminal.printJson(outcome);
  else {
    const status = await connector.sync.status();
    for (const line of outcomeLines(outcome, status, flags.contact ?? [], terminal)) terminal.print(line);
  }
  if (!outcome.done) return ExitCode.Stopped;
  return outcome.plannedOnly ? ExitCode.NotInStep : exitCodeOfStanding(outcome.standing);
}

/** The lines that say how a run ended. */
export function* outcomeLines(
  { report, plannedOnly, stopped, checkpoint, standing }: SyncOutcome,
  { reasons }: Pick<SyncStatus, "reasons">,
  contacts: readonly string[],
  terminal: Terminal,
): Generator<string, void, undefined> {
  const counts = plannedOnly ? { ...report, totals: report.planned } : countsOfRun(report);
  yield* totalsLines(counts, terminal);
  yield "";
  const seconds = (report.elapsedMs / 1_000).toLocaleString("en-US", { maximumFractionDigits: 1 });
  yield* paragraph(
    terminal,
    `${callsText(report.calls)} in ${seconds} s; the least possible is ${callsText(report.leastCalls)}.`,
  );
  if (report.leftOut > 0) {
    const text = leftOutText(report.leftOut);
    for (const line of paragraph(terminal, text)) yield terminal.style("yellow", line);
  }
  if (report.retried > 0) yield `tried again, and taken: ${formatNumber(report.retried)}`;
  if (report.apart > 0)
    yield* paragraph(
      terminal,
      `deleted in ChartMogul by a person, and not made again: ${formatNumber(report.apart)}`,
    );
  if (sumOf(report.unread) > 0) {
    const text = `could not be read: lists of ${kindsText(report.unread)}; the next run reads them`;
    for (const line of paragraph(terminal, text)) yield terminal.style("red", line);
  }
  for (const warning of report.warnings)
    for (const line of paragraph(terminal, `warning: ${printable(warning)}`))
      yield terminal.style("yellow", line);
  const notInStep = standingText(standing);
  if (notInStep !== "") {
    yield "";
    yield* standingLines(reasons, terminal, ["failed", "waiting"]);
  }
  yield "";
  if (plannedOnly) {
    const flags = contacts.map((id) => ` --contact ${id}`).join("");
    const why =
      report.guard === null
        ? "it is this location's first run, or its first with these settings"
        : printable(report.guard);
    yield* paragraph(terminal, `Nothing was written: ${why}.`);
    yield `See the plan: ${PROGRAM} plan${flags}`;
    yield `Apply it: ${PROGRAM} sync${flags}${report.guard === null && flags === "" ? "" : " --yes"}`;
  } else if (stopped !== undefined) {
    yield* paragraph(
      terminal,
      `Stopped while ${checkpoint ?? "working"}: ${STOPS[stopped]}. Continue: ${PROGRAM} sync`,
    );
  } else if (notInStep === "") yield terminal.style("green", "= in step");
  else
    yield* paragraph(
      terminal,
      `${notInStep}, now or since an earlier run. Which records: ${PROGRAM} rejected`,
    );
}

/** Why a run stopped. */
export const STOPS = {
  deadline: "its time is up",
  calls: "its calls are used",
  records: "its records are written",
  quota: "the day's quota of calls is used up",
  unavailable: "several lists in a row could not be read",
} as const;
