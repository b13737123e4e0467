// Puts ghl-chartmogul, with its WebAssembly module, into dist: a node that n8n verifies has no dependencies.
// Run after `n8n-node build`, which compiles the rest.

import { cpSync, globSync } from "node:fs";
import { build } from "esbuild";

// What n8n shows of the nodes in its lists.
for (const file of globSync("nodes/*/*.node.json")) cpSync(file, `dist/${file}`);

await build({
  entryPoints: ["nodes/connector/connector.ts"],
  outfile: "dist/nodes/connector/connector.js",
  allowOverwrite: true,
  bundle: true,
  platform: "neutral",
  mainFields: ["main"],
  conditions: ["require"],
  format: "cjs",
  target: "es2022",
  minifyWhitespace: true,
  legalComments: "none",
  logLevel: "warning",
});
