// Fills PKG_DIR with the npm package: JavaScript for each host, types, WebAssembly and the files of
// pkg-template. Run by `cargo xtask build`, which gives GLUE_DIR (wasm-bindgen's output), PKG_DIR
// and VERSION.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";
import { build, transform } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const { GLUE_DIR: glue, PKG_DIR: output, VERSION: version } = process.env;
if (!glue || !output || !version) throw new Error("run this through `cargo xtask build`");

/** Provides what src/virtual.d.ts declares. */
const virtualModules = {
  name: "virtual-modules",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^glue:/ }, ({ path }) => ({ path: `${path.slice(5)}.js`, namespace: "glue" }));
    onLoad({ filter: /.*/, namespace: "glue" }, ({ path }) => ({
      contents: adaptGlue(readFileSync(join(glue, path), "utf8")),
      resolveDir: join(here, "src"),
    }));
    onResolve({ filter: /^base64:/ }, ({ path }) => ({ path: path.slice(7), namespace: "base64" }));
    onLoad({ filter: /.*/, namespace: "base64" }, ({ path }) => ({
      contents: `export default "${deflateRawSync(readFileSync(join(glue, `${path}_bg.wasm`)), { level: 9 }).toString("base64")}";`,
    }));
    onLoad({ filter: /@noble\/hashes\/utils\.js$/ }, ({ path }) => ({
      contents: adaptHashes(readFileSync(path, "utf8")),
      resolveDir: dirname(path),
    }));
    onResolve({ filter: /^\.\/connector\.wasm(\?module)?$/ }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /generated\/(endpoints|schemas)\.ts$/ }, async ({ path }) => ({
      contents: await asJson(path),
    }));
  },
};

/**
 * Lets the glue poll futures through src/guarded-microtask.ts, which outlives a trap, ask its host for
 * nothing when it is imported (src/lazy-text-coding.ts), and take its module from an object as it is
 * always given: n8n's Code node answers `getPrototypeOf` wrongly.
 */
function adaptGlue(source) {
  const test = /Object\.getPrototypeOf\((module|module_or_path)\) === Object\.prototype/g;
  if (source.match(test)?.length !== 2) throw new Error("the glue's way of taking its module has changed");
  return `import { queueMicrotask } from "./guarded-microtask.js";
import { LazyDecoder as TextDecoder, LazyEncoder as TextEncoder } from "./lazy-text-coding.js";
${source.replaceAll(test, "true")}`;
}

/** The same for the check of the library's own options; nothing of its mathematics is touched. */
function adaptHashes(source) {
  const test = "if (proto !== Object.prototype && proto !== null)";
  if (source.split(test).length !== 2) throw new Error("the check of options in @noble/hashes has changed");
  return source.replace(test, "if (false)");
}

/** A generated table as JSON text: read 20 times faster than as code, and only when asked for. */
async function asJson(path) {
  const { code } = await transform(readFileSync(path, "utf8"), { loader: "ts", format: "esm" });
  const [[name, table]] = Object.entries(await import(`data:text/javascript,${encodeURIComponent(code)}`));
  const text = JSON.stringify(JSON.stringify(table()));
  return `const text = ${text};\nexport const ${name} = () => JSON.parse(text);`;
}

/** Files that others import instead of carrying a copy: a class or an open store must not exist twice. */
const shared = (importers, files) => ({
  name: "shared-files",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\// }, ({ path, importer }) => {
      const file = files.find(([name]) => path.endsWith(`/${name}.js`))?.[1];
      return file && importers.test(importer) ? { path: `./${file}.js`, external: true } : undefined;
    });
  },
});

/** Takes another file wherever a file of this name is imported. */
const replaced = (name, by) => ({
  name: `another-${name}`,
  setup({ onResolve }) {
    onResolve({ filter: new RegExp(`^\\.\\.?/${name}\\.js$`) }, ({ importer }) =>
      importer === join(here, by) ? undefined : { path: join(here, by) },
    );
  },
});

const table = ["generated/endpoints", "endpoints"];
const facade = shared(/\/src\/(entries\/\w+|connector|operations\/operation|webhooks\/signature)\.ts$/, [
  table,
  ["stores/sqlite", "sqlite"],
  ["ed25519", "ed25519"],
]);
const tableAlone = shared(/\/src\/(connector|operations\/operation)\.ts$/, [table]);
const commandLine = shared(/\/src\/cli\//, [
  table,
  ["stores/sqlite", "sqlite"],
  ["errors", "node"],
  ["entries/node", "node"],
  ["entries/oauth", "oauth"],
  ["entries/sandbox", "sandbox"],
  ["entries/stores", "stores"],
  ["node/transport", "node-http"],
]);
const openingStores = shared(/\/src\/stores\/open-store\.ts$/, [
  ["sqlite", "sqlite"],
  ["redis", "redis"],
  ["postgres", "postgres"],
]);
/** Each state store by itself: nobody loads another's. */
const stores = ["sqlite", "redis", "postgres", "indexeddb", "chrome-storage", "durable-object", "pipedream"];

const common = {
  absWorkingDir: here,
  bundle: true,
  target: "es2022",
  platform: "neutral",
  legalComments: "none",
  logLevel: "warning",
  external: [
    "node:*",
    "node-sqlite3-wasm",
    "commander",
    "get-east-asian-width",
    "@clack/prompts",
    "@napi-rs/keyring",
    "ioredis",
    "pg",
  ],
};

