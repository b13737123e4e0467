// Seeded histories of a service that is polled: whatever happens to records, to the index and to the program,
// nothing is skipped, nothing that was saved is given again, cursors stay small and calls few.
// 200 histories are run, as 1,000 take half a minute: TRIGGER_SEEDS=1000 runs those, from TRIGGER_SEED on. A failure
// names its seed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { importSources } from "../build-sources.mjs";
import { Model, randomOf } from "../trigger-model.mjs";

const { createTriggersOn, endpoints, LONGEST_CURSOR, SETTLED_AFTER_MS } = await importSources(
  "triggers",
  "triggers/cursor",
  "triggers/facts",
  "generated/endpoints",
);

const first = Number(process.env.TRIGGER_SEED ?? 1);
const count = Number(process.env.TRIGGER_SEEDS ?? 200);

const MINUTE = 60_000;
const table = endpoints();

/** What is polled, and how its records are told apart. */
const KINDS = [
  { name: "ghl.contacts.search", version: (state) => new Date(state.updated).toISOString(), most: 2_600 },
  {
    name: "updatedContact",
    version: (state) => new Date(state.updated).toISOString(),
    most: 1_200,
    changes: true,
  },
  { name: "newContact", version: (state) => new Date(state.created).toISOString(), most: 2_600, once: true },
  { name: "ghl.tasks.search", version: (state) => new Date(state.updated).toISOString(), most: 900 },
  {
    name: "ghl.conversations.search",
    version: (state) => new Date(state.updated).toISOString(),
    most: 900,
    ties: 3,
  },
  { name: "chartmogul.tasks.list", version: (state) => new Date(state.updated).toISOString(), most: 900 },
  { name: "ghl.businesses.list", version: (state) => String(state.updated), most: 120, contents: true },
  {
    name: "chartmogul.activities.list",
    version: (state) => new Date(state.date).toISOString(),
    most: 900,
    dated: true,
  },
];

