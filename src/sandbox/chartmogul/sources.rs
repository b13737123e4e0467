//! Data sources. Only custom ones can be made and written to.

use serde_json::{Value, json};

use super::account::{Account, customer_sources};
use super::reading::{Outcome, body, flag};
use super::refusals::{by_field, missing, worded};
use super::store::{Record, text};
use crate::sandbox::service::{Call, Reply};

impl Account {
    /// Whether this is a data source that the API may write to.
    pub(super) fn is_custom(&self, uuid: &str) -> bool {
        self.sources
            .get(uuid)
            .is_some_and(|source| ["Custom", "Import API"].contains(&text(source, "system")))
    }

    /// The data source of a path: 404 if it does not exist.
    pub(super) fn source(&self, uuid: &str) -> Result<&Record, Reply> {
        self.sources.get(uuid).ok_or_else(|| worded(404, "Data source not found"))
    }

    fn show_source(call: &Call<'_>, record: &Record) -> Value {
        let mut shown = record.clone();
        shown.entry("status").or_insert_with(|| json!("idle"));
        let wanted = |name: &str| flag(call, name) == Some(true);
        if wanted("with_processing_status") {
            shown.insert(
                "processing_status".into(),
                json!({"processed": 0, "pending": 0, "failed": 0}),
            );
        }
        if wanted("with_auto_churn_subscription_setting") {
            shown.insert(
                "auto_churn_subscription_setting".into(),
                json!({"enabled": false, "interval": null}),
            );
        }
        if wanted("with_invoice_handling_setting") {
            // As the official Python client's tests show it.
            let setting = json!({
                "create_subscription_when_invoice_is": "open",
                "update_subscription_when_invoice_is": "open",
                "prevent_subscription_for_invoice_voided": true,
                "prevent_subscription_for_invoice_refunded": false,
                "prevent_subscription_for_invoice_written_off": true,
            });
            let setting = json!({ "manual": setting, "automatic": setting });
            shown.insert("invoice_handling_setting".into(), setting);
        }
        Value::Object(shown)
    }

    pub(super) fn list_sources(&self, call: &Call<'_>) -> Outcome {
        let same = |record: &Record, name: &str| {
            call.query(name).is_none_or(|wanted| text(record, name) == wanted)
        };
        let found =
            self.sources.all().filter(|record| same(record, "name") && same(record, "system"));
        let sources: Vec<Value> = found.map(|record| Self::show_source(call, record)).collect();
        Ok(Reply::json(200, &json!({ "data_sources": sources })))
    }

    pub(super) fn create_source(&mut self, call: &Call<'_>) -> Outcome {
        let body = body(call)?;
        let name = match body.get("name") {
            None => return Err(missing("name")),
            Some(Value::String(name)) if !name.trim().is_empty() => name.clone(),
            Some(_) => {
                return Err(by_field(&[("name", "A name is required for each data source.")]));
            }
        };
        if self.sources.find("name", &name).next().is_some() {
            return Err(by_field(&[("name", "Has already been taken.")]));
        }
        let uuid = self.uuid("ds_");
        let system = if self.is_2026() { "Custom" } else { "Import API" };
        let record = json!({
            "uuid": uuid, "name": name, "system": system, "created_at": self.now(), "status": "idle",
        });
        let micros = self.tick();
        if let Value::Object(record) = record.clone() {
            self.sources.put(&uuid, Some(micros), record);
        }
        Ok(Reply::json(201, &record))
    }

    pub(super) fn retrieve_source(&self, call: &Call<'_>, uuid: &str) -> Outcome {
        Ok(Reply::json(200, &Self::show_source(call, self.source(uuid)?)))
    }

    pub(super) fn delete_source(&mut self, uuid: &str) -> Outcome {
        self.source(uuid)?;
        self.clear_source(uuid);
        self.sources.remove(uuid);
        Ok(if self.is_2026() {
            Reply::json(202, &json!({"message": "Source deleted"}))
        } else {
            Reply::empty(204)
        })
    }

    pub(super) fn empty_source(&mut self, uuid: &str) -> Outcome {
        self.source(uuid)?;
        self.clear_source(uuid);
        Ok(Reply::empty(204))
    }

    /// Removes all records of a data source; a merged customer keeps its other sources.
    pub(super) fn clear_source(&mut self, uuid: &str) {
        let mut survivors = Vec::new();
        for customer in self.customers.ids("data_source_uuid", uuid) {
            let Some(record) = self.customers.get(&customer) else { continue };
            let rest: Vec<Value> = customer_sources(record)
                .into_iter()
                .filter(|(source, _)| source != uuid)
                .map(|(source, id)| json!({"data_source_uuid": source, "external_id": id}))
                .collect();
            if rest.is_empty() {
                self.remove_customer(&customer);
            } else {
                self.customers.change(&customer, |record| {
                    record.insert("sources".into(), Value::Array(rest));
                });
                let billed = self.subscriptions.ids("customer_uuid", &customer);
                for id in billed {
                    let of = self.subscriptions.get(&id).map(|of| text(of, "data_source_uuid"));
                    if of == Some(uuid) {
                        self.subscriptions.remove(&id);
                    }
                }
                survivors.push(customer);
            }
        }
        for contact in self.contacts.ids("data_source_uuid", uuid) {
            self.remove_contact(&contact);
        }
        for list in [&mut self.plans, &mut self.invoices, &mut self.events] {
            for id in list.ids("data_source_uuid", uuid) {
                list.remove(&id);
            }
        }
        for customer in survivors {
            self.refresh_revenue(&customer);
        }
    }
}
