//! Reading inside a day's calls: notes in turn, open tasks, small quotas. Whatever the quota, every
//! change arrives within the time that `status` promised, and no quota is passed.

use std::collections::BTreeMap;

use ghl_chartmogul::error::Code;
use ghl_chartmogul::host::Host as _;
use ghl_chartmogul::mapping::settings::{Anchor, Settings};
use ghl_chartmogul::sandbox::SandboxOptions;
use ghl_chartmogul::sync::{NotesStatus, RefreshOptions, RunOptions, Stop};
use serde_json::json;

use crate::adversary::{add_note, texts_of};
use crate::stage::FULL;
use crate::world::{APPLY, World, settings};
use crate::{QUIET_CALLS, for_seeds, small};

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;

/// Contacts whose notes move no date: only the turn finds what changes there.
fn quiet(seed: u64, contacts: u32) -> SandboxOptions {
    SandboxOptions { contacts, notes_touch_contact: false, ..small(seed) }
}

fn notes(world: &World) -> NotesStatus {
    world.status().notes
}

/// How often the notes of each contact were listed since a request.
fn lists_since(world: &World, from: usize) -> BTreeMap<String, u32> {
    let mut lists = BTreeMap::new();
    for request in &world.host.requests.borrow()[from..] {
        let path = request.strip_prefix("GET ").unwrap_or_default();
        let path = path.split('?').next().unwrap_or_default();
        let contact =
            path.split_once("/contacts/").and_then(|(_, rest)| rest.strip_suffix("/notes"));
        if let Some(contact) = contact {
            *lists.entry(contact.to_owned()).or_default() += 1;
        }
    }
    lists
}

/// How many ChartMogul notes carry the marker of each GHL note.
fn markers(world: &World) -> BTreeMap<String, u32> {
    let mut markers = BTreeMap::new();
    for note in world.host.sandbox.borrow().chartmogul_notes() {
        let text = note["text"].as_str().unwrap_or_default();
        if let Some((_, rest)) = text.split_once("[ghl:n:") {
            let id = rest.split(']').next().unwrap_or_default();
            *markers.entry(id.to_owned()).or_default() += 1;
        }
    }
    markers
}

fn ghl_calls(world: &World) -> usize {
    world.host.requests.borrow().iter().filter(|request| !request.contains("/v1/")).count()
}

#[test]
fn notes_are_read_in_turn_oldest_first_and_all_within_the_hours_of_a_full_pass() {
    let world = World::new(quiet(1, 90), settings());
    assert!(world.run(APPLY).unwrap().done);
    let from = world.host.requests.borrow().len();
    let linked = world.linked("contact").len();
    for hour in 1..=23 {
        world.host.advance(HOUR_MS);
        let before = lists_since(&world, from).values().sum::<u32>();
        assert!(world.run(APPLY).unwrap().done);
        let lists = lists_since(&world, from);
        let read = lists.values().sum::<u32>();
        assert!((read - before) as usize <= linked.div_ceil(24) + 1, "hour {hour}");
        assert!(lists.values().all(|times| *times == 1), "in hour {hour} one was read twice");
    }
    world.host.advance(HOUR_MS);
    world.run_until_done(1);
    assert_eq!(lists_since(&world, from).len(), linked, "all were read in a day");
    let notes = notes(&world);
    assert_eq!((notes.contacts as usize, notes.waiting), (linked, 0));
    assert!(notes.hours_old.unwrap() <= 25, "{notes:?}");
    assert_eq!(notes.within_hours, Some(33));
}

