// The timeline of both systems: records of each side, paired by link or marker, in one order.

import { readInstant } from "./dates.js";
import type { RecordStatus } from "./reach.js";
import { crm, inOurWords, type Side, type State } from "./words.js";

/** Kinds of entries. */
export type EntryKind = "note" | "task" | "call" | "appointment";

/** One entry of the timeline. */
export interface Entry {
  /** Unique on the timeline. */
  id: string;
  kind: EntryKind;
  /** As the service gives it: text or HTML, with its marker. */
  source: string;
  isHtml: boolean;
  /** Where it belongs in time, in milliseconds since 1970; for a task its due date. */
  at: number;
  /** Whether it is still to come: an open task, a future appointment. */
  isToCome: boolean;
  /** A completed task. */
  isDone: boolean;
  /** A day without a time of its own. */
  isDay: boolean;
  /** Seconds of a call, or of an appointment from start to end. */
  duration: number | undefined;
  /** How a call or an appointment stands, in the service's word. */
  status: string | undefined;
  /** Who wrote it or does it. */
  person: string | undefined;
  /** Where it was made. */
  from: Side;
  /** Its id in the CRM. */
  crmId: string | undefined;
  /** Its uuid in ChartMogul. */
  chartmogulId: string | undefined;
  /** How it stands; undefined for what no sync copies, or where no state is shared. */
  state: State | undefined;
  /** Why it is not in step. */
  why: string | undefined;
  /** What to do about it. */
  hint: string | undefined;
}

/** A note, task, appointment or call of the CRM. */
export interface CrmRecords {
  notes: readonly CrmNote[];
  tasks: readonly CrmTask[];
  appointments: readonly CrmAppointment[];
  calls: readonly CrmCall[];
}
export interface CrmNote {
  id: string;
  body?: string | null;
  title?: string | null;
  userId?: string | null;
  dateAdded?: string | null;
}
export interface CrmTask {
  id: string;
  title?: string | null;
  body?: string | null;
  assignedTo?: string | null;
  dueDate?: string | null;
  completed?: boolean | null;
}
export interface CrmAppointment {
  id: string;
  title?: string | null;
  startTime?: string | null;
  endTime?: string | null;
  appointmentStatus?: string | null;
  assignedUserId?: string | null;
}
export interface CrmCall {
  id: string;
  body?: string | null;
  dateAdded?: string | null;
  direction?: string | null;
  userId?: string | null;
  meta?: { callDuration?: string | number | null; callStatus?: string | null } | null;
}

/** Notes, calls and tasks of ChartMogul. */
export interface ChartMogulRecords {
  notes: readonly ChartMogulNote[];
  tasks: readonly ChartMogulTask[];
}
export interface ChartMogulNote {
  uuid: string;
  type: string;
  text: string | null;
  call_duration?: number | null;
  author?: string | null;
  created_at: string;
}
export interface ChartMogulTask {
  task_uuid: string;
  task_details: string;
  assignee?: string | null;
  due_date?: string | null;
  completed_at?: string | null;
  created_at: string;
}

/** The CRM's record that a text of ChartMogul names, `n` for a note and `t` for a task. */
export function markedCrmId(text: string, kind: "n" | "t"): string | undefined {
  return lastMarker(text, `[ghl:${kind}:`);
}

/** The ChartMogul record that a text of the CRM names. */
export function markedChartMogulId(text: string, kind: "n" | "t"): string | undefined {
  return lastMarker(text, `[cm:${kind}:`);
}

function lastMarker(text: string, form: string): string | undefined {
  const begins = text.lastIndexOf(form);
  if (begins < 0) return undefined;
  const ends = text.indexOf("]", begins);
  const id = ends < 0 ? "" : text.slice(begins + form.length, ends);
  return id === "" || /\s/.test(id) ? undefined : id;
}

/** A text as people read it: without markers, and without the line that names its author elsewhere. */
export function readable(plain: string): string {
  return plain
    .replaceAll(/\s*\[(?:ghl|cm):[nt]:[^\]\s]+\]/g, "")
    .replace(/\n+by [^\n]+ in ChartMogul\s*$/, "")
    .trim();
}

