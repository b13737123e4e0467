// Sends requests with Node's own http and https, over connections that stay open: less work than
// `fetch`, and it is known when a connection stands.

import * as http from "node:http";
import * as https from "node:https";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate } from "node:zlib";
import type { SendFailure } from "../bounded.js";
import { followable, MOST_REDIRECTS } from "../redirects.js";
import { toSendFailure } from "../send-failure.js";
import type { TransportRequest } from "../transport.js";
import { type Environment, proxyAuthorization, proxyFor } from "./proxy.js";

/** Options of {@link nodeTransport}. */
export interface NodeTransportOptions {
  /** Connections open at once to one service. Default 32. */
  maxConnections?: number | undefined;
  /** Milliseconds after which a connection that is not used is closed. Default 4,000. */
  idleMs?: number | undefined;
  /** Most bytes of one answer. Default 256 MiB. */
  maxResponseBytes?: number | undefined;
  /** Where `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` are read. Default `process.env`. */
  environment?: Environment | undefined;
}

/** What {@link nodeTransport} answers. */
export interface NodeResponse {
  status: number;
  headers: [string, string][];
  body: Uint8Array;
}

/** Sends requests; `close` ends the connections that are idle. */
export interface NodeTransport {
  (request: TransportRequest): Promise<NodeResponse>;
  close(): void;
}

const TUNNEL_TIMEOUT_MS = 30_000;

/**
 * A transport over Node's own http and https, with connections that stay open:
 * `createConnector({ ..., transport: nodeTransport() })`. The command line uses it.
 */
export function nodeTransport(options: NodeTransportOptions = {}): NodeTransport {
  const { maxConnections = 32, idleMs = 4_000, maxResponseBytes = 256 * 2 ** 20 } = options;
  const settings = { keepAlive: true, timeout: idleMs, maxSockets: maxConnections };
  const environment = options.environment ?? process.env;
  const plain = new http.Agent(settings);
  const secure = new https.Agent(settings);
  const tunnels = new Map<string, https.Agent>();

  const agentOf = (url: URL, proxy: URL | undefined): http.Agent => {
    if (url.protocol !== "https:") return plain;
    if (proxy === undefined) return secure;
    const tunnel = tunnels.get(proxy.href) ?? createTunnel(settings, proxy);
    tunnels.set(proxy.href, tunnel);
    return tunnel;
  };

  const follow = async (request: TransportRequest, redirects: number): Promise<NodeResponse> => {
    const url = new URL(request.url);
    const proxy = proxyFor(url, environment);
    const response = await exchange(request, url, proxy, agentOf(url, proxy), maxResponseBytes);
    const location = response.headers.find(([name]) => name.toLowerCase() === "location")?.[1];
    const { method, headers } = request;
    const target = followable(
      { method, url: request.url, accept: headers["accept"] },
      response.status,
      location,
    );
    // A redirect that is not followed is the answer.
    if (target === undefined) return response;
    if (redirects === MOST_REDIRECTS) {
      throw { kind: "lost", message: `more than ${MOST_REDIRECTS} redirects` } satisfies SendFailure;
    }
    const { authorization: _, ...open } = headers;
    const next = { ...request, url: target.url, headers: target.isSameOrigin ? headers : open };
    return follow(next, redirects + 1);
  };

  const transport = (request: TransportRequest) => follow(request, 0);
  return Object.assign(transport, {
    close() {
      for (const agent of [plain, secure, ...tunnels.values()]) agent.destroy();
    },
  });
}

/** Sends one request and reads its answer. Rejects with a SendFailure. */
async function exchange(
  request: TransportRequest,
  url: URL,
  proxy: URL | undefined,
  agent: http.Agent,
  maxResponseBytes: number,
): Promise<NodeResponse> {
  const { method, body, signal } = request;
  const headers: Record<string, string> = {
    "user-agent": `ghl-chartmogul/${PACKAGE_VERSION}`,
    "accept-encoding": "gzip, deflate, br",
    ...request.headers,
    ...(body === undefined ? {} : { "content-length": String(body.byteLength) }),
  };
  const isSecure = url.protocol === "https:";
  const options: https.RequestOptions = { method, headers, agent, ...(signal && { signal }) };
  if (proxy !== undefined && !isSecure) {
    const authorization = proxyAuthorization(proxy);
    if (authorization !== undefined) headers["proxy-authorization"] = authorization;
    headers["host"] = url.host;
    Object.assign(options, { host: hostOf(proxy), port: proxy.port || 80, path: url.href });
  }
  // Bytes may leave only when the connection stands, with TLS when its handshake is done.
  let connected = false;
  const failed = (reason: unknown): SendFailure =>
    connected ? { ...toSendFailure(reason), kind: "lost", cause: reason } : beforeConnected(reason);
  const answer = await new Promise<{ message: http.IncomingMessage; body: Buffer }>((resolve, reject) => {
    const fail = (reason: unknown) => reject(isFailure(reason) ? reason : failed(reason));
    const send = isSecure ? https.request : http.request;
    const outgoing = proxy !== undefined && !isSecure ? http.request(options) : send(url, options);
    outgoing.on("error", fail);
    outgoing.on("socket", (socket: Socket) => {
      if (outgoing.reusedSocket || (!isSecure && !socket.connecting)) connected = true;
      else socket.once(isSecure ? "secureConnect" : "connect", () => (connected = true));
    });
    outgoing.on("response", (message) => {
      const parts: Buffer[] = [];
      let length = 0;
      message.on("data", (part: Buffer) => {
        length += part.length;
        if (length <= maxResponseBytes) return void parts.push(part);
        fail(new Error(`the answer has more than ${maxResponseBytes} bytes`));
        outgoing.destroy();
      });
      message.on("error", fail);
      message.on("end", () => resolve({ message, body: Buffer.concat(parts, length) }));
      // After `end` this rejects what is settled.
      message.on("close", () => fail(new Error("the connection ended within the answer")));
    });
    outgoing.end(body);
  });
  const { message } = answer;
  const rawHeaders = message.rawHeaders;
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    pairs.push([rawHeaders[index] ?? "", rawHeaders[index + 1] ?? ""]);
  }
  try {
    const decoded = await decode(answer.body, message.headers["content-encoding"], maxResponseBytes);
    return { status: message.statusCode ?? 0, headers: pairs, body: decoded };
  } catch (reason) {
    throw failed(reason);
  }
}

