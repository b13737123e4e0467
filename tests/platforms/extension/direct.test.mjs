// The settings page and the panel with keys, against the sandbox: credential tests, where keys are kept and who
// can read them, single writes with their markers.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { buildExtension, contactPage, folder, openBrowser, serve, serveSandbox } from "./world.mjs";

let sandbox;
let browser;
let options;
let build;

before(async () => {
  sandbox = await serveSandbox("--contacts", "30", "--seed", "5", "--search-lag-ms", "0");
  build = buildExtension("--test");
  browser = await openBrowser(build.out, { width: 1100, height: 900 });
  options = await browser.openOptions();
});

after(async () => {
  assert.deepEqual(browser?.problems, []);
  await browser?.close();
  await sandbox?.close();
});

const stored = () => browser.worker.evaluate(() => chrome.storage.local.get());
const result = (side, text) =>
  options.locator(`#tested-${side}`, { hasText: text }).waitFor({ timeout: 30_000 });
const press = (name) => options.getByRole("button", { name, exact: true }).click();

describe("the settings page", () => {
  test("refuses what cannot be right before anything is sent", async () => {
    const sent = [];
    await browser.context.route(/^http:/, (route) => {
      sent.push(route.request().url());
      return route.continue();
    });
    for (const [url, token, text] of [
      ["ftp://x", "a".repeat(20), "not the address of a serve"],
      ["http://sync.example.com", "a".repeat(20), "not the address of a serve"],
      ["https://user:pass@sync.example.com", "a".repeat(20), "not the address of a serve"],
      ["http://127.0.0.1:8787", "short", "not a token of serve"],
    ]) {
      await options.getByLabel("Address of serve").fill(url);
      await options.getByLabel("Token", { exact: true }).fill(token);
      await press("Test and save");
      await options.locator(".box .err", { hasText: text }).waitFor();
    }
    await options.getByLabel("Directly with keys").check();
    await press("Test and save GHL");
    await result("crm", "The token is missing");
    await press("Test and save ChartMogul");
    await result("chartmogul", "The API key is missing");
    await browser.context.unroute(/^http:/);
    assert.deepEqual(sent, []);
  });

  test("tries each side by itself, and keeps only what works", async () => {
    await options.getByText("Use a sandbox instead").click();
    await options.getByLabel("Address in place of GHL’s").fill(sandbox.ghl.baseUrl);
    await options.getByLabel("Address in place of ChartMogul’s").fill(sandbox.chartmogul.baseUrl);
    await options.getByLabel("Private Integration token").fill("pit-wrong");
    await options.getByLabel("Location", { exact: true }).fill(sandbox.ghl.locationId);
    await press("Test and save GHL");
    await result("crm", "GHL did not accept the token");
    await options.getByLabel("API key").fill("wrong");
    await press("Test and save ChartMogul");
    await result("chartmogul", "ChartMogul did not accept the API key");
    assert.equal((await stored()).direct, undefined);

    await options.getByLabel("Private Integration token").fill(sandbox.ghl.token);
    await options.getByLabel("Location", { exact: true }).fill("AnotherLocation00001");
    await press("Test and save GHL");
    await options.locator("#tested-crm .is-failed").waitFor();
    assert.equal((await stored()).direct, undefined);

    // The address of any page of the location will do.
    await options
      .getByLabel("Location", { exact: true })
      .fill(`https://app.gohighlevel.com/v2/location/${sandbox.ghl.locationId}/dashboard`);
    await press("Test and save GHL");
    await result("crm", "30 contacts");
    await result("crm", "Users: can be read");
    await options.getByLabel("API key").fill(sandbox.chartmogul.apiKey);
    await press("Test and save ChartMogul");
    await result("chartmogul", "Account Sandbox, USD");
    await options.locator(".seam.keys > .sign.is-in-step").waitFor();
    const { direct, way } = await stored();
    assert.equal(way, "direct");
    assert.equal(direct.ghlToken, sandbox.ghl.token);
    assert.equal(direct.locationId, sandbox.ghl.locationId);
    assert.equal(direct.chartmogulKey, sandbox.chartmogul.apiKey);
  });

  test("tells what a serve reaches, and keeps it if it works", async () => {
    // Its run writes: a sandbox of its own.
    const other = await serveSandbox("--contacts", "3", "--seed", "2");
    const served = await serve(other);
    try {
      await options.getByLabel("Through serve").check();
      await options.getByLabel("Address of serve").fill(`${served.url}/v1`);
      await options.getByLabel("Token", { exact: true }).fill("x".repeat(24));
      await press("Test and save");
      await result("crm", "serve did not accept the token");
      await options.getByLabel("Token", { exact: true }).fill(served.token);
      await press("Test and save");
      await result("crm", "Location Riverside Studio");
      await result("chartmogul", "Account Sandbox, USD");
      assert.deepEqual((await stored()).served, { url: served.url, token: served.token });
    } finally {
      await served.close();
      await other.close();
    }
    await press("Test and save");
    await result("crm", "does not answer");
    await options.getByLabel("Directly with keys").check();
  });

  test("allows a domain only where it is one", async () => {
    await options.getByLabel("Your agency’s own domain").fill("not a domain");
    await press("Allow…");
    assert.match(await options.locator("#domain-error").textContent(), /That is not a domain/);
    await options.getByLabel("Your agency’s own domain").fill("https://app.gohighlevel.com/v2/x");
    await press("Allow…");
    assert.match(await options.locator("#domain-error").textContent(), /allowed already/);
  });
});

