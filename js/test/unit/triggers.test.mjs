// Triggers: what a poll refuses, where it begins, and what it gives of ties, of late records, of backlogs and of
// lists that shift while they are read.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, test } from "node:test";
import { importSources } from "../build-sources.mjs";
import { Model } from "../trigger-model.mjs";

const {
  contentHash,
  createTriggersOn,
  decodeCursor,
  encodeCursor,
  endpoints,
  hash40,
  LONGEST_CURSOR,
  NAMED,
  INSTEAD,
  Seen,
  TIMED,
} = await importSources(
  "triggers",
  "triggers/cursor",
  "triggers/facts",
  "triggers/hash",
  "triggers/named",
  "triggers/seen",
  "generated/endpoints",
);

const MINUTE = 60_000;
const table = endpoints();

/** Triggers over a model, whose clock is the program's too. */
let model;
let triggers;
const realNow = Date.now;
beforeEach(() => {
  model = new Model();
  triggers = createTriggersOn(model.caller, "loc", () => table);
  Date.now = () => model.now;
});
afterEach(() => {
  Date.now = realNow;
});

/** Triggers over a service with these answers. */
function over(answers) {
  const calls = [];
  const answer = (kind) => async (name, parameters) => {
    calls.push({ name, parameters });
    return answers[kind](name, parameters, calls.length);
  };
  const caller = { page: answer("page"), call: answer("call"), bytes: answer("bytes") };
  return { calls, triggers: createTriggersOn(caller, "loc", () => table) };
}

const listOf = (items) => ({ items, cursor: null, total: null, missing: 0 });
const idsOf = (items) => items.map(({ id }) => id);
const refused = (message) => ({ code: "invalid_argument", message });

describe("the table", () => {
  const all = over({}).triggers.list();
  const catalogue = table.filter(
    ({ service, kind, catalogue: names }) => service === "ghl" && kind === "trigger" && names.length > 0,
  );

  test("has each of the 55 operations of the catalogue, and every list that reads", () => {
    assert.equal(catalogue.length, 55);
    const lists = table.filter(({ kind, gives }) => kind === "trigger" && gives === "list");
    for (const { service, name } of [...catalogue, ...lists]) {
      const found = all.find((trigger) => trigger.name === `${service}.${name}`);
      assert.ok(found, `${service}.${name}`);
      assert.equal(found.reads, found.name);
      assert.match(found.finds, /^(times|contents)$/);
    }
  });

  test("has names once, with titles, and intervals that a platform may keep", () => {
    assert.equal(new Set(all.map(({ name }) => name)).size, all.length);
    for (const { name, title, description, intervalMs } of all) {
      assert.ok(title && description, name);
      assert.ok(intervalMs >= 60_000 && intervalMs <= 900_000, name);
    }
  });

  test("speaks only of endpoints and parameters that exist", () => {
    const known = new Map(table.map((endpoint) => [`${endpoint.service}.${endpoint.name}`, endpoint]));
    for (const name of [...Object.keys(TIMED), ...Object.keys(INSTEAD)]) assert.ok(known.has(name), name);
    for (const [name, facts] of Object.entries(TIMED)) {
      const parameters = known.get(name).parameters.map((parameter) => parameter.name);
      const place = { time: 1_700_000_000_000, id: "x", after: [1, "x"] };
      const asked = [facts.since?.(place, facts.updated, {}), facts.newest?.(facts.updated), facts.all?.()];
      const set = [...facts.owned, ...(facts.oneOf ?? []), ...asked.flatMap((one) => Object.keys(one ?? {}))];
      for (const parameter of set) assert.ok(parameters.includes(parameter), `${name} ${parameter}`);
    }
    for (const [name, { reads, fixed = {} }] of Object.entries(NAMED)) {
      const parameters = known.get(reads)?.parameters.map((parameter) => parameter.name);
      for (const parameter of Object.keys(fixed))
        assert.ok(parameters.includes(parameter), `${name} ${parameter}`);
    }
  });

  test("and the page about triggers name the same", () => {
    const page = readFileSync(new URL("../../../pkg-template/docs/triggers.md", import.meta.url), "utf8");
    const [, section] = /^## The triggers\n([\s\S]+?)\n## /m.exec(page);
    const rows = [...section.matchAll(/^\| `(\w+)` \| (\w+) \|/gm)];
    const services = { GHL: "ghl", ChartMogul: "chartmogul" };
    assert.deepEqual(
      rows.map(([, name, service]) => [name, services[service]]),
      Object.entries(NAMED).map(([name, { reads }]) => [name, reads.split(".")[0]]),
    );
  });
});

