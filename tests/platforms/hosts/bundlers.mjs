// Bundlers, for Node and for browsers: each makes `out/` of a file of a folder, as its own readme says.

import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { requireTool, run } from "./project.mjs";

const requireHere = createRequire(import.meta.url);

/** What the SQLite store loads when it is used: left to the machine that the bundle is meant for. */
const SQLITE = "node-sqlite3-wasm";

/** Bundlers for Node.js: each makes `out/bundle.…` of a file, and says which. */
export const forNode = {
  esbuild: (format, extension) => async (folder, file) => {
    const outfile = join(folder, `out/bundle.${extension}`);
    await requireTool("esbuild").build({
      ...{ absWorkingDir: folder, entryPoints: [file], outfile, bundle: true },
      ...{ platform: "node", format, logLevel: "error" },
    });
    return `out/bundle.${extension}`;
  },
  rollup: (format, extension) => async (folder, file) => {
    await rollup(join(folder, file), ["node"], { file: join(folder, `out/bundle.${extension}`), format });
    return `out/bundle.${extension}`;
  },
  webpack: () => async (folder, file) => {
    await compile(requireHere("webpack"), folder, {
      ...{ mode: "development", devtool: false, target: "node", context: folder, entry: `./${file}` },
      ...{ output: { path: join(folder, "out"), filename: "bundle.cjs" } },
      externals: { [SQLITE]: `commonjs ${SQLITE}` },
    });
    return "out/bundle.cjs";
  },
  rspack: () => async (folder, file) => {
    const { rspack } = await import("@rspack/core");
    await compile(rspack, folder, {
      ...{ mode: "production", devtool: false, target: "node", context: folder, entry: `./${file}` },
      ...{ output: { path: join(folder, "out"), filename: "bundle.cjs" } },
      externals: { [SQLITE]: `commonjs ${SQLITE}` },
    });
    return "out/bundle.cjs";
  },
};

/**
 * Bundlers for browsers: each makes `out/` with a page, `page.html`, of the program `main.mjs`. `assets` says
 * whether the bundler takes connector.wasm along by itself; with the others a program copies it there.
 */
export const forBrowsers = {
  Vite: {
    assets: true,
    async bundle(folder) {
      const { build } = await import("vite");
      writePage(folder, "/main.mjs");
      const input = join(folder, "page.html");
      await build({
        ...{ root: folder, configFile: false, logLevel: "error", base: "./" },
        build: { outDir: "out", target: "es2022", rolldownOptions: { input } },
      });
    },
  },
  webpack: { assets: true, bundle: (folder) => webpackAlike(requireHere("webpack"), folder) },
  Rspack: {
    assets: true,
    bundle: async (folder) => webpackAlike((await import("@rspack/core")).rspack, folder),
  },
  esbuild: {
    assets: false,
    async bundle(folder) {
      await requireTool("esbuild").build({
        ...{ absWorkingDir: folder, entryPoints: ["main.mjs"], outfile: join(folder, "out/bundle.js") },
        ...{ bundle: true, platform: "browser", format: "esm", logLevel: "error", minify: true },
      });
      writePage(join(folder, "out"), "bundle.js");
    },
  },
  Rollup: {
    assets: false,
    async bundle(folder) {
      const file = join(folder, "out/bundle.js");
      await rollup(join(folder, "main.mjs"), ["browser"], { file, format: "es" });
      writePage(join(folder, "out"), "bundle.js");
    },
  },
  // As it is, Parcel reads no `exports` of any package.
  Parcel: { assets: true, bundle: (folder) => parcel(folder, {}) },
  "Parcel with packageExports": {
    assets: true,
    bundle: (folder) => parcel(folder, { "@parcel/resolver-default": { packageExports: true } }),
  },
};

/** The files of connector.wasm that a bundler wrote. */
export function modulesIn(folder) {
  return readdirSync(join(folder, "out"), { recursive: true }).filter((file) => file.endsWith(".wasm"));
}

function writePage(folder, source) {
  const page = `<!doctype html><script type="module" src="${source}"></script>`;
  writeFileSync(join(folder, "page.html"), page);
}

async function parcel(folder, settings) {
  writePage(folder, "./main.mjs");
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, ...settings }));
  // Parcel takes its settings from where the lock file is.
  writeFileSync(join(folder, "package-lock.json"), "{}");
  const program = requireHere.resolve("parcel/lib/bin.js");
  const flags = ["--no-cache", "--no-source-maps", "--dist-dir", "out", "--public-url", "./"];
  await run(folder, process.execPath, program, "build", "page.html", ...flags);
}

async function webpackAlike(bundler, folder) {
  await compile(bundler, folder, {
    ...{ mode: "production", devtool: false, target: "web", context: folder, entry: "./main.mjs" },
    ...{ output: { path: join(folder, "out"), filename: "bundle.js", publicPath: "auto" } },
    performance: { hints: false },
  });
  writePage(join(folder, "out"), "bundle.js");
}

async function compile(bundler, _folder, configuration) {
  const compiler = bundler(configuration);
  const stats = await new Promise((resolve, reject) =>
    compiler.run((error, stats) => (error ? reject(error) : resolve(stats))),
  );
  assert.ok(!stats.hasErrors(), stats.toString());
  assert.ok(!stats.hasWarnings(), stats.toString());
  await new Promise((resolve) => compiler.close(resolve));
}

async function rollup(input, exportConditions, output) {
  const { rollup } = requireHere("rollup");
  const { nodeResolve } = requireHere("@rollup/plugin-node-resolve");
  const commonjs = requireHere("@rollup/plugin-commonjs");
  const built = await rollup({
    input,
    external: (id) => /^node:/.test(id) || id.startsWith(SQLITE),
    plugins: [nodeResolve({ exportConditions }), (commonjs.default ?? commonjs)()],
    onLog: () => {},
  });
  await built.write({ ...output, inlineDynamicImports: true });
}
