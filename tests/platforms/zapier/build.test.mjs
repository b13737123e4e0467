// What is pushed: the command line's own checks, the built zip, and its handler, as Zapier's Lambda calls it.

import assert from "node:assert/strict";
import { execFile, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { unzipSync } from "fflate";
import { APP_FOLDER, PACKAGE } from "./connection.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const { createSandbox } = await import(pathToFileURL(join(PACKAGE, "sandbox.js")));

const isOld = Number(process.versions.node.split(".")[0]) < 22;
/** Zapier's Node: its command line refuses older ones. */
const node = process.env.NODE_22 ?? (isOld ? undefined : process.execPath);
const reason = node === undefined && "zapier-platform-cli needs Node 22: set NODE_22 to its executable";

/** Bytes that Zapier takes of a zip. */
const MOST_BYTES = 80 * 1024 * 1024;
/** Milliseconds from an empty process to the first answer, on a machine that does other work too. */
const COLD_START_MS = 15_000;

describe("the app that is pushed", { skip: reason }, () => {
  let folder;
  let unzipped;
  let server;
  let sandbox;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "zapier-build-"));
    unzipped = mkdtempSync(join(tmpdir(), "zapier-unzipped-"));
    cpSync(APP_FOLDER, folder, { recursive: true, filter: (path) => !/node_modules|\/build\b/.test(path) });
    install(folder);
    sandbox = createSandbox({ contacts: 25 });
    server = await sandbox.serve({ port: 0 });
  });
  after(async () => {
    await server?.close();
    for (const path of [folder, unzipped]) rmSync(path, { recursive: true, force: true });
  });

  /** The app's own dependencies, the package as it is packed. */
  function install(path) {
    const manifest = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
    const tarball = process.env.PACKAGE_TARBALL ?? pack(path);
    manifest.dependencies["ghl-chartmogul"] = `file:${tarball}`;
    delete manifest.devDependencies;
    writeFileSync(join(path, "package.json"), JSON.stringify(manifest, null, 2));
    execFileSync("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline"], {
      cwd: path,
      stdio: "pipe",
    });
  }

  function pack(path) {
    const target = join(path, "..", `packed-${process.pid}`);
    mkdirSync(target, { recursive: true });
    const [{ filename }] = JSON.parse(
      execFileSync("npm", ["pack", "--json", "--pack-destination", target], { cwd: PACKAGE, stdio: "pipe" }),
    );
    return join(target, filename);
  }

  /** Runs the command line; a failure shows what it said. */
  function cli(...args) {
    const path = join(here, "node_modules/zapier-platform-cli/src/bin/run");
    const { status, stdout, stderr } = spawnSync(node, [path, ...args], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, PATH: `${dirname(node)}:${process.env.PATH}`, CI: "1" },
    });
    assert.equal(status, 0, `${args.join(" ")}: ${stdout}\n${stderr}`);
    return stdout;
  }

  /** Runs statements in a new process where Lambda's handler is, with `call` and `began`; gives what they return. */
  async function inHandler(statements, more = {}) {
    const { ghlToken, locationId, chartmogulKey } = sandbox.credentials;
    const authData = { ghlToken, locationId, chartmogulApiKey: chartmogulKey, ...more };
    const script = `
      const began = performance.now();
      const { handler } = require("./zapierwrapper.js");
      const authData = ${JSON.stringify(authData)};
      const call = (method, bundle = {}) => handler({
        command: "execute", method, bundle: { authData, inputData: {}, meta: {}, ...bundle },
      });
      const log = console.log;
      console.log = () => {};
      const statements = async () => { ${statements} };
      statements().then((result) => log(JSON.stringify(result)));
    `;
    const { stdout } = await promisify(execFile)(node, ["-e", script], {
      cwd: unzipped,
      env: { PATH: process.env.PATH, GHL_BASE_URL: server.url, CHARTMOGUL_BASE_URL: server.url },
    });
    return JSON.parse(stdout.trim().split("\n").at(-1));
  }

  test("has no error by Zapier's schema and constraints", (context) => {
    const said = cli("validate", "--without-style");
    assert.match(said, /structurally sound|no structural errors/i);
    context.diagnostic(`validate --without-style: ${said.trim().split("\n").at(-1)}`);
  });

  test("is built, and everything it needs is in the zip", (context) => {
    cli("build", "--skip-validation", "--skip-dep-install");
    const zip = readFileSync(join(folder, "build/build.zip"));
    const files = unzipSync(zip);
    for (const [name, bytes] of Object.entries(files)) {
      if (name.endsWith("/")) continue;
      mkdirSync(dirname(join(unzipped, name)), { recursive: true });
      writeFileSync(join(unzipped, name), bytes);
    }
    const names = Object.keys(files);
    for (const name of ["zapierwrapper.js", "index.js", "node_modules/ghl-chartmogul/cjs/inline.js"])
      assert.ok(names.includes(name), name);
    assert.ok(!names.some((name) => name.endsWith(".env")), "no secrets");
    assert.ok(zip.length < MOST_BYTES);
    context.diagnostic(`build.zip: ${Math.round(zip.length / 1024)} kB, ${names.length} files`);
  });

  test("answers through its handler, unzipped elsewhere", async (context) => {
    const said = await inHandler(`
        const sample = await call("triggers.newContact.operation.perform", { meta: { isLoadingSample: true } });
        const coldMs = performance.now() - began;
        const { user, system } = process.cpuUsage();
        const again = performance.now();
        const all = await call("triggers.newContact.operation.perform");
        const warmMs = performance.now() - again;
        const made = await call("creates.ghl_tags_create.operation.perform", { inputData: { name: "Zip" } });
        const found = await call("searches.chartmogul_account_retrieve.operation.perform");
        return {
          sample: sample.results.length, all: all.results.length, tag: made.results.name,
          account: found.results[0].name, coldMs, warmMs, cpuMs: (user + system) / 1000, rss: process.memoryUsage().rss,
        };
    `);
    assert.deepEqual([said.sample, said.all, said.tag, said.account], [3, 25, "zip", "Sandbox"]);
    assert.ok(said.coldMs < COLD_START_MS, `${said.coldMs} ms`);
    context.diagnostic(
      `handler: cold start ${Math.round(said.coldMs)} ms (${Math.round(said.cpuMs)} ms of the processor), next call ${Math.round(said.warmMs)} ms, ${Math.round(said.rss / 1e6)} MB`,
    );
  });

  const redis = spawnSync("redis-server", ["--version"]).status === 0;
  const hasStores = existsSync(join(PACKAGE, "cjs/stores.js"));
  const noRedis =
    (!redis && "redis-server is not installed") || (!hasStores && "the package has no entry ./stores");

  test("syncs on a Redis store, whose driver is in the zip", { skip: noRedis }, async () => {
    const port = await freePort();
    const options = [
      "--port",
      String(port),
      "--bind",
      "127.0.0.1",
      "--save",
      "",
      "--requirepass",
      "canary-of-redis",
    ];
    const process = spawn("redis-server", options, { stdio: ["ignore", "pipe", "inherit"] });
    try {
      for await (const line of createInterface({ input: process.stdout }))
        if (line.includes("Ready to accept connections")) break;
      process.stdout.resume();
      const sync = (password) =>
        inHandler(
          `
            const sync = (inputData) => call("creates.sync_now.operation.perform", { inputData })
              .then(({ results }) => results, (error) => ({ error: error.name + error.message + error.stack }));
            const failIfNotInStep = "false";
            return [
              await sync({}),
              await sync({ apply: "true", failIfNotInStep }),
              await sync({ failIfNotInStep }),
            ];
          `,
          { stateStoreUrl: `redis://:${password}@127.0.0.1:${port}/0` },
        );
      const [planned, applied, again] = await sync("canary-of-redis");
      assert.deepEqual([planned.done, planned.plannedOnly, planned.written], [true, true, {}], planned.error);
      assert.deepEqual([applied.done, applied.plannedOnly], [true, false], applied.error);
      assert.ok(sandbox.stats().chartmogul.writes > 0);
      assert.deepEqual([again.done, again.written], [true, {}], again.error);
      const [{ error }] = await sync("wrong-canary");
      assert.match(error, /store_failed|invalid_config/);
      assert.ok(!error.includes("canary"), error);
    } finally {
      process.kill();
      await once(process, "exit");
    }
  });
});

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