/** One history; throws where a promise is broken. */
async function live(seed) {
  const random = randomOf(seed);
  const below = (most) => Math.floor(random() * most);
  const chance = (share) => random() < share;
  const kind = KINDS[seed % KINDS.length];
  const model = new Model();
  const isBig = chance(0.04);
  model.pageSize = !isBig && chance(0.5) ? 5 + below(40) : 500;
  // This machine's clock may be wrong by any amount: here by up to two hours, and often by a minute at most.
  const skew = below(3) === 0 ? below(240 * MINUTE) - 120 * MINUTE : below(2 * MINUTE) - MINUTE;
  const slowest = below(3 * MINUTE);
  model.lag = kind.contents ? () => 0 : () => below(slowest + 1);
  const largest = isBig ? kind.most : 40;
  let busy = false;
  const change = () => {
    const ids = model.ids();
    const action = random();
    const some = () => ids[below(ids.length)];
    const date = model.now - below(20 * 24 * 60) * MINUTE;
    const fields = kind.dated ? { date: chance(0.7) ? model.now : date } : {};
    // Beyond 1,000 of a month, those that are dated back too far are not looked for.
    const room = (kind.contents || kind.dated ? 900 : 6_000) - model.size;
    if (ids.length === 0 || action < 0.45) {
      const bulk = chance(0.2) ? 1 + below(Math.max(1, Math.min(kind.ties ?? largest, room))) : 1;
      for (let index = 0; index < Math.min(bulk, room); index++) model.create(fields);
    } else if (action < 0.85 && !kind.dated) {
      model.now += 1 + below(5);
      model.update(some());
    } else if (action < 0.95) model.remove(some());
  };
  model.onPage = () => {
    model.now += below(400);
    if (busy && chance(0.3)) change();
  };
  const { poll } = createTriggersOn(model.caller, "loc", () => table);
  const realNow = Date.now;
  Date.now = () => model.now + skew;
  try {
    for (let index = below(40); index > 0; index--) {
      change();
      model.now += below(MINUTE);
    }
    model.now += below(30 * MINUTE);
    const versionsOf = (states) => states.map((state) => `${state.id} ${kind.version(state)}`);
    const former = new Set(kind.contents ? [] : versionsOf(model.shown()));
    const primed = poll(kind.name, null);
    for await (const item of primed) assert.fail(`the first poll gives ${item.id}`);
    let saved = primed.cursor;
    const primedAt = model.now;
    const given = new Map();
    const keyOf = ({ id, version }) => `${id} ${version}`;
    /** By key: when it was saved. */
    const committed = new Map();
    const complete = [];
    const round = async (isCalm) => {
      const limit = chance(0.4) ? 1 + below(isBig ? 500 : 30) : undefined;
      const startedAt = model.now;
      const callsBefore = model.calls;
      const records = model.shown().length;
      const handle = poll(kind.name, saved, limit === undefined ? {} : { limit });
      const pending = [];
      let items = 0;
      const commit = () => {
        saved = handle.cursor;
        assert.ok(saved.length <= LONGEST_CURSOR, `a cursor of ${saved.length} characters`);
        for (const item of pending.splice(0)) committed.set(keyOf(item), item);
      };
      let died = false;
      for await (const item of handle) {
        items += 1;
        assert.ok(!committed.has(keyOf(item)), `given again: ${keyOf(item)}`);
        assert.ok(!pending.some((other) => keyOf(other) === keyOf(item)), `given twice: ${keyOf(item)}`);
        assert.ok(!former.has(keyOf(item)), `given although it was there before: ${keyOf(item)}`);
        pending.push(item);
        given.set(keyOf(item), item);
        if (isCalm) continue;
        // Dies before or behind saving, at any item.
        if (chance(0.02)) died = true;
        if (died && chance(0.5)) break;
        if (chance(0.3)) commit();
        if (died) break;
      }
      assert.ok(limit === undefined || items <= limit, `${items} items at a limit of ${limit}`);
      const page = Math.min(model.pageSize, 100);
      const walks = 2 + Math.ceil((items + records) / 500);
      const bound = 4 + (Math.ceil((records + 60) / Math.max(1, page - 1)) + 1) * walks;
      assert.ok(
        model.calls - callsBefore <= bound * 3,
        `${model.calls - callsBefore} calls for ${records} records`,
      );
      if (died || (!isCalm && chance(0.15))) return true;
      commit();
      if (!handle.more) complete.push({ startedAt, endedAt: model.now });
      return handle.more;
    };
    for (let step = 4 + below(9); step > 0; step--) {
      for (let changes = below(8); changes > 0; changes--) {
        change();
        model.now += chance(0.5) ? below(50) : below(2 * MINUTE);
      }
      busy = chance(0.5);
      await round(false);
      busy = false;
      model.now += below(15 * MINUTE);
    }
    // In the end all that is left comes.
    model.now += 2 * SETTLED_AFTER_MS;
    for (let left = 400; await round(true); left--) assert.ok(left > 0, "polls come to no end");
    assert.equal(await round(true), false);
    for (const { state, from, until } of model.states()) {
      const key = keyOf({ id: state.id, version: kind.version(state) });
      const time = kind.once ? state.created : kind.dated ? from : state.updated;
      const isNew = time > primedAt + (kind.contents ? 0 : Math.max(0, -skew));
      const settled = from + SETTLED_AFTER_MS + MINUTE;
      const wasRead = complete.some(({ startedAt, endedAt }) => startedAt >= settled && endedAt < until);
      const isHere = until === Number.POSITIVE_INFINITY;
      if (!isNew || !(isHere || wasRead)) continue;
      if (kind.changes) {
        // A change of what was new to the same poll is not one.
        const known = state.created + SETTLED_AFTER_MS + MINUTE;
        const wasKnown = complete.some(
          ({ startedAt, endedAt }) => startedAt >= known && endedAt < state.updated,
        );
        if (state.updated === state.created || !wasKnown) continue;
      }
      if (kind.contents) {
        // Versions of records that are compared by contents are hashes.
        const ofId = [...committed.values()].filter((item) => item.id === state.id);
        assert.ok(
          ofId.some(({ record }) => record.changed === state.updated),
          `skipped: ${key}`,
        );
      } else assert.ok(committed.has(key), `skipped: ${key}`);
    }
    return committed.size;
  } finally {
    Date.now = realNow;
  }
}

test(`${count} histories from seed ${first} on skip nothing and give nothing twice`, async () => {
  let items = 0;
  for (let seed = first; seed < first + count; seed++) {
    try {
      items += await live(seed);
    } catch (reason) {
      throw new Error(
        `TRIGGER_SEED=${seed} TRIGGER_SEEDS=1 (${KINDS[seed % KINDS.length].name}): ${reason.message}`,
        {
          cause: reason,
        },
      );
    }
  }
  assert.ok(items > count, `only ${items} items`);
});
