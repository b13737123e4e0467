// Notes of GHL: no list has all of a location, so they are read contact by contact.

import { ConnectorError, createError } from "../errors.js";
import { INSTANT_UNIT_MS, type State } from "./cursor.js";
import { hash40 } from "./hash.js";
import { itemOf, type Step } from "./item.js";
import { MOST_ROWS, type Reader } from "./reading.js";
import { type Row, rowOfTime } from "./rows.js";

/** Most contacts whose notes one poll reads: a call each. */
const MOST_CONTACTS = 100;
/** Most contacts that can be named. */
const MOST_NAMED = 50;
/** Most contacts whose notes are read without a cursor: a call each. */
const MOST_NEWEST = 50;
/** Notes that are enough as samples. */
const ENOUGH_NOTES = 3;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** The notes that are known are read for so long: platforms end a poll after half a minute. */
const KNOWING_MS = 20_000;
/** Notes that a cursor remembers. */
const MOST_NOTED = 500;

/** What reads them. */
export const NOTES = "ghl.notes.list";

/** The notes of the contacts that are named; a note counts once, whatever becomes of its text. */
export async function readNamedNotes(reader: Reader): Promise<Row[]> {
  const ids = reader.parameters["contactIds"];
  if (
    !Array.isArray(ids) ||
    ids.length === 0 ||
    ids.length > MOST_NAMED ||
    ids.some((id) => typeof id !== "string")
  ) {
    throw createError({
      code: "invalid_argument",
      message: `newNote: contactIds must be a list of 1 to ${MOST_NAMED} ids of contacts`,
      hint: "Leave it out to watch all contacts that change.",
    });
  }
  const rows: Row[] = [];
  for (const id of new Set<string>(ids)) {
    for (const row of await notesOf(reader, id)) rows.push({ ...row, version: "1", versionHash: 1 });
    if (rows.length > MOST_ROWS) {
      throw createError({
        code: "invalid_argument",
        message: `newNote: these contacts have more than ${MOST_ROWS.toLocaleString("en-US")} notes`,
        hint: "Name fewer contacts, or leave contactIds out.",
      });
    }
  }
  return rows.sort((left, right) => left.time - right.time);
}

/** The new notes of the contacts that were met, each contact finished behind its notes. */
export async function* readNotes(
  reader: Reader,
  state: State,
  contacts: AsyncIterable<Step>,
): AsyncGenerator<Step, undefined> {
  let read = 0;
  for await (const contact of contacts) {
    if (contact.item === undefined) continue;
    if (read === MOST_CONTACTS) {
      yield { item: undefined, done: () => {}, isBudget: true };
      return undefined;
    }
    read += 1;
    for (const row of await notesOf(reader, contact.item.id)) {
      if (row.time <= state.base || state.noted.version(row.idHash) !== undefined) continue;
      const note = () => {
        state.noted.set(row.idHash, instantOf(row.time));
        state.noted.dropLowest(MOST_NOTED);
      };
      yield { item: itemOf(row, "new"), done: note };
    }
    yield { item: undefined, done: contact.done };
  }
  state.noted.dropUpTo(instantOf(state.base) - 1);
  return undefined;
}

/** The notes of the contacts that changed last, newest first: those of an hour, or of any time as samples. */
export async function newestNotes(
  reader: Reader,
  contacts: AsyncIterable<Row>,
  isSample: boolean,
): Promise<Row[]> {
  const since = isSample ? Number.NEGATIVE_INFINITY : reader.startedAt - HOUR_MS;
  const rows: Row[] = [];
  let read = 0;
  for await (const contact of contacts) {
    // Writing a note moves the contact's own time: what is older has no note of the hour.
    if (read === MOST_NEWEST || contact.time < since) break;
    read += 1;
    rows.push(...(await notesOf(reader, contact.id)).filter(({ time }) => time >= since));
    if (isSample && rows.length >= ENOUGH_NOTES) break;
  }
  return rows.sort((left, right) => right.time - left.time);
}

/**
 * All notes of the contacts that changed within a day, for a platform that takes note of what there is: contact by
 * contact, the one that changed last first, as many as can be read in 20 seconds.
 */
export async function* knownNotes(
  reader: Reader,
  contacts: AsyncIterable<Row>,
): AsyncGenerator<Row, undefined> {
  for await (const contact of contacts) {
    if (contact.time < reader.startedAt - DAY_MS || Date.now() > reader.startedAt + KNOWING_MS) break;
    yield* (await notesOf(reader, contact.id)).reverse();
  }
  return undefined;
}

/** A contact's notes, the oldest first; none of a contact that was deleted meanwhile. */
async function notesOf({ caller, options }: Reader, contactId: string): Promise<Row[]> {
  try {
    const { items } = await caller.page(NOTES, { contactId }, null, options);
    return items
      .map((note) => {
        const row = rowOfTime(note, "dateAdded", "dateAdded");
        return { ...row, idHash: hash40(row.id) };
      })
      .sort((left, right) => left.time - right.time);
  } catch (reason) {
    if (ConnectorError.is(reason) && reason.code === "not_found") return [];
    throw reason;
  }
}

/** An instant as a hash's bytes hold it. */
function instantOf(time: number): number {
  return Number.isFinite(time) ? Math.max(0, Math.floor(time / INSTANT_UNIT_MS)) : 2 ** 40 - 1;
}
