// Single writes: a note or task on both sides, and a link by hand where no sync keeps one.

import { longDate, time, wholeCalendarDate } from "./dates.js";
import { type Failure, failureOf } from "./failure.js";
import type { Person, User } from "./person.js";
import type { Change, Plan, Reach } from "./reach.js";
import { crm } from "./words.js";

/** A note or task that a person adds. */
export interface Draft {
  kind: "note" | "task";
  text: string;
  /** The day of a task, `2026-12-04`. */
  due: string;
  /** Who does a task: a user of the CRM. */
  assignee: User | undefined;
  /** Where it is written to. */
  toCrm: boolean;
  toChartMogul: boolean;
}

/** Most characters of a task in ChartMogul. */
export const LONGEST_TASK = 255;

/** What is wrong with a draft; undefined where nothing is. */
export function mistakeOf(
  draft: Draft,
): { field: "text" | "due" | "assignee" | "to"; text: string } | undefined {
  if (draft.text.trim() === "") return { field: "text", text: `Write the ${draft.kind} first.` };
  if (!draft.toCrm && !draft.toChartMogul)
    return { field: "to", text: "Choose at least one side to write to." };
  if (draft.kind === "task" && !/^\d{4}-\d{2}-\d{2}$/.test(draft.due))
    return { field: "due", text: "Choose the day it is due." };
  if (draft.kind === "task" && draft.toChartMogul && !draft.assignee?.email)
    return { field: "assignee", text: "Choose who does it: ChartMogul needs an assignee." };
  return undefined;
}

/** How a write ended. */
export interface Written {
  /** Sides that have it now. */
  crmId: string | undefined;
  chartmogulId: string | undefined;
  /** What the second write failed with, where the first one worked. */
  failure: Failure | undefined;
}

type Id = { id?: string; uuid?: string; task_uuid?: string };

/**
 * Writes a note or task to the CRM, then its copy to ChartMogul with the marker by which a sync knows it: it is
 * linked by the next run, and not written twice.
 */
export async function writeBoth(
  reach: Reach,
  draft: Draft,
  person: Pick<Person, "contact" | "customer" | "connection">,
  signal: AbortSignal,
): Promise<Written> {
  const { contact, customer, connection } = person;
  const text = draft.text.trim();
  let crmId: string | undefined;
  if (draft.toCrm && contact !== undefined) {
    const zone = connection.crm.ok ? connection.crm.location.timeZone : "";
    const made: Id =
      draft.kind === "note"
        ? await reach.call("ghl.notes.create", { contactId: contact.id, body: asHtml(text) }, signal)
        : await reach.call(
            "ghl.tasks.create",
            {
              contactId: contact.id,
              ...taskText(text),
              dueDate: new Date(instantOf(draft.due, zone)).toISOString(),
              completed: false,
              ...(draft.assignee && { assignedTo: draft.assignee.id }),
            },
            signal,
          );
    crmId = made.id;
  }
  if (!draft.toChartMogul || customer === undefined)
    return { crmId, chartmogulId: undefined, failure: undefined };
  try {
    const made: Id =
      draft.kind === "note"
        ? await reach.call(
            "chartmogul.notes.create",
            {
              customer_uuid: customer.uuid,
              type: "note",
              text: withMarker(asHtml(text), "<br>", "n", crmId),
            },
            signal,
          )
        : await reach.call(
            "chartmogul.tasks.create",
            {
              customer_uuid: customer.uuid,
              task_details: taskDetails(text, crmId),
              assignee: draft.assignee?.email,
              due_date: draft.due,
            },
            signal,
          );
    return { crmId, chartmogulId: made.uuid ?? made.task_uuid, failure: undefined };
  } catch (reason) {
    if (crmId === undefined) throw reason;
    return { crmId, chartmogulId: undefined, failure: failureOf(reason) };
  }
}

const withMarker = (text: string, gap: string, kind: "n" | "t", id: string | undefined): string =>
  id === undefined ? text : `${text}${gap}[ghl:${kind}:${id}]`;

/** The text of a task in ChartMogul: cut so that the marker fits. */
export function taskDetails(text: string, crmId: string | undefined): string {
  const marker = withMarker("", " ", "t", crmId);
  const room = LONGEST_TASK - marker.length;
  const line = text.replaceAll(/\s*\n\s*/g, " - ");
  if (line.length <= room) return line + marker;
  let cut = "";
  for (const character of line) {
    if (cut.length + character.length + 1 > room) break;
    cut += character;
  }
  return `${cut.trimEnd()}…${marker}`;
}

