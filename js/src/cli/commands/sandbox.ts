// `ghl-chartmogul sandbox`: both services on one local port, until it is ended.

import { readFileSync, writeFileSync } from "node:fs";
import type { SandboxOptions } from "../../sandbox/options.js";
import type { Sandbox } from "../../sandbox/sandbox.js";
import type { SandboxAddress } from "../../sandbox/server.js";
import { ExitCode, UsageError } from "../exit-code.js";
import { Interrupted, untilInterrupted } from "../interrupt.js";
import { formatNumber } from "../table.js";
import type { Terminal } from "../terminal.js";

/** Flags of the command. */
export interface SandboxFlags extends SandboxOptions {
  port: number;
  /** A file with a list of faults. */
  faults?: string | undefined;
  /** Where to write the settings of a client. */
  save?: string | undefined;
}

/** Serves a sandbox until a signal ends it. */
export async function runSandbox(
  { port, faults, save, ...options }: SandboxFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  // Not loaded for the other commands.
  const { createSandbox } = await import("../../entries/sandbox.js");
  const sandbox = createSandbox(options);
  if (faults !== undefined) setFaults(sandbox, faults);
  const server = await sandbox.serve({ port });
  try {
    if (save !== undefined) saveVariables(save, variablesOf(server.address));
    await untilInterrupted((signal) => {
      // Not before a signal is listened for: who reads the address may end the command at once.
      if (terminal.json) terminal.printJson(server.address);
      else for (const line of welcome(server.address, options, save)) terminal.print(line);
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    });
  } catch (reason) {
    if (!(reason instanceof Interrupted)) throw reason;
  } finally {
    await server.close();
  }
  return ExitCode.Done;
}

/** Reads faults from a file, which must be a list of rules. */
function setFaults(sandbox: Sandbox, path: string): void {
  let rules: unknown;
  try {
    rules = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(
      code === undefined
        ? `--faults: ${path} is not JSON: ${message}`
        : `--faults: ${path} cannot be read (${code})`,
    );
  }
  if (!Array.isArray(rules)) throw new UsageError(`--faults: ${path} must hold a list`, FAULTS_EXAMPLE);
  try {
    sandbox.setFaults(rules);
  } catch (error) {
    throw new UsageError(`--faults: ${path}: ${(error as Error).message}`, FAULTS_EXAMPLE);
  }
}

const FAULTS_EXAMPLE =
  'For example: [{ "service": "ghl", "path": "/contacts/*", "times": 2, "fault": { "kind": "status", "status": 503 } }].';

/** What a client of this sandbox has in its environment. */
function variablesOf({ ghl, chartmogul }: SandboxAddress): [name: string, value: string][] {
  return [
    ["GHL_BASE_URL", ghl.baseUrl],
    ["GHL_TOKEN", ghl.token],
    ["GHL_LOCATION_ID", ghl.locationId],
    ["CHARTMOGUL_BASE_URL", chartmogul.baseUrl],
    ["CHARTMOGUL_API_KEY", chartmogul.apiKey],
  ];
}

function saveVariables(path: string, variables: readonly (readonly [string, string])[]): void {
  try {
    writeFileSync(path, variables.map(([name, value]) => `${name}=${value}\n`).join(""), { mode: 0o600 });
  } catch (error) {
    throw new UsageError(`--save: ${path} cannot be written (${(error as NodeJS.ErrnoException).code})`);
  }
}

function welcome(
  address: SandboxAddress,
  { contacts = 200 }: SandboxOptions,
  save: string | undefined,
): string[] {
  const variables = variablesOf(address);
  const posix = variables.map(([name, value]) => `  export ${name}=${value}`);
  const powerShell = variables.map(([name, value]) => `  $env:${name} = "${value}"`);
  const plan = save === undefined ? "" : ` --env-file ${save}`;
  return [
    `GoHighLevel with ${formatNumber(contacts)} contacts, and ChartMogul, in memory at ${address.ghl.baseUrl}`,
    "",
    ...(save === undefined
      ? ["In another terminal:", "", ...posix, "", "In PowerShell:", "", ...powerShell, ""]
      : [`The settings are in ${save}. In another terminal:`, ""]),
    `  npx ghl-chartmogul plan${plan}`,
    "",
    "Ctrl+C ends it and discards everything in it.",
  ];
}
