// The browser panel's logic without a browser: addresses of tabs, the timeline, money, texts of errors, writes.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");

/** Files of js/extension/src that need no browser, as one module. */
async function importExtension(...names) {
  const folder = mkdtempSync(join(root, "node_modules/.unit-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const outfile = join(folder, "extension.mjs");
  await build({
    stdin: {
      contents: names.map((name) => `export * from "./extension/src/${name}.js";`).join("\n"),
      resolveDir: root,
      loader: "ts",
    },
    outfile,
    bundle: true,
    format: "esm",
    logLevel: "warning",
  });
  return import(pathToFileURL(outfile).href);
}

const {
  readAddress,
  keyOf,
  readDomain,
  readLocationId,
  readServeAddress,
  patternOfAddress,
  mergeTimeline,
  readable,
  stateOf,
  money,
  signedMoney,
  movementsOf,
  monthsOf,
  describeMonths,
  groupOf,
  ago,
  explain,
  Failure,
  failureOf,
  createServedReach,
  writeBoth,
  taskDetails,
  instantOf,
  mistakeOf,
  partsOf,
  isOnlyCopyOf,
  differingPieces,
  valueText,
  sayNeutral,
  crm,
  inOurWords,
} = await importExtension("address", "timeline", "money", "dates", "failure", "served", "writing", "words");

const L = "Idr8uQvmnWMXoxjPuqyt";
const C = "PQa1RgEx7dmyQouKYxNF";

describe("addresses", () => {
  test("contacts and conversations on any host, with and without v2", () => {
    for (const host of ["app.gohighlevel.com", "app.leadconnectorhq.com", "crm.tidewater.example"])
      for (const path of [
        `/v2/location/${L}/contacts/detail/${C}`,
        `/location/${L}/contacts/detail/${C}`,
        `/v2/location/${L}/contacts/detail/${C}/?tab=notes#x`,
        `/v2/location/${L}/contacts/detail/${C}/notes`,
      ])
        assert.deepEqual(
          readAddress(`https://${host}${path}`),
          { kind: "contact", locationId: L, contactId: C, origin: `https://${host}` },
          path,
        );
    const conversation = readAddress(
      `https://app.gohighlevel.com/v2/location/${L}/conversations/conversations/conv1`,
    );
    assert.equal(conversation.kind, "conversation");
    assert.equal(conversation.conversationId, "conv1");
  });

  test("customers of ChartMogul by uuid and by number", () => {
    assert.deepEqual(readAddress("https://app.chartmogul.com/#/customers/cus_7e1b-2c3d"), {
      kind: "customer",
      uuid: "cus_7e1b-2c3d",
    });
    assert.deepEqual(
      readAddress("https://app.chartmogul.com/#/customers/7000034-Zephyr_Roofing_%C3%9C?tab=x"),
      { kind: "numberedCustomer", number: 7_000_034, name: "Zephyr Roofing Ü" },
    );
    assert.equal(readAddress("https://app.chartmogul.com/#/customers/7-%E0%A4%A").kind, "numberedCustomer");
  });

  test("everything else names no record, and says where it is", () => {
    for (const [address, place] of [
      ["https://app.gohighlevel.com/", "crm"],
      [`https://app.gohighlevel.com/v2/location/${L}/contacts/smart_list/All`, "crm"],
      [`https://app.gohighlevel.com/v2/location/${L}/contacts/detail/`, "crm"],
      [`https://app.gohighlevel.com/v2/location/${L}/contacts/detail/a.b`, "crm"],
      ["https://app.chartmogul.com/#/customers", "chartmogul"],
      ["https://app.chartmogul.com/#/customers/new", "chartmogul"],
      ["https://news.example/x", "elsewhere"],
      ["chrome://newtab", "elsewhere"],
      [`file:///location/${L}/contacts/detail/${C}`, "elsewhere"],
      ["", "elsewhere"],
    ]) {
      const subject = readAddress(address);
      assert.equal(subject.kind, "none", address);
      assert.equal(subject.place, place, address);
    }
  });

  test("the same contact on two hosts is the same", () => {
    const [one, other] = ["app.gohighlevel.com", "crm.x.example"].map((host) =>
      keyOf(readAddress(`https://${host}/v2/location/${L}/contacts/detail/${C}`)),
    );
    assert.equal(one, other);
  });

  test("domains, locations and serves as people paste them", () => {
    assert.equal(readDomain(" https://CRM.Tidewater.example/v2?x "), "crm.tidewater.example");
    for (const wrong of ["", "localhost", "a b.example", "-x.example", "x..example", "1"])
      assert.equal(readDomain(wrong), undefined, wrong);
    assert.equal(readLocationId(`https://app.gohighlevel.com/v2/location/${L}/dashboard`), L);
    assert.equal(readLocationId(` ${L} `), L);
    assert.equal(readLocationId("my location"), undefined);
    assert.equal(readServeAddress("sync.example.com"), "https://sync.example.com");
    assert.equal(readServeAddress("http://127.0.0.1:8787/v1/"), "http://127.0.0.1:8787");
    assert.equal(readServeAddress("https://x.example/sync/"), "https://x.example/sync");
    for (const wrong of ["", "http://x.example", "ftp://x", "https://a:b@x.example", "https://"])
      assert.equal(readServeAddress(wrong), undefined, wrong);
    assert.equal(patternOfAddress("http://127.0.0.1:8787"), "http://127.0.0.1/*");
    assert.equal(patternOfAddress("file:///x"), undefined);
  });
});

const NOW = Date.parse("2026-11-26T10:42:00Z");
const none = { notes: [], tasks: [], appointments: [], calls: [] };
const merge = (more) =>
  mergeTimeline({
    crm: none,
    chartmogul: { notes: [], tasks: [] },
    users: new Map([["u1", "Ada King"]]),
    people: new Map([["ada@x.example", "Ada King"]]),
    statuses: new Map(),
    isLinked: true,
    now: NOW,
    ...more,
  });
const status = (id, standing, more = {}) => [
  id,
  { id, standing, reason: "because", candidates: [], ...more },
];

describe("the timeline", () => {
  test("pairs by marker of either side, and shows each record once", () => {
    const entries = merge({
      crm: {
        ...none,
        notes: [
          { id: "n1", body: "Made here", dateAdded: "2026-11-20T10:00:00Z", userId: "u1" },
          {
            id: "n2",
            body: "Said there<br>by Ada in ChartMogul<br>[cm:n:note_2]",
            dateAdded: "2026-11-21T10:00:00Z",
          },
        ],
        tasks: [{ id: "t1", title: "Call", dueDate: "2026-11-30T09:00:00Z", completed: false }],
      },
      chartmogul: {
        notes: [
          {
            uuid: "note_1",
            type: "note",
            text: "Made here<br>[ghl:n:n1]",
            created_at: "2026-11-20T10:00:00Z",
          },
          {
            uuid: "note_2",
            type: "note",
            text: "Said there",
            author: "Ada (a@x.example)",
            created_at: "2026-11-19T10:00:00Z",
          },
          {
            uuid: "note_3",
            type: "call",
            text: "Only there",
            call_duration: 240,
            created_at: "2026-11-18T10:00:00Z",
          },
        ],
        tasks: [{ task_uuid: "k1", task_details: "Call [ghl:t:t1]", created_at: "2026-11-18T10:00:00Z" }],
      },
    });
    assert.deepEqual(
      entries.map(({ id, from, crmId, chartmogulId }) => [id, from, crmId, chartmogulId]),
      [
        ["task-t1", "crm", "t1", "k1"],
        ["note-n1", "crm", "n1", "note_1"],
        ["note-n2", "chartmogul", "n2", "note_2"],
        ["call-note_3", "chartmogul", undefined, "note_3"],
      ],
    );
    // What was made there has the time and the author of there.
    assert.equal(entries[2].person, "Ada");
    assert.equal(entries[2].at, Date.parse("2026-11-19T10:00:00Z"));
    assert.equal(entries[3].duration, 240);
  });

  test("pairs by the sync's link where no marker is", () => {
    const entries = merge({
      crm: { ...none, notes: [{ id: "n1", body: "Same", dateAdded: "2026-11-20T10:00:00Z" }] },
      chartmogul: {
        notes: [{ uuid: "note_1", type: "note", text: "Same", created_at: "2026-11-20T10:00:00Z" }],
        tasks: [],
      },
      statuses: new Map([
        status("n1", "inStep", { ghlId: "n1", chartmogulId: "note_1" }),
        status("note_1", "inStep", { ghlId: "n1", chartmogulId: "note_1" }),
      ]),
    });
    assert.equal(entries.length, 1);
    assert.equal(entries[0].state, "in-step");
  });

  test("says how each stands: pending only what a sync would copy", () => {
    const of = (more) =>
      merge({
        crm: { ...none, notes: [{ id: "n1", body: "x", dateAdded: "2026-11-20T10:00:00Z" }] },
        ...more,
      })[0];
    assert.equal(of({}).state, "pending");
    assert.match(of({}).why, /New in GHL, not yet in ChartMogul/);
    assert.equal(of({ isLinked: false }).state, undefined);
    assert.equal(of({ statuses: undefined }).state, undefined);
    const failed = of({
      statuses: new Map([status("n1", "failed", { reason: "no author", hint: "Map it." })]),
    });
    assert.deepEqual([failed.state, failed.why, failed.hint], ["failed", "No author.", "Map it."]);
    assert.equal(of({ statuses: new Map([status("n1", "apart", { cause: "deleted" })]) }).state, "paused");
    const call = merge({ crm: { ...none, calls: [{ id: "c1", dateAdded: "2026-11-20T10:00:00Z" }] } })[0];
    assert.equal(call.state, undefined, "no sync copies calls of GHL");
  });

  test("has what is to come first, the nearest first, then the past, the newest first", () => {
    const entries = merge({
      crm: {
        ...none,
        tasks: [
          { id: "late", title: "a", dueDate: "2026-11-01T09:00:00Z", completed: false },
          { id: "open", title: "b", completed: false },
          { id: "done", title: "c", dueDate: "2026-11-10T09:00:00Z", completed: true },
        ],
        appointments: [
          { id: "soon", startTime: "2026-11-27T09:00:00Z" },
          { id: "cancelled", startTime: "2026-11-28T09:00:00Z", appointmentStatus: "cancelled" },
        ],
        notes: [{ id: "note", body: "x", dateAdded: "2026-11-20T10:00:00Z" }],
      },
    });
    assert.deepEqual(
      entries.map(({ crmId }) => crmId),
      ["late", "soon", "open", "cancelled", "note", "done"],
    );
  });

  test("takes 20,000 records, and odd ones", () => {
    const notes = Array.from({ length: 20_000 }, (_, index) => ({
      id: `n${index}`,
      body: "x",
      dateAdded: new Date(NOW - index * 60_000).toISOString(),
    }));
    assert.equal(merge({ crm: { ...none, notes } }).length, 20_000);
    const odd = merge({
      crm: { ...none, notes: [{ id: "a", body: null, dateAdded: "no date" }, { id: "b" }] },
      chartmogul: {
        notes: [{ uuid: "u", type: "note", text: "[ghl:n:gone] [ghl:n:]", created_at: "" }],
        tasks: [],
      },
    });
    assert.equal(odd.length, 3);
  });

  test("shows texts without markers and without the line of the author", () => {
    assert.equal(readable("Hello\n[ghl:n:N1]"), "Hello");
    assert.equal(readable("Hello\nby Ada King in ChartMogul\n[cm:n:note_1]"), "Hello");
    assert.equal(readable("a [ghl:t:T1] b"), "a b");
    assert.equal(readable("[not a marker] [ghl:x:1]"), "[not a marker] [ghl:x:1]");
  });

  test("has six states and no seventh", () => {
    assert.equal(stateOf({ standing: "inStep" }), "in-step");
    assert.equal(stateOf({ standing: "failed", cause: "rejected" }), "failed");
    assert.equal(stateOf({ standing: "waiting", cause: "bothChanged" }), "conflict");
    assert.equal(stateOf({ standing: "waiting", cause: "ambiguous" }), "unlinked");
    assert.equal(stateOf({ standing: "apart", cause: "noCounterpart" }), "unlinked");
    assert.equal(stateOf({ standing: "apart", cause: "accepted" }), "paused");
    assert.equal(stateOf({ standing: "unknown" }), "unlinked");
  });

  test("groups by week and month", () => {
    const at = (text) => new Date(text).getTime();
    const now = at("2026-11-26T10:00:00");
    assert.equal(groupOf(at("2026-11-23T00:30:00"), false, now), "This week");
    assert.equal(groupOf(at("2026-11-22T23:30:00"), false, now), "Earlier in November");
    assert.equal(groupOf(at("2026-10-30T10:00:00"), false, now), "October");
    assert.equal(groupOf(at("2025-11-26T10:00:00"), false, now), "November 2025");
    assert.equal(groupOf(at("2026-01-01T10:00:00"), true, now), "To come");
    assert.equal(ago(now - 30_000, now), "just now");
    assert.equal(ago(now - 240_000, now), "4 min ago");
  });
});

describe("money", () => {
  const activities = [
    { date: Date.parse("2026-11-12"), type: "expansion", description: "", movement: 6_000 },
    { date: Date.parse("2026-07-08"), type: "contraction", description: "", movement: -6_000 },
    { date: Date.parse("2025-03-04"), type: "new_biz", description: "", movement: 54_000 },
  ];

  test("has a currency, its cents and a minus that is one", () => {
    assert.equal(money(54_000, "USD"), "$540.00");
    assert.equal(money(0, "EUR"), "€0.00");
    assert.equal(signedMoney(-6_000, "USD"), "−$60.00");
    assert.equal(signedMoney(6_000, "USD"), "+$60.00");
    assert.equal(money(-100, "USD"), "−$1.00");
    assert.equal(money(100, "not a currency"), "1.00");
  });

  test("counts back from what the customer has now", () => {
    const movements = movementsOf(activities, 54_000);
    assert.deepEqual(
      movements.map(({ mrr }) => mrr),
      [54_000, 48_000, 54_000],
    );
    const months = monthsOf(movements, 54_000, NOW);
    assert.equal(months.length, 12);
    assert.deepEqual([months[0].label, months[11].label], ["Dec 2025", "Nov 2026"]);
    assert.deepEqual(
      months.map(({ mrr }) => mrr / 1_000),
      [54, 54, 54, 54, 54, 54, 54, 48, 48, 48, 48, 54],
    );
    assert.equal(
      describeMonths(months, "USD"),
      "From $540 to $540: up in Nov, down in Jul. The table below has each month.",
    );
    // Before the first movement there was nothing.
    assert.equal(
      monthsOf(movementsOf(activities.slice(2), 54_000), 54_000, Date.parse("2025-05-01"))[0].mrr,
      0,
    );
  });
});

describe("failures", () => {
  test("each is one line of what and one of what to do", () => {
    for (const code of [
      "serve_away",
      "serve_token",
      "serve_off",
      "serve_old",
      "serve_other",
      "no_permission",
      "busy",
      "stale_plan",
      "unauthorized",
      "forbidden",
      "network",
      "rate_limited",
      "not_found",
      "anything_else",
    ]) {
      const { what, todo } = explain(new Failure({ code, message: "It failed.", service: "ghl" }));
      for (const text of [what, todo]) assert.match(text, /^[A-Zs].*[.!]$/s, `${code}: ${text}`);
    }
    assert.equal(
      explain(new Failure({ code: "unauthorized", message: "x", service: "chartmogul" })).what,
      "ChartMogul did not accept the API key.",
    );
    assert.equal(explain(failureOf(new TypeError("x")), false).what, "You are offline.");
  });

  test("names the CRM as the setting says", () => {
    try {
      sayNeutral(true);
      assert.equal(crm(), "CRM");
      assert.equal(inOurWords("GoHighLevel and GHL, HighLevel"), "CRM and CRM, CRM");
      const { what } = explain(new Failure({ code: "unauthorized", message: "x", service: "ghl" }));
      assert.equal(what, "CRM did not accept the token.");
    } finally {
      sayNeutral(false);
    }
    assert.equal(inOurWords("GHL"), "GHL");
  });

  test("of serve are told apart", async () => {
    const reach = (status, body) =>
      createServedReach(
        { url: "http://127.0.0.1:1", token: "secret-token-0123456789" },
        async () => new Response(typeof body === "string" ? body : JSON.stringify(body), { status }),
      );
    const error = (code, message) => ({ error: { code, message } });
    for (const [status, body, code] of [
      [401, error("unauthorized", "the token is wrong"), "serve_token"],
      [404, error("not_found", "the API is off"), "serve_off"],
      [404, error("not_found", "the route does not exist"), "serve_old"],
      [404, error("not_found", "no such contact"), "not_found"],
      [405, error("not_found", "this route takes GET"), "serve_old"],
      [409, error("busy", "a run is under way"), "busy"],
      [200, "<html>", "serve_other"],
      [502, "Bad gateway", "serve_other"],
      [502, error("unauthorized", "the key was refused"), "unauthorized"],
    ])
      await assert.rejects(reach(status, body).connection(new AbortController().signal), (reason) => {
        assert.equal(reason.code, code, JSON.stringify(body));
        assert.ok(!JSON.stringify(explain(reason)).includes("secret-token"));
        return true;
      });
    const away = createServedReach({ url: "http://127.0.0.1:1", token: "x" }, async () => {
      throw new TypeError("fetch failed");
    });
    await assert.rejects(away.connection(new AbortController().signal), { code: "serve_away" });
    const stopped = new AbortController();
    stopped.abort(new Error("another page"));
    await assert.rejects(away.connection(stopped.signal), /another page/);
  });
});

describe("writes", () => {
  const draft = {
    kind: "task",
    text: "Send\nthe <quote>",
    due: "2026-12-04",
    assignee: { id: "u1", email: "a@x.example" },
    toCrm: true,
    toChartMogul: true,
  };
  const person = {
    contact: { id: "c1" },
    customer: { uuid: "cus_1" },
    connection: { crm: { ok: true, location: { timeZone: "America/New_York" } } },
  };
  const play = (answers) => {
    const calls = [];
    return {
      calls,
      call: async (endpoint, parameters) => {
        calls.push([endpoint, parameters]);
        const answer = answers[endpoint];
        if (answer instanceof Error) throw answer;
        return answer;
      },
    };
  };
  const { signal } = new AbortController();

  test("a task goes to both, its copy with the marker", async () => {
    const reach = play({ "ghl.tasks.create": { id: "t1" }, "chartmogul.tasks.create": { task_uuid: "k1" } });
    assert.deepEqual(await writeBoth(reach, draft, person, signal), {
      crmId: "t1",
      chartmogulId: "k1",
      failure: undefined,
    });
    assert.deepEqual(reach.calls, [
      [
        "ghl.tasks.create",
        {
          contactId: "c1",
          title: "Send",
          body: "the &lt;quote&gt;",
          dueDate: "2026-12-04T14:00:00.000Z",
          completed: false,
          assignedTo: "u1",
        },
      ],
      [
        "chartmogul.tasks.create",
        {
          customer_uuid: "cus_1",
          task_details: "Send - the <quote> [ghl:t:t1]",
          assignee: "a@x.example",
          due_date: "2026-12-04",
        },
      ],
    ]);
  });

  test("a second write that fails is reported, and the first one is not repeated", async () => {
    const reach = play({
      "ghl.tasks.create": { id: "t1" },
      "chartmogul.tasks.create": Object.assign(new Error("x"), { code: "rejected" }),
    });
    const { crmId, failure } = await writeBoth(reach, draft, person, signal);
    assert.equal(crmId, "t1");
    assert.equal(failure.code, "rejected");
    const again = play({ "chartmogul.tasks.create": { task_uuid: "k1" } });
    await writeBoth(again, { ...draft, toCrm: false }, person, signal);
    assert.deepEqual(
      again.calls.map(([endpoint]) => endpoint),
      ["chartmogul.tasks.create"],
    );
  });

  test("a long task is cut so that the marker fits, between characters", () => {
    const cut = taskDetails("😀".repeat(200), "t1");
    assert.ok(cut.length <= 255);
    assert.match(cut, /… \[ghl:t:t1\]$/);
    assert.ok(cut.isWellFormed());
    assert.equal(taskDetails("short", undefined), "short");
  });

  test("9:00 of a day is that of the location, on days when clocks change too", () => {
    for (const [day, zone, text] of [
      ["2026-03-08", "America/New_York", "2026-03-08T13:00:00.000Z"],
      ["2026-11-01", "America/New_York", "2026-11-01T14:00:00.000Z"],
      ["2026-12-04", "Pacific/Auckland", "2026-12-03T20:00:00.000Z"],
      ["2026-12-04", "", "2026-12-04T09:00:00.000Z"],
      ["2026-12-04", "Not/AZone", "2026-12-04T09:00:00.000Z"],
    ])
      assert.equal(new Date(instantOf(day, zone)).toISOString(), text, `${day} ${zone}`);
  });

  test("a draft that lacks something is not sent", () => {
    assert.equal(mistakeOf(draft), undefined);
    assert.equal(mistakeOf({ ...draft, text: " " }).field, "text");
    assert.equal(mistakeOf({ ...draft, due: "" }).field, "due");
    assert.equal(mistakeOf({ ...draft, assignee: undefined }).field, "assignee");
    assert.equal(mistakeOf({ ...draft, assignee: undefined, toChartMogul: false }), undefined);
    assert.equal(mistakeOf({ ...draft, toCrm: false, toChartMogul: false }).field, "to");
  });

  test("only a plan of nothing but the copy is applied without being shown", () => {
    const change = (action, ghlId, fields = { text: { to: "x" } }) => ({
      action,
      kind: "note",
      direction: "ghl-to-chartmogul",
      ghlId,
      title: "x",
      reason: "x",
      fields,
    });
    const plan = (...changes) => ({ summary: { guard: null }, changes });
    assert.equal(isOnlyCopyOf(plan(change("create", "n1"), change("skip", "n2")), "n1"), true);
    assert.equal(isOnlyCopyOf(plan(change("create", "n1"), change("update", "n2")), "n1"), false);
    assert.equal(isOnlyCopyOf(plan(change("create", "n2")), "n1"), false);
    assert.equal(isOnlyCopyOf(plan(change("delete", "n1")), "n1"), false);
    assert.equal(isOnlyCopyOf({ ...plan(change("create", "n1")), summary: { guard: "look" } }, "n1"), false);
    const { writes, rest } = partsOf(
      plan(change("link", "n1", {}), change("link", "n2"), change("error", "n3")),
    );
    assert.deepEqual([writes.length, rest.length], [1, 2]);
  });

  test("values are for people, and what differs is marked", () => {
    assert.equal(valueText("2026-11-30"), "30 Nov 2026");
    assert.equal(valueText("2026-13-45"), "2026-13-45");
    assert.equal(valueText(null), "Empty");
    assert.equal(valueText(false), "No");
    const marked = (one, other) =>
      differingPieces(one, other)
        .map(({ text, differs }) => (differs ? `[${text}]` : text))
        .join("");
    assert.equal(marked("+351 21 555 0142", "+351 91 555 0177"), "+351 [2]1 555 01[42]");
    assert.equal(marked("30 Nov 2026", "2 Dec 2026"), "[30] [Nov] 2026");
    assert.equal(marked("same", "same"), "same");
    assert.equal(marked("one two", "one"), "one[ two]");
  });
});
