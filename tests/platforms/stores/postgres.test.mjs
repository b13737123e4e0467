// The state store in PostgreSQL, through each client that programs use, on a server of its own.

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { inspect } from "node:util";
import { runProcess } from "../../../js/test/store-processes.mjs";
import { entryUrl, importEntry, moduleUrl } from "./project.mjs";
import { startPostgres, withoutPostgres } from "./servers.mjs";
import { storeSuite } from "./shared-store.mjs";

const { postgres, postgresSchema } = await importEntry("postgres");
const { openStore } = await importEntry("stores");

if (withoutPostgres) test("the store in PostgreSQL", { skip: withoutPostgres }, () => {});
else await suite();

async function suite() {
  const server = await startPostgres();
  // What was opened last is closed first.
  const endings = [() => server.stop()];
  after(async () => {
    for (const end of endings.reverse()) await end();
  });
  const { default: pg } = await import(moduleUrl("pg"));
  const { default: postgresJs } = await import("postgres");
  const connect = (url = server.url, options = {}) => {
    const pool = new pg.Pool({ connectionString: url, ...options });
    pool.on("error", () => {});
    endings.push(() => pool.end());
    return pool;
  };
  const pool = connect();

  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  endings.push(() => client.end());
  const sql = postgresJs(server.url, { onnotice: () => {} });
  endings.push(() => sql.end());
  const clients = { "a pool of pg": pool, "a client of pg": client, "postgres.js": sql };
  for (const [title, each] of Object.entries(clients))
    storeSuite(`the store in PostgreSQL with ${title}`, { open: (name) => postgres(each, { name }) });

  const urlOf = (name) => `${server.url}?name=${name}&table=of_urls`;
  storeSuite("the store of a postgres:// URL", {
    open: (name) => openStore(urlOf(name)),
    code: (name) => `
      import { openStore } from ${JSON.stringify(entryUrl("stores"))};
      const store = openStore(${JSON.stringify(urlOf(name))});`,
  });

  describe("a store in PostgreSQL", () => {
    test("makes its table once where many begin at the same instant, also in other processes", async () => {
      const own = connect(server.url, { max: 20 });
      const stores = Array.from({ length: 20 }, (_, at) => postgres(own, { table: "begun", name: `${at}` }));
      const code = `
        import { openStore } from ${JSON.stringify(entryUrl("stores"))};
        const store = openStore(${JSON.stringify(`${server.url}?table=begun&name=p`)});
        await store.commit([["by/" + process.pid, "1"]], []); await store.close(); process.disconnect();`;
      const children = Array.from({ length: 3 }, () => once(runProcess(code), "exit"));
      await Promise.all(stores.map((store, at) => store.commit([["a", `${at}`]], [])));
      for (const end of await Promise.all(children)) assert.deepEqual(end, [0, null]);
      for (const [at, store] of stores.entries())
        assert.deepEqual(await store.scan("", undefined, 9), [["a", `${at}`]]);
      const joined = postgres(own, { table: "begun", name: "p" });
      assert.equal((await joined.scan("by/", undefined, 9)).length, 3);
    });

    test("lets one of many writers through that find a key absent, in each of many rounds", async () => {
      const own = connect(server.url, { max: 16 });
      const store = postgres(own, { name: "absent" });
      for (let round = 0; round < 60; round++) {
        const key = `lease/${round}`;
        const outcomes = await Promise.all(
          Array.from({ length: 12 }, (_, writer) =>
            // Some put the key that they guard, some only others.
            store.commit(
              writer % 3 === 0
                ? [[`by/${round}/${writer}`, "1"]]
                : [
                    [key, `${writer}`],
                    [`by/${round}/${writer}`, "1"],
                  ],
              [],
              { key, value: undefined },
            ),
          ),
        );
        const [held] = await store.get([key]);
        const through = outcomes.flatMap((done, writer) => (done ? [writer] : []));
        const owners = through.filter((writer) => writer % 3 !== 0);
        assert.deepEqual(owners, [Number(held)], `round ${round}`);
        const written = (await store.scan(`by/${round}/`, undefined, 99)).map(([by]) =>
          Number(by.split("/")[2]),
        );
        assert.deepEqual(
          written.sort((a, b) => a - b),
          through,
        );
      }
    });

    test("has no deadlock between commits that write the same keys in other orders", async () => {
      const own = connect(server.url, { max: 16 });
      const store = postgres(own, { name: "orders" });
      const keys = Array.from({ length: 30 }, (_, at) => `k/${String(at).padStart(2, "0")}`);
      for (let round = 0; round < 40; round++) {
        await Promise.all(
          Array.from({ length: 8 }, (_, writer) => {
            const turned = writer % 2 ? keys : [...keys].reverse();
            const at = (writer * 7 + round) % 20;
            const deletes = turned.slice(at, at + 8);
            const puts = turned
              .filter((key) => !deletes.includes(key))
              .map((key) => [key, `${round} ${writer}`]);
            return store.commit(puts, deletes);
          }),
        );
      }
      // Whole commits only: what is there is of one writer, or was deleted by one after it.
      assert.ok((await store.scan("k/", undefined, 99)).length <= 30);
    });

    test("outlives a server that is killed in the middle of commits and started again", async () => {
      const own = await startPostgres();
      const store = postgres(connect(own.url), { name: "killed" });
      let confirmed = 0;
      let stop = false;
      const failures = [];
      const writing = (async () => {
        while (!stop) {
          const [count] = await store.get(["count"]);
          const next = Number(count ?? 0) + 1;
          const puts = [
            ["count", `${next}`],
            [`row/${String(next).padStart(6, "0")}`, "x".repeat(500)],
          ];
          try {
            if (await store.commit(puts, [], { key: "count", value: count })) confirmed = next;
          } catch (error) {
            failures.push(error.message);
          }
        }
      })();
      for (let kill = 0; kill < 3; kill++) {
        const since = confirmed;
        while (confirmed < since + 5) await delay(5);
        await own.kill();
        const atKill = confirmed;
        await own.start();
        const [count] = await store.get(["count"]);
        assert.ok(Number(count) >= atKill, `${count} of ${atKill} confirmed`);
      }
      stop = true;
      await writing;
      const [count] = await store.get(["count"]);
      assert.equal((await store.scan("row/", undefined, 1e6)).length, Number(count));
      assert.deepEqual(failures, []);
      await own.stop();
    });

    test("finds out whether a commit happened whose connection was ended, and sends it again where not", async () => {
      const ended = () => Object.assign(new Error("terminating connection"), { code: "57P01" });
      for (const happened of [true, false]) {
        let breaks = 0;
        const query = async (text, values) => {
          const isCommit = text.includes('_commit_1"(') && text.startsWith("SELECT");
          if (!isCommit || breaks === 0) return pool.query(text, values);
          breaks--;
          if (happened) await pool.query(text, values);
          throw ended();
        };
        const store = postgres({ query }, { name: `ended ${happened}` });
        for (const [puts, deletes, held] of [
          [[["lease", "a/1"]], [], undefined],
          [[["lease", "a/2"]], [], "a/1"],
          [[], ["lease"], "a/2"],
        ]) {
          breaks = 1;
          assert.equal(await store.commit(puts, deletes, { key: "lease", value: held }), true);
          assert.deepEqual(await store.get(["lease"]), [puts[0]?.[1]]);
        }
        assert.equal(await store.commit([["lease", "b"]], [], { key: "lease", value: "a/2" }), false);
      }
      const taken = { key: "lease", value: "a" };
      const other = postgres(pool, { name: "taken" });
      await other.commit([["lease", "a"]], []);
      let isFirst = true;
      const query = async (text, values) => {
        if (!text.includes('_commit_1"(') || !text.startsWith("SELECT") || !isFirst)
          return pool.query(text, values);
        isFirst = false;
        await other.commit([["lease", "somebody else"]], []);
        throw ended();
      };
      const store = postgres({ query }, { name: "taken" });
      await assert.rejects(async () => store.commit([["lease", "b"]], [], taken), { code: "store_failed" });
    });

    test("puts the last of two values of one key, and says what PostgreSQL cannot store", async () => {
      const store = postgres(pool, { name: "twice" });
      await store.commit(
        [
          ["a", "1"],
          ["a", "2"],
        ],
        [],
      );
      assert.deepEqual(await store.get(["a"]), ["2"]);
      const random = Array.from({ length: 6_000 }, () => Math.random().toString(36)[2]).join("");
      for (const [key, value, hint] of [
        ["b", "a\0b", /NUL/],
        [random, "1", /2,700 bytes/],
      ])
        await assert.rejects(
          async () => store.commit([[key, value]], []),
          (error) => error.code === "store_failed" && hint.test(error.hint),
        );
    });

    test("works for a user who may not create, once the schema was made for it", async () => {
      await pool.query(
        "CREATE ROLE plain LOGIN; CREATE SCHEMA crm; REVOKE CREATE ON SCHEMA public FROM PUBLIC",
      );
      const url = server.url.replace("postgres@", "plain@");
      const store = postgres(connect(url), { table: "crm.state" });
      await assert.rejects(
        async () => store.get(["a"]),
        (error) => {
          assert.equal(error.code, "store_failed");
          assert.match(error.hint, /postgresSchema/);
          return true;
        },
      );
      await pool.query(postgresSchema({ table: "crm.state" }));
      await pool.query(
        "GRANT USAGE ON SCHEMA crm TO plain; GRANT SELECT, INSERT, UPDATE, DELETE ON crm.state TO plain",
      );
      assert.equal(await store.commit([["a", "1"]], [], { key: "a", value: undefined }), true);
      assert.deepEqual(await store.get(["a"]), ["1"]);
    });

    test("compares bytes in a database that sorts by another language, and refuses one without UTF-8", async () => {
      await pool.query(
        "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
      );
      const latin = postgres(connect(server.url.replace(/postgres$/, "latin")));
      await assert.rejects(async () => latin.get(["a"]), { code: "store_failed", message: /LATIN1/ });
      await pool.query(
        "CREATE DATABASE sorted ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C' TEMPLATE template0",
      );
      const sorted = postgres(connect(server.url.replace(/postgres$/, "sorted")));
      await sorted.commit(
        ["a", "B", "é", "z", "Z"].map((key) => [key, key]),
        [],
      );
      assert.deepEqual(
        (await sorted.scan("", undefined, 9)).map(([key]) => key),
        ["B", "Z", "a", "z", "é"],
      );
    });

    test("frees what was deleted", async () => {
      const store = postgres(pool, { table: "compacted" });
      const rows = Array.from({ length: 2_000 }, (_, at) => [`row/${at}`, "x".repeat(900)]);
      await store.commit([...rows, ["kept", "1"]], []);
      await store.commit(
        [],
        rows.map(([key]) => key),
      );
      const size = async () =>
        Number((await pool.query("SELECT pg_total_relation_size('compacted') AS s")).rows[0].s);
      const before = await size();
      await store.compact();
      assert.ok((await size()) < before / 10);
      assert.deepEqual(await store.get(["kept"]), ["1"]);
    });

    test("names no password in a failure, and has no values in it", async () => {
      const wrong = "correct-horse-battery";
      for (const url of [
        `postgres://nobody:${wrong}@127.0.0.1:${server.port}/postgres`,
        `postgres://postgres:${wrong}@127.0.0.1:${server.port}/nowhere`,
      ]) {
        const store = openStore(url);
        const error = await store.commit([["a", "value-of-a-person"]], []).then(
          () => assert.fail("nothing is refused"),
          (reason) => reason,
        );
        assert.equal(error.code, "store_failed");
        assert.match(error.hint, /Check the user/);
        assert.doesNotMatch(
          inspect(error, { depth: 9, showHidden: true }),
          /horse-battery|value-of-a-person/,
        );
        await store.close();
      }
    });

    test("refuses what is not a client, and what cannot be a table or a name", () => {
      for (const wrong of [undefined, {}, "postgres://localhost"])
        assert.throws(() => postgres(wrong), { code: "invalid_config" });
      const query = () => assert.fail("asked");
      for (const table of ['a"b', "a.b.c", "A", "", "x".repeat(41), 5])
        assert.throws(() => postgres({ query }, { table }), { code: "invalid_config" });
      for (const name of ["", 5, "x".repeat(101)])
        assert.throws(() => postgres({ query }, { name }), { code: "invalid_config" });
    });
  });
}
