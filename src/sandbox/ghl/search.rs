//! `POST /contacts/search`: filters, sort, pages and cursors, on contacts as the index sees them,
//! which is some time after they were written.

use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::{Value, json};

use super::contact_forms::full_name;
use super::refusals::{bad_request, unprocessable};
use super::rules::Generation;
use super::store::{Record, Snapshot, Store, text};
use super::{Answered, Exchange};
use crate::sandbox::time_text::parse;

/// Most records of a page.
const PAGE_LIMIT: u64 = 500;
/// Records that can be reached by page number; beyond them, only by cursor.
const WINDOW: u64 = 10_000;
/// Most characters of a query or a filter's value.
const LONGEST: usize = 75;

const SORT_FIELDS: &[&str] = &[
    "firstNameLowerCase",
    "lastNameLowerCase",
    "businessName",
    "dateAdded",
    "dateUpdated",
    "email",
    "dnd",
    "source",
];

const FILTER_FIELDS: &[&str] = &[
    "id",
    "address",
    "assignedTo",
    "businessName",
    "businessId",
    "city",
    "country",
    "companyName",
    "dateAdded",
    "dateUpdated",
    "dnd",
    "email",
    "followers",
    "firstNameLowerCase",
    "lastNameLowerCase",
    "isValidWhatsapp",
    "lastEmailClickedDate",
    "lastEmailOpenedDate",
    "phone",
    "postalCode",
    "source",
    "state",
    "tags",
    "timezone",
    "type",
    "validEmail",
    "website",
    "lastAppointment",
    "activeWorkflows",
    "finishedWorkflows",
    "opportunities",
    "dndSettings.Email.status",
    "dndSettings.SMS.status",
    "dndSettings.Call.status",
    "inboundDndSettings.all.status",
];

const DATE_FIELDS: &[&str] =
    &["dateAdded", "dateUpdated", "lastEmailClickedDate", "lastEmailOpenedDate", "lastAppointment"];

/// The rows of the last search, sorted: the next page asks the same.
#[derive(Debug, Default)]
pub(super) struct SearchCache {
    asked: String,
    revision: Option<u64>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    contact: Arc<Snapshot>,
    /// The values it is sorted by, and its id.
    place: Vec<Value>,
}

/// One field to sort by.
struct Sort {
    field: String,
    descending: bool,
}

/// Answers a search.
pub(super) fn answer(
    store: &mut Store,
    cache: &mut SearchCache,
    exchange: &mut Exchange<'_>,
) -> Answered {
    let limit = page_limit(exchange)?;
    let page = exchange.body.get("page").and_then(Value::as_u64);
    let after = exchange.body.get("searchAfter").and_then(Value::as_array).cloned();
    if page.is_some() && after.is_some() {
        return Err(bad_request(exchange, "page and searchAfter can not be used together"));
    }
    if page.unwrap_or(1).saturating_mul(limit) > WINDOW {
        return Err(bad_request(
            exchange,
            "Result window is too large, page * pageLimit must be less than or equal to 10000",
        ));
    }
    let sorts = read_sorts(exchange)?;
    let filters =
        exchange.body.get("filters").and_then(Value::as_array).cloned().unwrap_or_default();
    for filter in &filters {
        check_filter(filter, exchange)?;
    }
    let words = exchange.body_text("query").unwrap_or_default().to_lowercase();
    let asked =
        json!([filters, words, exchange.body.get("sort"), exchange.body.get("sortDirection")])
            .to_string();
    let revision = store.contacts.search_revision(exchange.now_ms);
    if revision.is_none() || cache.revision != revision || cache.asked != asked {
        let rows = sorted(store, &filters, &words, &sorts, exchange.now_ms);
        *cache = SearchCache { asked, revision, rows };
    }
    let first = match (&after, page) {
        (Some(after), _) => cache
            .rows
            .partition_point(|row| compare(&row.place, after, &sorts) != Ordering::Greater),
        (None, page) => (page.unwrap_or(1).max(1) - 1).saturating_mul(limit) as usize,
    };
    let page = cache.rows.iter().skip(first).take(limit as usize);
    let contacts: Vec<Value> = page.map(|row| found(row, exchange.generation)).collect();
    // Moved, not copied through `json!`: pages are large.
    let mut body = Record::from_iter([("contacts".to_owned(), Value::Array(contacts))]);
    body.insert("total".into(), json!(cache.rows.len()));
    body.insert("traceId".into(), json!(exchange.trace_id()));
    Ok(exchange.succeed(&Value::Object(body)))
}

