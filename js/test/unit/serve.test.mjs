// The service of `serve` over a connector that is played: routes, who may call, statuses, metrics, limits,
// and how it stops.

import assert from "node:assert/strict";
import { connect } from "node:net";
import { afterEach, describe, test } from "node:test";
import { importSources } from "../build-sources.mjs";

const {
  createError,
  Metrics,
  createService,
  listen,
  answerOfError,
  createRefusalLog,
  appEventText,
  runServe,
  readApiToken,
  readConfiguration,
} = await importSources(
  "errors",
  "serve/metrics",
  "serve/service",
  "serve/server",
  "serve/api",
  "cli/commands/serve",
  "cli/configuration",
);

const TOKEN = "canary-of-the-token-0123456789";

let open;
afterEach(async () => {
  open?.stopping.abort(new Error("the test ended"));
  await open?.server.close(0);
  open = undefined;
});

/** Serves a connector of which `sync` is played. */
async function begin(sync = {}, { token = TOKEN, allowedOrigins = [], webhook, services } = {}) {
  const stopping = new AbortController();
  const metrics = new Metrics("1.2.3", 1_000_000);
  const refusals = [];
  const connector = {
    ...services,
    sync: { status: async () => ({ linked: 3 }), ...sync },
    webhooks: {
      nodeHandler: (options) => async (request, response) => {
        webhook?.(request, options);
        response.writeHead(200).end("{}");
      },
    },
  };
  const service = createService({
    connector,
    metrics,
    token: token ?? undefined,
    allowedOrigins,
    signal: stopping.signal,
    onRefused: (refusal) => refusals.push(refusal),
  });
  const server = await listen(service, { host: "127.0.0.1", port: 0 });
  open = { server, stopping };
  const call = async (method, path, body, headers = { authorization: `Bearer ${TOKEN}` }) => {
    const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
    const response = await fetch(`${server.url}${path}`, init);
    const text = await response.text();
    const isJson = response.headers.get("content-type") === "application/json";
    return {
      status: response.status,
      headers: response.headers,
      body: isJson && text ? JSON.parse(text) : text,
    };
  };
  return { ...open, metrics, refusals, call };
}

describe("who may call", () => {
  test("health, readiness and metrics are open, and everything else needs the token", async () => {
    const { call } = await begin();
    for (const path of ["/health", "/ready", "/metrics"]) {
      const { status } = await call("GET", path, undefined, {});
      assert.equal(status, 200, path);
    }
    for (const headers of [
      {},
      { authorization: "" },
      { authorization: TOKEN },
      { authorization: `Basic ${TOKEN}` },
      { authorization: `Bearer ${TOKEN}x` },
      { authorization: `Bearer ${TOKEN.slice(1)}` },
      { "x-api-key": TOKEN },
    ]) {
      const { status, body, headers: answered } = await call("GET", "/v1/status", undefined, headers);
      assert.equal(status, 401, JSON.stringify(headers));
      assert.equal(body.error.code, "unauthorized");
      assert.equal(answered.get("www-authenticate"), "Bearer");
      assert.ok(!JSON.stringify(body).includes("canary"));
    }
    for (const authorization of [`Bearer ${TOKEN}`, `bearer ${TOKEN}`])
      assert.equal((await call("GET", "/v1/status", undefined, { authorization })).status, 200);
    assert.equal((await call("GET", `/v1/status?token=${TOKEN}`, undefined, {})).status, 401);
  });

  test("without a token the API is off and says so", async () => {
    const { call } = await begin({}, { token: null });
    for (const headers of [{}, { authorization: "Bearer " }, { authorization: "Bearer undefined" }]) {
      const { status, body } = await call("POST", "/v1/run", {}, headers);
      assert.equal(status, 404);
      assert.match(body.error.message, /the API is off/);
      assert.match(body.error.hint, /SERVE_TOKEN/);
    }
  });

  test("pages call only from origins that are allowed", async () => {
    const origin = "https://panel.example.com";
    const preflight = { "access-control-request-method": "POST" };
    const { call } = await begin({}, { allowedOrigins: [origin] });
    const allowed = await call("OPTIONS", "/v1/run", undefined, { ...preflight, origin });
    assert.equal(allowed.status, 204);
    assert.equal(allowed.headers.get("access-control-allow-origin"), origin);
    assert.match(allowed.headers.get("access-control-allow-headers"), /authorization/);
    for (const other of ["https://evil.example.com", `${origin}.evil.com`, "null"]) {
      const refused = await call("OPTIONS", "/v1/run", undefined, { ...preflight, origin: other });
      assert.equal(refused.status, 403);
      assert.equal(refused.headers.get("access-control-allow-origin"), null);
    }
    const answered = await call("GET", "/v1/status", undefined, { authorization: `Bearer ${TOKEN}`, origin });
    assert.equal(answered.headers.get("access-control-allow-origin"), origin);
    const elsewhere = await call("GET", "/metrics", undefined, { origin });
    assert.equal(elsewhere.headers.get("access-control-allow-origin"), null);
  });
});