const looksLikeHtml = (text: string): boolean => /<\/?[a-z][^>]*>|&(?:[a-z]+|#\d+);/i.test(text);

/** A text with its title above, where it has one. */
const titled = (title: string | null | undefined, body: string): string =>
  title ? `${title}\n${body}` : body;

/** The user of the CRM who wrote or does something. */
export type UserNames = ReadonlyMap<string, string>;

/** The name before the address of ChartMogul's `Name (address)`. */
const authorName = (author: string | null | undefined): string | undefined =>
  author ? author.replace(/\s*\([^()]*\)\s*$/, "").trim() || author : undefined;

/** Records between two stops. */
const STEP = 200;

const TASK_WITHOUT_DATE = Number.MAX_SAFE_INTEGER;

/** What merging works on. */
export interface Sides {
  crm: CrmRecords;
  chartmogul: ChartMogulRecords;
  users: UserNames;
  /** ChartMogul's users by e-mail address, in lower case. */
  people: UserNames;
  /** How records stand by any of their ids; undefined where no state is shared. */
  statuses: ReadonlyMap<string, RecordStatus> | undefined;
  /** Whether the contact is linked, so that what is new will be copied. */
  isLinked: boolean;
  now: number;
}

/** All ids whose standing the timeline shows. */
export function idsOf(crmRecords: CrmRecords, chartmogul: ChartMogulRecords): string[] {
  return [
    ...crmRecords.notes.map(({ id }) => id),
    ...crmRecords.tasks.map(({ id }) => id),
    ...chartmogul.notes.map(({ uuid }) => uuid),
    ...chartmogul.tasks.map(({ task_uuid }) => task_uuid),
  ];
}

/** Both sides as one list: what is to come first, the nearest first; then the past, the newest first. */
export function mergeTimeline(sides: Sides): Entry[] {
  const steps = mergeInSteps(sides);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** The same, with a stop every few records: between them the page can do something else. */
export function* mergeInSteps({
  crm: ofCrm,
  chartmogul,
  users,
  people,
  statuses,
  isLinked,
  now,
}: Sides): Generator<undefined, Entry[]> {
  const entries = new Map<string, Entry>();
  /** The CRM's record that stands for a record of ChartMogul. */
  const pairs = new Map<string, string>();
  const nameOf = (id: string | null | undefined) => (id ? users.get(id) : undefined);

  let steps = 0;
  const isStop = () => {
    steps += 1;
    return steps % STEP === 0;
  };

  const add = (entry: Partial<Entry> & Pick<Entry, "kind" | "at" | "from">): Entry => {
    const whole: Entry = {
      id: `${entry.kind}-${entry.crmId ?? entry.chartmogulId}`,
      source: "",
      isHtml: false,
      isToCome: false,
      isDone: false,
      isDay: false,
      duration: undefined,
      status: undefined,
      person: undefined,
      crmId: undefined,
      chartmogulId: undefined,
      state: undefined,
      why: undefined,
      hint: undefined,
      ...entry,
    };
    entries.set(whole.id, whole);
    return whole;
  };

  for (const note of ofCrm.notes) {
    if (isStop()) yield;
    const source = titled(note.title, note.body ?? "");
    const origin = markedChartMogulId(source, "n");
    if (origin !== undefined) pairs.set(origin, `note-${note.id}`);
    add({
      kind: "note",
      source,
      isHtml: looksLikeHtml(source),
      at: readInstant(note.dateAdded) ?? 0,
      person: nameOf(note.userId),
      from: origin === undefined ? "crm" : "chartmogul",
      crmId: note.id,
    });
  }
  for (const task of ofCrm.tasks) {
    if (isStop()) yield;
    const body = task.body ?? "";
    const origin = markedChartMogulId(body, "t");
    if (origin !== undefined) pairs.set(origin, `task-${task.id}`);
    const dueAt = readInstant(task.dueDate);
    const isDone = task.completed === true;
    add({
      kind: "task",
      source: task.title ?? body,
      at: dueAt ?? (isDone ? 0 : TASK_WITHOUT_DATE),
      isToCome: !isDone,
      isDone,
      person: nameOf(task.assignedTo),
      from: origin === undefined ? "crm" : "chartmogul",
      crmId: task.id,
    });
  }
  for (const appointment of ofCrm.appointments) {
    const at = readInstant(appointment.startTime) ?? 0;
    const end = readInstant(appointment.endTime);
    add({
      kind: "appointment",
      source: appointment.title ?? "Appointment",
      at,
      isToCome: at > now && appointment.appointmentStatus !== "cancelled",
      duration: end === undefined ? undefined : (end - at) / 1_000,
      status: appointment.appointmentStatus ?? undefined,
      person: nameOf(appointment.assignedUserId),
      from: "crm",
      crmId: appointment.id,
    });
  }
  for (const call of ofCrm.calls) {
    if (isStop()) yield;
    const seconds = Number(call.meta?.callDuration ?? Number.NaN);
    add({
      kind: "call",
      source: call.body || (call.direction === "inbound" ? "Incoming call" : "Outgoing call"),
      at: readInstant(call.dateAdded) ?? 0,
      duration: Number.isFinite(seconds) ? seconds : undefined,
      status: call.meta?.callStatus ?? undefined,
      person: nameOf(call.userId),
      from: "crm",
      crmId: call.id,
    });
  }

  /** The entry of the CRM that a record of ChartMogul is the copy or the origin of. */
  const twinOf = (kind: "note" | "task", uuid: string, marked: string | undefined): Entry | undefined => {
    const named = statuses?.get(uuid)?.ghlId ?? marked;
    const byId = named === undefined ? undefined : entries.get(`${kind}-${named}`);
    return byId ?? entries.get(pairs.get(uuid) ?? "");
  };

  for (const note of chartmogul.notes) {
    if (isStop()) yield;
    const source = note.text ?? "";
    const marked = markedCrmId(source, "n");
    const twin = twinOf("note", note.uuid, marked);
    if (twin !== undefined) {
      twin.chartmogulId = note.uuid;
      if (twin.from === "chartmogul") {
        // What was made there says more there: who wrote it, and whether it is a call.
        twin.person = authorName(note.author) ?? twin.person;
        if (note.type === "call") {
          twin.kind = "call";
          twin.duration = note.call_duration ?? undefined;
          twin.source = source;
          twin.isHtml = looksLikeHtml(source);
        }
        twin.at = readInstant(note.created_at) ?? twin.at;
      }
      continue;
    }
    const isCall = note.type === "call";
    add({
      kind: isCall ? "call" : "note",
      source: isCall && source.trim() === "" ? "Call" : source,
      isHtml: looksLikeHtml(source),
      at: readInstant(note.created_at) ?? 0,
      duration: isCall ? (note.call_duration ?? undefined) : undefined,
      person: authorName(note.author),
      from: marked === undefined ? "chartmogul" : "crm",
      chartmogulId: note.uuid,
    });
  }
  for (const task of chartmogul.tasks) {
    if (isStop()) yield;
    const marked = markedCrmId(task.task_details, "t");
    const twin = twinOf("task", task.task_uuid, marked);
    const address = task.assignee ?? undefined;
    const person = address === undefined ? undefined : (people.get(address.toLowerCase()) ?? address);
    if (twin !== undefined) {
      twin.chartmogulId = task.task_uuid;
      twin.person ??= person;
      continue;
    }
    const isDone = task.completed_at !== null && task.completed_at !== undefined;
    add({
      kind: "task",
      source: task.task_details,
      at: readInstant(isDone ? task.completed_at : task.due_date) ?? TASK_WITHOUT_DATE,
      isToCome: !isDone,
      isDone,
      isDay: !isDone,
      person,
      from: marked === undefined ? "chartmogul" : "crm",
      chartmogulId: task.task_uuid,
    });
  }

  const list = [...entries.values()];
  for (const entry of list) {
    if (isStop()) yield;
    Object.assign(entry, standingOf(entry, statuses, isLinked));
  }
  yield;
  return list.sort(inOrder);
}

/** What is to come, the nearest first; then the past, the newest first. */
export function inOrder(one: Entry, other: Entry): number {
  if (one.isToCome !== other.isToCome) return one.isToCome ? -1 : 1;
  const order = one.isToCome ? one.at - other.at : other.at - one.at;
  return order !== 0 ? order : one.id < other.id ? -1 : 1;
}

/** How an entry stands, and why. */
function standingOf(
  entry: Entry,
  statuses: Sides["statuses"],
  isLinked: boolean,
): Partial<Pick<Entry, "state" | "why" | "hint">> {
  // No sync copies these.
  if (entry.kind === "appointment" || (entry.kind === "call" && entry.chartmogulId === undefined)) return {};
  const isPaired = entry.crmId !== undefined && entry.chartmogulId !== undefined;
  if (statuses === undefined) return isPaired ? { state: "in-step" } : {};
  const status = statuses.get(entry.crmId ?? "") ?? statuses.get(entry.chartmogulId ?? "");
  if (status === undefined || status.standing === "unknown") {
    if (isPaired || entry.from !== "crm" || entry.crmId === undefined || !isLinked) return {};
    return { state: "pending", why: `New in ${crm()}, not yet in ChartMogul.` };
  }
  if (status.standing === "inStep") return { state: "in-step" };
  // What belongs to a contact without a customer waits for that; the contact itself says so.
  if (!isLinked && stateOf(status) === "unlinked") return {};
  return {
    state: stateOf(status),
    why: capital(inOurWords(status.reason)),
    hint: status.hint === undefined ? undefined : inOurWords(status.hint),
  };
}

const capital = (text: string): string => {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
};

/** Causes of a record that stands apart since it has no partner. */
const WITHOUT_PARTNER: ReadonlySet<string> = new Set([
  "noCounterpart",
  "noBusiness",
  "noContact",
  "parentApart",
  "ambiguous",
]);

/** The state of the panel for a record's standing in the sync. */
export function stateOf({ standing, cause = "" }: Pick<RecordStatus, "standing" | "cause">): State {
  switch (standing) {
    case "inStep":
      return "in-step";
    case "failed":
      return "failed";
    case "waiting":
      return cause === "ambiguous" ? "unlinked" : "conflict";
    case "apart":
      return WITHOUT_PARTNER.has(cause) ? "unlinked" : "paused";
    case "unknown":
      return "unlinked";
  }
}
