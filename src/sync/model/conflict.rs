//! Fields that both sides have changed, and texts that cannot go back: what a person has to settle, and
//! what was settled lately.

use serde_json::Value;

use super::pair::Kind;
use super::standing::Reason;
use crate::mapping::kinds::contact;
use crate::mapping::settings::Settings;
use crate::{choices, records};

choices! {
    /// Whose value a conflict is settled with.
    pub enum Winner {
        /// GHL's: it is written to ChartMogul.
        Ghl = "ghl",
        /// ChartMogul's: it is written to GHL.
        Chartmogul = "chartmogul",
        /// For texts: GHL's, and ChartMogul's becomes a note of its own.
        Both = "both",
    }
}

records! {
    /// A value that differs on both sides, and that a person has to settle or has settled.
    #[derive(Debug, Clone, Default, PartialEq)]
    #[cfg_attr(feature = "reference", derive(schemars::JsonSchema))]
    sparse pub struct Conflict {
        /// Its id, for `resolve`.
        pub id: String = always "id";
        /// What kind of record it is in.
        pub kind: Kind = always "kind";
        /// The field.
        pub field: String = always "field";
        /// GHL's id of the record.
        pub ghl_id: String = always "ghlId";
        /// The GHL contact that it belongs to.
        pub contact: Option<String> = "contact";
        /// ChartMogul's uuid of the record.
        pub chartmogul_id: String = always "chartmogulId";
        /// Uuid of the ChartMogul customer that it belongs to.
        pub customer: String = always "customer";
        /// The record's name, or the beginning of its text.
        pub title: String = always "title";
        /// `bothChanged`, or `held`: GHL's text cannot be written anew without a loss.
        pub cause: Reason = always "cause";
        /// The same in a sentence.
        pub reason: String = always "reason";
        /// GHL's value.
        pub ghl: Value = always "ghl";
        /// ChartMogul's value.
        pub chartmogul: Value = always "chartmogul";
        /// Since when, epoch milliseconds.
        pub at: u64 = always "at";
        /// Tells both values as they stand: for `resolve`, which settles nothing that has moved since.
        pub seen: String = always "seen";
        /// Whose value it is settled with, once a person or a rule has decided.
        pub winner: Option<Winner> = "winner";
        /// When that was, epoch milliseconds.
        pub settled_at: Option<u64> = "settledAt";
        /// Whether that is carried out: then the row is kept for the value that lost.
        pub done: bool = "done";
    }
}

/// Tells two values: a choice counts for these alone.
pub(in crate::sync) fn seen(ghl: &Value, chartmogul: &Value) -> String {
    crate::mapping::hash(&format!("{ghl}\n{chartmogul}"))
}

/// The fields of a kind that go both ways, by the names under which people know them.
pub(in crate::sync) fn fields_of(kind: Kind, settings: &Settings) -> Vec<String> {
    let own: &[&str] = match kind {
        Kind::Note => &["text"],
        Kind::Task => &["task_details", "assignee", "due_date", "completed"],
        Kind::Contact => return contact::names(settings),
        Kind::Business | Kind::Customer => &[],
    };
    own.iter().map(|name| (*name).to_owned()).collect()
}

/// The ids that conflicts of a record have while they wait.
pub(in crate::sync) fn ids_of(kind: Kind, ghl: &str, settings: &Settings) -> Vec<String> {
    fields_of(kind, settings).iter().map(|field| id_of(kind, ghl, field)).collect()
}

/// The id of a conflict: the same for the same field of the same records.
pub(in crate::sync) fn id_of(kind: Kind, ghl: &str, field: &str) -> String {
    let hash = crate::mapping::hash(&format!("{}/{ghl}/{field}", kind.name()));
    format!("c{}", hash.chars().filter(char::is_ascii_alphanumeric).take(12).collect::<String>())
}
