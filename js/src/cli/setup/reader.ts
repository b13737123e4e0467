// Reads what a set-up asks about: each list once, however many plans are made of it. Writes nothing.

import type { Connector } from "../../connector.js";
import type { ProgressEvent } from "../../events.js";
import type { Calls, CheckReport } from "../../generated/answers.js";
import type { SyncSettings } from "../../generated/settings.js";
import type { ChartMogul, Ghl } from "../../generated/types.js";
import { nodeTransport } from "../../node/transport.js";
import type { ConnectorOptions } from "../../options.js";
import type { Plan } from "../../sync.js";
import {
  attributesOf,
  type Effect,
  effectOf,
  type FieldProposal,
  fieldProposals,
  type SharedAddress,
  sharedAddresses,
} from "./findings.js";
import { rememberReads } from "./remembered-reads.js";
import type { Anchor } from "./settings.js";

/** How both services are reached. */
export interface Access {
  ghl: NonNullable<ConnectorOptions["ghl"]> & { locationId: string };
  chartmogul: NonNullable<ConnectorOptions["chartmogul"]>;
}

/** What was read of both services. */
export interface Records {
  /** How many. */
  contacts: number;
  customers: number;
  /** Notes in ChartMogul. */
  notes: number;
  fields: FieldProposal[];
  /** E-mail addresses that several records of a side have. */
  duplicates: { ghl: SharedAddress[]; chartmogul: SharedAddress[] };
  /** E-mail addresses of ChartMogul users, as far as customers, tasks and notes name them. */
  chartmogulUsers: string[];
  /** What each anchor would do, once it was planned. */
  effects: Partial<Record<Anchor, Effect>>;
}

/** A user of the location. */
export interface GhlUser {
  id: string;
  name: string;
  email: string | undefined;
}

/** Reads both services for a set-up. */
export interface Reader {
  check(sync: SyncSettings): Promise<CheckReport>;
  /** Calls that `read` takes at least. */
  cost(): Promise<{ calls: Calls; notes: number }>;
  read(onProgress: (event: ProgressEvent) => void): Promise<Records>;
  /** A plan with these settings; refuses settings that the engine refuses. */
  plan(sync: SyncSettings): Promise<Plan>;
  /** What such a plan would do. */
  effect(sync: SyncSettings, anchor: Anchor): Promise<Effect>;
  fields(): Promise<FieldProposal[]>;
  users(): Promise<GhlUser[]>;
  /** Data sources that take customers, and the name of the one that the sync would create. */
  dataSources(): Promise<{ sources: { name: string; uuid: string }[]; usual: string }>;
  /** Calls so far. */
  sent(): Calls;
  close(): Promise<void>;
}

/** As the engine reads them, so that they are read once. */
const CONTACTS: NonNullable<Parameters<Connector["ghl"]["contacts"]["search"]>[0]> = {
  pageLimit: 500,
  sort: [{ direction: "asc", field: "dateUpdated" }],
};
const PAGE = { per_page: 200 } as const;

/** Systems whose data sources take customers through the API. */
const TAKES_CUSTOMERS = ["Custom", "Import API"];

