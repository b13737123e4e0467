//! ChartMogul's records as the sync reads them: every field may be missing, `null` or empty.
//!
//! ChartMogul answers an absent text with `""` on customers and `null` elsewhere; both are read as
//! `None`, so that comparing never sees a difference between them. A number or boolean where a text
//! is expected is read as its text, and a field of any other wrong type as absent: one odd field
//! must not lose a page.

use serde::de::Deserializer;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A customer: one company or person, the parent of contacts, tasks and notes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Customer {
    /// `cus_` and a UUID. Disappears when the customer is merged into another.
    #[serde(deserialize_with = "text")]
    pub uuid: Option<String>,
    /// The first of `external_ids`.
    #[serde(deserialize_with = "text")]
    pub external_id: Option<String>,
    /// One for each merged source customer.
    #[serde(deserialize_with = "texts")]
    pub external_ids: Vec<String>,
    /// The first of `data_source_uuids`.
    #[serde(deserialize_with = "text")]
    pub data_source_uuid: Option<String>,
    /// One for each merged source customer; the same source may stand there twice.
    #[serde(deserialize_with = "texts")]
    pub data_source_uuids: Vec<String>,
    /// Name of the person or company.
    #[serde(deserialize_with = "text")]
    pub name: Option<String>,
    /// Company.
    #[serde(deserialize_with = "text")]
    pub company: Option<String>,
    /// E-mail address.
    #[serde(deserialize_with = "text")]
    pub email: Option<String>,
    /// `New Lead`, `Working Lead`, `Qualified Lead`, `Unqualified Lead`, or a computed state.
    #[serde(deserialize_with = "text")]
    pub status: Option<String>,
    /// E-mail address of the ChartMogul user who owns it.
    #[serde(deserialize_with = "text")]
    pub owner: Option<String>,
    /// City.
    #[serde(deserialize_with = "text")]
    pub city: Option<String>,
    /// State; ISO 3166-2 without the country, kept for the United States only.
    #[serde(deserialize_with = "text")]
    pub state: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[serde(deserialize_with = "text")]
    pub country: Option<String>,
    /// Postal code.
    #[serde(deserialize_with = "text")]
    pub zip: Option<String>,
    /// Website.
    #[serde(deserialize_with = "text")]
    pub website_url: Option<String>,
    /// Instant at which it became a lead.
    #[serde(deserialize_with = "text")]
    pub lead_created_at: Option<String>,
    /// Instant at which its trial began.
    #[serde(deserialize_with = "text")]
    pub free_trial_started_at: Option<String>,
    /// Instant of the first payment, with offset and without milliseconds; `None` for leads.
    #[serde(rename = "customer-since", deserialize_with = "text")]
    pub customer_since: Option<String>,
    /// Address of its page in ChartMogul.
    #[serde(rename = "chartmogul-url", deserialize_with = "text")]
    pub chartmogul_url: Option<String>,
    /// Currency of `mrr` and `arr`, ISO 4217: the account's, not the customer's.
    #[serde(deserialize_with = "text")]
    pub currency: Option<String>,
    /// Monthly recurring revenue in cents.
    #[serde(deserialize_with = "integer")]
    pub mrr: Option<i64>,
    /// Annual recurring revenue in cents.
    #[serde(deserialize_with = "integer")]
    pub arr: Option<i64>,
    /// Tags and custom attributes.
    #[serde(deserialize_with = "or_default")]
    pub attributes: Attributes,
}

/// A customer's tags and custom attributes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attributes {
    /// Tags, case-sensitive.
    #[serde(deserialize_with = "texts")]
    pub tags: Vec<String>,
    /// Custom attributes by key: text, number, boolean or an instant as text.
    #[serde(deserialize_with = "or_default")]
    pub custom: Map<String, Value>,
}

/// A person of a customer, or of none (since September 2026).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Contact {
    /// `con_` and a UUID.
    #[serde(deserialize_with = "text")]
    pub uuid: Option<String>,
    /// The customer it belongs to; `None` for a standalone contact.
    #[serde(deserialize_with = "text")]
    pub customer_uuid: Option<String>,
    /// That customer's external id in the contact's data source.
    #[serde(deserialize_with = "text")]
    pub customer_external_id: Option<String>,
    /// The data source it was written to.
    #[serde(deserialize_with = "text")]
    pub data_source_uuid: Option<String>,
    /// The writer's own id, since March 2026.
    #[serde(deserialize_with = "text")]
    pub external_id: Option<String>,
    /// First name.
    #[serde(deserialize_with = "text")]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(deserialize_with = "text")]
    pub last_name: Option<String>,
    /// Job title.
    #[serde(deserialize_with = "text")]
    pub title: Option<String>,
    /// E-mail address.
    #[serde(deserialize_with = "text")]
    pub email: Option<String>,
    /// Telephone number, as it was written.
    #[serde(deserialize_with = "text")]
    pub phone: Option<String>,
    /// LinkedIn address.
    #[serde(deserialize_with = "text")]
    pub linked_in: Option<String>,
    /// Twitter address.
    #[serde(deserialize_with = "text")]
    pub twitter: Option<String>,
    /// Free text about the contact; not its notes.
    #[serde(deserialize_with = "text")]
    pub notes: Option<String>,
    /// Place in the customer's list of contacts, from 1.
    #[serde(deserialize_with = "integer")]
    pub position: Option<i64>,
    /// Instant of the last visit, since September 2026.
    #[serde(deserialize_with = "text")]
    pub last_seen: Option<String>,
    /// Custom attributes by key; written as a list of `{key, value}`.
    #[serde(deserialize_with = "or_default")]
    pub custom: Map<String, Value>,
}

