// What the tests share: the extension built and loaded in a real browser, the sandbox, a real `serve`.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
export const extensionRoot = join(root, "js/extension");
export const screenshots = join(dirname(fileURLToPath(import.meta.url)), "screenshots");

export const installed = process.env.PACKAGE_DIR;
if (!installed) throw new Error("run this through `cargo xtask test platforms`: PACKAGE_DIR is not set");
export const chromiumPath = process.env.CHROMIUM || "/usr/bin/chromium";

/** Node of the package: 22 or later may share the store with other commands. */
const node = process.env.NODE_24 || process.env.NODE_22 || process.execPath;
const cli = join(installed, "node_modules/ghl-chartmogul/cli.js");

const ends = [];
process.on("exit", () => {
  for (const end of ends) end();
});

export function folder(name) {
  const made = mkdtempSync(join(tmpdir(), `ghl-chartmogul-${name}-`));
  ends.push(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** Builds the extension; gives its folder and what the build reports. */
export function buildExtension(...flags) {
  if (!existsSync(join(extensionRoot, "node_modules/vite"))) {
    const { status, stderr } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], {
      cwd: extensionRoot,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`npm ci in js/extension failed: ${stderr}`);
  }
  const out = folder("extension");
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["build.mjs", "--browser", "chrome", "--out", out, ...flags],
    { cwd: extensionRoot, encoding: "utf8", env: { ...process.env, PACKAGE_DIR: installed } },
  );
  if (status !== 0) throw new Error(`the build failed: ${stderr}${stdout}`);
  return { out, report: JSON.parse(stdout.trim().split("\n").at(-1)) };
}

/** Starts the package's command line, and gives its first line of JSON that fits. */
async function begin(args, env, fits, cwd = folder("cwd")) {
  const child = spawn(node, [cli, ...args], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  ends.push(() => child.kill("SIGKILL"));
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    errors += text;
  });
  const found = (async () => {
    for await (const line of createInterface({ input: child.stdout })) {
      const value = JSON.parse(line);
      if (fits(value)) return value;
    }
    throw new Error(`${args[0]} ended: ${errors}`);
  })();
  const value = await found;
  child.stdout.resume();
  return {
    value,
    child,
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 15_000);
      await once(child, "exit");
      clearTimeout(timer);
    },
  };
}

/** A sandbox of both services over HTTP. */
export async function serveSandbox(...flags) {
  const { value, close } = await begin(["sandbox", "--json", "--port", "0", ...flags], {}, () => true);
  const { ghl, chartmogul } = value;
  return {
    ...value,
    close,
    env: {
      GHL_BASE_URL: ghl.baseUrl,
      GHL_TOKEN: ghl.token,
      GHL_LOCATION_ID: ghl.locationId,
      CHARTMOGUL_BASE_URL: chartmogul.baseUrl,
      CHARTMOGUL_API_KEY: chartmogul.apiKey,
    },
    /** Asks GHL's side, as its pages would. */
    async ghlCall(method, path, body) {
      return call(`${ghl.baseUrl}${path}`, method, body, {
        authorization: `Bearer ${ghl.token}`,
        version: "2021-07-28",
      });
    },
    async chartmogulCall(method, path, body) {
      const authorization = `Basic ${Buffer.from(`${chartmogul.apiKey}:`).toString("base64")}`;
      return call(`${chartmogul.baseUrl}${path}`, method, body, { authorization });
    },
  };
}

async function call(url, method, body, headers) {
  const init = { method, headers: { ...headers, "content-type": "application/json" } };
  if (body !== undefined) init.body = JSON.stringify(body);
  // A test may run into the limit of 100 calls in ten seconds that its own panel uses.
  for (let attempt = 0; ; attempt += 1) {
    const response = await fetch(url, init);
    if (response.status !== 429 || attempt > 20) return response.json().catch(() => ({}));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

export const SERVE_TOKEN = "panel-tests-0123456789abcdef";

/** A real `serve` of a sandbox, whose first run has ended. */
export async function serve(sandbox, { sync = {}, cwd = folder("serve"), port = 0 } = {}) {
  const users = { defaultAssignee: "ada.king@agency.example" };
  const settings = { users, directions: { notes: "both", tasks: "both", contacts: "both" }, ...sync };
  writeFileSync(join(cwd, "ghl-chartmogul.config.json"), JSON.stringify({ sync: settings }));
  const env = { ...sandbox.env, SERVE_TOKEN };
  let url;
  const fits = (line) => {
    if (line.type === "listening") url = line.url;
    return line.type === "outcome" || line.type === "failure";
  };
  const flags = ["serve", "--json", "--port", String(port), "--interval", "60", "--jitter", "0", "--yes"];
  const { value, close, child } = await begin(flags, env, fits, cwd);
  return { url, token: SERVE_TOKEN, first: value, close, child, cwd };
}

/** A stand-in for the pages of both services, under their real addresses. */
const STAND_IN = "<!doctype html><title>Stand-in</title><h1>A page of the service</h1>";

/** A browser with the extension. */
export async function openBrowser(extension, { width = 360, height = 780, theme = "light", args = [] } = {}) {
  const context = await chromium.launchPersistentContext(folder("profile"), {
    executablePath: chromiumPath,
    headless: true,
    viewport: { width, height },
    colorScheme: theme,
    locale: "en-GB",
    timezoneId: "UTC",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      `--disable-extensions-except=${extension}`,
      `--load-extension=${extension}`,
      ...args,
    ],
  });
  ends.push(() => context.browser()?.close());
  await context.route(/^https:\/\//, (route) =>
    route.fulfill({ status: 200, contentType: "text/html", body: STAND_IN }),
  );
  const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent("serviceworker"));
  const id = new URL(worker.url()).host;
  // The settings page opens by itself at the first start.
  const problems = [];
  const watch = (page) => {
    page.on("pageerror", (error) => problems.push(String(error.stack ?? error)));
    page.on("console", (message) => {
      if (message.type() === "error" && /Refused|Content Security Policy/.test(message.text()))
        problems.push(message.text());
    });
  };
  context.on("page", watch);
  return {
    context,
    id,
    worker,
    problems,
    /** Keeps settings, as the settings page does. */
    keep: (settings) => worker.evaluate((values) => chrome.storage.local.set(values), settings),
    async openTab(address) {
      const page = await context.newPage();
      await page.goto(address);
      return page;
    },
    /** The panel, as a tab that follows the tab that was active before it. */
    async openPanel(size) {
      const page = await context.newPage();
      if (size !== undefined) await page.setViewportSize(size);
      await page.goto(`chrome-extension://${id}/panel.html`);
      return page;
    },
    async openOptions() {
      const page = await context.newPage();
      await page.goto(`chrome-extension://${id}/options.html`);
      return page;
    },
    close: () => context.close(),
  };
}

/** The address of a contact, as GHL has it. */
export const contactPage = (locationId, contactId, host = "app.gohighlevel.com") =>
  `https://${host}/v2/location/${locationId}/contacts/detail/${contactId}`;
