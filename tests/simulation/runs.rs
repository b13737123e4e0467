//! What the store keeps of the last runs: how each ended, also those that failed or were killed.

use ghl_chartmogul::error::Error;
use ghl_chartmogul::mapping::settings::{Caps, Settings};
use ghl_chartmogul::sandbox::{Fault, FaultRule, SandboxOptions};
use ghl_chartmogul::sync::{Pass, RunOptions, RunRecord, RunStop, Scope};

use crate::world::{APPLY, World, settings};

fn small() -> SandboxOptions {
    SandboxOptions { seed: 3, contacts: 6, ..SandboxOptions::default() }
}

fn runs(world: &World) -> Vec<RunRecord> {
    world.with(async |engine| engine.runs().await).unwrap().unwrap()
}

#[test]
fn a_run_is_recorded_with_what_it_did() {
    let world = World::new(small(), settings());
    assert_eq!(runs(&world), []);
    world.run(RunOptions::default()).unwrap();
    let calls = world.host.requests.borrow().len() as u64;
    let done = world.run(APPLY).unwrap();
    assert_eq!(done.standing.failed, 0, "the world of this test has nothing to fail");
    let [second, first] = runs(&world).try_into().unwrap();

    assert!(first.done && first.planned_only && first.totals.is_empty());
    assert_eq!(first.calls.unwrap().total(), calls, "each call counts once");
    assert_eq!((first.stopped, &first.error), (None, &None));

    assert!(second.done && !second.planned_only);
    assert_eq!(second.plan_id.as_ref(), Some(&done.report.plan_id));
    assert_eq!((second.pass, done.report.pass), (Some(Scope::Full), Pass::Full));
    assert_eq!(second.totals, done.report.done);
    assert!(!second.totals.is_empty());
    assert_eq!(second.standing, Some(done.standing));
    assert_eq!(second.calls.unwrap().total(), world.host.requests.borrow().len() as u64 - calls);
    assert_eq!(Some(second.began_at + second.elapsed_ms.unwrap()), second.ended_at);

    let status = world.status();
    assert_eq!(status.last_good.as_ref(), Some(&second));
    assert!(status.holder.is_none());
}

#[test]
fn a_plan_is_not_a_run_and_its_apply_is_one() {
    let world = World::new(small(), settings());
    let plan = world.with(async |engine| engine.plan(APPLY).await).unwrap().unwrap();
    assert_eq!(runs(&world), []);
    let wrong = world.with(async |engine| engine.apply("none", APPLY).await).unwrap();
    let applied = world.with(async |engine| engine.apply(&plan.id, APPLY).await).unwrap();
    let [second, first] = runs(&world).try_into().unwrap();
    assert_eq!(first.error.unwrap().message, wrong.unwrap_err().message);
    assert_eq!((first.plan_id, first.pass), (None, None));
    assert_eq!((second.done, second.totals), (true, applied.unwrap().report.done));
}

#[test]
fn a_run_that_stops_or_fails_says_why() {
    let world = World::new(small(), settings());
    world.run(RunOptions { max_records: Some(2), ..APPLY }).unwrap();
    world.host.abort.set(true);
    let aborted = world.run(APPLY).unwrap_err();
    world.host.abort.set(false);
    let [second, first] = runs(&world).try_into().unwrap();
    assert_eq!((first.done, first.stopped, first.error), (false, Some(RunStop::Records), None));
    failed_with(&second, &aborted);
    assert_eq!(second.plan_id, first.plan_id, "it continued with the same plan");
    assert!(world.status().last_good.is_none());

    let caps = Caps { max_creates: Some(0), ..Caps::default() };
    let world = World::new(small(), Settings { caps, ..settings() });
    let over = world.run(APPLY).unwrap_err();
    let [only] = runs(&world).try_into().unwrap();
    failed_with(&only, &over);
    assert_eq!(only.pass, Some(Scope::Full));
    assert!(only.calls.unwrap().ghl > 0 && only.totals.is_empty());
}

