//! Invoices: imported for a customer, read, changed, disabled, deleted.

use serde_json::{Map, Value, json};

use super::account::{Account, customer_sources};
use super::plans::counted_body;
use super::reading::{Outcome, body, flag, instant, required, window};
use super::refusals::{detailed, missing, worded};
use super::store::{Record, text};
use crate::dates;
use crate::sandbox::service::{Call, Reply};

/// The two kinds of records that an invoice holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    LineItem,
    Transaction,
}

impl Part {
    /// The invoice's property that holds them, and the key of their lists.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::LineItem => "line_items",
            Self::Transaction => "transactions",
        }
    }

    /// The index of invoices by the external ids of these.
    pub(super) const fn external_ids(self) -> &'static str {
        match self {
            Self::LineItem => "line_items.external_id",
            Self::Transaction => "transactions.external_id",
        }
    }

    const fn prefix(self) -> &'static str {
        match self {
            Self::LineItem => "li_",
            Self::Transaction => "tr_",
        }
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::LineItem => "Line item",
            Self::Transaction => "Transaction",
        }
    }
}

/// What is wrong with an invoice, by field.
pub(super) type Problems = Vec<(String, String)>;

fn problem(field: &str, message: &str) -> Problems {
    vec![(field.to_owned(), message.to_owned())]
}

impl Account {
    /// The invoice of a path: 404 if it does not exist, 422 where the uuid is not valid.
    pub(super) fn invoice(&self, uuid: &str) -> Result<&Record, Reply> {
        let bare = uuid.trim_start_matches("inv_");
        let is_uuid = bare.len() == 36
            && bare.split('-').map(str::len).eq([8, 4, 4, 4, 12])
            && bare.chars().all(|letter| letter == '-' || letter.is_ascii_hexdigit());
        if !is_uuid {
            return Err(detailed("uuid", "Invalid UUID passed"));
        }
        self.invoices.get(uuid).ok_or_else(|| worded(404, "Invoice not found"))
    }

    /// The invoice that the query names by data source and external id.
    fn named_invoice(&self, call: &Call<'_>) -> Result<String, Reply> {
        let source = call.query("data_source_uuid").ok_or_else(|| missing("data_source_uuid"))?;
        let external_id = call.query("external_id").ok_or_else(|| missing("external_id"))?;
        self.invoice_by_external_id(source, external_id)
            .map(|invoice| text(invoice, "uuid").to_owned())
            .ok_or_else(|| worded(404, "Invoice not found"))
    }

    pub(super) fn invoice_by_external_id(
        &self,
        source: &str,
        external_id: &str,
    ) -> Option<&Record> {
        self.invoices
            .find("external_id", external_id)
            .find(|invoice| text(invoice, "data_source_uuid") == source)
    }

    /// An invoice as it is shown by itself; under a customer it does not name the customer.
    fn show_invoice(record: &Record) -> Value {
        let mut shown = record.clone();
        shown.entry("errors").or_insert_with(|| json!({}));
        Value::Object(shown)
    }

    fn show_customers_invoice(record: &Record) -> Value {
        let mut shown = record.clone();
        shown.retain(|name, _| !["customer_uuid", "data_source_uuid"].contains(&name.as_str()));
        shown.entry("errors").or_insert_with(|| json!({}));
        Value::Object(shown)
    }

    pub(super) fn import_invoices(&mut self, call: &Call<'_>, uuid: &str) -> Outcome {
        let customer =
            self.customers.get(uuid).ok_or_else(|| worded(404, "Customer not found"))?.clone();
        let body = body(call)?;
        let Some(Value::Array(invoices)) = body.get("invoices") else {
            return Err(missing("invoices"));
        };
        let mut shown = Vec::new();
        for invoice in invoices {
            let Value::Object(invoice) = invoice else { return Err(missing("invoices")) };
            shown.push(match self.insert_invoice(&customer, invoice) {
                Ok(record) => Self::show_customers_invoice(&record),
                Err(problems) => {
                    // Recorded text, reported place: a refused invoice comes back inside the 201.
                    let mut refused = invoice.clone();
                    refused.insert("uuid".into(), Value::Null);
                    refused.insert("errors".into(), by_field(&problems));
                    Value::Object(refused)
                }
            });
        }
        self.refresh_revenue(uuid);
        Ok(Reply::json(201, &json!({ "invoices": shown })))
    }

