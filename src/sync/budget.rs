//! How long a run may take: deadline, calls, records. Whatever is stopped continues in the next run.

use std::cell::Cell;

use crate::host::Host;
use crate::{choices, records};

use super::model::plan::Calls;

records! {
    /// What a plan or a run is about, and what it may use.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    #[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(default))]
    closed pub struct RunOptions {
        /// Milliseconds after which it stops at its next step.
        pub deadline_ms: Option<u64> = "deadlineMs";
        /// Most calls to both services together.
        pub max_calls: Option<u64> = "maxCalls";
        /// Most records written.
        pub max_records: Option<u64> = "maxRecords";
        /// Reads everything again, not only what changed.
        pub full: bool = "full";
        /// Writes even if it is the location's first run, or if a person must read the plan first.
        pub apply: bool = "apply";
        /// Only these GHL contacts, or those that are linked with these ChartMogul customers (`cus_…`), with
        /// their notes and tasks. Default: all.
        pub contacts: Vec<String> = "contacts";
    }
}

choices! {
    /// Why a run stopped before its end.
    #[cfg_attr(feature = "reference", schemars(rename = "StopReason"))]
    pub enum Stop {
        /// Its time is up.
        Deadline = "deadline",
        /// Its calls are used.
        Calls = "calls",
        /// Its records are written.
        Records = "records",
        /// The day's quota of a service is used up.
        Quota = "quota",
        /// A service is unavailable: lists in a row could not be read.
        Unavailable = "unavailable",
    }
}

/// What a run has used of its budget.
#[derive(Debug)]
pub(super) struct Budget {
    /// An instant of the host's clock that never goes back.
    deadline: Option<u64>,
    max_calls: Option<u64>,
    max_records: Option<u64>,
    records: Cell<u64>,
    before: Calls,
}

impl Budget {
    pub(super) fn new(options: &RunOptions, now: u64, before: Calls) -> Self {
        Self {
            deadline: options.deadline_ms.map(|allowed| now.saturating_add(allowed)),
            max_calls: options.max_calls,
            max_records: options.max_records,
            records: Cell::new(0),
            before,
        }
    }

    /// Counts a record about to be written.
    pub(super) fn take_record(&self) {
        self.records.set(self.records.get() + 1);
    }

    /// Why the run must stop now, if it must.
    pub(super) fn exhausted(&self, host: &impl Host, calls: Calls) -> Option<Stop> {
        if self.deadline.is_some_and(|deadline| host.monotonic() >= deadline) {
            Some(Stop::Deadline)
        } else if self.max_calls.is_some_and(|most| calls.since(self.before).total() >= most) {
            Some(Stop::Calls)
        } else if self.max_records.is_some_and(|most| self.records.get() >= most) {
            Some(Stop::Records)
        } else {
            None
        }
    }
}
