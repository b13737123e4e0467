// What a sync is doing now: a bar for each stream, its rate and time left, calls, and what it waits for.

import type { ConnectorEvent, Service, SyncStatus } from "../generated/answers.js";
import { bar, signCell } from "./signs.js";
import { formatNumber } from "./table.js";
import type { Terminal } from "./terminal.js";
import { cutToWidth, printable, textWidth } from "./text-width.js";
import { durationText, NARROW } from "./words.js";

/** How far a stream of records is. */
interface Stream {
  group: "Read" | "Compare" | "Write";
  name: string;
  done: number;
  /** 0 where it is not known. */
  total: number;
  /** Milliseconds that it took so far, until `at`. */
  elapsed: number;
  /** When something moved last. */
  at: number;
}

/** What is known of a service. */
interface ServiceState {
  calls: number;
  /** Times of the last calls. */
  recent: number[];
  waitsUntil: number;
  why: string;
}

/** What a display of a sync keeps. All times are milliseconds. */
export interface SyncProgress {
  update(event: ConnectorEvent, at: number): void;
  /** The lines as they are now. */
  lines(at: number, terminal: Terminal): string[];
}

/** Rates are those of the last ten seconds. */
const WINDOW_MS = 10_000;

/** Waits shorter than this are pacing that nobody needs to see. */
const LEAST_WAIT_MS = 500;

/** The progress of a run; `today` says what was used of the day's calls before. */
export function createSyncProgress({
  today,
  quota,
}: Partial<Pick<SyncStatus, "today" | "quota">> = {}): SyncProgress {
  const streams = new Map<string, Stream>();
  /** The stream that moves: its time passes. */
  let current: Stream | undefined;
  const written: [at: number, done: number][] = [];
  const services: Record<Service, ServiceState> = {
    ghl: { calls: 0, recent: [], waitsUntil: 0, why: "" },
    chartmogul: { calls: 0, recent: [], waitsUntil: 0, why: "" },
  };

  function moved(phase: string, done: number, total: number, at: number): void {
    const [group, name] = streamOf(phase);
    if (group === undefined) return;
    const key = group === "Compare" ? group : `${group} ${name}`;
    const known = streams.get(key);
    const stream = known ?? { group, name, done: 0, total: 0, elapsed: 0, at };
    if (current !== undefined) current.elapsed += at - current.at;
    current = stream;
    // A run reads and writes in parts: each part begins at 0, and only writing counts on.
    const isBehind = group === "Read" && done < stream.done;
    Object.assign(stream, { name, at }, isBehind ? {} : { done, total });
    streams.set(key, stream);
    if (group === "Write") {
      written.push([at, done]);
      while ((written[0]?.[0] ?? at) < at - WINDOW_MS) written.shift();
    }
  }

  return {
    update(event, at) {
      if (event.type === "progress") moved(event.phase, event.done, event.total, at);
      else if (event.type === "request") {
        const service = services[event.service];
        service.calls += 1;
        service.recent.push(at);
        while ((service.recent[0] ?? at) < at - WINDOW_MS) service.recent.shift();
      } else if ((event.type === "pace" || event.type === "retry") && event.delayMs >= LEAST_WAIT_MS) {
        const service = services[event.service];
        service.waitsUntil = at + event.delayMs;
        service.why = event.type === "retry" ? printable(event.reason) : "the rate limit";
      }
    },
    lines(at, terminal) {
      const rows = [...streams.values()].map((stream) =>
        streamLine(stream, rateOf(written, at), stream === current ? at : undefined, terminal),
      );
      const used = today === undefined ? undefined : today.ours + (today.byOthers ?? 0) + services.ghl.calls;
      const limit = today?.limit ?? quota?.limit ?? undefined;
      const ofDay =
        used === undefined || limit === undefined
          ? ""
          : `${formatNumber(used)} of ${formatNumber(limit)} today`;
      const calls = [
        serviceLine("GHL", services.ghl, ofDay, at, terminal),
        serviceLine("ChartMogul", services.chartmogul, "", at, terminal),
      ];
      return [...rows, ...(rows.length > 0 ? [""] : []), ...calls];
    },
  };
}

/** Phases of the engine as streams; what is over at once is not one. */
function streamOf(phase: string): [group: Stream["group"] | undefined, name: string] {
  if (phase === "applying") return ["Write", "changes"];
  const [, verb = "", name = ""] = /^(reading|comparing) (.*)$/.exec(phase) ?? [];
  if (verb === "reading") return ["Read", name.replace("customers' contacts", "their contacts")];
  return [verb === "comparing" ? "Compare" : undefined, name];
}

/** Changes a second, over the last ten seconds. */
function rateOf(written: readonly [at: number, done: number][], at: number): number {
  const [first] = written;
  const last = written.at(-1);
  if (first === undefined || last === undefined || at - first[0] < 1_000) return 0;
  return ((last[1] - first[1]) * 1_000) / (at - first[0]);
}