describe("the API", () => {
  const list = (items, seen) => (options) => {
    seen.push(options);
    return Promise.resolve({ items, cursor: "next" });
  };

  test("each route calls its function with what it was given", async () => {
    const calls = [];
    const record =
      (name) =>
      async (...given) => {
        calls.push([name, ...given.map((each) => (each?.signal ? { ...each, signal: undefined } : each))]);
        return { name };
      };
    const names = ["status", "plan", "apply", "run", "resolve", "retry", "link", "unlink", "why", "refresh"];
    const seen = [];
    const sync = {
      ...Object.fromEntries(names.map((name) => [name, record(name)])),
      accept: async (ids) => ids,
      runs: async () => [{ done: true }],
      conflicts: list([{ id: "c" }], seen),
      deadLetters: list([{ id: "d" }], seen),
      changes: (id, options) => list([{ id }], seen)(options),
    };
    const { call } = await begin(sync);
    const u = undefined;
    for (const [method, path, body, expected] of [
      ["GET", "/v1/status", u, ["status", { signal: u }]],
      [
        "POST",
        "/v1/plan",
        { contacts: ["a"], full: true },
        ["plan", { contacts: ["a"], full: true, signal: u }],
      ],
      ["POST", "/v1/plan", u, ["plan", { signal: u }]],
      ["POST", "/v1/apply", { planId: "p", deadlineMs: 5 }, ["apply", "p", { deadlineMs: 5, signal: u }]],
      [
        "POST",
        "/v1/run",
        { contacts: ["a"], deadlineMs: 5 },
        ["run", { contacts: ["a"], deadlineMs: 5, signal: u }],
      ],
      [
        "POST",
        "/v1/conflicts/n%3A1/resolve",
        { winner: "ghl", seen: "s" },
        ["resolve", "n:1", "ghl", { seen: "s", signal: u }],
      ],
      ["GET", "/v1/why/cus_1", u, ["why", "cus_1", { signal: u }]],
      ["POST", "/v1/retry", { id: "a" }, ["retry", "a", { signal: u }]],
      ["POST", "/v1/unlink", { id: "a" }, ["unlink", "a", { signal: u }]],
      ["POST", "/v1/link", { contact: "a", chartmogul: "cus_1" }, ["link", "a", "cus_1", { signal: u }]],
      ["POST", "/v1/refresh", { contacts: ["a"] }, ["refresh", ["a"], { signal: u }]],
    ]) {
      const { status, body: answered } = await call(method, path, body);
      assert.equal(status, 200, JSON.stringify(answered));
      assert.deepEqual(answered, { name: expected[0] });
      assert.deepEqual(calls.at(-1), expected);
    }
    assert.deepEqual((await call("POST", "/v1/accept", { ids: ["a"] })).body, { accepted: ["a"] });
    assert.deepEqual((await call("GET", "/v1/runs")).body, { runs: [{ done: true }] });
    assert.deepEqual((await call("GET", "/v1/conflicts?settled=true&after=x")).body, {
      conflicts: [{ id: "c" }],
      after: "next",
    });
    assert.deepEqual((await call("GET", "/v1/rejected")).body, { rejected: [{ id: "d" }], after: "next" });
    assert.deepEqual((await call("GET", "/v1/plans/p1/changes?after=y")).body, {
      changes: [{ id: "p1" }],
      after: "next",
    });
    assert.deepEqual(
      seen.map(({ cursor, settled }) => ({ cursor, settled })),
      [
        { cursor: "x", settled: true },
        { cursor: undefined, settled: undefined },
        { cursor: "y", settled: undefined },
      ],
    );
  });

  test("says which location and account it reaches, each side by itself", async () => {
    const refused = createError({ code: "unauthorized", message: "the key was refused", status: 401 });
    const { call } = await begin(
      {},
      {
        services: {
          ghl: {
            locations: { get: async () => ({ id: "L1", name: "Riverside", timezone: "UTC", email: "x" }) },
          },
          chartmogul: {
            account: {
              retrieve: async () => {
                throw refused;
              },
            },
          },
        },
      },
    );
    const { status, body } = await call("GET", "/v1/connection");
    assert.equal(status, 200);
    assert.deepEqual(body.ghl, { ok: true, location: { id: "L1", name: "Riverside", timeZone: "UTC" } });
    assert.equal(body.chartmogul.ok, false);
    assert.equal(body.chartmogul.error.code, "unauthorized");
  });

  test("calls the endpoints that a panel needs, and no other", async () => {
    const calls = [];
    const list = async (parameters, { cursor }) => {
      calls.push([parameters, cursor]);
      return { items: [{ id: "n1" }], cursor: "next", total: null, missing: 0 };
    };
    const deleted = async () => calls.push("deleted");
    const services = { ghl: { notes: { list, delete: deleted }, contacts: { delete: deleted } } };
    const { call } = await begin({}, { services });
    const asked = { endpoint: "ghl.notes.list", parameters: { contactId: "c1" }, cursor: "x" };
    const { body } = await call("POST", "/v1/call", asked);
    assert.deepEqual(body.result.items, [{ id: "n1" }]);
    assert.equal(body.result.cursor, "next");
    assert.deepEqual(calls, [[{ contactId: "c1" }, "x"]]);
    for (const endpoint of ["ghl.notes.delete", "ghl.contacts.delete", "toString", "ghl.__proto__.x"]) {
      const { status, body } = await call("POST", "/v1/call", { endpoint, parameters: {} });
      assert.equal(status, 400, endpoint);
      assert.match(body.error.message, /cannot be called here/);
    }
    for (const parameters of [[], "x", null])
      assert.equal((await call("POST", "/v1/call", { ...asked, parameters })).status, 400);
    assert.equal(calls.length, 1);
  });

  test("reports on many records at once, and of all conflicts and failures of one contact", async () => {
    async function* items() {
      yield { id: "1", contact: "c1" };
      yield { id: "2", contact: "c2" };
      yield { id: "3" };
      yield { id: "4", contact: "c1" };
    }
    const { call } = await begin({
      why: async (id) => ({ id, standing: "inStep" }),
      conflicts: items,
      deadLetters: items,
    });
    const { body } = await call("POST", "/v1/why", { ids: ["b", "a"] });
    assert.deepEqual(body.records, [
      { id: "b", standing: "inStep" },
      { id: "a", standing: "inStep" },
    ]);
    const many = Array.from({ length: 501 }, (_, index) => `id${index}`);
    assert.equal((await call("POST", "/v1/why", { ids: many })).status, 400);
    for (const [path, name] of [
      ["conflicts", "conflicts"],
      ["rejected", "rejected"],
    ]) {
      const { body } = await call("GET", `/v1/${path}?contact=c1`);
      assert.deepEqual(
        body[name].map(({ id }) => id),
        ["1", "4"],
      );
      assert.equal(body.after, null);
    }
  });

  test("refuses what a route does not take, before anything is called", async () => {
    const { call } = await begin({ apply: () => assert.fail("apply"), run: () => assert.fail("run") });
    for (const [path, body, words] of [
      ["/v1/apply", {}, /the body lacks planId/],
      ["/v1/apply", { planId: "" }, /planId in the body must be a text/],
      ["/v1/apply", { planId: ["p"] }, /planId in the body must be a text/],
      ["/v1/apply", { planId: "p", deadline: 5 }, /unknown "deadline"/],
      ["/v1/apply", { planId: "p", deadlineMs: "5" }, /deadlineMs in the body must be a number/],
      ["/v1/run", [], /must be a JSON object/],
      ["/v1/run", { contacts: [] }, /contacts in the body must be a list/],
      ["/v1/run", { apply: "yes" }, /apply in the body must be true or false/],
      ["/v1/run", { constructor: 1 }, /unknown "constructor"/],
    ]) {
      const { status, body: answered } = await call("POST", path, body);
      assert.equal(status, 400, JSON.stringify(answered));
      assert.equal(answered.error.code, "invalid_argument");
      assert.match(answered.error.message, words);
      assert.match(answered.error.hint, /This route takes /);
    }
    const headers = { authorization: `Bearer ${TOKEN}` };
    const broken = await fetch(`${open.server.url}/v1/run`, { method: "POST", headers, body: "{" });
    assert.equal(broken.status, 400);
    const large = await fetch(`${open.server.url}/v1/run`, {
      method: "POST",
      headers,
      body: "x".repeat(2_000_000),
    });
    assert.equal(large.status, 413);
    assert.equal((await call("GET", "/v1/conflicts?settled=perhaps")).status, 400);
  });

  test("answers unknown routes with 404 and wrong methods with 405", async () => {
    const { call } = await begin();
    for (const path of [
      "/v1",
      "/v1/",
      "/v1/nothing",
      "/v1/why/",
      "/v1/why/a/b",
      "/v1/plans//changes",
      "/",
      "/v2",
    ])
      assert.equal((await call("GET", path)).status, 404, path);
    const { status, headers } = await call("GET", "/v1/run");
    assert.equal(status, 405);
    assert.equal(headers.get("allow"), "POST");
    assert.equal((await call("POST", "/metrics", {})).status, 405);
    assert.equal((await call("HEAD", "/health")).status, 200);
  });

  test("gives each error the status that it calls for", () => {
    const statusOf = (code, fields = {}) => answerOfError(createError({ code, message: "m", ...fields }));
    for (const [code, status] of Object.entries({
      invalid_argument: 400,
      invalid_config: 500,
      not_found: 404,
      busy: 409,
      stale_plan: 409,
      cap_exceeded: 409,
      rejected: 422,
      rate_limited: 429,
      daily_quota_exhausted: 429,
      unauthorized: 502,
      scope_missing: 502,
      reconnect_required: 502,
      payment_required: 502,
      network: 502,
      service_unavailable: 503,
      store_failed: 503,
      timeout: 504,
      crashed: 500,
    })) {
      const answer = statusOf(code);
      assert.equal(answer.status, status, code);
      assert.equal(answer.error.code, code);
    }
    assert.equal(statusOf("rate_limited", { retryAfterMs: 4_200 }).headers["retry-after"], "5");
    const defect = answerOfError(new Error("canary"));
    assert.equal(defect.status, 500);
    assert.ok(!JSON.stringify(defect).includes("canary"));
  });
});

