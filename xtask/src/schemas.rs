//! Writes what endpoints take and give as JSON Schema, with an example of each result: for forms on
//! platforms, which need more than the TypeScript text of a type.

use std::fmt::Write as _;

use anyhow::Result;
use ghl_chartmogul::endpoint::{Endpoint, Kind, Model, Outcome, Type, example};
use serde_json::{Map, Value, json};

use crate::generate::{HEAD, Table, models, parameters};

/// `schemas.ts`: the models by name, and for each endpoint the types of the parameters that it has in its dated
/// version, of its result or of one item of it, and an example of that.
pub(crate) fn schemas(tables: &[Table]) -> Result<String> {
    let mut text = format!(
        "{HEAD}import type {{ Schemas }} from \"../operations/schema.js\";\n\
         export const schemas = (): Schemas => ({{\n  models: {{\n"
    );
    for table in tables {
        for (name, model) in models(table)? {
            let name = Value::from(format!("{}.{name}", table.service));
            writeln!(text, "    {name}: {},", object(table, model))?;
        }
    }
    text.push_str("  },\n  endpoints: {\n");
    for table in tables {
        for endpoint in &table.endpoints {
            let name = Value::from(format!("{}.{}", table.service, endpoint.name));
            writeln!(text, "    {name}: {},", of_endpoint(table, endpoint))?;
        }
    }
    text.push_str("  },\n});\n");
    Ok(text)
}

fn of_endpoint(table: &Table, endpoint: &'static Endpoint) -> Value {
    let of_v3 = |name: &str| endpoint.v3.exists && endpoint.v3.added.contains(&name);
    let parameters: Map<_, _> = parameters(endpoint)
        .filter(|parameter| !of_v3(parameter.field.name))
        .map(|parameter| (parameter.field.name.to_owned(), schema(table, &parameter.field.of)))
        .collect();
    let result = match &endpoint.result {
        Outcome::One { of: Some(of), .. } | Outcome::List { of: Some(of), .. } => schema(table, of),
        _ => Value::Null,
    };
    json!({ "parameters": parameters, "result": result, "sample": example::result(endpoint) })
}

fn object(table: &Table, model: &'static Model) -> Value {
    let properties: Map<_, _> = model
        .fields
        .iter()
        .map(|field| {
            let mut schema = schema(table, &field.of);
            if let Value::Object(schema) = &mut schema {
                schema.insert("description".to_owned(), field.summary.trim().into());
            }
            (field.name.to_owned(), schema)
        })
        .collect();
    let required = model.fields.iter().filter(|field| field.required).map(|field| field.name);
    json!({ "type": "object", "properties": properties, "required": required.collect::<Vec<_>>() })
}

/// A type; models are named, not repeated.
fn schema(table: &Table, of: &Type) -> Value {
    let mut found = match of.kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Email => json!({ "type": "string", "format": "email" }),
        Kind::Timestamp => json!({ "type": "string", "format": "date-time" }),
        Kind::Date => json!({ "type": "string", "format": "date" }),
        Kind::File => json!({ "type": "string", "format": "binary" }),
        Kind::Integer => json!({ "type": "integer" }),
        Kind::Number => json!({ "type": "number" }),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Any => json!({}),
        Kind::OneOf(texts) => json!({ "type": "string", "enum": texts }),
        Kind::Suggested(texts) => json!({ "type": "string", "examples": texts }),
        Kind::StartingWith(_) => json!({ "type": "string" }),
        Kind::List(of) => json!({ "type": "array", "items": schema(table, of) }),
        Kind::Map(of) => json!({ "type": "object", "additionalProperties": schema(table, of) }),
        Kind::Object(model) => json!({ "$ref": format!("{}.{}", table.service, model.name) }),
        Kind::Either(types) => {
            json!({ "anyOf": types.iter().map(|of| schema(table, of)).collect::<Vec<_>>() })
        }
    };
    let limit = match of.kind {
        _ if of.at_most == 0 => None,
        Kind::Integer | Kind::Number => Some("maximum"),
        Kind::List(_) => Some("maxItems"),
        _ => Some("maxLength"),
    };
    if let Value::Object(found) = &mut found {
        if of.nullable {
            found.insert("nullable".to_owned(), true.into());
        }
        if let Some(limit) = limit {
            found.insert(limit.to_owned(), of.at_most.into());
        }
        if limit == Some("maximum") {
            found.insert("minimum".to_owned(), of.at_least.into());
        }
    }
    found
}
