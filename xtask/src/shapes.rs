//! Writes as TypeScript what crosses between the module and the facade besides endpoints: what plans,
//! runs and the like answer, events, errors, options and settings. Each is a struct or an enum of Rust, described by
//! its own `JsonSchema`, so that its names, types, words and comments are in one place.

use anyhow::{Result, bail};
use ghl_chartmogul::mapping::settings::Settings;
use ghl_chartmogul::{host, sync};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value};

use crate::generate::{HEAD, comment, json, literals, quoted};

/// What is known of a schema's keywords, and either shapes the type or says nothing of it.
const KEYWORDS: &[&str] = &[
    "$ref",
    "additionalProperties",
    "anyOf",
    "const",
    "default",
    "description",
    "enum",
    "format",
    "internal",
    "items",
    "maximum",
    "minimum",
    "oneOf",
    "properties",
    "propertyNames",
    "required",
    "type",
];

/// Maps that have a name of their own in TypeScript: Rust knows them as aliases, which leave no trace.
type Alias = (&'static str, &'static str, Value);

/// `answers.ts`: what the module gives.
pub(crate) fn answers() -> Result<String> {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    generator.subschema_for::<host::Event>();
    generator.subschema_for::<sync::AuditRecord>();
    generator.subschema_for::<sync::Check>();
    generator.subschema_for::<sync::PlanView<'_>>();
    generator.subschema_for::<sync::ChangeView<'_>>();
    generator.subschema_for::<sync::Cost>();
    generator.subschema_for::<sync::Outcome>();
    generator.subschema_for::<sync::RunRecord>();
    generator.subschema_for::<sync::Status>();
    generator.subschema_for::<sync::DeadLetter>();
    generator.subschema_for::<sync::Why>();
    generator.subschema_for::<sync::Conflict>();
    generator.subschema_for::<sync::Forgotten>();
    generator.subschema_for::<sync::Refreshed>();
    let aliases = [
        alias::<sync::CountByKind>(&mut generator, "CountByKind", "Numbers of records by kind."),
        alias::<sync::Totals>(&mut generator, "Totals", "Numbers of changes by action and kind."),
    ];
    written(generator, &aliases)
}

/// `options.ts`: what the module takes, as far as the facade hands it on.
pub(crate) fn options() -> Result<String> {
    let mut generator = SchemaSettings::draft2020_12().for_deserialize().into_generator();
    generator.subschema_for::<sync::RunOptions>();
    generator.subschema_for::<sync::CheckOptions>();
    generator.subschema_for::<sync::Settlement>();
    generator.subschema_for::<sync::ForgetOptions>();
    generator.subschema_for::<sync::RefreshOptions>();
    written(generator, &[])
}

/// `settings.ts`: what a program can set of the sync.
pub(crate) fn settings() -> Result<String> {
    let mut generator = SchemaSettings::draft2020_12().for_deserialize().into_generator();
    generator.subschema_for::<Settings>();
    written(generator, &[])
}

fn alias<T: JsonSchema>(
    generator: &mut SchemaGenerator,
    name: &'static str,
    summary: &'static str,
) -> Alias {
    (name, summary, generator.subschema_for::<T>().to_value())
}

/// All types of a generator, by name.
fn written(mut generator: SchemaGenerator, aliases: &[Alias]) -> Result<String> {
    let mut text = HEAD.to_owned();
    for (index, (name, summary, schema)) in aliases.iter().enumerate() {
        let writer = Writer { aliases: &aliases[..index] };
        text.push('\n');
        comment(&mut text, "", summary);
        text.push_str(&format!("export type {name} = {};\n", writer.type_text("", schema)?));
    }
    let writer = Writer { aliases };
    for (name, schema) in generator.take_definitions(true) {
        text.push('\n');
        comment(&mut text, "", summary(&schema));
        if schema.get("properties").is_some() {
            let body = writer.type_text("", &schema)?;
            text.push_str(&format!("export interface {name} {body}\n"));
        } else if let Some(Value::Array(variants)) = schema.get("oneOf") {
            text.push_str(&format!("export type {name} =\n"));
            for variant in variants {
                comment(&mut text, "  ", summary(variant));
                text.push_str(&format!("  | {}\n", writer.type_text("    ", variant)?));
            }
            text.truncate(text.trim_end().len());
            text.push_str(";\n");
        } else {
            text.push_str(&format!("export type {name} = {};\n", writer.type_text("", &schema)?));
        }
    }
    Ok(text)
}

