//! What the sync engine reads from GHL: records that borrow from the page's bytes.
//!
//! GHL marks nothing required or nullable in its answers, spells the same property in several ways
//! and mixes texts with numbers. So every property may be missing or null, unknown ones are passed
//! over, and a value of an unreadable form counts as missing: one odd record cannot fail a page.

use std::borrow::Cow;

use serde_json::Value;

use crate::dates::{self, Zone};
use crate::record::{self, Form, Problem, Scalar, Slot, Whole};
use crate::records;

/// Text as it is in the page.
pub type Text<'a> = Option<Cow<'a, str>>;

/// A moment as GHL wrote it: ISO 8601 in several spellings, or milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moment<'a> {
    /// Milliseconds since 1970-01-01 UTC.
    Milliseconds(i64),
    /// A text, for example `2021-07-02T05:18:26.704Z`, `2023-09-25T16:00:00+05:30`,
    /// `2021-07-16 11:00:00` (no zone: the location's time) or `2021-07-16` (a day).
    Text(Cow<'a, str>),
}

impl Moment<'_> {
    /// Milliseconds since 1970-01-01 UTC. `None` for an unreadable text and for a time of day
    /// without a zone. A day alone is its midnight in UTC.
    pub fn milliseconds(&self) -> Option<i64> {
        match self {
            Self::Milliseconds(milliseconds) => dates::of_milliseconds(*milliseconds),
            Self::Text(text) => {
                let (local, zone) = dates::read(text)?;
                match zone {
                    Zone::Offset(minutes) => local.checked_sub(i64::from(minutes) * 60_000),
                    Zone::Day => Some(local),
                    Zone::Unknown => None,
                }
            }
        }
    }

    /// As GHL wrote it.
    pub fn value(&self) -> serde_json::Value {
        match self {
            Self::Milliseconds(milliseconds) => (*milliseconds).into(),
            Self::Text(text) => text.as_ref().into(),
        }
    }

    /// The day of a text that is one: it is that day in every zone.
    pub fn whole_day(&self) -> Option<&str> {
        match self {
            Self::Text(text) if matches!(dates::read(text)?, (_, Zone::Day)) => Some(text.trim()),
            _ => None,
        }
    }

    /// For a time of day without a zone: milliseconds from 1970-01-01 00:00 to it on the location's
    /// own clock. `None` for all other forms.
    pub fn local_milliseconds(&self) -> Option<i64> {
        match self {
            Self::Milliseconds(_) => None,
            Self::Text(text) => match dates::read(text)? {
                (local, Zone::Unknown) => Some(local),
                _ => None,
            },
        }
    }
}

impl Default for Moment<'_> {
    fn default() -> Self {
        Self::Milliseconds(0)
    }
}

impl<'de> Slot<'de> for Moment<'de> {
    fn read(&mut self, value: Whole<'de>, _form: Form) -> Result<(), Problem> {
        *self = match record::scalar(value) {
            Scalar::Whole(milliseconds) => Self::Milliseconds(milliseconds),
            Scalar::Fraction(milliseconds) => Self::Milliseconds(milliseconds as i64),
            Scalar::Text(text) if !text.trim().is_empty() => Self::Text(text),
            _ => return Err(Problem::not(value, "a moment")),
        };
        Ok(())
    }
}

