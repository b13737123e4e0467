// The panel: which screen, the head of a person, what needs a decision, and the actions at the foot.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { contactAddress, customerAddress } from "../address.js";
import { openSettings } from "../browser.js";
import { ago, longDate, time } from "../dates.js";
import { explain, failureOf } from "../failure.js";
import { type Customer, findCustomers, type LinkedContact, type Person } from "../person.js";
import type { Conflict } from "../reach.js";
import type { Entry } from "../timeline.js";
import { counted, crm, inOurWords, sideName, WORDS } from "../words.js";
import { differingPieces, labelOf, valueText } from "../writing.js";
import { Button, Explained, focusName, Icon, Notice, Pair, Seam, StateSign } from "./parts.js";
import { aboutCustomer, describeCustomer, Revenue } from "./revenue.js";
import { AddSheet, LinkSheet, type OpenSheet, PlanSheet, WhySheet } from "./sheets.js";
import {
  allowHost,
  currentReach,
  follow,
  isOnline,
  noWriting,
  now,
  reload,
  type Screen,
  screen,
  settings,
  tell,
  told,
} from "./store.js";
import { Timeline } from "./timeline.js";

/** The panel. */
export function App() {
  const shown = screen.value;
  useEffect(() => {
    document.title = titleOf(shown);
  });
  const isLoading = shown.kind === "loading";
  useEffect(() => {
    // The skeleton is the document itself, before any script.
    const skeleton = document.querySelector<HTMLElement>("#skeleton");
    if (skeleton !== null) skeleton.hidden = !isLoading;
  }, [isLoading]);
  if (isLoading) return null;
  return (
    <div class="panel">
      {shown.kind === "person" ? (
        <PersonScreen key={keyOfPerson(shown.person)} shown={shown} />
      ) : (
        <main class="tall">
          <Centre shown={shown} />
        </main>
      )}
    </div>
  );
}

const keyOfPerson = ({ subject }: Person): string => JSON.stringify(subject);

function titleOf(shown: Screen): string {
  if (shown.kind !== "person") return "Panel";
  const { contact, customer, state } = shown.person;
  return `${contact?.name ?? customer?.name ?? "Panel"}, ${WORDS[state].toLowerCase()}`;
}

const Art = ({ children }: { children: ComponentChildren }) => (
  <svg
    class="art"
    viewBox="0 0 96 40"
    aria-hidden="true"
    fill="none"
    stroke="currentColor"
    stroke-width="1.6"
    stroke-linecap="round"
  >
    {children}
  </svg>
);

const SettingsButton = ({ look = "bare" }: { look?: "bare" | "main" }) => (
  <Button look={look} onClick={() => void openSettings()}>
    {look === "main" ? "Open settings" : "Settings"}
  </Button>
);

const BothSides = () => (
  <Art>
    <rect x="8" y="10" width="20" height="20" rx="4" />
    <circle cx="78" cy="20" r="10" stroke-dasharray="2 4" />
    <path d="M42 20h4M52 20h4" />
  </Art>
);

const PAGES: Readonly<Record<string, string>> = {
  contacts: "the contact list",
  conversations: "a list of conversations",
  opportunities: "opportunities",
  calendars: "calendars",
  customers: "the customer list",
};

