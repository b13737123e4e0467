// The served sandbox as users meet it: pages that call it, faults from a file, settings for shells, a port in use.

import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createFolder, run, serveSandbox, start } from "./sandbox.mjs";

let sandbox;
let folder;
before(async () => {
  folder = createFolder();
  writeFileSync(
    join(folder, "faults.json"),
    JSON.stringify([{ service: "chartmogul", path: "/v1/ping", fault: { kind: "status", status: 503 } }]),
  );
  sandbox = await serveSandbox(
    ...["--contacts", "20", "--billing-share", "0", "--search-lag-ms", "0"],
    ...["--faults", join(folder, "faults.json"), "--save", join(folder, "settings.env")],
  );
});
after(() => sandbox.close());

test("a page of any origin may call it, after the browser's question", async () => {
  const { ghl } = sandbox.address;
  const url = `${ghl.baseUrl}/contacts/search`;
  const asked = await fetch(url, {
    method: "OPTIONS",
    headers: {
      origin: "https://app.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,version,content-type",
    },
  });
  assert.equal(asked.status, 204);
  assert.equal(asked.headers.get("access-control-allow-origin"), "*");
  assert.equal(asked.headers.get("access-control-allow-headers"), "authorization,version,content-type");
  assert.match(asked.headers.get("access-control-allow-methods"), /PATCH/);
  const refused = await fetch(url, { method: "POST", headers: { origin: "https://app.example" } });
  assert.ok(refused.status >= 400);
  assert.equal(refused.headers.get("access-control-allow-origin"), "*");
  assert.equal((await fetch(url)).headers.get("access-control-allow-origin"), null);
});

test("it has the faults of a file, and the share of billing customers that was asked for", async () => {
  const { chartmogul } = sandbox.address;
  const authorization = `Basic ${Buffer.from(`${chartmogul.apiKey}:`).toString("base64")}`;
  const ask = (path) => fetch(`${chartmogul.baseUrl}${path}`, { headers: { authorization } });
  assert.equal((await ask("/v1/ping")).status, 503);
  const { entries } = await (await ask("/v1/customers")).json();
  assert.ok(entries.every(({ mrr }) => mrr === 0) || entries.length < 20, `${entries.length} customers`);
});

test("its settings are in a file that the command line reads", async () => {
  const file = join(folder, "settings.env");
  assert.match(readFileSync(file, "utf8"), /^GHL_BASE_URL=http:\/\/127\.0\.0\.1:\d+\nGHL_TOKEN=/);
  if (process.platform !== "win32") assert.equal(statSync(file).mode & 0o777, 0o600);
  const { code, stdout } = await run(
    ["call", "contacts.search", "--pageLimit", "1", "--json", "--env-file", file],
    {
      cwd: createFolder(),
    },
  );
  assert.equal(code, 0, stdout);
});

test("it prints settings for POSIX shells and PowerShell", async () => {
  const child = start(["sandbox", "--contacts", "1"]);
  let text = "";
  for await (const chunk of child.stdout.setEncoding("utf8")) {
    text += chunk;
    if (text.includes("Ctrl+C")) break;
  }
  child.kill("SIGINT");
  assert.match(text, /^ {2}export GHL_TOKEN=\S+$/m);
  assert.match(text, /^ {2}\$env:GHL_TOKEN = "\S+"$/m);
});

test("what cannot be is reported plainly", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => other.once("listening", resolve));
  const { port } = other.address();
  writeFileSync(join(folder, "wrong.json"), '[{"fault":{"kind":"earthquake"}}]');
  writeFileSync(join(folder, "object.json"), "{}");
  writeFileSync(join(folder, "text.json"), "[{");
  for (const [flags, message] of [
    [["--port", String(port)], new RegExp(`port ${port} is in use by another program[\\s\\S]*another port`)],
    [["--faults", join(folder, "none.json")], /--faults: .*none\.json cannot be read \(ENOENT\)/],
    [["--faults", join(folder, "text.json")], /text\.json is not JSON/],
    [["--faults", join(folder, "object.json")], /must hold a list[\s\S]*For example/],
    [["--faults", join(folder, "wrong.json")], /wrong\.json: .*earthquake/],
    [["--save", join(folder, "no/where.env")], /--save: .*cannot be written \(ENOENT\)/],
    [["--billing-share", "2"], /billing-share[\s\S]*from 0 to 1/],
  ]) {
    const { code, stderr } = await run(["sandbox", ...flags]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /\n {4}at /);
  }
  other.close();
});
