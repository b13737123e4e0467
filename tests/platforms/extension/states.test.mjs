// How the panel looks and is used in each state: screenshots, axe, the keyboard alone, widths, a long timeline.
// UPDATE_SCREENSHOTS=1 takes the screenshots anew.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";
import { CONTACT, LOCATION, NOW, play } from "./played.mjs";
import {
  buildExtension,
  chromiumPath,
  contactPage,
  extensionRoot,
  openBrowser,
  screenshots,
} from "./world.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const UPDATE = process.env.UPDATE_SCREENSHOTS === "1";
/** Share of pixels that may differ: two builds of a browser draw edges of letters otherwise. */
const TOLERANCE = 0.01;

/** Screenshots are of one font and one browser; with others they say nothing. */
const setUp = () => {
  const font = spawnSync("fc-match", ["system-ui"], { encoding: "utf8" }).stdout?.trim() ?? "";
  const version = spawnSync(chromiumPath, ["--version", "--no-sandbox"], { encoding: "utf8" }).stdout ?? "";
  return `${font}, Chromium ${/\d+/.exec(version)?.[0] ?? "unknown"}`;
};

let browser;
let played;
let build;
let comparable;

before(async () => {
  played = await play();
  build = buildExtension("--test");
  mkdirSync(screenshots, { recursive: true });
  const made = join(screenshots, "made-with.txt");
  if (UPDATE) writeFileSync(made, `${setUp()}\n`);
  comparable = existsSync(made) && readFileSync(made, "utf8").trim() === setUp();
  if (!comparable)
    process.stdout.write(
      `# screenshots are not compared: they were made with another font or browser than ${setUp()}\n`,
    );
  browser = await openBrowser(build.out);
  await browser.keep({ way: "served", served: { url: played.url, token: "x".repeat(24) } });
});

after(async () => {
  assert.deepEqual(browser?.problems, []);
  await browser?.close();
  played?.close();
});

const PAGES = {
  customer: "https://app.chartmogul.com/#/customers/cus_0f3d5c1a-0000-4000-8000-000000000001",
  "no-contact": `https://app.gohighlevel.com/v2/location/${LOCATION}/contacts/smart_list/All`,
};

/** A panel beside a page, in a state. */
async function show(
  state,
  { theme = "light", width = 360, height = 780, address, before: prepare, isToday = true } = {},
) {
  played.state = STATES.get(state)?.played ?? "linked";
  const tab = await browser.openTab(address ?? PAGES[state] ?? contactPage(LOCATION, CONTACT));
  const panel = await browser.context.newPage();
  await panel.setViewportSize({ width, height });
  await panel.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
  // The browser's own timers where time is measured.
  if (isToday) await panel.clock.setFixedTime(NOW);
  await prepare?.(panel);
  await panel.goto(`chrome-extension://${browser.id}/panel.html`);
  await STATES.get(state)?.wait(panel);
  return {
    panel,
    async close() {
      await panel.close();
      await tab.close();
    },
  };
}

const ready = (panel) =>
  panel.locator("[aria-labelledby=timeline]:not([aria-busy])").waitFor({ timeout: 20_000 });
const heading = (text) => (panel) => panel.locator("h1", { hasText: text }).waitFor({ timeout: 20_000 });
const press = (panel, name) => panel.getByRole("button", { name, exact: true }).click();

