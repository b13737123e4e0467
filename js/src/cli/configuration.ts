// The settings of a command: the configuration file, and credentials from the environment or a file.

import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { closest } from "../closest.js";
import type { ConnectorOptions } from "../options.js";
import { isSecret, LEAST_SECRET } from "../webhooks/settings.js";
import type { AuditSettings } from "./audit-file.js";
import { UsageError } from "./exit-code.js";
import {
  createOAuthApp,
  hasOAuthApp,
  OAUTH_SETTINGS,
  type OAuthApp,
  type OAuthAppSettings,
} from "./oauth-app.js";
import { readStore, storeSetting } from "./store-setting.js";

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

/** Where the webhook of alerts comes from, before the configuration file's. */
const WEBHOOK = "ALERTS_WEBHOOK";

/** Where the key that webhooks are signed with comes from, several separated by commas, before the file's. */
const WEBHOOK_KEY = "GHL_WEBHOOK_PUBLIC_KEY";

/** Where the secret in the path of ChartMogul's webhooks comes from. */
const WEBHOOK_SECRET = "CHARTMOGUL_WEBHOOK_SECRET";

/** Where the URL or path of the state store comes from, before the file's. */
const STORE = "GHL_CHARTMOGUL_STORE";

/** Where that of the store of OAuth tokens comes from, before the file's. */
const TOKEN_STORE = "GHL_TOKEN_STORE";

/** Where the token of the API of `serve` comes from. */
const API_TOKEN = "SERVE_TOKEN";

/** Those that are read again when the service refuses them. */
const SECRETS: ReadonlySet<string> = new Set(["GHL_TOKEN", "CHARTMOGUL_API_KEY"]);

/** What people put into the file, and where it belongs. */
const CREDENTIALS: Readonly<Record<string, string>> = {
  chartmogulSecret: WEBHOOK_SECRET,
  token: "GHL_TOKEN",
  apiKey: "CHARTMOGUL_API_KEY",
  clientId: "GHL_CLIENT_ID",
  clientSecret: "GHL_CLIENT_SECRET",
  encryptionKey: "GHL_TOKEN_KEY",
};

/** What each part of the configuration file may hold; the module checks `sync`. */
const PARTS = {
  "": ["$schema", "ghl", "chartmogul", "sync", "store", "alerts", "webhooks", "audit"],
  ghl: ["locationId", "baseUrl", "apiVersion", "timeoutMs", "oauth"],
  "ghl.oauth": OAUTH_SETTINGS,
  chartmogul: ["baseUrl", "timeoutMs"],
  alerts: ["webhook", "format", "maxFailures", "minQuotaPercent"],
  webhooks: ["publicKey", "toleranceMs", "bodyLimit"],
  audit: ["file", "mask"],
} as const;

/** What a command line says of its settings. */
export interface ConfigurationFlags {
  config?: string | undefined;
  envFile?: string | undefined;
  /** The file of the audit. */
  audit?: string | undefined;
}

type Service = "ghl" | "chartmogul";
type Part = Record<string, unknown>;

/**
 * The connector's options: the file, then the environment, then the file of variables over it. Refuses
 * settings that lack what these services need.
 */
