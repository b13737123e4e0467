// One location: its state, and its runs, one at a time and in slices. Alarms carry a run on, also after the
// object was moved or the machine restarted.

import { DurableObject } from "cloudflare:workers";
import { type Connector, ConnectorError, createConnector, type SyncOutcome } from "ghl-chartmogul";
import { durableObject } from "ghl-chartmogul/durable-object";
import { type Env, optionsOf, sliceOf } from "./settings.js";

/** What is to be synced. */
interface Task {
  /** Everything that changed, and not only the contacts that webhooks named. */
  all: boolean;
  contacts: string[];
  /** Whether a plan that a person must read, as the first one, is carried out. */
  apply: boolean;
  /** How often it has failed in a row. */
  failures: number;
}

/** How the last slice ended. */
export interface LastSlice {
  at: string;
  done: boolean;
  plannedOnly?: boolean;
  stopped?: string;
  standing?: SyncOutcome["standing"];
  error?: { code: string; message: string; hint?: string | undefined };
}

const NOTHING: Task = { all: false, contacts: [], apply: false, failures: 0 };
/** Webhooks of one change come together: they are waited for so long. */
const GATHERING_MS = 3_000;
const BETWEEN_SLICES_MS = 1_000;
const FIRST_RETRY_MS = 30_000;
const MOST_FAILURES = 6;
/** Contacts that are read by themselves; more are read with everything that changed. */
const MOST_CONTACTS = 100;

export class Location extends DurableObject<Env> {
  #connector: Connector | undefined;

  /** Begins a run of everything that changed, if none is under way. */
  async begin(locationId: string, apply = false): Promise<void> {
    await this.#add(locationId, { all: true, apply }, 0);
  }

  /** Takes a webhook: notes whom it is about, answers, and lets the next slice read them. */
  async receive(locationId: string, request: Request): Promise<Response> {
    const named: string[] = [];
    let isTaken = false;
    const handler = this.#connectorOf(locationId).webhooks.fetchHandler({
      sync: false,
      onHandled({ contacts, duplicate, ignored }) {
        isTaken ||= !duplicate && ignored === undefined;
        named.push(...contacts);
      },
    });
    const response = await handler(request);
    if (isTaken) await this.#add(locationId, { all: named.length === 0, contacts: named }, GATHERING_MS);
    return response;
  }

  /** How the location is: its last slice, what is to be done, and the state of its sync. */
  async status(locationId: string) {
    const [last, task, alarm] = await Promise.all([
      this.ctx.storage.get<LastSlice>("last"),
      this.#task(),
      this.ctx.storage.getAlarm(),
    ]);
    const sync = await this.#connectorOf(locationId)
      .sync.status()
      .catch((reason: unknown) => ({ error: shown(reason) }));
    const isWaiting = task.all || task.contacts.length > 0;
    return {
      locationId,
      last: last ?? null,
      waiting: isWaiting ? { all: task.all, contacts: task.contacts.length, failures: task.failures } : null,
      nextSliceAt: alarm === null ? null : new Date(alarm).toISOString(),
      bytes: this.ctx.storage.sql.databaseSize,
      sync,
    };
  }

  /** One slice. Cloudflare starts no second one of this object meanwhile. */
  override async alarm(): Promise<void> {
    const { storage } = this.ctx;
    const locationId = await storage.get<string>("locationId");
    const task = await this.#task();
    if (locationId === undefined || (!task.all && task.contacts.length === 0)) return;
    // What comes while the slice runs is added to an empty task, and not lost with this one.
    await storage.put({ task: NOTHING, running: task });
    const at = new Date().toISOString();
    try {
      const outcome = await this.#connectorOf(locationId).sync.run({
        ...sliceOf(this.env),
        ...(task.all ? {} : { contacts: task.contacts }),
        ...(task.apply && { apply: true }),
      });
      const { done, plannedOnly, standing, stopped } = outcome;
      await storage.put("last", {
        at,
        done,
        plannedOnly,
        standing,
        ...(stopped && { stopped }),
      } satisfies LastSlice);
      const goesOn = !done && (stopped === "deadline" || stopped === "calls" || stopped === "records");
      await this.#end(goesOn ? { ...task, failures: 0 } : NOTHING, BETWEEN_SLICES_MS);
    } catch (reason) {
      const error = shown(reason);
      // biome-ignore lint/suspicious/noConsole: it is the log of a Worker.
      console.error(JSON.stringify({ locationId, ...error }));
      await storage.put("last", { at, done: false, error } satisfies LastSlice);
      const failures = task.failures + 1;
      const again = ConnectorError.is(reason) && reason.retryable && failures <= MOST_FAILURES;
      await this.#end(again ? { ...task, failures } : NOTHING, FIRST_RETRY_MS * 2 ** (failures - 1));
    }
  }

  /** What is to be done: what was running when the object was ended is done again. */
  async #task(): Promise<Task> {
    const found = await this.ctx.storage.get<Task>(["task", "running"]);
    return joined(found.get("task") ?? NOTHING, found.get("running") ?? NOTHING);
  }

  async #add(locationId: string, added: Partial<Task>, delayMs: number): Promise<void> {
    const { storage } = this.ctx;
    const task = (await storage.get<Task>("task")) ?? NOTHING;
    await storage.put({ locationId, task: joined(task, { ...NOTHING, ...added }) });
    const at = Date.now() + delayMs;
    const alarm = await storage.getAlarm();
    // While a slice runs there is none: what is set now comes after it.
    if (alarm === null || alarm > at) await storage.setAlarm(at);
  }

  /** Ends a slice: what is left of its task comes after what was added meanwhile. */
  async #end(left: Task, delayMs: number): Promise<void> {
    const { storage } = this.ctx;
    const added = (await storage.get<Task>("task")) ?? NOTHING;
    const task = joined(added, left);
    await storage.put("task", task);
    await storage.delete("running");
    if (!task.all && task.contacts.length === 0) return;
    const isNew = added.all || added.contacts.length > 0;
    await storage.setAlarm(Date.now() + (isNew ? BETWEEN_SLICES_MS : delayMs));
  }

  #connectorOf(locationId: string): Connector {
    this.#connector ??= createConnector({
      ...optionsOf(this.env, locationId),
      store: durableObject(this.ctx.storage),
    });
    return this.#connector;
  }
}

function joined(one: Task, other: Task): Task {
  const contacts = [...new Set([...one.contacts, ...other.contacts])];
  const isMany = contacts.length > MOST_CONTACTS;
  return {
    all: one.all || other.all || isMany,
    contacts: isMany ? [] : contacts,
    apply: one.apply || other.apply,
    failures: Math.max(one.failures, other.failures),
  };
}

/** An error as it may be shown: those of the package hold no secret. */
function shown(reason: unknown): NonNullable<LastSlice["error"]> {
  if (ConnectorError.is(reason)) return { code: reason.code, message: reason.message, hint: reason.hint };
  return { code: "internal", message: reason instanceof Error ? reason.message : String(reason) };
}
