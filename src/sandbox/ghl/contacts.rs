//! Contacts: reading, writing, duplicates, businesses.

use std::sync::Arc;

use serde_json::{Value, json};

use super::contact_forms::{created, full_name, listed, whole};
use super::contact_tags::{change_followers, change_tags, change_tags_of_many, texts};
use super::contact_values::accept;
use super::refusals::{bad_request, duplicate_contact, not_found};
use super::resources::ListSort;
use super::rules::Generation;
use super::store::{Identity, Record, Snapshot, Store, text};
use super::{Answered, Exchange, Reply};
use crate::sandbox::time_text::iso;

/// Most records of a page of the old list.
const LIST_LIMIT: usize = 100;

/// Answers an operation on contacts.
pub(super) fn answer(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    match key {
        "GET /contacts/" => list(store, exchange),
        "GET /contacts/search/duplicate" => find_duplicate(store, exchange),
        "GET /contacts/business/{businessId}" => of_business(store, exchange),
        "POST /contacts/" => create(store, exchange),
        "POST /contacts/upsert" => upsert(store, exchange),
        "POST /contacts/bulk/business" => set_business(store, exchange),
        "POST /contacts/bulk/tags/update/{type}" => change_tags_of_many(store, exchange),
        _ => answer_for_one(store, key, exchange),
    }
}

fn answer_for_one(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    let id = exchange.parameter("contactId");
    let contact = find(store, &id)?;
    match key {
        "GET /contacts/{contactId}" => {
            Ok(exchange.succeed(&json!({ "contact": whole(&contact, exchange.generation) })))
        }
        "PUT /contacts/{contactId}" => update(store, exchange, &id),
        "DELETE /contacts/{contactId}" => {
            delete(store, &id, exchange.now_ms);
            Ok(exchange.done())
        }
        "POST /contacts/{contactId}/tags" | "DELETE /contacts/{contactId}/tags" => {
            Ok(change_tags(store, exchange, &id, key.starts_with("POST")))
        }
        "POST /contacts/{contactId}/followers" | "DELETE /contacts/{contactId}/followers" => {
            Ok(change_followers(store, exchange, &id, key.starts_with("POST")))
        }
        _ => super::enrolments::answer(store, key, exchange, &id),
    }
}

/// The contact of this id; GHL answers 400 for an unknown one.
pub(super) fn find(store: &Store, id: &str) -> Result<Arc<Snapshot>, Reply> {
    store.contacts.get(id).map(Arc::clone).ok_or_else(|| not_found("Contact", id))
}

/// `GET /contacts/`, the deprecated list: newest first unless asked otherwise, and page 1 again unless
/// both cursors are given.
fn list(store: &Store, exchange: &mut Exchange<'_>) -> Answered {
    let limit = exchange.query_number("limit").unwrap_or(20);
    if limit > LIST_LIMIT {
        let message = "limit must not be greater than 100".to_owned();
        return Err(super::unprocessable(exchange, &[message]));
    }
    let words = exchange.query("query").unwrap_or_default().to_lowercase();
    let mut rows: Vec<_> = store.contacts.all().filter(|row| contains(row, &words)).collect();
    let sort = ListSort::of(exchange);
    let place = |row: &Snapshot| {
        let at = if sort.by_change { row.updated_ms } else { row.added_ms };
        (at, text(&row.fields, "id").to_owned())
    };
    rows.sort_by_cached_key(|row| place(row));
    if !sort.ascending {
        rows.reverse();
    }
    let total = rows.len();
    let after = exchange.query("startAfter").and_then(|text| text.parse::<u64>().ok());
    if let (Some(after), Some(id)) = (after, exchange.query("startAfterId")) {
        let cursor = (after, id.to_owned());
        rows.retain(|row| if sort.ascending { place(row) > cursor } else { place(row) < cursor });
    }
    let page: Vec<Value> = rows.iter().take(limit).map(|row| listed(row)).collect();
    // The last page has a cursor too.
    let last = page.len().checked_sub(1).and_then(|last| rows.get(last));
    let (after, id) = last.map(|row| place(row)).unzip();
    let meta = json!({
        "total": total, "currentPage": 1, "nextPage": last.map(|_| 2), "prevPage": null,
        "startAfter": after, "startAfterId": id,
        // A leak of the real one: it leads nowhere.
        "nextPageUrl": last.map(|_| format!("http://localhost:5058/contacts/?limit={limit}")),
    });
    let trace = exchange.trace_id();
    Ok(exchange
        .succeed(&json!({ "contacts": page, "count": total, "meta": meta, "traceId": trace })))
}

