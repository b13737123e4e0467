// What went wrong, as one line of what and one of what to do.

import { crm, inOurWords } from "./words.js";

/** What a failure of either service, of `serve` or of the browser tells. */
export interface FailureFields {
  code: string;
  message: string;
  hint?: string | undefined;
  /** `ghl` or `chartmogul`, where one of them refused. */
  service?: string | undefined;
  status?: number | undefined;
  requestId?: string | undefined;
  endpoint?: string | undefined;
}

/** A failure that the panel can explain. */
export class Failure extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly service: string | undefined;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  readonly endpoint: string | undefined;

  constructor({ code, message, hint, service, status, requestId, endpoint }: FailureFields) {
    super(message);
    this.name = "Failure";
    this.code = code;
    this.hint = hint;
    this.service = service;
    this.status = status;
    this.requestId = requestId;
    this.endpoint = endpoint;
  }
}

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

/** A failure of whatever was thrown. An abort stays what it is: nobody waits for it. */
export function failureOf(reason: unknown, endpoint?: string): Failure {
  if (reason instanceof Failure) return reason;
  const fields = (typeof reason === "object" && reason !== null ? reason : {}) as Record<string, unknown>;
  const code = text(fields["code"]);
  if (code === undefined) {
    const message = reason instanceof Error ? reason.message : String(reason);
    return new Failure({ code: "crashed", message, endpoint });
  }
  return new Failure({
    code,
    message: text(fields["message"]) ?? code,
    hint: text(fields["hint"]),
    service: text(fields["service"]),
    status: typeof fields["status"] === "number" ? fields["status"] : undefined,
    requestId: text(fields["requestId"]),
    endpoint: endpoint ?? text(fields["endpoint"]),
  });
}

/** Which button goes with an explanation. */
export type Cure = "retry" | "settings" | "plan" | "settingsAndRetry";

/** What is said of a failure. */
export interface Explanation {
  what: string;
  todo: string;
  cure: Cure;
}

const sentence = (message: string): string => {
  const whole = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
};

/** Explains a failure. */
export function explain(failure: Failure, isOnline = true): Explanation {
  const { code, service } = failure;
  const who = service === "ghl" ? crm() : service === "chartmogul" ? "ChartMogul" : undefined;
  const credential = service === "ghl" ? "token" : "API key";
  if (!isOnline)
    return { what: "You are offline.", todo: "Try again when you are back online.", cure: "retry" };
  switch (code) {
    case "serve_away":
      return {
        what: failure.message,
        todo: "Start `ghl-chartmogul serve`, or check its address in settings.",
        cure: "settingsAndRetry",
      };
    case "serve_token":
      return {
        what: "serve did not accept the token.",
        todo: "Copy SERVE_TOKEN again into settings.",
        cure: "settings",
      };
    case "serve_off":
      return {
        what: "The API of serve is off.",
        todo: "Set SERVE_TOKEN, of 20 characters or more, and start serve again.",
        cure: "settingsAndRetry",
      };
    case "serve_old":
      return {
        what: "This serve is older than the panel.",
        todo: "Update ghl-chartmogul where serve runs: npm install ghl-chartmogul@latest.",
        cure: "settingsAndRetry",
      };
    case "serve_other":
      return {
        what: "Something other than serve answers at this address.",
        todo: "Check the address in settings.",
        cure: "settings",
      };
    case "no_permission":
      return {
        what: failure.message,
        todo: "Open settings and test the connection again: the browser then asks you.",
        cure: "settings",
      };
    case "busy":
      return {
        what: "Another sync of this location is running.",
        todo: "Nothing was written. Try again when it has ended.",
        cure: "retry",
      };
    case "stale_plan":
      return {
        what: "This plan is out of date: something has changed since it was made.",
        todo: "Nothing was written. Make a new plan.",
        cure: "plan",
      };
    case "unauthorized":
    case "reconnect_required":
      return {
        what:
          who === undefined
            ? sentence(inOurWords(failure.message))
            : `${who} did not accept the ${credential}.`,
        todo: "It may have been revoked or belong to another account.",
        cure: "settingsAndRetry",
      };
    case "scope_missing":
    case "forbidden":
    case "location_forbidden":
      return {
        what: `${who ?? "The service"} does not let this ${credential} do that.`,
        todo: inOurWords(failure.hint ?? "Give it the missing rights, or use another one."),
        cure: "settingsAndRetry",
      };
    case "network":
    case "timeout":
      return {
        what: `${who ?? "The service"} could not be reached.`,
        todo: "Check the connection, then try again.",
        cure: "retry",
      };
    case "rate_limited":
    case "daily_quota_exhausted":
    case "service_unavailable":
      return {
        what: sentence(inOurWords(failure.message)),
        todo: inOurWords(failure.hint ?? "Wait a moment, then try again."),
        cure: "retry",
      };
    default:
      return {
        what: sentence(inOurWords(failure.message)),
        todo: failure.hint === undefined ? "Try again." : sentence(inOurWords(failure.hint)),
        cure: "retry",
      };
  }
}
