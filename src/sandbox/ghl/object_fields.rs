//! Custom fields of companies and custom objects, and the folders that contain them.

use serde_json::{Value, json};

use super::refusals::bad_request;
use super::resources::listed;
use super::store::{Record, Store, text};
use super::{Answered, Exchange};
use crate::sandbox::time_text::iso;

const FIELDS: &str = "objectFields";
const FOLDERS: &str = "objectFieldFolders";

/// Answers an operation on these fields or folders.
pub(super) fn answer(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    match key {
        "GET /custom-fields/object-key/{objectKey}" => {
            let object = exchange.parameter("objectKey");
            let of = |record: &Record| text(record, "objectKey") == object;
            let fields = listed(store, FIELDS, of);
            let folders = listed(store, FOLDERS, of).into_iter().map(like_a_field);
            let folders: Vec<Record> = folders.collect();
            Ok(exchange.succeed(&json!({ "fields": fields, "folders": folders })))
        }
        "POST /custom-fields/" => create(store, exchange),
        "POST /custom-fields/folder" => {
            let folder = super::resources::create(store, exchange, FOLDERS, json!({}));
            Ok(exchange.succeed(&Value::Object(folder)).wrote())
        }
        "PUT /custom-fields/folder/{id}" => {
            let folder = found(store, exchange, FOLDERS)?;
            let folder = super::resources::change(store, exchange, FOLDERS, folder, json!({}));
            Ok(exchange.succeed(&Value::Object(folder)).wrote())
        }
        "DELETE /custom-fields/folder/{id}" => remove(store, exchange, FOLDERS),
        "DELETE /custom-fields/{id}" => remove(store, exchange, FIELDS),
        "PUT /custom-fields/{id}" => {
            let field = found(store, exchange, FIELDS)?;
            let changed = json!({ "dateUpdated": iso(exchange.now_ms) });
            let field = super::resources::change(store, exchange, FIELDS, field, changed);
            Ok(exchange.succeed(&json!({ "field": field })).wrote())
        }
        _ => {
            let field = found(store, exchange, FIELDS)?;
            Ok(exchange.succeed(&json!({ "field": field })))
        }
    }
}

fn create(store: &mut Store, exchange: &mut Exchange<'_>) -> Answered {
    let key = exchange.body_text("fieldKey").unwrap_or_default();
    if store.of(FIELDS).all().any(|field| text(field, "fieldKey") == key) {
        return Err(bad_request(exchange, "A custom field with this key already exists"));
    }
    let now = iso(exchange.now_ms);
    let dates = json!({ "dateAdded": now, "dateUpdated": now });
    let field = super::resources::create(store, exchange, FIELDS, dates);
    Ok(exchange.succeed(&json!({ "field": field })).wrote())
}

/// A folder in a list: the document gives it the form of a field.
fn like_a_field(mut folder: Record) -> Record {
    for name in ["dataType", "parentId", "fieldKey", "dateAdded", "dateUpdated"] {
        folder.entry(name).or_insert(Value::Null);
    }
    folder.entry("showInForms").or_insert(json!(false));
    folder
}

fn found(store: &Store, exchange: &mut Exchange<'_>, kind: &str) -> Result<Record, super::Reply> {
    let record = store.of(kind).get(&exchange.parameter("id")).cloned();
    record.ok_or_else(|| bad_request(exchange, "Custom field not found"))
}

fn remove(store: &mut Store, exchange: &mut Exchange<'_>, kind: &'static str) -> Answered {
    let record = found(store, exchange, kind)?;
    store.of_mut(kind).remove(text(&record, "id"));
    let key = record.get("fieldKey").or_else(|| record.get("objectKey"));
    let body = json!({ "id": record.get("id"), "key": key });
    Ok(exchange.succeed_with_flag(body).wrote())
}
