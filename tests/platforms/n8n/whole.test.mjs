// The whole of n8n 2.41.1, with the nodes, the Code node and the editor: 2.9 GB, so on request only. N8N_WHOLE=1
// installs it into a temporary folder, or takes the one that N8N_WHOLE_DIR names.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { buildPackage } from "./packages.mjs";
import { contactIds, openSandbox } from "./sandbox.mjs";

const { N8N_WHOLE, N8N_WHOLE_DIR, PACKAGE_DIR: project } = process.env;
const VERSION = "2.41.1";
const skip = N8N_WHOLE === "1" ? false : "needs 2.9 GB and six minutes: run it with N8N_WHOLE=1";

/** The folder with n8n; its install scripts but one download things, and are left out. */
function installN8n() {
  const folder = N8N_WHOLE_DIR ?? join(tmpdir(), `n8n-${VERSION}`);
  if (existsSync(join(folder, "node_modules/n8n/bin/n8n"))) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ private: true, dependencies: { n8n: VERSION } }),
  );
  const run = (...args) => execFileSync("npm", args, { cwd: folder, stdio: "inherit" });
  run("install", "--ignore-scripts", "--no-audit", "--no-fund");
  run("rebuild", "sqlite3");
  return folder;
}

/** Nodes with their own dependencies, as n8n loads them from a folder. */
function customNodes(home) {
  const custom = join(home, "custom");
  for (const name of ["ghl", "sync"]) {
    const built = buildPackage(name);
    mkdirSync(join(custom, name), { recursive: true });
    for (const part of ["dist", "package.json"])
      cpSync(join(built, part), join(custom, name, part), { recursive: true });
  }
  const target = join(custom, "sync/node_modules");
  cpSync(join(project, "node_modules"), target, { recursive: true, dereference: true });
  return custom;
}

const node = (id, name, type, x, parameters, more = {}) => ({
  ...{ id, name, type, typeVersion: 1, position: [x, 0], parameters, ...more },
});

function workflow(id, nodes) {
  const names = nodes.map(({ name }) => name);
  const connections = Object.fromEntries(
    names
      .slice(0, -1)
      .map((name, index) => [name, { main: [[{ node: names[index + 1], type: "main", index: 0 }]] }]),
  );
  return { id, name: id, active: false, settings: { executionOrder: "v1" }, nodes, connections };
}

test("n8n runs the nodes and the Code node, and its editor shows them", {
  skip,
  timeout: 1_200_000,
}, async () => {
  const n8n = installN8n();
  const home = mkdtempSync(join(tmpdir(), "n8n-whole-"));
  const world = await openSandbox();
  const { ghlApi, ghlAccountApi, chartMogulAccountApi } = world.credentials;
  const known = { ghlApi, ghlAccountApi, chartMogulAccountApi };
  const credentials = Object.entries(known).map(([type, data]) => ({
    ...{ id: `${type}0000000000000000`.slice(0, 16), name: type, type, data },
  }));
  const used = (...types) => ({
    credentials: Object.fromEntries(
      types.map((type) => [type, { id: credentials.find((one) => one.type === type).id, name: type }]),
    ),
  });
  const start = node("a1", "Start", "n8n-nodes-base.manualTrigger", 0, {});
  const list = { resource: "contacts", operation: "ghl.contacts.search", returnAll: true };
  const options = `{ helpers: this.helpers, store: "memory", ghl: ${JSON.stringify(ghlApi)} }`;
  const code = `${readFileSync(join(project, "node_modules/ghl-chartmogul/n8n-code.js"), "utf8")}
    const connector = ghlChartMogul.createConnector(${options});
    const items = [];
    for await (const { id } of connector.ghl.contacts.search()) items.push({ json: { id } });
    await connector.close();
    return items;`;
  const workflows = [
    workflow("wholenodes000001", [
      start,
      node("a2", "GHL", "CUSTOM.ghl", 220, list, used("ghlApi")),
      node("a3", "Limit", "n8n-nodes-base.limit", 440, { maxItems: 1 }),
      node(
        "a4",
        "Sync",
        "CUSTOM.ghlChartMogulSync",
        660,
        { operation: "plan" },
        used("ghlAccountApi", "chartMogulAccountApi"),
      ),
    ]),
    workflow("wholecode0000001", [
      start,
      node(
        "b2",
        "Code",
        "n8n-nodes-base.code",
        220,
        { language: "javaScript", jsCode: code },
        { typeVersion: 2 },
      ),
    ]),
  ];
  writeFileSync(join(home, "credentials.json"), JSON.stringify(credentials));
  writeFileSync(join(home, "workflows.json"), JSON.stringify(workflows));
  const port = 20_000 + (process.pid % 20_000);
  const env = {
    ...process.env,
    PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
    ...{ N8N_USER_FOLDER: home, N8N_CUSTOM_EXTENSIONS: customNodes(home), N8N_ENCRYPTION_KEY: "test" },
    ...{ N8N_PORT: String(port), N8N_RUNNERS_BROKER_PORT: String(port + 1), N8N_LISTEN_ADDRESS: "127.0.0.1" },
    ...{ N8N_DIAGNOSTICS_ENABLED: "false", N8N_VERSION_NOTIFICATIONS_ENABLED: "false" },
    ...{ N8N_TEMPLATES_ENABLED: "false", N8N_PERSONALIZATION_ENABLED: "false", N8N_SECURE_COOKIE: "false" },
  };
  const program = join(n8n, "node_modules/n8n/bin/n8n");
  // Not synchronously: the sandbox answers from this process.
  const run = (...args) => finished(spawn(process.execPath, [program, ...args], { cwd: home, env }));
  try {
    await run("import:credentials", "--input=credentials.json");
    await run("import:workflow", "--input=workflows.json");
    const nodes = runDataOf(await run("execute", "--id=wholenodes000001", "--rawOutput"));
    assert.deepEqual(
      itemsOf(nodes, "GHL")
        .map(({ json }) => json.id)
        .sort(),
      contactIds(world),
    );
    assert.ok(itemsOf(nodes, "Sync")[0].json.totals);
    const ofCode = runDataOf(await run("execute", "--id=wholecode0000001", "--rawOutput"));
    assert.deepEqual(
      itemsOf(ofCode, "Code")
        .map(({ json }) => json.id)
        .sort(),
      contactIds(world),
    );
    await lookAtEditor({ home, env, program, port });
  } finally {
    await world.connector.close();
    await world.server.close();
    rmSync(home, { recursive: true, force: true });
  }
});

