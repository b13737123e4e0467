// A transport over n8n's own HTTP helper, for nodes and for the Code node.

import { followable, isFile, MOST_REDIRECTS } from "../redirects.js";
import { toSendFailure } from "../send-failure.js";
import type { Transport, TransportRequest, TransportResponse } from "../transport.js";

/** What `this.helpers.httpRequest` of n8n takes: what is used of it. */
export interface HttpRequestOptions {
  method: "DELETE" | "GET" | "HEAD" | "PATCH" | "POST" | "PUT";
  url: string;
  headers: Record<string, string>;
  body?: string | Uint8Array;
  encoding: "arraybuffer" | "text";
  returnFullResponse: true;
  ignoreHttpStatusErrors: true | { ignore: true; except: number[] };
  disableFollowRedirect: true;
  timeout: number;
}

/** A function of n8n that sends a request: `this.helpers.httpRequest`. */
export type HttpRequest = (options: HttpRequestOptions) => PromiseLike<unknown>;

/** What it answers with `returnFullResponse`. */
interface FullResponse {
  statusCode: number;
  headers?: Record<string, string>;
  body?: unknown;
}

/** How a transport sends. */
export interface HttpRequestTransportOptions {
  /** `this.helpers.httpRequest`. */
  httpRequest: HttpRequest;
  /**
   * Sends with a credential that n8n keeps: `(options) => this.helpers.httpRequestWithAuthentication.call(this,
   * "name", options)`. The connector's own token is then left out of the request, and never leaves n8n.
   */
  withCredential?: HttpRequest | undefined;
  /** Whether n8n renews the credential, of OAuth2, when a service answers 401. */
  renews?: boolean | undefined;
  /** In a Code node, whose requests go to n8n as JSON: bodies are sent as text. */
  textOnly?: boolean | undefined;
}

/**
 * Sends with n8n's helper, which knows the instance's proxy, certificates and limits. Redirects are followed as
 * by the package's other transports: a credential stays with the service that it was given for.
 *
 * @example
 * const { httpRequest } = this.helpers;
 * const transport = httpRequestTransport({ httpRequest });
 */
export function httpRequestTransport(options: HttpRequestTransportOptions): Transport {
  const follow = async (
    request: TransportRequest,
    redirects: number,
    isOurs: boolean,
  ): Promise<TransportResponse> => {
    const response = await exchange(request, options, isOurs);
    const { method, url, headers } = request;
    const target = followable({ method, url, accept: headers["accept"] }, response.status, response.location);
    if (target === undefined) return response;
    if (redirects === MOST_REDIRECTS)
      throw { kind: "lost", message: `more than ${MOST_REDIRECTS} redirects` };
    const { authorization: _, ...open } = headers;
    const next = { ...request, url: target.url, headers: target.isSameOrigin ? headers : open };
    return follow(next, redirects + 1, isOurs && target.isSameOrigin);
  };
  return (request) => follow(request, 0, true);
}

/** Sends one request. Rejects with a failure that holds nothing of the request: n8n stores errors. */
async function exchange(
  request: TransportRequest,
  { httpRequest, withCredential, renews = false, textOnly = false }: HttpRequestTransportOptions,
  isOurs: boolean,
): Promise<{
  status: number;
  headers: Record<string, string>;
  body: Uint8Array | string;
  location?: string;
}> {
  const { method, url, body, timeoutMs } = request;
  const { authorization, ...open } = request.headers;
  const send = isOurs ? (withCredential ?? httpRequest) : httpRequest;
  const isOwnToken = authorization !== undefined && send !== withCredential;
  const given: HttpRequestOptions = {
    method: method as HttpRequestOptions["method"],
    url,
    headers: isOwnToken ? { ...open, authorization } : open,
    ...(body === undefined ? {} : { body: textOnly ? textOf(body) : Buffer.from(body) }),
    encoding: textOnly && !isFile(open["accept"]) ? "text" : "arraybuffer",
    returnFullResponse: true,
    // n8n renews a credential only where an answer is an error to it.
    ignoreHttpStatusErrors: renews && send === withCredential ? { ignore: true, except: [401] } : true,
    disableFollowRedirect: true,
    timeout: timeoutMs,
  };
  try {
    const { statusCode, headers = {}, body: answer } = (await send(given)) as FullResponse;
    const location = headers["location"];
    return {
      status: statusCode,
      headers: { ...headers },
      body: bytesOf(answer),
      ...(typeof location === "string" && { location }),
    };
  } catch (reason) {
    const refused = renews && send === withCredential ? refusalOf(reason, url) : undefined;
    if (refused !== undefined && "status" in refused) return refused;
    const { kind, message } = refused ?? toSendFailure(reason);
    throw { kind, message };
  }
}

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array | string;
}

