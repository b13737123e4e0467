// The examples in the documentation of `connector.sync` and `connector.triggers` run, and print what they say.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { requirePackage } from "./sandbox.mjs";

const { createConnector } = requirePackage("ghl-chartmogul");
const { createSandbox } = requirePackage("ghl-chartmogul/sandbox");

const source = ["sync", "triggers"]
  .map((name) => readFileSync(new URL(`../../src/${name}.ts`, import.meta.url), "utf8"))
  .join("\n");
/** The code of each example, by the function that it belongs to. */
const examples = [...source.matchAll(/@example\n((?: {3}\* .*\n)+?) {3}\*\/\n {2}(\w+)(?:<[^(]*>)?\(/g)].map(
  ([, code, name]) => ({ name, code: code.replace(/^ {3}\* /gm, "") }),
);

const AsyncFunction = (async () => {}).constructor;
let connector;
let ids;

before(async () => {
  const sandbox = createSandbox({ seed: 21, contacts: 60, searchLagMs: 0 });
  const { ghlToken, locationId, chartmogulKey } = sandbox.credentials;
  connector = createConnector({
    ghl: { token: ghlToken, locationId },
    chartmogul: { apiKey: chartmogulKey },
    sync: { anchor: "attach-only" },
    store: "memory",
    transport: sandbox.transport,
  });
  await connector.sync.run({ apply: true });
  const waiting = [];
  for await (const letter of connector.sync.deadLetters())
    if (letter.cause === "ambiguous") waiting.push(letter);
  const customers = await connector.chartmogul.customers.list({ per_page: 1 });
  const [{ uuid }] = customers.items;
  let linked;
  for await (const { id } of connector.ghl.contacts.search()) {
    const { standing, chartmogulId } = await connector.sync.why(id);
    if (standing === "inStep" && chartmogulId !== undefined) linked = id;
  }
  ids = { linked, waiting: waiting[0].id, customer: uuid };
});
after(() => connector.close());

test("every function that decides about records, or reports on them, has an example", () => {
  const names = examples.map(({ name }) => name);
  for (const name of [
    "plan",
    "run",
    "watch",
    "link",
    "unlink",
    "accept",
    "retry",
    "why",
    "forget",
    "deadLetters",
    "runs",
    "status",
    "poll",
  ])
    assert.ok(names.includes(name), name);
});

for (const { name, code } of examples) {
  test(`the example of ${name} runs`, async () => {
    const own = code
      .replaceAll("seD4PfOuKoVMLkEZqohJ", name === "accept" ? ids.waiting : ids.linked)
      .replaceAll("cus_7e1b2c3d", ids.customer);
    const printed = [];
    const console = { log: (...values) => printed.push(values.join(" ")) };
    await new AsyncFunction("connector", "console", own)(connector, console);
    const said = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text]) => text);
    for (const text of said) assert.ok(printed.includes(text), `${text}: ${printed}`);
    if (["deadLetters", "runs", "status", "why"].includes(name)) assert.ok(printed.length > 0);
  });
}
