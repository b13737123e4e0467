// The entry `ghl-chartmogul/chrome-storage`: a state store in the storage of a browser extension.

export { type ChromeStorageOptions, chromeStorage, type StorageArea } from "../stores/chrome-storage.js";
export type { CommitGuard, StateStore } from "../stores/store.js";
