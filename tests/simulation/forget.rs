//! Forgetting a person: afterwards the store holds no id, no value and no hash of theirs, in no table,
//! and everybody else's rows are what they were, to the byte.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join;
use ghl_chartmogul::error::{Code, Result};
use ghl_chartmogul::host::Host as _;
use ghl_chartmogul::mapping::hash;
use ghl_chartmogul::mapping::settings::{Anchor, Directions, Settings, Tags, Way};
use ghl_chartmogul::sandbox::{Fault, FaultRule, SandboxOptions};
use ghl_chartmogul::sync::{Engine, ForgetOptions, Forgotten, Kind, Winner};
use serde_json::{Value, json};

use crate::host::{SimulatedHost, Weather};
use crate::stage::{APPLY, FULL, HOUR, MINUTE};
use crate::world::{World, settings};

type Rows = BTreeMap<String, String>;

/// Words of the person that are in no other record: in their name, address, notes and tasks.
const WORDS: [&str; 10] = [
    "Ottoline",
    "Quackenbush",
    "quackmail",
    "7215550143",
    "marzipan",
    "zeppelin",
    "gherkin",
    "trombone",
    "periwinkle",
    "oubliette",
];

/// Tables that hold something of the person of [`Place::new`]: each must be cleared.
const TABLES: [&str; 23] = [
    "again", "alerts", "apart", "back", "choice", "conflict", "field", "incoming", "intent", "key",
    "known", "letter", "member", "open", "pair", "reading", "refresh", "refusal", "refused", "run",
    "runs", "shared", "turn",
];

/// A location in step with a person in it of whom everything is there that the store can hold.
struct Place {
    world: World,
    contact: String,
    customer: String,
    /// All ids of the person's records, in both services.
    ids: BTreeSet<String>,
}

fn both_ways() -> Settings {
    Settings {
        anchor: Anchor::ContactIsCustomer,
        directions: Directions { notes: Way::Both, tasks: Way::Both, contacts: Way::Both },
        tags: Tags { prefixes: vec!["vip".into()] },
        ..settings()
    }
}

fn few(contacts: u32) -> SandboxOptions {
    SandboxOptions { seed: 11, contacts, billing_share: 0.3, ..SandboxOptions::default() }
}

