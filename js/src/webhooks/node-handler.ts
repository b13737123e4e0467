// A handler of webhooks for Node's http and for Express. Names no type of Node: browsers' programs that read
// these types have none.

import { startTimer } from "../timer.js";
import { joined } from "./fetch-handler.js";
import { type Receiver, receive, type WebhookHandlerOptions } from "./receive.js";
import { bytesOf, parsedBody } from "./verify.js";

/** A request of Node's http or Express: what is used of it. */
export interface NodeRequest {
  method?: string | undefined;
  url?: string | undefined;
  headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  on(event: string, listener: (...values: never[]) => void): unknown;
}

/** A response of Node's http or Express: what is used of it. */
export interface NodeResponse {
  writeHead(status: number, headers: Record<string, string>): unknown;
  write(body: string): unknown;
  end(): unknown;
}

/** Takes a webhook; resolves when it is answered. Passes nothing on to `next`. */
export type NodeHandler = (request: NodeRequest, response: NodeResponse, next?: unknown) => Promise<void>;

/** What servers and frameworks add to a request. */
interface Extras {
  originalUrl?: unknown;
  /** The bytes, kept by a body parser. */
  rawBody?: unknown;
  body?: unknown;
  readableDidRead?: unknown;
  readableEnded?: unknown;
  resume?(): unknown;
}

const DISCARD_MS = 1_000;

/** The handler of a connector. */
export function createNodeHandler(receiver: Receiver, options: WebhookHandlerOptions = {}): NodeHandler {
  return async (request, response) => {
    const { originalUrl } = request as Extras;
    const header = (name: string) => {
      const value = request.headers[name];
      return typeof value === "string" ? value : value?.join(", ");
    };
    const { status, headers, body, contacts } = await receive(
      {
        method: request.method,
        path: typeof originalUrl === "string" ? originalUrl : (request.url ?? "/"),
        headers: request.headers,
        header,
        readBody: (limit) => readBody(request, limit),
      },
      receiver,
      options,
    );
    const length = { "content-length": String(new TextEncoder().encode(body).length) };
    // What is left of a body that was refused is not read as the next request.
    const isWhole = status === 200 || hasEnded(request as Extras);
    response.writeHead(status, { ...headers, ...length, ...(!isWhole && { connection: "close" }) });
    response.write(body);
    if (isWhole) response.end();
    else discardRest(request, () => response.end());
    if (contacts !== undefined && options.sync !== false)
      void receiver.runsAfter(contacts, { deadlineMs: options.deadlineMs, onRun: options.onRun });
  };
}

function hasEnded({ readableEnded }: Extras): boolean {
  return readableEnded === true;
}

/** Discards what still comes of a body, for a moment: a client reads its answer only once it has sent all. */
function discardRest(request: NodeRequest & Extras, end: () => void): void {
  request.resume?.();
  const stopTimer = startTimer(DISCARD_MS, () => end());
  for (const event of ["end", "close"])
    request.on(event, () => {
      stopTimer();
      end();
    });
}

/** The raw body: what a parser kept of it, or what still comes. */
export async function readBody(request: NodeRequest, limit: number): Promise<Uint8Array | undefined> {
  const { rawBody, body, readableDidRead } = request as Extras;
  const kept = rawBody ?? (isRaw(body) ? body : undefined);
  if (kept !== undefined) {
    const bytes = bytesOf(kept);
    return bytes.length > limit ? undefined : bytes;
  }
  if (readableDidRead === true || hasEnded(request as Extras))
    throw parsedBody(
      "the body of the request was read and parsed before the handler, and its bytes are gone",
    );
  return readStream(request, limit);
}

function isRaw(body: unknown): boolean {
  return typeof body === "string" || ArrayBuffer.isView(body);
}

function readStream(request: NodeRequest, limit: number): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    request.on("data", (chunk: Uint8Array) => {
      length += chunk.byteLength;
      if (length <= limit) chunks.push(chunk);
      else {
        chunks.length = 0;
        resolve(undefined);
      }
    });
    request.on("end", () => resolve(joined(chunks, length)));
    request.on("error", reject);
    request.on("close", () => reject(new Error("the connection was closed")));
  });
}