records! {
    /// A person or company in a location.
    #[derive(Debug, Clone, Default)]
    lenient pub struct Contact<'a> {
        /// Its id.
        pub id: Text<'a> = "id" | "_id" | "contactId";
        /// The location it belongs to.
        pub location_id: Text<'a> = "locationId";
        /// First name; lower-cased by `GET /contacts/`, see [`Contact::first_name`].
        pub first_name: Text<'a> = "firstName";
        /// First name in its own spelling, where GHL sends it apart.
        pub first_name_raw: Text<'a> = "firstNameRaw";
        /// Last name; lower-cased by `GET /contacts/`, see [`Contact::last_name`].
        pub last_name: Text<'a> = "lastName";
        /// Last name in its own spelling, where GHL sends it apart.
        pub last_name_raw: Text<'a> = "lastNameRaw";
        /// Both names in one.
        pub name: Text<'a> = "name";
        /// Both names in one, as lists send them.
        pub contact_name: Text<'a> = "contactName";
        /// Primary e-mail address.
        pub email: Text<'a> = "email";
        /// Further e-mail addresses; GHL lets nobody write them.
        pub additional_emails: Vec<Cow<'a, str>> = "additionalEmails";
        /// Primary phone, E.164.
        pub phone: Text<'a> = "phone";
        /// Further phones; GHL lets nobody write them.
        pub additional_phones: Vec<Cow<'a, str>> = "additionalPhones";
        /// Company name; cannot be updated.
        pub company_name: Text<'a> = "companyName";
        /// The name of the business it belongs to.
        pub business_name: Text<'a> = "businessName";
        /// The business it belongs to.
        pub business_id: Text<'a> = "businessId";
        /// Web site.
        pub website: Text<'a> = "website";
        /// Street and number.
        pub address: Text<'a> = "address1" | "address";
        /// City.
        pub city: Text<'a> = "city";
        /// State or region.
        pub state: Text<'a> = "state";
        /// Postal code.
        pub postal_code: Text<'a> = "postalCode";
        /// ISO 3166-1 alpha-2; search rows may hold the full name.
        pub country: Text<'a> = "country";
        /// IANA time zone.
        pub timezone: Text<'a> = "timezone";
        /// When it was made.
        pub date_added: Option<Moment<'a>> = "dateAdded" | "createdAt";
        /// When it was last changed.
        pub date_updated: Option<Moment<'a>> = "dateUpdated" | "updatedAt";
        /// Birthday: `YYYY-MM-DD` or an instant.
        pub date_of_birth: Option<Moment<'a>> = "dateOfBirth";
        /// User it is assigned to.
        pub assigned_to: Text<'a> = "assignedTo";
        /// Tags, in lower case.
        pub tags: Vec<Cow<'a, str>> = "tags";
        /// Values of custom fields, unread: see [`Contact::custom_field`].
        pub custom_fields: Whole<'a> = "customFields" | "customField";
        /// Where it came from.
        pub source: Text<'a> = "source";
        /// GHL's `type`: `lead` or `customer` in practice.
        pub kind: Text<'a> = "type";
        /// True when it must not be contacted on any channel.
        pub dnd: Option<bool> = "dnd";
        /// True in answers about a deleted contact.
        pub deleted: Option<bool> = "deleted";
    }

    /// The value of a custom field on a contact or opportunity.
    #[derive(Debug, Clone, Default)]
    lenient pub struct CustomFieldValue<'a> {
        /// The field's id.
        pub id: Text<'a> = "id";
        /// The field's key; contacts never send it.
        pub key: Text<'a> = "key" | "fieldKey";
        /// The value: a text, number, list or object, by the field's `dataType`; null for none.
        pub value: Value = "value" | "field_value" | "fieldValue" | "fieldValueString"
            | "fieldValueNumber" | "fieldValueDate" | "fieldValueArray" | "fieldValueFiles"
            | "fieldValueObject" | "fieldValueBoolean";
    }

    /// Something to do for a contact.
    #[derive(Debug, Clone, Default)]
    lenient pub struct Task<'a> {
        /// Its id.
        pub id: Text<'a> = "id" | "_id";
        /// The contact it is about.
        pub contact_id: Text<'a> = "contactId";
        /// Title.
        pub title: Text<'a> = "title";
        /// Description, possibly HTML.
        pub body: Text<'a> = "body";
        /// User it is assigned to.
        pub assigned_to: Text<'a> = "assignedTo";
        /// When it is due.
        pub due_date: Option<Moment<'a>> = "dueDate";
        /// Whether it is done.
        pub completed: Option<bool> = "completed";
        /// When it was made; only the location's task search sends it.
        pub date_added: Option<Moment<'a>> = "dateAdded" | "createdAt";
        /// When it was last changed; only the location's task search sends it.
        pub date_updated: Option<Moment<'a>> = "dateUpdated" | "updatedAt";
        /// True for a deleted task.
        pub deleted: Option<bool> = "deleted";
    }

    /// A note on a contact or appointment.
    #[derive(Debug, Clone, Default)]
    lenient pub struct Note<'a> {
        /// Its id.
        pub id: Text<'a> = "id" | "_id";
        /// The contact it is about.
        pub contact_id: Text<'a> = "contactId";
        /// The text, possibly HTML.
        pub body: Text<'a> = "body";
        /// Title.
        pub title: Text<'a> = "title";
        /// User who wrote it.
        pub user_id: Text<'a> = "userId";
        /// When it was written. A note has no modification date.
        pub date_added: Option<Moment<'a>> = "dateAdded" | "createdAt";
    }

    /// Someone who works in the location.
    #[derive(Debug, Clone, Default)]
    lenient pub struct User<'a> {
        /// Their id.
        pub id: Text<'a> = "id" | "_id";
        /// Both names in one.
        pub name: Text<'a> = "name";
        /// First name.
        pub first_name: Text<'a> = "firstName";
        /// Last name.
        pub last_name: Text<'a> = "lastName";
        /// E-mail address.
        pub email: Text<'a> = "email";
        /// True for a deleted user.
        pub deleted: Option<bool> = "deleted";
    }

    /// The sub-account.
    #[derive(Debug, Clone, Default)]
    lenient pub struct Location<'a> {
        /// Its id.
        pub id: Text<'a> = "id" | "_id";
        /// The agency it belongs to.
        pub company_id: Text<'a> = "companyId";
        /// Name.
        pub name: Text<'a> = "name";
        /// ISO 3166-1 alpha-2.
        pub country: Text<'a> = "country";
        /// IANA time zone.
        pub timezone: Text<'a> = "timezone";
        /// E-mail address.
        pub email: Text<'a> = "email";
        /// Phone.
        pub phone: Text<'a> = "phone";
        /// Web site.
        pub website: Text<'a> = "website";
    }

    /// The definition of a custom field.
    #[derive(Debug, Clone, Default)]
    lenient pub struct CustomField<'a> {
        /// Its id, by which values name it.
        pub id: Text<'a> = "id" | "_id";
        /// Name, as people see it.
        pub name: Text<'a> = "name";
        /// Key, for example `contact.pincode`.
        pub field_key: Text<'a> = "fieldKey";
        /// Type, for example `TEXT` or `MONETORY` (GHL's spelling).
        pub data_type: Text<'a> = "dataType";
        /// `contact` or `opportunity`.
        pub model: Text<'a> = "model";
        /// The labels to choose from.
        pub picklist_options: Vec<Cow<'a, str>> = "picklistOptions";
    }

    /// A meeting with a contact.
    #[derive(Debug, Clone, Default)]
    lenient pub struct Appointment<'a> {
        /// Its id.
        pub id: Text<'a> = "id" | "_id";
        /// Calendar that it belongs to.
        pub calendar_id: Text<'a> = "calendarId";
        /// The contact it is with.
        pub contact_id: Text<'a> = "contactId";
        /// Title.
        pub title: Text<'a> = "title";
        /// `new`, `confirmed`, `cancelled`, `showed`, `noshow` or `invalid`.
        pub appointment_status: Text<'a> = "appointmentStatus" | "appoinmentStatus";
        /// User it is assigned to.
        pub assigned_to: Text<'a> = "assignedUserId";
        /// Place or link.
        pub address: Text<'a> = "address";
        /// Notes, as one text.
        pub notes: Text<'a> = "notes" | "description";
        /// Start; by contact a local time without zone.
        pub start_time: Option<Moment<'a>> = "startTime";
        /// End; by contact a local time without zone.
        pub end_time: Option<Moment<'a>> = "endTime";
        /// When it was made.
        pub date_added: Option<Moment<'a>> = "dateAdded";
        /// When it was last changed.
        pub date_updated: Option<Moment<'a>> = "dateUpdated";
        /// Rule of a series.
        pub rrule: Text<'a> = "rrule";
        /// The series it is part of.
        pub master_event_id: Text<'a> = "masterEventId";
        /// True for a deleted one.
        pub deleted: Option<bool> = "deleted";
    }

    /// A possible deal with a contact.
    #[derive(Debug, Clone, Default)]
    lenient pub struct Opportunity<'a> {
        /// Its id.
        pub id: Text<'a> = "id" | "_id";
        /// The contact it is with.
        pub contact_id: Text<'a> = "contactId";
        /// Name.
        pub name: Text<'a> = "name";
        /// Worth in the location's currency, in whole units and fractions.
        pub monetary_value: Option<f64> = "monetaryValue";
        /// Its pipeline.
        pub pipeline_id: Text<'a> = "pipelineId";
        /// Its stage in the pipeline.
        pub pipeline_stage_id: Text<'a> = "pipelineStageId";
        /// `open`, `won`, `lost` or `abandoned`.
        pub status: Text<'a> = "status";
        /// User it is assigned to.
        pub assigned_to: Text<'a> = "assignedTo";
        /// Where it came from.
        pub source: Text<'a> = "source";
        /// When it was made.
        pub created_at: Option<Moment<'a>> = "createdAt" | "dateAdded";
        /// When it was last changed.
        pub updated_at: Option<Moment<'a>> = "updatedAt" | "dateUpdated";
        /// When its status last changed.
        pub last_status_change_at: Option<Moment<'a>> = "lastStatusChangeAt";
        /// Day the deal is expected to close; only v3 sends it.
        pub forecast_expected_close_date: Option<Moment<'a>> = "forecastExpectedCloseDate";
        /// Values of custom fields.
        pub custom_fields: Vec<CustomFieldValue<'a>> = "customFields";
    }

    /// A pipeline of opportunities.
    #[derive(Debug, Clone, Default)]
    lenient pub struct Pipeline<'a> {
        /// Its id.
        pub id: Text<'a> = "id" | "_id";
        /// Name.
        pub name: Text<'a> = "name";
        /// Its stages, in order.
        pub stages: Vec<Stage<'a>> = "stages";
    }

    /// A stage of a pipeline.
    #[derive(Debug, Clone, Default)]
    lenient pub struct Stage<'a> {
        /// Its id.
        pub id: Text<'a> = "id" | "_id";
        /// Name.
        pub name: Text<'a> = "name";
    }

    /// A company that contacts belong to.
    #[derive(Debug, Clone, Default)]
    lenient pub struct Business<'a> {
        /// Its id.
        pub id: Text<'a> = "id" | "_id";
        /// Name.
        pub name: Text<'a> = "name";
        /// Phone.
        pub phone: Text<'a> = "phone";
        /// E-mail address.
        pub email: Text<'a> = "email";
        /// Web site.
        pub website: Text<'a> = "website";
        /// Street and number.
        pub address: Text<'a> = "address";
        /// City.
        pub city: Text<'a> = "city";
        /// State or region.
        pub state: Text<'a> = "state";
        /// Postal code.
        pub postal_code: Text<'a> = "postalCode";
        /// Country.
        pub country: Text<'a> = "country";
        /// When it was made.
        pub created_at: Option<Moment<'a>> = "createdAt";
        /// When it was last changed.
        pub updated_at: Option<Moment<'a>> = "updatedAt";
        /// Values of custom fields.
        pub custom_fields: Vec<CustomFieldValue<'a>> = "customFields";
    }
}

