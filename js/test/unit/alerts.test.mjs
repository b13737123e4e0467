// Alerts: what a run calls for, what is sent once, and what a webhook gets; the store, the clock and the
// webhook are played.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, describe, test } from "node:test";
import { inspect } from "node:util";
import { importSources } from "../build-sources.mjs";

const { Alerts, bodyOf, createError, createWebhook, Events, memory, requireAlertSettings } =
  await importSources("alerts", "alert-webhook", "errors", "events", "stores/memory");

const HOUR = 3_600_000;
const outcome = (standing = {}, more = {}) => ({
  done: true,
  standing: { failed: 0, waiting: 0, ...standing },
  ...more,
});
const refused = createError({
  code: "unauthorized",
  message: "GoHighLevel refused the token",
  hint: "Renew it.",
});

/** Runs of a location, each by a process of its own on one store. */
class World {
  now = Date.UTC(2027, 0, 1);
  told = [];
  posted = [];
  warnings = [];
  answers = [];
  store = memory();

  constructor(settings = {}) {
    this.settings = settings;
  }

  /** A run that emits these events and ends so; `anew` has another process run it. */
  async run(end, ...emitted) {
    const events = new Events((event) => this.warnings.push(event));
    const alerts = new Alerts({
      settings: this.settings,
      locationId: "l1",
      onAlert: (alert) => void this.told.push(alert),
      webhook:
        this.settings.webhook === undefined
          ? undefined
          : async (alert) => {
              this.posted.push(alert);
              return this.answers.shift();
            },
      events,
      store: async () => this.store,
      now: () => this.now,
    });
    const run = async () => {
      for (const event of emitted) events.emit(event);
      if (end instanceof Error) throw end;
      return end;
    };
    return alerts.around(undefined, run).catch((reason) => assert.equal(reason, end));
  }

  /** What was sent since it was asked last. */
  take() {
    return this.told.splice(0).map(({ type, resolved }) => (resolved ? `${type} resolved` : type));
  }
}

const discovered = (fields, dataSource = "ds_1", settings = "s1") => ({
  type: "discovered",
  settings,
  fields,
  dataSource,
});
const quota = (remaining, limit = 200_000) => ({
  type: "quota",
  service: "ghl",
  limit,
  remaining,
  resetsAtMs: Date.UTC(2027, 0, 2),
});

