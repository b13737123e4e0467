//! Single faults, each step by step: what chance alone would seldom bring together.

use ghl_chartmogul::error::Code;
use ghl_chartmogul::host::Host;
use ghl_chartmogul::mapping::settings::{Anchor, Caps, LongTasks, Marker, NoteFormat, Settings};
use ghl_chartmogul::sandbox::{Fault, FaultRule, SandboxOptions};
use ghl_chartmogul::sync::{Action, Reason, RecordStanding, RunOptions};
use serde_json::{Value, json};

use crate::small;
use crate::store::Failing;
use crate::world::{APPLY, World, settings};

const HOUR_MS: u64 = 3_600_000;

fn strikes(method: &str, path: &str, times: Option<u64>, fault: Fault) -> FaultRule {
    FaultRule {
        method: Some(method.to_owned()),
        path: Some(path.to_owned()),
        times,
        ..FaultRule::always(fault)
    }
}

fn set_faults(world: &World, rules: Vec<FaultRule>) {
    world.host.sandbox.borrow_mut().set_faults(rules);
}

/// A synced world, an hour later.
fn synced(options: SandboxOptions, settings: Settings) -> World {
    let world = World::new(options, settings);
    assert!(world.run(APPLY).unwrap().done);
    world.host.advance(HOUR_MS);
    world
}

pub fn add_note(world: &World, contact: &str, body: &str) -> String {
    let answer =
        world.ask_ghl("POST", &format!("/contacts/{contact}/notes"), json!({ "body": body }));
    answer["note"]["id"].as_str().unwrap().to_owned()
}

/// The texts of the ChartMogul notes that carry this GHL note's marker.
pub fn texts_of(world: &World, note: &str) -> Vec<String> {
    let marker = format!("[ghl:n:{note}]");
    let sandbox = world.host.sandbox.borrow();
    let notes = sandbox.chartmogul_notes();
    let texts = notes.iter().filter_map(|note| note["text"].as_str());
    texts.filter(|text| text.contains(&marker)).map(str::to_owned).collect()
}

/// A run whose end does not matter, and a while.
fn run_anyhow(world: &World) {
    let _ = world.run(APPLY);
    world.host.advance(120_000);
}

/// A run whose answer to a note's create is lost, and which cannot look for the note.
fn lose_a_note(world: &World) {
    set_faults(
        world,
        vec![
            strikes("POST", "/v1/notes", Some(1), Fault::Lost { done: true }),
            strikes("GET", "/v1/notes", None, Fault::Status { status: 500 }),
        ],
    );
    run_anyhow(world);
    set_faults(world, Vec::new());
}

fn first_linked(world: &World) -> String {
    world.linked("contact").into_keys().next().unwrap()
}

#[test]
fn a_create_that_cannot_be_looked_for_is_looked_for_later() {
    let world = synced(small(1), settings());
    let note = add_note(&world, &first_linked(&world), "lost on its way back");
    world.host.advance(60_000);
    lose_a_note(&world);
    world.run_until_done(2);
    assert_eq!(texts_of(&world, &note).len(), 1);
    world.check();
}

#[test]
fn a_create_found_later_is_brought_to_what_ghl_holds_by_then() {
    let world = synced(small(1), settings());
    let contact = first_linked(&world);
    let note = add_note(&world, &contact, "first form");
    world.host.advance(60_000);
    lose_a_note(&world);
    world.ask_ghl(
        "PUT",
        &format!("/contacts/{contact}/notes/{note}"),
        json!({ "body": "second form" }),
    );
    world.host.advance(60_000);
    world.run_until_done(2);
    let texts = texts_of(&world, &note);
    assert_eq!(texts.len(), 1);
    assert!(texts[0].starts_with("second form"), "{texts:?}");
}

