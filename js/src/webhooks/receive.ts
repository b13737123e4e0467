// What a handler does with a request, whatever server it came through: checks it, takes it, answers it.

import { ConnectorError, createError } from "../errors.js";
import { isAppEvent } from "./ghl-events.js";
import { type RefusalReason, reasonOf, type WebhookRefusal } from "./refusal.js";
import type { RunAfterWebhooks, RunsAfter } from "./runs-after.js";
import type { RawBody, WebhookHeaders } from "./verify.js";
import type { HandledWebhook, WebhookEvent, Webhooks } from "./webhooks.js";

/** Options of a handler. What the functions throw is dropped. */
export interface WebhookHandlerOptions {
  /**
   * Whether the contacts that were named are synced after the answer; default true. A watch in this process
   * does it in any case, and so does the next run anywhere.
   */
  sync?: boolean | undefined;
  /** Milliseconds that such a run may take. Default: 25,000 where the host gives `waitUntil`, else no limit. */
  deadlineMs?: number | undefined;
  /** Takes each event that was taken. */
  onHandled?: ((handled: HandledWebhook) => void) | undefined;
  /** Takes each refusal, without content: for a log. */
  onRefused?: ((refusal: WebhookRefusal) => void) | undefined;
  /** Takes the end of each run that a webhook started. */
  onRun?: ((run: RunAfterWebhooks) => void) | undefined;
}

/** What a handler needs of the connector. */
export interface Receiver extends Pick<Webhooks, "verify" | "verifyChartMogul" | "handle"> {
  runsAfter: RunsAfter;
  bodyLimit: number;
}

/** A request, whatever server it came through. */
export interface IncomingWebhook {
  method: string | undefined;
  path: string;
  headers: WebhookHeaders;
  header(name: string): string | undefined;
  /** The raw body; undefined where it is larger than so many bytes. */
  readBody(limit: number): Promise<RawBody | undefined>;
}

/** The answer to a webhook. */
export interface WebhookReply {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
  /** Contacts to be synced after the answer; undefined where nothing is. */
  contacts?: readonly string[] | undefined;
}

/** Seconds after which an event that could not be taken is to be sent again. */
const RETRY_AFTER = "60";

/** Checks a webhook and takes it; the answer says only why it was refused. Never rejects. */
export async function receive(
  request: IncomingWebhook,
  { verify, verifyChartMogul, handle, bodyLimit }: Receiver,
  options: WebhookHandlerOptions,
): Promise<WebhookReply> {
  const secret = secretOf(request.path);
  const service = secret === undefined ? "ghl" : "chartmogul";
  const refuse = (
    status: number,
    reason: RefusalReason,
    { message, hint }: { message: string; hint?: string | undefined },
    headers: Readonly<Record<string, string>> = {},
  ): WebhookReply => {
    quietly(() => options.onRefused?.({ service, reason, status, message, ...(hint && { hint }) }));
    return reply(status, { received: false, reason }, headers);
  };

  if (request.method !== "POST")
    return refuse(405, "method", { message: "webhook refused: not a POST" }, { allow: "POST" });
  try {
    // Before anything of the body is read.
    if (secret !== undefined) await verifyChartMogul("{}", secret);
    const encoding = request.header("content-encoding")?.trim().toLowerCase() ?? "";
    if (encoding !== "" && encoding !== "identity")
      return refuse(415, "encoding", {
        message: "webhook refused: its body is compressed, and the signature is over the bytes before",
      });
    const tooLarge = () =>
      refuse(413, "too_large", {
        message: `webhook refused: its body has more than ${bodyLimit.toLocaleString("en-US")} bytes`,
        hint: "webhooks.bodyLimit says how many are read.",
      });
    if (Number(request.header("content-length") ?? 0) > bodyLimit) return tooLarge();
    const body = await request.readBody(bodyLimit).catch(incomplete);
    if (body === undefined) return tooLarge();
    const event: WebhookEvent =
      secret === undefined ? await verify(body, request.headers) : await verifyChartMogul(body, secret);
    const handled = await handle(event);
    quietly(() => options.onHandled?.(handled));
    const isNews = handled.ignored === undefined && !handled.duplicate && !isAppEvent(event);
    return { ...reply(200, { received: true }), ...(isNews && { contacts: handled.contacts }) };
  } catch (error) {
    const reason = reasonOf(error) ?? "not_taken";
    const retryAfter = { "retry-after": RETRY_AFTER };
    // What the program's own function threw is not repeated: it may hold anything.
    if (!ConnectorError.is(error))
      return refuse(503, reason, { message: "webhook not taken: onAppEvent failed" }, retryAfter);
    if (reason !== "not_taken") return refuse(STATUSES[reason] ?? 401, reason, error);
    const { message, hint, retryable } = error;
    const said = { message: `webhook not taken: ${message}`, hint };
    return refuse(retryable ? 503 : 500, reason, said, retryAfter);
  }
}

const STATUSES: Readonly<Partial<Record<RefusalReason, number>>> = { parsed_body: 500, incomplete_body: 400 };

function incomplete(error: unknown): never {
  if (reasonOf(error) !== undefined) throw error;
  throw createError({
    code: "invalid_argument",
    message: "webhook refused: its body did not arrive whole",
    details: { reason: "incomplete_body" satisfies RefusalReason },
  });
}

/** The secret at the end of a path of ChartMogul's webhooks; undefined for any other path. */
function secretOf(path: string): string | undefined {
  const [, secret] = /\/chartmogul(?:\/([^/]*))?\/?$/.exec(path.replace(/[?#].*$/s, "")) ?? [undefined, null];
  return secret === null ? undefined : (secret ?? "");
}

function reply(status: number, body: object, headers: Readonly<Record<string, string>> = {}): WebhookReply {
  return {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
    body: JSON.stringify(body),
  };
}

function quietly(listener: () => void): void {
  try {
    listener();
  } catch {
    // A log that fails must not refuse a webhook.
  }
}
