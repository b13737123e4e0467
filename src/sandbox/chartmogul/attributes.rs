//! Tags and custom attributes of customers. A custom attribute's type is fixed by its first write.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::account::Account;
use super::history;
use super::reading::{Outcome, body, custom_is_not_a_list, required};
use super::refusals::{by_field, coded, invalid, missing};
use super::store::{Record, text};
use crate::dates;
use crate::sandbox::service::{Call, Reply};
use crate::sandbox::{AttributeType, AttributeValues};

impl AttributeType {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "String" => Self::String,
            "Integer" => Self::Integer,
            "Decimal" => Self::Decimal,
            "Timestamp" => Self::Timestamp,
            "Boolean" => Self::Boolean,
            _ => return None,
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::Integer => "Integer",
            Self::Decimal => "Decimal",
            Self::Timestamp => "Timestamp",
            Self::Boolean => "Boolean",
        }
    }

    /// Whether a JSON value is of the type itself. All documented spellings of true and false are.
    fn is_type_of(self, value: &Value) -> bool {
        match self {
            Self::String | Self::Timestamp => value.is_string(),
            Self::Integer => value.is_i64(),
            Self::Decimal => value.is_number(),
            Self::Boolean => true,
        }
    }

    /// The type that a seeded value has.
    fn of(value: &Value) -> Self {
        match value {
            Value::Bool(_) => Self::Boolean,
            Value::Number(number) if number.is_f64() => Self::Decimal,
            Value::Number(_) => Self::Integer,
            Value::String(text) if text.len() > 18 && dates::instant_of(text).is_some() => {
                Self::Timestamp
            }
            _ => Self::String,
        }
    }

    /// The value as it is stored; `None` where it does not fit.
    fn read(self, value: &Value) -> Option<Value> {
        Some(match (self, value) {
            (Self::String, Value::String(text)) if text.chars().count() <= 255 => value.clone(),
            (Self::String, Value::Number(number)) => json!(number.to_string()),
            (Self::Integer, Value::Number(number)) if number.as_i64().is_some() => value.clone(),
            (Self::Integer, Value::String(text)) => json!(text.trim().parse::<i64>().ok()?),
            (Self::Decimal, Value::Number(_)) => value.clone(),
            (Self::Decimal, Value::String(text)) => json!(text.trim().parse::<f64>().ok()?),
            (Self::Timestamp, Value::String(text)) => json!(dates::iso(dates::instant_of(text)?)),
            (Self::Boolean, Value::Bool(_)) => value.clone(),
            (Self::Boolean, Value::Number(number)) => match number.as_i64()? {
                0 => json!(false),
                1 => json!(true),
                _ => return None,
            },
            (Self::Boolean, Value::String(text)) => match text.as_str() {
                "TRUE" | "true" | "t" | "1" => json!(true),
                "FALSE" | "false" | "f" | "0" => json!(false),
                _ => return None,
            },
            _ => return None,
        })
    }
}

fn object(record: &Record, name: &str) -> Map<String, Value> {
    record.get(name).and_then(Value::as_object).cloned().unwrap_or_default()
}

impl Account {
    /// Takes over the attributes of a customer of the start, and the types of their values.
    pub(super) fn seed_attributes(&mut self, record: &mut Record, attributes: &Value) {
        for name in ["tags", "custom"] {
            if let Some(value) = attributes.get(name) {
                record.insert(name.into(), value.clone());
            }
        }
        for (key, value) in object(record, "custom") {
            self.attribute_types.entry(key).or_insert_with(|| AttributeType::of(&value));
        }
    }

    pub(super) fn show_attributes(&self, record: &Record) -> Value {
        let tags = record.get("tags").cloned().unwrap_or_else(|| json!([]));
        let mut shown = json!({"tags": tags, "custom": object(record, "custom"), "stripe": {}});
        if !self.is_2026()
            && let Value::Object(shown) = &mut shown
        {
            shown.insert("clearbit".into(), json!({}));
        }
        shown
    }

    pub(super) fn retrieve_attributes(&self, call: &Call<'_>, uuid: &str) -> Outcome {
        let record = self.customer(uuid)?;
        Ok(Reply::json(200, &self.with_history(call, record, self.show_attributes(record))))
    }

