//! Opportunities and pipelines.

use serde_json::{Value, json};

use super::contact_forms::full_name;
use super::refusals::{bad_request, missing};
use super::resources::{ListSort, listed, page};
use super::rules::Generation;
use super::store::{Record, Store, text};
use super::{Answered, Exchange, Reply, custom_fields};
use crate::sandbox::time_text::{day, iso, parse};

/// Most records of a page.
const LIMIT: usize = 100;

/// Answers an operation on opportunities.
pub(super) fn answer(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    match key {
        "GET /opportunities/pipelines" => {
            let pipelines = listed(store, "pipelines", |_| true);
            Ok(exchange.succeed(&json!({ "pipelines": pipelines })))
        }
        "GET /opportunities/lost-reason" => {
            let all = listed(store, "lostReasons", |_| true);
            let total = all.len();
            let rows = page(exchange, all, 100);
            Ok(exchange.succeed(&json!({ "lostReasons": rows, "total": total })))
        }
        "GET /opportunities/search" => search(store, exchange),
        "POST /opportunities/search" => search_by_body(store, exchange),
        "POST /opportunities/" => create(store, exchange),
        "POST /opportunities/upsert" => upsert(store, exchange),
        _ => answer_for_one(store, key, exchange),
    }
}

fn answer_for_one(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    let id = exchange.parameter("id");
    let Some(opportunity) = store.of("opportunities").get(&id).cloned() else {
        return Err(missing(exchange, &format!("Opportunity with id {id} not found")));
    };
    match key {
        "PUT /opportunities/{id}" => {
            let changed = written(store, exchange, opportunity)?;
            store.of_mut("opportunities").put(changed.clone());
            Ok(exchange.succeed(&json!({ "opportunity": shown(store, &changed) })).wrote())
        }
        "PUT /opportunities/{id}/status" => {
            let changed = written(store, exchange, opportunity)?;
            store.of_mut("opportunities").put(changed);
            Ok(done(exchange))
        }
        "DELETE /opportunities/{id}" => {
            store.of_mut("opportunities").remove(&id);
            Ok(done(exchange))
        }
        "POST /opportunities/{id}/followers" => Ok(follow(store, exchange, opportunity, true)),
        "DELETE /opportunities/{id}/followers" => Ok(follow(store, exchange, opportunity, false)),
        _ => Ok(exchange.succeed(&json!({ "opportunity": shown(store, &opportunity) }))),
    }
}

/// Success without a record: this family says `success` under v3.
fn done(exchange: &Exchange<'_>) -> Reply {
    let body = match exchange.generation {
        Generation::Dated => json!({ "succeded": true }),
        Generation::V3 => json!({ "success": true, "succeded": true }),
    };
    exchange.succeed(&body).wrote()
}

