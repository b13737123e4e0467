//! What each quota of calls allows, by the queue model of `tests/simulation/queue.rs`: the tables of
//! `docs/quotas.md`, and `cargo xtask quotas`.

use std::fmt::Write as _;

#[path = "../../tests/simulation/queue.rs"]
#[allow(unreachable_pub, dead_code, reason = "the simulation uses it too")]
mod queue;

use ghl_chartmogul::sync::rules::{ACCOUNT_CALLS_A_DAY, Rules};
use queue::{
    Account, Chance, DAY_MS, Fleet, HOUR_MS, Location, MINUTE_MS, Outcome, Rates, State, agency,
    edits, percentile, usual_location,
};

const QUOTAS: [u64; 4] = [500, 2_000, 10_000, 200_000];
const CONTACTS: [u64; 4] = [500, 2_000, 20_000, 100_000];
const AGENCIES: [usize; 3] = [100, 1_000, 10_000];
/// Workers of which none ever waits for another.
const ANY_NUMBER: usize = 20_000;
/// Where the model gives up.
const LONGEST_DAYS: u64 = 2 * 365;
/// Days that are watched once all notes are there.
const WATCHED_DAYS: u64 = 30;
const AGENCY_DAYS: u64 = 3;

fn alone(location: Location) -> Fleet {
    Fleet {
        account: Account::new(location.contacts),
        locations: vec![location],
        shared: true,
        workers: 1,
        rates: Rates::default(),
        full_pass_hours: 24,
    }
}

/// What became of one location.
struct Alone {
    loaded_days: u64,
    /// Hours in which half of the edits arrived, and all.
    half_hours: u64,
    all_hours: u64,
    /// Calls of a usual run, and of a day: to GHL, to ChartMogul.
    a_run: (u64, u64),
    a_day: (u64, u64),
}

/// Loads a location and watches it; `None` where its calls never last for the lists alone.
fn watch(contacts: u64, quota: u64, interval_ms: u64) -> Option<Alone> {
    let mut location = usual_location(contacts, quota, interval_ms);
    let mut days = 32;
    let loaded_at = loop {
        let outcome = alone(location.clone()).run(days * DAY_MS, &[], |_, _| {});
        match outcome.states.first().and_then(|state| state.loaded_at) {
            Some(at) => break at,
            None if days >= LONGEST_DAYS => return None,
            None => days *= 2,
        }
    };
    let from = loaded_at.div_ceil(DAY_MS) * DAY_MS;
    // Long enough for the last edit to arrive.
    let wait = (from * 2).max(WATCHED_DAYS * DAY_MS);
    let until = from + WATCHED_DAYS * DAY_MS;
    location.edits = edits(&mut Chance::new(1), location.linked, 4.0, from, until);
    let outcome = alone(location).run(until + wait, &[], |_, _| {});
    let state = outcome.states.first()?;
    let mut times: Vec<u64> = state.arrived.iter().map(|(made, at)| at - made).collect();
    times.sort_unstable();
    let hours = |ms: &u64| ms.div_ceil(HOUR_MS);
    let day = from / DAY_MS;
    let watched: Vec<&(u64, u64)> =
        outcome.days.range(day..day + WATCHED_DAYS).map(|(_, calls)| calls).collect();
    let mean = |of: fn(&(u64, u64)) -> u64| {
        watched.iter().map(|calls| of(calls)).sum::<u64>() / WATCHED_DAYS
    };
    Some(Alone {
        loaded_days: loaded_at.div_ceil(DAY_MS),
        half_hours: times.get(times.len() / 2).map_or(0, hours),
        all_hours: times.last().map_or(0, hours),
        a_run: (state.usual.ghl(), state.usual.chartmogul()),
        a_day: (mean(|calls| calls.0), mean(|calls| calls.1)),
    })
}

/// A number as people write it.
fn written(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn hours(hours: u64) -> String {
    if hours <= 48 { format!("{hours} h") } else { format!("{} days", written(hours.div_ceil(24))) }
}

/// The table of single locations.
pub(crate) fn of_quotas() -> String {
    let mut table = "| GHL calls a day | contacts | first load | a note edit arrives: half within, all within | usual run: GHL, ChartMogul calls | a day: GHL, ChartMogul calls | run once a day: all within |\n|---:|---:|---:|---:|---:|---:|---:|\n".to_owned();
    for quota in QUOTAS {
        for contacts in CONTACTS {
            let nightly = watch(contacts, quota, DAY_MS);
            let nightly = nightly.map_or("never".to_owned(), |alone| hours(alone.all_hours));
            let _ = write!(table, "| {} | {} |", written(quota), written(contacts));
            let _ = match watch(contacts, quota, HOUR_MS) {
                Some(alone) => writeln!(
                    table,
                    " {} | {}, {} | {}, {} | {}, {} | {nightly} |",
                    days(alone.loaded_days),
                    hours(alone.half_hours),
                    hours(alone.all_hours),
                    written(alone.a_run.0),
                    written(alone.a_run.1),
                    written(alone.a_day.0),
                    written(alone.a_day.1),
                ),
                None => writeln!(table, " never | – | – | – | {nightly} |"),
            };
        }
    }
    table
}

fn days(days: u64) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{} days", written(days)) }
}

