// The timeline: groups by time, entries with their state, and never more than a window of them in the page.

import { Fragment, type VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { calendarDate, dateTime, groupOf, shortDate, time } from "../dates.js";
import { plainText } from "../plain-text.js";
import { type Entry, type EntryKind, readable } from "../timeline.js";
import { Button, Icon, type IconName, Pair, StateSign, signOf } from "./parts.js";
import { hour } from "./store.js";

/** Entries that come with each press. */
const STEP = 40;
/** Entries that are put into the page at a time: the page answers between them. */
const PORTION = 5;
/** Most entries in the page at a time. */
export const MOST_SHOWN = 160;
/** Most characters of an entry; the rest follows a press. */
const LONG_TEXT: Readonly<Record<EntryKind, number>> = { note: 400, call: 400, task: 140, appointment: 140 };

const KINDS: readonly [EntryKind, string][] = [
  ["note", "Note"],
  ["task", "Task"],
  ["call", "Call"],
  ["appointment", "Appointment"],
];

/** Plain texts of entries: HTML is read when it is shown, and once. */
const texts = new WeakMap<Entry, string>();

function textOf(entry: Entry): string {
  const known = texts.get(entry);
  if (known !== undefined) return known;
  const plain = entry.isHtml ? plainText(entry.source) : entry.source;
  const text = readable(plain) || (entry.kind === "call" ? "Call" : "Without text");
  texts.set(entry, text);
  return text;
}

const iconOf = ({ kind, isDone }: Entry): IconName => (kind === "task" && !isDone ? "task-open" : kind);

/** When, how long, how it went, and who. */
function metaOf(entry: Entry, at: number): string {
  const { kind, isDone, isDay, duration, status, person } = entry;
  const isDated = entry.at > 0 && entry.at < Number.MAX_SAFE_INTEGER;
  const minutes = duration === undefined ? "" : `, ${Math.max(1, Math.round(duration / 60))} min`;
  let when = "";
  if (kind === "task")
    when = isDated
      ? `${isDone ? "Done" : "Due"} ${isDay ? calendarDate(entry.at, at) : shortDate(entry.at, at)}`
      : isDone
        ? "Done"
        : "No due date";
  else if (kind === "appointment" && entry.isToCome)
    when = `${shortDate(entry.at, at)} ${time(entry.at)}${minutes}`;
  else if (kind === "appointment") when = `${shortDate(entry.at, at)} ${time(entry.at)}${attendance(status)}`;
  else if (isDated) when = `${dateTime(entry.at, at)}${minutes}`;
  return [when, person].filter(Boolean).join(" · ");
}

const ATTENDANCE: Readonly<Record<string, string>> = {
  showed: ", attended",
  completed: ", attended",
  noshow: ", did not come",
  cancelled: ", cancelled",
};
const attendance = (status: string | undefined): string => ATTENDANCE[status ?? ""] ?? "";

interface EntryProps {
  entry: Entry;
  hasLanded: boolean;
  onRetry: (entry: Entry) => void;
  off: string | undefined;
}

function EntryItem({ entry, hasLanded, onRetry, off }: EntryProps) {
  const [isWhole, setWhole] = useState(false);
  const text = textOf(entry);
  const { state, kind, isDone, from } = entry;
  const most = LONG_TEXT[kind];
  const isCut = text.length > most && !isWhole;
  const name = kind === "task" && isDone ? "Task, done" : nameOf(kind);
  const isPaired = entry.crmId !== undefined && entry.chartmogulId !== undefined;
  return (
    <li
      class={`entry ${kind} ${isDone ? "done" : ""} ${hasLanded ? "landed" : ""}`}
      id={entry.id}
      data-state={state}
      tabIndex={-1}
    >
      <Icon name={iconOf(entry)} />
      <div>
        <p class="t">
          <span class="sr">{name}: </span>
          {isCut ? `${text.slice(0, most).trimEnd()}…` : text}
          {isCut && (
            <Button look="bare" class="inline" onClick={() => setWhole(true)}>
              Show all
            </Button>
          )}
        </p>
        <p class="m">{metaOf(entry, hour.value)}</p>
      </div>
      <Pair from={from} state={state} isPaired={isPaired} />
      {state !== undefined && state !== "in-step" && (
        <div class="why">
          <StateSign state={state} sign={signOf(state, from)} /> {entry.why}
          {state === "failed" && (
            <div class="actions">
              <Button
                look="bare"
                off={off}
                onClick={() => onRetry(entry)}
                aria-label={`Retry: ${text.slice(0, 60)}`}
              >
                Retry
              </Button>
            </div>
          )}
        </div>
      )}
    </li>
  );
}

const nameOf = (kind: EntryKind): string => KINDS.find(([name]) => name === kind)?.[1] ?? kind;

/**
 * The element of an entry, the same one while nothing of it has changed: then it is not gone through again,
 * however many others come.
 */
const items = new WeakMap<
  Entry,
  { element: VNode; hasLanded: boolean; off: string | undefined; onRetry: unknown }
>();

function itemOf({ entry, hasLanded, onRetry, off }: EntryProps): VNode {
  const before = items.get(entry);
  if (before?.hasLanded === hasLanded && before.off === off && before.onRetry === onRetry)
    return before.element;
  const element = (
    <EntryItem key={entry.id} entry={entry} hasLanded={hasLanded} onRetry={onRetry} off={off} />
  );
  items.set(entry, { element, hasLanded, off, onRetry });
  return element;
}

/** A portion nearer to where it is to be. */
const towards = (now: number, then: number): number =>
  now < then ? Math.min(then, now + PORTION) : Math.max(then, now - PORTION);

interface TimelineProps {
  entries: readonly Entry[];
  /** What is said beside the head: for example that one side is missing. */
  aside?: string | undefined;
  /** Ids of records that have just been written. */
  landed: ReadonlySet<string>;
  onRetry: (entry: Entry) => void;
  onAdd: () => void;
  off: string | undefined;
}

/** The timeline of a person. */
export function Timeline({ entries, aside, landed, onRetry, onAdd, off }: TimelineProps) {
  const [kind, setKind] = useState<EntryKind | "">("");
  const [window, setWindow] = useState({ from: 0, to: STEP });
  // The same function for all entries at all times.
  const latest = useRef(onRetry);
  latest.current = onRetry;
  const [retry] = useState(() => (entry: Entry) => latest.current(entry));
  // What is in the page; it grows and moves to the window, a portion in each frame.
  const [there, setThere] = useState({ from: 0, to: PORTION });
  const isGrowing = there.from !== window.from || there.to !== window.to;
  useEffect(() => {
    if (!isGrowing) return;
    const frame = requestAnimationFrame(() =>
      setThere({ from: towards(there.from, window.from), to: towards(there.to, window.to) }),
    );
    return () => cancelAnimationFrame(frame);
  });
  const focusAt = useRef<string | undefined>(undefined);
  useEffect(() => {
    const element = focusAt.current === undefined ? null : document.getElementById(focusAt.current);
    if (element === null) return;
    element.focus();
    focusAt.current = undefined;
  });

  if (entries.length === 0)
    return (
      <section class="block" aria-labelledby="timeline">
        <div class="head">
          <h2 id="timeline">Timeline</h2>
          {aside && <span class="small muted">{aside}</span>}
        </div>
        <div class="blank" style={{ paddingTop: 0 }}>
          <strong>No activity yet</strong>
          Notes, tasks, calls and appointments from both systems appear here.
          <div class="actions">
            <Button off={off} onClick={onAdd}>
              <Icon name="plus" />
              Add the first note
            </Button>
          </div>
        </div>
      </section>
    );

  const list = kind === "" ? entries : entries.filter((entry) => entry.kind === kind);
  const shown = list.slice(there.from, there.to);
  const at = hour.value;
  const groups: { name: string; entries: Entry[] }[] = [];
  for (const entry of shown) {
    const name = groupOf(entry.at, entry.isToCome, at);
    const last = groups.at(-1);
    if (last?.name === name) last.entries.push(entry);
    else groups.push({ name, entries: [entry] });
  }
  const older = list.length - window.to;
  const move = (to: { from: number; to: number }, focus: number) => {
    focusAt.current = list[focus]?.id;
    setWindow(to);
  };
  const showOlder = () => {
    const to = Math.min(list.length, window.to + STEP);
    move({ from: Math.max(window.from, to - MOST_SHOWN), to }, window.to);
  };
  const showNewer = () => {
    const from = Math.max(0, window.from - STEP);
    move({ from, to: Math.min(window.to, from + MOST_SHOWN) }, window.from - 1);
  };
  return (
    <section class="block" aria-labelledby="timeline" aria-busy={isGrowing ? "true" : undefined}>
      <div class="head">
        <h2 id="timeline">Timeline</h2>
        {aside && <span class="small muted">{aside}</span>}
        <select
          class="field"
          aria-label="Show on the timeline"
          value={kind}
          onChange={(event) => {
            setKind(event.currentTarget.value as EntryKind | "");
            setWindow({ from: 0, to: STEP });
            setThere({ from: 0, to: PORTION });
          }}
        >
          <option value="">All kinds</option>
          {KINDS.map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
      </div>
      {window.from > 0 && (
        <Button look="bare" class="more" onClick={showNewer}>
          Show {Math.min(STEP, window.from)} newer
        </Button>
      )}
      {list.length === 0 && <p class="muted">No {nameOf(kind as EntryKind).toLowerCase()} yet.</p>}
      {groups.map(({ name, entries: inGroup }) => (
        <Fragment key={name}>
          <h3 class="group">{name}</h3>
          <ul>
            {inGroup.map((entry) =>
              itemOf({
                entry,
                hasLanded: landed.has(entry.crmId ?? "") || landed.has(entry.chartmogulId ?? ""),
                onRetry: retry,
                off,
              }),
            )}
          </ul>
        </Fragment>
      ))}
      {older > 0 && (
        <Button look="bare" class="more" onClick={showOlder}>
          Show {Math.min(STEP, older)} older
        </Button>
      )}
      {list.length > MOST_SHOWN && (
        <p class="help">
          {(window.from + 1).toLocaleString("en-US")} to{" "}
          {Math.min(window.to, list.length).toLocaleString("en-US")} of {list.length.toLocaleString("en-US")}
        </p>
      )}
    </section>
  );
}
