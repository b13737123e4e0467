// The packed package in this Node, as ES modules and as CommonJS: it loads, calls and fails as it should.
// Other hosts are in tests/platforms/hosts.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { createProject, run } from "./project.mjs";

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

for (const file of Object.keys(stores)) {
  test(`it keeps the state in a SQLite file by default: ${file}`, async () => {
    const folder = createProject(`node-${file}`, files);
    assert.equal(await run(folder, process.execPath, file), "object");
    assert.ok(existsSync(join(folder, "ghl-chartmogul.db")));
  });
}
for (const file of Object.keys(files).filter((file) => !(file in stores))) {
  test(`it runs ${file}`, async () => {
    assert.equal(await run(createProject(`node-${file}`, files), process.execPath, file), "ok");
  });
}
