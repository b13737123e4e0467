// Connectors that a program drops without closing them take no memory with them, and a sync takes no
// more for many large records than for few.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { requirePackage } from "./sandbox.mjs";

const dropped = (entry) => `
  const { createConnector } = require(${JSON.stringify(entry)});
  const answer = { status: 200, headers: { "content-type": "application/json" }, body: '{"contact":{"id":"1"}}' };
  const options = { ghl: { token: "t".repeat(20_000), locationId: "l" }, transport: async () => answer };
  async function round() {
    for (let index = 0; index < 300; index++) await createConnector(options).ghl.contacts.get({ contactId: "1" });
    for (let turn = 0; turn < 4; turn++) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  }
  (async () => {
    await round();
    const before = await round();
    for (let more = 0; more < 3; more++) await round();
    console.log((await round()) - before);
  })();`;

test("1,200 dropped connectors with tokens of 20 kB hold less than 3 MB", async () => {
  const bytes = await numberOf(dropped(requirePackage.resolve("ghl-chartmogul")));
  assert.ok(bytes < 3_000_000, `${bytes} bytes`);
});

/** A sync of 60 contacts with one note and one task of 150 kB each: 27 MB with the notes beside long tasks. */
const large = (entry, sandboxEntry) => `
  const memories = [];
  const { Instance } = WebAssembly;
  WebAssembly.Instance = class extends Instance {
    constructor(...given) {
      super(...given);
      memories.push(this.exports.memory);
    }
  };
  const { createConnector } = require(${JSON.stringify(entry)});
  const { createSandbox } = require(${JSON.stringify(sandboxEntry)});
  const limits = { burstLimit: 100_000, chartmogulLimit: 100_000 };
  const sandbox = createSandbox({ contacts: 60, notesPerContact: 0, tasksPerContact: 0, ...limits });
  // The sandbox's own is not asked for.
  memories.length = 0;
  const { ghlToken, locationId, chartmogulKey } = sandbox.credentials;
  const options = {
    ghl: { token: ghlToken, locationId },
    chartmogul: { apiKey: chartmogulKey },
    store: "memory",
    transport: sandbox.transport,
    sync: {
      anchor: "contact-is-customer",
      onExisting: "create",
      firstRun: "apply",
      longTasks: "note",
      users: { defaultAssignee: "finance@agency.example" },
    },
  };
  const body = "<p>All of this is said &amp; done.</p>".repeat(150_000 / 37);
  (async () => {
    const { ghl, sync } = createConnector(options);
    const { items } = await ghl.contacts.search({ pageLimit: 100 });
    for (const { id: contactId } of items) {
      await ghl.notes.create({ contactId, body });
      await ghl.tasks.create({ contactId, title: "Long", body, dueDate: "2027-01-01T10:00:00Z", completed: false });
    }
    const { report } = await sync.run();
    if (report.done.create.note !== 120 || report.done.create.task !== 60) throw new Error(JSON.stringify(report));
    console.log(memories[0].buffer.byteLength);
  })();`;

test("a sync of 27 MB in large notes and tasks takes less than 24 MB of WebAssembly memory", async () => {
  const entries = ["ghl-chartmogul", "ghl-chartmogul/sandbox"].map((name) => requirePackage.resolve(name));
  const bytes = await numberOf(large(...entries));
  assert.ok(bytes < 24_000_000, `${bytes} bytes`);
});

/** The number that a program prints in a process of its own. */
async function numberOf(program) {
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", "--eval", program]);
  return Number(stdout);
}
