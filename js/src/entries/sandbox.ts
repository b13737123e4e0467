// The entry `ghl-chartmogul/sandbox`: both services in memory, in this process or over HTTP, for Node.

import { Sandbox as GlueSandbox, initSync } from "glue:sandbox";
import { toConnectorError } from "../errors.js";
import { bundled, withModule } from "../module-unavailable.js";
import { moduleFile } from "../node/module-file.js";
import type { SandboxOptions } from "../sandbox/options.js";
import { Sandbox } from "../sandbox/sandbox.js";
import { serve } from "../sandbox/server.js";

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

const file = moduleFile("sandbox.wasm", () => new URL(`${PACKAGE_ROOT}sandbox.wasm`, import.meta.url));

const origin = { file: "sandbox.wasm", place: file.place, cure: bundled("sandbox.wasm") };

/** Makes a sandbox with its own seeded records. */
export function createSandbox(options: SandboxOptions = {}): Sandbox {
  withModule(origin, () => initSync({ module: file.read() }));
  try {
    return new Sandbox(new GlueSandbox(JSON.stringify({ nowMs: Date.now(), ...options })), serve);
  } catch (reason) {
    throw toConnectorError(reason);
  }
}