/** A screen without a person: one line of what, one of what to do. */
function Centre({ shown }: { shown: Exclude<Screen, { kind: "person" | "loading" }> }) {
  const [isRefused, setRefused] = useState(false);
  switch (shown.kind) {
    case "setUp": {
      const isNew = shown.missing === "connection";
      return (
        <div class="centre">
          <BothSides />
          <h1 id="name" tabIndex={-1}>
            {isNew ? `Connect ${crm()} and ChartMogul` : "The set-up is not finished"}
          </h1>
          <p>
            {isNew
              ? "Connect through serve, which can sync, or directly with keys."
              : `The ${shown.missing} is missing. Add it in settings.`}
          </p>
          <div class="actions">
            <SettingsButton look="main" />
          </div>
        </div>
      );
    }
    case "noPermission": {
      const { host } = shown;
      return (
        <div class="centre">
          <Art>
            <rect x="2" y="6" width="92" height="28" rx="6" />
            <path d="M2 14h92" />
            <path d="M8 10h.01M13 10h.01" stroke-width="2.4" />
            <rect x="41" y="21" width="14" height="10" rx="2" fill="var(--canvas)" />
            <path d="M44 21v-3a4 4 0 0 1 8 0v3" />
          </Art>
          <h1 id="name" tabIndex={-1}>
            {host === undefined ? "The panel cannot see this tab" : `Allow the panel on ${host}`}
          </h1>
          <p>
            {host === undefined
              ? `If this is ${crm()}, click the panel’s button in the toolbar once on this tab.`
              : "The panel needs this tab’s address to know which contact you are looking at."}
          </p>
          <p class="muted">
            It reads the address only: no page content, no other site. You can remove this in settings.
          </p>
          {isRefused && (
            <p class="muted" role="status">
              The browser did not allow it. Press again to be asked once more.
            </p>
          )}
          <div class="actions">
            {host !== undefined && (
              <Button
                look="main"
                onClick={() =>
                  void allowHost(host).then((isGranted) => {
                    setRefused(!isGranted);
                    if (isGranted) void follow(true);
                  })
                }
              >
                Allow on this domain
              </Button>
            )}
            <SettingsButton />
          </div>
        </div>
      );
    }
    case "noSubject": {
      const { place, page } = shown.subject;
      const where =
        place === "elsewhere"
          ? page && `This tab shows ${page}.`
          : `This tab shows ${PAGES[page] ?? "another page"} of ${sideName(place)}.`;
      return (
        <div class="centre">
          <BothSides />
          <h1 id="name" tabIndex={-1}>
            Open a contact
          </h1>
          <p>
            Open a contact or conversation in {crm()}, or a customer in ChartMogul, to see both sides here.
          </p>
          {where && <p class="muted">{where}</p>}
        </div>
      );
    }
    case "otherLocation":
      return (
        <div class="centre">
          <BothSides />
          <h1 id="name" tabIndex={-1}>
            This contact is of another location
          </h1>
          <p>
            The panel is connected to {shown.connected.name || shown.connected.id}. Open a contact of that
            location, or connect the panel to this one in settings.
          </p>
          <p class="muted">
            This tab: <code>{shown.here}</code>
            <br />
            Connected: <code>{shown.connected.id}</code>
          </p>
          <div class="actions">
            <SettingsButton look="main" />
          </div>
        </div>
      );
    case "failure":
      return (
        <>
          <h1 class="sr" id="name" tabIndex={-1}>
            The person could not be read
          </h1>
          <Explained explanation={explain(shown.failure, isOnline.value)} onRetry={() => void reload()} />
          <SupportDetails failure={shown.failure} />
        </>
      );
  }
}

function SupportDetails({ failure }: { failure: ReturnType<typeof failureOf> }) {
  const rows = (
    [
      ["Code", failure.code],
      ["Answer", failure.status],
      ["Request", failure.endpoint],
      ["Id", failure.requestId],
    ] as const
  ).filter(([, value]) => value !== undefined);
  const text = rows.map(([name, value]) => `${name}: ${value}`).join("\n");
  return (
    <details class="support">
      <summary>Details for support</summary>
      <dl class="diff">
        {rows.flatMap(([name, value]) => [
          <dt key={name}>{name}</dt>,
          <dd key={`${name} value`} class="mono">
            {value}
          </dd>,
        ])}
      </dl>
      <Button onClick={() => void navigator.clipboard.writeText(text).then(() => tell("Copied."))}>
        Copy without personal data
      </Button>
    </details>
  );
}

type PersonShown = Extract<Screen, { kind: "person" }>;

