//! The mailbox: what people decide while another process syncs the location is queued, carried out by
//! that process, and neither lost nor done twice, whoever dies when.

use futures_util::future::join;
use ghl_chartmogul::error::Code;
use ghl_chartmogul::host::Host as _;
use ghl_chartmogul::sandbox::SandboxOptions;
use ghl_chartmogul::sync::{DeadLetter, Engine, LetterKind, Reason, RecordStanding, Standing, Why};
use serde_json::json;

use crate::host::{SimulatedHost, Weather};
use crate::store::yielding;
use crate::world::{APPLY, World, settings};

fn why(world: &World, id: &str) -> Why {
    world.with(async |engine| engine.why(id).await).unwrap().unwrap()
}

fn letters(world: &World) -> Vec<DeadLetter> {
    world.with(async |engine| engine.dead_letters(None, 1000).await).unwrap().unwrap().0
}

/// A location in step, but for contacts that wait for a choice.
fn synced(contacts: u32) -> World {
    let options = SandboxOptions { seed: 21, contacts, ..SandboxOptions::default() };
    let world = World::new(options, settings());
    world.run_until_done(2);
    world.host.advance(3_600_000);
    world
}

/// GHL contacts that wait for a choice, with their candidates.
fn waiting(world: &World) -> Vec<(String, Vec<String>)> {
    let ambiguous = |letter: &DeadLetter| letter.cause == Reason::Ambiguous;
    letters(world)
        .into_iter()
        .filter(ambiguous)
        .map(|letter| (letter.id, letter.candidates))
        .collect()
}

/// Writes that take long: a note for each linked contact.
fn much_to_write(world: &World) {
    for contact in world.linked("contact").keys() {
        let path = format!("/contacts/{contact}/notes");
        world.ask_ghl("POST", &path, json!({ "body": "Called again", "userId": "u" }));
    }
    world.host.advance(120_000);
    world.host.weather.set(Weather { slow_ms: 20_000, twice_ms: None });
}

/// Two processes on the same store.
fn two<T>(world: &World, play: impl AsyncFnOnce(&Two<'_>, &Two<'_>) -> T) -> Option<T> {
    let (ghl, chartmogul) = world.clients();
    let one = Engine::new(&world.host, &ghl, &chartmogul, &world.settings).unwrap();
    let (ghl, chartmogul) = world.clients();
    let other = Engine::new(&world.host, &ghl, &chartmogul, &world.settings).unwrap();
    world.host.block_on_until_stuck(play(&one, &other))
}

type Two<'a> = Engine<'a, SimulatedHost>;

#[test]
fn what_is_decided_during_a_run_is_carried_out_at_its_end() {
    let world = synced(60);
    let [(chosen, candidates), (accepted, _), ..] = &waiting(&world)[..] else {
        panic!("the world of this test needs two conflicts");
    };
    let linked: Vec<String> = world.linked("contact").into_keys().take(2).collect();
    let [unlinked, retried] = &linked[..] else { panic!("two are linked") };
    world.with(async |engine| engine.unlink(retried).await).unwrap().unwrap();
    much_to_write(&world);

    let decisions = async |other: &Two<'_>| {
        world.host.sleep_in_background(2_000).await;
        let whys = [
            other.link(chosen, &candidates[1]).await.unwrap(),
            other.unlink(unlinked).await.unwrap(),
            other.accept(std::slice::from_ref(accepted)).await.unwrap().remove(0),
            other.retry(retried).await.unwrap(),
        ];
        let asked = other.why(unlinked).await.unwrap();
        assert!(asked.queued.is_some(), "{asked:?}: `why` tells what waits, whoever asks");
        (whys, other.status().await.unwrap(), other.unlink("nobody").await.unwrap_err())
    };
    let both = two(&world, async |one, other| join(one.run(APPLY), decisions(other)).await);
    let (run, (whys, during, unknown)) = both.unwrap();
    let outcome = run.unwrap();
    assert!(outcome.done, "{outcome:?}");
    assert_eq!(unknown.code, Code::NotFound, "a wrong id is refused at once");
    for why in &whys {
        let holder = why.queued.as_ref().unwrap_or_else(|| panic!("{why:?} is not queued"));
        assert_eq!(holder.name, "the simulated host");
    }
    assert_eq!(
        (whys[2].standing, whys[2].cause),
        (RecordStanding::Waiting, Some(Reason::Ambiguous))
    );
    assert_eq!(during.queued, 4, "the run was too short for this test");

    let after = world.status();
    assert_eq!((after.queued, after.holder.is_none()), (0, true));
    assert_eq!(world.host.store.matching("/choice/").len(), 1);
    let why_unlinked = why(&world, unlinked);
    assert_eq!(why_unlinked.cause, Some(Reason::Unlinked));
    assert!(why_unlinked.queued.is_none());
    assert_eq!(why(&world, accepted).cause, Some(Reason::Accepted));
    assert_eq!(
        why(&world, retried).standing,
        RecordStanding::Unknown,
        "the next run reads it again"
    );

    world.host.weather.set(Weather::default());
    world.host.advance(3_600_000);
    world.run_until_done(2);
    let linked = world.linked("contact");
    assert_eq!(linked[chosen]["customer"], candidates[1].as_str());
    assert!(linked.contains_key(retried) && !linked.contains_key(unlinked));
}

