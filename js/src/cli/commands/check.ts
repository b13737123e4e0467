// `ghl-chartmogul check`: whether each credential works, how far it reaches, and how ChartMogul's records are.

import type { Connector } from "../../connector.js";
import type { CheckReport, FindingCause, RecordsReport } from "../../generated/answers.js";
import { ExitCode } from "../exit-code.js";
import { untilInterrupted } from "../interrupt.js";
import { createProgress } from "../progress.js";
import { formatNumber } from "../table.js";
import type { Terminal } from "../terminal.js";
import { inTerms } from "../terms.js";
import { printable } from "../text-width.js";
import { customerLink, paragraph, sumOf } from "../words.js";

/** Flags of the command. */
export interface CheckFlags {
  records?: boolean;
}

/** Checks both services, writing nothing: 1 where a sync cannot run, 3 where the records have findings. */
export async function runCheck(
  connector: Connector,
  { records }: CheckFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const progress = createProgress(terminal.json);
  const report = await untilInterrupted((signal) =>
    connector.check({ records, signal, onProgress: progress.update }).finally(progress.end),
  );
  if (terminal.json) terminal.printJson(report);
  else for (const line of checkLines(report, terminal)) terminal.print(line);
  if (!report.ok) return ExitCode.Failed;
  return sumOf({ ...report.records?.counts }) > 0 ? ExitCode.NotInStep : ExitCode.Done;
}

/** The lines of a check. */
export function* checkLines(
  { ghl, chartmogul, users, problems, warnings, records }: CheckReport,
  terminal: Terminal,
): Generator<string, void, undefined> {
  const mark = (ok: boolean) => (ok ? terminal.style("green", "✓") : terminal.style("red", "✗"));
  yield `${mark(ghl.ok)} GoHighLevel${named(ghl.location)}${ghl.timeZone === null ? "" : `, ${ghl.timeZone}`}`;
  for (const { scope, ok } of ghl.scopes) yield `  ${mark(ok)} ${scope}`;
  if (ghl.quota !== null) {
    const { limit, remaining } = ghl.quota;
    const of = limit === null ? "" : ` of ${formatNumber(limit)}`;
    yield `  ${formatNumber(remaining)}${of} calls left today`;
  }
  yield `${mark(chartmogul.ok)} ChartMogul${named(chartmogul.account)}`;
  if (chartmogul.dataSource !== null) {
    const { name, uuid } = chartmogul.dataSource;
    yield `  data source ${printable(name)}: ${uuid ?? "made by the first sync"}`;
  }
  if (users !== null) {
    yield `${mark(users.unmapped.length === 0)} ${formatNumber(users.mapped)} users mapped`;
    for (const name of users.unmapped) yield `  not mapped: ${printable(name)}`;
    if (users.defaultAssignee !== null) yield `  tasks of others go to ${printable(users.defaultAssignee)}`;
  }
  if (records !== undefined) yield* recordsLines(records, terminal);
  const faults = problems
    .map(inTerms)
    .map((fault) => ({ ...fault, label: terminal.style("red", fault.code) }));
  const cautions = warnings
    .map(inTerms)
    .map((fault) => ({ ...fault, label: terminal.style("yellow", "warning") }));
  for (const { label, message, hint } of [...faults, ...cautions]) {
    yield "";
    yield `${label}: ${printable(message)}`;
    if (hint !== undefined) yield terminal.style("dim", `  ${hint}`);
  }
}

/** What each sort of finding means, and what to do about it. */
const FINDINGS: Readonly<Record<FindingCause, readonly [what: string, hint: string]>> = {
  double: [
    "duplicates of synced records",
    'Delete all but one in ChartMogul, or set sync.doubles to "remove" for notes and tasks.',
  ],
  gone: ["linked records that are gone", "The next full pass lists them as deleted by a person."],
  unknown: [
    "records that name GoHighLevel records unknown here",
    "Another installation writes to this account, for another location or from another store.",
  ],
};

function* recordsLines(
  { walked, counts, findings }: RecordsReport,
  terminal: Terminal,
): Generator<string, void, undefined> {
  const found = sumOf({ ...counts }) > 0;
  const sign = found ? terminal.style("yellow", "≠") : terminal.style("green", "✓");
  yield `${sign} ${formatNumber(sumOf(walked))} ChartMogul records walked${found ? "" : ": nothing found"}`;
  for (const cause of Object.keys(FINDINGS) as FindingCause[]) {
    if (counts[cause] === 0) continue;
    const [what, hint] = FINDINGS[cause];
    yield "";
    yield* paragraph(terminal, `${formatNumber(counts[cause])} ${what}`);
    for (const line of paragraph(terminal, hint, "  ")) yield terminal.style("dim", line);
    const same = findings.filter((finding) => finding.cause === cause);
    for (const { kind, ghlId, chartmogulId, chartmogulCustomer, doubleOf } of same) {
      const of = doubleOf === undefined ? "" : `, beside ${printable(doubleOf)}`;
      yield* paragraph(
        terminal,
        `${kind} ${printable(ghlId)}: ${printable(chartmogulId)}${of}`,
        "    ",
        "  ",
      );
      if (chartmogulCustomer !== undefined) yield `    ${customerLink(chartmogulCustomer)}`;
    }
    const more = counts[cause] - same.length;
    if (more > 0) yield terminal.style("dim", `  … and ${formatNumber(more)} more`);
  }
}

function named(name: string | null): string {
  return name === null ? "" : `: ${printable(name)}`;
}