function PersonScreen({ shown }: { shown: PersonShown }) {
  const { person, failure } = shown;
  const [sheet, setSheet] = useState<OpenSheet>();
  const [isFinding, setFinding] = useState(false);
  const [landed, setLanded] = useState<ReadonlySet<string>>(new Set());
  const off = noWriting.value;
  // A paused contact is not synced and gets nothing until that is taken back: the notice says so.
  const offId = off === undefined && person.state !== "paused" ? undefined : "off";
  const isHalf =
    person.failures.length > 0 && (person.customer === undefined || person.contact === undefined);
  const syncOff = person.way === "direct" ? "off" : offId;
  const close = () => setSheet(undefined);
  const { customer, contact, contacts, conflicts } = person;
  const isCrm = person.subject.kind === "contact" || person.subject.kind === "conversation";
  const land = (ids: readonly string[]) => setLanded(new Set(ids.filter((id) => id !== "")));

  const decide = async (action: () => Promise<unknown>, text: string) => {
    try {
      await action();
      tell(text);
    } catch (reason) {
      const { what, todo } = explain(failureOf(reason), isOnline.value);
      tell(`${what} ${todo}`);
    }
    await reload();
  };
  const unlink = () => {
    void decide(
      async () => currentReach()?.sync?.unlink(contact?.id ?? ""),
      "Unlinked. Nothing was deleted on either side.",
    ).then(focusName);
  };
  const link = async (chosen: Customer) => {
    if (person.way === "direct") {
      setSheet({ kind: "link", customer: chosen });
      return;
    }
    try {
      await currentReach()?.sync?.link(contact?.id ?? "", chosen.uuid);
      setFinding(false);
      setSheet({ kind: "plan", opening: `Linked to ${chosen.name}. This is what follows from it.` });
      await reload();
    } catch (reason) {
      const { what, todo } = explain(failureOf(reason), isOnline.value);
      tell(`${what} ${todo}`);
    }
  };
  const retry = (entry: Entry) =>
    void decide(
      async () => currentReach()?.sync?.retry(entry.crmId ?? entry.chartmogulId ?? ""),
      "The next sync tries it again.",
    );
  const settle = async (conflict: Conflict, winner: "ghl" | "chartmogul") => {
    const left = conflicts.filter(({ id }) => id !== conflict.id);
    const side = winner === "ghl" ? crm() : "ChartMogul";
    await decide(
      async () => currentReach()?.sync?.resolve(conflict.id, winner, conflict.seen),
      left.length > 0
        ? `${labelOf(conflict.field)}: ${side}’s value is kept. Sync contact writes it.`
        : `All settled. Sync contact writes ${side}’s value.`,
    );
    requestAnimationFrame(() => {
      const next =
        document.querySelector<HTMLElement>(".case .button") ?? document.querySelector<HTMLElement>("#name");
      next?.focus();
    });
  };

  const pending = person.timeline?.filter((entry) => entry.state === "pending") ?? [];
  const failed = person.timeline?.filter((entry) => entry.state === "failed") ?? [];
  const isUnlinked = isCrm && customer === undefined && person.failures.length === 0;
  const isStale = failure !== undefined || !isOnline.value;

  return (
    <>
      <header class="who">
        <div class="top">
          <div class="name">
            <h1 id="name" tabIndex={-1}>
              {isCrm ? contact?.name : customer?.name}
            </h1>
            <p>{isCrm ? aboutContact(person) : customer && aboutCustomer(customer)}</p>
          </div>
          <Menu
            person={person}
            off={off === undefined ? undefined : "off"}
            onWhy={() => setSheet({ kind: "why" })}
            onLink={() => setFinding(true)}
            onUnlink={unlink}
          />
        </div>
        <SeamOf person={person} />
        <Roll person={person} pending={pending} failed={failed} isStale={isStale} />
      </header>
      <main id="main">
        <Notices
          shown={shown}
          onRetryContact={() =>
            void decide(
              async () => currentReach()?.sync?.retry(contact?.id ?? ""),
              "The next sync tries it again.",
            )
          }
          onLink={() => setFinding(true)}
        />
        {conflicts.length > 0 && <Conflicts conflicts={conflicts} off={offId} onSettle={settle} />}
        {(isUnlinked || isFinding) && (
          <Candidates
            person={person}
            off={off === undefined ? undefined : "off"}
            onLink={(chosen) => void link(chosen)}
            isOpen={isFinding}
          />
        )}
        {!isCrm && <Contacts contacts={contacts} person={person} />}
        {customer !== undefined && <Revenue customer={customer} money={person.money} />}
        {person.timeline === undefined ? (
          <TimelineBones />
        ) : (
          <Timeline
            entries={person.timeline}
            aside={sideAlone(person)}
            landed={landed}
            onRetry={retry}
            onAdd={() => setSheet({ kind: "add", what: "note" })}
            off={offId}
          />
        )}
      </main>
      <Said />
      {(isCrm || person.way === "direct") && !isHalf && (
        <section class="foot" aria-label="Actions">
          {isCrm && (
            <Button look="main" off={syncOff} onClick={() => setSheet({ kind: "plan" })}>
              Sync contact…
            </Button>
          )}
          <Button off={offId} onClick={() => setSheet({ kind: "add", what: "note" })}>
            <Icon name="plus" />
            Note
          </Button>
          <Button off={offId} onClick={() => setSheet({ kind: "add", what: "task" })}>
            <Icon name="plus" />
            Task
          </Button>
        </section>
      )}
      {sheet?.kind === "plan" && (
        <PlanSheet
          key={sheet.opening ?? ""}
          person={person}
          opening={sheet.opening}
          onClose={close}
          onApplied={land}
        />
      )}
      {sheet?.kind === "add" && (
        <AddSheet
          person={person}
          kind={sheet.what}
          onClose={close}
          onPlan={(opening) => setSheet({ kind: "plan", opening })}
          onLanded={land}
        />
      )}
      {sheet?.kind === "why" && <WhySheet person={person} onClose={close} />}
      {sheet?.kind === "link" && <LinkSheet person={person} customer={sheet.customer} onClose={close} />}
    </>
  );
}

