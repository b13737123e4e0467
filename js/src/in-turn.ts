// Lets one operation at a time change the state of a location: two at once would each find
// the same record missing in ChartMogul, and both would create it. Decisions have a queue of their own.

import { bounded, type SendFailure } from "./bounded.js";
import { monotonic } from "./clock.js";
import { createError } from "./errors.js";

/** What ends the waiting for a turn. */
export interface TurnBounds {
  signal?: AbortSignal | undefined;
  /** Milliseconds for waiting and working together. */
  deadlineMs?: number | undefined;
}

/** For each store and queue, what settles when the last one in the queue is done. Never rejects. */
const queues = new WeakMap<object, Map<string, Promise<void>>>();

/**
 * The queue of what a person decides of a location. It may be separate from that of its runs, where the store
 * tells owners apart: then a decision that comes during a run is put into the mailbox.
 */
export function decisionsOf(location: string): string {
  return `decisions/${location}`;
}

/**
 * Runs the operation when all earlier ones on that store and in that queue are done: a location's, or that
 * of its decisions. The operation gets what waiting has left of `deadlineMs`.
 */
export async function inTurn<Result>(
  store: object,
  name: string,
  bounds: TurnBounds,
  operation: (deadlineMs: number | undefined) => Promise<Result>,
): Promise<Result> {
  const queue = queues.get(store) ?? new Map<string, Promise<void>>();
  queues.set(store, queue);
  const before = queue.get(name);
  let leave = () => {};
  const own = new Promise<void>((resolve) => {
    leave = resolve;
  });
  // Whoever gives up waiting leaves the queue as it was for those behind.
  const last = before === undefined ? own : before.then(() => own);
  queue.set(name, last);
  try {
    const left = before === undefined ? bounds.deadlineMs : await waitFor(before, bounds);
    return await operation(left);
  } finally {
    leave();
    if (queue.get(name) === last) last.then(() => forget(queue, name, last));
  }
}

/** Gives what is left of the deadline. */
async function waitFor(
  before: Promise<void>,
  { signal, deadlineMs }: TurnBounds,
): Promise<number | undefined> {
  const began = monotonic();
  try {
    await bounded(() => before, deadlineMs ?? Number.POSITIVE_INFINITY, signal);
  } catch (reason) {
    if ((reason as SendFailure).kind === "aborted") signal?.throwIfAborted();
    throw createError({
      code: "timeout",
      message: `another operation on this location is still running after ${deadlineMs} ms`,
      hint: "Nothing was done. Try again when it has ended.",
    });
  }
  // The module takes whole milliseconds.
  return deadlineMs === undefined ? undefined : Math.max(0, Math.floor(deadlineMs - (monotonic() - began)));
}

function forget(queue: Map<string, Promise<void>>, name: string, last: Promise<void>): void {
  if (queue.get(name) === last) queue.delete(name);
}
