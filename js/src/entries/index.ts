// The types of the package's main entry, the same on every host.

import type { Connector } from "../connector.js";
import type { ConnectorOptions } from "../options.js";

export * from "./public.js";

/**
 * Makes a connector. Loads and sends nothing yet: the WebAssembly module is loaded at the first call.
 *
 * ```ts
 * const connector = createConnector({ ghl: { token, locationId }, chartmogul: { apiKey } });
 * for await (const contact of connector.ghl.contacts.search()) console.log(contact.id);
 * ```
 */
export declare function createConnector(options: ConnectorOptions): Connector;
