// The file that holds a trigger's cursor from one run to the next: replaced as a whole, never half written.

import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { UsageError } from "./exit-code.js";

/** The cursor in the file; null if the file does not exist yet. Refuses a file that cannot be written. */
export function readCursorFile(file: string): string | null {
  try {
    accessSync(dirname(resolve(file)), constants.W_OK);
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && syscall === "open") return null;
    throw new UsageError(
      `--cursor-file: ${file} cannot be read or written (${code})`,
      "Name a file of this user, in a folder that exists.",
    );
  }
}

/** Puts the cursor into the file, so that after a crash it holds this one or the one before. */
export function writeCursorFile(file: string, cursor: string): void {
  const temporary = `${file}.${process.pid}.new`;
  const descriptor = openSync(temporary, "w", 0o600);
  try {
    writeSync(descriptor, `${cursor}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, file);
}
