//! How a sandbox is seeded and how it behaves. Where sources are silent or disagree, it is a setting.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How the sandbox is seeded and how it behaves. Unknown settings are refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SandboxOptions {
    /// The same seed gives the same records, ids and faults.
    pub seed: u64,
    /// Contacts in the GHL location at the start.
    pub contacts: u32,
    /// Notes for each contact, on average.
    pub notes_per_contact: f64,
    /// Tasks for each contact, on average.
    pub tasks_per_contact: f64,
    /// Instant of seeding, in milliseconds since 1970: seeded records are older than this.
    pub now_ms: u64,
    /// Share of contacts, from 0 to 1, that have a billing customer in ChartMogul.
    pub billing_share: f64,
    /// Refuses what only other people's clients send: for tests of a client that keeps to the documents.
    pub strict: bool,
    /// GHL: requests allowed in each 10 seconds. Published 100, measured 25 on trial accounts.
    pub burst_limit: u32,
    /// GHL: requests allowed in a day. Published 200,000, measured 10,000 on trial accounts.
    pub daily_limit: u32,
    /// GHL: milliseconds until a change shows in searches of contacts. The real one takes seconds to a minute.
    pub search_lag_ms: u64,
    /// GHL: milliseconds until a changed task shows so in the location's search. Not documented.
    pub task_search_lag_ms: u64,
    /// GHL: whether writing a note or task moves its contact's `dateUpdated`. Not documented either way.
    pub notes_touch_contact: bool,
    /// GHL: the location's setting that lets contacts share an e-mail or phone.
    pub allow_duplicate_contact: bool,
    /// GHL: scopes of the token; without it, all.
    pub scopes: Option<Vec<String>>,
    /// GHL: what a person who agrees to the app's installation installs it in.
    pub oauth_install: OauthInstall,
    /// GHL: locations of the company in which the app is installed. The sandbox has records of the first.
    pub oauth_locations: u32,
    /// GHL: milliseconds that a refresh token works after its first use. Nobody promises any.
    pub oauth_grace_ms: u64,
    /// GHL: whether `/oauth/reconnect` is there. It is documented, and reported gone.
    pub oauth_reconnect: bool,
    /// GHL: seconds that an access token works.
    pub oauth_expires_s: u64,
    /// GHL: what kind of token `credentials` gives.
    pub token_kind: TokenKind,
    /// GHL: whether a merge takes the appointments of the contact that goes along. One description of
    /// the merge says that they stay with the one that remains alone, another that all are joined.
    pub merge_moves_appointments: bool,
    /// GHL: whether deleting a business takes its contacts' `businessId` off. Not documented either way.
    pub business_deletion_clears_contacts: bool,
    /// ChartMogul: which generation of its interface answers.
    pub chartmogul_generation: ChartmogulGeneration,
    /// ChartMogul: requests allowed in a second.
    pub chartmogul_limit: u32,
    /// ChartMogul: whether the key may only read. The refusal's words are not on record.
    pub chartmogul_read_only: bool,
    /// ChartMogul: whether `GET /v1/account` tells the account's `id`. It did not before 2025.
    pub chartmogul_account_id: bool,
    /// ChartMogul: what becomes of a contact's custom attribute that the account does not define.
    pub contact_attributes: ContactAttributes,
    /// ChartMogul: the keys of contacts' custom attributes that the account defines.
    pub contact_attribute_keys: Vec<String>,
    /// ChartMogul: custom attributes of customers that have their type from the start.
    pub attribute_types: BTreeMap<String, AttributeType>,
    /// ChartMogul: what becomes of a customer's attribute whose JSON value is of another type.
    pub attribute_values: AttributeValues,
    /// ChartMogul: what becomes of texts that it is given.
    pub chartmogul_texts: ChartmogulTexts,
    /// ChartMogul: the status of moving a contact to a customer that is not there, 404 or 422. Not recorded.
    pub contact_move_refusal: u16,
}

impl Default for SandboxOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            contacts: 200,
            notes_per_contact: 1.5,
            tasks_per_contact: 0.8,
            now_ms: 1_795_348_800_000,
            billing_share: 0.6,
            strict: false,
            burst_limit: 100,
            daily_limit: 200_000,
            search_lag_ms: 2_000,
            task_search_lag_ms: 0,
            notes_touch_contact: true,
            allow_duplicate_contact: false,
            scopes: None,
            token_kind: TokenKind::Location,
            oauth_install: OauthInstall::Location,
            oauth_locations: 1,
            oauth_grace_ms: 0,
            oauth_reconnect: false,
            oauth_expires_s: 86_399,
            merge_moves_appointments: true,
            business_deletion_clears_contacts: false,
            chartmogul_generation: ChartmogulGeneration::September2026,
            chartmogul_limit: 40,
            chartmogul_read_only: false,
            chartmogul_account_id: true,
            contact_attributes: ContactAttributes::DropUnknown,
            contact_attribute_keys: vec!["Toggle".into(), "ghl_contact_id".into()],
            attribute_types: BTreeMap::new(),
            attribute_values: AttributeValues::Convert,
            chartmogul_texts: ChartmogulTexts::AsGiven,
            contact_move_refusal: 404,
        }
    }
}

/// What an app is installed in when a person agrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OauthInstall {
    /// One location: the code gives a location's tokens.
    Location,
    /// The agency: the code gives a company's tokens.
    Company,
    /// Many locations at once: a company's tokens, and `isBulkInstallation`.
    Bulk,
}

/// The kinds of GHL tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TokenKind {
    /// A location's private integration token or OAuth access token.
    Location,
    /// A company's OAuth access token: refused on a location's records.
    Company,
    /// An agency's private integration token: refused on a location's records.
    Agency,
}

/// What ChartMogul makes of texts. It is not documented; other services tidy what they are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ChartmogulTexts {
    /// They stay as they were given.
    AsGiven,
    /// White space is trimmed and folded, addresses become lower case, and characters of more than
    /// 16 bits, such as most emoji, become question marks.
    Tidied,
}

/// The generations of ChartMogul's interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ChartmogulGeneration {
    /// `/v1/notes`, notes and tasks of contacts, standalone contacts, 304 for an empty PATCH.
    September2026,
    /// `/v1/customer_notes` only; a contact always belongs to a customer.
    Before,
}

/// What becomes of a contact's custom attribute that the account does not define.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ContactAttributes {
    /// It is stored.
    Keep,
    /// It is dropped in silence, as was recorded of creating and of changing a contact (August 2023).
    DropUnknown,
}

/// The types of custom attributes of ChartMogul's customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttributeType {
    /// A text of at most 255 characters.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Decimal,
    /// An instant.
    Timestamp,
    /// True or false.
    Boolean,
}

/// What becomes of an attribute's JSON value that is not of the attribute's type. Not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AttributeValues {
    /// It is converted where it can be: 5 to a text, "5" to a number.
    Convert,
    /// It is refused. The documented spellings of true and false are taken all the same.
    SameType,
}
