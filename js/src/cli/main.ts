#!/usr/bin/env node
// The command line `ghl-chartmogul`: reads arguments, runs a command, and ends with its exit code.

import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { Connector } from "../connector.js";
import { createConnector as createConnectorWith } from "../entries/node.js";
import { endpoints } from "../generated/endpoints.js";
import { nodeTransport } from "../node/transport.js";
import type { ConnectorOptions } from "../options.js";
import { Metrics } from "../serve/metrics.js";
import { listTriggersOf } from "../triggers.js";
import { appendAudit } from "./audit-file.js";
import { runCall } from "./commands/call.js";
import { runCheck } from "./commands/check.js";
import { type ResolveFlags, runConflicts, runResolve } from "./commands/conflicts.js";
import { type ForgetFlags, runForget } from "./commands/forget.js";
import { type InitFlags, runInit } from "./commands/init.js";
import { type LoginFlags, type LogoutFlags, runLogin, runLogout } from "./commands/login.js";
import { runPlan } from "./commands/plan.js";
import { runAccept, runLink, runRefresh, runRetry, runUnlink, runWhy } from "./commands/records.js";
import { runRejected } from "./commands/rejected.js";
import { runRuns } from "./commands/runs.js";
import { runSandbox } from "./commands/sandbox.js";
import { appEventText, runServe, type ServeFlags } from "./commands/serve.js";
import { runStatus } from "./commands/status.js";
import { runSync, type SyncFlags } from "./commands/sync.js";
import { runTrigger } from "./commands/trigger.js";
import { runWatch } from "./commands/watch.js";
import {
  CONFIGURATION_FILE,
  readApiToken,
  readAuditSettings,
  readConfiguration,
  readOAuthApp,
} from "./configuration.js";
import { errorFields, errorLines } from "./error-text.js";
import { ExitCode, exitCodeOf, UsageError } from "./exit-code.js";
import { isOAuth, type OAuthApp } from "./oauth-app.js";
import { CREDENTIALS_FILE } from "./setup/credentials-file.js";
import { ANCHORS, DIRECTIONS } from "./setup/settings.js";
import { createSyncDisplay, type SyncDisplay } from "./sync-progress.js";
import { createTerminal, type Terminal } from "./terminal.js";

/**
 * A connector that keeps its connections open; Deno and Bun have a better `fetch` than they have Node's http.
 * Closing it closes the OAuth app that its tokens come from, whose store may hold the process otherwise.
 */
function createConnector(options: ConnectorOptions): Connector {
  const isNode = !("deno" in process.versions) && !("bun" in process.versions);
  const connector = createConnectorWith(isNode ? { transport: nodeTransport(), ...options } : options);
  const token = options.ghl?.token;
  if (!isOAuth(token)) return connector;
  const { close } = connector;
  return Object.assign(connector, {
    async close() {
      try {
        await close();
      } finally {
        await token.close();
      }
    },
  });
}

interface CommonFlags {
  json?: boolean;
  config?: string;
  envFile?: string;
  audit?: string;
}

/** Flags of `call` that have a value, and the names of their options. */
const WITH_VALUE = new Map([
  ["config", "config"],
  ["env-file", "envFile"],
  ["output", "output"],
]);

/** Commands that continue where they were when they are run again. */
const RESUMING = ["plan", "sync", "watch", "serve", "trigger"];

let exitCode: ExitCode = ExitCode.Done;

const AUDIT = "append a line of JSON for each write to this file";

const ANY_ID = "GHL's id of a contact, note, task or business, or a ChartMogul uuid";

const program = new Command("ghl-chartmogul")
  .description("Keeps a GoHighLevel location and a ChartMogul account in step.")
  .version(PACKAGE_VERSION)
  .exitOverride()
  .enablePositionalOptions()
  .showSuggestionAfterError()
  // Inherited by the commands. With --json, `report` prints what Commander would.
  .configureOutput(process.argv.includes("--json") ? { writeErr: () => {} } : {})
  .configureHelp({ showGlobalOptions: true })
  .addHelpText(
    "after",
    `
Credentials come from the environment (GHL_TOKEN, GHL_LOCATION_ID, CHARTMOGUL_API_KEY) or a file of
NAME=value lines (--env-file), and so does the webhook of alerts (ALERTS_WEBHOOK); GHL_BASE_URL and
CHARTMOGUL_BASE_URL point at a sandbox. "serve" also reads SERVE_TOKEN, CHARTMOGUL_WEBHOOK_SECRET and
GHL_WEBHOOK_PUBLIC_KEY.

Exit codes:
  0  done, and no record fails or waits
  1  failed
  2  bad usage or configuration
  3  done, but records fail or wait, now or since an earlier run; a sync that only planned; a check of
     the records with findings; or a person who was not forgotten, as a service still has records
  4  stopped at a budget, by an unavailable service, or by a signal: the next run continues

"rejected" and "conflicts" list what is behind a 3. "plan" ends with 0, and with 3 where lists could not be read
or the plan must be read before it is applied.`,
  );

