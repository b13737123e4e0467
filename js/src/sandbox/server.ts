// Serves a sandbox over HTTP on the loopback address: one port for both services.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { listening } from "../node/listening.js";
import type { Sandbox } from "./sandbox.js";

/** Options of a server. */
export interface ServeOptions {
  /** Default 0: any free port. */
  port?: number | undefined;
}

/** How a client reaches a served sandbox. */
export interface SandboxAddress {
  ghl: { baseUrl: string; token: string; locationId: string };
  chartmogul: { baseUrl: string; apiKey: string };
}

/** A served sandbox. */
export interface SandboxServer {
  /** The origin, for example `http://127.0.0.1:40123`. */
  readonly url: string;
  /** Options for `createConnector`, and what `ghl-chartmogul sandbox --json` prints. */
  readonly address: SandboxAddress;
  /** Ends the server and its connections. */
  close(): Promise<void>;
}

/** Largest request body taken, in bytes; uploads included. */
const LARGEST_BODY = 64 * 1024 * 1024;

/** Serves until `close()`. Reachable from this machine only: the records are made up, but so is the security. */
export async function serve(sandbox: Sandbox, { port = 0 }: ServeOptions): Promise<SandboxServer> {
  const server = createServer((request, response) => {
    answer(sandbox, request, response).catch(() => response.destroy());
  });
  // A client that reuses a connection just as it is closed for idleness would lose a request.
  server.keepAliveTimeout = 10 * 60_000;
  const host = "127.0.0.1";
  const listened = await listening(server, { host, port }, "Choose another port, or 0 for any free one.");
  const url = `http://${host}:${listened}`;
  const { ghlToken, locationId, chartmogulKey } = sandbox.credentials;
  return {
    url,
    address: {
      ghl: { baseUrl: url, token: ghlToken, locationId },
      chartmogul: { baseUrl: url, apiKey: chartmogulKey },
    },
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

/** Lets pages of any origin call: the records are made up. */
function corsHeaders(request: IncomingMessage): [name: string, value: string][] {
  if (request.headers.origin === undefined) return [];
  return [
    ["access-control-allow-origin", "*"],
    ["access-control-expose-headers", "*"],
  ];
}

/** A browser's question before a call; undefined for a call. */
function preflight(request: IncomingMessage): [name: string, value: string][] | undefined {
  const { "access-control-request-method": method, "access-control-request-headers": headers } =
    request.headers;
  if (request.method !== "OPTIONS" || method === undefined) return undefined;
  return [
    ...corsHeaders(request),
    ["access-control-allow-methods", "GET, POST, PUT, PATCH, DELETE"],
    ["access-control-allow-headers", String(headers ?? "*")],
    ["access-control-allow-private-network", "true"],
    ["access-control-max-age", "600"],
  ];
}

async function answer(sandbox: Sandbox, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const allowed = preflight(request);
  if (allowed !== undefined) {
    response.writeHead(204, allowed.flat()).end();
    return;
  }
  const body = await readBody(request);
  if (body === undefined) {
    response.writeHead(413, { connection: "close" }).end();
    return;
  }
  const answered = await sandbox.answer({
    method: request.method ?? "GET",
    url: request.url ?? "/",
    headers: headersOf(request),
    body,
  });
  if (answered.delayMs > 0) await wait(answered.delayMs, response);
  if (answered.drop || response.destroyed) {
    response.destroy();
    return;
  }
  response.writeHead(answered.status, [...answered.headers, ...corsHeaders(request)].flat());
  response.end(answered.body);
}

async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LARGEST_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function headersOf(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return headers;
}

/** Waits, but no longer than the client does. */
function wait(milliseconds: number, response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    response.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
