// Through `serve`: its API by URL and token. It shares the state of the sync, so the panel can plan and sync.

import { Failure, failureOf } from "./failure.js";
import type { Change, Conflict, Connection, Outcome, PlanSummary, Reach, RecordStatus } from "./reach.js";

/** Where `serve` is, and what opens it. */
export interface ServedSettings {
  /** For example `https://sync.example.com` or `http://127.0.0.1:8787`. */
  url: string;
  /** SERVE_TOKEN. */
  token: string;
}

/** Milliseconds for an answer that is read from the state or passed on from a service. */
const QUICK_MS = 60_000;
/** Milliseconds for a plan or an apply, which may wait for the run under way. */
const LONG_MS = 280_000;
/** Ids of a request. */
const IDS = 500;

/** The way through `serve`. */
export function createServedReach({ url, token }: ServedSettings, send: typeof fetch = fetch): Reach {
  async function ask<Answer>(
    method: "GET" | "POST",
    path: string,
    body: object | undefined,
    signal: AbortSignal | undefined,
    timeoutMs = QUICK_MS,
    endpoint?: string,
  ): Promise<Answer> {
    const timeout = AbortSignal.timeout(timeoutMs);
    let response: Response;
    let text: string;
    try {
      response = await send(`${url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) },
        ...(body && { body: JSON.stringify(body) }),
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
      });
      text = await response.text();
    } catch {
      if (signal?.aborted) throw signal.reason;
      const code = timeout.aborted ? "timeout" : "serve_away";
      throw new Failure({ code, message: `serve at ${url} does not answer.`, endpoint });
    }
    const answer = read(text);
    if (response.ok && answer !== undefined) return answer as Answer;
    throw refusal(response.status, answer, endpoint);
  }

  const decide = <Answer>(path: string, body: object) => ask<Answer>("POST", path, body, undefined, LONG_MS);

  async function changesOf(planId: string, signal: AbortSignal): Promise<Change[]> {
    const changes: Change[] = [];
    let after: string | null = null;
    do {
      const query: string = after === null ? "" : `?after=${encodeURIComponent(after)}`;
      const page: { changes: Change[]; after: string | null } = await ask(
        "GET",
        `/v1/plans/${encodeURIComponent(planId)}/changes${query}`,
        undefined,
        signal,
      );
      changes.push(...page.changes);
      after = page.after;
    } while (after !== null);
    return changes;
  }

  return {
    way: "served",
    async connection(signal) {
      const { ghl, chartmogul } = await ask<{ ghl: Told; chartmogul: Told }>(
        "GET",
        "/v1/connection",
        undefined,
        signal,
      );
      return { crm: sideOf(ghl), chartmogul: sideOf(chartmogul) } as Connection;
    },
    async call(endpoint, parameters, signal, cursor) {
      const body = { endpoint, parameters, ...(cursor !== undefined && { cursor }) };
      const { result } = await ask<{ result: never }>("POST", "/v1/call", body, signal, QUICK_MS, endpoint);
      return result;
    },
    sync: {
      async why(ids, signal) {
        const records: RecordStatus[] = [];
        for (let start = 0; start < ids.length; start += IDS) {
          const some = { ids: ids.slice(start, start + IDS) };
          const page = await ask<{ records: RecordStatus[] }>("POST", "/v1/why", some, signal);
          records.push(...page.records);
        }
        return records;
      },
      async conflicts(contact, signal) {
        const path = `/v1/conflicts?contact=${encodeURIComponent(contact)}`;
        return (await ask<{ conflicts: Conflict[] }>("GET", path, undefined, signal)).conflicts;
      },
      async plan(contact, signal) {
        const body = { contacts: [contact] };
        const summary = await ask<PlanSummary>("POST", "/v1/plan", body, signal, LONG_MS);
        return { summary, changes: await changesOf(summary.id, signal) };
      },
      apply: (planId, signal) => ask<Outcome>("POST", "/v1/apply", { planId }, signal, LONG_MS),
      async resolve(id, winner, seen) {
        await decide(`/v1/conflicts/${encodeURIComponent(id)}/resolve`, { winner, seen });
      },
      link: (contact, chartmogul) => decide("/v1/link", { contact, chartmogul }),
      unlink: (id) => decide("/v1/unlink", { id }),
      retry: (id) => decide("/v1/retry", { id }),
    },
    close: async () => {},
  };
}

type Told = { ok: boolean; error?: object };

const sideOf = (side: Told): object =>
  side.ok ? side : { ok: false, error: failureOf(side.error ?? { code: "crashed" }) };

function read(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What an answer other than 2xx means. */
function refusal(status: number, answer: object | undefined, endpoint: string | undefined): Failure {
  const error = answer !== undefined && "error" in answer ? (answer.error as { code?: string }) : undefined;
  const failure = failureOf(error, endpoint);
  if (error?.code === undefined || answer === undefined)
    return new Failure({
      code: "serve_other",
      message: `the answer is not that of serve (${status})`,
      status,
    });
  if (status === 401) return new Failure({ ...failure, code: "serve_token", message: failure.message });
  if (status === 404 && /API is off/.test(failure.message))
    return new Failure({ ...failure, code: "serve_off", message: failure.message });
  if ((status === 404 && /route does not exist|nothing here/.test(failure.message)) || status === 405)
    return new Failure({ ...failure, code: "serve_old", message: failure.message });
  return failure;
}
