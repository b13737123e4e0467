// The choices of design that name operations. Everything else follows from the table of operations.

/** Actions of the catalogue that only read: on Zapier they are searches. */
const ACTIONS_THAT_READ = new Set(["ghl.contacts.find", "ghl.locations.get"]);

/** A search with the action that creates what it does not find. */
const FIND_OR_CREATE = [
  {
    search: "ghl.contacts.find",
    create: "ghl.contacts.create",
    label: "Find or Create Contact",
    description: "Finds a GoHighLevel contact by e-mail address, phone or ID, or creates one.",
  },
  {
    search: "chartmogul.customers.search",
    create: "chartmogul.customers.create",
    label: "Find or Create Customer in ChartMogul",
    description: "Finds a ChartMogul customer by e-mail address, or creates one.",
  },
];

/**
 * Calls that Zapier lets through to a service: those of all actions of a connection together. GoHighLevel takes
 * 100 in 10 seconds from a location, ChartMogul 40 a second from an account; the rest is for polls and syncs.
 */
const THROTTLES = {
  ghl: { window: 10, limit: 80, key: "ghl-{{bundle.authData.locationId}}", scope: ["auth"] },
  chartmogul: { window: 1, limit: 30, key: "chartmogul", scope: ["auth"] },
};

module.exports = { ACTIONS_THAT_READ, FIND_OR_CREATE, THROTTLES };
