// Sheets over the panel: a plan before it is applied, a note or task that is added, why a record stands so.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { longDate } from "../dates.js";
import { type Explanation, explain, failureOf } from "../failure.js";
import type { Customer, Person } from "../person.js";
import type { Change, Plan, RecordStatus } from "../reach.js";
import { counted, crm, inOurWords, sideName } from "../words.js";
import {
  type Draft,
  isOnlyCopyOf,
  type LinkWrite,
  LONGEST_TASK,
  labelOf,
  mistakeOf,
  partsOf,
  planLink,
  titleOfChange,
  valueText,
  writeBoth,
} from "../writing.js";
import { Button, Explained, Icon, StateSign, Words } from "./parts.js";
import { currentReach, isOnline, reload, tell } from "./store.js";

/** Which sheet is open. */
export type OpenSheet =
  | { kind: "plan"; opening?: string }
  | { kind: "add"; what: Draft["kind"] }
  | { kind: "why" }
  | { kind: "link"; customer: Customer };

interface SheetProps {
  title: string;
  children: ComponentChildren;
  foot: ComponentChildren;
  onClose: () => void;
}

/** A native dialog: focus goes to its heading, Escape closes it, focus returns to what opened it. */
function Sheet({ title, children, foot, onClose }: SheetProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const opener = document.activeElement as HTMLElement | null;
    dialog.current?.showModal();
    heading.current?.focus();
    return () => {
      if (opener?.isConnected) opener.focus();
      else document.querySelector<HTMLElement>("#name")?.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby="sheet-title" onClose={onClose}>
      <div class="sheet-head">
        <h2 id="sheet-title" tabIndex={-1} ref={heading}>
          {title}
        </h2>
        <Button look="bare" class="icon-only" onClick={onClose}>
          <Icon name="close" />
          <span class="sr">Close</span>
        </Button>
      </div>
      <div class="sheet-body" tabIndex={-1}>
        {children}
      </div>
      <div class="sheet-foot">{foot}</div>
    </dialog>
  );
}

/** Ends what a sheet has under way when it closes. */
function useSignal(): AbortSignal {
  const controller = useRef(new AbortController());
  useEffect(() => () => controller.current.abort(new DOMException("the sheet was closed", "AbortError")), []);
  return controller.current.signal;
}

const MOST_CHANGES = 100;

type PlanStep =
  | { kind: "making" }
  | { kind: "shown"; plan: Plan }
  | { kind: "applying"; plan: Plan }
  | { kind: "failed"; explanation: Explanation };

interface PlanSheetProps {
  person: Person;
  /** What has just been done, said above the plan. */
  opening?: string | undefined;
  onClose: () => void;
  onApplied: (ids: readonly string[]) => void;
}

/** The plan for a contact. Nothing is written until it is applied, and it is applied as it was shown. */
export function PlanSheet({ person, opening, onClose, onApplied }: PlanSheetProps) {
  const [step, setStep] = useState<PlanStep>({ kind: "making" });
  const signal = useSignal();
  const contactId = person.contact?.id ?? "";
  const name = person.contact?.name ?? "this contact";
  const fail = (reason: unknown) => {
    if (signal.aborted) return;
    setStep({ kind: "failed", explanation: explain(failureOf(reason), isOnline.value) });
  };
  const make = async () => {
    setStep({ kind: "making" });
    try {
      const plan = await currentReach()?.sync?.plan(contactId, signal);
      if (plan !== undefined && !signal.aborted) setStep({ kind: "shown", plan });
    } catch (reason) {
      fail(reason);
    }
  };
  useEffect(() => void make(), []);
  const apply = async (plan: Plan) => {
    setStep({ kind: "applying", plan });
    try {
      // It goes on where the sheet is closed: what has begun to be written is written.
      const outcome = await currentReach()?.sync?.apply(plan.summary.id, new AbortController().signal);
      if (outcome === undefined) return;
      const { ghl, chartmogul } = outcome.report.calls;
      const calls = counted(ghl + chartmogul, "call");
      const { writes } = partsOf(plan);
      onApplied(writes.flatMap(({ ghlId, chartmogulId }) => [ghlId ?? "", chartmogulId ?? ""]));
      tell(
        outcome.done
          ? `${counted(writes.length, "change")} applied, ${calls}.`
          : `Stopped after ${calls}: the next sync continues there.`,
      );
      onClose();
      await reload();
    } catch (reason) {
      fail(reason);
    }
  };
  const plan = step.kind === "shown" || step.kind === "applying" ? step.plan : undefined;
  const parts = plan === undefined ? undefined : partsOf(plan);
  const count = parts?.writes.length ?? 0;
  const isApplying = step.kind === "applying";
  return (
    <Sheet
      title={`Plan for ${name}`}
      onClose={onClose}
      foot={
        <>
          {plan !== undefined && count > 0 && (
            <Button look="main" off={isApplying ? "progress" : undefined} onClick={() => void apply(plan)}>
              Apply {counted(count, "change")}
            </Button>
          )}
          <Button onClick={onClose}>{count > 0 && !isApplying ? "Cancel" : "Close"}</Button>
        </>
      }
    >
      {opening !== undefined && <p class="opening">{opening}</p>}
      {step.kind === "making" && (
        <p class="muted" role="status">
          Reading both sides. Nothing is written.
        </p>
      )}
      {step.kind === "failed" && (
        <Explained explanation={step.explanation} onRetry={() => void make()} id="plan-failed" />
      )}
      {plan !== undefined && parts !== undefined && (
        <PlanBody plan={plan} contactId={contactId} isApplying={isApplying} />
      )}
      <div role="status" aria-live="polite" id="progress">
        {isApplying && (
          <>
            <p class="sr">Applying</p>
            <progress aria-label="Applying changes" />
          </>
        )}
      </div>
    </Sheet>
  );
}