#[test]
fn a_refusal_that_wrote_all_the_same_is_not_written_again() {
    for status in [400, 404, 409, 422] {
        let world = synced(small(1), settings());
        let contact = first_linked(&world);
        let note = add_note(&world, &contact, "refused, and there");
        world.host.advance(60_000);
        set_faults(
            &world,
            vec![strikes("POST", "/v1/notes", Some(1), Fault::DoneThenStatus { status })],
        );
        run_anyhow(&world);
        set_faults(&world, Vec::new());
        world.ask_ghl(
            "PUT",
            &format!("/contacts/{contact}/notes/{note}"),
            json!({ "body": "edited" }),
        );
        world.host.advance(60_000);
        world.run_until_done(2);
        let texts = texts_of(&world, &note);
        assert_eq!(texts.len(), 1, "after {status}");
        assert!(texts[0].starts_with("edited"), "after {status}: {texts:?}");
    }
}

#[test]
fn a_lost_state_whose_first_run_is_replaced_is_rebuilt_all_the_same() {
    for anchor in [Anchor::AttachOnly, Anchor::ContactIsCustomer] {
        let world = synced(small(1), Settings { anchor, ..settings() });
        let counts = world.counts();
        world.host.store.clear();
        let stopped = world.run(RunOptions { max_records: Some(5), ..APPLY }).unwrap();
        assert!(!stopped.done);
        let plan =
            world.with(async |engine| engine.plan(RunOptions::default()).await).unwrap().unwrap();
        let applied = world.with(async |engine| engine.apply(&plan.id, APPLY).await).unwrap();
        assert!(applied.unwrap().done);
        assert_eq!(world.counts(), counts, "{anchor:?}");
        world.check();
    }
}

#[test]
fn notes_and_tasks_of_a_contact_that_failed_come_with_it() {
    for status in [422, 429, 503] {
        let world =
            World::new(small(1), Settings { anchor: Anchor::ContactIsCustomer, ..settings() });
        set_faults(
            &world,
            vec![strikes("POST", "/v1/customers", Some(9), Fault::Status { status })],
        );
        println!("answered with {status}");
        run_anyhow(&world);
        set_faults(&world, Vec::new());
        // A refused contact is tried again when it changes.
        let linked = world.linked("contact");
        let contacts: Vec<Value> = world.host.sandbox.borrow().ghl_contacts();
        for contact in contacts {
            let id = contact["id"].as_str().unwrap();
            if !linked.contains_key(id) {
                world.ask_ghl("PUT", &format!("/contacts/{id}"), json!({ "firstName": "Mended" }));
            }
        }
        world.host.advance(60_000);
        world.run_until_done(2);
        world.host.advance(60_000);
        world.run_until_done(2);
        world.check();
    }
}

#[test]
fn an_unchanged_location_costs_its_list_pages_in_every_run() {
    let world = synced(small(1), settings());
    let task_pages = world.host.sandbox.borrow().ghl_tasks().len().div_ceil(100);
    // Notes in turn: a day's share of an hour.
    let share = world.linked("contact").len().div_ceil(24);
    for run in 2..6 {
        let before = world.host.requests.borrow().len();
        world.run(APPLY).unwrap();
        let calls = world.host.requests.borrow().len() - before;
        assert!(calls <= crate::QUIET_CALLS + task_pages + share, "run {run} took {calls} calls");
        world.host.advance(HOUR_MS);
    }
}

#[test]
fn a_plan_says_which_notes_the_days_calls_did_not_last_for() {
    let world = World::new(SandboxOptions { daily_limit: 20, ..small(3) }, settings());
    let plan = |world: &World| {
        world.with(async |engine| engine.plan(RunOptions::default()).await).unwrap()
    };
    let first = plan(&world).unwrap();
    assert!(first.count(Action::Create) > 0 && first.notes_waiting > 0);
    assert!(first.warnings.iter().any(|warning| warning.contains("are not read yet")));
    assert_eq!(world.writes(), 0);
    // With nothing left at all there is no plan.
    assert_eq!(plan(&world).unwrap_err().code, Code::DailyQuotaExhausted);
}

#[test]
fn the_quota_stops_a_run_before_its_first_page_too() {
    let world = World::new(SandboxOptions { daily_limit: 20, ..small(3) }, settings());
    world.run(APPLY).unwrap();
    // A new process on the same day, whose settings ask for everything again.
    let world =
        World { settings: Settings { note_format: NoteFormat::Plain, ..settings() }, ..world };
    let outcome = world.run(APPLY).unwrap();
    assert!(!outcome.done && outcome.stopped.is_some());
}

