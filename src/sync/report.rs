//! What a run did, for people and programs.

use serde::Serialize;

use super::model::change::Change;
use super::model::history::RunRecord;
use super::model::plan::{Calls, CountByKind, Pass, Totals};
use super::model::standing::{LetterKind, Reason, Standing, StandingCounts};
use super::model::state::{Run, State};
use super::read::sweep::NotesStatus;
use super::spent::Today;
use crate::http::Quota;
use crate::named::Named;

/// What was written, counted as it happens.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub done: Totals,
    pub rejected: u64,
    /// Records that turned out to be deleted by a person.
    pub apart: u64,
    /// Records of which single values were refused.
    pub refused_fields: u64,
    /// Refused records that were tried again and taken.
    pub retried: u64,
    /// The least calls that these changes could have taken.
    pub least_calls: Calls,
}

impl Tally {
    pub(super) fn count(&mut self, change: &Change) {
        let kinds = self.done.or_default(change.action.name());
        *kinds.or_default(change.kind.name()) += 1;
        let calls = Calls { ghl: change.ghl_calls.into(), chartmogul: change.calls.into() };
        self.least_calls = self.least_calls.plus(calls);
        self.retried += u64::from(change.retry);
    }
}

/// What a run did.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "SyncReport"))]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The plan it made or carried out.
    pub plan_id: String,
    /// What was read.
    pub pass: Pass,
    /// Records read.
    pub read: CountByKind,
    /// Changes planned, by action and kind.
    pub planned: Totals,
    /// Changes carried out, by action and kind.
    pub done: Totals,
    /// Linked records that needed no change.
    pub unchanged: CountByKind,
    /// Records that failed in this run. Values that were cut or left out of a record do not count.
    pub rejected: u64,
    /// Values that were cut or left out of records, and are reported for the first time.
    pub left_out: u64,
    /// Of the changes carried out: refused records that were tried again.
    pub retried: u64,
    /// Records that turned out to be deleted in ChartMogul by a person.
    pub apart: u64,
    /// Lists that could not be read, by the kind they list: the next run reads them.
    pub unread: CountByKind,
    /// Contacts whose notes are left to the calls of the next days.
    pub notes_waiting: u64,
    /// Why a person must read the plan before it is applied; null where nobody has to.
    pub guard: Option<String>,
    /// Calls sent, reading included.
    pub calls: Calls,
    /// The least calls that the same could have taken.
    pub least_calls: Calls,
    /// Milliseconds it took.
    pub elapsed_ms: u64,
    /// Things to look at.
    pub warnings: Vec<String>,
}

impl Report {
    /// The report of a run that wrote nothing.
    pub(super) fn of_plan(run: &Run, elapsed_ms: u64) -> Self {
        Self {
            plan_id: run.plan.id.clone(),
            pass: run.plan.pass,
            read: run.plan.read.clone(),
            planned: run.plan.totals.clone(),
            done: Totals::default(),
            unchanged: run.plan.unchanged.clone(),
            rejected: run.rejected,
            left_out: run.plan.left_out,
            retried: 0,
            apart: 0,
            unread: run.plan.unread.clone(),
            notes_waiting: run.plan.notes_waiting,
            guard: run.plan.guard.clone(),
            calls: run.plan.read_calls,
            least_calls: run.plan.least_read_calls,
            elapsed_ms,
            warnings: run.plan.warnings.clone(),
        }
    }

    /// The report of a run that carried out its plan, or a part of it.
    pub(super) fn of_run(run: &Run, tally: Tally, calls: Calls, elapsed_ms: u64) -> Self {
        let plan = Self::of_plan(run, elapsed_ms);
        Self {
            done: tally.done,
            rejected: run.rejected + tally.rejected,
            retried: tally.retried,
            apart: tally.apart,
            calls: run.plan.read_calls.plus(calls),
            least_calls: run.plan.least_read_calls.plus(tally.least_calls),
            ..plan
        }
    }
}

/// Records that stand for one reason.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReasonCount {
    /// How they stand.
    pub standing: Standing,
    /// Why.
    pub cause: Reason,
    /// How many of each kind.
    pub kinds: Named<u64, LetterKind>,
    /// What to do about them.
    pub hint: &'static str,
}

/// What the store holds of the location. Instants are epoch milliseconds, 0 for never.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "SyncStatus"))]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The lasting state.
    #[serde(flatten)]
    pub state: State,
    /// How many records are not in step and not settled.
    pub standing: StandingCounts,
    /// The same by reason, with what stands apart.
    pub reasons: Vec<ReasonCount>,
    /// GHL's quota of the day as a run saw it last; left out once it has started again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<Quota>,
    /// How fresh GHL's notes are.
    pub notes: NotesStatus,
    /// GHL's calls of today.
    pub today: Today,
    /// Most calls a day to GHL: the setting `dailyCalls`, else half of the quota.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_calls: Option<u64>,
    /// The run under way, where one was stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unfinished: Option<Unfinished>,
    /// The last run over all contacts that finished with no record failing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_good: Option<RunRecord>,
    /// Who is changing the state now. One that was killed stands here until another takes over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<Holder>,
    /// Decisions that wait for whoever holds the state, or takes it next.
    pub queued: u64,
    /// Contacts that the next run reads because `refresh` named them.
    pub refreshing: u64,
}

/// Who is working on a location's state.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Holder {
    /// Who that is, for people; empty where the host does not say.
    pub name: String,
    /// Since when, by its own clock, epoch milliseconds.
    pub since: u64,
}

/// A run that was stopped.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "UnfinishedRun"))]
#[serde(rename_all = "camelCase")]
pub struct Unfinished {
    /// Its plan.
    pub plan_id: String,
    /// What it was at, for people.
    pub phase: &'static str,
    /// When its reading began, epoch milliseconds.
    pub created_at: u64,
}
