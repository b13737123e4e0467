// The entry `ghl-chartmogul/slim`: the program brings the WebAssembly module.

import init, { Connector as GlueConnector } from "glue:connector";
import { type Connector, createConnectorOn } from "../connector.js";
import type { ConnectorOptions } from "../options.js";

export * from "./public.js";

/** What leads to `ghl-chartmogul/connector.wasm`: a `WebAssembly.Module`, its bytes, a `Response`, a `URL`, an address. */
export type ModuleSource = object | string;

/** Options of a connector whose module the program brings. */
export interface SlimOptions extends ConnectorOptions {
  /** The module, or a promise or function that gives it. */
  module: ModuleSource | PromiseLike<ModuleSource> | (() => ModuleSource | PromiseLike<ModuleSource>);
}

/** Makes a connector. Loads and sends nothing yet; the first module that loads serves all connectors. */
export function createConnector({ module, ...options }: SlimOptions): Connector {
  const loadGlue = async () => {
    const source = await (typeof module === "function" ? module() : module);
    await init({ module_or_path: source });
    return { Connector: GlueConnector };
  };
  return createConnectorOn({ loadGlue }, options);
}
