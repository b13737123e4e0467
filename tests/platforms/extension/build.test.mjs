// What is built: sizes, permissions, the same bytes twice, and words for white-label listings.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { CONTACT, LOCATION, play } from "./played.mjs";
import { buildExtension, contactPage, extensionRoot, installed, openBrowser } from "./world.mjs";

const textsOf = (out) =>
  readdirSync(out, { recursive: true })
    .map((path) => join(out, path))
    .filter((path) => statSync(path).isFile() && /\.(js|html|css|json)$/.test(path));

/** The files that a page loads at once: those that it names, and what they import. */
function loadedBy(out, page) {
  const html = readFileSync(join(out, page), "utf8");
  const files = new Set([page]);
  const waiting = [...html.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, file]) => file);
  while (waiting.length > 0) {
    const file = waiting.pop();
    if (files.has(file) || !existsSync(join(out, file))) continue;
    files.add(file);
    if (!file.endsWith(".js")) continue;
    const code = readFileSync(join(out, file), "utf8");
    for (const [, name] of code.matchAll(/(?:\bfrom\s*|\bimport\s*)["']\.\/([^"']+)["']/g))
      waiting.push(name);
  }
  return [...files];
}

describe("a build", () => {
  test("is of sources that fit their types", () => {
    buildExtension();
    const tsc = join(extensionRoot, "node_modules/typescript/bin/tsc");
    const { status, stdout } = spawnSync(process.execPath, [tsc, "--noEmit", "-p", extensionRoot], {
      encoding: "utf8",
    });
    assert.equal(status, 0, stdout);
  });

  test("loads less than 60 kB for the panel, and the module only where keys are used", () => {
    const { out, report } = buildExtension();
    const files = loadedBy(out, "panel.html");
    const size = files.reduce((sum, file) => sum + (report.gzip[file] ?? 0), 0);
    process.stdout.write(`# the panel loads ${files.join(", ")}: ${size} bytes gzip\n`);
    assert.ok(files.includes("panel.js") && files.includes("panel.css"));
    assert.ok(size < 60_000, `${size} bytes`);
    assert.ok(!files.includes("direct.js"), "the connector is loaded where it is used");
    for (const file of files)
      assert.ok(
        !readFileSync(join(out, file), "utf8").includes("connector.wasm"),
        `${file} names the module`,
      );
  });

  test("asks for little, and for nothing of this machine", () => {
    for (const browser of ["chrome", "firefox"]) {
      const { out } = buildExtension("--browser", browser);
      const manifest = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));
      assert.deepEqual(
        manifest.permissions,
        browser === "chrome" ? ["activeTab", "sidePanel", "storage"] : ["activeTab", "storage"],
      );
      assert.deepEqual(manifest.host_permissions, [
        "https://app.gohighlevel.com/*",
        "https://app.leadconnectorhq.com/*",
        "https://app.chartmogul.com/*",
      ]);
      assert.equal(manifest.content_scripts, undefined);
      assert.match(
        manifest.content_security_policy.extension_pages,
        /^script-src 'self' 'wasm-unsafe-eval';/,
      );
      assert.ok(manifest.description.length <= 132, `${manifest.description.length} characters`);
      assert.ok(manifest.name.length <= 75);
      for (const file of Object.values(manifest.icons)) assert.ok(existsSync(join(out, file)));
      const { version } = JSON.parse(
        readFileSync(join(installed, "node_modules/ghl-chartmogul/package.json"), "utf8"),
      );
      assert.equal(manifest.version, version);
    }
  });

  test("for white-label listings names the CRM nowhere that people read, and none of its domains", () => {
    const { out } = buildExtension("--neutral");
    for (const file of textsOf(out)) {
      if (file.endsWith("direct.js") || file.endsWith("ed25519.js")) continue;
      const text = readFileSync(file, "utf8");
      assert.ok(!/gohighlevel\.com\/\*/.test(text), `${file} asks for a domain`);
    }
    const manifest = readFileSync(join(out, "manifest.json"), "utf8");
    assert.ok(!/GHL|HighLevel/i.test(manifest.replace(/"id": "[^"]*"/, "")), manifest);
  });

  test("zips the same bytes twice, for both stores, and never a build for tests", () => {
    const run = (...flags) =>
      spawnSync(process.execPath, ["build.mjs", ...flags], {
        cwd: extensionRoot,
        encoding: "utf8",
        env: { ...process.env, PACKAGE_DIR: installed },
      });
    const hashes = () => {
      const { status, stdout, stderr } = run("--zip");
      assert.equal(status, 0, stderr);
      return stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).zip)
        .map((zip) => {
          const bytes = readFileSync(zip);
          assert.equal(bytes.subarray(0, 2).toString(), "PK");
          rmSync(zip);
          return createHash("sha256").update(bytes).digest("hex");
        });
    };
    const first = hashes();
    assert.equal(first.length, 2);
    assert.notEqual(first[0], first[1]);
    assert.deepEqual(hashes(), first);
    const refused = run("--zip", "--test");
    assert.equal(refused.status, 2);
    assert.match(refused.stderr, /not to be published/);
  });
});

describe("a permission that is not there", () => {
  test("for the address of serve, as after it was revoked: nothing is sent, and the panel says what to do", async () => {
    const played = await play();
    const browser = await openBrowser(buildExtension().out);
    try {
      await browser.keep({ way: "served", served: { url: played.url, token: "x".repeat(24) } });
      await browser.openTab(contactPage(LOCATION, CONTACT));
      const panel = await browser.openPanel();
      const notice = panel.locator(".notice", { hasText: "The browser does not let the panel call serve" });
      await notice.waitFor({ timeout: 20_000 });
      assert.match(await notice.textContent(), /test the connection again: the browser then asks you/);
      assert.deepEqual(played.requests, []);
      assert.deepEqual(browser.problems, []);
    } finally {
      await browser.close();
      played.close();
    }
  });
});