export function readConfiguration(
  flags: ConfigurationFlags,
  required: readonly Service[],
  environment: NodeJS.ProcessEnv = process.env,
): ConnectorOptions {
  const file = readConfigurationFile(flags.config);
  const services: Record<Service, Part> = {
    ghl: { ...(file["ghl"] as Part | undefined) },
    chartmogul: { ...(file["chartmogul"] as Part | undefined) },
  };
  const variables = variablesOf(flags, environment);
  for (const [variable, [service, name]] of Object.entries(VARIABLES)) {
    const value = variables(variable);
    if (value) services[service][name] = value;
  }
  const app = oauthSettings(services.ghl, variables);
  delete services.ghl["oauth"];
  // A token that is set goes before the app.
  if (!services.ghl["token"] && hasOAuthApp(app)) services.ghl["token"] = createOAuthApp(app).oauth;
  requireCredentials(services, required);
  // The file of variables may name it as well; it is read once.
  const webhook = textOf(variables(WEBHOOK));
  const alerts = { ...(file["alerts"] as Part | undefined), ...(webhook && { webhook }) };
  const webhooks = webhooksOf(file["webhooks"] as Part | undefined, (name) => textOf(variables(name)));
  const store = storeSetting(textOf(variables(STORE)), STORE, file["store"], "store");
  return {
    ...("token" in services.ghl ? { ghl: services.ghl as unknown as ConnectorOptions["ghl"] } : {}),
    ...("apiKey" in services.chartmogul
      ? { chartmogul: services.chartmogul as unknown as ConnectorOptions["chartmogul"] }
      : {}),
    ...("sync" in file ? { sync: file["sync"] as ConnectorOptions["sync"] } : {}),
    ...(Object.keys(alerts).length > 0 ? { alerts } : {}),
    ...(Object.keys(webhooks).length > 0 ? { webhooks } : {}),
    store: readStore(store ?? "ghl-chartmogul.db"),
  };
}

/** What a set-up begins with. */
export interface SetupSources {
  /** The configuration file's content; undefined where there is no such file yet. */
  file: Readonly<Record<string, unknown>> | undefined;
  /** Credentials and addresses of the environment, and of the file of variables over it. */
  variables: Readonly<Partial<Record<keyof typeof VARIABLES, string>>>;
  /** Whether an OAuth app is set, whose tokens can be used in place of `GHL_TOKEN`. */
  hasApp: boolean;
}

/** The configuration file as it is and the variables, without a check that they suffice. */
export function readSetupSources(
  flags: ConfigurationFlags,
  environment: NodeJS.ProcessEnv = process.env,
): SetupSources {
  const name = flags.config ?? CONFIGURATION_FILE;
  const file = existsSync(name) ? readConfigurationFile(name) : undefined;
  const variables = variablesOf(flags, environment);
  const values = Object.keys(VARIABLES).flatMap((variable) => {
    const value = textOf(variables(variable));
    return value ? [[variable, value] as const] : [];
  });
  const app = oauthSettings({ ...(file?.["ghl"] as Part | undefined) }, variables);
  return { file, variables: Object.fromEntries(values), hasApp: hasOAuthApp(app) };
}

/** The OAuth app of `login` and `logout`; a first login makes a key in the system's key ring. */
export function readOAuthApp(
  flags: ConfigurationFlags,
  createKey: boolean,
  environment: NodeJS.ProcessEnv = process.env,
): OAuthApp {
  const ghl = { ...(readConfigurationFile(flags.config)["ghl"] as Part | undefined) };
  const variables = variablesOf(flags, environment);
  return createOAuthApp(
    oauthSettings({ ...ghl, baseUrl: variables("GHL_BASE_URL") || ghl["baseUrl"] }, variables),
    createKey,
  );
}

function oauthSettings(
  ghl: Part,
  variables: (variable: string) => string | (() => string) | undefined,
): OAuthAppSettings {
  const text = (name: string) => textOf(variables(name)) || undefined;
  return {
    clientId: text("GHL_CLIENT_ID"),
    clientSecret: text("GHL_CLIENT_SECRET"),
    redirectUri: text("GHL_REDIRECT_URI"),
    tokenKey: text("GHL_TOKEN_KEY"),
    store: text(TOKEN_STORE),
    baseUrl: ghl["baseUrl"] as string | undefined,
    file: (ghl["oauth"] ?? {}) as Part,
  };
}

/** Where the audit goes: the flag, else the configuration file; undefined where none is wanted. */
export function readAuditSettings(flags: ConfigurationFlags): AuditSettings | undefined {
  const { file, mask = false } = (readConfigurationFile(flags.config)["audit"] ?? {}) as Part;
  if (typeof mask !== "boolean") throw new UsageError("the setting audit.mask must be true or false");
  const path = flags.audit ?? file;
  if (path === undefined) return undefined;
  if (typeof path !== "string" || path.trim() === "")
    throw new UsageError("the setting audit.file must be the path of a file");
  return { file: resolve(path), mask };
}

