// A browser of its own for a test, and a server for its pages.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";

const { CHROMIUM: chromium, PACKAGE_DIR: installed } = process.env;
if (!chromium || !installed) throw new Error("run this through `cargo xtask test browser`");

const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm", ".html": "text/html" };

/** A file of the project in which the package is installed. */
export function installedFile(path) {
  return readFileSync(join(installed, path));
}

/**
 * Serves the pages, the package and one contact; `result` is what a page reports. `special` answers
 * paths before all that, with `{ extension, body, headers }`.
 */
export async function serve(context, pages, special = () => undefined) {
  let report;
  const result = new Promise((resolve) => {
    report = resolve;
  });
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, "http://localhost").pathname);
    if (path === "/result") {
      let text = "";
      for await (const chunk of request) text += chunk;
      report(JSON.parse(text));
      response.end();
      return;
    }
    const own = special(path);
    if (own) {
      for (const [name, value] of Object.entries(own.headers ?? {})) response.setHeader(name, value);
      send(response, 200, own.extension, own.body);
    } else if (path in pages) {
      send(response, 200, extname(path), pages[path]);
    } else if (path === "/contacts/contact1") {
      send(response, 200, ".json", JSON.stringify({ contact: { id: "contact1", firstName: "Zoë" } }));
    } else if (path.startsWith("/node_modules/")) {
      send(response, 200, extname(path), installedFile(path));
    } else {
      send(response, 404, ".json", JSON.stringify({ statusCode: 404, message: "Not found" }));
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { origin: `http://127.0.0.1:${server.address().port}`, result };
}

function send(response, status, extension, body) {
  response.writeHead(status, { "content-type": TYPES[extension] ?? "application/json" });
  response.end(body);
}

/** Opens a page in a browser of its own; `flags` are more of its command line. */
export function open(context, url, flags = []) {
  const profile = mkdtempSync(join(tmpdir(), "chromium-"));
  const quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update"];
  const headless = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-sync"];
  // A group of its own: the browser's own processes write to the profile, and must end with it.
  const browser = spawn(chromium, [...headless, ...quiet, ...flags, `--user-data-dir=${profile}`, url], {
    stdio: "ignore",
    detached: true,
  });
  context.after(async () => {
    const ended = new Promise((resolve) => browser.once("exit", resolve));
    process.kill(-browser.pid, "SIGKILL");
    await ended;
    await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  });
}
