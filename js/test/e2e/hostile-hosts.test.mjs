// The real module against hosts that misbehave: every call ends, with an ordinary error, and nothing
// reaches the process as an uncaught exception or rejection.

import assert from "node:assert/strict";
import { getEventListeners, once } from "node:events";
import { createServer } from "node:net";
import { after, afterEach, describe, test } from "node:test";
import vm from "node:vm";
import { requirePackage } from "./sandbox.mjs";

const { ConnectorError, createConnector } = requirePackage("ghl-chartmogul");

const stray = [];
process.on("uncaughtException", (error) => stray.push(error));
process.on("unhandledRejection", (error) => stray.push(error));
afterEach(async () => {
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(stray.splice(0), []);
});

const GOOD = { status: 200, headers: { "content-type": "application/json" }, body: '{"contact":{"id":"1"}}' };
const SERVICES = { ghl: { token: "token-canary", locationId: "l" }, chartmogul: { apiKey: "key-canary" } };

/** A connector over this transport; retries of a failing one wait for no real time. */
const connect = (options) => createConnector({ ...SERVICES, store: "memory", ...options });

/** The call's error; fails when it succeeds or does not end. */
async function failureOf(promise) {
  const late = new Promise((resolve) => setTimeout(resolve, 60_000, "pending").unref());
  const result = await Promise.race([
    promise.then(
      () => "succeeded",
      (error) => error,
    ),
    late,
  ]);
  assert.notEqual(result, "pending", "the call never ended");
  assert.notEqual(result, "succeeded");
  return result;
}

const foreign = vm.createContext({});
const HOSTILE = {
  "throws an Error at once": () => {
    throw new Error("sync");
  },
  "throws a text at once": () => {
    throw "text";
  },
  "throws nothing at once": () => {
    throw undefined;
  },
  "rejects with a text": () => Promise.reject("text"),
  "rejects with nothing": () => Promise.reject(),
  "rejects with another realm's error": () =>
    Promise.reject(vm.runInContext("new TypeError('foreign')", foreign)),
  "rejects with an error that throws when it is read": () =>
    Promise.reject(
      new Proxy(
        {},
        {
          get() {
            throw new Error("do not look");
          },
        },
      ),
    ),
  "gives nothing": () => undefined,
  "gives a number": () => 7,
  "gives an empty object": () => ({}),
  "gives an impossible status": () => ({ status: 42_000, headers: {}, body: "" }),
  "gives a parsed body": () => ({ status: 200, headers: {}, body: { contact: {} } }),
  "gives impossible headers": () => ({ status: 200, headers: [1, 2], body: "" }),
  "gives a body that is not JSON": () => ({ status: 200, headers: {}, body: "<html>busy</html>" }),
  "gives a body cut short": () => ({ ...GOOD, body: '{"contact":{"id":' }),
  "gives JSON of another form": () => ({ ...GOOD, body: "[]" }),
  "gives bytes that are not UTF-8": () => ({ ...GOOD, body: new Uint8Array([0x7b, 0x22, 0xff, 0x22]) }),
  "gives a thenable that never calls back twice": () => ({
    // biome-ignore lint/suspicious/noThenProperty: a hostile thenable is the point.
    then(resolve, reject) {
      resolve(undefined);
      reject(new Error("twice"));
      throw new Error("thrice");
    },
  }),
};

