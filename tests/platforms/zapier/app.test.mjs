// The app as a whole: its definition, connections, limits, secrets, choices, custom fields, files and the sync.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { APP_FOLDER, connect, copyApp, PACKAGE, said } from "./connection.mjs";
import { createWorld } from "./world.mjs";

const { operations } = await import(pathToFileURL(join(PACKAGE, "operations.js")));

let app;
let world;
before(async () => {
  app = await connect({ contacts: 120 });
  world = await createWorld(app);
});
after(() => app.close());

/** Runs a method of the app by its place, with what Zapier's core logs. */
async function execute(method, bundle = {}, event = {}) {
  const logs = [];
  const customLogger = (message, data) => logs.push(`${message} ${JSON.stringify(data)}`);
  const { results } = await app.handler({
    command: "execute",
    method,
    bundle: { authData: app.authData, inputData: {}, meta: {}, ...bundle },
    customLogger,
    ...event,
  });
  return { results, logs };
}

const rejection = async (promise) => {
  try {
    await promise;
  } catch (error) {
    return said(error);
  }
  throw new Error("it did not fail");
};

describe("the definition", () => {
  test("has the catalogue whole: 55 triggers, and 69 actions of which two are searches", () => {
    const catalogue = operations().filter((operation) => operation.catalogue.length > 0);
    const rows = catalogue.map(({ name, kind }) => {
      const key = name.replaceAll(".", "_");
      const isThere = (group) => key in app.App[group];
      return { name, kind, worksAs: ["triggers", "creates", "searches"].filter(isThere) };
    });
    const triggers = rows.filter(({ kind }) => kind === "trigger");
    const actions = rows.filter(({ kind }) => kind === "action");
    assert.deepEqual([rows.length, triggers.length, actions.length], [124, 55, 69]);
    for (const { name, worksAs } of triggers) assert.ok(worksAs.includes("triggers"), name);
    for (const { name, worksAs } of actions) assert.equal(worksAs.length, 1, name);
    assert.deepEqual(
      actions.filter(({ worksAs }) => worksAs[0] === "searches").map(({ name }) => name),
      ["ghl.contacts.find", "ghl.locations.get"],
    );
  });

  test("has each operation of ChartMogul that writes", () => {
    const writing = operations().filter(({ service, kind }) => service === "chartmogul" && kind === "action");
    for (const { name } of writing) assert.ok(name.replaceAll(".", "_") in app.App.creates, name);
    assert.ok(writing.length > 60);
  });

  test("has as many of each as the guide says", () => {
    const guide = readFileSync(join(APP_FOLDER, "README.md"), "utf8");
    const [, ...counts] = /(\d+) triggers, (\d+) actions and (\d+) searches/.exec(guide);
    const { triggers, creates, searches } = app.App;
    assert.deepEqual(
      counts.map(Number),
      [triggers, creates, searches].map((group) => Object.keys(group).length),
    );
  });

  test("has no label twice, which people could not tell apart", () => {
    for (const group of ["triggers", "creates", "searches"]) {
      const labels = Object.values(app.App[group]).map(({ display }) => display.label);
      assert.deepEqual(
        labels.filter((label, index) => labels.indexOf(label) !== index),
        [],
        group,
      );
    }
  });

  test("marks what tells records apart, and invents no id", () => {
    const ids = new Set(["id", "_id", "uuid", "task_uuid", "recordVersion"]);
    for (const { key, operation } of Object.values(app.App.triggers)) {
      const marked = operation.outputFields.filter(({ primary }) => primary).map((field) => field.key);
      assert.ok(marked.length > 0, key);
      for (const name of marked) {
        assert.ok(ids.has(name), `${key} ${name}`);
        assert.ok(operation.sample[name] !== undefined, `${key}: the sample has ${name}`);
      }
    }
  });

  test("lets the actions of a location share one limit, and syncs one at a time", () => {
    const throttles = (service) =>
      Object.entries(app.App.creates)
        .filter(([key]) => key.startsWith(`${service}_`))
        .map(([, { operation }]) => JSON.stringify(operation.throttle));
    assert.deepEqual(
      [...new Set(throttles("ghl"))],
      ['{"window":10,"limit":80,"key":"ghl-{{bundle.authData.locationId}}","scope":["auth"]}'],
    );
    assert.equal(new Set(throttles("chartmogul")).size, 1);
    for (const key of ["sync_now", "sync_contact"])
      assert.equal(app.App.creates[key].operation.lock.key, "sync-{{bundle.authData.locationId}}");
  });
});

