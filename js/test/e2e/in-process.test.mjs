// The sandbox inside a program: as a transport, as a fetch, over HTTP with faults.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { requirePackage } from "./sandbox.mjs";

const { createConnector } = requirePackage("ghl-chartmogul");
const { createSandbox } = requirePackage("ghl-chartmogul/sandbox");

const optionsOf = ({ ghlToken, locationId, chartmogulKey }) => ({
  ghl: { token: ghlToken, locationId },
  chartmogul: { apiKey: chartmogulKey },
  store: "memory",
});

describe("a sandbox without a server", () => {
  const sandbox = createSandbox({ seed: 3, contacts: 12 });

  test("answers a connector as its transport", async () => {
    const connector = createConnector({ ...optionsOf(sandbox.credentials), transport: sandbox.transport });
    const page = await connector.ghl.contacts.search();
    assert.equal(page.total, 12);
    await connector.close();
  });

  test("answers in place of fetch", async () => {
    const original = globalThis.fetch;
    globalThis.fetch = sandbox.fetch;
    try {
      const connector = createConnector(optionsOf(sandbox.credentials));
      const [first] = (await connector.ghl.contacts.search({ pageLimit: 1 })).items;
      const { id } = await connector.ghl.contacts.update({ contactId: first.id, city: "Brno" });
      assert.equal(id, first.id);
      await connector.close();
    } finally {
      globalThis.fetch = original;
    }
    const response = await sandbox.fetch("http://any.host/v1/ping");
    assert.equal(response.status, 401);
    await assert.rejects(sandbox.fetch("http://any.host/v1/ping", { signal: AbortSignal.abort() }), {
      name: "AbortError",
    });
  });

  test("lets through the calls of connectors that share an account", async () => {
    const shared = createSandbox({ seed: 4, contacts: 1 });
    const connectors = [1, 2, 3].map(() =>
      createConnector({ ...optionsOf(shared.credentials), transport: shared.transport }),
    );
    const calls = connectors.flatMap(({ chartmogul }) =>
      Array.from({ length: 30 }, () => chartmogul.account.retrieve()),
    );
    await Promise.all(calls);
    const { calls: sent, limited } = shared.stats().chartmogul;
    assert.equal(sent - limited, 90);
    // By themselves they would be refused dozens of calls. A machine that stands still for a moment sends two
    // windows as one.
    assert.ok(limited <= 2, `${limited} were refused`);
    await Promise.all(connectors.map((connector) => connector.close()));
  });

  test("notes a webhook of ChartMogul that names nobody, or nobody who is linked", async () => {
    const known = createSandbox({ seed: 6, contacts: 1 });
    const connector = createConnector({ ...optionsOf(known.credentials), transport: known.transport });
    for (const customers of [[], ["cus_of-nobody"]]) {
      const handled = await connector.webhooks.handle({ type: "mrr_movement", customers });
      assert.deepEqual(handled, { type: "mrr_movement", contacts: [], duplicate: false });
    }
    await connector.close();
  });

  test("takes nothing twice from runs that are started at once", async () => {
    const busy = createSandbox({ seed: 5, contacts: 30 });
    const connector = createConnector({
      ...optionsOf(busy.credentials),
      transport: busy.transport,
      sync: {
        anchor: "contact-is-customer",
        onExisting: "create",
        objects: ["notes"],
        firstRun: "apply",
      },
    });
    const [first, second] = await Promise.all([connector.sync.run(), connector.sync.run()]);
    const { create, link } = first.report.done;
    // Contacts of one e-mail address have one customer: the others are linked with it.
    assert.equal(create.contact + (link?.contact ?? 0), 30);
    assert.deepEqual(second.report.done, {});
    const texts = [];
    for await (const { text } of connector.chartmogul.notes.list())
      texts.push(text.match(/\[ghl:n:\w+\]/)?.[0]);
    const marked = texts.filter(Boolean);
    assert.equal(marked.length, first.report.done.create.note);
    assert.equal(new Set(marked).size, marked.length);
    await connector.close();
  });

  test("has its own records, and starts again on reset", () => {
    const other = createSandbox({ seed: 3, contacts: 12 });
    assert.deepEqual(other.credentials, sandbox.credentials);
    assert.notDeepEqual(other.stats(), sandbox.stats());
    sandbox.reset();
    assert.deepEqual(other.stats(), sandbox.stats());
  });

  test("refuses unknown options and controls", () => {
    assert.throws(
      () => createSandbox({ contact: 5 }),
      (error) => /contact/.test(error.message),
    );
    assert.throws(() => sandbox.setFaults([{ fault: { kind: "earthquake" } }]), /earthquake/);
    assert.throws(() => sandbox.advanceClock(-1), /advanceMs/);
  });
});

