// What was given of the records that may be read again: their ids and versions, as hashes.

import { HASH_BYTES } from "./hash.js";

/** Bytes of an entry: an id's hash and a version's. */
export const ENTRY_BYTES = 2 * HASH_BYTES;

interface Entry {
  version: number;
  /** The last complete reading did not have it. Lists that shift while they are read miss a record at times. */
  missed: boolean;
  /** Read in the reading under way. */
  met: boolean;
}

/** A set of ids, each with the version that was given last. */
export class Seen {
  readonly #entries = new Map<number, Entry>();

  get size(): number {
    return this.#entries.size;
  }

  /** Those that are still in the list, as far as is known. */
  get present(): number {
    let count = 0;
    for (const { missed } of this.#entries.values()) if (!missed) count += 1;
    return count;
  }

  /** The version that was given last; undefined where none was. */
  version(id: number): number | undefined {
    return this.#entries.get(id)?.version;
  }

  set(id: number, version: number): void {
    this.#entries.set(id, { version, missed: false, met: true });
  }

  /** Notes that the reading under way has it. */
  meet(id: number): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) Object.assign(entry, { met: true, missed: false });
  }

  delete(id: number): void {
    this.#entries.delete(id);
  }

  /** Ends a complete reading: what two of them in a row did not have is gone. */
  sweep(): void {
    for (const [id, entry] of this.#entries) {
      if (!entry.met && entry.missed) this.#entries.delete(id);
      else Object.assign(entry, { missed: !entry.met, met: false });
    }
  }

  /** Drops those of which nothing is in the list any more, until so many are left. */
  dropMissed(most: number): void {
    for (const [id, { missed }] of this.#entries) {
      if (this.size <= most) return;
      if (missed) this.#entries.delete(id);
    }
  }

  /** Drops those with the lowest versions, until so many are left: for versions that are instants. */
  dropLowest(most: number): void {
    const lowest = [...this.#entries].sort(([, left], [, right]) => left.version - right.version);
    for (const [id] of lowest.slice(0, Math.max(0, this.size - most))) this.#entries.delete(id);
  }

  /** Drops those whose version is at most this: for versions that are instants. */
  dropUpTo(version: number): void {
    for (const [id, entry] of this.#entries) if (entry.version <= version) this.#entries.delete(id);
  }

  /** The entries as bytes, those that were missed last, and how many were. */
  encode(): { bytes: Uint8Array; missed: number } {
    const all = [...this.#entries].sort(([, left], [, right]) => Number(left.missed) - Number(right.missed));
    const bytes = new Uint8Array(all.length * ENTRY_BYTES);
    all.forEach(([id, { version }], index) => {
      write(bytes, index * ENTRY_BYTES, id);
      write(bytes, index * ENTRY_BYTES + HASH_BYTES, version);
    });
    return { bytes, missed: this.size - this.present };
  }

  static decode(bytes: Uint8Array, missed: number): Seen {
    const seen = new Seen();
    const count = bytes.length / ENTRY_BYTES;
    for (let index = 0; index < count; index++) {
      const version = read(bytes, index * ENTRY_BYTES + HASH_BYTES);
      const entry = { version, missed: index >= count - missed, met: false };
      seen.#entries.set(read(bytes, index * ENTRY_BYTES), entry);
    }
    return seen;
  }
}

function write(bytes: Uint8Array, at: number, value: number): void {
  for (let index = HASH_BYTES - 1, rest = value; index >= 0; index--, rest = Math.floor(rest / 256))
    bytes[at + index] = rest % 256;
}

function read(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let index = 0; index < HASH_BYTES; index++) value = value * 256 + (bytes[at + index] ?? 0);
  return value;
}
