// A module that does not load is `module_unavailable`, with the cure: missing, broken, of another version,
// and what a program brings itself. Bundlers and other hosts are in tests/platforms/hosts.

import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import test from "node:test";
import { createProject, packageFolder, run } from "./project.mjs";
import { imported, required, unavailable } from "./unavailable.mjs";

const node = (folder, file) => run(folder, process.execPath, file);

const programs = { "main.mjs": imported("ghl-chartmogul"), "main.cjs": required("ghl-chartmogul") };

/** The package without its module, with a broken one, or with one of another version. */
for (const [name, change, what, cure] of [
  ["missing", (file) => rmSync(file), /connector\.wasm: no such file/, /install the package again/],
  ["cut", (file) => writeFileSync(file, readFileSync(file).subarray(0, 1000)), /not a whole/, /unchanged/],
  ["a web page", (file) => writeFileSync(file, "<!doctype html>"), /not a whole/, /a page in its place/],
  [
    "another module",
    (file) => writeFileSync(file, foreignModule()),
    /another version/,
    /Copy connector\.wasm/,
  ],
]) {
  for (const file of ["main.mjs", "main.cjs"]) {
    test(`${file}: a module that is ${name} is reported`, async () => {
      const folder = createProject(`module-${name.replaceAll(" ", "-")}-${file}`, programs);
      mkdirSync(join(folder, "node_modules"));
      const copy = join(folder, "node_modules/ghl-chartmogul");
      cpSync(packageFolder, copy, { recursive: true });
      change(join(copy, "connector.wasm"));
      unavailable(await node(folder, file), what, cure);
    });
  }
}

/** A module that imports what nobody gives. */
function foreignModule() {
  // (module (import "a" "b" (func)))
  return Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 2, 7, 1, 1, 97, 1, 98, 0, 0]);
}

test("a missing sandbox.wasm is reported", async () => {
  const program = `
    import { createSandbox } from "ghl-chartmogul/sandbox";
    try { createSandbox(); } catch (error) {
      console.log(JSON.stringify({ code: error.code, message: error.message, hint: error.hint }));
    }`;
  const folder = createProject("module-sandbox", { "main.mjs": program });
  const copy = join(folder, "node_modules/ghl-chartmogul");
  cpSync(packageFolder, copy, { recursive: true });
  rmSync(join(copy, "sandbox.wasm"));
  unavailable(await node(folder, "main.mjs"), /sandbox\.wasm: no such file/, /copy sandbox\.wasm/);
});

test("a module that slim is given and that does not load is reported", async () => {
  const server = createServer((_, response) => response.writeHead(404).end("no"));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const slim = await import(join(packageFolder, "slim.js"));
  const connect = (module) =>
    slim.createConnector({
      ghl: { token: "pit-canary-1234" },
      module,
      store: "memory",
      transport: () => ({ status: 200 }),
    });
  const failing = (module) =>
    connect(module)
      .ghl.contacts.get({ contactId: "c" })
      .catch((error) => error);
  const url = new URL(`http://127.0.0.1:${server.address().port}/connector.wasm`);
  unavailable(await failing(url), /127\.0\.0\.1.*404/, /option module|must lead to connector\.wasm/);
  server.close();
  server.closeAllConnections();
  unavailable(await failing(String(url)), /connector\.wasm: fetch failed/, /must lead to connector\.wasm/);
  unavailable(await failing(new Uint8Array(9)), /not a whole/, /unchanged/);
  unavailable(await failing(() => Promise.reject(new Error("no storage"))), /no storage/, /must lead/);
  assert.throws(() => connect(undefined), {
    code: "invalid_config",
    message: "the option module is missing",
  });
  // What failed is tried again.
  const bytes = readFileSync(join(packageFolder, "connector.wasm"));
  let attempts = 0;
  const connector = connect(() => (attempts++ === 0 ? new Uint8Array(3) : bytes));
  unavailable(await connector.ghl.contacts.get({ contactId: "c" }).catch((e) => e), /not a whole/, /./);
  const error = await connector.ghl.contacts.get({}).catch((e) => e);
  assert.equal(error.code, "invalid_argument");
});
