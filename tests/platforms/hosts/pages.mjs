// Serves a folder to a browser, and takes what a page or worker reports.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

/** A program of a page or worker: makes the journey and reports it to the page's server, or to `origin`. */
export const reporting = (entry, origin = "") => `
  import * as connector from "${entry}";
  import { journey } from "./journey.mjs";
  import { given } from "./given.mjs";
  journey(connector, given)
    .catch((error) => ({ failed: String(error?.stack ?? error) }))
    .then((seen) => fetch("${origin}/result", { method: "POST", body: JSON.stringify(seen) }));`;

/** Serves a folder; `result` is what is reported, or the failure to report anything in time. */
export async function servePages(context, folder, { headers = {}, timeoutMs = 60_000 } = {}) {
  const result = Promise.withResolvers();
  const requested = [];
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, "http://localhost").pathname);
    requested.push(path);
    if (path === "/result") {
      let text = "";
      for await (const chunk of request) text += chunk;
      response.writeHead(200, { "access-control-allow-origin": "*" }).end();
      result.resolve(text);
      return;
    }
    try {
      const body = readFileSync(join(folder, path));
      response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "text/plain", ...headers }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const timer = setTimeout(
    () => result.resolve(JSON.stringify({ failed: `no report; asked for ${requested.join(" ")}` })),
    timeoutMs,
  );
  context.after(() => {
    clearTimeout(timer);
    server.close();
    server.closeAllConnections();
  });
  return { origin: `http://127.0.0.1:${server.address().port}`, result: result.promise };
}
