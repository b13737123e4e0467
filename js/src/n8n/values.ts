// What a person chose in an n8n node, as the parameters of an operation or a trigger.

import type { CustomField } from "../operations/custom-fields.js";
import type { Field } from "../operations/field.js";
import { readInput } from "../operations/input.js";
import type { Operation, TriggerForm } from "../operations/operation.js";
import { utcOffsetMinutes } from "../time-zone.js";
import { collectionOf, fieldsOf, PAGE_LIMIT, propertyName } from "./form.js";

/** Gives the value of a property; undefined where it is not shown. */
export type ReadProperty = (name: string) => unknown;

/** How values are read. */
export interface ReadingOptions {
  /** The workflow's time zone: times without one are in it. */
  timeZone: string;
  /** The location's custom fields, so that their values are typed. */
  customFields?: readonly CustomField[] | undefined;
  /** The bytes of the input's binary field of this name, for fields that take a file. */
  readFile?: ((name: string) => Promise<Uint8Array>) | undefined;
}

type Form = Pick<Operation | TriggerForm, "name" | "fields">;

/**
 * The parameters of an operation from a node's properties. `invalid_argument` names the field that is wrong.
 *
 * @example
 * import { findOperation } from "ghl-chartmogul/operations";
 * import { readOperation } from "ghl-chartmogul/n8n-nodes";
 * const read = (name) => ({ contactId: "seD4PfOuKoVMLkEZqohJ" })[name];
 * console.log(await readOperation(findOperation("ghl.contacts.get"), read, { timeZone: "UTC" }));
 */
export async function readOperation(
  operation: Operation,
  read: ReadProperty,
  options: ReadingOptions,
): Promise<Record<string, unknown>> {
  const parameters = await readForm(operation, fieldsOf(operation), collectionOf(operation), read, options);
  const mustHaveLimit = operation.fields.some(({ name, required }) => name === "pageLimit" && required);
  return mustHaveLimit ? { ...parameters, pageLimit: PAGE_LIMIT } : parameters;
}

/** The parameters of a trigger from a node's properties. */
export async function readTrigger(
  trigger: TriggerForm,
  read: ReadProperty,
  options: ReadingOptions,
): Promise<Record<string, unknown>> {
  return readForm(trigger, trigger.fields, "filters", read, options);
}

async function readForm(
  form: Form,
  fields: readonly Field[],
  collection: string,
  read: ReadProperty,
  options: ReadingOptions,
): Promise<Record<string, unknown>> {
  const chosen = (read(collection) ?? {}) as Record<string, unknown>;
  const input: Record<string, unknown> = {};
  for (const field of fields) {
    const name = propertyName(field);
    const isTop = field.required || field.customFields !== undefined;
    const given = isTop ? read(name) : chosen[name];
    const value = await givenValue(field, given, options);
    if (value !== undefined) input[field.name] = value;
  }
  return readInput(form, input, { customFields: options.customFields });
}

async function givenValue(field: Field, given: unknown, options: ReadingOptions): Promise<unknown> {
  const value = plain(given);
  if (value === undefined || value === null || value === "") return undefined;
  if (field.type === "file") return options.readFile?.(String(value));
  if (field.customFields !== undefined) return ofMapper(value, options);
  const isCollection = field.type === "object" && isObject(value) && "values" in value;
  return timed(field, isCollection ? value["values"] : value, options.timeZone);
}

/** What a resource locator holds, or the value itself. */
export function plain(value: unknown): unknown {
  return isObject(value) && value["__rl"] === true ? value["value"] : value;
}

/** The values that a resource mapper holds, by the custom fields' ids; or a list of objects as GHL has it. */
function ofMapper(value: unknown, { customFields, timeZone }: ReadingOptions): unknown {
  if (!isObject(value)) return value;
  const values = "mappingMode" in value ? value["value"] : value;
  if (!isObject(values)) return undefined;
  return Object.fromEntries(
    Object.entries(values).map(([id, one]) => {
      const field = customFields?.find((known) => known.name === id);
      return [id, field === undefined ? one : timed(field, one, timeZone)];
    }),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The value with its times in the workflow's time zone, those of a list and of an object's parts, too. A date
 * without a time stays as it is.
 */
function timed(field: Field, value: unknown, timeZone: string): unknown {
  const held = field.list || field.fields !== undefined ? unfolded(field, value) : value;
  if (Array.isArray(held)) return held.map((item) => timed({ ...field, list: false }, item, timeZone));
  if (field.fields === undefined || !isObject(held)) return timedOne(field, held, timeZone);
  return Object.fromEntries(
    Object.entries(held).map(([name, part]) => {
      const known = field.fields?.find((one) => one.name === name);
      return [name, known === undefined ? part : timed(known, part, timeZone)];
    }),
  );
}

/** What a text of several values, or of JSON, holds; the text where `readInput` must judge it. */
function unfolded(field: Field, value: unknown): unknown {
  if (typeof value !== "string") return value;
  const text = value.trim();
  if (text.startsWith("[") || (field.fields !== undefined && text.startsWith("{"))) {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return value;
    }
  }
  return field.list && isInstant(field) ? text.split(/[,\n]/).map((item) => item.trim()) : value;
}

function timedOne(field: Field, value: unknown, timeZone: string): unknown {
  if (field.type === "date" && value instanceof Date) return dayOf(value, timeZone);
  const text = isoOf(value);
  if (text === undefined || !LOCAL_TIME.test(text.trim()) || !isInstant(field)) return text ?? value;
  const asUtc = Date.parse(`${text.trim().replace(" ", "T")}Z`);
  if (Number.isNaN(asUtc)) return text;
  const first = asUtc - (utcOffsetMinutes(timeZone, asUtc) ?? 0) * 60_000;
  const offset = utcOffsetMinutes(timeZone, first) ?? 0;
  return new Date(asUtc - offset * 60_000).toISOString();
}

/** A date and a time that name no zone. */
const LOCAL_TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?$/;

/** Whether it takes a time. ChartMogul's are texts, as it takes several forms: what they hold says it. */
function isInstant({ type, help }: Field): boolean {
  if (type === "text") return /\binstants?\b/i.test(help);
  return type === "dateTime" || type === "integer";
}

/** The day that it is in this time zone. */
function dayOf(instant: Date, timeZone: string): string | undefined {
  const at = instant.getTime();
  if (Number.isNaN(at)) return undefined;
  return new Date(at + (utcOffsetMinutes(timeZone, at) ?? 0) * 60_000).toISOString().slice(0, 10);
}

/** The text of a time: expressions also give Luxon's and JavaScript's own. */
function isoOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString();
  const { toISO } = (value ?? {}) as { toISO?: () => string | null };
  return typeof toISO === "function" ? (toISO.call(value) ?? undefined) : undefined;
}
