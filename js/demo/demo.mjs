// The demo that `cargo xtask demo` runs in an empty project where the packed package is installed:
// a GHL location of the sandbox, served over HTTP, is synced into its ChartMogul account, twice, then
// once more after some edits, then both ways. Exits with 1 if anything is lost, doubled or written
// without need.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { createConnector } from "ghl-chartmogul";

const PROGRAM = "node_modules/ghl-chartmogul/cli.js";
const STORE = "ghl-chartmogul.db";
const CONTACTS = Number(process.env.DEMO_CONTACTS ?? 1050);
/** What the issue of this demo asks for at least, at its usual size. */
const LEAST = { contacts: 1000, notes: 1500, tasks: 800 };
/** How much more than the least number of calls is still good. */
const CALL_TOLERANCE = 1.02;

const start = performance.now();
const failures = [];
for (const suffix of ["", "-shm", "-wal", ".lock"]) rmSync(STORE + suffix, { recursive: true, force: true });

const { address, end } = await serveSandbox();
const [{ email: defaultAssignee }] = await get("/sandbox/records?service=chartmogul&kind=users");
const settings = { anchor: "contact-is-customer", users: { defaultAssignee } };
writeFileSync("ghl-chartmogul.config.json", JSON.stringify({ sync: settings }, null, 2));
try {
  await demo();
} finally {
  end();
}
print(`\n${failures.length === 0 ? "All invariants hold." : "Not as it should be:"}`);
for (const failure of failures) print(`  - ${failure}`);
process.exitCode = failures.length === 0 ? 0 : 1;

async function demo() {
  const seeded = { contacts: await ghl("contacts"), notes: await ghl("notes"), tasks: await ghl("tasks") };
  if (CONTACTS >= LEAST.contacts) {
    for (const [kind, least] of Object.entries(LEAST)) {
      check(
        seeded[kind].length >= least,
        `the sandbox has ${seeded[kind].length} ${kind}, ${least} are wanted`,
      );
    }
  }

  title("Check the credentials");
  await runProgram("check");

  const beforePlan = await stats();
  title("Plan: nothing is written");
  await runProgram("plan", "--show", "3");
  check((await stats()).chartmogul.writes === 0, "the plan wrote to ChartMogul");
  check((await stats()).ghl.writes === 0, "the plan wrote to GHL");

  const runs = [];
  const connector = createConnector({ ...address, sync: settings });
  try {
    title("First run: everything is written");
    // It carries out the plan, and counts what that has read.
    runs.push(await runSync(connector, "first", { since: beforePlan }));
    await checkWhole(connector);

    title("Second run: nothing has changed");
    runs.push(await runSync(connector, "second"));
    check(runs[1].writes === 0, `the second run made ${runs[1].writes} writes`);

    title("Third run: some records were edited in GHL");
    const before = await chartmogulRecords();
    const edited = await editSome(seeded);
    runs.push(await runSync(connector, "third"));
    const written = changedIds(before, await chartmogulRecords());
    checkSame(edited, written);
    print(`${edited.size} records were edited, ${written.size} were written`);
    await checkWhole(connector);
  } finally {
    await connector.close();
  }
  const directions = { notes: "both", tasks: "both", contacts: "both" };
  const both = createConnector({ ...address, sync: { ...settings, directions } });
  try {
    await wayBack(both, runs);
  } finally {
    await both.close();
  }
  await summarise(runs);
}

