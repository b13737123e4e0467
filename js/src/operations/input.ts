// Turns what a form gives into what an operation takes: platforms give text for nearly everything.

import { createError } from "../errors.js";
import { type CustomField, customFieldValues } from "./custom-fields.js";
import type { Field } from "./field.js";
import type { Operation, TriggerForm } from "./operation.js";
import { inZone, isDate, isMoment, isoOf } from "./zone.js";

/** Options of `readInput`. */
export interface InputOptions {
  /** The location's custom fields, as `readCustomFields` gives them: their values are then typed. */
  customFields?: readonly CustomField[] | undefined;
  /** IANA name of the zone of times that name none, and of the day of a `Date`. Without it they stay as they are. */
  timeZone?: string | undefined;
}

type Given = Readonly<Record<string, unknown>>;

/**
 * The parameters of an operation from what a form gives. Texts become what the field takes: `"12"`, `"true"`,
 * `"a, b"`, `"2026-01-31"`, JSON. What is empty is left out: it never clears. Custom fields come as an object:
 * the value by the custom field's id. `invalid_argument` names the field that is wrong or unknown.
 *
 * @example
 * import { findOperation, readInput } from "ghl-chartmogul/operations";
 * const operation = findOperation("ghl.contacts.create");
 * console.log(readInput(operation, { email: "ada@example.com", tags: "vip, new", dnd: "false", phone: "" }));
 * // { email: "ada@example.com", tags: ["vip", "new"], dnd: false }
 */
export function readInput(
  form: Pick<Operation | TriggerForm, "name" | "fields">,
  input: Given,
  { customFields, timeZone }: InputOptions = {},
): Record<string, unknown> {
  const parameters: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(input)) {
    const field = form.fields.find((one) => one.name === name);
    if (field === undefined) {
      throw createError({
        code: "invalid_argument",
        message: `${form.name} has no field ${name}`,
        hint: `It takes ${form.fields.map((one) => one.name).join(", ") || "nothing"}.`,
      });
    }
    if (isEmpty(value)) continue;
    const read =
      field.customFields !== undefined && isObject(value)
        ? customFieldValues(value, customFields, timeZone)
        : readValue(field, value, timeZone);
    // A text such as `[]` or `, ` was something, and holds nothing: it must not clear what is there.
    if (!isEmpty(read)) parameters[name] = read;
  }
  return parameters;
}

/** Whether nothing was given, all the way down. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value === "string") return value.trim() === "";
  if (Array.isArray(value)) return value.every(isEmpty);
  return isPlain(value) && Object.values(value).every(isEmpty);
}

/** An object of data: a date or bytes are values, whatever their properties. */
function isPlain(value: unknown): value is Record<string, unknown> {
  return isObject(value) && Object.prototype.toString.call(value) === "[object Object]" && !isMoment(value);
}

/** A value of a field, or of each of its items. Nothing where the text holds nothing. */
export function readValue(field: Field, value: unknown, timeZone: string | undefined): unknown {
  return readInside(field, value, { label: field.label, timeZone });
}

/** Where a value is read: for messages, and for times. */
interface Place {
  label: string;
  timeZone: string | undefined;
}

function listOf(field: Field, value: unknown): readonly unknown[] {
  return itemsOf(field, value).filter((item) => !isEmpty(item));
}

function itemsOf(field: Field, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value !== "string") return [value];
  const text = value.trim();
  if (text.startsWith("[")) {
    const list = parseJson(text);
    if (Array.isArray(list)) return list;
  }
  if (field.type === "object" || field.type === "json") return [text];
  return text.split(/[,\n]/).map((item) => item.trim());
}

function readOne(field: Field, given: unknown, place: Place): unknown {
  const { label, timeZone } = place;
  const value = timeZone === undefined ? given : inZone(field, given, timeZone);
  switch (field.type) {
    case "number":
    case "integer":
      return readNumber(field, value, label);
    case "boolean":
      return readBoolean(value, label);
    case "date":
    case "dateTime":
      return readTime(field, value, label);
    case "file":
      if (value instanceof Uint8Array) return value;
      throw refused(label, "takes a file's bytes", value);
    case "object":
      return readObject(field, value, place);
    case "json":
      return typeof value === "string" ? readJson(value) : value;
    default:
      return readText(field, value, label);
  }
}

function readText({ words, closed }: Field, value: unknown, label: string): string {
  if (typeof value === "object") throw refused(label, "takes text", value);
  const text = String(value);
  if (words === undefined || words.includes(text)) return text;
  const same = words.filter((word) => word.toLowerCase() === text.trim().toLowerCase());
  if (same.length === 1) return same[0] as string;
  if (closed !== true) return text;
  throw refused(label, `takes one of ${words.join(", ")}`, value);
}

function readNumber({ type }: Field, value: unknown, label: string): number {
  const text = String(value).trim();
  const number = typeof value === "number" ? value : text === "" ? Number.NaN : Number(text);
  if (Number.isInteger(number) && !Number.isSafeInteger(number))
    throw refused(label, "takes a number of up to 15 digits", value);
  if (Number.isFinite(number) && (type === "number" || Number.isInteger(number))) return number;
  // Some parameters take milliseconds; forms give dates.
  const time = type === "integer" && /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw refused(label, type === "integer" ? "takes a whole number" : "takes a number", value);
}

function readBoolean(value: unknown, label: string): boolean {
  if (typeof value === "boolean") return value;
  const text = String(value).trim().toLowerCase();
  if (["true", "yes", "1", "on"].includes(text)) return true;
  if (["false", "no", "0", "off"].includes(text)) return false;
  throw refused(label, "takes true or false", value);
}

function readTime({ type }: Field, value: unknown, label: string): string {
  if (type === "date" && isDate(value))
    throw refused(
      label,
      "takes a day as text, such as 2026-01-31: a Date is another day in other zones",
      value,
    );
  const text = (isoOf(value) ?? "").trim();
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(Date.parse(text)))
    throw refused(label, "takes a date such as 2026-01-31, or with a time 2026-01-31T09:30:00Z", value);
  return type === "date" ? text.slice(0, 10) : text;
}

function readObject({ fields = [] }: Field, value: unknown, { label, timeZone }: Place): unknown {
  const object = typeof value === "string" ? readJson(value) : value;
  if (!isObject(object)) throw refused(label, "takes an object, or JSON of one", value);
  const known = new Map(fields.map((field) => [field.name, field]));
  return Object.fromEntries(
    Object.entries(object).flatMap(([name, part]) => {
      if (isEmpty(part)) return [];
      const field = known.get(name);
      // What the field does not know is for the operation itself to judge.
      const read =
        field === undefined ? part : readInside(field, part, { label: `${label}: ${field.label}`, timeZone });
      return isEmpty(read) ? [] : [[name, read]];
    }),
  );
}

function readInside(field: Field, value: unknown, place: Place): unknown {
  return field.list
    ? listOf(field, value).map((item) => readOne(field, item, place))
    : readOne(field, value, place);
}

/** Text that is JSON of a list or an object; else the text itself: `02134`, `true` and `null` are texts of a person. */
function readJson(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return text;
  const parsed = parseJson(text);
  return parsed === undefined ? text : parsed;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}

function refused(label: string, takes: string, value: unknown): Error {
  const shown =
    typeof value === "object" ? (Array.isArray(value) ? "a list" : "an object") : JSON.stringify(value);
  return createError({
    code: "invalid_argument",
    message: `${label} ${takes}, not ${String(shown).slice(0, 60)}`,
  });
}
