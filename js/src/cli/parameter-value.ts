// Reads a parameter of the terminal as the type that the endpoint takes. A parameter that takes text gets text.

import { readFileSync } from "node:fs";
import type { EndpointParameter } from "../endpoint.js";
import { UsageError } from "./exit-code.js";

/** What a parameter may be, out of its TypeScript type. */
interface Shape {
  text: boolean;
  number: boolean;
  boolean: boolean;
  nullable: boolean;
  bytes: boolean;
  /** The items of a list. */
  items: Shape | undefined;
  /** Objects, maps, and what has no type. */
  json: boolean;
}

/** The value of a flag. */
export function parseValue({ name, type }: EndpointParameter, text: string): unknown {
  const shape = shapeOf(type);
  if (shape.bytes) return readBytes(name, text);
  const parsed = read(shape, text);
  if (parsed === undefined) throw new UsageError(`--${name} takes ${wording(shape)}, not ${text}`);
  if (parsed instanceof SyntaxError)
    throw new UsageError(`--${name} takes ${type} as JSON: ${parsed.message}`);
  return parsed;
}

/** Whether a parameter is a list: each time that it is given adds to it. */
export const isList = ({ type }: EndpointParameter): boolean => {
  const { items, text } = shapeOf(type);
  return items !== undefined && !text;
};

/** Whether a flag may stand without a value, for true. */
export const isSwitch = ({ type }: EndpointParameter): boolean => {
  const { boolean, text, number } = shapeOf(type);
  return boolean && !text && !number;
};

/** The value; undefined where the text is not one, or why it is not JSON. */
function read(shape: Shape, text: string): unknown {
  const looksJson = /^\s*[[{"]/.test(text);
  if (shape.items !== undefined && /^\s*\[/.test(text))
    return shape.text ? (json(text) ?? text) : strictJson(text);
  if (shape.text) return shape.json && looksJson ? (json(text) ?? text) : text;
  if (shape.items !== undefined) return readList(shape.items, text);
  if (shape.nullable && text === "null") return null;
  if (shape.boolean && /^(true|false)$/.test(text)) return text === "true";
  if (shape.number && text.trim() !== "" && Number.isFinite(Number(text))) return Number(text);
  if (!shape.json) return undefined;
  return looksJson ? strictJson(text) : (json(text) ?? text);
}

/** `a,b` as a list; items that are objects are JSON. */
function readList(items: Shape, text: string): unknown {
  if (!items.text && items.json) {
    const item = /^\s*\{/.test(text) ? strictJson(text) : json(text);
    return item instanceof SyntaxError ? item : [item ?? text];
  }
  const list = text.split(",").map((item) => read(items, item.trim()));
  return list.includes(undefined) ? undefined : list;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function strictJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return error as SyntaxError;
  }
}

function readBytes(name: string, path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`--${name}: ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

function shapeOf(type: string): Shape {
  const shape: Shape = {
    ...{ text: false, number: false, boolean: false, nullable: false },
    ...{ bytes: false, items: undefined, json: false },
  };
  for (const part of alternatives(type)) {
    if (part === "null" || part === "undefined") shape.nullable = true;
    else if (part.endsWith("[]")) shape.items = shapeOf(part.slice(0, -2));
    else if (part === "string" || /^["`]/.test(part) || part === "(string & {})") shape.text = true;
    else if (part === "number") shape.number = true;
    else if (part === "boolean") shape.boolean = true;
    else if (part === "Uint8Array") shape.bytes = true;
    else shape.json = true;
  }
  return shape;
}

/** The alternatives of a union, outside of brackets and quotes. */
function alternatives(type: string): string[] {
  const inner = /^\((?!string & )(.*)\)$/s.exec(type)?.[1] ?? type;
  const parts = [""];
  let depth = 0;
  let quote = "";
  for (const letter of inner) {
    if (quote !== "") quote = letter === quote ? "" : quote;
    else if (letter === '"' || letter === "`") quote = letter;
    else if ("(<{[".includes(letter)) depth += 1;
    else if (")>}]".includes(letter)) depth -= 1;
    if (letter === "|" && depth === 0 && quote === "") parts.push("");
    else parts[parts.length - 1] += letter;
  }
  return parts.map((part) => part.trim());
}

function wording({ number, boolean, items }: Shape): string {
  if (items !== undefined)
    return `a list of ${items.number ? "numbers" : items.boolean ? "true or false" : "values"}`;
  const kinds = [number && "a number", boolean && "true or false"].filter(Boolean);
  return kinds.join(" or ") || "JSON";
}
