// `ghl-chartmogul trigger`: what is new or has changed, as lines of JSON.

import { encodeBase64 } from "../../base64.js";
import { sleep } from "../../bounded.js";
import { closest } from "../../closest.js";
import type { Connector } from "../../connector.js";
import { ConnectorError } from "../../errors.js";
import type { Poll, Trigger, TriggerItem } from "../../triggers.js";
import { readCursorFile, writeCursorFile } from "../cursor-file.js";
import { ExitCode, UsageError } from "../exit-code.js";
import { Interrupted, untilInterrupted } from "../interrupt.js";
import { isList, parseValue } from "../parameter-value.js";
import { formatTable } from "../table.js";
import type { Terminal } from "../terminal.js";
import { printable } from "../text-width.js";
import { PROGRAM } from "../words.js";

/** Flags of the command. */
export interface TriggerFlags {
  /** Each `name=value`. */
  param?: string[] | undefined;
  cursorFile?: string | undefined;
  samples?: boolean | undefined;
  limit?: number | undefined;
  /** Minutes. */
  interval?: number | undefined;
}

/** Lines after which the cursor is saved. */
const LINES_TO_A_SAVE = 100;

/** Polls the trigger of that name, or lists those there are. */
export async function runTrigger(
  connect: (trigger: Trigger) => Connector,
  triggers: readonly Trigger[],
  name: string | undefined,
  flags: TriggerFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  if (name === undefined) {
    listTriggers(triggers, terminal);
    return ExitCode.Done;
  }
  const trigger = findTrigger(triggers, name);
  const parameters = readTriggerParameters(trigger, flags.param ?? []);
  const { interval, cursorFile } = flags;
  if (interval !== undefined && !(interval >= 1 && interval <= 15)) {
    throw new UsageError(`--interval: ${interval} is not allowed`, "Allowed are 1 to 15 minutes.");
  }
  let cursor = cursorFile === undefined ? null : readCursorFile(cursorFile);
  const connector = connect(trigger);
  const { limit, samples } = flags;
  const pollOnce = async (signal: AbortSignal) => {
    const poll = connector.triggers.poll(trigger.name, cursor, { parameters, limit, samples, signal });
    const isFirst = cursor === null;
    const save = (saved: string) => {
      if (cursorFile !== undefined) writeCursorFile(cursorFile, saved);
      cursor = saved;
    };
    const lines = await printItems(poll, save, terminal);
    if (isFirst) terminal.note(firstText(trigger, flags));
    else if (poll.more) terminal.note(`${lines} items, and there are more: they come with the next poll`);
  };
  try {
    return await untilInterrupted(async (signal) => {
      if (interval !== undefined) return await pollAgainAndAgain(pollOnce, interval, signal, terminal);
      await pollOnce(signal);
      return ExitCode.Done;
    });
  } catch (reason) {
    if (!(reason instanceof Interrupted)) throw reason;
    terminal.note("interrupted: lines behind the last saved cursor come again");
    return ExitCode.Stopped;
  } finally {
    await connector.close();
  }
}

/** Polls at each interval until the signal fires: in a poll that stops it, between two of them all is done. */
async function pollAgainAndAgain(
  pollOnce: (signal: AbortSignal) => Promise<void>,
  minutes: number,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<ExitCode> {
  for (;;) {
    const next = Date.now() + minutes * 60_000;
    try {
      await pollOnce(signal);
    } catch (reason) {
      if (!(ConnectorError.is(reason) && reason.retryable)) throw reason;
      terminal.note(`failed: ${reason.code}: ${printable(reason.message)}; tried again at the next interval`);
    }
    try {
      await sleep(Math.max(0, next - Date.now()), signal);
    } catch {
      return ExitCode.Done;
    }
  }
}

/** Prints the items and saves the cursor behind those that are out. Gives how many there were. */
async function printItems(poll: Poll, save: (cursor: string) => void, terminal: Terminal): Promise<number> {
  let count = 0;
  const saveNow = async () => {
    const { cursor } = poll;
    await flushed();
    if (cursor !== null) save(cursor);
  };
  for await (const item of poll) {
    terminal.printJson(lineOf(item));
    count += 1;
    if (count % LINES_TO_A_SAVE === 0) await saveNow();
  }
  await saveNow();
  return count;
}

/** Resolves when all that was printed is handed to the system. */
function flushed(): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write("", (error) => (error ? reject(error) : resolve()));
  });
}

