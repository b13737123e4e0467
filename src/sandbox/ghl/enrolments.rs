//! A contact's campaigns and workflows, and its appointments.

use serde_json::{Value, json};

use super::refusals::bad_request;
use super::store::{Store, text};
use super::{Answered, Exchange};
use crate::sandbox::service::Reply;

/// Answers an operation on one contact that is not about the contact itself.
pub(super) fn answer(
    store: &mut Store,
    key: &str,
    exchange: &mut Exchange<'_>,
    contact: &str,
) -> Answered {
    match key {
        "GET /contacts/{contactId}/appointments" => Ok(appointments(store, exchange, contact)),
        "POST /contacts/{contactId}/campaigns/{campaignId}" => {
            enrol(store, exchange, contact, "campaigns", "campaignId")
        }
        "DELETE /contacts/{contactId}/campaigns/{campaignId}" => {
            Ok(withdraw(store, exchange, contact, "campaigns", "campaignId"))
        }
        "DELETE /contacts/{contactId}/campaigns/removeAll"
        | "DELETE /contacts/{contactId}/campaigns/remove-all" => {
            set(store, exchange, contact, "campaigns", |_| Vec::new());
            Ok(exchange.done())
        }
        "POST /contacts/{contactId}/workflow/{workflowId}" => {
            enrol(store, exchange, contact, "workflows", "workflowId").map(|mut reply| {
                // Declared 200, measured 201.
                reply.status = 201;
                reply
            })
        }
        "DELETE /contacts/{contactId}/workflow/{workflowId}" => {
            Ok(withdraw(store, exchange, contact, "workflows", "workflowId"))
        }
        _ => Err(bad_request(exchange, "The sandbox does not serve this operation.")),
    }
}

fn enrol(
    store: &mut Store,
    exchange: &mut Exchange<'_>,
    contact: &str,
    kind: &'static str,
    parameter: &str,
) -> Answered {
    let id = exchange.parameter(parameter);
    if store.of(kind).get(&id).is_none() {
        return Err(bad_request(exchange, &format!("No such record in {kind}")));
    }
    set(store, exchange, contact, kind, |mut ids| {
        if !ids.contains(&id) {
            ids.push(id);
        }
        ids
    });
    Ok(exchange.done())
}

fn withdraw(
    store: &mut Store,
    exchange: &Exchange<'_>,
    contact: &str,
    kind: &str,
    parameter: &str,
) -> Reply {
    let id = exchange.parameter(parameter);
    set(store, exchange, contact, kind, |mut ids| {
        ids.retain(|other| other != &id);
        ids
    });
    exchange.done()
}

/// Keeps a contact's enrolments beside it: no read of a contact shows them.
fn set(
    store: &mut Store,
    exchange: &Exchange<'_>,
    contact: &str,
    kind: &str,
    change: impl FnOnce(Vec<String>) -> Vec<String>,
) {
    let mut record = store.of("enrolments").get(contact).cloned().unwrap_or_default();
    let ids = record.get(kind).and_then(Value::as_array).into_iter().flatten();
    let ids = ids.filter_map(Value::as_str).map(str::to_owned).collect();
    record.insert("id".into(), json!(contact));
    record.insert(kind.into(), json!(change(ids)));
    store.of_mut("enrolments").put(record);
    store.change_contact(contact, exchange.now_ms, |_| {});
}

/// A contact's appointments. Their times have no zone: they are the location's.
fn appointments(store: &Store, exchange: &Exchange<'_>, contact: &str) -> Reply {
    let rows =
        store.of("events").of_parent(contact).filter(|event| !text(event, "contactId").is_empty());
    let events: Vec<Value> = rows
        .map(|event| {
            let mut row = event.clone();
            for name in ["startTime", "endTime"] {
                row.insert(name.into(), json!(without_zone(text(event, name))));
            }
            Value::Object(row)
        })
        .collect();
    exchange.succeed(&json!({ "events": events }))
}

/// `2021-07-16 11:00:00` of `2021-07-16T11:00:00+05:30`.
fn without_zone(instant: &str) -> String {
    instant.chars().take(19).collect::<String>().replace('T', " ")
}
