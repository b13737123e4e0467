// Syncs what webhooks have named after they are answered, where no watch in this process does so: one run at
// a time, each with all that were named meanwhile.

import { type ConnectorError, toConnectorError } from "../errors.js";
import type { SyncOutcome } from "../generated/answers.js";

/** How such a run ended. */
export interface RunAfterWebhooks {
  /** The contacts that it read; all that changed where none were named. */
  contacts: string[];
  outcome?: SyncOutcome | undefined;
  /** What it failed with. The contacts stay noted: the next run reads them. */
  error?: ConnectorError | undefined;
}

/** Starts runs; gives a promise that resolves when nothing is left to do, and never rejects. */
export type RunsAfter = (
  contacts: readonly string[],
  options: {
    deadlineMs?: number | undefined;
    onRun?: ((run: RunAfterWebhooks) => void) | undefined;
  },
) => Promise<void>;

/** Most contacts of one run. */
const MOST_CONTACTS = 100;

/** Runs of a connector: `isWatched` says whether a watch in this process hears of hints. */
export function createRunsAfter(
  run: (options: { contacts?: string[]; deadlineMs?: number | undefined }) => Promise<SyncOutcome>,
  isWatched: () => Promise<boolean>,
): RunsAfter {
  const named = new Set<string>();
  let isAsked = false;
  let working: Promise<void> | undefined;

  async function work({ deadlineMs, onRun }: Parameters<RunsAfter>[1]): Promise<void> {
    while (isAsked) {
      const contacts = [...named].slice(0, MOST_CONTACTS);
      for (const id of contacts) named.delete(id);
      isAsked = named.size > 0;
      const result: RunAfterWebhooks = { contacts };
      try {
        result.outcome = await run(contacts.length > 0 ? { contacts, deadlineMs } : { deadlineMs });
      } catch (error) {
        result.error = toConnectorError(error);
      }
      try {
        onRun?.(result);
      } catch {
        // A log that fails must not stop the sync.
      }
    }
  }

  return async (contacts, options) => {
    if (await isWatched().catch(() => false)) return;
    for (const id of contacts) named.add(id);
    isAsked = true;
    working ??= work(options).finally(() => {
      working = undefined;
    });
    await working;
  };
}
