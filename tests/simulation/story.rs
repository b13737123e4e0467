//! Stories: a small world and what happens in it, each decision drawn from a tape.

use std::collections::{BTreeMap, BTreeSet};

use ghl_chartmogul::error::Service;
use ghl_chartmogul::mapping::settings::{
    Anchor, AttributeObject, AttributeType, CustomField, Doubles, Marker, NoteFormat, Object,
    OnDeleted, OnExisting, OnLink, Settings, Tags, WithoutBusiness,
};
use ghl_chartmogul::sandbox::{AttributeValues, SandboxOptions};
use ghl_chartmogul::sync::RunOptions;
use serde_json::{Value, json};

use crate::host::Weather;
use crate::invariants::{
    self, Held, View, after_run, at_rest, others_in_step, plan_is_writes, quiet,
};
use crate::ledger::{Retold, Trouble, What, external_ids, text};
use crate::stage::{APPLY, CAREFUL, DAY, FULL, HOUR, MINUTE, Ran, Stage, settings};
use crate::tape::{Kinds, Reader, Tape};

const FIRST: [&str; 8] = ["Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gina", "Hal"];
const LAST: [&str; 3] = ["Lang", "Moor", "Neri"];
pub const OFFICE: &str = "office@firm.example";
pub const OFFICE_PHONE: &str = "+12125550100";

/// What happens, by its byte in a tape. The calmest comes first.
macro_rules! kinds {
    ($($name:ident,)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        enum Kind { $($name,)+ }
        const ALL: &[Kind] = &[$(Kind::$name,)+];
    };
}

kinds! {
    Run, EditContact, AddNote, EditChild, AddTask, AddContact,
    EditThere, EditCopy, TagThere, DeleteHere, DeleteChildThere, DeleteContactThere,
    DeleteCustomer, ImportAgain, DeleteOwnSource, MergeThere, MergeHere, Business,
    RenameLocation, OtherSource, OtherMarker, OtherObjects, OtherLink, OtherAnchor,
    KeepCopy, Restore, LoseState, SecondMachine, Clock, Page, Refusal, WroteAnyway, Unread,
    Kill, PlanOnly, HalfPlan, Days, DateAhead, NoteTwice, NewCustomer, TakenOver, Away,
}

pub const KINDS: Kinds = Kinds {
    always: &[0, 0, 1, 2, 3, 4, 5],
    sometimes: &[
        6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29,
        30, 31, 32, 33, 34, 35, 36, 37, 38, 39,
    ],
};

/// The same, and what befalls processes: another one takes over, a service is unavailable for a while.
pub const KINDS_OF_PROCESSES: Kinds = Kinds {
    always: KINDS.always,
    sometimes: &[
        6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29,
        30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 40, 40, 41,
    ],
};

/// What a story came to.
pub struct Told {
    /// Whether texts carry no marker, at least for a while.
    pub unmarked: bool,
    /// Whether ChartMogul refuses an attribute of its contacts and customers.
    pub clash: bool,
    pub held: Held,
    pub lines: Vec<String>,
    pub reached: BTreeSet<&'static str>,
    /// Of the requests and the records at the end.
    pub hash: u64,
    pub requests: u64,
}

struct Story {
    stage: Stage,
    reached: BTreeSet<&'static str>,
    plan: Option<String>,
    versions: usize,
    clash: bool,
}

/// Plays a tape to its end, or to the first thing that does not hold.
pub fn play(tape: &Tape) -> Told {
    play_in(tape, Weather::default())
}

/// The same while writes are slow, or arrive twice.
pub fn play_in(tape: &Tape, weather: Weather) -> Told {
    let mut story = Story::begin(tape, 1);
    story.stage.host.weather.set(weather);
    if weather.twice_ms.is_some() {
        story.stage.settings.doubles = Doubles::Remove;
    }
    let held = story.go(tape);
    if std::env::var_os("SIMULATION_PORTRAIT").is_some() {
        invariants::portrait(&story.stage).into_iter().for_each(|line| story.stage.tell(line));
    }
    let mut ledger = story.stage.ledger.borrow_mut();
    for record in crate::ledger::account(&story.stage.host.sandbox.borrow()) {
        ledger.note(format!("{record:?}").as_bytes());
    }
    let (hash, requests) = (ledger.hash, ledger.requests);
    drop(ledger);
    let unmarked = story.stage.unmarked.get();
    Told {
        unmarked,
        clash: story.clash,
        held,
        lines: story.stage.told.take(),
        reached: story.reached,
        hash,
        requests,
    }
}

fn draw_settings(reader: &mut Reader<'_>) -> (Settings, bool) {
    let anchor =
        reader.pick(&[Anchor::AttachOnly, Anchor::ContactIsCustomer, Anchor::BusinessIsCustomer]);
    let mut drawn = Settings { anchor, ..settings() };
    if reader.once_in(4) {
        drawn.on_link = OnLink::Overwrite;
    }
    if reader.once_in(3) {
        drawn.on_existing = OnExisting::Create;
    }
    if reader.once_in(2) {
        drawn.on_deleted = OnDeleted::Recreate;
    }
    if reader.once_in(4) {
        drawn.prefer = Some("Billing one".to_owned());
    }
    if reader.once_in(6) {
        drawn.marker = Marker::None;
    }
    if reader.once_in(3) {
        drawn.note_format = NoteFormat::Plain;
    }
    if reader.once_in(8) {
        drawn.objects = vec![Object::Notes];
    }
    if reader.once_in(2) {
        drawn.tags = Tags { prefixes: vec!["ghl:".to_owned()] };
    }
    let fields = reader.below(4);
    let object =
        [None, Some(AttributeObject::Customer), Some(AttributeObject::Contact)][reader.below(3)];
    let rule =
        |from: &str, to: &str, of| CustomField { from: from.into(), to: to.into(), of, object };
    if fields % 2 == 1 {
        drawn.custom_fields.push(rule("contact.job_title", "job", AttributeType::String));
    }
    let mut clash = false;
    if fields >= 2 {
        drawn.custom_fields.push(rule("contact.seats", "seats", AttributeType::Integer));
        clash = reader.once_in(2);
    } else {
        reader.byte();
    }
    if reader.once_in(2) {
        drawn.shared_emails = vec![OFFICE.to_owned()];
    }
    if reader.once_in(2) {
        drawn.without_business = WithoutBusiness::Customer;
    }
    (drawn, clash)
}

fn address(person: usize) -> String {
    format!("{}@mail.example", FIRST[person % 8].to_lowercase())
}

fn phone(person: usize) -> String {
    format!("+1212555{:04}", 200 + person)
}

