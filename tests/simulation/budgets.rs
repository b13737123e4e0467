//! Many locations with one ChartMogul account, in one process and in several: its limit is never passed, and
//! the day's calls to each location are counted by all.

use std::cell::RefCell;
use std::rc::Rc;

use futures_util::future::{Either, join_all, select};
use ghl_chartmogul::host::{Host as _, Method, Request};
use ghl_chartmogul::http::{Accounts, Client, ClientConfig, GhlVersion, Profile, Secret};
use ghl_chartmogul::mapping::settings::{Anchor, Settings};
use ghl_chartmogul::sandbox::{Answer, Credentials, Sandbox, SandboxOptions};
use ghl_chartmogul::sync::{Engine, Today};
use ghl_chartmogul::{chartmogul, ghl};
use serde_json::json;

use crate::host::{SimulatedHost, Wire};
use crate::world::{APPLY, World, settings};

/// Each location has its own GHL; ChartMogul is the first one's.
struct Agency {
    others: Vec<Sandbox>,
    /// When requests came to ChartMogul.
    asked: Vec<u64>,
    /// Of its answers, those with status 429.
    limited: Vec<u64>,
}

fn origin(location: usize) -> String {
    format!("http://127.0.0.1:{}", 4010 + location)
}

fn is_of_chartmogul(request: &Request) -> bool {
    request.url.contains("/v1/")
}

impl Wire for Agency {
    fn request(&mut self, request: &Request, _: &Sandbox, now: u64) -> Option<Answer> {
        if is_of_chartmogul(request) {
            self.asked.push(now);
            return None;
        }
        let of = (1..).zip(&mut self.others).find(|(at, _)| request.url.starts_with(&origin(*at)));
        of.map(|(_, sandbox)| sandbox.handle(request, now))
    }

    fn answer(&mut self, request: &Request, _: &Sandbox, answer: &mut Answer, now: u64) {
        if is_of_chartmogul(request) && answer.response.status == 429 {
            self.limited.push(now);
        }
    }

    fn arrives_late(&mut self, _: bool) {}
}

/// So many lists of data sources show what was there a moment ago: none.
struct MomentAgo(u32);

impl Wire for MomentAgo {
    fn request(&mut self, _: &Request, _: &Sandbox, _: u64) -> Option<Answer> {
        None
    }

    fn answer(&mut self, request: &Request, _: &Sandbox, answer: &mut Answer, _: u64) {
        let lists = request.method == Method::Get && request.url.contains("/v1/data_sources");
        if lists && self.0 > 0 {
            self.0 -= 1;
            answer.response.body = br#"{"data_sources":[]}"#.to_vec();
        }
    }

    fn arrives_late(&mut self, _: bool) {}
}

/// Two locations of one name whose first runs begin at once: both look, and the second is refused, as the
/// name is taken.
#[test]
fn a_data_source_that_another_location_makes_at_the_same_moment_is_used() {
    let settings = Settings {
        anchor: Anchor::ContactIsCustomer,
        data_source: Some("Agency".to_owned()),
        ..settings()
    };
    let world = World::new(SandboxOptions { contacts: 20, ..SandboxOptions::default() }, settings);
    world.ask_chartmogul("POST", "/v1/data_sources", json!({ "name": "Agency" }));
    *world.host.wire.borrow_mut() = Some(Rc::new(RefCell::new(MomentAgo(2))));
    let outcome = world.run(APPLY).unwrap();
    assert!(outcome.done, "{:?}", outcome.report);
    let requests = world.host.requests.borrow();
    let made =
        requests.iter().filter(|line| line.starts_with("POST") && line.contains("data_sources"));
    assert_eq!(made.count(), 1, "it was refused, and not sent again");
    let customers = world.host.sandbox.borrow().chartmogul_customers();
    assert!(customers.iter().any(|customer| customer["external_ids"].to_string().contains("ghl:")));
}

/// A world of so many locations.
fn agency(locations: u64) -> (World, Vec<Credentials>, Rc<RefCell<Agency>>) {
    let options = |seed| SandboxOptions { seed, contacts: 40, ..SandboxOptions::default() };
    let settings = Settings { anchor: Anchor::ContactIsCustomer, ..settings() };
    let world = World::new(options(1), settings);
    let others: Vec<Sandbox> = (1..locations).map(|more| Sandbox::new(options(1 + more))).collect();
    let mut credentials = vec![world.host.sandbox.borrow().credentials().clone()];
    credentials.extend(others.iter().map(|sandbox| sandbox.credentials().clone()));
    let agency = Agency { others, asked: Vec::new(), limited: Vec::new() };
    let agency = Rc::new(RefCell::new(agency));
    *world.host.wire.borrow_mut() = Some(agency.clone());
    (world, credentials, agency)
}

