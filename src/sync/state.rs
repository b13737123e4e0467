//! What the sync keeps between runs, and under which keys.
//!
//! All keys of a location begin with `v1/LOCATION/`. Values are compact JSON. Nothing here is a
//! secret; names and texts are kept only where the next comparison needs them.
//!
//! | key after the prefix | holds |
//! |---|---|
//! | `state` | [`State`]: revision, watermark, times of passes |
//! | `anchor` | the anchor that the links were made with |
//! | `schema` | what was discovered of the location and the account |
//! | `run` | the run under way: its phase and cursor |
//! | `link/KIND/ID` | [`Link`]: the other side's id and the base of the next comparison |
//! | `back/KIND/UUID` | the GHL id that a ChartMogul record is linked to |
//! | `intent/KIND/ID` | a create that was begun: resolved by reading back before it is ever resent |
//! | `dead/KIND/ID` | a record set aside, with its reason |
//! | `refused/EMAIL` | a ChartMogul user that does not exist |
//! | `phone/NUMBER` | GHL contacts with that phone |
//! | `recent/ID` | contacts changed lately: the time that is read twice costs no second comparing |
//! | `retry/ID` | contacts to be read again, as something of theirs failed |
//! | `stage/…`, `match/…` | what the run under way has read; gone when it ends |
//! | `plan/ID/…` | the changes of a plan, in the order they are applied |

use serde::Serialize;

use crate::error::{Code, Error, Result};
use crate::host::StateStore;
use crate::mapping::Fields;
use crate::record::{self, Problem, Slot};
use crate::{choices, records};

choices! {
    /// What is brought over: GHL's kinds of records.
    pub enum Kind {
        /// The data source that customers are created in.
        DataSource = "dataSource",
        /// A GHL business, a ChartMogul customer.
        Business = "business",
        /// A GHL contact: a ChartMogul contact, or a customer.
        Contact = "contact",
        /// A note.
        Note = "note",
        /// A task.
        Task = "task",
    }
}

choices! {
    /// How a GHL record and a ChartMogul record came to be linked.
    pub enum Matched {
        /// We created it.
        Created = "created",
        /// It carries our external id.
        ExternalId = "externalId",
        /// Its e-mail address is the same.
        Email = "email",
        /// Its phone is the same, and unique on both sides.
        Phone = "phone",
        /// Its text carries our marker.
        Marker = "marker",
        /// Its content is the same.
        Content = "content",
    }
}

impl Matched {
    /// The reason as a plan shows it.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Created => "created by us",
            Self::ExternalId => "same external id",
            Self::Email => "same e-mail address",
            Self::Phone => "same phone, unique on both sides",
            Self::Marker => "its text carries our marker",
            Self::Content => "same content",
        }
    }
}

records! {
    /// A GHL record and its ChartMogul counterpart.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub(super) struct Link {
        /// ChartMogul's uuid of the record; `None` where the record is a customer's primary contact.
        pub uuid: Option<String> = "uuid";
        /// Uuid of the customer it belongs to, or is.
        pub customer: String = "customer";
        /// How they came together.
        pub matched: Matched = "matched";
        /// What both sides held after the last sync.
        pub base: Fields = "base";
        /// For notes and tasks: the GHL contact.
        pub contact: Option<String> = "contact";
    }
}

records! {
    /// A create that was begun.
    #[derive(Debug, Clone, Default, PartialEq)]
    whole pub(super) struct Intent {
        /// When it was begun, epoch milliseconds.
        pub at: u64 = "at";
    }
}

records! {
    /// A record set aside.
    #[derive(Debug, Clone, Default, PartialEq)]
    sparse pub struct DeadLetter {
        /// What it is.
        pub kind: String = "kind";
        /// GHL's id of it.
        pub id: String = "id";
        /// The GHL contact it belongs to.
        pub contact: Option<String> = "contact";
        /// An error code.
        pub code: String = "code";
        /// What happened.
        pub reason: String = "reason";
        /// What to do.
        pub hint: Option<String> = "hint";
        /// When, epoch milliseconds.
        pub at: u64 = "at";
        /// Hash of what should have been written: the same content is not tried again and again.
        pub content: String = "content";
        /// Whether the next run tries again without a change.
        pub retryable: bool = "retryable";
    }
}

records! {
    /// A location's lasting state.
    #[derive(Debug, Clone, Default, PartialEq)]
    whole pub struct State {
        /// Goes up whenever a plan is applied: a plan made before is stale.
        pub revision: u64 = "revision";
        /// Contacts changed up to here were read, epoch milliseconds.
        pub watermark: u64 = "watermark";
        /// When the last pass that read everything began, epoch milliseconds; 0 for never.
        pub full_pass_at: u64 = "fullPassAt";
        /// When a plan was first made.
        pub planned_at: u64 = "plannedAt";
        /// When a plan was last applied whole.
        pub applied_at: u64 = "appliedAt";
        /// The settings' fingerprint at that time.
        pub settings: String = "settings";
        /// The plan that was last applied whole.
        pub last_plan: String = "lastPlan";
        /// Pages that ChartMogul's customers and contacts took when they were last listed; 0 for never.
        pub list_pages: u64 = "listPages";
        /// Linked records of all kinds.
        pub linked: u64 = "linked";
    }
}

/// What can be read from the store.
pub(super) trait Stored: for<'de> Slot<'de> + Default {}
impl<T: for<'de> Slot<'de> + Default> Stored for T {}

/// Reads and writes JSON under one location's keys.
#[derive(Debug)]
pub(super) struct Keeper<'a, S> {
    store: &'a S,
    prefix: String,
}

