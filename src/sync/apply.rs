//! Carrying out a plan: each change is called, recorded and taken off the plan in one commit.

use std::cell::{Cell, RefCell};

use futures_util::future::LocalBoxFuture;
use serde_json::json;

use crate::chartmogul::records::DataSource;
use crate::error::{Code, Error, Result, Service};
use crate::host::{Event, Host};
use crate::mapping::settings::Anchor;

use super::budget::{Budget, RunOptions, Stop};
use super::change::{Action, Change};
use super::create::{lacks_parent, outcome_is_open, without_uuid};
use super::discover::Ready;
use super::report::{Report, Tally};
use super::run::{Outcome, Phase, Run};
use super::state::{DeadLetter, Intent, Kind, Link, State, Stored};
use super::{Engine, together};

/// Changes read from the plan at once.
const CHANGES_A_PAGE: usize = 64;
/// Changes under way at once: ChartMogul allows 40 calls a second and 20 in flight.
const TOGETHER: usize = 16;
/// Records that may fail in a row for want of the service before the run gives up.
const FAILURES_IN_A_ROW: u32 = 5;
/// What carrying out has come to, shared by all changes under way.
pub(super) struct Progress<'p> {
    pub(super) ready: &'p Ready,
    budget: Budget,
    plan: String,
    tally: RefCell<Tally>,
    stop: Cell<Option<Stop>>,
    fatal: RefCell<Option<Error>>,
    failures: Cell<u32>,
    done: Cell<u64>,
    total: u64,
    linked: Cell<u64>,
    under_way: Cell<u64>,
    /// ChartMogul users that a write of this run has shown to exist.
    pub(super) proven: RefCell<Vec<String>>,
    /// Held while a user that is not proven yet is tried: a wrong one costs one call and not many.
    pub(super) probe: async_lock::Mutex<()>,
}

