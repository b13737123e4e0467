//! The tags and custom attributes of a customer, which its contacts share.

use serde_json::{Map, Value, json};

use super::{Call, Write};
use crate::chartmogul::records::Customer;
use crate::mapping::Fields;
use crate::mapping::custom_fields::Rule;
use crate::mapping::settings::AttributeType;

/// The attributes that ChartMogul shows, named `attribute.KEY`.
pub fn seen(customer: &Customer) -> Fields {
    let mut fields = Fields::new();
    let custom = customer.attributes.custom.iter();
    for (key, value) in custom.filter(|(_, value)| !value.is_null()) {
        fields.insert(format!("attribute.{key}"), value.clone());
    }
    fields
}

/// A custom attribute with its declared type.
pub(super) fn typed(rules: &[Rule], key: &str, value: Value) -> Value {
    let rule = rules.iter().find(|rule| rule.to == key);
    let of = rule.map_or(AttributeType::String, |rule| rule.of);
    json!({ "type": of, "key": key, "value": value })
}

/// Attributes are added with their type the first time, and written by value later.
pub(super) fn update(write: &Write<'_>) -> Vec<Call> {
    let mut calls = Vec::new();
    let (mut added, mut updated) = (Vec::new(), Map::new());
    for (name, value) in write.fields {
        let Some(key) = name.strip_prefix("attribute.") else { continue };
        if write.base.contains_key(name) {
            updated.insert(key.to_owned(), value.clone());
        } else {
            added.push(typed(write.with.rules, key, value.clone()));
        }
    }
    let mut call = |endpoint, name: &str, value: Value| {
        let mut body = Map::new();
        body.insert("customer_uuid".into(), json!(write.customer));
        body.insert(name.to_owned(), value);
        calls.push(Call::new(endpoint, body));
    };
    if !added.is_empty() {
        call("customAttributes.add", "custom", Value::Array(added));
    }
    if !updated.is_empty() {
        call("customAttributes.update", "custom", Value::Object(updated));
    }
    if !write.tags.0.is_empty() {
        call("tags.add", "tags", json!(write.tags.0));
    }
    if !write.tags.1.is_empty() {
        call("tags.remove", "tags", json!(write.tags.1));
    }
    calls
}
