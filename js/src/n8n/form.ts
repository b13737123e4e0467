// Operations and triggers as the properties of an n8n node: resources, operations, and a field for each parameter.

import type { Field } from "../operations/field.js";
import { labelOf, nounOf, singular } from "../operations/label.js";
import { type Operation, operations, type TriggerForm, triggerForms } from "../operations/operation.js";
import { PAGING } from "../triggers/catalogue.js";

/** A property of a node: what is used of n8n's `INodeProperties`. */
export interface NodeProperty {
  displayName: string;
  name: string;
  type: string;
  default: unknown;
  description?: string;
  hint?: string;
  placeholder?: string;
  required?: boolean;
  noDataExpression?: boolean;
  options?: unknown[];
  modes?: unknown[];
  typeOptions?: Record<string, unknown>;
  displayOptions?: { show: Record<string, unknown[]> };
}

type Service = Operation["service"];

/** Names that the node's own properties have. */
const OWN = new Set([
  ...["resource", "operation", "event", "authentication", "returnAll", "limit", "simplify"],
  ...["additionalFields", "filters", "options", "binaryPropertyName"],
]);

/** Parameters of the pages of a list: `Return All` and `Limit` see to them. */
const OF_PAGES = new Set([...PAGING, "pageLimit", "per_page", "limit"]);

/** Most properties of a simplified item. */
const SIMPLE = 10;

/** Properties that a simplified item has where the record has them, the most telling first. */
const TELLING = [
  "id uuid _id name title firstName lastName first_name last_name email phone status contactId customer_uuid",
  "body text startTime dueDate monetaryValue pipelineId pipelineStageId type mrr date companyName company tags",
  "customFields dateAdded dateUpdated createdAt updatedAt created_at external_id key slug",
].flatMap((names) => names.split(" "));

/** The operations of a service that a node offers. */
export function nodeOperations(service: Service): Operation[] {
  return operations().filter((operation) => operation.service === service);
}

/**
 * The properties of a node: the resource, its operations, and the fields of each operation.
 *
 * @example
 * import { nodeProperties } from "ghl-chartmogul/n8n-nodes";
 * console.log(nodeProperties("ghl")[0].name); // resource
 */
export function nodeProperties(service: Service): NodeProperty[] {
  const all = nodeOperations(service);
  const groups = [...new Set(all.map(({ group }) => group))];
  const resources = groups.map((group) => ({ name: nounOf(group), value: group }));
  const first = groups.includes("contacts") && service === "ghl" ? "contacts" : "customers";
  return [
    {
      ...{ displayName: "Resource", name: "resource", type: "options", noDataExpression: true },
      options: resources.sort(byName),
      default: first,
    },
    ...groups.map((group) => operationProperty(group, all)),
    ...merged(all.flatMap((operation) => propertiesOf(operation))),
  ];
}

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);

function operationProperty(group: string, all: readonly Operation[]): NodeProperty {
  const own = all.filter((operation) => operation.group === group);
  const hasList = own.some(({ name, replacedBy }) => methodOf(name) === "list" && replacedBy === undefined);
  const options = own.map((operation) => ({
    name: operationName(operation, hasList),
    value: operation.name,
    description: descriptionOf(operation.description),
    action: sentence(operation.title),
  }));
  options.sort(byName);
  const names = ["search", "list", "get", "retrieve"];
  const preferred = names.map((name) => own.find((one) => methodOf(one.name) === name && !one.replacedBy));
  return {
    ...{ displayName: "Operation", name: "operation", type: "options", noDataExpression: true },
    displayOptions: { show: { resource: [group] } },
    options,
    default: (preferred.find((one) => one !== undefined) ?? own[0])?.name ?? "",
  };
}

const methodOf = (name: string) => name.split(".").slice(2).join(".") || name.split(".")[1];

function operationName({ name, replacedBy }: Operation, hasList: boolean): string {
  const method = methodOf(name) ?? "";
  const isMany = method === "list" || (method === "search" && !hasList);
  const plain = isMany ? "Get Many" : method === "retrieve" ? "Get" : labelOf(method);
  return replacedBy === undefined ? plain : `${plain} (Deprecated)`;
}

