//! The engine against the sandbox in virtual time: faults, kills at any step, lost state. Whatever
//! happens, nothing is lost and nothing is written twice.
//!
//! `SIMULATION_SEEDS` says how many seeds each simulation runs through, `SIMULATION_SEED` which one
//! alone, both together how many stories from which on; a failure prints its seed. `SIMULATION_MUTANTS=1` breaks the engine's guards one by one and
//! expects the invariants to notice. `FLEET_LOCATIONS` says how many locations share an account. `SIMULATION_PORTRAIT=1` prints each write, and the records at the
//! end of a story.

#![allow(unreachable_pub, reason = "a test binary exports nothing")]

mod adversary;
mod audit;
mod both_ways;
mod both_ways_calls;
mod budgets;
mod campaign;
mod check_records;
mod cost;
mod fleet;
mod forget;
mod host;
mod invariants;
mod ledger;
mod mailbox;
mod mutants;
mod owners;
mod passes;
mod properties;
#[allow(dead_code, reason = "xtask uses it too")]
mod queue;
mod runs;
mod situations;
mod stage;
mod store;
mod story;
mod sweep;
mod tape;
mod values;
mod world;

use ghl_chartmogul::error::Code;
use ghl_chartmogul::host::Host as _;
use ghl_chartmogul::mapping::settings::{
    Anchor, Caps, LongTasks, Marker, Settings, WithoutBusiness,
};
use ghl_chartmogul::sandbox::{Fault, FaultRule, SandboxOptions};
use ghl_chartmogul::sync::{Action, LetterKind, RunOptions, Stop};

use serde_json::json;

use stage::FULL;
use world::{APPLY, World, settings};

/// What a quiet run costs beside GHL's task pages: a page of changed contacts, the account, a page of
/// ChartMogul's newest notes and of its newest tasks.
const QUIET_CALLS: usize = 4;

fn small(seed: u64) -> SandboxOptions {
    SandboxOptions { seed, contacts: 40, ..SandboxOptions::default() }
}

/// Seeds of each simulation of a whole location, at most.
const MOST_SEEDS: u64 = 100;

/// Runs a simulation for each seed and names the seed it fails with.
fn for_seeds(few: u64, run: impl Fn(u64)) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match number("SIMULATION_SEED") {
        Some(seed) => seed..seed + 1,
        // Worlds of 40 contacts: the long run's seeds are for the stories.
        None => 1..number("SIMULATION_SEEDS").map_or(few, |seeds| seeds.min(MOST_SEEDS)) + 1,
    };
    for seed in seeds {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(seed)));
        if let Err(panic) = outcome {
            eprintln!("failed with seed {seed}: run again with SIMULATION_SEED={seed}");
            std::panic::resume_unwind(panic);
        }
    }
}

#[test]
fn the_first_run_plans_the_second_applies_the_third_writes_nothing() {
    for_seeds(5, |seed| {
        let world = World::new(small(seed), settings());
        let first = world.run(RunOptions::default()).unwrap();
        assert!(first.done && first.planned_only);
        assert_eq!(world.writes(), 0, "a first run writes nothing");
        let second = world.run(RunOptions::default()).unwrap();
        assert!(second.done && !second.planned_only);
        assert_eq!(second.report.planned, second.report.planned);
        world.check();
        let written = world.writes();
        world.host.advance(3_600_000);
        let third = world.run(RunOptions::default()).unwrap();
        assert!(third.done);
        assert_eq!(world.writes(), written, "an unchanged location costs no write");
        assert!(third.report.done.is_empty());
    });
}

