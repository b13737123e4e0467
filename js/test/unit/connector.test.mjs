// The facade over a module that is played here: calls, lists, aborts, crashes, progress.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { importSources } from "../build-sources.mjs";

const { ConnectorError, createConnectorOn, queueMicrotask } = await importSources(
  "errors",
  "connector",
  "guarded-microtask",
);

/** Where the module comes from, for errors. */
const origin = { file: "connector.wasm", cure: "the cure" };

/** A connector over a module whose functions are given, and what the module was made with. */
function play(functions, options = {}) {
  const made = [];
  class Connector {
    constructor(host, data) {
      made.push({ host, data });
      Object.assign(this, { free() {} }, functions);
    }
  }
  return { connector: createConnectorOn({ loadGlue: () => ({ Connector }), origin }, options), made };
}

const never = () => new Promise(() => {});

test("options that no call knows are refused before anything is sent", async () => {
  const { connector, made } = play({ call: async () => "{}", page: async () => '{"items":[]}' });
  const { contacts } = connector.ghl;
  const refused = (name) => ({ code: "invalid_argument", message: `unknown option ${name}` });
  await assert.rejects(contacts.get({ contactId: "c" }, { timeout: 5 }), refused("timeout"));
  await assert.rejects(contacts.get({ contactId: "c" }, { limit: 5 }), refused("limit"));
  await assert.rejects(async () => await contacts.search({}, { Limit: 5 }), refused("Limit"));
  await assert.rejects(connector.check({ pageLimit: 5 }), refused("pageLimit"));
  assert.deepEqual(made, []);
  await contacts.search({}, { limit: 5, cursor: null, timeoutMs: 5_000, signal: undefined });
});

describe("creating", () => {
  test("loads nothing and sends nothing", () => {
    const { connector, made } = play({});
    assert.deepEqual(made, []);
    assert.ok(connector.ghl.contacts.get);
  });

  test("lists the endpoints with what the catalogue says of them", () => {
    const { endpoints } = play({}).connector;
    const row = ({ name, category, kind, method, path, scopes, catalogue, gives }) =>
      JSON.stringify({ name, category, kind, method, path, scopes, catalogue, gives });
    const find = (name) => row(endpoints.find((endpoint) => endpoint.name === name));
    assert.equal(
      find("contacts.get"),
      row({
        name: "contacts.get",
        category: "Contacts",
        kind: "trigger",
        method: "GET",
        path: "/contacts/{contactId}",
        scopes: ["contacts.readonly"],
        catalogue: ["Get Contact"],
        gives: "one",
      }),
    );
    assert.equal(
      find("dataSources.create"),
      row({
        name: "dataSources.create",
        category: "Data Sources",
        kind: "action",
        method: "POST",
        path: "/v1/data_sources",
        scopes: [],
        catalogue: [],
        gives: "one",
      }),
    );
    const kinds = endpoints.flatMap(({ kind, catalogue }) => catalogue.map(() => kind));
    assert.equal(kinds.length, 124);
    assert.equal(kinds.filter((kind) => kind === "trigger").length, 55);
  });

  test("gives data to the module and keeps functions and what is undefined from it", async () => {
    const { connector, made } = play(
      { call: async () => "{}" },
      { ghl: { token: "t", baseUrl: undefined }, onEvent() {}, transport() {}, store: "memory", ancor: 1 },
    );
    await connector.ghl.contacts.get({ contactId: "1" });
    assert.deepEqual(JSON.parse(made[0].data), { ghl: { token: "t" }, ancor: 1 });
    assert.equal(typeof made[0].host.transport, "function");
  });

  test("refuses what is not a function or a store", () => {
    for (const options of [
      undefined,
      null,
      "x",
      { transport: 1 },
      { onEvent: {} },
      { store: {} },
      { store: "file.db" },
    ]) {
      assert.throws(() => play({}, options === undefined ? null : options), { code: "invalid_config" });
    }
  });

  test("is tried again after loading failed", async () => {
    let tries = 0;
    class Connector {
      call = async () => '{"id":"1"}';
    }
    const connector = createConnectorOn(
      {
        loadGlue() {
          if (++tries === 1) throw new Error("no module");
          return { Connector };
        },
        origin,
      },
      {},
    );
    await assert.rejects(connector.ghl.contacts.get({ contactId: "1" }), {
      code: "module_unavailable",
      message: /connector\.wasm: no module/,
      hint: "the cure",
    });
    assert.deepEqual(await connector.ghl.contacts.get({ contactId: "1" }), { id: "1" });
  });
});