describe("before anything is sent, a poll refuses", () => {
  const { calls, triggers } = over({});
  const used = async (...given) => await triggers.poll(...given);

  for (const [what, given, message] of [
    ["an unknown name", ["newContct"], "unknown trigger newContct"],
    ["an unknown option", ["newContact", null, { Limit: 5 }], "unknown option Limit"],
    ["a limit of nothing", ["newContact", null, { limit: 0 }], /limit must be a whole number above 0, not 0/],
    ["half an item", ["newContact", null, { limit: 1.5 }], /not 1.5/],
    ["an interval that is too short", ["newContact", null, { intervalMs: 59_999 }], /1 to 15 minutes/],
    ["an interval that is too long", ["newContact", null, { intervalMs: 900_001 }], /1 to 15 minutes/],
    ["parameters that are a list", ["newContact", null, { parameters: [] }], /must be one object/],
    [
      "an unknown parameter",
      ["newTask", null, { parameters: { colour: 1 } }],
      "newTask has no parameter colour",
    ],
    [
      "a parameter of its own",
      ["newTask", null, { parameters: { skip: 1 } }],
      "newTask sets the parameter skip itself",
    ],
    ["a missing parameter", ["notes.list"], "ghl.notes.list: the parameter contactId is missing"],
    [
      "an appointment of nobody",
      ["newAppointment"],
      /one of the parameters calendarId, userId, groupId is needed/,
    ],
    [
      "too many contacts",
      ["newNote", null, { parameters: { contactIds: Array(51).fill("c") } }],
      /1 to 50 ids/,
    ],
    ["a cursor that is not a text", ["newContact", 5], /a text, not number/],
    ["an empty cursor", ["newContact", ""], /not one of a trigger/],
    ["a cursor of a list", ["newContact", "eyJlIjoieCJ9"], /not one of a trigger/],
  ]) {
    test(what, async () => {
      await assert.rejects(used(...given), refused(message));
      const { poll } = triggers;
      await assert.rejects(async () => {
        for await (const _ of poll(...given));
      }, refused(message));
      assert.deepEqual(calls, []);
    });
  }
});

