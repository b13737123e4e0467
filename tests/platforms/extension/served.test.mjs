// The panel through a real `serve`, against the sandbox: what it shows and writes, compared with the records of
// both services.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { buildExtension, contactPage, openBrowser, serve, serveSandbox } from "./world.mjs";

let sandbox;
let served;
let browser;
let panel;
let contacts;
let records;

const api = async (method, path, body) => {
  const response = await fetch(`${served.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${served.token}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return response.json();
};

before(async () => {
  sandbox = await serveSandbox("--contacts", "30", "--seed", "5", "--search-lag-ms", "0");
  served = await serve(sandbox);
  const { locationId } = sandbox.ghl;
  ({ contacts } = await sandbox.ghlCall("POST", "/contacts/search", { locationId, pageLimit: 30 }));
  ({ records } = await api("POST", "/v1/why", { ids: contacts.map(({ id }) => id) }));
  browser = await openBrowser(buildExtension("--test").out);
  await browser.keep({ way: "served", served: { url: served.url, token: served.token } });
  panel = await browser.openPanel();
});

after(async () => {
  assert.deepEqual(browser?.problems, []);
  await browser?.close();
  await served?.close();
  await sandbox?.close();
});

/** Opens a contact's page, then looks at the panel. */
async function open(contactId, address = contactPage(sandbox.ghl.locationId, contactId)) {
  const tab = await browser.openTab(address);
  await panel.bringToFront();
  return tab;
}

/** Waits until the panel has read everything of whoever it shows. */
const ready = () => panel.locator("[aria-labelledby=timeline]:not([aria-busy])").waitFor({ timeout: 20_000 });
/** Waits for an outcome and dismisses it, so that the next one is not taken for it. */
async function said(text) {
  const toast = panel.locator(".toast", { hasText: text });
  await toast.waitFor({ timeout: 30_000 });
  await toast.getByRole("button", { name: "Dismiss" }).click();
}
const linked = (index = 0) => records.filter(({ standing }) => standing === "inStep")[index];
const nameOf = (id) => {
  const { firstNameRaw, firstName, lastNameRaw, lastName } = contacts.find((one) => one.id === id);
  return `${firstNameRaw ?? firstName} ${lastNameRaw ?? lastName}`.trim();
};
const notesOf = async (customer) =>
  (await sandbox.chartmogulCall("GET", `/v1/notes?customer_uuid=${customer}&per_page=200`)).entries;
const tasksOf = async (customer) =>
  (await sandbox.chartmogulCall("GET", `/v1/tasks?customer_uuid=${customer}&per_page=200`)).entries;

describe("beside a contact", () => {
  test("shows the customer as ChartMogul has it, and every record of both sides once", async () => {
    const { id, chartmogulCustomer } = linked();
    await open(id);
    await ready();
    const customer = await sandbox.chartmogulCall("GET", `/v1/customers/${chartmogulCustomer}`);
    const { contact } = await sandbox.ghlCall("GET", `/contacts/${id}`);
    assert.equal(await panel.locator("#name").textContent(), `${contact.firstName} ${contact.lastName}`);
    const mrr = (customer.mrr / 100).toLocaleString("en-US", {
      style: "currency",
      currency: customer.currency,
    });
    assert.equal(await panel.locator(".figures .lead dd").textContent(), mrr);
    assert.match(await panel.locator(".roll").textContent(), /^In step, checked just now/);
    assert.equal(await panel.locator(".half a.rec").last().getAttribute("href"), customer["chartmogul-url"]);

    const { notes } = await sandbox.ghlCall("GET", `/contacts/${id}/notes`);
    const { tasks } = await sandbox.ghlCall("GET", `/contacts/${id}/tasks`);
    const ofGhl = notes.length + tasks.length;
    const texts = [
      ...(await notesOf(chartmogulCustomer)).map(({ text }) => text ?? ""),
      ...(await tasksOf(chartmogulCustomer)).map(({ task_details }) => task_details),
    ];
    // Copies of GHL's are shown with what they are copies of; what came from ChartMogul has a marker in GHL.
    const bodies = [...notes, ...tasks].map(({ body }) => body ?? "").join(" ");
    const onlyThere =
      texts.filter((text) => !text.includes("[ghl:")).length - bodies.split("[cm:").length + 1;
    const entries = await panel.locator(".entry.note, .entry.task").count();
    const calls = await panel.locator(".entry.call .pair.is-in-step").count();
    assert.equal(entries + calls, ofGhl + onlyThere, `${ofGhl} in GHL, ${onlyThere} in ChartMogul only`);
    assert.equal(await panel.locator(".entry", { hasText: "[ghl:" }).count(), 0, "no marker is shown");
  });

  test("plans first, writes what was shown, and refuses a plan that is out of date", async () => {
    const { id, chartmogulCustomer } = linked();
    const before = (await notesOf(chartmogulCustomer)).length;
    await sandbox.ghlCall("POST", `/contacts/${id}/notes`, {
      body: "Asked for <b>25 seats</b> &amp; a quote",
    });
    await panel.getByRole("button", { name: "More actions" }).click();
    await panel.getByRole("button", { name: "Read again" }).click();
    await panel.locator(".entry[data-state=pending]").first().waitFor();
    assert.match(await panel.locator(".roll").textContent(), /1 pending/);
    await panel.getByRole("button", { name: "Sync contact…" }).click();
    await panel.locator("dialog .change").first().waitFor({ timeout: 30_000 });
    assert.match(await panel.locator("dialog .change").first().textContent(), /Create a note in ChartMogul/);
    assert.equal((await notesOf(chartmogulCustomer)).length, before, "a plan writes nothing");

    // Somebody else syncs meanwhile.
    const other = await api("POST", "/v1/plan", { contacts: [id] });
    assert.ok(other.id, JSON.stringify(other));
    await api("POST", "/v1/apply", { planId: other.id });
    assert.equal((await notesOf(chartmogulCustomer)).length, before + 1);
    await panel.getByRole("button", { name: /^Apply/ }).click();
    await panel.locator("dialog .notice", { hasText: "out of date" }).waitFor();
    assert.equal((await notesOf(chartmogulCustomer)).length, before + 1, "nothing is written twice");
    await panel.getByRole("button", { name: "New plan" }).click();
    await panel.locator("dialog .lead-in", { hasText: "nothing to write" }).waitFor({ timeout: 30_000 });
    await panel.locator(".sheet-foot").getByRole("button", { name: "Close" }).click();

    await sandbox.ghlCall("POST", `/contacts/${id}/notes`, { body: "Second" });
    await panel.getByRole("button", { name: "Sync contact…" }).click();
    await panel.getByRole("button", { name: /^Apply 1 change/ }).click({ timeout: 30_000 });
    await said("1 change applied");
    const notes = await notesOf(chartmogulCustomer);
    assert.equal(notes.length, before + 2);
    assert.equal(notes.filter(({ text }) => /^Second<br>\[ghl:n:/.test(text)).length, 1);
    await panel.locator(".entry", { hasText: "Second" }).locator(".pair.is-in-step").waitFor();
    const html = await panel.locator(".entry", { hasText: "25 seats" }).locator(".t").textContent();
    assert.equal(html, "Note: Asked for 25 seats & a quote");
  });

  test("adds a note and a task to both sides, each once", async () => {
    const { id, chartmogulCustomer } = linked();
    await panel.getByRole("button", { name: "Note", exact: true }).click();
    await panel.getByRole("button", { name: "Add note" }).click();
    assert.match(await panel.locator("#text-error").textContent(), /Write the note first/);
    await panel.getByLabel("Text").fill("Wants one invoice <for both> & a call\nnext week");
    await panel.getByRole("button", { name: "Add note" }).click();
    await said("Added to both sides");
    const { notes } = await sandbox.ghlCall("GET", `/contacts/${id}/notes`);
    const mine = notes.filter(({ body }) => body.startsWith("Wants one invoice"));
    assert.equal(mine.length, 1);
    assert.equal(mine[0].body, "Wants one invoice &lt;for both&gt; &amp; a call<br>next week");
    const copies = (await notesOf(chartmogulCustomer)).filter(({ text }) =>
      text.includes(`[ghl:n:${mine[0].id}]`),
    );
    assert.equal(copies.length, 1);

    await panel.getByRole("button", { name: "Task", exact: true }).click();
    await panel.getByLabel("Text").fill("Send the renewal quote");
    await panel.getByLabel("Due").fill("2027-03-04");
    await panel.getByLabel("Assignee").selectOption({ label: "Ada King" });
    await panel.getByRole("button", { name: "Add task" }).click();
    await said("Added to both sides");
    const { tasks } = await sandbox.ghlCall("GET", `/contacts/${id}/tasks`);
    const made = tasks.filter(({ title }) => title === "Send the renewal quote");
    assert.equal(made.length, 1);
    const there = (await tasksOf(chartmogulCustomer)).filter(({ task_details }) =>
      task_details.includes(`[ghl:t:${made[0].id}]`),
    );
    assert.equal(there.length, 1);
    assert.match(there[0].due_date, /^2027-03-04/);
    assert.equal(there[0].assignee, "ada.king@agency.example");
  });

  test("settles a conflict with the value that a person keeps", async () => {
    const { id } = linked();
    const { tasks } = await sandbox.ghlCall("GET", `/contacts/${id}/tasks`);
    const task = tasks.find(({ title }) => title === "Send the renewal quote");
    const { chartmogulId } = await api("GET", `/v1/why/${task.id}`);
    await sandbox.ghlCall("PUT", `/contacts/${id}/tasks/${task.id}`, { title: "Send the quote on paper" });
    await sandbox.chartmogulCall("PATCH", `/v1/tasks/${chartmogulId}`, {
      task_details: `Send the quote by e-mail [ghl:t:${task.id}]`,
    });
    await api("POST", "/v1/run", { contacts: [id], apply: true });
    const { conflicts } = await api("GET", `/v1/conflicts?contact=${id}`);
    assert.equal(conflicts.length, 1, JSON.stringify(conflicts));
    await panel.getByRole("button", { name: "More actions" }).click();
    await panel.getByRole("button", { name: "Read again" }).click();
    await panel.locator(".case").waitFor();
    assert.match(await panel.locator(".roll").textContent(), /Conflict/);
    assert.deepEqual(await panel.locator(".case .val").allTextContents(), [
      "Send the quote on paper",
      "Send the quote by e-mail",
    ]);
    await panel.getByRole("button", { name: /^Keep this: Send the quote by e-mail/ }).click();
    await said("All settled");
    const untouched = await sandbox.ghlCall("GET", `/contacts/${id}/tasks/${task.id}`);
    assert.equal(untouched.task.title, "Send the quote on paper", "settling writes nothing");
    await panel.getByRole("button", { name: "Sync contact…" }).click();
    await panel.getByRole("button", { name: /^Apply/ }).click({ timeout: 30_000 });
    await said("applied");
    const { task: now } = await sandbox.ghlCall("GET", `/contacts/${id}/tasks/${task.id}`);
    assert.equal(now.title, "Send the quote by e-mail");
  });

  test("unlinks and links again, and nothing is deleted", async () => {
    const { id, chartmogulCustomer } = linked(1);
    const tab = await open(id);
    await panel.locator("#name", { hasText: nameOf(id).split(" ")[0] }).waitFor();
    await ready();
    const before = await notesOf(chartmogulCustomer);
    await panel.getByRole("button", { name: "More actions" }).click();
    await panel.getByRole("button", { name: "Unlink", exact: true }).click();
    await said("Nothing was deleted");
    await panel.locator(".notice", { hasText: "was unlinked" }).waitFor();
    assert.equal((await api("GET", `/v1/why/${id}`)).cause, "unlinked");
    assert.deepEqual(await notesOf(chartmogulCustomer), before);
    await panel.getByRole("button", { name: "Link a customer" }).first().click();
    await panel.getByLabel("Find a ChartMogul customer").fill("nobody");
    await panel.getByRole("button", { name: "Find" }).click();
    await panel.locator(".err", { hasText: "whole e-mail address" }).waitFor();
    await panel.getByLabel("Find a ChartMogul customer").fill(chartmogulCustomer);
    await panel.getByRole("button", { name: "Find" }).click();
    await panel.locator("[aria-labelledby=find] .cand").getByRole("button").click({ timeout: 20_000 });
    await panel.locator("dialog .lead-in").waitFor({ timeout: 30_000 });
    const apply = panel.getByRole("button", { name: /^Apply/ });
    if ((await apply.count()) > 0) await apply.click();
    else {
      // A link that writes nothing is made by the next run.
      await panel.locator(".sheet-foot").getByRole("button", { name: "Close" }).click();
      await api("POST", "/v1/run", { contacts: [id], apply: true });
    }
    await assert.doesNotReject(until(async () => (await api("GET", `/v1/why/${id}`)).standing === "inStep"));
    assert.deepEqual(
      (await notesOf(chartmogulCustomer)).map(({ uuid }) => uuid).sort(),
      before.map(({ uuid }) => uuid).sort(),
    );
    await tab.close();
  });

  test("offers those who may be the customer of an unlinked contact, and links the chosen one", async () => {
    const { id, candidates } = records.find(({ cause }) => cause === "ambiguous");
    await open(id);
    await panel.locator("#candidates").waitFor();
    await ready();
    assert.equal(await panel.locator("#candidates").textContent(), `${candidates.length} possible customers`);
    const chosen = await sandbox.chartmogulCall("GET", `/v1/customers/${candidates[1]}`);
    await panel
      .getByRole("button", { name: `Link ${chosen.company || chosen.name}` })
      .first()
      .click();
    await panel.locator("dialog .opening", { hasText: "Linked to" }).waitFor();
    await panel.getByRole("button", { name: /^Apply/ }).click({ timeout: 30_000 });
    await said("applied");
    const status = await api("GET", `/v1/why/${id}`);
    assert.equal(status.standing, "inStep", JSON.stringify(status));
    assert.equal(status.chartmogulCustomer, candidates[1], JSON.stringify(status));
    const { notes } = await sandbox.ghlCall("GET", `/contacts/${id}/notes`);
    const copies = await notesOf(candidates[1]);
    for (const note of notes)
      assert.equal(copies.filter(({ text }) => text?.includes(`[ghl:n:${note.id}]`)).length, 1);
    await panel.locator(".half .v", { hasText: chosen.company || chosen.name }).waitFor();
  });
});

async function until(isSo, ms = 15_000) {
  const ends = Date.now() + ms;
  while (!(await isSo())) {
    if (Date.now() > ends) throw new Error("it did not come to be so");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe("which page it is beside", () => {
  test("follows the active tab, and never shows a late answer of the contact before", async () => {
    const [slow, quick] = [linked(2).id, linked(3).id];
    const shown = [];
    await panel.exposeFunction("noteName", (name) => shown.push(name));
    await panel.evaluate(() => {
      new MutationObserver(() => window.noteName(document.querySelector("#name")?.textContent ?? "")).observe(
        document.body,
        { childList: true, subtree: true, characterData: true },
      );
    });
    let held;
    const isHeld = new Promise((resolve) => {
      held = resolve;
    });
    let release;
    const isReleased = new Promise((resolve) => {
      release = resolve;
    });
    await browser.context.route(`${served.url}/v1/**`, async (route) => {
      if ((route.request().postData() ?? "").includes(slow)) {
        held();
        await isReleased;
      }
      await route.continue().catch(() => {});
    });
    await open(slow);
    await isHeld;
    await open(quick);
    await panel.locator("#name", { hasText: nameOf(quick).split(" ")[0] }).waitFor({ timeout: 20_000 });
    release();
    await ready();
    await panel.waitForTimeout(1_000);
    await browser.context.unroute(`${served.url}/v1/**`);
    assert.ok(!shown.includes(nameOf(slow)), shown.join());
    const { contact } = await sandbox.ghlCall("GET", `/contacts/${quick}`);
    assert.equal(await panel.locator("#name").textContent(), `${contact.firstName} ${contact.lastName}`);
  });

  test("knows a conversation's contact", async () => {
    const { id } = linked(1);
    const { locationId } = sandbox.ghl;
    const query = `locationId=${locationId}&contactId=${id}`;
    const { conversations } = await sandbox.ghlCall("GET", `/conversations/search?${query}`);
    const host = "https://app.leadconnectorhq.com";
    await open(id, `${host}/v2/location/${locationId}/conversations/conversations/${conversations[0].id}`);
    await panel.locator("#name", { hasText: nameOf(id).split(" ")[0] }).waitFor({ timeout: 20_000 });
  });

  test("shows the contacts of a ChartMogul customer, by its uuid and by the number of its own page", async () => {
    const { id, chartmogulCustomer } = linked(2);
    const customer = await sandbox.chartmogulCall("GET", `/v1/customers/${chartmogulCustomer}`);
    for (const address of [
      `https://app.chartmogul.com/#/customers/${chartmogulCustomer}`,
      customer["chartmogul-url"],
    ]) {
      const tab = await open(id, address);
      await panel.locator("#contacts").waitFor({ timeout: 20_000 });
      await ready();
      assert.equal(await panel.locator("#name").textContent(), customer.company || customer.name);
      const link = panel.locator(`[aria-labelledby=contacts] a[href$="/contacts/detail/${id}"]`);
      assert.equal(await link.count(), 1);
      await tab.close();
    }
  });

  test("says what to do on a page without a contact, and on one of another location", async () => {
    await open(
      "",
      `https://app.gohighlevel.com/v2/location/${sandbox.ghl.locationId}/contacts/smart_list/All`,
    );
    await panel.locator("h1", { hasText: "Open a contact" }).waitFor();
    assert.match(await panel.locator(".centre").textContent(), /the contact list of GHL/);
    await open("", "https://app.chartmogul.com/#/reports/mrr");
    await panel.locator(".centre", { hasText: "of ChartMogul" }).waitFor();
    await open("", contactPage("AnotherLocation00001", linked().id));
    await panel.locator("h1", { hasText: "another location" }).waitFor();
    assert.match(await panel.locator(".centre").textContent(), /AnotherLocation00001/);
    assert.equal(await panel.locator(".foot").count(), 0, "there is nothing to press");
  });

  test("asks for permission on a domain that it may not see", async () => {
    // No permission and no click on its button: the address is not to be seen.
    await open("", contactPage(sandbox.ghl.locationId, linked().id, "crm.tidewater.example"));
    await panel.locator("h1", { hasText: "cannot see this tab" }).waitFor();
    assert.match(await panel.locator(".centre").textContent(), /address only: no page content/);
  });

  test("reads on beside a store that is busy, and says so where it would write", async () => {
    const { id } = linked(3);
    await open(id);
    await ready();
    await browser.context.route(`${served.url}/v1/plan`, (route) =>
      route.fulfill({
        status: 409,
        contentType: "application/json",
        body: JSON.stringify({ error: { code: "busy", message: "a run is under way" } }),
      }),
    );
    await panel.getByRole("button", { name: "Sync contact…" }).click();
    await panel.locator("dialog .notice", { hasText: "Another sync of this location is running" }).waitFor();
    await browser.context.unroute(`${served.url}/v1/plan`);
    await panel.keyboard.press("Escape");
    await panel.locator("dialog").waitFor({ state: "detached" });
    assert.equal(await panel.evaluate(() => document.activeElement?.textContent), "Sync contact…");
  });
});

describe("a serve that is not as it should be", () => {
  const set = (url, token = served.token) => browser.keep({ way: "served", served: { url, token } });
  const notice = (text) => panel.locator(".notice", { hasText: text }).waitFor({ timeout: 20_000 });

  test("says what to do about each", async () => {
    await set(served.url, "wrong-token-0123456789abc");
    await notice("serve did not accept the token");
    const answers = {
      old: [404, { error: { code: "not_found", message: "the route does not exist" } }],
      off: [404, { error: { code: "not_found", message: "the API is off" } }],
      other: [200, "<!doctype html>"],
    };
    const server = createServer((request, response) => {
      const [, kind] = request.url.split("/");
      const [status, body] = answers[kind];
      response.writeHead(status, { "content-type": "application/json" });
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${server.address().port}`;
    try {
      await set(`${url}/old`);
      await notice("This serve is older than the panel");
      await set(`${url}/off`);
      await notice("The API of serve is off");
      await set(`${url}/other`);
      await notice("Something other than serve answers");
    } finally {
      server.close();
    }
    await set(url);
    await notice("does not answer");
    await browser.keep({ served: { url: "", token: served.token } });
    await panel.locator("h1", { hasText: "The set-up is not finished" }).waitFor();
    assert.match(await panel.locator(".centre").textContent(), /The address of serve is missing/);
  });

  test("keeps what was read when serve goes away, with its time, and writes nothing", async () => {
    await set(served.url);
    await open(linked().id);
    await ready();
    await served.close();
    await panel.getByRole("button", { name: "More actions" }).click();
    await panel.getByRole("button", { name: "Read again" }).click();
    await notice("does not answer");
    assert.match(await panel.locator(".notice").textContent(), /Showing data from \d\d:\d\d/);
    assert.ok((await panel.locator(".entry").count()) > 0);
    assert.equal(
      await panel.getByRole("button", { name: "Sync contact…" }).getAttribute("aria-disabled"),
      "true",
    );
  });
});