/// What an agency's locations ask for.
struct Many {
    outcome: Outcome,
    days: u64,
    /// How old notes are at the end: hours, and of how many contacts.
    ages: Vec<(u64, u64)>,
}

/// An agency's locations from their first runs on, on one account or on one each.
fn many(locations: usize, days: u64, shared: bool, workers: usize, a_second: u64) -> Many {
    let until = days * DAY_MS;
    let locations = agency(locations, &[200_000], until.saturating_sub(2 * DAY_MS));
    let all: u64 = locations.iter().map(|location| location.contacts).sum();
    let mean = all / locations.len() as u64;
    let fleet = Fleet {
        account: Account::new(if shared { all } else { mean }),
        locations,
        shared,
        workers,
        rates: Rates { account_in_a_second: a_second, ..Rates::default() },
        full_pass_hours: 24,
    };
    let mut ages = Vec::new();
    let outcome = fleet.run(until, &[until], |at, states| {
        let readings = states.iter().flat_map(State::readings);
        ages = readings
            .map(|(read, contacts)| (at.saturating_sub(read) / HOUR_MS, contacts))
            .collect();
    });
    Many { outcome, days, ages }
}

impl Many {
    /// Calls of the last whole day.
    fn a_day(&self) -> (u64, u64) {
        self.outcome.days.get(&(self.days - 1)).copied().unwrap_or_default()
    }

    /// Locations whose notes are all there.
    fn loaded(&self) -> usize {
        self.outcome.states.iter().filter(|state| state.loaded_at.is_some()).count()
    }
}

/// The table of agencies.
pub(crate) fn of_agencies() -> String {
    let mut table = "| locations | workers | GHL calls a day | ChartMogul calls a day, an account each | on one account: all first loads | a full pass of each location | ChartMogul calls a day, full passes included |\n|---:|---:|---:|---:|---:|---:|---:|\n".to_owned();
    for locations in AGENCIES {
        let own = many(locations, AGENCY_DAYS, false, ANY_NUMBER, 40);
        let (ghl, chartmogul) = own.a_day();
        let workers = (own.outcome.busy_ms * 5 / 4).div_ceil(AGENCY_DAYS * DAY_MS);
        // What they would ask of an account without a limit.
        let shared = many(locations, AGENCY_DAYS, true, ANY_NUMBER, 1_000_000);
        let (_, usual) = shared.a_day();
        let walks = shared.outcome.account.walks();
        let between = Rules::hours_between_passes(24, walks);
        let _ = writeln!(
            table,
            "| {} | {} | {} | {} | {} | {} | {} |",
            written(locations as u64),
            written(workers),
            written(ghl),
            written(chartmogul),
            hours((walks * 24).div_ceil(ACCOUNT_CALLS_A_DAY)),
            days(between.div_ceil(24)),
            written(if between > 24 { usual + walks * 24 / between } else { usual }),
        );
    }
    table
}

/// `cargo xtask quotas`: an agency for some days, in figures.
pub(crate) fn print(locations: usize, days: u64, shared: bool, workers: usize) {
    let many = many(locations, days, shared, workers, 40);
    let outcome = &many.outcome;
    println!(
        "{locations} locations, {days} days, {workers} workers, {}",
        if shared { "one ChartMogul account" } else { "an account each" }
    );
    println!("runs: {}, {} an hour", written(outcome.runs), written(outcome.runs / (days * 24)));
    println!("locations with all notes: {}", many.loaded());
    let mut loaded: Vec<(u64, u64)> = outcome
        .states
        .iter()
        .filter_map(|state| Some((state.loaded_after_ms()? / MINUTE_MS, 1)))
        .collect();
    println!("first load, minutes: {}", spread(&mut loaded));
    println!("age of notes at the end, hours: {}", spread(&mut many.ages.clone()));
    let mut arrived: Vec<(u64, u64)> = outcome
        .states
        .iter()
        .flat_map(|state| &state.arrived)
        .map(|(made, at)| ((at - made).div_ceil(HOUR_MS), 1))
        .collect();
    println!(
        "{} edits arrived within hours: {}",
        written(arrived.len() as u64),
        spread(&mut arrived)
    );
    let awaited: u64 = outcome.states.iter().map(State::awaited).sum();
    println!("edits that have not arrived: {}", written(awaited));
    let (ghl, chartmogul) = many.a_day();
    println!("calls on the last day: GHL {}, ChartMogul {}", written(ghl), written(chartmogul));
    println!("workers at work: {:.1}", outcome.busy_ms as f64 / (days * DAY_MS) as f64);
    let percent = outcome.account_ms * 100 / outcome.busy_ms.max(1);
    println!("of that, waiting for the ChartMogul account: {percent} %");
    println!("a run begins late by {} minutes at most", written(outcome.latest_ms / MINUTE_MS));
}

/// Half, 95 of a hundred, all.
fn spread(numbers: &mut [(u64, u64)]) -> String {
    let [half, most, all] = [50, 95, 100].map(|part| percentile(numbers, part));
    format!("half {}, 95 % {}, all {}", written(half), written(most), written(all))
}
