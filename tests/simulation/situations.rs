//! One story for each input that broke version 0.1.0, told step by step. Each ends at rest, judged by
//! the same invariants as the random stories, and asks besides for what its row of the issue says.
//! The comment of each says how 0.1.0 fails.

use ghl_chartmogul::error::Code;
use ghl_chartmogul::mapping::settings::{
    Anchor, AttributeObject, AttributeType as Of, CustomField, Doubles, Marker, Object, OnDeleted,
    OnLink, Settings, Tags, WithoutBusiness,
};
use ghl_chartmogul::mutants::Mutant;
use ghl_chartmogul::sandbox::{AttributeType, AttributeValues, ChartmogulTexts, SandboxOptions};
use ghl_chartmogul::sync::RunOptions;
use serde_json::{Value, json};

use crate::host::Weather;
use crate::invariants::{
    Held, View, after_run, at_rest, broken_on_the_way, others_in_step, plan_is_writes, portrait,
    quiet, rests, settle,
};
use crate::ledger::{Retold, Sort, Trouble, What, external_ids, tags_of, text};
use crate::stage::{APPLY, CAREFUL, Copy, DAY, FULL, HOUR, MINUTE, Stage, settings};
use crate::story::{OFFICE, OFFICE_PHONE};

pub struct Situation {
    pub name: &'static str,
    /// The row: the old fault that it must notice.
    pub fault: Mutant,
    pub play: fn() -> Held,
}

const fn of(fault: Mutant, name: &'static str, play: fn() -> Held) -> Situation {
    Situation { name, fault, play }
}

pub const SITUATIONS: &[Situation] = &[
    of(Mutant::OrderDecides, "two_contacts_of_one_email", two_contacts_of_one_email),
    of(Mutant::OrderDecides, "email_match_takes_anothers_external_id", anothers_external_id),
    of(Mutant::OrderDecides, "second_full_pass_writes", second_full_pass_writes),
    of(Mutant::OrderDecides, "holder_deleted_in_ghl", holder_deleted),
    of(Mutant::WeakMatchTakesRecord, "shared_office_phone", shared_office_phone),
    of(Mutant::WeakMatchTakesRecord, "shared_mailbox_in_additional_emails", shared_mailbox),
    of(Mutant::FirstLinkOverwrites, "first_link_over_billing_values", first_link),
    of(Mutant::TwinsOfBilling, "contact_with_billing_customer", twins_of_billing),
    of(Mutant::NameIsIdentity, "location_renamed_then_state_lost", location_renamed),
    of(Mutant::NameIsIdentity, "data_source_changed_then_state_lost", data_source_changed),
    of(Mutant::NameIsIdentity, "location_renamed_after_a_merge_there", renamed_after_a_merge),
    of(Mutant::ParentsStay, "contact_added_to_a_business", contact_added_to_a_business),
    of(Mutant::WeakMatchTakesRecord, "edited_after_a_merge_there", edited_after_a_merge),
    of(Mutant::LinkOutlivesRecord, "customer_imported_again", customer_imported_again),
    of(Mutant::LinkOutlivesRecord, "own_source_deleted", own_source_deleted),
    of(Mutant::LinkOutlivesRecord, "contact_deleted_there", contact_deleted_there),
    of(Mutant::LinkOutlivesRecord, "note_deleted_there", note_deleted_there),
    of(Mutant::LinkOutlivesRecord, "task_deleted_there", task_deleted_there),
    of(Mutant::LinkOutlivesRecord, "note_deleted_after_a_merge", note_deleted_after_a_merge),
    of(Mutant::LinkOutlivesRecord, "customer_made_again_by_another", made_again_by_another),
    of(Mutant::MarkerOnlyAtTheEnd, "line_below_marker", line_below_marker),
    of(Mutant::MarkerOnlyAtTheEnd, "marker_at_another_customer", marker_at_another_customer),
    of(Mutant::MarkerOnlyAtTheEnd, "marker_none_then_trailing", marker_none_then_trailing),
    of(Mutant::MarkerOnlyAtTheEnd, "store_restored", store_restored),
    of(Mutant::ParentsStay, "business_lost_on_another_machine", lost_on_another_machine),
    of(Mutant::ParentsStay, "store_restored_after_a_move", restored_after_a_move),
    of(Mutant::MarkerOnlyAtTheEnd, "second_machine", second_machine),
    of(Mutant::MarkerOnlyAtTheEnd, "objects_on_after_lost_state", objects_on_after_lost_state),
    of(Mutant::OneIdTwice, "note_listed_twice", note_listed_twice),
    of(Mutant::OneIdTwice, "note_under_two_contacts", note_under_two_contacts),
    of(Mutant::ParentsStay, "business_changed", business_changed),
    of(Mutant::ParentsStay, "business_gained", business_gained),
    of(Mutant::ParentsStay, "business_lost", business_lost),
    of(Mutant::ParentsStay, "ghl_merge", ghl_merge),
    of(Mutant::LastWriterWins, "tag_taken_while_another_has_it", tag_taken),
    of(Mutant::LastWriterWins, "two_contacts_write_attributes", attributes_in_turn),
    of(Mutant::LinkOutlivesRecord, "tags_after_a_merge_there", tags_after_a_merge),
    of(Mutant::LastWriterWins, "tags_of_a_person_unseen", tags_of_a_person),
    of(
        Mutant::LastWriterWins,
        "attributes_after_another_address",
        attributes_after_another_address,
    ),
    of(Mutant::RefusedForEver, "refusal_since_mended", refusal_since_mended),
    of(Mutant::RefusedForEver, "refusal_that_wrote", refusal_that_wrote),
    of(Mutant::OneRefusalEndsAll, "one_record_forbidden", one_record_forbidden),
    of(Mutant::ProxyIsTheService, "proxy_page_422", proxy_page_422),
    of(Mutant::ProxyIsTheService, "proxy_page_404", proxy_page_404),
    of(Mutant::ProxyIsTheService, "proxy_page_on_an_edit", proxy_page_on_an_edit),
    of(Mutant::OneFieldSinksRecord, "attribute_of_another_type", attribute_of_another_type),
    of(Mutant::UnreadIsEmpty, "notes_503", notes_503),
    of(Mutant::UnreadIsEmpty, "notes_404", notes_404),
    of(Mutant::PlansUnchecked, "custom_fields_on_customers", custom_fields_on_customers),
    of(Mutant::GuardSleeps, "anchor_changed_after_plan", anchor_changed_after_plan),
    of(Mutant::TimeIsTrusted, "date_ahead", date_ahead),
    of(Mutant::TimeIsTrusted, "half_plan_days_later", half_plan_days_later),
    of(Mutant::OldStateWins, "index_shows_an_older_state", index_shows_an_older_state),
    of(Mutant::SentAgainAtOnce, "killed_while_creates_are_slow", killed_while_slow),
    of(Mutant::SentAgainAtOnce, "moved_while_a_create_is_slow", moved_while_slow),
    of(Mutant::LeaseIsNotAsked, "taken_over_while_creates_are_slow", taken_over),
    of(Mutant::ShortOfBreath, "service_away_for_seconds", service_away),
    of(Mutant::DoublesUnseen, "note_delivered_twice", note_delivered_twice),
    of(Mutant::AnswerNotTakenIn, "texts_are_tidied_there", texts_are_tidied),
];

// --- what they share -------------------------------------------------------------------------

fn stage(settings: Settings) -> Stage {
    let mut stage = Stage::with(settings, SandboxOptions::default());
    stage.add_source("Billing one");
    stage.add_source("Billing two");
    stage
}

fn anchored(anchor: Anchor) -> Stage {
    stage(Settings { anchor, ..settings() })
}

fn person(stage: &mut Stage, first: &str, email: &str) -> usize {
    stage.add_contact(json!({ "firstName": first, "lastName": "Lang", "email": email }))
}

/// Ada of `ada@mail.example`, a note and a task, and her billing customer.
fn ada(stage: &mut Stage) -> (usize, usize, usize, usize) {
    let ada = person(stage, "Ada", "ada@mail.example");
    let note = stage.add_note(ada, "Called about the invoice").unwrap();
    let task = stage.add_task(ada, "Send the offer").unwrap();
    let customer = billing(stage, 0, "ada@mail.example");
    (ada, note, task, customer)
}

