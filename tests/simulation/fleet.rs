//! Fifty locations of one ChartMogul account for two days, run by the real engine, and the queue model
//! beside it: what the model says of thousands is worth what it says of these.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use ghl_chartmogul::host::{Event, Host as _, Method, Request};
use ghl_chartmogul::http::{Client, ClientConfig, GhlVersion, Secret};
use ghl_chartmogul::sandbox::{Answer, Sandbox, SandboxOptions};
use ghl_chartmogul::sync::Engine;
use ghl_chartmogul::{chartmogul, ghl};
use serde_json::{Value, json};

use crate::host::{SimulatedHost, Wire};
use crate::queue::{
    Account, Calls, Chance, DAY_MS, Fleet, HOUR_MS, KINDS, Location, MINUTE_MS, Outcome, Rates,
    State, next_due,
};
use crate::world::{APPLY, World, settings};

const DAYS: u64 = 2;
const LOCATIONS: usize = 50;
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
    late_ms: Cell<u64>,
    /// Notes of linked contacts that nobody has edited yet: the contact's place and both ids.
    notes: RefCell<Option<Vec<(u64, String, String)>>>,
    edits: RefCell<Vec<(u64, u64)>>,
}

/// What is seen of all locations at a moment: contacts that wait, when the oldest reading was.
type Look = Vec<(u64, Option<u64>)>;

/// ChartMogul's requests go to the account that all share; edits are seen as they arrive there.
struct Shared {
    account: Rc<RefCell<Sandbox>>,
    /// When an edit was made, and when it arrived, by its number.
    edits: Rc<RefCell<BTreeMap<u64, (u64, Option<u64>)>>>,
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
    let mut known = std::collections::BTreeSet::new();
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
    let members: Vec<Member> = (0..std::env::var("FLEET_LOCATIONS").map_or(LOCATIONS as u64, |text| text.parse().unwrap()))
        .map(|number| {
            let interval_ms = if number % 10 == 3 { 15 * MINUTE_MS } else { HOUR_MS };
            let quota = [300, 500, 2_000, 10_000, 200_000][(number % 5) as usize];
            let announces = number % 3 == 0;
            let options = SandboxOptions {
                seed: seed * 1_000 + number,
                contacts: chance.skewed(20, 400) as u32,
                notes_per_contact: 0.8,
                tasks_per_contact: 0.4,
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
                late_ms: Cell::default(),
                notes: RefCell::default(),
                edits: RefCell::default(),
            }
        })
        .collect();
    let account = Rc::new(RefCell::new(shared_account(began, &members)));
    let key = account.borrow().credentials().chartmogul_key.clone();
    let edits = Rc::new(RefCell::new(BTreeMap::new()));
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
    let parts: Vec<futures_util::future::LocalBoxFuture<'_, ()>> = (0..WORKERS)
        .map(|_| Box::pin(work()) as futures_util::future::LocalBoxFuture<'_, ()>)
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
        self.late_ms.set(self.late_ms.get() + start - due);
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
        let waiting = turns.iter().filter(|at| **at == 0).count() as u64;
        (waiting, turns.into_iter().find(|at| *at > 0))
    }

