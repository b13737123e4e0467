// Real syncs by the installed command line against a served sandbox, with the state in Redis and in
// PostgreSQL: processes that meet, processes that are killed, and servers that are killed under them.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createProject, importEntry, moduleUrl, project } from "./project.mjs";
import { startPostgres, startRedis, withoutPostgres, withoutRedis } from "./servers.mjs";

// The worlds of the package's own tests of processes, in this project.
process.env.PACKAGE_DIR = project;
const { createRandom, World } = await import("../../../js/test/e2e/world.mjs");
const { openStore } = await importEntry("stores");

const SEED = Number(process.env.PROCESS_SEED ?? Date.now() % 1_000_000);
process.stdout.write(`PROCESS_SEED=${SEED}\n`);

/** A world whose state is in a store of that URL. */
async function openWorld(seed, contacts, url, checkStore = async () => {}) {
  const world = await World.open(seed, contacts);
  world.sandbox.env.GHL_CHARTMOGUL_STORE = url;
  world.checkFile = () => {};
  world.checkStore = checkStore;
  return world;
}

async function judge(world, url) {
  await world.judge();
  const store = openStore(url);
  const keys = (await store.scan("", undefined, 100_000)).map(([key]) => key);
  await store.close();
  const { locationId } = world.sandbox.address.ghl;
  const foreign = keys.filter(
    (key) => !key.startsWith(`v1/${locationId}/`) && !key.startsWith("v1/account:"),
  );
  assert.deepEqual(foreign, [], "rows that are not the location's");
  assert.ok(keys.length > 20);
  // No lease is left, and no run that is not over.
  assert.deepEqual(
    keys.filter((key) => key.includes("/run/")),
    [],
  );
}

for (const [title, skip, start, checkServer] of [
  ["Redis", withoutRedis, startRedis, checkRedis],
  ["PostgreSQL", withoutPostgres, startPostgres, async () => {}],
]) {
  describe(`a sync with its state in ${title}`, { skip }, () => {
    let server;
    let count = 0;
    const urlOf = () => `${server.url}?${title === "Redis" ? "prefix" : "name"}=world${++count}`;
    before(async () => {
      server = await start();
    });
    after(() => server?.stop());

    test("plans, applies, and has nothing to write a second time", async () => {
      const url = urlOf();
      const world = await openWorld(SEED + 1, 30, url);
      const json = async (...args) => JSON.parse((await world.begin(...args, "--json").ended).stdout);
      const plan = await json("plan");
      assert.ok(plan.id, `no plan: ${Object.keys(plan)}`);
      assert.equal(await world.writes(), 0);
      const applied = await json("sync", "--yes");
      assert.deepEqual([applied.done, applied.stopped ?? null], [true, null]);
      await judge(world, url);
      await checkServer(server);
      await world.close();
    });

    test("two processes meet: the second learns who syncs, and since when", async () => {
      const url = urlOf();
      const world = await openWorld(SEED + 2, 40, url);
      const first = world.begin("sync", "--yes", "--json");
      await world.creating();
      const second = await world.begin("sync", "--yes", "--json").ended;
      assert.equal(first.child.exitCode, null, "the first was done too soon for this test");
      assert.equal(second.code, 1);
      const { error } = JSON.parse(second.stdout);
      assert.equal(error.code, "busy");
      assert.match(error.message, new RegExp(`\\bprocess ${first.child.pid} on \\S`));
      const { code, stdout, stderr } = await first.ended;
      assert.equal(code, 0, stdout + stderr);
      await judge(world, url);
      await world.close();
    });

    test("processes are killed and started again: nothing is lost, nothing is made twice", async () => {
      const url = urlOf();
      const world = await openWorld(SEED + 3, 50, url);
      const kills = await world.syncUnderKills(createRandom(SEED), 3);
      assert.ok(kills > 0);
      await judge(world, url);
      await checkServer(server);
      await world.close();
    });

    test("the server is killed in the middle of a run and started again: nothing is lost, nothing is made twice", async (context) => {
      const url = urlOf();
      const world = await openWorld(SEED + 4, 60, url);
      const random = createRandom(SEED + 4);
      let failed = 0;
      let kills = 0;
      for (;;) {
        const run = world.begin("sync", "--yes", "--json");
        let ended = false;
        run.ended.finally(() => {
          ended = true;
        });
        while (!ended && kills < 4) {
          const before = await world.writes();
          while (!ended && (await world.writes()) === before) await delay(30);
          await delay(random() * 700);
          if (ended) break;
          await server.kill();
          kills += 1;
          await delay(random() * 600);
          await server.start();
        }
        const { code, stdout, stderr } = await run.ended;
        if (code === 0) break;
        const { error } = JSON.parse(stdout);
        assert.ok(["store_failed", "busy"].includes(error?.code), stdout + stderr);
        failed += 1;
        assert.ok(failed < 10, "it never ends");
      }
      context.diagnostic(`${kills} kills of the server, ${failed} runs failed with store_failed`);
      assert.ok(kills >= 2, `only ${kills} kills`);
      await judge(world, url);
      await checkServer(server);
      await world.close();
    });

    test("a password in the configuration file is refused, and is not shown", async () => {
      const world = await openWorld(SEED + 5, 1, "");
      const secret = "correct-horse-battery";
      const url = server.url.replace(/:\/\/(\w+@)?/, `://user:${secret}@`);
      writeFileSync(join(world.cwd, "ghl-chartmogul.config.json"), JSON.stringify({ store: url }));
      const { code, stdout, stderr } = await world.begin("status").ended;
      assert.equal(code, 2, stdout + stderr);
      assert.match(stderr, /the setting store holds a password/);
      assert.match(stderr, /GHL_CHARTMOGUL_STORE/);
      assert.doesNotMatch(stdout + stderr, new RegExp(secret));
      await world.close();
    });
  });
}

