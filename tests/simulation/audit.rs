//! What an audit is reported: each write once its outcome is recorded, and none whose outcome is unknown. And
//! what the host is reported besides: what a run goes by, the quota, a lease that is taken over.

use std::collections::BTreeMap;

use ghl_chartmogul::error::Service;
use ghl_chartmogul::host::{Event, Method};
use ghl_chartmogul::mapping::settings::{Anchor, AttributeType, CustomField, Settings, Tags};
use ghl_chartmogul::sandbox::{Fault, FaultRule, SandboxOptions};
use serde_json::{Value, json};

use crate::world::{APPLY, World, settings};

fn audited(seed: u64, settings: Settings) -> World {
    let world =
        World::new(SandboxOptions { seed, contacts: 25, ..SandboxOptions::default() }, settings);
    world.host.audit.replace(Some(Vec::new()));
    world
}

fn own_customers() -> Settings {
    Settings {
        anchor: Anchor::ContactIsCustomer,
        tags: Tags { prefixes: vec![String::new()] },
        ..settings()
    }
}

/// What was reported since it was asked last.
fn told(world: &World) -> Vec<Value> {
    let records = world.host.audit.replace(Some(Vec::new())).unwrap_or_default();
    records.iter().map(|record| serde_json::from_str(record).unwrap()).collect()
}

/// The records that creates made, with how often each was reported.
fn created(records: &[Value]) -> BTreeMap<String, u32> {
    let mut created = BTreeMap::new();
    for record in records.iter().filter(|record| record["action"] == "create") {
        let endpoint = record["endpoint"].as_str().unwrap();
        if !endpoint.ends_with(".create") || record["kind"].is_null() {
            continue;
        }
        let of = if endpoint == "customers.create" { "customer" } else { "chartmogulId" };
        let uuid = record[of].as_str().unwrap_or_else(|| panic!("{record} names no {of}"));
        *created.entry(format!("{endpoint} {uuid}")).or_default() += 1;
    }
    created
}

/// The records of the state, as [`created`] names them.
fn recorded(world: &World) -> Vec<String> {
    let mut recorded = Vec::new();
    for kind in ["contact", "note", "task"] {
        for pair in world.linked(kind).values() {
            let uuid = pair["uuid"].as_str().unwrap_or_default();
            recorded.push(format!("{kind}s.create {uuid}"));
        }
    }
    recorded
}

/// Requests that wrote and were answered with success.
fn taken(world: &World) -> usize {
    let events = world.host.events.take();
    let taken = events.iter().filter(|event| {
        matches!(event, Event::Request { service: Service::Chartmogul, method, status: 200..300, .. }
            if *method != Method::Get)
    });
    taken.count()
}

#[test]
fn each_write_of_a_calm_run_is_reported_once_with_its_values() {
    for settings in [settings(), own_customers()] {
        let world = audited(3, settings);
        let outcome = world.run(APPLY).unwrap();
        let records = told(&world);
        assert_eq!(records.len(), taken(&world), "one for each request that was taken");
        assert!(records.len() > 20);
        for record in &records {
            assert_eq!(record["plan"], json!(outcome.report.plan_id));
            assert_eq!(record["run"], json!(1));
            assert_eq!(record["service"], json!("chartmogul"));
            assert!(record["at"].as_u64().unwrap() > 1_000_000_000_000);
            assert!(record.get("found").is_none(), "{record}");
            if record["action"] == "create" && record["kind"] != json!(null) {
                assert!(record["ghlId"].is_string(), "{record}");
                assert!(record["customer"].is_string(), "{record}");
            }
        }
        assert!(created(&records).values().all(|times| *times == 1));
        let note = records.iter().find(|record| record["kind"] == "note").unwrap();
        assert_eq!(note["before"], json!(null));
        assert!(note["after"]["text"].as_str().unwrap().len() > 3, "{note}");
        // A run that writes nothing tells nothing.
        world.run(APPLY).unwrap();
        assert_eq!(told(&world), Vec::<Value>::new());
    }
}

#[test]
fn an_update_is_reported_with_the_value_before() {
    let world = audited(3, own_customers());
    world.run(APPLY).unwrap();
    let records = told(&world);
    let made = records
        .iter()
        .find(|record| {
            record["endpoint"] == "customers.create" && record["after"]["city"].is_string()
        })
        .unwrap();
    let contact = made["ghlId"].as_str().unwrap();
    world.host.advance(60_000);
    world.ask_ghl("PUT", &format!("/contacts/{contact}"), json!({ "city": "Brno" }));
    world.host.advance(60_000);
    world.run(APPLY).unwrap();
    let records = told(&world);
    let [record] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!(record["endpoint"], "customers.update");
    assert_eq!(record["action"], "update");
    assert_eq!(record["run"], json!(2));
    assert_eq!(record["ghlId"], json!(contact));
    assert_eq!(record["before"], json!({ "city": made["after"]["city"] }));
    assert_eq!(record["after"], json!({ "city": "Brno" }));
}

