//! What the sync engine reads from GHL: records that borrow from the page's bytes.
//!
//! GHL marks nothing required or nullable in its answers, spells the same property in several ways
//! and mixes texts with numbers. So every property may be missing or null, unknown ones are passed
//! over, and a value of an unreadable form counts as missing: one odd record cannot fail a page.
//! Read them from text or bytes in memory (`serde_json::from_str`), not from a `serde_json::Value`.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::dates::{self, Zone};

/// Text as it stands in the page.
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
            Self::Milliseconds(milliseconds) => Some(*milliseconds),
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

/// A form of property that can be read leniently: missing until a readable value was met.
trait Property<'de>: Default {
    /// Whether nothing was read yet, so that a second spelling of the property may fill it.
    fn is_missing(&self) -> bool;
    /// Reads a value; one of an unreadable form counts as missing.
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// Lets serde read a [`Property`].
struct Lenient<T>(T);

impl<'de, T: Property<'de>> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(Self)
    }
}

/// A value as far as the records need to look into it.
enum Scalar<'de> {
    /// `null`, or an object or list where none belongs.
    Missing,
    /// A text.
    Text(Cow<'de, str>),
    /// A whole number.
    Whole(i64),
    /// Another number.
    Fraction(f64),
    /// True or false.
    Truth(bool),
}

impl<'de> Deserialize<'de> for Scalar<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Scalar<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a value")
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Scalar::Missing)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
                Ok(Scalar::Truth(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
                Ok(Scalar::Whole(value))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
                Ok(i64::try_from(value).map_or(Scalar::Fraction(value as f64), Scalar::Whole))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
                Ok(Scalar::Fraction(value))
            }
            fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
                Ok(Scalar::Text(Cow::Borrowed(value)))
            }
            fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
                Ok(Scalar::Text(Cow::Owned(value.to_owned())))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Scalar::Missing)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Scalar::Missing)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// Declares how a property's value comes from a [`Scalar`].
macro_rules! scalar_properties {
    ($($of:ty = |$value:ident| $take:expr;)+) => {$(
        impl<'de> Property<'de> for Option<$of> {
            fn is_missing(&self) -> bool {
                self.is_none()
            }
            fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Scalar::deserialize(deserializer).map(|$value| $take)
            }
        }
    )+};
}

scalar_properties! {
    Cow<'de, str> = |value| match value {
        Scalar::Missing => None,
        Scalar::Text(text) => Some(text),
        Scalar::Whole(number) => Some(Cow::Owned(number.to_string())),
        Scalar::Fraction(number) => Some(Cow::Owned(number.to_string())),
        Scalar::Truth(truth) => Some(Cow::Borrowed(if truth { "true" } else { "false" })),
    };
    bool = |value| match value {
        Scalar::Truth(truth) => Some(truth),
        Scalar::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Scalar::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
        Scalar::Whole(number) => Some(number != 0),
        _ => None,
    };
    f64 = |value| match value {
        Scalar::Whole(number) => Some(number as f64),
        Scalar::Fraction(number) => Some(number),
        Scalar::Text(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
        _ => None,
    };
    Moment<'de> = |value| match value {
        Scalar::Whole(milliseconds) => Some(Moment::Milliseconds(milliseconds)),
        Scalar::Fraction(milliseconds) => Some(Moment::Milliseconds(milliseconds as i64)),
        Scalar::Text(text) if !text.trim().is_empty() => Some(Moment::Text(text)),
        _ => None,
    };
}

impl<'de> Property<'de> for Option<&'de RawValue> {
    fn is_missing(&self) -> bool {
        self.is_none()
    }
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?;
        Ok((raw.get() != "null").then_some(raw))
    }
}

impl<'de> Property<'de> for Value {
    fn is_missing(&self) -> bool {
        self.is_null()
    }
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
}

/// Reads a list; a value that is none gives an empty one.
fn read_list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let raw = <&'de RawValue>::deserialize(deserializer)?.get();
    if raw.starts_with('[') {
        serde_json::from_str(raw).map_err(D::Error::custom)
    } else {
        Ok(Vec::new())
    }
}

