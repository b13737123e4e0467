// Judges our telephone numbers by libphonenumber-js: reads lines of JSON (input, country, ours), and fails
// where they differ for a reason that is not in the list. Usage: node phones.mjs FILE
import { readFileSync } from "node:fs";
import { parsePhoneNumberFromString } from "libphonenumber-js/max";

const read = (text, country) => {
  const number = parsePhoneNumberFromString(text, country ? { defaultCountry: country } : undefined);
  return number?.isValid() ? number.number : null;
};
const say = (text) => process.stdout.write(`${text}\n`);
// Without its extension.
const digitsOf = (text) => text.replace(/ ext\. \d+$/, "").replace(/\D/g, "");

/** Where we differ by rule, and why. */
const REASONS = [
  {
    name: "ambiguous: the digits are one number here and another one abroad, so neither is certain",
    holds: ({ input, ours, theirs }) => {
      const abroad = input.includes("+") ? null : read(`+${digitsOf(input)}`);
      return ours === null && theirs !== null && abroad !== null && abroad !== theirs;
    },
  },
  {
    name: "its + was left out: as dialled here it is not a number",
    holds: ({ input, ours, theirs }) =>
      theirs === null && ours !== null && ours === read(`+${digitsOf(input)}`),
  },
  {
    name: "00 in front leads abroad, also where another prefix does",
    holds: ({ input, ours, theirs }) =>
      theirs === null && ours !== null && ours === read(`+${digitsOf(input).replace(/^00/, "")}`),
  },
  {
    name: "behind a + a number of a possible length is taken: its range may be newer than the data",
    holds: ({ input, ours, theirs }) =>
      theirs === null &&
      input.includes("+") &&
      ours === `+${digitsOf(input)}` &&
      parsePhoneNumberFromString(ours)?.isPossible(),
  },
  {
    name: "the country has no telephone code of its own in our data",
    holds: ({ country, ours }) => ours === null && ["AC", "TA"].includes(country),
  },
];
/** Both carry Google's data, of different weeks. */
const NEWER = { name: "ranges that one of both data sets has and the other has not", share: 0.005 };

const rows = readFileSync(process.argv[2], "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));
const counts = new Map();
const unexplained = [];
for (const row of rows) {
  const theirs = read(row.input, row.country);
  if (theirs === row.ours) continue;
  const found = REASONS.find((reason) => reason.holds({ ...row, theirs }));
  if (found) counts.set(found.name, (counts.get(found.name) ?? 0) + 1);
  else unexplained.push({ ...row, theirs });
}
for (const [name, count] of counts) say(`${count} of ${rows.length}: ${name}`);
// Two different numbers are never a matter of age.
const wrong = unexplained.filter(({ ours, theirs }) => ours !== null && theirs !== null);
say(`${unexplained.length} of ${rows.length}: ${NEWER.name}`);
for (const row of unexplained.slice(0, 20)) say(`  ${JSON.stringify(row)}`);
if (wrong.length > 0 || unexplained.length > Math.max(2, rows.length * NEWER.share)) {
  say(`${wrong.length} other numbers, ${unexplained.length} differ`);
  process.exit(1);
}
