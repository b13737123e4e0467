// The errors that a caller sees: one class with a stable code, and subclasses for the codes that
// programs most often branch on.

import type { ErrorCode, ErrorDetails, Service } from "./generated/answers.js";

export type { ErrorCode } from "./generated/answers.js";

/** What an error carries besides its message. */
export interface ErrorFields extends ErrorDetails {
  /** What the host gave as the reason: the error of `fetch`, of `transport` or of the store. */
  cause?: unknown;
}

/** Marks errors of every copy of the package. */
const BRAND = Symbol.for("ghl-chartmogul.ConnectorError");

/** Any failure of the connector. `code` is stable; `message` and `hint` are for people. Holds no secret. */
export class ConnectorError extends Error {
  override readonly name: string = "ConnectorError";
  declare readonly code: ErrorCode;
  declare readonly hint: string | undefined;
  declare readonly service: Service | undefined;
  declare readonly endpoint: string | undefined;
  declare readonly status: number | undefined;
  declare readonly requestId: string | undefined;
  /** True when the same call may succeed later without a change. */
  declare readonly retryable: boolean;
  declare readonly retryAfterMs: number | undefined;
  declare readonly details: unknown;

  /**
   * True for an error of this class, also of another copy of the package, as where a program holds its ES
   * module and its CommonJS build. `NotFoundError.is(value)` and the like ask for that class.
   *
   * @example
   * if (ConnectorError.is(error) && error.code === "not_found") return undefined;
   */
  static is(value: unknown): value is ConnectorError {
    if (typeof value !== "object" || value === null || !(BRAND in value)) return false;
    // biome-ignore lint/complexity/noThisInStatic: subclasses inherit it, each asking for itself.
    const asked = this as typeof ConnectorError | undefined;
    const { code } = value as unknown as ConnectorError;
    return asked === undefined || asked === ConnectorError || CLASSES[code] === asked;
  }

  constructor(fields: ErrorFields) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    const { code, hint, service, endpoint, status, requestId, retryAfterMs, details } = fields;
    const known = { code, hint, service, endpoint, status, requestId, retryAfterMs, details };
    // Only what is known: a logged error shows nothing else.
    for (const [name, value] of Object.entries({ ...known, retryable: RETRYABLE.has(code) })) {
      if (value !== undefined) Object.assign(this, { [name]: value });
    }
  }

  /** The error as plain data, for logs and `--json`. */
  toJSON(): ErrorFields & { retryable: boolean } {
    const { code, message, hint, service, endpoint, status, requestId, retryable, retryAfterMs, details } =
      this;
    return { code, message, hint, service, endpoint, status, requestId, retryable, retryAfterMs, details };
  }
}

/** The token or key was refused, or does not reach far enough. */
export class AuthenticationError extends ConnectorError {
  override readonly name = "AuthenticationError";
}

/** A setting or parameter is wrong; nothing was sent, or the service refused the content. */
export class ValidationError extends ConnectorError {
  override readonly name = "ValidationError";
}

/** The record or route does not exist. */
export class NotFoundError extends ConnectorError {
  override readonly name = "NotFoundError";
}

/** A record with the same identity exists; `details` names it where the service says which. */
export class DuplicateError extends ConnectorError {
  override readonly name = "DuplicateError";
}

/** Too many requests, now or for today; `retryAfterMs` says how long. */
export class RateLimitError extends ConnectorError {
  override readonly name = "RateLimitError";
}

/** The service could not be reached, gave no answer in time, or one that cannot be read. */
export class ConnectionError extends ConnectorError {
  override readonly name = "ConnectionError";
}

Object.defineProperty(ConnectorError.prototype, BRAND, { value: true });

const RETRYABLE: ReadonlySet<string> = new Set<ErrorCode>([
  "rate_limited",
  "daily_quota_exhausted",
  "service_unavailable",
  "unreadable_response",
  "timeout",
  "network",
  "incomplete_list",
  "store_failed",
  "busy",
]);

const CLASSES: Readonly<Partial<Record<ErrorCode, new (fields: ErrorFields) => ConnectorError>>> = {
  unauthorized: AuthenticationError,
  reconnect_required: AuthenticationError,
  location_suspended: AuthenticationError,
  scope_missing: AuthenticationError,
  token_type_mismatch: AuthenticationError,
  location_forbidden: AuthenticationError,
  forbidden: AuthenticationError,
  invalid_config: ValidationError,
  invalid_argument: ValidationError,
  unknown_endpoint: ValidationError,
  rejected: ValidationError,
  not_found: NotFoundError,
  duplicate: DuplicateError,
  rate_limited: RateLimitError,
  daily_quota_exhausted: RateLimitError,
  service_unavailable: ConnectionError,
  unreadable_response: ConnectionError,
  timeout: ConnectionError,
  network: ConnectionError,
};

/** The error of these fields, of the class that its code calls for. */
export function createError(fields: ErrorFields): ConnectorError {
  return new (CLASSES[fields.code] ?? ConnectorError)(fields);
}

/** The error of whatever the WebAssembly module rejected with: its own plain object, or a trap. */
export function toConnectorError(reason: unknown): ConnectorError {
  if (ConnectorError.is(reason)) return reason;
  return createError(isErrorFields(reason) ? reason : trapFields(reason));
}

/** What to say of a module that stopped on a defect. */
export function trapFields(reason: unknown): ErrorFields {
  const message = reason instanceof Error ? reason.message : String(reason);
  return {
    code: "crashed",
    message: `the connector stopped on a defect: ${message}`,
    hint: "Create a new connector to continue, and please report this message.",
    cause: reason instanceof Error ? reason : undefined,
  };
}

function isErrorFields(value: unknown): value is ErrorFields {
  if (typeof value !== "object" || value === null || value instanceof Error) return false;
  const { code, message } = value as Partial<ErrorFields>;
  return typeof code === "string" && typeof message === "string";
}
