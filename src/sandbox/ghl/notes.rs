//! A contact's notes. There is no list of all notes, and a note has no modification date.

use serde_json::{Value, json};

use super::contacts::find;
use super::refusals::not_found;
use super::store::{Record, Store, text};
use super::{Answered, Exchange};
use crate::sandbox::time_text::iso;

/// Answers an operation on notes.
pub(super) fn answer(store: &mut Store, method: &str, exchange: &mut Exchange<'_>) -> Answered {
    let contact = exchange.parameter("contactId");
    find(store, &contact)?;
    let id = exchange.parameter("id");
    match (method, id.is_empty()) {
        ("POST", _) => return Ok(create(store, exchange, contact)),
        ("GET", true) => {
            let own = store.of("notes").of_parent(&contact).rev();
            let also = store.listings.iter().filter(|(_, under)| *under == contact);
            let also = also.filter_map(|(note, _)| store.of("notes").get(note));
            let notes: Vec<Value> = own.chain(also).cloned().map(Value::Object).collect();
            return Ok(exchange.succeed(&json!({ "notes": notes })));
        }
        _ => {}
    }
    let note = store.of("notes").get(&id).filter(|note| text(note, "contactId") == contact);
    let Some(note) = note.cloned() else {
        return Err(not_found("Note", &id));
    };
    match method {
        "PUT" => {
            let changed = written(note, exchange);
            store.of_mut("notes").put(changed.clone());
            store.touch_contact(&contact, exchange.now_ms);
            Ok(exchange.succeed(&json!({ "note": changed })).wrote())
        }
        "DELETE" => {
            store.of_mut("notes").remove(&id);
            store.touch_contact(&contact, exchange.now_ms);
            Ok(exchange.done())
        }
        _ => Ok(exchange.succeed(&json!({ "note": note }))),
    }
}

fn create(
    store: &mut Store,
    exchange: &mut Exchange<'_>,
    contact: String,
) -> crate::sandbox::service::Reply {
    let mut note = Record::new();
    note.insert("id".into(), json!(exchange.random.id(20)));
    note.insert("contactId".into(), json!(contact));
    note.insert("dateAdded".into(), json!(iso(exchange.now_ms)));
    let note = written(note, exchange);
    store.of_mut("notes").put(note.clone());
    store.touch_contact(&contact, exchange.now_ms);
    exchange.succeed(&json!({ "note": note })).wrote()
}

fn written(mut note: Record, exchange: &Exchange<'_>) -> Record {
    for (name, value) in exchange.properties() {
        if !value.is_null() {
            note.insert(name, value);
        }
    }
    note
}
