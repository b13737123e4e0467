// Short hashes of what was given: cursors hold them in place of records.

/** Properties that a list adds to a record, or that differ from read to read: not part of its contents. */
const PLACES_OF_LISTS = ["searchAfter", "startAfter", "sort", "traceId"];

/** Bytes of a hash. Of 1,000 records two have the same one in fewer than 1 of 2 million cases. */
export const HASH_BYTES = 5;

/** A number of 40 bits: "cyrb53" cut to them. Spreads well; it is not a secret and guards nothing. */
export function hash40(source: string | Uint8Array): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < source.length; index++) {
    const code = typeof source === "string" ? source.charCodeAt(index) : (source[index] ?? 0);
    high = Math.imul(high ^ code, 2_654_435_761);
    low = Math.imul(low ^ code, 1_597_334_677);
  }
  const first = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909);
  const second =
    Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(first ^ (first >>> 13), 3_266_489_909);
  return (first & 0xff) * 2 ** 32 + (second >>> 0);
}

/** The hash as text, for people and for platforms that compare. */
export function hexOf(hash: number): string {
  return hash.toString(16).padStart(HASH_BYTES * 2, "0");
}

/** The hash of what a record holds, in whatever order its properties come. */
export function contentHash(record: unknown): number {
  return hash40(record instanceof Uint8Array ? record : canonicalJson(record));
}

/** JSON with the properties of objects in the order of their names. */
export function canonicalJson(value: unknown): string {
  const top = value;
  return (
    JSON.stringify(value, (_, part: unknown) => {
      if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
      const names = Object.keys(part).filter((name) => part !== top || !PLACES_OF_LISTS.includes(name));
      return Object.fromEntries(names.sort().map((name) => [name, (part as Record<string, unknown>)[name]]));
    }) ?? ""
  );
}
