// Webhooks in: what is genuine, which contact an event is about, and the handlers over real requests.

import assert from "node:assert/strict";
import { generateKeyPairSync, sign, verify as verifyWithNode } from "node:crypto";
import { once } from "node:events";
import { createServer, request as sendRequest } from "node:http";
import { afterEach, describe, test } from "node:test";
import { importSources } from "../build-sources.mjs";

const {
  createConnectorOn,
  createError,
  isSameText,
  onHint,
  isHeard,
  contactsOf,
  PUBLISHED_BY_HIGHLEVEL,
  createWebhooks,
  createRunsAfter,
  readWebhookSettings,
} = await importSources(
  "errors",
  "connector",
  "hints",
  "webhooks/same-text",
  "webhooks/ghl-events",
  "webhooks/public-key",
  "webhooks/webhooks",
  "webhooks/runs-after",
  "webhooks/settings",
);

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const spki = publicKey.export({ type: "spki", format: "der" });
const raw = spki.subarray(12);
const other = generateKeyPairSync("ed25519");

const LOCATION = "ve9EPM428h8vShlRW1KT";
const SECRET = "canary-of-the-secret-path_0123";
const PERSON = "canary.person@example.com";

const outcomeOf = (ghl) => ({ done: true, report: { calls: { ghl, chartmogul: 0 } } });

/** Webhooks over a mailbox and runs that are played; `refreshed` is what was put into the mailbox. */
function play({ webhooks: settings = {}, locationId = LOCATION, refresh, run, isWatched = false } = {}) {
  const refreshed = [];
  const runs = [];
  const runsAfter = createRunsAfter(
    async (given) => {
      runs.push(given);
      return run === undefined ? outcomeOf(1) : run(given);
    },
    async () => isWatched,
    async () => 200_000,
  );
  const webhooks = createWebhooks({
    settings: readWebhookSettings({ publicKey: spki, ...settings }),
    locationId: locationId ?? undefined,
    async refresh(contacts, options) {
      refreshed.push({ contacts, options });
      if (refresh !== undefined) return refresh(contacts, options);
      return { contacts, duplicate: false };
    },
    runsAfter,
    now: () => Date.now(),
  });
  return { webhooks, refreshed, runs };
}

/** A connector whose module and store are not to be used. */
function connect(webhooks, options = {}) {
  const loadGlue = () => assert.fail("the module was loaded");
  const unused = (name) => () => assert.fail(`the store's ${name}`);
  const store = { get: unused("get"), commit: unused("commit"), scan: unused("scan") };
  const origin = { file: "connector.wasm", cure: "" };
  return createConnectorOn({ loadGlue, origin }, { store, webhooks, ...options });
}

let count = 0;
const eventOf = (fields = {}) => ({
  type: "ContactUpdate",
  timestamp: new Date().toISOString(),
  webhookId: `event-${++count}`,
  locationId: LOCATION,
  id: "seD4PfOuKoVMLkEZqohJ",
  email: PERSON,
  ...fields,
});

const signed = (body, key = privateKey) => sign(null, Buffer.from(body), key).toString("base64");

/** The body and headers of a webhook. */
function webhook(fields, key) {
  // Spaces, as no serialiser of JavaScript writes them.
  const body = JSON.stringify(eventOf(fields)).replaceAll(",", ", ");
  return { body, headers: { "x-ghl-signature": signed(body, key) } };
}

const refusedAs = (reason) => (error) => {
  assert.equal(error.code, "unauthorized", error.message);
  assert.equal(error.details.reason, reason, error.message);
  assert.ok(error.hint);
  assert.ok(!`${error.message}${error.hint}`.includes("canary"), error.message);
  return true;
};

/** Takes Ed25519 away from the host's WebCrypto, as on older hosts, or WebCrypto as a whole. */
const hosts = {
  "with WebCrypto": () => () => {},
  "without WebCrypto": () => {
    const before = Object.getOwnPropertyDescriptor(globalThis, "crypto");
    Object.defineProperty(globalThis, "crypto", { configurable: true, value: undefined });
    return () => Object.defineProperty(globalThis, "crypto", before);
  },
  "with a WebCrypto that has no Ed25519": () => {
    const before = Object.getOwnPropertyDescriptor(globalThis, "crypto");
    const subtle = {
      importKey: async () => {
        throw new DOMException("Unrecognized algorithm name", "NotSupportedError");
      },
    };
    Object.defineProperty(globalThis, "crypto", { configurable: true, value: { subtle } });
    return () => Object.defineProperty(globalThis, "crypto", before);
  },
};

