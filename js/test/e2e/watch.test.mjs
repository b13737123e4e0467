// Watching a location, alerts and the audit: the installed package and its command line against a sandbox.

import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { createFolder, requirePackage, run, serveSandbox, start } from "./sandbox.mjs";

const { createConnector } = requirePackage("ghl-chartmogul");
const { createSandbox } = requirePackage("ghl-chartmogul/sandbox");
const { sqlite } = requirePackage("ghl-chartmogul/sqlite");

const CANARY = "T0KEN-canary-of-a-webhook";
const SETTINGS = { anchor: "contact-is-customer", users: { defaultAssignee: "ada.king@agency.example" } };

/** A webhook that takes what is posted, with the status that it is told to answer. */
const webhook = { posted: [], status: 200 };
const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8").on("data", (text) => {
    body += text;
  });
  request.on("end", () => {
    webhook.posted.push({ path: request.url, body: JSON.parse(body) });
    response.writeHead(webhook.status).end();
  });
});

let sandbox;
before(async () => {
  sandbox = await serveSandbox("--seed", "8", "--contacts", "20", "--search-lag-ms", "0");
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  webhook.url = `http://127.0.0.1:${server.address().port}/services/${CANARY}`;
});
after(async () => {
  server.close();
  await sandbox.close();
});

const control = async (name, body) => {
  const response = await fetch(`${sandbox.address.ghl.baseUrl}/sandbox/${name}`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 200, name);
};

const stats = async () => (await fetch(`${sandbox.address.ghl.baseUrl}/sandbox/stats`)).json();

function configured(configuration = {}) {
  const cwd = createFolder();
  writeFileSync(
    join(cwd, "ghl-chartmogul.config.json"),
    JSON.stringify({ sync: SETTINGS, ...configuration }),
  );
  return cwd;
}

/** Starts `watch`; gives the lines of its output as they come, and how it ends. */
function watching(cwd, ...flags) {
  const child = start(["watch", "--jitter", "0", ...flags], { cwd, env: sandbox.env });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    errors += text;
  });
  const lines = [];
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => lines.push(line));
  const ended = once(child, "close").then(([code]) => ({ code, lines, errors }));
  const line = async (pattern) => {
    while (!lines.some((text) => pattern.test(text))) {
      const next = await Promise.race([once(reader, "line"), ended.then((end) => end)]);
      if (!Array.isArray(next)) assert.fail(`it ended without ${pattern}: ${JSON.stringify(next)}`);
    }
  };
  return { child, ended, line };
}

describe("the command watch", () => {
  test("syncs, says what it did and when it runs next, and ends with its signal as its run did", async () => {
    const cwd = configured();
    const { child, ended, line } = watching(cwd, "--yes", "--interval", "60");
    await line(/next run at/);
    child.kill("SIGTERM");
    const { code, lines, errors } = await ended;
    const { stdout } = await run(["status", "--json"], { cwd, env: sandbox.env });
    const { standing, linked } = JSON.parse(stdout);
    assert.ok(linked > 20);
    assert.equal(code, standing.failed + standing.waiting > 0 ? 3 : 0);
    const stamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /;
    assert.ok(
      lines.every((text) => stamp.test(text)),
      lines.join("\n"),
    );
    const [did, next, end] = lines.map((text) => text.replace(stamp, ""));
    assert.match(did, /^\d+ written; \d+ GoHighLevel and \d+ ChartMogul calls in .+; (in step|[×≠].*)$/);
    const [, at] = /^next run at (.+)$/.exec(next);
    const ahead = Date.parse(at) - Date.now();
    assert.ok(ahead > 58 * 60_000 && ahead <= 60 * 60_000, at);
    assert.equal(end, "ended after 1 run");
    assert.match(errors, /stopping at the next checkpoint/);
  });

  test("prints each step as a line of JSON with --json", async () => {
    const cwd = configured();
    await run(["sync", "--yes"], { cwd, env: sandbox.env });
    const { child, ended, line } = watching(cwd, "--json", "--interval", "60");
    await line(/"type":"wait"/);
    child.kill("SIGINT");
    const { code, lines } = await ended;
    assert.ok([0, 3].includes(code), `${code}`);
    const updates = lines.map((text) => JSON.parse(text));
    assert.deepEqual(
      updates.map(({ type }) => type),
      ["run", "outcome", "wait"],
    );
    assert.equal(updates[1].outcome.done, true);
    assert.equal(updates[2].reason, "interval");
  });

  test("stops a run at its checkpoint, and the next one continues there", async () => {
    const cwd = configured();
    await control("faults", [
      { service: "chartmogul", method: "POST", probability: 1, fault: { kind: "slow", milliseconds: 700 } },
    ]);
    try {
      const { child, ended } = watching(cwd, "--yes");
      const { chartmogul } = await stats();
      while ((await stats()).chartmogul.writes < chartmogul.writes + 3)
        await new Promise((resolve) => setTimeout(resolve, 50));
      child.kill("SIGINT");
      const { code } = await ended;
      assert.equal(code, 4);
    } finally {
      await control("faults", []);
    }
    const { stdout } = await run(["sync", "--json"], { cwd, env: sandbox.env });
    assert.equal(JSON.parse(stdout).done, true);
  });

  test("ends at once with a wrong configuration or a refused credential", async () => {
    const cwd = configured();
    for (const [flags, words] of [
      [["--interval", "0"], /--interval: 0 is not allowed\nhint: Allowed are 1 to 1,440 minutes/],
      [["--interval", "1441"], /1441 is not allowed/],
      [
        ["--interval", "5", "--jitter", "301"],
        /--jitter: 301 is not allowed\nhint: Allowed are 0 to 300 seconds/,
      ],
      [["--interval", "often"], /whole number/],
    ]) {
      const { code, stderr } = await run(["watch", ...flags], { cwd, env: sandbox.env });
      assert.equal(code, 2, stderr);
      assert.match(stderr, words);
    }
    assert.ok(!existsSync(join(cwd, "ghl-chartmogul.db")));
    const env = { ...sandbox.env, CHARTMOGUL_API_KEY: "wrong" };
    const { code, stderr } = await run(["watch", "--jitter", "0"], { cwd, env });
    assert.equal(code, 1);
    assert.match(stderr, /^error: chartmogul/m);
  });

  test("tries again where a service is unavailable, and does not end", async () => {
    const cwd = configured({ sync: { ...SETTINGS, patienceMs: 0 } });
    await control("faults", [{ service: "ghl", fault: { kind: "status", status: 503 } }]);
    try {
      const { child, ended, line } = watching(cwd, "--yes");
      await line(/failed: service_unavailable/);
      await line(/next run at .*: tried again$/);
      child.kill("SIGTERM");
      assert.equal((await ended).code, 4);
    } finally {
      await control("faults", []);
    }
  });
});

