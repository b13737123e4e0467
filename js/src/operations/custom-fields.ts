// Custom fields of a GHL location as fields of a form, and their values as an operation takes them.

import type { Connector } from "../connector.js";
import { createError } from "../errors.js";
import type { Ghl } from "../generated/types.js";
import type { Field, FieldType } from "./field.js";
import { isEmpty, readValue } from "./input.js";

/** A custom field of a location: a field whose name is the custom field's id. */
export interface CustomField extends Field {
  /** What it holds, in GHL's words: `TEXT`, `MONETORY`, `CHECKBOX`, … */
  dataType: string;
}

/** What a custom field's value is on writing, by its `dataType`. */
const TYPES: Readonly<Record<string, { type: FieldType; list?: true }>> = {
  TEXT: { type: "text" },
  LARGE_TEXT: { type: "text" },
  NUMERICAL: { type: "number" },
  PHONE: { type: "text" },
  MONETORY: { type: "number" },
  CHECKBOX: { type: "text", list: true },
  SINGLE_OPTIONS: { type: "text" },
  MULTIPLE_OPTIONS: { type: "text", list: true },
  DATE: { type: "date" },
  TEXTBOX_LIST: { type: "json" },
  FILE_UPLOAD: { type: "json" },
  RADIO: { type: "text" },
  EMAIL: { type: "email" },
};

/**
 * The custom fields of the location's contacts or opportunities, as fields of a form: one call. Give them to
 * `readInput`, which then types their values.
 *
 * @example
 * import { findOperation, readCustomFields, readInput } from "ghl-chartmogul/operations";
 * const customFields = await readCustomFields(connector, "contact");
 * const [field] = customFields;
 * const input = { contactId: "seD4PfOuKoVMLkEZqohJ", customFields: { [field.name]: "12" } };
 * console.log(readInput(findOperation("ghl.contacts.update"), input, { customFields }));
 */
export async function readCustomFields(
  connector: Connector,
  model: "contact" | "opportunity",
  options: { signal?: AbortSignal | undefined } = {},
): Promise<CustomField[]> {
  const found: CustomField[] = [];
  for await (const field of connector.ghl.customFields.list({ model }, options)) {
    // A location with an older answer sends both, whatever was asked for.
    if (field.model === undefined || field.model === null || field.model === model)
      found.push(fieldOf(field));
  }
  return found;
}

function fieldOf({
  id,
  name,
  dataType,
  placeholder,
  picklistOptions,
  isAllowedCustomOption,
}: Ghl.CustomField) {
  const { type, list = false } = TYPES[dataType ?? ""] ?? { type: "json" };
  const words = (picklistOptions ?? []).map(labelOfOption).filter((word) => word !== "");
  const field: CustomField = {
    name: id,
    label: name ?? id,
    help: [`${dataType ?? "A custom field"}.`, placeholder ?? ""].join(" ").trim(),
    ...{ required: false, nullable: true, list, type, dataType: dataType ?? "" },
    ...(type === "text" && words.length > 0 && { words, closed: isAllowedCustomOption !== true }),
  };
  return field;
}

/** An option is a text, or an object with one. */
function labelOfOption(option: unknown): string {
  if (typeof option === "string") return option;
  const { label, name, value } = (option ?? {}) as Record<string, unknown>;
  return [label, name, value].find((text): text is string => typeof text === "string") ?? "";
}

/** Values by the custom fields' ids, as operations take them. */
export function customFieldValues(
  values: Readonly<Record<string, unknown>>,
  fields: readonly CustomField[] | undefined,
  timeZone?: string | undefined,
): { id: string; field_value: unknown }[] {
  return Object.entries(values).flatMap(([id, value]) => {
    if (isEmpty(value)) return [];
    if (fields === undefined) return [{ id, field_value: value }];
    const field = fields.find((one) => one.name === id);
    if (field !== undefined) {
      const read = readValue(field, value, timeZone);
      return isEmpty(read) ? [] : [{ id, field_value: read }];
    }
    throw createError({
      code: "invalid_argument",
      message: `this location has no custom field ${id}`,
      hint: `It has ${fields.map((one) => `${one.label} (${one.name})`).join(", ") || "none"}.`,
    });
  });
}
