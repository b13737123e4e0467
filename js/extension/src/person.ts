// The person of a tab, read part by part from both sides: who, whether in step, money, timeline.

import type { Subject } from "./address.js";
import { readInstant } from "./dates.js";
import { type Failure, failureOf } from "./failure.js";
import { type Activity, type Movement, movementsOf } from "./money.js";
import { all, type Conflict, type Connection, type Page, type Reach, type RecordStatus } from "./reach.js";
import {
  type ChartMogulRecords,
  type CrmCall,
  type CrmRecords,
  type Entry,
  idsOf,
  mergeInSteps,
  stateOf,
  type UserNames,
} from "./timeline.js";
import { crm, type State } from "./words.js";

/** A contact of the CRM. */
export interface Contact {
  id: string;
  name: string;
  email: string | undefined;
  phone: string | undefined;
  company: string | undefined;
}

/** A customer of ChartMogul. Amounts are hundredths of its currency. */
export interface Customer {
  uuid: string;
  name: string;
  company: string | undefined;
  email: string | undefined;
  status: string;
  mrr: number;
  arr: number;
  currency: string | undefined;
  since: number | undefined;
  leadSince: number | undefined;
  city: string | undefined;
  /** Its page in ChartMogul. */
  address: string | undefined;
  /** The data source that it belongs to. */
  dataSource: string | undefined;
}

/** A subscription. */
export interface Plan {
  id: string;
  name: string;
  mrr: number;
  quantity: number;
  cycle: string;
  endsAt: number | undefined;
  currency: string | undefined;
}

/** What may be the customer of an unlinked contact, and why. */
export interface Candidate {
  customer: Customer;
  why: string;
}

/** A contact of the CRM that belongs to a customer. */
export interface LinkedContact {
  chartmogulId: string;
  crmId: string | undefined;
  name: string;
  title: string | undefined;
  email: string | undefined;
  state: State | undefined;
}

/** A user of the CRM, for tasks. */
export interface User {
  id: string;
  name: string;
  email: string;
}

/** What the panel shows of a person. Parts that are still being read are undefined. */
export interface Person {
  subject: Subject;
  way: "served" | "direct";
  connection: Connection;
  contact: Contact | undefined;
  customer: Customer | undefined;
  /** ChartMogul's contact that stands for the CRM's. */
  chartmogulContact: string | undefined;
  state: State;
  status: RecordStatus | undefined;
  candidates: readonly Candidate[];
  contacts: readonly LinkedContact[];
  conflicts: readonly Conflict[];
  money: { plans: readonly Plan[]; movements: readonly Movement[] } | undefined;
  timeline: readonly Entry[] | undefined;
  users: readonly User[];
  /** What could not be read, by side. */
  failures: readonly { side: "crm" | "chartmogul"; failure: Failure }[];
  readAt: number;
}

/** The page is of another location than the connection. */
export class OtherLocation extends Error {
  override readonly name = "OtherLocation";
  constructor(
    readonly here: string,
    readonly connected: { id: string; name: string },
  ) {
    super("the page is of another location");
  }
}

type Raw = Readonly<Record<string, unknown>>;

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
const numberOf = (value: unknown): number =>
  typeof value === "number" && Number.isFinite(value) ? value : 0;

/** A contact of GHL's answer. */
export function readContact(raw: Raw): Contact {
  const whole = [textOf(raw["firstName"]), textOf(raw["lastName"])].filter(Boolean).join(" ");
  return {
    id: String(raw["id"]),
    name:
      whole ||
      textOf(raw["name"]) ||
      textOf(raw["email"]) ||
      textOf(raw["phone"]) ||
      "Contact without a name",
    email: textOf(raw["email"])?.toLowerCase(),
    phone: textOf(raw["phone"]),
    company: textOf(raw["companyName"]),
  };
}

/** A customer of ChartMogul's answer. */
export function readCustomer(raw: Raw): Customer {
  const status = textOf(raw["status"])?.replaceAll("_", " ") ?? "Unknown";
  const address = textOf(raw["chartmogul-url"]);
  return {
    uuid: String(raw["uuid"]),
    name: textOf(raw["company"]) ?? textOf(raw["name"]) ?? textOf(raw["email"]) ?? String(raw["uuid"]),
    company: textOf(raw["company"]),
    email: textOf(raw["email"]),
    status: status.charAt(0).toUpperCase() + status.slice(1),
    mrr: numberOf(raw["mrr"]),
    arr: numberOf(raw["arr"]),
    currency: textOf(raw["currency"]),
    since: readInstant(raw["customer-since"]),
    leadSince: readInstant(raw["lead_created_at"]),
    city: textOf(raw["city"]),
    // Only ChartMogul's own pages are opened.
    address: address?.startsWith("https://app.chartmogul.com/") ? address : undefined,
    dataSource: textOf(raw["data_source_uuid"]),
  };
}

