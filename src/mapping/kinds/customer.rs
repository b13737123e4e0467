//! A customer of our own, with its primary contact.

use serde_json::{Map, Value, json};

use super::{Call, Write, merged, set, with};
use crate::chartmogul::records::Customer;
use crate::mapping::custom_fields::Rule;
use crate::mapping::{Fields, select};

/// What the fields of a customer's primary contact begin with.
pub const PRIMARY_CONTACT: &str = "primary_contact.";

/// The fields that ChartMogul shows.
pub fn seen(customer: &Customer) -> Fields {
    let mut fields = Fields::new();
    for (name, value) in [
        ("name", &customer.name),
        ("company", &customer.company),
        ("email", &customer.email),
        ("website_url", &customer.website_url),
        ("city", &customer.city),
        ("state", &customer.state),
        ("zip", &customer.zip),
        ("country", &customer.country),
        ("owner", &customer.owner),
    ] {
        set(&mut fields, name, value);
    }
    fields
}

/// A customer's body, with its primary contact and, when it is made, its attributes and tags.
pub fn body(rules: &[Rule], fields: Fields, tags: &[String]) -> Map<String, Value> {
    let mut body = Map::new();
    let (mut primary, mut custom) = (Map::new(), Vec::new());
    for (name, value) in fields {
        if let Some(field) = name.strip_prefix(PRIMARY_CONTACT) {
            primary.insert(field.to_owned(), value);
        } else if let Some(key) = name.strip_prefix("attribute.") {
            custom.push(super::attributes::typed(rules, key, value));
        } else {
            body.insert(name, value);
        }
    }
    if !primary.is_empty() {
        body.insert("primary_contact".into(), Value::Object(primary));
    }
    let mut attributes = Map::new();
    if !custom.is_empty() {
        attributes.insert("custom".into(), Value::Array(custom));
    }
    if !tags.is_empty() {
        attributes.insert("tags".into(), json!(tags));
    }
    if !attributes.is_empty() {
        body.insert("attributes".into(), Value::Object(attributes));
    }
    body
}

/// The fields of a contact, as those of the primary contact that it is.
pub fn as_primary(contact: &Fields) -> Fields {
    let named =
        |(name, value): (&String, &Value)| (format!("{PRIMARY_CONTACT}{name}"), value.clone());
    contact.iter().map(named).collect()
}

/// The call that merges a customer into another, which keeps its uuid.
pub fn merge(from: &str, into: &str) -> Call {
    let mut body = Map::new();
    body.insert("from".into(), json!({ "customer_uuid": from }));
    body.insert("into".into(), json!({ "customer_uuid": into }));
    Call::new("customers.merge", body)
}

pub(super) fn create(write: &Write<'_>) -> Vec<Call> {
    let fields = merged(write.at_create, write.fields);
    let mut body = body(write.with.rules, fields, write.tags.0);
    body.insert("external_id".into(), json!(write.external));
    if let Some(source) = write.source {
        body.insert("data_source_uuid".into(), json!(source));
    }
    vec![Call::new("customers.create", body)]
}

pub(super) fn update(write: &Write<'_>) -> Vec<Call> {
    let own = select(write.fields, &|name, _| !name.starts_with("attribute."));
    let mut calls = Vec::new();
    // Where the contact is known it is written by itself: the customer may have others by now.
    let mut own = own;
    if !write.uuid.is_empty() {
        let person = |name: &str| name.strip_prefix(PRIMARY_CONTACT).map(str::to_owned);
        let mut fields = Fields::new();
        for (name, value) in &own {
            if let Some(name) = person(name) {
                fields.insert(name, value.clone());
            }
        }
        own = select(&own, &|name, _| person(name).is_none());
        if !fields.is_empty() {
            let body = with(super::member::body(&fields), "contact_uuid", write.uuid);
            calls.push(Call::new("contacts.update", body));
        }
    }
    if !own.is_empty() {
        let body = with(body(write.with.rules, own, &[]), "customer_uuid", write.customer);
        calls.push(Call::new("customers.update", body));
    }
    calls.extend(super::attributes::update(write));
    calls
}
