// Where a request may be redirected to: a credential stays with the service that it was given for, and so
// does what is written.

import { parseUrl } from "./url.js";

/** Redirects in a row that are followed. */
export const MOST_REDIRECTS = 5;

/** What is to be sent next. */
export interface Redirected {
  url: string;
  /** Whether it still is the service: else the credential stays behind. */
  isSameOrigin: boolean;
}

/**
 * Where a redirect of this request may lead, if anywhere. Reads are followed within their origin; files,
 * which a service may keep elsewhere, also to other origins, over https and without the credential.
 */
export function followable(
  { method, url, accept }: { method: string; url: string; accept: string | null | undefined },
  status: number,
  location: string | null | undefined,
): Redirected | undefined {
  const isRead = method === "GET" || method === "HEAD";
  if (!isRead || location === null || location === undefined || ![301, 302, 303, 307, 308].includes(status))
    return undefined;
  const target = parseUrl(location, url);
  if (target === undefined || target.username !== "" || target.password !== "") return undefined;
  if (target.origin === new URL(url).origin) return { url: target.href, isSameOrigin: true };
  const isSafe = target.protocol === "https:" || new URL(url).protocol === "http:";
  return isFile(accept) && isSafe ? { url: target.href, isSameOrigin: false } : undefined;
}

/** Whether a request is for a file: the others ask for JSON. */
export function isFile(accept: string | null | undefined): boolean {
  return accept === "*/*";
}