const entries = (...names) => Object.fromEntries(names.map((name) => [name, `src/entries/${name}.ts`]));
/** With the files that entries share: the endpoints, and what only hosts without Ed25519 load. */
const withShared = (files) => ({
  ...files,
  endpoints: "src/generated/endpoints.ts",
  ed25519: "src/webhooks/ed25519.ts",
});

// All files lie in one folder: `new URL("./connector.wasm", import.meta.url)` holds in each of them.
const modules = {
  ...common,
  format: "esm",
  outdir: output,
  define: { PACKAGE_ROOT: '"./"', PACKAGE_VERSION: JSON.stringify(version) },
};
await build({
  ...modules,
  entryPoints: withShared(
    entries("node", "web", "workerd", "edge", "slim", "sandbox", "store-tests", "operations"),
  ),
  plugins: [facade, virtualModules],
});
await build({
  ...modules,
  entryPoints: entries(...stores, "inline", "node-http", "oauth", "sandbox-web"),
  plugins: [virtualModules],
});
await build({ ...modules, entryPoints: entries("stores"), plugins: [openingStores] });
await build({ ...modules, entryPoints: { cli: "src/cli/main.ts" }, plugins: [commandLine, virtualModules] });

/** The build for n8n's nodes: the names that they must not use come from n8n, or from src/n8n. */
const forN8n = {
  define: { ...modules.define, globalThis: "hostGlobals", global: "hostGlobals" },
  inject: ["src/n8n/host-globals.ts"],
  drop: ["console"],
  plugins: [replaced("timer", "src/n8n/timer.ts"), tableAlone, virtualModules],
};
await build({ ...modules, ...forN8n, entryPoints: entries("n8n", "n8n-nodes") });
// One script that is pasted as it is: it sets a variable, as exports need what a Code node ignores.
await build({
  ...modules,
  format: "iife",
  entryPoints: entries("n8n-code"),
  minifyWhitespace: true,
  minifySyntax: true,
  banner: {
    js: `// ghl-chartmogul ${version} for a Code node of n8n: your code goes below the last line.\nlet ghlChartMogul;`,
  },
  plugins: [virtualModules],
});

const commonjs = join(output, "cjs");
// Dynamic imports become `require`: `import()` of a script sees none of its names.
const scripts = { ...common, format: "cjs", outdir: commonjs, supported: { "dynamic-import": false } };
const fromHere = {
  define: { PACKAGE_ROOT: '"../"', "import.meta.url": "moduleUrl" },
  banner: { js: 'const moduleUrl = require("node:url").pathToFileURL(__filename);' },
};
await build({
  ...scripts,
  ...fromHere,
  entryPoints: entries("node", "sandbox"),
  plugins: [facade, virtualModules],
});
await build({
  ...scripts,
  entryPoints: withShared(entries("slim", "store-tests", "operations")),
  plugins: [facade, virtualModules],
});
await build({
  ...scripts,
  entryPoints: entries(...stores, "inline", "node-http", "oauth"),
  plugins: [virtualModules],
});
await build({ ...scripts, ...forN8n, entryPoints: entries("n8n", "n8n-nodes") });
await build({ ...scripts, ...fromHere, entryPoints: entries("stores"), plugins: [openingStores] });
writeFileSync(join(commonjs, "package.json"), '{ "type": "commonjs" }\n');

const compiler = join(here, "node_modules/typescript/bin/tsc");
execFileSync(process.execPath, [compiler, "-p", "tsconfig.types.json", "--outDir", join(output, "types")], {
  cwd: here,
  stdio: "inherit",
});
cpSync(join(output, "types"), join(commonjs, "types"), { recursive: true });

for (const name of ["connector", "sandbox"])
  cpSync(join(glue, `${name}_bg.wasm`), join(output, `${name}.wasm`));

mkdirSync(output, { recursive: true });
const template = join(here, "../pkg-template");
cpSync(template, output, { recursive: true });
// Bundled: the first into the inline entry, the others into ed25519.js and the inline entry.
for (const [name, file] of [
  ["fflate", "LICENSE-fflate"],
  ["@noble/curves", "LICENSE-noble-curves"],
  ["@noble/curves/node_modules/@noble/hashes", "LICENSE-noble-hashes"],
])
  cpSync(join(here, "node_modules", name, "LICENSE"), join(output, file));
for (const name of ["LICENSE-APACHE", "LICENSE-MIT", "NOTICE", "CHANGELOG.md"])
  cpSync(join(here, "..", name), join(output, name));
const manifest = JSON.parse(readFileSync(join(template, "package.json"), "utf8"));
writeFileSync(join(output, "package.json"), `${JSON.stringify({ ...manifest, version }, null, 2)}\n`);

// npm's page of a package resolves no relative links: the README names the published files.
const published = `https://unpkg.com/${manifest.name}@${version}`;
const readme = readFileSync(join(template, "README.md"), "utf8").replaceAll(/<!--.*?-->\n/g, "");
writeFileSync(
  join(output, "README.md"),
  readme.replaceAll(/^(\[[\w-]+\]: )(?=docs\/|CHANGELOG)/gm, `$1${published}/`),
);
