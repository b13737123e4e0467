// The journey in each Node, as ES modules and as CommonJS, by each main entry; and every entry imported and
// required there.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { createProject, nodes, packageFolder, run } from "./project.mjs";
import { commonjs, esm, judge, world } from "./world.mjs";

const slim = `
  import { readFileSync } from "node:fs";
  import { createConnector, ConnectorError } from "ghl-chartmogul/slim";
  import { journey } from "./journey.mjs";
  import { given } from "./given.mjs";
  const module = readFileSync("../node_modules/ghl-chartmogul/connector.wasm");
  const create = (options) => createConnector({ ...options, module });
  console.log(JSON.stringify(await journey({ createConnector: create, ConnectorError }, given)));`;

const programs = {
  "main.mjs": esm("ghl-chartmogul"),
  "main.cjs": commonjs("ghl-chartmogul"),
  "inline.mjs": esm("ghl-chartmogul/inline"),
  "inline.cjs": commonjs("ghl-chartmogul/inline"),
  "slim.mjs": slim,
};

const stores = {
  "store.mjs": `
    import * as connector from "ghl-chartmogul";
    import { defaultStore } from "./scenario.mjs";
    console.log(await defaultStore(connector));`,
  "store.cjs": `
    const connector = require("ghl-chartmogul");
    import("./scenario.mjs").then(({ defaultStore }) => defaultStore(connector)).then(console.log);`,
};

const { exports } = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8"));
const entries = Object.keys(exports).map((entry) => `ghl-chartmogul${entry.slice(1)}`);
const isCode = (entry) => !/\.(wasm|json)$/.test(entry);
/** A text for n8n's Code node: it sets a variable, and exports nothing. */
const isPasted = (entry) => entry.endsWith("/n8n-code.js");

/** Prints what each entry exports; of a module of WebAssembly its first bytes. */
const everyEntry = {
  "entries.mjs": `
    import { readFileSync } from "node:fs";
    const found = {};
    for (const entry of ${JSON.stringify(entries.filter(isCode))}) found[entry] = Object.keys(await import(entry)).sort();
    for (const entry of ${JSON.stringify(entries.filter((entry) => entry.endsWith(".json")))})
      found[entry] = typeof (await import(entry, { with: { type: "json" } })).default;
    for (const entry of ${JSON.stringify(entries.filter((entry) => entry.endsWith(".wasm")))})
      found[entry] = readFileSync(new URL(import.meta.resolve(entry))).toString("latin1", 1, 4);
    console.log(JSON.stringify(found));`,
  "entries.cjs": `
    const { readFileSync } = require("node:fs");
    const found = {};
    for (const entry of ${JSON.stringify(entries.filter(isCode))}) found[entry] = Object.keys(require(entry)).sort();
    for (const entry of ${JSON.stringify(entries.filter((entry) => entry.endsWith(".json")))})
      found[entry] = typeof require(entry);
    for (const entry of ${JSON.stringify(entries.filter((entry) => entry.endsWith(".wasm")))})
      found[entry] = readFileSync(require.resolve(entry)).toString("latin1", 1, 4);
    console.log(JSON.stringify(found));`,
};

for (const [name, program] of nodes) {
  const options = { skip: !program && "not installed" };
  describe(name, { concurrency: 2, ...options }, () => {
    for (const file of Object.keys(programs)) {
      test(`${name} goes the whole way with ${file}`, async (context) => {
        const { sandbox, folder } = await world(context, `${name} ${file}`, programs);
        judge(sandbox, await run(folder, program, file));
      });
    }
    for (const file of Object.keys(stores)) {
      test(`${name} keeps the state in a SQLite file by default: ${file}`, async () => {
        const folder = createProject(`${name} ${file}`.replaceAll(/\W+/g, "-"), stores);
        assert.equal(await run(folder, program, file), "object");
        assert.ok(existsSync(join(folder, "ghl-chartmogul.db")));
      });
    }
    test(`${name} imports and requires every entry, with the same exports`, async () => {
      const folder = createProject(`${name} entries`.replaceAll(/\W+/g, "-"), everyEntry);
      const [imported, required] = await Promise.all(
        Object.keys(everyEntry).map(async (file) => JSON.parse(await run(folder, program, file))),
      );
      assert.deepEqual(Object.keys(imported).toSorted(), entries.toSorted());
      for (const entry of entries.filter(isCode))
        assert.equal(imported[entry].length === 0, isPasted(entry), entry);
      for (const entry of entries.filter((entry) => entry.endsWith(".wasm")))
        assert.equal(imported[entry], "asm");
      assert.deepEqual(required, imported);
    });
  });
}
