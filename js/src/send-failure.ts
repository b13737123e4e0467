// Tells from a failed request whether it certainly never left, or may have arrived. Only what never
// left may be sent again when it creates a record, so whatever is not clear counts as lost.

import type { SendFailure } from "./bounded.js";

/** Codes that exist only before a connection stands. */
const NOT_SENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EAI_FAIL",
  "EAI_NODATA",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_INVALID_ARG",
  "ERR_INVALID_URL",
  "ERR_INVALID_PROTOCOL",
  "ConnectionRefused",
  "FailedToOpenSocket",
]);

/** A server's certificate that was not accepted: the request comes after it. */
const CERTIFICATE = /^(ERR_TLS_CERT_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(GET|VERIFY|DECRYPT|DECODE)_)/;

/** Calls of the system that come before a connection stands. The same codes of `read` and `write` come after. */
const CONNECTING = /^(connect|getaddrinfo|query\w*|bind|socket)$/;

/** What hosts say, who give no code, of a connection that did not come about; and Node of its handshake. */
const CONNECTING_MESSAGE =
  /client error \(Connect\)|before secure TLS connection was established|The TLS handshake failed/i;

const TIMEOUT = new Set([
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
  "ETIMEDOUT",
  "ESOCKETTIMEDOUT",
  "TimeoutError",
]);

type Kind = "not_sent" | "lost" | "timeout";

/** The failure of whatever a fetch or transport rejected with; itself where it already says its kind. */
export function toSendFailure(reason: unknown): SendFailure {
  if (isSendFailure(reason)) return reason;
  return { kind: kindOf(reason) ?? "lost", message: describe(reason), cause: reason };
}

function isSendFailure(reason: unknown): reason is SendFailure {
  const kind = (reason as Partial<SendFailure> | null | undefined)?.kind;
  return kind === "not_sent" || kind === "lost" || kind === "timeout" || kind === "aborted";
}

/** What an error, its causes and the parts of an AggregateError say; the most careful of several. */
function kindOf(reason: unknown, depth = 0): Kind | undefined {
  if (typeof reason !== "object" || reason === null || depth > 4) return undefined;
  const { cause, errors } = reason as Record<string, unknown>;
  const parts = Array.isArray(errors) ? errors.slice(0, 20) : [];
  // One attempt of several that may have arrived decides.
  const kinds = parts.map((part) => kindOf(part, depth + 1) ?? "lost");
  kinds.push(...[ownKindOf(reason), kindOf(cause, depth + 1)].filter((kind) => kind !== undefined));
  return (["lost", "timeout", "not_sent"] as const).find((kind) => kinds.includes(kind));
}

/** What an error says itself; undefined where it only wraps another. */
function ownKindOf(reason: object): Kind | undefined {
  const { code, name, message } = reason as Record<string, unknown>;
  const known = [code, name].filter((text) => typeof text === "string");
  const syscall = syscallOf(reason as Record<string, unknown>);
  if (syscall !== undefined) return CONNECTING.test(syscall) ? "not_sent" : "lost";
  if (typeof message === "string" && CONNECTING_MESSAGE.test(message)) return "not_sent";
  if (known.some((text) => NOT_SENT.has(text) || CERTIFICATE.test(text))) return "not_sent";
  if (known.some((text) => TIMEOUT.has(text))) return "timeout";
  return typeof code === "string" && /^(E[A-Z]+|UND_ERR_\w+|HPE_\w+)$/.test(code) ? "lost" : undefined;
}

/** The call of the system that failed: a property of Node's errors, and the first word of their message. */
function syscallOf({ syscall, message }: Record<string, unknown>): string | undefined {
  if (typeof syscall === "string") return syscall;
  return typeof message === "string" ? /^(\w+) (?:E[A-Z]{3,}|EAI_[A-Z]+)\b/.exec(message)?.[1] : undefined;
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
