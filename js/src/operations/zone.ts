// Times that name no time zone, as a form gives them: they are of the zone where the form is.

import { utcOffsetMinutes } from "../time-zone.js";
import type { Field } from "./field.js";

/** A date and a time that name no zone. */
const LOCAL_TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?$/;

/**
 * One value of a field with its zone: a text without one as an instant, a date of a program as text. A date
 * without a time stays as it is.
 */
export function inZone(field: Field, value: unknown, timeZone: string): unknown {
  if (field.type === "date" && isDate(value)) return dayOf(value, timeZone);
  const text = isoOf(value);
  if (text === undefined || !LOCAL_TIME.test(text.trim()) || !isInstant(field)) return text ?? value;
  const asUtc = Date.parse(`${text.trim().replace(" ", "T")}Z`);
  if (Number.isNaN(asUtc)) return text;
  const first = asUtc - offsetMs(timeZone, asUtc);
  return new Date(asUtc - offsetMs(timeZone, first)).toISOString();
}

const offsetMs = (timeZone: string, at: number) => (utcOffsetMinutes(timeZone, at) ?? 0) * 60_000;

/** Whether it takes a time. ChartMogul's are texts, as it takes several forms: what they hold says it. */
function isInstant({ type, help }: Field): boolean {
  if (type === "text") return /\binstants?\b/i.test(help);
  return type === "dateTime" || type === "integer";
}

/** The day that it is in this time zone. */
function dayOf(instant: Date, timeZone: string): string | undefined {
  const at = instant.getTime();
  return Number.isNaN(at) ? undefined : new Date(at + offsetMs(timeZone, at)).toISOString().slice(0, 10);
}

/** The text of a time: a text, or a date of JavaScript or of a library such as Luxon. */
export function isoOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (isDate(value)) return Number.isNaN(value.getTime()) ? undefined : value.toISOString();
  return isMoment(value) ? (value.toISO() ?? undefined) : undefined;
}

/** A `Date`, which may come from another realm. */
export function isDate(value: unknown): value is Date {
  return Object.prototype.toString.call(value) === "[object Date]";
}

/** A date of a library such as Luxon, which knows its own zone. */
export function isMoment(value: unknown): value is { toISO(): string | null } {
  return typeof (value as { toISO?: unknown } | null)?.toISO === "function";
}
