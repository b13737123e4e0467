//! A contact of a ChartMogul customer.

use serde_json::{Map, Value, json};

use super::{Call, Write, merged, set, with};
use crate::chartmogul::records::Contact;
use crate::mapping::Fields;

/// The fields that ChartMogul shows.
pub fn seen(contact: &Contact) -> Fields {
    let mut fields = Fields::new();
    set(&mut fields, "first_name", &contact.first_name);
    set(&mut fields, "last_name", &contact.last_name);
    set(&mut fields, "email", &contact.email);
    set(&mut fields, "phone", &contact.phone);
    for (key, value) in contact.custom.iter().filter(|(_, value)| !value.is_null()) {
        fields.insert(format!("custom.{key}"), value.clone());
    }
    fields
}

/// The GHL contact that it names: by its own attribute, else by its external id.
pub fn names(contact: &Contact) -> Option<&str> {
    let own = contact.custom.get("ghl_contact_id").and_then(Value::as_str);
    own.or(contact.external_id.as_deref()).filter(|id| !id.is_empty())
}

/// A contact's body: custom attributes as a list of key and value.
pub fn body(fields: &Fields) -> Map<String, Value> {
    let mut body = Map::new();
    let mut custom = Vec::new();
    for (name, value) in fields {
        match name.strip_prefix("custom.") {
            Some(key) => custom.push(json!({ "key": key, "value": value })),
            None => _ = body.insert(name.clone(), value.clone()),
        }
    }
    if !custom.is_empty() {
        body.insert("custom".into(), Value::Array(custom));
    }
    body
}

pub(super) fn create(write: &Write<'_>) -> Vec<Call> {
    let mut body = body(&merged(write.at_create, write.fields));
    body.insert("customer_uuid".into(), json!(write.customer));
    body.insert("external_id".into(), json!(write.ghl));
    if let Some(source) = write.source {
        body.insert("data_source_uuid".into(), json!(source));
    }
    vec![Call::new("contacts.create", body)]
}

pub(super) fn update(write: &Write<'_>) -> Vec<Call> {
    if write.fields.is_empty() {
        return Vec::new();
    }
    vec![Call::new("contacts.update", with(body(write.fields), "contact_uuid", write.uuid))]
}

/// The endpoint by which a contact goes to another customer.
pub const RELOCATE: &str = "contacts.update";

/// The call that moves a contact to another customer.
pub fn relocate(uuid: &str, external: &str) -> Call {
    let mut body = Map::new();
    body.insert("contact_uuid".into(), json!(uuid));
    body.insert("customer_external_id".into(), json!(external));
    Call::new(RELOCATE, body)
}
