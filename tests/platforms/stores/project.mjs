// The package under test, in a project of its own that has the clients of Redis and PostgreSQL beside it, as
// a program of a user has.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const { PACKAGE_DIR: installed } = process.env;
if (!installed) throw new Error("run this through `cargo xtask test platforms`");

const here = dirname(fileURLToPath(import.meta.url));
const given = join(installed, "node_modules");

/** A project with the package and these packages of the tests; removed when the process ends. */
export function createProject(packages = ["ioredis", "pg"]) {
  const project = mkdtempSync(join(tmpdir(), "ghl-chartmogul-stores-"));
  process.on("exit", () => rmSync(project, { recursive: true, force: true }));
  const modules = join(project, "node_modules");
  mkdirSync(modules);
  // Copied: a link would be followed, and the package would look for its peers beside the original.
  cpSync(join(given, "ghl-chartmogul"), join(modules, "ghl-chartmogul"), { recursive: true });
  for (const name of readdirSync(given))
    if (name !== "ghl-chartmogul" && !name.startsWith(".") && !packages.includes(name))
      symlinkSync(join(given, name), join(modules, name));
  for (const name of packages) symlinkSync(join(here, "node_modules", name), join(modules, name));
  return project;
}

export const project = createProject();
const packageFolder = join(project, "node_modules/ghl-chartmogul");
const manifest = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8"));

/** The URL of the ES module of an entry, for any process to import. */
export function entryUrl(entry, folder = packageFolder) {
  const { import: file } = manifest.exports[entry === "" ? "." : `./${entry}`];
  return pathToFileURL(join(folder, file)).href;
}

/** The file of an entry, for a bundler. */
export const entryFile = (entry) => fileURLToPath(entryUrl(entry));

/** Imports an entry of the package. */
export const importEntry = (entry) => import(entryUrl(entry));

/** The URL of a module of the tests' own packages, for another process to import. */
export const moduleUrl = (name) =>
  pathToFileURL(createRequire(join(here, "package.json")).resolve(name)).href;

/** Whether a program can be run; the path where it can. */
export function programPath(name, ...more) {
  for (const path of [...more, name]) {
    try {
      execFileSync(path, ["--version"], { stdio: "ignore" });
      return path;
    } catch {
      // The next place.
    }
  }
  return undefined;
}
