//! What reading a location costs, before it is spent: a first load, a sweep, a day, a usual run, each
//! by kind of call. Asks no service: it follows from counts.

use serde::Serialize;

use super::engine::RECORDS_A_PAGE;
use super::model::plan::{Calls, CallsByKind, kind_of_call};
use super::model::state::Pace;
use super::passes::{Walks, hours_between};
use super::read::contacts::{BUSINESSES_A_PAGE, CONTACTS_A_PAGE};
use super::read::sweep::{Budget, share};
use super::read::tasks::TASKS_A_PAGE;
use crate::dates::{DAY_MS, HOUR_MS};
use crate::error::Service;
use crate::http::{FALLBACK_SIZES, Quota};
use crate::mapping::settings::{Anchor, Object, Settings};
use crate::named::Named;

/// How many records a location and an account have.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "RecordCounts"))]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// GHL's contacts.
    pub contacts: u64,
    /// Of those, the ones whose notes are read; all of them before the first load.
    pub with_notes: u64,
    /// GHL's tasks, where tasks are synced.
    pub tasks: u64,
    /// Of those, the open ones.
    pub open_tasks: u64,
    /// GHL's businesses, where they are customers.
    pub businesses: u64,
    /// Records in ChartMogul's lists, by endpoint.
    pub in_chartmogul: Named<u64>,
}

/// What some reading costs.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "ReadingCost"))]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// Calls by service.
    pub calls: Calls,
    /// The same by kind.
    pub calls_by_kind: CallsByKind,
    /// Days that it takes inside `dailyCalls`, where those are known; 1 of what is read in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<u64>,
}

/// What reading a location costs, estimated from counts.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(feature = "reference", derive(schemars::JsonSchema), schemars(rename = "SyncCost"))]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// Whether the location was synced before; its first load is then what a new store would take.
    pub synced: bool,
    /// What it was estimated from.
    pub counts: Counts,
    /// The first load.
    pub first_load: Reading,
    /// All lists and all notes once.
    pub sweep: Reading,
    /// A day of runs in which nothing changes.
    pub day: Reading,
    /// A run between full passes in which nothing changes.
    pub run: Reading,
    /// Milliseconds between two runs: as the last ones came, else an hour.
    pub interval_ms: u64,
    /// Creates that the first load takes at most, by kind. Each note is one call more.
    pub creates: CallsByKind,
    /// Kinds whose numbers are the most that it can be.
    pub at_most: Vec<String>,
    /// Kinds whose numbers are the least: only so many records were counted.
    pub at_least: Vec<String>,
    /// Most calls a day to GHL: the setting `dailyCalls`, else half of the quota.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_calls: Option<u64>,
    /// GHL's quota of today, where its answers tell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<Quota>,
}

/// ChartMogul's lists that a full pass walks.
pub(in crate::sync) fn lists_of_chartmogul(settings: &Settings) -> Vec<&'static str> {
    let mut lists = vec!["customers.list", "contacts.list"];
    lists.extend(settings.includes(Object::Notes).then_some("notes.list"));
    lists.extend(settings.includes(Object::Tasks).then_some("tasks.list"));
    lists
}

/// What reading costs, by the counts of a location, the time between its runs, its calls a day, and what
/// full passes of other locations take of the ChartMogul account.
pub(in crate::sync) fn cost(
    counts: Counts,
    settings: &Settings,
    interval_ms: u64,
    daily: Option<u64>,
    of_others: u64,
) -> Cost {
    let whole = lists(&counts, settings, true);
    let usual = lists(&counts, settings, false);
    let discovery = discovery(settings);
    let pass = discovery.and(&whole);
    let pace = Pace {
        swept: if settings.includes(Object::Notes) { counts.with_notes } else { 0 },
        sweep_at: DAY_MS * 400,
        usual_calls: usual.of(Service::Ghl),
        interval_ms,
        ..Pace::default()
    };
    let budget = daily.map(|daily| Budget::new(daily, daily, DAY_MS, &pace));
    let hours = settings.full_pass_hours;
    let (notes, _) = share(&pace, hours, pace.sweep_at + interval_ms, budget);
    let of_account = of_others + pass.of(Service::Chartmogul);
    let walks = Walks { of_location: pass.of(Service::Ghl), of_account };
    let between = hours_between(hours, walks, daily);
    let between = (between * HOUR_MS).max(interval_ms).max(1);
    let is_pass = between == interval_ms;
    // Of the runs of so long a time one is a full pass.
    let runs = (between + interval_ms / 2) / interval_ms.max(1);
    let a_day = |calls: u64| (calls * DAY_MS).div_ceil(between);
    let mut day = Kinds::default();
    for (kind, number) in whole.0.iter() {
        let others = usual.0.get(kind).unwrap_or(&0) * runs.saturating_sub(1);
        day.add(kind, a_day(number + others));
    }
    for (kind, number) in discovery.0.iter() {
        // It lasts no longer than a day.
        day.add(kind, a_day(*number).max(*number));
    }
    let round = (u64::from(hours) * HOUR_MS).max(interval_ms).max(1);
    let notes_a_day = pace.swept * DAY_MS / round;
    let for_notes = budget.map_or(u64::MAX, |budget| budget.for_notes.max(1));
    let days = |ghl: u64, least: u64| daily.map(|daily| ghl.div_ceil(daily.max(1)).max(least));
    let first = pass.with_notes(settings, counts.contacts);
    let sweep = pass.with_notes(settings, pace.swept);
    let slowest = (u64::from(hours).div_ceil(24)).max(pace.swept.div_ceil(for_notes)).max(1);
    Cost {
        first_load: Reading { days: days(first.of(Service::Ghl), 1), ..first.reading() },
        sweep: Reading { days: days(sweep.of(Service::Ghl), slowest), ..sweep.reading() },
        day: day.with_notes(settings, notes_a_day.min(for_notes)).reading(),
        run: if is_pass { &pass } else { &usual }.with_notes(settings, notes).reading(),
        interval_ms,
        creates: creates(&counts, settings),
        counts,
        daily_calls: daily,
        ..Cost::default()
    }
}

