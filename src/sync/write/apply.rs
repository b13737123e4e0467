//! Carrying out a plan: each change is called, recorded and taken off the plan in one commit.

use std::pin::pin;

use futures_util::future::{self, Either, LocalBoxFuture};
use serde_json::Value;

use super::super::budget::{Budget, RunOptions, Stop};
use super::super::calls::row_of;
use super::super::compare::ORDERS;
use super::super::decide::merge::kept_as;
use super::super::engine::{Engine, one, together};
use super::super::letters::group_of;
use super::super::model::ahead::Ahead;
use super::super::model::change::{Action, Change, TagChange};
use super::super::model::conflict::id_of;
use super::super::model::pair::{Kind, Matched, Member, Pair, Role, Shared};
use super::super::model::plan::Pass;
use super::super::model::standing::Standings;
use super::super::model::standing::{Apart, DeadLetter, FieldLetters, Intent, Reason, Refusal};
use super::super::model::state::{Pace, Phase, Run, State};
use super::super::report::Report;
use super::super::run::Outcome;
use super::super::state::keeper::Batch;
use super::super::state::tables::of;
use super::super::state::tables::{
    AGAIN, APART, CHOICES, CONFLICTS, DELETED, FIELDS, INCOMING, INTENTS, LETTERS, MEMBERS, OWNERS,
    PACE, PAIRS, REFUSALS, RUN, RunTables, SCHEMA, SHARED, STATE,
};
use super::super::work::Work;
use super::audit::Identity;
use super::progress::{MOST_TRIES, Progress};
use super::send::{Sent, lacks_parent, outcome_is_open, without_uuid};
use crate::chartmogul::records::DataSource;
use crate::error::{Code, Error, Result, Service};
use crate::host::{Event, Host};
use crate::mapping::settings::{Anchor, Marker};
use crate::mapping::{Fields, kinds, select};
use crate::mutants::{self, Mutant};
use crate::ordered::tidy;

/// Changes read from the plan at once.
const CHANGES_A_PAGE: usize = 64;
/// Changes under way at once: ChartMogul allows 40 calls a second and 20 in flight.
const TOGETHER: usize = 16;
/// Records that may fail in a row for want of the service before the run gives up.
const FAILURES_IN_A_ROW: u32 = 5;
/// How long an unavailable service is left alone.
const PAUSE_MS: u64 = 5_000;
/// How far the clocks of two machines may be apart.
const CLOCK_SKEW_MS: u64 = 5 * 60_000;
/// Creates that are looked for where a plan is taken up again. Changes are carried out in order:
/// if one of the first is there, the store is an older copy, and all of them are looked for.
const LOOKED_FOR_AT_FIRST: u32 = 4;
/// Equal refusals in a row after which an endpoint is not asked any more by this run.
const REFUSALS_IN_A_ROW: u32 = 20;

