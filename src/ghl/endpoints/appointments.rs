//! Appointments and other events of calendars, blocked times and notes on appointments.

use crate::endpoint::{
    BOOLEAN, INTEGER, Outcome, Paging, TEXT, TIMESTAMP, action, list, list_of, object, one, one_of,
    suggested, trigger,
};

/// How appointments stand.
const APPOINTMENT_STATUS: &[&str] =
    &["new", "confirmed", "cancelled", "showed", "noshow", "invalid", "active", "completed"];

crate::models! {
    /// Nothing further to say.
    EMPTY "Empty" {}

    /// An appointment, as a contact's list sends it. Its times are the location's, without a zone.
    CONTACT_APPOINTMENT "ContactAppointment" {
        /// Id.
        required "id": TEXT,
        /// Calendar that it belongs to.
        optional "calendarId": TEXT.nullable(),
        /// How it stands.
        optional "status": TEXT.nullable(),
        /// Title.
        optional "title": TEXT.nullable(),
        /// The user it is assigned to.
        optional "assignedUserId": TEXT.nullable(),
        /// Notes, as one text.
        optional "notes": TEXT.nullable(),
        /// Start.
        optional "startTime": TEXT.nullable(),
        /// End.
        optional "endTime": TEXT.nullable(),
        /// Place or link.
        optional "address": TEXT.nullable(),
        /// The location it belongs to.
        optional "locationId": TEXT.nullable(),
        /// The contact it is with.
        optional "contactId": TEXT.nullable(),
        /// The group of calendars it belongs to.
        optional "groupId": TEXT.nullable(),
        /// How it stands.
        optional "appointmentStatus": TEXT.nullable(),
        /// Users who take part.
        optional "users": list(&TEXT),
        /// When it was made.
        optional "dateAdded": TIMESTAMP.nullable(),
        /// When it was last changed.
        optional "dateUpdated": TIMESTAMP.nullable(),
        /// Rooms and equipment that it takes.
        optional "assignedResources": list(&TEXT),
    }

    /// An appointment or blocked time in a calendar. Its times carry an offset.
    CALENDAR_EVENT "CalendarEvent" {
        /// Id.
        required "id": TEXT,
        /// Place or link.
        optional "address": TEXT.nullable(),
        /// Title.
        optional "title": TEXT.nullable(),
        /// Calendar that it belongs to.
        optional "calendarId": TEXT.nullable(),
        /// The location it belongs to.
        optional "locationId": TEXT.nullable(),
        /// The contact it is with.
        optional "contactId": TEXT.nullable(),
        /// The group of calendars it belongs to.
        optional "groupId": TEXT.nullable(),
        /// How it stands.
        optional "appointmentStatus": suggested(APPOINTMENT_STATUS).nullable(),
        /// The user it is assigned to.
        optional "assignedUserId": TEXT.nullable(),
        /// Users who take part.
        optional "users": list(&TEXT),
        /// Notes, as one text.
        optional "notes": TEXT.nullable(),
        /// Description.
        optional "description": TEXT.nullable(),
        /// Whether it is one of a series.
        optional "isRecurring": BOOLEAN.nullable(),
        /// Rule of the series, as RFC 5545 writes it.
        optional "rrule": TEXT.nullable(),
        /// Start.
        optional "startTime": TIMESTAMP.nullable(),
        /// End.
        optional "endTime": TIMESTAMP.nullable(),
        /// When it was made.
        optional "dateAdded": TIMESTAMP.nullable(),
        /// When it was last changed.
        optional "dateUpdated": TIMESTAMP.nullable(),
        /// Rooms and equipment that it takes.
        optional "assignedResources": list(&TEXT),
        /// Who or what made it.
        optional "createdBy": object(&EVENT_AUTHOR).nullable(),
        /// The series it is part of.
        optional "masterEventId": TEXT.nullable(),
        /// Whether it was deleted.
        optional "deleted": BOOLEAN.nullable(),
    }

    /// Who or what made an event.
    EVENT_AUTHOR "EventAuthor" {
        /// The user.
        optional "userId": TEXT.nullable(),
        /// Where it came from.
        optional "source": TEXT.nullable(),
    }

    /// An appointment, as making and changing it sends it.
    APPOINTMENT "Appointment" {
        /// Calendar that it belongs to.
        optional "calendarId": TEXT.nullable(),
        /// The location it belongs to.
        optional "locationId": TEXT.nullable(),
        /// The contact it is with.
        optional "contactId": TEXT.nullable(),
        /// Start.
        optional "startTime": TIMESTAMP.nullable(),
        /// End.
        optional "endTime": TIMESTAMP.nullable(),
        /// Title.
        optional "title": TEXT.nullable(),
        /// Where meetings are.
        optional "meetingLocationType": TEXT.nullable(),
        /// How it stands.
        optional "appointmentStatus": suggested(&["new", "confirmed", "cancelled", "showed", "noshow", "invalid", "active", "completed"]).nullable(),
        /// The user it is assigned to.
        optional "assignedUserId": TEXT.nullable(),
        /// Place or link.
        optional "address": TEXT.nullable(),
        /// Whether it is one of a series.
        optional "isRecurring": BOOLEAN.nullable(),
        /// Rule of the series, as RFC 5545 writes it.
        optional "rrule": TEXT.nullable(),
        /// Id.
        required "id": TEXT,
        /// When it was made.
        optional "dateAdded": TIMESTAMP.nullable(),
        /// When it was last changed.
        optional "dateUpdated": TIMESTAMP.nullable(),
    }

    /// A new appointment.
    APPOINTMENT_CREATE "AppointmentCreate" {
        /// Title.
        optional "title": TEXT,
        /// Where meetings are.
        optional "meetingLocationType": one_of(&["custom", "zoom", "gmeet", "phone", "address", "ms_teams", "google"]),
        /// Id of the place among the calendar's.
        optional "meetingLocationId": TEXT,
        /// Whether the place given here counts, and not the calendar's.
        optional "overrideLocationConfig": BOOLEAN,
        /// How it stands; `completed` and `active` only with apiVersion `v3`.
        optional "appointmentStatus": one_of(&["new", "confirmed", "cancelled", "showed", "noshow", "invalid", "completed", "active"]),
        /// The user it is assigned to.
        optional "assignedUserId": TEXT,
        /// Description.
        optional "description": TEXT,
        /// Place or link.
        optional "address": TEXT,
        /// Whether it may stand outside the time that can be booked.
        optional "ignoreDateRange": BOOLEAN,
        /// Whether automations run.
        optional "toNotify": BOOLEAN,
        /// Whether it may be booked at a time that is taken.
        optional "ignoreFreeSlotValidation": BOOLEAN,
        /// Rule of the series, as RFC 5545 writes it.
        optional "rrule": TEXT,
        /// Calendar that it belongs to.
        required "calendarId": TEXT,
        /// The location; the connector's own when left out.
        required "locationId": TEXT,
        /// The contact it is with.
        required "contactId": TEXT,
        /// Start, with offset: `2021-06-23T03:30:00+05:30`.
        required "startTime": TIMESTAMP,
        /// End, with offset.
        optional "endTime": TIMESTAMP,
    }

    /// Changes to an appointment; what is left out stays.
    APPOINTMENT_UPDATE "AppointmentUpdate" {
        /// Title.
        optional "title": TEXT,
        /// Where meetings are.
        optional "meetingLocationType": one_of(&["custom", "zoom", "gmeet", "phone", "address", "ms_teams", "google"]),
        /// Id of the place among the calendar's.
        optional "meetingLocationId": TEXT,
        /// Whether the place given here counts, and not the calendar's.
        optional "overrideLocationConfig": BOOLEAN,
        /// How it stands; `completed` and `active` only with apiVersion `v3`.
        optional "appointmentStatus": one_of(&["new", "confirmed", "cancelled", "showed", "noshow", "invalid", "completed", "active"]),
        /// The user it is assigned to.
        optional "assignedUserId": TEXT,
        /// Description.
        optional "description": TEXT,
        /// Place or link.
        optional "address": TEXT,
        /// Whether it may stand outside the time that can be booked.
        optional "ignoreDateRange": BOOLEAN,
        /// Whether automations run.
        optional "toNotify": BOOLEAN,
        /// Whether it may be booked at a time that is taken.
        optional "ignoreFreeSlotValidation": BOOLEAN,
        /// Rule of the series, as RFC 5545 writes it.
        optional "rrule": TEXT,
        /// Calendar that it belongs to.
        optional "calendarId": TEXT,
        /// Start, with offset: `2021-06-23T03:30:00+05:30`.
        optional "startTime": TIMESTAMP,
        /// End, with offset.
        optional "endTime": TIMESTAMP,
    }

    /// A blocked time, as making and changing it sends it.
    BLOCK_SLOT "BlockSlot" {
        /// Id.
        required "id": TEXT,
        /// The location it belongs to.
        optional "locationId": TEXT.nullable(),
        /// Title.
        optional "title": TEXT.nullable(),
        /// Start.
        optional "startTime": TIMESTAMP.nullable(),
        /// End.
        optional "endTime": TIMESTAMP.nullable(),
        /// Calendar that it belongs to.
        optional "calendarId": TEXT.nullable(),
        /// The user it is assigned to.
        optional "assignedUserId": TEXT.nullable(),
    }

    /// A new blocked time.
    BLOCK_SLOT_CREATE "BlockSlotCreate" {
        /// Title.
        optional "title": TEXT,
        /// Calendar that it belongs to.
        required "calendarId": TEXT,
        /// The user it is assigned to.
        optional "assignedUserId": TEXT,
        /// The location; the connector's own when left out.
        required "locationId": TEXT,
        /// Start, with offset: `2021-06-23T03:30:00+05:30`.
        optional "startTime": TIMESTAMP,
        /// End, with offset.
        optional "endTime": TIMESTAMP,
    }

    /// Changes to a blocked time.
    BLOCK_SLOT_UPDATE "BlockSlotUpdate" {
        /// Title.
        optional "title": TEXT,
        /// Calendar that it belongs to.
        required "calendarId": TEXT,
        /// The user it is assigned to.
        optional "assignedUserId": TEXT,
        /// The location it belongs to.
        required "locationId": TEXT,
        /// Start, with offset: `2021-06-23T03:30:00+05:30`.
        optional "startTime": TIMESTAMP,
        /// End, with offset.
        optional "endTime": TIMESTAMP,
    }

    /// A note on an appointment.
    APPOINTMENT_NOTE "AppointmentNote" {
        /// Id.
        required "id": TEXT,
        /// The text.
        optional "body": TEXT.nullable(),
        /// The user who wrote it.
        optional "userId": TEXT.nullable(),
        /// When it was made.
        optional "dateAdded": TIMESTAMP.nullable(),
        /// The contact it is on.
        optional "contactId": TEXT.nullable(),
        /// Who or what made it.
        optional "createdBy": object(&APPOINTMENT_NOTE_AUTHOR).nullable(),
    }

    /// The user who wrote a note.
    APPOINTMENT_NOTE_AUTHOR "AppointmentNoteAuthor" {
        /// Id of the user.
        required "id": TEXT,
        /// Name.
        optional "name": TEXT.nullable(),
    }

    /// A note's text.
    APPOINTMENT_NOTE_WRITE "AppointmentNoteWrite" {
        /// The user who wrote it.
        optional "userId": TEXT,
        /// The text, at most 5,000 characters.
        required "body": TEXT.at_most(5000),
    }
}

