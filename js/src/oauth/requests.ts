// The requests of GoHighLevel's OAuth, and what its answers mean.

import type { SendFailure } from "../bounded.js";
import { type ConnectorError, createError, type ErrorCode } from "../errors.js";
import { type BodyBytes, sendWithFetch, sendWithTransport, type Transport } from "../transport.js";

/** What a token answer holds, as far as we use it. */
export interface TokenAnswer {
  access: string;
  refresh: string | undefined;
  expiresInMs: number;
  userType: "Location" | "Company" | undefined;
  companyId: string | undefined;
  locationId: string | undefined;
  scopes: readonly string[];
  isBulk: boolean;
}

/** A location in which the app is installed, or was. */
export interface InstalledLocation {
  locationId: string;
  name: string;
  isInstalled: boolean;
}

/** How to reach GoHighLevel's OAuth. */
export interface Endpoint {
  baseUrl: string;
  transport: Transport | undefined;
  timeoutMs: number;
}

/** Sends a form; gives the answer's object. */
export function postForm(
  endpoint: Endpoint,
  path: string,
  fields: Readonly<Record<string, string>>,
  token?: string,
): Promise<Readonly<Record<string, unknown>>> {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return send(endpoint, "POST", path, headers, new URLSearchParams(fields).toString(), token);
}

/** Asks for something; gives the answer's object. */
export function get(endpoint: Endpoint, path: string, token: string) {
  return send(endpoint, "GET", path, {}, undefined, token);
}

async function send(
  { baseUrl, transport, timeoutMs }: Endpoint,
  method: string,
  path: string,
  given: Readonly<Record<string, string>>,
  text: string | undefined,
  token: string | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  const url = `${baseUrl}${path}`;
  const body = text === undefined ? undefined : (new TextEncoder().encode(text) as BodyBytes);
  const headers = {
    accept: "application/json",
    version: "2021-07-28",
    ...given,
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  let answer: { status: number; body: Uint8Array };
  try {
    const init = { method, headers, ...(body && { body }), redirect: "manual" } as const;
    answer =
      transport === undefined
        ? await sendWithFetch(new Request(url, init), timeoutMs)
        : await sendWithTransport(transport, { method, url, headers, body, timeoutMs });
  } catch (reason) {
    throw unsent(path, reason as Partial<SendFailure>);
  }
  const said = read(answer.body);
  if (answer.status >= 200 && answer.status < 300 && said !== undefined) return said;
  throw refusal(path, answer.status, said);
}

function read(body: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function unsent(path: string, { kind = "lost" }: Partial<SendFailure>): ConnectorError {
  const code: ErrorCode = kind === "timeout" ? "timeout" : kind === "aborted" ? "aborted" : "network";
  const what = kind === "not_sent" ? "GoHighLevel could not be reached" : "GoHighLevel did not answer";
  // What the host says may hold the URL and more: it is left out.
  return createError({
    code,
    message: `${path}: ${what}`,
    service: "ghl",
    details: { sent: kind !== "not_sent" },
  });
}

/** What a refusal means. Its body is quoted by the sentences that are on record alone. */
function refusal(
  path: string,
  status: number,
  said: Readonly<Record<string, unknown>> | undefined,
): ConnectorError {
  const words = [said?.["message"], said?.["error"], said?.["error_description"]]
    .flat()
    .join(" ")
    .toLowerCase();
  const [code, what, hint] = meaning(status, words, said !== undefined);
  const message = `${path}: GoHighLevel answered ${status}: ${what}`;
  return createError({ code, message, hint, service: "ghl", status });
}

function meaning(status: number, words: string, isJson: boolean): [ErrorCode, string, string?] {
  const says = (part: string) => words.includes(part);
  if (says("invalid grant"))
    return says("redirect")
      ? [
          "invalid_config",
          "the redirect URL does not match",
          "Use the redirect URL that the app has in GoHighLevel, exactly as it is there.",
        ]
      : ["reconnect_required", "the refresh token was used or revoked", RECONNECT];
  if (says("location is not active"))
    return [
      "location_suspended",
      "the location is paused",
      "Activate the sub-account; its tokens work again then.",
    ];
  if (status === 429) return ["rate_limited", "too many requests"];
  if (status >= 500 || says("command timed out"))
    return ["service_unavailable", "the service is unavailable"];
  if (!isJson)
    return [
      "unreadable_response",
      "not its own words",
      "A proxy or a firewall may have answered in its place.",
    ];
  if (says("authorization code not found"))
    return [
      "unauthorized",
      "the code was used or has expired, or the client id and secret are not the app's",
      "Open the authorization URL again; if that fails as well, compare client id and secret with the app's.",
    ];
  if (says("not authorized for this scope"))
    return [
      "scope_missing",
      "the token lacks a scope",
      "Add the scope oauth.write to the app, and install it again.",
    ];
  if (says("user type mismatch") || says("authclass type"))
    return [
      "token_type_mismatch",
      "a token of the wrong kind",
      "Location tokens are minted from a company's token.",
    ];
  if (status === 401) return ["unauthorized", "the token or the client was refused"];
  if (status === 403 && !says("access to this location")) return ["forbidden", "the call is forbidden"];
  if (status === 403)
    return [
      "location_forbidden",
      "the app is not installed in this location",
      "Install it there, or leave the location out.",
    ];
  if (status === 404) return ["not_found", "the path does not exist"];
  return ["rejected", "the request was refused"];
}

const RECONNECT = "Connect again: open the authorization URL, or run: ghl-chartmogul login";

/** Reads a token answer; undefined where it holds no token. Both spellings of names are accepted. */
export function tokenAnswer(said: Readonly<Record<string, unknown>>): TokenAnswer | undefined {
  const text = (...names: readonly string[]) =>
    names.map((name) => said[name]).find((value) => typeof value === "string" && value !== "") as
      | string
      | undefined;
  const access = text("access_token", "accessToken");
  if (access === undefined) return undefined;
  const seconds = Number(said["expires_in"] ?? said["expiresIn"] ?? 86_399);
  const userType = text("userType", "user_type");
  return {
    access,
    refresh: text("refresh_token", "refreshToken"),
    expiresInMs: (seconds > 0 ? seconds : 86_399) * 1_000,
    userType: userType === "Location" || userType === "Company" ? userType : undefined,
    companyId: text("companyId"),
    locationId: text("locationId"),
    scopes: (text("scope") ?? "").split(/[\s,]+/).filter((scope) => scope !== ""),
    isBulk: said["isBulkInstallation"] === true || said["isBulkInstallation"] === "true",
  };
}

/** Reads a page of installed locations. */
export function installedLocations(said: Readonly<Record<string, unknown>>): InstalledLocation[] {
  const list = Array.isArray(said["locations"]) ? said["locations"] : [];
  return list.flatMap((item: Record<string, unknown> | null) => {
    const locationId = item?.["_id"] ?? item?.["id"] ?? item?.["locationId"];
    if (typeof locationId !== "string") return [];
    const name = typeof item?.["name"] === "string" ? item["name"] : "";
    return [{ locationId, name, isInstalled: item?.["isInstalled"] !== false }];
  });
}
