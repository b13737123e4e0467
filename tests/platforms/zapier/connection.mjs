// The app of js/zapier on the package under test, in Zapier's core, connected to a sandbox over HTTP.

import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
export const APP_FOLDER = fileURLToPath(new URL("../../../js/zapier", import.meta.url));

const { PACKAGE_DIR } = process.env;
if (PACKAGE_DIR === undefined)
  throw new Error("PACKAGE_DIR must name a folder whose node_modules has ghl-chartmogul");
export const PACKAGE = join(PACKAGE_DIR, "node_modules/ghl-chartmogul");

const { createSandbox } = await import(pathToFileURL(join(PACKAGE, "sandbox.js")));
const { createConnector } = await import(pathToFileURL(join(PACKAGE, "node.js")));

/** A copy of the app that finds the package and Zapier's core; both are links. */
export function copyApp() {
  const folder = mkdtempSync(join(tmpdir(), "zapier-app-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  cpSync(APP_FOLDER, folder, { recursive: true, filter: (path) => !/node_modules|\/build\b/.test(path) });
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(PACKAGE, join(folder, "node_modules/ghl-chartmogul"));
  symlinkSync(
    join(here, "node_modules/zapier-platform-core"),
    join(folder, "node_modules/zapier-platform-core"),
  );
  return folder;
}

/** A sandbox over HTTP, the app connected to it, and a connector for what the sandbox really holds. */
export async function connect(options = {}, environment = {}) {
  const sandbox = createSandbox({
    contacts: 60,
    searchLagMs: 0,
    burstLimit: 100_000,
    chartmogulLimit: 100_000,
    strict: true,
    // Records made now are newer than the seeded ones.
    nowMs: Date.now() - 3_600_000,
    ...options,
  });
  const server = await sandbox.serve({ port: 0 });
  const { ghlToken, ghlCompanyToken, locationId, companyId, chartmogulKey } = sandbox.credentials;
  Object.assign(process.env, { GHL_BASE_URL: server.url, CHARTMOGUL_BASE_URL: server.url, ...environment });
  const folder = copyApp();
  const require = createRequire(join(folder, "index.js"));
  const { createAppTester, createAppHandler } = require("zapier-platform-core");
  const App = require("./index.js");
  const authData = { ghlToken, locationId, chartmogulApiKey: chartmogulKey };
  const agencyAuthData = { ...authData, ghlToken: ghlCompanyToken };
  const tester = createAppTester(App);
  const connectorOf = (token) =>
    createConnector({
      ghl: { token, locationId },
      chartmogul: { apiKey: chartmogulKey },
      store: "memory",
      transport: sandbox.transport,
    });
  quiet();
  return {
    App,
    agency: connectorOf(ghlCompanyToken),
    agencyAuthData,
    authData,
    companyId,
    connector: connectorOf(ghlToken),
    folder,
    handler: createAppHandler(App),
    locationId,
    sandbox,
    server,
    /** Runs `perform` of a trigger, action or search as Zapier's tests do. */
    run: (kind, key, bundle = {}) =>
      tester(App[kind][key].operation.perform, { authData, inputData: {}, meta: {}, ...bundle }),
    async close() {
      await server.close();
    },
  };
}

/** Zapier's core prints how much memory each call took. */
function quiet() {
  const { log, error } = console;
  const isNoise = ([text]) => /^ZID:/.test(String(text));
  console.log = (...texts) => isNoise(texts) || log(...texts);
  console.error = (...texts) => isNoise(texts) || error(...texts);
}

/** What an error of Zapier's core says: a text, or JSON with message, code and the like. */
export function said(error) {
  const [text] = String(error.message).split("\nWhat happened:");
  try {
    return { name: error.name, ...JSON.parse(text) };
  } catch {
    return { name: error.name, message: text };
  }
}