/** The states: what is played, and what shows that the panel is there. */
const STATES = new Map(
  Object.entries({
    linked: { wait: ready },
    plan: {
      async wait(panel) {
        await ready(panel);
        await press(panel, "Sync contact…");
        await panel.locator("dialog .change").first().waitFor();
      },
    },
    compose: {
      async wait(panel) {
        await ready(panel);
        await press(panel, "Task");
        await panel.getByLabel("Text").fill("Wants the renewal on one invoice with priority support.");
        await panel.getByLabel("Due", { exact: true }).fill("2026-12-04");
      },
    },
    conflict: { played: "conflict", wait: ready },
    unlinked: { played: "unlinked", wait: ready },
    empty: { played: "empty", wait: ready },
    loading: { played: "loading", wait: (panel) => panel.locator("#skeleton").waitFor() },
    offline: {
      async wait(panel) {
        await ready(panel);
        await panel.context().setOffline(true);
        await panel.locator(".notice", { hasText: "You are offline" }).waitFor();
      },
    },
    paused: { played: "paused", wait: ready },
    "no-permission": {
      // The click on the panel's button shows the address of a tab that is not allowed: it cannot be pressed here.
      prepare: (panel) =>
        panel.addInitScript(
          (url) => {
            const query = chrome.tabs.query.bind(chrome.tabs);
            chrome.tabs.query = async (...values) =>
              (await query(...values)).map((tab) => ({ ...tab, url: tab.url ?? url }));
          },
          contactPage(LOCATION, CONTACT, "crm.tidewater.example"),
        ),
      address: contactPage(LOCATION, CONTACT, "crm.tidewater.example"),
      wait: heading("Allow the panel on crm.tidewater.example"),
    },
    "no-contact": { wait: heading("Open a contact") },
    error: {
      played: "error",
      async wait(panel) {
        await panel
          .locator(".notice", { hasText: "did not accept the API key" })
          .waitFor({ timeout: 20_000 });
        await ready(panel);
      },
    },
    customer: { wait: ready },
    "set-up": {
      prepare: (panel) =>
        panel.addInitScript(() => {
          chrome.storage.local.get = async () => ({});
        }),
      wait: heading("Connect GHL and ChartMogul"),
    },
  }),
);

const options = (state, more) => {
  const { prepare, address } = STATES.get(state);
  return { ...(prepare && { before: prepare }), ...(address && { address }), ...more };
};

async function compare(panel, name) {
  const taken = await panel.screenshot({ animations: "disabled", caret: "hide" });
  const file = join(screenshots, `${name}.png`);
  if (UPDATE) return writeFileSync(file, taken);
  if (!comparable) return undefined;
  assert.ok(existsSync(file), `${name}.png is missing: UPDATE_SCREENSHOTS=1 takes it`);
  const [was, is] = [PNG.sync.read(readFileSync(file)), PNG.sync.read(taken)];
  assert.deepEqual([is.width, is.height], [was.width, was.height], name);
  const differing = pixelmatch(was.data, is.data, undefined, is.width, is.height, { threshold: 0.15 });
  const share = differing / (is.width * is.height);
  assert.ok(share <= TOLERANCE, `${name}: ${(share * 100).toFixed(2)} % of the pixels differ`);
}

async function violations(panel) {
  // The clock of these pages stands still, and axe waits for it.
  await panel.clock.resume();
  await panel.evaluate(axe);
  const { violations: found, passes } = await panel.evaluate(() => globalThis.axe.run(document));
  assert.ok(passes.length > 5, "axe looked at the page");
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
}

/** What Tab reaches, in order, until it comes round. */
async function reachable(panel) {
  const reached = [];
  await panel.evaluate(() => {
    document.activeElement?.blur();
    document.querySelector("#sheet-title")?.focus();
    globalThis.__seen = new Set();
    globalThis.__last = undefined;
  });
  for (let press = 0; press < 120; press += 1) {
    await panel.keyboard.press("Tab");
    const now = await panel.evaluate(() => {
      const { activeElement: active } = document;
      if (active === null || active === document.body) return undefined;
      // A date has a stop for each of its parts.
      if (active === globalThis.__last) return "again";
      if (globalThis.__seen.has(active)) return undefined;
      globalThis.__seen.add(active);
      globalThis.__last = active;
      const { outlineStyle, outlineWidth } = getComputedStyle(active);
      const { width, height } = active.getBoundingClientRect();
      const text = active.getAttribute("aria-label") ?? active.textContent ?? "";
      return {
        name: text.trim() || active.id || active.tagName,
        ring: `${outlineStyle} ${outlineWidth}`,
        width,
        height,
        tag: active.tagName,
      };
    });
    if (now === undefined) break;
    if (now !== "again") reached.push(now);
  }
  return reached;
}

