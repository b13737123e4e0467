// What runs for hints may use of the day's calls to GHL.

const DAY_MS = 86_400_000;
/** Of the day's calls to GHL, what runs for hints may use; and how much of the day they may use at once. */
const HINTS_SHARE = 0.2;
const HINTS_AT_ONCE = 0.01;
/** GHL's calls a day where it has not said how many: the fewest that were measured. */
const FEWEST_CALLS_A_DAY = 10_000;

/**
 * What runs for hints may use of the day's calls: a stream of events must not use up the quota that the
 * other runs need. Unused calls are saved up to a hundredth of the day's.
 */
export class Allowance {
  readonly #now: () => number;
  #daily = FEWEST_CALLS_A_DAY;
  #left: number;
  #at: number;

  constructor(now: () => number) {
    this.#now = now;
    this.#at = now();
    this.#left = this.#daily * HINTS_AT_ONCE;
  }

  /** Takes in the calls of a run, and the calls of a day where they are known. */
  used(calls: number, daily: number | undefined): void {
    this.#refill();
    if (daily !== undefined && daily > 0 && daily !== this.#daily) {
      this.#left += (daily - this.#daily) * HINTS_AT_ONCE;
      this.#daily = daily;
    }
    this.#left -= calls;
  }

  /** Milliseconds until the next run for a hint. */
  waitMs(): number {
    this.#refill();
    return this.#left >= 0 ? 0 : -this.#left / this.#perMs;
  }

  get #perMs(): number {
    return (this.#daily * HINTS_SHARE) / DAY_MS;
  }

  #refill(): void {
    const now = this.#now();
    this.#left = Math.min(this.#daily * HINTS_AT_ONCE, this.#left + (now - this.#at) * this.#perMs);
    this.#at = now;
  }
}
