// Programs whose module does not load, and what they must print: `module_unavailable` with the cure.

import assert from "node:assert/strict";

/** Fails its first call, and prints how. */
const CALL = `
  const connector = createConnector({ ghl: { token: "pit-canary-1234", locationId: "l" }, store: "memory",
    transport: () => ({ status: 200, body: '{"contact":{"id":"c"}}' }) });
  connector.ghl.contacts.get({ contactId: "c" }).then(
    () => console.log(JSON.stringify({ works: true })),
    (error) => console.log(JSON.stringify({ code: error.code, message: error.message, hint: error.hint })),
  );`;
export const imported = (entry) => `import { createConnector } from "${entry}";${CALL}`;
export const required = (entry) => `const { createConnector } = require("${entry}");${CALL}`;

/** What a program printed must be such an error: what is wrong, and what to do. */
export function unavailable(text, what, cure) {
  const error = typeof text === "string" ? JSON.parse(text) : text;
  assert.equal(error.code, "module_unavailable", JSON.stringify(error));
  assert.match(error.message, what);
  assert.match(error.hint, cure);
  assert.ok(!JSON.stringify(error).includes("canary"));
}
