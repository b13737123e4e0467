// Processes that end at every step around the renewal of a token: 500 kills. Time runs 50 times as fast.

import assert from "node:assert/strict";
import { test } from "node:test";
import { requirePackage } from "./sandbox.mjs";

const SPEED = 50;
const slowTimeout = globalThis.setTimeout;
const slowNow = performance.now.bind(performance);
globalThis.setTimeout = (callback, ms = 0, ...rest) => slowTimeout(callback, ms / SPEED, ...rest);
performance.now = () => slowNow() * SPEED;

const { createOAuth, createEncryptionKey } = requirePackage("ghl-chartmogul/oauth");
const { createSandbox } = requirePackage("ghl-chartmogul/sandbox");

const STATE = "0123456789abcdef-state";
const KEY = createEncryptionKey();
const KILLS = 500;
const AT_ONCE = 25;

/** Rows that outlive processes. */
function storeOn(values, gate) {
  const step = async (work) => {
    await gate();
    const result = work();
    await gate();
    return result;
  };
  return {
    conditional: true,
    get: (keys) => step(() => keys.map((key) => values.get(key))),
    commit: (puts, deletes, guard) =>
      step(() => {
        if (guard !== undefined && values.get(guard.key) !== guard.value) return false;
        for (const key of deletes) values.delete(key);
        for (const [key, value] of puts) values.set(key, value);
        return true;
      }),
    scan: (prefix, after) =>
      step(() =>
        [...values].filter(([key]) => key.startsWith(prefix) && (after === undefined || key > after)).sort(),
      ),
  };
}

/** A world with an app that is installed in a location, or in an agency, and has expired tokens. */
async function createWorld(install, options) {
  const sandbox = createSandbox({ contacts: 0, oauthInstall: install, ...options });
  const values = new Map();
  const { oauthClientId: clientId, oauthClientSecret: clientSecret, locationId } = sandbox.credentials;
  const settings = {
    clientId,
    clientSecret,
    redirectUri: "https://app.example.com/callback",
    encryptionKey: KEY,
  };
  /** A process that hangs for good after so many steps, as one that was killed. */
  const start = (steps = Number.POSITIVE_INFINITY) => {
    let left = steps;
    const gate = async () => {
      left -= 1;
      if (left < 0) await new Promise(() => {});
    };
    const transport = async (request) => {
      await gate();
      const answer = await sandbox.transport(request);
      await gate();
      return answer;
    };
    const oauth = createOAuth({ ...settings, store: storeOn(values, gate), transport });
    return { oauth, isKilled: () => left < 0 };
  };
  const { oauth } = start();
  const page = sandbox.handle({ method: "GET", url: oauth.authorizationUrl({ state: STATE }) });
  const back = page.headers.find(([name]) => name === "location")[1];
  await oauth.exchangeRedirect(back, { state: STATE });
  const first = await oauth.location(locationId)();
  sandbox.advanceClock(25 * 3_600_000);
  return { sandbox, start, locationId, previous: first.token };
}

const rotationsOf = ({ sandbox }) => sandbox.stats().ghl.endpoints["POST /oauth/token"] ?? 0;

async function works({ sandbox, locationId }, token) {
  const headers = { authorization: `Bearer ${token}`, version: "2021-07-28" };
  const answer = sandbox.handle({ method: "GET", url: `/locations/${locationId}`, headers });
  return answer.status === 200;
}

/** One kill; gives what the next process found. */
async function kill(install, steps, options) {
  const world = await createWorld(install, options);
  const before = rotationsOf(world);
  const killed = world.start(steps);
  const context = { previous: world.previous };
  const renewing = killed.oauth.location(world.locationId)(context);
  const ended = await Promise.race([
    renewing.then(() => true),
    new Promise((resolve) => {
      const look = () => (killed.isKilled() ? resolve(false) : slowTimeout(look, 1));
      look();
    }),
  ]);
  // What was under way at the service is done by it.
  await new Promise((resolve) => slowTimeout(resolve, 5));
  const next = world.start();
  const rotated = rotationsOf(world) > before;
  try {
    const { token } = await next.oauth.location(world.locationId)(context);
    assert.ok(await works(world, token), `${install}, ${steps} steps: a token that does not work`);
    return { ended, rotated, lost: false };
  } catch (error) {
    assert.equal(error.code, "reconnect_required", `${install}, ${steps} steps: ${error.message}`);
    assert.match(error.hint, /ghl-chartmogul login/);
    const after = rotationsOf(world);
    await assert.rejects(next.oauth.location(world.locationId)(context), { code: "reconnect_required" });
    assert.equal(rotationsOf(world), after, "a person is asked once, and GoHighLevel not again");
    return { ended, rotated, lost: true };
  }
}

test("500 kills lose nothing but between the service's rotation and our write", async (context) => {
  const kinds = [
    ["location", {}],
    ["company", {}],
    ["location", { oauthGraceMs: 60_000 }],
    ["location", { oauthReconnect: true }],
  ];
  const jobs = Array.from({ length: KILLS }, (_, index) => {
    const [install, options] = kinds[index % kinds.length];
    return { install, options, steps: Math.floor(index / kinds.length) % 36 };
  });
  const results = [];
  const work = async () => {
    for (let job = jobs.pop(); job !== undefined; job = jobs.pop()) {
      const { install, steps, options } = job;
      results.push({ ...job, ...(await kill(install, steps, options)) });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  assert.equal(results.length, KILLS);
  const lost = results.filter((result) => result.lost);
  for (const { install, options, steps, rotated } of lost) {
    assert.ok(rotated, `${install}, ${steps} steps: lost outside of the window`);
    assert.deepEqual(options, {}, `${install}, ${steps} steps: there was a way back`);
  }
  // The window is there: the test can fail.
  assert.ok(lost.length > 0 && results.some(({ rotated, lost: gone }) => rotated && !gone));
  assert.ok(results.filter(({ ended }) => !ended).length > KILLS / 2, "most were killed");
  const count = (what) => results.filter(what).length;
  context.diagnostic(
    `${KILLS} kills: ${count(({ ended }) => !ended)} in the midst, ${count(({ rotated }) => rotated)} after a rotation, ${lost.length} lost inside the window, 0 outside`,
  );
});
