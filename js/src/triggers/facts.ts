// What the table of endpoints cannot say of an operation that is polled: its times, its order, and how to
// ask for what came since. An operation without a row here is compared by its contents.

import type { Place } from "./cursor.js";

/** Parameters as the service takes them. */
export type Parameters = Readonly<Record<string, unknown>>;

/** A list whose records have times. */
export interface TimedFacts {
  /**
   * How the list is read. `order`: the service sorts by the time, and continues behind a record. `all`: read
   * to its end, the times compared here.
   */
  reading: "order" | "all";
  /** The time that moves when a record changes. */
  updated: string;
  /** The time of creation; never moves. */
  created?: string;
  /** The parameters that the trigger sets itself. */
  owned: readonly string[];
  /** One of these parameters is needed. */
  oneOf?: readonly string[];
  /** Asks only for what is at the place or behind it, by the time of this name. */
  since?: (place: Place, time: string, given: Parameters) => Parameters;
  /** Whether what `since` asks for comes oldest first. */
  ascending?: boolean;
  /** Asks for all, in large pages. */
  all?: (time: string) => Parameters;
  /** Asks for the newest first, so that the first poll takes one page. */
  newest?: (time: string) => Parameters;
  /**
   * How pages are continued, where the list's own way can lose a record: by a count that shifts when a record
   * goes, or by a time that several records share.
   */
  pages?: "skip" | { after: string };
  /** Records appear up to so many milliseconds after their time. Default: `SETTLED_AFTER_MS`. */
  lateByMs?: number;
}

/** A record is in every list and search at the latest so long after its time: indexes lag, clocks differ. */
export const SETTLED_AFTER_MS = 300_000;

const DAY_MS = 86_400_000;

const iso = (time: number) => new Date(time).toISOString();
const day = (time: number) => iso(time).slice(0, 10);

/** The day before, as `mm-dd-yyyy`: its zone is not documented. */
function americanDay(time: number): string {
  const [year, month, date] = day(Math.max(0, time - 2 * DAY_MS)).split("-");
  return `${month}-${date}-${year}`;
}

const DATED_RECORDS: TimedFacts = {
  reading: "all",
  updated: "updated_at",
  created: "created_at",
  owned: ["cursor", "per_page"],
};

const EVENTS: TimedFacts = {
  reading: "all",
  updated: "dateUpdated",
  created: "dateAdded",
  owned: [],
  oneOf: ["calendarId", "userId", "groupId"],
};

/** By full name. */
export const TIMED: Readonly<Record<string, TimedFacts>> = {
  "ghl.contacts.search": {
    reading: "order",
    updated: "dateUpdated",
    created: "dateAdded",
    owned: ["sort", "page", "pageLimit", "searchAfter"],
    since: (place, time, { filters = [] }) => ({
      filters: [
        ...(filters as unknown[]),
        { field: time, operator: "range", value: { gte: iso(place.time) } },
      ],
      sort: [{ field: time, direction: "asc" }],
      pageLimit: 500,
      ...(place.after === undefined ? {} : { searchAfter: place.after }),
    }),
    newest: (time) => ({ sort: [{ field: time, direction: "desc" }], pageLimit: 100 }),
  },
  "ghl.tasks.search": {
    reading: "all",
    updated: "dateUpdated",
    created: "dateAdded",
    owned: ["skip", "limit"],
    pages: "skip",
  },
  "ghl.opportunities.search": {
    reading: "all",
    updated: "updatedAt",
    created: "createdAt",
    owned: ["page", "startAfter", "startAfterId", "limit", "order", "date"],
    all: () => ({ limit: 100 }),
    // The order of changes is not documented; the day of creation is.
    since: (place, time) => ({
      limit: 100,
      ...(time === "createdAt" && { date: americanDay(place.time) }),
    }),
  },
  "ghl.conversations.search": {
    reading: "all",
    updated: "lastMessageDate",
    created: "dateAdded",
    owned: ["sort", "sortBy", "startAfterDate", "limit", "sortScoreProfile"],
    since: ({ time }) => ({
      sort: "asc",
      sortBy: "last_message_date",
      startAfterDate: Math.max(0, time - 1),
      limit: 100,
    }),
    newest: () => ({ sort: "desc", sortBy: "last_message_date", limit: 100 }),
    ascending: true,
    pages: { after: "startAfterDate" },
  },
  "ghl.messages.export": {
    reading: "all",
    updated: "dateAdded",
    created: "dateAdded",
    owned: ["sortBy", "sortOrder", "startDate", "limit", "cursor"],
    since: ({ time }) => ({
      sortBy: "createdAt",
      sortOrder: "asc",
      limit: 500,
      ...(time > 0 && { startDate: iso(time) }),
    }),
    ascending: true,
    newest: () => ({ sortBy: "createdAt", sortOrder: "desc", limit: 100 }),
  },
  "ghl.calendarEvents.list": EVENTS,
  "ghl.blockSlots.list": EVENTS,
  "chartmogul.notes.list": DATED_RECORDS,
  "chartmogul.customerNotes.list": DATED_RECORDS,
  "chartmogul.tasks.list": DATED_RECORDS,
  "chartmogul.opportunities.list": DATED_RECORDS,
  "chartmogul.activities.list": {
    reading: "all",
    updated: "date",
    created: "date",
    owned: ["start-date", "order", "cursor", "per_page"],
    since: ({ time }) => ({ order: "date", "start-date": day(time) }),
    newest: () => ({ order: "-date" }),
    // Earlier days get new ones when billing data comes late.
    lateByMs: 30 * DAY_MS,
  },
};

/** What to do about a list that is too long to be read whole in each poll. */
export const INSTEAD: Readonly<Record<string, string>> = {
  "ghl.contacts.list": "poll ghl.contacts.search, which has no such limit",
  "ghl.contacts.listByBusiness": "poll ghl.contacts.search with a filter by businessName",
  "ghl.tasks.search": "narrow the list by completed, assignedTo or contactId",
  "ghl.opportunities.search": "narrow the list by pipeline_id, pipeline_stage_id, status or assigned_to",
  "ghl.messages.list": "poll newMessage with the parameter conversationId",
  "ghl.businesses.list": "poll ghl.contacts.search for the contacts of businesses",
  "chartmogul.customers.list":
    "narrow the list by data_source_uuid, status or system, or poll mrrChanged for paying customers",
  "chartmogul.contacts.list": "narrow the list by customer_uuid or data_source_uuid",
  "chartmogul.notes.list": "narrow the list by customer_uuid, type or author_email",
  "chartmogul.tasks.list": "narrow the list by customer_uuid, assignee or completed",
  "chartmogul.customers.listActivities": "poll mrrChanged",
  "chartmogul.invoices.list": "narrow the list by customer_uuid or data_source_uuid, or poll mrrChanged",
  "chartmogul.subscriptionEvents.list": "narrow the list by event_date or customer_uuid, or poll mrrChanged",
};
