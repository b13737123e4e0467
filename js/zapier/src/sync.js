// The two actions of the sync: one contact, and the whole location a slice at a time.

const { throwOnZapier } = require("./errors.js");
const { openSync, SLICE_MS } = require("./state.js");

const APPLY = {
  key: "apply",
  label: "Write at the first run, too",
  type: "boolean",
  required: false,
  default: "false",
  helpText:
    "The first run of a location only plans, and so does one that a person must read. `true` writes at once: read the plan first, with `ghl-chartmogul plan`.",
};

/** One at a time in a Zapier account: the store keeps all others apart. */
const LOCK = { key: "sync-{{bundle.authData.locationId}}", scope: ["account"], timeout: 60 };

/** Does some work with what syncs the location. */
async function withSync(z, bundle, work) {
  const signal = AbortSignal.timeout(SLICE_MS + 2_000);
  let sync;
  try {
    sync = await openSync(z, bundle);
    return await work(sync, signal);
  } catch (reason) {
    throw throwOnZapier(z, bundle, reason);
  } finally {
    await sync?.close();
  }
}

/** What a run did, as flat fields. */
function outcomeOf({ done, plannedOnly, stopped, standing, report }) {
  const count = (totals) =>
    Object.fromEntries(
      Object.entries(totals ?? {}).map(([action, kinds]) => [
        action,
        typeof kinds === "number"
          ? kinds
          : Object.values(kinds ?? {}).reduce((sum, number) => sum + number, 0),
      ]),
    );
  return {
    done,
    plannedOnly,
    stopped: stopped ?? null,
    failed: standing.failed,
    waiting: standing.waiting,
    planned: count(report.planned),
    written: count(report.done),
    planId: report.planId ?? null,
  };
}

const isTrue = (value) => value === true || /^(true|yes|1)$/i.test(String(value ?? ""));

const OUTCOME_FIELDS = [
  { key: "done", label: "Done", type: "boolean" },
  { key: "plannedOnly", label: "Only planned", type: "boolean" },
  { key: "stopped", label: "Why it stopped" },
  { key: "failed", label: "Failed records", type: "integer" },
  { key: "waiting", label: "Waiting records", type: "integer" },
  { key: "planId", label: "Plan ID" },
];

const OUTCOME_SAMPLE = {
  done: true,
  plannedOnly: false,
  stopped: null,
  failed: 0,
  waiting: 0,
  planned: { create: 1 },
  written: { create: 1 },
  planId: "1b9d6bcd",
};

const syncNow = {
  key: "sync_now",
  noun: "Sync",
  display: {
    label: "Sync Now",
    description:
      "Syncs the GoHighLevel location with ChartMogul for up to 25 seconds; the next run continues where this one stopped. The first run of a location only plans: it writes nothing unless you confirm it.",
  },
  operation: {
    inputFields: [APPLY],
    lock: LOCK,
    perform: (z, bundle) =>
      withSync(z, bundle, async (sync, signal) =>
        outcomeOf(await sync.run({ deadlineMs: SLICE_MS, apply: isTrue(bundle.inputData.apply) }, signal)),
      ),
    sample: OUTCOME_SAMPLE,
    outputFields: OUTCOME_FIELDS,
  },
};

/** The action for one contact; its field offers contacts to choose. */
const syncContactOf = (choices) => ({
  key: "sync_contact",
  noun: "Contact",
  display: {
    label: "Sync Contact",
    description:
      "Syncs one GoHighLevel contact with ChartMogul, with its notes and tasks, and gives its state. The first run of a location only plans: it writes nothing unless you confirm it.",
  },
  operation: {
    inputFields: [
      {
        key: "contactId",
        label: "Contact ID",
        type: "string",
        required: true,
        helpText: "GoHighLevel's ID of the contact.",
        choices,
      },
      APPLY,
    ],
    lock: LOCK,
    perform: (z, bundle) =>
      withSync(z, bundle, async (sync, signal) => {
        const { contactId, apply } = bundle.inputData;
        await sync.refresh([contactId], signal);
        const outcome = await sync.run(
          { contacts: [contactId], deadlineMs: SLICE_MS, apply: isTrue(apply) },
          signal,
        );
        return { ...outcomeOf(outcome), contact: await sync.why(contactId, signal) };
      }),
    sample: {
      ...OUTCOME_SAMPLE,
      contact: {
        id: "seD4PfOuKoVMLkEZqohJ",
        standing: "synced",
        reason: "in step",
        chartmogulId: "con_9b1f2c3d",
        chartmogulCustomer: "cus_7e1b2c3d",
      },
    },
    outputFields: [
      ...OUTCOME_FIELDS,
      { key: "contact__standing", label: "Standing" },
      { key: "contact__reason", label: "Reason" },
      { key: "contact__hint", label: "What to do" },
      { key: "contact__chartmogulId", label: "ChartMogul contact" },
      { key: "contact__chartmogulCustomer", label: "ChartMogul customer" },
    ],
  },
});

module.exports = { syncContactOf, syncNow };