impl<H: Host> Engine<'_, H> {
    pub(super) async fn carry_out(
        &self,
        mut run: Run,
        state: State,
        options: RunOptions,
    ) -> Result<Outcome> {
        let began = self.host.now();
        let before = self.calls();
        let mut state = state;
        if run.phase != Phase::Applying {
            self.refuse_over_caps(&run.plan, &state)?;
            state.revision += 1;
            run.plan.revision = state.revision;
            run.phase = Phase::Applying;
            let mut batch = self.keeper.batch();
            batch.put("run", &run)?;
            batch.put("state", &state)?;
            batch.put("anchor", &self.settings.anchor)?;
            self.keeper.commit(batch).await?;
        }
        let ready = match self.discover(false).await {
            Ok(ready) => ready,
            Err(error) => {
                let stop = self.cut_off(&error).ok_or(error)?;
                return Ok(self.stopped(&run, stop, began));
            }
        };
        let total = run.plan.writes();
        let progress = Progress {
            ready: &ready,
            budget: Budget::new(&options, began, before),
            plan: run.plan.id.clone(),
            tally: RefCell::default(),
            stop: Cell::new(None),
            fatal: RefCell::default(),
            failures: Cell::new(0),
            done: Cell::new(0),
            total,
            linked: Cell::new(0),
            under_way: Cell::new(0),
            proven: RefCell::default(),
            probe: async_lock::Mutex::new(()),
        };
        if let Err(error) = self.ensure_data_source(&progress, &run).await {
            self.end(&progress, error);
        }
        for kind in [Kind::Business, Kind::Contact, Kind::Note, Kind::Task] {
            if progress.ended() {
                break;
            }
            self.carry_out_kind(&progress, kind).await?;
        }
        state.linked += progress.linked.get();
        let stop = progress.stop.get();
        let fatal = progress.fatal.borrow_mut().take();
        let calls = self.calls().since(before);
        if stop.is_none() && fatal.is_none() {
            self.finish(&run, &mut state).await?;
        } else {
            let mut batch = self.keeper.batch();
            batch.put("state", &state)?;
            self.keeper.commit(batch).await?;
        }
        if let Some(error) = fatal {
            return Err(error);
        }
        let tally = progress.tally.into_inner();
        let elapsed = self.host.now().saturating_sub(began);
        let report = Report::of_run(&run, tally, calls, elapsed);
        Ok(Outcome {
            done: stop.is_none(),
            planned_only: false,
            stopped: stop,
            checkpoint: stop.map(|_| "applying"),
            report,
        })
    }

    /// Records that the run has come to its end, and clears what only it needed.
    async fn finish(&self, run: &Run, state: &mut State) -> Result<()> {
        let now = self.host.now();
        state.revision += 1;
        state.watermark = state.watermark.max(run.plan.watermark);
        if run.plan.pass == super::change::Pass::Full {
            state.full_pass_at = run.plan.created_at;
        }
        state.planned_at = state.planned_at.max(run.plan.created_at);
        state.applied_at = now;
        state.settings = run.plan.settings.clone();
        state.last_plan = run.plan.id.clone();
        if run.list_pages > 0 {
            state.list_pages = run.list_pages;
        }
        let mut batch = self.keeper.batch();
        batch.put("state", state)?;
        batch.delete("run");
        self.keeper.commit(batch).await?;
        for prefix in ["stage/", "match/", "plan/"] {
            self.keeper.clear(prefix).await?;
        }
        self.forget_others("recent/", |recent: &super::read::Recent| recent.plan == run.plan.id)
            .await?;
        self.forget_others("retry/", |plan: &String| *plan == run.plan.id).await
    }

    /// Deletes the entries under a prefix that this run did not write.
    async fn forget_others<T: Stored>(
        &self,
        prefix: &str,
        keep: impl Fn(&T) -> bool,
    ) -> Result<()> {
        let mut after: Option<String> = None;
        loop {
            let rows: Vec<(String, T)> =
                self.keeper.scan(prefix, after.as_deref(), 500).await?.read()?;
            let Some((last, _)) = rows.last() else { return Ok(()) };
            after = Some(last.clone());
            let mut batch = self.keeper.batch();
            for (key, _) in rows.iter().filter(|(_, value)| !keep(value)) {
                batch.delete(key);
            }
            self.keeper.commit(batch).await?;
        }
    }

    /// Makes the data source that customers are created in, if the plan needs it and it is not there.
    async fn ensure_data_source(&self, progress: &Progress<'_>, run: &Run) -> Result<()> {
        let mut schema = progress.ready.schema.borrow().clone();
        let creates = run.plan.count(Action::Create) > 0;
        if self.settings.anchor == Anchor::AttachOnly || schema.data_source.is_some() || !creates {
            return Ok(());
        }
        // It may have been made by a run that ended before it was recorded.
        schema.data_source = match self.find_data_source(&schema).await? {
            Some(uuid) => Some(uuid),
            None => Some(self.create_data_source(&self.data_source_name(&schema)).await?),
        };
        let mut batch = self.keeper.batch();
        batch.put("schema", &schema)?;
        self.keeper.commit(batch).await?;
        *progress.ready.schema.borrow_mut() = schema;
        Ok(())
    }

    async fn create_data_source(&self, name: &str) -> Result<String> {
        let answer = self.chartmogul_value("dataSources.create", json!({ "name": name })).await?;
        let source: DataSource = self.parse(Service::Chartmogul, "dataSources.create", &answer)?;
        source.uuid.ok_or_else(|| without_uuid("dataSources.create"))
    }

    /// Carries out all changes of a kind, some at a time.
    async fn carry_out_kind(&self, progress: &Progress<'_>, kind: Kind) -> Result<()> {
        let prefix = format!("plan/{}/{}-", progress.plan, kind as u8);
        let mut after: Option<String> = None;
        while !progress.ended() {
            let rows: Vec<(String, Change)> =
                self.keeper.scan(&prefix, after.as_deref(), CHANGES_A_PAGE).await?.read()?;
            let Some((last, _)) = rows.last() else { return Ok(()) };
            after = Some(last.clone());
            let begun = self.begin_creates(&rows).await?;
            let unsent = RefCell::new(Vec::new());
            let mut steps: Vec<LocalBoxFuture<'_, ()>> = Vec::with_capacity(rows.len());
            for ((key, change), begun) in rows.into_iter().zip(begun) {
                let unsent = &unsent;
                steps.push(Box::pin(async move {
                    let left = self.carry_out_one(progress, key, change, begun).await;
                    unsent.borrow_mut().extend(left);
                }));
            }
            together(steps, TOGETHER).await;
            let mut batch = self.keeper.batch();
            for key in unsent.into_inner() {
                batch.delete(&key);
            }
            self.keeper.commit(batch).await?;
        }
        Ok(())
    }

    /// Commits the intents of a page's creates before any of them is sent; gives those begun before.
    async fn begin_creates(&self, rows: &[(String, Change)]) -> Result<Vec<Option<Intent>>> {
        let keys: Vec<String> = rows.iter().map(|(_, change)| intent_key(change)).collect();
        let begun: Vec<Option<Intent>> = self.keeper.get_all(&keys).await?.read()?;
        let mut batch = self.keeper.batch();
        let at = self.host.now();
        for (((_, change), key), begun) in rows.iter().zip(&keys).zip(&begun) {
            if change.action == Action::Create && begun.is_none() {
                batch.put(key, &Intent { at })?;
            }
        }
        self.keeper.commit(batch).await?;
        Ok(begun)
    }

    /// Carries out a change. Gives the key of its intent where the run ended before it was sent.
    async fn carry_out_one(
        &self,
        progress: &Progress<'_>,
        key: String,
        change: Change,
        begun: Option<Intent>,
    ) -> Option<String> {
        // Begun by this page and never sent: there is nothing to look for in the next run.
        let unsent = || begun.is_none().then(|| intent_key(&change));
        if progress.ended() {
            return unsent();
        }
        // Each change under way has at least one call yet to send, as far as is known.
        let mut calls = self.calls();
        calls.chartmogul += progress.under_way.get();
        if let Some(stop) = progress.budget.exhausted(self.host, calls) {
            progress.stop.set(Some(stop));
            return unsent();
        }
        progress.budget.take_record();
        progress.under_way.set(progress.under_way.get() + 1);
        let mut change = change;
        let mut result = self.send_change(progress, &change, begun.clone()).await;
        if let Err(error) = &result {
            match self.at_moved_customer(progress, &change, error).await {
                Ok(Some(moved)) => {
                    change = moved;
                    result = self.send_change(progress, &change, begun).await;
                }
                Ok(None) => {}
                Err(error) => result = Err(error),
            }
        }
        if let Err(error) = self.record(progress, &key, &change, result).await {
            self.end(progress, error);
        }
        progress.under_way.set(progress.under_way.get().saturating_sub(1));
        progress.done.set(progress.done.get() + 1);
        self.host.emit(Event::Progress {
            phase: "applying",
            done: progress.done.get(),
            total: progress.total,
        });
        None
    }

    fn end(&self, progress: &Progress<'_>, error: Error) {
        match self.cut_off(&error) {
            Some(stop) => progress.stop.set(Some(stop)),
            None => _ = progress.fatal.borrow_mut().get_or_insert(error),
        }
    }

    async fn send_change(
        &self,
        progress: &Progress<'_>,
        change: &Change,
        begun: Option<Intent>,
    ) -> Result<Link> {
        match change.action {
            Action::Create => self.create(progress, change, begun).await,
            _ => self.update(progress, change).await,
        }
    }

    /// Records what came of a change: link and base, or dead letter.
    async fn record(
        &self,
        progress: &Progress<'_>,
        key: &str,
        change: &Change,
        result: Result<Link>,
    ) -> Result<()> {
        let kind = change.kind.name();
        let mut batch = self.keeper.batch();
        match result {
            Ok(link) => {
                progress.failures.set(0);
                let new = matches!(change.action, Action::Create | Action::Link);
                if let (true, Some(uuid)) = (new, &link.uuid) {
                    batch.put(&format!("back/{kind}/{uuid}"), &change.id)?;
                }
                if new {
                    progress.linked.set(progress.linked.get() + 1);
                }
                batch.put(&format!("link/{kind}/{}", change.id), &link)?;
                batch.delete(&intent_key(change));
                batch.delete(&format!("dead/{kind}/{}", change.id));
                batch.delete(key);
                progress.tally.borrow_mut().count(change);
            }
            Err(error) if ends_the_run(&error) => return Err(error),
            Err(error) => {
                if error.code.retryable() {
                    progress.failures.set(progress.failures.get() + 1);
                    // The service is away: the plan stays, and the next run goes on with it.
                    if progress.failures.get() >= FAILURES_IN_A_ROW {
                        return Err(error);
                    }
                } else {
                    progress.failures.set(0);
                }
                let contact = match change.kind {
                    Kind::Contact => Some(change.id.as_str()),
                    _ => change.contact.as_deref(),
                };
                // Refused for its parent's sake and not for its content: to be tried again with it.
                let orphaned = lacks_parent(&error);
                let may_follow = orphaned && self.business_may_follow(change, &error).await?;
                let content = if orphaned { String::new() } else { change.content() };
                self.set_aside(&mut batch, change.kind, &change.id, contact, &error, content)?;
                self.doubt(&mut batch, change).await?;
                let again = error.code.retryable() || outcome_is_open(&error) || may_follow;
                if let (true, Some(contact)) = (again, contact) {
                    batch.put(&format!("retry/{contact}"), &progress.plan)?;
                }
                // The intent stays: the error may be that of looking for the record, and even a
                // refusal may have written. The next try looks before it sends.
                batch.delete(key);
                progress.tally.borrow_mut().rejected += 1;
            }
        }
        self.keeper.commit(batch).await
    }

    /// Whether a contact failed for a business that the next run may bring: one that failed for a
    /// while, or that GHL did not list yet. One that it did not list the second time either is gone,
    /// and would cost a call in each run for ever. A note or a task comes again with its contact anyway.
    async fn business_may_follow(&self, change: &Change, error: &Error) -> Result<bool> {
        let business = change.contact.as_deref().filter(|_| change.kind == Kind::Contact);
        let Some(business) = business else { return Ok(false) };
        let letters = [
            format!("dead/{}/{business}", Kind::Business.name()),
            format!("dead/{}/{}", change.kind.name(), change.id),
        ];
        let letters: Vec<Option<DeadLetter>> = self.keeper.get_all(&letters).await?.read()?;
        let [of_business, of_contact] = letters.as_slice() else { return Ok(false) };
        Ok(match of_business {
            Some(letter) => letter.retryable,
            None => of_contact.as_ref().is_none_or(|letter| letter.reason != error.message),
        })
    }
}

impl Progress<'_> {
    fn ended(&self) -> bool {
        self.stop.get().is_some() || self.fatal.borrow().is_some()
    }
}

/// Errors after which no other record can fare better.
pub(super) fn ends_the_run(error: &Error) -> bool {
    matches!(
        error.code,
        Code::Unauthorized
            | Code::MissingScope
            | Code::WrongTokenType
            | Code::LocationForbidden
            | Code::Forbidden
            | Code::PaymentRequired
            | Code::DailyQuotaExhausted
            | Code::Aborted
            | Code::StoreFailed
            | Code::Crashed
    )
}

fn intent_key(change: &Change) -> String {
    format!("intent/{}/{}", change.kind.name(), change.id)
}