for (const [host, prepare] of Object.entries(hosts)) {
  describe(`verify ${host}`, () => {
    let restore = () => {};
    const begin = (options) => {
      restore = prepare();
      return play(options).webhooks.verify;
    };
    afterEach(() => restore());

    test("gives the event of a genuine webhook, whatever form its body and headers have", async () => {
      const verify = begin();
      const { body, headers } = webhook({ name: "Žofie 🚲" });
      const { "x-ghl-signature": signature } = headers;
      const bytes = Buffer.from(body);
      for (const [given, of] of [
        [body, headers],
        [bytes, { "X-GHL-Signature": signature }],
        [new Uint8Array(bytes), new Headers(headers)],
        [
          bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
          new Map(Object.entries(headers)),
        ],
        [new DataView(bytes.buffer, bytes.byteOffset, bytes.length), { "X-Ghl-Signature": [signature] }],
        [body, { "x-ghl-signature": signature.replaceAll("+", "-").replaceAll("/", "_").replace("==", "") }],
        [body, { ...headers, "x-wh-signature": "an old one" }],
      ]) {
        const event = await verify(given, of);
        assert.deepEqual(event, JSON.parse(body));
      }
    });

    test("refuses a body that was changed by a byte, or parsed and written again", async () => {
      const verify = begin();
      const { body, headers } = webhook();
      const changed = Buffer.from(body);
      changed[20] ^= 1;
      await assert.rejects(verify(changed, headers), refusedAs("wrong_signature"));
      await assert.rejects(verify(JSON.stringify(JSON.parse(body)), headers), refusedAs("wrong_signature"));
      await assert.rejects(verify(`${body} `, headers), refusedAs("wrong_signature"));
      await verify(body, headers);
    });

    test("refuses a signature of another key, or one that is not a signature", async () => {
      const verify = begin();
      const { body } = webhook();
      const headers = (signature) => ({ "x-ghl-signature": signature });
      await assert.rejects(
        verify(body, headers(signed(body, other.privateKey))),
        refusedAs("wrong_signature"),
      );
      await assert.rejects(
        verify(body, headers(Buffer.alloc(64).toString("base64"))),
        refusedAs("wrong_signature"),
      );
      const good = signed(body);
      for (const wrong of [
        Buffer.from(good, "base64").subarray(1).toString("base64"),
        Buffer.concat([Buffer.from(good, "base64"), Buffer.alloc(1)]).toString("base64"),
        Buffer.from(good, "base64").toString("hex"),
        "not base64!",
        `${good}, ${good}`,
        [good, good],
      ])
        await assert.rejects(verify(body, headers(wrong)), refusedAs("malformed_signature"), String(wrong));
    });

    test("takes each form of the key, and several keys", async () => {
      const { body, headers } = webhook();
      const pem = publicKey.export({ type: "spki", format: "pem" });
      const second = other.publicKey.export({ type: "spki", format: "pem" });
      const verifyWith = (key) => {
        restore();
        return begin({ webhooks: { publicKey: key } })(body, headers);
      };
      for (const key of [
        pem,
        pem.replaceAll("\n", "\\n"),
        spki.toString("base64"),
        raw.toString("base64"),
        raw.toString("base64url"),
        raw.toString("hex"),
        raw.toString("hex").toUpperCase(),
        spki.toString("hex"),
        new Uint8Array(raw),
        new Uint8Array(spki),
        [second, pem],
        [pem, second],
      ])
        assert.ok(await verifyWith(key));
      await assert.rejects(verifyWith(second), refusedAs("wrong_signature"));
      await assert.rejects(verifyWith(undefined), refusedAs("wrong_signature"));
    });
  });
}

