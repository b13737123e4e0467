// Listens to an AbortSignal with one listener for any number of calls: Node warns of a leak at the
// eleventh, and a sync has more requests than that in flight under one signal.

/** Everyone who waits for a signal. */
interface Waiting {
  callbacks: Set<() => void>;
  stop: () => void;
}

const waitings = new WeakMap<AbortSignal, Waiting>();

/** Calls back when the signal fires, until the returned function is called. The signal must not have fired. */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (signal === undefined) return () => {};
  const waiting = waitings.get(signal) ?? listen(signal);
  // Its own function: the same callback may wait twice.
  const own = () => callback();
  waiting.callbacks.add(own);
  return () => {
    waiting.callbacks.delete(own);
    if (waiting.callbacks.size === 0) waiting.stop();
  };
}

function listen(signal: AbortSignal): Waiting {
  const callbacks = new Set<() => void>();
  const fire = () => {
    stop();
    for (const callback of [...callbacks]) callback();
  };
  const stop = () => {
    signal.removeEventListener("abort", fire);
    waitings.delete(signal);
  };
  signal.addEventListener("abort", fire);
  const waiting = { callbacks, stop };
  waitings.set(signal, waiting);
  return waiting;
}
