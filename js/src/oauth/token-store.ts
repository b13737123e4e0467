// The store of tokens as several processes use it: one that only one process can have open is closed after
// each use, and waited for.

import { sleep } from "../bounded.js";
import { monotonic } from "../clock.js";
import { ConnectorError, createError } from "../errors.js";
import { identityOf, type StateStore } from "../stores/store.js";

const LOOK_MS = 100;
const LONGEST_WAIT_MS = 45_000;

/** The store, with failures that say what to do. */
export function tokenStoreOf(store: StateStore): StateStore {
  let users = 0;
  const during = async <Result>(work: () => Result | PromiseLike<Result>): Promise<Result> => {
    users += 1;
    try {
      return await untilFree(work);
    } finally {
      users -= 1;
      if (users === 0 && store.exclusive === true) await store.close?.();
    }
  };
  return {
    identity: identityOf(store),
    ...(store.conditional === true && { conditional: true }),
    get: (keys) => during(() => store.get(keys)),
    commit: (puts, deletes, guard) => during(() => store.commit(puts, deletes, guard)),
    scan: (prefix, after, limit) => during(() => store.scan(prefix, after, limit)),
    close: () => store.close?.(),
  };
}

async function untilFree<Result>(work: () => Result | PromiseLike<Result>): Promise<Result> {
  const began = monotonic();
  for (;;) {
    try {
      return await work();
    } catch (reason) {
      const error = ofStore(reason);
      if (error.code !== "busy" || monotonic() - began > LONGEST_WAIT_MS) throw error;
    }
    await sleep(LOOK_MS * (1 + Math.random()));
  }
}

/** A store's failure as an error of ours. */
function ofStore(reason: unknown): ConnectorError {
  if (ConnectorError.is(reason)) return reason;
  const { code, hint } = (reason ?? {}) as { code?: unknown; hint?: unknown };
  return createError({
    code: code === "busy" ? "busy" : "store_failed",
    message: reason instanceof Error ? reason.message : String(reason),
    hint: typeof hint === "string" ? hint : "Make the token store readable and writable, and try again.",
    cause: reason,
  });
}
