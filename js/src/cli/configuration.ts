// The settings of a command: the configuration file, and credentials from the environment or a file.

import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import type { ConnectorOptions } from "../options.js";
import { sqlite } from "../stores/sqlite.js";
import { closest } from "./closest.js";
import { UsageError } from "./exit-code.js";

/** The file that is read when `--config` names no other, if it exists. */
export const CONFIGURATION_FILE = "ghl-chartmogul.config.json";

/** Where credentials come from, and where the services are. */
const VARIABLES = {
  GHL_TOKEN: ["ghl", "token"],
  GHL_LOCATION_ID: ["ghl", "locationId"],
  GHL_BASE_URL: ["ghl", "baseUrl"],
  CHARTMOGUL_API_KEY: ["chartmogul", "apiKey"],
  CHARTMOGUL_BASE_URL: ["chartmogul", "baseUrl"],
} as const;

/** What each part of the configuration file may hold; the module checks `sync`. */
const PARTS = {
  "": ["$schema", "ghl", "chartmogul", "sync", "store"],
  ghl: ["locationId", "baseUrl", "apiVersion", "timeoutMs"],
  chartmogul: ["baseUrl", "timeoutMs"],
} as const;

/** What a command line says of its settings. */
export interface ConfigurationFlags {
  config?: string | undefined;
  credentials?: string | undefined;
}

type Part = Record<string, unknown>;

/** The connector's options: the file, then the environment, then the credentials file over it. */
export function readConfiguration(
  { config, credentials }: ConfigurationFlags,
  environment: NodeJS.ProcessEnv = process.env,
): ConnectorOptions {
  const file = readConfigurationFile(config);
  const variables = {
    ...environment,
    ...(credentials === undefined ? {} : parseEnv(read(credentials, "credentials"))),
  };
  const services: Record<"ghl" | "chartmogul", Part> = {
    ghl: { ...(file["ghl"] as Part | undefined) },
    chartmogul: { ...(file["chartmogul"] as Part | undefined) },
  };
  for (const [variable, [service, name]] of Object.entries(VARIABLES)) {
    const value = (variables as NodeJS.ProcessEnv)[variable];
    if (value) services[service][name] = value;
  }
  const { store = "ghl-chartmogul.db" } = file;
  if (typeof store !== "string")
    throw new UsageError('the setting store must be "memory" or the path of a file');
  return {
    ...("token" in services.ghl ? { ghl: services.ghl as unknown as ConnectorOptions["ghl"] } : {}),
    ...("apiKey" in services.chartmogul
      ? { chartmogul: services.chartmogul as unknown as ConnectorOptions["chartmogul"] }
      : {}),
    ...("sync" in file ? { sync: file["sync"] as ConnectorOptions["sync"] } : {}),
    store: store === "memory" ? "memory" : sqlite(store),
  };
}

/** Refuses settings without the credentials that a command needs. */
export function requireCredentials(options: ConnectorOptions, ...services: ("ghl" | "chartmogul")[]): void {
  const missing: string[] = [];
  if (services.includes("ghl") && !options.ghl?.token) missing.push("GHL_TOKEN");
  if (services.includes("ghl") && options.ghl?.token && !options.ghl.locationId)
    missing.push("GHL_LOCATION_ID");
  if (services.includes("chartmogul") && !options.chartmogul?.apiKey) missing.push("CHARTMOGUL_API_KEY");
  if (missing.length === 0) return;
  throw new UsageError(
    `${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} not set`,
    "Set it in the environment, or name a file of NAME=value lines with --credentials. " +
      "To try without accounts: ghl-chartmogul sandbox.",
  );
}

function readConfigurationFile(path: string | undefined): Part {
  if (path === undefined && !existsSync(CONFIGURATION_FILE)) return {};
  const name = path ?? CONFIGURATION_FILE;
  let content: unknown;
  try {
    content = JSON.parse(read(name, "config"));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${name} is not JSON: ${(error as Error).message}`);
  }
  requirePart(content, "", name);
  for (const part of ["ghl", "chartmogul"] as const) {
    if (part in content) requirePart(content[part], part, name);
  }
  return content;
}

function requirePart(value: unknown, part: keyof typeof PARTS, file: string): asserts value is Part {
  const where = part === "" ? file : `${file}: ${part}`;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UsageError(`${where} must be an object`);
  }
  const allowed: readonly string[] = PARTS[part];
  for (const name of Object.keys(value)) {
    if (allowed.includes(name)) continue;
    if (name === "token" || name === "apiKey") {
      throw new UsageError(
        `${where}.${name}: credentials do not belong into the configuration file`,
        `Set ${name === "token" ? "GHL_TOKEN" : "CHARTMOGUL_API_KEY"} in the environment instead.`,
      );
    }
    const [meant] = closest(name, allowed);
    throw new UsageError(
      `${where} has no setting ${name}`,
      meant === undefined ? `Allowed are ${allowed.join(", ")}.` : `Did you mean ${meant}?`,
    );
  }
}

function read(path: string, flag: string): string {
  try {
    return readFileSync(resolve(path), "utf8");
  } catch (error) {
    throw new UsageError(`--${flag}: ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}
