// The webhooks of a GHL marketplace app, as types, and which contact each is about. Only the envelope is
// certain: what HighLevel documents of an event is not always sent, and types are added.

/** What every webhook has. `verify` refuses one without `type`, `timestamp` or `webhookId`. */
export interface GhlEnvelope<Type extends string> {
  type: Type;
  /** When it was sent, ISO 8601. */
  timestamp: string;
  /** The event's own id: the same when it is sent again. */
  webhookId: string;
  locationId?: string;
  companyId?: string;
  appId?: string;
  versionId?: string;
}

/** A contact was created, changed or deleted, or its tags or do-not-disturb settings changed. */
export interface GhlContactEvent
  extends GhlEnvelope<
    "ContactCreate" | "ContactUpdate" | "ContactDelete" | "ContactTagUpdate" | "ContactDndUpdate"
  > {
  id: string;
  name?: string;
  firstName?: string;
  lastName?: string;
  email?: string;
  phone?: string;
  companyName?: string;
  address1?: string;
  city?: string;
  state?: string;
  postalCode?: string;
  country?: string;
  website?: string;
  source?: string;
  dateAdded?: string;
  dateOfBirth?: string;
  assignedTo?: string;
  dnd?: boolean;
  dndSettings?: Readonly<Record<string, unknown>>;
  tags?: readonly string[];
  customFields?: readonly { id: string; value?: unknown }[];
  attachments?: readonly unknown[];
}

/** A note was created, changed or deleted. */
export interface GhlNoteEvent extends GhlEnvelope<"NoteCreate" | "NoteUpdate" | "NoteDelete"> {
  id: string;
  body?: string;
  contactId?: string;
  dateAdded?: string;
}

/**
 * A task was created, completed or deleted. HighLevel sends no event when a task is edited or opened again,
 * and `TaskCreate` often lacks `contactId` and `body`.
 */
export interface GhlTaskEvent extends GhlEnvelope<"TaskCreate" | "TaskComplete" | "TaskDelete"> {
  id: string;
  contactId?: string;
  assignedTo?: string;
  title?: string;
  body?: string;
  dateAdded?: string;
  dueDate?: string;
}

/** An appointment was created, changed or deleted. */
export interface GhlAppointmentEvent
  extends GhlEnvelope<"AppointmentCreate" | "AppointmentUpdate" | "AppointmentDelete"> {
  appointment: {
    id: string;
    contactId?: string;
    calendarId?: string;
    groupId?: string;
    title?: string;
    address?: string;
    appointmentStatus?: string;
    assignedUserId?: string;
    users?: readonly string[];
    notes?: string;
    source?: string;
    startTime?: string;
    endTime?: string;
    dateAdded?: string;
    dateUpdated?: string;
  };
}

/** An opportunity was created, changed or deleted. */
export interface GhlOpportunityEvent
  extends GhlEnvelope<
    | "OpportunityCreate"
    | "OpportunityUpdate"
    | "OpportunityDelete"
    | "OpportunityStageUpdate"
    | "OpportunityStatusUpdate"
    | "OpportunityAssignedToUpdate"
    | "OpportunityMonetaryValueUpdate"
  > {
  id: string;
  contactId?: string;
  assignedTo?: string;
  monetaryValue?: number;
  name?: string;
  pipelineId?: string;
  pipelineStageId?: string;
  source?: string;
  status?: string;
  dateAdded?: string;
}

/** The app was installed. `locationId` is missing for an agency, and more for a location that is to come. */
export interface GhlInstallEvent extends GhlEnvelope<"INSTALL"> {
  userId?: string;
  planId?: string;
  trial?: Readonly<Record<string, unknown>>;
  isWhitelabelCompany?: boolean;
  whitelabelDetails?: { domain?: string; logoUrl?: string };
  companyName?: string;
}

/** The app was removed. */
export interface GhlUninstallEvent extends GhlEnvelope<"UNINSTALL"> {}

/** An installation has another plan. */
export interface GhlPlanChangeEvent extends GhlEnvelope<"PLAN_CHANGE"> {
  userId?: string;
  currentPlanId?: string;
  newPlanId?: string;
}

/** An installation was brought to another version of the app. */
export interface GhlAppUpdateEvent extends GhlEnvelope<"AppUpdate"> {}

/** What happens to the app itself. */
export type GhlAppEvent = GhlInstallEvent | GhlUninstallEvent | GhlPlanChangeEvent | GhlAppUpdateEvent;

