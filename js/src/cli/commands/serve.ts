// `ghl-chartmogul serve`: takes webhooks, watches, and answers its own API, until it is ended.

import type { Connector } from "../../connector.js";
import type { Metrics } from "../../serve/metrics.js";
import { listen } from "../../serve/server.js";
import { createService } from "../../serve/service.js";
import { isLoopback, parseUrl } from "../../url.js";
import type { GhlAppEvent } from "../../webhooks/ghl-events.js";
import type { WebhookRefusal } from "../../webhooks/refusal.js";
import { type ExitCode, UsageError } from "../exit-code.js";
import { untilInterrupted } from "../interrupt.js";
import type { Terminal } from "../terminal.js";
import { printable } from "../text-width.js";
import { createWatcher, type WatchFlags } from "./watch.js";

/** Flags of the command: those of `watch`, and where it listens. */
export interface ServeFlags extends WatchFlags {
  port: number;
  host: string;
  /** Origins of pages that may call the API. */
  allowOrigin?: string[] | undefined;
}

/** Serves and watches until a signal, or an error that no later run corrects; ends as `watch` does. */
export async function runServe(
  connector: Connector,
  { port, host, allowOrigin = [], ...flags }: ServeFlags,
  { metrics, token }: { metrics: Metrics; token: string | undefined },
  terminal: Terminal,
): Promise<ExitCode> {
  requirePort(port);
  requireToken(host, token);
  for (const origin of allowOrigin) requireOrigin(origin);
  const watcher = createWatcher(connector, flags, terminal, (update) => metrics.onUpdate(update));
  const onRefused = createRefusalLog(terminal);
  return untilInterrupted(async (signal) => {
    const ending = new AbortController();
    const stop = () => ending.abort(signal.reason);
    signal.addEventListener("abort", stop);
    const service = createService({
      connector,
      metrics,
      token,
      allowedOrigins: allowOrigin,
      signal: ending.signal,
      onRefused,
    });
    const server = await listen(service, { host, port });
    // Nothing new is accepted from the moment on that it is to end, while a run comes to its checkpoint.
    const closed = new Promise<void>((resolve) => {
      ending.signal.addEventListener("abort", () => resolve(server.close()));
    });
    try {
      if (terminal.json) terminal.printJson({ type: "listening", url: server.url, api: token !== undefined });
      else watcher.say(`listening at ${server.url}; ${token === undefined ? API_OFF : "the API is on"}`);
      return await watcher.watch(signal);
    } finally {
      ending.abort(new Error("the watch ended"));
      await closed;
    }
  }, watcher.onInterrupt);
}

const API_OFF = "the API is off, as SERVE_TOKEN is not set";

/** What is said of an event of the app itself, and of what became of its tokens. */
export function appEventText(
  { type, locationId, companyId }: GhlAppEvent,
  became?: "connected" | "disconnected" | "unchanged",
): string {
  const whose = locationId === undefined ? `company ${companyId ?? "unknown"}` : `location ${locationId}`;
  const then = became === undefined || became === "unchanged" ? "" : `: ${became}`;
  return `webhook ${type} of ${printable(whose)}${then}`;
}

function requirePort(port: number): void {
  if (port <= 65_535) return;
  throw new UsageError(`--port: ${port} is not allowed`, "Allowed are 0 (any free port) to 65535.");
}

function requireToken(host: string, token: string | undefined): void {
  // An address of IPv6 has brackets in a URL.
  if (token !== undefined || isLoopback(host.includes(":") ? `[${host}]` : host)) return;
  throw new UsageError(
    `--host: ${host} can be reached from other machines, and SERVE_TOKEN is not set`,
    "Set SERVE_TOKEN, for example to what `openssl rand -hex 32` prints, or listen at 127.0.0.1 behind a proxy.",
  );
}

function requireOrigin(origin: string): void {
  if (parseUrl(origin)?.origin === origin) return;
  throw new UsageError(
    `--allow-origin: ${origin} is not an origin`,
    "An origin has a scheme, a host and perhaps a port, and nothing after: https://panel.example.com.",
  );
}

/** Within this time, refusals of one reason make one line: strangers must not fill the log. */
const ONE_LINE_MS = 1_000;

/** Logs refusals, without content. */
export function createRefusalLog(
  terminal: Terminal,
  now: () => number = Date.now,
): (refusal: WebhookRefusal) => void {
  const seen = new Map<string, { at: number; more: number }>();
  return ({ service, reason, status, message, hint }) => {
    const name = `${service} ${reason}`;
    const last = seen.get(name) ?? { at: Number.NEGATIVE_INFINITY, more: 0 };
    if (now() - last.at < ONE_LINE_MS) {
      seen.set(name, { ...last, more: last.more + 1 });
      return;
    }
    seen.set(name, { at: now(), more: 0 });
    if (terminal.json) {
      terminal.printJson({
        type: "refused",
        at: now(),
        service,
        reason,
        status,
        message,
        hint,
        more: last.more,
      });
      return;
    }
    const more = last.more > 0 ? ` (and ${last.more} more before)` : "";
    terminal.note(
      `${new Date(now()).toISOString()} ${service} ${status} ${reason}: ${printable(message)}${more}${hint === undefined ? "" : ` ${printable(hint)}`}`,
    );
  };
}