function webhooksOf(part: Part = {}, variable: (name: string) => string | undefined): Part {
  const [keys, chartmogulSecret] = [variable(WEBHOOK_KEY), variable(WEBHOOK_SECRET)];
  if (chartmogulSecret && !isSecret(chartmogulSecret)) throw shortSecret(WEBHOOK_SECRET);
  return {
    ...part,
    ...(keys && { publicKey: keys.split(",").filter((key) => key.trim() !== "") }),
    ...(chartmogulSecret && { chartmogulSecret }),
  };
}

/** What opens the API of `serve`; undefined where it is off. */
export function readApiToken(
  flags: ConfigurationFlags,
  environment: NodeJS.ProcessEnv = process.env,
): string | undefined {
  const token = textOf(variablesOf(flags, environment)(API_TOKEN));
  if (!token) return undefined;
  if (!isSecret(token)) throw shortSecret(API_TOKEN);
  return token;
}

function shortSecret(variable: string): UsageError {
  return new UsageError(
    `${variable} must have ${LEAST_SECRET} characters or more, and only letters, digits, -, _, . and ~`,
    "For example what `openssl rand -hex 32` prints.",
  );
}

function textOf(value: string | (() => string) | undefined): string | undefined {
  return typeof value === "function" ? value() : value;
}

/** Gives variables: of a file as functions where they are secrets, so that a new key is read when the old one is refused. */
function variablesOf(
  { envFile: path }: ConfigurationFlags,
  environment: NodeJS.ProcessEnv,
): (variable: string) => string | (() => string) | undefined {
  if (path === undefined) return (variable) => environment[variable];
  const readFile = () => parseEnv(read(path, "env-file")) as Record<string, string | undefined>;
  const first = readFile();
  return (variable) => {
    const value = first[variable];
    if (!value || !SECRETS.has(variable)) return value || environment[variable];
    return () => {
      const now = readFile()[variable];
      if (!now) throw new UsageError(`${path} no longer sets ${variable}`);
      return now;
    };
  };
}

function requireCredentials(services: Readonly<Record<Service, Part>>, required: readonly Service[]): void {
  const missing = required.flatMap((service) =>
    Object.entries(VARIABLES)
      .filter(([, [of, name]]) => of === service && name !== "baseUrl" && !services[service][name])
      .map(([variable]) => variable),
  );
  if (missing.length === 0) return;
  const named = [missing.slice(0, -1).join(", "), missing.at(-1)].filter(Boolean).join(" and ");
  throw new UsageError(
    `${named} ${missing.length === 1 ? "is" : "are"} not set`,
    `Set ${missing.length === 1 ? "it" : "them"} in the environment, or name a file of NAME=value lines with ` +
      "--env-file. In place of GHL_TOKEN an OAuth app will do: GHL_CLIENT_ID, GHL_CLIENT_SECRET, and " +
      "ghl-chartmogul login. To try without accounts: ghl-chartmogul sandbox.",
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
    // Some engines quote the text at fault, which may be the webhook.
    const what = (error as Error).message.replace(/,? ?\.{0,3}".*$/s, "");
    throw new UsageError(`${name} is not JSON: ${what}`);
  }
  requirePart(content, "", name);
  for (const part of ["ghl", "chartmogul", "alerts", "webhooks", "audit"] as const) {
    if (part in content) requirePart(content[part], part, name);
  }
  const oauth = (content["ghl"] as Part | undefined)?.["oauth"];
  if (oauth !== undefined) requirePart(oauth, "ghl.oauth", name);
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
    const variable = CREDENTIALS[name];
    if (variable !== undefined) {
      throw new UsageError(
        `${where}.${name}: credentials do not belong into the configuration file`,
        `Set ${variable} in the environment instead.`,
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
