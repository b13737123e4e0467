//! A contact's tags and followers, of one contact and of many.

use serde_json::{Value, json};

use super::refusals::bad_request;
use super::store::{Record, Store, text};
use super::{Answered, Exchange, Reply};

pub(super) fn lower_case_tags(value: &Value) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for tag in value.as_array().into_iter().flatten().filter_map(Value::as_str) {
        let tag = tag.trim().to_lowercase();
        if !tag.is_empty() && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}

/// A tag that is put on a contact is defined on the location from then on.
pub(super) fn define_tags(store: &mut Store, exchange: &mut Exchange<'_>, tags: &[String]) {
    for tag in tags {
        if store.of("tags").all().all(|known| text(known, "name") != tag) {
            let record = Record::from_iter([
                ("id".to_owned(), json!(exchange.random.id(20))),
                ("name".to_owned(), json!(tag)),
                ("locationId".to_owned(), json!(store.location_id)),
            ]);
            store.of_mut("tags").put(record);
        }
    }
}

pub(super) fn texts(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

pub(super) fn change_tags(
    store: &mut Store,
    exchange: &mut Exchange<'_>,
    id: &str,
    add: bool,
) -> Reply {
    let named = lower_case_tags(exchange.body.get("tags").unwrap_or(&Value::Null));
    if add {
        define_tags(store, exchange, &named);
    }
    let tags = store.contacts.get(id).map(|of| texts(of.fields.get("tags"))).unwrap_or_default();
    let tags = with_or_without(tags, &named, add);
    store.change_contact(id, exchange.now_ms, |contact| {
        contact.insert("tags".into(), json!(tags));
    });
    exchange.succeed(&json!({ "tags": tags })).wrote()
}

fn with_or_without(mut items: Vec<String>, named: &[String], add: bool) -> Vec<String> {
    items.retain(|item| add || !named.contains(item));
    for item in named.iter().filter(|_| add) {
        if !items.contains(item) {
            items.push(item.clone());
        }
    }
    items
}

pub(super) fn change_tags_of_many(store: &mut Store, exchange: &mut Exchange<'_>) -> Answered {
    let add = match exchange.parameter("type").as_str() {
        "add" => true,
        "remove" => false,
        _ => return Err(bad_request(exchange, "type must be add or remove")),
    };
    let all = exchange.body.get("removeAllTags") == Some(&json!(true));
    let named = lower_case_tags(exchange.body.get("tags").unwrap_or(&Value::Null));
    if add {
        define_tags(store, exchange, &named);
    }
    let mut responses = Vec::new();
    let mut errors = 0;
    for id in texts(exchange.body.get("contacts")) {
        let Some(contact) = store.contacts.get(&id) else {
            errors += 1;
            responses
                .push(json!({ "contactId": id, "message": "Contact not found", "type": "error" }));
            continue;
        };
        let before = texts(contact.fields.get("tags"));
        let base = if all { Vec::new() } else { before.clone() };
        let tags = with_or_without(base, &named, add);
        responses.push(json!({
            "contactId": id, "message": "Tags updated", "type": "success",
            "oldTags": before, "tagsAdded": if add { named.clone() } else { Vec::new() },
            "tagsRemoved": if add { Vec::new() } else { named.clone() },
        }));
        store.change_contact(&id, exchange.now_ms, |contact| {
            contact.insert("tags".into(), json!(tags));
        });
    }
    let body = json!({ "errorCount": errors, "responses": responses });
    Ok(exchange.succeed_with_flag(body).wrote())
}

pub(super) fn change_followers(
    store: &mut Store,
    exchange: &Exchange<'_>,
    id: &str,
    add: bool,
) -> Reply {
    let named = texts(exchange.body.get("followers"));
    let before =
        store.contacts.get(id).map(|of| texts(of.fields.get("followers"))).unwrap_or_default();
    let changed: Vec<String> =
        named.iter().filter(|user| before.contains(user) != add).cloned().collect();
    let followers = with_or_without(before, &named, add);
    store.change_contact(id, exchange.now_ms, |contact| {
        contact.insert("followers".into(), json!(followers));
    });
    let what = if add { "followersAdded" } else { "followersRemoved" };
    exchange.succeed(&json!({ "followers": followers, what: changed })).wrote()
}
