//! ChartMogul's records as the sync reads them: every field may be missing, `null` or empty.
//!
//! ChartMogul answers an absent text with `""` on customers and `null` elsewhere; both are read as
//! `None`, so that comparing never sees a difference between them. A number or boolean where a text
//! is expected is read as its text, and a field of any other wrong type as absent: one odd field
//! must not lose a page.

use serde_json::{Map, Value};

use crate::records;

records! {
    /// A customer: one company or person, the parent of contacts, tasks and notes.
    #[derive(Debug, Clone, Default, PartialEq)]
    lenient pub struct Customer {
        /// `cus_` and a UUID. Disappears when the customer is merged into another.
        pub uuid: Option<String> = "uuid";
        /// The first of `external_ids`.
        pub external_id: Option<String> = "external_id";
        /// One for each merged source customer.
        pub external_ids: Vec<String> = "external_ids";
        /// The first of `data_source_uuids`.
        pub data_source_uuid: Option<String> = "data_source_uuid";
        /// One for each merged source customer; the same source may be listed twice.
        pub data_source_uuids: Vec<String> = "data_source_uuids";
        /// Name of the person or company.
        pub name: Option<String> = "name";
        /// Company.
        pub company: Option<String> = "company";
        /// E-mail address.
        pub email: Option<String> = "email";
        /// `New Lead`, `Working Lead`, `Qualified Lead`, `Unqualified Lead`, or a computed state.
        pub status: Option<String> = "status";
        /// E-mail address of the ChartMogul user who owns it.
        pub owner: Option<String> = "owner";
        /// City.
        pub city: Option<String> = "city";
        /// State; ISO 3166-2 without the country, kept for the United States only.
        pub state: Option<String> = "state";
        /// ISO 3166-1 alpha-2.
        pub country: Option<String> = "country";
        /// Postal code.
        pub zip: Option<String> = "zip";
        /// Website.
        pub website_url: Option<String> = "website_url";
        /// Instant at which it became a lead.
        pub lead_created_at: Option<String> = "lead_created_at";
        /// Instant at which its trial began.
        pub free_trial_started_at: Option<String> = "free_trial_started_at";
        /// Instant of the first payment, with offset and without milliseconds; `None` for leads.
        pub customer_since: Option<String> = "customer-since";
        /// Address of its page in ChartMogul.
        pub chartmogul_url: Option<String> = "chartmogul-url";
        /// Currency of `mrr` and `arr`, ISO 4217: the account's, not the customer's.
        pub currency: Option<String> = "currency";
        /// Monthly recurring revenue in cents.
        pub mrr: Option<i64> = "mrr";
        /// Annual recurring revenue in cents.
        pub arr: Option<i64> = "arr";
        /// Tags and custom attributes.
        pub attributes: Attributes = "attributes";
    }
}

records! {
    /// A customer's tags and custom attributes.
    #[derive(Debug, Clone, Default, PartialEq)]
    lenient pub struct Attributes {
        /// Tags, case-sensitive.
        pub tags: Vec<String> = "tags";
        /// Custom attributes by key: text, number, boolean or an instant as text.
        pub custom: Map<String, Value> = "custom";
    }
}

records! {
    /// A person of a customer, or of none (since September 2026).
    #[derive(Debug, Clone, Default, PartialEq)]
    lenient pub struct Contact {
        /// `con_` and a UUID.
        pub uuid: Option<String> = "uuid";
        /// The customer it belongs to; `None` for a standalone contact.
        pub customer_uuid: Option<String> = "customer_uuid";
        /// That customer's external id in the contact's data source.
        pub customer_external_id: Option<String> = "customer_external_id";
        /// The data source it was written to.
        pub data_source_uuid: Option<String> = "data_source_uuid";
        /// The writer's own id, since March 2026.
        pub external_id: Option<String> = "external_id";
        /// First name.
        pub first_name: Option<String> = "first_name";
        /// Last name.
        pub last_name: Option<String> = "last_name";
        /// Job title.
        pub title: Option<String> = "title";
        /// E-mail address.
        pub email: Option<String> = "email";
        /// Telephone number, as it was written.
        pub phone: Option<String> = "phone";
        /// LinkedIn address.
        pub linked_in: Option<String> = "linked_in";
        /// Twitter address.
        pub twitter: Option<String> = "twitter";
        /// Free text about the contact; not its notes.
        pub notes: Option<String> = "notes";
        /// Place in the customer's list of contacts, from 1.
        pub position: Option<i64> = "position";
        /// Instant of the last visit, since September 2026.
        pub last_seen: Option<String> = "last_seen";
        /// Custom attributes by key; written as a list of `{key, value}`.
        pub custom: Map<String, Value> = "custom";
    }
}

