//! What properties were before: read with `attributes_with_history`, since September 2026.

use serde_json::{Value, json};

use super::account::Account;
use super::reading::flag;
use super::store::Record;
use crate::sandbox::service::Call;

/// Where a record keeps its history: entries by the name under which they are asked for.
const HISTORY: &str = "history";
/// Not properties that a person sees change.
const UNNOTED: &[&str] =
    &[HISTORY, "updated_at", "overrides", "custom", "mrr", "since", "paid_status"];

/// Notes in a record which of its properties a write changed.
pub(super) fn note(before: &Record, after: &mut Record, now: &Value) {
    let mut changes: Vec<(String, Value, Value)> = Vec::new();
    let mut compare = |prefix: &str, before: &Record, after: &Record| {
        let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
        for name in names.filter(|name| !prefix.is_empty() || !UNNOTED.contains(&name.as_str())) {
            let of = |record: &Record| record.get(name).cloned().unwrap_or_default();
            if of(before) != of(after) {
                changes.push((format!("{prefix}{name}"), of(before), of(after)));
            }
        }
    };
    let custom = |record: &Record| object(record, "custom");
    compare("", before, after);
    compare("custom.", &custom(before), &custom(after));
    if changes.is_empty() {
        return;
    }
    let mut history = object(after, HISTORY);
    for (name, before, value) in changes {
        let entries = history.entry(name).or_insert_with(|| json!([entry(&before, None)]));
        if let Value::Array(entries) = entries {
            entries.push(entry(&value, Some(now)));
        }
    }
    after.insert(HISTORY.into(), Value::Object(history));
}

fn object(record: &Record, name: &str) -> Record {
    record.get(name).and_then(Value::as_object).cloned().unwrap_or_default()
}

/// A value and when it was written; without an instant, the first one.
fn entry(value: &Value, at: Option<&Value>) -> Value {
    json!({
        "value": value,
        "update_performed_at": at,
        "update_performed_by": at.map(|_| "API"),
        "initial": at.is_none(),
    })
}

impl Account {
    /// A record as it is shown, with what the query asks for besides: overrides and earlier values.
    pub(super) fn with_history(&self, call: &Call<'_>, record: &Record, mut shown: Value) -> Value {
        let Some(properties) = shown.as_object_mut() else { return shown };
        if flag(call, "with_overrides") == Some(true) {
            let overrides = record.get("overrides").cloned().unwrap_or_else(|| json!({}));
            properties.insert("overrides".into(), overrides);
        } else {
            properties.remove("overrides");
        }
        let Some(asked) = call.query("attributes_with_history").filter(|_| self.is_2026()) else {
            return shown;
        };
        let known = object(record, HISTORY);
        let mut values = Record::new();
        for name in asked.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let first = || {
                let now = match name.strip_prefix("custom.") {
                    Some(key) => object(record, "custom").get(key).cloned(),
                    None => record.get(name).cloned(),
                };
                json!([entry(&now.unwrap_or_default(), None)])
            };
            values.insert(name.to_owned(), known.get(name).cloned().unwrap_or_else(first));
        }
        properties.insert("historical_values".into(), Value::Object(values));
        shown
    }
}
