// Watching, alerts and the audit as options and functions of a connector, over a module that is played here.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { inspect } from "node:util";
import { importSources } from "../build-sources.mjs";

const { createConnectorOn, createError, memory, sqliteOn } = await importSources(
  "errors",
  "connector",
  "stores/memory",
  "stores/sqlite",
);

const origin = { file: "connector.wasm", cure: "the cure" };
const OUTCOME = {
  done: true,
  plannedOnly: false,
  standing: { failed: 0, waiting: 0 },
  report: { notesWaiting: 0 },
};

/** A connector over a module whose functions are given, its host, and what each call was given. */
function play(functions, options = {}) {
  const played = { calls: [] };
  class Connector {
    constructor(host, data) {
      Object.assign(played, { host, data });
      for (const [name, act] of Object.entries(functions)) {
        this[name] = async (...given) => {
          played.calls.push([name, ...given]);
          return act(...given);
        };
      }
      this.free = () => {};
    }
  }
  const given = { ghl: { token: "t", locationId: "l1" }, ...options };
  played.connector = createConnectorOn({ loadGlue: () => ({ Connector }), origin }, given);
  return played;
}

/** The watch ends with the wait behind its first run. */
const once = (controller, updates = []) => ({
  signal: controller.signal,
  jitterMs: 0,
  onUpdate(update) {
    updates.push(update);
    if (update.type === "wait") controller.abort();
    throw new Error("the listener's");
  },
});

describe("sync.watch", () => {
  test("refuses what is not allowed before anything is sent", async () => {
    const { connector, calls, data } = play({ run: async () => JSON.stringify(OUTCOME) });
    for (const options of [
      { intervalMs: 1_000 },
      { intervalMs: 90_000_000 },
      { jitterMs: -1 },
      { signal: {} },
      { maxCalls: -1 },
      { deadlineMs: "soon" },
    ])
      await assert.rejects(
        connector.sync.watch(options),
        { code: "invalid_argument" },
        JSON.stringify(options),
      );
    assert.deepEqual(calls, []);
    assert.equal(data, undefined, "not even the module is loaded");
  });

  test("hands each run what it was given, and gives how it ended", async () => {
    const { connector, calls } = play({ run: async () => JSON.stringify(OUTCOME) });
    const controller = new AbortController();
    const updates = [];
    const options = { ...once(controller, updates), apply: true, maxCalls: 50, timeoutMs: 9_000 };
    const result = await connector.sync.watch(options);
    assert.deepEqual(result, { runs: 1, interrupted: false, outcome: OUTCOME, error: undefined });
    const [[name, given, context]] = calls;
    assert.deepEqual([name, JSON.parse(given)], ["run", { apply: true, maxCalls: 50 }]);
    assert.equal(context.timeoutMs, 9_000);
    assert.deepEqual(
      updates.map(({ type }) => type),
      ["run", "outcome", "wait"],
    );
  });

  test("stops a run when the signal fires, and says so", async () => {
    const controller = new AbortController();
    const { connector } = play({
      run: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
          setTimeout(() => controller.abort(new Error("enough")));
        }),
    });
    const result = await connector.sync.watch({ signal: controller.signal, jitterMs: 0 });
    assert.deepEqual(result, { runs: 1, interrupted: true });
    await assert.doesNotReject(
      connector.sync.watch({ signal: controller.signal }),
      "one that has fired already",
    );
  });

  test("rejects with refused credentials", async () => {
    const { connector } = play({
      run: async () => {
        throw { code: "unauthorized", message: "refused" };
      },
    });
    await assert.rejects(connector.sync.watch({ jitterMs: 0 }), { code: "unauthorized" });
  });

  test("hears of contacts that another connector of this process names", async () => {
    const store = memory();
    const functions = {
      run: async () => JSON.stringify(OUTCOME),
      refresh: async () => '{"contacts":["c"],"duplicate":false}',
    };
    const [watching, other] = [play(functions, { store }), play(functions, { store })];
    const controller = new AbortController();
    const waits = [];
    await watching.connector.sync.watch({
      signal: controller.signal,
      jitterMs: 0,
      onUpdate({ type, reason, at, until }) {
        if (type !== "wait") return;
        waits.push([reason, until - at]);
        if (reason === "hint") controller.abort();
        // Not before it waits.
        else setTimeout(() => other.connector.sync.refresh(["c"]));
      },
    });
    const [[first], [second, soon]] = waits;
    assert.deepEqual([first, second], ["interval", "hint"]);
    assert.ok(soon <= 10_000, `${soon}`);
  });

  test("gives up a store that serves one process between runs, and no other", async () => {
    for (const exclusive of [true, false]) {
      let closed = 0;
      const count = () => {
        closed += 1;
      };
      const store = Object.assign({ ...memory() }, { conditional: true, exclusive, close: count });
      const { connector } = play({ run: async () => JSON.stringify(OUTCOME) }, { store });
      await connector.sync.watch(once(new AbortController()));
      assert.equal(closed, exclusive ? 1 : 0);
    }
  });
});

