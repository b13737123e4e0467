// OAuth against the sandbox: consent, rotation, kills, processes that share a store, many locations.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { createFolder, requirePackage, serveSandbox } from "./sandbox.mjs";

const { createConnector } = requirePackage("ghl-chartmogul");
const { createOAuth, createEncryptionKey } = requirePackage("ghl-chartmogul/oauth");
const { sqlite } = requirePackage("ghl-chartmogul/sqlite");
const { createSandbox } = requirePackage("ghl-chartmogul/sandbox");

const REDIRECT = "https://app.example.com/callback";
const STATE = "0123456789abcdef-state";

/** A sandbox with an app, and what a person's browser does there. */
function createApp(options = {}, ofApp = {}) {
  const sandbox = createSandbox({ contacts: 3, ...options });
  const { oauthClientId, oauthClientSecret, locationId, companyId } = sandbox.credentials;
  const settings = {
    clientId: oauthClientId,
    clientSecret: oauthClientSecret,
    redirectUri: REDIRECT,
    scopes: ["contacts.readonly", "contacts.write"],
    transport: sandbox.transport,
    ...ofApp,
  };
  const oauth = createOAuth(settings);
  return { sandbox, settings, oauth, locationId, companyId };
}

/** Agrees to the installation; gives the URL that the browser is redirected to. */
function agree({ sandbox, oauth }) {
  const { status, headers } = sandbox.handle({
    method: "GET",
    url: oauth.authorizationUrl({ state: STATE }),
  });
  assert.equal(status, 302);
  return headers.find(([name]) => name === "location")[1];
}

const connect = (app) => app.oauth.exchangeRedirect(agree(app), { state: STATE });

const connectorOf = ({ sandbox, oauth, locationId }, more = {}) =>
  createConnector({
    ghl: { token: oauth, locationId, ...more },
    transport: sandbox.transport,
    store: "memory",
  });

const calls = ({ sandbox }, endpoint) => sandbox.stats().ghl.endpoints[endpoint] ?? 0;
const rotations = (app) => calls(app, "POST /oauth/token");

const search = async (connector) => (await connector.ghl.contacts.search()).total;

/** A store in memory that several objects share, as processes share a file. */
function shared(events = {}) {
  const values = new Map();
  return () => ({
    conditional: true,
    async get(keys) {
      await events.before?.("get", keys);
      return keys.map((key) => values.get(key));
    },
    async commit(puts, deletes, guard) {
      await events.before?.("commit", puts, deletes);
      if (guard !== undefined && values.get(guard.key) !== guard.value) return false;
      for (const key of deletes) values.delete(key);
      for (const [key, value] of puts) values.set(key, value);
      await events.after?.("commit", puts);
      return true;
    },
    scan: (prefix, after) =>
      [...values].filter(([key]) => key.startsWith(prefix) && (after === undefined || key > after)).sort(),
    values,
  });
}