describe("a connection", () => {
  const check = (authData) =>
    app.handler({ command: "execute", method: "authentication.test", bundle: { authData } });

  test("is labelled with the location's name and the account's", async () => {
    const { results } = await check(app.authData);
    assert.equal(results.locationId, app.locationId);
    const { results: label } = await execute("authentication.connectionLabel", { inputData: results });
    assert.equal(label, `${results.locationName} / ${results.chartmogulAccount}`);
    assert.equal((await app.connector.ghl.locations.get({})).name, results.locationName);
  });

  test("works with one service alone, and the other's steps say what is missing", async () => {
    const { ghlToken, locationId, chartmogulApiKey } = app.authData;
    const { results } = await check({ chartmogulApiKey });
    assert.deepEqual([results.locationName, results.chartmogulAccount], [null, "Sandbox"]);
    const withoutGhl = await rejection(
      app.run("creates", "ghl_contacts_create", {
        authData: { chartmogulApiKey },
        inputData: { email: "a@b.co" },
      }),
    );
    assert.match(withoutGhl.message, /ghl/i);
    const withoutKey = await rejection(
      app.run("triggers", "newCustomer", { authData: { ghlToken, locationId } }),
    );
    assert.match(withoutKey.message, /chartmogul/i);
  });

  for (const [what, authData, message] of [
    ["nothing", {}, /Enter a GoHighLevel token/],
    ["a token without its location", { ghlToken: "pit-1" }, /Enter the ID of the GoHighLevel location/],
  ])
    test(`is refused ${what}`, async () => assert.match((await rejection(check(authData))).message, message));

  test("expires where a token or key is refused, and only there", async () => {
    const refused = await rejection(check({ ...app.authData, ghlToken: "pit-00000000-wrong" }));
    assert.equal(refused.name, "ExpiredAuthError");
    const refusedKey = await rejection(check({ ...app.authData, chartmogulApiKey: "0".repeat(32) }));
    assert.equal(refusedKey.name, "ExpiredAuthError");
    const agency = await rejection(app.run("triggers", "newContact", { authData: app.agencyAuthData }));
    assert.deepEqual([agency.name, agency.code], ["AppError", "token_type_mismatch"]);
  });
});

describe("OAuth", () => {
  let oauth;
  let handler;
  const environment = { GHL_AUTHENTICATION: "oauth2", GHL_SCOPES: "contacts.readonly locations.readonly" };
  before(() => {
    const { oauthClientId, oauthClientSecret } = app.sandbox.credentials;
    Object.assign(process.env, environment, {
      CLIENT_ID: oauthClientId,
      CLIENT_SECRET: oauthClientSecret,
      GHL_CONSENT_URL: `${app.server.url}/oauth/chooselocation`,
    });
    const require = createRequire(join(copyApp(), "index.js"));
    oauth = require("./index.js");
    handler = require("zapier-platform-core").createAppHandler(oauth);
  });
  after(() => {
    for (const name of [...Object.keys(environment), "CLIENT_ID", "CLIENT_SECRET", "GHL_CONSENT_URL"])
      delete process.env[name];
  });

  const ask = async (method, bundle) => (await handler({ command: "execute", method, bundle })).results;

  test("exchanges a code, keeps the location, and uses each refresh token once", async () => {
    const redirect_uri = "https://zapier.com/dashboard/auth/oauth/return/App1CLIAPI/";
    const url = await ask("authentication.oauth2Config.authorizeUrl", {
      inputData: { state: "s-1", redirect_uri },
      authData: {},
    });
    const { status, headers } = app.sandbox.handle({ method: "GET", url });
    assert.equal(status, 302);
    const target = new URL(headers.find(([name]) => name === "location")[1]);
    assert.equal(target.searchParams.get("state"), "s-1");
    const logs = [];
    const { results: tokens } = await handler({
      command: "execute",
      method: "authentication.oauth2Config.getAccessToken",
      bundle: { inputData: { code: target.searchParams.get("code"), redirect_uri }, authData: {} },
      customLogger: (message, data) => logs.push(`${message} ${JSON.stringify(data)}`),
    });
    for (const secret of [process.env.CLIENT_SECRET, tokens.access_token, tokens.refresh_token])
      assert.ok(!logs.join("\n").includes(secret), "the log has no secret of the exchange");
    assert.equal(tokens.locationId, app.locationId);
    const authData = { ...tokens, chartmogulApiKey: "" };
    assert.equal((await ask("authentication.test", { authData })).locationId, app.locationId);
    const next = await ask("authentication.oauth2Config.refreshAccessToken", { authData });
    assert.notEqual(next.refresh_token, tokens.refresh_token);
    const again = await rejection(ask("authentication.oauth2Config.refreshAccessToken", { authData }));
    assert.equal(again.name, "ExpiredAuthError");
    assert.ok(!JSON.stringify(again).includes(tokens.refresh_token));
    assert.equal(
      (await ask("authentication.test", { authData: { ...authData, ...next } })).locationId,
      app.locationId,
    );
  });

  test("asks for a refresh where the token was refused, and not where a scope is missing", async () => {
    const refused = { access_token: "not-a-token", refresh_token: "r", locationId: app.locationId };
    const expired = await rejection(ask("triggers.newContact.operation.perform", { authData: refused }));
    assert.equal(expired.name, "RefreshAuthError");
    const company = { ...refused, access_token: app.agencyAuthData.ghlToken };
    const scope = await rejection(ask("triggers.newContact.operation.perform", { authData: company }));
    assert.deepEqual([scope.name, scope.code], ["AppError", "token_type_mismatch"]);
    assert.equal(oauth.authentication.oauth2Config.autoRefresh, false);
  });
});

