//! When runs walk all lists, and who comes first where a day's calls do not last: whatever the hour that
//! runs begin at, and however many locations share an account.

use ghl_chartmogul::host::Host as _;
use ghl_chartmogul::mapping::settings::{Anchor, Settings};
use ghl_chartmogul::sandbox::SandboxOptions;
use ghl_chartmogul::sync::{RunOptions, Scope, Stop};
use serde_json::json;

use crate::adversary::{add_note, texts_of};
use crate::small;
use crate::world::{APPLY, World, settings};

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;

fn quiet(contacts: u32, daily_limit: u32) -> SandboxOptions {
    SandboxOptions { contacts, daily_limit, notes_touch_contact: false, ..small(1) }
}

/// Begins a run at each of so many times of a timer; the hours at which one was a full pass.
fn full_passes(world: &World, interval_ms: u64, runs: u64) -> Vec<u64> {
    let from = world.host.now();
    let mut full = Vec::new();
    for run in 0..runs {
        let due = from + run * interval_ms;
        world.host.advance(due.saturating_sub(world.host.now()));
        world.run(APPLY).unwrap();
        let records = world.with(async |engine| engine.runs().await).unwrap().unwrap();
        if records.first().unwrap().pass == Some(Scope::Full) {
            full.push((due - from) / HOUR_MS);
        }
    }
    full
}

#[test]
fn a_timer_of_a_day_makes_a_full_pass_each_time_and_one_of_an_hour_each_24_hours() {
    for (interval, runs, expected) in [
        (DAY_MS, 6, (0..6).map(|day| day * 24).collect::<Vec<_>>()),
        (HOUR_MS, 74, vec![0, 24, 48, 72]),
        (7 * HOUR_MS, 20, vec![0, 28, 56, 84, 112]),
    ] {
        let world = World::new(quiet(30, 200_000), settings());
        assert_eq!(full_passes(&world, interval, runs), expected, "a run each {interval} ms");
    }
}

#[test]
fn a_full_pass_takes_no_more_than_a_tenth_of_the_days_calls_also_as_a_new_day_begins() {
    // Half of 100 calls, and of those a tenth: a pass of 6 and more takes more than a day's.
    let world = World::new(quiet(20, 100), settings());
    let full = full_passes(&world, HOUR_MS, 24 * 5);
    assert!(full.len() > 1, "{full:?}");
    assert!(full.windows(2).all(|two| two[1] - two[0] > 24), "{full:?}");
}

#[test]
fn locations_that_share_an_account_share_a_tenth_of_its_calls_for_full_passes() {
    let world = World::new(quiet(30, 200_000), settings());
    let full = full_passes(&world, DAY_MS, 2);
    assert_eq!(full, [0, 24]);
    // 999 other locations walk it, each with 700 calls: twice a tenth of what it allows in a day.
    let rows = world.host.store.matching("/walk/");
    let [(key, row)] = &rows[..] else { panic!("{rows:?}") };
    assert!(row.contains("calls"), "{row}");
    let account = key.rsplit_once('/').unwrap().0;
    let now = world.host.now();
    let mut rows = world.host.store.copy();
    for other in 0..999 {
        let row = json!({ "at": now, "calls": 700 }).to_string();
        rows.insert(format!("{account}/other{other}"), row);
    }
    world.host.store.put_back(rows);
    world.host.advance(DAY_MS);
    assert_eq!(full_passes(&world, DAY_MS, 7), [24, 72, 120]);
    // They have not walked it for a long time.
    world.host.advance(90 * DAY_MS);
    assert_eq!(full_passes(&world, DAY_MS, 3), [0, 24, 48]);
}

#[test]
fn contacts_that_change_every_day_leave_calls_to_those_that_wait() {
    let options =
        SandboxOptions { notes_touch_contact: true, tasks_per_contact: 0.0, ..quiet(150, 160) };
    let world = World::new(options, Settings { anchor: Anchor::ContactIsCustomer, ..settings() });
    world.run(APPLY).unwrap();
    assert!(world.status().notes.waiting > 50);
    let contacts: Vec<String> = world.linked("contact").into_keys().collect();
    // More of the first ones change each day than a day's calls last for; the last one waits, and has a note.
    let (busy, others) = contacts.split_at(80);
    let last = others.last().unwrap();
    let note = add_note(&world, last, "waits its turn");
    for day in 1..=10 {
        world.host.advance(DAY_MS);
        for contact in busy {
            add_note(&world, contact, &format!("day {day}"));
        }
        let outcome = world.run(APPLY).unwrap();
        assert!(outcome.done || outcome.stopped == Some(Stop::Quota));
    }
    assert_eq!(texts_of(&world, &note).len(), 1, "{:?}", world.status().notes);
}

#[test]
fn a_run_that_passes_the_end_of_a_day_counts_the_calls_of_the_new_day_alone() {
    let world = World::new(quiet(150, 1_000), Settings { daily_calls: Some(45), ..settings() });
    let ghl_calls =
        || world.host.requests.borrow().iter().filter(|line| !line.contains("/v1/")).count();
    let cut = RunOptions { max_calls: Some(70), ..APPLY };
    assert_eq!(world.run(cut).unwrap().stopped, Some(Stop::Calls));
    let status = world.status();
    assert!(status.today.ours > 30, "{:?}", status.today);
    world.host.advance(status.today.resets_at - world.host.now() - 200);
    let before = ghl_calls();
    world.run(APPLY).unwrap();
    assert!(world.host.now() > status.today.resets_at);
    let sent = ghl_calls() - before;
    assert!(sent > 30, "{sent} calls");
}