describe("a call", () => {
  test("passes name and parameters, and gives the parsed result", async () => {
    const calls = [];
    const { connector } = play({
      call: async (...args) => {
        calls.push(args);
        return '{"id":"é"}';
      },
    });
    const { signal } = new AbortController();
    const contact = await connector.ghl.contacts.get(
      { contactId: "1", at: new Date(0), none: undefined },
      { signal, timeoutMs: 5 },
    );
    assert.deepEqual(contact, { id: "é" });
    assert.deepEqual(calls, [
      ["ghl.contacts.get", '{"contactId":"1","at":"1970-01-01T00:00:00.000Z"}', { signal, timeoutMs: 5 }],
    ]);
  });

  test("that gives nothing resolves to undefined", async () => {
    const { connector } = play({ call: async () => "{}" });
    assert.equal(await connector.ghl.contacts.delete({ contactId: "1" }), undefined);
  });

  test("passes the bytes of files as base64", async () => {
    const calls = [];
    const { connector } = play({
      call: async (_name, parameters) => {
        calls.push(parameters);
        return "{}";
      },
    });
    for (const file of [new Uint8Array([1, 2, 255]), Buffer.from([1, 2, 255])]) {
      await connector.chartmogul.uploads.create({ data_source_uuid: "ds_1", type: "customer", file });
    }
    const expected = '{"data_source_uuid":"ds_1","type":"customer","file":{"base64":"AQL/"}}';
    assert.deepEqual(calls, [expected, expected]);
  });

  test("refuses parameters that are not JSON", async () => {
    const circular = {};
    circular.self = circular;
    const { connector } = play({ call: async () => "{}" });
    await assert.rejects(connector.ghl.contacts.get({ contactId: 1n }), { code: "invalid_argument" });
    await assert.rejects(connector.ghl.contacts.get(circular), { code: "invalid_argument" });
  });

  test("refuses arguments that the module cannot take, and stays usable", async () => {
    const calls = [];
    const called = async (...args) => {
      calls.push(args);
      return "{}";
    };
    const { connector } = play({ call: called, page: called, apply: called, preview: called });
    const { ghl, sync } = connector;
    for (const refused of [
      () => ghl.contacts.get(() => ({})),
      () => ghl.contacts.get({ contactId: "1" }, { signal: new AbortController() }),
      () => ghl.contacts.get({ contactId: "1" }, { timeoutMs: -1 }),
      () => ghl.contacts.get({ contactId: "1" }, { timeoutMs: "5" }),
      async () => ghl.contacts.search({}, { cursor: 5 }),
      async () => sync.deadLetters({ cursor: {} }),
      () => sync.apply(undefined),
      () => sync.apply({}),
      () => sync.apply(Promise.resolve({ id: "1" })),
      () => sync.preview(),
      () => sync.preview("{}"),
    ]) {
      await assert.rejects(async () => refused(), { code: "invalid_argument" });
    }
    assert.deepEqual(calls, []);
    await ghl.contacts.get({ contactId: "1" }, null);
    assert.equal(calls.length, 1);
  });

  test("rejects with an error whose stack names the caller", async () => {
    const { connector } = play({
      call: async () => Promise.reject({ code: "not_found", message: "no contact" }),
    });
    async function theCaller() {
      await connector.ghl.contacts.get({ contactId: "1" });
    }
    await assert.rejects(theCaller(), (error) => {
      assert.ok(error instanceof ConnectorError);
      assert.match(error.stack, /theCaller/);
      return true;
    });
  });
});

describe("an abort", () => {
  for (const reason of [undefined, "because", new Error("mine"), { any: 1 }]) {
    test(`rejects with the signal's own reason (${String(reason)}), before and during`, async () => {
      const controller = new AbortController();
      const { connector, made } = play({
        call: (_name, _parameters, { signal }) =>
          new Promise((_, reject) =>
            signal.addEventListener("abort", () =>
              reject({ code: "aborted", message: "the call was aborted" }),
            ),
          ),
      });
      const pending = connector.ghl.contacts.get({ contactId: "1" }, { signal: controller.signal });
      setTimeout(() => controller.abort(reason), 1);
      const isReason = (error) => {
        assert.equal(error, controller.signal.reason);
        if (reason === undefined) assert.equal(error.name, "AbortError");
        return true;
      };
      await assert.rejects(pending, isReason);
      await assert.rejects(
        connector.ghl.contacts.get({ contactId: "1" }, { signal: controller.signal }),
        isReason,
      );
      await assert.rejects(
        async () => connector.ghl.contacts.search({}, { signal: controller.signal }),
        isReason,
      );
      assert.equal(made.length, 1);
    });
  }
});

