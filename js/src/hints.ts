// Hints that contacts of a location have changed: from `refresh` to whoever watches the location in this
// process.

const listeners = new WeakMap<object, Map<string, Set<() => void>>>();

/** Calls back at each hint for a location of this store, until the returned function is called. */
export function onHint(store: object, location: string, callback: () => void): () => void {
  const ofStore = listeners.get(store) ?? new Map<string, Set<() => void>>();
  listeners.set(store, ofStore);
  const callbacks = ofStore.get(location) ?? new Set();
  ofStore.set(location, callbacks);
  // Its own function: the same callback may listen twice.
  const own = () => callback();
  callbacks.add(own);
  return () => void callbacks.delete(own);
}

/** Tells all that listen. */
export function giveHint(store: object, location: string): void {
  for (const callback of [...(listeners.get(store)?.get(location) ?? [])]) callback();
}

/** Whether anybody listens. */
export function isHeard(store: object, location: string): boolean {
  return (listeners.get(store)?.get(location)?.size ?? 0) > 0;
}
