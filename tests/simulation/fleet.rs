//! Locations of one ChartMogul account for two days, run by the real engine, and the queue model beside
//! it: what the model says of thousands is worth what it says of these.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::{LocalBoxFuture, join_all};
use ghl_chartmogul::host::{Event, Host as _, Method, Request};
use ghl_chartmogul::http::{Client, ClientConfig, GhlVersion, Secret};
use ghl_chartmogul::sandbox::{Answer, Sandbox, SandboxOptions};
use ghl_chartmogul::sync::Engine;
use ghl_chartmogul::{chartmogul, ghl};
use serde_json::{Value, json};

use crate::for_seeds;
use crate::host::{SimulatedHost, Wire};
use crate::queue::{
    Account, Calls, Chance, DAY_MS, Fleet, HOUR_MS, KINDS, Location, MINUTE_MS, Outcome, Rates,
    State, agency, next_due, percentile,
};
use crate::world::{APPLY, World, settings};

const DAYS: u64 = 2;
/// Locations; `FLEET_LOCATIONS=50` takes minutes.
const LOCATIONS: u64 = 5;
const WORKERS: usize = 4;
/// Edits of notes a day in each location.
const EDITS_A_DAY: f64 = 4.0;
/// How often all locations are looked at.
const LOOK_MS: u64 = 6 * HOUR_MS;

/// A location of the real engine.
struct Member {
    world: World,
    quota: u32,
    announces: bool,
    interval_ms: u64,
    first_run_at: u64,
    due: Cell<u64>,
    is_running: Cell<bool>,
    calls: RefCell<Calls>,
    /// Answers that refused something.
    refusals: RefCell<BTreeMap<String, u64>>,
    busy_ms: Cell<u64>,
    runs: Cell<u64>,
    /// Notes of linked contacts that nobody has edited yet: the contact's place and both ids.
    notes: RefCell<Option<Vec<(u64, String, String)>>>,
    edits: RefCell<Vec<(u64, u64)>>,
}

/// What is seen of all locations at a moment: contacts that wait, when the oldest reading was.
type Look = Vec<(u64, Option<u64>)>;

/// When an edit was made, and when it arrived, by its number.
type Edits = BTreeMap<u64, (u64, Option<u64>)>;

/// ChartMogul's requests go to the account that all share; edits are seen as they arrive there.
struct Shared {
    account: Rc<RefCell<Sandbox>>,
    edits: Rc<RefCell<Edits>>,
}

impl Wire for Shared {
    fn request(&mut self, request: &Request, _: &Sandbox, now: u64) -> Option<Answer> {
        if !request.url.contains("/v1/") {
            return None;
        }
        if request.method != Method::Get
            && let Some((_, rest)) = String::from_utf8_lossy(&request.body).split_once("edit no ")
        {
            let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
            if let Some((_, arrived)) = self.edits.borrow_mut().get_mut(&number.parse().unwrap()) {
                arrived.get_or_insert(now);
            }
        }
        Some(self.account.borrow_mut().handle(request, now))
    }

    fn answer(&mut self, _: &Request, _: &Sandbox, _: &mut Answer, _: u64) {}

    fn arrives_late(&mut self, _: bool) {}
}

fn request(method: Method, path: &str, authorization: String, body: &Value) -> Request {
    Request {
        method,
        url: format!("http://127.0.0.1:4010{path}"),
        headers: vec![
            ("authorization".into(), authorization),
            ("version".into(), "2021-07-28".into()),
            ("content-type".into(), "application/json".into()),
        ],
        body: serde_json::to_vec(body).unwrap(),
        timeout_ms: 60_000,
    }
}

