// An error as the command line says it: for people in lines, for programs in fields.

import { ConnectorError, type ErrorFields } from "../errors.js";
import { UsageError } from "./exit-code.js";
import { Interrupted } from "./interrupt.js";
import { inTerms } from "./terms.js";
import { printable } from "./text-width.js";

/** An error for programs, in the words of the command line. */
export function errorFields(error: unknown): Partial<ErrorFields> {
  const fields = ConnectorError.is(error) ? error.toJSON() : { code: plainCode(error), ...said(error) };
  const { message, hint } = inTerms<Partial<ErrorFields>>(fields as Partial<ErrorFields>);
  return { ...fields, message, hint: hint ?? UNREACHED[fields.code ?? ""] } as Partial<ErrorFields>;
}

/** What to do where a service was not reached: its own words say nothing of that. */
const UNREACHED: Readonly<Record<string, string>> = {
  network: "Check the network of this machine, and HTTPS_PROXY if it needs a proxy; then run it again.",
  timeout: "Run it again; if it stays so, check the network of this machine.",
};

/** An error for people: what happened and where, candidates, what to do. */
export function* errorLines(error: unknown): Generator<string, void, undefined> {
  const { message, hint, details } = errorFields(error);
  yield `error: ${whereOf(error)}${message ?? String(error)}`;
  const { candidates } = (details ?? {}) as { candidates?: unknown };
  if (Array.isArray(candidates)) for (const candidate of candidates) yield `  ${JSON.stringify(candidate)}`;
  if (hint !== undefined) yield `hint: ${hint}`;
  if (ConnectorError.is(error) && error.requestId !== undefined)
    yield `request id: ${printable(error.requestId)}`;
}

function said(error: unknown): { message?: string; hint?: string } {
  const { message, hint } = error as { message?: string; hint?: string };
  return { ...(message === undefined ? {} : { message }), ...(hint === undefined ? {} : { hint }) };
}

/** The service and endpoint at fault; most messages begin with the endpoint themselves. */
function whereOf(error: unknown): string {
  if (!ConnectorError.is(error) || error.service === undefined) return "";
  const { service, endpoint, message } = error;
  if (endpoint !== undefined && message.startsWith(`${endpoint}: `)) return `${service} `;
  return `${[service, endpoint].filter(Boolean).join(" ")}: `;
}

function plainCode(error: unknown): string {
  if (error instanceof UsageError) return "usage";
  return error instanceof Interrupted ? "interrupted" : "failed";
}
