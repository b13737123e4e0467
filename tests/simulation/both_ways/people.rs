//! Situations of contacts that go both ways, field by field.

use ghl_chartmogul::error::Service;
use ghl_chartmogul::mapping::settings::{
    Anchor, AttributeType, CreateInGhl, CustomField, Directions, Owner, Settings, Twins, Way,
};
use ghl_chartmogul::sandbox::{ChartmogulTexts, Fault, FaultRule, SandboxOptions};
use ghl_chartmogul::sync::{RunOptions, Winner};
use serde_json::{Value, json};

use super::{Play, Situation, begun_with, in_step};
use crate::invariants::Held;
use crate::stage::{APPLY, FULL, HOUR, MINUTE};
use crate::world::settings;

pub const SITUATIONS: &[Situation] = &[
    ("a_name_that_was_changed_there_comes", a_name_that_was_changed_there_comes),
    ("a_name_that_both_changed_waits", a_name_that_both_changed_waits),
    ("a_name_that_both_changed_between_full_passes_waits", both_changed_between_full_passes),
    ("a_name_that_was_changed_after_the_plan_stays", a_name_that_was_changed_after_the_plan_stays),
    ("an_index_that_lags_gives_no_name_back", an_index_that_lags_gives_no_name_back),
    ("the_same_change_on_both_sides_writes_nothing", the_same_change_on_both_sides_writes_nothing),
    ("a_lost_state_deletes_and_overwrites_nothing", a_lost_state_deletes_and_overwrites_nothing),
    ("a_mapping_comes_and_goes", a_mapping_comes_and_goes),
    ("the_owner_of_a_field_decides", the_owner_of_a_field_decides),
    ("a_service_that_tidies_gives_nothing_back", a_service_that_tidies_gives_nothing_back),
    ("an_empty_name_clears_nothing", an_empty_name_clears_nothing),
    ("what_ghl_does_not_have_is_filled", what_ghl_does_not_have_is_filled),
    ("a_value_that_ghl_refuses_sinks_no_other", a_value_that_ghl_refuses_sinks_no_other),
    ("custom_fields_come_back_by_their_types", custom_fields_come_back_by_their_types),
    ("a_text_that_was_cut_is_not_written_over", a_text_that_was_cut_is_not_written_over),
    ("an_owner_that_does_not_cross_stays", an_owner_that_does_not_cross_stays),
    ("what_ghl_refused_freezes_no_other_field", what_ghl_refused_freezes_no_other_field),
    ("a_name_changed_before_a_merge_waits", a_name_changed_before_a_merge_waits),
    ("a_customer_of_our_own_comes_back", a_customer_of_our_own_comes_back),
    ("contacts_that_go_to_ghl_only", contacts_that_go_to_ghl_only),
    ("consent_goes_one_way", consent_goes_one_way),
    ("who_is_new_there_is_created_with_consent", who_is_new_there_is_created_with_consent),
    ("a_contact_that_was_made_unheard_is_found", a_contact_that_was_made_unheard_is_found),
    ("who_has_no_address_is_not_created", who_has_no_address_is_not_created),
    ("a_customers_uuid_stands_for_its_contacts", a_customers_uuid_stands_for_its_contacts),
    ("a_twin_is_reported_and_merged_if_asked", a_twin_is_reported_and_merged_if_asked),
    ("a_write_to_a_contact_that_was_lost_is_found", a_write_that_was_lost_is_found),
];

impl Play {
    /// A linked contact: GHL's id, ChartMogul's uuid, and the customer.
    fn somebody(&self) -> (String, String, String) {
        let (contact, link) =
            self.world.linked("contact").into_iter().next().expect("one is linked");
        let customer = link["customer"].as_str().unwrap_or_default().to_owned();
        let sandbox = self.world.host.sandbox.borrow();
        let uuid = link["uuid"].as_str().map(str::to_owned).or_else(|| {
            let of_it = |one: &Value| one["customer_uuid"] == customer.as_str();
            let found = sandbox.chartmogul_contacts().into_iter().find(of_it)?;
            Some(found["uuid"].as_str()?.to_owned())
        });
        (contact, uuid.expect("it has a contact"), customer)
    }

    fn here(&self, contact: &str) -> Value {
        let sandbox = self.world.host.sandbox.borrow();
        sandbox.ghl_contacts().into_iter().find(|one| one["id"] == contact).unwrap_or_default()
    }

    fn there(&self, uuid: &str) -> Value {
        let sandbox = self.world.host.sandbox.borrow();
        sandbox
            .chartmogul_contacts()
            .into_iter()
            .find(|one| one["uuid"] == uuid)
            .unwrap_or_default()
    }

    fn write_here(&self, contact: &str, body: Value) {
        self.world.ask_ghl("PUT", &format!("/contacts/{contact}"), body);
    }

    fn write_there(&self, uuid: &str, body: Value) {
        self.world.ask_chartmogul("PATCH", &format!("/v1/contacts/{uuid}"), body);
    }

