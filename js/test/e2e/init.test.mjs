// `init` of the installed package against a served sandbox: unattended by flags, and by a person in a terminal.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import Ajv from "ajv";
import { createFolder, requirePackage, run, serveSandbox, start } from "./sandbox.mjs";

const { createSandbox } = requirePackage("ghl-chartmogul/sandbox");
const { createEncryptionKey } = requirePackage("ghl-chartmogul/oauth");

const FILE = "ghl-chartmogul.config.json";
const KEYS = { enter: "\r", down: "\u001B[B", space: " ", interrupt: "\u0003" };

const ajv = new Ajv({ strict: false });
ajv.addSchema(requirePackage("ghl-chartmogul/config.schema.json"), "config");
ajv.addSchema(requirePackage("ghl-chartmogul/output.schema.json"), "output");

function assertFits(schema, value) {
  const validate = ajv.getSchema(schema);
  assert.ok(validate(value), JSON.stringify(validate.errors));
}

const configurationOf = (folder) => JSON.parse(readFileSync(join(folder, FILE), "utf8"));

const recordsOf = async ({ address }, service, kind) =>
  (await fetch(`${address.ghl.baseUrl}/sandbox/records?service=${service}&kind=${kind}`)).json();

const everyRecord = async (sandbox) =>
  JSON.stringify([
    await recordsOf(sandbox, "ghl", "contacts"),
    await recordsOf(sandbox, "chartmogul", "customers"),
    await recordsOf(sandbox, "chartmogul", "contacts"),
  ]);

let sandbox;
before(async () => {
  sandbox = await serveSandbox("--contacts", "60", "--seed", "7");
});
after(() => sandbox.close());

