// What the command line says of plans, runs and records, at the widths of terminals.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { importSources } from "../build-sources.mjs";

const {
  checkLines,
  costLines,
  countsOfRun,
  exitCodeOf,
  exitCodeOfStanding,
  forgetLines,
  hintCommands,
  hintText,
  letterLines,
  outcomeLines,
  planLines,
  recordLines,
  runsLines,
  statusLines,
  textWidth,
  totalsLines,
  totalsOf,
  wrapToWidth,
  ConnectorError,
} = await importSources(
  "errors",
  "cli/costs",
  "cli/exit-code",
  "cli/text-width",
  "cli/totals",
  "cli/words",
  "cli/commands/check",
  "cli/commands/forget",
  "cli/commands/plan",
  "cli/commands/records",
  "cli/commands/rejected",
  "cli/commands/runs",
  "cli/commands/status",
  "cli/commands/sync",
);

const WIDTHS = [40, 80, 120];
const PIPED = undefined;
/** A terminal that tells styles by nothing: as with NO_COLOR. */
const terminal = (columns) => ({ columns, json: false, ascii: false, style: (_, text) => text });
const NOW = Date.UTC(2026, 10, 26, 12);
const CONTACT = "A02mypJQqaRF5rBbNErL";
const CUSTOMER = "cus_cfec6a25-9975-4fda-90fe-a5317b4fcfdf";
const LINK = `https://app.chartmogul.com/#/customers/${CUSTOMER}`;
const LONG = `${"a long value ".repeat(12)}with its end`;

async function collect(lines) {
  const all = [];
  for await (const line of lines) all.push(line);
  return all;
}

/** Lines that are wider than the terminal, but for those that hold a command, a link or an id. */
const tooWide = (lines, width) =>
  lines.filter((line) => textWidth(line) > width && !/ghl-chartmogul |https:|cus_|retry|accept/.test(line));

/** The text of all lines, its wraps undone. */
const unwrapped = (lines) => lines.join(" ").replace(/\s+/g, " ");

const base = { direction: "ghl-to-chartmogul", fields: {}, replaces: 0, calls: 1 };
const CHANGES = [
  {
    ...base,
    action: "create",
    kind: "contact",
    ghlId: "C1",
    title: "Zoë",
    fields: { email: { to: "z@x.example" } },
    reason: "same e-mail address",
  },
  {
    ...base,
    action: "update",
    kind: "contact",
    ghlId: "C2",
    title: "Ada",
    fields: { company: { from: LONG, to: `${LONG}, changed` }, phone: { to: "+14155550123" } },
    reason: "changed in GHL",
    replaces: 1,
    kept: ["email"],
  },
  {
    ...base,
    action: "update",
    kind: "customer",
    ghlId: "C2",
    title: "Acme",
    reason: "tags and attributes of its contacts",
    tagsAdded: ["vip"],
    tagsRemoved: ["old"],
  },
  {
    ...base,
    action: "update",
    kind: "contact",
    ghlId: "C4",
    title: "Lin",
    reason: "changed in GHL",
    problems: [{ field: "seats", reason: `"1,250" could be two numbers: ${LONG}` }],
  },
  { ...base, action: "keep", kind: "contact", ghlId: "C3", title: "Kim", reason: "stays", kept: ["phone"] },
  {
    ...base,
    action: "conflict",
    kind: "contact",
    ghlId: CONTACT,
    title: "สมชาย ศรีสุวรรณ",
    reason: "2 customers match (same e-mail address)",
    cause: "ambiguous",
    candidates: [CUSTOMER, "cus_2"],
  },
  {
    ...base,
    action: "error",
    kind: "task",
    ghlId: "T1",
    title: "Call",
    reason: `it is assigned to nobody, and ${LONG}`,
    cause: "unmappable",
  },
];
const PLAN = {
  id: "p",
  createdAt: NOW,
  pass: "full",
  read: { contact: 5, task: 2, note: 3 },
  totals: {
    create: { contact: 1 },
    update: { contact: 1, customer: 1 },
    keep: { contact: 1 },
    conflict: { contact: 1 },
    error: { task: 1 },
  },
  unchanged: { contact: 1, note: 3, task: 1 },
  calls: { ghl: 0, chartmogul: 3 },
  readCalls: { ghl: 4, chartmogul: 2 },
  callsByKind: { "chartmogul.contacts.create": 1, "chartmogul.contacts.update": 2 },
  readCallsByKind: {
    "chartmogul.notes.list": 2,
    "ghl.contacts.search": 1,
    "ghl.locations.get": 1,
    "ghl.notes.list": 1,
    "ghl.users.list": 1,
  },
  replaces: 1,
  retries: 2,
  leftOut: 3,
  deletes: 1,
  unread: { note: 2 },
  voids: 0,
  guard: "30 of 400 links lead to records that are gone from ChartMogul",
  warnings: ["look at this"],
  quota: { limit: 200_000, remaining: 199_000, share: 0.00001 },
  dailyCalls: 100_000,
  dailyShare: 0.00002,
};
const SHOWN = { show: 10, apply: "sync --yes" };

