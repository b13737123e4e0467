//! What a run did, for people and programs.

use serde::Serialize;
use serde_json::Value;

use crate::error::{Code, Error, Result};
use crate::host::Host;
use crate::named::Named;

use super::Engine;
use super::change::{Calls, Change, Pass, Totals};
use super::run::Run;
use super::state::{DeadLetter, State};

/// What was written, counted as it happens.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub done: Totals,
    pub rejected: u64,
    /// The least calls that these changes could have taken.
    pub least_calls: u64,
}

impl Tally {
    pub(super) fn count(&mut self, change: &Change) {
        let kinds = self.done.or_default(change.action.name());
        *kinds.or_default(change.kind.name()) += 1;
        self.least_calls += u64::from(change.calls);
    }
}

/// What a run did.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The plan it made or carried out.
    pub plan_id: String,
    /// What was read.
    pub pass: Pass,
    /// Records read, by kind.
    pub read: Named<u64>,
    /// Changes planned, by action and kind.
    pub planned: Totals,
    /// Changes carried out, by action and kind.
    pub done: Totals,
    /// Linked records that needed no change, by kind.
    pub unchanged: Named<u64>,
    /// Records set aside as dead letters in this run. Values left out of a record are dead letters of
    /// the kind `field` and do not count.
    pub rejected: u64,
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
            calls: run.plan.read_calls.plus(calls),
            least_calls: run
                .plan
                .least_read_calls
                .plus(Calls { ghl: 0, chartmogul: tally.least_calls }),
            ..plan
        }
    }
}

/// A location's state, for `status`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The lasting state.
    #[serde(flatten)]
    pub state: State,
    /// The run under way, if one was stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unfinished: Option<Value>,
}

impl<H: Host> Engine<'_, H> {
    /// What the store knows of the location; asks no service.
    pub async fn status(&self) -> Result<Status> {
        let run: Option<Run> = self.keeper.get("run").await?.one()?;
        let unfinished = run.map(|run| {
            serde_json::json!({ "planId": run.plan.id, "phase": run.phase, "createdAt": run.plan.created_at })
        });
        Ok(Status { state: self.state().await?, unfinished })
    }

    /// A page of dead letters, and the cursor of the next page.
    pub async fn dead_letters(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<DeadLetter>, Option<String>)> {
        let limit = limit.clamp(1, 1000);
        let rows: Vec<(String, DeadLetter)> =
            self.keeper.scan("dead/", after, limit).await?.read()?;
        let cursor = rows.last().map(|(key, _)| key.clone()).filter(|_| rows.len() == limit);
        Ok((rows.into_iter().map(|(_, letter)| letter).collect(), cursor))
    }

    /// [`Self::dead_letters`] as JSON: `{"deadLetters": [...], "cursor": ...}`.
    pub async fn dead_letters_json(&self, after: Option<&str>, limit: usize) -> Result<String> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Letters {
            dead_letters: Vec<DeadLetter>,
            cursor: Option<String>,
        }
        let (dead_letters, cursor) = self.dead_letters(after, limit).await?;
        serde_json::to_string(&Letters { dead_letters, cursor }).map_err(|error| {
            Error::new(Code::StoreFailed, format!("dead letters cannot be told: {error}"))
        })
    }
}