describe("an alert", () => {
  test("of a run that fails is sent once, again after a day, and once when it is over", async () => {
    const world = new World();
    await world.run(outcome());
    assert.deepEqual(world.take(), []);
    await world.run(refused);
    const [alert] = world.told;
    assert.deepEqual(alert, {
      type: "run_failed",
      severity: "error",
      locationId: "l1",
      at: world.now,
      since: world.now,
      resolved: false,
      message: "GoHighLevel refused the token",
      hint: "Renew it.",
      details: { code: "unauthorized" },
    });
    assert.deepEqual(world.take(), ["run_failed"]);
    const began = world.now;
    for (let hour = 1; hour < 24; hour++) {
      world.now += HOUR;
      await world.run(refused);
    }
    assert.deepEqual(world.take(), []);
    world.now += HOUR;
    await world.run(refused);
    assert.equal(world.told[0].since, began, "it has stood since then");
    assert.deepEqual(world.take(), ["run_failed"]);
    world.now += HOUR;
    await world.run(outcome());
    assert.match(world.told[0].message, /^over: GoHighLevel refused the token/);
    assert.equal(world.told[0].hint, undefined);
    assert.deepEqual(world.take(), ["run_failed resolved"]);
    await world.run(outcome());
    assert.deepEqual(world.take(), []);
  });

  test("of another cause is sent, and the former one is not said to be over", async () => {
    const world = new World();
    await world.run(refused);
    await world.run(createError({ code: "cap_exceeded", message: "the plan creates 900 records" }));
    assert.deepEqual(world.take(), ["run_failed", "run_failed"]);
    await world.run(outcome());
    assert.deepEqual(world.take(), ["run_failed resolved"]);
  });

  test("comes of an unavailable service, and not of a busy location or an aborted run", async () => {
    const world = new World();
    await world.run(createError({ code: "busy", message: "busy" }));
    assert.deepEqual(world.take(), []);
    await world.run(outcome({}, { done: false, stopped: "unavailable" }));
    assert.deepEqual(world.take(), ["run_failed"]);
    await world.run(outcome({}, { done: false, stopped: "deadline" }));
    assert.deepEqual(world.take(), ["run_failed resolved"]);
    await world.run(new Error("the signal's reason"));
    assert.deepEqual(world.take(), []);
  });

  test("of failing records comes above the threshold and ends at it", async () => {
    const world = new World({ maxFailures: 3 });
    await world.run(outcome({ failed: 3, waiting: 50 }));
    assert.deepEqual(world.take(), []);
    await world.run(outcome({ failed: 4, waiting: 1 }));
    assert.deepEqual(world.told[0].details, { failed: 4, waiting: 1, maxFailures: 3 });
    assert.equal(world.told[0].severity, "warning");
    await world.run(outcome({ failed: 9 }));
    await world.run(refused);
    assert.deepEqual(
      world.take(),
      ["failures_over_threshold", "run_failed"],
      "a failed run says nothing of them",
    );
    await world.run(outcome({ failed: 3 }));
    assert.deepEqual(world.take().sort(), ["failures_over_threshold resolved", "run_failed resolved"]);
    const byDefault = new World();
    await byDefault.run(outcome({ failed: 10 }));
    assert.deepEqual(byDefault.take(), []);
    await byDefault.run(outcome({ failed: 11 }));
    assert.deepEqual(byDefault.take(), ["failures_over_threshold"]);
  });

  test("of the quota comes where a tenth is left, and ends with the new day", async () => {
    const world = new World();
    await world.run(outcome(), quota(20_001));
    assert.deepEqual(world.take(), []);
    await world.run(outcome(), quota(20_000));
    assert.deepEqual(world.told[0].details, {
      limit: 200_000,
      remaining: 20_000,
      resetsAt: Date.UTC(2027, 0, 2),
    });
    await world.run(refused, quota(0));
    await world.run(outcome());
    assert.deepEqual(world.take(), ["quota_low", "run_failed", "run_failed resolved"]);
    await world.run(outcome(), quota(199_000));
    assert.deepEqual(world.take(), ["quota_low resolved"]);
    await world.run(outcome(), { ...quota(0), limit: null });
    assert.deepEqual(world.take(), [], "no share of a limit that nobody knows");
    const own = new World({ minQuotaPercent: 50 });
    await own.run(outcome(), quota(100_000));
    assert.deepEqual(own.take(), ["quota_low"]);
  });

  test("of a field that is gone stands until it is there again", async () => {
    const world = new World();
    await world.run(outcome(), discovered({ "contact.plan": "TEXT", "contact.seats": "NUMERICAL" }));
    assert.deepEqual(world.take(), []);
    const gone = createError({
      code: "invalid_config",
      message: 'sync.customFields: the location has no contact field "contact.plan"',
    });
    const without = discovered({ "contact.plan": null, "contact.seats": "NUMERICAL" });
    await world.run(gone, without);
    const drift = world.told.find(({ type }) => type === "schema_drift");
    assert.deepEqual(drift.details, {
      what: "customField",
      name: "contact.plan",
      before: "TEXT",
      after: null,
    });
    assert.equal(drift.severity, "error");
    assert.deepEqual(world.take(), ["run_failed", "schema_drift"]);
    await world.run(gone, without);
    assert.deepEqual(world.take(), []);
    await world.run(outcome(), discovered({ "contact.plan": "TEXT", "contact.seats": "NUMERICAL" }));
    assert.deepEqual(world.take().sort(), ["run_failed resolved", "schema_drift resolved"]);
  });

  test("of a type that the sync still reads is sent once", async () => {
    const world = new World();
    await world.run(outcome(), discovered({ "contact.plan": "TEXT" }));
    await world.run(outcome(), discovered({ "contact.plan": "RADIO" }));
    assert.equal(world.told[0].severity, "warning");
    assert.deepEqual(world.told[0].details, {
      what: "customField",
      name: "contact.plan",
      before: "TEXT",
      after: "RADIO",
    });
    for (let day = 0; day < 3; day++) {
      world.now += 24 * HOUR;
      await world.run(outcome(), discovered({ "contact.plan": "RADIO" }));
    }
    assert.deepEqual(world.take(), ["schema_drift"]);
  });

  test("of a data source that is gone ends when there is one again", async () => {
    const world = new World();
    await world.run(outcome(), discovered({}, null));
    await world.run(outcome(), discovered({}, "ds_1"));
    assert.deepEqual(world.take(), [], "one that did not exist yet is not gone");
    await world.run(outcome(), discovered({}, null));
    assert.equal(world.told[0].details.before, "ds_1");
    await world.run(outcome(), discovered({}, "ds_2"));
    assert.deepEqual(world.take(), ["schema_drift", "schema_drift resolved"]);
  });

  test("comes of what settings name and is gone, and not of settings that were always wrong", async () => {
    const wrong = createError({
      code: "invalid_config",
      message: 'sync.prefer: the ChartMogul account has no data source "Stripe"',
    });
    const world = new World();
    await world.run(wrong);
    assert.deepEqual(world.take(), ["run_failed"]);
    await world.run(outcome(), discovered({}));
    world.take();
    await world.run(wrong);
    assert.deepEqual(world.take(), ["run_failed", "schema_drift"]);
    // Other settings go by other fields.
    await world.run(outcome(), discovered({ "contact.other": "TEXT" }, null, "s2"));
    assert.deepEqual(world.take().sort(), ["run_failed resolved", "schema_drift resolved"]);
  });

  test("of a lease that was taken over is sent once a day, and has no end", async () => {
    const takenOver = { type: "leaseTakenOver", name: "process 7 on host", since: 5 };
    const world = new World();
    await world.run(outcome(), takenOver);
    assert.deepEqual(world.told[0].details, { name: "process 7 on host", since: 5 });
    await world.run(outcome(), takenOver);
    await world.run(outcome());
    assert.deepEqual(world.take(), ["lease_taken_over"]);
    world.now += 24 * HOUR;
    await world.run(outcome(), takenOver);
    assert.deepEqual(world.take(), ["lease_taken_over"]);
  });

  test("is sent again where the clock was set back behind what was sent", async () => {
    const world = new World();
    await world.run(refused);
    world.now -= 1_000 * 24 * HOUR;
    await world.run(refused);
    assert.deepEqual(world.take(), ["run_failed", "run_failed"]);
  });

  test("of a store that fails is sent once by this process", async () => {
    const world = new World();
    const broken = createError({ code: "store_failed", message: "the disk is full" });
    const events = new Events(undefined);
    const alerts = new Alerts({
      settings: {},
      locationId: "l1",
      onAlert: (alert) => void world.told.push(alert),
      webhook: undefined,
      events,
      store: async () => {
        throw broken;
      },
    });
    for (let times = 0; times < 3; times++)
      await assert.rejects(
        alerts.around(undefined, () => Promise.reject(broken)),
        broken,
      );
    assert.deepEqual(world.take(), ["run_failed"]);
  });

  test("of two processes that fail at once is sent once", async () => {
    const world = new World();
    await Promise.all([world.run(refused), world.run(refused)]);
    assert.deepEqual(world.take(), ["run_failed"]);
  });

  test("whose listener throws or hangs fails no run", async () => {
    for (const onAlert of [
      () => {
        throw new Error("the listener's");
      },
      () => Promise.reject(new Error("the listener's")),
    ]) {
      const alerts = new Alerts({
        settings: {},
        locationId: "l1",
        onAlert,
        webhook: undefined,
        events: new Events(undefined),
        store: async () => memory(),
      });
      assert.equal((await alerts.around(undefined, async () => outcome({ failed: 99 }))).standing.failed, 99);
    }
  });

  test("that nobody takes reads nothing from the store", async () => {
    let opened = 0;
    const alerts = new Alerts({
      settings: {},
      locationId: "l1",
      onAlert: undefined,
      webhook: undefined,
      events: new Events(undefined),
      store: async () => {
        opened += 1;
        return memory();
      },
    });
    await alerts.around(undefined, async () => outcome({ failed: 99 }));
    assert.equal(opened, 0);
  });
});