/** `Get Contact Task by ID` as `Get contact task by ID`. */
function sentence(title: string): string {
  return title.replaceAll(
    / ([A-Z])([a-z])/g,
    (_, first: string, next: string) => ` ${first.toLowerCase()}${next}`,
  );
}

/** As n8n writes descriptions: code in `<code>`, and one sentence without its full stop. */
export function descriptionOf(help: string): string {
  const text = help
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(/`([^`]+)`/g, "<code>$1</code>")
    .trim();
  const isOneSentence = !/[.!?] /.test(text.replaceAll(/\be\.g\. |\bfor example\b/g, ""));
  return isOneSentence ? text.replace(/\.$/, "") : text;
}

/** The fields of an operation that a form shows. */
export function fieldsOf(operation: Operation): Field[] {
  const isPaging = ({ name }: Field) => operation.gives === "list" && OF_PAGES.has(name);
  return operation.fields.filter((field) => !isPaging(field));
}

/** Records of a page, where a list requires the number. */
export const PAGE_LIMIT = 100;

/** The name of the property for a field. */
export function propertyName(field: Field): string {
  return OWN.has(field.name) ? `${field.name}Value` : field.name;
}

/** Where the fields that need not be given are. */
export function collectionOf(operation: Operation): "filters" | "additionalFields" {
  return operation.gives === "list" ? "filters" : "additionalFields";
}

/** The properties that a simplified item keeps; undefined where a record is small anyway. */
export function simplified(operation: Pick<Operation, "gives" | "outputs" | "kind">): string[] | undefined {
  const names = [...new Set(operation.outputs.map(({ name }) => name.split(".")[0] ?? ""))];
  if (operation.kind !== "trigger" || names.length <= SIMPLE) return undefined;
  const kept = TELLING.filter((name) => names.includes(name)).slice(0, SIMPLE);
  return kept.length < 3 ? undefined : kept;
}

function propertiesOf(operation: Operation): NodeProperty[] {
  const show = { resource: [operation.group], operation: [operation.name] };
  const shown = (property: NodeProperty, more: Record<string, unknown[]> = {}): NodeProperty => ({
    ...property,
    displayOptions: { show: { ...show, ...more } },
  });
  const fields = fieldsOf(operation);
  const required = fields.filter((field) => field.required);
  const optional = fields.filter((field) => !field.required && field.customFields === undefined);
  const custom = fields.filter((field) => field.customFields !== undefined);
  const properties = required.map((field) => shown(asked(propertyOf(field))));
  if (operation.gives === "list") {
    properties.push(shown(RETURN_ALL), shown(LIMIT, { returnAll: [false] }));
  }
  if (operation.gives === "bytes") properties.push(shown(BINARY_OUTPUT));
  properties.push(...custom.map((field) => shown(customFieldsProperty(field))));
  if (simplified(operation) !== undefined) properties.push(shown(SIMPLIFY));
  if (optional.length > 0) properties.push(shown(collectionProperty(collectionOf(operation), optional)));
  return properties;
}

/** Fields that need not be given: a person adds those that are. */
function collectionProperty(name: "filters" | "additionalFields", fields: readonly Field[]): NodeProperty {
  return {
    ...(name === "filters"
      ? { displayName: "Filters", name, placeholder: "Add Filter" }
      : { displayName: "Additional Fields", name, placeholder: "Add Field" }),
    type: "collection",
    default: {},
    options: fields.map(propertyOf).sort((a, b) => (a.displayName < b.displayName ? -1 : 1)),
  };
}

const RETURN_ALL: NodeProperty = {
  ...{ displayName: "Return All", name: "returnAll", type: "boolean", default: false },
  description: "Whether to return all results or only up to a given limit",
};
const LIMIT: NodeProperty = {
  ...{ displayName: "Limit", name: "limit", type: "number", default: 50, typeOptions: { minValue: 1 } },
  description: "Max number of results to return",
};
const SIMPLIFY: NodeProperty = {
  ...{ displayName: "Simplify", name: "simplify", type: "boolean", default: true },
  description: "Whether to return a simplified version of the response instead of the raw data",
};
const BINARY_OUTPUT: NodeProperty = {
  ...{ displayName: "Put Output File in Field", name: "binaryPropertyName", type: "string", default: "data" },
  ...{ required: true, hint: "The name of the output binary field to put the file in" },
};

/** A property that must be given: a number begins empty, so that 0 is given by a person only. */
function asked(property: NodeProperty): NodeProperty {
  return { ...property, required: true, ...(property.type === "number" && { default: "" }) };
}

/** Custom fields of the location: chosen from its list, each with the input of its type. */
function customFieldsProperty(field: Field): NodeProperty {
  return {
    ...{
      displayName: field.label,
      name: propertyName(field),
      type: "resourceMapper",
      noDataExpression: true,
    },
    default: { mappingMode: "defineBelow", value: null },
    description: "Values of the location's custom fields. Fields that are left empty are not changed.",
    typeOptions: {
      resourceMapper: {
        resourceMapperMethod: `${field.customFields}CustomFields`,
        mode: "add",
        ...{ valuesLabel: "Custom Fields", supportAutoMap: false, addAllFields: false, multiKeyMatch: false },
        fieldWords: { singular: "custom field", plural: "custom fields" },
      },
    },
  };
}

/** The property of a field, without what it is shown for. */
function propertyOf(field: Field): NodeProperty {
  const help = descriptionOf(field.help);
  const property = (type: string, value: unknown, more: Partial<NodeProperty> = {}): NodeProperty => ({
    ...{ displayName: field.label, name: propertyName(field), type, default: value },
    ...(help !== "" && help !== field.label && { description: help }),
    ...more,
  });
  const isText = field.type === "text" || field.type === "email";
  if (isText && field.choices !== undefined && field.choices !== "ghl.tagNames")
    return field.list ? chosenMany(property, field) : chosen(property, field);
  if (isText && field.words !== undefined && (field.closed === true || !field.list)) {
    const options = field.words.map((word) => ({
      name: labelOf(word.toLowerCase()),
      value: word,
    }));
    options.sort(byName);
    return field.list
      ? property("multiOptions", [], { options })
      : property("options", field.words[0] ?? "", { options });
  }
  if (field.list && (isText || field.type === "integer" || field.type === "number")) {
    const placeholder = field.choices === "ghl.tagNames" ? "e.g. lead, newsletter" : "e.g. first, second";
    return property("string", "", {
      placeholder,
      description: `${sentenceOf(help)}Several are separated by commas.`,
    });
  }
  switch (field.type) {
    case "email":
      return property("string", "", { placeholder: "e.g. nathan@example.com" });
    case "boolean":
      return field.list
        ? json(property, field, help)
        : property("boolean", false, { description: whether(field, help) });
    case "number":
    case "integer":
      // A time in milliseconds is chosen as a date.
      return /milliseconds since/i.test(field.help) ? property("dateTime", "") : property("number", 0);
    case "date":
    case "dateTime":
      return field.list ? json(property, field, help) : property("dateTime", "");
    case "file":
      return property("string", "data", {
        displayName: "Input Binary Field",
        hint: "The name of the input binary field that holds the file",
      });
    case "json":
    case "object":
      return isPlain(field) ? parts(property, field) : json(property, field, help);
    default:
      return property("string", "");
  }
}

type Make = (type: string, value: unknown, more?: Partial<NodeProperty>) => NodeProperty;

const sentenceOf = (help: string) => (help === "" ? "" : `${help.replace(/\.$/, "")}. `);

/** n8n's form: "Whether …". */
function whether(field: Field, help: string): string {
  const text = help.replace(/^(true|whether)\b[, ]*/i, "").replace(/^(when|if|that) /i, "");
  const said = /^(true|whether)\b/i.test(help);
  if (said) return `Whether ${text.charAt(0).toLowerCase()}${text.slice(1)}`;
  return `Whether to set ${field.label}. ${help}`.trim();
}

/** The name of the method that lists choices of a source. */
export const methodOfSource = (source: string): string =>
  source.replaceAll(/\.(\w)/g, (_, letter: string) => letter.toUpperCase());

function chosen(property: Make, { choices = "", label }: Field): NodeProperty {
  return property(
    "resourceLocator",
    { mode: "list", value: "" },
    {
      // A record is chosen, of which the id is sent.
      displayName: label.replace(/ (UU)?ID$/, ""),
      modes: [
        {
          ...{ displayName: "From List", name: "list", type: "list" },
          typeOptions: { searchListMethod: methodOfSource(choices), searchable: true },
        },
        { displayName: "By ID", name: "id", type: "string", placeholder: "e.g. ve9EPM428h8vShlRW1KT" },
      ],
    },
  );
}

function chosenMany(property: Make, { choices = "", help }: Field): NodeProperty {
  return property("multiOptions", [], {
    typeOptions: { loadOptionsMethod: methodOfSource(choices) },
    description: `${sentenceOf(descriptionOf(help))}Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.`,
  });
}

/** An object whose parts can each be left empty, so that what is not given is not sent. */
function isPlain({ type, fields = [] }: Field): boolean {
  const isText = (one: Field) => !one.list && ["text", "email", "date", "dateTime"].includes(one.type);
  const isGiven = (one: Field) =>
    !one.list && one.required && ["number", "integer", "boolean"].includes(one.type);
  return type === "object" && fields.length > 0 && fields.every((one) => isText(one) || isGiven(one));
}

function parts(property: Make, field: Field): NodeProperty {
  const values = (field.fields ?? []).map((part) => {
    const made = propertyOf(part);
    // An option that need not be given begins empty.
    const isOptional = made.type === "options" && !part.required;
    const given = isOptional
      ? { ...made, default: "", options: [{ name: "None", value: "" }, ...(made.options ?? [])] }
      : made;
    return { ...given, name: part.name, ...(part.required && { required: true }) };
  });
  return property(
    "fixedCollection",
    {},
    {
      placeholder: `Add ${singular(field.label)}`,
      ...(field.list && { typeOptions: { multipleValues: true } }),
      options: [{ displayName: field.label, name: "values", values }],
    },
  );
}

/** JSON, with what it may hold in the description. */
function json(property: Make, field: Field, help: string): NodeProperty {
  const names = (field.fields ?? []).map(
    ({ name, required }) => `<code>${name}</code>${required ? " (required)" : ""}`,
  );
  const some = names.length > 12 ? [...names.slice(0, 12), "…"] : names;
  const holds =
    some.length === 0
      ? ""
      : `. ${field.list ? "A list of objects with" : "An object with"} ${some.join(", ")}.`;
  return property("json", field.list ? "[]" : field.type === "object" ? "{}" : "", {
    description: `${help.replace(/\.$/, "")}${holds}`,
  });
}

/** Equal properties of several operations of a resource become one. */
function merged(properties: readonly NodeProperty[]): NodeProperty[] {
  const found = new Map<string, NodeProperty>();
  for (const { displayOptions, ...property } of properties) {
    const { operation = [], ...others } = displayOptions?.show ?? {};
    const key = JSON.stringify([property, others]);
    const known = found.get(key);
    if (known !== undefined) known.displayOptions?.show["operation"]?.push(...operation);
    else found.set(key, { ...property, displayOptions: { show: { ...others, operation: [...operation] } } });
  }
  return [...found.values()].sort((a, b) => rankOf(a) - rankOf(b));
}

/** What must be given comes first, then what n8n has everywhere in this order. */
const ORDER = [
  "returnAll",
  "limit",
  "binaryPropertyName",
  "customFields",
  "simplify",
  "filters",
  "additionalFields",
];

const rankOf = ({ name }: NodeProperty) => ORDER.indexOf(name);

/** The triggers of a service that a node offers. */
export function nodeTriggers(service: Service): TriggerForm[] {
  return triggerForms().filter((trigger) => trigger.service === service);
}

/** The properties of a trigger node: the event, and the parameters of each. */
export function triggerProperties(service: Service): NodeProperty[] {
  const all = nodeTriggers(service);
  const options = all.map(({ name, title, description }) => ({
    name: name.includes(".") ? `Other: ${sentence(title)}` : title,
    value: name,
    description: descriptionOf(description),
  }));
  return [
    {
      ...{ displayName: "Event", name: "event", type: "options", noDataExpression: true, required: true },
      options,
      default: all[0]?.name ?? "",
    },
    ...all.flatMap((trigger) => {
      const show = { event: [trigger.name] };
      const required = trigger.fields.filter((field) => field.required);
      const optional = trigger.fields.filter((field) => !field.required);
      const properties = required.map((field) => asked(propertyOf(field)));
      if (optional.length > 0) properties.push(collectionProperty("filters", optional));
      return properties.map((property) => ({ ...property, displayOptions: { show } }));
    }),
  ];
}