describe("a crash", () => {
  test("told by the module ends all calls in flight and refuses later ones", async () => {
    const { connector, made } = play({ call: never, page: never });
    const calls = [
      connector.ghl.contacts.get({ contactId: "1" }),
      connector.ghl.contacts.get({ contactId: "2" }),
      (async () => connector.chartmogul.customers.list())(),
    ];
    await new Promise(setImmediate);
    made[0].host.crashed("index out of bounds");
    for (const result of await Promise.allSettled(calls)) {
      assert.equal(result.reason.code, "crashed");
      assert.match(result.reason.message, /index out of bounds/);
    }
    const late = connector.ghl.contacts.get({ contactId: "1" });
    await assert.rejects(late, { code: "crashed" });
    await assert.rejects(late, (error) => error !== calls[0] && /connector\.test/.test(error.stack));
  });

  test("inside a poll ends the calls and not the process", async () => {
    const trap = new RangeError("Maximum call stack size exceeded");
    const { connector } = play({
      call: () => {
        queueMicrotask(() => {
          throw trap;
        });
        return never();
      },
    });
    await assert.rejects(connector.ghl.contacts.get({ contactId: "1" }), { code: "crashed", cause: trap });
  });

  test("thrown by the module is an error too", async () => {
    const { connector } = play({
      call() {
        throw new Error("unreachable");
      },
    });
    await assert.rejects(connector.ghl.contacts.get({ contactId: "1" }), { code: "crashed" });
  });

  test("leaves other connectors alone when they have no call in flight", async () => {
    const { connector: idle } = play({ call: async () => "{}" });
    const { connector, made } = play({ call: never });
    const pending = connector.ghl.contacts.get({ contactId: "1" });
    await new Promise(setImmediate);
    made[0].host.crashed("x");
    await assert.rejects(pending, { code: "crashed" });
    assert.deepEqual(await idle.ghl.contacts.get({ contactId: "1" }), {});
  });
});

describe("the host", () => {
  test("drops what the program's onEvent throws", async () => {
    const events = [];
    const { connector, made } = play(
      { call: async () => "{}" },
      {
        onEvent(event) {
          events.push(event);
          throw new Error("log is full");
        },
      },
    );
    await connector.ghl.contacts.get({ contactId: "1" });
    made[0].host.emit('{"type":"warning","code":"c","message":"m"}');
    assert.deepEqual(events, [{ type: "warning", code: "c", message: "m" }]);
  });

  test("opens the store at its first use, closes it, and opens it again", async () => {
    const log = [];
    const store = {
      get: (keys) => keys.map(() => "v"),
      commit: () => {
        throw new Error("disk full");
      },
      scan: async () => [],
      close: () => log.push("closed"),
    };
    const { connector, made } = play({ call: async () => "{}" }, { store });
    await connector.ghl.contacts.get({ contactId: "1" });
    const { host } = made[0];
    assert.deepEqual(await host.storeGet(["a"]), ["v"]);
    const commit = host.storeCommit([], []);
    await assert.rejects(commit, /disk full/);
    await connector.close();
    await connector.close();
    assert.deepEqual(log, ["closed"]);
    assert.deepEqual(await host.storeScan("", undefined, 1, 9), []);
  });
});

describe("the guard of a commit", () => {
  const guard = { key: "k", value: "v" };
  const committed = async (store) => {
    const calls = [];
    const commit = (...given) => {
      calls.push(given);
      return false;
    };
    const { connector, made } = play(
      { call: async () => "{}" },
      { store: { get: () => [], scan: () => [], commit, ...store } },
    );
    await connector.ghl.contacts.get({ contactId: "1" });
    return { calls, answer: await made[0].host.storeCommit([], ["a"], guard) };
  };

  test("reaches a conditional store, and its answer comes back", async () => {
    assert.deepEqual(await committed({ conditional: true }), { calls: [[[], ["a"], guard]], answer: false });
  });

  test("is kept from any other store, whose answer counts for nothing", async () => {
    const unguarded = { calls: [[[], ["a"]]], answer: true };
    assert.deepEqual(await committed({}), unguarded);
    assert.deepEqual(await committed({ conditional: "yes" }), unguarded);
  });
});

