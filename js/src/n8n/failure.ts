// An error of the package as an n8n node shows it.

/** What a node shows of an error. */
export interface NodeFailure {
  message: string;
  /** What to do, and the code. */
  description: string;
  code: string;
  hint?: string;
  /** The status of the service's answer. */
  httpCode?: string;
  /** Whether a service answered, or could not be reached: else the input was wrong. */
  isOfService: boolean;
}

/** What a node shows of an error of the package; undefined for any other error. */
export function failureOf(reason: unknown): NodeFailure | undefined {
  if (!(reason instanceof Error)) return undefined;
  const { code, hint, service, status, requestId, retryable } = reason as Partial<Record<string, unknown>> &
    Error;
  // Not instanceof: entries of the package that were bundled apart have a class each.
  if (typeof code !== "string" || typeof retryable !== "boolean") return undefined;
  const said = [
    typeof hint === "string" ? hint : "",
    `Code: ${code}.`,
    typeof requestId === "string" ? `Request: ${requestId}.` : "",
  ];
  return {
    message: reason.message,
    description: said.filter((text) => text !== "").join(" "),
    code,
    ...(typeof hint === "string" && { hint }),
    ...(typeof status === "number" && { httpCode: String(status) }),
    isOfService: typeof status === "number" || (service !== undefined && code !== "invalid_argument"),
  };
}

/** What an item holds in place of a result where the node continues. */
export function errorItem(reason: unknown): { error: string; code?: string; hint?: string } {
  const { message, code, hint } =
    failureOf(reason) ?? ({ message: (reason as Error).message } as Partial<NodeFailure>);
  return { error: message ?? "", ...(code && { code }), ...(hint && { hint }) };
}
