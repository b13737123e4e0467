// A handler of webhooks where requests are `Request` and answers `Response`.

import { createError } from "../errors.js";
import { type Receiver, receive, type WebhookHandlerOptions } from "./receive.js";

/** What a host gives with a request, such as a worker's third argument: used where it has `waitUntil`. */
export interface FetchContext {
  waitUntil?: ((promise: Promise<unknown>) => void) | undefined;
}

/** Takes a webhook. The second argument may be anything: hosts pass what they like there. */
export type FetchHandler = (request: Request, context?: unknown) => Promise<Response>;

/** What a worker's run may take after the answer: the host ends it after 30 seconds. */
const WAIT_UNTIL_MS = 25_000;

/** The handler of a connector. */
export function createFetchHandler(receiver: Receiver, options: WebhookHandlerOptions = {}): FetchHandler {
  return async (request, context) => {
    const { status, headers, body, contacts } = await receive(
      {
        method: request.method,
        path: pathOf(request.url),
        headers: request.headers,
        header: (name) => request.headers.get(name) ?? undefined,
        readBody: (limit) => readBody(request, limit),
      },
      receiver,
      options,
    );
    if (contacts !== undefined && options.sync !== false) {
      const waitUntil = waitUntilOf(context);
      const deadlineMs = options.deadlineMs ?? (waitUntil === undefined ? undefined : WAIT_UNTIL_MS);
      const done = receiver.runsAfter(contacts, { deadlineMs, onRun: options.onRun });
      waitUntil?.(done);
    }
    return new Response(body, { status, headers });
  };
}

/** The path as it is written: a URL would be changed where it holds `..`. */
function pathOf(url: string): string {
  return url.replace(/^[a-z]+:\/\/[^/]*/i, "");
}

function waitUntilOf(context: unknown): FetchContext["waitUntil"] {
  // A host's own function wants its object as `this`.
  const { waitUntil } = (typeof context === "object" && context !== null ? context : {}) as FetchContext;
  return typeof waitUntil === "function" ? (promise) => waitUntil.call(context, promise) : undefined;
}

async function readBody(request: Request, limit: number): Promise<Uint8Array | undefined> {
  if (request.bodyUsed)
    throw createError({
      code: "invalid_argument",
      message: "the body of the request was read before the handler",
      hint: "Pass request.clone(), or pass the request before anything reads its body.",
      details: { reason: "parsed_body" },
    });
  const reader = request.body?.getReader();
  if (reader === undefined) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.byteLength;
    if (length > limit) {
      reader.cancel().catch(() => {});
      return undefined;
    }
    chunks.push(value);
  }
  return joined(chunks, length);
}

/** The bytes of chunks in a row. */
export function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}
