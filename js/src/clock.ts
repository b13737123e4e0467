// A clock that never goes back, for waits and durations: the system's may be set while they last.

let offset = 0;
let latest = 0;

/** The system's clock, which stands still while it is set back. */
function steadied(): number {
  const now = Date.now() + offset;
  if (now < latest) offset += latest - now;
  latest = Math.max(latest, now);
  return latest;
}

/** Milliseconds since some instant, which never go back. */
export function monotonic(): number {
  // Some hosts have no `performance`.
  return typeof performance === "object" ? performance.now() : steadied();
}
