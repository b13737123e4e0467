// The main entry in browsers and for their bundlers: fetches the WebAssembly file beside this one.

import init, { Connector as GlueConnector } from "glue:connector";
import { type Connector, createConnectorOn, type Platform } from "../connector.js";
import { served } from "../module-unavailable.js";
import type { ConnectorOptions } from "../options.js";

export * from "./public.js";

const platform: Platform = {
  async loadGlue() {
    await init({ module_or_path: new URL("./connector.wasm", import.meta.url) });
    return { Connector: GlueConnector };
  },
  origin: {
    file: "connector.wasm",
    place: () => new URL("./connector.wasm", import.meta.url).href,
    cure: served("connector.wasm"),
  },
};

/** Makes a connector. Loads and sends nothing yet. */
export const createConnector = (options: ConnectorOptions): Connector => createConnectorOn(platform, options);
