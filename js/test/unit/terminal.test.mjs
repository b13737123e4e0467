// What a person sees in a terminal: commands' lines compared with the texts in js/test/terminal, which are
// written anew with UPDATE_TERMINAL=1. In those with colours, {bold} and the like stand for what begins there.

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { styleText } from "node:util";
import { importSources } from "../build-sources.mjs";

// Times are shown as local ones.
process.env.TZ = "UTC";

const {
  createSyncProgress,
  conflictLines,
  inAscii,
  needsAscii,
  outcomeLines,
  planLines,
  recordLines,
  signCell,
  stateOf,
  stateWord,
  statusLines,
  textWidth,
} = await importSources(
  "cli/signs",
  "cli/sync-progress",
  "cli/text-width",
  "cli/commands/conflicts",
  "cli/commands/plan",
  "cli/commands/records",
  "cli/commands/status",
  "cli/commands/sync",
);

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "../terminal");
const NOW = Date.UTC(2026, 10, 26, 11, 42);
const MINUTE = 60_000;

const terminal = (columns, { colour = false, ascii = false } = {}) => ({
  ...{ columns, ascii, json: false },
  style: (format, text) => (colour ? styleText(format, text, { validateStream: false }) : text),
});

const CODES = {
  1: "bold",
  2: "dim",
  22: "/",
  31: "red",
  32: "green",
  33: "yellow",
  35: "magenta",
  36: "cyan",
  39: "/",
};
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const COLOUR = /\u001B\[(\d+)m/g;
const marked = (text) =>
  text.replace(COLOUR, (_, code) => `{${CODES[code] ?? assert.fail(`an unknown colour: ${code}`)}}`);

const of = (contact, customer) => ({ ghlContactId: contact, chartmogulCustomer: customer });
const change = (action, kind, title, reason, more = {}) => ({
  ...{
    action,
    kind,
    title,
    reason,
    direction: "ghl-to-chartmogul",
    fields: {},
    replaces: 0,
    calls: 1,
    ghlCalls: 0,
  },
  ...more,
});
const INES = { ghlId: "seD4PfOuKoVMLkEZqohJ", chartmogulCustomer: "cus_7e1b2c3d" };
const CHANGES = [
  change("update", "contact", "Inês Carvalho", "changed in ChartMogul", {
    ...{ ...INES, direction: "chartmogul-to-ghl", replaces: 2 },
    ghlFields: {
      phone: { from: "+351 21 555 0142", to: "+351 91 555 0177" },
      website_url: { from: "https://fernwood.example", to: "https://fernwood.example/analytics" },
    },
  }),
  change("update", "contact", "Jonas Weidlich", "changed in GHL", {
    ...{ ghlId: "Jn1", chartmogulCustomer: "cus_9a02", replaces: 1 },
    fields: { phone: { from: "+49 30 555 0166", to: "+49 30 555 0190" } },
    kept: ["city"],
  }),
  change("conflict", "contact", "Adaeze Nwosu", "2 customers match (same e-mail address)", {
    ...{ ghlId: "Ad7", cause: "ambiguous", candidates: ["cus_7d1f", "cus_9a03"] },
  }),
  change("skip", "contact", "健太郎 田中", "no ChartMogul customer has its e-mail address or phone", {
    ...{ ghlId: "Kt3", cause: "noCounterpart" },
  }),
  change("create", "task", "Send renewal quote", "new in GHL", of(INES.ghlId, INES.chartmogulCustomer)),
  change(
    "error",
    "task",
    "Security questionnaire",
    "it is assigned to nobody and sync.users.defaultAssignee is not set",
    {
      ...of(INES.ghlId, INES.chartmogulCustomer),
      cause: "unmappable",
    },
  ),
  change(
    "update",
    "note",
    "Called about the renewal, wants a quote by the end of the month",
    "changed on both sides",
    {
      ...{ ...of("Jn1", "cus_9a02"), direction: "both", replaces: 1 },
      fields: { text: { to: "Called about the renewal" } },
      ghlFields: { author: { from: "ada@x.example", to: "bo@x.example" } },
    },
  ),
];
const PLAN = {
  ...{
    id: "p",
    createdAt: NOW,
    pass: "full",
    guard: null,
    warnings: [],
    voids: 0,
    deletes: 0,
    removes: 0,
    doubles: 0,
  },
  read: { contact: 6_120, note: 9_480, task: 4_015 },
  totals: {
    create: { task: 1_340 },
    update: { contact: 2_412, note: 372 },
    skip: { contact: 8 },
    conflict: { contact: 3 },
    error: { task: 1 },
  },
  unchanged: { contact: 3_697, note: 9_108, task: 2_674 },
  ...{ calls: { ghl: 2_101, chartmogul: 7_899 }, readCalls: { ghl: 6_300, chartmogul: 81 } },
  callsByKind: {
    "chartmogul.tasks.create": 1_340,
    "ghl.contacts.update": 2_101,
    "chartmogul.contacts.update": 6_559,
  },
  readCallsByKind: { "ghl.notes.list": 6_120, "ghl.contacts.search": 180, "chartmogul.customers.list": 81 },
  ...{ replaces: 2_722, retries: 0, leftOut: 2, unread: {}, notesWaiting: 0 },
  quota: { limit: 200_000, remaining: 182_602, share: 0.042 },
  ...{ dailyCalls: 100_000, dailyShare: 0.084 },
};

const REASONS = [
  {
    standing: "failed",
    cause: "rejected",
    kinds: { note: 7, task: 1 },
    hint: "`rejected` lists them; correct the value, then `retry ID`",
  },
  {
    standing: "waiting",
    cause: "bothChanged",
    kinds: { contact: 4 },
    hint: "`conflicts` shows both values, `resolve` settles them",
  },
  { standing: "apart", cause: "accepted", kinds: { contact: 8 }, hint: "`retry ID` syncs one again" },
  {
    standing: "apart",
    cause: "noCounterpart",
    kinds: { contact: 25 },
    hint: "they are linked once ChartMogul has a customer of theirs",
  },
];
const RUN = {
  ...{
    planId: "p",
    pass: "incremental",
    beganAt: NOW - 15 * MINUTE,
    endedAt: NOW - 14 * MINUTE,
    elapsedMs: 4_000,
  },
  ...{ done: true, plannedOnly: false, stopped: null, error: null, totals: { update: { contact: 12 } } },
  ...{ calls: { ghl: 41, chartmogul: 12 }, standing: { failed: 8, waiting: 4 } },
};
const STATUS = {
  ...{
    linked: 21_674,
    plannedAt: NOW - MINUTE,
    appliedAt: NOW - 14 * MINUTE,
    fullPassAt: NOW - 30 * 60 * MINUTE,
  },
  ...{
    account: { name: "Acme" },
    standing: { failed: 8, waiting: 4 },
    reasons: REASONS,
    lastGood: undefined,
  },
  quota: { limit: 200_000, remaining: 181_761, resetsAtMs: NOW + 60 * MINUTE },
  ...{
    dailyCalls: 100_000,
    today: { ours: 18_239, bySync: 18_000, byOthers: 120, resetsAt: NOW, limit: 200_000 },
  },
  ...{ notes: { contacts: 900, waiting: 40, hoursOld: 23, withinHours: 60 }, queued: 2, refreshing: 0 },
  holder: { name: "process 7 on host-a", since: NOW - MINUTE },
};
const REPORT = {
  ...{ read: { contact: 40 }, planned: { update: { contact: 12 } }, done: { update: { contact: 12 } } },
  ...{ unchanged: { contact: 28 }, leftOut: 0, retried: 0, apart: 0, unread: {}, guard: null, warnings: [] },
  ...{ calls: { ghl: 41, chartmogul: 12 }, leastCalls: { ghl: 40, chartmogul: 12 }, elapsedMs: 870_000 },
};
const RECORD = {
  ...{
    id: "Ad7",
    kind: "contact",
    standing: "waiting",
    cause: "ambiguous",
    ghlId: "Ad7",
    since: NOW - 90 * MINUTE,
  },
  ...{ reason: "2 customers match (same e-mail address)", hint: "Choose one", kept: [], fields: [] },
  candidates: ["cus_7d1f", "cus_9a03"],
};
const CONFLICT = {
  ...{ id: "c_51", kind: "contact", field: "phone", title: "Inês Carvalho", reason: "changed on both sides" },
  ...{ ghl: "+351 21 555 0142", chartmogul: "+351 91 555 0177", customer: "cus_7e1b2c3d", at: NOW - MINUTE },
};

/** A sync under way: 40 s of reading, then 30 s of writing, and ChartMogul says to wait. */
function progressLines(of) {
  const progress = createSyncProgress(STATUS);
  const phase = (at, phase, done, total) => progress.update({ type: "progress", phase, done, total }, at);
  const call = (at, service) => progress.update({ type: "request", service }, at);
  phase(0, "reading contacts", 500, 6_120);
  phase(20_000, "reading contacts", 6_120, 6_120);
  phase(21_000, "reading customers' contacts", 0, 0);
  phase(24_000, "comparing contacts", 6_120, 6_120);
  phase(30_000, "reading notes", 9_480, 9_480);
  for (let at = 40_000; at <= 70_000; at += 100) phase(at, "applying", (at - 40_000) / 100, 2_101);
  for (let at = 60_000; at <= 70_000; at += 250) call(at, "ghl");
  call(69_000, "chartmogul");
  progress.update({ type: "pace", service: "ghl", delayMs: 120 }, 69_500);
  progress.update({ type: "retry", service: "chartmogul", delayMs: 4_000, reason: "rate_limited" }, 69_000);
  return progress.lines(70_000, of);
}

const VIEWS = {
  plan: (of) => planLines(PLAN, CHANGES, { show: 10, apply: "sync" }, of),
  "sync-progress": progressLines,
  "sync-end": (of) =>
    outcomeLines(
      { report: REPORT, plannedOnly: false, done: true, standing: STATUS.standing },
      { reasons: REASONS },
      [],
      of,
    ),
  status: (of) => statusLines(STATUS, of, NOW, [RUN, { ...RUN, standing: { failed: 0, waiting: 0 } }]),
  why: (of) => recordLines(RECORD, of, NOW),
  conflicts: (of) => conflictLines(CONFLICT, of, NOW),
};

async function textOf(view, of) {
  const lines = [];
  for await (const line of view(of)) lines.push(of.ascii ? inAscii(line) : line);
  return lines;
}

function compare(name, text) {
  const file = join(FOLDER, `${name}.txt`);
  if (process.env.UPDATE_TERMINAL === "1") writeFileSync(file, text);
  assert.ok(existsSync(file), `${name}.txt is missing: UPDATE_TERMINAL=1 writes it`);
  assert.equal(
    text,
    readFileSync(file, "utf8"),
    `${name}.txt: if this is as it should be, UPDATE_TERMINAL=1`,
  );
}

for (const [name, view] of Object.entries(VIEWS)) {
  describe(name, () => {
    for (const columns of [40, 80, 120]) {
      test(`is as designed at ${columns} columns, and says the same in colour`, async () => {
        const plain = await textOf(view, terminal(columns));
        compare(`${name}-${columns}`, `${plain.join("\n")}\n`);
        const coloured = await textOf(view, terminal(columns, { colour: true }));
        compare(`${name}-${columns}-colour`, `${marked(coloured.join("\n"))}\n`);
        const without = coloured.join("\n").replace(COLOUR, "");
        assert.equal(without, plain.join("\n"));
        // Commands, links and ids stay whole.
        const wide = plain.filter(
          (line) => textWidth(line) > columns && !/ghl-chartmogul |https:|cus_/.test(line),
        );
        assert.deepEqual(wide, []);
      });
    }

    test("needs nothing but ASCII for its signs", async () => {
      const lines = await textOf(view, terminal(80, { ascii: true }));
      const found = lines.join("\n").match(/[→←↔≠×‖█░·─…−]/gu);
      assert.equal(found, null);
    });
  });
}

test("signs take the same columns in either form, and each state has a word", () => {
  for (const state of [
    "inStep",
    "pending",
    "incoming",
    "bothWays",
    "conflict",
    "failed",
    "unlinked",
    "paused",
  ]) {
    for (const ascii of [true, false]) assert.equal(textWidth(signCell(state, terminal(80, { ascii }))), 3);
  }
  assert.equal(stateOf("apart", "noCounterpart"), "unlinked");
  assert.equal(stateOf("apart", "accepted"), "paused");
  assert.deepEqual(
    [
      ["waiting", "held"],
      ["waiting", "ambiguous"],
      ["waiting", "twin"],
      ["apart", "unlinked"],
      ["unknown"],
    ].map((of) => stateWord(...of)),
    ["held", "conflict", "waiting", "paused", "unknown"],
  );
});

test("ASCII is for locales without UTF-8, and for those that show signs two columns wide", () => {
  for (const [environment, expected] of [
    [{}, false],
    [{ LANG: "de_DE.UTF-8" }, false],
    [{ LANG: "C.utf8" }, false],
    [{ LANG: "C" }, true],
    [{ LC_ALL: "POSIX", LANG: "en_GB.UTF-8" }, true],
    [{ LANG: "de_DE.ISO-8859-1" }, true],
    [{ LANG: "ja_JP.UTF-8" }, true],
    [{ LANG: "zh_CN.UTF-8" }, true],
    [{ LANG: "en_GB.UTF-8", TERM: "linux" }, true],
  ])
    assert.equal(needsAscii(environment, "linux"), expected, JSON.stringify(environment));
  assert.equal(needsAscii({}, "win32"), true);
  assert.equal(needsAscii({ WT_SESSION: "1" }, "win32"), false);
});