describe("alerts of the command line", () => {
  test("are posted once by runs of their own, and once when they are over", async () => {
    const cwd = configured({ alerts: { format: "slack", maxFailures: 1_000 } });
    const env = { ...sandbox.env, ALERTS_WEBHOOK: webhook.url };
    const printed = [];
    const sync = async () => {
      const { code, stdout, stderr } = await run(["sync", "--yes", "--json"], { cwd, env });
      printed.push(stdout, stderr, (await run(["sync", "--yes"], { cwd, env })).stderr);
      return code;
    };
    webhook.posted.length = 0;
    await control("faults", [{ service: "chartmogul", fault: { kind: "status", status: 401 } }]);
    assert.equal(await sync(), 1);
    assert.equal(await sync(), 1);
    assert.equal(webhook.posted.length, 1, "four runs failed");
    const [{ path, body }] = webhook.posted;
    assert.equal(path, `/services/${CANARY}`);
    assert.deepEqual(Object.keys(body), ["text", "blocks"]);
    assert.match(body.text, /^Error: the sync failed: /);
    await control("faults", []);
    // The webhook is down when it is over: no run fails for it, and the next one posts it.
    webhook.status = 500;
    assert.ok([0, 3].includes(await sync()));
    assert.match(
      printed.at(-1),
      /^warning: the webhook of alerts did not take an alert: it answered with status 500/m,
    );
    webhook.status = 200;
    webhook.posted.length = 0;
    assert.ok([0, 3].includes(await sync()));
    assert.equal(webhook.posted.length, 1);
    assert.match(webhook.posted[0].body.text, /^Resolved: the sync failed/);

    for (const text of printed) assert.ok(!text.includes(CANARY), "the webhook is a secret");
    for (const name of readdirSync(cwd))
      assert.ok(!readFileSync(join(cwd, name), "latin1").includes(CANARY), `the webhook is in ${name}`);
    for (const command of [
      ["status", "--json"],
      ["runs", "--json"],
      ["check", "--json"],
    ])
      assert.ok(!JSON.stringify(await run(command, { cwd, env })).includes(CANARY), command.join(" "));
  });

  test("refuse a webhook that is not safe, and do not show it", async () => {
    const cwd = configured();
    const env = { ...sandbox.env, ALERTS_WEBHOOK: `http://hooks.example.com/${CANARY}` };
    const { code, stdout, stderr } = await run(["sync"], { cwd, env });
    assert.equal(code, 2);
    assert.match(stderr, /alerts\.webhook must be an https URL/);
    assert.ok(!(stdout + stderr).includes(CANARY));
  });

  test("say which mapped field is gone", async () => {
    const own = createSandbox({ seed: 5, contacts: 4, searchLagMs: 0 });
    const { ghlToken, locationId, chartmogulKey } = own.credentials;
    const alerts = [];
    const store = sqlite(join(createFolder(), "state.db"));
    const connect = () =>
      createConnector({
        ghl: { token: ghlToken, locationId },
        chartmogul: { apiKey: chartmogulKey },
        transport: own.transport,
        store,
        sync: {
          ...SETTINGS,
          firstRun: "apply",
          customFields: [{ from: "audited", to: "audited", type: "String" }],
        },
        onAlert: ({ type, resolved, details }) => void alerts.push({ type, resolved, details }),
      });
    const connector = connect();
    const field = { model: "contact", name: "Audited", dataType: "TEXT" };
    const made = await connector.ghl.customFields.create({ locationId, ...field });
    const { id } = made.customField ?? made;
    await connector.sync.run();
    assert.deepEqual(alerts, []);
    await connector.ghl.customFields.delete({ locationId, id });
    await assert.rejects(connector.sync.run({ full: true }), { code: "invalid_config" });
    await connector.close();
    // Another process: what was alerted is in the store.
    const next = connect();
    await assert.rejects(next.sync.run({ full: true }), { code: "invalid_config" });
    assert.deepEqual(
      alerts.map(({ type }) => type),
      ["run_failed", "schema_drift"],
    );
    assert.deepEqual(alerts[1].details, {
      what: "customField",
      name: "audited",
      before: "TEXT",
      after: null,
    });
    await next.ghl.customFields.create({ locationId, ...field });
    await next.sync.run({ full: true });
    assert.deepEqual(
      alerts
        .slice(2)
        .map(({ type, resolved }) => `${type} ${resolved}`)
        .sort(),
      ["run_failed true", "schema_drift true"],
    );
    await next.close();
  });
});