describe("limits of the services", () => {
  let limited;
  before(async () => {
    limited = await connect({ contacts: 5 });
  });
  after(async () => {
    await limited.close();
    Object.assign(process.env, { GHL_BASE_URL: app.server.url, CHARTMOGUL_BASE_URL: app.server.url });
  });

  const addTags = () => {
    const inputData = { contactId: "seD4PfOuKoVMLkEZqohJ", tags: "a" };
    return limited.run("creates", "ghl_contacts_addTags", { inputData });
  };

  test("a burst is tried again by Zapier after seconds, a day's quota after hours", async () => {
    limited.sandbox.setFaults([{ service: "ghl", fault: { kind: "status", status: 429 } }]);
    const burst = await rejection(addTags());
    assert.equal(burst.name, "ThrottledError");
    assert.ok(burst.delay >= 1 && burst.delay <= 60, `${burst.delay} s`);
    limited.sandbox.setFaults([{ service: "ghl", fault: { kind: "quotaExhausted" } }]);
    const day = await rejection(addTags());
    assert.equal(day.name, "ThrottledError");
    assert.ok(day.delay > 600, `${day.delay} s`);
    assert.match(day.message, /The calls of the day are used up\.$/);
  });

  test("ChartMogul's too", async () => {
    limited.sandbox.setFaults([{ service: "chartmogul", fault: { kind: "status", status: 429 } }]);
    const burst = await rejection(limited.run("triggers", "newCustomer"));
    assert.equal(burst.name, "ThrottledError");
    assert.ok(burst.delay >= 1, `${burst.delay} s`);
  });

  /** Does some work while the step's 27 seconds are 8. */
  async function withShortStep(work) {
    const { timeout } = AbortSignal;
    AbortSignal.timeout = (ms) => timeout.call(AbortSignal, ms === 27_000 ? 8_000 : ms);
    try {
      return await work();
    } finally {
      AbortSignal.timeout = timeout;
    }
  }

  test("a step that ends while a request waits for its answer is not run again", async () => {
    for (const [answers, name, message] of [
      // The connector sends again; that request is the one that may have written.
      [1, "AppError", /A record may have been written/],
      [Number.POSITIVE_INFINITY, "ThrottledError", /takes no more calls|too many calls/],
    ]) {
      let requests = 0;
      const service = createServer((_, response) => {
        requests += 1;
        if (requests <= answers) response.writeHead(429, { "retry-after": "1" }).end("{}");
      }).listen(0, "127.0.0.1");
      await once(service, "listening");
      process.env.CHARTMOGUL_BASE_URL = `http://127.0.0.1:${service.address().port}`;
      try {
        const create = () =>
          limited.run("creates", "chartmogul_dataSources_create", { inputData: { name: "Once" } });
        const error = await withShortStep(() => rejection(create()));
        assert.ok(requests >= 2, `${requests} requests`);
        assert.equal(error.name, name);
        assert.match(error.message, message);
      } finally {
        process.env.CHARTMOGUL_BASE_URL = limited.server.url;
        service.closeAllConnections();
        service.close();
      }
    }
  });

  test("a service that fails, breaks off or answers a web page is an error with a code", async () => {
    for (const [fault, code] of [
      [{ kind: "status", status: 500 }, "service_unavailable"],
      [{ kind: "html" }, "unreadable_response"],
      [{ kind: "lost", done: false }, "network"],
    ]) {
      limited.sandbox.setFaults([{ service: "chartmogul", fault }]);
      const error = await rejection(limited.run("triggers", "newCustomer"));
      assert.deepEqual([error.name, error.code], ["AppError", code]);
    }
  });
});