describe("a cursor", () => {
  const state = () => ({
    polledAt: 5,
    aheadMs: 90_000,
    place: { time: 1_700_000_000_000, id: "žluťoučký", after: [1, "x"] },
    base: 7,
    seen: new Seen(),
    noted: new Seen(),
  });

  test("holds all that it is given", () => {
    const full = state();
    for (let index = 0; index < 5; index++) full.seen.set(hash40(`a${index}`), hash40(`b${index}`));
    full.seen.sweep();
    full.seen.meet(hash40("a0"));
    full.seen.sweep();
    full.noted.set(hash40("n"), 179_000_000_000);
    const read = decodeCursor("newNote", "p", encodeCursor("newNote", "p", full));
    assert.deepEqual({ ...read, seen: 0, noted: 0 }, { ...full, seen: 0, noted: 0 });
    assert.equal(read.seen.version(hash40("a3")), hash40("b3"));
    assert.deepEqual([read.seen.size, read.seen.present], [5, 1]);
    assert.equal(read.noted.version(hash40("n")), 179_000_000_000);
  });

  test("is refused when a letter is missing, wrong or too many", () => {
    const cursor = encodeCursor("newContact", "p", state());
    const torn = [cursor.slice(0, -1), cursor.slice(1), `${cursor}A`, cursor.replace(".", "..")];
    for (let at = 0; at < cursor.length; at += 7) {
      torn.push(`${cursor.slice(0, at)}${cursor[at] === "A" ? "B" : "A"}${cursor.slice(at + 1)}`);
    }
    for (const text of torn) {
      assert.throws(() => decodeCursor("newContact", "p", text), refused(/not one of a trigger/));
    }
  });

  test("belongs to its trigger, its parameters and its location", async () => {
    const cursor = encodeCursor("newContact", "p", state());
    assert.throws(
      () => decodeCursor("newTask", "p", cursor),
      refused(/one of the trigger newContact, not of newTask/),
    );
    assert.throws(() => decodeCursor("newContact", "q", cursor), refused(/with other parameters/));
    model.create();
    const parameters = { query: "a" };
    const { cursor: own } = await triggers.poll("contacts.search", null, { parameters });
    await triggers.poll("ghl.contacts.search", own, { parameters });
    const calls = model.calls;
    await assert.rejects(
      async () => await triggers.poll("contacts.search", own),
      refused(/with other parameters/),
    );
    const elsewhere = createTriggersOn(model.caller, "another", () => table);
    await assert.rejects(
      async () => await elsewhere.poll("contacts.search", own, { parameters }),
      refused(/with other parameters/),
    );
    assert.equal(model.calls, calls);
  });

  test("holds nothing of a record but its id, and stays small in a burst", async () => {
    model.create({ name: "Ada Lovelace" });
    let { cursor } = await triggers.poll("newContact");
    model.now += MINUTE;
    for (let index = 0; index < 2_500; index++) model.create({ name: "Ada Lovelace" });
    const given = [];
    for (let round = 0; round < 3; round++) {
      const poll = triggers.poll("newContact", cursor);
      for await (const { id } of poll) given.push(id);
      cursor = poll.cursor;
      assert.ok(cursor.length <= LONGEST_CURSOR, String(cursor.length));
      assert.ok(!Buffer.from(cursor, "base64url").toString().includes("Ada"));
      // The first 1,000 at once, the rest when it is settled.
      assert.equal(given.length, [1_000, 1_000, 2_500][round]);
      model.now += 3 * MINUTE;
    }
    assert.equal(new Set(given).size, 2_500);
    model.now += 6 * MINUTE;
    const { cursor: last } = await triggers.poll("newContact", cursor);
    assert.ok(last.length < 300, `${last.length} characters when all is settled`);
  });
});

describe("the first poll", () => {
  test("gives nothing of a large location, for one call", async () => {
    for (let index = 0; index < 3_000; index++) model.create();
    const { items, cursor, more } = await triggers.poll("contacts.search");
    assert.deepEqual([items, more, model.calls], [[], false, 1]);
    assert.deepEqual((await triggers.poll("contacts.search", cursor)).items, []);
  });

  test("gives the newest as samples on demand", async () => {
    const ids = [];
    for (let index = 0; index < 5; index++) {
      ids.unshift(model.create());
      model.now += 1_000;
    }
    const { items } = await triggers.poll("newContact", null, { samples: true });
    assert.deepEqual(
      items.map(({ id, change }) => [id, change]),
      ids.slice(0, 3).map((id) => [id, "sample"]),
    );
    const two = await triggers.poll("newContact", null, { samples: true, limit: 2 });
    assert.deepEqual(idsOf(two.items), ids.slice(0, 2));
    assert.deepEqual((await triggers.poll("newContact", two.cursor, { samples: true })).items, []);
  });

  test("has a cursor once it knows where to begin, and none when it failed", async () => {
    const { triggers: broken } = over({ page: () => Promise.reject(new Error("no network")) });
    const poll = broken.poll("newContact");
    await assert.rejects(async () => await poll, /no network/);
    assert.equal(poll.cursor, null);
  });

  test("ignores records of a time to come: what changes now is given", async () => {
    const ahead = model.create();
    model.update(ahead, { updated: model.now + 60 * MINUTE });
    const id = model.create();
    const { cursor } = await triggers.poll("contacts.search");
    model.now += MINUTE;
    model.update(id);
    const { items } = await triggers.poll("contacts.search", cursor);
    assert.deepEqual(idsOf(items), [id]);
  });
});