fn client(
    accounts: &Accounts,
    profile: &'static Profile,
    location: usize,
    secret: &str,
    id: Option<&str>,
) -> Client {
    let config = ClientConfig {
        profile,
        base_url: Some(origin(location)),
        secret: Secret::new(secret),
        location_id: id.map(str::to_owned),
        api_version: GhlVersion::Dated,
        timeout_ms: None,
    };
    Client::sharing(config, accounts).unwrap()
}

/// The clients of the location of that number.
fn clients(
    accounts: &Accounts,
    credentials: &[Credentials],
    location: usize,
) -> (Client, chartmogul::Client) {
    let own = &credentials[location];
    let (token, id) = (&own.ghl_token, Some(own.location_id.as_str()));
    let chartmogul =
        client(accounts, &chartmogul::PROFILE, 0, &credentials[0].chartmogul_key, None);
    (client(accounts, &ghl::PROFILE, location, token, id), chartmogul::Client::over(chartmogul))
}

/// Most requests in a second, among those that came in that time.
fn most_in_a_second(asked: &[u64], from: u64, to: u64) -> usize {
    let starts = asked.iter().filter(|at| (from..to).contains(*at));
    let second = |at: &u64| asked.iter().filter(|one| (*at..at + 1_000).contains(*one)).count();
    starts.map(second).max().unwrap_or(0)
}

async fn sync(
    world: &World,
    accounts: &Accounts,
    credentials: &[Credentials],
    location: usize,
) -> Today {
    let (ghl, chartmogul) = clients(accounts, credentials, location);
    let data_source = format!("GHL {location}");
    let settings = Settings { data_source: Some(data_source), ..world.settings.clone() };
    let engine = Engine::new(&world.host, &ghl, &chartmogul, &settings).unwrap();
    engine.run(APPLY).await.unwrap();
    engine.today().await.unwrap()
}

#[test]
fn locations_of_one_process_share_the_account_and_none_is_refused() {
    let (world, credentials, agency) = agency(6);
    let accounts = Accounts::default();
    let runs = (0..6).map(|location| sync(&world, &accounts, &credentials, location));
    let days = world.host.block_on(join_all(runs)).unwrap();
    let agency = agency.borrow();
    assert!(agency.limited.is_empty(), "{} of {}", agency.limited.len(), agency.asked.len());
    let (first, last) = (agency.asked[0], agency.asked[agency.asked.len() - 1]);
    let used = agency.asked.len() as f64 / ((last - first) as f64 / 1_000.0);
    assert!(agency.asked.len() > 600 && used > 30.0, "{} at {used}/s", agency.asked.len());
    // Each location's calls are its own, and GHL counts the same.
    for (location, today) in days.iter().enumerate() {
        let calls = match location.checked_sub(1) {
            None => world.host.sandbox.borrow().stats().ghl.calls,
            Some(other) => agency.others[other].stats().ghl.calls,
        };
        assert_eq!((today.ours, today.by_sync, today.by_others), (calls, calls, Some(0)));
    }
    // Nothing is left of the processes, and no secret is in the store.
    assert_eq!(world.host.store.matching("/process/"), []);
    for secret in credentials.iter().flat_map(|one| [&one.ghl_token, &one.chartmogul_key]) {
        assert!(!world.host.store.dump().contains(secret.as_str()));
    }
}

#[test]
fn processes_on_one_store_divide_the_account_and_take_over_what_a_dead_one_used() {
    let (world, credentials, agency) = agency(4);
    let host = &world.host;
    let start = host.monotonic();
    let at = |milliseconds| host.sleep_in_background(milliseconds);
    let accounts: Vec<Accounts> = (0..4).map(|_| Accounts::default()).collect();
    let process = |location: usize| sync(&world, &accounts[location], &credentials, location);
    let killed = async {
        // It ends where it is, and tells nobody.
        let (run, death) = (std::pin::pin!(process(1)), std::pin::pin!(at(9_000)));
        matches!(select(run, death).await, Either::Right(_))
    };
    let joins = async {
        at(7_000).await;
        process(2).await
    };
    let works = futures_util::future::join3(process(0), killed, joins);
    let (_, was_killed, _) = host.block_on(works).unwrap();
    assert!(was_killed);
    let dead = host.store.matching("/process/");
    assert!(dead.len() <= 1, "{dead:?}");
    let held = host.store.dump();
    assert!(!held.contains(&credentials[0].chartmogul_key));
    let agency = agency.borrow();
    let (first, last) = (agency.asked[0], agency.asked[agency.asked.len() - 1]);
    let most = most_in_a_second(&agency.asked, first + 11_000, last);
    assert!(most <= 40, "{most} in a second");
    assert!(agency.limited.len() <= 4, "{:?} of {}", agency.limited, agency.asked.len());
    assert!(host.monotonic() > start + 20_000, "too little to do");
}