test("the WebAssembly build of SQLite is open during a run and closed between runs", async () => {
  const folder = mkdtempSync(join(tmpdir(), "watch-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "state.db");
  const store = sqliteOn(file, "wasm");
  assert.deepEqual([store.exclusive, sqliteOn(file, "node:sqlite").exclusive], [true, false]);
  const isOwned = () => existsSync(`${file}.owner`);
  const seen = [];
  const played = play(
    {
      async run() {
        await played.host.storeGet(["k"]);
        seen.push(["run", isOwned()]);
        return JSON.stringify(OUTCOME);
      },
    },
    { store },
  );
  const controller = new AbortController();
  await played.connector.sync.watch({
    signal: controller.signal,
    jitterMs: 0,
    onUpdate({ type }) {
      if (type !== "wait") return;
      seen.push(["wait", isOwned()]);
      controller.abort();
    },
  });
  assert.deepEqual(seen, [
    ["run", true],
    ["wait", false],
  ]);
});

describe("the options of alerts and audit", () => {
  test("stay in the facade, and the webhook stays hidden", async () => {
    const webhook = "https://hooks.example.com/T0KEN-canary";
    const { connector, data, calls } = play(
      { call: async () => "{}" },
      { alerts: { webhook }, onAlert() {}, onAudit() {} },
    );
    await connector.ghl.contacts.get({ contactId: "c" });
    assert.equal(calls.length, 1);
    assert.ok(!String(data).includes("canary"));
    assert.ok(!inspect(connector, { depth: 20, showHidden: true }).includes("canary"));
  });

  test("are refused where they are wrong, by name and without the webhook", () => {
    for (const options of [
      { alerts: { webhook: "http://hooks.example.com/T0KEN-canary" } },
      { alerts: { webhook: "T0KEN-canary" } },
      { alerts: { webHook: "https://T0KEN-canary" } },
      { alerts: { maxFailures: "many" } },
      { onAlert: {} },
      { onAudit: 1 },
    ]) {
      assert.throws(
        () => play({}, options),
        (error) => error.code === "invalid_config" && !/canary/.test(inspect(error)),
        JSON.stringify(options),
      );
    }
  });

  test("an alert comes with a run that fails, before that rejects", async () => {
    const told = [];
    const failing = { code: "unauthorized", message: "refused" };
    const { connector } = play(
      {
        run: async () => {
          throw failing;
        },
        apply: async () => JSON.stringify({ ...OUTCOME, standing: { failed: 50, waiting: 0 } }),
      },
      { onAlert: ({ type, locationId }) => void told.push([type, locationId]) },
    );
    await assert.rejects(connector.sync.run(), { code: "unauthorized" });
    assert.deepEqual(told, [["run_failed", "l1"]]);
    await connector.sync.apply("plan");
    assert.deepEqual(told.slice(1), [
      ["failures_over_threshold", "l1"],
      ["run_failed", "l1"],
    ]);
    const aborted = AbortSignal.abort(createError({ code: "aborted", message: "x" }));
    await assert.rejects(connector.sync.run({ signal: aborted }));
    assert.equal(told.length, 3);
  });

  test("an audit gets what the module tells, and a module without one tells nothing", async () => {
    const records = [];
    const played = play(
      { call: async () => "{}" },
      {
        onAudit(record) {
          records.push(record);
          throw new Error("the listener's");
        },
      },
    );
    await played.connector.ghl.contacts.get({ contactId: "c" });
    assert.throws(() => played.host.audit('{"run":1}'), /the listener's/, "the module ignores it");
    assert.deepEqual(records, [{ run: 1 }]);
    const without = play({ call: async () => "{}" });
    await without.connector.ghl.contacts.get({ contactId: "c" });
    assert.equal("audit" in without.host, false);
  });
});
