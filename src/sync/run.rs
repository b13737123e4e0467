//! A run: its phases, its checkpoint, and what the caller can ask for: plan, apply, run.

use std::future::Future;
use std::pin::Pin;

use serde::Serialize;

use super::budget::{Budget, RunOptions, Stop};
use super::engine::{Engine, Step, new_id};
use super::model::ahead::Ahead;
use super::model::change::{Action, Change, ChangeView};
use super::model::pair::Kind;
use super::model::plan::{Calls, Counted, Pass, Plan, PlanView, QuotaView};
use super::model::standing::{StandingCounts, Standings};
use super::model::state::{Pace, Phase, Run, State};
use super::read::contacts::OVERLAP_MS;
use super::report::Report;
use super::state::tables::{HOLDERS, PACE, RUN, RunTables, STATE};
use super::work::Work;
use crate::error::{Code, Error, Result};
use crate::host::{Event, Host};
use crate::mapping::settings::{Anchor, Caps, FirstRun, Object};
use crate::mutants::{self, Mutant};
use crate::record;

/// Lists in a row that could not be read before reading stops at its checkpoint.
const UNREAD_IN_A_ROW: u32 = 5;
/// A run that was worked on so lately is simply gone on with: no store is put back so soon.
const TAKEN_UP_AT_ONCE_MS: u64 = 90_000;

/// A phase's page being worked on.
type Stepping<'s> = Pin<Box<dyn Future<Output = Result<Step>> + 's>>;

/// How a run or an apply ended.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "SyncOutcome"))]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// True when it finished; false when it stopped: the next run continues there.
    pub done: bool,
    /// True when nothing was written: the location's first run, or a plan that a person must read.
    pub planned_only: bool,
    /// Why it stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stop>,
    /// Where the next run continues.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<&'static str>,
    /// Records that are not in step, now or since an earlier run. Both are 0 when all is well.
    pub standing: StandingCounts,
    /// What was done.
    pub report: Report,
}