/// `GET /contacts/business/{businessId}`.
fn of_business(store: &Store, exchange: &Exchange<'_>) -> Answered {
    let business = exchange.parameter("businessId");
    let words = exchange.query("query").unwrap_or_default().to_lowercase();
    let limit = exchange.query_number("limit").unwrap_or(25);
    let skip = exchange.query_number("skip").unwrap_or(0);
    let members: Vec<_> = store
        .contacts
        .all()
        .filter(|row| text(&row.fields, "businessId") == business && contains(row, &words))
        .collect();
    let page: Vec<Value> = members.iter().skip(skip).take(limit).map(|row| listed(row)).collect();
    // The official file has a count; the date versions often leave it out.
    Ok(exchange.succeed(&match exchange.generation {
        Generation::Dated => json!({ "contacts": page }),
        Generation::V3 => json!({ "contacts": page, "count": members.len() }),
    }))
}

/// Whether name, e-mail or phone hold these words, given in lower case.
fn contains(contact: &Snapshot, words: &str) -> bool {
    words.is_empty()
        || full_name(&contact.fields).to_lowercase().contains(words)
        || text(&contact.fields, "email").to_lowercase().contains(words)
        || text(&contact.fields, "phone").contains(words)
}

/// `GET /contacts/search/duplicate`: by e-mail, then by phone, which must be in E.164.
fn find_duplicate(store: &Store, exchange: &mut Exchange<'_>) -> Answered {
    let by = |identity: Identity, name: &str| {
        let key = exchange.query(name).filter(|key| !key.is_empty())?;
        store.contacts.with(identity, key).first().map(|found| Arc::clone(found))
    };
    let found = by(Identity::Email, "email").or_else(|| by(Identity::Phone, "number"));
    let contact = found.map(|contact| whole(&contact, exchange.generation));
    let trace = exchange.trace_id();
    Ok(exchange.succeed(&json!({ "contact": contact, "traceId": trace })))
}

fn create(store: &mut Store, exchange: &mut Exchange<'_>) -> Answered {
    let written = exchange.properties();
    let named = ["firstName", "lastName", "name", "email", "phone"];
    if named.iter().all(|name| text(&written, name).is_empty()) {
        // Seen of the real one: status 400, body 422.
        return Err(Reply::json(
            400,
            &json!({
                "statusCode": 422,
                "message": ["At least one of firstName, lastName, name, email, phone is required"],
            }),
        ));
    }
    let fields = accept(store, exchange, Record::new())?;
    if !store.setting("allowDuplicateContact") {
        for (identity, name) in [(Identity::Email, "email"), (Identity::Phone, "phone")] {
            if let Some(twin) = store.contacts.with(identity, text(&fields, name)).first() {
                return Err(duplicate_contact(&twin.fields, name));
            }
        }
    }
    let contact = insert(store, exchange, fields);
    let body = match exchange.generation {
        Generation::Dated => created(&contact),
        Generation::V3 => whole(&contact, Generation::V3),
    };
    let trace = exchange.trace_id();
    Ok(exchange.succeed(&json!({ "contact": body, "traceId": trace })).wrote())
}

/// Stores a new contact and its conversation.
fn insert(store: &mut Store, exchange: &mut Exchange<'_>, mut fields: Record) -> Arc<Snapshot> {
    let now = exchange.now_ms;
    let id = exchange.random.id(20);
    for (name, value) in [
        ("id", json!(id)),
        ("locationId", json!(store.location_id)),
        ("dateAdded", json!(iso(now))),
        ("dateUpdated", json!(iso(now))),
    ] {
        fields.insert(name.into(), value);
    }
    for (name, value) in [
        ("type", json!("lead")),
        ("source", json!("public api")),
        ("dnd", json!(false)),
        ("tags", json!([])),
        ("customFields", json!([])),
        ("followers", json!([])),
        ("country", json!("US")),
    ] {
        fields.entry(name).or_insert(value);
    }
    store.contacts.put(Snapshot { fields, added_ms: now, updated_ms: now }, Some(now));
    let location = store.location_id.clone();
    store.of_mut("conversations").put(Record::from_iter([
        ("id".to_owned(), json!(exchange.random.id(20))),
        ("contactId".to_owned(), json!(id)),
        ("locationId".to_owned(), json!(location)),
        ("dateAdded".to_owned(), json!(now)),
        ("dateUpdated".to_owned(), json!(now)),
        ("lastMessageDate".to_owned(), json!(now)),
        ("unreadCount".to_owned(), json!(0)),
        ("type".to_owned(), json!("TYPE_PHONE")),
    ]));
    store.contacts.get(&id).map(Arc::clone).unwrap_or_else(|| {
        Arc::new(Snapshot { fields: Record::new(), added_ms: now, updated_ms: now })
    })
}

