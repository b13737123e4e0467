// The installed package's command line, and a sandbox that it serves.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const installed = process.env.PACKAGE_DIR;
if (!installed) throw new Error("run this through `cargo xtask test e2e`");

/** Loads the installed package, as a program in its project does. */
export const requirePackage = createRequire(join(installed, "package.json"));

const command = join(installed, "node_modules/ghl-chartmogul/cli.js");
const started = [];
const folders = [];
process.on("exit", () => {
  for (const child of started) child.kill();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/**
 * V8 with the first of its two compilers for WebAssembly. Compiling hot functions again takes more of a
 * second than a short command itself; other suites run the module with both.
 */
const QUICK = ["--liftoff-only"];

/** Starts the command line; `env` is all that it sees of the environment. */
export function start(args, { cwd = installed, env = {}, stdio = ["ignore", "pipe", "pipe"] } = {}) {
  const child = spawn(process.execPath, [...QUICK, command, ...args], {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio,
  });
  started.push(child);
  return child;
}

/** Runs the command line to its end; gives its exit code and what it wrote. */
export async function run(args, options) {
  const child = start(args, options);
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const [code, signal] = await once(child, "close");
  return { code, signal, stdout, stderr };
}

/** Serves a sandbox; gives its address, an environment that points at it, and its end. */
export async function serveSandbox(...flags) {
  const child = start(["sandbox", "--json", "--port", "0", ...flags]);
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    errors += text;
  });
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([once(lines, "line"), once(child, "exit").then(() => undefined)]);
  if (first === undefined) throw new Error(`the sandbox did not start: ${errors}`);
  const address = JSON.parse(first[0]);
  return {
    address,
    child,
    env: {
      GHL_BASE_URL: address.ghl.baseUrl,
      GHL_TOKEN: address.ghl.token,
      GHL_LOCATION_ID: address.ghl.locationId,
      CHARTMOGUL_BASE_URL: address.chartmogul.baseUrl,
      CHARTMOGUL_API_KEY: address.chartmogul.apiKey,
    },
    async close() {
      child.kill();
      if (child.exitCode === null) await once(child, "exit");
    },
  };
}

/** An empty folder that goes when the process ends. */
export function createFolder() {
  const folder = mkdtempSync(join(tmpdir(), "ghl-chartmogul-e2e-"));
  folders.push(folder);
  return folder;
}