fn page_limit(exchange: &mut Exchange<'_>) -> Result<u64, super::Reply> {
    let limit = exchange.body.get("pageLimit").and_then(Value::as_u64).unwrap_or(0);
    let long = exchange.body_text("query").is_some_and(|query| query.chars().count() > LONGEST);
    let violation = match limit {
        0 => "pageLimit must not be less than 1",
        _ if limit > PAGE_LIMIT => "pageLimit must not be greater than 500",
        _ if long => "query must be shorter than or equal to 75 characters",
        _ => return Ok(limit),
    };
    Err(unprocessable(exchange, &[violation.to_owned()]))
}

fn read_sorts(exchange: &mut Exchange<'_>) -> Result<Vec<Sort>, super::Reply> {
    let asked = match exchange.body.get("sort") {
        Some(Value::Array(sorts)) => sorts.clone(),
        Some(Value::String(field)) => {
            let direction = exchange.body_text("sortDirection").unwrap_or("desc");
            vec![json!({ "field": field, "direction": direction })]
        }
        _ => Vec::new(),
    };
    if asked.len() > 2 {
        return Err(unprocessable(exchange, &["sort must contain no more than 2 elements".into()]));
    }
    let mut sorts = Vec::new();
    for sort in &asked {
        let field = sort.get("field").and_then(Value::as_str).unwrap_or_default();
        let direction = sort.get("direction").and_then(Value::as_str).unwrap_or("desc");
        if !SORT_FIELDS.contains(&field) {
            return Err(bad_request(exchange, &format!("Invalid sort field {field}")));
        }
        if !["asc", "desc"].contains(&direction) {
            return Err(bad_request(exchange, &format!("Invalid sort direction {direction}")));
        }
        sorts.push(Sort { field: field.to_owned(), descending: direction == "desc" });
    }
    if sorts.is_empty() {
        sorts.push(Sort { field: "dateAdded".into(), descending: true });
    }
    Ok(sorts)
}

fn sorted(
    store: &mut Store,
    filters: &[Value],
    words: &str,
    sorts: &[Sort],
    now_ms: u64,
) -> Vec<Row> {
    let searchable = store.contacts.searchable(now_ms);
    let fitting = searchable.into_iter().filter(|contact| {
        contains(contact, words) && filters.iter().all(|filter| fits(store, contact, filter))
    });
    let mut rows: Vec<Row> = fitting
        .map(|contact| {
            let mut place: Vec<Value> =
                sorts.iter().map(|sort| sort_value(&contact, &sort.field)).collect();
            place.push(json!(text(&contact.fields, "id")));
            Row { contact, place }
        })
        .collect();
    rows.sort_by(|one, other| compare(&one.place, &other.place, sorts));
    rows
}

/// What a contact is sorted by: dates as milliseconds, texts in lower case.
fn sort_value(contact: &Snapshot, field: &str) -> Value {
    match field {
        "dateAdded" => json!(contact.added_ms),
        "dateUpdated" => json!(contact.updated_ms),
        "dnd" => json!(u8::from(contact.fields.get("dnd") == Some(&json!(true)))),
        _ => match value_of(contact, field) {
            Value::String(text) => json!(text.to_lowercase()),
            other => other,
        },
    }
}