describe("the keys", () => {
  test("are closed to pages and to content scripts of the extension itself", async () => {
    const [token, key] = [sandbox.ghl.token, sandbox.chartmogul.apiKey];
    // A web page sees no extension storage at all.
    const tab = await browser.openTab("https://app.gohighlevel.com/v2/location/x");
    const seen = await tab.evaluate(() => ({
      storage: typeof globalThis.chrome?.storage,
      local: JSON.stringify(localStorage),
      text: document.documentElement.outerHTML,
    }));
    assert.equal(seen.storage, "undefined");
    assert.ok(!JSON.stringify(seen).includes(token) && !JSON.stringify(seen).includes(key));
    await tab.close();

    // A content script, added for this test, is refused by the access level that the worker sets.
    const copy = folder("content-script");
    for (const file of readdirSync(build.out, { recursive: true, withFileTypes: true })) {
      const from = join(file.parentPath ?? file.path, file.name);
      const to = from.replace(build.out, copy);
      if (file.isDirectory()) mkdirSync(to, { recursive: true });
      else if (!existsSync(to)) {
        mkdirSync(join(to, ".."), { recursive: true });
        writeFileSync(to, readFileSync(from));
      }
    }
    const manifest = JSON.parse(readFileSync(join(copy, "manifest.json"), "utf8"));
    assert.equal(manifest.content_scripts, undefined, "the extension has no content script");
    manifest.content_scripts = [{ matches: ["https://app.gohighlevel.com/*"], js: ["probe.js"] }];
    writeFileSync(join(copy, "manifest.json"), JSON.stringify(manifest));
    writeFileSync(
      join(copy, "probe.js"),
      `const tell = (text) => document.documentElement.setAttribute("data-probe", text);
       Promise.all(["local", "session"].map((area) =>
         Promise.resolve().then(() => chrome.storage[area].get()).then((all) => area + ": " + JSON.stringify(all), (error) => area + ": refused, " + error.message)
       )).then((texts) => tell(texts.join("; ")));`,
    );
    const probed = await openBrowser(copy);
    try {
      await probed.keep({ way: "direct", direct: { ghlToken: token, locationId: "x", chartmogulKey: key } });
      const page = await probed.openTab("https://app.gohighlevel.com/v2/location/x");
      await page.locator("html[data-probe]").waitFor({ state: "attached" });
      const probe = await page.locator("html").getAttribute("data-probe");
      assert.match(probe, /^local: refused, Access to storage is not allowed.*session: refused/, probe);
      assert.ok(!probe.includes(token) && !probe.includes(key));
    } finally {
      await probed.close();
    }
  });

  test("are forgotten at a press", async () => {
    const before = await stored();
    await options.bringToFront();
    await press("Forget the keys");
    await options.locator(".done", { hasText: "are forgotten" }).waitFor();
    const now = await stored();
    assert.equal(now.direct, undefined);
    assert.equal(now.served, undefined);
    await options.waitForTimeout(200);
    assert.equal(await options.getByLabel("API key").inputValue(), "");
    await browser.keep(before);
  });
});

