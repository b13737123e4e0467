// The functions that the module calls: I/O, time, chance, zones, events and the state store.

import { bounded, type SendFailure, sleep, sleepInBackground } from "./bounded.js";
import { monotonic } from "./clock.js";
import { type CredentialFunctions, credentialsOf } from "./credentials.js";
import { type ErrorFields, trapFields } from "./errors.js";
import type { HostFunctions } from "./glue.js";
import type { Awaitable, StateStore } from "./stores/store.js";
import { storeError } from "./stores/store-error.js";
import { utcOffsetMinutes } from "./time-zone.js";
import { sendWithFetch, sendWithTransport, type Transport } from "./transport.js";

/** How long a store may take to answer. */
const STORE_MS = 60_000;

/** What the host functions of one connector are made from. */
export interface HostOptions {
  credentials: CredentialFunctions;
  transport: Transport | undefined;
  /** Opens the store at its first use. */
  store: () => StateStore | PromiseLike<StateStore>;
  /** Whether that opens nothing that only the sync needs. */
  hasStore: () => boolean;
  /** Takes each event. */
  emit: (event: unknown) => void;
  /** Takes each write that is recorded. */
  audit: ((record: unknown) => void) | undefined;
  /** Takes the news that the module stopped on a defect. */
  crashed: (reason: ErrorFields) => void;
}

/** The host functions of one connector. Those that give a promise never throw synchronously. */
export function createHost({
  credentials,
  transport,
  store,
  hasStore,
  emit,
  audit,
  crashed,
}: HostOptions): HostFunctions {
  return {
    credential: credentialsOf(credentials),
    fetch: sendWithFetch,
    ...(transport === undefined ? {} : { transport: (request) => sendWithTransport(transport, request) }),
    sleep,
    sleepInBackground,
    name: processName(),
    // Set by transports that lead to services of their own, as a sandbox's.
    world: (transport as { world?: string } | undefined)?.world,
    get hasStore() {
      return hasStore();
    },
    now: () => Date.now(),
    monotonic,
    random: () => Math.random(),
    utcOffsetMinutes,
    emit: (eventJson) => emit(JSON.parse(eventJson)),
    ...(audit === undefined ? {} : { audit: (recordJson) => audit(JSON.parse(recordJson)) }),
    crashed: (message) => crashed(trapFields(message)),
    storeGet: async (keys) => answered((await store()).get(keys)),
    async storeCommit(puts, deletes, guard) {
      const opened = await store();
      if (opened.conditional === true) return (await answered(opened.commit(puts, deletes, guard))) !== false;
      // Whatever such a commit returns, it says nothing about a guard.
      await answered(opened.commit(puts, deletes));
      return true;
    },
    storeScan: async (prefix, after, limit, size) =>
      answered((await store()).scan(prefix, after, limit, size)),
  };
}

/** What a store answers, or the failure of one that does not. */
async function answered<Result>(work: Awaitable<Result>): Promise<Result> {
  // Most stores of a file or of memory have answered already.
  if (typeof (work as Partial<PromiseLike<Result>> | undefined)?.then !== "function") return work;
  try {
    return await bounded(() => work, STORE_MS);
  } catch (reason) {
    if ((reason as Partial<SendFailure> | undefined)?.kind !== "timeout") throw reason;
    throw storeError({
      code: "store_failed",
      message: `the state store has not answered within ${STORE_MS / 1_000} seconds`,
      hint: "Check that its server is running and reachable from here, and run again. Whether a commit happened is not known; the next run finds out.",
    });
  }
}

/** This process, where the host has processes. Deno asks its user before it tells the host's name. */
function processName(): string | undefined {
  const { process, Deno } = globalThis as { process?: Partial<NodeJS.Process>; Deno?: unknown };
  if (process?.pid === undefined) return undefined;
  const system = Deno === undefined ? process.getBuiltinModule?.("node:os") : undefined;
  return `process ${process.pid}${system === undefined ? "" : ` on ${system.hostname()}`}`;
}