fn billing(stage: &mut Stage, source: usize, email: &str) -> usize {
    let number = stage.customers.len();
    let name = format!("Company {number}");
    let body = json!({ "name": name, "company": name, "email": email });
    stage.add_customer(source, &format!("cus_{number}"), body).unwrap()
}

fn synced(stage: &Stage) -> Held {
    stage.wait(5 * MINUTE);
    let ran = stage.run(APPLY);
    after_run(stage, &ran)?;
    stage.wait(HOUR);
    Ok(())
}

fn must(holds: bool, said: &str) -> Held {
    if holds { Ok(()) } else { Err(said.to_owned()) }
}

fn contacts_there(stage: &Stage) -> Vec<Value> {
    stage.host.sandbox.borrow().chartmogul_contacts()
}

fn count(stage: &Stage, sort: Sort) -> usize {
    View::of(stage).chartmogul.keys().filter(|uuid| Sort::of(uuid) == sort).count()
}

/// The parents' external ids of a note's or task's copies.
fn places(stage: &Stage, child: usize) -> Vec<String> {
    let copies = stage.copies(child);
    let customers = copies.iter().map(|(_, copy)| text(copy, "customer_uuid").to_owned());
    customers
        .map(|uuid| {
            stage.customer(&uuid).map(|one| external_ids(&one).join("+")).unwrap_or_default()
        })
        .map(|ids| stage.named(&ids))
        .collect()
}

fn lose_state(stage: &mut Stage) {
    stage.change_store(Copy::default());
    stage.forget_deletions();
}

/// The counts of customers, contacts, notes and tasks stay through what is done, and full passes.
fn nothing_new(stage: &mut Stage, act: impl FnOnce(&mut Stage)) -> Held {
    at_rest(stage)?;
    let counts = |stage: &Stage| {
        [Sort::Customer, Sort::Contact, Sort::Note, Sort::Task].map(|sort| count(stage, sort))
    };
    let before = counts(stage);
    act(stage);
    let last = settle(stage)?;
    let after = counts(stage);
    must(
        before == after,
        &format!("{before:?} customers, contacts, notes, tasks became {after:?}"),
    )?;
    rests(stage, &last)?;
    quiet(stage)
}

fn post_note(holds: &str, what: What) -> Trouble {
    Trouble {
        method: "POST",
        starts: "/v1/notes".to_owned(),
        ends: String::new(),
        holds: holds.to_owned(),
        left: 99,
        what,
    }
}

fn seats_at_customer() -> Vec<CustomField> {
    vec![CustomField {
        from: "contact.seats".into(),
        to: "seats".into(),
        of: Of::Integer,
        object: None,
    }]
}

fn with_field(stage: &Stage, key: &str, value: Value) -> Value {
    let fields = stage
        .host
        .sandbox
        .borrow()
        .records(ghl_chartmogul::error::Service::Ghl, "customFields")
        .unwrap_or_default();
    let field = fields.iter().find(|field| text(field, "fieldKey") == key).unwrap();
    json!([{ "id": field["id"], "field_value": value }])
}

// --- order decides ---------------------------------------------------------------------------

/// Two GHL contacts of one e-mail address: the same holds the contact, whatever their ids.
fn two_contacts_of_one_email() -> Held {
    let mut first: Option<Vec<String>> = None;
    for seed in 1..7 {
        let options = SandboxOptions { seed, ..SandboxOptions::default() };
        let mut stage = Stage::with(settings(), options);
        stage.add_source("Billing one");
        let elder = person(&mut stage, "Ada", "ada@mail.example");
        let younger = person(&mut stage, "Ben", "ada@mail.example");
        stage.add_note(elder, "Of the elder");
        stage.add_note(younger, "Of the younger");
        let customer = billing(&mut stage, 0, "ada@mail.example");
        let contact = json!({ "email": "ada@mail.example", "last_name": "Lang" });
        stage.add_customer_contact(customer, contact);
        at_rest(&mut stage)?;
        must(
            contacts_there(&stage).len() == 1,
            "a duplicate in GHL got a contact of its own in ChartMogul",
        )?;
        let seen = portrait(&stage);
        match &first {
            None => first = Some(seen),
            Some(before) => {
                must(*before == seen, &format!("other ids, other pairs: {before:?} and {seen:?}"))?
            }
        }
    }
    Ok(())
}

/// A contact that is matched by its address takes the ChartMogul contact that carries the other's id.
fn anothers_external_id() -> Held {
    for seed in 1..7 {
        let options = SandboxOptions { seed, ..SandboxOptions::default() };
        let mut stage = Stage::with(settings(), options);
        stage.add_source("Billing one");
        let ada = person(&mut stage, "Ada", "ada@mail.example");
        person(&mut stage, "Ben", "ben@mail.example");
        let customer = billing(&mut stage, 0, "ben@mail.example");
        // Ben's address is in the contact that is Ada's by her id.
        let id = stage.contacts[ada].clone();
        let body = json!({ "external_id": id, "email": "ben@mail.example" });
        let contact = stage.add_customer_contact(customer, body).unwrap();
        stage.ledger.borrow_mut().links.insert(contact.clone(), id.clone());
        // What carries her id is hers, and gets her values: nothing of it is taken for a person's.
        stage.wait(5 * MINUTE);
        stage.run(APPLY);
        let found = contacts_there(&stage);
        let held = found.iter().find(|one| text(one, "uuid") == contact).unwrap();
        must(
            !text(held, "first_name").starts_with("Ben"),
            "Ben took the contact that carries Ada's id",
        )?;
        must(text(held, "email") == "ada@mail.example", "the contact of Ada's id is not hers")?;
    }
    Ok(())
}

/// What a first pass made must not let a second one pair more.
fn second_full_pass_writes() -> Held {
    let mut stage = stage(settings());
    // Ada is found by a further address; what is made of her carries the address that Ben has too.
    let ada = person(&mut stage, "Ada", "ada@mail.example");
    stage.add_email(ada, "pay@firm.example");
    let ben = person(&mut stage, "Ben", "ada@mail.example");
    let cleo = stage.add_contact(json!({ "firstName": "Cleo", "phone": "+12125550101" }));
    for one in [ada, ben, cleo] {
        stage.add_note(one, "A note");
        stage.add_task(one, "A task");
    }
    billing(&mut stage, 0, "pay@firm.example");
    stage.wait(5 * MINUTE);
    stage.run(FULL);
    quiet(&stage)
}

/// What was made for a contact that is gone from GHL is not its duplicate's: that one gets its own, and
/// after a lost state it is found again.
fn holder_deleted() -> Held {
    let mut stage = stage(settings());
    let ada = person(&mut stage, "Ada", "ada@mail.example");
    person(&mut stage, "Ben", "ada@mail.example");
    billing(&mut stage, 0, "ada@mail.example");
    synced(&stage)?;
    stage.delete_contact(ada);
    nothing_new(&mut stage, lose_state)?;
    let names = contacts_there(&stage);
    let names: Vec<&str> = names.iter().map(|one| text(one, "first_name")).collect();
    must(names.contains(&"Ben"), &format!("the contacts there are {names:?}"))
}

// --- a weak match takes a person's record ----------------------------------------------------

/// A shared office telephone: Ben's contact in ChartMogul gets Ada's name and address.
fn shared_office_phone() -> Held {
    let mut stage = stage(settings());
    let ada = stage.add_contact(
        json!({ "firstName": "Ada", "email": "ada@mail.example", "phone": OFFICE_PHONE }),
    );
    stage.add_note(ada, "A note");
    let customer = billing(&mut stage, 0, "pay@firm.example");
    let ben = json!({ "first_name": "Ben", "last_name": "Moor", "email": "ben@firm.example", "phone": OFFICE_PHONE });
    stage.add_customer_contact(customer, ben);
    at_rest(&mut stage)?;
    let kept = contacts_there(&stage)
        .iter()
        .any(|one| text(one, "email") == "ben@firm.example" && text(one, "first_name") == "Ben");
    must(kept, "Ben's contact is Ben's no more")
}

/// The same with a mailbox that stands among Ada's further addresses.
fn shared_mailbox() -> Held {
    let mut stage = stage(settings());
    let ada = person(&mut stage, "Ada", "ada@mail.example");
    stage.add_email(ada, OFFICE);
    stage.add_note(ada, "A note");
    let customer = billing(&mut stage, 0, "pay@firm.example");
    stage.add_customer_contact(
        customer,
        json!({ "first_name": "Ben", "last_name": "Moor", "email": OFFICE }),
    );
    at_rest(&mut stage)?;
    let kept = contacts_there(&stage)
        .iter()
        .any(|one| text(one, "email") == OFFICE && text(one, "first_name") == "Ben");
    must(kept, "Ben's contact is Ben's no more")
}

