// A connector as programs see it.

import { createWebhook } from "./alert-webhook.js";
import { Alerts } from "./alerts.js";
import { Core } from "./core.js";
import type { Endpoint } from "./endpoint.js";
import { createError } from "./errors.js";
import { type ConnectorEvent, Events } from "./events.js";
import type { AuditRecord, CheckReport } from "./generated/answers.js";
import { endpoints } from "./generated/endpoints.js";
import { methods } from "./generated/methods.js";
import type * as Given from "./generated/options.js";
import type { ChartMogulApi, GhlApi } from "./generated/types.js";
import type { Glue, HostFunctions } from "./glue.js";
import { isHeard } from "./hints.js";
import { createHost } from "./host.js";
import { decisionsOf, inTurn } from "./in-turn.js";
import { createMethods } from "./methods.js";
import { type ModuleOrigin, withModule } from "./module-unavailable.js";
import { type ConnectorOptions, type Functions, splitOptions } from "./options.js";
import { memory } from "./stores/memory.js";
import { identityOf, type StateStore } from "./stores/store.js";
import { createSync, type Place, type ProgressOptions, type Sync, type TakeTurn } from "./sync.js";
import { createTriggers, type Triggers } from "./triggers.js";
import { createRunsAfter } from "./webhooks/runs-after.js";
import type { VerifyEd25519 } from "./webhooks/signature.js";
import { createWebhooks, type Webhooks } from "./webhooks/webhooks.js";

/** Options of a check. */
export interface CheckOptions extends ProgressOptions, Given.CheckOptions {}

/** Both services, and the sync between them. */
export interface Connector {
  /** Every GoHighLevel endpoint: `connector.ghl.<group>.<name>(parameters, options)`. */
  readonly ghl: GhlApi;
  /** Every ChartMogul endpoint: `connector.chartmogul.<group>.<name>(parameters, options)`. */
  readonly chartmogul: ChartMogulApi;
  /** Keeps the two in step. */
  readonly sync: Sync;
  /** Webhooks of both services, checked and taken as hints of the sync. */
  readonly webhooks: Webhooks;
  /**
   * The same for another location: its options are this connector's, but for `ghl.locationId`. The same
   * connector each time; `close` of this one closes it too.
   *
   * @example
   * const other = connector.location("ve9EPM428h8vShlRW1KT");
   * console.log(other === connector.location("ve9EPM428h8vShlRW1KT")); // true
   */
  location(locationId: string): Connector;
  /** What is new or has changed, found by polling. */
  readonly triggers: Triggers;
  /** The endpoints as data. */
  readonly endpoints: readonly Endpoint[];
  /**
   * Tells for each credential whether it works and how far it reaches: a few calls. With `records` it also
   * walks ChartMogul's contacts, notes and tasks and compares them with the links of the store. Writes
   * nothing, and runs beside a sync.
   *
   * @example
   * const { ok, records } = await connector.check({ records: true });
   * for (const { cause, kind, ghlId, chartmogulId } of records?.findings ?? [])
   *   console.log(cause, kind, ghlId, chartmogulId);
   */
  check(options?: CheckOptions): Promise<CheckReport>;
  /** Releases the state store and memory. The connector opens both again when it is used again. */
  close(): Promise<void>;
}

/** What an entry of the package brings for its host. */
export interface Platform {
  /** Gives the module, initialised. Called at the first use, and again after it failed. */
  loadGlue: () => Glue | Promise<Glue>;
  /** Where the module comes from, for the error when it cannot be loaded. */
  origin: ModuleOrigin;
  /** The store where none is given. */
  defaultStore?: () => StateStore | PromiseLike<StateStore>;
  /** Checks signatures where the host cannot, if the entry carries that in itself. */
  verifyEd25519?: VerifyEd25519;
}

