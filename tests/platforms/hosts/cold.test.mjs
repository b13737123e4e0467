// What the package adds to the first call of a new process, as platforms start one for each step.

import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { coldCalls } from "../../../js/bench/cold.mjs";
import { nodes, packageFolder } from "./project.mjs";

/** The aim is 100 ms on a quiet machine; a test that runs beside others counts CPU and has twice that. */
const AIM_MS = 100;
const MOST_CPU_MS = 2 * AIM_MS;

const [name, program] = nodes.find(([name]) => name === "Node 22");

test(`a cold call in ${name}`, { skip: !program && "not installed" }, async (context) => {
  const installed = join(packageFolder, "../..");
  const { ours, bare, more, moreCpu } = await coldCalls({ installed, node: program });
  const text = (milliseconds) => `${milliseconds.toFixed(0)} ms`;
  context.diagnostic(
    `start to answer: ${text(ours)}, bare fetch ${text(bare)}: ${text(more)} more, ${text(moreCpu)} more CPU; ` +
      `the aim is ${text(AIM_MS)}`,
  );
  assert.ok(moreCpu < MOST_CPU_MS, text(moreCpu));
});
