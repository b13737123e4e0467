// Tokens as they are stored: one row for each installation, encrypted, and bound to its key.

import { decodeBase64Url, encodeBase64, encodeBase64Url } from "../base64.js";
import { createError } from "../errors.js";

/** The tokens of an installation: of a location, or of a company and what is minted from it. */
export interface TokenRow {
  access: string;
  /** Works once. Missing where the tokens were minted from a company's. */
  refresh?: string | undefined;
  /** The refresh token before it: kept until this one has worked. */
  previous?: string | undefined;
  /** Milliseconds since 1970 from which the access token is renewed before it is used. */
  renewAt: number;
  userType: "Location" | "Company";
  companyId: string;
  locationId?: string | undefined;
  scopes: readonly string[];
  isBulk: boolean;
  /** Since when GoHighLevel refuses its refresh token: only a person can connect again. */
  deadSince?: number | undefined;
}

/** A key of 32 bytes, as base64 or hex. */
export type EncryptionKey = string;

/** Encrypts and decrypts rows. */
export interface RowCipher {
  seal(rowKey: string, row: TokenRow): Promise<string>;
  open(rowKey: string, text: string): Promise<TokenRow>;
}

const FORM = "e1";
const NONCE_BYTES = 12;

/** Rows as they are: for a store that keeps nothing. */
export const PLAIN: RowCipher = {
  seal: async (_, row) => JSON.stringify(row),
  open: async (_, text) => JSON.parse(text),
};

interface ImportedKey {
  id: string;
  key: Awaited<ReturnType<typeof crypto.subtle.importKey>>;
}

/**
 * AES-256-GCM of the host's Web Crypto: the first key encrypts, each decrypts, so that keys can be
 * changed. A row cannot be put in the place of another: its key is authenticated with it.
 */
export function cipherOf(keys: readonly EncryptionKey[]): RowCipher {
  const bytes = keys.map(keyBytes);
  let imported: Promise<ImportedKey[]> | undefined;
  const ready = () => {
    imported ??= Promise.all(bytes.map(importKey));
    return imported;
  };
  return {
    async seal(rowKey, row) {
      const [first] = await ready();
      if (first === undefined) throw noKey();
      const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      const text = new TextEncoder().encode(JSON.stringify(row));
      const sealed = await crypto.subtle.encrypt(parametersOf(nonce, rowKey), first.key, text);
      return [FORM, first.id, encodeBase64Url(nonce), encodeBase64Url(new Uint8Array(sealed))].join(".");
    },
    async open(rowKey, text) {
      const [form, id, nonce, sealed, ...rest] = text.split(".");
      const known = (await ready()).find((key) => key.id === id);
      if (form !== FORM || nonce === undefined || sealed === undefined || rest.length > 0)
        throw unreadable("the row is not one of tokens");
      if (known === undefined) throw unreadable("they were encrypted with another key");
      try {
        const parameters = parametersOf(decodeBase64Url(nonce), rowKey);
        const opened = await crypto.subtle.decrypt(parameters, known.key, decodeBase64Url(sealed));
        return JSON.parse(new TextDecoder().decode(opened));
      } catch {
        throw unreadable("the row was changed, or belongs in another place");
      }
    },
  };
}

/** A new key, for `encryptionKey`. */
export function createEncryptionKey(): EncryptionKey {
  return encodeBase64(crypto.getRandomValues(new Uint8Array(32)));
}

function keyBytes(key: unknown): Uint8Array<ArrayBuffer> {
  const text = typeof key === "string" ? key.trim() : "";
  if (/^[0-9a-f]{64}$/i.test(text))
    return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return decodeBase64Url(text);
  throw createError({
    code: "invalid_config",
    message: "encryptionKey must be 32 bytes, as base64 (44 characters) or hex (64 characters)",
    hint: "Make one with: openssl rand -base64 32",
  });
}

async function importKey(bytes: Uint8Array<ArrayBuffer>): Promise<ImportedKey> {
  if (globalThis.crypto?.subtle === undefined) {
    throw createError({
      code: "invalid_config",
      message: "this host has no Web Crypto, which encrypts stored tokens",
      hint: 'Use a secure context (https), or store: "memory".',
    });
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
  return { id: encodeBase64Url(digest.slice(0, 6)), key };
}

const parametersOf = (iv: Uint8Array<ArrayBuffer>, rowKey: string) => ({
  name: "AES-GCM",
  iv,
  additionalData: new TextEncoder().encode(rowKey),
});

function noKey() {
  return createError({ code: "invalid_config", message: "encryptionKey has no key" });
}

function unreadable(why: string) {
  return createError({
    code: "store_failed",
    message: `the stored tokens cannot be decrypted: ${why}`,
    hint: "Use the encryption key they were stored with, or connect again.",
  });
}
