// The command line with its OAuth tokens in Redis and in PostgreSQL: each command ends when its work is done,
// though the store of the tokens holds connections.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { importEntry, project } from "./project.mjs";
import { startPostgres, startRedis, withoutPostgres, withoutRedis } from "./servers.mjs";

const { createOAuth } = await importEntry("oauth");
const { createSandbox } = await importEntry("sandbox");
const { openStore } = await importEntry("stores");

const REDIRECT = "http://localhost:3999/callback";
const KEY = Buffer.alloc(32, 1).toString("base64");
const STATE = "0123456789abcdef-state";
const COMMANDS = [
  ["check"],
  ["plan"],
  ["sync"],
  ["status"],
  ["call", "contacts.search"],
  ["trigger", "newContact"],
  ["logout"],
];

for (const [title, skip, start] of [
  ["Redis", withoutRedis, startRedis],
  ["PostgreSQL", withoutPostgres, startPostgres],
]) {
  describe(`OAuth tokens in ${title}`, { skip }, () => {
    let server;
    let served;
    let app;
    before(async () => {
      server = await start();
      const sandbox = createSandbox({ contacts: 3, seed: 5 });
      app = sandbox.credentials;
      served = await sandbox.serve({ port: 0 });
    });
    after(async () => {
      await served?.close();
      await server?.stop();
    });

    /** Runs a command; gives its code, or that it did not end. */
    async function run(args, environment) {
      const cli = join(project, "node_modules/ghl-chartmogul/cli.js");
      const child = spawn(process.execPath, [cli, ...args], { env: { ...process.env, ...environment } });
      let text = "";
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (chunk) => {
          text += chunk;
        });
      const timer = setTimeout(() => child.kill("SIGKILL"), 30_000);
      const [code, signal] = await once(child, "exit");
      clearTimeout(timer);
      return { code, signal, text };
    }

    const settings = () => {
      const { ghl, chartmogul } = served.address;
      return {
        GHL_TOKEN: "",
        GHL_LOCATION_ID: ghl.locationId,
        GHL_BASE_URL: ghl.baseUrl,
        GHL_CLIENT_ID: app.oauthClientId,
        GHL_CLIENT_SECRET: app.oauthClientSecret,
        GHL_REDIRECT_URI: REDIRECT,
        GHL_TOKEN_KEY: KEY,
        GHL_TOKEN_STORE: server.url,
        GHL_CHARTMOGUL_STORE: "memory",
        CHARTMOGUL_API_KEY: chartmogul.apiKey,
        CHARTMOGUL_BASE_URL: chartmogul.baseUrl,
      };
    };

    test("each command ends, also where nobody has logged in", async () => {
      for (const args of [["call", "contacts.search"], ["sync"]]) {
        const { code, signal, text } = await run(args, settings());
        assert.equal(signal, null, `${args[0]} does not end: ${text}`);
        assert.notEqual(code, 0, text);
      }
      const { ghl } = served.address;
      const oauth = createOAuth({
        clientId: app.oauthClientId,
        clientSecret: app.oauthClientSecret,
        redirectUri: REDIRECT,
        scopes: ["contacts.readonly", "contacts.write", "locations.readonly", "users.readonly"],
        baseUrl: ghl.baseUrl,
        store: openStore(server.url),
        encryptionKey: KEY,
      });
      const url = new URL(oauth.authorizationUrl({ state: STATE }));
      const consent = await fetch(`${ghl.baseUrl}${url.pathname}${url.search}`, { redirect: "manual" });
      await oauth.exchangeRedirect(consent.headers.get("location"), { state: STATE });
      await oauth.close();
      for (const args of COMMANDS) {
        const { code, signal, text } = await run(args, settings());
        assert.equal(signal, null, `${args[0]} does not end: ${text}`);
        if (["call", "trigger", "logout"].includes(args[0])) assert.equal(code, 0, text);
      }
    });
  });
}