// --- first links, twins, names ---------------------------------------------------------------

/// A billing contact of the same address has another name and telephone: both stay.
fn first_link() -> Held {
    let mut stage = stage(settings());
    let ada = stage.add_contact(json!({ "firstName": "Ada", "lastName": "Lang", "email": "ada@mail.example", "phone": "+12125550101" }));
    stage.add_note(ada, "A note");
    let customer = billing(&mut stage, 0, "ada@mail.example");
    let there =
        json!({ "first_name": "Adelheid", "email": "ada@mail.example", "phone": "+12125550777" });
    stage.add_customer_contact(customer, there);
    at_rest(&mut stage)?;
    stage.edit_contact(ada, json!({ "firstName": "Ada M" }));
    at_rest(&mut stage)?;
    let found = contacts_there(&stage);
    must(found.len() == 1, "the contact of the same address was not taken")?;
    must(text(&found[0], "first_name") == "Adelheid", "a kept name was replaced later")?;
    must(text(&found[0], "phone") == "+12125550777", "a telephone was replaced")?;
    must(text(&found[0], "last_name") == "Lang", "an empty field was not filled")
}

/// A contact that has a billing customer becomes its contact, and no second customer.
fn twins_of_billing() -> Held {
    let mut stage = anchored(Anchor::ContactIsCustomer);
    let (_, note, task, _) = ada(&mut stage);
    person(&mut stage, "Ben", "ben@mail.example");
    at_rest(&mut stage)?;
    must(count(&stage, Sort::Customer) == 2, "the billing customer has a twin")?;
    must(
        places(&stage, note) == ["cus_0"] && places(&stage, task) == ["cus_0"],
        "note and task are elsewhere",
    )
}

fn location_renamed() -> Held {
    let mut stage = anchored(Anchor::ContactIsCustomer);
    let ada = person(&mut stage, "Ada", "ada@mail.example");
    stage.add_note(ada, "A note");
    person(&mut stage, "Ben", "ben@mail.example");
    nothing_new(&mut stage, |stage| {
        stage.rename_location("Hillside Studio");
        lose_state(stage);
    })?;
    // Without a loss too, and for whom comes later.
    stage.rename_location("Seaside Studio");
    person(&mut stage, "Cleo", "cleo@mail.example");
    at_rest(&mut stage)?;
    lose_state(&mut stage);
    person(&mut stage, "Dan", "dan@mail.example");
    at_rest(&mut stage)
}

fn data_source_changed() -> Held {
    let mut stage = anchored(Anchor::ContactIsCustomer);
    let ada = person(&mut stage, "Ada", "ada@mail.example");
    stage.add_note(ada, "A note");
    nothing_new(&mut stage, |stage| {
        stage.settings.data_source = Some("Leads".to_owned());
        lose_state(stage);
    })
}

/// A customer of ours is merged into one of another source: that source is not ours for it, and where
/// the state is lost new customers stand where the others do.
fn renamed_after_a_merge() -> Held {
    for source in [0, 1] {
        let mut stage = anchored(Anchor::ContactIsCustomer);
        let ada = person(&mut stage, "Ada", "ada@mail.example");
        person(&mut stage, "Ben", "ben@mail.example");
        let into = billing(&mut stage, source, "books@firm.example");
        synced(&stage)?;
        let view = View::of(&stage);
        let own = view.own(&stage, &stage.contacts[ada]).into_values().next().unwrap();
        let into = stage.customers[into].clone();
        let body = json!({ "from": { "customer_uuid": own }, "into": { "customer_uuid": into } });
        stage.in_chartmogul("POST", "/v1/customers/merges", body);
        stage.set_free(ada);
        stage.rename_location("Riverside");
        lose_state(&mut stage);
        person(&mut stage, "Cleo", "cleo@mail.example");
        at_rest(&mut stage)?;
    }
    Ok(())
}

/// Ada's own customer and a billing customer are merged, either into the other, and her name changes in
/// GHL before the next full pass: the contact of the other stays whose it was.
fn edited_after_a_merge() -> Held {
    for into_billing in [false, true] {
        let mut stage = anchored(Anchor::ContactIsCustomer);
        let billed = billing(&mut stage, 0, "books@firm.example");
        let other = json!({ "first_name": "Ada", "last_name": "Rust" });
        stage.add_customer_contact(billed, other);
        let ada = stage.add_contact(json!({ "firstName": "Ada" }));
        synced(&stage)?;
        let view = View::of(&stage);
        let own = view.own(&stage, &stage.contacts[ada]).into_values().next().unwrap();
        let billed = stage.customers[billed].clone();
        let (from, into) = if into_billing { (own, billed) } else { (billed, own) };
        let body = json!({ "from": { "customer_uuid": from }, "into": { "customer_uuid": into } });
        stage.in_chartmogul("POST", "/v1/customers/merges", body);
        stage.set_free(ada);
        stage.edit_contact(ada, json!({ "firstName": "Ada M" }));
        synced(&stage)?;
        stage.run(APPLY);
        let there = contacts_there(&stage);
        let mut names: Vec<&str> = there.iter().map(|one| text(one, "first_name")).collect();
        names.sort_unstable();
        must(names == ["Ada", "Ada M"], &format!("the contacts there are {names:?}"))?;
        at_rest(&mut stage)?;
    }
    Ok(())
}

// --- gone records ----------------------------------------------------------------------------

/// ChartMogul's own procedure: delete the customer, import it again.
fn customer_imported_again() -> Held {
    let mut stage = stage(settings());
    let (ada, note, task, customer) = ada(&mut stage);
    synced(&stage)?;
    let uuid = stage.customers[customer].clone();
    stage.in_chartmogul("DELETE", &format!("/v1/customers/{uuid}"), json!({}));
    let again = stage
        .add_customer(0, "cus_0", json!({ "name": "Company 0", "email": "ada@mail.example" }))
        .unwrap();
    let later = stage.add_note(ada, "After the import").unwrap();
    at_rest(&mut stage)?;
    let there = [note, task, later].iter().all(|one| {
        stage
            .copies(*one)
            .iter()
            .any(|(_, copy)| text(copy, "customer_uuid") == stage.customers[again])
    });
    must(there, "notes and tasks are not at the customer that was imported again")
}

fn own_source_deleted() -> Held {
    let mut stage = anchored(Anchor::ContactIsCustomer);
    let ada = person(&mut stage, "Ada", "ada@mail.example");
    let note = stage.add_note(ada, "A note").unwrap();
    synced(&stage)?;
    let sources = stage.host.sandbox.borrow().chartmogul_data_sources();
    let own = sources.iter().find(|one| text(one, "name").starts_with("GoHighLevel")).unwrap();
    stage.in_chartmogul("DELETE", &format!("/v1/data_sources/{}", text(own, "uuid")), json!({}));
    stage.wait(5 * MINUTE);
    let later = stage.add_note(ada, "Later").unwrap();
    at_rest(&mut stage)?;
    must(stage.copies(note).len() == 1 && stage.copies(later).len() == 1, "it was not made again")
}

/// A customer is merged into another, and a note of one of its duplicates is deleted: its customer
/// lives on, so that a person has deleted the note.
fn note_deleted_after_a_merge() -> Held {
    let (mut stage, ..) = in_business(Some(0));
    let twin = person(&mut stage, "Dan", "ada@mail.example");
    stage.set_business(twin, Some(0));
    let note = stage.add_note(twin, "Of the duplicate").unwrap();
    let into = billing(&mut stage, 0, "books@firm.example");
    synced(&stage)?;
    let (uuid, copy) = stage.copies(note).pop().ok_or("it was never there")?;
    let (from, into) = (copy["customer_uuid"].clone(), stage.customers[into].clone());
    let body = json!({ "from": { "customer_uuid": from }, "into": { "customer_uuid": into } });
    stage.in_chartmogul("POST", "/v1/customers/merges", body);
    stage.in_chartmogul("DELETE", &format!("/v1/notes/{uuid}"), json!({}));
    stage.children[note].apart = true;
    at_rest(&mut stage)
}

