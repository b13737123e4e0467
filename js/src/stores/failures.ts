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

/** The failure of a database, with its file. */
export function storeFailure(file: string, reason: unknown): unknown {
  const { code } = (reason ?? {}) as { code?: unknown };
  if (code === "busy" || code === "store_failed") return reason;
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
  const named = message.includes(file) ? message : `${message} (${file})`;
  return Object.assign(new Error(`the state store failed: ${named}`, { cause: reason }), {
    code: "store_failed",
    hint: hintOf(message),
  });
}

/** What to do about a file that cannot be used. */
function hintOf(message: string): string {
  if (/not a database|malformed|corrupt/i.test(message)) {
    return "It is not a state file, or it is damaged. Name another one, or restore it from a backup.";
  }
  if (/EACCES|EPERM|EROFS|readonly|unable to open|ENOTDIR|EEXIST/i.test(message)) {
    return "Check that this user may write the file and its folder, or name another one.";
  }
  if (/newer version/.test(message)) return "Update ghl-chartmogul, or name another file.";
  return "Run again; if it stays, name another file.";
}

function freeBytes(file: string): number {
  try {
    const { bavail, bsize } = statfsSync(dirname(file));
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
