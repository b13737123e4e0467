//! Reads and writes JSON under one location's keys. Batches that are ready together are one commit, and
//! each commit depends on the lease, where one is held. Only mail is put beside it.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::mem;
use std::task::Poll;

use serde::Serialize;

use super::super::model::state::Lease;
use super::tables::{Counts, LEASE, Table};
use crate::error::{Code, Error, Result};
use crate::host::{Committed, Guard, StateStore};
use crate::mutants::{self, Mutant};
use crate::ordered::Ordered;
use crate::record::{self, Problem, Slot};

/// Rows are read no further than to this many bytes at once: what is read together is worked on
/// together, and memory must not grow with the number of large records.
pub(in crate::sync) const BYTES_A_PAGE: usize = 2 << 20;
/// Rows of a table that are read at once where all are wanted.
const ROWS_A_PAGE: usize = 1000;

/// What can be read from the store.
pub(in crate::sync) trait Stored: for<'de> Slot<'de> + Default {}
impl<T: for<'de> Slot<'de> + Default> Stored for T {}

/// Reads and writes JSON under one location's keys.
#[derive(Debug)]
pub(in crate::sync) struct Keeper<'a, S> {
    store: &'a S,
    location: String,
    prefix: String,
    /// The text of the lease that is held: who no longer holds it commits nothing.
    lease: RefCell<Option<String>>,
    waiting: RefCell<Waiting>,
    /// What goes with the next commit.
    next: RefCell<Ordered<Option<String>>>,
    /// What is committed as the lease is let go.
    last: RefCell<Ordered<Option<String>>>,
    /// What goes with the next commit of the lease.
    with_lease: RefCell<Ordered<Option<String>>>,
    /// Held while a commit is under way.
    turn: async_lock::Mutex<()>,
}

/// Rows that wait for the next commit.
#[derive(Debug, Default)]
struct Waiting {
    rows: Ordered<Option<String>>,
    /// Numbers the commits.
    commit: u64,
    /// Why a commit failed: what it left is not known, so none follows.
    failed: Option<Error>,
}

/// Puts and deletes collected for one atomic commit.
#[derive(Debug, Default)]
pub(in crate::sync) struct Batch {
    /// Full keys; a key without a value is deleted.
    rows: Ordered<Option<String>>,
    /// Of the values that were put.
    bytes: usize,
    prefix: String,
}

impl Batch {
    /// Puts a row of a table.
    pub(in crate::sync) fn put<T: Serialize>(
        &mut self,
        table: &Table<T>,
        id: &str,
        value: &T,
    ) -> Result<()> {
        self.put_text(table.key(id), serde_json::to_string(value))
    }

    fn put_text(&mut self, key: String, text: serde_json::Result<String>) -> Result<()> {
        let text = text.map_err(|error| {
            Error::new(Code::StoreFailed, format!("could not write {key}: {error}"))
        })?;
        self.bytes += text.len();
        self.rows.insert(format!("{}{key}", self.prefix), Some(text));
        Ok(())
    }

    /// Puts counts under a full key: see [`Keeper::counts`].
    pub(in crate::sync) fn put_counts(&mut self, key: String, counts: &Counts) {
        // Numbers by name can be written.
        self.rows.insert(key, serde_json::to_string(counts).ok());
    }

    /// Deletes what is under a full key.
    pub(in crate::sync) fn delete_counts(&mut self, key: String) {
        self.rows.insert(key, None);
    }

    /// Deletes a row of a table.
    pub(in crate::sync) fn delete<T>(&mut self, table: &Table<T>, id: &str) {
        self.rows.insert(format!("{}{}", self.prefix, table.key(id)), None);
    }

    /// Puts the text of a row under its key without the location's prefix, or deletes the row.
    pub(in crate::sync) fn put_row(&mut self, key: &str, text: Option<String>) {
        self.rows.insert(format!("{}{key}", self.prefix), text);
    }

    /// Whether it holds as much as is to be held at once.
    pub(in crate::sync) const fn is_full(&self) -> bool {
        self.bytes >= BYTES_A_PAGE
    }

    /// Takes in another batch.
    pub(in crate::sync) fn extend(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.rows.extend(other.rows);
    }

    /// The value that this batch puts under a row's key.
    pub(in crate::sync) fn get<T: Stored>(&self, table: &Table<T>, id: &str) -> Option<T> {
        let key = format!("{}{}", self.prefix, table.key(id));
        read(&key, self.rows.get(&key)?.as_ref()?).ok()
    }
}

