//! What both ways cost in calls: a quiet run costs no more than one way does, and a run that carries
//! people's edits costs what it must read and one call a write.

use std::collections::BTreeMap;

use ghl_chartmogul::host::Host as _;
use ghl_chartmogul::mapping::settings::{Anchor, Directions, Settings, Way};
use ghl_chartmogul::sandbox::SandboxOptions;
use ghl_chartmogul::sync::{Outcome, RunOptions};
use serde_json::{Value, json};

use crate::QUIET_CALLS;
use crate::cost::sent;
use crate::stage::{DAY, FULL, MINUTE, SECOND};
use crate::world::{APPLY, World, settings};

/// Records on a page of ChartMogul's lists, tasks and contacts on one of GHL's searches.
const RECORDS_A_PAGE: usize = 200;
const TASKS_A_PAGE: usize = 100;
const CONTACTS_A_PAGE: usize = 500;

/// A contact, the note and the task that it has in GHL, and their copies in ChartMogul.
struct Person {
    contact: String,
    customer: String,
    /// The note in GHL and in ChartMogul, and the task.
    note: [String; 2],
    task: [String; 2],
}

fn contacts_wanted() -> u32 {
    std::env::var("SIMULATION_CONTACTS").map_or(300, |text| text.parse().unwrap())
}

fn text<'a>(record: &'a Value, name: &str) -> &'a str {
    record[name].as_str().unwrap_or_default()
}

/// A location whose contacts all have a customer, a plain note and an open task, in step both ways.
fn in_step(contacts: u32, notes_touch_contact: bool) -> (World, Vec<Person>) {
    let options = SandboxOptions {
        seed: 8,
        contacts,
        notes_per_contact: 0.0,
        tasks_per_contact: 0.0,
        billing_share: 1.0,
        notes_touch_contact,
        ..SandboxOptions::default()
    };
    let directions = Directions { notes: Way::Both, tasks: Way::Both, ..Directions::default() };
    let anchor = Anchor::ContactIsCustomer;
    let world = World::new(options, Settings { anchor, directions, ..settings() });
    let contacts = world.host.sandbox.borrow().ghl_contacts();
    for contact in &contacts {
        let path = format!("/contacts/{}", text(contact, "id"));
        // People type more slowly than either service allows.
        world.host.advance(SECOND);
        world.ask_ghl("POST", &format!("{path}/notes"), json!({ "body": "Wants a quote" }));
        let task = json!({
            "title": "Call them", "dueDate": "2027-05-06T15:00:00Z", "completed": false,
        });
        world.ask_ghl("POST", &format!("{path}/tasks"), task);
    }
    world.host.advance(MINUTE);
    for options in [APPLY, APPLY, FULL] {
        assert!(world.run(options).unwrap().done);
        world.host.advance(30 * MINUTE);
    }
    let sandbox = world.host.sandbox.borrow();
    let of_contacts = |kind: &str, all: Vec<Value>, name: &str, words: &str| {
        let linked = world.linked(kind);
        // Some customers have notes and tasks in ChartMogul already, which have come here.
        let own = all.into_iter().filter(|record| record[name] == words);
        let pair = |record: Value| {
            let id = text(&record, "id").to_owned();
            let there = text(linked.get(&id)?, "uuid").to_owned();
            Some((text(&record, "contactId").to_owned(), [id, there]))
        };
        own.filter_map(pair).collect::<BTreeMap<String, [String; 2]>>()
    };
    let notes = of_contacts("note", sandbox.ghl_notes(), "body", "Wants a quote");
    let tasks = of_contacts("task", sandbox.ghl_tasks(), "title", "Call them");
    drop(sandbox);
    let person = |(contact, link): (String, Value)| Person {
        customer: text(&link, "customer").to_owned(),
        note: notes[&contact].clone(),
        task: tasks[&contact].clone(),
        contact,
    };
    let people = world.linked("contact").into_iter().map(person).collect();
    (world, people)
}

