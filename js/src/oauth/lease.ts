// Who renews the tokens of an installation: one of all the processes that share a store.

import { sleep, sleepInBackground } from "../bounded.js";
import { monotonic } from "../clock.js";
import { createError } from "../errors.js";
import type { StateStore } from "../stores/store.js";

/** A lease whose text does not change for so long belongs to nobody any more. */
const DEAD_AFTER_MS = 10_000;
const BEAT_MS = 3_000;
const LOOK_MS = 150;
/** Longest wait for others. */
const LONGEST_WAIT_MS = 50_000;

/**
 * Does the work under the lease of this key. While another process has it, `done` is asked again and again:
 * what it gives ends the waiting. No clocks of two machines are compared: a lease is dead when its text has
 * not changed for 10 seconds by this process's own clock.
 */
export async function underLease<Result>(
  store: StateStore,
  key: string,
  done: () => Promise<Result | undefined>,
  work: () => Promise<Result>,
): Promise<Result> {
  const owner = randomName();
  let beat = 0;
  const text = () => `${owner}/${beat}`;
  const take = async (from: string | undefined) =>
    (await store.commit([[key, text()]], [], guardOf(store, key, from))) !== false;
  const began = monotonic();
  let seen: string | undefined;
  let seenAt = began;
  for (;;) {
    const [current] = await store.get([key]);
    if (current === undefined || store.conditional !== true) {
      if (await take(current)) break;
    } else if (current !== seen) {
      [seen, seenAt] = [current, monotonic()];
    } else if (monotonic() - seenAt >= DEAD_AFTER_MS) {
      if (await take(current)) break;
    }
    await sleep(LOOK_MS * (1 + Math.random()));
    const result = await done();
    if (result !== undefined) return result;
    if (monotonic() - began > LONGEST_WAIT_MS)
      throw createError({
        code: "busy",
        message: "another process has been renewing the tokens for too long",
        hint: "Try again later.",
      });
  }
  let working = true;
  let committing: Promise<unknown> = Promise.resolve();
  const keepAlive = async () => {
    await sleepInBackground(BEAT_MS);
    while (working) {
      const before = text();
      beat += 1;
      committing = Promise.resolve(store.commit([[key, text()]], [], guardOf(store, key, before)));
      // One that was taken over is not kept; a store that fails for now may work again.
      if ((await committing.catch(() => undefined)) === false) return;
      await sleepInBackground(BEAT_MS);
    }
  };
  void keepAlive();
  try {
    return (await done()) ?? (await work());
  } finally {
    working = false;
    await committing.catch(() => {});
    // Whoever took it over has it; what fails here is found dead by the next one.
    await Promise.resolve(store.commit([], [key], guardOf(store, key, text()))).catch(() => {});
  }
}

function guardOf(store: StateStore, key: string, value: string | undefined) {
  return store.conditional === true ? { key, value } : undefined;
}

function randomName(): string {
  // Hosts without Web Crypto have a name, too: it need not be hard to guess.
  if (globalThis.crypto?.getRandomValues === undefined) return String(Math.random()).slice(2);
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
