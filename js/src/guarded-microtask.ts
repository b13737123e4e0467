// Stands in for the global `queueMicrotask` inside wasm-bindgen's glue (see build.mjs). Rust futures
// are polled from microtasks: a trap there belongs to no promise and would end a Node process.

const listeners = new Set<(reason: unknown) => void>();

/** Calls the listener on each trap inside a poll, until the returned function is called. */
export function onTrap(listener: (reason: unknown) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Runs the task after the current one; a throw inside it goes to the listeners. */
export function queueMicrotask(task: () => void): void {
  void Promise.resolve().then(() => {
    try {
      task();
    } catch (reason) {
      for (const listener of [...listeners]) listener(reason);
    }
  });
}
