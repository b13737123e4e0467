// Directly, with keys: the connector in this page. It reads both services and writes single records; it has no
// state, so it never syncs: a location has one store, and that is the sync's.

import { createConnector } from "ghl-chartmogul/slim";
import { failureOf } from "./failure.js";
import type { Connection, Reach } from "./reach.js";

/** The keys, and which location they are for. */
export interface DirectSettings {
  ghlToken: string;
  locationId: string;
  chartmogulKey: string;
  /** For a sandbox on this machine. */
  ghlBaseUrl?: string | undefined;
  chartmogulBaseUrl?: string | undefined;
}

type Endpoint = (parameters: object, options: object) => PromiseLike<unknown>;

/** The way with keys. The module is loaded with the first call. */
export function createDirectReach(settings: DirectSettings): Reach {
  const { ghlToken, locationId, chartmogulKey, ghlBaseUrl, chartmogulBaseUrl } = settings;
  const connector = createConnector({
    module: () => new URL("connector.wasm", document.baseURI),
    ghl: { token: ghlToken, locationId, ...(ghlBaseUrl && { baseUrl: ghlBaseUrl }) },
    chartmogul: { apiKey: chartmogulKey, ...(chartmogulBaseUrl && { baseUrl: chartmogulBaseUrl }) },
    store: "memory",
  });

  const reach: Reach = {
    way: "direct",
    sync: undefined,
    async connection(signal) {
      const [location, account] = await Promise.allSettled([
        connector.ghl.locations.get({}, { signal }),
        connector.chartmogul.account.retrieve({}, { signal }),
      ]);
      return {
        crm:
          location.status === "fulfilled"
            ? {
                ok: true,
                location: {
                  id: location.value.id,
                  name: location.value.name ?? "",
                  timeZone: location.value.timezone ?? "",
                },
              }
            : { ok: false, error: failureOf(location.reason) },
        chartmogul:
          account.status === "fulfilled"
            ? {
                ok: true,
                account: { name: account.value.name ?? "", currency: account.value.currency ?? "" },
              }
            : { ok: false, error: failureOf(account.reason) },
      } satisfies Connection;
    },
    async call<Result>(endpoint: string, parameters: object, signal: AbortSignal, cursor?: string) {
      const [service, group, name] = endpoint.split(".") as ["ghl" | "chartmogul", string, string];
      const groups = connector[service] as unknown as Readonly<Record<string, Record<string, Endpoint>>>;
      const call = groups[group]?.[name];
      if (call === undefined) throw new Error(`${endpoint} is not an endpoint`);
      try {
        return (await call(parameters, { signal, ...(cursor !== undefined && { cursor }) })) as Result;
      } catch (reason) {
        if (signal.aborted) throw signal.reason;
        throw failureOf(reason, endpoint);
      }
    },
    close: () => connector.close(),
  };
  return reach;
}
