// A state store in memory: for tests, for hosts without a disk, and for programs that sync once.

import { compareBytes, SortedKeys } from "./sorted-keys.js";
import type { StateStore } from "./store.js";

/** An empty store in memory. */
export function memory(): StateStore {
  const values = new Map<string, string>();
  const keys = new SortedKeys();
  return {
    conditional: true,
    get: (wanted) => wanted.map((key) => values.get(key)),
    commit(puts, deletes, guard) {
      if (guard !== undefined && values.get(guard.key) !== guard.value) return false;
      for (const key of deletes) if (values.delete(key)) keys.delete(key);
      for (const [key, value] of puts) {
        if (!values.has(key)) keys.add(key);
        values.set(key, value);
      }
      return true;
    },
    scan(prefix, after, limit, size = Number.POSITIVE_INFINITY) {
      const entries: [string, string][] = [];
      let length = 0;
      const bound = after !== undefined && compareBytes(after, prefix) >= 0 ? after : prefix;
      for (const key of keys.from(bound)) {
        if (key === after) continue;
        if (!key.startsWith(prefix) || entries.length === limit || length >= size) break;
        const value = values.get(key) ?? "";
        entries.push([key, value]);
        length += value.length;
      }
      return entries;
    },
  };
}
