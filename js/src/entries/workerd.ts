// The main entry in Cloudflare Workers, which run only WebAssembly that was compiled at deployment.

import { Connector as GlueConnector, initSync } from "glue:connector";
import { type Connector, createConnectorOn, type Platform } from "../connector.js";
import type { ConnectorOptions } from "../options.js";
import module from "./connector.wasm";

export * from "./public.js";

const platform: Platform = {
  loadGlue() {
    initSync({ module });
    return { Connector: GlueConnector };
  },
  origin: {
    file: "connector.wasm",
    cure:
      "The bundler must leave the import of connector.wasm to the runtime, which gives a compiled module: " +
      "wrangler does; with esbuild, --external:*.wasm and the file beside the bundle.",
  },
};

/** Makes a connector. Loads and sends nothing yet. */
export const createConnector = (options: ConnectorOptions): Connector => createConnectorOn(platform, options);
