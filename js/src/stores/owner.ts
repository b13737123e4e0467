// Makes sure that one process at a time uses a store's file. An owner that was killed does not stand
// in the way of the next: its process is looked up, or, on another machine, its heartbeat.

import {
  closeSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";

/** The process that owns a store, as its owner file says. */
interface Owner {
  pid: number;
  host: string;
  /** Tells this process from an earlier one of the same id. */
  started: string;
}

const HEARTBEAT_MS = 10_000;
/** After this long without a heartbeat an owner on another machine counts as gone. */
const GONE_AFTER_MS = 60_000;

/** Takes the file for this process; gives the function that lets go of it. Throws when it is in use. */
export function takeOwnership(file: string): () => void {
  const ownerFile = `${file}.owner`;
  const own = JSON.stringify({
    pid: process.pid,
    host: hostname(),
    started: startOf(process.pid),
  } satisfies Owner);
  while (!createExclusively(ownerFile, own)) removeIfGone(file, ownerFile);
  const heartbeat = setInterval(
    () => quietly(() => utimesSync(ownerFile, new Date(), new Date())),
    HEARTBEAT_MS,
  );
  heartbeat.unref();
  const release = () => {
    clearInterval(heartbeat);
    process.off("exit", release);
    quietly(() => {
      if (readFileSync(ownerFile, "utf8") === own) unlinkSync(ownerFile);
    });
  };
  process.on("exit", release);
  return release;
}

function createExclusively(ownerFile: string, content: string): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(ownerFile, "wx");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
  writeSync(descriptor, content);
  closeSync(descriptor);
  return true;
}

/** Removes the owner file of an owner that is gone; throws when it is not. */
function removeIfGone(file: string, ownerFile: string): void {
  let content: string;
  let age: number;
  try {
    content = readFileSync(ownerFile, "utf8");
    age = Date.now() - statSync(ownerFile).mtimeMs;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  const owner = parse(content);
  if (!isGone(owner, age)) {
    const who = owner === undefined ? "another process" : `process ${owner.pid} on ${owner.host}`;
    throw new Error(`the store ${file} is in use by ${who}; if that process is gone, delete ${ownerFile}`);
  }
  // Renamed first and looked at again: another process may just have taken the file over.
  const aside = `${ownerFile}.${process.pid}`;
  try {
    renameSync(ownerFile, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if (readFileSync(aside, "utf8") === content) unlinkSync(aside);
  else renameSync(aside, ownerFile);
}

function isGone(owner: Owner | undefined, ageMs: number): boolean {
  // Half-written: its writer is at it, or was killed at it.
  if (owner === undefined) return ageMs > 1_000;
  if (owner.host !== hostname()) return ageMs > GONE_AFTER_MS;
  if (!isRunning(owner.pid)) return true;
  const started = startOf(owner.pid);
  return started !== "" && owner.started !== "" && started !== owner.started;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** When a process started: a text that differs for a later process of the same id; empty where not known. */
function startOf(pid: number): string {
  try {
    // Linux: the 22nd field, in clock ticks since the boot; the 2nd is in brackets and may hold spaces.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot}:${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""}`;
  } catch {
    return "";
  }
}

function parse(content: string): Owner | undefined {
  try {
    return JSON.parse(content) as Owner;
  } catch {
    return undefined;
  }
}

function quietly(action: () => void): void {
  try {
    action();
  } catch {
    // The heartbeat and the release are for other processes; this one goes on without.
  }
}