/// The order of two places; what has no value comes last, and the id settles the rest.
fn compare(one: &[Value], other: &[Value], sorts: &[Sort]) -> Ordering {
    for (index, (left, right)) in one.iter().zip(other).enumerate() {
        let order = match (left, right) {
            (Value::Null, Value::Null) => Ordering::Equal,
            (Value::Null, _) => return Ordering::Greater,
            (_, Value::Null) => return Ordering::Less,
            (Value::Number(left), Value::Number(right)) => {
                left.as_f64().partial_cmp(&right.as_f64()).unwrap_or(Ordering::Equal)
            }
            (left, right) => left.as_str().cmp(&right.as_str()),
        };
        let descending = sorts.get(index).is_some_and(|sort| sort.descending);
        let order = if descending { order.reverse() } else { order };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

fn contains(contact: &Snapshot, words: &str) -> bool {
    words.is_empty()
        || [full_name(&contact.fields).as_str()]
            .into_iter()
            .chain(["email", "phone", "companyName"].map(|name| text(&contact.fields, name)))
            .any(|value| value.to_lowercase().contains(words))
}

/// Refuses a filter that the real search would refuse.
fn check_filter(filter: &Value, exchange: &mut Exchange<'_>) -> Result<(), super::Reply> {
    if let Some(group) = filter.get("group") {
        if !["AND", "OR"].iter().any(|known| group == known) {
            let message = "group must be one of the following values: AND, OR".to_owned();
            return Err(unprocessable(exchange, &[message]));
        }
        let inner = filter.get("filters").and_then(Value::as_array).cloned().unwrap_or_default();
        return inner.iter().try_for_each(|filter| check_filter(filter, exchange));
    }
    let field = filter.get("field").and_then(Value::as_str).unwrap_or_default();
    let operator = filter.get("operator").and_then(Value::as_str).unwrap_or_default();
    if !FILTER_FIELDS.contains(&field) && !field.starts_with("customFields.") {
        return Err(bad_request(exchange, &format!("Invalid field {field}")));
    }
    let operators: &[&str] = match field {
        "email" => &["eq", "exists", "not_exists"],
        _ if DATE_FIELDS.contains(&field) => &["range", "exists", "not_exists"],
        _ => &["eq", "not_eq", "contains", "not_contains", "exists", "not_exists", "range"],
    };
    if !operators.contains(&operator) {
        return Err(bad_request(
            exchange,
            &format!("Invalid operator {operator} for field {field}"),
        ));
    }
    let value = filter.get("value").unwrap_or(&Value::Null);
    let texts = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
    if texts.iter().filter_map(Value::as_str).any(|text| text.chars().count() > LONGEST) {
        let message = "value must be shorter than or equal to 75 characters".to_owned();
        return Err(unprocessable(exchange, &[message]));
    }
    match operator {
        "exists" | "not_exists" => Ok(()),
        "range" if limits(value).is_none() => {
            Err(bad_request(exchange, &format!("Invalid range for field {field}")))
        }
        _ if value.is_null() => {
            Err(bad_request(exchange, &format!("Invalid value for field {field}")))
        }
        _ => Ok(()),
    }
}

/// A range's limits: comparison and number; instants as milliseconds. `None` where it is not a range.
fn limits(value: &Value) -> Option<Vec<(String, f64)>> {
    let limits = value.as_object().filter(|limits| !limits.is_empty())?;
    limits
        .iter()
        .map(|(comparison, limit)| {
            let known = ["gte", "lte", "gt", "lt"].contains(&comparison.as_str());
            let number = match limit {
                Value::String(text) => parse(text).map(|instant| instant as f64),
                other => other.as_f64(),
            };
            number.filter(|_| known).map(|number| (comparison.clone(), number))
        })
        .collect()
}

fn fits(store: &Store, contact: &Snapshot, filter: &Value) -> bool {
    if let Some(group) = filter.get("group") {
        let mut inner = filter.get("filters").and_then(Value::as_array).into_iter().flatten();
        return if group == "OR" {
            inner.any(|filter| fits(store, contact, filter))
        } else {
            inner.all(|filter| fits(store, contact, filter))
        };
    }
    let field = filter.get("field").and_then(Value::as_str).unwrap_or_default();
    let operator = filter.get("operator").and_then(Value::as_str).unwrap_or_default();
    let wanted = filter.get("value").unwrap_or(&Value::Null);
    if field == "opportunities" {
        return has_opportunity(store, contact, wanted);
    }
    let has = value_of(contact, field);
    match operator {
        "exists" => !is_empty(&has),
        "not_exists" => is_empty(&has),
        "eq" => equal(&has, wanted),
        "not_eq" => !equal(&has, wanted),
        "contains" => holds(&has, wanted),
        "not_contains" => !holds(&has, wanted),
        _ => in_range(contact, field, &has, wanted),
    }
}

fn in_range(contact: &Snapshot, field: &str, has: &Value, wanted: &Value) -> bool {
    let number = match (field, has) {
        ("dateAdded", _) => Some(contact.added_ms as f64),
        ("dateUpdated", _) => Some(contact.updated_ms as f64),
        (_, Value::String(text)) => {
            parse(text).map(|instant| instant as f64).or_else(|| text.parse().ok())
        }
        (_, other) => other.as_f64(),
    };
    let Some(number) = number else { return false };
    limits(wanted).into_iter().flatten().all(|(comparison, limit)| match comparison.as_str() {
        "gte" => number >= limit,
        "gt" => number > limit,
        "lte" => number <= limit,
        _ => number < limit,
    })
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Equal in any case; a list on either side is equal when one of its items is.
fn equal(has: &Value, wanted: &Value) -> bool {
    match (has, wanted) {
        (Value::Array(items), wanted) => items.iter().any(|item| equal(item, wanted)),
        (has, Value::Array(any)) => any.iter().any(|wanted| equal(has, wanted)),
        (Value::String(has), Value::String(wanted)) => has.to_lowercase() == wanted.to_lowercase(),
        (has, wanted) => has == wanted,
    }
}

fn holds(has: &Value, wanted: &Value) -> bool {
    match (has, wanted) {
        (Value::Array(items), wanted) => items.iter().any(|item| holds(item, wanted)),
        (has, Value::Array(any)) => any.iter().any(|wanted| holds(has, wanted)),
        (Value::String(has), Value::String(wanted)) => {
            has.to_lowercase().contains(&wanted.to_lowercase())
        }
        _ => false,
    }
}

fn has_opportunity(store: &Store, contact: &Snapshot, wanted: &Value) -> bool {
    let mut opportunities = store.of("opportunities").of_parent(text(&contact.fields, "id"));
    opportunities.any(|opportunity| {
        let wanted = wanted.as_object().into_iter().flatten();
        wanted.into_iter().all(|(name, value)| opportunity.get(name) == Some(value))
    })
}

/// A property under its name in filters.
fn value_of(contact: &Snapshot, field: &str) -> Value {
    let fields = &contact.fields;
    let lower = |name: &str| json!(text(fields, name).to_lowercase());
    let plain = |name: &str| fields.get(name).cloned().unwrap_or_default();
    match field {
        "firstNameLowerCase" => lower("firstName"),
        "lastNameLowerCase" => lower("lastName"),
        "address" => plain("address1"),
        _ => match field.split_once('.') {
            Some(("customFields", rest)) => custom_value(fields, rest),
            Some(_) => fields
                .get(field.split('.').next().unwrap_or_default())
                .and_then(|of| of.pointer(&pointer(field)))
                .cloned()
                .unwrap_or_default(),
            None => plain(field),
        },
    }
}

/// `/Email/status` of `dndSettings.Email.status`.
fn pointer(field: &str) -> String {
    field.split('.').skip(1).map(|part| format!("/{part}")).collect()
}

/// A custom field's value by the field's id; of a list of text boxes, one box by `<id>.<box>`.
fn custom_value(fields: &Record, path: &str) -> Value {
    let (id, part) = path.split_once('.').map_or((path, None), |(id, part)| (id, Some(part)));
    let all = fields.get("customFields").and_then(Value::as_array).into_iter().flatten();
    let mut of_id = all.filter(|item| item.get("id").and_then(Value::as_str) == Some(id));
    let value = of_id.next().and_then(|item| item.get("value"));
    let value = match part {
        Some(part) => value.and_then(|value| value.get(part)),
        None => value,
    };
    value.cloned().unwrap_or_default()
}

/// A contact as the search gives it: `address` for `address1`, null for what is not set, additional
/// e-mails as plain texts, the day of birth in milliseconds, a cursor on each.
fn found(row: &Row, generation: Generation) -> Value {
    const KEPT: &[&str] = &[
        "id",
        "locationId",
        "firstName",
        "lastName",
        "email",
        "phone",
        "city",
        "state",
        "postalCode",
        "website",
        "source",
        "type",
        "companyName",
        "businessName",
        "businessId",
        "dnd",
        "timezone",
        "dndSettings",
        "inboundDndSettings",
        "assignedTo",
        "followers",
        "tags",
        "customFields",
        "additionalEmails",
        "additionalPhones",
        "validEmail",
        "phoneLabel",
        "createdBy",
    ];
    let contact = &row.contact;
    let mut found = Record::new();
    for name in KEPT {
        found.insert((*name).into(), contact.fields.get(*name).cloned().unwrap_or_default());
    }
    for name in ["followers", "tags", "customFields"] {
        if found.get(name) == Some(&Value::Null) {
            found.insert(name.into(), json!([]));
        }
    }
    for (name, part) in [("additionalEmails", "email"), ("additionalPhones", "phone")] {
        let items = found.get(name).and_then(Value::as_array).into_iter().flatten();
        let texts: Vec<Value> = items.filter_map(|item| item.get(part)).cloned().collect();
        found.insert(name.into(), Value::Array(texts));
    }
    let born = parse(text(&contact.fields, "dateOfBirth"));
    for (name, value) in [
        ("address", contact.fields.get("address1").cloned().unwrap_or_default()),
        ("country", country(&contact.fields)),
        ("contactName", json!(full_name(&contact.fields))),
        ("firstNameLowerCase", json!(text(&contact.fields, "firstName").to_lowercase())),
        ("lastNameLowerCase", json!(text(&contact.fields, "lastName").to_lowercase())),
        ("dateOfBirth", json!(born)),
        ("dateAdded", json!(crate::sandbox::time_text::iso(contact.added_ms))),
        ("dateUpdated", json!(crate::sandbox::time_text::iso(contact.updated_ms))),
        ("opportunities", json!([])),
        ("profilePhoto", Value::Null),
        ("searchAfter", json!(row.place)),
    ] {
        found.insert(name.into(), value);
    }
    super::contact_forms::spell_channels(&mut found, generation);
    Value::Object(found)
}

/// Records that came in by a file show the country's full name here, all others its code.
fn country(fields: &Record) -> Value {
    let code = text(fields, "country");
    if text(fields, "source") == "csv import" {
        json!(crate::sandbox::people::country_name(code).unwrap_or(code))
    } else {
        fields.get("country").cloned().unwrap_or_default()
    }
}
