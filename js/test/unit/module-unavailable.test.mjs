// The cure for a module that does not load, by what each host says and is.

import assert from "node:assert/strict";
import { test } from "node:test";
import { importSources } from "../build-sources.mjs";

const { withModule } = await importSources("module-unavailable");

const origin = { file: "connector.wasm", place: () => "/app/connector.wasm", cure: "the entry's cure" };

/** The failure of loading on a host with these globals. */
async function failing(reason, globals = {}) {
  const before = Object.keys(globals).map((name) => [
    name,
    Object.getOwnPropertyDescriptor(globalThis, name),
  ]);
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  try {
    return await withModule(origin, () => Promise.reject(reason)).then(() => undefined);
  } catch (error) {
    assert.equal(error.code, "module_unavailable");
    return error;
  } finally {
    for (const [name, descriptor] of before) {
      delete globalThis[name];
      if (descriptor !== undefined) Object.defineProperty(globalThis, name, descriptor);
    }
  }
}

const compile = (message) => new WebAssembly.CompileError(message);

// What Chromium, Firefox and Safari say.
const refusals = [
  "WebAssembly.instantiate(): Refused to compile or instantiate WebAssembly module because 'unsafe-eval' is not an allowed source of script",
  "call to WebAssembly.instantiate() blocked by CSP",
  "Refused to create a WebAssembly object because 'unsafe-eval' or 'wasm-unsafe-eval' is not an allowed source of script in the following Content Security Policy directive",
];
for (const message of refusals) {
  test(`a page's policy is reported: ${message.slice(0, 40)}`, async () => {
    const error = await failing(compile(message));
    assert.match(error.message, /the page's Content Security Policy/);
    assert.match(error.hint, /'wasm-unsafe-eval'/);
  });
}

for (const protocol of ["chrome-extension:", "moz-extension:", "safari-web-extension:"]) {
  test(`an extension learns what its manifest needs: ${protocol}`, async () => {
    const error = await failing(compile(refusals[0]), { location: { protocol } });
    assert.match(error.hint, /manifest\.json: "content_security_policy": \{ "extension_pages"/);
  });
}

test("each edge runtime gets its own cure", async () => {
  const reason = compile("WebAssembly.Module(): Wasm code generation disallowed by embedder");
  for (const [globals, cure] of [
    [{ navigator: { userAgent: "Cloudflare-Workers" } }, /condition workerd/],
    [{ EdgeRuntime: "vercel" }, /Import ghl-chartmogul, not .*edge-light/],
    [{}, /codeGeneration\.wasm/],
  ]) {
    assert.match((await failing(reason, globals)).hint, cure);
  }
});

test("what a host lacks is reported before anything is loaded", async () => {
  const jsdom = { TextEncoder: undefined, navigator: { userAgent: "Mozilla/5.0 jsdom/26.1.0" } };
  for (const [globals, what, cure] of [
    [jsdom, /has no TextEncoder$/, /testEnvironment to "node"/],
    [{ TextDecoder: undefined }, /has no TextDecoder$/, /node:util/],
    [{ WebAssembly: undefined }, /has no WebAssembly$/, /--jitless/],
  ]) {
    const error = await failing(new Error("never read"), globals);
    assert.match(error.message, what);
    assert.match(error.hint, cure);
    assert.equal(error.cause, undefined);
  }
});

test("anything else is reported with its place, the entry's cure and the reason as the cause", async () => {
  for (const reason of [
    new TypeError("Failed to fetch"),
    Object.assign(new Error("x"), { code: "ENOENT" }),
    "no",
    null,
  ]) {
    const error = await failing(reason);
    assert.match(error.message, /^the WebAssembly module did not load: \/app\/connector\.wasm: /);
    assert.equal(error.hint, origin.cure);
  }
  const denied = Object.assign(new Error("Requires read access"), { name: "NotCapable" });
  assert.match((await failing(denied)).hint, /--allow-read in Deno/);
});