/** The connector of these options on this platform. Sends nothing and loads nothing yet. */
export function createConnectorOn(platform: Platform, options: ConnectorOptions): Connector {
  const { data, functions } = splitOptions(options);
  const events = new Events(functions.onEvent);
  const store = new LazyStore(functions.store, platform.defaultStore ?? memory);
  const core = new Core(
    async () => {
      const { Connector } = await withModule(platform.origin, platform.loadGlue);
      return new Connector(host, data);
    },
    () => store.file,
  );
  const host = hostOf(functions, store, events, weakReference(core));
  const location = options.ghl?.locationId ?? "";
  const alerts = alertsOf(functions, location, events, () => store.open());
  const place: Place = { location, store: () => store.open(), closeStore: () => store.close() };
  // If the store cannot be created, the operation itself reports it.
  const takeTurn: TakeTurn = async (bounds, operation, isDecision = false) => {
    const opened: object = await store.open().catch(() => store);
    const beside = isDecision && (opened as Partial<StateStore>).conditional === true;
    return inTurn(identityOf(opened), beside ? decisionsOf(location) : location, bounds, operation);
  };
  const sync = createSync(core, events, takeTurn, alerts, place);
  let table: readonly Endpoint[] | undefined;
  const others = new Map<string, Connector>();
  const tableOfEndpoints = () => {
    table ??= endpoints();
    return table;
  };
  return {
    // The generated types describe exactly what the generated table makes.
    ghl: createMethods(core, methods.ghl, "ghl") as unknown as GhlApi,
    chartmogul: createMethods(core, methods.chartmogul, "chartmogul") as unknown as ChartMogulApi,
    sync,
    webhooks: createWebhooks({
      settings: functions.webhooks,
      verifyEd25519: platform.verifyEd25519,
      locationId: options.ghl?.locationId,
      refresh: sync.refresh,
      runsAfter: createRunsAfter(
        sync.run,
        async () => isHeard(identityOf(await store.open()), location),
        async () => (await sync.status()).today.limit,
      ),
      now: () => Date.now(),
    }),
    location(locationId) {
      if (options.ghl === undefined || typeof locationId !== "string" || locationId === "")
        throw createError({
          code: "invalid_argument",
          message: "location takes the id of a GHL location, of a connector that has the option ghl",
        });
      const known = others.get(locationId);
      if (known !== undefined) return known;
      const other = createConnectorOn(platform, { ...options, ghl: { ...options.ghl, locationId } });
      others.set(locationId, other);
      return other;
    },
    triggers: createTriggers(core, location, tableOfEndpoints),
    get endpoints() {
      return tableOfEndpoints();
    },
    async check(given) {
      const { records, onProgress, ...callOptions } = given ?? {};
      const options = JSON.stringify({ records });
      const text = await events.during(onProgress, () =>
        core.invoke((connector, context) => connector.check(options, context), callOptions),
      );
      return JSON.parse(text);
    },
    async close() {
      await Promise.all(Array.from(others.values(), (other) => other.close()));
      await core.free();
      await store.close();
    },
  };
}

/**
 * The host functions of a connector. The module keeps them for as long as its connector lives, so
 * they must not hold the core, which holds that connector: hence a function of its own, whose
 * closures see nothing else, and a weak reference.
 */
function hostOf(
  { credentials, transport, onAudit }: Functions,
  store: LazyStore,
  events: Events,
  core: () => Core | undefined,
): HostFunctions {
  return createHost({
    credentials,
    transport,
    store: () => store.open(),
    hasStore: () => store.isAtHand,
    emit: (event) => events.emit(event as ConnectorEvent),
    audit: onAudit && ((record) => onAudit(record as AuditRecord)),
    crashed: (reason) => core()?.crash(reason),
  });
}

function alertsOf(
  { alerts: settings = {}, onAlert, transport }: Functions,
  locationId: string,
  events: Events,
  store: () => Promise<StateStore>,
): Alerts {
  const { webhook: url, format = "json" } = settings;
  const webhook = url === undefined ? undefined : createWebhook(url, format, transport);
  return new Alerts({ settings, locationId, onAlert, webhook, events, store });
}

/** Holds a value weakly: the result returns it until it is collected. Without `WeakRef` it stays in memory. */
function weakReference<Value extends object>(value: Value): () => Value | undefined {
  return typeof WeakRef === "function" ? dereference(new WeakRef(value)) : always(value);
}

const dereference =
  <Value extends object>(reference: WeakRef<Value>) =>
  () =>
    reference.deref();

const always =
  <Value>(value: Value) =>
  () =>
    value;

/** A store that is opened at its first use. */
class LazyStore {
  readonly #given: StateStore | "memory" | undefined;
  readonly #createDefault: () => StateStore | PromiseLike<StateStore>;
  #opened: StateStore | PromiseLike<StateStore> | undefined;

  constructor(
    given: StateStore | "memory" | undefined,
    createDefault: () => StateStore | PromiseLike<StateStore>,
  ) {
    this.#given = given;
    this.#createDefault = createDefault;
  }

  /** The file of a store of the package. */
  get file(): string | undefined {
    const { identity } = (this.#opened ?? {}) as Partial<StateStore>;
    return (identity as { file?: string } | undefined)?.file;
  }

  /** Open, or the program's own and no file. */
  get isAtHand(): boolean {
    if (this.#opened !== undefined) return true;
    const given = this.#given;
    return typeof given === "object" && (given.identity as { file?: string } | undefined)?.file === undefined;
  }

  async open(): Promise<StateStore> {
    this.#opened ??= this.#create();
    try {
      return await this.#opened;
    } catch (reason) {
      this.#opened = undefined;
      throw reason;
    }
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    await (await opened)?.close?.();
  }

  #create(): StateStore | PromiseLike<StateStore> {
    if (this.#given === "memory") return memory();
    return this.#given ?? this.#createDefault();
  }
}
