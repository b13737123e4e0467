//! Notes on contacts.

use crate::endpoint::{BOOLEAN, Outcome, TEXT, TIMESTAMP, action, list_of, object, one, trigger};

crate::models! {
    /// A note on a contact. It has no modification date.
    NOTE "Note" {
        /// Id.
        required "id": TEXT,
        /// The contact it is on.
        optional "contactId": TEXT.nullable(),
        /// The text, possibly HTML.
        optional "body": TEXT.nullable(),
        /// Title.
        optional "title": TEXT.nullable(),
        /// The user who wrote it.
        optional "userId": TEXT.nullable(),
        /// When it was written.
        optional "dateAdded": TIMESTAMP.nullable(),
        /// Colour, `#FFAA00`.
        optional "color": TEXT.nullable(),
        /// Whether it is pinned above the others.
        optional "pinned": BOOLEAN.nullable(),
    }

    /// A new note.
    NOTE_CREATE "NoteCreate" {
        /// The text; HTML is kept.
        required "body": TEXT,
        /// Title.
        optional "title": TEXT,
        /// The user who wrote it.
        optional "userId": TEXT,
        /// Colour, `#FFAA00`.
        optional "color": TEXT,
        /// Whether it is pinned above the others.
        optional "pinned": BOOLEAN,
    }

    /// Changes to a note; what is left out stays.
    NOTE_UPDATE "NoteUpdate" {
        /// The text; HTML is kept.
        optional "body": TEXT,
        /// Title.
        optional "title": TEXT,
        /// The user who wrote it.
        optional "userId": TEXT,
        /// Colour, `#FFAA00`.
        optional "color": TEXT,
        /// Whether it is pinned above the others.
        optional "pinned": BOOLEAN,
    }
}

crate::endpoints! {
    /// Notes.
    NOTES: Ghl "notes";

    /// Lists a contact's notes, all in one answer. GHL cannot list the notes of a whole location.
    "list": GET "/contacts/{contactId}/notes" {
        scopes: &["contacts.readonly"],
        result: list_of("notes", object(&NOTE)),
        catalogue: &[trigger("Contacts", "Get Contact Notes")],
    }

    /// Reads one note.
    "get": GET "/contacts/{contactId}/notes/{id}" {
        scopes: &["contacts.readonly"],
        result: one("note", object(&NOTE)),
        catalogue: &[trigger("Contacts", "Get Contact Note by ID")],
    }

    /// Creates a note on a contact.
    "create": POST "/contacts/{contactId}/notes" {
        scopes: &["contacts.write"],
        body: Some(&NOTE_CREATE),
        result: one("note", object(&NOTE)),
        catalogue: &[action("Contacts", "Create Contact Note")],
    }

    /// Updates a note.
    "update": PUT "/contacts/{contactId}/notes/{id}" {
        scopes: &["contacts.write"],
        body: Some(&NOTE_UPDATE),
        result: one("note", object(&NOTE)),
        catalogue: &[action("Contacts", "Update Contact Note")],
    }

    /// Deletes a note.
    "delete": DELETE "/contacts/{contactId}/notes/{id}" {
        scopes: &["contacts.write"],
        result: Outcome::Nothing,
        catalogue: &[action("Contacts", "Delete Contact Note")],
    }
}
