// Keys in the order of their UTF-8 bytes, kept sorted while they come and go.

/** A block is split when it grows beyond this. */
const LARGEST_BLOCK = 512;

/** A sorted set of texts: adding, removing and finding take the time of one small block. */
export class SortedKeys {
  /** Sorted blocks of sorted keys; none is empty. */
  readonly #blocks: string[][] = [];

  /** Adds a key that is not there. */
  add(key: string): void {
    const block = this.#blocks[this.#blockOf(key)] ?? this.#blocks.at(-1);
    if (block === undefined) {
      this.#blocks.push([key]);
      return;
    }
    block.splice(firstNotBelow(block, key), 0, key);
    if (block.length > LARGEST_BLOCK) {
      this.#blocks.splice(this.#blocks.indexOf(block) + 1, 0, block.splice(LARGEST_BLOCK / 2));
    }
  }

  /** Removes a key that is there. */
  delete(key: string): void {
    const index = this.#blockOf(key);
    const block = this.#blocks[index];
    if (block === undefined) return;
    const at = firstNotBelow(block, key);
    if (block[at] !== key) return;
    block.splice(at, 1);
    if (block.length === 0) this.#blocks.splice(index, 1);
  }

  /** The keys from the first that is not below the bound. */
  *from(bound: string): Generator<string, void, undefined> {
    const first = this.#blockOf(bound);
    for (let index = first; index < this.#blocks.length; index++) {
      const block = this.#blocks[index] ?? [];
      for (let at = index === first ? firstNotBelow(block, bound) : 0; at < block.length; at++)
        yield block[at] ?? "";
    }
  }

  /** Index of the first block whose last key is not below the key, or the number of blocks if none is. */
  #blockOf(key: string): number {
    return search(this.#blocks.length, (index) => compareBytes(this.#blocks[index]?.at(-1) ?? "", key) < 0);
  }
}

function firstNotBelow(keys: readonly string[], bound: string): number {
  return search(keys.length, (index) => compareBytes(keys[index] ?? "", bound) < 0);
}

/** The first index for which `below` does not hold. */
function search(length: number, below: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (below(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Characters whose order in UTF-16 is not that in UTF-8: pairs stand for those above U+FFFF. */
const SURROGATE = /[\uD800-\uDFFF]/;

/** The order of the texts' UTF-8 bytes. */
export function compareBytes(left: string, right: string): number {
  if (left === right) return 0;
  if (!SURROGATE.test(left) && !SURROGATE.test(right)) return left < right ? -1 : 1;
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const difference = byteRank(left.charCodeAt(index)) - byteRank(right.charCodeAt(index));
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Moves surrogates behind the rest. */
function byteRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit > 0xdfff ? unit - 0x800 : unit + 0x2000;
}
