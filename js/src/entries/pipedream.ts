// The entry `ghl-chartmogul/pipedream`: a state store in a data store of Pipedream.

export { type PipedreamDataStore, type PipedreamOptions, pipedreamDataStore } from "../stores/pipedream.js";
export type { CommitGuard, StateStore } from "../stores/store.js";
