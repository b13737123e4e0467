// A module that does not load is `module_unavailable`, with the cure for the host that it happened on:
// each host's cure is left out here, and then followed where that can be done.

import assert from "node:assert/strict";
import { cpSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import test from "node:test";
import vm from "node:vm";
import { imported, required, unavailable } from "../../package/unavailable.mjs";
import { forNode as bundlers } from "./bundlers.mjs";
import { createProject, packageFolder, requireTool, run, runtime, runWorker } from "./project.mjs";

const requireHere = createRequire(import.meta.url);

const node = (folder, file) => run(folder, process.execPath, file);

const programs = { "main.mjs": imported("ghl-chartmogul"), "main.cjs": required("ghl-chartmogul") };

/** A bundle, and nothing of what it was made from: as on the machine that it is meant for. */
async function deploy(name, bundler, file) {
  const folder = createProject(`bundle-${name.replaceAll(/\W+/g, "-")}`, programs);
  const copy = join(folder, "node_modules/ghl-chartmogul");
  cpSync(packageFolder, copy, { recursive: true });
  const bundle = await bundler(folder, file);
  rmSync(copy, { recursive: true });
  return { folder, bundle };
}

for (const [name, bundler, file] of [
  ["esbuild as a module", bundlers.esbuild("esm", "mjs"), "main.mjs"],
  ["esbuild as a script, by import", bundlers.esbuild("cjs", "cjs"), "main.mjs"],
  ["esbuild as a script, by require", bundlers.esbuild("cjs", "cjs"), "main.cjs"],
  ["rollup as a module", bundlers.rollup("es", "mjs"), "main.mjs"],
  ["rollup as a script, by import", bundlers.rollup("cjs", "cjs"), "main.mjs"],
  ["rollup as a script, by require", bundlers.rollup("cjs", "cjs"), "main.cjs"],
  ["webpack, by require", bundlers.webpack(), "main.cjs"],
]) {
  test(`a bundle of ${name} says where it misses connector.wasm, and finds it there`, async () => {
    const { folder, bundle } = await deploy(name, bundler, file);
    unavailable(
      await node(folder, bundle),
      /out\/connector\.wasm: no such file/,
      /copy connector\.wasm .*inline/,
    );
    cpSync(join(packageFolder, "connector.wasm"), join(folder, "out/connector.wasm"));
    assert.deepEqual(JSON.parse(await node(folder, bundle)), { works: true });
  });
}

test("a bundle of webpack, by import, takes connector.wasm along as an asset", async () => {
  const folder = createProject("bundle-webpack-import", programs);
  const bundle = await bundlers.webpack()(folder, "main.mjs");
  assert.deepEqual(JSON.parse(await node(folder, bundle)), { works: true });
});

test("a bundle of the inline entry needs no file", async () => {
  for (const [file, text] of [
    ["inline.mjs", imported("ghl-chartmogul/inline")],
    ["inline.cjs", required("ghl-chartmogul/inline")],
  ]) {
    const folder = createProject(`bundle-${file}`, { [file]: text });
    const bundle = await bundlers.esbuild("cjs", "cjs")(folder, file);
    assert.deepEqual(JSON.parse(await node(folder, bundle)), { works: true });
  }
});

const bun = runtime("@oven/bun-linux-x64/bin/bun");
for (const file of ["main.mjs", "main.cjs"]) {
  test(`bun build of ${file} says where it misses connector.wasm, and finds it there`, {
    skip: !bun && "not installed",
  }, async () => {
    const build = async (folder) => {
      await run(folder, bun, "build", file, "--target", "bun", "--outfile", "out/bundle.js");
      return "out/bundle.js";
    };
    const { folder, bundle } = await deploy(`bun-${file}`, build, file);
    unavailable(
      await run(folder, bun, bundle),
      /out\/connector\.wasm: no such file/,
      /bun build: --external/,
    );
    cpSync(join(packageFolder, "connector.wasm"), join(folder, "out/connector.wasm"));
    assert.deepEqual(JSON.parse(await run(folder, bun, bundle)), { works: true });
  });
}

test("what Node.js may not read is reported with the flag that allows it", async () => {
  const folder = createProject("module-permission", programs);
  const out = await bundlers.esbuild("esm", "mjs")(folder, "main.mjs");
  const permission = process.allowedNodeEnvironmentFlags.has("--permission")
    ? "--permission"
    : "--experimental-permission";
  const flags = [permission, `--allow-fs-read=${join(folder, out)}`, "--no-warnings"];
  unavailable(
    await run(folder, process.execPath, ...flags, join(folder, out)),
    /connector\.wasm/,
    /--allow-fs-read/,
  );
});

/** The inline entry as a script for a bare context. */
async function inlineScript(folder) {
  const outfile = join(folder, "bundle.js");
  await requireTool("esbuild").build({
    ...{ absWorkingDir: folder, entryPoints: ["code.mjs"], outfile, bundle: true },
    ...{ format: "iife", globalName: "it", target: "es2022", logLevel: "error" },
  });
  return readFileSync(outfile, "utf8");
}

const INLINE = {
  "code.mjs": `
    import { createConnector, ConnectorError } from "ghl-chartmogul/inline";
    export { createConnector, ConnectorError };
    export const call = () => createConnector({ ghl: { token: "pit-canary-1234" }, store: "memory",
      transport: () => ({ status: 200, body: '{"contact":{"id":"c"}}' }) }).ghl.contacts.get({ contactId: "c" });`,
};

for (const [name, globals, options, what, cure] of [
  ["nothing", {}, {}, /has no TextDecoder and no TextEncoder/, /Object\.assign\(globalThis, \{ TextDecoder/],
  ["no encoder", { TextDecoder }, {}, /has no TextEncoder$/, /node:util/],
  ["no WebAssembly", { WebAssembly: undefined, TextDecoder, TextEncoder }, {}, /no WebAssembly/, /--jitless/],
  [
    "no leave to compile",
    { TextDecoder, TextEncoder },
    { codeGeneration: { strings: true, wasm: false } },
    /compiled at deployment/,
    /codeGeneration\.wasm/,
  ],
]) {
  test(`the inline entry imports in a context with ${name}, and says at the first call what it needs`, async () => {
    const folder = createProject(`inline-${name.replaceAll(" ", "-")}`, INLINE);
    const context = vm.createContext({ ...globals }, options);
    vm.runInContext(await inlineScript(folder), context);
    const error = await vm.runInContext("it.call().catch((error) => error)", context);
    unavailable({ code: error.code, message: error.message, hint: error.hint }, what, cure);
    assert.equal(vm.runInContext("it.createConnector({}).endpoints.length > 100", context), true);
    if (name !== "nothing") return;
    // The cure, followed.
    Object.assign(context, { TextDecoder, TextEncoder, setTimeout, clearTimeout });
    assert.equal((await vm.runInContext("it.call()", context)).id, "c");
  });
}

test("the inline entry runs in jest with jsdom, once it has what jsdom leaves out", async () => {
  const body = (check) => `
    const { createConnector } = require("ghl-chartmogul/inline");
    test("the first call", async () => {
      const connector = createConnector({ ghl: { token: "pit-canary-1234" }, store: "memory",
        transport: () => ({ status: 200, body: '{"contact":{"id":"c"}}' }) });
      const found = await connector.ghl.contacts.get({ contactId: "c" }).catch((error) => error);
      ${check}
    });`;
  const folder = createProject("jest", {
    "package.json": "{}",
    "without.test.js": body(`
      expect(found.code).toBe("module_unavailable");
      expect(found.hint).toMatch(/testEnvironment to "node"/);`),
    "with.test.js": `
      Object.assign(globalThis, (({ TextDecoder, TextEncoder }) => ({ TextDecoder, TextEncoder }))(require("node:util")));
      ${body('expect(found.id).toBe("c");')}`,
    "node.test.js": `/** @jest-environment node */${body('expect(found.id).toBe("c");')}`,
    "jest.config.js": `module.exports = { testEnvironment: ${JSON.stringify(requireHere.resolve("jest-environment-jsdom"))}, transform: {} };`,
  });
  await run(
    folder,
    process.execPath,
    join(requireHere.resolve("jest/package.json"), "../bin/jest.js"),
    "--ci",
  );
});

const workerd = runtime("@cloudflare/workerd-linux-64/bin/workerd");
test("in a Worker, what must be compiled there is reported with the condition to bundle with", {
  skip: !workerd && "not installed",
}, async (context) => {
  const worker = (entry) => `
    import { createConnector } from "${entry}";
    export default { async fetch() {
      const connector = createConnector({ ghl: { token: "pit-canary-1234" }, store: "memory",
        transport: () => ({ status: 200, body: '{"contact":{"id":"c"}}' }) });
      const found = await connector.ghl.contacts.get({ contactId: "c" }).catch((error) => error);
      return Response.json({ code: found.code, message: found.message, hint: found.hint, id: found.id });
    } };`;
  for (const [name, entry, conditions, what, cure] of [
    ["inline", "ghl-chartmogul/inline", [], /compiled at deployment/, /condition workerd/],
    ["no condition", "ghl-chartmogul", [], /compiled at deployment/, /condition workerd/],
  ]) {
    const folder = createProject(`workerd-${name.replaceAll(" ", "-")}`, { "worker.mjs": worker(entry) });
    const outfile = join(folder, "bundle.mjs");
    await requireTool("esbuild").build({
      ...{ absWorkingDir: folder, entryPoints: ["worker.mjs"], outfile, bundle: true, format: "esm" },
      ...{
        platform: "neutral",
        conditions: ["import", ...conditions],
        external: ["*.wasm"],
        logLevel: "error",
      },
    });
    unavailable(await runWorker(context, workerd, folder), what, cure);
  }
});
