// `ghl-chartmogul init`: tries credentials, asks what is synced, writes the configuration, makes a first plan.

import type { Connector } from "../../connector.js";
import { ConnectorError } from "../../errors.js";
import type { CheckReport } from "../../generated/answers.js";
import type { SyncSettings } from "../../generated/settings.js";
import { nodeTransport } from "../../node/transport.js";
import type { ConnectorOptions } from "../../options.js";
import { sqlite } from "../../stores/sqlite.js";
import type { Plan } from "../../sync.js";
import {
  CONFIGURATION_FILE,
  type ConfigurationFlags,
  readOAuthApp,
  readSetupSources,
  type SetupSources,
} from "../configuration.js";
import { callsByKindText } from "../costs.js";
import { errorLines } from "../error-text.js";
import { ExitCode, UsageError } from "../exit-code.js";
import { untilInterrupted } from "../interrupt.js";
import { createProgress } from "../progress.js";
import {
  type Configuration,
  type SettingChange,
  schemaAddress,
  settingChanges,
  withSettings,
  writeConfigurationFile,
} from "../setup/configuration-file.js";
import {
  CREDENTIALS_FILE,
  ignoreCredentials,
  readCredentials,
  saveCredentials,
} from "../setup/credentials-file.js";
import type { Effect, FieldProposal, SharedAddress } from "../setup/findings.js";
import {
  type Answering,
  answerOf,
  type Question,
  type SetupChoice,
  terminalPrompts,
} from "../setup/questions.js";
import { type Access, createReader, type Reader, type Records } from "../setup/reader.js";
import {
  ANCHOR_TEXTS,
  ANCHORS,
  type Anchor,
  DIRECTION_TEXTS,
  DIRECTIONS,
  effectText,
  emailFault,
  fieldsOf,
  isProposed,
  settingOf,
  usersOf,
  type Way,
  wayText,
} from "../setup/settings.js";
import { type Answers, type UnfinishedSetup, unfinishedSetup } from "../setup/unfinished-setup.js";
import { formatNumber } from "../table.js";
import type { Terminal } from "../terminal.js";
import { printable } from "../text-width.js";
import { callsText } from "../totals.js";
import { dateText, PROGRAM, paragraph, sumOf } from "../words.js";
import { checkLines } from "./check.js";
import { runLogin } from "./login.js";
import { showPlan } from "./plan.js";

/** Flags of the command: each answers a question. */
export interface InitFlags {
  yes?: boolean;
  login?: boolean;
  location?: string;
  anchor?: Anchor;
  dataSource?: string;
  contacts?: Way;
  notes?: Way | "none";
  tasks?: Way | "none";
  field?: readonly string[];
  user?: readonly string[];
  defaultAssignee?: string;
  sharedEmail?: readonly string[];
  /** The file; true for the usual one. */
  saveCredentials?: string | true;
  overwrite?: boolean;
  numbers: boolean;
  plan: boolean;
}

type Connect = (options: ConnectorOptions) => Connector;

/** What each step of the set-up works with. */
interface Setup {
  connect: Connect;
  flags: InitFlags;
  common: ConfigurationFlags;
  /** The environment, with the file of credentials beneath it that nobody named. */
  environment: NodeJS.ProcessEnv;
  terminal: Terminal;
  answering: Answering;
  sources: SetupSources;
  /** Settings of a configuration file that exists. */
  before: SyncSettings;
  unfinished: UnfinishedSetup;
  /** Answers of a set-up that was not finished. */
  earlier: Answers;
  signal: AbortSignal;
}