/** Keys and values are the same set. */
async function checkRedis(server) {
  const { default: Redis } = await import(moduleUrl("ioredis"));
  const client = new Redis(server.url);
  const hashes = await client.keys("*:values");
  assert.ok(hashes.length > 0);
  for (const hash of hashes) {
    const fields = (await client.hkeys(hash)).sort();
    const members = (await client.zrange(hash.replace(/:values$/, ":keys"), 0, -1)).sort();
    assert.deepEqual(members, fields, hash);
  }
  client.disconnect();
}

test("without its package, the store of a URL says what to install", () => {
  const bare = createProject([]);
  after(() => rmSync(bare, { recursive: true, force: true }));
  for (const [url, name] of [
    ["redis://127.0.0.1:1", "ioredis"],
    ["postgres://127.0.0.1:1/x", "pg"],
  ]) {
    for (const [flag, load] of [
      ["--input-type=module", 'import { openStore } from "ghl-chartmogul/stores";'],
      ["--input-type=commonjs", 'const { openStore } = require("ghl-chartmogul/stores");'],
    ]) {
      const code = `${load} try { openStore("${url}") } catch ({ code, message, hint }) { console.log(code, message, hint) }`;
      const { stdout, stderr } = spawnSync(process.execPath, [flag, "--eval", code], {
        cwd: bare,
        encoding: "utf8",
      });
      assert.equal(
        stdout,
        `invalid_config the package ${name}, which the store needs, is not installed Run: npm install ${name}\n`,
        stderr,
      );
    }
  }
});

test("a URL that is not a store's is refused by what is allowed", () => {
  for (const wrong of ["mysql://localhost/x", "redis:", "postgres:///", "sqlite:", "", undefined])
    assert.throws(
      () => openStore(wrong),
      (error) => error.code === "invalid_config" && /Allowed are redis:\/\//.test(error.hint),
      `${wrong}`,
    );
  for (const wrong of [
    "redis://localhost?prefix={a}",
    "postgres://localhost/x?table=A-B",
    `postgres://localhost/x?name=${"x".repeat(101)}`,
  ])
    assert.throws(() => openStore(wrong), { code: "invalid_config" });
});
