// Which store a command takes: the environment before the configuration file, and no password in the latter.

import assert from "node:assert/strict";
import test from "node:test";
import { importSources } from "../build-sources.mjs";

const { hasPassword, openStore, readStore, schemeOf, shownStore, storeSetting } = await importSources(
  "cli/store-setting",
  "stores/store-url",
  "stores/open-store",
);

const read = (ofVariable, ofFile) => storeSetting(ofVariable, "THE_VARIABLE", ofFile, "the.setting");

test("the environment goes before the file, and an empty one does not", () => {
  assert.equal(read("redis://a", "postgres://b"), "redis://a");
  assert.equal(read("", "postgres://b"), "postgres://b");
  assert.equal(read(undefined, undefined), undefined);
});

test("a password belongs into the environment only, wherever the URL holds it", () => {
  const secret = "correct-horse";
  for (const url of [
    `redis://:${secret}@host`,
    `postgres://user:${secret}@host/x`,
    `postgres://host/x?password=${secret}`,
    `rediss://host?sentinelPassword=${secret}`,
  ]) {
    assert.equal(hasPassword(url), true, url);
    assert.throws(
      () => read(undefined, url),
      ({ message, hint }) => {
        assert.match(message, /the setting the\.setting holds a password/);
        assert.match(hint, /THE_VARIABLE/);
        assert.doesNotMatch(message + hint, /correct-horse/);
        return true;
      },
    );
    assert.equal(read(url, undefined), url);
    assert.doesNotMatch(shownStore(url), /correct-horse/);
  }
  for (const url of ["state.db", "redis://host/0?prefix=a", "postgres://user@host/x", "C:\\data\\state.db"])
    assert.equal(hasPassword(url), false, url);
});

test("what is not a text is refused, and a path stays one", () => {
  for (const wrong of ["", 5, {}, null])
    assert.throws(() => read(undefined, wrong), /must be the path of a file/);
  assert.deepEqual(["C:\\a.db", "a/b.db", "REDIS://h", "sqlite:a"].map(schemeOf), [
    undefined,
    undefined,
    "redis",
    "sqlite",
  ]);
  assert.equal(shownStore("C:\\a.db"), "C:\\a.db");
  assert.equal(shownStore("postgres://user@host:5/x?name=n"), "postgres://host:5/x");
  assert.equal(readStore("memory"), "memory");
});

test("stores of one URL count as one, whatever its user, and of other parts as others", () => {
  const identity = (url) => openStore(url).identity;
  assert.equal(identity("redis://a:b@h/0?prefix=p"), identity("redis://h/0?prefix=p"));
  for (const other of ["redis://h/1?prefix=p", "redis://h/0?prefix=q", "redis://g/0?prefix=p"])
    assert.notEqual(identity("redis://h/0?prefix=p"), identity(other));
  assert.equal(identity("sqlite:/tmp/a.db"), identity("/tmp/a.db"));
});

test("a URL with blanks around it is one, and what only looks like one becomes no file", () => {
  const secret = "correct-horse";
  assert.equal(read(` redis://:${secret}@h \n`, undefined), `redis://:${secret}@h`);
  assert.equal(openStore(" redis://h/0 ").identity, openStore("redis://h/0").identity);
  for (const wrong of [
    `"redis://:${secret}@h:6379"`,
    `'postgres://u:${secret}@h/db'`,
    `“redis://:${secret}@h”`,
    `URL=redis://:${secret}@h`,
    `sqlite:"redis://:${secret}@h"`,
    `redis ://:${secret}@h`,
  ]) {
    assert.throws(
      () => openStore(wrong),
      (error) => {
        assert.equal(error.code, "invalid_config", wrong);
        assert.doesNotMatch(error.message + error.hint, /correct-horse/);
        return true;
      },
    );
    assert.doesNotMatch(shownStore(wrong), /correct-horse/, wrong);
  }
  for (const wrong of [`"redis://:${secret}@h"`, ` postgres://u:${secret}@h/x`])
    assert.throws(() => read(undefined, wrong), /holds a password/);
});

test("a password that is not encoded is refused, and named nowhere", () => {
  for (const url of [
    "redis://:correct%horse@h",
    "postgres://u:correct%horse@h/x",
    "postgres://u:12/correct-horse@h/x",
    "redis://u:12#correct-horse@h",
    "postgres://u@h/x%",
  ])
    assert.throws(
      () => openStore(url),
      (error) => {
        assert.equal(error.code, "invalid_config", url);
        assert.match(error.hint, /ercent|Allowed/);
        assert.doesNotMatch(error.message + error.hint, /horse/);
        return true;
      },
    );
});