describe("consent", () => {
  test("becomes tokens that calls are made with", async () => {
    const app = createApp();
    const installation = await connect(app);
    assert.deepEqual(
      [installation.userType, installation.locationId, installation.isConnected],
      ["Location", app.locationId, true],
    );
    const connector = connectorOf(app);
    assert.equal(await search(connector), 3);
    assert.equal(rotations(app), 1);
    assert.deepEqual(await app.oauth.installations(), [installation]);
    await connector.close();
  });

  test("names the white-label page, the version of a private app, and its scopes", () => {
    const { oauth, settings } = createApp({}, { whiteLabel: true, versionId: "v-1" });
    const url = new URL(oauth.authorizationUrl({ state: STATE, loginInSameTab: true }));
    assert.equal(
      url.origin + url.pathname,
      "https://marketplace.leadconnectorhq.com/v2/oauth/chooselocation",
    );
    assert.deepEqual(Object.fromEntries(url.searchParams), {
      response_type: "code",
      redirect_uri: REDIRECT,
      client_id: settings.clientId,
      scope: "contacts.readonly contacts.write",
      state: STATE,
      version_id: "v-1",
      loginWindowOpenMode: "self",
    });
    assert.ok(!url.href.includes("+"), "spaces as the portal's links have them");
  });

  test("is refused where it is not this session's, or no code came", async () => {
    const app = createApp();
    const back = agree(app);
    const refused = async (url, state, code, says) => {
      await assert.rejects(app.oauth.exchangeRedirect(url, { state }), (error) => {
        assert.equal(error.code, code);
        assert.match(error.message, says);
        return true;
      });
    };
    await refused(back, "another-session-state", "unauthorized", /another session/);
    await refused(`${REDIRECT}?error=access_denied&state=${STATE}`, STATE, "unauthorized", /gave no code/);
    await refused(`${REDIRECT}?state=${STATE}`, STATE, "invalid_argument", /no code/);
    await refused("not a url", STATE, "invalid_argument", /not a URL/);
    assert.equal(rotations(app), 0, "nothing was sent");
    await app.oauth.exchangeRedirect(back, { state: STATE });
    await refused(back, STATE, "unauthorized", /used or has expired/);
    const other = createApp({}, { redirectUri: "https://app.example.com/other" });
    const code = new URL(agree(app)).searchParams.get("code");
    await assert.rejects(
      createOAuth({ ...app.settings, redirectUri: other.settings.redirectUri }).exchange(code),
      {
        code: "invalid_config",
        hint: /exactly/,
      },
    );
  });

  test("options that are wrong are refused before anything is sent", () => {
    const { settings } = createApp();
    const refused = (change, message) =>
      assert.throws(() => createOAuth({ ...settings, ...change }), { code: "invalid_config", message });
    refused({ clientSecret: "" }, /clientSecret is missing/);
    refused({ redirectUri: "http://app.example.com/x" }, /https/);
    refused({ baseUrl: "http://services.example.com" }, /baseUrl/);
    refused({ store: shared()() }, /encryptionKey is missing/);
    refused({ encryptionKey: "short" }, /32 bytes/);
    refused({ timeoutMs: 5 }, /timeoutMs/);
    assert.throws(() => createConnector({ ghl: { token: createOAuth(settings) } }), {
      code: "invalid_config",
      message: /locationId is missing/,
    });
    assert.throws(() => createOAuth(settings).authorizationUrl({ state: "short" }), {
      code: "invalid_argument",
    });
    assert.throws(() => createOAuth(settings).location("a/b"), { code: "invalid_argument" });
  });
});

