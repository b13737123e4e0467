// The host's timer. The build for n8n has n8n/timer.ts in its place: build.mjs sees to it.

/** Longest delay of `setTimeout`; above it, it fires at once. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/** How a timer runs. */
export interface TimerOptions {
  /** Keeps no process alive. */
  inBackground?: boolean;
}

/**
 * Calls back once, after so many milliseconds; at most `LONGEST_TIMER`. The returned function stops it. The
 * callback gets an error only where the host's own sleep failed.
 */
export function startTimer(
  milliseconds: number,
  callback: (failure?: unknown) => void,
  { inBackground = false }: TimerOptions = {},
): () => void {
  const timer: unknown = setTimeout(() => callback(), Math.max(0, Math.min(milliseconds, LONGEST_TIMER)));
  if (inBackground) (timer as { unref?: () => void }).unref?.();
  return () => clearTimeout(timer as ReturnType<typeof setTimeout>);
}
