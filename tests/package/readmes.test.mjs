// Both READMEs and the package's pages, as written: every command and program in them runs on the
// packed package, in a folder that has nothing else, against a sandbox.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { blocksOf, pagesIn, read } from "./pages.mjs";
import { packageFolder, tarball } from "./project.mjs";

const repository = fileURLToPath(new URL("../../", import.meta.url));

/** What each language of a block means; another one is a mistake. */
const SHOWN = ["", "json", "http", "ts"];

/** Exit codes of the command line for work that was done: 3 says that some records wait for a person. */
const DONE = [0, 3];

/** A fragment's program: it sees a connector to the sandbox. */
const fragment = (text) => `
  import { createConnector } from "ghl-chartmogul";
  const { env } = process;
  const connector = createConnector({
    ghl: { token: env.GHL_TOKEN, locationId: env.GHL_LOCATION_ID, baseUrl: env.GHL_BASE_URL },
    chartmogul: { apiKey: env.CHARTMOGUL_API_KEY, baseUrl: env.CHARTMOGUL_BASE_URL },
  });
  {
${text}
  }
  await connector.close();`;

/** A folder where one page is followed, and what its reader's terminals hold. */
class Reader {
  folder = mkdtempSync(join(tmpdir(), "ghl-chartmogul-readme-"));
  /** The second terminal's variables: what the sandbox printed. */
  env = { PATH: process.env.PATH, HOME: process.env.HOME };
  #servers = [];

  /** Installs the tarball where the page says `npm install ghl-chartmogul`. */
  async install() {
    await this.shell(`npm install --no-audit --no-fund --prefer-offline ${tarball}`);
  }

  async shell(command, allowed = [0]) {
    const run = promisify(execFile)("sh", ["-c", command], {
      cwd: this.folder,
      env: this.env,
      timeout: 120_000,
    });
    const { code = 0, stdout, stderr } = await run.catch((error) => error);
    assert.ok(allowed.includes(code), `${command} ended with ${code}\n${stdout}\n${stderr}`);
    return stdout;
  }

  async node(file, ...options) {
    return this.shell([process.execPath, ...options, file].map((word) => `'${word}'`).join(" "));
  }