describe("a token", () => {
  test("is renewed before it expires, so that no call is refused", async () => {
    const app = createApp({ oauthExpiresS: 2 });
    await connect(app);
    const statuses = [];
    const connector = createConnector({
      ghl: { token: app.oauth, locationId: app.locationId },
      transport: app.sandbox.transport,
      store: "memory",
      onEvent: (event) => event.type === "request" && statuses.push(event.status),
    });
    await connector.ghl.contacts.search();
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    await Promise.all(Array.from({ length: 5 }, () => connector.ghl.contacts.search()));
    assert.equal(rotations(app), 2, "one exchange, one renewal");
    assert.deepEqual([...new Set(statuses)], [200]);
    await connector.close();
  });

  test("that was refused is renewed once, whatever this machine's clock says", async () => {
    const app = createApp();
    await connect(app);
    const connector = connectorOf(app);
    // An hour more than a day has passed for the service alone.
    app.sandbox.advanceClock(25 * 3_600_000);
    await Promise.all(Array.from({ length: 5 }, () => connector.ghl.contacts.search()));
    assert.equal(rotations(app), 2);
    await connector.close();
  });

  test("is not renewed for a refusal that is not about it", async () => {
    const app = createApp({ scopes: ["contacts.readonly"] });
    await connect(app);
    const connector = connectorOf(app);
    await connector.ghl.contacts.search();
    await assert.rejects(async () => connector.ghl.calendars.list(), { code: "scope_missing" });
    app.sandbox.setFaults([{ path: "/contacts/*", fault: { kind: "status", status: 401 } }]);
    await assert.rejects(search(connector), { code: "service_unavailable" });
    app.sandbox.setFaults([{ path: "/contacts/*", fault: { kind: "page", status: 401 } }]);
    await assert.rejects(search(connector), { code: "unreadable_response" });
    assert.equal(rotations(app), 1);
    await connector.close();
  });

  test("whose location is paused works again when it is active, with the same refresh token", async () => {
    const app = createApp();
    await connect(app);
    const connector = connectorOf(app);
    const pause = (active) =>
      app.sandbox.handle({
        method: "POST",
        url: "/sandbox/location",
        body: JSON.stringify({ id: app.locationId, active }),
      });
    pause(false);
    app.sandbox.advanceClock(25 * 3_600_000);
    await assert.rejects(search(connector), { code: "location_suspended", hint: /Activate/ });
    pause(true);
    assert.equal(await search(connector), 3);
    await connector.close();
  });

  test("that was lost asks for a person once, and for nothing more after that", async () => {
    const app = createApp();
    await connect(app);
    // Somebody else uses the refresh token, as after a copied store.
    const other = createOAuth({ ...app.settings, store: "memory" });
    const stolen = await stealRefreshToken(app);
    await rotateElsewhere(app, stolen);
    app.sandbox.advanceClock(25 * 3_600_000);
    const connector = connectorOf(app);
    const error = await search(connector).then(
      () => assert.fail("it must be refused"),
      (reason) => reason,
    );
    assert.deepEqual([error.code, error.name], ["reconnect_required", "AuthenticationError"]);
    assert.match(error.hint, /ghl-chartmogul login/);
    const before = rotations(app);
    await assert.rejects(search(connector), { code: "reconnect_required" });
    assert.equal(rotations(app), before, "GoHighLevel is not asked again");
    assert.equal((await app.oauth.installations())[0].isConnected, false);
    await connect(app);
    assert.equal(await search(connector), 3);
    await connector.close();
    await other.close();
  });

  test("that was lost comes back by GoHighLevel's own way, where it is there", async () => {
    const app = createApp({ oauthReconnect: true });
    await connect(app);
    await rotateElsewhere(app, await stealRefreshToken(app));
    app.sandbox.advanceClock(25 * 3_600_000);
    const connector = connectorOf(app);
    assert.equal(await search(connector), 3);
    assert.equal(calls(app, "POST /oauth/reconnect"), 1);
    await connector.close();
  });
});

/** The refresh token of an app whose store is memory: by renewing with a listener on the wire. */
async function stealRefreshToken(app) {
  let seen;
  const listening = async (request) => {
    const answer = await app.sandbox.transport(request);
    if (request.url.endsWith("/oauth/token")) {
      seen = JSON.parse(new TextDecoder().decode(answer.body)).refresh_token;
    }
    return answer;
  };
  app.oauth = createOAuth({ ...app.settings, transport: listening });
  await app.oauth.exchangeRedirect(agree(app), { state: STATE });
  return seen;
}

async function rotateElsewhere({ sandbox, settings }, refreshToken) {
  const form = new URLSearchParams({
    client_id: settings.clientId,
    client_secret: settings.clientSecret,
    grant_type: "refresh_token",
    refresh_token: refreshToken,
  });
  const { status } = sandbox.handle({ method: "POST", url: "/oauth/token", body: form.toString() });
  assert.equal(status, 200);
}