/** Sets up the sync of a location. Writes nothing to either service. */
export async function runInit(
  connect: Connect,
  flags: InitFlags,
  common: ConfigurationFlags & { json?: boolean },
  version: string,
  terminal: Terminal,
): Promise<ExitCode> {
  const file = common.config ?? CONFIGURATION_FILE;
  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true && !terminal.json;
  const answering: Answering = {
    prompts: isTerminal ? await terminalPrompts() : undefined,
    yes: flags.yes === true,
  };
  // A file that nobody named only fills what the environment leaves open.
  const implicit = common.envFile === undefined ? readCredentials(CREDENTIALS_FILE) : {};
  const environment = { ...implicit, ...given(process.env) };
  const isImplicit = Object.keys(implicit).some((name) => !process.env[name]);
  const envFile = common.envFile ?? (isImplicit ? CREDENTIALS_FILE : undefined);
  return untilInterrupted(async (signal) => {
    const sources = readSetupSources(common, environment);
    const unfinished = unfinishedSetup(file);
    const before = (sources.file?.["sync"] ?? {}) as SyncSettings;
    const setup: Setup = {
      ...{ connect, flags, common, environment, terminal, answering, sources, before, unfinished, signal },
      earlier: {},
    };
    say(
      setup,
      "Sets up the sync of a GHL location and a ChartMogul account. Writes nothing to either service.",
    );
    setup.earlier = await takeUp(setup);
    const { access, typed } = await connectBoth(setup);
    const credentials = await keepCredentials(setup, access, typed);
    const reader = createReader(connect, access, signal);
    try {
      const check = await checkBoth(setup, reader);
      const records = await readRecords(setup, reader, check);
      const sync = await chooseSettings(setup, reader, records);
      const ghl = { ...(sources.file?.["ghl"] as object | undefined), locationId: access.ghl.locationId };
      const configuration = withSettings(sources.file ?? {}, {
        $schema: sources.file?.["$schema"] ?? schemaAddress(file, version),
        ghl,
        sync,
      });
      const ordered = { $schema: configuration["$schema"], ...configuration };
      const changes = settingChanges(sources.file ?? {}, ordered);
      const written = await write(setup, file, ordered, changes);
      const hints = credentials ?? envFile;
      const plan = await firstPlan(setup, access, ordered, hints);
      if (terminal.json)
        terminal.printJson({
          ...{ file, written, configuration: ordered, credentialsFile: credentials ?? null },
          findings: records === undefined ? null : findingsOf(records),
          effects: records?.effects ?? null,
          plan: plan ?? null,
        });
      return plan !== undefined && (plan.guard !== null || sumOf(plan.unread) > 0)
        ? ExitCode.NotInStep
        : ExitCode.Done;
    } finally {
      await reader.close();
    }
  });
}

/** Variables that have a value. */
function given(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value));
}

function say({ terminal }: Setup, text: string, indent = ""): void {
  if (terminal.json) return;
  for (const line of paragraph(terminal, text, indent)) terminal.print(line);
}

function head({ terminal }: Setup, text: string): void {
  if (terminal.json) return;
  terminal.print("");
  for (const line of paragraph(terminal, text)) terminal.print(terminal.style("bold", line));
}

/** The answer to a question; one of a set-up that was not finished is not asked for again. */
async function ask<Value>(setup: Setup, name: string, question: Question<Value>): Promise<Value> {
  const earlier = setup.earlier[name] as Value | undefined;
  const answer =
    question.given === undefined && earlier !== undefined
      ? earlier
      : await answerOf(question, setup.answering);
  if (setup.answering.prompts !== undefined) setup.unfinished.keep(name, answer);
  return answer;
}

/** Answers of a set-up that was not finished, if the person wants them. */
async function takeUp(setup: Setup): Promise<Answers> {
  const { answering, unfinished } = setup;
  const found = unfinished.found();
  if (found === undefined || answering.prompts === undefined) return {};
  const count = Object.keys(found.answers).length;
  const what = `A set-up of ${dateText(found.at)} was not finished: ${formatNumber(count)} ${count === 1 ? "answer" : "answers"}. Continue there?`;
  if (answering.yes || (await answering.prompts.confirm(what, true))) return found.answers;
  unfinished.remove();
  return {};
}

/** Codes of errors that another credential, or another location, corrects. */
const WRONG_CREDENTIAL = [
  "unauthorized",
  "location_forbidden",
  "forbidden",
  "token_type_mismatch",
  "not_found",
  "invalid_argument",
  "invalid_config",
  "rejected",
];

/** Tries until it works; a person sees what is wrong, and is asked again. */
async function tried<Result>(setup: Setup, attempt: (round: number) => Promise<Result>): Promise<Result> {
  const { prompts } = setup.answering;
  for (let round = 0; ; round++) {
    try {
      return await attempt(round);
    } catch (error) {
      if (prompts === undefined || !ConnectorError.is(error)) throw error;
      for (const line of errorLines(error)) setup.terminal.note(setup.terminal.style("red", line));
      if (WRONG_CREDENTIAL.includes(error.code)) continue;
      if (!(await prompts.confirm("Try again?", true))) throw error;
    }
  }
}

/** Credentials that both services take, and whether a person typed any of them. */
async function connectBoth(setup: Setup): Promise<{ access: Access; typed: boolean }> {
  const ghl = await connectGhl(setup);
  const chartmogul = await connectChartmogul(setup);
  return { access: { ghl: ghl.access, chartmogul: chartmogul.access }, typed: ghl.typed || chartmogul.typed };
}

type GhlOptions = Access["ghl"];

