// The methods of a service, made from the generated table: plain nested objects, no Proxy.

import { encodeBase64 } from "./base64.js";
import type { CallOptions, ListOptions, Page } from "./call.js";
import type { Connector } from "./connector.js";
import type { Core } from "./core.js";
import type { ResultKind } from "./endpoint.js";
import { createError } from "./errors.js";
import { createList } from "./list.js";

/** Groups of methods by name, each method with what it gives. */
export interface MethodTable {
  readonly [name: string]: ResultKind | MethodTable;
}

/** A method of a connector: what it gives depends on its endpoint. */
export type Method = (parameters?: object, options?: ListOptions) => unknown;

/**
 * The method of an operation's full name, one of `operations()`: its list, call or file as `connector` has it.
 *
 * @example
 * import { methodOf } from "ghl-chartmogul/operations";
 * const read = methodOf(connector, "ghl.locations.get");
 * console.log((await read()).id);
 */
export function methodOf(connector: Connector, name: string): Method {
  let found: unknown = connector;
  for (const part of name.split(".")) found = (found as Record<string, unknown>)[part];
  return found as Method;
}

/** The callable form of a table; `path` is the name of the service or group. */
export function createMethods(core: Core, table: MethodTable, path: string): Record<string, unknown> {
  const methods: Record<string, unknown> = {};
  for (const [name, entry] of Object.entries(table)) {
    const fullName = `${path}.${name}`;
    methods[name] =
      typeof entry === "string" ? METHODS[entry](core, fullName) : createMethods(core, entry, fullName);
  }
  return methods;
}

const METHODS: Readonly<Record<ResultKind, (core: Core, name: string) => Method>> = {
  one: (core, name) => (parameters, options) => callEndpoint(core, name, parameters, options),
  nothing: (core, name) => async (parameters, options) => {
    await callEndpoint(core, name, parameters, options);
  },
  bytes: (core, name) => (parameters, options) => bytesOf(core, name, parameters, options),
  list: (core, name) => (parameters, options) => listEndpoint(core, name, parameters, options),
};

/** Calls an endpoint by its full name, for example `ghl.contacts.get`, and gives its result. */
export async function callEndpoint(
  core: Core,
  name: string,
  parameters?: object,
  options?: CallOptions,
): Promise<unknown> {
  const json = toJson(parameters);
  return JSON.parse(await core.invoke((connector, context) => connector.call(name, json, context), options));
}

/** The bytes that an endpoint gives. */
export async function bytesOf(
  core: Core,
  name: string,
  parameters?: object,
  options?: CallOptions,
): Promise<Uint8Array> {
  const json = toJson(parameters);
  return core.invoke((connector, context) => connector.bytes(name, json, context), options);
}

/** One page of a list; the first where the cursor is null. */
export async function pageOf(
  core: Core,
  name: string,
  parameters: object | undefined,
  cursor: string | null,
  options: CallOptions,
): Promise<Page<unknown>> {
  const json = toJson(parameters);
  return JSON.parse(
    await core.invoke(
      (connector, context) => connector.page(name, json, cursor ?? undefined, context),
      options,
    ),
  );
}

function listEndpoint(core: Core, name: string, parameters?: object, options: ListOptions = {}) {
  return createList(
    (cursor, callOptions: CallOptions) => pageOf(core, name, parameters, cursor, callOptions),
    options ?? {},
  );
}

function toJson(parameters: object = {}): string {
  // A function is not JSON. The module rejects every other value that is not an object.
  if (typeof parameters === "function") {
    throw createError({
      code: "invalid_argument",
      message: "the parameters must be one object, not a function",
    });
  }
  try {
    return JSON.stringify(parameters, writeBytes);
  } catch (cause) {
    throw createError({
      code: "invalid_argument",
      message: `the parameters cannot be written as JSON: ${(cause as Error).message}`,
      cause,
    });
  }
}

/** Bytes of a file as the module reads them. Looks at the property itself: `Buffer` has a `toJSON`. */
function writeBytes(this: unknown, name: string, value: unknown): unknown {
  const original = (this as Record<string, unknown>)[name];
  return original instanceof Uint8Array ? { base64: encodeBase64(original) } : value;
}