test("texts wrap at words, and lose nothing", () => {
  for (const text of [LONG, "東京都庁舎 の 前", "one", "", `x${"y".repeat(90)}z`]) {
    for (const width of [1, 7, 40]) {
      const lines = wrapToWidth(text, width);
      assert.equal(lines.join("").replaceAll(" ", ""), text.replaceAll(" ", ""));
      if (width > 1) assert.ok(lines.every((line) => textWidth(line) <= width));
    }
  }
  assert.deepEqual(wrapToWidth("link cus_0123456789 now", 8, { wholeWords: true }), [
    "link",
    "cus_0123456789",
    "now",
  ]);
});

describe("a plan", () => {
  for (const width of [...WIDTHS, PIPED]) {
    test(`cuts no reason and no value off at ${width ?? "any"} columns`, async () => {
      const lines = await collect(planLines(PLAN, CHANGES, SHOWN, terminal(width)));
      assert.deepEqual(tooWide(lines, width ?? Number.POSITIVE_INFINITY), []);
      const text = unwrapped(lines);
      assert.ok(text.includes("replaces existing values: 1"), text);
      assert.ok(text.includes(`company ${LONG}, changed was ${LONG}`), text);
      assert.ok(text.includes("email stays ChartMogul's") && text.includes("phone stays ChartMogul's"));
      assert.ok(lines.includes(`  ghl-chartmogul link ${CONTACT} cus_2`) || width === PIPED || width === 120);
      assert.ok(text.includes(`ghl-chartmogul link ${CONTACT} ${CUSTOMER}`) && text.includes(LINK));
      assert.ok(lines.includes(`  or leave it: ghl-chartmogul accept ${CONTACT}`));
      assert.ok(text.includes("could not be read: lists of 2 notes; the next run reads them"));
      assert.ok(text.includes("tried again: 2"));
      assert.ok(text.includes(`left out: seats: "1,250" could be two numbers: ${LONG}`), text);
      assert.ok(
        text.includes("3 values are newly cut or left out. Which, and why: ghl-chartmogul rejected"),
        text,
      );
      assert.ok(text.includes("Read it before you apply it: 30 of 400 links lead to records that are gone"));
      assert.ok(text.includes("tag +vip") && text.includes("tag −old"), text);
      assert.ok(text.endsWith("Next: ghl-chartmogul sync --yes applies it"), text);
    });
  }

  test("wraps the reason in its own column", async () => {
    const lines = await collect(planLines(PLAN, CHANGES.slice(-1), SHOWN, terminal(80)));
    const first = lines.findIndex((line) => line.includes("Failed:"));
    const rows = lines.slice(first, lines.indexOf("", first));
    assert.ok(rows.length > 2);
    assert.ok(rows.every((row) => /^ {15}\S/.test(row)));
    assert.equal(unwrapped(rows).trim(), `Failed: ${CHANGES.at(-1).reason}`);
  });

  test("has a person's records together, the contact first, in both directions", async () => {
    const of = { ghlContactId: "C2", chartmogulCustomer: "cus_2" };
    const note = {
      ...base,
      ...of,
      action: "create",
      kind: "note",
      ghlId: "N1",
      title: "Called",
      reason: "new",
    };
    const both = {
      ...{ ...base, ...of, action: "update", kind: "task", ghlId: "T1", title: "Renew", reason: "changed" },
      ...{ direction: "both", fields: { due_date: { from: "1", to: "2" } }, replaces: 1 },
      ghlFields: { completed: { from: false, to: true } },
    };
    const changes = [note, CHANGES[0], both, { ...CHANGES[1], chartmogulCustomer: "cus_2" }];
    const text = (await collect(planLines(PLAN, changes, SHOWN, terminal(120)))).join("\n");
    const found =
      /^Ada +C2 +cus_2\n +→ +contact +update(.|\n)*note +create +Called.*\n.*task +update.*\n +due_date +2 +was 1\n +← +task +update.*\n +completed +true +was false$/m;
    assert.match(text, found);
    assert.match(text, /Zoë {2}C1 {2}no customer/);
  });

  test("shows so many people of each action, and says how many there are", async () => {
    const plan = { ...PLAN, totals: { create: { contact: 12 } }, replaces: 12, guard: null };
    const changes = Array.from({ length: 12 }, (_, index) => ({
      ...CHANGES[1],
      ghlId: `C${index}`,
      replaces: 1,
      fields: { email: { from: "old", to: "new" } },
    }));
    changes.push({ ...CHANGES.at(-1), ghlContactId: "C11" });
    const few = await collect(planLines(plan, changes, { ...SHOWN, show: 3 }, terminal(80)));
    assert.ok(few.includes("… and 8 more people: --show 0 shows all"), few.join("\n"));
    assert.ok(
      few.some((line) => line.includes("Failed:")),
      "a failure is shown, whatever came before it",
    );
    const all = await collect(planLines(plan, changes, { ...SHOWN, show: 0 }, terminal(80)));
    assert.equal(all.filter((line) => /email +new +was old/.test(line)).length, 12);
    assert.ok(!all.some((line) => line.includes("more people")));
  });

  test("says what it costs by what the calls are for", async () => {
    const text = unwrapped(await collect(planLines(PLAN, CHANGES, SHOWN, terminal(80))));
    assert.match(
      text,
      /Applying: ChartMogul: 3 for contacts\. Reading: GoHighLevel: 2 for location and users,/,
    );
    assert.match(text, /Of 100,000 a day \(dailyCalls\) it is under 0\.1 %\./);
  });

  test("says that there is nothing to write", async () => {
    const plan = { ...PLAN, totals: { error: { task: 1 } }, replaces: 0, guard: null };
    const lines = await collect(planLines(plan, [], SHOWN, terminal(80)));
    assert.deepEqual(lines.slice(-2), [
      "Nothing to write.",
      "Next: ghl-chartmogul rejected  what failed, and why",
    ]);
  });
});