const aboutContact = ({ contact, customer }: Person): string =>
  [contact?.email, contact?.company ?? customer?.company].filter(Boolean).join(", ") || contact?.phone || "";

/** Said beside the timeline where a side is missing. */
function sideAlone({ failures }: Person): string | undefined {
  const missing = failures[0]?.side;
  return missing === undefined ? undefined : `${sideName(missing === "crm" ? "chartmogul" : "crm")} only`;
}

function SeamOf({ person }: { person: Person }) {
  const { subject, contact, customer, contacts, state, failures } = person;
  const isFailed = failures.some(({ side }) => side === "chartmogul");
  const linked = contacts.filter(({ crmId }) => crmId !== undefined);
  const origin = "origin" in subject ? subject.origin : "";
  const locationId = "locationId" in subject ? subject.locationId : "";
  const left =
    contact === undefined
      ? { label: crm(), value: linked.length > 0 ? counted(linked.length, "contact") : undefined }
      : {
          label: `${crm()} contact`,
          value: contact.name,
          href: contactAddress(origin, locationId, contact.id),
        };
  const address = customer && (customer.address ?? customerAddress(customer.uuid));
  return (
    <Seam
      state={state}
      left={{ side: "crm", ...left }}
      right={{
        side: "chartmogul",
        label: "ChartMogul",
        value: isFailed && customer === undefined ? "Not read" : customer?.name,
        href: address,
      }}
    />
  );
}

interface RollProps {
  person: Person;
  pending: readonly Entry[];
  failed: readonly Entry[];
  isStale: boolean;
}

