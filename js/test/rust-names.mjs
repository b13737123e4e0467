// Reads names out of Rust and TypeScript sources, for tests that compare both.

import { readFileSync } from "node:fs";

/** A file of the repository. */
export const readSource = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

const camelCase = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
const lowerFirst = (name) => name.charAt(0).toLowerCase() + name.slice(1);

/** The serialised names of a Rust struct's fields. */
export function fieldsOfStruct(source, name) {
  const [, body = ""] = new RegExp(`pub struct ${name}(?:<[^>]*>)? \\{([^}]*)\\n\\}`).exec(source) ?? [];
  const fields = body.matchAll(/(?:rename = "(\w+)"\)\]\s*)?pub (\w+):/g);
  return [...fields].map(([, renamed, field]) => renamed ?? camelCase(field));
}

/** The serialised values of a Rust enum. */
export function valuesOfEnum(source, name) {
  const pattern = new RegExp(
    `((?:^#\\[[^\\n]*\\n|^#\\[serde\\([^\\]]*\\)\\]\\n)*)pub enum ${name} \\{([\\s\\S]*?)\\n\\}`,
    "m",
  );
  const [, attributes = "", body = ""] = pattern.exec(source) ?? [];
  const variants = [...body.matchAll(/^ {4}([A-Z]\w+)\b/gm)].map(([, variant]) => variant);
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