function PlanBody({ plan, contactId }: { plan: Plan; contactId: string; isApplying: boolean }) {
  const { writes, rest } = partsOf(plan);
  const { calls, unchanged, guard, warnings } = plan.summary;
  const same = Object.values(unchanged).reduce((sum, count) => sum + count, 0);
  const left = writes.length - MOST_CHANGES;
  return (
    <>
      <p class="muted lead-in">
        {writes.length === 0
          ? "Both sides are in step. There is nothing to write."
          : `${counted(writes.length, "change")}, ${counted(calls.ghl + calls.chartmogul, "call")}. Nothing is written until you apply.`}
      </p>
      {guard !== null && <p class="guard">{inOurWords(guard)}</p>}
      <ul>
        {writes.slice(0, MOST_CHANGES).map((change, index) => (
          <ChangeItem key={index} change={change} isOfOther={isOfOther(change, contactId)} />
        ))}
      </ul>
      {left > 0 && <p class="muted">and {counted(left, "more change")}</p>}
      {(same > 0 || rest.length > 0 || warnings.length > 0) && (
        <div class="rest">
          {same > 0 && (
            <p>
              <StateSign state="in-step" /> <span>{counted(same, "record")}, untouched</span>
            </p>
          )}
          {rest.slice(0, 10).map((change, index) => (
            <p key={index}>
              <StateSign
                state={
                  change.action === "error" ? "failed" : change.action === "conflict" ? "conflict" : "paused"
                }
              />{" "}
              <span>
                {change.title}: {inOurWords(change.reason)}
              </span>
            </p>
          ))}
          {rest.length > 10 && (
            <span>and {counted(rest.length - 10, "more record")} that nothing is written to</span>
          )}
          {warnings.slice(0, 5).map((warning) => (
            <span key={warning}>{inOurWords(warning)}</span>
          ))}
        </div>
      )}
    </>
  );
}

/** A plan may take up what an earlier run left of somebody else. */
const isOfOther = ({ ghlContactId, kind, ghlId }: Change, contactId: string): boolean =>
  (kind === "contact" ? ghlId : ghlContactId) !== undefined &&
  (kind === "contact" ? ghlId : ghlContactId) !== contactId;

