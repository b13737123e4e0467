// Why a webhook is refused: a word for programs and metrics, and a text for people. None holds content.

import { ConnectorError, createError } from "../errors.js";

/** Why a webhook is refused. */
export type RefusalReason =
  /** It has no body. */
  | "empty_body"
  /** It has no signature: no header `x-ghl-signature`, an empty one, or `N/A`. */
  | "missing_signature"
  /** It has only `x-wh-signature`, which HighLevel no longer sends. */
  | "retired_signature"
  /** Its signature is not 64 bytes of base64. */
  | "malformed_signature"
  /** The signature is not of this body, or not made with a known key. */
  | "wrong_signature"
  /** It is signed and not an event: not JSON, or without `type`. */
  | "not_an_event"
  /** It is signed and has no `webhookId`: nobody could tell it from a replayed one. */
  | "no_webhook_id"
  /** It is signed and has no usable `timestamp`. */
  | "no_timestamp"
  /** Its timestamp is too far in the past: replayed, late, or this machine's clock is fast. */
  | "too_old"
  /** Its timestamp is in the future: this machine's clock is slow. */
  | "in_future"
  /** The path does not hold the secret of ChartMogul's webhooks. */
  | "wrong_secret"
  /** The body is larger than allowed. */
  | "too_large"
  /** The body did not arrive whole, or in time. */
  | "incomplete_body"
  /** Not a POST. */
  | "method"
  /** The body is compressed. */
  | "encoding"
  /** The program read the body before the handler, and kept only what it parsed. */
  | "parsed_body"
  /** It is genuine and was not taken: the state store failed, or a setting is wrong. */
  | "not_taken";

/** A webhook that was refused. Holds nothing of its content. */
export interface WebhookRefusal {
  service: "ghl" | "chartmogul";
  reason: RefusalReason;
  /** The HTTP status of the answer. */
  status: number;
  /** For people. */
  message: string;
  hint?: string | undefined;
}

/** The error of a webhook that is not genuine. */
export function notGenuine(reason: RefusalReason, message: string, hint: string): ConnectorError {
  return createError({
    code: "unauthorized",
    message: `webhook refused: ${message}`,
    hint,
    details: { reason },
  });
}

/** The reason that an error carries. */
export function reasonOf(error: unknown): RefusalReason | undefined {
  if (!ConnectorError.is(error)) return undefined;
  return (error.details as { reason?: RefusalReason } | undefined)?.reason;
}
