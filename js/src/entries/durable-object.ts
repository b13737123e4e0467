// The entry `ghl-chartmogul/durable-object`: a state store in a Durable Object of Cloudflare.

export { type DurableObjectStorage, durableObject } from "../stores/durable-object.js";
export type { CommitGuard, StateStore } from "../stores/store.js";