describe("an agency", () => {
  test("connects 50 locations one by one; two that are refused stop no other", async () => {
    const app = createApp({ oauthInstall: "bulk", oauthLocations: 50 });
    const installation = await connect(app);
    assert.deepEqual([installation.userType, installation.isBulk], ["Company", true]);
    const ids = await locationsOf(app);
    const change = (id, what) =>
      app.sandbox.handle({ method: "POST", url: "/sandbox/location", body: JSON.stringify({ id, ...what }) });
    change(ids[7], { active: false });
    // It is listed still, and refused.
    app.sandbox.setFaults([
      { path: "/oauth/locationToken", from: 12, times: 1, fault: { kind: "status", status: 403 } },
    ]);
    const connections = await app.oauth.connectLocations();
    assert.equal(connections.length, 50);
    const refused = connections.filter(({ isConnected }) => !isConnected);
    assert.deepEqual(
      refused.map(({ error }) => error.code),
      ["location_suspended", "forbidden"],
    );
    assert.equal(refused[0].locationId, ids[7]);
    const connector = connectorOf(app);
    for (const id of [ids[1], ids[49]]) {
      const other = connector.location(id);
      assert.equal((await other.ghl.locations.get({ locationId: id })).id, id);
      // Each token reaches its own location only.
      await assert.rejects(other.ghl.locations.get({ locationId: ids[0] }), { code: "location_forbidden" });
    }
    const minted = calls(app, "POST /oauth/locationToken");
    await connector.ghl.contacts.search();
    assert.equal(calls(app, "POST /oauth/locationToken"), minted, "tokens are kept");
    await connector.close();
  });

  test("heals a location whose tokens were lost, by the company's", async () => {
    const app = createApp({ oauthInstall: "company" });
    await connect(app);
    const connector = connectorOf(app);
    await connector.ghl.contacts.search();
    app.sandbox.advanceClock(25 * 3_600_000);
    assert.equal(await search(connector), 3);
    assert.equal(rotations(app), 2, "the company's token was renewed");
    // The first, one that was refused for the company's old token, and one with its new one.
    assert.equal(calls(app, "POST /oauth/locationToken"), 3);
    await connector.close();
  });

  test("takes webhooks about the app as hints", async () => {
    const app = createApp({ oauthInstall: "company", oauthLocations: 2 });
    const installed = (id, is) =>
      app.sandbox.handle({
        method: "POST",
        url: "/sandbox/location",
        body: JSON.stringify({ id, installed: is }),
      });
    await connect(app);
    const [, id] = await locationsOf(app);
    const event = (type) => app.oauth.handleAppEvent({ type, locationId: id, companyId: app.companyId });
    assert.equal(await event("INSTALL"), "connected");
    assert.equal(await event("INSTALL"), "connected", "twice is as once");
    assert.equal(await event("UNINSTALL"), "unchanged", "a late one, of an earlier installation");
    assert.equal((await app.oauth.installations()).length, 2);
    installed(id, false);
    assert.equal(await event("UNINSTALL"), "disconnected");
    assert.equal(await event("UNINSTALL"), "unchanged");
    assert.equal((await app.oauth.installations()).length, 1);
    assert.equal(await event("PLAN_CHANGE"), "unchanged");
  });

  test("a location that was never connected says how to connect it", async () => {
    const app = createApp();
    const connector = connectorOf(app);
    await assert.rejects(search(connector), {
      code: "reconnect_required",
      message: /no tokens are stored/,
    });
    await connector.close();
  });
});

async function locationsOf({ oauth }) {
  const ids = [];
  for await (const { locationId } of oauth.installedLocations()) ids.push(locationId);
  return ids;
}

