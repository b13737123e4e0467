// Both ways, with kills: people write notes and tasks in both services while the processes that sync them
// are killed. Each text is on both sides once at the end, judged from outside.
//
// PROCESS_KILLS (default 20) gives a fifth of its kills to these worlds, PROCESS_SEED repeats their
// moments as far as the machine lets it, PROCESS_LANES (default 7) how many worlds run side by side.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createRandom, LATEST_MS, slow, TIMEOUT_MS, World } from "./world.mjs";

const KILLS = Math.ceil(Number(process.env.PROCESS_KILLS ?? 20) / 5);
const LANES = Number(process.env.PROCESS_LANES ?? 7);
const SEED = Number(process.env.PROCESS_SEED ?? Date.now() % 1_000_000);

const SLOW_WRITES = [
  ...slow("chartmogul", "POST", "/v1/notes", "/v1/tasks"),
  ...slow("chartmogul", "PATCH", "/v1/notes/*", "/v1/tasks/*"),
  ...slow("ghl", "POST", "/contacts/*/notes", "/contacts/*/tasks"),
  ...slow("ghl", "PUT", "/contacts/*/notes/*", "/contacts/*/tasks/*"),
];

process.stdout.write(`seed ${SEED}, ${KILLS} kills both ways, Node.js ${process.version}\n`);

/** How a person writes a text in each service, and where it is read. */
const KINDS = {
  note: { list: "notes", ghl: "body", chartmogul: "text", id: "uuid" },
  task: { list: "tasks", ghl: "title", chartmogul: "task_details", id: "task_uuid" },
};

/** A world whose notes and tasks go both ways, and what people wrote there. */
class BothWays extends World {
  /** The words that must be on both sides, with their kinds. */
  written = new Map();
  /** Words that a person has replaced. */
  replaced = [];
  /** Words of tasks that a person has ticked off. */
  ticked = [];
  /** Words of records that were in step before the first kill, and that nobody has edited. */
  untouched = [];

  configure() {
    const directions = { notes: "both", tasks: "both" };
    super.configure({ directions }, { ghl: { timeoutMs: TIMEOUT_MS } });
  }

  async begins() {
    const add = (service, kind, number) => Array.from({ length: number }, () => this.add(service, kind));
    await Promise.all([...add("ghl", "note", 8), ...add("ghl", "task", 16)]);
    await this.sync();
    await Promise.all([...add("chartmogul", "note", 4), ...add("chartmogul", "task", 4)]);
    await this.sync();
    this.untouched = [...this.written.keys()];
    await this.control("faults", SLOW_WRITES);
  }

  async sync() {
    const { code, stdout, stderr } = await this.begin("sync", "--full", "--yes", "--json").ended;
    assert.equal(code, 0, `${this.name}: ${stdout}${stderr}`);
  }

