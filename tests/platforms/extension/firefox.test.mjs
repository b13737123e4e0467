// The panel in Firefox, where it is installed (firefox-esr of Debian): over Marionette, which is built in.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import net from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CONTACT, LOCATION, play } from "./played.mjs";
import { buildExtension, contactPage, folder } from "./world.mjs";

const path = [process.env.FIREFOX, "/usr/bin/firefox-esr", "/usr/bin/firefox"].find(
  (one) => one && existsSync(one),
);
const skip =
  path === undefined ? "Firefox is not installed: apt-get install firefox-esr, or FIREFOX names it" : false;

const ID = "panel@ghl-chartmogul.example";
const UUID = "11111111-2222-4333-8444-555555555555";
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let played;
let firefox;
let send;
let socket;

before(async () => {
  if (skip) return;
  played = await play();
  const { out } = buildExtension("--browser", "firefox", "--test");
  const profile = folder("firefox");
  const preferences = {
    "extensions.webextensions.uuids": JSON.stringify({ [ID]: UUID }),
    "marionette.port": 0,
    "datareporting.policy.dataSubmissionEnabled": false,
    "app.update.disabledForTesting": true,
    "browser.shell.checkDefaultBrowser": false,
  };
  const lines = Object.entries(preferences).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
  );
  writeFileSync(join(profile, "user.js"), lines.join(""));
  firefox = spawn(
    path,
    ["--headless", "--marionette", "-remote-allow-system-access", "--profile", profile, "--no-remote"],
    { stdio: "ignore", env: { ...process.env, HOME: profile } },
  );
  const portFile = join(profile, "MarionetteActivePort");
  for (let wait = 0; !existsSync(portFile) || readFileSync(portFile, "utf8") === ""; wait += 1) {
    if (wait > 600) throw new Error("Firefox did not open its port within a minute");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  ({ send, socket } = await connect(Number(readFileSync(portFile, "utf8"))));
  await send("WebDriver:NewSession", {});
  await send("Addon:Install", { path: out, temporary: true });
});

after(async () => {
  played?.close();
  await send?.("Marionette:Quit", { flags: ["eForceQuit"] }).catch(() => {});
  socket?.destroy();
  firefox?.kill("SIGKILL");
});

/** Speaks Marionette: JSON with its length before it. */
async function connect(port) {
  const opened = net.connect(port, "127.0.0.1");
  let buffer = Buffer.alloc(0);
  let last = 0;
  const waiting = new Map();
  opened.on("data", (data) => {
    buffer = Buffer.concat([buffer, data]);
    for (;;) {
      const colon = buffer.indexOf(58);
      if (colon < 0) return;
      const length = Number(buffer.subarray(0, colon));
      if (buffer.length < colon + 1 + length) return;
      const message = JSON.parse(buffer.subarray(colon + 1, colon + 1 + length));
      buffer = buffer.subarray(colon + 1 + length);
      if (!Array.isArray(message)) continue;
      const [, id, error, result] = message;
      const { resolve, reject } = waiting.get(id);
      if (error) reject(new Error(`${error.error}: ${error.message}`));
      else resolve(result);
    }
  });
  return {
    socket: opened,
    send: (command, parameters = {}) =>
      new Promise((resolve, reject) => {
        last += 1;
        waiting.set(last, { resolve, reject });
        const message = JSON.stringify([0, last, command, parameters]);
        opened.write(`${Buffer.byteLength(message)}:${message}`);
      }),
  };
}

/** Runs a script in the page, and gives what it returns. */
async function run(script, ...values) {
  const wrapped = `const done = arguments[arguments.length - 1];
    (async (...a) => { ${script} })(...arguments).then(done, (error) => done("threw " + error));`;
  const { value } = await send("WebDriver:ExecuteAsyncScript", {
    script: wrapped,
    args: values,
    newSandbox: true,
    sandbox: null,
  });
  assert.ok(!String(value).startsWith("threw "), value);
  return value;
}

test("shows a contact's customer, plans, and has no violation of axe", { skip }, async () => {
  const page = `moz-extension://${UUID}/panel.html`;
  await send("WebDriver:Navigate", { url: page });
  await run(
    `const { browser } = window.wrappedJSObject ?? window;
     await browser.storage.local.set(a[0]); return "stored";`,
    { way: "served", served: { url: played.url, token: "x".repeat(24) } },
  );
  // The page itself cannot be opened without a network; its address is all that the panel reads.
  const url = contactPage(LOCATION, CONTACT);
  await run(
    `const { browser } = window.wrappedJSObject ?? window;
     const tab = await browser.tabs.create({ url: a[0], active: false }); return tab.id;`,
    url,
  );
  await send("WebDriver:Navigate", { url: page });
  let text = "";
  for (let wait = 0; wait < 150; wait += 1) {
    text = await run(
      `const timeline = document.querySelector("[aria-labelledby=timeline]:not([aria-busy])");
       return timeline === null ? document.body.innerText : "ready " + document.querySelector("#name").textContent;`,
    );
    if (text.startsWith("ready")) break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assert.equal(text, "ready Inês Carvalho");
  assert.equal(await run(`return document.querySelector(".figures .lead dd").textContent;`), "$540.00");
  const { violations, passes } = await run(
    `${axe}\n; const { violations, passes } = await (window.axe ?? axe).run(document);
     return { violations: violations.map(({ id }) => id), passes: passes.length };`,
  );
  assert.deepEqual(violations, []);
  assert.ok(passes > 5);
  await run(
    `[...document.querySelectorAll("button")].find((one) => one.textContent === "Sync contact…").click(); return 1;`,
  );
  let title = "";
  for (let wait = 0; wait < 100 && !/2 changes/.test(title); wait += 1) {
    title = await run(`return document.querySelector("dialog .lead-in")?.textContent ?? "";`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.match(title, /2 changes, 2 calls. Nothing is written until you apply/);
});