#[test]
fn a_plan_half_applied_is_refused_under_other_settings() {
    let mut world = World::new(small(1), settings());
    let plan =
        world.with(async |engine| engine.plan(RunOptions::default()).await).unwrap().unwrap();
    let half = RunOptions { max_records: Some(3), ..APPLY };
    let outcome =
        world.with(async |engine| engine.apply(&plan.id, half.clone()).await).unwrap().unwrap();
    assert!(!outcome.done);
    world.settings = Settings { note_format: NoteFormat::Plain, ..settings() };
    let written = world.writes();
    let refused = world.with(async |engine| engine.apply(&plan.id, APPLY).await).unwrap();
    assert_eq!(refused.unwrap_err().code, Code::StalePlan);
    assert_eq!(world.writes(), written);
    world.run_until_done(2);
    world.check();
}

#[test]
fn a_contact_that_cannot_be_read_again_does_not_hold_up_the_rest() {
    let world = synced(small(1), settings());
    let linked: Vec<String> = world.linked("contact").into_keys().collect();
    add_note(&world, &linked[0], "of the contact that fails");
    world.host.advance(60_000);
    let failing = format!("/contacts/{}*", linked[0]);
    set_faults(&world, vec![strikes("GET", &failing, None, Fault::Status { status: 500 })]);
    assert!(world.run(APPLY).unwrap().done);
    world.host.advance(HOUR_MS);
    let note = add_note(&world, &linked[1], "of another");
    world.host.advance(60_000);
    assert!(world.run(APPLY).unwrap().done);
    assert_eq!(texts_of(&world, &note).len(), 1);
    set_faults(&world, Vec::new());
    world.host.advance(HOUR_MS);
    world.run_until_done(2);
    world.check();
    assert!(world.host.store.matching("/letter/contact/").is_empty());
}

fn long_tasks() -> Settings {
    Settings { long_tasks: LongTasks::Note, ..settings() }
}

fn add_long_task(world: &World, contact: &str, body: &str) -> String {
    let answer = world.ask_ghl(
        "POST",
        &format!("/contacts/{contact}/tasks"),
        json!({ "title": "A long task", "body": body, "dueDate": "2027-01-05T10:00:00.000Z", "completed": false }),
    );
    let task = &answer["task"];
    task["id"].as_str().or(task["_id"].as_str()).unwrap().to_owned()
}

#[test]
fn the_note_of_a_long_task_follows_its_text() {
    let world = synced(small(1), long_tasks());
    let contact = first_linked(&world);
    let body = "word ".repeat(80);
    let task = add_long_task(&world, &contact, &format!("{body} first end"));
    world.host.advance(60_000);
    world.run_until_done(1);
    world.host.advance(HOUR_MS);
    world.ask_ghl(
        "PUT",
        &format!("/contacts/{contact}/tasks/{task}"),
        json!({ "body": format!("{body} second end") }),
    );
    world.host.advance(60_000);
    world.run_until_done(1);
    let texts = texts_of(&world, &format!("task-{task}"));
    assert_eq!(texts.len(), 1);
    assert!(texts[0].contains("second end"), "{texts:?}");
}

#[test]
fn the_note_of_a_long_task_is_tried_again() {
    let world = synced(small(1), long_tasks());
    let task = add_long_task(&world, &first_linked(&world), &"word ".repeat(80));
    world.host.advance(60_000);
    set_faults(&world, vec![strikes("POST", "/v1/notes", Some(2), Fault::Status { status: 503 })]);
    run_anyhow(&world);
    set_faults(&world, Vec::new());
    world.run_until_done(2);
    assert_eq!(texts_of(&world, &format!("task-{task}")).len(), 1);
    world.check();
}

#[test]
fn a_setting_for_long_tasks_reaches_those_already_synced() {
    let mut world = synced(small(1), settings());
    let task = add_long_task(&world, &first_linked(&world), &"word ".repeat(80));
    world.host.advance(60_000);
    world.run_until_done(1);
    world.settings = long_tasks();
    world.host.advance(HOUR_MS);
    world.run_until_done(1);
    assert_eq!(texts_of(&world, &format!("task-{task}")).len(), 1);
}

