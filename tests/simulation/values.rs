//! Values that cannot cross, and those whose absence says something: reported once, until they are corrected.

use std::collections::BTreeSet;

use ghl_chartmogul::error::Service;
use ghl_chartmogul::host::Event;
use ghl_chartmogul::mapping::settings::{AttributeType, CustomField, Settings};
use ghl_chartmogul::sandbox::SandboxOptions;
use ghl_chartmogul::sync::{LetterKind, RunOptions};
use serde_json::{Value, json};

use crate::world::{APPLY, World, settings};

fn world(fields: &[(&str, &str, AttributeType)]) -> World {
    let custom_fields = fields
        .iter()
        .map(|(from, to, of)| CustomField {
            from: (*from).into(),
            to: (*to).into(),
            of: *of,
            object: None,
        })
        .collect();
    let keys = fields.iter().map(|(_, key, _)| *key).chain(["ghl_contact_id"]);
    let quiet = SandboxOptions {
        contacts: 40,
        contact_attribute_keys: keys.map(str::to_owned).collect(),
        ..SandboxOptions::default()
    };
    let world = World::new(quiet, Settings { custom_fields, ..settings() });
    world.run(APPLY).unwrap();
    world
}

/// Gives a contact values of custom fields, by their keys.
fn give(world: &World, contact: &str, values: &[(&str, Value)]) {
    let known = world.host.sandbox.borrow().records(Service::Ghl, "customFields").unwrap();
    let mut fields = Vec::new();
    for (key, value) in values {
        let field = known.iter().find(|field| field["fieldKey"] == *key).unwrap();
        fields.push(json!({ "id": field["id"], "field_value": value }));
    }
    world.host.advance(3_600_000);
    world.ask_ghl("PUT", &format!("/contacts/{contact}"), json!({ "customFields": fields }));
    world.host.advance(60_000);
}

/// The values of a record that an event has told since the last look.
fn told(world: &World, contact: &str) -> Vec<String> {
    let events = world.host.events.take();
    let of_contact = |event: &Event| match event {
        Event::DeadLetter { kind: "field", id, .. } => {
            id.strip_prefix(&format!("contact/{contact}/")).map(str::to_owned)
        }
        _ => None,
    };
    events.iter().filter_map(of_contact).collect()
}

/// The values of a record that stand as left out.
fn standing(world: &World, contact: &str) -> BTreeSet<String> {
    let letters = world.with(async |engine| engine.dead_letters(None, 1000).await);
    let (letters, _) = letters.unwrap().unwrap();
    let status = world.status();
    let counted: u64 = status.reasons.iter().filter_map(|reason| reason.kinds.get("field")).sum();
    let fields: Vec<_> =
        letters.into_iter().filter(|letter| letter.kind == LetterKind::Field).collect();
    assert_eq!(counted, fields.len() as u64, "status counts what stands");
    let own = format!("contact/{contact}/");
    fields.iter().filter_map(|letter| letter.id.strip_prefix(&own).map(str::to_owned)).collect()
}

#[test]
fn a_value_that_is_left_out_is_reported_once_and_stays_until_it_is_corrected() {
    let world = world(&[
        ("contact.job_title", "job", AttributeType::String),
        ("contact.background", "background", AttributeType::String),
    ]);
    let contact = world.linked("contact").into_keys().next().unwrap();
    give(
        &world,
        &contact,
        &[
            ("contact.job_title", json!("Owner")),
            ("contact.background", json!("a long story ".repeat(40))),
        ],
    );
    told(&world, &contact);
    let outcome = world.run(APPLY).unwrap();
    assert_eq!(told(&world, &contact), ["contact.background"]);
    assert!(outcome.report.left_out >= 1);
    let cut = BTreeSet::from(["contact.background".to_owned()]);
    assert_eq!(standing(&world, &contact), cut);

    // Neither a run without changes, nor a full one, nor a change of another value tells it again.
    world.host.advance(3_600_000);
    world.run(APPLY).unwrap();
    world.host.advance(3_600_000);
    let outcome = world.run(RunOptions { full: true, ..APPLY }).unwrap();
    assert_eq!(outcome.report.left_out, 0);
    give(&world, &contact, &[("contact.job_title", json!("Chair"))]);
    let outcome = world.run(APPLY).unwrap();
    assert_eq!(outcome.report.left_out, 0);
    assert_eq!(told(&world, &contact), Vec::<String>::new());
    assert_eq!(standing(&world, &contact), cut);

    // A second value tells itself alone.
    give(&world, &contact, &[("contact.job_title", json!("word ".repeat(80)))]);
    let outcome = world.run(APPLY).unwrap();
    assert_eq!(outcome.report.left_out, 1);
    assert_eq!(told(&world, &contact), ["contact.job_title"]);
    assert_eq!(standing(&world, &contact).len(), 2);

    give(
        &world,
        &contact,
        &[("contact.job_title", json!("Chair")), ("contact.background", json!("short"))],
    );
    world.run(APPLY).unwrap();
    assert_eq!(standing(&world, &contact), BTreeSet::new());
    world.check();
}

#[test]
fn a_box_that_is_no_longer_ticked_is_false() {
    let world = world(&[("contact.agreed", "agreed", AttributeType::Boolean)]);
    let linked = world.linked("contact");
    let shown = |uuid: &str| {
        let contacts = world.host.sandbox.borrow().chartmogul_contacts();
        let contact = contacts.iter().find(|contact| contact["uuid"] == uuid).unwrap().clone();
        contact["custom"]["agreed"].clone()
    };
    let (contact, uuid) = linked
        .iter()
        .filter_map(|(id, link)| Some((id.clone(), link["uuid"].as_str()?.to_owned())))
        .find(|(_, uuid)| shown(uuid).is_null())
        .expect("a contact that has ticked nothing");
    // What was never ticked is nothing.
    world.host.advance(3_600_000);
    world.run(RunOptions { full: true, ..APPLY }).unwrap();
    assert_eq!(shown(&uuid), Value::Null);
    for (chosen, right) in [(json!(["Yes"]), true), (json!([]), false), (json!(["Yes"]), true)] {
        give(&world, &contact, &[("contact.agreed", chosen.clone())]);
        world.run(APPLY).unwrap();
        assert_eq!(shown(&uuid), json!(right), "{chosen}");
        let written = world.writes();
        world.host.advance(3_600_000);
        world.run(RunOptions { full: true, ..APPLY }).unwrap();
        assert_eq!(world.writes(), written, "a second run writes nothing");
    }
    world.check();
}
