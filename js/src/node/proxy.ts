// Which proxy a request goes through, by the environment's usual variables.

/** The environment's variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy for an address, or undefined if the request goes out directly. */
export function proxyFor(url: URL, environment: Environment): URL | undefined {
  const scheme = url.protocol === "https:" ? "https_proxy" : "http_proxy";
  const proxy = read(environment, scheme) ?? read(environment, "all_proxy");
  if (proxy === undefined || isExempt(url, read(environment, "no_proxy") ?? "")) return undefined;
  return new URL(/^https?:\/\//i.test(proxy) ? proxy : `http://${proxy}`);
}

/** What goes into `proxy-authorization`; undefined where the proxy's address names no user. */
export function proxyAuthorization({ username, password }: URL): string | undefined {
  if (username === "") return undefined;
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(pair).toString("base64")}`;
}

/** A lower-case variable takes precedence over an upper-case one, as in curl. An empty value counts as unset. */
function read(environment: Environment, name: string): string | undefined {
  return environment[name] || environment[name.toUpperCase()] || undefined;
}

/** `host`, `.domain`, `*.domain`, `host:port`, `*`, separated by commas or spaces. */
function isExempt(url: URL, list: string): boolean {
  const host = bare(url.hostname);
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  return list.split(/[\s,]+/).some((entry) => {
    if (entry === "*") return true;
    const [, name = "", wanted] = /^(.+?)(?::(\d+))?$/.exec(entry.replace(/^\*?\./, "")) ?? [];
    // An IPv6 address is full of colons, and has none of its own port without brackets.
    const whole = entry.includes("]") || !/:.*:/.test(entry) ? bare(name) : bare(entry);
    if (whole === "" || (whole === bare(name) && wanted !== undefined && wanted !== port)) return false;
    return host === whole || host.endsWith(`.${whole}`);
  });
}

const bare = (host: string) =>
  host
    .toLowerCase()
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "");
