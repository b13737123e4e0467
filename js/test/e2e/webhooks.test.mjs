// `serve` of the installed package against a sandbox: webhooks that are dropped, doubled and shuffled, kills,
// its API, and what its outputs must not hold.

import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, afterEach, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createFolder, requirePackage, run, serveSandbox, start } from "./sandbox.mjs";
import { createRandom } from "./world.mjs";

const { createConnector } = requirePackage("ghl-chartmogul");
const { createSandbox } = requirePackage("ghl-chartmogul/sandbox");

const SEED = Number(process.env.WEBHOOKS_SEED ?? Date.now() % 100_000);
const TOKEN = "canary-token-0123456789abcdef";
const SECRET = "canary-secret-0123456789abcdef";
const SETTINGS = { anchor: "contact-is-customer", users: { defaultAssignee: "ada.king@agency.example" } };
/** What a delivered event may take until it is in step. */
const IN_STEP_MS = 10_000;

const keys = generateKeyPairSync("ed25519");
const publicKey = keys.publicKey.export({ type: "spki", format: "der" }).toString("base64");

let count = 0;
/** The body and headers of a webhook of the sandbox's location. */
function webhook(locationId, fields) {
  const envelope = { timestamp: new Date().toISOString(), webhookId: `event-${SEED}-${++count}`, locationId };
  const body = JSON.stringify({ ...envelope, ...fields });
  const signature = sign(null, Buffer.from(body), keys.privateKey).toString("base64");
  return { body, headers: { "x-ghl-signature": signature, "content-type": "application/json" } };
}

const post = async (url, { body, headers }) => (await fetch(url, { method: "POST", body, headers })).status;

/** Everything that any process of these tests has written, for the search for secrets. */
const written = [];
const children = [];

/** Starts `serve`; gives its address once it listens, its lines, and how it ends. */
async function serving(cwd, env, ...flags) {
  const all = ["serve", "--port", "0", "--jitter", "0", "--yes", "--interval", "1440", "--json", ...flags];
  const child = start(all, { cwd, env });
  children.push(child);
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    errors += text;
  });
  const lines = [];
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => lines.push(JSON.parse(line)));
  const ended = once(child, "close").then(([code, signal]) => {
    written.push(JSON.stringify(lines), errors);
    return { code, signal, lines, errors };
  });
  /** The lines that match, once there are so many; at the end of the process it fails. */
  const seen = async (matches, many = 1) => {
    for (;;) {
      const found = lines.filter(matches);
      if (found.length >= many) return found;
      const next = await Promise.race([once(reader, "line"), ended]);
      if (!Array.isArray(next)) assert.fail(`it ended: ${JSON.stringify(next)}`);
    }
  };
  const [{ url }] = await seen(({ type }) => type === "listening");
  const call = async (method, path, body, token = TOKEN) => {
    const headers = { authorization: `Bearer ${token}` };
    const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
    const response = await fetch(`${url}${path}`, init);
    const text = await response.text();
    written.push(text);
    return { status: response.status, body: JSON.parse(text) };
  };
  const metrics = async () => {
    const text = await (await fetch(`${url}/metrics`)).text();
    written.push(text);
    return (name) =>
      Number(
        text
          .split("\n")
          .find((line) => line.startsWith(`ghl_chartmogul_${name} `))
          ?.split(" ")
          .at(-1),
      );
  };
  return { child, ended, seen, url, lines, call, metrics };
}

/** A served sandbox, and a folder with a configuration and, once it is synced, a store. */
async function world() {
  const sandbox = await serveSandbox(
    "--seed",
    `${SEED % 1_000}`,
    "--contacts",
    "24",
    "--billing-share",
    "0.3",
    "--search-lag-ms",
    "0",
    "--burst-limit",
    "1000",
  );
  const cwd = createFolder();
  writeFileSync(join(cwd, "ghl-chartmogul.config.json"), JSON.stringify({ sync: SETTINGS }));
  const env = {
    ...sandbox.env,
    SERVE_TOKEN: TOKEN,
    CHARTMOGUL_WEBHOOK_SECRET: SECRET,
    GHL_WEBHOOK_PUBLIC_KEY: publicKey,
  };
  const { ghl } = createConnector({
    ghl: { ...sandbox.address.ghl },
    chartmogul: { ...sandbox.address.chartmogul },
    store: "memory",
  });
  const records = async (service, kind) =>
    (await fetch(`${sandbox.address.ghl.baseUrl}/sandbox/records?service=${service}&kind=${kind}`)).json();
  return { sandbox, cwd, env, ghl, records, locationId: sandbox.address.ghl.locationId };
}

