// What the panel keeps: how it reaches both services, where it opens, what it may write, and its words.

import { CRM_HOSTS, patternOfAddress } from "./address.js";
import { api, isAllowed } from "./browser.js";
import type { DirectSettings } from "./direct.js";
import { Failure } from "./failure.js";
import type { Reach } from "./reach.js";
import { createServedReach, type ServedSettings } from "./served.js";
import { isNeutralBuild, sayNeutral } from "./words.js";

/** The settings, as they are stored. */
export interface Settings {
  /** How both services are reached. */
  way: "served" | "direct";
  served: ServedSettings;
  direct: DirectSettings;
  /** Nothing can be written from the panel. */
  isReadOnly: boolean;
  /** Says "CRM" instead of "GHL". */
  isNeutral: boolean;
  /** Domains of agencies, with when they were allowed. */
  domains: Readonly<Record<string, number>>;
}

const DEFAULTS: Settings = {
  way: "served",
  served: { url: "", token: "" },
  direct: { ghlToken: "", locationId: "", chartmogulKey: "" },
  isReadOnly: false,
  isNeutral: isNeutralBuild,
  domains: {},
};

/** Hosts whose tabs the panel may see without being asked. */
export const builtInHosts = (): readonly string[] =>
  isNeutralBuild ? ["app.chartmogul.com"] : [...CRM_HOSTS, "app.chartmogul.com"];

/** Reads the settings; what is missing has its default. */
export async function readSettings(): Promise<Settings> {
  const stored = (await api.storage.local.get(
    Object.keys(DEFAULTS) as (keyof Settings)[],
  )) as Partial<Settings>;
  const settings: Settings = {
    ...DEFAULTS,
    ...stored,
    served: { ...DEFAULTS.served, ...stored.served },
    direct: { ...DEFAULTS.direct, ...stored.direct },
  };
  sayNeutral(settings.isNeutral);
  return settings;
}

/** Writes some of them. */
export const writeSettings = (change: Partial<Settings>): Promise<void> => api.storage.local.set(change);

/** Calls back when settings have changed, here or on another page of the extension. */
export function onSettingsChange(callback: () => void): () => void {
  const listener = (_: object, area: string) => {
    if (area === "local") callback();
  };
  api.storage.onChanged.addListener(listener);
  return () => api.storage.onChanged.removeListener(listener);
}

/** Forgets the keys and the token. */
export const forgetKeys = (): Promise<void> => api.storage.local.remove(["served", "direct"]);

/** Forgets everything that is kept here. */
export async function forgetAll(): Promise<void> {
  await api.storage.local.clear();
  await api.storage.session?.clear();
}

/** What is still missing; undefined where the set-up is whole. */
export function whatIsMissing({ way, served, direct }: Settings): string | undefined {
  if (way === "served") {
    if (served.url === "" && served.token === "") return "connection";
    if (served.url === "") return "address of serve";
    return served.token === "" ? "token of serve" : undefined;
  }
  const { ghlToken, locationId, chartmogulKey } = direct;
  if (ghlToken === "" && chartmogulKey === "") return "connection";
  if (ghlToken === "") return "token";
  if (locationId === "") return "location";
  return chartmogulKey === "" ? "ChartMogul API key" : undefined;
}

/** The API addresses of the direct way. */
export const API_ADDRESSES = {
  ghl: "https://services.leadconnectorhq.com",
  chartmogul: "https://api.chartmogul.com",
} as const;

/** The addresses that this way calls, as permissions. */
export function patternsOf({ way, served, direct }: Pick<Settings, "way" | "served" | "direct">): string[] {
  const addresses =
    way === "served"
      ? [served.url]
      : [direct.ghlBaseUrl || API_ADDRESSES.ghl, direct.chartmogulBaseUrl || API_ADDRESSES.chartmogul];
  return addresses.flatMap((address) => patternOfAddress(address) ?? []);
}

/** The way to both services that the settings say. The connector's module is loaded only where it is used. */
export async function createReach(settings: Settings): Promise<Reach> {
  if (!(await isAllowed(patternsOf(settings)))) {
    const who = settings.way === "served" ? `serve at ${settings.served.url}` : "both services";
    throw new Failure({ code: "no_permission", message: `The browser does not let the panel call ${who}.` });
  }
  if (settings.way === "served") return createServedReach(settings.served);
  const { createDirectReach } = await import("./direct.js");
  return createDirectReach(settings.direct);
}
