// The webhook of ChartMogul, which has no signature: a secret in its path shows that it is genuine.

import { notGenuine } from "./refusal.js";
import { isSameText } from "./same-text.js";

/** A customer's monthly recurring revenue changed. Of the payload, only whose is kept. */
export interface ChartMogulEvent {
  type: "mrr_movement";
  /** Uuids of the customers (`cus_…`); none where the payload names nobody. */
  customers: string[];
}

/** Refuses a path that does not hold the secret. */
export function requireChartMogulSecret(given: unknown, secret: string | undefined): void {
  const isRight = isSameText(typeof given === "string" ? given : "", secret ?? "-");
  if (isRight && secret !== undefined) return;
  throw notGenuine(
    "wrong_secret",
    secret === undefined
      ? "it is for ChartMogul's webhooks, and no secret is set for them"
      : "its path does not hold the secret of ChartMogul's webhooks",
    "Set webhooks.chartmogulSecret (CHARTMOGUL_WEBHOOK_SECRET), and in ChartMogul the URL that ends with it.",
  );
}

/** The event of a body: any JSON with a customer's uuid where ChartMogul documents it, `customer.uuid`. */
export function readChartMogulEvent(bytes: Uint8Array): ChartMogulEvent {
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw notGenuine("not_an_event", "its body is not JSON", "ChartMogul posts JSON.");
  }
  const events = Array.isArray(body) ? body : [body];
  const customers = events.flatMap((event) => {
    const { customer, customer_uuid } = (event ?? {}) as Readonly<Record<string, unknown>>;
    return [(customer as { uuid?: unknown } | null | undefined)?.uuid, customer_uuid].filter(isCustomer);
  });
  return { type: "mrr_movement", customers: [...new Set(customers)].slice(0, 100) };
}

function isCustomer(id: unknown): id is string {
  return typeof id === "string" && /^cus_[\w-]{1,100}$/.test(id);
}
