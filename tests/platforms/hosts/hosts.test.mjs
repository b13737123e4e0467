// The journey in hosts that are not Node: Deno, Bun, workerd, and contexts with next to no globals.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import vm from "node:vm";
import { requireTool, run, runtime, runWorker } from "./project.mjs";
import { commonjs, esm, judge, world } from "./world.mjs";

const files = {
  "main.mjs": esm("ghl-chartmogul"),
  "main.cjs": commonjs("ghl-chartmogul"),
  "inline.mjs": esm("ghl-chartmogul/inline"),
  "inline.cjs": commonjs("ghl-chartmogul/inline"),
};

const deno = runtime("@deno/linux-x64-glibc/deno");
for (const file of ["main.mjs", "inline.mjs", "main.cjs"]) {
  test(`Deno runs ${file}`, { skip: !deno && "not installed" }, async (context) => {
    const { sandbox, folder } = await world(context, `deno ${file}`, files);
    const permissions = ["--allow-read", "--allow-env", "--allow-net=127.0.0.1", "--no-prompt"];
    judge(sandbox, await run(folder, deno, "run", ...permissions, "--node-modules-dir=manual", file));
  });
}

const bun = runtime("@oven/bun-linux-x64/bin/bun");
for (const file of Object.keys(files)) {
  test(`Bun runs ${file}`, { skip: !bun && "not installed" }, async (context) => {
    const { sandbox, folder } = await world(context, `bun ${file}`, files);
    judge(sandbox, await run(folder, bun, file));
  });
}

const workerd = runtime("@cloudflare/workerd-linux-64/bin/workerd");
test("workerd runs a bundled worker", { skip: !workerd && "not installed" }, async (context) => {
  const { sandbox, folder } = await world(context, "workerd", {
    "worker.mjs": `
      import * as connector from "ghl-chartmogul";
      import { journey } from "./journey.mjs";
      import { given } from "./given.mjs";
      export default {
        fetch: () => journey(connector, given).then(
          (seen) => Response.json(seen),
          (error) => Response.json({ failed: String(error.stack) }),
        ),
      };`,
  });
  await bundle(folder, "worker.mjs", { conditions: ["workerd"], external: ["*.wasm"], format: "esm" });
  judge(sandbox, await runWorker(context, workerd, folder));
});

/** The inline entry as a script that leaves the journey in `result`. */
async function script(folder) {
  return bundle(folder, "code.mjs", { format: "iife", target: "es2022" });
}

const code = {
  "code.mjs": `
    import { ConnectorError, createConnector } from "ghl-chartmogul/inline";
    import { journey } from "./journey.mjs";
    import { given } from "./given.mjs";
    globalThis.start = (host) => journey({ ConnectorError, createConnector }, given, host);`,
};

/** What such hosts have in place of `fetch`: a function of the platform that sends plain requests. */
async function transport({ method, url, headers, body }) {
  const response = await fetch(url, { method, headers, body });
  return { status: response.status, headers: [...response.headers], body: await response.text() };
}

for (const [name, makeContext] of [
  ["a bare context", bareContext],
  ["n8n's globals, frozen built-ins and no fetch", n8nContext],
]) {
  test(`a bundle of the inline entry runs with ${name}`, async (context) => {
    const { sandbox, folder } = await world(context, `context ${name}`, code);
    const inside = makeContext();
    vm.runInContext(await script(folder), inside);
    const start = vm.runInContext("start", inside);
    judge(sandbox, JSON.stringify(await start({ transport, AbortController })));
  });
}

/** No global but those of the language, and what the module cannot do without. */
function bareContext() {
  const { TextDecoder, TextEncoder, setTimeout, clearTimeout } = globalThis;
  return vm.createContext({ TextDecoder, TextEncoder, setTimeout, clearTimeout });
}

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
    ...{ absWorkingDir: folder, entryPoints: [entry], bundle: true, outfile: output },
    ...{ platform: "neutral", logLevel: "warning" },
    ...options,
  });
  return readFileSync(output, "utf8");
}