describe("a webhook", () => {
  const CANARY = "T0KEN-canary-of-a-webhook";
  const received = [];
  let status = 200;
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text) => {
      body += text;
    });
    request.on("end", () => {
      received.push({
        method: request.method,
        url: request.url,
        type: request.headers["content-type"],
        body: JSON.parse(body),
      });
      response
        .writeHead(status, status === 302 ? { location: "http://127.0.0.1:1/elsewhere" } : {})
        .end("ok");
    });
  });
  const listening = new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close());

  const alert = {
    type: "run_failed",
    severity: "error",
    locationId: "l1",
    at: 1,
    since: 0,
    resolved: false,
    message: "a <b> & c",
    hint: "do this",
    details: { code: "unauthorized" },
  };

  test("gets the alert as JSON or as a message of Slack", async () => {
    await listening;
    const url = `http://127.0.0.1:${server.address().port}/services/${CANARY}`;
    assert.equal(await createWebhook(url, "json", undefined)(alert), undefined);
    assert.equal(await createWebhook(url, "slack", undefined)(alert), undefined);
    const [json, slack] = received.splice(0);
    assert.deepEqual(json, {
      method: "POST",
      url: `/services/${CANARY}`,
      type: "application/json",
      body: alert,
    });
    assert.deepEqual(slack.body, {
      text: "Error: the sync failed: a &lt;b&gt; &amp; c",
      blocks: [
        {
          type: "section",
          text: { type: "mrkdwn", text: "*Error: the sync failed*\na &lt;b&gt; &amp; c\ndo this" },
        },
        {
          type: "context",
          elements: [{ type: "mrkdwn", text: "GHL location l1, since 1970-01-01T00:00:00.000Z" }],
        },
      ],
    });
    const long = bodyOf({ ...alert, message: "x".repeat(9_000), resolved: true }, "slack");
    assert.match(long.text, /^Resolved: /);
    assert.ok(long.blocks[0].text.text.length <= 3_000, "Slack refuses more");
  });

  test("that fails is sent in words without its URL", async () => {
    await listening;
    const url = `http://127.0.0.1:${server.address().port}/services/${CANARY}`;
    for (const [answer, words] of [
      [500, /status 500/],
      [404, /status 404/],
      [302, /redirect|status 302/],
    ]) {
      status = answer;
      const problem = await createWebhook(url, "json", undefined)(alert);
      assert.match(problem, words);
      assert.ok(!problem.includes(CANARY));
    }
    status = 200;
    assert.equal(received.splice(0).length, 3, "a redirect is not followed, and nothing is sent twice");
    const closed = `http://127.0.0.1:1/${CANARY}`;
    assert.match(
      await createWebhook(closed, "json", undefined)(alert),
      /could not be reached|connection failed/,
    );
    const throwing = (request) => {
      throw new Error(`fetch failed: ${request.url}`);
    };
    const problem = await createWebhook(closed, "json", throwing)(alert);
    assert.equal(problem, "the connection failed");
  });

  test("uses the program's transport, except where that leads to a sandbox", async () => {
    await listening;
    const url = `http://127.0.0.1:${server.address().port}/x`;
    const asked = [];
    const transport = async (request) => {
      asked.push(request);
      return { status: 204 };
    };
    assert.equal(await createWebhook(url, "json", transport)(alert), undefined);
    assert.equal(asked[0].url, url);
    assert.equal(new TextDecoder().decode(asked[0].body), JSON.stringify(alert));
    assert.equal(received.length, 0);
    await createWebhook(url, "json", Object.assign(transport, { world: "sandbox 1" }))(alert);
    assert.equal(received.splice(0).length, 1);
  });

  test("that was down gets the alert with the next run, and the callback does not", async () => {
    const world = new World({ webhook: "https://example.test/" });
    world.answers = ["it answered with status 500"];
    await world.run(refused);
    assert.equal(world.posted.length, 1);
    assert.deepEqual(world.take(), ["run_failed"]);
    const [{ type, code, message }] = world.warnings.filter((event) => event.type === "warning");
    assert.deepEqual([type, code], ["warning", "webhook_failed"]);
    assert.match(message, /status 500; the next run sends it again/);
    await world.run(refused);
    assert.deepEqual(world.posted[1], world.posted[0], "the very same");
    assert.deepEqual(world.take(), []);
    await world.run(refused);
    assert.equal(world.posted.length, 2);
  });

  test("is checked before anything is sent, and no message shows it", () => {
    for (const url of [
      `http://hooks.example.com/${CANARY}`,
      `ftp://x/${CANARY}`,
      CANARY,
      "",
      `http://127.0.0.1.evil.com/${CANARY}`,
    ]) {
      assert.throws(
        () => createWebhook(url, "slack", undefined),
        (error) =>
          error.code === "invalid_config" &&
          /https/.test(error.message) &&
          !inspect(error, { depth: 9 }).includes(CANARY),
      );
    }
    for (const url of [
      "https://hooks.slack.com/x",
      "http://localhost:8/x",
      "http://127.0.0.1/x",
      "http://[::1]:9/x",
    ])
      assert.equal(typeof createWebhook(url, "json", undefined), "function");
    for (const [settings, words] of [
      [[], /must be an object/],
      ["https://x", /must be an object/],
      [{ webHook: "x" }, /no setting webHook/],
      [{ webhook: 5 }, /webhook must be a text/],
      [{ format: "teams" }, /format is "teams"/],
      [{ maxFailures: -1 }, /maxFailures/],
      [{ maxFailures: 1.5 }, /maxFailures/],
      [{ minQuotaPercent: 101 }, /minQuotaPercent/],
    ]) {
      assert.throws(
        () => requireAlertSettings(settings),
        ({ code, message, hint }) =>
          code === "invalid_config" && words.test(message) && /Allowed are webhook/.test(hint),
      );
    }
    requireAlertSettings({ webhook: "https://x", format: "slack", maxFailures: 0, minQuotaPercent: 100 });
    requireAlertSettings(undefined);
  });
});
