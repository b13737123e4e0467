// What a trigger gives of a record.

import type { Row } from "./rows.js";

/** What a trigger gives. `id` and `version` together are never given twice. */
export interface TriggerItem<Item = unknown> {
  /** The record's id. */
  id: string;
  /** Distinguishes this state of the record: its time, or a hash of what it holds. */
  version: string;
  /** `sample` only where samples or the newest records were asked for. */
  change: "new" | "changed" | "sample";
  /** The record as the service sent it; for a file its bytes. */
  record: Item;
}

/** A record that was met: what is given of it, and what the state is then. */
export interface Step {
  item: TriggerItem | undefined;
  /** Notes that it is finished. */
  done: () => void;
  /** No more calls in this poll. */
  isBudget?: boolean;
}

/** The item of a row. */
export function itemOf({ id, version, record }: Row, change: TriggerItem["change"]): TriggerItem {
  return { id, version, change, record };
}
