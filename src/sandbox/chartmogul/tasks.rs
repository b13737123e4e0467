//! Tasks of customers, and since September 2026 of contacts.

use serde_json::{Value, json};

use super::account::Account;
use super::reading::{Outcome, body, copy_instant, flag, required};
use super::refusals::{absent, invalid};
use super::store::{Record, text};
use crate::dates;
use crate::sandbox::service::{Call, Reply};

const UPDATABLE: &[&str] = &["task_details", "assignee", "due_date", "completed_at"];

impl Account {
    fn task(&self, uuid: &str) -> Result<&Record, Reply> {
        self.tasks.get(uuid).ok_or_else(|| absent("Task", uuid, "task_uuid"))
    }

    pub(super) fn show_task(&self, record: &Record) -> Value {
        let kind = text(record, "parent_kind");
        let parent = text(record, "parent_uuid");
        let or_null = |name: &str| record.get(name).cloned().unwrap_or_default();
        let mut shown = json!({
            "task_uuid": text(record, "uuid"),
            "customer_uuid": (kind == "customer").then_some(parent),
            "task_details": or_null("task_details"),
            "assignee": or_null("assignee"),
            "due_date": or_null("due_date"),
            "completed_at": or_null("completed_at"),
            "created_at": or_null("created_at"),
            "updated_at": or_null("updated_at"),
        });
        if self.is_2026()
            && let Value::Object(shown) = &mut shown
        {
            shown.insert("associated_object".into(), json!(kind));
            shown.insert("associated_object_uuid".into(), json!(parent));
        }
        shown
    }

    pub(super) fn create_task(&mut self, call: &Call<'_>) -> Outcome {
        let body = body(call)?;
        let (kind, parent) = self.parent(&body, self.generation)?;
        Self::all_given(&body, &["task_details", "assignee", "due_date"])?;
        let mut record = Record::new();
        record.insert("parent_kind".into(), json!(kind));
        record.insert("parent_uuid".into(), json!(parent));
        record.insert("created_at".into(), self.now());
        record.insert("updated_at".into(), self.now());
        self.write_task(&body, &mut record)?;
        let uuid = self.uuid("");
        record.insert("uuid".into(), json!(uuid));
        let shown = self.show_task(&record);
        let micros = self.tick();
        self.tasks.put(&uuid, Some(micros), record);
        Ok(Reply::json(201, &shown))
    }

    /// Whether 256 characters are refused or cut is not recorded; refusing loses nothing in silence.
    fn write_task(&self, body: &Record, record: &mut Record) -> Result<(), Reply> {
        if body.contains_key("task_details") {
            let details = required(body, "task_details")?;
            if details.chars().count() > 255 {
                return Err(invalid(
                    "task_details",
                    "The task details are too long (maximum is 255 characters).",
                ));
            }
            record.insert("task_details".into(), json!(details));
        }
        if body.contains_key("assignee") {
            let assignee = self.user("assignee", required(body, "assignee")?)?;
            record.insert("assignee".into(), json!(assignee));
        }
        if body.get("due_date").is_some_and(Value::is_null) {
            return Err(invalid("due_date", "Parameter \"due_date\" is invalid"));
        }
        copy_instant(body, record, "due_date")?;
        copy_instant(body, record, "completed_at")
    }

    pub(super) fn list_tasks(&self, call: &Call<'_>) -> Outcome {
        let contact = call.query("contact_uuid").filter(|_| self.is_2026());
        let parent = contact.or_else(|| call.query("customer_uuid"));
        let narrow: Vec<_> =
            parent.map(|parent| ("parent_uuid", parent.to_owned())).into_iter().collect();
        let assignee = call.query("assignee");
        let completed = flag(call, "completed");
        let bound = |name: &str| call.query(name).and_then(dates::instant_of);
        let (after, before) = (bound("due_date_on_or_after"), bound("due_date_on_or_before"));
        // A day as upper bound takes in all of that day.
        let whole_day = call.query("due_date_on_or_before").is_some_and(|text| text.len() == 10);
        let before = before.map(|at| if whole_day { at + 86_399_999 } else { at });
        let keep = |record: &Record| {
            let due = dates::instant_of(text(record, "due_date"));
            assignee.is_none_or(|assignee| text(record, "assignee").eq_ignore_ascii_case(assignee))
                && completed.is_none_or(|completed| {
                    record.get("completed_at").is_some_and(|at| !at.is_null()) == completed
                })
                && after.is_none_or(|after| due.is_some_and(|due| due >= after))
                && before.is_none_or(|before| due.is_some_and(|due| due <= before))
        };
        Self::entries(call, &self.tasks, &narrow, Some(&keep), &|record| self.show_task(record))
    }

    pub(super) fn retrieve_task(&self, uuid: &str) -> Outcome {
        Ok(Reply::json(200, &self.show_task(self.task(uuid)?)))
    }

    pub(super) fn update_task(&mut self, call: &Call<'_>, uuid: &str) -> Outcome {
        let mut record = self.task(uuid)?.clone();
        let body = body(call)?;
        let any = UPDATABLE.iter().any(|name| body.contains_key(*name));
        if any {
            self.write_task(&body, &mut record)?;
            record.insert("updated_at".into(), self.now());
            self.tasks.change(uuid, |stored| stored.clone_from(&record));
        }
        let shown = self.show_task(&record);
        self.changed(any, &shown)
    }

    pub(super) fn delete_task(&mut self, uuid: &str) -> Outcome {
        self.task(uuid)?;
        self.tasks.remove(uuid);
        self.deleted("Task")
    }
}
