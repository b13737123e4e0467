// A state store in Redis or Valkey, for hosts without a disk of their own and for several processes.

import { createHash, randomUUID } from "node:crypto";
import { createError } from "../errors.js";
import { identitiesOf } from "./identities.js";
import { patiently } from "./patience.js";
import { COMMIT, GET, INFORMATION, SCAN } from "./redis-scripts.js";
import { compareBytes } from "./sorted-keys.js";
import type { CommitGuard, StateStore } from "./store.js";
import { isStoreError, messageOf, shownCause, storeError } from "./store-error.js";
import { successor } from "./successor.js";

/** A client of `ioredis`: `new Redis(…)` or `new Cluster(…)`. */
export interface IoRedisClient {
  call(command: string, ...values: string[]): Promise<unknown>;
}

/** A client or pool of `redis` (node-redis), connected. */
export interface NodeRedisClient {
  sendCommand(values: string[]): Promise<unknown>;
}

/** A cluster of `redis` (node-redis), connected. */
export interface NodeRedisCluster {
  readonly masters: readonly unknown[];
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean | undefined,
    values: string[],
  ): Promise<unknown>;
}

/** A client that the program has connected. */
export type RedisClient = IoRedisClient | NodeRedisClient | NodeRedisCluster;

/** Options of a store in Redis. */
export interface RedisOptions {
  /**
   * What the names of its keys begin with, 1 to 100 characters without braces. Stores with the same prefix
   * in the same database are one store. Default `ghl-chartmogul`.
   */
  prefix?: string | undefined;
  /**
   * Takes a sentence about a server that may lose what it has confirmed, once. Default: a process warning in
   * Node.js, nothing elsewhere.
   */
  onWarning?: ((warning: string) => void) | undefined;
}

type Send = (key: string, values: string[]) => Promise<unknown>;

const identityOf = identitiesOf();
const DEFAULT_PREFIX = "ghl-chartmogul";

/**
 * A store in Redis 5 or later, or Valkey, through a client of the program: `ioredis` 5 and 6, or `redis`
 * (node-redis) 4 to 6, a single server or a cluster. A commit is one script, which happens whole or not at
 * all, so that any number of processes may share the store. It serves any number of locations.
 *
 * The server should have `appendonly yes`, and `appendfsync always` where not even the last second before a
 * power cut may be lost. A server that evicts keys is refused with `store_failed`. Closing the store does
 * not close the client.
 *
 * @throws `invalid_config` if the client is of another kind, or the prefix cannot be one.
 * @example
 * import { Redis } from "ioredis";
 * import { createConnector } from "ghl-chartmogul";
 * import { redis } from "ghl-chartmogul/redis";
 *
 * const client = new Redis(process.env.REDIS_URL);
 * const connector = createConnector({ ghl, chartmogul, store: redis(client) });
 */
export function redis(client: RedisClient, options: RedisOptions = {}): StateStore {
  const send = senderOf(client);
  const { prefix = DEFAULT_PREFIX, onWarning = warnInNode } = options;
  requirePrefix(prefix);
  // The braces keep all keys on one node of a cluster.
  const [values, keys] = [`{${prefix}}:values`, `{${prefix}}:keys`];
  const run = scriptRunner(send);
  const owner = randomUUID();
  let commits = 0;
  let examined: Promise<void> | undefined;
  const during = async (script: string, more: string[], given: string[]): Promise<unknown> => {
    try {
      // A failure is not remembered: an administrator may have cured it.
      examined ??= examine(run, values, onWarning).catch((reason) => {
        examined = undefined;
        throw reason;
      });
      await examined;
      // Each script may run a second time: a commit that changes its guard says whether it happened.
      return await patiently(() => run(script, [values, keys, ...more], given), isBroken);
    } catch (reason) {
      throw failureOf(reason);
    }
  };
  return {
    identity: identityOf(client, prefix),
    conditional: true,
    async get(wanted) {
      if (wanted.length === 0) return [];
      const found = (await during(GET, [], wanted)) as (string | null)[];
      return found.map((value) => value ?? undefined);
    },
    async commit(puts, deletes, guard) {
      if (puts.length === 0 && deletes.length === 0 && guard === undefined) return true;
      const once = changesItsGuard(puts, deletes, guard) ? [`{${prefix}}:commit:${owner}:${++commits}`] : [];
      const given = [...guardArguments(guard), String(puts.length), ...puts.flat(), ...deletes];
      // Some clients give numbers as texts.
      return Number(await during(COMMIT, once, given)) === 1;
    },
    async scan(prefixOfKeys, after, limit, size = Number.POSITIVE_INFINITY) {
      const begins = after === undefined || compareBytes(after, prefixOfKeys) < 0;
      const upper = successor(prefixOfKeys);
      const bounds = [begins ? `[${prefixOfKeys}` : `(${after}`, upper === undefined ? "+" : `(${upper}`];
      const most = String(Math.min(size, Number.MAX_SAFE_INTEGER));
      const flat = (await during(SCAN, [], [...bounds, String(limit), most])) as string[];
      return Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at] ?? "", flat[2 * at + 1] ?? ""]);
    },
    async compact() {
      try {
        await send(values, ["BGREWRITEAOF"]);
      } catch (reason) {
        // One is under way, or the service does it by itself and refuses the command.
        if (!/already in progress|NOPERM|unknown command|not allowed/i.test(messageOf(reason)))
          throw failureOf(reason);
      }
    },
  };
}

