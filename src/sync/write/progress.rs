//! How carrying out a plan stands.

use std::cell::{Cell, RefCell};

use super::super::budget::{Budget, Stop};
use super::super::model::pair::Kind;
use super::super::model::plan::Plan;
use super::super::report::Tally;
use super::super::work::Work;
use crate::error::Error;
use crate::ordered::Ordered;

/// Tries of a change that fails while others do not.
pub(super) const MOST_TRIES: u32 = 3;

/// A plan that is younger says what GHL shows well enough to tick a task off.
pub(in crate::sync) const YOUNG_MS: u64 = 5 * 60_000;

/// Progress of the current apply, shared by its concurrent changes.
pub(in crate::sync) struct Progress<'p> {
    pub(in crate::sync) work: &'p Work,
    pub(in crate::sync) budget: Budget,
    pub(in crate::sync) plan: String,
    /// When the plan was made.
    pub(in crate::sync) made_at: u64,
    pub(in crate::sync) tally: RefCell<Tally>,
    pub(in crate::sync) stop: Cell<Option<Stop>>,
    pub(in crate::sync) fatal: RefCell<Option<Error>>,
    /// Failures in a row for want of the service, and since when.
    pub(in crate::sync) failures: Cell<u32>,
    pub(in crate::sync) failing_since: Cell<u64>,
    /// Nothing is sent before this instant: the service is unavailable. Instants are [`Host::monotonic`]'s.
    ///
    /// [`Host::monotonic`]: crate::host::Host::monotonic
    pub(in crate::sync) paused_until: Cell<u64>,
    /// Rows that are carried out later, and when at the earliest.
    pub(in crate::sync) postponed: RefCell<Ordered<u64>>,
    /// How often each of them was tried.
    pub(in crate::sync) tries: RefCell<Ordered<u32>>,
    pub(in crate::sync) refusals: RefCell<(String, u32)>,
    /// Endpoints that are not asked any more, with the refusal that they gave.
    pub(in crate::sync) blocked: RefCell<Vec<(Kind, Error)>>,
    /// Whether the next run must read everything: something that was believed turned out wrong.
    pub(in crate::sync) look_again: Cell<bool>,
    pub(in crate::sync) done: Cell<u64>,
    pub(in crate::sync) total: Cell<u64>,
    pub(in crate::sync) linked: Cell<u64>,
    pub(in crate::sync) under_way: Cell<u64>,
    /// ChartMogul users that a write of this run has shown to exist.
    pub(in crate::sync) proven: RefCell<Vec<String>>,
    /// How many creates are yet looked for before they are sent, where the store may be an older copy.
    pub(in crate::sync) unsure: Cell<Option<u32>>,
    /// Held while a user that is not proven yet is tried: a wrong one costs one call and not many.
    pub(in crate::sync) probe: async_lock::Mutex<()>,
}

impl<'p> Progress<'p> {
    /// Of a plan of which nothing is carried out yet.
    pub(in crate::sync) fn new(work: &'p Work, budget: Budget, plan: &Plan) -> Self {
        Self {
            work,
            budget,
            plan: plan.id.clone(),
            made_at: plan.created_at,
            tally: RefCell::default(),
            stop: Cell::default(),
            fatal: RefCell::default(),
            failures: Cell::default(),
            failing_since: Cell::default(),
            paused_until: Cell::default(),
            postponed: RefCell::default(),
            tries: RefCell::default(),
            refusals: RefCell::default(),
            blocked: RefCell::default(),
            look_again: Cell::default(),
            done: Cell::default(),
            total: Cell::new(plan.writes()),
            linked: Cell::default(),
            under_way: Cell::default(),
            proven: RefCell::default(),
            unsure: Cell::default(),
            probe: async_lock::Mutex::new(()),
        }
    }

    /// Whether a create that nothing is known of is looked for first, as it may be there by a run that
    /// this store does not remember.
    pub(in crate::sync) fn looks_first(&self) -> bool {
        let Some(left) = self.unsure.get() else { return false };
        self.unsure.set(Some(if left == u32::MAX { left } else { left.saturating_sub(1) }));
        left > 0
    }

    /// Carries a change out later: its row stays in the plan.
    pub(in crate::sync) fn postpone(&self, row: String, until: u64) {
        self.postponed.borrow_mut().insert(row, until);
    }

    /// Counts a try of a change that may come again.
    pub(in crate::sync) fn count_try(&self, row: &str) -> u32 {
        let mut tries = self.tries.borrow_mut();
        let tries = tries.or_default(row.to_owned());
        *tries += 1;
        *tries
    }

    pub(in crate::sync) fn ended(&self) -> bool {
        self.stop.get().is_some() || self.fatal.borrow().is_some()
    }
}
