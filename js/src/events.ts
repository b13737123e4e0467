// What the connector tells the program while it works. No event carries a secret.

import type { ConnectorEvent } from "./generated/answers.js";

export type { ConnectorEvent } from "./generated/answers.js";

/** A sync moved on: `done` of `total` (0 where unknown) in this phase. */
export type ProgressEvent = Extract<ConnectorEvent, { type: "progress" }>;

/** Gives events to the program and progress to the sync that runs. */
export class Events {
  readonly #onEvent: ((event: ConnectorEvent) => void) | undefined;
  readonly #progress = new Set<(event: ProgressEvent) => void>();

  constructor(onEvent: ((event: ConnectorEvent) => void) | undefined) {
    this.#onEvent = onEvent;
  }

  /** Gives an event to everyone who listens. What a listener throws does not reach the connector. */
  emit(event: ConnectorEvent): void {
    quietly(() => this.#onEvent?.(event));
    if (event.type !== "progress") return;
    for (const listener of [...this.#progress]) quietly(() => listener(event));
  }

  /** Runs the operation while `onProgress` listens. */
  async during<Result>(
    onProgress: ((event: ProgressEvent) => void) | undefined,
    operation: () => Promise<Result>,
  ): Promise<Result> {
    if (onProgress === undefined) return operation();
    // Its own function: the same one may be given to two operations.
    const listener = (event: ProgressEvent) => onProgress(event);
    this.#progress.add(listener);
    try {
      return await operation();
    } finally {
      this.#progress.delete(listener);
    }
  }
}

function quietly(listener: () => void): void {
  try {
    listener();
  } catch {
    // A log or progress bar that fails must not stop a sync half-way.
  }
}