/** What is new and what has changed in ChartMogul comes back; a conflict, a deletion. */
async function wayBack(connector, runs) {
  title("Both ways: what ChartMogul has of these customers comes to GHL");
  runs.push(await runSync(connector, "both ways", { comesBack: true }));
  await checkWhole(connector);

  title(
    "In ChartMogul a task is ticked off, a customer moves to Turin, a note is added, one is edited on both sides, one deleted",
  );
  const there = (await chartmogulRecords()).filter((record) => ghlId(record) !== undefined);
  const notes = there.filter(({ kind, text }) => kind === "note" && text.includes(" in the demo<br>"));
  const task = there.find(({ kind, completed_at: done }) => kind === "task" && done === null);
  const [disputed, doomed] = notes;
  await chartmogul("PATCH", `/tasks/${task.uuid}`, { completed_at: "2026-11-20T10:00:00Z" });
  const customer = there.find(
    ({ kind, external_id: external }) => kind === "customer" && external?.startsWith("ghl:"),
  );
  await chartmogul("PATCH", `/customers/${customer.uuid}`, { city: "Turin", country: "IT" });
  const added = { customer_uuid: task.customer_uuid, type: "note", text: "Added in ChartMogul" };
  await chartmogul("POST", "/notes", added);
  await chartmogul("PATCH", `/notes/${disputed.uuid}`, { text: "Finance says so" });
  const inGhl = (await ghl("notes")).find(({ id }) => id === ghlId(disputed));
  await write("PUT", `/contacts/${inGhl.contactId}/notes/${inGhl.id}`, { body: "Sales says so" });
  await chartmogul("DELETE", `/notes/${doomed.uuid}`);
  await post("/sandbox/clock", { advanceMs: 120_000 });
  runs.push(await runSync(connector, "the way back", { comesBack: true, full: true }));

  const taskInGhl = (await ghl("tasks")).find(({ id, _id }) => (id ?? _id) === ghlId(task));
  check(taskInGhl.completed === true, "the task that was ticked off in ChartMogul is open in GHL");
  const moved = (await ghl("contacts")).find(({ id }) => id === ghlId(customer));
  check(moved.city === "Turin", `the contact that moved in ChartMogul is in ${moved.city} in GHL`);
  const brought = (await ghl("notes")).filter(({ body }) => body.startsWith("Added in ChartMogul"));
  check(brought.length === 1, `the note that was added in ChartMogul is ${brought.length} times in GHL`);
  const named = brought.every(({ body, userId }) => userId || /by .+ in ChartMogul/.test(body));
  check(named, "the note that came from ChartMogul names no author");
  const kept = (await ghl("notes")).some(({ id }) => id === ghlId(doomed));
  check(kept, "the note that was deleted in ChartMogul is gone from GHL");
  const conflicts = [];
  for await (const conflict of connector.sync.conflicts()) conflicts.push(conflict);
  check(conflicts.length === 1, `${conflicts.length} conflicts are listed, and not 1`);
  for (const { field, ghl: ours, chartmogul: theirs } of conflicts)
    print(`conflict in ${field}: GHL "${ours}", ChartMogul "${theirs}"`);

  title("The conflict is settled with ChartMogul's text");
  for (const { id, seen } of conflicts) await connector.sync.resolve(id, "chartmogul", { seen });
  runs.push(await runSync(connector, "settled", { comesBack: true }));
  const settled = (await ghl("notes")).find(({ id }) => id === ghlId(disputed));
  check(settled.body === "Finance says so", `the settled note says "${settled.body}"`);
  const lost = [];
  for await (const { ghl: value } of connector.sync.conflicts({ settled: true })) lost.push(value);
  check(lost.includes("Sales says so"), "the text that lost is not kept");

  title("Everything is read again: nothing is written");
  const quiet = await runSync(connector, "quiet", { comesBack: true, full: true });
  runs.push(quiet);
  check(quiet.writes === 0, `the quiet run made ${quiet.writes} writes`);
  await checkWhole(connector, ghlId(doomed));
}

/** One run, counted by the sandbox and not by the connector. */
async function runSync(connector, name, { since, comesBack = false, full = false } = {}) {
  const before = since ?? (await stats());
  const begin = performance.now();
  const bar = progressBar();
  const outcome = await connector.sync.run({ apply: true, full, onProgress: bar.draw });
  bar.end();
  const after = await stats();
  const calls = {
    ghl: after.ghl.calls - before.ghl.calls,
    chartmogul: after.chartmogul.calls - before.chartmogul.calls,
  };
  const { report } = outcome;
  check(outcome.done && !outcome.plannedOnly, `the ${name} run did not finish`);
  check(comesBack || after.ghl.writes === before.ghl.writes, `the ${name} run wrote to GHL`);
  for (const service of ["ghl", "chartmogul"]) {
    const [made, counted, least] = [calls[service], report.calls[service], report.leastCalls[service]];
    check(made === counted, `the ${name} run reports ${counted} ${service} calls, the sandbox saw ${made}`);
    check(made <= least * CALL_TOLERANCE, `the ${name} run made ${made} ${service} calls where ${least} do`);
  }
  const seconds = (performance.now() - begin) / 1000;
  const written = { ghl: after.ghl.writes - before.ghl.writes };
  const writes = after.chartmogul.writes - before.chartmogul.writes + written.ghl;
  print(`${writes} writes, ${report.rejected} rejected, ${seconds.toFixed(1)} s`);
  return { name, calls, writes, seconds, report, least: report.leastCalls };
}

