// Servers of Redis and PostgreSQL for a test: plain processes on free ports, each with a folder of its own.
// They can be killed and started again on the same files.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { programPath } from "./project.mjs";

const redisServer = programPath("redis-server", "valkey-server");
const postgresFolder = findPostgres();

/** Why tests of a server are skipped; false where they run. */
export const withoutRedis =
  redisServer === undefined && "redis-server is not installed: apt-get install redis-server";
export const withoutPostgres =
  postgresFolder === undefined && "PostgreSQL is not installed: apt-get install postgresql";

const running = new Set();
process.on("exit", () => {
  for (const end of running) end();
});

// A test that is ended ends its servers.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Resolves when something listens there. */
async function listening(port) {
  for (let tries = 0; tries < 300; tries++) {
    const socket = connect(port, "127.0.0.1");
    const connected = await new Promise((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    socket.destroy();
    if (connected) return;
    await delay(50);
  }
  throw new Error(`nothing listens on port ${port}`);
}

function createFolder() {
  const folder = mkdtempSync(join(tmpdir(), "ghl-chartmogul-server-"));
  chmodSync(folder, 0o755);
  return folder;
}

/** A Redis server; `settings` are flags of its command line. */
export async function startRedis(...settings) {
  const folder = createFolder();
  const port = await freePort();
  let child;
  const start = async () => {
    const durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""];
    const args = ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", folder, ...durable, ...settings];
    child = spawn(redisServer, args, { stdio: "ignore" });
    await listening(port);
  };
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  const end = () => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  running.add(end);
  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    start,
    kill,
    async stop() {
      await kill();
      running.delete(end);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function findPostgres() {
  try {
    const versions = readdirSync("/usr/lib/postgresql").sort((left, right) => Number(right) - Number(left));
    return versions.length === 0 ? undefined : `/usr/lib/postgresql/${versions[0]}/bin`;
  } catch {
    const path = programPath("postgres");
    return path === undefined ? undefined : "";
  }
}

/** PostgreSQL refuses to run as root. */
const asPostgres = () => (process.getuid?.() === 0 ? ["runuser", "-u", "postgres", "--"] : []);

function postgresProgram(name) {
  const [first, ...more] = [...asPostgres(), postgresFolder === "" ? name : join(postgresFolder, name)];
  return [first, more];
}

/** A PostgreSQL server. What it has confirmed outlives a kill of its processes, not one of the machine. */
export async function startPostgres() {
  const folder = createFolder();
  const data = join(folder, "data");
  mkdirSync(data);
  if (process.getuid?.() === 0) {
    const uid = Number(execFileSync("id", ["-u", "postgres"], { encoding: "utf8" }));
    chownSync(data, uid, uid);
  }
  const [initdb, before] = postgresProgram("initdb");
  const options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"];
  execFileSync(initdb, [...before, "-D", data, ...options], { stdio: "ignore", cwd: folder });
  const port = await freePort();
  let child;
  const start = async () => {
    const [server, first] = postgresProgram("postgres");
    const flags = [
      "-D",
      data,
      "-p",
      `${port}`,
      "-k",
      data,
      "-c",
      "listen_addresses=127.0.0.1",
      "-c",
      "fsync=off",
    ];
    // One that was killed may leave its shared memory for a moment.
    for (let tries = 0; ; tries++) {
      // A group of its own: runuser does not hand SIGKILL on.
      child = spawn(server, [...first, ...flags], { stdio: "ignore", cwd: folder, detached: true });
      const began = child;
      const outcome = await Promise.race([
        ready(port, began).then(() => "ready"),
        once(began, "exit").then(() => "ended"),
      ]);
      if (outcome === "ready") return;
      if (tries > 50) throw new Error("PostgreSQL does not start");
      await delay(200);
    }
  };
  const killAll = () => {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  };
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    killAll();
    await exited;
  };
  const end = () => {
    killAll();
    rmSync(folder, { recursive: true, force: true });
  };
  running.add(end);
  await start();
  return {
    port,
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    start,
    kill,
    async stop() {
      await kill();
      running.delete(end);
      await delay(200);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

/** Resolves when the server takes connections. */
async function ready(port, child) {
  const { default: pg } = await import("pg");
  while (child.exitCode === null && child.signalCode === null) {
    const client = new pg.Client({ host: "127.0.0.1", port, user: "postgres", database: "postgres" });
    client.on("error", () => {});
    try {
      await client.connect();
      await client.end();
      return;
    } catch {
      await delay(50);
    }
  }
  await new Promise(() => {});
}
