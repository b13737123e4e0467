// Builds a node package as its own repository would: with n8n's command, then its bundle; and packs it.

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const repository = resolve(here, "../../..");
const { PACKAGE_DIR: project } = process.env;
if (!project) throw new Error("run this through `cargo xtask test platforms`: PACKAGE_DIR is missing");

/** A folder for all builds of this process. */
export const builds = mkdtempSync(join(tmpdir(), "n8n-packages-"));
process.on("exit", () => rmSync(builds, { recursive: true, force: true }));
symlinkSync(join(here, "node_modules"), join(builds, "node_modules"));

/** Runs a program of Node under the Node that runs this test. */
export function runTool(folder, program, ...args) {
  const path = `${dirname(process.execPath)}:${process.env.PATH}`;
  return execFileSync(process.execPath, [program, ...args], {
    ...{ cwd: folder, encoding: "utf8", env: { ...process.env, PATH: path, CI: "true" } },
  });
}

export const tool = (name) => join(here, "node_modules", name);

const built = new Map();

/** The folder of a built package of `js/n8n`. */
export function buildPackage(name) {
  const known = built.get(name);
  if (known !== undefined) return known;
  const folder = join(builds, name);
  cpSync(join(repository, "js/n8n", name), folder, { recursive: true });
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(join(here, "node_modules/.bin"), join(folder, "node_modules/.bin"));
  symlinkSync(join(project, "node_modules/ghl-chartmogul"), join(folder, "node_modules/ghl-chartmogul"));
  runTool(folder, tool("@n8n/node-cli/bin/n8n-node.mjs"), "build");
  if (existsSync(join(folder, "bundle.mjs"))) runTool(folder, join(folder, "bundle.mjs"));
  built.set(name, folder);
  return folder;
}

/** The folder of what the packed package holds. */
export function unpackPackage(name) {
  const folder = buildPackage(name);
  const packed = execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", builds], {
    ...{ cwd: folder, encoding: "utf8" },
  });
  const target = mkdtempSync(join(builds, `${name}-`));
  const tarball = join(builds, packed.trim().split("\n").at(-1));
  execFileSync("tar", ["-xzf", tarball, "-C", target, "--strip-components=1"]);
  return target;
}
