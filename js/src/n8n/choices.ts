// The methods by which an n8n node fills its lists: records to choose from, and a location's custom fields.

import type { Connector } from "../connector.js";
import { readChoices } from "../operations/choices.js";
import { readCustomFields } from "../operations/custom-fields.js";
import type { Operation } from "../operations/operation.js";
import { methodOfSource, nodeOperations, nodeTriggers } from "./form.js";
import { plain } from "./values.js";

/** What the methods use of n8n's `ILoadOptionsFunctions`. */
export interface LoadOptionsContext {
  getCurrentNodeParameters(): Record<string, unknown> | undefined;
}

/** Makes the connector of a node. */
export type Connect<Context> = (context: Context) => Promise<Connector>;

/** n8n's `methods` of a node. */
export interface NodeMethods<Context> {
  listSearch: Record<
    string,
    (
      this: Context,
      filter?: string,
      paginationToken?: unknown,
    ) => Promise<{
      results: { name: string; value: string }[];
      paginationToken?: string;
    }>
  >;
  loadOptions: Record<string, (this: Context) => Promise<{ name: string; value: string }[]>>;
  resourceMapping: Record<string, (this: Context) => Promise<{ fields: MappedField[] }>>;
}

/** A custom field in n8n's resource mapper: what is used of `ResourceMapperField`. */
export interface MappedField {
  id: string;
  displayName: string;
  type: "string" | "number" | "boolean" | "dateTime" | "array" | "object" | "options";
  options?: { name: string; value: string }[];
  required: boolean;
  display: boolean;
  removed: boolean;
  defaultMatch: boolean;
  canBeUsedToMatch: boolean;
}

/** Choices in one page of a list. */
const PAGE = 100;
/** Options of a list that n8n loads at once. */
const MOST_OPTIONS = 500;

/**
 * The methods of a node for this service: `listSearch` and `loadOptions` for each source of choices, and
 * `resourceMapping` for custom fields.
 */
export function nodeMethods<Context extends LoadOptionsContext>(
  service: Operation["service"],
  connect: Connect<Context>,
): NodeMethods<Context> {
  const forms = [...nodeOperations(service), ...nodeTriggers(service)];
  const sources = [...new Set(forms.flatMap(({ fields }) => fields.flatMap(({ choices }) => choices ?? [])))];
  const entries = <Method>(make: (source: string) => Method) =>
    Object.fromEntries(sources.map((source) => [methodOfSource(source), make(source)]));
  const using = async <Result>(
    context: Context,
    work: (connector: Connector) => Promise<Result>,
  ): Promise<Result> => {
    const connector = await connect(context);
    try {
      return await work(connector);
    } finally {
      await connector.close();
    }
  };
  return {
    listSearch: entries(
      (source) =>
        async function (this: Context, filter?: string, paginationToken?: unknown) {
          const input = chosenSoFar(this);
          const cursor = typeof paginationToken === "string" ? paginationToken : null;
          const given = { input, cursor, limit: PAGE, ...(filter !== undefined && { search: filter }) };
          const page = await using(this, (connector) => readChoices(connector, source, given));
          const results = page.choices.map(({ value, label }) => ({ name: label, value }));
          return { results, ...(page.cursor !== null && { paginationToken: page.cursor }) };
        },
    ),
    loadOptions: entries(
      (source) =>
        async function (this: Context) {
          const input = chosenSoFar(this);
          const given = { input, limit: MOST_OPTIONS };
          const { choices } = await using(this, (connector) => readChoices(connector, source, given));
          return choices.map(({ value, label }) => ({ name: label, value }));
        },
    ),
    resourceMapping: service === "ghl" ? mappings(using) : {},
  };
}

function mappings<Context>(
  using: <Result>(context: Context, work: (connector: Connector) => Promise<Result>) => Promise<Result>,
): NodeMethods<Context>["resourceMapping"] {
  const method = (model: "contact" | "opportunity") =>
    async function (this: Context) {
      const fields = await using(this, (connector) => readCustomFields(connector, model));
      return {
        fields: fields.map(({ name, label, type, list, words, closed }): MappedField => {
          const isChoice = words !== undefined && closed === true && !list;
          return {
            ...{ id: name, displayName: label, required: false, display: true, removed: true },
            ...{ defaultMatch: false, canBeUsedToMatch: false },
            type: isChoice ? "options" : list ? "array" : mapped(type),
            ...(isChoice && { options: words.map((word) => ({ name: word, value: word })) }),
          };
        }),
      };
    };
  return { contactCustomFields: method("contact"), opportunityCustomFields: method("opportunity") };
}

function mapped(type: string): MappedField["type"] {
  if (type === "number" || type === "integer") return "number";
  if (type === "date" || type === "dateTime") return "dateTime";
  return type === "json" || type === "object" ? "object" : "string";
}

/** What the form holds so far, by the parameters' names. */
function chosenSoFar(context: LoadOptionsContext): Record<string, unknown> {
  const all = context.getCurrentNodeParameters() ?? {};
  const collections = [all["additionalFields"], all["filters"]] as (Record<string, unknown> | undefined)[];
  const given = Object.assign({}, ...collections, all) as Record<string, unknown>;
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, plain(value)]));
}