async function connectGhl(setup: Setup): Promise<{ access: GhlOptions; typed: boolean }> {
  const { flags, sources, answering, common } = setup;
  const { variables, hasApp } = sources;
  const part = { ...(sources.file?.["ghl"] as Record<string, unknown> | undefined) };
  const { oauth: _, locationId: ofFile, ...more } = part;
  const baseUrl = variables.GHL_BASE_URL ?? (part["baseUrl"] as string | undefined);
  const rest = { ...more, ...(baseUrl === undefined ? {} : { baseUrl }) };
  const wanted = flags.location ?? variables.GHL_LOCATION_ID ?? (ofFile as string | undefined);
  head(setup, "GoHighLevel");
  const usesApp =
    flags.login === true ||
    (variables.GHL_TOKEN === undefined &&
      (hasApp ||
        (answering.prompts !== undefined &&
          (await answering.prompts.choose("How do you connect GoHighLevel?", WAYS_IN)) === "login")));
  if (usesApp) {
    const app = readOAuthApp(common, true, setup.environment);
    let installed = await app.oauth.installations();
    const isConnected = installed.some((installation) => installation.isConnected);
    if (!isConnected && answering.prompts === undefined)
      throw new UsageError(
        "nobody has logged in to GoHighLevel here",
        `Run ${PROGRAM} login first, or set GHL_TOKEN.`,
      );
    if (!isConnected || (flags.login === true && answering.prompts !== undefined)) {
      await runLogin(app, {}, { ...setup.terminal, printJson: () => {} });
      installed = await readOAuthApp(common, true, setup.environment).oauth.installations();
    }
    const { oauth } = readOAuthApp(common, true, setup.environment);
    const ids = installed.flatMap(({ locationId, isConnected }) =>
      locationId !== undefined && isConnected ? [locationId] : [],
    );
    const choices = ids.map((id) => ({ value: id, label: id }));
    const locationId = await chooseLocation(setup, choices, wanted);
    const access: GhlOptions = { ...rest, token: oauth, locationId };
    await greet(setup, access);
    return { access, typed: false };
  }
  let typed = false;
  const access = await tried(setup, async (round) => {
    const given = round === 0 ? variables.GHL_TOKEN : undefined;
    const token = await answerOf<string>(
      {
        what: "the token of GoHighLevel",
        flag: "GHL_TOKEN in the environment or in a file (--env-file)",
        given,
        ask: (prompts) => {
          typed = true;
          say(
            setup,
            "In GHL: Settings, Private Integrations. The scopes are in the README, under Credentials.",
          );
          return prompts.secret("Private integration token of the location", filled);
        },
      },
      answering,
    );
    const found = await locationsOf(setup, { ...rest, token });
    const locationId = await chooseLocation(setup, found, round === 0 ? wanted : flags.location);
    const access: GhlOptions = { ...rest, token, locationId };
    await greet(setup, access);
    return access;
  });
  return { access, typed };
}

const WAYS_IN = [
  { value: "token", label: "with a private integration token of the location" },
  { value: "login", label: "by login, with an OAuth app of your own" },
] as const;

function filled(text: string): string | undefined {
  return text === "" ? "It is empty." : undefined;
}

/** The locations that a token reaches; none where it may not list them. */
async function locationsOf(
  { connect, signal }: Setup,
  ghl: Omit<GhlOptions, "locationId">,
): Promise<SetupChoice<string>[]> {
  const connector = connect({ ghl, store: "memory", transport: nodeTransport() });
  try {
    const choices: SetupChoice<string>[] = [];
    for await (const { id, name } of connector.ghl.locations.search({}, { signal, limit: 500 }))
      if (id) choices.push({ value: id, label: `${name ?? "without a name"}  ${id}` });
    return choices;
  } catch (error) {
    if (ConnectorError.is(error) && LISTS_NONE.includes(error.code)) return [];
    throw error;
  } finally {
    await connector.close();
  }
}

/** A location's own token may be refused the list of locations. */
const LISTS_NONE = ["forbidden", "scope_missing", "token_type_mismatch", "location_forbidden", "not_found"];

function chooseLocation(
  setup: Setup,
  found: readonly SetupChoice<string>[],
  given: string | undefined,
): Promise<string> {
  const [first] = found;
  return ask(setup, "location", {
    what: "the location",
    flag: "--location ID",
    given,
    proposed: found.length === 1 ? first?.value : undefined,
    ask: async (prompts) => {
      if (found.length === 0)
        return prompts.text("The location's id (GHL: Settings, Business Profile)", { check: filled });
      if (found.length === 1 && first !== undefined) return first.value;
      return prompts.choose("Which location?", found);
    },
  });
}

/** Reads the location's name: the token works. */
async function greet(setup: Setup, ghl: GhlOptions): Promise<void> {
  const connector = setup.connect({ ghl, store: "memory", transport: nodeTransport() });
  try {
    const { name } = await connector.ghl.locations.get(
      { locationId: ghl.locationId },
      { signal: setup.signal },
    );
    say(setup, `${setup.terminal.style("green", "=")} The token works: ${printable(name ?? ghl.locationId)}`);
  } catch (error) {
    // A location that was chosen with a wrong token is chosen again.
    setup.earlier = { ...setup.earlier, location: undefined };
    throw error;
  } finally {
    await connector.close();
  }
}

