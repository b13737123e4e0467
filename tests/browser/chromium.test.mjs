// The packed package in Chromium without a bundler: in a page and in a module worker, with the
// default transport, against a server on this machine.

import assert from "node:assert/strict";
import test from "node:test";
import { installedFile, open, serve } from "./chromium.mjs";

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
  "/sandbox.html": `<!doctype html><script type="module">
    import { createConnector } from "${PACKAGE}/inline.js";
    import { createSandbox } from "${PACKAGE}/sandbox-web.js";
    const report = (value) => fetch("/result", { method: "POST", body: JSON.stringify(value) });
    try {
      const sandbox = createSandbox({ contacts: 3 });
      const { ghlToken: token, locationId, chartmogulKey: apiKey } = sandbox.credentials;
      const { transport } = sandbox;
      const connector = createConnector({ ghl: { token, locationId }, chartmogul: { apiKey }, transport });
      const { total } = await connector.ghl.contacts.search({ pageLimit: 1 });
      const serving = await sandbox.serve().catch((error) => error.message);
      await report({ total, serving, calls: sandbox.stats().ghl.calls });
    } catch (error) { await report({ failed: String(error.stack ?? error) }); }
  </script>`,
  "/strict.html": `<!doctype html><script type="module">${calls("web")}</script>`,
  "/strict-inline.html": `<!doctype html><script type="module">${calls("inline")}</script>`,
  "/lost.html": `<!doctype html><script type="module">${calls("web").replace(PACKAGE, `/lost${PACKAGE}`)}</script>`,
  "/app.html": `<!doctype html><script type="module">${calls("web").replace(PACKAGE, `/app${PACKAGE}`)}</script>`,
};

/** The policy of a page that allows its own scripts, and no WebAssembly. */
const STRICT = "script-src 'self' 'unsafe-inline'";

/** What the pages of hosts that lack something get: a policy, no module, or another page in its place. */
function special(policy = STRICT) {
  return (path) => {
    if (path.startsWith("/strict")) {
      return { extension: ".html", body: pages[path], headers: { "content-security-policy": policy } };
    }
    if (path === `/app${PACKAGE}/connector.wasm`) return { extension: ".html", body: pages["/page.html"] };
    if (!/^\/(lost|app)\/.*\.js$/.test(path)) return undefined;
    return { extension: ".js", body: installedFile(path.replace(/^\/(lost|app)/, "")) };
  };
}

for (const [name, page] of [
  ["a page", "/page.html"],
  ["a page with the inline entry", "/inline.html"],
  ["a module worker", "/worker.html"],
]) {
  test(`${name} calls through fetch`, { timeout: 60_000 }, async (context) => {
    const { origin, result } = await serve(context, pages, special());
    open(context, `${origin}${page}`);
    assert.deepEqual(await result, { name: "Zoë", code: "not_found" });
  });
}

test("a page has the sandbox in itself", { timeout: 60_000 }, async (context) => {
  const { origin, result } = await serve(context, pages, special());
  open(context, `${origin}/sandbox.html`);
  assert.deepEqual(await result, { total: 3, serving: "a browser cannot serve the sandbox", calls: 1 });
});

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
  test(`a page ${name} gets an error that names the cure`, { timeout: 60_000 }, async (context) => {
    const { origin, result } = await serve(context, pages, special());
    open(context, `${origin}${page}`);
    const { code, message, hint } = await result;
    assert.equal(code, "module_unavailable", message);
    assert.match(message, what);
    assert.match(hint, cure);
  });
}

test("with 'wasm-unsafe-eval' that page calls", { timeout: 60_000 }, async (context) => {
  const { origin, result } = await serve(context, pages, special(`${STRICT} 'wasm-unsafe-eval'`));
  open(context, `${origin}/strict.html`);
  assert.deepEqual(await result, { name: "Zoë", code: "not_found" });
});
