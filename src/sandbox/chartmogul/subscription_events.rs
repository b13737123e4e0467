//! Subscription events: written in an envelope, found by number or external id.

use serde_json::{Value, json};

use super::account::Account;
use super::reading::{Outcome, body, flag, instant, window};
use super::refusals::{by_field, missing, worded};
use super::store::{Record, text};
use crate::dates;
use crate::sandbox::service::{Call, Reply};

const TYPES: &[&str] = &[
    "subscription_start",
    "subscription_start_scheduled",
    "scheduled_subscription_start_retracted",
    "subscription_cancelled",
    "subscription_cancellation_scheduled",
    "scheduled_subscription_cancellation_retracted",
    "subscription_updated",
    "subscription_update_scheduled",
    "scheduled_subscription_update_retracted",
    "subscription_event_retracted",
];
const FIELDS: &[&str] = &[
    "data_source_uuid",
    "customer_external_id",
    "subscription_set_external_id",
    "subscription_external_id",
    "plan_external_id",
    "event_type",
    "external_id",
    "quantity",
    "currency",
    "amount_in_cents",
    "tax_amount_in_cents",
    "retracted_event_id",
];

impl Account {
    pub(super) fn create_event(&mut self, call: &Call<'_>) -> Outcome {
        let mut body = body(call)?;
        let Some(Value::Object(event)) = body.remove("subscription_event") else {
            return Err(missing("subscription_event"));
        };
        let record = self.insert_event(&event)?;
        Ok(Reply::json(201, &Value::Object(record)))
    }

    /// Makes an event. The forms of the refusals are those of customers; none is recorded.
    pub(super) fn insert_event(&mut self, event: &Record) -> Result<Record, Reply> {
        let given =
            |name: &str| event.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let mut refused = Vec::new();
        for name in
            ["data_source_uuid", "customer_external_id", "event_type", "subscription_external_id"]
        {
            if given(name).is_none() {
                refused.push((name, "can't be blank"));
            }
        }
        if given("event_type").is_some_and(|of| !TYPES.contains(&of)) {
            refused.push(("event_type", "is not included in the list"));
        }
        let source = given("data_source_uuid").unwrap_or_default();
        if !source.is_empty() && !self.is_custom(source) {
            refused.push((
                "data_source_uuid",
                "A valid data source UUID is required for each subscription event.",
            ));
        }
        if given("external_id").is_some_and(|id| self.event_by_external_id(source, id).is_some()) {
            refused.push((
                "external_id",
                "The external ID for this subscription event already exists in our system.",
            ));
        }
        if !refused.is_empty() {
            return Err(by_field(&refused));
        }
        let mut record = Record::new();
        for name in FIELDS {
            record.insert((*name).to_owned(), event.get(*name).cloned().unwrap_or_default());
        }
        let now = self.second();
        for name in ["event_date", "effective_date"] {
            record.insert(name.to_owned(), now.clone());
        }
        write_instants(event, &mut record)?;
        if let Some(order) = event.get("event_order") {
            record.insert("event_order".into(), order.clone());
        }
        let number = self.number();
        record.insert("id".into(), json!(number));
        record.insert("errors".into(), json!({}));
        record.insert("created_at".into(), now.clone());
        record.insert("updated_at".into(), now);
        let micros = self.tick();
        self.events.put(&number.to_string(), Some(micros), record.clone());
        Ok(record)
    }

    /// Now, without milliseconds.
    fn second(&self) -> Value {
        json!(whole_second(i64::try_from(self.now_ms).unwrap_or(0)))
    }

    fn event_by_external_id(&self, source: &str, external_id: &str) -> Option<&Record> {
        self.events
            .find("external_id", external_id)
            .find(|event| text(event, "data_source_uuid") == source)
    }

    /// The event that an envelope or a query names, by number or external id.
    fn named_event(&self, call: &Call<'_>, event: Option<&Record>) -> Result<String, Reply> {
        let part = |name: &str| {
            let query = call.query(&format!("subscription_event[{name}]"));
            match event.and_then(|event| event.get(name)) {
                Some(Value::String(text)) => Some(text.clone()),
                Some(Value::Number(number)) => Some(number.to_string()),
                _ => query.map(str::to_owned),
            }
        };
        let found = match (part("id"), part("data_source_uuid"), part("external_id")) {
            (Some(id), ..) => self.events.get(&id),
            (None, Some(source), Some(external_id)) => {
                self.event_by_external_id(&source, &external_id)
            }
            _ => return Err(missing("subscription_event")),
        };
        let id = found.and_then(|event| event.get("id")).map(Value::to_string);
        id.ok_or_else(|| worded(404, "Subscription event not found"))
    }

