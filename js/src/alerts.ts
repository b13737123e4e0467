// Alerts: what a person should know of a run. Each is sent once when it begins, once when it is over, and
// again after a day while it stands. What was sent is in the store, so that the next process knows it.

import type { Webhook, WebhookFormat } from "./alert-webhook.js";
import { bounded } from "./bounded.js";
import { ConnectorError, createError } from "./errors.js";
import type { ConnectorEvent, Events } from "./events.js";
import type { ErrorCode, Service, SyncOutcome } from "./generated/answers.js";
import type { StateStore } from "./stores/store.js";

/** When alerts are sent, and where they are posted. */
export interface AlertSettings {
  /**
   * Where each alert is posted as well: an https URL, or http to this machine. It is a secret: it appears in
   * no log, error, report or store. Default: nowhere.
   */
  webhook?: string | undefined;
  /** `json` (default) posts the alert, `slack` a message of Slack: `{ text, blocks }`. */
  format?: WebhookFormat | undefined;
  /** `failures_over_threshold` where more records fail than this, 0 or more. Default 10. */
  maxFailures?: number | undefined;
  /** `quota_low` where no more than this is left of the day's quota, in percent, 0 to 100. Default 10. */
  minQuotaPercent?: number | undefined;
}

interface AlertOf<Type extends string, Details> {
  type: Type;
  /** `error`: nothing is synced until somebody acts. `warning`: the sync continues. */
  severity: "error" | "warning";
  locationId: string;
  /** When it is sent, epoch milliseconds. */
  at: number;
  /** When it began, epoch milliseconds. */
  since: number;
  /** True when it is over. */
  resolved: boolean;
  /** What has happened, and what to do about it: for people. */
  message: string;
  hint?: string | undefined;
  /** The same for programs. */
  details: Details;
}

/** What a person should know of. Holds no secret. */
export type Alert =
  /** A run failed, or stopped as a service is unavailable. A run that finds the location `busy` has not begun. */
  | AlertOf<
      "run_failed",
      {
        code: ErrorCode;
        service?: Service | undefined;
        endpoint?: string | undefined;
        status?: number | undefined;
        requestId?: string | undefined;
      }
    >
  /** More records fail than `maxFailures`. */
  | AlertOf<"failures_over_threshold", { failed: number; waiting: number; maxFailures: number }>
  /** No more than `minQuotaPercent` is left of the day's calls to GoHighLevel. */
  | AlertOf<"quota_low", { limit: number; remaining: number; resetsAt: number }>
  /** A mapped custom field or the data source is gone, or has changed its type. Types are GHL's. */
  | AlertOf<
      "schema_drift",
      {
        what: "customField" | "dataSource" | "settings";
        name: string;
        before: string | null;
        after: string | null;
      }
    >
  /** The location's lease was taken from a process that was killed or hangs. Sent once, never resolved. */
  | AlertOf<"lease_taken_over", { name: string; since: number }>;

type AlertType = Alert["type"];

/** What stands, and why, without what is known of when. */
type Condition = {
  [Type in AlertType]: Pick<
    Extract<Alert, { type: Type }>,
    "type" | "severity" | "message" | "hint" | "details"
  > & {
    /** Tells it from others of its type. */
    cause: string;
    /** It happened and is over: it has no end to report. */
    isMomentary?: boolean;
  };
}[AlertType];

/** What a run has shown. */
export interface Shown {
  outcome?: SyncOutcome | undefined;
  error?: ConnectorError | undefined;
  discovered?: Extract<ConnectorEvent, { type: "discovered" }> | undefined;
  quota?: Extract<ConnectorEvent, { type: "quota" }> | undefined;
  takenOver: Extract<ConnectorEvent, { type: "leaseTakenOver" }>[];
}

/** What was sent, as the store keeps it. */
export interface Memory {
  /** By type and cause: what stands, since when, and when it was sent last. */
  standing: Record<string, Condition & { since: number; sentAt: number }>;
  /** What runs went by when they last could. */
  schema?: { settings: string; fields: Record<string, string | null>; dataSource: string | null };
  /** Alerts that the webhook has not taken yet. */
  pending: Alert[];
}

const DAY_MS = 86_400_000;
/** Alerts that wait for the webhook. */
const MOST_PENDING = 20;
/** A function of the program that hangs must not keep a run from its end. */
const PATIENCE_MS = 10_000;
/** Another process may have sent the same at the same time. */
const TRIES = 3;

