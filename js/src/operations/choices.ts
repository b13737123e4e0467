// Where the values of fields can be chosen from: the records that their ids name.

import type { List, ListOptions } from "../call.js";
import type { Connector } from "../connector.js";
import type { Endpoint } from "../endpoint.js";
import { createError } from "../errors.js";
import { methodOf } from "../methods.js";

/** A value to choose, and what people know it by. */
export interface Choice {
  value: string;
  label: string;
}

/** One page of choices. */
export interface ChoicePage {
  choices: Choice[];
  /** Gives what follows; null after the last. */
  cursor: string | null;
}

/** Options of `readChoices`. */
export interface ChoiceOptions {
  /** What the form holds so far: the stages of a pipeline, the tasks of a contact. */
  input?: Readonly<Record<string, unknown>> | undefined;
  /** Only those that match this text. */
  search?: string | undefined;
  /** Where to continue. */
  cursor?: string | null | undefined;
  /** Most choices of a page, 1 to 500. Default 100. */
  limit?: number | undefined;
  signal?: AbortSignal | undefined;
}

type Row = Readonly<Record<string, unknown>>;

interface Source {
  /** The list that is read. */
  reads: string;
  /** Its parameter that searches. */
  search?: string;
  /** What must be chosen before, and is passed on: parameters of the list. */
  needs?: readonly string[];
  /** The property with the value. Default `id`. */
  value?: string;
  /** Properties of which the first that is there names the record. Default `name`. */
  label?: readonly string[];
  /** A second one, to tell two of the same name apart. */
  detail?: string;
}

const MAIL = ["contactName", "name", "email", "phone", "id"];

/** By name: the service, and what is chosen. */
const SOURCES: Readonly<Record<string, Source>> = {
  "ghl.contacts": { reads: "ghl.contacts.search", search: "query", label: MAIL, detail: "email" },
  "ghl.locations": { reads: "ghl.locations.search", detail: "email" },
  "ghl.users": { reads: "ghl.users.list", label: ["name", "email"], detail: "email" },
  "ghl.calendars": { reads: "ghl.calendars.list" },
  "ghl.calendarGroups": { reads: "ghl.calendarGroups.list" },
  "ghl.calendarResources": { reads: "ghl.calendarResources.list", needs: ["resourceType"] },
  "ghl.calendarNotifications": {
    ...{ reads: "ghl.calendarNotifications.list", needs: ["calendarId"] },
    ...{ label: ["notificationType"], detail: "receiverType" },
  },
  "ghl.pipelines": { reads: "ghl.pipelines.list" },
  "ghl.stages": { reads: "ghl.pipelines.list" },
  "ghl.opportunities": { reads: "ghl.opportunities.search", search: "q", detail: "status" },
  "ghl.lostReasons": { reads: "ghl.lostReasons.list" },
  "ghl.businesses": { reads: "ghl.businesses.list" },
  "ghl.campaigns": { reads: "ghl.campaigns.list", detail: "status" },
  "ghl.workflows": { reads: "ghl.workflows.list", detail: "status" },
  "ghl.conversations": {
    ...{ reads: "ghl.conversations.search", search: "query" },
    ...{ label: ["fullName", "contactName", "email"], detail: "email" },
  },
  "ghl.tags": { reads: "ghl.tags.list" },
  "ghl.tagNames": { reads: "ghl.tags.list", value: "name" },
  "ghl.customFields": { reads: "ghl.customFields.list", detail: "model" },
  "ghl.customValues": { reads: "ghl.customValues.list" },
  "ghl.tasks": { reads: "ghl.tasks.list", needs: ["contactId"], label: ["title"], detail: "dueDate" },
  "ghl.notes": { reads: "ghl.notes.list", needs: ["contactId"], label: ["title", "bodyText", "body"] },
  "ghl.appointments": {
    ...{ reads: "ghl.contacts.listAppointments", needs: ["contactId"] },
    ...{ label: ["title"], detail: "startTime" },
  },
  "ghl.appointmentNotes": { reads: "ghl.appointmentNotes.list", needs: ["appointmentId"], label: ["body"] },
  "ghl.associations": { reads: "ghl.associations.list", label: ["key"] },
  "ghl.objects": { reads: "ghl.objects.list", value: "key", label: ["key"] },
  "ghl.blogs": { reads: "ghl.blogs.list" },
  "ghl.blogPosts": { reads: "ghl.blogPosts.list", needs: ["blogId"], label: ["title"] },
  "ghl.blogAuthors": { reads: "ghl.blogAuthors.list" },
  "ghl.blogCategories": { reads: "ghl.blogCategories.list", label: ["label"] },
  "chartmogul.customers": { reads: "chartmogul.customers.list", ...uuid(["name", "company"], "email") },
  "chartmogul.dataSources": { reads: "chartmogul.dataSources.list", ...uuid(["name"], "system") },
  "chartmogul.contacts": { reads: "chartmogul.contacts.list", ...uuid(["name", "email"], "email") },
  "chartmogul.plans": { reads: "chartmogul.plans.list", ...uuid(["name"], "external_id") },
  "chartmogul.planGroups": { reads: "chartmogul.planGroups.list", ...uuid(["name"]) },
  "chartmogul.opportunities": {
    reads: "chartmogul.opportunities.list",
    ...uuid(["pipeline"], "pipeline_stage"),
  },
  "chartmogul.tasks": {
    reads: "chartmogul.tasks.list",
    ...uuid(["task_details"], "due_date"),
    value: "task_uuid",
  },
  "chartmogul.notes": { reads: "chartmogul.notes.list", ...uuid(["text"], "created_at") },
  "chartmogul.invoices": { reads: "chartmogul.invoices.list", ...uuid(["external_id"], "date") },
};

