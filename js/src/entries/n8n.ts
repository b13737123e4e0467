// The entry `ghl-chartmogul/n8n`, for nodes of n8n: carries the WebAssembly file in itself, and names nothing
// that n8n forbids in nodes: no `globalThis`, no process, no timer, no console. Waiting and HTTP are n8n's.

import deflated from "base64:connector";
import { Connector as GlueConnector, initSync } from "glue:connector";
import { inflateSync } from "fflate";
import { decodeBase64 } from "../base64.js";
import { type Connector, createConnectorOn, type Platform } from "../connector.js";
import { createError } from "../errors.js";
import { type Sleep, useSleep } from "../n8n/timer.js";
import type { ConnectorOptions } from "../options.js";
import type { Transport } from "../transport.js";
import { verifyEd25519 } from "../webhooks/ed25519.js";

export type { Sleep } from "../n8n/timer.js";
export {
  type HttpRequest,
  type HttpRequestOptions,
  type HttpRequestTransportOptions,
  httpRequestTransport,
} from "../n8n/transport.js";
export * from "./public.js";

/** Options of a connector in n8n. */
export interface N8nConnectorOptions extends ConnectorOptions {
  /** Sends requests: `httpRequestTransport` makes one of n8n's helper. */
  transport: Transport;
  /** Waits: `sleep` of `n8n-workflow`. One for all connectors of the process; the last one given is used. */
  sleep: Sleep;
}

const platform: Platform = {
  loadGlue() {
    initSync({ module: inflateSync(decodeBase64(deflated)) });
    return { Connector: GlueConnector };
  },
  origin: { file: "the module inside ghl-chartmogul/n8n", cure: "Install the node package again." },
  verifyEd25519,
};

/**
 * Makes a connector inside n8n. Decodes and sends nothing yet. `invalid_config` without `transport` or `sleep`.
 *
 * @example
 * const { httpRequest } = this.helpers;
 * const transport = httpRequestTransport({ httpRequest });
 * const connector = createConnector({ ghl: { token, locationId }, transport, sleep });
 */
export function createConnector({ sleep, ...options }: N8nConnectorOptions): Connector {
  useSleep(sleep);
  if (options.transport === undefined) {
    throw createError({
      code: "invalid_config",
      message: "the option transport is missing",
      hint: "Pass httpRequestTransport({ httpRequest: this.helpers.httpRequest }).",
    });
  }
  return createConnectorOn(platform, options);
}