/** The line below the seam: whether in step, since when that is known, and what is not. */
function Roll({ person, pending, failed, isStale }: RollProps) {
  const { state, readAt, way, conflicts } = person;
  const checked = ago(readAt, now.value);
  const jump = (entry: Entry | undefined) => (event: Event) => {
    event.preventDefault();
    if (entry === undefined) return;
    const element = document.getElementById(entry.id);
    element?.scrollIntoView({ block: "center" });
    element?.focus();
  };
  const links = [
    pending.length > 0 && (
      <a key="pending" href={`#${pending[0]?.id}`} onClick={jump(pending[0])}>
        {pending.length} pending
      </a>
    ),
    failed.length > 0 && (
      <a key="failed" class="is-failed" href={`#${failed[0]?.id}`} onClick={jump(failed[0])}>
        {failed.length} failed
      </a>
    ),
  ].filter(Boolean);
  const isFine = state === "in-step" && conflicts.length === 0;
  const fine = way === "served" ? "In step" : "Linked";
  return (
    <div class="roll">
      <span>
        {isFine ? (
          isStale ? (
            `${fine} at ${time(readAt)}`
          ) : (
            `${fine}, checked ${checked}`
          )
        ) : (
          <StateSign state={state} />
        )}
      </span>
      <span>
        {links.length > 0
          ? links.flatMap((link, index) => (index === 0 ? [link] : [", ", link]))
          : isFine
            ? isStale
              ? checked
              : ""
            : `Checked ${checked}`}
      </span>
    </div>
  );
}

interface MenuProps {
  person: Person;
  off: string | undefined;
  onWhy: () => void;
  onLink: () => void;
  onUnlink: () => void;
}

function Menu({ person, off, onWhy, onLink, onUnlink }: MenuProps) {
  const [isOpen, setOpen] = useState(false);
  const menu = useRef<HTMLDivElement>(null);
  const isCrm = person.contact !== undefined;
  const canUnlink = person.way === "served" && person.customer !== undefined && person.state !== "paused";
  useEffect(() => {
    if (!isOpen) return;
    menu.current?.querySelector<HTMLElement>("ul button")?.focus();
    const away = (event: Event) => {
      if (!menu.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", away);
    return () => document.removeEventListener("pointerdown", away);
  }, [isOpen]);
  const item = (
    name: Parameters<typeof Icon>[0]["name"],
    text: string,
    action: () => void,
    itemOff?: string,
  ) => (
    <li>
      <Button
        off={itemOff}
        onClick={() => {
          setOpen(false);
          menu.current?.querySelector<HTMLElement>("button")?.focus();
          action();
        }}
      >
        <Icon name={name} />
        {text}
      </Button>
    </li>
  );
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape and leaving are heard for the menu's buttons.
    <div
      class="menu"
      ref={menu}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !isOpen) return;
        setOpen(false);
        menu.current?.querySelector<HTMLElement>("button")?.focus();
      }}
      onFocusOut={(event) => {
        if (isOpen && event.relatedTarget && !menu.current?.contains(event.relatedTarget as Node))
          setOpen(false);
      }}
    >
      <Button
        look="bare"
        class="icon-only"
        aria-expanded={isOpen ? "true" : "false"}
        aria-controls="menu"
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name="more" />
        <span class="sr">More actions</span>
      </Button>
      <ul id="menu" hidden={!isOpen}>
        {isCrm && item(person.state, "Explain this state", onWhy)}
        {isCrm && item("link", person.customer ? "Link another customer" : "Link a customer", onLink, off)}
        {isCrm && canUnlink && item("unlink", "Unlink", onUnlink, off)}
        {item("both-ways", "Read again", () => void reload())}
        {item("settings", "Settings", () => void openSettings())}
      </ul>
    </div>
  );
}

interface NoticesProps {
  shown: PersonShown;
  onRetryContact: () => void;
  onLink: () => void;
}

