// The main entry in Node, Deno and Bun: reads the WebAssembly file that lies in the package.

import { Connector as GlueConnector, initSync } from "glue:connector";
import { type Connector, createConnectorOn, type Platform } from "../connector.js";
import { bundled } from "../module-unavailable.js";
import { moduleFile } from "../node/module-file.js";
import type { ConnectorOptions } from "../options.js";

export * from "./public.js";

// Bundlers that know assets, such as webpack, find the file by this expression.
const file = moduleFile("connector.wasm", () => new URL(`${PACKAGE_ROOT}connector.wasm`, import.meta.url));

const platform: Platform = {
  loadGlue() {
    initSync({ module: file.read() });
    return { Connector: GlueConnector };
  },
  origin: { file: "connector.wasm", place: file.place, cure: bundled("connector.wasm") },
  async defaultStore() {
    const { sqlite } = await import("../stores/sqlite.js");
    return sqlite("ghl-chartmogul.db");
  },
};

/** Makes a connector. Loads and sends nothing yet. */
export const createConnector = (options: ConnectorOptions): Connector => createConnectorOn(platform, options);
