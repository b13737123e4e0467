// Waits for a server that restarts, instead of failing a whole run.

import { sleep } from "../bounded.js";
import { monotonic } from "../clock.js";

const LONGEST_MS = 15_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** Does the work again for up to 15 seconds while it fails for a reason after which it may be repeated. */
export async function patiently<Result>(
  work: () => Promise<Result>,
  mayRepeat: (reason: unknown) => boolean,
): Promise<Result> {
  const began = monotonic();
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      return await work();
    } catch (reason) {
      if (!mayRepeat(reason) || monotonic() - began > LONGEST_MS) throw reason;
    }
    await sleep(pause * (0.5 + Math.random()));
  }
}