/** What stands in the way, in the order of how much it stands in the way. */
function Notices({ shown, onRetryContact, onLink }: NoticesProps) {
  const { person, failure } = shown;
  const { status, state, failures, readAt, way } = person;
  const off = noWriting.value;
  const isReadOnly = settings.value?.isReadOnly === true;
  if (!isOnline.value)
    return (
      <Notice
        state="unlinked"
        sign="offline"
        id="off"
        what="You are offline."
        todo={`Showing data from ${time(readAt)}. You can sync and add records when you are back online.`}
      >
        <Button onClick={() => void reload()}>Try now</Button>
      </Notice>
    );
  if (failure !== undefined) {
    const { what, todo, cure } = explain(failure);
    return (
      <Explained
        id="off"
        explanation={{ what, todo: `${todo} Showing data from ${time(readAt)}.`, cure }}
        onRetry={() => void reload()}
      />
    );
  }
  const notices: ComponentChildren[] = failures.map(({ failure: one, side }) => (
    <div key={side + one.code}>
      <Explained explanation={explain(one)} onRetry={() => void reload()} />
      <SupportDetails failure={one} />
    </div>
  ));
  if (status !== undefined && (state === "paused" || state === "failed") && failures.length === 0) {
    const since = status.since === undefined ? "" : ` Since ${longDate(status.since)}.`;
    const isUnlinked = status.cause === "unlinked";
    notices.push(
      <Notice
        key="standing"
        {...(state === "paused" && { id: "off" })}
        state={state}
        what={
          isUnlinked
            ? "This contact was unlinked."
            : state === "paused"
              ? "This contact is paused."
              : "This contact failed to sync."
        }
        todo={`${sentence(inOurWords(status.reason))}${since}${state === "paused" ? " Nothing is written or deleted while it stands so." : ""}`}
      >
        <Button off={off && "off"} onClick={onRetryContact}>
          {state === "paused" ? "Sync it again" : "Retry"}
        </Button>
        {isUnlinked && (
          <Button off={off && "off"} onClick={onLink}>
            Link a customer
          </Button>
        )}
      </Notice>,
    );
  }
  if (status?.queued !== undefined)
    notices.push(
      <Notice
        key="queued"
        state="pending"
        sign="both-ways"
        what="A sync is running."
        todo="Your decision is kept, and carried out before it ends."
      />,
    );
  if (way === "direct" || isReadOnly)
    notices.push(
      <p key="way" class="way" id="off">
        {isReadOnly
          ? "Read only: nothing can be written, as set in settings."
          : "With keys the panel reads, and writes single records. A location has one store, and that is the sync’s: connect through serve to sync from here."}
      </p>,
    );
  return notices;
}

const sentence = (text: string): string => {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
};

interface ConflictsProps {
  conflicts: readonly Conflict[];
  off: string | undefined;
  onSettle: (conflict: Conflict, winner: "ghl" | "chartmogul") => Promise<void>;
}

/** Values that differ on both sides: a person chooses. */
function Conflicts({ conflicts, off, onSettle }: ConflictsProps) {
  return (
    <section class="block" aria-labelledby="conflicts">
      <h2 id="conflicts">{counted(conflicts.length, "field")} changed on both sides</h2>
      <p class="muted">Nothing is written until you choose and sync. The other value is kept for 90 days.</p>
      {conflicts.map((conflict) => (
        <Case key={conflict.id} conflict={conflict} off={off} onSettle={onSettle} />
      ))}
    </section>
  );
}

interface CaseProps extends Omit<ConflictsProps, "conflicts"> {
  conflict: Conflict;
}