describe("a later poll", () => {
  test("takes up where the limit ended it, the oldest first", async () => {
    let { cursor } = await triggers.poll("contacts.search");
    const ids = [];
    for (let index = 0; index < 7; index++) {
      model.now += 1_000;
      ids.push(model.create());
    }
    const given = [];
    for (const more of [true, true, false]) {
      const page = await triggers.poll("contacts.search", cursor, { limit: 3 });
      assert.equal(page.more, more);
      given.push(...idsOf(page.items));
      cursor = page.cursor;
    }
    assert.deepEqual(given, ids);
  });

  test("gives thousands of one millisecond once each, however small the limit", async () => {
    model.create();
    let { cursor } = await triggers.poll("contacts.search");
    model.now += MINUTE;
    for (let index = 0; index < 1_700; index++) model.create();
    model.now += 10 * MINUTE;
    const given = new Set();
    for (let more = true; more; ) {
      assert.ok(model.calls < 100, "polls come to no end");
      const page = await triggers.poll("contacts.search", cursor, { limit: 97 });
      for (const { id } of page.items) {
        assert.ok(!given.has(id), id);
        given.add(id);
      }
      ({ cursor, more } = page);
    }
    assert.equal(given.size, 1_700);
  });

  test("has room for a burst as soon as the one before is settled", async () => {
    let { cursor } = await triggers.poll("newTask");
    for (let burst = 0; burst < 3; burst++) {
      model.now += 6 * MINUTE;
      for (let index = 0; index < 900; index++) model.create();
      const page = await triggers.poll("newTask", cursor, { limit: 5_000 });
      assert.equal(page.items.length, 900);
      cursor = page.cursor;
    }
  });

  test("finds a record that its index shows late, behind newer ones", async () => {
    let { cursor } = await triggers.poll("newContact");
    model.lag = () => 4 * MINUTE;
    const late = model.create();
    model.lag = () => 0;
    model.now += 1_000;
    const prompt = model.create();
    const page = await triggers.poll("newContact", cursor);
    assert.deepEqual(idsOf(page.items), [prompt]);
    cursor = page.cursor;
    model.now += 4 * MINUTE;
    assert.deepEqual(idsOf((await triggers.poll("newContact", cursor)).items), [late]);
  });

  test("has a cursor behind each item that it gave", async () => {
    const { cursor } = await triggers.poll("contacts.search");
    model.now += 1_000;
    const ids = [model.create(), model.create(), model.create()].toSorted();
    const poll = triggers.poll("contacts.search", cursor);
    assert.equal(poll.cursor, cursor);
    for await (const { id } of poll) {
      const rest = await triggers.poll("contacts.search", poll.cursor);
      assert.deepEqual(idsOf(rest.items), ids.slice(ids.indexOf(id) + 1));
    }
  });

  test("that its signal ends loses nothing", async () => {
    const { cursor } = await triggers.poll("contacts.search");
    model.now += 1_000;
    const ids = [model.create(), model.create()].toSorted();
    const controller = new AbortController();
    const poll = triggers.poll("contacts.search", cursor, { signal: controller.signal });
    await assert.rejects(async () => {
      for await (const _ of poll) controller.abort(new Error("enough"));
    }, /enough/);
    assert.deepEqual(idsOf((await triggers.poll("contacts.search", poll.cursor)).items), ids.slice(1));
  });

  test("sends nothing before its interval is over", async () => {
    model.create();
    const options = { intervalMs: 5 * MINUTE };
    const { cursor } = await triggers.poll("newContact", null, options);
    model.now += 4 * MINUTE;
    const id = model.create();
    const calls = model.calls;
    const early = await triggers.poll("newContact", cursor, options);
    assert.deepEqual([early.items, early.cursor, model.calls], [[], cursor, calls]);
    model.now += MINUTE;
    const page = await triggers.poll("newContact", cursor, options);
    assert.deepEqual(idsOf(page.items), [id]);
    model.now += 4 * MINUTE;
    const { calls: sent } = model;
    await triggers.poll("newContact", page.cursor, options);
    assert.equal(model.calls, sent);
  });

  test("keeps the time that it reached, whatever the clock of this machine says", async () => {
    const ids = [1, 2, 3].map(() => {
      model.now += 1_000;
      return model.create();
    });
    const { cursor } = await triggers.poll("contacts.search");
    const page = await triggers.poll("contacts.search", cursor);
    assert.deepEqual(page.items, [], `given although they were there before: ${ids}`);
    assert.deepEqual((await triggers.poll("contacts.search", page.cursor)).items, []);
  });

  test("gives a change that comes while it lasts to a contact that it met as a new one", async () => {
    model.create();
    const { cursor } = await triggers.poll("updatedContact");
    model.now += MINUTE;
    const id = model.create();
    for (let index = 0; index < 20; index++) {
      model.now += 1_000;
      model.create();
    }
    model.now += 10 * MINUTE;
    model.pageSize = 5;
    let page = 0;
    model.onPage = () => {
      page += 1;
      if (page === 3) model.update(id);
    };
    assert.deepEqual(idsOf((await triggers.poll("updatedContact", cursor)).items), [id]);
  });

  test("tells new records from changed ones", async () => {
    const old = model.create();
    let { cursor } = await triggers.poll("contacts.search");
    model.now += MINUTE;
    const created = model.create();
    model.update(old);
    let page = await triggers.poll("contacts.search", cursor);
    assert.deepEqual(
      page.items.map(({ id, change }) => [id, change]).toSorted(),
      [
        [created, "new"],
        [old, "changed"],
      ].toSorted(),
    );
    model.now += MINUTE;
    model.update(created);
    page = await triggers.poll("contacts.search", page.cursor);
    assert.deepEqual(
      page.items.map(({ id, change }) => [id, change]),
      [[created, "changed"]],
    );
    model.now += 20 * MINUTE;
    ({ cursor } = await triggers.poll("contacts.search", page.cursor));
    model.update(created);
    page = await triggers.poll("contacts.search", cursor);
    assert.deepEqual(
      page.items.map(({ id, change }) => [id, change]),
      [[created, "changed"]],
    );
  });
});