/// What is asked once a day, and in each full pass: the location, its fields and users, data sources.
fn discovery(settings: &Settings) -> Kinds {
    let makes = settings.anchor != Anchor::AttachOnly;
    let mut kinds = Kinds::default();
    kinds.add("ghl.locations.get", 1);
    kinds.add("ghl.users.list", 1);
    kinds.add("ghl.customFields.list", u64::from(!settings.custom_fields.is_empty()));
    let sources = makes || settings.prefer.is_some();
    kinds.add("chartmogul.dataSources.list", u64::from(sources));
    kinds
}

/// The lists of a run: all of them in a full pass, else the changed contacts, the open tasks and the
/// newest of ChartMogul's notes and tasks.
fn lists(counts: &Counts, settings: &Settings, whole: bool) -> Kinds {
    let mut kinds = Kinds::default();
    let contacts = if whole { counts.contacts.div_ceil(CONTACTS_A_PAGE).max(1) } else { 1 };
    kinds.add("chartmogul.account.retrieve", 1);
    kinds.add("ghl.contacts.search", contacts);
    if settings.anchor == Anchor::BusinessIsCustomer {
        kinds.add("ghl.businesses.list", pages_to_the_end(counts.businesses, BUSINESSES_A_PAGE));
    }
    if settings.includes(Object::Tasks) {
        let tasks = if whole { counts.tasks } else { counts.open_tasks };
        kinds.add("ghl.tasks.search", pages_to_the_end(tasks, TASKS_A_PAGE));
    }
    for list in lists_of_chartmogul(settings) {
        let all = counts.in_chartmogul.get(list).unwrap_or(&0).div_ceil(RECORDS_A_PAGE).max(1);
        let newest = u64::from(matches!(list, "notes.list" | "tasks.list"));
        let kind = kind_of_call(Service::Chartmogul, list);
        kinds.add(&kind, if whole { all } else { newest });
    }
    kinds
}

/// Pages of a list that tells no total: it ends with a page that is not full. One of a size that GHL may
/// fall back to is taken for full.
pub(in crate::sync) fn pages_to_the_end(records: u64, of: u64) -> u64 {
    let last = records % of;
    records / of + 1 + u64::from(FALLBACK_SIZES.contains(&last))
}

/// What a first load creates in ChartMogul at most.
fn creates(counts: &Counts, settings: &Settings) -> CallsByKind {
    let (customers, contacts) = match settings.anchor {
        Anchor::AttachOnly => (0, counts.contacts),
        Anchor::ContactIsCustomer => (counts.contacts, 0),
        Anchor::BusinessIsCustomer => (counts.businesses, counts.contacts),
    };
    let mut kinds = Kinds::default();
    kinds.add("chartmogul.customers.create", customers);
    kinds.add("chartmogul.contacts.create", contacts);
    kinds.add("chartmogul.tasks.create", counts.tasks);
    kinds.0
}

/// Calls by kind, being added up.
#[derive(Debug, Clone, Default)]
struct Kinds(CallsByKind);

impl Kinds {
    fn add(&mut self, kind: &str, number: u64) {
        if number > 0 {
            *self.0.or_default(kind) += number;
        }
    }

    fn and(&self, others: &Self) -> Self {
        let mut all = self.clone();
        others.0.iter().for_each(|(kind, number)| all.add(kind, *number));
        all
    }

    fn with_notes(&self, settings: &Settings, lists: u64) -> Self {
        let mut all = self.clone();
        all.add("ghl.notes.list", if settings.includes(Object::Notes) { lists } else { 0 });
        all
    }

    fn of(&self, service: Service) -> u64 {
        let own = |kind: &str| kind.starts_with(service.name());
        self.0.iter().filter(|(kind, _)| own(kind)).map(|(_, number)| number).sum()
    }