async function connectChartmogul(setup: Setup): Promise<{ access: Access["chartmogul"]; typed: boolean }> {
  const { sources, answering, connect, signal } = setup;
  const part = { ...(sources.file?.["chartmogul"] as Record<string, unknown> | undefined) };
  const baseUrl = sources.variables.CHARTMOGUL_BASE_URL ?? (part["baseUrl"] as string | undefined);
  const rest = { ...part, ...(baseUrl === undefined ? {} : { baseUrl }) };
  head(setup, "ChartMogul");
  let typed = false;
  const access = await tried(setup, async (round) => {
    const apiKey = await answerOf<string>(
      {
        what: "the API key of ChartMogul",
        flag: "CHARTMOGUL_API_KEY in the environment or in a file (--env-file)",
        given: round === 0 ? sources.variables.CHARTMOGUL_API_KEY : undefined,
        ask: (prompts) => {
          typed = true;
          say(setup, "In ChartMogul: Profile, API keys. It must be able to read and write.");
          return prompts.secret("API key", filled);
        },
      },
      answering,
    );
    const access = { ...rest, apiKey };
    const connector = connect({ chartmogul: access, store: "memory", transport: nodeTransport() });
    try {
      const { name } = await connector.chartmogul.account.retrieve({}, { signal });
      say(
        setup,
        `${setup.terminal.style("green", "=")} The key works: ${printable(String(name ?? "account"))}`,
      );
    } finally {
      await connector.close();
    }
    return access;
  });
  return { access, typed };
}

/** Writes the credentials to a file where a person says so; gives its name. */
async function keepCredentials(setup: Setup, access: Access, typed: boolean): Promise<string | undefined> {
  const { flags, answering, sources } = setup;
  const { saveCredentials: given } = flags;
  let file = given === true ? CREDENTIALS_FILE : given;
  if (file === undefined) {
    if (!typed || answering.prompts === undefined) return undefined;
    const question = `Write the credentials to ${CREDENTIALS_FILE}, which only you can read? Without it, set them in the environment.`;
    if (!(await answering.prompts.confirm(question, true))) return undefined;
    file = CREDENTIALS_FILE;
  }
  const { token, locationId } = access.ghl;
  saveCredentials(file, {
    ...(typeof token === "string" ? { GHL_TOKEN: token } : {}),
    GHL_LOCATION_ID: locationId,
    CHARTMOGUL_API_KEY: String(access.chartmogul.apiKey),
    ...(sources.variables.GHL_BASE_URL === undefined ? {} : { GHL_BASE_URL: sources.variables.GHL_BASE_URL }),
    ...(sources.variables.CHARTMOGUL_BASE_URL === undefined
      ? {}
      : { CHARTMOGUL_BASE_URL: sources.variables.CHARTMOGUL_BASE_URL }),
  });
  const ignored = ignoreCredentials(file);
  const and = {
    added: `, and named in .gitignore`,
    already: `; .gitignore names it`,
    noFile: `; there is no .gitignore here: keep it out of version control`,
  }[ignored];
  say(setup, `The credentials are in ${file}, which only you can read${and}.`);
  return file;
}

/** Whether a sync could run with these credentials. */
async function checkBoth(setup: Setup, reader: Reader): Promise<CheckReport> {
  const { terminal } = setup;
  const check = await reader.check(setup.before.users === undefined ? {} : { users: setup.before.users });
  // That nobody is the default assignee is asked for later.
  const report = { ...check, users: null, warnings: [] };
  if (!check.ok) {
    for (const line of checkLines(report, terminal)) terminal.note(line);
    const [problem] = check.problems;
    throw new UsageError(
      `a sync cannot run with these credentials${problem === undefined ? "" : `: ${printable(problem.message)}`}`,
      `${problem?.hint ?? "Correct them."} Then run init again: it continues here.`,
    );
  }
  return check;
}

/** Reads the records of both services once, if the person agrees to the calls. */
async function readRecords(
  setup: Setup,
  reader: Reader,
  { ghl: { quota } }: CheckReport,
): Promise<Records | undefined> {
  const { terminal, flags, answering } = setup;
  if (!flags.numbers) return undefined;
  head(setup, "Records");
  const cost = await reader.cost();
  const left = quota === null ? "" : `; ${formatNumber(quota.remaining)} calls to GHL are left today`;
  say(
    setup,
    `Reading the lists of contacts, tasks and customers takes at least ${callsText(cost.calls)}${left}. They show what each setting would do.`,
  );
  const agreed =
    answering.yes || answering.prompts === undefined || (await answering.prompts.confirm("Read them?", true));
  if (!agreed) return undefined;
  const progress = createProgress(terminal.json);
  const records = await reader.read(progress.update).finally(progress.end);
  const { contacts, customers, duplicates } = records;
  say(
    setup,
    `Read ${formatNumber(contacts)} contacts and ${formatNumber(customers)} customers, in ${callsText(reader.sent())}.`,
  );
  duplicatesLines(setup, "GHL", duplicates.ghl, "contacts");
  duplicatesLines(setup, "ChartMogul", duplicates.chartmogul, "customers");
  return records;
}

