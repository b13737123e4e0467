// One connector inside the WebAssembly module: loads it at first use and sees every call to an end,
// also when the module stops on a defect.

import type { CallOptions } from "./call.js";
import { createError, type ErrorFields, toConnectorError, trapFields } from "./errors.js";
import type { CallContext, GlueConnector } from "./glue.js";
import { onTrap } from "./guarded-microtask.js";

/** Makes the calls of one connector. */
export class Core {
  readonly #create: () => Promise<GlueConnector>;
  /** The file of the state, where it has one. */
  readonly #storeFile: () => string | undefined;
  readonly #inFlight = new Set<(reason: ErrorFields) => void>();
  #connector: Promise<GlueConnector> | undefined;
  #crash: ErrorFields | undefined;

  constructor(create: () => Promise<GlueConnector>, storeFile: () => string | undefined = () => undefined) {
    this.#create = create;
    this.#storeFile = storeFile;
  }

  /** Makes a call and gives its result; rejects with a ConnectorError or the signal's reason. */
  async invoke<Result>(
    call: (connector: GlueConnector, context: CallContext) => Promise<Result>,
    options: CallOptions = {},
  ): Promise<Result> {
    const { signal, timeoutMs } = requireCallOptions(options);
    signal?.throwIfAborted();
    try {
      const connector = await this.#ready();
      signal?.throwIfAborted();
      return await this.#untilCrash(() => call(connector, { signal, timeoutMs }));
    } catch (reason) {
      if (signal?.aborted && reason === signal.reason) throw reason;
      const error = toConnectorError(reason);
      if (error.code === "crashed") this.crash(error.toJSON());
      if (error.code === "aborted") signal?.throwIfAborted();
      const file = error.code === "store_failed" ? this.#storeFile() : undefined;
      if (file === undefined || error.message.includes(file)) throw error;
      throw createError({ ...error.toJSON(), message: `${error.message} (${file})`, cause: error.cause });
    }
  }

  /** Ends all calls in flight and refuses later ones: the module's state may be torn. */
  crash(reason: ErrorFields): void {
    this.#crash ??= reason;
    for (const end of [...this.#inFlight]) end(this.#crash);
  }

  /** Releases the connector's memory; the next call makes a new one. */
  async free(): Promise<void> {
    const connector = this.#connector;
    this.#connector = undefined;
    // A module that crashed frees nothing any more, and one that never loaded has nothing to free.
    if (this.#crash === undefined) (await connector?.catch(() => undefined))?.free();
  }

  async #ready(): Promise<GlueConnector> {
    if (this.#crash !== undefined) throw this.#crash;
    this.#connector ??= this.#create();
    try {
      return await this.#connector;
    } catch (reason) {
      this.#connector = undefined;
      throw reason;
    }
  }

  #untilCrash<Result>(call: () => Promise<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      const forget = onTrap((reason) => this.crash(trapFields(reason)));
      this.#inFlight.add(reject);
      const settle = () => {
        forget();
        this.#inFlight.delete(reject);
      };
      call().then(resolve, reject).finally(settle);
    });
  }
}

/** Refuses options that would be without effect. */
export function requireCallOptions(options: CallOptions | null): CallOptions {
  const unknown = Object.keys(options ?? {}).find((name) => name !== "signal" && name !== "timeoutMs");
  if (unknown !== undefined) {
    throw createError({
      code: "invalid_argument",
      message: `unknown option ${unknown}`,
      hint: "A call takes signal and timeoutMs, a list cursor and limit too. Parameters come before the options.",
    });
  }
  const signal = options?.signal ?? undefined;
  const timeoutMs = options?.timeoutMs ?? undefined;
  if (signal !== undefined && typeof signal.throwIfAborted !== "function") {
    throw createError({
      code: "invalid_argument",
      message: "the option signal must be an AbortSignal",
      hint: "Pass the signal of the AbortController, not the controller.",
    });
  }
  if (timeoutMs !== undefined && !(typeof timeoutMs === "number" && timeoutMs > 0)) {
    throw createError({
      code: "invalid_argument",
      message: `the option timeoutMs must be a number above 0, not ${String(timeoutMs)}`,
    });
  }
  return { signal, timeoutMs };
}
