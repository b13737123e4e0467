// What `serve` counts, as text of Prometheus (format 0.0.4). No label and no value is a person's.

import type { ConnectorEvent } from "../generated/answers.js";
import type { WatchUpdate } from "../watch.js";
import type { WebhookRefusal } from "../webhooks/refusal.js";
import type { HandledWebhook } from "../webhooks/webhooks.js";

type Labels = Readonly<Record<string, string | number>>;
type Type = "counter" | "gauge" | "histogram";

interface Family {
  type: Type;
  help: string;
  /** By the labels as they are written. */
  values: Map<string, number>;
}

/** Upper bounds of the classes of durations, in seconds. */
const BUCKETS = [1, 2.5, 5, 10, 30, 60, 300, 900, 3_600];

const FAMILIES: Readonly<Record<string, readonly [Type, string]>> = {
  build_info: ["gauge", "The package's version."],
  start_time_seconds: ["gauge", "When the process began."],
  runs_total: ["counter", "Runs that ended, by outcome: done, planned_only, stopped or failed."],
  run_errors_total: ["counter", "Runs that failed, by the code of the error."],
  run_duration_seconds: ["histogram", "How long runs took."],
  last_run_timestamp_seconds: ["gauge", "When the last run ended."],
  last_success_timestamp_seconds: ["gauge", "When a run was last done."],
  next_run_timestamp_seconds: ["gauge", "When the next run is due."],
  records: ["gauge", "Records that are not in step after the last run, by standing: failed or waiting."],
  changes_total: ["counter", "Changes carried out, by action and kind of record."],
  calls_total: ["counter", "Requests that were answered, by service and HTTP status."],
  retries_total: ["counter", "Requests that were sent again, by service."],
  quota_limit: ["gauge", "Calls that a service allows a day."],
  quota_remaining: ["gauge", "Calls of the day that are left."],
  webhooks_received_total: [
    "counter",
    "Genuine webhooks, by service and result: taken, duplicate or ignored.",
  ],
  webhooks_refused_total: ["counter", "Refused webhooks, by service and reason."],
  http_requests_total: ["counter", "Answers of this server, by route and HTTP status."],
};

/** How the last run ended, for whoever asks whether the service is ready. */
export interface LastRun {
  isFine: boolean;
  /** The code of the error, or why it stopped, where it is not. */
  cause?: string | undefined;
}

/** Counts what happens in a process. */
export class Metrics {
  readonly #families = new Map<string, Family>();
  #lastRun: LastRun | undefined;

  constructor(version: string, now = Date.now()) {
    for (const [name, [type, help]] of Object.entries(FAMILIES))
      this.#families.set(name, { type, help, values: new Map() });
    this.#set("build_info", 1, { version });
    this.#set("start_time_seconds", now / 1_000);
    for (const service of ["ghl", "chartmogul"])
      for (const result of ["taken", "duplicate", "ignored"])
        this.#add("webhooks_received_total", { service, result }, 0);
    for (const outcome of ["done", "planned_only", "stopped", "failed"])
      this.#add("runs_total", { outcome }, 0);
  }

  /** Undefined while no run has ended. */
  get lastRun(): LastRun | undefined {
    return this.#lastRun;
  }

  onEvent(event: ConnectorEvent): void {
    if (event.type === "request") this.#add("calls_total", { service: event.service, status: event.status });
    if (event.type === "retry") this.#add("retries_total", { service: event.service });
    if (event.type === "quota") {
      const { service, limit, remaining } = event;
      this.#set("quota_remaining", remaining, { service });
      if (limit !== null) this.#set("quota_limit", limit, { service });
    }
  }

  onUpdate(update: WatchUpdate): void {
    if (update.type === "wait") this.#set("next_run_timestamp_seconds", update.until / 1_000);
    if (update.type === "failure") {
      const { code } = update.error;
      this.#add("runs_total", { outcome: "failed" });
      this.#add("run_errors_total", { code });
      this.#set("last_run_timestamp_seconds", update.at / 1_000);
      // Another process is syncing the location: that says nothing about the failure before it.
      if (code !== "busy") this.#lastRun = { isFine: false, cause: code };
    }
    if (update.type !== "outcome") return;
    const { done, plannedOnly, stopped, standing, report } = update.outcome;
    this.#add("runs_total", { outcome: plannedOnly ? "planned_only" : done ? "done" : "stopped" });
    this.#observe("run_duration_seconds", report.elapsedMs / 1_000);
    this.#set("last_run_timestamp_seconds", update.at / 1_000);
    if (done) this.#set("last_success_timestamp_seconds", update.at / 1_000);
    this.#set("records", standing.failed, { standing: "failed" });
    this.#set("records", standing.waiting, { standing: "waiting" });
    for (const [action, kinds] of Object.entries(report.done))
      for (const [kind, count] of Object.entries(kinds)) this.#add("changes_total", { action, kind }, count);
    this.#lastRun =
      stopped === "unavailable" ? { isFine: false, cause: "service_unavailable" } : { isFine: true };
  }

  onHandled({ type, duplicate, ignored }: HandledWebhook): void {
    const result = ignored !== undefined ? "ignored" : duplicate ? "duplicate" : "taken";
    this.#add("webhooks_received_total", {
      service: type === "mrr_movement" ? "chartmogul" : "ghl",
      result,
    });
  }

  onRefused({ service, reason }: WebhookRefusal): void {
    this.#add("webhooks_refused_total", { service, reason });
  }

  /** `route`: as the routes are written, not as paths are, which may hold ids. */
  onAnswer(route: string, status: number): void {
    this.#add("http_requests_total", { route, status });
  }

  /** All of it, as Prometheus reads it. */
  text(): string {
    const lines: string[] = [];
    for (const [name, { type, help, values }] of this.#families) {
      if (values.size === 0) continue;
      lines.push(`# HELP ${PREFIX}${name} ${help}`, `# TYPE ${PREFIX}${name} ${type}`);
      for (const [labels, value] of values) {
        const [suffix = "", written = ""] = labels.split(" ", 2);
        lines.push(`${PREFIX}${name}${suffix}${written} ${value}`);
      }
    }
    return `${lines.join("\n")}\n`;
  }

  #set(name: string, value: number, labels: Labels = {}): void {
    this.#families.get(name)?.values.set(` ${written(labels)}`, value);
  }

  #add(name: string, labels: Labels, count = 1, suffix = ""): void {
    const values = this.#families.get(name)?.values;
    const key = `${suffix} ${written(labels)}`;
    values?.set(key, (values.get(key) ?? 0) + count);
  }

  #observe(name: string, value: number): void {
    for (const bound of BUCKETS) this.#add(name, { le: bound }, value <= bound ? 1 : 0, "_bucket");
    this.#add(name, { le: "+Inf" }, 1, "_bucket");
    this.#add(name, {}, value, "_sum");
    this.#add(name, {}, 1, "_count");
  }
}

const PREFIX = "ghl_chartmogul_";

function written(labels: Labels): string {
  // Labels are words of our own, without blanks and quotes; others lose them.
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${String(value).replaceAll(/["\\\s]/g, "_")}"`,
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}
