// `ghl-chartmogul plan`: what a sync would write, as a table; writes nothing.

import type { Connector } from "../../connector.js";
import type { Change, ChangeAction, FieldChange, PlanSummary } from "../../generated/answers.js";
import type { Plan } from "../../sync.js";
import { callsByKindText, costLines } from "../costs.js";
import { ExitCode } from "../exit-code.js";
import { untilInterrupted } from "../interrupt.js";
import { createProgress } from "../progress.js";
import { formatNumber, formatTable } from "../table.js";
import type { Terminal } from "../terminal.js";
import { cutToWidth, printable } from "../text-width.js";
import { ACTIONS, callsText, countOf, totalsLines, writesOf } from "../totals.js";
import { adviceLines, kindsText, leftOutText, PROGRAM, paragraph, percentText, sumOf } from "../words.js";

/** Flags of the command. */
export interface PlanFlags {
  full?: boolean | undefined;
  /** Only these contacts. */
  contact?: readonly string[] | undefined;
  /** Only estimates what reading costs. */
  cost?: boolean | undefined;
  /** Changes shown of each action; all with 0. */
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
    const apply = [PROGRAM, "sync", ...flags, ...(confirm ? ["--yes"] : [])].join(" ");
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
  /** Changes of each action; all with 0. */
  show: number;
  /** The command that applies it. */
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

/** The lines of a plan. */
export async function* planLines(
  plan: PlanSummary,
  changes: AsyncIterable<Change> | Iterable<Change>,
  { show, apply }: Shown,
  terminal: Terminal,
): AsyncGenerator<string, void, undefined> {
  const most = show === 0 ? Number.POSITIVE_INFINITY : show;
  const byAction = new Map<ChangeAction, Change[]>();
  const replacing: Change[] = [];
  const keeping: Change[] = [];
  const lossy: Change[] = [];
  let [kept, lost] = [0, 0];
  for await (const change of changes) {
    const same = byAction.get(change.action) ?? [];
    if (same.length < most) same.push(change);
    byAction.set(change.action, same);
    if (change.replaces > 0 && replacing.length < most) replacing.push(change);
    kept += change.kept?.length ?? 0;
    if ((change.kept?.length ?? 0) > 0 && keeping.length < most) keeping.push(change);
    lost += change.problems?.length ?? 0;
    if ((change.problems?.length ?? 0) > 0 && lossy.length < most) lossy.push(change);
  }
  for (const [action, style] of ACTIONS) {
    const same = byAction.get(action);
    if (same === undefined) continue;
    const [titles = "", rule = "", ...lines] = changeTable(action, same, terminal);
    yield terminal.style("bold", terminal.style(style, titles));
    yield terminal.style("dim", rule);
    yield* lines;
    const more = countOf(plan.totals, action) - same.length;
    if (more > 0) yield terminal.style("dim", `… and ${formatNumber(more)} more: --show 0 shows all`);
    if (action === "conflict") yield* candidateLines(same, terminal);
    yield "";
  }
  yield* valueLines(
    `replaces existing values: ${formatNumber(plan.replaces)}`,
    plan.replaces,
    replacing,
    replacedValues,
    terminal,
  );
  yield* valueLines(`keeps ChartMogul's values: ${formatNumber(kept)}`, kept, keeping, keptValues, terminal);
  yield* valueLines(`cuts or leaves out values: ${formatNumber(lost)}`, lost, lossy, lostValues, terminal);
  yield* summaryLines(plan, terminal);
  yield "";
  yield* nextLines(plan, apply, terminal);
}

/** Narrower terminals have the changes below each other instead of in columns. */
const NARROW = 60;

function changeTable(action: ChangeAction, changes: readonly Change[], terminal: Terminal): string[] {
  const width = terminal.columns ?? Number.POSITIVE_INFINITY;
  if (width < NARROW) {
    const lines = changes.flatMap((change) => [
      ...paragraph(terminal, `${change.kind}  ${printable(change.title)}`, "  ", ""),
      ...[formatFields(change), printable(change.reason)]
        .filter(Boolean)
        .flatMap((text) => paragraph(terminal, text, "  ")),
    ]);
    return [action, "─".repeat(action.length), ...lines];
  }
  const fields = changes.map(formatFields);
  const withFields = fields.some((text) => text !== "");
  const columns = [
    { title: action },
    { title: "what", maxWidth: 36, wraps: true },
    ...(withFields ? [{ title: "fields", wraps: true }] : []),
    { title: "why", wraps: true },
  ];
  const rows = changes.map(({ kind, title, reason }, index) => [
    kind,
    title,
    ...(withFields ? [fields[index] ?? ""] : []),
    reason,
  ]);
  return formatTable(columns, rows, width);
}

/** For each conflict its candidates: the command that chooses one, and where a person sees it. */
function* candidateLines(
  conflicts: readonly Change[],
  terminal: Terminal,
): Generator<string, void, undefined> {
  for (const { kind, title, ghlId, candidates = [] } of conflicts) {
    if (candidates.length === 0) continue;
    yield "";
    const id = ghlId ?? "";
    yield* paragraph(terminal, `${printable(title)}, ${kind} ${id}: choose one`);
    yield* adviceLines({ kind, contact: id, candidates }, "  ", terminal);
  }
}

/** A section of values, one a line, that no width cuts off. */
function* valueLines(
  title: string,
  count: number,
  changes: readonly Change[],
  valuesOf: (change: Change) => string[],
  terminal: Terminal,
): Generator<string, void, undefined> {
  if (count === 0) return;
  yield terminal.style("bold", title);
  let shown = 0;
  for (const change of changes) {
    const values = valuesOf(change);
    shown += values.length;
    yield* paragraph(
      terminal,
      `${change.kind} ${printable(change.title)} (${change.ghlId ?? change.chartmogulId})`,
      "    ",
      "  ",
    );
    for (const value of values) yield* paragraph(terminal, value, "      ", "    ");
  }
  if (shown < count)
    yield terminal.style("dim", `… and ${formatNumber(count - shown)} more: --show 0 shows all`);
  yield "";
}

function replacedValues({ fields, replaces }: Change): string[] {
  const known = Object.entries(fields).filter(([, { from }]) => from !== undefined);
  // Of a text only a hash of what it was is kept.
  const texts = Object.entries(fields).filter(([name, { from }]) => from === undefined && name === "text");
  return [...known, ...texts]
    .slice(0, replaces)
    .map(([name, { from, to }]) => `${name}: ${formerText(from)} → ${wholeText(to)}`);
}

function keptValues({ kept = [] }: Change): string[] {
  return kept.map((name) => `${name} stays ChartMogul's`);
}

function lostValues({ problems = [] }: Change): string[] {
  return problems.map(({ field, reason }) => printable(`${field}: ${reason}`));
}

function* summaryLines(plan: PlanSummary, terminal: Terminal): Generator<string, void, undefined> {
  yield* totalsLines(plan, terminal);
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
    if (countOf(plan.totals, "error") > 0) yield `What failed, and why: ${PROGRAM} rejected`;
    return;
  }
  yield `Apply it: ${apply}`;
}

function formatFields({ fields, ghlFields = {}, action, tagsAdded = [], tagsRemoved = [] }: Change): string {
  const written =
    (service: string) =>
    ([name, { from, to }]: [string, FieldChange]) => {
      if (action === "create" || from === undefined) return service + name;
      return `${service}${name}: ${valueText(formerText(from))} → ${valueText(wholeText(to))}`;
    };
  const texts = [
    ...Object.entries(fields).map(written("")),
    ...Object.entries(ghlFields).map(written("GHL's ")),
  ];
  const tags = [...tagsAdded.map((tag) => `+${tag}`), ...tagsRemoved.map((tag) => `−${tag}`)];
  return [...texts, ...tags.map(printable)].join(", ");
}

function valueText(text: string): string {
  return cutToWidth(text, 24);
}

function wholeText(value: unknown): string {
  return printable(typeof value === "string" ? value : JSON.stringify(value));
}

/** A value before. Of long texts the state holds only a hash. */
function formerText(value: unknown): string {
  if (value === undefined || (typeof value === "string" && /^[0-9a-f]{32}$/.test(value)))
    return "(another text)";
  return wholeText(value);
}