/// A run, and its requests by kind.
fn run(world: &World, options: RunOptions) -> (Outcome, BTreeMap<String, u64>) {
    world.host.events.borrow_mut().clear();
    let outcome = world.run(options).unwrap();
    assert!(outcome.done, "{:?}", outcome.stopped);
    let kinds = sent(world);
    (outcome, kinds)
}

fn pages(records: usize, a_page: usize) -> usize {
    records.div_ceil(a_page).max(1)
}

/// Open tasks in GHL.
fn open_tasks(world: &World) -> usize {
    let tasks = world.host.sandbox.borrow().ghl_tasks();
    tasks.iter().filter(|task| task["completed"] != true).count()
}

#[test]
fn an_unchanged_location_costs_no_more_both_ways_and_writes_nothing() {
    let (world, people) = in_step(contacts_wanted(), false);
    let began = world.host.now();
    run(&world, APPLY);
    world.host.advance(30 * MINUTE);
    let since = world.host.now() - began;
    let writes = world.writes();
    let (outcome, kinds) = run(&world, APPLY);
    println!("{} contacts linked, after {since} ms: {kinds:#?}", people.len());
    assert_eq!(world.writes(), writes);
    assert!(outcome.report.done.is_empty(), "{:?}", outcome.report);
    let share = people.len() * usize::try_from(since).unwrap() / usize::try_from(DAY).unwrap();
    let expected = QUIET_CALLS + pages(open_tasks(&world), TASKS_A_PAGE) + share;
    let calls = usize::try_from(kinds.values().sum::<u64>()).unwrap();
    // A contact more where parts of two shares make one.
    assert!((expected..=expected + 1).contains(&calls), "{calls}, not {expected}: {kinds:#?}");
}

/// What people do between two runs: each edit is one write for the sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edit {
    NoteInGhl,
    NoteTextInGhl,
    TaskInGhl,
    TaskTitleInGhl,
    TickInGhl,
    NoteInChartmogul,
    TaskInChartmogul,
    /// What follows is found by full passes only.
    NoteTextInChartmogul,
    TaskTextInChartmogul,
    TickInChartmogul,
}

use Edit::*;

/// What each run finds.
const SOON: &[Edit] = &[
    NoteInGhl,
    NoteTextInGhl,
    TaskInGhl,
    TaskTitleInGhl,
    TickInGhl,
    NoteInChartmogul,
    TaskInChartmogul,
];
const BY_FULL_PASSES: &[Edit] = &[NoteTextInChartmogul, TaskTextInChartmogul, TickInChartmogul];

impl Edit {
    fn by(self, world: &World, person: &Person) {
        let Person { contact, customer, note, task } = person;
        let of_contact = format!("/contacts/{contact}");
        match self {
            NoteInGhl => {
                world.ask_ghl(
                    "POST",
                    &format!("{of_contact}/notes"),
                    json!({ "body": "Called again" }),
                );
            }
            NoteTextInGhl => {
                let path = format!("{of_contact}/notes/{}", note[0]);
                world.ask_ghl("PUT", &path, json!({ "body": "Wants two quotes" }));
            }
            TaskInGhl => {
                let body = json!({ "title": "Send it", "dueDate": "2027-05-07T15:00:00Z", "completed": false });
                world.ask_ghl("POST", &format!("{of_contact}/tasks"), body);
            }
            TaskTitleInGhl | TickInGhl => {
                let path = format!("{of_contact}/tasks/{}", task[0]);
                let body = if self == TickInGhl {
                    json!({ "completed": true })
                } else {
                    json!({ "title": "Write to them" })
                };
                world.ask_ghl("PUT", &path, body);
            }
            NoteInChartmogul => {
                let body =
                    json!({ "customer_uuid": customer, "type": "note", "text": "Renews in May" });
                world.ask_chartmogul("POST", "/v1/notes", body);
            }
            TaskInChartmogul => {
                let body = json!({
                    "customer_uuid": customer, "task_details": "Bill them",
                    "assignee": "finance@agency.example", "due_date": "2027-05-06",
                });
                world.ask_chartmogul("POST", "/v1/tasks", body);
            }
            NoteTextInChartmogul => {
                let body = json!({ "text": format!("Wants no quote<br>[ghl:n:{}]", note[0]) });
                world.ask_chartmogul("PATCH", &format!("/v1/notes/{}", note[1]), body);
            }
            TaskTextInChartmogul => {
                let body = json!({ "task_details": format!("Visit them [ghl:t:{}]", task[0]) });
                world.ask_chartmogul("PATCH", &format!("/v1/tasks/{}", task[1]), body);
            }
            TickInChartmogul => {
                let body = json!({ "completed_at": "2026-11-20T10:00:00Z" });
                world.ask_chartmogul("PATCH", &format!("/v1/tasks/{}", task[1]), body);
            }
        }
    }

