// Names of parameters as people read them.

const CAPITALS = new Set([
  ...[
    "id",
    "url",
    "uuid",
    "mrr",
    "arr",
    "asp",
    "ltv",
    "sms",
    "gmb",
    "fb",
    "ip",
    "vat",
    "api",
    "html",
    "json",
  ],
  ...["rrule", "seo", "csv", "dnd", "pdf"],
]);
const SPELLINGS: Readonly<Record<string, string>> = {
  ids: "IDs",
  uuids: "UUIDs",
  urls: "URLs",
  chartmogul: "ChartMogul",
  whatsapp: "WhatsApp",
  email: "Email",
};

/** Labels by name: the forms of all operations have some hundred names, each of them many times. */
const labels = new Map<string, string>();

/** `firstName`, `customer_uuid` or `locationId` as `First Name`, `Customer UUID`, `Location ID`. */
export function labelOf(name: string): string {
  const known = labels.get(name);
  if (known !== undefined) return known;
  const label = labelOfWords(name);
  labels.set(name, label);
  return label;
}

function labelOfWords(name: string): string {
  const words = name
    .replaceAll("WhatsApp", "Whatsapp")
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .split(/[\s_\-.]+/)
    .filter((word) => word !== "");
  return words.map(inCapitals).join(" ");
}

function inCapitals(word: string): string {
  const plain = word.toLowerCase();
  if (CAPITALS.has(plain)) return word.toUpperCase();
  return SPELLINGS[plain] ?? word.charAt(0).toUpperCase() + word.slice(1);
}

/** `contacts` as `contact`, `businesses` as `business`, `activities` as `activity`. */
export function singular(name: string): string {
  if (name.endsWith("ies")) return `${name.slice(0, -3)}y`;
  if (/(ss|sh|ch|x)es$/.test(name)) return name.slice(0, -2);
  return name.endsWith("s") && !name.endsWith("ss") ? name.slice(0, -1) : name;
}

/**
 * What one record of a group is called: `calendarEvents` is a `Calendar Event`.
 *
 * @example
 * import { nounOf } from "ghl-chartmogul/operations";
 * console.log(nounOf("businesses")); // Business
 */
export function nounOf(group: string): string {
  return labelOf(singular(group));
}

/** `customers.create` as `Create Customer`, `customers.listContacts` as `List Contacts (Customers)`. */
export function titleOf(name: string): string {
  const [group = "", verb] = name.split(".");
  if (verb === undefined) return labelOf(group);
  const words = labelOf(verb);
  if (words.includes(" ")) return `${words} (${labelOf(group)})`;
  const isOne = verb !== "list" && verb !== "search";
  return `${words} ${isOne ? nounOf(group) : labelOf(group)}`;
}