function isFailure(reason: unknown): reason is SendFailure {
  return typeof (reason as Partial<SendFailure> | null)?.kind === "string";
}

/** No connection came about: whatever the reason says, nothing was sent. */
function beforeConnected(reason: unknown): SendFailure {
  return { ...toSendFailure(reason), kind: "not_sent", cause: reason };
}

const decoders: Readonly<
  Record<string, (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>>
> = {
  gzip: promisify(gunzip),
  "x-gzip": promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

async function decode(
  body: Buffer,
  encoding: string | undefined,
  maxOutputLength: number,
): Promise<Uint8Array> {
  const decoder = decoders[encoding?.trim().toLowerCase() ?? ""];
  if (decoder === undefined || body.length === 0) return body;
  return decoder(body, { maxOutputLength });
}

const hostOf = ({ hostname }: URL) => hostname.replace(/^\[|\]$/g, "");

/** How an agent makes a connection; Node's types leave it out. */
type CreateConnection = (
  options: Record<string, unknown>,
  created: (error: Error | null, socket?: Socket) => void,
) => Socket | undefined;

/** An agent whose connections go through a proxy, by CONNECT. */
function createTunnel(settings: https.AgentOptions, proxy: URL): https.Agent {
  const agent = new https.Agent(settings);
  const own = agent as unknown as { createConnection: CreateConnection };
  const direct = own.createConnection.bind(agent);
  own.createConnection = (options, created) => {
    openTunnel(proxy, `${options["host"]}:${options["port"]}`, (error, socket) => {
      if (socket === undefined) return created(error);
      try {
        created(
          null,
          direct({ ...options, socket }, () => {}),
        );
      } catch (reason) {
        created(reason as Error);
      }
    });
    return undefined;
  };
  return agent;
}

/** Opens a connection to the target through the proxy. */
function openTunnel(
  proxy: URL,
  target: string,
  created: (error: Error | null, socket?: Socket) => void,
): void {
  const isSecure = proxy.protocol === "https:";
  const host = hostOf(proxy);
  const port = Number(proxy.port || (isSecure ? 443 : 80));
  const socket = isSecure ? connectTls({ host, port, servername: host }) : connect(port, host);
  const authorization = proxyAuthorization(proxy);
  let done = false;
  const end = (error: Error | null) => {
    if (done) return;
    done = true;
    socket.setTimeout(0);
    socket.removeAllListeners();
    if (error === null) return created(null, socket);
    socket.on("error", () => {});
    socket.destroy();
    created(error);
  };
  const fail = (what: string, cause?: unknown) =>
    end(new Error(`the proxy ${proxy.host} ${what}`, { cause }));
  socket.setTimeout(TUNNEL_TIMEOUT_MS, () => fail(`did not answer within ${TUNNEL_TIMEOUT_MS} ms`));
  socket.on("error", (error) => fail("cannot be reached", error));
  socket.on("close", () => fail("closed the connection"));
  socket.once(isSecure ? "secureConnect" : "connect", () => {
    const lines = [`CONNECT ${target} HTTP/1.1`, `host: ${target}`];
    if (authorization !== undefined) lines.push(`proxy-authorization: ${authorization}`);
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  });
  let head = "";
  socket.on("data", (part: Buffer) => {
    head += part.toString("latin1");
    if (!head.includes("\r\n\r\n")) return head.length > 65_536 ? fail("gave no proper answer") : undefined;
    const [, status] = /^HTTP\/1\.\d (\d{3})/.exec(head) ?? [];
    if (status?.startsWith("2")) end(null);
    else fail(status === undefined ? "gave no proper answer" : `refused the connection with ${status}`);
  });
}