/// The first of these texts that is not blank.
fn first_filled<'a>(texts: &[&'a Text<'_>]) -> Option<&'a str> {
    texts.iter().filter_map(|text| text.as_deref()).find(|text| !text.trim().is_empty())
}

impl<'a> Contact<'a> {
    /// The value of the custom field of that id.
    pub fn custom_field(&self, id: &str) -> Option<Value> {
        let fields: Vec<CustomFieldValue<'a>> = record::read_part(self.custom_fields).ok()?;
        fields.into_iter().find(|field| field.id.as_deref() == Some(id)).map(|field| field.value)
    }

    /// First name in its own spelling.
    pub fn first_name(&self) -> Option<&str> {
        first_filled(&[&self.first_name_raw, &self.first_name])
    }

    /// Last name in its own spelling.
    pub fn last_name(&self) -> Option<&str> {
        first_filled(&[&self.last_name_raw, &self.last_name])
    }

    /// Both names in one, where GHL sends them so.
    pub fn full_name(&self) -> Option<&str> {
        first_filled(&[&self.contact_name, &self.name])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'a, T: Slot<'a> + Default>(json: &'a str) -> T {
        record::read(json).unwrap()
    }

    #[test]
    fn contact_of_the_search_borrows_and_keeps_its_cursor() {
        let contact: Contact = read(
            r#"{"id":"c1","firstName":"Zoë","lastName":"O'Neil","firstNameLowerCase":"zoë",
            "email":"a@b.c","tags":["vip",null,3],"dateAdded":"2021-07-02T05:18:26.704Z",
            "dateUpdated":1625203106704,"searchAfter":[1625203106704,"c1"],"dnd":"true",
            "postalCode":35061,"additionalEmails":["x@y.z"],"unknown":{"deep":[1,{"a":2}]}}"#,
        );
        assert!(matches!(contact.email, Some(Cow::Borrowed("a@b.c"))));
        assert_eq!(contact.first_name(), Some("Zoë"));
        assert_eq!(contact.tags, ["vip", "3"]);
        assert_eq!(contact.postal_code.as_deref(), Some("35061"));
        assert_eq!(contact.dnd, Some(true));
        assert_eq!(contact.additional_emails, ["x@y.z"]);
        assert_eq!(
            contact.date_added.unwrap().milliseconds(),
            contact.date_updated.unwrap().milliseconds(),
        );
    }

