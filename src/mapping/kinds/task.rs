//! A task, in either service.

use serde_json::{Map, Value, json};

use super::{Call, Write, same_value, set, with};
use crate::chartmogul::records::Task;
use crate::dates;
use crate::ghl::records::Task as GhlTask;
use crate::mapping::settings::Settings;
use crate::mapping::{Fields, select, tasks, text, written_email};
use crate::record;

/// The fields that ChartMogul shows: the text without our marker, the due date as a day.
pub fn seen(task: &Task) -> Fields {
    let mut fields = Fields::new();
    let details = task.task_details.as_deref().map(tasks::unmarked);
    set(&mut fields, "task_details", &details);
    let assignee = task.assignee.as_ref().map(|address| {
        written_email(address).unwrap_or_else(|| address.trim().to_ascii_lowercase())
    });
    set(&mut fields, "assignee", &assignee);
    let due = task.due_date.as_ref().and_then(|text| dates::day(&Value::String(text.clone())));
    set(&mut fields, "due_date", &due);
    fields.insert("completed".into(), Value::Bool(task.completed_at.is_some()));
    fields
}

/// What tells a task apart where its text carries no marker.
pub fn content(fields: &Fields) -> String {
    let part = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    // As much of the text as every form of it holds.
    let details: String = text::one_line(part("task_details")).chars().take(150).collect();
    crate::mapping::hash(&format!("{details}\n{}", part("due_date")))
}

/// A long text was cut when it was written, to one of two lengths: with a marker or without.
pub(super) fn same(name: &str, ghl: &Value, chartmogul: &Value, settings: &Settings) -> bool {
    if name != "task_details" {
        return same_value(name, ghl, chartmogul, settings);
    }
    let (ours, theirs) =
        (ghl.as_str().unwrap_or_default(), chartmogul.as_str().unwrap_or_default());
    let theirs = text::one_line(theirs);
    ours == theirs
        || theirs.strip_suffix('…').is_some_and(|start| {
            theirs.chars().count() >= 150 && ours.starts_with(start.trim_end())
        })
}

fn details(write: &Write<'_>) -> Option<Value> {
    let whole = write.fields.get("task_details")?.as_str()?;
    Some(json!(tasks::written(whole, write.ghl, write.with.settings)))
}

pub(super) fn create(write: &Write<'_>) -> Vec<Call> {
    let mut body = select(write.fields, &|name, _| name != "completed");
    if let Some(details) = details(write) {
        body.insert("task_details".into(), details);
    }
    if write.fields.get("completed") == Some(&Value::Bool(true)) {
        complete(&mut body, write);
    }
    body.insert("customer_uuid".into(), json!(write.customer));
    vec![Call::new("tasks.create", body)]
}

/// A task that is open again loses its time of completion.
pub(super) fn update(write: &Write<'_>) -> Vec<Call> {
    let mut body = select(write.fields, &|name, _| name != "completed");
    if let Some(details) = details(write) {
        body.insert("task_details".into(), details);
    }
    match write.fields.get("completed") {
        Some(Value::Bool(true)) => complete(&mut body, write),
        Some(_) => _ = body.insert("completed_at".into(), Value::Null),
        None => {}
    }
    if body.is_empty() {
        return Vec::new();
    }
    body.insert("task_uuid".into(), json!(write.uuid));
    vec![Call::new("tasks.update", body)]
}

/// A new task of GHL. When on its day it is due is in `dueDate` of what is written at the creation.
pub(super) fn create_in_ghl(write: &Write<'_>) -> Vec<Call> {
    let mut parameters = with(Map::new(), "contactId", write.contact);
    in_ghl(write, &mut parameters);
    let completed = write.fields.get("completed") == Some(&Value::Bool(true));
    parameters.insert("completed".into(), json!(completed));
    if let Some(body) = tasks::body_in_ghl(write.uuid, write.with.settings) {
        parameters.insert("body".into(), json!(body));
    }
    vec![Call::to_ghl("tasks.create", parameters)]
}

