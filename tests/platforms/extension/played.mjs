// A `serve` that is played, for states that must look the same each time: one person, invented, as of one day.

import { createServer } from "node:http";

/** The day that pages of these tests believe it is. */
export const NOW = Date.parse("2026-11-26T10:42:00Z");

export const LOCATION = "HarborPine0000000001";
export const CONTACT = "InesCarvalho00000001";
const CUSTOMER = "cus_0f3d5c1a-0000-4000-8000-000000000001";

const users = [
  { id: "u1", name: "Tomás Lindqvist", email: "tomas@harborpine.example" },
  { id: "u2", name: "Aiko Brandt", email: "aiko@harborpine.example" },
  { id: "u3", name: "Rui Matos", email: "rui@harborpine.example" },
];

const contact = {
  id: CONTACT,
  firstName: "Inês",
  lastName: "Carvalho",
  email: "ines@fernwood.example",
  companyName: "Fernwood Analytics",
};

const customerOf = (more = {}) => ({
  id: 4711,
  uuid: CUSTOMER,
  company: "Fernwood Analytics",
  name: "Inês Carvalho",
  email: "ines@fernwood.example",
  status: "Active",
  mrr: 54_000,
  arr: 648_000,
  currency: "USD",
  city: "Lisbon",
  "customer-since": "2025-03-04T00:00:00+00:00",
  "chartmogul-url": "https://app.chartmogul.com/#/customers/4711-Fernwood_Analytics",
  ...more,
});

const activities = [
  ["2026-11-12", "expansion", 6_000],
  ["2026-09-03", "expansion", 12_000],
  ["2026-07-08", "contraction", -6_000],
  ["2026-05-14", "expansion", 12_000],
  ["2026-02-02", "expansion", 6_000],
  ["2025-03-04", "new_biz", 24_000],
].map(([date, type, movement], index) => ({
  id: index,
  date: `${date}T12:00:00+00:00`,
  type,
  description: type,
  "activity-mrr-movement": movement,
}));

const subscriptions = [
  {
    id: 1,
    plan: "Growth",
    mrr: 48_000,
    quantity: 8,
    "billing-cycle": "year",
    "billing-cycle-count": 1,
    "end-date": "2027-03-04T12:00:00+00:00",
    currency: "USD",
    status: "active",
  },
  {
    id: 2,
    plan: "Priority support",
    mrr: 6_000,
    quantity: 1,
    "billing-cycle": "month",
    "billing-cycle-count": 1,
    currency: "USD",
    status: "active",
  },
];

const ghlNotes = [
  {
    id: "n4",
    body: "Asked whether single sign-on is part of Growth. Told her it is, from 25 seats.<br>by Aiko Brandt in ChartMogul<br>[cm:n:note_4]",
    dateAdded: "2026-11-24T11:20:00Z",
  },
  {
    id: "n7",
    body: "Security questionnaire sent, answers due by month’s end.",
    dateAdded: "2026-11-18T09:12:00Z",
    userId: "u3",
  },
];
const ghlTasks = [
  {
    id: "t1",
    title: "Send renewal quote",
    dueDate: "2026-11-30T09:00:00Z",
    completed: false,
    assignedTo: "u1",
  },
  {
    id: "t6",
    title: "Check usage before the review",
    dueDate: "2026-11-20T09:00:00Z",
    completed: true,
    assignedTo: "u2",
    body: "[cm:t:task-6]",
  },
];
const appointments = [
  {
    id: "a2",
    title: "Renewal meeting",
    startTime: "2026-12-03T14:00:00Z",
    endTime: "2026-12-03T14:30:00Z",
    appointmentStatus: "confirmed",
    assignedUserId: "u2",
  },
  {
    id: "a5",
    title: "Quarterly review",
    startTime: "2026-11-21T10:00:00Z",
    endTime: "2026-11-21T10:30:00Z",
    appointmentStatus: "showed",
    assignedUserId: "u2",
  },
];
const calls = [
  {
    id: "c3",
    body: "Renewal call",
    dateAdded: "2026-11-25T16:05:00Z",
    userId: "u1",
    meta: { callDuration: "720", callStatus: "completed" },
  },
];
const cmNotes = [
  {
    uuid: "note_4",
    type: "note",
    text: "Asked whether single sign-on is part of Growth. Told her it is, from 25 seats.",
    author: "Aiko Brandt (aiko@harborpine.example)",
    created_at: "2026-11-24T11:20:00Z",
  },
  {
    uuid: "note_8",
    type: "call",
    text: "Question about annual billing",
    call_duration: 240,
    author: "Rui Matos (rui@harborpine.example)",
    created_at: "2026-10-30T15:40:00Z",
  },
];
const cmTasks = [
  {
    task_uuid: "task-6",
    task_details: "Check usage before the review",
    assignee: "aiko@harborpine.example",
    due_date: "2026-11-20T00:00:00Z",
    completed_at: "2026-11-20T10:00:00Z",
    created_at: "2026-11-10T10:00:00Z",
  },
];

