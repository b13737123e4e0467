// The entry `ghl-chartmogul/sqlite`: a state store in a SQLite file, for Node.

export { sqlite } from "../stores/sqlite.js";
export type { CommitGuard, StateStore } from "../stores/store.js";
