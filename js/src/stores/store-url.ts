// What the URL of a store says before it is opened.

import { parseUrl } from "../url.js";

/** The scheme of a URL, in lower case; undefined for a path. One letter is a drive. */
export function schemeOf(url: string): string | undefined {
  return /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1]?.toLowerCase();
}

/** Whether the URL of a store carries a password: before its host, or as a parameter. */
export function hasPassword(url: string): boolean {
  if (schemeOf(url) === undefined) return false;
  const { password, searchParams } = parseUrl(url) ?? {};
  return Boolean(password) || [...(searchParams?.keys() ?? [])].some((name) => /password$/i.test(name));
}