#[test]
fn a_plan_does_not_know_of_what_was_decided_while_it_was_made() {
    let world = synced(60);
    let contact = world.linked("contact").into_keys().next().unwrap();
    // Lists of GHL take their time.
    let slow = ghl_chartmogul::sandbox::Fault::Delay { milliseconds: 4_000 };
    let rule = ghl_chartmogul::sandbox::FaultRule::always(slow);
    world.host.sandbox.borrow_mut().set_faults(vec![rule]);
    let plan = two(&world, async |one, other| {
        let decision = async {
            world.host.sleep_in_background(2_000).await;
            other.unlink(&contact).await
        };
        join(one.plan(APPLY), decision).await
    });
    let (plan, decision) = plan.unwrap();
    assert!(decision.unwrap().queued.is_some(), "the plan was made too soon for this test");
    world.host.sandbox.borrow_mut().set_faults(Vec::new());
    assert!(world.status().state.planned_at > 0);
    let id = plan.unwrap().id;
    let applied = world.with(async |engine| engine.apply(&id, APPLY).await).unwrap();
    let error = applied.unwrap_err();
    assert_eq!(error.code, Code::StalePlan);
    assert!(error.message.contains("a person decided"), "{error}");
    world.run_until_done(2);
    assert!(!world.linked("contact").contains_key(&contact));
}

#[test]
fn a_decision_that_has_become_impossible_is_listed_and_stops_nothing() {
    let options = SandboxOptions { seed: 21, contacts: 60, ..SandboxOptions::default() };
    // Which contact the run links with which is known from another world of the same seed.
    let same = World::new(options.clone(), settings());
    same.run_until_done(2);
    let pairs = same.linked("contact");
    let taken = |(_, pair): &(&String, &serde_json::Value)| {
        pair["uuid"].as_str().is_some_and(|uuid| {
            same.host.sandbox.borrow().chartmogul_contacts().iter().any(|contact| {
                contact["uuid"] == uuid && contact["custom"]["ghl_contact_id"].is_null()
            })
        })
    };
    let world = World::new(options, settings());
    let there = world.host.sandbox.borrow().chartmogul_contacts();
    let is_there = |uuid: &str| there.iter().any(|contact| contact["uuid"] == uuid);
    let found = pairs.iter().find(|(_, pair)| pair["uuid"].as_str().is_some_and(is_there));
    let (owner, pair) = found.or_else(|| pairs.iter().find(taken)).expect("one is matched");
    let uuid = pair["uuid"].as_str().unwrap();
    let other_contact = pairs.keys().find(|id| *id != owner).unwrap().clone();
    world.host.weather.set(Weather { slow_ms: 5_000, twice_ms: None });

    let both = two(&world, async |one, other| {
        let decision = async {
            world.host.sleep_in_background(200).await;
            other.link(&other_contact, uuid).await
        };
        join(one.run(APPLY), decision).await
    });
    let (run, decision) = both.unwrap();
    assert!(decision.unwrap().queued.is_some());
    assert!(run.unwrap().done);
    assert_eq!(world.status().queued, 0);
    let all = letters(&world);
    let letter =
        all.iter().find(|letter| letter.kind == LetterKind::Decision).expect("it is listed");
    assert_eq!((letter.id.as_str(), letter.standing), (other_contact.as_str(), Standing::Waiting));
    assert_eq!((letter.cause, letter.code.as_str()), (Reason::Decision, "duplicate"));
    assert!(letter.reason.contains(&format!("linked with the GHL contact {owner}")), "{letter:?}");
    assert_eq!(world.linked("contact")[owner]["uuid"], uuid);
    assert_eq!(why(&world, &other_contact).cause, Some(Reason::Decision));

    // Whoever decides again has seen it.
    let accept = async |engine: &Two<'_>| engine.accept(std::slice::from_ref(&other_contact)).await;
    world.with(accept).unwrap().unwrap();
    assert!(letters(&world).iter().all(|letter| letter.kind != LetterKind::Decision));
}

