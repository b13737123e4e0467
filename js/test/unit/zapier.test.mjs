// The definition of the Zapier app is valid by Zapier's own schema and constraints, whatever the table of
// operations holds. tests/platforms/zapier runs it.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const require = createRequire(import.meta.url);
const { validateAppDefinition } = require("zapier-platform-schema");
const { version: schemaVersion } = require("zapier-platform-schema/package.json");
const manifest = JSON.parse(readFileSync(join(root, "zapier/package.json"), "utf8"));

/** The app on the sources of this package; Zapier's core and the module stay out. */
async function loadApp() {
  const folder = mkdtempSync(join(root, "node_modules/.unit-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const outfile = join(folder, "app.cjs");
  const sources = {
    "ghl-chartmogul/operations": `export * from "./src/entries/operations.ts";`,
    "ghl-chartmogul/inline": "export const createConnector = undefined;",
    "ghl-chartmogul/stores": "export const openStore = undefined;",
    "zapier-platform-core": `export const version = "${manifest.dependencies["zapier-platform-core"]}";`,
  };
  await build({
    entryPoints: [join(root, "zapier/index.js")],
    outfile,
    bundle: true,
    format: "cjs",
    platform: "node",
    logLevel: "warning",
    plugins: [
      {
        name: "sources",
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^(ghl-chartmogul\/|zapier-platform-core)/ }, ({ path }) => ({
            path,
            namespace: "sources",
          }));
          onLoad({ filter: /.*/, namespace: "sources" }, ({ path }) => ({
            contents: sources[path],
            resolveDir: root,
          }));
        },
      },
    ],
  });
  return require(outfile);
}

/** The definition as it is pushed: functions as the text that stands for them. */
function serialized(value) {
  if (typeof value === "function") return `$func$${value.length}$f$`;
  if (Array.isArray(value)) return value.map(serialized);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, serialized(part)]));
}

const app = await loadApp();

describe("the Zapier app's definition", () => {
  test("is valid by the schema and constraints of the version that it names", () => {
    assert.equal(schemaVersion, app.platformVersion);
    const { errors } = validateAppDefinition(serialized(app));
    assert.deepEqual(
      errors.map(({ property, message }) => `${property}: ${message}`),
      [],
    );
  });

  test("is refused by them where it is wrong, so that this test can fail", () => {
    const { version, platformVersion, creates } = serialized(app);
    const create = structuredClone(creates.ghl_contacts_create);
    create.display.label = "x";
    create.operation.inputFields.push(create.operation.inputFields[0]);
    const wrong = { version, platformVersion, creates: { other: create } };
    const messages = validateAppDefinition(wrong).errors.map(({ message }) => message);
    assert.match(messages.join("; "), /minimum length.*matching top-level key.*must be unique/s);
  });

  test("pins exact versions, as Zapier's command line asks", () => {
    for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }))
      assert.match(version, /^\d+\.\d+\.\d+$/, name);
  });

  test("says which triggers miss a record's return to an earlier state, and only of those", () => {
    const says = ({ display }) =>
      /does not trigger when a record returns to a state/.test(display.description);
    const { updatedCustomer, newCustomer, ghl_contacts_get, updatedContact, mrrChanged } = app.triggers;
    assert.deepEqual([updatedCustomer, ghl_contacts_get].map(says), [true, true]);
    assert.deepEqual([newCustomer, updatedContact, mrrChanged].map(says), [false, false, false]);
  });

  test("has texts that Zapier takes, and no two fields of one key", () => {
    for (const group of ["triggers", "creates", "searches"])
      for (const { key, display, operation } of Object.values(app[group])) {
        assert.match(display.label, /^[A-Z].{1,63}$/s, key);
        assert.match(display.description, /^[A-Z][\s\S]*[.!?]$/, key);
        const keys = operation.inputFields.flatMap((field) =>
          (field.children ?? [field]).map((one) => one.key),
        );
        assert.equal(new Set(keys).size, keys.length, key);
        assert.ok(Object.keys(operation.sample).length > 0, `${key} has a sample`);
      }
  });
});