describe("the audit", () => {
  test("has a line for each write of the command line, masked where it is asked to be", async () => {
    const cwd = configured({ audit: { file: "masked.jsonl", mask: true } });
    const writes = async () => (await stats()).chartmogul.writes;
    await control("reset", {});
    const { stdout, stderr } = await run(["sync", "--yes", "--json"], { cwd, env: sandbox.env });
    assert.equal(stderr, "");
    const file = join(cwd, "masked.jsonl");
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const records = readFileSync(file, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.equal(records.length, await writes());
    assert.ok(records.length > 30);
    const { planId } = JSON.parse(stdout).report;
    assert.ok(records.every(({ plan, run: number }) => plan === planId && number === 1));
    const names = [
      "at",
      "run",
      "plan",
      "service",
      "endpoint",
      "action",
      "kind",
      "ghlId",
      "chartmogulId",
      "customer",
      "before",
      "after",
    ];
    for (const record of records) assert.deepEqual(Object.keys(record), names);
    const values = records.flatMap(({ after: fields }) => Object.entries(fields));
    const open = values.filter(([, value]) => typeof value === "string" && !value.startsWith("masked:"));
    assert.ok(
      open.every(([name]) => /_at$|due_date|customer_external_id|ghl_contact_id/.test(name)),
      JSON.stringify(open),
    );
    const text = readFileSync(file, "utf8");
    assert.ok(!/@|\[ghl:/.test(text), "no address and no text");
    for (const secret of [sandbox.env.GHL_TOKEN, sandbox.env.CHARTMOGUL_API_KEY])
      assert.ok(!text.includes(secret));

    // The flag comes before the configuration; a file that cannot be written ends it before any call.
    const before = await writes();
    const refused = await run(["sync", "--audit", "no-folder/audit.jsonl"], { cwd, env: sandbox.env });
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /no-folder\/audit\.jsonl cannot be written \(ENOENT\)/);
    assert.equal(await writes(), before);
  });

  test("gives a program each write with what it was before and is after", async () => {
    const own = createSandbox({ seed: 6, contacts: 6, searchLagMs: 0 });
    const { ghlToken, locationId, chartmogulKey } = own.credentials;
    const records = [];
    const connector = createConnector({
      ghl: { token: ghlToken, locationId },
      chartmogul: { apiKey: chartmogulKey },
      transport: own.transport,
      store: "memory",
      sync: { ...SETTINGS, firstRun: "apply", onExisting: "create" },
      onAudit: (record) => records.push(record),
    });
    await connector.sync.run();
    assert.equal(records.length, own.stats().chartmogul.writes);
    const { ghlId, after: made } = records.find(
      ({ endpoint, after: to }) => endpoint === "customers.create" && to.city,
    );
    records.length = 0;
    await connector.ghl.contacts.update({ contactId: ghlId, city: "Brno" });
    await connector.sync.run({ contacts: [ghlId] });
    assert.deepEqual(
      records.map(({ endpoint, before: from, after: to }) => ({ endpoint, from, to })),
      [{ endpoint: "customers.update", from: { city: made.city }, to: { city: "Brno" } }],
    );
    await connector.close();
  });
});
