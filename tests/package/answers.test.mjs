// What the module really answers has the types that `cargo xtask generate` made of its structs: answers of
// a whole story are written down as a program, and TypeScript reads it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { createProject, packageFolder, requireTool, run } from "./project.mjs";

const requirePackage = createRequire(join(packageFolder, "../../package.json"));
const { createConnector } = requirePackage("ghl-chartmogul");
const { createSandbox } = requirePackage("ghl-chartmogul/sandbox");
/** The types as they are generated, with what only the engine needs: nothing may be answered beyond them. */
const TYPES = join(dirname(fileURLToPath(import.meta.url)), "../../js/src/generated/answers.js");

/** Answers of each type; of those that are alike in all but their texts and numbers, the first. */
const recorded = new Map();
function record(type, ...answers) {
  const shapes = recorded.get(type) ?? new Map();
  recorded.set(type, shapes);
  for (const answer of answers) {
    const { changes: _, ...data } = answer;
    const shape = JSON.stringify(data, (_name, value) => (isFree(value) ? typeof value : value));
    if (!shapes.has(shape)) shapes.set(shape, data);
  }
  return answers[0];
}

/** Numbers, and texts that are of no closed list. */
const isFree = (value) =>
  typeof value === "number" || (typeof value === "string" && !/^[a-z_-]+$/i.test(value));

/** Of each type a property that is always there. */
const ALWAYS = {
  PlanSummary: "id",
  SyncCost: "synced",
  Change: "action",
  SyncOutcome: "done",
  SyncStatus: "linked",
  SyncRun: "stopped",
  RecordStatus: "standing",
  ForgetOutcome: "forgotten",
  DeadLetter: "cause",
  CheckReport: "ok",
  ConnectorEvent: "type",
  ErrorDetails: "code",
};

/** A story with all that can be answered: conflicts, refusals, a run that stops, decisions, a run that fails. */
async function tell() {
  const sandbox = createSandbox({ seed: 21, contacts: 40, searchLagMs: 0 });
  const options = {
    ghl: { token: sandbox.credentials.ghlToken, locationId: sandbox.credentials.locationId },
    chartmogul: { apiKey: sandbox.credentials.chartmogulKey },
    transport: sandbox.transport,
    store: "memory",
    onEvent: (event) => record("ConnectorEvent", event),
  };
  const connector = createConnector({ ...options, sync: { firstRun: "apply" } });
  const { sync } = connector;
  const nothing = await sync.status();
  record("SyncStatus", nothing);
  record("RecordStatus", await sync.why("nobody"));

  record("SyncCost", await sync.cost());
  const plan = await sync.plan();
  record("PlanSummary", plan);
  for await (const change of plan.changes()) record("Change", change);
  assert.ok(!record("SyncOutcome", await sync.apply(plan, { maxRecords: 2 })).done);
  record("SyncStatus", await sync.status());
  record("SyncOutcome", await sync.run(), await sync.run({ full: true }));
  record("CheckReport", await connector.check({ records: true }), await connector.check());

  const letters = [];
  for await (const letter of sync.deadLetters()) letters.push(letter);
  record("DeadLetter", ...letters);
  for (const { id, kind } of letters) if (kind !== "field") record("RecordStatus", await sync.why(id));
  const [waiting] = letters.filter(({ candidates }) => candidates !== undefined);
  record("RecordStatus", await sync.link(waiting.id, waiting.candidates[0]));
  record("SyncOutcome", await sync.run({ contacts: [waiting.id] }));
  record("RecordStatus", await sync.why(waiting.id), await sync.unlink(waiting.id));
  record("RecordStatus", ...(await sync.accept([waiting.id])), await sync.retry(waiting.id));

  record("ForgetOutcome", await sync.forget({ person: waiting.id }));
  record("ForgetOutcome", await sync.forget({ person: waiting.id, evenIfPresent: true }));

  const refused = createConnector({ ...options, ghl: { ...options.ghl, token: "pit-wrong" } });
  record("CheckReport", await refused.check());
  await assert.rejects(refused.sync.run(), (error) => {
    const { retryable: _, ...details } = JSON.parse(JSON.stringify(error));
    return record("ErrorDetails", details).code === "unauthorized";
  });
  record("SyncRun", ...(await refused.sync.runs()), ...(await sync.runs()));
  record("SyncStatus", await sync.status());
  await Promise.all([connector.close(), refused.close()]);
}

/** The answers as a program: each must be of its type. */
const expressionsOf = (type, answers) =>
  answers.map((answer) => `  ${JSON.stringify(answer)} satisfies Answers.${type},`);

/** Answers that are not of their type: with something more, with something of another type, and with less. */
function mistakesOf(type, [answer]) {
  const { [ALWAYS[type]]: _, ...less } = answer;
  const mistakes = [{ ...answer, surplus: 1 }, { ...answer, [ALWAYS[type]]: {} }, less];
  return expressionsOf(type, mistakes).flatMap((line) => ["  // @ts-expect-error", line]);
}

function programOf(linesOf) {
  const lines = [...recorded].flatMap(([type, shapes]) => linesOf(type, [...shapes.values()]));
  const imports = `import type * as Answers from ${JSON.stringify(TYPES)};`;
  return [imports, "export const answers: unknown[] = [", ...lines, "];"].join("\n");
}

async function compile(name, program) {
  const compilerOptions = {
    ...{ strict: true, noEmit: true, exactOptionalPropertyTypes: true, types: [] },
    ...{ target: "es2022", module: "nodenext" },
  };
  const configuration = JSON.stringify({ compilerOptions, files: ["answers.mts"] });
  const folder = createProject(name, { "answers.mts": program, "tsconfig.json": configuration });
  await run(folder, process.execPath, requireTool.resolve("typescript/bin/tsc"), "-p", ".").catch((error) =>
    assert.fail(error.stdout || error.message),
  );
}

test("everything that is answered has its type", async (context) => {
  await tell();
  assert.deepEqual([...recorded.keys()].toSorted(), Object.keys(ALWAYS).toSorted());
  for (const [type, shapes] of recorded) context.diagnostic(`${type}: ${shapes.size}`);
  await compile("answers", programOf(expressionsOf));
});

test("an answer that has not its type would be found", async () => {
  await compile("mistaken-answers", programOf(mistakesOf));
});

test("programs do not see what only the engine needs", () => {
  const types = readFileSync(join(packageFolder, "types/generated/answers.d.ts"), "utf8");
  assert.match(types, /export interface PlanSummary \{/);
  assert.doesNotMatch(types, /@internal|leastReadCalls|knownCustomer/);
});
