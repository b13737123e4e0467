// Stands in for timer.ts in the build for n8n, whose nodes may have no timers: waits with the function
// `sleep` that the node gives. It is one for the whole process, as n8n's is.

import { createError } from "../errors.js";
import { LONGEST_TIMER, type TimerOptions } from "../timer.js";

// The same bound as the host's: n8n's `sleep` is a timer, too.
export { LONGEST_TIMER, type TimerOptions };

/**
 * Resolves after so many milliseconds. Where it heeds the signal, it rejects when that fires and leaves
 * nothing behind; else what it leaves behind ends by itself.
 */
export type Sleep = (milliseconds: number, signal?: AbortSignal) => PromiseLike<unknown>;

let sleepOfHost: Sleep | undefined;

/** Takes the host's sleep. `invalid_config` for anything that is not a function. */
export function useSleep(sleep: Sleep): void {
  if (typeof sleep !== "function") {
    throw createError({
      code: "invalid_config",
      message: `the option sleep must be a function, not ${typeof sleep}`,
      hint: 'In a node: import { sleep } from "n8n-workflow". In a Code node: (ms) => new Promise((resolve) => setTimeout(resolve, ms)).',
    });
  }
  sleepOfHost = sleep;
}

/** As in timer.ts. `inBackground` is without effect: n8n is a server. */
export function startTimer(
  milliseconds: number,
  callback: (failure?: unknown) => void,
  _options?: TimerOptions,
): () => void {
  // Made by createConnector, which takes the host's sleep first.
  const sleep = sleepOfHost as Sleep;
  const controller = typeof AbortController === "function" ? new AbortController() : undefined;
  let isRunning = true;
  const end = (failure?: unknown) => {
    if (isRunning) callback(failure);
    isRunning = false;
  };
  const wait = async () => sleep(Math.max(0, Math.min(milliseconds, LONGEST_TIMER)), controller?.signal);
  wait().then(
    () => end(),
    (reason) => end(reason ?? new Error("sleep failed")),
  );
  return () => {
    isRunning = false;
    controller?.abort();
  };
}
