// The host functions: sending with fetch or a transport, timeouts, aborts, sleeping, time zones.

import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { getEventListeners, once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { after, describe, mock, test } from "node:test";
import { importSources } from "../build-sources.mjs";

const {
  bounded,
  decodeBase64,
  encodeBase64,
  inTurn,
  monotonic,
  sendWithFetch,
  sendWithTransport,
  sleep,
  toSendFailure,
  utcOffsetMinutes,
} = await importSources("bounded", "clock", "in-turn", "transport", "send-failure", "time-zone", "base64");
const { createHost } = await importSources("host");

const text = (bytes) => new TextDecoder().decode(bytes);
const REQUEST = { method: "GET", url: "https://example.test/", headers: {}, timeoutMs: 1_000 };

const servers = [];
after(() => {
  for (const server of servers) server.close();
});
async function listen(server) {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${server.address().port}/`;
}

describe("sending with fetch", () => {
  test("gives status, headers and bytes", async () => {
    const url = await listen(
      createServer((request, response) => {
        response.writeHead(201, { "x-name": request.headers["x-name"], connection: "close" });
        request.pipe(response);
      }),
    );
    const request = new Request(url, {
      method: "POST",
      headers: { "x-name": "né" },
      body: new Uint8Array([0, 255]),
    });
    const response = await sendWithFetch(request, 1_000);
    assert.equal(response.status, 201);
    assert.ok(response.headers.some(([name, value]) => name === "x-name" && value === "né"));
    assert.deepEqual([...response.body], [0, 255]);
  });

  test("uses the fetch of the time of the call", async () => {
    const original = globalThis.fetch;
    try {
      globalThis.fetch = async () => new Response("mine");
      assert.equal(text((await sendWithFetch(new Request("http://127.0.0.1:1/"), 1_000)).body), "mine");
      globalThis.fetch = undefined;
      await assert.rejects(sendWithFetch(new Request("http://127.0.0.1:1/"), 1_000), { kind: "not_sent" });
    } finally {
      globalThis.fetch = original;
    }
  });

  test("says not sent when nobody listens or the name is unknown", async () => {
    const server = createTcpServer();
    const url = await listen(server);
    server.close();
    await assert.rejects(sendWithFetch(new Request(url), 1_000), (failure) => {
      assert.equal(failure.kind, "not_sent");
      assert.match(failure.message, /ECONNREFUSED/);
      assert.ok(failure.cause instanceof TypeError);
      return true;
    });
    await assert.rejects(sendWithFetch(new Request("http://nobody.invalid/"), 5_000), { kind: "not_sent" });
  });

  test("says lost when the connection ends after the request", async () => {
    const url = await listen(createTcpServer((socket) => socket.once("data", () => socket.destroy())));
    await assert.rejects(sendWithFetch(new Request(url), 1_000), { kind: "lost" });
  });

  test("says lost when the body is cut short", async () => {
    const cut = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{";
    const url = await listen(createTcpServer((socket) => socket.once("data", () => socket.end(cut))));
    await assert.rejects(sendWithFetch(new Request(url), 1_000), { kind: "lost" });
  });

  test("keeps the timeout armed until the body is read", async () => {
    const head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{";
    const url = await listen(createTcpServer((socket) => socket.on("data", () => socket.write(head))));
    await assert.rejects(sendWithFetch(new Request(url), 100), { kind: "timeout" });
  });
});

describe("a transport", () => {
  test("gets plain data and may answer in any plain form", async () => {
    const answers = [
      { status: 200, headers: { "x-a": "1", "x-b": ["2", "3"] }, body: "né" },
      {
        status: 200,
        headers: [
          ["x-a", "1"],
          ["x-b", "2, 3"],
        ],
        body: new TextEncoder().encode("né"),
      },
      {
        status: 200,
        headers: new Headers({ "x-a": "1", "x-b": "2, 3" }),
        body: new TextEncoder().encode("né").buffer,
      },
      () => new Response("né", { headers: { "x-a": "1", "x-b": "2, 3" } }),
      {
        status: 200,
        headers: new Map([
          ["x-a", "1"],
          ["x-b", "2, 3"],
        ]),
        arrayBuffer: async () => new TextEncoder().encode("né").buffer,
      },
    ];
    for (const answer of answers) {
      const give = typeof answer === "function" ? answer : () => answer;
      for (const transport of [give, async () => give()]) {
        const response = await sendWithTransport(transport, REQUEST);
        assert.equal(response.status, 200);
        const headers = Object.fromEntries(response.headers);
        assert.deepEqual([headers["x-a"], headers["x-b"]], ["1", "2, 3"]);
        assert.equal(text(response.body), "né");
      }
    }
    assert.equal((await sendWithTransport(() => ({ status: 204 }), REQUEST)).body.length, 0);
  });

  test("that misbehaves gives an ordinary failure, never a throw or a hang", async () => {
    const cases = [
      [
        () => {
          throw new Error("sync");
        },
        "lost",
      ],
      [
        () => {
          throw "text";
        },
        "lost",
      ],
      [() => Promise.reject("text"), "lost"],
      [() => Promise.reject(undefined), "lost"],
      [() => undefined, "lost"],
      [() => null, "lost"],
      [() => 7, "lost"],
      [() => ({}), "lost"],
      [() => ({ status: "200" }), "lost"],
      [() => ({ status: 200, body: { parsed: true } }), "lost"],
      [() => ({ status: 200, headers: [1] }), "lost"],
      [() => Promise.reject(Object.assign(new Error("x"), { code: "ECONNREFUSED" })), "not_sent"],
      [() => Promise.reject({ kind: "not_sent", message: "no route" }), "not_sent"],
      [() => Promise.reject(Object.assign(new Error("x"), { code: "ETIMEDOUT" })), "timeout"],
      [() => new Promise(() => {}), "timeout"],
    ];
    for (const [transport, kind] of cases) {
      const failed = await sendWithTransport(transport, { ...REQUEST, timeoutMs: 20 }).then(
        () => assert.fail(`${transport} succeeded`),
        (failure) => failure,
      );
      assert.equal(failed.kind, kind, String(transport));
      assert.equal(typeof failed.message, "string");
    }
  });

  test("that ignores the signal is left behind on abort, before and during", async () => {
    const controller = new AbortController();
    const pending = sendWithTransport(() => new Promise(() => {}), { ...REQUEST, signal: controller.signal });
    controller.abort("enough");
    await assert.rejects(pending, { kind: "aborted" });
    let called = false;
    const late = sendWithTransport(
      () => {
        called = true;
      },
      { ...REQUEST, signal: controller.signal },
    );
    await assert.rejects(late, { kind: "aborted" });
    assert.equal(called, false);
  });

  test("gets a signal that fires on abort with the caller's reason, and on the timeout", async () => {
    const controller = new AbortController();
    const seen = [];
    const transport = ({ signal }) =>
      new Promise((_, reject) =>
        signal.addEventListener("abort", () => {
          seen.push(signal.reason);
          reject(signal.reason);
        }),
      );
    const pending = sendWithTransport(transport, { ...REQUEST, signal: controller.signal });
    const reason = new Error("mine");
    controller.abort(reason);
    await assert.rejects(pending, { kind: "aborted" });
    await assert.rejects(sendWithTransport(transport, { ...REQUEST, timeoutMs: 5 }), { kind: "timeout" });
    assert.equal(seen[0], reason);
    assert.equal(seen.length, 2);
  });
});

test("a host without AbortController can send, and its timeouts hold", async () => {
  const original = globalThis.AbortController;
  globalThis.AbortController = undefined;
  try {
    const seen = await sendWithTransport(({ signal }) => ({ status: 200, body: String(signal) }), REQUEST);
    assert.equal(text(seen.body), "undefined");
    await assert.rejects(
      sendWithTransport(() => new Promise(() => {}), { ...REQUEST, timeoutMs: 5 }),
      { kind: "timeout" },
    );
  } finally {
    globalThis.AbortController = original;
  }
});

describe("waiting", () => {
  test("leaves no listener and no timer behind", async () => {
    const { signal } = new AbortController();
    await sleep(1, signal);
    await bounded(() => 1, 1_000, signal);
    await assert.rejects(bounded(() => Promise.reject(new Error("x")), 1_000, signal));
    await assert.rejects(bounded(() => new Promise(() => {}), 1, signal));
    assert.equal(getEventListeners(signal, "abort").length, 0);
    assert.ok(!process.getActiveResourcesInfo().includes("Timeout"));
  });

  test("uses one listener for many operations under one signal, and ends them all on abort", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = Array.from({ length: 40 }, (_, index) =>
      index % 2 ? sleep(60_000, signal) : bounded(() => new Promise(() => {}), 60_000, signal),
    );
    await sleep(1, signal);
    assert.equal(getEventListeners(signal, "abort").length, 1);
    controller.abort();
    for (const { reason } of await Promise.allSettled(waiting)) assert.equal(reason.kind, "aborted");
    assert.equal(getEventListeners(signal, "abort").length, 0);
  });

  test("ends on abort", async () => {
    const controller = new AbortController();
    const pending = sleep(60_000, controller.signal);
    controller.abort();
    await assert.rejects(pending, { kind: "aborted" });
    await assert.rejects(sleep(60_000, controller.signal), { kind: "aborted" });
    assert.equal(getEventListeners(controller.signal, "abort").length, 0);
  });

  test("may last longer than a timer can", async () => {
    mock.timers.enable({ apis: ["setTimeout", "Date"] });
    try {
      let done = false;
      const thirtyDays = 30 * 86_400_000;
      const pending = sleep(thirtyDays).then(() => {
        done = true;
      });
      mock.timers.tick(2 ** 31 - 1);
      await Promise.resolve();
      assert.equal(done, false);
      mock.timers.tick(thirtyDays - (2 ** 31 - 1));
      await pending;
    } finally {
      mock.timers.reset();
    }
  });
});

describe("a clock that never goes back", () => {
  const setBack = (context) => {
    const { now } = Date;
    let back = 0;
    context.mock.method(Date, "now", () => now() - back);
    return (milliseconds) => {
      back += milliseconds;
    };
  };

  test("continues while the system's clock is set back", async (context) => {
    const goBack = setBack(context);
    const before = monotonic();
    goBack(3_600_000);
    await sleep(20);
    const passed = monotonic() - before;
    assert.ok(passed >= 15 && passed < 10_000, `${passed} ms`);
  });

  test("does so on a host without performance too", async (context) => {
    const own = Object.getOwnPropertyDescriptor(globalThis, "performance");
    Object.defineProperty(globalThis, "performance", { value: undefined, configurable: true });
    try {
      const goBack = setBack(context);
      const before = monotonic();
      goBack(3_600_000);
      const after = monotonic();
      assert.equal(after >= before && after < before + 1_000, true, `${before} ${after}`);
      goBack(5_000);
      assert.ok(monotonic() >= after);
      await sleep(20);
      const passed = monotonic() - after;
      assert.ok(passed >= 15 && passed < 10_000, `${passed} ms`);
    } finally {
      Object.defineProperty(globalThis, "performance", own);
    }
  });

  test("is what waiting for a turn is measured by", async (context) => {
    const goBack = setBack(context);
    const store = {};
    let end;
    const first = inTurn(store, "l", {}, () => new Promise((resolve) => (end = resolve)));
    const second = inTurn(store, "l", { deadlineMs: 1_000 }, async (left) => left);
    await sleep(30);
    goBack(3_600_000);
    end();
    await first;
    const left = await second;
    assert.ok(left <= 975, `${left} ms are left`);
    assert.ok(Number.isInteger(left), `the module takes whole milliseconds, not ${left}`);
  });
});

describe("whether a request was sent", () => {
  const system = (syscall, code) =>
    Object.assign(new Error(`${syscall} ${code} 192.0.2.1:443`), { errno: -1, code, syscall });
  const coded = (code, message = "") => Object.assign(new Error(message), { code });
  const fetchFailed = (cause) => Object.assign(new TypeError("fetch failed"), { cause });
  const message = (text) => new Error(text);
  const check = (kind, reasons) => {
    for (const reason of reasons) {
      for (const each of [reason, fetchFailed(reason), fetchFailed(fetchFailed(reason))])
        assert.equal(toSendFailure(each).kind, kind, `${reason.code} ${reason.message}`);
    }
  };

  test("is false while there is no connection", () => {
    for (const code of ["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT", "ECONNRESET", "EINVAL"])
      check("not_sent", [system("connect", code), message(`connect ${code} 192.0.2.1:443`)]);
    check("not_sent", [system("getaddrinfo", "ENOTFOUND"), system("getaddrinfo", "EAI_AGAIN")]);
    check("not_sent", [system("queryA", "ETIMEOUT"), system("bind", "EADDRNOTAVAIL")]);
    check(
      "not_sent",
      ["ECONNREFUSED", "ENOTFOUND", "UND_ERR_CONNECT_TIMEOUT", "ConnectionRefused"].map((code) =>
        coded(code),
      ),
    );
    const certificates = ["CERT_HAS_EXPIRED", "DEPTH_ZERO_SELF_SIGNED_CERT", "ERR_TLS_CERT_ALTNAME_INVALID"];
    check(
      "not_sent",
      certificates.map((code) => coded(code)),
    );
    check("not_sent", [
      coded("ECONNRESET", "Client network socket disconnected before secure TLS connection was established"),
      // As Deno and Bun say it.
      message("error sending request for url (http://a/): client error (Connect): tcp connect error"),
      coded("EPROTO", "EPROTO: The TLS handshake failed. Does the server speak TLS on this port?"),
    ]);
  });

  test("is not known once there is one, whatever the code", () => {
    for (const syscall of ["read", "write", "writev", "shutdown"]) {
      for (const code of ["EHOSTUNREACH", "ENETUNREACH", "ENETDOWN", "ETIMEDOUT", "ECONNREFUSED", "EPIPE"])
        check("lost", [system(syscall, code), message(`${syscall} ${code}`)]);
    }
    // Without a word on when it happened.
    for (const code of [
      "EHOSTUNREACH",
      "ENETUNREACH",
      "EADDRNOTAVAIL",
      "EINVAL",
      "ENOENT",
      "ECONNRESET",
      "EPIPE",
    ])
      check("lost", [coded(code)]);
    for (const code of ["UND_ERR_SOCKET", "UND_ERR_DESTROYED", "HPE_INVALID_CONSTANT"])
      check("lost", [coded(code)]);
    // Corrupt records come at any time.
    for (const code of ["ERR_SSL_WRONG_VERSION_NUMBER", "ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC"])
      check("lost", [coded(code)]);
    check("lost", [
      coded("ECONNRESET", "socket hang up"),
      coded("ECONNRESET", "ECONNRESET: The socket connection was closed unexpectedly."),
      message("error sending request for http://a/: client error (SendRequest): connection closed before"),
      message("Connection reset by peer (os error 104)"),
      ...["Network connection lost.", "Failed to fetch", "Load failed"].map(message),
      message("NetworkError when attempting to fetch resource."),
    ]);
    for (const reason of [undefined, null, "connect ECONNREFUSED", 5])
      assert.equal(toSendFailure(reason).kind, "lost");
    const circular = new Error("round");
    circular.cause = circular;
    assert.equal(toSendFailure(circular).kind, "lost");
  });

  test("is decided by the most careful word of several", () => {
    const refused = system("connect", "ECONNREFUSED");
    check("not_sent", [new AggregateError([refused, system("connect", "ENETUNREACH")])]);
    check("lost", [
      new AggregateError([refused, system("read", "ECONNRESET")]),
      new AggregateError([refused, new Error("something else")]),
      Object.assign(system("connect", "ECONNREFUSED"), { cause: system("read", "ECONNRESET") }),
    ]);
    check("timeout", [coded("UND_ERR_HEADERS_TIMEOUT"), coded("UND_ERR_BODY_TIMEOUT"), coded("ETIMEDOUT")]);
  });

  test("is said right of real connections", async () => {
    const failure = (url, init) =>
      sendWithFetch(new Request(url, { method: "POST", body: "x", ...init }), 5_000).then(
        () => assert.fail("it was answered"),
        ({ kind, message }) => ({ kind, message }),
      );
    const server = (work) =>
      createTcpServer((socket) => socket.on("error", () => {}).once("data", () => work(socket)));
    const reset = await listen(server((socket) => socket.resetAndDestroy()));
    assert.equal((await failure(reset)).kind, "lost");
    const closed = await listen(server((socket) => socket.end()));
    assert.equal((await failure(closed)).kind, "lost");
    const garbage = await listen(server((socket) => socket.end("garbage\r\n\r\n")));
    assert.equal((await failure(garbage)).kind, "lost");
    const noTls = (await listen(server((socket) => socket.destroy()))).replace("http:", "https:");
    assert.equal((await failure(noTls)).kind, "not_sent");

    // The network goes away under an open connection: what the system says then must not look like a
    // connection that did not come about.
    const silent = await listen(createTcpServer((socket) => socket.on("error", () => {})));
    const cut = ({ socket }) => setTimeout(() => socket.destroy(system("read", "EHOSTUNREACH")), 50);
    subscribe("undici:client:connected", cut);
    try {
      const { kind, message } = await failure(silent);
      assert.match(message, /EHOSTUNREACH/);
      assert.equal(kind, "lost");
    } finally {
      unsubscribe("undici:client:connected", cut);
    }
  });
});

test("offsets of zones follow the zone data, with half hours, summer time and history", () => {
  const at = (text) => Date.parse(text);
  assert.equal(utcOffsetMinutes("UTC", at("2026-11-22T00:00:00Z")), 0);
  assert.equal(utcOffsetMinutes("Asia/Kolkata", at("2026-11-22T00:00:00Z")), 330);
  assert.equal(utcOffsetMinutes("America/New_York", at("2026-03-08T06:59:59.999Z")), -300);
  assert.equal(utcOffsetMinutes("America/New_York", at("2026-03-08T07:00:00Z")), -240);
  assert.equal(utcOffsetMinutes("Pacific/Kiritimati", at("2026-12-31T23:59:59Z")), 840);
  assert.equal(utcOffsetMinutes("Europe/London", -1), 60);
  assert.equal(utcOffsetMinutes("Mars/Olympus", 0), undefined);
  assert.equal(utcOffsetMinutes("UTC", Number.NaN), undefined);
});

test("base64 is written and decoded to the same bytes", () => {
  for (let length = 0; length < 70; length++) {
    const bytes = Buffer.from(Array.from({ length }, (_, index) => (index * 89 + length) % 256));
    assert.equal(encodeBase64(bytes), bytes.toString("base64"));
    assert.deepEqual(Buffer.from(decodeBase64(bytes.toString("base64"))), bytes);
  }
});

describe("the store of the host", () => {
  test("is failed when it does not answer within a minute", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      const silent = () => new Promise(() => {});
      const host = createHost({
        credentials: {},
        store: () => ({ conditional: true, get: silent, commit: silent, scan: silent }),
        hasStore: () => true,
        emit: () => {},
      });
      for (const work of [host.storeGet(["a"]), host.storeCommit([], []), host.storeScan("", undefined, 9)]) {
        const failed = assert.rejects(work, {
          code: "store_failed",
          message: /not answered within 60 seconds/,
        });
        for (let turn = 0; turn < 5; turn++) await Promise.resolve();
        mock.timers.tick(60_000);
        await failed;
      }
    } finally {
      mock.timers.reset();
    }
  });
});
