// Watching a location: when runs begin, what ends the watch, and what it says, on a clock that is played.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { importSources } from "../build-sources.mjs";

const { ConnectorError, createError, giveHint, onHint, watch, watchTimes } = await importSources(
  "watch",
  "errors",
  "hints",
);

const MINUTE = 60_000;
const TIMES = { intervalMs: 15 * MINUTE, jitterMs: 0 };
const START = Date.UTC(2027, 0, 1);

const outcome = ({ calls = 0, ...given } = {}) => ({
  done: true,
  plannedOnly: false,
  standing: { failed: 0, waiting: 0 },
  report: { notesWaiting: 0, calls: { ghl: calls, chartmogul: 0 } },
  ...given,
});
const failure = (code, more = {}) => createError({ code, message: code, ...more });

/**
 * Plays a watch: `runs` says what becomes of each run, an outcome or an error; after the last one the
 * signal fires. Gives when each run began, in minutes, and all that was said.
 */
async function play(runs, { times = TIMES, random = 0, hints = [], foreignHints = [], ...given } = {}) {
  let now = START;
  let monotonic = 0;
  const controller = new AbortController();
  const updates = [];
  const began = [];
  const listeners = new Set();
  const pending = hints.map((minute) => START + minute * MINUTE);
  let released = 0;
  const setClock = (to) => {
    now = to;
  };
  const passed = (milliseconds) => {
    now += milliseconds;
    monotonic += milliseconds;
  };
  const host = {
    async run(signal) {
      began.push((now - START) / MINUTE);
      const next = runs.shift();
      if (next?.plannedOnly === false)
        for (const hint of foreignHints) hint.read ||= START + hint.at * MINUTE <= now;
      passed(next?.lasts ?? 0);
      if (next === "abort") {
        controller.abort(new Error("the user's"));
        signal.throwIfAborted();
      }
      const isOver = runs.length === 0 || now >= START + (given.until ?? Infinity) * MINUTE;
      if (isOver) queueMicrotask(() => controller.abort());
      if (next instanceof Error) throw next;
      return next;
    },
    async release() {
      released += 1;
    },
    today: async () => ({ resetsAt: START + 600 * MINUTE, limit: given.limit }),
    onHint(callback) {
      listeners.add(callback);
      return () => listeners.delete(callback);
    },
    // A run reads what is named, unless it only plans.
    hints: async () =>
      foreignHints.filter(({ at, read }) => !read && START + at * MINUTE <= now).map(({ id }) => id),
    now: () => now,
    monotonic: () => monotonic,
    random: () => random,
    async sleep(milliseconds, signal) {
      signal.throwIfAborted();
      assert.ok(milliseconds > 0 && milliseconds <= 30_000, `it looks at the clock: ${milliseconds}`);
      const at = pending[0];
      if (at !== undefined && at <= now + milliseconds) {
        passed(Math.max(0, at - now));
        pending.shift();
        for (const callback of listeners) callback();
        signal.throwIfAborted();
      } else passed(milliseconds);
      given.whileAsleep?.({ setClock, now, controller });
      await Promise.resolve();
    },
    signal: controller.signal,
    onUpdate: (update) => updates.push(update),
  };
  const result = await watch(host, times).finally(() => {
    assert.equal(listeners.size, 0, "nothing listens any more");
  });
  return { result, began, updates, released };
}

const waits = (updates) =>
  updates
    .filter(({ type }) => type === "wait")
    .map(({ until, reason }) => [(until - START) / MINUTE, reason]);

