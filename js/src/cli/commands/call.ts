// `ghl-chartmogul call`: one endpoint, with parameters as flags.

import { writeFileSync } from "node:fs";
import type { List } from "../../call.js";
import { closest } from "../../closest.js";
import type { Connector } from "../../connector.js";
import type { Endpoint, EndpointParameter } from "../../endpoint.js";
import { methodOf } from "../../methods.js";
import { ExitCode, UsageError } from "../exit-code.js";
import { untilInterrupted } from "../interrupt.js";
import { isList, isSwitch, parseValue } from "../parameter-value.js";
import { formatTable } from "../table.js";
import type { Terminal } from "../terminal.js";

/** Flags of the command, besides the parameters. */
export interface CallFlags {
  list?: boolean | undefined;
  help?: boolean | undefined;
  all?: boolean | undefined;
  output?: string | undefined;
}

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
    listEndpoints(endpoints, name === undefined ? [] : [name, ...parameterFlags], terminal);
    return ExitCode.Done;
  }
  const endpoint = findEndpoint(endpoints, name);
  if (flags.help) {
    if (terminal.json) terminal.printJson(endpoint);
    else for (const line of helpLines(endpoint, terminal.columns)) terminal.print(line);
    return ExitCode.Done;
  }
  const parameters = readParameters(endpoint, parameterFlags);
  const connector = connect(endpoint);
  try {
    const method = methodOf(connector, fullName(endpoint));
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
      `Pass one of ${[operation, ...others].map(fullName).join(", ")}.`,
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

/** The parameters of flags such as `--contactId X`, `--per_page=5`, `--completed`, `--tags a,b`. */
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
    else if (isSwitch(parameter) && (following === undefined || following.startsWith("--"))) {
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
  const { name } = parameter;
  const previous = parameters[name];
  const value = parseValue(parameter, text);
  if (previous === undefined) parameters[name] = value;
  else if (isList(parameter) && Array.isArray(previous)) previous.push(...[value].flat());
  else throw new UsageError(`--${name} is given twice`);
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

/** What an endpoint does, and its parameters with their documentation. */
export function helpLines(endpoint: Endpoint, columns: number | undefined): string[] {
  const { summary, method, path, scopes, parameters, result, gives, replacedBy } = endpoint;
  const flags = parameters.map((parameter) => [
    `--${parameter.name}`,
    parameter.required && !isLocation(parameter) ? "required" : "",
    parameter.type,
    parameter.summary,
  ]);
  const titles = [
    { title: "parameter", whole: true },
    { title: "" },
    { title: "type", wraps: true },
    { title: "what it is", wraps: true },
  ];
  const required = parameters.filter((parameter) => parameter.required && !isLocation(parameter));
  const example = required.map(({ name }) => ` --${name} …`).join("");
  return [
    `${fullName(endpoint)}: ${summary}`,
    ...(replacedBy === undefined ? [] : [`Deprecated: use ${replacedBy}.`]),
    `${method} ${path}${scopes.length > 0 ? `, scope ${scopes.join(", ")}` : ""}`,
    gives === "nothing" ? "Gives nothing." : `Gives ${gives === "list" ? "a list of " : ""}${result}.`,
    "",
    ...(parameters.length === 0 ? ["It has no parameters."] : formatTable(titles, flags, columns)),
    "",
    `ghl-chartmogul call ${fullName(endpoint)}${example}`,
    ...(parameters.some(isList) ? ["A list is given as a,b or as JSON, or its flag more than once."] : []),
  ];
}

/** The location is filled in. */
const isLocation = ({ name }: EndpointParameter): boolean => name === "locationId" || name === "location_id";

/** The endpoints that contain all of these words: in the name, the summary, the path or the catalogue. */
function listEndpoints(endpoints: readonly Endpoint[], words: readonly string[], terminal: Terminal): void {
  const shown = endpoints.filter((endpoint) => {
    const { summary, path, category, catalogue } = endpoint;
    const text = [fullName(endpoint), summary, path, category, ...catalogue].join("\n").toLowerCase();
    return words.every((word) => text.includes(word.toLowerCase()));
  });
  if (terminal.json) {
    terminal.printJson(shown);
    return;
  }
  if (shown.length === 0) {
    const near = closest(
      words.join(" "),
      endpoints.map(({ name }) => name),
    );
    throw new UsageError(
      `no endpoint has ${words.join(" ")} in its name, summary or path`,
      near.length > 0
        ? `Did you mean ${near.join(" or ")}?`
        : "Run `ghl-chartmogul call --list` for all of them.",
    );
  }
  const rows = shown.map((endpoint) => [
    fullName(endpoint),
    endpoint.kind,
    endpoint.method,
    endpoint.path,
    endpoint.summary,
  ]);
  const columns = [
    { title: "name", whole: true },
    { title: "kind", whole: true },
    { title: "method", whole: true },
    { title: "path", wraps: true },
    { title: "what it does", wraps: true },
  ];
  for (const line of formatTable(columns, rows, terminal.columns)) terminal.print(line);
}

function fullName({ service, name }: Endpoint): string {
  return `${service}.${name}`;
}
