//! The choice tape: every decision of a story is a byte of it. Bytes that are missing are 0, and 0 is
//! always the calmest choice: a shorter tape, and one of more zeros, tells a smaller story.

use std::time::{Duration, Instant};

/// SplitMix64, written out: a seed must always give the same tape.
pub struct Random(u64);

impl Random {
    pub const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5851_F42D_4C95_7F2D)
    }

    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub const fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub const fn byte(&mut self) -> u8 {
        (self.next() >> 24) as u8
    }
}

/// The bytes of one decision after the other.
type Block = Vec<u8>;

const WORLD_BYTES: usize = 24;
const PERSON_BYTES: usize = 12;
const CUSTOMER_BYTES: usize = 10;
const EVENT_BYTES: usize = 8;

/// A story's decisions: each person, customer and event has a block of its own, so that taking one
/// away leaves the others what they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tape {
    pub world: Block,
    pub people: Vec<Block>,
    pub customers: Vec<Block>,
    pub events: Vec<Block>,
}

/// Kinds of events by weight: those that every story has, and those that only some have.
pub struct Kinds {
    pub always: &'static [u8],
    pub sometimes: &'static [u8],
}

impl Tape {
    /// The tape of a seed. Which kinds of events exist at all is drawn first (swarm testing): a
    /// story of few kinds goes deeper than one of all.
    pub fn of(seed: u64, kinds: &Kinds) -> Self {
        let mut random = Random::new(seed);
        let share = [2, 3, 5][random.below(3)];
        let mut present: Vec<u8> = kinds.always.to_vec();
        for kind in kinds.sometimes {
            if random.below(12) < share {
                // Present ones come as often as the calm ones.
                present.extend([*kind, *kind, *kind]);
            }
        }
        let mut blocks = |count: usize, length: usize| -> Vec<Block> {
            (0..count).map(|_| (0..length).map(|_| random.byte()).collect()).collect()
        };
        let world = blocks(1, WORLD_BYTES).pop().unwrap_or_default();
        let counts = blocks(1, 3).pop().unwrap_or_default();
        let people = blocks(3 + usize::from(counts[0]) % 6, PERSON_BYTES);
        let customers = blocks(usize::from(counts[1]) % 6, CUSTOMER_BYTES);
        let mut events = blocks(3 + usize::from(counts[2]) % 10, EVENT_BYTES);
        for event in &mut events {
            event[0] = present[usize::from(event[0]) % present.len()];
        }
        Self { world, people, customers, events }
    }

    pub fn reader(block: &[u8]) -> Reader<'_> {
        Reader { block, at: 0 }
    }

    /// As a text for `SIMULATION_TAPE`.
    pub fn text(&self) -> String {
        let block = |block: &Block| -> String {
            let end = block.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            let mut text: String = block[..end].iter().map(|byte| format!("{byte:02x}")).collect();
            if text.is_empty() {
                text.push_str("00");
            }
            text
        };
        let list = |blocks: &[Block]| blocks.iter().map(block).collect::<Vec<_>>().join(".");
        let parts =
            [block(&self.world), list(&self.people), list(&self.customers), list(&self.events)];
        parts.join("/")
    }

    pub fn parse(text: &str) -> Option<Self> {
        let block = |text: &str| -> Option<Block> {
            (0..text.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
                .collect()
        };
        let list = |text: &str| -> Option<Vec<Block>> {
            text.split('.').filter(|part| !part.is_empty()).map(block).collect()
        };
        let parts: Vec<&str> = text.trim().split('/').collect();
        let [world, people, customers, events] = parts.as_slice() else { return None };
        Some(Self {
            world: block(world)?,
            people: list(people)?,
            customers: list(customers)?,
            events: list(events)?,
        })
    }

    fn lists(&mut self) -> [&mut Vec<Block>; 3] {
        [&mut self.events, &mut self.people, &mut self.customers]
    }

    /// Takes away and lowers what the failure does not need, within a time and a number of tries.
    #[allow(clippy::disallowed_methods, reason = "people wait for it")]
    pub fn shrunk(self, allowed: Duration, fails: impl Fn(&Self) -> bool) -> Self {
        let began = Instant::now();
        let mut search = Search { best: self, tries: 0, began, allowed, fails };
        loop {
            let before = search.best.clone();
            for list in 0..3 {
                search.delete_blocks(list);
            }
            search.lower_bytes();
            if search.best == before || search.is_over() {
                return search.best;
            }
        }
    }
}