    /// A contact whom ChartMogul knows by a contact of the same address: their ids.
    fn known_to_both(&self) -> (String, String) {
        let sandbox = &self.world.host.sandbox;
        let (contacts, customers) =
            (sandbox.borrow().ghl_contacts(), sandbox.borrow().chartmogul_customers());
        let email = |one: &Value| one["email"].as_str().map(str::to_lowercase);
        let couple = contacts.iter().find_map(|contact| {
            let customer = customers.iter().find(|one| email(one) == email(contact))?;
            Some((contact, customer))
        });
        let (contact, customer) = couple.expect("a contact is a customer");
        let body = json!({
            "customer_uuid": customer["uuid"],
            "data_source_uuid": customer["data_source_uuid"],
            "email": contact["email"],
        });
        let made = self.world.ask_chartmogul("POST", "/v1/contacts", body);
        let id = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (id(&contact["id"]), id(&made["uuid"]))
    }

    fn one_conflict(&self) -> Result<ghl_chartmogul::sync::Conflict, String> {
        let [one] = self.conflicts(false).try_into().map_err(|all| format!("{all:?}"))?;
        Ok(one)
    }
}

/// Says what is not as it should be.
fn is(what: &str, found: &Value, wanted: impl Into<Value>) -> Held {
    let wanted = wanted.into();
    if *found == wanted { Ok(()) } else { Err(format!("{what} is {found}, not {wanted}")) }
}

fn a_name_that_was_changed_there_comes() -> Held {
    let mut play = in_step(SandboxOptions::default());
    let (contact, uuid, _) = play.somebody();
    play.write_there(&uuid, json!({ "first_name": "Adelheid", "phone": "+14155550188" }));
    play.pass(FULL);
    is("the name", &play.here(&contact)["firstName"], "Adelheid")?;
    is("the phone", &play.here(&contact)["phone"], "+14155550188")?;
    play.settle_down()?;
    is("the name", &play.there(&uuid)["first_name"], "Adelheid")
}

fn a_name_that_both_changed_waits() -> Held {
    let mut play = in_step(SandboxOptions::default());
    let (contact, uuid, _) = play.somebody();
    play.write_there(&uuid, json!({ "first_name": "Finance" }));
    play.write_here(&contact, json!({ "firstName": "Sales" }));
    play.pass(FULL);
    is("the name", &play.here(&contact)["firstName"], "Sales")?;
    is("the name there", &play.there(&uuid)["first_name"], "Finance")?;
    let conflict = play.one_conflict()?;
    if conflict.field != "first_name" || conflict.ghl != "Sales" || conflict.chartmogul != "Finance"
    {
        return Err(format!("{conflict:?}"));
    }
    play.settle(&conflict, Winner::Chartmogul);
    play.pass(APPLY);
    is("the name", &play.here(&contact)["firstName"], "Finance")?;
    if !play.conflicts(true).iter().any(|one| one.ghl == "Sales") {
        return Err("the value that lost is not kept".to_owned());
    }
    play.settle_down()
}

fn both_changed_between_full_passes() -> Held {
    let mut play = in_step(SandboxOptions::default());
    let (contact, uuid, _) = play.somebody();
    play.write_there(&uuid, json!({ "first_name": "Finance" }));
    play.write_here(&contact, json!({ "firstName": "Sales" }));
    play.pass(APPLY);
    is("the name there", &play.there(&uuid)["first_name"], "Finance")?;
    let conflict = play.one_conflict()?;
    play.settle(&conflict, Winner::Ghl);
    play.pass(APPLY);
    is("the name there", &play.there(&uuid)["first_name"], "Sales")?;
    play.settle_down()
}

fn a_name_that_was_changed_after_the_plan_stays() -> Held {
    let mut play = in_step(SandboxOptions::default());
    let (contact, uuid, _) = play.somebody();
    play.write_there(&uuid, json!({ "first_name": "Finance" }));
    let full = RunOptions { full: true, ..RunOptions::default() };
    let plan = play.world.with(async |engine| engine.plan(full.clone()).await).unwrap();
    let plan = plan.map_err(|error| error.to_string())?;
    play.write_here(&contact, json!({ "firstName": "Sales" }));
    let _ = play.world.with(async |engine| engine.apply(&plan.id, APPLY).await).unwrap();
    is("the name", &play.here(&contact)["firstName"], "Sales")?;
    play.world.host.advance(10 * MINUTE);
    play.pass(FULL);
    is("the name", &play.here(&contact)["firstName"], "Sales")?;
    is("the name there", &play.there(&uuid)["first_name"], "Finance")?;
    play.one_conflict().map(|_| ())
}

fn an_index_that_lags_gives_no_name_back() -> Held {
    let options = SandboxOptions { search_lag_ms: 30 * MINUTE, ..SandboxOptions::default() };
    let mut play = in_step(options);
    play.world.host.advance(HOUR);
    let (contact, uuid, _) = play.somebody();
    play.write_there(&uuid, json!({ "first_name": "Adelheid" }));
    for options in [FULL, APPLY, FULL] {
        play.pass(options);
        is("the name", &play.here(&contact)["firstName"], "Adelheid")?;
        is("the name there", &play.there(&uuid)["first_name"], "Adelheid")?;
    }
    play.settle_down()
}