impl<H: Host> Engine<'_, H> {
    pub(in crate::sync) async fn carry_out(
        &self,
        mut run: Run,
        state: State,
        options: RunOptions,
    ) -> Result<Outcome> {
        let began = self.host.monotonic();
        let before = self.calls();
        let mut state = state;
        if run.phase != Phase::Applying {
            self.refuse_over_caps(&run.plan, &state)?;
            state.revision += 1;
            run.plan.revision = state.revision;
            run.phase = Phase::Applying;
            state.anchor = Some(self.settings.anchor);
        }
        run.active_at = self.host.now();
        let mut batch = self.keeper.batch();
        batch.put(&RUN, "", &run)?;
        batch.put(&STATE, "", &state)?;
        self.keeper.commit(batch).await?;
        let ready = match self.discover(&state, false).await {
            Ok(ready) => ready,
            Err(error) => {
                let stop = self.cut_off(&error).ok_or(error)?;
                return self.stopped(&run, stop, began).await;
            }
        };
        let day = self.day().await?;
        let work = Work {
            ready,
            state: state.clone(),
            tables: RunTables::new(&run.plan.id),
            pace: self.pace().await?,
            standings: Standings::default(),
            day,
            ahead: run.more.then(Ahead::continued),
        };
        let least_before = run.plan.least_read_calls.chartmogul;
        let progress = Progress::new(&work, Budget::new(&options, began, before), &run.plan);
        if run.resumed {
            progress.unsure.set(Some(LOOKED_FOR_AT_FIRST));
        }
        if let Err(error) = self.ensure_data_source(&progress, &run).await {
            self.end(&progress, error);
        }
        match &work.ahead {
            None => self.carry_out_parts(&progress, &mut run).await?,
            Some(ahead) => {
                let parts = pin!(self.carry_out_parts(&progress, &mut run));
                let reader = pin!(self.read_ahead(&work, ahead, &progress.budget));
                match future::select(parts, reader).await {
                    Either::Left((done, reader)) => {
                        done?;
                        ahead.stop();
                        let _ = reader.await;
                    }
                    Either::Right((_, parts)) => parts.await?,
                }
            }
        }
        state.linked += progress.linked.get();
        state.data_source.clone_from(&work.ready.schema.borrow().data_source);
        if progress.look_again.get() {
            state.full_pass_at = 0;
        }
        let stop = progress.stop.get();
        let fatal = progress.fatal.borrow_mut().take();
        let calls = self.calls().since(before);
        if stop.is_none() && fatal.is_none() {
            let again = progress.look_again.get();
            self.finish(&mut run, &work.tables, &mut state, again).await?;
        } else {
            run.active_at = self.host.now();
            let mut batch = self.keeper.batch();
            if let Some(ahead) = &work.ahead {
                self.keep_ahead(&work, ahead, &mut batch)?;
            }
            batch.put(&STATE, "", &state)?;
            // What was read beside is reading, for the run that continues.
            let mut kept = run.clone();
            kept.plan.read_calls.ghl += calls.ghl;
            kept.plan.read_calls.chartmogul +=
                run.plan.least_read_calls.chartmogul.saturating_sub(least_before);
            batch.put(&RUN, "", &kept)?;
            self.keeper.commit(batch).await?;
        }
        let tally = progress.tally.into_inner();
        self.note_written(&tally.done);
        if let Some(error) = fatal {
            return Err(error);
        }
        let elapsed = self.host.monotonic().saturating_sub(began);
        let report = Report::of_run(&run, tally, calls, elapsed);
        // What the day's calls did not last for is not done.
        let waits = stop.is_none() && run.plan.notes_waiting > 0;
        Ok(Outcome {
            done: stop.is_none() && !waits,
            planned_only: false,
            stopped: if waits { Some(Stop::Quota) } else { stop },
            checkpoint: match stop {
                Some(_) => Some(run.phase.title()),
                None => waits.then_some(Phase::Sweep.title()),
            },
            standing: self.count_standing().await?,
            report,
        })
    }

    /// Carries out what is planned, and then what the notes add that were read meanwhile, part by part.
    async fn carry_out_parts(&self, progress: &Progress<'_>, run: &mut Run) -> Result<()> {
        let work = progress.work;
        loop {
            self.carry_out_planned(progress, run).await?;
            if progress.ended() || !run.more {
                return Ok(());
            }
            self.keep_readings(run, &work.tables, &mut self.pace().await?).await?;
            run.phase = Phase::Notes;
            run.part += 1;
            match self.read_until_planned(run, work, &progress.budget).await? {
                None => {}
                Some(stop) => {
                    progress.stop.set(Some(stop));
                    return Ok(());
                }
            }
            run.phase = Phase::Applying;
            progress.total.set(run.plan.writes());
        }
    }

    async fn carry_out_planned(&self, progress: &Progress<'_>, run: &mut Run) -> Result<()> {
        while !progress.ended() {
            for order in ORDERS {
                if progress.ended() {
                    break;
                }
                self.carry_out_kind(progress, run, order).await?;
            }
            // What was postponed is all that the plan still holds.
            let postponed = progress.postponed.take();
            let Some(first) = postponed.values().min() else { break };
            let rest = first.saturating_sub(self.host.monotonic());
            if !progress.ended() && self.host.sleep(rest).await.is_err() {
                self.end(progress, cut_short());
            }
        }
        Ok(())
    }

    /// Records that the run has finished, and clears what only it needed.
    async fn finish(
        &self,
        run: &mut Run,
        tables: &RunTables,
        state: &mut State,
        look_again: bool,
    ) -> Result<()> {
        let now = self.host.now();
        let mut pace = self.pace().await?;
        let planned_before = state.planned_at;
        state.revision += 1;
        state.applied_at = now;
        // A run for single contacts has seen nothing else.
        if run.only.is_empty() {
            state.watermark = state.watermark.max(run.plan.watermark);
            if run.plan.pass == Pass::Full && !look_again {
                state.full_pass_at = run.plan.created_at;
            }
            state.planned_at = state.planned_at.max(run.plan.created_at);
            state.settings = run.plan.settings.clone();
            state.last_plan = run.plan.id.clone();
            if run.list_pages > 0 {
                state.list_pages = run.list_pages;
            }
            state.newest_note = state.newest_note.max(run.newest_note);
            state.newest_task = state.newest_task.max(run.newest_task);
            state.writing = self.settings.writing();
        }
        self.keep_readings(run, tables, &mut pace).await?;
        self.keep_closed(tables).await?;
        self.clear_voids(tables).await?;
        if run.plan.pass == Pass::Full {
            self.forget_settled().await?;
            self.keeper.clear(&DELETED).await?;
        }
        let mut batch = self.keeper.batch();
        if run.only.is_empty() {
            let with_contacts = self.settings.anchor == Anchor::ContactIsCustomer;
            note_pace(run, planned_before, with_contacts, &mut pace);
            if run.plan.pass == Pass::Full {
                self.note_walk(&mut batch, run);
            }
        }
        batch.put(&STATE, "", state)?;
        batch.put(&PACE, "", &pace)?;
        batch.delete(&RUN, "");
        self.keeper.commit(batch).await?;
        self.keeper.clear(&tables.all).await?;
        if run.only.is_empty() {
            self.clear_again(&run.plan.id).await?;
        }
        Ok(())
    }

    /// Pairs whose counterpart is gone and that nothing has taken the place of.
    async fn clear_voids(&self, tables: &RunTables) -> Result<()> {
        let mut pages = self.keeper.pages(&tables.voids, 200);
        while let Some(rows) = pages.next().await? {
            let keys: Vec<&String> = rows.iter().map(|(key, _)| key).collect();
            let pairs: Vec<Option<Pair>> = self.keeper.get_all(&PAIRS, &keys).await?;
            let mut batch = self.keeper.batch();
            for ((key, void), pair) in rows.iter().zip(pairs) {
                let Some(pair) = pair.filter(|pair| pair.customer == void.customer) else {
                    continue;
                };
                batch.delete(&PAIRS, key);
                if let (Some(uuid), Some((kind, _))) = (&pair.chartmogul, key.split_once('/')) {
                    batch.delete(&OWNERS, &format!("{kind}/{uuid}"));
                }
            }
            self.keeper.commit(batch).await?;
        }
        Ok(())
    }

    /// Contacts that an earlier run wanted read again, and this one has not put off once more.
    async fn clear_again(&self, plan: &str) -> Result<()> {
        let mut pages = self.keeper.pages(&AGAIN, 500);
        while let Some(rows) = pages.next().await? {
            let mut batch = self.keeper.batch();
            for (id, _) in rows.iter().filter(|(_, by)| by != plan) {
                batch.delete(&AGAIN, id);
            }
            self.keeper.commit(batch).await?;
        }
        Ok(())
    }

    /// Makes the data source that customers are created in, if the plan needs it and it is not there.
    async fn ensure_data_source(&self, progress: &Progress<'_>, run: &Run) -> Result<()> {
        let mut schema = progress.work.ready.schema.borrow().clone();
        let creates = run.plan.count(Action::Create) > 0;
        if self.settings.anchor == Anchor::AttachOnly || schema.data_source.is_some() || !creates {
            return Ok(());
        }
        // It may have been made by a run that ended before it was recorded, or arrive late: it is looked
        // for when the time for its answer is over, and after twice that time, before it is made again.
        let known = progress.work.state.data_source.as_deref();
        let name = self.data_source_name(&schema);
        let began = self.host.monotonic();
        let mut unanswered: Option<Error> = None;
        let mut refused = false;
        let mut made = false;
        while schema.data_source.is_none() {
            let sources = self.data_sources().await?;
            self.note_data_sources(&mut schema, known, &sources)?;
            if schema.data_source.is_some() {
                break;
            }
            let waited = self.host.monotonic().saturating_sub(began);
            if let Some(error) = &unanswered
                && waited < self.twice()
            {
                let rest = error.retry_after_ms.unwrap_or(0).max(self.chartmogul.timeout_ms());
                self.host.sleep(rest).await.map_err(|_| cut_short())?;
                continue;
            }
            match self.create_data_source(&name).await {
                Ok(uuid) => {
                    made = true;
                    schema.sources.push(uuid.clone());
                    schema.data_source = Some(uuid);
                }
                Err(error) if unanswered.is_none() && outcome_is_open(&error) => {
                    unanswered = Some(error);
                }
                // Names are unique: another location of this name may have made it since the look.
                Err(error)
                    if !refused && matches!(error.code, Code::Duplicate | Code::Rejected) =>
                {
                    refused = true;
                }
                Err(error) => return Err(error),
            }
        }
        let mut batch = self.keeper.batch();
        batch.put(&SCHEMA, "", &schema)?;
        self.keeper.commit(batch).await?;
        if made || unanswered.is_some() {
            let uuid = schema.data_source.as_deref();
            self.tell_data_source(&run.plan.id, &name, uuid, !made);
        }
        *progress.work.ready.schema.borrow_mut() = schema;
        Ok(())
    }

    async fn create_data_source(&self, name: &str) -> Result<String> {
        let answer = self.chartmogul_value("dataSources.create", one("name", name)).await?;
        let source: DataSource = self.parse(Service::Chartmogul, "dataSources.create", &answer)?;
        source.uuid.ok_or_else(|| without_uuid("dataSources.create"))
    }

    /// Carries out all changes of an order, some at a time.
    async fn carry_out_kind(
        &self,
        progress: &Progress<'_>,
        run: &mut Run,
        order: char,
    ) -> Result<()> {
        let table = &progress.work.tables.plan;
        let within = format!("{order}-");
        let mut after: Option<String> = None;
        while !progress.ended() {
            let rows: Vec<(String, Change)> =
                self.keeper.scan(table, &within, after.as_deref(), CHANGES_A_PAGE).await?;
            let Some((last, _)) = rows.last() else { return Ok(()) };
            after = Some(last.clone());
            run.active_at = self.host.now();
            let begun = self.begun(run, &rows).await?;
            let mut steps: Vec<LocalBoxFuture<'_, ()>> = Vec::with_capacity(rows.len());
            for ((key, change), begun) in rows.into_iter().zip(begun) {
                steps.push(Box::pin(self.carry_out_one(progress, key, change, begun)));
            }
            together(steps, TOGETHER).await;
        }
        Ok(())
    }

    /// What of a page was begun before. What another owner has sent counts from when this one found it,
    /// unless it is long over: nobody compares clocks.
    async fn begun(&self, run: &Run, rows: &[(String, Change)]) -> Result<Vec<Option<Intent>>> {
        let keys: Vec<String> = rows.iter().map(|(_, change)| change.row()).collect();
        let mut begun: Vec<Option<Intent>> = self.keeper.get_all(&INTENTS, &keys).await?;
        let mut batch = self.keeper.batch();
        let now = self.host.now();
        for (key, intent) in keys.iter().zip(&mut begun) {
            let Some(intent) = intent.as_mut().filter(|intent| !intent.answered) else { continue };
            let foreign = intent.owner != self.owner && !intent.taken_over;
            let recent = now.saturating_sub(intent.sent_at) < self.twice() + CLOCK_SKEW_MS;
            if intent.sent_at > now || (foreign && recent) {
                intent.sent_at = now;
                intent.taken_over = true;
                batch.put(&INTENTS, key, intent)?;
            }
        }
        batch.put(&RUN, "", run)?;
        self.keeper.commit(batch).await?;
        Ok(begun)
    }

    /// The time after which what was sent has arrived, or never will: twice what an answer may take.
    pub(in crate::sync) fn twice(&self) -> u64 {
        self.timeout_ms() * 2
    }

    /// How long the answer to a write may take: GHL's counts where it is written to.
    pub(in crate::sync) fn timeout_ms(&self) -> u64 {
        let chartmogul = self.chartmogul.timeout_ms();
        if self.settings.comes_back() { chartmogul.max(self.ghl.timeout_ms()) } else { chartmogul }
    }

    /// What is left of a time that begins with the sending of a write; nothing once it is answered.
    pub(in crate::sync) fn rest(&self, intent: &Intent, lasts: u64) -> u64 {
        if intent.answered { 0 } else { self.rest_since(intent.sent_at, lasts) }
    }

    pub(in crate::sync) fn rest_since(&self, sent_at: u64, lasts: u64) -> u64 {
        if mutants::is_on(Mutant::SentAgainAtOnce) {
            return 0;
        }
        (sent_at + lasts).saturating_sub(self.host.now()).min(lasts)
    }

    /// Before when a change must not be touched: its own write is still under way, or that of the record
    /// that it belongs to.
    fn not_before(
        &self,
        progress: &Progress<'_>,
        change: &Change,
        begun: Option<&Intent>,
    ) -> Option<u64> {
        let maker = change.maker.as_ref().map(|maker| of(change.maker_kind, maker));
        let of_maker = maker.and_then(|maker| progress.postponed.borrow().get(&maker).copied());
        if of_maker.is_some() {
            return of_maker;
        }
        // It is looked for when its time is over.
        let rest = begun.map_or(0, |intent| self.rest(intent, self.timeout_ms()));
        (rest > 0).then(|| self.host.monotonic() + rest)
    }

    /// Carries out a change, or postpones it.
    async fn carry_out_one(
        &self,
        progress: &Progress<'_>,
        key: String,
        change: Change,
        begun: Option<Intent>,
    ) {
        let rest = progress.paused_until.get().saturating_sub(self.host.monotonic());
        if !progress.ended() && rest > 0 && self.host.sleep(rest).await.is_err() {
            self.end(progress, cut_short());
        }
        if progress.ended() {
            return;
        }
        if let Some(until) = self.not_before(progress, &change, begun.as_ref()) {
            return progress.postpone(change.row(), until);
        }
        // Each change under way has at least one call yet to send, as far as is known.
        let mut calls = self.calls();
        calls.chartmogul += progress.under_way.get();
        if let Some(stop) = progress.budget.exhausted(self.host, calls) {
            return progress.stop.set(Some(stop));
        }
        let unsure = begun.is_none() && change.makes() && progress.looks_first();
        let begun = begun.or_else(|| (change.look_first || unsure).then(Intent::of_answer));
        let blocked =
            progress.blocked.borrow().iter().find(|(kind, _)| *kind == change.kind).cloned();
        let mut change = change;
        let result = if let Some((_, error)) = blocked.filter(|_| change.calls > 0) {
            let mut error = error;
            error.message = format!(
                "not sent, as {REFUSALS_IN_A_ROW} in a row were refused: {}",
                error.message
            );
            Err(error)
        } else {
            progress.budget.take_record();
            progress.under_way.set(progress.under_way.get() + 1);
            let mut result = self.send(progress, &change, begun.clone()).await;
            if let Err(error) = &result {
                match self.at_merged_customer(&change, error).await {
                    Ok(Some(moved)) => {
                        change = moved;
                        // What the first try may have made is not made again.
                        let again = change.makes().then(Intent::of_answer);
                        result = self.send(progress, &change, begun.or(again)).await;
                    }
                    Ok(None) => {}
                    Err(error) => result = Err(error),
                }
            }
            progress.under_way.set(progress.under_way.get().saturating_sub(1));
            result
        };
        let result = match result {
            Ok(Some(sent)) => Ok(sent),
            Ok(None) => return,
            Err(error) => Err(error),
        };
        if let Err(error) = self.record(progress, &key, &change, result).await {
            self.end(progress, error);
        }
        progress.done.set(progress.done.get() + 1);
        self.host.emit(Event::Progress {
            phase: "applying",
            done: progress.done.get(),
            total: progress.total.get(),
        });
    }

    fn end(&self, progress: &Progress<'_>, error: Error) {
        match self.cut_off(&error) {
            Some(stop) => progress.stop.set(Some(stop)),
            None => _ = progress.fatal.borrow_mut().get_or_insert(error),
        }
    }

    /// Records what came of a change.
    async fn record(
        &self,
        progress: &Progress<'_>,
        key: &str,
        change: &Change,
        result: Result<Sent>,
    ) -> Result<()> {
        let mut batch = self.keeper.batch();
        let mut as_sent = Identity::default();
        match result {
            Ok(sent) => {
                as_sent = Identity {
                    ghl: sent.in_ghl.as_ref().map(|written| written.id.clone()),
                    uuid: sent.uuid.clone(),
                    customer: sent.customer.clone(),
                };
                progress.failures.set(0);
                progress.tries.borrow_mut().remove(&change.row());
                progress.refusals.replace((String::new(), 0));
                self.record_done(progress, &mut batch, change, sent).await?;
                progress.tally.borrow_mut().count(change);
            }
            Err(error) if error.code.ends_run() => return Err(error),
            Err(error) if self.waits(progress, change, &error) => {
                self.note_answered(&mut batch, &change.row()).await?;
                return self.keeper.commit(batch).await;
            }
            Err(error)
                if mutants::is_on(Mutant::OneRefusalEndsAll)
                    && matches!(error.code, Code::Forbidden | Code::Rejected) =>
            {
                return Err(error);
            }
            Err(error) => self.record_failed(progress, &mut batch, change, error).await?,
        }
        batch.delete(&progress.work.tables.plan, key);
        self.keeper.commit(batch).await?;
        self.tell_writes(&progress.plan, change, &as_sent);
        Ok(())
    }

    async fn record_done(
        &self,
        progress: &Progress<'_>,
        batch: &mut Batch,
        change: &Change,
        sent: Sent,
    ) -> Result<()> {
        let row = change.row();
        if sent.has_moved {
            return self.compare_again(batch, progress, change);
        }
        let brought = change.brings();
        let own = sent.in_ghl.as_ref().map_or(&change.id, |written| &written.id).clone();
        let paired = of(change.kind, &own);
        if change.retry {
            let letter: Option<DeadLetter> = self.keeper.get(&LETTERS, &row).await?;
            let groups =
                letter.into_iter().map(|letter| letter.group).filter(|group| !group.is_empty());
            for group in groups {
                // One that passes frees the others: the next run tries them all.
                batch.put(&REFUSALS, &group, &Refusal { tried: String::new(), freed: true })?;
                progress.look_again.set(true);
            }
        }
        if change.gone_from.is_some() {
            let stays = change.action != Action::Delete || sent.left_behind.is_some();
            self.record_gone(batch, change, stays).await?;
            batch.delete(&INTENTS, &row);
            batch.delete(&LETTERS, &row);
            return Ok(());
        }
        if change.action == Action::Delete {
            let own = change.double_of.as_deref().unwrap_or_default();
            batch.delete(&INTENTS, &of(change.kind, own));
        } else if change.action == Action::Merge {
            // The next run looks at all links, and finds its contacts where they are by then.
            progress.look_again.set(true);
        } else if change.kind == Kind::Customer {
            self.record_customer(batch, change, &sent)?;
        } else if !brought || change.uuid.is_some() {
            let known: Option<Pair> = self.keeper.get(&PAIRS, &paired).await?;
            let first = matches!(change.action, Action::Create | Action::Link) || known.is_none();
            let of_note = change.kind.is_child();
            let written = change.makes() && !brought
                || change.to.contains_key("text")
                || change.to.contains_key("task_details");
            let marks = self.settings.marker == Marker::Trailing;
            let before = known.clone().unwrap_or_default();
            let mut base = change.base.clone();
            if let Some(assignee) = sent.assignee {
                base.insert("assignee".to_owned(), assignee);
            }
            let mut was = before.was.clone();
            if let Some(written) = &sent.in_ghl {
                base = kinds::merged(&base, &kinds::marks(&written.shows));
                was = select(&before.base, &|name, _| written.shows.contains_key(name));
            }
            let marks = marks && change.matched != Some(Matched::Brought);
            let refused = sent.in_ghl.as_ref().and_then(|written| written.refused.as_ref());
            let former = before.shown.clone();
            let mut shown = self.shown_otherwise(change, sent.shown, before.shown);
            // What GHL refused differs still, and is planned again.
            for name in refused.iter().flat_map(|(fields, _)| fields.keys()) {
                match former.get(name) {
                    Some(mark) => _ = shown.insert(name.clone(), mark.clone()),
                    None => _ = shown.remove(name),
                }
            }
            // What may be a person's was never agreed on.
            for name in sent.unsettled.iter().flat_map(|name| kept_as(change.kind, name)) {
                base.remove(name);
                shown.remove(name);
            }
            if !sent.unsettled.is_empty() {
                match &sent.uuid {
                    Some(uuid) if of_note => batch.put(&INCOMING, &of(change.kind, uuid), &true)?,
                    _ => batch.put(&AGAIN, &own, &progress.plan)?,
                }
            }
            let pair = Pair {
                was,
                shown,
                chartmogul: sent.uuid.clone().filter(|_| change.role != Role::Guest),
                customer: sent.customer.clone(),
                source: match (change.role, first) {
                    (Role::Customer, true) => change
                        .data_source
                        .clone()
                        .or_else(|| progress.work.ready.schema.borrow().data_source.clone()),
                    _ => before.source.clone(),
                },
                role: change.role,
                matched: change.matched.unwrap_or(before.matched),
                base,
                kept: kept_after(first, change, before.kept),
                parent: change.parent.clone(),
                marked: of_note
                    && if written {
                        marks
                    } else if first {
                        change.matched == Some(Matched::Marker)
                    } else {
                        before.marked
                    },
                gone: None,
            };
            // A pair that took another record's place gives it up.
            if let Some(former) = known.as_ref().and_then(|pair| pair.chartmogul.as_ref())
                && Some(former) != pair.chartmogul.as_ref()
            {
                batch.delete(&OWNERS, &of(change.kind, former));
            }
            if let Some(uuid) = &pair.chartmogul {
                batch.put(&OWNERS, &of(change.kind, uuid), &own)?;
                let comes_back = change.kind.is_child() && self.way_of(change.kind).comes_back();
                if comes_back && sent.unsettled.is_empty() {
                    batch.delete(&INCOMING, &of(change.kind, uuid));
                }
            }
            if change.role == Role::Customer {
                batch.put(&OWNERS, &of(Kind::Customer, &pair.customer), &change.id)?;
            }
            if first {
                progress.linked.set(progress.linked.get() + 1);
            }
            if change.kind == Kind::Contact {
                self.record_member(progress, batch, change, &pair, known.as_ref()).await?;
                batch.delete(&CHOICES, &change.id);
            }
            batch.put(&PAIRS, &paired, &pair)?;
        }
        for settled in &change.settles {
            batch.put(&CONFLICTS, &settled.id, settled)?;
            batch.delete(&CONFLICTS, &id_of(settled.kind, &settled.ghl_id, &settled.field));
        }
        batch.delete(&INTENTS, &row);
        match sent.in_ghl.and_then(|written| written.refused) {
            Some((fields, error)) => {
                // Known by what is left of it, so that the next plan tells the same refusal.
                let left = Change {
                    to: Fields::new(),
                    at_create: Fields::new(),
                    back: fields,
                    tags: TagChange::default(),
                    ..change.clone()
                };
                let mut letter = self.letter(change.kind, &change.id, change.contact(), &error);
                letter.shows.clone_from(&change.shows);
                letter.content = left.content();
                self.set_aside(batch, &row, letter)?;
                progress.tally.borrow_mut().rejected += 1;
            }
            None if !change.open => batch.delete(&LETTERS, &row),
            None => {}
        }
        batch.delete(&APART, &row);
        if let Some(left) = sent.left_behind {
            let apart = Apart {
                cause: Reason::Edited,
                title: change.title.clone(),
                contact: change.contact().map(str::to_owned),
                at: self.host.now(),
                content: String::new(),
                chartmogul: Some(left.clone()),
            };
            batch.put(&APART, &format!("{}/{left}", change.kind.name()), &apart)?;
        }
        if !sent.refused.is_empty() {
            let known: Option<FieldLetters> = self.keeper.get(&FIELDS, &row).await?;
            let mut letters = known.unwrap_or_default();
            self.tell_fields(&row, &letters.fields, &sent.refused);
            letters.fields.retain(|known| !sent.refused.iter().any(|new| new.field == known.field));
            letters.fields.extend(sent.refused);
            letters.at = self.host.now();
            letters.contact = change.contact().map(str::to_owned);
            batch.put(&FIELDS, &row, &letters)?;
            progress.tally.borrow_mut().refused_fields += 1;
        }
        Ok(())
    }

    /// What ChartMogul shows of a record that goes both ways, and of others where that is not what it was given.
    fn shown_otherwise(&self, change: &Change, shown: Option<Fields>, before: Fields) -> Fields {
        if mutants::is_on(Mutant::AnswerNotTakenIn) {
            return Fields::new();
        }
        if self.way_of(change.kind).comes_back() {
            let mut all = if change.there.is_empty() { before } else { change.there.clone() };
            // What was not written may wait for a person.
            let written: Vec<&str> =
                change.to.keys().flat_map(|name| kept_as(change.kind, name)).collect();
            let shown = shown.unwrap_or_default();
            if change.kind == Kind::Contact {
                // What no answer shows is known by what was given.
                all.retain(|name, _| !written.contains(&name.as_str()) || shown.contains_key(name));
            }
            for (name, value) in &shown {
                if change.makes() || written.contains(&name.as_str()) {
                    all.insert(name.clone(), kinds::mark(value));
                }
            }
            return all;
        }
        let Some(shown) = shown else { return before };
        let same = row_of(change).same;
        let otherwise = |name: &str, shown: &Value| {
            change.to.get(name).is_some_and(|given| !same(name, given, shown, self.settings))
        };
        let kept = select(&before, &|name, _| !change.to.contains_key(name));
        kinds::merged(&kept, &select(&shown, &otherwise))
    }

    /// What a new contact brings to its customer, beside its pair.
    async fn record_member(
        &self,
        progress: &Progress<'_>,
        batch: &mut Batch,
        change: &Change,
        pair: &Pair,
        known: Option<&Pair>,
    ) -> Result<()> {
        if !progress.work.ready.keeps_members(self.settings) {
            return Ok(());
        }
        let tables = &progress.work.tables;
        let staged = match &change.maker {
            Some(maker) => format!("new:{}:{maker}/{}", change.maker_kind.name(), change.id),
            None if change.role == Role::Customer && change.customer.is_none() => {
                format!("new:contact:{}/{}", change.id, change.id)
            }
            None => format!("{}/{}", pair.customer, change.id),
        };
        let member: Option<Member> = self.keeper.get(&tables.members, &staged).await?;
        if let Some(member) = member {
            batch.put(&MEMBERS, &format!("{}/{}", pair.customer, change.id), &member)?;
        }
        if let Some(known) = known.filter(|known| known.customer != pair.customer) {
            batch.delete(&MEMBERS, &format!("{}/{}", known.customer, change.id));
        }
        if change.role == Role::Customer && change.action == Action::Create {
            let own = select(&change.to, &|name, _| name.starts_with("attribute."));
            let shared = Shared {
                tags: change.tags.own.clone(),
                attributes: kinds::marks(&own),
                ..Shared::default()
            };
            batch.put(&SHARED, &pair.customer, &shared)?;
        }
        Ok(())
    }

    fn record_customer(&self, batch: &mut Batch, change: &Change, sent: &Sent) -> Result<()> {
        let customer = &sent.customer;
        let shared = Shared {
            tags: change.tags.own.clone(),
            attributes: change.base.clone(),
            kept: change.kept.clone(),
            differing: change.differing.clone(),
        };
        batch.put(&SHARED, customer, &shared)?;
        for (id, member) in change.members.iter() {
            batch.put(&MEMBERS, &format!("{customer}/{id}"), member)?;
        }
        for id in &change.left {
            batch.delete(&MEMBERS, &format!("{customer}/{id}"));
        }
        Ok(())
    }

    async fn record_failed(
        &self,
        progress: &Progress<'_>,
        batch: &mut Batch,
        change: &Change,
        error: Error,
    ) -> Result<()> {
        let row = change.row();
        let contact = change.contact().map(str::to_owned);
        if error.code.retryable() {
            progress.failures.set(progress.failures.get() + 1);
            // The service is unavailable: the plan stays, and the next run continues with it.
            if progress.failures.get() >= FAILURES_IN_A_ROW {
                return Err(error);
            }
        } else {
            progress.failures.set(0);
        }
        let of_ghl = error.service == Some(Service::Ghl);
        // A person deleted it in GHL: it is not made again.
        let child = change.kind.is_child();
        if of_ghl
            && error.code == Code::NotFound
            && change.comes_back()
            && !change.brings()
            && child
        {
            let known: Option<Pair> = self.keeper.get(&PAIRS, &row).await?;
            if let Some(pair) = known {
                self.note_deleted_here(batch, change.kind, &change.id, pair)?;
                batch.delete(&INTENTS, &row);
                progress.tally.borrow_mut().apart += 1;
                return Ok(());
            }
        }
        // Gone, in the service's own words: alone, or with its customer.
        if !of_ghl && error.code == Code::NotFound && !lacks_parent(&error) {
            let linked = !change.makes() && change.kind != Kind::Customer;
            let customer = change.customer.as_deref().unwrap_or_default();
            let stands = !customer.is_empty() && self.customer_is_there(customer).await?;
            let alone = linked && stands && change.role != Role::Customer;
            if alone && !mutants::is_on(Mutant::LinkOutlivesRecord) {
                let known: Option<Pair> = self.keeper.get(&PAIRS, &row).await?;
                if let Some(pair) = known {
                    self.note_deleted(batch, change.kind, &change.id, &pair)?;
                    progress.tally.borrow_mut().apart += 1;
                    return Ok(());
                }
            }
            // Its customer is gone: the next run looks at all links.
            if !stands {
                progress.look_again.set(true);
                if let Some(contact) = &contact {
                    batch.put(&AGAIN, contact, &progress.plan)?;
                }
            }
        }
        // Its source is gone: what was discovered is not true any more.
        let details = error.details.as_ref().map(crate::record::json).unwrap_or_default();
        let source_gone =
            error.code == Code::Rejected && change.makes() && details.contains("data_source_uuid");
        if source_gone {
            progress.look_again.set(true);
            batch.delete(&SCHEMA, "");
            if let Some(contact) = &contact {
                batch.put(&AGAIN, contact, &progress.plan)?;
            }
        }
        let orphaned = lacks_parent(&error);
        let may_follow = orphaned && self.business_may_follow(change, &error).await?;
        let mut letter = self.letter(change.kind, &change.id, contact.as_deref(), &error);
        letter.shows.clone_from(&change.shows);
        if orphaned {
            // Refused for its parent's sake and not for its content: to be tried again with it.
            letter.group = String::new();
            letter.cause = Reason::ParentApart;
        } else {
            letter.content = change.content();
        }
        if source_gone || (error.code == Code::NotFound && progress.look_again.get()) {
            letter.retryable = true;
            letter.group = String::new();
        }
        self.count_refusal(progress, change, &error);
        self.set_aside(batch, &row, letter)?;
        self.doubt(batch, change).await?;
        if !error.code.retryable() && !outcome_is_open(&error) {
            match change.makes() {
                // Even a refusal may have written. The next try looks before it sends.
                true => self.note_answered(batch, &row).await?,
                false => batch.delete(&INTENTS, &row),
            }
        }
        let again = error.code.retryable() || outcome_is_open(&error) || may_follow;
        if let (true, Some(contact)) = (again, &contact) {
            batch.put(&AGAIN, contact, &progress.plan)?;
        }
        // A full pass meets it again, and tries it with others of its group.
        if let (false, true, Some(uuid)) = (again, change.brings(), &change.uuid) {
            batch.delete(&INCOMING, &of(change.kind, uuid));
        }
        progress.tally.borrow_mut().rejected += 1;
        Ok(())
    }

    /// A person has changed the record since the plan was made: the next run compares it again.
    fn compare_again(
        &self,
        batch: &mut Batch,
        progress: &Progress<'_>,
        change: &Change,
    ) -> Result<()> {
        let row = change.row();
        let contact = change.contact().map(str::to_owned);
        let reason =
            "a person has changed it since the plan was made: the next run compares it again";
        let error = Error::new(Code::ServiceUnavailable, reason).of(Service::Ghl);
        let letter = self.letter(change.kind, &change.id, contact.as_deref(), &error);
        self.set_aside(batch, &row, letter)?;
        if let Some(contact) = &contact {
            batch.put(&AGAIN, contact, &progress.plan)?;
        }
        batch.delete(&INTENTS, &row);
        progress.tally.borrow_mut().rejected += 1;
        Ok(())
    }

    /// Notes that what was begun is under way no more: it was answered, or never sent.
    async fn note_answered(&self, batch: &mut Batch, row: &str) -> Result<()> {
        let intent: Option<Intent> = self.keeper.get(&INTENTS, row).await?;
        match intent {
            Some(intent) => batch.put(&INTENTS, row, &Intent { answered: true, ..intent }),
            None => Ok(()),
        }
    }

    /// Whether a change that failed for want of the service is tried again by this run: a record that
    /// fails while others do not, a few times; all of them, as long as the run is patient.
    fn waits(&self, progress: &Progress<'_>, change: &Change, error: &Error) -> bool {
        if !error.code.retryable() || outcome_is_open(error) || lacks_parent(error) {
            return false;
        }
        let now = self.host.monotonic();
        let failures = progress.failures.get();
        if failures == 0 {
            progress.failing_since.set(now);
        }
        let row = change.row();
        let patient = now.saturating_sub(progress.failing_since.get()) < self.settings.patience_ms
            && !mutants::is_on(Mutant::ShortOfBreath);
        if failures + 1 >= FAILURES_IN_A_ROW {
            if patient {
                let pause = error.retry_after_ms.unwrap_or(0).max(PAUSE_MS);
                progress.paused_until.set(now + pause);
                progress.failures.set(failures + 1);
                progress.postpone(row, now + pause);
            }
            return patient;
        }
        let again = patient && progress.count_try(&row) < MOST_TRIES;
        if again {
            progress.failures.set(failures + 1);
            progress.postpone(row, now + PAUSE_MS);
        }
        again
    }

    /// Equal refusals in a row say more about the endpoint than about the records.
    fn count_refusal(&self, progress: &Progress<'_>, change: &Change, error: &Error) {
        if error.code.retryable() || lacks_parent(error) || error.message.starts_with("not sent") {
            return;
        }
        let group = group_of(error);
        let mut refusals = progress.refusals.borrow_mut();
        if refusals.0 == group {
            refusals.1 += 1;
        } else {
            *refusals = (group, 1);
        }
        if refusals.1 >= REFUSALS_IN_A_ROW {
            progress.blocked.borrow_mut().push((change.kind, error.clone()));
            self.host.emit(Event::Warning {
                code: error.code.text(),
                message: format!(
                    "{REFUSALS_IN_A_ROW} {}s in a row were refused: this run sends no more of them",
                    change.kind.name()
                ),
            });
        }
    }

    /// Notes that ChartMogul may hold an update's new values or the old ones: it failed, or its plan
    /// was dropped, perhaps after it was sent. With a null as their base those fields are written
    /// again, even when GHL holds the old values again by then.
    pub(in crate::sync) async fn doubt(&self, batch: &mut Batch, change: &Change) -> Result<()> {
        if change.makes() {
            return Ok(());
        }
        if change.kind == Kind::Customer {
            let Some(customer) = &change.customer else { return Ok(()) };
            let known: Option<Shared> = self.keeper.get(&SHARED, customer).await?;
            let mut shared = known.unwrap_or_default();
            empty(&mut shared.attributes, &change.to);
            // A tag that may be there must be removable.
            let possible = change.tags.own.iter().chain(&change.tags.remove);
            shared.tags = possible.chain(&shared.tags).cloned().collect();
            tidy(&mut shared.tags);
            return batch.put(&SHARED, customer, &shared);
        }
        let known: Option<Pair> = self.keeper.get(&PAIRS, &change.row()).await?;
        let Some(mut pair) = known else { return Ok(()) };
        empty(&mut pair.base, &change.to);
        batch.put(&PAIRS, &change.row(), &pair)
    }

    /// Whether a contact failed for a business that the next run may bring: one that failed for a
    /// while, or that GHL did not list yet. One that it did not list the second time either is gone,
    /// and would cost a call in each run. A note or a task comes again with its contact anyway.
    async fn business_may_follow(&self, change: &Change, error: &Error) -> Result<bool> {
        let business = change
            .maker
            .as_deref()
            .filter(|_| change.kind == Kind::Contact && change.maker_kind == Kind::Business);
        let Some(business) = business else { return Ok(false) };
        let letters: Vec<Option<DeadLetter>> =
            self.keeper.get_all(&LETTERS, &[of(Kind::Business, business), change.row()]).await?;
        let [of_business, of_contact] = letters.as_slice() else { return Ok(false) };
        Ok(match of_business {
            Some(letter) => letter.retryable,
            None => of_contact.as_ref().is_none_or(|letter| letter.reason != error.message),
        })
    }
}

