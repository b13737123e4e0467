// Reads names out of Rust and TypeScript sources, for tests that compare both.

import { readFileSync } from "node:fs";

/** A file of the repository. */
export const readSource = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

const camelCase = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
const lowerFirst = (name) => name.charAt(0).toLowerCase() + name.slice(1);

/** The serialised names of a Rust struct's fields: of serde's derive, or as `records!` names them. */
export function fieldsOfStruct(source, name) {
  const pattern = new RegExp(`^( *)(?:\\w+ )?pub struct ${name}(?:<[^>]*>)? \\{([\\s\\S]*?)\\n\\1\\}`, "m");
  const [, , body = ""] = pattern.exec(source) ?? [];
  const fields = body.matchAll(
    /(?:rename = "(\w+)"\)\]\s*)?pub (\w+):[^\n]*?(?:= (?:required )?"(\w+)";)?(?:\n|$)/g,
  );
  return [...fields].map(([, renamed, field, named]) => renamed ?? named ?? camelCase(field));
}

/** The serialised values of a Rust enum: of serde's derive, or as `choices!` names them. */
export function valuesOfEnum(source, name) {
  const pattern = new RegExp(
    `((?:^#\\[[^\\n]*\\n|^#\\[serde\\([^\\]]*\\)\\]\\n)*)^( *)pub enum ${name} \\{([\\s\\S]*?)\\n\\2\\}`,
    "m",
  );
  const [, attributes = "", indent = "", body = ""] = pattern.exec(source) ?? [];
  const named = [...body.matchAll(/^ +[A-Z]\w+ = "([^"]+)",/gm)].map(([, value]) => value);
  if (named.length > 0) return named;
  const variant = new RegExp(`^${indent} {4}([A-Z]\\w+)\\b`, "gm");
  const variants = [...body.matchAll(variant)].map(([, value]) => value);
  const [, rename] = /rename_all = "([\w-]+)"/.exec(attributes) ?? [];
  if (rename === "kebab-case")
    return variants.map((text) => text.replace(/(?!^)[A-Z]/g, "-$&").toLowerCase());
  if (rename === "camelCase") return variants.map(lowerFirst);
  return rename === "lowercase" ? variants.map((text) => text.toLowerCase()) : variants;
}

/** The names of a TypeScript interface's properties. */
export function propertiesOfInterface(source, name) {
  const [, body = ""] =
    new RegExp(`export interface ${name}(?:<[^>]*>)? \\{\\n([\\s\\S]*?)\\n\\}`).exec(source) ?? [];
  return [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, property]) => property);
}
