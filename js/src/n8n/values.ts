// What a person chose in an n8n node, as the parameters of an operation or a trigger.

import type { CustomField } from "../operations/custom-fields.js";
import type { Field } from "../operations/field.js";
import { isObject, readInput } from "../operations/input.js";
import type { Operation, TriggerForm } from "../operations/operation.js";
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
  const { customFields, timeZone } = options;
  return readInput(form, input, { customFields, timeZone });
}

async function givenValue(field: Field, given: unknown, options: ReadingOptions): Promise<unknown> {
  const value = plain(given);
  if (value === undefined || value === null || value === "") return undefined;
  if (field.type === "file") return options.readFile?.(String(value));
  if (field.customFields !== undefined) return ofMapper(value);
  const isCollection = field.type === "object" && isObject(value) && "values" in value;
  return isCollection ? value["values"] : value;
}

/** What a resource locator holds, or the value itself. */
export function plain(value: unknown): unknown {
  return isObject(value) && value["__rl"] === true ? value["value"] : value;
}

/** The values that a resource mapper holds, by the custom fields' ids; or a list of objects as GHL has it. */
function ofMapper(value: unknown): unknown {
  if (!isObject(value)) return value;
  const values = "mappingMode" in value ? value["value"] : value;
  return isObject(values) ? values : undefined;
}
