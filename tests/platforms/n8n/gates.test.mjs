// n8n's gates on what would be published: the scan of the package and of its source, and the linter.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { analyzePackage, SOURCE_FILE_PATTERNS } from "@n8n/scan-community-package/scanner/scanner.mjs";
import { buildPackage, runTool, tool, unpackPackage } from "./packages.mjs";

/** Rules that a package of two services with a dependency cannot keep, each with its reason. */
const SYNC_CANNOT_KEEP = {
  "@n8n/community-nodes/no-restricted-imports": "it has a dependency: ghl-chartmogul, with its stores",
  "@n8n/community-nodes/no-runtime-dependencies": "it has a dependency: ghl-chartmogul, with its stores",
};

test("the GHL package passes n8n's scan, packed and as source", { timeout: 300_000 }, async () => {
  for (const [folder, patterns] of [[unpackPackage("ghl")], [buildPackage("ghl"), SOURCE_FILE_PATTERNS]]) {
    const { passed, details } = await analyzePackage(folder, patterns);
    assert.ok(passed, details);
  }
});

test("the GHL package passes n8n's linter in strict mode", { timeout: 300_000 }, () => {
  runTool(buildPackage("ghl"), tool("@n8n/node-cli/bin/n8n-node.mjs"), "lint");
});

test("the GHL package has no dependencies, and all that package.json names", () => {
  const folder = unpackPackage("ghl");
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  assert.equal(manifest.dependencies, undefined);
  assert.deepEqual(manifest.peerDependencies, { "n8n-workflow": "*" });
  const files = readdirSync(folder, { recursive: true });
  for (const file of [...manifest.n8n.nodes, ...manifest.n8n.credentials])
    assert.ok(files.includes(file), file);
  const connector = readFileSync(join(folder, "dist/nodes/connector/connector.js"));
  assert.ok(gzipSync(connector).length < 1_000_000);
});

test("the sync package breaks only the rules that two services and a dependency break", {
  timeout: 300_000,
}, async () => {
  for (const [folder, patterns] of [[unpackPackage("sync")], [buildPackage("sync"), SOURCE_FILE_PATTERNS]]) {
    const { details = "" } = await analyzePackage(folder, patterns);
    const rules = [...details.matchAll(/ error .*?(\S+\/\S+)\s*$/gm)].map(([, rule]) => rule);
    assert.deepEqual(
      rules.filter((rule) => !(rule in SYNC_CANNOT_KEEP)),
      [],
      details,
    );
  }
});
