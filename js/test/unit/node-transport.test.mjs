// The transport over Node's own http: connections that stay open, proxies, limits, and above all what
// is known of a request that has no answer.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createSign, generateKeyPairSync } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { connect, createServer as createTcpServer } from "node:net";
import { after, describe, test } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { importSources, sourcesPath } from "../build-sources.mjs";

const names = ["node/transport", "node/proxy", "transport"];
const { nodeTransport, proxyFor, sendWithFetch, sendWithTransport } = await importSources(...names);

const closing = [];
after(() => {
  for (const close of closing) close();
});

function transportOf(options) {
  const transport = nodeTransport({ environment: {}, ...options });
  closing.push(() => transport.close());
  return transport;
}

/** The port that a server listens on. */
async function listen(server) {
  const sockets = new Set();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  });
  closing.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server.address().port;
}

const request = (url, more) => ({ method: "GET", url, headers: {}, timeoutMs: 5_000, ...more });
const text = ({ body }) => new TextDecoder().decode(body);
const kindOf = async (promise) => {
  const reason = await promise.then(
    () => assert.fail("it was answered"),
    (failure) => failure,
  );
  assert.equal(typeof reason.message, "string");
  return reason.kind;
};

/** A key and a certificate that nobody has signed. */
function selfSigned() {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const der = (tag, ...parts) => {
    const content = Buffer.concat(parts);
    const { length } = content;
    const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
    return Buffer.concat([Buffer.from([tag, ...size]), content]);
  };
  const algorithm = der(0x30, der(6, Buffer.from("2a8648ce3d040302", "hex")));
  const name = der(
    0x30,
    der(0x31, der(0x30, der(6, Buffer.from("550403", "hex")), der(12, Buffer.from("test")))),
  );
  const validity = der(0x30, der(23, Buffer.from("200101000000Z")), der(23, Buffer.from("491231235959Z")));
  const key = publicKey.export({ type: "spki", format: "der" });
  const content = der(0x30, der(2, Buffer.from([1])), algorithm, name, validity, name, key);
  const signature = createSign("sha256").update(content).sign(privateKey);
  const certificate = der(0x30, content, algorithm, der(3, Buffer.from([0]), signature)).toString("base64");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }),
    cert: `-----BEGIN CERTIFICATE-----\n${certificate.match(/.{1,64}/g).join("\n")}\n-----END CERTIFICATE-----\n`,
  };
}

async function trusting(action) {
  const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  const { emitWarning } = process;
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
  process.emitWarning = () => {};
  try {
    return await action();
  } finally {
    process.emitWarning = emitWarning;
    if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
  }
}

