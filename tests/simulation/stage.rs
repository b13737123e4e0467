//! What a story plays on: a location, an account, the persons who work in both, the engine between
//! them. Records are called by short names (P0 a GHL contact, K0 a customer, N0 a note, T0 a task).

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ghl_chartmogul::error::{Code, Result};
use ghl_chartmogul::host::{Host as _, Method, Request};
use ghl_chartmogul::http::{Client, ClientConfig, GhlVersion, Secret};
use ghl_chartmogul::mapping::settings::{Anchor, OnExisting, OnLink, Settings, Users};
use ghl_chartmogul::sandbox::{Sandbox, SandboxOptions};
use ghl_chartmogul::sync::{Engine, Outcome, Plan, RunOptions, Totals};
use serde_json::{Value, json};

use crate::host::SimulatedHost;
use crate::invariants::View;
use crate::ledger::{Ledger, Trouble, fields, owner_of, tags_of, text};

pub const SECOND: u64 = 1_000;
pub const MINUTE: u64 = 60 * SECOND;
pub const HOUR: u64 = 60 * MINUTE;
pub const DAY: u64 = 24 * HOUR;

/// A note or a task of GHL.
#[derive(Debug, Clone)]
pub struct Child {
    pub id: String,
    pub is_task: bool,
    /// A person deleted its copy in ChartMogul, when all was in step: it stays deleted.
    pub apart: bool,
    /// A person deleted its copy at another time: it may come again.
    pub loose: bool,
    /// Full passes that had ended when a person deleted it.
    pub passes: u64,
}

/// A state of the store, and what was known to the user with it.
#[derive(Clone, Default)]
pub struct Copy {
    rows: BTreeMap<String, String>,
    shown: Option<String>,
    pending: bool,
    applied: bool,
    anchor: Option<Anchor>,
}

/// What came of a run.
#[derive(Debug, Clone, Default)]
pub struct Ran {
    pub killed: bool,
    pub error: Option<Code>,
    pub message: String,
    pub done: bool,
    pub planned_only: bool,
    /// It has read both sides itself, and did not continue what was begun before.
    pub fresh: bool,
    /// Nothing failed and nothing waits: exit code 0.
    pub clean: bool,
    pub planned: BTreeMap<String, u64>,
    /// Records read, by kind.
    pub read: BTreeMap<String, u64>,
    pub planned_calls: u64,
    /// Records that turned out to be deleted by a person.
    pub apart: u64,
}

impl Ran {
    /// It finished, wrote, and says that all is in step.
    pub const fn says_all_is_well(&self) -> bool {
        self.done
            && self.clean
            && self.fresh
            && !self.planned_only
            && !self.killed
            && self.error.is_none()
    }
}

pub struct Stage {
    pub host: SimulatedHost,
    pub settings: Settings,
    pub ledger: Rc<RefCell<Ledger>>,
    pub location: String,
    /// GHL ids by number.
    pub contacts: Vec<String>,
    pub children: Vec<Child>,
    pub businesses: Vec<String>,
    /// Customers that persons made, by number.
    pub customers: Vec<String>,
    pub sources: Vec<String>,
    /// The settings that a plan was shown for.
    shown: RefCell<Option<String>>,
    pub kept: RefCell<Option<Copy>>,
    pub away: RefCell<Option<Copy>>,
    pub told: RefCell<Vec<String>>,
    pub in_step: Cell<bool>,
    /// Businesses whose customer a person deleted permanently.
    pub left: RefCell<BTreeSet<String>>,
    /// Full passes that have come to their end.
    pub passes: Cell<u64>,
    /// A plan or a run may be under way: the next run may carry it out, and read nothing newer.
    pending: Cell<bool>,
    /// Something was applied with the state that is in use.
    pub applied: Cell<bool>,
    /// GHL contacts with a record that failed: it may wait for a full pass.
    pub failed: RefCell<BTreeSet<String>>,
    /// Whether texts were ever written without markers.
    pub unmarked: Cell<bool>,
    /// Contacts of which the rules leave open where they are: a person deleted something of theirs.
    pub free: RefCell<BTreeSet<usize>>,
    /// Contacts that went to another business with a contact of their own in ChartMogul.
    pub moved: RefCell<BTreeSet<usize>>,
}

