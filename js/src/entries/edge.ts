// The main entry on edge runtimes such as Next's, which run only WebAssembly that was compiled when the
// program was built.

import init, { Connector as GlueConnector } from "glue:connector";
import { type Connector, createConnectorOn, type Platform } from "../connector.js";
import type { ConnectorOptions } from "../options.js";
import module from "./connector.wasm?module";

export * from "./public.js";

const platform: Platform = {
  async loadGlue() {
    // Not at once: the module is of another realm, which only an asynchronous instantiation takes.
    await init({ module_or_path: module });
    return { Connector: GlueConnector };
  },
  origin: {
    file: "connector.wasm",
    cure: "The bundler must give a compiled module for the import of connector.wasm?module, as Next's does.",
  },
};

/** Makes a connector. Loads and sends nothing yet. */
export const createConnector = (options: ConnectorOptions): Connector => createConnectorOn(platform, options);
