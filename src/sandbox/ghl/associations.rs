//! Associations between kinds of records, and relations between records.
//!
//! The official files type the lists as one record; clients in use read `associations` and
//! `relations` with `total`, which is what is answered here.

use serde_json::json;

use super::refusals::bad_request;
use super::resources::{change, create, find, listed, page};
use super::store::{Record, Store, text};
use super::{Answered, Exchange};

/// Answers an operation on associations or relations.
pub(super) fn answer(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    match key {
        "GET /associations/" => {
            let all = listed(store, "associations", |_| true);
            let total = all.len();
            let rows = page(exchange, all, 100);
            Ok(exchange.succeed(&json!({ "associations": rows, "total": total })))
        }
        "POST /associations/" => create_association(store, exchange),
        "GET /associations/key/{key_name}" => {
            let name = exchange.parameter("key_name");
            match store.of("associations").all().find(|record| text(record, "key") == name) {
                Some(association) => Ok(exchange.succeed(&json!(association))),
                None => Err(bad_request(exchange, "Association not found")),
            }
        }
        "GET /associations/objectKey/{objectKey}" => {
            let object = exchange.parameter("objectKey");
            let joins = |record: &Record| {
                text(record, "firstObjectKey") == object
                    || text(record, "secondObjectKey") == object
            };
            let rows = listed(store, "associations", joins);
            Ok(exchange.succeed(&json!({ "associations": rows, "total": rows.len() })))
        }
        "GET /associations/relations/{recordId}" => Ok(relations_of(store, exchange)),
        "POST /associations/relations" => create_relation(store, exchange),
        "DELETE /associations/relations/{relationId}" => {
            let id = exchange.parameter("relationId");
            let relation = find(store, exchange, "relations", &id, "Relation")?;
            store.of_mut("relations").remove(&id);
            Ok(exchange.succeed(&json!(with_association(store, relation))).wrote())
        }
        _ => answer_for_one(store, key, exchange),
    }
}

fn create_association(store: &mut Store, exchange: &mut Exchange<'_>) -> Answered {
    let key = exchange.body_text("key").unwrap_or_default().to_owned();
    if store.of("associations").all().any(|record| text(record, "key") == key) {
        return Err(bad_request(exchange, "An association with this key already exists"));
    }
    let kind = json!({ "associationType": "USER_DEFINED" });
    let association = create(store, exchange, "associations", kind);
    Ok(exchange.succeed(&json!(association)).wrote())
}

fn answer_for_one(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    let id = exchange.parameter("associationId");
    let association = find(store, exchange, "associations", &id, "Association")?;
    let defined_by_user = text(&association, "associationType") == "USER_DEFINED";
    match key.split(' ').next() {
        Some("PUT") => {
            let association = change(store, exchange, "associations", association, json!({}));
            Ok(exchange.succeed(&json!(association)).wrote())
        }
        Some("DELETE") if !defined_by_user => {
            Err(bad_request(exchange, "A system defined association can not be deleted"))
        }
        Some("DELETE") => {
            store.of_mut("associations").remove(&id);
            let body = json!({ "deleted": true, "id": id, "message": "Association deleted" });
            Ok(exchange.succeed(&body).wrote())
        }
        _ => Ok(exchange.succeed(&json!(association))),
    }
}

fn relations_of(store: &Store, exchange: &Exchange<'_>) -> super::Reply {
    let record = exchange.parameter("recordId");
    let among: Vec<&str> = exchange
        .query
        .iter()
        .filter(|(name, _)| name.trim_end_matches("[]") == "associationIds")
        .flat_map(|(_, ids)| ids.split(','))
        .collect();
    let rows = listed(store, "relations", |relation| {
        let joins =
            ["firstRecordId", "secondRecordId"].iter().any(|side| text(relation, side) == record);
        joins && (among.is_empty() || among.contains(&text(relation, "associationId")))
    });
    let total = rows.len();
    let rows: Vec<Record> = page(exchange, rows, 100)
        .into_iter()
        .map(|relation| with_association(store, relation))
        .collect();
    exchange.succeed(&json!({ "relations": rows, "total": total }))
}

/// A relation with what its association says of both sides.
fn with_association(store: &Store, mut relation: Record) -> Record {
    let association = store.of("associations").get(text(&relation, "associationId")).cloned();
    for (name, value) in association.into_iter().flatten().filter(|(name, _)| name != "id") {
        relation.entry(name).or_insert(value);
    }
    relation
}

fn create_relation(store: &mut Store, exchange: &mut Exchange<'_>) -> Answered {
    let association = exchange.body_text("associationId").unwrap_or_default().to_owned();
    find(store, exchange, "associations", &association, "Association")?;
    let sides = ["associationId", "firstRecordId", "secondRecordId"];
    let twin = store
        .of("relations")
        .all()
        .any(|known| sides.iter().all(|side| Some(text(known, side)) == exchange.body_text(side)));
    if twin {
        return Err(bad_request(exchange, "duplicate relation"));
    }
    let relation = create(store, exchange, "relations", json!({}));
    Ok(exchange.succeed(&json!(with_association(store, relation))).wrote())
}