describe("plans, applies and runs of one location", () => {
  const store = () => ({ get: () => [], commit() {}, scan: () => [] });
  const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

  /** A connector whose runs take until `end` is called for them. */
  function playRuns(options) {
    const runs = [];
    const start = (optionsJson) =>
      new Promise((resolve, reject) => {
        runs.push({ options: JSON.parse(optionsJson), end: () => resolve("{}"), reject });
      });
    const { connector } = play({ plan: start, run: start }, options);
    return { sync: connector.sync, runs };
  }

  test("wait for each other, also those of another connector on the same store", async () => {
    const shared = store();
    const ghl = { token: "t", locationId: "a" };
    const one = playRuns({ ghl, store: shared });
    const two = playRuns({ ghl, store: { ...store(), identity: shared } });
    const ended = Promise.allSettled([one.sync.run(), one.sync.plan(), two.sync.run()]);
    await turn();
    assert.deepEqual([one.runs.length, two.runs.length], [1, 0]);
    one.runs[0].end();
    await turn();
    assert.deepEqual([one.runs.length, two.runs.length], [2, 0]);
    one.runs[1].reject({ code: "network", message: "no connection" });
    await turn();
    assert.equal(two.runs.length, 1);
    two.runs[0].end();
    const results = await ended;
    assert.deepEqual(
      results.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled"],
    );
  });

  test("do not wait for those of other locations or stores", async () => {
    const shared = store();
    const plays = [
      playRuns({ ghl: { token: "t", locationId: "a" }, store: shared }),
      playRuns({ ghl: { token: "t", locationId: "b" }, store: shared }),
      playRuns({ ghl: { token: "t", locationId: "a" }, store: "memory" }),
    ];
    for (const { sync } of plays) sync.run();
    await turn();
    assert.deepEqual(
      plays.map(({ runs }) => runs.length),
      [1, 1, 1],
    );
  });

  test("take budgets that are computed, and refuse those that are not numbers", async () => {
    const { sync, runs } = playRuns({ store: "memory" });
    const ended = sync.run({ deadlineMs: 25.9, maxCalls: Number.POSITIVE_INFINITY });
    await turn();
    assert.deepEqual(runs[0].options, { deadlineMs: 25 });
    runs[0].end();
    await ended;
    for (const [name, value] of [
      ["deadlineMs", -1],
      ["maxCalls", "5"],
      ["maxRecords", Number.NaN],
    ]) {
      await assert.rejects(sync.run({ [name]: value }), {
        code: "invalid_argument",
        message: `the option ${name} must be a number, 0 or more, not ${value}`,
      });
    }
  });

  test("wait no longer than their signal and deadline allow, and keep the others' places", async () => {
    const { sync, runs } = playRuns({ store: "memory" });
    const controller = new AbortController();
    const first = sync.run();
    const aborted = sync.run({ signal: controller.signal });
    const late = sync.run({ deadlineMs: 10 });
    const last = sync.run({ deadlineMs: 60_000 });
    controller.abort(new Error("enough"));
    await assert.rejects(aborted, /enough/);
    await assert.rejects(late, { code: "timeout", retryable: true });
    assert.equal(runs.length, 1);
    runs[0].end();
    await first;
    await turn();
    assert.equal(runs.length, 2);
    assert.ok(runs[1].options.deadlineMs < 60_000, "the waiting counts");
    runs[1].end();
    await last;
  });

  test("take and refuse a signal before they wait as without waiting", async () => {
    const { sync, runs } = playRuns({ store: "memory" });
    const ended = Promise.all([sync.run(), sync.plan({ signal: null })]);
    await assert.rejects(sync.run({ signal: new AbortController() }), {
      code: "invalid_argument",
      message: "the option signal must be an AbortSignal",
    });
    await turn();
    runs[0].end();
    await turn();
    runs[1].end();
    await ended;
  });
});

