//! The check of the records: what ChartMogul has twice, is gone, or was written by others is
//! counted and listed; nothing is written, and nobody is kept from syncing.

use std::collections::BTreeMap;

use ghl_chartmogul::mapping::{notes, tasks};
use ghl_chartmogul::sandbox::SandboxOptions;
use ghl_chartmogul::sync::{CheckOptions, Finding, FindingCause, Kind, RecordsCheck};
use serde_json::{Value, json};

use crate::host::Weather;
use crate::world::{APPLY, World, settings};

fn world() -> World {
    World::new(SandboxOptions { seed: 4, contacts: 12, ..SandboxOptions::default() }, settings())
}

/// Checks, and makes sure that this changed nothing.
fn check(world: &World) -> RecordsCheck {
    let (store, writes) = (world.host.store.dump(), world.writes());
    let commits = world.host.store.commits();
    let options = CheckOptions { records: true };
    let found = world.with(async |engine| engine.check(&options).await).unwrap().unwrap();
    assert_eq!(world.host.store.dump(), store);
    assert_eq!((world.writes(), world.host.store.commits()), (writes, commits));
    found.records.expect("the records could be walked")
}

fn count(found: &RecordsCheck, cause: FindingCause) -> u64 {
    match cause {
        FindingCause::Double => found.counts.double,
        FindingCause::Gone => found.counts.gone,
        FindingCause::Unknown => found.counts.unknown,
    }
}

fn of(found: &RecordsCheck, cause: FindingCause) -> Vec<&Finding> {
    found.findings.iter().filter(|finding| finding.cause == cause).collect()
}

/// ChartMogul's notes and tasks by the GHL records that they name.
fn marked(world: &World) -> BTreeMap<String, Vec<String>> {
    let sandbox = world.host.sandbox.borrow();
    let mut marked: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for note in sandbox.chartmogul_notes() {
        if let Some(id) = notes::marked(note["text"].as_str().unwrap_or_default()) {
            marked.entry(id).or_default().push(note["uuid"].as_str().unwrap().to_owned());
        }
    }
    for task in sandbox.chartmogul_tasks() {
        if let Some(id) = tasks::marked(task["task_details"].as_str().unwrap_or_default()) {
            let uuid = task["task_uuid"].as_str().or(task["uuid"].as_str()).unwrap();
            marked.entry(id.to_owned()).or_default().push(uuid.to_owned());
        }
    }
    marked
}

#[test]
fn a_location_in_step_has_no_odd_record_and_takes_a_call_for_each_page() {
    let world = world();
    world.run(APPLY).unwrap();
    let begun = world.host.requests.borrow().len();
    let without = CheckOptions::default();
    let few = world.with(async |engine| engine.check(&without).await).unwrap().unwrap();
    assert!(few.ok && few.records.is_none());
    let plain = world.host.requests.borrow().len() - begun;
    let found = check(&world);
    assert!(found.findings.is_empty(), "{:?}", found.findings);
    let (contacts, notes, tasks) = world.counts();
    let walked = ["contact", "note", "task"].map(|kind| found.walked.get(kind).copied());
    let all = [contacts, notes, tasks].map(|count| Some(count as u64));
    assert_eq!(walked, all);
    let walk = world.host.requests.borrow().len() - begun - 2 * plain;
    assert_eq!(walk, 3, "a page of each kind");
}

#[test]
fn what_was_delivered_twice_is_listed_with_the_linked_one() {
    let world = world();
    world.host.weather.set(Weather { slow_ms: 0, twice_ms: Some(700) });
    world.run(APPLY).unwrap();
    world.host.weather.set(Weather::default());
    world.host.advance(10_000);
    let twice: BTreeMap<_, _> =
        marked(&world).into_iter().filter(|(_, uuids)| uuids.len() > 1).collect();
    assert!(twice.len() > 3, "{twice:?}");
    let found = check(&world);
    assert_eq!(count(&found, FindingCause::Double), twice.len() as u64);
    assert_eq!(count(&found, FindingCause::Gone) + count(&found, FindingCause::Unknown), 0);
    for finding in of(&found, FindingCause::Double) {
        let pair = &world.linked(finding.kind.name())[&finding.ghl_id];
        assert_eq!(finding.double_of.as_deref(), pair["uuid"].as_str());
        assert_ne!(finding.double_of.as_ref(), Some(&finding.chartmogul_id));
        assert!(twice[&finding.ghl_id].contains(&finding.chartmogul_id));
        assert_eq!(finding.chartmogul_customer.as_deref(), pair["customer"].as_str());
    }
}

