//! What all plain resources share: find, list a page, create, change, remove.

use serde_json::{Value, json};

use super::refusals::missing;
use super::store::{Record, Store, text};
use super::{Exchange, Reply};

/// The record of this id, or a 404 that names the kind.
pub(super) fn find(
    store: &Store,
    exchange: &mut Exchange<'_>,
    kind: &str,
    id: &str,
    title: &str,
) -> Result<Record, Reply> {
    match store.of(kind).get(id) {
        Some(record) => Ok(record.clone()),
        None => Err(missing(exchange, &format!("{title} not found"))),
    }
}

/// The records of a kind that fit, of the location that the query names.
pub(super) fn listed(store: &Store, kind: &str, fits: impl Fn(&Record) -> bool) -> Vec<Record> {
    store.of(kind).all().filter(|record| fits(record)).cloned().collect()
}

/// So many records from so many on, as the query asks: `skip` or `offset`, and `limit`.
pub(super) fn page(exchange: &Exchange<'_>, records: Vec<Record>, usual: usize) -> Vec<Record> {
    let skip = exchange.query_number("skip").or_else(|| exchange.query_number("offset"));
    let limit = exchange.query_number("limit").unwrap_or(usual);
    records.into_iter().skip(skip.unwrap_or(0)).take(limit).collect()
}

/// How a list is sorted: the query's `sortBy` and `order`.
pub(super) struct ListSort {
    /// By when records were changed, not by when they were made.
    pub(super) by_change: bool,
    /// The oldest first.
    pub(super) ascending: bool,
}

impl ListSort {
    /// The newest first, where nothing is asked for.
    pub(super) fn of(exchange: &Exchange<'_>) -> Self {
        let field = exchange.query("sortBy").unwrap_or_default().to_lowercase();
        let order = exchange.query("order").unwrap_or_default().to_lowercase();
        Self {
            by_change: field.contains("updated") || order.starts_with("updated"),
            ascending: order == "asc" || order.ends_with("_asc"),
        }
    }
}

/// Stores a new record: a new id, these properties, then what the body gives.
pub(super) fn create(
    store: &mut Store,
    exchange: &mut Exchange<'_>,
    kind: &'static str,
    properties: Value,
) -> Record {
    let mut record = Record::from_iter([("id".to_owned(), json!(exchange.random.id(20)))]);
    record.extend(properties.as_object().cloned().unwrap_or_default());
    record.extend(given(exchange));
    store.of_mut(kind).put(record.clone());
    record
}

/// Changes a record by what the body gives and by these properties.
pub(super) fn change(
    store: &mut Store,
    exchange: &Exchange<'_>,
    kind: &'static str,
    mut record: Record,
    properties: Value,
) -> Record {
    record.extend(given(exchange));
    record.extend(properties.as_object().cloned().unwrap_or_default());
    store.of_mut(kind).put(record.clone());
    record
}

/// The body's properties that are not null.
fn given(exchange: &Exchange<'_>) -> Record {
    exchange.properties().into_iter().filter(|(_, value)| !value.is_null()).collect()
}

/// A record without what is stored of it and no answer shows.
pub(super) fn without(mut record: Record, names: &[&str]) -> Record {
    record.retain(|name, _| !names.contains(&name.as_str()));
    record
}

/// The same record with `_id` for `id`, as some families spell it.
pub(super) fn with_underscore(mut record: Record) -> Record {
    if let Some(id) = record.remove("id") {
        record.insert("_id".into(), id);
    }
    record
}

/// Whether a record belongs to what a query parameter names; true where it names nothing.
pub(super) fn same(exchange: &Exchange<'_>, record: &Record, name: &str) -> bool {
    exchange.query(name).is_none_or(|wanted| text(record, name) == wanted)
}