fn summary(schema: &Value) -> &str {
    schema.get("description").and_then(Value::as_str).unwrap_or_default()
}

struct Writer<'a> {
    aliases: &'a [Alias],
}

impl Writer<'_> {
    /// A schema as a type; `indent` is that of its last line.
    fn type_text(&self, indent: &str, schema: &Value) -> Result<String> {
        let Value::Object(keywords) = schema else { return Ok("unknown".to_owned()) };
        if let Some(keyword) = keywords.keys().find(|name| !KEYWORDS.contains(&name.as_str())) {
            bail!("no TypeScript is known for `{keyword}` of {schema}");
        }
        if keywords.keys().all(|name| name == "description") {
            return Ok("unknown".to_owned());
        }
        if let Some((name, ..)) = self.aliases.iter().find(|(.., known)| same(known, keywords)) {
            return Ok((*name).to_owned());
        }
        if let Some(Value::String(path)) = keywords.get("$ref") {
            return Ok(path.trim_start_matches("#/$defs/").to_owned());
        }
        if let Some(Value::String(text)) = keywords.get("const") {
            return Ok(json(text));
        }
        if let Some(Value::Array(texts)) = keywords.get("enum") {
            let texts: Vec<&str> = texts.iter().filter_map(Value::as_str).collect();
            return Ok(literals(&texts));
        }
        if let Some(Value::Array(schemas)) = keywords.get("anyOf").or(keywords.get("oneOf")) {
            let texts: Result<Vec<String>> =
                schemas.iter().map(|schema| self.type_text(indent, schema)).collect();
            return Ok(texts?.join(" | "));
        }
        match keywords.get("type") {
            Some(Value::String(of)) => self.typed(indent, of, keywords),
            Some(Value::Array(types)) => {
                let types = types.iter().filter_map(Value::as_str);
                let texts: Result<Vec<String>> =
                    types.map(|of| self.typed(indent, of, keywords)).collect();
                Ok(texts?.join(" | "))
            }
            _ => bail!("no TypeScript is known for {schema}"),
        }
    }

    fn typed(&self, indent: &str, of: &str, keywords: &Map<String, Value>) -> Result<String> {
        Ok(match of {
            "string" | "boolean" | "null" => of.to_owned(),
            "integer" | "number" => "number".to_owned(),
            "array" => {
                let item = self.type_text(indent, keywords.get("items").unwrap_or(&Value::Null))?;
                if item.contains(" | ") {
                    format!("readonly ({item})[]")
                } else {
                    format!("readonly {item}[]")
                }
            }
            "object" => match (keywords.get("properties"), keywords.get("additionalProperties")) {
                (Some(Value::Object(properties)), None) => {
                    self.properties(indent, properties, keywords)?
                }
                (None, Some(value)) => {
                    let value = self.type_text(indent, value)?;
                    let names = keywords.get("propertyNames");
                    match names.map(|names| self.type_text(indent, names)).transpose()?.as_deref() {
                        None | Some("string") => format!("Readonly<Record<string, {value}>>"),
                        Some(names) => format!("Readonly<Partial<Record<{names}, {value}>>>"),
                    }
                }
                _ => bail!("no TypeScript is known for an object of {keywords:?}"),
            },
            _ => bail!("no TypeScript is known for the type {of}"),
        })
    }

    /// First those that are always there, in the order of Rust; a schema does not keep the order of others.
    fn properties(
        &self,
        indent: &str,
        properties: &Map<String, Value>,
        keywords: &Map<String, Value>,
    ) -> Result<String> {
        let required = keywords.get("required").and_then(Value::as_array);
        let required: Vec<&str> =
            required.into_iter().flatten().filter_map(Value::as_str).collect();
        let others = properties.keys().map(String::as_str);
        let others = others.filter(|name| !required.contains(name));
        let mut text = "{\n".to_owned();
        let inner = format!("{indent}  ");
        for name in required.iter().copied().chain(others) {
            let Some(schema) = properties.get(name) else { bail!("{name} has no type") };
            let is_internal = schema.get("internal").is_some();
            let tag = if is_internal { "@internal " } else { "" };
            comment(&mut text, &inner, &format!("{tag}{}", summary(schema)));
            let mut of = self.type_text(&inner, schema)?;
            let is_required = required.contains(&name);
            if !is_required && of != "unknown" {
                // It is left out, and not null. `| undefined`: programs with exactOptionalPropertyTypes may
                // pass what they do not have.
                of = format!("{} | undefined", of.trim_end_matches(" | null"));
            }
            let optional = if is_required { "" } else { "?" };
            text.push_str(&format!("{inner}{}{optional}: {of};\n", quoted(name)));
        }
        Ok(text + indent + "}")
    }
}