command("init", "set up: try credentials, choose what is synced, write the configuration, make a first plan")
  .option("--yes", "take what is proposed for each question that no flag answers")
  .option(
    "--login",
    "connect GoHighLevel by its OAuth app (GHL_CLIENT_ID, GHL_CLIENT_SECRET) instead of a token",
  )
  .option("--location <id>", "the GHL location")
  .addOption(
    new Option("--anchor <anchor>", "what a GHL contact becomes in ChartMogul").choices([...ANCHORS]),
  )
  .option("--data-source <name>", "name or uuid of the data source that new customers go to")
  .addOption(new Option("--contacts <direction>", "which way contacts' fields go").choices([...DIRECTIONS]))
  .addOption(new Option("--notes <direction>", "which way notes go").choices([...DIRECTIONS, "none"]))
  .addOption(new Option("--tasks <direction>", "which way tasks go").choices([...DIRECTIONS, "none"]))
  .option(
    "--field <from=to:Type>",
    "a GHL field as a custom attribute: contact.plan, contact.plan=plan:String; proposed, all or none; repeatable",
    list,
  )
  .option(
    "--user <ghl=chartmogul>",
    "a GHL user's e-mail or id, and the e-mail in ChartMogul; repeatable",
    list,
  )
  .option("--default-assignee <email>", "who gets tasks of nobody in ChartMogul; none for nobody")
  .option("--shared-email <address>", "never matched by; proposed or none; repeatable", list)
  .option(
    "--save-credentials [file]",
    `write the credentials to a file that only you can read (${CREDENTIALS_FILE})`,
  )
  .option("--overwrite", "change a configuration file that exists")
  .option("--no-numbers", "do not read the records of both services: no effects, fewer proposals")
  .option("--no-plan", "make no first plan at the end")
  .action((flags: InitFlags, self: Command) =>
    finish(self, (common, terminal) => runInit(createConnector, flags, common, PACKAGE_VERSION, terminal)),
  );

command("login", "connect a location or an agency by GoHighLevel's OAuth; a person agrees in a browser")
  .option("--port <number>", "wait for the redirect on this port of this machine", wholeNumber)
  .action((flags: LoginFlags, self: Command) =>
    withOAuth(self, true, (app, terminal) => runLogin(app, flags, terminal)),
  );

command("logout", "remove the tokens of login; ends no access in GoHighLevel")
  .option("--location <id>", "only those of this location")
  .option("--company <id>", "only those of this company, and its locations'")
  .action((flags: LogoutFlags, self: Command) =>
    withOAuth(self, false, (app, terminal) => runLogout(app, flags, terminal)),
  );

command("check", "tell for each credential whether it works, and how far it reaches")
  .option("--records", "walk ChartMogul's records too: duplicates, lost ones, those of another installation")
  .action(withConnector(runCheck));

command("plan", "show what a sync would write, and what it costs; writes nothing")
  .option("--full", "read everything again, not only what changed")
  .option("--contact <id>", "only this GHL contact, its notes and tasks; repeatable", list)
  .option("--show <number>", "people shown of each action, 0 for all", wholeNumber, 10)
  .addOption(
    new Option("--cost", "only estimate what reading costs, in a few calls").conflicts(["full", "contact"]),
  )
  .action(withConnector(runPlan));

command("sync", "plan and apply; continues where the last run stopped")
  .option("--yes", "write even if it is the location's first run, or if its plan must be read first")
  .option("--full", "read everything again, not only what changed")
  .option("--contact <id>", "only this GHL contact, its notes and tasks; repeatable", list)
  .option("--deadline <seconds>", "stop at a checkpoint after so many seconds", wholeNumber)
  .option("--max-calls <number>", "most calls to both services together", wholeNumber)
  .option("--max-records <number>", "most records written", wholeNumber)
  .option("--audit <file>", AUDIT)
  .action((flags: SyncFlags, self: Command) => {
    let display: SyncDisplay | undefined;
    return connected(
      self,
      (connector, terminal) => runSync(connector, flags, display ?? createSyncDisplay(terminal), terminal),
      (_, terminal) => {
        display = createSyncDisplay(terminal);
        return { onEvent: display.onEvent };
      },
    );
  });