describe("unattended", () => {
  test("writes a configuration that a sync accepts, says what each anchor does, and writes to no service", async () => {
    const cwd = createFolder();
    const records = await everyRecord(sandbox);
    const { code, stdout, stderr } = await run(["init", "--yes", "--json"], { cwd, env: sandbox.env });
    assert.equal(code, 0, stderr);
    const output = JSON.parse(stdout);
    assertFits("output#/properties/init", output);
    assert.deepEqual(configurationOf(cwd), output.configuration);
    assertFits("config", output.configuration);
    assert.equal(output.configuration.ghl.locationId, sandbox.env.GHL_LOCATION_ID);
    assert.ok(!JSON.stringify(output).includes(sandbox.env.GHL_TOKEN));
    assert.equal(await everyRecord(sandbox), records);

    // What it says of the records is what the sandbox has.
    const contacts = await recordsOf(sandbox, "ghl", "contacts");
    const { findings, effects, plan } = output;
    assert.equal(findings.contacts, contacts.length);
    assert.equal(findings.customers, (await recordsOf(sandbox, "chartmogul", "customers")).length);
    const addresses = contacts.map(({ email }) => email?.trim().toLowerCase()).filter(Boolean);
    const several = new Set(addresses.filter((email, index) => addresses.indexOf(email) !== index));
    assert.ok(several.size > 0, "the sandbox has addresses that several contacts share");
    assert.deepEqual(new Set(findings.duplicates.ghl.map(({ email }) => email)), several);
    for (const effect of Object.values(effects)) assert.equal(effect.contacts, contacts.length);
    const { matched, customers, leftOut, conflicts } = effects["attach-only"];
    assert.equal(matched + leftOut + conflicts, contacts.length);
    assert.equal(customers, 0);

    // The plan command, with what was written, plans the same.
    const again = await run(["plan", "--json", "--full"], { cwd, env: sandbox.env });
    assert.deepEqual(JSON.parse(again.stdout).totals, plan.totals);
  });

  test("an anchor's effect is what a plan with it does", async () => {
    const cwd = createFolder();
    const flags = [
      "--anchor",
      "contact-is-customer",
      "--field",
      "none",
      "--shared-email",
      "none",
      "--notes",
      "none",
      "--tasks",
      "none",
    ];
    const { stdout, code, stderr } = await run(["init", "--yes", "--json", ...flags], {
      cwd,
      env: sandbox.env,
    });
    assert.equal(code, 0, stderr);
    const { effects, plan, configuration } = JSON.parse(stdout);
    assert.deepEqual(configuration.sync, { anchor: "contact-is-customer", objects: [] });
    const { matched, customers } = effects["contact-is-customer"];
    assert.equal(matched + customers, (plan.totals.create?.contact ?? 0) + (plan.totals.link?.contact ?? 0));
    const planned = JSON.parse((await run(["plan", "--json", "--full"], { cwd, env: sandbox.env })).stdout);
    const isNew = ({ action, kind, chartmogulCustomer }) =>
      kind === "contact" && action === "create" && chartmogulCustomer === undefined;
    assert.equal(customers, planned.changes.filter(isNew).length);
  });

  test("takes every answer from flags", async () => {
    const cwd = createFolder();
    const flags = [
      ...["--anchor", "attach-only", "--contacts", "both", "--notes", "toGhl", "--tasks", "none"],
      ...[
        "--field",
        "contact.seats=seats:Decimal",
        "--field",
        "source",
        "--user",
        "ada.king@agency.example=ada@x.example",
      ],
      ...["--default-assignee", "none", "--shared-email", "info@x.example", "--no-plan", "--no-numbers"],
    ];
    const { code, stderr, stdout } = await run(
      ["init", ...flags, "--location", sandbox.env.GHL_LOCATION_ID],
      {
        cwd,
        env: sandbox.env,
      },
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /Next: ghl-chartmogul plan$/m);
    assert.deepEqual(configurationOf(cwd).sync, {
      anchor: "attach-only",
      objects: ["notes"],
      directions: { contacts: "both", notes: "toGhl" },
      customFields: [
        { from: "contact.seats", to: "seats", type: "Decimal" },
        { from: "source", to: "source", type: "String" },
      ],
      users: { map: { "ada.king@agency.example": "ada@x.example" } },
      sharedEmails: ["info@x.example"],
    });
    assert.ok(!existsSync(join(cwd, "ghl-chartmogul.db")), "nothing was planned");
  });

  test("a missing answer names its flag, and leaves no file", async () => {
    for (const [flags, env, named] of [
      [[], sandbox.env, /--anchor attach-only\|contact-is-customer\|business-is-customer, or --yes/],
      [["--anchor", "attach-only"], sandbox.env, /--contacts toChartmogul\|toGhl\|both, or --yes/],
      [
        ["--yes"],
        { ...sandbox.env, GHL_TOKEN: "" },
        /GHL_TOKEN in the environment or in a file \(--env-file\)/,
      ],
      [["--yes"], { ...sandbox.env, CHARTMOGUL_API_KEY: "" }, /CHARTMOGUL_API_KEY/],
    ]) {
      const cwd = createFolder();
      const { code, stderr } = await run(["init", "--no-numbers", ...flags], { cwd, env });
      assert.equal(code, 2, stderr);
      assert.match(stderr, named);
      assert.deepEqual(readdirSync(cwd), []);
    }
  });

  test("wrong answers are refused before anything is written", async () => {
    for (const [flags, words] of [
      [["--field", "contact.seat"], /no field contact\.seat(?:.|\n)*Did you mean contact\.seats/],
      [["--field", "contact.trial_ends=x:Boolean"], /cannot be Boolean(?:.|\n)*Possible: Timestamp, String/],
      [["--field", "contact.seats=se-ats"], /se-ats is not an attribute's key/],
      [["--user", "ada"], /--user: ada: it has no =/],
      [["--default-assignee", "ada"], /--default-assignee: "ada" is not an e-mail address/],
      [["--shared-email", "x"], /--shared-email: "x" is not an e-mail address/],
      [["--anchor", "contact-is-customer", "--data-source", "Stripe"], /managed by Stripe/],
      [["--anchor", "contact-is-customer", "--contacts", "toGhl"], /attach-only/],
    ]) {
      const cwd = createFolder();
      const { code, stderr } = await run(["init", "--yes", ...flags], { cwd, env: sandbox.env });
      assert.equal(code, 2, `${flags}: ${stderr}`);
      assert.match(stderr, words);
      assert.deepEqual(readdirSync(cwd), []);
    }
  });

  test("refused credentials and a service that does not answer are said in one line, with no secret", async () => {
    for (const [changes, words] of [
      [{ GHL_TOKEN: "pit-canary-1" }, /401(?:.|\n)*hint: Check GHL_TOKEN/],
      [{ CHARTMOGUL_API_KEY: "canary-2" }, /401(?:.|\n)*hint: Check CHARTMOGUL_API_KEY/],
      [{ CHARTMOGUL_BASE_URL: "http://127.0.0.1:9" }, /chartmogul account\.retrieve(?:.|\n)*hint/],
    ]) {
      const cwd = createFolder();
      const { code, stderr, stdout } = await run(["init", "--yes"], {
        cwd,
        env: { ...sandbox.env, ...changes },
      });
      assert.equal(code, 1, stderr);
      assert.match(stderr, words);
      assert.doesNotMatch(stderr + stdout, /canary/);
      assert.deepEqual(readdirSync(cwd), []);
    }
  });

  test("a file that exists is changed with consent only, and keeps what is not asked for", async () => {
    const cwd = createFolder();
    const before = {
      alerts: { maxFailures: 5 },
      sync: {
        anchor: "attach-only",
        fullPassHours: 48,
        customFields: [
          { from: "contact.seats", to: "seats", type: "Integer" },
          { from: "contact.gone", to: "gone", type: "String" },
        ],
      },
    };
    const text = JSON.stringify(before);
    writeFileSync(join(cwd, FILE), text);
    const flags = ["init", "--yes", "--no-plan", "--tasks", "both"];
    const refused = await run(flags, { cwd, env: sandbox.env });
    assert.equal(refused.code, 2, refused.stderr);
    assert.match(refused.stderr, /exists and would change: .*sync\.directions\.tasks(?:.|\n)*--overwrite/);
    assert.equal(readFileSync(join(cwd, FILE), "utf8"), text);
    const { code, stdout, stderr } = await run([...flags, "--overwrite"], { cwd, env: sandbox.env });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /contact\.gone no longer exists in GHL: left out of the mapping/);
    assert.match(stdout, /\+ sync\.directions\.tasks: "both"/);
    assert.match(stdout, /- sync\.customFields: \{"from":"contact\.gone"/);
    const { alerts, sync } = configurationOf(cwd);
    assert.deepEqual(alerts, { maxFailures: 5 });
    assert.equal(sync.fullPassHours, 48);
    assert.deepEqual(sync.customFields, [{ from: "contact.seats", to: "seats", type: "Integer" }]);
    // Nothing is left to change.
    const again = await run(["init", "--yes", "--no-plan"], { cwd, env: sandbox.env });
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stdout, /Nothing changes\./);
  });

  test("saves credentials where it is told to: for their owner only, named in .gitignore, other lines kept", async () => {
    const cwd = createFolder();
    writeFileSync(join(cwd, ".gitignore"), "node_modules");
    writeFileSync(join(cwd, ".env"), "OTHER=1\nexport GHL_TOKEN=old\n", { mode: 0o644 });
    const flags = ["init", "--yes", "--no-numbers", "--no-plan", "--save-credentials"];
    const { code, stdout, stderr } = await run(flags, { cwd, env: sandbox.env });
    assert.equal(code, 0, stderr);
    assert.equal(statSync(join(cwd, ".env")).mode & 0o777, 0o600);
    const text = readFileSync(join(cwd, ".env"), "utf8");
    assert.match(text, /^OTHER=1\nGHL_TOKEN=pit-/);
    assert.doesNotMatch(text, /old/);
    assert.equal(readFileSync(join(cwd, ".gitignore"), "utf8"), "node_modules\n.env\n");
    assert.ok(!stdout.includes(sandbox.env.GHL_TOKEN) && !stdout.includes(sandbox.env.CHARTMOGUL_API_KEY));
    assert.doesNotMatch(readFileSync(join(cwd, FILE), "utf8"), /pit-|apiKey/);
    // The file alone suffices for the next command, and for init.
    const check = await run(["check", "--json", "--env-file", ".env"], { cwd });
    assert.equal(JSON.parse(check.stdout).ok, true);
    assert.equal((await run(["init", "--yes", "--no-plan", "--overwrite"], { cwd })).code, 0);
  });
});

