// The records of an operation, whatever it gives, with their ids, times and versions.

import { contentHash, hash40, hexOf } from "./hash.js";

/** A record that was read. */
export interface Row {
  id: string;
  record: unknown;
  /** Milliseconds since 1970; infinite where the record has no readable time. */
  time: number;
  created: number | undefined;
  /** What distinguishes this state of the record: its time, or what it holds. */
  version: string;
  idHash: number;
  versionHash: number;
}

const ID_NAMES = ["id", "_id", "uuid", "task_uuid"];

/** The id of a record; of one without any, the hash of what it holds. */
export function idOf(record: unknown): string {
  for (const name of ID_NAMES) {
    const id = propertyOf(record, name);
    if ((typeof id === "string" && id !== "") || typeof id === "number") return String(id);
  }
  return hexOf(contentHash(record));
}

/** A row that is compared by what it holds. */
export function rowOfContents(record: unknown, id: string = idOf(record)): Row {
  const versionHash = contentHash(record);
  return {
    ...{ id, record, time: Number.POSITIVE_INFINITY, created: undefined },
    ...{ version: hexOf(versionHash), idHash: hash40(id), versionHash },
  };
}

/** A row that is compared by its time. */
export function rowOfTime(record: unknown, timeName: string, createdName: string | undefined): Row {
  const time = timeOf(propertyOf(record, timeName) ?? propertyOf(record, ALSO_CALLED[timeName]));
  const created = createdName === undefined ? undefined : timeOf(propertyOf(record, createdName));
  if (time === undefined) return { ...rowOfContents(record), created };
  const id = idOf(record);
  const version = new Date(time).toISOString();
  return { id, record, time, created, version, idHash: hash40(id), versionHash: hash40(version) };
}

/** Older spellings, as reports of users have them. */
const ALSO_CALLED: Readonly<Record<string, string>> = { dateUpdated: "updatedAt", dateAdded: "createdAt" };

/** Milliseconds of a time as services write it: ISO 8601, or a number. */
function timeOf(value: unknown): number | undefined {
  const time = typeof value === "string" ? Date.parse(value) : value;
  return typeof time === "number" && Math.abs(time) <= 8.64e15 ? time : undefined;
}

export function propertyOf(record: unknown, name: string | undefined): unknown {
  if (typeof record !== "object" || record === null || name === undefined) return undefined;
  return (record as Record<string, unknown>)[name];
}

/** The order of time, then id. */
export function compareRows(left: { time: number; id: string }, right: { time: number; id: string }): number {
  if (left.time !== right.time) return left.time < right.time ? -1 : 1;
  return left.id === right.id ? 0 : left.id < right.id ? -1 : 1;
}
