// Credential tests: each side is tried with calls that only read, and tells what works and what to do.

import type { DirectSettings } from "../direct.js";
import { explain, Failure, failureOf } from "../failure.js";
import type { Page, Reach } from "../reach.js";
import { createServedReach, type ServedSettings } from "../served.js";
import { counted, crm } from "../words.js";

/** One line of a test: what, and what to do where it is not well. */
export interface Line {
  isOk: boolean;
  what: string;
  todo?: string | undefined;
}

/** How a side is. */
export interface Tested {
  /** Whether the panel can use it. */
  isOk: boolean;
  lines: readonly Line[];
}

const line = (reason: unknown): Line => {
  const { what, todo } = explain(failureOf(reason), navigator.onLine);
  return { isOk: false, what, todo };
};

const failed = (reason: unknown): Tested => ({ isOk: false, lines: [line(reason)] });

/** Tries `serve`: its answer, and what it says of both sides. */
export async function testServed(
  settings: ServedSettings,
  signal: AbortSignal,
): Promise<{ crm: Tested; chartmogul: Tested }> {
  const reach = createServedReach(settings);
  try {
    const connection = await reach.connection(signal);
    const { crm: ofCrm, chartmogul } = connection;
    return {
      crm: ofCrm.ok
        ? {
            isOk: true,
            lines: [{ isOk: true, what: `Location ${ofCrm.location.name || ofCrm.location.id}` }],
          }
        : failed(ofCrm.error),
      chartmogul: chartmogul.ok
        ? { isOk: true, lines: [{ isOk: true, what: accountText(chartmogul.account) }] }
        : failed(chartmogul.error),
    };
  } catch (reason) {
    return { crm: failed(reason), chartmogul: { isOk: false, lines: [{ isOk: false, what: "Not tried" }] } };
  }
}

const accountText = ({ name, currency }: { name: string; currency: string }): string =>
  `Account ${name || "without a name"}${currency ? `, ${currency}` : ""}`;

async function direct(settings: DirectSettings): Promise<Reach> {
  const { createDirectReach } = await import("../direct.js");
  return createDirectReach(settings);
}

/** A key that takes the place of the one that is not being tried. */
const NOT_TRIED = "not-tried-0000000000000000000000000";

/** Tries the CRM's token: its location, and each right that the panel needs. */
export async function testCrm(settings: DirectSettings, signal: AbortSignal): Promise<Tested> {
  const reach = await direct({ ...settings, chartmogulKey: settings.chartmogulKey || NOT_TRIED });
  try {
    const { crm: side } = await reach.connection(signal);
    if (!side.ok) return failed(side.error);
    const lines: Line[] = [];
    const { id, name } = side.location;
    if (id !== settings.locationId)
      throw new Failure({
        code: "location_forbidden",
        message: `the token is of ${name || id}, another location`,
        service: "ghl",
      });
    let first: string | undefined;
    try {
      const page: { items: { id: string }[]; total: number | null } = await reach.call(
        "ghl.contacts.search",
        { pageLimit: 1 },
        signal,
      );
      first = page.items[0]?.id;
      const total = page.total === null ? "" : `, ${counted(page.total, "contact")}`;
      lines.push({ isOk: true, what: `${name || id}${total}` });
    } catch (reason) {
      return { isOk: false, lines: [{ isOk: true, what: name || id }, line(reason)] };
    }
    const rights: readonly (readonly [string, string, object, string])[] = [
      ["Notes and tasks", "ghl.notes.list", { contactId: first }, "contacts.readonly"],
      ["Calls", "ghl.conversations.search", { contactId: first }, "conversations.readonly"],
      ["Users", "ghl.users.list", {}, "users.readonly"],
    ];
    for (const [what, endpoint, parameters, scope] of rights) {
      if (first === undefined && "contactId" in parameters) continue;
      try {
        await reach.call<Page<unknown>>(endpoint, parameters, signal);
        lines.push({ isOk: true, what: `${what}: can be read` });
      } catch (reason) {
        if (signal.aborted) throw reason;
        lines.push({
          isOk: false,
          what: `${what} cannot be read`,
          todo: `They are left out. Add the scope ${scope} to the token to see them.`,
        });
      }
    }
    return { isOk: true, lines };
  } catch (reason) {
    return failed(reason);
  } finally {
    await reach.close();
  }
}

/** Tries ChartMogul's key: its account, and that customers can be read. */
export async function testChartMogul(settings: DirectSettings, signal: AbortSignal): Promise<Tested> {
  const reach = await direct({
    ...settings,
    ghlToken: settings.ghlToken || NOT_TRIED,
    locationId: settings.locationId || "nottried",
  });
  try {
    const { chartmogul: side } = await reach.connection(signal);
    if (!side.ok) return failed(side.error);
    const lines: Line[] = [{ isOk: true, what: accountText(side.account) }];
    await reach.call("chartmogul.customers.list", { per_page: 1 }, signal);
    lines.push({ isOk: true, what: "Customers: can be read" });
    return { isOk: true, lines };
  } catch (reason) {
    return failed(reason);
  } finally {
    await reach.close();
  }
}

/** What is wrong with what was entered, before anything is sent. */
export function mistakeOfServed(url: string | undefined, token: string): Line | undefined {
  if (url === undefined)
    return {
      isOk: false,
      what: "That is not the address of a serve.",
      todo: "It begins with https://, or with http://127.0.0.1 on this computer.",
    };
  if (!/^[A-Za-z0-9\-_.~]{20,}$/.test(token))
    return {
      isOk: false,
      what: "That is not a token of serve.",
      todo: "SERVE_TOKEN has at least 20 letters, digits, -, _, . or ~. Copy it whole.",
    };
  return undefined;
}

/** The same of the CRM's token and location. */
export function mistakeOfCrm(token: string, locationId: string | undefined): Line | undefined {
  if (token.trim() === "" || /\s/.test(token.trim()))
    return {
      isOk: false,
      what: token.trim() === "" ? "The token is missing." : "The token has spaces in it.",
      todo: "Copy it from the location’s settings, Private Integrations.",
    };
  if (locationId === undefined)
    return {
      isOk: false,
      what: "That is not a location’s id.",
      todo: `Copy the address of any page of the location in ${crm()}: its id is found in it.`,
    };
  return undefined;
}

/** The same of ChartMogul's key. */
export function mistakeOfChartMogul(key: string): Line | undefined {
  if (key.trim() !== "" && !/\s/.test(key.trim())) return undefined;
  return {
    isOk: false,
    what: key.trim() === "" ? "The API key is missing." : "The API key has spaces in it.",
    todo: "Copy it from your profile in ChartMogul, API keys.",
  };
}
