// The journey in Chromium: a page without a bundler, workers, and an extension.

import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { reporting, servePages } from "./pages.mjs";
import { packageFolder, requireTool } from "./project.mjs";
import { judge, world } from "./world.mjs";

const skip = !process.env.CHROMIUM && "Chromium is not installed";
const { open } = skip ? {} : await import("../../browser/chromium.mjs");

/** A page that finds the package by an import map, and has this program. */
const page = (file, script) => `<!doctype html>
  <script type="importmap">{ "imports": {
    "ghl-chartmogul": "/package/${file}.js"
  } }</script>
  <script type="module">${script}</script>`;

/** The package's files beside the pages, as a program without a bundler serves them. */
async function site(context, name, files) {
  const made = await world(context, name, files);
  cpSync(packageFolder, join(made.folder, "package"), { recursive: true });
  return made;
}

for (const file of ["web", "inline"]) {
  test(`a page with an import map to ${file}.js`, { skip }, async (context) => {
    const files = { "page.html": page(file, reporting("ghl-chartmogul")) };
    const { sandbox, folder } = await site(context, `page ${file}`, files);
    const { origin, result } = await servePages(context, folder);
    open(context, `${origin}/page.html`);
    judge(sandbox, await result);
  });
}

test("a dedicated module worker", { skip }, async (context) => {
  const { sandbox, folder } = await site(context, "dedicated worker", {
    "page.html": page("web", `new Worker("/worker.mjs", { type: "module" });`),
    "worker.mjs": reporting("/package/web.js"),
  });
  const { origin, result } = await servePages(context, folder);
  open(context, `${origin}/page.html`);
  judge(sandbox, await result);
});

test("a service worker", { skip }, async (context) => {
  const { sandbox, folder } = await site(context, "service worker", {
    "page.html": page(
      "web",
      `await navigator.serviceWorker.register("/worker.mjs", { type: "module" });
       const { active } = await navigator.serviceWorker.ready;
       active.postMessage("go");`,
    ),
    "worker.mjs": `
      import { answer } from "./answer.mjs";
      self.addEventListener("message", (event) => event.waitUntil(answer()));`,
    "answer.mjs": `
      ${reporting("/package/web.js").replace("journey(connector, given)", "export const answer = () => journey(connector, given)")}`,
  });
  const { origin, result } = await servePages(context, folder);
  open(context, `${origin}/page.html`);
  judge(sandbox, await result);
});

/** An extension of Manifest V3: esbuild bundles, connector.wasm or the inline entry. */
async function extension(context, name, entry) {
  const { sandbox, folder } = await world(context, name, {});
  const { origin, result } = await servePages(context, folder);
  mkdirSync(join(folder, "extension"));
  const manifest = {
    ...{ manifest_version: 3, name: "The journey", version: "1" },
    background: { service_worker: "worker.js", type: "module" },
    content_security_policy: { extension_pages: "script-src 'self' 'wasm-unsafe-eval'; object-src 'self'" },
    host_permissions: ["http://127.0.0.1/*"],
  };
  writeFileSync(join(folder, "extension/manifest.json"), JSON.stringify(manifest));
  writeFileSync(join(folder, "journey-here.mjs"), reporting(entry, origin));
  await requireTool("esbuild").build({
    ...{ absWorkingDir: folder, entryPoints: { bundle: "journey-here.mjs" }, outdir: "extension" },
    ...{ bundle: true, format: "esm", conditions: ["browser"], logLevel: "error" },
  });
  cpSync(join(packageFolder, "connector.wasm"), join(folder, "extension/connector.wasm"));
  return { sandbox, folder: join(folder, "extension"), result };
}

/** Chromium with an extension loaded. */
const loading = (folder) => [`--disable-extensions-except=${folder}`, `--load-extension=${folder}`];

for (const entry of ["ghl-chartmogul", "ghl-chartmogul/inline"]) {
  test(`the service worker of an extension with ${entry}`, { skip }, async (context) => {
    const { sandbox, folder, result } = await extension(context, `extension worker ${entry}`, entry);
    writeFileSync(join(folder, "worker.js"), `import "./bundle.js";`);
    open(context, "about:blank", loading(folder));
    judge(sandbox, await result);
  });

  test(`a page of an extension with ${entry}`, { skip }, async (context) => {
    const { sandbox, folder, result } = await extension(context, `extension page ${entry}`, entry);
    writeFileSync(
      join(folder, "worker.js"),
      `chrome.tabs.create({ url: chrome.runtime.getURL("page.html") });`,
    );
    writeFileSync(
      join(folder, "page.html"),
      `<!doctype html><script type="module" src="bundle.js"></script>`,
    );
    open(context, "about:blank", loading(folder));
    judge(sandbox, await result);
  });
}
