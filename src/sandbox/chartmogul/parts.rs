//! Line items and transactions: records inside invoices with addresses of their own.

use serde_json::{Value, json};

use super::account::Account;
use super::billing::{Part, Problems, by_field};
use super::reading::{Outcome, body, instant};
use super::refusals::{missing, worded};
use super::store::{Record, text};
use crate::dates;
use crate::sandbox::service::{Call, Reply};

const LINE_ITEM_FIELDS: &[&str] = &[
    "amount_in_cents",
    "quantity",
    "plan_uuid",
    "prorated",
    "proration_type",
    "description",
    "discount_code",
    "discount_amount_in_cents",
    "discount_description",
    "tax_amount_in_cents",
    "transaction_fees_in_cents",
    "transaction_fees_currency",
    "account_code",
    "event_order",
    "balance_transfer",
];
const TRANSACTION_FIELDS: &[&str] = &[
    "type",
    "result",
    "amount_in_cents",
    "transaction_fees_in_cents",
    "transaction_fees_currency",
];
const INSTANTS: &[&str] = &["date", "service_period_start", "service_period_end", "cancelled_at"];

/// The parts of one kind of an invoice.
pub(super) fn parts(invoice: &Record, part: Part) -> impl Iterator<Item = &Record> {
    let items = invoice.get(part.key()).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_object)
}

impl Account {
    /// The invoice and the part with this uuid.
    fn find_part(&self, part: Part, uuid: &str) -> Result<(&Record, &Record), Reply> {
        let invoice = self.invoices.find(part.key(), uuid).next();
        invoice
            .and_then(|invoice| {
                Some((invoice, parts(invoice, part).find(|item| text(item, "uuid") == uuid)?))
            })
            .ok_or_else(|| worded(404, &format!("{} not found", part.title())))
    }

    pub(super) fn part_by_external_id(
        &self,
        part: Part,
        source: &str,
        external_id: &str,
    ) -> Option<String> {
        let invoices = self.invoices.find(part.external_ids(), external_id);
        let invoices = invoices.filter(|invoice| text(invoice, "data_source_uuid") == source);
        let mut items = invoices.flat_map(|invoice| parts(invoice, part));
        items
            .find(|item| text(item, "external_id") == external_id)
            .map(|item| text(item, "uuid").to_owned())
    }

    /// The part that the query names by data source and external id.
    fn named_part(&self, call: &Call<'_>, part: Part) -> Result<String, Reply> {
        let source = call.query("data_source_uuid").ok_or_else(|| missing("data_source_uuid"))?;
        let external_id = call.query("external_id").ok_or_else(|| missing("external_id"))?;
        self.part_by_external_id(part, source, external_id)
            .ok_or_else(|| worded(404, &format!("{} not found", part.title())))
    }

    pub(super) fn create_part(&mut self, call: &Call<'_>, part: Part, invoice: &str) -> Outcome {
        let record = self.invoice(invoice)?.clone();
        let made = self.new_part(part, &record, &body(call)?);
        let made = made.map_err(|problems: Problems| {
            Reply::json(422, &json!({ "errors": by_field(&problems) }))
        })?;
        self.invoices.change(invoice, |stored| {
            if let Some(Value::Array(items)) = stored.get_mut(part.key()) {
                items.push(Value::Object(made.clone()));
            }
        });
        self.refresh_invoice_revenue(invoice);
        Ok(Reply::json(201, &Value::Object(made)))
    }

    pub(super) fn retrieve_part_by_external_id(&self, call: &Call<'_>, part: Part) -> Outcome {
        let uuid = self.named_part(call, part)?;
        self.retrieve_part(part, &uuid)
    }

    pub(super) fn retrieve_part(&self, part: Part, uuid: &str) -> Outcome {
        let (invoice, item) = self.find_part(part, uuid)?;
        let mut shown = item.clone();
        shown.insert("invoice_uuid".into(), json!(text(invoice, "uuid")));
        Ok(Reply::json(200, &Value::Object(shown)))
    }

    /// Writes these properties to a part.
    fn change_part(&mut self, part: Part, uuid: &str, changes: &Record) -> Outcome {
        let invoice = text(self.find_part(part, uuid)?.0, "uuid").to_owned();
        self.invoices.change(&invoice, |record| {
            for item in
                record.get_mut(part.key()).and_then(Value::as_array_mut).into_iter().flatten()
            {
                if let Value::Object(item) = item
                    && text(item, "uuid") == uuid
                {
                    item.extend(changes.clone());
                }
            }
        });
        self.refresh_invoice_revenue(&invoice);
        self.retrieve_part(part, uuid)
    }

    pub(super) fn update_part(&mut self, call: &Call<'_>, part: Part, uuid: &str) -> Outcome {
        let fields = if part == Part::LineItem { LINE_ITEM_FIELDS } else { TRANSACTION_FIELDS };
        let mut changes = Record::new();
        for (name, value) in body(call)? {
            if INSTANTS.contains(&name.as_str()) {
                let at = instant(&value).map(dates::iso);
                if at.is_none() && !value.is_null() {
                    let problems = [(name, "is invalid".to_owned())];
                    return Err(Reply::json(422, &json!({ "errors": by_field(&problems) })));
                }
                changes.insert(name, json!(at));
            } else if fields.contains(&name.as_str()) {
                changes.insert(name, value);
            }
        }
        self.change_part(part, uuid, &changes)
    }

    pub(super) fn update_part_by_external_id(&mut self, call: &Call<'_>, part: Part) -> Outcome {
        let uuid = self.named_part(call, part)?;
        self.update_part(call, part, &uuid)
    }

    pub(super) fn disable_part(&mut self, call: &Call<'_>, part: Part, uuid: &str) -> Outcome {
        self.find_part(part, uuid)?;
        let changes = self.disabling(&body(call)?)?;
        self.change_part(part, uuid, &changes)
    }

    pub(super) fn disable_part_by_external_id(&mut self, call: &Call<'_>, part: Part) -> Outcome {
        let uuid = self.named_part(call, part)?;
        self.disable_part(call, part, &uuid)
    }

    pub(super) fn delete_part(&mut self, part: Part, uuid: &str) -> Outcome {
        let invoice = text(self.find_part(part, uuid)?.0, "uuid").to_owned();
        self.invoices.change(&invoice, |record| {
            if let Some(Value::Array(items)) = record.get_mut(part.key()) {
                items.retain(|item| item.get("uuid").and_then(Value::as_str) != Some(uuid));
            }
        });
        self.refresh_invoice_revenue(&invoice);
        Ok(Reply::empty(204))
    }

    pub(super) fn delete_part_by_external_id(&mut self, call: &Call<'_>, part: Part) -> Outcome {
        let uuid = self.named_part(call, part)?;
        self.delete_part(part, &uuid)
    }
}
