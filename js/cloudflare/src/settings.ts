// The settings of the Worker: variables of wrangler.jsonc, and secrets.

import type { ConnectorOptions, SyncSettings } from "ghl-chartmogul";
import type { Location } from "./location.js";

/** What Cloudflare gives the Worker. Secrets of one location have its id at the end: `GHL_TOKEN_ve9EPM428h8vShlRW1KT`. */
export interface Env {
  LOCATION: DurableObjectNamespace<Location>;
  /** Ids of locations, separated by commas. */
  LOCATIONS?: string;
  SYNC?: SyncSettings;
  SLICE_CALLS?: number | string;
  SLICE_MS?: number | string;
  /** Secrets. */
  GHL_TOKEN?: string;
  CHARTMOGUL_API_KEY?: string;
  CHARTMOGUL_WEBHOOK_SECRET?: string;
  STATUS_TOKEN?: string;
  /** Only where they differ from the published ones. */
  GHL_WEBHOOK_PUBLIC_KEY?: string;
  GHL_BASE_URL?: string;
  CHARTMOGUL_BASE_URL?: string;
}

/** The locations that the Worker syncs. */
export function locationsOf({ LOCATIONS = "" }: Env): string[] {
  return [...new Set(LOCATIONS.split(",").map((id) => id.trim()))].filter((id) => id !== "");
}

/** The object of a location: the same one wherever it is asked for. */
export function objectOf(env: Env, locationId: string): DurableObjectStub<Location> {
  return env.LOCATION.get(env.LOCATION.idFromName(locationId));
}

/** The options of a location's connector, but for its store. */
export function optionsOf(env: Env, locationId: string): ConnectorOptions {
  const { GHL_WEBHOOK_PUBLIC_KEY: publicKey, CHARTMOGUL_WEBHOOK_SECRET: chartmogulSecret, SYNC } = env;
  return {
    ghl: { token: secretOf(env, "GHL_TOKEN", locationId), locationId, baseUrl: env.GHL_BASE_URL },
    chartmogul: {
      apiKey: secretOf(env, "CHARTMOGUL_API_KEY", locationId),
      baseUrl: env.CHARTMOGUL_BASE_URL,
    },
    ...(SYNC && { sync: SYNC }),
    webhooks: { ...(publicKey && { publicKey }), ...(chartmogulSecret && { chartmogulSecret }) },
  };
}

/** How much one slice of a run may do. */
export function sliceOf({ SLICE_CALLS = 900, SLICE_MS = 60_000 }: Env) {
  return { maxCalls: wholeNumber("SLICE_CALLS", SLICE_CALLS), deadlineMs: wholeNumber("SLICE_MS", SLICE_MS) };
}

function secretOf(
  env: Env,
  name: "GHL_TOKEN" | "CHARTMOGUL_API_KEY",
  locationId: string,
): string | undefined {
  const own = (env as unknown as Record<string, unknown>)[`${name}_${locationId}`];
  return typeof own === "string" ? own : env[name];
}

function wholeNumber(name: string, value: number | string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Error(`the variable ${name} in wrangler.jsonc must be a whole number above 0`);
}