describe("decisions about single records", () => {
  const verbs = () => {
    const seen = [];
    const say =
      (name) =>
      async (...given) => {
        seen.push([name, ...given.slice(0, -1)]);
        return name === "accept" ? "[]" : "{}";
      };
    const names = ["link", "unlink", "accept", "retry", "refresh", "why", "plan", "run", "forget"];
    return { ...play(Object.fromEntries(names.map((name) => [name, say(name)]))), seen };
  };

  test("reach the module as they were given", async () => {
    const { connector, seen } = verbs();
    const { sync } = connector;
    await sync.link("c", "cus_1");
    await sync.unlink("c");
    await sync.accept(["a", "b"]);
    await sync.retry("c");
    await sync.refresh(["c", "d"]);
    await sync.refresh([], { event: "e1" });
    await sync.why("c");
    await sync.run({ contacts: ["c"] });
    await sync.forget({ person: "c", evenIfPresent: true });
    assert.deepEqual(seen, [
      ["link", "c", "cus_1"],
      ["unlink", "c"],
      ["accept", '["a","b"]'],
      ["retry", "c"],
      ["refresh", '{"contacts":["c","d"]}'],
      ["refresh", '{"contacts":[],"event":"e1"}'],
      ["why", "c"],
      ["run", '{"contacts":["c"]}'],
      ["forget", '{"person":"c","evenIfPresent":true}'],
    ]);
  });

  test("a store is compacted once a person is forgotten, and not before", async () => {
    for (const forgotten of [false, true]) {
      let compacted = 0;
      const outcome = { person: "c", forgotten, remaining: [], removed: {} };
      const store = { get: () => [], commit: () => {}, scan: () => [], compact: () => void compacted++ };
      const { connector } = play({ forget: async () => JSON.stringify(outcome) }, { store });
      assert.deepEqual(await connector.sync.forget({ person: "c" }), outcome);
      assert.equal(compacted, forgotten ? 1 : 0);
      store.compact = () => {
        throw new Error("the disk is full");
      };
      const forget = connector.sync.forget({ person: "c" });
      if (forgotten)
        await assert.rejects(forget, { code: "store_failed", message: /is forgotten, but .* disk is full/ });
      else await forget;
    }
  });

  test("are refused where an id is not one, before anything is asked of the module", async () => {
    const { connector, made } = verbs();
    const { sync } = connector;
    const refused = (hint) => ({ code: "invalid_argument", hint });
    for (const none of [undefined, null, "", "  ", 7, {}, ["c"]]) {
      await assert.rejects(sync.why(none), refused(/ChartMogul uuid/));
      await assert.rejects(sync.retry(none), refused(/ChartMogul uuid/));
      await assert.rejects(sync.unlink(none), refused(/ChartMogul uuid/));
      await assert.rejects(sync.link("c", none), refused(/cus_/));
      await assert.rejects(sync.forget({ person: none }), refused(/GHL contact/));
      await assert.rejects(sync.link(none, "cus_1"), refused(/GHL contact/));
    }
    for (const none of ["c", [], ["c", ""], [7], {}, 7]) {
      await assert.rejects(sync.accept(none), refused(/\["/));
      await assert.rejects(sync.refresh(none), refused(/\["/));
      if (!Array.isArray(none) || none.length > 0)
        await assert.rejects(sync.refresh(none, { event: "e1" }), refused(/\["/));
      await assert.rejects(sync.plan({ contacts: none }), refused(/\["/));
      await assert.rejects(sync.run({ contacts: none }), refused(/\["/));
    }
    await assert.rejects(sync.accept(undefined), refused(/\["/));
    assert.deepEqual(made, []);
  });

  test("wait for each other and not for a run, where the store tells owners apart", async () => {
    for (const conditional of [true, false]) {
      const order = [];
      const ends = [];
      const slowly = (name) => () =>
        new Promise((resolve) => {
          order.push(name);
          ends.push(() => resolve("{}"));
        });
      const store = { get: () => [], commit() {}, scan: () => [], conditional };
      const { connector } = play({ run: slowly("run"), retry: slowly("retry") }, { store });
      const ended = [connector.sync.run(), connector.sync.retry("c"), connector.sync.retry("d")];
      const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
      await turn();
      assert.deepEqual(order, conditional ? ["run", "retry"] : ["run"]);
      for (let step = 0; step < 3; step++) {
        ends[step]();
        await turn();
      }
      assert.deepEqual(order, ["run", "retry", "retry"]);
      await Promise.all(ended);
    }
  });

  test("that only look wait for nobody", async () => {
    const ends = [];
    const order = [];
    const { connector } = play({
      run: () => new Promise((resolve) => ends.push(() => resolve('{"done":true}'))),
      retry: async () => {
        order.push("retry");
        return "{}";
      },
      why: async () => {
        order.push("why");
        return "{}";
      },
    });
    const run = connector.sync.run().then(() => order.push("run"));
    const retry = connector.sync.retry("c");
    await connector.sync.why("c");
    ends[0]();
    await Promise.all([run, retry]);
    assert.equal(order[0], "why");
    assert.ok(order.includes("retry") && order.length === 3);
    assert.ok(ends.length === 1);
  });
});
