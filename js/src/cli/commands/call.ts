// `ghl-chartmogul call`: one endpoint, with parameters as flags.

import { readFileSync, writeFileSync } from "node:fs";
import type { List, ListOptions } from "../../call.js";
import type { Connector } from "../../connector.js";
import type { Endpoint, EndpointParameter } from "../../endpoint.js";
import { closest } from "../closest.js";
import { ExitCode, UsageError } from "../exit-code.js";
import { untilInterrupted } from "../interrupt.js";
import { formatTable } from "../table.js";
import type { Terminal } from "../terminal.js";

/** Flags of the command, besides the parameters. */
export interface CallFlags {
  list?: boolean | undefined;
  all?: boolean | undefined;
  output?: string | undefined;
}

type Method = (parameters: object, options: ListOptions) => unknown;

/** Calls the endpoint of that name, or lists those there are. */
export async function runCall(
  connect: (endpoint: Endpoint) => Connector,
  endpoints: readonly Endpoint[],
  name: string | undefined,
  parameterFlags: readonly string[],
  flags: CallFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  if (flags.list || name === undefined) {
    listEndpoints(endpoints, name, terminal);
    return ExitCode.Done;
  }
  const endpoint = findEndpoint(endpoints, name);
  const parameters = readParameters(endpoint, parameterFlags);
  const connector = connect(endpoint);
  try {
    const method = methodOf(connector, endpoint);
    await untilInterrupted(async (signal) => {
      if (endpoint.gives === "list" && flags.all) {
        for await (const item of method(parameters, { signal }) as List<unknown>) terminal.printJson(item);
        return;
      }
      printResult(await method(parameters, { signal }), flags, terminal);
    });
  } finally {
    await connector.close();
  }
  return ExitCode.Done;
}

/**
 * The endpoint of a name with or without its service, without it GHL's comes first; or of its name in
 * the catalogue of operations, for example "Find Contact".
 */
export function findEndpoint(endpoints: readonly Endpoint[], name: string): Endpoint {
  const found = [name, `ghl.${name}`, `chartmogul.${name}`]
    .map((candidate) => endpoints.find((endpoint) => fullName(endpoint) === candidate))
    .find((endpoint) => endpoint !== undefined);
  if (found !== undefined) return found;
  const [operation, ...others] = endpoints.filter((endpoint) => isCalled(endpoint, name));
  if (operation !== undefined && others.length === 0) return operation;
  if (operation !== undefined) {
    throw new UsageError(
      `several endpoints are called ${name}`,
      `Give one of ${[operation, ...others].map(fullName).join(", ")}.`,
    );
  }
  const withService = /^(ghl|chartmogul)\./.test(name);
  const names = endpoints.flatMap((endpoint) => [
    withService ? fullName(endpoint) : endpoint.name,
    ...endpoint.catalogue,
  ]);
  const near = closest(name, [...new Set(names)]);
  throw new UsageError(
    `unknown endpoint ${name}`,
    near.length > 0
      ? `Did you mean ${near.join(" or ")}?`
      : "Run `ghl-chartmogul call --list` for the names of all endpoints.",
  );
}

function isCalled({ catalogue }: Endpoint, name: string): boolean {
  return catalogue.some((entry) => entry.toLowerCase() === name.toLowerCase());
}

/** The parameters of flags such as `--contactId X`, `--per_page=5`, `--completed`, `--tags a --tags b`. */
export function readParameters(endpoint: Endpoint, flags: readonly string[]): Record<string, unknown> {
  const parameters: Record<string, unknown> = {};
  for (let index = 0; index < flags.length; index++) {
    const flag = flags[index] ?? "";
    const [, name, inline] = /^--([^=]+)(?:=(.*))?$/s.exec(flag) ?? [];
    if (name === undefined) {
      throw new UsageError(`${flag} is not a parameter`, "Pass parameters as --name value.");
    }
    const parameter = findParameter(endpoint, name);
    const following = flags[index + 1];
    if (inline !== undefined) add(parameters, parameter, inline);
    else if (parameter.type === "boolean" && (following === undefined || following.startsWith("--"))) {
      parameters[name] = true;
    } else if (following !== undefined) {
      add(parameters, parameter, following);
      index += 1;
    } else throw new UsageError(`--${name} needs a value`);
  }
  return parameters;
}

