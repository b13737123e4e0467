// The file of credentials that `init` writes where a person asks for it: only its owner reads it, git never.

import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { writeWhole } from "./configuration-file.js";

/** The file that is read and written when no other is named. */
export const CREDENTIALS_FILE = ".env";

/** Sets variables in a file of NAME=value lines, keeping its other lines; only its owner can read it then. */
export function saveCredentials(file: string, variables: Readonly<Record<string, string>>): void {
  const before = existsSync(file) ? readFileSync(file, "utf8") : "";
  const kept = before
    .split(/\r?\n/)
    .filter((line) => !Object.keys(variables).some((name) => isOf(line, name)))
    .join("\n")
    .replace(/\n+$/, "");
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  writeWhole(file, `${[...(kept === "" ? [] : [kept]), ...lines].join("\n")}\n`, 0o600, "save-credentials");
}

function isOf(line: string, name: string): boolean {
  return new RegExp(`^\\s*(?:export\\s+)?${name}\\s*=`).test(line);
}

/** What became of the file's line in `.gitignore`. */
export type Ignored = "added" | "already" | "noFile";

/** Names the file in the `.gitignore` beside it, where there is one. */
export function ignoreCredentials(file: string): Ignored {
  const ignore = join(dirname(resolve(file)), ".gitignore");
  if (!existsSync(ignore)) return "noFile";
  const text = readFileSync(ignore, "utf8");
  const name = basename(file);
  const names = [name, `/${name}`, ...(name === CREDENTIALS_FILE ? [".env*", "*.env"] : [])];
  if (text.split(/\r?\n/).some((line) => names.includes(line.trim()))) return "already";
  appendFileSync(ignore, `${text === "" || text.endsWith("\n") ? "" : "\n"}${name}\n`);
  return "added";
}

/** Variables that such a file would hold. */
const VARIABLES = /^(?:GHL|CHARTMOGUL)_[A-Z_]+$/;

/** The variables of a file of NAME=value lines; none where there is no such file. */
export function readCredentials(file: string): Record<string, string> {
  if (!existsSync(file)) return {};
  const found = Object.entries(parseEnv(readFileSync(file, "utf8")));
  return Object.fromEntries(
    found.filter((entry): entry is [string, string] => VARIABLES.test(entry[0]) && Boolean(entry[1])),
  );
}
