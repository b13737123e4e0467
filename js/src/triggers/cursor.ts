// The cursor of a trigger: where it is, as a short text. Holds ids and hashes, no contents and no secret.

import { decodeBase64Url, encodeBase64Url } from "../base64.js";
import { createError } from "../errors.js";
import { hash40, hexOf } from "./hash.js";
import { ENTRY_BYTES, Seen } from "./seen.js";

/** A place in the order of time, then id: what comes up to it is finished. */
export interface Place {
  /** Milliseconds since 1970. */
  time: number;
  id: string;
  /** The service's own cursor of that record, where it has one. */
  after?: unknown;
}

/** What a cursor holds. */
export interface State {
  /** When the last poll began that had read everything. */
  polledAt: number;
  /** By how much this machine's clock may be ahead of the service's, as far as records have shown. */
  aheadMs: number;
  place: Place;
  /** Up to here, everything was given when the reading under way began. */
  base: number;
  /** Records behind the place that were given; without times, all of them. */
  seen: Seen;
  /** Notes behind `base` that were given, each with its time in `INSTANT_UNIT_MS`. */
  noted: Seen;
}

/** The unit of times that take a hash's place: 40 bits of it last for centuries. */
export const INSTANT_UNIT_MS = 10;

/** Most characters of a cursor. */
export const LONGEST_CURSOR = 16_384;

const VERSION = 1;

interface Header {
  v: number;
  /** The trigger's name. */
  n: string;
  /** Its parameters' hash. */
  p: string;
  t: number;
  a: number;
  l: [number, string, unknown?];
  b: number;
  /** Entries of `seen`, how many of them were missed, and entries of `noted`. */
  c: [number, number, number];
}

/** The state as text. */
export function encodeCursor(name: string, parameters: string, state: State): string {
  const { polledAt, aheadMs, place, base, seen, noted } = state;
  const given = seen.encode();
  const contacts = noted.encode();
  const header: Header = {
    v: VERSION,
    n: name,
    p: parameters,
    t: polledAt,
    a: aheadMs,
    l: place.after === undefined ? [place.time, place.id] : [place.time, place.id, place.after],
    b: base,
    c: [seen.size, given.missed, noted.size],
  };
  const entries = new Uint8Array(given.bytes.length + contacts.bytes.length);
  entries.set(given.bytes);
  entries.set(contacts.bytes, given.bytes.length);
  const text = `${encodeText(JSON.stringify(header))}.${encodeBase64Url(entries)}`;
  return `${text}.${hexOf(hash40(text))}`;
}

/** The state of a cursor of this trigger with these parameters; refuses every other text. */
export function decodeCursor(name: string, parameters: string, cursor: unknown): State {
  if (typeof cursor !== "string") {
    throw refused(`the cursor must be the cursor of an earlier poll, a text, not ${typeof cursor}`);
  }
  const [, text = "", head = "", entries = "", sum] =
    /^(([\w-]*)\.([\w-]*))\.([0-9a-f]{10})$/.exec(cursor) ?? [];
  if (sum === undefined || sum !== hexOf(hash40(text))) {
    throw refused("the cursor is not one of a trigger, or a part of it is missing");
  }
  const header = JSON.parse(decodeText(head)) as Header;
  if (header.v !== VERSION) throw refused(`the cursor is of version ${header.v}, which is not known here`);
  if (header.n !== name) throw refused(`the cursor is one of the trigger ${header.n}, not of ${name}`);
  if (header.p !== parameters) throw refused(`the cursor is one of ${name} with other parameters`);
  const bytes = decodeBase64Url(entries);
  const [count, missed] = header.c;
  const [time, id, after] = header.l;
  return {
    polledAt: header.t,
    aheadMs: header.a,
    place: after === undefined ? { time, id } : { time, id, after },
    base: header.b,
    seen: Seen.decode(bytes.subarray(0, count * ENTRY_BYTES), missed),
    noted: Seen.decode(bytes.subarray(count * ENTRY_BYTES), 0),
  };
}

function refused(message: string) {
  return createError({
    code: "invalid_argument",
    message,
    hint: "Pass the cursor that this trigger gave, with the same parameters. Without a cursor it starts anew from now on.",
  });
}

/** Text of JSON as base64: what is not ASCII is escaped, so that a character is a byte. */
function encodeText(json: string): string {
  const ascii = json.replace(
    /[\u0080-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return encodeBase64Url(Uint8Array.from(ascii, (letter) => letter.charCodeAt(0)));
}

function decodeText(text: string): string {
  return String.fromCharCode(...decodeBase64Url(text));
}