/** A reader for these credentials. */
export function createReader(
  connect: (options: ConnectorOptions) => Connector,
  access: Access,
  signal: AbortSignal,
): Reader {
  const send = nodeTransport();
  const calls = { ghl: 0, chartmogul: 0 };
  const chartmogul = new URL(access.chartmogul.baseUrl ?? "https://api.chartmogul.com");
  const { transport } = rememberReads((request) => {
    // A sandbox serves both at one origin: only ChartMogul's paths begin so.
    const isChartmogul = request.url.startsWith(`${chartmogul.origin}/v1/`);
    calls[isChartmogul ? "chartmogul" : "ghl"] += 1;
    return send(request);
  });
  const withSync = (sync: SyncSettings) => connect({ ...access, sync, store: "memory", transport });
  const connector = withSync({});
  let counted = 0;

  async function during<Result>(
    sync: SyncSettings,
    use: (own: Connector) => Promise<Result>,
  ): Promise<Result> {
    const own = withSync(sync);
    try {
      return await use(own);
    } finally {
      await own.close();
    }
  }

  const readFields = () => all(connector.ghl.customFields.list({ model: "contact" }, { signal }));

  return {
    check: (sync) => during(sync, (own) => own.check({ signal })),
    async cost() {
      const { firstLoad, counts } = await during({}, (own) => own.sync.cost({ signal }));
      const takes = { ghl: 0, chartmogul: 0 };
      for (const [kind, count] of Object.entries(firstLoad.callsByKind))
        if (!kind.includes(".notes.")) takes[kind.startsWith("ghl.") ? "ghl" : "chartmogul"] += count;
      counted = counts.inChartmogul["notes.list"] ?? 0;
      return { calls: takes, notes: counted };
    },
    async read(onProgress) {
      await during({ anchor: "attach-only", objects: ["tasks"] }, (own) =>
        own.sync.plan({ signal, onProgress }),
      );
      const contacts: Ghl.Contact[] = await all(connector.ghl.contacts.search(CONTACTS, { signal }));
      const customers: ChartMogul.Customer[] = await all(
        connector.chartmogul.customers.list(PAGE, { signal }),
      );
      const people: ChartMogul.Contact[] = await all(connector.chartmogul.contacts.list(PAGE, { signal }));
      const tasks = await all(connector.chartmogul.tasks.list(PAGE, { signal }));
      return {
        ...{ contacts: contacts.length, customers: customers.length, notes: counted, effects: {} },
        fields: fieldProposals(await readFields(), contacts, attributesOf(customers, people)),
        duplicates: {
          ghl: sharedAddresses(contacts.map((contact) => ({ email: contact.email, name: nameOf(contact) }))),
          chartmogul: sharedAddresses(
            customers.map(({ email, name, company }) => ({ email, name: name || company || "" })),
          ),
        },
        chartmogulUsers: usersIn([
          ...customers.map(({ owner }) => owner),
          ...tasks.map(({ assignee }) => assignee),
        ]),
      };
    },
    plan: (sync) => during(sync, (own) => own.sync.plan({ signal })),
    effect: (sync, anchor) =>
      during(sync, async (own) => {
        const plan = await own.sync.plan({ signal });
        return effectOf(plan, plan.changes({ signal }), anchor);
      }),
    fields: async () => fieldProposals(await readFields(), [], {}),
    async users() {
      const found = await all(connector.ghl.users.list({}, { signal }));
      return found
        .filter(({ deleted }) => deleted !== true)
        .map(({ id, name, email }) => ({
          id: String(id),
          name: name || email || String(id),
          email: email || undefined,
        }));
    },
    async dataSources() {
      const found = await all(connector.chartmogul.dataSources.list({}, { signal }));
      const { name } = await connector.ghl.locations.get({ locationId: access.ghl.locationId }, { signal });
      return {
        sources: found
          .filter(({ system }) => TAKES_CUSTOMERS.includes(system ?? ""))
          .map(({ name, uuid }) => ({ name: name ?? uuid, uuid })),
        usual: `GoHighLevel - ${name ?? access.ghl.locationId}`,
      };
    },
    sent: () => ({ ...calls }),
    async close() {
      await connector.close();
      send.close();
    },
  };
}

async function all<Item>(list: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of list) items.push(item);
  return items;
}

function nameOf({ contactName, firstName, lastName }: Ghl.Contact): string {
  return contactName || [firstName, lastName].filter(Boolean).join(" ");
}

/** E-mail addresses in their order of first use. */
function usersIn(names: readonly unknown[]): string[] {
  const addresses = names.filter((name): name is string => typeof name === "string" && name.includes("@"));
  return [...new Set(addresses.map((address) => address.toLowerCase()))];
}
