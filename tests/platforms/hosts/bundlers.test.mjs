// The journey out of each bundler: for browsers in Chromium, for Node on the bundle alone.

import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { forBrowsers, forNode, modulesIn } from "./bundlers.mjs";
import { reporting, servePages } from "./pages.mjs";
import { packageFolder, run } from "./project.mjs";
import { commonjs, esm, judge, world } from "./world.mjs";

const skip = !process.env.CHROMIUM && "Chromium is not installed";
const { open } = skip ? {} : await import("../../browser/chromium.mjs");

describe("for browsers", { skip, concurrency: 2 }, () => {
  for (const [name, { assets, bundle }] of Object.entries(forBrowsers)) {
    test(`${name} ${assets ? "takes connector.wasm along" : "leaves connector.wasm to be copied"}`, async (context) => {
      const files = { "main.mjs": reporting("ghl-chartmogul") };
      const { sandbox, folder } = await world(context, `browser ${name}`, files);
      await bundle(folder);
      assert.equal(modulesIn(folder).length, assets ? 1 : 0);
      if (!assets) cpSync(join(packageFolder, "connector.wasm"), join(folder, "out/connector.wasm"));
      const { origin, result } = await servePages(context, join(folder, "out"));
      open(context, `${origin}/page.html`);
      judge(sandbox, await result);
    });

    test(`${name} needs no file for the inline entry`, async (context) => {
      const files = { "main.mjs": reporting("ghl-chartmogul/inline") };
      const { sandbox, folder } = await world(context, `browser ${name} inline`, files);
      await bundle(folder);
      assert.deepEqual(modulesIn(folder), []);
      const { origin, result } = await servePages(context, join(folder, "out"));
      open(context, `${origin}/page.html`);
      judge(sandbox, await result);
    });
  }
});

const programs = {
  "main.mjs": esm("ghl-chartmogul"),
  "main.cjs": commonjs("ghl-chartmogul"),
  "inline.mjs": esm("ghl-chartmogul/inline"),
  "inline.cjs": commonjs("ghl-chartmogul/inline"),
};

describe("for Node", { concurrency: 2 }, () => {
  for (const [name, bundler, file] of [
    ["esbuild, as a module", forNode.esbuild("esm", "mjs"), "main.mjs"],
    ["esbuild, as a module", forNode.esbuild("esm", "mjs"), "inline.mjs"],
    ["esbuild, as a script", forNode.esbuild("cjs", "cjs"), "main.cjs"],
    ["esbuild, as a script", forNode.esbuild("cjs", "cjs"), "inline.cjs"],
    ["Rollup, as a module", forNode.rollup("es", "mjs"), "main.mjs"],
    ["Rollup, as a module", forNode.rollup("es", "mjs"), "inline.mjs"],
    ["Rollup, as a script", forNode.rollup("cjs", "cjs"), "main.cjs"],
    ["webpack", forNode.webpack(), "main.mjs"],
    ["webpack", forNode.webpack(), "main.cjs"],
    ["webpack", forNode.webpack(), "inline.cjs"],
    ["Rspack", forNode.rspack(), "main.mjs"],
    ["Rspack", forNode.rspack(), "main.cjs"],
    ["Rspack", forNode.rspack(), "inline.cjs"],
  ]) {
    test(`${name}, of ${file}`, async (context) => {
      const { sandbox, folder } = await world(context, `node ${name} ${file}`, programs);
      const output = await bundler(folder, file);
      const isWhole = file.startsWith("inline") || modulesIn(folder).length > 0;
      if (!isWhole) cpSync(join(packageFolder, "connector.wasm"), join(folder, "out/connector.wasm"));
      judge(sandbox, await run(folder, process.execPath, output));
    });
  }
});