test("no secret is in what is thrown or logged", async () => {
  const { ghlToken, chartmogulApiKey } = app.authData;
  const authData = {
    ...app.authData,
    stateStoreUrl: "redis://user:canary-of-the-store@127.0.0.1:1/0",
    serveToken: "canary-of-serve",
  };
  const basic = Buffer.from(`${chartmogulApiKey}:`).toString("base64");
  const secrets = [ghlToken, chartmogulApiKey, basic, "canary-of-the-store", "canary-of-serve"];
  const said = [];
  const attempt = async (method, inputData, more = {}) => {
    const bundle = { authData: { ...authData, ...more }, inputData };
    const event = { command: "execute", method, bundle };
    const customLogger = (message, data) => said.push(message, JSON.stringify(data));
    await app
      .handler({ ...event, customLogger })
      .catch((error) => said.push(String(error.stack), error.message));
  };
  const broken = "http://127.0.0.1:1";
  await attempt("authentication.test", {});
  await attempt("authentication.test", {}, { ghlToken: `${ghlToken}x` });
  await attempt("triggers.newContact.operation.perform", {});
  await attempt("triggers.newCustomer.operation.perform", {});
  await attempt("creates.ghl_contacts_create.operation.perform", { email: "not an address" });
  await attempt("creates.ghl_contacts_create.operation.perform", { email: "ada@world.example" });
  await attempt("creates.chartmogul_tasks_create.operation.perform", { customer_uuid: "x" });
  await attempt("creates.sync_now.operation.perform", {});
  await attempt("creates.sync_now.operation.perform", {}, { stateStoreUrl: "canary-of-the-store" });
  await attempt("creates.sync_now.operation.perform", {}, { stateStoreUrl: "https://canary-of-serve:1/" });
  await attempt("creates.sync_now.operation.perform", {}, { stateStoreUrl: app.server.url });
  await attempt("creates.sync_now.operation.perform", {}, { stateStoreUrl: broken });
  const text = said.join("\n");
  assert.ok(text.includes("/contacts/search"), "the log shows the calls");
  // The host of a URL is not a secret; a token and a password are.
  for (const secret of secrets) {
    const shown = text.replaceAll("https://canary-of-serve:1", "");
    const at = shown.indexOf(secret);
    assert.equal(at, -1, at === -1 ? "" : shown.slice(Math.max(0, at - 200), at));
  }
});

