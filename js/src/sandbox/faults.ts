// Faults that a sandbox can be told to show. The same names as `FaultRule` in src/sandbox/faults.rs.

/** Which requests a fault strikes, and what it does. */
export interface FaultRule {
  /** Default: both. */
  service?: "ghl" | "chartmogul" | undefined;
  /** `GET`, `POST`, …; default: all. */
  method?: string | undefined;
  /** The path, `*` standing for any characters, for example `/contacts/*`, or with one record's id; default: all. */
  path?: string | undefined;
  /** Strikes from the nth request that fits, counted from 1. Default 1. */
  from?: number | undefined;
  /** Strikes at most so often. Default: always. */
  times?: number | undefined;
  /** Strikes with this probability, from 0 to 1. Default 1. */
  probability?: number | undefined;
  fault: Fault;
}

/** What can go wrong. */
export type Fault =
  /** This status instead of an answer; nothing is done. */
  | { kind: "status"; status: number }
  /** The request is done, yet this status is the answer. */
  | { kind: "doneThenStatus"; status: number }
  /** The request is done, and the answer comes after so many milliseconds. */
  | { kind: "delay"; milliseconds: number }
  /** The request is done only so many milliseconds after it arrived, whether or not its client still waits. */
  | { kind: "slow"; milliseconds: number }
  /** The connection breaks: after the request is done, or before. */
  | { kind: "lost"; done: boolean }
  /** The request is done; of the answer's body only the first half arrives. */
  | { kind: "truncated" }
  /** The request is done; a list in its answer leaves everything out, as of an index that is built anew. */
  | { kind: "emptyList" }
  /** The request is done; the answer has status 200 and is a web page. */
  | { kind: "html" }
  /** A firewall or proxy answers with a page of its own; nothing is done. `server` (default `cloudflare`) is its name. */
  | { kind: "page"; status: number; server?: string | undefined }
  /** The request is done, and a firewall or proxy answers with a page of its own. */
  | { kind: "donePage"; status: number; server?: string | undefined }
  /** The answer to the previous request of the same path comes again. */
  | { kind: "repeatedPage" }
  /** The request is done twice, as when a proxy sends it again. */
  | { kind: "deliveredTwice" }
  /** GHL: the token is rejected until it is renewed. */
  | { kind: "tokenExpired" }
  /** GHL: the day's quota is used up. */
  | { kind: "quotaExhausted" };
