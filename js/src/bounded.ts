// Runs one of the host's operations within a time and under the caller's signal.

import { onAbort } from "./on-abort.js";

/** Why a request has no answer, in the words that the module reads. */
export interface SendFailure {
  kind: "not_sent" | "lost" | "timeout" | "aborted";
  message: string;
  cause?: unknown;
}

/** Longest delay of `setTimeout`; above it, it fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

const ABORTED: SendFailure = { kind: "aborted", message: "the caller's signal fired" };

/**
 * Gives the operation a signal that fires on the caller's abort and on the timeout, and rejects then
 * with a SendFailure even where the operation ignores it. Leaves no timer and no listener behind.
 */
export async function bounded<Result>(
  operation: (signal: AbortSignal | undefined) => Result | PromiseLike<Result>,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Result> {
  if (signal?.aborted) throw ABORTED;
  // Some hosts have none, n8n's Code node for one: there the operation is left behind.
  const controller = typeof AbortController === "function" ? new AbortController() : undefined;
  let release = () => {};
  const ended = new Promise<never>((_, reject) => {
    const end = (failure: SendFailure, reason?: unknown) => {
      reject(failure);
      controller?.abort(reason);
    };
    const forget = onAbort(signal, () => end(ABORTED, signal?.reason));
    const timeout: SendFailure = { kind: "timeout", message: `no answer within ${timeoutMs} ms` };
    const timer = setTimeout(() => end(timeout), Math.min(timeoutMs, LONGEST_TIMER));
    release = () => {
      forget();
      clearTimeout(timer);
    };
  });
  try {
    return await Promise.race([ended, operation(controller?.signal)]);
  } finally {
    release();
  }
}

/** Resolves after so many milliseconds; where nothing else keeps the process alive, it ends before. */
export function sleepInBackground(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer: unknown = setTimeout(resolve, milliseconds);
    (timer as { unref?: () => void }).unref?.();
  });
}

/** Resolves after so many milliseconds; rejects with a SendFailure when the signal fires first. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.reject(ABORTED);
  return new Promise((resolve, reject) => {
    let timer: ReturnType<typeof setTimeout>;
    const forget = onAbort(signal, () => {
      clearTimeout(timer);
      forget();
      reject(ABORTED);
    });
    const wait = (left: number) => {
      timer = setTimeout(
        () => {
          if (left > LONGEST_TIMER) return wait(left - LONGEST_TIMER);
          forget();
          resolve();
        },
        Math.max(0, Math.min(left, LONGEST_TIMER)),
      );
    };
    wait(milliseconds);
  });
}