describe("lists that shift while they are read", () => {
  test("are read again when a record above was deleted", async () => {
    const ids = [];
    for (let index = 0; index < 30; index++) {
      model.now += 1_000;
      ids.push(model.create());
    }
    const { cursor } = await triggers.poll("tasks.search");
    model.now += MINUTE;
    for (const id of ids) model.update(id);
    model.now += 30 * MINUTE;
    model.pageSize = 10;
    let page = 0;
    model.onPage = () => {
      page += 1;
      // Newest first: with the newest, all that follow move up.
      if (page === 2) for (const id of ids.slice(-11)) model.remove(id);
    };
    const { items } = await triggers.poll("tasks.search", cursor, { limit: 1_000 });
    assert.deepEqual(idsOf(items).toSorted(), ids.slice(0, 19).toSorted());
  });

  test("end with an error that says so where they never hold still", async () => {
    for (let index = 0; index < 60; index++) model.create();
    model.pageSize = 5;
    model.onPage = () => {
      for (const id of model.ids().slice(0, 6)) model.remove(id);
      for (let index = 0; index < 6; index++) model.create({ created: model.now - 1_000 });
    };
    await assert.rejects(async () => await triggers.poll("tasks.search"), { code: "incomplete_list" });
  });

  test("continue behind a time that records share", async () => {
    const first = model.create();
    const { cursor } = await triggers.poll("conversations.search");
    model.now += MINUTE;
    model.pageSize = 4;
    const ids = [first];
    model.update(first);
    // Three have one time, of which the first page holds two.
    for (const step of [1, 1, 0, 0, 1, 1]) {
      model.now += step * 1_000;
      ids.push(model.create());
    }
    model.now += 30 * MINUTE;
    const { items } = await triggers.poll("conversations.search", cursor);
    assert.deepEqual(idsOf(items).toSorted(), ids.toSorted());
  });

  test("that are not sorted as asked are refused, not misread", async () => {
    const row = (id, dateUpdated) => ({ id, dateUpdated, dateAdded: dateUpdated, searchAfter: [1, id] });
    const rows = [row("a", "2026-11-01T00:00:02Z"), row("b", "2026-11-01T00:00:01Z")];
    const { triggers: odd } = over({
      page: (_, { sort }) => listOf(sort[0].direction === "asc" ? rows : []),
    });
    const { cursor } = await odd.poll("contacts.search");
    await assert.rejects(async () => await odd.poll("contacts.search", cursor), {
      code: "unreadable_response",
    });
  });
});