describe("faults over HTTP", () => {
  const sandbox = createSandbox({ seed: 4, contacts: 5, searchLagMs: 0 });
  let server;
  let connector;
  let retries = 0;
  before(async () => {
    server = await sandbox.serve();
    connector = createConnector({
      ...server.address,
      store: "memory",
      onEvent: ({ type }) => {
        if (type === "retry") retries += 1;
      },
    });
  });
  afterEach(() => {
    sandbox.setFaults([]);
    retries = 0;
  });
  after(async () => {
    await connector.close();
    await server.close();
  });

  const strike = (fault, rule = {}) => sandbox.setFaults([{ ...rule, fault, times: rule.times ?? 1 }]);
  const read = (options) => connector.chartmogul.account.retrieve({}, options);
  const create = (email) => connector.ghl.contacts.create({ email });

  for (const fault of [
    { kind: "status", status: 503 },
    { kind: "status", status: 429 },
    { kind: "lost", done: false },
    { kind: "lost", done: true },
    { kind: "truncated" },
    { kind: "html" },
  ]) {
    test(`a read gets over ${JSON.stringify(fault)}`, async () => {
      strike(fault);
      assert.ok((await read()).name);
      assert.equal(retries, 1);
    });
  }

  test("a create whose answer is lost is not sent again, and its outcome is told to be unknown", async () => {
    strike({ kind: "lost", done: true }, { method: "POST", path: "/contacts/" });
    await assert.rejects(create("lost@example.com"), { code: "outcome_unknown", retryable: false });
    const { items } = await connector.ghl.contacts.search({
      filters: [{ field: "email", operator: "eq", value: "lost@example.com" }],
    });
    assert.equal(items.length, 1);
  });

  test("a create that was refused with 429 is sent again", async () => {
    strike({ kind: "status", status: 429 }, { method: "POST", path: "/contacts/" });
    assert.ok((await create("later@example.com")).id);
  });

  test("a slow answer is waited for, and no longer than the timeout", async () => {
    strike({ kind: "delay", milliseconds: 150 });
    const start = performance.now();
    await read();
    assert.ok(performance.now() - start >= 145);
    strike({ kind: "delay", milliseconds: 60_000 }, { times: 5 });
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 50);
    await assert.rejects(read({ signal: controller.signal }), { name: "AbortError" });
  });

  test("a slow request is done when its time has come, whether or not its client still waits", async () => {
    const { url, address } = server;
    const emails = async () => {
      const contacts = await fetch(`${url}/sandbox/records?service=ghl&kind=contacts`);
      return (await contacts.json()).map(({ email }) => email);
    };
    const hurried = createConnector({
      ...address,
      ghl: { ...address.ghl, timeoutMs: 1_000 },
      store: "memory",
    });
    const direct = createConnector({
      ...optionsOf(sandbox.credentials),
      transport: sandbox.transport,
      ghl: { token: sandbox.credentials.ghlToken, locationId: address.ghl.locationId, timeoutMs: 1_000 },
    });
    strike({ kind: "slow", milliseconds: 1_800 }, { method: "POST", path: "/contacts/", times: 2 });
    const start = performance.now();
    await Promise.all([
      assert.rejects(hurried.ghl.contacts.create({ email: "slow@example.com" }), { code: "outcome_unknown" }),
      assert.rejects(direct.ghl.contacts.create({ email: "slower@example.com" }), {
        code: "outcome_unknown",
      }),
    ]);
    const slow = async () => (await emails()).filter((email) => /^slow/.test(email)).sort();
    assert.deepEqual(await slow(), [], "the clients waited no longer than their timeout");
    while ((await slow()).length < 2) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.ok(performance.now() - start >= 1_800);
    assert.deepEqual(await slow(), ["slow@example.com", "slower@example.com"]);
    await Promise.all([hurried.close(), direct.close()]);
  });

  test("an expired token is reported, and works again when it is renewed", async () => {
    strike({ kind: "tokenExpired" }, { service: "ghl" });
    await assert.rejects(async () => connector.ghl.contacts.search(), { code: "unauthorized", status: 401 });
    sandbox.renewToken();
    assert.ok((await connector.ghl.contacts.search()).items.length > 0);
  });

  test("a used-up quota is reported with the time to its reset, and nothing more is sent", async () => {
    strike({ kind: "quotaExhausted" }, { service: "ghl" });
    const exhausted = (error) =>
      error.code === "daily_quota_exhausted" && error.retryAfterMs > 0 && error.retryable;
    await assert.rejects(async () => connector.ghl.contacts.search(), exhausted);
    const before = JSON.stringify(sandbox.stats());
    await assert.rejects(async () => connector.ghl.contacts.search(), exhausted);
    assert.equal(JSON.stringify(sandbox.stats()), before);
  });
});
