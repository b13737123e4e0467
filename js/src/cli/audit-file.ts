// The audit as a file: a line of JSON for each write, which only its owner can read.

import { createHmac } from "node:crypto";
import { appendFileSync, closeSync, fchmodSync, openSync } from "node:fs";
import type { AuditRecord } from "../generated/answers.js";
import { UsageError } from "./exit-code.js";

/** Where the audit goes, and whether personal data is masked. */
export interface AuditSettings {
  file: string;
  mask: boolean;
}

/** Values that say nothing of a person. */
const OPEN = new Set([
  "completed",
  "completed_at",
  "created_at",
  "custom.ghl_contact_id",
  "customer_external_id",
  "due_date",
  "lead_created_at",
]);

/**
 * Appends each write to the file, which is made when it is missing. Refuses one that cannot be written,
 * before anything is sent; `onFailure` hears once of one that cannot be written later.
 */
export function appendAudit(
  { file, mask }: AuditSettings,
  locationId: string,
  onFailure: (message: string) => void,
): (record: AuditRecord) => void {
  prepare(file);
  let hasFailed = false;
  return (record) => {
    const shown = mask ? masked(record, locationId) : record;
    try {
      // Opened by its name each time: it may be moved away while it is written, as logrotate does.
      appendFileSync(file, `${JSON.stringify(shown)}\n`, { mode: 0o600 });
    } catch (error) {
      if (hasFailed) return;
      hasFailed = true;
      onFailure(`the audit ${file} cannot be written (${codeOf(error)}): writes are missing from it`);
    }
  };
}

function prepare(file: string): void {
  try {
    const descriptor = openSync(file, "a", 0o600);
    try {
      fchmodSync(descriptor, 0o600);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw new UsageError(
      `the audit ${file} cannot be written (${codeOf(error)})`,
      "Name a file of this user with --audit, in a folder that exists.",
    );
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

/**
 * The same with each name, address, number and text in the place of which stands a hash: equal values of a
 * location have equal hashes, so that an auditor can follow a value. Who knows a value can find its hash.
 */
export function masked(record: AuditRecord, locationId: string): AuditRecord {
  const hash = (value: unknown) =>
    `masked:${createHmac("sha256", locationId).update(JSON.stringify(value)).digest("base64url").slice(0, 12)}`;
  const mask = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(mask);
    return value === null || typeof value === "boolean" ? value : hash(value);
  };
  const maskAll = (fields: AuditRecord["before"]) =>
    fields &&
    Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [name, OPEN.has(name) ? value : mask(value)]),
    );
  return { ...record, before: maskAll(record.before), after: maskAll(record.after) };
}
