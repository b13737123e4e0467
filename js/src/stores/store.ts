// What a state store is. The sync keeps identity links, bases, intents and cursors in one.

/** A value, or a promise of it. */
export type Awaitable<Value> = Value | PromiseLike<Value>;

/** A condition on a commit: the key must hold exactly this value, or be absent where it is undefined. */
export interface CommitGuard {
  key: string;
  value: string | undefined;
}

/**
 * Keeps the sync's state: text under text keys. A commit must happen whole or not at all, and be
 * durable when it returns. Several processes may share a store that is `conditional`; any other serves
 * one process at a time.
 */
export interface StateStore {
  /** Equal for all objects in this process that share one state. Default: the object itself. */
  readonly identity?: object;
  /** The values of these keys, in the same order; undefined for a key that is not stored. */
  get(keys: string[]): Awaitable<(string | undefined)[]>;
  /** True when `commit` honours its guard. */
  readonly conditional?: boolean;
  /**
   * Puts and deletes together, atomically. No key is in both; where one is put twice, the last value holds.
   * Keys are up to 2,700 bytes, and neither they nor values hold the character NUL, which PostgreSQL takes in
   * none. A value that is put under the guard's key must be of this commit alone, so that a store finds out
   * after a broken connection whether the commit happened. A guard comes only to a store that is
   * `conditional`: when its key holds another value, nothing is written and the result is `false`.
   * The comparison and the writes must be one atomic step, also between processes.
   */
  commit(
    puts: [key: string, value: string][],
    deletes: string[],
    guard?: CommitGuard,
    // biome-ignore lint/suspicious/noConfusingVoidType: a store without guards need not return anything.
  ): Awaitable<boolean | void>;
  /**
   * Up to `limit` entries whose key begins with `prefix`, in byte order of UTF-8, after the key `after`.
   * They may end earlier: behind the entry with which the lengths of the values come to `size`. A store
   * that ignores `size` takes more memory where records are large.
   */
  scan(
    prefix: string,
    after: string | undefined,
    limit: number,
    size?: number,
  ): Awaitable<[key: string, value: string][]>;
  /** True where only one process can have it open: `sync.watch` closes it between runs. */
  readonly exclusive?: boolean;
  /**
   * Removes from the store's files what deletes have left in them. Called after a person was forgotten. Not
   * needed where nothing is left of what is deleted.
   */
  compact?(): Awaitable<void>;
  /** Releases what the store holds open. */
  close?(): Awaitable<void>;
}

/** What tells a store from others: two objects may keep the same state. */
export function identityOf(store: object): object {
  return (store as Partial<StateStore>).identity ?? store;
}
