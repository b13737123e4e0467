// `ghl-chartmogul sandbox`: both services on one local port, until it is ended.

import type { SandboxOptions } from "../../sandbox/options.js";
import type { SandboxAddress } from "../../sandbox/server.js";
import { ExitCode } from "../exit-code.js";
import { Interrupted, untilInterrupted } from "../interrupt.js";
import { formatNumber } from "../table.js";
import type { Terminal } from "../terminal.js";

/** Flags of the command. */
export interface SandboxFlags extends SandboxOptions {
  port: number;
}

/** Serves a sandbox until a signal ends it. */
export async function runSandbox({ port, ...options }: SandboxFlags, terminal: Terminal): Promise<ExitCode> {
  // Not loaded for the other commands.
  const { createSandbox } = await import("../../entries/sandbox.js");
  const sandbox = createSandbox(options);
  const server = await sandbox.serve({ port });
  try {
    await untilInterrupted((signal) => {
      // Not before a signal is listened for: who reads the address may end the command at once.
      if (terminal.json) terminal.printJson(server.address);
      else for (const line of welcome(server.address, options)) terminal.print(line);
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    });
  } catch (reason) {
    if (!(reason instanceof Interrupted)) throw reason;
  } finally {
    await server.close();
  }
  return ExitCode.Done;
}

function welcome({ ghl, chartmogul }: SandboxAddress, { contacts = 200 }: SandboxOptions): string[] {
  return [
    `GoHighLevel with ${formatNumber(contacts)} contacts, and ChartMogul, in memory at ${ghl.baseUrl}`,
    "",
    "In another terminal:",
    "",
    `  export GHL_BASE_URL=${ghl.baseUrl}`,
    `  export GHL_TOKEN=${ghl.token}`,
    `  export GHL_LOCATION_ID=${ghl.locationId}`,
    `  export CHARTMOGUL_BASE_URL=${chartmogul.baseUrl}`,
    `  export CHARTMOGUL_API_KEY=${chartmogul.apiKey}`,
    "",
    "  npx ghl-chartmogul plan",
    "",
    "Ctrl+C ends it; everything in it is gone then.",
  ];
}
