//! Custom objects and their records.

use serde_json::{Value, json};

use super::refusals::bad_request;
use super::resources::{listed, without};
use super::store::{Record, Store, text};
use super::{Answered, Exchange};
use crate::sandbox::time_text::iso;

/// Answers an operation on custom objects or their records.
pub(super) fn answer(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    if key == "GET /objects/" {
        let all = listed(store, "objects", |_| true);
        return Ok(exchange.succeed(&json!({ "objects": all })));
    }
    let name = match exchange.parameter("schemaKey") {
        name if name.is_empty() => exchange.parameter("key"),
        name => name,
    };
    let object = store.of("objects").all().find(|object| text(object, "key") == name).cloned();
    let Some(object) = object else {
        return Err(bad_request(exchange, "Object not found"));
    };
    match key {
        "GET /objects/{key}" => {
            let body = json!({ "object": object, "cache": false, "fields": [] });
            Ok(exchange.succeed(&body))
        }
        "POST /objects/{schemaKey}/records" => Ok(create(store, exchange, &object)),
        "POST /objects/{schemaKey}/records/search" => Ok(search(store, exchange, &object)),
        _ => answer_for_one(store, key, exchange),
    }
}

fn create(store: &mut Store, exchange: &mut Exchange<'_>, object: &Record) -> super::Reply {
    let now = iso(exchange.now_ms);
    let properties = exchange.body.get("properties").cloned().unwrap_or_else(|| json!({}));
    let record = json!({
        "id": exchange.random.hex(24), "owner": [], "followers": [], "properties": properties,
        "dateAdded": now, "dateUpdated": now, "objectId": object.get("id"),
        "objectKey": object.get("key"), "locationId": store.location_id,
    });
    let record = record.as_object().cloned().unwrap_or_default();
    store.of_mut("objectRecords").put(record.clone());
    exchange.succeed(&json!({ "record": alone(record) })).wrote()
}

fn search(store: &Store, exchange: &Exchange<'_>, object: &Record) -> super::Reply {
    let number = |name: &str| exchange.body.get(name).and_then(Value::as_u64).unwrap_or(0) as usize;
    let words = exchange.body_text("query").unwrap_or_default().to_lowercase();
    let all = listed(store, "objectRecords", |record| {
        record.get("objectKey") == object.get("key")
            && record
                .get("properties")
                .is_some_and(|of| of.to_string().to_lowercase().contains(&words))
    });
    let total = all.len();
    let skip = number("page").saturating_sub(1) * number("pageLimit");
    let by = json!({ "channel": "OAUTH", "createdAt": iso(exchange.now_ms), "source": "INTEGRATION", "sourceId": "" });
    let rows: Vec<Record> = all
        .into_iter()
        .enumerate()
        .skip(skip)
        .take(number("pageLimit"))
        .map(|(place, mut row)| {
            for (name, from) in [("createdAt", "dateAdded"), ("updatedAt", "dateUpdated")] {
                if let Some(date) = row.remove(from) {
                    row.insert(name.into(), date);
                }
            }
            row.insert("createdBy".into(), by.clone());
            row.insert("lastUpdatedBy".into(), by.clone());
            row.insert("searchAfter".into(), json!([place]));
            row
        })
        .collect();
    exchange.succeed(&json!({ "records": rows, "total": total }))
}

fn answer_for_one(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    let id = exchange.parameter("id");
    let Some(mut record) = store.of("objectRecords").get(&id).cloned() else {
        return Err(bad_request(exchange, "Record not found"));
    };
    match key.split(' ').next() {
        Some("PUT") => {
            let mut properties =
                record.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
            let given = exchange.body.get("properties").and_then(Value::as_object).cloned();
            properties.extend(given.unwrap_or_default());
            record.insert("properties".into(), Value::Object(properties));
            record.insert("dateUpdated".into(), json!(iso(exchange.now_ms)));
            store.of_mut("objectRecords").put(record.clone());
            Ok(exchange.succeed(&json!({ "record": alone(record) })).wrote())
        }
        Some("DELETE") => {
            store.of_mut("objectRecords").remove(&id);
            Ok(exchange.succeed(&json!({ "id": id, "success": true })).wrote())
        }
        _ => Ok(exchange.succeed(&json!({ "record": alone(record) }))),
    }
}

/// A record by itself; a search also names its object.
fn alone(record: Record) -> Record {
    without(record, &["locationId", "objectId", "objectKey"])
}