describe("records that are compared by what they hold", () => {
  test("come when they are new or other than before, in whatever order their properties are", async () => {
    let rows = [{ id: "a", n: 1, deep: { x: 1, y: 2 } }, { id: "b" }];
    const { triggers: tags } = over({ page: () => listOf(rows) });
    let { cursor } = await tags.poll("tags.list");
    rows = [{ id: "b" }, { deep: { y: 2, x: 1 }, n: 1, id: "a", traceId: "t" }];
    let page = await tags.poll("tags.list", cursor);
    assert.deepEqual(page.items, []);
    rows = [{ id: "b", n: 5 }, { id: "c" }, ...rows.slice(1)];
    page = await tags.poll("tags.list", page.cursor);
    assert.deepEqual(
      page.items.map(({ id, change }) => [id, change]),
      [
        ["b", "changed"],
        ["c", "new"],
      ],
    );
    ({ cursor } = page);
    assert.deepEqual((await tags.poll("tags.list", cursor)).items, []);
    assert.notEqual(contentHash({ a: 1 }), contentHash({ a: 2 }));
  });

  test("are not given again when one reading missed them", async () => {
    const rows = [{ id: "a" }, { id: "b" }];
    let shown = rows;
    const { triggers: tags } = over({ page: () => listOf(shown) });
    let { cursor } = await tags.poll("tags.list");
    shown = rows.slice(1);
    ({ cursor } = await tags.poll("tags.list", cursor));
    shown = rows;
    const page = await tags.poll("tags.list", cursor);
    assert.deepEqual(page.items, []);
    // Gone for two readings is gone.
    shown = [];
    ({ cursor } = await tags.poll("tags.list", page.cursor));
    ({ cursor } = await tags.poll("tags.list", cursor));
    shown = rows;
    assert.deepEqual(idsOf((await tags.poll("tags.list", cursor)).items), ["a", "b"]);
  });

  test("are at most 1,000; beyond, the error says what to poll instead", async () => {
    const rows = (count, from = 0) =>
      Array.from({ length: count }, (_, index) => ({ uuid: `c${from + index}` }));
    let shown = rows(1_000);
    const { triggers: customers } = over({ page: () => listOf(shown) });
    const { cursor } = await customers.poll("newCustomer");
    assert.ok(cursor.length <= LONGEST_CURSOR);
    // All others: the most that a cursor ever holds.
    shown = rows(1_000, 1_000);
    const poll = customers.poll("newCustomer", cursor);
    let count = 0;
    for await (const _ of poll) {
      count += 1;
      if (count % 100 === 0) assert.ok(poll.cursor.length <= LONGEST_CURSOR, String(poll.cursor.length));
    }
    assert.equal(count, 1_000);
    shown = rows(1_001);
    for (const place of [null, poll.cursor]) {
      await assert.rejects(async () => await customers.poll("newCustomer", place), {
        ...refused(/more than 1,000 records/),
        hint: /mrrChanged/,
      });
    }
  });

  test("may be one record, none at first, or a file", async () => {
    let contact = null;
    let file = Uint8Array.of(1, 2);
    const { triggers: one } = over({ call: async () => contact, bytes: async () => file });
    const duplicate = { parameters: { email: "a@example.com" } };
    let { cursor } = await one.poll("contacts.searchDuplicate", null, duplicate);
    contact = { id: "a", city: "Brno" };
    let page = await one.poll("contacts.searchDuplicate", cursor, duplicate);
    assert.deepEqual(
      page.items.map(({ change, record }) => [change, record]),
      [["new", contact]],
    );
    contact = { id: "a", city: "Graz" };
    page = await one.poll("contacts.searchDuplicate", page.cursor, duplicate);
    assert.deepEqual(
      page.items.map(({ change, record }) => [change, record]),
      [["changed", contact]],
    );
    const message = { parameters: { messageId: "m" } };
    ({ cursor } = await one.poll("messages.getRecording", null, message));
    assert.deepEqual((await one.poll("messages.getRecording", cursor, message)).items, []);
    file = Uint8Array.of(1, 3);
    page = await one.poll("messages.getRecording", cursor, message);
    assert.deepEqual(
      page.items.map(({ record }) => record),
      [file],
    );
  });

  test("come by what they hold, too, where a list with times has one without", async () => {
    let rows = [{ _id: "t", title: "Call" }];
    const { triggers: tasks } = over({ page: () => listOf(rows) });
    let { cursor } = await tasks.poll("tasks.search");
    let page = await tasks.poll("tasks.search", cursor);
    assert.deepEqual(page.items, []);
    rows = [
      { _id: "t", title: "Call again" },
      { _id: "u", dateUpdated: "not a date" },
    ];
    page = await tasks.poll("tasks.search", page.cursor);
    assert.deepEqual(idsOf(page.items).toSorted(), ["t", "u"]);
    ({ cursor } = page);
    assert.deepEqual((await tasks.poll("tasks.search", cursor)).items, []);
  });
});