    pub(super) fn list_events(&self, call: &Call<'_>) -> Outcome {
        let mut narrow =
            Self::narrow(call, &["data_source_uuid", "customer_external_id", "external_id"]);
        if let Some(uuid) = call.query("customer_uuid") {
            let sources =
                self.customers.get(uuid).map(super::account::customer_sources).unwrap_or_default();
            let external_id =
                sources.first().map(|(_, external_id)| external_id.clone()).unwrap_or_default();
            narrow.push(("customer_external_id", external_id));
        }
        let keep = |record: &Record| {
            let same =
                |name: &str| call.query(name).is_none_or(|wanted| text(record, name) == wanted);
            let at = |name: &str| {
                call.query(name).is_none_or(|wanted| {
                    dates::instant_of(wanted) == dates::instant_of(text(record, name))
                })
            };
            same("subscription_external_id")
                && same("event_type")
                && same("plan_external_id")
                && at("event_date")
                && at("effective_date")
                && (flag(call, "with_disabled") != Some(false)
                    || record.get("disabled") != Some(&json!(true)))
        };
        let window = window(call, &self.events)?;
        let page = self.events.page(&narrow, Some(&keep), &window);
        let next = page
            .has_more
            .then(|| page.records.last().and_then(|record| record.get("id")))
            .flatten();
        let meta = json!({
            "next_key": next, "prev_key": null, "before_key": self.now(), "page": 1, "total_pages": 1,
        });
        let body = json!({
            "subscription_events": page.records, "meta": meta, "cursor": page.cursor, "has_more": page.has_more,
        });
        Ok(Reply::json(200, &body))
    }

    /// Writes these properties to an event.
    fn change_event(&mut self, id: &str, changes: Record) -> Outcome {
        let now = self.second();
        self.events.change(id, |record| {
            record.extend(changes);
            record.insert("updated_at".into(), now);
        });
        let record =
            self.events.get(id).ok_or_else(|| worded(404, "Subscription event not found"))?;
        Ok(Reply::json(200, &json!(record)))
    }

    pub(super) fn update_event(&mut self, call: &Call<'_>) -> Outcome {
        let mut body = body(call)?;
        let Some(Value::Object(event)) = body.remove("subscription_event") else {
            return Err(missing("subscription_event"));
        };
        let id = self.named_event(call, Some(&event))?;
        let mut changes = Record::new();
        for name in FIELDS.iter().filter(|name| **name != "data_source_uuid") {
            if let Some(value) = event.get(*name) {
                changes.insert((*name).to_owned(), value.clone());
            }
        }
        write_instants(&event, &mut changes)?;
        self.change_event(&id, changes)
    }

    pub(super) fn delete_event(&mut self, call: &Call<'_>) -> Outcome {
        let body = body(call)?;
        let event = body.get("subscription_event").and_then(Value::as_object);
        let id = self.named_event(call, event)?;
        self.events.remove(&id);
        Ok(Reply::empty(204))
    }

    pub(super) fn disable_event(&mut self, call: &Call<'_>, id: &str) -> Outcome {
        if self.events.get(id).is_none() {
            return Err(worded(404, "Subscription event not found"));
        }
        let changes = self.disabling(&body(call)?)?;
        self.change_event(id, changes)
    }

    /// Takes the event from the body, bare or in its envelope, or from the query.
    pub(super) fn disable_event_by_external_id(&mut self, call: &Call<'_>) -> Outcome {
        let body = body(call)?;
        let mut named =
            body.get("subscription_event").and_then(Value::as_object).unwrap_or(&body).clone();
        for name in ["data_source_uuid", "external_id"] {
            if let Some(value) = call.query(name) {
                named.insert(name.to_owned(), json!(value));
            }
        }
        let id = self.named_event(call, Some(&named))?;
        let changes =
            self.disabling(if named.contains_key("disabled") { &named } else { &body })?;
        self.change_event(&id, changes)
    }
}

fn whole_second(at: i64) -> String {
    format!("{}Z", dates::iso(at).split('.').next().unwrap_or_default())
}

/// Writes the event's instants, without milliseconds.
fn write_instants(event: &Record, record: &mut Record) -> Result<(), Reply> {
    for name in ["event_date", "effective_date"] {
        match event.get(name) {
            None | Some(Value::Null) => {}
            Some(value) => {
                let at =
                    instant(value).ok_or_else(|| by_field(&[(name, "is not a valid date")]))?;
                record.insert(name.to_owned(), json!(whole_second(at)));
            }
        }
    }
    Ok(())
}