describe("a watch", () => {
  test("runs at once without jitter, then at each interval from one beginning to the next", async () => {
    const { result, began, updates, released } = await play([
      outcome({ lasts: 4 * MINUTE }),
      outcome({ lasts: MINUTE }),
      outcome(),
    ]);
    assert.deepEqual(began, [0, 15, 30]);
    assert.deepEqual(
      updates.map(({ type, run }) => (run === undefined ? type : `${type} ${run}`)),
      ["run 1", "outcome 1", "wait", "run 2", "outcome 2", "wait", "run 3", "outcome 3", "wait"],
    );
    assert.equal(released, 3, "the store is given up after each run");
    assert.equal(result.runs, 3);
    assert.equal(result.interrupted, false);
    assert.equal(result.outcome.done, true);
    assert.equal(result.error, undefined);
  });

  test("begins the next run at once where one lasted longer than the interval", async () => {
    const { began } = await play([outcome({ lasts: 40 * MINUTE }), outcome()]);
    assert.deepEqual(began, [0, 40]);
  });

  test("adds up to its jitter to each wait, the first too", async () => {
    const times = { intervalMs: 15 * MINUTE, jitterMs: 2 * MINUTE };
    const { began, updates } = await play([outcome(), outcome()], { times, random: 0.5 });
    assert.deepEqual(began, [1, 17]);
    assert.deepEqual(waits(updates)[0], [1, "start"]);
  });

  test("tries again after growing waits where a service is missing or another process syncs", async () => {
    const { began, updates, result } = await play([
      failure("network"),
      failure("busy"),
      failure("service_unavailable"),
      outcome({ done: false, stopped: "unavailable" }),
      outcome(),
      failure("busy"),
      outcome(),
    ]);
    assert.deepEqual(began, [0, 0.25, 0.75, 1.75, 3.75, 18.75, 19]);
    assert.deepEqual(
      waits(updates).map(([, reason]) => reason),
      ["unavailable", "busy", "unavailable", "unavailable", "interval", "busy", "interval"],
    );
    const failed = updates.filter(({ type }) => type === "failure");
    assert.deepEqual(
      failed.map(({ error }) => error.code),
      ["network", "busy", "service_unavailable", "busy"],
    );
    assert.equal(result.error, undefined, "the last run went well");
  });

  test("waits no longer than the interval for a service, and no shorter than it asks", async () => {
    const many = Array.from({ length: 9 }, () => failure("timeout"));
    const { began } = await play([...many, outcome()]);
    assert.equal(began.at(-1) - began.at(-2), 15);
    const { began: asked } = await play([failure("rate_limited", { retryAfterMs: 5 * MINUTE }), outcome()]);
    assert.deepEqual(asked, [0, 5]);
  });

  test("continues at the next interval after a failure that waiting does not correct", async () => {
    const { began, updates, result } = await play([failure("cap_exceeded"), failure("cap_exceeded")]);
    assert.deepEqual(began, [0, 15]);
    assert.deepEqual(waits(updates).at(-1), [30, "failed"]);
    assert.equal(result.error.code, "cap_exceeded");
  });

  test("sleeps until the day's calls start again, whatever is named meanwhile", async () => {
    const { began, updates } = await play([outcome({ done: false, stopped: "quota" }), outcome()], {
      hints: [30],
    });
    assert.deepEqual(began, [0, 600]);
    assert.deepEqual(waits(updates)[0], [600, "quota"]);
    const used = failure("daily_quota_exhausted", { retryAfterMs: 120 * MINUTE });
    assert.deepEqual((await play([used, outcome()])).began, [0, 120]);
    const soon = failure("daily_quota_exhausted", { retryAfterMs: MINUTE });
    assert.deepEqual((await play([soon, outcome()])).began, [0, 15]);
  });

  test("syncs changes as usual while only notes wait for the next day's calls", async () => {
    const notes = { done: false, stopped: "quota", report: { notesWaiting: 40 } };
    assert.deepEqual((await play([outcome(notes), outcome()])).began, [0, 15]);
  });

  test("takes a hint of this process within seconds, and hints that come together as one", async () => {
    const { began, updates } = await play([outcome(), outcome(), outcome()], { hints: [5, 5.01] });
    const [first, second, third] = began;
    assert.equal(first, 0);
    assert.ok(Math.abs(second - 5 - 2 / 60) < 1e-9, `${second}`);
    assert.ok(third >= second + 15, `${third}`);
    assert.deepEqual(
      updates.filter(({ type }) => type === "run").map(({ reason }) => reason),
      ["start", "hint", "interval"],
    );
    assert.deepEqual(
      waits(updates).map(([, reason]) => reason),
      ["interval", "hint", "interval", "interval"],
    );
  });

  test("never uses more than a fifth of the day's calls for hints, whatever comes", async () => {
    // A hint each 15 seconds for 12 hours, and runs of 14 calls each.
    const hints = Array.from({ length: 2_880 }, (_, index) => index / 4 + 0.1);
    for (const limit of [10_000, 200_000]) {
      const runs = Array.from({ length: 5_000 }, () => outcome({ calls: 14 }));
      const { began, updates } = await play(runs, { hints, limit, until: 12 * 60 });
      const hinted = updates.filter(({ type, reason }) => type === "run" && reason === "hint").length;
      const allowed = limit * (0.2 / 2 + 0.01) + 2 * 14;
      assert.ok(hinted * 14 <= allowed, `${limit}: ${hinted} runs`);
      assert.ok(hinted * 14 >= Math.min(allowed * 0.8, 2_000 * 14), `${limit}: ${hinted} runs`);
      assert.ok(began.length > hinted, "the others come all the same");
    }
  });

  test("keeps five seconds between a run and one for a hint, or as many as the run took", async () => {
    const { began } = await play([outcome(), outcome()], { hints: [0.01] });
    assert.deepEqual(began, [0, 5 / 60]);
    const long = await play([outcome({ lasts: MINUTE }), outcome()], { hints: [1.01] });
    assert.deepEqual(long.began, [0, 2]);
  });

  test("finds what another process named when it looks", async () => {
    const { began, updates } = await play([outcome(), outcome(), outcome()], {
      foreignHints: [
        { id: "a", at: 7.2 },
        { id: "a", at: 20 },
      ],
    });
    assert.ok(began[1] >= 7.2 && began[1] < 8, `${began[1]}`);
    assert.ok(began[2] >= 20 && began[2] < 21, `the same contact once more: ${began[2]}`);
    assert.equal(updates.find(({ run }) => run === 2).reason, "hint");
  });

  test("does not run again and again for what a run that only plans leaves unread", async () => {
    const planned = outcome({ plannedOnly: true });
    const { began } = await play([planned, planned, planned], {
      foreignHints: [
        { id: "a", at: 3 },
        { id: "b", at: 5 },
      ],
    });
    const [, second, third] = began;
    assert.ok(second >= 3 && second < 4, `${second}`);
    assert.ok(third >= 5 && third < 6, `b is new: ${third}`);
    const { began: later } = await play([planned, planned], { foreignHints: [{ id: "a", at: 0 }] });
    assert.deepEqual(later, [0, 15]);
  });

  test("is ended by what no later run corrects", async () => {
    for (const code of ["unauthorized", "scope_missing", "invalid_config", "forbidden", "crashed"]) {
      await assert.rejects(play([outcome(), failure(code), outcome()]), { code });
    }
    await assert.rejects(play([new TypeError("not one of ours")]), TypeError);
    assert.ok(ConnectorError.is(failure("busy")));
  });

  test("says whether the signal has ended a run or a wait", async () => {
    const { result } = await play([outcome(), "abort"]);
    assert.deepEqual(
      { ...result, outcome: undefined },
      { runs: 2, interrupted: true, outcome: undefined, error: undefined },
    );
    let asleep = 0;
    const { result: waiting, began } = await play([outcome(), outcome()], {
      whileAsleep: ({ controller }) => ++asleep === 3 && controller.abort(),
    });
    assert.deepEqual(began, [0]);
    assert.equal(waiting.interrupted, false);
  });

  test("is not put off by a clock that is set back, nor by a machine that slept", async () => {
    let times = 0;
    const back = await play([outcome(), outcome()], {
      whileAsleep: ({ setClock }) => ++times === 2 && setClock(START - 600 * MINUTE),
    });
    assert.equal(back.result.runs, 2);
    assert.ok(times <= 32, `${times} looks: 15 minutes by the other clock`);
    let looks = 0;
    const slept = await play([outcome(), outcome()], {
      whileAsleep: ({ setClock, now }) => ++looks === 2 && setClock(now + 60 * MINUTE),
    });
    assert.ok(looks <= 3, `${looks} looks`);
    assert.equal(slept.result.runs, 2);
  });

  test("refuses times that are not allowed, before anything is sent, and says which are", () => {
    assert.deepEqual(watchTimes({}), { intervalMs: 900_000, jitterMs: 90_000 });
    assert.deepEqual(watchTimes({ intervalMs: 60_000 }), { intervalMs: 60_000, jitterMs: 6_000 });
    assert.equal(watchTimes({ intervalMs: 86_400_000 }).intervalMs, 86_400_000);
    for (const [given, name] of [
      [{ intervalMs: 59_999 }, "intervalMs"],
      [{ intervalMs: 86_400_001 }, "intervalMs"],
      [{ intervalMs: "15m" }, "intervalMs"],
      [{ intervalMs: Number.NaN }, "intervalMs"],
      [{ jitterMs: -1 }, "jitterMs"],
      [{ jitterMs: 900_001 }, "jitterMs"],
    ]) {
      assert.throws(
        () => watchTimes(given),
        ({ code, message, hint }) =>
          code === "invalid_argument" &&
          message.includes(name) &&
          message.includes("from") &&
          /a minute to a day/.test(hint),
        JSON.stringify(given),
      );
    }
  });
});

test("a hint reaches who watches that location of that store, and nobody else", () => {
  const [store, other] = [{}, {}];
  const heard = [];
  const forget = [
    onHint(store, "l1", () => heard.push("l1")),
    onHint(store, "l1", () => heard.push("again")),
    onHint(store, "l2", () => heard.push("l2")),
    onHint(other, "l1", () => heard.push("other")),
  ];
  giveHint(store, "l1");
  assert.deepEqual(heard, ["l1", "again"]);
  forget[0]();
  giveHint(store, "l1");
  assert.deepEqual(heard, ["l1", "again", "again"]);
  giveHint({}, "l1");
  assert.equal(heard.length, 3);
});
