//! Compares a JSON value with the type that a row declares for it.

use ghl_chartmogul::endpoint::{Kind, Type};
use serde_json::Value;

/// What a value holds that its type does not declare: unknown properties, other types, nulls.
pub(super) fn undeclared(of: &Type, value: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    walk("", of, value, &mut problems);
    problems
}

fn walk(place: &str, of: &Type, value: &Value, problems: &mut Vec<String>) {
    if value.is_null() {
        if !of.nullable && !matches!(of.kind, Kind::Any) {
            problems.push(format!("{place} is null"));
        }
        return;
    }
    match (&of.kind, value) {
        (Kind::Object(model), Value::Object(properties)) => {
            for (name, value) in properties {
                match model.fields.iter().find(|field| field.name == name) {
                    Some(field) => walk(&format!("{place}.{name}"), &field.of, value, problems),
                    None => {
                        problems.push(format!("{place}.{name} is not declared by {}", model.name))
                    }
                }
            }
        }
        (Kind::List(of), Value::Array(items)) => {
            items.iter().for_each(|item| walk(&format!("{place}[]"), of, item, problems));
        }
        (Kind::Map(of), Value::Object(properties)) => {
            for (name, value) in properties {
                walk(&format!("{place}.{name}"), of, value, problems);
            }
        }
        (Kind::Either(alternatives), _) => {
            let fits = alternatives.iter().any(|of| undeclared(of, value).is_empty());
            if !fits {
                problems.push(format!("{place} fits no alternative: {value}"));
            }
        }
        (Kind::OneOf(texts), Value::String(text)) => {
            if !texts.contains(&text.as_str()) {
                problems.push(format!("{place} is {text}, not one of {texts:?}"));
            }
        }
        (Kind::Timestamp | Kind::Date, Value::String(text)) => {
            if ghl_chartmogul::dates::instant_of(text).is_none() {
                problems.push(format!("{place} is not an instant: {text}"));
            }
        }
        (Kind::Any, _)
        | (
            Kind::Text | Kind::Email | Kind::Suggested(_) | Kind::StartingWith(_),
            Value::String(_),
        )
        | (Kind::Boolean, Value::Bool(_))
        | (Kind::Number, Value::Number(_)) => {}
        (Kind::Integer, Value::Number(number)) if !number.is_f64() => {}
        (kind, _) => problems.push(format!("{place} is {value}, not {kind:?}")),
    }
}
