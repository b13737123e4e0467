//! The engine's own rules for reading a location, for the queue model of many locations: what the model
//! uses is what the engine does. Left out of the module.

use super::cost;
use super::engine::RECORDS_A_PAGE;
use super::model::plan::{Calls, Pass, Plan};
use super::model::state::{Pace, Run};
use super::passes::{self, Walks};
use super::read::contacts::CONTACTS_A_PAGE;
use super::read::sweep::{self, Budget};
use super::read::tasks::TASKS_A_PAGE;
use super::write::apply::note_pace;
use crate::dates::DAY_MS;

/// Records on a page of GHL's contacts.
pub const GHL_CONTACTS_A_PAGE: u64 = CONTACTS_A_PAGE;
/// Records on a page of ChartMogul's lists.
pub const CHARTMOGUL_A_PAGE: u64 = RECORDS_A_PAGE;
/// Lists of notes under way at once.
pub const NOTE_LISTS_AT_ONCE: u64 = sweep::CONTACTS_A_STEP as u64;
/// Calls that a ChartMogul account takes in a day.
pub const ACCOUNT_CALLS_A_DAY: u64 = passes::ACCOUNT_CALLS_A_DAY;

/// Requests for a location's list of tasks.
pub fn pages_of_tasks(tasks: u64) -> u64 {
    cost::pages_to_the_end(tasks, TASKS_A_PAGE)
}

/// How a location is read: settings and what its runs have found out.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The setting `fullPassHours`.
    pub full_pass_hours: u32,
    /// The setting `dailyCalls`.
    pub daily_calls: Option<u32>,
    pace: Pace,
    /// When the run before the last began.
    planned_at: u64,
}

/// A location's calls to GHL in the day that has begun.
#[derive(Debug, Clone, Copy)]
pub struct Day {
    /// The quota of a day.
    pub limit: u64,
    /// Calls sent in it.
    pub spent: u64,
    /// Milliseconds until it ends.
    pub rest_ms: u64,
}

/// A run as far as the rules look at it.
#[derive(Debug, Clone, Copy)]
pub struct RunFigures {
    /// When it began.
    pub began: u64,
    /// Whether it walked all lists.
    pub full: bool,
    /// GHL calls, lists of notes included.
    pub ghl_calls: u64,
    /// Lists of notes among them.
    pub note_lists: u64,
    /// Pages of tasks among them.
    pub task_pages: u64,
    /// The time that its share of notes stands for, in milliseconds.
    pub share_ms: u64,
}

impl Rules {
    /// Of a location that no run has read.
    pub fn new(full_pass_hours: u32, daily_calls: Option<u32>) -> Self {
        Self { full_pass_hours, daily_calls, pace: Pace::default(), planned_at: 0 }
    }

    /// Most calls a day.
    pub fn daily(&self, limit: Option<u64>) -> Option<u64> {
        sweep::daily_calls(self.daily_calls, limit)
    }

    /// Whether a run that begins now walks all lists; `of_account`: ChartMogul calls that a pass of each
    /// location on the account takes.
    pub fn is_full_pass_due(
        &self,
        last: Option<u64>,
        now: u64,
        limit: Option<u64>,
        of_account: u64,
    ) -> bool {
        let walks = Walks { of_location: self.pace.walk_calls, of_account };
        let hours = passes::hours_between(self.full_pass_hours, walks, self.daily(limit));
        last.is_none_or(|last| passes::is_due(last, now, hours, self.pace.interval_ms))
    }

    /// Hours between two full passes where those of all locations take so much of a ChartMogul account.
    pub fn hours_between_passes(full_pass_hours: u32, of_account: u64) -> u64 {
        passes::hours_between(full_pass_hours, Walks { of_location: 0, of_account }, None)
    }

    fn budget(&self, day: Day) -> Option<Budget> {
        let daily = self.daily(Some(day.limit))?;
        let remaining = day.limit.saturating_sub(day.spent);
        let left = sweep::left_today(daily, day.spent, Some((remaining, day.limit)));
        Some(Budget::new(daily, left, day.rest_ms, &self.pace))
    }

    /// Changed contacts whose notes may be read now.
    pub fn for_changed(&self, day: Day) -> u64 {
        self.budget(day)
            .map_or(u64::MAX, |budget| budget.left - sweep::reserve(budget.left, self.pace.swept))
    }

    /// Contacts whose notes may be read in turn now, those that waited included.
    pub fn left_in_turn(&self, day: Day) -> u64 {
        self.budget(day).map_or(u64::MAX, |budget| budget.left_in_turn)
    }

    /// The share of a run that began then: how many contacts, and the time that they stand for.
    pub fn share(&self, began: u64, day: Day) -> (u64, u64) {
        sweep::share(&self.pace, self.full_pass_hours, began, self.budget(day))
    }

    /// The hours that `status` promises for a note that moves no date.
    pub fn promised(&self, waiting: u64, limit: u64) -> u64 {
        let whole = Day { limit, spent: 0, rest_ms: DAY_MS };
        sweep::promised(&self.pace, self.full_pass_hours, waiting, self.budget_of_whole(whole))
    }

    fn budget_of_whole(&self, day: Day) -> Option<Budget> {
        let daily = self.daily(Some(day.limit))?;
        Some(Budget::new(daily, daily, day.rest_ms, &self.pace))
    }

    /// Takes in a run that has ended, and how many contacts are read in turn by then.
    pub fn note(&mut self, figures: RunFigures, swept: u64) {
        self.pace.swept = swept;
        let pass = if figures.full { Pass::Full } else { Pass::Incremental };
        let run = Run {
            plan: Plan {
                created_at: figures.began,
                pass,
                read_calls: Calls { ghl: figures.ghl_calls, chartmogul: 0 },
                ..Plan::default()
            },
            note_lists: figures.note_lists,
            task_pages: figures.task_pages,
            share_ms: figures.share_ms,
            ..Run::default()
        };
        note_pace(&run, self.planned_at, false, &mut self.pace);
        self.planned_at = self.planned_at.max(figures.began);
    }
}