/// One entry of a list of texts: the text itself, or an object that holds it.
struct Entry<'de>(Text<'de>);

impl<'de> Deserialize<'de> for Entry<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        let text = if raw.starts_with('{') {
            serde_json::from_str::<Holder<'de>>(raw).map(|holder| holder.text)
        } else {
            serde_json::from_str::<Lenient<Text<'de>>>(raw).map(|text| text.0)
        };
        text.map(Self).map_err(D::Error::custom)
    }
}

impl<'de> Property<'de> for Vec<Cow<'de, str>> {
    fn is_missing(&self) -> bool {
        self.is_empty()
    }
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries: Vec<Entry<'de>> = read_list(deserializer)?;
        Ok(entries
            .into_iter()
            .filter_map(|entry| entry.0.filter(|text| !text.is_empty()))
            .collect())
    }
}

/// Declares lists of objects.
macro_rules! list_properties {
    ($($name:ident),+) => {$(
        impl<'de> Property<'de> for Vec<$name<'de>> {
            fn is_missing(&self) -> bool {
                self.is_empty()
            }
            fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                read_list(deserializer)
            }
        }
    )+};
}
list_properties!(CustomFieldValue, Stage);

/// Declares records. Each field names the spellings of its property; the first that holds a value
/// wins, so that an answer with two spellings of one property is read too.
macro_rules! records {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident {
            $($(#[doc = $field_doc:literal])+ $field:ident: $of:ty = $($wire:literal)|+;)+
        }
    )+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Default)]
        pub struct $name<'a> {
            $($(#[doc = $field_doc])+ pub $field: $of,)+
        }

        impl<'de> Deserialize<'de> for $name<'de> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Reader;
                impl<'de> Visitor<'de> for Reader {
                    type Value = $name<'de>;

                    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                        formatter.write_str(stringify!($name))
                    }
                    fn visit_map<A: MapAccess<'de>>(
                        self,
                        mut entries: A,
                    ) -> Result<Self::Value, A::Error> {
                        let mut record = $name::default();
                        while let Some(key) = entries.next_key::<Lenient<Text<'de>>>()? {
                            match key.0.as_deref().unwrap_or_default() {
                                $($($wire)|+ if record.$field.is_missing() => {
                                    record.$field = entries.next_value::<Lenient<_>>()?.0;
                                })+
                                _ => {
                                    entries.next_value::<IgnoredAny>()?;
                                }
                            }
                        }
                        Ok(record)
                    }
                }
                deserializer.deserialize_map(Reader)
            }
        }
    )+};
}

