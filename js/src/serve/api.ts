// The API of `serve`, for panels and steps of automation platforms: routes, what each takes, and the status
// of its errors.

import type { Connector } from "../connector.js";
import { ConnectorError, createError, type ErrorCode, type ErrorFields } from "../errors.js";
import type { RecordStatus, Winner } from "../generated/answers.js";
import { methodOf } from "../methods.js";

/** A request of the API, its body parsed. */
export interface ApiRequest {
  method: string;
  /** Without the query. */
  path: string;
  query: URLSearchParams;
  body: unknown;
  /** Ends what is under way at its next checkpoint. */
  signal: AbortSignal;
}

/** An answer of the API. */
export interface ApiAnswer {
  status: number;
  /** The route as it is written, for counts. */
  route: string;
  headers?: Readonly<Record<string, string>>;
  body: object;
}

type Kind = "text" | "texts" | "number" | "flag" | "object";
type Values = Readonly<Record<string, unknown>>;

interface Route {
  method: "GET" | "POST";
  path: string;
  /** What its body takes, or the query of a GET. `!` marks what must be there. */
  takes: Readonly<Record<string, Kind | `${Kind}!`>>;
  answer(connector: Connector, values: Values, signal: AbortSignal): Promise<unknown>;
}

const BUDGET = { deadlineMs: "number", maxCalls: "number", maxRecords: "number" } as const;

/** Most changes, conflicts or records of a page, and most ids of a request. */
const PAGE = 500;

/**
 * What a panel reads of a person, and the two records it adds. No other endpoint can be called: whoever has
 * the token may look at records and sync them, and no more.
 */
const CALLS: ReadonlySet<string> = new Set([
  "ghl.contacts.get",
  "ghl.contacts.listAppointments",
  "ghl.conversations.get",
  "ghl.conversations.search",
  "ghl.messages.list",
  "ghl.notes.create",
  "ghl.notes.list",
  "ghl.tasks.create",
  "ghl.tasks.list",
  "ghl.users.list",
  "chartmogul.contacts.list",
  "chartmogul.customers.list",
  "chartmogul.customers.listActivities",
  "chartmogul.customers.listContacts",
  "chartmogul.customers.listSubscriptions",
  "chartmogul.customers.retrieve",
  "chartmogul.customers.search",
  "chartmogul.notes.list",
  "chartmogul.tasks.list",
]);

const ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/connection",
    takes: {},
    answer: connection,
  },
  {
    method: "POST",
    path: "/v1/call",
    takes: { endpoint: "text!", parameters: "object", cursor: "text" },
    answer: call,
  },
  {
    method: "GET",
    path: "/v1/status",
    takes: {},
    answer: ({ sync }, _, signal) => sync.status({ signal }),
  },
  {
    method: "GET",
    path: "/v1/runs",
    takes: {},
    answer: async ({ sync }, _, signal) => ({ runs: await sync.runs({ signal }) }),
  },
  {
    method: "POST",
    path: "/v1/plan",
    takes: { full: "flag", contacts: "texts" },
    answer: ({ sync }, values, signal) => sync.plan({ ...values, signal }),
  },
  {
    method: "GET",
    path: "/v1/plans/:id/changes",
    takes: { after: "text" },
    answer: async ({ sync }, { id, after }, signal) => {
      const { items, cursor } = await sync.changes(id as string, page(after, signal));
      return { changes: items, after: cursor };
    },
  },
  {
    method: "POST",
    path: "/v1/apply",
    takes: { planId: "text!", ...BUDGET },
    answer: ({ sync }, { planId, ...budget }, signal) => sync.apply(planId as string, { ...budget, signal }),
  },
  {
    method: "POST",
    path: "/v1/run",
    takes: { contacts: "texts", full: "flag", apply: "flag", ...BUDGET },
    answer: ({ sync }, values, signal) => sync.run({ ...values, signal }),
  },
  {
    method: "GET",
    path: "/v1/conflicts",
    takes: { settled: "flag", contact: "text", after: "text" },
    answer: async ({ sync }, { settled, contact, after }, signal) => {
      const options = { ...page(after, signal), settled: settled as boolean | undefined };
      if (contact !== undefined) {
        const conflicts = await allOf(sync.conflicts({ ...options, limit: undefined }), contact);
        return { conflicts, after: null };
      }
      const { items, cursor } = await sync.conflicts(options);
      return { conflicts: items, after: cursor };
    },
  },
  {
    method: "POST",
    path: "/v1/conflicts/:id/resolve",
    takes: { winner: "text!", seen: "text" },
    answer: ({ sync }, { id, winner, seen }, signal) =>
      sync.resolve(id as string, winner as Winner, { seen: seen as string | undefined, signal }),
  },
  {
    method: "GET",
    path: "/v1/rejected",
    takes: { contact: "text", after: "text" },
    answer: async ({ sync }, { contact, after }, signal) => {
      if (contact !== undefined)
        return { rejected: await allOf(sync.deadLetters({ signal }), contact), after: null };
      const { items, cursor } = await sync.deadLetters(page(after, signal));
      return { rejected: items, after: cursor };
    },
  },
  {
    method: "GET",
    path: "/v1/why/:id",
    takes: {},
    answer: ({ sync }, { id }, signal) => sync.why(id as string, { signal }),
  },
  {
    method: "POST",
    path: "/v1/why",
    takes: { ids: "texts!" },
    answer: async ({ sync }, { ids }, signal) => {
      const asked = ids as string[];
      if (asked.length > PAGE)
        throw createError({ code: "invalid_argument", message: `ids has more than ${PAGE} ids` });
      const records: RecordStatus[] = [];
      for (const id of asked) records.push(await sync.why(id, { signal }));
      return { records };
    },
  },
  {
    method: "POST",
    path: "/v1/retry",
    takes: { id: "text!" },
    answer: ({ sync }, { id }, signal) => sync.retry(id as string, { signal }),
  },
  {
    method: "POST",
    path: "/v1/accept",
    takes: { ids: "texts!" },
    answer: async ({ sync }, { ids }, signal) => ({
      accepted: await sync.accept(ids as string[], { signal }),
    }),
  },
  {
    method: "POST",
    path: "/v1/link",
    takes: { contact: "text!", chartmogul: "text!" },
    answer: ({ sync }, { contact, chartmogul }, signal) =>
      sync.link(contact as string, chartmogul as string, { signal }),
  },
  {
    method: "POST",
    path: "/v1/unlink",
    takes: { id: "text!" },
    answer: ({ sync }, { id }, signal) => sync.unlink(id as string, { signal }),
  },
  {
    method: "POST",
    path: "/v1/refresh",
    takes: { contacts: "texts!" },
    answer: ({ sync }, { contacts }, signal) => sync.refresh(contacts as string[], { signal }),
  },
];