describe("what reading costs", () => {
  const reading = (callsByKind, days) => {
    const sum = (service) =>
      Object.entries(callsByKind).reduce(
        (all, [kind, calls]) => all + (kind.startsWith(service) ? calls : 0),
        0,
      );
    return { calls: { ghl: sum("ghl."), chartmogul: sum("chartmogul.") }, callsByKind, days };
  };
  const NEWEST = { "chartmogul.account.retrieve": 1, "chartmogul.notes.list": 1, "chartmogul.tasks.list": 1 };
  const PASS = { ...NEWEST, "chartmogul.customers.list": 50, "ghl.locations.get": 1, "ghl.users.list": 1 };
  const first = { ...PASS, "ghl.contacts.search": 40, "ghl.notes.list": 20_000, "ghl.tasks.search": 162 };
  const COST = {
    synced: false,
    firstLoad: reading(first, 3),
    sweep: reading(first, 3),
    day: reading({ ...PASS, "ghl.contacts.search": 63, "ghl.notes.list": 7_000, "ghl.tasks.search": 369 }),
    run: reading({ ...NEWEST, "ghl.contacts.search": 1, "ghl.notes.list": 291, "ghl.tasks.search": 9 }),
    intervalMs: 3_600_000,
    creates: { "chartmogul.contacts.create": 20_000, "chartmogul.tasks.create": 16_180 },
    atMost: ["ghl.notes.list"],
    atLeast: ["chartmogul.customers.list"],
    dailyCalls: 10_000,
    quota: { limit: 20_000, remaining: 19_990, resetsAtMs: NOW },
  };

  test("is a table at 80 columns, of the first load or of a sweep", () => {
    const lines = [...costLines(COST, terminal(80))];
    assert.deepEqual(tooWide(lines, 80), []);
    assert.deepEqual(lines.slice(0, 9), [
      "calls to     for                 first load    a day  usual run",
      "───────────  ──────────────────  ──────────  ───────  ─────────",
      "GoHighLevel                          20,204    7,434        301",
      "             notes                 ≤ 20,000  ≤ 7,000      ≤ 291",
      "             tasks                      162      369          9",
      "             contacts                    40       63          1",
      "             location and users           2        2",
      "ChartMogul                               53       53          3",
      "             customers                 ≥ 50     ≥ 50",
    ]);
    const text = unwrapped(lines);
    assert.match(
      text,
      /A first load takes at most 20,204 calls to GHL: 3 days at 10,000 a day \(dailyCalls\)\./,
    );
    assert.equal(lines.at(-1), "Plan it: ghl-chartmogul plan");
    const later = [...costLines({ ...COST, synced: true, atMost: [], dailyCalls: undefined }, terminal(80))];
    assert.match(unwrapped(later), /A sweep, which .* takes 20,204 calls to GHL\. A day of 24 runs/);
  });

  test("is in sentences at 40 columns", () => {
    const lines = [...costLines(COST, terminal(40))];
    assert.deepEqual(tooWide(lines, 40), []);
    assert.match(
      unwrapped(lines),
      /usual run: GoHighLevel: 291 for notes, 9 for tasks, 1 for contacts; ChartMogul: 1 for/,
    );
  });
});