pub fn settings() -> Settings {
    Settings {
        users: Users {
            default_assignee: Some("finance@agency.example".to_owned()),
            ..Users::default()
        },
        ..Settings::default()
    }
}

pub const APPLY: RunOptions = RunOptions {
    deadline_ms: None,
    max_calls: None,
    max_records: None,
    full: false,
    apply: true,
    contacts: Vec::new(),
};
pub const CAREFUL: RunOptions = RunOptions {
    deadline_ms: None,
    max_calls: None,
    max_records: None,
    full: false,
    apply: false,
    contacts: Vec::new(),
};
pub const FULL: RunOptions = RunOptions {
    deadline_ms: None,
    max_calls: None,
    max_records: None,
    full: true,
    apply: true,
    contacts: Vec::new(),
};

impl Stage {
    /// An empty location and an empty account.
    pub fn with(settings: Settings, options: SandboxOptions) -> Self {
        let seed = options.seed;
        let options =
            SandboxOptions { contacts: 0, allow_duplicate_contact: true, strict: true, ..options };
        let mut sandbox = Sandbox::new(options);
        for business in sandbox.ghl_businesses() {
            sandbox.delete_ghl_business(text(&business, "id"), 0);
        }
        let location = sandbox.credentials().location_id.clone();
        let host = SimulatedHost::new(Rc::new(RefCell::new(sandbox)), seed);
        let ledger = Rc::new(RefCell::new(Ledger::default()));
        *host.wire.borrow_mut() = Some(ledger.clone());
        Self {
            host,
            settings,
            ledger,
            location,
            contacts: Vec::new(),
            children: Vec::new(),
            businesses: Vec::new(),
            customers: Vec::new(),
            sources: Vec::new(),
            shown: RefCell::default(),
            kept: RefCell::default(),
            away: RefCell::default(),
            told: RefCell::default(),
            in_step: Cell::new(false),
            left: RefCell::default(),
            passes: Cell::new(0),
            pending: Cell::new(false),
            applied: Cell::new(false),
            failed: RefCell::default(),
            unmarked: Cell::new(false),
            free: RefCell::default(),
            moved: RefCell::default(),
        }
    }

    pub fn tell(&self, line: impl Into<String>) {
        self.told.borrow_mut().push(line.into());
    }

    /// The rules leave open where a contact is, and where those of the same address are.
    pub fn set_free(&self, contact: usize) {
        let view = View::of(self);
        let id = &self.contacts[contact];
        if view.ghl.contains_key(id) {
            let group = view.group(self, id);
            let numbers =
                (0..self.contacts.len()).filter(|one| group.contains(&&self.contacts[*one]));
            self.free.borrow_mut().extend(numbers);
        }
        self.free.borrow_mut().insert(contact);
    }

    pub fn is_free(&self, contact: usize) -> bool {
        self.free.borrow().contains(&contact)
    }

    /// Ends all trouble.
    pub fn calm(&mut self) {
        let mut ledger = self.ledger.borrow_mut();
        ledger.troubles.clear();
        self.host.ahead_ms.set(0);
    }

    fn services_now(&self) -> u64 {
        self.host.now() - self.host.ahead_ms.get()
    }

    pub fn wait(&self, milliseconds: u64) {
        self.host.advance(milliseconds);
    }

    // --- persons ---------------------------------------------------------------------------------

    fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.host.pass(SECOND);
        let (token, key) = {
            let sandbox = self.host.sandbox.borrow();
            let credentials = sandbox.credentials();
            (credentials.ghl_token.clone(), credentials.chartmogul_key.clone())
        };
        let authorization = if path.starts_with("/v1/") {
            format!("Basic {}", STANDARD.encode(format!("{key}:")))
        } else {
            format!("Bearer {token}")
        };
        let method = match method {
            "POST" => Method::Post,
            "PUT" => Method::Put,
            "PATCH" => Method::Patch,
            "DELETE" => Method::Delete,
            _ => Method::Get,
        };
        let request = Request {
            method,
            url: format!("http://127.0.0.1:4010{path}"),
            headers: vec![
                ("authorization".into(), authorization),
                ("version".into(), "2021-07-28".into()),
                ("content-type".into(), "application/json".into()),
            ],
            body: if method == Method::Get {
                Vec::new()
            } else {
                serde_json::to_vec(body).unwrap()
            },
            timeout_ms: 60_000,
        };
        let now = self.services_now();
        let response = self.host.sandbox.borrow_mut().handle(&request, now).response;
        (response.status, serde_json::from_slice(&response.body).unwrap_or_default())
    }

    /// A person's request to GHL; gives the answer, or nothing where GHL refuses it.
    pub fn in_ghl(&self, method: &str, path: &str, body: Value) -> Option<Value> {
        let deletes = method == "DELETE";
        let before = if deletes { self.ghl_ids() } else { BTreeSet::new() };
        let (status, answer) = self.ask(method, path, &body);
        assert!(status != 404 && status != 422, "{method} {path}: {status} {answer}");
        if deletes {
            self.note_gone(&before);
        }
        if let Some(contact) = answer.get("contact") {
            self.note_contact(contact);
        }
        (200..300).contains(&status).then_some(answer)
    }

    /// What the ledger knows of GHL, brought up to date after records went away.
    fn note_gone(&self, before: &BTreeSet<String>) {
        let now = self.services_now();
        let mut ledger = self.ledger.borrow_mut();
        for gone in before.difference(&self.ghl_ids()) {
            ledger.gone.insert(gone.clone(), now);
        }
    }

    fn note_contact(&self, contact: &Value) {
        let mut ledger = self.ledger.borrow_mut();
        let known = ledger.known.entry(text(contact, "id").to_owned()).or_default();
        known.first = text(contact, "firstName").to_owned();
        known.last = text(contact, "lastName").to_owned();
        known.emails.insert(text(contact, "email").to_lowercase());
    }

    pub fn ghl_ids(&self) -> BTreeSet<String> {
        let sandbox = self.host.sandbox.borrow();
        let all = [sandbox.ghl_contacts(), sandbox.ghl_notes(), sandbox.ghl_tasks()].concat();
        all.iter().map(|record| [text(record, "id"), text(record, "_id")].concat()).collect()
    }

    /// A person's request to ChartMogul: what it wrote is the person's from then on.
    pub fn in_chartmogul(&self, method: &str, path: &str, body: Value) -> Option<Value> {
        let before = self.ledger.borrow_mut().now(&self.host.sandbox.borrow());
        let (status, answer) = self.ask(method, path, &body);
        assert!(status != 401 && status != 429, "{method} {path}: {status} {answer}");
        let mut ledger = self.ledger.borrow_mut();
        ledger.forget_now();
        let after = ledger.now(&self.host.sandbox.borrow());
        for (uuid, record) in after.iter() {
            let old = before.get(uuid);
            if old == Some(record) {
                continue;
            }
            if old.is_none() {
                ledger.foreign.insert(uuid.clone());
            }
            let held: BTreeMap<String, String> =
                old.map(|old| fields(uuid, old).into_iter().collect()).unwrap_or_default();
            for (name, value) in fields(uuid, record) {
                if held.get(&name) != Some(&value) {
                    ledger.person.insert((uuid.clone(), name), value);
                }
            }
            let had: Vec<&str> = old.map(tags_of).unwrap_or_default();
            for tag in tags_of(record).into_iter().filter(|tag| !had.contains(tag)) {
                ledger.person.insert((uuid.clone(), format!("tag.{tag}")), String::new());
            }
        }
        (200..300).contains(&status).then_some(answer)
    }

    pub fn add_contact(&mut self, mut body: Value) -> usize {
        self.wait(MINUTE);
        body["locationId"] = json!(self.location);
        let answer = self.in_ghl("POST", "/contacts/", body).expect("a contact");
        self.contacts.push(text(&answer["contact"], "id").to_owned());
        self.contacts.len() - 1
    }

    pub fn edit_contact(&self, contact: usize, body: Value) {
        let id = &self.contacts[contact];
        if self.has_contact(contact) {
            self.in_ghl("PUT", &format!("/contacts/{id}"), body);
        }
    }

    pub fn add_note(&mut self, contact: usize, body: &str) -> Option<usize> {
        self.has_contact(contact).then_some(())?;
        let path = format!("/contacts/{}/notes", self.contacts[contact]);
        let answer = self.in_ghl("POST", &path, json!({ "body": body }))?;
        self.children.push(Child {
            id: text(&answer["note"], "id").to_owned(),
            is_task: false,
            apart: false,
            loose: false,
            passes: 0,
        });
        Some(self.children.len() - 1)
    }

    pub fn add_task(&mut self, contact: usize, title: &str) -> Option<usize> {
        self.has_contact(contact).then_some(())?;
        let path = format!("/contacts/{}/tasks", self.contacts[contact]);
        let body =
            json!({ "title": title, "dueDate": "2027-03-05T10:00:00.000Z", "completed": false });
        let answer = self.in_ghl("POST", &path, body)?;
        self.children.push(Child {
            id: text(&answer["task"], "id").to_owned(),
            is_task: true,
            apart: false,
            loose: false,
            passes: 0,
        });
        Some(self.children.len() - 1)
    }

    /// Changes a note's text or a task's title; ticks a task off.
    pub fn edit_child(&self, child: usize, words: Option<&str>) {
        let Some(record) = self.ghl_child(child) else { return };
        let Child { id, is_task, .. } = &self.children[child];
        let contact = text(&record, "contactId");
        let path = if *is_task {
            format!("/contacts/{contact}/tasks/{id}")
        } else {
            format!("/contacts/{contact}/notes/{id}")
        };
        match (words, is_task) {
            (Some(words), true) => self.in_ghl("PUT", &path, json!({ "title": words })),
            (Some(words), false) => self.in_ghl("PUT", &path, json!({ "body": words })),
            (None, true) => {
                let done = record["completed"].as_bool().unwrap_or(false);
                self.in_ghl("PUT", &format!("{path}/completed"), json!({ "completed": !done }))
            }
            (None, false) => None,
        };
    }

    pub fn delete_in_ghl(&self, child: usize) {
        let Some(record) = self.ghl_child(child) else { return };
        let Child { id, is_task, .. } = &self.children[child];
        let kind = if *is_task { "tasks" } else { "notes" };
        let contact = text(&record, "contactId");
        self.in_ghl("DELETE", &format!("/contacts/{contact}/{kind}/{id}"), json!({}));
    }

    pub fn delete_contact(&self, contact: usize) {
        if self.has_contact(contact) {
            let id = &self.contacts[contact];
            self.in_ghl("DELETE", &format!("/contacts/{id}"), json!({}));
        }
    }

    pub fn add_business(&mut self, name: &str, email: Option<&str>) -> usize {
        let mut body = json!({ "name": name, "locationId": self.location });
        if let Some(email) = email {
            body["email"] = json!(email);
        }
        let answer = self.in_ghl("POST", "/businesses/", body).expect("a business");
        self.businesses.push(text(&answer["buiseness"], "id").to_owned());
        self.businesses.len() - 1
    }

    pub fn set_business(&self, contact: usize, business: Option<usize>) {
        if self.has_contact(contact) {
            let business = business.map(|business| self.businesses[business].clone());
            let body = json!({
                "locationId": self.location, "ids": [self.contacts[contact]], "businessId": business,
            });
            self.in_ghl("POST", "/contacts/bulk/business", body);
        }
    }

    /// GHL merges two contacts: the second one's notes and tasks go to the first.
    pub fn merge_contacts(&self, winner: usize, loser: usize) {
        self.merge_ids(&self.contacts[winner], &self.contacts[loser]);
    }

    fn merge_ids(&self, winner: &str, loser: &str) {
        let before = self.ghl_ids();
        self.wait(SECOND);
        let now = self.services_now();
        self.host.sandbox.borrow_mut().merge_ghl_contacts(winner, loser, now);
        self.note_gone(&before);
        self.note_contact(&self.contact_of(winner).unwrap_or_default());
    }

    /// Gives a contact a second e-mail address. No endpoint does: it comes with a merge.
    pub fn add_email(&self, contact: usize, email: &str) {
        let body = json!({ "firstName": "Twin", "email": email, "locationId": self.location });
        let answer = self.in_ghl("POST", "/contacts/", body).expect("a contact");
        self.merge_ids(&self.contacts[contact], text(&answer["contact"], "id"));
    }

    pub fn rename_location(&self, name: &str) {
        self.host.sandbox.borrow_mut().rename_ghl_location(name);
    }

    pub fn date_ahead(&self, contact: usize, days: u64) {
        let now = self.services_now();
        let id = &self.contacts[contact];
        self.host.sandbox.borrow_mut().set_ghl_date_updated(id, now + days * DAY, now);
    }

    pub fn add_source(&mut self, name: &str) -> usize {
        let answer = self
            .in_chartmogul("POST", "/v1/data_sources", json!({ "name": name }))
            .expect("a source");
        self.sources.push(text(&answer, "uuid").to_owned());
        self.sources.len() - 1
    }

    /// A customer of another source.
    pub fn add_customer(
        &mut self,
        source: usize,
        external_id: &str,
        mut body: Value,
    ) -> Option<usize> {
        body["data_source_uuid"] = json!(self.sources[source]);
        body["external_id"] = json!(external_id);
        let answer = self.in_chartmogul("POST", "/v1/customers", body)?;
        self.customers.push(text(&answer, "uuid").to_owned());
        Some(self.customers.len() - 1)
    }

    /// A contact that a person made under a customer.
    pub fn add_customer_contact(&self, customer: usize, mut body: Value) -> Option<String> {
        let uuid = &self.customers[customer];
        let record = self.customer(uuid)?;
        body["data_source_uuid"] = record["data_source_uuid"].clone();
        let answer = self.in_chartmogul("POST", &format!("/v1/customers/{uuid}/contacts"), body)?;
        Some(text(&answer, "uuid").to_owned())
    }

    // --- records ---------------------------------------------------------------------------------

    /// GHL's id of a custom field.
    pub fn field_id(&self, key: &str) -> String {
        let fields =
            self.host.sandbox.borrow().records(ghl_chartmogul::error::Service::Ghl, "customFields");
        let fields = fields.unwrap_or_default();
        let field = fields.iter().find(|field| text(field, "fieldKey") == key);
        field.map(|field| text(field, "id").to_owned()).unwrap_or_default()
    }

    fn contact_of(&self, id: &str) -> Option<Value> {
        let all = self.host.sandbox.borrow().ghl_contacts();
        all.into_iter().find(|record| text(record, "id") == id)
    }

    pub fn ghl_contact(&self, contact: usize) -> Option<Value> {
        let id = self.contacts.get(contact)?;
        // Most are there: no need to look through all of them.
        if self.ledger.borrow().gone.contains_key(id) { None } else { self.contact_of(id) }
    }

    /// Whether a contact is still in GHL.
    pub fn has_contact(&self, contact: usize) -> bool {
        let id = self.contacts.get(contact);
        id.is_some_and(|id| !self.ledger.borrow().gone.contains_key(id))
    }

    /// Whether a note or task is still in GHL.
    pub fn has_child(&self, child: usize) -> bool {
        let child = self.children.get(child);
        child.is_some_and(|child| !self.ledger.borrow().gone.contains_key(&child.id))
    }

    pub fn ghl_child(&self, child: usize) -> Option<Value> {
        let Child { id, is_task, .. } = self.children.get(child)?;
        let sandbox = self.host.sandbox.borrow();
        let all = if *is_task { sandbox.ghl_tasks() } else { sandbox.ghl_notes() };
        all.into_iter().find(|record| text(record, "id") == id || text(record, "_id") == id)
    }

    pub fn customer(&self, uuid: &str) -> Option<Value> {
        let all = self.host.sandbox.borrow().chartmogul_customers();
        all.into_iter().find(|record| text(record, "uuid") == uuid)
    }

    /// ChartMogul's notes and tasks that carry this GHL id in a marker.
    pub fn copies(&self, child: usize) -> Vec<(String, Value)> {
        let Some(Child { id, .. }) = self.children.get(child) else { return Vec::new() };
        let all = self.ledger.borrow_mut().now(&self.host.sandbox.borrow());
        let of = |(uuid, record): &(&String, &Value)| {
            !uuid.starts_with("con_") && owner_of(uuid, record).as_ref() == Some(id)
        };
        all.iter().filter(of).map(|(uuid, record)| (uuid.clone(), record.clone())).collect()
    }

    /// A name for an id in messages and comparisons.
    pub fn named(&self, said: &str) -> String {
        let mut said = said.to_owned();
        for (number, id) in self.contacts.iter().enumerate() {
            said = said.replace(id.as_str(), &format!("P{number}"));
        }
        for (number, child) in self.children.iter().enumerate() {
            let letter = if child.is_task { 'T' } else { 'N' };
            said = said.replace(&child.id, &format!("{letter}{number}"));
        }
        for (letter, ids) in [("B", &self.businesses), ("K", &self.customers), ("S", &self.sources)]
        {
            for (number, id) in ids.iter().enumerate() {
                said = said.replace(id.as_str(), &format!("{letter}{number}"));
            }
        }
        said.replace(&self.location, "LOCATION")
    }

    // --- the engine ------------------------------------------------------------------------------

    /// All that depends on how the engine is called is in this function.
    fn engine<T>(
        &self,
        run: impl AsyncFn(&Engine<'_, SimulatedHost>) -> Result<T>,
    ) -> Option<Result<T>> {
        let client = |profile, secret: &str, location: Option<String>| {
            Client::new(ClientConfig {
                profile,
                base_url: Some("http://127.0.0.1:4010".into()),
                secret: Secret::new(secret),
                location_id: location,
                api_version: GhlVersion::Dated,
                timeout_ms: None,
            })
            .unwrap()
        };
        let (ghl, chartmogul) = {
            let sandbox = self.host.sandbox.borrow();
            let credentials = sandbox.credentials();
            let location = Some(credentials.location_id.clone());
            let of_chartmogul =
                client(&ghl_chartmogul::chartmogul::PROFILE, &credentials.chartmogul_key, None);
            (
                client(&ghl_chartmogul::ghl::PROFILE, &credentials.ghl_token, location),
                ghl_chartmogul::chartmogul::Client::over(of_chartmogul),
            )
        };
        let engine = match Engine::new(&self.host, &ghl, &chartmogul, &self.settings) {
            Ok(engine) => engine,
            Err(error) => return Some(Err(error)),
        };
        self.ledger.borrow_mut().running = true;
        let ended = self.host.block_on(run(&engine)).ok();
        self.ledger.borrow_mut().running = false;
        ended
    }

    /// Whether a run says that nothing failed and nothing waits (exit code 0).
    fn is_clean(outcome: &Outcome) -> bool {
        outcome.standing.is_quiet()
    }

    /// The settings that bring back the guard of a first run when they change.
    fn guarded(&self) -> String {
        let Settings { anchor, data_source, objects, on_link, on_existing, .. } = &self.settings;
        format!("{anchor:?} {data_source:?} {objects:?} {on_link:?} {on_existing:?}")
    }

    fn begin(&self, may_write: bool) {
        if may_write {
            // Who says "apply" has no need to be shown a plan, and what is begun so may be ended.
            *self.shown.borrow_mut() = Some(self.guarded());
        }
        let shown = self.shown.borrow().as_ref() == Some(&self.guarded());
        let mut ledger = self.ledger.borrow_mut();
        ledger.may_write = may_write || shown;
        // What a plan of before says is not judged by the records of now.
        ledger.attaches = self.settings.anchor == Anchor::ContactIsCustomer
            && self.settings.on_existing == OnExisting::Attach
            && !self.pending.get();
        ledger.fresh = !self.pending.get();
        ledger.shared.clone_from(&self.settings.shared_emails);
        ledger.overwrites = self.settings.on_link == OnLink::Overwrite;
    }

    fn end(&self, result: Option<Result<Outcome>>) -> Ran {
        self.ledger.borrow_mut().may_write = true;
        let ran = match result {
            None => {
                // It may have been killed with its plan on the screen.
                *self.shown.borrow_mut() = Some(self.guarded());
                Ran { killed: true, ..Ran::default() }
            }
            Some(Err(error)) => {
                Ran { error: Some(error.code), message: error.message.clone(), ..Ran::default() }
            }
            Some(Ok(outcome)) => {
                if outcome.done && outcome.report.pass == ghl_chartmogul::sync::Pass::Full {
                    self.passes.set(self.passes.get() + 1);
                }
                if outcome.planned_only || outcome.done {
                    *self.shown.borrow_mut() = Some(self.guarded());
                }
                Ran {
                    done: outcome.done,
                    planned_only: outcome.planned_only,
                    clean: Self::is_clean(&outcome),
                    apart: outcome.report.apart,
                    planned: counted(&outcome.report.planned),
                    read: outcome
                        .report
                        .read
                        .iter()
                        .map(|(kind, number)| (kind.to_owned(), *number))
                        .collect(),
                    ..Ran::default()
                }
            }
        };
        let ran = Ran { fresh: !self.pending.get(), ..ran };
        self.pending.set(!ran.done || ran.planned_only);
        self.applied.set(self.applied.get() || ran.done && !ran.planned_only);
        if ran.says_all_is_well() {
            self.failed.borrow_mut().clear();
        }
        self.in_step.set(ran.says_all_is_well());
        self.observe(ran.done && !ran.planned_only, ran.fresh);
        ran
    }

    pub fn run(&self, options: RunOptions) -> Ran {
        self.begin(options.apply);
        self.end(self.engine(async |engine| engine.run(options.clone()).await))
    }

    pub fn run_killed(&self, options: RunOptions, after: u64) -> Ran {
        self.host.kill_after.set(Some(self.host.steps() + after));
        let ran = self.run(options);
        self.host.kill_after.set(None);
        ran
    }

    pub fn plan(&self) -> std::result::Result<Plan, Code> {
        self.begin(false);
        self.ledger.borrow_mut().may_write = false;
        let plan = self.engine(async |engine| engine.plan(RunOptions::default()).await);
        self.ledger.borrow_mut().may_write = true;
        self.pending.set(true);
        let plan = plan.expect("no kill was asked for").map_err(|error| error.code)?;
        *self.shown.borrow_mut() = Some(self.guarded());
        Ok(plan)
    }

    pub fn apply(&self, plan: &str, options: RunOptions) -> Ran {
        self.begin(true);
        self.end(self.engine(async |engine| engine.apply(plan, options.clone()).await))
    }

    /// Plans and applies in two steps.
    pub fn plan_and_apply(&self) -> Ran {
        let fresh = !self.pending.get();
        match self.plan() {
            Err(code) => Ran { error: Some(code), ..Ran::default() },
            Ok(plan) => {
                // Applied at once, it is as new as what it was made from.
                self.pending.set(!fresh);
                let ran = self.apply(&plan.id, APPLY);
                Ran {
                    fresh,
                    planned: counted(&plan.totals),
                    planned_calls: plan.calls.chartmogul,
                    ..ran
                }
            }
        }
    }

    pub fn troubled(&self, trouble: Trouble, options: RunOptions) -> (Ran, bool) {
        self.ledger.borrow_mut().struck.clear();
        self.ledger.borrow_mut().troubles = vec![trouble];
        let ran = self.run(options);
        let mut ledger = self.ledger.borrow_mut();
        ledger.troubles.clear();
        (ran, !ledger.struck.is_empty())
    }

    pub fn writes(&self) -> usize {
        self.ledger.borrow().writes.len()
    }

    /// The engine's writes since a count, by kind.
    pub fn writes_since(&self, count: usize) -> BTreeMap<String, u64> {
        let mut kinds = BTreeMap::new();
        for write in &self.ledger.borrow().writes[count..] {
            *kinds.entry(write.kind()).or_default() += 1;
        }
        kinds
    }

    /// The same without what was refused.
    pub fn taken_since(&self, count: usize) -> BTreeMap<String, u64> {
        let mut kinds = BTreeMap::new();
        for write in self.ledger.borrow().writes[count..].iter().filter(|write| write.taken) {
            *kinds.entry(write.kind()).or_default() += 1;
        }
        kinds
    }

    // --- stores ----------------------------------------------------------------------------------

    pub fn copy_store(&self) -> Copy {
        Copy {
            rows: self.host.store.copy(),
            shown: self.shown.borrow().clone(),
            pending: self.pending.get(),
            applied: self.applied.get(),
            anchor: Some(self.settings.anchor),
        }
    }

    /// Puts another state in the store's place; gives the one that was there.
    pub fn change_store(&mut self, copy: Copy) -> Copy {
        let before = self.copy_store();
        self.host.store.put_back(copy.rows);
        *self.shown.borrow_mut() = copy.shown;
        self.ledger.borrow_mut().amnesia = true;
        self.pending.set(copy.pending);
        self.applied.set(copy.applied);
        self.settings.anchor = copy.anchor.unwrap_or(self.settings.anchor);
        self.in_step.set(false);
        before
    }

    /// A deletion that no full pass has seen before its customer went too is known to nobody.
    pub fn forget_unseen_deletions(&mut self) {
        let passes = self.passes.get();
        for child in self.children.iter_mut().filter(|child| child.apart && child.passes == passes)
        {
            child.loose = true;
            child.apart = false;
        }
    }

    /// What a person deleted is known to the state alone.
    pub fn forget_deletions(&mut self) {
        for child in &mut self.children {
            child.loose |= child.apart;
            child.apart = false;
        }
    }

    /// Takes in what is linked and agreed now.
    fn observe(&self, ended: bool, fresh: bool) {
        let all = self.ledger.borrow_mut().now(&self.host.sandbox.borrow());
        let ghl: BTreeMap<String, Value> = self
            .host
            .sandbox
            .borrow()
            .ghl_contacts()
            .into_iter()
            .map(|contact| (text(&contact, "id").to_owned(), contact))
            .collect();
        let ledger = &mut *self.ledger.borrow_mut();
        if ended {
            let written = std::mem::take(&mut ledger.written);
            ledger.agreed.extend(written);
        }
        for (uuid, record) in all.iter().filter(|(uuid, _)| uuid.starts_with("con_")) {
            let id = match owner_of(uuid, record) {
                Some(id) => {
                    ledger.links.insert(uuid.clone(), id.clone());
                    id
                }
                // An account that drops our id shows a link by nothing but the address.
                None => {
                    let email = text(record, "email").to_lowercase();
                    let mut same = ghl.iter().filter(|(_, one)| text(one, "email") == email);
                    match (same.next(), same.next()) {
                        (Some((id, _)), None) if !email.is_empty() => id.clone(),
                        _ => continue,
                    }
                }
            };
            let Some(contact) = ghl.get(&id) else { continue };
            let first = ended && ledger.seen.insert(uuid.clone()) && !ledger.made.contains(uuid);
            for (name, here) in [
                ("first_name", "firstName"),
                ("last_name", "lastName"),
                ("email", "email"),
                ("phone", "phone"),
            ] {
                let value = text(contact, here);
                let held = text(record, name);
                // Set in ChartMogul alone, or linked by a plan that is older than GHL's change.
                if first && held != value && (value.is_empty() || !fresh) {
                    ledger.open.insert((uuid.clone(), name.to_owned()));
                } else if first && !held.is_empty() && !value.is_empty() && held != value {
                    ledger.kept.insert((uuid.clone(), name.to_owned()));
                }
                // Both empty is an agreement too: what comes later is a change.
                if ended && held == value {
                    ledger.agreed.insert((uuid.clone(), name.to_owned()), value.to_owned());
                }
            }
        }
    }
}

fn counted(totals: &Totals) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for (action, kinds) in totals.iter() {
        for (kind, number) in kinds.iter() {
            counts.insert(format!("{action} {kind}"), *number);
        }
    }
    counts
}
