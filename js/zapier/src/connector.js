// A connector of a connection's credentials. It sends through `z.request`, so that Zapier's log shows each call.

const { createConnector } = require("ghl-chartmogul/inline");
const { throwOnZapier } = require("./errors.js");

/** Zapier ends an operation after 30 seconds. */
const DEADLINE_MS = 27_000;

/**
 * Does some work with a connector, and closes it. The signal fires before Zapier's own limit; what is thrown
 * is an error of Zapier, with a message for people and no secret.
 *
 * @example
 * const perform = (z, bundle) =>
 *   withConnector(z, bundle, ({ ghl }, signal) => ghl.contacts.get({ contactId: "seD4PfOuKoVMLkEZqohJ" }, { signal }));
 */
async function withConnector(z, bundle, work, options = {}) {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const answers = { isLimited: false, unanswered: 0 };
  let connector;
  try {
    connector = openConnector(z, bundle, { ...options, transport: transportOf(z, answers) });
    return await work(connector, signal);
  } catch (reason) {
    throw throwOnZapier(z, bundle, reason, answers);
  } finally {
    await connector?.close();
  }
}

/** The connector of a connection. A service without a credential is left out: its calls say so. */
function openConnector(z, bundle, options = {}) {
  const { GHL_BASE_URL, CHARTMOGUL_BASE_URL } = process.env;
  const { access_token: accessToken, ghlToken, locationId, chartmogulApiKey } = bundle.authData ?? {};
  const token = textOf(accessToken) ?? textOf(ghlToken);
  const apiKey = textOf(chartmogulApiKey);
  return createConnector({
    ...(token !== undefined && {
      ghl: { token, locationId: textOf(locationId), baseUrl: textOf(GHL_BASE_URL) },
    }),
    ...(apiKey !== undefined && { chartmogul: { apiKey, baseUrl: textOf(CHARTMOGUL_BASE_URL) } }),
    store: "memory",
    transport: transportOf(z),
    ...options,
  });
}

/**
 * Sends with `z.request`. Every answer comes back as it is: what it means is the connector's to judge. `answers`
 * gets to know whether the last one said that there were too many requests, and how many requests that may have
 * written had none.
 */
function transportOf(z, answers = { isLimited: false, unanswered: 0 }) {
  const note = (isLimited) => {
    answers.isLimited = isLimited;
    answers.unanswered -= 1;
  };
  return async ({ method, url, headers, body, signal, timeoutMs }) => {
    // Files are read as bytes, which the log does not show; all else is text.
    const isFile = headers.accept === "*/*";
    answers.unanswered += 1;
    try {
      const response = await send(z, {
        method,
        url,
        headers,
        body: bodyOf(headers, body),
        signal,
        timeout: timeoutMs,
        redirect: isFile ? "follow" : "manual",
        raw: isFile,
      });
      note(response.status === 429);
      const content = isFile ? new Uint8Array(await response.arrayBuffer()) : response.content;
      return { status: response.status, headers: [...response.headers.entries()], body: content };
    } catch (reason) {
      // A later core may throw this whatever the request says.
      if (reason?.name === "ThrottledError") note(true);
      // What was sent and broken off may have been written; reading writes nothing.
      else if (method === "GET") answers.unanswered -= 1;
      if (reason?.name !== "ThrottledError") throw reason;
      return { status: 429, headers: [], body: "" };
    }
  };
}

/** A request of `z.request` whose answer comes back whatever its status is. */
function send(z, { headers, ...request }) {
  return z.request({
    ...request,
    // By this name the core knows its own requests: others it logs again, with their credentials.
    headers: { ...headers, "user-agent": "Zapier" },
    // Merging would search users' texts for Zapier's own placeholders, and refuse them.
    merge: false,
    skipThrowForStatus: true,
    throwForThrottlingEarly: false,
  });
}

/** Text where the log can show it, else bytes. */
function bodyOf(headers, body) {
  if (body === undefined || body.length === 0) return undefined;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return /json/.test(headers["content-type"] ?? "") ? bytes.toString("utf8") : bytes;
}

/** A text that says something. */
function textOf(value) {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

module.exports = { openConnector, send, textOf, withConnector };
