//! Which contacts' notes a run reads: GHL has no bulk read of notes, so each contact's cost a call. Those
//! of contacts that changed are read at once, the others in turn, oldest reading first: a share in each
//! run, so that all are read within `fullPassHours` or as fast as the day's calls allow.

use std::cell::Cell;

use serde::Serialize;

use super::super::engine::{Engine, Step, gather, one};
use super::super::model::ahead::Found;
use super::super::model::pair::{Kind, Pair};
use super::super::model::plan::Pass;
use super::super::model::staged::{Home, Reading};
use super::super::model::standing::{DeadLetter, LetterKind, Reason};
use super::super::model::state::{Pace, Run};
use super::super::state::keeper::Batch;
use super::super::state::tables::{AGAIN, LETTERS, PACE, PAIRS, READINGS, RunTables, TURNS};
use super::super::state::tables::{of, of_list};
use super::super::work::{Day, Work};
use crate::dates::{DAY_MS, HOUR_MS};
use crate::error::{Code, Result};
use crate::host::Host;
use crate::mutants::{self, Mutant};
use crate::record::Json;

/// Contacts whose notes are read in one step: one that the quota cuts off is read again.
pub(in crate::sync) const CONTACTS_A_STEP: usize = 10;
/// Rows looked at together where nothing is asked for.
const ROWS_A_STEP: usize = 500;

/// So few contacts are read at once with the rest of a plan.
const FEW: usize = 5;

/// A contact whose notes are to be read, and when it had changed last.
type Wanted = (String, i64);

/// The row of a contact's turn. Those that wait are first, in the order in which they began to: their
/// instants are in seconds.
fn turn(at: u64, contact: &str) -> String {
    format!("{at:013}-{contact}")
}

/// What the rows begin with of contacts that wait.
const WAITS: &str = "000";

/// The instant of a contact that waits from now on.
const fn waits_since(now_ms: u64) -> u64 {
    now_ms / 1_000
}

/// No instant in seconds is later.
const LAST_WAIT: u64 = 9_999_999_999;

const fn waits(at: u64) -> bool {
    at <= LAST_WAIT
}

/// How a location's calls to GHL are to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sync) struct Budget {
    /// Calls a day that go to notes in turn.
    pub(in crate::sync) for_notes: u64,
    /// Calls left today for contacts that changed.
    pub(in crate::sync) left: u64,
    /// Calls left today for all others.
    pub(in crate::sync) left_in_turn: u64,
}

impl Budget {
    /// The budget of a day of which so much is left, in calls and in time. What runs take beside notes
    /// in turn is set apart, but notes always move.
    pub(in crate::sync) fn new(daily: u64, left: u64, rest_ms: u64, pace: &Pace) -> Self {
        let runs = DAY_MS / pace.interval_ms.clamp(60_000, DAY_MS);
        let usual = pace.usual_calls.saturating_mul(runs).min(daily * 6 / 10);
        let for_notes = (daily * 8 / 10).saturating_sub(usual);
        let yet_to_come = |calls: u64| calls * rest_ms.min(DAY_MS) / DAY_MS;
        Self {
            for_notes,
            left: left.saturating_sub(yet_to_come(usual)),
            left_in_turn: left.saturating_sub(yet_to_come(daily - for_notes)),
        }
    }
}

/// Calls a day: as the setting says, else half of the quota.
pub(in crate::sync) fn daily_calls(set: Option<u32>, limit: Option<u64>) -> Option<u64> {
    set.map(u64::from).or_else(|| limit.map(|limit| (limit / 2).max(1)))
}

/// What is left of the day's calls. What others use up is not ours, and a tenth of GHL's quota, here
/// with what remains of it, is left to them.
pub(in crate::sync) fn left_today(daily: u64, spent: u64, quota: Option<(u64, u64)>) -> u64 {
    let left = daily.saturating_sub(spent);
    quota.map_or(left, |(remaining, limit)| left.min(remaining.saturating_sub(limit / 10)))
}

/// What is set apart for contacts that wait longer, of what is left for those that changed.
pub(in crate::sync) fn reserve(left: u64, swept: u64) -> u64 {
    swept.min(left / 4)
}

