// The parts that all screens are made of: icons, signs, the seam, notices.

import type { ButtonHTMLAttributes, ComponentChildren, TargetedMouseEvent } from "preact";
import { openSettings } from "../browser.js";
import type { Cure, Explanation } from "../failure.js";
import { crm, type Side, type State, sideName, WORDS } from "../words.js";

/** Names of the icons in icons.svg. */
export type IconName =
  | State
  | EntryIcon
  | "to-chartmogul"
  | "to-crm"
  | "both-ways"
  | "contact"
  | "open"
  | "link"
  | "unlink"
  | "more"
  | "close"
  | "plus"
  | "search"
  | "offline"
  | "lock"
  | "check"
  | "trash"
  | "settings"
  | "product";
export type EntryIcon = "note" | "task" | "task-open" | "call" | "appointment";

/** An icon; its words are beside it. */
export const Icon = ({ name }: { name: IconName }) => (
  <svg class="icon" aria-hidden="true">
    <use href={`#i-${name}`} />
  </svg>
);

/** A state: sign, word, hue. */
export const StateSign = ({ state, sign = state }: { state: State; sign?: IconName }) => (
  <span class={`state is-${state}`}>
    <Icon name={sign} />
    {WORDS[state]}
  </span>
);

/** Where a record was made and whether its copy is there: `■ = ○`. */
export function Pair({ from, state, isPaired }: { from: Side; state: State | undefined; isPaired: boolean }) {
  const isThere = isPaired || state === "in-step" || state === "conflict" || state === "paused";
  const words =
    state === undefined
      ? `Made in ${sideName(from)}${isPaired ? ", copied" : ""}`
      : `Made in ${sideName(from)}, ${WORDS[state].toLowerCase()}`;
  const look = (side: Side) => (side === from ? "solid" : isThere ? "" : "none");
  if (state === undefined && !isPaired) {
    const disc = from === "chartmogul" ? "disc" : "";
    return (
      <span class="pair" role="img" aria-label={`In ${sideName(from)}`} title={`In ${sideName(from)} only`}>
        <span class={`mark ${disc} solid`} />
      </span>
    );
  }
  return (
    <span class={`pair is-${state ?? "in-step"}`} role="img" aria-label={words} title={words}>
      <span class={`mark ${look("crm")}`} />
      <Icon name={signOf(state ?? "in-step", from)} />
      <span class={`mark disc ${look("chartmogul")}`} />
    </span>
  );
}

/** The sign of a state; a pending one says which way. */
export const signOf = (state: State, from: Side): IconName =>
  state === "pending" ? (from === "crm" ? "to-chartmogul" : "to-crm") : state;

interface HalfProps {
  side: Side;
  label: string;
  value: string | undefined;
  href?: string | undefined;
}

/** One side of the seam. */
export const Half = ({ side, label, value, href }: HalfProps) => {
  const head = (
    <span class="side">
      <span class={`mark ${side === "chartmogul" ? "disc" : ""} ${value ? "solid" : "none"}`} />
      {label}
      {href && <Icon name="open" />}
    </span>
  );
  const body = <span class={`v ${value && href ? "" : "none"}`}>{value || "None yet"}</span>;
  return (
    <div class="half">
      {href ? (
        <a class="rec" href={href} target="_blank" rel="noreferrer">
          {head} {body}
          <span class="sr">, open in a new tab</span>
        </a>
      ) : (
        <>
          {head} {body}
        </>
      )}
    </div>
  );
};

/** Both sides, and the state between them. */
export const Seam = ({ state, left, right }: { state: State; left: HalfProps; right: HalfProps }) => (
  // biome-ignore lint/a11y/useSemanticElements: it holds two links and no controls, as a fieldset would.
  <div class="seam" role="group" aria-label={`${crm()} and ChartMogul: ${WORDS[state].toLowerCase()}`}>
    <Half {...left} />
    <span class={`sign is-${state}`}>
      <Icon name={state} />
    </span>
    <Half {...right} />
  </div>
);

/** A text in which commands are in backticks, as the sync writes them. */
export const Words = ({ text }: { text: string }) => (
  <>{text.split("`").map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}</>
);

interface NoticeProps {
  state: State;
  sign?: IconName;
  what: string;
  todo: ComponentChildren;
  id?: string;
  children?: ComponentChildren;
}

/** One line of what, one line of what to do, and the button that does it. */
export const Notice = ({ state, sign = state, what, todo, id, children }: NoticeProps) => (
  <div class={`notice is-${state}`} id={id}>
    <Icon name={sign} />
    <p>
      <strong>{what}</strong> {typeof todo === "string" ? <Words text={todo} /> : todo}
    </p>
    {children && <div class="actions">{children}</div>}
  </div>
);

interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "onClick"> {
  look?: "main" | "bare" | undefined;
  /** The id of what says why it is not available. */
  off?: string | undefined;
  onClick?: ((event: TargetedMouseEvent<HTMLButtonElement>) => void) | undefined;
  children: ComponentChildren;
}

/** A button. One that is not available stays in the order of focus and points to why. */
export const Button = ({ look, off, onClick, children, class: more, ...rest }: ButtonProps) => (
  <button
    type="button"
    class={`button ${look ?? ""} ${typeof more === "string" ? more : ""}`}
    aria-disabled={off === undefined ? undefined : "true"}
    aria-describedby={off}
    onClick={(event) => off === undefined && onClick?.(event)}
    {...rest}
  >
    {children}
  </button>
);

/** The buttons that go with an explanation. */
export const Cures = ({ cure, onRetry }: { cure: Cure; onRetry: () => void }) => (
  <>
    {cure !== "retry" && cure !== "plan" && (
      <Button look="main" onClick={() => void openSettings()}>
        Open settings
      </Button>
    )}
    {cure !== "settings" && (
      <Button look={cure === "retry" ? "main" : undefined} onClick={onRetry}>
        {cure === "plan" ? "New plan" : "Try again"}
      </Button>
    )}
  </>
);

/** A failure, explained. */
export const Explained = ({
  explanation,
  onRetry,
  id,
}: {
  explanation: Explanation;
  onRetry: () => void;
  id?: string;
}) => (
  <Notice state="failed" what={explanation.what} todo={explanation.todo} {...(id && { id })}>
    <Cures cure={explanation.cure} onRetry={onRetry} />
  </Notice>
);

/** Moves focus to the name, where the thing that had it is gone. */
export const focusName = (): void =>
  void requestAnimationFrame(() => document.querySelector<HTMLElement>("#name")?.focus());
