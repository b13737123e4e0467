// The commands `login` and `logout` against a served sandbox, by pasted address and by redirect.

import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { createFolder, requirePackage, run, serveSandbox, start } from "./sandbox.mjs";

const { createSandbox } = requirePackage("ghl-chartmogul/sandbox");
const { createEncryptionKey } = requirePackage("ghl-chartmogul/oauth");

const KEY = createEncryptionKey();

function environmentOf(sandbox, redirectUri = "https://app.example.com/callback") {
  const { GHL_TOKEN: _, ...env } = sandbox.env;
  // The same seed has the same app.
  const { oauthClientId, oauthClientSecret } = createSandbox().credentials;
  return {
    ...env,
    GHL_CLIENT_ID: oauthClientId,
    GHL_CLIENT_SECRET: oauthClientSecret,
    GHL_REDIRECT_URI: redirectUri,
    GHL_TOKEN_KEY: KEY,
  };
}

function createProject(sandbox) {
  const folder = createFolder();
  const configuration = { ghl: { oauth: { consentUrl: sandbox.address.ghl.baseUrl } } };
  writeFileSync(join(folder, "ghl-chartmogul.config.json"), JSON.stringify(configuration));
  return folder;
}

/** Starts `login`, agrees as a person's browser, and gives what it printed. */
async function login({ cwd, env, flags = [], paste = true }) {
  const child = start(["login", "--json", ...flags], { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    errors += text;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.done) return { code: (await once(child, "close"))[0], errors };
  const { authorizationUrl } = JSON.parse(first.value);
  const page = await fetch(authorizationUrl, { redirect: "manual" });
  const back = page.headers.get("location");
  if (paste) child.stdin.end(`${back}\n`);
  else {
    const url = new URL(back);
    url.hostname = "127.0.0.1";
    for (let tries = 0; ; tries++) {
      try {
        const answer = await fetch(url);
        assert.match(await answer.text(), /close this window/);
        break;
      } catch (error) {
        if (tries === 50) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }
  const closed = once(child, "close");
  const second = await lines.next();
  const [code] = await closed;
  return { code, errors, back, answer: second.done ? undefined : JSON.parse(second.value) };
}

const freePort = async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
};

describe("login", () => {
  let sandbox;
  before(async () => {
    sandbox = await serveSandbox("--contacts", "3");
  });
  after(() => sandbox.close());

  test("keeps tokens, encrypted, that other commands use; logout removes them", async () => {
    const cwd = createProject(sandbox);
    const env = environmentOf(sandbox);
    const { code, errors, back, answer } = await login({ cwd, env });
    assert.equal(code, 0, errors);
    assert.equal(answer.installation.locationId, sandbox.address.ghl.locationId);
    const check = await run(["check", "--json"], { cwd, env });
    assert.equal(check.code, 0, check.stdout + check.stderr);
    const file = join(cwd, "ghl-chartmogul-tokens.db");
    assert.ok(existsSync(file));
    const files = readdirSync(cwd)
      .map((name) => readFileSync(join(cwd, name), "latin1"))
      .join();
    const code_ = new URL(back).searchParams.get("code");
    for (const secret of [env.GHL_CLIENT_SECRET, KEY, code_, "eyJ"]) {
      assert.ok(!files.includes(secret) && !(check.stdout + errors).includes(secret), secret);
    }
    // Another key, or none, says what is wrong.
    const other = await run(["check"], { cwd, env: { ...env, GHL_TOKEN_KEY: createEncryptionKey() } });
    assert.notEqual(other.code, 0);
    assert.match(other.stdout + other.stderr, /another key/);
    const { GHL_TOKEN_KEY: _, ...without } = env;
    const none = await run(["check"], { cwd, env: without });
    assert.match(none.stdout + none.stderr, /GHL_TOKEN_KEY/);
    const logout = await run(["logout"], { cwd, env });
    assert.equal(logout.code, 0, logout.stderr);
    assert.match(logout.stdout, /1 installation/);
    assert.match(logout.stdout, /uninstall the app/);
    const after_ = await run(["check"], { cwd, env });
    assert.match(after_.stdout + after_.stderr, /ghl-chartmogul login/);
  });

  test("waits for the redirect where the redirect URL leads to this machine", async () => {
    const port = await freePort();
    const cwd = createProject(sandbox);
    const env = environmentOf(sandbox, `http://127.0.0.1:${port}/callback`);
    const { code, errors, answer } = await login({ cwd, env, paste: false });
    assert.equal(code, 0, errors);
    assert.equal(answer.installation.isConnected, true);
  });

  test("refuses what lacks or does not fit before anything is sent", async () => {
    const cwd = createProject(sandbox);
    const env = environmentOf(sandbox);
    for (const name of ["GHL_CLIENT_ID", "GHL_CLIENT_SECRET", "GHL_REDIRECT_URI"]) {
      const { [name]: _, ...rest } = env;
      const { code, stderr } = await run(["login"], { cwd, env: rest });
      assert.deepEqual([code, stderr.includes(name)], [2, true], stderr);
    }
    const plain = await run(["login"], {
      cwd,
      env: { ...env, GHL_REDIRECT_URI: "http://app.example.com/x" },
    });
    assert.equal(plain.code, 2, plain.stderr);
    writeFileSync(
      join(cwd, "ghl-chartmogul.config.json"),
      '{"ghl":{"oauth":{"clientSecret":"canary-4711"}}}',
    );
    const secret = await run(["login"], { cwd, env });
    assert.equal(secret.code, 2);
    assert.match(secret.stderr, /GHL_CLIENT_SECRET/);
    assert.ok(!secret.stderr.includes("canary"));
  });

  test("a pasted address of another session is refused", async () => {
    const cwd = createProject(sandbox);
    const env = environmentOf(sandbox);
    const child = start(["login"], { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => {
        said += text;
      });
    child.stdin.end("https://app.example.com/callback?code=abc&state=of-another\n");
    const [code] = await once(child, "close");
    assert.equal(code, 1, said);
    assert.match(said, /another session/);
  });
});