function uuid(label: readonly string[], detail?: string): Pick<Source, "value" | "label" | "detail"> {
  return { value: "uuid", label, ...(detail !== undefined && { detail }) };
}

/** Sources by a parameter's name, GHL's first. */
const GHL: Readonly<Record<string, string>> = {
  ...sameSource("contacts", "contactId", "contact_id", "contactIds"),
  ...sameSource("locations", "locationId", "location_id", "locationIds"),
  ...sameSource("users", "assignedTo", "assignedUserId", "userId", "userIds", "followers"),
  ...sameSource("calendars", "calendarId", "calendarIds"),
  ...sameSource("calendarGroups", "groupId"),
  ...sameSource("calendarNotifications", "notificationId"),
  ...sameSource("pipelines", "pipelineId", "pipeline_id"),
  ...sameSource("stages", "pipelineStageId", "pipeline_stage_id"),
  ...sameSource("lostReasons", "lostReasonId"),
  ...sameSource("businesses", "businessId"),
  ...sameSource("campaigns", "campaignId"),
  ...sameSource("workflows", "workflowId"),
  ...sameSource("conversations", "conversationId"),
  ...sameSource("tags", "tagId"),
  ...sameSource("tasks", "taskId"),
  ...sameSource("associations", "associationId", "associationIds"),
  ...sameSource("objects", "schemaKey", "objectKey", "firstObjectKey", "secondObjectKey"),
  ...sameSource("blogs", "blogId"),
  ...sameSource("blogPosts", "postId"),
};

const CHARTMOGUL: Readonly<Record<string, string>> = {
  customer_uuid: "customers",
  data_source_uuid: "dataSources",
  contact_uuid: "contacts",
  from_contact_uuid: "contacts",
  into_contact_uuid: "contacts",
  plan_uuid: "plans",
  plan_group_uuid: "planGroups",
  opportunity_uuid: "opportunities",
  task_uuid: "tasks",
  note_uuid: "notes",
  invoice_uuid: "invoices",
};

/** Sources of parameters whose name says it only together with their group. */
const OF_GROUP: Readonly<Record<string, string>> = {
  "ghl.contacts.contacts": "contacts",
  "ghl.contacts.ids": "contacts",
  "ghl.contacts.tags": "tagNames",
  "ghl.notes.id": "notes",
  "ghl.opportunities.id": "opportunities",
  "ghl.calendarResources.id": "calendarResources",
  "ghl.customValues.id": "customValues",
  "ghl.customFields.id": "customFields",
  "ghl.objects.key": "objects",
  "ghl.appointmentNotes.noteId": "appointmentNotes",
  "ghl.blogPosts.author": "blogAuthors",
  "ghl.blogPosts.categories": "blogCategories",
};

function sameSource(source: string, ...names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, source]));
}

/** The source of a parameter's values. */
export function sourceOf({ service, name }: Endpoint, parameter: string): string | undefined {
  const group = name.split(".")[0];
  const source =
    OF_GROUP[`${service}.${group}.${parameter}`] ?? (service === "ghl" ? GHL : CHARTMOGUL)[parameter];
  return source === undefined ? undefined : `${service}.${source}`;
}

/** Records that are looked through for a text where the service cannot search. */
const LOOKED_THROUGH = 2_000;

/**
 * Choices for a field, from its source: the field's `choices`. Where the service cannot search, up to
 * 2,000 records are looked through. `invalid_argument` for an unknown source, and where something must be
 * chosen before.
 *
 * @example
 * import { readChoices } from "ghl-chartmogul/operations";
 * const { choices, cursor } = await readChoices(connector, "ghl.pipelines");
 * const input = { pipelineId: choices[0].value };
 * console.log(await readChoices(connector, "ghl.stages", { input }), cursor);
 */
