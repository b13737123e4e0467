// Measures the packed package beside the official clients, in one run on one machine, and prints a
// table of ratios. Run by `cargo xtask bench`, which gives PACKAGE_DIR and PACKAGE_TARBALL.

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { coldCalls } from "./cold.mjs";
import { wholeSync } from "./whole.mjs";

const { PACKAGE_DIR: installed, PACKAGE_TARBALL: tarball } = process.env;
if (!installed || !tarball) throw new Error("run this through `cargo xtask bench`");

const here = dirname(fileURLToPath(import.meta.url));
const { devDependencies } = JSON.parse(readFileSync(join(here, "../package.json"), "utf8"));
const OURS = "ghl-chartmogul";
const GHL = "@gohighlevel/api-client";
const CHARTMOGUL = "chartmogul-node";
const projects = {
  [OURS]: installed,
  [GHL]: createProject("api-client", versioned(GHL)),
  [CHARTMOGUL]: createProject("chartmogul-node", versioned(CHARTMOGUL)),
};

function versioned(name) {
  return `${name}@${devDependencies[name]}`;
}

/** An empty project beside the package's, with these dependencies. */
function createProject(name, ...dependencies) {
  const folder = join(installed, "..", `bench-${name}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  execFileSync("npm", ["install", "--silent", ...dependencies], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
  });
  return folder;
}

/** Programs that get ready to call, in the way of each client's own readme. */
const READY = {
  [OURS]: `
    import { createConnector } from "${OURS}";
    const connector = createConnector({
      ghl: { token: "t", locationId: "l" },
      store: "memory",
      transport: () => ({ status: 200, body: '{"contact":{"id":"1"}}' }),
    });
    await connector.ghl.contacts.get({ contactId: "1" });`,
  [GHL]: `
    import { HighLevel } from "${GHL}";
    new HighLevel({ privateIntegrationToken: "t" });`,
  [CHARTMOGUL]: `
    import ChartMogul from "${CHARTMOGUL}";
    new ChartMogul.Config("k");`,
};

/** Milliseconds from before the import to ready, the median of new processes. */
function readyTimes(rounds) {
  const times = Object.fromEntries(Object.keys(projects).map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, folder] of Object.entries(projects)) {
      writeFileSync(join(folder, "ready.mjs"), READY[name]);
      const measure =
        "const start = performance.now(); await import('./ready.mjs'); console.log(performance.now() - start)";
      const output = execFileSync(process.execPath, ["--input-type=module", "--eval", measure], {
        cwd: folder,
      });
      times[name].push(Number(output));
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, values]) => [name, median(values)]));
}

/** Milliseconds from the bytes of a page to the bytes of request bodies: this package and plain JavaScript. */
function pageTimes() {
  copyFileSync(join(here, "page.mjs"), join(installed, "page.mjs"));
  return JSON.parse(execFileSync(process.execPath, ["page.mjs"], { cwd: installed }));
}

function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** Bytes of all files under a folder. */
function bytesUnder(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath ?? entry.path, entry.name)).size, 0);
}

/** Bytes of the tarball that npm downloads. */
function tarballBytes(name) {
  if (name === OURS) return statSync(tarball).size;
  const [packed] = JSON.parse(
    execFileSync("npm", ["pack", "--dry-run", "--json", "--silent", versioned(name)], {
      cwd: projects[name],
    }),
  );
  return packed.size;
}

/** Bytes with gzip of one minified file that holds the client and all it depends on. */
async function bundleBytes(name) {
  const folder = projects[name];
  const entry = name === OURS ? `${OURS}/inline` : name;
  writeFileSync(join(folder, "bundle.mjs"), `export * from "${entry}"; export { default } from "${entry}";`);
  if (name === OURS) writeFileSync(join(folder, "bundle.mjs"), `export * from "${entry}";`);
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: ["bundle.mjs"],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "error",
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

const rows = [];
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(0)} kB`;
function add(what, ours, theirs, format) {
  for (const [name, value] of Object.entries(theirs)) {
    rows.push({ what, ours: format(ours), other: `${format(value)} ${name}`, ratio: ours / value });
  }
}

const { [OURS]: ready, ...othersReady } = readyTimes(15);
add("import until ready", ready, othersReady, (milliseconds) => `${milliseconds.toFixed(1)} ms`);
const cold = await coldCalls({ installed });
add("cold call, inline", cold.ours, { "bare fetch": cold.bare }, (value) => `${value.toFixed(0)} ms`);
const { ours: page, theirs: plainPage } = pageTimes();
add(
  "500 contacts mapped",
  page,
  { "plain JavaScript": plainPage },
  (milliseconds) => `${milliseconds.toFixed(1)} ms`,
);
const others = [GHL, CHARTMOGUL];
const each = async (measure) =>
  Object.fromEntries(await Promise.all(others.map(async (name) => [name, await measure(name)])));
add("tarball", tarballBytes(OURS), await each(tarballBytes), kilobytes);
const dependencies = (name) => bytesUnder(join(projects[name], "node_modules"));
add("installed, all files", dependencies(OURS), await each(dependencies), kilobytes);
const whole = await wholeSync({
  ours: installed,
  sdks: createProject("sdks", versioned(GHL), versioned(CHARTMOGUL)),
  contacts: Number(process.env.BENCH_CONTACTS ?? 1000),
  rounds: Number(process.env.BENCH_ROUNDS ?? 3),
});
for (const [store, used] of [
  ["memory", whole.memory],
  ["SQLite", whole.sqlite],
]) {
  add(
    `whole sync, ${store}, CPU`,
    used.cpu,
    { "script on both": whole.script.cpu },
    (seconds) => `${seconds.toFixed(2)} s`,
  );
  add(`whole sync, ${store}, RSS`, used.memory, { "script on both": whole.script.memory }, megabytes);
}
add("one bundle, gzip", await bundleBytes(OURS), await each(bundleBytes), kilobytes);

const line = (what, ours, other, ratio) =>
  `${what.padEnd(24)}${ours.padStart(12)}   ${other.padEnd(36)}${ratio.padStart(8)}\n`;
process.stdout.write(line("", "this", "other", "ratio"));
for (const { what, ours, other, ratio } of rows) {
  process.stdout.write(line(what, ours, other, `${(ratio * 100).toFixed(1)} %`));
}