describe("a store of tokens", () => {
  test("that cannot be written ends the renewal before the token is used up", async () => {
    let fails = false;
    const open = shared({
      before: (what) => {
        if (fails && what === "commit") throw new Error("disk full");
      },
    });
    const app = createApp({}, { store: open(), encryptionKey: createEncryptionKey() });
    await connect(app);
    app.sandbox.advanceClock(25 * 3_600_000);
    fails = true;
    const connector = connectorOf(app);
    await assert.rejects(search(connector));
    assert.equal(rotations(app), 1, "nothing was used up");
    fails = false;
    assert.equal(await search(connector), 3);
    await connector.close();
  });

  test("that fails right after the rotation loses nothing while the process lives", async () => {
    let fails = false;
    const open = shared({
      before: (what, puts) => {
        if (fails && what === "commit" && puts.some(([key]) => !key.endsWith("/lease")))
          throw new Error("disk full");
      },
    });
    const app = createApp({}, { store: open(), encryptionKey: createEncryptionKey() });
    await connect(app);
    app.sandbox.advanceClock(25 * 3_600_000);
    fails = true;
    const connector = connectorOf(app);
    await assert.rejects(search(connector), { code: "store_failed", message: /written down/ });
    assert.equal(rotations(app), 2);
    fails = false;
    assert.equal(await search(connector), 3);
    assert.equal(rotations(app), 2, "the pair that could not be written was kept");
    await connector.close();
  });

  test("holds nothing that can be read, and no row works in another's place", async () => {
    const store = shared()();
    const keys = [createEncryptionKey(), createEncryptionKey()];
    const app = createApp({ oauthInstall: "bulk", oauthLocations: 2 }, { store, encryptionKey: keys[0] });
    await connect(app);
    await app.oauth.connectLocations();
    const tokens = [];
    for (const id of await locationsOf(app)) tokens.push((await app.oauth.location(id)()).token);
    const dump = JSON.stringify([...store.values]);
    for (const secret of [...tokens, app.settings.clientSecret, keys[0]]) assert.ok(!dump.includes(secret));
    // A new key decrypts nothing; behind the new one the old one does.
    const [location] = await locationsOf(app);
    const moved = createOAuth({ ...app.settings, store, encryptionKey: keys[1] });
    await assert.rejects(moved.location(location)(), { code: "store_failed", message: /another key/ });
    const both = createOAuth({ ...app.settings, store, encryptionKey: [keys[1], keys[0]] });
    assert.equal((await both.location(location)()).token, tokens[0]);
    const rows = [...store.values].filter(([key]) => key.includes("/location/"));
    store.values.set(rows[0][0], rows[1][1]);
    await assert.rejects(app.oauth.location(rows[0][0].split("/").at(-1))(), {
      code: "store_failed",
      message: /another place/,
    });
  });

  test("forgets a location, and a company with all that is of it", async () => {
    const app = createApp({ oauthInstall: "bulk", oauthLocations: 3 });
    await connect(app);
    await app.oauth.connectLocations();
    const [first] = await locationsOf(app);
    assert.equal(await app.oauth.disconnect({ locationId: first }), 1);
    assert.equal((await app.oauth.installations()).length, 3);
    assert.equal(await app.oauth.disconnect({ companyId: app.companyId }), 3);
    assert.deepEqual(await app.oauth.installations(), []);
    await assert.rejects(app.oauth.company()(), { code: "reconnect_required" });
  });

  test("no error, inspection or event shows a secret", async () => {
    const app = createApp({}, { encryptionKey: createEncryptionKey() });
    await connect(app);
    const stolen = await stealRefreshToken(app);
    const { token } = await app.oauth.location(app.locationId)();
    await rotateElsewhere(app, stolen);
    app.sandbox.advanceClock(25 * 3_600_000);
    const seen = [];
    const connector = createConnector({
      ghl: { token: app.oauth, locationId: app.locationId },
      transport: app.sandbox.transport,
      store: "memory",
      onEvent: (event) => seen.push(event),
    });
    const error = await search(connector).catch((reason) => reason);
    const said = [
      inspect([error, app.oauth, connector, seen], { depth: 20, showHidden: true }),
      JSON.stringify([error, seen]),
      error.stack,
      String(error.cause),
    ].join("\n");
    for (const secret of [token, stolen]) assert.ok(!said.includes(secret), said);
    await connector.close();
  });
});

