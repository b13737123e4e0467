// URLs as they are given: read without an exception, and where a secret may go.

/** The URL of a text; undefined for anything else. */
export function parseUrl(text: unknown, base?: string): URL | undefined {
  try {
    return new URL(text as string, base);
  } catch {
    return undefined;
  }
}

/** Whether a host, as a URL has it, is this machine. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

/** Whether a secret may go there: encrypted, or not beyond this machine. */
export function isSafe({ protocol, hostname }: URL): boolean {
  return protocol === "https:" || (protocol === "http:" && isLoopback(hostname));
}
