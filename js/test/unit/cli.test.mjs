// Parts of the command line: texts and tables in a terminal, configuration, parameters of a call.

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { importSources } from "../build-sources.mjs";

const {
  closest,
  cutToWidth,
  findEndpoint,
  formatProgress,
  formatTable,
  helpLines,
  inTerms,
  TERMS,
  printable,
  readConfiguration,
  readParameters,
  textWidth,
  UsageError,
} = await importSources(
  "cli/text-width",
  "cli/table",
  "closest",
  "cli/progress",
  "cli/configuration",
  "cli/exit-code",
  "cli/commands/call",
  "cli/terms",
);

const folder = mkdtempSync(join(tmpdir(), "cli-"));
after(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
function file(content) {
  const path = join(folder, `file-${++count}`);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

describe("texts in a terminal", () => {
  test("take the columns that a terminal gives them", () => {
    for (const [text, width] of [
      ["", 0],
      ["Anna", 4],
      ["Žofie", 5],
      ["Zoe\u0308", 3],
      ["Юлія", 4],
      ["東京", 4],
      ["ｆｕｌｌ", 8],
      ["한국어", 6],
      ["👋", 2],
      ["👩‍👩‍👧", 2],
      ["🇺🇦", 2],
      ["❤️", 2],
      ["1️⃣", 2],
      ["नमस्ते", 4],
      ["a\u200Bb", 2],
    ]) {
      assert.equal(textWidth(text), width, JSON.stringify(text));
    }
  });

  test("are cut between characters, never wider than asked", () => {
    assert.equal(cutToWidth("東京都庁", 5), "東京…");
    assert.equal(cutToWidth("👩‍👩‍👧👩‍👩‍👧", 3), "👩‍👩‍👧…");
    assert.equal(cutToWidth("short", 5), "short");
    for (const text of ["東京都庁舎", "plain text that is long", "👋👋👋👋"]) {
      for (let width = 1; width < 12; width++) assert.ok(textWidth(cutToWidth(text, width)) <= width);
    }
  });

  test("carry nothing that a terminal would obey", () => {
    assert.equal(printable("a\u001B[31mred\u001B[0m\n\tb\u202Egnp.exe"), "a [31mred [0m b gnp.exe");
    assert.equal(printable("\u0000\u0007bell\u009B2J"), "bell 2J");
  });

  test("stand aligned in a table", () => {
    const lines = formatTable(
      [
        { title: "name", maxWidth: 8 },
        { title: "calls", align: "right" },
      ],
      [
        ["東京都庁舎です", 1_234],
        ["Zoë", 5],
        ["two\nlines", 0],
      ],
    );
    assert.deepEqual(lines, [
      "name      calls",
      "────────  ─────",
      "東京都…   1,234",
      "Zoë           5",
      "two lin…      0",
    ]);
    assert.equal(new Set(lines.map(textWidth)).size, 1);
  });

  test("are cut further where the terminal is narrow, the widest column first", () => {
    const columns = [{ title: "kind" }, { title: "a long title of a wide column" }, { title: "why" }];
    const rows = [["contact", "東京都庁舎東京都庁舎東京都庁舎", "new in GHL"]];
    for (const width of [40, 30, 27]) {
      const lines = formatTable(columns, rows, width);
      assert.ok(
        lines.every((line) => textWidth(line) <= width),
        lines.join("\n"),
      );
      assert.match(lines[2], /^contact {2}東京.*… {1,2} +new/);
    }
    assert.equal(textWidth(formatTable(columns, rows, 5)[1]), 7 + 2 + 8 + 2 + 8);
  });

  test("show progress with and without a known end", () => {
    assert.equal(
      formatProgress({ type: "progress", phase: "reading", done: 1_500, total: 0 }),
      "reading  1,500",
    );
    assert.match(
      formatProgress({ type: "progress", phase: "applying", done: 1, total: 2 }),
      /^█{12}░{12} {2}50 % {2}applying {2}1 of 2$/,
    );
    assert.match(formatProgress({ type: "progress", phase: "x", done: 3, total: 2 }), /100 %/);
  });
});

describe("the configuration", () => {
  const environment = {
    GHL_TOKEN: "t",
    GHL_LOCATION_ID: "l",
    CHARTMOGUL_API_KEY: "k",
    GHL_BASE_URL: "http://g",
  };

  test("takes credentials from the environment and settings from the file", () => {
    const config = file({
      ghl: { locationId: "of the file", apiVersion: "v3" },
      sync: { anchor: "attach-only" },
      store: "memory",
    });
    const options = readConfiguration({ config }, [], environment);
    assert.deepEqual(options, {
      ghl: { token: "t", locationId: "l", baseUrl: "http://g", apiVersion: "v3" },
      chartmogul: { apiKey: "k" },
      sync: { anchor: "attach-only" },
      store: "memory",
    });
  });

  test("prefers the file of variables", () => {
    const credentials = file('GHL_TOKEN="of the file"\n# a comment\nCHARTMOGUL_API_KEY=k2\n');
    const options = readConfiguration(
      { envFile: credentials, config: file({ store: "memory" }) },
      ["ghl", "chartmogul"],
      environment,
    );
    assert.deepEqual(
      [options.ghl.token(), options.ghl.locationId, options.chartmogul.apiKey()],
      ["of the file", "l", "k2"],
    );
  });

  test("reads a key of a file again when it is asked again", () => {
    const envFile = file("GHL_TOKEN=old\nCHARTMOGUL_API_KEY=k\nGHL_LOCATION_ID=l");
    const { ghl } = readConfiguration({ envFile, config: file({ store: "memory" }) }, ["ghl"], {});
    assert.equal(ghl.token(), "old");
    writeFileSync(envFile, "GHL_TOKEN=new\n");
    assert.equal(ghl.token(), "new");
    writeFileSync(envFile, "");
    assert.throws(() => ghl.token(), /no longer sets GHL_TOKEN/);
  });

  test("refuses what it cannot use, by name and with a hint", () => {
    for (const [content, message, hint] of [
      ["{", /not JSON/, undefined],
      ["[]", /must be an object/, undefined],
      [{ snyc: {} }, /has no setting snyc/, /sync/],
      [{ ghl: { token: "secret-canary" } }, /credentials do not belong/, /GHL_TOKEN/],
      [{ chartmogul: { apiKey: "secret-canary" } }, /credentials do not belong/, /CHARTMOGUL_API_KEY/],
      [{ ghl: [] }, /ghl must be an object/, undefined],
      [{ store: 5 }, /store/, undefined],
    ]) {
      assert.throws(
        () => readConfiguration({ config: file(content) }, [], environment),
        (error) => {
          assert.ok(error instanceof UsageError);
          assert.match(error.message, message);
          if (hint) assert.match(error.hint, hint);
          assert.doesNotMatch(`${error.message}${error.hint}`, /secret-canary/);
          return true;
        },
      );
    }
    assert.throws(
      () => readConfiguration({ config: join(folder, "missing") }, [], {}),
      /cannot be read \(ENOENT\)/,
    );
    assert.throws(() => readConfiguration({ envFile: folder }, [], {}), /cannot be read \(EISDIR\)/);
  });

  test("names every credential that is missing", () => {
    const config = file({ store: "memory" });
    for (const [services, environment, message] of [
      [["ghl", "chartmogul"], {}, "GHL_TOKEN, GHL_LOCATION_ID and CHARTMOGUL_API_KEY are not set"],
      [["ghl"], {}, "GHL_TOKEN and GHL_LOCATION_ID are not set"],
      [["ghl"], { GHL_TOKEN: "t" }, "GHL_LOCATION_ID is not set"],
      [["ghl"], { GHL_LOCATION_ID: "l" }, "GHL_TOKEN is not set"],
      [["chartmogul"], { GHL_TOKEN: "t" }, "CHARTMOGUL_API_KEY is not set"],
    ]) {
      assert.throws(() => readConfiguration({ config }, services, environment), {
        name: "UsageError",
        message,
      });
    }
    readConfiguration({ config }, ["chartmogul"], { CHARTMOGUL_API_KEY: "k" });
    const located = file({ store: "memory", ghl: { locationId: "l" } });
    readConfiguration({ config: located }, ["ghl"], { GHL_TOKEN: "t" });
  });
});

describe("the parameters of a call", () => {
  const endpoint = {
    service: "ghl",
    name: "contacts.list",
    catalogue: [],
    parameters: [
      { name: "contactId", type: "string" },
      { name: "limit", type: "number" },
      { name: "completed", type: "boolean" },
      { name: "tags", type: "string[]" },
      { name: "filters", type: "Filter[]" },
      { name: "kind", type: '"a" | "b"' },
      { name: "value", type: "unknown" },
      { name: "file", type: "Uint8Array" },
    ],
  };

  test("have the endpoint's types", () => {
    const read = (...flags) => readParameters(endpoint, flags);
    assert.deepEqual(read("--contactId", "007", "--limit=5", "--completed"), {
      contactId: "007",
      limit: 5,
      completed: true,
    });
    assert.deepEqual(read("--completed", "false", "--kind", "a"), { completed: false, kind: "a" });
    assert.deepEqual(read("--tags", "a", "--tags", "b"), { tags: ["a", "b"] });
    assert.deepEqual(read("--tags", '["a","b"]'), { tags: ["a", "b"] });
    assert.deepEqual(read("--filters", '[{"field":"email"}]'), { filters: [{ field: "email" }] });
    assert.deepEqual(read("--value", "text"), { value: "text" });
    assert.deepEqual(read("--value", "5"), { value: 5 });
    assert.deepEqual(read("--contactId=--odd=="), { contactId: "--odd==" });
    assert.deepEqual(read("--file", file("a,b\n")), { file: Buffer.from("a,b\n") });
    assert.throws(() => read("--file", join(folder, "missing.csv")), /cannot be read \(ENOENT\)/);
    assert.deepEqual(read(), {});
  });

  test("that take text get text, whatever it looks like", () => {
    const of = (type) => ({ service: "ghl", name: "x.y", catalogue: [], parameters: [{ name: "p", type }] });
    for (const [type, given, value] of [
      ["string | null", "2025550123", "2025550123"],
      ["string | null", "true", "true"],
      ["string | null", "null", "null"],
      ["string | number", "0012", "0012"],
      ["number | string", "1e5", "1e5"],
      ['"a" | "b" | (string & {})', "5", "5"],
      ["`customFields.x` | null", "7", "7"],
      ["string | string[]", "a,b", "a,b"],
      ["string | string[]", '["a","b"]', ["a", "b"]],
      ["string | Filter", '{"a":1}', { a: 1 }],
      ["string | Filter", "{not json", "{not json"],
      ["string[]", "a,b", ["a", "b"]],
      ["string[]", "a, b ,c", ["a", "b", "c"]],
      ["string[] | null", "1,2", ["1", "2"]],
      ["string[]", '["a,b"]', ["a,b"]],
      ['("a" | "b")[]', "a,b", ["a", "b"]],
      ["(string | null)[]", "1", ["1"]],
      ["number[]", "1,2", [1, 2]],
      ["boolean[]", "true,false", [true, false]],
      ["number | null", "5", 5],
      ["number | null", "null", null],
      ["boolean | null", "false", false],
      ["Filter[]", '{"field":"email"}', [{ field: "email" }]],
      ["Record<string, string | number>", '{"a":1}', { a: 1 }],
      ["unknown", "5", 5],
      ["unknown", "a,b", "a,b"],
    ]) {
      assert.deepEqual(readParameters(of(type), ["--p", given]), { p: value }, `${type}: ${given}`);
    }
    assert.deepEqual(readParameters(of("string[]"), ["--p", "a,b", "--p", "c"]), { p: ["a", "b", "c"] });
    assert.deepEqual(readParameters(of("boolean | null"), ["--p"]), { p: true });
    for (const [type, given, message] of [
      ["number[]", "1,x", /takes a list of numbers, not 1,x/],
      ["number | null", "five", /takes a number, not five/],
      ["boolean | null", "yes", /takes true or false, not yes/],
      ["string[]", '["a"', /as JSON/],
      ["Filter[]", "{a", /as JSON/],
    ]) {
      assert.throws(() => readParameters(of(type), ["--p", given]), { name: "UsageError", message });
    }
    assert.throws(() => readParameters(of("string | null"), ["--p", "1", "--p", "2"]), /given twice/);
  });

  test("are shown with their documentation, names whole in any width", () => {
    const shown = {
      ...endpoint,
      ...{ summary: "Lists contacts.", method: "GET", path: "/contacts/", scopes: ["contacts.readonly"] },
      ...{ gives: "list", result: "Contact" },
      parameters: [
        { name: "locationId", type: "string", required: true, summary: "The location." },
        {
          name: "aVeryLongParameterNameOfAnEndpoint",
          type: "string",
          required: true,
          summary: "What it is. ".repeat(9),
        },
        { name: "tags", type: "string[]", required: false, summary: "Tags." },
      ],
    };
    for (const width of [200, 80, 30, undefined]) {
      const text = helpLines(shown, width).join("\n");
      for (const part of [
        "--aVeryLongParameterNameOfAnEndpoint",
        "required",
        "Tags.",
        "contacts.readonly",
        "a,b",
      ]) {
        assert.ok(text.includes(part), `${width}: ${part}\n${text}`);
      }
      assert.equal(text.match(/What/g).length >= 1, true);
      assert.match(text, /call ghl\.contacts\.list --aVeryLongParameterNameOfAnEndpoint …$/m);
    }
    assert.match(helpLines({ ...shown, parameters: [] }, 80).join("\n"), /no parameters/);
  });

  test("are refused when they do not fit, with the nearest name", () => {
    for (const [flags, message] of [
      [["contactId"], /is not a parameter/],
      [["--contactid", "1"], /no parameter contactid/],
      [["--limit", "many"], /takes a number/],
      [["--completed", "maybe"], /takes true or false/],
      [["--contactId"], /needs a value/],
      [["--contactId", "1", "--contactId", "2"], /given twice/],
      [["--filters", "[{"], /as JSON/],
    ]) {
      assert.throws(
        () => readParameters(endpoint, flags),
        (error) => error instanceof UsageError && message.test(error.message),
      );
    }
    assert.throws(() => readParameters(endpoint, ["--contactid", "1"]), {
      hint: "Did you mean --contactId?",
    });
  });

  test("belong to the endpoint of that name, with or without its service", () => {
    const endpoints = [
      endpoint,
      { service: "chartmogul", name: "contacts.list", catalogue: [] },
      { service: "chartmogul", name: "plans.list", catalogue: [] },
      { service: "ghl", name: "blogs.list", catalogue: ["Get Blogs"] },
      { service: "ghl", name: "tags.list", catalogue: ["List"] },
      { service: "ghl", name: "users.list", catalogue: ["List"] },
    ];
    assert.equal(findEndpoint(endpoints, "contacts.list"), endpoints[0]);
    assert.equal(findEndpoint(endpoints, "chartmogul.contacts.list"), endpoints[1]);
    assert.equal(findEndpoint(endpoints, "plans.list"), endpoints[2]);
    assert.equal(findEndpoint(endpoints, "get blogs"), endpoints[3]);
    assert.throws(() => findEndpoint(endpoints, "List"), {
      hint: "Pass one of ghl.tags.list, ghl.users.list.",
    });
    assert.throws(() => findEndpoint(endpoints, "plan.list"), { hint: /plans\.list/ });
    assert.throws(() => findEndpoint(endpoints, "Get Blog"), { hint: /Get Blogs/ });
    assert.throws(() => findEndpoint(endpoints, "zzzzzzzzzzzz"), { hint: /--list/ });
  });
});

test("errors speak of variables and commands", () => {
  for (const [message, expected] of [
    ["ghl.token is missing", "GHL_TOKEN is missing"],
    ["`ghl.locationId` is missing", "GHL_LOCATION_ID is missing"],
    ["chartmogul.apiKey contains characters", "CHARTMOGUL_API_KEY contains characters"],
    ["chartmogul.baseUrl is not an origin", "CHARTMOGUL_BASE_URL is not an origin"],
    ["Pass it, for example process.env.GHL_TOKEN.", "Set GHL_TOKEN."],
    [
      "A sync is of one location: pass its id, for example process.env.GHL_LOCATION_ID.",
      "A sync is of one location: set GHL_LOCATION_ID to its id.",
    ],
    ["Pass the option `chartmogul`.", "Set CHARTMOGUL_API_KEY."],
    ["chartmogul.tokens.list", "chartmogul.tokens.list"],
  ]) {
    assert.equal(inTerms({ message }).message, expected);
    assert.equal(inTerms({ hint: message }).hint, expected);
  }
  const late = { hint: "Try again after `retryAfterMs`; nothing was sent." };
  assert.equal(
    inTerms({ ...late, retryAfterMs: 3_700_000 }).hint,
    "Try again after 1 h 2 min; nothing was sent.",
  );
  assert.equal(inTerms({ ...late, retryAfterMs: 20_000 }).hint, "Try again after 1 min; nothing was sent.");
  assert.equal(inTerms(late).hint, "Try again after the day's reset; nothing was sent.");
  assert.deepEqual(inTerms({ code: "x" }), { code: "x" });
});

test("every term of errors is still what some error says", () => {
  const root = new URL("../../../", import.meta.url);
  const texts = ["src/", "js/src/"].flatMap((folder) =>
    readdirSync(new URL(folder, root), { recursive: true })
      .filter((name) => /\.(rs|ts)$/.test(name) && !name.endsWith("cli/terms.ts"))
      .map((name) => readFileSync(new URL(folder + name, root), "utf8")),
  );
  // Lines of one text are joined; what is filled in counts as a word, or as a service's name.
  const joined = texts
    .join("\n")
    .replace(/\\\n\s*/g, "")
    .replace(/\{(\w+)\}/g, "$1");
  const said = ["ghl", "chartmogul"].map((service) => joined.replaceAll("{}", service)).join("\n");
  // Put together from a service's name and its option's.
  const options = ["ghl.token", "ghl.locationId", "ghl.baseUrl", "chartmogul.apiKey", "chartmogul.baseUrl"];
  for (const [pattern] of TERMS)
    assert.ok(new RegExp(pattern).test(`${said}\n${options.join(" ")}`), `nobody says ${pattern}`);
});

test("the closest names come first, and none that are far", () => {
  const table = JSON.parse(
    readFileSync(new URL("../../../tests/closest-names.json", import.meta.url), "utf8"),
  );
  assert.ok(table.length > 5);
  for (const [given, names, meant] of table) assert.equal(closest(given, names)[0] ?? null, meant, given);
  assert.deepEqual(closest("contacts", ["contacts.list", "x", "contacts.get"]), [
    "contacts.get",
    "contacts.list",
  ]);
});