/** Which location and account the connector reaches, or why it does not: each side by itself. */
async function connection({ ghl, chartmogul }: Connector, _: Values, signal: AbortSignal): Promise<unknown> {
  const [location, account] = await Promise.allSettled([
    ghl.locations.get({}, { signal }),
    chartmogul.account.retrieve({}, { signal }),
  ]);
  const side = <Result>(settled: PromiseSettledResult<Result>, tell: (result: Result) => object) =>
    settled.status === "fulfilled"
      ? { ok: true, ...tell(settled.value) }
      : { ok: false, error: answerOfError(settled.reason, signal).error };
  return {
    ghl: side(location, ({ id, name, timezone }) => ({ location: { id, name, timeZone: timezone } })),
    chartmogul: side(account, ({ name, currency, time_zone }) => ({
      account: { name, currency, timeZone: time_zone },
    })),
  };
}

type CallValues = { endpoint: string; parameters?: object; cursor?: string };

/** One call of an endpoint that a panel needs: `{ result }`, which is a page where the endpoint is a list. */
async function call(connector: Connector, values: Values, signal: AbortSignal): Promise<unknown> {
  const { endpoint, parameters = {}, cursor } = values as CallValues;
  if (!CALLS.has(endpoint))
    throw createError({
      code: "invalid_argument",
      message: `endpoint: ${JSON.stringify(endpoint.slice(0, 80))} cannot be called here`,
      hint: `Allowed are ${[...CALLS].join(", ")}.`,
    });
  const options = { signal, ...(cursor !== undefined && { cursor }) };
  const result = await methodOf(connector, endpoint)(parameters, options);
  return { result: result ?? null };
}

/** The records of a list that belong to a contact, from all its pages. */
async function allOf<Item extends { contact?: string | undefined }>(
  list: AsyncIterable<Item>,
  contact: unknown,
): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of list) if (item.contact === contact) items.push(item);
  return items;
}

function page(after: unknown, signal: AbortSignal): { cursor?: string; limit: number; signal: AbortSignal } {
  return { ...(after !== undefined && { cursor: after as string }), limit: PAGE, signal };
}

/** Answers a request; never rejects. */
export async function answerApi(connector: Connector, request: ApiRequest): Promise<ApiAnswer> {
  const here = ROUTES.map((route) => ({ route, id: idOf(route.path, request.path) })).filter(
    ({ id }) => id !== undefined,
  );
  const found = here.find(({ route }) => route.method === request.method);
  if (found === undefined) {
    const allow = here.map(({ route }) => route.method).join(", ");
    const error = createError({
      code: "not_found",
      message: here.length === 0 ? "the route does not exist" : `this route takes ${allow}`,
      hint: "docs/operation.md lists the routes.",
    });
    const headers = here.length === 0 ? {} : { allow };
    return { status: here.length === 0 ? 404 : 405, route: "none", headers, body: { error: error.toJSON() } };
  }
  const { route, id } = found;
  try {
    const given = route.method === "GET" ? Object.fromEntries(request.query) : request.body;
    const values = { ...read(given, route), ...(id !== "" && { id }) };
    const body = (await route.answer(connector, values, request.signal)) ?? {};
    return { status: 200, route: route.path, body };
  } catch (reason) {
    const { status, error, headers } = answerOfError(reason, request.signal);
    return { status, route: route.path, headers, body: { error } };
  }
}