impl<H: Host> Engine<'_, H> {
    /// Reads both sides and makes a plan; writes nothing to either.
    pub async fn plan(&self, options: RunOptions) -> Result<Plan> {
        self.set_deadline(&RunOptions::default());
        let contacts = self.contacts_asked_for(&options.contacts).await?;
        self.hold(self.make_plan(RunOptions { contacts, ..options })).await
    }

    async fn make_plan(&self, options: RunOptions) -> Result<Plan> {
        let state = self.state().await?;
        self.refuse_other_anchor(&state)?;
        let unfinished: Option<Run> = self.keeper.get(&RUN, "").await?;
        let reading = unfinished.filter(|run| {
            run.phase < Phase::Planned
                && run.part == 0
                && self.still_fits(run, &state)
                && run.only == options.contacts
        });
        let (mut run, work) = self.prepare(reading, state, &options).await?;
        // A plan that is to be read is whole.
        run.in_parts = false;
        let budget = Budget::new(&RunOptions::default(), self.host.monotonic(), self.calls());
        // Without a budget only the quota and an unavailable service stop it: half a plan must not be
        // taken for a whole one.
        match self.read_until_planned(&mut run, &work, &budget).await? {
            None => {}
            Some(Stop::Unavailable) => {
                let message = format!("{UNREAD_IN_A_ROW} lists in a row could not be read");
                return Err(Error::new(Code::ServiceUnavailable, message)
                    .hint("Plan again later: reading continues where it stopped."));
            }
            Some(_) => {
                return Err(Error::new(
                    Code::DailyQuotaExhausted,
                    "the day's quota is used up before the plan is complete",
                )
                .hint("Plan again after the quota's reset: reading continues where it stopped."));
            }
        }
        self.note_shown(&run).await?;
        Ok(run.plan)
    }

    /// A plan with the share of today's quota it takes.
    pub fn view<'p>(&self, plan: &'p Plan) -> PlanView<'p> {
        let calls = plan.read_calls.ghl + plan.calls.ghl;
        let quota = self.ghl.quota();
        let daily_calls = self.daily_calls();
        PlanView {
            plan,
            quota: quota.and_then(|quota| QuotaView::new(&quota, calls)),
            daily_calls,
            daily_share: daily_calls.map(|daily| calls as f64 / daily as f64),
        }
    }

    /// A page of a plan's changes in the order they are applied, and the cursor of the next page.
    pub async fn changes(
        &self,
        plan: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Change>, Option<String>)> {
        let limit = limit.clamp(1, 1000);
        let table = RunTables::new(plan).plan;
        let (rows, more) = self.keeper.page(&table, "", after, limit).await?;
        let cursor = rows.last().map(|(key, _)| key.clone()).filter(|_| more);
        Ok((rows.into_iter().map(|(_, change)| change).collect(), cursor))
    }

    /// [`Self::changes`] as JSON: `{"changes": [...], "cursor": ...}`.
    pub async fn changes_json(
        &self,
        plan: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<String> {
        #[derive(Serialize)]
        struct Changes<'c> {
            changes: Vec<ChangeView<'c>>,
            cursor: Option<String>,
        }
        let run: Option<Run> = self.keeper.get(&RUN, "").await?;
        if run.is_none_or(|run| run.plan.id != plan) {
            return Err(stale(format!(
                "the changes of plan {plan} are gone: it was applied or replaced"
            )));
        }
        let (changes, cursor) = self.changes(plan, after, limit).await?;
        let view = Changes { changes: changes.iter().map(Change::view).collect(), cursor };
        serde_json::to_string(&view).map_err(|error| {
            Error::new(Code::StoreFailed, format!("could not serialise a change: {error}"))
        })
    }

    /// Carries out exactly that plan; refuses one that is stale.
    pub async fn apply(&self, plan: &str, options: RunOptions) -> Result<Outcome> {
        self.set_deadline(&options);
        self.hold_run(Box::pin(self.apply_plan(plan, options))).await
    }

    async fn apply_plan(&self, plan: &str, options: RunOptions) -> Result<Outcome> {
        let state = self.state().await?;
        self.refuse_other_anchor(&state)?;
        let run: Option<Run> = self.keeper.get(&RUN, "").await?;
        let run = run
            .filter(|run| run.plan.id == plan && run.phase >= Phase::Planned)
            .ok_or_else(|| stale(format!("there is no plan {plan} to apply")))?;
        self.note_run(&run)?;
        self.refuse_stale(&run, &state)?;
        let before = self.counted();
        let account = self.check_account(&state).await?;
        let run = self.having_read(run, &before);
        self.carry_out(run, State { account, ..state }, options).await
    }

    /// Plans and applies, within a budget; continues where the last run stopped.
    pub async fn run(&self, options: RunOptions) -> Result<Outcome> {
        self.set_deadline(&options);
        let contacts = self.contacts_asked_for(&options.contacts).await?;
        self.hold_run(Box::pin(self.plan_and_apply(RunOptions { contacts, ..options }))).await
    }

    async fn plan_and_apply(&self, options: RunOptions) -> Result<Outcome> {
        let state = self.state().await?;
        self.refuse_other_anchor(&state)?;
        let unfinished: Option<Run> = self.keeper.get(&RUN, "").await?;
        let unfinished =
            unfinished.filter(|run| self.still_fits(run, &state) && run.only == options.contacts);
        let started = (self.host.monotonic(), self.counted());
        // A full run that a budget stopped continues: if it began anew, it might never finish.
        // After an empty plan it looks again.
        let goes_on = |run: &Run| {
            (!options.full || run.plan.pass == Pass::Full)
                && (run.phase == Phase::Applying || run.plan.writes() > 0)
        };
        if let Some(run) =
            unfinished.as_ref().filter(|run| run.phase >= Phase::Planned && goes_on(run))
            && self.refuse_stale(run, &state).is_ok()
        {
            self.note_run(run)?;
            // Planned by a run that ended before it could say so.
            if self.only_plans(run, &state, &options) {
                return self.planned_only(run, started.0).await;
            }
            let account = match self.check_account(&state).await {
                Ok(account) => account,
                Err(error) => {
                    let stop = self.cut_off(&error).ok_or(error)?;
                    return self.stopped(run, stop, started.0).await;
                }
            };
            let run = self.having_read(self.taken_up(run.clone()), &started.1);
            return self.carry_out(run, State { account, ..state }, options).await;
        }
        let reading = unfinished.filter(|run| run.phase < Phase::Planned);
        let reading = reading.map(|run| self.taken_up(run));
        let prepared = self.prepare(reading, state.clone(), &options).await;
        if let Some(stop) = prepared.as_ref().err().and_then(|error| self.cut_off(error)) {
            let all = self.is_full(&state, &self.pace().await?, &options).await?;
            let run = self.new_run(&state, all, Vec::new(), &options);
            self.note_run(&run)?;
            return self.stopped(&run, stop, started.0).await;
        }
        let (mut run, work) = prepared?;
        if run.part == 0 {
            let caps = self.settings.caps == Caps::default();
            run.in_parts = caps && run.only.is_empty() && !self.only_plans(&run, &state, &options);
        }
        let budget = Budget::new(&options, started.0, started.1.calls);
        if let Some(stop) = self.read_until_planned(&mut run, &work, &budget).await? {
            return self.stopped(&run, stop, started.0).await;
        }
        let state = self.state().await?;
        if self.only_plans(&run, &state, &options) {
            return self.planned_only(&run, started.0).await;
        }
        let left = self.left(&options, started.0, started.1.calls);
        self.carry_out(run, state, left).await
    }

    /// The links of one anchor mean nothing to another: contacts would be changed as customers, and
    /// made once more.
    fn refuse_other_anchor(&self, state: &State) -> Result<()> {
        if state.anchor.is_none_or(|anchor| anchor == self.settings.anchor) {
            return Ok(());
        }
        let message = "sync.anchor has changed since the location was synced first";
        Err(Error::new(Code::InvalidConfig, message).hint(
            "Restore the setting, or start with a new store: what was written stays as it is.",
        ))
    }

    /// Whether a run must write nothing: no plan under these settings was shown to anybody yet, or the
    /// plan asks to be read.
    fn only_plans(&self, run: &Run, state: &State, options: &RunOptions) -> bool {
        if options.apply || run.phase == Phase::Applying {
            return false;
        }
        if run.plan.guard.is_some() {
            return true;
        }
        let shown = if mutants::is_on(Mutant::GuardSleeps) {
            state.planned_at > 0 || state.applied_at > 0
        } else {
            state.shown == self.settings.guard()
        };
        self.settings.first_run == FirstRun::Plan && !shown
    }

    /// Notes that a plan of the location was shown to somebody: that stands with the end of the lease, so
    /// not before the caller is about to be answered.
    async fn note_shown(&self, run: &Run) -> Result<()> {
        // What a plan of one contact shows says nothing of the others.
        let shows = run.only.is_empty() || self.state().await?.applied_at > 0;
        self.shows.set(shows);
        Ok(())
    }

    /// What [`Self::note_shown`] says, in the state as it is now: a decision may have come in since.
    pub(super) async fn shown_at_release(&self) -> Result<()> {
        if !self.shows.take() {
            return Ok(());
        }
        let state = self.state().await?;
        let shown = self.settings.guard();
        let mut batch = self.keeper.batch();
        batch.put(&STATE, "", &State { planned_at: self.host.now(), shown, ..state })?;
        self.keeper.commit_at_release(batch);
        Ok(())
    }

    async fn planned_only(&self, run: &Run, began: u64) -> Result<Outcome> {
        self.note_shown(run).await?;
        let report = Report::of_plan(run, self.host.monotonic().saturating_sub(began));
        let standing = self.count_standing().await?;
        Ok(Outcome {
            done: true,
            planned_only: true,
            stopped: None,
            checkpoint: None,
            standing,
            report,
        })
    }

    /// The run's state between runs.
    pub(super) async fn state(&self) -> Result<State> {
        Ok(self.keeper.get(&STATE, "").await?.unwrap_or_default())
    }

    /// How the location is read.
    pub(super) async fn pace(&self) -> Result<Pace> {
        Ok(self.keeper.get(&PACE, "").await?.unwrap_or_default())
    }

    /// What is left of a budget after reading.
    fn left(&self, options: &RunOptions, began: u64, before: Calls) -> RunOptions {
        let elapsed = self.host.monotonic().saturating_sub(began);
        let used = self.calls().since(before).total();
        RunOptions {
            deadline_ms: options.deadline_ms.map(|allowed| allowed.saturating_sub(elapsed)),
            max_calls: options.max_calls.map(|most| most.saturating_sub(used)),
            ..options.clone()
        }
    }

    pub(super) async fn stopped(&self, run: &Run, stop: Stop, began: u64) -> Result<Outcome> {
        let elapsed = self.host.monotonic().saturating_sub(began);
        Ok(Outcome {
            done: false,
            planned_only: false,
            stopped: Some(stop),
            checkpoint: Some(run.phase.title()),
            standing: self.count_standing().await?,
            report: Report::of_plan(run, elapsed),
        })
    }

    /// Waiting for a rate limit or before another try must not outlast the run.
    fn set_deadline(&self, options: &RunOptions) {
        let now = self.host.monotonic();
        self.host.set_deadline(options.deadline_ms.map(|allowed| now.saturating_add(allowed)));
    }

    /// Why the run stops, where an error means no more than that: the day's calls are used up, or a
    /// wait would have outlasted the deadline.
    pub(super) fn cut_off(&self, error: &Error) -> Option<Stop> {
        match error.code {
            Code::DailyQuotaExhausted => Some(Stop::Quota),
            Code::Aborted if !self.host.aborted() => Some(Stop::Deadline),
            _ => None,
        }
    }

    /// An unfinished run continues only while the settings and the state are those it began with.
    fn still_fits(&self, run: &Run, state: &State) -> bool {
        run.plan.settings == self.settings.fingerprint() && run.plan.revision == state.revision
    }

    /// Whether a run with these options is a full pass.
    async fn is_full(&self, state: &State, pace: &Pace, options: &RunOptions) -> Result<bool> {
        let all = options.contacts.is_empty();
        Ok(all && (options.full || self.reads_all(state, pace).await?))
    }

    /// Whether so many milliseconds have passed since an instant that was noted. One that lies ahead
    /// was noted by a clock that went wrong: it must not put off what is due.
    pub(super) fn has_passed(&self, noted: u64, milliseconds: u64) -> bool {
        self.is_ahead(noted) || self.host.now().saturating_sub(noted) >= milliseconds
    }

    /// Whether an instant that was noted lies ahead.
    pub(super) fn is_ahead(&self, noted: u64) -> bool {
        noted > self.host.now().saturating_add(OVERLAP_MS)
    }

    /// Discovers, and begins a run or continues one that was reading. Counts what discovering takes.
    async fn prepare(
        &self,
        reading: Option<Run>,
        state: State,
        options: &RunOptions,
    ) -> Result<(Run, Work)> {
        let before = self.counted();
        let mut state = state;
        let pace = self.pace().await?;
        let day = self.day().await?;
        state.account = self.check_account(&state).await?;
        let all = reading.is_none() && self.is_full(&state, &pace, options).await?;
        let ready = self.discover(&state, all).await?;
        let run = match reading {
            Some(run) => {
                self.note_run(&run)?;
                Run { failures: 0, ..run }
            }
            None => self.begin(&mut state, all, ready.warnings.clone(), options).await?,
        };
        let mut run = self.having_read(run, &before);
        run.active_at = self.host.now();
        let tables = RunTables::new(&run.plan.id);
        let standings = Standings::default();
        let ahead = (run.part > 0).then(Ahead::left_over);
        let work = Work { ready, state, pace, tables, standings, day, ahead };
        if run.resumed {
            let before = self.counted();
            self.read_newer(&mut run, &work).await?;
            run.plan.has_read(&before, &self.counted());
        }
        Ok((run, work))
    }

    /// A run with the calls that were sent since as what it took to read.
    fn having_read(&self, mut run: Run, before: &Counted) -> Run {
        let used = run.plan.has_read(before, &self.counted());
        run.plan.least_read_calls = run.plan.least_read_calls.plus(used);
        run
    }

    /// A run that continues after a while: its store may have been put back to an older copy since.
    fn taken_up(&self, run: Run) -> Run {
        let resumed = run.resumed || self.has_passed(run.active_at, TAKEN_UP_AT_ONCE_MS);
        Run { resumed, ..run }
    }

    async fn begin(
        &self,
        state: &mut State,
        all: bool,
        warnings: Vec<String>,
        options: &RunOptions,
    ) -> Result<Run> {
        self.doubt_unfinished().await?;
        let mut run = self.new_run(state, all, warnings, options);
        self.note_run(&run)?;
        self.warn_of_settings(&mut run, state);
        // First of all, so that nobody takes what is left of a plan while it is cleared for the plan.
        let mut batch = self.keeper.batch();
        batch.delete(&RUN, "");
        if run.plan.pass == Pass::Full {
            // Due until it is done: what it clears is to be read by no other pass.
            state.full_pass_at = 0;
        }
        batch.put(&STATE, "", state)?;
        self.keeper.commit(batch).await?;
        self.keeper.clear(&RunTables::of_all()).await?;
        if run.plan.pass == Pass::Full {
            // All contacts are read: who has which address and phone is noted anew.
            self.keeper.clear(&HOLDERS).await?;
        }
        let mut batch = self.keeper.batch();
        batch.put(&RUN, "", &run)?;
        self.keeper.commit(batch).await?;
        Ok(run)
    }

    /// What changed settings do, said in the plan.
    fn warn_of_settings(&self, run: &mut Run, state: &State) {
        let now = self.settings.writing();
        if state.writing.is_empty() || state.writing == now {
            return;
        }
        for (before, after) in state.writing.split(' ').zip(now.split(' ')).filter(|(b, a)| b != a)
        {
            let said = if before.starts_with("marker=") {
                "all notes and tasks are rewritten by this plan"
            } else {
                "it applies to new and edited notes"
            };
            run.plan.warnings.push(format!("{before} has become {after}: {said}"));
        }
    }

    /// Drops the run that is not finished, with all that it has read and planned.
    pub(super) async fn drop_run(&self) -> Result<()> {
        self.doubt_unfinished().await?;
        let mut batch = self.keeper.batch();
        batch.delete(&RUN, "");
        self.keeper.commit(batch).await?;
        self.keeper.clear(&RunTables::of_all()).await
    }

    /// A plan that is dropped half-applied may have sent changes that it never recorded.
    async fn doubt_unfinished(&self) -> Result<()> {
        let run: Option<Run> = self.keeper.get(&RUN, "").await?;
        let Some(run) = run.filter(|run| run.phase == Phase::Applying) else { return Ok(()) };
        let table = RunTables::new(&run.plan.id).plan;
        let mut pages = self.keeper.pages(&table, 200);
        while let Some(changes) = pages.next().await? {
            let mut batch = self.keeper.batch();
            for (_, change) in changes.iter().filter(|(_, change)| change.action.writes_state()) {
                self.doubt(&mut batch, change).await?;
            }
            self.keeper.commit(batch).await?;
        }
        Ok(())
    }

    fn new_run(
        &self,
        state: &State,
        all: bool,
        warnings: Vec<String>,
        options: &RunOptions,
    ) -> Run {
        let now = self.host.now();
        Run {
            phase: Phase::Contacts,
            plan: Plan {
                id: new_id(self.host),
                created_at: now,
                revision: state.revision,
                settings: self.settings.fingerprint(),
                pass: if all { Pass::Full } else { Pass::Incremental },
                watermark: state.watermark,
                warnings,
                ..Plan::default()
            },
            only: options.contacts.clone(),
            all_notes: all && (options.full || state.settings != self.settings.fingerprint()),
            changed_since: state.watermark.saturating_sub(OVERLAP_MS),
            newest: state.watermark,
            lists: true,
            oldest_note: i64::MAX,
            active_at: now,
            ..Run::default()
        }
    }

    /// Reads and compares, page by page, until the plan is whole or the budget ends.
    pub(super) async fn read_until_planned(
        &self,
        run: &mut Run,
        work: &Work,
        budget: &Budget,
    ) -> Result<Option<Stop>> {
        while run.phase < Phase::Planned {
            if let Some(stop) = budget.exhausted(self.host, self.calls()) {
                return Ok(Some(stop));
            }
            if run.phase.asks_ghl() && self.is_spent(work) {
                return Ok(Some(Stop::Quota));
            }
            let before = self.counted();
            let step = self.step(run, work).await;
            let now = self.counted();
            // What is read while the plan is carried out counts with that.
            let used = if work.reads_ahead() {
                now.calls.since(before.calls)
            } else {
                run.plan.has_read(&before, &now)
            };
            match step {
                Ok(step) => {
                    let Step { mut batch, done } = step;
                    if done {
                        self.end_phase(run, work).await?;
                    }
                    run.active_at = self.host.now();
                    batch.put(&RUN, "", run)?;
                    if used.ghl > 0 {
                        self.note_spent(&mut batch)?;
                    }
                    self.keeper.commit(batch).await?;
                }
                Err(error) => return self.cut_off(&error).map(Some).ok_or(error),
            }
            self.host.emit(Event::Progress {
                phase: run.phase.title(),
                done: run.done,
                total: run.total,
            });
            if run.failures >= UNREAD_IN_A_ROW {
                return Ok(Some(Stop::Unavailable));
            }
        }
        Ok(None)
    }

    /// One page of the run's phase. What it puts is committed with the run's new place.
    async fn step(&self, run: &mut Run, work: &Work) -> Result<Step> {
        if !self.is_due(run, work) {
            return Ok(self.done());
        }
        // Boxed, so that one phase's state is not laid into every other's.
        let step: Stepping<'_> = match run.phase {
            Phase::Contacts => Box::pin(self.read_contacts(run, work)),
            Phase::Again => Box::pin(self.read_again(run, work)),
            Phase::Businesses => Box::pin(self.read_businesses(run, work)),
            Phase::Customers => Box::pin(self.read_customers(run, work)),
            Phase::CustomerContacts => Box::pin(self.read_customer_contacts(run, work)),
            Phase::ChartmogulNotes => {
                Box::pin(self.read_chartmogul_children(run, work, Kind::Note))
            }
            Phase::ChartmogulTasks => {
                Box::pin(self.read_chartmogul_children(run, work, Kind::Task))
            }
            Phase::LookUps => Box::pin(self.look_up(run, work)),
            Phase::Missing => Box::pin(self.check_missing(run, work)),
            Phase::Voids => Box::pin(self.check_voids(run, work)),
            Phase::Retries => Box::pin(self.choose_retries(run, work)),
            Phase::PairBusinesses => Box::pin(self.pair_businesses(run, work)),
            Phase::PairContacts => Box::pin(self.pair_contacts(run, work)),
            Phase::BringContacts => Box::pin(self.bring_contacts(run, work)),
            Phase::Notes => Box::pin(self.read_notes(run, work)),
            Phase::Sweep => Box::pin(self.sweep_notes(run, work)),
            Phase::Incoming => Box::pin(self.read_incoming(run, work)),
            Phase::Bring => Box::pin(self.bring(run, work)),
            Phase::Gone => Box::pin(self.look_for_gone(run, work)),
            Phase::Tasks => Box::pin(self.read_tasks(run, work)),
            Phase::Vanished => Box::pin(self.read_vanished(run, work)),
            Phase::TasksOf => Box::pin(self.read_tasks_of(run, work)),
            Phase::CustomerNotes => Box::pin(self.read_customers_children(run, work)),
            Phase::CompareNotes => Box::pin(self.compare_notes(run, work)),
            Phase::CompareTasks => Box::pin(self.compare_tasks(run, work)),
            Phase::Doubles => Box::pin(self.find_doubles(run, work)),
            Phase::CompareCustomers => Box::pin(self.compare_customers(run, work)),
            Phase::Planned | Phase::Applying => {
                return Ok(self.done());
            }
        };
        step.await
    }

    /// What the end of a phase tells, and the next one.
    async fn end_phase(&self, run: &mut Run, work: &Work) -> Result<()> {
        match run.phase {
            Phase::Contacts => run.plan.watermark = run.newest,
            // A full pass lists all the same; two calls look a new contact up.
            Phase::Businesses => {
                let pages = work.state.list_pages;
                let few = pages > 0 && run.unlinked * 2 <= pages;
                run.lists = run.plan.pass == Pass::Full || (run.only.is_empty() && !few);
            }
            Phase::Sweep if !run.more => {
                let unread = run.plan.unread.get("note").copied().unwrap_or(0);
                if unread > 0 {
                    run.plan.warnings.push(format!(
                        "the notes of {unread} contacts could not be read: the next run reads them"
                    ));
                }
                self.note_waiting(run).await?;
            }
            Phase::Customers => {
                if let Some(source) = &run.own_source {
                    self.adopt_source(&work.ready, source).await?;
                    self.warn_of_source(run, work);
                }
            }
            Phase::Voids if run.links > 0 && run.plan.voids * 100 > run.links * 5 => {
                run.plan.guard = Some(format!(
                    "{} of {} links lead to records that are gone from ChartMogul",
                    run.plan.voids, run.links
                ));
            }
            _ => {}
        }
        run.phase = run.phase.next();
        run.cursor = None;
        run.done = 0;
        run.total = 0;
        Ok(())
    }

    /// Contacts whose notes the day's calls did not last for.
    async fn note_waiting(&self, run: &mut Run) -> Result<()> {
        run.plan.notes_waiting = self.count_waiting(run).await?;
        if run.plan.notes_waiting > 0 {
            run.plan.warnings.push(format!(
                "the notes of {} contacts are not read yet: today's calls are used up, the next days' runs read them",
                run.plan.notes_waiting
            ));
        }
        Ok(())
    }

    /// No second data source unsaid.
    fn warn_of_source(&self, run: &mut Run, work: &Work) {
        let now = work.ready.schema.borrow().data_source.clone();
        let Some(former) = run.own_source.clone().filter(|former| now.as_ref() != Some(former))
        else {
            return;
        };
        let name = self.data_source_name(&work.ready.schema.borrow());
        run.plan.warnings.push(format!(
            "customers of this location are in the data source {former}: new ones go to \"{name}\""
        ));
    }

    /// Whether the run's phase has anything to do: every call saved is one.
    fn is_due(&self, run: &Run, work: &Work) -> bool {
        let settings = self.settings;
        let (all, whole) = (run.only.is_empty(), run.plan.pass == Pass::Full);
        let (notes, tasks) = (settings.includes(Object::Notes), settings.includes(Object::Tasks));
        match run.phase {
            Phase::Again => all,
            Phase::Businesses => settings.anchor == Anchor::BusinessIsCustomer && all,
            Phase::Customers | Phase::CustomerContacts => {
                all && run.lists && (whole || run.unlinked > 0)
            }
            Phase::ChartmogulNotes => all && notes,
            Phase::ChartmogulTasks => all && tasks,
            Phase::LookUps => !run.lists && run.unlinked > 0,
            Phase::Missing | Phase::Voids | Phase::Retries => all && whole,
            Phase::Doubles => all && whole && !run.more,
            Phase::BringContacts => all && whole && settings.create_in_ghl.is_some(),
            Phase::Incoming => settings.comes_back(),
            Phase::Bring => settings.comes_back() && !run.more,
            Phase::Gone => whole && !run.more && self.notes_who_is_here(run),
            Phase::Notes | Phase::CompareNotes => notes,
            Phase::Sweep => notes && all && run.part == 0,
            Phase::Tasks | Phase::CompareTasks => tasks,
            Phase::Vanished | Phase::TasksOf => tasks && all && !run.all_tasks,
            Phase::CustomerNotes => notes || tasks,
            Phase::CompareCustomers => run.part == 0 && work.ready.keeps_members(self.settings),
            Phase::PairBusinesses => settings.anchor == Anchor::BusinessIsCustomer,
            Phase::Contacts | Phase::PairContacts | Phase::Planned | Phase::Applying => true,
        }
    }

    fn refuse_stale(&self, run: &Run, state: &State) -> Result<()> {
        // Half applied or not: changes are carried out under the settings that they were made with.
        if run.plan.settings != self.settings.fingerprint() {
            return Err(stale("the settings have changed since the plan was made"));
        }
        if run.phase != Phase::Applying && run.plan.revision != state.revision {
            return Err(stale(
                "another plan was applied, or a person decided something, since this one was made",
            ));
        }
        // A plan ages while nobody works on it, also one that is half applied.
        let since = match run.phase {
            Phase::Applying if mutants::is_on(Mutant::TimeIsTrusted) => return Ok(()),
            Phase::Applying => run.active_at,
            _ => run.plan.created_at,
        };
        let age = self.host.now().saturating_sub(since);
        let lasts = u64::from(self.settings.max_plan_age_minutes) * 60_000;
        if self.has_passed(since, lasts + 1) {
            return Err(stale(format!(
                "the plan was made {} minutes ago, sync.maxPlanAgeMinutes is {}",
                age / 60_000,
                self.settings.max_plan_age_minutes
            )));
        }
        Ok(())
    }

    /// Refuses a plan over the settings' caps, before its first write.
    pub(super) fn refuse_over_caps(&self, plan: &Plan, state: &State) -> Result<()> {
        let caps = &self.settings.caps;
        // What was refused is tried again outside of the caps.
        let creates = plan.count(Action::Create).saturating_sub(plan.retries);
        let over = |what: &str, number: String, most: String| {
            Err(Error::new(Code::CapExceeded, format!("the plan {what} {number}, allowed is {most}"))
                .hint("Read the plan. If it is what you want, raise the cap in sync.caps and apply again."))
        };
        if let Some(most) = caps.max_creates.filter(|most| creates > *most) {
            return over("creates", format!("{creates} records"), most.to_string());
        }
        if let Some(most) = caps.max_deletes.filter(|most| plan.deletes > *most) {
            return over("deletes", format!("{} records", plan.deletes), most.to_string());
        }
        let changes = plan.count(Action::Update) + plan.count(Action::Complete);
        let percent = changes as f64 * 100.0 / state.linked.max(1) as f64;
        if let Some(most) =
            caps.max_change_percent.filter(|most| state.linked > 0 && percent > *most)
        {
            return over(
                "changes",
                format!("{} % of the linked records", percent.ceil() as u64),
                format!("{} %", record::json(&most.into())),
            );
        }
        Ok(())
    }
}

fn stale(message: impl Into<String>) -> Error {
    Error::new(Code::StalePlan, message).hint("Make a new plan and read it.")
}