describe("newNote", () => {
  /** A location whose notes move their contact's time. */
  function location() {
    const notes = new Map();
    const { page } = model.caller;
    const calls = { notes: 0 };
    const caller = {
      page: async (name, parameters, cursor) => {
        if (name !== "ghl.notes.list") return page(name, parameters, cursor);
        calls.notes += 1;
        return listOf(notes.get(parameters.contactId) ?? []);
      },
    };
    const write = (contactId, id) => {
      model.now += 1_000;
      model.update(contactId);
      const dateAdded = new Date(model.get(contactId).updated).toISOString();
      notes.set(contactId, [{ id, dateAdded }, ...(notes.get(contactId) ?? [])]);
    };
    return { calls, write, triggers: createTriggersOn(caller, "loc", () => table) };
  }

  test("gives each note once, though its contact changes again", async () => {
    const { write, triggers: notes } = location();
    const [one, other] = [model.create(), model.create()];
    write(one, "old");
    let { cursor } = await notes.poll("newNote");
    const given = [];
    let polls = 0;
    const poll = async () => {
      const page = await notes.poll("newNote", cursor, { limit: 1 });
      polls += 1;
      assert.ok(polls < 40, "polls come to no end");
      cursor = page.cursor;
      given.push(...idsOf(page.items));
      return page.more;
    };
    write(one, "n1");
    write(one, "n2");
    write(other, "n3");
    while (await poll());
    assert.deepEqual(given.toSorted(), ["n1", "n2", "n3"]);
    for (let round = 0; round < 4; round++) {
      model.now += 3 * MINUTE;
      model.update(one);
      while (await poll());
    }
    write(one, "n4");
    while (await poll());
    assert.deepEqual(given.slice(3), ["n4"]);
  });

  test("reads no more than 100 contacts in a poll", async () => {
    const { calls, write, triggers: notes } = location();
    const contacts = Array.from({ length: 230 }, () => model.create());
    let { cursor } = await notes.poll("newNote");
    model.now += MINUTE;
    for (const [index, id] of contacts.entries()) write(id, `n${index}`);
    const given = [];
    for (const [more, most] of [
      [true, 100],
      [true, 200],
      [false, 230],
    ]) {
      const poll = notes.poll("newNote", cursor);
      for await (const { id } of poll) given.push(id);
      assert.deepEqual([poll.more, calls.notes], [more, most]);
      cursor = poll.cursor;
    }
    assert.equal(new Set(given).size, 230);
    assert.equal(given.length, 230);
  });
});

