// What a state store is. The sync keeps identity links, bases, intents and cursors in one.

/** A value, or a promise of it. */
export type Awaitable<Value> = Value | PromiseLike<Value>;

/**
 * Keeps the sync's state: text under text keys. A commit must happen whole or not at all, and be
 * durable when it returns. One process uses a store at a time.
 */
export interface StateStore {
  /** The same for every object in this process that keeps the same state. Default: the object itself. */
  readonly identity?: object;
  /** The values of these keys, in their order; undefined where there is none. */
  get(keys: string[]): Awaitable<(string | undefined)[]>;
  /** Puts and deletes together, atomically. No key is in both. */
  commit(puts: [key: string, value: string][], deletes: string[]): Awaitable<void>;
  /** Up to `limit` entries whose key begins with `prefix`, in byte order of UTF-8, after the key `after`. */
  scan(prefix: string, after: string | undefined, limit: number): Awaitable<[key: string, value: string][]>;
  /** Lets go of what the store holds open. */
  close?(): Awaitable<void>;
}