/// Our source is deleted, and another machine makes its customer again, without its tasks: those were
/// not deleted by a person.
fn made_again_by_another() -> Held {
    let mut stage = anchored(Anchor::ContactIsCustomer);
    let ada = person(&mut stage, "Ada", "ada@mail.example");
    let task = stage.add_task(ada, "Call back").unwrap();
    synced(&stage)?;
    let here = stage.change_store(Copy::default());
    let sources = stage.host.sandbox.borrow().chartmogul_data_sources();
    let own = sources.iter().find(|one| text(one, "name").starts_with("GoHighLevel")).unwrap();
    stage.in_chartmogul("DELETE", &format!("/v1/data_sources/{}", text(own, "uuid")), json!({}));
    let objects = std::mem::replace(&mut stage.settings.objects, vec![Object::Notes]);
    synced(&stage)?;
    stage.settings.objects = objects;
    stage.change_store(here);
    at_rest(&mut stage)?;
    must(stage.copies(task).len() == 1, "the task was not made again")
}

/// A contact that a person deleted stays deleted, and its customer's notes are still synced.
fn contact_deleted_there() -> Held {
    let mut stage = stage(settings());
    let (ada, ..) = ada(&mut stage);
    synced(&stage)?;
    let contact = contacts_there(&stage).pop().unwrap();
    stage.in_chartmogul("DELETE", &format!("/v1/contacts/{}", text(&contact, "uuid")), json!({}));
    stage.free.borrow_mut().insert(ada);
    stage.wait(25 * HOUR);
    stage.edit_contact(ada, json!({ "firstName": "Ada M" }));
    let later = stage.add_note(ada, "Later").unwrap();
    stage.wait(5 * MINUTE);
    let ran = stage.run(APPLY);
    must(ran.error.is_none(), "the run fails")?;
    must(ran.clean, "what a person deleted counts as a failure")?;
    at_rest(&mut stage)?;
    must(contacts_there(&stage).is_empty(), "a contact that a person deleted is there again")?;
    must(places(&stage, later) == ["cus_0"], "its later note is not at its customer")
}

fn note_deleted_there() -> Held {
    child_deleted_there(false)
}

fn task_deleted_there() -> Held {
    child_deleted_there(true)
}

/// Deleted by a person: it stays so, though GHL edits it, and its neighbours are still synced.
fn child_deleted_there(is_task: bool) -> Held {
    let mut stage = stage(settings());
    let (ada, note, task, _) = ada(&mut stage);
    synced(&stage)?;
    let child = if is_task { task } else { note };
    let (uuid, _) = stage.copies(child).pop().ok_or("it was never there")?;
    let path = if is_task { "tasks" } else { "notes" };
    stage.in_chartmogul("DELETE", &format!("/v1/{path}/{uuid}"), json!({}));
    stage.children[child].apart = true;
    stage.wait(25 * HOUR);
    stage.edit_child(child, Some("Edited after it was deleted"));
    let later = stage.add_note(ada, "Another").unwrap();
    stage.wait(5 * MINUTE);
    let ran = stage.run(APPLY);
    must(ran.error.is_none(), "the run fails")?;
    must(ran.clean, "what a person deleted counts as a failure")?;
    must(stage.copies(later).len() == 1, "its neighbour did not come")?;
    at_rest(&mut stage)?;
    let last = stage.run(FULL);
    must(last.clean, "what a person deleted is counted, and no failure")
}

// --- markers ---------------------------------------------------------------------------------

fn line_below_marker() -> Held {
    let mut stage = stage(settings());
    let (_, note, ..) = ada(&mut stage);
    synced(&stage)?;
    let (uuid, copy) = stage.copies(note).pop().ok_or("it was never there")?;
    let marker = text(&copy, "text").rsplit("<br>").next().unwrap_or_default();
    for own in [text(&copy, "text"), &format!("Quite another text<br>{marker}")] {
        let body = json!({ "text": format!("{own}<br>seen by finance") });
        stage.in_chartmogul("PATCH", &format!("/v1/notes/{uuid}"), body);
        nothing_new(&mut stage, lose_state)?;
    }
    Ok(())
}

/// A person moves our contact, and the state is lost: our notes are at another customer.
fn marker_at_another_customer() -> Held {
    let mut stage = stage(settings());
    let (ada, ..) = ada(&mut stage);
    let other = billing(&mut stage, 1, "books@firm.example");
    synced(&stage)?;
    let contact = contacts_there(&stage).pop().unwrap();
    let body = json!({ "customer_external_id": format!("cus_{other}") });
    stage.in_chartmogul("PATCH", &format!("/v1/contacts/{}", text(&contact, "uuid")), body);
    stage.free.borrow_mut().insert(ada);
    lose_state(&mut stage);
    at_rest(&mut stage)?;
    must(count(&stage, Sort::Note) == 1 && count(&stage, Sort::Task) == 1, "written twice")
}

fn marker_none_then_trailing() -> Held {
    for loses in [false, true] {
        let mut stage = stage(Settings { marker: Marker::None, ..settings() });
        stage.unmarked.set(true);
        ada(&mut stage);
        nothing_new(&mut stage, |stage| {
            stage.settings.marker = Marker::Trailing;
            if loses {
                lose_state(stage);
            }
        })?;
        let view = View::of(&stage);
        let marked =
            view.chartmogul.values().filter(|one| text(one, "text").contains("[ghl:n:")).count();
        must(marked == 1, "the marker was not put on")?;
    }
    Ok(())
}

/// The store is restored from a copy that is older than a note.
fn store_restored() -> Held {
    let mut stage = stage(settings());
    let (ada, ..) = ada(&mut stage);
    synced(&stage)?;
    let copy = stage.copy_store();
    stage.add_note(ada, "After the copy");
    stage.add_task(ada, "After the copy");
    stage.wait(5 * MINUTE);
    stage.run(APPLY);
    stage.wait(HOUR);
    stage.change_store(copy);
    let ran = stage.run(APPLY);
    after_run(&stage, &ran)?;
    must(count(&stage, Sort::Note) == 2 && count(&stage, Sort::Task) == 2, "written twice")?;
    at_rest(&mut stage)
}

/// A store from before a move is restored: what it would move is found at its new place, and the plan
/// counts no call for it.
fn restored_after_a_move() -> Held {
    for marker in [Marker::Trailing, Marker::None] {
        let mut stage = stage(Settings { marker, ..settings() });
        stage.unmarked.set(marker == Marker::None);
        let (ada, ..) = ada(&mut stage);
        let ben = person(&mut stage, "Ben", "ben@mail.example");
        stage.add_note(ben, "Of Ben");
        stage.add_task(ben, "For Ben");
        billing(&mut stage, 0, "ben@mail.example");
        synced(&stage)?;
        let copy = stage.copy_store();
        stage.merge_contacts(ada, ben);
        synced(&stage)?;
        let written = stage.writes();
        stage.change_store(copy);
        stage.wait(5 * MINUTE);
        plan_is_writes(&stage)?;
        let writes = stage.writes_since(written);
        must(writes.is_empty(), &format!("{marker:?}: the restored store writes {writes:?}"))?;
        at_rest(&mut stage)?;
        must(count(&stage, Sort::Note) == 2 && count(&stage, Sort::Task) == 2, "written twice")?;
    }
    Ok(())
}

/// Two machines with a store each take turns.
fn second_machine() -> Held {
    let mut stage = stage(settings());
    let (ada, ..) = ada(&mut stage);
    synced(&stage)?;
    let mut away = stage.change_store(Copy::default());
    for turn in 0..4 {
        stage.wait(5 * MINUTE);
        let ran = stage.run(APPLY);
        after_run(&stage, &ran)?;
        stage.add_note(ada, &format!("Turn {turn}"));
        stage.wait(5 * MINUTE);
        let ran = stage.run(APPLY);
        after_run(&stage, &ran)?;
        away = stage.change_store(away);
    }
    at_rest(&mut stage)?;
    must(count(&stage, Sort::Note) == 5 && count(&stage, Sort::Task) == 1, "written twice")
}

fn objects_on_after_lost_state() -> Held {
    let mut stage = stage(settings());
    ada(&mut stage);
    nothing_new(&mut stage, |stage| {
        stage.settings.objects = vec![Object::Notes];
        lose_state(stage);
        stage.run(APPLY);
        stage.wait(HOUR);
        stage.settings.objects = vec![Object::Tasks, Object::Notes];
    })
}