describe("readiness", () => {
  test("follows the store and the last run", async () => {
    let failure;
    const status = async () => {
      if (failure !== undefined) throw failure;
      return {};
    };
    const { call, metrics, stopping } = await begin({ status });
    const ready = async () => (await call("GET", "/ready", undefined, {})).body;
    assert.deepEqual(await ready(), { ready: true });
    failure = createError({ code: "store_failed", message: "canary/state.db" });
    assert.deepEqual(await ready(), { ready: false, reason: "store_failed" });
    failure = undefined;
    const at = Date.now();
    const failed = (code) =>
      metrics.onUpdate({ type: "failure", at, run: 1, error: createError({ code, message: "" }) });
    failed("service_unavailable");
    assert.deepEqual(await ready(), { ready: false, reason: "service_unavailable" });
    failed("busy");
    assert.deepEqual(await ready(), { ready: false, reason: "service_unavailable" }, "nothing is mended");
    const standing = { failed: 0, waiting: 0 };
    const report = { elapsedMs: 1, done: {} };
    metrics.onUpdate({ type: "outcome", at, run: 2, outcome: { done: true, standing, report } });
    assert.deepEqual(await ready(), { ready: true });
    failed("busy");
    assert.deepEqual(await ready(), { ready: true });
    stopping.abort(new Error("stop"));
    assert.deepEqual(await ready(), { ready: false, reason: "stopping" });
    assert.equal((await call("GET", "/health", undefined, {})).status, 200);
  });

  test("queues one run behind the one under way, and answers busy to more", async () => {
    let release;
    const gate = new Promise((resolve) => {
      release = resolve;
    });
    const run = async () => {
      await gate;
      return { done: true };
    };
    const { call } = await begin({ run });
    const first = call("POST", "/v1/run", {});
    const second = call("POST", "/v1/run", {});
    await new Promise((resolve) => setTimeout(resolve, 50));
    const third = await call("POST", "/v1/run", {});
    assert.deepEqual([third.status, third.body.error.code], [409, "busy"]);
    release();
    assert.deepEqual([(await first).status, (await second).status], [200, 200]);
    assert.equal((await call("POST", "/v1/run", {})).status, 200);
  });
});

