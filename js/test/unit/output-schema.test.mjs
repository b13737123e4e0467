// The published schema of what commands print with `--json` is that of the types.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import Ajv from "ajv";
import { OUTPUT_SCHEMA, outputSchemaText } from "../../output-schema.mjs";

test("the schema of outputs is made of the types as they are", () => {
  assert.equal(
    readFileSync(OUTPUT_SCHEMA, "utf8"),
    outputSchemaText(),
    "run `npm run output-schema` in js after a change of the types",
  );
});

test("the schema of outputs refuses what is missing or of another type", () => {
  const ajv = new Ajv({ strict: false });
  ajv.addSchema(JSON.parse(readFileSync(OUTPUT_SCHEMA, "utf8")), "output");
  const refresh = ajv.getSchema("output#/properties/refresh");
  assert.equal(refresh({ refreshing: 2 }), true);
  assert.equal(refresh({ refreshing: "2" }), false);
  assert.equal(refresh({}), false);
  const error = ajv.getSchema("output#/properties/error");
  assert.equal(error({ error: { code: "usage", message: "no" } }), true);
  assert.equal(error({ error: { code: "usage" } }), false);
});