  /** A person's request to a service. */
  async ask(service, method, path, body) {
    const { baseUrl, token, apiKey } = this.sandbox.address[service];
    const authorization = apiKey === undefined ? `Bearer ${token}` : `Basic ${btoa(`${apiKey}:`)}`;
    const headers = { authorization, version: "2021-07-28", "content-type": "application/json" };
    const response = await fetch(baseUrl + path, { method, headers, body: JSON.stringify(body) });
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${await response.text()}`);
  }

  word(kind) {
    const word = `word${this.written.size + this.replaced.length}x`;
    this.written.set(word, kind);
    return word;
  }

  /** A person adds a note or a task. */
  async add(service, kind) {
    const word = this.word(kind);
    const turn = this.written.size;
    if (service === "ghl") {
      const contacts = await this.records("ghl", "contacts");
      const { id } = contacts[turn % contacts.length];
      const task = { title: word, dueDate: "2027-05-06T15:00:00Z", completed: false };
      await this.ask("ghl", "POST", `/contacts/${id}/${kind}s`, kind === "note" ? { body: word } : task);
    } else {
      const customers = await this.customers();
      const customer_uuid = customers[turn % customers.length];
      const task = { task_details: word, due_date: "2027-05-06", assignee: "ada.king@agency.example" };
      const own = kind === "note" ? { type: "note", text: word } : task;
      await this.ask("chartmogul", "POST", `/v1/${kind}s`, { customer_uuid, ...own });
    }
  }

  /** Our customers in ChartMogul. */
  async customers() {
    const prefix = `ghl:${this.sandbox.address.ghl.locationId}:`;
    const all = await this.records("chartmogul", "customers");
    return all.filter(({ external_id }) => external_id?.startsWith(prefix)).map(({ uuid }) => uuid);
  }

  /** The next record that was in step and that nobody has edited: its word and what a service shows. */
  async next(service, kind) {
    const index = this.untouched.findIndex((word) => this.written.get(word) === kind);
    const [word] = this.untouched.splice(index, 1);
    const { list, ...named } = KINDS[kind];
    const all = await this.records(service, list);
    const record = all.find((each) => each[named[service]]?.includes(word));
    assert.ok(index >= 0 && record, `${this.name}: no ${kind} is left to edit in ${service}`);
    const path =
      service === "ghl"
        ? `/contacts/${record.contactId}/${list}/${record.id}`
        : `/v1/${list}/${record[named.id]}`;
    return { word, path, name: named[service], text: record[named[service]] };
  }

  /** A person writes another text in a record. */
  async rewrite(service, kind) {
    const { word, path, name, text } = await this.next(service, kind);
    this.replaced.push(word);
    this.written.delete(word);
    const body = { [name]: text.replace(word, this.word(kind)) };
    await this.ask(service, service === "ghl" ? "PUT" : "PATCH", path, body);
  }

  /** A person ticks a task off. */
  async tick(service) {
    const { word, path } = await this.next(service, "task");
    this.ticked.push(word);
    if (service === "ghl") await this.ask("ghl", "PUT", path, { completed: true });
    else await this.ask("chartmogul", "PATCH", path, { completed_at: new Date().toISOString() });
  }

  /** What people do at a time. */
  async edit() {
    const edits = ["ghl", "chartmogul"].flatMap((service) => [
      this.add(service, "note"),
      this.add(service, "note"),
      this.add(service, "task"),
      this.rewrite(service, "note"),
      this.rewrite(service, "note"),
      this.rewrite(service, "task"),
      this.tick(service),
      this.tick(service),
    ]);
    await Promise.all(edits);
  }

  async judgeRecords() {
    await super.judgeRecords();
    const ours = new Set(await this.customers());
    for (const [kind, { list, ...named }] of Object.entries(KINDS)) {
      const [here, all] = await Promise.all(
        ["ghl", "chartmogul"].map((service) => this.records(service, list)),
      );
      const there = all.filter(({ of_customer_uuid }) => ours.has(of_customer_uuid));
      const wanted = [...this.written].filter(([, of]) => of === kind).map(([word]) => word);
      for (const [service, records] of [
        ["ghl", here],
        ["chartmogul", there],
      ]) {
        const words = records.flatMap((record) => record[named[service]]?.match(/word\d+x/g) ?? []);
        this.assertOnce(`${kind} in ${service}`, words, wanted);
      }
      const marks = here.flatMap(({ body }) => body?.match(/\[cm:[nt]:[\w-]+\]/g) ?? []);
      this.assertOnce(`mark of a ${kind}`, marks, [...new Set(marks)]);
      assert.equal(here.length, there.length, `${this.name}: as many ${list} on both sides`);
      if (kind === "note") continue;
      const done = (records, name, is) =>
        records.filter(is).flatMap((record) => record[name].match(/word\d+x/g) ?? []);
      for (const words of [
        done(here, named.ghl, ({ completed }) => completed === true),
        done(there, named.chartmogul, ({ completed_at }) => completed_at !== null),
      ])
        this.assertOnce("task that is done", words, this.ticked);
    }
  }
}

describe("processes both ways", { concurrency: true }, () => {
  const lanes = Array.from({ length: Math.min(LANES, KILLS) }, (_, lane) => lane);
  for (const lane of lanes) {
    const kills = Math.floor((KILLS + lane) / lanes.length);
    test(`killed ${kills} times while people write on both sides, lose nothing and write nothing twice (${lane})`, async (t) => {
      const random = createRandom(SEED * 37 + lane);
      let worlds = 0;
      for (let left = kills; left > 0; worlds++) {
        const world = await BothWays.open(1 + Math.floor(random() * 1_000_000), 12);
        await world.edit();
        // What a killed process has sent is carried out before anybody edits that record.
        let edited = false;
        const onKill = async () => {
          await delay(LATEST_MS);
          if (!edited) await world.edit();
          edited = true;
        };
        left -= await world.syncUnderKills(random, Math.min(left, 2), onKill, ["--full"], 4_000);
        await world.control("faults", []);
        if (edited) await world.sync();
        await world.judge();
        await world.close();
      }
      t.diagnostic(`${kills} kills in ${worlds} worlds`);
    });
  }
});
