//! The last runs of a location, as the store keeps them.

use super::super::budget::Stop;
use super::plan::{Calls, Pass, Totals};
use super::standing::StandingCounts;
use super::state::Run;
use crate::{choices, records};

choices! {
    /// Why a run has stopped before its end: as [`Stop`] says, or as nobody could say any more.
    #[cfg_attr(feature = "reference", schemars(rename = "RunStopReason"))]
    pub enum RunStop {
        /// Its time was up.
        Deadline = "deadline",
        /// Its calls were used.
        Calls = "calls",
        /// Its records were written.
        Records = "records",
        /// The day's quota of a service was used up.
        Quota = "quota",
        /// A service was unavailable: lists in a row could not be read.
        Unavailable = "unavailable",
        /// Its process was killed, or another one took the store over.
        Interrupted = "interrupted",
    }
}

impl From<Stop> for RunStop {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Deadline => Self::Deadline,
            Stop::Calls => Self::Calls,
            Stop::Records => Self::Records,
            Stop::Quota => Self::Quota,
            Stop::Unavailable => Self::Unavailable,
        }
    }
}

choices! {
    /// What a run reads.
    #[cfg_attr(feature = "reference", schemars(rename = "SyncScope"))]
    pub enum Scope {
        /// Everything.
        Full = "full",
        /// Contacts changed since the last pass, their notes, and all tasks.
        Incremental = "incremental",
        /// Single contacts, with their notes and tasks.
        Contacts = "contacts",
    }
}

impl Scope {
    /// What a run under way reads.
    pub(in crate::sync) fn of(run: &Run) -> Self {
        match run.plan.pass {
            _ if !run.only.is_empty() => Self::Contacts,
            Pass::Full => Self::Full,
            Pass::Incremental => Self::Incremental,
        }
    }
}

records! {
    /// A run or an apply: what it did and why it stopped. Holds no value of a record.
    #[derive(Debug, Clone, Default, PartialEq)]
    #[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "SyncRun"))]
    whole pub struct RunRecord {
        /// The plan it made or carried out; null where it failed before it had one.
        pub plan_id: Option<String> = "planId";
        /// What it read; null where it failed before that was decided.
        pub pass: Option<Scope> = "pass";
        /// When it began, epoch milliseconds.
        pub began_at: u64 = "beganAt";
        /// When it ended; null while it is under way, and for one that was interrupted.
        pub ended_at: Option<u64> = "endedAt";
        /// Milliseconds it took, whatever the clock was set to meanwhile.
        pub elapsed_ms: Option<u64> = "elapsedMs";
        /// True at its end; false when it stopped or failed.
        pub done: bool = "done";
        /// True when nothing was written: the location's first run, or a plan that a person must read.
        pub planned_only: bool = "plannedOnly";
        /// Why it stopped before its end. `interrupted` is known once another process has held the store.
        pub stopped: Option<RunStop> = "stopped";
        /// What it failed with.
        pub error: Option<RunError> = "error";
        /// Changes carried out, by action and kind.
        pub totals: Totals = "totals";
        /// Calls that it sent itself; null while it has no end.
        pub calls: Option<Calls> = "calls";
        /// Records that were not in step after it.
        pub standing: Option<StandingCounts> = "standing";
    }
}

records! {
    /// What a run failed with.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    #[cfg_attr(feature = "reference", derive(schemars::JsonSchema))]
    whole pub struct RunError {
        /// The error's code.
        #[cfg_attr(feature = "reference", schemars(with = "crate::error::Code"))]
        pub code: String = "code";
        /// What happened.
        pub message: String = "message";
    }
}

impl RunRecord {
    /// Whether it has neither an end nor a reason for having none.
    pub(in crate::sync) const fn is_open(&self) -> bool {
        self.ended_at.is_none() && self.stopped.is_none()
    }

    /// Whether it synced everything: a run for single contacts says nothing of the others.
    pub(in crate::sync) fn is_good(&self) -> bool {
        let nothing_failed = self.standing.as_ref().is_some_and(|standing| standing.failed == 0);
        self.done && !self.planned_only && nothing_failed && self.pass != Some(Scope::Contacts)
    }
}

/// The record of the run that an engine is at.
#[derive(Debug)]
pub(in crate::sync) struct Underway {
    /// The record's place in the table.
    pub(in crate::sync) row: String,
    pub(in crate::sync) record: RunRecord,
    /// When it began, by the clock that never goes back.
    pub(in crate::sync) began: u64,
    /// The calls of both clients before it.
    pub(in crate::sync) calls_before: Calls,
}
