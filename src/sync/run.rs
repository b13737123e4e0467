//! A run: its phases, its checkpoint, and what the caller can ask for: plan, apply, run.

use std::future::Future;
use std::pin::Pin;

use serde::Serialize;

use crate::error::{Code, Error, Result};
use crate::host::{Event, Host};
use crate::mapping::settings::{Anchor, FirstRun, Object};
use crate::record;
use crate::{choices, records};

use super::Engine;
use super::budget::{Budget, RunOptions, Stop};
use super::change::{Action, Change, ChangeView, Pass, Plan, PlanView, QuotaView};
use super::discover::Ready;
use super::report::Report;
use super::state::{Batch, State};

/// Contacts changed so long before the newest one seen are read again: GHL's search is an index
/// that lags by seconds, up to a minute.
pub(super) const OVERLAP_MS: u64 = 5 * 60_000;

choices! {
    /// The phases of a run, in order.
    pub(super) enum Phase {
        /// GHL's contacts, those that changed or all.
        Contacts = "contacts",
        /// Contacts that a failed run left to be read again.
        Retries = "retries",
        /// GHL's tasks.
        Tasks = "tasks",
        /// GHL's businesses.
        Businesses = "businesses",
        /// ChartMogul's customers.
        Customers = "customers",
        /// ChartMogul's contacts.
        CustomerContacts = "customerContacts",
        /// ChartMogul's tasks, where links may have been lost.
        ExistingTasks = "existingTasks",
        /// ChartMogul's notes, where links may have been lost.
        ExistingNotes = "existingNotes",
        /// Businesses become changes.
        CompareBusinesses = "compareBusinesses",
        /// Contacts and their notes become changes.
        CompareContacts = "compareContacts",
        /// Tasks become changes.
        CompareTasks = "compareTasks",
        /// The plan is whole.
        Planned = "planned",
        /// The plan is being carried out.
        Applying = "applying",
    }
}

impl Phase {
    fn next(self) -> Self {
        Self::ALL.iter().copied().find(|phase| *phase > self).unwrap_or(Self::Applying)
    }

    /// What a progress bar and a checkpoint say.
    const fn title(self) -> &'static str {
        match self {
            Self::Contacts | Self::Retries => "reading contacts",
            Self::Tasks => "reading tasks",
            Self::Businesses => "reading businesses",
            Self::Customers => "reading customers",
            Self::CustomerContacts => "reading customers' contacts",
            Self::ExistingTasks => "reading existing tasks",
            Self::ExistingNotes => "reading existing notes",
            Self::CompareBusinesses => "comparing businesses",
            Self::CompareContacts => "comparing contacts and notes",
            Self::CompareTasks => "comparing tasks",
            Self::Planned => "planned",
            Self::Applying => "applying",
        }
    }
}

/// A phase's page being worked on: what it puts, and whether the phase is at its end.
type Step<'s> = Pin<Box<dyn Future<Output = Result<(Batch, bool)>> + 's>>;

records! {
    /// The run under way, committed after each page.
    #[derive(Debug, Clone, Default, PartialEq)]
    whole pub(super) struct Run {
        pub phase: Phase = "phase";
        /// Where the phase goes on.
        pub cursor: Option<String> = "cursor";
        /// The plan being made.
        pub plan: Plan = "plan";
        /// Incremental: contacts changed from here on are read.
        pub changed_since: u64 = "changedSince";
        /// The newest change seen.
        pub newest: u64 = "newest";
        /// Contacts staged that have no link yet.
        pub unlinked: u64 = "unlinked";
        /// Whether ChartMogul's lists are read for matching, and not looked up one by one.
        pub lists: bool = "lists";
        /// Pages of those lists read so far.
        pub list_pages: u64 = "listPages";
        /// Changes written so far; numbers their keys.
        pub sequence: u64 = "sequence";
        /// Records done and known in this phase, for the progress bar.
        pub done: u64 = "done";
        pub total: u64 = "total";
        /// Records set aside while planning.
        pub rejected: u64 = "rejected";
    }
}

/// What `run` gives.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// True when the run came to its end; false when it stopped at a budget.
    pub done: bool,
    /// True when nothing was written because it is the location's first run.
    pub planned_only: bool,
    /// Why it stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stop>,
    /// Where it will go on: the phase's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<&'static str>,
    /// What was done.
    pub report: Report,
}

