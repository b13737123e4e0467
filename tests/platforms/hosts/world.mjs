// A served sandbox for each host, and the judgement of what a host saw, by the sandbox's own records.

import assert from "node:assert/strict";
import { cpSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createProject, packageFolder } from "./project.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const { createSandbox } = createRequire(join(packageFolder, "../../package.json"))("ghl-chartmogul/sandbox");

/** The programs of a host, by the way they load the package. Each prints what the journey saw. */
export const esm = (entry) => `
  import * as connector from "${entry}";
  import { journey } from "./journey.mjs";
  import { given } from "./given.mjs";
  console.log(JSON.stringify(await journey(connector, given)));`;
export const commonjs = (entry) => `
  const connector = require("${entry}");
  (async () => {
    const { journey } = await import("./journey.mjs");
    const { given } = await import("./given.mjs");
    console.log(JSON.stringify(await journey(connector, given)));
  })();`;

/** A project with the journey and the address of a sandbox of its own. */
export async function world(context, name, files) {
  const sandbox = createSandbox({
    ...{ seed: 13, contacts: 12, notesPerContact: 1, tasksPerContact: 0.5, searchLagMs: 0 },
    ...{ burstLimit: 10_000, chartmogulLimit: 10_000 },
  });
  const server = await sandbox.serve();
  context.after(() => server.close());
  const given = { ...server.address, url: server.url };
  const folder = createProject(name.replaceAll(/\W+/g, "-"), files);
  cpSync(join(here, "journey.mjs"), join(folder, "journey.mjs"));
  writeFileSync(join(folder, "given.mjs"), `export const given = ${JSON.stringify(given)};\n`);
  return { sandbox, given, folder };
}

/** Compares what a host printed with what the sandbox has. */
export function judge(sandbox, printed) {
  const seen = typeof printed === "string" ? parse(printed) : printed;
  assert.equal(seen.failed, undefined, seen.failed);
  assert.equal(seen.withoutNetwork, "ok");

  const contacts = ask(sandbox, "POST", "/contacts/search", { pageLimit: 100, page: 1 }).contacts;
  assert.ok(contacts.length > 10, `${contacts.length} contacts make several pages`);
  assert.deepEqual(seen.contacts.toSorted(), contacts.map(({ id }) => id).toSorted());
  const { contact } = ask(sandbox, "GET", `/contacts/${seen.contact.id}`);
  const { id, email, firstName } = contact;
  assert.deepEqual(seen.contact, JSON.parse(JSON.stringify({ id, email, firstName })));
  const { entries } = ask(sandbox, "GET", "/v1/customers?per_page=200");
  assert.ok(entries.length > 4, `${entries.length} customers make several pages`);
  for (const uuid of seen.customers)
    assert.ok(
      entries.some((entry) => entry.uuid === uuid),
      uuid,
    );

  assert.deepEqual(seen.errors, {
    ...{ isOurs: true, refused: "invalid_argument", callsOfRefused: 0 },
    ...{ missing: "not_found", status: 404, isSecret: false },
  });
  const reasons = { isTheSignals: true, name: "AbortError", isPrompt: true };
  assert.deepEqual(seen.aborted, [reasons, reasons]);

  const [start, planned, applied] = seen.writes;
  assert.equal(planned, start, "a plan wrote");
  assert.ok(applied > planned, "applying wrote nothing");
  assert.ok(seen.changes.length > 0);
  const [first, second] = seen.outcomes;
  assert.ok(first.done && second.done);
  const { error: _, skip: __, ...toWrite } = seen.totals;
  assert.deepEqual(first.totals, toWrite);
  assert.deepEqual(second.totals, {}, "the second run did something");
  const { ghl, chartmogul } = sandbox.stats();
  assert.equal(ghl.writes + chartmogul.writes, applied, "the second run wrote");
  for (const [kind, count] of Object.entries(first.totals.create))
    assert.equal(chartmogul.effectiveWritesByEndpoint[`POST /v1/${kind}s`], count, `created: ${kind}`);
}

function parse(printed) {
  try {
    return JSON.parse(printed);
  } catch {
    return { failed: printed || "nothing was printed" };
  }
}

/** Asks the sandbox itself, without the package. */
function ask(sandbox, method, url, body) {
  const { ghlToken, chartmogulKey, locationId } = sandbox.credentials;
  const authorization = url.startsWith("/v1/")
    ? `Basic ${Buffer.from(`${chartmogulKey}:`).toString("base64")}`
    : `Bearer ${ghlToken}`;
  const answer = sandbox.handle({
    ...{ method, url, headers: { authorization, version: "2021-07-28", "content-type": "application/json" } },
    body: body && JSON.stringify({ locationId, ...body }),
  });
  const text = new TextDecoder().decode(answer.body);
  assert.equal(answer.status, 200, text);
  return JSON.parse(text);
}
