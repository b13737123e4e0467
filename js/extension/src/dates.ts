// Dates and times as the panel writes them, and the groups of the timeline.

const format = (options: Intl.DateTimeFormatOptions) => {
  const made = new Intl.DateTimeFormat("en-GB", options);
  return (at: number) => made.format(at).replace("Sept", "Sep");
};
const dayMonth = format({ day: "numeric", month: "short" });
const dayMonthYear = format({ day: "numeric", month: "short", year: "numeric" });
const clock = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const monthName = format({ month: "long" });
const utcDayMonth = format({ day: "numeric", month: "short", timeZone: "UTC" });
const utcDayMonthYear = format({ day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

/** An instant of a text or a number, in milliseconds since 1970; undefined for anything else. */
export function readInstant(value: unknown): number | undefined {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (typeof value !== "string" || value === "") return undefined;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : at;
}

/** For example `4 Mar 2025`. */
export const longDate = (at: number): string => dayMonthYear(at);

/** Without the year where it is that of `now`. */
export const shortDate = (at: number, now: number): string =>
  new Date(at).getFullYear() === new Date(now).getFullYear() ? dayMonth(at) : dayMonthYear(at);

/** For a day without a time of its own, such as a due date: it is the same in each time zone. */
export const calendarDate = (at: number, now: number): string =>
  new Date(at).getUTCFullYear() === new Date(now).getFullYear() ? utcDayMonth(at) : utcDayMonthYear(at);

/** The same with its year. */
export const wholeCalendarDate = (at: number): string => utcDayMonthYear(at);

/** For example `16:05`. */
export const time = (at: number): string => clock(at);

/** For example `Yesterday 16:05` or `24 Nov 11:20`. */
export function dateTime(at: number, now: number): string {
  const days = dayNumber(now) - dayNumber(at);
  const day = days === 0 ? "Today" : days === 1 ? "Yesterday" : days === -1 ? "Tomorrow" : shortDate(at, now);
  return `${day} ${clock(at)}`;
}

/** How long ago: `just now`, `2 min ago`, `3 h ago`, then the date. */
export function ago(at: number, now: number): string {
  const minutes = Math.floor((now - at) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ago`;
  return shortDate(at, now);
}

/** The head of an entry's group on the timeline. */
export function groupOf(at: number, isToCome: boolean, now: number): string {
  if (isToCome) return "To come";
  const entry = new Date(at);
  const today = new Date(now);
  if (mondayOf(entry) >= mondayOf(today)) return "This week";
  const isSameYear = entry.getFullYear() === today.getFullYear();
  if (isSameYear && entry.getMonth() === today.getMonth()) return `Earlier in ${monthName(at)}`;
  return isSameYear ? monthName(at) : `${monthName(at)} ${entry.getFullYear()}`;
}

function dayNumber(at: number): number {
  const date = new Date(at);
  return Math.round(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / 86_400_000);
}

function mondayOf(date: Date): number {
  return dayNumber(date.getTime()) - ((date.getDay() + 6) % 7);
}
