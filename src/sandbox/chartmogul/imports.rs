//! The two ways of bulk import: JSON and CSV. Both are taken over at once; the JSON one is said to
//! be done a little later, as the real one is.

use serde_json::{Value, json};

use super::account::Account;
use super::billing::Part;
use super::reading::{Outcome, body, required};
use super::refusals::{coded, invalid, missing, worded};
use super::store::{Record, text};
use crate::sandbox::service::{Call, Reply};

/// Milliseconds that a JSON import takes.
const IMPORT_MS: u64 = 1500;
/// The most bytes of a JSON import.
const MOST_BYTES: usize = 5 * 1024 * 1024;
const UPLOAD_TYPES: &[&str] = &[
    "customer",
    "contact",
    "plan",
    "invoice",
    "line_item",
    "transaction",
    "subscription_event",
    "manual_subscription_event",
    "customer_note",
    "customers_contacts_enrichment",
];

fn objects<'a>(body: &'a Record, name: &str) -> impl Iterator<Item = &'a Record> {
    body.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

impl Account {
    pub(super) fn create_json_import(&mut self, call: &Call<'_>, source: &str) -> Outcome {
        self.source(source)?;
        if call.body.len() > MOST_BYTES {
            return Err(coded(422, "The import is larger than 5 MB", None));
        }
        let body = body(call)?;
        let external_id = required(&body, "external_id")?.to_owned();
        let details = self.import(source, &body);
        let uuid = self.uuid("");
        let record = Record::from_iter([
            ("uuid".to_owned(), json!(uuid)),
            ("external_id".to_owned(), json!(external_id)),
            ("data_source_uuid".to_owned(), json!(source)),
            ("status_details".to_owned(), details),
            ("created_at".to_owned(), self.now()),
            ("created_ms".to_owned(), json!(self.now_ms)),
        ]);
        let shown = self.show_import(&record);
        let micros = self.tick();
        self.imports.add(micros, record);
        Ok(Reply::json(200, &shown))
    }

    fn show_import(&self, record: &Record) -> Value {
        let created = record.get("created_ms").and_then(Value::as_u64).unwrap_or(0);
        let done = self.now_ms >= created + IMPORT_MS;
        json!({
            "id": text(record, "uuid"),
            "data_source_uuid": text(record, "data_source_uuid"),
            "status": if done { "completed" } else { "queued" },
            "external_id": text(record, "external_id"),
            "status_details": if done { record.get("status_details").cloned().unwrap_or_default() } else { json!({}) },
            "created_at": record.get("created_at"),
            "updated_at": if done { self.now() } else { record.get("created_at").cloned().unwrap_or_default() },
        })
    }

    pub(super) fn retrieve_json_import(&self, source: &str, import: &str) -> Outcome {
        self.source(source)?;
        let by_external_id = self.imports.find("external_id", import);
        let record = self.imports.get(import).or_else(|| by_external_id.into_iter().next());
        let record = record.filter(|record| text(record, "data_source_uuid") == source);
        let record = record.ok_or_else(|| worded(404, "Import not found"))?;
        Ok(Reply::json(200, &self.show_import(record)))
    }

    /// Takes over all records of an import; tells for each customer and kind what came of it.
    fn import(&mut self, source: &str, body: &Record) -> Value {
        let mut details = Record::new();
        for plan in objects(body, "plans") {
            let mut plan = plan.clone();
            plan.insert("data_source_uuid".into(), json!(source));
            note(&mut details, "plans", self.insert_plan(&plan).is_ok());
        }
        for customer in objects(body, "customers") {
            let mut customer = customer.clone();
            customer.insert("data_source_uuid".into(), json!(source));
            if let Some(custom) = customer.remove("custom") {
                customer.insert("attributes".into(), json!({ "custom": custom }));
            }
            let external_id = text(&customer, "external_id").to_owned();
            let done = self.insert_customer(&customer).is_ok();
            note(&mut details, &external_id, done);
        }
        let mut touched = Vec::new();
        for invoice in objects(body, "invoices") {
            let owner = format!("{source} {}", text(invoice, "customer_external_id"));
            let customer = self.customers.find("source", &owner).next().cloned();
            let mut invoice = invoice.clone();
            invoice.insert("data_source_uuid".into(), json!(source));
            let done = customer.is_some_and(|customer| {
                touched.push(text(&customer, "uuid").to_owned());
                self.insert_invoice(&customer, &invoice).is_ok()
            });
            note(&mut details, "invoices", done);
        }
        for (part, kind) in [(Part::LineItem, "line_items"), (Part::Transaction, "transactions")] {
            for item in objects(body, kind) {
                let done = self.import_part(source, part, item);
                note(&mut details, kind, done);
            }
        }
        for event in objects(body, "subscription_events") {
            let mut event = event.clone();
            event.insert("data_source_uuid".into(), json!(source));
            note(&mut details, "subscription_events", self.insert_event(&event).is_ok());
        }
        for customer in touched {
            self.refresh_revenue(&customer);
        }
        Value::Object(details)
    }