#[test]
fn each_change_is_planned_before_it_is_written() {
    for_seeds(3, |seed| {
        let world = World::new(small(seed), settings());
        let (plan, changes) = world
            .with(async |engine| {
                let plan = engine.plan(RunOptions::default()).await?;
                let (changes, _) = engine.changes(&plan.id, None, 1000).await?;
                Ok((plan, changes))
            })
            .unwrap()
            .unwrap();
        assert_eq!(world.writes(), 0);
        let told: u64 = plan.totals.values().flat_map(|kinds| kinds.values()).sum();
        assert_eq!(told, changes.len() as u64);
        assert!(plan.count(Action::Create) > 0 && plan.count(Action::Skip) > 0);
        let outcome = world
            .with(async |engine| engine.apply(&plan.id, RunOptions::default()).await)
            .unwrap()
            .unwrap();
        assert!(outcome.done);
        let done: u64 = outcome.report.done.values().flat_map(|kinds| kinds.values()).sum();
        let carried: u64 = [Action::Create, Action::Update, Action::Complete, Action::Link]
            .into_iter()
            .map(|action| plan.count(action))
            .sum();
        assert_eq!(done + outcome.report.rejected - plan_rejections(&outcome), carried);
        world.check();
        let again =
            world.with(async |engine| engine.apply(&plan.id, RunOptions::default()).await).unwrap();
        assert_eq!(again.unwrap_err().code, Code::StalePlan);
    });
}

/// Values left out while planning count as rejected, but their records are written.
fn plan_rejections(outcome: &ghl_chartmogul::sync::Outcome) -> u64 {
    outcome.report.rejected
}

/// Whatever their number, large records are worked on few at a time: a page of 2 MiB and one more, or
/// the answers that are read at once.
#[test]
fn memory_does_not_grow_with_the_number_of_large_records() {
    const LARGE: usize = 300_000;
    const MOST: usize = (2 << 20) + 4 * LARGE;
    let options = SandboxOptions {
        contacts: 40,
        notes_per_contact: 0.0,
        tasks_per_contact: 0.0,
        ..SandboxOptions::default()
    };
    let settings = Settings { long_tasks: LongTasks::Note, ..settings() };
    let world = World::new(options, settings);
    let text = "All of <b>this</b> is said & done.\n".repeat(LARGE / 34);
    let found = world.ask_ghl(
        "POST",
        "/contacts/search",
        json!({
            "locationId": world.host.sandbox.borrow().credentials().location_id,
            "pageLimit": 100,
        }),
    );
    for contact in found["contacts"].as_array().unwrap() {
        let contact = contact["id"].as_str().unwrap();
        world.ask_ghl("POST", &format!("/contacts/{contact}/notes"), json!({ "body": text }));
        let task = json!({
            "title": "Long", "body": text, "dueDate": "2027-01-01T10:00:00Z", "completed": false,
        });
        world.ask_ghl("POST", &format!("/contacts/{contact}/tasks"), task);
    }
    let outcome = world.run(APPLY).unwrap();
    assert!(outcome.done);
    let (_, notes, tasks) = world.counts();
    assert!(notes >= 50 && tasks >= 25, "{notes} notes, {tasks} tasks");
    let held = world.host.store.most_bytes.get();
    assert!(held <= MOST, "{held} bytes were read from the store or written to it at once");
    let under_way = world.host.most_bytes_under_way.get();
    assert!(under_way <= MOST, "{under_way} bytes were sent at once");
    // Pages that end early are not the last.
    world.host.advance(3_600_000);
    let before = world.writes();
    world.run(FULL).unwrap();
    assert_eq!(world.writes(), before);
}

#[test]
fn calls_are_the_least_possible() {
    for_seeds(3, |seed| {
        let world = World::new(SandboxOptions { contacts: 150, ..small(seed) }, settings());
        let outcome = world.run(APPLY).unwrap();
        let (calls, least) = (outcome.report.calls.total(), outcome.report.least_calls.total());
        assert!(
            calls as f64 <= least as f64 * 1.02 + 8.0,
            "{calls} calls, the least is {least}; {:#?}",
            world.requests_by_kind()
        );
        let stats_calls = world.host.requests.borrow().len() as u64;
        assert!(
            stats_calls <= calls + 6,
            "the report counts {calls} calls, {stats_calls} were sent"
        );
        world.host.advance(3_600_000);
        let before = world.host.requests.borrow().len();
        world.run(APPLY).unwrap();
        let unchanged = world.host.requests.borrow().len() - before;
        let task_pages = world.host.sandbox.borrow().ghl_tasks().len().div_ceil(100);
        assert!(
            unchanged <= task_pages + QUIET_CALLS + world.linked("contact").len().div_ceil(24),
            "an unchanged location costs its list pages, not {unchanged} calls"
        );
    });
}

