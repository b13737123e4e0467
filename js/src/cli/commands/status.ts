// `ghl-chartmogul status`: how the sync of the location stands. Sends nothing.

import type { Connector } from "../../connector.js";
import type { SyncRun, SyncStatus } from "../../generated/answers.js";
import { type ExitCode, exitCodeOfStanding } from "../exit-code.js";
import { bar, colourOf, signText } from "../signs.js";
import { standingLines, standingText } from "../standing.js";
import { formatNumber } from "../table.js";
import type { Terminal } from "../terminal.js";
import { printable } from "../text-width.js";
import { dateText, holderName, labelled, nextLine, paragraph, percentText, timeText } from "../words.js";
import { refreshingText } from "./records.js";
import { runText } from "./runs.js";

/** Shows how the sync stands; 3 where records fail or wait. */
export async function runStatus(connector: Connector, _flags: object, terminal: Terminal): Promise<ExitCode> {
  const status = await connector.sync.status();
  if (terminal.json) terminal.printJson(status);
  else {
    const runs = await connector.sync.runs();
    for (const line of statusLines(status, terminal, Date.now(), runs)) terminal.print(line);
  }
  return exitCodeOfStanding(status.standing);
}

/** Runs that a status shows. */
const MOST_RUNS = 3;

/** The lines of a status: the answer, what is not in step and its cure, calls, freshness, runs, what to do next. */
export function* statusLines(
  status: SyncStatus,
  terminal: Terminal,
  now = Date.now(),
  runs: readonly SyncRun[] = [],
): Generator<string, void, undefined> {
  yield* answerLines(status, terminal);
  if (status.account.name !== "")
    yield* paragraph(terminal, terminal.style("dim", `Account ${printable(status.account.name)}`));
  if (status.reasons.length > 0) {
    yield "";
    yield* standingLines(status.reasons, terminal);
  }
  yield "";
  yield* callsLines(status, terminal, now);
  if (status.notes.contacts > 0) yield* labelled(terminal, "Fresh", `${notesText(status.notes)}.`);
  const times = [
    ["Last run", status.appliedAt],
    ["Last good run", status.lastGood?.endedAt ?? 0],
    ["Full pass", status.fullPassAt],
    ["Last plan", status.plannedAt],
  ] as const;
  for (const [what, at] of times) yield* labelled(terminal, what, at === 0 ? "never" : timeText(at, now));
  for (const [index, run] of runs.slice(0, MOST_RUNS).entries())
    yield* labelled(terminal, index === 0 ? "Runs" : "", runText(run, now));
  if (status.holder !== undefined) yield* labelled(terminal, "Lock", holderText(status.holder, now));
  if (status.queued > 0) yield* labelled(terminal, "Decisions", queuedText(status.queued));
  if (status.refreshing > 0) yield* labelled(terminal, "Refresh", refreshingText(status.refreshing));
  yield "";
  yield* nextLines(status, terminal, now);
}

/** The answer to the question: is it in step? */
function* answerLines(
  { linked, appliedAt, standing }: SyncStatus,
  terminal: Terminal,
): Generator<string, void, undefined> {
  const text = standingText(standing);
  const records = `${formatNumber(linked)} ${linked === 1 ? "record" : "records"} linked`;
  if (appliedAt === 0 && linked === 0) yield terminal.style("bold", "Nothing is synced yet.");
  else if (text === "")
    yield terminal.style(
      "bold",
      terminal.style(colourOf("inStep"), `${signText("inStep")} in step: ${records}`),
    );
  else for (const line of paragraph(terminal, `${records}; ${text}`)) yield terminal.style("bold", line);
}

function holderText(holder: NonNullable<SyncStatus["holder"]>, now: number): string {
  return `in use by ${holderName(holder)} since ${timeText(holder.since, now)}; one that was killed stands here until the next run`;
}

function queuedText(count: number): string {
  return `${formatNumber(count)} ${count === 1 ? "decision" : "decisions"} queued: taken up at the end of the run under way, or by the next`;
}

const BAR_WIDTH = 20;

/** GHL's quota of the day, and how many of today's calls this store's processes have used, and others. */
function* callsLines(
  { quota, today, dailyCalls }: SyncStatus,
  terminal: Terminal,
  now: number,
): Generator<string, void, undefined> {
  if (quota !== undefined) {
    const { limit, remaining, resetsAtMs } = quota;
    const until = `until ${dateText(resetsAtMs, now)}`;
    if (limit === null || limit === 0)
      yield* labelled(terminal, "Calls today", `GHL ${formatNumber(remaining)} left ${until}`);
    else {
      const used = Math.max(0, limit - remaining);
      const text = `${bar(used / limit, BAR_WIDTH, terminal)} ${percentText(used / limit)}, ${formatNumber(used)} of ${formatNumber(limit)} used ${until}`;
      yield* labelled(terminal, "Calls today", `GHL ${text}`);
    }
  }
  const all = dailyCalls === undefined ? "calls" : `${formatNumber(dailyCalls)} calls (dailyCalls)`;
  const others = today.byOthers ?? 0;
  const text = `${formatNumber(today.ours)} of today's ${all} used by us${others > 0 ? `, ${formatNumber(others)} by other programs` : ""}.`;
  yield* labelled(terminal, quota === undefined ? "Calls today" : "", text);
}

/** How old notes are, how soon an edit arrives, and what waits for the next days. */
function notesText({ hoursOld, withinHours, waiting }: SyncStatus["notes"]): string {
  const parts: string[] = [];
  if (hoursOld !== undefined) parts.push(`Notes are at most ${hoursText(hoursOld)} old`);
  if (withinHours !== undefined) parts.push(`an edit arrives within ${hoursText(withinHours)}`);
  if (waiting > 0)
    parts.push(
      `${formatNumber(waiting)} ${waiting === 1 ? "contact waits" : "contacts wait"} for the next days' calls`,
    );
  const text = parts.join("; ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function hoursText(hours: number): string {
  if (hours < 48) return hours === 1 ? "1 hour" : `${hours} hours`;
  return `${formatNumber(Math.ceil(hours / 24))} days`;
}

/** What a person does now: the last line is beside the prompt. */
function* nextLines(
  { unfinished, standing, appliedAt, plannedAt }: SyncStatus,
  terminal: Terminal,
  now: number,
): Generator<string, void, undefined> {
  if (unfinished !== undefined && unfinished.phase !== "planned") {
    const { phase, createdAt } = unfinished;
    yield* paragraph(terminal, `A run of ${timeText(createdAt, now)} was stopped while ${phase}.`);
    yield* nextLine(terminal, "sync", "continues it");
  }
  if (standing.failed + standing.waiting > 0)
    yield* nextLine(terminal, "rejected", "which records, and what to do");
  else if (plannedAt === 0) yield* nextLine(terminal, "plan", "what a sync would write");
  else if (appliedAt === 0) yield* nextLine(terminal, "sync", "applies the plan");
  else yield* nextLine(terminal, "sync", "the next changes");
}
