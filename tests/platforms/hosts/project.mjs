// Projects as those of the package's own tests, and the programs of other hosts.

import { spawn } from "node:child_process";
import { cpSync, existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { packageFolder } from "../../package/project.mjs";

export { createProject, packageFolder, requireTool, run, tarball } from "../../package/project.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const { NODE_20, NODE_22, NODE_24 } = process.env;

/** Each Node with its program: undefined where it is not installed, and this one of a major that is. */
export const nodes = [
  ["Node 20", NODE_20],
  ["Node 22", NODE_22],
  ["Node 24", NODE_24],
].map(([name, program]) => [name, program ?? (isThis(name) ? process.execPath : undefined)]);

function isThis(name) {
  return process.version.startsWith(`v${name.slice("Node ".length)}.`);
}

/** The executable of a runtime that package.json lists, or undefined where it is not installed. */
export function runtime(path) {
  const executable = join(here, "node_modules", path);
  return existsSync(executable) ? executable : undefined;
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
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["public", "private", "local"]))
  ],
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