function ChangeItem({ change, isOfOther }: { change: Change; isOfOther: boolean }) {
  const toCrm = change.direction === "chartmogul-to-ghl";
  const rows = [
    ...Object.entries(change.fields).map(([field, values]) => ({ field, ...values, into: "" })),
    ...Object.entries(change.ghlFields ?? {}).map(([field, values]) => ({
      field,
      ...values,
      into: change.direction === "both" ? ` in ${crm()}` : "",
    })),
  ];
  return (
    <li class="change is-pending">
      <Icon name={change.direction === "both" ? "both-ways" : toCrm ? "to-crm" : "to-chartmogul"} />
      <div>
        <p class="t">{titleOfChange(change)}</p>
        <p class="m">
          {change.title}
          {change.title && change.reason ? ": " : ""}
          {inOurWords(change.reason)}
          {isOfOther && ". Of another contact, left by an earlier run"}
        </p>
      </div>
      <dl class="diff">
        {rows.flatMap(({ field, from, to, into }) => [
          <dt key={field + into}>
            {labelOf(field)}
            {into}
          </dt>,
          <dd key={`${field}${into} to`}>
            {from !== undefined && from !== null && from !== "" && (
              <>
                <del>
                  <span class="sr">from </span>
                  {valueText(from)}
                </del>{" "}
              </>
            )}
            <ins>
              <span class="sr">to </span>
              {valueText(to)}
            </ins>
          </dd>,
        ])}
        {(change.tagsAdded ?? []).length > 0 && [
          <dt key="added">Tags added</dt>,
          <dd key="added to">
            <ins>{change.tagsAdded?.join(", ")}</ins>
          </dd>,
        ]}
        {(change.tagsRemoved ?? []).length > 0 && [
          <dt key="removed">Tags removed</dt>,
          <dd key="removed to">
            <del>{change.tagsRemoved?.join(", ")}</del>
          </dd>,
        ]}
      </dl>
      {(change.problems ?? []).map(({ field, reason }) => (
        <p class="problem" key={field}>
          {labelOf(field)}: {inOurWords(reason)}
        </p>
      ))}
    </li>
  );
}

interface AddSheetProps {
  person: Person;
  kind: Draft["kind"];
  onClose: () => void;
  onPlan: (opening: string) => void;
  onLanded: (ids: readonly string[]) => void;
}

const today = () => {
  const date = new Date(Date.now() + 7 * 86_400_000);
  return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;
};