/** An answer in place of the service's own, in its shape. */
const answerOf = (status: number, message: string): Answer => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ statusCode: status, message }),
});

/**
 * Why n8n gave no answer to a request with a credential that it renews: the service's 401, a credential that
 * must be connected anew, or a token endpoint that could not be asked. The last two sent nothing that counts:
 * n8n renews a token before the request, or behind a 401. Undefined where it is about the request itself.
 */
function refusalOf(reason: unknown, url: string): Answer | { kind: "not_sent"; message: string } | undefined {
  const failures = withCauses(reason);
  const unasked = { kind: "not_sent", message: "the token endpoint could not be asked for a token" } as const;
  for (const failure of failures) {
    const status = statusOf(failure);
    if (isOfTokenEndpoint(failure, url))
      return status === undefined || status === 408 || status === 429 || status >= 500 ? unasked : RECONNECT;
    if (
      failure.code === "EAUTH" ||
      (typeof failure.message === "string" && DISCONNECTED.test(failure.message))
    )
      return RECONNECT;
  }
  for (const { response } of failures) {
    if (response?.status !== 401) continue;
    const body = bytesOf(response.data);
    return body.length === 0 ? REFUSED : { status: 401, headers: textsOf(response.headers), body };
  }
  return failures.some(({ httpCode }) => String(httpCode) === "401") ? REFUSED : undefined;
}

/** What n8n's errors and their causes hold, as far as it is read. */
interface HostFailure {
  name?: unknown;
  code?: unknown;
  message?: unknown;
  status?: unknown;
  httpCode?: unknown;
  cause?: unknown;
  config?: { url?: unknown } | undefined;
  response?: { status?: unknown; headers?: unknown; data?: unknown } | undefined;
}

function withCauses(reason: unknown): HostFailure[] {
  const found: HostFailure[] = [];
  for (let at = reason; typeof at === "object" && at !== null && found.length < 5; ) {
    found.push(at);
    at = (at as HostFailure).cause;
  }
  return found;
}

/** What n8n says of a credential that nobody connected, or whose grant was revoked. */
const DISCONNECTED =
  /credentials not connected|no refresh token is available|unable to sign without access token|reconnect/i;

/** GoHighLevel's words for a refresh token that it does not take: an error `reconnect_required`. */
const RECONNECT = answerOf(
  400,
  "Invalid grant: n8n could not renew the credential; open it in n8n and connect it again",
);

/** GoHighLevel's words for a token that it does not take, where n8n does not give on what it said. */
const REFUSED = answerOf(401, "Invalid JWT");

/** Only the token endpoint's answers are errors of this code; requests to any other address are its own, too. */
function isOfTokenEndpoint({ code, config }: HostFailure, url: string): boolean {
  if (code === "ESTATUS") return true;
  return typeof config?.url === "string" && pathOf(config.url) !== pathOf(url);
}

const pathOf = (url: string) => url.split("?")[0];

function statusOf({ status, response }: HostFailure): number | undefined {
  const found = Number(response?.status ?? status);
  return Number.isInteger(found) ? found : undefined;
}

/** The headers that are texts. */
function textsOf(headers: unknown): Record<string, string> {
  const all = Object.entries({ ...(headers as object | undefined) });
  return Object.fromEntries(all.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

/** The body as text. Other bytes cannot go through a Code node. */
function textOf(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    throw {
      kind: "not_sent",
      message: "a Code node of n8n sends text only, not the bytes of a file; use the GHL node",
    };
  }
}

/** What n8n answers: bytes, text, bytes that went through JSON, or nothing. */
function bytesOf(answer: unknown): Uint8Array | string {
  if (typeof answer === "string") return answer;
  if (answer === undefined || answer === null) return "";
  if (ArrayBuffer.isView(answer)) return new Uint8Array(answer.buffer, answer.byteOffset, answer.byteLength);
  if (Object.prototype.toString.call(answer) === "[object ArrayBuffer]")
    return new Uint8Array(answer as ArrayBuffer);
  const { type, data } = answer as { type?: unknown; data?: number[] };
  if (type === "Buffer" && Array.isArray(data)) return Uint8Array.from(data);
  return JSON.stringify(answer);
}