/** What alerts are made with. */
export interface AlertsOptions {
  settings: AlertSettings;
  locationId: string;
  onAlert: ((alert: Alert) => unknown) | undefined;
  webhook: Webhook | undefined;
  events: Events;
  store: () => Promise<StateStore>;
  now?: () => number;
}

/** Watches runs, and tells what is to be sent. */
export class Alerts {
  readonly #options: AlertsOptions;
  /** What was sent where the store could not be read. */
  #memory: Memory = { standing: {}, pending: [] };

  constructor(options: AlertsOptions) {
    this.#options = options;
  }

  /** Runs an operation, and sends its alerts before its result is given. Never fails because of an alert. */
  async around(signal: AbortSignal | undefined, run: () => Promise<SyncOutcome>): Promise<SyncOutcome> {
    const { onAlert, webhook, events, locationId } = this.#options;
    if ((onAlert === undefined && webhook === undefined) || locationId === "") return run();
    const shown: Shown = { takenOver: [] };
    try {
      shown.outcome = await events.listening((event) => note(shown, event), run);
      return shown.outcome;
    } catch (reason) {
      if (ConnectorError.is(reason)) shown.error = reason;
      throw reason;
    } finally {
      if (!signal?.aborted) await this.#tell(shown).catch(() => {});
    }
  }

  async #tell(shown: Shown): Promise<void> {
    const { settings, locationId, onAlert, webhook, now = Date.now } = this.#options;
    const { alerts, before } = await this.#remember((memory) => {
      const told = settle(memory, shown, settings, locationId, now());
      const waiting = webhook === undefined ? [] : [...memory.pending, ...told.alerts];
      told.memory.pending = waiting.filter(({ at }) => now() - at < DAY_MS).slice(-MOST_PENDING);
      return told;
    });
    for (const alert of alerts) {
      await bounded(() => Promise.resolve(onAlert?.(alert)).then(() => {}), PATIENCE_MS).catch(() => {});
    }
    const delivered = new Set<string>();
    for (const alert of webhook === undefined ? [] : before.pending) {
      const problem = await webhook?.(alert);
      if (problem === undefined) delivered.add(JSON.stringify(alert));
      else this.#warn(problem);
    }
    if (delivered.size === 0) return;
    await this.#remember((memory) => {
      const pending = memory.pending.filter((alert) => !delivered.has(JSON.stringify(alert)));
      return { alerts: [], memory: { ...memory, pending } };
    });
  }

  #warn(problem: string): void {
    const message = `the webhook of alerts did not take an alert: ${problem}; the next run sends it again`;
    this.#options.events.emit({ type: "warning", code: "webhook_failed", message });
  }

  /** Changes what was sent, in the store where that is possible; gives what is to be sent now. */
  async #remember(
    change: (memory: Memory) => { memory: Memory; alerts: Alert[] },
  ): Promise<{ alerts: Alert[]; before: Memory }> {
    const key = `v1/${this.#options.locationId}/alerts`;
    for (let tries = 0; ; tries++) {
      let store: StateStore | undefined;
      let text: string | undefined;
      try {
        store = await this.#options.store();
        text = (await store.get([key]))[0];
      } catch {
        // The store is what fails: this process remembers.
        store = undefined;
      }
      const known = store === undefined ? this.#memory : read(text);
      const { memory, alerts } = change(known);
      this.#memory = memory;
      const after = JSON.stringify(memory);
      if (store === undefined || after === text) return { alerts, before: memory };
      try {
        const guard = store.conditional === true ? { key, value: text } : undefined;
        const taken = await store.commit([[key, after]], [], guard);
        if (taken !== false || guard === undefined || tries === TRIES) return { alerts, before: memory };
      } catch {
        return { alerts, before: memory };
      }
    }
  }
}

function note(shown: Shown, event: ConnectorEvent): void {
  if (event.type === "discovered") shown.discovered = event;
  else if (event.type === "quota") shown.quota = event;
  else if (event.type === "leaseTakenOver") shown.takenOver.push(event);
}

function read(text: string | undefined): Memory {
  try {
    const { standing, schema, pending } = JSON.parse(text ?? "{}") as Partial<Memory>;
    return { standing: standing ?? {}, ...(schema && { schema }), pending: pending ?? [] };
  } catch {
    // It is written anew.
    return { standing: {}, pending: [] };
  }
}

