// `ghl-chartmogul sync`: plans and applies, within a budget; continues where the last run stopped.

import type { Connector } from "../../connector.js";
import type { SyncOutcome, SyncStatus } from "../../generated/answers.js";
import { ExitCode, exitCodeOfStanding } from "../exit-code.js";
import { untilInterrupted } from "../interrupt.js";
import { colourOf, signText } from "../signs.js";
import { standingLines, standingText } from "../standing.js";
import type { SyncDisplay } from "../sync-progress.js";
import { formatNumber } from "../table.js";
import type { Terminal } from "../terminal.js";
import { printable } from "../text-width.js";
import { callsText, countsOfRun, totalsLines, writesOf } from "../totals.js";
import { durationText, kindsText, leftOutText, nextLine, paragraph, sumOf } from "../words.js";

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

/** Runs the sync once; `display` shows what it does. */
export async function runSync(
  connector: Connector,
  flags: SyncFlags,
  display: SyncDisplay,
  terminal: Terminal,
): Promise<ExitCode> {
  const onInterrupt = () => {
    display.end();
    terminal.note("stopping at the next checkpoint; again to stop at once");
  };
  display.begin(await connector.sync.status());
  const outcome = await untilInterrupted(
    (signal) =>
      connector.sync
        .run({
          signal,
          full: flags.full,
          apply: flags.yes,
          contacts: flags.contact,
          deadlineMs: flags.deadline === undefined ? undefined : flags.deadline * 1_000,
          maxCalls: flags.maxCalls,
          maxRecords: flags.maxRecords,
        })
        .finally(display.end),
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
  const seconds = durationText(report.elapsedMs);
  const written = writesOf(report.done);
  if (!plannedOnly) {
    const changes = `${formatNumber(written)} ${written === 1 ? "change" : "changes"} written`;
    const failed = standingText(standing);
    yield* paragraph(
      terminal,
      `${terminal.style("bold", changes)} in ${seconds}.${failed === "" ? "" : ` ${failed}, now or since an earlier run.`}`,
    );
  }
  yield* paragraph(
    terminal,
    `${callsText(report.calls)}; the least possible is ${callsText(report.leastCalls)}.`,
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
    yield* nextLine(terminal, `plan${flags}`, "shows the plan");
    const confirm = report.guard === null && flags === "" ? "" : " --yes";
    yield* nextLine(terminal, `sync${flags}${confirm}`, "applies it");
  } else if (stopped !== undefined) {
    yield* paragraph(terminal, `Stopped while ${checkpoint ?? "working"}: ${STOPS[stopped]}.`);
    yield* nextLine(terminal, "sync", "continues there");
  } else if (notInStep === "") yield terminal.style(colourOf("inStep"), `${signText("inStep")} in step`);
  else yield* nextLine(terminal, "rejected", "which records, and what to do");
}

/** Why a run stopped. */
export const STOPS = {
  deadline: "its time is up",
  calls: "its calls are used",
  records: "its records are written",
  quota: "the day's quota of calls is used up",
  unavailable: "several lists in a row could not be read",
} as const;