/** The id in a path of this route; an empty text where it has none; undefined for another route's path. */
function idOf(route: string, path: string): string | undefined {
  const [before = "", after] = route.split("/:id");
  if (after === undefined) return path === route ? "" : undefined;
  if (!path.startsWith(`${before}/`) || !path.endsWith(after)) return undefined;
  const id = path.slice(before.length + 1, path.length - after.length);
  if (id === "" || id.includes("/")) return undefined;
  try {
    return decodeURIComponent(id);
  } catch {
    return undefined;
  }
}

/** The values of a body or query; refuses those that the route does not know, or that are of another type. */
function read(given: unknown, { method, takes }: Route): Values {
  const where = method === "GET" ? "the query" : "the body";
  const allowed = Object.keys(takes).join(", ") || "nothing";
  const refuse = (message: string) =>
    createError({ code: "invalid_argument", message, hint: `This route takes ${allowed} in ${where}.` });
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw refuse(`${where} must be a JSON object`);
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    const kind = Object.hasOwn(takes, name) ? takes[name] : undefined;
    if (kind === undefined) throw refuse(`${where} has an unknown ${JSON.stringify(name.slice(0, 40))}`);
    const type = kind.replace("!", "") as Kind;
    const fits = FITS[type];
    const read = method === "GET" && type === "flag" ? { true: true, false: false }[String(value)] : value;
    if (!fits(read)) throw refuse(`${name} in ${where} must be ${WORDS[type]}`);
    values[name] = read;
  }
  for (const [name, kind] of Object.entries(takes))
    if (kind.endsWith("!") && !(name in values)) throw refuse(`${where} lacks ${name}`);
  return values;
}

const isText = (value: unknown) => typeof value === "string" && value.trim() !== "";

const FITS: Readonly<Record<Kind, (value: unknown) => boolean>> = {
  text: isText,
  texts: (value) => Array.isArray(value) && value.length > 0 && value.every(isText),
  number: (value) => typeof value === "number" && value >= 0,
  flag: (value) => typeof value === "boolean",
  object: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
};

const WORDS: Readonly<Record<Kind, string>> = {
  text: "a text that is not empty",
  texts: "a list of texts, one at least",
  number: "a number, 0 or more",
  flag: "true or false",
  object: "an object",
};

/** Codes that say something about the request itself. All others are 500, or of the services. */
const STATUSES: Readonly<Partial<Record<ErrorCode, number>>> = {
  invalid_argument: 400,
  not_found: 404,
  unknown_endpoint: 404,
  duplicate: 409,
  ambiguous: 409,
  busy: 409,
  stale_plan: 409,
  cap_exceeded: 409,
  rejected: 422,
  unmappable: 422,
  rate_limited: 429,
  daily_quota_exhausted: 429,
  network: 502,
  unreadable_response: 502,
  service_unavailable: 503,
  store_failed: 503,
  aborted: 503,
  timeout: 504,
};

/** What a caller's own token has nothing to do with: the services refuse the connector's. */
const OF_SERVICES: ReadonlySet<string> = new Set<ErrorCode>([
  "unauthorized",
  "reconnect_required",
  "location_suspended",
  "scope_missing",
  "token_type_mismatch",
  "location_forbidden",
  "forbidden",
  "payment_required",
]);

/** The status and body of an error. */
export function answerOfError(
  reason: unknown,
  signal?: AbortSignal,
): { status: number; error: ErrorFields; headers: Readonly<Record<string, string>> } {
  if (signal?.aborted && reason === signal.reason) return answerOfError(stopping());
  if (!ConnectorError.is(reason)) {
    // What it says may hold anything.
    const error = createError({ code: "crashed", message: "the request failed on a defect" });
    return { status: 500, error: error.toJSON(), headers: {} };
  }
  const status = OF_SERVICES.has(reason.code) ? 502 : (STATUSES[reason.code] ?? 500);
  const seconds = Math.ceil((reason.retryAfterMs ?? 1_000) / 1_000);
  const headers = reason.retryable ? { "retry-after": String(seconds) } : {};
  return { status, error: reason.toJSON(), headers };
}

function stopping(): ConnectorError {
  return createError({
    code: "aborted",
    message: "the server is stopping",
    hint: "What was read and written so far is kept; the next run continues there.",
  });
}
