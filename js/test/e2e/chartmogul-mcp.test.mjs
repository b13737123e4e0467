// ChartMogul's MCP server, which uses their Python client, against the sandbox: each of its tools
// is answered. It needs Python 3.13 or newer; without one, it says that it is skipped.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { serveSandbox } from "./sandbox.mjs";

const requirements = fileURLToPath(new URL("../../../tests/clients/requirements.txt", import.meta.url));
const script = fileURLToPath(new URL("chartmogul-mcp.py", import.meta.url));
const folder = join(process.env.PACKAGE_DIR, "../clients-python");

/** Tools that the client under them leaves without an answer, though their call succeeds. */
const WITHOUT_ANSWER = {
  // A change of a plan is answered 202 with the plan, as is recorded; the client reads no body of a 202.
  update_plan: "no answer",
};

function run(program, args, env = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  return { status, stdout, stderr: stderr ?? String(error) };
}

/** A Python that the server runs on, or nothing. */
function findPython() {
  const newEnough = "import sys; sys.exit(sys.version_info < (3, 13))";
  const candidates = [process.env.PYTHON, "python3", "python3.14", "python3.13"].filter(Boolean);
  return candidates.find((program) => run(program, ["-c", newEnough]).status === 0);
}

test("every tool of ChartMogul's MCP server is answered", async (context) => {
  const python = findPython();
  if (!python) return context.skip("no Python 3.13 or newer: name one in PYTHON");
  const own = join(folder, "bin/python");
  if (!existsSync(own)) assert.equal(run(python, ["-m", "venv", folder]).status, 0);
  const installed = run(own, ["-m", "pip", "install", "--quiet", "--requirement", requirements]);
  assert.equal(installed.status, 0, installed.stderr);

  const sandbox = await serveSandbox("--seed", "14", "--contacts", "120");
  try {
    const { baseUrl, apiKey } = sandbox.address.chartmogul;
    const { status, stdout, stderr } = run(own, [script], {
      CHARTMOGUL_TOKEN: apiKey,
      CHARTMOGUL_BASE_URL: baseUrl,
    });
    assert.equal(status, 0, stderr);
    const { tools, notCalled, failed } = JSON.parse(stdout.trim().split("\n").at(-1));
    assert.deepEqual([notCalled, failed], [[], WITHOUT_ANSWER]);
    assert.ok(tools.length >= 54, `${tools.length} tools`);
  } finally {
    await sandbox.close();
  }
});
