//! Many stories: two thousand seeds, or as many as asked for, one thread a core. What fails is shrunk
//! to a few events and told. Which situations were reached is counted, and old faults are brought
//! back to see that they are noticed.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use ghl_chartmogul::mutants::{self, Mutant};

use crate::both_ways::OF_BOTH_WAYS;
use crate::host::Weather;
use crate::invariants::Held;
use crate::situations::SITUATIONS;
use crate::story::{KINDS, KINDS_OF_PROCESSES, Told, play, play_in};
use crate::tape::Tape;

/// Seeds of a run in which nothing else is asked for.
const SEEDS: u64 = 1_000;
/// Seeds beyond them whose stories broke once: each run plays them again.
const ONCE_BROKEN: &[u64] = &[
    2_665, 3_662, 4_064, 4_357, 4_483, 4_677, 4_680, 5_059, 5_363, 5_859, 7_035, 8_916, 9_348,
    9_581, 9_900, 9_957, 11_152, 13_115, 13_172, 13_278, 13_848, 14_571, 15_862, 15_958, 18_307,
    18_710, 18_779, 18_920, 19_503,
];
/// Seeds of the stories in which writes are slow.
const SLOW_SEEDS: u64 = 400;
/// Seeds beyond them whose stories broke once.
const SLOW_BROKEN: &[u64] = &[];
/// Faults that stories notice in which writes are slow and processes come and go.
const OF_PROCESSES: [Mutant; 3] =
    [Mutant::SentAgainAtOnce, Mutant::LeaseIsNotAsked, Mutant::DoublesUnseen];
/// Faults that no story meets: an index that lags would make liars of all judgements in between, the
/// people of stories type no emoji, and five updates in a row are rare. Their situations notice them.
const OF_SITUATIONS: [Mutant; 3] =
    [Mutant::OldStateWins, Mutant::AnswerNotTakenIn, Mutant::ShortOfBreath];
/// A mutant must be noticed within so many.
const MUTANT_SEEDS: u64 = 500;

pub fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Panics of stories are printed with their story, and not when they happen.
pub fn silence_stories() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if std::thread::current().name() != Some("story") {
                before(info);
            }
        }));
    });
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message").to_owned()
}

/// Plays with a fault, or none; a panic is a failure as any other.
pub fn with_fault<T>(mutant: Option<Mutant>, play: impl FnOnce() -> T) -> Result<T, String> {
    mutants::set(mutant);
    let told = catch_unwind(AssertUnwindSafe(play));
    mutants::set(None);
    told.map_err(|panic| format!("panic: {}", message(&*panic)))
}

fn play_with(mutant: Option<Mutant>, tape: &Tape) -> Result<Told, String> {
    with_fault(mutant, || play(tape))
}

fn failure(mutant: Option<Mutant>, tape: &Tape) -> Option<String> {
    play_with(mutant, tape).map_or_else(Some, |told| told.held.err())
}

/// What failed, without names and numbers: failures of one kind are one finding.
fn kind_of(said: &str) -> String {
    let mut kind = String::new();
    let mut quoted = false;
    for letter in said.chars() {
        match letter {
            '"' => {
                quoted = !quoted;
                kind.push('"');
            }
            _ if quoted || letter.is_ascii_digit() => {}
            _ => kind.push(letter),
        }
    }
    kind.split(['{', '(', ';']).next().unwrap_or_default().chars().take(70).collect()
}

/// The seeds of a campaign: the one that `SIMULATION_SEED` names, or as many from it on as
/// `SIMULATION_SEEDS` says; without one from 1 on, with those that once broke.
fn seeds(few: u64, once_broken: &[u64]) -> Vec<u64> {
    let (first, many) = (number("SIMULATION_SEED"), number("SIMULATION_SEEDS"));
    if let Some(first) = first {
        return (first..first.saturating_add(many.unwrap_or(1))).collect();
    }
    let last = many.unwrap_or(few);
    (1..=last).chain(once_broken.iter().copied().filter(|seed| *seed > last)).collect()
}