/// The account of an agency: for six of ten contacts of each location a customer, if nobody has their
/// address yet.
fn shared_account(began: u64, members: &[Member]) -> Sandbox {
    let mut account = Sandbox::new(SandboxOptions {
        contacts: 0,
        strict: true,
        now_ms: began,
        ..SandboxOptions::default()
    });
    let key = account.credentials().chartmogul_key.clone();
    let authorization = format!("Basic {}", STANDARD.encode(format!("{key}:")));
    let mut at = began - DAY_MS;
    let mut post = |account: &mut Sandbox, path: &str, body: &Value| -> Value {
        at += 30;
        let request = request(Method::Post, path, authorization.clone(), body);
        let response = account.handle(&request, at).response;
        assert!(response.is_success(), "{}", String::from_utf8_lossy(&response.body));
        serde_json::from_slice(&response.body).unwrap()
    };
    let source = post(&mut account, "/v1/data_sources", &json!({ "name": "Billing" }));
    let mut known = BTreeSet::new();
    for member in members {
        let contacts = member.world.host.sandbox.borrow().ghl_contacts();
        for (number, contact) in contacts.iter().enumerate() {
            let Some(email) = contact["email"].as_str().map(str::to_lowercase) else { continue };
            if number % 5 < 3 && known.insert(email.clone()) {
                let body = json!({
                    "data_source_uuid": source["uuid"],
                    "external_id": format!("billing-{}", known.len()),
                    "name": email,
                    "email": email,
                });
                post(&mut account, "/v1/customers", &body);
            }
        }
    }
    account
}

struct Measured {
    members: Vec<Member>,
    /// The account before the first run.
    account: Account,
    looks: Vec<(u64, Look)>,
    edits: Vec<(u64, Option<u64>)>,
    until: u64,
}

fn clock() -> SimulatedHost {
    let options = SandboxOptions { contacts: 0, ..SandboxOptions::default() };
    SimulatedHost::new(Rc::new(RefCell::new(Sandbox::new(options))), 1)
}

