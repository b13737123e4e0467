// What the URL of a store says before it is opened.

import { parseUrl } from "../url.js";

/** The scheme of a URL, in lower case; undefined for a path. One letter is a drive. */
export function schemeOf(url: string): string | undefined {
  return /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1]?.toLowerCase();
}

/**
 * Whether a text is a URL with something before it, such as a quote. As a path it would put a password into
 * the name of a file.
 */
export function isBrokenUrl(text: string): boolean {
  return schemeOf(text) === undefined && text.includes("://");
}

/** Whether the URL of a store carries a password: before its host, or as a parameter. */
export function hasPassword(text: string): boolean {
  const url = bare(text);
  if (schemeOf(url) === undefined) return false;
  const parts = parseUrl(url);
  return parts === undefined ? /:\/\/.*@/s.test(url) : passwordsOf(parts).length > 0;
}

/** The passwords in a URL, as they are there and decoded. */
export function passwordsOf({ password, searchParams }: URL): string[] {
  const given = [...searchParams].filter(([name]) => /password$/i.test(name)).map(([, value]) => value);
  return [password, decoded(password) ?? "", ...given, ...given.map(encodeURIComponent)].filter(Boolean);
}

/** The text that was encoded for a URL; undefined where a % begins nothing. */
export function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The store as it may be shown: a path, or a URL without user, password and parameters. */
export function shownUrl(text: string): string {
  const url = bare(text);
  const scheme = schemeOf(url);
  if (scheme === undefined) return url.includes("://") ? "the URL of a store" : text;
  if (scheme === "sqlite") return /^sqlite:.*:\/\//i.test(url) ? "the URL of a store" : url;
  const { protocol, host, pathname } = parseUrl(url) ?? {};
  if (host) return `${protocol}//${host}${pathname}`;
  return url.includes("://") ? `${scheme}://` : url;
}

/** Without the blanks and quotes around it. */
const bare = (text: string) => text.replace(/^[\s"'`]+|[\s"'`]+$/g, "");
