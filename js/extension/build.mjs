// Builds the extension: `node build.mjs [--browser chrome|firefox] [--neutral] [--test] [--out DIR] [--zip]`.
// `--test` may also see tabs and services of this machine, for tests; such a build is never zipped.
// PACKAGE_DIR names a folder in which ghl-chartmogul is installed; without it, it is looked for as usual.

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync, zipSync } from "fflate";
import { build } from "vite";
import { drawIcon } from "./icon.mjs";

const root = dirname(fileURLToPath(import.meta.url));
const { values: flags } = parseArgs({
  options: {
    browser: { type: "string" },
    neutral: { type: "boolean", default: false },
    test: { type: "boolean", default: false },
    out: { type: "string" },
    zip: { type: "boolean", default: false },
  },
});
const browsers = flags.browser === undefined ? ["chrome", "firefox"] : [flags.browser];
for (const browser of browsers)
  if (!["chrome", "firefox"].includes(browser)) fail(`--browser: ${browser} is not chrome or firefox`);
if (flags.zip && flags.test) fail("--zip: a build for tests reaches this machine and is not to be published");

/** The package's own version is that of the extension. */
const packageRoot = findPackage();
const { version } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8"));

const CRM_SITES = ["https://app.gohighlevel.com/*", "https://app.leadconnectorhq.com/*"];
const LOCAL_SITES = ["http://127.0.0.1/*", "http://localhost/*"];

for (const browser of browsers) await buildFor(browser);

async function buildFor(browser) {
  const name = `${browser}${flags.neutral ? "-neutral" : ""}`;
  const out = flags.out ?? join(root, "dist", name);
  await build({
    configFile: join(root, "vite.config.mjs"),
    define: { NEUTRAL_WORDS: JSON.stringify(flags.neutral) },
    resolve: { alias: { "ghl-chartmogul/slim": join(packageRoot, "slim.js") } },
    build: { outDir: out },
  });
  copyFileSync(join(packageRoot, "connector.wasm"), join(out, "connector.wasm"));
  mkdirSync(join(out, "icons"), { recursive: true });
  for (const size of [16, 32, 48, 128])
    writeFileSync(join(out, `icons/${size}.png`), drawIcon(size, flags.neutral));
  writeFileSync(join(out, "manifest.json"), `${JSON.stringify(manifestOf(browser), undefined, 2)}\n`);
  const sizes = {};
  for (const file of filesIn(out))
    if (/\.(js|css|html|wasm)$/.test(file))
      sizes[file] = gzipSync(readFileSync(join(out, file)), { level: 9, mtime: 0 }).length;
  const report = { browser, neutral: flags.neutral, out, gzip: sizes };
  if (flags.zip) {
    mkdirSync(join(root, "packages"), { recursive: true });
    const zip = join(root, "packages", `ghl-chartmogul-panel-${name}-${version}.zip`);
    writeFileSync(zip, zipOf(out));
    report.zip = zip;
  }
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

function manifestOf(browser) {
  const title = flags.neutral ? "CRM and ChartMogul" : "GHL and ChartMogul";
  const crm = flags.neutral ? "CRM" : "GHL";
  const icons = Object.fromEntries([16, 32, 48, 128].map((size) => [size, `icons/${size}.png`]));
  const sites = flags.neutral ? [] : CRM_SITES;
  const isChrome = browser === "chrome";
  return {
    manifest_version: 3,
    name: `${title}: customer panel`,
    short_name: title,
    version,
    description: `The ChartMogul customer beside a ${crm} contact: revenue, timeline of both, sync with a plan first.`,
    icons,
    permissions: isChrome ? ["activeTab", "sidePanel", "storage"] : ["activeTab", "storage"],
    host_permissions: [...sites, "https://app.chartmogul.com/*", ...(flags.test ? LOCAL_SITES : [])],
    optional_host_permissions: ["https://*/*", ...LOCAL_SITES],
    action: { default_title: `Open the panel beside this tab`, default_icon: icons },
    options_ui: { page: "options.html", open_in_tab: true },
    content_security_policy: {
      extension_pages:
        "script-src 'self' 'wasm-unsafe-eval'; object-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    },
    ...(isChrome
      ? {
          minimum_chrome_version: "123",
          side_panel: { default_path: "panel.html" },
          background: { service_worker: "worker.js", type: "module" },
        }
      : {
          sidebar_action: {
            default_panel: "panel.html",
            default_title: title,
            default_icon: icons,
            open_at_install: false,
          },
          background: { scripts: ["worker.js"], type: "module" },
          browser_specific_settings: {
            gecko: {
              id: flags.neutral ? "crm-panel@ghl-chartmogul.example" : "panel@ghl-chartmogul.example",
              strict_min_version: "128.0",
              data_collection_permissions: { required: ["none"] },
            },
          },
        }),
  };
}

/** The same bytes for the same files: names in order, and one date. */
function zipOf(folder) {
  const files = {};
  for (const file of filesIn(folder))
    files[file] = [
      new Uint8Array(readFileSync(join(folder, file))),
      { level: 9, mtime: "1980-01-01T00:00:00" },
    ];
  return zipSync(files);
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true })
    .map((path) => relative(folder, join(folder, path)).replaceAll("\\", "/"))
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort();
}

function findPackage() {
  const from = process.env.PACKAGE_DIR ?? root;
  const folder = join(from, "node_modules/ghl-chartmogul");
  if (existsSync(join(folder, "slim.js"))) return folder;
  try {
    return dirname(createRequire(join(from, "x.js")).resolve("ghl-chartmogul/package.json"));
  } catch {
    return fail(
      `ghl-chartmogul is not installed in ${from}: npm install ghl-chartmogul there, or set PACKAGE_DIR`,
    );
  }
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
