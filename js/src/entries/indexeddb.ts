// The entry `ghl-chartmogul/indexeddb`: a state store in a browser's IndexedDB.

export { indexedDb } from "../stores/indexeddb.js";
export type { CommitGuard, StateStore } from "../stores/store.js";
