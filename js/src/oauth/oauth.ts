// GoHighLevel's OAuth: a person's consent becomes tokens, which are kept, renewed in time, and given to
// whoever calls for a location.

import { sleep } from "../bounded.js";
import { monotonic } from "../clock.js";
import type { CredentialContext, IssuedCredential } from "../credentials.js";
import { ConnectorError, createError } from "../errors.js";
import { memory } from "../stores/memory.js";
import { identityOf, type StateStore } from "../stores/store.js";
import type { Transport } from "../transport.js";
import { isSafe, parseUrl } from "../url.js";
import { underLease } from "./lease.js";
import {
  type Endpoint,
  get,
  type InstalledLocation,
  installedLocations,
  postForm,
  type TokenAnswer,
  tokenAnswer,
} from "./requests.js";
import { cipherOf, type EncryptionKey, PLAIN, type RowCipher, type TokenRow } from "./token-row.js";
import { tokenStoreOf } from "./token-store.js";

export type { InstalledLocation } from "./requests.js";
export { createEncryptionKey, type EncryptionKey } from "./token-row.js";

/** Options of the OAuth app. */
export interface OAuthOptions {
  /** The app's client id. */
  clientId: string;
  /** The app's client secret. GoHighLevel has no public clients: a browser alone cannot use OAuth. */
  clientSecret: string;
  /** The redirect URL that the app has in GoHighLevel, exactly. */
  redirectUri: string;
  /** The scopes to ask for. */
  scopes?: readonly string[] | undefined;
  /**
   * Where tokens are kept: `"memory"` (default), `sqlite("tokens.db")`, or any state store. Processes that
   * share a store that is `conditional` renew a token once between them.
   */
  store?: StateStore | "memory" | undefined;
  /**
   * Encrypts the tokens in the store, which must have it unless it is `"memory"`: 32 bytes as base64 or
   * hex, or a function that gives them. Of several the first encrypts, and all decrypt.
   */
  encryptionKey?:
    | EncryptionKey
    | readonly EncryptionKey[]
    | (() => EncryptionKey | readonly EncryptionKey[] | PromiseLike<EncryptionKey | readonly EncryptionKey[]>)
    | undefined;
  /** Sends people to the consent page of the white-label domain. Default false. */
  whiteLabel?: boolean | undefined;
  /** The version of a private app, as its link in the developer portal has it. */
  versionId?: string | undefined;
  /** The app's id, for the list of its installations. Default: `clientId` up to its hyphen. */
  appId?: string | undefined;
  /** Default `https://services.leadconnectorhq.com`. */
  baseUrl?: string | undefined;
  /** Where people consent. Default `https://marketplace.gohighlevel.com`, or the white-label one. */
  consentUrl?: string | undefined;
  /** Sends requests where the host has no `fetch`, or in its place. */
  transport?: Transport | undefined;
  /** Milliseconds that one answer may take, 1,000 to 60,000. Default 15,000. */
  timeoutMs?: number | undefined;
}

/** What a person has connected. */
export interface Installation {
  userType: "Location" | "Company";
  companyId: string;
  /** The location; none where it is a company. */
  locationId: string | undefined;
  scopes: readonly string[];
  /** True where the app was installed in many locations at once: `connectLocations` connects them. */
  isBulk: boolean;
  /** False where GoHighLevel refuses the tokens, and a person must connect again. */
  isConnected: boolean;
}

/** How connecting one location ended. */
export interface LocationConnection {
  locationId: string;
  name: string;
  isConnected: boolean;
  /** Why it is not. */
  error?: ConnectorError | undefined;
}