records! {
    /// A text in an object, for example `{"email": "a@b.c", "validEmail": true}`.
    Holder {
        /// The text.
        text: Text<'a> = "email" | "phone" | "value" | "name";
    }

    /// A person or company in a location.
    Contact {
        /// Its id.
        id: Text<'a> = "id" | "_id" | "contactId";
        /// The location it belongs to.
        location_id: Text<'a> = "locationId";
        /// First name; lower-cased by `GET /contacts/`, see [`Contact::first_name`].
        first_name: Text<'a> = "firstName";
        /// First name in its own spelling, where GHL sends it apart.
        first_name_raw: Text<'a> = "firstNameRaw";
        /// Last name; lower-cased by `GET /contacts/`, see [`Contact::last_name`].
        last_name: Text<'a> = "lastName";
        /// Last name in its own spelling, where GHL sends it apart.
        last_name_raw: Text<'a> = "lastNameRaw";
        /// Both names in one.
        name: Text<'a> = "name";
        /// Both names in one, as lists send them.
        contact_name: Text<'a> = "contactName";
        /// Primary e-mail address.
        email: Text<'a> = "email";
        /// Further e-mail addresses; GHL lets nobody write them.
        additional_emails: Vec<Cow<'a, str>> = "additionalEmails";
        /// Primary phone, E.164.
        phone: Text<'a> = "phone";
        /// Further phones; GHL lets nobody write them.
        additional_phones: Vec<Cow<'a, str>> = "additionalPhones";
        /// Company name; cannot be updated.
        company_name: Text<'a> = "companyName";
        /// The name of the business it belongs to.
        business_name: Text<'a> = "businessName";
        /// The business it belongs to.
        business_id: Text<'a> = "businessId";
        /// Web site.
        website: Text<'a> = "website";
        /// Street and number.
        address: Text<'a> = "address1" | "address";
        /// City.
        city: Text<'a> = "city";
        /// State or region.
        state: Text<'a> = "state";
        /// Postal code.
        postal_code: Text<'a> = "postalCode";
        /// ISO 3166-1 alpha-2; search rows may hold the full name.
        country: Text<'a> = "country";
        /// IANA time zone.
        timezone: Text<'a> = "timezone";
        /// When it was made.
        date_added: Option<Moment<'a>> = "dateAdded" | "createdAt";
        /// When it was last changed.
        date_updated: Option<Moment<'a>> = "dateUpdated" | "updatedAt";
        /// Birthday: `YYYY-MM-DD` or an instant.
        date_of_birth: Option<Moment<'a>> = "dateOfBirth";
        /// User it is assigned to.
        assigned_to: Text<'a> = "assignedTo";
        /// Tags, in lower case.
        tags: Vec<Cow<'a, str>> = "tags";
        /// Values of custom fields.
        custom_fields: Vec<CustomFieldValue<'a>> = "customFields" | "customField";
        /// Where it came from.
        source: Text<'a> = "source";
        /// GHL's `type`: `lead` or `customer` in practice.
        kind: Text<'a> = "type";
        /// True when it must not be contacted on any channel.
        dnd: Option<bool> = "dnd";
        /// True in answers about a deleted contact.
        deleted: Option<bool> = "deleted";
        /// Cursor for the search's next page: `[sort value, id]`, to be sent back as it is.
        search_after: Option<&'a RawValue> = "searchAfter" | "startAfter";
    }

    /// The value of a custom field on a contact or opportunity.
    CustomFieldValue {
        /// The field's id.
        id: Text<'a> = "id";
        /// The field's key; contacts never send it.
        key: Text<'a> = "key" | "fieldKey";
        /// The value: a text, number, list or object, by the field's `dataType`; null for none.
        value: Value = "value" | "field_value" | "fieldValue" | "fieldValueString"
            | "fieldValueNumber" | "fieldValueDate" | "fieldValueArray" | "fieldValueFiles"
            | "fieldValueObject" | "fieldValueBoolean";
    }

    /// Something to do for a contact.
    Task {
        /// Its id.
        id: Text<'a> = "id" | "_id";
        /// The contact it is about.
        contact_id: Text<'a> = "contactId";
        /// Title.
        title: Text<'a> = "title";
        /// Description, possibly HTML.
        body: Text<'a> = "body";
        /// User it is assigned to.
        assigned_to: Text<'a> = "assignedTo";
        /// When it is due.
        due_date: Option<Moment<'a>> = "dueDate";
        /// Whether it is done.
        completed: Option<bool> = "completed";
        /// When it was made; only the location's task search sends it.
        date_added: Option<Moment<'a>> = "dateAdded" | "createdAt";
        /// When it was last changed; only the location's task search sends it.
        date_updated: Option<Moment<'a>> = "dateUpdated" | "updatedAt";
        /// True for a deleted task.
        deleted: Option<bool> = "deleted";
        /// Cursor of the location's task search, as it was sent.
        search_after: Option<&'a RawValue> = "searchAfter";
    }

    /// A note on a contact or appointment.
    Note {
        /// Its id.
        id: Text<'a> = "id" | "_id";
        /// The contact it is about.
        contact_id: Text<'a> = "contactId";
        /// The text, possibly HTML.
        body: Text<'a> = "body";
        /// Title.
        title: Text<'a> = "title";
        /// User who wrote it.
        user_id: Text<'a> = "userId";
        /// When it was written; there is no date of change.
        date_added: Option<Moment<'a>> = "dateAdded" | "createdAt";
    }

    /// Someone who works in the location.
    User {
        /// Their id.
        id: Text<'a> = "id" | "_id";
        /// Both names in one.
        name: Text<'a> = "name";
        /// First name.
        first_name: Text<'a> = "firstName";
        /// Last name.
        last_name: Text<'a> = "lastName";
        /// E-mail address.
        email: Text<'a> = "email";
        /// True for a deleted user.
        deleted: Option<bool> = "deleted";
    }

    /// The sub-account.
    Location {
        /// Its id.
        id: Text<'a> = "id" | "_id";
        /// The agency it belongs to.
        company_id: Text<'a> = "companyId";
        /// Name.
        name: Text<'a> = "name";
        /// ISO 3166-1 alpha-2.
        country: Text<'a> = "country";
        /// IANA time zone.
        timezone: Text<'a> = "timezone";
        /// E-mail address.
        email: Text<'a> = "email";
        /// Phone.
        phone: Text<'a> = "phone";
        /// Web site.
        website: Text<'a> = "website";
    }

    /// The definition of a custom field.
    CustomField {
        /// Its id, by which values name it.
        id: Text<'a> = "id" | "_id";
        /// Name, as people see it.
        name: Text<'a> = "name";
        /// Key, for example `contact.pincode`.
        field_key: Text<'a> = "fieldKey";
        /// Type, for example `TEXT` or `MONETORY` (GHL's spelling).
        data_type: Text<'a> = "dataType";
        /// `contact` or `opportunity`.
        model: Text<'a> = "model";
        /// The labels to choose from.
        picklist_options: Vec<Cow<'a, str>> = "picklistOptions";
    }

    /// A meeting with a contact.
    Appointment {
        /// Its id.
        id: Text<'a> = "id" | "_id";
        /// The calendar it stands in.
        calendar_id: Text<'a> = "calendarId";
        /// The contact it is with.
        contact_id: Text<'a> = "contactId";
        /// Title.
        title: Text<'a> = "title";
        /// `new`, `confirmed`, `cancelled`, `showed`, `noshow` or `invalid`.
        appointment_status: Text<'a> = "appointmentStatus" | "appoinmentStatus";
        /// User it is assigned to.
        assigned_to: Text<'a> = "assignedUserId";
        /// Place or link.
        address: Text<'a> = "address";
        /// Notes, as one text.
        notes: Text<'a> = "notes" | "description";
        /// Start; by contact a local time without zone.
        start_time: Option<Moment<'a>> = "startTime";
        /// End; by contact a local time without zone.
        end_time: Option<Moment<'a>> = "endTime";
        /// When it was made.
        date_added: Option<Moment<'a>> = "dateAdded";
        /// When it was last changed.
        date_updated: Option<Moment<'a>> = "dateUpdated";
        /// Rule of a series.
        rrule: Text<'a> = "rrule";
        /// The series it is part of.
        master_event_id: Text<'a> = "masterEventId";
        /// True for a deleted one.
        deleted: Option<bool> = "deleted";
    }

    /// A possible deal with a contact.
    Opportunity {
        /// Its id.
        id: Text<'a> = "id" | "_id";
        /// The contact it is with.
        contact_id: Text<'a> = "contactId";
        /// Name.
        name: Text<'a> = "name";
        /// Worth in the location's currency, in whole units and fractions.
        monetary_value: Option<f64> = "monetaryValue";
        /// Its pipeline.
        pipeline_id: Text<'a> = "pipelineId";
        /// Its stage in the pipeline.
        pipeline_stage_id: Text<'a> = "pipelineStageId";
        /// `open`, `won`, `lost` or `abandoned`.
        status: Text<'a> = "status";
        /// User it is assigned to.
        assigned_to: Text<'a> = "assignedTo";
        /// Where it came from.
        source: Text<'a> = "source";
        /// When it was made.
        created_at: Option<Moment<'a>> = "createdAt" | "dateAdded";
        /// When it was last changed.
        updated_at: Option<Moment<'a>> = "updatedAt" | "dateUpdated";
        /// When its status last changed.
        last_status_change_at: Option<Moment<'a>> = "lastStatusChangeAt";
        /// Day the deal is expected to close; only v3 sends it.
        forecast_expected_close_date: Option<Moment<'a>> = "forecastExpectedCloseDate";
        /// Values of custom fields.
        custom_fields: Vec<CustomFieldValue<'a>> = "customFields";
    }

    /// A pipeline of opportunities.
    Pipeline {
        /// Its id.
        id: Text<'a> = "id" | "_id";
        /// Name.
        name: Text<'a> = "name";
        /// Its stages, in order.
        stages: Vec<Stage<'a>> = "stages";
    }

    /// A stage of a pipeline.
    Stage {
        /// Its id.
        id: Text<'a> = "id" | "_id";
        /// Name.
        name: Text<'a> = "name";
    }

    /// A company that contacts belong to.
    Business {
        /// Its id.
        id: Text<'a> = "id" | "_id";
        /// Name.
        name: Text<'a> = "name";
        /// Phone.
        phone: Text<'a> = "phone";
        /// E-mail address.
        email: Text<'a> = "email";
        /// Web site.
        website: Text<'a> = "website";
        /// Street and number.
        address: Text<'a> = "address";
        /// City.
        city: Text<'a> = "city";
        /// State or region.
        state: Text<'a> = "state";
        /// Postal code.
        postal_code: Text<'a> = "postalCode";
        /// Country.
        country: Text<'a> = "country";
        /// When it was made.
        created_at: Option<Moment<'a>> = "createdAt";
        /// When it was last changed.
        updated_at: Option<Moment<'a>> = "updatedAt";
        /// Values of custom fields.
        custom_fields: Vec<CustomFieldValue<'a>> = "customFields";
    }
}

