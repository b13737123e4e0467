// How the command line ends.

import { ConnectorError } from "../errors.js";
import { Interrupted } from "./interrupt.js";

/** Exit codes, the same for every command. */
export const ExitCode = {
  /** Done. */
  Done: 0,
  /** Failed. */
  Failed: 1,
  /** Bad usage or configuration: nothing was sent. */
  Usage: 2,
  /** Done, with rejected records. */
  Rejected: 3,
  /** Stopped at a budget or by the user; the next run goes on. */
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

/** The exit code that an error calls for. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError) return ExitCode.Usage;
  if (error instanceof Interrupted) return ExitCode.Stopped;
  if (!(error instanceof ConnectorError)) return ExitCode.Failed;
  const usage = ["invalid_config", "invalid_argument", "unknown_endpoint"];
  return usage.includes(error.code) ? ExitCode.Usage : ExitCode.Failed;
}