#[test]
fn the_days_calls_are_counted_by_all_processes_and_those_of_others_are_seen() {
    let world = World::new(
        SandboxOptions { contacts: 12, daily_limit: 5_000, ..SandboxOptions::default() },
        settings(),
    );
    let used = |world: &World| world.host.sandbox.borrow().stats().ghl.calls;
    let today = |world: &World| world.with(async |engine| engine.today().await).unwrap().unwrap();
    let none = today(&world);
    assert_eq!((none.limit, none.remaining, none.ours, none.by_others), (None, None, 0, None));
    assert_eq!(none.resets_at % 86_400_000, 0);
    world.run(APPLY).unwrap();
    let first = used(&world);
    let one = today(&world);
    assert_eq!((one.ours, one.by_sync), (first, first));
    // A second process, and somebody else's program.
    world.host.advance(60_000);
    world.run(APPLY).unwrap();
    let both = today(&world);
    assert_eq!((both.ours, both.by_sync), (used(&world), used(&world)));
    assert_eq!(world.host.store.matching("/spent/").len(), 1);
    let contact = world.host.sandbox.borrow().ghl_contacts()[0]["id"].clone();
    for _ in 0..7 {
        let path = format!("/contacts/{}", contact.as_str().unwrap());
        world.ask_ghl("PUT", &path, serde_json::json!({"city": "Brno"}));
    }
    world.host.advance(60_000);
    let ours = world
        .with(async |engine| {
            engine.run(APPLY).await?;
            engine.today().await
        })
        .unwrap()
        .unwrap();
    assert_eq!(ours.ours + 7, used(&world));
    assert_eq!((ours.limit, ours.by_others), (Some(5_000), Some(7)));
    assert_eq!(ours.remaining, Some(5_000 - used(&world)));
    // The next day begins with nothing, and clears what is over.
    world.host.advance(2 * 86_400_000);
    assert_eq!(today(&world).ours, 0);
    let before = used(&world);
    world.run(APPLY).unwrap();
    assert_eq!(today(&world).ours, used(&world) - before);
    assert_eq!(world.host.store.matching("/spent/").len(), 1);
}

#[test]
fn a_programs_own_calls_are_counted_beside_the_syncs() {
    let world = World::new(SandboxOptions { contacts: 6, ..SandboxOptions::default() }, settings());
    let credentials = world.host.sandbox.borrow().credentials().clone();
    let options = serde_json::json!({
        "ghl": { "token": credentials.ghl_token, "locationId": credentials.location_id, "baseUrl": "http://127.0.0.1:4010" },
        "chartmogul": { "apiKey": credentials.chartmogul_key, "baseUrl": "http://127.0.0.1:4010" },
    });
    let connector = ghl_chartmogul::connector::Connector::new(&options).unwrap();
    let search = async |host: &SimulatedHost| {
        connector.page(host, "ghl.contacts.search", "{}", None).await.unwrap();
        if let Some(noting) = connector.noting(host) {
            noting.await;
        }
    };
    let (program, mixed) = world
        .host
        .block_on(async {
            for _ in 0..3 {
                search(&world.host).await;
                world.host.sleep_in_background(11_000).await;
            }
            // Of another process, all that is known is what was noted.
            let (ghl, chartmogul) = world.clients();
            let other = Engine::new(&world.host, &ghl, &chartmogul, &world.settings).unwrap();
            let program = other.today().await.unwrap();
            connector.run(&world.host, r#"{"apply":true}"#).await.unwrap();
            (program, connector.engine(&world.host).unwrap().today().await.unwrap())
        })
        .unwrap();
    assert_eq!((program.ours, program.by_sync), (3, 0));
    let calls = world.host.sandbox.borrow().stats().ghl.calls;
    assert_eq!((mixed.ours, mixed.by_sync, mixed.by_others), (calls, calls - 3, Some(0)));
}