function readPlan(raw: Raw): Plan {
  const count = numberOf(raw["billing-cycle-count"]) || 1;
  const unit = textOf(raw["billing-cycle"]) ?? "month";
  const once: Readonly<Record<string, string>> = {
    day: "Daily",
    week: "Weekly",
    month: "Monthly",
    year: "Annual",
  };
  return {
    id: String(raw["id"] ?? raw["uuid"]),
    name: textOf(raw["plan"]) ?? "Plan without a name",
    mrr: numberOf(raw["mrr"]),
    quantity: numberOf(raw["quantity"]),
    cycle: count === 1 ? (once[unit] ?? unit) : `Every ${count} ${unit}s`,
    endsAt: readInstant(raw["end-date"]),
    currency: textOf(raw["currency"]),
  };
}

const readActivity = (raw: Raw): Activity => ({
  date: readInstant(raw["date"]) ?? 0,
  type: textOf(raw["type"]) ?? "",
  description: textOf(raw["description"]) ?? "",
  movement: numberOf(raw["activity-mrr-movement"]),
});

/** Most pages of customers that are looked through for one that is only known by its number. */
const MOST_PAGES = 50;

/** What has been found out once in this panel. */
export interface Known {
  connection?: Connection | undefined;
  users?: readonly User[] | undefined;
  /** Uuids of customers by the number in their address. */
  numbered: Map<number, string>;
}

export const nothingKnown = (): Known => ({ numbered: new Map() });

/** Reads a person; `show` gets each state of it, more complete each time. */
export async function readPerson(
  reach: Reach,
  subject: Subject,
  known: Known,
  signal: AbortSignal,
  show: (person: Person) => void,
): Promise<Person> {
  known.connection ??= await reach.connection(signal);
  const { connection } = known;
  // A refused credential may work again the next time.
  if (!connection.crm.ok || !connection.chartmogul.ok) known.connection = undefined;
  const isCrm = subject.kind === "contact" || subject.kind === "conversation";
  if (isCrm && connection.crm.ok && connection.crm.location.id !== subject.locationId)
    throw new OtherLocation(subject.locationId, connection.crm.location);
  const own = isCrm ? connection.crm : connection.chartmogul;
  if (!own.ok) throw own.error;
  const reader = new Reader(reach, subject, connection, known, signal, show);
  return isCrm ? reader.fromCrm() : reader.fromChartMogul();
}

class Reader {
  person: Person;

  constructor(
    readonly reach: Reach,
    readonly subject: Subject,
    connection: Connection,
    readonly known: Known,
    readonly signal: AbortSignal,
    readonly show: (person: Person) => void,
  ) {
    this.person = {
      subject,
      way: reach.way,
      connection,
      contact: undefined,
      customer: undefined,
      chartmogulContact: undefined,
      state: "unlinked",
      status: undefined,
      candidates: [],
      contacts: [],
      conflicts: [],
      money: undefined,
      timeline: undefined,
      users: known.users ?? [],
      failures: connection.chartmogul.ok
        ? connection.crm.ok
          ? []
          : [{ side: "crm", failure: connection.crm.error }]
        : [{ side: "chartmogul", failure: connection.chartmogul.error }],
      readAt: Date.now(),
    };
  }

  update(change: Partial<Person>): void {
    this.signal.throwIfAborted();
    this.person = { ...this.person, ...change };
    this.show(this.person);
  }

  /** A part of one side: where it fails, the rest is shown all the same. */
  async part<Result>(
    side: "crm" | "chartmogul",
    read: () => Promise<Result>,
    otherwise: Result,
  ): Promise<Result> {
    if (this.person.failures.some((one) => one.side === side && one.failure.code === "unauthorized"))
      return otherwise;
    try {
      return await read();
    } catch (reason) {
      if (this.signal.aborted) throw this.signal.reason;
      const failure = failureOf(reason);
      if (failure.code.startsWith("serve_")) throw failure;
      const isKnown = this.person.failures.some(
        (one) => one.side === side && one.failure.code === failure.code,
      );
      if (!isKnown) this.person = { ...this.person, failures: [...this.person.failures, { side, failure }] };
      return otherwise;
    }
  }

