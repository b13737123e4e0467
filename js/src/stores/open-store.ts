// A state store of a URL, for programs and commands that read from one text where their state is.

import { createRequire } from "node:module";
import { createError } from "../errors.js";
import { parseUrl } from "../url.js";
import { identitiesByName } from "./identities.js";
import { memory } from "./memory.js";
import { postgres } from "./postgres.js";
import { redis } from "./redis.js";
import { sqlite } from "./sqlite.js";
import type { StateStore } from "./store.js";
import { messageOf, shownCause, storeError } from "./store-error.js";
import { schemeOf } from "./store-url.js";

const identityOf = identitiesByName();

const FORMS = "redis://, rediss://, postgres://, postgresql://, sqlite:FILE, memory:, or the path of a file";

/**
 * The store that a URL names, for Node.js, Deno and Bun:
 *
 * | URL | store |
 * |---|---|
 * | `redis://user:password@host:6379/0?prefix=crm`, `rediss://…` with TLS | Redis; needs the package `ioredis` |
 * | `postgres://user:password@host/database?table=t&name=n`, `postgresql://…` | PostgreSQL; needs the package `pg` |
 * | `sqlite:state.db`, or the path of a file | a SQLite file |
 * | `memory:` | memory |
 *
 * Other parameters of the URL belong to `ioredis` and `pg`. Nothing is opened before the first use. `close()`
 * closes the connections; the next use opens them again. Several locations may share one store.
 *
 * @throws `invalid_config` if the URL is of none of these forms. Its password is in no error.
 * @example
 * import { createConnector } from "ghl-chartmogul";
 * import { openStore } from "ghl-chartmogul/stores";
 *
 * const store = openStore(process.env.GHL_CHARTMOGUL_STORE ?? "sqlite:ghl-chartmogul.db");
 * const connector = createConnector({ ghl, chartmogul, store });
 */
export function openStore(url: string): StateStore {
  if (typeof url !== "string" || url.trim() === "") throw notAStore("a store is named by a text");
  const scheme = schemeOf(url);
  if (scheme === undefined) return fileStore(url);
  switch (scheme) {
    case "memory":
      return memory();
    case "sqlite":
      return fileStore(url.slice("sqlite:".length).replace(/^\/\/(?=.)/, ""));
    case "redis":
    case "rediss":
      return redisStore(parsed(url));
    case "postgres":
    case "postgresql":
      return postgresStore(parsed(url));
    default:
      throw notAStore(`there is no store ${scheme}:`);
  }
}

function parsed(url: string): URL {
  const parts = parseUrl(url);
  if (parts === undefined || parts.hostname === "")
    throw notAStore(`the URL ${schemeOf(url)}: of the store cannot be read, or names no host`);
  return parts;
}

function notAStore(message: string) {
  return createError({ code: "invalid_config", message, hint: `Allowed are ${FORMS}.` });
}

function fileStore(path: string): StateStore {
  if (path === "") throw notAStore("sqlite: names no file");
  return sqlite(path);
}

function redisStore(url: URL): StateStore {
  requirePackage("ioredis");
  const prefix = taken(url, "prefix");
  // Options are checked before the first use.
  redis({ call: async () => "" }, { prefix });
  return reopening(url, prefix, async () => {
    const { Redis } = await load("ioredis", () => import("ioredis"));
    // A server that restarts is waited for some 13 seconds.
    const retryStrategy = (times: number) => Math.min(100 * times, 1_000);
    const client = new Redis(url.href, { maxRetriesPerRequest: 16, retryStrategy });
    let trouble: unknown;
    client.on("error", (reason) => {
      trouble = reason;
    });
    return {
      store: redis(client, { prefix }),
      end: async () => client.disconnect(),
      // What ends its patience says only how often it has tried.
      explain: (reason) => (/max retries/i.test(messageOf(reason)) ? (trouble ?? reason) : reason),
    };
  });
}

