// Every trigger there is: the operations that read, and the names that a person would choose.

import type { Endpoint, EndpointParameter } from "../endpoint.js";
import { createError } from "../errors.js";
import { titleOf } from "../operations/label.js";
import { SETTLED_AFTER_MS, TIMED, type TimedFacts } from "./facts.js";
import { NAMED, type NamedTrigger } from "./named.js";

/** How a trigger finds what is new: by the times of records, or by comparing what they hold. */
export type TriggerFinding = "times" | "contents";

/** A trigger as data: what `connector.triggers.list()` gives. */
export interface Trigger {
  /** What `poll` takes: `newContact`, or an operation such as `ghl.contacts.search`. */
  name: string;
  title: string;
  description: string;
  service: "ghl" | "chartmogul";
  /** Full name of the endpoint that it reads. */
  reads: string;
  finds: TriggerFinding;
  /** What it gives: new records, changed ones, or both. */
  gives: "new" | "changed" | "both";
  /** Milliseconds that a platform should leave between two polls. */
  intervalMs: number;
  parameters: readonly EndpointParameter[];
}

/** A trigger with what reading it takes. */
export interface Definition extends Trigger {
  endpoint: Endpoint;
  facts?: TimedFacts;
  /** The time that is watched. */
  time?: string;
  named: Partial<NamedTrigger>;
}

/** Reads one or a few pages; the others may walk a whole list. */
const OFTEN_MS = 300_000;
const SELDOM_MS = 900_000;

const CONTACT_IDS: EndpointParameter = {
  name: "contactIds",
  in: "query",
  type: "string[]",
  required: false,
  summary: "Ids of contacts: one call each. When left out, contacts that changed are read.",
};

/** All triggers, those with names of their own first. */
export function definitions(endpoints: readonly Endpoint[]): Definition[] {
  const byName = new Map(endpoints.map((endpoint) => [fullName(endpoint), endpoint]));
  const named = Object.entries(NAMED).flatMap(([name, trigger]) => {
    const endpoint = byName.get(trigger.reads);
    return endpoint === undefined ? [] : [namedDefinition(name, trigger, endpoint)];
  });
  return [...named, ...endpoints.filter(canBePolled).map(rawDefinition)];
}

/** What reads, and is of the catalogue or a list. */
export function canBePolled({ kind, catalogue, gives }: Endpoint): boolean {
  return kind === "trigger" && (catalogue.length > 0 || gives === "list");
}

/** The trigger of this name; an operation also without its service, GHL's first. */
export function findDefinition(all: readonly Definition[], name: unknown): Definition {
  const found = [name, `ghl.${name}`, `chartmogul.${name}`]
    .map((candidate) => all.find((definition) => definition.name === candidate))
    .find((definition) => definition !== undefined);
  if (found !== undefined) return found;
  throw createError({
    code: "invalid_argument",
    message: `unknown trigger ${String(name)}`,
    hint: "connector.triggers.list() names all triggers, for example newContact or contacts.search.",
  });
}

function namedDefinition(name: string, named: NamedTrigger, endpoint: Endpoint): Definition {
  const facts = TIMED[named.reads];
  const time = named.time ?? facts?.updated;
  return {
    name,
    title: named.title,
    description: named.description,
    service: endpoint.service,
    reads: named.reads,
    finds: facts === undefined ? "contents" : "times",
    gives: named.gives ?? givesOf(named, time, facts),
    intervalMs: intervalOf(endpoint, facts),
    parameters: named.notes === true ? [CONTACT_IDS] : parametersOf(endpoint, facts, named),
    endpoint,
    ...(facts && { facts }),
    ...(time !== undefined && { time }),
    named,
  };
}

function rawDefinition(endpoint: Endpoint): Definition {
  const name = fullName(endpoint);
  const facts = TIMED[name];
  return {
    name,
    title: endpoint.catalogue[0] ?? titleOf(endpoint.name),
    description: endpoint.summary,
    service: endpoint.service,
    reads: name,
    finds: facts === undefined ? "contents" : "times",
    gives: facts !== undefined && facts.updated === facts.created ? "new" : "both",
    intervalMs: intervalOf(endpoint, facts),
    parameters: parametersOf(endpoint, facts, {}),
    endpoint,
    ...(facts && { facts, time: facts.updated }),
    named: {},
  };
}

function givesOf(
  { event, notes }: NamedTrigger,
  time: string | undefined,
  facts: TimedFacts | undefined,
): Trigger["gives"] {
  if (event !== undefined) return "changed";
  return notes === true || (time !== undefined && time === facts?.created) ? "new" : "both";
}

function intervalOf({ gives }: Endpoint, facts: TimedFacts | undefined): number {
  const isCheap = gives !== "list" || facts?.reading === "order" || facts?.newest !== undefined;
  return isCheap ? OFTEN_MS : SELDOM_MS;
}

/** The endpoint's parameters without those that the trigger sets itself. */
function parametersOf(
  { parameters, paging }: Endpoint,
  facts: TimedFacts | undefined,
  { fixed = {}, windowDays }: Partial<NamedTrigger>,
): EndpointParameter[] {
  const owned = new Set([...(facts?.owned ?? PAGING), ...Object.keys(fixed)]);
  const isPaging = (name: string) => paging !== null && PAGING.includes(name);
  return parameters
    .filter(({ name }) => !owned.has(name) && !isPaging(name))
    .map((parameter) =>
      windowDays !== undefined && ["startTime", "endTime"].includes(parameter.name)
        ? { ...parameter, required: false }
        : parameter,
    );
}

/** Names of parameters by which lists continue. */
export const PAGING: readonly string[] = [
  ...["cursor", "page", "skip", "offset", "startAfter", "startAfterId", "startAfterDate"],
  ...["searchAfter", "lastMessageId"],
];

/** How late a record may appear. */
export function lateByMs({ facts }: Definition): number {
  return facts?.lateByMs ?? SETTLED_AFTER_MS;
}

function fullName({ service, name }: Endpoint): string {
  return `${service}.${name}`;
}
