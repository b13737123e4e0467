// The two actions of the sync: one contact, and the whole location a slice at a time.

const { throwOnZapier } = require("./errors.js");
const { openSync, SLICE_MS } = require("./state.js");

const APPLY = {
  key: "apply",
  label: "Write",
  type: "boolean",
  required: false,
  default: "false",
  helpText:
    "Until a location was synced once, `false` only plans, however often it runs. `true` writes at once, also what a plan asks a person to read: read the plan first, with `ghl-chartmogul plan`. After that, `false` writes, too, but holds a plan that a person must read.",
};

const FAIL = {
  key: "failIfNotInStep",
  label: "Fail if not in step",
  type: "boolean",
  required: false,
  default: "true",
  helpText:
    "`true` lets the step fail, so that Zapier tells you, where records failed, a person must read the plan, or a service stopped the sync. `false` gives the counts alone.",
};

/** One at a time in a Zapier account: the store keeps all others apart. */
const LOCK = { key: "sync-{{bundle.authData.locationId}}", scope: ["account"], timeout: 60 };

/** Does some work with what syncs the location; `leftMs` says how long a run may still take. */
async function withSync(z, bundle, work) {
  const signal = AbortSignal.timeout(SLICE_MS + 2_000);
  const until = Date.now() + SLICE_MS;
  const leftMs = () => Math.max(0, until - Date.now());
  let sync;
  try {
    sync = await openSync(z, bundle);
    return await work(sync, { signal, leftMs });
  } catch (reason) {
    throw signal.aborted && isTimeout(reason) ? tooLate(z) : throwOnZapier(z, bundle, reason);
  } finally {
    await sync?.close();
  }
}

const isTimeout = ({ name } = {}) => name === "TimeoutError" || name === "AbortError";

function tooLate(z) {
  return new z.errors.Error(
    "The sync did not end within 27 seconds. What it has read and written is in the state store: run the step again, and it continues there. Nothing is written twice.",
    "timeout",
  );
}

/**
 * Syncs all contacts, or some. Where nothing was ever written, it only plans until it is told to write: a run would
 * take a plan that somebody has seen as consent.
 */
async function syncNowOf(sync, { contacts, apply }, { signal, leftMs }) {
  if (!isTrue(apply)) {
    const { appliedAt, unfinished } = await sync.status(signal);
    if (appliedAt === 0 && unfinished?.phase !== "applying") {
      const plan = await sync.plan({ ...(contacts && { contacts }) }, signal);
      const { standing } = await sync.status(signal);
      const report = { planId: plan.id, planned: plan.totals, guard: plan.guard, rejected: 0 };
      return outcomeOf({ done: true, plannedOnly: true, standing, report });
    }
  }
  // Not before a plan: a serve runs by itself for contacts that are named to it.
  if (contacts) await sync.refresh(contacts, signal);
  const options = { ...(contacts && { contacts }), deadlineMs: leftMs(), apply: isTrue(apply) };
  return outcomeOf(await sync.run(options, signal));
}

/** Throws where the sync is not in step, unless it may be so. A plan that was asked for, and only that, is not judged. */
function requireInStep(z, { failIfNotInStep }, outcome, failures) {
  const { guard, plannedOnly, planId, stopped, written } = outcome;
  if (failIfNotInStep !== undefined && failIfNotInStep !== "" && !isTrue(failIfNotInStep)) return;
  if (plannedOnly && guard === null) return;
  const count = Object.values(written).reduce((sum, number) => sum + number, 0);
  const said = [
    plannedOnly &&
      guard !== null &&
      `A person must read the plan ${planId} before it is written: ${guard}. Read it with \`ghl-chartmogul plan\`, then run the step once with Write on.`,
    ...failures,
    stopped === "quota" &&
      "The calls of the day are used up. The next run continues: run it after the quota's reset.",
    stopped === "unavailable" && "A service is unavailable. The next run continues: run it later.",
  ].filter((text) => typeof text === "string");
  if (said.length === 0) return;
  const counts = `Written: ${count}. Failed: ${outcome.failed}. Waiting for a person: ${outcome.waiting}.`;
  throw new z.errors.Error([...said, counts].join(" "), "not_in_step");
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
    guard: report.guard ?? null,
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
  { key: "guard", label: "Why a person must read the plan" },
  { key: "planId", label: "Plan ID" },
];

const OUTCOME_SAMPLE = {
  done: true,
  plannedOnly: false,
  stopped: null,
  failed: 0,
  waiting: 0,
  guard: null,
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
      "Syncs the GoHighLevel location with ChartMogul for up to 25 seconds; the next run continues where this one stopped. Until you turn Write on once, it only plans and writes nothing.",
  },
  operation: {
    inputFields: [APPLY, FAIL],
    lock: LOCK,
    perform: (z, bundle) =>
      withSync(z, bundle, async (sync, step) => {
        const { inputData } = bundle;
        const outcome = await syncNowOf(sync, { apply: inputData.apply }, step);
        const { failed } = outcome;
        requireInStep(z, inputData, outcome, [
          failed > 0 &&
            `${failed} ${failed === 1 ? "record" : "records"} could not be synced. \`ghl-chartmogul rejected\` lists them, each with its cure.`,
        ]);
        return outcome;
      }),
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
      "Syncs one GoHighLevel contact with ChartMogul, with its notes and tasks, and gives its state. Until you turn Write on once, it only plans and writes nothing.",
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
      FAIL,
    ],
    lock: LOCK,
    perform: (z, bundle) =>
      withSync(z, bundle, async (sync, step) => {
        const { contactId, apply } = bundle.inputData;
        const outcome = await syncNowOf(sync, { contacts: [contactId], apply }, step);
        const contact = await sync.why(contactId, step.signal);
        // Other records may have failed before: that is for Sync Now to tell.
        requireInStep(z, bundle.inputData, outcome, [
          !outcome.plannedOnly &&
            contact.standing === "failed" &&
            `The contact ${contactId} could not be synced: ${contact.reason}. ${contact.hint ?? ""}`.trim(),
        ]);
        return { ...outcome, contact };
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
