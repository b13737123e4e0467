// The packed types under each minor version of TypeScript, from the lowest that the readme names to the
// newest: every entry, in every way of importing, declarations and all.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import test from "node:test";
import { compile, consumer, WAYS } from "../../package/consumer.mjs";
import { packageFolder } from "./project.mjs";

const requireHere = createRequire(import.meta.url);
const read = (...path) => JSON.parse(readFileSync(join(...path), "utf8"));
const { devDependencies } = read(import.meta.dirname, "package.json");
const { exports } = read(packageFolder, "package.json");

/** The compilers of package.json, by the version that each one's name says. */
const compilers = Object.keys(devDependencies).filter((name) => name.startsWith("typescript-"));

/** Each entry that has types, so that the declarations of all are read; a file has none. */
const everyEntry = Object.entries(exports)
  .filter(([, target]) => typeof target === "object")
  .map(
    ([entry], index) => `import type * as entry${index} from "ghl-chartmogul${entry.slice(1)}";
export type Names${index} = keyof typeof entry${index};`,
  );

test("there is a compiler of each minor version from 5.4 on", () => {
  const versions = compilers.map((name) => name.replace("typescript-", ""));
  assert.deepEqual(versions, ["5.4", "5.5", "5.6", "5.7", "5.8", "5.9", "6.0", "7.0"]);
});

for (const name of compilers) {
  test(`TypeScript ${name.replace("typescript-", "")}`, async (context) => {
    const manifest = requireHere.resolve(`${name}/package.json`);
    const { version } = read(manifest);
    assert.ok(version.startsWith(`${name.replace("typescript-", "")}.`), version);
    for (const [kind, file, module] of WAYS) {
      await context.test(`${kind} compiles strictly, declarations and all`, async () => {
        const text = [consumer, ...everyEntry].join("\n");
        await compile(file, text, { ...module, skipLibCheck: false }, name, join(manifest, "../bin/tsc"));
      });
    }
    await context.test("a mistake does not compile", async () => {
      const wrong = `${consumer}\ncreateConnector({ gohighlevel: {} });`;
      const compiled = compile(
        "wrong.mts",
        wrong,
        { module: "nodenext" },
        name,
        join(manifest, "../bin/tsc"),
      );
      await assert.rejects(compiled, /gohighlevel/);
    });
  });
}