describe("an exchange", () => {
  test("carries method, headers and bytes both ways", async () => {
    const port = await listen(
      createServer((incoming, response) => {
        const { "content-length": length, "user-agent": agent, "x-name": name } = incoming.headers;
        response.writeHead(201, { "x-seen": [incoming.method, incoming.url, length, name, agent].join(" ") });
        incoming.pipe(response);
      }),
    );
    const body = new Uint8Array([0, 255, 10]);
    const response = await transportOf()(
      request(`http://127.0.0.1:${port}/a?b=c`, { method: "PUT", body, headers: { "x-name": "n" } }),
    );
    assert.equal(response.status, 201);
    assert.deepEqual([...response.body], [0, 255, 10]);
    const [, seen] = response.headers.find(([name]) => name === "x-seen");
    assert.equal(seen, "PUT /a?b=c 3 n ghl-chartmogul/0.0.0");
  });

  test("uses one connection for many, and several at once up to a limit", async () => {
    let connections = 0;
    const server = createServer((_, response) => setTimeout(() => response.end("ok"), 20));
    server.on("connection", () => connections++);
    const port = await listen(server);
    const transport = transportOf({ maxConnections: 3 });
    for (let call = 0; call < 4; call++) await transport(request(`http://127.0.0.1:${port}/`));
    assert.equal(connections, 1);
    await Promise.all(Array.from({ length: 9 }, () => transport(request(`http://127.0.0.1:${port}/`))));
    assert.equal(connections, 3);
  });

  test("unpacks what was compressed, and reads no more than allowed", async () => {
    const packed = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync };
    const port = await listen(
      createServer((incoming, response) => {
        const encoding = incoming.url.slice(1);
        assert.match(incoming.headers["accept-encoding"], /gzip/);
        if (encoding === "plain") return response.end("x".repeat(5_000));
        if (encoding === "broken") {
          response.writeHead(200, { "content-encoding": "gzip" });
          return response.end("not packed");
        }
        response.writeHead(200, { "content-encoding": encoding });
        response.end(packed[encoding]("ü".repeat(2_000)));
      }),
    );
    const url = `http://127.0.0.1:${port}/`;
    const transport = transportOf();
    for (const encoding of Object.keys(packed))
      assert.equal(text(await transport(request(url + encoding))), "ü".repeat(2_000), encoding);
    assert.equal(await kindOf(transport(request(`${url}broken`))), "lost");
    const small = transportOf({ maxResponseBytes: 3_000 });
    assert.equal(await kindOf(small(request(`${url}plain`))), "lost");
    await assert.rejects(small(request(`${url}plain`)), { message: /more than 3000 bytes/ });
    assert.equal(await kindOf(small(request(`${url}gzip`))), "lost");
  });

  for (const by of ["node", "fetch"])
    test(`${by} follows redirects of reads to their own origin, of files to others without the credential`, async () => {
      const seen = [];
      const other = await listen(
        createServer((incoming, response) => {
          seen.push(["other", incoming.url, incoming.headers.authorization]);
          response.end("there");
        }),
      );
      const port = await listen(
        createServer((incoming, response) => {
          seen.push(["own", incoming.url, incoming.headers.authorization]);
          if (incoming.url === "/b") return response.end("here");
          const location = { "/a": "/b", "/away": `http://127.0.0.1:${other}/c` }[incoming.url] ?? "/round";
          response.writeHead(incoming.url === "/a" ? 301 : 307, { location });
          response.end();
        }),
      );
      const transport =
        by === "node"
          ? transportOf()
          : ({ url, signal, timeoutMs, ...init }) => sendWithFetch(new Request(url, init), timeoutMs, signal);
      const headers = { authorization: "Bearer secret", accept: "application/json" };
      const get = (path, more) => transport(request(`http://127.0.0.1:${port}${path}`, { headers, ...more }));
      assert.equal(text(await get("/a")), "here");
      assert.equal((await get("/away")).status, 307, "not followed");
      assert.equal(seen.filter(([whose]) => whose === "other").length, 0);
      seen.splice(2);
      const file = { headers: { ...headers, accept: "*/*" } };
      assert.equal(text(await get("/away", file)), "there");
      assert.deepEqual(seen, [
        ["own", "/a", "Bearer secret"],
        ["own", "/b", "Bearer secret"],
        ["own", "/away", "Bearer secret"],
        ["other", "/c", undefined],
      ]);
      assert.equal((await get("/away", { method: "POST", body: new Uint8Array(1) })).status, 307);
      await assert.rejects(get("/round"), { kind: "lost", message: /redirects/ });
    });

  test("leaves nothing that keeps a process alive", async () => {
    const port = await listen(createServer((_, response) => response.end("ok")));
    const script = `import { nodeTransport } from ${JSON.stringify(await sourcesPath(...names))};
      const { status } = await nodeTransport({ environment: {}, idleMs: 60_000 })({
        method: "GET", url: "http://127.0.0.1:${port}/", headers: {}, timeoutMs: 5_000 });
      console.log(status);`;
    const cwd = fileURLToPath(new URL("../..", import.meta.url));
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--input-type=module", "--eval", script],
      {
        cwd,
        timeout: 20_000,
      },
    );
    assert.equal(stdout.trim(), "200");
  });
});