/// A note or call log of a customer or contact.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Note {
    /// `note_` and a UUID.
    #[serde(deserialize_with = "text")]
    pub uuid: Option<String>,
    /// The customer; `None` on a contact's note.
    #[serde(deserialize_with = "text")]
    pub customer_uuid: Option<String>,
    /// `customer` or `contact`; `/v1/notes` only.
    #[serde(deserialize_with = "text")]
    pub associated_object: Option<String>,
    /// Its uuid; `/v1/notes` only.
    #[serde(deserialize_with = "text")]
    pub associated_object_uuid: Option<String>,
    /// `note` or `call`.
    #[serde(rename = "type", deserialize_with = "text")]
    pub kind: Option<String>,
    /// The text; may be HTML when it was written in ChartMogul's own pages.
    #[serde(deserialize_with = "text")]
    pub text: Option<String>,
    /// `Name (e-mail)`.
    #[serde(deserialize_with = "text")]
    pub author: Option<String>,
    /// Length of a call in seconds; 0 for notes.
    #[serde(deserialize_with = "integer")]
    pub call_duration: Option<i64>,
    /// Instant of writing; can be set by the writer.
    #[serde(deserialize_with = "text")]
    pub created_at: Option<String>,
    /// Instant of the last change.
    #[serde(deserialize_with = "text")]
    pub updated_at: Option<String>,
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

    /// The customer or contact it stands on, whichever endpoint it was read from.
    pub fn parent_uuid(&self) -> Option<&str> {
        self.associated_object_uuid.as_deref().or(self.customer_uuid.as_deref())
    }
}

/// A task of a customer or contact.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Task {
    /// A bare UUID. The key on the wire is `task_uuid`.
    #[serde(deserialize_with = "text")]
    pub task_uuid: Option<String>,
    /// The customer; `None` on a contact's task.
    #[serde(deserialize_with = "text")]
    pub customer_uuid: Option<String>,
    /// `customer` or `contact`, since September 2026.
    #[serde(deserialize_with = "text")]
    pub associated_object: Option<String>,
    /// Its uuid, since September 2026.
    #[serde(deserialize_with = "text")]
    pub associated_object_uuid: Option<String>,
    /// What is to be done, at most 255 characters.
    #[serde(deserialize_with = "text")]
    pub task_details: Option<String>,
    /// E-mail address of a ChartMogul user.
    #[serde(deserialize_with = "text")]
    pub assignee: Option<String>,
    /// Instant at which it is due; midnight UTC where a day was written.
    #[serde(deserialize_with = "text")]
    pub due_date: Option<String>,
    /// Instant of completion; `None` while open.
    #[serde(deserialize_with = "text")]
    pub completed_at: Option<String>,
    /// Instant of creation, set by ChartMogul.
    #[serde(deserialize_with = "text")]
    pub created_at: Option<String>,
    /// Instant of the last change.
    #[serde(deserialize_with = "text")]
    pub updated_at: Option<String>,
}

impl Task {
    /// The customer or contact it stands on.
    pub fn parent_uuid(&self) -> Option<&str> {
        self.associated_object_uuid.as_deref().or(self.customer_uuid.as_deref())
    }
}