describe("totals", () => {
  const sumOf = ({ actions, unchanged, left }) =>
    Object.values(actions).reduce((sum, count) => sum + count, unchanged + left);

  test("add up for each kind, of a plan and of a run that is not done", () => {
    const run = {
      read: { contact: 5, task: 2 },
      planned: { create: { contact: 3 }, skip: { contact: 1 }, error: { task: 1 } },
      done: { create: { contact: 1 } },
      unchanged: { contact: 1, task: 1 },
    };
    for (const counts of [PLAN, countsOfRun(run)]) {
      const rows = totalsOf(counts);
      assert.ok(rows.length > 1);
      for (const row of rows) assert.equal(sumOf(row), row.seen, row.kind);
    }
    assert.deepEqual(totalsOf(countsOfRun(run))[0], {
      kind: "contact",
      seen: 5,
      actions: { create: 1, skip: 1 },
      unchanged: 1,
      left: 2,
    });
  });

  test("become sentences where no table fits", () => {
    const table = [...totalsLines(PLAN, terminal(80))];
    assert.match(table[0], /^ +seen +create +update +keep +≠ conflict +× error +unchanged$/);
    assert.match(table.at(-1), /^all +11 +1 +2 +1 +1 +1 +5$/);
    const sentences = [...totalsLines(PLAN, terminal(40))];
    assert.ok(
      unwrapped(sentences).startsWith(
        "5 contacts seen = 1 created + 1 updated + 1 kept + 1 in conflict + 1 unchanged 1 customer seen =",
      ),
      sentences.join("\n"),
    );
  });
});

const REASONS = [
  {
    standing: "failed",
    cause: "rejected",
    kinds: { note: 7, task: 1 },
    hint: "`rejected` lists them; correct the value, then `retry ID`, or `accept ID`",
  },
  {
    standing: "waiting",
    cause: "ambiguous",
    kinds: { contact: 1 },
    hint: "`link CONTACT CUSTOMER` chooses one, `accept ID` leaves it",
  },
  { standing: "apart", cause: "deleted", kinds: { note: 2 }, hint: "`retry ID` creates one again" },
];
const STATUS = {
  linked: 1_234,
  plannedAt: NOW - 60_000,
  appliedAt: NOW - 12 * 60_000,
  fullPassAt: NOW - 30 * 3_600_000,
  account: { name: "Acme" },
  standing: { failed: 8, waiting: 1 },
  reasons: REASONS,
  quota: { limit: 200_000, remaining: 100_000, resetsAtMs: NOW + 3_600_000 },
  dailyCalls: 100_000,
  today: { ours: 3_112, bySync: 3_000, byOthers: 20, resetsAt: NOW + 3_600_000 },
  notes: { contacts: 900, waiting: 40, hoursOld: 23, withinHours: 60 },
  unfinished: { planId: "p", phase: "reading notes", createdAt: NOW - 60_000 },
};

