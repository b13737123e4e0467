// The file for n8n's Code node, in a context hardened as n8n's own: pasted above a node's code, as it is.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import vm from "node:vm";
import { askSandbox, contactIds, openSandbox } from "./sandbox.mjs";

const { PACKAGE_DIR: project } = process.env;
const file = readFileSync(join(project, "node_modules/ghl-chartmogul/n8n-code.js"), "utf8");

let world;
before(async () => {
  world = await openSandbox();
});
after(async () => {
  await world.connector.close();
  await world.server.close();
});

/** The context in which n8n's Code node runs: these globals, and changes of built-ins without effect. */
function codeContext() {
  const { Buffer, atob, btoa, clearImmediate, clearInterval, clearTimeout } = globalThis;
  const { setImmediate, setInterval, setTimeout, TextDecoder, TextEncoder, FormData } = globalThis;
  const context = vm.createContext({
    ...{ Buffer, atob, btoa, clearImmediate, clearInterval, clearTimeout },
    ...{ setImmediate, setInterval, setTimeout, TextDecoder, TextEncoder, FormData },
  });
  vm.runInContext(
    `Object.getPrototypeOf = (value) => value;
     Object.setPrototypeOf = (value) => value;
     Object.defineProperty = (value) => value;
     Object.defineProperties = (value) => value;
     delete Error.captureStackTrace;
     for (const builtIn of [Object, Array, Function, Promise, Error, Map, Set, String, Number, Uint8Array]) {
       Object.freeze(builtIn);
       Object.freeze(builtIn.prototype);
     }`,
    context,
  );
  return context;
}

/** n8n's helper as a Code node has it: a request goes to n8n as JSON, and its answer comes back as JSON. */
const helpers = (seen) => ({
  async httpRequest(options) {
    const { method, url, headers, body, encoding } = JSON.parse(JSON.stringify(options));
    assert.ok(body === undefined || typeof body === "string");
    seen.push(`${method} ${new URL(url).pathname}`);
    const response = await fetch(url, { method, headers, body, redirect: "manual" });
    const bytes = Buffer.from(await response.arrayBuffer());
    const answer = { statusCode: response.status, headers: Object.fromEntries(response.headers) };
    return JSON.parse(JSON.stringify({ ...answer, body: encoding === "text" ? bytes.toString() : bytes }));
  },
});

/** Runs code below the file, as the node does. */
async function runCode(code, seen = []) {
  const { token, locationId, baseUrl } = world.credentials.ghlApi;
  const context = codeContext();
  context.node = { helpers: helpers(seen) };
  const wrapped = `(async function () {\n${file}\nconst options = { helpers: this.helpers, store: "memory", ghl: ${JSON.stringify({ token, locationId, baseUrl })} };\n${code}\n}).call(node)`;
  return JSON.parse(JSON.stringify(await vm.runInContext(wrapped, context)));
}

test("code below the file lists more than a page, and writes", async () => {
  const seen = [];
  const found = await runCode(
    `const connector = ghlChartMogul.createConnector(options);
     const ids = [];
     for await (const contact of connector.ghl.contacts.search()) ids.push(contact.id);
     await connector.ghl.contacts.update({ contactId: ids[0], city: "Köln" });
     await connector.close();
     return ids;`,
    seen,
  );
  assert.deepEqual([...found].sort(), contactIds(world));
  assert.equal(askSandbox(world, "ghl.contacts.get", { contactId: found[0] }).value.contact.city, "Köln");
  assert.ok(seen.length >= 3, seen.join(", "));
});

test("a file is read as bytes through JSON", async () => {
  const { messages } = askSandbox(world, "ghl.messages.export", { limit: 500 }).value;
  const { id } = messages.find(({ messageType }) => messageType === "TYPE_CALL");
  const length = await runCode(
    `const connector = ghlChartMogul.createConnector(options);
     return (await connector.ghl.messages.getRecording({ messageId: ${JSON.stringify(id)} })).length;`,
  );
  assert.equal(length, askSandbox(world, "ghl.messages.getRecording", { messageId: id }).bytes.length);
});

test("what fails says so with a code, and without the helpers what to pass", async () => {
  const caught = await runCode(
    `const connector = ghlChartMogul.createConnector(options);
     try { await connector.ghl.contacts.get({ contactId: "none" }); } catch (error) {
       return { isOurs: error instanceof ghlChartMogul.ConnectorError, code: error.code };
     }`,
  );
  assert.equal(caught.isOurs, true);
  assert.equal(typeof caught.code, "string");
  const refused = await runCode(
    "try { ghlChartMogul.createConnector({ ghl: options.ghl }); } catch ({ code, hint }) { return { code, hint }; }",
  );
  assert.deepEqual(refused, {
    code: "invalid_config",
    hint: "Pass helpers: this.helpers, outside of functions that have a `this` of their own.",
  });
});
