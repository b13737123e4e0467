//! What a user can set of the sync, with safe defaults.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};

use super::email;

/// The `sync` part of the configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// What a GHL contact becomes in ChartMogul.
    pub anchor: Anchor,
    /// What is brought over besides contacts.
    pub objects: Vec<Object>,
    /// Name or uuid of the custom data source that customers are created in. Default: `GoHighLevel - LOCATION NAME`.
    pub data_source: Option<String>,
    /// Who is who.
    pub users: Users,
    /// Fields brought over as custom attributes.
    pub custom_fields: Vec<CustomField>,
    /// Tags brought over.
    pub tags: Tags,
    /// Whether texts end with a marker that names the GHL record, so that a lost state can be rebuilt.
    pub marker: Marker,
    /// How note texts are written.
    pub note_format: NoteFormat,
    /// What happens to a task whose title and body exceed ChartMogul's 255 characters.
    pub long_tasks: LongTasks,
    /// With the anchor `business-is-customer`: what happens to contacts without a business.
    pub without_business: WithoutBusiness,
    /// Whether a contact's assigned user becomes the customer's owner. The user must exist in ChartMogul.
    pub owner: bool,
    /// E-mail addresses that several people share: never used for matching.
    pub shared_emails: Vec<String>,
    /// ISO 3166-1 alpha-2 country of phones written without a country code. Default: the location's.
    pub default_country: Option<String>,
    /// IANA time zone in which due dates become days. Default: the location's.
    pub time_zone: Option<String>,
    /// Hours between passes that read everything again; in between only changed contacts and their notes are read.
    pub full_pass_hours: u32,
    /// Minutes after which a plan is too old to apply.
    pub max_plan_age_minutes: u32,
    /// Limits that a plan must not exceed to be applied.
    pub caps: Caps,
    /// Whether the first run of a location writes.
    pub first_run: FirstRun,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            anchor: Anchor::AttachOnly,
            objects: vec![Object::Tasks, Object::Notes],
            data_source: None,
            users: Users::default(),
            custom_fields: Vec::new(),
            tags: Tags::default(),
            marker: Marker::Trailing,
            note_format: NoteFormat::Html,
            long_tasks: LongTasks::Cut,
            without_business: WithoutBusiness::Skip,
            owner: false,
            shared_emails: Vec::new(),
            default_country: None,
            time_zone: None,
            full_pass_hours: 24,
            max_plan_age_minutes: 60,
            caps: Caps::default(),
            first_run: FirstRun::Plan,
        }
    }
}

/// What a GHL contact becomes in ChartMogul.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Anchor {
    /// A contact of the customer it matches; never creates customers. Unmatched contacts are reported.
    AttachOnly,
    /// A customer with its primary contact, in a data source of our own.
    ContactIsCustomer,
    /// A contact of the customer that its GHL business becomes.
    BusinessIsCustomer,
}

/// What is brought over besides contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Object {
    /// Tasks of contacts.
    Tasks,
    /// Notes of contacts.
    Notes,
}

/// Which ChartMogul user stands for which GHL user. ChartMogul's API lists no users: it refuses
/// unknown ones with 422, which is then remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Users {
    /// E-mail of the ChartMogul user who gets tasks of unassigned or unknown users. Without it such a task is an error.
    pub default_assignee: Option<String>,
    /// GHL user id or e-mail to ChartMogul e-mail.
    pub map: BTreeMap<String, String>,
    /// Whether a GHL user's e-mail is taken for a ChartMogul user's.
    pub same_email: bool,
}

impl Default for Users {
    fn default() -> Self {
        Self { default_assignee: None, map: BTreeMap::new(), same_email: true }
    }
}

/// A field brought over as a custom attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CustomField {
    /// GHL's field key (`contact.plan`, or `plan`), or a standard field: `source`, `timezone`, `dnd`, `address1`, `type`, `dateOfBirth`.
    pub from: String,
    /// Key of the attribute: letters, digits, underscores.
    pub to: String,
    /// Type of the attribute. ChartMogul fixes it at the first write.
    #[serde(rename = "type")]
    pub of: AttributeType,
    /// Whether the customer or the contact holds it. Default: the customer with `contact-is-customer`, else the contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<AttributeObject>,
}

/// ChartMogul's types of custom attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttributeType {
    /// Text of at most 255 characters.
    String,
    /// Whole number.
    Integer,
    /// Number.
    Decimal,
    /// Instant.
    Timestamp,
    /// True or false.
    Boolean,
}

/// What holds a custom attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AttributeObject {
    /// The customer: `attributes.custom`.
    Customer,
    /// The contact: `custom`.
    Contact,
}

/// Tags brought over to customers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Tags {
    /// Only tags that begin with one of these cross. Default: none.
    pub prefixes: Vec<String>,
}

/// Whether texts end with a marker such as `[ghl:n:ID]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Marker {
    /// At the end of note texts and task details.
    Trailing,
    /// Never; a lost state then matches by content.
    None,
}

/// How note texts are written to ChartMogul.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoteFormat {
    /// Escaped, with `<br>` for line breaks, as ChartMogul's documents show.
    Html,
    /// As plain text.
    Plain,
}