describe("a transport that", () => {
  for (const [what, transport] of Object.entries(HOSTILE)) {
    test(`${what} fails the call, and the connector still works`, { timeout: 90_000 }, async () => {
      let hostile = true;
      const connector = connect({ transport: () => (hostile ? transport() : GOOD) });
      // A create is not sent again when its outcome is unknown: no waiting for retries.
      const error = await failureOf(connector.ghl.contacts.create({ email: "a@example.com" }));
      assert.ok(error instanceof ConnectorError, String(error));
      assert.notEqual(error.code, "crashed");
      assert.doesNotMatch(JSON.stringify(error) + error.stack, /canary/);
      hostile = false;
      assert.equal((await connector.ghl.contacts.get({ contactId: "1" })).id, "1");
      await connector.close();
    });
  }

  test("never answers ends with the timeout", async () => {
    const connector = connect({ transport: () => new Promise(() => {}) });
    const error = await failureOf(
      connector.ghl.contacts.create({ email: "a@example.com" }, { timeoutMs: 30 }),
    );
    assert.equal(error.code, "outcome_unknown");
  });

  test("gives another realm's plain objects and buffers works", async () => {
    const answer = vm.runInContext(
      `({ status: 200, headers: { "content-type": "application/json" }, body: new Uint8Array(${JSON.stringify([...Buffer.from(GOOD.body)])}) })`,
      foreign,
    );
    assert.equal((await connect({ transport: () => answer }).ghl.contacts.get({ contactId: "1" })).id, "1");
  });

  test("is never asked after an abort, and an abort under way rejects with the signal's reason", async () => {
    let asked = 0;
    const connector = connect({
      transport: () => {
        asked += 1;
        return new Promise(() => {});
      },
    });
    const controller = new AbortController();
    const { signal } = controller;
    const calls = Array.from({ length: 15 }, () =>
      connector.ghl.contacts.get({ contactId: "1" }, { signal }),
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(asked > 0);
    const reason = new Error("enough");
    controller.abort(reason);
    for (const result of await Promise.allSettled(calls)) assert.equal(result.reason, reason);
    const before = asked;
    assert.equal(await failureOf(connector.ghl.contacts.get({ contactId: "1" }, { signal })), reason);
    assert.equal(asked, before);
    assert.equal(getEventListeners(signal, "abort").length, 0);
  });

  test("aborts while a retry is waited for", async () => {
    const controller = new AbortController();
    const connector = connect({
      transport: () => ({ status: 429, headers: { "retry-after": "30" }, body: "" }),
      onEvent: ({ type }) => {
        if (type === "retry" || type === "pace") controller.abort();
      },
    });
    const error = await failureOf(connector.chartmogul.ping.ping({}, { signal: controller.signal }));
    assert.equal(error.name, "AbortError");
    assert.ok(!process.getActiveResourcesInfo().includes("Timeout"));
  });
});

describe("a host whose own fetch", () => {
  const original = globalThis.fetch;
  afterEach(() => {
    globalThis.fetch = original;
  });
  const cases = {
    "is missing": undefined,
    "throws at once": () => {
      throw new TypeError("sync");
    },
    "gives no promise": () => 5,
    "rejects with a text": () => Promise.reject("because"),
    "gives a plain object with another realm's text": async () => ({ status: 200, headers: [], body: "{" }),
  };
  for (const [what, fetch] of Object.entries(cases)) {
    test(`${what} fails the call`, async () => {
      globalThis.fetch = fetch;
      const error = await failureOf(connect({}).ghl.contacts.create({ email: "a@example.com" }));
      assert.ok(error instanceof ConnectorError, String(error));
      assert.notEqual(error.code, "crashed");
    });
  }

  test("gives a Response of another library works", async () => {
    const body = new TextEncoder().encode(GOOD.body);
    globalThis.fetch = async () => ({
      status: 200,
      headers: new Map([["content-type", "application/json"]]),
      arrayBuffer: async () => body.buffer,
    });
    assert.equal((await connect({}).ghl.contacts.get({ contactId: "1" })).id, "1");
  });
});

describe("a server that", () => {
  const servers = [];
  after(() => {
    for (const server of servers) server.close();
  });
  async function serve(onConnection) {
    const server = createServer(onConnection).listen(0, "127.0.0.1");
    servers.push(server);
    await once(server, "listening");
    return `http://127.0.0.1:${server.address().port}`;
  }

  test("is not there: the create is safe to send again, and is told to be unreachable", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const baseUrl = `http://127.0.0.1:${server.address().port}`;
    server.close();
    const controller = new AbortController();
    const retries = [];
    const connector = connect({
      ghl: { ...SERVICES.ghl, baseUrl },
      onEvent: (event) => {
        if (event.type === "retry") retries.push(event.reason);
        if (retries.length === 1) controller.abort();
      },
    });
    await failureOf(connector.ghl.contacts.create({ email: "a@example.com" }, { signal: controller.signal }));
    assert.equal(retries.length, 1);
  });

  test("takes the request and hangs up: the create is not sent again", async () => {
    let requests = 0;
    const baseUrl = await serve((socket) =>
      socket
        .on("error", () => {})
        .once("data", () => {
          requests += 1;
          socket.destroy();
        }),
    );
    const connector = connect({ ghl: { ...SERVICES.ghl, baseUrl } });
    const error = await failureOf(connector.ghl.contacts.create({ email: "a@example.com" }));
    assert.equal(error.code, "outcome_unknown");
    assert.ok(error.cause !== undefined, "the host's reason is kept");
    assert.equal(requests, 1);
  });

  test("stalls within its body ends with the timeout", async () => {
    const head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    const baseUrl = await serve((socket) =>
      socket.on("error", () => {}).once("data", () => socket.write(head)),
    );
    const connector = connect({ ghl: { ...SERVICES.ghl, baseUrl } });
    const error = await failureOf(
      connector.ghl.contacts.create({ email: "a@example.com" }, { timeoutMs: 100 }),
    );
    assert.equal(error.code, "outcome_unknown");
  });
});

