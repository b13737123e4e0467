#!/usr/bin/env node
// The command line `ghl-chartmogul`: reads arguments, runs a command, and ends with its exit code.

import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { Connector } from "../connector.js";
import { createConnector } from "../entries/node.js";
import { ConnectorError } from "../errors.js";
import { endpoints } from "../generated/endpoints.js";
import { runCall } from "./commands/call.js";
import { runCheck } from "./commands/check.js";
import { runPlan } from "./commands/plan.js";
import { runSandbox } from "./commands/sandbox.js";
import { runSync } from "./commands/sync.js";
import { CONFIGURATION_FILE, readConfiguration, requireCredentials } from "./configuration.js";
import { ExitCode, exitCodeOf, UsageError } from "./exit-code.js";
import { Interrupted } from "./interrupt.js";
import { createTerminal, type Terminal } from "./terminal.js";

interface CommonFlags {
  json?: boolean;
  config?: string;
  credentials?: string;
}

let exitCode: ExitCode = ExitCode.Done;

const program = new Command("ghl-chartmogul")
  .description("Keeps a GoHighLevel location and a ChartMogul account in step.")
  .version(PACKAGE_VERSION)
  .exitOverride()
  .enablePositionalOptions()
  .showSuggestionAfterError()
  // Inherited by the commands. With --json, what Commander would print is told by `report`.
  .configureOutput(process.argv.includes("--json") ? { writeErr: () => {} } : {})
  .configureHelp({ showGlobalOptions: true })
  .addHelpText(
    "after",
    `
Credentials come from the environment (GHL_TOKEN, GHL_LOCATION_ID, CHARTMOGUL_API_KEY) or a file of
NAME=value lines (--credentials); GHL_BASE_URL and CHARTMOGUL_BASE_URL point at a sandbox.

Exit codes: 0 done, 1 failed, 2 bad usage or configuration, 3 done with rejected records,
4 stopped at a budget.`,
  );

command("check", "tell for each credential whether it works, and how far it reaches").action(
  withConnector((connector, _flags, terminal) => runCheck(connector, terminal)),
);

command("plan", "show what a sync would write, and what it costs; writes nothing")
  .option("--full", "read everything again, not only what changed")
  .option("--show <number>", "changes shown of each action, 0 for all", wholeNumber, 10)
  .action(withConnector(runPlan));

command("sync", "plan and apply; goes on where the last run stopped")
  .option("--yes", "write even if it is the location's first run")
  .option("--full", "read everything again, not only what changed")
  .option("--deadline <seconds>", "stop at a checkpoint after so many seconds", wholeNumber)
  .option("--max-calls <number>", "most calls to both services together", wholeNumber)
  .option("--max-records <number>", "most records written", wholeNumber)
  .action(withConnector(runSync));

command("call", "call one endpoint; its parameters are flags: call contacts.get --contactId ID")
  .argument("[endpoint]", "for example contacts.get or chartmogul.customers.list")
  .argument("[parameters...]", "the endpoint's parameters as --name value")
  .option("--list", "show the endpoints there are")
  .option("--all", "a list: all pages, one record a line")
  .option("--output <file>", "where to put bytes")
  .passThroughOptions()
  .allowUnknownOption()
  .action((name: string | undefined, parameters: string[], _: object, self: Command) =>
    finish(self, (flags, terminal) => {
      const own = takeOwnFlags(parameters);
      Object.assign(flags, own.flags);
      const connect = ({ service }: { service: "ghl" | "chartmogul" }) => {
        const options = readConfiguration(flags);
        requireCredentials(options, service);
        return createConnector(options);
      };
      const output = own.flags.json === true ? createTerminal(true) : terminal;
      return runCall(connect, endpoints(), name, own.rest, { ...self.opts(), ...own.flags }, output);
    }),
  );

command("sandbox", "serve both services in memory on a local port, until it is ended")
  .option("--port <number>", "0 for any free port", wholeNumber, 0)
  .option("--seed <number>", "the same seed gives the same records", wholeNumber)
  .option("--contacts <number>", "contacts in the location", wholeNumber)
  .option("--notes-per-contact <number>", "on average", decimal)
  .option("--tasks-per-contact <number>", "on average", decimal)
  .option("--burst-limit <number>", "GHL requests allowed in each 10 seconds", wholeNumber)
  .addOption(
    new Option("--search-lag-ms <number>", "until a change shows in searches").argParser(wholeNumber),
  )
  .action((_: object, self: Command) =>
    finish(self, (_flags, terminal) => {
      const { json, config, credentials, ...flags } = self.opts();
      return runSandbox({ port: 0, ...flags }, terminal);
    }),
  );