// --- one id twice ----------------------------------------------------------------------------

fn note_listed_twice() -> Held {
    let mut stage = stage(settings());
    let (_, note, ..) = ada(&mut stage);
    let note = stage.children[note].id.clone();
    stage.ledger.borrow_mut().retold.push(Retold::NoteTwice { note });
    plan_is_writes(&stage)?;
    at_rest(&mut stage)?;
    must(count(&stage, Sort::Note) == 1, "written twice")
}

fn note_under_two_contacts() -> Held {
    let mut stage = stage(settings());
    let (_, note, ..) = ada(&mut stage);
    let ben = person(&mut stage, "Ben", "ben@mail.example");
    billing(&mut stage, 0, "ben@mail.example");
    let note_id = stage.children[note].id.clone();
    let contact = stage.contacts[ben].clone();
    stage.ledger.borrow_mut().retold.push(Retold::NoteUnder { note: note_id, contact });
    at_rest(&mut stage)?;
    must(places(&stage, note) == ["cus_0"], "it is not once at its own contact's customer")
}

// --- parents move ----------------------------------------------------------------------------

fn in_business(business: Option<usize>) -> (Stage, usize, usize) {
    let mut stage = anchored(Anchor::BusinessIsCustomer);
    stage.add_business("Bolt Ltd", None);
    stage.add_business("Cargo Ltd", None);
    let ada = person(&mut stage, "Ada", "ada@mail.example");
    let ben = person(&mut stage, "Ben", "ben@mail.example");
    let cleo = person(&mut stage, "Cleo", "cleo@mail.example");
    stage.set_business(ada, business);
    stage.set_business(ben, Some(1));
    stage.set_business(cleo, Some(0));
    let note = stage.add_note(ada, "A note").unwrap();
    (stage, ada, note)
}

/// A contact loses its business, and another machine makes it a customer of its own: this one finds
/// that customer.
fn lost_on_another_machine() -> Held {
    let (mut stage, ada, note) = in_business(Some(0));
    stage.settings.without_business = WithoutBusiness::Customer;
    synced(&stage)?;
    let here = stage.change_store(Copy::default());
    synced(&stage)?;
    stage.set_business(ada, None);
    stage.free.borrow_mut().insert(ada);
    synced(&stage)?;
    stage.change_store(here);
    at_rest(&mut stage)?;
    must(
        places(&stage, note) == ["ghl:LOCATION:P0"],
        &format!("the note is at {:?}", places(&stage, note)),
    )
}

/// A contact that is added to a business is made in its customer's source, also in a pass that reads
/// no list, and also after the setting for new customers has changed.
fn contact_added_to_a_business() -> Held {
    for foreign in [false, true] {
        let mut stage = anchored(Anchor::BusinessIsCustomer);
        let email = foreign.then_some("pay@firm.example");
        let business = stage.add_business("Bolt Ltd", email);
        stage.add_business("Cargo Ltd", None);
        billing(&mut stage, 0, "pay@firm.example");
        synced(&stage)?;
        stage.settings.data_source = Some("Leads".to_owned());
        synced(&stage)?;
        let ada = person(&mut stage, "Ada", "ada@mail.example");
        stage.set_business(ada, Some(business));
        stage.wait(5 * MINUTE);
        let ran = stage.run(APPLY);
        after_run(&stage, &ran)?;
        must(ran.says_all_is_well(), "the new contact failed")?;
        must(contacts_there(&stage).len() == 1, "the new contact is not there")?;
        at_rest(&mut stage)?;
    }
    Ok(())
}

fn business_changed() -> Held {
    let (mut stage, ada, note) = in_business(Some(0));
    synced(&stage)?;
    stage.set_business(ada, Some(1));
    at_rest(&mut stage)?;
    must(
        places(&stage, note) == ["ghlb:LOCATION:B1"],
        &format!("the note is at {:?}", places(&stage, note)),
    )
}

fn business_gained() -> Held {
    let (mut stage, ada, note) = in_business(None);
    stage.settings.without_business = WithoutBusiness::Customer;
    synced(&stage)?;
    stage.set_business(ada, Some(1));
    stage.edit_contact(ada, json!({ "firstName": "Ada M" }));
    // The customer that was its own stays, without a contact.
    stage.free.borrow_mut().insert(ada);
    at_rest(&mut stage)?;
    must(
        places(&stage, note) == ["ghlb:LOCATION:B1"],
        &format!("the note is at {:?}", places(&stage, note)),
    )?;
    let renamed = contacts_there(&stage).iter().any(|one| text(one, "first_name") == "Ada M");
    must(renamed, "its later change did not come")
}

fn business_lost() -> Held {
    let (mut stage, ada, note) = in_business(Some(0));
    stage.settings.without_business = WithoutBusiness::Customer;
    synced(&stage)?;
    stage.set_business(ada, None);
    stage.edit_contact(ada, json!({ "firstName": "Ada M" }));
    stage.wait(5 * MINUTE);
    let later = stage.add_note(ada, "Later").unwrap();
    stage.free.borrow_mut().insert(ada);
    at_rest(&mut stage)?;
    must(
        places(&stage, note) == ["ghl:LOCATION:P0"],
        &format!("the note is at {:?}", places(&stage, note)),
    )?;
    must(places(&stage, later) == ["ghl:LOCATION:P0"], "the later note is elsewhere")
}

/// GHL merges two contacts of two customers: the notes of the one that goes are the winner's.
fn ghl_merge() -> Held {
    let mut stage = stage(settings());
    let (ada, note, ..) = ada(&mut stage);
    let ben = person(&mut stage, "Ben", "ben@mail.example");
    let moved = stage.add_note(ben, "Of Ben").unwrap();
    let task = stage.add_task(ben, "For Ben").unwrap();
    billing(&mut stage, 0, "ben@mail.example");
    synced(&stage)?;
    stage.merge_contacts(ada, ben);
    stage.edit_child(moved, Some("Of Ben, edited after the merge"));
    at_rest(&mut stage)?;
    let right = [note, moved, task].iter().all(|one| places(&stage, *one) == ["cus_0"]);
    must(
        right,
        &format!(
            "they are at {:?} {:?} {:?}",
            places(&stage, note),
            places(&stage, moved),
            places(&stage, task)
        ),
    )
}

// --- shared customers ------------------------------------------------------------------------

fn tag_taken() -> Held {
    let mut stage = stage(Settings { tags: Tags { prefixes: vec!["ghl:".into()] }, ..settings() });
    let tagged = |first: &str| json!({ "firstName": first, "email": "ada@mail.example", "tags": ["ghl:vip"] });
    let ada = stage.add_contact(tagged("Ada"));
    stage.add_contact(tagged("Ben"));
    let customer = billing(&mut stage, 0, "ada@mail.example");
    synced(&stage)?;
    stage.edit_contact(ada, json!({ "tags": [] }));
    at_rest(&mut stage)?;
    let record = stage.customer(&stage.customers[customer]).unwrap();
    must(tags_of(&record).contains(&"ghl:vip"), "the tag is gone though Ben has it")
}

/// What a person put on a customer that a contact would bring too is not ours by a pass that reads no
/// list: it stays when the contact goes, and a value is not replaced.
fn tags_of_a_person() -> Held {
    let rule = CustomField {
        from: "contact.job_title".into(),
        to: "job".into(),
        of: Of::String,
        object: Some(AttributeObject::Customer),
    };
    let tags = Tags { prefixes: vec!["ghl:".into()] };
    let mut stage = stage(Settings { tags, custom_fields: vec![rule], ..settings() });
    let email = "ada@mail.example";
    let ada = json!({ "firstName": "Ada", "email": email, "tags": ["ghl:vip"] });
    let ada = stage.add_contact(ada);
    let ben = stage.add_contact(json!({ "firstName": "Ben", "email": email, "tags": ["ghl:vip"] }));
    let customer = billing(&mut stage, 0, email);
    let uuid = stage.customers[customer].clone();
    let path = format!("/v1/customers/{uuid}/attributes");
    stage.in_chartmogul("POST", &format!("{path}/tags"), json!({ "tags": ["ghl:vip"] }));
    let job = json!({ "custom": [{ "type": "String", "key": "job", "value": "Payer" }] });
    stage.in_chartmogul("POST", &format!("{path}/custom"), job);
    synced(&stage)?;
    let owner = with_field(&stage, "contact.job_title", json!("Owner"));
    stage.edit_contact(ada, json!({ "phone": "+12125550101", "customFields": owner }));
    synced(&stage)?;
    stage.delete_contact(ada);
    stage.delete_contact(ben);
    at_rest(&mut stage)?;
    let record = stage.customer(&uuid).unwrap();
    must(tags_of(&record).contains(&"ghl:vip"), "a person's tag is gone")?;
    must(record["attributes"]["custom"]["job"] == "Payer", "a person's value is gone")
}

