// A parameter as a field of a form.

import type { Endpoint, EndpointParameter } from "../endpoint.js";
import { sourceOf } from "./choices.js";
import { labelOf } from "./label.js";
import type { Schema, Schemas } from "./schema.js";

/** What a field holds. `object` has fields of its own, `json` any value, `file` bytes. */
export type FieldType =
  | "text"
  | "email"
  | "number"
  | "integer"
  | "boolean"
  | "date"
  | "dateTime"
  | "json"
  | "object"
  | "file";

/** A field of a form: a parameter of an operation. */
export interface Field {
  /** The parameter: what `readInput` takes the value under. */
  name: string;
  /** As people read it, for example `First Name`. */
  label: string;
  /** What it holds: unit, format, limit. */
  help: string;
  required: boolean;
  /** Whether `null` is a value, too. */
  nullable: boolean;
  /** Whether it takes several values. */
  list: boolean;
  type: FieldType;
  /** Texts to choose from. */
  words?: readonly string[];
  /** Whether only those are taken. */
  closed?: boolean;
  /** Where values can be chosen from: a source of `readChoices`. */
  choices?: string;
  /** The custom fields of these records: `readCustomFields` lists them, and `readInput` takes them by id. */
  customFields?: "contact" | "opportunity";
  /** The fields of an object, or of each object of a list. Those of objects inside are of type `json`. */
  fields?: readonly Field[];
}

/** A field of what an operation gives. */
export interface OutputField {
  /** Its place, the names joined by `.`: `dndSettings.Call.status`. */
  name: string;
  label: string;
  type: FieldType;
  list: boolean;
}

/** The field of a parameter. */
export function fieldOf(schemas: Schemas, endpoint: Endpoint, parameter: EndpointParameter): Field {
  const full = `${endpoint.service}.${endpoint.name}`;
  const schema = schemas.endpoints[full]?.parameters[parameter.name] ?? ownSchemaOf(parameter);
  const { name, summary, required } = parameter;
  const field = ofSchema(schemas, name, schema, required, 0);
  const choices = sourceOf(endpoint, name);
  const customFields = customFieldsOf(schema);
  return {
    ...field,
    help: summary,
    ...(choices !== undefined && { choices }),
    ...(customFields !== undefined && { customFields }),
  };
}

/** The schema of a parameter that the endpoint itself does not have: texts, one or several. */
function ownSchemaOf({ type }: EndpointParameter): Schema {
  return type.endsWith("[]") ? { type: "array", items: { type: "string" } } : { type: "string" };
}

function customFieldsOf({ items }: Schema): Field["customFields"] {
  if (items?.$ref === "ghl.ContactCustomFieldInput") return "contact";
  return items?.$ref === "ghl.OpportunityCustomFieldInput" ? "opportunity" : undefined;
}

function ofSchema(schemas: Schemas, name: string, given: Schema, required: boolean, depth: number): Field {
  const schema = either(schemas, given);
  const list = schema.type === "array";
  const item = list ? either(schemas, schema.items ?? {}) : schema;
  const words = item.enum ?? item.examples;
  const type = typeOf(item);
  const isWhole = type === "object" && depth > 0;
  const field: Field = {
    name,
    label: labelOf(name),
    help: given.description ?? "",
    required,
    nullable: given.nullable === true,
    list,
    type: isWhole ? "json" : type,
    ...(words !== undefined && { words, closed: item.enum !== undefined }),
  };
  if (type !== "object" || isWhole) return field;
  const fields = Object.entries(item.properties ?? {}).map(([part, of]) =>
    ofSchema(schemas, part, of, item.required?.includes(part) === true, depth + 1),
  );
  return { ...field, fields };
}

/** A schema with its model looked up. Of several types it is the one that all are, else any value. */
function either(schemas: Schemas, schema: Schema): Schema {
  if (schema.$ref !== undefined) return { ...schemas.models[schema.$ref], $ref: schema.$ref };
  const [first, ...others] = (schema.anyOf ?? []).map((one) => either(schemas, one));
  if (first === undefined) return schema;
  const same = others.every(({ type, format }) => type === first.type && format === first.format);
  return same && first.type !== "object" && first.type !== "array" ? first : {};
}

function typeOf({ type, format, properties, additionalProperties }: Schema): FieldType {
  if (type === "object")
    return properties !== undefined && additionalProperties === undefined ? "object" : "json";
  if (type === "integer" || type === "number" || type === "boolean") return type;
  if (type !== "string") return "json";
  return format === undefined ? "text" : OF_FORMAT[format];
}

const OF_FORMAT: Readonly<Record<NonNullable<Schema["format"]>, FieldType>> = {
  email: "email",
  "date-time": "dateTime",
  date: "date",
  binary: "file",
};

/**
 * What an operation gave, as an object with the fields of `outputs`. Any value but an object has the name `value`.
 *
 * @example
 * import { recordOf } from "ghl-chartmogul/operations";
 * console.log(recordOf(true)); // { value: true }
 */
export function recordOf(value: unknown): Record<string, unknown> {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : { value: value ?? null };
}

/** How deep the outputs of a form go. */
const OUTPUT_DEPTH = 2;

/** What a result, or one item of it, holds. Any value but an object has the name `value`. */
export function outputsOf(schemas: Schemas, result: Schema | null): OutputField[] {
  if (result === null) return [];
  const schema = either(schemas, result);
  if (typeOf(schema) === "object") return parts(schemas, schema, "", OUTPUT_DEPTH);
  const { type, list } = ofSchema(schemas, "value", schema, true, 1);
  return [{ name: "value", label: "Value", type, list }];
}

function parts(schemas: Schemas, { properties = {} }: Schema, before: string, depth: number): OutputField[] {
  return Object.entries(properties).flatMap(([name, given]) => {
    const schema = either(schemas, given);
    const place = before === "" ? name : `${before}.${name}`;
    if (typeOf(schema) === "object" && depth > 1) return parts(schemas, schema, place, depth - 1);
    const { type, list } = ofSchema(schemas, name, schema, true, 1);
    return [{ name: place, label: labelOf(place), type, list }];
  });
}
