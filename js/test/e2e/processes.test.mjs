// Processes that are killed, and processes that meet: the installed command line on real files, against
// a served sandbox whose creates take their time. What is there at the end is judged from outside.
//
// PROCESS_KILLS (default 20) says how many kills there are, PROCESS_SEED repeats their moments as far as
// the machine lets it, PROCESS_LANES (default 7) how many worlds run side by side.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createRandom, World } from "./world.mjs";

const KILLS = Number(process.env.PROCESS_KILLS ?? 20);
const LANES = Number(process.env.PROCESS_LANES ?? 7);
const SEED = Number(process.env.PROCESS_SEED ?? Date.now() % 1_000_000);

process.stdout.write(
  `seed ${SEED}, ${KILLS} kills in ${LANES} worlds at a time, Node.js ${process.version}\n`,
);

/** How the second of two processes ends, with --json. */
function assertBusy({ code, stdout, stderr }, pid, since) {
  assert.equal(code, 1, stdout + stderr);
  const { error } = JSON.parse(stdout);
  assert.equal(error.code, "busy", error.message);
  assert.match(error.message, new RegExp(`\\bprocess ${pid} on \\S`));
  const [told] = /\d{4}-\d\d-\d\dT[\d:.]+Z/.exec(error.message) ?? [];
  assert.ok(Date.parse(told) >= since && Date.parse(told) <= Date.now(), error.message);
  assert.ok(error.hint);
}

/** They wait more than they work. */
const AT_ONCE = { concurrency: true };

describe("processes", AT_ONCE, () => {
  describe("a process that is killed", AT_ONCE, () => {
    const lanes = Array.from({ length: Math.min(LANES, KILLS) }, (_, lane) => lane);
    for (const lane of lanes) {
      const kills = Math.floor((KILLS + lane) / lanes.length);
      test(`${kills} times, and started again at once, loses nothing and makes nothing twice (${lane})`, async (t) => {
        const random = createRandom(SEED * 31 + lane);
        let worlds = 0;
        for (let left = kills; left > 0; worlds++) {
          const world = await World.open(1 + Math.floor(random() * 1_000_000), 70);
          left -= await world.syncUnderKills(random, left);
          await world.judge();
          await world.close();
        }
        t.diagnostic(`${kills} kills in ${worlds} worlds`);
      });
    }

    test("while it makes customers, and started with another data source, makes each once", async () => {
      const random = createRandom(SEED);
      const world = await World.open(1 + Math.floor(random() * 1_000_000), 60);
      world.configure({ dataSource: "The first" });
      const kills = await world.syncUnderKills(random, 2, () =>
        world.configure({ dataSource: "The second" }),
      );
      assert.ok(kills > 0);
      await world.judge();
      await world.close();
    });
  });

  describe("two processes on one file", AT_ONCE, () => {
    test("the second learns who holds it and since when, the first ends well", async () => {
      const world = await World.open(SEED + 1, 40);
      const since = Date.now();
      const first = world.begin("sync", "--yes", "--json");
      await world.creating();
      const [json, plain] = await Promise.all([
        world.begin("sync", "--yes", "--json").ended,
        world.begin("sync", "--yes").ended,
      ]);
      assert.equal(first.child.exitCode, null, "the first was done too soon for this test");
      assertBusy(json, first.child.pid, since);
      assert.equal(plain.code, 1);
      assert.match(plain.stderr, new RegExp(`^error: .*process ${first.child.pid} on .*since .*\nhint: `));
      const { code, stdout, stderr } = await first.ended;
      assert.equal(code, 0, stdout + stderr);
      assert.equal(JSON.parse(stdout).done, true);
      await world.judge();
      await world.close();
    });

    const canShare = process.getBuiltinModule?.("node:sqlite") !== undefined;
    const skip = canShare ? false : "without node:sqlite one process at a time has the file open";

    test("what a person decides while the other syncs is queued, and done when that ends", {
      skip,
    }, async () => {
      const world = await World.open(SEED + 2, 60);
      const json = async (...args) => {
        const { code, stdout, stderr } = await world.begin(...args, "--json").ended;
        assert.equal(stderr, "", stdout);
        return { code, ...JSON.parse(stdout) };
      };
      const first = world.begin("sync", "--yes", "--json");
      await world.creating();
      let linked;
      for (const { id } of await world.records("ghl", "contacts")) {
        if ((await json("why", id)).standing === "inStep") linked = id;
        if (linked !== undefined) break;
      }
      assert.ok(linked, "none is linked yet");
      const wrong = await json("unlink", "nobody");
      assert.deepEqual([wrong.code, wrong.error.code], [1, "not_found"]);
      const unlinked = await world.begin("unlink", linked).ended;
      assert.equal(first.child.exitCode, null, "the first was done too soon for this test");
      assert.equal(unlinked.code, 0, unlinked.stdout + unlinked.stderr);
      const said = `queued: process ${first.child.pid} on .* is syncing this location, since .*; it takes this up`;
      assert.match(unlinked.stdout, new RegExp(said));
      const during = await json("status");
      assert.deepEqual([during.queued, during.holder !== undefined], [1, true]);
      const { code, stdout, stderr } = await first.ended;
      assert.equal(code, 0, stdout + stderr);
      assert.equal((await json("status")).queued, 0);
      assert.equal((await json("why", linked)).cause, "unlinked");
      await world.close();
    });

    for (const round of [1, 2, 3])
      test(`started at the same instant: one wins, the other learns of it (${round})`, async () => {
        const world = await World.open(SEED + 10 + round, 30);
        const since = Date.now();
        const both = [world.begin("sync", "--yes", "--json"), world.begin("sync", "--yes", "--json")];
        const ends = await Promise.all(both.map(({ ended }) => ended));
        const winner = ends.findIndex(({ code }) => code === 0);
        assert.notEqual(winner, -1, ends.map(({ stdout, stderr }) => stdout + stderr).join("\n"));
        assert.equal(JSON.parse(ends[winner].stdout).done, true);
        assertBusy(ends[1 - winner], both[winner].child.pid, since);
        await world.judge();
        await world.close();
      });
  });
});