function Case({ conflict, off, onSettle }: CaseProps) {
  const [isSettling, setSettling] = useState(false);
  const { field, title, kind, cause, at, reason } = conflict;
  const left = valueText(conflict.ghl);
  const right = valueText(conflict.chartmogul);
  const name = kind === "contact" ? labelOf(field) : `${labelOf(field)} of “${title}”`;
  const keep = (winner: "ghl" | "chartmogul") => {
    if (isSettling) return;
    setSettling(true);
    void onSettle(conflict, winner).finally(() => setSettling(false));
  };
  const Value = ({ value, other }: { value: string; other: string }) => (
    <p class="val">
      {differingPieces(value, other).map(({ text, differs }, index) =>
        differs ? <mark key={index}>{text}</mark> : text,
      )}
    </p>
  );
  const heading = `case-${conflict.id}`;
  return (
    // biome-ignore lint/a11y/useSemanticElements: its heading is an h3, which a legend cannot replace.
    <div class="case" role="group" aria-labelledby={heading}>
      <h3 class="lg" id={heading}>
        {name}
      </h3>
      <p class="was">
        {cause === "held" ? `Held: ${inOurWords(reason)}` : `Since ${longDate(at)}, ${time(at)}`}
      </p>
      <div class="seam">
        <div class="half">
          <span class="side">
            <span class="mark solid" />
            {crm()}
          </span>
          <Value value={left} other={right} />
          <Button off={off} onClick={() => keep("ghl")} aria-label={`Keep this: ${left}, from ${crm()}`}>
            Keep this
          </Button>
        </div>
        <span class="sign is-conflict">
          <Icon name="conflict" />
        </span>
        <div class="half">
          <span class="side">
            <span class="mark disc solid" />
            ChartMogul
          </span>
          <Value value={right} other={left} />
          <Button
            off={off}
            onClick={() => keep("chartmogul")}
            aria-label={`Keep this: ${right}, from ChartMogul`}
          >
            Keep this
          </Button>
        </div>
      </div>
    </div>
  );
}

interface CandidatesProps {
  person: Person;
  off: string | undefined;
  isOpen: boolean;
  onLink: (customer: Customer) => void;
}

/** Who the customer of a contact may be. Nothing is preselected. */
function Candidates({ person, off, isOpen, onLink }: CandidatesProps) {
  const { candidates, status, customer } = person;
  const [found, setFound] = useState<readonly Customer[]>();
  const [problem, setProblem] = useState<string>();
  const finder = useRef<HTMLInputElement>(null);
  const asked = useRef(new AbortController());
  useEffect(() => {
    if (isOpen) finder.current?.focus();
  }, [isOpen]);
  useEffect(() => () => asked.current.abort(), []);

  const find = async () => {
    const sought = finder.current?.value.trim() ?? "";
    asked.current.abort();
    asked.current = new AbortController();
    setFound(undefined);
    setProblem(undefined);
    if (!/^cus_[A-Za-z0-9-]+$|^[^@\s]+@[^@\s]+$/.test(sought)) {
      setProblem("Enter a whole e-mail address, or a customer’s id that begins with cus_.");
      return;
    }
    const reach = currentReach();
    if (reach === undefined) return;
    try {
      setFound(await findCustomers(reach, sought, asked.current.signal));
    } catch (reason) {
      if (asked.current.signal.aborted) return;
      setProblem(explain(failureOf(reason), isOnline.value).what);
    }
  };
  const Row = ({ customer: one, why }: { customer: Customer; why: string }) => (
    <li class="cand">
      <p class="t">{one.name}</p>
      <p class="m">
        {why}
        {why && <br />}
        {describeCustomer(one)}
      </p>
      <Button off={off} aria-label={`Link ${one.name}`} onClick={() => onLink(one)}>
        <Icon name="link" />
        Link
      </Button>
    </li>
  );
  const reason =
    status === undefined
      ? "No customer is marked with this contact yet."
      : status.standing === "unknown"
        ? "This contact was not synced yet."
        : sentence(inOurWords(status.reason));
  return (
    <>
      {customer === undefined && (
        <section class="block" aria-labelledby="candidates">
          <h2 id="candidates">
            {candidates.length > 0
              ? counted(candidates.length, "possible customer")
              : "No customer in ChartMogul"}
          </h2>
          <p class="muted">{reason}</p>
          {candidates.length > 0 && (
            <ul class="cands">
              {candidates.map(({ customer: one, why }) => (
                <Row key={one.uuid} customer={one} why={why} />
              ))}
            </ul>
          )}
        </section>
      )}
      <section class="block" aria-labelledby="find">
        <h2 id="find">Another customer</h2>
        <search>
          <form
            class="finder"
            onSubmit={(event) => {
              event.preventDefault();
              void find();
            }}
          >
            <div class="sought">
              <Icon name="search" />
              <input
                class="field"
                type="search"
                ref={finder}
                aria-label="Find a ChartMogul customer"
                aria-describedby="find-help"
                placeholder="E-mail or customer id"
                autocomplete="off"
                spellcheck={false}
              />
            </div>
            <button class="button" type="submit">
              Find
            </button>
          </form>
        </search>
        <div role="status" aria-live="polite">
          {problem !== undefined && (
            <p class="err">
              <Icon name="failed" />
              {problem}
            </p>
          )}
          {found?.length === 0 && <p class="muted found">ChartMogul has no such customer.</p>}
        </div>
        {found !== undefined && found.length > 0 && (
          <ul class="cands">
            {found.map((one) => (
              <Row key={one.uuid} customer={one} why={one.email ?? ""} />
            ))}
          </ul>
        )}
        <p class="help" id="find-help">
          Linking alone writes nothing. You see {person.way === "served" ? "a plan" : "the one change"} first.
        </p>
      </section>
    </>
  );
}

