// Ed25519 for hosts whose WebCrypto lacks it: a file of its own, loaded only there.

import { ed25519 } from "@noble/curves/ed25519.js";

/** Whether the signature of a message was made with this key's other half. False for anything malformed. */
export function verifyEd25519(key: Uint8Array, signature: Uint8Array, message: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, message, key, { zip215: false });
  } catch {
    return false;
  }
}