  /** Starts a sandbox as written, and pastes into the second terminal what it prints. */
  async serve(command) {
    const server = spawn("sh", ["-c", `exec ${command}`], {
      cwd: this.folder,
      env: this.env,
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    this.#servers.push(server);
    for await (const line of createInterface(server.stdout)) {
      const [, name, value] = /^ {2}export (\w+)=(\S+)$/.exec(line) ?? [];
      if (name !== undefined) this.env[name] = value;
      if (line.startsWith("Ctrl+C")) return;
    }
    assert.fail(`${command} printed no settings`);
  }

  /** Lets a watch run once, at once, and ends it as a service manager does. */
  async watch(words) {
    const given = [...words.split(" "), "--jitter", "0"];
    const program = join(this.folder, "node_modules/.bin/ghl-chartmogul");
    const stdio = ["ignore", "pipe", "inherit"];
    const child = spawn(program, given, { cwd: this.folder, env: this.env, stdio });
    const ended = once(child, "close");
    for await (const line of createInterface(child.stdout))
      if (/ next run at /.test(line)) child.kill("SIGTERM");
    const [code] = await ended;
    assert.ok(DONE.includes(code), `${words} ended with ${code}`);
  }

  async close() {
    for (const server of this.#servers) {
      process.kill(-server.pid);
      if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** One line of a shell block, without its remark. */
async function follow(reader, line) {
  const command = line.replace(/\s+# .*$/, "");
  if (/\bsandbox\b/.test(command)) return reader.serve(command);
  if (command.startsWith("export ")) return assert.match(command, /…/, "real credentials are left open");
  // The package is not published yet, or in another version: the tarball stands for it.
  if (/^npm install (ghl-chartmogul|target\/ghl-chartmogul-[\d.]+\.tgz)$/.test(command))
    return reader.install();
  if (command.startsWith("cargo xtask ")) return isCommandOfXtask(command);
  // A person answers in a terminal; here what is proposed is taken, and an earlier file changed.
  if (/^npx ghl-chartmogul init\b/.test(command))
    return reader.shell(`${command.replace(" --yes", "")} --yes --overwrite`, DONE);
  return reader.shell(command, command.startsWith("npx ghl-chartmogul ") ? DONE : [0]);
}

/** Each command exists; the suites and the demo are run by themselves. */
function isCommandOfXtask(command) {
  const usage = read(repository, "xtask/src/main.rs");
  assert.ok(
    usage.split("\n").some((line) => line.startsWith(`${command} `)),
    `${command} does not exist`,
  );
}

/** Runs one block of a page. */
async function run(reader, { language, text }, number) {
  if (language === "sh") {
    for (const line of text.trim().split("\n")) await follow(reader, line);
  } else if (language === "cron") {
    const [, command] = /^(?:\S+ ){5}(.+)$/.exec(text.trim());
    await scheduled(reader, command);
  } else if (language === "ini") {
    const [, command] = /^ExecStart=(.+)$/m.exec(text);
    const [, codes] = /^SuccessExitStatus=(.+)$/m.exec(text);
    assert.deepEqual([0, ...codes.split(" ").map(Number)], [0, 3, 4]);
    await scheduled(reader, command);
  } else if (language === "dockerfile") {
    const [, words] = /^CMD (\[.+\])$/m.exec(text);
    await scheduled(reader, JSON.parse(words).join(" "));
  } else if (language === "js") {
    const [, file = `program-${number}.mjs`] = /^\/\/ (\S+\.mjs)\n/.exec(text) ?? [];
    const isProgram = /^(import|export) /m.test(text);
    writeFileSync(join(reader.folder, file), isProgram ? text : fragment(text));
    if (file.endsWith(".test.mjs")) await reader.node(file, "--test");
    else if (/^export (async )?function handler\b/m.test(text)) await handle(reader, file);
    else await checkPrinted(text, await reader.node(file));
  } else assert.ok(SHOWN.includes(language), `blocks of ${language} are not run`);
}

/** A scheduler's command, in the folder of the page instead of the one it names. */
async function scheduled(reader, command) {
  const lines = Object.entries(reader.env).filter(([name]) => /^(GHL|CHARTMOGUL)_/.test(name));
  writeFileSync(join(reader.folder, ".env"), lines.map(([name, value]) => `${name}=${value}\n`).join(""));
  const [, words] = /\bghl-chartmogul (\w+ .*)$/.exec(command);
  const { env } = reader;
  // Only the file has the credentials, as under a scheduler.
  if (words.includes("--env-file")) reader.env = { PATH: env.PATH, HOME: env.HOME };
  try {
    if (words.startsWith("watch ")) await reader.watch(words);
    else await reader.shell(`npx ghl-chartmogul ${words}`, DONE);
  } finally {
    reader.env = env;
  }
}

/** Calls a serverless function once. */
async function handle(reader, file) {
  const url = pathToFileURL(join(reader.folder, file));
  writeFileSync(
    join(reader.folder, "platform.mjs"),
    `import { handler } from "${url}"; console.log(JSON.stringify(await handler()));`,
  );
  const { statusCode, body } = JSON.parse(await reader.node("platform.mjs"));
  assert.equal(statusCode, 200);
  assert.equal(typeof JSON.parse(body).done, "boolean");
}

/** A remark of one word or name after `console.log(…);` says what is printed. */
function checkPrinted(text, printed) {
  for (const [, said] of text.matchAll(/console\.log\(.*\); ?\}?\)?;? \/\/ (\w+)$/gm))
    assert.ok(printed.split("\n").includes(said), `${said} is not printed: ${printed}`);
}

const pages = [
  ["the repository's README", repository, "README.md"],
  ...pagesIn(packageFolder)
    .filter((page) => !page.startsWith("docs/reference/") && page !== "CHANGELOG.md")
    .map((page) => [`the package's ${page}`, packageFolder, page]),
];

describe("as written", { concurrency: true }, () => {
  for (const page of pages) followPage(...page);
});

/** Runs the blocks of a page one after the other. */
function followPage(name, folder, page) {
  const blocks = blocksOf(read(folder, page));
  if (!blocks.some(({ language }) => !SHOWN.includes(language))) return;
  describe(name, { concurrency: false }, () => {
    const reader = new Reader();
    before(async () => {
      // `npx` would fetch the published package.
      await reader.install();
      // A page that starts no sandbox is read by somebody who has one.
      if (!blocks.some(({ text }) => text.includes("ghl-chartmogul sandbox")))
        await reader.serve("npx ghl-chartmogul sandbox");
    });
    after(() => reader.close());
    for (const [number, block] of blocks.entries()) {
      if (SHOWN.includes(block.language)) continue;
      test(`line ${block.line}: ${block.text.split("\n", 1)[0]}`, () => run(reader, block, number));
    }
  });
}

test("every block is of a language that is run or shown", () => {
  for (const [name, folder, page] of pages) {
    for (const { language, line } of blocksOf(read(folder, page)))
      assert.ok(
        [...SHOWN, "sh", "js", "cron", "ini", "dockerfile"].includes(language),
        `${name}, line ${line}: ${language}`,
      );
  }
});
