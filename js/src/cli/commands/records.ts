// What people ask of single records, and decide: `why`, `link`, `unlink`, `accept`, `retry`,
// `refresh`.

import type { Connector } from "../../connector.js";
import type { RecordStatus } from "../../generated/answers.js";
import { ExitCode } from "../exit-code.js";
import { colourOf, signText, stateOf, stateWord } from "../signs.js";
import { formatNumber } from "../table.js";
import type { Terminal } from "../terminal.js";
import { printable } from "../text-width.js";
import { adviceLines, customerLink, dateText, holderName, paragraph } from "../words.js";

/** Tells how a record stands: 3 where it fails or waits, 1 where nothing is known of it. */
export async function runWhy(connector: Connector, id: string, terminal: Terminal): Promise<ExitCode> {
  const record = await connector.sync.why(id);
  show(record, terminal);
  if (record.standing === "unknown") return ExitCode.Failed;
  return record.standing === "failed" || record.standing === "waiting" ? ExitCode.NotInStep : ExitCode.Done;
}

/** Links a contact with a customer or a contact of ChartMogul. */
export async function runLink(
  connector: Connector,
  contact: string,
  chartmogul: string,
  terminal: Terminal,
): Promise<ExitCode> {
  show(await connector.sync.link(contact, chartmogul), terminal);
  return ExitCode.Done;
}

/** Ends the link of a record. */
export async function runUnlink(connector: Connector, id: string, terminal: Terminal): Promise<ExitCode> {
  show(await connector.sync.unlink(id), terminal);
  return ExitCode.Done;
}

/** Settles records as they are. */
export async function runAccept(
  connector: Connector,
  ids: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  const accepted = await connector.sync.accept(ids);
  if (terminal.json) terminal.printJson(accepted);
  else for (const record of accepted) show(record, terminal);
  return ExitCode.Done;
}

/** Has the next run try a record again. */
export async function runRetry(connector: Connector, id: string, terminal: Terminal): Promise<ExitCode> {
  show(await connector.sync.retry(id), terminal);
  return ExitCode.Done;
}

/** Has the next run read contacts at once. */
export async function runRefresh(
  connector: Connector,
  ids: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  await connector.sync.refresh(ids);
  const { refreshing } = await connector.sync.status();
  if (terminal.json) terminal.printJson({ refreshing });
  else for (const line of paragraph(terminal, refreshingText(refreshing))) terminal.print(line);
  return ExitCode.Done;
}

/** "2 contacts are read by the next run: with their notes and tasks." */
export function refreshingText(count: number): string {
  const contacts = count === 1 ? "1 contact is" : `${formatNumber(count)} contacts are`;
  return `${contacts} read by the next run, with notes and tasks`;
}

function show(record: RecordStatus, terminal: Terminal): void {
  if (terminal.json) terminal.printJson(record);
  else for (const line of recordLines(record, terminal)) terminal.print(line);
}

/** The lines that say how a record stands. */
export function* recordLines(
  record: RecordStatus,
  terminal: Terminal,
  now = Date.now(),
): Generator<string, void, undefined> {
  const state = stateOf(record.standing, record.cause);
  const word = stateWord(record.standing, record.cause);
  const since = record.since === undefined ? "" : ` since ${dateText(record.since, now)}`;
  const what = [record.kind, record.id].filter(Boolean).join(" ");
  const cause = record.cause === undefined ? "" : ` (${record.cause})`;
  for (const line of paragraph(terminal, `${signText(state)} ${what}: ${word}${since}${cause}`))
    yield terminal.style("bold", terminal.style(colourOf(state), line));
  if (record.queued !== undefined) {
    const { queued } = record;
    const who = `${holderName(queued)} is syncing this location, since ${dateText(queued.since, now)}`;
    yield* paragraph(terminal, `queued: ${who}; it takes this up at the end of its run`, "    ", "  ");
  }
  if (record.reason !== word) yield* paragraph(terminal, printable(record.reason), "  ");
  const { ghlId, ghlContactId, chartmogulId, chartmogulCustomer, matched } = record;
  if (ghlId !== undefined && ghlId !== record.id) yield* paragraph(terminal, `GoHighLevel: ${ghlId}`, "  ");
  if (ghlContactId !== undefined && ghlContactId !== record.id)
    yield* paragraph(terminal, `GHL contact: ${ghlContactId}`, "  ");
  if (chartmogulId !== undefined && chartmogulId !== record.id)
    yield* paragraph(terminal, `ChartMogul: ${chartmogulId}`, "  ");
  if (chartmogulCustomer !== undefined)
    yield* paragraph(
      terminal,
      `customer: ${chartmogulCustomer}  ${customerLink(chartmogulCustomer)}`,
      "    ",
      "  ",
    );
  if (matched !== undefined) yield* paragraph(terminal, `linked by: ${MATCHED[matched]}`, "  ");
  if (record.kept.length > 0)
    yield* paragraph(terminal, `kept as ChartMogul has it: ${record.kept.join(", ")}`, "    ", "  ");
  for (const field of record.fields) yield* paragraph(terminal, `value: ${printable(field)}`, "    ", "  ");
  const { kind, candidates, hint } = record;
  yield* adviceLines({ kind, contact: ghlId ?? record.id, candidates, hint }, "  ", terminal);
}

const MATCHED: Readonly<Record<NonNullable<RecordStatus["matched"]>, string>> = {
  created: "made by the sync",
  choice: "a person's choice",
  link: "an earlier link",
  externalId: "the same external id",
  attribute: "its attribute that names the contact",
  email: "the same e-mail address",
  name: "the same name under the same customer",
  weak: "the same phone or secondary e-mail address, unique on both sides",
  business: "its business",
  marker: "the marker in its text",
  content: "the same content",
  brought: "the sync, which brought it from ChartMogul",
};
