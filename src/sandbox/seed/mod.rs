//! The records that a sandbox starts with: both services' records about the same people.

mod chartmogul;
mod ghl;
mod ghl_more;
mod texts;

use serde_json::{Value, json};

use super::ghl::Record;
use super::people::{Person, people};
use super::random::Random;
use super::{Credentials, SandboxOptions};

const DAY_MS: u64 = 86_400_000;

/// Contacts that have custom values and conversations. In larger locations the rest is plain, so
/// that a hundred thousand contacts fit into a WebAssembly memory.
const RICH_CONTACTS: usize = 5_000;

/// Records of both services.
#[derive(Debug, Default)]
pub(crate) struct Seed {
    pub(crate) ghl: GhlSeed,
    pub(crate) chartmogul: ChartmogulSeed,
}

/// GHL's records.
#[derive(Debug, Default)]
pub(crate) struct GhlSeed {
    pub(crate) contacts: Vec<Record>,
    /// Everything else, by kind, each kind in the order of creation.
    pub(crate) collections: Vec<(&'static str, Vec<Record>)>,
}

/// ChartMogul's records, each with the properties that a create takes plus `uuid` and
/// `created_at`; customers also have `status` and `mrr` (cents). The service adds the rest.
#[derive(Debug, Default)]
pub(crate) struct ChartmogulSeed {
    /// People of the account: `email`, `name`.
    pub(crate) users: Vec<Value>,
    /// Data sources: `uuid`, `name`, `system`, `created_at`.
    pub(crate) data_sources: Vec<Value>,
    /// Customers: `uuid`, `data_source_uuid`, `external_id`, `name`, `email`, `company`, `country`,
    /// `state`, `city`, `zip`, `attributes {tags, custom}`, `owner`, `status`, `mrr`, `created_at`.
    pub(crate) customers: Vec<Value>,
    /// Contacts: `uuid`, `customer_uuid`, `first_name`, `last_name`, `title`, `email`, `phone`, `notes`, `custom`.
    pub(crate) contacts: Vec<Value>,
    /// Notes and calls: `uuid`, `customer_uuid`, `type`, `text`, `author_email`, `call_duration`, `created_at`.
    pub(crate) notes: Vec<Value>,
    /// Tasks: `uuid`, `customer_uuid`, `assignee`, `task_details`, `due_date`, `completed_at`, `created_at`.
    pub(crate) tasks: Vec<Value>,
}

/// Somebody who works with both services or one of them: e-mail, first and last name, in GHL, in ChartMogul.
pub(crate) struct Colleague {
    email: &'static str,
    first: &'static str,
    last: &'static str,
    in_ghl: bool,
    in_chartmogul: bool,
}

/// The company's people. One has left GHL, but notes and tasks still name her.
const COLLEAGUES: &[Colleague] = &[
    colleague("ada.king@agency.example", "Ada", "King", true, true),
    colleague("Bjorn.Lindqvist@agency.example", "Björn", "Lindqvist", true, true),
    colleague("chen.mei@agency.example", "美", "陳", true, true),
    colleague("dolores.ruiz@agency.example", "Dolores", "Ruiz", true, false),
    colleague("evan.part-time@agency.example", "Evan", "O’Dea", true, false),
    colleague("fay.gone@agency.example", "Fay", "Gone", false, true),
    colleague("finance@agency.example", "Finance", "Team", false, true),
];

const fn colleague(
    email: &'static str,
    first: &'static str,
    last: &'static str,
    in_ghl: bool,
    in_chartmogul: bool,
) -> Colleague {
    Colleague { email, first, last, in_ghl, in_chartmogul }
}

/// The records for these options.
pub(crate) fn seed(options: &SandboxOptions, credentials: &Credentials) -> Seed {
    let people = people(options.contacts, &mut Random::new(options.seed, "people"));
    Seed {
        ghl: ghl::seed(options, credentials, &people),
        chartmogul: chartmogul::seed(options, &people),
    }
}

/// An object's properties; none for anything else.
fn record(value: Value) -> Record {
    match value {
        Value::Object(record) => record,
        _ => Record::new(),
    }
}

/// So many in all, of `each` on average for `of`.
fn total(each: f64, of: usize) -> usize {
    (each.max(0.0) * of as f64).ceil() as usize
}

/// An object without the properties that are null.
fn without_nulls(value: Value) -> Record {
    let mut record = record(value);
    record.retain(|_, value| !value.is_null());
    record
}

/// Null for an empty text.
fn filled(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { json!(text) }
}

/// Somebody's e-mail, in small letters.
fn mailbox(person: &Person) -> Option<String> {
    person.email.as_ref().map(|email| email.to_lowercase())
}
