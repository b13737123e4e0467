// What each command prints with `--json`, against the schema that the package publishes.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import Ajv from "ajv";
import { createFolder, requirePackage, run, serveSandbox } from "./sandbox.mjs";

const ajv = new Ajv({ strict: false, allErrors: true });
ajv.addSchema(requirePackage("ghl-chartmogul/output.schema.json"), "output");

test("the JSON of every command fits the published schema", async (context) => {
  const sandbox = await serveSandbox("--contacts", "60", "--seed", "7");
  context.after(() => sandbox.close());
  const cwd = createFolder();
  const sync = { anchor: "attach-only", directions: { tasks: "both" } };
  writeFileSync(join(cwd, "ghl-chartmogul.config.json"), JSON.stringify({ sync }));
  const fitting = new Set();

  /** Runs a command; its output must fit what the schema says of it. */
  async function fits(name, ...args) {
    const { stdout, stderr } = await run([...args, "--json"], { cwd, env: sandbox.env });
    assert.notEqual(stdout, "", `${args}: ${stderr}`);
    const output = JSON.parse(stdout);
    const validate = ajv.getSchema(`output#/properties/${name}`);
    assert.ok(validate(output), `${args}: ${JSON.stringify(validate.errors)}`);
    fitting.add(name);
    return output;
  }

  await fits("init", "init", "--yes", "--overwrite", "--no-plan");
  await fits("check", "check", "--records");
  await fits("cost", "plan", "--cost");
  const plan = await fits("plan", "plan");
  assert.ok(plan.changes.length > 0);
  await fits("sync", "sync", "--yes");
  const status = await fits("status", "status");
  assert.ok(status.reasons.length > 0, "the schema of reasons is looked at");
  await fits("status", "status");
  assert.equal((await fits("runs", "runs")).runs.length > 0, true);
  const { deadLetters } = await fits("rejected", "rejected");
  assert.ok(deadLetters.length > 0, "the schema of dead letters is looked at");
  await fits("conflicts", "conflicts");
  await fits("resolve", "resolve", "--all", "--with", "ghl");
  const linked = plan.changes.find(({ action, kind }) => action === "create" && kind === "contact");
  await fits("why", "why", linked.ghlId);
  await fits("unlink", "unlink", linked.ghlId);
  await fits("link", "link", linked.ghlId, linked.chartmogulCustomer);
  await fits("unlink", "unlink", linked.ghlId);
  await fits("retry", "retry", linked.ghlId);
  const failing = deadLetters.find(({ kind, standing }) => kind === "task" && standing === "failed");
  await fits("accept", "accept", failing.id);
  await fits("refresh", "refresh", linked.ghlId);
  await fits("forget", "forget", linked.ghlId);
  await fits("error", "why");
  await fits("error", "init", "--config", "other.json");

  const { properties } = requirePackage("ghl-chartmogul/output.schema.json");
  assert.deepEqual(
    [...fitting].sort(),
    Object.keys(properties).sort(),
    "each command of the schema was looked at",
  );
});