    #[test]
    fn contact_of_the_old_list_prefers_the_cased_names() {
        let contact: Contact = read(
            r#"{"id":"c1","contactName":"Ann Lee","firstName":"ann","firstNameRaw":"Ann",
            "lastName":"lee","lastNameRaw":"","address":"1 Road","address1":"2 Road",
            "startAfter":[1,"c1"]}"#,
        );
        assert_eq!((contact.first_name(), contact.last_name()), (Some("Ann"), Some("lee")));
        assert_eq!(contact.full_name(), Some("Ann Lee"));
        assert_eq!(contact.address.as_deref(), Some("1 Road"));
    }

    #[test]
    fn a_null_spelling_gives_way_to_the_next() {
        let contact: Contact =
            read(r#"{"address1":null,"address":"1 Road","id":null,"_id":"x","searchAfter":null}"#);
        assert_eq!(contact.address.as_deref(), Some("1 Road"));
        assert_eq!(contact.id.as_deref(), Some("x"));
    }

    #[test]
    fn values_of_unreadable_form_count_as_missing() {
        let contact: Contact = read(
            r#"{"email":{"a":1},"tags":"vip","customFields":{"a":1},"dnd":"maybe","dateAdded":[],
            "phone":["1"],"additionalEmails":[{"email":"a@b.c","validEmail":null},{"other":1},
            ["x"],"d@e.f",""]}"#,
        );
        assert_eq!((&contact.email, &contact.phone, contact.dnd), (&None, &None, None));
        assert!(contact.tags.is_empty() && contact.custom_field("a").is_none());
        assert!(contact.date_added.is_none());
        assert_eq!(contact.additional_emails, ["a@b.c", "d@e.f"]);
    }

    #[test]
    fn custom_field_values_are_read_under_every_spelling() {
        let contact: Contact = read(
            r#"{"customFields":[{"id":"a","value":"x"},{"id":"b","field_value":1},
            {"id":"c","fieldValue":["p","q"]},{"id":"d","type":"string","fieldValueString":"s"},
            {"id":"e","fieldValueDate":1625203106704},{"id":"f"},
            {"id":"g","value":null,"fieldValue":2.5}]}"#,
        );
        let ids = ["a", "b", "c", "d", "e", "f", "g"];
        let values: Vec<Value> = ids.iter().map(|id| contact.custom_field(id).unwrap()).collect();
        let expected =
            serde_json::json!(["x", 1, ["p", "q"], "s", 1_625_203_106_704_i64, null, 2.5]);
        assert_eq!(&values, expected.as_array().unwrap());
    }

    #[test]
    fn tasks_of_both_routes_are_one_record() {
        let search: Task = read(
            r#"{"_id":"t","contactId":"c","dateUpdated":"2026-01-01T00:00:00Z","completed":false}"#,
        );
        let by_contact: Task =
            read(r#"{"id":"t","completed":"false","dueDate":"2021-07-08T02:30:00Z"}"#);
        assert_eq!(search.id, by_contact.id);
        assert_eq!((search.completed, by_contact.completed), (Some(false), Some(false)));
        assert_eq!(by_contact.due_date.unwrap().milliseconds(), Some(1_625_711_400_000));
        assert!(by_contact.date_updated.is_none());
    }

    #[test]
    fn escaped_texts_and_keys_are_unescaped() {
        let note: Note = read(r#"{"\u0069d":"n","body":"a \"b\" \ud83d\ude00\n"}"#);
        assert_eq!(note.id.as_deref(), Some("n"));
        assert_eq!(note.body.as_deref(), Some("a \"b\" 😀\n"));
    }

    #[test]
    fn moments_of_every_spelling() {
        let at = |text: &str| Moment::Text(text.to_owned().into());
        for (text, milliseconds) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1969-12-31", Some(-86_400_000)),
            ("2023-09-25T16:00:00+05:30", Some(1_695_637_800_000)),
            ("2023-09-25T16:00:00.5-0800", Some(1_695_686_400_500)),
            ("2024-02-29 10:20Z", Some(1_709_202_000_000)),
            ("1625203106704", Some(1_625_203_106_704)),
            ("2021-07-16 11:00:00", None),
            ("2023-02-29", None),
            ("2023-09-25T24:00:00Z", None),
            ("2023-09-25T16:00:00+5", None),
            ("2023-09-25T16:00:00.x5Z", None),
            ("20-07-2021 10:00", None),
            ("", None),
            ("tomorrow", None),
            ("2023-0é-25", None),
        ] {
            assert_eq!(at(text).milliseconds(), milliseconds, "{text}");
        }
        assert_eq!(at("2021-07-16 11:00:00").local_milliseconds(), Some(1_626_433_200_000));
        assert_eq!(at("2021-07-16T11:00:00Z").local_milliseconds(), None);
    }

    #[test]
    fn pipelines_and_numbers_in_texts() {
        let pipeline: Pipeline =
            read(r#"{"id":"p","name":"Sales","stages":[{"id":"s","name":"New","position":0}]}"#);
        assert_eq!(pipeline.stages[0].name.as_deref(), Some("New"));
        let opportunity: Opportunity = read(r#"{"monetaryValue":"12.50","status":"open"}"#);
        assert_eq!(opportunity.monetary_value, Some(12.5));
    }
}