/** What a run calls for: alerts to tell now, and what is remembered of it. */
export function settle(
  memory: Memory,
  shown: Shown,
  settings: AlertSettings,
  locationId: string,
  now: number,
): { memory: Memory; alerts: Alert[] } {
  const { conditions, judged } = judge(memory.schema, shown, settings);
  const standing = { ...memory.standing };
  const alerts: Alert[] = [];
  const tell = ({ cause: _, isMomentary: __, ...condition }: Condition, since: number, resolved: boolean) =>
    alerts.push({ ...condition, locationId, at: now, since, resolved } as Alert);
  const keyOf = ({ type, cause }: Condition) => `${type}/${cause}`;
  for (const condition of conditions) {
    const known = standing[keyOf(condition)];
    // A clock that was set must not silence it.
    const isDue = known === undefined || now - known.sentAt >= DAY_MS || known.sentAt > now;
    const since = condition.isMomentary ? now : (known?.since ?? now);
    if (isDue) tell(condition, since, false);
    standing[keyOf(condition)] = { ...condition, since, sentAt: isDue ? now : known.sentAt };
  }
  const keys = new Set(conditions.map(keyOf));
  for (const [key, { since, sentAt, ...condition }] of Object.entries(standing)) {
    if (keys.has(key)) continue;
    if (condition.isMomentary) {
      if (now - sentAt >= DAY_MS || sentAt > now) delete standing[key];
      continue;
    }
    if (!judged.has(condition.type)) continue;
    delete standing[key];
    // A run that fails for another reason has not got well.
    const goesOn = condition.type === "run_failed" && conditions.some(({ type }) => type === "run_failed");
    if (goesOn) continue;
    const { hint: _, ...over } = condition;
    tell({ ...over, message: `over: ${condition.message}` } as Condition, since, true);
  }
  const schema = schemaAfter(memory.schema, shown);
  return { memory: { standing, ...(schema && { schema }), pending: memory.pending }, alerts };
}

/** What stands after a run, and the types of which that is known. */
function judge(
  schema: Memory["schema"],
  shown: Shown,
  settings: AlertSettings,
): { conditions: Condition[]; judged: Set<AlertType> } {
  const { outcome, error, quota, discovered } = shown;
  const conditions: Condition[] = [];
  const judged = new Set<AlertType>();
  if (outcome !== undefined || (error !== undefined && error.code !== "busy")) {
    judged.add("run_failed");
    const failure = failureOf(shown);
    if (failure !== undefined) conditions.push(failure);
  }
  if (outcome !== undefined) {
    judged.add("failures_over_threshold");
    const { failed, waiting } = outcome.standing;
    const { maxFailures = 10 } = settings;
    if (failed > maxFailures)
      conditions.push({
        type: "failures_over_threshold",
        cause: "",
        severity: "warning",
        message: `${failed} records fail; ${maxFailures} are allowed (alerts.maxFailures)`,
        hint: "`ghl-chartmogul rejected` lists them, with what to do about each.",
        details: { failed, waiting, maxFailures },
      });
  }
  if (quota !== undefined && quota.limit !== null && quota.limit > 0) {
    judged.add("quota_low");
    const { limit, remaining, resetsAtMs } = quota;
    if (remaining * 100 <= limit * (settings.minQuotaPercent ?? 10))
      conditions.push({
        type: "quota_low",
        cause: "",
        severity: "warning",
        message: `${remaining} of the day's ${limit} calls to GoHighLevel are left`,
        hint: `The count starts again at ${new Date(resetsAtMs).toISOString()}. sync.dailyCalls limits what the sync uses.`,
        details: { limit, remaining, resetsAt: resetsAtMs },
      });
  }
  if (discovered !== undefined) judged.add("schema_drift");
  conditions.push(...driftOf(schema, shown));
  for (const { name, since } of shown.takenOver) {
    conditions.push({
      type: "lease_taken_over",
      cause: "",
      isMomentary: true,
      severity: "warning",
      message: `this run was taken over from ${name || "another process"}, which did not end it: it was killed, or hangs`,
      hint: "Nothing is lost. If it comes again, see why that process ends: memory, a time limit, a restart.",
      details: { name, since },
    });
  }
  return { conditions, judged };
}

function failureOf({ outcome, error }: Shown): Condition | undefined {
  const failed = { type: "run_failed", severity: "error" } as const;
  if (error !== undefined) {
    const { code, message, hint, service, endpoint, status, requestId } = error;
    // Only what is known.
    const details = JSON.parse(JSON.stringify({ code, service, endpoint, status, requestId }));
    return { ...failed, cause: code, message, ...(hint !== undefined && { hint }), details };
  }
  if (outcome?.stopped !== "unavailable") return undefined;
  return {
    ...failed,
    cause: "service_unavailable",
    message: "a service is unavailable: several lists in a row could not be read",
    hint: "The next run continues there.",
    details: { code: "service_unavailable" },
  };
}

