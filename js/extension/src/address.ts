// What the address of a tab shows: a contact or conversation of the CRM, a customer of ChartMogul, or nothing.

/** What a tab is about. */
export type Subject =
  | { kind: "contact"; locationId: string; contactId: string; origin: string }
  | { kind: "conversation"; locationId: string; conversationId: string; origin: string }
  | { kind: "customer"; uuid: string }
  | { kind: "numberedCustomer"; number: number; name: string };

/** A page that shows no record, and why. */
export type NoSubject =
  | { kind: "none"; place: "crm"; page: string }
  | { kind: "none"; place: "chartmogul"; page: string }
  | { kind: "none"; place: "elsewhere"; page: string };

const CHARTMOGUL = "app.chartmogul.com";

/** Hosts of the CRM itself; agencies have their own besides. */
export const CRM_HOSTS: readonly string[] = ["app.gohighlevel.com", "app.leadconnectorhq.com"];

const CONTACT = /^\/(?:v2\/)?location\/([A-Za-z0-9]+)\/contacts\/detail\/([A-Za-z0-9]+)(?:\/|$)/;
const CONVERSATION =
  /^\/(?:v2\/)?location\/([A-Za-z0-9]+)\/conversations\/conversations\/([A-Za-z0-9]+)(?:\/|$)/;
const LOCATION = /^\/(?:v2\/)?location\/([A-Za-z0-9]+)(?:\/|$)/;
const CUSTOMER = /^#?\/customers\/(?:(cus_[A-Za-z0-9-]+)|(\d+)(?:-([^/?]*))?)(?:[/?]|$)/;

/** Reads an address. Any host may be an agency's own; ChartMogul has one. */
export function readAddress(address: string): Subject | NoSubject {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return { kind: "none", place: "elsewhere", page: "" };
  }
  if (url.protocol !== "https:" && url.protocol !== "http:")
    return { kind: "none", place: "elsewhere", page: "" };
  if (url.hostname === CHARTMOGUL) {
    const [, uuid, number, name = ""] = CUSTOMER.exec(url.hash) ?? CUSTOMER.exec(url.pathname) ?? [];
    if (uuid !== undefined) return { kind: "customer", uuid };
    if (number !== undefined)
      return { kind: "numberedCustomer", number: Number(number), name: readName(name) };
    return { kind: "none", place: "chartmogul", page: url.hash.split(/[/?]/)[1] ?? "" };
  }
  const [, locationId, contactId] = CONTACT.exec(url.pathname) ?? [];
  if (locationId !== undefined && contactId !== undefined)
    return { kind: "contact", locationId, contactId, origin: url.origin };
  const [, ofLocation, conversationId] = CONVERSATION.exec(url.pathname) ?? [];
  if (ofLocation !== undefined && conversationId !== undefined)
    return { kind: "conversation", locationId: ofLocation, conversationId, origin: url.origin };
  if (LOCATION.test(url.pathname) || CRM_HOSTS.includes(url.hostname)) {
    const [page = ""] = url.pathname.replace(LOCATION, "").split("/");
    return { kind: "none", place: "crm", page };
  }
  return { kind: "none", place: "elsewhere", page: url.hostname };
}

function readName(text: string): string {
  try {
    return decodeURIComponent(text).replaceAll("_", " ");
  } catch {
    return text.replaceAll("_", " ");
  }
}

/** The location's id in an address of the CRM, or in a text that is one. */
export function readLocationId(text: string): string | undefined {
  const trimmed = text.trim();
  if (/^[A-Za-z0-9]{8,40}$/.test(trimmed)) return trimmed;
  return /\/location\/([A-Za-z0-9]+)/.exec(trimmed)?.[1];
}

/** What makes two subjects the same. */
export const keyOf = (subject: Subject): string =>
  JSON.stringify({ ...subject, ...("origin" in subject && { origin: "" }) });

/** The address of a contact on the host that the person uses. */
export const contactAddress = (origin: string, locationId: string, contactId: string): string =>
  `${origin}/v2/location/${encodeURIComponent(locationId)}/contacts/detail/${encodeURIComponent(contactId)}`;

/** The address of a customer by its uuid. */
export const customerAddress = (uuid: string): string =>
  `https://${CHARTMOGUL}/#/customers/${encodeURIComponent(uuid)}`;

/**
 * A domain as people paste it, as a host; undefined where it does not fit.
 *
 * @example
 * readDomain("https://CRM.tidewater.example/v2/location/x"); // "crm.tidewater.example"
 */
export function readDomain(text: string): string | undefined {
  const host = text
    .trim()
    .replace(/^https?:\/\//i, "")
    .replace(/[/?#].*$/, "")
    .toLowerCase();
  return /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/.test(host) ? host : undefined;
}

/** The permission that covers a host. */
export const patternOf = (host: string): string => `https://${host}/*`;

/** The permission that covers a web address; undefined for one that no permission covers. */
export function patternOfAddress(address: string): string | undefined {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== "https:" && url?.protocol !== "http:") return undefined;
  return `${url.protocol}//${url.hostname}/*`;
}

/**
 * The address of a `serve`, without what follows its origin's path; undefined where it does not fit. Plain HTTP is
 * for this machine only: the token goes with each request.
 */
export function readServeAddress(text: string): string | undefined {
  const trimmed = text.trim();
  const address = trimmed.includes("://") ? trimmed : `https://${trimmed}`;
  if (trimmed === "" || !URL.canParse(address)) return undefined;
  const { protocol, hostname, username, password, origin, pathname } = new URL(address);
  const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
  if (protocol !== "https:" && !(protocol === "http:" && isLocal)) return undefined;
  if (username !== "" || password !== "") return undefined;
  return origin + pathname.replace(/\/(v1\/?)?$/, "");
}
