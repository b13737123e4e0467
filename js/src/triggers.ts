// `connector.triggers`: polls for what is new or has changed.

import type { Core } from "./core.js";
import type { Endpoint } from "./endpoint.js";
import { bytesOf, callEndpoint, pageOf } from "./methods.js";
import { type Definition, definitions, findDefinition, type Trigger } from "./triggers/catalogue.js";
import type { TriggerItem } from "./triggers/item.js";
import { type NewestOptions, readNewestItems } from "./triggers/newest.js";
import { createPoll, type Poll, type PollOptions } from "./triggers/poll.js";
import type { Caller } from "./triggers/reading.js";

export type { Trigger, TriggerFinding } from "./triggers/catalogue.js";
export type { TriggerItem } from "./triggers/item.js";
export type { NewestOptions } from "./triggers/newest.js";
export type { Poll, PollOptions, PollPage } from "./triggers/poll.js";

/** Polls for what is new or has changed in either service. */
export interface Triggers {
  /**
   * What is new since the cursor, the oldest change first where the service has times. Without a cursor nothing
   * is given (or `samples`), and the poll's cursor says where now is. Save `poll.cursor` when an item is dealt with:
   * what was given under a saved cursor is never given again, what was given behind it is given again, and
   * nothing is skipped.
   *
   * @example
   * const { cursor } = await connector.triggers.poll("newContact"); // gives nothing: from now on
   * const poll = connector.triggers.poll("newContact", cursor);
   * for await (const { id, record } of poll) {
   *   console.log(id, record);
   *   // save(poll.cursor)
   * }
   * console.log(poll.more); // false
   */
  poll<Item = unknown>(name: string, cursor?: string | null, options?: PollOptions): Poll<Item>;
  /**
   * The newest items of a trigger, newest first, without a cursor: for a platform that remembers by itself
   * what it has seen, by `id` and `version`. A trigger for changes gives only records that were changed since
   * they were created; one whose records have no times gives all of them. `newNote` without `contactIds`
   * reads the notes of an hour, of up to 50 contacts that changed last. Prefer `poll` where a cursor can be kept.
   *
   * @example
   * for await (const { id, version, record } of connector.triggers.newest("updatedContact", { limit: 3 }))
   *   console.log(id, version, record);
   */
  newest<Item = unknown>(name: string, options?: NewestOptions): AsyncIterableIterator<TriggerItem<Item>>;
  /**
   * The triggers as data, those with names of their own first.
   *
   * @example
   * for (const { name, title, finds, gives } of connector.triggers.list())
   *   console.log(name, title, finds, gives);
   */
  list(): readonly Trigger[];
}

/** The triggers of a connector for this location. */
export function createTriggers(core: Core, location: string, endpoints: () => readonly Endpoint[]): Triggers {
  return createTriggersOn(
    {
      call: (name, parameters, options) => callEndpoint(core, name, parameters, options),
      bytes: (name, parameters, options) => bytesOf(core, name, parameters, options),
      page: (name, parameters, cursor, options) => pageOf(core, name, parameters, cursor, options),
    },
    location,
    endpoints,
  );
}

/** The triggers over whatever calls the endpoints. */
export function createTriggersOn(
  caller: Caller,
  location: string,
  endpoints: () => readonly Endpoint[],
): Triggers {
  let all: Definition[] | undefined;
  const known = () => {
    all ??= definitions(endpoints());
    return all;
  };
  return {
    poll<Item>(name: string, cursor?: string | null, options: PollOptions = {}) {
      // What an item is depends on the name; the caller says which it expects.
      return createPoll(caller, () => findDefinition(known(), name), location, cursor, options) as Poll<Item>;
    },
    newest<Item>(name: string, options: NewestOptions = {}) {
      const items = readNewestItems(caller, () => findDefinition(known(), name), location, options);
      return items as AsyncGenerator<TriggerItem<Item>, undefined>;
    },
    list: () => known().map(describe),
  };
}

/** The triggers over these endpoints, as data. */
export function listTriggersOf(endpoints: readonly Endpoint[]): Trigger[] {
  return definitions(endpoints).map(describe);
}

function describe(definition: Definition): Trigger {
  const { name, title, description, service, reads, finds, gives, intervalMs, parameters } = definition;
  return { name, title, description, service, reads, finds, gives, intervalMs, parameters };
}