    /// Makes an invoice of a customer, or tells what is wrong with it.
    pub(super) fn insert_invoice(
        &mut self,
        customer: &Record,
        body: &Record,
    ) -> Result<Record, Problems> {
        let sources = customer_sources(customer);
        let source = match body.get("data_source_uuid").and_then(Value::as_str) {
            Some(source) => source.to_owned(),
            None => sources.first().map(|(source, _)| source.clone()).unwrap_or_default(),
        };
        let external_id = body.get("external_id").and_then(Value::as_str);
        if external_id.is_some_and(|id| self.invoice_by_external_id(&source, id).is_some()) {
            let message = "The external ID for this invoice already exists in our system.";
            return Err(problem("external_id", message));
        }
        let date = body
            .get("date")
            .and_then(instant)
            .ok_or_else(|| problem("date", "The date is not valid."))?;
        let due = body.get("due_date").and_then(instant).map(dates::iso);
        let currency =
            body.get("currency").and_then(Value::as_str).filter(|currency| currency.len() == 3);
        let Some(currency) = currency else {
            return Err(problem("currency", "Currency is invalid"));
        };
        let mut record = Record::new();
        record.insert("uuid".into(), json!(self.uuid("inv_")));
        record.insert("external_id".into(), json!(external_id));
        record.insert("customer_uuid".into(), json!(text(customer, "uuid")));
        record.insert("data_source_uuid".into(), json!(source));
        record.insert("date".into(), json!(dates::iso(date)));
        record.insert("due_date".into(), json!(due));
        record.insert("currency".into(), json!(currency));
        for part in [Part::LineItem, Part::Transaction] {
            let mut made = Vec::new();
            for item in body.get(part.key()).and_then(Value::as_array).into_iter().flatten() {
                let Value::Object(item) = item else {
                    return Err(problem(part.key(), "is invalid"));
                };
                made.push(Value::Object(self.new_part(part, &record, item)?));
            }
            record.insert(part.key().into(), Value::Array(made));
        }
        let micros = self.tick();
        self.invoices.add(micros, record.clone());
        Ok(record)
    }

    /// A new line item or transaction of an invoice, or what is wrong with it.
    pub(super) fn new_part(
        &mut self,
        part: Part,
        invoice: &Record,
        body: &Record,
    ) -> Result<Record, Problems> {
        let source = text(invoice, "data_source_uuid");
        let external_id = body.get("external_id").and_then(Value::as_str);
        if external_id.is_some_and(|id| self.part_by_external_id(part, source, id).is_some()) {
            return Err(match part {
                Part::LineItem => problem(
                    "line_items.external_id",
                    "The external ID for this line item already exists in our system.",
                ),
                Part::Transaction => problem("transactions.external_id", "has already been taken"),
            });
        }
        let mut record = Record::new();
        record.insert("uuid".into(), json!(self.uuid(part.prefix())));
        record.insert("external_id".into(), json!(external_id));
        match part {
            Part::LineItem => self.new_line_item(invoice, body, &mut record)?,
            Part::Transaction => {
                let one_of = |name: &str, texts: &[&str]| {
                    let given =
                        body.get(name).and_then(Value::as_str).filter(|text| texts.contains(text));
                    given
                        .map(|text| json!(text))
                        .ok_or_else(|| problem(&format!("transactions.{name}"), "is invalid"))
                };
                record.insert("type".into(), one_of("type", &["payment", "refund"])?);
                record.insert("result".into(), one_of("result", &["successful", "failed"])?);
                let date = body
                    .get("date")
                    .and_then(instant)
                    .ok_or_else(|| problem("transactions.date", "is invalid"))?;
                record.insert("date".into(), json!(dates::iso(date)));
                for name in
                    ["amount_in_cents", "transaction_fees_in_cents", "transaction_fees_currency"]
                {
                    record.insert(name.into(), body.get(name).cloned().unwrap_or_default());
                }
            }
        }
        Ok(record)
    }

