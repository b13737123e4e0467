// A sandbox for the nodes: served over HTTP, with its credentials, and its records as it answers them itself.

import { createRequire } from "node:module";
import { join } from "node:path";

const { PACKAGE_DIR: project } = process.env;
const require = createRequire(join(project, "package.json"));
const { createSandbox } = require("ghl-chartmogul/sandbox");
const { createConnector } = require("ghl-chartmogul");
export const { findOperation, operations } = require("ghl-chartmogul/operations");

/** A sandbox with credentials by type: a location's token, an agency's as `agency`, and ChartMogul's key. */
export async function openSandbox(options = {}) {
  const sandbox = createSandbox({ seed: 11, contacts: 620, searchLagMs: 0, ...options });
  const server = await sandbox.serve();
  const { ghlToken, ghlCompanyToken, locationId, companyId, chartmogulKey } = sandbox.credentials;
  const baseUrl = server.address.ghl.baseUrl;
  const connector = createConnector({
    ghl: { token: ghlToken, locationId },
    chartmogul: { apiKey: chartmogulKey },
    transport: sandbox.transport,
    store: "memory",
  });
  const credentials = {
    ghlApi: { token: ghlToken, locationId, baseUrl },
    agency: { token: ghlCompanyToken, locationId, baseUrl },
    ghlAccountApi: { token: ghlToken, locationId, baseUrl },
    chartMogulAccountApi: { apiKey: chartmogulKey, baseUrl: server.address.chartmogul.baseUrl },
  };
  return { sandbox, server, connector, credentials, locationId, companyId, baseUrl };
}

/**
 * What the sandbox answers to an operation, asked by hand: no client of ours, only the table's method and path.
 */
export function askSandbox({ sandbox, connector, locationId }, name, parameters, token) {
  const [service, ...rest] = name.split(".");
  const endpoint = connector.endpoints.find((one) => one.service === service && one.name === rest.join("."));
  const given = { ...parameters };
  for (const { name: own } of endpoint.parameters)
    if (["locationId", "location_id"].includes(own)) given[own] ??= locationId;
  const query = new URLSearchParams();
  const body = {};
  let path = endpoint.path;
  for (const parameter of endpoint.parameters) {
    const value = given[parameter.name];
    if (value === undefined) continue;
    if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (parameter.in === "query") query.append(parameter.name, value);
    else body[parameter.name] = value;
  }
  path = path.replace("{locationId}", locationId);
  const { ghlToken, chartmogulKey } = sandbox.credentials;
  const isGhl = service === "ghl";
  const authorization = isGhl
    ? `Bearer ${token ?? ghlToken}`
    : `Basic ${Buffer.from(`${chartmogulKey}:`).toString("base64")}`;
  const host = isGhl ? "https://services.leadconnectorhq.com" : "https://api.chartmogul.com";
  const request = {
    method: endpoint.method,
    url: `${host}${path}${query.size > 0 ? `?${query}` : ""}`,
    headers: {
      ...{ authorization, "content-type": "application/json" },
      ...(endpoint.version && { version: endpoint.version }),
    },
    ...(Object.keys(body).length > 0 && { body: JSON.stringify(body) }),
  };
  let answer = sandbox.handle(request);
  // The node's own calls have used up the limit of ten seconds: what judges them waits.
  for (let waits = 0; answer.status === 429 && waits < 24; waits += 1) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    answer = sandbox.handle(request);
  }
  const text = Buffer.from(answer.body).toString();
  return { status: answer.status, bytes: Buffer.from(answer.body), value: jsonOf(text) };
}

/** The ids of all contacts, page by page. */
export function contactIds(world) {
  const ids = [];
  for (let page = 1; ; page++) {
    const { contacts } = askSandbox(world, "ghl.contacts.search", { pageLimit: 100, page }).value;
    ids.push(...contacts.map(({ id }) => id));
    if (contacts.length < 100) return ids.sort();
  }
}

function jsonOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Whether the answer holds this value somewhere, whole. */
export function holds(answer, value) {
  const wanted = sorted(value);
  const look = (at) =>
    sorted(at) === wanted || (typeof at === "object" && at !== null && Object.values(at).some(look));
  return look(answer);
}

const sorted = (value) =>
  JSON.stringify(value, (_, one) =>
    typeof one === "object" && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort())
      : one,
  );

/** The parameters of a node for the values of an operation's fields, as its form has them. */
export function nodeParameters({ description }, operation, values) {
  const shown = description.properties.filter(({ displayOptions }) =>
    displayOptions?.show.operation?.includes(operation.name),
  );
  const parameters = { resource: operation.group, operation: operation.name };
  for (const [name, value] of Object.entries(values)) {
    const top = shown.find((property) => [name, `${name}Value`].includes(property.name));
    const collection = shown.find(({ name: own }) => own === "additionalFields" || own === "filters");
    const inside = collection?.options.find((property) => [name, `${name}Value`].includes(property.name));
    const property = top ?? inside;
    if (property === undefined) throw new Error(`the form of ${operation.name} has no field ${name}`);
    if (top === undefined) parameters[collection.name] ??= {};
    const target = top === undefined ? parameters[collection.name] : parameters;
    target[property.name] = asEntered(property, value);
  }
  return parameters;
}

function asEntered({ type, options }, value) {
  if (typeof value === "string" && value.startsWith("=")) return value;
  switch (type) {
    case "resourceLocator":
      return { __rl: true, mode: "id", value };
    case "resourceMapper":
      return { mappingMode: "defineBelow", value };
    case "json":
      return typeof value === "string" ? value : JSON.stringify(value);
    case "fixedCollection":
      return { [options[0].name]: value };
    case "string":
      return Array.isArray(value) ? value.join(", ") : String(value);
    default:
      return value;
  }
}