crate::endpoints! {
    /// Appointments.
    APPOINTMENTS: Ghl "appointments";

    /// Reads one appointment.
    "get": GET "/calendars/events/appointments/{eventId}" {
        version: "2021-04-15",
        scopes: &["calendars/events.readonly"],
        result: one("event|appointment", object(&CALENDAR_EVENT)),
        catalogue: &[trigger("Calendars & Appointments", "Get Appointment")],
    }

    /// Creates an appointment.
    "create": POST "/calendars/events/appointments" {
        version: "2021-04-15",
        scopes: &["calendars/events.write"],
        body: Some(&APPOINTMENT_CREATE),
        result: one("", object(&APPOINTMENT)),
        catalogue: &[action("Calendars & Appointments", "Create Appointment")],
    }

    /// Updates an appointment.
    "update": PUT "/calendars/events/appointments/{eventId}" {
        version: "2021-04-15",
        scopes: &["calendars/events.write"],
        body: Some(&APPOINTMENT_UPDATE),
        result: one("", object(&APPOINTMENT)),
        catalogue: &[action("Calendars & Appointments", "Update Appointment")],
    }
}

crate::endpoints! {
    /// Events of calendars: appointments and blocked times.
    CALENDAR_EVENTS: Ghl "calendarEvents";

    /// Lists the appointments between two instants, all in one answer.
    "list": GET "/calendars/events" {
        version: "2021-04-15",
        scopes: &["calendars/events.readonly"],
        query: crate::fields![
            /// The location; the connector's own when left out.
            required "locationId": TEXT,
            /// Only those of this user; one of user, calendar and group is needed.
            optional "userId": TEXT,
            /// Only those of this calendar.
            optional "calendarId": TEXT,
            /// Only those of this group of calendars.
            optional "groupId": TEXT,
            /// From, in milliseconds since 1970.
            required "startTime": INTEGER,
            /// Until, in milliseconds since 1970.
            required "endTime": INTEGER,
        ],
        result: list_of("events", object(&CALENDAR_EVENT)),
        catalogue: &[trigger("Calendars & Appointments", "List Calendar Events")],
    }

    /// Deletes an appointment or blocked time.
    "delete": DELETE "/calendars/events/{eventId}" {
        version: "2021-04-15",
        scopes: &["calendars/events.write"],
        body: Some(&EMPTY),
        result: Outcome::Nothing,
        catalogue: &[action("Calendars & Appointments", "Delete Event")],
    }
}

