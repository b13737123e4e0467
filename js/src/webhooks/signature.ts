// Checks Ed25519 signatures: with the host's WebCrypto, or else with the library of ed25519.ts.

/** Whether one of the keys made the signature of a message. */
export type SignatureCheck = (signature: Uint8Array, message: Uint8Array) => Promise<boolean>;

/** Whether a key made the signature of a message: the function of ed25519.ts. */
export type VerifyEd25519 = (key: Uint8Array, signature: Uint8Array, message: Uint8Array) => boolean;

type OneKey = (signature: Uint8Array, message: Uint8Array) => boolean | Promise<boolean>;

/** What is used of WebCrypto; the compiler's library for the web is not loaded. */
interface Subtle {
  importKey(
    format: "raw",
    key: Uint8Array,
    algorithm: { name: string },
    extractable: boolean,
    usages: readonly string[],
  ): Promise<object>;
  verify(
    algorithm: { name: string },
    key: object,
    signature: Uint8Array,
    message: Uint8Array,
  ): Promise<boolean>;
}

const ALGORITHM = { name: "Ed25519" };

/**
 * A check with these public keys, of 32 bytes each. Loads and asks nothing yet. `library`: in a bundle that has
 * it in itself, as dynamic imports inside of one need what some hosts lack (n8n's `Object.defineProperty`).
 */
export function createSignatureCheck(keys: readonly Uint8Array[], library?: VerifyEd25519): SignatureCheck {
  let checks: Promise<OneKey[]> | undefined;
  return async (signature, message) => {
    checks ??= Promise.all(keys.map((key) => checkOf(key, library)));
    // A library that could not be loaded is loaded again next time.
    checks.catch(() => {
      checks = undefined;
    });
    for (const check of await checks) if (await check(signature, message)) return true;
    return false;
  };
}

async function checkOf(key: Uint8Array, library: VerifyEd25519 | undefined): Promise<OneKey> {
  const subtle = (globalThis as { crypto?: { subtle?: Subtle } }).crypto?.subtle;
  try {
    const imported = await subtle?.importKey("raw", key, ALGORITHM, false, ["verify"]);
    if (subtle !== undefined && imported !== undefined)
      return (signature, message) => subtle.verify(ALGORITHM, imported, signature, message);
  } catch {
    // The host knows no Ed25519: what it throws differs.
  }
  const verify = library ?? (await import("./ed25519.js")).verifyEd25519;
  return (signature, message) => verify(key, signature, message);
}