describe("a status", () => {
  for (const width of [...WIDTHS, PIPED]) {
    test(`answers first, then says why, at ${width ?? "any"} columns`, () => {
      const lines = [...statusLines(STATUS, terminal(width), NOW)];
      assert.deepEqual(tooWide(lines, width ?? Number.POSITIVE_INFINITY), []);
      const text = unwrapped(lines);
      assert.ok(text.startsWith("1,234 records linked; × 8 failed, ≠ 1 waiting"), text);
      for (const part of [
        "Last run 12 min ago",
        "Full pass 30 h ago",
        "× 8 failed 7 notes, 1 task: ChartMogul refused them",
        'Fix: "rejected" lists them; correct the value, then "retry ID", or "accept ID"',
        "≠ 1 waiting 1 contact: several ChartMogul customers match",
        "‖ 2 paused 2 notes: a person deleted them in ChartMogul",
        "██████████·········· 50 %, 100,000 of 200,000 used until 26 Nov",
        "3,112 of today's 100,000 calls (dailyCalls) used by us, 20 by other programs.",
        "Notes are at most 23 hours old; an edit arrives within 3 days; 40 contacts wait for the next days' calls.",
        "was stopped while reading notes. Next: ghl-chartmogul sync continues it",
        "Next: ghl-chartmogul rejected which records, and what to do",
      ])
        assert.ok(text.includes(part), `${part}\n${lines.join("\n")}`);
    });
  }

  test("is short where all is well, and where nothing is known", () => {
    const well = { ...STATUS, standing: { failed: 0, waiting: 0 }, reasons: [], unfinished: undefined };
    const lines = [...statusLines(well, terminal(80), NOW)];
    assert.equal(lines[0], "= in step: 1,234 records linked");
    assert.equal(lines.at(-1), "Next: ghl-chartmogul sync  the next changes");
    const nothing = {
      quota: undefined,
      dailyCalls: undefined,
      today: { ours: 0, bySync: 0, resetsAt: NOW },
      notes: { contacts: 0, waiting: 0 },
    };
    const fresh = { ...well, linked: 0, plannedAt: 0, appliedAt: 0, fullPassAt: 0, ...nothing };
    const none = [...statusLines(fresh, terminal(80), NOW)];
    assert.equal(none[0], "Nothing is synced yet.");
    assert.ok(none.includes("Last run      never"));
    assert.equal(none.at(-1), "Next: ghl-chartmogul plan  what a sync would write");
  });
});

const RUN = {
  planId: "p",
  pass: "incremental",
  beganAt: NOW - 12 * 60_000,
  endedAt: NOW - 11 * 60_000,
  elapsedMs: 62_400,
  done: true,
  plannedOnly: false,
  stopped: null,
  error: null,
  totals: { create: { contact: 1_200 }, link: { contact: 34 } },
  calls: { ghl: 41, chartmogul: 1_250 },
  standing: { failed: 8, waiting: 1 },
};
const NO_END = { endedAt: null, elapsedMs: null, done: false, totals: {}, calls: null, standing: null };
const RUNS = [
  { ...RUN, ...NO_END, pass: "full" },
  RUN,
  { ...RUN, done: false, stopped: "quota", standing: { failed: 0, waiting: 0 } },
  { ...RUN, ...NO_END, stopped: "interrupted" },
  { ...RUN, done: false, pass: null, totals: {}, error: { code: "cap_exceeded", message: LONG } },
  { ...RUN, pass: "contacts", plannedOnly: true, totals: {}, beganAt: NOW - 400 * 86_400_000 },
];