/** The two locations give their records ids of their own. */
const withoutId = (text) => text?.replace(/\[ghl:([nt]):\w+\]/, "[ghl:$1]");

/** What ChartMogul holds, without ids and times of its own. */
async function picture({ records }) {
  const [customers, contacts, notes, tasks] = await Promise.all(
    ["customers", "contacts", "notes", "tasks"].map((kind) => records("chartmogul", kind)),
  );
  const nameOf = new Map(customers.map(({ uuid, name, external_id }) => [uuid, `${name} ${external_id}`]));
  const sorted = (items) => items.map((item) => JSON.stringify(item)).sort();
  return {
    customers: sorted(
      customers.map(({ name, city, country, external_id }) => ({ name, city, country, external_id })),
    ),
    contacts: sorted(
      contacts.map(({ first_name, last_name, email, phone, customer_uuid }) => {
        return { first_name, last_name, email, phone, of: nameOf.get(customer_uuid) };
      }),
    ),
    notes: sorted(
      notes.map(({ text, of_customer_uuid }) => ({
        text: withoutId(text),
        of: nameOf.get(of_customer_uuid),
      })),
    ),
    tasks: sorted(
      tasks.map(({ task_details, due_date, completed_at, of_customer_uuid }) => {
        return {
          text: withoutId(task_details),
          due_date,
          isDone: completed_at !== null,
          of: nameOf.get(of_customer_uuid),
        };
      }),
    ),
  };
}

/** GHL's contacts that have a customer of their own, in an order that is the same for the same seed. */
async function ownContacts({ records }) {
  const customers = await records("chartmogul", "customers");
  const own = new Set(customers.map(({ external_id }) => /^ghl:\w+:(\w+)$/.exec(external_id ?? "")?.[1]));
  const contacts = (await records("ghl", "contacts")).filter(({ id }) => own.has(id));
  assert.ok(contacts.length > 5);
  return contacts.sort((left, right) => (left.email < right.email ? -1 : 1));
}

/** Edits in GHL, the same for the same seed: each gives the event that GHL sends, and what shows it in ChartMogul. */
async function edits(world, random, many) {
  const { ghl } = world;
  const contacts = await ownContacts(world);
  const made = [];
  for (let index = 0; index < many; index++) {
    const { id: contactId } = contacts[Math.floor(random() * contacts.length)];
    const mark = `edit ${index} of ${SEED}`;
    const kind = Math.floor(random() * 3);
    made.push(
      kind === 0
        ? async () => {
            const { note } = await ghl.notes.create({ contactId, body: mark });
            return {
              mark,
              kind: "notes",
              event: { type: "NoteCreate", id: note?.id ?? "n", contactId, body: mark },
            };
          }
        : kind === 1
          ? async () => {
              const dueDate = "2030-01-15T12:00:00Z";
              const { task } = await ghl.tasks.create({ contactId, title: mark, dueDate, completed: false });
              // As GHL really sends it: without its contact.
              return { mark, kind: "tasks", event: { type: "TaskCreate", id: task?.id ?? "t", title: mark } };
            }
          : async () => {
              await ghl.contacts.update({ contactId, city: mark });
              return {
                mark,
                kind: "customers",
                event: { type: "ContactUpdate", id: contactId, city: "not this" },
              };
            },
    );
  }
  return made;
}