function lineOf(item: TriggerItem): object {
  const { record } = item;
  return record instanceof Uint8Array ? { ...item, record: { base64: encodeBase64(record) } } : item;
}

function firstText({ name }: Trigger, { cursorFile, interval }: TriggerFlags): string {
  const began = `${name} begins now: what comes from here on is given by the next poll`;
  if (cursorFile !== undefined || interval !== undefined) return began;
  return `${began}, which needs --cursor-file or --interval to know where this one was`;
}

/** The trigger of a name; of an operation also without its service, GHL's first. */
export function findTrigger(triggers: readonly Trigger[], name: string): Trigger {
  const found = [name, `ghl.${name}`, `chartmogul.${name}`]
    .map((candidate) => triggers.find((trigger) => trigger.name === candidate))
    .find((trigger) => trigger !== undefined);
  if (found !== undefined) return found;
  const withService = /^(ghl|chartmogul)\./.test(name);
  const names = triggers.map((trigger) =>
    withService ? trigger.name : trigger.name.replace(/^(ghl|chartmogul)\./, ""),
  );
  const near = closest(name, [...new Set(names)]);
  throw new UsageError(
    `unknown trigger ${name}`,
    near.length > 0
      ? `Did you mean ${near.join(" or ")}?`
      : `Run \`${PROGRAM} trigger\` for the names of all triggers.`,
  );
}

/** The parameters of flags such as `--param contactId=X`. */
export function readTriggerParameters(
  { name: trigger, parameters }: Trigger,
  flags: readonly string[],
): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const flag of flags) {
    const [, name, text = ""] = /^([^=]+)=(.*)$/s.exec(flag) ?? [];
    if (name === undefined) {
      throw new UsageError(`--param ${flag} has no value`, "Pass parameters as --param name=value.");
    }
    const parameter = parameters.find((known) => known.name === name);
    if (parameter === undefined) {
      const names = parameters.map((known) => known.name);
      const near = closest(name, names);
      const allowed = names.length === 0 ? "It takes none." : `It takes ${names.join(", ")}.`;
      throw new UsageError(
        `${trigger} has no parameter ${name}`,
        near.length > 0 ? `Did you mean ${near.join(" or ")}?` : allowed,
      );
    }
    const value = parseValue({ ...parameter, name: `param ${name}` }, text);
    const before = found[name];
    if (before === undefined) found[name] = value;
    else if (isList(parameter) && Array.isArray(before)) before.push(...[value].flat());
    else throw new UsageError(`--param ${name} is given twice`);
  }
  return found;
}

function listTriggers(triggers: readonly Trigger[], terminal: Terminal): void {
  if (terminal.json) {
    terminal.printJson(triggers);
    return;
  }
  const isOperation = ({ name, reads }: Trigger) => name === reads;
  const own = triggers
    .filter((trigger) => !isOperation(trigger))
    .map(({ name, gives, finds, description }) => [name, gives, finds, description]);
  const ownColumns = [
    { title: "name", whole: true },
    { title: "gives", whole: true },
    { title: "by", whole: true },
    { title: "what it is", wraps: true },
  ];
  for (const line of formatTable(ownColumns, own, terminal.columns)) terminal.print(line);
  const operations = triggers.filter(isOperation).map(({ name, gives, finds }) => [name, gives, finds]);
  const columns = [
    { title: "operation", whole: true },
    { title: "gives", whole: true },
    { title: "by", whole: true },
  ];
  terminal.print("");
  for (const line of formatTable(columns, operations, terminal.columns)) terminal.print(line);
  terminal.print("");
  terminal.print(`What an operation reads, and its parameters: ${PROGRAM} call NAME --help`);
}
