// A sandbox in this process: answers requests given as plain data.

import { bounded, sleep } from "../bounded.js";
import { createError } from "../errors.js";
import type { Transport, TransportRequest } from "../transport.js";
import type { FaultRule } from "./faults.js";
import type { GlueSandbox, SandboxAnswer } from "./glue.js";
import type { SandboxCredentials } from "./options.js";
import type { SandboxServer, ServeOptions } from "./server.js";

/** A request to the sandbox. */
export interface SandboxRequest {
  method: string;
  /** Path and query, or a whole URL of any host. */
  url: string;
  headers?: Readonly<Record<string, string>> | undefined;
  body?: Uint8Array | string | undefined;
}

/** The sandbox's answer. */
export interface SandboxResponse {
  status: number;
  headers: [name: string, value: string][];
  body: Uint8Array;
  /** Milliseconds to wait before answering. */
  delayMs: number;
  /** The connection ends without an answer; what the request wrote stays written. */
  drop: boolean;
}

/** Requests of one service, counted. */
export interface ServiceStats {
  /** Requests that arrived. */
  calls: number;
  /** Requests that made, changed or removed a record. */
  writes: number;
  /** Requests after which a record was there, gone or other than before, dates of writing aside. */
  effectiveWrites: number;
  /** Answers with status 429. */
  limited: number;
  /** Answers with another status from 400 to 499. */
  refused: number;
  /** Answers with a status from 500. */
  failed: number;
  /** Requests by method and path template. */
  endpoints: Record<string, number>;
  /** Writes by method and path template. */
  writesByEndpoint: Record<string, number>;
  /** Effective writes by method and path template. */
  effectiveWritesByEndpoint: Record<string, number>;
}

/** Requests of both services, counted. */
export interface SandboxStats {
  ghl: ServiceStats;
  chartmogul: ServiceStats;
}

/** Serves a sandbox, where the host can. */
export type Serve = (sandbox: Sandbox, options: ServeOptions) => Promise<SandboxServer>;

/** Both services in memory. */
export class Sandbox {
  readonly #glue: GlueSandbox;
  readonly #serve: Serve | undefined;

  /** @internal */
  constructor(glue: GlueSandbox, serve?: Serve) {
    this.#glue = glue;
    this.#serve = serve;
  }

  /** Tokens, keys and ids of the seeded accounts. */
  get credentials(): SandboxCredentials {
    return JSON.parse(this.#glue.credentials());
  }

  /**
   * Answers a request at once, a slow one too. The caller waits `delayMs` and breaks the connection on
   * `drop`.
   */
  handle(request: SandboxRequest): SandboxResponse {
    return responseOf(this.#glue.handle(...partsOf(request)));
  }

  /** The same, but a request that a fault makes `slow` is done and answered when its time has come. */
  async answer(request: SandboxRequest): Promise<SandboxResponse> {
    const arrival = this.#glue.arrive(...partsOf(request));
    if (!("ticket" in arrival)) return responseOf(arrival);
    await sleep(arrival.afterMs);
    return responseOf(this.#glue.carryOut(arrival.ticket, Date.now()));
  }

  /** What goes wrong from now on; an empty list ends all faults. */
  setFaults(rules: readonly FaultRule[]): void {
    this.#control("POST", "faults", rules);
  }

  /** Lets time pass for the sandbox. */
  advanceClock(milliseconds: number): void {
    this.#control("POST", "clock", { advanceMs: milliseconds });
  }

  /** Makes the token valid again after `tokenExpired`. */
  renewToken(): void {
    this.#control("POST", "token", {});
  }

  /** The records of the start, counters at zero, no faults. */
  reset(): void {
    this.#control("POST", "reset", {});
  }

  /** What clients have asked since the start. */
  stats(): SandboxStats {
    return this.#control("GET", "stats") as SandboxStats;
  }

  /** Ends the waiting, not the request, when the signal fires. */
  #answerWhile(signal: AbortSignal | undefined, request: SandboxRequest): Promise<SandboxResponse> {
    const answer = async () => {
      const answer = await this.answer(request);
      await sleep(answer.delayMs, signal);
      return answer;
    };
    return bounded(answer, Number.POSITIVE_INFINITY, signal);
  }

  #control(method: string, name: string, body?: unknown): unknown {
    const request = { method, url: `/sandbox/${name}`, body: body === undefined ? "" : JSON.stringify(body) };
    const { status, body: answer } = this.handle(request);
    const result: { error?: string } = JSON.parse(new TextDecoder().decode(answer));
    if (status !== 200) throw new TypeError(result.error ?? `the sandbox answered ${status}`);
    return result;
  }

  /** The sandbox in place of the global `fetch`: no server, no socket. */
  readonly fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    const body = new Uint8Array(await request.arrayBuffer());
    const { method, url, headers, signal } = request;
    const arriving = { method, url, headers: Object.fromEntries(headers), body };
    const answer = await this.#answerWhile(signal, arriving).catch((failure) => {
      signal.throwIfAborted();
      throw failure;
    });
    if (answer.drop)
      throw new TypeError("fetch failed", { cause: new Error("the sandbox dropped the connection") });
    const withoutBody = [204, 205, 304].includes(answer.status);
    return new Response(withoutBody ? null : (answer.body as Uint8Array<ArrayBuffer>), answer);
  };

  /** The sandbox as a connector's option `transport`: no server, no socket. */
  readonly transport: Transport = Object.assign(
    async ({ method, url, headers, body, signal }: TransportRequest) => {
      const answer = await this.#answerWhile(signal, { method, url, headers, body });
      if (answer.drop) throw { kind: "lost", message: "the sandbox dropped the connection" };
      return answer;
    },
    { world: nextWorld() },
  );

  /** Serves over HTTP on this machine only; not in a browser. */
  async serve(options: ServeOptions = {}): Promise<SandboxServer> {
    if (this.#serve === undefined) {
      throw createError({
        code: "invalid_argument",
        message: "a browser cannot serve the sandbox",
        hint: "Pass sandbox.transport to createConnector, or use sandbox.fetch.",
      });
    }
    return this.#serve(this, options);
  }
}

let worlds = 0;

/** Tells a sandbox from the others in this process. */
function nextWorld(): string {
  worlds += 1;
  return `sandbox ${worlds}`;
}

function partsOf({ method, url, headers = {}, body = "" }: SandboxRequest) {
  return [
    method,
    url.replace(/^[a-z]+:\/\/[^/?]*/, "") || "/",
    JSON.stringify(Object.entries(headers)),
    typeof body === "string" ? new TextEncoder().encode(body) : body,
    Date.now(),
  ] as const;
}

function responseOf({ status, headersJson, body, delayMs, drop }: SandboxAnswer): SandboxResponse {
  return { status, headers: JSON.parse(headersJson), body, delayMs, drop };
}
