// Offsets of time zones, from the zone data that the runtime carries in Intl.

const formats = new Map<string, Intl.DateTimeFormat | undefined>();

/** Minutes that local time in this IANA zone is ahead of UTC at that instant; undefined for an unknown zone. */
export function utcOffsetMinutes(zone: string, atMilliseconds: number): number | undefined {
  const format = formatOf(zone);
  if (format === undefined || !Number.isFinite(atMilliseconds)) return undefined;
  const parts: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(atMilliseconds)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  const local = Date.UTC(year, month - 1, day, hour, minute, second);
  return Math.round((local - Math.floor(atMilliseconds / 1000) * 1000) / 60_000);
}

function formatOf(zone: string): Intl.DateTimeFormat | undefined {
  if (!formats.has(zone)) formats.set(zone, createFormat(zone));
  return formats.get(zone);
}

function createFormat(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch {
    return undefined;
  }
}
