// The changes of a plan by person, as people read them: one row a record, one line a field.

import type { Change, ChangeAction, FieldChange } from "../generated/answers.js";
import { SIGN_WIDTH, type State, signCell, stateOfChange } from "./signs.js";
import { formatNumber } from "./table.js";
import type { Terminal } from "./terminal.js";
import { printable, textWidth } from "./text-width.js";
import { ACTIONS } from "./totals.js";
import { adviceLines, NARROW, paragraph } from "./words.js";

/** What a plan says of one person, or of a customer or business that no contact stands for. */
interface Person {
  /** What the person is called, and by which id. */
  name: string;
  id: string;
  customer: string | undefined;
  changes: Change[];
  /** Changes that are not shown. */
  more: number;
}

/** Changes of a plan that are shown, and how many there are besides. */
export interface PlanPeople {
  people: readonly Person[];
  /** People who are not shown. */
  more: number;
}

/** What a change is shown for: its action, and values that a person should see before they go. */
function reasonsToShow({ action, replaces, kept = [], problems = [] }: Change): string[] {
  return [
    action,
    ...(replaces > 0 ? ["replaces"] : []),
    ...(kept.length > 0 ? ["kept"] : []),
    ...(problems.length > 0 ? ["problems"] : []),
  ];
}

/**
 * Collects changes by person: for each action, and for replaced, kept and cut values, so many people; of
 * each person so many changes. Others are only counted, however many a plan has.
 */
export async function collectPeople(
  changes: AsyncIterable<Change> | Iterable<Change>,
  most: number,
): Promise<PlanPeople> {
  const shown = new Map<string, Person>();
  const names = new Map<string, string>();
  const all = new Set<string>();
  const takenFor = new Map<string, number>();
  for await (const change of changes) {
    const key = personOf(change);
    all.add(key);
    if (change.kind === "contact") names.set(key, change.title);
    let person = shown.get(key);
    if (person === undefined) {
      const reasons = reasonsToShow(change);
      if (!reasons.some((reason) => (takenFor.get(reason) ?? 0) < most)) continue;
      for (const reason of reasons) takenFor.set(reason, (takenFor.get(reason) ?? 0) + 1);
      const { chartmogulCustomer: customer } = change;
      person = { name: names.get(key) ?? nameOf(change), id: key, customer, changes: [], more: 0 };
      shown.set(key, person);
    }
    if (change.kind === "contact") person.name = change.title;
    person.customer ??= change.chartmogulCustomer;
    if (person.changes.filter(({ action }) => action === change.action).length < most)
      person.changes.push(change);
    else person.more += 1;
  }
  return { people: [...shown.values()].sort(byUrgency), more: all.size - shown.size };
}

/** People in the plan's order; those with nothing but what is left out come last. */
function byUrgency(left: Person, right: Person): number {
  const isLeftOut = ({ changes }: Person) =>
    changes.every(({ action }) => action === "skip" || action === "keep");
  return Number(isLeftOut(left)) - Number(isLeftOut(right));
}

function personOf({ ghlContactId, ghlId, chartmogulCustomer, chartmogulId }: Change): string {
  return ghlContactId ?? ghlId ?? chartmogulCustomer ?? chartmogulId ?? "";
}

/** What heads a change whose contact is not in the plan: a note or task its contact's id, else its own title. */
function nameOf({ title, ghlContactId }: Change): string {
  return ghlContactId === undefined ? title : "contact";
}

/** The lines of the people: a heading, then a row for each record. */
export function* peopleLines(
  { people, more }: PlanPeople,
  terminal: Terminal,
): Generator<string, void, undefined> {
  for (const person of people) {
    yield* headingLines(person, terminal);
    for (const change of [...person.changes].sort(byAction)) yield* changeLines(change, terminal);
    if (person.more > 0)
      yield terminal.style("dim", `  … and ${formatNumber(person.more)} more of this person`);
    yield "";
  }
  if (more > 0) {
    const text = `… and ${formatNumber(more)} more people: --show 0 shows all`;
    yield terminal.style("dim", more === 1 ? text.replace("people", "person") : text);
    yield "";
  }
}

/** The contact first, then what belongs to it, each in the order of actions. */
function byAction(left: Change, right: Change): number {
  const rank = ({ kind }: Change) => ["business", "contact", "customer"].indexOf(kind);
  const order = (change: Change) => (rank(change) === -1 ? 3 : rank(change));
  return order(left) - order(right) || ACTIONS.indexOf(left.action) - ACTIONS.indexOf(right.action);
}

