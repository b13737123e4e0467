// The journey under test runners, which load modules in ways of their own: jest with Node and with jsdom,
// and vitest.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import test from "node:test";
import { requireTool, run } from "./project.mjs";
import { judge, world } from "./world.mjs";

const requireHere = createRequire(import.meta.url);
const programOf = (name, path) => join(dirname(requireHere.resolve(`${name}/package.json`)), path);

/** Writes down what the journey saw. */
const written = (entry) => `
  const { writeFileSync } = require("node:fs");
  const connector = require("${entry}");
  const { journey, given } = require("./scripts.cjs");
  test("the journey", async () => {
    writeFileSync("seen.json", JSON.stringify(await journey(connector, given)));
  }, 60_000);`;

/** What jsdom leaves out, taken from Node: a test that calls over the network needs it. */
const GIVEN_BACK = [
  "TextDecoder",
  "TextEncoder",
  "fetch",
  "Request",
  "Response",
  "Headers",
  "AbortController",
];

/** jest's environment jsdom, with that. */
const environment = `
  const { TestEnvironment } = require(${JSON.stringify(requireHere.resolve("jest-environment-jsdom"))});
  module.exports = class extends TestEnvironment {
    async setup() {
      await super.setup();
      for (const name of ${JSON.stringify(GIVEN_BACK)}) this.global[name] = globalThis[name];
    }
  };`;

for (const [kind, testEnvironment, entry] of [
  ["Node", "node", "ghl-chartmogul"],
  ["Node", "node", "ghl-chartmogul/inline"],
  ["jsdom", "./environment.js", "ghl-chartmogul"],
  ["jsdom", "./environment.js", "ghl-chartmogul/inline"],
]) {
  test(`jest with ${kind} and ${entry}`, async (context) => {
    const { sandbox, folder } = await world(context, `jest ${kind} ${entry}`, {
      "package.json": "{}",
      "environment.js": environment,
      "jest.config.js": `module.exports = ${JSON.stringify({ testEnvironment, transform: {} })};`,
      "journey.test.js": written(entry),
      "scripts.mjs": `export { journey } from "./journey.mjs"; export { given } from "./given.mjs";`,
    });
    // jest reads scripts.
    await requireTool("esbuild").build({
      ...{ absWorkingDir: folder, entryPoints: ["scripts.mjs"], outfile: "scripts.cjs" },
      ...{ bundle: true, format: "cjs", logLevel: "error" },
    });
    await run(folder, process.execPath, programOf("jest", "bin/jest.js"), "--ci").catch((error) => {
      throw new Error(error.stderr);
    });
    judge(sandbox, readFileSync(join(folder, "seen.json"), "utf8"));
  });
}

for (const entry of ["ghl-chartmogul", "ghl-chartmogul/inline"]) {
  test(`vitest with ${entry}`, async (context) => {
    const { sandbox, folder } = await world(context, `vitest ${entry}`, {
      "package.json": "{}",
      "journey.test.mjs": `
        import { writeFileSync } from "node:fs";
        import * as connector from "${entry}";
        import { test } from "vitest";
        import { journey } from "./journey.mjs";
        import { given } from "./given.mjs";
        test("the journey", async () => {
          writeFileSync("seen.json", JSON.stringify(await journey(connector, given)));
        }, 60_000);`,
      "vitest.config.mjs": `
        export default { resolve: { alias: { vitest: ${JSON.stringify(dirname(requireHere.resolve("vitest/package.json")))} } } };`,
    });
    await run(folder, process.execPath, programOf("vitest", "vitest.mjs"), "run").catch((error) => {
      throw new Error(`${error.stdout}\n${error.stderr}`);
    });
    judge(sandbox, readFileSync(join(folder, "seen.json"), "utf8"));
  });
}