/** Every GHL record is in ChartMogul exactly once, or the state tells why it is not. */
async function checkWhole(connector, deleted) {
  const found = new Map();
  const attached = new Set();
  const there = await chartmogulRecords();
  const uuids = new Set(there.map(({ uuid }) => uuid));
  for (const record of there) {
    const id = ghlId(record);
    if (id === undefined) continue;
    // A contact of a customer of its own carries its id, too.
    if (record.kind === "contact") attached.add(id);
    else found.set(id, (found.get(id) ?? 0) + 1);
  }
  for (const kind of ["contacts", "notes", "tasks"]) {
    const lost = [];
    const records = await ghl(kind);
    for (const { id, contactId } of records.filter(({ id }) => !found.has(id) && !attached.has(id))) {
      const told = (of) => isTold(connector, of, uuids);
      if (!(await told(id)) && !(contactId && (await told(contactId)))) lost.push(id);
    }
    check(!found.has(deleted), "a note that a person deleted in ChartMogul is there again");
    const ids = records.map(({ id }) => id);
    const doubled = ids.filter((id) => found.get(id) > 1);
    check(lost.length === 0, `${lost.length} ${kind} are lost, such as ${lost[0]}`);
    check(doubled.length === 0, `${doubled.length} ${kind} are doubled, such as ${doubled[0]}`);
  }
}

/**
 * Whether the state tells why a record has none of its own in ChartMogul: it waits, is a duplicate, or
 * came from there.
 */
async function isTold(connector, id, uuids) {
  const { standing, chartmogulCustomer, chartmogulId } = await connector.sync.why(id);
  // A person may have taken the marker away, and what came from ChartMogul has none there.
  if (standing === "inStep" && chartmogulId) return uuids.has(chartmogulId);
  return standing === "inStep" ? Boolean(chartmogulCustomer) : standing !== "unknown";
}

/** Changes records in GHL the way its users do; gives their ids. */
async function editSome({ contacts, notes, tasks }) {
  const open = tasks.filter(({ completed, title }) => !completed && title.length < 200);
  const edited = new Set();
  for (const { id } of contacts.slice(10, 15)) {
    await write("PUT", `/contacts/${id}`, { firstName: "Edited" });
    edited.add(id);
  }
  for (const { id, contactId } of open.slice(0, 3)) {
    await write("PUT", `/contacts/${contactId}/tasks/${id}`, { title: "Edited in the demo" });
    edited.add(id);
  }
  for (const { id, contactId } of open.slice(3, 5)) {
    await write("PUT", `/contacts/${contactId}/tasks/${id}/completed`, { completed: true });
    edited.add(id);
  }
  for (const { id, contactId } of notes.slice(20, 22)) {
    await write("PUT", `/contacts/${contactId}/notes/${id}`, { body: "Edited in the demo" });
    edited.add(id);
  }
  for (const { id: contactId } of contacts.slice(30, 34)) {
    const { note } = await write("POST", `/contacts/${contactId}/notes`, { body: "New in the demo" });
    edited.add(note.id);
  }
  const { locationId } = address.ghl;
  const created = { locationId, firstName: "New", lastName: "Contact", email: "new.contact@example.com" };
  edited.add((await write("POST", "/contacts/", created)).contact.id);
  // Changes show in searches after a while.
  await post("/sandbox/clock", { advanceMs: 120_000 });
  return edited;
}

/** The GHL ids of the ChartMogul records that are new or differ. */
function changedIds(before, after) {
  const known = new Map(before.map((record) => [record.uuid, JSON.stringify(record)]));
  const changed = after.filter((record) => known.get(record.uuid) !== JSON.stringify(record));
  return new Set(changed.map(ghlId).filter((id) => id !== undefined));
}

/** The GHL record that a ChartMogul record stands for: its external id, or the marker in its text. */
function ghlId({ kind, external_id: external, custom, text, task_details: details }) {
  if (kind === "note" || kind === "task") return /\[ghl:[nt]:(\w+)\]/.exec(text ?? details ?? "")?.[1];
  const own = custom?.ghl_contact_id ?? external;
  return typeof own === "string" ? own.split(":").at(-1) : undefined;
}

async function chartmogulRecords() {
  const lists = await Promise.all(
    ["customers", "contacts", "notes", "tasks"].map(async (kind) =>
      (await get(`/sandbox/records?service=chartmogul&kind=${kind}`)).map((record) => ({
        ...record,
        uuid: record.uuid ?? record.task_uuid,
        kind: kind.slice(0, -1),
      })),
    ),
  );
  return lists.flat();
}

function checkSame(edited, written) {
  const missing = [...edited].filter((id) => !written.has(id));
  const extra = [...written].filter((id) => !edited.has(id));
  check(missing.length === 0, `edited but not written: ${missing}`);
  check(extra.length === 0, `written but not edited: ${extra}`);
}

