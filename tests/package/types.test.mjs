// The packed types in programs that check strictly: ES modules, CommonJS, bundlers.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { createProject, packageFolder, requireTool, run } from "./project.mjs";

const here = dirname(fileURLToPath(import.meta.url));

const consumer = `
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

const wrong = `
  import { createConnector, type Ghl } from "ghl-chartmogul";
  const connector = createConnector({});
  // @ts-expect-error no such option
  createConnector({ gohighlevel: {} });
  // @ts-expect-error no such format
  createConnector({ alerts: { format: "teams" } });
  // @ts-expect-error the contact's id is missing
  connector.ghl.contacts.get({});
  // @ts-expect-error no such parameter
  connector.ghl.contacts.get({ contactId: "1", id: "2" });
  // @ts-expect-error no such endpoint
  connector.chartmogul.customers.fetch();
  // @ts-expect-error the operator needs a value
  connector.ghl.contacts.search({ filters: [{ field: "email", operator: "eq" }] });
  // @ts-expect-error the operator needs a value
  connector.ghl.contacts.search({ filters: [{ field: "customFields.abc", operator: "range" }] });
  // @ts-expect-error the operator has no value
  connector.ghl.contacts.search({ filters: [{ field: "email", operator: "exists", value: "a@b.co" }] });
  // @ts-expect-error no such kind of field
  connector.ghl.customFields.create({ name: "Plan", dataType: "STRING" });
  // @ts-expect-error the value is not of the attribute's type
  connector.chartmogul.customAttributes.add({ customer_uuid: "c", custom: [{ type: "Integer", key: "age", value: "8" }] });
  // @ts-expect-error no such spelling of a truth value
  connector.chartmogul.customAttributes.add({ customer_uuid: "c", custom: [{ type: "Boolean", key: "paying", value: "yes" }] });
  // @ts-expect-error a number field takes a number
  const seats: Ghl.CustomFieldValues["NUMERICAL"] = "8";
  // @ts-expect-error no field takes numbers in a list
  connector.ghl.contacts.update({ contactId: "1", customFields: [{ id: "a", field_value: [1] }] });
  // @ts-expect-error no such code
  import("ghl-chartmogul").then(({ ConnectorError }) => new ConnectorError({ code: "oops", message: "" }));`;

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

for (const [name, file, module] of [
  ["an ES module", "consumer.mts", { module: "nodenext" }],
  ["CommonJS", "consumer.cts", { module: "nodenext" }],
  ["a bundler", "consumer.ts", { module: "esnext", moduleResolution: "bundler" }],
]) {
  test(`${name} compiles strictly`, async (context) => {
    const start = performance.now();
    await compile(file, consumer, module);
    context.diagnostic(`${((performance.now() - start) / 1000).toFixed(1)} s`);
  });
}

test("mistakes do not compile", async () => {
  await compile("wrong.mts", wrong, { module: "nodenext" });
});

test("the public types hold no any", () => {
  const folder = join(packageFolder, "types");
  for (const file of readdirSync(folder, { recursive: true })) {
    if (!file.endsWith(".d.ts")) continue;
    const code = readFileSync(join(folder, file), "utf8").replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    assert.doesNotMatch(code, /[:<|&(,]\s*any\b/, file);
  }
});

/** The lowest version that the readme names, and the newest. */
for (const [name, compiler] of [
  ["TypeScript 5.4", "typescript-lowest"],
  ["the newest TypeScript", "typescript-newest"],
]) {
  const lib = join(here, "node_modules", compiler, "bin/tsc");
  for (const [kind, file, module] of [
    ["an ES module", "consumer.mts", { module: "nodenext" }],
    ["CommonJS", "consumer.cts", { module: "nodenext" }],
    ["a bundler", "consumer.ts", { module: "esnext", moduleResolution: "bundler" }],
  ]) {
    test(`${kind} compiles strictly with ${name}, declarations and all`, {
      skip: !existsSync(lib) && "not installed",
    }, async () => {
      const version = JSON.parse(readFileSync(join(lib, "../../package.json"), "utf8")).version;
      if (compiler === "typescript-lowest") assert.match(version, /^5\.4\./);
      const text = `${consumer}\n${everyEntry}`;
      await compile(file, text, { ...module, skipLibCheck: false }, lib);
    });
  }
}

/** Each entry of the package, so that the declarations of all are read. */
const everyEntry = `
  export type { SlimOptions } from "ghl-chartmogul/slim";
  export type { StateStore } from "ghl-chartmogul/sqlite";
  export type { NodeTransport } from "ghl-chartmogul/node";
  export type { StoreTest } from "ghl-chartmogul/store-tests";
  export type { SandboxOptions } from "ghl-chartmogul/sandbox";
  export type { CredentialSource } from "ghl-chartmogul/inline";`;

async function compile(file, text, options, compiler = requireTool.resolve("typescript/bin/tsc")) {
  const configuration = { compilerOptions: { ...OPTIONS, ...options }, files: [file] };
  const files = { [file]: text, "tsconfig.json": JSON.stringify(configuration) };
  const version = compiler.includes("typescript-") ? compiler.split("typescript-")[1].slice(0, 6) : "own";
  const folder = createProject(`types-${version}-${file}`, files);
  try {
    await run(folder, process.execPath, compiler, "-p", ".");
  } catch (error) {
    assert.fail(error.stdout || error.message);
  }
}