  one = <Result>(endpoint: string, parameters: object): Promise<Result> =>
    this.reach.call<Result>(endpoint, parameters, this.signal);

  all = <Item>(endpoint: string, parameters: object): Promise<Item[]> =>
    all<Item>(this.reach, endpoint, parameters, this.signal);

  async fromCrm(): Promise<Person> {
    const { subject } = this;
    const contactId =
      subject.kind === "contact"
        ? subject.contactId
        : subject.kind === "conversation"
          ? textOf(
              (await this.one<Raw>("ghl.conversations.get", { conversationId: subject.conversationId }))[
                "contactId"
              ],
            )
          : undefined;
    if (contactId === undefined) throw new Error("the conversation names no contact");
    const [raw, statuses, conflicts] = await Promise.all([
      this.one<Raw>("ghl.contacts.get", { contactId }),
      this.reach.sync?.why([contactId], this.signal) ?? [],
      this.reach.sync?.conflicts(contactId, this.signal) ?? [],
    ]);
    const contact = readContact(raw);
    const status = statuses[0];
    const open = conflicts.filter(({ winner }) => winner === undefined);
    const found = await this.part("chartmogul", () => this.customerOf(contact, status), undefined);
    const isFailed = this.person.failures.some(({ side }) => side === "chartmogul");
    const stood = status === undefined ? (found?.customer ? "in-step" : "unlinked") : stateOf(status);
    this.update({
      contact,
      status,
      conflicts: open,
      customer: found?.customer,
      chartmogulContact: found?.chartmogulContact ?? status?.chartmogulId,
      candidates: found?.candidates ?? [],
      state: isFailed ? "failed" : open.length > 0 ? "conflict" : stood,
    });
    const uuid = found?.customer?.uuid;
    await Promise.all([this.readMoney(uuid), this.readTimeline([contactId], uuid)]);
    return this.finish();
  }

  async fromChartMogul(): Promise<Person> {
    const { subject } = this;
    const uuid =
      subject.kind === "customer"
        ? subject.uuid
        : await this.uuidOf(subject.kind === "numberedCustomer" ? subject.number : 0);
    const [raw, rows] = await Promise.all([
      this.one<Raw>("chartmogul.customers.retrieve", { customer_uuid: uuid }),
      this.part(
        "chartmogul",
        () => this.all<Raw>("chartmogul.customers.listContacts", { customer_uuid: uuid }),
        [],
      ),
    ]);
    const uuids = rows.map((row) => String(row["uuid"]));
    const statuses = (uuids.length > 0 && (await this.reach.sync?.why(uuids, this.signal))) || [];
    const contacts = rows.map((row, index): LinkedContact => {
      const status = statuses[index];
      const custom = row["custom"] as Raw | undefined;
      const marked = textOf(custom?.["ghl_contact_id"]) ?? textOf(row["external_id"]);
      const name = [textOf(row["first_name"]), textOf(row["last_name"])].filter(Boolean).join(" ");
      const crmId =
        status?.ghlId ?? (marked !== undefined && /^[A-Za-z0-9]+$/.test(marked) ? marked : undefined);
      return {
        chartmogulId: String(row["uuid"]),
        crmId,
        name: name || textOf(row["email"]) || "Contact without a name",
        title: textOf(row["title"]),
        email: textOf(row["email"]),
        state: status === undefined ? (crmId ? "in-step" : undefined) : stateOf(status),
      };
    });
    const linked = contacts.filter(({ crmId }) => crmId !== undefined);
    const states = linked.map(({ state }) => state);
    const worst = (["failed", "conflict", "pending", "paused"] as const).find((state) =>
      states.includes(state),
    );
    this.update({
      customer: readCustomer(raw),
      contacts,
      state: linked.length === 0 ? "unlinked" : (worst ?? "in-step"),
    });
    const crmIds = linked.slice(0, MOST_CONTACTS).map(({ crmId }) => crmId as string);
    await Promise.all([this.readMoney(uuid), this.readTimeline(crmIds, uuid)]);
    return this.finish();
  }

  finish(): Person {
    this.update({ readAt: Date.now() });
    return this.person;
  }

