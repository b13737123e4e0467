// What the panel uses of ghl-chartmogul. The package's own types need the settings of its own sources.

declare module "ghl-chartmogul/slim" {
  type Call<Result> = (parameters: object, options?: { signal?: AbortSignal }) => PromiseLike<Result>;

  export interface Connector {
    readonly ghl: {
      locations: { get: Call<{ id: string; name?: string | null; timezone?: string | null }> };
      contacts: { search: Call<{ items: unknown[]; total: number | null }> };
    };
    readonly chartmogul: { account: { retrieve: Call<{ name?: string; currency?: string }> } };
    close(): Promise<void>;
  }

  export function createConnector(options: {
    module: () => URL;
    ghl: { token: string; locationId: string; baseUrl?: string };
    chartmogul: { apiKey: string; baseUrl?: string };
    store: "memory";
  }): Connector;
}
