// The OAuth app of a command: from the environment and the configuration file, with its store of tokens.

import { createEncryptionKey, createOAuth, type OAuth } from "../entries/oauth.js";
import { ConnectorError } from "../errors.js";
import { UsageError } from "./exit-code.js";
import { readStore, shownStore, storeSetting } from "./store-setting.js";

/** What the environment and the configuration file say of the app. */
export interface OAuthAppSettings {
  clientId: string | undefined;
  clientSecret: string | undefined;
  redirectUri: string | undefined;
  /** The key that encrypts stored tokens. */
  tokenKey: string | undefined;
  /** The URL or path of the store of tokens, from the environment. */
  store: string | undefined;
  baseUrl: string | undefined;
  /** The part `ghl.oauth` of the configuration file. */
  file: Readonly<Record<string, unknown>>;
}

/** The app, and where its tokens are. */
export interface OAuthApp {
  oauth: OAuth;
  redirectUri: string;
  /** The file of the tokens, or the URL of their store without its password. */
  store: string;
}

/** What the part `ghl.oauth` of the configuration file may hold. */
export const OAUTH_SETTINGS = [
  "redirectUri",
  "scopes",
  "whiteLabel",
  "versionId",
  "appId",
  "consentUrl",
  "store",
] as const;

/** The scopes that the sync needs. */
const SCOPES = [
  "contacts.readonly",
  "contacts.write",
  "locations.readonly",
  "locations/tasks.readonly",
  "locations/customFields.readonly",
  "users.readonly",
  "businesses.readonly",
  // An agency's tokens give those of its locations.
  "oauth.readonly",
  "oauth.write",
];

const TOKENS_FILE = "ghl-chartmogul-tokens.db";
const KEY_RING = "@napi-rs/keyring";
const SERVICE = "ghl-chartmogul";

/** Whether a token is an app's. */
export function isOAuth(token: unknown): token is OAuth {
  return typeof (token as Partial<OAuth> | undefined)?.handleAppEvent === "function";
}

/** Whether there is an app. */
export function hasOAuthApp({ clientId, clientSecret }: OAuthAppSettings): boolean {
  return Boolean(clientId && clientSecret);
}

/** The app; with `createKey` the system's key ring gets a key where it has none. */
export function createOAuthApp(settings: OAuthAppSettings, createKey = false): OAuthApp {
  const { clientId, clientSecret, tokenKey, baseUrl, file } = settings;
  const missing = [
    [clientId, "GHL_CLIENT_ID"],
    [clientSecret, "GHL_CLIENT_SECRET"],
  ].flatMap(([value, name]) => (value ? [] : [name]));
  if (!clientId || !clientSecret)
    throw new UsageError(
      `${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} not set`,
      "The app's page in GoHighLevel's developer portal shows both. Set them in the environment, or name a " +
        "file of NAME=value lines with --env-file.",
    );
  const redirectUri = settings.redirectUri ?? file["redirectUri"];
  if (typeof redirectUri !== "string" || redirectUri === "")
    throw new UsageError(
      "the redirect URL of the app is not set",
      "Set GHL_REDIRECT_URI, or ghl.oauth.redirectUri in the configuration file, to the one that the app has.",
    );
  const { store: given, scopes = SCOPES, redirectUri: _, ...more } = file;
  const store = storeSetting(settings.store, "GHL_TOKEN_STORE", given, "ghl.oauth.store") ?? TOKENS_FILE;
  if (!Array.isArray(scopes) || !scopes.every((scope) => typeof scope === "string"))
    throw new UsageError("the setting ghl.oauth.scopes must be a list of scopes");
  const oauth = createOAuth({
    ...more,
    clientId,
    clientSecret,
    redirectUri,
    scopes,
    baseUrl,
    store: readStore(store),
    encryptionKey: tokenKey ?? (() => keyOfRing(clientId, createKey)),
  });
  return { oauth, redirectUri, store: shownStore(store) };
}

interface KeyRingEntry {
  getPassword(): string | null;
  setPassword(password: string): void;
}

/** The key of the system's key ring. */
async function keyOfRing(clientId: string, createKey: boolean): Promise<string> {
  const entry = await ringEntry(clientId);
  const known = readRing(entry);
  if (known !== undefined) return known;
  if (!createKey) throw noKey("the system's key ring holds no key for this app: nobody has logged in here");
  const key = createEncryptionKey();
  try {
    entry.setPassword(key);
  } catch {
    throw noKey("the system's key ring cannot be written");
  }
  return key;
}

async function ringEntry(clientId: string): Promise<KeyRingEntry> {
  try {
    const { Entry } = await import(KEY_RING);
    return new Entry(SERVICE, clientId);
  } catch {
    throw noKey(
      `GHL_TOKEN_KEY is not set, and the package ${KEY_RING}, which reads the system's key ring, is not installed`,
    );
  }
}

function readRing(entry: KeyRingEntry): string | undefined {
  try {
    return entry.getPassword() ?? undefined;
  } catch (error) {
    // A missing entry is an error of some key rings.
    if (/no (matching )?entry|not found/i.test((error as Error).message)) return undefined;
    throw noKey("the system's key ring cannot be read");
  }
}

function noKey(why: string) {
  return new ConnectorError({
    code: "invalid_config",
    message: why,
    hint: `Tokens are stored encrypted. Set GHL_TOKEN_KEY to 32 random bytes (openssl rand -base64 32), or install ${KEY_RING} beside ghl-chartmogul.`,
  });
}