/** A note or task that is added on both sides: what is written is what is shown. */
export function AddSheet({ person, kind: first, onClose, onPlan, onLanded }: AddSheetProps) {
  const isServed = person.way === "served";
  const [kind, setKind] = useState(first);
  const [text, setText] = useState("");
  const [due, setDue] = useState(today);
  const [assigneeId, setAssignee] = useState(person.users[0]?.id ?? "");
  const [toCrm, setToCrm] = useState(person.contact !== undefined);
  const [toChartMogul, setToChartMogul] = useState(!isServed && person.customer !== undefined);
  const [mistake, setMistake] = useState<ReturnType<typeof mistakeOf>>();
  const [explanation, setExplanation] = useState<Explanation>();
  const [isWriting, setWriting] = useState(false);
  // A write that failed on one side only is not repeated on the other.
  const written = useRef<{ crm: boolean }>({ crm: false });
  const form = useRef<HTMLFormElement>(null);

  const assignee = person.users.find(({ id }) => id === assigneeId);
  const draft: Draft = { kind, text, due, assignee, toCrm, toChartMogul };

  const add = async () => {
    const wrong = mistakeOf(draft);
    setMistake(wrong);
    if (wrong !== undefined) {
      form.current?.querySelector<HTMLElement>(`[name="${wrong.field}"]`)?.focus();
      return;
    }
    const reach = currentReach();
    if (reach === undefined || isWriting) return;
    setWriting(true);
    setExplanation(undefined);
    try {
      const { crmId, chartmogulId, failure } = await writeBoth(
        reach,
        draft,
        person,
        new AbortController().signal,
      );
      onLanded([crmId ?? "", chartmogulId ?? ""]);
      if (failure !== undefined) {
        written.current.crm = true;
        setToCrm(false);
        const { what, todo } = explain(failure, isOnline.value);
        setExplanation({
          what: `Added to ${crm()}, not to ChartMogul.`,
          todo: `${what} ${todo}`,
          cure: "retry",
        });
        setWriting(false);
        void reload();
        return;
      }
      if (isServed && crmId !== undefined) {
        await copyBySync(crmId, kind);
        return;
      }
      onClose();
      tell(
        toCrm && toChartMogul
          ? "Added to both sides."
          : `Added to ${sideName(toCrm ? "crm" : "chartmogul")}.`,
      );
      await reload();
    } catch (reason) {
      setExplanation(explain(failureOf(reason), isOnline.value));
      setWriting(false);
    }
  };

  /** The sync brings it over: at once where that is all it does, else its plan is shown first. */
  const copyBySync = async (crmId: string, what: Draft["kind"]) => {
    const sync = currentReach()?.sync;
    const contactId = person.contact?.id;
    const signal = new AbortController().signal;
    try {
      if (sync === undefined || contactId === undefined) return;
      const plan = await sync.plan(contactId, signal);
      if (isOnlyCopyOf(plan, crmId)) {
        await sync.apply(plan.summary.id, signal);
        onClose();
        tell("Added to both sides.");
      } else if (partsOf(plan).writes.length > 0) {
        onPlan(`The ${what} is in ${crm()}. The plan brings it to ChartMogul, with other changes.`);
      } else {
        onClose();
        tell(`Added to ${crm()}. The sync does not copy it to ChartMogul.`);
      }
      await reload();
    } catch (reason) {
      onClose();
      const { what: failed } = explain(failureOf(reason), isOnline.value);
      tell(`Added to ${crm()}; the next sync brings it to ChartMogul. ${failed}`);
      await reload();
    }
  };

  const error = (field: string) =>
    mistake?.field === field && (
      <p class="err" id={`${field}-error`}>
        <Icon name="failed" />
        {mistake.text}
      </p>
    );
  const described = (field: string, help?: string) =>
    [mistake?.field === field ? `${field}-error` : "", help ?? ""].filter(Boolean).join(" ") || undefined;

  return (
    <Sheet
      title={person.customer === undefined ? `Add to ${crm()}` : "Add to both sides"}
      onClose={onClose}
      foot={
        <>
          <Button look="main" off={isWriting ? "adding" : undefined} onClick={() => void add()}>
            {isWriting ? "Adding…" : `Add ${kind}`}
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </>
      }
    >
      <form
        class="form"
        ref={form}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        <fieldset>
          <legend class="sr">Kind</legend>
          <div class="choice">
            {(["note", "task"] as const).map((one) => (
              <label key={one}>
                <input type="radio" name="kind" checked={kind === one} onChange={() => setKind(one)} />
                {one === "note" ? "Note" : "Task"}
              </label>
            ))}
          </div>
        </fieldset>
        <div>
          <label class="label" for="text">
            Text
          </label>
          <textarea
            class="field"
            id="text"
            name="text"
            value={text}
            aria-invalid={mistake?.field === "text" ? "true" : undefined}
            aria-describedby={described("text", "text-help")}
            onInput={(event) => setText(event.currentTarget.value)}
          />
          {error("text")}
          <p class="help" id="text-help">
            {kind === "task"
              ? `ChartMogul keeps ${LONGEST_TASK} characters of a task; what is longer is cut there.`
              : "Plain text. Line breaks are kept."}
          </p>
        </div>
        {kind === "task" && (
          <div class="two">
            <div>
              <label class="label" for="due">
                Due
              </label>
              <input
                class="field"
                type="date"
                id="due"
                name="due"
                value={due}
                aria-invalid={mistake?.field === "due" ? "true" : undefined}
                aria-describedby={described("due")}
                onInput={(event) => setDue(event.currentTarget.value)}
              />
              {error("due")}
            </div>
            <div>
              <label class="label" for="assignee">
                Assignee
              </label>
              <select
                class="field"
                id="assignee"
                name="assignee"
                value={assigneeId}
                aria-invalid={mistake?.field === "assignee" ? "true" : undefined}
                aria-describedby={described("assignee")}
                onChange={(event) => setAssignee(event.currentTarget.value)}
              >
                {person.users.length === 0 && <option value="">Nobody</option>}
                {person.users.map(({ id, name }) => (
                  <option key={id} value={id}>
                    {name}
                  </option>
                ))}
              </select>
              {error("assignee")}
            </div>
          </div>
        )}
        {isServed ? (
          <p class="muted">
            <span class="mark solid" /> Written to {crm()}, then copied to ChartMogul by the sync. Other
            changes are shown first.
          </p>
        ) : (
          <fieldset aria-describedby={described("to")}>
            <legend class="label">Write to</legend>
            <div class="choice">
              <label>
                <input
                  type="checkbox"
                  name="to"
                  checked={toCrm}
                  disabled={person.contact === undefined || written.current.crm}
                  onChange={(event) => setToCrm(event.currentTarget.checked)}
                />
                <span class="mark solid" />
                {crm()}
              </label>
              <label>
                <input
                  type="checkbox"
                  checked={toChartMogul}
                  disabled={person.customer === undefined}
                  onChange={(event) => setToChartMogul(event.currentTarget.checked)}
                />
                <span class="mark disc solid" />
                ChartMogul
              </label>
            </div>
            {error("to")}
          </fieldset>
        )}
      </form>
      <div role="status" aria-live="polite" id="adding">
        {isWriting && <p class="sr">Writing</p>}
        {explanation !== undefined && <Explained explanation={explanation} onRetry={() => void add()} />}
      </div>
    </Sheet>
  );
}

