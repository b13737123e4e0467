// The Worker of js/cloudflare, built by wrangler as a user builds it, in workerd, against a served sandbox.
// What it did is read from the sandbox's records.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { Miniflare } from "miniflare";

const { PACKAGE_DIR: installed } = process.env;
if (!installed) throw new Error("run this through `cargo xtask test platforms`");
const { createSandbox } = createRequire(join(installed, "package.json"))("ghl-chartmogul/sandbox");

const here = import.meta.dirname;
const CONTACTS = 40;
const SECRET = "a-secret-of-chartmogul-0123456789";
const TOKEN = "a-token-of-the-status-0123456789";
/** Most bytes of a Worker on the free plan, compressed. */
const LARGEST = 3_000_000;
const OTHER = "NoSuchLocation000000";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");

describe("the Worker", () => {
  const project = mkdtempSync(join(tmpdir(), "ghl-chartmogul-worker-"));
  const built = join(project, "built");
  let server;
  let worker;
  let address;
  let modules;

  const start = (bindings = {}) => {
    worker = new Miniflare({
      modules,
      compatibilityDate: "2026-07-01",
      durableObjects: { LOCATION: { className: "Location", useSQLite: true } },
      durableObjectsPersist: join(project, "state"),
      bindings: {
        LOCATIONS: address.ghl.locationId,
        SYNC: {
          anchor: "contact-is-customer",
          firstRun: "apply",
          onExisting: "create",
          users: { defaultAssignee: "ada.king@agency.example" },
        },
        SLICE_CALLS: 900,
        SLICE_MS: 60_000,
        GHL_TOKEN: address.ghl.token,
        CHARTMOGUL_API_KEY: address.chartmogul.apiKey,
        GHL_BASE_URL: address.ghl.baseUrl,
        CHARTMOGUL_BASE_URL: address.chartmogul.baseUrl,
        GHL_WEBHOOK_PUBLIC_KEY: publicKey.export({ type: "spki", format: "der" }).toString("base64"),
        CHARTMOGUL_WEBHOOK_SECRET: SECRET,
        STATUS_TOKEN: TOKEN,
        ...bindings,
      },
    });
  };
  const restart = async (bindings) => {
    await worker.dispose();
    start(bindings);
  };

  before(async () => {
    // The project as a user has it, with the packages of the tests.
    cpSync(join(here, "../../../js/cloudflare"), project, { recursive: true });
    mkdirSync(join(project, "node_modules"), { recursive: true });
    for (const name of readdirSync(join(here, "node_modules")))
      if (!name.startsWith("."))
        symlinkSync(join(here, "node_modules", name), join(project, "node_modules", name));
    cpSync(join(installed, "node_modules/ghl-chartmogul"), join(project, "node_modules/ghl-chartmogul"), {
      recursive: true,
    });
    run("typescript/bin/tsc");
    run("wrangler/bin/wrangler.js", "deploy", "--dry-run", "--outdir", built);
    const files = readdirSync(built).filter((name) => !/\.map$|README/.test(name));
    modules = files
      .filter((name) => /\.(js|wasm)$/.test(name))
      .sort((left) => (left.endsWith(".js") ? -1 : 1))
      .map((name) => {
        const path = join(built, name);
        const contents = readFileSync(path);
        return name.endsWith(".js")
          ? { type: "ESModule", path: name, contents: contents.toString() }
          : { type: "CompiledWasm", path: name, contents };
      });
    // A search sees a change at once, so that a run after a webhook does not wait for it.
    const sandbox = createSandbox({ contacts: CONTACTS, seed: 11, searchLagMs: 0 });
    server = await sandbox.serve({ port: 0 });
    address = server.address;
    start();
  });
  after(async () => {
    await worker?.dispose();
    await server?.close();
    rmSync(project, { recursive: true, force: true });
  });

  function run(tool, ...args) {
    const env = { ...process.env, WRANGLER_SEND_METRICS: "false", NODE_TEST_CONTEXT: "" };
    try {
      return execFileSync(process.execPath, [join(project, "node_modules", tool), ...args], {
        cwd: project,
        env,
        encoding: "utf8",
      });
    } catch ({ stdout, stderr }) {
      throw new Error(`${tool}: ${stdout}${stderr}`);
    }
  }

  const control = async (path) => (await fetch(`${address.ghl.baseUrl}/sandbox/${path}`)).json();
  const records = (service, kind) => control(`records?service=${service}&kind=${kind}`);
  const writes = async () => {
    const { ghl, chartmogul } = await control("stats");
    return ghl.writes + chartmogul.writes;
  };
  const calls = async () => {
    const { ghl, chartmogul } = await control("stats");
    return ghl.calls + chartmogul.calls;
  };
  const ask = (path, init = {}) => worker.dispatchFetch(`http://sync.example.com${path}`, init);
  const authorized = { headers: { authorization: `Bearer ${TOKEN}` } };
  const status = async () => {
    const response = await ask("/status", authorized);
    assert.equal(response.status, 200);
    return (await response.json()).locations;
  };
  const cron = async () => {
    const { outcome } = await (await worker.getWorker()).scheduled({ cron: "*/15 * * * *" });
    assert.equal(outcome, "ok");
  };
  /** Resolves with the status when nothing is left to do. */
  const idle = async (seconds = 60) => {
    for (const until = Date.now() + seconds * 1_000; Date.now() < until; await delay(100)) {
      const [location] = await status();
      if (location.waiting === null && location.nextSliceAt === null && location.last !== null)
        return location;
    }
    throw new Error(`it is never idle: ${JSON.stringify(await status())}`);
  };
  const persons = async () =>
    new Set((await records("ghl", "contacts")).map(({ id, email }) => email?.trim().toLowerCase() || id))
      .size;
  const ghl = async (method, path, body) => {
    const headers = {
      authorization: `Bearer ${address.ghl.token}`,
      version: "2021-07-28",
      "content-type": "application/json",
    };
    const response = await fetch(address.ghl.baseUrl + path, { method, headers, body: JSON.stringify(body) });
    assert.equal(response.ok, true, await response.clone().text());
    return response.json();
  };
  const webhook = (event, key = privateKey) => {
    const body = JSON.stringify({
      locationId: address.ghl.locationId,
      webhookId: randomUUID(),
      timestamp: new Date().toISOString(),
      ...event,
    });
    const signature = sign(null, Buffer.from(body), key).toString("base64");
    return ask("/webhooks/ghl", {
      method: "POST",
      body,
      headers: { "content-type": "application/json", "x-ghl-signature": signature },
    });
  };

  test("fits the free plan", (t) => {
    const bytes = modules.reduce((sum, { contents }) => sum + gzipSync(contents).length, 0);
    t.diagnostic(`${bytes} bytes compressed`);
    assert.ok(bytes > 100_000 && bytes < LARGEST, `${bytes} bytes`);
  });

  test("syncs in slices that a restart does not stop, and makes nothing twice", async (t) => {
    await restart({ SLICE_CALLS: 20 });
    await cron();
    let slices = 0;
    let restarts = 0;
    let last;
    for (const until = Date.now() + 90_000; ; await delay(50)) {
      assert.ok(Date.now() < until, "it never ends");
      const [location] = await status();
      if (location.last !== null && location.last.at !== last?.at) {
        last = location.last;
        slices++;
        if (last.error) assert.fail(JSON.stringify(last));
        if (last.done) break;
        assert.equal(last.stopped, "calls");
        if (restarts < 3) {
          await restart({ SLICE_CALLS: 20 });
          restarts++;
        }
      }
    }
    t.diagnostic(`${slices} slices, ${restarts} restarts`);
    assert.ok(slices >= 4 && restarts === 3);
    const prefix = `ghl:${address.ghl.locationId}:`;
    const made = (await records("chartmogul", "customers")).filter(({ external_id }) =>
      external_id?.startsWith(prefix),
    );
    assert.equal(new Set(made.map(({ external_id }) => external_id)).size, made.length);
    assert.equal(made.length, await persons());
    await restart();
    const before = await writes();
    await cron();
    const { last: again } = await idle();
    assert.deepEqual([again.done, again.error], [true, undefined]);
    assert.equal(await writes(), before);
  });

  test("runs once where several cron events come at once", async () => {
    await idle();
    const before = await calls();
    await cron();
    await idle();
    const once = (await calls()) - before;
    const between = await calls();
    await Promise.all([cron(), cron(), cron(), cron()]);
    await idle();
    const several = (await calls()) - between;
    // One that came while the first ran may be done after it.
    assert.ok(once > 0 && several <= 2 * once, `${several} calls in place of ${once}`);
  });

  test("syncs a contact that a webhook of GHL names, and only that", async () => {
    const { last } = await idle();
    const prefix = `ghl:${address.ghl.locationId}:`;
    const ours = (await records("chartmogul", "customers"))
      .map(({ external_id }) => external_id ?? "")
      .filter((id) => id.startsWith(prefix));
    const contact = (await records("ghl", "contacts")).find(({ id }) => ours.includes(prefix + id));
    await ghl("PUT", `/contacts/${contact.id}`, { city: "Timbuktu" });
    const before = await calls();
    const response = await webhook({ type: "ContactUpdate", id: contact.id });
    assert.equal(response.status, 200, await response.clone().text());
    let now;
    do {
      await delay(100);
      now = await idle();
    } while (now.last.at === last.at);
    assert.deepEqual([now.last.done, now.last.error], [true, undefined]);
    const changed = (await records("chartmogul", "customers")).filter(({ city }) => city === "Timbuktu");
    assert.deepEqual(
      changed.map(({ external_id }) => external_id),
      [prefix + contact.id],
    );
    assert.ok((await calls()) - before < 20, "it read more than the contact");
  });

  test("takes a webhook once that comes twice, and one of ChartMogul by its secret", async () => {
    await idle();
    const [contact] = await records("ghl", "contacts");
    const event = { type: "ContactUpdate", id: contact.id, webhookId: randomUUID() };
    assert.equal((await webhook(event)).status, 200);
    await delay(3_500);
    const { last } = await idle();
    assert.equal((await webhook(event)).status, 200);
    const [location] = await status();
    assert.deepEqual([location.waiting, location.last.at], [null, last.at]);

    const [customer] = await records("chartmogul", "customers");
    const body = JSON.stringify({
      event_type: "mrr_movement",
      uuid: randomUUID(),
      data: { customer_uuid: customer.uuid },
    });
    const wrong = await ask("/webhooks/chartmogul/another-secret-0123456789", { method: "POST", body });
    assert.equal(wrong.status, 401);
    const right = await ask(`/webhooks/chartmogul/${SECRET}`, { method: "POST", body });
    assert.equal(right.status, 200, await right.clone().text());
  });

  test("does nothing for a customer that it does not have, and everything for an event that names nobody", async () => {
    const { last } = await idle();
    const send = (event) =>
      ask(`/webhooks/chartmogul/${SECRET}`, { method: "POST", body: JSON.stringify(event) });
    const foreign = await send({ customer_uuid: "cus_00000000-0000-4000-8000-000000000000" });
    assert.equal(foreign.status, 200, await foreign.clone().text());
    const [location] = await status();
    assert.deepEqual([location.waiting, location.nextSliceAt], [null, null]);
    assert.equal((await send({ event_type: "mrr_movement" })).status, 200);
    assert.equal((await status())[0].waiting.all, true);
    await delay(3_500);
    assert.notEqual((await idle()).last.at, last.at);
  });

  test("keeps a run of everything that stopped for an unavailable service, whatever webhooks come", async () => {
    await idle();
    // Nobody listens there.
    await restart({ CHARTMOGUL_BASE_URL: "http://127.0.0.1:9" });
    await cron();
    let location;
    for (let tries = 0; tries < 600; tries++, await delay(100)) {
      [location] = await status();
      if (location.last.error || location.last.stopped) break;
    }
    assert.ok(location.last.error?.code !== undefined || location.last.stopped !== undefined);
    assert.equal(location.waiting?.all, true, JSON.stringify(location));
    const { nextSliceAt } = location;
    assert.ok(Date.parse(nextSliceAt) > Date.now() + 15_000, nextSliceAt);
    const [contact] = await records("ghl", "contacts");
    assert.equal((await webhook({ type: "ContactUpdate", id: contact.id })).status, 200);
    await cron();
    const [after] = await status();
    assert.deepEqual([after.waiting.all, after.waiting.failures], [true, location.waiting.failures]);
    assert.equal(after.nextSliceAt, nextSliceAt, "a webhook brought the next slice forward");
    await restart();
    assert.equal((await ask("/sync", { method: "POST", ...authorized })).status, 202);
    assert.equal((await idle()).last.done, true);
  });

  test("takes a webhook that one location takes, and shows the state of each, where another is set up wrongly", async () => {
    await idle();
    const longest = "x".repeat(100);
    await restart({ LOCATIONS: `${address.ghl.locationId}, ${longest}`, [`GHL_TOKEN_${longest}`]: "" });
    const body = JSON.stringify({ customer_uuid: "cus_00000000-0000-4000-8000-000000000000" });
    const taken = await ask(`/webhooks/chartmogul/${SECRET}`, { method: "POST", body });
    assert.equal(taken.status, 200, await taken.clone().text());
    const [right, wrong] = await status();
    assert.equal(right.sync.error, undefined);
    assert.equal((wrong.sync?.error ?? wrong.error)?.code, "invalid_config", JSON.stringify(wrong));
    await restart({ CHARTMOGUL_WEBHOOK_SECRET: "short" });
    const [shown] = await status();
    assert.equal(shown.sync.error?.code, "invalid_config", JSON.stringify(shown));
    await restart();
  });

  test("refuses what is not genuine, and says why", async () => {
    const { privateKey: foreign } = generateKeyPairSync("ed25519");
    const [contact] = await records("ghl", "contacts");
    const forged = await webhook({ type: "ContactUpdate", id: contact.id }, foreign);
    assert.deepEqual([forged.status, (await forged.json()).reason], [401, "wrong_signature"]);
    const unsigned = await ask("/webhooks/ghl", { method: "POST", body: "{}" });
    assert.deepEqual([unsigned.status, (await unsigned.json()).reason], [401, "missing_signature"]);
    assert.equal((await ask("/webhooks/ghl")).status, 405);
    const large = await ask("/webhooks/ghl", { method: "POST", body: "x".repeat(1_100_000) });
    assert.equal(large.status, 413);
    // Without a length in its headers.
    const chunks = ReadableStream.from(Array.from({ length: 12 }, () => new Uint8Array(100_000)));
    const streamed = await ask("/webhooks/ghl", { method: "POST", body: chunks, duplex: "half" });
    assert.equal(streamed.status, 413);
    assert.equal((await ask("/nowhere")).status, 404);
    assert.equal((await ask("/")).status, 200);
  });

  test("gives its status and begins runs only for who has the token", async () => {
    for (const headers of [{}, { authorization: "Bearer wrong" }, { authorization: `Basic ${TOKEN}` }]) {
      for (const [path, method] of [
        ["/status", "GET"],
        ["/sync", "POST"],
      ]) {
        const response = await ask(path, { method, headers });
        assert.equal(response.status, 401);
        assert.doesNotMatch(await response.text(), new RegExp(TOKEN));
      }
    }
    const { last } = await idle();
    const begun = await ask("/sync", { method: "POST", ...authorized });
    assert.deepEqual(
      [begun.status, await begun.json()],
      [202, { begun: [address.ghl.locationId], apply: false }],
    );
    await delay(500);
    const now = await idle();
    assert.notEqual(now.last.at, last.at);
    assert.ok(now.bytes > 10_000 && now.sync.error === undefined);
    assert.equal((await ask("/sync?location=other", { method: "POST", ...authorized })).status, 404);
    await restart({ STATUS_TOKEN: "short" });
    assert.equal((await ask("/status", authorized)).status, 403);
    await restart();
  });

  test("keeps locations apart: one whose token is refused does not stop the other, and shows no secret", async () => {
    const bindings = {
      LOCATIONS: `${OTHER}, ${address.ghl.locationId}`,
      [`GHL_TOKEN_${OTHER}`]: "pit-a-wrong-token-of-the-other",
    };
    await restart(bindings);
    await cron();
    let wrong;
    let right;
    const began = new Date().toISOString();
    for (let tries = 0; tries < 300; tries++, await delay(100)) {
      [wrong, right] = await status();
      if (wrong.last?.error && right.last.at >= began && right.last.done && right.waiting === null) break;
    }
    assert.deepEqual([wrong.locationId, right.locationId], [OTHER, address.ghl.locationId]);
    assert.match(wrong.last?.error?.code ?? JSON.stringify(wrong), /unauthorized|forbidden|not_found/);
    assert.equal(right.last.done, true);
    assert.equal(wrong.waiting, null, "it is tried again, though that cannot help");
    assert.doesNotMatch(JSON.stringify([wrong, right]), /pit-a-wrong|sk_|Bearer/);
    await restart();
  });
});
