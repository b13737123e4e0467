//! Metrics, worked out from the customers' revenue.

use serde_json::{Map, Value, json};

use super::account::Account;
use super::reading::Outcome;
use super::refusals::{invalid, missing, page_not_found};
use super::store::{Record, text};
use crate::dates;
use crate::sandbox::service::{Call, Reply};

const DAY_MS: i64 = 86_400_000;
/// More steps than this are not shown.
const MOST_ENTRIES: usize = 4000;

/// One customer's movement of revenue.
struct Movement {
    at: i64,
    cents: i64,
    of: String,
    customer: String,
}

/// Revenue at one instant.
#[derive(Default)]
struct Level {
    mrr: i64,
    customers: i64,
    moved: Map<String, Value>,
    lost_customers: i64,
    lost_mrr: i64,
}

impl Account {
    /// All movements in order of time.
    fn movements(&self) -> Vec<Movement> {
        let mut movements: Vec<Movement> = self
            .activities
            .all()
            .map(|record| Movement {
                at: dates::instant_of(text(record, "date")).unwrap_or(0),
                cents: record.get("activity-mrr-movement").and_then(Value::as_i64).unwrap_or(0),
                of: text(record, "type").to_owned(),
                customer: text(record, "customer_uuid").to_owned(),
            })
            .collect();
        movements.sort_by(|one, other| {
            one.at.cmp(&other.at).then_with(|| one.customer.cmp(&other.customer))
        });
        movements
    }

    pub(super) fn show_metric(&self, call: &Call<'_>, metric: &str) -> Outcome {
        const METRICS: &[&str] = &[
            "all",
            "mrr",
            "arr",
            "arpa",
            "asp",
            "customer-count",
            "customer-churn-rate",
            "mrr-churn-rate",
            "ltv",
        ];
        if !METRICS.contains(&metric) {
            return Err(page_not_found());
        }
        let day = |name: &'static str| {
            let given = call.query(name).ok_or_else(|| missing(name))?;
            dates::instant_of(given).ok_or_else(|| invalid(name, "The date is not valid."))
        };
        let (start, end) = (day("start-date")?, day("end-date")?);
        // Recorded: levels come by day unless asked otherwise, rates by month.
        let daily = ["mrr", "arr", "arpa", "customer-count"].contains(&metric);
        let interval = call.query("interval").unwrap_or(if daily { "day" } else { "month" });
        let movements = self.movements();
        let mut entries = Vec::new();
        let mut from = start;
        while from <= end && entries.len() < MOST_ENTRIES {
            let to = last_day(from, interval)
                .ok_or_else(|| invalid("interval", "The interval is not one of the intervals."))?
                .min(end);
            entries.push(entry(metric, &level(&movements, from, to), to));
            from = to + DAY_MS;
        }
        if metric == "all" {
            let summary = with_changes(&mut entries);
            return Ok(Reply::json(200, &json!({ "entries": entries, "summary": summary })));
        }
        if call.query("interval").is_some() {
            add_changes(&mut entries, value_name(metric), "percentage-change");
        }
        let value = |entry: Option<&Record>| {
            entry
                .and_then(|entry| entry.get(value_name(metric)))
                .cloned()
                .unwrap_or_else(|| json!(0))
        };
        let (current, previous) = (value(entries.last()), value(entries.iter().rev().nth(1)));
        let change = percent(previous.as_f64().unwrap_or(0.0), current.as_f64().unwrap_or(0.0));
        let summary =
            json!({"current": current, "previous": previous, "percentage-change": change});
        Ok(Reply::json(200, &json!({"entries": entries, "summary": summary})))
    }
}

/// The name of a metric's value in its entries.
fn value_name(metric: &str) -> &str {
    if metric == "customer-count" { "customers" } else { metric }
}

/// The last day of the interval that begins on this day; `None` for an unknown interval.
fn last_day(from: i64, interval: &str) -> Option<i64> {
    let months = match interval {
        "day" => return Some(from),
        "week" => return Some(from + 6 * DAY_MS),
        "month" => 1,
        "quarter" => 3,
        "year" => 12,
        _ => return None,
    };
    let text = dates::local_day(from, 0);
    let mut parts = text.split('-').filter_map(|part| part.parse::<i32>().ok());
    let (year, month) = (parts.next()?, parts.next()?);
    let next = (month - 1) / months * months + months;
    let first = format!("{:04}-{:02}-01", year + next / 12, next % 12 + 1);
    Some(dates::instant_of(&first)? - DAY_MS)
}

