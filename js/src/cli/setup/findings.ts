// What the records of both services say about how to set up their sync: fields, users, addresses, effects.

import type { Change, PlanSummary } from "../../generated/answers.js";
import type { CustomFieldSetting, SyncSettings } from "../../generated/settings.js";
import type { ChartMogul, Ghl } from "../../generated/types.js";
import { countOf } from "../totals.js";

type AttributeType = CustomFieldSetting["type"];

/** A GHL field that can become a custom attribute. */
export interface FieldProposal {
  /** GHL's key, for example `contact.plan`. */
  from: string;
  /** The attribute's key. */
  to: string;
  type: AttributeType;
  /** What people call the field. */
  label: string;
  /** GHL's type of it. */
  dataType: string;
  /** Types that the sync can write, the best first. */
  possible: readonly AttributeType[];
  /** Contacts that have a value. */
  filled: number;
  /** Whether ChartMogul has an attribute of that key already. */
  exists: boolean;
}

/** The types of attributes that a field of GHL may become, the best first; `src/mapping` refuses others. */
const ATTRIBUTE_TYPES: Readonly<Record<string, readonly AttributeType[]>> = {
  TEXT: ["String"],
  LARGE_TEXT: ["String"],
  PHONE: ["String"],
  EMAIL: ["String"],
  SINGLE_OPTIONS: ["String"],
  RADIO: ["String"],
  MULTIPLE_OPTIONS: ["String"],
  NUMERICAL: ["Decimal", "Integer", "String"],
  MONETORY: ["Decimal", "String"],
  DATE: ["Timestamp", "String"],
  CHECKBOX: ["String"],
  BOOLEAN: ["Boolean", "String"],
};

type Attributes = Readonly<Record<string, AttributeType>>;

/** The location's fields with the attribute that each would become. Files and lists of boxes cannot cross. */
export function fieldProposals(
  fields: readonly Ghl.CustomField[],
  contacts: readonly Ghl.Contact[],
  attributes: Attributes,
): FieldProposal[] {
  const filled = new Map<string, { count: number; whole: boolean }>();
  for (const { customFields } of contacts) {
    for (const { id, value } of (customFields ?? []) as readonly { id?: string; value?: unknown }[]) {
      if (id === undefined || value === null || value === undefined || value === "") continue;
      const { count, whole } = filled.get(id) ?? { count: 0, whole: true };
      filled.set(id, { count: count + 1, whole: whole && Number.isInteger(Number(value)) });
    }
  }
  return fields.flatMap(({ id, name, fieldKey, dataType, picklistOptions }) => {
    const possible = possibleTypes(dataType ?? "", picklistOptions?.length ?? 0);
    if (possible === undefined || !fieldKey) return [];
    const to = attributeKey(fieldKey);
    const { count = 0, whole = false } = filled.get(id) ?? {};
    const known = attributes[to];
    const isWhole = count > 0 && whole && possible.includes("Integer");
    const type = known !== undefined && possible.includes(known) ? known : isWhole ? "Integer" : possible[0];
    return [
      {
        ...{ from: fieldKey, to, type: type ?? "String", label: name ?? fieldKey, dataType: dataType ?? "" },
        ...{ possible, filled: count, exists: known !== undefined },
      },
    ];
  });
}

function possibleTypes(dataType: string, options: number): readonly AttributeType[] | undefined {
  return dataType === "CHECKBOX" && options === 1 ? ["Boolean", "String"] : ATTRIBUTE_TYPES[dataType];
}

/** The part of GHL's key behind its model, in the characters that an attribute's key may have. */
export function attributeKey(fieldKey: string): string {
  return fieldKey.replace(/^\w+\./, "").replace(/\W+/g, "_");
}

/** The custom attributes that customers and contacts of ChartMogul have, by key, with their types. */
export function attributesOf(
  customers: readonly ChartMogul.Customer[],
  contacts: readonly ChartMogul.Contact[],
): Attributes {
  const found: Record<string, AttributeType> = {};
  const look = (values: unknown) => {
    for (const [key, value] of Object.entries((values ?? {}) as Record<string, unknown>)) {
      const type = attributeType(value);
      if (type !== undefined && !(key in found && type === "Integer")) found[key] = type;
    }
  };
  for (const { attributes } of customers) look((attributes as { custom?: unknown } | undefined)?.custom);
  for (const { custom } of contacts as readonly { custom?: unknown }[])
    if (!Array.isArray(custom)) look(custom);
  return found;
}