fn the_same_change_on_both_sides_writes_nothing() -> Held {
    let mut play = in_step(SandboxOptions::default());
    let (contact, uuid, _) = play.somebody();
    play.write_there(&uuid, json!({ "first_name": "Adelheid" }));
    play.write_here(&contact, json!({ "firstName": "Adelheid" }));
    let before = play.world.writes();
    play.pass(FULL);
    if play.world.writes() != before || !play.conflicts(false).is_empty() {
        return Err(format!("{} writes", play.world.writes() - before));
    }
    // What is agreed on is the base of the next change.
    play.write_there(&uuid, json!({ "first_name": "Heidi" }));
    play.pass(FULL);
    is("the name", &play.here(&contact)["firstName"], "Heidi")?;
    play.settle_down()
}

/// Without its state the sync knows nobody's last word: values that differ stay on both sides of a record
/// that somebody else made.
fn a_lost_state_deletes_and_overwrites_nothing() -> Held {
    let directions = Directions { notes: Way::Both, contacts: Way::Both, ..Directions::default() };
    let mut play = begun_with(SandboxOptions::default(), Settings { directions, ..settings() });
    let (contact, uuid) = play.known_to_both();
    play.pass(FULL);
    let before = play.world.host.sandbox.borrow().chartmogul_contacts().len();
    play.write_there(&uuid, json!({ "first_name": "Finance", "external_id": null, "custom": [] }));
    play.write_here(&contact, json!({ "firstName": "Sales" }));
    play.world.host.store.clear();
    play.pass(FULL);
    play.pass(FULL);
    let after = play.world.host.sandbox.borrow().chartmogul_contacts().len();
    is("the number of contacts", &json!(after), before)?;
    is("the name here", &play.here(&contact)["firstName"], "Sales")?;
    play.settle_down()
}

/// A mapping that is new reaches all linked contacts; one that is dropped clears nothing.
fn a_mapping_comes_and_goes() -> Held {
    let directions = Directions { contacts: Way::Both, ..Directions::default() };
    let options = with_attributes(&["ghl_contact_id", "source"]);
    let mut play = begun_with(options, Settings { directions, ..settings() });
    play.pass(FULL);
    let (contact, uuid, _) = play.somebody();
    let source = play.here(&contact)["source"].clone();
    play.world.settings.custom_fields = vec![CustomField {
        from: "source".into(),
        to: "source".into(),
        of: AttributeType::String,
        object: None,
    }];
    play.pass(FULL);
    is("the attribute", &play.there(&uuid)["custom"]["source"], source.clone())?;
    play.world.settings.custom_fields = Vec::new();
    play.pass(FULL);
    is("the attribute", &play.there(&uuid)["custom"]["source"], source.clone())?;
    is("the field", &play.here(&contact)["source"], source)?;
    play.settle_down()
}

fn the_owner_of_a_field_decides() -> Held {
    let directions = Directions { contacts: Way::Both, ..Directions::default() };
    let owners = [
        ("contact.first_name", Owner::AlwaysGhl),
        ("contact.last_name", Owner::AlwaysChartmogul),
        ("contact.phone", Owner::DontSync),
    ];
    let owners = owners.map(|(name, owner)| (name.to_owned(), owner)).into_iter().collect();
    let wanted = Settings { directions, owners, ..settings() };
    let mut play = begun_with(SandboxOptions::default(), wanted);
    play.pass(FULL);
    let (contact, uuid, _) = play.somebody();
    let first = play.here(&contact)["firstName"].clone();
    let last = play.there(&uuid)["last_name"].clone();
    play.write_there(&uuid, json!({ "first_name": "Finance", "phone": "+14155550188" }));
    play.write_here(&contact, json!({ "lastName": "Sales" }));
    play.pass(FULL);
    is("GHL's field there", &play.there(&uuid)["first_name"], first)?;
    is("ChartMogul's field here", &play.here(&contact)["lastName"], last)?;
    if play.here(&contact)["phone"] == "+14155550188" {
        return Err("the phone was synced".to_owned());
    }
    if play.conflicts(true).len() != 2 {
        return Err(format!("what lost is not kept: {:?}", play.conflicts(true)));
    }
    play.settle_down()
}