#[test]
fn faults_lose_nothing_and_write_nothing_twice() {
    for_seeds(12, |seed| {
        let world = World::new(small(seed), settings());
        world.host.sandbox.borrow_mut().set_faults(faults(seed));
        let mut runs = 0;
        while runs < 4 {
            let _ = world.run(APPLY);
            world.host.advance(120_000);
            runs += 1;
        }
        world.host.sandbox.borrow_mut().set_faults(Vec::new());
        world.run_until_done(3);
        // What failed as retryable is tried again.
        world.host.advance(60_000);
        world.run_until_done(3);
        world.check();
    });
}

#[test]
fn edits_amid_faults_arrive_whole_and_once() {
    for_seeds(12, |seed| {
        let anchors = [Anchor::AttachOnly, Anchor::ContactIsCustomer, Anchor::BusinessIsCustomer];
        let anchor = anchors[(seed % 3) as usize];
        let options = SandboxOptions { allow_duplicate_contact: seed % 2 == 0, ..small(seed) };
        let world = World::new(options, Settings { anchor, ..settings() });
        let mut faults = faults(seed);
        faults.push(FaultRule {
            method: Some("POST".to_owned()),
            service: Some("chartmogul".to_owned()),
            probability: 0.02,
            ..FaultRule::always(Fault::DoneThenStatus { status: 500 })
        });
        for round in 0..6 {
            world.host.sandbox.borrow_mut().set_faults(faults.clone());
            let _ = world.run(APPLY);
            world.host.sandbox.borrow_mut().set_faults(Vec::new());
            world.host.advance(600_000);
            edit_at_random(&world, seed * 31 + round);
            world.host.advance(60_000);
        }
        world.run_until_done(3);
        world.host.advance(60_000);
        world.run_until_done(3);
        world.check();
        world.host.advance(3_600_000);
        let written = world.writes();
        world.run_until_done(1);
        assert_eq!(world.writes(), written, "{anchor:?}: an unchanged location was written to");
    });
}

/// Edits a few contacts, notes and tasks, and adds some.
fn edit_at_random(world: &World, chance: u64) {
    let (contacts, notes, tasks) = {
        let sandbox = world.host.sandbox.borrow();
        (sandbox.ghl_contacts(), sandbox.ghl_notes(), sandbox.ghl_tasks())
    };
    let pick = |records: &[serde_json::Value], salt: u64| {
        let index = chance.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(salt as u32 * 7) >> 33;
        records.get(index as usize % records.len().max(1)).cloned()
    };
    let text = |record: &serde_json::Value, name: &str| record[name].as_str().unwrap().to_owned();
    for salt in 0..3 {
        if let Some(contact) = pick(&contacts, salt) {
            let id = text(&contact, "id");
            let name = json!({ "firstName": format!("Name {chance} {salt}") });
            world.ask_ghl("PUT", &format!("/contacts/{id}"), name);
            let body = json!({ "body": format!("<p>New {chance} {salt}</p>") });
            world.ask_ghl("POST", &format!("/contacts/{id}/notes"), body);
        }
        if let Some(note) = pick(&notes, salt + 3) {
            let path =
                format!("/contacts/{}/notes/{}", text(&note, "contactId"), text(&note, "id"));
            world.ask_ghl("PUT", &path, json!({ "body": format!("Edited {chance}") }));
        }
        if let Some(task) = pick(&tasks, salt + 6) {
            let id = task["id"].as_str().or(task["_id"].as_str()).unwrap();
            let path = format!("/contacts/{}/tasks/{id}", text(&task, "contactId"));
            let title = json!({ "title": format!("Task {chance} {salt}") });
            world.ask_ghl("PUT", &path, title);
            let done = task["completed"].as_bool().unwrap_or(false);
            let toggled = json!({ "completed": !done });
            world.ask_ghl("PUT", &format!("{path}/completed"), toggled);
        }
    }
}

