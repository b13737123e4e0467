// Words that several commands say: kinds, reasons, commands, times, links.

import type { Cause, CountByKind, Holder, Standing } from "../generated/answers.js";
import { formatNumber } from "./table.js";
import type { Terminal } from "./terminal.js";
import { printable, textWidth, wrapToWidth } from "./text-width.js";

/** The name of the command line, as its hints print it. */
export const PROGRAM = "ghl-chartmogul";

const PLURALS: Readonly<Record<string, string>> = {
  business: "businesses",
  contact: "contacts",
  customer: "customers",
  note: "notes",
  task: "tasks",
  field: "values",
  list: "lists",
  decision: "decisions",
};

const SINGULARS: Readonly<Record<string, string>> = { field: "value" };

/** "7 notes, 1 task". */
export function kindsText(counts: CountByKind | Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${formatNumber(count)} ${kindWord(kind, count)}`)
    .join(", ");
}

/** The word for so many records of a kind. */
export function kindWord(kind: string, count: number): string {
  return count === 1 ? (SINGULARS[kind] ?? kind) : (PLURALS[kind] ?? kind);
}

/** Records of all kinds. */
export function sumOf(counts: CountByKind | Readonly<Record<string, number>> | undefined): number {
  return Object.values(counts ?? {}).reduce((sum, count) => sum + count, 0);
}

/** Why records are not in step. */
export const CAUSES: Readonly<Record<Cause, string>> = {
  rejected: "ChartMogul refused them",
  unread: "they could not be read",
  open: "whether they were written is not known yet",
  unavailable: "they could not be written for now",
  unmappable: "a value cannot be stored in ChartMogul",
  field: "values were cut, left out or refused",
  ambiguous: "several ChartMogul customers match",
  noCounterpart: "no ChartMogul customer matches",
  noBusiness: "they belong to no business",
  noContact: "they belong to no contact",
  parentApart: "their contact is not in ChartMogul",
  deleted: "a person deleted them in ChartMogul",
  customerDeleted: "their customer was deleted in ChartMogul",
  edited: "a person edited the copy at the former customer",
  unlinked: "a person unlinked them",
  accepted: "a person accepted them as they are",
  duplicate: "GHL has another contact with the same e-mail address",
  double: "ChartMogul has it more than once",
  decision: "they were queued, and could not be carried out",
  bothChanged: "they have changed on both sides",
  held: "they changed in ChartMogul, and GHL's text holds more",
  deletedInGhl: "a person deleted them in GHL",
  twin: "another source has a customer of the same e-mail address",
};

/** The standings that are not in step, most urgent first. */
export const STANDINGS: readonly Standing[] = ["failed", "waiting", "apart"];

/** A hint of the module as text: its commands, which are in backticks, by their names. */
export function hintText(hint: string): string {
  return printable(hint).replace(/`([^`]*)`/g, (_, text: string) => {
    if (!COMMAND.test(text)) return text;
    return `"${PLACEHOLDER.test(text) ? text : text.split(" ")[0]}"`;
  });
}

/** The commands of a hint that name a record, ready to be copied. */
export function hintCommands(hint: string): string[] {
  return [...printable(hint).matchAll(/`([^`]*)`/g)]
    .map(([, text = ""]) => text)
    .filter((text) => COMMAND.test(text) && text.includes(" ") && !PLACEHOLDER.test(text))
    .map((text) => `${PROGRAM} ${text}`);
}

/**
 * What to do about a record: for one with candidates the command that chooses each, and where a person
 * sees it. Commands and links stand alone on their lines, whole.
 */
export function* adviceLines(
  { kind, contact, candidates, hint }: Advice,
  indent: string,
  terminal: Terminal,
): Generator<string, void, undefined> {
  if (candidates.length > 0) {
    for (const uuid of candidates) {
      const command = kind === "contact" ? `${PROGRAM} link ${contact} ${uuid}` : uuid;
      yield* besides(indent, command, customerLink(uuid), terminal);
    }
    yield `${indent}or leave it: ${PROGRAM} accept ${contact}`;
    return;
  }
  if (hint === undefined) return;
  for (const line of paragraph(terminal, hintText(hint), indent)) yield terminal.style("dim", line);
  for (const command of hintCommands(hint)) yield indent + command;
}

/** A record that something can be done about. */
export interface Advice {
  kind: string | undefined;
  /** GHL's id of it. */
  contact: string;
  candidates: readonly string[];
  hint?: string | undefined;
}

/** Two texts in one line where they fit, else below each other. */
function* besides(
  indent: string,
  text: string,
  more: string,
  terminal: Terminal,
): Generator<string, void, undefined> {
  const line = `${indent}${text}  ${more}`;
  if (textWidth(line) <= (terminal.columns ?? Number.POSITIVE_INFINITY)) yield line;
  else yield* [indent + text, `${indent}  ${more}`];
}

/** A share in percent; never 0 where there is something. */
export function percentText(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return "under 0.1 %";
  return `${percent.toLocaleString("en-US", { maximumFractionDigits: 1 })} %`;
}

const PLACEHOLDER = /\b(?:ID|CONTACT|CUSTOMER|CONFLICT)\b/;
const COMMAND = /^(?:plan|sync|status|why|rejected|retry|accept|link|unlink|conflicts|resolve)(?: |$)/;

/** Where a person sees a customer in ChartMogul. */
export function customerLink(uuid: string): string {
  return `https://app.chartmogul.com/#/customers/${uuid}`;
}

/** A text in lines that fit the terminal; ids and commands stay whole. The first line has its own indent. */
export function paragraph(
  terminal: Pick<Terminal, "columns">,
  text: string,
  indent = "",
  first = indent,
): string[] {
  const width = (terminal.columns ?? Number.POSITIVE_INFINITY) - indent.length;
  return wrapToWidth(text, width, { wholeWords: true }).map(
    (line, index) => (index === 0 ? first : indent) + line,
  );
}

/** The next command, and what it does. The command is never cut or wrapped. */
export function* nextLine(
  terminal: Terminal,
  command: string,
  does: string,
): Generator<string, void, undefined> {
  const line = `${terminal.style("bold", "Next:")} ${terminal.style("cyan", `${PROGRAM} ${command}`)}`;
  if (does === "") yield line;
  else yield* besides("", line, terminal.style("dim", does), terminal);
}

/** Narrower terminals have columns below each other instead of side by side. */
export const NARROW = 60;

/** Columns of a label with the blanks behind it. */
const LABEL_WIDTH = 14;

/** A label and a text that wraps in its own column; below each other where the terminal is narrow. */
export function* labelled(
  terminal: Terminal,
  label: string,
  text: string,
): Generator<string, void, undefined> {
  if ((terminal.columns ?? Number.POSITIVE_INFINITY) < NARROW) {
    const first = label === "" ? "" : `${terminal.style("bold", label)} `;
    yield* paragraph(terminal, first + text, "  ", label === "" ? "  " : "");
    return;
  }
  const indent = " ".repeat(LABEL_WIDTH);
  yield* paragraph(terminal, text, indent, terminal.style("bold", label.padEnd(LABEL_WIDTH)));
}

/** Who is working on a location's state: it may not say. */
export function holderName({ name }: Holder): string {
  return name === "" ? "another process" : printable(name);
}

/** "12 min ago (26 Nov, 09:42)". */
export function timeText(at: number, now = Date.now()): string {
  return `${agoText(now - at)} (${dateText(at, now)})`;
}

/** That values were cut or left out which no run has listed before. */
export function leftOutText(count: number): string {
  return `${formatNumber(count)} ${count === 1 ? "value is" : "values are"} newly cut or left out. Which, and why: ${PROGRAM} rejected`;
}

/** A local time; the year only where it is another one. */
export function dateText(at: number, now = Date.now()): string {
  const date = new Date(at);
  const sameYear = date.getFullYear() === new Date(now).getFullYear();
  return date.toLocaleString("en-GB", {
    day: "numeric",
    month: "short",
    ...(sameYear ? {} : { year: "numeric" }),
    hour: "2-digit",
    minute: "2-digit",
  });
}

/** "0.4 s", "12 s", "5 min", "3 h". */
export function durationText(milliseconds: number): string {
  const seconds = milliseconds / 1_000;
  if (seconds < 120)
    return `${formatNumber(seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${formatNumber(Math.round(minutes / 60))} h`;
}

function agoText(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 120) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} days ago`;
}