impl Story {
    fn begin(tape: &Tape, seed: u64) -> Self {
        let mut reader = Tape::reader(&tape.world);
        let (settings, clash) = draw_settings(&mut reader);
        let unmarked = settings.marker == Marker::None;
        let mut keys = vec!["ghl_contact_id".to_owned(), "job".to_owned(), "seats".to_owned()];
        let drops = reader.below(4);
        if drops >= 2 {
            keys.truncate(if drops == 2 { 1 } else { 0 });
        }
        let mut options =
            SandboxOptions { seed, contact_attribute_keys: keys, ..SandboxOptions::default() };
        if clash {
            options
                .attribute_types
                .insert("seats".to_owned(), ghl_chartmogul::sandbox::AttributeType::String);
            options.attribute_values = AttributeValues::SameType;
        }
        let stage = Stage::with(settings, options);
        stage.ledger.borrow_mut().clash = clash;
        stage.unmarked.set(unmarked);
        let mut story = Self { stage, reached: BTreeSet::new(), plan: None, versions: 0, clash };
        let Settings { anchor, on_link, on_existing, on_deleted, marker, objects, .. } =
            &story.stage.settings;
        story.stage.tell(format!(
            "settings: {anchor:?}, {on_link:?}, {on_existing:?}, {on_deleted:?}, marker {marker:?}, {objects:?}, {} fields, tags {:?}, shared {:?}, {:?}, prefer {:?}",
            story.stage.settings.custom_fields.len(),
            story.stage.settings.tags.prefixes,
            story.stage.settings.shared_emails,
            story.stage.settings.without_business,
            story.stage.settings.prefer,
        ));
        story.stage.add_source("Billing one");
        story.stage.add_source("Billing two");
        story.stage.add_business("Bolt Ltd", None);
        story.stage.add_business("Cargo Ltd", None);
        for block in &tape.people {
            story.person(&mut Tape::reader(block));
        }
        for (number, block) in tape.customers.iter().enumerate() {
            story.customer(number, &mut Tape::reader(block));
        }
        if clash {
            story.stage.tell("in ChartMogul `seats` is a text");
        }
        if drops >= 2 {
            story.stage.tell(format!("ChartMogul drops contacts' attributes ({drops})"));
            story.stage.ledger.borrow_mut().drops = true;
        }
        story.look();
        story
    }

    /// Notes which situations the world holds.
    fn look(&mut self) {
        let view = View::of(&self.stage);
        let count =
            |test: &dyn Fn(&Value) -> bool| view.ghl.values().filter(|one| test(one)).count();
        let mut reached = Vec::new();
        for contact in view.ghl.values() {
            let email = text(contact, "email");
            let same = |one: &Value| !email.is_empty() && text(one, "email") == email;
            let known = |one: &&Value| same(one);
            let customers: Vec<&Value> = view.chartmogul.values().filter(known).collect();
            if count(&same) > 1 {
                reached.push("two_contacts_of_one_email");
                if customers.len() > 1 && self.stage.settings.anchor == Anchor::AttachOnly {
                    reached.push("second_full_pass_writes");
                }
                if count(&|one| same(one) && !one["tags"].as_array().is_none_or(Vec::is_empty)) > 0
                {
                    reached.push("tag_taken_while_another_has_it");
                }
                if count(&|one| {
                    same(one) && !one["customFields"].as_array().is_none_or(Vec::is_empty)
                }) > 1
                {
                    reached.push("two_contacts_write_attributes");
                }
            }
            let phone = text(contact, "phone");
            if !phone.is_empty()
                && view.chartmogul.values().any(|one| text(one, "phone") == phone && !same(one))
            {
                reached.push("shared_office_phone");
            }
            let more = contact["additionalEmails"].as_array().into_iter().flatten();
            if more.map(|one| text(one, "email")).any(|second| {
                view.chartmogul
                    .values()
                    .any(|one| !second.is_empty() && text(one, "email") == second)
            }) {
                reached.push("shared_mailbox_in_additional_emails");
            }
            if customers
                .iter()
                .any(|one| one.get("first_name").is_some_and(|name| *name != contact["firstName"]))
            {
                reached.push("first_link_over_billing_values");
                if count(&same) > 1 {
                    reached.push("email_match_takes_anothers_external_id");
                }
            }
            if !customers.is_empty() && self.stage.settings.anchor == Anchor::ContactIsCustomer {
                reached.push("contact_with_billing_customer");
            }
            let makes = self.stage.settings.anchor != Anchor::AttachOnly;
            if makes && !self.stage.settings.custom_fields.is_empty() {
                reached.push("custom_fields_on_customers");
            }
        }
        if self.clash {
            reached.push("attribute_of_another_type");
        }
        self.reached.extend(reached);
    }

    fn person(&mut self, reader: &mut Reader<'_>) -> usize {
        let number = self.stage.contacts.len();
        let before = number.checked_sub(1);
        let first = if number < 8 {
            FIRST[number].to_owned()
        } else {
            format!("{}{number}", FIRST[number % 8])
        };
        let mut said = format!("P{number} {first}");
        let mut body = json!({ "firstName": first });
        let email = match (reader.below(8), before) {
            (4, _) => None,
            (5, Some(before)) => {
                self.stage.ghl_contact(before).map(|one| text(&one, "email").to_owned())
            }
            (6, _) => Some(OFFICE.to_owned()),
            _ => Some(address(number)),
        };
        let email = email.filter(|email| !email.is_empty());
        let second = match (reader.below(6), before) {
            (4, _) => Some(OFFICE.to_owned()),
            (5, Some(before)) => Some(address(before)),
            _ => None,
        };
        let number_of = match (reader.below(6), before) {
            (2 | 3, _) => Some(phone(number)),
            (4, _) => Some(OFFICE_PHONE.to_owned()),
            (5, Some(before)) => Some(phone(before)),
            _ => None,
        };
        if let Some(email) = email {
            said += &format!(" <{email}>");
            body["email"] = json!(email);
        }
        if let Some(second) = &second {
            said += &format!(" also <{second}>");
        }
        if let Some(phone) = number_of {
            said += &format!(" {phone}");
            body["phone"] = json!(phone);
        }
        let (notes, tasks) = (reader.below(3), reader.below(3));
        let tags: &[&str] =
            [&[][..], &["ghl:vip"], &["ghl:vip", "ghl:lead"], &["inner"]][reader.below(4)];
        body["tags"] = json!(tags);
        let business = [None, None, Some(0), Some(1)][reader.below(4)];
        let mut values = Vec::new();
        let job = reader.below(3);
        if job > 0 {
            let value = ["", "Owner", "Chief"][job];
            values.push(
                json!({ "id": self.stage.field_id("contact.job_title"), "field_value": value }),
            );
        }
        let seats = reader.below(3);
        if seats > 0 {
            values.push(
                json!({ "id": self.stage.field_id("contact.seats"), "field_value": seats + number }),
            );
        }
        body["customFields"] = json!(values);
        if reader.once_in(4) {
            body["companyName"] = json!(format!("Firm {number}"));
        }
        if reader.below(3) > 0 {
            body["lastName"] = json!(LAST[number % 3]);
        }
        let contact = self.stage.add_contact(body);
        if let Some(second) = second {
            self.stage.add_email(contact, &second);
        }
        said += &format!(" tags {tags:?} business {business:?} job {job} seats {seats}");
        self.stage.tell(said);
        if let Some(business) = business {
            self.stage.set_business(contact, Some(business));
        }
        for note in 0..notes {
            self.stage.add_note(contact, &format!("Note {note} of {first}"));
        }
        for task in 0..tasks {
            self.stage.add_task(contact, &format!("Task {task} for {first}"));
        }
        contact
    }