/// What happens to a task that exceeds 255 characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LongTasks {
    /// Its text is cut at a word.
    Cut,
    /// Cut, and its whole text becomes a note as well.
    Note,
}

/// What happens to contacts without a business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WithoutBusiness {
    /// They are reported and left out.
    Skip,
    /// They become customers of their own.
    Customer,
}

/// Limits that a plan must not exceed to be applied.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Caps {
    /// Most records created by one plan.
    pub max_creates: Option<u64>,
    /// Most records deleted by one plan.
    pub max_deletes: Option<u64>,
    /// Most linked records changed by one plan, in percent of those linked.
    pub max_change_percent: Option<f64>,
}

/// Whether the first run of a location writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FirstRun {
    /// It makes the plan to be read; the next run applies.
    Plan,
    /// It applies at once.
    Apply,
}

impl Settings {
    /// Checks what can be checked without asking either service.
    pub fn check(&self) -> Result<()> {
        let mut keys = BTreeMap::new();
        for field in &self.custom_fields {
            let valid = !field.to.is_empty()
                && field.to.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !valid {
                return Err(invalid(format!(
                    "sync.customFields: \"{}\" is no attribute key: letters, digits and underscores are allowed",
                    field.to
                )));
            }
            if let Some(other) =
                keys.insert((&field.to, field.object.map(|o| o as u8)), &field.from)
            {
                return Err(invalid(format!(
                    "sync.customFields: \"{other}\" and \"{}\" both go to \"{}\"",
                    field.from, field.to
                )));
            }
        }
        let users = self.users.default_assignee.iter().chain(self.users.map.values());
        for address in users {
            if email(address).is_none() {
                return Err(invalid(format!("sync.users: \"{address}\" is no e-mail address")));
            }
        }
        if self.caps.max_change_percent.is_some_and(|percent| !(0.0..=100.0).contains(&percent)) {
            return Err(invalid("sync.caps.maxChangePercent: allowed is 0 to 100"));
        }
        if let Some(country) = &self.default_country
            && super::countries::country_code(country).is_none()
        {
            return Err(invalid(format!(
                "sync.defaultCountry: \"{country}\" is no ISO 3166-1 alpha-2 code"
            )));
        }
        Ok(())
    }

    /// Whether this kind of object is brought over.
    pub fn includes(&self, object: Object) -> bool {
        self.objects.contains(&object)
    }

    /// What holds a field's attribute.
    pub fn object_of(&self, field: &CustomField) -> AttributeObject {
        field.object.unwrap_or(match self.anchor {
            Anchor::ContactIsCustomer => AttributeObject::Customer,
            Anchor::AttachOnly | Anchor::BusinessIsCustomer => AttributeObject::Contact,
        })
    }

    /// Changes whenever a setting changes that decides what is written: then everything is compared again.
    pub fn fingerprint(&self) -> String {
        let mut decisive = self.clone();
        decisive.caps = Caps::default();
        decisive.first_run = FirstRun::Plan;
        decisive.full_pass_hours = 0;
        decisive.max_plan_age_minutes = 0;
        super::hash(&serde_json::to_string(&decisive).unwrap_or_default())
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(Code::InvalidConfig, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Settings, String> {
        serde_json::from_str::<Settings>(json).map_err(|error| error.to_string())
    }

    #[test]
    fn defaults_are_the_safe_ones() {
        let settings = read("{}").unwrap();
        assert_eq!(settings.anchor, Anchor::AttachOnly);
        assert_eq!(settings.first_run, FirstRun::Plan);
        assert!(settings.tags.prefixes.is_empty());
        settings.check().unwrap();
    }

    #[test]
    fn an_unknown_setting_is_refused_by_name() {
        assert!(read(r#"{"ancor":"attach-only"}"#).unwrap_err().contains("unknown field `ancor`"));
        assert!(read(r#"{"anchor":"everything"}"#).unwrap_err().contains("attach-only"));
    }

    #[test]
    fn bad_values_are_refused_with_what_is_allowed() {
        for (json, part) in [
            (r#"{"customFields":[{"from":"a","to":"my key","type":"String"}]}"#, "letters, digits"),
            (
                r#"{"customFields":[{"from":"a","to":"k","type":"String"},{"from":"b","to":"k","type":"Integer"}]}"#,
                "both go to",
            ),
            (r#"{"users":{"defaultAssignee":"nobody"}}"#, "no e-mail"),
            (r#"{"caps":{"maxChangePercent":120}}"#, "0 to 100"),
            (r#"{"defaultCountry":"Atlantis"}"#, "alpha-2"),
        ] {
            let error = read(json).unwrap().check().unwrap_err();
            assert_eq!(error.code, Code::InvalidConfig);
            assert!(error.message.contains(part), "{}", error.message);
        }
    }

    #[test]
    fn only_settings_that_decide_what_is_written_change_the_fingerprint() {
        let base = Settings::default();
        let capped =
            Settings { caps: Caps { max_creates: Some(1), ..Caps::default() }, ..base.clone() };
        let plain = Settings { note_format: NoteFormat::Plain, ..base.clone() };
        assert_eq!(base.fingerprint(), capped.fingerprint());
        assert_ne!(base.fingerprint(), plain.fingerprint());
    }
}
