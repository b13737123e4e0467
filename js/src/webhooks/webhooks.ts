// Webhooks of both services as programs see them: checked, put into the mailbox of the sync, answered.

import type { CallOptions } from "../call.js";
import { createError } from "../errors.js";
import { type ChartMogulEvent, readChartMogulEvent, requireChartMogulSecret } from "./chartmogul-event.js";
import { createFetchHandler, type FetchHandler } from "./fetch-handler.js";
import { contactsOf, type GhlEvent, isAppEvent } from "./ghl-events.js";
import { createNodeHandler, type NodeHandler } from "./node-handler.js";
import type { Receiver, WebhookHandlerOptions } from "./receive.js";
import type { RunsAfter } from "./runs-after.js";
import type { ReadWebhookSettings } from "./settings.js";
import { createSignatureCheck, type VerifyEd25519 } from "./signature.js";
import { bytesOf, type RawBody, verifyGhl, type WebhookHeaders } from "./verify.js";

/** A webhook that was checked. `event.type` tells which one it is. */
export type WebhookEvent = GhlEvent | ChartMogulEvent;

/** What became of an event. */
export interface HandledWebhook {
  type: WebhookEvent["type"];
  /** GHL contacts that the next run reads because of it. */
  contacts: string[];
  /** True where this event was handled before, in the last seven days: nothing was done. */
  duplicate: boolean;
  /**
   * Why it was ignored: the sync does not read such objects (`type`), or it is about another location
   * (`location`). Left out where it was not.
   */
  ignored?: "type" | "location" | undefined;
}

/**
 * Webhooks of both services. An event is a hint: what it says is never written anywhere; the sync reads the
 * object anew. Lost, doubled, late or shuffled events change nothing in the end.
 */
export interface Webhooks {
  /**
   * Checks a webhook of GHL: the Ed25519 signature in `x-ghl-signature` over the raw bytes, then its age.
   * Gives the event, or rejects with `unauthorized`. Needs no store, and keeps nothing.
   *
   * @example
   * // In a handler of your own. `rawBody`: the bytes as they came, not parsed.
   * const event = await connector.webhooks.verify(rawBody, request.headers);
   * const { contacts, duplicate } = await connector.webhooks.handle(event);
   * console.log(event.type, contacts.length, duplicate); // ContactUpdate 1 false
   */
  verify(rawBody: RawBody, headers: WebhookHeaders): Promise<GhlEvent>;
  /**
   * Checks a webhook of ChartMogul by the secret in its path: `webhooks.chartmogulSecret`. Rejects with
   * `unauthorized`.
   *
   * @example
   * const event = await connector.webhooks.verifyChartMogul(rawBody, request.url.split("/").at(-1));
   * console.log(event.type, event.customers); // mrr_movement cus_7e1b2c3d
   * await connector.webhooks.handle(event);
   */
  verifyChartMogul(rawBody: RawBody, secret: string | undefined): Promise<ChartMogulEvent>;
  /**
   * Takes an event that was checked: notes it and the contacts that it is about in one commit, so that the
   * next run reads them, and a watch in this process runs within seconds. Answer the webhook after this.
   */
  handle(event: WebhookEvent, options?: CallOptions): Promise<HandledWebhook>;
  /**
   * A handler that takes a `Request` and gives a `Response`: Cloudflare Workers, Deno, Bun, Hono, Next.js.
   * A path that ends with `/chartmogul/SECRET` is ChartMogul's, every other one GHL's. Answers when the event
   * is noted, and syncs afterwards.
   *
   * @example
   * const handler = connector.webhooks.fetchHandler({ sync: false });
   * const response = await handler(new Request("https://sync.example.com/webhooks/ghl", { method: "POST" }));
   * console.log(response.status); // 401
   */
  fetchHandler(options?: WebhookHandlerOptions): FetchHandler;
  /**
   * The same for Node's `http` and for Express.
   *
   * @example
   * const { createServer } = await import("node:http");
   * const server = createServer(connector.webhooks.nodeHandler({ sync: false }));
   * await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
   * const url = `http://127.0.0.1:${server.address().port}/webhooks/ghl`;
   * console.log((await fetch(url, { method: "POST", body: "{}" })).status); // 401
   * server.close();
   */
  nodeHandler(options?: WebhookHandlerOptions): NodeHandler;
}