    fn customer(&mut self, number: usize, reader: &mut Reader<'_>) {
        let people = self.stage.contacts.len();
        let person = reader.below(people.max(1));
        let of = self.stage.ghl_contact(person).unwrap_or_default();
        let own = text(&of, "email").to_owned();
        let email = match reader.below(6) {
            0..=2 if !own.is_empty() => Some(own.clone()),
            3 => None,
            4 => Some(format!("accounts{number}@billing.example")),
            _ => Some(OFFICE.to_owned()),
        };
        let contact = reader.below(6);
        let source = reader.below(2);
        let mut body =
            json!({ "name": format!("Company {number}"), "company": format!("Company {number}") });
        if let Some(email) = &email {
            body["email"] = json!(email);
        }
        let count = self.stage.customers.len();
        let Some(customer) = self.stage.add_customer(source, &format!("cus_{count}"), body) else {
            return;
        };
        let (first, last) = (text(&of, "firstName").to_owned(), text(&of, "lastName").to_owned());
        let there = match contact {
            0 => None,
            1 => Some(json!({ "first_name": first, "last_name": last, "email": own })),
            2 => Some(
                json!({ "first_name": format!("Elder{number}"), "last_name": "Quist", "email": own, "phone": "+12125550999" }),
            ),
            3 => Some(json!({ "first_name": first, "last_name": last })),
            4 => Some(
                json!({ "first_name": format!("Other{number}"), "last_name": "Rust", "email": format!("other{number}@mail.example"),
                "phone": if text(&of, "phone").is_empty() { OFFICE_PHONE } else { text(&of, "phone") } }),
            ),
            _ => Some(
                json!({ "first_name": format!("Desk{number}"), "last_name": "Sand", "email": OFFICE }),
            ),
        };
        let mut said =
            format!("K{customer} of source S{source} <{}>", email.as_deref().unwrap_or(""));
        if let Some(mut there) = there {
            if let Some(fields) = there.as_object_mut() {
                fields.retain(|_, value| value.as_str() != Some(""));
            }
            said += &format!(" with contact {there}");
            self.stage.add_customer_contact(customer, there);
        }
        let uuid = self.stage.customers[customer].clone();
        if reader.once_in(3) {
            let body = json!({ "customer_uuid": uuid, "type": "note", "text": format!("Bill of {number}") });
            self.stage.in_chartmogul("POST", "/v1/notes", body);
        }
        match reader.below(4) {
            2 => {
                let body =
                    json!({ "custom": [{ "type": "String", "key": "job", "value": "Payer" }] });
                self.stage.in_chartmogul(
                    "POST",
                    &format!("/v1/customers/{uuid}/attributes/custom"),
                    body,
                );
                said += " job Payer";
            }
            3 => {
                let body = json!({ "tags": ["ghl:vip", "billing"] });
                self.stage.in_chartmogul(
                    "POST",
                    &format!("/v1/customers/{uuid}/attributes/tags"),
                    body,
                );
                said += " tags ghl:vip, billing";
            }
            _ => {}
        }
        self.stage.tell(said);
    }

    fn go(&mut self, tape: &Tape) -> Held {
        let mut reader = Tape::reader(&tape.world);
        for _ in 0..19 {
            reader.byte();
        }
        let first = reader.below(4);
        let other_order = reader.once_in(6);
        let probe = reader.below(6);
        match first {
            0 | 1 => {
                self.stage.wait(2 * MINUTE);
                let ran = self.run(APPLY, "a first run")?;
                after_run(&self.stage, &ran)?;
                let calm = self.stage.host.weather.get().twice_ms.is_none();
                if calm && other_order && ran.says_all_is_well() {
                    self.in_other_order(tape)?;
                }
            }
            2 => {
                self.stage.wait(2 * MINUTE);
                self.stage.tell("a first plan, and its run");
                plan_is_writes(&self.stage)?;
            }
            _ => {}
        }
        for block in &tape.events {
            let mut reader = Tape::reader(block);
            let kind = ALL[reader.below(ALL.len())];
            self.event(kind, &mut reader)?;
            invariants::broken_on_the_way(&self.stage)?;
        }
        self.stage.tell("all trouble ends; full passes until all is at rest");
        at_rest(&mut self.stage)?;
        match probe {
            3 => {
                self.stage.tell("the state is lost");
                self.lose_state();
            }
            4 => {
                self.stage.tell("a second machine with an empty store takes over");
                self.lose_state();
            }
            _ => return Ok(()),
        }
        if self.stage.unmarked.get() {
            return Ok(());
        }
        let counts = self.counts();
        let last = invariants::settle(&mut self.stage)?;
        // What was deleted is made again by who cannot know of it.
        let unchanged = self.stage.children.iter().all(|child| !child.loose)
            && self.stage.free.borrow().is_empty();
        if unchanged && self.counts() != counts {
            return Err(format!(
                "after a lost state there are {:?} and not {counts:?} customers, contacts, notes, tasks",
                self.counts()
            ));
        }
        invariants::rests(&self.stage, &last)?;
        quiet(&self.stage)
    }

    fn counts(&self) -> [usize; 4] {
        let sandbox = self.stage.host.sandbox.borrow();
        [
            sandbox.chartmogul_customers().len(),
            sandbox.chartmogul_contacts().len(),
            sandbox.chartmogul_notes().len(),
            sandbox.chartmogul_tasks().len(),
        ]
    }

    fn lose_state(&mut self) {
        self.stage.change_store(crate::stage::Copy::default());
        self.stage.forget_deletions();
        self.plan = None;
    }

    /// The same world with other ids gives the same pairs.
    fn in_other_order(&mut self, tape: &Tape) -> Held {
        let here = invariants::portrait(&self.stage);
        for seed in 2..4 {
            let mut other = Self::begin(tape, seed);
            other.stage.wait(2 * MINUTE);
            let ran = other.run(APPLY, "")?;
            after_run(&other.stage, &ran)?;
            let there = invariants::portrait(&other.stage);
            if let Some((one, two)) = here.iter().zip(&there).find(|(one, two)| one != two) {
                return Err(format!("with other ids the pairs are others: {one:?} became {two:?}"));
            }
            if here.len() != there.len() {
                return Err(format!(
                    "with other ids there are {} records and not {}",
                    there.len(),
                    here.len()
                ));
            }
        }
        Ok(())
    }

