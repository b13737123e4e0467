// Asks a program's functions for tokens and keys: once for each that was refused, however many calls wait.

import { bounded } from "./bounded.js";

/** A token or key, or a function that gives it: asked at the first call, and again after a 401. */
export type CredentialSource = string | (() => string | PromiseLike<string>);

/** The functions of the services that have one. */
export type CredentialFunctions = Readonly<Partial<Record<"ghl" | "chartmogul", () => unknown>>>;

/** Milliseconds that a function may take. */
const TIMEOUT_MS = 30_000;

/** Asks these functions. */
export function credentialsOf(
  functions: CredentialFunctions,
): (service: "ghl" | "chartmogul", round: number, signal?: AbortSignal) => Promise<unknown> {
  const asked = new Map<string, { round: number; answer: Promise<unknown> }>();
  return (service, round, signal) => {
    let last = asked.get(service);
    if (last?.round !== round) {
      const answer = bounded(async () => functions[service]?.(), TIMEOUT_MS);
      last = { round, answer };
      asked.set(service, last);
      // What failed is asked again by the next call.
      const forget = () => {
        if (asked.get(service)?.answer === answer) asked.delete(service);
      };
      answer.then((text) => typeof text !== "string" && forget(), forget);
    }
    const { answer } = last;
    // A caller's signal ends that caller's waiting only.
    return bounded(() => answer, TIMEOUT_MS, signal);
  };
}
