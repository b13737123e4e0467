// The main entry in Node, Deno and Bun: reads the WebAssembly file that lies in the package.

import { Connector as GlueConnector, initSync } from "glue:connector";
import { readFileSync } from "node:fs";
import { type Connector, createConnectorOn, type Platform } from "../connector.js";
import type { ConnectorOptions } from "../options.js";

export * from "./public.js";

const platform: Platform = {
  loadGlue() {
    initSync({ module: readFileSync(new URL(`${PACKAGE_ROOT}connector.wasm`, import.meta.url)) });
    return { Connector: GlueConnector };
  },
  async defaultStore() {
    const { sqlite } = await import("../stores/sqlite.js");
    return sqlite("ghl-chartmogul.db");
  },
};

/** Makes a connector. Loads and sends nothing yet. */
export const createConnector = (options: ConnectorOptions): Connector => createConnectorOn(platform, options);