/// How many contacts are read in turn by a run that begins now, and the time that they stand for.
pub(in crate::sync) fn share(
    pace: &Pace,
    hours: u32,
    now: u64,
    budget: Option<Budget>,
) -> (u64, u64) {
    let period = u64::from(hours) * HOUR_MS;
    // A clock that went wrong must not put off what is due.
    let begins = pace.sweep_at == 0 || pace.sweep_at > now;
    let since = if begins { period.max(DAY_MS) } else { now - pace.sweep_at };
    let all = since >= period || pace.swept == 0;
    let (mut number, mut time) = if all {
        (pace.swept, since)
    } else {
        let number = pace.swept * since / period;
        (number, (number * period).div_ceil(pace.swept))
    };
    if let Some(budget) = budget {
        let most = budget.for_notes * since.min(DAY_MS) / DAY_MS;
        if most < number {
            number = most;
            time = since;
        }
    }
    (number, time)
}

/// The hours within which a note that does not move its contact's date is read, whenever it is written.
pub(in crate::sync) fn promised(
    pace: &Pace,
    hours: u32,
    waiting: u64,
    budget: Option<Budget>,
) -> u64 {
    let round = u64::from(hours) * HOUR_MS;
    let (round, wait) = match budget {
        None => (round, 0),
        Some(budget) => {
            let a_day = budget.for_notes.max(1);
            let by_calls = pace.swept * DAY_MS / a_day;
            // What is cut off by the end of a day continues on the next.
            let day = if by_calls > round { DAY_MS } else { 0 };
            (round.max(by_calls), waiting * DAY_MS / a_day + day)
        }
    };
    // A quarter more, for what cannot be read at once and for runs that come late.
    ((round + wait) * 5 / 4 + 2 * pace.interval_ms.max(HOUR_MS)).div_ceil(HOUR_MS)
}

/// How fresh the notes of GHL are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema))]
pub struct NotesStatus {
    /// Contacts whose notes are read.
    pub contacts: u64,
    /// Of those, how many wait for the calls of the next days: they are new, or have changed.
    pub waiting: u64,
    /// Hours since the notes of any contact were read, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours_old: Option<u64>,
    /// Hours within which a changed note is found, whether its contact's date moves or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within_hours: Option<u64>,
}