describe("the last runs", () => {
  for (const width of [...WIDTHS, PIPED]) {
    test(`say how each ended, and lose nothing, at ${width ?? "any"} columns`, () => {
      const lines = [...runsLines(RUNS, terminal(width), NOW)];
      assert.deepEqual(tooWide(lines, width ?? Number.POSITIVE_INFINITY), []);
      const text = unwrapped(lines);
      for (const part of ["under way", "done", "day's quota", "interrupted", "failed", "planned only"])
        assert.ok(text.includes(part), `${part}\n${lines.join("\n")}`);
      assert.ok(text.includes(`cap_exceeded: ${LONG}`), text);
    });
  }

  test("are a table at 80 columns, and sentences where none fits", () => {
    const recent = RUNS.slice(0, 5);
    const [head, , underWay, done] = runsLines(recent, terminal(80), NOW);
    assert.match(underWay, /^26 Nov, \d\d:\d\d +full +under way$/);
    assert.match(head, /^began +took +pass +written +calls +not in step +end$/);
    assert.match(done, /^26 Nov, \d\d:\d\d +62 s +incremental +1,234 +41 \+ 1,250 +× 8 ≠ 1 +done$/);
    const sentences = unwrapped([...runsLines([RUN], terminal(40), NOW)]);
    assert.match(
      sentences,
      /^26 Nov, \d\d:\d\d: done in 62 s, incremental pass; 1,234 written; 41 GoHighLevel and 1,250 ChartMogul calls; × 8 failed, ≠ 1 waiting$/,
    );
  });

  test("may be none", () => {
    assert.deepEqual([...runsLines([], terminal(80), NOW)], ["No run yet. Begin: ghl-chartmogul plan"]);
  });

  test("are in the status: the last good one, and who is at work", () => {
    const holder = { name: "process 7 on host-a", since: NOW - 60_000 };
    const lines = [
      ...statusLines({ ...STATUS, lastGood: RUN, holder, queued: 2, refreshing: 3 }, terminal(80), NOW),
    ];
    assert.deepEqual(tooWide(lines, 80), []);
    const text = unwrapped(lines);
    assert.ok(text.includes("Last good run 11 min ago"), text);
    assert.ok(text.includes("in use by process 7 on host-a since 1 min ago"), text);
    assert.ok(text.includes("2 decisions queued: taken up at the end of the run under way"), text);
    assert.ok(text.includes("3 contacts are read by the next run, with notes and tasks"), text);
    assert.ok(unwrapped([...statusLines(STATUS, terminal(80), NOW)]).includes("Last good run never"));
  });
});

describe("a check of the records", () => {
  const fault = { ok: true, problems: [], warnings: [], ghl: { ok: true, location: "L", timeZone: null } };
  const report = {
    ...fault,
    ghl: { ...fault.ghl, scopes: [], quota: null },
    chartmogul: { ok: true, account: "A", dataSource: null },
    users: { mapped: 1, unmapped: [], defaultAssignee: null },
  };
  const walked = { contact: 1_200, note: 30 };
  const none = { double: 0, gone: 0, unknown: 0 };

  test("says that nothing was found, or what and why", () => {
    const quiet = [
      ...checkLines({ ...report, records: { walked, counts: none, findings: [] } }, terminal(80)),
    ];
    assert.ok(quiet.includes("✓ 1,230 ChartMogul records walked: nothing found"), quiet.join("\n"));
    const finding = { cause: "double", kind: "note", ghlId: "N1", chartmogulId: "note_1" };
    const findings = [{ ...finding, chartmogulCustomer: CUSTOMER, doubleOf: "note_2" }];
    const records = { walked, counts: { ...none, double: 3 }, findings };
    const lines = [...checkLines({ ...report, records }, terminal(80))];
    const text = unwrapped(lines);
    assert.ok(text.includes("≠ 1,230 ChartMogul records walked"), text);
    assert.ok(text.includes("3 duplicates of synced records"), text);
    assert.ok(text.includes("note N1: note_1, beside note_2"), text);
    assert.ok(lines.includes("  … and 2 more"), text);
    assert.ok(!text.includes("Another installation"), text);
  });
});

