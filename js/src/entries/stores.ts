// The entry `ghl-chartmogul/stores`: a state store of a URL, for Node.

export { openStore } from "../stores/open-store.js";
export type { CommitGuard, StateStore } from "../stores/store.js";