describe("choices", () => {
  /** The places of dynamic choices in the definition, by what they choose. */
  const places = () => {
    const found = new Map();
    for (const group of ["triggers", "creates", "searches"])
      for (const [key, { operation }] of Object.entries(app.App[group]))
        for (const [index, field] of operation.inputFields.entries())
          if (field.choices?.perform !== undefined && !found.has(field.choices.perform))
            found.set(
              field.choices.perform,
              `${group}.${key}.operation.inputFields.${index}.choices.perform`,
            );
    return [...found.values()];
  };

  test("of every kind are those that the sandbox has", async () => {
    const inputData = {
      contactId: world.contactId,
      appointmentId: world.appointmentId,
      calendarId: world.calendarId,
      resourceType: "rooms",
      blogId: world.blogId,
      pipelineId: world.pipelineId,
      schemaKey: "custom_objects.pet",
    };
    const empty = [];
    for (const method of places()) {
      const { results } = await execute(method, { inputData });
      if (results.results.length === 0) empty.push(method);
      for (const { id, label } of results.results) assert.ok(id !== "" && label !== "", method);
    }
    assert.ok(places().length >= 25, `${places().length} kinds`);
    assert.deepEqual(empty, []);
  });

  test("come a page at a time", async () => {
    const method = "creates.sync_contact.operation.inputFields.0.choices.perform";
    const { results: first } = await execute(method);
    assert.equal(first.results.length, 100);
    const { results: second } = await execute(method, { meta: { paging_token: first.paging_token } });
    const ids = [...first.results, ...second.results].map(({ id }) => id);
    assert.equal(new Set(ids).size, 121);
    assert.ok(ids.includes(world.contactId));
  });

  test("of stages are those of the chosen pipeline", async () => {
    const { inputFields } = app.App.creates.ghl_opportunities_create.operation;
    const index = inputFields.findIndex(({ key }) => key === "pipelineStageId");
    const method = `creates.ghl_opportunities_create.operation.inputFields.${index}.choices.perform`;
    const { results } = await execute(method, { inputData: { pipelineId: world.pipelineId } });
    assert.deepEqual(
      results.results.map(({ id, label }) => [id, label]),
      world.pipeline.stages.map(({ id, name }) => [id, name]),
    );
  });

  test("say what must be chosen first", async () => {
    const { inputFields } = app.App.triggers.ghl_tasks_get.operation;
    const index = inputFields.findIndex(({ key }) => key === "taskId");
    const error = await rejection(
      execute(`triggers.ghl_tasks_get.operation.inputFields.${index}.choices.perform`),
    );
    assert.match(error.message, /contactId must be chosen first/);
  });
});

describe("custom fields", () => {
  test("are fields of the form, with their types and options, as the location has them", async () => {
    for (const [key, model] of [
      ["ghl_contacts_create", "contact"],
      ["ghl_opportunities_update", "opportunity"],
    ]) {
      const { results } = await execute(`creates.${key}.operation.inputFields`);
      const own = results.filter((field) => field.key.startsWith("custom_field_"));
      const expected = world.customFields.filter((field) => field.model === model);
      assert.deepEqual(
        own.map((field) => [field.key, field.label]),
        expected.map(({ id, name }) => [`custom_field_${id}`, name]),
      );
    }
    const { results } = await execute("creates.ghl_contacts_create.operation.inputFields");
    const options = world.customFields.find(({ dataType }) => dataType === "SINGLE_OPTIONS");
    if (options === undefined) return;
    const field = results.find((one) => one.key === `custom_field_${options.id}`);
    assert.ok(field.choices.length > 0);
  });
});

describe("files", () => {
  test("are fetched when a later step needs them, and handed to Zapier whole", async () => {
    const [record] = await app.run("searches", "ghl_messages_getRecording", {
      inputData: { messageId: world.messageId },
    });
    const [, pointer] = record.file.split("|||");
    const { method, bundle } = JSON.parse(pointer);
    assert.equal(method, "hydrators.file");
    const uploads = [];
    const zapier = createServer((request, response) => {
      const chunks = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => {
        const body = Buffer.concat(chunks);
        if (request.url === "/upload") {
          uploads.push(body);
          response.writeHead(204).end();
          return;
        }
        const { id } = JSON.parse(body.toString());
        const address = `http://127.0.0.1:${zapier.address().port}`;
        response.setHeader("content-type", "application/json");
        response.end(
          JSON.stringify({ id, result: { url: `${address}/upload`, fields: { key: "kept/file" } } }),
        );
      });
    }).listen(0, "127.0.0.1");
    await once(zapier, "listening");
    try {
      const { results } = await execute(
        method,
        { inputData: bundle },
        {
          rpc_base: `http://127.0.0.1:${zapier.address().port}/rpc`,
          token: "t",
        },
      );
      assert.match(results, /\/kept\/file$/);
      const bytes = Buffer.from(
        await app.connector.ghl.messages.getRecording({ messageId: world.messageId }),
      );
      assert.equal(record.bytes, bytes.length);
      assert.ok(uploads[0].includes(bytes), "the upload has the recording's bytes");
      assert.ok(uploads[0].includes("ghl_messages_getRecording.wav"));
    } finally {
      zapier.close();
    }
  });
});

