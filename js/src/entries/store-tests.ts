// The entry `ghl-chartmogul/store-tests`: what every state store must do, for those who write one.

export { type OpenStore, type StoreTest, storeTests } from "../stores/conformance.js";
export type { CommitGuard, StateStore } from "../stores/store.js";