    /// Adds a line item or transaction to the invoice that it names by external id.
    fn import_part(&mut self, source: &str, part: Part, item: &Record) -> bool {
        let Some(invoice) =
            self.invoice_by_external_id(source, text(item, "invoice_external_id")).cloned()
        else {
            return false;
        };
        let mut item = item.clone();
        if let Some(plan) = self.plan_by_external_id(source, text(&item, "plan_external_id")) {
            let uuid = text(plan, "uuid").to_owned();
            item.insert("plan_uuid".into(), json!(uuid));
        }
        let Ok(made) = self.new_part(part, &invoice, &item) else { return false };
        let uuid = text(&invoice, "uuid");
        self.invoices.change(uuid, |record| {
            if let Some(Value::Array(items)) = record.get_mut(part.key()) {
                items.push(Value::Object(made));
            }
        });
        self.refresh_invoice_revenue(uuid);
        true
    }

    /// Takes the file's name and kind; its rows are not read.
    pub(super) fn create_upload(&mut self, call: &Call<'_>, source: &str) -> Outcome {
        self.source(source)?;
        let form = String::from_utf8_lossy(call.body);
        let boundary = call.header("content-type").and_then(|of| of.split_once("boundary="));
        let boundary = boundary.map(|(_, boundary)| boundary.trim_matches('"').to_owned());
        let Some(boundary) = boundary else {
            return Err(coded(400, "The body is not a form", None));
        };
        let mut fields = Record::new();
        for part in form.split(&format!("--{boundary}")) {
            let Some((head, value)) = part.split_once("\r\n\r\n") else { continue };
            let named = |name: &str| {
                let start = head.split(&format!("{name}=\"")).nth(1)?;
                start.split('"').next().map(str::to_owned)
            };
            if let Some(file) = named("; filename") {
                fields.insert("original_name".into(), json!(file));
            } else if let Some(name) = named("; name") {
                fields.insert(name, json!(value.trim_end_matches("\r\n")));
            }
        }
        let of = text(&fields, "type").to_owned();
        if !fields.contains_key("original_name") {
            return Err(missing("file"));
        }
        if of.is_empty() {
            return Err(missing("type"));
        }
        if !UPLOAD_TYPES.contains(&of.as_str()) {
            return Err(invalid("type", "The type is not one of the types."));
        }
        let id = self.uuid("");
        let now = self.now().as_str().map(|now| now.replace(".000Z", "Z")).unwrap_or_default();
        let shown = json!({
            "id": id,
            "original_name": text(&fields, "original_name"),
            "data_type": of,
            "storage_path": format!("68/{}/{id}", source.trim_start_matches("ds_")),
            "percent_complete": 0,
            "created_at": now,
            "updated_at": now,
            "batch_name": fields.get("batch_name"),
        });
        Ok(Reply::json(201, &shown))
    }
}

/// Notes what came of a record; one that failed marks its whole group.
fn note(details: &mut Record, group: &str, done: bool) {
    let failed =
        details.get(group).is_some_and(|known| known.get("status") == Some(&json!("failed")));
    let status = if done && !failed { "imported" } else { "failed" };
    details.insert(group.to_owned(), json!({ "status": status }));
}
