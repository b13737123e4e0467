// What n8n nodes of either service do for an input item and in a poll: the same for all of them.

import type { Connector } from "../connector.js";
import { createError } from "../errors.js";
import { type CustomField, readCustomFields } from "../operations/custom-fields.js";
import { recordOf } from "../operations/field.js";
import { findOperation, type Operation } from "../operations/operation.js";
import type { TriggerItem } from "../triggers.js";
import { failureOf } from "./failure.js";
import { nodeTriggers } from "./form.js";
import { type RunOptions, runOperation } from "./run.js";
import { readOperation, readTrigger } from "./values.js";

/** What is used of n8n's `IExecuteFunctions`. */
export interface ItemContext {
  getNodeParameter(name: string, itemIndex: number, fallback?: unknown): unknown;
  getTimezone(): string;
  getExecutionCancelSignal(): AbortSignal | undefined;
  helpers: { getBinaryDataBuffer(itemIndex: number, property: string): Promise<Uint8Array> };
}

/** How an item is run. */
export interface ItemOptions<Binary> extends Pick<RunOptions, "customFields"> {
  /** Hands a file to n8n: `prepareBinaryData`. */
  prepareFile(file: Uint8Array, name: string): Promise<Binary>;
}

/** An item that a node gives, without what pairs it with its input. */
export interface NodeItem<Binary> {
  json: Record<string, unknown>;
  binary?: Record<string, Binary>;
}

/** Most items of one poll. What is behind them comes with the next. */
const MOST_ITEMS = 1_000;

/**
 * Runs the operation that a person chose, with the values of an input item, and gives its items.
 *
 * @example
 * const prepareFile = (file, name) => this.helpers.prepareBinaryData(Buffer.from(file), name);
 * const items = await runItem(this, connector, itemIndex, { prepareFile });
 */
export async function runItem<Binary>(
  context: ItemContext,
  connector: Connector,
  itemIndex: number,
  { customFields, prepareFile }: ItemOptions<Binary>,
): Promise<NodeItem<Binary>[]> {
  const operation = findOperation(String(context.getNodeParameter("operation", itemIndex)));
  const read = (name: string) => context.getNodeParameter(name, itemIndex, null) ?? undefined;
  const model = operation.fields.find(
    (field) => field.customFields !== undefined && read(field.name),
  )?.customFields;
  const parameters = await readOperation(operation, read, {
    timeZone: context.getTimezone(),
    customFields: model && (await customFields?.(model)),
    readFile: (name) => context.helpers.getBinaryDataBuffer(itemIndex, name),
  });
  const isLimited = operation.gives === "list" && read("returnAll") !== true;
  const { items, file } = await runOperation(connector, operation, parameters, {
    limit: isLimited ? Number(context.getNodeParameter("limit", itemIndex, 50)) : undefined,
    simplify: read("simplify") === true,
    customFields,
    signal: context.getExecutionCancelSignal(),
  });
  if (file === undefined) return items.map((json) => ({ json }));
  const property = String(context.getNodeParameter("binaryPropertyName", itemIndex, "data"));
  const binary = { [property]: await prepareFile(file, operation.group) };
  return items.map((json) => ({ json, binary }));
}

/** A location's custom fields, read once for all items; again only where that failed for a while. */
export function rememberedCustomFields(connector: Connector): NonNullable<RunOptions["customFields"]> {
  const known = new Map<string, Promise<CustomField[]>>();
  return async (model) => {
    const fields = known.get(model) ?? readCustomFields(connector, model);
    known.set(model, fields);
    fields.catch((error) => {
      // What the token may not read, it may not read for the next item either.
      if (!["401", "403"].includes(failureOf(error)?.httpCode ?? "")) known.delete(model);
    });
    return fields;
  };
}

/** What is used of n8n's `IPollFunctions`. */
export interface PollContext {
  getNodeParameter(name: string, fallback?: unknown): unknown;
  getTimezone(): string;
  getMode(): string;
  getWorkflowStaticData(type: string): object;
}

/**
 * The items of a trigger's poll: of a test the newest as samples, else what came since the last poll. `account`
 * tells the location or credential from others: with another one the trigger begins anew.
 *
 * @example
 * const items = await pollItems(this, connector, "ghl", locationId);
 * return items.length === 0 ? null : [items];
 */
export async function pollItems(
  context: PollContext,
  connector: Connector,
  service: Operation["service"],
  account: string | null | undefined,
): Promise<NodeItem<never>[]> {
  const event = String(context.getNodeParameter("event"));
  const trigger = nodeTriggers(service).find(({ name }) => name === event);
  if (trigger === undefined) {
    throw createError({
      code: "invalid_argument",
      message: `The event "${event}" is not known. Choose another one.`,
    });
  }
  const read = (name: string) => context.getNodeParameter(name, null) ?? undefined;
  const parameters = await readTrigger(trigger, read, { timeZone: context.getTimezone() });
  if (context.getMode() === "manual") {
    // A test leaves the place of the active workflow alone.
    const { items } = await connector.triggers.poll(event, null, { parameters, samples: true });
    return items.map(nodeItemOf);
  }
  const state = context.getWorkflowStaticData("node") as { of?: string; cursor?: string };
  // Another event, other filters or another account begin anew.
  const of = JSON.stringify([event, parameters, account]);
  const cursor = state.of === of ? (state.cursor ?? null) : null;
  const page = await connector.triggers.poll(event, cursor, { parameters, limit: MOST_ITEMS });
  // n8n keeps this only once it has taken the items.
  Object.assign(state, { of, cursor: page.cursor });
  return page.items.map(nodeItemOf);
}

/** The record, with what is said about it beside it. */
function nodeItemOf({ id, change, version, record }: TriggerItem): NodeItem<never> {
  return { json: { ...recordOf(record), triggerItem: { id, change, version } } };
}
