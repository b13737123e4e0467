// The WebAssembly module as wasm-bindgen's glue gives it: what src/wasm exports and what it calls.

/** What goes with each call into the module. */
export interface CallContext {
  signal: AbortSignal | undefined;
  timeoutMs: number | undefined;
}

/** The connector inside the module. Results are JSON text; failures are plain objects with a code. */
export interface GlueConnector {
  call(name: string, parameters: string, context: CallContext): Promise<string>;
  bytes(name: string, parameters: string, context: CallContext): Promise<Uint8Array>;
  page(name: string, parameters: string, cursor: string | undefined, context: CallContext): Promise<string>;
  preview(page: Uint8Array): Uint8Array;
  check(options: string, context: CallContext): Promise<string>;
  plan(options: string, context: CallContext): Promise<string>;
  cost(context: CallContext): Promise<string>;
  planChanges(
    planId: string,
    after: string | undefined,
    limit: number,
    context: CallContext,
  ): Promise<string>;
  apply(planId: string, options: string, context: CallContext): Promise<string>;
  run(options: string, context: CallContext): Promise<string>;
  deadLetters(after: string | undefined, limit: number, context: CallContext): Promise<string>;
  conflicts(
    settled: boolean,
    after: string | undefined,
    limit: number,
    context: CallContext,
  ): Promise<string>;
  resolve(settlementJson: string, context: CallContext): Promise<string>;
  forget(optionsJson: string, context: CallContext): Promise<string>;
  runs(context: CallContext): Promise<string>;
  status(context: CallContext): Promise<string>;
  why(id: string, context: CallContext): Promise<string>;
  link(contact: string, chartmogul: string, context: CallContext): Promise<string>;
  unlink(id: string, context: CallContext): Promise<string>;
  accept(idsJson: string, context: CallContext): Promise<string>;
  retry(id: string, context: CallContext): Promise<string>;
  refresh(optionsJson: string, context: CallContext): Promise<string>;
  /** Releases its memory; calls in flight continue. */
  free(): void;
}

/** The initialised module. */
export interface Glue {
  Connector: new (host: HostFunctions, options: string) => GlueConnector;
}

/** A response as plain data. */
export interface PlainResponse {
  status: number;
  headers: [string, string][];
  body: Uint8Array;
}

/** A request as plain data. */
export interface PlainRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: Uint8Array | undefined;
  signal?: AbortSignal | undefined;
  timeoutMs: number;
}

/** What the module asks of its host. None of these throws synchronously. */
export interface HostFunctions {
  /** The token or key of a service; one answer for each `round`, however many calls ask. */
  credential(service: "ghl" | "chartmogul", round: number, signal?: AbortSignal): Promise<unknown>;
  fetch(request: Request, timeoutMs: number, signal?: AbortSignal): Promise<PlainResponse>;
  transport?(request: PlainRequest): Promise<PlainResponse>;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** Waits beside other work, and keeps no process alive. */
  sleepInBackground(milliseconds: number): Promise<void>;
  /** Who this is, for other processes on the same store. */
  name?: string | undefined;
  /** What tells services from others at the same address: connectors of one account share its limits. */
  world?: string | undefined;
  /** Whether the store may be used for what nobody waits for. */
  readonly hasStore?: boolean;
  now(): number;
  monotonic(): number;
  random(): number;
  utcOffsetMinutes(zone: string, atMilliseconds: number): number | undefined;
  emit(eventJson: string): void;
  /** Left out where nobody takes an audit. */
  audit?(recordJson: string): void;
  crashed(message: string): void;
  storeGet(keys: string[]): Promise<(string | undefined)[]>;
  storeCommit(
    puts: [string, string][],
    deletes: string[],
    guard?: { key: string; value: string | undefined },
  ): Promise<boolean>;
  storeScan(
    prefix: string,
    after: string | undefined,
    limit: number,
    size: number,
  ): Promise<[string, string][]>;
}
