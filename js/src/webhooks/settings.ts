// The settings of webhooks that come in.

import { createError } from "../errors.js";
import type { GhlAppEvent } from "./ghl-events.js";
import { type PublicKey, readPublicKeys } from "./public-key.js";

/** How webhooks of the two services are checked. */
export interface WebhookSettings {
  /**
   * The Ed25519 public key that HighLevel signs with, or several while it changes: PEM, base64, hexadecimal
   * text or 32 bytes. Default: the published one.
   */
  publicKey?: PublicKey | readonly PublicKey[] | undefined;
  /** The secret in the path that ChartMogul posts to, 20 characters or more. None: its webhooks are refused. */
  chartmogulSecret?: string | undefined;
  /** Milliseconds by which a webhook's timestamp may differ from the clock, 1,000 to 86,400,000. Default 300,000. */
  toleranceMs?: number | undefined;
  /** Most bytes of a body that a handler reads, 1,024 to 67,108,864. Default 1,048,576. */
  bodyLimit?: number | undefined;
  /**
   * Takes what happens to the app itself: `INSTALL`, `UNINSTALL`, `PLAN_CHANGE`, `AppUpdate`, of any
   * location. Handled once it has returned; if it throws, HighLevel sends the event again. May be called
   * twice with the same event.
   */
  onAppEvent?: ((event: GhlAppEvent) => void | PromiseLike<void>) | undefined;
}

/** The settings as the code uses them. */
export interface ReadWebhookSettings {
  keys: readonly Uint8Array[];
  chartmogulSecret: string | undefined;
  toleranceMs: number;
  bodyLimit: number;
  onAppEvent: WebhookSettings["onAppEvent"];
}

const KNOWN = ["publicKey", "chartmogulSecret", "toleranceMs", "bodyLimit", "onAppEvent"];

/** Least characters of a secret that opens something. */
export const LEAST_SECRET = 20;

/** Checks the settings, and fills in the defaults. No message names the secret. */
export function readWebhookSettings(settings: unknown): ReadWebhookSettings {
  if (
    settings !== undefined &&
    (typeof settings !== "object" || settings === null || Array.isArray(settings))
  )
    throw refusal("webhooks must be an object");
  const given = (settings ?? {}) as WebhookSettings;
  const unknown = Object.keys(given).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) throw refusal(`webhooks has no setting ${unknown}`);
  const { chartmogulSecret, onAppEvent } = given;
  if (chartmogulSecret !== undefined && !isSecret(chartmogulSecret))
    throw refusal(
      `webhooks.chartmogulSecret must be a text of ${LEAST_SECRET} characters or more: letters, digits, - and _`,
    );
  if (onAppEvent !== undefined && typeof onAppEvent !== "function")
    throw refusal("webhooks.onAppEvent must be a function");
  return {
    keys: readPublicKeys(given.publicKey),
    chartmogulSecret,
    toleranceMs: readNumber("toleranceMs", given.toleranceMs ?? 300_000, 1_000, 86_400_000),
    bodyLimit: readNumber("bodyLimit", given.bodyLimit ?? 1_048_576, 1_024, 67_108_864),
    onAppEvent,
  };
}

/** Long enough, and the same in a URL as outside of it. */
export function isSecret(text: unknown): text is string {
  return typeof text === "string" && text.length >= LEAST_SECRET && /^[\w.~-]+$/.test(text);
}

function readNumber(name: string, value: unknown, least: number, most: number): number {
  if (typeof value === "number" && value >= least && value <= most) return value;
  throw refusal(
    `webhooks.${name} must be a number from ${least.toLocaleString("en-US")} to ${most.toLocaleString("en-US")}`,
  );
}

function refusal(message: string): Error {
  return createError({ code: "invalid_config", message, hint: `Allowed are ${KNOWN.join(", ")}.` });
}