function postgresStore(url: URL): StateStore {
  requirePackage("pg");
  const [table, name] = [taken(url, "table"), taken(url, "name")];
  postgres({ query: async () => [] }, { table, name });
  return reopening(url, `${table} ${name}`, async () => {
    const { Pool } = await load("pg", () => import("pg"));
    const pool = new Pool({ connectionString: url.href, max: 4, allowExitOnIdle: true });
    // An idle connection that breaks; the next use opens another.
    pool.on("error", () => {});
    return { store: postgres(pool, { table, name }), end: () => pool.end(), explain: (reason) => reason };
  });
}

/** A parameter of the URL that is ours, which its client must not see. */
function taken(url: URL, parameter: string): string | undefined {
  const value = url.searchParams.get(parameter) ?? undefined;
  url.searchParams.delete(parameter);
  return value;
}

/** A store with the connections that were opened for it. */
interface Connected {
  store: StateStore;
  end(): Promise<unknown>;
  /** The reason that says more, for one of the client's. */
  explain(reason: unknown): unknown;
}

/** A store that connects at its first use, and at the first one after it was closed. */
function reopening(url: URL, part: string | undefined, connect: () => Promise<Connected>): StateStore {
  let opened: Promise<Connected> | undefined;
  const during = async <Result>(
    work: (store: StateStore) => Result | PromiseLike<Result>,
  ): Promise<Result> => {
    opened ??= connect().catch((reason) => {
      opened = undefined;
      throw reason;
    });
    const { store, explain } = await opened;
    try {
      return await work(store);
    } catch (reason) {
      throw withoutSecrets(reason, explain, url);
    }
  };
  const { protocol, host, pathname } = url;
  return {
    identity: identityOf(`${protocol}//${host}${pathname} ${part}`),
    conditional: true,
    get: (keys) => during((store) => store.get(keys)),
    commit: (puts, deletes, guard) => during((store) => store.commit(puts, deletes, guard)),
    scan: (prefix, after, limit, size) => during((store) => store.scan(prefix, after, limit, size)),
    compact: () => during((store) => store.compact?.()),
    async close() {
      const last = opened;
      opened = undefined;
      await (await last?.catch(() => undefined))?.end();
    },
  };
}

/** The failure with what the client knows more, and without the password, should a client have put it there. */
function withoutSecrets(reason: unknown, explain: (reason: unknown) => unknown, url: URL): unknown {
  if (!(reason instanceof Error)) return reason;
  const cause = explain(reason.cause ?? reason);
  if (cause !== (reason.cause ?? reason)) reason.message += ` (${messageOf(cause)})`;
  const secrets = [url.password, decodeURIComponent(url.password)].filter((secret) => secret.length > 3);
  for (const error of [reason, reason.cause]) {
    if (!(error instanceof Error)) continue;
    for (const secret of secrets) error.message = error.message.replaceAll(secret, "[secret]");
  }
  return reason;
}

/** Refuses at once what is not installed, where that can be seen: a bundle may carry it in itself. */
function requirePackage(name: "ioredis" | "pg"): void {
  if (!/ghl-chartmogul\/(cjs\/)?stores\.js$/.test(import.meta.url)) return;
  try {
    createRequire(import.meta.url).resolve(name);
  } catch (reason) {
    const { code } = reason as { code?: unknown };
    if (code !== "MODULE_NOT_FOUND" && code !== "ERR_MODULE_NOT_FOUND") return;
    throw createError({ code: "invalid_config", ...notInstalled(name) });
  }
}

function notInstalled(name: string) {
  return {
    message: `the package ${name}, which the store needs, is not installed`,
    hint: `Run: npm install ${name}`,
  };
}

/** A package that the program has installed; of a CommonJS one, what it exports may be under `default`. */
async function load<Module extends object>(
  name: string,
  importPackage: () => Promise<Module>,
): Promise<Module> {
  try {
    const module = await importPackage();
    return { ...(module as { default?: Module }).default, ...module };
  } catch (reason) {
    throw storeError({ code: "store_failed", ...notInstalled(name), cause: shownCause(reason) });
  }
}
