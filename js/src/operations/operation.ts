// Operations and triggers as forms: what a platform shows before it calls one.

import { closest } from "../closest.js";
import type { Endpoint, EndpointParameter, ResultKind } from "../endpoint.js";
import { createError } from "../errors.js";
import { endpoints } from "../generated/endpoints.js";
import { schemas as allSchemas } from "../generated/schemas.js";
import { NAMED } from "../triggers/named.js";
import { NOTES } from "../triggers/notes.js";
import { listTriggersOf, type Trigger } from "../triggers.js";
import { type Field, fieldOf, type OutputField, outputsOf } from "./field.js";
import { titleOf } from "./label.js";
import type { Schemas } from "./schema.js";

/** What a form for one operation needs. */
export interface Operation {
  /** Full name: called as `connector.<name>(parameters)`, for example `ghl.contacts.create`. */
  name: string;
  service: "ghl" | "chartmogul";
  /** For example `contacts`. */
  group: string;
  kind: "trigger" | "action";
  /** What a call gives. */
  gives: ResultKind;
  /** For example `Create Contact`. */
  title: string;
  description: string;
  /** Its names in the catalogue of operations; none for one outside it. */
  catalogue: readonly string[];
  /** What to use instead of a deprecated one. */
  replacedBy?: string;
  fields: readonly Field[];
  /** What the result, or one item of it, holds. */
  outputs: readonly OutputField[];
  /** An example of the result, or of one item; null where it gives nothing or bytes. */
  sample: unknown;
}

/** A trigger as a form: what `connector.triggers.poll` takes. */
export interface TriggerForm extends Omit<Trigger, "parameters"> {
  fields: readonly Field[];
  outputs: readonly OutputField[];
  /** An example of an item's record. */
  sample: unknown;
}

let table: readonly Endpoint[] | undefined;
let schemas: Schemas | undefined;
let all: readonly Operation[] | undefined;
let triggers: readonly TriggerForm[] | undefined;

const endpointsOnce = () => {
  table ??= endpoints();
  return table;
};
const schemasOnce = () => {
  schemas ??= allSchemas();
  return schemas;
};

/**
 * Every operation of both services, as a form.
 *
 * @example
 * import { operations } from "ghl-chartmogul/operations";
 * for (const { name, title, fields } of operations())
 *   console.log(name, title, fields.map(({ label }) => label).join(", "));
 */
export function operations(): readonly Operation[] {
  all ??= endpointsOnce().map(operationOf);
  return all;
}

/**
 * Every trigger of `connector.triggers`, as a form.
 *
 * @example
 * import { triggerForms } from "ghl-chartmogul/operations";
 * console.log(triggerForms().find(({ name }) => name === "newContact")?.sample);
 */
export function triggerForms(): readonly TriggerForm[] {
  triggers ??= listTriggersOf(endpointsOnce()).map(({ parameters, ...trigger }) => {
    const endpoint = endpointsOnce().find(({ service, name }) => `${service}.${name}` === trigger.reads);
    const schema = schemasOnce().endpoints[recordsOf(trigger)];
    return {
      ...trigger,
      fields: endpoint === undefined ? [] : fieldsOf(endpoint, parameters),
      outputs: outputsOf(schemasOnce(), schema?.result ?? null),
      sample: schema?.sample ?? null,
    };
  });
  return triggers;
}

/** The operation whose records a trigger gives: notes are found by way of the contacts that changed. */
function recordsOf({ name, reads }: Pick<Trigger, "name" | "reads">): string {
  return NAMED[name]?.notes === true ? NOTES : reads;
}

/**
 * The operation with this full name. `invalid_argument` if no operation has it.
 *
 * @example
 * import { findOperation } from "ghl-chartmogul/operations";
 * console.log(findOperation("ghl.contacts.create").title); // Create Contact
 */
export function findOperation(name: string): Operation {
  const found = operations().find((operation) => operation.name === name);
  if (found !== undefined) return found;
  const near = closest(
    String(name),
    operations().map((operation) => operation.name),
  );
  throw createError({
    code: "invalid_argument",
    message: `unknown operation ${String(name)}`,
    hint: near.length > 0 ? `Did you mean ${near.join(" or ")}?` : "operations() lists all of them.",
  });
}

function operationOf(endpoint: Endpoint): Operation {
  const { service, kind, gives, catalogue, parameters, summary, replacedBy } = endpoint;
  const name = `${service}.${endpoint.name}`;
  const schema = schemasOnce().endpoints[name];
  return {
    name,
    service,
    group: endpoint.name.split(".")[0] ?? "",
    kind,
    gives,
    title: catalogue[0] ?? titleOf(endpoint.name),
    description: summary,
    catalogue,
    ...(replacedBy !== undefined && { replacedBy }),
    fields: fieldsOf(endpoint, parameters),
    outputs: outputsOf(schemasOnce(), schema?.result ?? null),
    sample: schema?.sample ?? null,
  };
}

/** Without those that only the generation v3 takes: forms are of the dated versions. */
function fieldsOf(endpoint: Endpoint, parameters: readonly EndpointParameter[]): Field[] {
  const dated = schemasOnce().endpoints[`${endpoint.service}.${endpoint.name}`]?.parameters ?? {};
  const own = new Set(endpoint.parameters.map(({ name }) => name));
  return parameters
    .filter(({ name }) => Object.hasOwn(dated, name) || !own.has(name))
    .map((parameter) => fieldOf(schemasOnce(), endpoint, parameter));
}