/** That two pictures are the same; the message has only what differs. */
function assertSame(left, right) {
  for (const kind of Object.keys(left)) {
    const only = (here, there) =>
      here[kind].filter((line) => !there[kind].includes(line)).map((line) => line.slice(0, 300));
    assert.deepEqual([only(left, right), only(right, left)], [[], []], kind);
    assert.equal(left[kind].length, right[kind].length, kind);
    assert.ok(left[kind].length > 5, kind);
  }
}

const shuffled = (items, random) =>
  items
    .map((item) => [random(), item])
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);

describe(`serve (WEBHOOKS_SEED=${SEED})`, () => {
  let served;
  let polled;
  before(async () => {
    [served, polled] = await Promise.all([world(), world()]);
  });
  // Those of tests that failed.
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });
  after(async () => {
    await Promise.all([served.sandbox.close(), polled.sandbox.close()]);
  });

  test("keeps up with webhooks that are dropped, doubled and shuffled, as polling alone does", async (context) => {
    const synced = await Promise.all(
      [served, polled].map(({ cwd, env }) => run(["sync", "--yes", "--json"], { cwd, env })),
    );
    for (const { code, stderr } of synced) assert.ok([0, 3].includes(code), stderr);
    const server = await serving(served.cwd, served.env);
    await server.seen(({ type }) => type === "wait");

    const random = createRandom(SEED);
    const [here, there] = await Promise.all(
      [served, polled].map((each) => edits(each, createRandom(SEED + 1), 24)),
    );
    for (const edit of there) await edit();
    const latencies = [];
    const dropped = [];
    const pending = [];
    const shows = async ({ mark, kind }) =>
      JSON.stringify(await served.records("chartmogul", kind)).includes(mark);
    while (here.length > 0) {
      // Some at once, so that they can be shuffled.
      const batch = [];
      for (const edit of here.splice(0, 4)) batch.push(await edit());
      const delivered = batch.filter((each) => {
        if (random() >= 0.3) return true;
        dropped.push(each);
        return false;
      });
      const sent = delivered.flatMap((each) => {
        const one = { each, request: webhook(served.locationId, each.event) };
        return random() < 0.4 ? [one, one] : [one];
      });
      for (const { each, request } of shuffled(sent, random)) {
        assert.equal(await post(`${server.url}/webhooks/ghl`, request), 200);
        if (!pending.some(({ edit }) => edit === each)) pending.push({ edit: each, at: Date.now() });
      }
      await delay(random() * 6_000);
      await settle();
    }
    async function settle() {
      for (const each of [...pending]) {
        if (!(await shows(each.edit)) && !(await replaced(each.edit))) continue;
        pending.splice(pending.indexOf(each), 1);
        latencies.push(Date.now() - each.at);
      }
    }
    /** A later edit of the same field took its place. */
    async function replaced({ kind, event, mark }) {
      if (kind !== "customers") return false;
      const contact = (await served.records("ghl", "contacts")).find(({ id }) => id === event.id);
      return contact.city !== mark;
    }
    while (pending.length > 0) {
      await settle();
      const [oldest] = pending;
      const age = oldest === undefined ? 0 : Date.now() - oldest.at;
      assert.ok(age <= IN_STEP_MS, `${JSON.stringify(oldest?.edit)} is not in step after ${age} ms`);
      await delay(100);
    }
    assert.ok(latencies.length >= 8, `${latencies.length} were delivered`);
    assert.ok(Math.max(...latencies) <= IN_STEP_MS, `${latencies}`);
    const value = await server.metrics();
    const sorted = latencies.sort((a, b) => a - b);
    context.diagnostic(
      `${latencies.length} delivered, in step after ${sorted[sorted.length >> 1]} ms (median), ${sorted.at(-1)} ms at most; ` +
        `${dropped.length} dropped; ${value('webhooks_received_total{service="ghl",result="duplicate"}')} duplicates; ` +
        `${value('runs_total{outcome="done"}')} runs`,
    );
    assert.ok(value('webhooks_received_total{service="ghl",result="duplicate"}') > 0);
    assert.equal(value('webhooks_refused_total{service="ghl",reason="wrong_signature"}'), Number.NaN);

    // The next run, as the interval would begin it.
    const { status, body } = await server.call("POST", "/v1/run", {});
    assert.equal(status, 200);
    assert.equal(body.done, true);
    for (const edit of dropped)
      assert.ok((await shows(edit)) || (await replaced(edit)), JSON.stringify(edit));

    server.child.kill("SIGTERM");
    const { code, lines } = await server.ended;
    const { standing } = lines.filter(({ type }) => type === "outcome").at(-1).outcome;
    assert.equal(code, standing.failed + standing.waiting > 0 ? 3 : 0);

    const again = await run(["sync", "--yes", "--json"], { cwd: polled.cwd, env: polled.env });
    assert.equal(JSON.parse(again.stdout).plannedOnly, false);
    assertSame(await picture(served), await picture(polled));
  });

  test("a kill between a webhook and its sync loses nothing, and it is taken once", async () => {
    const first = await serving(served.cwd, served.env);
    await first.seen(({ type }) => type === "wait");
    const [{ id }] = await ownContacts(served);
    const mark = `after the kill ${SEED}`;
    await served.ghl.notes.create({ contactId: id, body: mark });
    const request = webhook(served.locationId, { type: "NoteCreate", id: "n", contactId: id });
    assert.equal(await post(`${first.url}/webhooks/ghl`, request), 200);
    first.child.kill("SIGKILL");
    assert.equal((await first.ended).signal, "SIGKILL");
    const { stdout } = await run(["status", "--json"], { cwd: served.cwd, env: served.env });
    assert.equal(JSON.parse(stdout).refreshing, 1);

    const second = await serving(served.cwd, served.env);
    assert.equal(await post(`${second.url}/webhooks/ghl`, request), 200);
    const value = await second.metrics();
    assert.equal(value('webhooks_received_total{service="ghl",result="duplicate"}'), 1);
    await second.seen(({ type }) => type === "outcome");
    assert.ok(JSON.stringify(await served.records("chartmogul", "notes")).includes(mark));
    second.child.kill("SIGINT");
    await second.ended;
  });

  test("answers its API, its probes and its metrics, and refuses everything else", async () => {
    const server = await serving(served.cwd, served.env);
    await server.seen(({ type }) => type === "wait");
    assert.equal((await fetch(`${server.url}/health`)).status, 200);
    assert.equal((await fetch(`${server.url}/ready`)).status, 200);
    assert.equal((await server.call("GET", "/v1/status", undefined, "wrong")).status, 401);

    const { body: status } = await server.call("GET", "/v1/status");
    assert.ok(status.linked > 10);
    const [{ id }] = await ownContacts(served);
    await served.ghl.contacts.update({ contactId: id, city: "Planned" });
    const { body: plan } = await server.call("POST", "/v1/plan", { contacts: [id] });
    assert.equal(typeof plan.id, "string");
    const { body: page } = await server.call("GET", `/v1/plans/${plan.id}/changes`);
    assert.ok(page.changes.length > 0);
    assert.equal(page.after, null);
    assert.equal((await server.call("POST", "/v1/apply", { planId: plan.id })).body.done, true);
    const stale = await server.call("POST", "/v1/apply", { planId: "gone" });
    assert.deepEqual([stale.status, stale.body.error.code], [409, "stale_plan"]);
    assert.equal((await server.call("GET", `/v1/why/${id}`)).body.standing, "inStep");
    assert.equal((await server.call("GET", "/v1/rejected")).status, 200);
    assert.equal((await server.call("GET", "/v1/conflicts")).status, 200);
    assert.ok((await server.call("GET", "/v1/runs")).body.runs.length > 0);
    const named = await server.call("POST", "/v1/refresh", { contacts: [id] });
    assert.deepEqual(named.body.contacts, [id]);
    await server.seen(({ type, reason }) => type === "run" && reason === "hint");

    // ChartMogul's webhook stands for the contacts that are linked with its customer.
    const customers = await served.records("chartmogul", "customers");
    const { uuid } = customers.find(({ external_id }) => external_id?.endsWith(id));
    const movement = { body: JSON.stringify({ type: "mrr_movement", customer: { uuid } }), headers: {} };
    assert.equal(await post(`${server.url}/webhooks/chartmogul/${SECRET}`, movement), 200);
    assert.equal(await post(`${server.url}/webhooks/chartmogul/${SECRET}x`, movement), 401);

    const url = `${server.url}/webhooks/ghl`;
    const good = webhook(served.locationId, {
      type: "ContactUpdate",
      id,
      email: "canary.person@example.com",
    });
    const old = new Date(Date.now() - 3_600_000).toISOString();
    assert.equal(await post(url, { ...good, headers: {} }), 401);
    assert.equal(await post(url, { ...good, headers: { "x-wh-signature": "abc" } }), 401);
    assert.equal(await post(url, { ...good, body: `${good.body} ` }), 401);
    assert.equal(
      await post(url, webhook(served.locationId, { type: "ContactUpdate", id, timestamp: old })),
      401,
    );
    assert.equal(await post(url, { ...good, body: "canary".repeat(400_000) }), 413);
    assert.equal((await fetch(url)).status, 405);
    assert.equal(await post(url, webhook("another", { type: "ContactUpdate", id })), 200);
    const value = await server.metrics();
    for (const reason of [
      "missing_signature",
      "retired_signature",
      "wrong_signature",
      "too_old",
      "too_large",
      "method",
    ])
      assert.equal(value(`webhooks_refused_total{service="ghl",reason="${reason}"}`), 1, reason);
    assert.equal(value('webhooks_refused_total{service="chartmogul",reason="wrong_secret"}'), 1);
    assert.equal(value('webhooks_received_total{service="chartmogul",result="taken"}'), 1);
    assert.equal(value('webhooks_received_total{service="ghl",result="ignored"}'), 1);
    assert.ok(value('calls_total{service="ghl",status="200"}') > 0);
    assert.ok(value('quota_remaining{service="ghl"}') > 0);
    assert.ok(value("last_success_timestamp_seconds") > 1_700_000_000);
    assert.equal((await server.seen(({ type }) => type === "refused", 7)).length >= 7, true);

    server.child.kill("SIGTERM");
    const { code, errors } = await server.ended;
    assert.ok([0, 3, 4].includes(code), `${code} ${errors}`);
    await assert.rejects(fetch(`${server.url}/health`));
  });

  test("ends at once with a wrong configuration, and before it listens", async () => {
    const { cwd, env } = served;
    for (const [flags, more, words] of [
      [["--host", "0.0.0.0"], { SERVE_TOKEN: "" }, /0\.0\.0\.0 can be reached from other machines/],
      [[], { SERVE_TOKEN: "canary" }, /SERVE_TOKEN must have 20 characters or more/],
      [[], { CHARTMOGUL_WEBHOOK_SECRET: "canary" }, /CHARTMOGUL_WEBHOOK_SECRET must have 20/],
      [[], { GHL_WEBHOOK_PUBLIC_KEY: "canary" }, /webhooks\.publicKey is not an Ed25519 public key/],
      [["--allow-origin", "panel"], {}, /panel is not an origin/],
    ]) {
      const { code, stderr, stdout } = await run(["serve", "--port", "0", ...flags], {
        cwd,
        env: { ...env, ...more },
      });
      assert.equal(code, 2, stderr);
      assert.match(stderr, words);
      written.push(stderr, stdout);
    }
    const refused = await run(["serve", "--port", "0", "--jitter", "0"], {
      cwd,
      env: { ...env, CHARTMOGUL_API_KEY: "wrong" },
    });
    assert.equal(refused.code, 1, refused.stderr);
    assert.match(refused.stderr, /^error: chartmogul/m);
  });

  test("has no secret and nothing of a webhook's content in any output, metric or file", () => {
    assert.ok(written.length > 20);
    const secrets = [
      TOKEN,
      SECRET,
      served.env.GHL_TOKEN,
      served.env.CHARTMOGUL_API_KEY,
      "canary",
      "not this",
    ];
    for (const text of written)
      for (const secret of secrets)
        assert.ok(!text.includes(secret), `${secret} is in ${text.slice(0, 400)}`);
    for (const name of readdirSync(served.cwd).filter((file) => !file.endsWith(".json")))
      for (const secret of secrets)
        assert.ok(
          !readFileSync(join(served.cwd, name), "latin1").includes(secret),
          `${secret} is in ${name}`,
        );
  });
});