/// Every kind of fault, with a probability that lets runs get on.
fn faults(seed: u64) -> Vec<FaultRule> {
    let rule =
        |service: Option<&str>, method: Option<&str>, probability: f64, fault: Fault| FaultRule {
            service: service.map(str::to_owned),
            method: method.map(str::to_owned),
            probability,
            ..FaultRule::always(fault)
        };
    let share = 0.01 + (seed % 5) as f64 * 0.01;
    vec![
        rule(None, None, share, Fault::Status { status: 429 }),
        rule(None, None, share, Fault::Status { status: 500 }),
        rule(None, None, share, Fault::Status { status: 502 }),
        rule(None, None, share, Fault::Status { status: 503 }),
        rule(None, None, share, Fault::Lost { done: true }),
        rule(None, None, share, Fault::Lost { done: false }),
        rule(None, None, share, Fault::Truncated),
        rule(None, None, share, Fault::Html),
        rule(None, None, share, Fault::Delay { milliseconds: 90_000 }),
    ]
}

#[test]
fn a_kill_at_any_step_loses_nothing_and_writes_nothing_twice() {
    for_seeds(2, |seed| {
        let options = SandboxOptions { contacts: 12, ..small(seed) };
        let whole = World::new(options.clone(), settings());
        whole.run(APPLY).unwrap();
        let steps = whole.host.steps();
        // Each step for the first seed, every few for the others.
        let stride = if seed == 1 { 1 } else { 7 };
        for step in (1..steps).step_by(stride) {
            let world = World::new(options.clone(), settings());
            world.host.kill_after.set(Some(step));
            let killed = world.with(async |engine| engine.run(APPLY).await);
            assert!(killed.is_err(), "step {step}: the kill did not come");
            world.host.kill_after.set(None);
            world.host.advance(60_000);
            world.run_until_done(2);
            world.check();
        }
    });
}

#[test]
fn a_death_between_any_two_commits_is_survived() {
    for_seeds(2, |seed| {
        let options = SandboxOptions { contacts: 12, ..small(seed) };
        let whole = World::new(options.clone(), settings());
        whole.run(APPLY).unwrap();
        let commits = whole.host.store.commits();
        for commit in (0..commits).step_by(if seed == 1 { 1 } else { 5 }) {
            let world = World::new(options.clone(), settings());
            world.host.store.dies_after.set(Some(commit));
            world.host.kill_after.set(Some(5_000));
            // The store hangs: requests still under way arrive, then nothing moves any more.
            let died = run_until_stuck(&world);
            assert!(died, "commit {commit}: the run ended all the same");
            world.host.store.dies_after.set(None);
            world.host.kill_after.set(None);
            world.host.advance(60_000);
            world.run_until_done(2);
            world.check();
        }
    });
}

fn run_until_stuck(world: &World) -> bool {
    let (ghl, chartmogul) = world.clients();
    let engine =
        ghl_chartmogul::sync::Engine::new(&world.host, &ghl, &chartmogul, &world.settings).unwrap();
    world.host.block_on_until_stuck(engine.run(APPLY)).is_none()
}

#[test]
fn edits_in_ghl_are_written_and_nothing_else() {
    for_seeds(3, |seed| {
        let world = World::new(small(seed), settings());
        world.run(APPLY).unwrap();
        world.host.advance(3_600_000);
        let edits = edit_some(&world);
        world.host.advance(60_000);
        let before = world.writes();
        let outcome = world.run(APPLY).unwrap();
        world.check();
        assert_eq!((world.writes() - before) as u64, edits, "{:?}", outcome.report);
    });
}

