//! Lists of notes that were read while a plan is carried out, as they wait to be taken.

use std::cell::{Cell, RefCell};

use crate::error::Result;
use crate::ordered::Ordered;
use crate::record::Json;
use crate::signal::Signal;

/// Lists that wait in memory, and their bytes.
const MOST_LISTS: usize = 200;
const MOST_BYTES: usize = 1 << 19;

/// A list of notes as it was read, and when.
#[derive(Debug)]
pub(in crate::sync) struct Found {
    pub(in crate::sync) at: u64,
    pub(in crate::sync) items: Result<Vec<Json>>,
}

/// Lists of notes that were read ahead, by contact.
#[derive(Debug, Default)]
pub(in crate::sync) struct Ahead {
    pub(in crate::sync) lists: RefCell<Ordered<Found>>,
    bytes: Cell<usize>,
    /// How many wait in the run's rows.
    pub(in crate::sync) stored: Cell<usize>,
    beside: bool,
    /// Nothing more is asked for.
    pub(in crate::sync) stopped: Cell<bool>,
    ended: Cell<bool>,
    changes: Signal,
}

impl Ahead {
    /// Of a run that continues, while nothing is read ahead: what waits in its rows is taken first.
    pub(in crate::sync) fn left_over() -> Self {
        let ahead = Self { stored: Cell::new(1), ..Self::default() };
        ahead.ended.set(true);
        ahead
    }

    /// The same, with more to be read ahead.
    pub(in crate::sync) fn continued() -> Self {
        Self { stored: Cell::new(1), beside: true, ..Self::default() }
    }

    /// Whether a plan is being carried out beside.
    pub(in crate::sync) const fn is_beside(&self) -> bool {
        self.beside
    }

    /// Asks for nothing more: requests under way finish.
    pub(in crate::sync) fn stop(&self) {
        self.stopped.set(true);
    }

    /// Takes the list of a contact, if it was read.
    pub(in crate::sync) fn take(&self, contact: &str) -> Option<Found> {
        let found = self.lists.borrow_mut().remove(contact)?;
        self.bytes.set(self.bytes.get().saturating_sub(size(&found)));
        Some(found)
    }

    /// Waits until there is a list, or none will come.
    pub(in crate::sync) async fn any(&self) {
        self.changes
            .until(|| self.ended.get() || self.stored.get() > 0 || !self.lists.borrow().is_empty())
            .await;
    }

    pub(in crate::sync) fn is_full(&self) -> bool {
        self.lists.borrow().len() >= MOST_LISTS || self.bytes.get() >= MOST_BYTES
    }

    pub(in crate::sync) fn put(&self, contact: &str, found: Found) {
        self.bytes.set(self.bytes.get() + size(&found));
        self.lists.borrow_mut().insert(contact.to_owned(), found);
        self.changes.changed();
    }

    /// So many more wait in the run's rows.
    pub(in crate::sync) fn put_into_rows(&self, lists: usize) {
        self.stored.set(self.stored.get() + lists);
        self.changes.changed();
    }

    pub(in crate::sync) fn end(&self) {
        self.ended.set(true);
        self.changes.changed();
    }
}

fn size(found: &Found) -> usize {
    found.items.iter().flatten().map(|item| item.get().len()).sum()
}