struct Search<F> {
    best: Tape,
    tries: u32,
    began: Instant,
    allowed: Duration,
    fails: F,
}

impl<F: Fn(&Tape) -> bool> Search<F> {
    fn is_over(&self) -> bool {
        self.tries >= 4_000 || self.began.elapsed() > self.allowed
    }

    fn take(&mut self, tape: Tape) -> bool {
        if tape == self.best || self.is_over() {
            return false;
        }
        self.tries += 1;
        let fails = (self.fails)(&tape);
        if fails {
            self.best = tape;
        }
        fails
    }

    /// Deletes blocks of a list: halves first, then smaller runs, from the back.
    fn delete_blocks(&mut self, list: usize) {
        let mut size = self.best.lists()[list].len().div_ceil(2);
        while size > 0 {
            let mut end = self.best.lists()[list].len();
            while end >= size && end > 0 {
                let mut tape = self.best.clone();
                tape.lists()[list].drain(end - size..end);
                self.take(tape);
                end = end.min(self.best.lists()[list].len() + 1).saturating_sub(1);
            }
            size /= 2;
        }
    }

    fn lower_bytes(&mut self) {
        let mut at = 0;
        while let Some(byte) = byte_of(&mut self.best.clone(), at).copied() {
            if byte != 0 {
                for lower in [0, byte % 16, byte / 2, byte - 1] {
                    let mut tape = self.best.clone();
                    if lower < byte
                        && let Some(place) = byte_of(&mut tape, at)
                    {
                        *place = lower;
                        if self.take(tape) {
                            break;
                        }
                    }
                }
            }
            at += 1;
        }
    }
}

/// The nth byte of all blocks.
fn byte_of(tape: &mut Tape, mut at: usize) -> Option<&mut u8> {
    let Tape { world, people, customers, events } = tape;
    for block in std::iter::once(world).chain(people).chain(customers).chain(events) {
        if at < block.len() {
            return block.get_mut(at);
        }
        at -= block.len();
    }
    None
}

/// Reads decisions from a block.
pub struct Reader<'t> {
    block: &'t [u8],
    at: usize,
}

impl Reader<'_> {
    pub fn byte(&mut self) -> u8 {
        let byte = self.block.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        byte
    }

    /// From 0 up to, not including, `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::from(self.byte()) % bound.max(1)
    }

    /// True once in so many, never for 0.
    pub fn once_in(&mut self, many: u16) -> bool {
        u16::from(self.byte()) >= 256 - 256 / many
    }

    /// The first in most cases.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: Kinds = Kinds { always: &[0, 1], sometimes: &[2, 3] };

    #[test]
    fn a_tape_comes_back_from_its_text() {
        for seed in 0..50 {
            let tape = Tape::of(seed, &KINDS);
            let again = Tape::parse(&tape.text()).unwrap();
            assert_eq!(again.text(), tape.text());
            assert_eq!(again.events.len(), tape.events.len());
        }
    }

    #[test]
    fn a_failure_shrinks_to_what_it_needs() {
        let needs = |tape: &Tape| {
            tape.events.iter().any(|event| event.get(2).is_some_and(|byte| *byte >= 77))
                && tape.people.len() >= 2
        };
        for seed in (0..50).filter(|seed| needs(&Tape::of(*seed, &KINDS))) {
            let small = Tape::of(seed, &KINDS).shrunk(Duration::from_secs(20), needs);
            assert_eq!((small.events.len(), small.people.len(), small.customers.len()), (1, 2, 0));
            assert_eq!(small.events[0][2], 77, "{small:?}");
            assert!(small.world.iter().all(|byte| *byte == 0));
        }
    }
}
