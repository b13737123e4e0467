// A state store of a URL, for programs and commands that read from one text where their state is.

import { createRequire } from "node:module";
import { Socket } from "node:net";
import { createError } from "../errors.js";
import { parseUrl } from "../url.js";
import { identitiesByName } from "./identities.js";
import { memory } from "./memory.js";
import { postgres } from "./postgres.js";
import { redis } from "./redis.js";
import { sqlite } from "./sqlite.js";
import type { StateStore } from "./store.js";
import { isStoreError, messageOf, shownCause, storeError } from "./store-error.js";
import { decoded, isBrokenUrl, passwordsOf, schemeOf } from "./store-url.js";

const identityOf = identitiesByName();

/** How long a server may take to accept a connection. */
const CONNECT_MS = 10_000;
/** How long it may be silent on one that waits for an answer, before another connection is tried. */
const SILENT_MS = 20_000;
/** How long an answer may take in all. */
const ANSWER_MS = 30_000;
/** How long it may take to give back to the disk what was deleted. */
const COMPACT_MS = 3_600_000;
/** How long a connection may take to be closed in order. */
const CLOSE_MS = 3_000;

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
 * Other parameters of the URL belong to `ioredis` and `pg`. Blanks around the URL do not count, and what is
 * not a letter, a digit or one of `-._~` is percent-encoded in its user and password. Nothing is opened before
 * the first use. `close()` closes the connections when the operations under way have ended; the next use opens
 * them again. Several locations may share one store. A server that does not answer for 30 seconds is
 * `store_failed`.
 *
 * @throws `invalid_config` if the URL is of none of these forms. Its password is in no error.
 * @example
 * import { createConnector } from "ghl-chartmogul";
 * import { openStore } from "ghl-chartmogul/stores";
 *
 * const store = openStore(process.env.GHL_CHARTMOGUL_STORE ?? "sqlite:ghl-chartmogul.db");
 * const connector = createConnector({ ghl, chartmogul, store });
 */
export function openStore(given: string): StateStore {
  if (typeof given !== "string" || given.trim() === "") throw notAStore("a store is named by a text");
  const url = given.trim();
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
      throw notAStore(`${scheme}: is not the URL of a store`);
  }
}

function parsed(url: string): URL {
  const parts = parseUrl(url);
  if (parts === undefined || parts.hostname === "")
    throw notAStore(`the URL ${schemeOf(url)}: of the store cannot be read, or names no host`);
  const { username, password, pathname, hash } = parts;
  if ([username, password, pathname].some((part) => decoded(part) === undefined))
    throw notEncoded(url, "holds a % that begins no encoded character");
  // A slash or # in the password ends the host before it.
  if (`${pathname}${hash}`.includes("@")) throw notEncoded(url, "holds an @ behind its host");
  return parts;
}

function notAStore(message: string) {
  return createError({ code: "invalid_config", message, hint: `Allowed are ${FORMS}.` });
}

function notEncoded(url: string, what: string) {
  return createError({
    code: "invalid_config",
    message: `the URL ${schemeOf(url)}: of the store ${what}`,
    hint: "Percent-encode the user and the password: % is %25, / is %2F, # is %23, @ is %40.",
  });
}

function fileStore(path: string): StateStore {
  if (path === "") throw notAStore("sqlite: names no file");
  if (isBrokenUrl(path))
    throw notAStore("the store is neither a URL nor a path: it holds ://, and begins with something else");
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
    const client = new Redis(url.href, {
      maxRetriesPerRequest: 16,
      retryStrategy,
      connectTimeout: CONNECT_MS,
      socketTimeout: SILENT_MS,
      commandTimeout: ANSWER_MS,
    });
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
    const sockets = new Set<Socket>();
    const pool = new Pool({
      connectionString: url.href,
      max: 4,
      allowExitOnIdle: true,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: ANSWER_MS,
      keepAlive: true,
      stream: () => {
        const socket = new Socket();
        sockets.add(socket);
        return socket.once("close", () => sockets.delete(socket));
      },
    });
    // An idle connection that breaks; the next use opens another.
    pool.on("error", () => {});
    const query = (text: string, values?: unknown[]) =>
      pool.query({
        text,
        ...(values && { values }),
        ...(text.startsWith("VACUUM") && { query_timeout: COMPACT_MS }),
      });
    return {
      store: postgres({ query }, { table, name }),
      async end() {
        // A server that does not answer does not close its side either.
        const timer = setTimeout(() => {
          for (const socket of sockets) socket.destroy();
        }, CLOSE_MS);
        await pool.end().finally(() => clearTimeout(timer));
      },
      explain: (reason) => reason,
    };
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

/** Connections, and who uses them at this moment. */
interface Session {
  connected: Promise<Connected>;
  operations: number;
  /** Called when the last operation has ended, once the session is to be closed. */
  onIdle?: () => void;
}

/** A store that connects at its first use, and at the first one after it was closed. */
function reopening(url: URL, part: string | undefined, connect: () => Promise<Connected>): StateStore {
  let session: Session | undefined;
  const during = async <Result>(
    work: (store: StateStore) => Result | PromiseLike<Result>,
  ): Promise<Result> => {
    session ??= { connected: connect(), operations: 0 };
    const own = session;
    own.operations++;
    let explain = (reason: unknown) => reason;
    try {
      const connected = await own.connected.catch((reason) => {
        if (session === own) session = undefined;
        throw notConnected(reason);
      });
      explain = connected.explain;
      return await work(connected.store);
    } catch (reason) {
      throw withoutSecrets(reason, explain, url);
    } finally {
      own.operations--;
      if (own.operations === 0) own.onIdle?.();
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
      const last = session;
      session = undefined;
      if (last === undefined) return;
      // Another connector may use the same store: what it waits for is not cut off.
      if (last.operations > 0)
        await new Promise<void>((resolve) => {
          last.onIdle = resolve;
        });
      await (await last.connected.catch(() => undefined))?.end();
    },
  };
}

/** The failure with what the client knows more, and without the password, should a client have put it there. */
function withoutSecrets(reason: unknown, explain: (reason: unknown) => unknown, url: URL): unknown {
  if (!(reason instanceof Error)) return reason;
  const cause = explain(reason.cause ?? reason);
  if (cause !== (reason.cause ?? reason)) reason.message += ` (${messageOf(cause)})`;
  const secrets = passwordsOf(url).filter((secret) => secret.length > 3);
  for (const error of [reason, reason.cause]) {
    if (!(error instanceof Error)) continue;
    for (const secret of secrets) error.message = error.message.replaceAll(secret, "[secret]");
  }
  return reason;
}

/** The failure of a client that does not even begin: an option of the URL is wrong. */
function notConnected(reason: unknown): Error {
  if (isStoreError(reason)) return reason;
  return storeError({
    code: "store_failed",
    message: `the client of the state store cannot be made: ${messageOf(reason)}`,
    hint: "Check the parameters of the URL of the store.",
    cause: shownCause(reason),
  });
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