    fn run(&mut self, options: RunOptions, said: &str) -> Result<Ran, String> {
        let ran = self.stage.run(options);
        let outcome = match (&ran.error, ran.killed) {
            (Some(code), _) => format!("{code}"),
            (None, true) => "killed".to_owned(),
            _ if ran.planned_only => "only planned".to_owned(),
            _ if ran.clean => "all is well".to_owned(),
            _ => "something failed or waits".to_owned(),
        };
        self.stage.tell(format!("{said}: {outcome}, {} writes so far", self.stage.writes()));
        Ok(ran)
    }

    /// Somebody of GHL, by a byte.
    fn somebody(&self, reader: &mut Reader<'_>) -> Option<usize> {
        let there: Vec<usize> =
            (0..self.stage.contacts.len()).filter(|one| self.stage.has_contact(*one)).collect();
        (!there.is_empty()).then(|| there[reader.below(there.len())])
    }

    fn some_child(&self, reader: &mut Reader<'_>) -> Option<usize> {
        let there: Vec<usize> =
            (0..self.stage.children.len()).filter(|one| self.stage.has_child(*one)).collect();
        (!there.is_empty()).then(|| there[reader.below(there.len())])
    }

    fn some_copy(&self, reader: &mut Reader<'_>) -> Option<(usize, String, Value)> {
        let child = self.some_child(reader)?;
        let (uuid, record) = self.stage.copies(child).into_iter().next()?;
        Some((child, uuid, record))
    }

    fn version(&mut self) -> usize {
        self.versions += 1;
        self.versions
    }

    /// Contacts that may be linked without a sign of it, with the customers where they may be.
    fn hidden(&self) -> BTreeMap<usize, BTreeSet<String>> {
        let view = View::of(&self.stage);
        let there = (0..self.stage.contacts.len()).filter(|one| self.stage.has_contact(*one));
        let homes = |one: usize| (one, view.hidden_homes(&self.stage, &self.stage.contacts[one]));
        there.map(homes).filter(|(_, homes)| !homes.is_empty()).collect()
    }

    /// Contacts that are at a customer.
    fn people_at(&self, customer: &str) -> Vec<usize> {
        let view = View::of(&self.stage);
        (0..self.stage.contacts.len())
            .filter(|number| {
                view.own(&self.stage, &self.stage.contacts[*number])
                    .values()
                    .any(|home| home == customer)
            })
            .collect()
    }