const MOST_SHOWN = 5;

/** The match key is the e-mail address: who has the same one on a side. */
function duplicatesLines(setup: Setup, where: string, found: readonly SharedAddress[], what: string): void {
  if (found.length === 0) {
    say(setup, `${where}: no e-mail address belongs to several ${what}.`);
    return;
  }
  const addresses =
    found.length === 1 ? "1 e-mail address belongs" : `${formatNumber(found.length)} e-mail addresses belong`;
  say(setup, `${where}: ${addresses} to several ${what}:`);
  for (const { email, names } of found.slice(0, MOST_SHOWN))
    say(setup, printable(`${email}: ${names.slice(0, 4).join(", ")}${names.length > 4 ? ", …" : ""}`), "  ");
  if (found.length > MOST_SHOWN) say(setup, `… and ${formatNumber(found.length - MOST_SHOWN)} more`, "  ");
}

/** Asks for each setting. */
async function chooseSettings(
  setup: Setup,
  reader: Reader,
  records: Records | undefined,
): Promise<SyncSettings> {
  const { before } = setup;
  const anchor = await chooseAnchor(setup, reader, records);
  const dataSource = anchor === "attach-only" ? before.dataSource : await chooseDataSource(setup, reader);
  const ways = await chooseWays(setup, reader, records, anchor);
  const customFields = await chooseFields(setup, reader, records);
  const users = await chooseUsers(setup, reader, records, ways.tasks);
  const sharedEmails = await chooseSharedEmails(setup, reader, records, anchor);
  const { contacts, notes, tasks } = ways;
  const directions = {
    contacts,
    ...(notes === "none" ? {} : { notes }),
    ...(tasks === "none" ? {} : { tasks }),
  };
  const objects = (["tasks", "notes"] as const).filter((kind) => ways[kind] !== "none");
  const isUsual = Object.values(directions).every((way) => way === "toChartmogul");
  const sync = withSettings(before as Configuration, {
    anchor,
    dataSource,
    objects: objects.length === 2 ? undefined : objects,
    directions: isUsual ? undefined : directions,
    customFields: customFields.length === 0 ? undefined : customFields,
    users: Object.keys(users).length === 0 ? undefined : users,
    sharedEmails: sharedEmails.length === 0 ? undefined : sharedEmails,
  }) as SyncSettings;
  // What the engine refuses is not written into a file.
  if (records !== undefined) await reader.plan({ ...sync, objects: [] });
  return sync;
}

async function chooseAnchor(setup: Setup, reader: Reader, records: Records | undefined): Promise<Anchor> {
  const { flags, before, terminal } = setup;
  head(setup, "What does a GHL contact become in ChartMogul?");
  const known = flags.anchor ?? (setup.earlier["anchor"] as Anchor | undefined);
  for (const anchor of ANCHORS) {
    const effect = records === undefined ? undefined : await reader.effect({ anchor, objects: [] }, anchor);
    if (effect !== undefined && records !== undefined) records.effects[anchor] = effect;
    if (known !== undefined && known !== anchor) continue;
    say(setup, `${terminal.style("bold", anchor)}: ${ANCHOR_TEXTS[anchor]}`, "  ");
    if (effect !== undefined) say(setup, effectText(effect), "    ");
  }
  return ask(setup, "anchor", {
    what: "the anchor",
    flag: `--anchor ${ANCHORS.join("|")}`,
    given: flags.anchor,
    proposed: before.anchor ?? "attach-only",
    ask: (prompts) =>
      prompts.choose(
        "The anchor",
        ANCHORS.map((value) => ({ value, label: value })),
        before.anchor ?? "attach-only",
      ),
  });
}

async function chooseDataSource(setup: Setup, reader: Reader): Promise<string | undefined> {
  const { flags, before } = setup;
  const { sources, usual } = await reader.dataSources();
  const NEW = "";
  const chosen = await ask(setup, "dataSource", {
    what: "the data source of new customers",
    flag: "--data-source NAME",
    given: flags.dataSource,
    proposed: before.dataSource ?? NEW,
    ask: (prompts) =>
      prompts.choose(
        "Which data source do new customers go to? Those of billing systems take none.",
        [
          { value: NEW, label: `a new one: ${usual}` },
          ...sources.map(({ name, uuid }) => ({ value: uuid, label: name, hint: uuid })),
        ],
        before.dataSource ?? NEW,
      ),
  });
  return chosen === NEW ? undefined : chosen;
}

