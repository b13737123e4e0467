// The Zapier app: triggers, actions and searches of GoHighLevel and ChartMogul, made from the package's table of
// operations when it is loaded.

const { version: platformVersion } = require("zapier-platform-core");
const { version } = require("./package.json");
const { actions } = require("./src/actions.js");
const { authentication } = require("./src/authentication.js");
const { choicesOf } = require("./src/fields.js");
const { hydrators } = require("./src/files.js");
const { searches, searchOrCreates } = require("./src/searches.js");
const { syncContactOf, syncNow } = require("./src/sync.js");
const { triggers } = require("./src/triggers.js");

const syncContact = syncContactOf(choicesOf("ghl.contacts"));

module.exports = {
  version,
  platformVersion,
  // Empty values are ours to judge, and so is what a 429 means.
  flags: { cleanInputData: false, throwForThrottlingEarly: true },
  authentication,
  hydrators,
  triggers: triggers(),
  creates: { ...actions(), [syncContact.key]: syncContact, [syncNow.key]: syncNow },
  searches: searches(),
  searchOrCreates: searchOrCreates(),
};