#[test]
fn two_contacts_that_name_one_ghl_contact_are_doubles_and_an_external_id_of_others_is_not_ours() {
    let world = world();
    world.run(APPLY).unwrap();
    let (id, pair) = world.linked("contact").into_iter().next().unwrap();
    let source = world.host.sandbox.borrow().chartmogul_customers()[0]["data_source_uuid"].clone();
    let add = |more: Value| {
        let mut body = json!({ "customer_uuid": pair["customer"], "data_source_uuid": source });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        world.ask_chartmogul("POST", "/v1/contacts", body)["uuid"].as_str().unwrap().to_owned()
    };
    let named = add(json!({ "custom": [{ "key": "ghl_contact_id", "value": id }] }));
    let external = add(json!({ "external_id": id }));
    add(json!({ "external_id": "stripe-1" }));
    let found = check(&world);
    let doubles = of(&found, FindingCause::Double);
    let mut uuids: Vec<&str> =
        doubles.iter().map(|finding| finding.chartmogul_id.as_str()).collect();
    uuids.sort_unstable();
    let mut wanted = [named.as_str(), external.as_str()];
    wanted.sort_unstable();
    assert_eq!(uuids, wanted);
    assert!(doubles.iter().all(|finding| finding.kind == Kind::Contact && finding.ghl_id == id));
    assert_eq!(count(&found, FindingCause::Unknown), 0);
}

#[test]
fn linked_records_that_are_gone_are_asked_for_by_id_and_told_until_they_are_known_to_be() {
    let world = world();
    world.run(APPLY).unwrap();
    let (id, pair) = world.linked("note").into_iter().next().unwrap();
    let uuid = pair["uuid"].as_str().unwrap().to_owned();
    world.ask_chartmogul("DELETE", &format!("/v1/notes/{uuid}"), json!({}));
    let found = check(&world);
    let [gone] = of(&found, FindingCause::Gone)[..] else { panic!("{:?}", found.findings) };
    assert_eq!((&gone.ghl_id, &gone.chartmogul_id, gone.kind), (&id, &uuid, Kind::Note));
    assert_eq!(found.findings.len(), 1);
    world.host.advance(3_600_000);
    let full = ghl_chartmogul::sync::RunOptions { full: true, ..APPLY };
    assert!(world.run(full).unwrap().done);
    assert!(check(&world).findings.is_empty());
}

#[test]
fn what_another_installation_wrote_is_unknown_here() {
    let world = world();
    world.run(APPLY).unwrap();
    let ours = marked(&world).len() + world.linked("contact").len();
    let copy = world.host.store.copy();
    world.host.store.clear();
    let found = check(&world);
    assert!(count(&found, FindingCause::Unknown) >= marked(&world).len() as u64);
    assert!(count(&found, FindingCause::Unknown) <= ours as u64);
    assert_eq!(count(&found, FindingCause::Double) + count(&found, FindingCause::Gone), 0);

    // A record that is known to have no counterpart is not another's.
    world.host.store.put_back(copy);
    let note = world.linked("note").into_keys().next().unwrap();
    world.with(async |engine| engine.unlink(&note).await).unwrap().unwrap();
    assert!(check(&world).findings.is_empty());
}

#[test]
fn it_runs_beside_a_sync() {
    let world = world();
    world.host.store.yields.set(true);
    let (ghl, chartmogul) = world.clients();
    let one = ghl_chartmogul::sync::Engine::new(&world.host, &ghl, &chartmogul, &world.settings);
    let (ghl, chartmogul) = world.clients();
    let other = ghl_chartmogul::sync::Engine::new(&world.host, &ghl, &chartmogul, &world.settings);
    let (one, other) = (one.unwrap(), other.unwrap());
    let options = CheckOptions { records: true };
    let both = futures_util::future::join(one.run(APPLY), other.check(&options));
    let (run, check) = world.host.block_on(both).unwrap();
    assert!(run.unwrap().done && check.unwrap().records.is_some());
}