/** A message was received or sent. */
export interface GhlMessageEvent extends GhlEnvelope<"InboundMessage" | "OutboundMessage"> {
  contactId?: string;
  conversationId?: string;
  conversationProviderId?: string;
  messageId?: string;
  messageType?: string;
  contentType?: string;
  direction?: string;
  status?: string;
  body?: string;
  attachments?: readonly string[];
  userId?: string;
  callDuration?: number;
  callStatus?: string;
  source?: string;
  dateAdded?: string;
}

/** A contact's place in a campaign changed. */
export interface GhlCampaignEvent extends GhlEnvelope<"CampaignStatusUpdate"> {
  id?: string;
  contactId?: string;
  status?: string;
  templateId?: string;
  replied?: boolean;
  dateAdded?: string;
}

/** A conversation has other unread messages. */
export interface GhlConversationEvent extends GhlEnvelope<"ConversationUnreadUpdate" | "ConversationUpdate"> {
  id?: string;
  contactId?: string;
  unreadCount?: number;
  inbox?: boolean;
  starred?: boolean;
  deleted?: boolean;
}

/** A location or a user was created, changed or deleted. */
export interface GhlAccountEvent
  extends GhlEnvelope<"LocationCreate" | "LocationUpdate" | "UserCreate" | "UserUpdate" | "UserDelete"> {
  id: string;
  name?: string;
  email?: string;
}

/** Objects that the sync does not read. */
export interface GhlOtherEvent
  extends GhlEnvelope<
    | `Association${"Created" | "Updated" | "Deleted"}`
    | `Relation${"Create" | "Delete"}`
    | `ObjectSchema${"Create" | "Update"}`
    | `Record${"Create" | "Update" | "Delete"}`
    | `Invoice${"Create" | "Update" | "Delete" | "Sent" | "Paid" | "PartiallyPaid" | "Void"}`
    | `Order${"Create" | "StatusUpdate"}`
    | `Product${"Create" | "Update" | "Delete"}`
    | `Price${"Create" | "Update" | "Delete"}`
    | `SupportTicket${string}`
    | `KnowledgeBase${string}`
    | "LCEmailStats"
    | "ProviderOutboundMessage"
    | "AppPaymentStatus"
    | "ExternalAuthConnected"
    | "SaaSPlanCreate"
    | "VoiceAiCallEnd"
  > {}

/** A webhook of GHL. Types that HighLevel adds later arrive as well; `handle` ignores them. */
export type GhlEvent =
  | GhlContactEvent
  | GhlNoteEvent
  | GhlTaskEvent
  | GhlAppointmentEvent
  | GhlOpportunityEvent
  | GhlAppEvent
  | GhlMessageEvent
  | GhlCampaignEvent
  | GhlConversationEvent
  | GhlAccountEvent
  | GhlOtherEvent;

const APP_EVENTS: ReadonlySet<string> = new Set<GhlAppEvent["type"]>([
  "INSTALL",
  "UNINSTALL",
  "PLAN_CHANGE",
  "AppUpdate",
]);

/** Whether something happened to the app itself. */
export function isAppEvent(event: { type: string }): event is GhlAppEvent {
  return APP_EVENTS.has(event.type);
}

/** Events whose object belongs to a contact, by the beginning of their type; and where they name it. */
const CONTACTS: readonly (readonly [types: RegExp, contact: (event: Fields) => unknown])[] = [
  [/^Contact(Create|Update|Delete|TagUpdate|DndUpdate)$/, ({ id }) => id],
  [/^Note(Create|Update|Delete)$/, ({ contactId }) => contactId],
  [/^Task(Create|Complete|Delete)$/, ({ contactId }) => contactId],
  [
    /^Appointment(Create|Update|Delete)$/,
    ({ appointment }) => (appointment as Fields | null | undefined)?.["contactId"],
  ],
  [
    /^Opportunity(Create|Update|Delete|(Stage|Status|AssignedTo|MonetaryValue)Update)$/,
    ({ contactId }) => contactId,
  ],
];

type Fields = Readonly<Record<string, unknown>>;

/** The contacts that an event is about: undefined where the sync does not read such objects, none where it names nobody. */
export function contactsOf(event: { type: string }): string[] | undefined {
  const [, contact] = CONTACTS.find(([types]) => types.test(event.type)) ?? [];
  if (contact === undefined) return undefined;
  const id = contact(event as unknown as Fields);
  return typeof id === "string" && /^[\w-]{1,100}$/.test(id) ? [id] : [];
}
