// The triggers that a person would choose, over the operations that are read.

/** A trigger with a name of its own. */
export interface NamedTrigger {
  title: string;
  description: string;
  /** Full name of the operation. */
  reads: string;
  /** The time that is watched; by default that of changes. */
  time?: string;
  /** What of it is given; by default both. */
  gives?: "new" | "changed";
  /** The time is one of something that may never have happened to a record. As it was created does not count. */
  event?: true;
  /** Parameters that are fixed. */
  fixed?: Readonly<Record<string, unknown>>;
  /** Without `startTime` and `endTime`: events from so many days back to so many ahead. */
  windowDays?: readonly [back: number, ahead: number];
  /** Reads the notes of the contacts that changed, or of those that the parameter `contactIds` names. */
  notes?: boolean;
}

const CALENDAR = {
  reads: "ghl.calendarEvents.list",
  windowDays: [30, 365],
} as const;

/** By name. */
export const NAMED: Readonly<Record<string, NamedTrigger>> = {
  newContact: {
    title: "New contact",
    description: "A contact was created.",
    reads: "ghl.contacts.search",
    time: "dateAdded",
    gives: "new",
  },
  updatedContact: {
    title: "Updated contact",
    description: "A contact that existed before has changed.",
    reads: "ghl.contacts.search",
    gives: "changed",
  },
  newNote: {
    title: "New note",
    description:
      "A note was written: of the contacts in contactIds, or else of contacts that have changed since.",
    reads: "ghl.contacts.search",
    notes: true,
  },
  newTask: {
    title: "New task",
    description: "A task was created, of whatever contact.",
    reads: "ghl.tasks.search",
    time: "dateAdded",
    gives: "new",
  },
  updatedTask: {
    title: "Updated task",
    description: "A task that existed before has changed.",
    reads: "ghl.tasks.search",
    gives: "changed",
  },
  completedTask: {
    title: "Completed task",
    description: "A task was completed. One that is edited after it was completed comes again.",
    reads: "ghl.tasks.search",
    fixed: { completed: true },
  },
  newOpportunity: {
    title: "New opportunity",
    description: "An opportunity was created.",
    reads: "ghl.opportunities.search",
    time: "createdAt",
    gives: "new",
  },
  updatedOpportunity: {
    title: "Updated opportunity",
    description: "An opportunity that existed before has changed.",
    reads: "ghl.opportunities.search",
    gives: "changed",
  },
  opportunityChangedStage: {
    title: "Opportunity changed stage",
    description: "An opportunity was moved to another stage.",
    reads: "ghl.opportunities.search",
    time: "lastStageChangeAt",
    event: true,
  },
  opportunityChangedStatus: {
    title: "Opportunity changed status",
    description: "An opportunity was won, lost, abandoned or opened again.",
    reads: "ghl.opportunities.search",
    time: "lastStatusChangeAt",
    event: true,
  },
  newAppointment: {
    title: "New appointment",
    description: "An appointment was booked in a calendar, for a user or in a group of calendars.",
    ...CALENDAR,
    time: "dateAdded",
    gives: "new",
  },
  updatedAppointment: {
    title: "Updated appointment",
    description: "An appointment that existed before was moved, cancelled or changed in another way.",
    ...CALENDAR,
    gives: "changed",
  },
  newMessage: {
    title: "New message",
    description: "A message was sent or received, in whatever conversation.",
    reads: "ghl.messages.export",
    gives: "new",
  },
  newCustomer: {
    title: "New customer",
    description: "A customer was created. Up to 1,000 customers: narrow the list by its parameters.",
    reads: "chartmogul.customers.list",
    gives: "new",
  },
  updatedCustomer: {
    title: "Updated customer",
    description: "A customer has changed. Up to 1,000 customers: narrow the list by its parameters.",
    reads: "chartmogul.customers.list",
    gives: "changed",
  },
  mrrChanged: {
    title: "MRR changed",
    description: "Recurring revenue moved: a new subscription, more, less, churn or a return.",
    reads: "chartmogul.activities.list",
  },
  customerSubscribed: {
    title: "Customer subscribed",
    description: "A customer began to pay for the first time.",
    reads: "chartmogul.activities.list",
    fixed: { type: "new_biz" },
  },
  customerChurned: {
    title: "Customer churned",
    description: "A customer's recurring revenue ended.",
    reads: "chartmogul.activities.list",
    fixed: { type: "churn" },
  },
  newChartMogulContact: {
    title: "New ChartMogul contact",
    description: "A contact was created. Up to 1,000 contacts: narrow the list by its parameters.",
    reads: "chartmogul.contacts.list",
    gives: "new",
  },
  newChartMogulNote: {
    title: "New ChartMogul note",
    description:
      "A note or a call log was written. One whose created_at was set to an earlier time is not found.",
    reads: "chartmogul.notes.list",
    time: "created_at",
    gives: "new",
  },
  newChartMogulTask: {
    title: "New ChartMogul task",
    description: "A task was created.",
    reads: "chartmogul.tasks.list",
    time: "created_at",
    gives: "new",
  },
  completedChartMogulTask: {
    title: "Completed ChartMogul task",
    description: "A task was completed. One that is edited after it was completed comes again.",
    reads: "chartmogul.tasks.list",
    fixed: { completed: true },
  },
  newChartMogulOpportunity: {
    title: "New ChartMogul opportunity",
    description: "An opportunity was created.",
    reads: "chartmogul.opportunities.list",
    time: "created_at",
    gives: "new",
  },
};
