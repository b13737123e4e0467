// Lets one process at a time use a file that has no locks of its own: the WebAssembly build of SQLite
// has none that ends with its process. An owner is judged by its heartbeat alone: process ids and host
// names may be equal in two containers.

import { closeSync, linkSync, openSync, readFileSync, renameSync, unlinkSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { storeBusy } from "./failures.js";

/** How the heartbeat is given and watched; tests shorten it. */
export const heartbeat = {
  /** Between two beats. */
  everyMs: 2_000,
  /** Who is watched for so long without a beat is gone. */
  goneAfterMs: 10_000,
};

/** What an owner file holds. The first two members are for people. */
interface Owner {
  process: string;
  since: string;
  /** Unique to each owner. */
  id: string;
  beat: number;
}

/** A file that this process owns. */
export interface Ownership {
  /** Throws `busy` where another process has taken the file over: this one was taken for dead. */
  verify(): void;
  release(): void;
}

const ownerFileOf = (file: string) => `${file}.owner`;

/** Takes the file for this process. Rejects with `busy` when another one holds it. */
export async function takeOwnership(file: string): Promise<Ownership> {
  const ownerFile = ownerFileOf(file);
  const id = `${process.pid}-${Date.now()}-${Math.random()}`;
  const own = { process: `process ${process.pid} on ${hostname()}`, since: new Date().toISOString(), id };
  let descriptor: number | undefined;
  while (descriptor === undefined) {
    await untilNoOwner(file);
    descriptor = createExclusively(ownerFile);
  }
  const opened = descriptor;
  let beats = 0;
  // Into the open file, not under its name: that may be another owner's by now.
  const beat = () => writeSync(opened, JSON.stringify({ ...own, beat: ++beats } satisfies Owner), 0);
  beat();
  const timer = setInterval(() => quietly(beat), heartbeat.everyMs);
  timer.unref();
  return {
    verify() {
      const owner = read(ownerFile);
      if (owner?.id !== id) throw busy(file, owner);
    },
    release() {
      clearInterval(timer);
      quietly(() => closeSync(opened));
      quietly(() => {
        if (read(ownerFile)?.id === id) unlinkSync(ownerFile);
      });
    },
  };
}

/** Resolves when the file has no owner, or one that is gone; rejects with `busy` at its first sign of life. */
export async function untilNoOwner(file: string): Promise<void> {
  const ownerFile = ownerFileOf(file);
  for (;;) {
    const content = readText(ownerFile);
    if (content === undefined) return;
    if (await changes(() => readText(ownerFile), content)) {
      const owner = read(ownerFile);
      if (owner !== undefined) throw busy(file, owner);
    } else removeGone(ownerFile, content);
  }
}

/** Watches a value for as long as a living owner may be silent: whether it changes. */
export async function changes<Value>(look: () => Value, before: Value): Promise<boolean> {
  const until = performance.now() + heartbeat.goneAfterMs;
  while (performance.now() < until) {
    await delay(Math.min(100, heartbeat.everyMs / 2));
    if (look() !== before) return true;
  }
  return false;
}

function busy(file: string, owner: Owner | undefined): Error {
  const who = owner === undefined ? "another process" : `${owner.process} since ${owner.since}`;
  return storeBusy(file, who);
}

function createExclusively(ownerFile: string): number | undefined {
  try {
    return openSync(ownerFile, "wx");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return undefined;
    throw error;
  }
}

/** Removes the owner file if it still has the content that was watched. */
function removeGone(ownerFile: string, content: string): void {
  // Renamed first and looked at again: another process may just have taken the file over.
  const aside = `${ownerFile}.${process.pid}-${Math.random()}`;
  try {
    renameSync(ownerFile, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  // A link, which replaces nothing.
  if (readText(aside) !== content) quietly(() => linkSync(aside, ownerFile));
  unlinkSync(aside);
}

/** The owner named in a file; undefined if the file is missing or still being written. */
function read(ownerFile: string): Owner | undefined {
  try {
    return JSON.parse(readText(ownerFile) ?? "") as Owner;
  } catch {
    return undefined;
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function quietly(action: () => void): void {
  try {
    action();
  } catch {
    // The heartbeat and the release are for other processes; this one continues without.
  }
}