/** The first line of a task is its title in the CRM, the rest its description. */
function taskText(text: string): { title: string; body?: string } {
  const [title = "", ...rest] = text.split("\n");
  const body = rest.join("\n").trim();
  return { title: title.trim(), ...(body !== "" && { body: asHtml(body) }) };
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** Plain text as both services' pages show it. */
export const asHtml = (text: string): string =>
  text.replaceAll(/[&<>]/g, (character) => ENTITIES[character] ?? character).replaceAll("\n", "<br>");

/** 9:00 of a day in a time zone, in milliseconds since 1970: when a task of that day is due in the CRM. */
export function instantOf(day: string, timeZone: string): number {
  const asUtc = Date.parse(`${day}T09:00:00Z`);
  let at = asUtc;
  // The offset may change with the instant it is asked for.
  for (let round = 0; round < 2; round += 1) at = asUtc - offsetOf(at, timeZone);
  return at;
}

function offsetOf(at: number, timeZone: string): number {
  let parts: Intl.DateTimeFormatPart[];
  try {
    parts = new Intl.DateTimeFormat("en-US", {
      timeZone: timeZone || "UTC",
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    }).formatToParts(at);
  } catch {
    return 0;
  }
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value);
  const there = Date.UTC(
    part("year"),
    part("month") - 1,
    part("day"),
    part("hour"),
    part("minute"),
    part("second"),
  );
  return there - Math.floor(at / 1_000) * 1_000;
}

/** What a direct link writes, so that it can be shown first. */
export interface LinkWrite {
  endpoint: "chartmogul.contacts.update" | "chartmogul.customers.createContact";
  parameters: Readonly<Record<string, unknown>>;
  /** Field, and what it is set to. */
  shown: readonly (readonly [string, string])[];
  /** What is done, in words. */
  title: string;
}

/**
 * The single write that links a contact with a customer where no sync keeps the link: the customer's contact
 * of the same e-mail address gets the contact's id, or a new one is created with it. A sync knows it by that.
 */
export async function planLink(
  reach: Reach,
  contact: NonNullable<Person["contact"]>,
  customerUuid: string,
  dataSource: string | undefined,
  signal: AbortSignal,
): Promise<LinkWrite> {
  type Row = { uuid: string; email?: string | null; external_id?: string | null; data_source_uuid?: string };
  const page: { items: Row[] } = await reach.call(
    "chartmogul.customers.listContacts",
    { customer_uuid: customerUuid, per_page: 200 },
    signal,
  );
  const same = page.items.find(
    (row) => contact.email !== undefined && row.email?.toLowerCase() === contact.email,
  );
  const custom = [{ key: "ghl_contact_id", value: contact.id }];
  if (same !== undefined)
    return {
      endpoint: "chartmogul.contacts.update",
      parameters: { contact_uuid: same.uuid, external_id: contact.id, custom },
      title: "Mark the contact in ChartMogul",
      shown: [["External id", contact.id]],
    };
  const [first = "", ...rest] = contact.name.split(" ");
  const fields = {
    first_name: first,
    last_name: rest.join(" "),
    ...(contact.email && { email: contact.email }),
    ...(contact.phone && { phone: contact.phone }),
  };
  return {
    endpoint: "chartmogul.customers.createContact",
    parameters: {
      customer_uuid: customerUuid,
      data_source_uuid: dataSource,
      external_id: contact.id,
      custom,
      ...fields,
    },
    title: "Create a contact in ChartMogul",
    shown: [
      ["Name", contact.name],
      ...(contact.email ? [["E-mail", contact.email] as const] : []),
      ...(contact.phone ? [["Phone", contact.phone] as const] : []),
      ["External id", contact.id],
    ],
  };
}

/** Actions of a plan that write something. */
const WRITES: ReadonlySet<string> = new Set([
  "create",
  "update",
  "complete",
  "link",
  "move",
  "delete",
  "merge",
]);

/** The changes of a plan that write, and those that write nothing, for whoever reads it. */
export function partsOf(plan: Plan): { writes: Change[]; rest: Change[] } {
  const writes = plan.changes.filter((change) => isWrite(change));
  return { writes, rest: plan.changes.filter((change) => !isWrite(change)) };
}

