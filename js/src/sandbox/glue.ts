// The sandbox's WebAssembly module as wasm-bindgen's glue gives it.

/** An answer of the sandbox. */
export interface SandboxAnswer {
  status: number;
  /** `[[name, value], ...]` as JSON. */
  headersJson: string;
  body: Uint8Array;
  /** Milliseconds to wait before answering. */
  delayMs: number;
  /** The connection ends without an answer. */
  drop: boolean;
}

/** A request that is carried out later. */
export interface WaitingRequest {
  ticket: number;
  afterMs: number;
}

/** Both services in memory. */
export interface GlueSandbox {
  handle(
    method: string,
    pathAndQuery: string,
    headersJson: string,
    body: Uint8Array,
    nowMs: number,
  ): SandboxAnswer;
  arrive(
    method: string,
    pathAndQuery: string,
    headersJson: string,
    body: Uint8Array,
    nowMs: number,
  ): SandboxAnswer | WaitingRequest;
  carryOut(ticket: number, nowMs: number): SandboxAnswer;
  /** Tokens, keys and ids as JSON. */
  credentials(): string;
}

/** The initialised module. */
export interface SandboxGlue {
  Sandbox: new (optionsJson: string) => GlueSandbox;
}
