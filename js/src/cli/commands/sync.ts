// `ghl-chartmogul sync`: plans and applies, within a budget; goes on where the last run stopped.

import type { Connector } from "../../connector.js";
import type { DeadLetter, SyncOutcome } from "../../sync-report.js";
import { ExitCode } from "../exit-code.js";
import { untilInterrupted } from "../interrupt.js";
import { createProgress } from "../progress.js";
import { formatNumber } from "../table.js";
import type { Terminal } from "../terminal.js";
import { printable } from "../text-width.js";
import { callsText, totalsLines } from "../totals.js";

/** Flags of the command. */
export interface SyncFlags {
  yes?: boolean | undefined;
  full?: boolean | undefined;
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
          deadlineMs: flags.deadline === undefined ? undefined : flags.deadline * 1_000,
          maxCalls: flags.maxCalls,
          maxRecords: flags.maxRecords,
        })
        .finally(progress.end),
    onInterrupt,
  );
  if (terminal.json) terminal.printJson(outcome);
  else await printOutcome(connector, outcome, terminal);
  if (!outcome.done) return ExitCode.Stopped;
  return outcome.report.rejected > 0 && !outcome.plannedOnly ? ExitCode.Rejected : ExitCode.Done;
}

async function printOutcome(connector: Connector, outcome: SyncOutcome, terminal: Terminal): Promise<void> {
  const { report, plannedOnly, stopped, checkpoint } = outcome;
  const totals = plannedOnly ? report.planned : report.done;
  for (const line of totalsLines(report.read, totals, report.unchanged, terminal)) terminal.print(line);
  terminal.print("");
  const seconds = (report.elapsedMs / 1_000).toLocaleString("en-US", { maximumFractionDigits: 1 });
  terminal.print(
    `${callsText(report.calls)} in ${seconds} s; the least possible is ${callsText(report.leastCalls)}.`,
  );
  if (report.rejected > 0) await printRejected(connector, report.rejected, terminal);
  for (const warning of report.warnings)
    terminal.print(terminal.style("yellow", `warning: ${printable(warning)}`));
  if (plannedOnly) {
    terminal.print(
      "Nothing was written: it is this location's first run. `npx ghl-chartmogul plan` shows what would be;",
    );
    terminal.print(
      'run `npx ghl-chartmogul sync` again to write it. `--yes` or sync.firstRun "apply" skip this.',
    );
  }
  if (stopped !== undefined) {
    terminal.print(
      `Stopped while ${checkpoint ?? "working"}: ${STOPS[stopped]}. The next sync goes on there.`,
    );
  }
}

/** Rejected records, and values that were left out of others, by reason. */
async function printRejected(connector: Connector, rejected: number, terminal: Terminal): Promise<void> {
  const records = new Map<string, Reason>();
  const values = new Map<string, Reason>();
  for await (const letter of connector.sync.deadLetters()) {
    const reasons = letter.kind === "field" ? values : records;
    const key = `${letter.kind} ${letter.code} ${letter.reason}`;
    const known = reasons.get(key);
    if (known !== undefined) known.count += 1;
    else if (reasons.size < MOST_REASONS) reasons.set(key, { letter, count: 1 });
  }
  terminal.print(terminal.style("red", `${formatNumber(rejected)} rejected:`));
  printReasons(records, terminal);
  if (values.size === 0) return;
  terminal.print(terminal.style("yellow", "Values cut or left out of what was brought over:"));
  printReasons(values, terminal);
}

interface Reason {
  letter: DeadLetter;
  count: number;
}

/** The most frequent reasons. */
function printReasons(reasons: ReadonlyMap<string, Reason>, terminal: Terminal): void {
  const sorted = [...reasons.values()].sort((left, right) => right.count - left.count);
  for (const { letter, count } of sorted.slice(0, SHOWN_REASONS)) {
    terminal.print(`  ${formatNumber(count)} ${letter.kind}: ${printable(letter.reason)}`);
    if (letter.hint !== undefined) terminal.print(terminal.style("dim", `    ${printable(letter.hint)}`));
  }
  const more = sorted.length - SHOWN_REASONS;
  if (more > 0) terminal.print(`  … and ${formatNumber(more)} more reasons`);
}

/** Different reasons that are told apart; more would be nothing to read. */
const MOST_REASONS = 1_000;
const SHOWN_REASONS = 5;

const STOPS = {
  deadline: "its time is up",
  calls: "its calls are used",
  records: "its records are written",
  quota: "the day's quota of calls is used up",
} as const;
