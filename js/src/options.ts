// The options of a connector.

import type { CredentialFunctions, CredentialSource } from "./credentials.js";
import { createError } from "./errors.js";
import type { ConnectorEvent } from "./events.js";
import type { SyncSettings } from "./generated/settings.js";
import type { StateStore } from "./stores/store.js";
import type { Transport } from "./transport.js";

/** How to reach GoHighLevel. */
export interface GhlOptions {
  /**
   * A private integration token or an access token, or a function that gives it: asked at the first call,
   * and again whenever GoHighLevel refuses the last one. `invalid_config` if it is missing.
   */
  token: CredentialSource | undefined;
  /** The location (sub-account); filled into every call that takes one and is given none. */
  locationId?: string | undefined;
  /** Default `https://services.leadconnectorhq.com`. */
  baseUrl?: string | undefined;
  /** `dated` (default) sends each endpoint's own date version; `v3` speaks the new generation. */
  apiVersion?: "dated" | "v3" | undefined;
  /** Milliseconds that one answer may take, 1,000 to 300,000. Default 30,000. */
  timeoutMs?: number | undefined;
}

/** How to reach ChartMogul. */
export interface ChartMogulOptions {
  /**
   * An API key, or a function that gives it: asked at the first call, and again whenever ChartMogul
   * refuses the last one. `invalid_config` if it is missing.
   */
  apiKey: CredentialSource | undefined;
  /** Default `https://api.chartmogul.com`. */
  baseUrl?: string | undefined;
  /**
   * Milliseconds that one answer may take, 1,000 to 300,000. Default 30,000. A create whose outcome is
   * unknown is looked for when they are over, and sent again at the earliest after twice as long.
   */
  timeoutMs?: number | undefined;
}

/** Options of a connector. A service that is left out cannot be called. */
export interface ConnectorOptions {
  ghl?: GhlOptions | undefined;
  chartmogul?: ChartMogulOptions | undefined;
  /** What the sync copies, and how. */
  sync?: SyncSettings | undefined;
  /** Where the sync keeps its state. Default: the SQLite file `ghl-chartmogul.db` in Node, memory elsewhere. */
  store?: StateStore | "memory" | undefined;
  /** Sends requests where the host has no `fetch`, or in its place. */
  transport?: Transport | undefined;
  /** Takes what happens: requests, retries, waiting, progress. What it throws is dropped. */
  onEvent?: ((event: ConnectorEvent) => void) | undefined;
}

/** The options that are functions. */
export interface Functions extends Pick<ConnectorOptions, "store" | "transport" | "onEvent"> {
  credentials: CredentialFunctions;
}

/** Splits the options into those that are data, for the module, and those that are functions. */
export function splitOptions(options: ConnectorOptions): { data: string; functions: Functions } {
  if (typeof options !== "object" || options === null) {
    throw createError({
      code: "invalid_config",
      message: "createConnector takes an object of options",
      hint: "For example: createConnector({ ghl: { token, locationId }, chartmogul: { apiKey } }).",
    });
  }
  const { store, transport, onEvent, ...data } = options;
  requireFunction("transport", transport);
  requireFunction("onEvent", onEvent);
  if (store !== undefined && store !== "memory") requireStore(store);
  // Unknown options stay: the module refuses them by name.
  const token = functionOf(options.ghl?.token);
  const apiKey = functionOf(options.chartmogul?.apiKey);
  const ofHost = { function: true };
  const given = {
    ...data,
    ...(token === undefined ? {} : { ghl: { ...data.ghl, token: ofHost } }),
    ...(apiKey === undefined ? {} : { chartmogul: { ...data.chartmogul, apiKey: ofHost } }),
  };
  const credentials = { ...(token && { ghl: token }), ...(apiKey && { chartmogul: apiKey }) };
  return { data: JSON.stringify(given), functions: { store, transport, onEvent, credentials } };
}

function functionOf(source: CredentialSource | undefined): (() => unknown) | undefined {
  return typeof source === "function" ? source : undefined;
}

function requireFunction(name: string, value: unknown): void {
  if (value === undefined || typeof value === "function") return;
  throw createError({
    code: "invalid_config",
    message: `the option ${name} must be a function, not ${typeof value}`,
  });
}

function requireStore(store: unknown): void {
  const missing = ["get", "commit", "scan"].filter(
    (name) => typeof (store as Record<string, unknown> | null)?.[name] !== "function",
  );
  if (missing.length === 0) return;
  throw createError({
    code: "invalid_config",
    message: `the option store has no function ${missing.join(", ")}`,
    hint: 'Pass "memory", sqlite("file.db") from "ghl-chartmogul/sqlite", or an object with get, commit and scan.',
  });
}