    #[allow(clippy::too_many_lines, reason = "a table: one arm for each kind of event")]
    fn event(&mut self, kind: Kind, reader: &mut Reader<'_>) -> Held {
        match kind {
            Kind::Run => {
                let way = reader.below(6);
                self.stage.wait(if way == 3 { 25 * HOUR } else { 2 * MINUTE });
                if way == 4 {
                    self.stage.tell("a plan, and its run");
                    return plan_is_writes(&self.stage);
                }
                let options = [CAREFUL, APPLY, FULL, APPLY, APPLY, FULL][way].clone();
                let ran =
                    self.run(options.clone(), if options.full { "a full run" } else { "a run" })?;
                after_run(&self.stage, &ran)?;
            }
            Kind::EditContact => {
                let Some(contact) = self.somebody(reader) else { return Ok(()) };
                let version = self.version();
                let name = FIRST[contact % 8];
                let body = match reader.below(6) {
                    0 | 1 => json!({ "firstName": format!("{name}{version}") }),
                    2 => json!({ "phone": phone(100 + version) }),
                    3 => {
                        json!({ "email": format!("{}{version}@mail.example", name.to_lowercase()) })
                    }
                    4 => json!({ "email": address(reader.below(self.stage.contacts.len())) }),
                    _ => {
                        json!({ "tags": if reader.below(2) == 0 { vec![] } else { vec!["ghl:vip"] } })
                    }
                };
                if self.reached.contains("marker_at_another_customer") {
                    self.reached.insert("edited_after_a_merge_there");
                }
                if body.get("email").is_some() {
                    self.stage.set_free(contact);
                    if self.reached.contains("two_contacts_write_attributes") {
                        self.reached.insert("attributes_after_another_address");
                    }
                }
                self.stage.tell(format!("in GHL P{contact} becomes {body}"));
                self.stage.edit_contact(contact, body);
                self.look();
            }
            Kind::AddNote | Kind::AddTask => {
                let Some(contact) = self.somebody(reader) else { return Ok(()) };
                let version = self.version();
                let child = if kind == Kind::AddNote {
                    self.stage.add_note(contact, &format!("New note {version}"))
                } else {
                    self.stage.add_task(contact, &format!("New task {version}"))
                };
                self.stage.tell(format!("in GHL P{contact} gets {kind:?} {child:?} ({version})"));
            }
            Kind::EditChild => {
                let Some(child) = self.some_child(reader) else { return Ok(()) };
                let version = self.version();
                let words = format!("Edited {version}");
                let tick = reader.below(3) == 2;
                self.stage.tell(format!(
                    "in GHL {} is edited ({version}, ticked {tick})",
                    self.stage.named(&self.stage.children[child].id)
                ));
                self.stage.edit_child(child, (!tick).then_some(words.as_str()));
            }
            Kind::AddContact => {
                let contact = self.person(reader);
                self.stage.tell(format!("that was a new contact, P{contact}"));
                if self.stage.settings.anchor == Anchor::BusinessIsCustomer
                    && self.stage.settings.data_source.is_some()
                {
                    self.reached.insert("contact_added_to_a_business");
                }
                let view = View::of(&self.stage);
                let group = view.group(&self.stage, &self.stage.contacts[contact]);
                let joins_free = (0..contact).any(|one| {
                    self.stage.is_free(one) && group.contains(&&self.stage.contacts[one])
                });
                if joins_free {
                    self.stage.set_free(contact);
                }
                self.look();
            }
            Kind::EditThere => {
                let Some(contact) = self.somebody(reader) else { return Ok(()) };
                let id = self.stage.contacts[contact].clone();
                let view = View::of(&self.stage);
                let own = view.own(&self.stage, &id);
                let Some(uuid) = own.keys().find(|uuid| uuid.starts_with("con_")) else {
                    return Ok(());
                };
                let version = self.version();
                let moves = self.stage.customers.get(reader.below(8));
                let moves = moves.and_then(|uuid| self.stage.customer(uuid));
                let body = match (reader.below(4), moves) {
                    (0, _) => json!({ "first_name": format!("There{version}") }),
                    (1, _) => json!({ "phone": phone(500 + version) }),
                    (3, Some(customer)) => {
                        self.stage.set_free(contact);
                        json!({ "customer_external_id": customer["external_id"] })
                    }
                    _ => json!({ "last_name": format!("Ulm{version}") }),
                };
                self.stage.tell(format!("in ChartMogul the contact of P{contact} becomes {body}"));
                self.stage.in_chartmogul("PATCH", &format!("/v1/contacts/{uuid}"), body);
            }
            Kind::EditCopy => {
                let Some((child, uuid, record)) = self.some_copy(reader) else { return Ok(()) };
                let version = self.version();
                let is_task = self.stage.children[child].is_task;
                let way = reader.below(3);
                let name = if is_task { "task_details" } else { "text" };
                let whole = text(&record, name);
                let words = match (is_task, way) {
                    (false, 0) => format!("{whole}<br>seen by finance {version}"),
                    (false, _) => {
                        let at = whole.rfind("[ghl:").unwrap_or(whole.len());
                        let below = if way == 2 { "<br>seen by finance" } else { "" };
                        format!("Quite another text {version}<br>{}{below}", &whole[at..])
                    }
                    (true, _) => format!("{version} {whole}").chars().take(250).collect(),
                };
                if !is_task && way != 1 {
                    self.reached.insert("line_below_marker");
                }
                self.stage.tell(format!("in ChartMogul the copy of {child} becomes {words:?}"));
                let path = if is_task { "tasks" } else { "notes" };
                self.stage.in_chartmogul(
                    "PATCH",
                    &format!("/v1/{path}/{uuid}"),
                    json!({ name: words }),
                );
            }
            Kind::TagThere => {
                let customers = self.stage.host.sandbox.borrow().chartmogul_customers();
                if customers.is_empty() {
                    return Ok(());
                }
                let uuid = text(&customers[reader.below(customers.len())], "uuid").to_owned();
                let tags = if reader.below(2) == 0 { "ghl:vip" } else { "ghl:ours" };
                self.stage.tell(format!("in ChartMogul a customer is tagged {tags}"));
                if !self.stage.settings.tags.prefixes.is_empty() {
                    self.reached.insert("tags_of_a_person_unseen");
                }
                self.stage.in_chartmogul(
                    "POST",
                    &format!("/v1/customers/{uuid}/attributes/tags"),
                    json!({ "tags": [tags] }),
                );
            }
            Kind::DeleteHere => {
                if reader.below(2) == 0 {
                    let Some(child) = self.some_child(reader) else { return Ok(()) };
                    self.stage.tell(format!(
                        "in GHL {} is deleted",
                        self.stage.named(&self.stage.children[child].id)
                    ));
                    self.stage.delete_in_ghl(child);
                } else {
                    let Some(contact) = self.somebody(reader) else { return Ok(()) };
                    self.stage.tell(format!("in GHL P{contact} is deleted"));
                    let view = View::of(&self.stage);
                    if view.group(&self.stage, &self.stage.contacts[contact]).len() > 1 {
                        self.reached.insert("holder_deleted_in_ghl");
                    }
                    self.stage.delete_contact(contact);
                }
            }
            Kind::DeleteChildThere => {
                let Some((child, uuid, _)) = self.some_copy(reader) else { return Ok(()) };
                let firm = self.stage.in_step.get();
                let is_task = self.stage.children[child].is_task;
                let path = if is_task { "tasks" } else { "notes" };
                if firm {
                    self.reached.insert(if is_task {
                        "task_deleted_there"
                    } else {
                        "note_deleted_there"
                    });
                }
                self.stage.tell(format!(
                    "in ChartMogul the copy of {} is deleted",
                    self.stage.named(&self.stage.children[child].id)
                ));
                self.stage.in_chartmogul("DELETE", &format!("/v1/{path}/{uuid}"), json!({}));
                if self.reached.contains("marker_at_another_customer") {
                    self.reached.insert("note_deleted_after_a_merge");
                }
                let passes = self.stage.passes.get();
                let child = &mut self.stage.children[child];
                child.passes = passes;
                child.apart |= firm && !child.loose;
                child.loose |= !firm;
            }
            Kind::DeleteContactThere => {
                let Some(contact) = self.somebody(reader) else { return Ok(()) };
                let id = self.stage.contacts[contact].clone();
                let view = View::of(&self.stage);
                let own = view.own(&self.stage, &id);
                let Some(uuid) = own.keys().find(|uuid| uuid.starts_with("con_")) else {
                    return Ok(());
                };
                self.stage.tell(format!("in ChartMogul the contact of P{contact} is deleted"));
                self.stage.in_chartmogul("DELETE", &format!("/v1/contacts/{uuid}"), json!({}));
                self.stage.set_free(contact);
                self.reached.insert("contact_deleted_there");
            }
            Kind::DeleteCustomer => self.delete_customer(reader, false),
            Kind::ImportAgain => self.delete_customer(reader, true),
            Kind::DeleteOwnSource => {
                let sources = self
                    .stage
                    .host
                    .sandbox
                    .borrow()
                    .records(Service::Chartmogul, "dataSources")
                    .unwrap_or_default();
                let own = sources.iter().find(|source| {
                    let uuid = text(source, "uuid");
                    text(source, "system") == "Custom"
                        && !self.stage.sources.iter().any(|one| one == uuid)
                });
                let Some(own) = own else { return Ok(()) };
                self.stage.forget_unseen_deletions();
                self.stage.tell("in ChartMogul our own data source is deleted");
                self.stage.in_chartmogul(
                    "DELETE",
                    &format!("/v1/data_sources/{}", text(own, "uuid")),
                    json!({}),
                );
                self.reached.insert("own_source_deleted");
            }
            Kind::MergeThere => {
                let customers = self.stage.host.sandbox.borrow().chartmogul_customers();
                if customers.len() < 2 {
                    return Ok(());
                }
                let from = text(&customers[reader.below(customers.len())], "uuid").to_owned();
                let into = text(&customers[reader.below(customers.len())], "uuid").to_owned();
                if from == into {
                    return Ok(());
                }
                for person in [self.people_at(&from), self.people_at(&into)].concat() {
                    self.stage.set_free(person);
                }
                self.stage.tell(format!(
                    "in ChartMogul {} is merged into {}",
                    self.stage.named(&from),
                    self.stage.named(&into)
                ));
                let body = json!({ "from": { "customer_uuid": &from }, "into": { "customer_uuid": &into } });
                let own = self.stage.ledger.borrow().person.clone();
                self.stage.in_chartmogul("POST", "/v1/customers/merges", body);
                self.stage.ledger.borrow_mut().merged(&from, &into, &own);
                self.stage.forget_unseen_deletions();
                self.reached.insert("marker_at_another_customer");
                if !self.stage.settings.tags.prefixes.is_empty() {
                    self.reached.insert("tags_after_a_merge_there");
                }
            }
            Kind::MergeHere => {
                let (Some(winner), Some(loser)) = (self.somebody(reader), self.somebody(reader))
                else {
                    return Ok(());
                };
                if winner != loser {
                    self.stage.merge_contacts(winner, loser);
                    self.stage.set_free(winner);
                    self.stage.tell(format!("in GHL P{loser} is merged into P{winner}"));
                    self.reached.insert("ghl_merge");
                }
            }
            Kind::Business => {
                let Some(contact) = self.somebody(reader) else { return Ok(()) };
                let record = self.stage.ghl_contact(contact).unwrap_or_default();
                let business = [Some(0), Some(1), None][reader.below(3)];
                let before = text(&record, "businessId").to_owned();
                let after =
                    business.map(|one| self.stage.businesses[one].clone()).unwrap_or_default();
                if before == after {
                    return Ok(());
                }
                if self.stage.settings.anchor == Anchor::BusinessIsCustomer {
                    self.reached.insert(match (before.is_empty(), after.is_empty()) {
                        (true, _) => "business_gained",
                        (_, true) => "business_lost",
                        _ => "business_changed",
                    });
                    if after.is_empty() || before.is_empty() {
                        self.stage.set_free(contact);
                    }
                    let view = View::of(&self.stage);
                    if !view.own(&self.stage, &self.stage.contacts[contact]).is_empty() {
                        self.stage.moved.borrow_mut().insert(contact);
                    }
                }
                self.stage.tell(format!("in GHL P{contact} goes to business {business:?}"));
                self.stage.set_business(contact, business);
            }
            Kind::RenameLocation => {
                let version = self.version();
                self.stage.tell("in GHL the location is renamed");
                self.stage.rename_location(&format!("Riverside {version}"));
                if reader.below(2) == 1 {
                    self.stage.tell("and the state is lost");
                    self.lose_state();
                    if self.reached.contains("marker_at_another_customer") {
                        self.reached.insert("location_renamed_after_a_merge_there");
                    }
                    self.reached.insert("location_renamed_then_state_lost");
                }
            }
            Kind::OtherSource => {
                self.stage.tell("the setting dataSource is changed");
                self.stage.settings.data_source = Some(format!("Own {}", reader.below(2)));
                if reader.below(2) == 1 {
                    self.stage.tell("and the state is lost");
                    self.lose_state();
                    self.reached.insert("data_source_changed_then_state_lost");
                }
            }
            Kind::OtherMarker => {
                let none = self.stage.settings.marker == Marker::None;
                self.stage.settings.marker = if none { Marker::Trailing } else { Marker::None };
                self.stage
                    .tell(format!("the setting marker becomes {:?}", self.stage.settings.marker));
                if none {
                    self.reached.insert("marker_none_then_trailing");
                }
                self.stage.unmarked.set(true);
            }
            Kind::OtherObjects => {
                self.stage.in_step.set(false);
                let both = self.stage.settings.objects.len() == 2;
                self.stage.settings.objects =
                    if both { vec![Object::Notes] } else { vec![Object::Tasks, Object::Notes] };
                self.stage
                    .tell(format!("the setting objects becomes {:?}", self.stage.settings.objects));
                if both && reader.below(2) == 1 {
                    self.stage.wait(2 * MINUTE);
                    self.run(APPLY, "a run")?;
                    self.stage.tell("the state is lost, a run, and objects are on again");
                    self.lose_state();
                    self.stage.wait(2 * MINUTE);
                    self.run(APPLY, "a run")?;
                    self.stage.settings.objects = vec![Object::Tasks, Object::Notes];
                    self.stage.in_step.set(false);
                    self.reached.insert("objects_on_after_lost_state");
                }
            }
            Kind::OtherLink => {
                let other = if self.stage.settings.on_existing == OnExisting::Attach {
                    OnExisting::Create
                } else {
                    OnExisting::Attach
                };
                self.stage.tell(format!("the setting onExisting becomes {other:?}"));
                self.stage.settings.on_existing = other;
                // What is linked stays where it is.
                let all = 0..self.stage.contacts.len();
                self.stage.free.borrow_mut().extend(all);
            }
            Kind::OtherAnchor => {
                // In a new store over an account that was written to, another anchor would do as well.
                if self.stage.writes() > 0 && !self.stage.applied.get() {
                    return Ok(());
                }
                let before = self.stage.settings.anchor;
                let other = reader.pick(&[
                    Anchor::ContactIsCustomer,
                    Anchor::AttachOnly,
                    Anchor::BusinessIsCustomer,
                ]);
                self.stage.wait(2 * MINUTE);
                let planned = self.stage.plan();
                self.stage.tell(format!(
                    "a plan ({}), then the setting anchor becomes {other:?} for a run",
                    planned.is_ok()
                ));
                self.stage.settings.anchor = other;
                if other != before && planned.is_ok() {
                    self.reached.insert("anchor_changed_after_plan");
                }
                let ran = self.run(CAREFUL, "a run")?;
                // Where nothing was applied before, the other anchor is as good.
                if !ran.done || ran.planned_only {
                    self.stage.settings.anchor = before;
                }
            }
            Kind::KeepCopy => {
                self.stage.tell("the store is copied");
                let copy = self.stage.copy_store();
                *self.stage.kept.borrow_mut() = Some(copy);
            }
            Kind::Restore => {
                let copy = self.stage.kept.borrow().clone();
                let Some(copy) = copy else {
                    let copy = self.stage.copy_store();
                    *self.stage.kept.borrow_mut() = Some(copy);
                    self.stage.tell("the store is copied");
                    return Ok(());
                };
                self.stage.tell("the store is restored from its copy");
                self.stage.change_store(copy);
                self.stage.forget_deletions();
                // To an old copy a tag may be its own that was taken off since, and put back by a person:
                // nothing in ChartMogul says who put a tag.
                let is_tag = |(_, name): &(String, String)| name.starts_with("tag.");
                self.stage.ledger.borrow_mut().person.retain(|field, _| !is_tag(field));
                self.plan = None;
                if self.reached.contains("ghl_merge") {
                    self.reached.insert("store_restored_after_a_move");
                }
                self.reached.insert("store_restored");
            }
            Kind::LoseState => {
                self.stage.tell("the state is lost");
                self.lose_state();
            }
            Kind::SecondMachine => {
                let other = self.stage.away.borrow_mut().take().unwrap_or_default();
                self.stage.tell("another machine with a store of its own takes over");
                let before = self.stage.change_store(other);
                *self.stage.away.borrow_mut() = Some(before);
                self.stage.forget_deletions();
                self.plan = None;
                if self.reached.contains("own_source_deleted") {
                    self.reached.insert("customer_made_again_by_another");
                }
                if self.reached.contains("business_lost") {
                    self.reached.insert("business_lost_on_another_machine");
                }
                self.reached.insert("second_machine");
            }
            Kind::Clock => {
                let ahead = [0, 10 * MINUTE, 3 * DAY][reader.below(3)];
                self.stage.tell(format!("the host's clock is {ahead} ms ahead"));
                self.stage.host.ahead_ms.set(ahead);
            }
            Kind::Page | Kind::Refusal => return self.trouble(kind == Kind::Page, reader),
            Kind::WroteAnyway => {
                let what = [What::DoneThen(422), What::DoneThen(500), What::Lost][reader.below(3)];
                let path =
                    ["/v1/notes", "/v1/tasks", "/v1/contacts", "/v1/customers"][reader.below(4)];
                let trouble = Trouble {
                    method: "POST",
                    starts: path.to_owned(),
                    ends: path.to_owned(),
                    holds: String::new(),
                    left: 1 + u32::from(reader.byte() % 3),
                    what,
                };
                self.stage.wait(2 * MINUTE);
                let (ran, struck) = self.stage.troubled(trouble, APPLY);
                self.stage.tell(format!(
                    "a run in which POST {path} ends with {what:?} (struck {struck})"
                ));
                if struck {
                    // Whose it was is not known.
                    self.stage.failed.borrow_mut().extend(self.stage.contacts.iter().cloned());
                }
                if struck && what == What::DoneThen(422) {
                    self.reached.insert("refusal_that_wrote");
                }
                after_run(&self.stage, &ran)?;
            }
            Kind::Unread => {
                let Some(contact) = self.somebody(reader) else { return Ok(()) };
                let id = self.stage.contacts[contact].clone();
                let status = [503, 404, 500][reader.below(3)];
                let version = self.version();
                self.stage.add_note(contact, &format!("Unread {version}"));
                let trouble = Trouble {
                    method: "GET",
                    starts: format!("/contacts/{id}/notes"),
                    ends: String::new(),
                    holds: String::new(),
                    left: 99,
                    what: What::Refusal(status),
                };
                self.stage.wait(2 * MINUTE);
                let (ran, struck) =
                    self.stage.troubled(trouble, if reader.below(2) == 0 { APPLY } else { FULL });
                self.stage.tell(format!(
                    "a run in which the new notes of P{contact} answer {status} (struck {struck})"
                ));
                if struck {
                    self.reached.insert(if status == 404 { "notes_404" } else { "notes_503" });
                }
                others_in_step(&self.stage, &ran, &id)?;
            }
            Kind::Kill => {
                let after = 1 + reader.below(48) as u64;
                self.stage.wait(2 * MINUTE);
                let ran = self.stage.run_killed(APPLY, after);
                self.stage.tell(format!("a run is killed after {after} steps ({})", ran.killed));
                after_run(&self.stage, &ran)?;
            }
            Kind::PlanOnly => {
                self.stage.wait(2 * MINUTE);
                let plan = self.stage.plan();
                self.stage.tell(format!("a plan: {:?}", plan.as_ref().map(|plan| plan.writes())));
                self.plan = plan.ok().map(|plan| plan.id);
                if reader.below(3) == 2 {
                    let other = if self.stage.settings.on_link == OnLink::FillEmpty {
                        OnLink::Overwrite
                    } else {
                        OnLink::FillEmpty
                    };
                    self.stage.settings.on_link = other;
                    self.stage.tell(format!("the setting onLink becomes {other:?}"));
                    let ran = self.run(CAREFUL, "a run")?;
                    after_run(&self.stage, &ran)?;
                }
            }
            Kind::HalfPlan => {
                self.stage.wait(2 * MINUTE);
                let Ok(plan) = self.stage.plan() else { return Ok(()) };
                let half = RunOptions { max_records: Some(1 + reader.below(3) as u64), ..APPLY };
                let ran = self.stage.apply(&plan.id, half);
                self.stage.tell(format!("a plan is half applied ({})", ran.done));
                let later = reader.below(2) == 1 && !ran.done;
                if let Some(contact) = self.somebody(reader).filter(|_| later) {
                    self.stage.tell(format!("in GHL P{contact} is deleted, and three days pass"));
                    self.stage.delete_contact(contact);
                    self.stage.wait(3 * DAY);
                    self.reached.insert("half_plan_days_later");
                    let ran = self.run(APPLY, "a run")?;
                    after_run(&self.stage, &ran)?;
                }
            }
            Kind::Days => {
                let days = 1 + reader.below(4) as u64;
                self.stage.tell(format!("{days} days pass"));
                self.stage.wait(days * DAY);
                if let Some(plan) = self.plan.take() {
                    let ran = self.stage.apply(&plan, APPLY);
                    self.stage.tell(format!("the old plan is applied: {:?}", ran.error));
                    after_run(&self.stage, &ran)?;
                }
            }
            Kind::DateAhead => {
                let Some(contact) = self.somebody(reader) else { return Ok(()) };
                // A host whose own clock is wrong cannot tell what is ahead of time.
                self.stage.host.ahead_ms.set(0);
                self.stage.tell(format!("dateUpdated of P{contact} is 20 days ahead of time"));
                self.stage.date_ahead(contact, 20);
                self.stage.wait(2 * MINUTE);
                let ran = self.run(APPLY, "a run")?;
                after_run(&self.stage, &ran)?;
                self.stage.wait(10 * MINUTE);
                let Some(other) = self.somebody(reader) else { return Ok(()) };
                let version = self.version();
                self.stage.tell(format!("in GHL P{other} gets a note ({version})"));
                self.stage.add_note(other, &format!("Later {version}"));
                self.stage.wait(2 * MINUTE);
                let ran = self.run(APPLY, "a run")?;
                after_run(&self.stage, &ran)?;
                self.reached.insert("date_ahead");
            }
            Kind::NoteTwice => {
                let notes: Vec<usize> = (0..self.stage.children.len())
                    .filter(|one| !self.stage.children[*one].is_task && self.stage.has_child(*one))
                    .collect();
                let Some(contact) = self.somebody(reader) else { return Ok(()) };
                if notes.is_empty() {
                    return Ok(());
                }
                let note = self.stage.children[notes[reader.below(notes.len())]].id.clone();
                let said = self.stage.named(&note);
                let retold = if reader.below(2) == 0 {
                    self.reached.insert("note_listed_twice");
                    self.stage.tell(format!("GHL lists {said} twice"));
                    Retold::NoteTwice { note }
                } else {
                    self.reached.insert("note_under_two_contacts");
                    self.stage.tell(format!("GHL lists {said} under P{contact} too"));
                    Retold::NoteUnder { note, contact: self.stage.contacts[contact].clone() }
                };
                self.stage.ledger.borrow_mut().retold.push(retold);
            }
            Kind::TakenOver => {
                let commits = self.stage.host.store.commits();
                let after = 1 + reader.below(24) as u64;
                self.stage.wait(2 * MINUTE);
                self.stage.host.store.stolen_at.set(Some(commits + after));
                let ran = self.stage.run(APPLY);
                let taken = self.stage.host.store.stolen_at.take().is_none();
                self.stage.tell(format!(
                    "another process takes over at commit {after} of a run ({taken}, {:?})",
                    ran.error
                ));
                if taken && ran.done {
                    return Err("nobody noticed that another process has taken over".to_owned());
                }
                invariants::broken_on_the_way(&self.stage)?;
            }
            Kind::Away => {
                let left = [10, 25, 40][reader.below(3)];
                let what = What::Refusal(503);
                let (method, starts) = ("PATCH", "/v1/".to_owned());
                let (ends, holds) = (String::new(), String::new());
                let trouble = Trouble { method, starts, ends, holds, left, what };
                let (ran, struck) = self.run_in_trouble(trouble, reader);
                self.stage
                    .tell(format!("a run in which ChartMogul is unavailable for {left} updates"));
                if struck {
                    self.reached.insert("away_for_a_while");
                    let breathless = ran.error.filter(|code| code.retryable());
                    if let Some(code) = breathless {
                        return Err(format!("a run has no patience: {}", code.text()));
                    }
                }
                after_run(&self.stage, &ran)?;
            }
            Kind::NewCustomer => {
                let number = self.stage.customers.len() + 50;
                let hidden = self.hidden();
                self.customer(number, reader);
                // What is linked stays where it is, though the account does not show it.
                let now = self.hidden();
                for (contact, homes) in hidden {
                    let found = self.stage.customers.last().is_some_and(|uuid| {
                        let record = self.stage.customer(uuid).unwrap_or_default();
                        let person = self.stage.ghl_contact(contact).unwrap_or_default();
                        text(&record, "email") == text(&person, "email")
                    });
                    if found || now.get(&contact) != Some(&homes) {
                        self.stage.set_free(contact);
                    }
                }
                self.look();
            }
        }
        Ok(())
    }