/** Reads Prometheus text: a sample a line, each family announced before its samples and only once. */
function parseMetrics(text) {
  const samples = new Map();
  const families = new Map();
  assert.ok(text.endsWith("\n"));
  for (const line of text.trimEnd().split("\n")) {
    const [, kind, name, rest] = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line) ?? [];
    if (kind === "TYPE") {
      assert.ok(!families.has(name), `${name} twice`);
      assert.match(rest, /^(counter|gauge|histogram)$/);
      families.set(name, rest);
      continue;
    }
    if (kind === "HELP") continue;
    const [, metric, labels = "", value] =
      /^([a-z_]+)(\{(?:[a-z_]+="[^"\\\n]*",?)+\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(line) ?? [];
    assert.ok(metric, `not a sample: ${line}`);
    const family = metric.replace(/_(bucket|sum|count)$/, "");
    assert.ok(families.has(metric) || families.get(family) === "histogram", `${metric} was not announced`);
    if (families.get(metric) === "counter") assert.match(metric, /_total$/);
    assert.ok(!samples.has(metric + labels), `${metric}${labels} twice`);
    samples.set(metric + labels, Number(value));
  }
  return samples;
}

describe("metrics", () => {
  const outcome = (fields = {}) => ({
    type: "outcome",
    at: 1_700_000_000_000,
    run: 1,
    outcome: {
      done: true,
      plannedOnly: false,
      standing: { failed: 2, waiting: 5 },
      report: { elapsedMs: 4_000, done: { create: { note: 3, task: 1 } } },
      ...fields,
    },
  });

  test("are Prometheus text with what happened", async () => {
    const { call, metrics } = await begin();
    metrics.onUpdate(outcome());
    metrics.onUpdate(outcome({ done: false, stopped: "unavailable" }));
    metrics.onUpdate(outcome({ plannedOnly: true }));
    metrics.onUpdate({
      type: "failure",
      at: 5,
      run: 2,
      error: createError({ code: "timeout", message: "" }),
    });
    metrics.onUpdate({ type: "wait", at: 5, until: 90_000, reason: "interval" });
    const request = {
      type: "request",
      service: "ghl",
      endpoint: "contacts.get",
      method: "GET",
      attempt: 1,
      elapsedMs: 5,
    };
    metrics.onEvent({ ...request, status: 200 });
    metrics.onEvent({ ...request, status: 200 });
    metrics.onEvent({ ...request, status: 429 });
    metrics.onEvent({ type: "retry", service: "ghl" });
    metrics.onEvent({ type: "quota", service: "ghl", limit: 200_000, remaining: 17, resetsAtMs: 5 });
    metrics.onHandled({ type: "ContactUpdate", contacts: ["canary"], duplicate: false });
    metrics.onHandled({ type: "ContactUpdate", contacts: [], duplicate: true });
    metrics.onHandled({ type: "InvoicePaid", contacts: [], duplicate: false, ignored: "type" });
    metrics.onHandled({ type: "mrr_movement", contacts: [], duplicate: false });
    metrics.onRefused({ service: "ghl", reason: "wrong_signature", status: 401, message: "canary" });
    await call("GET", "/v1/why/canary");
    await call("GET", "/canary");
    const { body, headers } = await call("GET", "/metrics", undefined, {});
    assert.match(headers.get("content-type"), /^text\/plain; version=0\.0\.4/);
    assert.ok(!body.includes("canary"), body);
    const samples = parseMetrics(body);
    const get = (name) => samples.get(`ghl_chartmogul_${name}`);
    assert.equal(get('build_info{version="1.2.3"}'), 1);
    assert.equal(get("start_time_seconds"), 1_000);
    assert.equal(get('runs_total{outcome="done"}'), 1);
    assert.equal(get('runs_total{outcome="stopped"}'), 1);
    assert.equal(get('runs_total{outcome="planned_only"}'), 1);
    assert.equal(get('runs_total{outcome="failed"}'), 1);
    assert.equal(get('run_errors_total{code="timeout"}'), 1);
    assert.equal(get("run_duration_seconds_count"), 3);
    assert.equal(get("run_duration_seconds_sum"), 12);
    assert.equal(get('run_duration_seconds_bucket{le="2.5"}'), 0);
    assert.equal(get('run_duration_seconds_bucket{le="5"}'), 3);
    assert.equal(get('run_duration_seconds_bucket{le="+Inf"}'), 3);
    assert.equal(get("last_success_timestamp_seconds"), 1_700_000_000);
    assert.equal(get("next_run_timestamp_seconds"), 90);
    assert.equal(get('records{standing="failed"}'), 2);
    assert.equal(get('records{standing="waiting"}'), 5);
    assert.equal(get('changes_total{action="create",kind="note"}'), 9);
    assert.equal(get('calls_total{service="ghl",status="200"}'), 2);
    assert.equal(get('calls_total{service="ghl",status="429"}'), 1);
    assert.equal(get('retries_total{service="ghl"}'), 1);
    assert.equal(get('quota_remaining{service="ghl"}'), 17);
    assert.equal(get('webhooks_received_total{service="ghl",result="taken"}'), 1);
    assert.equal(get('webhooks_received_total{service="ghl",result="duplicate"}'), 1);
    assert.equal(get('webhooks_received_total{service="ghl",result="ignored"}'), 1);
    assert.equal(get('webhooks_received_total{service="chartmogul",result="taken"}'), 1);
    assert.equal(get('webhooks_refused_total{service="ghl",reason="wrong_signature"}'), 1);
    assert.equal(get('http_requests_total{route="none",status="404"}'), 1);
  });
});

describe("the server", () => {
  test("stops gracefully: nothing new is accepted, and what is under way is answered", async () => {
    let release;
    const gate = new Promise((resolve) => {
      release = resolve;
    });
    let begun;
    const under = new Promise((resolve) => {
      begun = resolve;
    });
    const { call, server } = await begin({
      async run() {
        begun();
        await gate;
        return { done: true };
      },
    });
    const running = call("POST", "/v1/run", {});
    await under;
    const closed = server.close();
    await assert.rejects(fetch(`${server.url}/health`));
    release();
    assert.deepEqual((await running).body, { done: true });
    await closed;
  });

  test("ends what is under way at its checkpoint when it stops", async () => {
    const { call, stopping } = await begin({
      run: ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    });
    const running = call("POST", "/v1/run", {});
    await new Promise((resolve) => setTimeout(resolve, 50));
    stopping.abort(new Error("canary"));
    const { status, body } = await running;
    assert.equal(status, 503);
    assert.equal(body.error.code, "aborted");
    assert.match(body.error.hint, /the next run continues/);
  });

  test("does not wait for a client that sends no end", async () => {
    const { server } = await begin();
    const socket = connect(new URL(server.url).port, "127.0.0.1");
    socket.write("POST /v1/run HTTP/1.1\r\nhost: x\r\n");
    socket.on("error", () => {});
    await new Promise((resolve) => setTimeout(resolve, 50));
    const began = Date.now();
    await server.close(200);
    assert.ok(Date.now() - began < 3_000);
    socket.destroy();
  });

  test("says why a port or an address is not available", async () => {
    const { server } = await begin();
    const port = Number(new URL(server.url).port);
    await assert.rejects(
      listen(() => {}, { host: "127.0.0.1", port }),
      {
        code: "invalid_argument",
        message: `port ${port} is in use by another program`,
      },
    );
    await assert.rejects(
      listen(() => {}, { host: "192.0.2.7", port: 0 }),
      { code: "invalid_argument" },
    );
  });
});

describe("the command", () => {
  const terminal = () => {
    const lines = [];
    return { lines, json: false, print: (line) => lines.push(line), note: (line) => lines.push(line) };
  };

  test("refuses to be reached from other machines without a token, and what is not an origin", async () => {
    const flags = { port: 0, host: "127.0.0.1", interval: 15 };
    const metrics = new Metrics("0");
    for (const [given, token, words] of [
      [{ host: "0.0.0.0" }, undefined, /0\.0\.0\.0 can be reached from other machines/],
      [{ host: "::" }, undefined, /can be reached/],
      [{ host: "127.example.com" }, undefined, /can be reached/],
      [{ port: 65_536 }, TOKEN, /--port: 65536 is not allowed/],
      [{ interval: 0 }, TOKEN, /--interval: 0/],
      [{ allowOrigin: ["*"] }, TOKEN, /\* is not an origin/],
      [{ allowOrigin: ["https://a.example/"] }, TOKEN, /is not an origin/],
    ])
      await assert.rejects(runServe({}, { ...flags, ...given }, { metrics, token }, terminal()), (error) => {
        assert.equal(error.name, "UsageError");
        assert.match(error.message, words);
        return true;
      });
  });

  test("logs refusals without content, and not so often that strangers fill the log", () => {
    const out = terminal();
    let now = 1_700_000_000_000;
    const log = createRefusalLog(out, () => now);
    const refusal = { service: "ghl", reason: "wrong_signature", status: 401, message: "m", hint: "h" };
    for (let index = 0; index < 100; index++) log(refusal);
    log({ ...refusal, reason: "too_large", status: 413 });
    assert.equal(out.lines.length, 2);
    assert.equal(out.lines[0], "2023-11-14T22:13:20.000Z ghl 401 wrong_signature: m h");
    now += 1_000;
    log(refusal);
    assert.match(out.lines[2], /\(and 99 more before\)/);
    const json = { ...terminal(), json: true, printed: [] };
    createRefusalLog({ ...json, printJson: (value) => json.printed.push(value) })(refusal);
    assert.equal(json.printed[0].type, "refused");
  });

  test("says what happens to the app", () => {
    assert.equal(appEventText({ type: "INSTALL", locationId: "l1" }), "webhook INSTALL of location l1");
    assert.equal(appEventText({ type: "UNINSTALL", companyId: "c1" }), "webhook UNINSTALL of company c1");
  });

  test("reads its secrets from the environment, and refuses short ones", () => {
    const flags = { config: undefined, envFile: undefined };
    assert.equal(readApiToken(flags, { SERVE_TOKEN: TOKEN }), TOKEN);
    assert.equal(readApiToken(flags, { SERVE_TOKEN: "" }), undefined);
    assert.throws(
      () => readApiToken(flags, { SERVE_TOKEN: "canary" }),
      (error) => {
        assert.match(error.message, /SERVE_TOKEN must have 20 characters/);
        assert.ok(!`${error.message}${error.hint}`.includes("canary"));
        return true;
      },
    );
    const { webhooks } = readConfiguration(flags, [], {
      GHL_WEBHOOK_PUBLIC_KEY: "key-one, key-two,",
      CHARTMOGUL_WEBHOOK_SECRET: TOKEN,
    });
    assert.deepEqual(webhooks, { publicKey: ["key-one", " key-two"], chartmogulSecret: TOKEN });
    assert.equal(readConfiguration(flags, [], {}).webhooks, undefined);
    assert.throws(
      () => readConfiguration(flags, [], { CHARTMOGUL_WEBHOOK_SECRET: "canary" }),
      /20 characters/,
    );
  });
});
