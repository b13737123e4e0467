//! Request bodies out of fields.

use serde_json::{Map, Value, json};

use crate::dates;
use crate::mapping::custom_fields::Rule;
use crate::mapping::settings::AttributeType;
use crate::mapping::{Fields, select};

/// A new task's body: `completed` becomes the time of the last change in GHL, or now.
pub(super) fn task_create_body(fields: &Fields, now: u64) -> Map<String, Value> {
    let mut body = select(fields, &|name, _| name != "completed");
    if fields.get("completed") == Some(&Value::Bool(true)) {
        complete(&mut body, now);
    }
    body
}

/// A task's changes as a body: a task that is open again loses its time of completion.
pub(super) fn task_update_body(fields: &Fields, now: u64) -> Map<String, Value> {
    let completed = fields.get("completed");
    let mut body = select(fields, &|name, _| {
        name != "completed" && (completed.is_some() || name != "completed_at")
    });
    match completed {
        Some(Value::Bool(true)) => complete(&mut body, now),
        Some(_) => {
            body.insert("completed_at".into(), Value::Null);
        }
        None => {}
    }
    body
}

fn complete(body: &mut Map<String, Value>, now: u64) {
    let now = dates::iso(i64::try_from(now).unwrap_or(0));
    body.entry("completed_at").or_insert_with(|| json!(now));
}

/// A customer's body, with its primary contact and, when it is made, its attributes and tags.
pub(super) fn customer_body(rules: &[Rule], fields: Fields) -> Map<String, Value> {
    let mut body = Map::new();
    let (mut primary, mut custom, mut tags) = (Map::new(), Vec::new(), Vec::new());
    for (name, value) in fields {
        if let Some(field) = name.strip_prefix("primary_contact.") {
            primary.insert(field.to_owned(), value);
        } else if let Some(key) = name.strip_prefix("attribute.") {
            custom.push(typed(rules, key, value));
        } else if let Some(tag) = name.strip_prefix("tag.") {
            tags.push(Value::from(tag));
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
        attributes.insert("tags".into(), Value::Array(tags));
    }
    if !attributes.is_empty() {
        body.insert("attributes".into(), Value::Object(attributes));
    }
    body
}

/// A contact's body: custom attributes as a list of key and value; those of its customer are written apart.
pub(super) fn contact_body(fields: Fields) -> Map<String, Value> {
    let mut body = Map::new();
    let mut custom = Vec::new();
    for (name, value) in fields {
        if is_attribute(&name) {
            continue;
        }
        match name.strip_prefix("custom.") {
            Some(key) => custom.push(json!({ "key": key, "value": value })),
            None => {
                body.insert(name, value);
            }
        }
    }
    if !custom.is_empty() {
        body.insert("custom".into(), Value::Array(custom));
    }
    body
}

/// A custom attribute with its declared type.
pub(super) fn typed(rules: &[Rule], key: &str, value: Value) -> Value {
    let rule = rules.iter().find(|rule| rule.to == key);
    let of = rule.map_or(AttributeType::String, |rule| rule.of);
    json!({ "type": of, "key": key, "value": value })
}

pub(super) fn with(mut body: Map<String, Value>, name: &str, value: &str) -> Map<String, Value> {
    body.insert(name.to_owned(), json!(value));
    body
}

pub(super) fn merged(base: &Fields, over: &Fields) -> Fields {
    let mut fields = over.clone();
    for (name, value) in base {
        fields.entry(name.clone()).or_insert_with(|| value.clone());
    }
    fields
}

pub(super) fn is_attribute(name: &str) -> bool {
    name.starts_with("attribute.") || name.starts_with("tag.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, Value)]) -> Fields {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    #[test]
    fn completion_is_a_time_and_reopening_its_absence() {
        let done = fields(&[("task_details", json!("x")), ("completed", json!(true))]);
        assert_eq!(task_create_body(&done, 0)["completed_at"], "1970-01-01T00:00:00.000Z");
        let open = fields(&[
            ("task_details", json!("x")),
            ("due_date", json!("2027-01-01")),
            ("assignee", json!("a@example.com")),
            ("completed", json!(false)),
        ]);
        assert!(!task_create_body(&open, 0).contains_key("completed_at"));
        assert_eq!(task_update_body(&open, 0)["completed_at"], Value::Null);
        let renamed = fields(&[("task_details", json!("y"))]);
        assert!(!task_update_body(&renamed, 0).contains_key("completed_at"));
    }

    #[test]
    fn a_customers_parts_go_where_they_belong() {
        let body = customer_body(
            &[],
            fields(&[
                ("name", json!("Ada")),
                ("primary_contact.first_name", json!("Ada")),
                ("attribute.plan", json!("Gold")),
                ("tag.ghl:vip", json!(true)),
            ]),
        );
        let expected = json!({
            "name": "Ada",
            "primary_contact": { "first_name": "Ada" },
            "attributes": { "custom": [{ "type": "String", "key": "plan", "value": "Gold" }], "tags": ["ghl:vip"] },
        });
        assert_eq!(Value::Object(body), expected);
    }
}
