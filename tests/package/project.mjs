// Projects of one test each, inside the project where the packed package is installed.

import { execFile, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
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

/** The executable of a runtime that package.json lists, or undefined where it is not installed. */
export function runtime(path) {
  const executable = join(here, "node_modules", path);
  return existsSync(executable) ? executable : undefined;
}

/** Runs a program in a folder and gives its standard output, trimmed. */
export async function run(folder, program, ...options) {
  const { stdout } = await promisify(execFile)(program, options, { cwd: folder, timeout: 120_000 });
  return stdout.trim();
}

/** Serves `bundle.mjs` of a folder with workerd, connector.wasm beside it, and gives what it answers. */
export async function runWorker(context, workerd, folder) {
  cpSync(join(packageFolder, "connector.wasm"), join(folder, "connector.wasm"));
  const port = await freePort();
  createConfiguration(folder, port);
  const stdio = ["ignore", "ignore", "inherit"];
  const server = spawn(workerd, ["serve", "config.capnp"], { cwd: folder, stdio });
  context.after(() => server.kill());
  return fetchWhenReady(`http://127.0.0.1:${port}/`);
}

function createConfiguration(folder, port) {
  writeFileSync(
    join(folder, "config.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
const worker :Workerd.Worker = (
  modules = [
    (name = "bundle.mjs", esModule = embed "bundle.mjs"),
    (name = "connector.wasm", wasm = embed "connector.wasm")
  ],
  compatibilityDate = "2026-01-01"
);
`,
  );
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function fetchWhenReady(url) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await (await fetch(url)).text();
    } catch (error) {
      if (attempt === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