async function summarise(runs) {
  title("Summary");
  const counts = async (service, kinds) =>
    Promise.all(
      kinds.map(async (kind) => [
        kind,
        (await get(`/sandbox/records?service=${service}&kind=${kind}`)).length,
      ]),
    );
  const inGhl = await counts("ghl", ["contacts", "notes", "tasks"]);
  const inChartmogul = await counts("chartmogul", ["customers", "contacts", "notes", "tasks"]);
  table([["GHL", ...inGhl.map(([kind, count]) => `${count} ${kind}`)]]);
  table([["ChartMogul", ...inChartmogul.map(([kind, count]) => `${count} ${kind}`)]]);
  print("");
  table([
    ["run", "GHL calls", "least", "ChartMogul calls", "least", "writes", "rejected", "seconds"],
    ...runs.map(({ name, calls, least, writes, report, seconds }) => [
      name,
      calls.ghl,
      least.ghl,
      calls.chartmogul,
      least.chartmogul,
      writes,
      report.rejected,
      seconds.toFixed(1),
    ]),
  ]);
  print(`\n${((performance.now() - start) / 1000).toFixed(1)} s in all`);
}

/** Starts `ghl-chartmogul sandbox`; it prints one line with addresses and credentials. */
async function serveSandbox() {
  const sizes = ["--contacts", CONTACTS, "--notes-per-contact", 1.6, "--tasks-per-contact", 0.9];
  // More than the real limit of GHL, so that the demo need not wait for it.
  const limits = ["--burst-limit", 2000, "--port", 0, "--seed", 7];
  const server = spawn(process.execPath, [PROGRAM, "sandbox", "--json", ...sizes, ...limits].map(String), {
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface(server.stdout)) {
    return { address: JSON.parse(line), end: () => server.kill() };
  }
  throw new Error("the sandbox did not start");
}

/** Runs the command line, with its output as it is. */
async function runProgram(...words) {
  const program = spawn(process.execPath, [PROGRAM, ...words], {
    stdio: "inherit",
    env: {
      ...process.env,
      GHL_BASE_URL: address.ghl.baseUrl,
      GHL_TOKEN: address.ghl.token,
      GHL_LOCATION_ID: address.ghl.locationId,
      CHARTMOGUL_BASE_URL: address.chartmogul.baseUrl,
      CHARTMOGUL_API_KEY: address.chartmogul.apiKey,
    },
  });
  const [status] = await once(program, "exit");
  check(status === 0, `ghl-chartmogul ${words[0]} ended with ${status}`);
}

function progressBar() {
  const { stderr } = process;
  const clear = "\r\u001B[2K";
  let phase = "";
  return {
    draw(event) {
      if (!stderr.isTTY) {
        if (event.phase !== phase) print(`  ${event.phase}`);
      } else {
        const share = event.total > 0 ? event.done / event.total : 0;
        const bar = "█".repeat(Math.round(share * 30)).padEnd(30, "░");
        stderr.write(
          `${clear}${bar} ${event.phase} ${event.done}${event.total > 0 ? ` of ${event.total}` : ""}`,
        );
      }
      phase = event.phase;
    },
    end() {
      if (stderr.isTTY) stderr.write(clear);
    },
  };
}

function ghl(kind) {
  return get(`/sandbox/records?service=ghl&kind=${kind}`);
}

function stats() {
  return get("/sandbox/stats");
}

async function get(path) {
  return (await fetch(address.ghl.baseUrl + path)).json();
}

async function post(path, body) {
  return send("POST", path, body, {});
}

/** A write as another program of the location would make it. */
async function write(method, path, body) {
  return send(method, path, body, { authorization: `Bearer ${address.ghl.token}`, version: "2021-07-28" });
}

/** What a person does in ChartMogul. */
async function chartmogul(method, path, body) {
  const { baseUrl, apiKey } = address.chartmogul;
  const authorization = `Basic ${Buffer.from(`${apiKey}:`).toString("base64")}`;
  return send(method, `/v1${path}`, body, { authorization }, baseUrl);
}

async function send(method, path, body, headers, baseUrl = address.ghl.baseUrl) {
  const response = await fetch(baseUrl + path, {
    method,
    headers: { ...headers, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}

function check(condition, failure) {
  if (!condition) failures.push(failure);
}

function title(text) {
  print(`\n== ${text}`);
}

function table(rows) {
  const width = (column) => Math.max(...rows.map((row) => String(row[column]).length));
  for (const row of rows) print(row.map((cell, column) => String(cell).padEnd(width(column))).join("   "));
}

function print(line) {
  process.stdout.write(`${line}\n`);
}
