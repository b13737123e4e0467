// Projects of one test each, inside the project where the packed package is installed.

import { execFile } from "node:child_process";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const installed = process.env.PACKAGE_DIR;
if (!installed) throw new Error("run this through `cargo xtask test package`");

/** The installed package. */
export const packageFolder = join(installed, "node_modules/ghl-chartmogul");

/** The packed package. */
export const tarball = process.env.PACKAGE_TARBALL;

/** Loads what the facade's own build uses: esbuild, TypeScript, checks of packages. */
export const requireTool = createRequire(join(here, "../../js/package.json"));

/** Makes a folder with these files and the scenario. */
export function createProject(name, files) {
  const folder = join(installed, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(here, "scenario.mjs"), join(folder, "scenario.mjs"));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  return folder;
}

/** Runs a program in a folder and gives its standard output, trimmed. */
export async function run(folder, program, ...options) {
  const { stdout } = await promisify(execFile)(program, options, { cwd: folder, timeout: 300_000 });
  return stdout.trim();
}
