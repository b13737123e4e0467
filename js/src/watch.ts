// Keeps a location in step: runs the sync again and again, sooner where somebody says that contacts have
// changed, later where a service is unavailable.

import { Allowance } from "./allowance.js";
import { ConnectorError, createError } from "./errors.js";
import type { ErrorCode, StopReason, SyncOutcome } from "./generated/answers.js";

/** How often a watch runs. */
export interface WatchTimes {
  /** Milliseconds from the beginning of a run to that of the next, 60,000 to 86,400,000. Default 900,000. */
  intervalMs?: number | undefined;
  /**
   * Up to so many milliseconds are added at random to each wait, the one before the first run too, so that
   * many locations do not run at the same second: 0 up to `intervalMs`. Default: a tenth of `intervalMs`.
   */
  jitterMs?: number | undefined;
}

/** Why a watch waits. `start`: for its first run. `interval`: until the next is due. `hint`: contacts were named. */
export type WaitReason = "start" | "interval" | "hint" | "quota" | "busy" | "unavailable" | "failed";

/** What a watch does. Instants are epoch milliseconds. */
export type WatchUpdate =
  /** A run begins, for this reason; `run` counts them. */
  | { type: "run"; at: number; run: number; reason: WaitReason }
  /** A run ended. */
  | { type: "outcome"; at: number; run: number; outcome: SyncOutcome }
  /** A run failed; the watch continues. */
  | { type: "failure"; at: number; run: number; error: ConnectorError }
  /** The next run begins at `until`. It comes again where that changes. */
  | { type: "wait"; at: number; until: number; reason: WaitReason };

/** How a watch ended. */
export interface WatchResult {
  /** Runs that were begun. */
  runs: number;
  /** True where the signal ended a run that was under way: the next one continues at its checkpoint. */
  interrupted: boolean;
  /** What the last run that ended did. */
  outcome?: SyncOutcome | undefined;
  /** What the last run failed with, where it did. */
  error?: ConnectorError | undefined;
}

