// `ghl-chartmogul check`: whether each credential works, and how far it reaches.

import type { Connector } from "../../connector.js";
import type { CheckReport } from "../../sync-report.js";
import { ExitCode } from "../exit-code.js";
import { untilInterrupted } from "../interrupt.js";
import { formatNumber } from "../table.js";
import type { Terminal } from "../terminal.js";
import { printable } from "../text-width.js";

/** Checks both services. Writes nothing. */
export async function runCheck(connector: Connector, terminal: Terminal): Promise<ExitCode> {
  const report = await untilInterrupted((signal) => connector.check({ signal }));
  if (terminal.json) terminal.printJson(report);
  else for (const line of checkLines(report, terminal)) terminal.print(line);
  return report.ok ? ExitCode.Done : ExitCode.Failed;
}

function* checkLines(
  { ghl, chartmogul, users, problems, warnings }: CheckReport,
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
  yield `${mark(users.unmapped.length === 0)} ${formatNumber(users.mapped)} users mapped`;
  for (const name of users.unmapped) yield `  not mapped: ${printable(name)}`;
  if (users.defaultAssignee !== null) yield `  tasks of others go to ${printable(users.defaultAssignee)}`;
  const faults = problems.map((fault) => ({ ...fault, label: terminal.style("red", fault.code) }));
  const cautions = warnings.map((fault) => ({ ...fault, label: terminal.style("yellow", "warning") }));
  for (const { label, message, hint } of [...faults, ...cautions]) {
    yield "";
    yield `${label}: ${printable(message)}`;
    if (hint !== undefined) yield terminal.style("dim", `  ${hint}`);
  }
}

function named(name: string | null): string {
  return name === null ? "" : `: ${printable(name)}`;
}
