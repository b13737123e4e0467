// Totals of a plan or a report: for each kind, all records seen and what becomes of them.

import type { ChangeAction, CountByKind, RecordKind, Totals } from "../generated/answers.js";
import { colourOf, type State, signText } from "./signs.js";
import { formatNumber, formatTable, tableWidth } from "./table.js";
import type { Terminal } from "./terminal.js";
import { kindWord, paragraph, sumOf } from "./words.js";

/** The order in which actions are shown. */
export const ACTIONS: readonly ChangeAction[] = [
  "create",
  "update",
  "complete",
  "link",
  "move",
  "delete",
  "merge",
  "keep",
  "skip",
  "conflict",
  "error",
];

/** The signs of those that are not written. */
const STATES: Readonly<Partial<Record<ChangeAction, State>>> = {
  skip: "paused",
  conflict: "conflict",
  error: "failed",
};

/** What was done, in words. */
const DONE: Readonly<Record<ChangeAction, string>> = {
  create: "created",
  update: "updated",
  complete: "completed",
  link: "linked",
  move: "moved",
  delete: "deleted",
  merge: "merged",
  keep: "kept",
  skip: "skipped",
  conflict: "in conflict",
  error: "in error",
};

/** Actions of which nothing is carried out: a run's report has them only among what was planned. */
const TOLD: readonly ChangeAction[] = ["skip", "conflict", "error"];

const KINDS: readonly RecordKind[] = ["business", "contact", "customer", "note", "task"];

/** What was counted of a plan or a run. */
export interface Counts {
  read: CountByKind;
  /** What is planned, or was done. */
  totals: Totals;
  unchanged: CountByKind;
}

/** The counts of a run: what it did, what its plan told, and so what is left. */
export function countsOfRun({
  read,
  planned,
  done,
  unchanged,
}: {
  read: CountByKind;
  planned: Totals;
  done: Totals;
  unchanged: CountByKind;
}): Counts {
  const told = Object.fromEntries(
    TOLD.flatMap((action) => (planned[action] === undefined ? [] : [[action, planned[action]]])),
  );
  return { read, totals: { ...done, ...told }, unchanged };
}

/** A row of the totals: all of a kind that were seen, and what becomes of them. The parts add up. */
export interface KindTotals {
  kind: RecordKind;
  seen: number;
  actions: Readonly<Partial<Record<ChangeAction, number>>>;
  unchanged: number;
  /** Seen, and neither written nor told: not reached yet, or refused while writing. */
  left: number;
}

/** The totals of each kind that occurs. */
export function totalsOf({ read, totals, unchanged }: Counts): KindTotals[] {
  return KINDS.flatMap((kind) => {
    const actions: Partial<Record<ChangeAction, number>> = {};
    let sum = unchanged[kind] ?? 0;
    for (const action of ACTIONS) {
      const count = totals[action]?.[kind] ?? 0;
      if (count > 0) actions[action] = count;
      sum += count;
    }
    // What no list of GHL holds, such as a customer's tags, is seen with its change.
    const seen = Math.max(read[kind] ?? 0, sum);
    return seen === 0 ? [] : [{ kind, seen, actions, unchanged: unchanged[kind] ?? 0, left: seen - sum }];
  });
}

/** The totals as a table; as sentences where the terminal is too narrow for one. */
export function* totalsLines(counts: Counts, terminal: Terminal): Generator<string, void, undefined> {
  const rows = totalsOf(counts);
  const actions = ACTIONS.filter((action) => rows.some((row) => row.actions[action] !== undefined));
  const left = rows.some((row) => row.left > 0);
  const signed = (state: State, word: string) =>
    terminal.style(colourOf(state), `${terminal.ascii ? "" : `${signText(state)} `}${word}`);
  const titles = [
    "",
    "seen",
    ...actions.map((action) => {
      const state = STATES[action];
      return state === undefined ? action : signed(state, action);
    }),
    "unchanged",
    ...(left ? ["not written"] : []),
  ];
  const columns = titles.map((title, index) => ({ title, align: index === 0 ? "left" : "right" }) as const);
  const all = rows.length > 1 ? [allOf(rows)] : [];
  const cells = [...rows, ...all].map((row) => [
    row.kind,
    row.seen,
    ...actions.map((action) => row.actions[action] ?? 0),
    row.unchanged,
    ...(left ? [row.left] : []),
  ]);
  if (tableWidth(columns, cells) > (terminal.columns ?? Number.POSITIVE_INFINITY)) {
    for (const row of rows) yield* paragraph(terminal, sentence(row), "  ", "");
    return;
  }
  const [head = "", rule = "", ...lines] = formatTable(columns, cells);
  yield terminal.style("bold", head);
  yield terminal.style("dim", rule);
  for (const [index, line] of lines.entries())
    yield index < rows.length ? line : terminal.style("bold", line);
}

/** The sums of all kinds. */
function allOf(rows: readonly KindTotals[]): Omit<KindTotals, "kind"> & { kind: "all" } {
  const sum = (of: (row: KindTotals) => number) => rows.reduce((total, row) => total + of(row), 0);
  const actions = Object.fromEntries(
    ACTIONS.map((action) => [action, sum((row) => row.actions[action] ?? 0)]),
  );
  return {
    ...{ kind: "all", actions, seen: sum(({ seen }) => seen) },
    ...{ unchanged: sum(({ unchanged }) => unchanged), left: sum(({ left }) => left) },
  };
}

/** "60 contacts seen = 23 created + 37 unchanged". */
function sentence({ kind, seen, actions, unchanged, left }: KindTotals): string {
  const parts = ACTIONS.flatMap((action) =>
    actions[action] === undefined ? [] : [`${formatNumber(actions[action])} ${DONE[action]}`],
  );
  if (unchanged > 0) parts.push(`${formatNumber(unchanged)} unchanged`);
  if (left > 0) parts.push(`${formatNumber(left)} not written`);
  return `${formatNumber(seen)} ${kindWord(kind, seen)} seen = ${parts.join(" + ")}`;
}

/** Changes of an action, of all kinds. */
export function countOf(totals: Totals, action: ChangeAction): number {
  return sumOf(totals[action]);
}

/** Changes that are carried out, of all kinds. */
export function writesOf(totals: Totals): number {
  return ACTIONS.reduce((sum, action) => (TOLD.includes(action) ? sum : sum + countOf(totals, action)), 0);
}

/** Calls of both services in words. */
export function callsText({ ghl, chartmogul }: { ghl: number; chartmogul: number }): string {
  return `${formatNumber(ghl)} GoHighLevel and ${formatNumber(chartmogul)} ChartMogul calls`;
}