function attributeType(value: unknown): AttributeType | undefined {
  if (typeof value === "boolean") return "Boolean";
  if (typeof value === "number") return Number.isInteger(value) ? "Integer" : "Decimal";
  if (typeof value !== "string" || value === "") return undefined;
  return /^\d{4}-\d\d-\d\dT/.test(value) ? "Timestamp" : "String";
}

/** An e-mail address that several records have. */
export interface SharedAddress {
  email: string;
  /** Who has it. */
  names: readonly string[];
  /** Whether it looks like one mailbox of several people: names without a common word, or a role's address. */
  isMailbox: boolean;
}

/** Addresses of roles rather than of people. */
const ROLES =
  /^(?:info|office|sales|hello|contact|admin|support|billing|accounts?|team|mail|kontakt|buero|rechnung|noreply|no-reply)@/;

/** Addresses that more than one record has, those with the most first. */
export function sharedAddresses(
  records: readonly { email: string | null | undefined; name: string }[],
): SharedAddress[] {
  const byAddress = new Map<string, string[]>();
  for (const { email, name } of records) {
    const address = email?.trim().toLowerCase() ?? "";
    if (address === "") continue;
    const names = byAddress.get(address) ?? [];
    names.push(name);
    byAddress.set(address, names);
  }
  return [...byAddress]
    .filter(([, names]) => names.length > 1)
    .map(([email, names]) => {
      return { email, names, isMailbox: ROLES.test(email) || namesDiffer(names) };
    })
    .sort((left, right) => right.names.length - left.names.length || (left.email < right.email ? -1 : 1));
}

/** Whether two of the names have no word in common: "Bob Reis" and "Roberto Reis" may be one person. */
function namesDiffer(names: readonly string[]): boolean {
  const words = names.map((name) => new Set(name.toLowerCase().split(/\s+/).filter(Boolean)));
  return words.some((one, index) =>
    words
      .slice(index + 1)
      .some((other) => one.size > 0 && other.size > 0 && ![...one].some((word) => other.has(word))),
  );
}

/** What a plan with some settings would do, in the numbers that a person decides by. */
export interface Effect {
  /** Contacts that were read. */
  contacts: number;
  /** Contacts that get or have a record in ChartMogul under a customer that exists. */
  matched: number;
  /** Contacts or businesses that become new customers. */
  customers: number;
  conflicts: number;
  /** Contacts that are left out. */
  leftOut: number;
  /** Existing values that would be replaced. */
  replaces: number;
  /** Changes written to GHL, and to ChartMogul, by kind. */
  toGhl: Readonly<Record<string, number>>;
  toChartmogul: Readonly<Record<string, number>>;
}

const WRITES = ["create", "update", "complete", "link", "move", "delete", "merge"] as const;

/** Counts a plan. A contact without a customer becomes one, or joins that of its business. */
export async function effectOf(
  plan: PlanSummary,
  changes: AsyncIterable<Change> | Iterable<Change>,
  anchor: NonNullable<SyncSettings["anchor"]>,
): Promise<Effect> {
  const isOwnCustomer = anchor !== "business-is-customer";
  let [matched, customers, leftOut] = [0, 0, 0];
  for await (const { action, kind, chartmogulCustomer, chartmogulId } of changes) {
    if (kind === "business" && action === "create") customers += 1;
    if (kind !== "contact") continue;
    if (action === "skip" || action === "error") leftOut += 1;
    else if (isOwnCustomer && action === "create" && (chartmogulCustomer ?? chartmogulId) === undefined)
      customers += 1;
    else if (action === "create" || action === "link") matched += 1;
  }
  const toGhl: Record<string, number> = {};
  const toChartmogul: Record<string, number> = {};
  for (const action of WRITES) {
    for (const [kind, count] of Object.entries(plan.totals[action] ?? {})) {
      const there = plan.ghlTotals[action]?.[kind as keyof typeof plan.read] ?? 0;
      toGhl[kind] = (toGhl[kind] ?? 0) + there;
      toChartmogul[kind] = (toChartmogul[kind] ?? 0) + count - there;
    }
  }
  const { contact: contacts = 0 } = plan.read;
  const conflicts = countOf(plan.totals, "conflict");
  return { contacts, matched, customers, conflicts, leftOut, replaces: plan.replaces, toGhl, toChartmogul };
}