describe("the newest without a cursor", () => {
  const collect = async (items) => {
    const all = [];
    for await (const item of items) all.push(item);
    return all;
  };

  test("come newest first: a page where the service sorts them, more on demand, page by page", async () => {
    const ids = [];
    for (let index = 0; index < 250; index++) {
      ids.unshift(model.create());
      model.now += 1_000;
    }
    assert.deepEqual(idsOf(await collect(triggers.newest("newContact"))), ids.slice(0, 100));
    assert.equal(model.calls, 1);
    assert.deepEqual(idsOf(await collect(triggers.newest("newContact", { limit: 1_000 }))), ids);
    assert.equal(model.calls, 4);
    for await (const { id, change } of triggers.newest("newContact", { limit: 250 })) {
      assert.deepEqual([id, change], [ids[0], "sample"]);
      break;
    }
    assert.equal(model.calls, 5);
  });

  test("of a trigger for changes are those that were changed, by the time of the change", async () => {
    const first = model.create();
    model.now += MINUTE;
    const second = model.create();
    model.now += MINUTE;
    model.update(first);
    const items = await collect(triggers.newest("updatedContact"));
    assert.deepEqual(
      items.map(({ id, version }) => [id, version]),
      [[first, new Date(model.now).toISOString()]],
    );
    assert.deepEqual(idsOf(await collect(triggers.newest("newContact"))), [second, first]);
  });

  test("of conversations continue behind the last page, though many have one time", async () => {
    const ids = new Set();
    for (let index = 0; index < 230; index++) {
      ids.add(model.create());
      if (index % 3 === 0) model.now += 1_000;
    }
    const items = await collect(triggers.newest("ghl.conversations.search", { limit: 1_000 }));
    assert.deepEqual([items.length, new Set(idsOf(items))], [230, ids]);
    const times = items.map(({ version }) => version);
    assert.deepEqual(times, times.toSorted().reverse());
  });

  test("of lists without times are all of them, with a version of their contents", async () => {
    const records = [
      { id: "a", name: "A" },
      { id: "b", name: "B" },
    ];
    const { triggers: tags } = over({ page: () => listOf(records) });
    const [a, b] = await collect(tags.newest("ghl.tags.list"));
    assert.deepEqual([a.record, b.id], [records[0], "b"]);
    records[1].name = "C";
    const [same, changed] = await collect(tags.newest("ghl.tags.list"));
    assert.equal(same.version, a.version);
    assert.notEqual(changed.version, b.version);
  });

  test("of activities are all of the 30 days in which they may come late, not a page of them", async () => {
    const at = model.now;
    const late = model.create({ date: at - 29 * 24 * 60 * MINUTE, type: "churn" });
    for (let index = 0; index < 1_300; index++) model.create({ date: at - index * 1_000, type: "churn" });
    const items = await collect(triggers.newest("customerChurned"));
    assert.equal(items.length, 1_301);
    assert.equal(items.at(-1).id, late);
  });

  test("of a trigger for changes are looked for in 500 records, more only on demand", async () => {
    const changed = model.create();
    model.update(changed);
    model.now += MINUTE;
    for (let index = 0; index < 2_000; index++) model.create();
    assert.deepEqual(await collect(triggers.newest("updatedContact")), []);
    assert.equal(model.calls, 5);
    assert.deepEqual(await collect(triggers.newest("updatedContact", { limit: 3 })), []);
    assert.equal(model.calls, 10);
    assert.deepEqual(idsOf(await collect(triggers.newest("updatedContact", { limit: 10_000 }))), [changed]);
  });

  test("of notes are those of an hour; on demand of all contacts of the day, as samples of any time", async () => {
    const at = (hours) => new Date(model.now - hours * 60 * MINUTE).toISOString();
    const contacts = [1, 2, 30, 50].map((hours) => ({
      id: `c${hours}`,
      dateAdded: at(100),
      dateUpdated: at(hours),
    }));
    const note = (id, hours) => ({ id, dateAdded: at(hours) });
    const notesOf = {
      c1: [note("new", 1), note("old", 90)],
      c2: [note("second", 2)],
      c30: [note("late", 30)],
      c50: [],
    };
    const { calls, triggers: notes } = over({
      page: (name, { contactId }) => listOf(name === "ghl.notes.list" ? notesOf[contactId] : contacts),
    });
    assert.deepEqual(idsOf(await collect(notes.newest("newNote"))), ["new"]);
    assert.equal(calls.length, 2);
    const known = await collect(notes.newest("newNote", { limit: 10_000 }));
    assert.deepEqual(idsOf(known), ["new", "old", "second"]);
    assert.equal(calls.length, 5);
    const samples = await collect(notes.newest("newNote", { limit: 3 }));
    assert.deepEqual(idsOf(samples), ["new", "second", "old"]);
    const named = await collect(notes.newest("newNote", { parameters: { contactIds: ["c1", "c30"] } }));
    assert.deepEqual(idsOf(named), ["new", "late", "old"]);
  });

  test("are refused a wrong option before anything is sent", async () => {
    const { calls, triggers: none } = over({});
    const first = (options, name = "newContact") => none.newest(name, options).next();
    await assert.rejects(first({ samples: true }), refused("unknown option samples"));
    await assert.rejects(
      first({ limit: 0 }),
      refused("the option limit must be a whole number above 0, not 0"),
    );
    await assert.rejects(first({}, "newThing"), refused("unknown trigger newThing"));
    assert.equal(calls.length, 0);
  });

  test("end when the signal fires", async () => {
    for (let index = 0; index < 5; index++) model.create();
    const controller = new AbortController();
    const items = triggers.newest("newContact", { signal: controller.signal });
    await items.next();
    controller.abort(new Error("enough"));
    await assert.rejects(items.next(), /enough/);
  });
});
