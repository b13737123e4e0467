// Errors as Zapier shows and acts on them.

/** The credential itself was refused: a person must connect again, or a token must be refreshed. */
const REFUSED_CREDENTIALS = new Set(["unauthorized", "reconnect_required"]);
/** Zapier tries these again: why, and after how many seconds where the error does not say it. */
const THROTTLED = {
  rate_limited: { cause: "There were too many calls within seconds.", seconds: 10 },
  daily_quota_exhausted: { cause: "The calls of the day are used up.", seconds: 3_600 },
  busy: { cause: "Another sync of this location is under way.", seconds: 60 },
};

/**
 * The error to throw on Zapier: `ThrottledError` with seconds for both services' limits, `RefreshAuthError`
 * where an OAuth token was refused, `ExpiredAuthError` where another credential was, and `z.errors.Error` with
 * message, cure, code and status for everything else. Errors of Zapier stay as they are.
 */
function throwOnZapier(z, bundle, reason, { isLimited = false, unanswered = 0 } = {}) {
  if (Object.values(z.errors).some((kind) => kind.prototype instanceof Error && reason instanceof kind))
    return reason;
  if (reason?.name === "TimeoutError" || reason?.name === "AbortError")
    return isLimited && unanswered === 0 ? stillLimited(z) : timedOut(z);
  const { code, message, hint, status, service, retryAfterMs, isOfServe = false } = reason ?? {};
  if (typeof code !== "string" || typeof reason.toJSON !== "function") {
    // What it says may hold anything.
    return new z.errors.Error(`The step failed on a defect (${reason?.name ?? "unknown"}).`, "crashed");
  }
  if (THROTTLED[code] !== undefined) {
    const { cause, seconds } = THROTTLED[code];
    const wait = retryAfterMs === undefined ? seconds : Math.max(1, Math.ceil(retryAfterMs / 1_000));
    return new z.errors.ThrottledError(sentences(message, cause), wait);
  }
  const text = sentences(message, hint);
  if (REFUSED_CREDENTIALS.has(code) && !isOfServe) {
    const isOAuth = typeof bundle.authData?.refresh_token === "string";
    const canRefresh = isOAuth && service === "ghl" && code === "unauthorized";
    return canRefresh ? new z.errors.RefreshAuthError(text) : new z.errors.ExpiredAuthError(text);
  }
  return new z.errors.Error(text, code, status);
}

function stillLimited(z) {
  return new z.errors.ThrottledError(
    "The service takes no more calls at the moment.",
    THROTTLED.rate_limited.seconds,
  );
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
