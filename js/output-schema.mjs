// The JSON Schema of what commands print with `--json`, made of the types in src/cli/output.ts. With `--write`
// it goes to pkg-template/output.schema.json, which a test compares with these types.

import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { createGenerator } from "ts-json-schema-generator";

const here = dirname(fileURLToPath(import.meta.url));

/** Where the schema is kept. */
export const OUTPUT_SCHEMA = join(here, "../pkg-template/output.schema.json");

/** The schema as text: `#/properties/COMMAND` is what a command prints. Later versions may add properties. */
export function outputSchemaText() {
  const { properties, definitions } = createGenerator({
    path: join(here, "src/cli/output.ts"),
    tsconfig: join(here, "tsconfig.json"),
    type: "CommandOutput",
    skipTypeCheck: true,
    additionalProperties: true,
    topRef: false,
    sortProps: false,
  }).createSchema("CommandOutput");
  const schema = {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "What ghl-chartmogul prints with --json",
    description:
      "The schema of a command's output is #/properties/COMMAND. Later versions may add properties.",
    type: "object",
    properties,
    definitions,
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

if (argv[2] === "--write") writeFileSync(OUTPUT_SCHEMA, outputSchemaText());
