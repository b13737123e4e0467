// What the connector tells the program while it works. No event carries a secret.

import type { ConnectorEvent } from "./generated/answers.js";

export type { ConnectorEvent } from "./generated/answers.js";

/** A sync moved on: `done` of `total` (0 where unknown) in this phase. */
export type ProgressEvent = Extract<ConnectorEvent, { type: "progress" }>;

/** Gives events to the program, and to what listens while an operation is under way. */
export class Events {
  readonly #onEvent: ((event: ConnectorEvent) => void) | undefined;
  readonly #listeners = new Set<(event: ConnectorEvent) => void>();

  constructor(onEvent: ((event: ConnectorEvent) => void) | undefined) {
    this.#onEvent = onEvent;
  }

  /** Gives an event to everyone who listens. What a listener throws does not reach the connector. */
  emit(event: ConnectorEvent): void {
    quietly(() => this.#onEvent?.(event));
    for (const listener of [...this.#listeners]) quietly(() => listener(event));
  }

  /** Runs the operation while `onProgress` takes its progress. */
  async during<Result>(
    onProgress: ((event: ProgressEvent) => void) | undefined,
    operation: () => Promise<Result>,
  ): Promise<Result> {
    if (onProgress === undefined) return operation();
    return this.listening((event) => {
      if (event.type === "progress") onProgress(event);
    }, operation);
  }

  /** Runs the operation while a listener takes all events. */
  async listening<Result>(
    onEvent: (event: ConnectorEvent) => void,
    operation: () => Promise<Result>,
  ): Promise<Result> {
    // Its own function: the same one may be given to two operations.
    const listener = (event: ConnectorEvent) => onEvent(event);
    this.#listeners.add(listener);
    try {
      return await operation();
    } finally {
      this.#listeners.delete(listener);
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
