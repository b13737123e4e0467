// Asks a program's functions for tokens and keys: once for each that was refused, however many calls wait.

import { bounded } from "./bounded.js";
import { ConnectorError } from "./errors.js";

/** What a function that gives a credential gets. */
export interface CredentialContext {
  /** The one it gave last, which the service refused or whose time is over. */
  previous?: string | undefined;
}

/** A credential with the time from which it is not used any more. */
export interface IssuedCredential {
  token: string;
  /** Milliseconds since 1970 from which another is asked for before it is used. */
  renewAtMs?: number | undefined;
}

/**
 * A token or key, or a function that gives it: asked at the first call, again after a 401, and again when
 * the time of what it gave is over.
 */
export type CredentialSource = string | CredentialFunction;

/** Gives a credential. */
export type CredentialFunction = (
  context: CredentialContext,
) => string | IssuedCredential | PromiseLike<string | IssuedCredential>;

/** Gives the tokens of many locations: `createOAuth` of `ghl-chartmogul/oauth` makes one. */
export interface TokenProvider {
  /** The credential of a location. */
  location(locationId: string): CredentialFunction;
}

/** The functions of the services that have one. */
export type CredentialFunctions = Readonly<
  Partial<Record<"ghl" | "chartmogul", (context: CredentialContext) => unknown>>
>;

/** Milliseconds that a function may take. It may have to wait for another process that renews. */
const TIMEOUT_MS = 60_000;

/** Asks these functions. */
export function credentialsOf(
  functions: CredentialFunctions,
): (service: "ghl" | "chartmogul", round: number, signal?: AbortSignal) => Promise<unknown> {
  const asked = new Map<string, { round: number; answer: Promise<unknown> }>();
  const previous = new Map<string, string>();
  return (service, round, signal) => {
    let last = asked.get(service);
    if (last?.round !== round) {
      const context = { previous: previous.get(service) };
      const answer = bounded(async () => functions[service]?.(context), TIMEOUT_MS).catch(ownWords);
      last = { round, answer };
      asked.set(service, last);
      // What failed is asked again by the next call.
      const forget = () => {
        if (asked.get(service)?.answer === answer) asked.delete(service);
      };
      answer.then((given) => {
        const token = tokenOf(given);
        if (token === undefined) forget();
        else previous.set(service, token);
      }, forget);
    }
    const { answer } = last;
    // A caller's signal ends that caller's waiting only.
    return bounded(() => answer, TIMEOUT_MS, signal);
  };
}

function tokenOf(given: unknown): string | undefined {
  if (typeof given === "string") return given;
  const token = (given as Partial<IssuedCredential> | null | undefined)?.token;
  return typeof token === "string" ? token : undefined;
}

/** An error of ours is handed on as it is: the module reads its code, message and hint. */
function ownWords(reason: unknown): { code: string; message: string; hint: string | undefined } {
  if (!ConnectorError.is(reason)) throw reason;
  return { code: reason.code, message: reason.message, hint: reason.hint };
}