describe("with an OAuth app", () => {
  test("refuses where nobody has logged in, and takes the location that the app was installed in", async () => {
    const { GHL_TOKEN: _, GHL_LOCATION_ID: __, ...bases } = sandbox.env;
    const { oauthClientId, oauthClientSecret } = createSandbox({ seed: 7 }).credentials;
    const env = {
      ...bases,
      GHL_CLIENT_ID: oauthClientId,
      GHL_CLIENT_SECRET: oauthClientSecret,
      GHL_REDIRECT_URI: "https://app.example.com/callback",
      GHL_TOKEN_KEY: createEncryptionKey(),
    };
    const cwd = createFolder();
    const ghl = { oauth: { consentUrl: sandbox.address.ghl.baseUrl } };
    writeFileSync(join(cwd, FILE), JSON.stringify({ ghl }));
    const flags = [
      "init",
      "--yes",
      "--json",
      "--no-plan",
      "--overwrite",
      "--location",
      sandbox.env.GHL_LOCATION_ID,
    ];
    const refused = await run(flags, { cwd, env });
    assert.equal(refused.code, 2, refused.stdout);
    assert.match(refused.stdout, /nobody has logged in.*ghl-chartmogul login/);

    const login = start(["login", "--json"], { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
    const ended = once(login, "close");
    const printed = createInterface({ input: login.stdout })[Symbol.asyncIterator]();
    const { authorizationUrl } = JSON.parse((await printed.next()).value);
    const page = await fetch(authorizationUrl, { redirect: "manual" });
    login.stdin.end(`${page.headers.get("location")}\n`);
    const answer = await printed.next();
    assert.equal((await ended)[0], 0, answer.value);

    const { code, stdout, stderr } = await run(flags, { cwd, env });
    assert.equal(code, 0, stdout + stderr);
    const { configuration } = JSON.parse(stdout);
    assert.deepEqual(configuration.ghl, { ...ghl, locationId: sandbox.env.GHL_LOCATION_ID });
    const check = await run(["check"], { cwd, env });
    assert.equal(check.code, 0, check.stdout + check.stderr);
  });
});

const python = spawnSync("python3", ["--version"]).status === 0;

describe("in a terminal", {
  skip: python ? false : "python3, which gives a pseudo terminal, is not installed",
}, () => {
  const driver = join(dirname(fileURLToPath(import.meta.url)), "terminal.py");
  const command = join(dirname(requirePackage.resolve("ghl-chartmogul/package.json")), "cli.js");

  /** Runs init as a person would; gives what the terminal showed, without colours. */
  function inTerminal(steps, { cwd, columns = 80, env = {}, flags = [] }) {
    const args = [
      driver,
      String(columns),
      JSON.stringify(steps),
      process.execPath,
      command,
      "init",
      ...flags,
    ];
    const { PATH, HOME } = process.env;
    const options = {
      cwd,
      env: { PATH, HOME, TERM: "xterm-256color", LANG: "C.UTF-8", ...env },
      encoding: "utf8",
    };
    const { stdout, stderr } = spawnSync("python3", args, { ...options, maxBuffer: 64 * 2 ** 20 });
    assert.notEqual(stdout, "", stderr);
    const { code, steps: done, shown } = JSON.parse(stdout);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed.
    return { code, done, shown: shown.replace(/\u001B\[[0-9;?]*[a-zA-Z]/g, "") };
  }

  test("a wrong token is asked for again; a set-up that was interrupted continues where it was", () => {
    const cwd = createFolder();
    const { env } = sandbox;
    const bases = { GHL_BASE_URL: env.GHL_BASE_URL, CHARTMOGUL_BASE_URL: env.CHARTMOGUL_BASE_URL };
    const first = inTerminal(
      [
        ["How do you connect", KEYS.enter],
        ["token of the location", `pit-wrong${KEYS.enter}`],
        ["Check GHL_TOKEN", ""],
        ["token of the location", `${env.GHL_TOKEN}${KEYS.enter}`],
        ["API key", `${env.CHARTMOGUL_API_KEY}${KEYS.enter}`],
        ["Write the credentials", KEYS.enter],
        ["Read them?", KEYS.enter],
        ["The anchor", `${KEYS.down}${KEYS.enter}`],
        ["Which data source", KEYS.interrupt],
      ],
      { cwd, env: bases },
    );
    assert.equal(first.done, 9, first.shown);
    assert.equal(first.code, 4, first.shown);
    assert.match(first.shown, /The token works: /);
    assert.match(first.shown, /The answers so far are kept: run init again to continue/);
    assert.ok(!first.shown.includes(env.GHL_TOKEN) && !first.shown.includes(env.CHARTMOGUL_API_KEY));
    assert.ok(!existsSync(join(cwd, FILE)));
    assert.equal(statSync(join(cwd, ".env")).mode & 0o777, 0o600);
    assert.doesNotMatch(readFileSync(join(cwd, `${FILE}.unfinished`), "utf8"), /pit-/);

    const second = inTerminal(
      [
        ["Continue there?", KEYS.enter],
        ["Read them?", KEYS.enter],
        ["Which data source", KEYS.enter],
        ["Contacts' fields", KEYS.enter],
        ["Notes", KEYS.enter],
        ["Tasks", `${KEYS.down}${KEYS.enter}`],
        ["Who has another", `${KEYS.space}${KEYS.enter}`],
        ["E-mail address of", `ada@company.example${KEYS.enter}`],
        ["Who gets those of", KEYS.enter],
        ["Which are shared", KEYS.enter],
        ["Make it now?", KEYS.enter],
      ],
      { cwd, flags: ["--field", "contact.seats"] },
    );
    assert.equal(second.done, 11, second.shown);
    assert.equal(second.code, 0, second.shown);
    assert.doesNotMatch(second.shown, /The anchor/, "what was answered is not asked again");
    assert.match(second.shown, /Next: ghl-chartmogul sync --env-file \.env/);
    const { sync } = configurationOf(cwd);
    assert.equal(sync.anchor, "contact-is-customer");
    assert.equal(sync.directions.tasks, "toGhl");
    assert.deepEqual(sync.customFields, [{ from: "contact.seats", to: "seats", type: "Integer" }]);
    assert.deepEqual(Object.values(sync.users.map), ["ada@company.example"]);
    assert.ok(!existsSync(join(cwd, `${FILE}.unfinished`)));
  });

  test("fits 40 columns, and leaves a file as it is where the person says no", () => {
    const cwd = createFolder();
    const text = JSON.stringify({ sync: { anchor: "attach-only" } });
    writeFileSync(join(cwd, FILE), text);
    const { code, shown, done } = inTerminal([["Change ", KEYS.enter]], {
      ...{ cwd, columns: 40, env: sandbox.env },
      flags: ["--yes", "--no-plan"],
    });
    assert.equal(done, 1, shown);
    assert.equal(code, 0, shown);
    assert.match(shown, /stays as it\s+is\./);
    assert.equal(readFileSync(join(cwd, FILE), "utf8"), text);
    const own = shown.split(/\r?\n/).filter((line) => /match|works|Users|takes/.test(line));
    assert.ok(own.length > 5);
    for (const line of own) assert.ok(line.length <= 40, line);
  });
});