/// Nobody has edited a name that ChartMogul shows in another form than it was given.
fn a_service_that_tidies_gives_nothing_back() -> Held {
    for anchor in [Anchor::AttachOnly, Anchor::ContactIsCustomer] {
        let directions =
            Directions { notes: Way::Both, contacts: Way::Both, ..Directions::default() };
        let options = SandboxOptions {
            chartmogul_texts: ChartmogulTexts::Tidied,
            billing_share: 0.0,
            ..SandboxOptions::default()
        };
        let mut play = begun_with(options, Settings { directions, anchor, ..settings() });
        let contact = play.world.host.sandbox.borrow().ghl_contacts()[0].clone();
        let contact = contact["id"].as_str().unwrap_or_default().to_owned();
        let name = "Ada  Augusta \u{1f600}";
        play.write_here(&contact, json!({ "firstName": name }));
        play.world.host.advance(10 * MINUTE);
        play.pass(FULL);
        play.pass(FULL);
        is("the name", &play.here(&contact)["firstName"], name)?;
        play.write_here(&contact, json!({ "lastName": "de  Morgan" }));
        play.pass(APPLY);
        play.pass(FULL);
        is("the name", &play.here(&contact)["lastName"], "de  Morgan")?;
        play.note_in_ghl(&contact, "Launched \u{1f680} at last");
        play.pass(FULL);
        play.pass(FULL);
        play.has(super::Side::Ghl, false, "Launched \u{1f680} at last")?;
        play.settle_down()?;
    }
    Ok(())
}

fn an_empty_name_clears_nothing() -> Held {
    let mut play = in_step(SandboxOptions::default());
    let (contact, uuid, _) = play.somebody();
    let before = play.here(&contact)["lastName"].clone();
    play.write_there(&uuid, json!({ "last_name": "" }));
    play.pass(FULL);
    is("the name", &play.here(&contact)["lastName"], before)?;
    // Nor does GHL's.
    play.write_there(&uuid, json!({ "last_name": "Lovelace" }));
    play.pass(FULL);
    play.write_here(&contact, json!({ "lastName": "" }));
    play.pass(FULL);
    is("the name there", &play.there(&uuid)["last_name"], "Lovelace")?;
    play.settle_down()
}

/// A value that only ChartMogul has fills GHL's empty field, at the first link and later.
fn what_ghl_does_not_have_is_filled() -> Held {
    let directions = Directions { contacts: Way::Both, ..Directions::default() };
    let mut play = begun_with(SandboxOptions::default(), Settings { directions, ..settings() });
    let (contact, uuid) = play.known_to_both();
    play.write_here(&contact, json!({ "phone": "" }));
    play.write_there(&uuid, json!({ "phone": "+14155550177" }));
    play.pass(FULL);
    is("the phone", &play.here(&contact)["phone"], "+14155550177")?;
    play.settle_down()
}

/// What GHL refuses stays in sight; the rest of the contact is written.
fn a_value_that_ghl_refuses_sinks_no_other() -> Held {
    let mut play = in_step(SandboxOptions::default());
    let (contact, uuid, _) = play.somebody();
    let others = play.world.host.sandbox.borrow().ghl_contacts();
    let taken = others.iter().find(|one| one["id"] != contact.as_str() && one["email"].is_string());
    let taken = taken.ok_or("nobody else has an address")?["email"].clone();
    let before = play.here(&contact)["email"].clone();
    play.write_there(&uuid, json!({ "first_name": "Adelheid", "email": taken }));
    play.write_here(&contact, json!({ "lastName": "Lovelace" }));
    play.pass(FULL);
    play.pass(FULL);
    is("the address", &play.here(&contact)["email"], before)?;
    is("the name", &play.here(&contact)["firstName"], "Adelheid")?;
    is("the name there", &play.there(&uuid)["last_name"], "Lovelace")?;
    let letters = play.world.host.store.matching("/letter/contact/");
    if letters.len() != 1 {
        return Err(format!("{} letters: what was refused is out of sight", letters.len()));
    }
    play.write_there(&uuid, json!({ "email": "adelheid@mail.example" }));
    play.pass(FULL);
    is("the address", &play.here(&contact)["email"], "adelheid@mail.example")?;
    if !play.world.host.store.matching("/letter/contact/").is_empty() {
        return Err("the letter stays".to_owned());
    }
    play.settle_down()
}

/// A sandbox whose contacts have these custom attributes.
fn with_attributes(keys: &[&str]) -> SandboxOptions {
    let contact_attribute_keys = keys.iter().map(|key| (*key).to_owned()).collect();
    SandboxOptions { contact_attribute_keys, ..SandboxOptions::default() }
}

