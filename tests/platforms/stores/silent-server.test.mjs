// Stores of URLs whose server stops to answer, and those that several connectors share: nothing hangs, and
// nobody's operation is cut off.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { after, before, describe, test } from "node:test";
import { importEntry } from "./project.mjs";
import { startPostgres, startRedis, withoutPostgres, withoutRedis } from "./servers.mjs";

const { openStore } = await importEntry("stores");

/** Leads to a port; once it is silent, nothing comes through, and no connection is closed. */
async function startProxy(port) {
  let isSilent = false;
  const sockets = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const target = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    sockets.push(socket, target);
    for (const [from, to] of [
      [socket, target],
      [target, socket],
    ]) {
      from.on("error", () => {});
      from.on("data", (bytes) => isSilent || to.write(bytes));
      from.on("end", () => isSilent || to.end());
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: server.address().port,
    silence() {
      isSilent = true;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

for (const [title, skip, start] of [
  ["Redis", withoutRedis, startRedis],
  ["PostgreSQL", withoutPostgres, startPostgres],
]) {
  describe(`the store of a URL of ${title}`, { skip, concurrency: true }, () => {
    let server;
    before(async () => {
      server = await start();
    });
    after(() => server?.stop());

    test("fails within 35 seconds where the server does not answer, and can be closed", async () => {
      const proxy = await startProxy(server.port);
      const store = openStore(server.url.replace(`:${server.port}`, `:${proxy.port}`));
      assert.equal(await store.commit([["a", "1"]], []), true);
      proxy.silence();
      const began = performance.now();
      const failures = await Promise.all(
        [
          store.get(["a"]),
          store.commit([["lease", "x"]], [], { key: "lease", value: undefined }),
          store.scan("", undefined, 9),
        ].map((work) =>
          work.then(
            () => assert.fail("it answers"),
            (reason) => reason,
          ),
        ),
      );
      const lasted = performance.now() - began;
      for (const { code, hint } of failures)
        assert.deepEqual([code, /answer|running/.test(hint)], ["store_failed", true]);
      assert.ok(lasted < 35_000, `${lasted} ms`);
      const closing = performance.now();
      await store.close();
      assert.ok(performance.now() - closing < 10_000);
      proxy.close();
    });

    test("is closed by one of its users without cutting off the operations of another", async () => {
      const store = openStore(server.url);
      const rows = (from) => Array.from({ length: 300 }, (_, at) => [`row/${from}/${at}`, "x".repeat(5_000)]);
      for (let round = 0; round < 10; round++) {
        const works = [store.commit(rows(round), []), store.get(["a"]), store.scan("row/", undefined, 500)];
        await store.close();
        assert.equal((await Promise.all(works))[0], true);
      }
      assert.equal((await store.scan("row/", undefined, 10_000)).length, 3_000);
      await store.close();
    });
  });
}