    /// The numbers that the model needs.
    fn numbers(&self) -> Location {
        let sandbox = self.world.host.sandbox.borrow();
        let linked = self.world.linked("contact");
        let tasks = sandbox.ghl_tasks();
        let notes = self.world.linked("note");
        let with_notes: std::collections::BTreeSet<&str> =
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

#[test]
fn the_model_agrees_with_fifty_locations_of_the_real_engine() {
    let began = std::time::Instant::now();
    let measured = measure(1);
    println!("measured in {:?}", began.elapsed());
    let (fleet, outcome, looks) = model(&measured);
    let mut dump = format!("{} {} {WORKERS}\n", measured.account.customers, measured.until);
    for (member, l) in measured.members.iter().zip(&fleet.locations) {
        let c = member.calls.borrow();
        dump += &format!("L {} {} {} {} {} {} {} {} {} {} {} {}\n", l.contacts, l.linked, l.made, l.with_notes, l.notes, l.tasks, l.open_tasks, l.linked_tasks, l.announces, l.interval_ms, l.quota, l.first_run_at);
        dump += &format!("E {:?}\n", l.edits);
        dump += &format!("C {:?} {} {}\n", KINDS.map(|(kind, ..)| c.of(kind)), member.runs.get(), member.busy_ms.get());
    }
    for (at, seen) in &measured.looks { dump += &format!("S {at} {seen:?}\n"); }
    dump += &format!("A {:?}\n", measured.edits);
    std::fs::write("/tmp/model-dump.txt", dump).unwrap();
    let mut all = Calls::default();
    let mut refused: BTreeMap<String, u64> = BTreeMap::new();
    for (member, (location, state)) in
        measured.members.iter().zip(fleet.locations.iter().zip(&outcome.states))
    {
        all.plus(&member.calls.borrow());
        for (name, number) in member.refusals.borrow().iter() {
            *refused.entry(name.clone()).or_default() += number;
        }
        println!(
            "quota {:6} every {:2} min {} {:3} contacts {:3} linked {:4} notes: runs {} {}, GHL {} {}, ChartMogul {} {}, busy {} {} s, late {} s, edits {} arrived {}",
            location.quota,
            location.interval_ms / MINUTE_MS,
            if location.announces { "announces" } else { "quiet    " },
            location.contacts,
            location.linked,
            location.notes,
            member.runs.get(),
            state.runs,
            member.calls.borrow().ghl(),
            state.calls.ghl(),
            member.calls.borrow().chartmogul(),
            state.calls.chartmogul(),
            member.busy_ms.get() / 1_000,
            state.busy_ms / 1_000,
            member.late_ms.get() / 1_000,
            location.edits.len(),
            state.arrived.len(),
        );
    }
    println!("refused: {refused:#?}");
    let mut modelled = Calls::default();
    for state in &outcome.states {
        modelled.plus(&state.calls);
    }
    for (kind, service, name) in KINDS {
        println!("{service} {name}: measured {}, modelled {}", all.of(kind), modelled.of(kind));
    }
    for ((at, seen), (_, expected)) in measured.looks.iter().zip(&looks) {
        let waiting = |look: &Look| look.iter().map(|(waiting, _)| *waiting).sum::<u64>();
        let age = |look: &Look| {
            look.iter().filter_map(|(_, oldest)| Some((at - (*oldest)?) / MINUTE_MS)).max()
        };
        println!(
            "{} h: wait {} {}, oldest {:?} {:?} minutes",
            (at + 2 * DAY_MS - measured.until) / HOUR_MS,
            waiting(seen),
            waiting(expected),
            age(seen),
            age(expected)
        );
        for (place, ((w, o), (mw, mo))) in seen.iter().zip(expected).enumerate() {
            let interval = fleet.locations[place].interval_ms;
            let (a, b) = (o.unwrap_or(*at), mo.unwrap_or(*at));
            if w.abs_diff(*mw) > 3 || a.abs_diff(b) > interval {
                println!(
                    "   location {place}: wait {w} {mw}, oldest {} {} minutes",
                    (at - a) / MINUTE_MS,
                    (at - b) / MINUTE_MS
                );
            }
        }
    }
    let percentile = |times: &mut Vec<u64>, part: usize| {
        times.sort_unstable();
        times.get(times.len() * part / 100).copied().unwrap_or(0) / MINUTE_MS
    };
    let mut real: Vec<u64> =
        measured.edits.iter().filter_map(|(made, arrived)| Some((*arrived)? - made)).collect();
    let mut expected: Vec<u64> = outcome
        .states
        .iter()
        .flat_map(|state| state.arrived.iter().map(|(made, arrived)| arrived - made))
        .collect();
    println!("arrived {} of {}, modelled {}", real.len(), measured.edits.len(), expected.len());
    for part in [50, 95, 99] {
        println!(
            "{part} %: {} {} minutes",
            percentile(&mut real, part),
            percentile(&mut expected, part)
        );
    }
    println!("all in {:?}", began.elapsed());
    panic!("look");
}