watching(command("watch", "keep the location in step: sync again and again, until it is ended")).action(
  withConnector(runWatch),
);

watching(
  command("serve", "take webhooks, keep the location in step and answer an API, until it is ended")
    .option("--port <number>", "where it listens, 0 for any free port", wholeNumber, 8787)
    .option("--host <address>", "the address it listens at; another one needs SERVE_TOKEN", "127.0.0.1")
    .option("--allow-origin <origin>", "an origin whose pages may call the API; repeatable", list),
).action((flags: ServeFlags, self: Command) => {
  const metrics = new Metrics(PACKAGE_VERSION);
  return connected(
    self,
    (connector, terminal, common) =>
      runServe(connector, flags, { metrics, token: readApiToken(common) }, terminal),
    (options, terminal) => ({
      onEvent: (event) => metrics.onEvent(event),
      webhooks: {
        ...options.webhooks,
        async onAppEvent(event) {
          const { token } = options.ghl ?? {};
          const became = isOAuth(token) ? await token.handleAppEvent(event) : undefined;
          terminal.note(`${new Date().toISOString()} ${appEventText(event, became)}`);
        },
      },
    }),
  );
});

command("status", "show how the sync stands: last runs, what fails or waits and why; sends nothing").action(
  withConnector(runStatus),
);

command("runs", "list the last 50 runs: what each did, and why it stopped; sends nothing").action(
  withConnector(runRuns),
);

command("why", "tell how one record stands, and why; sends nothing")
  .argument("<id>", ANY_ID)
  .action(withIds((connector, [id = ""], terminal) => runWhy(connector, id, terminal)));

command("rejected", "list what failed or waits, why, and what to do about each; sends nothing")
  .option("--show <number>", "records shown, 0 for all", wholeNumber, 50)
  .action(withConnector(runRejected));

command("conflicts", "list values that differ on both sides, and what settles each; sends nothing")
  .option("--show <number>", "conflicts shown, 0 for all", wholeNumber, 50)
  .option("--settled", "those that were settled in the last 90 days, with the values that lost")
  .action(withConnector(runConflicts));

command("resolve", "settle conflicts with one side's value; the next sync writes it")
  .argument("[conflict...]", "ids, as `conflicts` lists them")
  .addOption(
    new Option("--with <side>", "whose value: for texts also both")
      .choices(["ghl", "chartmogul", "both"])
      .makeOptionMandatory(),
  )
  .option("--all", "all that wait")
  .addOption(new Option("--kind <kind>", "with --all: only these records").choices(["note", "task"]))
  .option("--field <name>", "with --all: only this field, for example completed")
  .option("--seen <text>", "what the conflict showed: if it has changed since, nothing is settled")
  .action((ids: string[], flags: ResolveFlags, self: Command) =>
    connected(self, (connector, terminal) => runResolve(connector, ids, flags, terminal)),
  );

command("retry", "have the next sync try a record again: refused, deleted, unlinked or accepted")
  .argument("<id>", ANY_ID)
  .action(withIds((connector, [id = ""], terminal) => runRetry(connector, id, terminal)));

command("refresh", "have the next sync read contacts at once, with notes and tasks; sends nothing")
  .argument("<contact...>", "the GHL contacts' ids")
  .action(withIds(runRefresh));

command("accept", "settle records as they are: they no longer fail or wait, until they change in GHL")
  .argument("<id...>", ANY_ID)
  .action(withIds(runAccept));

command("link", "link a GHL contact with a ChartMogul customer or contact; the next plan shows what follows")
  .argument("<contact>", "the GHL contact's id")
  .argument("<chartmogul>", "uuid of the customer (cus_…) or of one of its contacts (con_…)")
  .action(
    withIds((connector, [contact = "", chartmogul = ""], terminal) =>
      runLink(connector, contact, chartmogul, terminal),
    ),
  );

