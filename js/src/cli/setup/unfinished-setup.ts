// The answers of a set-up that was not finished, so that it can be taken up again. Holds no secret.

import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { writeWhole } from "./configuration-file.js";

/** Answers by the name of their question. */
export type Answers = Readonly<Record<string, unknown>>;

/** Keeps answers beside the configuration file until it is written. */
export interface UnfinishedSetup {
  /** Answers of the last time, and when; undefined where there are none. */
  found(): { answers: Answers; at: number } | undefined;
  keep(name: string, answer: unknown): void;
  remove(): void;
}

/** The unfinished set-up of a configuration file. */
export function unfinishedSetup(configuration: string): UnfinishedSetup {
  const file = `${configuration}.unfinished`;
  let answers: Record<string, unknown> = {};
  return {
    found() {
      if (!existsSync(file)) return undefined;
      try {
        const content: unknown = JSON.parse(readFileSync(file, "utf8"));
        if (typeof content !== "object" || content === null || Array.isArray(content)) return undefined;
        return { answers: content as Answers, at: statSync(file).mtimeMs };
      } catch {
        // What cannot be read is asked for again.
        return undefined;
      }
    },
    keep(name, answer) {
      answers = { ...answers, [name]: answer };
      writeWhole(file, `${JSON.stringify(answers, null, 2)}\n`, 0o600, "config");
    },
    remove: () => rmSync(file, { force: true }),
  };
}