    fn delete_customer(&mut self, reader: &mut Reader<'_>, again: bool) {
        let customers = self.stage.host.sandbox.borrow().chartmogul_customers();
        if customers.is_empty() {
            return;
        }
        let record = &customers[reader.below(customers.len())];
        let uuid = text(record, "uuid").to_owned();
        let known = self.stage.customers.iter().position(|one| *one == uuid);
        let mut people = self.people_at(&uuid);
        // And whom one of them stands for.
        let view = View::of(&self.stage);
        for person in people.clone() {
            let id = self.stage.contacts[person].clone();
            if view.ghl.contains_key(&id) {
                let group = view.group(&self.stage, &id);
                let of = |one: &&String| self.stage.contacts.iter().position(|id| id == *one);
                people.extend(group.iter().filter_map(of));
            }
        }
        self.stage.forget_unseen_deletions();
        self.stage.tell(format!("in ChartMogul {} is deleted", self.stage.named(&uuid)));
        self.stage.in_chartmogul("DELETE", &format!("/v1/customers/{uuid}"), json!({}));
        let Some(known) = known else {
            if self.stage.settings.on_deleted == OnDeleted::Leave {
                let ids = external_ids(record);
                let view = View::of(&self.stage);
                let made_of = |id: &String| {
                    let business = text(&view.ghl[id], "businessId");
                    ids.iter().any(|one| {
                        one.ends_with(&format!(":{id}"))
                            || !business.is_empty() && one.ends_with(&format!(":{business}"))
                    })
                };
                let there =
                    (0..self.stage.contacts.len()).filter(|one| self.stage.has_contact(*one));
                let made = there.filter(|one| made_of(&self.stage.contacts[*one]));
                let out: Vec<usize> = made.chain(people).collect();
                let businesses =
                    ids.iter().filter_map(|id| id.strip_prefix("ghlb:")?.split(':').nth(1));
                self.stage.left.borrow_mut().extend(businesses.map(str::to_owned));
                for one in out {
                    self.stage.set_free(one);
                }
                for child in 0..self.stage.children.len() {
                    if self.stage.copies(child).is_empty() {
                        self.stage.children[child].loose = true;
                    }
                }
            }
            return;
        };
        if again {
            let mut body = json!({
                "name": record["name"], "company": record["company"], "email": record["email"],
                "data_source_uuid": record["data_source_uuid"], "external_id": record["external_id"],
            });
            if let Some(fields) = body.as_object_mut() {
                fields.retain(|_, value| value.as_str() != Some(""));
            }
            if let Some(answer) = self.stage.in_chartmogul("POST", "/v1/customers", body) {
                self.stage.customers[known] = text(&answer, "uuid").to_owned();
                self.stage.tell("and imported again");
                if !people.is_empty() {
                    self.reached.insert("customer_imported_again");
                }
            }
        }
    }

