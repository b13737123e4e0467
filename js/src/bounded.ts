// Runs one of the host's operations within a time and under the caller's signal.

import { onAbort } from "./on-abort.js";
import { LONGEST_TIMER, startTimer } from "./timer.js";

/** Why a request has no answer, in the words that the module reads. */
export interface SendFailure {
  kind: "not_sent" | "lost" | "timeout" | "aborted";
  message: string;
  cause?: unknown;
}

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
    const stopTimer = startTimer(timeoutMs, (failure) =>
      end(failure === undefined ? timeout : stopped(failure)),
    );
    release = () => {
      forget();
      stopTimer();
    };
  });
  try {
    return await Promise.race([ended, operation(controller?.signal)]);
  } finally {
    release();
  }
}

/** The host's own sleep failed: it ends what runs in it. */
function stopped(cause: unknown): SendFailure {
  return { kind: "aborted", message: "the host ended the wait", cause };
}

/** Resolves after so many milliseconds; where nothing else keeps the process alive, it ends before. */
export function sleepInBackground(milliseconds: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (failure: unknown) => (failure === undefined ? resolve() : reject(stopped(failure)));
    startTimer(milliseconds, end, { inBackground: true });
  });
}

/** Resolves after so many milliseconds; rejects with a SendFailure when the signal fires first. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.reject(ABORTED);
  return new Promise((resolve, reject) => {
    let stopTimer: () => void;
    const forget = onAbort(signal, () => {
      stopTimer();
      forget();
      reject(ABORTED);
    });
    const wait = (left: number) => {
      stopTimer = startTimer(left, (failure) => {
        if (failure === undefined && left > LONGEST_TIMER) return wait(left - LONGEST_TIMER);
        forget();
        if (failure === undefined) resolve();
        else reject(stopped(failure));
      });
    };
    wait(milliseconds);
  });
}
