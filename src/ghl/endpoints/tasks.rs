//! Tasks: things to do for a contact.

use crate::endpoint::{
    ANY, BOOLEAN, INTEGER, Outcome, Paging, RetryClass, TEXT, TIMESTAMP, action, list, list_of,
    object, one, trigger,
};

crate::models! {
    /// Something to do for a contact. These routes send no dates of making and changing: `tasks.search` does.
    TASK "Task" {
        /// Id.
        required "id": TEXT,
        /// The contact it is for.
        optional "contactId": TEXT.nullable(),
        /// Title.
        optional "title": TEXT.nullable(),
        /// Description, possibly HTML.
        optional "body": TEXT.nullable(),
        /// The user it is assigned to.
        optional "assignedTo": TEXT.nullable(),
        /// When it is due.
        optional "dueDate": TIMESTAMP.nullable(),
        /// Whether it is done.
        optional "completed": BOOLEAN.nullable(),
    }

    /// A task, as the location's search sends it. Its id is `_id`.
    LOCATION_TASK "LocationTask" {
        /// Id.
        required "_id": TEXT,
        /// The location it belongs to.
        optional "locationId": TEXT.nullable(),
        /// The contact it is for.
        optional "contactId": TEXT.nullable(),
        /// The business it is for.
        optional "businessId": TEXT.nullable(),
        /// Title.
        optional "title": TEXT.nullable(),
        /// Description, possibly HTML.
        optional "body": TEXT.nullable(),
        /// The user it is assigned to.
        optional "assignedTo": TEXT.nullable(),
        /// When it is due.
        optional "dueDate": TIMESTAMP.nullable(),
        /// Whether it is done.
        optional "completed": BOOLEAN.nullable(),
        /// Name of its state.
        optional "status": TEXT.nullable(),
        /// Group of its state.
        optional "statusGroup": TEXT.nullable(),
        /// When it was made.
        optional "dateAdded": TIMESTAMP.nullable(),
        /// When it was last changed.
        optional "dateUpdated": TIMESTAMP.nullable(),
        /// True when it was deleted.
        optional "deleted": BOOLEAN.nullable(),
        /// Name and addresses of the user it is assigned to.
        optional "assignedToUserDetails": ANY,
        /// Name and addresses of the contact it is for.
        optional "contactDetails": ANY,
        /// Sort value and id.
        optional "searchAfter": list(&ANY),
    }

    /// A new task.
    TASK_CREATE "TaskCreate" {
        /// Title.
        required "title": TEXT,
        /// Description.
        optional "body": TEXT,
        /// When it is due.
        required "dueDate": TIMESTAMP,
        /// Whether it is done.
        required "completed": BOOLEAN,
        /// The user it is assigned to.
        optional "assignedTo": TEXT,
    }

    /// Changes to a task; what is left out stays.
    TASK_UPDATE "TaskUpdate" {
        /// Title.
        optional "title": TEXT,
        /// Description.
        optional "body": TEXT,
        /// When it is due.
        optional "dueDate": TIMESTAMP,
        /// Whether it is done.
        optional "completed": BOOLEAN,
        /// The user it is assigned to.
        optional "assignedTo": TEXT,
    }

    /// Whether a task is done.
    TASK_COMPLETED "TaskCompleted" {
        /// True to tick it off, false to open it again.
        required "completed": BOOLEAN,
    }

    /// Which tasks of a location to find. It cannot filter by date, and cannot sort.
    TASK_SEARCH "TaskSearch" {
        /// Ids of the contacts they are for.
        optional "contactId": list(&TEXT),
        /// Ids of the users they are assigned to.
        optional "assignedTo": list(&TEXT),
        /// Only those that are done, or only those that are not.
        optional "completed": BOOLEAN,
        /// Text to search for.
        optional "query": TEXT,
        /// The business they are for.
        optional "businessId": TEXT,
        /// Tasks a page; 25 when left out.
        optional "limit": INTEGER,
        /// How many tasks to pass over.
        optional "skip": INTEGER,
    }
}

crate::endpoints! {
    /// Tasks.
    TASKS: Ghl "tasks";

    /// Lists a contact's tasks, all in one answer.
    "list": GET "/contacts/{contactId}/tasks" {
        scopes: &["contacts.readonly"],
        result: list_of("tasks", object(&TASK)),
        catalogue: &[trigger("Contacts", "Get Contact Tasks")],
    }

    /// Reads one task.
    "get": GET "/contacts/{contactId}/tasks/{taskId}" {
        scopes: &["contacts.readonly"],
        result: one("task", object(&TASK)),
        catalogue: &[trigger("Contacts", "Get Contact Task by ID")],
    }

    /// Creates a task for a contact.
    "create": POST "/contacts/{contactId}/tasks" {
        scopes: &["contacts.write"],
        body: Some(&TASK_CREATE),
        result: one("task", object(&TASK)),
        catalogue: &[action("Contacts", "Create Contact Task")],
    }

    /// Updates a task.
    "update": PUT "/contacts/{contactId}/tasks/{taskId}" {
        scopes: &["contacts.write"],
        body: Some(&TASK_UPDATE),
        result: one("task", object(&TASK)),
        catalogue: &[action("Contacts", "Update Contact Task")],
    }

    /// Ticks a task off, or opens it again.
    "setCompleted": PUT "/contacts/{contactId}/tasks/{taskId}/completed" {
        scopes: &["contacts.write"],
        body: Some(&TASK_COMPLETED),
        result: one("task", object(&TASK)),
        catalogue: &[action("Contacts", "Complete Contact Task")],
    }

    /// Deletes a task.
    "delete": DELETE "/contacts/{contactId}/tasks/{taskId}" {
        scopes: &["contacts.write"],
        result: Outcome::Nothing,
        catalogue: &[action("Contacts", "Delete Contact Task")],
    }

    /// Finds tasks of all contacts of a location, with their dates of making and changing.
    "search": POST "/locations/{locationId}/tasks/search" {
        scopes: &["locations/tasks.readonly"],
        body: Some(&TASK_SEARCH),
        result: list_of("tasks", object(&LOCATION_TASK)),
        paging: Paging::SkipBody,
        retry: RetryClass::Read,
    }
}
