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
  /** No slice before this time, epoch milliseconds: a failure or a quota is waited for. */
  notBefore?: number;
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
const UNAVAILABLE_MS = 5 * 60_000;
/** At least so long after a day's quota was used up. */
const QUOTA_MS = 15 * 60_000;
const DAY_MS = 86_400_000;
const MOST_FAILURES = 6;
/** Contacts that are read by themselves; more are read with everything that changed. */
const MOST_CONTACTS = 100;

export class Location extends DurableObject<Env> {
  #connector: Connector | undefined;

  /** Begins a run of everything that changed, if none is under way; `now` waits for no failure and no quota. */
  async begin(locationId: string, { apply = false, now = false } = {}): Promise<void> {
    await this.#add(locationId, { all: true, apply }, 0, now);
  }

  /** Takes a webhook: notes whom it is about, answers, and lets the next slice read them. */
  async receive(locationId: string, request: Request): Promise<Response> {
    const named: string[] = [];
    let isTaken = false;
    let isAboutAll = false;
    const { webhooks } = this.#connectorOf(locationId);
    const [, secret] = /\/chartmogul\/([^/]+)$/.exec(new URL(request.url).pathname) ?? [];
    const body = secret === undefined ? undefined : new Uint8Array(await request.clone().arrayBuffer());
    const event = body && (await webhooks.verifyChartMogul(body, secret).catch(() => undefined));
    const handler = webhooks.fetchHandler({
      sync: false,
      onHandled({ contacts, duplicate, ignored }) {
        if (duplicate || ignored !== undefined) return;
        isTaken = true;
        // One about customers that this location does not have is another location's.
        isAboutAll ||= contacts.length === 0 && !event?.customers.length;
        named.push(...contacts);
      },
    });
    const response = await handler(request);
    if (isTaken && (isAboutAll || named.length > 0))
      await this.#add(locationId, { all: isAboutAll, contacts: named }, GATHERING_MS);
    return response;
  }

  /** How the location is: its last slice, what is to be done, and the state of its sync. */
  async status(locationId: string) {
    const [last, task, alarm] = await Promise.all([
      this.ctx.storage.get<LastSlice>("last"),
      this.#task(),
      this.ctx.storage.getAlarm(),
    ]);
    let sync: unknown;
    try {
      // Wrong settings are refused as the connector is made.
      sync = await this.#connectorOf(locationId).sync.status();
    } catch (reason) {
      sync = { error: shown(reason) };
    }
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
      // A run that stopped continues until it is done; a plan that a person must read waits for that person.
      const isOpen = !done && stopped !== undefined;
      await this.#end(isOpen ? { ...task, failures: 0 } : NOTHING, await this.#pauseAfter(outcome));
    } catch (reason) {
      const error = shown(reason);
      // biome-ignore lint/suspicious/noConsole: it is the log of a Worker.
      console.error(JSON.stringify({ locationId, ...error }));
      await storage.put("last", { at, done: false, error } satisfies LastSlice);
      const failures = task.failures + 1;
      const again = ConnectorError.is(reason) && reason.retryable && failures <= MOST_FAILURES;
      const asked = ConnectorError.is(reason) ? (reason.retryAfterMs ?? 0) : 0;
      await this.#end(
        again ? { ...task, failures } : NOTHING,
        Math.max(FIRST_RETRY_MS * 2 ** (failures - 1), asked),
      );
    }
  }

  /** How long a run that stopped is not continued. */
  async #pauseAfter({ stopped, report }: SyncOutcome): Promise<number> {
    if (stopped === "unavailable") return UNAVAILABLE_MS;
    if (stopped !== "quota") return BETWEEN_SLICES_MS;
    // Where only notes wait for the next days' calls, changes are still synced.
    if (report.notesWaiting > 0) return QUOTA_MS;
    const status = await this.#connector?.sync.status().catch(() => undefined);
    return Math.min(Math.max((status?.today.resetsAt ?? 0) - Date.now(), QUOTA_MS), DAY_MS);
  }

  /** What is to be done: what was running when the object was ended is done again. */
  async #task(): Promise<Task> {
    const found = await this.ctx.storage.get<Task>(["task", "running"]);
    return joined(found.get("task") ?? NOTHING, found.get("running") ?? NOTHING);
  }

  async #add(locationId: string, added: Partial<Task>, delayMs: number, now = false): Promise<void> {
    const { storage } = this.ctx;
    const task = joined((await storage.get<Task>("task")) ?? NOTHING, { ...NOTHING, ...added });
    if (now) task.notBefore = 0;
    await storage.put({ locationId, task });
    const at = Math.max(Date.now() + delayMs, task.notBefore ?? 0);
    const alarm = await storage.getAlarm();
    // While a slice runs, no alarm is set: one that is set now starts the next slice.
    if (alarm === null || alarm > at) await storage.setAlarm(at);
  }

  /** Ends a slice: what is left of its task comes after what was added meanwhile. */
  async #end(left: Task, delayMs: number): Promise<void> {
    const { storage } = this.ctx;
    const added = (await storage.get<Task>("task")) ?? NOTHING;
    const isLeft = left.all || left.contacts.length > 0;
    const notBefore = Date.now() + delayMs;
    const task = joined(added, isLeft ? { ...left, notBefore } : NOTHING);
    await storage.put("task", task);
    await storage.delete("running");
    if (!task.all && task.contacts.length === 0) return;
    // What came meanwhile waits as well: it would meet the same failure.
    await storage.setAlarm(Math.max(Date.now() + BETWEEN_SLICES_MS, task.notBefore ?? 0));
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
    notBefore: Math.max(one.notBefore ?? 0, other.notBefore ?? 0),
  };
}

/** An error as it may be shown: those of the package hold no secret. */
function shown(reason: unknown): NonNullable<LastSlice["error"]> {
  if (ConnectorError.is(reason)) return { code: reason.code, message: reason.message, hint: reason.hint };
  return { code: "internal", message: reason instanceof Error ? reason.message : String(reason) };
}