fn custom_fields_come_back_by_their_types() -> Held {
    let rule = |from: &str, to: &str, of| CustomField {
        from: from.into(),
        to: to.into(),
        of,
        object: None,
    };
    let directions = Directions { contacts: Way::Both, ..Directions::default() };
    let custom_fields = vec![
        rule("contact.job_title", "job", AttributeType::String),
        rule("contact.seats", "seats", AttributeType::Integer),
        rule("contact.lifetime_value", "value", AttributeType::Decimal),
        rule("contact.trial_ends", "trial_ends", AttributeType::Timestamp),
        rule("contact.agreed", "agreed", AttributeType::Boolean),
    ];
    let keys = ["ghl_contact_id", "job", "seats", "value", "trial_ends", "agreed"];
    let options = with_attributes(&keys);
    let mut play = begun_with(options, Settings { directions, custom_fields, ..settings() });
    play.pass(FULL);
    let (contact, uuid, _) = play.somebody();
    let fields = play.world.host.sandbox.borrow().records(Service::Ghl, "customFields");
    let fields = fields.unwrap_or_default();
    let id_of = |key: &str| {
        let field = fields.iter().find(|field| field["fieldKey"] == key);
        field.map(|field| field["id"].clone()).unwrap_or_default()
    };
    let id = id_of("contact.agreed");
    play.write_here(&contact, json!({ "customFields": [{ "id": id, "field_value": [] }] }));
    play.pass(APPLY);
    let custom = json!([
        { "key": "agreed", "value": true },
        { "key": "job", "value": "Countess" },
        { "key": "seats", "value": 12 },
        { "key": "value", "value": 99.5 },
        { "key": "trial_ends", "value": "2027-02-03T00:00:00.000Z" },
    ]);
    play.write_there(&uuid, json!({ "custom": custom }));
    play.pass(FULL);
    let here = play.here(&contact);
    for (key, wanted) in [
        ("contact.job_title", json!("Countess")),
        ("contact.seats", json!(12)),
        ("contact.lifetime_value", json!(99.5)),
        ("contact.trial_ends", json!("2027-02-03")),
        ("contact.agreed", json!(["Yes"])),
    ] {
        let id = id_of(key);
        let all = here["customFields"].as_array().cloned().unwrap_or_default();
        let held = all.iter().find(|one| one["id"] == id).cloned().unwrap_or_default();
        let held = match &held["value"] {
            Value::String(text) if key.ends_with("ends") => json!(text.get(..10)),
            value => value.clone(),
        };
        is(key, &held, wanted)?;
    }
    play.settle_down()
}

/// GHL's text is longer than what ChartMogul can hold: an edit of the cut one does not come.
fn a_text_that_was_cut_is_not_written_over() -> Held {
    let directions = Directions { contacts: Way::Both, ..Directions::default() };
    let custom_fields = vec![CustomField {
        from: "contact.background".into(),
        to: "background".into(),
        of: AttributeType::String,
        object: None,
    }];
    let options = with_attributes(&["ghl_contact_id", "background"]);
    let mut play = begun_with(options, Settings { directions, custom_fields, ..settings() });
    play.pass(FULL);
    let (contact, uuid, _) = play.somebody();
    let fields = play.world.host.sandbox.borrow().records(Service::Ghl, "customFields");
    let id = fields.unwrap_or_default();
    let id = id.iter().find(|field| field["fieldKey"] == "contact.background");
    let id = id.ok_or("there is no such field")?["id"].clone();
    let long = "All that is known. ".repeat(30);
    play.write_here(&contact, json!({ "customFields": [{ "id": id, "field_value": long }] }));
    play.pass(FULL);
    play.write_there(&uuid, json!({ "custom": [{ "key": "background", "value": "Mended" }] }));
    play.pass(FULL);
    let here = play.here(&contact);
    let all = here["customFields"].as_array().cloned().unwrap_or_default();
    let held = all.iter().find(|one| one["id"] == id).cloned().unwrap_or_default();
    is("the text", &held["value"], long)?;
    play.settle_down()
}

/// Without the setting `owner` nobody's assignment is touched.
fn an_owner_that_does_not_cross_stays() -> Held {
    let directions = Directions { contacts: Way::Both, ..Directions::default() };
    let anchor = Anchor::ContactIsCustomer;
    let options = SandboxOptions { billing_share: 0.0, ..SandboxOptions::default() };
    let mut play = begun_with(options, Settings { directions, anchor, ..settings() });
    play.pass(FULL);
    let (contact, _, customer) = play.somebody();
    let before = play.here(&contact)["assignedTo"].clone();
    let path = format!("/v1/customers/{customer}");
    let owner = json!({ "owner": "finance@agency.example" });
    play.world.ask_chartmogul("PATCH", &path, owner);
    play.pass(FULL);
    is("the user", &play.here(&contact)["assignedTo"], before)?;
    play.settle_down()
}

fn what_ghl_refused_freezes_no_other_field() -> Held {
    let mut play = in_step(SandboxOptions::default());
    let (contact, uuid, _) = play.somebody();
    let others = play.world.host.sandbox.borrow().ghl_contacts();
    let taken = others.iter().find(|one| one["id"] != contact.as_str() && one["email"].is_string());
    let taken = taken.ok_or("nobody else has an address")?["email"].clone();
    let before = play.here(&contact)["firstName"].clone();
    play.write_there(&uuid, json!({ "first_name": "Adelheid", "email": taken }));
    play.pass(FULL);
    is("the name", &play.here(&contact)["firstName"], "Adelheid")?;
    // A person undoes it: that is an edit.
    play.write_here(&contact, json!({ "firstName": before }));
    play.pass(FULL);
    is("the name", &play.here(&contact)["firstName"], before.clone())?;
    is("the name there", &play.there(&uuid)["first_name"], before)?;
    let letters = play.world.host.store.matching("/letter/contact/").len();
    if letters != 1 {
        return Err(format!("{letters} letters"));
    }
    play.write_there(&uuid, json!({ "email": "adelheid@mail.example" }));
    play.pass(FULL);
    is("the address", &play.here(&contact)["email"], "adelheid@mail.example")?;
    play.settle_down()
}