/// Edits everywhere, none of which moves a contact's date, in a location whose quota is far too small for
/// a reading of all notes a day; runs that stop in the midst.
#[test]
fn with_500_calls_a_day_every_change_arrives_as_promised_and_no_quota_is_passed() {
    for_seeds(1, |seed| {
        let contacts = 420;
        let options = SandboxOptions {
            daily_limit: 500,
            notes_per_contact: 0.5,
            tasks_per_contact: 0.3,
            ..quiet(seed, contacts)
        };
        let world = World::new(options, settings());
        let mut calls_of_day: BTreeMap<u64, usize> = BTreeMap::new();
        let mut awaited: Vec<(String, u64, u64)> = Vec::new();
        let mut slowest = 0;
        let mut random = seed;
        let mut next = |most: usize| {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) as usize % most
        };
        let (hours, last_edit) = (24 * 13, 24 * 8);
        for hour in 0..hours {
            let before = ghl_calls(&world);
            let limit = (next(5) == 0).then(|| 1 + next(30) as u64);
            let outcome = world.run(RunOptions { max_calls: limit, ..APPLY }).unwrap();
            assert!(outcome.done || outcome.stopped.is_some());
            let status = world.status();
            let day = (status.today.resets_at + HOUR_MS / 2) / HOUR_MS;
            *calls_of_day.entry(day).or_default() += ghl_calls(&world) - before;
            assert_eq!(status.today.ours, calls_of_day[&day] as u64, "hour {hour}");
            if let Some(hours) = status.notes.within_hours
                && hour % 3 == 0
                && hour < last_edit
            {
                let linked: Vec<String> = world.linked("contact").into_keys().collect();
                let contact = &linked[next(linked.len())];
                let note = add_note(&world, contact, &format!("quiet {hour}"));
                awaited.push((note, world.host.now(), hours));
            }
            let markers = markers(&world);
            awaited.retain(|(note, since, hours)| {
                let waited = (world.host.now() - since).div_ceil(HOUR_MS);
                let arrived = markers.get(note).copied().unwrap_or(0);
                assert!(arrived <= 1, "{note} is there twice");
                assert!(
                    arrived == 1 || waited <= *hours,
                    "{note}: {waited} hours, promised {hours}"
                );
                if arrived == 1 {
                    slowest = slowest.max(waited * 100 / hours);
                }
                arrived == 0
            });
            world.host.advance(HOUR_MS);
        }
        assert!(awaited.is_empty(), "{} changes never arrived", awaited.len());
        let most = calls_of_day.values().max().copied().unwrap_or(0);
        println!(
            "seed {seed}: at most {most} calls a day; the slowest took {slowest} % of its time"
        );
        // Half of the quota, and what was under way as it was reached.
        assert!(most <= 250 + 10, "{calls_of_day:?}");
        assert!(slowest > 10, "the promise is far too long: {slowest} %");
    });
}

#[test]
fn what_the_days_calls_do_not_last_for_is_in_sight_until_it_is_read() {
    let world = World::new(quiet(3, 60), Settings { daily_calls: Some(18), ..settings() });
    let outcome = world.run(APPLY).unwrap();
    assert!(!outcome.done && outcome.stopped == Some(Stop::Quota));
    assert!(outcome.report.notes_waiting > 0);
    // The contacts themselves are in step.
    assert!(!world.linked("contact").is_empty());
    let waiting = notes(&world).waiting;
    assert_eq!(waiting, outcome.report.notes_waiting);
    let mut days = 0;
    while !world.run(APPLY).unwrap().done {
        world.host.advance(DAY_MS);
        days += 1;
        assert!(days < 10, "{:?}", notes(&world));
    }
    assert!(days > 1);
    assert_eq!(notes(&world).waiting, 0);
    let lists = lists_since(&world, 0);
    assert_eq!(lists.len(), world.linked("contact").len());
    world.check();
}

#[test]
fn changed_contacts_go_before_those_whose_turn_it_is() {
    let world = World::new(quiet(4, 120), Settings { daily_calls: Some(60), ..settings() });
    for _ in 0..8 {
        let _ = world.run(APPLY).unwrap();
        world.host.advance(DAY_MS);
    }
    world.run_until_done(1);
    world.host.advance(DAY_MS);
    let linked: Vec<String> = world.linked("contact").into_keys().collect();
    let note = add_note(&world, linked.last().unwrap(), "urgent");
    world.ask_ghl(
        "PUT",
        &format!("/contacts/{}", linked.last().unwrap()),
        json!({ "city": "Bonn" }),
    );
    world.host.advance(60_000);
    world.run(APPLY).unwrap();
    assert_eq!(texts_of(&world, &note).len(), 1);
}

#[test]
fn what_a_dropped_plan_has_read_counts_for_nothing() {
    let world = World::new(quiet(5, 60), settings());
    assert!(world.run(APPLY).unwrap().done);
    world.host.advance(26 * HOUR_MS);
    let note =
        add_note(&world, world.linked("contact").keys().next().unwrap(), "read, never written");
    // Plans read, and are not applied.
    for _ in 0..2 {
        world.with(async |engine| engine.plan(RunOptions::default()).await).unwrap().unwrap();
        world.host.advance(HOUR_MS);
        assert!(notes(&world).hours_old.unwrap() >= 27);
    }
    world.run_until_done(2);
    assert_eq!(texts_of(&world, &note).len(), 1);
}