const NAME_WIDTH = 20;

/** `at` is now for the stream that moves. */
function streamLine(stream: Stream, rate: number, at: number | undefined, terminal: Terminal): string {
  const { group, name, done, total } = stream;
  const elapsed = stream.elapsed + (at === undefined ? 0 : at - stream.at);
  const width = terminal.columns ?? 80;
  const isNarrow = width < NARROW;
  const count =
    total > 0
      ? `${formatNumber(done)} of ${formatNumber(total)}`
      : done > 0
        ? formatNumber(done)
        : at === undefined
          ? ""
          : "…";
  const pace =
    group !== "Write" || rate <= 0
      ? durationText(elapsed)
      : `${rate.toLocaleString("en-US", { maximumFractionDigits: 1 })}/s${total > done ? `  ${durationText(((total - done) / rate) * 1_000)} left` : ""}`;
  if (isNarrow) return cutToWidth(`  ${group} ${name}  ${count}`, width - 1);
  const barWidth = width >= 100 ? 30 : 14;
  const share = total > 0 ? bar(done / total, barWidth, terminal) : " ".repeat(barWidth);
  const head = `  ${group.padEnd(8)}${cutToWidth(name, NAME_WIDTH - 1).padEnd(NAME_WIDTH)}`;
  const line = `${head}${share}  ${count.padStart(15)}  ${pace}`;
  return textWidth(line) < width ? line : `${head}${share}  ${count}`;
}

function serviceLine(
  name: string,
  { calls, recent, waitsUntil, why }: ServiceState,
  ofDay: string,
  at: number,
  terminal: Terminal,
): string {
  const now = recent.filter((time) => time > at - WINDOW_MS).length;
  const parts = [
    `${formatNumber(calls)} ${calls === 1 ? "call" : "calls"}`,
    `${formatNumber(now)} in 10 s`,
    ofDay,
  ].filter(Boolean);
  const width = (terminal.columns ?? 80) - 1;
  const head = `  ${name.padEnd(12)}`;
  const wait = waitsUntil > at ? `waits ${durationText(waitsUntil - at)}, ${why}` : "";
  const before = wait === "" ? [] : [cutToWidth(wait, width - head.length)];
  // What it waits for comes first: it says why nothing moves.
  const rest = cutToWidth([...before, ...parts].join("  "), width - head.length).slice(
    before[0]?.length ?? 0,
  );
  const [waiting] = before;
  return head + (waiting === undefined ? "" : terminal.style("yellow", waiting)) + rest;
}

/** A failure as it is printed once, above what moves. */
export function failureLine(
  { kind, id, code, reason }: Extract<ConnectorEvent, { type: "deadLetter" }>,
  terminal: Terminal,
): string {
  const text = `${kind.padEnd(8)} ${printable(id)}  ${printable(reason)}`;
  const state = code === "ambiguous" ? "conflict" : "failed";
  return `  ${signCell(state, terminal)}${cutToWidth(text, (terminal.columns ?? 80) - 6)}`;
}

/** Draws a sync on stderr while it runs. */
export interface SyncDisplay {
  onEvent(event: ConnectorEvent): void;
  /** Begins to draw. */
  begin(status: SyncStatus): void;
  /** Takes what moves away. */
  end(): void;
}

const REDRAW_MS = 100;

/** Failures that are printed during a run; its end counts all of them. */
const MOST_FAILURES = 10;

/** A display in place on a terminal; a silent one where nobody would see it. */
export function createSyncDisplay(terminal: Terminal): SyncDisplay {
  const { stderr } = process;
  if (terminal.json || stderr.isTTY !== true) return { onEvent() {}, begin() {}, end() {} };
  let progress: SyncProgress | undefined;
  let timer: NodeJS.Timeout | undefined;
  let height = 0;
  let failures = 0;
  const wide = (): Terminal => ({ ...terminal, columns: stderr.columns || 80 });
  const clear = () => {
    if (height > 0) stderr.write(`\u001B[${height}A\r\u001B[J`);
    height = 0;
  };
  const draw = () => {
    if (progress === undefined) return;
    // A terminal that is lower shows the last lines: more would not be taken away again.
    const lines = progress.lines(performance.now(), wide()).slice(-Math.max(1, (stderr.rows || 24) - 1));
    const text = lines.map((line) => `${line}\n`).join("");
    const up = height > 0 ? `\u001B[${height}A\r\u001B[J` : "";
    stderr.write(up + text);
    height = lines.length;
  };
  return {
    onEvent(event) {
      progress?.update(event, performance.now());
      if (event.type !== "deadLetter" || progress === undefined || failures >= MOST_FAILURES) return;
      failures += 1;
      clear();
      stderr.write(`${failureLine(event, wide())}\n`);
    },
    begin(status) {
      progress = createSyncProgress(status);
      timer = setInterval(draw, REDRAW_MS).unref();
    },
    end() {
      clearInterval(timer);
      progress = undefined;
      clear();
    },
  };
}