  /** The customer of a contact, or who it may be. */
  async customerOf(
    contact: Contact,
    status: RecordStatus | undefined,
  ): Promise<{ customer?: Customer; chartmogulContact?: string; candidates: Candidate[] }> {
    const retrieve = async (uuid: string) =>
      readCustomer(await this.one<Raw>("chartmogul.customers.retrieve", { customer_uuid: uuid }));
    if (status?.chartmogulCustomer !== undefined && stateOf(status) !== "unlinked")
      return { customer: await retrieve(status.chartmogulCustomer), candidates: [] };
    if (status === undefined) {
      const marked: Page<Raw> = await this.one("chartmogul.contacts.list", { external_id: contact.id });
      const own = marked.items[0];
      const uuid = textOf(own?.["customer_uuid"]);
      if (own !== undefined && uuid !== undefined)
        return { customer: await retrieve(uuid), chartmogulContact: String(own["uuid"]), candidates: [] };
    }
    const named = (status?.candidates ?? []).slice(0, MOST_CANDIDATES);
    const candidates: Candidate[] = [];
    for (const customer of await Promise.all(named.map(retrieve)))
      candidates.push({ customer, why: whyOf(customer, contact) });
    if (contact.email !== undefined && candidates.length === 0) {
      const customers = await findCustomers(this.reach, contact.email, this.signal);
      for (const customer of customers.slice(0, MOST_CANDIDATES))
        candidates.push({ customer, why: whyOf(customer, contact) });
    }
    return { candidates };
  }

  /** The uuid of a customer that an address names by its number alone: ChartMogul's API has no search for it. */
  async uuidOf(number: number): Promise<string> {
    const { numbered } = this.known;
    let cursor: string | null | undefined;
    for (let pages = 0; pages < MOST_PAGES && !numbered.has(number) && cursor !== null; pages += 1) {
      const page: Page<Raw> = await this.reach.call(
        "chartmogul.customers.list",
        { per_page: 200 },
        this.signal,
        cursor ?? undefined,
      );
      for (const raw of page.items) numbered.set(numberOf(raw["id"]), String(raw["uuid"]));
      cursor = page.cursor;
    }
    const uuid = numbered.get(number);
    if (uuid === undefined)
      throw failureOf({
        code: "not_found",
        message: `customer ${number} is not among the first ${numbered.size.toLocaleString("en-US")} of the account`,
        hint: `Open its contact in ${crm()}, or its page by its id (cus_…).`,
      });
    return uuid;
  }

  async readMoney(uuid: string | undefined): Promise<void> {
    const { customer } = this.person;
    if (uuid === undefined || customer === undefined) return;
    const money = await this.part(
      "chartmogul",
      async () => {
        const [subscriptions, activities] = await Promise.all([
          this.all<Raw>("chartmogul.customers.listSubscriptions", { customer_uuid: uuid }),
          this.all<Raw>("chartmogul.customers.listActivities", { customer_uuid: uuid }),
        ]);
        const plans = subscriptions.filter((raw) => raw["status"] !== "cancelled").map(readPlan);
        return { plans, movements: movementsOf(activities.map(readActivity), customer.mrr) };
      },
      { plans: [], movements: [] },
    );
    this.update({ money });
  }

  async readTimeline(contactIds: readonly string[], uuid: string | undefined): Promise<void> {
    const [users, ofCrm, chartmogul] = await Promise.all([
      this.readUsers(),
      Promise.all(contactIds.map((id) => this.crmRecords(id))),
      this.chartmogulRecords(uuid),
    ]);
    const crmRecords: CrmRecords = {
      notes: ofCrm.flatMap(({ notes }) => notes),
      tasks: ofCrm.flatMap(({ tasks }) => tasks),
      appointments: ofCrm.flatMap(({ appointments }) => appointments),
      calls: ofCrm.flatMap(({ calls }) => calls),
    };
    let statuses: Map<string, RecordStatus> | undefined;
    if (this.reach.sync !== undefined) {
      const ids = idsOf(crmRecords, chartmogul);
      const records = ids.length > 0 ? await this.reach.sync.why(ids, this.signal) : [];
      statuses = new Map(ids.map((id, index) => [id, records[index] as RecordStatus]));
    }
    const people: UserNames = new Map(users.map(({ email, name }) => [email.toLowerCase(), name]));
    const steps = mergeInSteps({
      crm: crmRecords,
      chartmogul,
      users: new Map(users.map(({ id, name }) => [id, name])),
      people,
      statuses,
      isLinked: this.person.customer !== undefined && this.person.state !== "paused",
      now: Date.now(),
    });
    for (;;) {
      const { done, value } = steps.next();
      if (done) {
        this.update({ timeline: value, users });
        return;
      }
      // The page answers between two of them.
      await new Promise((resolve) => setTimeout(resolve, 0));
      this.signal.throwIfAborted();
    }
  }