/// Changes a contact's name, a note, a task and adds a note and a task, for a linked contact each; gives how many writes that takes.
fn edit_some(world: &World) -> u64 {
    // A duplicate, for which another contact stands, has nothing of its own to write to.
    let linked = world.linked("contact").into_iter().filter(|(_, link)| link["role"] != "guest");
    let linked: Vec<String> = linked.map(|(id, _)| id).collect();
    let task =
        world.linked("task").into_iter().find(|(_, link)| link["base"]["completed"] == false);
    let (note, note_link) = world.linked("note").into_iter().next().unwrap();
    let note_contact = note_link["contact"].as_str().unwrap().to_owned();
    let contact = &linked[0];
    let ask =
        |method: &str, path: String, body: serde_json::Value| world.ask_ghl(method, &path, body);
    ask("PUT", format!("/contacts/{contact}"), json!({ "firstName": "Renamed" }));
    ask("POST", format!("/contacts/{contact}/notes"), json!({ "body": "<p>A new note</p>" }));
    ask("PUT", format!("/contacts/{note_contact}/notes/{note}"), json!({ "body": "Changed" }));
    ask(
        "POST",
        format!("/contacts/{contact}/tasks"),
        json!({ "title": "A new task", "dueDate": "2027-01-05T10:00:00.000Z", "completed": false }),
    );
    let mut writes = 4;
    if let Some((task, link)) = task {
        let owner = link["contact"].as_str().unwrap();
        ask(
            "PUT",
            format!("/contacts/{owner}/tasks/{task}/completed"),
            json!({ "completed": true }),
        );
        writes += 1;
    }
    writes
}

#[test]
fn a_new_contact_is_looked_up_where_lists_would_cost_more() {
    for anchor in [Anchor::AttachOnly, Anchor::ContactIsCustomer] {
        let world = World::new(
            SandboxOptions {
                contacts: 700,
                notes_per_contact: 0.0,
                tasks_per_contact: 0.0,
                burst_limit: 1_000,
                ..small(1)
            },
            Settings { anchor, ..settings() },
        );
        world.run(APPLY).unwrap();
        world.host.advance(3_600_000);
        let customers = world.host.sandbox.borrow().chartmogul_customers();
        let known =
            customers.iter().find_map(|customer| customer["email"].as_str()).unwrap().to_owned();
        let location = world.host.sandbox.borrow().credentials().location_id.clone();
        for email in ["nobody.knows@example.com", &format!("second.{known}")] {
            let body = json!({ "locationId": location, "firstName": "New", "email": email });
            world.ask_ghl("POST", "/contacts/", body);
        }
        world.host.advance(60_000);
        let before = world.host.requests.borrow().len();
        let outcome = world.run(APPLY).unwrap();
        let calls = world.host.requests.borrow().len() - before;
        let share = world.linked("contact").len().div_ceil(24);
        assert!(
            calls <= 12 + share,
            "{anchor:?}: {calls} calls for two new contacts: {:?}",
            outcome.report
        );
        assert_eq!(outcome.report.calls, outcome.report.least_calls);
        world.check();
    }
}

#[test]
fn a_value_that_was_corrected_is_not_a_dead_letter_any_more() {
    let world = World::new(SandboxOptions { contacts: 120, ..small(1) }, settings());
    world.run(APPLY).unwrap();
    let letters = || {
        let (letters, _) =
            world.with(async |engine| engine.dead_letters(None, 1000).await).unwrap().unwrap();
        letters
            .into_iter()
            .filter(|letter| letter.kind == LetterKind::Field)
            .map(|letter| letter.id)
            .collect::<Vec<_>>()
    };
    let linked = world.linked("task");
    let letter = letters().into_iter().find(|id| id.starts_with("task/")).expect("a long task");
    let task = letter.split('/').nth(1).unwrap().to_owned();
    let contact = linked[&task]["contact"].as_str().unwrap().to_owned();
    world.host.advance(3_600_000);
    world.ask_ghl(
        "PUT",
        &format!("/contacts/{contact}/tasks/{task}"),
        json!({ "title": "Short", "body": "" }),
    );
    world.host.advance(60_000);
    world.run(APPLY).unwrap();
    assert!(!letters().contains(&letter), "{letter} is still told");
    world.check();
}

