// A whole first sync, in processes of their own against a served sandbox: this package with each of its
// stores, and a script on the official clients that makes the same calls, four at once, and neither
// matches, nor plans, nor records, nor tries again. Gives CPU seconds and peak memory of each.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Written beside each program; it tells what the process has used, whatever the program did. */
const USAGE = `
  import { writeFileSync } from "node:fs";
  process.on("exit", () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    const usage = { cpu: (userCPUTime + systemCPUTime) / 1e6, memory: maxRSS * 1024 };
    writeFileSync(process.env.USAGE_FILE, JSON.stringify(usage));
  });`;

const SANDBOX = `
  import { createSandbox } from "ghl-chartmogul/sandbox";
  const sandbox = createSandbox({
    seed: 7, contacts: Number(process.env.CONTACTS), notesPerContact: 1.5, tasksPerContact: 0.8,
    billingShare: 0, burstLimit: 1e6, dailyLimit: 1e9, chartmogulLimit: 1e6,
  });
  const { address } = await sandbox.serve({ port: 0 });
  console.log(JSON.stringify(address));`;

/** The least that moves contacts, notes and tasks, as one writes it with the official clients. */
const SCRIPT = `
  import { HighLevel } from "@gohighlevel/api-client";
  import ChartMogul from "chartmogul-node";
  const { ghl, chartmogul } = JSON.parse(process.env.ADDRESS);
  HighLevel.BASE_URL = ghl.baseUrl;
  const highLevel = new HighLevel({
    privateIntegrationToken: ghl.token, apiVersion: "2021-07-28", logLevel: "none",
  });
  const config = new ChartMogul.Config(chartmogul.apiKey, chartmogul.baseUrl);
  const assignee = process.env.ASSIGNEE;
  const { uuid: data_source_uuid } = await ChartMogul.DataSource.create(config, { name: "Script" });
  const counts = { customers: 0, notes: 0, tasks: 0, refused: 0 };
  async function one(contact) {
    const contactId = contact.id;
    const name = [contact.firstName, contact.lastName].filter(Boolean).join(" ") || contact.email || contactId;
    const customer = await ChartMogul.Customer.create(config, {
      data_source_uuid, external_id: contactId, name, email: contact.email, company: contact.companyName,
      country: contact.country, city: contact.city, zip: contact.postalCode,
    });
    counts.customers += 1;
    const customer_uuid = customer.uuid;
    const { notes } = await highLevel.contacts.getAllNotes({ contactId });
    for (const note of notes) {
      await ChartMogul.CustomerNote.create(config, {
        customer_uuid, type: "note", text: note.body, created_at: note.dateAdded,
      });
      counts.notes += 1;
    }
    const { tasks } = await highLevel.contacts.getAllTasks({ contactId });
    for (const task of tasks) {
      const task_details = [task.title, task.body].filter(Boolean).join("\\n").slice(0, 255);
      await ChartMogul.Task.create(config, {
        customer_uuid, task_details, assignee, due_date: task.dueDate,
        completed_at: task.completed ? task.dueDate : undefined,
      }).then(() => { counts.tasks += 1; }, () => { counts.refused += 1; });
    }
  }
  const all = [];
  for (let searchAfter; ; ) {
    const { contacts } = await highLevel.contacts.searchContactsAdvanced({
      locationId: ghl.locationId, pageLimit: 100, ...(searchAfter && { searchAfter }),
    });
    all.push(...contacts);
    if (contacts.length < 100) break;
    searchAfter = contacts.at(-1).searchAfter;
  }
  await Promise.all(Array.from({ length: 4 }, async () => {
    for (let contact = all.pop(); contact; contact = all.pop()) await one(contact);
  }));
  console.log(JSON.stringify(counts));`;

/** The command line's client, with a store in memory. */
const OURS_IN_MEMORY = `
  import { createConnector } from "ghl-chartmogul";
  import { nodeTransport } from "ghl-chartmogul/node";
  const connector = createConnector({
    ...JSON.parse(process.env.ADDRESS),
    store: "memory",
    transport: nodeTransport(),
    sync: JSON.parse(process.env.SYNC),
  });
  const { report } = await connector.sync.run({ apply: true });
  await connector.close();
  console.log(JSON.stringify({ created: report.created, rejected: report.rejected }));`;

/**
 * CPU seconds and peak bytes of a whole first sync, medians of interleaved rounds: `{ script, memory,
 * sqlite }`.
 */
export async function wholeSync({ ours, sdks, contacts, rounds, node = process.execPath, log }) {
  const measured = { script: [], memory: [], sqlite: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const name of Object.keys(measured)) {
      measured[name].push(await measure({ name, ours, sdks, contacts, node, log }));
    }
  }
  return Object.fromEntries(
    Object.entries(measured).map(([name, all]) => [
      name,
      { cpu: median(all.map(({ cpu }) => cpu)), memory: median(all.map(({ memory }) => memory)) },
    ]),
  );
}

/** What one process used, from a fresh sandbox to the end of its sync. */
async function measure({ name, ours, sdks, contacts, node, log }) {
  writeFileSync(join(ours, "bench-sandbox.mjs"), SANDBOX);
  const server = spawn(node, ["bench-sandbox.mjs"], {
    cwd: ours,
    env: { ...process.env, CONTACTS: contacts },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  try {
    const [line] = await once(createInterface({ input: server.stdout }), "line");
    const address = JSON.parse(line);
    const users = await fetch(`${address.ghl.baseUrl}/sandbox/records?service=chartmogul&kind=users`);
    const [{ email }] = await users.json();
    const sync = { anchor: "contact-is-customer", users: { defaultAssignee: email } };
    const usageFile = join(folder, "usage.json");
    const env = {
      ...process.env,
      USAGE_FILE: usageFile,
      ADDRESS: line,
      ASSIGNEE: email,
      SYNC: JSON.stringify(sync),
      GHL_BASE_URL: address.ghl.baseUrl,
      GHL_TOKEN: address.ghl.token,
      GHL_LOCATION_ID: address.ghl.locationId,
      CHARTMOGUL_BASE_URL: address.chartmogul.baseUrl,
      CHARTMOGUL_API_KEY: address.chartmogul.apiKey,
    };
    writeFileSync(join(folder, "usage.mjs"), USAGE);
    writeFileSync(join(folder, "ghl-chartmogul.config.json"), JSON.stringify({ sync }));
    writeFileSync(join(sdks, "script.mjs"), SCRIPT);
    writeFileSync(join(ours, "bench-memory.mjs"), OURS_IN_MEMORY);
    const words = {
      script: [join(sdks, "script.mjs")],
      memory: [join(ours, "bench-memory.mjs")],
      sqlite: [join(ours, "node_modules/ghl-chartmogul/cli.js"), "sync", "--yes", "--json"],
    }[name];
    const program = spawn(node, ["--import", join(folder, "usage.mjs"), ...words], {
      cwd: folder,
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    program.stdout.setEncoding("utf8").on("data", (text) => {
      said += text;
    });
    const [code] = await once(program, "close");
    // 3: some records were rejected, as the sandbox refuses what cannot be mapped.
    if (code !== 0 && !(name === "sqlite" && code === 3))
      throw new Error(`${name} ended with ${code}: ${said}`);
    const usage = JSON.parse(readFileSync(usageFile, "utf8"));
    log?.(
      `${name}: ${usage.cpu.toFixed(2)} s of CPU, ${(usage.memory / 1e6).toFixed(0)} MB; ${said.trim().slice(0, 120)}`,
    );
    return usage;
  } finally {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