#[test]
fn a_customer_merged_away_is_followed() {
    for anchor in [Anchor::AttachOnly, Anchor::ContactIsCustomer] {
        let world = synced(small(1), Settings { anchor, ..settings() });
        let linked = world.linked("contact");
        let (contact, link) = linked.iter().next().unwrap();
        let from = link["customer"].as_str().unwrap();
        let into = linked
            .values()
            .filter_map(|link| link["customer"].as_str())
            .find(|customer| *customer != from)
            .unwrap();
        world.ask_chartmogul(
            "POST",
            "/v1/customers/merges",
            json!({ "from": { "customer_uuid": from }, "into": { "customer_uuid": into } }),
        );
        let note = add_note(&world, contact, "after the merge");
        world.ask_ghl("PUT", &format!("/contacts/{contact}"), json!({ "firstName": "Renamed" }));
        world.host.advance(60_000);
        let outcome = world.run_until_done(1);
        assert_eq!(outcome.report.rejected, 0, "{anchor:?}: {:?}", world.requests_by_kind());
        assert_eq!(texts_of(&world, &note).len(), 1, "{anchor:?}");
        world.host.advance(60_000);
        let written = world.writes();
        world.run_until_done(1);
        assert_eq!(world.writes(), written);
    }
}

#[test]
fn a_clock_that_was_ahead_does_not_put_off_the_full_pass() {
    let world = World::new(SandboxOptions { notes_touch_contact: false, ..small(1) }, settings());
    world.host.ahead_ms.set(400 * 24 * HOUR_MS);
    world.run_until_done(1);
    world.host.ahead_ms.set(0);
    world.host.advance(HOUR_MS);
    let note = add_note(&world, &first_linked(&world), "quiet");
    world.host.advance(25 * HOUR_MS);
    world.run_until_done(2);
    assert_eq!(texts_of(&world, &note).len(), 1);
}

#[test]
fn a_clock_set_back_in_the_midst_of_a_run_does_not_hold_it_up() {
    // A limit that is met: most of the time is spent waiting.
    let options = SandboxOptions { burst_limit: 25, contacts: 80, ..small(3) };
    let took = |sets_back: Option<(u64, u64)>| {
        let world = World::new(options.clone(), settings());
        world.host.sets_back.set(sets_back);
        let began = world.host.monotonic();
        let outcome = world.run(APPLY).unwrap();
        let took = world.host.monotonic() - began;
        assert!(outcome.done);
        world.host.advance(60_000);
        world.run_until_done(2);
        world.check();
        (took, world.host.steps())
    };
    let (calm, steps) = took(None);
    assert!(calm > 10_000, "{calm}");
    for step in (1..steps).step_by(9) {
        let (took, _) = took(Some((step, HOUR_MS)));
        assert!(took < calm + 5_000, "set back at request {step}: {took} ms instead of {calm}");
    }
}

#[test]
fn no_deadline_is_put_off_by_a_clock_set_back() {
    let options = SandboxOptions { burst_limit: 25, contacts: 80, ..small(3) };
    let world = World::new(options, settings());
    world.host.sets_back.set(Some((10, HOUR_MS)));
    let began = world.host.monotonic();
    let outcome = world.run(RunOptions { deadline_ms: Some(5_000), ..APPLY }).unwrap();
    assert!(!outcome.done);
    let took = world.host.monotonic() - began;
    assert!((4_000..6_000).contains(&took), "{took}");
}

#[test]
fn a_plan_is_listed_whole_however_much_is_asked_for_at_once() {
    let options =
        SandboxOptions { contacts: 400, notes_per_contact: 4.0, burst_limit: 10_000, ..small(1) };
    let world = World::new(options, settings());
    let (told, listed) = world
        .with(async |engine| {
            let plan = engine.plan(RunOptions::default()).await?;
            let (mut listed, mut cursor) = (0, None::<String>);
            loop {
                let (changes, next) = engine.changes(&plan.id, cursor.as_deref(), 5_000).await?;
                listed += changes.len() as u64;
                cursor = next;
                if cursor.is_none() {
                    break;
                }
            }
            let told: u64 = plan.totals.values().flat_map(|kinds| kinds.values()).sum();
            Ok((told, listed))
        })
        .unwrap()
        .unwrap();
    assert!(told > 1_000, "{told}");
    assert_eq!(listed, told);
}