/// Runs the fleet with the real engine.
fn measure(seed: u64) -> Measured {
    let clock = clock();
    let began = clock.now();
    let mut chance = Chance::new(seed);
    let locations = std::env::var("FLEET_LOCATIONS").ok();
    let locations = locations.map_or(LOCATIONS, |text| text.parse().unwrap());
    let members: Vec<Member> = (0..locations)
        .map(|number| {
            let interval_ms = if number % 10 == 3 { 15 * MINUTE_MS } else { HOUR_MS };
            let quota = [500, 300, 2_000, 10_000, 200_000][(number % 5) as usize];
            let announces = number % 3 == 0;
            let options = SandboxOptions {
                seed: seed * 1_000 + number,
                // One is too large for its quota.
                contacts: if number == 1 { 320 } else { chance.skewed(20, 400) as u32 },
                notes_per_contact: 0.4,
                tasks_per_contact: 0.2,
                billing_share: 0.0,
                notes_touch_contact: announces,
                daily_limit: quota,
                strict: true,
                ..SandboxOptions::default()
            };
            let sandbox = Rc::new(RefCell::new(Sandbox::new(options.clone())));
            let first_run_at = began + number * 5 * MINUTE_MS;
            Member {
                world: World { host: clock.beside(sandbox, options.seed), settings: settings() },
                quota,
                announces,
                interval_ms,
                first_run_at,
                due: Cell::new(first_run_at),
                is_running: Cell::new(false),
                calls: RefCell::default(),
                refusals: RefCell::default(),
                busy_ms: Cell::default(),
                runs: Cell::default(),
                notes: RefCell::default(),
                edits: RefCell::default(),
            }
        })
        .collect();
    let account = Rc::new(RefCell::new(shared_account(began, &members)));
    let key = account.borrow().credentials().chartmogul_key.clone();
    let edits = Rc::new(RefCell::new(Edits::new()));
    for member in &members {
        let wire = Shared { account: Rc::clone(&account), edits: Rc::clone(&edits) };
        *member.world.host.wire.borrow_mut() = Some(Rc::new(RefCell::new(wire)));
    }
    let before = Account::new(account.borrow().chartmogul_customers().len() as u64);
    let until = began + DAYS * DAY_MS;
    let looks = RefCell::new(Vec::new());
    let work = async || {
        loop {
            let free = members.iter().filter(|member| !member.is_running.get());
            let Some(next) = free.min_by_key(|member| member.due.get()) else { return };
            if next.due.get() >= until {
                return;
            }
            let rest = next.due.get().saturating_sub(clock.now());
            if rest > 0 {
                clock.sleep_in_background(rest).await;
                continue;
            }
            next.run(&clock, &key).await;
        }
    };
    let look = async {
        loop {
            clock.sleep_in_background(LOOK_MS).await;
            let seen = members.iter().map(Member::look).collect();
            looks.borrow_mut().push((clock.now(), seen));
            if clock.now() >= until {
                return;
            }
        }
    };
    let edit = async {
        loop {
            let rate = EDITS_A_DAY * members.len() as f64;
            let pause = -(1.0 - chance.unit()).ln() / rate * DAY_MS as f64;
            clock.sleep_in_background(pause as u64).await;
            // What is edited at the very end has no time to arrive.
            if clock.now() >= until {
                return;
            }
            let member = &members[chance.below(members.len() as u64) as usize];
            let number = edits.borrow().len() as u64;
            if member.edit(&mut chance, number, clock.now()) {
                edits.borrow_mut().insert(number, (clock.now(), None));
            }
        }
    };
    let parts: Vec<LocalBoxFuture<'_, ()>> = (0..WORKERS)
        .map(|_| Box::pin(work()) as LocalBoxFuture<'_, ()>)
        .chain([Box::pin(look) as _, Box::pin(edit) as _])
        .collect();
    clock.block_on(join_all(parts)).unwrap();
    let edits = edits.borrow().values().copied().collect();
    Measured { account: before, looks: looks.into_inner(), edits, until, members }
}

impl Member {
    async fn run(&self, clock: &SimulatedHost, key: &str) {
        self.is_running.set(true);
        let host = &self.world.host;
        let start = clock.now();
        let due = self.due.get();
        let credentials = host.sandbox.borrow().credentials().clone();
        let client = |profile, secret: &str, location_id: Option<String>| {
            Client::new(ClientConfig {
                profile,
                base_url: Some("http://127.0.0.1:4010".into()),
                secret: Secret::new(secret),
                location_id,
                api_version: GhlVersion::Dated,
                timeout_ms: None,
            })
            .unwrap()
        };
        let ghl = client(&ghl::PROFILE, &credentials.ghl_token, Some(credentials.location_id));
        let chartmogul = chartmogul::Client::over(client(&chartmogul::PROFILE, key, None));
        let engine = Engine::new(host, &ghl, &chartmogul, &self.world.settings).unwrap();
        let outcome = engine.run(APPLY).await.unwrap();
        for event in host.events.borrow_mut().drain(..) {
            let Event::Request { service, endpoint, status, .. } = event else { continue };
            let of = |(_, name, of): &&(_, &str, &str)| *name == service.name() && *of == endpoint;
            match KINDS.iter().find(of) {
                Some((kind, ..)) if status < 300 => self.calls.borrow_mut().add(*kind, 1),
                _ => {
                    let name = format!("{} {endpoint} {status}", service.name());
                    *self.refusals.borrow_mut().entry(name).or_default() += 1;
                }
            }
        }
        host.requests.borrow_mut().clear();
        self.busy_ms.set(self.busy_ms.get() + clock.now() - start);
        self.runs.set(self.runs.get() + 1);
        if self.notes.borrow().is_none() && (outcome.done || outcome.report.notes_waiting > 0) {
            self.find_notes();
        }
        self.due.set(next_due(due, self.interval_ms, clock.now()));
        self.is_running.set(false);
    }

    /// The ids of linked contacts in their order.
    fn linked(&self) -> Vec<String> {
        self.world.linked("contact").into_keys().collect()
    }

    /// Which notes can be edited, once contacts are linked.
    fn find_notes(&self) {
        let linked = self.linked();
        let notes = self.world.host.sandbox.borrow().ghl_notes();
        let of = |note: &Value| {
            let contact = note["contactId"].as_str()?;
            let place = linked.iter().position(|id| id == contact)? as u64;
            Some((place, contact.to_owned(), note["id"].as_str()?.to_owned()))
        };
        *self.notes.borrow_mut() = Some(notes.iter().filter_map(of).collect());
    }

    /// Somebody edits a note; whether there is one.
    fn edit(&self, chance: &mut Chance, number: u64, now: u64) -> bool {
        let mut notes = self.notes.borrow_mut();
        let Some(notes) = notes.as_mut().filter(|notes| !notes.is_empty()) else { return false };
        let (place, contact, note) = notes.swap_remove(chance.below(notes.len() as u64) as usize);
        let token = self.world.host.sandbox.borrow().credentials().ghl_token.clone();
        let path = format!("/contacts/{contact}/notes/{note}");
        let body = json!({ "body": format!("edit no {number} of this note") });
        let request = request(Method::Put, &path, format!("Bearer {token}"), &body);
        let response = self.world.host.sandbox.borrow_mut().handle(&request, now).response;
        if response.is_success() {
            self.edits.borrow_mut().push((now, place));
        }
        response.is_success()
    }

    /// Contacts that wait, and the oldest reading.
    fn look(&self) -> (u64, Option<u64>) {
        let rows = self.world.host.store.matching("/turn/");
        let at = |key: &str| key.rsplit('/').next()?.get(..13)?.parse::<u64>().ok();
        let turns: Vec<u64> = rows.iter().filter_map(|(key, _)| at(key)).collect();
        // Those that wait have instants in seconds.
        let waiting = turns.iter().filter(|at| **at < 10_000_000_000).count();
        (waiting as u64, turns.get(waiting).copied())
    }

    /// The numbers that the model needs.
    fn numbers(&self) -> Location {
        let sandbox = self.world.host.sandbox.borrow();
        let linked = self.world.linked("contact");
        let tasks = sandbox.ghl_tasks();
        let notes = self.world.linked("note");
        let with_notes: BTreeSet<&str> =
            notes.values().filter_map(|link| link["contact"].as_str()).collect();
        Location {
            contacts: sandbox.ghl_contacts().len() as u64,
            linked: linked.len() as u64,
            made: linked.values().filter(|link| link["role"] == "member").count() as u64,
            with_notes: with_notes.len() as u64,
            notes: notes.len() as u64,
            tasks: tasks.len() as u64,
            open_tasks: tasks.iter().filter(|task| task["completed"] != true).count() as u64,
            linked_tasks: self.world.linked("task").len() as u64,
            announces: self.announces,
            interval_ms: self.interval_ms,
            quota: u64::from(self.quota),
            daily_calls: None,
            first_run_at: self.first_run_at,
            edits: self.edits.borrow().clone(),
        }
    }
}

/// The model of the locations that were measured.
fn model(measured: &Measured) -> (Fleet, Outcome, Vec<(u64, Look)>) {
    let fleet = Fleet {
        locations: measured.members.iter().map(Member::numbers).collect(),
        account: measured.account.clone(),
        shared: true,
        workers: WORKERS,
        rates: Rates::default(),
        full_pass_hours: 24,
    };
    let moments: Vec<u64> = measured.looks.iter().map(|(at, _)| *at).collect();
    let mut looks = Vec::new();
    let seen = |state: &State| (state.waiting, state.oldest_reading());
    let outcome = fleet.run(measured.until, &moments, |at, states| {
        looks.push((at, states.iter().map(seen).collect()));
    });
    (fleet, outcome, looks)
}

/// Whether two figures agree within so many of a hundred, or that much.
fn agree(measured: u64, modelled: u64, percent: u64, or: u64) -> bool {
    measured.abs_diff(modelled) <= or.max(measured * percent / 100)
}

/// Minutes after which a part of a hundred of the edits had arrived.
fn arrival(times: impl Iterator<Item = (u64, u64)>, part: u64) -> u64 {
    let mut times: Vec<(u64, u64)> =
        times.map(|(made, arrived)| ((arrived - made) / MINUTE_MS, 1)).collect();
    percentile(&mut times, part)
}

#[test]
fn the_model_agrees_with_locations_of_the_real_engine() {
    for_seeds(1, |seed| {
        let measured = measure(seed);
        let (fleet, outcome, looks) = model(&measured);
        let locations = fleet.locations.len() as u64;
        let (mut real, mut modelled) = (Calls::default(), Calls::default());
        let mut refusals: BTreeMap<String, u64> = BTreeMap::new();
        let (mut busy, mut expected_busy) = (0, 0);
        for (member, state) in measured.members.iter().zip(&outcome.states) {
            real.plus(&member.calls.borrow());
            modelled.plus(&state.calls);
            for (name, number) in member.refusals.borrow().iter() {
                *refusals.entry(name.clone()).or_default() += number;
            }
            busy += member.busy_ms.get() / 1_000;
            expected_busy += state.busy_ms / 1_000;
            for (kind, service, name) in KINDS {
                let (real, modelled) = (member.calls.borrow().of(kind), state.calls.of(kind));
                if !agree(real, modelled, 3, 4) {
                    println!(
                        "{service} {name}: {real} and {modelled} of a location of {} contacts, quota {}",
                        member.world.host.sandbox.borrow().ghl_contacts().len(),
                        member.quota,
                    );
                }
            }
            assert!(member.runs.get().abs_diff(state.runs) <= 1 + state.runs / 50);
        }
        println!("{locations} locations, {DAYS} days: {busy} and {expected_busy} seconds of work");
        println!("answers that refused something: {refusals:?}");
        for (kind, service, name) in KINDS {
            let (real, modelled) = (real.of(kind), modelled.of(kind));
            println!("{service} {name}: measured {real}, modelled {modelled}");
            assert!(agree(real, modelled, 3, locations / 2), "{name}");
        }
        let (mut compared, mut apart) = (0, 0);
        for ((at, seen), (_, expected)) in measured.looks.iter().zip(&looks) {
            for (location, (seen, expected)) in
                fleet.locations.iter().zip(seen.iter().zip(expected))
            {
                let age = |oldest: Option<u64>| at - oldest.unwrap_or(*at);
                let (real, modelled) = (age(seen.1), age(expected.1));
                compared += 1;
                let fresh = agree(real, modelled, 5, location.interval_ms + MINUTE_MS);
                let backlog = agree(seen.0, expected.0, 5, location.linked / 20);
                if !fresh || !backlog {
                    println!(
                        "{} hours, quota {}: {} and {} wait, the oldest reading is {} and {} minutes old",
                        (at + DAYS * DAY_MS - measured.until) / HOUR_MS,
                        location.quota,
                        seen.0,
                        expected.0,
                        real / MINUTE_MS,
                        modelled / MINUTE_MS,
                    );
                    apart += 1;
                }
            }
        }
        let waiting = |looks: &[(u64, Look)]| -> Vec<u64> {
            looks.iter().map(|(_, look)| look.iter().map(|(waiting, _)| waiting).sum()).collect()
        };
        let waited = waiting(&measured.looks);
        println!("contacts that wait at each look: {waited:?} and {:?}", waiting(&looks));
        println!("{apart} of {compared} looks differ");
        assert!(
            waited.iter().any(|contacts| *contacts > 0),
            "no quota was too small for any location"
        );
        assert!(apart * 20 <= compared, "{apart} of {compared} looks differ");
        let real =
            || measured.edits.iter().filter_map(|(made, arrived)| Some((*made, (*arrived)?)));
        let modelled = || outcome.states.iter().flat_map(|state| state.arrived.iter().copied());
        let (arrived, expected) = (real().count() as u64, modelled().count() as u64);
        println!("edits that arrived: {arrived} and {expected} of {}", measured.edits.len());
        assert!(agree(arrived, expected, 3, 2));
        for part in [50, 95] {
            let (real, modelled) = (arrival(real(), part), arrival(modelled(), part));
            println!("{part} % of them within {real} and {modelled} minutes");
            assert!(agree(real, modelled, 5, 60), "{part} %");
        }
    });
}

/// Whatever the quotas of an agency's locations, none is passed, and notes are as fresh as promised.
#[test]
fn five_hundred_locations_keep_their_quotas_and_promises_for_ten_days() {
    let until = 10 * DAY_MS;
    let fleet = Fleet {
        locations: agency(500, &[500, 2_000, 10_000, 200_000], until - 3 * DAY_MS),
        account: Account::new(1_000),
        shared: false,
        workers: 20,
        rates: Rates::default(),
        full_pass_hours: 24,
    };
    let mut oldest: Vec<Option<u64>> = Vec::new();
    let outcome = fleet.run(until, &[until], |_, states| {
        oldest = states.iter().map(State::oldest_reading).collect();
    });
    let mut loaded = 0;
    for ((location, state), oldest) in fleet.locations.iter().zip(&outcome.states).zip(oldest) {
        let most = location.quota / 2 + location.contacts / 400 + 10;
        assert!(state.most_a_day <= most, "{} of {}", state.most_a_day, location.quota);
        // One that has just been loaded has not gone round yet.
        let Some(at) = state.loaded_at.filter(|at| until - at > 3 * DAY_MS) else { continue };
        loaded += 1;
        let hours = until.saturating_sub(oldest.unwrap()).div_ceil(HOUR_MS);
        let promised = state.promised_hours(location);
        assert!(hours <= promised, "{hours} hours, promised {promised}; loaded at {at}");
    }
    println!(
        "{loaded} of 500 loaded, {} edits have not arrived",
        outcome.states.iter().map(State::awaited).sum::<u64>()
    );
    assert!(loaded > 300, "{loaded}");
    assert!(outcome.latest_ms < HOUR_MS, "runs are late by {} ms", outcome.latest_ms);
}