#[test]
fn a_full_pass_that_is_asked_for_reads_all_notes() {
    let world = World::new(quiet(6, 60), settings());
    assert!(world.run(APPLY).unwrap().done);
    world.host.advance(60_000);
    let from = world.host.requests.borrow().len();
    assert!(world.run(FULL).unwrap().done);
    assert_eq!(lists_since(&world, from).len(), world.linked("contact").len());
}

/// A task that is done, reopened, moved, deleted, or made and done between two runs.
#[test]
fn open_tasks_are_listed_and_those_that_vanish_are_read_by_their_ids() {
    let options = SandboxOptions { tasks_per_contact: 4.0, ..quiet(7, 90) };
    let world = World::new(options, settings());
    assert!(world.run(APPLY).unwrap().done);
    let tasks = world.host.sandbox.borrow().ghl_tasks();
    let linked = world.linked("task");
    let open: Vec<_> = tasks
        .iter()
        .filter(|task| {
            task["completed"] != true && linked.contains_key(task["id"].as_str().unwrap())
        })
        .cloned()
        .collect();
    let done = tasks.len() - tasks.iter().filter(|task| task["completed"] != true).count();
    assert!(open.len() > 5 && done > 5);
    let complete = |task: &serde_json::Value| {
        let (contact, id) = (task["contactId"].as_str().unwrap(), task["id"].as_str().unwrap());
        let path = format!("/contacts/{contact}/tasks/{id}/completed");
        world.ask_ghl("PUT", &path, json!({ "completed": true }));
    };
    complete(&open[0]);
    complete(&open[1]);
    let (contact, gone) = (open[2]["contactId"].as_str().unwrap(), open[2]["id"].as_str().unwrap());
    world.ask_ghl("DELETE", &format!("/contacts/{contact}/tasks/{gone}"), json!({}));
    world.host.advance(60_000);
    let from = world.host.requests.borrow().len();
    assert!(world.run(APPLY).unwrap().done);
    let requests = world.host.requests.borrow()[from..].to_vec();
    let by_id = requests
        .iter()
        .filter(|request| request.contains("/tasks/") && request.starts_with("GET"))
        .count();
    assert_eq!(by_id, 3, "{requests:#?}");
    world.check();
    // Nobody asks for them again.
    world.host.advance(60_000);
    let from = world.host.requests.borrow().len();
    assert!(world.run(APPLY).unwrap().done);
    let pages = tasks.len().div_ceil(100);
    let requests = world.host.requests.borrow()[from..].to_vec();
    assert!(requests.len() <= QUIET_CALLS + pages, "{requests:#?}");
}

/// What a webhook names is read by the next run, at once and once; what a lost one would have named comes
/// with its turn, as promised.
#[test]
fn a_contact_to_refresh_is_read_by_the_next_run_and_a_lost_hint_by_its_turn() {
    let world = World::new(quiet(4, 60), settings());
    assert!(world.run(APPLY).unwrap().done);
    let contacts: Vec<String> = world.linked("contact").into_keys().collect();
    let refresh = |ids: &[&str]| {
        let contacts = ids.iter().map(|id| (*id).to_owned()).collect();
        let options = RefreshOptions { contacts, event: None };
        world.with(async |engine| engine.refresh(&options).await).unwrap().unwrap();
    };
    let within = notes(&world).within_hours.unwrap();
    // Of 20 edits those of the even hours are named, twice and together with one that is not there.
    let mut lost = Vec::new();
    for hour in 0..20 {
        world.host.advance(HOUR_MS);
        let contact = &contacts[(hour * 7) % contacts.len()];
        let note = add_note(&world, contact, &format!("quiet edit {hour}"));
        if hour % 2 == 1 {
            lost.push((note, world.host.now()));
            assert!(world.run(APPLY).unwrap().done);
            continue;
        }
        refresh(&[contact, "nobody"]);
        refresh(&[contact]);
        assert_eq!(world.status().refreshing, 2);
        let from = world.host.requests.borrow().len();
        let outcome = world.run(APPLY).unwrap();
        assert!(outcome.done, "{:?}", outcome.report);
        assert_eq!(texts_of(&world, &note).len(), 1, "hour {hour}");
        assert_eq!(lists_since(&world, from)[contact], 1);
        assert_eq!(world.status().refreshing, 0);
    }
    // None is read again after that.
    for _ in 0..within {
        world.host.advance(HOUR_MS);
        assert!(world.run(APPLY).unwrap().done);
        lost.retain(|(note, since)| {
            let waited = (world.host.now() - since).div_ceil(HOUR_MS);
            let arrived = texts_of(&world, note).len();
            assert!(arrived == 1 || waited <= within, "{note}: {waited} hours, promised {within}");
            arrived == 0
        });
    }
    assert!(lost.is_empty(), "{lost:?}");
    let letters =
        world.with(async |engine| engine.dead_letters(None, 10).await).unwrap().unwrap().0;
    assert!(letters.iter().all(|letter| letter.id != "nobody"), "{letters:?}");
    world.check();
}

