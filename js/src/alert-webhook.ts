// Sends alerts to a webhook. Its URL is a secret, as Slack's holds a token: no message here names it, and
// none takes over what a host says of a request that failed.

import type { Alert } from "./alerts.js";
import type { SendFailure } from "./bounded.js";
import { createError } from "./errors.js";
import { type BodyBytes, sendWithFetch, sendWithTransport, type Transport } from "./transport.js";
import { isSafe, parseUrl } from "./url.js";

/** How an alert is written: the alert itself as JSON, or a message of Slack. */
export type WebhookFormat = "json" | "slack";

/** Sends one alert; gives what went wrong, in words that hold no secret. */
export type Webhook = (alert: Alert) => Promise<string | undefined>;

const TIMEOUT_MS = 10_000;

/** Slack allows 3,000 characters in a text of a block. */
const MOST_CHARACTERS = 2_900;

/** The webhook of a URL. Sends with the connector's transport, unless that leads to no real network. */
export function createWebhook(url: string, format: WebhookFormat, transport: Transport | undefined): Webhook {
  requireSafe(url);
  const isSandbox = (transport as { world?: string } | undefined)?.world !== undefined;
  return async (alert) => {
    const body = new TextEncoder().encode(JSON.stringify(bodyOf(alert, format))) as BodyBytes;
    const headers = { "content-type": "application/json" };
    try {
      const { status } =
        transport === undefined || isSandbox
          ? // A redirect could lead anywhere, also to where nothing is encrypted.
            await sendWithFetch(
              new Request(url, { method: "POST", headers, body, redirect: "manual" }),
              TIMEOUT_MS,
            )
          : await sendWithTransport(transport, { method: "POST", url, headers, body, timeoutMs: TIMEOUT_MS });
      if (status >= 200 && status < 300) return undefined;
      return `it answered with ${status === 0 ? "a redirect" : `status ${status}`}`;
    } catch (reason) {
      return FAILURES[(reason as Partial<SendFailure>).kind ?? "lost"];
    }
  };
}

const FAILURES: Readonly<Record<SendFailure["kind"], string>> = {
  not_sent: "it could not be reached",
  lost: "the connection failed",
  timeout: `it did not answer within ${TIMEOUT_MS / 1_000} seconds`,
  aborted: "the request was ended",
};

/** Refuses a URL that would send alerts in the clear. */
function requireSafe(url: unknown): void {
  const parsed = parseUrl(url);
  if (parsed !== undefined && isSafe(parsed)) return;
  throw createError({
    code: "invalid_config",
    message:
      "alerts.webhook must be an https URL; http is allowed to this machine only (localhost, 127.0.0.1)",
    hint: "Copy the whole URL, with https://, from the service that gave it.",
  });
}

/** What is posted. */
export function bodyOf(alert: Alert, format: WebhookFormat): object {
  if (format === "json") return alert;
  const { type, severity, locationId, message, hint, resolved, since } = alert;
  const title = resolved ? `Resolved: ${TITLES[type]}` : `${SEVERITIES[severity]}: ${TITLES[type]}`;
  const lines = [`*${title}*`, escaped(message), ...(hint === undefined ? [] : [escaped(hint)])];
  const place = `GHL location ${escaped(locationId)}, since ${new Date(since).toISOString()}`;
  return {
    text: cut(`${title}: ${escaped(message)}`),
    blocks: [
      { type: "section", text: { type: "mrkdwn", text: cut(lines.join("\n")) } },
      { type: "context", elements: [{ type: "mrkdwn", text: place }] },
    ],
  };
}

const TITLES: Readonly<Record<Alert["type"], string>> = {
  run_failed: "the sync failed",
  failures_over_threshold: "records fail",
  quota_low: "GoHighLevel's quota is nearly used up",
  schema_drift: "a field or data source has changed",
  lease_taken_over: "a sync was taken over",
};

const SEVERITIES = { error: "Error", warning: "Warning" } as const;

/** The three characters that mean something in Slack's texts. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function cut(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)}…`;
}
