// Reads a WebAssembly file of the package from the disk, also for programs that bundle it.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A file of the package. */
export interface ModuleFile {
  /** Its bytes. */
  read(): Uint8Array;
  /** Where it was looked for last, for people. */
  place(): string;
}

/**
 * The file of this name, at the address that `locate` gives. A bundle may have none (`import.meta.url` in
 * a script), or one outside of its folder (`../` of the CommonJS build): then it is looked for beside the bundle.
 */
export function moduleFile(name: string, locate: () => URL): ModuleFile {
  let place = name;
  const readFrom = (path: string) => {
    place = path;
    return readFileSync(path);
  };
  return {
    read() {
      try {
        return readFrom(fileURLToPath(locate()));
      } catch (reason) {
        const folder = folderOfProgram();
        if (folder === undefined) throw reason;
        return readFrom(join(folder, name));
      }
    },
    place: () => place,
  };
}

/** The folder of this script. Bundlers may write in its place what was true where they ran. */
function folderOfProgram(): string | undefined {
  const files = [typeof __filename === "string" ? __filename : undefined, process.argv[1]];
  const file = files.find((file) => file !== undefined && existsSync(file));
  return file === undefined ? undefined : dirname(file);
}
