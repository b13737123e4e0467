// What the panel shows and does: one signal for the screen, and the actions of a person.

import { computed, signal } from "@preact/signals";
import { keyOf, type NoSubject, readAddress, type Subject } from "../address.js";
import { activeTab, api, isAllowed, onTabChange } from "../browser.js";
import { type Failure, failureOf } from "../failure.js";
import { type Known, nothingKnown, OtherLocation, type Person, readPerson } from "../person.js";
import type { Reach } from "../reach.js";
import { createReach, onSettingsChange, readSettings, type Settings, whatIsMissing } from "../settings.js";

/** What the panel shows. */
export type Screen =
  | { kind: "loading" }
  | { kind: "setUp"; missing: string }
  | { kind: "noPermission"; host: string | undefined }
  | { kind: "noSubject"; subject: NoSubject }
  | { kind: "otherLocation"; connected: { id: string; name: string }; here: string }
  | { kind: "failure"; failure: Failure }
  | { kind: "person"; person: Person; failure: Failure | undefined; isFresh: boolean };

export const screen = signal<Screen>({ kind: "loading" });
export const isOnline = signal(navigator.onLine);
export const now = signal(Date.now());
/** The beginning of the hour: for texts that change with the day alone. */
export const hour = computed(() => Math.floor(now.value / 3_600_000) * 3_600_000);
export const settings = signal<Settings | undefined>(undefined);
export const way = computed(() => settings.value?.way);

/** What the foot says, and what is read aloud: the outcome of an action. */
export const told = signal<{ text: string; id: number } | undefined>(undefined);
let tellings = 0;

/** Tells an outcome. */
export function tell(text: string): void {
  tellings += 1;
  told.value = { text, id: tellings };
}

let reach: Reach | undefined;
let known: Known = nothingKnown();
let reading = new AbortController();
let readingKey: string | undefined;

/** What was read in this panel, by subject: shown again while it is read anew, or while nothing can be read. */
const seen = new Map<string, Person>();
const MOST_SEEN = 30;

/** The way to both services, once it is there. */
export function currentReach(): Reach | undefined {
  return reach;
}

/** The person on screen. */
export const person = computed(() => (screen.value.kind === "person" ? screen.value.person : undefined));

async function openReach(): Promise<Reach> {
  if (reach !== undefined) return reach;
  reach = await createReach(settings.value as Settings);
  return reach;
}

/** Looks at the active tab, and reads its person where it is another one. */
export async function follow(isForced = false): Promise<void> {
  settings.value ??= await readSettings();
  const missing = whatIsMissing(settings.value);
  if (missing !== undefined) {
    stop();
    screen.value = { kind: "setUp", missing };
    return;
  }
  const tab = await activeTab();
  if (tab?.url === undefined) {
    stop();
    screen.value = tab === undefined ? notHere("") : { kind: "noPermission", host: undefined };
    return;
  }
  const subject = readAddress(tab.url);
  if (subject.kind === "none") {
    stop();
    screen.value = { kind: "noSubject", subject };
    return;
  }
  const { protocol, host, hostname } = new URL(tab.url);
  const isCrm = subject.kind === "contact" || subject.kind === "conversation";
  // The click on the panel's button shows this one address; a permission keeps it in sight.
  if (isCrm && !(await isAllowed([`${protocol}//${hostname}/*`]))) {
    stop();
    screen.value = { kind: "noPermission", host };
    return;
  }
  const key = keyOf(subject);
  if (key === readingKey && !isForced) return;
  await read(subject, key);
}

const notHere = (page: string): Screen => ({
  kind: "noSubject",
  subject: { kind: "none", place: "elsewhere", page },
});

/** Ends what is being read: a late answer of the contact before is never shown. */
function stop(): void {
  reading.abort(new DOMException("another page is shown", "AbortError"));
  readingKey = undefined;
}

async function read(subject: Subject, key: string): Promise<void> {
  stop();
  const mine = new AbortController();
  reading = mine;
  readingKey = key;
  const before = seen.get(key);
  const { signal } = mine;
  screen.value =
    before === undefined
      ? { kind: "loading" }
      : { kind: "person", person: before, failure: undefined, isFresh: false };
  const show = (person: Person) => {
    // What was read before stays until all of the new is there: nothing jumps.
    if (signal.aborted || (before !== undefined && person.timeline === undefined)) return;
    screen.value = { kind: "person", person, failure: undefined, isFresh: true };
  };
  try {
    const person = await readPerson(await openReach(), subject, known, signal, show);
    if (signal.aborted) return;
    remember(key, person);
    now.value = Date.now();
    screen.value = { kind: "person", person, failure: undefined, isFresh: true };
  } catch (reason) {
    if (signal.aborted) return;
    if (reason instanceof OtherLocation) {
      screen.value = { kind: "otherLocation", connected: reason.connected, here: reason.here };
      return;
    }
    const failure = failureOf(reason);
    // It may be another permission, another address or another key the next time.
    await dropReach();
    screen.value =
      before === undefined
        ? { kind: "failure", failure }
        : { kind: "person", person: before, failure, isFresh: false };
  }
}

function remember(key: string, person: Person): void {
  seen.delete(key);
  seen.set(key, person);
  const oldest = seen.keys().next().value;
  if (seen.size > MOST_SEEN && oldest !== undefined) seen.delete(oldest);
}

async function dropReach(): Promise<void> {
  const old = reach;
  reach = undefined;
  known = nothingKnown();
  await old?.close().catch(() => {});
}

/** Reads the person again. */
export const reload = (): Promise<void> => follow(true);

/** Begins to follow the active tab, the settings and the network. */
export function begin(): void {
  const again = () => void follow().catch(fail);
  onTabChange(again);
  onSettingsChange(() => {
    settings.value = undefined;
    seen.clear();
    void dropReach()
      .then(() => follow(true))
      .catch(fail);
  });
  addEventListener("online", () => {
    isOnline.value = true;
    void reload().catch(fail);
  });
  addEventListener("offline", () => {
    isOnline.value = false;
  });
  setInterval(() => {
    now.value = Date.now();
  }, 30_000);
  again();
}

function fail(reason: unknown): void {
  screen.value = { kind: "failure", failure: failureOf(reason) };
}

/** Why writing is not possible now; undefined where it is. */
export const noWriting = computed((): string | undefined => {
  if (!isOnline.value) return "off";
  if (settings.value?.isReadOnly) return "readOnly";
  const now = screen.value;
  if (now.kind !== "person") return "off";
  if (now.failure !== undefined) return "off";
  return undefined;
});

/** Opens a host's permission for its tabs, after a click. */
export async function allowHost(host: string): Promise<boolean> {
  const isGranted = await api.permissions.request({ origins: [`https://${host}/*`] });
  if (!isGranted) return false;
  const { domains } = await readSettings();
  await api.storage.local.set({ domains: { ...domains, [host]: Date.now() } });
  return true;
}
