//! Tasks of customers and contacts.

use super::notes::ASSOCIATED_OBJECT;
use super::page_of;
use crate::endpoint::{
    BOOLEAN, DATE, EMAIL, Paging, TEXT, TIMESTAMP, list_of, object, one, one_of,
};
use crate::{endpoints, models};

models! {
    /// A task.
    TASK "Task" {
        /// A bare UUID.
        required "task_uuid": TEXT,
        /// The customer; `null` on a contact's task.
        required "customer_uuid": TEXT.nullable(),
        /// The record that it is attached to; since September 2026.
        optional "associated_object": one_of(&["customer", "contact"]),
        /// Its uuid; since September 2026.
        optional "associated_object_uuid": TEXT,
        /// What is to be done.
        required "task_details": TEXT.at_most(255),
        /// E-mail address of a ChartMogul user.
        required "assignee": TEXT,
        /// Instant at which it is due; midnight UTC where a day was written.
        required "due_date": TIMESTAMP,
        /// Instant of completion; `null` while open.
        required "completed_at": TIMESTAMP.nullable(),
        /// Instant of creation; cannot be set.
        required "created_at": TIMESTAMP,
        /// Instant of the last change.
        required "updated_at": TIMESTAMP,
    }
    /// A new task on a customer or contact: exactly one of `customer_uuid` and
    /// `associated_object_identifier`.
    TASK_CREATE "TaskCreate" {
        /// The customer.
        optional "customer_uuid": TEXT,
        /// The customer or contact; since September 2026.
        optional "associated_object_identifier": object(&ASSOCIATED_OBJECT),
        /// What is to be done, at most 255 characters: a longer text would be answered 422.
        required "task_details": TEXT.at_most(255),
        /// E-mail address of a ChartMogul user; no endpoint lists them.
        required "assignee": EMAIL,
        /// Day or instant at which it is due.
        required "due_date": DATE,
        /// Day or instant of completion.
        optional "completed_at": DATE.nullable(),
    }
    /// Changes to a task; what is left out stays. 304 where nothing can change.
    TASK_UPDATE "TaskUpdate" {
        /// What is to be done, at most 255 characters: a longer text would be answered 422.
        optional "task_details": TEXT.at_most(255),
        /// E-mail address of a ChartMogul user.
        optional "assignee": EMAIL,
        /// Day or instant at which it is due.
        optional "due_date": DATE,
        /// Day or instant of completion; `null` opens it again.
        optional "completed_at": DATE.nullable(),
    }
}

endpoints! {
    /// Tasks.
    TASKS: Chartmogul "tasks";
    /// Creates a task. Tasks have no external id: sent twice, it exists twice.
    "create": POST "/v1/tasks" { body: Some(&TASK_CREATE), result: one("", object(&TASK)) }
    /// Tasks, newest first.
    "list": GET "/v1/tasks" {
        query: page_of![
            /// Only those of this customer.
            optional "customer_uuid": TEXT,
            /// Only those of this contact; since September 2026.
            optional "contact_uuid": TEXT,
            /// Only those of this user.
            optional "assignee": TEXT,
            /// Only those due on or after this day.
            optional "due_date_on_or_after": DATE,
            /// Only those due on or before this day.
            optional "due_date_on_or_before": DATE,
            /// Only those done, or only those open.
            optional "completed": BOOLEAN,
        ],
        result: list_of("entries", object(&TASK)), paging: Paging::Cursor,
    }
    /// One task.
    "retrieve": GET "/v1/tasks/{task_uuid}" { result: one("", object(&TASK)) }
    /// Updates a task.
    "update": PATCH "/v1/tasks/{task_uuid}" { body: Some(&TASK_UPDATE), result: one("", object(&TASK)) }
    /// Deletes a task.
    "delete": DELETE "/v1/tasks/{task_uuid}" {}
}