/** What a watch asks of the outside. */
export interface WatchHost {
  /** Runs the sync once. */
  run(signal: AbortSignal | undefined): Promise<SyncOutcome>;
  /** Releases what other processes need between runs. */
  release(): Promise<void>;
  /** When the day's calls to GHL start again, and how many a day has, where the store knows. */
  today(): Promise<{ resetsAt: number; limit?: number | undefined } | undefined>;
  /** Calls back when contacts are named in this process, until the returned function is called. */
  onHint(callback: () => void): () => void;
  /** Some of the contacts that the next run is to read, whoever named them; undefined where that is not cheap. */
  hints?: (() => Promise<readonly string[]>) | undefined;
  /** Epoch milliseconds. */
  now(): number;
  /** Milliseconds that never go back. */
  monotonic(): number;
  /** From 0 up to, not including, 1. */
  random(): number;
  /** Resolves after so many milliseconds; rejects when the signal fires. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
  signal: AbortSignal | undefined;
  onUpdate: (update: WatchUpdate) => void;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** The first wait of a run that is tried again. */
const FIRST_RETRY_MS = 15_000;
/** Hints that come together are taken together. */
const GATHER_MS = 2_000;
/** A run for a hint keeps this distance to the one before, or as much as that one took, if it took longer. */
const HINT_GAP_MS = 5_000;
/** The clock, and the hints of other processes, are looked at so often. */
const LOOK_MS = 30_000;

/** Errors that no later run corrects: what is configured, or who one is, must change first. */
const FINAL: ReadonlySet<string> = new Set<ErrorCode>([
  "invalid_config",
  "invalid_argument",
  "unknown_endpoint",
  "unauthorized",
  "reconnect_required",
  "scope_missing",
  "token_type_mismatch",
  "location_forbidden",
  "forbidden",
  "payment_required",
  "module_unavailable",
  "crashed",
]);

/** The times, with their defaults; refuses others before anything is sent. */
export function watchTimes({
  intervalMs,
  jitterMs,
}: WatchTimes): Required<{ [Name in keyof WatchTimes]: number }> {
  const interval = requireTime("intervalMs", intervalMs ?? 15 * MINUTE_MS, MINUTE_MS, DAY_MS);
  return {
    intervalMs: interval,
    jitterMs: requireTime("jitterMs", jitterMs ?? interval / 10, 0, interval),
  };
}

function requireTime(name: string, value: unknown, least: number, most: number): number {
  if (typeof value === "number" && value >= least && value <= most) return value;
  throw createError({
    code: "invalid_argument",
    message: `the option ${name} must be a number from ${least.toLocaleString("en-US")} to ${most.toLocaleString("en-US")} milliseconds, not ${String(value)}`,
    hint: "intervalMs: from a minute to a day. jitterMs: from 0 to intervalMs.",
  });
}

/** A wait: until when, why, and whether hints end it. */
interface Wait {
  until: number;
  reason: WaitReason;
  hears: boolean;
}

/** Runs until the signal fires. Rejects with what no later run corrects. */
export async function watch(
  host: WatchHost,
  { intervalMs, jitterMs }: { intervalMs: number; jitterMs: number },
): Promise<WatchResult> {
  const { signal } = host;
  const result: WatchResult = { runs: 0, interrupted: false };
  let hinted = false;
  let wake = () => {};
  const forget = host.onHint(() => {
    hinted = true;
    wake();
  });
  const namedContacts = async () => (await host.hints?.().catch(() => undefined)) ?? [];
  /** Named before the last run and not read by it, as where it only planned: no reason to run again soon. */
  let leftOver: ReadonlySet<string> = new Set();
  const jitter = (most = jitterMs) => host.random() * Math.min(most, jitterMs);
  /** Runs in a row that were to be tried again soon. */
  let failures = 0;
  let endedAt = Number.NEGATIVE_INFINITY;
  let tookMs = 0;
  const allowance = new Allowance(host.monotonic);

  /** Waits; gives the reason for which the next run begins, or nothing where the signal fired. */
  async function pause({ until, reason, hears }: Wait): Promise<WaitReason | undefined> {
    let due = { until, reason };
    let atMonotonic = host.monotonic() + (until - host.now());
    const told = () => host.onUpdate({ type: "wait", at: host.now(), ...due });
    if (due.until > host.now()) told();
    for (;;) {
      if (signal?.aborted) return undefined;
      const now = host.now();
      if (hears && hinted && due.reason !== "hint") {
        const gap = endedAt + Math.max(HINT_GAP_MS, tookMs);
        const soon = Math.max(now + GATHER_MS, gap, now + allowance.waitMs());
        if (soon < due.until) {
          due = { until: soon, reason: "hint" };
          atMonotonic = host.monotonic() + (soon - now);
          told();
        }
      }
      // Neither a clock that is set back nor a machine that slept puts a run off.
      const left = Math.min(due.until - now, atMonotonic - host.monotonic());
      if (left <= 0) return due.reason;
      const waker = new AbortController();
      wake = () => waker.abort();
      const stop = () => waker.abort();
      signal?.addEventListener("abort", stop);
      await host.sleep(Math.min(left, LOOK_MS), waker.signal).catch(() => {});
      signal?.removeEventListener("abort", stop);
      if (hears && !hinted && left > LOOK_MS)
        hinted = (await namedContacts()).some((id) => !leftOver.has(id));
    }
  }

  /** When a run that failed for want of something is tried again. */
  const again = (reason: WaitReason, leastMs = 0): Wait => {
    const grown = Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 20), intervalMs);
    const wait = Math.max(grown, leastMs);
    return { until: host.now() + wait + jitter(wait / 5), reason, hears: false };
  };
  /** When the next run is due after one that began at this instant. */
  const next = (beganAt: number, reason: WaitReason = "interval"): Wait => {
    const until = Math.max(beganAt + intervalMs, host.now()) + jitter();
    return { until, reason, hears: true };
  };
  /** No run before the day's calls start again; where nobody knows when that is, the next is due as usual. */
  const afterReset = (beganAt: number, resetsAt: number | undefined): Wait => {
    const usual = next(beganAt, "quota");
    const reset = resetsAt === undefined || resetsAt - host.now() > DAY_MS ? 0 : resetsAt + jitter();
    return { ...usual, until: Math.max(usual.until, reset), hears: false };
  };

  let wait: Wait = { until: host.now() + jitter(), reason: "start", hears: true };
  try {
    for (;;) {
      const reason = await pause(wait);
      if (reason === undefined) return result;
      hinted = false;
      result.runs += 1;
      const { runs: run } = result;
      const beganAt = host.now();
      const before = new Set(await namedContacts());
      host.onUpdate({ type: "run", at: beganAt, run, reason });
      try {
        const outcome = await host.run(signal);
        result.outcome = outcome;
        result.error = undefined;
        host.onUpdate({ type: "outcome", at: host.now(), run, outcome });
        if (reason === "hint" || run === 1) {
          const today = await host.today().catch(() => undefined);
          allowance.used(reason === "hint" ? outcome.report.calls.ghl : 0, today?.limit);
        }
        failures = outcome.stopped === "unavailable" ? failures + 1 : 0;
        wait = await waitAfter(outcome, beganAt);
      } catch (error) {
        if (signal?.aborted && error === signal.reason) return { ...result, interrupted: true };
        if (!ConnectorError.is(error) || FINAL.has(error.code)) throw error;
        result.error = error;
        host.onUpdate({ type: "failure", at: host.now(), run, error });
        wait = waitAfterFailure(error, beganAt);
      }
      endedAt = host.now();
      tookMs = endedAt - beganAt;
      leftOver = new Set((await namedContacts()).filter((id) => before.has(id)));
      await host.release();
    }
  } finally {
    forget();
  }

  async function waitAfter({ stopped, report }: SyncOutcome, beganAt: number): Promise<Wait> {
    const stops: Partial<Record<StopReason, () => Wait | Promise<Wait>>> = {
      unavailable: () => again("unavailable"),
      // Where only notes wait for the next days' calls, changes are still synced.
      quota: async () =>
        report.notesWaiting > 0
          ? next(beganAt)
          : afterReset(beganAt, (await host.today().catch(() => undefined))?.resetsAt),
    };
    return (stopped && (await stops[stopped]?.())) ?? next(beganAt);
  }

  function waitAfterFailure({ code, retryable, retryAfterMs }: ConnectorError, beganAt: number): Wait {
    if (code === "daily_quota_exhausted") {
      failures = 0;
      return afterReset(beganAt, retryAfterMs === undefined ? undefined : host.now() + retryAfterMs);
    }
    if (!retryable) {
      failures = 0;
      return next(beganAt, "failed");
    }
    failures += 1;
    return again(code === "busy" ? "busy" : "unavailable", retryAfterMs);
  }
}
