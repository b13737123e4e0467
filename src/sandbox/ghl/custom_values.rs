//! The location's custom values: texts that templates name by key.

use serde_json::{Value, json};

use super::custom_fields::key_of;
use super::refusals::bad_request;
use super::store::{Record, Store};
use super::{Answered, Exchange};

const KIND: &str = "customValues";

/// Answers an operation on custom values.
pub(super) fn answer(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    match key.split_once(' ') {
        Some(("GET", path)) if !path.ends_with("/{id}") => {
            let values: Vec<&Record> = store.of(KIND).all().collect();
            return Ok(exchange.succeed(&json!({ "customValues": values })));
        }
        Some(("POST", _)) => {
            let name = exchange.body_text("name").unwrap_or_default().to_owned();
            let field_key = format!("{{{{ custom_values.{} }}}}", key_of(&name));
            let known = |record: &Record| record.get("fieldKey") == Some(&json!(field_key));
            if store.of(KIND).all().any(known) {
                return Err(bad_request(exchange, "A custom value with this name already exists"));
            }
            let value = json!({
                "id": exchange.random.id(20), "name": name, "fieldKey": field_key,
                "value": exchange.body.get("value"), "locationId": store.location_id,
            });
            store.of_mut(KIND).put(value.as_object().cloned().unwrap_or_default());
            return Ok(exchange.succeed(&json!({ "customValue": value })).wrote());
        }
        _ => {}
    }
    let id = exchange.parameter("id");
    let Some(mut value) = store.of(KIND).get(&id).cloned() else {
        return Err(bad_request(exchange, "Custom value not found"));
    };
    match key.split(' ').next() {
        Some("PUT") => {
            for name in ["name", "value"] {
                if let Some(given) = exchange.body.get(name) {
                    value.insert(name.into(), given.clone());
                }
            }
            store.of_mut(KIND).put(value.clone());
            Ok(exchange.succeed(&json!({ "customValue": value })).wrote())
        }
        Some("DELETE") => {
            store.of_mut(KIND).remove(&id);
            Ok(exchange.done())
        }
        _ => Ok(exchange.succeed(&json!({ "customValue": Value::Object(value) }))),
    }
}
