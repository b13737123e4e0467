// Sends requests with the host's own `fetch`, or with a function that the program gives.

import { bounded } from "./bounded.js";
import type { PlainRequest, PlainResponse } from "./glue.js";
import { followable, isFile, MOST_REDIRECTS } from "./redirects.js";
import { toSendFailure } from "./send-failure.js";

/** What a transport may answer: plain data, or anything with fetch's `Response` methods. */
export type TransportResponse =
  | {
      status: number;
      headers?: HeaderSource | undefined;
      /** Text or bytes, not parsed. */
      body?: string | Uint8Array | ArrayBuffer | null | undefined;
    }
  | { status: number; headers?: HeaderSource | undefined; arrayBuffer(): Promise<ArrayBuffer> };

/** Headers as pairs (arrays, `Headers`, `Map`) or as an object. */
export type HeaderSource =
  | Iterable<readonly [string, string]>
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Sends a request, which is plain data, and returns the response. Rejects if no response arrives, with
 * the reason `{ kind: "not_sent" | "lost" | "timeout" | "aborted", message }`; any other reason counts
 * as lost.
 */
export type Transport = (request: TransportRequest) => TransportResponse | PromiseLike<TransportResponse>;

/** Bytes that `fetch` takes as a body, in a spelling that TypeScript 5.4 reads too. */
export type BodyBytes = Uint8Array & { readonly buffer: ArrayBuffer };

/** A request as plain data; also fits as the second argument of `fetch`. */
export interface TransportRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: BodyBytes | undefined;
  /** Fires on the caller's abort and after `timeoutMs`; undefined on hosts without `AbortController`. */
  signal: AbortSignal | undefined;
  timeoutMs: number;
}

/** Sends with the global `fetch` as it is at the time of the call. */
export async function sendWithFetch(
  request: Request,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<PlainResponse> {
  return send(
    async (bounds) => {
      if (typeof globalThis.fetch !== "function") {
        throw { kind: "not_sent", message: "this host has no fetch; pass the option transport" };
      }
      return followed(request, bounds);
    },
    timeoutMs,
    signal ?? request.signal,
  );
}

/** Fetches, and follows what may be followed. */
async function followed(request: Request, signal: AbortSignal | undefined): Promise<Response> {
  const bounds = signal === undefined ? {} : { signal };
  let current = request;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const response = await globalThis.fetch(current, { ...bounds, redirect: "manual" });
    // A browser hides where a redirect leads, and takes the credential off by itself.
    if (response.type === "opaqueredirect") {
      if (isFile(current.headers.get("accept")))
        return globalThis.fetch(current, { ...bounds, redirect: "follow" });
      throw { kind: "lost", message: "the answer is a redirect, which is refused" };
    }
    const { method, url } = current;
    const place = response.headers.get("location");
    const target = followable({ method, url, accept: current.headers.get("accept") }, response.status, place);
    if (target === undefined) return response;
    const headers = new Headers(current.headers);
    if (!target.isSameOrigin) headers.delete("authorization");
    current = new Request(target.url, { method, headers });
  }
  throw { kind: "lost", message: `more than ${MOST_REDIRECTS} redirects` };
}

/** Sends with a function that the program gives. */
export async function sendWithTransport(transport: Transport, request: PlainRequest): Promise<PlainResponse> {
  const { body, timeoutMs } = request;
  return send(
    (signal) => transport({ ...request, body: body as BodyBytes | undefined, signal }),
    timeoutMs,
    request.signal,
  );
}

async function send(
  operation: (signal: AbortSignal | undefined) => TransportResponse | PromiseLike<TransportResponse>,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<PlainResponse> {
  try {
    // The body is read within the bounds too: a server may stall after its headers.
    return await bounded(async (bounds) => toPlainResponse(await operation(bounds)), timeoutMs, signal);
  } catch (reason) {
    throw toSendFailure(reason);
  }
}

async function toPlainResponse(response: TransportResponse): Promise<PlainResponse> {
  if (typeof response !== "object" || response === null || typeof response.status !== "number") {
    throw new TypeError("the transport must answer with an object that has a status");
  }
  const body = "arrayBuffer" in response ? await response.arrayBuffer() : response.body;
  return { status: response.status, headers: toPairs(response.headers ?? []), body: toBytes(body) };
}

function toBytes(body: string | Uint8Array | ArrayBuffer | null | undefined): Uint8Array {
  if (body === null || body === undefined) return new Uint8Array();
  if (typeof body === "string") return new TextEncoder().encode(body);
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  // Not instanceof: a buffer may come from another realm.
  if (Object.prototype.toString.call(body) === "[object ArrayBuffer]") return new Uint8Array(body);
  throw new TypeError("the transport must answer with a body of text or bytes, not a parsed one");
}

function toPairs(headers: HeaderSource): [string, string][] {
  const entries: Iterable<readonly [string, unknown]> = isIterable(headers)
    ? headers
    : Object.entries(headers);
  return Array.from(entries, ([name, value]) => [
    name,
    Array.isArray(value) ? value.join(", ") : String(value),
  ]);
}

function isIterable(headers: HeaderSource): headers is Iterable<readonly [string, string]> {
  return typeof (headers as Iterable<unknown>)[Symbol.iterator] === "function";
}