impl<'a, S: StateStore> Keeper<'a, S> {
    /// The keeper of a location.
    pub(in crate::sync) fn new(store: &'a S, location: &str) -> Self {
        Self {
            store,
            location: location.to_owned(),
            prefix: format!("v1/{location}/"),
            lease: RefCell::default(),
            waiting: RefCell::default(),
            next: RefCell::default(),
            last: RefCell::default(),
            with_lease: RefCell::default(),
            turn: async_lock::Mutex::new(()),
        }
    }

    /// An empty batch for [`Self::commit`].
    pub(in crate::sync) fn batch(&self) -> Batch {
        Batch { prefix: self.prefix.clone(), ..Batch::default() }
    }

    /// Commits a batch whole or not at all, together with those that are ready at the same time.
    pub(in crate::sync) async fn commit(&self, batch: Batch) -> Result<()> {
        if batch.rows.is_empty() {
            return Ok(());
        }
        let commit = {
            let mut waiting = self.waiting.borrow_mut();
            waiting.rows.extend(batch.rows);
            waiting.commit
        };
        others_first().await;
        let _turn = self.turn.lock().await;
        let rows = {
            let mut waiting = self.waiting.borrow_mut();
            if let Some(error) = &waiting.failed {
                return Err(error.clone());
            }
            if waiting.commit > commit {
                return Ok(());
            }
            waiting.commit += 1;
            let mut rows = self.next.take();
            rows.extend(mem::take(&mut waiting.rows));
            rows
        };
        let (puts, deletes) = split(rows);
        let written = self.write(puts, deletes).await;
        if let Err(error) = &written {
            self.waiting.borrow_mut().failed = Some(error.clone());
        }
        written
    }

    /// Commits a batch whoever holds the lease: only for rows that its owner takes and nobody else
    /// changes.
    pub(in crate::sync) async fn commit_beside(&self, batch: Batch) -> Result<()> {
        let (puts, deletes) = split(batch.rows);
        self.store.commit(puts, deletes, None).await.map(|_| ())
    }

    /// The same, unless there is a row of this key already; says whether it was committed. A store without
    /// conditional commits serves one process, which looked before.
    pub(in crate::sync) async fn commit_beside_once(
        &self,
        batch: Batch,
        key: &str,
    ) -> Result<bool> {
        let key = format!("{}{key}", self.prefix);
        if self.store.get(std::slice::from_ref(&key)).await?.iter().any(Option::is_some) {
            return Ok(false);
        }
        let (puts, deletes) = split(batch.rows);
        let guard = Some(Guard { key, value: None });
        Ok(self.store.commit(puts, deletes, guard).await? == Committed::Yes)
    }

    async fn write(&self, puts: Vec<(String, String)>, deletes: Vec<String>) -> Result<()> {
        let lease = self.lease.borrow().clone();
        self.write_while(lease.and_then(|text| self.while_lease_is(Some(text))), puts, deletes)
            .await
    }

    async fn write_while(
        &self,
        guard: Option<Guard>,
        puts: Vec<(String, String)>,
        deletes: Vec<String>,
    ) -> Result<()> {
        match self.store.commit(puts, deletes, guard).await? {
            Committed::Yes => Ok(()),
            Committed::Superseded => Err(taken_over()),
        }
    }

    /// The guard of a commit that depends on the lease.
    fn while_lease_is(&self, value: Option<String>) -> Option<Guard> {
        let guard = Guard { key: self.lease_key(), value };
        (!mutants::is_on(Mutant::LeaseIsNotAsked)).then_some(guard)
    }

    fn lease_key(&self) -> String {
        format!("{}{}", self.prefix, LEASE.key(""))
    }

    /// The text of the lease in the store, whoever holds it.
    pub(in crate::sync) async fn lease(&self) -> Result<Option<String>> {
        let texts = self.texts(&[LEASE.key("")]).await?;
        Ok(texts.into_iter().next().flatten())
    }

    /// Puts a lease in the place of the one that was read; false where that one has changed since.
    pub(in crate::sync) async fn take_lease(
        &self,
        former: Option<String>,
        lease: &Lease,
    ) -> Result<bool> {
        let text = serde_json::to_string(lease).map_err(|error| {
            Error::new(Code::StoreFailed, format!("could not write the lease: {error}"))
        })?;
        let _turn = self.turn.lock().await;
        let guard = self.while_lease_is(former);
        let mut rows = self.with_lease.take();
        rows.insert(self.lease_key(), Some(text.clone()));
        let (puts, deletes) = split(rows);
        let taken = self.store.commit(puts, deletes, guard).await? == Committed::Yes;
        if taken {
            self.lease.replace(Some(text));
        }
        Ok(taken)
    }

