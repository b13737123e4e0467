// What went wrong with a store's file, in errors that say what to do. They are plain errors with a
// `code` and a `hint`, which the connector takes over into its own: a store is a file of its own in
// the package, and the class of errors must not exist twice.

import { statfsSync } from "node:fs";
import { dirname } from "node:path";

/** Another process holds the file. */
export function storeBusy(file: string, who: string): Error {
  return Object.assign(new Error(`the state store ${file} is in use by ${who}`), {
    code: "busy",
    hint: "Wait until that process has ended. With Node.js 22.13 or later in every process, several can share the file.",
  });
}

/** The failure of a database: named where its cause lies outside of it, else as it is. */
export function storeFailure(file: string, reason: unknown): unknown {
  const message = reason instanceof Error ? reason.message : String(reason);
  const full = /database or disk is full|ENOSPC|no space left/i.test(message);
  // The WebAssembly build says no more than this of any write that fails.
  if (full || (/disk I\/O error/i.test(message) && freeBytes(file) < 1_000_000)) {
    return Object.assign(new Error(`the disk is full: state store ${file}`, { cause: reason }), {
      code: "store_failed",
      hint: "Free some space and run again. No record is lost or written twice.",
    });
  }
  if (/database (table )?is locked/i.test(message)) return storeBusy(file, "another process");
  return reason;
}

function freeBytes(file: string): number {
  try {
    const { bavail, bsize } = statfsSync(dirname(file));
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
