// A server of Node's http with limits for a port that strangers reach, and an end that loses no answer.

import { createServer } from "node:http";
import { listening } from "../node/listening.js";
import type { Service } from "./service.js";

/** Where a server listens. */
export interface ListenOptions {
  host: string;
  port: number;
}

/** A server that listens. */
export interface Server {
  /** For example `http://127.0.0.1:8787`. */
  readonly url: string;
  /** Accepts nothing new, waits for requests under way, and ends those that take longer than `graceMs`. */
  close(graceMs?: number): Promise<void>;
}

/** Most connections at a time. */
const MOST_CONNECTIONS = 500;

/** What requests under way have to end when the server stops. */
const GRACE_MS = 10_000;

/** Listens until `close`. */
export async function listen(service: Service, { host, port }: ListenOptions): Promise<Server> {
  const server = createServer(
    {
      // Whoever sends slowly on purpose is cut off.
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      connectionsCheckingInterval: 2_000,
      // Longer than proxies keep idle connections, so that they close them first.
      keepAliveTimeout: 75_000,
      maxHeaderSize: 16_384,
    },
    (request, response) => void service(request, response),
  );
  server.maxConnections = MOST_CONNECTIONS;
  server.maxRequestsPerSocket = 10_000;
  const listened = await listening(
    server,
    { host, port },
    "--port and --host say where serve listens; port 0 is any free one.",
  );
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${listened}`,
    close: (graceMs = GRACE_MS) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}