/** A connector with the sandbox in memory, that takes webhooks signed with the test's key. */
function connectorOf(options = {}) {
  const own = createSandbox({ seed: 4, contacts: 6, searchLagMs: 0 });
  const { ghlToken, locationId, chartmogulKey } = own.credentials;
  const connector = createConnector({
    ghl: { token: ghlToken, locationId },
    chartmogul: { apiKey: chartmogulKey },
    transport: own.transport,
    store: "memory",
    sync: { ...SETTINGS, firstRun: "apply" },
    webhooks: { publicKey, chartmogulSecret: SECRET },
    ...options,
  });
  return { connector, locationId };
}

test("a handler without watch syncs what was named after its answer, once for doubled events", async () => {
  const { connector, locationId } = connectorOf();
  await connector.sync.run();
  const { items: before } = await connector.chartmogul.customers.list({ per_page: 100 });
  const [id] = before.map(({ external_id }) => /^ghl:\w+:(\w+)$/.exec(external_id)?.[1]).filter(Boolean);
  await connector.ghl.contacts.update({ contactId: id, city: "Olomouc" });
  const waited = [];
  const runs = [];
  const handler = connector.webhooks.fetchHandler({ onRun: (each) => runs.push(each) });
  const { body, headers } = webhook(locationId, { type: "ContactUpdate", id, city: "not this" });
  for (let index = 0; index < 3; index++) {
    const request = new Request("https://sync.example.com/", { method: "POST", body, headers });
    const response = await handler(request, { waitUntil: (promise) => waited.push(promise) });
    assert.equal(response.status, 200);
  }
  await Promise.all(waited);
  assert.equal(runs.length, 1, JSON.stringify(runs));
  assert.deepEqual(runs[0].contacts, [id]);
  const { items: all } = await connector.chartmogul.customers.list({ per_page: 100 });
  const customers = JSON.stringify(all);
  assert.ok(customers.includes("Olomouc") && !customers.includes("not this"));
  await connector.close();
});