    /// The `attributes` of creating or updating a customer. On an update, values of a map are read
    /// and then ignored: a recording shows the old value come back.
    pub(super) fn write_attributes(
        &mut self,
        record: &mut Record,
        attributes: &Value,
        is_new: bool,
    ) -> Result<(), Reply> {
        if let Some(tags) = attributes.get("tags") {
            record.insert("tags".into(), json!(tag_list(tags)?));
        }
        match attributes.get("custom") {
            Some(custom @ Value::Array(_)) => {
                let refuse = if is_new { refused_create } else { invalid };
                self.add_typed(record, custom, refuse).map(|_| ())
            }
            Some(Value::Object(_)) if is_new => Err(custom_is_not_a_list()),
            _ => Ok(()),
        }
    }

    /// Adds typed attributes; gives what was added. Nothing of a refused list is kept. How another type
    /// is refused is not recorded: as the endpoint refuses what is recorded.
    fn add_typed(
        &mut self,
        record: &mut Record,
        custom: &Value,
        refuse: fn(&str, &str) -> Reply,
    ) -> Result<Map<String, Value>, Reply> {
        let Value::Array(items) = custom else { return Err(custom_is_not_a_list()) };
        let mut added = Map::new();
        let mut types = BTreeMap::new();
        for item in items {
            let Value::Object(item) = item else { return Err(custom_is_not_a_list()) };
            let key = required(item, "key")?;
            if !key.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
                let message =
                    format!("The key \"{key}\" may hold letters, digits and underscores only.");
                return Err(refuse("custom", &message));
            }
            let Some(of) = AttributeType::named(required(item, "type")?) else {
                let message = format!("The type of \"{key}\" is not one of the types.");
                return Err(refuse("custom", &message));
            };
            let fixed = *types.get(key).or_else(|| self.attribute_types.get(key)).unwrap_or(&of);
            if fixed != of {
                let message = format!(
                    "The attribute \"{key}\" is of type {}, not {}.",
                    fixed.name(),
                    of.name()
                );
                return Err(refuse("custom", &message));
            }
            let value = item.get("value").ok_or_else(|| missing("value"))?;
            let Some(value) = self.read_value(of, value) else {
                let message = format!("The value of \"{key}\" is not valid for its type.");
                return Err(refuse("custom", &message));
            };
            types.insert(key.to_owned(), of);
            added.insert(key.to_owned(), value);
        }
        self.attribute_types.extend(types);
        let mut all = object(record, "custom");
        all.extend(added.clone());
        record.insert("custom".into(), json!(all));
        Ok(added)
    }

    /// The value as it is stored; `None` where it does not fit the type.
    fn read_value(&self, of: AttributeType, value: &Value) -> Option<Value> {
        let converts = self.options.attribute_values == AttributeValues::Convert;
        if converts || of.is_type_of(value) { of.read(value) } else { None }
    }

    /// Stores a customer with its attributes, and notes what they were.
    fn keep_attributes(&mut self, mut record: Record) {
        if let Some(before) = self.customers.get(text(&record, "uuid")) {
            history::note(before, &mut record, &self.now());
        }
        self.place_customer(record);
    }

    /// The uuids of the customers with the body's address: 404 if nobody has it.
    fn customers_by_email(&self, body: &Record) -> Result<Vec<String>, Reply> {
        let email = required(body, "email")?;
        let wanted = email.to_lowercase();
        let mut uuids = self.customers.ids("email", &wanted);
        if body.get("with_associated_emails") == Some(&json!(true)) {
            for contact in self.contacts.find("email", &wanted) {
                let uuid = text(contact, "customer_uuid").to_owned();
                if !uuid.is_empty() && !uuids.contains(&uuid) {
                    uuids.push(uuid);
                }
            }
        }
        if uuids.is_empty() {
            let message = format!("Can't find any customers with email: \"{email}\"");
            return Err(coded(404, &message, Some("email")));
        }
        Ok(uuids)
    }

    fn shown_entries(&self, uuids: &[String]) -> Reply {
        let customers = uuids.iter().filter_map(|uuid| self.customers.get(uuid));
        let entries: Vec<Value> = customers.map(|record| self.show_customer(record)).collect();
        Reply::json(200, &json!({ "entries": entries }))
    }

    pub(super) fn add_tags(&mut self, call: &Call<'_>, uuid: &str) -> Outcome {
        let mut record = self.customer(uuid)?.clone();
        let tags = join_tags(&record, &named_tags(&body(call)?)?);
        record.insert("tags".into(), json!(tags));
        self.place_customer(record);
        Ok(Reply::json(200, &json!({ "tags": tags })))
    }

    pub(super) fn add_tags_by_email(&mut self, call: &Call<'_>) -> Outcome {
        let body = body(call)?;
        let added = named_tags(&body)?;
        let uuids = self.customers_by_email(&body)?;
        for uuid in &uuids {
            self.customers.change(uuid, |record| {
                let tags = join_tags(record, &added);
                record.insert("tags".into(), json!(tags));
            });
        }
        Ok(self.shown_entries(&uuids))
    }

    pub(super) fn remove_tags(&mut self, call: &Call<'_>, uuid: &str) -> Outcome {
        let mut record = self.customer(uuid)?.clone();
        let removed = named_tags(&body(call)?)?;
        let mut tags = join_tags(&record, &[]);
        tags.retain(|tag| !removed.contains(tag));
        record.insert("tags".into(), json!(tags));
        self.place_customer(record);
        Ok(Reply::json(200, &json!({ "tags": tags })))
    }

    pub(super) fn add_custom(&mut self, call: &Call<'_>, uuid: &str) -> Outcome {
        let mut record = self.customer(uuid)?.clone();
        let body = body(call)?;
        let added = self.add_typed(
            &mut record,
            body.get("custom").ok_or_else(|| missing("custom"))?,
            invalid,
        )?;
        self.keep_attributes(record);
        Ok(Reply::json(200, &json!({ "custom": added })))
    }

    pub(super) fn add_custom_by_email(&mut self, call: &Call<'_>) -> Outcome {
        let body = body(call)?;
        let custom = body.get("custom").ok_or_else(|| missing("custom"))?;
        let uuids = self.customers_by_email(&body)?;
        for uuid in &uuids {
            let mut record = self.customer(uuid)?.clone();
            self.add_typed(&mut record, custom, invalid)?;
            self.keep_attributes(record);
        }
        Ok(self.shown_entries(&uuids))
    }

    pub(super) fn update_custom(&mut self, call: &Call<'_>, uuid: &str) -> Outcome {
        let mut record = self.customer(uuid)?.clone();
        let body = body(call)?;
        let Some(Value::Object(values)) = body.get("custom") else { return Err(missing("custom")) };
        let mut custom = object(&record, "custom");
        for (key, value) in values {
            let Some(of) = self.attribute_types.get(key) else {
                return Err(invalid("custom", &format!("The attribute \"{key}\" does not exist.")));
            };
            let Some(value) = self.read_value(*of, value) else {
                return Err(invalid(
                    "custom",
                    &format!("The value of \"{key}\" is not valid for its type."),
                ));
            };
            custom.insert(key.clone(), value);
        }
        record.insert("custom".into(), json!(custom));
        self.keep_attributes(record);
        Ok(Reply::json(200, &json!({ "custom": custom })))
    }

    pub(super) fn remove_custom(&mut self, call: &Call<'_>, uuid: &str) -> Outcome {
        let mut record = self.customer(uuid)?.clone();
        let body = body(call)?;
        let Some(Value::Array(keys)) = body.get("custom") else { return Err(missing("custom")) };
        let mut custom = object(&record, "custom");
        custom.retain(|key, _| !keys.iter().any(|removed| removed.as_str() == Some(key)));
        record.insert("custom".into(), json!(custom));
        self.keep_attributes(record);
        Ok(Reply::empty(204))
    }
}

/// The 422 of creating a customer: a map by field.
fn refused_create(param: &str, message: &str) -> Reply {
    by_field(&[(param, message)])
}

/// The body's `tags`, which must be a list of texts.
fn named_tags(body: &Record) -> Result<Vec<String>, Reply> {
    tag_list(body.get("tags").ok_or_else(|| missing("tags"))?)
}

fn tag_list(tags: &Value) -> Result<Vec<String>, Reply> {
    let list: Option<Vec<String>> = tags
        .as_array()
        .and_then(|tags| tags.iter().map(|tag| tag.as_str().map(str::to_owned)).collect());
    list.ok_or_else(|| invalid("tags", "Parameter \"tags\" is invalid"))
}

/// The customer's tags with these added, each once.
fn join_tags(record: &Record, added: &[String]) -> Vec<String> {
    let present = record.get("tags").and_then(Value::as_array).into_iter().flatten();
    let mut tags: Vec<String> = present.filter_map(Value::as_str).map(str::to_owned).collect();
    for tag in added {
        if !tags.contains(tag) {
            tags.push(tag.clone());
        }
    }
    tags
}
