// The state store in Redis, through each client that programs use, on a server of its own.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { entryUrl, importEntry, moduleUrl } from "./project.mjs";
import { startRedis, withoutRedis } from "./servers.mjs";
import { storeSuite } from "./shared-store.mjs";

const { redis } = await importEntry("redis");

if (withoutRedis) test("the store in Redis", { skip: withoutRedis }, () => {});
else await suite();

async function suite() {
  const server = await startRedis();
  // What was opened last is closed first.
  const endings = [() => server.stop()];
  after(async () => {
    for (const end of endings.reverse()) await end();
  });

  const clients = {
    "ioredis 6": ["ioredis", "Redis", (Redis) => new Redis(server.url).on("error", () => {})],
    "ioredis 5": ["ioredis-5", "Redis", (Redis) => new Redis(server.url).on("error", () => {})],
    "redis 6": ["redis", "createClient", (create) => connected(create({ url: server.url }))],
    "redis 5": ["redis-5", "createClient", (create) => connected(create({ url: server.url }))],
    "redis 4": ["redis-4", "createClient", (create) => connected(create({ url: server.url }))],
    "a pool of redis 6": ["redis", "createClientPool", (create) => connected(create({ url: server.url }))],
  };
  for (const [title, [name, exported, connect]] of Object.entries(clients)) {
    const library = await import(moduleUrl(name));
    const client = await connect(library[exported] ?? library.default[exported]);
    endings.push(() => (client.disconnect ?? client.close ?? client.destroy).call(client));
    storeSuite(`the store in Redis with ${title}`, { open: (prefix) => redis(client, { prefix }) });
  }

  // In processes the store of a URL, which connects by itself.
  const { openStore } = await importEntry("stores");
  const urlOf = (name) => `${server.url}/1?prefix=${name}`;
  storeSuite("the store of a redis:// URL", {
    open: (name) => openStore(urlOf(name)),
    code: (name) => `
      import { openStore } from ${JSON.stringify(entryUrl("stores"))};
      const store = openStore(${JSON.stringify(urlOf(name))});`,
  });

  const { default: Redis } = await import(moduleUrl("ioredis"));
  const connect = (url = server.url, options = {}) => {
    const client = new Redis(url, options);
    client.on("error", () => {});
    endings.push(() => client.disconnect());
    return client;
  };

  describe("a store in Redis", () => {
    test("separates stores of different prefixes, and joins those of one", async () => {
      const client = connect();
      const [a, b] = [redis(client, { prefix: "one" }), redis(client, { prefix: "two" })];
      await a.commit([["k", "1"]], []);
      assert.deepEqual(await b.get(["k"]), [undefined]);
      assert.equal(redis(client, { prefix: "one" }).identity, a.identity);
      assert.notEqual(a.identity, b.identity);
      assert.deepEqual((await client.keys("{one}*")).sort(), ["{one}:keys", "{one}:values"]);
    });

    test("reads numbers that a client gives as texts", async () => {
      const store = redis(connect(server.url, { stringNumbers: true }), { prefix: "texts" });
      assert.equal(await store.commit([["a", "1"]], [], { key: "a", value: undefined }), true);
      assert.equal(await store.commit([["a", "2"]], [], { key: "a", value: "9" }), false);
      assert.deepEqual(await store.get(["a"]), ["1"]);
    });

    test("finds its commit done where a client sends it a second time", async () => {
      const client = connect();
      // The answer to the first time is lost, as when the connection breaks: the client sends it once more.
      let twice = 0;
      const resending = {
        call: async (...command) => {
          const result = await client.call(...command);
          if (!command.includes("absent") && !command.includes("value")) return result;
          twice++;
          return client.call(...command);
        },
      };
      const store = redis(resending, { prefix: "resent" });
      assert.equal(await store.commit([["lease", "mine"]], [], { key: "lease", value: undefined }), true);
      assert.equal(await store.commit([["lease", "still"]], [], { key: "lease", value: "mine" }), true);
      assert.equal(await store.commit([], ["lease"], { key: "lease", value: "still" }), true);
      assert.equal(await store.commit([["a", "1"]], [], { key: "lease", value: "still" }), false);
      assert.ok(twice >= 4);
      assert.deepEqual(await store.scan("", undefined, 9), []);
    });

    test("outlives a server that is killed in the middle of commits and started again", async () => {
      const own = await startRedis();
      for (const [title, client] of [
        ["ioredis", connect(own.url)],
        ["redis", await nodeRedis(own.url)],
      ]) {
        const store = redis(client, { prefix: title });
        let confirmed = 0;
        let stop = false;
        const writing = (async () => {
          for (let round = 1; !stop; round++) {
            const held = round === 1 ? undefined : String(round - 1);
            const puts = [
              ["count", String(round)],
              [`row/${String(round).padStart(6, "0")}`, "x".repeat(500)],
            ];
            assert.equal(
              await store.commit(puts, [], { key: "count", value: held }),
              true,
              `${title} ${round}`,
            );
            confirmed = round;
          }
        })();
        for (let kill = 0; kill < 4; kill++) {
          const since = confirmed;
          while (confirmed < since + 5) await delay(5);
          await own.kill();
          const atKill = confirmed;
          await delay(100);
          await own.start();
          const [count] = await store.get(["count"]);
          assert.ok(Number(count) >= atKill, `${title}: ${count} of ${atKill} confirmed`);
        }
        stop = true;
        await writing;
        assert.deepEqual(await store.get(["count"]), [String(confirmed)]);
        assert.equal((await store.scan("row/", undefined, 1e6)).length, confirmed);
        (client.disconnect ?? client.close).call(client);
      }
      await own.stop();
    });

    test("refuses a server that evicts keys, and warns of one without an append-only file", async () => {
      const own = await startRedis(
        "--appendonly",
        "no",
        "--maxmemory",
        "100mb",
        "--maxmemory-policy",
        "allkeys-lru",
      );
      const client = connect(own.url);
      const warnings = [];
      const store = redis(client, { onWarning: (warning) => warnings.push(warning) });
      await assert.rejects(
        async () => store.get(["a"]),
        (error) => {
          assert.deepEqual(
            [error.code, /allkeys-lru/.test(error.message), /noeviction/.test(error.hint)],
            ["store_failed", true, true],
          );
          return true;
        },
      );
      assert.deepEqual(await client.keys("*"), []);
      for (const policy of ["noeviction", "volatile-lru"]) {
        await client.config("SET", "maxmemory-policy", policy);
        await store.commit([["a", policy]], []);
        assert.deepEqual(await store.get(["a"]), [policy]);
      }
      assert.equal(warnings.length, 1);
      assert.match(warnings[0], /appendonly/);
      await own.stop();
    });

    test("says that a full server is full, and has written nothing of the commit", async () => {
      const own = await startRedis("--maxmemory", "8mb", "--maxmemory-policy", "noeviction");
      const store = redis(connect(own.url));
      const rows = (from) => Array.from({ length: 20 }, (_, at) => [`row/${from}/${at}`, "x".repeat(50_000)]);
      let stored = 0;
      let failure;
      while (failure === undefined && stored < 100) {
        try {
          await store.commit(rows(stored), []);
          stored++;
        } catch (error) {
          failure = error;
        }
      }
      assert.equal(failure?.code, "store_failed");
      assert.match(failure.hint, /more memory/);
      assert.ok(stored > 0);
      assert.equal((await store.scan("row/", undefined, 1e6)).length, stored * 20);
      await store.commit(
        [],
        rows(0).map(([key]) => key),
      );
      await own.stop();
    });

    test("names no password in a failure, and has no values in it", async () => {
      const own = await startRedis("--requirepass", "correct-horse-battery");
      const { openStore } = await importEntry("stores");
      for (const url of [
        own.url.replace("redis://", "redis://:wrong-horse-battery@"),
        own.url,
        "redis://:wrong-horse-battery@127.0.0.1:1/0",
      ]) {
        const store = openStore(`${url}?prefix=p`);
        const error = await store.commit([["a", "value-of-a-person"]], []).then(
          () => assert.fail("nothing is refused"),
          (reason) => reason,
        );
        const { inspect } = await import("node:util");
        assert.equal(error.code, "store_failed", inspect(error));
        assert.ok(error.hint);
        assert.doesNotMatch(
          inspect(error, { depth: 9, showHidden: true }),
          /horse-battery|value-of-a-person/,
        );
        await store.close();
      }
      const good = openStore(own.url.replace("redis://", "redis://:correct-horse-battery@"));
      await good.commit([["a", "1"]], []);
      await good.close();
      // Open again after it was closed.
      assert.deepEqual(await good.get(["a"]), ["1"]);
      await good.close();
      await own.stop();
    });

    test("works on a cluster, with each client", async () => {
      const own = await startRedis("--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1");
      const admin = connect(own.url);
      await admin.call("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
      while (!/cluster_state:ok/.test(await admin.call("CLUSTER", "INFO"))) await delay(50);
      const { Cluster } = await import(moduleUrl("ioredis"));
      const nodes = new Cluster([{ host: "127.0.0.1", port: own.port }]);
      const { createCluster } = await import(moduleUrl("redis"));
      const other = await createCluster({ rootNodes: [{ url: own.url }] }).connect();
      const [first, second] = [redis(nodes, { prefix: "c" }), redis(other, { prefix: "c" })];
      await first.commit(
        [
          ["a", "1"],
          ["b", "2"],
        ],
        [],
      );
      assert.equal(await second.commit([["a", "3"]], ["b"], { key: "b", value: "2" }), true);
      assert.deepEqual(await first.scan("", undefined, 9), [["a", "3"]]);
      nodes.disconnect();
      await other.close();
      await own.stop();
    });

    test("refuses what is not a client, and a prefix with braces, before anything is sent", () => {
      for (const wrong of [undefined, {}, "redis://localhost", { get() {} }])
        assert.throws(() => redis(wrong), { code: "invalid_config" });
      for (const prefix of ["", "a{b}", 5, "x".repeat(101)])
        assert.throws(() => redis({ call() {} }, { prefix }), { code: "invalid_config" });
    });
  });

  async function nodeRedis(url) {
    const { createClient } = await import(moduleUrl("redis"));
    return connected(createClient({ url }));
  }

  /** A client of node-redis without somebody who takes its errors would end the process. */
  async function connected(client) {
    client.on("error", () => {});
    await client.connect();
    return client;
  }
}