    /// A run in which one record's requests are struck: all others must get on.
    fn trouble(&mut self, page: bool, reader: &mut Reader<'_>) -> Held {
        let Some(contact) = self.somebody(reader) else { return Ok(()) };
        let id = self.stage.contacts[contact].clone();
        let status = [422, 403, 404, 401][reader.below(if page { 4 } else { 3 })];
        let version = self.version();
        if page && reader.below(3) == 2 {
            return self.trouble_with_a_copy(status, reader);
        }
        self.stage.add_note(contact, &format!("Trouble {version}"));
        let what = if page { What::Page(status) } else { What::Refusal(422) };
        let trouble = Trouble {
            method: "POST",
            starts: "/v1/notes".to_owned(),
            ends: String::new(),
            holds: format!("Trouble {version}"),
            left: 9,
            what,
        };
        let (ran, struck) = self.run_in_trouble(trouble, reader);
        self.stage.tell(format!(
            "a run in which the new note of P{contact} ends with {what:?} (struck {struck})"
        ));
        if struck {
            self.reached.insert(match (page, status) {
                (false, _) => "refusal_since_mended",
                (true, 403) => "one_record_forbidden",
                (true, 404) => "proxy_page_404",
                (true, _) => "proxy_page_422",
            });
        }
        others_in_step(&self.stage, &ran, &id)
    }

