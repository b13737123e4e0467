// The error classes, and which codes are worth a retry in JavaScript and in Rust.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { importSources, sourcesPath } from "../build-sources.mjs";

const { ConnectorError, DuplicateError, NotFoundError, createError, toConnectorError } =
  await importSources("errors");

const rustCodes = [
  ...readFileSync(new URL("../../../src/error.rs", import.meta.url), "utf8").matchAll(
    /^ {4}\w+ = "(\w+)", retryable: (true|false);$/gm,
  ),
].map(([, code, retryable]) => ({ code, retryable: retryable === "true" }));

test("every code of src/error.rs gets the same answer on retrying", () => {
  assert.ok(rustCodes.length > 20);
  for (const { code, retryable } of rustCodes) {
    assert.equal(createError({ code, message: "" }).retryable, retryable, code);
  }
});

test("an error of the module becomes an Error of its class with all its fields", () => {
  const error = toConnectorError({ code: "not_found", message: "no contact", status: 400, requestId: "r1" });
  assert.ok(error instanceof NotFoundError && error instanceof ConnectorError && error instanceof Error);
  assert.equal(error.name, "NotFoundError");
  assert.equal(error.message, "no contact");
  assert.deepEqual(JSON.parse(JSON.stringify(error)), {
    code: "not_found",
    message: "no contact",
    status: 400,
    requestId: "r1",
    retryable: false,
  });
});

test("an error is known across copies of the package", async () => {
  const { readFileSync, writeFileSync, mkdtempSync } = await import("node:fs");
  const { fileURLToPath } = await import("node:url");
  const path = fileURLToPath(await sourcesPath("errors"));
  const copy = `${mkdtempSync("/tmp/errors-")}/copy.mjs`;
  writeFileSync(copy, readFileSync(path));
  const other = await import(copy);
  const error = other.createError({ code: "not_found", message: "m" });
  assert.ok(!(error instanceof ConnectorError));
  assert.ok(ConnectorError.is(error) && NotFoundError.is(error) && !DuplicateError.is(error));
  assert.equal(toConnectorError(error), error);
  assert.ok(ConnectorError.is(createError({ code: "busy", message: "m" })));
  assert.ok(!NotFoundError.is(createError({ code: "busy", message: "m" })));
  for (const value of [
    undefined,
    null,
    "not_found",
    {},
    new Error("m"),
    { code: "not_found", message: "m" },
    () => {},
  ]) {
    assert.equal(ConnectorError.is(value), false);
  }
  assert.deepEqual([error, null, 1].filter(ConnectorError.is), [error]);
  // Nothing more is logged of it.
  assert.deepEqual(Object.getOwnPropertySymbols(error), []);
});

test("an error shows only what is known of it", () => {
  const error = createError({ code: "timeout", message: "no answer", status: undefined });
  assert.deepEqual(Object.keys(error).toSorted(), ["code", "name", "retryable"]);
  assert.equal(error.status, undefined);
});

test("the host's reason is kept as the cause", () => {
  const cause = new TypeError("fetch failed");
  assert.equal(toConnectorError({ code: "network", message: "m", cause }).cause, cause);
});

test("whatever else the module throws is a crash", () => {
  for (const reason of [new RangeError("unreachable"), "text", undefined, null, 3, { code: 1 }]) {
    assert.equal(toConnectorError(reason).code, "crashed");
  }
});

test("the page about errors names each code's class", () => {
  const page = readFileSync(new URL("../../../pkg-template/docs/errors.md", import.meta.url), "utf8");
  const told = new Map(
    [...page.matchAll(/^\| `(\w+Error)` \| (.+) \|$/gm)].flatMap(([, name, codes]) =>
      [...codes.matchAll(/`(\w+)`/g)].map(([, code]) => [code, name]),
    ),
  );
  for (const { code } of rustCodes)
    assert.equal(told.get(code) ?? "ConnectorError", createError({ code, message: "" }).name, code);
});
