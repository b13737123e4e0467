// The Worker: webhooks of both services, a schedule, and the status of each location.

import { type Env, locationsOf, objectOf } from "./settings.js";

export { Location } from "./location.js";

/** The longest body of a webhook that is read. */
const BODY_LIMIT = 1_048_576;
const LEAST_TOKEN = 20;

export default {
  async fetch(request, env): Promise<Response> {
    const { pathname } = new URL(request.url);
    try {
      if (/^\/webhooks\/(ghl\/?|chartmogul\/[^/]+)$/.test(pathname))
        return await takeWebhook(request, env, pathname);
      if (pathname === "/status" || pathname === "/sync") return await administer(request, env, pathname);
      if (pathname === "/") return Response.json({ ok: true });
      return refuse(
        404,
        "not_found",
        "There are /webhooks/ghl, /webhooks/chartmogul/SECRET, /status and /sync.",
      );
    } catch (reason) {
      // biome-ignore lint/suspicious/noConsole: it is the log of a Worker.
      console.error(messageOf(reason));
      return refuse(500, "internal", "The log of the Worker says why: wrangler tail.");
    }
  },

  async scheduled(_event, env): Promise<void> {
    await Promise.allSettled(locationsOf(env).map((id) => objectOf(env, id).begin(id)));
  },
} satisfies ExportedHandler<Env>;

/** Hands a webhook to whom it is about; whether it is genuine is judged there. */
async function takeWebhook(request: Request, env: Env, pathname: string): Promise<Response> {
  const locations = locationsOf(env);
  const [first] = locations;
  if (first === undefined)
    return refuse(500, "invalid_config", "LOCATIONS in wrangler.jsonc names no location.");
  const isGhl = pathname.startsWith("/webhooks/ghl");
  // Whoever does not know the secret wakes no object.
  const secret = env.CHARTMOGUL_WEBHOOK_SECRET;
  if (!isGhl && !(secret && (await isSame(pathname.slice("/webhooks/chartmogul/".length), secret))))
    return refuse(401, "unauthorized", "The path must end with CHARTMOGUL_WEBHOOK_SECRET.");
  const body = request.method === "POST" ? await readBody(request) : null;
  if (body === undefined) return refuse(413, "too_large", `A webhook has at most ${BODY_LIMIT} bytes.`);
  const copy = () => new Request(request.url, { method: request.method, headers: request.headers, body });
  if (isGhl) {
    const named = body === null ? undefined : locationOf(body);
    const id = locations.find((known) => known === named) ?? first;
    return objectOf(env, id).receive(id, copy());
  }
  // ChartMogul's names a customer of the account, whatever the location.
  const answers = await Promise.allSettled(locations.map((id) => objectOf(env, id).receive(id, copy())));
  const given = answers.flatMap((answer, at) => {
    if (answer.status === "fulfilled" && answer.value.ok) return [answer.value];
    // One location whose settings are wrong would have ChartMogul send everything to the others again.
    const why = answer.status === "fulfilled" ? `status ${answer.value.status}` : messageOf(answer.reason);
    // biome-ignore lint/suspicious/noConsole: it is the log of a Worker.
    console.error(`${locations[at]} did not take a webhook: ${why}`);
    return answer.status === "fulfilled" ? [answer.value] : [];
  });
  return given.find(({ ok }) => ok) ?? given[0] ?? refuse(503, "not_taken", "No location took the webhook.");
}

/** The body; undefined where it is too long, whatever its headers say. */
async function readBody(request: Request): Promise<ArrayBuffer | undefined> {
  if (Number(request.headers.get("content-length") ?? 0) > BODY_LIMIT) return undefined;
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of request.body ?? []) {
    length += part.byteLength;
    if (length > BODY_LIMIT) return undefined;
    parts.push(part);
  }
  return new Blob(parts).arrayBuffer();
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}

/** The location that a body names. It is not checked yet, and decides only who checks it. */
function locationOf(body: ArrayBuffer): unknown {
  try {
    return (JSON.parse(new TextDecoder().decode(body)) as { locationId?: unknown } | null)?.locationId;
  } catch {
    return undefined;
  }
}

/** The status of all locations, and the start of their runs: with STATUS_TOKEN. */
async function administer(request: Request, env: Env, pathname: string): Promise<Response> {
  const { STATUS_TOKEN: token } = env;
  if (token === undefined || token.length < LEAST_TOKEN)
    return refuse(
      403,
      "no_token",
      `Set it: wrangler secret put STATUS_TOKEN, ${LEAST_TOKEN} characters or more.`,
    );
  const [scheme, given = ""] = (request.headers.get("authorization") ?? "").split(" ");
  if (scheme?.toLowerCase() !== "bearer" || !(await isSame(given, token)))
    return refuse(401, "unauthorized", "Send the header Authorization: Bearer STATUS_TOKEN.");
  const locations = locationsOf(env);
  if (pathname === "/status") {
    if (request.method !== "GET") return refuse(405, "method", "GET gives the status.");
    const all = await Promise.allSettled(locations.map((id) => objectOf(env, id).status(id)));
    const shown = all.map((one, at) =>
      one.status === "fulfilled"
        ? one.value
        : { locationId: locations[at], error: { code: "internal", message: messageOf(one.reason) } },
    );
    return Response.json({ locations: shown });
  }
  if (request.method !== "POST") return refuse(405, "method", "POST begins a run.");
  const { searchParams } = new URL(request.url);
  const wanted = searchParams.get("location");
  if (wanted !== null && !locations.includes(wanted))
    return refuse(404, "not_found", `The location is not in LOCATIONS: ${locations.join(", ")}.`);
  const begun = wanted === null ? locations : [wanted];
  const apply = searchParams.get("apply") === "true";
  await Promise.all(begun.map((id) => objectOf(env, id).begin(id, { apply, now: true })));
  return Response.json({ begun, apply }, { status: 202 });
}

/** Compares digests, so that the time says nothing about the token. */
async function isSame(left: string, right: string): Promise<boolean> {
  const digest = (text: string) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const [one, other] = await Promise.all([digest(left), digest(right)]);
  return crypto.subtle.timingSafeEqual(one, other);
}

function refuse(status: number, code: string, hint: string): Response {
  return Response.json({ error: { code, hint } }, { status });
}