    fn new_line_item(
        &mut self,
        invoice: &Record,
        body: &Record,
        record: &mut Record,
    ) -> Result<(), Problems> {
        let amount =
            body.get("amount_in_cents").filter(|amount| amount.is_i64() || amount.is_u64());
        let amount =
            amount.ok_or_else(|| problem("line_items.amount_in_cents", "is not a number"))?;
        record.insert("amount_in_cents".into(), amount.clone());
        for (name, default) in [
            ("quantity", json!(1)),
            ("discount_code", json!("")),
            ("discount_amount_in_cents", json!(0)),
            ("tax_amount_in_cents", json!(0)),
            ("transaction_fees_in_cents", json!(0)),
            ("account_code", json!("")),
            ("transaction_fees_currency", Value::Null),
            ("discount_description", Value::Null),
            ("event_order", Value::Null),
            ("balance_transfer", json!(false)),
        ] {
            record.insert(name.to_owned(), body.get(name).cloned().unwrap_or(default));
        }
        match body.get("type").and_then(Value::as_str) {
            Some("one_time") => {
                record.insert("type".into(), json!("one_time"));
                record.insert("plan_uuid".into(), Value::Null);
                record.insert(
                    "description".into(),
                    body.get("description").cloned().unwrap_or_default(),
                );
                Ok(())
            }
            // A trial is a subscription that brings nothing yet.
            Some(of @ ("subscription" | "trial")) => {
                record.insert("type".into(), json!(of));
                record.insert(
                    "prorated".into(),
                    body.get("prorated").cloned().unwrap_or(Value::Bool(false)),
                );
                record.insert(
                    "proration_type".into(),
                    body.get("proration_type").cloned().unwrap_or_default(),
                );
                for name in ["service_period_start", "service_period_end"] {
                    let at = body.get(name).and_then(instant);
                    let at =
                        at.ok_or_else(|| problem(&format!("line_items.{name}"), "is invalid"))?;
                    record.insert(name.to_owned(), json!(dates::iso(at)));
                }
                let plan = body.get("plan_uuid").and_then(Value::as_str).unwrap_or_default();
                if self.plans.get(plan).is_none() {
                    return Err(problem("line_items.plan_uuid", "Plan not found"));
                }
                record.insert("plan_uuid".into(), json!(plan));
                self.subscribe(invoice, body, record)
            }
            _ => Err(problem("line_items.type", "is invalid")),
        }
    }

    pub(super) fn list_customer_invoices(&self, call: &Call<'_>, uuid: &str) -> Outcome {
        if self.customers.get(uuid).is_none() {
            return Err(worded(404, "Customer not found"));
        }
        let window = window(call, &self.invoices)?;
        let page = self.invoices.page(&[("customer_uuid", uuid.to_owned())], None, &window);
        let mut body = counted_body("invoices", &page, &window, &Self::show_customers_invoice);
        body.insert("customer_uuid".into(), json!(uuid));
        Ok(Reply::json(200, &Value::Object(body)))
    }

    pub(super) fn list_invoices(&self, call: &Call<'_>) -> Outcome {
        let narrow = Self::narrow(call, &["data_source_uuid", "customer_uuid", "external_id"]);
        let disabled = flag(call, "with_disabled") != Some(false);
        let invalid = call.query("validation_type") == Some("invalid");
        let keep = |record: &Record| {
            !invalid && (disabled || record.get("disabled") != Some(&json!(true)))
        };
        let window = window(call, &self.invoices)?;
        let page = self.invoices.page(&narrow, Some(&keep), &window);
        let mut body = counted_body("invoices", &page, &window, &Self::show_invoice);
        body.retain(|name, _| !["current_page", "total_pages"].contains(&name.as_str()));
        Ok(Reply::json(200, &Value::Object(body)))
    }

    pub(super) fn retrieve_invoice(&self, uuid: &str) -> Outcome {
        Ok(Reply::json(200, &Self::show_invoice(self.invoice(uuid)?)))
    }

    pub(super) fn update_invoice(&mut self, call: &Call<'_>, uuid: &str) -> Outcome {
        self.invoice(uuid)?;
        let body = body(call)?;
        let mut changes = Map::new();
        for name in ["date", "due_date"] {
            match body.get(name) {
                None => {}
                Some(Value::Null) if name == "due_date" => {
                    changes.insert(name.to_owned(), Value::Null);
                }
                Some(value) => {
                    let at =
                        instant(value).ok_or_else(|| detailed(name, "The date is not valid."))?;
                    changes.insert(name.to_owned(), json!(dates::iso(at)));
                }
            }
        }
        for name in ["currency", "collection_method"] {
            if let Some(value) = body.get(name) {
                changes.insert(name.to_owned(), value.clone());
            }
        }
        self.invoices.change(uuid, |record| record.extend(changes));
        self.retrieve_invoice(uuid)
    }

