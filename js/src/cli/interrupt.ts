// Ctrl+C and a polite kill: the first one stops at the next checkpoint, the second at once.

/** Gives the operation a signal that fires on SIGINT or SIGTERM. */
export async function untilInterrupted<Result>(
  operation: (signal: AbortSignal) => Promise<Result>,
  onInterrupt: () => void = () => {},
): Promise<Result> {
  const controller = new AbortController();
  const interrupt = () => {
    release();
    onInterrupt();
    controller.abort(new Interrupted());
  };
  const release = () => {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  try {
    return await operation(controller.signal);
  } finally {
    release();
  }
}

/** The user ended the command. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  readonly hint: string = "What was read and written so far is kept; the next plan or sync continues there.";

  constructor() {
    super("interrupted");
  }
}