/** GoHighLevel's OAuth for one app. Sends nothing before it is used. */
export interface OAuth {
  /**
   * Where a person agrees. `state` comes back with the code: compare it.
   *
   * @example
   * const url = oauth.authorizationUrl({ state: "a-value-of-this-session" });
   * console.log(url.startsWith("https://")); // true
   */
  authorizationUrl(options: AuthorizationOptions): string;
  /** Exchanges the code of the redirect for tokens, and keeps them. A code works once. */
  exchange(code: string): Promise<Installation>;
  /** The same for the whole URL that a person was redirected to. Refuses another `state`. */
  exchangeRedirect(url: string, expected: { state: string }): Promise<Installation>;
  /** Gives the token of a location, renewed in time: for `createConnector({ ghl: { token: oauth, locationId } })`. */
  location(locationId: string): (context?: CredentialContext) => Promise<IssuedCredential>;
  /** The same for a company: for calls that only an agency may make. */
  company(companyId?: string): (context?: CredentialContext) => Promise<IssuedCredential>;
  /** The locations in which the app is installed, as GoHighLevel lists them. */
  installedLocations(companyId?: string): AsyncIterableIterator<InstalledLocation>;
  /** Connects all of them one by one, after an agency has installed the app; one that is refused stops no other. */
  connectLocations(companyId?: string): Promise<LocationConnection[]>;
  /** What is connected, as far as the store knows. Sends nothing. */
  installations(): Promise<Installation[]>;
  /** Forgets the tokens of a location, of a company and its locations, or all. Sends nothing. */
  disconnect(of?: { locationId: string } | { companyId: string }): Promise<number>;
  /**
   * Takes a webhook about the app itself, as `webhooks.onAppEvent` gives it. It is a hint: an installation in
   * a location of a connected company is connected, and the tokens of one that was removed are removed once
   * GoHighLevel refuses them, so that a late or repeated event harms nothing.
   */
  handleAppEvent(event: AppEvent): Promise<"connected" | "disconnected" | "unchanged">;
  /** Releases the store. */
  close(): Promise<void>;
}

/** What is needed of a webhook about the app. */
export interface AppEvent {
  type: string;
  /** Whose event it is: another app's changes nothing. */
  appId?: string | undefined;
  locationId?: string | undefined;
  companyId?: string | undefined;
}

/** What a consent page is asked for. */
export interface AuthorizationOptions {
  /** A value that nobody can guess, bound to the person's session. */
  state: string;
  /** Default: the app's. */
  scopes?: readonly string[] | undefined;
  /** Logs in in the same tab. Default false. */
  loginInSameTab?: boolean | undefined;
}

/** Tokens are renewed so long before they expire. */
const MARGIN_MS = 60_000;
/** Tries of a renewal whose request may not have arrived. */
const MOST_TRIES = 3;
const FIRST_WAIT_MS = 500;
/** How long another process, which was faster, may take to write down what it got. */
const OTHER_WRITES_MS = 3_000;
const LOCATIONS_A_PAGE = 100;

const CONSENT = "https://marketplace.gohighlevel.com";
const WHITE_LABEL_CONSENT = "https://marketplace.leadconnectorhq.com";
const SERVICES = "https://services.leadconnectorhq.com";

/** Renewals under way in this process, by store and row. */
const renewals = new WeakMap<object, Map<string, Promise<TokenRow>>>();

/**
 * GoHighLevel's OAuth for one app.
 *
 * @example
 * const oauth = createOAuth({
 *   clientId: "66f0a1b2c3d4e5f6a7b8c9d0-m1abcdef",
 *   clientSecret: "kept-in-the-environment",
 *   redirectUri: "https://app.example.com/callback",
 *   scopes: ["contacts.readonly", "contacts.write"],
 * });
 * const connector = createConnector({ ghl: { token: oauth, locationId: "ve9EPM428h8vShlRW1KT" } });
 * await connector.close();
 */
export function createOAuth(options: OAuthOptions): OAuth {
  return new Tokens(options);
}

class Tokens implements OAuth {
  readonly #options: OAuthOptions;
  readonly #store: StateStore;
  readonly #cipher: () => Promise<RowCipher>;
  readonly #endpoint: Endpoint;
  readonly #prefix: string;
  /** Pairs that were renewed, and could not be written down: the only copy. */
  readonly #unwritten = new Map<
    string,
    { row: TokenRow; text: string | undefined; used: string | undefined }
  >();

  constructor(options: OAuthOptions) {
    requireOptions(options);
    this.#options = options;
    const { store } = options;
    this.#store = tokenStoreOf(store === undefined || store === "memory" ? memory() : store);
    this.#cipher = cipherFor(options);
    const { baseUrl = SERVICES, transport, timeoutMs = 15_000 } = options;
    this.#endpoint = { baseUrl: baseUrl.replace(/\/+$/, ""), transport, timeoutMs };
    this.#prefix = `v1/oauth:${options.clientId}/`;
  }

