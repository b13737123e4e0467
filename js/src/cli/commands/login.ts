// `ghl-chartmogul login` and `logout`: a person agrees in a browser, and the tokens are kept.

import { createServer } from "node:http";
import { createInterface } from "node:readline/promises";
import type { Installation, LocationConnection } from "../../entries/oauth.js";
import { isLoopback } from "../../url.js";
import { ExitCode, UsageError } from "../exit-code.js";
import { untilInterrupted } from "../interrupt.js";
import type { OAuthApp } from "../oauth-app.js";
import { formatNumber } from "../table.js";
import type { Terminal } from "../terminal.js";
import { printable } from "../text-width.js";

/** Flags of `login`. */
export interface LoginFlags {
  /** The port that the redirect comes to. */
  port?: number | undefined;
}

/** Flags of `logout`. */
export interface LogoutFlags {
  location?: string | undefined;
  company?: string | undefined;
}

/** How long a person may take. */
const PATIENCE_MS = 10 * 60_000;

/** Has a person agree, and keeps the tokens. */
export async function runLogin(app: OAuthApp, { port }: LoginFlags, terminal: Terminal): Promise<ExitCode> {
  const state = crypto.randomUUID();
  const url = app.oauth.authorizationUrl({ state });
  const redirect = new URL(app.redirectUri);
  const listens = port ?? loopbackPort(redirect);
  if (terminal.json) terminal.printJson({ authorizationUrl: url });
  else {
    terminal.print("Open this page in a browser, and choose where to install the app:");
    terminal.print("");
    terminal.print(url);
    terminal.print("");
  }
  const back = await untilInterrupted((signal) =>
    listens === undefined ? pasted(terminal, signal) : redirected(redirect, listens, terminal, signal),
  );
  const installation = await app.oauth.exchangeRedirect(back, { state });
  const locations = installation.userType === "Company" ? await app.oauth.connectLocations() : [];
  if (terminal.json) terminal.printJson({ installation, locations: locations.map(withError) });
  else show(installation, locations, app.store, terminal);
  return locations.some(({ isConnected }) => !isConnected) ? ExitCode.NotInStep : ExitCode.Done;
}

/** Forgets tokens. */
export async function runLogout(
  app: OAuthApp,
  { location, company }: LogoutFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const all = await app.oauth.installations();
  const isAll = location === undefined && company === undefined;
  const isOne = location !== undefined ? { locationId: location } : { companyId: company ?? "" };
  const chosen = all.filter(
    (one) => isAll || (location !== undefined ? one.locationId === location : one.companyId === company),
  );
  await app.oauth.disconnect(isAll ? undefined : isOne);
  if (terminal.json) terminal.printJson({ disconnected: chosen });
  else {
    const what = `${formatNumber(chosen.length)} ${chosen.length === 1 ? "installation" : "installations"}`;
    terminal.print(`Removed the tokens of ${what} from ${app.store}.`);
    terminal.print("GoHighLevel cannot revoke them on request: uninstall the app there to end its access.");
  }
  return ExitCode.Done;
}

function withError({ error, ...connection }: LocationConnection) {
  return error === undefined ? connection : { ...connection, error: error.toJSON() };
}

function show(
  { userType, locationId, companyId, scopes }: Installation,
  locations: readonly LocationConnection[],
  store: string,
  terminal: Terminal,
): void {
  const whom = userType === "Company" ? `company ${companyId}` : `location ${locationId}`;
  terminal.print(`Connected the ${printable(whom)}. Its tokens are in ${store}, encrypted.`);
  if (scopes.length > 0) terminal.print(`Scopes: ${printable(scopes.join(" "))}`);
  if (userType === "Location")
    terminal.print(`Set GHL_LOCATION_ID=${printable(locationId ?? "")} to sync it.`);
  const refused = locations.filter(({ isConnected }) => !isConnected);
  if (locations.length > 0) {
    const number = formatNumber(locations.length - refused.length);
    terminal.print(`Connected ${number} of ${formatNumber(locations.length)} locations.`);
  }
  for (const { locationId: id, name, error } of refused) {
    terminal.print(`  ${printable(`${id} ${name}`.trim())}: ${printable(error?.message ?? "")}`);
    if (error?.hint !== undefined) terminal.print(`    ${printable(error.hint)}`);
  }
}

/** The port of a redirect URL that leads to this machine. */
function loopbackPort({ protocol, hostname, port }: URL): number | undefined {
  return protocol === "http:" && isLoopback(hostname) ? Number(port || 80) : undefined;
}

/** The address that the browser ended at, as a person pastes it. */
async function pasted(terminal: Terminal, signal: AbortSignal): Promise<string> {
  terminal.note("Then paste the whole address that the browser ends at, even if it shows an error:");
  const input = createInterface({ input: process.stdin });
  try {
    for await (const line of abortable(input, signal)) if (line.trim() !== "") return line.trim();
  } finally {
    input.close();
  }
  throw new UsageError(
    "no address was pasted",
    "Run login again, and paste the address of the page that the browser shows after the consent.",
  );
}

async function* abortable(input: ReturnType<typeof createInterface>, signal: AbortSignal) {
  const end = () => input.close();
  signal.addEventListener("abort", end);
  try {
    yield* input;
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener("abort", end);
  }
}

/** The address that the browser is redirected to, on this machine. */
async function redirected(
  redirect: URL,
  port: number,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<string> {
  const server = createServer();
  try {
    return await new Promise<string>((resolve, reject) => {
      server.on("error", (error: NodeJS.ErrnoException) =>
        reject(
          new UsageError(
            `port ${port} cannot be used: ${error.code ?? error.message}`,
            "Name another port with --port, or let the redirect URL lead to a free one.",
          ),
        ),
      );
      server.on("request", (request, response) => {
        const url = new URL(request.url ?? "/", redirect);
        const isIt = request.method === "GET" && url.pathname === redirect.pathname;
        const answer = isIt ? "Done. You can close this window." : "Not found.";
        response.writeHead(isIt ? 200 : 404, {
          "content-type": "text/plain; charset=utf-8",
          connection: "close",
          // The address holds the code.
          "referrer-policy": "no-referrer",
          "cache-control": "no-store",
        });
        response.end(answer, () => isIt && resolve(url.href));
      });
      server.listen(port, "127.0.0.1", () => terminal.note(`Waiting for the browser on port ${port} …`));
      setTimeout(
        () => reject(new UsageError("nobody agreed within 10 minutes", "Run login again.")),
        PATIENCE_MS,
      ).unref();
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