/** The output of a command that must end well. */
async function finished(child) {
  let [output, errors] = ["", ""];
  child.stdout.on("data", (part) => (output += part));
  child.stderr.on("data", (part) => (errors += part));
  const status = await new Promise((resolve) => child.on("close", resolve));
  assert.equal(status, 0, `${output.slice(-2000)}${errors.slice(-2000)}`);
  return output;
}

const runDataOf = (output) =>
  JSON.parse(output.slice(output.indexOf("{\n"), output.lastIndexOf("}") + 1)).data.resultData.runData;

const itemsOf = (runData, name) => runData[name][0].data.main[0];

/** Opens both nodes in the editor; screenshots go to N8N_SCREENSHOTS. */
async function lookAtEditor({ home, env, program, port }) {
  const { chromium } = await import("playwright-core");
  const server = spawn(process.execPath, [program, "start"], { cwd: home, env, stdio: "ignore" });
  const base = `http://127.0.0.1:${port}`;
  try {
    for (let tries = 0; tries < 120; tries++) {
      const isReady = await fetch(`${base}/healthz/readiness`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (isReady) break;
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
    const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
    const person = { email: "o@example.com", firstName: "O", lastName: "W", password: "Passw0rdX" };
    await page.context().request.post(`${base}/rest/owner/setup`, { data: person });
    const login = { emailOrLdapLoginId: person.email, password: person.password };
    assert.equal((await page.context().request.post(`${base}/rest/login`, { data: login })).status(), 200);
    await page.goto(`${base}/workflow/wholenodes000001`);
    const onCanvas = page.locator('[data-test-id="canvas-node"]');
    await onCanvas.first().waitFor({ timeout: 60_000 });
    for (const [index, name, texts] of [
      [1, "ghl", ["Resource", "Operation", "Return All", "Simplify", "Filters"]],
      [3, "sync", ["GHL", "ChartMogul", "Operation", "Return Changes", "Settings", "Options"]],
    ]) {
      await onCanvas.nth(index).dblclick();
      const panel = page
        .locator('[data-test-id="node-parameters"], [data-test-id="ndv-parameter-panel"]')
        .first();
      await page.getByText("Operation", { exact: true }).first().waitFor({ timeout: 30_000 });
      await page.waitForTimeout(2_000);
      if (process.env.N8N_SCREENSHOTS) {
        mkdirSync(process.env.N8N_SCREENSHOTS, { recursive: true });
        await page.screenshot({ path: join(process.env.N8N_SCREENSHOTS, `${name}.png`) });
      }
      const shown = (await panel.count()) > 0 ? await panel.innerText() : await page.innerText("body");
      const at = texts.map((text) => shown.indexOf(text));
      assert.ok(
        at.every((place) => place >= 0),
        `${name}: ${texts.filter((_, i) => at[i] < 0)} of ${shown}`,
      );
      await page.keyboard.press("Escape");
      await page.waitForTimeout(1_000);
    }
    await browser.close();
  } finally {
    server.kill();
  }
}
