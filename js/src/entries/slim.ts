// The entry `ghl-chartmogul/slim`: the program brings the WebAssembly module.

import init, { Connector as GlueConnector } from "glue:connector";
import { type Connector, createConnectorOn } from "../connector.js";
import { createError } from "../errors.js";
import type { ModuleOrigin } from "../module-unavailable.js";
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
  if (module === undefined || module === null) {
    throw createError({
      code: "invalid_config",
      message: "the option module is missing",
      hint: 'Pass what leads to "ghl-chartmogul/connector.wasm": a WebAssembly.Module, its bytes or its URL.',
    });
  }
  const loadGlue = async () => {
    const source = await (typeof module === "function" ? module() : module);
    await init({ module_or_path: source });
    return { Connector: GlueConnector };
  };
  return createConnectorOn({ loadGlue, origin: originOf(module) }, options);
}

/** For errors: an address is shown, bytes and modules are not. */
function originOf(module: unknown): ModuleOrigin {
  const isAddress = typeof module === "string" || Object.prototype.toString.call(module) === "[object URL]";
  return {
    file: "what the option module gave",
    place: isAddress ? () => String(module) : undefined,
    cure:
      "It must lead to connector.wasm of the installed ghl-chartmogul: a compiled WebAssembly.Module, " +
      "its bytes, a Response, or a URL that answers with it.",
  };
}