export async function readChoices(
  connector: Connector,
  source: string,
  options: ChoiceOptions = {},
): Promise<ChoicePage> {
  const found = Object.hasOwn(SOURCES, source) ? SOURCES[source] : undefined;
  if (found === undefined) {
    throw createError({
      code: "invalid_argument",
      message: `unknown source of choices ${source}`,
      hint: `There are ${Object.keys(SOURCES).join(", ")}.`,
    });
  }
  const { search = "", cursor = null, limit = 100, signal } = options;
  const text = search.trim();
  const parameters = parametersOf(found, options.input ?? {});
  if (source === "ghl.locations") return locations(connector, { ...options, search: text });
  if (source === "ghl.stages") return stages(connector, options.input ?? {}, text, signal);
  const searches = found.search !== undefined && text !== "";
  const list = (more: Row, given: ListOptions) =>
    listOf(connector, found.reads)({ ...parameters, ...more }, given);
  if (text === "" || searches) {
    const page = await list(searches ? { [found.search as string]: text } : {}, { cursor, limit, signal });
    return { choices: page.items.flatMap((row) => choice(found, row)), cursor: page.cursor };
  }
  if (source === "chartmogul.customers" && text.includes("@")) {
    const page = await listOf(connector, "chartmogul.customers.search")(
      { email: text },
      { cursor, limit, signal },
    );
    return { choices: page.items.flatMap((row) => choice(found, row)), cursor: page.cursor };
  }
  const choices: Choice[] = [];
  for await (const row of list({}, { limit: LOOKED_THROUGH, signal }))
    choices.push(...choice(found, row).filter((one) => matches(one, text)));
  return { choices: choices.slice(0, limit), cursor: null };
}

type ReadList = (parameters: Row, options: ListOptions) => List<Row>;

const listOf = (connector: Connector, name: string) => methodOf(connector, name) as ReadList;

function parametersOf({ needs = [] }: Source, input: Row): Row {
  for (const name of needs) {
    if (typeof input[name] === "string" && input[name] !== "") continue;
    throw createError({
      code: "invalid_argument",
      message: `${name} must be chosen first`,
      hint: "What can be chosen here belongs to it.",
    });
  }
  return Object.fromEntries(needs.map((name) => [name, input[name]]));
}

function choice({ value = "id", label = ["name"], detail }: Source, row: Row): Choice[] {
  const text = (name: string) => (typeof row[name] === "string" ? (row[name] as string).trim() : "");
  // Some of GHL's lists send the one, some the other.
  const chosen = text(value) || text("_id");
  if (chosen === "") return [];
  const name = label.map(text).find((one) => one !== "") ?? chosen;
  const more = detail === undefined ? "" : text(detail);
  const line = more === "" || more === name ? name : `${name} (${more})`;
  return [{ value: chosen, label: line.replaceAll(/\s+/g, " ").slice(0, 120) }];
}

const matches = ({ value, label }: Choice, text: string) =>
  value === text || label.toLowerCase().includes(text.toLowerCase());

/** The stages of the chosen pipeline, or those of all, each with its pipeline. */
async function stages(
  connector: Connector,
  input: Row,
  text: string,
  signal: AbortSignal | undefined,
): Promise<ChoicePage> {
  const chosen = input["pipelineId"] ?? input["pipeline_id"] ?? "";
  const choices: Choice[] = [];
  for await (const { id, name, stages = [] } of connector.ghl.pipelines.list({}, { signal })) {
    if (chosen !== "" && id !== chosen) continue;
    for (const stage of stages ?? []) {
      const label = stage.name ?? stage.id;
      choices.push({ value: stage.id, label: chosen === "" ? `${name ?? id}: ${label}` : label });
    }
  }
  return { choices: choices.filter((one) => text === "" || matches(one, text)), cursor: null };
}

/** The locations of an agency; for the token of one location that one. */
async function locations(connector: Connector, options: ChoiceOptions): Promise<ChoicePage> {
  const { search = "", cursor = null, limit = 100, signal } = options;
  const source = SOURCES["ghl.locations"] as Source;
  const row = (location: object) => choice(source, location as Row);
  try {
    const page = await connector.ghl.locations.search(
      {},
      { cursor, limit: search === "" ? limit : LOOKED_THROUGH, signal },
    );
    const choices = page.items.flatMap(row);
    return { choices: choices.filter((one) => search === "" || matches(one, search)), cursor: page.cursor };
  } catch (reason) {
    if (!isRefusal(reason)) throw reason;
    return { choices: row(await connector.ghl.locations.get({}, { signal })), cursor: null };
  }
}

/** The token belongs to a location, which cannot list others. */
function isRefusal(reason: unknown): boolean {
  const code = (reason as { code?: unknown } | null)?.code;
  return ["forbidden", "scope_missing", "token_type_mismatch", "location_forbidden", "unauthorized"].includes(
    String(code),
  );
}