    /// Renews the lease that is held.
    pub(in crate::sync) async fn renew_lease(&self, lease: &Lease) -> Result<()> {
        let held = self.lease.borrow().clone();
        if self.take_lease(held, lease).await? { Ok(()) } else { Err(taken_over()) }
    }

    /// Commits a batch together with the next one, at the latest with the end of the lease.
    pub(in crate::sync) fn commit_with_next(&self, batch: Batch) {
        self.next.borrow_mut().extend(batch.rows);
    }

    /// Commits a batch together with the end of the lease: nothing of it is stored before the caller is
    /// about to be answered.
    pub(in crate::sync) fn commit_at_release(&self, batch: Batch) {
        self.last.borrow_mut().extend(batch.rows);
    }

    /// Commits a batch together with the taking, renewal or end of the lease
    /// that comes next. Where that fails it is lost.
    pub(in crate::sync) fn commit_with_lease(&self, batch: Batch) {
        self.with_lease.borrow_mut().extend(batch.rows);
    }

    /// Releases the lease that is held; one that was taken over stays.
    pub(in crate::sync) async fn release_lease(&self) -> Result<()> {
        let _turn = self.turn.lock().await;
        let guard = self.while_lease_is(self.lease.take());
        let mut rows = self.next.take();
        rows.extend(self.with_lease.take());
        rows.extend(self.last.take());
        rows.insert(self.lease_key(), None);
        let (puts, deletes) = split(rows);
        self.write_while(guard, puts, deletes).await
    }

    /// The location.
    pub(in crate::sync) fn location(&self) -> &str {
        &self.location
    }

    /// The prefix of a table's full keys.
    pub(in crate::sync) fn prefix_of<T>(&self, table: &Table<T>) -> String {
        format!("{}{}", self.prefix, table.key(""))
    }

    /// The counts under full keys of this prefix, which may be beside the location's, by the rest of their
    /// keys.
    pub(in crate::sync) async fn counts(&self, prefix: &str) -> Result<Vec<(String, Counts)>> {
        let mut counts = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let from = after.as_deref();
            let rows = self.store.scan(prefix, from, ROWS_A_PAGE, BYTES_A_PAGE).await?;
            let ends = rows.len() < ROWS_A_PAGE;
            for (key, text) in rows {
                let row = read(&key, &text)?;
                counts.push((key.get(prefix.len()..).unwrap_or_default().to_owned(), row));
                after = Some(key);
            }
            if ends {
                return Ok(counts);
            }
        }
    }

    /// One row.
    pub(in crate::sync) async fn get<T: Stored>(
        &self,
        table: &Table<T>,
        id: &str,
    ) -> Result<Option<T>> {
        let key = table.key(id);
        let texts = self.texts(std::slice::from_ref(&key)).await?;
        match texts.first() {
            Some(Some(text)) => read(&key, text).map(Some),
            _ => Ok(None),
        }
    }

    /// Rows in the order of their ids.
    pub(in crate::sync) async fn get_all<T: Stored>(
        &self,
        table: &Table<T>,
        ids: &[impl AsRef<str>],
    ) -> Result<Vec<Option<T>>> {
        let keys: Vec<String> = ids.iter().map(|id| table.key(id.as_ref())).collect();
        let texts = self.texts(&keys).await?;
        let mut rows = Vec::with_capacity(keys.len());
        for (key, text) in keys.iter().zip(&texts) {
            rows.push(match text {
                Some(text) => Some(read(key, text)?),
                None => None,
            });
        }
        Ok(rows)
    }

    /// Up to `limit` rows whose ids begin with `within`, after an id: ids and values in byte order.
    /// Fewer where they are large, but one at least where there is one.
    pub(in crate::sync) async fn scan<T: Stored>(
        &self,
        table: &Table<T>,
        within: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, T)>> {
        self.page(table, within, after, limit).await.map(|(rows, _)| rows)
    }

    /// [`Self::scan`], and whether more may follow.
    pub(in crate::sync) async fn page<T: Stored>(
        &self,
        table: &Table<T>,
        within: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<(String, T)>, bool)> {
        let after = after.map(|id| format!("{}{}", self.prefix, table.key(id)));
        let prefix = format!("{}{}", self.prefix, table.key(within));
        let ids = self.prefix.len() + table.key("").len();
        let rows = self.store.scan(&prefix, after.as_deref(), limit, BYTES_A_PAGE).await?;
        let mut bytes = 0;
        let mut read_rows = Vec::with_capacity(rows.len());
        for (key, text) in rows {
            bytes += text.len();
            let value = read(&key, &text)?;
            read_rows.push((key.get(ids..).unwrap_or_default().to_owned(), value));
        }
        let more = read_rows.len() >= limit || bytes >= BYTES_A_PAGE;
        Ok((read_rows, more))
    }

    /// Shows each row of the location whose key begins so, as text and with its key without the location's
    /// prefix, whatever table it is of.
    pub(in crate::sync) async fn each_row(
        &self,
        within: &str,
        see: &mut dyn FnMut(&str, &str),
    ) -> Result<()> {
        let prefix = format!("{}{within}", self.prefix);
        let mut after: Option<String> = None;
        loop {
            let from = after.as_deref();
            let rows = self.store.scan(&prefix, from, ROWS_A_PAGE, BYTES_A_PAGE).await?;
            let Some((last, _)) = rows.last() else { return Ok(()) };
            after = Some(last.clone());
            for (key, text) in &rows {
                see(key.get(self.prefix.len()..).unwrap_or_default(), text);
            }
        }
    }

    /// How many rows have ids that begin with `within`.
    pub(in crate::sync) async fn count<T: Stored>(
        &self,
        table: &Table<T>,
        within: &str,
    ) -> Result<u64> {
        let mut number = 0;
        let mut after: Option<String> = None;
        loop {
            let (rows, more) = self.page(table, within, after.as_deref(), ROWS_A_PAGE).await?;
            number += rows.len() as u64;
            if !more {
                return Ok(number);
            }
            after = rows.into_iter().next_back().map(|(id, _)| id);
        }
    }

    /// All rows whose ids begin with `within`, where they are known to be few.
    pub(in crate::sync) async fn scan_all<T: Stored>(
        &self,
        table: &Table<T>,
        within: &str,
    ) -> Result<Vec<(String, T)>> {
        let mut all: Vec<(String, T)> = Vec::new();
        loop {
            let after = all.last().map(|(id, _)| id.as_str());
            let (rows, more) = self.page(table, within, after, ROWS_A_PAGE).await?;
            all.extend(rows);
            if !more {
                return Ok(all);
            }
        }
    }

    /// All rows of a table, a page at a time: rows may be put and deleted meanwhile.
    pub(in crate::sync) fn pages<T: Stored>(
        &self,
        table: &Table<T>,
        rows_a_page: usize,
    ) -> Pages<'_, 'a, S, T> {
        Pages { keeper: self, table: table.clone(), rows_a_page, after: None }
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

    /// Deletes all rows of a table, a page at a time.
    pub(in crate::sync) async fn clear<T>(&self, table: &Table<T>) -> Result<()> {
        let full = format!("{}{}", self.prefix, table.key(""));
        loop {
            let rows = self.store.scan(&full, None, ROWS_A_PAGE, BYTES_A_PAGE).await?;
            if rows.is_empty() {
                return Ok(());
            }
            self.write(Vec::new(), rows.into_iter().map(|(key, _)| key).collect()).await?;
        }
    }
}