fn follow(store: &mut Store, exchange: &Exchange<'_>, mut of: Record, add: bool) -> Reply {
    let list = |value: Option<&Value>| -> Vec<Value> {
        value.and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let named = list(exchange.body.get("followers"));
    let mut followers = list(of.get("followers"));
    let changed: Vec<Value> =
        named.iter().filter(|user| followers.contains(user) != add).cloned().collect();
    followers.retain(|user| add || !named.contains(user));
    if add {
        followers.extend(changed.iter().cloned());
    }
    of.insert("followers".into(), json!(followers));
    store.of_mut("opportunities").put(of);
    let what = if add { "followersAdded" } else { "followersRemoved" };
    exchange.succeed(&json!({ "followers": followers, what: changed })).wrote()
}

fn create(store: &mut Store, exchange: &mut Exchange<'_>) -> Answered {
    let contact = exchange.body_text("contactId").unwrap_or_default().to_owned();
    if store.contacts.get(&contact).is_none() {
        return Err(bad_request(exchange, "The contact id is invalid."));
    }
    let pipeline = exchange.body_text("pipelineId").unwrap_or_default();
    let taken = {
        let mut twins = store.of("opportunities").of_parent(&contact);
        twins.any(|known| text(known, "pipelineId") == pipeline)
    };
    if taken && !store.setting("allowDuplicateOpportunity") {
        return Err(Reply::json(
            400,
            &json!({
                "statusCode": 400,
                "message": "Can not create duplicate opportunity for the contact.",
                "canonicalCode": "OPPORTUNITY_NO_DUPLICATE",
                "traceId": exchange.trace_id(),
            }),
        ));
    }
    let opportunity = insert(store, exchange, &contact)?;
    Ok(exchange.succeed(&json!({ "opportunity": shown(store, &opportunity) })).wrote())
}

fn insert(store: &mut Store, exchange: &mut Exchange<'_>, contact: &str) -> Result<Record, Reply> {
    let now = iso(exchange.now_ms);
    let mut opportunity = Record::new();
    for (name, value) in [
        ("id", json!(exchange.random.id(20))),
        ("contactId", json!(contact)),
        ("locationId", json!(store.location_id)),
        ("createdAt", json!(now)),
        ("lastStatusChangeAt", json!(now)),
        ("lastStageChangeAt", json!(now)),
        ("lastActionDate", json!(now)),
        ("source", json!("public api")),
        ("status", json!("open")),
        ("monetaryValue", json!(0)),
        ("indexVersion", json!("1")),
        ("customFields", json!([])),
        ("followers", json!([])),
    ] {
        opportunity.insert(name.into(), value);
    }
    let opportunity = written(store, exchange, opportunity)?;
    store.of_mut("opportunities").put(opportunity.clone());
    Ok(opportunity)
}

/// `POST /opportunities/upsert`: by id, else by contact and pipeline; else a new opportunity, which has
/// no contact where none is named.
fn upsert(store: &mut Store, exchange: &mut Exchange<'_>) -> Answered {
    let contact = exchange.body_text("contactId").unwrap_or_default().to_owned();
    if !contact.is_empty() && store.contacts.get(&contact).is_none() {
        return Err(bad_request(exchange, "The contact id is invalid."));
    }
    let pipeline = exchange.body_text("pipelineId").unwrap_or_default();
    let by_id = exchange.body_text("id").and_then(|id| store.of("opportunities").get(id));
    let of_contact = || {
        let mut own = store.of("opportunities").of_parent(&contact);
        own.find(|known| !contact.is_empty() && text(known, "pipelineId") == pipeline)
    };
    let known = by_id.or_else(of_contact).cloned();
    let new = known.is_none();
    let opportunity = match known {
        Some(known) => {
            let changed = written(store, exchange, known)?;
            store.of_mut("opportunities").put(changed.clone());
            changed
        }
        None => insert(store, exchange, &contact)?,
    };
    let body = json!({ "opportunity": shown(store, &opportunity), "new": new });
    Ok(exchange.succeed(&body).wrote())
}

/// An opportunity with what the body writes: the stage must be one of its pipeline's.
fn written(
    store: &Store,
    exchange: &mut Exchange<'_>,
    mut opportunity: Record,
) -> Result<Record, Reply> {
    const UNWRITTEN: &[&str] =
        &["id", "locationId", "contactId", "followersActionType", "isRemoveAllFollowers"];
    let now = json!(iso(exchange.now_ms));
    let before = opportunity.clone();
    for (name, value) in exchange.properties() {
        match name.as_str() {
            "customFields" => {
                let kept = opportunity.get(&name).cloned().unwrap_or_else(|| json!([]));
                let merged = custom_fields::merge(store, exchange, kept, &value)?;
                opportunity.insert(name, merged);
            }
            _ if UNWRITTEN.contains(&name.as_str()) || value.is_null() => {}
            _ => {
                opportunity.insert(name, value);
            }
        }
    }
    place(store, exchange, &before, &mut opportunity)?;
    if before.get("status") != opportunity.get("status") {
        opportunity.insert("lastStatusChangeAt".into(), now.clone());
    }
    if before.get("pipelineStageId") != opportunity.get("pipelineStageId") {
        opportunity.insert("lastStageChangeAt".into(), now.clone());
    }
    opportunity.insert("updatedAt".into(), now);
    Ok(opportunity)
}

/// Puts an opportunity into a stage: the one it names, else the first of its pipeline.
fn place(
    store: &Store,
    exchange: &mut Exchange<'_>,
    before: &Record,
    opportunity: &mut Record,
) -> Result<(), Reply> {
    let Some(pipeline) = store.of("pipelines").get(text(opportunity, "pipelineId")) else {
        return Err(bad_request(exchange, "The pipeline id is invalid."));
    };
    let stages = pipeline.get("stages").and_then(Value::as_array).cloned().unwrap_or_default();
    let named = opportunity.get("pipelineStageId").cloned().unwrap_or_default();
    let moved = before.get("pipelineId") != opportunity.get("pipelineId")
        && before.get("pipelineStageId") == opportunity.get("pipelineStageId");
    if named.is_null() || moved {
        let first = stages.first().and_then(|stage| stage.get("id")).cloned().unwrap_or_default();
        opportunity.insert("pipelineStageId".into(), first);
        return Ok(());
    }
    if stages.iter().any(|stage| stage.get("id") == Some(&named)) {
        Ok(())
    } else {
        Err(bad_request(exchange, "The pipeline stage id is invalid."))
    }
}

/// An opportunity as a read by id gives it: custom field values under `fieldValue`.
fn shown(store: &Store, opportunity: &Record) -> Record {
    let mut row = with_contact(store, opportunity);
    let values = opportunity.get("customFields").and_then(Value::as_array).into_iter().flatten();
    let values: Vec<Value> = values
        .map(|item| json!({ "id": item.get("id"), "fieldValue": item.get("value") }))
        .collect();
    row.insert("customFields".into(), json!(values));
    row
}

/// An opportunity as a search gives it: custom field values under a key that names their type.
fn found(store: &Store, opportunity: &Record) -> Record {
    let mut row = with_contact(store, opportunity);
    let values = opportunity.get("customFields").and_then(Value::as_array).into_iter().flatten();
    let values: Vec<Value> = values
        .map(|item| {
            let value = item.get("value").cloned().unwrap_or_default();
            let (kind, key) = match &value {
                Value::Number(_) => ("number", "fieldValueNumber"),
                Value::Array(_) => ("array", "fieldValueArray"),
                Value::Object(_) => ("object", "fieldValueObject"),
                Value::String(text) if text.len() == 24 && parse(text).is_some() => {
                    ("date", "fieldValueDate")
                }
                _ => ("string", "fieldValueString"),
            };
            let value = match kind {
                "date" => json!(value.as_str().and_then(parse)),
                _ => value,
            };
            json!({ "id": item.get("id"), "type": kind, key: value })
        })
        .collect();
    row.insert("customFields".into(), json!(values));
    row
}

fn with_contact(store: &Store, opportunity: &Record) -> Record {
    let mut row = opportunity.clone();
    if let Some(contact) = store.contacts.get(text(opportunity, "contactId")) {
        let of = |name: &str| contact.fields.get(name);
        row.insert(
            "contact".into(),
            json!({
                "id": of("id"), "name": full_name(&contact.fields), "companyName": of("companyName"),
                "email": of("email"), "phone": of("phone"), "tags": of("tags"),
            }),
        );
    }
    row
}

/// A parameter under v3's name or the older one.
fn either<'a>(exchange: &'a Exchange<'_>, v3: &str, dated: &str) -> Option<&'a str> {
    exchange.query(v3).or_else(|| exchange.query(dated))
}

/// `GET /opportunities/search`: newest first unless asked otherwise, by page or by both cursors.
fn search(store: &Store, exchange: &mut Exchange<'_>) -> Answered {
    let limit = exchange.query_number("limit").unwrap_or(20);
    if limit > LIMIT {
        let message = "limit must not be greater than 100".to_owned();
        return Err(super::unprocessable(exchange, &[message]));
    }
    let mut rows: Vec<&Record> =
        store.of("opportunities").all().filter(|row| fits(store, row, exchange)).collect();
    let sort = ListSort::of(exchange);
    let place = |row: &Record| {
        let at = if sort.by_change { "updatedAt" } else { "createdAt" };
        (parse(text(row, at)), text(row, "id").to_owned())
    };
    rows.sort_by_cached_key(|row| place(row));
    if !sort.ascending {
        rows.reverse();
    }
    let total = rows.len();
    let page = exchange.query_number("page").unwrap_or(1).max(1);
    let after = exchange.query("startAfter").and_then(|text| text.parse::<u64>().ok());
    if let (Some(after), Some(id)) = (after, exchange.query("startAfterId")) {
        let cursor = (Some(after), id.to_owned());
        rows.retain(|row| if sort.ascending { place(row) > cursor } else { place(row) < cursor });
    } else {
        rows.drain(..((page - 1) * limit).min(total));
    }
    let shown: Vec<Record> = rows.iter().take(limit).map(|row| found(store, row)).collect();
    let more = rows.len() > limit;
    let last = rows.get(shown.len().saturating_sub(1)).map(|row| place(row)).unwrap_or_default();
    let meta = json!({
        "total": total,
        "nextPageUrl": format!("http://localhost:5035/opportunities/search?page={}", page + 1),
        "startAfter": last.0,
        "startAfterId": last.1,
        "currentPage": page,
        "nextPage": more.then_some(page + 1),
        "prevPage": (page > 1).then(|| page - 1),
    });
    let trace = exchange.trace_id();
    let body =
        json!({ "opportunities": shown, "meta": meta, "aggregations": {}, "traceId": trace });
    Ok(exchange.succeed(&body))
}

fn fits(store: &Store, row: &Record, exchange: &Exchange<'_>) -> bool {
    let same =
        |name: &str, wanted: Option<&str>| wanted.is_none_or(|wanted| text(row, name) == wanted);
    let status = exchange.query("status").filter(|status| *status != "all");
    let words = exchange.query("q").unwrap_or_default().to_lowercase();
    let created = parse(text(row, "createdAt")).unwrap_or(0);
    let at = |name: &str| exchange.query(name).and_then(day_of);
    same("pipelineId", either(exchange, "pipelineId", "pipeline_id"))
        && same("pipelineStageId", either(exchange, "pipelineStageId", "pipeline_stage_id"))
        && same("contactId", either(exchange, "contactId", "contact_id"))
        && same("assignedTo", either(exchange, "assignedTo", "assigned_to"))
        && same("id", exchange.query("id"))
        && same("status", status)
        && at("date").is_none_or(|from| created >= from)
        && at("endDate").is_none_or(|to| created < to + 86_400_000)
        && (words.is_empty() || matches_words(store, row, &words))
}

fn matches_words(store: &Store, row: &Record, words: &str) -> bool {
    let contact = store.contacts.get(text(row, "contactId"));
    let contact = contact.map(|contact| full_name(&contact.fields)).unwrap_or_default();
    text(row, "name").to_lowercase().contains(words) || contact.to_lowercase().contains(words)
}

/// Midnight UTC of `mm-dd-yyyy`; an ISO date and milliseconds are taken too.
fn day_of(written: &str) -> Option<u64> {
    let instant = written.parse().ok().or_else(|| parse(written)).or_else(|| {
        let mut parts = written.split('-');
        let (month, day, year) = (parts.next()?, parts.next()?, parts.next()?);
        parse(&format!("{year}-{month}-{day}"))
    })?;
    parse(&day(instant))
}

/// `POST /opportunities/search`: everything in the body, cursor `searchAfter`.
fn search_by_body(store: &Store, exchange: &mut Exchange<'_>) -> Answered {
    let number = |name: &str| exchange.body.get(name).and_then(Value::as_u64).unwrap_or(0) as usize;
    let (limit, page) = (number("limit"), number("page").max(1));
    if limit == 0 || limit > LIMIT {
        let message = "limit must be between 1 and 100".to_owned();
        return Err(super::unprocessable(exchange, &[message]));
    }
    let words = exchange.body_text("query").unwrap_or_default().to_lowercase();
    let mut rows: Vec<&Record> = store
        .of("opportunities")
        .all()
        .filter(|row| words.is_empty() || matches_words(store, row, &words))
        .collect();
    let place = |row: &Record| (parse(text(row, "createdAt")), text(row, "id").to_owned());
    rows.sort_by_cached_key(|row| std::cmp::Reverse(place(row)));
    let total = rows.len();
    let after = exchange.body.get("searchAfter").and_then(Value::as_array);
    let cursor = after.filter(|after| after.len() == 2).map(|after| {
        let text = |index: usize| after.get(index).and_then(Value::as_str).unwrap_or_default();
        (text(0).parse::<u64>().ok(), text(1).to_owned())
    });
    match cursor {
        Some(cursor) => rows.retain(|row| place(row) < cursor),
        None => {
            rows.drain(..((page - 1) * limit).min(total));
        }
    }
    let shown: Vec<Record> = rows
        .iter()
        .take(limit)
        .map(|row| {
            let (created, id) = place(row);
            let mut shown = found(store, row);
            let cursor = json!([created.unwrap_or(0).to_string(), id]);
            shown.insert("searchAfter".into(), cursor);
            shown
        })
        .collect();
    Ok(exchange.succeed(&json!({ "opportunities": shown, "total": total, "aggregations": {} })))
}