/// Both have changed a name, and then the customer is merged into another: nobody's word is lost.
fn a_name_changed_before_a_merge_waits() -> Held {
    let directions = Directions { contacts: Way::Both, ..Directions::default() };
    let anchor = Anchor::ContactIsCustomer;
    let options = SandboxOptions { billing_share: 0.0, ..SandboxOptions::default() };
    let mut play = begun_with(options, Settings { directions, anchor, ..settings() });
    play.pass(FULL);
    play.pass(FULL);
    let (contact, uuid, ours) = play.somebody();
    let billing = json!({ "name": "Billing of ours" });
    let source = play.world.ask_chartmogul("POST", "/v1/data_sources", billing)["uuid"].clone();
    let body = json!({ "data_source_uuid": source, "external_id": "paying-1", "name": "Paying" });
    let made = play.world.ask_chartmogul("POST", "/v1/customers", body);
    play.write_there(&uuid, json!({ "first_name": "Finance", "last_name": "Byron" }));
    play.write_here(&contact, json!({ "firstName": "Sales" }));
    let merge =
        json!({ "from": { "customer_uuid": ours }, "into": { "customer_uuid": made["uuid"] } });
    play.world.ask_chartmogul("POST", "/v1/customers/merges", merge);
    play.pass(FULL);
    play.pass(FULL);
    is("the name there", &play.there(&uuid)["first_name"], "Finance")?;
    is("the name here", &play.here(&contact)["firstName"], "Sales")?;
    is("the last name here", &play.here(&contact)["lastName"], "Byron")?;
    play.one_conflict().map(|_| ())
}

/// A customer of our own: what its primary contact says, and where it is, come back; its name follows.
fn a_customer_of_our_own_comes_back() -> Held {
    let directions = Directions { contacts: Way::Both, ..Directions::default() };
    let anchor = Anchor::ContactIsCustomer;
    let options = SandboxOptions { billing_share: 0.0, ..SandboxOptions::default() };
    let mut play = begun_with(options, Settings { directions, anchor, ..settings() });
    play.pass(FULL);
    play.pass(FULL);
    let (contact, uuid, customer) = play.somebody();
    play.write_there(&uuid, json!({ "first_name": "Adelheid", "last_name": "Byron" }));
    let path = format!("/v1/customers/{customer}");
    play.world.ask_chartmogul("PATCH", &path, json!({ "city": "Turin", "country": "IT" }));
    play.pass(FULL);
    let here = play.here(&contact);
    is("the name", &here["firstName"], "Adelheid")?;
    is("the city", &here["city"], "Turin")?;
    is("the country", &here["country"], "IT")?;
    play.pass(APPLY);
    let customers = play.world.host.sandbox.borrow().chartmogul_customers();
    let there = customers.iter().find(|one| one["uuid"] == customer.as_str()).cloned();
    is("the customer's name", &there.unwrap_or_default()["name"], "Adelheid Byron")?;
    play.settle_down()
}

fn contacts_that_go_to_ghl_only() -> Held {
    let directions = Directions { contacts: Way::ToGhl, ..Directions::default() };
    let mut play = begun_with(SandboxOptions::default(), Settings { directions, ..settings() });
    let (contact, uuid) = play.known_to_both();
    let before = play.world.host.sandbox.borrow().chartmogul_contacts();
    play.pass(FULL);
    play.write_here(&contact, json!({ "firstName": "Sales" }));
    play.write_there(&uuid, json!({ "last_name": "Byron" }));
    play.pass(FULL);
    is("the last name", &play.here(&contact)["lastName"], "Byron")?;
    let after = play.world.host.sandbox.borrow().chartmogul_contacts();
    if before.len() != after.len() {
        return Err(format!("{} contacts there, and {} before", after.len(), before.len()));
    }
    if play.there(&uuid)["first_name"] == "Sales" {
        return Err("GHL's name went there".to_owned());
    }
    play.settle_down()
}

/// DND that was set goes to ChartMogul; it is lifted there by a person alone, and never by us here.
fn consent_goes_one_way() -> Held {
    let custom_fields = vec![CustomField {
        from: "dnd".into(),
        to: "dnd".into(),
        of: AttributeType::Boolean,
        object: None,
    }];
    let directions = Directions { contacts: Way::Both, ..Directions::default() };
    let wanted = Settings { directions, custom_fields, ..settings() };
    let mut play = begun_with(with_attributes(&["ghl_contact_id", "dnd"]), wanted);
    play.pass(FULL);
    let (contact, uuid, _) = play.somebody();
    play.write_here(&contact, json!({ "dnd": true }));
    play.pass(APPLY);
    is("dnd there", &play.there(&uuid)["custom"]["dnd"], true)?;
    play.write_here(&contact, json!({ "dnd": false }));
    play.pass(APPLY);
    is("dnd there", &play.there(&uuid)["custom"]["dnd"], true)?;
    play.write_here(&contact, json!({ "dnd": true }));
    play.pass(APPLY);
    play.write_there(&uuid, json!({ "custom": [{ "key": "dnd", "value": false }] }));
    play.pass(FULL);
    is("dnd", &play.here(&contact)["dnd"], true)?;
    play.settle_down()
}

