// Checks that a webhook is GHL's: its signature over the raw bytes, then its age. Keeps nothing.

import { createError } from "../errors.js";
import type { GhlEvent } from "./ghl-events.js";
import { readBase64 } from "./public-key.js";
import { notGenuine } from "./refusal.js";
import type { SignatureCheck } from "./signature.js";

/** The body of a request exactly as it came: bytes, or text that is UTF-8. */
export type RawBody = Uint8Array | ArrayBuffer | string;

/** The headers of a request: `Headers`, or an object as Node has it; names in any case. */
export type WebhookHeaders =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** What a check goes by. */
export interface VerifyHost {
  isSigned: SignatureCheck;
  toleranceMs: number;
  /** Epoch milliseconds. */
  now(): number;
}

const SIGNATURE = "x-ghl-signature";
const RETIRED = "x-wh-signature";
const GUIDE = "HighLevel's Webhook Integration Guide";

/** The event, if the webhook is genuine; rejects with `unauthorized` otherwise. */
export async function verifyGhl(
  rawBody: RawBody,
  headers: WebhookHeaders,
  { isSigned, toleranceMs, now }: VerifyHost,
): Promise<GhlEvent> {
  const bytes = bytesOf(rawBody);
  const signature = signatureOf(headers);
  if (bytes.length === 0)
    throw notGenuine("empty_body", "it has no body", "Was the body read before? Pass its raw bytes.");
  if (!(await isSigned(signature, bytes)))
    throw notGenuine(
      "wrong_signature",
      `its ${SIGNATURE} is not of these bytes, or not made with a known key`,
      `Pass the body exactly as it came: parsed and written as JSON again, its bytes differ. If that is so, compare webhooks.publicKey with ${GUIDE}.`,
    );
  const event = parse(bytes);
  requireFresh(event["timestamp"], toleranceMs, now());
  return event as unknown as GhlEvent;
}

/** The bytes of a body; a parsed one has none. */
export function bytesOf(body: unknown): Uint8Array {
  if (typeof body === "string") return new TextEncoder().encode(body);
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  // Not instanceof: a buffer may come from another realm.
  if (Object.prototype.toString.call(body) === "[object ArrayBuffer]")
    return new Uint8Array(body as ArrayBuffer);
  throw parsedBody(`the raw body must be bytes or text, not ${body === null ? "null" : typeof body}`);
}

/** The error of a program that has only a parsed body. */
export function parsedBody(message: string): Error {
  return createError({
    code: "invalid_argument",
    message,
    hint: "The signature is over the bytes as they came. Express: put the handler before express.json(), or keep them with express.json({ verify: (request, _, bytes) => { request.rawBody = bytes; } }). Elsewhere: await request.arrayBuffer().",
    details: { reason: "parsed_body" },
  });
}

function signatureOf(headers: WebhookHeaders): Uint8Array {
  const [text = "", ...others] = valuesOf(headers, SIGNATURE).map((value) => value.trim());
  if (text === "" || text === "N/A") {
    const isOld = valuesOf(headers, RETIRED).some((value) => value.trim() !== "");
    if (isOld && text === "")
      throw notGenuine(
        "retired_signature",
        `it has only ${RETIRED}, the RSA signature that HighLevel retired on 2026-09-01`,
        `A genuine webhook has ${SIGNATURE}. If a proxy comes before this program, have it forward that header.`,
      );
    throw notGenuine(
      "missing_signature",
      `it has no ${SIGNATURE}`,
      "GHL signs the webhooks of marketplace apps, not those of workflows. If a proxy comes before this program, have it forward that header.",
    );
  }
  const signature = others.length > 0 ? undefined : readBase64(text);
  if (signature?.length !== 64)
    throw notGenuine(
      "malformed_signature",
      `its ${SIGNATURE} is not the base64 of 64 bytes`,
      "A proxy may have changed the header, or joined two of them.",
    );
  return signature;
}

/** The values of a header, whatever the case of its name. */
function valuesOf(headers: unknown, name: string): string[] {
  if (typeof headers !== "object" || headers === null)
    throw createError({
      code: "invalid_argument",
      message: `the headers must be an object or Headers, not ${headers === null ? "null" : typeof headers}`,
      hint: "Pass request.headers.",
    });
  const { get } = headers as { get?: unknown };
  if (typeof get === "function") {
    const value: unknown = get.call(headers, name);
    return typeof value === "string" ? [value] : [];
  }
  return Object.entries(headers)
    .filter(([key]) => key.toLowerCase() === name)
    .flatMap(([, value]) => value)
    .filter((value) => typeof value === "string");
}

/** The event in a body that is signed. */
function parse(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let event: unknown;
  try {
    event = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    // Nothing of it is repeated: it is content.
  }
  const { type, webhookId } = (event ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof event !== "object" || event === null || typeof type !== "string")
    throw notGenuine("not_an_event", "it is signed, and not an event as JSON", `See ${GUIDE}.`);
  if (typeof webhookId !== "string" || webhookId.trim() === "" || webhookId.length > 200)
    throw notGenuine(
      "no_webhook_id",
      "it is signed, and has no webhookId",
      "Without it, nobody can tell an event from one that is replayed.",
    );
  return event as Readonly<Record<string, unknown>>;
}

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

/** Refuses an event that is too old, or from the future, and says which clock is likely wrong. */
function requireFresh(timestamp: unknown, toleranceMs: number, now: number): void {
  const at = typeof timestamp === "string" && ISO.test(timestamp) ? Date.parse(timestamp) : Number.NaN;
  if (Number.isNaN(at))
    throw notGenuine(
      "no_timestamp",
      "it is signed, and has no usable timestamp",
      "Without it, nobody can tell an event from one that is replayed.",
    );
  const late = now - at;
  const clock = `this machine's clock says ${new Date(now).toISOString()}`;
  if (late > toleranceMs)
    throw notGenuine(
      "too_old",
      `it was signed ${durationText(late)} ago; ${clock}`,
      "It was replayed or delivered late: the next run reads what it is about. If every webhook is refused like this, this machine's clock is fast: set it by NTP.",
    );
  if (-late > toleranceMs)
    throw notGenuine(
      "in_future",
      `its timestamp is ${durationText(-late)} in the future; ${clock}`,
      "The signature is right, so this machine's clock is most likely slow: set it by NTP.",
    );
}

function durationText(milliseconds: number): string {
  const minutes = Math.round(milliseconds / 60_000);
  if (minutes < 1) return `${Math.round(milliseconds / 1_000)} seconds`;
  if (minutes < 120) return `${minutes} ${minutes === 1 ? "minute" : "minutes"}`;
  return minutes < 2_880 ? `${Math.round(minutes / 60)} hours` : `${Math.round(minutes / 1_440)} days`;
}