describe("the sync", () => {
  let serve;
  let folder;
  let stateStoreUrl;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "zapier-serve-"));
    const { ghlToken, chartmogulApiKey, locationId } = app.authData;
    serve = spawn(
      process.execPath,
      [join(PACKAGE, "cli.js"), "serve", "--json", "--port", "0", "--interval", "1440"],
      {
        cwd: folder,
        env: {
          PATH: process.env.PATH,
          GHL_TOKEN: ghlToken,
          GHL_LOCATION_ID: locationId,
          GHL_BASE_URL: app.server.url,
          CHARTMOGUL_API_KEY: chartmogulApiKey,
          CHARTMOGUL_BASE_URL: app.server.url,
          SERVE_TOKEN: "token-of-serve-0123456789abcdef",
        },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    let errors = "";
    serve.stderr.on("data", (text) => {
      errors += text;
    });
    for await (const line of createInterface({ input: serve.stdout })) {
      const said = JSON.parse(line);
      if (said.type !== "listening") continue;
      stateStoreUrl = said.url;
      break;
    }
    assert.ok(stateStoreUrl, errors);
    serve.stdout.resume();
  });
  after(async () => {
    serve.kill();
    if (serve.exitCode === null) await once(serve, "exit");
    rmSync(folder, { recursive: true, force: true });
  });

  const sync = (key, inputData, more = {}) =>
    app.run("creates", key, {
      authData: { ...app.authData, stateStoreUrl, serveToken: "token-of-serve-0123456789abcdef", ...more },
      inputData,
    });

  /** Zapier tries again while another run of the location is under way. */
  async function untilFree(run) {
    for (let attempt = 0; attempt < 60; attempt++) {
      try {
        return await run();
      } catch (error) {
        if (said(error).name !== "ThrottledError") throw error;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
    throw new Error("another run did not end");
  }

  test("is refused without a state store, with a wrong one, and without its token", async () => {
    assert.match(
      (await rejection(sync("sync_now", {}, { stateStoreUrl: "" }))).message,
      /needs a state store/,
    );
    assert.match(
      (await rejection(sync("sync_contact", { contactId: world.contactId }, { stateStoreUrl: "ftp://x" })))
        .message,
      /must begin with https/,
    );
    assert.match((await rejection(sync("sync_now", {}, { serveToken: "" }))).message, /token of serve/);
    const wrong = await rejection(sync("sync_now", {}, { serveToken: "wrong-token-wrong-token" }));
    assert.deepEqual([wrong.name, wrong.status], ["AppError", 401]);
    assert.match(wrong.message, /Check the token/);
  });

  test("only plans at first, writes once that is confirmed, and then has nothing to do", async () => {
    const before = app.sandbox.stats().chartmogul.writes;
    // However often it runs: nobody has agreed by seeing a plan.
    for (const key of ["sync_now", "sync_contact", "sync_now"]) {
      const planned = await untilFree(() => sync(key, { contactId: world.contactId, apply: "false" }));
      assert.deepEqual([planned.done, planned.plannedOnly, planned.written], [true, true, {}]);
      assert.ok(planned.planId !== null && planned.planned[key === "sync_now" ? "create" : "skip"] > 0, key);
    }
    assert.equal(app.sandbox.stats().chartmogul.writes, before);
    const applied = await untilFree(() => sync("sync_now", { apply: "true", failIfNotInStep: "false" }));
    assert.deepEqual([applied.done, applied.plannedOnly], [true, false]);
    const writes = app.sandbox.stats().chartmogul.writes - before;
    assert.ok(writes > 0, "it wrote");
    const again = await untilFree(() => sync("sync_now", { failIfNotInStep: "false" }));
    assert.deepEqual([again.done, again.plannedOnly, again.written], [true, false, {}]);
    assert.equal(app.sandbox.stats().chartmogul.writes - before, writes);
  });

  test("fails where records failed, with their count and the cure, unless it may be out of step", async () => {
    const outcome = await untilFree(() => sync("sync_now", { failIfNotInStep: "false" }));
    assert.ok(outcome.failed > 0, "the sandbox has records that cannot be synced");
    const error = await rejection(untilFree(() => sync("sync_now", {})));
    assert.equal(error.code, "not_in_step");
    assert.match(error.message, /could not be synced\. `ghl-chartmogul rejected` lists them/);
    assert.ok(error.message.includes(`Failed: ${outcome.failed}. Waiting for a person: ${outcome.waiting}.`));
  });

  /** A serve with these answers, by route; what it was asked. */
  async function withServe(answers, work) {
    const asked = [];
    const server = createServer(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const route = request.url.split("/")[2];
      asked.push({ route, body: JSON.parse(Buffer.concat(chunks).toString() || "{}") });
      const answer = await answers[route]?.();
      if (answer !== undefined)
        response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      return await work({ stateStoreUrl: `http://127.0.0.1:${server.address().port}` }, asked);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }
  const standing = { failed: 0, waiting: 3 };
  const held = {
    done: true,
    plannedOnly: true,
    standing,
    report: { planId: "p1", planned: { delete: { note: 900 } }, done: {}, guard: "900 records are deleted" },
  };

  test("fails where a person must read the plan, with the cure", async () => {
    const answers = { status: () => ({ appliedAt: 1, standing }), run: () => held };
    await withServe(answers, async (connection) => {
      const error = await rejection(sync("sync_now", {}, connection));
      assert.equal(error.code, "not_in_step");
      assert.match(
        error.message,
        /read the plan p1 before it is written: 900 records are deleted\. Read it with/,
      );
      const { guard } = await sync("sync_now", { failIfNotInStep: "false" }, connection);
      assert.equal(guard, held.report.guard);
    });
  });

  test("continues a confirmed run that stopped before anything was applied whole", async () => {
    const status = { appliedAt: 0, standing, unfinished: { phase: "applying" } };
    const run = { ...held, plannedOnly: false, report: { ...held.report, guard: null } };
    await withServe({ status: () => status, run: () => run }, async (connection, asked) => {
      await sync("sync_now", {}, connection);
      assert.deepEqual(
        asked.map(({ route }) => route),
        ["status", "run"],
      );
    });
  });

  test("ends before Zapier does, whatever serve does, and gives a run the time that is left", async () => {
    const { timeout } = AbortSignal;
    AbortSignal.timeout = (ms) => timeout.call(AbortSignal, ms === 27_000 ? 4_000 : ms);
    const refresh = async () => {
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      return {};
    };
    try {
      const answers = { refresh, status: () => ({ appliedAt: 1, standing }), run: () => undefined };
      await withServe(answers, async (connection, asked) => {
        const contactId = world.contactId;
        const error = await rejection(sync("sync_contact", { contactId }, connection));
        assert.deepEqual([error.name, error.code], ["AppError", "timeout"]);
        assert.match(error.message, /did not end within 27 seconds.*Nothing is written twice/);
        const { deadlineMs } = asked.at(-1).body;
        assert.ok(deadlineMs <= 23_000 && deadlineMs > 15_000, `${deadlineMs} ms`);
      });
    } finally {
      AbortSignal.timeout = timeout;
    }
  });

  test("of one contact brings its change to ChartMogul at once, and gives its state", async () => {
    const { ghl, chartmogul } = app.connector;
    // Of the contacts that are linked, the first.
    let linked;
    for await (const contact of ghl.contacts.search({ pageLimit: 100 })) {
      if (!contact.phone) continue;
      const given = await untilFree(() =>
        sync("sync_contact", { contactId: contact.id, failIfNotInStep: false }),
      );
      if (given.contact.standing !== "inStep" || given.contact.chartmogulId === undefined) continue;
      linked = { ...contact, chartmogulId: given.contact.chartmogulId };
      break;
    }
    assert.ok(linked, "a contact is linked");
    await ghl.contacts.update({ contactId: linked.id, phone: "+12025550191" });
    const { contact, done } = await untilFree(() => sync("sync_contact", { contactId: linked.id }));
    assert.equal(done, true);
    assert.equal(contact.standing, "inStep");
    assert.equal(
      (await chartmogul.contacts.retrieve({ contact_uuid: linked.chartmogulId })).phone,
      "+12025550191",
    );
  });
});