fn a_write_that_was_lost_is_found() -> Held {
    let mut play = in_step(SandboxOptions::default());
    let (contact, uuid, _) = play.somebody();
    play.write_there(&uuid, json!({ "first_name": "Adelheid" }));
    let lost = FaultRule {
        method: Some("PUT".to_owned()),
        service: Some("ghl".to_owned()),
        path: Some("/contacts/*".to_owned()),
        times: Some(1),
        ..FaultRule::always(Fault::Lost { done: true })
    };
    play.world.host.sandbox.borrow_mut().set_faults(vec![lost]);
    play.pass(FULL);
    play.world.host.sandbox.borrow_mut().set_faults(Vec::new());
    play.pass(APPLY);
    is("the name", &play.here(&contact)["firstName"], "Adelheid")?;
    play.settle_down()
}

/// A world in which contacts of linked customers are created in GHL.
fn that_creates() -> Play {
    let directions = Directions { notes: Way::Both, contacts: Way::Both, ..Directions::default() };
    let create_in_ghl = Some(CreateInGhl {
        consent: "customers under contract".to_owned(),
        ..CreateInGhl::default()
    });
    let wanted = Settings { directions, create_in_ghl, ..settings() };
    let mut play = begun_with(SandboxOptions::default(), wanted);
    play.pass(FULL);
    play.pass(FULL);
    play
}

impl Play {
    fn colleague(&self, body: Value) -> String {
        let (_, _, customer) = self.somebody();
        let customers = self.world.host.sandbox.borrow().chartmogul_customers();
        let customer = customers.iter().find(|one| one["uuid"] == customer.as_str()).unwrap();
        let mut body = body;
        body["customer_uuid"] = customer["uuid"].clone();
        body["data_source_uuid"] = customer["data_source_uuid"].clone();
        let made = self.world.ask_chartmogul("POST", "/v1/contacts", body);
        made["uuid"].as_str().unwrap_or_default().to_owned()
    }

    fn called(&self, email: &str) -> Vec<Value> {
        let all = self.world.host.sandbox.borrow().ghl_contacts();
        all.into_iter().filter(|one| one["email"] == email).collect()
    }
}

fn who_is_new_there_is_created_with_consent() -> Held {
    let mut play = that_creates();
    let before = play.world.host.sandbox.borrow().ghl_contacts().len();
    let uuid = play.colleague(
        json!({ "first_name": "Grace", "last_name": "Hopper", "email": "grace@mail.example" }),
    );
    let full = RunOptions { full: true, ..RunOptions::default() };
    let plan = play.world.with(async |engine| engine.plan(full.clone()).await).unwrap();
    let plan = plan.map_err(|error| error.to_string())?;
    let id = plan.id;
    let changes =
        play.world.with(async |engine| engine.changes_json(&id, None, 100).await).unwrap();
    let told = changes.map_err(|error| error.to_string())?;
    if !told.contains("consent: customers under contract") {
        return Err(format!("the plan does not say why: {told}"));
    }
    play.pass(FULL);
    let [grace] = play.called("grace@mail.example").try_into().map_err(|all| format!("{all:?}"))?;
    is("the name", &grace["firstName"], "Grace")?;
    play.settle_down()?;
    is("the attribute", &play.there(&uuid)["custom"]["ghl_contact_id"], grace["id"].clone())?;
    let after = play.world.host.sandbox.borrow().ghl_contacts().len();
    if after != before + 1 {
        return Err(format!("{after} contacts in GHL, and {before} before"));
    }
    // From now on it goes both ways, also after a lost state.
    play.world.host.store.clear();
    play.pass(FULL);
    play.write_here(grace["id"].as_str().unwrap_or_default(), json!({ "firstName": "Amazing" }));
    play.pass(APPLY);
    is("the name there", &play.there(&uuid)["first_name"], "Amazing")?;
    if play.called("grace@mail.example").len() != 1 {
        return Err("it was created again".to_owned());
    }
    play.settle_down()
}

