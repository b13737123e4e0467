// Syncs what webhooks have named after they are answered, where no watch in this process does so: one run at
// a time, each with all that were named meanwhile.

import { Allowance } from "../allowance.js";
import { sleep } from "../bounded.js";
import { monotonic } from "../clock.js";
import { type ConnectorError, toConnectorError } from "../errors.js";
import type { SyncOutcome } from "../generated/answers.js";

/** How such a run ended. */
export interface RunAfterWebhooks {
  /** The contacts that it read; all that changed where none were named. */
  contacts: string[];
  outcome?: SyncOutcome | undefined;
  /** True where nothing was run, as events have used up their share of the day's calls: the next run reads them. */
  isPostponed?: boolean | undefined;
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
/** Longest wait for the day's calls: beyond it the contacts are left to the next run, whoever starts it. */
const LONGEST_WAIT_MS = 10_000;
/** A run that reads all that changed keeps this distance to the one before. */
const GAP_MS = 60_000;

/** Runs of a connector: `isWatched` says whether a watch in this process hears of hints. */
export function createRunsAfter(
  run: (options: { contacts?: string[]; deadlineMs?: number | undefined }) => Promise<SyncOutcome>,
  isWatched: () => Promise<boolean>,
  dailyCalls: () => Promise<number | undefined>,
): RunsAfter {
  const allowance = new Allowance(monotonic);
  let lastWhole = Number.NEGATIVE_INFINITY;
  const named = new Set<string>();
  let isAsked = false;
  let working: Promise<void> | undefined;

  async function work({ deadlineMs, onRun }: Parameters<RunsAfter>[1]): Promise<void> {
    while (isAsked) {
      const contacts = [...named].slice(0, MOST_CONTACTS);
      for (const id of contacts) named.delete(id);
      isAsked = named.size > 0;
      const isWhole = contacts.length === 0;
      const waitMs = Math.max(allowance.waitMs(), isWhole ? lastWhole + GAP_MS - monotonic() : 0);
      // All are noted in the store: a stream of events must not use up the day's calls.
      if (waitMs > LONGEST_WAIT_MS) {
        if (!isWhole) named.clear();
        isAsked = named.size > 0;
        report({ contacts, isPostponed: true });
        continue;
      }
      if (waitMs > 0) await sleep(waitMs);
      if (isWhole) lastWhole = monotonic();
      const result: RunAfterWebhooks = { contacts };
      try {
        const outcome = await run(contacts.length > 0 ? { contacts, deadlineMs } : { deadlineMs });
        result.outcome = outcome;
        allowance.used(outcome.report.calls.ghl, await dailyCalls().catch(() => undefined));
      } catch (error) {
        result.error = toConnectorError(error);
      }
      report(result);
    }

    function report(result: RunAfterWebhooks): void {
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
