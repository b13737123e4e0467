// How the command line ends.

import { ConnectorError } from "../errors.js";
import type { StandingCounts } from "../generated/answers.js";
import { Interrupted } from "./interrupt.js";

/** Exit codes. Every command uses the same ones. */
export const ExitCode = {
  /** Done. */
  Done: 0,
  /** Failed. */
  Failed: 1,
  /** Bad usage or configuration: nothing was sent. */
  Usage: 2,
  /** Done, but records fail or wait, now or since an earlier run; or it only planned. */
  NotInStep: 3,
  /** Stopped at a budget, by an unavailable service, or by a signal; the next run continues. */
  Stopped: 4,
} as const;

/** One of the exit codes. */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** The command line was used wrongly. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** The exit code of a run that is done: whether anything fails or waits. */
export function exitCodeOfStanding({ failed, waiting }: StandingCounts): ExitCode {
  return failed + waiting > 0 ? ExitCode.NotInStep : ExitCode.Done;
}

/** Errors after which the next plan or sync continues where this one was. */
const STOPS = ["daily_quota_exhausted", "service_unavailable"];

/** The exit code that an error calls for; `resumes` where the command continues when it is run again. */
export function exitCodeOf(error: unknown, resumes = false): ExitCode {
  if (error instanceof UsageError) return ExitCode.Usage;
  if (error instanceof Interrupted) return ExitCode.Stopped;
  if (!ConnectorError.is(error)) return ExitCode.Failed;
  if (resumes && STOPS.includes(error.code)) return ExitCode.Stopped;
  const usage = ["invalid_config", "invalid_argument", "unknown_endpoint"];
  return usage.includes(error.code) ? ExitCode.Usage : ExitCode.Failed;
}