describe("verify", () => {
  const { verify } = play().webhooks;

  test("refuses a webhook without signature, with the retired one alone, or with N/A", async () => {
    const { body, headers } = webhook();
    const old = { "X-WH-Signature": "bm90IGEgc2lnbmF0dXJl" };
    await assert.rejects(verify(body, {}), refusedAs("missing_signature"));
    await assert.rejects(verify(body, new Headers()), refusedAs("missing_signature"));
    await assert.rejects(verify(body, { "x-ghl-signature": "" }), refusedAs("missing_signature"));
    await assert.rejects(verify(body, { "x-ghl-signature": "N/A" }), refusedAs("missing_signature"));
    await assert.rejects(verify(body, { "x-ghl-signature": "N/A", ...old }), refusedAs("missing_signature"));
    await assert.rejects(verify(body, old), refusedAs("retired_signature"));
    await assert.rejects(
      verify(body, { signature: headers["x-ghl-signature"] }),
      refusedAs("missing_signature"),
    );
  });

  test("refuses an empty body, and a signed one that is not an event", async () => {
    for (const [body, reason] of [
      ["", "empty_body"],
      ["canary", "not_an_event"],
      ["null", "not_an_event"],
      ["[]", "not_an_event"],
      ['{"webhookId":"1"}', "not_an_event"],
      [Buffer.from([0x22, 0xff, 0x22]), "not_an_event"],
      [JSON.stringify(eventOf({ webhookId: undefined })), "no_webhook_id"],
      [JSON.stringify(eventOf({ webhookId: " " })), "no_webhook_id"],
      [JSON.stringify(eventOf({ webhookId: 7 })), "no_webhook_id"],
      [JSON.stringify(eventOf({ timestamp: undefined })), "no_timestamp"],
      [JSON.stringify(eventOf({ timestamp: "yesterday" })), "no_timestamp"],
      [JSON.stringify(eventOf({ timestamp: Date.now() })), "no_timestamp"],
    ])
      await assert.rejects(
        verify(body, { "x-ghl-signature": signed(body) }),
        refusedAs(reason),
        String(body),
      );
  });

  test("refuses what is older than five minutes, or from the future, and says which clock is likely wrong", async () => {
    const at = (milliseconds) => {
      const { body, headers } = webhook({ timestamp: new Date(Date.now() + milliseconds).toISOString() });
      return verify(body, headers);
    };
    await at(-299_000);
    await at(299_000);
    await assert.rejects(at(-301_000), refusedAs("too_old"));
    await assert.rejects(at(301_000), refusedAs("in_future"));
    await assert.rejects(at(-3_600_000), (error) => {
      assert.match(error.message, /signed 60 minutes ago; this machine's clock says 20/);
      assert.match(error.hint, /If every webhook is refused like this, this machine's clock is fast/);
      return refusedAs("too_old")(error);
    });
    await assert.rejects(at(3_600_000), (error) => {
      assert.match(error.message, /60 minutes in the future; this machine's clock says 20/);
      assert.match(error.hint, /this machine's clock is most likely slow/);
      return refusedAs("in_future")(error);
    });
    const { body, headers } = webhook({ timestamp: new Date(Date.now() - 3_600_000).toISOString() });
    await play({ webhooks: { toleranceMs: 7_200_000 } }).webhooks.verify(body, headers);
  });

  test("tells a program that has only the parsed body how to keep the bytes", async () => {
    const { body, headers } = webhook();
    for (const parsed of [JSON.parse(body), null, undefined, 7])
      await assert.rejects(verify(parsed, headers), ({ code, hint }) => {
        assert.equal(code, "invalid_argument");
        assert.match(hint, /request\.rawBody = bytes/);
        return true;
      });
    await assert.rejects(verify(body, undefined), {
      code: "invalid_argument",
      hint: "Pass request.headers.",
    });
  });

  test("needs no store, location or credential", async () => {
    const { body, headers } = webhook();
    const { webhooks } = connect({ publicKey: spki });
    assert.equal((await webhooks.verify(body, headers)).type, "ContactUpdate");
  });

  test("has HighLevel's key built in", () => {
    const key = Buffer.from(PUBLISHED_BY_HIGHLEVEL, "base64");
    assert.equal(
      key.subarray(12).toString("hex"),
      "8b61d1d6cacbe28d7c3bc0516bb815258ec6edbba96cddc7f40c09ac708388e8",
    );
    // Node reads it as an Ed25519 key.
    assert.equal(
      verifyWithNode(null, Buffer.from(""), { key, format: "der", type: "spki" }, Buffer.alloc(64)),
      false,
    );
  });
});

test("settings that cannot be meant are refused when the connector is made", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({
    type: "spki",
    format: "pem",
  });
  const secretKey = privateKey.export({ type: "pkcs8", format: "pem" });
  for (const [webhooks, words] of [
    [7, /must be an object/],
    [{ key: "x" }, /no setting key/],
    [{ publicKey: "canary" }, /not an Ed25519 public key/],
    [{ publicKey: rsa }, /RSA key: that of x-wh-signature/],
    [{ publicKey: secretKey }, /it is a private key/],
    [{ publicKey: [] }, /empty list/],
    [{ publicKey: raw.toString("hex").slice(2) }, /not an Ed25519 public key/],
    [{ publicKey: 7 }, /of the type number/],
    [{ chartmogulSecret: "canary" }, /20 characters/],
    [{ chartmogulSecret: "canary/with a slash and blanks" }, /letters, digits/],
    [{ toleranceMs: 999 }, /toleranceMs must be a number from 1,000 to 86,400,000/],
    [{ bodyLimit: "1MB" }, /bodyLimit/],
    [{ onAppEvent: "x" }, /onAppEvent must be a function/],
  ])
    assert.throws(
      () => connect(webhooks),
      (error) => {
        assert.equal(error.code, "invalid_config");
        assert.match(error.message, words);
        assert.ok(!`${error.message}${error.hint}`.includes("canary"));
        return true;
      },
    );
});

describe("handle", () => {
  const CONTACT = "seD4PfOuKoVMLkEZqohJ";
  const named = { contactId: CONTACT, id: "other" };
  const about = {
    ContactCreate: { id: CONTACT },
    ContactUpdate: { id: CONTACT },
    ContactDelete: { id: CONTACT },
    ContactTagUpdate: { id: CONTACT },
    ContactDndUpdate: { id: CONTACT },
    NoteCreate: named,
    NoteUpdate: named,
    NoteDelete: named,
    TaskCreate: named,
    TaskComplete: named,
    TaskDelete: named,
    AppointmentCreate: { appointment: named },
    AppointmentUpdate: { appointment: named },
    AppointmentDelete: { appointment: named },
    OpportunityCreate: named,
    OpportunityUpdate: named,
    OpportunityDelete: named,
    OpportunityStageUpdate: named,
    OpportunityStatusUpdate: named,
    OpportunityAssignedToUpdate: named,
    OpportunityMonetaryValueUpdate: named,
  };

  test("notes the contact that an event is about, and nothing else of it", async () => {
    for (const [type, fields] of Object.entries(about)) {
      const { webhooks, refreshed } = play();
      const event = eventOf({ type, id: undefined, ...fields });
      const handled = await webhooks.handle(event);
      assert.deepEqual(handled, { type, contacts: [CONTACT], duplicate: false });
      assert.equal(refreshed.length, 1, type);
      assert.deepEqual(refreshed[0].contacts, [CONTACT]);
      assert.equal(refreshed[0].options.event, event.webhookId);
      assert.ok(!JSON.stringify(refreshed).includes(PERSON), type);
    }
  });

  test("names nobody where the event does not, or names something that is not an id", () => {
    assert.deepEqual(contactsOf(eventOf({ type: "TaskCreate", id: "task" })), []);
    assert.deepEqual(contactsOf(eventOf({ type: "AppointmentUpdate" })), []);
    assert.deepEqual(contactsOf(eventOf({ type: "AppointmentUpdate", appointment: null })), []);
    for (const id of ["", "a/b", "../x", "a b", "x".repeat(101), 7, null, ["a"], { id: "a" }])
      assert.deepEqual(contactsOf(eventOf({ id })), [], JSON.stringify(id));
  });

  test("ignores what the sync does not read, and other locations", async () => {
    const { webhooks, refreshed } = play();
    const { handle } = webhooks;
    for (const type of ["InboundMessage", "InvoicePaid", "SomethingNew", "constructor", "INSTALL"])
      assert.deepEqual(await handle(eventOf({ type })), {
        type,
        contacts: [],
        duplicate: false,
        ignored: "type",
      });
    for (const locationId of ["other", undefined])
      assert.equal((await handle(eventOf({ locationId }))).ignored, "location");
    assert.deepEqual(refreshed, []);
  });

  test("gives what happens to the app to the program, of any location", async () => {
    const seen = [];
    const { webhooks, refreshed } = play({
      webhooks: { onAppEvent: async (event) => void seen.push(event) },
    });
    for (const type of ["INSTALL", "UNINSTALL", "PLAN_CHANGE", "AppUpdate"]) {
      const event = eventOf({ type, locationId: "other" });
      assert.deepEqual(await webhooks.handle(event), { type, contacts: [], duplicate: false });
      assert.equal(seen.at(-1), event);
    }
    assert.deepEqual(refreshed, []);
  });

  test("refuses what is not an event, and a connector without location", async () => {
    for (const event of [undefined, null, "x", {}, { type: "ContactUpdate" }, { type: "mrr_movement" }])
      await assert.rejects(play().webhooks.handle(event), { code: "invalid_argument" });
    await assert.rejects(play({ locationId: null }).webhooks.handle(eventOf()), {
      code: "invalid_config",
      message: /ghl\.locationId/,
    });
  });

  test("takes ChartMogul's customers wherever they are named", async () => {
    const { webhooks } = play({ webhooks: { chartmogulSecret: SECRET } });
    const { verifyChartMogul } = webhooks;
    const customers = async (body) => (await verifyChartMogul(JSON.stringify(body), SECRET)).customers;
    const uuid = "cus_7e1b2c3d-0000-11ee";
    assert.deepEqual(await customers({ type: "mrr_movement", customer: { uuid, email: PERSON } }), [uuid]);
    assert.deepEqual(await customers({ customer_uuid: uuid }), [uuid]);
    assert.deepEqual(await customers([{ customer: { uuid } }, { customer_uuid: uuid }]), [uuid]);
    for (const body of [
      {},
      null,
      7,
      { customer: null },
      { customer: { uuid: "con_1" } },
      { customer_uuid: "cus_a/b" },
    ])
      assert.deepEqual(await customers(body), [], JSON.stringify(body));
    await assert.rejects(verifyChartMogul("canary", SECRET), refusedAs("not_an_event"));
    for (const wrong of ["", undefined, SECRET.slice(1), `${SECRET}x`, SECRET.toUpperCase()])
      await assert.rejects(verifyChartMogul("{}", wrong), refusedAs("wrong_secret"));
    const { webhooks: without } = play();
    for (const wrong of ["", "-", undefined])
      await assert.rejects(without.verifyChartMogul("{}", wrong), refusedAs("wrong_secret"));
  });
});

test("whoever watches a location is known", () => {
  const store = {};
  assert.ok(!isHeard(store, LOCATION));
  const forget = onHint(store, LOCATION, () => {});
  assert.ok(isHeard(store, LOCATION));
  assert.ok(!isHeard(store, "other"));
  assert.ok(!isHeard({}, LOCATION));
  forget();
  assert.ok(!isHeard(store, LOCATION));
});

test("secrets are compared whole", () => {
  assert.ok(isSameText(SECRET, SECRET));
  for (const wrong of ["", SECRET.slice(0, -1), `${SECRET}${SECRET}`, SECRET.replace("c", "d")])
    assert.ok(!isSameText(wrong, SECRET), wrong);
});

/** Sends through a Fetch-style handler, as its hosts do. */
const fetchStyle = (handler) => ({
  send: (path, { method = "POST", body, headers } = {}) =>
    handler(new Request(`https://sync.example.com${path}`, { method, headers, body, duplex: "half" })),
  close() {},
});

/** Sends to a server of Node's http. */
function nodeStyle(handler) {
  const server = createServer(handler).listen(0, "127.0.0.1");
  return {
    server,
    async send(path, { method = "POST", body, headers } = {}) {
      if (!server.listening) await once(server, "listening");
      return fetch(`http://127.0.0.1:${server.address().port}${path}`, {
        method,
        body,
        headers,
        duplex: "half",
      });
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

for (const [style, name, serve] of [
  ["Fetch-style", "fetchHandler", fetchStyle],
  ["Node's http", "nodeHandler", nodeStyle],
]) {
  describe(`a handler for ${style}`, () => {
    let served;
    const begin = (options, { sync = false, ...handling } = {}) => {
      const played = play(options);
      const refusals = [];
      const handled = [];
      served = serve(
        played.webhooks[name]({
          sync,
          onRefused: (refusal) => refusals.push(refusal),
          onHandled: (each) => handled.push(each),
          ...handling,
        }),
      );
      return { ...played, refusals, handled, send: served.send };
    };
    afterEach(() => served.close());

    test("takes a genuine webhook before it answers", async () => {
      const { send, refreshed, handled, refusals } = begin();
      const response = await send("/webhooks/ghl?x=1", webhook());
      assert.equal(response.status, 200);
      assert.deepEqual(await response.json(), { received: true });
      assert.equal(refreshed.length, 1);
      assert.equal(handled[0].contacts.length, 1);
      assert.deepEqual(refusals, []);
    });

    test("refuses others with 401, without content and without saying more than why", async () => {
      const { send, refreshed, refusals } = begin({ webhooks: { chartmogulSecret: SECRET } });
      const { body, headers } = webhook();
      const at = (milliseconds) => webhook({ timestamp: new Date(Date.now() + milliseconds).toISOString() });
      const cases = [
        ["missing_signature", { body }],
        ["retired_signature", { body, headers: { "x-wh-signature": "abc" } }],
        ["missing_signature", { body, headers: { "x-ghl-signature": "N/A" } }],
        ["wrong_signature", { body: JSON.stringify(JSON.parse(body)), headers }],
        ["wrong_signature", { body: body.replace("canary", "cansry"), headers }],
        ["too_old", at(-301_000)],
        ["in_future", at(3_600_000)],
        ["empty_body", { body: "", headers }],
      ];
      for (const [reason, request] of cases) {
        const response = await send("/webhooks/ghl", request);
        assert.equal(response.status, 401, reason);
        assert.deepEqual(await response.json(), { received: false, reason });
      }
      for (const secret of ["", "wrong", SECRET.slice(1), `${SECRET}x`, `${SECRET}/x`]) {
        const response = await send(`/webhooks/chartmogul/${secret}`, {
          body: '{"customer":{"uuid":"cus_1"}}',
        });
        assert.equal(response.status, 401, secret);
      }
      assert.deepEqual(refreshed, []);
      assert.deepEqual(
        refusals.slice(0, cases.length).map(({ reason }) => reason),
        cases.map(([reason]) => reason),
      );
      for (const { message, hint } of refusals) assert.ok(!/canary|cus_1/.test(`${message}${hint}`), message);
    });

    test("refuses what is too large, is not a POST, or is compressed", async () => {
      const { send, refusals } = begin({ webhooks: { bodyLimit: 1_024 } });
      const large = await send("/", webhook({ name: "x".repeat(1_024) }));
      assert.equal(large.status, 413);
      // Without a length: what is beyond the limit is not read.
      let produced = 0;
      const endless = new ReadableStream({
        async pull(controller) {
          produced += 1;
          await new Promise((resolve) => setTimeout(resolve, 1));
          if (produced > 3_000) controller.close();
          else controller.enqueue(new Uint8Array(1_000));
        },
      });
      const streamed = await send("/", { body: endless, headers: webhook().headers });
      assert.equal(streamed.status, 413);
      assert.ok(produced < 2_900, `${produced}`);
      const get = await send("/", { method: "GET" });
      assert.equal(get.status, 405);
      assert.equal(get.headers.get("allow"), "POST");
      const packed = webhook();
      packed.headers["content-encoding"] = "gzip";
      assert.equal((await send("/", packed)).status, 415);
      assert.deepEqual(
        refusals.map(({ reason, status }) => `${reason} ${status}`),
        ["too_large 413", "too_large 413", "method 405", "encoding 415"],
      );
    });

    test("has the sender try again where the event could not be taken", async () => {
      const failing = (code) => ({
        async refresh() {
          throw createError({ code, message: "the store failed", hint: "h" });
        },
      });
      for (const [code, status] of [
        ["store_failed", 503],
        ["busy", 503],
        ["invalid_config", 500],
      ]) {
        const { send, refusals } = begin(failing(code));
        const response = await send("/", webhook());
        assert.equal(response.status, status);
        assert.equal(response.headers.get("retry-after"), "60");
        assert.deepEqual(await response.json(), { received: false, reason: "not_taken" });
        assert.equal(refusals[0].reason, "not_taken");
        served.close();
      }
      const onAppEvent = () => {
        throw new Error(SECRET);
      };
      const { send, refusals } = begin({ webhooks: { onAppEvent } });
      assert.equal((await send("/", webhook({ type: "INSTALL" }))).status, 503);
      assert.ok(!JSON.stringify(refusals).includes(SECRET));
    });

    test("takes ChartMogul's webhooks behind the secret", async () => {
      const { send, refreshed } = begin({ webhooks: { chartmogulSecret: SECRET } });
      const body = JSON.stringify({ type: "mrr_movement", customer: { uuid: "cus_1", email: PERSON } });
      const response = await send(`/webhooks/chartmogul/${SECRET}`, { body });
      assert.equal(response.status, 200, await response.text());
      assert.deepEqual(refreshed[0].contacts, ["cus_1"]);
      assert.ok(!JSON.stringify(refreshed).includes(PERSON));
    });

    test("syncs afterwards, one run at a time with all that were named meanwhile", async () => {
      const ended = [];
      let release;
      const gate = new Promise((resolve) => {
        release = resolve;
      });
      const given = [];
      const run = async (options) => {
        given.push(options);
        await gate;
        return outcomeOf(1);
      };
      const { send } = begin({ run }, { sync: true, onRun: (run) => ended.push(run) });
      const ids = ["a", "b", "c", "b"];
      for (const id of ids) assert.equal((await send("/", webhook({ id }))).status, 200);
      release();
      while (ended.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
      assert.deepEqual(
        ended.map(({ contacts }) => contacts),
        [["a"], ["b", "c"]],
      );
      assert.deepEqual(
        given.map(({ contacts }) => contacts),
        [["a"], ["b", "c"]],
      );
      assert.equal(ended[0].outcome.done, true);
    });

    test("leaves events to the next run where they have used up their share of the day's calls", async () => {
      const ended = [];
      const { send, runs } = begin(
        { run: async () => outcomeOf(1_500) },
        { sync: true, onRun: (run) => ended.push(run) },
      );
      for (let count = 1; count <= 6; count++) {
        assert.equal((await send("/", webhook({ id: `c${count}` }))).status, 200);
        while (ended.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
      }
      // A hundredth of 200,000 calls at once: two runs of 1,500.
      assert.deepEqual(
        ended.map(({ isPostponed = false }) => isPostponed),
        [false, false, true, true, true, true],
      );
      assert.equal(runs.length, 2);
    });

    test("leaves syncing to a watch in this process, and reports a run that failed", async () => {
      const { send, runs } = begin({ isWatched: true }, { sync: true });
      assert.equal((await send("/", webhook())).status, 200);
      await new Promise((resolve) => setTimeout(resolve, 30));
      assert.deepEqual(runs, []);
      served.close();
      const ended = [];
      const run = async () => {
        throw createError({ code: "busy", message: "another process" });
      };
      const again = begin({ run }, { sync: true, onRun: (run) => ended.push(run) });
      assert.equal((await again.send("/", webhook())).status, 200);
      while (ended.length < 1) await new Promise((resolve) => setTimeout(resolve, 5));
      assert.equal(ended[0].error.code, "busy");
    });
  });
}

describe("a Fetch-style handler", () => {
  test("hands its run to waitUntil, with a deadline within what workers allow", async () => {
    const { webhooks, runs } = play();
    const waited = [];
    const context = {
      waitUntil(promise) {
        assert.equal(this, context);
        waited.push(promise);
      },
    };
    const handler = webhooks.fetchHandler();
    const { body, headers } = webhook();
    const request = () => new Request("https://a.example/", { method: "POST", body, headers });
    assert.equal((await handler(request(), context)).status, 200);
    assert.equal(waited.length, 1);
    await waited[0];
    assert.deepEqual(
      runs.map(({ contacts, deadlineMs }) => ({
        contacts,
        hasDeadline: deadlineMs > 0 && deadlineMs <= 25_000,
      })),
      [{ contacts: ["seD4PfOuKoVMLkEZqohJ"], hasDeadline: true }],
    );
    // Deno and Bun pass something else there; nothing is passed elsewhere.
    for (const other of [undefined, null, { remoteAddr: {} }, "x"])
      assert.equal((await handler(request(), other)).status, 200);
  });

  test("says so where the body was read before it", async () => {
    const refusals = [];
    const handler = play().webhooks.fetchHandler({ onRefused: (each) => refusals.push(each) });
    const { body, headers } = webhook();
    const request = new Request("https://a.example/", { method: "POST", body, headers });
    await request.json();
    assert.equal((await handler(request)).status, 500);
    assert.match(refusals[0].hint, /request\.clone\(\)/);
  });
});

describe("a Node handler behind a body parser", () => {
  const { webhooks } = play();
  /** A server as Express has it, which parses the body first and keeps what it is asked to. */
  async function send({ body, headers }, keep, path = "/webhooks/ghl") {
    const refusals = [];
    const handler = webhooks.nodeHandler({ sync: false, onRefused: (each) => refusals.push(each) });
    const { server, close } = nodeStyle(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      keep(request, Buffer.concat(chunks));
      await handler(request, response, () => assert.fail("nothing is passed on"));
    });
    await once(server, "listening");
    const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`, {
      method: "POST",
      body,
      headers,
    });
    close();
    return { status: response.status, refusals };
  }

  test("uses the bytes that were kept", async () => {
    for (const keep of [
      (request, bytes) => Object.assign(request, { rawBody: bytes, body: JSON.parse(bytes) }),
      (request, bytes) => Object.assign(request, { rawBody: bytes.toString() }),
      (request, bytes) => Object.assign(request, { body: bytes }),
      (request, bytes) => Object.assign(request, { body: bytes.toString() }),
    ]) {
      assert.equal((await send(webhook(), keep)).status, 200);
      const { body, headers } = webhook();
      assert.equal((await send({ body: `${body} `, headers }, keep)).status, 401);
    }
  });

  test("refuses a parsed body, and says how to keep the bytes", async () => {
    for (const keep of [
      (request, bytes) => Object.assign(request, { body: JSON.parse(bytes) }),
      (request) => Object.assign(request, { body: {} }),
      () => {},
    ]) {
      const { status, refusals } = await send(webhook(), keep);
      assert.equal(status, 500);
      assert.equal(refusals[0].reason, "parsed_body");
      assert.match(refusals[0].hint, /express\.json\(\{ verify:/);
    }
  });

  test("knows ChartMogul's path under a mounted router", async () => {
    const mounted = play({ webhooks: { chartmogulSecret: SECRET } });
    const handler = mounted.webhooks.nodeHandler({ sync: false });
    const { send: post, close } = nodeStyle((request, response) => {
      request.originalUrl = request.url;
      request.url = "/";
      return handler(request, response);
    });
    assert.equal((await post(`/hooks/chartmogul/${SECRET}`, { body: "{}" })).status, 200);
    assert.equal((await post("/hooks/chartmogul/wrong", { body: "{}" })).status, 401);
    close();
  });

  test("answers a client that sends its whole large body first, and ends one that never stops", async () => {
    const { webhooks: small } = play({ webhooks: { bodyLimit: 1_024 } });
    const { server, close } = nodeStyle(small.nodeHandler({ sync: false }));
    await once(server, "listening");
    const { port } = server.address();
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      method: "POST",
      body: "x".repeat(3_000_000),
    });
    assert.equal(response.status, 413);
    const endless = sendRequest({ port, host: "127.0.0.1", method: "POST" });
    const timer = setInterval(() => endless.write("x".repeat(1_000)), 5);
    endless.on("error", () => {});
    await once(endless, "close");
    clearInterval(timer);
    close();
  });
});