#[test]
fn a_write_whose_answer_is_lost_is_reported_when_it_is_found_and_not_before() {
    let mut found = 0;
    for seed in 1..7 {
        let world = audited(seed, own_customers());
        let lost = FaultRule {
            service: Some("chartmogul".to_owned()),
            method: Some("POST".to_owned()),
            probability: 0.3,
            ..FaultRule::always(Fault::Lost { done: seed % 2 == 0 })
        };
        world.host.sandbox.borrow_mut().set_faults(vec![lost]);
        let mut records = Vec::new();
        for _ in 0..3 {
            let _ = world.run(APPLY);
            records.extend(told(&world));
            let recorded = recorded(&world);
            for key in created(&records).keys().filter(|key| !key.starts_with("cus")) {
                assert!(recorded.contains(key), "seed {seed}: {key} is reported and not recorded");
            }
            world.host.advance(120_000);
        }
        world.host.sandbox.borrow_mut().set_faults(Vec::new());
        world.run_until_done(3);
        world.host.advance(120_000);
        world.run_until_done(3);
        records.extend(told(&world));
        world.check();
        let created = created(&records);
        for key in recorded(&world).iter().filter(|key| !key.starts_with("contact")) {
            assert!(created.contains_key(key), "seed {seed}: {key} is recorded and not reported");
        }
        assert!(created.values().all(|times| *times == 1), "seed {seed}: {created:?}");
        found += records.iter().filter(|record| record["found"] == json!(true)).count();
    }
    assert!(found > 10, "{found} writes were found whose answers were lost");
}

#[test]
fn without_an_audit_nothing_is_kept_for_one() {
    let world = audited(1, settings());
    world.host.audit.replace(None);
    world.run(APPLY).unwrap();
    assert!(world.host.audit.borrow().is_none());
}

#[test]
fn a_run_tells_what_it_goes_by_and_the_quota() {
    let field = |from: &str| CustomField {
        from: from.to_owned(),
        to: from.replace('.', "_"),
        of: AttributeType::String,
        object: None,
    };
    let settings =
        Settings { custom_fields: vec![field("source"), field("contact.nowhere")], ..settings() };
    let world = audited(1, settings);
    world.run(APPLY).unwrap_err();
    let told = world.host.events.take();
    let discovered = told.iter().find_map(|event| match event {
        Event::Discovered { fields, .. } => Some(fields),
        _ => None,
    });
    let fields: Vec<(&str, &Option<String>)> = discovered.unwrap().iter().collect();
    // A standard field has no definition that could change.
    assert_eq!(fields, [("contact.nowhere", &None)]);

    let world = audited(1, own_customers());
    world.run(APPLY).unwrap();
    world.run(APPLY).unwrap();
    let sources: Vec<bool> = world
        .host
        .events
        .take()
        .iter()
        .filter_map(|event| match event {
            Event::Discovered { data_source, .. } => Some(data_source.is_some()),
            _ => None,
        })
        .collect();
    assert_eq!((sources.first(), sources.last()), (Some(&false), Some(&true)));
    world
        .with(async |engine| {
            let plan = engine.plan(APPLY).await;
            engine.note_quota().await;
            plan
        })
        .unwrap()
        .unwrap();
    let quota = world.host.events.take().into_iter().find_map(|event| match event {
        Event::Quota { service, limit, remaining, resets_at_ms } => {
            Some((service, limit, remaining, resets_at_ms))
        }
        _ => None,
    });
    let (service, limit, remaining, resets_at) = quota.unwrap();
    assert_eq!((service, limit), (Service::Ghl, Some(200_000)));
    assert!(remaining < 200_000 && resets_at > 1_000_000_000_000);
}

#[test]
fn a_lease_that_is_taken_from_a_killed_process_is_reported_with_who_that_was() {
    let world = audited(1, settings());
    world.host.kill_after.set(Some(30));
    world.with(async |engine| engine.run(APPLY).await).unwrap_err();
    world.host.kill_after.set(None);
    let taken_over = |world: &World| -> Vec<String> {
        let told = world.host.events.take().into_iter();
        told.filter_map(|event| match event {
            Event::LeaseTakenOver { name, since } => Some(format!("{name} {}", since > 0)),
            _ => None,
        })
        .collect()
    };
    assert_eq!(taken_over(&world), Vec::<String>::new());
    world.run_until_done(3);
    assert_eq!(taken_over(&world), ["the simulated host true"]);
    world.run(APPLY).unwrap();
    assert_eq!(taken_over(&world), Vec::<String>::new());
}
