// How a person connects: with tokens, or with the OAuth app of the person who pushed this app.

const { textOf, withConnector } = require("./connector.js");
const { invalid } = require("./errors.js");

const CHARTMOGUL_FIELD = {
  key: "chartmogulApiKey",
  label: "ChartMogul API key",
  type: "password",
  required: false,
  helpText:
    "Needed for ChartMogul's triggers and actions. In ChartMogul: Profile > View Profile > API keys. A read-only key serves triggers and searches.",
};

const STATE_FIELDS = [
  {
    key: "stateStoreUrl",
    label: "State store URL",
    type: "password",
    required: false,
    helpText:
      "Only for Sync Contact and Sync Now. The one place where this location's sync keeps its state: the `https://` address of your `ghl-chartmogul serve`, or `redis://`, `rediss://`, `postgres://`. Use the same one everywhere you sync the location.",
  },
  {
    key: "serveToken",
    label: "Token of serve",
    type: "password",
    required: false,
    helpText: "Only with an `https://` state store: the SERVE_TOKEN of your `ghl-chartmogul serve`.",
  },
  {
    key: "syncSettings",
    label: "Sync settings",
    type: "text",
    required: false,
    helpText:
      "Only with a Redis or PostgreSQL state store: the object `sync` of your configuration, as JSON. The same as wherever else you sync the location.",
  },
];

const TOKEN_FIELDS = [
  {
    key: "ghlToken",
    label: "GoHighLevel private integration token",
    type: "password",
    required: false,
    helpText:
      "In the location: Settings > Private Integrations. It begins with `pit-`. It does not expire, and its scopes decide what works here.",
  },
  {
    key: "locationId",
    label: "GoHighLevel location ID",
    type: "string",
    required: false,
    helpText: "In the location: Settings > Business Profile, or the address bar behind `/location/`.",
  },
  CHARTMOGUL_FIELD,
  ...STATE_FIELDS,
];

/** Calls both services, as far as their credentials are given; gives what the label is made from. */
async function test(z, bundle) {
  return withConnector(z, bundle, async ({ ghl, chartmogul }, signal) => {
    const { access_token: accessToken, ghlToken, locationId, chartmogulApiKey } = bundle.authData;
    const hasGhl = textOf(accessToken ?? ghlToken) !== undefined;
    const hasChartmogul = textOf(chartmogulApiKey) !== undefined;
    if (!hasGhl && !hasChartmogul)
      throw invalid(z, "Enter a GoHighLevel token with its location ID, a ChartMogul API key, or both.");
    if (hasGhl && textOf(locationId) === undefined)
      throw invalid(z, "Enter the ID of the GoHighLevel location that the token belongs to.");
    const [location, account] = await Promise.all([
      hasGhl ? ghl.locations.get({}, { signal }) : undefined,
      hasChartmogul ? chartmogul.account.retrieve({}, { signal }) : undefined,
    ]);
    return {
      locationId: location?.id ?? null,
      locationName: location?.name ?? null,
      chartmogulAccount: account?.name ?? null,
    };
  });
}

/** The location's name, with the ChartMogul account's. */
function connectionLabel(_z, bundle) {
  const { locationName, chartmogulAccount } = bundle.inputData ?? {};
  return (
    [locationName, chartmogulAccount].filter((name) => textOf(name) !== undefined).join(" / ") || "Connection"
  );
}

const tokens = { type: "custom", customConfig: {}, fields: TOKEN_FIELDS, test, connectionLabel };

const CONSENT_URL = "https://marketplace.gohighlevel.com/v2/oauth/chooselocation";
const SERVICES_URL = "https://services.leadconnectorhq.com";

/** Asks for tokens. Zapier keeps what this gives, and locationId with it. */
async function askForTokens(z, fields) {
  const { CLIENT_ID, CLIENT_SECRET, GHL_BASE_URL } = process.env;
  const response = await z.request({
    method: "POST",
    url: `${GHL_BASE_URL || SERVICES_URL}/oauth/token`,
    headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
    body: { client_id: CLIENT_ID, client_secret: CLIENT_SECRET, user_type: "Location", ...fields },
    skipThrowForStatus: true,
  });
  const { access_token: accessToken, refresh_token: refreshToken, locationId } = response.data ?? {};
  if (response.status >= 300 || typeof accessToken !== "string") {
    if (response.status === 429 || response.status >= 500)
      throw new z.errors.ThrottledError("GoHighLevel gave no token at the moment.", 10);
    throw new z.errors.ExpiredAuthError(
      "GoHighLevel refused the refresh token or code. Each works once: reconnect the account.",
    );
  }
  if (textOf(locationId) === undefined)
    throw invalid(z, "The app was installed for an agency. Connect again, and choose one location.");
  return { access_token: accessToken, refresh_token: refreshToken, locationId };
}

const oauth = {
  type: "oauth2",
  oauth2Config: {
    authorizeUrl: {
      url: process.env.GHL_CONSENT_URL || CONSENT_URL,
      params: {
        client_id: "{{process.env.CLIENT_ID}}",
        state: "{{bundle.inputData.state}}",
        redirect_uri: "{{bundle.inputData.redirect_uri}}",
        response_type: "code",
        scope: "{{process.env.GHL_SCOPES}}",
      },
    },
    getAccessToken: (z, bundle) =>
      askForTokens(z, {
        grant_type: "authorization_code",
        code: bundle.inputData.code,
        redirect_uri: bundle.inputData.redirect_uri,
      }),
    refreshAccessToken: (z, bundle) =>
      askForTokens(z, { grant_type: "refresh_token", refresh_token: bundle.authData.refresh_token }),
    // A refresh token works once: any 401, even of a missing scope, would use one up.
    autoRefresh: false,
  },
  fields: [
    { key: "locationId", label: "GoHighLevel location ID", type: "string", required: false, computed: true },
    CHARTMOGUL_FIELD,
    ...STATE_FIELDS,
  ],
  test,
  connectionLabel,
};

/** An app has one way to connect: `GHL_AUTHENTICATION=oauth2` chooses the other, wherever the app is loaded. */
const authentication = process.env.GHL_AUTHENTICATION === "oauth2" ? oauth : tokens;

module.exports = { authentication };