#[test]
fn a_first_run_killed_anywhere_writes_nothing_before_a_plan_was_given() {
    let options = SandboxOptions { contacts: 12, ..small(1) };
    let whole = World::new(options.clone(), settings());
    whole.run(RunOptions::default()).unwrap();
    let commits = whole.host.store.commits();
    for commit in 0..commits {
        let world = World::new(options.clone(), settings());
        world.host.store.fails_at.set(Some((commit, crate::store::Failing::Before)));
        assert!(world.run(RunOptions::default()).is_err(), "commit {commit}");
        world.host.advance(60_000);
        let outcome = world.run(RunOptions::default()).unwrap();
        assert_eq!(world.writes(), 0, "after a death at commit {commit}");
        assert!(outcome.planned_only, "after a death at commit {commit}");
        world.run_until_done(1);
        world.check();
    }
}

#[test]
fn a_store_that_fails_at_any_commit_loses_nothing() {
    use crate::store::Failing;
    let options = SandboxOptions { contacts: 12, ..small(1) };
    let whole = World::new(options.clone(), settings());
    whole.run(APPLY).unwrap();
    let commits = whole.host.store.commits();
    for failing in [Failing::Before, Failing::After] {
        for commit in 0..commits {
            let world = World::new(options.clone(), settings());
            world.host.store.fails_at.set(Some((commit, failing)));
            let _ = world.run(APPLY);
            world.host.advance(60_000);
            world.run_until_done(2);
            world.check();
        }
    }
}

#[test]
fn the_cap_of_changes_counts_all_linked_records() {
    let caps = Caps { max_change_percent: Some(20.0), ..Caps::default() };
    let world = synced(small(1), Settings { caps, ..settings() });
    let linked: usize =
        ["contact", "note", "task"].into_iter().map(|kind| world.linked(kind).len()).sum();
    let mut edited = 0;
    for (note, link) in world.linked("note") {
        if edited * 100 >= linked * 15 {
            break;
        }
        edited += 1;
        let contact = link["contact"].as_str().unwrap();
        world.ask_ghl(
            "PUT",
            &format!("/contacts/{contact}/notes/{note}"),
            json!({ "body": "edited" }),
        );
    }
    world.host.advance(60_000);
    assert!(world.run(APPLY).unwrap().done, "{edited} of {linked} records are under 20 %");
}

#[test]
fn a_note_deleted_in_chartmogul_stays_deleted_and_the_rest_is_synced() {
    let world = synced(small(1), settings());
    let (note, link) = world.linked("note").into_iter().next().unwrap();
    let uuid = link["uuid"].as_str().unwrap();
    world.ask_chartmogul("DELETE", &format!("/v1/notes/{uuid}"), json!({}));
    let contact = link["contact"].as_str().unwrap();
    world.ask_ghl("PUT", &format!("/contacts/{contact}/notes/{note}"), json!({ "body": "edited" }));
    world.host.advance(60_000);
    let outcome = world.run(APPLY).unwrap();
    assert!(outcome.done);
    assert_eq!((outcome.report.rejected, outcome.report.apart), (0, 1));
    assert!(outcome.standing.is_quiet(), "what a person settled does not count as a failure");
    let written = world.writes();
    world.host.advance(25 * HOUR_MS);
    assert!(world.run(APPLY).unwrap().done);
    assert_eq!(world.writes(), written, "it is not made again");
    let why = world.with(async |engine| engine.why(&note).await).unwrap().unwrap();
    assert_eq!((why.standing, why.cause), (RecordStanding::Apart, Some(Reason::Deleted)));
    world.with(async |engine| engine.retry(&note).await).unwrap().unwrap();
    world.run_until_done(1);
    assert_eq!(texts_of(&world, &note).len(), 1, "until a person asks for it");
}

