//! Two owners of one store: both begin at once, one is taken for dead while it works, and what it sent
//! arrives when the other is at work.

use futures_util::future::join;
use ghl_chartmogul::error::Code;
use ghl_chartmogul::sandbox::SandboxOptions;
use ghl_chartmogul::sync::Engine;

use crate::host::Weather;
use crate::world::{APPLY, World, settings};

fn small(seed: u64) -> SandboxOptions {
    SandboxOptions { seed, contacts: 6, ..SandboxOptions::default() }
}

#[test]
fn of_two_that_begin_at_once_one_is_busy() {
    for seed in 1..6 {
        // Long enough that the second sees the first renew its lease.
        let world = World::new(SandboxOptions { contacts: 60, ..small(seed) }, settings());
        let (ghl, chartmogul) = world.clients();
        let one = Engine::new(&world.host, &ghl, &chartmogul, &world.settings).unwrap();
        let (ghl, chartmogul) = world.clients();
        let other = Engine::new(&world.host, &ghl, &chartmogul, &world.settings).unwrap();
        let both = join(one.run(APPLY), other.run(APPLY));
        let (one, other) = world.host.block_on(both).unwrap();
        assert!(one.is_ok() != other.is_ok(), "{:?} {:?}", one.is_ok(), other.is_ok());
        let error = one.err().or(other.err()).unwrap();
        assert_eq!(error.code, Code::Busy, "{error}");
        assert!(error.message.starts_with("the simulated host is syncing"), "{error}");
        world.check();
        // A second one that begins later finds it at work, too.
        let before = world.writes();
        world.run(APPLY).unwrap();
        assert_eq!(world.writes(), before, "a run after a run writes nothing");
    }
}

/// Another process takes the lease before the commit of that number, and is at work at once; what the
/// first one has sent is still on its way.
fn stolen(seed: u64, commit: u64, weather: Weather) -> (World, bool) {
    let world = World::new(small(seed), settings());
    world.host.weather.set(weather);
    world.host.store.stolen_at.set(Some(commit));
    let first = world.run(APPLY);
    let busy = first.as_ref().is_err_and(|error| error.code == Code::Busy);
    assert!(busy || first.is_ok(), "commit {commit}: {:?}", first.err());
    world.host.store.stolen_at.set(None);
    (world, busy)
}

#[test]
fn a_lease_that_is_taken_over_at_any_commit_doubles_nothing() {
    let calm = World::new(small(1), settings());
    calm.run(APPLY).unwrap();
    let commits = calm.host.store.commits();
    for weather in [Weather::default(), Weather { slow_ms: 20_000, twice_ms: None }] {
        let mut taken = 0;
        for commit in 1..commits {
            let (world, busy) = stolen(1, commit, weather);
            taken += u64::from(busy);
            let before = world.host.store.commits();
            world.run_until_done(3);
            assert!(world.host.store.commits() > before);
            world.host.advance(120_000);
            world.run_until_done(2);
            world.check();
        }
        assert!(taken * 2 > commits, "{taken} of {commits} owners noticed that they were replaced");
    }
}