/// A customer whose tags are of two contacts is merged into another: they are not taken from that one
/// as if the contacts had left it.
fn tags_after_a_merge() -> Held {
    let mut stage = stage(Settings { tags: Tags { prefixes: vec!["ghl:".into()] }, ..settings() });
    let email = "ada@mail.example";
    stage.add_contact(json!({ "firstName": "Ada", "email": email, "tags": ["ghl:lead"] }));
    person(&mut stage, "Ben", email);
    let from = billing(&mut stage, 0, email);
    let into = billing(&mut stage, 0, "books@firm.example");
    synced(&stage)?;
    let (from, into) = (stage.customers[from].clone(), stage.customers[into].clone());
    let body =
        json!({ "from": { "customer_uuid": from }, "into": { "customer_uuid": into.clone() } });
    stage.in_chartmogul("POST", "/v1/customers/merges", body);
    at_rest(&mut stage)?;
    let record = stage.customer(&into).unwrap();
    must(tags_of(&record).contains(&"ghl:lead"), "the tag is gone though Ada has it")
}

/// Two contacts of one customer have other values of one attribute: one leads, and there is rest.
fn attributes_in_turn() -> Held {
    let rule = CustomField {
        from: "contact.job_title".into(),
        to: "job".into(),
        of: Of::String,
        object: Some(AttributeObject::Customer),
    };
    let mut stage = stage(Settings { custom_fields: vec![rule], ..settings() });
    let owner = with_field(&stage, "contact.job_title", json!("Owner"));
    let clerk = with_field(&stage, "contact.job_title", json!("Clerk"));
    stage.add_contact(
        json!({ "firstName": "Ada", "email": "ada@mail.example", "customFields": owner }),
    );
    let ben = stage.add_contact(
        json!({ "firstName": "Ben", "email": "ada@mail.example", "customFields": clerk }),
    );
    let customer = billing(&mut stage, 0, "ada@mail.example");
    synced(&stage)?;
    for turn in 0..2 {
        stage.edit_contact(ben, json!({ "phone": format!("+121255501{turn}0") }));
        at_rest(&mut stage)?;
        let record = stage.customer(&stage.customers[customer]).unwrap();
        let job = &record["attributes"]["custom"]["job"];
        must(job == "Owner", &format!("the oldest one leads, and the attribute is {job}"))?;
    }
    Ok(())
}

/// The contact of a customer of our own gets another address than its duplicate: it leads all the
/// same, also in the pass that writes that address.
fn attributes_after_another_address() -> Held {
    let rule = CustomField {
        from: "contact.job_title".into(),
        to: "job".into(),
        of: Of::String,
        object: Some(AttributeObject::Customer),
    };
    let anchor = Anchor::ContactIsCustomer;
    let mut stage = stage(Settings { anchor, custom_fields: vec![rule], ..settings() });
    let owner = with_field(&stage, "contact.job_title", json!("Owner"));
    let clerk = with_field(&stage, "contact.job_title", json!("Clerk"));
    let email = "ada@mail.example";
    let ada = json!({ "firstName": "Ada", "email": email, "customFields": owner });
    let ada = stage.add_contact(ada);
    stage.add_contact(json!({ "firstName": "Ben", "email": email, "customFields": clerk }));
    synced(&stage)?;
    stage.edit_contact(ada, json!({ "email": "ada@new.example" }));
    for options in [APPLY, FULL] {
        stage.wait(5 * MINUTE);
        let ran = stage.run(options);
        after_run(&stage, &ran)?;
        let customers = stage.host.sandbox.borrow().chartmogul_customers();
        let jobs: Vec<&Value> =
            customers.iter().map(|one| &one["attributes"]["custom"]["job"]).collect();
        must(jobs == ["Owner"], &format!("Ada leads, and the attributes are {jobs:?}"))?;
    }
    at_rest(&mut stage)
}

// --- refusals --------------------------------------------------------------------------------

fn refusal_since_mended() -> Held {
    refused_note(What::Refusal(422))
}

fn proxy_page_422() -> Held {
    interrupted_note(What::Page(422))?;
    refused_note(What::Page(422))
}

fn proxy_page_404() -> Held {
    interrupted_note(What::Page(404))?;
    refused_note(What::Page(404))
}

/// A page says of a note that it is not there, that it is forbidden: its edit comes later, and no
/// other record waits for it.
fn proxy_page_on_an_edit() -> Held {
    for status in [401, 403, 404, 422] {
        let mut stage = stage(settings());
        let (ada, note, ..) = ada(&mut stage);
        let other = stage.add_note(ada, "Another").unwrap();
        synced(&stage)?;
        let (uuid, _) = stage.copies(note).pop().ok_or("it was never there")?;
        stage.edit_child(note, Some("Edited"));
        stage.edit_child(other, Some("Edited too"));
        stage.wait(5 * MINUTE);
        let trouble = Trouble {
            method: "",
            starts: format!("/v1/notes/{uuid}"),
            ..post_note("", What::Page(status))
        };
        let (ran, struck) = stage.troubled(trouble, APPLY);
        must(struck, "the note was not asked for")?;
        must(ran.error.is_none(), "a page for one note ends the run")?;
        must(!ran.says_all_is_well(), "a page, and all is well")?;
        let said = |child: usize| {
            stage.copies(child).pop().map(|(_, copy)| text(&copy, "text").to_owned())
        };
        must(
            said(other).is_some_and(|text| text.starts_with("Edited too")),
            "its neighbour waits",
        )?;
        at_rest(&mut stage)?;
        let said = stage.copies(note).pop().map(|(_, copy)| text(&copy, "text").to_owned());
        must(said.is_some_and(|text| text.starts_with("Edited")), "the edit never came")?;
    }
    Ok(())
}

/// A page of a proxy is not ChartMogul's own word: the next ordinary run tries again.
fn interrupted_note(what: What) -> Held {
    let mut stage = stage(settings());
    let (ada, ..) = ada(&mut stage);
    synced(&stage)?;
    let note = stage.add_note(ada, "Refused once").unwrap();
    stage.wait(5 * MINUTE);
    let (_, struck) = stage.troubled(post_note("Refused once", what), APPLY);
    must(struck, "nothing was refused")?;
    stage.wait(5 * MINUTE);
    stage.run(APPLY);
    must(stage.copies(note).len() == 1, "a page of a proxy was taken for ChartMogul's word")
}

/// A new note is refused once; others come. Mended, it comes, though nobody touches it.
fn refused_note(what: What) -> Held {
    let mut stage = stage(settings());
    let (ada, ..) = ada(&mut stage);
    synced(&stage)?;
    let note = stage.add_note(ada, "Refused once").unwrap();
    stage.wait(5 * MINUTE);
    let (ran, struck) = stage.troubled(post_note("Refused once", what), APPLY);
    must(struck, "nothing was refused")?;
    must(!ran.says_all_is_well(), "a refusal, and all is well")?;
    stage.wait(HOUR);
    let (ran, _) = stage.troubled(post_note("Refused once", what), APPLY);
    must(!ran.says_all_is_well(), "a record waits since an earlier run, and all is well")?;
    at_rest(&mut stage)?;
    must(stage.copies(note).len() == 1, "refused forever")
}

