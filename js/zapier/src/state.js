// Where the sync of a location keeps its state: one place for all that sync it, named by its URL.

const { openConnector, send, textOf } = require("./connector.js");
const { invalid } = require("./errors.js");

/** A run ends at a checkpoint so long after the step began, before Zapier ends the step. */
const SLICE_MS = 25_000;

/**
 * What syncs the connection's location: `status`, `plan`, `run`, `why` and `refresh` of a connector on the state
 * store, or of a `serve` that keeps it. All of them end when the signal fires.
 */
async function openSync(z, bundle) {
  const address = textOf(bundle.authData.stateStoreUrl);
  if (address === undefined)
    throw invalid(
      z,
      "This step needs a state store: edit the connection and enter its URL. A location has one: the same as wherever else you sync it.",
    );
  const protocol = /^([a-z]+):\/\//i.exec(address)?.[1]?.toLowerCase();
  if (protocol === "https" || (protocol === "http" && process.env.GHL_BASE_URL))
    return serveAt(z, bundle, address);
  if (["redis", "rediss", "postgres", "postgresql"].includes(protocol)) return storeAt(z, bundle, address);
  throw invalid(z, "The state store's URL must begin with https://, redis://, rediss:// or postgres://.");
}

/** A `ghl-chartmogul serve`: it has the credentials and settings itself. */
function serveAt(z, bundle, address) {
  const token = textOf(bundle.authData.serveToken);
  if (token === undefined) throw invalid(z, "Enter the token of serve in the connection: its SERVE_TOKEN.");
  const ask = async (signal, method, path, body) => {
    const response = await send(z, {
      method,
      url: `${address.replace(/\/+$/, "")}/v1/${path}`,
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        accept: "application/json",
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      redirect: "manual",
      signal,
    });
    if (response.status === 200) return response.data;
    throw remoteError(z, response);
  };
  return {
    status: (signal) => ask(signal, "GET", "status"),
    plan: (options, signal) => ask(signal, "POST", "plan", options),
    run: (options, signal) => ask(signal, "POST", "run", options),
    refresh: (contacts, signal) => ask(signal, "POST", "refresh", { contacts }),
    why: (id, signal) => ask(signal, "GET", `why/${encodeURIComponent(id)}`),
    close: async () => {},
  };
}

/** The error that serve answered with, as a connector's own. */
function remoteError(z, { status, data }) {
  const error = data?.error;
  if (status === 401 || typeof error?.code !== "string") {
    const cure =
      status === 401 ? "Check the token of serve in the connection." : "Check the state store's URL.";
    return new z.errors.Error(`The state store answered ${status}. ${cure}`, "store_failed", status);
  }
  // Credentials that are refused are those of serve: reconnecting here would not help.
  return { ...error, isOfServe: true, toJSON: () => error };
}

/** A connector in this step, on a store that others share. */
async function storeAt(z, bundle, address) {
  const store = await openStoreAt(z, address);
  const connector = openConnector(z, bundle, { store, sync: settingsOf(z, bundle.authData.syncSettings) });
  return {
    status: (signal) => connector.sync.status({ signal }),
    plan: (options, signal) => connector.sync.plan({ ...options, signal }),
    run: (options, signal) => connector.sync.run({ ...options, signal }),
    refresh: (contacts, signal) => connector.sync.refresh(contacts, { signal }),
    why: (id, signal) => connector.sync.why(id, { signal }),
    close: () => connector.close(),
  };
}

async function openStoreAt(z, address) {
  try {
    const { openStore } = require("ghl-chartmogul/stores");
    return await openStore(address);
  } catch (reason) {
    if (typeof reason?.toJSON === "function") throw reason;
    // A driver's own words may hold the URL with its password.
    throw new z.errors.Error(
      "The state store could not be opened. Check its URL, and that the app was pushed with its driver: ioredis or pg.",
      "store_failed",
    );
  }
}

function settingsOf(z, text) {
  if (textOf(text) === undefined) return {};
  try {
    const settings = JSON.parse(text);
    if (typeof settings === "object" && settings !== null && !Array.isArray(settings)) return settings;
  } catch {
    // Answered below.
  }
  throw invalid(z, "The sync settings in the connection must be a JSON object.");
}

module.exports = { openSync, SLICE_MS };