/// One that is named while a run is stopped in its midst, behind the reading of such contacts, is not lost.
#[test]
fn a_contact_to_refresh_that_comes_in_the_midst_of_a_run_is_read_by_the_next() {
    for calls in [1, 2, 3, 5, 7] {
        let world = World::new(quiet(5, 60), settings());
        assert!(world.run(APPLY).unwrap().done);
        world.host.advance(HOUR_MS);
        let contacts: Vec<String> = world.linked("contact").into_keys().collect();
        for contact in &contacts[..8] {
            let body = json!({ "lastName": "Changed" });
            world.ask_ghl("PUT", &format!("/contacts/{contact}"), body);
        }
        world.host.advance(60_000);
        let cut = RunOptions { max_calls: Some(calls), ..APPLY };
        let stopped = world.run(cut).unwrap();
        assert!(stopped.stopped.is_some(), "{calls}: {:?}", stopped.report);
        let last = contacts.last().unwrap();
        let note = add_note(&world, last, "comes between");
        let options = RefreshOptions { contacts: vec![last.clone()], event: None };
        world.with(async |engine| engine.refresh(&options).await).unwrap().unwrap();
        assert!(world.run(APPLY).unwrap().done);
        world.host.advance(60_000);
        assert!(world.run(APPLY).unwrap().done);
        assert_eq!(texts_of(&world, &note).len(), 1, "cut off after {calls} calls");
    }
}

/// The measure of an unchanged location: said by kind.
#[test]
fn an_unchanged_location_costs_its_open_tasks_its_newest_lists_and_its_share_of_notes() {
    let contacts = std::env::var("SIMULATION_CONTACTS").map_or(600, |text| text.parse().unwrap());
    let options = SandboxOptions { contacts, tasks_per_contact: 1.0, ..quiet(8, contacts) };
    let world = World::new(options, settings());
    let first = world.run(APPLY).unwrap();
    assert!(first.done);
    let (calls, least) = (first.report.calls.total(), first.report.least_calls.total());
    println!("{contacts} contacts, first load: {calls} calls, the least is {least}");
    assert!(calls as f64 <= least as f64 * 1.01 + 10.0, "{calls} calls, the least is {least}");
    // The next run reads in ChartMogul's lists what this one wrote.
    world.host.advance(30 * 60_000);
    let began = world.host.now();
    assert!(world.run(APPLY).unwrap().done);
    world.host.advance(30 * 60_000);
    // What the run before took counts too.
    let since = usize::try_from(world.host.now() - began).unwrap();
    world.host.events.borrow_mut().clear();
    let from = world.host.requests.borrow().len();
    let outcome = world.run(APPLY).unwrap();
    assert!(outcome.done && outcome.report.done.is_empty(), "{:?}", outcome.report);
    let linked = world.linked("contact").len();
    let open = world.host.sandbox.borrow().ghl_tasks();
    let open = open.iter().filter(|task| task["completed"] != true).count();
    let kinds = world.requests_by_kind();
    println!(
        "{contacts} contacts, {linked} linked, {open} open tasks, after {since} ms: {kinds:#?}"
    );
    let share = linked * since / (24 * 3_600_000);
    let expected = QUIET_CALLS + open.div_ceil(100).max(1) + share;
    // A contact more where parts of two shares make one.
    let calls = world.host.requests.borrow().len() - from;
    assert!((expected..=expected + 1).contains(&calls), "{calls}, not {expected}: {kinds:#?}");
}

