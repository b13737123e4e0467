//! Activities, the movements of recurring revenue, and their export.

use serde_json::{Value, json};

use super::account::{Account, customer_sources};
use super::metrics_form::{currency_sign, numbered, with_offset};
use super::reading::{Outcome, body, instant, invalid_cursor};
use super::refusals::{coded, invalid};
use super::store::{Record, text};
use crate::dates;
use crate::sandbox::service::{Call, Reply};

/// Milliseconds that an export takes.
const EXPORT_MS: u64 = 1500;
/// Milliseconds that an export's file stays: seven days.
const FILE_MS: u64 = 7 * 86_400_000;

impl Account {
    /// Keeps an activity of a customer; the same activity always has the same uuid.
    pub(super) fn record_activity(&mut self, customer: &str, mut activity: Record, at: i64) {
        let key = format!(
            "{customer} {} {} {}",
            text(&activity, "date"),
            text(&activity, "subscription-external-id"),
            text(&activity, "type")
        );
        let uuid = stable_uuid(&key);
        activity.insert("uuid".into(), json!(uuid));
        activity.insert("customer_uuid".into(), json!(customer));
        let micros = u64::try_from(at).unwrap_or(0) * 1000;
        self.activities.put(&uuid, Some(micros), activity);
    }

    fn show_activity(&self, record: &Record) -> Value {
        let mut shown = record.clone();
        let customer = self.customers.get(text(record, "customer_uuid"));
        let source = customer.and_then(|customer| customer_sources(customer).into_iter().next());
        shown.remove("customer_uuid");
        shown
            .insert("customer-name".into(), json!(customer.map(|customer| text(customer, "name"))));
        shown.insert("customer-uuid".into(), json!(text(record, "customer_uuid")));
        shown.insert("customer-external-id".into(), json!(source.as_ref().map(|(_, id)| id)));
        shown.insert(
            "billing-connector-uuid".into(),
            json!(source.as_ref().map(|(source, _)| source)),
        );
        Value::Object(shown)
    }

    /// By date; the cursor is the last entry's uuid.
    pub(super) fn list_activities(&self, call: &Call<'_>) -> Outcome {
        let bound = |name: &str| call.query(name).and_then(dates::instant_of);
        let (start, end) = (bound("start-date"), bound("end-date"));
        let of = call.query("type");
        let mut found: Vec<&Record> = self
            .activities
            .all()
            .filter(|record| {
                let at = dates::instant_of(text(record, "date")).unwrap_or(0);
                start.is_none_or(|start| at >= start)
                    && end.is_none_or(|end| at < end + 86_400_000)
                    && of.is_none_or(|of| text(record, "type") == of)
            })
            .collect();
        if call.query("order") == Some("-date") {
            found.reverse();
        }
        let after = call
            .query("cursor")
            .or_else(|| call.query("start-after"))
            .filter(|cursor| !cursor.is_empty());
        if let Some(after) = after {
            let position = found.iter().position(|record| text(record, "uuid") == after);
            found.drain(..=position.ok_or_else(invalid_cursor)?);
        }
        let per_page = call.query("per_page").or_else(|| call.query("per-page"));
        let per_page =
            per_page.and_then(|text| text.parse().ok()).unwrap_or(200_usize).clamp(1, 200);
        let has_more = found.len() > per_page;
        found.truncate(per_page);
        let cursor = found.last().map(|record| text(record, "uuid"));
        let entries: Vec<Value> = found.iter().map(|record| self.show_activity(record)).collect();
        let body = json!({"entries": entries, "has_more": has_more, "per_page": per_page, "cursor": cursor});
        Ok(Reply::json(200, &body))
    }

    /// The newest first, in the older form.
    pub(super) fn list_customer_activities(&self, call: &Call<'_>, uuid: &str) -> Outcome {
        let customer = text(self.customer(uuid)?, "uuid").to_owned();
        let mut entries: Vec<Value> = self
            .activities
            .find("customer_uuid", &customer)
            .map(|record| {
                let mut shown = record.clone();
                let uuid = text(record, "uuid").to_owned();
                shown.retain(|name, _| {
                    !["uuid", "customer_uuid", "subscription-set-external-id", "plan-external-id"]
                        .contains(&name.as_str())
                });
                shown.insert("id".into(), json!(stable_number(&uuid)));
                let sign = currency_sign(text(record, "currency")).to_owned();
                shown.insert("currency-sign".into(), json!(sign));
                Value::Object(shown)
            })
            .collect();
        entries.reverse();
        numbered(call, &entries, "activities_next_page")
    }

    pub(super) fn create_export(&mut self, call: &Call<'_>) -> Outcome {
        let body = body(call)?;
        let mut params = Record::new();
        for (given, kept) in [("start-date", "start_date"), ("end-date", "end_date")] {
            if let Some(value) = body.get(given) {
                let at = instant(value).ok_or_else(|| invalid(given, "The date is not valid."))?;
                let spoken = dates::iso(at).replace('T', " ").replace(".000Z", " +0000");
                params.insert(kept.to_owned(), json!(spoken));
            }
        }
        if let Some(of) = body.get("type") {
            params.insert("activity_type".into(), of.clone());
        }
        let id = self.uuid("");
        let record = Record::from_iter([
            ("uuid".to_owned(), json!(id)),
            ("params".to_owned(), json!({"kind": "activities", "params": params})),
            ("created_ms".to_owned(), json!(self.now_ms)),
        ]);
        let shown = self.show_export(&record);
        let micros = self.tick();
        self.exports.add(micros, record);
        Ok(Reply::json(200, &shown))
    }

    /// Pending at first, done once its time has passed.
    fn show_export(&self, record: &Record) -> Value {
        let created = record.get("created_ms").and_then(Value::as_u64).unwrap_or(0);
        let done = self.now_ms >= created + EXPORT_MS;
        let id = text(record, "uuid");
        let file =
            format!("https://chartmogul-customer-export.example/activities-sandbox-{id}.zip");
        let at =
            |milliseconds: u64| with_offset(&dates::iso(i64::try_from(milliseconds).unwrap_or(0)));
        json!({
            "id": id,
            "status": if done { "succeeded" } else { "pending" },
            "file_url": done.then_some(file),
            "params": record.get("params"),
            "expires_at": done.then(|| at(created + EXPORT_MS + FILE_MS)),
            "created_at": at(created),
        })
    }

    pub(super) fn retrieve_export(&self, id: &str) -> Outcome {
        let record = self.exports.get(id);
        let record = record
            .ok_or_else(|| coded(404, &format!("Export \"{id}\" does not exist"), Some("id")))?;
        Ok(Reply::json(200, &self.show_export(record)))
    }
}

/// FNV-1a, for numbers that stay the same from run to run.
fn stable_number(key: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in key.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash >> 24
}

fn stable_uuid(key: &str) -> String {
    let (high, low) = (stable_number(key), stable_number(&format!("{key}.")));
    let (a, b) = (high & 0xffff_ffff, low & 0xffff);
    format!("{a:08x}-{b:04x}-4000-8000-{:012x}", low & 0xffff_ffff_ffff)
}
