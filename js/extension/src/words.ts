// The words of the panel: the only place that names the CRM, and the words and signs of the states.

/** Set by the build: `neutral` for listings that must not name the CRM. */
declare const NEUTRAL_WORDS: boolean;

/** Whether this build never names the CRM and has none of its domains. */
export const isNeutralBuild = typeof NEUTRAL_WORDS === "boolean" && NEUTRAL_WORDS;

let isNeutral = isNeutralBuild;

/** Says "CRM" instead of "GHL", as the setting has it. A neutral build always does. */
export function sayNeutral(neutral: boolean): void {
  isNeutral = neutral || isNeutralBuild;
}

/** What the CRM is called. */
export const crm = (): string => (isNeutral ? "CRM" : "GHL");

/** A text of a service, an error or `serve` in the words of this build. */
export function inOurWords(text: string): string {
  return isNeutral ? text.replaceAll(/\bGoHighLevel\b|\bHighLevel\b|\bGHL\b/g, "CRM") : text;
}

/** How a record or a person stands. */
export type State = "in-step" | "pending" | "conflict" | "failed" | "unlinked" | "paused";

/** The word of each state. */
export const WORDS: Readonly<Record<State, string>> = {
  "in-step": "In step",
  pending: "Pending",
  conflict: "Conflict",
  failed: "Failed",
  unlinked: "Unlinked",
  paused: "Paused",
};

/** A side: the CRM on the left, ChartMogul on the right. */
export type Side = "crm" | "chartmogul";

/** The name of a side. */
export const sideName = (side: Side): string => (side === "crm" ? crm() : "ChartMogul");

/** A number with its noun. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