impl<H: Host> Engine<'_, H> {
    /// Reads both sides and makes a plan; writes nothing to either.
    pub async fn plan(&self, options: RunOptions) -> Result<Plan> {
        self.set_deadline(&RunOptions::default());
        self.refuse_other_anchor().await?;
        let state = self.state().await?;
        let unfinished: Option<Run> = self.keeper.get("run").await?.one()?;
        let reading =
            unfinished.filter(|run| run.phase < Phase::Planned && self.still_fits(run, &state));
        let (mut run, ready) = self.prepare(reading, &state, options.full).await?;
        let budget = Budget::new(&RunOptions::default(), self.host.now(), self.calls());
        // Without a budget only the quota stops it: half a plan must not be taken for a whole one.
        if self.read_until_planned(&mut run, &ready, &budget).await?.is_some() {
            return Err(Error::new(
                Code::DailyQuotaExhausted,
                "the day's quota is used up before the plan is whole",
            )
            .hint("Plan again after the quota's reset: reading goes on where it stopped."));
        }
        self.note_planned(state).await?;
        Ok(run.plan)
    }

    /// A plan with the share of today's quota it takes.
    pub fn view<'p>(&self, plan: &'p Plan) -> PlanView<'p> {
        let calls = plan.read_calls.ghl + plan.calls.ghl;
        PlanView { plan, quota: self.ghl.quota().and_then(|quota| QuotaView::new(&quota, calls)) }
    }

    /// A page of a plan's changes in the order they are applied, and the cursor of the next page.
    pub async fn changes(
        &self,
        plan: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Change>, Option<String>)> {
        let prefix = format!("plan/{plan}/");
        let limit = limit.clamp(1, 1000);
        let rows: Vec<(String, Change)> = self.keeper.scan(&prefix, after, limit).await?.read()?;
        let cursor = rows.last().map(|(key, _)| key.clone()).filter(|_| rows.len() >= limit);
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
        let run: Option<Run> = self.keeper.get("run").await?.one()?;
        if run.is_none_or(|run| run.plan.id != plan) {
            return Err(stale(format!(
                "the changes of plan {plan} are gone: it was applied or replaced"
            )));
        }
        let (changes, cursor) = self.changes(plan, after, limit).await?;
        let view = Changes { changes: changes.iter().map(Change::view).collect(), cursor };
        serde_json::to_string(&view).map_err(|error| {
            Error::new(Code::StoreFailed, format!("a change cannot be told: {error}"))
        })
    }

    /// Carries out exactly that plan; refuses one that is stale.
    pub async fn apply(&self, plan: &str, options: RunOptions) -> Result<Outcome> {
        self.set_deadline(&options);
        self.refuse_other_anchor().await?;
        let state = self.state().await?;
        let run: Option<Run> = self.keeper.get("run").await?.one()?;
        let run = run
            .filter(|run| run.plan.id == plan && run.phase >= Phase::Planned)
            .ok_or_else(|| stale(format!("there is no plan {plan} to apply")))?;
        self.refuse_stale(&run, &state)?;
        self.carry_out(run, state, options).await
    }

    /// Plans and applies, within a budget; goes on where the last run stopped.
    pub async fn run(&self, options: RunOptions) -> Result<Outcome> {
        self.set_deadline(&options);
        self.refuse_other_anchor().await?;
        let state = self.state().await?;
        let unfinished: Option<Run> = self.keeper.get("run").await?.one()?;
        let unfinished = unfinished.filter(|run| self.still_fits(run, &state));
        let started = (self.host.now(), self.calls());
        // A full run that a budget stopped goes on: beginning anew it might never come to an end.
        // A plan of nothing is no reason not to look again.
        let goes_on = |run: &Run| {
            (!options.full || run.plan.pass == Pass::Full)
                && (run.phase == Phase::Applying || run.plan.writes() > 0)
        };
        if let Some(run) =
            unfinished.as_ref().filter(|run| run.phase >= Phase::Planned && goes_on(run))
            && self.refuse_stale(run, &state).is_ok()
        {
            // Planned by a run that ended before it could say so.
            if self.only_plans(&state, &options) && run.phase == Phase::Planned {
                return self.planned_only(run, state, started.0).await;
            }
            return self.carry_out(run.clone(), state, options).await;
        }
        let reading = unfinished.filter(|run| run.phase < Phase::Planned);
        let prepared = self.prepare(reading, &state, options.full).await;
        if let Some(stop) = prepared.as_ref().err().and_then(|error| self.cut_off(error)) {
            let run = self.new_run(&state, Vec::new(), options.full);
            return Ok(self.stopped(&run, stop, started.0));
        }
        let (mut run, ready) = prepared?;
        let budget = Budget::new(&options, started.0, started.1);
        if let Some(stop) = self.read_until_planned(&mut run, &ready, &budget).await? {
            return Ok(self.stopped(&run, stop, started.0));
        }
        if self.only_plans(&state, &options) {
            return self.planned_only(&run, state, started.0).await;
        }
        let left = self.left(&options, started.0, started.1);
        self.carry_out(run, state, left).await
    }

    /// The links of one anchor mean nothing to another: contacts would be changed as customers, and
    /// made once more.
    async fn refuse_other_anchor(&self) -> Result<()> {
        let before: Option<Anchor> = self.keeper.get("anchor").await?.one()?;
        if before.is_none_or(|anchor| anchor == self.settings.anchor) {
            return Ok(());
        }
        let message = "sync.anchor has changed since the location was synced first";
        Err(Error::new(Code::InvalidConfig, message)
            .hint("Set it back, or begin with a new store: what was written stays as it is."))
    }

    /// Whether a run must write nothing: no plan of the location was given to anybody yet.
    fn only_plans(&self, state: &State, options: &RunOptions) -> bool {
        let first = state.applied_at == 0 && self.settings.first_run == FirstRun::Plan;
        first && state.planned_at == 0 && !options.apply
    }

    /// Notes that a plan of the location was given to somebody.
    async fn note_planned(&self, state: State) -> Result<()> {
        let mut batch = self.keeper.batch();
        batch.put("state", &State { planned_at: self.host.now(), ..state })?;
        self.keeper.commit(batch).await
    }

    async fn planned_only(&self, run: &Run, state: State, began: u64) -> Result<Outcome> {
        self.note_planned(state).await?;
        let report = Report::of_plan(run, self.host.now().saturating_sub(began));
        Ok(Outcome { done: true, planned_only: true, stopped: None, checkpoint: None, report })
    }

    /// The run's state between runs.
    pub(super) async fn state(&self) -> Result<State> {
        Ok(self.keeper.get("state").await?.one()?.unwrap_or_default())
    }

    /// What is left of a budget after reading.
    fn left(&self, options: &RunOptions, began: u64, before: super::Calls) -> RunOptions {
        let elapsed = self.host.now().saturating_sub(began);
        let used = self.calls().since(before).total();
        RunOptions {
            deadline_ms: options.deadline_ms.map(|allowed| allowed.saturating_sub(elapsed)),
            max_calls: options.max_calls.map(|most| most.saturating_sub(used)),
            ..*options
        }
    }

    pub(super) fn stopped(&self, run: &Run, stop: Stop, began: u64) -> Outcome {
        let elapsed = self.host.now().saturating_sub(began);
        Outcome {
            done: false,
            planned_only: false,
            stopped: Some(stop),
            checkpoint: Some(run.phase.title()),
            report: Report::of_plan(run, elapsed),
        }
    }

    /// Waiting for a rate limit or before another try must not outlast the run.
    fn set_deadline(&self, options: &RunOptions) {
        let now = self.host.now();
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

    /// An unfinished run goes on only while the settings and the state are those it began with.
    fn still_fits(&self, run: &Run, state: &State) -> bool {
        run.plan.settings == self.settings.fingerprint() && run.plan.revision == state.revision
    }

    fn must_read_all(&self, state: &State, wanted: bool) -> bool {
        let lasts = u64::from(self.settings.full_pass_hours) * 3_600_000;
        wanted
            || state.full_pass_at == 0
            || state.settings != self.settings.fingerprint()
            || self.has_passed(state.full_pass_at, lasts)
    }

    /// Whether so many milliseconds have passed since an instant that was noted. One that lies ahead
    /// was noted by a clock that went wrong: it must not put off what is due.
    pub(super) fn has_passed(&self, noted: u64, milliseconds: u64) -> bool {
        let now = self.host.now();
        noted > now.saturating_add(OVERLAP_MS) || now.saturating_sub(noted) >= milliseconds
    }

    /// Discovers, and begins a run or goes on with one that was reading. Counts what discovering takes.
    async fn prepare(
        &self,
        reading: Option<Run>,
        state: &State,
        full: bool,
    ) -> Result<(Run, Ready)> {
        let before = self.calls();
        let ready = self.discover(reading.is_none() && self.must_read_all(state, full)).await?;
        let used = self.calls().since(before);
        let mut run = match reading {
            Some(run) => run,
            None => self.begin(state, &ready, full).await?,
        };
        run.plan.read_calls = run.plan.read_calls.plus(used);
        run.plan.least_read_calls = run.plan.least_read_calls.plus(used);
        Ok((run, ready))
    }

    async fn begin(&self, state: &State, ready: &Ready, full: bool) -> Result<Run> {
        self.doubt_unfinished().await?;
        let run = self.new_run(state, ready.warnings.clone(), full);
        // First of all, so that nobody takes what is left of a plan while it is cleared for the plan.
        let mut batch = self.keeper.batch();
        batch.delete("run");
        if run.plan.pass == Pass::Full {
            // Due until it is done: what it clears is to be read by no other pass.
            batch.put("state", &State { full_pass_at: 0, ..state.clone() })?;
        }
        self.keeper.commit(batch).await?;
        for prefix in ["stage/", "match/", "plan/"] {
            self.keeper.clear(prefix).await?;
        }
        if run.plan.pass == Pass::Full {
            // All contacts are read: who has which phone is told anew.
            self.keeper.clear("phone/").await?;
        }
        let mut batch = self.keeper.batch();
        batch.put("run", &run)?;
        self.keeper.commit(batch).await?;
        Ok(run)
    }

    /// A plan that is dropped half-applied may have sent changes that it never recorded.
    async fn doubt_unfinished(&self) -> Result<()> {
        let run: Option<Run> = self.keeper.get("run").await?.one()?;
        let Some(run) = run.filter(|run| run.phase == Phase::Applying) else { return Ok(()) };
        let mut after: Option<String> = None;
        loop {
            let (changes, next) = self.changes(&run.plan.id, after.as_deref(), 200).await?;
            let mut batch = self.keeper.batch();
            for change in changes.iter().filter(|change| change.action.writes_state()) {
                self.doubt(&mut batch, change).await?;
            }
            self.keeper.commit(batch).await?;
            after = next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    fn new_run(&self, state: &State, warnings: Vec<String>, full: bool) -> Run {
        let now = self.host.now();
        let pass = if self.must_read_all(state, full) { Pass::Full } else { Pass::Incremental };
        let chance = (self.host.random() * 4_294_967_296.0) as u64;
        Run {
            phase: Phase::Contacts,
            cursor: None,
            plan: Plan {
                id: format!("{now:011x}{chance:08x}"),
                created_at: now,
                revision: state.revision,
                settings: self.settings.fingerprint(),
                pass,
                watermark: state.watermark,
                read: Default::default(),
                totals: Default::default(),
                unchanged: Default::default(),
                calls: Default::default(),
                read_calls: Default::default(),
                least_read_calls: Default::default(),
                warnings,
            },
            changed_since: state.watermark.saturating_sub(OVERLAP_MS),
            newest: state.watermark,
            unlinked: 0,
            lists: true,
            list_pages: 0,
            sequence: 0,
            done: 0,
            total: 0,
            rejected: 0,
        }
    }

    /// Reads and compares, page by page, until the plan is whole or the budget ends.
    async fn read_until_planned(
        &self,
        run: &mut Run,
        ready: &Ready,
        budget: &Budget,
    ) -> Result<Option<Stop>> {
        while run.phase < Phase::Planned {
            if let Some(stop) = budget.exhausted(self.host, self.calls()) {
                return Ok(Some(stop));
            }
            let before = self.calls();
            let step = self.step(run, ready).await;
            let used = self.calls().since(before);
            run.plan.read_calls = run.plan.read_calls.plus(used);
            match step {
                Ok(batch) => {
                    let mut batch = batch;
                    batch.put("run", run)?;
                    self.keeper.commit(batch).await?;
                }
                Err(error) => return self.cut_off(&error).map(Some).ok_or(error),
            }
            self.host.emit(Event::Progress {
                phase: run.phase.title(),
                done: run.done,
                total: run.total,
            });
        }
        Ok(None)
    }

    /// One page of the run's phase. What it puts is committed with the run's new place.
    async fn step(&self, run: &mut Run, ready: &Ready) -> Result<Batch> {
        // Until a plan was applied whole, ChartMogul may hold what no link tells of: the state may
        // have been lost, and the plan that was rebuilding it replaced by this one.
        let first = self.state().await?.applied_at == 0;
        if self.skips(run, ready, first) {
            run.phase = run.phase.next();
            return Ok(self.keeper.batch());
        }
        // Boxed, so that one phase's state is not laid into every other's.
        let step: Step<'_> = match run.phase {
            Phase::Contacts => Box::pin(self.read_contacts(run, ready)),
            Phase::Retries => Box::pin(self.read_retries(run, ready)),
            Phase::Tasks => Box::pin(self.read_tasks(run, ready)),
            Phase::Businesses => Box::pin(self.read_businesses(run)),
            Phase::Customers => Box::pin(self.read_customers(run, ready)),
            Phase::CustomerContacts => Box::pin(self.read_customer_contacts(run, ready)),
            Phase::ExistingTasks => Box::pin(self.read_existing_tasks(run)),
            Phase::ExistingNotes => Box::pin(self.read_existing_notes(run)),
            Phase::CompareBusinesses => Box::pin(self.compare_businesses(run, ready)),
            Phase::CompareContacts => Box::pin(self.compare_contacts(run, ready)),
            Phase::CompareTasks => Box::pin(self.compare_tasks(run, ready)),
            Phase::Planned | Phase::Applying => return Ok(self.keeper.batch()),
        };
        let (batch, finished) = step.await?;
        if finished {
            if run.phase == Phase::Contacts {
                run.plan.watermark = run.newest;
            }
            if run.phase == Phase::Retries {
                run.lists = self.lists_are_cheaper(run).await?;
            }
            run.phase = run.phase.next();
            run.cursor = None;
            run.done = 0;
            run.total = 0;
        }
        Ok(batch)
    }

    /// Whether reading ChartMogul's lists takes fewer calls than looking the new contacts up: two calls
    /// each. A full pass lists all the same: only lists tell phones.
    async fn lists_are_cheaper(&self, run: &Run) -> Result<bool> {
        let pages = self.state().await?.list_pages;
        Ok(run.plan.pass == Pass::Full || pages == 0 || run.unlinked * 2 >= pages)
    }

    /// Whether nothing needs the phase's page: every call saved is one.
    fn skips(&self, run: &Run, ready: &Ready, first: bool) -> bool {
        let settings = self.settings;
        let has_source = ready.schema.borrow().data_source.is_some();
        // Customers of our own stand in our own data source: before it exists there are none.
        let could_exist = settings.anchor == Anchor::AttachOnly || has_source;
        match run.phase {
            Phase::Tasks | Phase::CompareTasks => !settings.includes(Object::Tasks),
            Phase::Businesses | Phase::CompareBusinesses => {
                settings.anchor != Anchor::BusinessIsCustomer
            }
            Phase::Customers | Phase::CustomerContacts => {
                // Customers of our own are linked by their links; only a lost state needs the lists.
                let known = settings.anchor != Anchor::AttachOnly && !first;
                run.unlinked == 0 || !could_exist || !run.lists || known
            }
            Phase::ExistingTasks => !first || !could_exist || !settings.includes(Object::Tasks),
            Phase::ExistingNotes => !first || !could_exist || !settings.includes(Object::Notes),
            Phase::Contacts
            | Phase::Retries
            | Phase::CompareContacts
            | Phase::Planned
            | Phase::Applying => false,
        }
    }

    fn refuse_stale(&self, run: &Run, state: &State) -> Result<()> {
        // Half applied or not: changes are carried out under the settings that they were made with.
        if run.plan.settings != self.settings.fingerprint() {
            return Err(stale("the settings have changed since the plan was made"));
        }
        if run.phase == Phase::Applying {
            return Ok(());
        }
        if run.plan.revision != state.revision {
            return Err(stale("another plan was applied since this one was made"));
        }
        let age = self.host.now().saturating_sub(run.plan.created_at);
        let lasts = u64::from(self.settings.max_plan_age_minutes) * 60_000;
        if self.has_passed(run.plan.created_at, lasts + 1) {
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
        let creates = plan.count(Action::Create);
        let over = |what: &str, number: String, most: String| {
            Err(Error::new(Code::CapExceeded, format!("the plan {what} {number}, allowed is {most}"))
                .hint("Read the plan. If it is what you want, raise the cap in sync.caps and apply again."))
        };
        if let Some(most) = caps.max_creates.filter(|most| creates > *most) {
            return over("creates", format!("{creates} records"), most.to_string());
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
