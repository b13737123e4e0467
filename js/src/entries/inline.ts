// The entry `ghl-chartmogul/inline`, and the main one on unknown hosts: carries the WebAssembly file
// in itself, compressed. Asks nothing of its host when it is imported: no file system, fetch, crypto
// or URL.

import deflated from "base64:connector";
import { Connector as GlueConnector, initSync } from "glue:connector";
import { type Connector, createConnectorOn, type Platform } from "../connector.js";
import { inflateBase64 } from "../inflated.js";
import type { ConnectorOptions } from "../options.js";
import { verifyEd25519 } from "../webhooks/ed25519.js";

export * from "./public.js";

const platform: Platform = {
  loadGlue() {
    initSync({ module: inflateBase64(deflated) });
    return { Connector: GlueConnector };
  },
  origin: { file: "the module inside ghl-chartmogul/inline", cure: "Install ghl-chartmogul again." },
  verifyEd25519,
};

/** Makes a connector. Decodes and sends nothing yet. */
export const createConnector = (options: ConnectorOptions): Connector => createConnectorOn(platform, options);