/// GHL allows 10 calls a second, ChartMogul 40: what a first load takes is what the slower of the two
/// takes for its calls.
#[test]
fn reading_and_writing_overlap_up_to_the_limits_of_both_services() {
    let contacts = std::env::var("SIMULATION_CONTACTS").map_or(1_000, |text| text.parse().unwrap());
    for anchor in [Anchor::AttachOnly, Anchor::ContactIsCustomer] {
        let options = SandboxOptions { contacts, ..small(1) };
        let world = World::new(options, Settings { anchor, ..settings() });
        let began = world.host.monotonic();
        let outcome = world.run(APPLY).unwrap();
        assert!(outcome.done, "{:?}", outcome.stopped);
        let elapsed = (world.host.monotonic() - began) as f64 / 1000.0;
        let calls = outcome.report.calls;
        let (ghl, chartmogul) = (calls.ghl as f64 / 10.0, calls.chartmogul as f64 / 40.0);
        let least = ghl.max(chartmogul);
        let over = (elapsed / least - 1.0) * 100.0;
        println!(
            "{contacts} contacts, {anchor:?}: {elapsed:.0} s for {} and {} calls; the limits give {ghl:.0} and {chartmogul:.0} s: {over:.1} % more",
            calls.ghl, calls.chartmogul
        );
        assert_eq!(
            world.host.requests.borrow().len() as u64,
            calls.total(),
            "each call is counted once"
        );
        world.check();
    }
}

/// An event and its contacts are one commit, and the same event is taken once in a week.
#[test]
fn an_event_is_taken_once() {
    let world = World::new(quiet(4, 60), settings());
    assert!(world.run(APPLY).unwrap().done);
    let contacts: Vec<String> = world.linked("contact").into_keys().collect();
    let refresh = |ids: &[&str], event: &str| {
        let contacts = ids.iter().map(|id| (*id).to_owned()).collect();
        let options = RefreshOptions { contacts, event: Some(event.to_owned()) };
        world.with(async |engine| engine.refresh(&options).await).unwrap()
    };
    let first = refresh(&[&contacts[0]], "evt-1").unwrap();
    assert_eq!((first.contacts.as_slice(), first.duplicate), (&contacts[..1], false));
    assert!(refresh(&[&contacts[1]], "evt-1").unwrap().duplicate);
    assert_eq!(world.status().refreshing, 1, "a duplicate names nobody");
    assert!(!refresh(&[], "evt-2").unwrap().duplicate);
    assert!(world.run(APPLY).unwrap().done);
    assert_eq!(world.status().refreshing, 0);
    assert!(refresh(&[&contacts[0]], "evt-1").unwrap().duplicate, "still after the run");
    // A customer stands for the contacts that are linked with it.
    let customer = world.linked("contact")[&contacts[2]]["customer"].as_str().unwrap().to_owned();
    let found = refresh(&[&customer], "evt-3").unwrap().contacts;
    assert!(found.is_empty() || found == [contacts[2].clone()]);
    let note = add_note(&world, &contacts[2], "said to finance");
    assert!(world.run(APPLY).unwrap().done);
    assert_eq!(texts_of(&world, &note).len(), 1, "its contact was read");
    assert_eq!(world.status().refreshing, 0);
    assert_eq!(refresh(&["cus_of-nobody"], "evt-4").unwrap().contacts, Vec::<String>::new());
    world.host.advance(8 * 24 * HOUR_MS);
    assert!(world.run(APPLY).unwrap().done);
    assert!(!refresh(&[&contacts[0]], "evt-1").unwrap().duplicate, "after a week it is forgotten");
    for event in ["", "a/b", "a b", &"x".repeat(201)] {
        assert_eq!(refresh(&[], event).unwrap_err().code, Code::InvalidArgument, "{event:?}");
    }
    assert_eq!(refresh(&[" "], "evt-5").unwrap_err().code, Code::InvalidArgument);
}

/// Wherever a process dies, an event and its contacts are there together or not at all.
#[test]
fn an_event_and_its_contacts_are_one_commit() {
    let world = World::new(quiet(4, 60), settings());
    assert!(world.run(APPLY).unwrap().done);
    let (mut killed, mut taken) = (0, 0);
    for (steps, contact) in world.linked("contact").into_keys().enumerate().take(8) {
        let event = format!("evt-{steps}");
        let options =
            RefreshOptions { contacts: vec![contact.clone()], event: Some(event.clone()) };
        world.host.kill_after.set(Some(world.host.steps() + steps as u64));
        let outcome = world.with(async |engine| engine.refresh(&options).await);
        world.host.kill_after.set(None);
        killed += u32::from(outcome.is_err());
        let rows = |prefix: &str, id: &str| {
            let rows = world.host.store.matching(prefix);
            rows.iter().filter(|(key, _)| key.ends_with(id)).count()
        };
        let noted = (rows("/event/", &event), rows("/refresh/", &contact));
        assert!(noted == (0, 0) || noted == (1, 1), "{steps}: {noted:?}");
        taken += noted.0;
    }
    assert!(killed > 0 && taken > 0, "{killed} killed, {taken} taken");
}
