// Calls an operation for an item of an n8n node, and gives what it returns as items.

import type { List } from "../call.js";
import type { Connector } from "../connector.js";
import { methodOf } from "../methods.js";
import { type CustomField, readCustomFields } from "../operations/custom-fields.js";
import { recordOf } from "../operations/field.js";
import type { Operation } from "../operations/operation.js";
import { simplified } from "./form.js";

/** How an operation is called. */
export interface RunOptions {
  /** Most items of a list; all where it is left out. */
  limit?: number | undefined;
  /** Keeps the most telling properties of each record, and custom fields by their names. */
  simplify?: boolean | undefined;
  /**
   * The location's custom fields, whose names a simplified record shows. Keep them for all items of a node:
   * without this, each call that gives custom fields reads them anew.
   */
  customFields?: ((model: "contact" | "opportunity") => Promise<readonly CustomField[]>) | undefined;
  signal?: AbortSignal | undefined;
}

/** What an operation gave: items, or a file. */
export interface RunResult {
  items: Record<string, unknown>[];
  file?: Uint8Array;
}

/**
 * Calls an operation with parameters that `readOperation` gave. A list gives an item for each record, a delete
 * `{ deleted: true }`, what gives nothing else `{ success: true }`.
 *
 * @example
 * import { findOperation } from "ghl-chartmogul/operations";
 * import { runOperation } from "ghl-chartmogul/n8n-nodes";
 * const { items } = await runOperation(connector, findOperation("ghl.contacts.search"), {}, { limit: 2 });
 * console.log(items.length); // 2
 */
export async function runOperation(
  connector: Connector,
  operation: Operation,
  parameters: Record<string, unknown>,
  { limit, simplify: isSimple = false, customFields, signal }: RunOptions = {},
): Promise<RunResult> {
  const call = methodOf(connector, operation.name);
  const given = { ...(signal !== undefined && { signal }) };
  const readFields =
    customFields ?? ((model: "contact" | "opportunity") => readCustomFields(connector, model, given));
  switch (operation.gives) {
    case "list": {
      const items: unknown[] = [];
      const options = { ...given, ...(limit !== undefined && { limit }) };
      for await (const item of call(parameters, options) as List<unknown>) items.push(item);
      return { items: await simplify(operation, items.map(recordOf), isSimple, readFields) };
    }
    case "bytes":
      return { items: [{}], file: (await call(parameters, given)) as Uint8Array };
    case "nothing":
      await call(parameters, given);
      return { items: [/\.delete$/.test(operation.name) ? { deleted: true } : { success: true }] };
    default: {
      const items = [recordOf(await call(parameters, given))];
      return { items: await simplify(operation, items, isSimple, readFields) };
    }
  }
}

type ReadFields = NonNullable<RunOptions["customFields"]>;

async function simplify(
  operation: Operation,
  items: Record<string, unknown>[],
  wanted: boolean,
  readFields: ReadFields,
): Promise<Record<string, unknown>[]> {
  const names = wanted ? simplified(operation) : undefined;
  if (names === undefined) return items;
  const hasCustomFields = items.some(
    ({ customFields }) => Array.isArray(customFields) && customFields.length > 0,
  );
  const model = modelOf(operation);
  const fields = hasCustomFields && model !== undefined ? await knownFields(model, readFields) : undefined;
  return items.map((item) =>
    Object.fromEntries(
      names
        .filter((name) => name in item)
        .map((name) => [name, name === "customFields" ? named(item[name], fields) : item[name]]),
    ),
  );
}

function modelOf({ group }: Operation): "contact" | "opportunity" | undefined {
  return ({ contacts: "contact", opportunities: "opportunity" } as const)[group as "contacts"];
}

/** The fields' names; undefined where the token may not read them, and the ids stay. */
async function knownFields(
  model: "contact" | "opportunity",
  readFields: ReadFields,
): Promise<readonly CustomField[] | undefined> {
  try {
    return await readFields(model);
  } catch (reason) {
    const code = String((reason as { code?: unknown } | null)?.code);
    if (["forbidden", "scope_missing", "unauthorized", "token_type_mismatch"].includes(code))
      return undefined;
    throw reason;
  }
}

/** `[{ id, value }]` as an object of values by name. */
function named(values: unknown, fields: readonly CustomField[] | undefined): unknown {
  if (!Array.isArray(values) || fields === undefined) return values;
  return Object.fromEntries(
    values.map((one: Record<string, unknown>) => {
      const { id, value, fieldValue, field_value } = one;
      const given = [value, fieldValue, field_value, ...Object.values(typedValues(one))];
      const label = fields.find(({ name }) => name === id)?.label ?? String(id);
      return [label, given.find((each) => each !== undefined) ?? null];
    }),
  );
}

/** Opportunities have the value under a name for its type: `fieldValueString`, `fieldValueArray`. */
function typedValues(one: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(one).filter(([name]) => /^fieldValue[A-Z]/.test(name)));
}