impl Place {
    fn new() -> Self {
        let world = World::new(few(6), both_ways());
        let location = world.host.sandbox.borrow().credentials().location_id.clone();
        let prefix = format!("v1/{location}/");
        let made = world.ask_ghl(
            "POST",
            "/contacts/",
            json!({
                "locationId": location, "firstName": "Ottoline", "lastName": "Quackenbush",
                "email": "Ottoline@quackmail.example", "phone": "+17215550143", "tags": ["vip gold"],
            }),
        );
        let contact = made["contact"]["id"].as_str().unwrap().to_owned();
        let mut place = Self { world, contact, customer: String::new(), ids: BTreeSet::new() };
        let edited = place.note("marzipan");
        let deleted = place.note("zeppelin");
        let ticked = place.task("gherkin");
        place.task(&"trombone ".repeat(60));
        place.sync();

        let pairs = place.world.linked("contact");
        place.customer = pairs[&place.contact]["customer"].as_str().unwrap().to_owned();
        let there = |kind: &str, id: &str| {
            place.world.linked(kind)[id]["uuid"].as_str().unwrap().to_owned()
        };
        // A conflict that waits, one that is settled, a record that a person deleted, one that comes back.
        let (note, gone, task) =
            (there("note", &edited), there("note", &deleted), there("task", &ticked));
        place.put_note(&edited, "marzipan in GHL");
        place.in_chartmogul("PATCH", &format!("/v1/notes/{note}"), json!({ "text": "periwinkle" }));
        place.in_chartmogul("DELETE", &format!("/v1/notes/{gone}"), Value::Null);
        let path = format!("/contacts/{}/tasks/{ticked}", place.contact);
        place.world.ask_ghl("PUT", &path, json!({ "title": "gherkin in GHL" }));
        place.in_chartmogul(
            "PATCH",
            &format!("/v1/tasks/{task}"),
            json!({ "task_details": "periwinkle" }),
        );
        place.in_chartmogul(
            "POST",
            "/v1/notes",
            json!({ "customer_uuid": place.customer, "type": "note", "text": "oubliette" }),
        );
        place.sync();
        let open = place.world.with(async |engine| engine.conflicts(false, None, 100).await);
        let (open, _) = open.unwrap().unwrap();
        let settled = open.iter().find(|one| one.kind == Kind::Task).expect("a task waits");
        place.forgetful(async |engine| engine.resolve(&settled.id, Winner::Ghl, None).await);
        place.sync();
        // One that ChartMogul refuses.
        let refused = place.note("oubliette again");
        let rule = FaultRule {
            method: Some("POST".to_owned()),
            path: Some("/v1/notes".to_owned()),
            ..FaultRule::always(Fault::Status { status: 422 })
        };
        place.world.host.sandbox.borrow_mut().set_faults(vec![rule]);
        place.sync();
        place.world.host.sandbox.borrow_mut().set_faults(Vec::new());
        // A plan that nobody has applied.
        place.task("trombone and zeppelin");
        place.world.host.advance(HOUR);
        place.forgetful(async |engine| engine.plan(FULL).await);

        // What only a fault, a crash or the facade puts.
        let mut rows = place.world.host.store.copy();
        let mut put = |key: String, value: Value| {
            rows.insert(format!("{prefix}{key}"), value.to_string());
        };
        let (contact, customer) = (place.contact.clone(), place.customer.clone());
        put(format!("again/{contact}"), json!("a run"));
        put(format!("refresh/{contact}"), json!(true));
        put(format!("choice/{contact}"), json!({ "customer": customer }));
        put(format!("intent/note/{refused}"), json!({ "customer": customer, "answered": true }));
        put("intent/note/begunNote000000000001".into(), json!({ "customer": customer }));
        put("incoming/note/note_gone-with-its-customer".into(), json!(true));
        put("refused/ottoline@quackmail.example".into(), json!(5));
        put(
            "refusal/notes.create/rejected/-".into(),
            json!({ "tried": format!("note/{refused}") }),
        );
        put(
            "letter/contact/anotherContact00001".into(),
            json!({
                "kind": "contact", "id": "anotherContact00001", "standing": "waiting",
                "cause": "ambiguous", "code": "ambiguous", "at": 1, "retryable": false,
                "reason": format!("2 customers match: {customer} and cus_other"),
                "candidates": [customer, "cus_other"],
            }),
        );
        put(
            "alerts".into(),
            json!({
                "standing": { "run_failed/x": { "message": format!("pair/contact/{contact} is broken") } },
                "pending": [],
            }),
        );
        let failed =
            json!({ "code": "rejected", "message": "no such user: <Ottoline@quackmail.example>." });
        let (key, last) = rows.range(format!("{prefix}runs/")..).next().unwrap();
        let mut last: Value = serde_json::from_str(last).unwrap();
        last["error"] = failed;
        let (key, last) = (key.clone(), last.to_string());
        rows.insert(key, last);
        place.world.host.store.put_back(rows);

        place.ids.extend([
            place.contact.clone(),
            place.customer.clone(),
            "note_gone-with-its-customer".into(),
        ]);
        let sandbox = place.world.host.sandbox.borrow();
        let text =
            |record: &Value, name: &str| record[name].as_str().unwrap_or_default().to_owned();
        for record in sandbox.ghl_notes().iter().chain(&sandbox.ghl_tasks()) {
            if record["contactId"] == place.contact.as_str() {
                place.ids.insert(text(record, "id") + &text(record, "_id"));
            }
        }
        let theirs =
            [sandbox.chartmogul_contacts(), sandbox.chartmogul_notes(), sandbox.chartmogul_tasks()];
        for record in theirs.iter().flatten() {
            if record["customer_uuid"] == place.customer.as_str() {
                place.ids.insert(text(record, "uuid") + &text(record, "task_uuid"));
            }
        }
        place.ids.extend([gone, "begunNote000000000001".to_owned()]);
        drop(sandbox);
        assert!(place.ids.len() > 15, "{:?}", place.ids);
        place
    }

    fn note(&self, text: &str) -> String {
        let path = format!("/contacts/{}/notes", self.contact);
        let made = self.world.ask_ghl("POST", &path, json!({ "body": text, "userId": "u" }));
        self.world.host.advance(MINUTE);
        made["note"]["id"].as_str().unwrap().to_owned()
    }

