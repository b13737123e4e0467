// `ghl-chartmogul status`: how the sync of the location stands. Sends nothing.

import type { Connector } from "../../connector.js";
import type { SyncStatus } from "../../generated/answers.js";
import { type ExitCode, exitCodeOfStanding } from "../exit-code.js";
import { standingLines, standingText } from "../standing.js";
import { formatNumber } from "../table.js";
import type { Terminal } from "../terminal.js";
import { printable } from "../text-width.js";
import { dateText, holderName, PROGRAM, paragraph, percentText, SIGNS, timeText } from "../words.js";
import { refreshingText } from "./records.js";

/** Shows how the sync stands; 3 where records fail or wait. */
export async function runStatus(connector: Connector, _flags: object, terminal: Terminal): Promise<ExitCode> {
  const status = await connector.sync.status();
  if (terminal.json) terminal.printJson(status);
  else for (const line of statusLines(status, terminal)) terminal.print(line);
  return exitCodeOfStanding(status.standing);
}

/** The lines of a status. */
export function* statusLines(
  status: SyncStatus,
  terminal: Terminal,
  now = Date.now(),
): Generator<string, void, undefined> {
  yield* answerLines(status, terminal);
  const times = [
    ["last run", status.appliedAt],
    ["last good run", status.lastGood?.endedAt ?? 0],
    ["last full pass", status.fullPassAt],
    ["last plan", status.plannedAt],
  ] as const;
  for (const [what, at] of times)
    yield* paragraph(terminal, `${what}: ${at === 0 ? "never" : timeText(at, now)}`);
  if (status.holder !== undefined) yield* paragraph(terminal, holderText(status.holder, now));
  if (status.queued > 0) yield* paragraph(terminal, queuedText(status.queued));
  if (status.refreshing > 0) yield* paragraph(terminal, refreshingText(status.refreshing));
  if (status.account.name !== "") yield* paragraph(terminal, `account: ${printable(status.account.name)}`);
  if (status.reasons.length > 0) {
    yield "";
    yield* standingLines(status.reasons, terminal);
  }
  yield "";
  if (status.quota !== undefined) yield* paragraph(terminal, quotaText(status.quota, now));
  yield* paragraph(terminal, `${callsText(status)}.`);
  if (status.notes.contacts > 0) yield* paragraph(terminal, `${notesText(status.notes)}.`);
  yield "";
  yield* nextLines(status, terminal, now);
}

/** The answer to the question: is it in step? */
function* answerLines(
  { linked, appliedAt, standing }: SyncStatus,
  terminal: Terminal,
): Generator<string, void, undefined> {
  const text = standingText(standing);
  const records = `${formatNumber(linked)} records linked`;
  if (appliedAt === 0 && linked === 0) yield terminal.style("bold", "Nothing is synced yet.");
  else if (text === "") {
    const [sign, word, colour] = SIGNS.inStep;
    yield terminal.style("bold", terminal.style(colour, `${sign} ${word}: ${records}`));
  } else for (const line of paragraph(terminal, `${records}; ${text}`)) yield terminal.style("bold", line);
}

function holderText(holder: NonNullable<SyncStatus["holder"]>, now: number): string {
  return `in use by ${holderName(holder)} since ${timeText(holder.since, now)}; one that was killed stands here until the next run`;
}

function queuedText(count: number): string {
  return `${formatNumber(count)} ${count === 1 ? "decision" : "decisions"} queued: taken up at the end of the run under way, or by the next`;
}

const BAR_WIDTH = 20;

function quotaText({ limit, remaining, resetsAtMs }: NonNullable<SyncStatus["quota"]>, now: number): string {
  const until = `until ${dateText(resetsAtMs, now)}`;
  if (limit === null || limit === 0) return `GoHighLevel's calls: ${formatNumber(remaining)} left ${until}`;
  const used = Math.max(0, limit - remaining);
  const share = used / limit;
  const filled = Math.round(share * BAR_WIDTH);
  const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
  return `GoHighLevel's calls: ${bar} ${percentText(share)}, ${formatNumber(used)} of ${formatNumber(limit)} used ${until}`;
}

/** How many of today's calls this store's processes have used, and others. */
function callsText({ today, dailyCalls }: SyncStatus): string {
  const all = dailyCalls === undefined ? "calls" : `${formatNumber(dailyCalls)} calls (dailyCalls)`;
  const others = today.byOthers ?? 0;
  return `${formatNumber(today.ours)} of today's ${all} used by us${others > 0 ? `, ${formatNumber(others)} by other programs` : ""}`;
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

function* nextLines(
  { unfinished, standing, appliedAt, plannedAt }: SyncStatus,
  terminal: Terminal,
  now: number,
): Generator<string, void, undefined> {
  if (unfinished !== undefined && unfinished.phase !== "planned") {
    const { phase, createdAt } = unfinished;
    yield* paragraph(
      terminal,
      `A run of ${timeText(createdAt, now)} was stopped while ${phase}. Continue: ${PROGRAM} sync`,
    );
  }
  if (standing.failed + standing.waiting > 0)
    yield* paragraph(terminal, `Which records, and what to do: ${PROGRAM} rejected`);
  else if (plannedAt === 0) yield `Begin: ${PROGRAM} plan`;
  else if (appliedAt === 0) yield `Apply the plan: ${PROGRAM} sync`;
  else yield `All is well. The next changes: ${PROGRAM} sync`;
}