/// Whether a schema is this one, whatever is said of the place where it stands.
fn same(known: &Value, keywords: &Map<String, Value>) -> bool {
    let mut bare = keywords.clone();
    bare.remove("description");
    known.as_object() == Some(&bare)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(schema: &Value) -> Result<String> {
        let aliases = [("Counts", "", json!({ "type": "object", "additionalProperties": true }))];
        Writer { aliases: &aliases }.type_text("", schema)
    }

    #[test]
    fn a_property_that_may_be_left_out_is_never_null() {
        let properties = json!({
            "first": { "type": ["string", "null"], "description": "Why." },
            "engine": { "type": "integer", "internal": true, "description": "Its own." },
            "left": { "anyOf": [{ "$ref": "#/$defs/Kind" }, { "type": "null" }] },
            "value": true,
        });
        let required = ["first", "engine"];
        let schema = json!({ "type": "object", "properties": properties, "required": required });
        let wanted = "{\n  /** Why. */\n  first: string | null;\n  /** @internal Its own. */\n  \
                      engine: number;\n  left?: Kind | undefined;\n  value?: unknown;\n}";
        assert_eq!(text(&schema).unwrap(), wanted);
    }

    #[test]
    fn lists_and_maps_are_read_only() {
        let words = json!({ "enum": ["a", "b"], "type": "string" });
        let list = json!({ "type": "array", "items": words });
        assert_eq!(text(&list).unwrap(), r#"readonly ("a" | "b")[]"#);
        let number = json!({ "type": "number" });
        let map =
            json!({ "type": "object", "propertyNames": words, "additionalProperties": number });
        assert_eq!(text(&map).unwrap(), r#"Readonly<Partial<Record<"a" | "b", number>>>"#);
        let names = json!({ "type": "string" });
        let map =
            json!({ "type": "object", "propertyNames": names, "additionalProperties": number });
        assert_eq!(text(&map).unwrap(), "Readonly<Record<string, number>>");
    }

    #[test]
    fn a_map_with_a_name_goes_by_it() {
        let counts = json!({ "type": "object", "additionalProperties": true, "description": "x" });
        assert_eq!(text(&counts).unwrap(), "Counts");
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for schema in [
            json!({ "type": "string", "pattern": "^a" }),
            json!({ "type": "object" }),
            json!({ "type": "symbol" }),
            json!({ "not": {} }),
            json!({ "format": "double" }),
        ] {
            assert!(text(&schema).is_err(), "{schema}");
        }
    }
}