const MATCHED: Readonly<Record<string, string>> = {
  created: "the sync created it",
  choice: "a person linked them",
  link: "they were linked before",
  externalId: "it carries our id",
  attribute: "its attribute names the contact",
  email: "the same e-mail address",
  name: "the same name",
  weak: "the same phone or second e-mail address",
  business: "the customer of its business",
  marker: "its text carries our marker",
  content: "the same text",
  brought: "it came from ChartMogul",
};

/** Why a contact stands as it does. */
export function WhySheet({ person, onClose }: { person: Person; onClose: () => void }) {
  const { status, state } = person;
  return (
    <Sheet title="How this contact stands" onClose={onClose} foot={<Button onClick={onClose}>Close</Button>}>
      <p class="lead-in">
        <StateSign state={state} />
      </p>
      {status === undefined ? (
        <p>
          {state === "in-step"
            ? "A contact of this customer in ChartMogul carries the id of this one."
            : "No contact in ChartMogul carries the id of this one."}{" "}
          With keys alone the panel does not know what a sync knows. Connect through serve to see it.
        </p>
      ) : (
        <Facts status={status} />
      )}
    </Sheet>
  );
}

function Facts({ status }: { status: RecordStatus }) {
  const rows: (readonly [string, string])[] = [
    ["Why", inOurWords(status.reason)],
    ...(status.hint ? [["What to do", inOurWords(status.hint)] as const] : []),
    ...(status.matched ? [["Linked by", MATCHED[status.matched] ?? status.matched] as const] : []),
    ...(status.since ? [["Since", longDate(status.since)] as const] : []),
    ...status.fields.map((field) => ["Field", inOurWords(field)] as const),
    ...(status.kept.length > 0 ? [["ChartMogul’s stay", status.kept.map(labelOf).join(", ")] as const] : []),
  ];
  return (
    <dl class="diff">
      {rows.flatMap(([name, value], index) => [
        <dt key={index}>{name}</dt>,
        <dd key={`${index} value`}>
          <Words text={value} />
        </dd>,
      ])}
    </dl>
  );
}

interface LinkSheetProps {
  person: Person;
  customer: Customer;
  onClose: () => void;
}

/** A link where no sync keeps one: the single write that it is, shown first. */
export function LinkSheet({ person, customer, onClose }: LinkSheetProps) {
  const [write, setWrite] = useState<LinkWrite>();
  const [explanation, setExplanation] = useState<Explanation>();
  const [isWriting, setWriting] = useState(false);
  const signal = useSignal();
  const { contact } = person;
  const fail = (reason: unknown) => {
    if (!signal.aborted) setExplanation(explain(failureOf(reason), isOnline.value));
    setWriting(false);
  };
  const make = () => {
    setExplanation(undefined);
    const reach = currentReach();
    if (reach === undefined || contact === undefined) return;
    planLink(reach, contact, customer.uuid, customer.dataSource, signal).then(setWrite, fail);
  };
  useEffect(make, []);
  const apply = async () => {
    const reach = currentReach();
    if (reach === undefined || write === undefined) return;
    setWriting(true);
    try {
      await reach.call(write.endpoint, write.parameters, new AbortController().signal);
      onClose();
      tell(`Linked to ${customer.name}.`);
      await reload();
    } catch (reason) {
      fail(reason);
    }
  };
  return (
    <Sheet
      title={`Link to ${customer.name}`}
      onClose={onClose}
      foot={
        <>
          {write !== undefined && (
            <Button look="main" off={isWriting ? "linking" : undefined} onClick={() => void apply()}>
              Write this change
            </Button>
          )}
          <Button onClick={onClose}>Cancel</Button>
        </>
      }
    >
      <p class="muted lead-in" id="linking">
        1 call. Nothing is written until you press the button. A sync of this location knows the link by it.
      </p>
      {explanation !== undefined && <Explained explanation={explanation} onRetry={make} />}
      {write !== undefined && (
        <ul>
          <li class="change is-pending">
            <Icon name="to-chartmogul" />
            <div>
              <p class="t">{write.title}</p>
              <p class="m">{customer.name}</p>
            </div>
            <dl class="diff">
              {write.shown.flatMap(([name, value]) => [
                <dt key={name}>{name}</dt>,
                <dd key={`${name} value`}>
                  <ins>{value}</ins>
                </dd>,
              ])}
            </dl>
          </li>
        </ul>
      )}
    </Sheet>
  );
}