crate::endpoints! {
    /// Blocked times.
    BLOCK_SLOTS: Ghl "blockSlots";

    /// Lists the blocked times between two instants, all in one answer.
    "list": GET "/calendars/blocked-slots" {
        version: "2021-04-15",
        scopes: &["calendars/events.readonly"],
        query: crate::fields![
            /// The location; the connector's own when left out.
            required "locationId": TEXT,
            /// Only those of this user; one of user, calendar and group is needed.
            optional "userId": TEXT,
            /// Only those of this calendar.
            optional "calendarId": TEXT,
            /// Only those of this group of calendars.
            optional "groupId": TEXT,
            /// From, in milliseconds since 1970.
            required "startTime": INTEGER,
            /// Until, in milliseconds since 1970.
            required "endTime": INTEGER,
        ],
        result: list_of("events", object(&CALENDAR_EVENT)),
        catalogue: &[trigger("Calendars & Appointments", "List Blocked Slots")],
    }

    /// Blocks a time.
    "create": POST "/calendars/events/block-slots" {
        version: "2021-04-15",
        scopes: &["calendars/events.write"],
        body: Some(&BLOCK_SLOT_CREATE),
        result: one("", object(&BLOCK_SLOT)),
        catalogue: &[action("Calendars & Appointments", "Create Block Slot")],
    }

    /// Updates a blocked time.
    "update": PUT "/calendars/events/block-slots/{eventId}" {
        version: "2021-04-15",
        scopes: &["calendars/events.write"],
        body: Some(&BLOCK_SLOT_UPDATE),
        result: one("", object(&BLOCK_SLOT)),
        catalogue: &[action("Calendars & Appointments", "Update Block Slot")],
    }
}

