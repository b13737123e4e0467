// Failures of stores as errors that say what to do. They are plain errors with a `code` and a `hint`, which
// the connector takes over into its own: a store is a file of its own in the package, and the class of errors
// must not exist twice.

/** What a store's failure carries. */
export interface StoreFailure {
  code: "busy" | "store_failed";
  message: string;
  hint: string;
  cause?: unknown;
}

/** A store's failure. */
export function storeError({ code, message, hint, cause }: StoreFailure): Error {
  return Object.assign(new Error(message, cause === undefined ? undefined : { cause }), { code, hint });
}

/** Whether a reason is such an error already. */
export function isStoreError(reason: unknown): reason is Error {
  const { code } = (reason ?? {}) as { code?: unknown };
  return reason instanceof Error && (code === "busy" || code === "store_failed");
}

/** The message of whatever was thrown. */
export function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}

/**
 * What may be shown of a client's error: its name, code and message. Clients put commands with their values
 * and the password of the connection into the properties of their errors.
 */
export function shownCause(reason: unknown): Error {
  const { name, code } = (reason ?? {}) as { name?: unknown; code?: unknown };
  const shown = new Error(messageOf(reason));
  if (typeof name === "string") shown.name = name;
  delete shown.stack;
  return typeof code === "string" ? Object.assign(shown, { code }) : shown;
}