#[test]
fn contacts_of_a_business_that_failed_come_with_it() {
    for status in [429, 503] {
        let world =
            World::new(small(1), Settings { anchor: Anchor::BusinessIsCustomer, ..settings() });
        set_faults(
            &world,
            vec![strikes("POST", "/v1/customers", Some(8), Fault::Status { status })],
        );
        run_anyhow(&world);
        let linked = world.linked("contact").len();
        set_faults(&world, Vec::new());
        world.run_until_done(2);
        let whole = synced(small(1), Settings { anchor: Anchor::BusinessIsCustomer, ..settings() });
        assert!(linked < whole.linked("contact").len() || status == 429);
        assert_eq!(world.linked("contact").len(), whole.linked("contact").len());
        world.check();
    }
}

#[test]
fn an_update_that_may_have_arrived_is_undone_when_ghl_goes_back() {
    for dropped in [false, true] {
        let world = synced(small(1), settings());
        let linked = world.linked("task");
        let (task, link) =
            linked.iter().find(|(_, link)| link["base"]["completed"] == false).unwrap();
        let uuid = link["uuid"].as_str().unwrap();
        let contact = link["contact"].as_str().unwrap();
        let complete = |completed: bool| {
            let path = format!("/contacts/{contact}/tasks/{task}/completed");
            world.ask_ghl("PUT", &path, json!({ "completed": completed }));
            world.host.advance(60_000);
        };
        complete(true);
        if dropped {
            // It arrives, and the process dies before it is recorded.
            let renamed = json!({ "firstName": "Renamed" });
            world.ask_ghl("PUT", &format!("/contacts/{}", first_linked(&world)), renamed);
            world.host.advance(60_000);
            assert!(!world.run(RunOptions { max_records: Some(1), ..APPLY }).unwrap().done);
            world.host.store.dies_after.set(Some(world.host.store.commits()));
            assert!(crate::run_until_stuck(&world));
            world.host.store.dies_after.set(None);
            world.host.advance(60_000);
        } else {
            let lost = Fault::Lost { done: true };
            set_faults(&world, vec![strikes("PATCH", "/v1/tasks/*", None, lost)]);
            run_anyhow(&world);
        }
        set_faults(&world, Vec::new());
        complete(false);
        world.run(RunOptions { full: true, ..APPLY }).unwrap();
        let tasks = world.host.sandbox.borrow().chartmogul_tasks();
        let there = tasks.iter().find(|there| there["task_uuid"] == uuid).unwrap();
        assert!(there["completed_at"].is_null(), "dropped: {dropped}");
    }
}

#[test]
fn budgets_are_kept_and_cost_no_calls() {
    let whole = World::new(small(1), settings());
    whole.run(APPLY).unwrap();
    let least = whole.host.requests.borrow().len();
    let world = World::new(small(1), settings());
    let mut runs = 0;
    loop {
        runs += 1;
        let before = world.host.requests.borrow().len();
        let outcome = world.run(RunOptions { max_calls: Some(25), ..APPLY }).unwrap();
        let calls = world.host.requests.borrow().len() - before;
        // A step of reading is not cut in two: it asks for the notes of ten contacts.
        assert!(calls <= 25 + 9, "{calls} calls of 25");
        if outcome.done {
            break;
        }
        world.host.advance(60_000);
    }
    // Each run asks once whose account it is.
    let calls = world.host.requests.borrow().len() - runs;
    assert!(calls <= least + least / 50, "{calls} calls, without a budget {least}");
    world.check();
}

#[test]
fn full_runs_stopped_by_a_budget_read_everything_once() {
    let world = World::new(small(1), settings());
    let options = RunOptions { full: true, max_calls: Some(5), ..APPLY };
    while !world.run(options.clone()).unwrap().done {
        world.host.advance(1_000);
    }
    let requests = world.host.requests.borrow();
    let searches = requests.iter().filter(|request| request.contains("/contacts/search")).count();
    assert_eq!(searches, 1);
    drop(requests);
    world.check();
}

#[test]
fn another_anchor_is_refused_before_the_first_write() {
    let mut world = synced(small(1), settings());
    let written = world.writes();
    world.settings = Settings { anchor: Anchor::ContactIsCustomer, ..settings() };
    assert_eq!(world.run(APPLY).unwrap_err().code, Code::InvalidConfig);
    assert_eq!(world.writes(), written);
    world.settings = settings();
    world.run_until_done(1);
    world.check();
}

