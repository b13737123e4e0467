//! The last runs of a location: each is recorded as it ends, also one that fails. That one was killed
//! is noticed by the next.

use futures_util::future::LocalBoxFuture;

use super::engine::Engine;
use super::model::history::{RunError, RunRecord, RunStop, Scope, Underway};
use super::model::plan::Totals;
use super::model::state::Run;
use super::run::Outcome;
use super::state::tables::{LAST_GOOD, RUNS};
use crate::error::Result;
use crate::host::Host;

/// Runs that are kept.
const MOST: usize = 50;

impl<H: Host> Engine<'_, H> {
    /// Holds the lease for a run, and records it. That needs no commit of its own: the beginning goes
    /// with the run's first one, the end with the end of the lease. Boxed: one code for run and apply.
    pub(in crate::sync) async fn hold_run(
        &self,
        run: LocalBoxFuture<'_, Result<Outcome>>,
    ) -> Result<Outcome> {
        let recorded = async {
            self.begin_record().await?;
            let ended = run.await;
            if ended.is_err() {
                // An outcome has them. A store that fails here says so by the run's own error.
                let standing = self.count_standing().await.ok();
                self.note_in_record(|record| record.standing = standing);
            }
            ended
        };
        self.hold_until(recorded, |ended| self.end_record(ended)).await
    }

    /// The last runs, newest first.
    pub async fn runs(&self) -> Result<Vec<RunRecord>> {
        let held = self.keeper.lease().await?.is_some();
        let rows = self.keeper.scan_all(&RUNS, "").await?;
        // One may have begun in between.
        let held = held || self.keeper.lease().await?.is_some();
        let newest = rows.len().saturating_sub(1);
        let records = rows.into_iter().enumerate().map(|(index, (_, mut record))| {
            if record.is_open() && !(held && index == newest) {
                record.stopped = Some(RunStop::Interrupted);
            }
            record
        });
        let mut records: Vec<RunRecord> = records.collect();
        records.reverse();
        Ok(records)
    }

    async fn begin_record(&self) -> Result<()> {
        let rows = self.keeper.scan_all(&RUNS, "").await?;
        let last = rows.last().and_then(|(key, _)| key.parse::<u64>().ok()).unwrap_or(0);
        // Numbered and not dated: a clock that is set puts no run before an earlier one.
        let row = format!("{:08}", last + 1);
        let mut batch = self.keeper.batch();
        let too_many = (rows.len() + 1).saturating_sub(MOST);
        for (index, (key, record)) in rows.into_iter().enumerate() {
            if index < too_many {
                batch.delete(&RUNS, &key);
            } else if record.is_open() {
                let stopped = Some(RunStop::Interrupted);
                batch.put(&RUNS, &key, &RunRecord { stopped, ..record })?;
            }
        }
        let record = RunRecord { began_at: self.host.now(), ..RunRecord::default() };
        batch.put(&RUNS, &row, &record)?;
        self.keeper.commit_with_next(batch);
        let (began, calls_before) = (self.host.monotonic(), self.calls());
        self.underway.replace(Some(Underway { row, record, began, calls_before }));
        Ok(())
    }

    /// Notes in the record of the run under way, if one is recorded.
    fn note_in_record(&self, note: impl FnOnce(&mut RunRecord)) {
        if let Some(underway) = self.underway.borrow_mut().as_mut() {
            note(&mut underway.record);
        }
    }

    /// Notes what the run reads and which plan it is about, for the case that it is killed.
    pub(in crate::sync) fn note_run(&self, run: &Run) -> Result<()> {
        self.note_in_record(|record| {
            record.plan_id = Some(run.plan.id.clone());
            record.pass = Some(Scope::of(run));
        });
        let mut batch = self.keeper.batch();
        if let Some(underway) = self.underway.borrow().as_ref() {
            batch.put(&RUNS, &underway.row, &underway.record)?;
        }
        self.keeper.commit_with_next(batch);
        Ok(())
    }

    /// Notes what was written: a run that fails tells nobody else.
    pub(in crate::sync) fn note_written(&self, totals: &Totals) {
        self.note_in_record(|record| record.totals.clone_from(totals));
    }

    fn end_record(&self, ended: &Result<Outcome>) -> Result<()> {
        let Some(underway) = self.underway.take() else { return Ok(()) };
        let Underway { row, mut record, began, calls_before } = underway;
        record.ended_at = Some(self.host.now());
        record.elapsed_ms = Some(self.host.monotonic().saturating_sub(began));
        record.calls = Some(self.calls().since(calls_before));
        match ended {
            Ok(outcome) => {
                record.done = outcome.done;
                record.planned_only = outcome.planned_only;
                record.stopped = outcome.stopped.map(RunStop::from);
                record.totals.clone_from(&outcome.report.done);
                record.standing = Some(outcome.standing.clone());
            }
            Err(error) => {
                let (code, message) = (error.code.text().to_owned(), error.message.clone());
                record.error = Some(RunError { code, message });
            }
        }
        let mut batch = self.keeper.batch();
        batch.put(&RUNS, &row, &record)?;
        if record.is_good() {
            batch.put(&LAST_GOOD, "", &record)?;
        }
        self.keeper.commit_at_release(batch);
        Ok(())
    }
}
