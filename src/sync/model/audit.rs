//! A write as an audit gets it.

use serde::Serialize;

use super::change::Action;
use super::pair::Kind;
use crate::error::Service;
use crate::mapping::Fields;

/// A write whose outcome is recorded. `before` and `after` hold the values of the fields that it wrote.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AuditRecord {
    /// When it was recorded, epoch milliseconds.
    pub at: u64,
    /// The number of the run in this store.
    pub run: u64,
    /// The plan that it carries out.
    pub plan: String,
    /// Where it was written.
    pub service: Service,
    /// The endpoint that wrote it.
    pub endpoint: &'static str,
    /// What is done to the record.
    pub action: Action,
    /// The kind of the record; null for a data source.
    pub kind: Option<Kind>,
    /// GHL's id of the record; for the kind `customer` the contact that leads.
    pub ghl_id: Option<String>,
    /// ChartMogul's uuid of the record; null for what only a customer holds.
    pub chartmogul_id: Option<String>,
    /// Uuid of the ChartMogul customer.
    pub customer: Option<String>,
    /// The values before, as far as the sync knew them; null for what is created. Texts of notes, and texts
    /// of more than 64 characters, are hashes.
    pub before: Option<Fields>,
    /// The values after; null for what is deleted.
    pub after: Option<Fields>,
    /// True where the answer to the write was lost: it was found in ChartMogul later, and not sent again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub found: bool,
}
