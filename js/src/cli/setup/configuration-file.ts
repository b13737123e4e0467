// The configuration file as `init` writes it: what changes in it, and the file itself, whole or not at all.

import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { UsageError } from "../exit-code.js";

/** The settings of a file. */
export type Configuration = Readonly<Record<string, unknown>>;

/** A setting that differs, by its path: `sync.anchor`. Undefined where there is none. */
export interface SettingChange {
  path: string;
  from: unknown;
  to: unknown;
}

/** Settings that differ, in the order of the new ones, then those that go. */
export function settingChanges(before: Configuration, after: Configuration): SettingChange[] {
  const [old, now] = [flat(before), flat(after)];
  return [...new Set([...now.keys(), ...old.keys()])]
    .map((path) => ({ path, from: old.get(path), to: now.get(path) }))
    .filter(({ from, to }) => JSON.stringify(from) !== JSON.stringify(to));
}

/** Settings by path; a list is one setting, and so is an empty object. */
function flat(part: Configuration, prefix = ""): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [name, value] of Object.entries(part)) {
    const isPart = typeof value === "object" && value !== null && !Array.isArray(value);
    const inner = isPart ? flat(value as Configuration, `${prefix}${name}.`) : new Map<string, unknown>();
    if (inner.size === 0) found.set(prefix + name, value);
    for (const [path, setting] of inner) found.set(path, setting);
  }
  return found;
}

/** The settings with others over them; what is undefined removes a setting. */
export function withSettings(before: Configuration, changes: Configuration): Configuration {
  const after: Record<string, unknown> = { ...before };
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) delete after[name];
    else after[name] = value;
  }
  return after;
}

/** Where editors find the schema: beside the file where the package is installed there, else on the web. */
export function schemaAddress(file: string, version: string): string {
  const folder = dirname(resolve(file));
  for (let above = folder; ; above = dirname(above)) {
    const schema = join(above, "node_modules/ghl-chartmogul/config.schema.json");
    if (existsSync(schema)) {
      const path = relative(folder, schema).replaceAll("\\", "/");
      return path.startsWith(".") ? path : `./${path}`;
    }
    if (dirname(above) === above) return `https://unpkg.com/ghl-chartmogul@${version}/config.schema.json`;
  }
}

/** Writes the file whole or not at all. */
export function writeConfigurationFile(file: string, content: Configuration): void {
  writeWhole(file, `${JSON.stringify(content, null, 2)}\n`, 0o644, "config");
}

/** Writes a file whole or not at all, with these permissions. */
export function writeWhole(file: string, text: string, mode: number, flag: string): void {
  const unfinished = `${file}.${process.pid}.new`;
  try {
    writeFileSync(unfinished, text, { mode, flag: "wx" });
    renameSync(unfinished, file);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw new UsageError(`--${flag}: ${file} cannot be written (${(error as NodeJS.ErrnoException).code})`);
  }
}