const inStep = (id, more = {}) => ({
  id,
  standing: "inStep",
  reason: "it is in step",
  kept: [],
  fields: [],
  candidates: [],
  ...more,
});
const linkedContact = {
  ghlId: CONTACT,
  chartmogulCustomer: CUSTOMER,
  matched: "email",
  kind: "contact",
  since: NOW - 9e8,
};

const WHY = {
  n4: inStep("n4", { chartmogulId: "note_4", ghlId: "n4" }),
  n7: {
    ...inStep("n7"),
    standing: "failed",
    cause: "rejected",
    reason: "ChartMogul does not know the author rui@harborpine.example",
    hint: "Map Rui Matos in the settings.",
  },
  t6: inStep("t6", { chartmogulId: "task-6", ghlId: "t6" }),
  note_4: inStep("note_4", { chartmogulId: "note_4", ghlId: "n4" }),
  note_8: inStep("note_8", { chartmogulId: "note_8" }),
  "task-6": inStep("task-6", { chartmogulId: "task-6", ghlId: "t6" }),
};

const CONFLICTS = [
  {
    id: "contact:1:phone",
    kind: "contact",
    field: "phone",
    ghlId: CONTACT,
    chartmogulId: "con_1",
    title: "Inês Carvalho",
    cause: "bothChanged",
    reason: "changed on both sides",
    ghl: "+351 21 555 0142",
    chartmogul: "+351 91 555 0177",
    at: Date.parse("2026-11-25T09:02:00Z"),
    seen: "s1",
  },
  {
    id: "task:1:due_date",
    kind: "task",
    field: "due_date",
    ghlId: "t1",
    chartmogulId: "task-1",
    title: "Send renewal quote",
    cause: "bothChanged",
    reason: "changed on both sides",
    ghl: "2026-11-30",
    chartmogul: "2026-12-02",
    at: Date.parse("2026-11-25T11:40:00Z"),
    seen: "s2",
  },
];

const PLAN = {
  summary: {
    id: "p1",
    calls: { ghl: 1, chartmogul: 1 },
    unchanged: { contact: 1, note: 8, task: 6 },
    replaces: 2,
    guard: null,
    warnings: [],
  },
  changes: [
    {
      action: "create",
      kind: "task",
      direction: "ghl-to-chartmogul",
      ghlId: "t1",
      ghlContactId: CONTACT,
      title: "Send renewal quote",
      reason: "new in GHL",
      fields: {
        task_details: { to: "Send renewal quote" },
        due_date: { to: "2026-11-30" },
        assignee: { to: "tomas@harborpine.example" },
      },
      replaces: 0,
      calls: 1,
      ghlCalls: 0,
    },
    {
      action: "update",
      kind: "contact",
      direction: "chartmogul-to-ghl",
      ghlId: CONTACT,
      title: "Inês Carvalho",
      reason: "changed in ChartMogul",
      fields: {},
      ghlFields: { phone: { from: "+351 21 555 0100", to: "+351 91 555 0177" }, city: { to: "Lisbon" } },
      replaces: 1,
      calls: 0,
      ghlCalls: 1,
    },
    {
      action: "error",
      kind: "note",
      direction: "ghl-to-chartmogul",
      ghlId: "n7",
      ghlContactId: CONTACT,
      title: "Security questionnaire sent…",
      reason: "ChartMogul does not know the author rui@harborpine.example",
      fields: {},
      replaces: 0,
      calls: 0,
      ghlCalls: 0,
    },
  ],
};

const candidates = [
  customerOf(),
  customerOf({
    uuid: "cus_2",
    company: "Fernwood (trial)",
    status: "Cancelled",
    mrr: 0,
    arr: 0,
    "customer-since": "2025-01-02T00:00:00+00:00",
  }),
  customerOf({
    uuid: "cus_3",
    company: "Fernwood Holdings",
    email: "office@fernwood.example",
    status: "New_Lead",
    mrr: 0,
    arr: 0,
    "customer-since": null,
    lead_created_at: "2026-11-12T00:00:00+00:00",
  }),
];

const list = (items) => ({ items, cursor: null });
const refused = (code, message, more = {}) => ({ error: { code, message, retryable: false, ...more } });

/** What each state answers differently from the linked one. */
const STATES = {
  linked: {},
  conflict: { conflicts: CONFLICTS },
  unlinked: {
    why: {
      [CONTACT]: {
        ...inStep(CONTACT),
        standing: "waiting",
        cause: "ambiguous",
        reason: "2 customers match (same e-mail address)",
        candidates: ["cus_1", "cus_2", "cus_3"],
      },
    },
  },
  empty: {
    empty: true,
    customer: customerOf({
      status: "Lead",
      mrr: 0,
      arr: 0,
      "customer-since": null,
      lead_created_at: "2026-11-12T00:00:00+00:00",
    }),
  },
  paused: {
    why: {
      [CONTACT]: {
        ...inStep(CONTACT, linkedContact),
        standing: "apart",
        cause: "accepted",
        reason: "a person accepted it as it is",
        since: Date.parse("2026-11-14T09:00:00Z"),
      },
    },
  },
  error: {
    connection: {
      ghl: { ok: true, location: { id: LOCATION, name: "Harbor & Pine", timeZone: "UTC" } },
      chartmogul: {
        ok: false,
        ...refused("unauthorized", "the key was refused", {
          service: "chartmogul",
          status: 401,
          requestId: "req_7f3a91c2",
        }),
      },
    },
  },
  customer: {},
};

