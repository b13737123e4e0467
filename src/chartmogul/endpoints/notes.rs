//! Notes and call logs, in the form of September 2026 and in the one before.

use super::page_of;
use crate::endpoint::{EMAIL, INTEGER, Paging, TEXT, TIMESTAMP, list_of, object, one, one_of};
use crate::{endpoints, models};

models! {
    /// A note or call log.
    NOTE "Note" {
        /// `note_` and a UUID.
        required "uuid": TEXT,
        /// The customer; `null` on a contact's note.
        required "customer_uuid": TEXT.nullable(),
        /// The record that it is attached to; `/v1/notes` only.
        optional "associated_object": one_of(&["customer", "contact"]),
        /// Its uuid; `/v1/notes` only.
        optional "associated_object_uuid": TEXT,
        /// What it is.
        required "type": one_of(&["note", "call"]),
        /// The text; HTML when it was written in ChartMogul's own pages, otherwise as it was sent.
        required "text": TEXT.nullable(),
        /// Length of a call in seconds; 0 for notes.
        required "call_duration": INTEGER,
        /// `Name (e-mail)`.
        required "author": TEXT,
        /// Instant of writing.
        required "created_at": TIMESTAMP,
        /// Instant of the last change.
        required "updated_at": TIMESTAMP,
    }
    /// The record that a note or task is attached to.
    ASSOCIATED_OBJECT "AssociatedObject" {
        /// Its kind.
        required "associated_object": one_of(&["customer", "contact"]),
        /// How it is named.
        required "method": one_of(&["uuid"]),
        /// Its uuid.
        required "value": TEXT,
    }
    /// Changes to a note; what is left out stays. 304 where nothing can change.
    NOTE_UPDATE "NoteUpdate" {
        /// The text.
        optional "text": TEXT,
        /// E-mail address of a ChartMogul user.
        optional "author_email": EMAIL,
        /// Length of a call in seconds.
        optional "call_duration": INTEGER,
        /// Instant of writing.
        optional "created_at": TIMESTAMP,
        /// Instant of the last change.
        optional "updated_at": TIMESTAMP,
    }
}

/// The models of writing a note, which differ in what they name the parent by.
macro_rules! note_writes {
    ($($shared:tt)*) => {
        models! {
            /// A new note on a customer or contact: exactly one of `customer_uuid` and
            /// `associated_object_identifier`.
            NOTE_CREATE "NoteCreate" {
                /// The customer.
                optional "customer_uuid": TEXT,
                /// The customer or contact.
                optional "associated_object_identifier": object(&ASSOCIATED_OBJECT),
                $($shared)*
            }
            /// A new note on a customer.
            CUSTOMER_NOTE_CREATE "CustomerNoteCreate" {
                /// The customer.
                required "customer_uuid": TEXT,
                $($shared)*
            }
        }
    };
}

note_writes! {
    /// What it is.
    required "type": one_of(&["note", "call"]),
    /// The text; `<br>` breaks lines.
    optional "text": TEXT,
    /// E-mail address of a ChartMogul user; the key's owner by default.
    optional "author_email": EMAIL,
    /// Length of a call in seconds.
    optional "call_duration": INTEGER,
    /// Instant of writing; now by default.
    optional "created_at": TIMESTAMP,
}

endpoints! {
    /// Notes and call logs of customers and contacts, since September 2026.
    NOTES: Chartmogul "notes";
    /// Writes a note. Notes have no external id: sent twice, it exists twice.
    "create": POST "/v1/notes" { body: Some(&NOTE_CREATE), result: one("", object(&NOTE)) }
    /// Notes, newest first.
    "list": GET "/v1/notes" {
        query: page_of![
            /// Only those of this customer.
            optional "customer_uuid": TEXT,
            /// Only those of this contact.
            optional "contact_uuid": TEXT,
            /// Only notes or only calls.
            optional "type": one_of(&["note", "call"]),
            /// Only those by this user.
            optional "author_email": TEXT,
        ],
        result: list_of("entries", object(&NOTE)), paging: Paging::Cursor,
    }
    /// One note.
    "retrieve": GET "/v1/notes/{note_uuid}" { result: one("", object(&NOTE)) }
    /// Updates a note.
    "update": PATCH "/v1/notes/{note_uuid}" { body: Some(&NOTE_UPDATE), result: one("", object(&NOTE)) }
    /// Deletes a note.
    "delete": DELETE "/v1/notes/{note_uuid}" {}
}

endpoints! {
    /// Notes and call logs of customers, in the form before September 2026; the same notes.
    CUSTOMER_NOTES: Chartmogul "customerNotes";
    /// Writes a note on a customer. Notes have no external id: sent twice, it exists twice.
    "create": POST "/v1/customer_notes" {
        body: Some(&CUSTOMER_NOTE_CREATE), result: one("", object(&NOTE)), replaced_by: Some("notes.create"),
    }
    /// Customers' notes, newest first.
    "list": GET "/v1/customer_notes" {
        query: page_of![
            /// Only those of this customer.
            optional "customer_uuid": TEXT,
            /// Only notes or only calls.
            optional "type": one_of(&["note", "call"]),
            /// Only those by this user.
            optional "author_email": TEXT,
        ],
        result: list_of("entries", object(&NOTE)), paging: Paging::Cursor, replaced_by: Some("notes.list"),
    }
    /// One note.
    "retrieve": GET "/v1/customer_notes/{note_uuid}" {
        result: one("", object(&NOTE)), replaced_by: Some("notes.retrieve"),
    }
    /// Updates a note.
    "update": PATCH "/v1/customer_notes/{note_uuid}" {
        body: Some(&NOTE_UPDATE), result: one("", object(&NOTE)), replaced_by: Some("notes.update"),
    }
    /// Deletes a note.
    "delete": DELETE "/v1/customer_notes/{note_uuid}" { replaced_by: Some("notes.delete") }
}