/// The revenue at the end of a step, and what moved in it.
fn level(movements: &[Movement], from: i64, to: i64) -> Level {
    let mut level = Level::default();
    let mut paying = std::collections::BTreeMap::<&str, i64>::new();
    let end = to + DAY_MS;
    for movement in movements.iter().take_while(|movement| movement.at < end) {
        *paying.entry(&movement.customer).or_default() += movement.cents;
        level.mrr += movement.cents;
        if movement.at >= from {
            let name = match movement.of.as_str() {
                "new_biz" => "mrr-new-business".to_owned(),
                other => format!("mrr-{other}"),
            };
            let sum = level.moved.get(&name).and_then(Value::as_i64).unwrap_or(0) + movement.cents;
            level.moved.insert(name, json!(sum));
            if movement.of == "churn" {
                level.lost_customers += 1;
                level.lost_mrr -= movement.cents;
            }
        }
    }
    level.customers =
        i64::try_from(paying.values().filter(|cents| **cents > 0).count()).unwrap_or(0);
    level
}

/// Adds to each entry how a value changed since the one before, in percent; 0 to the first.
fn add_changes(entries: &mut [Record], value: &str, change: &str) {
    let mut before = None;
    for entry in entries {
        let now = entry.get(value).and_then(Value::as_f64).unwrap_or(0.0);
        entry.insert(change.to_owned(), json!(percent(before.unwrap_or(now), now)));
        before = Some(now);
    }
}

/// Adds the changes of all values; gives the summary of the last two entries.
fn with_changes(entries: &mut [Record]) -> Record {
    const VALUES: &[&str] =
        &["mrr", "arr", "customer-churn-rate", "mrr-churn-rate", "ltv", "customers", "asp", "arpa"];
    let mut summary = Record::new();
    for name in VALUES {
        let change = format!("{name}-percentage-change");
        add_changes(entries, name, &change);
        let of = |entry: Option<&Record>, name: &str| {
            entry.and_then(|entry| entry.get(name)).cloned().unwrap_or_else(|| json!(0))
        };
        let (last, previous) = (entries.last(), entries.iter().rev().nth(1));
        summary.insert(format!("current-{name}"), of(last, name));
        summary.insert(format!("previous-{name}"), of(previous, name));
        summary.insert(change.clone(), of(last, &change));
    }
    summary
}

fn entry(metric: &str, level: &Level, to: i64) -> Record {
    let each = |cents: i64| if level.customers == 0 { 0 } else { cents / level.customers };
    let rate = |lost: i64, left: i64| {
        if lost == 0 {
            0.0
        } else {
            (lost as f64 * 10_000.0 / (lost + left) as f64).round() / 100.0
        }
    };
    let churn = rate(level.lost_customers, level.customers);
    let values = [
        ("mrr", json!(level.mrr)),
        ("arr", json!(level.mrr * 12)),
        ("arpa", json!(each(level.mrr))),
        ("asp", json!(each(level.mrr))),
        ("customers", json!(level.customers)),
        ("customer-churn-rate", json!(churn)),
        ("mrr-churn-rate", json!(rate(level.lost_mrr, level.mrr))),
        (
            "ltv",
            json!(if churn > 0.0 { (each(level.mrr) as f64 * 100.0 / churn).round() } else { 0.0 }),
        ),
    ];
    let mut entry = Record::new();
    entry.insert("date".into(), json!(dates::local_day(to, 0)));
    for (name, value) in values {
        if metric == "all" || name == value_name(metric) {
            entry.insert(name.to_owned(), value);
        }
    }
    if metric == "mrr" {
        for name in [
            "mrr-new-business",
            "mrr-expansion",
            "mrr-contraction",
            "mrr-churn",
            "mrr-reactivation",
        ] {
            entry.insert(
                name.to_owned(),
                level.moved.get(name).cloned().unwrap_or_else(|| json!(0)),
            );
        }
    }
    entry
}

fn percent(before: f64, now: f64) -> f64 {
    if before == 0.0 { 0.0 } else { ((now - before) / before * 10_000.0).round() / 100.0 }
}