records! {
    /// A note or call log of a customer or contact.
    #[derive(Debug, Clone, Default, PartialEq)]
    lenient pub struct Note {
        /// `note_` and a UUID.
        pub uuid: Option<String> = "uuid";
        /// The customer; `None` on a contact's note.
        pub customer_uuid: Option<String> = "customer_uuid";
        /// `customer` or `contact`; `/v1/notes` only.
        pub associated_object: Option<String> = "associated_object";
        /// Its uuid; `/v1/notes` only.
        pub associated_object_uuid: Option<String> = "associated_object_uuid";
        /// `note` or `call`.
        pub kind: Option<String> = "type";
        /// The text; may be HTML when it was written in ChartMogul's own pages.
        pub text: Option<String> = "text";
        /// `Name (e-mail)`.
        pub author: Option<String> = "author";
        /// Length of a call in seconds; 0 for notes.
        pub call_duration: Option<i64> = "call_duration";
        /// Instant of writing; can be set by the writer.
        pub created_at: Option<String> = "created_at";
        /// Instant of the last change.
        pub updated_at: Option<String> = "updated_at";
    }
}

impl Note {
    /// The author's e-mail address, from `Name (e-mail)`.
    pub fn author_email(&self) -> Option<&str> {
        let author = self.author.as_deref()?.trim();
        let address = match author.strip_suffix(')') {
            Some(rest) => rest.rsplit_once('(')?.1,
            None => author,
        };
        address.contains('@').then_some(address)
    }

    /// The customer or contact it is attached to, whichever endpoint it was read from.
    pub fn parent_uuid(&self) -> Option<&str> {
        self.associated_object_uuid.as_deref().or(self.customer_uuid.as_deref())
    }
}

records! {
    /// A task of a customer or contact.
    #[derive(Debug, Clone, Default, PartialEq)]
    lenient pub struct Task {
        /// A bare UUID. The key on the wire is `task_uuid`.
        pub task_uuid: Option<String> = "task_uuid";
        /// The customer; `None` on a contact's task.
        pub customer_uuid: Option<String> = "customer_uuid";
        /// `customer` or `contact`, since September 2026.
        pub associated_object: Option<String> = "associated_object";
        /// Its uuid, since September 2026.
        pub associated_object_uuid: Option<String> = "associated_object_uuid";
        /// What is to be done, at most 255 characters.
        pub task_details: Option<String> = "task_details";
        /// E-mail address of a ChartMogul user.
        pub assignee: Option<String> = "assignee";
        /// Instant at which it is due; midnight UTC where a day was written.
        pub due_date: Option<String> = "due_date";
        /// Instant of completion; `None` while open.
        pub completed_at: Option<String> = "completed_at";
        /// Instant of creation, set by ChartMogul.
        pub created_at: Option<String> = "created_at";
        /// Instant of the last change.
        pub updated_at: Option<String> = "updated_at";
    }
}

impl Task {
    /// The customer or contact it is attached to.
    pub fn parent_uuid(&self) -> Option<&str> {
        self.associated_object_uuid.as_deref().or(self.customer_uuid.as_deref())
    }
}

records! {
    /// A sales opportunity of a customer.
    #[derive(Debug, Clone, Default, PartialEq)]
    lenient pub struct Opportunity {
        /// A bare UUID.
        pub uuid: Option<String> = "uuid";
        /// The customer.
        pub customer_uuid: Option<String> = "customer_uuid";
        /// E-mail address of a ChartMogul user.
        pub owner: Option<String> = "owner";
        /// Name of the pipeline.
        pub pipeline: Option<String> = "pipeline";
        /// Name of the stage.
        pub pipeline_stage: Option<String> = "pipeline_stage";
        /// Day on which it is expected to close.
        pub estimated_close_date: Option<String> = "estimated_close_date";
        /// ISO 4217.
        pub currency: Option<String> = "currency";
        /// Value in cents of `currency`.
        pub amount_in_cents: Option<i64> = "amount_in_cents";
        /// `recurring`, `one-time` or `arr`.
        pub kind: Option<String> = "type";
        /// `pipeline`, `best_case`, `committed`, `lost` or `won`.
        pub forecast_category: Option<String> = "forecast_category";
        /// 0 to 100.
        pub win_likelihood: Option<i64> = "win_likelihood";
        /// Custom attributes by key; written as a list of `{key, value}`.
        pub custom: Map<String, Value> = "custom";
        /// Instant of creation.
        pub created_at: Option<String> = "created_at";
        /// Instant of the last change.
        pub updated_at: Option<String> = "updated_at";
    }
}

