// `ghl-chartmogul watch`: keeps the location in step until it is ended.

import type { Connector } from "../../connector.js";
import type { ProgressEvent } from "../../events.js";
import type { SyncOutcome } from "../../generated/answers.js";
import type { WaitReason, WatchResult, WatchUpdate } from "../../watch.js";
import { ExitCode, exitCodeOf, exitCodeOfStanding, UsageError } from "../exit-code.js";
import { untilInterrupted } from "../interrupt.js";
import { createLiveLine } from "../live-line.js";
import { formatProgress } from "../progress.js";
import { standingText } from "../standing.js";
import { formatNumber } from "../table.js";
import type { Terminal } from "../terminal.js";
import { printable } from "../text-width.js";
import { callsText, writesOf } from "../totals.js";
import { durationText, PROGRAM } from "../words.js";
import { STOPS } from "./sync.js";

/** Flags of the command. */
export interface WatchFlags {
  /** Minutes. */
  interval: number;
  /** Seconds. */
  jitter?: number | undefined;
  yes?: boolean | undefined;
  /** Seconds, for each run. */
  deadline?: number | undefined;
  maxCalls?: number | undefined;
  maxRecords?: number | undefined;
}

/** Keeps the location in step until a signal, or an error that no later run corrects. */
export async function runWatch(
  connector: Connector,
  flags: WatchFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const watcher = createWatcher(connector, flags, terminal);
  return untilInterrupted(watcher.watch, watcher.onInterrupt);
}

/** A watch of the command line. */
export interface Watcher {
  /** Watches until the signal fires; gives the exit code that this calls for. */
  watch(signal: AbortSignal): Promise<ExitCode>;
  /** Says that it is about to stop. */
  onInterrupt(): void;
  /** Prints a line with the time. */
  say(line: string): void;
}

/** A watch that says what it does; `alsoUpdate` takes its updates too. Refuses flags that are not allowed. */
export function createWatcher(
  connector: Connector,
  flags: WatchFlags,
  terminal: Terminal,
  alsoUpdate: (update: WatchUpdate) => void = () => {},
): Watcher {
  const { interval, jitter = jitterOf(interval) } = flags;
  requireTimes(interval, jitter);
  const live = createLiveLine(terminal.json);
  const say = (line: string) => {
    live.clear();
    terminal.print(`${new Date().toISOString()} ${line}`);
  };
  let standing = "";
  const onUpdate = (update: WatchUpdate) => {
    alsoUpdate(update);
    if (terminal.json) return terminal.printJson(update);
    if (update.type === "outcome") standing = inStepText(update.outcome);
    const line = updateText(update, interval);
    if (line !== undefined) say(line);
    if (update.type === "run") live.show(() => "the sync begins …");
    if (update.type === "wait")
      live.show(() => `${waitText(update, Date.now())}${standing && `; ${standing}`}`);
  };
  return {
    say,
    onInterrupt() {
      live.clear();
      terminal.note("stopping at the next checkpoint; again to stop at once");
    },
    async watch(signal) {
      try {
        const result = await connector.sync.watch({
          signal,
          onUpdate,
          onProgress: (event: ProgressEvent) => live.show(() => formatProgress(event)),
          intervalMs: interval * 60_000,
          jitterMs: jitter * 1_000,
          apply: flags.yes,
          deadlineMs: flags.deadline === undefined ? undefined : flags.deadline * 1_000,
          maxCalls: flags.maxCalls,
          maxRecords: flags.maxRecords,
        });
        const runs = `${formatNumber(result.runs)} ${result.runs === 1 ? "run" : "runs"}`;
        if (!terminal.json) say(`ended after ${runs}`);
        return exitCodeOfWatch(result);
      } finally {
        live.clear();
      }
    },
  };
}

/** A person at a terminal waits for the first run; of many services not all begin at the same second. */
function jitterOf(interval: number): number {
  return process.stderr.isTTY === true ? 0 : interval * 6;
}

function requireTimes(interval: number, jitter: number): void {
  if (!(interval >= 1 && interval <= 1_440))
    throw new UsageError(`--interval: ${interval} is not allowed`, "Allowed are 1 to 1,440 minutes (a day).");
  if (jitter > interval * 60)
    throw new UsageError(
      `--jitter: ${jitter} is not allowed`,
      `Allowed are 0 to ${formatNumber(interval * 60)} seconds, which is the interval.`,
    );
}

/** How a watch that was ended ends: as its last run would have. */
export function exitCodeOfWatch({ runs, interrupted, outcome, error }: WatchResult): ExitCode {
  if (interrupted || runs === 0) return ExitCode.Stopped;
  if (error !== undefined) return exitCodeOf(error, true);
  if (outcome === undefined || !outcome.done) return ExitCode.Stopped;
  return outcome.plannedOnly ? ExitCode.NotInStep : exitCodeOfStanding(outcome.standing);
}

/** What is said of an update; nothing of those that the live line shows. */
export function updateText(update: WatchUpdate, interval: number): string | undefined {
  switch (update.type) {
    case "outcome":
      return outcomeText(update.outcome, interval);
    case "failure": {
      const { code, message, hint } = update.error;
      return `failed: ${code}: ${printable(message)}${hint === undefined ? "" : ` ${printable(hint)}`}`;
    }
    case "wait":
      return `next run at ${new Date(update.until).toISOString()}${REASONS[update.reason]}`;
    default:
      return undefined;
  }
}

/** "12 written; 41 GoHighLevel and 12 ChartMogul calls in 4 s; in step". */
function outcomeText(outcome: SyncOutcome, interval: number): string {
  const { report, plannedOnly, stopped, done } = outcome;
  if (plannedOnly) {
    const why =
      report.guard === null
        ? `it is this location's first run, or its first with these settings. See the plan: ${PROGRAM} plan. The next run, in ${formatNumber(interval)} min, writes it`
        : `${printable(report.guard)}. Read the plan, and apply it: ${PROGRAM} sync --yes`;
    return `nothing was written: ${why}`;
  }
  const work = `${formatNumber(writesOf(report.done))} written; ${callsText(report.calls)} in ${durationText(report.elapsedMs)}`;
  const end = stopped === undefined || done ? "" : `; stopped: ${STOPS[stopped]}`;
  return `${work}; ${inStepText(outcome)}${end}`;
}

function inStepText({ standing, plannedOnly }: SyncOutcome): string {
  return plannedOnly ? "" : standingText(standing) || "in step";
}

const REASONS: Readonly<Record<WaitReason, string>> = {
  start: "",
  interval: "",
  hint: ": contacts were named",
  quota: ": the day's quota of calls is used up",
  busy: ": another process is syncing the location",
  unavailable: ": tried again",
  failed: "",
};

/** "next run in 14:32". */
export function waitText({ until, reason }: Extract<WatchUpdate, { type: "wait" }>, now: number): string {
  const seconds = Math.max(0, Math.ceil((until - now) / 1_000));
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = (parts[0] === 0 ? parts.slice(1) : parts)
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
  return `next run in ${shown}${REASONS[reason]}`;
}