/** Beside a customer of ChartMogul: its contacts in the CRM. */
function Contacts({ contacts, person }: { contacts: readonly LinkedContact[]; person: Person }) {
  const { connection } = person;
  const locationId = connection.crm.ok ? connection.crm.location.id : "";
  return (
    <section class="block" aria-labelledby="contacts">
      <div class="head">
        <h2 id="contacts">Contacts in {crm()}</h2>
      </div>
      {contacts.length === 0 ? (
        <p class="muted">This customer has no contacts. Open one in {crm()} to link it.</p>
      ) : (
        <ul>
          {contacts.slice(0, MOST_CONTACTS).map(({ chartmogulId, crmId, name, title, email, state }) => (
            <li class="entry" key={chartmogulId}>
              <Icon name="contact" />
              <div>
                <p class="t">
                  {crmId === undefined ? (
                    name
                  ) : (
                    <a href={contactAddress(crmOrigin(), locationId, crmId)} target="_blank" rel="noreferrer">
                      {name}
                      <span class="sr">, open in a new tab</span>
                    </a>
                  )}
                </p>
                <p class="m">{title ?? email ?? (crmId === undefined ? `Not in ${crm()}` : "")}</p>
              </div>
              <Pair
                from={crmId === undefined ? "chartmogul" : "crm"}
                state={crmId === undefined ? undefined : state}
                isPaired={crmId !== undefined}
              />
            </li>
          ))}
        </ul>
      )}
      {contacts.length > MOST_CONTACTS && (
        <p class="help">and {counted(contacts.length - MOST_CONTACTS, "more contact")} in ChartMogul</p>
      )}
    </section>
  );
}

const MOST_CONTACTS = 25;

/** Where contacts are opened from ChartMogul: the agency's own domain, where one is allowed. */
const crmOrigin = (): string =>
  `https://${Object.keys(settings.value?.domains ?? {})[0] ?? "app.gohighlevel.com"}`;

const TimelineBones = () => (
  <div class="block" aria-hidden="true">
    <span class="bone" style={{ width: "30%" }} />
    <span class="bone" />
    <span class="bone" />
    <span class="bone" style={{ width: "70%" }} />
  </div>
);

const TOLD_MS = 8_000;

/** Outcomes, in one polite live region. */
function Said() {
  const now = told.value;
  useEffect(() => {
    if (now === undefined) return;
    const timer = setTimeout(() => {
      if (told.value?.id === now.id) told.value = undefined;
    }, TOLD_MS);
    return () => clearTimeout(timer);
  }, [now?.id]);
  return (
    <div class="say" role="status" aria-live="polite">
      {now !== undefined && (
        <div class="toast">
          <span>{now.text}</span>
          <Button onClick={() => (told.value = undefined)}>Dismiss</Button>
        </div>
      )}
    </div>
  );
}