describe("a person to be forgotten", () => {
  const remaining = [
    { service: "ghl", kind: "contact", id: CONTACT },
    ...["N1", "N2"].map((id) => ({ service: "ghl", kind: "note", id })),
    { service: "chartmogul", kind: "customer", id: CUSTOMER },
  ];
  const outcome = { person: CONTACT, forgotten: false, remaining, removed: {} };
  const removed = { pair: 3, key: 1_200 };

  test("who is still there is listed with the command that forgets them all the same", () => {
    const lines = [...forgetLines(outcome, terminal(80))];
    assert.deepEqual(tooWide(lines, 80), []);
    assert.deepEqual(lines, [
      `≠ ${CONTACT}: not forgotten, nothing was removed: a service still`,
      "  has records of the person",
      `  GoHighLevel: 1 contact: ${CONTACT}`,
      "  GoHighLevel: 2 notes: N1, N2",
      `  ChartMogul: 1 customer: ${CUSTOMER}`,
      "  Delete them there, then forget again; or forget the person all the same:",
      `  ghl-chartmogul forget ${CONTACT} --even-if-present`,
    ]);
  });

  test("who is gone is counted, and what is not ours is named", () => {
    const lines = [...forgetLines({ ...outcome, forgotten: true, remaining: [], removed }, terminal(80))];
    assert.deepEqual(lines, [
      `= ${CONTACT}: forgotten; 1,203 rows of the state removed or changed`,
      "  Audit files, logs and backups of the state are yours: remove the person there.",
    ]);
    const again = unwrapped([...forgetLines({ ...outcome, forgotten: true, remaining: [] }, terminal(80))]);
    assert.match(again, /the state holds nothing of this person; check the id/);
    assert.ok(!again.includes("Audit"));
  });

  for (const width of WIDTHS) {
    test(`who is forgotten all the same may come back: said within ${width} columns`, () => {
      const lines = [...forgetLines({ ...outcome, forgotten: true, removed }, terminal(width))];
      assert.deepEqual(tooWide(lines, width), []);
      assert.match(unwrapped(lines), /A run that reads them links them again, as new/);
      assert.ok(!unwrapped(lines).includes("--even-if-present"));
    });
  }
});

describe("a record", () => {
  const conflict = {
    id: CONTACT,
    kind: "contact",
    standing: "waiting",
    cause: "ambiguous",
    reason: "2 customers match (same e-mail address)",
    hint: "Choose one: `link …`",
    ghlId: CONTACT,
    kept: [],
    fields: [],
    candidates: [CUSTOMER, "cus_2"],
    since: NOW,
  };

  for (const width of [...WIDTHS, PIPED]) {
    test(`says what to do by commands that are whole at ${width ?? "any"} columns`, () => {
      const lines = [...recordLines(conflict, terminal(width), NOW)];
      assert.ok(lines.some((line) => line.startsWith(`  ghl-chartmogul link ${CONTACT} ${CUSTOMER}`)));
      assert.ok(lines.some((line) => line.endsWith(LINK)));
      assert.ok(lines.includes(`  or leave it: ghl-chartmogul accept ${CONTACT}`));
      const letter = {
        kind: "note",
        id: "N1",
        contact: "C1",
        standing: "failed",
        cause: "rejected",
        reason: LONG,
        hint: "Correct the value, then `retry N1`; or leave it as it is: `accept N1`.",
        at: NOW,
      };
      const rejected = [...letterLines(letter, terminal(width), NOW)];
      assert.deepEqual(tooWide(rejected, width ?? Number.POSITIVE_INFINITY), []);
      assert.ok(unwrapped(rejected).includes(LONG));
      assert.match(rejected.join("\n"), /^× note N1 of contact C1: failed/);
      assert.deepEqual(rejected.slice(-2), ["    ghl-chartmogul retry N1", "    ghl-chartmogul accept N1"]);
    });
  }

  test("of which a decision is queued says who takes it up", () => {
    const queued = { name: "process 7 on host-a", since: NOW - 60_000 };
    const lines = [...recordLines({ ...conflict, queued }, terminal(80), NOW)];
    assert.deepEqual(tooWide(lines, 80), []);
    const said =
      /queued: process 7 on host-a is syncing this location, since 26 Nov, \d\d:\d\d; it takes this up/;
    assert.match(unwrapped(lines), said);
    const unnamed = [...recordLines({ ...conflict, queued: { ...queued, name: "" } }, terminal(80), NOW)];
    assert.match(unwrapped(unnamed), /queued: another process is syncing/);
    assert.ok(!unwrapped([...recordLines(conflict, terminal(80), NOW)]).includes("queued"));
  });

  test("in step says how it is linked, and whose values are kept", () => {
    const record = {
      id: "C1",
      kind: "contact",
      standing: "inStep",
      reason: "in step",
      ghlId: "C1",
      chartmogulId: "con_1",
      chartmogulCustomer: "cus_2",
      matched: "email",
      kept: ["email"],
      fields: [],
      candidates: [],
    };
    assert.deepEqual(
      [...recordLines(record, terminal(80), NOW)],
      [
        "= contact C1: in step",
        "  ChartMogul: con_1",
        "  customer: cus_2  https://app.chartmogul.com/#/customers/cus_2",
        "  linked by: the same e-mail address",
        "  kept as ChartMogul has it: email",
      ],
    );
  });

  test("gets hints whose commands can be copied", () => {
    const hint = "Set `x`. Correct it, then `retry N1`; `link C1 CUSTOMER` or `accept ID`.";
    assert.equal(hintText(hint), 'Set x. Correct it, then "retry"; "link C1 CUSTOMER" or "accept ID".');
    assert.deepEqual(hintCommands(hint), ["ghl-chartmogul retry N1"]);
  });
});

