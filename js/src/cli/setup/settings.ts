// The settings that `init` asks for, in words: anchors and directions, and what flags say of fields and users.

import { closest } from "../../closest.js";
import type { CustomFieldSetting, SyncSettings } from "../../generated/settings.js";
import { UsageError } from "../exit-code.js";
import { formatNumber } from "../table.js";
import { kindsText } from "../words.js";
import { attributeKey, type Effect, type FieldProposal } from "./findings.js";

/** What a contact can become. */
export type Anchor = NonNullable<SyncSettings["anchor"]>;
/** Which way records go. */
export type Way = NonNullable<NonNullable<SyncSettings["directions"]>["notes"]>;

/** Anchors, the safest first. */
export const ANCHORS = ["attach-only", "contact-is-customer", "business-is-customer"] as const;
/** Directions, the safest first. */
export const DIRECTIONS = ["toChartmogul", "toGhl", "both"] as const;

/** What each anchor means. */
export const ANCHOR_TEXTS: Readonly<Record<Anchor, string>> = {
  "attach-only": "a contact of the customer that it matches; no customer is created",
  "contact-is-customer": "a customer, with the contact as its primary contact",
  "business-is-customer": "a contact of the customer that its GHL business becomes",
};

/** What each direction means. */
export const DIRECTION_TEXTS: Readonly<Record<Way, string>> = {
  toChartmogul: "from GHL to ChartMogul",
  toGhl: "from ChartMogul to GHL",
  both: "both ways: a value that changes on both sides waits for you",
};

/** "35 of 60 contacts match, 25 left out, 0 conflicts". */
export function effectText({ contacts, matched, customers, conflicts, leftOut }: Effect): string {
  return [
    `${formatNumber(matched)} of ${formatNumber(contacts)} ${contacts === 1 ? "contact" : "contacts"} match`,
    `${formatNumber(customers)} new ${customers === 1 ? "customer" : "customers"}`,
    `${formatNumber(leftOut)} left out`,
    `${formatNumber(conflicts)} ${conflicts === 1 ? "conflict" : "conflicts"}`,
  ].join(", ");
}

/** "23 tasks to ChartMogul, 4 tasks to GHL" of one kind. */
export function wayText({ toGhl, toChartmogul }: Effect, kind: string): string {
  const parts = [
    [toChartmogul[kind] ?? 0, "to ChartMogul"],
    [toGhl[kind] ?? 0, "to GHL"],
  ] as const;
  const texts = parts
    .filter(([count]) => count > 0)
    .map(([count, where]) => `${kindsText({ [kind]: count })} ${where}`);
  return texts.length === 0 ? "nothing to write now" : texts.join(", ");
}

const TYPES = ["String", "Integer", "Decimal", "Timestamp", "Boolean"] as const;

/** Standard fields that can be attributes too, and what they hold. */
const STANDARD: Readonly<Record<string, CustomFieldSetting["type"]>> = {
  source: "String",
  timezone: "String",
  dnd: "Boolean",
  address1: "String",
  type: "String",
  dateOfBirth: "Timestamp",
};

/** What `--field` says: a field and perhaps its attribute and type, or `proposed`, `all`, `none`. */
export function fieldsOf(
  given: readonly string[],
  known: readonly FieldProposal[] | undefined,
): CustomFieldSetting[] {
  const chosen: CustomFieldSetting[] = [];
  for (const text of given) {
    if (text === "none") continue;
    if (text === "proposed" || text === "all") {
      const all = (known ?? []).filter((field) => text === "all" || isProposed(field));
      chosen.push(...all.map(settingOf));
    } else chosen.push(fieldOf(text, known));
  }
  return chosen.filter(({ to }, index) => chosen.findIndex((other) => other.to === to) === index);
}

/** Whether a field is proposed: contacts have values in it, or ChartMogul has its attribute. */
export function isProposed({ filled, exists }: FieldProposal): boolean {
  return filled > 0 || exists;
}

/** A proposal as a setting. */
export function settingOf({ from, to, type }: FieldProposal): CustomFieldSetting {
  return { from, to, type };
}

function fieldOf(text: string, known: readonly FieldProposal[] | undefined): CustomFieldSetting {
  const [, from = "", to, type] = /^([^=:]+)(?:=([^:]+))?(?::(.+))?$/s.exec(text) ?? [];
  if (from === "")
    throw new UsageError(`--field: ${text} is not a field`, "For example contact.plan=plan:String.");
  if (type !== undefined && !(TYPES as readonly string[]).includes(type))
    throw new UsageError(`--field: ${type} is not a type`, `Allowed are ${TYPES.join(", ")}.`);
  const found = known?.find((field) => field.from === from || field.from === `contact.${from}`);
  const standard = STANDARD[from];
  if (known !== undefined && found === undefined && standard === undefined) {
    const [meant] = closest(from, [...known.map((field) => field.from), ...Object.keys(STANDARD)]);
    throw new UsageError(
      `--field: the location has no field ${from}`,
      meant === undefined ? "Create it in GHL first, or leave it out." : `Did you mean ${meant}?`,
    );
  }
  const of = (type ?? found?.type ?? standard ?? "String") as CustomFieldSetting["type"];
  if (found !== undefined && !found.possible.includes(of))
    throw new UsageError(
      `--field: ${from} (${found.dataType}) cannot be ${of}`,
      `Possible: ${found.possible.join(", ")}.`,
    );
  const key = to ?? found?.to ?? attributeKey(`contact.${from.replace(/^contact\./, "")}`);
  if (!/^\w+$/.test(key))
    throw new UsageError(
      `--field: ${key} is not an attribute's key`,
      "Allowed are letters, digits and underscores.",
    );
  return { from: found?.from ?? from, to: key, type: of };
}

/** What `--user` says: pairs of GHL user and ChartMogul e-mail. */
export function usersOf(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given
      .filter((text) => text !== "none")
      .map((text) => {
        const [, ghl = "", chartmogul = ""] = /^([^=]+)=([^=]+)$/s.exec(text) ?? [];
        const wrong = ghl.trim() === "" ? "it has no =" : emailFault(chartmogul);
        if (wrong !== undefined)
          throw new UsageError(
            `--user: ${text}: ${wrong}`,
            "For example ada@agency.example=ada@company.example.",
          );
        return [ghl.trim(), chartmogul.trim()];
      }),
  );
}

/** What is wrong with an e-mail address. */
export function emailFault(text: string): string | undefined {
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text.trim())
    ? undefined
    : `"${text.trim()}" is not an e-mail address`;
}
