//! Custom fields of contacts and opportunities, and the check of their values.

use serde_json::{Value, json};

use super::refusals::{bad_request, unprocessable};
use super::resources::without;
use super::store::{Record, Store, text};
use super::{Answered, Exchange, Reply};
use crate::sandbox::time_text::{day, parse};

const DATA_TYPES: &[&str] = &[
    "TEXT",
    "LARGE_TEXT",
    "NUMERICAL",
    "PHONE",
    "MONETORY",
    "CHECKBOX",
    "SINGLE_OPTIONS",
    "MULTIPLE_OPTIONS",
    "DATE",
    "TEXTBOX_LIST",
    "FILE_UPLOAD",
    "RADIO",
    "EMAIL",
];

/// Answers an operation on the location's custom fields.
pub(super) fn answer(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    match key {
        "GET /locations/{locationId}/customFields" => return Ok(list(store, exchange)),
        "POST /locations/{locationId}/customFields" => return create(store, exchange),
        _ => {}
    }
    let id = exchange.parameter("id");
    let Some(field) = store.of("customFields").get(&id).cloned() else {
        return Err(bad_request(exchange, "Custom field not found"));
    };
    match key.split(' ').next() {
        Some("PUT") => {
            let changed = written(field, exchange);
            store.of_mut("customFields").put(changed.clone());
            Ok(exchange.succeed(&json!({ "customField": shown(&changed) })).wrote())
        }
        Some("DELETE") => {
            store.of_mut("customFields").remove(&id);
            Ok(exchange.done())
        }
        _ => Ok(exchange.succeed(&json!({ "customField": shown(&field) }))),
    }
}

fn list(store: &Store, exchange: &Exchange<'_>) -> Reply {
    let model = exchange.query("model").filter(|model| *model != "all");
    let fields = store.of("customFields").all();
    let of_model = |field: &&Record| model.is_none_or(|model| text(field, "model") == model);
    let fields: Vec<Record> = fields.filter(of_model).map(shown).collect();
    exchange.succeed(&json!({ "customFields": fields }))
}

fn create(store: &mut Store, exchange: &mut Exchange<'_>) -> Answered {
    let data_type = exchange.body_text("dataType").unwrap_or_default().to_owned();
    if !DATA_TYPES.contains(&data_type.as_str()) {
        let message =
            format!("dataType must be one of the following values: {}", DATA_TYPES.join(", "));
        return Err(unprocessable(exchange, &[message]));
    }
    let name = exchange.body_text("name").unwrap_or_default().to_owned();
    let model = exchange.body_text("model").unwrap_or("contact").to_owned();
    let key = format!("{model}.{}", key_of(&name));
    if store.of("customFields").all().any(|field| text(field, "fieldKey") == key) {
        return Err(bad_request(exchange, "A custom field with this name already exists"));
    }
    let mut field = Record::new();
    for (name, value) in [
        ("id", json!(exchange.random.id(20))),
        ("dataType", json!(data_type)),
        ("fieldKey", json!(key)),
        ("model", json!(model)),
        ("locationId", json!(store.location_id)),
        ("position", json!(store.of("customFields").all().count() * 50)),
    ] {
        field.insert(name.into(), value);
    }
    let field = written(field, exchange);
    store.of_mut("customFields").put(field.clone());
    Ok(exchange.succeed(&json!({ "customField": shown(&field) })).wrote())
}

/// A field as answers show it.
fn shown(field: &Record) -> Record {
    without(field.clone(), &["readsAsMilliseconds", "acceptedFormat", "textBoxListOptions"])
}

fn written(mut field: Record, exchange: &Exchange<'_>) -> Record {
    for (name, value) in exchange.properties() {
        let name = match name.as_str() {
            "options" => "picklistOptions",
            "isMultipleFile" => "isMultiFileAllowed",
            "maxNumberOfFiles" => "maxFileLimit",
            "dataType" | "fieldKey" | "model" => continue,
            other => other,
        };
        field.insert(name.into(), value);
    }
    field
}

/// `job_title` of `Job title`.
pub(super) fn key_of(name: &str) -> String {
    let mut key = String::new();
    for letter in name.to_lowercase().chars() {
        if letter.is_alphanumeric() {
            key.push(letter);
        } else if !key.ends_with('_') {
            key.push('_');
        }
    }
    key.trim_matches('_').to_owned()
}