/** What the settings name in the services, and can be gone from there. */
const NAMED_BY_SETTINGS = /^sync\.(customFields|dataSource|prefer)\b/;

/** What is not as it was when runs last went by it. */
function driftOf(before: Memory["schema"], { discovered, error }: Shown): Condition[] {
  if (before === undefined) return [];
  const drift = { type: "schema_drift", severity: "error" } as const;
  const found: Condition[] = [];
  if (discovered !== undefined && discovered.settings === before.settings) {
    for (const [name, after] of Object.entries(discovered.fields)) {
      const type = before.fields[name] ?? null;
      if (type === null || type === after) continue;
      const message =
        after === null
          ? `the custom field ${name} is gone from the GHL location`
          : `the custom field ${name} had GHL's type ${type}, and now has ${after}`;
      const isUsable = error?.code !== "invalid_config";
      found.push({
        ...drift,
        cause: `customField/${name}`,
        // A type that the sync still reads stops nothing, and is sent once.
        ...(isUsable && { severity: "warning", isMomentary: true }),
        message,
        ...(!isUsable && { hint: "Restore the field in GHL, or change sync.customFields." }),
        details: { what: "customField", name, before: type, after },
      });
    }
    if (before.dataSource !== null && discovered.dataSource === null)
      found.push({
        ...drift,
        severity: "warning",
        cause: "dataSource",
        message: "the data source that customers are created in is gone from ChartMogul",
        hint: "The sync creates it again, with its customers.",
        details: { what: "dataSource", name: before.dataSource, before: before.dataSource, after: null },
      });
  }
  const isRefused = error?.code === "invalid_config" && NAMED_BY_SETTINGS.test(error.message);
  const sameSettings = discovered === undefined || discovered.settings === before.settings;
  if (isRefused && sameSettings && found.length === 0) {
    const [name = ""] = NAMED_BY_SETTINGS.exec(error.message) ?? [];
    found.push({
      ...drift,
      cause: name,
      message: error.message,
      ...(error.hint !== undefined && { hint: error.hint }),
      details: { what: "settings", name, before: null, after: null },
    });
  }
  return found;
}

/** What later runs are compared with: what the last one went by that could. */
function schemaAfter(before: Memory["schema"], { discovered, error, outcome }: Shown): Memory["schema"] {
  if (discovered === undefined || (outcome === undefined && error === undefined)) return before;
  const { settings, fields, dataSource } = discovered;
  const same = before?.settings === settings ? before : undefined;
  // What is gone is still missed by the next run, until it is there again.
  if (error !== undefined) return same ?? before;
  return { settings, fields: { ...fields }, dataSource: dataSource ?? same?.dataSource ?? null };
}

/** Checks the settings; says what is allowed. No message names the webhook. */
export function requireAlertSettings(settings: unknown): asserts settings is AlertSettings | undefined {
  if (settings === undefined) return;
  const refuse = (message: string) => {
    throw createError({ code: "invalid_config", message, hint: ALLOWED });
  };
  if (typeof settings !== "object" || settings === null || Array.isArray(settings))
    return refuse("alerts must be an object");
  const known = ["webhook", "format", "maxFailures", "minQuotaPercent"];
  const unknown = Object.keys(settings).find((name) => !known.includes(name));
  if (unknown !== undefined) return refuse(`alerts has no setting ${unknown}`);
  const { webhook, format, maxFailures, minQuotaPercent } = settings as Record<string, unknown>;
  if (webhook !== undefined && typeof webhook !== "string") return refuse("alerts.webhook must be a text");
  if (format !== undefined && format !== "json" && format !== "slack")
    return refuse(`alerts.format is ${JSON.stringify(format)}`);
  if (maxFailures !== undefined && !(Number.isInteger(maxFailures) && (maxFailures as number) >= 0))
    return refuse("alerts.maxFailures must be a whole number, 0 or more");
  if (
    minQuotaPercent !== undefined &&
    !((minQuotaPercent as number) >= 0 && (minQuotaPercent as number) <= 100)
  )
    return refuse("alerts.minQuotaPercent must be a number from 0 to 100");
}

const ALLOWED =
  'Allowed are webhook (an https URL), format ("json" or "slack"), maxFailures (0 or more) and minQuotaPercent (0 to 100).';