fn a_contact_that_was_made_unheard_is_found() -> Held {
    let mut play = that_creates();
    play.colleague(json!({ "first_name": "Grace", "email": "grace@mail.example" }));
    let lost = FaultRule {
        method: Some("POST".to_owned()),
        service: Some("ghl".to_owned()),
        path: Some("/contacts/".to_owned()),
        times: Some(1),
        ..FaultRule::always(Fault::Lost { done: true })
    };
    play.world.host.sandbox.borrow_mut().set_faults(vec![lost]);
    play.pass(FULL);
    play.world.host.sandbox.borrow_mut().set_faults(Vec::new());
    play.pass(APPLY);
    let letters = play.world.host.store.matching("/letter/contact/");
    if !letters.is_empty() {
        return Err(format!("it was made, and counts as refused: {letters:?}"));
    }
    play.settle_down()?;
    match play.called("grace@mail.example").len() {
        1 => Ok(()),
        times => Err(format!("it is {times} times in GHL")),
    }
}

/// Nobody is created who could not be found again, or whom GHL has already.
fn who_has_no_address_is_not_created() -> Held {
    let mut play = that_creates();
    let before = play.world.host.sandbox.borrow().ghl_contacts().len();
    let (contact, ..) = play.somebody();
    play.colleague(json!({ "first_name": "Grace" }));
    let others = play.world.host.sandbox.borrow().ghl_contacts();
    let other = others.iter().find(|one| one["id"] != contact.as_str() && one["phone"].is_string());
    let phone = other.ok_or("nobody else has a phone")?["phone"].clone();
    play.colleague(json!({ "first_name": "Joan", "phone": phone, "email": "joan@mail.example" }));
    play.settle_down()?;
    let after = play.world.host.sandbox.borrow().ghl_contacts().len();
    is("the number of contacts", &json!(after), before)
}

fn a_customers_uuid_stands_for_its_contacts() -> Held {
    let mut play = in_step(SandboxOptions::default());
    let (contact, uuid, customer) = play.somebody();
    play.write_there(&uuid, json!({ "first_name": "Adelheid" }));
    let note = json!({ "customer_uuid": customer, "type": "note", "text": "Renews in May" });
    play.world.ask_chartmogul("POST", "/v1/notes", note);
    let options = RunOptions { contacts: vec![customer], ..APPLY };
    play.pass(options);
    is("the name", &play.here(&contact)["firstName"], "Adelheid")?;
    play.has(super::Side::Ghl, false, "Renews in May")?;
    let unknown = RunOptions { contacts: vec!["cus_unknown".to_owned()], ..APPLY };
    let ended = play.world.with(async |engine| engine.run(unknown.clone()).await).unwrap();
    match ended {
        Err(error) if error.message.contains("no contact of GHL is linked") => play.settle_down(),
        ended => Err(format!("{ended:?}")),
    }
}

/// A lead becomes a paying customer: both are reported, and merged where the settings ask for it.
fn a_twin_is_reported_and_merged_if_asked() -> Held {
    let directions = Directions { notes: Way::Both, contacts: Way::Both, ..Directions::default() };
    let anchor = Anchor::ContactIsCustomer;
    let options = SandboxOptions { billing_share: 0.0, ..SandboxOptions::default() };
    let mut play = begun_with(options, Settings { directions, anchor, ..settings() });
    play.pass(FULL);
    let (contact, _, ours) = play.somebody();
    play.note_in_ghl(&contact, "Wants the big plan");
    play.pass(APPLY);
    let billing = json!({ "name": "Billing of ours" });
    let source = play.world.ask_chartmogul("POST", "/v1/data_sources", billing)["uuid"].clone();
    let body = json!({
        "data_source_uuid": source,
        "external_id": "paying-1",
        "name": "Paying",
        "email": play.here(&contact)["email"],
    });
    let made = play.world.ask_chartmogul("POST", "/v1/customers", body);
    let theirs = made["uuid"].as_str().unwrap_or_default().to_owned();
    play.pass(FULL);
    play.settle_down()?;
    let there = |play: &Play, uuid: &str| {
        let all = play.world.host.sandbox.borrow().chartmogul_customers();
        all.iter().any(|one| one["uuid"] == uuid)
    };
    if !there(&play, &ours) || !there(&play, &theirs) {
        return Err("nobody asked for a merge".to_owned());
    }
    let apart = play.world.host.store.matching("/apart/customer/");
    if !apart.iter().any(|(key, value)| key.ends_with(&ours) && value.contains("twin")) {
        return Err(format!("it is not listed: {apart:?}"));
    }
    play.world.settings.twins = Twins::Merge;
    play.pass(FULL);
    if there(&play, &ours) || !there(&play, &theirs) {
        return Err("they are not merged".to_owned());
    }
    play.settle_down()?;
    let linked = play.world.linked("contact");
    is("the customer", &linked[&contact]["customer"], theirs.clone())?;
    play.has(super::Side::Chartmogul, false, "Wants the big plan")?;
    let apart = play.world.host.store.matching("/apart/customer/");
    if !apart.is_empty() {
        return Err(format!("it is listed still: {apart:?}"));
    }
    // What was merged goes both ways as before.
    let note = json!({ "customer_uuid": theirs, "type": "note", "text": "Renews in May" });
    play.world.ask_chartmogul("POST", "/v1/notes", note);
    play.pass(FULL);
    play.has(super::Side::Ghl, false, "Renews in May")?;
    play.settle_down()
}
