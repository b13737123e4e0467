// The entry `ghl-chartmogul/sandbox` in browsers: both services in memory, the WebAssembly file inside.

import deflated from "base64:sandbox";
import { Sandbox as GlueSandbox, initSync } from "glue:sandbox";
import { toConnectorError } from "../errors.js";
import { inflateBase64 } from "../inflated.js";
import { withModule } from "../module-unavailable.js";
import type { SandboxOptions } from "../sandbox/options.js";
import { Sandbox } from "../sandbox/sandbox.js";

const origin = { file: "the module inside ghl-chartmogul/sandbox", cure: "Install ghl-chartmogul again." };

let isReady = false;

/** Makes a sandbox with its own seeded records. */
export function createSandbox(options: SandboxOptions = {}): Sandbox {
  if (!isReady) withModule(origin, () => initSync({ module: inflateBase64(deflated) }));
  isReady = true;
  try {
    return new Sandbox(new GlueSandbox(JSON.stringify({ nowMs: Date.now(), ...options })));
  } catch (reason) {
    throw toConnectorError(reason);
  }
}
