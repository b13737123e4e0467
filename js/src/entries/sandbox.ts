// The entry `ghl-chartmogul/sandbox`: both services in memory, in this process or over HTTP, for Node.

import { Sandbox as GlueSandbox, initSync } from "glue:sandbox";
import { readFileSync } from "node:fs";
import type { SandboxOptions } from "../sandbox/options.js";
import { Sandbox } from "../sandbox/sandbox.js";

export type { Fault, FaultRule } from "../sandbox/faults.js";
export type { SandboxCredentials, SandboxOptions } from "../sandbox/options.js";
export type {
  Sandbox,
  SandboxRequest,
  SandboxResponse,
  SandboxStats,
  ServiceStats,
} from "../sandbox/sandbox.js";
export type { SandboxAddress, SandboxServer, ServeOptions } from "../sandbox/server.js";

/** Makes a sandbox with its own seeded records. */
export function createSandbox(options: SandboxOptions = {}): Sandbox {
  initSync({ module: readFileSync(new URL(`${PACKAGE_ROOT}sandbox.wasm`, import.meta.url)) });
  return new Sandbox(new GlueSandbox(JSON.stringify({ nowMs: Date.now(), ...options })));
}