crate::endpoints! {
    /// Notes on appointments.
    APPOINTMENT_NOTES: Ghl "appointmentNotes";

    /// Lists the notes on an appointment.
    "list": GET "/calendars/appointments/{appointmentId}/notes" {
        version: "2021-04-15",
        scopes: &["calendars/events.readonly"],
        query: crate::fields![
            /// Notes a page, at most 20.
            optional "limit": INTEGER.at_most(20),
            /// How many to pass over.
            optional "offset": INTEGER,
        ],
        result: list_of("notes", object(&APPOINTMENT_NOTE)),
        paging: Paging::OffsetQuery,
        catalogue: &[trigger("Calendars & Appointments", "List Appointment Notes")],
    }

    /// Creates a note on an appointment.
    "create": POST "/calendars/appointments/{appointmentId}/notes" {
        version: "2021-04-15",
        scopes: &["calendars/events.write"],
        body: Some(&APPOINTMENT_NOTE_WRITE),
        result: one("note", object(&APPOINTMENT_NOTE)),
        catalogue: &[action("Calendars & Appointments", "Create Appointment Note")],
    }

    /// Updates a note.
    "update": PUT "/calendars/appointments/{appointmentId}/notes/{noteId}" {
        version: "2021-04-15",
        scopes: &["calendars/events.write"],
        body: Some(&APPOINTMENT_NOTE_WRITE),
        result: one("note", object(&APPOINTMENT_NOTE)),
        catalogue: &[action("Calendars & Appointments", "Update Appointment Note")],
    }

    /// Deletes a note.
    "delete": DELETE "/calendars/appointments/{appointmentId}/notes/{noteId}" {
        version: "2021-04-15",
        scopes: &["calendars/events.write"],
        result: Outcome::Nothing,
        catalogue: &[action("Calendars & Appointments", "Delete Appointment Note")],
    }
}
