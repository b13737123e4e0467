// The settings that name a store: of the state, and of OAuth tokens.

import { openStore } from "../entries/stores.js";
import type { StateStore } from "../stores/store.js";
import { hasPassword, shownUrl } from "../stores/store-url.js";
import { UsageError } from "./exit-code.js";

/** What the variable says, else the configuration file, where a password does not belong. */
export function storeSetting(
  ofVariable: string | undefined,
  variable: string,
  ofFile: unknown,
  setting: string,
): string | undefined {
  if (ofVariable?.trim()) return ofVariable.trim();
  if (ofFile === undefined) return undefined;
  if (typeof ofFile !== "string" || ofFile.trim() === "")
    throw new UsageError(
      `the setting ${setting} must be the path of a file, or the URL of a store`,
      'For example "state.db", "redis://localhost:6379" or "postgres://localhost/crm".',
    );
  if (hasPassword(ofFile))
    throw new UsageError(
      `the setting ${setting} holds a password, which does not belong into the configuration file`,
      `Set ${variable} to that URL in the environment instead.`,
    );
  return ofFile.trim();
}

/** The store that a setting names. */
export function readStore(store: string): StateStore | "memory" {
  return store === "memory" ? store : openStore(store);
}

export { shownUrl as shownStore };