/// A refusal that wrote all the same: it is looked for before it is sent again.
fn refusal_that_wrote() -> Held {
    for status in [400, 404, 409, 422, 500] {
        let mut stage = stage(settings());
        let (ada, ..) = ada(&mut stage);
        synced(&stage)?;
        let note = stage.add_note(ada, "Refused and there").unwrap();
        let ben = person(&mut stage, "Ben", "ben@mail.example");
        let of_ben = stage.add_note(ben, "Of Ben").unwrap();
        billing(&mut stage, 0, "ben@mail.example");
        stage.wait(5 * MINUTE);
        let wrote = |path: &str, holds: &str| Trouble {
            starts: path.to_owned(),
            ..post_note(holds, What::DoneThen(status))
        };
        stage.troubled(wrote("/v1/notes", "Refused and there"), APPLY);
        stage.wait(HOUR);
        stage.edit_child(note, Some("Refused and there, edited"));
        at_rest(&mut stage)?;
        must(stage.copies(note).len() == 1, &format!("after {status} the note is not there once"))?;
        let cleo = person(&mut stage, "Cleo", "cleo@mail.example");
        let of_cleo = stage.add_note(cleo, "Of Cleo").unwrap();
        billing(&mut stage, 0, "cleo@mail.example");
        stage.wait(25 * HOUR);
        let (_, struck) = stage.troubled(wrote("/v1/contacts", "Cleo"), APPLY);
        must(struck, "the contact was not made")?;
        at_rest(&mut stage)?;
        let there = stage.copies(of_ben).len() + stage.copies(of_cleo).len();
        must(there == 2, &format!("after {status} of its contact a note is not there"))?;
    }
    Ok(())
}

/// One record's 403, as a page of a proxy: it fails, the run continues, and so does the next.
fn one_record_forbidden() -> Held {
    for what in [What::Page(403), What::Refusal(403)] {
        let mut stage = stage(settings());
        let (ada, ..) = ada(&mut stage);
        let ben = person(&mut stage, "Ben", "ben@mail.example");
        billing(&mut stage, 0, "ben@mail.example");
        synced(&stage)?;
        for turn in 0..2 {
            stage.add_note(ada, "Forbidden");
            stage.add_note(ben, &format!("Of Ben {turn}"));
            stage.wait(5 * MINUTE);
            let (ran, struck) = stage.troubled(post_note("Forbidden", what), APPLY);
            must(struck, "nothing was forbidden")?;
            let id = stage.contacts[ada].clone();
            others_in_step(&stage, &ran, &id)?;
            must(!ran.says_all_is_well(), "a record is forbidden, and all is well")?;
        }
        at_rest(&mut stage)?;
    }
    Ok(())
}

/// `seats` is a text there, and a whole number by our rule: the field is left out, the rest written.
fn attribute_of_another_type() -> Held {
    let options = SandboxOptions {
        attribute_types: [("seats".to_owned(), AttributeType::String)].into(),
        attribute_values: AttributeValues::SameType,
        ..SandboxOptions::default()
    };
    let custom_fields = seats_at_customer();
    let wanted = Settings { anchor: Anchor::ContactIsCustomer, custom_fields, ..settings() };
    let mut stage = Stage::with(wanted, options);
    stage.ledger.borrow_mut().clash = true;
    let seats = with_field(&stage, "contact.seats", json!(7));
    let ada = stage.add_contact(
        json!({ "firstName": "Ada", "email": "ada@mail.example", "customFields": seats }),
    );
    let note = stage.add_note(ada, "A note").unwrap();
    let last = settle(&mut stage)?;
    rests(&stage, &last)?;
    must(stage.copies(note).len() == 1, "the note fell with a field of its contact")
}

// --- unread is empty -------------------------------------------------------------------------

fn notes_503() -> Held {
    notes_unread(503)
}

fn notes_404() -> Held {
    notes_unread(404)
}

/// Ada's notes cannot be read.
fn unread_world(status: u16) -> (Stage, Trouble, usize, usize) {
    let mut stage = stage(settings());
    let (ada, note, ..) = ada(&mut stage);
    let ben = person(&mut stage, "Ben", "ben@mail.example");
    stage.add_note(ben, "Of Ben");
    billing(&mut stage, 0, "ben@mail.example");
    stage.wait(5 * MINUTE);
    let trouble = Trouble {
        method: "GET",
        starts: format!("/contacts/{}/notes", stage.contacts[ada]),
        ends: String::new(),
        holds: String::new(),
        left: 99,
        what: What::Refusal(status),
    };
    (stage, trouble, ada, note)
}

fn notes_unread(status: u16) -> Held {
    let told = |unread: bool| -> Result<usize, String> {
        let (stage, trouble, ..) = unread_world(status);
        stage.ledger.borrow_mut().troubles.extend(unread.then_some(trouble));
        Ok(stage.plan().map_err(|code| code.to_string())?.warnings.len())
    };
    let (calm, unread) = (told(false)?, told(true));
    must(unread.is_err() || unread > Ok(calm), "a plan that could not read notes does not warn")?;
    let (mut stage, trouble, ada, note) = unread_world(status);
    let (ran, struck) = stage.troubled(trouble, APPLY);
    must(struck, "the notes were not asked for")?;
    let id = stage.contacts[ada].clone();
    others_in_step(&stage, &ran, &id)?;
    stage.wait(5 * MINUTE);
    // The next run reads them, though nothing changed.
    let ran = stage.run(APPLY);
    after_run(&stage, &ran)?;
    must(stage.copies(note).len() == 1, "the next run does not read what could not be read")?;
    at_rest(&mut stage)
}

// --- plans -----------------------------------------------------------------------------------

/// Attributes of every type, of the customer or of its contact, on customers that are made from
/// contacts: what is planned is taken.
fn custom_fields_on_customers() -> Held {
    for object in [Some(AttributeObject::Contact), Some(AttributeObject::Customer), None] {
        fields_on_customers(object)?;
    }
    Ok(())
}

fn fields_on_customers(object: Option<AttributeObject>) -> Held {
    let rule =
        |from: &str, to: &str, of| CustomField { from: from.into(), to: to.into(), of, object };
    let custom_fields = vec![
        rule("contact.job_title", "job", Of::String),
        rule("contact.seats", "seats", Of::Integer),
        rule("contact.lifetime_value", "value", Of::Decimal),
        rule("contact.trial_ends", "trial_ends", Of::Timestamp),
        rule("dnd", "dnd", Of::Boolean),
        rule("source", "source", Of::String),
    ];
    let wanted = Settings { anchor: Anchor::ContactIsCustomer, custom_fields, ..settings() };
    let mut stage = stage(wanted);
    for first in ["Ada", "Ben", "Cleo"] {
        let mut values = Vec::new();
        for (key, value) in [
            ("contact.job_title", json!("Owner")),
            ("contact.seats", json!(7)),
            ("contact.lifetime_value", json!(12.5)),
            ("contact.trial_ends", json!("2027-01-05")),
        ] {
            values.push(with_field(&stage, key, value)[0].clone());
        }
        let email = format!("{}@mail.example", first.to_lowercase());
        stage.add_contact(json!({ "firstName": first, "email": email, "customFields": values }));
    }
    stage.wait(5 * MINUTE);
    plan_is_writes(&stage)?;
    must(count(&stage, Sort::Customer) == 3, "planned, and refused")?;
    at_rest(&mut stage)
}

/// `plan`, then another anchor, then `sync`: nothing that no plan showed.
fn anchor_changed_after_plan() -> Held {
    let changes: [fn(&mut Settings); 3] = [
        |settings| settings.anchor = Anchor::ContactIsCustomer,
        |settings| settings.on_link = OnLink::Overwrite,
        |settings| settings.objects = vec![Object::Notes],
    ];
    for change in changes {
        let mut stage = stage(settings());
        let (_, _, _, customer) = ada(&mut stage);
        let contact = json!({ "first_name": "Adelheid", "email": "ada@mail.example" });
        stage.add_customer_contact(customer, contact);
        person(&mut stage, "Ben", "ben@mail.example");
        stage.wait(5 * MINUTE);
        stage.plan().map_err(|code| code.to_string())?;
        change(&mut stage.settings);
        stage.run(CAREFUL);
        broken_on_the_way(&stage)?;
        must(stage.writes() == 0, "something was written that no plan showed")?;
    }
    Ok(())
}

// --- time is trusted -------------------------------------------------------------------------

/// A `dateUpdated` ahead of time blinds no later pass.
fn date_ahead() -> Held {
    let mut stage = stage(settings());
    let (ada, ..) = ada(&mut stage);
    let ben = person(&mut stage, "Ben", "ben@mail.example");
    billing(&mut stage, 0, "ben@mail.example");
    synced(&stage)?;
    stage.date_ahead(ada, 30);
    stage.wait(5 * MINUTE);
    let ran = stage.run(APPLY);
    after_run(&stage, &ran)?;
    stage.wait(HOUR);
    let note = stage.add_note(ben, "Later").unwrap();
    stage.wait(5 * MINUTE);
    let ran = stage.run(APPLY);
    after_run(&stage, &ran)?;
    must(stage.copies(note).len() == 1, "a later pass does not see it")?;
    at_rest(&mut stage)
}