/** The code of each example in the documentation of `connector.webhooks`, by the function that it belongs to. */
const source = readFileSync(new URL("../../src/webhooks/webhooks.ts", import.meta.url), "utf8");
const examples = [...source.matchAll(/@example\n((?: {3}\* .*\n)+?) {3}\*\/\n {2}(\w+)\(/g)].map(
  ([, code, name]) => ({
    name,
    code: code.replace(/^ {3}\* /gm, ""),
  }),
);

test("the functions for webhooks have examples", () => {
  const names = examples.map(({ name }) => name);
  assert.deepEqual(names, ["verify", "verifyChartMogul", "fetchHandler", "nodeHandler"]);
});

const AsyncFunction = (async () => {}).constructor;

for (const { name, code } of examples) {
  test(`the example of ${name} runs`, async () => {
    const { connector, locationId } = connectorOf();
    await connector.sync.run();
    const customers = await connector.chartmogul.customers.list({ per_page: 1 });
    const [{ uuid }] = customers.items;
    const { body, headers } = webhook(locationId, { type: "ContactUpdate", id: "seD4PfOuKoVMLkEZqohJ" });
    const isOurs = name === "verifyChartMogul";
    const rawBody = isOurs ? JSON.stringify({ type: "mrr_movement", customer: { uuid } }) : body;
    const request = { headers, url: `/webhooks/chartmogul/${SECRET}` };
    const printed = [];
    const console = { log: (...values) => printed.push(values.join(" ")) };
    const own = code.replaceAll("cus_7e1b2c3d", uuid);
    await new AsyncFunction("connector", "console", "rawBody", "request", own)(
      connector,
      console,
      rawBody,
      request,
    );
    const said = [...own.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text]) => text);
    assert.ok(said.length > 0);
    assert.deepEqual(printed, said);
    await connector.close();
  });
}
