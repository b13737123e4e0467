// What the tarball holds, and what it must not.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { packageFolder, requireTool, tarball } from "./project.mjs";

const manifest = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8"));
const files = readdirSync(packageFolder, { recursive: true }).filter(
  (file) => !file.startsWith("node_modules") && statSync(join(packageFolder, file)).isFile(),
);
const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Every file path in a value of package.json. */
function paths(value) {
  if (typeof value === "string") return value.startsWith("./") ? [value] : [];
  return typeof value === "object" ? Object.values(value).flatMap(paths) : [];
}

test("the version is the crate's", () => {
  const cargo = readFileSync(join(repository, "Cargo.toml"), "utf8");
  assert.equal(manifest.version, /^version = "(.+)"$/m.exec(cargo)[1]);
});

test("every file that package.json names is there", () => {
  const named = paths(manifest);
  assert.ok(named.length > 10);
  for (const path of named) assert.ok(existsSync(join(packageFolder, path)), path);
});

test("nothing runs at installation, and nothing native is compiled", () => {
  for (const script of ["preinstall", "install", "postinstall", "prepare"]) {
    assert.equal(manifest.scripts?.[script], undefined);
  }
  const binaries = readdirSync(join(packageFolder, ".."), { recursive: true }).filter(
    (file) => file.endsWith(".node") || file.endsWith("binding.gyp"),
  );
  assert.deepEqual(binaries, []);
});

test("it holds the licences and the readme, and one copy of each module", () => {
  for (const file of ["LICENSE-MIT", "LICENSE-APACHE", "NOTICE", "README.md"])
    assert.ok(files.includes(file), file);
  const modules = files.filter((file) => file.endsWith(".wasm")).sort();
  assert.deepEqual(modules, ["connector.wasm", "sandbox.wasm"]);
});

test("no file names the machine that built it", () => {
  for (const file of files) {
    const text = readFileSync(join(packageFolder, file), "latin1");
    for (const path of [homedir(), repository]) {
      if (path.length > 1) assert.ok(!text.includes(`${path}/`), `${file} holds ${path}`);
    }
  }
});

/** The field `browser` repeats what `exports` says: for Parcel, which reads no `exports` unless it is told to. */
const REPEATED = "USE_EXPORTS_OR_IMPORTS_BROWSER";

test("publint finds nothing", async () => {
  const { publint } = await import(requireTool.resolve("publint"));
  const { messages } = await publint({ pkgDir: packageFolder, pack: false });
  assert.deepEqual(
    messages.filter(({ code }) => code !== REPEATED),
    [],
  );
});

test("the types resolve in every way of importing", async () => {
  const core = await import(requireTool.resolve("@arethetypeswrong/core"));
  const { problems } = await core.checkPackage(core.createPackageFromTarballData(readFileSync(tarball)));
  // Modules have no types, and TypeScript's oldest resolution knows no entry but the main one.
  const relevant = problems.filter(
    ({ entrypoint, resolutionKind }) => !/\.(wasm|js)$/.test(entrypoint ?? "") && resolutionKind !== "node10",
  );
  assert.deepEqual(relevant, []);
});

test("the command line's file can be executed", () => {
  const [program] = Object.values(manifest.bin);
  const version = execFileSync(process.execPath, [join(packageFolder, program), "--version"]);
  assert.equal(version.toString().trim(), manifest.version);
});