describe("the panel with keys", () => {
  let panel;
  let contact;
  let customer;

  before(async () => {
    panel = await browser.openPanel({ width: 360, height: 780 });
    const { locationId } = sandbox.ghl;
    const { contacts } = await sandbox.ghlCall("POST", "/contacts/search", { locationId, pageLimit: 30 });
    for (const one of contacts) {
      if (!one.email) continue;
      const query = encodeURIComponent(one.email.toLowerCase());
      const { entries } = await sandbox.chartmogulCall("GET", `/v1/customers/search?email=${query}`);
      if (entries?.length !== 1) continue;
      contact = one;
      [customer] = entries;
      break;
    }
    await browser.openTab(contactPage(locationId, contact.id));
    await panel.bringToFront();
  });

  test("reads both sides, says that it does not sync, and links by one write that is shown first", async () => {
    await panel.locator("#candidates").waitFor({ timeout: 30_000 });
    assert.match(await panel.locator(".way").textContent(), /A location has one store/);
    const sync = panel.getByRole("button", { name: "Sync contact…" });
    assert.equal(await sync.getAttribute("aria-disabled"), "true");
    assert.equal(await sync.getAttribute("aria-describedby"), "off");
    await panel.locator(".cand").getByRole("button").click();
    await panel.locator("dialog .change").waitFor({ timeout: 20_000 });
    const marked = () => sandbox.chartmogulCall("GET", `/v1/contacts?external_id=${contact.id}`);
    assert.equal((await marked()).entries.length, 0, "nothing is written before the button");
    await panel.getByRole("button", { name: "Write this change" }).click();
    await panel.locator(".toast", { hasText: "Linked to" }).waitFor({ timeout: 20_000 });
    const { entries } = await marked();
    assert.equal(entries.length, 1);
    assert.equal(entries[0].customer_uuid, customer.uuid);
    await panel.locator(".roll", { hasText: "Linked, checked" }).waitFor({ timeout: 20_000 });
    const mrr = (customer.mrr / 100).toLocaleString("en-US", {
      style: "currency",
      currency: customer.currency,
    });
    assert.equal(await panel.locator(".figures .lead dd").textContent(), mrr);
  });

  test("writes a note and a task to both sides, with the marker by which a sync knows them", async () => {
    await panel.getByRole("button", { name: "Note", exact: true }).click();
    await panel.getByLabel("Text").fill("Asked for <both> & more");
    await panel.getByRole("button", { name: "Add note" }).click();
    await panel.locator(".toast", { hasText: "Added to both sides" }).waitFor({ timeout: 20_000 });
    await panel.getByRole("button", { name: "Dismiss" }).click();
    await panel.getByRole("button", { name: "Task", exact: true }).click();
    await panel.getByLabel("Text").fill(`Send the quote ${"and the papers ".repeat(20)}`);
    await panel.getByLabel("Due").fill("2027-03-04");
    await panel.getByLabel("Assignee").selectOption({ label: "Ada King" });
    await panel.getByRole("button", { name: "Add task" }).click();
    await panel.locator(".toast", { hasText: "Added to both sides" }).waitFor({ timeout: 20_000 });

    const { notes } = await sandbox.ghlCall("GET", `/contacts/${contact.id}/notes`);
    const note = notes.find(({ body }) => body === "Asked for &lt;both&gt; &amp; more");
    const { tasks } = await sandbox.ghlCall("GET", `/contacts/${contact.id}/tasks`);
    const task = tasks.find(({ title }) => title.startsWith("Send the quote"));
    const there = await sandbox.chartmogulCall("GET", `/v1/notes?customer_uuid=${customer.uuid}`);
    assert.ok(
      there.entries.some(({ text }) => text === `Asked for &lt;both&gt; &amp; more<br>[ghl:n:${note.id}]`),
    );
    const dues = await sandbox.chartmogulCall("GET", `/v1/tasks?customer_uuid=${customer.uuid}`);
    const copy = dues.entries.find(({ task_details }) => task_details.endsWith(` [ghl:t:${task.id}]`));
    assert.ok(copy.task_details.length <= 255);
    assert.match(copy.due_date, /^2027-03-04/);

    // A sync afterwards links them, and writes neither again.
    const served = await serve(sandbox, { sync: { directions: {} } });
    try {
      const headers = { authorization: `Bearer ${served.token}`, "content-type": "application/json" };
      const body = JSON.stringify({ ids: [contact.id, note.id, task.id] });
      const response = await fetch(`${served.url}/v1/why`, { method: "POST", headers, body });
      const { records } = await response.json();
      assert.deepEqual(
        records.map(({ standing }) => standing),
        ["inStep", "inStep", "inStep"],
        JSON.stringify(records),
      );
      assert.equal(records[0].chartmogulCustomer, customer.uuid);
      assert.equal(records[1].matched, "marker");
      const again = await sandbox.chartmogulCall("GET", `/v1/notes?customer_uuid=${customer.uuid}`);
      assert.equal(again.entries.filter(({ text }) => text?.includes(`[ghl:n:${note.id}]`)).length, 1);
    } finally {
      await served.close();
    }
  });

  test("writes nothing where it is set to read only", async () => {
    await browser.keep({ isReadOnly: true });
    await panel.locator(".way", { hasText: "Read only" }).waitFor({ timeout: 20_000 });
    for (const name of ["Note", "Task", "Sync contact…"]) {
      const button = panel.getByRole("button", { name, exact: true });
      assert.equal(await button.getAttribute("aria-disabled"), "true");
    }
    await panel.getByRole("button", { name: "Note", exact: true }).click({ force: true });
    assert.equal(await panel.locator("dialog").count(), 0);
  });

  test("says which side refuses, and shows the other", async () => {
    const { direct } = await stored();
    await browser.keep({ isReadOnly: false, direct: { ...direct, chartmogulKey: "revoked-000000000000" } });
    await panel
      .locator(".notice", { hasText: "ChartMogul did not accept the API key" })
      .waitFor({ timeout: 20_000 });
    assert.match(await panel.locator(".head", { hasText: "Timeline" }).textContent(), /GHL only/);
    assert.ok((await panel.locator(".entry").count()) > 0);
    await browser.keep({ direct: { ...direct, ghlToken: "pit-revoked" } });
    await panel.locator(".notice", { hasText: "GHL did not accept the token" }).waitFor({ timeout: 20_000 });
    const text = await panel.locator("body").textContent();
    assert.ok(!text.includes("pit-revoked") && !text.includes("revoked-0000"), "no key is shown");
  });
});
