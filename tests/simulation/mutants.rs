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
}

impl Mutant {
    pub const ALL: [Self; 5] = [
        Self::ForgetsIntents,
        Self::ForgetsLinks,
        Self::ResendsCreates,
        Self::ReadsBackNothing,
        Self::ForgetsRetries,
    ];
}

impl Mutant {
    /// Whether the store loses what is put under this key.
    pub fn loses(self, key: &str) -> bool {
        let part = match self {
            Self::ForgetsIntents => "/intent/",
            Self::ForgetsLinks => "/link/",
            Self::ForgetsRetries => "/retry/",
            Self::ResendsCreates | Self::ReadsBackNothing => return false,
        };
        key.contains(part)
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