    const fn is_in_ghl(self) -> bool {
        matches!(self, NoteInGhl | NoteTextInGhl | TaskInGhl | TaskTitleInGhl | TickInGhl)
    }

    /// Before it writes a text to GHL, the sync reads GHL's.
    const fn writes_text_to_ghl(self) -> bool {
        matches!(self, NoteTextInChartmogul | TaskTextInChartmogul)
    }
}

/// Two of three people are edited, each in one way.
fn edit<'p>(world: &World, people: &'p [Person], edits: &[Edit]) -> Vec<(Edit, &'p Person)> {
    let mut made = Vec::new();
    for (index, person) in people.iter().enumerate().filter(|(index, _)| index % 3 > 0) {
        world.host.advance(SECOND);
        let edit = edits[index % edits.len()];
        edit.by(world, person);
        made.push((edit, person));
    }
    world.host.advance(MINUTE);
    made
}

fn count(made: &[(Edit, &Person)], is: impl Fn(Edit) -> bool) -> usize {
    made.iter().filter(|(edit, _)| is(*edit)).count()
}

/// How many of these records no list of the newest ones shows: they are read by their ids.
fn unseen(list: &[Value], id: &str, pages: usize, edited: &[String]) -> usize {
    let mut newest: Vec<(&str, &str)> =
        list.iter().map(|record| (text(record, "created_at"), text(record, id))).collect();
    newest.sort_unstable_by(|one, other| other.cmp(one));
    let last = newest.get(pages * RECORDS_A_PAGE - 1).map_or("", |(created, _)| *created);
    let older =
        newest.iter().filter(|(created, id)| *created < last && edited.iter().any(|one| one == id));
    older.count()
}

/// The calls are the least that the documented rules allow, and what the engine reads to be sure.
fn within_a_hundredth(least: usize, to_be_sure: usize, kinds: &BTreeMap<String, u64>) {
    let calls: u64 = kinds.values().sum();
    let over = (calls as f64 / least as f64 - 1.0) * 100.0;
    println!("{calls} calls, the least is {least}: {over:.1} % more; {to_be_sure} to be sure");
    let honest = least + to_be_sure;
    assert!(calls >= honest as u64, "{calls} calls, fewer than {honest}: {kinds:#?}");
    assert!(calls as f64 <= honest as f64 * 1.01 + 10.0, "{calls} calls, not {honest}: {kinds:#?}");
}