/// Works through seeds with one thread a core, until all are done or one says stop.
pub fn spread(seeds: std::ops::Range<u64>, work: impl Fn(u64) -> bool + Sync) {
    silence_stories();
    let threads = number("SIMULATION_THREADS").map_or_else(
        || std::thread::available_parallelism().map_or(1, usize::from),
        |one| one as usize,
    );
    let next = AtomicU64::new(seeds.start);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let run = || loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= seeds.end || !work(seed) {
                    next.store(seeds.end, Ordering::Relaxed);
                    return;
                }
            };
            std::thread::Builder::new().name("story".to_owned()).spawn_scoped(scope, run).unwrap();
        }
    });
}

pub fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells a failing tape, shrunk, as a story.
fn tell(seed: u64, tape: Tape, said: &str) -> String {
    let kind = kind_of(said);
    let same = |tape: &Tape| failure(None, tape).is_some_and(|said| kind_of(&said) == kind);
    let small = std::thread::scope(|scope| {
        let shrink = || tape.shrunk(Duration::from_secs(30), same);
        let worker = std::thread::Builder::new().name("story".to_owned());
        worker.spawn_scoped(scope, shrink).unwrap().join().unwrap()
    });
    let mut lines = vec![format!("seed {seed}: {said}")];
    match catch_unwind(AssertUnwindSafe(|| play(&small))) {
        Ok(told) => {
            lines.extend(told.lines.into_iter().map(|line| format!("  {line}")));
            lines.push(format!("  -> {}", told.held.err().unwrap_or_default()));
        }
        Err(panic) => lines.push(format!("  -> panic: {}", message(&*panic))),
    }
    lines.push(format!("  the whole story: cargo xtask test simulation --seed {seed}"));
    lines.push(format!("  this one: SIMULATION_TAPE={} cargo xtask test simulation", small.text()));
    lines.join("\n")
}

#[test]
#[allow(clippy::disallowed_methods, reason = "how long it took is for people")]
fn stories_hold() {
    if let Some(tape) = std::env::var("SIMULATION_TAPE").ok().and_then(|text| Tape::parse(&text)) {
        let told = play(&tape);
        println!("{}", told.lines.join("\n"));
        assert_eq!(told.held, Ok(()));
        return;
    }
    let seeds = seeds(SEEDS, ONCE_BROKEN);
    let count = seeds.len() as u64;
    let began = Instant::now();
    let reached: Mutex<BTreeMap<&'static str, u64>> = Mutex::default();
    let failed: Mutex<BTreeMap<String, Vec<(u64, String)>>> = Mutex::default();
    let requests = AtomicU64::new(0);
    spread(0..count, |place| {
        let seed = seeds[place as usize];
        let tape = Tape::of(seed, &KINDS);
        let held = match play_with(None, &tape) {
            Ok(told) => {
                for situation in &told.reached {
                    *lock(&reached).entry(situation).or_default() += 1;
                }
                requests.fetch_add(told.requests, Ordering::Relaxed);
                let again = (seed % 100 == 7).then(|| play_with(None, &tape));
                match again {
                    Some(again) if again.as_ref().map(|again| again.hash) != Ok(told.hash) => {
                        Err("played twice, a story ended in two ways".to_owned())
                    }
                    _ => told.held,
                }
            }
            Err(said) => Err(said),
        };
        if let Err(said) = held {
            lock(&failed).entry(kind_of(&said)).or_default().push((seed, said));
        }
        true
    });
    let took = began.elapsed().as_secs_f64();
    let requests = requests.into_inner();
    println!(
        "{count} stories in {took:.1} s: {:.0} a second, {} requests each",
        count as f64 / took,
        requests / count.max(1)
    );
    let reached = lock(&reached);
    for (situation, times) in reached.iter() {
        println!("reached {times:>6} times: {situation}");
    }
    let failed = std::mem::take(&mut *lock(&failed));
    let broken: usize = failed.values().map(Vec::len).sum();
    let mut kinds: Vec<_> = failed.iter().collect();
    kinds.sort_by_key(|(_, seeds)| std::cmp::Reverse(seeds.len()));
    let shown = number("SIMULATION_SHOWN").unwrap_or(4) as usize;
    for (kind, seeds) in &kinds {
        let first: Vec<String> = seeds.iter().take(12).map(|(seed, _)| seed.to_string()).collect();
        println!("broke {:>6} times, with the seeds {}: {kind}", seeds.len(), first.join(", "));
    }
    for (_, seeds) in kinds.iter().take(shown) {
        let (seed, said) = &seeds[0];
        println!("\n{}", tell(*seed, Tape::of(*seed, &KINDS), said));
    }
    assert_eq!(broken, 0, "{broken} of {count} stories break, in {} ways", kinds.len());
    if count >= SEEDS {
        let never: Vec<&str> = SITUATIONS
            .iter()
            .filter(|one| !OF_PROCESSES.contains(&one.fault) && !OF_SITUATIONS.contains(&one.fault))
            .map(|one| one.name)
            .filter(|name| !reached.contains_key(name))
            .collect();
        assert!(never.is_empty(), "no story of {count} reached {never:?}");
    }
}

