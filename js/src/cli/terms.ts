// Says errors in the words of the command line: variables in place of options, commands in place of methods.

/** What errors say for programs, and what the command line says instead. */
export const TERMS: readonly (readonly [RegExp, string])[] = [
  [/Pass it, for example process\.env\.(\w+)\./g, "Set $1."],
  [/pass its id, for example process\.env\.(\w+)\./g, "set $1 to its id."],
  [/Pass the option `?ghl`?\./g, "Set GHL_TOKEN and GHL_LOCATION_ID."],
  [/Pass the option `?chartmogul`?\./g, "Set CHARTMOGUL_API_KEY."],
  [/`?\bghl\.token\b`?/g, "GHL_TOKEN"],
  [/`?\bghl\.locationId\b`?/g, "GHL_LOCATION_ID"],
  [/`?\bghl\.baseUrl\b`?/g, "GHL_BASE_URL"],
  [/`?\bchartmogul\.apiKey\b`?/g, "CHARTMOGUL_API_KEY"],
  [/`?\bchartmogul\.baseUrl\b`?/g, "CHARTMOGUL_BASE_URL"],
  [/Check locationId\b/g, "Check GHL_LOCATION_ID"],
  [/Check the token\b/g, "Check GHL_TOKEN"],
  [/Check the API key\b/g, "Check CHARTMOGUL_API_KEY"],
  [
    /Pass contactId: `details\.candidates` lists the contacts\./g,
    "Pass --contactId with one of the candidates.",
  ],
  [/Use the record that `details` names\b/g, "Use the record that is there already"],
  [
    /Create a new connector to continue, and please report this message\./g,
    "Run it again, and please report this message.",
  ],
];

/** An error in these words; anything else of it stays. */
export function inTerms<
  Said extends { message?: string | undefined; hint?: string | undefined; retryAfterMs?: number | undefined },
>(error: Said): Said {
  const { message, hint, retryAfterMs } = error;
  const wait = retryAfterMs === undefined ? "the day's reset" : durationOf(retryAfterMs);
  const said = (text: string) =>
    TERMS.reduce((text, [pattern, word]) => text.replace(pattern, word), text).replace(
      /after `?retryAfterMs`?/g,
      `after ${wait}`,
    );
  return {
    ...error,
    ...(message === undefined ? {} : { message: said(message) }),
    ...(hint === undefined ? {} : { hint: said(hint) }),
  };
}

function durationOf(milliseconds: number): string {
  const minutes = Math.ceil(milliseconds / 60_000);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
