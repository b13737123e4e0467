// The options of a connector.

import { type Alert, type AlertSettings, requireAlertSettings } from "./alerts.js";
import type {
  CredentialFunction,
  CredentialFunctions,
  CredentialSource,
  TokenProvider,
} from "./credentials.js";
import { createError } from "./errors.js";
import type { ConnectorEvent } from "./events.js";
import type { AuditRecord } from "./generated/answers.js";
import type { SyncSettings } from "./generated/settings.js";
import type { StateStore } from "./stores/store.js";
import type { Transport } from "./transport.js";
import { type ReadWebhookSettings, readWebhookSettings, type WebhookSettings } from "./webhooks/settings.js";

/** How to reach GoHighLevel. */
export interface GhlOptions {
  /**
   * A private integration token or an access token, a function that gives it (asked at the first call, and
   * again whenever GoHighLevel refuses the last one or its time is over), or what `createOAuth` of
   * `ghl-chartmogul/oauth` made. `invalid_config` if it is missing.
   */
  token: CredentialSource | TokenProvider | undefined;
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
  /** When a person is alerted, and a webhook that alerts are posted to. */
  alerts?: AlertSettings | undefined;
  /** How webhooks that come in are checked. */
  webhooks?: WebhookSettings | undefined;
  /**
   * Takes alerts of `sync.run` and `sync.apply`, each once when it begins, once when it is over and again
   * after 24 hours while it stands. A run waits up to 10 seconds for what it returns; what it throws is
   * dropped.
   */
  onAlert?: ((alert: Alert) => void | PromiseLike<void>) | undefined;
  /**
   * Takes each write of the sync once it is recorded, with the values before and after. It holds personal
   * data and no secret. What it throws is dropped.
   */
  onAudit?: ((record: AuditRecord) => void) | undefined;
}

/** The options that are functions, or for the facade alone. */
export interface Functions
  extends Pick<ConnectorOptions, "store" | "transport" | "onEvent" | "alerts" | "onAlert" | "onAudit"> {
  credentials: CredentialFunctions;
  webhooks: ReadWebhookSettings;
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
  const { store, transport, onEvent, alerts, webhooks: given, onAlert, onAudit, ...data } = options;
  requireFunction("transport", transport);
  requireFunction("onEvent", onEvent);
  requireFunction("onAlert", onAlert);
  requireFunction("onAudit", onAudit);
  requireAlertSettings(alerts);
  const webhooks = readWebhookSettings(given);
  if (store !== undefined && store !== "memory") requireStore(store);
  // Unknown options stay: the module refuses them by name.
  const token = tokenFunctionOf(options.ghl);
  const apiKey = functionOf(options.chartmogul?.apiKey);
  const ofHost = { function: true };
  const forModule = {
    ...data,
    ...(token === undefined ? {} : { ghl: { ...data.ghl, token: ofHost } }),
    ...(apiKey === undefined ? {} : { chartmogul: { ...data.chartmogul, apiKey: ofHost } }),
  };
  const credentials = { ...(token && { ghl: token }), ...(apiKey && { chartmogul: apiKey }) };
  const functions = { store, transport, onEvent, alerts, webhooks, onAlert, onAudit, credentials };
  return { data: JSON.stringify(forModule), functions };
}

function functionOf(source: CredentialSource | undefined): CredentialFunction | undefined {
  return typeof source === "function" ? source : undefined;
}

function tokenFunctionOf(ghl: GhlOptions | undefined): CredentialFunction | undefined {
  const source = ghl?.token;
  if (typeof source !== "object" || source === null || typeof source.location !== "function")
    return functionOf(source as CredentialSource | undefined);
  if (typeof ghl?.locationId === "string" && ghl.locationId !== "") return source.location(ghl.locationId);
  throw createError({
    code: "invalid_config",
    message: "ghl.locationId is missing: it says which location's token to use",
    hint: "Pass locationId beside token. `oauth.company()` gives a company's token.",
  });
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