    /// A run amid trouble, incremental or full, and whether the trouble struck.
    fn run_in_trouble(&self, trouble: Trouble, reader: &mut Reader<'_>) -> (Ran, bool) {
        self.stage.wait(2 * MINUTE);
        self.stage.troubled(trouble, if reader.below(2) == 0 { APPLY } else { FULL })
    }

    /// A page of a proxy for all that is asked of one note: its change must come later.
    fn trouble_with_a_copy(&mut self, status: u16, reader: &mut Reader<'_>) -> Held {
        let Some((child, uuid, _)) = self.some_copy(reader) else { return Ok(()) };
        let Some(record) = self.stage.ghl_child(child) else { return Ok(()) };
        let id = text(&record, "contactId").to_owned();
        let version = self.version();
        self.stage.edit_child(child, Some(&format!("Hidden {version}")));
        let kind = if self.stage.children[child].is_task { "tasks" } else { "notes" };
        let what = What::Page(status);
        let trouble = Trouble {
            method: "",
            starts: format!("/v1/{kind}/{uuid}"),
            ends: String::new(),
            holds: String::new(),
            left: 9,
            what,
        };
        let (ran, struck) = self.run_in_trouble(trouble, reader);
        self.stage.tell(format!(
            "a run in which the edited copy of {child} ends with {what:?} (struck {struck})"
        ));
        if struck {
            self.reached.insert("proxy_page_on_an_edit");
        }
        others_in_step(&self.stage, &ran, &id)
    }
}