describe("the end of a run", () => {
  const report = {
    planId: "p",
    pass: "full",
    read: { contact: 3 },
    planned: { create: { contact: 2 } },
    done: { create: { contact: 2 } },
    unchanged: { contact: 1 },
    rejected: 0,
    leftOut: 2,
    retried: 1,
    apart: 1,
    unread: { note: 1 },
    guard: null,
    calls: { ghl: 1, chartmogul: 2 },
    leastCalls: { ghl: 1, chartmogul: 2 },
    elapsedMs: 1_500,
    warnings: [],
  };
  const quiet = { failed: 0, waiting: 0 };
  const end = (outcome, contacts = [], width = 80) => [
    ...outcomeLines(
      { report, plannedOnly: false, done: true, standing: quiet, ...outcome },
      STATUS,
      contacts,
      terminal(width),
    ),
  ];

  test("says whether all is in step, and what is not", () => {
    assert.equal(end({}).at(-1), "= in step");
    const lines = end({ standing: STATUS.standing });
    assert.ok(lines.includes("× 8 failed") && !lines.some((line) => line.includes("paused")));
    assert.equal(lines.at(-1), "Next: ghl-chartmogul rejected  which records, and what to do");
    const text = unwrapped(lines);
    assert.ok(
      text.includes("2 changes written in 1.5 s. × 8 failed, ≠ 1 waiting, now or since an earlier run."),
      text,
    );
    assert.ok(
      unwrapped(end({})).includes(
        "2 values are newly cut or left out. Which, and why: ghl-chartmogul rejected",
      ),
    );
    for (const part of ["tried again, and taken: 1", "not made again: 1", "lists of 1 note;"])
      assert.ok(text.includes(part), part);
  });

  test("says why nothing was written, and what writes it", () => {
    assert.deepEqual(end({ plannedOnly: true }).slice(-2), [
      "Next: ghl-chartmogul plan  shows the plan",
      "Next: ghl-chartmogul sync  applies it",
    ]);
    const guarded = end({ plannedOnly: true, report: { ...report, guard: "links are gone" } }, ["C1"]);
    assert.deepEqual(guarded.slice(-3), [
      "Nothing was written: links are gone.",
      "Next: ghl-chartmogul plan --contact C1  shows the plan",
      "Next: ghl-chartmogul sync --contact C1 --yes  applies it",
    ]);
  });

  test("says where it stopped", () => {
    const stopped = end({ done: false, stopped: "unavailable", checkpoint: "reading notes" }, [], 120);
    assert.deepEqual(stopped.slice(-2), [
      "Stopped while reading notes: several lists in a row could not be read.",
      "Next: ghl-chartmogul sync  continues there",
    ]);
  });
});

test("exit codes tell done, not in step and stopped apart", () => {
  assert.deepEqual(
    [
      exitCodeOfStanding({ failed: 0, waiting: 0 }),
      exitCodeOfStanding({ failed: 1, waiting: 0 }),
      exitCodeOfStanding({ failed: 0, waiting: 1 }),
    ],
    [0, 3, 3],
  );
  const away = new ConnectorError({ code: "service_unavailable", message: "away" });
  assert.deepEqual([exitCodeOf(away), exitCodeOf(away, true)], [1, 4]);
  assert.equal(exitCodeOf(new ConnectorError({ code: "invalid_argument", message: "x" }), true), 2);
});