/** A link that fills no field writes to no service. */
const isWrite = ({ action, fields, ghlFields = {}, tagsAdded = [], tagsRemoved = [] }: Change): boolean =>
  WRITES.has(action) &&
  (action !== "link" ||
    Object.keys(fields).length + Object.keys(ghlFields).length + tagsAdded.length + tagsRemoved.length > 0);

/** Whether a plan writes nothing but the copy of one record that has just been shown and added. */
export function isOnlyCopyOf(plan: Plan, crmId: string): boolean {
  const { writes } = partsOf(plan);
  return (
    writes.length === 1 &&
    writes[0]?.action === "create" &&
    writes[0].ghlId === crmId &&
    plan.summary.guard === null
  );
}

/** What a change does, as a title. */
export function titleOfChange({ action, kind, direction }: Change): string {
  const where = direction === "chartmogul-to-ghl" ? crm() : "ChartMogul";
  const article = kind === "contact" || kind === "customer" ? "the" : "a";
  const verbs: Readonly<Record<string, string>> = {
    create: `Create a ${kind} in ${where}`,
    update: `Update ${article} ${kind} in ${direction === "both" ? "both" : where}`,
    complete: `Complete a task in ${where}`,
    link: `Link ${article} ${kind}`,
    move: `Move ${article} ${kind} to another customer`,
    delete: `Delete our copy of a ${kind} in ${where}`,
    merge: "Merge two customers in ChartMogul",
    keep: `Keep ChartMogul’s value of ${article} ${kind}`,
    skip: `Leave ${article} ${kind} as it is`,
    conflict: `A ${kind} waits for you`,
    error: `A ${kind} cannot be synced`,
  };
  return verbs[action] ?? `${action} ${kind}`;
}

const LABELS: Readonly<Record<string, string>> = {
  task_details: "Text",
  text: "Text",
  due_date: "Due",
  assignee: "Assignee",
  completed: "Done",
  first_name: "First name",
  last_name: "Last name",
  email: "E-mail",
  phone: "Phone",
  website_url: "Website",
  author: "Author",
  created_at: "Written",
  zip: "Postcode",
};

/** The name of a field for people. */
export function labelOf(field: string): string {
  const known = LABELS[field];
  if (known !== undefined) return known;
  const name = field.replace(/^(custom|attribute)\./, "").replaceAll("_", " ");
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** A day, or an instant as both services write it. */
const DAY = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/;

function dayText(text: string): string {
  const at = Date.parse(text);
  if (Number.isNaN(at)) return text;
  return text.length === 10 ? wholeCalendarDate(at) : `${longDate(at)}, ${time(at)}`;
}

/** A value for people. */
export function valueText(value: unknown): string {
  if (value === undefined || value === null || value === "") return "Empty";
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (typeof value === "string") return DAY.test(value) ? dayText(value) : value;
  return typeof value === "number" ? value.toLocaleString("en-US") : JSON.stringify(value);
}

/** A piece of a text, and whether it differs from the other text. */
export interface Piece {
  text: string;
  differs: boolean;
}

/** Marks what differs between two texts: word by word where they have as many words, else from end to end. */
export function differingPieces(one: string, other: string): Piece[] {
  const [mine, theirs] = [one.split(" "), other.split(" ")];
  const pairs =
    mine.length === theirs.length ? mine.map((word, index) => [word, theirs[index] ?? ""]) : [[one, other]];
  const pieces: Piece[] = [];
  const add = (text: string, differs: boolean) => {
    const last = pieces.at(-1);
    if (text === "") return;
    if (last?.differs === differs) last.text += text;
    else pieces.push({ text, differs });
  };
  pairs.forEach(([word = "", their = ""], index) => {
    if (index > 0) add(" ", false);
    const [begin, middle, end] = differingParts(word, their);
    add(begin, false);
    add(middle, true);
    add(end, false);
  });
  return pieces;
}

function differingParts(one: string, other: string): [string, string, string] {
  let begin = 0;
  while (begin < one.length && begin < other.length && one[begin] === other[begin]) begin += 1;
  let end = 0;
  while (
    end < one.length - begin &&
    end < other.length - begin &&
    one[one.length - 1 - end] === other[other.length - 1 - end]
  )
    end += 1;
  return [one.slice(0, begin), one.slice(begin, one.length - end), one.slice(one.length - end)];
}
