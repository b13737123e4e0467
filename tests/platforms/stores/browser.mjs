// Chromium as a process of its own, which can be killed and started again on the same profile, and what its
// pages run of the package.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { entryFile, programPath } from "./project.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const executable = process.env.CHROMIUM ?? programPath("chromium", "/usr/bin/chromium");

/** Why tests of the browser are skipped; false where they run. */
export const withoutChromium =
  executable === undefined && "Chromium is not installed: apt-get install chromium, or set CHROMIUM";

/** A script that puts these entries of the package, and the suite, into `globalThis.tests`. */
export async function bundle(...entries) {
  const { outputFiles } = await build({
    stdin: {
      contents: [
        'import * as suite from "./browser-suite.mjs";',
        ...entries.map((entry, at) => `import * as entry${at} from ${JSON.stringify(entryFile(entry))};`),
        `globalThis.tests = { ...suite, ${entries.map((_, at) => `...entry${at}`).join(", ")} };`,
      ].join("\n"),
      resolveDir: here,
    },
    bundle: true,
    format: "iife",
    target: "es2022",
    write: false,
    logLevel: "warning",
  });
  return outputFiles[0].text;
}

/** A browser with a profile of its own. */
export async function startBrowser(...flags) {
  const profile = mkdtempSync(join(tmpdir(), "ghl-chartmogul-chromium-"));
  let child;
  let browser;
  const kill = async () => {
    await browser?.close().catch(() => {});
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    // Its group: the browser's own processes write to the profile.
    process.kill(-child.pid, "SIGKILL");
    await ended;
  };
  const start = async () => {
    const portFile = join(profile, "DevToolsActivePort");
    await rm(portFile, { force: true });
    const quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update"];
    const headless = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-sync"];
    const own = ["--remote-debugging-port=0", `--user-data-dir=${profile}`];
    child = spawn(executable, [...headless, ...quiet, ...own, ...flags, "about:blank"], {
      stdio: "ignore",
      detached: true,
    });
    for (let tries = 0; !existsSync(portFile) || !readFileSync(portFile, "utf8").includes("\n"); tries++) {
      if (tries > 600) throw new Error("Chromium does not start");
      await delay(50);
    }
    const [port] = readFileSync(portFile, "utf8").split("\n");
    browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
    return browser.contexts()[0];
  };
  return {
    start,
    /** Ends all its processes at once, as a crash does. */
    async kill() {
      const ended = once(child, "exit");
      process.kill(-child.pid, "SIGKILL");
      await ended;
      await browser?.close().catch(() => {});
    },
    async stop() {
      await kill();
      await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}

/** Serves one empty page under every path. */
export async function servePage() {
  const server = createServer((_, response) => {
    response.setHeader("content-type", "text/html");
    response.end("<!doctype html><title>stores</title>");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