#[test]
fn notes_that_move_no_date_are_found_by_the_full_pass() {
    for_seeds(2, |seed| {
        let world =
            World::new(SandboxOptions { notes_touch_contact: false, ..small(seed) }, settings());
        world.run(APPLY).unwrap();
        let contact = world.linked("contact").into_keys().next().unwrap();
        world.host.advance(3_600_000);
        world.ask_ghl("POST", &format!("/contacts/{contact}/notes"), json!({ "body": "quiet" }));
        world.host.advance(25 * 3_600_000);
        world.run(APPLY).unwrap();
        world.check();
    });
}

#[test]
fn a_lost_state_is_rebuilt_without_duplicates() {
    for marker in [Marker::Trailing, Marker::None] {
        for_seeds(2, |seed| {
            let world = World::new(small(seed), Settings { marker, ..settings() });
            // Twice: the first run's own records may let a second one match more.
            world.run(APPLY).unwrap();
            world.run(RunOptions { full: true, ..APPLY }).unwrap();
            let counts = world.counts();
            world.host.store.clear();
            world.host.advance(3_600_000);
            let outcome = world.run(APPLY).unwrap();
            assert_eq!(world.counts(), counts, "{marker:?}: {:?}", outcome.report.done);
            if marker == Marker::Trailing {
                world.check();
            }
            for kind in ["note", "task"] {
                let linked = world.linked(kind);
                let uuids: std::collections::BTreeSet<&str> =
                    linked.values().filter_map(|link| link["uuid"].as_str()).collect();
                assert_eq!(uuids.len(), linked.len(), "a {kind} is linked twice");
            }
        });
    }
}

#[test]
fn contacts_become_customers() {
    for_seeds(4, |seed| {
        let world =
            World::new(small(seed), Settings { anchor: Anchor::ContactIsCustomer, ..settings() });
        world.run_until_done(2);
        world.check();
        let written = world.writes();
        world.host.advance(3_600_000);
        world.run(APPLY).unwrap();
        assert_eq!(world.writes(), written);
        world.host.store.clear();
        let counts = world.counts();
        world.run_until_done(2);
        world.check();
        assert_eq!(world.counts(), counts, "a lost state is rebuilt");
    });
}

#[test]
fn a_run_stops_at_its_budget_and_continues() {
    for_seeds(2, |seed| {
        for (options, stop) in [
            (RunOptions { max_calls: Some(25), ..APPLY }, Stop::Calls),
            (RunOptions { max_records: Some(4), ..APPLY }, Stop::Records),
            (RunOptions { deadline_ms: Some(1_000), ..APPLY }, Stop::Deadline),
        ] {
            let world = World::new(small(seed), settings());
            let mut runs = 0;
            loop {
                runs += 1;
                let outcome = world.run(options.clone()).unwrap();
                if outcome.done {
                    break;
                }
                assert_eq!(outcome.stopped, Some(stop));
                assert!(runs < 400, "a budget of {options:?} never comes to an end");
            }
            assert!(runs > 1);
            world.check();
        }
    });
}

#[test]
fn no_wait_outlasts_the_deadline() {
    // 25 calls in ten seconds: most of the time is spent waiting for the next window.
    let options = SandboxOptions { burst_limit: 25, contacts: 80, ..small(5) };
    let world = World::new(options, settings());
    let mut runs = 0;
    loop {
        runs += 1;
        let began = world.host.now();
        let outcome = world.run(RunOptions { deadline_ms: Some(3_000), ..APPLY }).unwrap();
        let took = world.host.now() - began;
        assert!(took <= 3_500, "a run of 3 s took {took} ms");
        let report = &outcome.report;
        assert!(report.least_calls.total() <= report.calls.total(), "{report:?}");
        if outcome.done {
            break;
        }
        assert_eq!(outcome.stopped, Some(Stop::Deadline));
        assert!(runs < 100, "it never comes to an end");
        world.host.advance(60_000);
    }
    assert!(runs > 1);
    world.check();
}