/// A sales opportunity of a customer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Opportunity {
    /// A bare UUID.
    #[serde(deserialize_with = "text")]
    pub uuid: Option<String>,
    /// The customer.
    #[serde(deserialize_with = "text")]
    pub customer_uuid: Option<String>,
    /// E-mail address of a ChartMogul user.
    #[serde(deserialize_with = "text")]
    pub owner: Option<String>,
    /// Name of the pipeline.
    #[serde(deserialize_with = "text")]
    pub pipeline: Option<String>,
    /// Name of the stage.
    #[serde(deserialize_with = "text")]
    pub pipeline_stage: Option<String>,
    /// Day on which it is expected to close.
    #[serde(deserialize_with = "text")]
    pub estimated_close_date: Option<String>,
    /// ISO 4217.
    #[serde(deserialize_with = "text")]
    pub currency: Option<String>,
    /// Value in cents of `currency`.
    #[serde(deserialize_with = "integer")]
    pub amount_in_cents: Option<i64>,
    /// `recurring`, `one-time` or `arr`.
    #[serde(rename = "type", deserialize_with = "text")]
    pub kind: Option<String>,
    /// `pipeline`, `best_case`, `committed`, `lost` or `won`.
    #[serde(deserialize_with = "text")]
    pub forecast_category: Option<String>,
    /// 0 to 100.
    #[serde(deserialize_with = "integer")]
    pub win_likelihood: Option<i64>,
    /// Custom attributes by key; written as a list of `{key, value}`.
    #[serde(deserialize_with = "or_default")]
    pub custom: Map<String, Value>,
    /// Instant of creation.
    #[serde(deserialize_with = "text")]
    pub created_at: Option<String>,
    /// Instant of the last change.
    #[serde(deserialize_with = "text")]
    pub updated_at: Option<String>,
}

/// A data source: where customers come from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DataSource {
    /// `ds_` and a UUID.
    #[serde(deserialize_with = "text")]
    pub uuid: Option<String>,
    /// Name, unique in the account.
    #[serde(deserialize_with = "text")]
    pub name: Option<String>,
    /// `Custom` (until 2025 `Import API`) for those that the API can write to.
    #[serde(deserialize_with = "text")]
    pub system: Option<String>,
    /// For example `idle`.
    #[serde(deserialize_with = "text")]
    pub status: Option<String>,
    /// Instant of creation.
    #[serde(deserialize_with = "text")]
    pub created_at: Option<String>,
}

impl DataSource {
    /// Whether customers can be created in it through the API.
    pub fn is_custom(&self) -> bool {
        matches!(self.system.as_deref(), Some("Custom" | "Import API"))
    }
}

/// The account that the key belongs to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    /// `acc_` and a UUID, since 2025.
    #[serde(deserialize_with = "text")]
    pub id: Option<String>,
    /// Name.
    #[serde(deserialize_with = "text")]
    pub name: Option<String>,
    /// Currency of all metrics, ISO 4217.
    #[serde(deserialize_with = "text")]
    pub currency: Option<String>,
    /// IANA time zone.
    #[serde(deserialize_with = "text")]
    pub time_zone: Option<String>,
    /// `monday` or `sunday`.
    #[serde(deserialize_with = "text")]
    pub week_start_on: Option<String>,
}

/// A text; `None` for missing, `null`, `""` and what is no text.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(as_text(Value::deserialize(deserializer)?))
}

fn as_text(value: Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(boolean) => Some(boolean.to_string()),
        _ => None,
    }
}

fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Array(values) => values.into_iter().filter_map(as_text).collect(),
        other => as_text(other).into_iter().collect(),
    })
}

/// A whole number; money is in cents, and a fraction of one (seen on `ltv`) is dropped.
fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => {
            number.as_i64().or_else(|| number.as_f64().map(|float| float.trunc() as i64))
        }
        Value::String(text) => text.parse().ok(),
        _ => None,
    })
}

/// The value, or its default where it is missing, `null` or of another form.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned + Default,
{
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_customer_reads_empty_and_null_as_absent() {
        let customer: Customer = serde_json::from_value(json!({
            "uuid": "cus_1", "name": "", "company": null, "email": "a@b.co", "external_ids": ["1", "2"],
            "data_source_uuids": null, "mrr": 300.0, "customer-since": "2022-04-05T00:00:00+00:00",
            "attributes": {"tags": ["a"], "custom": {"CAC": 25, "paid": false}, "stripe": {}}, "new-in-2027": 1
        }))
        .unwrap();
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
        let contact: Contact = serde_json::from_value(json!({
            "uuid": "con_1", "phone": 4912345, "email": {"odd": true}, "custom": [], "position": "2"
        }))
        .unwrap();
        assert_eq!(contact.phone.as_deref(), Some("4912345"));
        assert_eq!(contact.email, None);
        assert!(contact.custom.is_empty());
        assert_eq!(contact.position, Some(2));
        let customer: Customer = serde_json::from_value(json!({"attributes": null})).unwrap();
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
        let old: Note =
            serde_json::from_value(json!({"uuid": "note_1", "customer_uuid": "cus_1"})).unwrap();
        assert_eq!(old.parent_uuid(), Some("cus_1"));
        let new: Note = serde_json::from_value(json!({
            "customer_uuid": null, "associated_object": "contact", "associated_object_uuid": "con_1"
        }))
        .unwrap();
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