/// The first of these texts that is not blank.
fn first_filled<'a>(texts: &[&'a Text<'_>]) -> Option<&'a str> {
    texts.iter().filter_map(|text| text.as_deref()).find(|text| !text.trim().is_empty())
}

impl Contact<'_> {
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

    fn read<'a, T: Deserialize<'a>>(json: &'a str) -> T {
        serde_json::from_str(json).unwrap()
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
        assert_eq!(contact.search_after.unwrap().get(), r#"[1625203106704,"c1"]"#);
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
        assert!(contact.search_after.is_some());
    }

    #[test]
    fn a_null_spelling_gives_way_to_the_next() {
        let contact: Contact =
            read(r#"{"address1":null,"address":"1 Road","id":null,"_id":"x","searchAfter":null}"#);
        assert_eq!(contact.address.as_deref(), Some("1 Road"));
        assert_eq!(contact.id.as_deref(), Some("x"));
        assert!(contact.search_after.is_none());
    }

    #[test]
    fn values_of_unreadable_form_count_as_missing() {
        let contact: Contact = read(
            r#"{"email":{"a":1},"tags":"vip","customFields":{"a":1},"dnd":"maybe","dateAdded":[],
            "phone":["1"],"additionalEmails":[{"email":"a@b.c","validEmail":null},{"other":1},
            ["x"],"d@e.f",""]}"#,
        );
        assert_eq!((contact.email, contact.phone, contact.dnd), (None, None, None));
        assert!(contact.tags.is_empty() && contact.custom_fields.is_empty());
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
        let values: Vec<_> = contact.custom_fields.iter().map(|field| &field.value).collect();
        let expected =
            serde_json::json!(["x", 1, ["p", "q"], "s", 1_625_203_106_704_i64, null, 2.5]);
        assert_eq!(values, expected.as_array().unwrap().iter().collect::<Vec<_>>());
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
