// The packed package in Chromium without a bundler: in a page and in a module worker, with the
// default transport, against a server on this machine.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import test from "node:test";

const { CHROMIUM: chromium, PACKAGE_DIR: installed } = process.env;
if (!chromium || !installed) throw new Error("run this through `cargo xtask test browser`");

const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm", ".html": "text/html" };
const PACKAGE = "/node_modules/ghl-chartmogul";

/** Calls with the global fetch, and reports what came back. */
const calls = (entry) => `
  import { createConnector } from "${PACKAGE}/${entry}.js";
  const report = (value) => fetch("/result", { method: "POST", body: JSON.stringify(value) });
  try {
    const connector = createConnector({ ghl: { token: "t", locationId: "l", baseUrl: self.location.origin } });
    const contact = await connector.ghl.contacts.get({ contactId: "contact1" });
    const error = await connector.ghl.contacts.get({ contactId: "missing" }).catch((reason) => reason);
    await report({ name: contact.firstName, code: error.code });
  } catch (error) {
    await report({ code: error.code, message: error.message, hint: error.hint });
  }`;
const pages = {
  "/page.html": `<!doctype html><script type="module">${calls("web")}</script>`,
  "/inline.html": `<!doctype html><script type="module">${calls("inline")}</script>`,
  "/worker.html": `<!doctype html><script>new Worker("/worker.js", { type: "module" })</script>`,
  "/worker.js": calls("web"),
  "/strict.html": `<!doctype html><script type="module">${calls("web")}</script>`,
  "/strict-inline.html": `<!doctype html><script type="module">${calls("inline")}</script>`,
  "/lost.html": `<!doctype html><script type="module">${calls("web").replace(PACKAGE, `/lost${PACKAGE}`)}</script>`,
  "/app.html": `<!doctype html><script type="module">${calls("web").replace(PACKAGE, `/app${PACKAGE}`)}</script>`,
};

/** The policy of a page that allows its own scripts, and no WebAssembly. */
const STRICT = "script-src 'self' 'unsafe-inline'";

for (const [name, page] of [
  ["a page", "/page.html"],
  ["a page with the inline entry", "/inline.html"],
  ["a module worker", "/worker.html"],
]) {
  test(`${name} calls through fetch`, { timeout: 60_000 }, async (context) => {
    const { origin, result } = await serve(context);
    open(context, `${origin}${page}`);
    assert.deepEqual(await result, { name: "Zoë", code: "not_found" });
  });
}

for (const [name, page, what, cure] of [
  ["without 'wasm-unsafe-eval'", "/strict.html", /Content Security Policy forbids/, /Add 'wasm-unsafe-eval'/],
  [
    "with inline, without it",
    "/strict-inline.html",
    /Content Security Policy forbids/,
    /Add 'wasm-unsafe-eval'/,
  ],
  [
    "whose server lacks connector.wasm",
    "/lost.html",
    /connector\.wasm: .*404/,
    /Serve connector\.wasm.*inline/,
  ],
  [
    "whose server answers with its own page",
    "/app.html",
    /not a whole WebAssembly module/,
    /a page in its place/,
  ],
]) {
  test(`a page ${name} is told the cure`, { timeout: 60_000 }, async (context) => {
    const { origin, result } = await serve(context);
    open(context, `${origin}${page}`);
    const { code, message, hint } = await result;
    assert.equal(code, "module_unavailable", message);
    assert.match(message, what);
    assert.match(hint, cure);
  });
}

test("with 'wasm-unsafe-eval' that page calls", { timeout: 60_000 }, async (context) => {
  const { origin, result } = await serve(context, `${STRICT} 'wasm-unsafe-eval'`);
  open(context, `${origin}/strict.html`);
  assert.deepEqual(await result, { name: "Zoë", code: "not_found" });
});

/** Serves the pages, the package and one contact; `result` is what a page reports. */
async function serve(context, policy = STRICT) {
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
    } else if (path in pages) {
      if (path.startsWith("/strict")) response.setHeader("content-security-policy", policy);
      send(response, 200, extname(path), pages[path]);
    } else if (path === "/contacts/contact1") {
      send(response, 200, ".json", JSON.stringify({ contact: { id: "contact1", firstName: "Zoë" } }));
    } else if (path === `/app${PACKAGE}/connector.wasm`) {
      send(response, 200, ".html", pages["/page.html"]);
    } else if (/^\/(lost|app)\/.*\.js$/.test(path)) {
      send(response, 200, ".js", readFileSync(join(installed, path.replace(/^\/(lost|app)/, ""))));
    } else if (path.startsWith("/node_modules/")) {
      send(response, 200, extname(path), readFileSync(join(installed, path)));
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

/** Opens a page in a browser of its own. */
function open(context, url) {
  const profile = mkdtempSync(join(tmpdir(), "chromium-"));
  const quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update"];
  const headless = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-sync"];
  // A group of its own: the browser's own processes write to the profile, and must end with it.
  const browser = spawn(chromium, [...headless, ...quiet, `--user-data-dir=${profile}`, url], {
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