#[test]
fn a_phone_that_another_contact_gave_up_identifies_again() {
    let options = SandboxOptions { allow_duplicate_contact: true, ..small(1) };
    let world = World::new(options, settings());
    let phone = "+14155550123";
    let customer = world.host.sandbox.borrow().chartmogul_customers().swap_remove(0);
    let body = json!({
        "customer_uuid": customer["uuid"], "data_source_uuid": customer["data_source_uuid"], "phone": phone,
    });
    world.ask_chartmogul("POST", "/v1/contacts", body);
    let location = world.host.sandbox.borrow().credentials().location_id.clone();
    let add = |name: &str| {
        let body = json!({ "locationId": location, "firstName": name, "phone": phone });
        let answer = world.ask_ghl("POST", "/contacts/", body);
        answer["contact"]["id"].as_str().unwrap().to_owned()
    };
    let (first, second) = (add("First"), add("Second"));
    world.host.advance(60_000);
    world.run_until_done(1);
    assert!(!world.linked("contact").contains_key(&second));
    world.ask_ghl("PUT", &format!("/contacts/{first}"), json!({ "phone": "+14155550199" }));
    world.host.advance(25 * HOUR_MS);
    world.run_until_done(1);
    assert!(world.linked("contact").contains_key(&second));
}

#[test]
fn a_contact_that_was_found_by_its_phone_and_failed_comes_with_the_next_run() {
    let world = synced(small(1), settings());
    let phone = "+14155550123";
    let customer = world.host.sandbox.borrow().chartmogul_customers().swap_remove(0);
    let body = json!({
        "customer_uuid": customer["uuid"], "data_source_uuid": customer["data_source_uuid"], "phone": phone,
    });
    world.ask_chartmogul("POST", "/v1/contacts", body);
    let location = world.host.sandbox.borrow().credentials().location_id.clone();
    let body = json!({ "locationId": location, "firstName": "First", "phone": phone });
    let answer = world.ask_ghl("POST", "/contacts/", body);
    let contact = answer["contact"]["id"].as_str().unwrap().to_owned();
    world.host.advance(25 * HOUR_MS);
    let away = Fault::Status { status: 503 };
    set_faults(&world, vec![strikes("POST", "/v1/contacts", None, away)]);
    run_anyhow(&world);
    assert!(!world.linked("contact").contains_key(&contact));
    set_faults(&world, Vec::new());
    world.host.advance(120_000);
    // It reads no list: who has the phone is not told by one again.
    assert!(world.run(APPLY).unwrap().done);
    assert!(world.linked("contact").contains_key(&contact));
    world.check();
}

#[test]
fn a_lost_state_rebuilt_changes_no_text() {
    for marker in [Marker::Trailing, Marker::None] {
        let world = synced(small(1), Settings { marker, ..settings() });
        let texts = |world: &World| {
            let notes = world.host.sandbox.borrow().chartmogul_notes();
            let of = |note: &Value| (note["uuid"].to_string(), note["text"].to_string());
            notes.iter().map(of).collect::<std::collections::BTreeMap<_, _>>()
        };
        let before = texts(&world);
        world.host.store.clear();
        world.run_until_done(1);
        assert_eq!(texts(&world), before);
    }
}

#[test]
fn a_death_while_a_plan_is_replaced_loses_nothing() {
    let options = SandboxOptions { contacts: 12, ..small(1) };
    let planned_once = || {
        let world = World::new(options.clone(), settings());
        world.with(async |engine| engine.plan(RunOptions::default()).await).unwrap().unwrap();
        world.host.advance(60_000);
        world
    };
    let whole = planned_once();
    let first = whole.host.store.commits();
    whole.with(async |engine| engine.plan(RunOptions::default()).await).unwrap().unwrap();
    let last = whole.host.store.commits();
    assert!(whole.run(APPLY).unwrap().done);
    for commit in first..last {
        let world = planned_once();
        world.host.store.fails_at.set(Some((commit, Failing::Before)));
        let again = world.with(async |engine| engine.plan(RunOptions::default()).await);
        assert!(again.unwrap().is_err());
        world.host.store.fails_at.set(None);
        world.host.advance(60_000);
        assert!(world.run(APPLY).unwrap().done);
        assert_eq!(world.counts(), whole.counts(), "dead at commit {commit}");
    }
}