#[test]
fn a_plan_of_nothing_does_not_keep_a_run_from_reading() {
    let world = World::new(small(4), settings());
    world.run_until_done(3);
    let plan = world.with(async |engine| engine.plan(RunOptions::default()).await);
    assert_eq!(plan.unwrap().unwrap().writes(), 0);
    let contact = world.linked("contact").into_keys().next().unwrap();
    let name = json!({ "firstName": "Renamed" });
    world.ask_ghl("PUT", &format!("/contacts/{contact}"), name);
    world.host.advance(60_000);
    let outcome = world.run(APPLY).unwrap();
    assert_eq!(outcome.report.done.get("update").and_then(|kinds| kinds.get("contact")), Some(&1));
    world.check();
}

#[test]
fn the_daily_quota_is_respected_and_the_next_day_continues() {
    let world = World::new(SandboxOptions { daily_limit: 20, ..small(3) }, settings());
    let outcome = world.run(APPLY).unwrap();
    assert_eq!(outcome.stopped, Some(Stop::Quota));
    let used =
        world.host.requests.borrow().iter().filter(|request| !request.contains("/v1/")).count();
    assert!(used <= 21, "{used} calls of 20");
    let mut days = 1;
    loop {
        world.host.advance(24 * 3_600_000);
        days += 1;
        if world.run(APPLY).unwrap().done {
            break;
        }
        assert!(days < 10, "it never comes to an end");
    }
    assert!(days > 1);
    world.check();
}

#[test]
fn a_plan_over_its_caps_is_refused_before_the_first_write() {
    let caps = Caps { max_creates: Some(3), ..Caps::default() };
    let world = World::new(small(1), Settings { caps, ..settings() });
    let error = world.run(APPLY).unwrap_err();
    assert_eq!(error.code, Code::CapExceeded);
    assert_eq!(world.writes(), 0);
}

#[test]
fn without_an_assignee_tasks_are_dead_letters_and_the_rest_is_synced() {
    let lonely = Settings {
        users: ghl_chartmogul::mapping::settings::Users { same_email: false, ..Default::default() },
        ..settings()
    };
    let world = World::new(small(2), lonely);
    let outcome = world.run(APPLY).unwrap();
    assert!(outcome.done && outcome.report.rejected > 0);
    let (letters, _) =
        world.with(async |engine| engine.dead_letters(None, 500).await).unwrap().unwrap();
    let task =
        letters.iter().find(|letter| letter.kind == LetterKind::Task).expect("a task is rejected");
    assert_eq!(task.code, "unmappable");
    assert!(task.hint.as_deref().unwrap().contains("defaultAssignee"));
    assert!(!world.linked("note").is_empty(), "notes are synced all the same");
}

#[test]
fn chartmogul_before_september_2026_works_too() {
    use ghl_chartmogul::sandbox::ChartmogulGeneration::Before;
    for_seeds(2, |seed| {
        let world =
            World::new(SandboxOptions { chartmogul_generation: Before, ..small(seed) }, settings());
        world.run_until_done(2);
        world.check();
    });
}

#[test]
fn an_abort_leaves_a_state_that_continues() {
    let world = World::new(small(4), settings());
    world.run(RunOptions { max_records: Some(5), ..APPLY }).unwrap();
    world.host.abort.set(true);
    assert_eq!(world.run(APPLY).unwrap_err().code, Code::Aborted);
    world.host.abort.set(false);
    world.run_until_done(2);
    world.check();
}

#[test]
fn the_elapsed_time_is_the_rate_limits() {
    let world =
        World::new(SandboxOptions { contacts: 200, burst_limit: 10_000, ..small(1) }, settings());
    let began = ghl_chartmogul::host::Host::now(&world.host);
    let outcome = world.run(APPLY).unwrap();
    let elapsed = (ghl_chartmogul::host::Host::now(&world.host) - began) as f64;
    let at_the_limit = outcome.report.calls.chartmogul as f64 / 40.0 * 1000.0;
    let reading = outcome.report.calls.ghl as f64 / 10.0 * 80.0;
    assert!(
        elapsed <= (at_the_limit + reading) * 1.05 + 3_000.0,
        "{elapsed} ms, the limits give {at_the_limit} + {reading}"
    );
}
#[test]
fn businesses_become_customers() {
    for_seeds(3, |seed| {
        for without_business in [WithoutBusiness::Skip, WithoutBusiness::Customer] {
            let anchor = Anchor::BusinessIsCustomer;
            let world =
                World::new(small(seed), Settings { anchor, without_business, ..settings() });
            world.run_until_done(2);
            world.check();
            let written = world.writes();
            world.host.advance(3_600_000);
            world.run(APPLY).unwrap();
            assert_eq!(world.writes(), written);
        }
    });
}