impl<H: Host> Engine<'_, H> {
    /// How the day's calls are to be used; `None` where nobody has told a limit.
    pub(in crate::sync) fn budget_of_day(&self, work: &Work) -> Option<Budget> {
        let now = self.host.now();
        let daily = self.daily_calls()?;
        let told = self.quota_of_day().and_then(|quota| Some((quota.remaining, quota.limit?)));
        let left = left_today(daily, self.spent(work), told);
        Some(Budget::new(daily, left, self.day_ends() - now, &work.pace))
    }

    /// Whether the day's calls are used up.
    pub(in crate::sync) fn is_spent(&self, work: &Work) -> bool {
        let daily = self.daily_calls();
        daily.is_some_and(|daily| self.spent(work) >= daily)
    }

    /// The day's calls to GHL of all that use this store. A run that passes the end of a day knows only
    /// its own process's of the new one.
    fn spent(&self, work: &Work) -> u64 {
        let now = self.host.now();
        match now < work.day.ends {
            true => work.day.others_spent + self.own_calls(),
            false => self.ghl.account().today(now).total(),
        }
    }

    /// The day, as a run finds it.
    pub(in crate::sync) async fn day(&self) -> Result<Day> {
        let own = self.own_calls();
        let others_spent = self.today().await?.ours.saturating_sub(own);
        Ok(Day { others_spent, ends: self.day_ends(), reserve: Cell::default() })
    }

    /// Calls to GHL that this engine has sent.
    fn own_calls(&self) -> u64 {
        self.ghl.calls().saturating_sub(self.ghl_before)
    }

    /// Calls a day: as the setting says, else half of the quota.
    pub(in crate::sync) fn daily_calls(&self) -> Option<u64> {
        daily_calls(self.settings.daily_calls, self.quota_limit())
    }

    /// Calls left today for contacts that changed. What is for those that wait longer is set apart once:
    /// else it would shrink with each look.
    pub(in crate::sync) fn left_for_changed(&self, work: &Work) -> u64 {
        let Some(budget) = self.budget_of_day(work) else { return u64::MAX };
        let reserve =
            work.day.reserve.get().unwrap_or_else(|| reserve(budget.left, work.pace.swept));
        work.day.reserve.set(Some(reserve));
        budget.left.saturating_sub(reserve)
    }

    /// GHL's notes of the contacts that are to be read at once. Those for which the day's calls do not
    /// last are the first of the next. A run in parts leaves them to its later parts at first, and then
    /// takes what was read ahead.
    pub(in crate::sync) async fn read_notes(&self, run: &mut Run, work: &Work) -> Result<Step> {
        if run.in_parts && run.part == 0 {
            let few = self.keeper.scan(&work.tables.wanted, "", None, FEW + 1).await?.len() <= FEW;
            if !few && run.plan.guard.is_none() {
                run.more = true;
                return Ok(self.done());
            }
            run.in_parts = false;
        }
        let mut batch = self.keeper.batch();
        let rows: Vec<Wanted> = match &work.ahead {
            Some(ahead) => {
                let found = self.contacts_ahead(work, ahead, &mut batch).await?;
                let rows = self.keeper.get_all(&work.tables.wanted, &found).await?;
                found.into_iter().zip(rows.into_iter().map(Option::unwrap_or_default)).collect()
            }
            None => Vec::new(),
        };
        let left = if rows.is_empty() { self.left_for_changed(work) } else { u64::MAX };
        let most = if left == 0 { ROWS_A_STEP } else { CONTACTS_A_STEP };
        let rows = match rows.is_empty() {
            true => self.keeper.scan(&work.tables.wanted, "", None, most).await?,
            false => rows,
        };
        for (id, _) in &rows {
            batch.delete(&work.tables.wanted, id);
        }
        run.done += rows.len() as u64;
        run.total = run.plan.read.get(Kind::Contact.name()).copied().unwrap_or(0);
        let now = usize::try_from(left).unwrap_or(usize::MAX).min(rows.len());
        let (now, later) = rows.split_at(now);
        self.put_off(&mut batch, later).await?;
        let ids: Vec<&String> = now.iter().map(|(id, _)| id).collect();
        let homes = self.homes_of(work, Kind::Contact, &ids).await?;
        let settled = now.iter().cloned().zip(homes);
        let settled =
            settled.filter_map(|(wanted, home)| Some((wanted, home.filter(Home::is_settled)?)));
        self.list_notes(run, work, settled.collect(), &mut batch).await?;
        // A part only for what was put off would do nothing.
        let end = rows.is_empty();
        run.more = run.in_parts && !end;
        Ok(Step { batch, done: end || (run.in_parts && later.is_empty()) })
    }

    /// Puts contacts before all others whose notes are read in turn.
    async fn put_off(&self, batch: &mut Batch, contacts: &[Wanted]) -> Result<()> {
        let ids: Vec<&String> = contacts.iter().map(|(id, _)| id).collect();
        let known: Vec<Option<Reading>> = self.keeper.get_all(&READINGS, &ids).await?;
        for ((id, updated), known) in contacts.iter().zip(known) {
            let mut at = waits_since(self.host.now());
            if let Some(known) = known {
                batch.delete(&TURNS, &turn(known.at, id));
                at = known.at.min(at);
            }
            batch.put(&TURNS, &turn(at, id), &true)?;
            batch.put(&READINGS, id, &Reading { at, updated: *updated })?;
        }
        Ok(())
    }

    /// GHL's notes of contacts in turn: those that were put off, then the run's share of the others.
    pub(in crate::sync) async fn sweep_notes(&self, run: &mut Run, work: &Work) -> Result<Step> {
        let budget = self.budget_of_day(work);
        if run.cursor.is_none() {
            let hours = self.settings.full_pass_hours;
            (run.share, run.share_ms) = share(&work.pace, hours, run.plan.created_at, budget);
        }
        let left = budget.map_or(u64::MAX, |budget| budget.left_in_turn);
        let before = run.cursor.clone();
        let rows = self.next_rows(run, &TURNS, "", CONTACTS_A_STEP).await?;
        let Some(rows) = rows else { return Ok(self.done()) };
        let mut batch = self.keeper.batch();
        let ids: Vec<&str> = rows.iter().filter_map(|(row, _)| row.get(14..)).collect();
        let known: Vec<Option<Reading>> = self.keeper.get_all(&READINGS, &ids).await?;
        let read: Vec<Option<Reading>> = self.keeper.get_all(&work.tables.readings, &ids).await?;
        let lists: Vec<String> = ids.iter().map(|id| of_list(id)).collect();
        let unread: Vec<Option<DeadLetter>> = self.keeper.get_all(&LETTERS, &lists).await?;
        let at_once: Vec<Option<i64>> = self.keeper.get_all(&work.tables.wanted, &ids).await?;
        let homes = self.homes_of(work, Kind::Contact, &ids).await?;
        let mut wanted: Vec<(Wanted, Home)> = Vec::new();
        run.cursor = before;
        let mut done = false;
        let elsewhere = read.into_iter().zip(unread).zip(at_once);
        for ((((row, _), id), known), (((read, unread), at_once), home)) in
            rows.iter().zip(ids).zip(known).zip(elsewhere.zip(homes))
        {
            // What could not be read is read again with its contact.
            if read.is_none() && unread.is_none() && at_once.is_none() {
                let known = known.unwrap_or_default();
                // It belongs to nobody any more, or an old row was left.
                let is_current = turn(known.at, id) == *row;
                let home = home.filter(|home| is_current && home.is_settled());
                if let Some(home) = home {
                    let in_turn = !waits(known.at);
                    let exhausted = wanted.len() as u64 >= left;
                    if exhausted || (in_turn && run.share == 0) {
                        done = true;
                        break;
                    }
                    run.share -= u64::from(in_turn);
                    run.overdue += u64::from(!in_turn);
                    wanted.push(((id.to_owned(), known.updated), home));
                } else {
                    batch.delete(&TURNS, row);
                    if is_current {
                        batch.delete(&READINGS, id);
                    }
                }
            }
            run.cursor = Some(row.clone());
        }
        run.done += wanted.len() as u64;
        self.list_notes(run, work, wanted, &mut batch).await?;
        Ok(Step { batch, done })
    }

    /// Reads the notes of contacts that have a customer, a call each.
    async fn list_notes(
        &self,
        run: &mut Run,
        work: &Work,
        settled: Vec<(Wanted, Home)>,
        batch: &mut Batch,
    ) -> Result<()> {
        let answers = gather(&settled, CONTACTS_A_STEP, async |(wanted, _)| {
            match work.ahead.as_ref().and_then(|ahead| ahead.take(&wanted.0)) {
                Some(found) => found,
                None => Found {
                    items: self.ghl_list("notes.list", one("contactId", &wanted.0)).await,
                    at: self.host.now(),
                },
            }
        })
        .await;
        let mut read: Vec<(String, Vec<Json>)> = Vec::new();
        for (((contact, updated), _), Found { at, items }) in settled.iter().zip(answers) {
            let list = of_list(contact);
            match items {
                Ok(items) => {
                    run.failures = 0;
                    run.plan.least_read_calls.ghl += 1;
                    // Calls of later parts count with carrying out.
                    run.note_lists += u64::from(!work.reads_ahead());
                    batch.delete(&LETTERS, &list);
                    let reading = Reading { at, updated: *updated };
                    batch.put(&work.tables.readings, contact, &reading)?;
                    read.push((contact.clone(), items));
                }
                Err(error) if error.code.ends_run() => return Err(error),
                Err(_) if mutants::is_on(Mutant::UnreadIsEmpty) => {}
                Err(error) => {
                    if error.code == Code::NotFound && self.is_gone(contact).await? {
                        self.note_gone(batch, contact).await?;
                        continue;
                    }
                    run.failures += 1;
                    *run.plan.unread.or_default(Kind::Note.name()) += 1;
                    let mut letter = self.letter(Kind::Note, contact, Some(contact), &error);
                    letter.kind = LetterKind::List;
                    letter.cause = Reason::Unread;
                    letter.retryable = true;
                    letter.group = String::new();
                    letter.reason = format!("its notes could not be read: {}", error.message);
                    self.set_aside(batch, &list, letter)?;
                    batch.put(&AGAIN, contact, &run.plan.id)?;
                }
            }
        }
        let homes: Vec<(String, Home)> =
            settled.into_iter().map(|((id, _), home)| (id, home)).collect();
        self.stage_notes(run, work, &homes, read, batch).await
    }

    /// Whether GHL says itself that a contact is gone.
    async fn is_gone(&self, contact: &str) -> Result<bool> {
        match self.ghl_value("contacts.get", one("contactId", contact)).await {
            Err(error) if error.code == Code::NotFound => Ok(true),
            Err(error) if error.code.ends_run() => Err(error),
            _ => Ok(false),
        }
    }

    async fn note_gone(&self, batch: &mut Batch, contact: &str) -> Result<()> {
        let key = of(Kind::Contact, contact);
        if let Some(pair) = self.keeper.get(&PAIRS, &key).await? {
            batch.put(&PAIRS, &key, &Pair { gone: Some(self.host.now()), ..pair })?;
        }
        if let Some(known) = self.keeper.get(&READINGS, contact).await? {
            batch.delete(&TURNS, &turn(known.at, contact));
            batch.delete(&READINGS, contact);
        }
        Ok(())
    }

    /// Takes over when a run has read which contacts' notes, now that its plan is carried out.
    pub(in crate::sync) async fn keep_readings(
        &self,
        run: &mut Run,
        tables: &RunTables,
        pace: &mut Pace,
    ) -> Result<()> {
        let mut pages = self.keeper.pages(&tables.readings, ROWS_A_STEP);
        while let Some(rows) = pages.next().await? {
            let mut batch = self.keeper.batch();
            let ids: Vec<&String> = rows.iter().map(|(id, _)| id).collect();
            let known: Vec<Option<Reading>> = self.keeper.get_all(&READINGS, &ids).await?;
            for ((id, reading), known) in rows.iter().zip(known) {
                match known {
                    Some(known) => batch.delete(&TURNS, &turn(known.at, id)),
                    None => pace.swept += 1,
                }
                batch.put(&TURNS, &turn(reading.at, id), &true)?;
                batch.put(&READINGS, id, reading)?;
                batch.delete(&tables.readings, id);
            }
            batch.put(&PACE, "", pace)?;
            self.keeper.commit(batch).await?;
        }
        run.overdue = 0;
        if run.only.is_empty() && run.plan.pass == Pass::Full && !run.more {
            pace.swept = self.keeper.count(&TURNS, "").await?;
        }
        Ok(())
    }

    /// Contacts whose notes wait for the calls of the next days, beside those that this run has read.
    pub(in crate::sync) async fn count_waiting(&self, run: &Run) -> Result<u64> {
        Ok(self.keeper.count(&TURNS, WAITS).await?.saturating_sub(run.overdue))
    }

    /// How old readings are, and how soon a change is found: for `status`.
    pub(in crate::sync) async fn notes_status(&self, pace: &Pace) -> Result<NotesStatus> {
        let waiting = self.keeper.count(&TURNS, WAITS).await?;
        let first = self.keeper.scan(&TURNS, "", Some(&turn(LAST_WAIT, "~")), 1).await?;
        let oldest = first.first().and_then(|(row, _)| row.get(..13)?.parse::<u64>().ok());
        let now = self.host.now();
        let hours_old = oldest.map(|at| now.saturating_sub(at).div_ceil(HOUR_MS));
        let budget = self.daily_calls().map(|daily| Budget::new(daily, daily, DAY_MS, pace));
        let within_hours = (pace.swept > 0)
            .then(|| promised(pace, self.settings.full_pass_hours, waiting, budget));
        Ok(NotesStatus { contacts: pace.swept, waiting, hours_old, within_hours })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(swept: u64, hours_ago: u64) -> (Pace, u64) {
        let now = 100 * DAY_MS;
        let sweep_at = now - hours_ago * HOUR_MS;
        (Pace { swept, sweep_at, interval_ms: HOUR_MS, ..Pace::default() }, now)
    }

    #[test]
    fn a_run_takes_the_share_of_the_time_since_the_last() {
        let (pace, now) = pace(240, 6);
        assert_eq!(share(&pace, 24, now, None), (60, 6 * HOUR_MS));
        // What is less than a contact is not lost: it counts for the next run.
        let (few, now) = self::pace(7, 5);
        assert_eq!(share(&few, 24, now, None), (1, 24 * HOUR_MS / 7 + 1));
    }

    #[test]
    fn after_a_long_pause_and_at_first_all_are_due() {
        let (pace, now) = pace(240, 700);
        assert_eq!(share(&pace, 24, now, None).0, 240);
        assert_eq!(share(&Pace { sweep_at: 0, ..pace.clone() }, 24, now, None).0, 240);
        // A clock that was ahead.
        assert_eq!(share(&Pace { sweep_at: now + DAY_MS, ..pace.clone() }, 24, now, None).0, 240);
        // Each run is a full pass.
        assert_eq!(share(&pace, 0, now, None).0, 240);
    }

    #[test]
    fn the_days_calls_limit_the_share_evenly_over_the_day() {
        let (pace, now) = pace(20_000, 6);
        let pace = Pace { usual_calls: 2, ..pace };
        let budget = Budget::new(5_000, 5_000, DAY_MS, &pace);
        assert_eq!(budget.for_notes, 4_000 - 24 * 2);
        assert_eq!(share(&pace, 24, now, Some(budget)), (3_952 / 4, 6 * HOUR_MS));
        // However much else is read, a fifth is left to notes.
        let busy = Pace { usual_calls: 1_000, ..pace };
        assert_eq!(Budget::new(5_000, 5_000, DAY_MS, &busy).for_notes, 1_000);
    }

    #[test]
    fn what_is_promised_follows_the_quota() {
        let (pace, _) = pace(240, 6);
        assert_eq!(promised(&pace, 24, 0, None), 32);
        let budget = Budget::new(100, 100, DAY_MS, &pace);
        assert_eq!(budget.for_notes, 80);
        // 3 days for all, a day for those that wait before them, and one that ends too early.
        assert_eq!(promised(&pace, 24, 80, Some(budget)), (24 * 5 * 5) / 4 + 2);
    }
}