fn update(store: &mut Store, exchange: &mut Exchange<'_>, id: &str) -> Answered {
    let before = find(store, id)?;
    let fields = accept(store, exchange, before.fields.clone())?;
    if !store.setting("allowDuplicateContact") {
        for (identity, name) in [(Identity::Email, "email"), (Identity::Phone, "phone")] {
            let same = text(&fields, name) == text(&before.fields, name);
            let others = store.contacts.with(identity, text(&fields, name));
            let twin = others.iter().find(|other| text(&other.fields, "id") != id);
            if let (false, Some(twin)) = (same, twin) {
                return Err(duplicate_contact(&twin.fields, name));
            }
        }
    }
    store.change_contact(id, exchange.now_ms, |contact| *contact = fields);
    let contact = whole(&*find(store, id)?, exchange.generation);
    Ok(exchange.succeed_with_flag(json!({ "contact": contact })).wrote())
}

/// `POST /contacts/upsert`: by e-mail, then by phone. Where they lead to two contacts, only the first is touched.
fn upsert(store: &mut Store, exchange: &mut Exchange<'_>) -> Answered {
    let fields = accept(store, exchange, Record::new())?;
    let anew = exchange.body.get("createNewIfDuplicateAllowed") == Some(&json!(true))
        && store.setting("allowDuplicateContact");
    let by = |identity: Identity, name: &str| {
        store.contacts.with(identity, text(&fields, name)).first().map(|found| Arc::clone(found))
    };
    let found = by(Identity::Email, "email").or_else(|| by(Identity::Phone, "phone"));
    let (contact, new) = match found.filter(|_| !anew) {
        None => (insert(store, exchange, fields), true),
        Some(found) => {
            let id = text(&found.fields, "id").to_owned();
            let mut merged = accept(store, exchange, found.fields.clone())?;
            forget_additional(&mut merged);
            store.change_contact(&id, exchange.now_ms, |contact| *contact = merged);
            (find(store, &id)?, false)
        }
    };
    let body = json!({
        "new": new, "contact": whole(&contact, exchange.generation), "traceId": exchange.trace_id(),
    });
    Ok(exchange.succeed(&body).wrote())
}

/// An additional e-mail that has become the first one is no longer additional; the former first one is lost.
fn forget_additional(fields: &mut Record) {
    let email = text(fields, "email").to_lowercase();
    if let Some(Value::Array(additional)) = fields.get_mut("additionalEmails") {
        additional.retain(|item| {
            item.get("email").and_then(Value::as_str).is_none_or(|of| of.to_lowercase() != email)
        });
    }
}

/// Deletes a contact with its notes, tasks and conversation.
pub(super) fn delete(store: &mut Store, id: &str, now_ms: u64) {
    store.contacts.remove(id, now_ms);
    for kind in ["notes", "tasks", "conversations", "events"] {
        store.of_mut(kind).remove_of_parent(id);
    }
}

/// `POST /contacts/bulk/business`: the only way to a contact's `businessId`; null takes it off.
fn set_business(store: &mut Store, exchange: &mut Exchange<'_>) -> Answered {
    let business = exchange.body.get("businessId").cloned().unwrap_or_default();
    let name = match business.as_str() {
        None => None,
        Some(id) => match store.of("businesses").get(id) {
            Some(record) => Some(text(record, "name").to_owned()),
            None => return Err(bad_request(exchange, "Business not found")),
        },
    };
    let ids = texts(exchange.body.get("ids"));
    for id in &ids {
        find(store, id)?;
    }
    for id in &ids {
        let of = business.as_str().zip(name.as_deref());
        store.change_contact(id, exchange.now_ms, |contact| join_business(contact, of));
    }
    Ok(exchange.succeed(&json!({ "success": true, "ids": ids })).wrote())
}

/// Puts a contact into a business, by id and name, or takes it out.
pub(super) fn join_business(contact: &mut Record, business: Option<(&str, &str)>) {
    match business {
        Some((id, name)) => {
            contact.insert("businessId".into(), json!(id));
            contact.insert("businessName".into(), json!(name));
            contact.insert("companyName".into(), json!(name));
        }
        None => {
            contact.remove("businessId");
            contact.remove("businessName");
        }
    }
}
