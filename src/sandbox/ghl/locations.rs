//! The location, its company's other locations, its tags and the time zones it can have.

use serde_json::{Value, json};

use super::refusals::bad_request;
use super::resources::without;
use super::store::{Record, Store, text};
use super::{Answered, Exchange, Reply};

/// A few of the time zones that the real service lists.
const TIME_ZONES: &[&str] = &[
    "America/Chicago",
    "America/Los_Angeles",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Europe/Berlin",
    "Europe/London",
    "UTC",
];

/// Answers an operation on locations or their tags.
pub(super) fn answer(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    match key {
        "GET /locations/{locationId}" => {
            let location = store.of("locations").get(&exchange.parameter("locationId"));
            Ok(exchange.succeed(&json!({ "location": location })))
        }
        "GET /locations/search" => Ok(search(store, exchange)),
        "POST /locations/" => Ok(create(store, exchange)),
        "PUT /locations/{locationId}" => Ok(update(store, exchange)),
        "GET /locations/{locationId}/tags" => {
            let tags: Vec<&Record> = store.of("tags").all().collect();
            Ok(exchange.succeed(&json!({ "tags": tags })))
        }
        "GET /locations/{locationId}/timezones" => {
            Ok(exchange.succeed(&json!({ "timeZones": TIME_ZONES })))
        }
        "POST /locations/{locationId}/tags" => create_tag(store, exchange),
        _ => answer_for_tag(store, key, exchange),
    }
}

fn search(store: &Store, exchange: &Exchange<'_>) -> Reply {
    let limit = exchange.query_number("limit").unwrap_or(10);
    let skip = exchange.query_number("skip").unwrap_or(0);
    let rows: Vec<Value> = store
        .of("locations")
        .all()
        .filter(|location| {
            exchange.query("email").is_none_or(|email| text(location, "email") == email)
        })
        .skip(skip)
        .take(limit)
        .map(|location| {
            const HIDDEN: &[&str] = &["business", "companyId", "domain", "firstName", "lastName"];
            Value::Object(without(location.clone(), HIDDEN))
        })
        .collect();
    exchange.succeed(&json!({ "locations": rows }))
}

/// What a write gives of a location: flat, without the private parts.
fn written(mut location: Record, exchange: &Exchange<'_>) -> Record {
    const PRIVATE: &[&str] = &["twilio", "mailgun", "prospectInfo", "snapshotId", "snapshot"];
    for (name, value) in exchange.properties() {
        if !PRIVATE.contains(&name.as_str()) && !value.is_null() {
            location.insert(name, value);
        }
    }
    location
}

fn create(store: &mut Store, exchange: &mut Exchange<'_>) -> Reply {
    let mut location = Record::new();
    location.insert("id".into(), json!(exchange.random.id(20)));
    location.insert(
        "settings".into(),
        json!({
            "allowDuplicateContact": false, "allowDuplicateOpportunity": false,
            "allowFacebookNameMerge": false, "disableContactTimezone": false,
        }),
    );
    let location = written(location, exchange);
    store.of_mut("locations").put(location.clone());
    exchange.succeed(&Value::Object(location)).wrote()
}

fn update(store: &mut Store, exchange: &Exchange<'_>) -> Reply {
    let id = exchange.parameter("locationId");
    let before = store.of("locations").get(&id).cloned().unwrap_or_default();
    let location = written(before, exchange);
    store.of_mut("locations").put(location.clone());
    let shown = without(location, &["business", "firstName", "lastName"]);
    exchange.succeed(&Value::Object(shown)).wrote()
}

fn create_tag(store: &mut Store, exchange: &mut Exchange<'_>) -> Answered {
    let name = exchange.body_text("name").unwrap_or_default().trim().to_lowercase();
    if store.of("tags").all().any(|tag| text(tag, "name") == name) {
        return Err(bad_request(exchange, "The tag name is already exist."));
    }
    let tag = json!({
        "id": exchange.random.id(20), "name": name, "locationId": store.location_id,
    });
    let record = tag.as_object().cloned().unwrap_or_default();
    store.of_mut("tags").put(record);
    Ok(exchange.succeed(&json!({ "tag": tag })).wrote())
}

fn answer_for_tag(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    let id = exchange.parameter("tagId");
    let Some(mut tag) = store.of("tags").get(&id).cloned() else {
        return Err(bad_request(exchange, "Tag not found"));
    };
    match key.split(' ').next() {
        Some("PUT") => {
            let name = exchange.body_text("name").unwrap_or_default().trim().to_lowercase();
            tag.insert("name".into(), json!(name));
            store.of_mut("tags").put(tag.clone());
            Ok(exchange.succeed(&json!({ "tag": tag })).wrote())
        }
        Some("DELETE") => {
            store.of_mut("tags").remove(&id);
            Ok(exchange.done())
        }
        _ => Ok(exchange.succeed(&json!({ "tag": tag }))),
    }
}
