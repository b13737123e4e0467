// Aligned tables for people to read.

import { cutToWidth, printable, textWidth, wrapToWidth } from "./text-width.js";

/** A column of a table. */
export interface Column {
  title: string;
  align?: "left" | "right";
  /** Wider texts are cut. */
  maxWidth?: number;
  /** Where the table is too wide, the column's texts continue in further lines instead of being cut. */
  wraps?: boolean;
  /** Never made narrower: its texts are names to copy. */
  whole?: boolean;
}

/** Columns are not made narrower than this to fit a terminal. */
const NARROWEST = 8;

/**
 * The lines of a table: titles, a rule, rows. Numbers are grouped by thousands. Wider tables than
 * `maxWidth` columns have their widest columns cut.
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly (string | number)[])[],
  maxWidth = Number.POSITIVE_INFINITY,
): string[] {
  const texts = rows.map((row) => columns.map((column, index) => cellText(row[index] ?? "", column)));
  const natural = columns.map(({ title }, index) =>
    Math.max(textWidth(title), ...texts.map((row) => textWidth(row[index] ?? ""))),
  );
  const widths = shrink(columns, natural, maxWidth - GAP.length * (columns.length - 1));
  const line = (cells: readonly string[]) =>
    columns
      .map(({ align }, index) => pad(cells[index] ?? "", widths[index] ?? 0, align))
      .join(GAP)
      .trimEnd();
  /** A row takes as many lines as its longest cell. */
  const lines = (cells: readonly string[]): string[] => {
    const wrapped = cells.map((cell, index) =>
      columns[index]?.wraps ? wrapToWidth(cell, widths[index] ?? 0) : [cell],
    );
    const height = Math.max(1, ...wrapped.map((parts) => parts.length));
    return Array.from({ length: height }, (_, row) => line(wrapped.map((parts) => parts[row] ?? "")));
  };
  const rule = widths.map((width) => "─".repeat(width)).join(GAP);
  return [line(columns.map(({ title }) => title)), rule, ...texts.flatMap(lines)];
}

/** The least columns that a table takes, its texts uncut. */
export function tableWidth(
  columns: readonly Column[],
  rows: readonly (readonly (string | number)[])[],
): number {
  return textWidth(formatTable(columns, rows)[1] ?? "");
}

const GAP = "  ";

/** The widths, the widest made narrower until they fit or none can be. */
function shrink(columns: readonly Column[], natural: readonly number[], room: number): number[] {
  const widths = [...natural];
  let excess = widths.reduce((sum, width) => sum + width, 0) - room;
  while (excess > 0) {
    const shrinkable = widths.map((width, index) => (columns[index]?.whole ? 0 : width));
    const widest = Math.max(...shrinkable);
    if (widest <= NARROWEST) break;
    widths[shrinkable.indexOf(widest)] = widest - 1;
    excess -= 1;
  }
  return widths;
}

/** A number with its thousands grouped. */
export function formatNumber(value: number): string {
  return value.toLocaleString("en-US");
}

function cellText(cell: string | number, { maxWidth }: Column): string {
  const text = typeof cell === "number" ? formatNumber(cell) : printable(cell);
  return maxWidth === undefined ? text : cutToWidth(text, maxWidth);
}

function pad(cell: string, width: number, align: Column["align"]): string {
  const text = cutToWidth(cell, width);
  const space = " ".repeat(Math.max(0, width - textWidth(text)));
  return align === "right" ? space + text : text + space;
}
