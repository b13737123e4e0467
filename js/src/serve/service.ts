// What `serve` answers: webhooks, health, metrics and, behind a token, its API.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Connector } from "../connector.js";
import { type ConnectorError, createError } from "../errors.js";
import { readBody } from "../webhooks/node-handler.js";
import type { WebhookRefusal } from "../webhooks/refusal.js";
import { isSameText } from "../webhooks/same-text.js";
import { answerApi, answerOfError } from "./api.js";
import type { Metrics } from "./metrics.js";

/** What a service needs. */
export interface ServiceOptions {
  connector: Connector;
  metrics: Metrics;
  /** What opens the API; undefined: it is off. */
  token: string | undefined;
  /** Origins of pages that may call the API. */
  allowedOrigins: readonly string[];
  /** Fires when the server stops. */
  signal: AbortSignal;
  /** Takes each webhook that was refused. */
  onRefused(refusal: WebhookRefusal): void;
}

/** Answers one request. Never rejects. */
export type Service = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Most bytes of a request to the API. */
const LARGEST_BODY = 1_048_576;
/** Requests for a run or a plan at a time: one that is under way, and one that waits for it. */
const MOST_LONG = 2;

interface Reply {
  status: number;
  route: string;
  headers?: Readonly<Record<string, string>> | undefined;
  body: object | string;
}

/** The service of a connector. */
export function createService({
  connector,
  metrics,
  token,
  allowedOrigins,
  signal,
  onRefused,
}: ServiceOptions): Service {
  let long = 0;
  const webhooks = connector.webhooks.nodeHandler({
    // The watch of this process does it.
    sync: false,
    onHandled: (handled) => metrics.onHandled(handled),
    onRefused(refusal) {
      metrics.onRefused(refusal);
      onRefused(refusal);
    },
  });

  async function answer(request: IncomingMessage, path: string, query: string): Promise<Reply> {
    // Probes may ask for the head alone; Node leaves the body out.
    const method = request.method === "HEAD" ? "GET" : (request.method ?? "");
    if (path === "/v1" || path.startsWith("/v1/")) {
      const cors = corsOf(request);
      if (method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined)
        return { status: cors === undefined ? 403 : 204, route: "preflight", headers: cors, body: "" };
      const reply = await answerCall(request, method, path, query);
      return { ...reply, headers: { ...reply.headers, ...cors } };
    }
    const open = OPEN[path];
    if (open === undefined) return notFound("there is nothing here");
    if (method !== "GET") return { status: 405, route: path, headers: { allow: "GET" }, body: {} };
    return { route: path, ...(await open()) };
  }

  const OPEN: Readonly<Record<string, () => Promise<Omit<Reply, "route">>>> = {
    "/health": async () => ({ status: 200, body: { alive: true } }),
    "/ready": readiness,
    "/metrics": async () => ({
      status: 200,
      headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
      body: metrics.text(),
    }),
  };

  /** Ready: the store can be read, and the last run, if there was one, did not fail. */
  async function readiness(): Promise<Omit<Reply, "route">> {
    const no = (reason: string) => ({ status: 503, body: { ready: false, reason } });
    if (signal.aborted) return no("stopping");
    try {
      await connector.sync.status({ signal });
    } catch (error) {
      return no(answerOfError(error, signal).error.code);
    }
    const { isFine = true, cause = "" } = metrics.lastRun ?? {};
    return isFine ? { status: 200, body: { ready: true } } : no(cause);
  }

  async function answerCall(
    request: IncomingMessage,
    method: string,
    path: string,
    query: string,
  ): Promise<Reply> {
    if (token === undefined)
      return notFound("the API is off", "Set SERVE_TOKEN, of 20 characters or more, and start serve again.");
    const [, given = ""] = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? "") ?? [];
    if (!isSameText(given, token)) {
      const error = createError({
        code: "unauthorized",
        message: given === "" ? "the request has no token" : "the token is wrong",
        hint: "Send the header: Authorization: Bearer SERVE_TOKEN.",
      });
      const headers = { "www-authenticate": "Bearer" };
      return { status: 401, route: "unauthorized", headers, body: { error: error.toJSON() } };
    }
    try {
      const bytes = await readBody(request, LARGEST_BODY);
      if (bytes === undefined) {
        const error = invalid(`the body has more than ${LARGEST_BODY.toLocaleString("en-US")} bytes`);
        return { status: 413, route: "invalid", body: { error: error.toJSON() } };
      }
      const body = bytes.length === 0 ? {} : parse(bytes);
      const params = new URLSearchParams(query);
      const isLong = method === "POST" && ["/v1/run", "/v1/plan", "/v1/apply"].includes(path);
      // One may wait for the run under way: callers that try again and again must not queue runs.
      if (isLong && long >= MOST_LONG)
        throw createError({
          code: "busy",
          message: "a run is under way, and another request waits for it",
          hint: "GET /v1/status tells when it has ended. Try again then.",
        });
      if (isLong) long += 1;
      try {
        return await answerApi(connector, { method, path, query: params, body, signal });
      } finally {
        if (isLong) long -= 1;
      }
    } catch (reason) {
      const { status, error, headers } = answerOfError(reason, signal);
      return { status, route: "invalid", headers, body: { error } };
    }
  }

  /** The headers that let a page of an allowed origin call; undefined for all others. */
  function corsOf({ headers }: IncomingMessage): Record<string, string> | undefined {
    const { origin } = headers;
    if (origin === undefined || !allowedOrigins.includes(origin)) return undefined;
    return {
      "access-control-allow-origin": origin,
      "access-control-allow-methods": "GET, POST",
      "access-control-allow-headers": "authorization, content-type",
      "access-control-max-age": "600",
      vary: "origin",
    };
  }

  return async (request, response) => {
    const [path = "/", query = ""] = (request.url ?? "/").split("?", 2);
    if (signal.aborted) response.setHeader("connection", "close");
    try {
      if (path === "/webhooks/ghl" || path.startsWith("/webhooks/chartmogul/")) {
        await webhooks(request, response);
        metrics.onAnswer(path === "/webhooks/ghl" ? path : "/webhooks/chartmogul", response.statusCode);
        return;
      }
      const { status, route, headers, body } = await answer(request, path, query);
      metrics.onAnswer(route, status);
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const { "content-length": length = "0", "transfer-encoding": encoding } = request.headers;
      const isRead = request.readableEnded || (length === "0" && encoding === undefined);
      response.writeHead(status, {
        "content-type": "application/json",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        ...(!isRead && { connection: "close" }),
        ...headers,
      });
      response.end(text);
    } catch {
      response.destroy();
    }
  };
}

function notFound(message: string, hint?: string): Reply {
  const error = createError({ code: "not_found", message, ...(hint !== undefined && { hint }) });
  return { status: 404, route: "none", body: { error: error.toJSON() } };
}

function invalid(message: string): ConnectorError {
  return createError({ code: "invalid_argument", message });
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw invalid("the body is not JSON");
  }
}