fn cut_short() -> Error {
    Error::new(Code::Aborted, "the run ended while it waited")
}

/// Sets to null what a base holds of the fields that a change writes.
fn empty(base: &mut Fields, written: &Fields) {
    for name in written.keys() {
        if let Some(value) = base.get_mut(name) {
            *value = Value::Null;
        }
    }
}

/// The fields that stay ChartMogul's after a change.
fn kept_after(first: bool, change: &Change, mut before: Vec<String>) -> Vec<String> {
    if first {
        return change.kept.clone();
    }
    for name in &change.kept {
        if !before.contains(name) {
            before.push(name.clone());
        }
    }
    before
}

/// Notes how fast notes are read in turn, and what the rest of a run takes.
pub(in crate::sync) fn note_pace(
    run: &Run,
    planned_before: u64,
    with_contacts: bool,
    pace: &mut Pace,
) {
    let began = run.plan.created_at;
    if pace.sweep_at == 0 || run.all_notes {
        pace.sweep_at = began;
    } else if run.share_ms > 0 {
        pace.sweep_at = (pace.sweep_at + run.share_ms).min(began);
    }
    let usual = run.plan.read_calls.ghl.saturating_sub(run.note_lists);
    match run.plan.pass {
        Pass::Full => {
            pace.listed = run.listed.clone();
            pace.walk_calls = usual;
            pace.task_pages = run.task_pages;
        }
        Pass::Incremental => pace.usual_calls = usual,
    }
    for (kind, number) in run.plan.calls_by_kind.iter() {
        let made = kind.strip_prefix("chartmogul.").and_then(|name| name.strip_suffix(".create"));
        if let Some(made) = made {
            *pace.listed.or_default(&format!("{made}.list")) += number;
            if with_contacts && made == "customers" {
                *pace.listed.or_default("contacts.list") += number;
            }
        }
    }
    if planned_before > 0 && began > planned_before {
        pace.interval_ms = began - planned_before;
    }
}
