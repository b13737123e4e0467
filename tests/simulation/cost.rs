//! What reading costs, told before it is spent: the estimate against what runs then read, by kind.

use std::collections::BTreeMap;

use ghl_chartmogul::host::Event;
use ghl_chartmogul::mapping::settings::{Anchor, Settings};
use ghl_chartmogul::sandbox::SandboxOptions;
use ghl_chartmogul::sync::{CallsByKind, Cost, Plan, RunOptions};

use crate::small;
use crate::stage::FULL;
use crate::world::{APPLY, World, settings};

const HALF_AN_HOUR_MS: u64 = 30 * 60_000;
const ANCHORS: [Anchor; 3] =
    [Anchor::AttachOnly, Anchor::ContactIsCustomer, Anchor::BusinessIsCustomer];

fn location(seed: u64, anchor: Anchor) -> World {
    let options = SandboxOptions {
        contacts: 650,
        tasks_per_contact: 1.5,
        notes_touch_contact: false,
        ..small(seed)
    };
    World::new(options, Settings { anchor, ..settings() })
}

fn cost(world: &World) -> Cost {
    world.with(async |engine| engine.cost().await).unwrap().unwrap()
}

fn plan(world: &World) -> Plan {
    world.with(async |engine| engine.plan(RunOptions::default()).await).unwrap().unwrap()
}

/// Requests by kind of the events since they were cleared.
pub fn sent(world: &World) -> BTreeMap<String, u64> {
    let mut kinds = BTreeMap::new();
    for event in world.host.events.borrow().iter() {
        if let Event::Request { service, endpoint, .. } = event {
            *kinds.entry(format!("{}.{endpoint}", service.name())).or_default() += 1;
        }
    }
    kinds
}

fn map(kinds: &CallsByKind) -> BTreeMap<String, u64> {
    kinds.iter().map(|(kind, number)| (kind.to_owned(), *number)).collect()
}

/// Compares kind by kind: within 1 % and a page, and above where the estimate says "at most".
fn compare(cost: &Cost, estimated: &CallsByKind, read: &BTreeMap<String, u64>) {
    let (mut wrong, estimated) = (0, map(estimated));
    for kind in estimated.keys().chain(read.keys()) {
        let [estimated, read] =
            [&estimated, read].map(|kinds| kinds.get(kind).copied().unwrap_or(0));
        if cost.at_most.contains(kind) {
            assert!(read <= estimated, "{kind}: at most {estimated}, {read} were read");
            continue;
        }
        wrong += estimated.abs_diff(read);
    }
    let all: u64 = read.values().sum();
    assert!(wrong <= all / 100, "estimated {estimated:#?}, read {read:#?}");
}

#[test]
fn the_estimate_before_a_first_load_is_what_is_then_read_by_kind() {
    for anchor in ANCHORS {
        let world = location(1, anchor);
        let stored = world.host.store.dump();
        let cost = cost(&world);
        let asked = world.host.requests.borrow().len();
        assert!(asked <= 30, "{asked} calls for an estimate");
        assert_eq!(world.writes(), 0);
        assert_eq!(world.host.store.dump(), stored, "an estimate keeps nothing");
        assert!(!cost.synced && cost.at_most == ["ghl.notes.list"] && cost.at_least.is_empty());
        let tasks = world.host.sandbox.borrow().ghl_tasks();
        let open = tasks.iter().filter(|task| task["completed"] != true).count();
        assert_eq!((cost.counts.tasks, cost.counts.open_tasks), (tasks.len() as u64, open as u64));
        let plan = plan(&world);
        println!("{anchor:?}: {:?}, {:?}", cost.first_load.calls, plan.read_calls_by_kind);
        compare(&cost, &cost.first_load.calls_by_kind, &map(&plan.read_calls_by_kind));
    }
}

#[test]
fn calls_by_kind_add_up_to_the_calls_of_a_plan() {
    for anchor in ANCHORS {
        let world = location(2, anchor);
        world.host.events.borrow_mut().clear();
        let plan = plan(&world);
        let [read, writes] = [&plan.read_calls_by_kind, &plan.calls_by_kind].map(map);
        assert_eq!(read, sent(&world));
        assert_eq!(read.values().sum::<u64>(), plan.read_calls.total());
        assert_eq!(writes.values().sum::<u64>(), plan.calls.total());
        world.host.events.borrow_mut().clear();
        let done = world.with(async |engine| engine.apply(&plan.id, APPLY).await).unwrap().unwrap();
        assert!(done.done);
        let sent = sent(&world);
        for (kind, number) in &writes {
            assert!(sent.get(kind) >= Some(number), "{kind}: planned {number}, sent {sent:?}");
        }
    }
}

#[test]
fn the_estimates_of_a_usual_run_and_of_a_full_pass_are_what_the_next_ones_read_by_kind() {
    for anchor in ANCHORS {
        let world = location(3, anchor);
        assert!(world.run(APPLY).unwrap().done);
        for _ in 0..2 {
            world.host.advance(HALF_AN_HOUR_MS);
            assert!(world.run(APPLY).unwrap().done);
        }
        let cost = cost(&world);
        assert!(cost.synced && cost.at_most.is_empty() && cost.at_least.is_empty());
        // With the time that a run takes.
        assert_eq!(cost.interval_ms / 60_000, 30);
        let mut notes = 0;
        for _ in 0..10 {
            world.host.advance(HALF_AN_HOUR_MS);
            world.host.events.borrow_mut().clear();
            assert!(world.run(APPLY).unwrap().done);
            let mut sent = sent(&world);
            let mut estimated = map(&cost.run.calls_by_kind);
            // What is less than a contact counts for the next run.
            let list = "ghl.notes.list";
            let [estimate, read] =
                [estimated.remove(list), sent.remove(list)].map(|number| number.unwrap_or(0));
            assert!(read == estimate || read == estimate + 1, "{read} lists, not {estimate}");
            notes += read;
            assert_eq!(sent, estimated, "{anchor:?}");
        }
        let a_day = cost.day.calls_by_kind.get("ghl.notes.list").copied().unwrap_or(0);
        assert!(notes.abs_diff(a_day * 10 / 48) <= 1, "{notes} lists in ten of 48 runs of {a_day}");
        world.host.events.borrow_mut().clear();
        assert!(world.run(FULL).unwrap().done);
        println!("{anchor:?}: {:?}, {:?}", cost.sweep.calls, sent(&world));
        compare(&cost, &cost.sweep.calls_by_kind, &sent(&world));
    }
}