interface Ways {
  contacts: Way;
  notes: Way | "none";
  tasks: Way | "none";
}

async function chooseWays(
  setup: Setup,
  reader: Reader,
  records: Records | undefined,
  anchor: Anchor,
): Promise<Ways> {
  const { flags, before, terminal } = setup;
  const allowed = DIRECTIONS.filter((way) => way !== "toGhl" || anchor === "attach-only");
  head(setup, "Which way do records go?");
  const effects = new Map<Way, Effect>();
  for (const way of records === undefined ? [] : allowed) {
    const directions = { contacts: way, tasks: way };
    effects.set(way, await reader.effect({ anchor, objects: ["tasks"], directions }, anchor));
  }
  for (const way of allowed) {
    say(setup, `${terminal.style("bold", way)}: ${DIRECTION_TEXTS[way]}`, "  ");
    const effect = effects.get(way);
    if (effect !== undefined) say(setup, `${wayText(effect, "contact")}; ${wayText(effect, "task")}`, "    ");
  }
  if (records !== undefined)
    say(
      setup,
      `Notes: ChartMogul has ${formatNumber(records.notes)}. GHL's are read by the plan, a call for each contact.`,
      "  ",
    );
  const one = <Value extends Way | "none">(
    kind: "contacts" | "notes" | "tasks",
    choices: readonly Value[],
    usual: Value,
  ): Promise<Value> =>
    ask(setup, kind, {
      what: `the direction of ${kind}`,
      flag: `--${kind} ${choices.join("|")}`,
      given: flags[kind] as Value | undefined,
      proposed: usual,
      ask: (prompts) =>
        prompts.choose(
          { contacts: "Contacts' fields", notes: "Notes", tasks: "Tasks" }[kind],
          choices.map((value) => ({ value, label: value === "none" ? "none: not synced" : value })),
          usual,
        ),
    });
  const usualOf = (kind: "notes" | "tasks") =>
    before.objects?.includes(kind) === false
      ? ("none" as const)
      : (before.directions?.[kind] ?? "toChartmogul");
  return {
    contacts: await one("contacts", allowed, before.directions?.contacts ?? "toChartmogul"),
    notes: await one("notes", [...DIRECTIONS, "none"], usualOf("notes")),
    tasks: await one("tasks", [...DIRECTIONS, "none"], usualOf("tasks")),
  };
}

async function chooseFields(
  setup: Setup,
  reader: Reader,
  records: Records | undefined,
): Promise<NonNullable<SyncSettings["customFields"]>> {
  const { flags, before, terminal } = setup;
  const known = records?.fields ?? (await reader.fields());
  head(setup, "Custom fields that become attributes");
  const kept = (before.customFields ?? []).filter((field) => {
    const exists =
      !field.from.startsWith("contact.") || known.some((proposal) => proposal.from === field.from);
    if (!exists)
      say(setup, terminal.style("yellow", `${field.from} no longer exists in GHL: left out of the mapping.`));
    return exists;
  });
  const proposed = before.customFields === undefined ? known.filter(isProposed).map(settingOf) : kept;
  const text = ({ from, to, type, dataType, filled, exists }: FieldProposal) =>
    printable(
      `${from} (${dataType}) as ${to}: ${type}${records === undefined ? "" : `, ${formatNumber(filled)} contacts have it`}${exists ? ", exists in ChartMogul" : ""}`,
    );
  for (const field of known) say(setup, text(field), "  ");
  if (known.length === 0) say(setup, "The location has no field that can become one.", "  ");
  const chosen = await ask<readonly { from: string; to: string; type: FieldProposal["type"] }[]>(
    setup,
    "customFields",
    {
      what: "the mapping of custom fields",
      flag: "--field proposed (or all, none, contact.plan=plan:String)",
      given: flags.field === undefined ? undefined : fieldsOf(flags.field, known),
      proposed,
      ask: async (prompts) => {
        if (known.length === 0) return kept;
        const picked = await prompts.chooseSeveral(
          "Which? Space selects; a type is fixed by the first write",
          known.map((field) => ({ value: field.from, label: text(field) })),
          proposed.map(({ from }) => from),
        );
        const settings = [];
        for (const field of known.filter(({ from }) => picked.includes(from))) {
          const mapped = kept.find(({ from }) => from === field.from);
          const { possible, exists, from } = field;
          const type =
            mapped?.type ??
            (possible.length === 1 || exists
              ? field.type
              : await prompts.choose(
                  `Type of ${printable(from)}`,
                  possible.map((value) => ({ value, label: value })),
                  field.type,
                ));
          settings.push({ ...settingOf(field), ...mapped, type });
        }
        // Standard fields are not among the custom fields of the location.
        return [...settings, ...kept.filter(({ from }) => !known.some((field) => field.from === from))];
      },
    },
  );
  return chosen.map(({ from, to, type }) => ({
    ...kept.find((field) => field.from === from && field.to === to),
    from,
    to,
    type,
  }));
}