#[test]
fn a_record_whose_status_has_changed_since_is_not_accepted() {
    let world = synced(60);
    let (contact, _) = waiting(&world).remove(0);
    let key = world.host.store.matching(&format!("/letter/contact/{contact}")).remove(0).0;
    let both = two(&world, async |one, other| {
        let decision = async {
            world.host.sleep_in_background(1_000).await;
            // It is put, and the record changes before it is taken.
            let put = other.accept(std::slice::from_ref(&contact)).await;
            let mut copy = world.host.store.copy();
            let letter = copy[&key].replace("\"ambiguous\"", "\"rejected\"");
            assert_ne!(letter, copy[&key]);
            copy.insert(key.clone(), letter);
            world.host.store.put_back(copy);
            put
        };
        much_to_write(&world);
        join(one.run(APPLY), decision).await
    });
    let (run, decision) = both.unwrap();
    assert!(run.unwrap().done && decision.unwrap()[0].queued.is_some());
    let why = why(&world, &contact);
    assert_ne!(why.cause, Some(Reason::Accepted));
    assert!(
        letters(&world)
            .iter()
            .any(|letter| letter.kind == LetterKind::Decision && letter.id == contact)
    );
}

#[test]
fn a_decision_outlives_whoever_was_to_carry_it_out() {
    let whole = synced(20);
    let copy = whole.host.store.copy();
    let contact = whole.linked("contact").into_keys().next().unwrap();
    // Put, take the lease, carry out, let go.
    for after in 1..5 {
        whole.host.store.put_back(copy.clone());
        whole.host.store.dies_after.set(Some(whole.host.store.commits() + after));
        let died = two(&whole, async |one, _| one.unlink(&contact).await);
        assert!(died.is_none() == (after < 4), "{after}: {died:?}");
        whole.host.store.dies_after.set(None);
        assert_eq!(whole.status().queued, u64::from(after < 3), "{after}");
        whole.host.advance(60_000);
        whole.run_until_done(2);
        assert_eq!(whole.status().queued, 0, "{after}");
        assert_eq!(why(&whole, &contact).cause, Some(Reason::Unlinked), "{after}");
    }
}