function* headingLines(
  { name, id, customer }: Person,
  terminal: Terminal,
): Generator<string, void, undefined> {
  const title = terminal.style("bold", printable(name) || "without a name");
  const ids = terminal.style("dim", [id, customer ?? "no customer"].map(printable).join("  "));
  const line = `${title}  ${ids}`;
  if (textWidth(line) <= (terminal.columns ?? Number.POSITIVE_INFINITY)) yield line;
  else yield* [...paragraph(terminal, title), ...paragraph(terminal, ids, "  ")];
}

/** Columns of a kind of record, and of a field's name, with the blanks behind them. */
const KIND_WIDTH = 10;

/** A record's rows: what is written in each direction, or why nothing is. */
function* changeLines(change: Change, terminal: Terminal): Generator<string, void, undefined> {
  const { action, direction, cause, fields, ghlFields = {}, kind, title, reason } = change;
  const isNarrow = (terminal.columns ?? Number.POSITIVE_INFINITY) < NARROW;
  const indent = " ".repeat(2 + SIGN_WIDTH + (isNarrow ? 0 : KIND_WIDTH));
  const isText = kind === "note" || kind === "task";
  const row = function* (state: State, written: Readonly<Record<string, FieldChange>>) {
    const why = state === "failed" ? "" : `  ${terminal.style("dim", printable(reason))}`;
    const what = `${isNarrow ? `${kind} ` : ""}${action}${isText ? `  ${printable(title)}` : ""}${why}`;
    const first = `  ${signCell(state, terminal)}${isNarrow ? "" : kind.padEnd(KIND_WIDTH)}`;
    yield* paragraph(terminal, what, indent, first);
    if (state === "failed")
      yield* paragraph(terminal, `${terminal.style("red", "Failed:")} ${printable(reason)}`, indent);
    // Of a note or task that is created, its text says all.
    if (!isText || action !== "create") yield* fieldLines(action, written, indent, terminal);
  };
  const toGhl = Object.keys(ghlFields).length > 0;
  const state = stateOfChange(action, direction, cause);
  if (state === "bothWays" && toGhl && Object.keys(fields).length > 0) {
    yield* row("pending", fields);
    yield* row("incoming", ghlFields);
  } else yield* row(state, { ...fields, ...ghlFields });
  yield* valueLines(change, indent, terminal);
  const { candidates = [], ghlId = "" } = change;
  if (candidates.length > 0) yield* adviceLines({ kind, contact: ghlId, candidates }, "  ", terminal);
}

/** A field a line: its value after and before; of what is created the names of its fields. */
function* fieldLines(
  action: ChangeAction,
  written: Readonly<Record<string, FieldChange>>,
  indent: string,
  terminal: Terminal,
): Generator<string, void, undefined> {
  const names = Object.keys(written);
  const unknown = names.filter((name) => action === "create" || written[name]?.from === undefined);
  if (unknown.length > 0 && (action === "create" || action === "link")) {
    yield* paragraph(
      terminal,
      `${terminal.style("dim", "fields:")} ${unknown.map(printable).join(", ")}`,
      indent,
    );
    if (action === "create") return;
  }
  for (const [name, { from, to }] of Object.entries(written)) {
    if (action === "link" && from === undefined) continue;
    const after = terminal.style("bold", wholeText(to));
    // Of a text only a hash of what it was is kept.
    const known = from !== undefined ? formerText(from) : name === "text" ? "another text" : undefined;
    const before = known === undefined ? "" : `  ${terminal.style("dim", `was ${known}`)}`;
    yield* paragraph(terminal, `${printable(name)}  ${after}${before}`, `${indent}  `, indent);
  }
}

/** Values that stay ChartMogul's, that cannot cross, and tags. */
function* valueLines(
  { kept = [], problems = [], tagsAdded = [], tagsRemoved = [] }: Change,
  indent: string,
  terminal: Terminal,
): Generator<string, void, undefined> {
  for (const tag of tagsAdded)
    yield* paragraph(terminal, `tag  ${terminal.style("bold", `+${printable(tag)}`)}`, indent);
  for (const tag of tagsRemoved) yield* paragraph(terminal, `tag  −${printable(tag)}`, indent);
  for (const name of kept)
    yield* paragraph(terminal, `${printable(name)} stays ChartMogul's`, `${indent}  `, indent);
  for (const { field, reason } of problems) {
    const text = `${terminal.style("yellow", "left out:")} ${printable(`${field}: ${reason}`)}`;
    yield* paragraph(terminal, text, `${indent}  `, indent);
  }
}

function wholeText(value: unknown): string {
  return printable(typeof value === "string" ? value : JSON.stringify(value));
}

/** A value before. Of long texts the state holds only a hash. */
function formerText(value: unknown): string {
  return typeof value === "string" && /^[0-9a-f]{32}$/.test(value) ? "another text" : wholeText(value);
}