#[test]
fn a_death_while_a_full_run_replaces_a_half_applied_one_loses_nothing() {
    let stopped = || {
        let world = synced(SandboxOptions { contacts: 12, ..small(1) }, settings());
        for contact in world.linked("contact").into_keys() {
            add_note(&world, &contact, "<p>fresh</p>");
            world.ask_ghl(
                "PUT",
                &format!("/contacts/{contact}"),
                json!({ "firstName": "Renamed" }),
            );
        }
        world.host.advance(120_000);
        assert!(!world.run(RunOptions { max_records: Some(2), ..APPLY }).unwrap().done);
        world.host.advance(60_000);
        world
    };
    let full = RunOptions { full: true, ..APPLY };
    let whole = stopped();
    let first = whole.host.store.commits();
    assert!(whole.run(full.clone()).unwrap().done);
    for commit in first..first + 8 {
        let world = stopped();
        world.host.store.fails_at.set(Some((commit, Failing::Before)));
        assert!(world.run(full.clone()).is_err());
        world.host.store.fails_at.set(None);
        world.host.advance(60_000);
        assert!(world.run(APPLY).unwrap().done);
        assert_eq!(world.counts(), whole.counts(), "dead at commit {commit}");
    }
}

/// A world whose businesses were deleted, while their contacts still name them.
fn without_businesses(contacts: u32) -> World {
    let settings = Settings { anchor: Anchor::BusinessIsCustomer, ..settings() };
    let world = World::new(SandboxOptions { contacts, ..small(1) }, settings);
    world.run(RunOptions::default()).unwrap();
    let businesses = world.host.sandbox.borrow().ghl_businesses();
    for business in businesses {
        let id = business["id"].as_str().or(business["_id"].as_str()).unwrap();
        world.ask_ghl("DELETE", &format!("/businesses/{id}"), json!(null));
    }
    world.host.store.clear();
    world
}

#[test]
fn contacts_of_a_business_that_is_gone_are_tried_once_more_and_then_left() {
    let world = without_businesses(40);
    assert!(world.run(APPLY).unwrap().done);
    assert!(!world.host.store.matching("/again/").is_empty());
    world.host.advance(HOUR_MS);
    assert!(world.run(APPLY).unwrap().done);
    assert_eq!(world.host.store.matching("/again/").len(), 0);
    assert!(!world.host.store.matching("/letter/contact").is_empty());
}

#[test]
fn runs_of_little_time_get_through_what_is_tried_again() {
    let world = without_businesses(400);
    let _ = world.run(APPLY);
    let before = world.host.store.matching("/again/").len();
    assert!(before > 40, "{before}");
    let short = RunOptions { deadline_ms: Some(1_000), ..APPLY };
    for _ in 0..12 {
        world.host.advance(120_000);
        let _ = world.run(short.clone());
    }
    assert_eq!(world.host.store.matching("/again/").len(), 0);
}

#[test]
fn the_changes_of_a_plan_that_was_replaced_or_applied_are_refused_and_not_empty() {
    let world = World::new(SandboxOptions { contacts: 12, ..small(1) }, settings());
    let plan = || {
        world.host.advance(60_000);
        let plan = world.with(async |engine| engine.plan(RunOptions::default()).await);
        plan.unwrap().unwrap().id
    };
    let changes =
        |plan: &str| world.with(async |engine| engine.changes_json(plan, None, 500).await).unwrap();
    let first = plan();
    assert!(changes(&first).unwrap().contains("create"));
    let second = plan();
    assert_eq!(changes(&first).unwrap_err().code, Code::StalePlan);
    assert!(changes(&second).unwrap().contains("create"));
    assert!(world.run(APPLY).unwrap().done);
    assert_eq!(changes(&second).unwrap_err().code, Code::StalePlan);
}
