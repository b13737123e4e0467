// The file `n8n-code.js`, to be pasted into a Code node of n8n above the node's own code: sets one variable,
// with nothing that the Code node's hardened context lacks or ignores.

import deflated from "base64:connector";
import { Connector as GlueConnector, initSync } from "glue:connector";
import { inflateSync } from "fflate";
import { decodeBase64 } from "../base64.js";
import { type Connector, createConnectorOn, type Platform } from "../connector.js";
import { ConnectorError, createError } from "../errors.js";
import { type HttpRequest, httpRequestTransport } from "../n8n/transport.js";
import type { ConnectorOptions } from "../options.js";
import { verifyEd25519 } from "../webhooks/ed25519.js";

/** What the file sets; build.mjs declares it. */
// biome-ignore lint/style/useConst: it is declared in another place than it is set.
declare let ghlChartMogul: {
  createConnector: typeof createConnector;
  ConnectorError: typeof ConnectorError;
};

/** Options of a connector in a Code node. */
interface CodeNodeOptions extends ConnectorOptions {
  /** The node's `this.helpers`. */
  helpers: { httpRequest: HttpRequest };
}

const platform: Platform = {
  loadGlue() {
    initSync({ module: inflateSync(decodeBase64(deflated)) });
    return { Connector: GlueConnector };
  },
  origin: { file: "the module inside n8n-code.js", cure: "Paste the whole file again." },
  verifyEd25519,
};

/** Makes a connector whose requests go through n8n. */
function createConnector({ helpers, ...options }: CodeNodeOptions): Connector {
  if (typeof helpers?.httpRequest !== "function") {
    throw createError({
      code: "invalid_config",
      message: "the option helpers is missing",
      hint: "Pass helpers: this.helpers, outside of functions that have a `this` of their own.",
    });
  }
  const transport = httpRequestTransport({
    httpRequest: (request) => helpers.httpRequest(request),
    textOnly: true,
  });
  return createConnectorOn(platform, { transport, ...options });
}

ghlChartMogul = { createConnector, ConnectorError };