await main();

async function main(): Promise<void> {
  // A reader such as `head` may have seen enough.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(error.code === "EPIPE" ? exitCode : ExitCode.Failed);
  });
  try {
    await program.parseAsync();
  } catch (error) {
    // Commander has printed its message, unless JSON is asked for. Help and version are no errors.
    if (!(error instanceof CommanderError)) throw error;
    exitCode = error.exitCode === 0 ? ExitCode.Done : ExitCode.Usage;
    if (exitCode === ExitCode.Usage && process.argv.includes("--json")) report(toUsageError(error), true);
  }
  process.exitCode = exitCode;
}

/** Commander's error as our own: its message without its prefix, its suggestion as the hint. */
function toUsageError({ message }: CommanderError): UsageError {
  const [, what = message, suggestion] = /^(?:error: )?(.*?)(?:\n\((.*)\))?$/s.exec(message) ?? [];
  return new UsageError(what, suggestion);
}

function command(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option("--json", "print JSON only")
    .option("--config <file>", `settings (default: ${CONFIGURATION_FILE}, if it exists)`)
    .option("--credentials <file>", "credentials, as NAME=value lines");
}

/** An action that needs both services. */
function withConnector<Flags>(
  run: (connector: Connector, flags: Flags, terminal: Terminal) => Promise<ExitCode>,
): (flags: Flags, self: Command) => Promise<void> {
  return (flags, self) =>
    finish(self, async (common, terminal) => {
      const options = readConfiguration(common);
      requireCredentials(options, "ghl", "chartmogul");
      const connector = createConnector(options);
      try {
        return await run(connector, flags, terminal);
      } finally {
        await connector.close();
      }
    });
}

async function finish(
  self: Command,
  run: (flags: CommonFlags, terminal: Terminal) => Promise<ExitCode>,
): Promise<void> {
  const flags: CommonFlags = self.opts();
  const terminal = createTerminal(flags.json === true);
  try {
    exitCode = await run(flags, terminal);
  } catch (error) {
    exitCode = exitCodeOf(error);
    report(error, flags.json === true);
  }
}

function report(error: unknown, json: boolean): void {
  const { message, hint } = error as { message?: string; hint?: string };
  if (json) {
    const fields =
      error instanceof ConnectorError ? error.toJSON() : { code: plainCode(error), message, hint };
    process.stdout.write(`${JSON.stringify({ error: fields })}\n`);
    return;
  }
  process.stderr.write(`error: ${whereOf(error)}${message ?? String(error)}\n`);
  if (hint !== undefined) process.stderr.write(`hint: ${hint}\n`);
  if (error instanceof ConnectorError && error.requestId !== undefined) {
    process.stderr.write(`request id: ${error.requestId}\n`);
  }
}

/** The service and endpoint at fault; most messages begin with the endpoint themselves. */
function whereOf(error: unknown): string {
  if (!(error instanceof ConnectorError) || error.service === undefined) return "";
  const { service, endpoint, message } = error;
  if (endpoint !== undefined && message.startsWith(`${endpoint}: `)) return `${service} `;
  return `${[service, endpoint].filter(Boolean).join(" ")}: `;
}

function plainCode(error: unknown): string {
  if (error instanceof UsageError) return "usage";
  return error instanceof Interrupted ? "interrupted" : "failed";
}

/** The command's own flags that stand after the endpoint's name, and the rest: parameters. */
function takeOwnFlags(words: readonly string[]): {
  flags: CommonFlags & Record<string, unknown>;
  rest: string[];
} {
  const flags: Record<string, unknown> = {};
  const rest: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    const name = word.slice(2);
    if (word === "--json" || word === "--all" || word === "--list") flags[name] = true;
    else if (word === "--config" || word === "--credentials" || word === "--output")
      flags[name] = words[++index];
    else rest.push(word);
  }
  return { flags, rest };
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

function decimal(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0)) throw new InvalidArgumentError("It must be a number, 0 or more.");
  return value;
}