function findParameter(endpoint: Endpoint, name: string): EndpointParameter {
  const found = endpoint.parameters.find((parameter) => parameter.name === name);
  if (found !== undefined) return found;
  const names = endpoint.parameters.map((parameter) => parameter.name);
  const near = closest(name, names);
  const allowed =
    names.length === 0 ? "It takes none." : `It takes ${names.map((text) => `--${text}`).join(", ")}.`;
  throw new UsageError(
    `${fullName(endpoint)} has no parameter ${name}`,
    near.length > 0 ? `Did you mean ${near.map((text) => `--${text}`).join(" or ")}?` : allowed,
  );
}

function add(parameters: Record<string, unknown>, parameter: EndpointParameter, text: string): void {
  const { name, type } = parameter;
  const previous = parameters[name];
  if (previous === undefined) {
    const value = parseValue(parameter, text);
    parameters[name] = type.endsWith("[]") && !Array.isArray(value) ? [value] : value;
  } else if (Array.isArray(previous)) previous.push(parseValue(parameter, text));
  else throw new UsageError(`--${name} is given twice`);
}

/** Texts stay as they are, a file is named by its path; everything else is JSON, or a text where JSON does not fit. */
function parseValue({ name, type }: EndpointParameter, text: string): unknown {
  if (type === "Uint8Array") return readBytes(name, text);
  if (type === "string" || type === "string[]" || type.startsWith('"')) {
    return type === "string[]" && text.startsWith("[") ? parseJson(name, type, text) : text;
  }
  if (type === "number" && text.trim() !== "" && Number.isFinite(Number(text))) return Number(text);
  if (type === "boolean" && /^(true|false)$/.test(text)) return text === "true";
  if (type === "number" || type === "boolean") throw new UsageError(`--${name} takes a ${type}, not ${text}`);
  if (/^\s*[[{"]/.test(text)) return parseJson(name, type, text);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function readBytes(name: string, path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`--${name}: ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

function parseJson(name: string, type: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`--${name} takes ${type} as JSON: ${(error as Error).message}`);
  }
}

function methodOf(connector: Connector, { service, name }: Endpoint): Method {
  let found: unknown = connector[service];
  for (const part of name.split(".")) found = (found as Record<string, unknown>)[part];
  return found as Method;
}

function printResult(result: unknown, { output }: CallFlags, terminal: Terminal): void {
  if (result instanceof Uint8Array) {
    if (output !== undefined) writeFileSync(output, result);
    else process.stdout.write(result);
    return;
  }
  // An endpoint without a result gives an empty object; null is a result: nothing was found.
  const shown = result === undefined ? {} : result;
  if (terminal.json) terminal.printJson(shown);
  else terminal.print(JSON.stringify(shown, null, 2));
}

function listEndpoints(endpoints: readonly Endpoint[], part: string | undefined, terminal: Terminal): void {
  const shown = endpoints.filter(
    (endpoint) => part === undefined || fullName(endpoint).includes(part) || isCalled(endpoint, part),
  );
  if (terminal.json) {
    terminal.printJson(shown);
    return;
  }
  const rows = shown.map((endpoint) => [
    fullName(endpoint),
    endpoint.kind,
    endpoint.method,
    endpoint.path,
    endpoint.summary,
  ]);
  const columns = [
    { title: "name" },
    { title: "kind" },
    { title: "method" },
    { title: "path" },
    { title: "what it does", maxWidth: 80 },
  ];
  for (const line of formatTable(columns, rows, terminal.columns)) terminal.print(line);
}

function fullName({ service, name }: Endpoint): string {
  return `${service}.${name}`;
}
