// Errors as Zapier shows and acts on them.

/** The credential itself was refused: a person must connect again, or a token must be refreshed. */
const REFUSED_CREDENTIALS = new Set(["unauthorized", "reconnect_required"]);
/** Zapier tries again after so long. */
const THROTTLED = new Set(["rate_limited", "daily_quota_exhausted", "busy"]);
/** Where an error does not say how long. */
const DEFAULT_DELAY_S = { rate_limited: 10, daily_quota_exhausted: 3_600, busy: 60 };

/**
 * The error to throw on Zapier: `ThrottledError` with seconds for both services' limits, `RefreshAuthError`
 * where an OAuth token was refused, `ExpiredAuthError` where another credential was, and `z.errors.Error` with
 * message, cure, code and status for everything else. Errors of Zapier stay as they are.
 */
function throwOnZapier(z, bundle, reason) {
  if (Object.values(z.errors).some((kind) => kind.prototype instanceof Error && reason instanceof kind))
    return reason;
  if (reason?.name === "TimeoutError" || reason?.name === "AbortError") return timedOut(z);
  const { code, message, hint, status, service, retryAfterMs } = reason ?? {};
  if (typeof code !== "string" || typeof reason.toJSON !== "function") {
    // What it says may hold anything.
    return new z.errors.Error(`The step failed on a defect (${reason?.name ?? "unknown"}).`, "crashed");
  }
  const text = sentences(message, hint);
  if (THROTTLED.has(code)) {
    const seconds = retryAfterMs === undefined ? DEFAULT_DELAY_S[code] : Math.ceil(retryAfterMs / 1_000);
    return new z.errors.ThrottledError(text, Math.max(1, seconds));
  }
  if (REFUSED_CREDENTIALS.has(code)) {
    const isOAuth = typeof bundle.authData?.refresh_token === "string";
    const canRefresh = isOAuth && service === "ghl" && code === "unauthorized";
    return canRefresh ? new z.errors.RefreshAuthError(text) : new z.errors.ExpiredAuthError(text);
  }
  return new z.errors.Error(text, code, status);
}

function timedOut(z) {
  return new z.errors.Error(
    "The services did not answer within 27 seconds. A record may have been written: look before you replay the step. Narrow a list by its fields.",
    "timeout",
  );
}

/** One text of sentences. */
function sentences(...parts) {
  return parts
    .filter((part) => typeof part === "string" && part !== "")
    .map((part) => part.replace(/[^.!?]$/, "$&."))
    .join(" ");
}

/** An error for what a person entered. */
function invalid(z, message) {
  return new z.errors.Error(message, "invalid_argument");
}

module.exports = { invalid, throwOnZapier };
