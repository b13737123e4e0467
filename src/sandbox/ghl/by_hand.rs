//! What people do in GHL's own pages and no endpoint does.

use std::sync::Arc;

use serde_json::{Value, json};

use super::contact_tags::texts;
use super::contacts::join_business;
use super::store::{Record, Snapshot, text};
use super::{Ghl, businesses};
use crate::sandbox::time_text::iso;

/// What a merge never takes from the contact that goes.
const OWN: &[&str] = &[
    "id",
    "locationId",
    "dateAdded",
    "dateUpdated",
    "tags",
    "customFields",
    "additionalEmails",
    "additionalPhones",
];

impl Ghl {
    /// Merges two contacts: the second one's id is gone, what belonged to it belongs to the first, with the
    /// ids it had. False where one of them is not there.
    pub(crate) fn merge_contacts(&mut self, winner: &str, loser: &str, now_ms: u64) -> bool {
        let store = &mut self.store;
        if winner == loser || store.contacts.get(winner).is_none() {
            return false;
        }
        let Some(taken) = store.contacts.get(loser).map(Arc::clone) else {
            return false;
        };
        if !self.merge_moves_appointments {
            let left = store.of("events").of_parent(loser);
            let left: Vec<String> = left.map(|event| text(event, "id").to_owned()).collect();
            for event in left {
                store.of_mut("events").remove(&event);
                store.of_mut("appointmentNotes").remove_of_parent(&event);
            }
        }
        for kind in [
            "notes",
            "tasks",
            "events",
            "appointmentNotes",
            "opportunities",
            "conversations",
            "messages",
        ] {
            store.of_mut(kind).rename_in("contactId", loser, winner);
        }
        for side in ["firstRecordId", "secondRecordId"] {
            store.of_mut("relations").rename_in(side, loser, winner);
        }
        for (_, under) in store.listings.iter_mut().filter(|(_, under)| under == loser) {
            winner.clone_into(under);
        }
        store.contacts.remove(loser, now_ms);
        store.change_contact(winner, now_ms, |contact| join(contact, &taken.fields));
        true
    }

    /// Sets a contact's `dateUpdated` to any instant, ahead of time too.
    pub(crate) fn set_date_updated(&mut self, id: &str, updated_ms: u64, now_ms: u64) -> bool {
        let Some(snapshot) = self.store.contacts.get(id).map(Arc::clone) else {
            return false;
        };
        let mut fields = snapshot.fields.clone();
        fields.insert("dateUpdated".into(), json!(iso(updated_ms)));
        let changed = Snapshot { fields, added_ms: snapshot.added_ms, updated_ms };
        self.store.contacts.put(changed, Some(now_ms));
        true
    }

    /// Gives the location another name.
    pub(crate) fn rename_location(&mut self, name: &str) {
        let mut location = self.store.location();
        location.insert("name".into(), json!(name));
        self.store.of_mut("locations").put(location);
    }

    /// Puts a contact into a business, or takes it out. False where one of them is not there.
    pub(crate) fn set_business(&mut self, id: &str, business: Option<&str>, now_ms: u64) -> bool {
        let record = business.map(|business| self.store.of("businesses").get(business).cloned());
        if self.store.contacts.get(id).is_none() || record == Some(None) {
            return false;
        }
        let record = record.flatten();
        let of = record.as_ref().map(|record| (text(record, "id"), text(record, "name")));
        self.store.change_contact(id, now_ms, |contact| join_business(contact, of));
        true
    }

    /// Deletes a business.
    pub(crate) fn delete_business(&mut self, id: &str, now_ms: u64) -> bool {
        businesses::remove(&mut self.store, id, now_ms)
    }

    /// Lists a note under a contact besides: once more under its own, or under another one.
    pub(crate) fn list_note_under(&mut self, note: &str, contact: &str) -> bool {
        let known = self.store.of("notes").get(note).is_some();
        if known {
            self.store.listings.push((note.to_owned(), contact.to_owned()));
        }
        known
    }
}

/// What a contact becomes when another is merged into it.
fn join(winner: &mut Record, loser: &Record) {
    for (name, value) in loser {
        if !OWN.contains(&name.as_str()) && winner.get(name).is_none_or(is_empty) {
            winner.insert(name.clone(), value.clone());
        }
    }
    let mut tags = texts(winner.get("tags"));
    for tag in texts(loser.get("tags")) {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    winner.insert("tags".into(), json!(tags));
    join_values(winner, loser);
    join_addresses(winner, loser, "email", "additionalEmails");
    join_addresses(winner, loser, "phone", "additionalPhones");
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn items(record: &Record, name: &str) -> Vec<Value> {
    record.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// Values of custom fields: the first contact's, and the second's where it has none.
fn join_values(winner: &mut Record, loser: &Record) {
    let mut values = items(winner, "customFields");
    values.retain(|item| item.get("value").is_some_and(|value| !is_empty(value)));
    for item in items(loser, "customFields") {
        if values.iter().all(|known| known.get("id") != item.get("id")) {
            values.push(item);
        }
    }
    winner.insert("customFields".into(), json!(values));
}

/// All e-mails or phones of the second contact become additional ones of the first, each once.
fn join_addresses(winner: &mut Record, loser: &Record, name: &str, additional: &str) {
    let of =
        |item: &Value| item.get(name).and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let first = text(winner, name).to_lowercase();
    let mut more = items(winner, additional);
    let mut taken = items(loser, additional);
    if !text(loser, name).is_empty() {
        taken.insert(0, json!({ name: text(loser, name) }));
    }
    for item in taken {
        if of(&item) != first && more.iter().all(|known| of(known) != of(&item)) {
            more.push(item);
        }
    }
    if !more.is_empty() {
        winner.insert(additional.to_owned(), Value::Array(more));
    }
}