/// The same stories while creates need long, or longer than anybody waits for them, and while notes and
/// tasks are delivered twice: a request may outlive its sender.
#[test]
fn stories_hold_while_writes_are_slow() {
    let seeds = seeds(SLOW_SEEDS, SLOW_BROKEN);
    let failed: Mutex<Vec<(u64, String)>> = Mutex::default();
    spread(0..seeds.len() as u64, |place| {
        let seed = seeds[place as usize];
        if let Some(said) = failure_while_slow(None, seed) {
            lock(&failed).push((seed, said));
        }
        true
    });
    let failed = std::mem::take(&mut *lock(&failed));
    for (seed, said) in &failed {
        println!("seed {seed}: {said}");
    }
    let count = seeds.len();
    assert!(failed.is_empty(), "{} of {count} stories break while writes are slow", failed.len());
}

/// What does not hold in a seed's story in which writes are slow, with a fault of old or none.
fn failure_while_slow(mutant: Option<Mutant>, seed: u64) -> Option<String> {
    let slow_ms = [600, 5_000, 29_000, 45_000][(seed % 4) as usize];
    let weather = Weather { slow_ms, twice_ms: seed.is_multiple_of(3).then_some(2_000) };
    let tape = Tape::of(seed, &KINDS_OF_PROCESSES);
    match with_fault(mutant, || play_in(&tape, weather)) {
        // Without markers nobody knows a double of ours.
        Ok(told) if weather.twice_ms.is_some() && told.unmarked => None,
        // A refusal that comes when nobody waits for it any more is never heard.
        Ok(told) if slow_ms > 30_000 && told.clash => None,
        Ok(told) => told.held.err().map(|said| format!("{said}\n  {}", told.lines.join("\n  "))),
        Err(panic) => Some(panic),
    }
}

/// Plays a situation in a thread of its own, with a fault or none.
pub fn situation_fails(mutant: Option<Mutant>, play: fn() -> Held) -> Option<String> {
    silence_stories();
    std::thread::scope(|scope| {
        let run = || with_fault(mutant, play).map_or_else(Some, Held::err);
        let worker = std::thread::Builder::new().name("story".to_owned());
        worker.spawn_scoped(scope, run).unwrap().join().unwrap()
    })
}