#[test]
fn a_run_that_carries_edits_of_both_sides_costs_what_it_reads_and_a_call_a_write() {
    let (world, people) = in_step(contacts_wanted(), true);
    let began = world.host.now();
    run(&world, APPLY);
    world.host.advance(30 * MINUTE);
    let made = edit(&world, &people, SOON);
    let since = world.host.now() - began;
    let sandbox = world.host.sandbox.borrow();
    let newest = [NoteInChartmogul, TaskInChartmogul]
        .map(|kind| pages(count(&made, |edit| edit == kind) + 1, RECORDS_A_PAGE));
    let edited = |is: &dyn Fn(Edit) -> bool, copy: &dyn Fn(&Person) -> String| -> Vec<String> {
        made.iter().filter(|(edit, _)| is(*edit)).map(|(_, person)| copy(person)).collect()
    };
    let notes = edited(&|edit| edit == NoteTextInGhl, &|person| person.note[1].clone());
    let edited_tasks = edited(&|edit| matches!(edit, TaskTitleInGhl | TickInGhl), &|person| {
        person.task[1].clone()
    });
    let by_id = unseen(&sandbox.chartmogul_notes(), "uuid", newest[0], &notes)
        + unseen(&sandbox.chartmogul_tasks(), "task_uuid", newest[1], &edited_tasks);
    let all_tasks = sandbox.ghl_tasks().len();
    drop(sandbox);
    // What a person edits in GHL moves its contact: a page of those, and the notes of each.
    let moved = count(&made, Edit::is_in_ghl);
    // All tasks of contacts that something comes for, or all there are where that takes fewer calls.
    let tasks = count(&made, |edit| edit == TaskInChartmogul).min(pages(all_tasks, TASKS_A_PAGE));
    let share = people.len() * usize::try_from(since).unwrap() / usize::try_from(DAY).unwrap();
    let account = 1;
    let least = account
        + pages(moved, CONTACTS_A_PAGE)
        + moved
        + share
        + pages(open_tasks(&world), TASKS_A_PAGE)
        + newest[0]
        + newest[1]
        + by_id
        + made.len();
    // What comes from ChartMogul may be in GHL already, by a request that was lost: its contact's notes
    // and tasks are looked at first. No page says so.
    let to_be_sure = count(&made, |edit| edit == NoteInChartmogul) + tasks;
    let writes = world.writes();
    let (outcome, kinds) = run(&world, APPLY);
    println!("{} contacts, {} edits: {kinds:#?}", people.len(), made.len());
    assert_eq!(world.writes() - writes, made.len(), "an edit is a write: {:?}", outcome.report);
    within_a_hundredth(least, to_be_sure, &kinds);
}

#[test]
fn a_full_pass_that_carries_edits_of_both_sides_costs_the_lists_and_a_call_a_write() {
    let (world, people) = in_step(contacts_wanted(), false);
    let made = edit(&world, &people, &[SOON, BY_FULL_PASSES].concat());
    let sandbox = world.host.sandbox.borrow();
    let lists: usize = [
        (sandbox.ghl_contacts().len(), CONTACTS_A_PAGE),
        (sandbox.ghl_tasks().len(), TASKS_A_PAGE),
        (sandbox.chartmogul_customers().len(), RECORDS_A_PAGE),
        (sandbox.chartmogul_contacts().len(), RECORDS_A_PAGE),
        (sandbox.chartmogul_notes().len(), RECORDS_A_PAGE),
        (sandbox.chartmogul_tasks().len(), RECORDS_A_PAGE),
    ]
    .into_iter()
    .map(|(records, a_page)| pages(records, a_page))
    .sum();
    drop(sandbox);
    // The account, its data source, the location and its users; and the notes of each contact.
    let least = 4 + people.len() + lists + count(&made, Edit::writes_text_to_ghl) + made.len();
    // A list may be late: what has changed in ChartMogul is read by its id. No page says so.
    let to_be_sure = count(&made, |edit| BY_FULL_PASSES.contains(&edit));
    let writes = world.writes();
    let (outcome, kinds) = run(&world, FULL);
    println!("{} contacts, {} edits: {kinds:#?}", people.len(), made.len());
    assert_eq!(world.writes() - writes, made.len(), "an edit is a write: {:?}", outcome.report);
    within_a_hundredth(least, to_be_sure, &kinds);
}