/// A plan half applied is too old three days later: what is deleted meanwhile is not made.
fn half_plan_days_later() -> Held {
    let mut stage = stage(Settings {
        anchor: Anchor::ContactIsCustomer,
        on_deleted: OnDeleted::Leave,
        ..settings()
    });
    let names = ["Ada", "Ben", "Cleo", "Dan", "Eva"];
    for first in names {
        person(&mut stage, first, &format!("{}@mail.example", first.to_lowercase()));
    }
    stage.wait(5 * MINUTE);
    let plan = stage.plan().map_err(|code| code.to_string())?;
    let half = stage.apply(&plan.id, RunOptions { max_records: Some(2), ..APPLY });
    must(!half.done, "it was not stopped")?;
    for contact in 0..names.len() {
        stage.delete_contact(contact);
    }
    stage.wait(3 * DAY);
    stage.apply(&plan.id, APPLY);
    broken_on_the_way(&stage)?;
    stage.run(APPLY);
    broken_on_the_way(&stage)?;
    must(count(&stage, Sort::Customer) <= 2, "contacts deleted meanwhile were made")
}

// --- once, and only once ---------------------------------------------------------------------

/// GHL's search shows a contact as it was ten minutes ago, after it was read as it is. 0.1.0 had no run
/// for one contact; what a webhook named was written, and written back by the next full pass.
fn index_shows_an_older_state() -> Held {
    let options = SandboxOptions { search_lag_ms: 10 * MINUTE, ..SandboxOptions::default() };
    let mut stage = Stage::with(settings(), options);
    stage.add_source("Billing one");
    let (ada, ..) = ada(&mut stage);
    stage.wait(HOUR);
    stage.run(APPLY);
    stage.wait(HOUR);
    stage.edit_contact(ada, json!({ "firstName": "Adele" }));
    let only = RunOptions { contacts: vec![stage.contacts[ada].clone()], ..APPLY };
    stage.run(only);
    let renamed =
        |stage: &Stage| contacts_there(stage).iter().any(|one| text(one, "first_name") == "Adele");
    must(renamed(&stage), "the edit did not come")?;
    stage.wait(MINUTE);
    let before = stage.writes();
    stage.run(FULL);
    must(stage.writes() == before && renamed(&stage), "the index's older state came back")?;
    stage.wait(HOUR);
    at_rest(&mut stage)
}

/// Creates that take 20 s outlive the process that sent them; 0.1.0 sent them again at once.
fn killed_while_slow() -> Held {
    for after in 4..30 {
        let mut stage = stage(settings());
        let (ada, note, task, _) = ada(&mut stage);
        // The kill comes right before the sending of another.
        stage.add_note(ada, "The other note").unwrap();
        stage.add_task(ada, "The other task").unwrap();
        stage.wait(5 * MINUTE);
        stage.host.weather.set(Weather { slow_ms: 20_000, twice_ms: None });
        stage.run_killed(APPLY, after);
        stage.run(APPLY);
        stage.wait(MINUTE);
        let copies = (stage.copies(note).len(), stage.copies(task).len());
        must(copies == (1, 1), &format!("killed after {after} steps: {copies:?} copies"))?;
        at_rest(&mut stage)?;
    }
    Ok(())
}

/// The contact moves to another business while its note is under way to the former one.
fn moved_while_slow() -> Held {
    for after in 4..30 {
        let (mut stage, ada, _) = in_business(Some(0));
        synced(&stage)?;
        let note = stage.add_note(ada, "Under way").unwrap();
        let other = stage.add_note(ada, "Under way, too").unwrap();
        stage.wait(5 * MINUTE);
        stage.host.weather.set(Weather { slow_ms: 45_000, twice_ms: None });
        stage.run_killed(APPLY, after);
        stage.set_business(ada, Some(1));
        stage.wait(15_000);
        // The plan that was begun is dropped.
        stage.run(FULL);
        stage.wait(MINUTE);
        let copies = (stage.copies(note).len(), stage.copies(other).len());
        must(copies == (1, 1), &format!("killed after {after} steps: {copies:?} copies"))?;
        at_rest(&mut stage)?;
        let there = places(&stage, note);
        must(
            there == ["ghlb:LOCATION:B1"],
            &format!("killed after {after} steps, the note is at {there:?}"),
        )?;
    }
    Ok(())
}

/// Another process takes the lease over while creates are under way; 0.1.0 had no lease but in SQLite.
fn taken_over() -> Held {
    for commit in 1..40 {
        let mut stage = stage(settings());
        let (_, note, task, _) = ada(&mut stage);
        stage.wait(5 * MINUTE);
        stage.host.weather.set(Weather { slow_ms: 5_000, twice_ms: None });
        let now = stage.host.store.commits();
        stage.host.store.stolen_at.set(Some(now + commit));
        let ran = stage.run(APPLY);
        let taken = stage.host.store.stolen_at.take().is_none();
        must(
            !taken || ran.error == Some(Code::Busy),
            &format!("commit {commit}: {:?}", ran.error),
        )?;
        at_rest(&mut stage)?;
        let copies = (stage.copies(note).len(), stage.copies(task).len());
        must(copies == (1, 1), &format!("taken over at commit {commit}: {copies:?} copies"))?;
    }
    Ok(())
}

/// ChartMogul answers 503 for a while; 0.1.0 gave up after five failures in a row.
fn service_away() -> Held {
    let mut stage = stage(settings());
    let mut people = Vec::new();
    for number in 0..8 {
        let address = format!("ada{number}@mail.example");
        people.push(person(&mut stage, "Ada", &address));
        billing(&mut stage, 0, &address);
    }
    synced(&stage)?;
    for contact in people {
        stage.edit_contact(contact, json!({ "firstName": "Adele" }));
    }
    stage.wait(5 * MINUTE);
    let away = Trouble {
        method: "PATCH",
        starts: "/v1/contacts".to_owned(),
        left: 40,
        ..post_note("", What::Refusal(503))
    };
    let (ran, struck) = stage.troubled(away, APPLY);
    must(struck && ran.done, &format!("the run ended with {:?}", ran.error))?;
    at_rest(&mut stage)
}

/// Something in between delivers a note twice; nobody ever noticed.
fn note_delivered_twice() -> Held {
    let mut stage = stage(Settings { doubles: Doubles::Remove, ..settings() });
    let (_, note, ..) = ada(&mut stage);
    stage.wait(5 * MINUTE);
    stage.host.weather.set(Weather { slow_ms: 0, twice_ms: Some(2_000) });
    stage.run(APPLY);
    stage.wait(HOUR);
    must(stage.copies(note).len() == 2, "it was not delivered twice")?;
    stage.host.weather.set(Weather::default());
    at_rest(&mut stage)?;
    must(stage.copies(note).len() == 1, &format!("{} copies", stage.copies(note).len()))
}

/// ChartMogul shows a text differently from how it was written: it is still ours, and goes along to another
/// customer.
fn texts_are_tidied() -> Held {
    let settings = Settings { anchor: Anchor::BusinessIsCustomer, ..settings() };
    let options =
        SandboxOptions { chartmogul_texts: ChartmogulTexts::Tidied, ..SandboxOptions::default() };
    let mut stage = Stage::with(settings, options);
    stage.add_business("Bolt Ltd", None);
    stage.add_business("Cargo Ltd", None);
    let ada = person(&mut stage, "Ada", "ada@mail.example");
    stage.set_business(ada, Some(0));
    let note = stage.add_note(ada, "Launched \u{1f680} at last").unwrap();
    stage.wait(5 * MINUTE);
    stage.run(APPLY);
    stage.wait(HOUR);
    must(stage.copies(note).len() == 1, "the note did not come")?;
    let before = stage.writes();
    stage.run(FULL);
    must(stage.writes() == before, "what the service tidied is written again")?;
    stage.set_business(ada, Some(1));
    stage.wait(5 * MINUTE);
    stage.run(FULL);
    let there = places(&stage, note);
    must(there == ["ghlb:LOCATION:B1"], &format!("the note is at {there:?}"))?;
    must(count(&stage, Sort::Note) == 1, "its former copy counts as a person's")
}
