// What went wrong with a store's file.

import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { isStoreError, messageOf, storeError } from "./store-error.js";

/** Another process holds the file. */
export function storeBusy(file: string, who: string): Error {
  return storeError({
    code: "busy",
    message: `the state store ${file} is in use by ${who}`,
    hint: "Wait until that process has ended. With Node.js 22.13 or later in every process, several can share the file.",
  });
}

/** The failure of a database, with its file. */
export function storeFailure(file: string, reason: unknown): unknown {
  if (isStoreError(reason)) return reason;
  const message = messageOf(reason);
  const full = /database or disk is full|ENOSPC|no space left/i.test(message);
  // The WebAssembly build says no more than this of any write that fails.
  if (full || (/disk I\/O error/i.test(message) && freeBytes(file) < 1_000_000)) {
    return storeError({
      code: "store_failed",
      message: `the disk is full: state store ${file}`,
      hint: "Free some space and run again. No record is lost or written twice.",
      cause: reason,
    });
  }
  if (/database (table )?is locked/i.test(message)) return storeBusy(file, "another process");
  const named = message.includes(file) ? message : `${message} (${file})`;
  return storeError({
    code: "store_failed",
    message: `the state store failed: ${named}`,
    hint: hintOf(message),
    cause: reason,
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