    pub(super) fn update_invoice_by_external_id(&mut self, call: &Call<'_>) -> Outcome {
        let uuid = self.named_invoice(call)?;
        self.update_invoice(call, &uuid)
    }

    pub(super) fn update_invoice_status(
        &mut self,
        call: &Call<'_>,
        source: &str,
        external_id: &str,
    ) -> Outcome {
        let body = body(call)?;
        let found = self.invoice_by_external_id(source, external_id);
        let uuid = found.map(|invoice| text(invoice, "uuid").to_owned());
        let uuid = uuid.ok_or_else(|| worded(404, "Invoice not found"))?;
        let status = required(&body, "status")?;
        if !["voided", "written_off"].contains(&status) {
            return Err(detailed("status", "Status transition is not allowed"));
        }
        self.invoices.change(&uuid, |record| {
            record.insert("status".into(), json!(status));
        });
        self.retrieve_invoice(&uuid)
    }

    /// What disabling or enabling writes.
    pub(super) fn disabling(&self, body: &Record) -> Result<Record, Reply> {
        let disabled =
            body.get("disabled").and_then(Value::as_bool).ok_or_else(|| missing("disabled"))?;
        let owner = self.users.first().map(|(email, _)| email.clone());
        let at = if disabled { self.now() } else { Value::Null };
        Ok(Record::from_iter([
            ("disabled".to_owned(), json!(disabled)),
            ("disabled_at".to_owned(), at),
            ("disabled_by".to_owned(), json!(owner.filter(|_| disabled))),
        ]))
    }

    pub(super) fn disable_invoice(&mut self, call: &Call<'_>, uuid: &str) -> Outcome {
        self.invoice(uuid)?;
        let changes = self.disabling(&body(call)?)?;
        self.invoices.change(uuid, |record| record.extend(changes));
        self.refresh_invoice_revenue(uuid);
        self.retrieve_invoice(uuid)
    }

    pub(super) fn disable_invoice_by_external_id(&mut self, call: &Call<'_>) -> Outcome {
        let uuid = self.named_invoice(call)?;
        self.disable_invoice(call, &uuid)
    }

    pub(super) fn refresh_invoice_revenue(&mut self, invoice: &str) {
        let customer =
            self.invoices.get(invoice).map(|invoice| text(invoice, "customer_uuid").to_owned());
        if let Some(customer) = customer {
            self.refresh_revenue(&customer);
        }
    }

    pub(super) fn delete_invoice(&mut self, uuid: &str) -> Outcome {
        let customer = text(self.invoice(uuid)?, "customer_uuid").to_owned();
        self.invoices.remove(uuid);
        self.refresh_revenue(&customer);
        Ok(Reply::empty(204))
    }

    pub(super) fn delete_invoice_by_external_id(&mut self, call: &Call<'_>) -> Outcome {
        let uuid = self.named_invoice(call)?;
        self.delete_invoice(&uuid)
    }

    pub(super) fn delete_customer_invoices(
        &mut self,
        call: &Call<'_>,
        source: &str,
        customer: &str,
    ) -> Outcome {
        self.source(source)?;
        let record =
            self.customers.get(customer).ok_or_else(|| worded(404, "Customer not found"))?;
        if let Some(external_id) = call.query("customer_external_id")
            && !customer_sources(record).iter().any(|(_, known)| known == external_id)
        {
            return Err(worded(404, "Customer not found"));
        }
        for uuid in self.invoices.ids("customer_uuid", customer) {
            if self
                .invoices
                .get(&uuid)
                .is_some_and(|invoice| text(invoice, "data_source_uuid") == source)
            {
                self.invoices.remove(&uuid);
            }
        }
        self.refresh_revenue(customer);
        Ok(Reply::empty(204))
    }
}

/// Problems as the import's answer holds them: field to list of texts.
pub(super) fn by_field(problems: &[(String, String)]) -> Value {
    problems
        .iter()
        .map(|(field, message)| (field.clone(), json!([message])))
        .collect::<Map<_, _>>()
        .into()
}