describe("processes that share a store", () => {
  test("eight renew an expired token with one call, and all continue", async () => {
    const served = await serveSandbox("--contacts", "3");
    const folder = createFolder();
    const file = join(folder, "tokens.db");
    const key = createEncryptionKey();
    // The same seed has the same app.
    const { credentials } = createSandbox();
    const settings = {
      clientId: credentials.oauthClientId,
      clientSecret: credentials.oauthClientSecret,
      redirectUri: REDIRECT,
      baseUrl: served.address.ghl.baseUrl,
      consentUrl: served.address.ghl.baseUrl,
      encryptionKey: key,
    };
    const oauth = createOAuth({ ...settings, store: sqlite(file) });
    const page = await fetch(oauth.authorizationUrl({ state: STATE }), { redirect: "manual" });
    await oauth.exchangeRedirect(page.headers.get("location"), { state: STATE });
    await oauth.close();
    await fetch(`${served.address.ghl.baseUrl}/sandbox/clock`, {
      method: "POST",
      body: JSON.stringify({ advanceMs: 25 * 3_600_000 }),
    });
    const script = join(folder, "call.cjs");
    writeFileSync(
      script,
      `const { createRequire } = require("node:module");
      const load = createRequire(${JSON.stringify(join(process.env.PACKAGE_DIR, "package.json"))});
      const { createConnector } = load("ghl-chartmogul");
      const { createOAuth } = load("ghl-chartmogul/oauth");
      const { sqlite } = load("ghl-chartmogul/sqlite");
      const settings = JSON.parse(process.env.SETTINGS);
      const oauth = createOAuth({ ...settings, store: sqlite(process.env.FILE) });
      const connector = createConnector({
        ghl: { token: oauth, locationId: process.env.LOCATION, baseUrl: settings.baseUrl },
        store: "memory",
      });
      process.on("message", async () => {
        try {
          const { total } = await connector.ghl.contacts.search();
          process.send({ total });
        } catch (error) {
          process.send({ error: error.code + ": " + error.message });
        }
        await connector.close();
        await oauth.close();
        process.disconnect();
      });
      process.send("ready");`,
    );
    const env = {
      ...process.env,
      SETTINGS: JSON.stringify(settings),
      FILE: file,
      LOCATION: served.address.ghl.locationId,
    };
    const children = Array.from({ length: 8 }, () =>
      spawn(process.execPath, [script], { env, stdio: ["ignore", "inherit", "inherit", "ipc"] }),
    );
    await Promise.all(children.map((child) => once(child, "message")));
    const answers = children.map((child) => once(child, "message"));
    for (const child of children) child.send("go");
    const results = (await Promise.all(answers)).map(([message]) => message);
    assert.deepEqual(
      results,
      results.map(() => ({ total: 3 })),
    );
    const stats = await (await fetch(`${served.address.ghl.baseUrl}/sandbox/stats`)).json();
    assert.equal(stats.ghl.endpoints["POST /oauth/token"], 2, "one exchange, one renewal");
    await served.close();
  });
});

describe("the examples of OAuth", () => {
  const AsyncFunction = (async () => {}).constructor;
  const read = (name) => readFileSync(new URL(`../../src/${name}`, import.meta.url), "utf8");
  const examples = ["oauth/oauth.ts", "connector.ts"].flatMap((name) =>
    [...read(name).matchAll(/@example\n((?: *\* .*\n)+?) *\*\/\n *(?:export function )?(\w+)\(/g)].map(
      ([, code, of]) => ({ of, code: code.replace(/^ *\* /gm, "") }),
    ),
  );

  test("are there", () => {
    const names = examples.map(({ of }) => of);
    for (const name of ["createOAuth", "authorizationUrl", "location"]) assert.ok(names.includes(name), name);
  });

  for (const { of, code } of examples.filter((one) => one.of !== "check"))
    test(`the one of ${of} runs`, async () => {
      const app = createApp();
      await connect(app);
      const printed = [];
      const console = { log: (...values) => printed.push(values.join(" ")) };
      // An example that makes its own needs no other.
      const made = { oauth: app.oauth, connector: connectorOf(app) };
      const others = Object.entries(made).filter(([name]) => !code.includes(`const ${name} =`));
      const given = { createOAuth, createConnector, console, ...Object.fromEntries(others) };
      await new AsyncFunction(...Object.keys(given), code)(...Object.values(given));
      const said = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text]) => text);
      assert.deepEqual(printed, said);
      await made.connector.close();
    });
});