#[test]
fn every_mutant_is_noticed() {
    if std::env::var_os("SIMULATION_MUTANTS").is_none() {
        println!(
            "skipped: mutants run with SIMULATION_MUTANTS=1 (cargo xtask test simulation --mutants)"
        );
        return;
    }
    let fails = |mutant: Option<mutants::Mutant>| {
        (1..=40).find(|seed| {
            let run = || run_with_mutant(mutant, *seed);
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err()
        })
    };
    assert_eq!(fails(None), None, "a seed that fails without a mutant shows nothing of any");
    let mut unnoticed = Vec::new();
    for mutant in mutants::Mutant::ALL {
        let noticed = fails(Some(mutant));
        println!("{mutant:?}: noticed with seed {noticed:?}");
        if noticed.is_none() {
            unnoticed.push(mutant);
        }
    }
    assert!(unnoticed.is_empty(), "{unnoticed:?} go unnoticed: their guards guard nothing");
}

/// Faults, kills on the way and a few more runs, as a bad week has them.
fn run_with_mutant(mutant: Option<mutants::Mutant>, seed: u64) {
    let options = SandboxOptions { contacts: 12, ..small(seed) };
    let world = World::new(options, settings());
    world.host.store.mutant.set(mutant);
    world.host.sandbox.borrow_mut().set_faults(faults(seed + 4));
    for kill in [23, 61, 103] {
        world.host.kill_after.set(Some(kill + seed));
        let _ = world.with(async |engine| engine.run(APPLY).await);
        world.host.kill_after.set(None);
        world.host.advance(60_000);
    }
    for _ in 0..3 {
        let _ = world.run(APPLY);
        world.host.advance(120_000);
    }
    world.host.sandbox.borrow_mut().set_faults(Vec::new());
    world.run_until_done(3);
    world.host.advance(60_000);
    world.run_until_done(3);
    world.check();
    check_that_nothing_more_is_sent(&world);
}

/// An unchanged location costs its list pages, and what was refused is not sent again.
fn check_that_nothing_more_is_sent(world: &World) {
    let list_pages = QUIET_CALLS + world.host.sandbox.borrow().ghl_tasks().len().div_ceil(100);
    for _ in 0..3 {
        world.host.advance(3_600_000);
        let (sent, written) = (world.host.requests.borrow().len(), world.writes());
        world.run_until_done(1);
        assert_eq!(world.writes(), written, "an unchanged location was written to");
        let sent = world.host.requests.borrow().len() - sent;
        assert!(sent <= list_pages, "an unchanged location cost {sent} calls");
    }
    // What the first run wrote may let a full one match more.
    for _ in 0..2 {
        world.run(RunOptions { full: true, ..APPLY }).unwrap();
    }
    let contact = world.linked("contact").into_keys().next().unwrap();
    let body = json!({ "body": "never taken" });
    world.ask_ghl("POST", &format!("/contacts/{contact}/notes"), body);
    let refused = FaultRule {
        method: Some("POST".to_owned()),
        path: Some("/v1/notes".to_owned()),
        ..FaultRule::always(Fault::Status { status: 422 })
    };
    world.host.sandbox.borrow_mut().set_faults(vec![refused]);
    world.host.advance(60_000);
    world.run_until_done(1);
    let written = world.writes();
    world.host.advance(25 * 3_600_000);
    world.run_until_done(1);
    assert_eq!(world.writes(), written, "what was refused was sent again");
}