describe("a store that", () => {
  const good = { get: (keys) => keys.map(() => undefined), commit() {}, scan: () => [] };
  const broken = {
    "throws at once": {
      get() {
        throw new Error("disk gone");
      },
    },
    "rejects with a text": { get: () => Promise.reject("disk gone") },
    "gives no list": { get: () => "values" },
    "gives too few values": { get: () => [] },
    "gives values that are not text": { get: (keys) => keys.map(() => 5) },
    "holds what is not JSON": { get: (keys) => keys.map(() => "{") },
  };
  for (const [what, part] of Object.entries(broken)) {
    test(`${what} fails the sync with store_failed`, async () => {
      const connector = connect({ store: { ...good, ...part }, transport: () => ({ ...GOOD, body: "{}" }) });
      const error = await failureOf(connector.sync.status());
      assert.equal(error.code, "store_failed", String(error));
    });
  }
});

test("wrong options are refused by name at the first call", async () => {
  for (const [options, message] of [
    [{ ghl: { token: "" } }, /token/],
    [{ ghl: { token: "t\r\nx-evil: 1", locationId: "l" } }, /token/],
    [{ ghl: { token: 5 } }, /token/],
    [{ ghl: { token: "t", locationid: "l" } }, /locationid/],
    [{ ghl: { token: "t", baseUrl: "not a url" } }, /baseUrl/],
    [{ gohighlevel: {} }, /gohighlevel/],
    [{ ghl: { token: "t" }, sync: { anchor: 5 } }, /^sync\.anchor: 5 is not one of attach-only, /],
    [{ ghl: { token: "t" }, sync: { anker: "x" } }, /^sync: unknown property `anker`/],
  ]) {
    const connector = createConnector({ ...options, transport: () => GOOD });
    const error = await failureOf(connector.ghl.contacts.get({ contactId: "1" }));
    assert.equal(error.code, "invalid_config", `${JSON.stringify(options)}: ${error}`);
    assert.match(error.message, message);
  }
});

test("a service without credentials cannot be called", async () => {
  const connector = createConnector({ ghl: SERVICES.ghl, transport: () => GOOD });
  const error = await failureOf(connector.chartmogul.ping.ping());
  assert.equal(error.code, "invalid_config");
  assert.match(error.message, /ChartMogul is not configured/);
});