/// GHL's task with other values. Its update takes title and due date together; what is done has an
/// endpoint of its own.
pub(super) fn update_in_ghl(write: &Write<'_>) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut place = with(Map::new(), "contactId", write.contact);
    place.insert("taskId".into(), json!(write.ghl));
    if write.fields.keys().any(|name| name != "completed") {
        let held: GhlTask<'_> =
            write.held.and_then(|held| record::read_json(held).ok()).unwrap_or_default();
        let mut parameters = place.clone();
        if let Some(title) = held.title.as_deref() {
            parameters.insert("title".into(), json!(title));
        }
        if let Some(due) = held.due_date.as_ref().and_then(|due| due.milliseconds()) {
            parameters.insert("dueDate".into(), json!(dates::iso(due)));
        }
        in_ghl(write, &mut parameters);
        calls.push(Call::to_ghl("tasks.update", parameters));
    }
    if let Some(completed) = write.fields.get("completed") {
        place.insert("completed".into(), completed.clone());
        calls.push(Call::to_ghl("tasks.setCompleted", place));
    }
    calls
}

fn in_ghl(write: &Write<'_>, parameters: &mut Map<String, Value>) {
    if let Some(title) = write.fields.get("task_details") {
        parameters.insert("title".into(), title.clone());
    }
    if let Some(due) =
        write.at_create.get("dueDate").filter(|_| write.fields.contains_key("due_date"))
    {
        parameters.insert("dueDate".into(), due.clone());
    }
    let assignee = write.fields.get("assignee").and_then(Value::as_str);
    if let Some(user) = assignee.and_then(|address| write.with.users.ghl_user(address)) {
        parameters.insert("assignedTo".into(), json!(user));
    }
}

/// `completed` becomes the time of the last change in GHL, or now.
fn complete(body: &mut Map<String, Value>, write: &Write<'_>) {
    let now = || json!(dates::iso(i64::try_from(write.now).unwrap_or(0)));
    let at = write.at_create.get("completed_at").cloned().unwrap_or_else(now);
    body.insert("completed_at".into(), at);
}

#[cfg(test)]
mod tests {
    use super::super::Context;
    use super::*;
    use crate::mapping::users::UserMap;

    fn body(make: fn(&Write<'_>) -> Vec<Call>, fields: &Value) -> Map<String, Value> {
        let Value::Object(fields) = fields.clone() else { return Map::new() };
        let (empty, users, settings) = (Fields::new(), UserMap::default(), Settings::default());
        let with = Context { settings: &settings, rules: &[], users: &users };
        let write = Write {
            ghl: "T1",
            contact: "C1",
            held: None,
            external: "",
            uuid: "u",
            customer: "cus_1",
            source: None,
            fields: &fields,
            at_create: &empty,
            base: &empty,
            tags: (&[], &[]),
            now: 0,
            with,
        };
        make(&write).remove(0).parameters
    }

    #[test]
    fn completion_is_a_time_and_reopening_its_absence() {
        let done = json!({ "task_details": "x", "completed": true });
        assert_eq!(body(create, &done)["completed_at"], "1970-01-01T00:00:00.000Z");
        assert_eq!(body(create, &done)["task_details"], "x [ghl:t:T1]");
        let open = json!({ "task_details": "x", "due_date": "2027-01-01", "completed": false });
        assert!(!body(create, &open).contains_key("completed_at"));
        assert_eq!(body(update, &open)["completed_at"], Value::Null);
        assert!(!body(update, &json!({ "task_details": "y" })).contains_key("completed_at"));
    }

    #[test]
    fn a_cut_text_is_the_same_as_its_whole() {
        let whole = "word ".repeat(80).trim().to_owned();
        let settings = Settings::default();
        let cut = tasks::unmarked(&tasks::written(&whole, "T1", &settings));
        assert!(same("task_details", &json!(whole), &json!(cut), &settings));
        assert!(!same("task_details", &json!("other"), &json!(cut), &settings));
        assert!(same("task_details", &json!("a b"), &json!("a  b"), &settings));
    }
}
