// What every host does with the package, the same steps everywhere: against a sandbox that is served over
// HTTP, and before that the scenario that needs no network. Gives what it saw as plain data; the test
// compares that with the sandbox's own records.

import { scenario } from "./scenario.mjs";

/** Milliseconds that the sandbox keeps a call waiting which is aborted. */
const STALLED_MS = 20_000;

/**
 * `given` is the address of a served sandbox; `host` what the host lacks: `transport`, `AbortController`.
 * A slow step is not a failure; one that hangs is ended by the test.
 */
export async function journey(exports, given, host = {}) {
  const { createConnector, ConnectorError } = exports;
  const Controller = host.AbortController ?? AbortController;
  const withoutNetwork = await scenario(exports);

  const connector = createConnector({
    ghl: given.ghl,
    chartmogul: given.chartmogul,
    store: "memory",
    sync: { firstRun: "apply" },
    transport: host.transport,
  });
  const sandbox = controls(given.url, host.transport ?? sendWithFetch);

  // A list over several pages, and one record.
  const contacts = [];
  for await (const { id } of connector.ghl.contacts.search({ pageLimit: 5 })) contacts.push(id);
  const customers = [];
  for await (const { uuid } of connector.chartmogul.customers.list({ per_page: 2 })) customers.push(uuid);
  const contact = await connector.ghl.contacts.get({ contactId: contacts[0] });

  // Errors: by the arguments before any call, and by the service.
  const before = await sandbox.stats();
  const refused = await failure(connector.ghl.contacts.get({}));
  const calls = (await sandbox.stats()).ghl.calls - before.ghl.calls;
  const missing = await failure(
    connector.chartmogul.customers.retrieve({ customer_uuid: "cus_00000000-0000-0000-0000-000000000000" }),
  );
  const isOurs = refused instanceof ConnectorError && missing instanceof ConnectorError;

  // A call and a plan that are aborted while the service does not answer. Neither hangs, and later ones work.
  await sandbox.faults([{ service: "ghl", fault: { kind: "delay", milliseconds: STALLED_MS } }]);
  const aborted = [
    await abortInTheMidst(Controller, (signal) =>
      connector.ghl.contacts.get({ contactId: contacts[0] }, { signal }),
    ),
    await abortInTheMidst(Controller, (signal) => connector.sync.plan({ signal })),
  ];
  await sandbox.faults([]);

  // A plan writes nothing, applying it does, and a second run finds nothing to do.
  const plan = await connector.sync.plan();
  const changes = [];
  for await (const { action, kind } of plan.changes()) changes.push(`${action} ${kind}`);
  const planned = await sandbox.stats();
  const applied = await connector.sync.apply(plan);
  const afterApply = await sandbox.stats();
  const again = await connector.sync.run({ full: true });
  const status = await connector.sync.status();
  await connector.close();

  return {
    withoutNetwork,
    contacts,
    customers,
    contact: { id: contact.id, email: contact.email, firstName: contact.firstName },
    errors: {
      isOurs,
      refused: refused.code,
      callsOfRefused: calls,
      missing: missing.code,
      status: missing.status,
      isSecret: JSON.stringify([refused, missing]).includes(given.ghl.token),
    },
    aborted,
    changes,
    totals: plan.totals,
    outcomes: [applied, again].map(({ done, report }) => ({ done, totals: report.done })),
    writes: [before, planned, afterApply].map(({ ghl, chartmogul }) => ghl.writes + chartmogul.writes),
    linked: status.linked,
  };
}

/** Starts something, aborts it while it waits, and says what it rejected with. */
async function abortInTheMidst(Controller, start) {
  const controller = new Controller();
  const begun = Date.now();
  const ended = failure(start(controller.signal));
  setTimeout(() => controller.abort(), 150);
  const reason = await ended;
  return {
    isTheSignals: reason === controller.signal.reason,
    name: reason.name,
    isPrompt: Date.now() - begun < STALLED_MS / 2,
  };
}

/** What a test asks of the sandbox besides the services. */
function controls(url, send) {
  const ask = async (method, name, body) => {
    const answer = await send({ method, url: `${url}/sandbox/${name}`, headers: {}, body });
    return JSON.parse(typeof answer.body === "string" ? answer.body : new TextDecoder().decode(answer.body));
  };
  return {
    stats: () => ask("GET", "stats"),
    faults: (rules) => ask("POST", "faults", JSON.stringify(rules)),
  };
}

async function sendWithFetch({ method, url, body }) {
  const response = await fetch(url, { method, body });
  return { status: response.status, body: await response.text() };
}

async function failure(promise) {
  try {
    await promise;
  } catch (reason) {
    return reason;
  }
  throw new Error("the call should have failed");
}