export const STATE_NAMES = Object.keys(STATES);

/** Answers one request as `serve` would in this state. */
function answer(state, { path, query, body }, many) {
  const own = STATES[state];
  if (path === "/v1/connection")
    return (
      own.connection ?? {
        ghl: { ok: true, location: { id: LOCATION, name: "Harbor & Pine", timeZone: "UTC" } },
        chartmogul: { ok: true, account: { name: "Harbor & Pine", currency: "USD", timeZone: "UTC" } },
      }
    );
  if (path === "/v1/why")
    return {
      records: body.ids.map(
        (id) =>
          own.why?.[id] ??
          WHY[id] ??
          (id === CONTACT || id.startsWith("con_")
            ? inStep(id, linkedContact)
            : id.startsWith("many")
              ? inStep(id)
              : { ...inStep(id), standing: "unknown", reason: "not known" }),
      ),
    };
  if (path === "/v1/conflicts")
    return { conflicts: query.get("contact") === CONTACT ? (own.conflicts ?? []) : [] };
  if (path === "/v1/plan") return PLAN.summary;
  if (path === "/v1/plans/p1/changes") return { changes: PLAN.changes, after: null };
  if (path === "/v1/apply")
    return {
      done: true,
      standing: { failed: 0, waiting: 0 },
      report: { done: {}, calls: { ghl: 1, chartmogul: 1 } },
    };
  if (
    path.startsWith("/v1/conflicts/") ||
    path === "/v1/unlink" ||
    path === "/v1/link" ||
    path === "/v1/retry"
  )
    return inStep(CONTACT);
  if (path === "/v1/call") return { result: call(state, own, body, many) };
  return undefined;
}

function call(state, own, { endpoint, parameters, cursor }, many) {
  const none = (items) => list(own.empty ? [] : items);
  switch (endpoint) {
    case "ghl.contacts.get":
      return contact;
    case "ghl.users.list":
      return list(users);
    case "ghl.notes.list":
      return none(ghlNotes);
    case "ghl.tasks.list":
      return none(ghlTasks);
    case "ghl.contacts.listAppointments":
      return none(appointments);
    case "ghl.conversations.search":
      return list([{ id: "conv1" }]);
    case "ghl.messages.list":
      return none(calls);
    case "chartmogul.customers.retrieve":
      return state === "unlinked"
        ? candidates[Number(parameters.customer_uuid.at(-1)) - 1]
        : (own.customer ?? customerOf());
    case "chartmogul.customers.listSubscriptions":
      return none(subscriptions);
    case "chartmogul.customers.listActivities":
      return none(activities);
    case "chartmogul.customers.listContacts":
      return list([
        {
          uuid: "con_1",
          first_name: "Inês",
          last_name: "Carvalho",
          title: "Head of Operations",
          external_id: CONTACT,
        },
        {
          uuid: "con_2",
          first_name: "Duarte",
          last_name: "Pinho",
          title: "Finance",
          external_id: "DuartePinho000000001",
        },
      ]);
    case "chartmogul.notes.list": {
      if (many === 0) return none(cmNotes);
      const from = Number(cursor ?? 0);
      const to = Math.min(many, from + 200);
      const items = Array.from({ length: to - from }, (_, index) => ({
        uuid: `many-${from + index}`,
        type: (from + index) % 3 === 0 ? "call" : "note",
        call_duration: 60,
        text: `<p>Entry <b>${from + index}</b> &amp; what was said of the renewal, the seats and the price.</p>`,
        author: "Aiko Brandt (aiko@harborpine.example)",
        created_at: new Date(NOW - (from + index) * 3_600_000).toISOString(),
      }));
      return { items, cursor: to < many ? String(to) : null };
    }
    case "chartmogul.tasks.list":
      return none(cmTasks);
    default:
      throw new Error(`${endpoint} is not played`);
  }
}

/** Plays a `serve`. `state` may be set between requests, and `many` is how many notes ChartMogul has. */
export async function play() {
  const played = { state: "linked", many: 0, url: "", requests: [], close: () => {} };
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const url = new URL(request.url, "http://x");
    const asked = { path: url.pathname, query: url.searchParams, body: text ? JSON.parse(text) : {} };
    played.requests.push({ method: request.method, ...asked });
    if (played.state === "loading") return;
    const body = answer(played.state, asked, played.many);
    response.writeHead(body === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(body ?? refused("not_found", "the route does not exist")));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  played.url = `http://127.0.0.1:${server.address().port}`;
  played.close = () => {
    server.closeAllConnections();
    server.close();
  };
  return played;
}
