// The upper bound of the keys that begin with a prefix.

/**
 * The smallest text, in byte order of UTF-8, that is above every text beginning with `prefix`;
 * undefined if no text is. UTF-8 orders texts by code point.
 */
export function successor(prefix: string): string | undefined {
  const points = Array.from(prefix);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const point = last.codePointAt(0) ?? 0;
    // No text may hold a lone surrogate: behind U+D7FF comes U+E000.
    if (point < 0x10ffff)
      return points.join("") + String.fromCodePoint(point === 0xd7ff ? 0xe000 : point + 1);
  }
  return undefined;
}
