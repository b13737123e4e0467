// `ghl-chartmogul plan`: what a sync would write, as a table; writes nothing.

import type { Connector } from "../../connector.js";
import type { Plan } from "../../sync.js";
import type { Change, ChangeAction } from "../../sync-report.js";
import { ExitCode } from "../exit-code.js";
import { untilInterrupted } from "../interrupt.js";
import { createProgress } from "../progress.js";
import { formatNumber, formatTable } from "../table.js";
import type { Terminal } from "../terminal.js";
import { cutToWidth, printable } from "../text-width.js";
import { ACTIONS, callsText, countOf, totalsLines } from "../totals.js";

/** Flags of the command. */
export interface PlanFlags {
  full?: boolean | undefined;
  /** Changes shown of each action; all with 0. */
  show: number;
}

/** Makes a plan and shows it. */
export async function runPlan(
  connector: Connector,
  { full, show }: PlanFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const progress = createProgress(terminal.json);
  await untilInterrupted(async (signal) => {
    const plan = await connector.sync
      .plan({ full, signal, onProgress: progress.update })
      .finally(progress.end);
    await showPlan(plan, show, signal, terminal);
  });
  return ExitCode.Done;
}

/** Shows a plan: its changes up to `show` of each action, then its totals. */
export async function showPlan(
  plan: Plan,
  show: number,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<void> {
  if (terminal.json) {
    await writeJson(plan, signal, terminal);
    return;
  }
  for await (const line of changeLines(plan, show, signal, terminal)) terminal.print(line);
  for (const line of summaryLines(plan, terminal)) terminal.print(line);
}

/** One JSON object, written change by change: a plan may be larger than memory. */
async function writeJson(plan: Plan, signal: AbortSignal, terminal: Terminal): Promise<void> {
  terminal.write(`${JSON.stringify(plan).slice(0, -1)},"changes":[`);
  let separator = "";
  for await (const change of plan.changes({ signal })) {
    terminal.write(separator + JSON.stringify(change));
    separator = ",";
  }
  terminal.write("]}\n");
}

async function* changeLines(
  plan: Plan,
  show: number,
  signal: AbortSignal,
  terminal: Terminal,
): AsyncGenerator<string, void, undefined> {
  const shown = new Map<ChangeAction, Change[]>();
  for await (const change of plan.changes({ signal })) {
    const changes = shown.get(change.action) ?? [];
    if (show === 0 || changes.length < show) changes.push(change);
    shown.set(change.action, changes);
  }
  for (const [action, style] of ACTIONS) {
    const changes = shown.get(action);
    if (changes === undefined) continue;
    const columns = [
      { title: action },
      { title: "what", maxWidth: 36 },
      { title: "fields", maxWidth: 44 },
      { title: "why", maxWidth: 60 },
    ];
    const rows = changes.map((change) => [change.kind, change.title, formatFields(change), change.reason]);
    const [titles = "", rule = "", ...lines] = formatTable(columns, rows, terminal.columns);
    yield terminal.style("bold", terminal.style(style, titles));
    yield terminal.style("dim", rule);
    yield* lines;
    const total = countOf(plan.totals, action);
    if (total > changes.length)
      yield terminal.style("dim", `… and ${formatNumber(total - changes.length)} more`);
    yield "";
  }
}

function* summaryLines(plan: Plan, terminal: Terminal): Generator<string, void, undefined> {
  yield* totalsLines(plan.read, plan.totals, plan.unchanged, terminal);
  yield "";
  yield `Applying it takes ${callsText(plan.calls)}; reading took ${callsText(plan.readCalls)}.`;
  if (plan.quota !== undefined) {
    const { share, limit, remaining } = plan.quota;
    const percent = (share * 100).toLocaleString("en-US", { maximumFractionDigits: 1 });
    yield `That is ${percent} % of GoHighLevel's ${formatNumber(limit)} calls a day; ${formatNumber(remaining)} are left today.`;
  }
  for (const warning of plan.warnings) yield terminal.style("yellow", `warning: ${printable(warning)}`);
}

function formatFields({ fields, action }: Change): string {
  const texts = Object.entries(fields).map(([name, { from, to }]) => {
    if (action === "create" || from === undefined) return name;
    return `${name}: ${valueText(from)} → ${valueText(to)}`;
  });
  return texts.join(", ");
}

function valueText(value: unknown): string {
  return cutToWidth(printable(typeof value === "string" ? value : JSON.stringify(value)), 24);
}