async function chooseUsers(
  setup: Setup,
  reader: Reader,
  records: Records | undefined,
  tasks: Way | "none",
): Promise<NonNullable<SyncSettings["users"]>> {
  const { flags, before } = setup;
  const users = await reader.users();
  const seen = records?.chartmogulUsers ?? [];
  head(setup, "Users");
  for (const { name, email } of users) {
    const isSeen = email !== undefined && seen.includes(email.toLowerCase());
    const how =
      email === undefined
        ? "has no e-mail address in GHL"
        : isSeen
          ? "is in ChartMogul with the same address"
          : "is taken to have the same address in ChartMogul, until ChartMogul refuses it";
    say(setup, printable(`${name}${email === undefined ? "" : ` <${email}>`} ${how}`), "  ");
  }
  const map = await ask(setup, "users", {
    what: "the users with another address in ChartMogul",
    flag: "--user GHL=CHARTMOGUL (or none)",
    given: flags.user === undefined ? undefined : usersOf(flags.user),
    proposed: { ...before.users?.map },
    ask: async (prompts) => {
      const keyOf = ({ id, email }: (typeof users)[number]) => email ?? id;
      const others = await prompts.chooseSeveral(
        "Who has another address in ChartMogul? Enter without a selection: nobody",
        users.map((user) => ({ value: keyOf(user), label: `${user.name} ${user.email ?? user.id}` })),
        users.map(keyOf).filter((key) => before.users?.map?.[key] !== undefined),
      );
      const map: Record<string, string> = { ...before.users?.map };
      for (const user of users) if (!others.includes(keyOf(user))) delete map[keyOf(user)];
      for (const key of others)
        map[key] = await prompts.text(`E-mail address of ${printable(key)} in ChartMogul`, {
          initial: map[key] ?? "",
          check: emailFault,
        });
      return map;
    },
  });
  const assignee =
    tasks === "none"
      ? (before.users?.defaultAssignee ?? "none")
      : await ask(setup, "defaultAssignee", {
          what: "the default assignee of tasks",
          flag: "--default-assignee EMAIL (or none)",
          given: flags.defaultAssignee,
          proposed: before.users?.defaultAssignee ?? "none",
          ask: async (prompts) => {
            const text =
              "ChartMogul requires an assignee for each task. Who gets those of nobody? An e-mail address in ChartMogul, or none: such tasks then fail";
            const initial = before.users?.defaultAssignee ?? seen[0] ?? "";
            return prompts.text(text, {
              initial,
              check: (answer) => (answer === "none" ? undefined : emailFault(answer)),
            });
          },
        });
  const fault = assignee === "none" ? undefined : emailFault(assignee);
  if (fault !== undefined)
    throw new UsageError(`--default-assignee: ${fault}`, "Pass an e-mail address, or none.");
  const { map: _, defaultAssignee: __, ...more } = before.users ?? {};
  return {
    ...more,
    ...(Object.keys(map).length === 0 ? {} : { map }),
    ...(assignee === "none" ? {} : { defaultAssignee: assignee }),
  };
}

async function chooseSharedEmails(
  setup: Setup,
  reader: Reader,
  records: Records | undefined,
  anchor: Anchor,
): Promise<readonly string[]> {
  const { flags, before } = setup;
  const mailboxes = (records?.duplicates.ghl ?? []).filter(({ isMailbox }) => isMailbox);
  const known = [...new Set([...(before.sharedEmails ?? []), ...mailboxes.map(({ email }) => email)])];
  if (known.length === 0 && flags.sharedEmail === undefined) return [];
  head(setup, "Mailboxes that several people share are not matched by");
  for (const { email, names } of mailboxes.slice(0, MOST_SHOWN))
    say(setup, printable(`${email}: ${names.slice(0, 4).join(", ")}${names.length > 4 ? ", …" : ""}`), "  ");
  if (records !== undefined) {
    for (const sharedEmails of [[], known]) {
      const effect = await reader.effect({ anchor, objects: [], sharedEmails }, anchor);
      say(
        setup,
        `${sharedEmails.length === 0 ? "matched by" : "not matched by"}: ${effectText(effect)}`,
        "  ",
      );
    }
  }
  return ask<readonly string[]>(setup, "sharedEmails", {
    what: "the shared mailboxes",
    flag: "--shared-email proposed (or none, an address)",
    given: flags.sharedEmail?.flatMap((text) => {
      if (text === "none") return [];
      if (text === "proposed") return known;
      const fault = emailFault(text);
      if (fault !== undefined)
        throw new UsageError(`--shared-email: ${fault}`, "Pass proposed, none or an address.");
      return [text];
    }),
    proposed: known,
    ask: (prompts) =>
      prompts.chooseSeveral(
        "Which are shared?",
        known.map((value) => ({ value, label: value })),
        known,
      ),
  });
}