command("unlink", "end the link of a record: it stays on both sides, and is not linked again by itself")
  .argument("<id>", ANY_ID)
  .action(withIds((connector, [id = ""], terminal) => runUnlink(connector, id, terminal)));

command("forget", "remove all that the state holds of a person who is gone from both services")
  .argument(
    "<person>",
    "a GHL contact's id, or the uuid of its ChartMogul contact (con_…) or customer (cus_…)",
  )
  .option("--even-if-present", "also a person of whom a service still has records")
  .action((person: string, flags: ForgetFlags, self: Command) =>
    connected(self, (connector, terminal) => runForget(connector, person, flags, terminal)),
  );

command("call", "call one endpoint; its parameters are flags: call contacts.get --contactId ID")
  .argument(
    "[endpoint]",
    "for example contacts.get or chartmogul.customers.list; --help behind it shows its parameters",
  )
  .argument("[parameters...]", "the endpoint's parameters as --name value; lists as --name a,b")
  .option("--list", "show the endpoints there are: all, or those with the words that follow")
  .option("--all", "a list: all pages, one record a line")
  .option("--output <file>", "where to put bytes")
  .passThroughOptions()
  .allowUnknownOption()
  .action((name: string | undefined, parameters: string[], _: object, self: Command) =>
    finish(self, (flags, terminal) => {
      const own = takeOwnFlags(parameters);
      Object.assign(flags, own.flags);
      const connect = ({ service }: { service: "ghl" | "chartmogul" }) => {
        return createConnector(readConfiguration(flags, [service]));
      };
      const output = own.flags.json === true ? createTerminal(true) : terminal;
      return runCall(connect, endpoints(), name, own.rest, { ...self.opts(), ...own.flags }, output);
    }),
  );

command("trigger", "print what is new or has changed since the last poll, as lines of JSON")
  .argument("[name]", "for example newContact or contacts.search; without it, the triggers are listed")
  .option("--param <name=value>", "a parameter of the trigger; repeatable", list)
  .option("--cursor-file <file>", "where the place is kept from one run to the next")
  .option("--samples", "in the first poll: print the newest items, marked as samples")
  .option("--limit <number>", "most items of a poll", wholeNumber)
  .option("--interval <minutes>", "poll again and again until it is ended, 1 to 15", wholeNumber)
  .action((name: string | undefined, _: object, self: Command) =>
    finish(self, (flags, terminal) => {
      const connect = ({ service }: { service: "ghl" | "chartmogul" }) =>
        createConnector(readConfiguration(flags, [service]));
      return runTrigger(connect, listTriggersOf(endpoints()), name, self.opts(), terminal);
    }),
  );

