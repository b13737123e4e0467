// The newest records of a trigger without a cursor: for platforms that remember by themselves what they have
// seen, as Zapier does.

import type { CallOptions } from "../call.js";
import type { Definition } from "./catalogue.js";
import { itemOf, type TriggerItem } from "./item.js";
import { knownNotes, newestNotes, readNamedNotes } from "./notes.js";
import { readSetting, type Setting, withFixed } from "./poll.js";
import {
  type Caller,
  isSortedByService,
  MOST_ROWS,
  MOST_TIMED_ROWS,
  type Reader,
  readContents,
  readNewestFirst,
} from "./reading.js";
import type { Row } from "./rows.js";

/** What of a trigger's records is read. */
export interface NewestOptions extends CallOptions {
  /** Parameters of the trigger, as `connector.triggers.list()` names them. */
  parameters?: object | undefined;
  /**
   * Most items. Default: those of one page where the service sorts them by time, 10,000 where records come late,
   * as ChartMogul's activities do, otherwise 1,000. Up to 3 are taken as a wish for samples: `newNote` then also
   * gives notes of earlier days. More are taken as a wish for what is known: it then gives those of a day.
   */
  limit?: number | undefined;
}

const OPTIONS = ["parameters", "limit", "signal", "timeoutMs"];
/** Items of a page where the service sorts them. */
const PAGE = 100;
const SAMPLES = 3;
/** Records that are read for those that have changed, where the service sorts them: most of a location may not have. */
const MOST_READ = 500;

/** The newest items of a trigger, newest first. Sends nothing until it is used. */
export async function* readNewestItems(
  caller: Caller,
  find: () => Definition,
  location: string,
  options: NewestOptions,
): AsyncGenerator<TriggerItem, undefined> {
  const setting = readSetting(find(), location, options, OPTIONS);
  const { definition } = setting;
  const { signal, timeoutMs } = options ?? {};
  const startedAt = Date.now();
  const parameters = withFixed(setting, startedAt);
  const reader = { caller, definition, parameters, options: { signal, timeoutMs }, startedAt };
  const { facts } = definition;
  const isPaged = isSortedByService(definition);
  const limit =
    setting.limit ?? (isPaged ? PAGE : facts?.lateByMs === undefined ? MOST_ROWS : MOST_TIMED_ROWS);
  let left = limit;
  let unread = isPaged ? Math.max(MOST_READ, limit) : Number.POSITIVE_INFINITY;
  for await (const row of rowsOf(reader, setting)) {
    unread -= 1;
    if (!isOfTrigger(definition, row)) {
      if (unread <= 0) return undefined;
      continue;
    }
    signal?.throwIfAborted();
    yield itemOf(row, "sample");
    left -= 1;
    if (left === 0) return undefined;
  }
  return undefined;
}

async function* rowsOf(reader: Reader, { limit }: Setting): AsyncGenerator<Row, undefined> {
  const { definition, parameters } = reader;
  if (definition.named.notes === true) {
    if (parameters["contactIds"] !== undefined) {
      yield* (await readNamedNotes(reader)).reverse();
      return undefined;
    }
    const contacts = readNewestFirst(reader);
    if (limit !== undefined && limit > SAMPLES) yield* knownNotes(reader, contacts);
    else yield* await newestNotes(reader, contacts, limit !== undefined);
  } else if (definition.facts === undefined) yield* await readContents(reader);
  else yield* readNewestFirst(reader);
  return undefined;
}

/** Of a trigger for changes: whether the record was changed since it was created. */
function isOfTrigger({ gives, facts }: Definition, { time, created }: Row): boolean {
  if (gives !== "changed" || facts === undefined) return true;
  return Number.isFinite(time) && (created === undefined || time > created);
}