#[test]
fn a_run_that_fails_amid_its_writes_tells_what_it_wrote() {
    let world = World::new(small(), settings());
    let refused = FaultRule {
        method: Some("POST".to_owned()),
        path: Some("/v1/notes".to_owned()),
        from: 2,
        ..FaultRule::always(Fault::Status { status: 401 })
    };
    world.host.sandbox.borrow_mut().set_faults(vec![refused]);
    let error = world.run(APPLY).unwrap_err();
    let [only] = runs(&world).try_into().unwrap();
    failed_with(&only, &error);
    assert!(!only.totals.is_empty());
}

fn failed_with(record: &RunRecord, error: &Error) {
    let said = record.error.as_ref().unwrap();
    assert_eq!((said.code.as_str(), &said.message), (error.code.text(), &error.message));
    assert!(!record.done && record.stopped.is_none());
    assert!(record.ended_at.is_some() && record.standing.is_some());
}

#[test]
fn a_run_that_was_killed_is_noticed_by_the_next() {
    let whole = World::new(small(), settings());
    whole.run(APPLY).unwrap();
    for step in (6..whole.host.steps()).step_by(9) {
        let world = World::new(small(), settings());
        world.host.kill_after.set(Some(step));
        assert!(world.with(async |engine| engine.run(APPLY).await).is_err());
        world.host.kill_after.set(None);
        // Nobody can tell a killed one from one that is still at work.
        let [left] = runs(&world).try_into().unwrap();
        assert_eq!((left.ended_at, left.stopped, left.done), (None, None, false), "step {step}");
        let status = world.status();
        assert_eq!(status.holder.unwrap().name, "the simulated host");
        assert!(status.last_good.is_none());

        world.host.advance(60_000);
        world.run_until_done(2);
        let all = runs(&world);
        let killed = all.last().unwrap();
        assert_eq!(killed.stopped, Some(RunStop::Interrupted), "step {step}");
        assert_eq!((killed.ended_at, killed.began_at), (None, left.began_at));
        assert!(all[0].done && all[0].stopped.is_none());
    }
}

#[test]
fn a_killed_run_is_reported_once_somebody_else_has_held_the_store() {
    let world = World::new(small(), settings());
    world.host.kill_after.set(Some(12));
    assert!(world.with(async |engine| engine.run(APPLY).await).is_err());
    world.host.kill_after.set(None);
    world.with(async |engine| engine.accept(&[]).await).unwrap().unwrap();
    let [killed] = runs(&world).try_into().unwrap();
    assert_eq!((killed.stopped, killed.pass), (Some(RunStop::Interrupted), Some(Scope::Full)));
    assert!(killed.plan_id.is_some());
}

#[test]
fn the_last_fifty_are_kept_in_the_order_they_came_and_the_last_good_one() {
    let world = World::new(small(), settings());
    world.run(APPLY).unwrap();
    let good = runs(&world).remove(0);
    let id = world.host.sandbox.borrow().ghl_contacts()[0]["id"].as_str().unwrap().to_owned();
    let one = RunOptions { contacts: vec![id], ..APPLY };
    let mut plans = Vec::new();
    for number in 0..55 {
        world.host.advance(60_000);
        if number == 20 {
            // A clock that is set back puts no run before an earlier one.
            world.host.sets_back.set(Some((world.host.steps() + 1, 86_400_000)));
        }
        plans.insert(0, Some(world.run(one.clone()).unwrap().report.plan_id));
        assert!(runs(&world).len() <= 50);
    }
    let records = runs(&world);
    let kept: Vec<_> = records.iter().map(|record| record.plan_id.clone()).collect();
    assert_eq!(kept, plans[..50]);
    assert!(records.iter().all(|record| record.pass == Some(Scope::Contacts)));
    assert_eq!(world.status().last_good, Some(good));
}