/** Whether a second time would find the guard changed by the first. */
function changesItsGuard(
  puts: readonly [key: string, value: string][],
  deletes: readonly string[],
  guard: CommitGuard | undefined,
): boolean {
  return guard !== undefined && (deletes.includes(guard.key) || puts.some(([key]) => key === guard.key));
}

function guardArguments(guard: CommitGuard | undefined): string[] {
  if (guard === undefined) return ["", "", ""];
  return guard.value === undefined ? ["absent", guard.key, ""] : ["value", guard.key, guard.value];
}

/** Sends commands through whatever client it is; `key` leads to the node. */
function senderOf(client: RedisClient): Send {
  const given = (client ?? {}) as Partial<IoRedisClient & NodeRedisCluster>;
  if (typeof given.call === "function") {
    const { call } = given;
    return (_, [command = "", ...values]) => Reflect.apply(call, client, [command, ...values]);
  }
  if (typeof given.sendCommand === "function") {
    if (Array.isArray(given.masters))
      return (key, values) => (client as NodeRedisCluster).sendCommand(key, false, values);
    return (_, values) => (client as NodeRedisClient).sendCommand(values);
  }
  throw createError({
    code: "invalid_config",
    message: "redis takes a client of ioredis or of node-redis",
    hint: 'For example: redis(new Redis(url)), with Redis from "ioredis". A URL is for openStore of "ghl-chartmogul/stores".',
  });
}

function requirePrefix(prefix: unknown): void {
  if (typeof prefix === "string" && /^[^{}]{1,100}$/.test(prefix)) return;
  throw createError({
    code: "invalid_config",
    message: "the option prefix of redis must be 1 to 100 characters without braces",
    hint: "For example: redis(client, { prefix: 'crm-sync' }).",
  });
}

type RunScript = (script: string, keys: string[], values: string[]) => Promise<unknown>;

/** Runs scripts by their hash; a server that does not know one gets its text. */
function scriptRunner(send: Send): RunScript {
  const hashes = new Map<string, string>();
  return async (script, keys, values) => {
    const hash = hashes.get(script) ?? createHash("sha1").update(script).digest("hex");
    hashes.set(script, hash);
    const given = [String(keys.length), ...keys, ...values];
    const [first = ""] = keys;
    try {
      return await send(first, ["EVALSHA", hash, ...given]);
    } catch (reason) {
      if (!/NOSCRIPT/.test(messageOf(reason))) throw reason;
      return send(first, ["EVAL", script, ...given]);
    }
  };
}

/**
 * Refuses a server that evicts keys: half a state is worse than none. Policies `volatile-…` evict only keys
 * with a time to live, and the state has none.
 */
async function examine(run: RunScript, key: string, onWarning: (warning: string) => void): Promise<void> {
  const text = await run(INFORMATION, [key], []);
  const told = new Map(
    String(text)
      .split(/\r?\n/)
      .map((line) => {
        const at = line.indexOf(":");
        return [line.slice(0, at), line.slice(at + 1)] as const;
      }),
  );
  const policy = told.get("maxmemory_policy") ?? "";
  if (policy.startsWith("allkeys-") && told.get("maxmemory") !== "0") {
    throw storeError({
      code: "store_failed",
      message: `the Redis server evicts keys when its memory is full (maxmemory-policy ${policy}), and would lose the sync's state`,
      hint: "Set maxmemory-policy to noeviction, or use a server of its own for the state.",
    });
  }
  if (told.get("aof_enabled") === "0") {
    onWarning(
      "Redis keeps no append-only file (appendonly no): a restart of the server takes the sync's state back to its last snapshot. Set appendonly to yes.",
    );
  }
}

/** The connection broke, or the server reads its files yet. */
function isBroken(reason: unknown): boolean {
  return /Socket closed unexpectedly|ECONNRESET|^LOADING/.test(messageOf(reason));
}

function warnInNode(warning: string): void {
  globalThis.process?.emitWarning?.(warning, { code: "GHL_CHARTMOGUL_REDIS" });
}

function failureOf(reason: unknown): unknown {
  if (isStoreError(reason)) return reason;
  const message = messageOf(reason);
  return storeError({
    code: "store_failed",
    message: `the state store in Redis failed: ${message}`,
    hint: hintOf(message),
    cause: shownCause(reason),
  });
}

/** What to do about a server that refuses or cannot be reached. */
function hintOf(message: string): string {
  if (/\bOOM\b/.test(message))
    return "Redis is full. Give it more memory; no record is lost or written twice.";
  if (/NOAUTH|WRONGPASS|NOPERM/.test(message))
    return "Check the user and the password of the client. It needs EVAL, EVALSHA, INFO and the commands of hashes and sorted sets, on the keys of its prefix.";
  if (/WRONGTYPE|has no value/.test(message))
    return "Something else writes to keys of this prefix. Pass another prefix.";
  if (/READONLY/.test(message))
    return "The client is connected to a replica. Connect it to the primary server.";
  if (/MISCONF|BUSY|LOADING|MASTERDOWN|CLUSTERDOWN/.test(message))
    return "Wait until the server is ready, and run again.";
  if (/timed out/i.test(message))
    return "The server does not answer, or is too slow. Whether the commit happened is not known; the next run finds out.";
  return "Check that the server is running and reachable from here, and run again. No record is lost or written twice.";
}
