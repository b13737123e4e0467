// Builds source files for a unit test.

import { mkdtempSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const built = new Map();

/** Imports the named files of js/src, as one module that exports what all of them export. */
export async function importSources(...names) {
  return import(await sourcesPath(...names));
}

/** The URL of that module, for another process to import. */
export async function sourcesPath(...names) {
  const key = names.join();
  if (!built.has(key)) built.set(key, buildSources(names));
  return built.get(key);
}

async function buildSources(names) {
  // Within the package, so that its node_modules are found.
  const folder = mkdtempSync(join(root, "node_modules/.unit-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const outfile = join(folder, "sources.mjs");
  await build({
    stdin: {
      contents: names.map((name) => `export * from "./src/${name}.js";`).join("\n"),
      resolveDir: root,
      loader: "ts",
    },
    absWorkingDir: root,
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "es2022",
    packages: "external",
    define: { PACKAGE_ROOT: '"./"', PACKAGE_VERSION: '"0.0.0"' },
    logLevel: "warning",
  });
  return pathToFileURL(outfile).href;
}