/** What webhooks need of their connector. */
export interface WebhooksHost {
  settings: ReadWebhookSettings;
  /** Where it need not be loaded. */
  verifyEd25519?: VerifyEd25519 | undefined;
  locationId: string | undefined;
  /** Notes an event, and contacts or customers to be read, in one commit. */
  refresh(
    ids: readonly string[],
    options: CallOptions & { event?: string | undefined },
  ): Promise<{ contacts: readonly string[]; duplicate: boolean }>;
  runsAfter: RunsAfter;
  /** Epoch milliseconds. */
  now(): number;
}

/** The webhooks of a connector. */
export function createWebhooks(host: WebhooksHost): Webhooks {
  const { settings, locationId, refresh, runsAfter, now } = host;
  const isSigned = createSignatureCheck(settings.keys, host.verifyEd25519);
  const verify: Webhooks["verify"] = (rawBody, headers) =>
    verifyGhl(rawBody, headers, { isSigned, toleranceMs: settings.toleranceMs, now });

  const verifyChartMogul: Webhooks["verifyChartMogul"] = async (rawBody, secret) => {
    requireChartMogulSecret(secret, settings.chartmogulSecret);
    return readChartMogulEvent(bytesOf(rawBody));
  };

  const handle: Webhooks["handle"] = async (event, options = {}) => {
    requireEvent(event);
    const { type } = event;
    const ignored = (reason: "type" | "location"): HandledWebhook => {
      return { type, contacts: [], duplicate: false, ignored: reason };
    };
    if (event.type === "mrr_movement") {
      // ChartMogul gives its events no id. One that names nobody still has the next run come soon.
      const id = event.customers.length > 0 ? undefined : `mrr_movement-${now()}-${Math.random()}`;
      const taken = await refresh(event.customers, { ...options, event: id });
      return { type, contacts: [...taken.contacts], duplicate: taken.duplicate };
    }
    if (isAppEvent(event)) {
      if (settings.onAppEvent === undefined) return ignored("type");
      await settings.onAppEvent(event);
      return { type, contacts: [], duplicate: false };
    }
    const contacts = contactsOf(event);
    if (contacts === undefined) return ignored("type");
    requireLocation(locationId);
    if (event.locationId !== locationId) return ignored("location");
    const taken = await refresh(contacts, { ...options, event: event.webhookId });
    return { type, contacts: [...taken.contacts], duplicate: taken.duplicate };
  };

  const receiver: Receiver = { verify, verifyChartMogul, handle, runsAfter, bodyLimit: settings.bodyLimit };
  return {
    verify,
    verifyChartMogul,
    handle,
    fetchHandler: (options) => createFetchHandler(receiver, options),
    nodeHandler: (options) => createNodeHandler(receiver, options),
  };
}

function requireEvent(event: unknown): void {
  const { type, webhookId, customers } = (event ?? {}) as Readonly<Record<string, unknown>>;
  const isEvent = typeof webhookId === "string" || (type === "mrr_movement" && Array.isArray(customers));
  if (typeof type === "string" && isEvent) return;
  throw createError({
    code: "invalid_argument",
    message: "handle takes an event with type and webhookId",
    hint: "Pass what verify or verifyChartMogul gave: await webhooks.handle(await webhooks.verify(rawBody, headers)).",
  });
}

function requireLocation(locationId: string | undefined): void {
  if (locationId !== undefined) return;
  throw createError({
    code: "invalid_config",
    message: "webhooks need ghl.locationId: an event of another location is ignored",
    hint: "Pass it to createConnector: { ghl: { token, locationId } }.",
  });
}