/** Shows what changes in the file and writes it, with consent where there is one already. */
async function write(
  setup: Setup,
  file: string,
  configuration: Configuration,
  changes: readonly SettingChange[],
): Promise<boolean> {
  const { terminal, answering, flags, sources, unfinished } = setup;
  head(setup, sources.file === undefined ? `${file}, new` : `${file}, what changes`);
  if (changes.length === 0) say(setup, "Nothing changes.", "  ");
  for (const text of changes.flatMap(changeTexts)) say(setup, text, "  ");
  if (changes.length === 0) {
    unfinished.remove();
    return false;
  }
  if (sources.file !== undefined && flags.overwrite !== true) {
    if (answering.prompts === undefined)
      throw new UsageError(
        `${file} exists and would change: ${changes.map(({ path }) => path).join(", ")}`,
        "Pass --overwrite to change it, or --config with another file.",
      );
    if (!(await answering.prompts.confirm(`Change ${file}?`, false))) {
      say(setup, `${file} stays as it is.`);
      return false;
    }
  }
  writeConfigurationFile(file, configuration);
  unfinished.remove();
  say(setup, `${terminal.style("green", "=")} Written: ${file}`);
  return true;
}

/** The lines of a change; of a list those of its entries that come or go. */
function changeTexts({ path, from, to }: SettingChange): string[] {
  const text = (value: unknown) => printable(JSON.stringify(value));
  if (Array.isArray(from ?? to) && Array.isArray(to ?? from)) {
    const [before, after] = [from, to].map((list) => ((list ?? []) as unknown[]).map(text));
    const gone = (before ?? []).filter((entry) => !after?.includes(entry));
    const come = (after ?? []).filter((entry) => !before?.includes(entry));
    if (gone.length + come.length > 0)
      return [...gone.map((entry) => `- ${path}: ${entry}`), ...come.map((entry) => `+ ${path}: ${entry}`)];
  }
  if (from === undefined) return [`+ ${path}: ${text(to)}`];
  return [to === undefined ? `- ${path}: was ${text(from)}` : `~ ${path}: ${text(to)}, was ${text(from)}`];
}

/** Makes the first plan with what was set up, and shows it. */
async function firstPlan(
  setup: Setup,
  access: Access,
  configuration: Configuration,
  envFile: string | undefined,
): Promise<Plan | undefined> {
  const { flags, terminal, answering, connect, signal, common } = setup;
  const more = [
    ...(common.config === undefined ? [] : [`--config ${common.config}`]),
    ...(envFile === undefined ? [] : [`--env-file ${envFile}`]),
  ];
  const command = (name: string) => [name, ...more].join(" ");
  const { store = "ghl-chartmogul.db" } = configuration as { store?: string };
  const connector = connect({
    ...access,
    sync: configuration["sync"] as SyncSettings,
    store: store === "memory" ? "memory" : sqlite(store),
  });
  try {
    if (!flags.plan) {
      head(setup, `Next: ${PROGRAM} ${command("plan")}`);
      return undefined;
    }
    const cost = await connector.sync.cost({ signal });
    head(setup, "The first plan. It writes nothing");
    const { calls, callsByKind, days = 1 } = cost.firstLoad;
    const bound = cost.atMost.length > 0 ? "at most " : "";
    say(
      setup,
      `Reading takes ${bound}${callsText(calls)} (${callsByKindText(callsByKind)})${days > 1 ? `, over ${formatNumber(days)} days` : ""}.`,
    );
    const agreed =
      answering.yes ||
      answering.prompts === undefined ||
      (await answering.prompts.confirm("Make it now?", true));
    if (!agreed) {
      say(setup, `Later: ${PROGRAM} ${command("plan")}`);
      return undefined;
    }
    const progress = createProgress(terminal.json);
    const plan = await connector.sync.plan({ signal, onProgress: progress.update }).finally(progress.end);
    const confirm = plan.guard === null ? "" : " --yes";
    if (!terminal.json) {
      terminal.print("");
      await showPlan(plan, { show: 3, apply: `${command("sync")}${confirm}` }, signal, terminal);
    }
    return plan;
  } finally {
    await connector.close();
  }
}

/** What was found, for programs. */
function findingsOf({ contacts, customers, notes, duplicates, fields, chartmogulUsers }: Records) {
  return { contacts, customers, notes, duplicates, fields, chartmogulUsers };
}
