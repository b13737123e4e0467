// The state store in a Durable Object, in workerd.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { entryFile } from "./project.mjs";

const SEED = Number(process.env.STORE_SEED ?? Date.now() % 1_000_000);

const WORKER = `
  import { DurableObject } from "cloudflare:workers";
  import { durableObject } from ${JSON.stringify(entryFile("durable-object"))};
  import { storeTests } from ${JSON.stringify(entryFile("store-tests"))};
  import { countUp, runSuite } from "./browser-suite.mjs";

  class Place extends DurableObject {
    get store() { return (this.opened ??= durableObject(this.ctx.storage)); }
    get(keys) { return this.store.get(keys); }
    async commit(puts, deletes, guard) {
      try { return { done: this.store.commit(puts, deletes, guard) }; }
      catch ({ code, message, hint }) { return { failure: { code, message, hint } }; }
    }
    scan(prefix, after, limit, size) { return this.store.scan(prefix, after, limit, size); }
    isOne() { return durableObject(this.ctx.storage).identity === this.store.identity; }
  }
  export class Sqlite extends Place {}
  export class Older extends DurableObject {
    refusal() {
      try { durableObject(this.ctx.storage); return "taken"; }
      catch ({ code, message, hint }) { return { code, message, hint }; }
    }
  }

  const open = (env) => (name) => {
    const stub = env.SQLITE.get(env.SQLITE.idFromName(name));
    return {
      conditional: true,
      get: (keys) => stub.get(keys),
      async commit(...given) {
        const { done, failure } = await stub.commit(...given);
        if (failure) throw Object.assign(new Error(failure.message), failure);
        return done;
      },
      scan: (...given) => stub.scan(...given),
    };
  };
  const tasks = {
    suite: (env, { seed }) => runSuite(storeTests, open(env), seed, 10),
    async count(env) {
      const store = open(env)("counted");
      await Promise.all(["a", "b", "c"].map((name) => countUp(open(env)("counted"), name, 30)));
      return [(await store.get(["count"]))[0], (await store.scan("by/", undefined, 999)).length];
    },
    async write(env, { name, rows }) { await open(env)(name).commit(rows, []); return true; },
    rows: (env, { name }) => open(env)(name).scan("", undefined, 999),
    async large(env) {
      const store = open(env)("large");
      await store.commit([["a", "1"]], []);
      const failure = await store.commit([["a", "2"], ["b", "ü".repeat(1_000_001)], ["c", "2"]], []).then(() => "stored", ({ code, message, hint }) => ({ code, message, hint }));
      return { failure, rows: await store.scan("", undefined, 9) };
    },
    older: (env) => env.OLDER.get(env.OLDER.idFromName("o")).refusal(),
    isOne: (env) => env.SQLITE.get(env.SQLITE.idFromName("one")).isOne(),
  };
  export default {
    async fetch(request, env) {
      const { task, ...given } = await request.json();
      try { return Response.json({ value: await tasks[task](env, given) }); }
      catch (error) { return Response.json({ error: String(error.stack ?? error) }); }
    },
  };`;

describe(`the store in a Durable Object (STORE_SEED=${SEED})`, () => {
  const folder = mkdtempSync(join(tmpdir(), "ghl-chartmogul-durable-object-"));
  let script;
  let worker;
  const start = () => {
    worker = new Miniflare({
      modules: [{ type: "ESModule", path: "worker.mjs", contents: script }],
      compatibilityDate: "2026-07-01",
      durableObjects: {
        SQLITE: { className: "Sqlite", useSQLite: true },
        OLDER: { className: "Older" },
      },
      durableObjectsPersist: folder,
    });
  };
  before(async () => {
    const { outputFiles } = await build({
      stdin: { contents: WORKER, resolveDir: import.meta.dirname },
      bundle: true,
      format: "esm",
      target: "es2022",
      external: ["cloudflare:*"],
      write: false,
      logLevel: "warning",
    });
    script = outputFiles[0].text;
    start();
  });
  after(async () => {
    await worker?.dispose();
    rmSync(folder, { recursive: true, force: true });
  });
  const ask = async (task, given = {}) => {
    const response = await worker.dispatchFetch("http://localhost/", {
      method: "POST",
      body: JSON.stringify({ task, ...given }),
    });
    const { value, error } = await response.json();
    if (error) throw new Error(error);
    return value;
  };

  test("does what every store must do", async (t) => {
    const { failed, passed, totals } = await ask("suite", { seed: SEED });
    assert.deepEqual(failed, []);
    assert.ok(passed >= 12 && totals.refused > 0 && totals.found > 0);
    t.diagnostic(JSON.stringify({ passed, totals }));
  });

  test("lets guarded commits of several workers through one after the other", async () => {
    assert.deepEqual(await ask("count"), ["90", 90]);
  });

  test("keeps what was committed when workerd ends and starts again", async () => {
    const rows = [
      ["a", "1"],
      ["é", "2"],
    ];
    await ask("write", { name: "kept", rows });
    await worker.dispose();
    start();
    assert.deepEqual(await ask("rows", { name: "kept" }), rows);
  });

  test("refuses a record that is too large, and stores nothing of its commit", async () => {
    const { failure, rows } = await ask("large");
    assert.equal(failure.code, "store_failed");
    assert.match(failure.message, /under b has 2000002 bytes/);
    assert.deepEqual(rows, [["a", "1"]]);
  });

  test("refuses storage that is not SQLite's, and says how to get it", async () => {
    const { code, hint } = await ask("older");
    assert.equal(code, "invalid_config");
    assert.match(hint, /new_sqlite_classes/);
  });

  test("counts as one for the same object", async () => assert.equal(await ask("isOne"), true));
});
