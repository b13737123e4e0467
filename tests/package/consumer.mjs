// A program that uses the package's types everywhere, and a compiler that reads it strictly.

import assert from "node:assert/strict";
import { createProject, requireTool, run } from "./project.mjs";

export const consumer = `
  import { type Connector, ConnectorError, createConnector, type Ghl } from "ghl-chartmogul";
  import { type NodeTransport, nodeTransport } from "ghl-chartmogul/node";
  import { type StateStore, storeTests } from "ghl-chartmogul/store-tests";
  export const transport: NodeTransport = nodeTransport({ idleMs: 1_000 });
  export const kept: Connector = createConnector({ transport });
  export const stores = (open: (name: string) => StateStore) => storeTests.map(({ run }) => run(open));
  export const rotating = createConnector({
    ghl: { token: async () => "t", locationId: "l" },
    chartmogul: { apiKey: () => "k" },
  });
  export const alerting = createConnector({
    alerts: { webhook: "https://example.com/hook", format: "slack", maxFailures: 0, minQuotaPercent: 5 },
    async onAlert(alert) {
      if (alert.type === "quota_low") console.log(alert.details.remaining.toFixed(0), alert.resolved);
      if (alert.type === "schema_drift" && alert.details.after === null) console.log(alert.details.name);
    },
    onAudit: ({ action, kind, before, after }) => console.log(action, kind ?? "", before?.["email"], after),
  });
  export async function watching(signal: AbortSignal): Promise<number> {
    const { runs, interrupted, error } = await alerting.sync.watch({
      signal,
      intervalMs: 60_000,
      onUpdate(update) {
        if (update.type === "wait") console.log(update.until, update.reason);
        if (update.type === "failure") console.log(update.error.code);
      },
    });
    return interrupted ? -runs : error === undefined ? runs : 0;
  }
  export const receiving = createConnector({
    webhooks: {
      publicKey: ["a", new Uint8Array(32)],
      chartmogulSecret: "s",
      onAppEvent: (event) => console.log(event.type === "PLAN_CHANGE" ? event.newPlanId : event.locationId),
    },
  });
  export async function handling(body: Uint8Array, headers: Headers): Promise<readonly string[]> {
    const event = await receiving.webhooks.verify(body, headers);
    if (event.type === "NoteCreate") console.log(event.contactId?.length);
    if (event.type === "AppointmentUpdate") console.log(event.appointment.startTime);
    const { contacts, duplicate, ignored } = await receiving.webhooks.handle(event);
    return duplicate || ignored === "location" ? [] : contacts;
  }
  export const served: (request: Request) => Promise<Response> = receiving.webhooks.fetchHandler({
    onRefused: ({ reason, status }) => console.log(reason === "too_large", status.toFixed(0)),
  });
  export const isMissing = (error: unknown) => ConnectorError.is(error) && error.code === "module_unavailable";
  export async function main(): Promise<string | undefined> {
    const connector: Connector = createConnector({
      ghl: { token: "t", locationId: "l", apiVersion: "v3" },
      chartmogul: { apiKey: "k" },
      transport: async ({ url }) => ({ status: 200, body: url }),
      onEvent: (event) => console.log(event.type),
    });
    const controller = new AbortController();
    try {
      const contact = await connector.ghl.contacts.get({ contactId: "1" }, { signal: controller.signal });
      for await (const each of connector.ghl.contacts.search()) console.log(each.id);
      await connector.ghl.contacts.search({
        filters: [
          { field: "email", operator: "exists" },
          { group: "OR", filters: [{ field: "dateUpdated", operator: "range", value: { gte: "2026-11-22" } }] },
          { field: "customFields.abc", operator: "not_exists" },
        ],
      });
      const seats: Ghl.CustomFieldValues["NUMERICAL"] = 8;
      await connector.ghl.contacts.update({
        contactId: "1",
        customFields: [
          { id: "a", field_value: seats },
          { id: "b", field_value: ["x", "y"] satisfies Ghl.CustomFieldValues["CHECKBOX"] },
          { id: "c", field_value: { option: "text" } satisfies Ghl.CustomFieldValues["TEXTBOX_LIST"] },
          { id: "d", field_value: { f31175d4: { url: "https://example.com/a" } } },
        ],
      });
      await connector.chartmogul.customAttributes.add({
        customer_uuid: "cus_1",
        custom: [
          { type: "Integer", key: "age", value: 8 },
          { type: "Boolean", key: "paying", value: "t" },
          { type: "Timestamp", key: "since", value: "2026-11-22T00:00:00.000Z", source: "GHL" },
        ],
      });
      const page = await connector.chartmogul.customers.list({ per_page: 10 });
      const cursor: string | null = page.cursor;
      console.log(cursor, connector.endpoints.length);
      return contact.id;
    } catch (error) {
      if (error instanceof ConnectorError && error.code === "not_found") return error.hint;
      throw error;
    }
  }`;

/** Options of a careful program that has no types but its own and the browser's. */
const OPTIONS = {
  strict: true,
  noEmit: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  target: "es2022",
  lib: ["es2022", "dom", "dom.asynciterable"],
  types: [],
};

/** The ways of importing: what they are called, the file that is compiled, and the compiler's options. */
export const WAYS = [
  ["an ES module", "consumer.mts", { module: "nodenext" }],
  ["CommonJS", "consumer.cts", { module: "nodenext" }],
  ["a bundler", "consumer.ts", { module: "esnext", moduleResolution: "bundler" }],
];

/** Compiles a program with the TypeScript in use, or with another compiler of that name. */
export async function compile(
  file,
  text,
  options,
  name = "own",
  compiler = requireTool.resolve("typescript/bin/tsc"),
) {
  const configuration = { compilerOptions: { ...OPTIONS, ...options }, files: [file] };
  const files = { [file]: text, "tsconfig.json": JSON.stringify(configuration) };
  const folder = createProject(`types-${name}-${file}`, files);
  try {
    await run(folder, process.execPath, compiler, "-p", ".");
  } catch (error) {
    assert.fail(error.stdout || error.message);
  }
}