describe("a request without an answer", () => {
  const post = (url, transport = transportOf()) =>
    kindOf(transport(request(url, { method: "POST", body: new Uint8Array([1]) })));
  const tcp = (work) => listen(createTcpServer(work));

  test("was not sent where no connection came about", async () => {
    const server = createTcpServer();
    const free = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    assert.equal(await post(`http://127.0.0.1:${free}/`), "not_sent");
    assert.equal(await post("http://nobody.invalid/"), "not_sent");
    const dead = await tcp((socket) => socket.destroy());
    assert.equal(await post(`https://127.0.0.1:${dead}/`), "not_sent");
    // Not even where the socket says what open connections say too.
    const plain = await tcp((socket) => socket.once("data", () => socket.end("HTTP/1.1 400 Bad\r\n\r\n")));
    assert.equal(await post(`https://127.0.0.1:${plain}/`), "not_sent");
    const untrusted = await listen(createTlsServer(selfSigned()));
    assert.equal(await post(`https://127.0.0.1:${untrusted}/`), "not_sent");
  });

  test("may have arrived where one did", async () => {
    const works = {
      closed: (socket) => socket.end(),
      reset: (socket) => socket.resetAndDestroy(),
      garbage: (socket) => socket.end("garbage\r\n\r\n"),
      cut: (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"),
      "cut in a chunk": (socket) => socket.end("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{"),
    };
    for (const [name, work] of Object.entries(works)) {
      const port = await tcp((socket) => socket.once("data", () => work(socket)));
      assert.equal(await post(`http://127.0.0.1:${port}/`), "lost", name);
    }
    const secure = await listen(
      createTlsServer(selfSigned(), (socket) =>
        socket.on("error", () => {}).once("data", () => socket.destroy()),
      ),
    );
    await trusting(async () => assert.equal(await post(`https://127.0.0.1:${secure}/`), "lost"));
  });

  test("may have arrived over a connection that was kept", async () => {
    let answers = 0;
    const port = await tcp((socket) =>
      socket.on("data", () => {
        if (answers++ === 0) socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        else socket.destroy();
      }),
    );
    const transport = transportOf();
    await transport(request(`http://127.0.0.1:${port}/`));
    assert.equal(await post(`http://127.0.0.1:${port}/`, transport), "lost");
    assert.equal(answers, 2);
  });

  test("may have arrived when the network goes away meanwhile", async () => {
    for (const code of ["EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT"]) {
      const port = await tcp(() => {});
      const gone = Object.assign(new Error(`read ${code}`), { code, syscall: "read", errno: -113 });
      const cut = ({ socket }) => socket.once("connect", () => setTimeout(() => socket.destroy(gone), 50));
      subscribe("net.client.socket", cut);
      try {
        assert.equal(await post(`http://127.0.0.1:${port}/`), "lost", code);
      } finally {
        unsubscribe("net.client.socket", cut);
      }
    }
  });

  test("ends with its time and with the caller's signal, and its connection with it", async () => {
    const ended = [];
    const port = await tcp((socket) => socket.on("data", () => {}).on("close", () => ended.push("closed")));
    const send = (more) => sendWithTransport(transportOf(), request(`http://127.0.0.1:${port}/`, more));
    assert.equal(await kindOf(send({ timeoutMs: 50 })), "timeout");
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 50);
    assert.equal(await kindOf(send({ signal: controller.signal })), "aborted");
    for (let waits = 0; ended.length < 2 && waits < 100; waits++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(ended.length, 2);
  });
});

describe("a proxy", () => {
  /** A proxy that keeps what it was asked for. */
  async function serveProxy(refuse) {
    const asked = [];
    const server = createServer((incoming, response) => {
      asked.push([
        incoming.method,
        incoming.url,
        incoming.headers.host,
        incoming.headers["proxy-authorization"],
      ]);
      response.end("by proxy");
    });
    server.on("connect", (incoming, socket) => {
      asked.push(["CONNECT", incoming.url, incoming.headers["proxy-authorization"]]);
      socket.on("error", () => {});
      if (refuse) return socket.end(`HTTP/1.1 ${refuse} No\r\n\r\n`);
      const [host, port] = incoming.url.split(":");
      const target = connect(Number(port), host, () => {
        socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
        target.pipe(socket).pipe(target);
      });
      target.on("error", () => socket.destroy());
    });
    return { asked, port: await listen(server) };
  }

  test("gets plain requests whole, with its own credential", async () => {
    const { asked, port } = await serveProxy();
    const transport = transportOf({ environment: { http_proxy: `http://me:p%40ss@127.0.0.1:${port}` } });
    assert.equal(text(await transport(request("http://api.example/a?b=c"))), "by proxy");
    const credential = `Basic ${Buffer.from("me:p@ss").toString("base64")}`;
    assert.deepEqual(asked, [["GET", "http://api.example/a?b=c", "api.example", credential]]);
  });

  test("sees nothing of secure requests but where they go, and its tunnel is kept", async () => {
    const secure = await listen(createSecureServer(selfSigned(), (_, response) => response.end("secret")));
    const { asked, port } = await serveProxy();
    const transport = transportOf({ environment: { HTTPS_PROXY: `127.0.0.1:${port}` } });
    await trusting(async () => {
      for (let call = 0; call < 3; call++)
        assert.equal(text(await transport(request(`https://127.0.0.1:${secure}/`))), "secret");
    });
    assert.deepEqual(asked, [["CONNECT", `127.0.0.1:${secure}`, undefined]]);
  });

  test("that refuses or is unavailable has sent nothing", async () => {
    const { port } = await serveProxy(407);
    const refusing = transportOf({ environment: { https_proxy: `http://127.0.0.1:${port}` } });
    await assert.rejects(refusing(request("https://api.example/")), { kind: "not_sent", message: /407/ });
    const silent = await listen(createTcpServer((socket) => socket.end("hello")));
    const strange = transportOf({ environment: { https_proxy: `http://127.0.0.1:${silent}` } });
    assert.equal(await kindOf(strange(request("https://api.example/"))), "not_sent");
    const away = transportOf({ environment: { https_proxy: "http://127.0.0.1:1" } });
    await assert.rejects(away(request("https://api.example/")), {
      kind: "not_sent",
      message: /cannot be reached/,
    });
  });

  test("is chosen by the usual variables", () => {
    const chosen = (url, environment) => proxyFor(new URL(url), environment)?.href;
    const proxy = "http://proxy:3128/";
    assert.equal(chosen("https://a.example/", {}), undefined);
    assert.equal(chosen("https://a.example/", { HTTPS_PROXY: proxy }), proxy);
    assert.equal(chosen("https://a.example/", { HTTP_PROXY: proxy }), undefined);
    assert.equal(chosen("http://a.example/", { HTTP_PROXY: "proxy:3128" }), proxy);
    assert.equal(chosen("https://a.example/", { ALL_PROXY: proxy, HTTPS_PROXY: "" }), proxy);
    assert.equal(chosen("https://a.example/", { https_proxy: proxy, HTTPS_PROXY: "http://other:1" }), proxy);
    for (const [list, url, exempt] of [
      ["*", "https://a.example/", true],
      ["a.example", "https://a.example/", true],
      ["example", "https://a.example/", true],
      [".example, other", "https://a.example/", true],
      ["*.example", "https://a.example/", true],
      ["b.example", "https://a.example/", false],
      ["ample", "https://a.example/", false],
      ["a.example:443", "https://a.example/", true],
      ["a.example:8443", "https://a.example/", false],
      ["A.EXAMPLE", "https://a.example/", true],
      ["127.0.0.1 localhost", "http://127.0.0.1:4010/", true],
      ["::1", "http://[::1]:4010/", true],
      ["[::1]:4010", "http://[::1]:4010/", true],
      ["[::1]:4011", "http://[::1]:4010/", false],
      ["", "https://a.example/", false],
    ]) {
      const found = chosen(url, { HTTPS_PROXY: proxy, HTTP_PROXY: proxy, NO_PROXY: list });
      assert.equal(found === undefined, exempt, `${list}: ${url}`);
    }
  });
});
