// Ed25519 public keys in the forms in which they are published.

import { decodeBase64Url } from "../base64.js";
import { createError } from "../errors.js";

/** An Ed25519 public key: PEM, base64 or hexadecimal text, or bytes; with or without its SPKI header. */
export type PublicKey = string | Uint8Array;

/** The key that HighLevel signs webhooks with, as its Webhook Integration Guide publishes it. */
export const PUBLISHED_BY_HIGHLEVEL = "MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg=";

/** What precedes the 32 bytes of every Ed25519 key in an SPKI. */
const SPKI_HEADER = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/** The 32 bytes of each key; refuses what is not an Ed25519 public key. */
export function readPublicKeys(
  keys: PublicKey | readonly PublicKey[] = PUBLISHED_BY_HIGHLEVEL,
): Uint8Array[] {
  const list = Array.isArray(keys) ? keys : [keys];
  if (list.length === 0) throw refusal("it is an empty list");
  return list.map(readPublicKey);
}

function readPublicKey(key: unknown): Uint8Array {
  if (typeof key !== "string" && !ArrayBuffer.isView(key)) throw refusal(`it is of the type ${typeof key}`);
  const bytes =
    typeof key === "string"
      ? bytesOf(key)
      : new Uint8Array(key.buffer, key.byteOffset, key.byteLength).slice();
  if (bytes?.length === 32) return bytes;
  const hasHeader =
    bytes?.length === SPKI_HEADER.length + 32 && SPKI_HEADER.every((byte, index) => bytes[index] === byte);
  if (bytes !== undefined && hasHeader) return bytes.slice(SPKI_HEADER.length);
  if (bytes !== undefined && bytes.length > 200)
    throw refusal("it is as long as an RSA key: that of x-wh-signature, which HighLevel no longer sends");
  if (typeof key === "string" && /PRIVATE KEY/.test(key)) throw refusal("it is a private key");
  throw refusal(bytes === undefined ? "it is not base64 or hexadecimal" : `it has ${bytes.length} bytes`);
}

/** The bytes of a text; environments write the line breaks of a PEM as `\n`. */
function bytesOf(text: string): Uint8Array | undefined {
  const body = text.replaceAll(/-----(BEGIN|END) [A-Z ]+-----|\\[nr]|\s/g, "");
  if (/^([0-9a-f]{64}|[0-9a-f]{88})$/i.test(body))
    return Uint8Array.from(body.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  return readBase64(body);
}

/** The bytes of base64, standard or for URLs, padded or not; undefined for anything else. */
export function readBase64(text: string): Uint8Array | undefined {
  const digits = text.replace(/={1,2}$/, "");
  if (digits === "" || /[^\w+/-]/.test(digits) || digits.length % 4 === 1) return undefined;
  return decodeBase64Url(digits);
}

function refusal(why: string): Error {
  return createError({
    code: "invalid_config",
    message: `webhooks.publicKey is not an Ed25519 public key: ${why}`,
    hint: "Pass the key of HighLevel's Webhook Integration Guide: PEM, base64, or 64 hexadecimal digits. Leave it out for the one that is built in.",
  });
}
