// Totals of a plan or a report as a table: kinds by actions.

import type { ChangeAction, CountByKind, RecordKind, Totals } from "../sync-report.js";
import { formatNumber, formatTable } from "./table.js";
import type { Terminal } from "./terminal.js";

/** The order in which actions are shown, and how. */
export const ACTIONS: readonly (readonly [ChangeAction, "green" | "yellow" | "cyan" | "dim" | "red"])[] = [
  ["create", "green"],
  ["update", "yellow"],
  ["complete", "yellow"],
  ["link", "cyan"],
  ["skip", "dim"],
  ["conflict", "red"],
  ["error", "red"],
];

const KINDS: readonly RecordKind[] = ["dataSource", "business", "contact", "note", "task"];

/** The table's lines: one for each kind that occurs, a column for each action that occurs. */
export function* totalsLines(
  read: CountByKind,
  totals: Totals,
  unchanged: CountByKind,
  terminal: Terminal,
): Generator<string, void, undefined> {
  const kinds = KINDS.filter((kind) =>
    [read, unchanged, ...Object.values(totals)].some((counts) => (counts[kind] ?? 0) > 0),
  );
  const actions = ACTIONS.map(([action]) => action).filter((action) => totals[action] !== undefined);
  const columns = ["", "read", ...actions, "unchanged"].map(
    (title, index) => ({ title, align: index === 0 ? "left" : "right" }) as const,
  );
  const rows = kinds.map((kind) => [
    kind,
    read[kind] ?? 0,
    ...actions.map((action) => totals[action]?.[kind] ?? 0),
    unchanged[kind] ?? 0,
  ]);
  const [titles = "", rule = "", ...lines] = formatTable(columns, rows, terminal.columns);
  yield terminal.style("bold", titles);
  yield terminal.style("dim", rule);
  yield* lines;
}

/** Changes of an action, of all kinds. */
export function countOf(totals: Totals, action: ChangeAction): number {
  return Object.values(totals[action] ?? {}).reduce((sum, count) => sum + count, 0);
}

/** Calls of both services in words. */
export function callsText({ ghl, chartmogul }: { ghl: number; chartmogul: number }): string {
  return `${formatNumber(ghl)} GoHighLevel and ${formatNumber(chartmogul)} ChartMogul calls`;
}