/// The pages of a table, each asked for when the one before is done.
pub(in crate::sync) struct Pages<'k, 'a, S, T> {
    keeper: &'k Keeper<'a, S>,
    table: Table<T>,
    rows_a_page: usize,
    after: Option<String>,
}

impl<S: StateStore, T: Stored> Pages<'_, '_, S, T> {
    /// The next rows by their ids; `None` behind the last.
    pub(in crate::sync) async fn next(&mut self) -> Result<Option<Vec<(String, T)>>> {
        let after = self.after.as_deref();
        let rows = self.keeper.scan(&self.table, "", after, self.rows_a_page).await?;
        let Some((last, _)) = rows.last() else { return Ok(None) };
        self.after = Some(last.clone());
        Ok(Some(rows))
    }
}

fn taken_over() -> Error {
    Error::new(Code::Busy, "another process has taken over the sync of this location")
        .hint("Nothing was written to the store since. `status` says who holds it.")
}

/// Puts and deletes of rows; those without a value are deleted.
fn split(rows: Ordered<Option<String>>) -> (Vec<(String, String)>, Vec<String>) {
    let (mut puts, mut deletes) = (Vec::new(), Vec::new());
    for (key, value) in rows {
        match value {
            Some(value) => puts.push((key, value)),
            None => deletes.push(key),
        }
    }
    (puts, deletes)
}

/// Lets other work that is ready run first.
async fn others_first() {
    let waited = Cell::new(false);
    poll_fn(|context| {
        if waited.replace(true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn read<T: Stored>(key: &str, text: &str) -> Result<T> {
    record::read(text).map_err(|problem| unreadable(key, &problem))
}

fn unreadable(key: &str, error: &Problem) -> Error {
    let message = format!("the store holds something unreadable under {key}: {error}");
    Error::new(Code::StoreFailed, message).hint(
        "It was written by another version or changed by hand. Restore the store, or start with a new one: marked notes and tasks are found again.",
    )
}