records! {
    /// A data source: where customers come from.
    #[derive(Debug, Clone, Default, PartialEq)]
    lenient pub struct DataSource {
        /// `ds_` and a UUID.
        pub uuid: Option<String> = "uuid";
        /// Name, unique in the account.
        pub name: Option<String> = "name";
        /// `Custom` (until 2025 `Import API`) for those that the API can write to.
        pub system: Option<String> = "system";
        /// For example `idle`.
        pub status: Option<String> = "status";
        /// Instant of creation.
        pub created_at: Option<String> = "created_at";
    }
}

impl DataSource {
    /// Whether customers can be created in it through the API.
    pub fn is_custom(&self) -> bool {
        matches!(self.system.as_deref(), Some("Custom" | "Import API"))
    }
}

records! {
    /// The account that the key belongs to.
    #[derive(Debug, Clone, Default, PartialEq)]
    lenient pub struct Account {
        /// `acc_` and a UUID, since 2025.
        pub id: Option<String> = "id";
        /// Name.
        pub name: Option<String> = "name";
        /// Currency of all metrics, ISO 4217.
        pub currency: Option<String> = "currency";
        /// IANA time zone.
        pub time_zone: Option<String> = "time_zone";
        /// `monday` or `sunday`.
        pub week_start_on: Option<String> = "week_start_on";
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read<T: for<'de> crate::record::Slot<'de> + Default>(value: Value) -> T {
        crate::record::read(&value.to_string()).unwrap()
    }

    #[test]
    fn a_customer_reads_empty_and_null_as_absent() {
        let customer: Customer = read(json!({
            "uuid": "cus_1", "name": "", "company": null, "email": "a@b.co", "external_ids": ["1", "2"],
            "data_source_uuids": null, "mrr": 300.0, "customer-since": "2022-04-05T00:00:00+00:00",
            "attributes": {"tags": ["a"], "custom": {"CAC": 25, "paid": false}, "stripe": {}}, "new-in-2027": 1
        }));
        assert_eq!(customer.name, None);
        assert_eq!(customer.company, None);
        assert_eq!(customer.email.as_deref(), Some("a@b.co"));
        assert_eq!(customer.external_ids, ["1", "2"]);
        assert!(customer.data_source_uuids.is_empty());
        assert_eq!(customer.mrr, Some(300));
        assert_eq!(customer.customer_since.as_deref(), Some("2022-04-05T00:00:00+00:00"));
        assert_eq!(customer.attributes.tags, ["a"]);
        assert_eq!(customer.attributes.custom["paid"], false);
    }

    #[test]
    fn a_field_of_the_wrong_type_does_not_lose_the_record() {
        let contact: Contact = read(json!({
            "uuid": "con_1", "phone": 4912345, "email": {"odd": true}, "custom": [], "position": "2"
        }));
        assert_eq!(contact.phone.as_deref(), Some("4912345"));
        assert_eq!(contact.email, None);
        assert!(contact.custom.is_empty());
        assert_eq!(contact.position, Some(2));
        let customer: Customer = read(json!({"attributes": null}));
        assert_eq!(customer, Customer::default());
    }

    #[test]
    fn the_author_is_read_from_the_last_parentheses() {
        let note = |author: &str| Note { author: Some(author.into()), ..Note::default() };
        assert_eq!(
            note("Ann (sales) Lee[user-2] (ann+staff@x.io)").author_email(),
            Some("ann+staff@x.io")
        );
        assert_eq!(note("ann@x.io").author_email(), Some("ann@x.io"));
        assert_eq!(note("Ann Lee").author_email(), None);
        assert_eq!(note("Ann (none)").author_email(), None);
        assert_eq!(Note::default().author_email(), None);
    }

    #[test]
    fn a_note_names_its_parent_in_both_forms() {
        let old: Note = read(json!({"uuid": "note_1", "customer_uuid": "cus_1"}));
        assert_eq!(old.parent_uuid(), Some("cus_1"));
        let new: Note = read(json!({
            "customer_uuid": null, "associated_object": "contact", "associated_object_uuid": "con_1"
        }));
        assert_eq!(new.parent_uuid(), Some("con_1"));
    }

    #[test]
    fn a_source_is_custom_by_either_name() {
        let source =
            |system: &str| DataSource { system: Some(system.into()), ..DataSource::default() };
        assert!(source("Custom").is_custom());
        assert!(source("Import API").is_custom());
        assert!(!source("Stripe").is_custom());
        assert!(!DataSource::default().is_custom());
    }
}
