// `ghl-chartmogul plan`: what a sync would write, as a table; writes nothing.

import type { Connector } from "../../connector.js";
import type { Change, PlanSummary } from "../../generated/answers.js";
import type { Plan } from "../../sync.js";
import { callsByKindText, costLines } from "../costs.js";
import { ExitCode } from "../exit-code.js";
import { untilInterrupted } from "../interrupt.js";
import { collectPeople, peopleLines } from "../plan-people.js";
import { createProgress } from "../progress.js";
import { formatNumber } from "../table.js";
import type { Terminal } from "../terminal.js";
import { printable } from "../text-width.js";
import { callsText, countOf, totalsLines, writesOf } from "../totals.js";
import { dateText, kindsText, leftOutText, nextLine, paragraph, percentText, sumOf } from "../words.js";

/** Flags of the command. */
export interface PlanFlags {
  full?: boolean | undefined;
  /** Only these contacts. */
  contact?: readonly string[] | undefined;
  /** Only estimates what reading costs. */
  cost?: boolean | undefined;
  /** People shown of each action; all with 0. */
  show: number;
}

/** Makes a plan and shows it, or estimates what reading costs. */
export async function runPlan(
  connector: Connector,
  { full, contact, cost, show }: PlanFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  if (cost === true) return untilInterrupted((signal) => showCost(connector, signal, terminal));
  const progress = createProgress(terminal.json);
  return untilInterrupted(async (signal) => {
    const plan = await connector.sync
      .plan({ full, contacts: contact, signal, onProgress: progress.update })
      .finally(progress.end);
    const { appliedAt } = await connector.sync.status({ signal });
    const flags = (contact ?? []).map((id) => `--contact ${id}`);
    // What was shown of one contact says nothing of the others: a location's first run still only plans.
    const confirm = plan.guard !== null || (flags.length > 0 && appliedAt === 0);
    const apply = ["sync", ...flags, ...(confirm ? ["--yes"] : [])].join(" ");
    await showPlan(plan, { show, apply }, signal, terminal);
    return plan.guard !== null || sumOf(plan.unread) > 0 ? ExitCode.NotInStep : ExitCode.Done;
  });
}

async function showCost(connector: Connector, signal: AbortSignal, terminal: Terminal): Promise<ExitCode> {
  const cost = await connector.sync.cost({ signal });
  if (terminal.json) terminal.printJson(cost);
  else for (const line of costLines(cost, terminal)) terminal.print(line);
  return ExitCode.Done;
}

/** How a plan is shown. */
export interface Shown {
  /** People of each action, and changes of each of them; all with 0. */
  show: number;
  /** The command that applies it, without the program's name: `sync --yes`. */
  apply: string;
}

/** Shows a plan: its changes up to `show` of each action, what it replaces, its totals, what to do next. */
export async function showPlan(
  plan: Plan,
  shown: Shown,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<void> {
  if (terminal.json) {
    await writeJson(plan, signal, terminal);
    return;
  }
  for await (const line of planLines(plan, plan.changes({ signal }), shown, terminal)) terminal.print(line);
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

/** The lines of a plan: by person what is written, then the totals, and what to do next. */
export async function* planLines(
  plan: PlanSummary,
  changes: AsyncIterable<Change> | Iterable<Change>,
  { show, apply }: Shown,
  terminal: Terminal,
): AsyncGenerator<string, void, undefined> {
  const most = show === 0 ? Number.POSITIVE_INFINITY : show;
  const title = `${terminal.style("bold", "Plan")} of ${dateText(plan.createdAt)}, ${PASSES[plan.pass]}. Nothing is written.`;
  yield* paragraph(terminal, title);
  yield "";
  yield* peopleLines(await collectPeople(changes, most), terminal);
  yield* summaryLines(plan, terminal);
  yield "";
  yield* nextLines(plan, apply, terminal);
}

const PASSES = { full: "everything was read", incremental: "what has changed was read" } as const;

function* summaryLines(plan: PlanSummary, terminal: Terminal): Generator<string, void, undefined> {
  yield* totalsLines(plan, terminal);
  if (plan.replaces > 0)
    yield* paragraph(
      terminal,
      `replaces existing values: ${terminal.style("bold", formatNumber(plan.replaces))}`,
    );
  const unread = sumOf(plan.unread);
  if (unread > 0) {
    const text = `could not be read: lists of ${kindsText(plan.unread)}; the next run reads them`;
    for (const line of paragraph(terminal, text)) yield terminal.style("red", line);
  }
  if (plan.leftOut > 0) yield* paragraph(terminal, leftOutText(plan.leftOut));
  if (plan.retries > 0) yield `tried again: ${formatNumber(plan.retries)}`;
  const deleted = Object.values(plan.totals.delete ?? {}).reduce((sum, count) => sum + count, 0);
  const moved = plan.deletes - plan.removes - deleted;
  if (moved > 0) yield `our own copies deleted, as they move: ${formatNumber(moved)}`;
  if (plan.removes > 0) yield `duplicates of synced notes and tasks deleted: ${formatNumber(plan.removes)}`;
  const listed = plan.doubles - plan.removes;
  if (listed > 0)
    yield `duplicates of synced notes and tasks: ${formatNumber(listed)}; sync.doubles "remove" deletes them`;
  if (plan.voids > 0) yield `links whose record is gone from ChartMogul: ${formatNumber(plan.voids)}`;
  yield "";
  yield* paragraph(
    terminal,
    `Applying it takes ${callsText(plan.calls)}; reading took ${callsText(plan.readCalls)}.`,
  );
  for (const [what, calls] of [
    ["Applying", plan.callsByKind],
    ["Reading", plan.readCallsByKind],
  ] as const)
    if (sumOf(calls) > 0) yield* paragraph(terminal, `${what}: ${callsByKindText(calls)}.`, "  ");
  if (plan.quota !== undefined) {
    const { share, limit, remaining } = plan.quota;
    yield* paragraph(
      terminal,
      `That is ${percentText(share)} of GoHighLevel's ${formatNumber(limit)} calls a day; ${formatNumber(remaining)} are left today.`,
    );
  }
  if (plan.dailyCalls !== undefined && plan.dailyShare !== undefined) {
    const share = percentText(plan.dailyShare);
    yield* paragraph(terminal, `Of ${formatNumber(plan.dailyCalls)} a day (dailyCalls) it is ${share}.`);
  }
  for (const warning of plan.warnings)
    for (const line of paragraph(terminal, `warning: ${printable(warning)}`))
      yield terminal.style("yellow", line);
}

/** What a person does now: the last lines are those beside the prompt. */
function* nextLines(
  plan: PlanSummary,
  apply: string,
  terminal: Terminal,
): Generator<string, void, undefined> {
  if (plan.guard !== null) {
    for (const line of paragraph(terminal, `Read it before you apply it: ${printable(plan.guard)}.`))
      yield terminal.style("yellow", line);
  }
  if (writesOf(plan.totals) === 0) {
    yield "Nothing to write.";
    if (countOf(plan.totals, "error") > 0) yield* nextLine(terminal, "rejected", "what failed, and why");
    return;
  }
  yield* nextLine(terminal, apply, "applies it");
}
