// Tells from a failed request whether it certainly never left, or may have arrived. Only what never
// left may be sent again when it creates a record.

import type { SendFailure } from "./bounded.js";

/** Codes that Node, undici and Bun give before a connection stands. */
const NOT_SENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EAI_FAIL",
  "EAI_NODATA",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "EINVAL",
  "ENOENT",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_INVALID_ARG",
  "ERR_INVALID_URL",
  "ERR_INVALID_PROTOCOL",
  "ConnectionRefused",
  "FailedToOpenSocket",
]);

const TIMEOUT = new Set([
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
  "ETIMEDOUT",
  "ESOCKETTIMEDOUT",
  "TimeoutError",
]);

/** A TLS handshake that failed: the request comes after it. */
const TLS = /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

/** The failure of whatever a fetch or transport rejected with; itself where it already says its kind. */
export function toSendFailure(reason: unknown): SendFailure {
  if (isSendFailure(reason)) return reason;
  const codes = [...causes(reason)];
  const message = describe(reason);
  const found = (test: (code: string) => boolean) => codes.some(test);
  if (found((code) => NOT_SENT.has(code) || TLS.test(code)))
    return { kind: "not_sent", message, cause: reason };
  if (found((code) => TIMEOUT.has(code))) return { kind: "timeout", message, cause: reason };
  return { kind: "lost", message, cause: reason };
}

function isSendFailure(reason: unknown): reason is SendFailure {
  const kind = (reason as Partial<SendFailure> | null | undefined)?.kind;
  return kind === "not_sent" || kind === "lost" || kind === "timeout" || kind === "aborted";
}

/** The codes and names of an error, its causes and, of an AggregateError, its first part. */
function* causes(reason: unknown, depth = 0): Generator<string> {
  if (typeof reason !== "object" || reason === null || depth > 4) return;
  const { code, name, cause, errors } = reason as Record<string, unknown>;
  if (typeof code === "string") yield code;
  if (typeof name === "string") yield name;
  yield* causes(cause, depth + 1);
  if (Array.isArray(errors)) yield* causes(errors[0], depth + 1);
}

/** The message with its causes', which is where undici keeps what happened. */
function describe(reason: unknown, depth = 0): string {
  if (typeof reason !== "object" || reason === null) return String(reason);
  const { message, code, cause } = reason as Record<string, unknown>;
  const own = [message, code].find((text) => typeof text === "string" && text !== "") ?? "unknown failure";
  return cause === undefined || cause === null || depth > 4
    ? String(own)
    : `${own}: ${describe(cause, depth + 1)}`;
}
