// The bytes of a deflated base64 text.

import { inflateSync } from "fflate";
import { decodeBase64 } from "./base64.js";

/** What is used of Node's zlib. */
interface Zlib {
  inflateRawSync(bytes: Uint8Array): Uint8Array;
}

/**
 * The bytes, by Node's own zlib where the host has it: in a new process plain loops take ten times as long,
 * more than a tenth of a second for the connector's module.
 */
export function inflateBase64(text: string): Uint8Array {
  const { Buffer } = globalThis as { Buffer?: { from(text: string, encoding: "base64"): Uint8Array } };
  const zlib = builtInZlib();
  if (zlib === undefined || Buffer === undefined) return inflateSync(decodeBase64(text));
  return zlib.inflateRawSync(Buffer.from(text, "base64"));
}

/** Node's zlib; undefined on other hosts. Next's edge runtime has the function, and it throws. */
function builtInZlib(): Zlib | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  try {
    return process?.getBuiltinModule?.("node:zlib") as Zlib | undefined;
  } catch {
    return undefined;
  }
}