const ACTIONS = "a[href], button, input, select, textarea, summary";

describe("each state", () => {
  for (const state of STATES.keys())
    for (const theme of ["light", "dark"])
      test(`${state}, ${theme}: as it was drawn, without a violation of axe, by keyboard alone`, async () => {
        const { panel, close } = await show(state, options(state, { theme }));
        try {
          await compare(panel, `${state}-${theme}`);
          const wide = await panel.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(wide <= 0, `it scrolls sideways by ${wide} px`);
          if (theme === "light") {
            const expected = await panel.evaluate((selector) => {
              const scope = document.querySelector("dialog[open]") ?? document;
              const isSeen = (element) => element.checkVisibility({ visibilityProperty: true });
              const all = [...scope.querySelectorAll(selector)].filter(
                (element) => isSeen(element) && !element.disabled,
              );
              // Radio buttons of a group are one stop.
              const groups = new Set(all.filter((one) => one.type === "radio").map((one) => one.name));
              return all.filter((one) => one.type !== "radio").length + groups.size;
            }, ACTIONS);
            const reached = await reachable(panel);
            const stops = reached.filter(({ tag }) => /^(A|BUTTON|INPUT|SELECT|TEXTAREA|SUMMARY)$/.test(tag));
            assert.ok(
              stops.length >= expected,
              `${stops.length} of ${expected}: ${reached.map(({ name }) => name).join(" | ")}`,
            );
            for (const { name, ring, tag } of stops)
              if (tag !== "INPUT" && tag !== "TEXTAREA" && tag !== "SELECT")
                assert.match(ring, /^solid (1\.5|2)px/, `${name} shows its focus`);
            for (const { name, height, tag } of stops)
              if (tag === "BUTTON") assert.ok(height >= 24, `${name} is ${height} px high`);
          }
          assert.deepEqual(await violations(panel), []);
        } finally {
          await browser.context.setOffline(false);
          await close();
        }
      });

  test("loads nothing and shows nothing from elsewhere", async () => {
    const hosts = new Set();
    const note = (request) => hosts.add(new URL(request.url()).host);
    const { panel, close } = await show("linked", {
      before: (page) => {
        page.on("request", note);
      },
    });
    await panel.waitForTimeout(300);
    await close();
    assert.deepEqual([...hosts].sort(), [new URL(played.url).host, browser.id].sort());
  });
});