#[test]
fn situations_hold() {
    let mut broken = Vec::new();
    for situation in SITUATIONS {
        if let Some(said) = situation_fails(None, situation.play) {
            println!("{} ({:?}): {said}", situation.name, situation.fault);
            broken.push(situation.name);
        }
    }
    assert!(
        broken.is_empty(),
        "{} of {} situations do not hold: {broken:?}",
        broken.len(),
        SITUATIONS.len()
    );
}

/// The faults that these stories are to notice: of what goes both ways others tell.
fn one_way() -> impl Iterator<Item = &'static Mutant> {
    Mutant::ALL.iter().filter(|mutant| !OF_BOTH_WAYS.contains(mutant))
}

#[test]
fn every_row_has_its_situation() {
    let faults: BTreeSet<String> =
        SITUATIONS.iter().map(|one| format!("{:?}", one.fault)).collect();
    let missing: Vec<_> =
        one_way().filter(|mutant| !faults.contains(&format!("{mutant:?}"))).collect();
    assert!(missing.is_empty(), "{missing:?} have no situation");
    let names: BTreeSet<&str> = SITUATIONS.iter().map(|one| one.name).collect();
    assert_eq!(names.len(), SITUATIONS.len(), "a name stands twice");
}

#[test]
fn every_old_fault_is_noticed() {
    if std::env::var_os("SIMULATION_MUTANTS").is_none() {
        println!(
            "skipped: mutants run with SIMULATION_MUTANTS=1 (cargo xtask test simulation --mutants)"
        );
        return;
    }
    // Seeds and situations that fail anyway show nothing of a fault.
    let sound: Mutex<BTreeSet<u64>> = Mutex::default();
    spread(1..MUTANT_SEEDS + 1, |seed| {
        if failure(None, &Tape::of(seed, &KINDS)).is_none() {
            lock(&sound).insert(seed);
        }
        true
    });
    let sound = sound.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!("{} of {MUTANT_SEEDS} stories hold without a fault", sound.len());
    let slow: Mutex<BTreeSet<u64>> = Mutex::default();
    spread(1..MUTANT_SEEDS + 1, |seed| {
        if failure_while_slow(None, seed).is_none() {
            lock(&slow).insert(seed);
        }
        true
    });
    let slow = slow.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!("{} of {MUTANT_SEEDS} stories hold while writes are slow", slow.len());
    let mut unnoticed = Vec::new();
    for mutant in one_way() {
        let found: Mutex<Option<(u64, String)>> = Mutex::default();
        let of_processes = OF_PROCESSES.contains(mutant);
        let only_situations = OF_SITUATIONS.contains(mutant);
        let first = if only_situations { MUTANT_SEEDS } else { 0 };
        spread(first + 1..MUTANT_SEEDS + 1, |seed| {
            let said = match of_processes {
                true if slow.contains(&seed) => failure_while_slow(Some(*mutant), seed),
                false if sound.contains(&seed) => failure(Some(*mutant), &Tape::of(seed, &KINDS)),
                _ => None,
            };
            if let Some(said) = said {
                let mut found = lock(&found);
                if found.as_ref().is_none_or(|(before, _)| seed < *before) {
                    *found = Some((seed, said));
                }
            }
            lock(&found).is_none()
        });
        let situations: Vec<&str> = SITUATIONS
            .iter()
            .filter(|one| situation_fails(None, one.play).is_none())
            .filter(|one| situation_fails(Some(*mutant), one.play).is_some())
            .map(|one| one.name)
            .collect();
        let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        match &found {
            Some((seed, said)) => {
                println!("{mutant:?}: noticed with seed {seed}: {said}; situations {situations:?}")
            }
            None if only_situations => println!("{mutant:?}: situations {situations:?}"),
            None => println!(
                "{mutant:?}: NOT noticed by {MUTANT_SEEDS} stories; situations {situations:?}"
            ),
        }
        if found.is_none() && !only_situations || situations.is_empty() {
            unnoticed.push(mutant);
        }
    }
    assert!(unnoticed.is_empty(), "{unnoticed:?} go unnoticed");
}