/// The values a record has, with those that a write gives: by id or by key, the others stay.
pub(super) fn merge(
    store: &Store,
    exchange: &mut Exchange<'_>,
    kept: Value,
    written: &Value,
) -> Result<Value, Reply> {
    let mut values = kept.as_array().cloned().unwrap_or_default();
    for item in written.as_array().into_iter().flatten() {
        let Some(field) = field_of(store, item) else {
            return Err(bad_request(exchange, "Invalid Custom Field Id"));
        };
        let names = ["field_value", "fieldValue", "value"];
        let given = names.iter().find_map(|name| item.get(*name)).unwrap_or(&Value::Null);
        let id = text(field, "id");
        values.retain(|value| value.get("id").and_then(Value::as_str) != Some(id));
        let empty = given.is_null() || given == "" || given == &json!([]);
        if !empty {
            let Some(value) = accept(field, given) else {
                return Err(bad_request(exchange, "Invalid Custom Field Value"));
            };
            values.push(json!({ "id": id, "value": value }));
        }
    }
    Ok(Value::Array(values))
}

/// The field that an item names by `id`, or by `key` with or without its model.
fn field_of<'a>(store: &'a Store, item: &Value) -> Option<&'a Record> {
    if let Some(field) =
        item.get("id").and_then(Value::as_str).and_then(|id| store.of("customFields").get(id))
    {
        return Some(field);
    }
    let key = item.get("key").and_then(Value::as_str)?;
    store.of("customFields").all().find(|field| {
        let known = text(field, "fieldKey");
        known == key || known.split_once('.').is_some_and(|(_, bare)| bare == key)
    })
}

/// A value as the field keeps it; `None` where its type does not fit.
fn accept(field: &Record, value: &Value) -> Option<Value> {
    let options: Vec<&str> = field
        .get("picklistOptions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let known = |text: &str| {
        options.contains(&text) || field.get("isAllowedCustomOption") == Some(&json!(true))
    };
    match text(field, "dataType") {
        "TEXT" | "LARGE_TEXT" | "PHONE" => value.as_str().map(|text| json!(text)),
        "EMAIL" => value.as_str().filter(|text| text.contains('@')).map(|text| json!(text)),
        "SINGLE_OPTIONS" | "RADIO" => {
            value.as_str().filter(|text| known(text)).map(|text| json!(text))
        }
        "MULTIPLE_OPTIONS" | "CHECKBOX" => {
            let chosen = value.as_array()?;
            let all = chosen.iter().all(|item| item.as_str().is_some_and(known));
            all.then(|| value.clone())
        }
        "NUMERICAL" | "MONETORY" => match value {
            Value::Number(_) => Some(value.clone()),
            Value::String(text) => text.parse::<f64>().ok().map(|number| json!(number)),
            _ => None,
        },
        // Written as a day; read as an instant at midnight UTC, or, where the field says so, in milliseconds.
        "DATE" => {
            let instant = value.as_str().and_then(parse)?;
            let midnight = parse(&day(instant))?;
            match field.get("readsAsMilliseconds") {
                Some(_) => Some(json!(midnight)),
                None => Some(json!(crate::sandbox::time_text::iso(midnight))),
            }
        }
        "TEXTBOX_LIST" | "FILE_UPLOAD" => value.as_object().map(|_| value.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(data_type: &str, value: Value) -> Option<Value> {
        let field = json!({ "dataType": data_type, "picklistOptions": ["Red", "Blue"] });
        accept(field.as_object().unwrap(), &value)
    }

    #[test]
    fn values_must_have_the_type_of_their_field() {
        assert_eq!(accepted("TEXT", json!(5)), None);
        assert_eq!(accepted("SINGLE_OPTIONS", json!("Green")), None);
        assert_eq!(accepted("SINGLE_OPTIONS", json!("Red")), Some(json!("Red")));
        assert_eq!(accepted("CHECKBOX", json!("Red")), None);
        assert_eq!(accepted("CHECKBOX", json!(["Red", "Blue"])), Some(json!(["Red", "Blue"])));
        assert_eq!(accepted("NUMERICAL", json!("12.5")), Some(json!(12.5)));
        assert_eq!(accepted("MONETORY", json!("much")), None);
        assert_eq!(accepted("DATE", json!("25/12/2026")), None);
        assert_eq!(accepted("DATE", json!("2026-12-25")), Some(json!("2026-12-25T00:00:00.000Z")));
        assert_eq!(accepted("TEXTBOX_LIST", json!(["a"])), None);
        assert_eq!(
            accepted("FILE_UPLOAD", json!({ "u": { "url": "x" } })),
            Some(json!({ "u": { "url": "x" } }))
        );
    }

    #[test]
    fn keys_are_made_of_names() {
        assert_eq!(key_of("Job title (old)"), "job_title_old");
    }
}
