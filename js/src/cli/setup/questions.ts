// Answers of the set-up: from flags, from a person at a terminal, or what is proposed.

import { UsageError } from "../exit-code.js";
import { Interrupted } from "../interrupt.js";
import { printable } from "../text-width.js";

/** What can be chosen. Labels and hints may hold a service's own words. */
export interface SetupChoice<Value> {
  value: Value;
  label: string;
  hint?: string | undefined;
}

/** Says what is wrong with an answer; undefined where nothing is. */
export type Check = (text: string) => string | undefined;

/** Asks a person. Each method rejects with `Interrupted` where the person ends the set-up. */
export interface Prompts {
  text(message: string, options?: { placeholder?: string; initial?: string; check?: Check }): Promise<string>;
  /** A text that is not shown. */
  secret(message: string, check?: Check): Promise<string>;
  choose<Value extends string>(
    message: string,
    choices: readonly SetupChoice<Value>[],
    initial?: Value,
  ): Promise<Value>;
  chooseSeveral<Value extends string>(
    message: string,
    choices: readonly SetupChoice<Value>[],
    initial: readonly Value[],
  ): Promise<Value[]>;
  confirm(message: string, initial: boolean): Promise<boolean>;
}

/** A question of the set-up. */
export interface Question<Value> {
  /** What is asked for, as an error names it: "the anchor". */
  what: string;
  /** The flag that answers it, as the command line takes it. */
  flag: string;
  /** The answer of the flag. */
  given?: Value | undefined;
  /** The answer where nobody is asked; undefined where only a person knows. */
  proposed?: Value | undefined;
  ask(prompts: Prompts): Promise<Value>;
}

/** Who answers: nobody can be asked without a terminal, and with `--yes` only what cannot be proposed. */
export interface Answering {
  /** Undefined where nobody can be asked. */
  prompts: Prompts | undefined;
  /** Takes what is proposed. */
  yes: boolean;
}

/** The answer to a question: the flag's, a person's, or what is proposed. A missing one names its flag. */
export async function answerOf<Value>(
  { what, flag, given, proposed, ask }: Question<Value>,
  { prompts, yes }: Answering,
): Promise<Value> {
  if (given !== undefined) return given;
  if (yes && proposed !== undefined) return proposed;
  if (prompts !== undefined) return ask(prompts);
  throw new UsageError(
    `${what} is missing: this is not a terminal, so nobody can be asked`,
    proposed === undefined ? `Pass ${flag}.` : `Pass ${flag}, or --yes to take what is proposed.`,
  );
}

/** The prompts of this terminal. */
export async function terminalPrompts(): Promise<Prompts> {
  const clack = await import("@clack/prompts");
  clack.updateSettings({ withGuide: false });
  const answered = async <Value>(asked: Promise<Value | typeof clack.CANCEL_SYMBOL>): Promise<Value> => {
    const answer = await asked;
    if (clack.isCancel(answer)) throw new SetupInterrupted();
    return answer;
  };
  const checked = (check: Check | undefined) =>
    check === undefined ? {} : { validate: (text: string | undefined) => check(text?.trim() ?? "") };
  const shown = <Value extends string>(choices: readonly SetupChoice<Value>[]) =>
    choices.map(({ value, label, hint }) => ({
      value: value as string,
      label: printable(label),
      ...(hint === undefined ? {} : { hint: printable(hint) }),
    }));
  return {
    text: async (message, { placeholder, initial, check } = {}) => {
      const options = {
        message,
        ...(placeholder === undefined ? {} : { placeholder }),
        ...(initial === undefined ? {} : { initialValue: initial }),
        ...checked(check),
      };
      return ((await answered(clack.text(options))) ?? "").trim();
    },
    secret: async (message, check) =>
      (await answered(clack.password({ message, mask: "*", ...checked(check) }))).trim(),
    choose: async <Value extends string>(
      message: string,
      choices: readonly SetupChoice<Value>[],
      initial?: Value,
    ) => {
      const options = shown(choices);
      const more = initial === undefined ? {} : { initialValue: initial as string };
      // A list that no screen holds is searched by typing.
      const asked =
        choices.length > MOST_WITHOUT_SEARCH
          ? clack.autocomplete({ message, options, maxItems: 10, ...more })
          : clack.select({ message, options, ...more });
      return (await answered(asked)) as Value;
    },
    chooseSeveral: async <Value extends string>(
      message: string,
      choices: readonly SetupChoice<Value>[],
      initial: readonly Value[],
    ) => {
      const options = shown(choices);
      const initialValues: string[] = [...initial];
      const asked = clack.multiselect({ message, options, initialValues, required: false, maxItems: 12 });
      return (await answered(asked)) as Value[];
    },
    confirm: (message, initial) => answered(clack.confirm({ message, initialValue: initial })),
  };
}

const MOST_WITHOUT_SEARCH = 12;

/** A person ended the set-up. */
export class SetupInterrupted extends Interrupted {
  override readonly hint =
    "No configuration was written. The answers so far are kept: run init again to continue.";
}
