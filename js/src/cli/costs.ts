// Calls by kind in words: those of a plan, and a table of what reading a location costs.

import type { PlanSummary, SyncCost } from "../generated/answers.js";
import { formatNumber, formatTable, tableWidth } from "./table.js";
import type { Terminal } from "./terminal.js";
import { durationText, PROGRAM, paragraph, percentText } from "./words.js";

type CallsByKind = PlanSummary["callsByKind"];

/** The services in the order in which they are shown. */
const SERVICES = [
  ["ghl", "GoHighLevel"],
  ["chartmogul", "ChartMogul"],
] as const;

/** What groups of endpoints are about, where their names do not say it. */
const ABOUT: Readonly<Record<string, string>> = {
  locations: "location and users",
  users: "location and users",
  customFields: "location and users",
  dataSources: "account",
  customerNotes: "notes",
  customAttributes: "attributes",
};

/** What a call is about, and to which service it goes. */
function about(kind: string): [service: string, about: string] {
  const [service = "", group = ""] = kind.split(".");
  return [service, ABOUT[group] ?? group];
}

/** Calls of one service by what they are about, the most first. */
function callsAbout(calls: CallsByKind, service: string): [about: string, calls: number][] {
  const found = new Map<string, number>();
  for (const [kind, number] of Object.entries(calls)) {
    const [own, what] = about(kind);
    if (own === service) found.set(what, (found.get(what) ?? 0) + number);
  }
  return [...found].sort(([, one], [, other]) => other - one);
}

/** "GoHighLevel: 31 for notes, 2 for tasks; ChartMogul: 1 for notes"; empty where there are none. */
export function callsByKindText(calls: CallsByKind): string {
  return SERVICES.flatMap(([service, name]) => {
    const parts = callsAbout(calls, service).map(([what, number]) => `${formatNumber(number)} for ${what}`);
    return parts.length === 0 ? [] : [`${name}: ${parts.join(", ")}`];
  }).join("; ");
}

/** The lines of an estimate: a table, sentences where the terminal is too narrow for one, and what it means. */
export function* costLines(cost: SyncCost, terminal: Terminal): Generator<string, void, undefined> {
  const loads = cost.synced ? "sweep" : "first load";
  const readings = [
    [loads, cost.synced ? cost.sweep : cost.firstLoad],
    ["a day", cost.day],
    ["usual run", cost.run],
  ] as const;
  const columns = [
    { title: "calls to" },
    { title: "for" },
    ...readings.map(([title]) => ({ title, align: "right" }) as const),
  ];
  const rows = SERVICES.flatMap(([service, name]) => rowsOf(cost, service, name, readings));
  if (tableWidth(columns, rows) > (terminal.columns ?? Number.POSITIVE_INFINITY)) {
    for (const [title, { callsByKind }] of readings)
      yield* paragraph(terminal, `${title}: ${callsByKindText(callsByKind)}`, "  ", "");
  } else {
    const [head = "", rule = "", ...lines] = formatTable(columns, rows);
    yield terminal.style("bold", head);
    yield terminal.style("dim", rule);
    yield* lines;
  }
  yield "";
  for (const text of sentences(cost)) yield* paragraph(terminal, text);
  yield "";
  yield `${cost.synced ? "Sync" : "Plan"} it: ${PROGRAM} ${cost.synced ? "sync" : "plan"}`;
}

type Readings = readonly (readonly [title: string, reading: SyncCost["run"]])[];

/** The rows of a service: its calls, then what they are about. */
function rowsOf(cost: SyncCost, service: string, name: string, readings: Readings): string[][] {
  const numbers = readings.map(([, { callsByKind }]) => new Map(callsAbout(callsByKind, service)));
  const sign = (what: string) => {
    const counted = (kind: string) => about(kind).join() === [service, what].join();
    if (cost.atMost.some(counted)) return "≤ ";
    return cost.atLeast.some(counted) ? "≥ " : "";
  };
  const sums = numbers.map((calls) => formatNumber([...calls.values()].reduce((sum, one) => sum + one, 0)));
  const kinds = [...new Set(numbers.flatMap((calls) => [...calls.keys()]))];
  return [
    [name, "", ...sums],
    ...kinds.map((what) => [
      "",
      what,
      ...numbers.map((calls) => {
        const number = calls.get(what);
        return number === undefined ? "" : `${number > 1 ? sign(what) : ""}${formatNumber(number)}`;
      }),
    ]),
  ];
}

/** What the numbers mean. */
function* sentences(cost: SyncCost): Generator<string, void, undefined> {
  const { synced, atMost, atLeast, dailyCalls, creates, quota } = cost;
  const isAtLeast = atLeast.some((kind) => kind.startsWith("ghl."));
  const bound = isAtLeast ? "at least " : atMost.length > 0 ? "at most " : "";
  const { calls, days = 1 } = synced ? cost.sweep : cost.firstLoad;
  const takes = `${synced ? "A sweep, which reads all lists and all notes once," : "A first load"} takes ${bound}${formatNumber(calls.ghl)} calls to GHL`;
  yield `${takes}${dailyText(calls.ghl, days, dailyCalls)}.`;
  const runs = formatNumber(Math.round((DAY_MS / cost.intervalMs) * 10) / 10);
  yield `A day of ${runs} runs, one every ${durationText(cost.intervalMs)}, takes ${bound}${formatNumber(cost.day.calls.ghl)} calls${dailyText(cost.day.calls.ghl, 1, dailyCalls)}.`;
  if (!synced) {
    const most = callsByKindText(creates).replace(/^ChartMogul: /, "");
    yield `Writing comes on top, in ChartMogul: at most ${most}, and one for each note.`;
  }
  if (atMost.length > 0) yield "≤ Notes are read of contacts that have a customer in ChartMogul.";
  if (atLeast.length > 0) yield "≥ There are more records than were counted.";
  if (quota !== undefined && quota.limit !== null)
    yield `GHL allows ${formatNumber(quota.limit)} calls a day; ${formatNumber(quota.remaining)} are left today.`;
}

const DAY_MS = 86_400_000;

/** ": 3 days at 10,000 a day (dailyCalls)"; nothing where no limit is known. */
function dailyText(calls: number, days: number, dailyCalls: number | undefined): string {
  if (dailyCalls === undefined) return "";
  const daily = `${formatNumber(dailyCalls)} a day (dailyCalls)`;
  return days > 1
    ? `: ${formatNumber(days)} days at ${daily}`
    : `: ${percentText(calls / dailyCalls)} of ${daily}`;
}