command("sandbox", "serve both services in memory on a local port, until it is ended")
  .option("--port <number>", "0 for any free port", wholeNumber, 0)
  .option("--seed <number>", "the same seed gives the same records", wholeNumber)
  .option("--contacts <number>", "contacts in the location", wholeNumber)
  .option("--notes-per-contact <number>", "on average", decimal)
  .option("--tasks-per-contact <number>", "on average", decimal)
  .option("--billing-share <number>", "contacts with a billing customer in ChartMogul, from 0 to 1", share)
  .option("--faults <file>", "what goes wrong: a JSON list of fault rules")
  .option("--save <file>", "write the settings for a client there, for --env-file")
  .option("--burst-limit <number>", "GHL requests allowed in each 10 seconds", wholeNumber)
  .addOption(
    new Option("--search-lag-ms <number>", "until a change shows in searches").argParser(wholeNumber),
  )
  .action((_: object, self: Command) =>
    finish(self, (_flags, terminal) => {
      const { json, config, envFile, ...flags } = self.opts();
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
    // Commander has printed its message, unless JSON is asked for. Help and version are not errors.
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
    .option("--env-file <file>", "credentials and addresses, as NAME=value lines");
}

/** The flags of a command that watches. */
function watching(command: Command): Command {
  return command
    .option("--interval <minutes>", "from a run to the next, 1 to 1,440", wholeNumber, 15)
    .option(
      "--jitter <seconds>",
      "up to so much is added to each wait (default: a tenth of the interval; 0 in a terminal)",
      wholeNumber,
    )
    .option("--yes", "write even in the location's first run, or if a plan must be read first")
    .option("--deadline <seconds>", "each run: stop at a checkpoint after so many seconds", wholeNumber)
    .option("--max-calls <number>", "each run: most calls to both services together", wholeNumber)
    .option("--max-records <number>", "each run: most records written", wholeNumber)
    .option("--audit <file>", AUDIT);
}

/** An action that needs both services. */
function withConnector<Flags>(
  run: (connector: Connector, flags: Flags, terminal: Terminal) => Promise<ExitCode>,
): (flags: Flags, self: Command) => Promise<void> {
  return (flags, self) => connected(self, (connector, terminal) => run(connector, flags, terminal));
}

/** The same of a command whose arguments are ids. */
function withIds(
  run: (connector: Connector, ids: string[], terminal: Terminal) => Promise<ExitCode>,
): (...given: unknown[]) => Promise<void> {
  return (...given) => {
    // Commander gives each argument, then the flags, then the command.
    const self = given.at(-1) as Command;
    const ids = given.slice(0, -2).flat() as string[];
    return connected(self, (connector, terminal) => run(connector, ids, terminal));
  };
}

/** Runs with a connector; `more` gives options beside those of the configuration. */
function connected(
  self: Command,
  run: (connector: Connector, terminal: Terminal, common: CommonFlags) => Promise<ExitCode>,
  more: (options: ConnectorOptions, terminal: Terminal) => Partial<ConnectorOptions> = () => ({}),
): Promise<void> {
  return finish(self, async (common, terminal) => {
    const options = readConfiguration(common, ["ghl", "chartmogul"]);
    const given = [listeners(self.name(), options, common, terminal), more(options, terminal)] as const;
    const onEvent: ConnectorOptions["onEvent"] = (event) => {
      for (const each of given) each.onEvent?.(event);
    };
    const connector = createConnector({ ...options, ...given[0], ...given[1], onEvent });
    try {
      return await run(connector, terminal, common);
    } finally {
      await connector.close();
    }
  });
}

/** Runs a command of the OAuth app. */
function withOAuth(
  self: Command,
  createKey: boolean,
  run: (app: OAuthApp, terminal: Terminal) => Promise<ExitCode>,
): Promise<void> {
  return finish(self, async (common, terminal) => {
    const app = readOAuthApp(common, createKey);
    try {
      return await run(app, terminal);
    } finally {
      await app.oauth.close();
    }
  });
}

/** What a command that writes says of alerts, and the audit that it keeps. */
function listeners(
  command: string,
  { alerts, ghl }: ConnectorOptions,
  flags: CommonFlags,
  terminal: Terminal,
): Partial<ConnectorOptions> {
  if (!["sync", "watch", "serve"].includes(command)) return {};
  const audit = readAuditSettings(flags);
  const warn = (message: string) => terminal.note(`warning: ${message}`);
  return {
    onEvent(event) {
      if (event.type === "warning" && event.code === "webhook_failed") warn(event.message);
    },
    ...(alerts && {
      onAlert: ({ message, resolved }) => terminal.note(`alert${resolved ? " (resolved)" : ""}: ${message}`),
    }),
    ...(audit && { onAudit: appendAudit(audit, ghl?.locationId ?? "", warn) }),
  };
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
    exitCode = exitCodeOf(error, RESUMING.includes(self.name()));
    report(error, flags.json === true);
  }
}

function report(error: unknown, json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ error: errorFields(error) })}\n`);
    return;
  }
  for (const line of errorLines(error)) process.stderr.write(`${line}\n`);
}

/** The command's own flags that follow the endpoint's name, and the rest: parameters. */
function takeOwnFlags(words: readonly string[]): {
  flags: CommonFlags & Record<string, unknown>;
  rest: string[];
} {
  const flags: Record<string, unknown> = {};
  const rest: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    const [, name = "", given] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (word === "--json" || word === "--all" || word === "--list") flags[name] = true;
    else if (word === "--help" || word === "-h") flags["help"] = true;
    else {
      const option = WITH_VALUE.get(name);
      if (option === undefined) rest.push(word);
      else flags[option] = given ?? words[++index];
    }
  }
  return { flags, rest };
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

/** Collects a flag that is given more than once. */
function list(text: string, before: string[] = []): string[] {
  if (text.trim() === "") throw new InvalidArgumentError("It must not be empty.");
  return [...before, text];
}

function share(text: string): number {
  const value = decimal(text);
  if (value > 1) throw new InvalidArgumentError("It must be from 0 to 1.");
  return value;
}

function decimal(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0)) throw new InvalidArgumentError("It must be a number, 0 or more.");
  return value;
}