#[test]
fn a_decision_of_a_run_that_dies_is_taken_by_the_next() {
    let world = synced(60);
    let contact = world.linked("contact").into_keys().next().unwrap();
    much_to_write(&world);
    let (ghl, chartmogul) = world.clients();
    let one = Engine::new(&world.host, &ghl, &chartmogul, &world.settings).unwrap();
    let (ghl, chartmogul) = world.clients();
    let other = Engine::new(&world.host, &ghl, &chartmogul, &world.settings).unwrap();
    let queued = std::cell::Cell::new(false);
    let decision = async {
        world.host.sleep_in_background(1_000).await;
        queued.set(other.unlink(&contact).await.unwrap().queued.is_some());
        world.host.kill_after.set(Some(world.host.steps() + 2));
    };
    assert!(world.host.block_on(join(one.run(APPLY), decision)).is_err(), "it is killed");
    world.host.kill_after.set(None);
    world.host.weather.set(Weather::default());
    assert!(queued.get(), "the run died too soon for this test");
    assert_eq!(world.status().queued, 1);
    world.host.advance(60_000);
    world.run_until_done(3);
    assert_eq!(world.status().queued, 0);
    assert_eq!(why(&world, &contact).cause, Some(Reason::Unlinked));
}

#[test]
fn a_decision_that_comes_as_the_run_ends_is_not_left_behind() {
    let world = synced(20);
    let copy = world.host.store.copy();
    let contact = world.linked("contact").into_keys().next().unwrap();
    world.host.store.yields.set(true);
    let slow = ghl_chartmogul::sandbox::Fault::Delay { milliseconds: 2_000 };
    let rule = ghl_chartmogul::sandbox::FaultRule::always(slow);
    world.host.sandbox.borrow_mut().set_faults(vec![rule]);
    let began = world.host.monotonic();
    world.run(APPLY).unwrap();
    let took = world.host.monotonic() - began;
    assert!(took > 6_000, "{took} ms: no time for a renewal");
    let mut ends = [0, 0];
    for early_ms in [0, 40, 3_000] {
        for turns in 0..60 {
            world.host.store.put_back(copy.clone());
            let both = two(&world, async |one, other| {
                let decision = async {
                    world.host.sleep_in_background(took - early_ms).await;
                    for _ in 0..turns {
                        yielding().await;
                    }
                    other.unlink(&contact).await
                };
                join(one.run(APPLY), decision).await
            });
            let (run, decision) = both.unwrap();
            let what = format!("{early_ms} ms early, {turns} turns");
            assert!(run.unwrap().done, "{what}");
            ends[usize::from(decision.unwrap().queued.is_some())] += 1;
            assert_eq!(world.host.store.matching("/mail/"), [], "{what}");
            assert_eq!(why(&world, &contact).cause, Some(Reason::Unlinked), "{what}");
            assert!(world.status().holder.is_none(), "{what}");
        }
    }
    assert!(ends[0] > 60, "{ends:?}: few came when the run had ended");
}

#[test]
fn a_run_that_begins_amid_decisions_waits_for_them() {
    let world = synced(20);
    let contacts: Vec<String> = world.linked("contact").into_keys().take(4).collect();
    world.host.store.yields.set(true);
    for turns in 0..12 {
        let both = two(&world, async |one, other| {
            let decisions = async {
                for contact in &contacts {
                    other.retry(contact).await.unwrap();
                }
            };
            let run = async {
                for _ in 0..turns {
                    yielding().await;
                }
                one.run(APPLY).await
            };
            join(run, decisions).await
        });
        let (run, ()) = both.unwrap();
        assert!(run.unwrap().done, "{turns} turns");
        assert_eq!(world.status().queued, 0);
    }
}

#[test]
fn decisions_are_carried_out_in_their_order_whatever_the_clocks_say() {
    let world = synced(60);
    let (contact, candidates) = waiting(&world).remove(0);
    much_to_write(&world);
    let both = two(&world, async |one, other| {
        let decisions = async {
            world.host.sleep_in_background(1_000).await;
            other.link(&contact, &candidates[0]).await.unwrap();
            // The next one's clock is an hour behind.
            world.host.ahead_ms.set(0);
            other.link(&contact, &candidates[1]).await.unwrap()
        };
        world.host.ahead_ms.set(3_600_000);
        join(one.run(APPLY), decisions).await
    });
    let (run, last) = both.unwrap();
    assert!(run.unwrap().done && last.queued.is_some());
    world.host.weather.set(Weather::default());
    world.host.advance(7_200_000);
    world.run_until_done(2);
    assert_eq!(world.linked("contact")[&contact]["customer"], candidates[1].as_str());
}