  /** The users of the location. Without the right to read them, names are left out. */
  async readUsers(): Promise<readonly User[]> {
    if (this.known.users !== undefined) return this.known.users;
    try {
      const rows = await this.all<Raw>("ghl.users.list", {});
      this.known.users = rows.map((row) => ({
        id: String(row["id"]),
        name: textOf(row["name"]) ?? textOf(row["email"]) ?? String(row["id"]),
        email: textOf(row["email"]) ?? "",
      }));
    } catch {
      if (this.signal.aborted) throw this.signal.reason;
      return [];
    }
    return this.known.users;
  }

  async crmRecords(contactId: string): Promise<CrmRecords> {
    const list = <Item>(endpoint: string) =>
      this.part("crm", () => this.all<Item>(endpoint, { contactId }), [] as Item[]);
    const [notes, tasks, appointments, calls] = await Promise.all([
      list<CrmRecords["notes"][number]>("ghl.notes.list"),
      list<CrmRecords["tasks"][number]>("ghl.tasks.list"),
      list<CrmRecords["appointments"][number]>("ghl.contacts.listAppointments"),
      this.part("crm", () => this.calls(contactId), []),
    ]);
    return { notes, tasks, appointments, calls };
  }

  async calls(contactId: string): Promise<CrmCall[]> {
    const conversations: Page<Raw> = await this.one("ghl.conversations.search", { contactId });
    const lists = await Promise.all(
      conversations.items
        .slice(0, MOST_CONVERSATIONS)
        .map(({ id }) => this.all<CrmCall>("ghl.messages.list", { conversationId: id, type: "TYPE_CALL" })),
    );
    return lists.flat();
  }

  async chartmogulRecords(uuid: string | undefined): Promise<ChartMogulRecords> {
    if (uuid === undefined) return { notes: [], tasks: [] };
    const list = <Item>(endpoint: string) =>
      this.part(
        "chartmogul",
        () => this.all<Item>(endpoint, { customer_uuid: uuid, per_page: 200 }),
        [] as Item[],
      );
    const [notes, tasks] = await Promise.all([
      list<ChartMogulRecords["notes"][number]>("chartmogul.notes.list"),
      list<ChartMogulRecords["tasks"][number]>("chartmogul.tasks.list"),
    ]);
    return { notes, tasks };
  }
}

const MOST_CANDIDATES = 5;
const MOST_CONTACTS = 5;
const MOST_CONVERSATIONS = 5;

/** Why a customer may be that of a contact. */
export function whyOf(customer: Customer, contact: Contact): string {
  const email = customer.email?.toLowerCase();
  if (email !== undefined && email === contact.email) return `Same e-mail, ${email}`;
  const domain = email?.split("@")[1];
  if (domain !== undefined && domain === contact.email?.split("@")[1]) return `Same domain, ${domain}`;
  if (customer.company !== undefined && customer.company === contact.company)
    return `Same company, ${customer.company}`;
  return contact.email === undefined ? "Named by the sync" : `Found by ${contact.email}`;
}

/** Customers that a person looks for: by e-mail address or by id. */
export async function findCustomers(reach: Reach, text: string, signal: AbortSignal): Promise<Customer[]> {
  const given = text.trim();
  try {
    if (/^cus_[A-Za-z0-9-]+$/.test(given)) {
      const parameters = { customer_uuid: given };
      return [readCustomer(await reach.call<Raw>("chartmogul.customers.retrieve", parameters, signal))];
    }
    const page: Page<Raw> = await reach.call("chartmogul.customers.search", { email: given }, signal);
    return page.items.slice(0, 20).map(readCustomer);
  } catch (reason) {
    if (signal.aborted) throw signal.reason;
    const failure = failureOf(reason);
    // ChartMogul answers 404 where nobody has the address.
    if (failure.code === "not_found") return [];
    throw failure;
  }
}
