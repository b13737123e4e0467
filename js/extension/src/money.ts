// Money: amounts of ChartMogul in their currency, and the monthly line of a customer's MRR.

/** An amount of a currency in hundredths, as ChartMogul gives all amounts. */
export function money(hundredths: number, currency: string | undefined): string {
  return withMinus(formatOf(currency).format(hundredths / 100));
}

/** The same without cents where there are none: for a chart's labels. */
export function shortMoney(hundredths: number, currency: string | undefined): string {
  const whole = hundredths % 100 === 0;
  return withMinus(formatOf(currency, whole ? 0 : undefined).format(hundredths / 100));
}

/** A movement with its sign. */
export const signedMoney = (hundredths: number, currency: string | undefined): string =>
  `${hundredths < 0 ? "−" : "+"}${money(Math.abs(hundredths), currency)}`;

const formats = new Map<string, Intl.NumberFormat>();

function formatOf(currency = "USD", digits?: number): Intl.NumberFormat {
  const key = `${currency} ${digits}`;
  const known = formats.get(key);
  if (known !== undefined) return known;
  const fractions = digits === undefined ? {} : { maximumFractionDigits: digits };
  let format: Intl.NumberFormat;
  try {
    format = new Intl.NumberFormat("en-US", { style: "currency", currency, ...fractions });
  } catch {
    format = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, ...fractions });
  }
  formats.set(key, format);
  return format;
}

const withMinus = (text: string): string => text.replace("-", "−");

/** A change of a customer's MRR. */
export interface Movement {
  /** Milliseconds since 1970. */
  at: number;
  /** ChartMogul's word for it. */
  type: string;
  description: string;
  /** The change, in hundredths. */
  change: number;
  /** The customer's MRR after it, in hundredths. */
  mrr: number;
}

/** What an activity of ChartMogul tells. */
export interface Activity {
  date: number;
  type: string;
  description: string;
  movement: number;
}

/**
 * The movements with the customer's MRR after each, newest first. An activity's own figure is that of its
 * subscription, so they are counted back from what the customer has now.
 */
export function movementsOf(activities: readonly Activity[], mrr: number): Movement[] {
  const newest = [...activities].sort((one, other) => other.date - one.date);
  let after = mrr;
  return newest.map(({ date, type, description, movement }) => {
    const moved = { at: date, type, description, change: movement, mrr: after };
    after -= movement;
    return moved;
  });
}

/** A month and the MRR at its end, or now. */
export interface Month {
  /** For example `Nov 2026`. */
  label: string;
  mrr: number;
}

const MONTH = new Intl.DateTimeFormat("en-GB", { month: "short", year: "numeric", timeZone: "UTC" });

/** The last months, oldest first, the one of `now` last. */
export function monthsOf(
  movements: readonly Movement[],
  mrr: number,
  now: number,
  count = 12,
): readonly Month[] {
  const today = new Date(now);
  return Array.from({ length: count }, (_, index) => {
    const back = count - 1 - index;
    const begins = Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - back, 1);
    const ends = Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - back + 1, 1);
    // Newest first: the first one before the month's end is the last of it.
    const last = movements.find(({ at }) => at < ends);
    const oldest = movements.at(-1);
    const before = oldest === undefined ? mrr : oldest.mrr - oldest.change;
    return { label: MONTH.format(begins).replace("Sept", "Sep"), mrr: last?.mrr ?? before };
  });
}

/** A sentence about a line, for whoever does not see it. */
export function describeMonths(months: readonly Month[], currency: string | undefined): string {
  const first = months[0];
  const last = months.at(-1);
  if (first === undefined || last === undefined) return "";
  const ups: string[] = [];
  const downs: string[] = [];
  months.forEach((month, index) => {
    const before = months[index - 1];
    if (before === undefined || before.mrr === month.mrr) return;
    (month.mrr > before.mrr ? ups : downs).push(month.label.split(" ")[0] ?? "");
  });
  const moves = [
    ups.length > 0 ? `up in ${listed(ups)}` : "",
    downs.length > 0 ? `down in ${listed(downs)}` : "",
  ].filter((text) => text !== "");
  const range = `From ${shortMoney(first.mrr, currency)} to ${shortMoney(last.mrr, currency)}`;
  return `${range}${moves.length > 0 ? `: ${moves.join(", ")}` : ", without a change"}. The table below has each month.`;
}

const listed = (texts: readonly string[]): string =>
  texts.length < 3 ? texts.join(" and ") : `${texts.slice(0, -1).join(", ")} and ${texts.at(-1)}`;