    fn reading(self) -> Reading {
        let calls = Calls { ghl: self.of(Service::Ghl), chartmogul: self.of(Service::Chartmogul) };
        Reading { calls, calls_by_kind: self.0, days: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 20,000 contacts with 16,180 tasks, 840 of them open.
    fn counts() -> Counts {
        let listed = [("customers.list", 3_000), ("contacts.list", 2_900), ("notes.list", 0)];
        Counts {
            contacts: 20_000,
            with_notes: 20_000,
            tasks: 16_180,
            open_tasks: 840,
            in_chartmogul: listed
                .map(|(list, number)| (list.to_owned(), number))
                .into_iter()
                .collect(),
            ..Counts::default()
        }
    }

    fn kinds(reading: &Reading) -> Vec<(&str, u64)> {
        reading.calls_by_kind.iter().map(|(kind, number)| (kind, *number)).collect()
    }

    #[test]
    fn a_first_load_is_the_pages_of_all_lists_and_a_call_for_each_contacts_notes() {
        let cost = cost(counts(), &Settings::default(), HOUR_MS, Some(10_000), 0);
        assert_eq!(
            kinds(&cost.first_load),
            [
                ("chartmogul.account.retrieve", 1),
                ("chartmogul.contacts.list", 15),
                ("chartmogul.customers.list", 15),
                ("chartmogul.notes.list", 1),
                ("chartmogul.tasks.list", 1),
                ("ghl.contacts.search", 40),
                ("ghl.locations.get", 1),
                ("ghl.notes.list", 20_000),
                ("ghl.tasks.search", 162),
                ("ghl.users.list", 1),
            ]
        );
        assert_eq!(cost.first_load.calls, Calls { ghl: 20_204, chartmogul: 33 });
        assert_eq!(cost.first_load.days, Some(3));
        let creates: Vec<_> = cost.creates.iter().map(|(kind, number)| (kind, *number)).collect();
        assert_eq!(
            creates,
            [("chartmogul.contacts.create", 20_000), ("chartmogul.tasks.create", 16_180)]
        );
    }

    #[test]
    fn a_usual_run_is_the_newest_pages_the_open_tasks_and_a_share_of_the_notes() {
        let cost = cost(counts(), &Settings::default(), HOUR_MS, None, 0);
        assert_eq!(
            kinds(&cost.run),
            [
                ("chartmogul.account.retrieve", 1),
                ("chartmogul.notes.list", 1),
                ("chartmogul.tasks.list", 1),
                ("ghl.contacts.search", 1),
                // A twenty-fourth of 20,000.
                ("ghl.notes.list", 833),
                ("ghl.tasks.search", 9),
            ]
        );
        // 23 such runs and a full pass; all notes.
        assert_eq!(cost.day.calls_by_kind.get("ghl.tasks.search"), Some(&(23 * 9 + 162)));
        assert_eq!(cost.day.calls_by_kind.get("ghl.contacts.search"), Some(&(23 + 40)));
        assert_eq!(cost.day.calls_by_kind.get("chartmogul.customers.list"), Some(&15));
        assert_eq!(cost.day.calls.ghl, 20_000 + 23 * 10 + 204);
        assert_eq!((cost.sweep.calls, cost.sweep.days), (cost.first_load.calls, None));
    }

    #[test]
    fn the_days_calls_bound_what_is_read_in_turn() {
        let cost = cost(counts(), &Settings::default(), HOUR_MS, Some(5_000), 0);
        // 24 runs of 10 calls; the rest of four fifths of the day's calls is for notes.
        let for_notes = 4_000 - 24 * 10;
        assert_eq!(cost.run.calls_by_kind.get("ghl.notes.list"), Some(&(for_notes / 24)));
        assert_eq!(cost.day.calls_by_kind.get("ghl.notes.list"), Some(&for_notes));
        // 20,000 of 3,760 a day.
        assert_eq!((cost.sweep.days, cost.first_load.days), (Some(6), Some(5)));
    }

    #[test]
    fn what_is_not_synced_is_not_read() {
        let settings = Settings {
            objects: Vec::new(),
            anchor: Anchor::BusinessIsCustomer,
            full_pass_hours: 0,
            ..Settings::default()
        };
        let counts = Counts { businesses: 240, ..counts() };
        let cost = cost(counts, &settings, HOUR_MS, None, 0);
        // Each run is a full pass.
        assert_eq!(kinds(&cost.run), kinds(&cost.sweep));
        assert_eq!(cost.run.calls_by_kind.get("ghl.businesses.list"), Some(&3));
        assert_eq!(cost.run.calls, Calls { ghl: 40 + 3 + 2, chartmogul: 1 + 15 + 15 + 1 });
        assert_eq!(cost.day.calls.ghl, 24 * 45);
    }

    #[test]
    fn a_list_without_a_total_ends_with_a_page_that_is_not_full() {
        let pages = [0, 1, 99, 100, 101, 120, 150, 199].map(|tasks| pages_to_the_end(tasks, 100));
        assert_eq!(pages, [1, 1, 1, 2, 2, 3, 3, 2]);
    }
}