  authorizationUrl({
    state,
    scopes = this.#options.scopes ?? [],
    loginInSameTab,
  }: AuthorizationOptions): string {
    const { clientId, redirectUri, whiteLabel, versionId } = this.#options;
    if (typeof state !== "string" || state.length < 16)
      throw createError({
        code: "invalid_argument",
        message: "state must be a text of 16 characters at least that nobody can guess",
        hint: "For example crypto.randomUUID(), kept in the person's session and compared after the redirect.",
      });
    const base = this.#options.consentUrl ?? (whiteLabel === true ? WHITE_LABEL_CONSENT : CONSENT);
    const url = new URL(`${base.replace(/\/+$/, "")}/v2/oauth/chooselocation`);
    const query: Record<string, string | undefined> = {
      response_type: "code",
      redirect_uri: redirectUri,
      client_id: clientId,
      scope: scopes.join(" "),
      state,
      version_id: versionId,
      loginWindowOpenMode: loginInSameTab === true ? "self" : undefined,
    };
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, value);
    // Spaces between scopes as the portal's own links have them.
    return url.href.replaceAll("+", "%20");
  }

  async exchange(code: string): Promise<Installation> {
    if (typeof code !== "string" || code.trim() === "")
      throw createError({ code: "invalid_argument", message: "the code is empty", hint: CODE_HINT });
    // Before the code, which works once, is used up: a store that cannot be written is found out now.
    await this.#requireWritable();
    const answer = await this.#ask({
      grant_type: "authorization_code",
      code: code.trim(),
      redirect_uri: this.#options.redirectUri,
    });
    const row = this.#rowOf(answer, undefined);
    const key = this.#keyOf(row);
    // What a person connects goes before all that is there.
    const text = await (await this.#cipher()).seal(key, row);
    const [before] = await this.#store.get([key]);
    this.#unwritten.set(key, { row, text: before, used: undefined });
    try {
      await this.#store.commit([[key, text]], []);
    } catch (cause) {
      throw unwritable(cause);
    }
    this.#unwritten.delete(key);
    // Locations that had lost their tokens get new ones of the company's.
    const lost = ([of, known]: [string, TokenRow | undefined]) =>
      of !== key && known?.companyId === row.companyId && known.deadSince !== undefined;
    if (row.userType === "Company") await this.#remove((await this.#rows()).filter(lost).map(([of]) => of));
    return installationOf(row);
  }

  async exchangeRedirect(url: string, { state }: { state: string }): Promise<Installation> {
    const parsed = parseUrl(url);
    if (parsed === undefined)
      throw createError({ code: "invalid_argument", message: "this is not a URL", hint: CODE_HINT });
    const given = parsed.searchParams;
    const refused = given.get("error");
    if (refused !== null)
      throw createError({
        code: "unauthorized",
        service: "ghl",
        message: "GoHighLevel gave no code: the person did not agree, or the app may not be installed",
        hint: "Open the authorization URL again.",
      });
    if (given.get("state") !== state)
      throw createError({
        code: "unauthorized",
        service: "ghl",
        message: "the redirect's state is not the one that was sent: it may belong to another session",
        hint: "Open the authorization URL again, and finish in the same browser.",
      });
    const code = given.get("code");
    if (code === null || code === "")
      throw createError({ code: "invalid_argument", message: "the URL holds no code", hint: CODE_HINT });
    return this.exchange(code);
  }

  location(locationId: string) {
    requireId("locationId", locationId);
    return async (context?: CredentialContext) =>
      issued(await this.#tokenOf(this.#locationKey(locationId), context));
  }

  company(companyId?: string) {
    if (companyId !== undefined) requireId("companyId", companyId);
    return async (context?: CredentialContext) => {
      const [key] = await this.#companyKeys(companyId);
      if (key === undefined) throw noCompany();
      return issued(await this.#tokenOf(key, context));
    };
  }

  async *installedLocations(companyId?: string): AsyncIterableIterator<InstalledLocation> {
    for await (const { location } of this.#installed(companyId)) yield location;
  }

  async *#installed(
    companyId: string | undefined,
  ): AsyncIterableIterator<{ location: InstalledLocation; companyId: string }> {
    const keys = await this.#companyKeys(companyId);
    if (keys.length === 0) throw noCompany();
    const seen = new Set<string>();
    for (const key of keys) {
      const of = key.slice(this.#companyKey("").length);
      for (let skip = 0; ; skip += LOCATIONS_A_PAGE) {
        const page = await this.#asInstallation(key, true, async (row) => {
          const query = new URLSearchParams({
            companyId: of,
            appId: this.#appId,
            skip: String(skip),
            limit: String(LOCATIONS_A_PAGE),
          });
          return installedLocations(
            await get(this.#endpoint, `/oauth/installedLocations?${query}`, row.access),
          );
        });
        const fresh = page.filter(({ locationId }) => !seen.has(locationId));
        for (const location of fresh) {
          seen.add(location.locationId);
          yield { location, companyId: of };
        }
        // A list that ignores `skip` gives the same page again.
        if (page.length < LOCATIONS_A_PAGE || fresh.length === 0) break;
      }
    }
  }

  async connectLocations(companyId?: string): Promise<LocationConnection[]> {
    const connections: LocationConnection[] = [];
    for await (const { location, companyId: of } of this.#installed(companyId)) {
      const { locationId, name, isInstalled } = location;
      if (!isInstalled) continue;
      try {
        await this.#tokenOf(this.#locationKey(locationId), {}, of);
        connections.push({ locationId, name, isConnected: true });
      } catch (error) {
        if (!ConnectorError.is(error) || error.code === "store_failed") throw error;
        connections.push({ locationId, name, isConnected: false, error });
      }
    }
    return connections;
  }

  async installations(): Promise<Installation[]> {
    return (await this.#rows()).map(([key, row]) =>
      row === undefined ? this.#unreadable(key) : installationOf(row),
    );
  }

  /** What is known of a row by its key alone. */
  #unreadable(key: string): Installation {
    const [kind, id = ""] = key.slice(this.#prefix.length).split("/");
    const isLocation = kind === "location";
    return {
      userType: isLocation ? "Location" : "Company",
      companyId: isLocation ? "" : id,
      locationId: isLocation ? id : undefined,
      scopes: [],
      isBulk: false,
      isConnected: false,
    };
  }

  async disconnect(of?: { locationId: string } | { companyId: string }): Promise<number> {
    const isOf = ([key, row]: [string, TokenRow | undefined]) => {
      if (of === undefined) return true;
      if ("locationId" in of) return key === this.#locationKey(of.locationId);
      return key === this.#companyKey(of.companyId) || row?.companyId === of.companyId;
    };
    return this.#remove((await this.#rows()).filter(isOf).map(([key]) => key));
  }

  async #remove(keys: readonly string[]): Promise<number> {
    if (keys.length > 0) await this.#store.commit([], [...keys]);
    for (const key of keys) this.#unwritten.delete(key);
    return keys.length;
  }

  async handleAppEvent({
    type,
    appId,
    locationId,
    companyId,
  }: AppEvent): Promise<"connected" | "disconnected" | "unchanged"> {
    // GoHighLevel signs the webhooks of all apps with one key.
    if (appId !== undefined && appId !== this.#appId) return "unchanged";
    if (type === "INSTALL" && locationId !== undefined) {
      requireId("locationId", locationId);
      // A location that was installed by itself is connected by its own code.
      if ((await this.#companyKeys(companyId)).length === 0) return "unchanged";
      await this.#tokenOf(this.#locationKey(locationId), {}, companyId);
      return "connected";
    }
    if (type !== "UNINSTALL") return "unchanged";
    const key = locationId !== undefined ? this.#locationKey(locationId) : this.#companyKey(companyId ?? "");
    if ((await this.#get(key)) === undefined || (await this.#works(key))) return "unchanged";
    // Locations that were installed by themselves keep their own tokens.
    const isMinted = ([of, row]: [string, TokenRow | undefined]) =>
      of === key || (locationId === undefined && row?.companyId === companyId && row?.refresh === undefined);
    await this.#remove((await this.#rows()).filter(isMinted).map(([of]) => of));
    return "disconnected";
  }

  /** Whether GoHighLevel still takes the tokens of an installation, renewed ones if need be. */
  async #works(key: string): Promise<boolean> {
    try {
      await this.#asInstallation(key, true, async ({ access, companyId, locationId }) => {
        const query = new URLSearchParams({ companyId, appId: this.#appId, limit: "1" });
        const path =
          locationId === undefined ? `/oauth/installedLocations?${query}` : `/locations/${locationId}`;
        await get(this.#endpoint, path, access);
      });
      return true;
    } catch (error) {
      if (!ConnectorError.is(error)) throw error;
      // A renewal that is refused for the client's secret says nothing about the installation.
      const isOwn = !error.message.startsWith("/oauth/token:");
      if (["reconnect_required", "location_forbidden"].includes(error.code)) return false;
      if (error.code === "unauthorized" && isOwn) return false;
      if (error.code === "scope_missing") return true;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#store.close?.();
  }

  /** A token that works, and is not the one that was refused. */
  async #tokenOf(key: string, { previous }: CredentialContext = {}, companyId?: string): Promise<TokenRow> {
    const row = await this.#get(key);
    if (isFresh(row, previous)) return row;
    const ofStore = renewals.get(identityOf(this.#store)) ?? new Map<string, Promise<TokenRow>>();
    renewals.set(identityOf(this.#store), ofStore);
    let renewal = ofStore.get(key);
    if (renewal === undefined) {
      renewal = this.#renew(key, previous, companyId);
      ofStore.set(key, renewal);
      const forget = () => ofStore.delete(key);
      renewal.then(forget, forget);
    }
    return renewal;
  }

  #renew(key: string, previous: string | undefined, companyId: string | undefined): Promise<TokenRow> {
    const renewed = async () => {
      const row = await this.#get(key);
      if (row?.deadSince !== undefined) throw reconnect(row);
      return isFresh(row, previous) ? row : undefined;
    };
    return underLease(this.#store, `${key}/lease`, renewed, async () => {
      // Read once: between two readings a person may connect again.
      const [text] = await this.#store.get([key]);
      const row = text === undefined ? undefined : await (await this.#cipher()).open(key, text);
      if (row === undefined || (row.refresh === undefined && row.userType === "Location"))
        return this.#mint(key, row, text, companyId);
      return this.#rotate(key, row, text);
    });
  }

  /** Uses a refresh token, which works once, and writes the new pair down before anybody uses it. */
  async #rotate(key: string, row: TokenRow, text: string | undefined): Promise<TokenRow> {
    const answer = await this.#refresh(row.refresh ?? "", row.userType).catch(onlyIf("reconnect_required"));
    if (answer !== undefined) {
      const next = { ...this.#rowOf(answer, row), previous: row.refresh };
      return this.#replace(key, next, text, row.refresh);
    }
    // Somebody was faster: this process may have stood still meanwhile.
    const until = monotonic() + OTHER_WRITES_MS;
    while (monotonic() < until) {
      const now = await this.#get(key);
      if (now !== undefined && now.refresh !== row.refresh) return now;
      await sleep(250);
    }
    return this.#heal(key, row, text);
  }

  /** The ways back without a person: the token before, the company's, GoHighLevel's own way. */
  async #heal(key: string, row: TokenRow, text: string | undefined): Promise<TokenRow> {
    if (row.previous !== undefined) {
      const answer = await this.#refresh(row.previous, row.userType).catch(onlyIf("reconnect_required"));
      if (answer !== undefined) return this.#replace(key, this.#rowOf(answer, row), text, row.refresh);
    }
    if (row.userType === "Location" && (await this.#companyKeys(row.companyId)).length > 0) {
      return this.#mint(key, row, text);
    }
    // Only its own words end it: an outage does not.
    const refused = onlyIf(
      "reconnect_required",
      "not_found",
      "unauthorized",
      "location_forbidden",
      "forbidden",
      "rejected",
    );
    const answer = await this.#reconnect(row).catch(refused);
    if (answer !== undefined) return this.#replace(key, this.#rowOf(answer, row), text, row.refresh);
    const dead = { ...row, deadSince: Date.now() };
    if (await this.#put(key, dead, text)) throw reconnect(row);
    const now = await this.#get(key);
    if (isFresh(now, row.access)) return now;
    throw reconnect(row);
  }

  /** A location's token of the company's. */
  async #mint(
    key: string,
    row: TokenRow | undefined,
    text: string | undefined,
    companyId: string | undefined = row?.companyId,
  ): Promise<TokenRow> {
    const ofLocations = this.#locationKey("");
    const locationId = row?.locationId ?? key.slice(ofLocations.length);
    const companies = key.startsWith(ofLocations) ? await this.#companyKeys(companyId) : [];
    const isKnown = companies.length === 1;
    const tries = companies.map((company) => ({ company, renews: isKnown }));
    let last: ConnectorError | undefined;
    for (const { company, renews } of tries) {
      try {
        const minted = await this.#asInstallation(company, renews, async ({ access, companyId: id }) => {
          const form = { companyId: id, locationId };
          const said = await postForm(this.#endpoint, "/oauth/locationToken", form, access);
          return { ...requireAnswer(tokenAnswer(said)), companyId: id };
        });
        const next = this.#rowOf({ ...minted, locationId, userType: "Location" }, row);
        return await this.#replace(key, next, text, row?.refresh);
      } catch (error) {
        // Another company's location is refused in more than one way.
        if (!ConnectorError.is(error) || isKnown || ["store_failed", "busy"].includes(error.code))
          throw error;
        // Once all were asked, a token may have expired after all.
        if (error.code === "unauthorized" && !renews) tries.push({ company, renews: true });
        if (last === undefined || last.code === "location_forbidden") last = error;
      }
    }
    throw (
      last ??
      createError({
        code: "reconnect_required",
        service: "ghl",
        message: `no tokens are stored for the location ${locationId}`,
        hint: "Install the app there: open the authorization URL, or run: ghl-chartmogul login",
      })
    );
  }

  /** Does something with an installation's token; once more with a new one where that was refused. */
  async #asInstallation<Result>(
    key: string,
    renews: boolean,
    work: (row: TokenRow) => Promise<Result>,
  ): Promise<Result> {
    const row = await this.#tokenOf(key);
    try {
      return await work(row);
    } catch (error) {
      if (!renews || !ConnectorError.is(error) || error.code !== "unauthorized") throw error;
      return work(await this.#tokenOf(key, { previous: row.access }));
    }
  }

  async #refresh(refreshToken: string, userType: string): Promise<TokenAnswer> {
    const form = { grant_type: "refresh_token", refresh_token: refreshToken, user_type: userType };
    return this.#ask({ ...form, redirect_uri: this.#options.redirectUri });
  }

  /** GoHighLevel's way back after an outage: documented, and reported gone. */
  async #reconnect({ companyId, locationId }: TokenRow): Promise<TokenAnswer | undefined> {
    const { clientId, clientSecret } = this.#options;
    const whom: Record<string, string> = locationId === undefined ? { companyId } : { locationId };
    const form = { clientKey: clientId, clientSecret, ...whom };
    const said = await postForm(this.#endpoint, "/oauth/reconnect", form);
    const code = said["authorizationCode"];
    if (typeof code !== "string") return undefined;
    return this.#ask({ grant_type: "authorization_code", code });
  }

  async #ask(fields: Readonly<Record<string, string>>): Promise<TokenAnswer> {
    const { clientId, clientSecret } = this.#options;
    const form = { client_id: clientId, client_secret: clientSecret, ...fields };
    for (let attempt = 1; ; attempt++) {
      try {
        return requireAnswer(tokenAnswer(await postForm(this.#endpoint, "/oauth/token", form)));
      } catch (error) {
        const again = ConnectorError.is(error) && error.retryable && attempt < MOST_TRIES;
        if (!again) throw error;
        await sleep(FIRST_WAIT_MS * 2 ** (attempt - 1) * (1 + Math.random()));
      }
    }
  }

  #rowOf(answer: TokenAnswer, before: TokenRow | undefined): TokenRow {
    const userType =
      answer.userType ?? before?.userType ?? (answer.locationId === undefined ? "Company" : "Location");
    const locationId = userType === "Location" ? (answer.locationId ?? before?.locationId) : undefined;
    const companyId = answer.companyId ?? before?.companyId ?? "";
    if (userType === "Location" ? locationId === undefined : companyId === "") throw unreadable();
    // A token that lives for minutes only is renewed in the last tenth of its life.
    const margin = Math.min(MARGIN_MS, answer.expiresInMs / 10);
    return {
      access: answer.access,
      refresh: answer.refresh,
      renewAt: Date.now() + answer.expiresInMs - margin,
      userType,
      companyId,
      locationId,
      scopes: answer.scopes.length > 0 ? answer.scopes : (before?.scopes ?? []),
      isBulk: answer.isBulk,
    };
  }

  get #appId(): string {
    return this.#options.appId ?? this.#options.clientId.split("-")[0] ?? "";
  }

  #locationKey(locationId: string): string {
    return `${this.#prefix}location/${locationId}`;
  }

  #companyKey(companyId: string): string {
    return `${this.#prefix}company/${companyId}`;
  }

  #keyOf({ userType, companyId, locationId }: TokenRow): string {
    return userType === "Location" ? this.#locationKey(locationId ?? "") : this.#companyKey(companyId);
  }

  /** The rows of one company, or of all. */
  async #companyKeys(companyId: string | undefined): Promise<string[]> {
    const keys = (await this.#texts(this.#companyKey(""))).map(([key]) => key);
    return companyId ? keys.filter((key) => key === this.#companyKey(companyId)) : keys;
  }

  /** The rows of a kind, as they are stored. */
  async #texts(prefix: string): Promise<[string, string][]> {
    const rows: [string, string][] = [];
    for (let after: string | undefined; ; ) {
      const page = await this.#store.scan(prefix, after, 500);
      rows.push(...page.filter(([key]) => !key.endsWith("/lease")));
      after = page.at(-1)?.[0];
      if (after === undefined) return rows;
    }
  }

  /** All rows; without its content where one cannot be decrypted. */
  async #rows(): Promise<[string, TokenRow | undefined][]> {
    const cipher = await this.#cipher();
    const texts = [
      ...(await this.#texts(this.#companyKey(""))),
      ...(await this.#texts(this.#locationKey(""))),
    ];
    const open = async ([key, text]: [string, string]): Promise<[string, TokenRow | undefined]> => [
      key,
      await cipher.open(key, text).catch(onlyIf("store_failed")),
    ];
    return Promise.all(texts.map(open));
  }

  async #get(key: string): Promise<TokenRow | undefined> {
    const unwritten = this.#unwritten.get(key);
    if (unwritten !== undefined) return this.#replace(key, unwritten.row, unwritten.text, unwritten.used);
    const [text] = await this.#store.get([key]);
    return text === undefined ? undefined : (await this.#cipher()).open(key, text);
  }

  /** Writes a row down, where what it was made from is still there. */
  async #put(key: string, row: TokenRow, before: string | undefined): Promise<boolean> {
    const text = await (await this.#cipher()).seal(key, row);
    const guard = this.#store.conditional === true ? { key, value: before } : undefined;
    try {
      return (await this.#store.commit([[key, text]], [], guard)) !== false;
    } catch (cause) {
      throw unwritable(cause);
    }
  }

  /**
   * Writes a new pair down, which is the only one that works; gives what is there then. `used` is the refresh
   * token that it was made with. What cannot be written stays in memory until it can.
   */
  async #replace(
    key: string,
    row: TokenRow,
    text: string | undefined,
    used: string | undefined,
  ): Promise<TokenRow> {
    let before = text;
    for (;;) {
      this.#unwritten.set(key, { row, text: before, used });
      if (await this.#put(key, row, before)) break;
      const [now] = await this.#store.get([key]);
      if (now === undefined) {
        this.#unwritten.delete(key);
        throw disconnected(row);
      }
      const there = await (await this.#cipher()).open(key, now);
      // A person has connected again, or another process was faster: by another token than this one's.
      const isOurs = there.deadSince !== undefined || there.refresh === used;
      if (!isOurs && isFresh(there, undefined)) {
        this.#unwritten.delete(key);
        return there;
      }
      before = now;
    }
    this.#unwritten.delete(key);
    return row;
  }

  async #requireWritable(): Promise<void> {
    const key = `${this.#prefix}writable`;
    try {
      await this.#cipher();
      await this.#store.commit([[key, "1"]], []);
      await this.#store.commit([], [key]);
    } catch (cause) {
      throw ConnectorError.is(cause) && cause.code === "invalid_config" ? cause : unwritable(cause);
    }
  }
}

function isFresh(row: TokenRow | undefined, previous: string | undefined): row is TokenRow {
  return (
    row !== undefined && row.deadSince === undefined && row.access !== previous && Date.now() < row.renewAt
  );
}

function issued({ access, renewAt }: TokenRow): IssuedCredential {
  return { token: access, renewAtMs: renewAt };
}

function installationOf({
  userType,
  companyId,
  locationId,
  scopes,
  isBulk,
  deadSince,
}: TokenRow): Installation {
  return { userType, companyId, locationId, scopes, isBulk, isConnected: deadSince === undefined };
}

const CODE_HINT = "Pass the code, or the whole URL, that the browser was redirected to after the consent.";

function reconnect({ locationId, companyId }: TokenRow): ConnectorError {
  const whom = locationId === undefined ? `company ${companyId}` : `location ${locationId}`;
  return createError({
    code: "reconnect_required",
    service: "ghl",
    message: `GoHighLevel refuses the tokens of the ${whom}: they were used or revoked elsewhere, or a renewal broke off`,
    hint: "Connect again: open the authorization URL, or run: ghl-chartmogul login",
  });
}

function disconnected({ locationId, companyId }: TokenRow): ConnectorError {
  const whom = locationId === undefined ? `company ${companyId}` : `location ${locationId}`;
  return createError({
    code: "reconnect_required",
    service: "ghl",
    message: `the tokens of the ${whom} were removed meanwhile`,
    hint: "Connect again: open the authorization URL, or run: ghl-chartmogul login",
  });
}

function noCompany(): ConnectorError {
  return createError({
    code: "reconnect_required",
    service: "ghl",
    message: "no tokens of a company are stored",
    hint: "Install the app from the agency's view: open the authorization URL, or run: ghl-chartmogul login",
  });
}

function unwritable(cause: unknown): ConnectorError {
  return createError({
    code: "store_failed",
    message: "the tokens could not be written down",
    hint: "Make the token store writable and try again; what GoHighLevel gave is kept in memory until then.",
    cause,
  });
}

function unreadable(): ConnectorError {
  return createError({
    code: "unreadable_response",
    service: "ghl",
    message: "/oauth/token: the answer holds no token, or does not say whose it is",
  });
}

function requireAnswer(answer: TokenAnswer | undefined): TokenAnswer {
  if (answer === undefined) throw unreadable();
  return answer;
}

/** Takes errors of these codes for nothing. */
function onlyIf(...codes: readonly string[]) {
  return (error: unknown): undefined => {
    if (!ConnectorError.is(error) || !codes.includes(error.code)) throw error;
  };
}

function cipherFor({ store, encryptionKey }: OAuthOptions): () => Promise<RowCipher> {
  if (encryptionKey === undefined && (store === undefined || store === "memory")) return async () => PLAIN;
  let cipher: Promise<RowCipher> | undefined;
  if (typeof encryptionKey !== "function") {
    const ready = cipherOf([encryptionKey ?? []].flat());
    return async () => ready;
  }
  return () => {
    cipher ??= Promise.resolve(encryptionKey()).then((keys) => cipherOf([keys].flat()));
    // What failed is asked for again.
    cipher.catch(() => {
      cipher = undefined;
    });
    return cipher;
  };
}

function requireOptions(options: OAuthOptions): void {
  const refuse = (message: string, hint?: string): never => {
    throw createError({ code: "invalid_config", message, hint });
  };
  if (typeof options !== "object" || options === null) refuse("createOAuth takes an object of options");
  for (const name of ["clientId", "clientSecret", "redirectUri"] as const) {
    const value = options[name];
    if (typeof value !== "string" || value.trim() === "")
      refuse(`${name} is missing`, "The app's page in GoHighLevel's developer portal shows it.");
  }
  if (/[\s/]/.test(options.clientId)) refuse("clientId must not contain spaces or slashes");
  const redirect = parseUrl(options.redirectUri);
  if (redirect === undefined) refuse("redirectUri is not a URL");
  if (redirect !== undefined && !isSafe(redirect))
    refuse(
      "redirectUri must begin with https://",
      "GoHighLevel refuses others; http is allowed to this machine only.",
    );
  for (const name of ["baseUrl", "consentUrl"] as const) {
    const value = options[name];
    if (value === undefined) continue;
    const url = parseUrl(value);
    if (url === undefined || !isSafe(url) || url.username !== "" || url.search !== "")
      refuse(`${name} must begin with https://, without credentials or query`);
  }
  const { store, encryptionKey, timeoutMs } = options;
  if (store !== undefined && store !== "memory" && encryptionKey === undefined)
    refuse(
      "encryptionKey is missing: tokens are not stored in the clear",
      "Make one with: openssl rand -base64 32, and keep it apart from the store.",
    );
  if (timeoutMs !== undefined && !(timeoutMs >= 1_000 && timeoutMs <= 60_000))
    refuse("timeoutMs must be a number from 1,000 to 60,000");
}

function requireId(name: string, id: unknown): void {
  if (typeof id === "string" && /^[\w-]+$/.test(id)) return;
  throw createError({
    code: "invalid_argument",
    message: `${name} must be an id: letters, digits, hyphens and underscores`,
    hint: "For example ve9EPM428h8vShlRW1KT.",
  });
}