/// Puts and deletes collected for one atomic commit.
#[derive(Debug, Default)]
pub(super) struct Batch {
    puts: Vec<(String, String)>,
    deletes: Vec<String>,
    prefix: String,
}

impl Batch {
    /// Puts a value.
    pub(super) fn put(&mut self, key: &str, value: &impl Serialize) -> Result<()> {
        self.put_text(key, serde_json::to_string(value))
    }

    fn put_text(&mut self, key: &str, text: serde_json::Result<String>) -> Result<()> {
        let text = text.map_err(|error| {
            Error::new(Code::StoreFailed, format!("could not write {key}: {error}"))
        })?;
        self.puts.push((format!("{}{key}", self.prefix), text));
        Ok(())
    }

    /// Deletes a key.
    pub(super) fn delete(&mut self, key: &str) {
        self.deletes.push(format!("{}{key}", self.prefix));
    }

    /// Whether this key is put.
    pub(super) fn puts(&self, key: &str) -> bool {
        self.puts.iter().any(|(full, _)| full.strip_prefix(&self.prefix) == Some(key))
    }

    /// True when there is nothing to commit.
    pub(super) fn is_empty(&self) -> bool {
        self.puts.is_empty() && self.deletes.is_empty()
    }
}

impl<'a, S: StateStore> Keeper<'a, S> {
    /// The keeper of a location.
    pub(super) fn new(store: &'a S, location: &str) -> Self {
        Self { store, prefix: format!("v1/{location}/") }
    }

    /// An empty batch for [`Self::commit`].
    pub(super) fn batch(&self) -> Batch {
        Batch { prefix: self.prefix.clone(), ..Batch::default() }
    }

    /// Commits a batch whole or not at all.
    pub(super) async fn commit(&self, batch: Batch) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        self.store.commit(batch.puts, batch.deletes).await
    }

    /// One value, to be read with [`Texts::one`].
    pub(super) async fn get(&self, key: &str) -> Result<Texts> {
        self.ask(vec![key.to_owned()]).await
    }

    /// Values in the order of the keys, to be read with [`Texts::read`].
    pub(super) async fn get_all(&self, keys: &[String]) -> Result<Texts> {
        self.ask(keys.to_vec()).await
    }

    async fn ask(&self, keys: Vec<String>) -> Result<Texts> {
        let texts = self.texts(&keys).await?;
        Ok(Texts { keys, texts })
    }

    async fn texts(&self, keys: &[String]) -> Result<Vec<Option<String>>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let full: Vec<String> = keys.iter().map(|key| format!("{}{key}", self.prefix)).collect();
        let texts = self.store.get(&full).await?;
        if texts.len() != full.len() {
            return Err(Error::new(
                Code::StoreFailed,
                format!("the store's get answered {} values for {} keys", texts.len(), full.len()),
            ));
        }
        Ok(texts)
    }

    /// Up to `limit` entries under a prefix, after a key; the keys without the location's prefix.
    pub(super) async fn scan(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Entries> {
        let full = format!("{}{prefix}", self.prefix);
        let after = after.map(|key| format!("{}{key}", self.prefix));
        let mut rows = self.store.scan(&full, after.as_deref(), limit).await?;
        for (key, _) in &mut rows {
            key.replace_range(..self.prefix.len().min(key.len()), "");
        }
        Ok(Entries(rows))
    }

    /// Deletes everything under a prefix, a page at a time.
    pub(super) async fn clear(&self, prefix: &str) -> Result<()> {
        let full = format!("{}{prefix}", self.prefix);
        loop {
            let rows = self.store.scan(&full, None, 1000).await?;
            if rows.is_empty() {
                return Ok(());
            }
            self.store.commit(Vec::new(), rows.into_iter().map(|(key, _)| key).collect()).await?;
        }
    }
}

/// Values as the store gave them. Reading them is no part of the asking: a future for each type of
/// value would be kilobytes of WebAssembly.
#[derive(Debug)]
pub(super) struct Texts {
    keys: Vec<String>,
    texts: Vec<Option<String>>,
}

impl Texts {
    /// The values, in the order of the keys.
    pub(super) fn read<T: Stored>(self) -> Result<Vec<Option<T>>> {
        let mut values = Vec::with_capacity(self.texts.len());
        for (key, text) in self.keys.iter().zip(&self.texts) {
            values.push(match text {
                Some(text) => Some(read(key, text)?),
                None => None,
            });
        }
        Ok(values)
    }

    /// The first value.
    pub(super) fn one<T: Stored>(self) -> Result<Option<T>> {
        match (self.keys.first(), self.texts.first()) {
            (Some(key), Some(Some(text))) => read(key, text).map(Some),
            _ => Ok(None),
        }
    }
}

/// Entries as the store gave them: keys and values.
#[derive(Debug)]
pub(super) struct Entries(Vec<(String, String)>);

impl Entries {
    /// The keys and values, in the order of the keys.
    pub(super) fn read<T: Stored>(self) -> Result<Vec<(String, T)>> {
        let mut values = Vec::with_capacity(self.0.len());
        for (key, text) in self.0 {
            let value = read(&key, &text)?;
            values.push((key, value));
        }
        Ok(values)
    }
}

fn read<T: Stored>(key: &str, text: &str) -> Result<T> {
    record::read(text).map_err(|problem| unreadable(key, &problem))
}

fn unreadable(key: &str, error: &Problem) -> Error {
    let message = format!("the store holds something unreadable under {key}: {error}");
    Error::new(Code::StoreFailed, message).hint(
        "It was written by another version or changed by hand. Restore the store, or begin with a new one: marked notes and tasks are found again.",
    )
}
