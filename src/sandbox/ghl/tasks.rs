//! Tasks: of one contact, and the location's search, which names and dates them differently.

use serde_json::{Value, json};

use super::contact_forms::full_name;
use super::contacts::find;
use super::refusals::not_found;
use super::store::{Record, Store, text};
use super::{Answered, Exchange, unprocessable};
use crate::sandbox::service::Reply;
use crate::sandbox::time_text::{iso, parse};

/// Tasks of a page of the search, where none is asked for and at most.
const SEARCH_LIMIT: (usize, usize) = (25, 100);

/// What the contact's own routes show of a task; its dates are seen in the search alone.
const SHOWN: &[&str] = &["id", "title", "body", "assignedTo", "dueDate", "completed", "contactId"];

/// Answers an operation on a contact's tasks.
pub(super) fn answer(store: &mut Store, key: &str, exchange: &mut Exchange<'_>) -> Answered {
    let contact = exchange.parameter("contactId");
    find(store, &contact)?;
    match key {
        "POST /contacts/{contactId}/tasks" => return create(store, exchange, &contact),
        "GET /contacts/{contactId}/tasks" => {
            let tasks: Vec<Value> = store.of("tasks").of_parent(&contact).map(shown).collect();
            return Ok(exchange.succeed(&json!({ "tasks": tasks })));
        }
        _ => {}
    }
    let id = exchange.parameter("taskId");
    let task = store.of("tasks").get(&id).filter(|task| text(task, "contactId") == contact);
    let Some(task) = task.cloned() else {
        return Err(not_found("Task", &id));
    };
    match key.split(' ').next() {
        Some("PUT") => {
            if store.task_search_lag_ms > 0 {
                let until = exchange.now_ms + store.task_search_lag_ms;
                store.former_tasks.push((until, task.clone()));
            }
            let changed = written(task, exchange)?;
            store.of_mut("tasks").put(changed.clone());
            store.touch_contact(&contact, exchange.now_ms);
            Ok(exchange.succeed(&json!({ "task": shown(&changed) })).wrote())
        }
        Some("DELETE") => {
            store.of_mut("tasks").remove(&id);
            store.touch_contact(&contact, exchange.now_ms);
            Ok(exchange.done())
        }
        _ => Ok(exchange.succeed(&json!({ "task": shown(&task) }))),
    }
}

fn shown(task: &Record) -> Value {
    let pairs = SHOWN.iter().filter_map(|name| task.get(*name).map(|value| (*name, value)));
    Value::Object(pairs.map(|(name, value)| (name.to_owned(), value.clone())).collect())
}

fn create(store: &mut Store, exchange: &mut Exchange<'_>, contact: &str) -> Result<Reply, Reply> {
    let mut task = Record::new();
    task.insert("id".into(), json!(exchange.random.id(20)));
    task.insert("contactId".into(), json!(contact));
    task.insert("dateAdded".into(), json!(iso(exchange.now_ms)));
    let task = written(task, exchange)?;
    store.of_mut("tasks").put(task.clone());
    store.touch_contact(contact, exchange.now_ms);
    Ok(exchange.succeed(&json!({ "task": shown(&task) })).wrote())
}

fn written(mut task: Record, exchange: &mut Exchange<'_>) -> Result<Record, Reply> {
    for (name, value) in exchange.properties() {
        if name == "dueDate" {
            let due = value.as_str().and_then(parse);
            let Some(due) = due else {
                let message = "dueDate must be a valid ISO 8601 date string".to_owned();
                return Err(unprocessable(exchange, &[message]));
            };
            task.insert(name, json!(iso(due)));
        } else if name == "status" {
            task.insert("completed".into(), json!(value == "completed"));
        } else if !value.is_null() {
            task.insert(name, value);
        }
    }
    task.insert("dateUpdated".into(), json!(iso(exchange.now_ms)));
    Ok(task)
}

/// `POST /locations/{locationId}/tasks/search`: newest first, paged by `skip`.
pub(super) fn search(store: &Store, exchange: &Exchange<'_>) -> Answered {
    let number = |name: &str| exchange.body.get(name).and_then(Value::as_u64);
    let limit =
        number("limit").map_or(SEARCH_LIMIT.0, |limit| (limit as usize).min(SEARCH_LIMIT.1));
    let skip = number("skip").unwrap_or(0) as usize;
    // An index that lags shows the oldest of the states that are not over yet.
    let former = |task: &Record| {
        let late = store.former_tasks.iter().filter(|(until, _)| *until > exchange.now_ms);
        late.map(|(_, former)| former)
            .find(|former| text(former, "id") == text(task, "id"))
            .cloned()
    };
    let shown = |task: &Record| former(task).unwrap_or_else(|| task.clone());
    let tasks = store.of("tasks").all().rev().map(shown).filter(|task| fits(store, task, exchange));
    let rows: Vec<Value> = tasks.skip(skip).take(limit).map(|task| found(store, &task)).collect();
    Ok(exchange.succeed(&json!({ "tasks": rows })))
}

fn fits(store: &Store, task: &Record, exchange: &Exchange<'_>) -> bool {
    let among = |name: &str| match exchange.body.get(name).and_then(Value::as_array) {
        Some(ids) if !ids.is_empty() => ids.iter().any(|id| Some(id) == task.get(name)),
        _ => true,
    };
    let words = exchange.body_text("query").unwrap_or_default().to_lowercase();
    among("contactId")
        && among("assignedTo")
        && exchange.body.get("completed").is_none_or(|wanted| Some(wanted) == task.get("completed"))
        && (words.is_empty() || text(task, "title").to_lowercase().contains(&words))
        && exchange.body_text("businessId").is_none_or(|business| {
            let contact = store.contacts.get(text(task, "contactId"));
            contact.is_some_and(|contact| text(&contact.fields, "businessId") == business)
        })
}

/// A task as the search gives it: `_id`, its dates, and who it is about and for.
fn found(store: &Store, task: &Record) -> Value {
    let mut row = task.clone();
    if let Some(id) = row.remove("id") {
        row.insert("_id".into(), id);
    }
    let contact = store.contacts.get(text(task, "contactId"));
    let contact = contact.map(|contact| {
        json!({
            "firstName": text(&contact.fields, "firstName"),
            "lastName": text(&contact.fields, "lastName"),
            "name": full_name(&contact.fields),
            "email": contact.fields.get("email"),
            "phone": contact.fields.get("phone"),
        })
    });
    let user = store.of("users").get(text(task, "assignedTo"));
    let user = user.map(|user| {
        json!({ "id": user.get("id"), "firstName": user.get("firstName"), "lastName": user.get("lastName") })
    });
    let completed = task.get("completed") == Some(&json!(true));
    let added = text(task, "dateAdded");
    for (name, value) in [
        ("contactDetails", json!(contact)),
        ("assignedToUserDetails", json!(user)),
        ("locationId", json!(store.location_id)),
        ("deleted", json!(false)),
        ("status", json!(if completed { "completed" } else { "incompleted" })),
        ("statusGroup", json!(if completed { "completed" } else { "pending" })),
        ("createdAt", json!(added)),
        ("updatedAt", json!(text(task, "dateUpdated"))),
        ("searchAfter", json!([parse(added), text(task, "id")])),
    ] {
        row.insert(name.into(), value);
    }
    Value::Object(row)
}
