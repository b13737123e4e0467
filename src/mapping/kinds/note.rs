//! A note, in either service.

use serde_json::{Map, Value, json};

use super::{Call, Write, with};
use crate::ghl::records::Note;
use crate::mapping::settings::Settings;
use crate::mapping::{notes, text};
use crate::record;

/// Notes have the same text where they say the same, in any markup and with or without our own lines.
pub(super) fn same(_: &str, ghl: &Value, chartmogul: &Value, _: &Settings) -> bool {
    // ChartMogul's text is known by the hash of what it says.
    chartmogul.as_str() == Some(&content(ghl.as_str().unwrap_or_default()))
}

/// What a plain text of ours says, as [`notes::content`] finds it in ChartMogul.
pub fn content(plain: &str) -> String {
    notes::content_of_plain(&text::tidy(plain))
}

/// The text as it is written: plain text, who wrote it where that user has no ChartMogul address, marker.
fn written(write: &Write<'_>) -> Option<Value> {
    let plain = write.fields.get("text")?.as_str()?;
    let author = write.at_create.get("author").and_then(Value::as_str);
    let users = write.with.users;
    // What came from ChartMogul is signed there by who wrote it.
    let author = author.filter(|_| !write.ghl.is_empty());
    let signature = author
        .filter(|id| users.chartmogul_email(id).is_none())
        .and_then(|id| users.name(id))
        .map(|name| format!("by {name}"));
    let parts: Vec<&str> = [Some(plain), signature.as_deref()]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    Some(json!(notes::written(&parts.join("\n"), write.ghl, write.with.settings)))
}

pub(super) fn create(write: &Write<'_>) -> Vec<Call> {
    let mut body = Map::new();
    body.insert("type".into(), json!("note"));
    body.insert("customer_uuid".into(), json!(write.customer));
    body.insert("text".into(), written(write).unwrap_or_default());
    if let Some(at) = write.at_create.get("created_at") {
        body.insert("created_at".into(), at.clone());
    }
    let author = write.at_create.get("author").and_then(Value::as_str);
    if let Some(address) = author.and_then(|id| write.with.users.chartmogul_email(id)) {
        body.insert("author_email".into(), json!(address));
    }
    vec![Call::new("notes.create", body)]
}

/// A new note of GHL, with who wrote it in ChartMogul.
pub(super) fn create_in_ghl(write: &Write<'_>) -> Vec<Call> {
    let text = |fields: &'_ Map<String, Value>, name: &str| {
        fields.get(name).and_then(Value::as_str).map(str::to_owned)
    };
    let plain = text(write.fields, "text").unwrap_or_default();
    let author = text(write.at_create, "author");
    let settings = write.with.settings;
    let body = notes::written_to_ghl(&plain, author.as_deref(), write.uuid, settings);
    let mut parameters = with(Map::new(), "contactId", write.contact);
    parameters.insert("body".into(), json!(body));
    if let Some(user) = text(write.at_create, "userId") {
        parameters.insert("userId".into(), json!(user));
    }
    vec![Call::to_ghl("notes.create", parameters)]
}

/// GHL's note with other words: its title stays a title, and its marker stays.
pub(super) fn update_in_ghl(write: &Write<'_>) -> Vec<Call> {
    let Some(plain) = write.fields.get("text").and_then(Value::as_str) else { return Vec::new() };
    let held: Note<'_> =
        write.held.and_then(|held| record::read_json(held).ok()).unwrap_or_default();
    let mut parameters = with(Map::new(), "contactId", write.contact);
    parameters.insert("id".into(), json!(write.ghl));
    let titled = held.title.as_deref().map(text::one_line).filter(|title| !title.is_empty());
    let body = match titled {
        Some(title) => {
            let (first, rest) = plain.split_once('\n').unwrap_or((plain, ""));
            if first != title {
                parameters.insert("title".into(), json!(first));
            }
            rest
        }
        None => plain,
    };
    let body =
        notes::rewritten(held.body.as_deref().unwrap_or_default(), body, write.with.settings);
    parameters.insert("body".into(), json!(body));
    vec![Call::to_ghl("notes.update", parameters)]
}

pub(super) fn update(write: &Write<'_>) -> Vec<Call> {
    let Some(text) = written(write) else { return Vec::new() };
    let mut body = Map::new();
    body.insert("note_uuid".into(), json!(write.uuid));
    body.insert("text".into(), text);
    vec![Call::new("notes.update", body)]
}
