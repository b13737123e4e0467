//! Breaks the guards one by one, from the outside, and expects the invariants to notice: what no
//! mutant trips over guards nothing.

/// A guard that is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// Intents are never stored: a create that was begun is forgotten by a kill.
    ForgetsIntents,
    /// Links are never stored: every run meets every record as new.
    ForgetsLinks,
    /// The transport sends a create again when its answer was lost.
    ResendsCreates,
    /// Lists of ChartMogul are answered empty while records are looked for.
    ReadsBackNothing,
    /// What failed for a while is never marked to be read again.
    ForgetsRetries,
    /// Which GHL record a ChartMogul record stands for is never stored.
    ForgetsOwners,
    /// Contacts read lately are never noted.
    ForgetsRecents,
    /// What ChartMogul refused is never noted.
    ForgetsRefusals,
    /// Dead letters are never stored.
    ForgetsDeadLetters,
    /// A change that was carried out stays in the plan.
    KeepsDoneChanges,
}

impl Mutant {
    pub const ALL: [Self; 10] = [
        Self::ForgetsIntents,
        Self::ForgetsLinks,
        Self::ResendsCreates,
        Self::ReadsBackNothing,
        Self::ForgetsRetries,
        Self::ForgetsOwners,
        Self::ForgetsRecents,
        Self::ForgetsRefusals,
        Self::ForgetsDeadLetters,
        Self::KeepsDoneChanges,
    ];
}

impl Mutant {
    /// Whether the store loses what is put under this key.
    pub fn loses(self, key: &str) -> bool {
        let part = match self {
            Self::ForgetsIntents => "/intent/",
            Self::ForgetsLinks => "/pair/",
            Self::ForgetsRetries => "/again/",
            Self::ForgetsOwners => "/back/",
            Self::ForgetsRecents => "/known/",
            Self::ForgetsRefusals => "/refused/",
            Self::ForgetsDeadLetters => "/letter/",
            Self::ResendsCreates | Self::ReadsBackNothing | Self::KeepsDoneChanges => return false,
        };
        key.contains(part)
    }

    /// Whether the store does not delete this key.
    pub fn keeps(self, key: &str) -> bool {
        self == Self::KeepsDoneChanges && key.contains("/plan/")
    }

    /// Whether the transport sends this request twice when its answer is lost.
    pub fn resends(self, method: &str, path: &str) -> bool {
        let creates = ["/v1/notes", "/v1/tasks", "/v1/contacts"];
        self == Self::ResendsCreates && method == "POST" && creates.contains(&path)
    }

    /// Whether this list of one customer's records is answered empty.
    pub fn hides(self, method: &str, path: &str) -> bool {
        let (list, query) = path.split_once('?').unwrap_or((path, ""));
        let lists = ["/v1/notes", "/v1/tasks", "/v1/contacts"];
        self == Self::ReadsBackNothing
            && method == "GET"
            && lists.contains(&list)
            && query.contains("customer_uuid")
    }
}