    fn put_note(&self, id: &str, text: &str) {
        let path = format!("/contacts/{}/notes/{id}", self.contact);
        self.world.ask_ghl("PUT", &path, json!({ "body": text }));
    }

    fn task(&self, title: &str) -> String {
        let path = format!("/contacts/{}/tasks", self.contact);
        let body = json!({ "title": title, "dueDate": "2027-05-06T15:00:00Z", "completed": false });
        let made = self.world.ask_ghl("POST", &path, body);
        self.world.host.advance(MINUTE);
        made["task"]["id"].as_str().unwrap().to_owned()
    }

    fn in_chartmogul(&self, method: &str, path: &str, body: Value) {
        self.world.ask_chartmogul(method, path, body);
    }

    /// A full run.
    fn sync(&self) {
        self.world.host.advance(HOUR);
        self.world.run(FULL).unwrap();
        self.world.host.advance(HOUR);
    }

    fn forgetful<T>(&self, ask: impl AsyncFn(&Engine<'_, SimulatedHost>) -> Result<T>) -> T {
        self.world.with(ask).unwrap().unwrap()
    }

    fn delete_in_ghl(&self) {
        self.world.ask_ghl("DELETE", &format!("/contacts/{}", self.contact), Value::Null);
    }

    fn delete_in_chartmogul(&self) {
        self.in_chartmogul("DELETE", &format!("/v1/customers/{}", self.customer), Value::Null);
    }

    fn rows(&self) -> Rows {
        rows(&self.world)
    }

    /// What a store holds of the person: lines of its dump, and hashes that rows of theirs held before.
    fn left(&self, rows: &Rows, hashes: &BTreeSet<String>) -> Vec<String> {
        let mut left = Vec::new();
        for (key, value) in rows {
            let line = format!("{key}\t{value}");
            let lower = line.to_lowercase();
            let named = self.ids.iter().any(|id| line.contains(id.as_str()));
            let said = WORDS.iter().any(|word| lower.contains(&word.to_lowercase()));
            let hashed = hashes.iter().any(|hash| line.contains(hash.as_str()));
            if named || said || hashed {
                left.push(line);
            }
        }
        left
    }

    /// Everything that looks like one of our hashes in rows that only name the person.
    fn hashes(&self, rows: &Rows) -> BTreeSet<String> {
        let is_part =
            |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
        let of = |rows: &mut dyn Iterator<Item = String>| -> BTreeSet<String> {
            let mut found = BTreeSet::new();
            for line in rows {
                let words = line.split(|letter| !is_part(letter)).filter(|word| word.len() == 22);
                found.extend(words.map(str::to_owned));
            }
            found
        };
        let named = |key: &String, value: &String| {
            self.ids.iter().any(|id| key.contains(id.as_str()) || value.contains(id.as_str()))
        };
        let line = |(key, value): (&String, &String)| format!("{key}\t{value}");
        let theirs = of(&mut rows.iter().filter(|(key, value)| named(key, value)).map(line));
        let others = of(&mut rows.iter().filter(|(key, value)| !named(key, value)).map(line));
        theirs.difference(&others).cloned().collect()
    }
}

/// The rows of a store that do not change by asking a service alone.
fn rows(world: &World) -> Rows {
    let counts = ["/spent/", "/quota", "/process/", "/walk/"];
    let of_record = |key: &String| !counts.iter().any(|part| key.contains(part));
    world.host.store.copy().into_iter().filter(|(key, _)| of_record(key)).collect()
}

fn forget(world: &World, person: &str, even_if_present: bool) -> Result<Forgotten> {
    let options = ForgetOptions { person: person.to_owned(), even_if_present };
    world.with(async |engine| engine.forget(&options).await).unwrap()
}

fn table_of(key: &str) -> &str {
    key.split(['/', '\t']).nth(2).unwrap_or_default()
}

/// The rows that differ, by their tables.
fn differing(before: &Rows, after: &Rows) -> BTreeMap<String, u64> {
    let mut tables = BTreeMap::new();
    for (key, value) in before {
        if after.get(key) != Some(value) {
            *tables.entry(table_of(key).to_owned()).or_default() += 1;
        }
    }
    let new: Vec<&String> = after.keys().filter(|key| !before.contains_key(*key)).collect();
    assert_eq!(new, Vec::<&String>::new(), "forgetting put new rows");
    tables
}

#[test]
fn a_forgotten_person_leaves_nothing_and_everybody_else_is_as_before() {
    let place = Place::new();
    let world = &place.world;
    place.delete_in_ghl();
    place.delete_in_chartmogul();
    let before = place.rows();
    let mut hashes = place.hashes(&before);
    assert!(hashes.len() > 8, "{hashes:?}");
    for value in ["ottoline@quackmail.example", "+17215550143", "ottoline quackenbush", "marzipan"]
    {
        hashes.insert(hash(value));
    }
    let held: BTreeSet<String> =
        place.left(&before, &hashes).iter().map(|line| table_of(line).to_owned()).collect();
    for table in TABLES {
        assert!(held.contains(table), "the place of this test holds nothing in {table}: {held:?}");
    }

    let outcome = forget(world, &place.contact, false).unwrap();
    assert!(
        outcome.forgotten && outcome.remaining.is_empty() && outcome.hint.is_none(),
        "{outcome:?}"
    );
    let after = place.rows();
    assert_eq!(place.left(&after, &hashes), Vec::<String>::new());
    assert!(serde_json::to_string(&outcome).unwrap().matches(&place.contact).count() == 1);

    // What has changed is what the outcome counts, beside the run that was dropped and the state.
    let mut changed = differing(&before, &after);
    assert_eq!(changed.remove("current"), Some(1));
    assert_eq!(changed.remove("state"), Some(1));
    changed.remove("run");
    let told: BTreeMap<String, u64> =
        outcome.removed.iter().map(|(name, number)| (name.to_owned(), *number)).collect();
    assert!(told["run"] > 0);
    let told: BTreeMap<String, u64> = told.into_iter().filter(|(name, _)| name != "run").collect();
    assert_eq!(changed, told);
    for (key, value) in &after {
        let was = &before[key];
        let about_others =
            ["state", "alerts", "runs", "letter", "refusal"].contains(&table_of(key));
        assert!(value == was || about_others, "{key} was {was}, and is {value}");
    }
    let letter: Value =
        serde_json::from_str(&world.host.store.matching("anotherContact00001")[0].1).unwrap();
    assert_eq!(letter["candidates"], json!(["cus_other"]));
    assert_eq!(letter["reason"], "2 customers match: (forgotten) and cus_other");
    assert_eq!((&letter["cause"], &letter["at"]), (&json!("ambiguous"), &json!(1)));

    // A table that were left out would be noticed.
    for table in outcome.removed.iter().map(|(name, _)| name) {
        let mut faulty = after.clone();
        faulty.extend(before.clone().into_iter().filter(|(key, _)| table_of(key) == table));
        assert_ne!(place.left(&faulty, &hashes), Vec::<String>::new(), "nobody misses {table}");
    }

    // Again there is nothing to forget, and nobody else is written to.
    let again = forget(world, &place.contact, false).unwrap();
    assert!(again.forgotten && again.removed.is_empty(), "{again:?}");
    assert_eq!(place.rows(), after);
    world.host.store.put_back(
        world
            .host
            .store
            .copy()
            .into_iter()
            .filter(|(key, _)| !key.contains("anotherContact"))
            .collect(),
    );
    let (written, linked) = (world.writes(), world.linked("contact").len());
    place.sync();
    place.sync();
    assert_eq!(world.writes(), written, "others were written to");
    assert_eq!(world.linked("contact").len(), linked);
    assert_eq!(place.left(&place.rows(), &hashes), Vec::<String>::new(), "a run brought it back");
    world.check();
}

#[test]
fn a_person_who_is_still_there_is_not_forgotten_unasked() {
    let place = Place::new();
    let world = &place.world;
    let before = place.rows();
    let there = |outcome: &Forgotten| -> BTreeSet<String> {
        outcome.remaining.iter().map(|one| one.id.clone()).collect()
    };
    let refused = |wanted: bool| {
        let outcome = forget(world, &place.contact, false).unwrap();
        assert!(!outcome.forgotten && outcome.removed.is_empty(), "{outcome:?}");
        assert!(outcome.hint.is_some_and(|hint| hint.contains("evenIfPresent")));
        assert_eq!(place.rows(), before, "a person who is not forgotten keeps all rows");
        assert_eq!(there(&outcome).contains(&place.contact), wanted);
        there(&outcome)
    };
    // All that either service still has of the person is listed, with its id alone.
    let all = refused(true);
    let sandbox = world.host.sandbox.borrow();
    let known = |id: &String| {
        let (notes, tasks) = (sandbox.ghl_notes(), sandbox.ghl_tasks());
        let here = notes
            .iter()
            .chain(&tasks)
            .any(|one| one["id"] == id.as_str() || one["_id"] == id.as_str());
        let theirs =
            [sandbox.chartmogul_contacts(), sandbox.chartmogul_notes(), sandbox.chartmogul_tasks()];
        here || *id == place.contact
            || *id == place.customer
            || theirs
                .iter()
                .flatten()
                .any(|one| one["uuid"] == id.as_str() || one["task_uuid"] == id.as_str())
    };
    let expected: BTreeSet<String> = place.ids.iter().filter(|id| known(id)).cloned().collect();
    drop(sandbox);
    assert_eq!(all, expected);
    place.delete_in_ghl();
    let in_chartmogul = refused(false);
    assert!(
        in_chartmogul.contains(&place.customer) && in_chartmogul.len() > 5,
        "{in_chartmogul:?}"
    );
    // The customer's uuid means the same person.
    let by_customer = forget(world, &place.customer, false).unwrap();
    assert_eq!(there(&by_customer), in_chartmogul);

    let outcome = forget(world, &place.customer, true).unwrap();
    assert!(outcome.forgotten && there(&outcome) == in_chartmogul, "{outcome:?}");
    assert!(outcome.hint.is_some_and(|hint| hint.contains("links it again")));
    assert_eq!(place.left(&place.rows(), &BTreeSet::new()), Vec::<String>::new());
}

#[test]
fn who_is_forgotten_and_still_there_is_new_to_the_next_full_run() {
    let place = Place::new();
    let world = &place.world;
    let counts = world.counts();
    assert!(forget(world, &place.contact, true).unwrap().forgotten);
    assert!(!world.linked("contact").contains_key(&place.contact));
    place.sync();
    place.sync();
    assert_eq!(world.linked("contact")[&place.contact]["customer"], place.customer.as_str());
    assert_eq!(world.counts().0, counts.0, "a contact is there twice");
}

#[test]
fn only_the_services_own_answer_says_that_a_person_is_gone() {
    let place = Place::new();
    let world = &place.world;
    let before = place.rows();
    let strikes = |service: &str, path: &str, fault: Fault| {
        let rule = FaultRule {
            service: Some(service.to_owned()),
            path: Some(path.to_owned()),
            ..FaultRule::always(fault)
        };
        world.host.sandbox.borrow_mut().set_faults(vec![rule]);
        let error = forget(world, &place.contact, true).unwrap_err();
        assert_ne!(error.code, Code::NotFound, "{error}");
        assert_eq!(place.rows(), before, "{path}: {error}");
    };
    let page = || Fault::Page { status: 404, server: "squid/6.6".to_owned() };
    strikes("ghl", "/contacts/*", page());
    strikes("ghl", "/locations/*", page());
    strikes("chartmogul", "/v1/customers/*", page());
    strikes("chartmogul", "/v1/customers/*", Fault::Status { status: 500 });
    world.host.sandbox.borrow_mut().set_faults(Vec::new());
    assert!(!forget(world, &place.contact, false).unwrap().forgotten);
}

#[test]
fn what_is_not_a_person_is_refused_before_anything_is_sent() {
    let place = Place::new();
    let world = &place.world;
    let sent = world.host.requests.borrow().len();
    let note = world.linked("note").into_iter().next().unwrap();
    let task = world.linked("task").into_keys().next().unwrap();
    let uuid = note.1["uuid"].as_str().unwrap().to_owned();
    for person in ["", " ", "a b", "../x", "ghl:another:C1", &note.0, &uuid, &task] {
        let error = forget(world, person, true).unwrap_err();
        assert_eq!(error.code, Code::InvalidArgument, "{person:?}: {error}");
        assert!(error.hint.is_some(), "{person:?}");
    }
    assert_eq!(world.host.requests.borrow().len(), sent);
    // Words of our own keys are ids of nobody.
    let stray = |key: &String| key.contains("incoming/note/note_gone");
    let rows = world.host.store.copy();
    world.host.store.put_back(rows.into_iter().filter(|(key, _)| !stray(key)).collect());
    let before = place.rows();
    for person in ["note", "contact", "list", "decision", "rejected", "waiting"] {
        let outcome = forget(world, person, true).unwrap();
        assert!(outcome.removed.is_empty(), "{person}: {outcome:?}");
    }
    assert_eq!(place.rows(), before);
    let location = world.host.sandbox.borrow().credentials().location_id.clone();
    let external = format!("ghl:{location}:{}", place.contact);
    assert!(!forget(world, &external, false).unwrap().remaining.is_empty());
}

#[test]
fn a_customer_of_several_contacts_stays_with_those_who_live_on() {
    let settings = Settings { anchor: Anchor::BusinessIsCustomer, ..both_ways() };
    let world = World::new(few(4), settings);
    let location = world.host.sandbox.borrow().credentials().location_id.clone();
    let made =
        world.ask_ghl("POST", "/businesses/", json!({ "name": "Lang AG", "locationId": location }));
    let business = made["buiseness"]["id"].as_str().unwrap().to_owned();
    let add = |first: &str| {
        world.host.advance(MINUTE);
        let body = json!({
            "locationId": location, "firstName": first, "email": format!("{first}@lang.example"),
            "tags": ["vip"],
        });
        let made = world.ask_ghl("POST", "/contacts/", body);
        let id = made["contact"]["id"].as_str().unwrap().to_owned();
        let ids = json!({ "locationId": location, "ids": [id], "businessId": business });
        world.ask_ghl("POST", "/contacts/bulk/business", ids);
        let path = format!("/contacts/{id}/notes");
        world.ask_ghl("POST", &path, json!({ "body": format!("Note of {first}"), "userId": "u" }));
        id
    };
    let (stays, goes) = (add("Bertil"), add("Ottoline"));
    world.host.advance(HOUR);
    world.run(FULL).unwrap();
    world.host.advance(HOUR);
    world.run(FULL).unwrap();
    let linked = world.linked("contact");
    let customer = linked[&stays]["customer"].as_str().unwrap().to_owned();
    assert_eq!(linked[&goes]["customer"], customer.as_str());
    let uuid = linked[&goes]["uuid"].as_str().unwrap().to_owned();
    let mut notes = world.linked("note").into_iter();
    let (own_note, note) = notes.find(|(_, note)| note["contact"] == goes.as_str()).unwrap();
    let note = note["uuid"].as_str().unwrap().to_owned();

    let error = forget(&world, &customer, true).unwrap_err();
    assert_eq!(error.code, Code::InvalidArgument, "{error}");
    world.ask_ghl("DELETE", &format!("/contacts/{goes}"), Value::Null);
    let before = rows(&world);
    let ids = [goes.as_str(), &uuid, &own_note, &note];
    let outcome = forget(&world, &uuid, false).unwrap();
    let remaining: BTreeSet<&str> = outcome.remaining.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(
        remaining,
        BTreeSet::from([uuid.as_str(), note.as_str()]),
        "the customer is not theirs"
    );
    world.ask_chartmogul("DELETE", &format!("/v1/notes/{note}"), Value::Null);
    world.ask_chartmogul("DELETE", &format!("/v1/contacts/{uuid}"), Value::Null);
    assert!(forget(&world, &goes, false).unwrap().forgotten);
    let after = rows(&world);
    for (key, value) in &before {
        let theirs = ids.iter().any(|id| key.contains(id) || value.contains(id));
        let own = key.ends_with("/state");
        assert!(own || theirs != (after.get(key) == Some(value)), "{key}: {value}");
    }
    let dump = world.host.store.dump();
    for gone in ids.into_iter().chain(["ttoline"]) {
        assert!(!dump.contains(gone), "{gone} is left");
    }
    let written = world.writes();
    world.host.advance(HOUR);
    world.run(FULL).unwrap();
    assert_eq!(world.writes(), written);
    assert_eq!(world.linked("contact")[&stays], linked[&stays]);
}

#[test]
fn a_customer_of_a_lost_state_is_found_all_the_same() {
    let place = Place::new();
    let world = &place.world;
    world.host.store.clear();
    place.delete_in_ghl();
    let outcome = forget(world, &place.contact, false).unwrap();
    assert!(!outcome.forgotten, "ChartMogul still has what the sync made: {outcome:?}");
    assert!(outcome.remaining.iter().any(|one| one.id == place.customer));
    place.delete_in_chartmogul();
    assert!(forget(world, &place.contact, false).unwrap().forgotten);
}

#[test]
fn a_plan_of_before_is_not_applied() {
    let place = Place::new();
    let world = &place.world;
    place.forgetful(async |engine| engine.plan(FULL).await);
    let plan = place.forgetful(async |engine| engine.plan(APPLY).await);
    place.delete_in_ghl();
    place.delete_in_chartmogul();
    assert!(forget(world, &place.contact, false).unwrap().forgotten);
    let applied = world.with(async |engine| engine.apply(&plan.id, APPLY).await).unwrap();
    assert_eq!(applied.unwrap_err().code, Code::StalePlan);
}

#[test]
fn a_kill_between_any_two_commits_is_made_good_by_forgetting_again() {
    let place = Place::new();
    let world = &place.world;
    place.delete_in_ghl();
    place.delete_in_chartmogul();
    let (whole, before) = (world.host.store.copy(), place.rows());
    let hashes = place.hashes(&before);
    let mut died = 0;
    for after in 0..20 {
        world.host.store.put_back(whole.clone());
        world.host.store.dies_after.set(Some(world.host.store.commits() + after));
        let (ghl, chartmogul) = world.clients();
        let engine = Engine::new(&world.host, &ghl, &chartmogul, &world.settings).unwrap();
        let options = ForgetOptions { person: place.contact.clone(), ..ForgetOptions::default() };
        let ended = world.host.block_on_until_stuck(engine.forget(&options));
        world.host.store.dies_after.set(None);
        died += u32::from(ended.is_none());
        world.host.advance(MINUTE);
        assert!(forget(world, &place.contact, false).unwrap().forgotten, "{after}");
        assert_eq!(place.left(&place.rows(), &hashes), Vec::<String>::new(), "{after}");
        for dropped in ["/run/", "/current"] {
            assert_eq!(world.host.store.matching(dropped), [], "{after}");
        }
        if ended.is_some() {
            break;
        }
    }
    assert!(died > 3, "{died} kills");
}

#[test]
fn while_another_process_syncs_nobody_is_said_to_be_forgotten() {
    let place = Place::new();
    let world = &place.world;
    place.delete_in_ghl();
    place.delete_in_chartmogul();
    for contact in world.linked("contact").keys().filter(|id| **id != place.contact) {
        let path = format!("/contacts/{contact}/notes");
        world.ask_ghl("POST", &path, json!({ "body": "Called again", "userId": "u" }));
    }
    world.host.advance(HOUR);
    world.host.weather.set(Weather { slow_ms: 20_000, twice_ms: None });
    let (ghl, chartmogul) = world.clients();
    let one = Engine::new(&world.host, &ghl, &chartmogul, &world.settings).unwrap();
    let (ghl, chartmogul) = world.clients();
    let other = Engine::new(&world.host, &ghl, &chartmogul, &world.settings).unwrap();
    let options = ForgetOptions { person: place.contact.clone(), ..ForgetOptions::default() };
    let asked = async {
        world.host.sleep_in_background(2_000).await;
        other.forget(&options).await
    };
    let (run, asked) = world.host.block_on_until_stuck(join(one.run(APPLY), asked)).unwrap();
    assert!(run.unwrap().done);
    assert_eq!(asked.unwrap_err().code, Code::Busy);
    assert_eq!(world.status().queued, 0, "it is not carried out later, unasked");
    world.host.weather.set(Weather::default());
    world.host.advance(HOUR);
    assert!(forget(world, &place.contact, false).unwrap().forgotten);
    assert_eq!(place.left(&place.rows(), &BTreeSet::new()), Vec::<String>::new());
}
