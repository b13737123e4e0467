// The packed package in every host that can be started here: it loads, calls and fails as it should.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import vm from "node:vm";
import { createProject, nodes, requireTool, run, runtime, runWorker } from "./project.mjs";

const esm = (entry) => `
  import * as connector from "${entry}";
  import { scenario } from "./scenario.mjs";
  console.log(await scenario(connector));`;
const commonjs = (entry) => `
  const connector = require("${entry}");
  import("./scenario.mjs").then(({ scenario }) => scenario(connector)).then(console.log);`;
const slim = `
  import { readFileSync } from "node:fs";
  import { createConnector, ConnectorError } from "ghl-chartmogul/slim";
  import { scenario } from "./scenario.mjs";
  const module = readFileSync("../node_modules/ghl-chartmogul/connector.wasm");
  const create = (options) => createConnector({ ...options, module });
  console.log(await scenario({ createConnector: create, ConnectorError }));`;

const stores = {
  "store.mjs": `
    import * as connector from "ghl-chartmogul";
    import { defaultStore } from "./scenario.mjs";
    console.log(await defaultStore(connector));`,
  "store.cjs": `
    const connector = require("ghl-chartmogul");
    import("./scenario.mjs").then(({ defaultStore }) => defaultStore(connector)).then(console.log);`,
};

const files = {
  ...stores,
  "main.mjs": esm("ghl-chartmogul"),
  "main.cjs": commonjs("ghl-chartmogul"),
  "inline.mjs": esm("ghl-chartmogul/inline"),
  "inline.cjs": commonjs("ghl-chartmogul/inline"),
  "slim.mjs": slim,
};

for (const [name, program] of nodes) {
  for (const file of Object.keys(stores)) {
    test(`${name} keeps the state in a SQLite file by default: ${file}`, {
      skip: !program && "not installed",
    }, async () => {
      const folder = createProject(`${name} ${file}`.replaceAll(/\W/g, "-"), files);
      assert.equal(await run(folder, program, file), "object");
      assert.ok(existsSync(join(folder, "ghl-chartmogul.db")));
    });
  }
  for (const file of Object.keys(files).filter((file) => !(file in stores))) {
    test(`${name} runs ${file}`, { skip: !program && "not installed" }, async () => {
      const folder = createProject(`${name} ${file}`.replaceAll(/\W/g, "-"), files);
      assert.equal(await run(folder, program, file), "ok");
    });
  }
}

const deno = runtime("@deno/linux-x64-glibc/deno");
test("Deno runs main.mjs", { skip: !deno && "not installed" }, async () => {
  const folder = createProject("deno", files);
  const permissions = ["--allow-read", "--allow-env", "--no-prompt", "--node-modules-dir=manual"];
  assert.equal(await run(folder, deno, "run", ...permissions, "main.mjs"), "ok");
});

const bun = runtime("@oven/bun-linux-x64/bin/bun");
for (const file of ["main.mjs", "main.cjs"]) {
  test(`Bun runs ${file}`, { skip: !bun && "not installed" }, async () => {
    assert.equal(await run(createProject(`bun-${file}`, files), bun, file), "ok");
  });
}

const workerd = runtime("@cloudflare/workerd-linux-64/bin/workerd");
test("workerd runs a bundled worker", { skip: !workerd && "not installed" }, async (context) => {
  const folder = createProject("workerd", {
    "worker.mjs": `
      import * as connector from "ghl-chartmogul";
      import { scenario } from "./scenario.mjs";
      export default {
        fetch: () => scenario(connector).then((text) => new Response(text), (error) => new Response(error.stack)),
      };`,
  });
  await bundle(folder, "worker.mjs", { conditions: ["workerd"], external: ["*.wasm"], format: "esm" });
  assert.equal(await runWorker(context, workerd, folder), "ok");
});

test("a bundle of the inline entry runs with n8n's globals, frozen built-ins and no fetch", async () => {
  const folder = createProject("n8n", {
    "code.mjs": `
      import { ConnectorError, createConnector } from "ghl-chartmogul/inline";
      import { scenario } from "./scenario.mjs";
      globalThis.result = scenario({ ConnectorError, createConnector });`,
  });
  const code = await bundle(folder, "code.mjs", { format: "iife", target: "es2022" });
  assert.equal(await vm.runInContext(`${code}; result`, n8nContext()), "ok");
});

/** The context in which n8n's Code node runs: these globals, and defineProperty without effect. */
function n8nContext() {
  const { Buffer, atob, btoa, clearImmediate, clearInterval, clearTimeout } = globalThis;
  const { setImmediate, setInterval, setTimeout, TextDecoder, TextEncoder } = globalThis;
  const context = vm.createContext({
    ...{ Buffer, atob, btoa, clearImmediate, clearInterval, clearTimeout },
    ...{ setImmediate, setInterval, setTimeout, TextDecoder, TextEncoder },
  });
  vm.runInContext(
    `Object.getPrototypeOf = (value) => value;
     Object.setPrototypeOf = (value) => value;
     Object.defineProperty = (value) => value;
     Object.defineProperties = (value) => value;
     delete Error.captureStackTrace;
     for (const builtIn of [Object, Array, Function, Promise, Error, Map, Set, String, Number, Uint8Array]) {
       Object.freeze(builtIn);
       Object.freeze(builtIn.prototype);
     }`,
    context,
  );
  return context;
}

async function bundle(folder, entry, options) {
  const { build } = requireTool("esbuild");
  const output = join(folder, "bundle.mjs");
  await build({
    absWorkingDir: folder,
    entryPoints: [entry],
    bundle: true,
    outfile: output,
    platform: "neutral",
    logLevel: "warning",
    ...options,
  });
  return readFileSync(output, "utf8");
}