describe("widths", () => {
  for (const width of [320, 480])
    for (const state of ["linked", "conflict", "unlinked", "plan"])
      test(`${state} at ${width} px does not scroll sideways`, async () => {
        const { panel, close } = await show(state, { width });
        try {
          if (state === "linked" || width === 320) await compare(panel, `${state}-${width}`);
          const wide = await panel.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(wide <= 0, `by ${wide} px`);
        } finally {
          await close();
        }
      });

  test("text at 200 % stacks the sides and cuts nothing off sideways", async () => {
    const { panel, close } = await show("conflict", { width: 360 });
    try {
      await panel.evaluate(() => {
        document.documentElement.style.fontSize = "200%";
      });
      assert.ok((await panel.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
      assert.deepEqual(await violations(panel), []);
    } finally {
      await close();
    }
  });
});

describe("the settings page", () => {
  const open = async (width, theme) => {
    const page = await browser.context.newPage();
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme: theme });
    await page.goto(`chrome-extension://${browser.id}/options.html`);
    await page.locator("#keys").waitFor();
    return page;
  };

  for (const [width, theme] of [
    [1_280, "light"],
    [1_280, "dark"],
    [768, "light"],
    [360, "light"],
  ])
    test(`at ${width} px, ${theme}: without a violation of axe, and not scrolling sideways`, async () => {
      for (const way of ["served", "direct"]) {
        const page = await open(width, theme);
        try {
          // Addresses of this run would differ each time.
          await page.getByLabel(way === "served" ? "Through serve" : "Directly with keys").check();
          if (way === "served") await page.getByLabel("Address of serve").fill("http://127.0.0.1:8787");
          await compare(page, `options-${way}-${width}-${theme}`);
          assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
          await page.evaluate(axe);
          const { violations: found } = await page.evaluate(() => globalThis.axe.run(document));
          assert.deepEqual(
            found.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 160)}`),
            [],
          );
        } finally {
          await page.getByLabel("Through serve").check();
          await page.close();
        }
      }
    });
});

describe("the keyboard alone", () => {
  test("plans and applies, and comes back to where it began", async () => {
    const { panel, close } = await show("linked");
    try {
      await panel.clock.resume();
      await panel.getByRole("button", { name: "Sync contact…" }).focus();
      await panel.keyboard.press("Enter");
      await panel.locator("dialog .change").first().waitFor();
      assert.equal(await panel.evaluate(() => document.activeElement?.id), "sheet-title");
      await panel.getByRole("button", { name: "Apply 2 changes" }).focus();
      await panel.keyboard.press("Enter");
      await panel.locator(".toast", { hasText: "2 changes applied, 2 calls." }).waitFor();
      assert.equal(await panel.evaluate(() => document.activeElement?.textContent), "Sync contact…");
      assert.equal(played.requests.filter(({ path }) => path === "/v1/apply").length, 1);
    } finally {
      await close();
    }
  });

  test("settles conflicts, moving to the next and then to the name", async () => {
    const { panel, close } = await show("conflict");
    try {
      await panel.clock.resume();
      const keep = panel.getByRole("button", { name: /^Keep this/ });
      assert.equal(await keep.count(), 4);
      await keep.first().focus();
      await panel.keyboard.press("Enter");
      await panel.locator(".toast", { hasText: "Phone: GHL’s value is kept" }).waitFor();
      const { body } = played.requests.findLast(({ path }) => path.endsWith("/resolve"));
      assert.deepEqual(body, { winner: "ghl", seen: "s1" });
      await panel.waitForFunction(() => document.activeElement?.textContent === "Keep this");
    } finally {
      await close();
    }
  });

  test("opens the menu, moves through it, and closes it with Escape", async () => {
    const { panel, close } = await show("linked");
    try {
      await panel.getByRole("button", { name: "More actions" }).focus();
      await panel.keyboard.press("Enter");
      await panel.waitForFunction(() => document.activeElement?.textContent === "Explain this state");
      await panel.keyboard.press("Tab");
      assert.equal(await panel.evaluate(() => document.activeElement?.textContent), "Link another customer");
      await panel.keyboard.press("Escape");
      assert.match(await panel.evaluate(() => document.activeElement?.textContent), /More actions/);
      assert.equal(await panel.locator("#menu").isVisible(), false);
    } finally {
      await close();
    }
  });
});

/** Tasks of the panel's own thread while something is done, in milliseconds of processor time. */
async function tasksDuring(panel, action) {
  // Time on the clock would count what other programs do on this machine.
  const session = await browser.context.newCDPSession(panel);
  const events = [];
  session.on("Tracing.dataCollected", ({ value }) => events.push(...value));
  await session.send("Tracing.start", {
    transferMode: "ReportEvents",
    traceConfig: { includedCategories: ["toplevel", "devtools.timeline"] },
  });
  await action();
  const isDone = new Promise((resolve) => session.once("Tracing.tracingComplete", resolve));
  await session.send("Tracing.end");
  await isDone;
  const own = events.find(
    ({ name, args }) =>
      name === "FunctionCall" && args?.data?.url?.startsWith(`chrome-extension://${browser.id}/`),
  );
  assert.ok(own, "the trace has the panel's own code");
  const ofThread = events.filter(({ pid, tid, tdur }) => pid === own.pid && tid === own.tid && tdur);
  return ofThread
    .filter(({ name }) => name.endsWith("RunTask"))
    .map(({ ts, dur, tdur }) => ({
      ms: tdur / 1_000,
      /** What took longest in it, to find the cause. */
      parts: ofThread
        .filter((one) => one.ts > ts && one.ts < ts + dur && one.tdur > 4_000)
        .map(({ name, args, tdur: time }) =>
          [name, args?.data?.type, args?.data?.functionName, (time / 1_000).toFixed(0)]
            .filter(Boolean)
            .join(" "),
        ),
    }));
}

describe("5,000 entries", () => {
  test("at most 200 of them are in the page, and no task takes 50 ms", async () => {
    played.many = 5_000;
    const { panel, close } = await show("loading", { isToday: false });
    try {
      played.state = "linked";
      let most = 0;
      const tasks = await tasksDuring(panel, async () => {
        await panel.reload();
        await panel.locator(".more").waitFor({ timeout: 60_000 });
        await ready(panel);
        most = await panel.locator(".entry").count();
        for (let press = 0; press < 12; press += 1) {
          await panel.getByRole("button", { name: /older$/ }).press("Enter");
          await ready(panel);
          most = Math.max(most, await panel.locator(".entry").count());
        }
        await panel.getByRole("button", { name: /newer$/ }).press("Enter");
        await ready(panel);
      });
      assert.ok(most > 100 && most <= 200, `${most} entries`);
      assert.match(await panel.locator(".help", { hasText: "of 5," }).textContent(), /of 5,00\d/);
      await panel.getByLabel("Show on the timeline").selectOption("call");
      assert.equal(await panel.locator(".entry:not(.call)").count(), 0);
      tasks.sort((one, other) => other.ms - one.ms);
      const longest = tasks.slice(0, 5).map(({ ms, parts }) => `${ms.toFixed(1)} ms (${parts.join(", ")})`);
      process.stdout.write(`# ${tasks.length} tasks, the longest: ${longest.join("; ")}\n`);
      assert.ok(tasks.length > 50 && tasks[0].ms < 50, `the longest task takes ${longest[0]}`);
    } finally {
      played.many = 0;
      await close();
    }
  });
});

test("pictures of the listings are made of these screenshots", {
  skip: !UPDATE && "UPDATE_SCREENSHOTS is not set",
}, async () => {
  const listing = join(extensionRoot, "listing/screenshots");
  mkdirSync(listing, { recursive: true });
  const page = await browser.context.newPage();
  await page.setViewportSize({ width: 1_280, height: 800 });
  for (const [name, title, left, right] of [
    ["1-customer", "The customer beside the contact", "linked-light", "linked-dark"],
    ["2-plan", "A plan before anything is written", "plan-light", "compose-light"],
    ["3-conflict", "You choose where both sides changed", "conflict-light", "conflict-dark"],
    ["4-link", "Nobody is linked by a guess", "unlinked-light", "customer-light"],
  ]) {
    const image = (file) =>
      `data:image/png;base64,${readFileSync(join(screenshots, `${file}.png`)).toString("base64")}`;
    await page.setContent(`<!doctype html><style>
      body{margin:0;height:800px;display:flex;gap:48px;align-items:center;justify-content:center;background:#F0F0ED;font:600 32px/1.3 system-ui;color:#16191C}
      h1{font:inherit;width:300px;margin:0;text-wrap:balance} img{height:720px;border-radius:10px;box-shadow:0 12px 32px rgb(22 25 28/.18)}</style>
      <h1>${title}</h1><img src="${image(left)}" alt=""><img src="${image(right)}" alt="">`);
    writeFileSync(join(listing, `${name}.png`), await page.screenshot());
  }
  await page.close();
});
