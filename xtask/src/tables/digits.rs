//! Finite sets of digit strings as a graph in which equal nodes are one: made of patterns, combined, and
//! written in the form that `src/phone/ranges.rs` reads.

use std::collections::HashMap;

use anyhow::{Context, Result, bail, ensure};

/// A set: the number of its node.
pub(crate) type Set = usize;

/// The set that holds nothing, and the one that holds the empty string alone.
pub(crate) const NOTHING: Set = 0;
const EMPTY: Set = 1;

/// Whether a string may end here, and where each digit leads.
type Node = (bool, [Set; 10]);

/// The nodes, and what has been worked out of them.
pub(crate) struct Digits {
    nodes: Vec<Node>,
    numbers: HashMap<Node, Set>,
    results: HashMap<(Operation, Set, Set), Set>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Operation {
    Union,
    Difference,
    Intersection,
    Then,
}

impl Digits {
    pub(crate) fn new() -> Self {
        let mut digits =
            Self { nodes: Vec::new(), numbers: HashMap::new(), results: HashMap::new() };
        digits.node((false, [NOTHING; 10]));
        digits.node((true, [NOTHING; 10]));
        digits
    }

    fn node(&mut self, node: Node) -> Set {
        let next = self.nodes.len();
        let number = *self.numbers.entry(node).or_insert(next);
        if number == next {
            self.nodes.push(node);
        }
        number
    }

    pub(crate) fn union(&mut self, one: Set, other: Set) -> Set {
        self.combine(Operation::Union, one, other)
    }

    pub(crate) fn difference(&mut self, one: Set, other: Set) -> Set {
        self.combine(Operation::Difference, one, other)
    }

    pub(crate) fn intersection(&mut self, one: Set, other: Set) -> Set {
        self.combine(Operation::Intersection, one, other)
    }

    /// Strings of the one with strings of the other behind them.
    pub(crate) fn then(&mut self, one: Set, other: Set) -> Set {
        self.combine(Operation::Then, one, other)
    }

    fn combine(&mut self, operation: Operation, one: Set, other: Set) -> Set {
        use Operation::{Difference, Intersection, Then, Union};
        match (operation, one, other) {
            (Union, NOTHING, set) | (Union, set, NOTHING) | (Difference, set, NOTHING) => {
                return set;
            }
            (Then, EMPTY, set) | (Then, set, EMPTY) => return set,
            (Intersection | Then, NOTHING, _) | (Intersection | Then, _, NOTHING) => {
                return NOTHING;
            }
            (Difference, NOTHING, _) => return NOTHING,
            (Union | Intersection, one, other) if one == other => return one,
            (Difference, one, other) if one == other => return NOTHING,
            _ => {}
        }
        if let Some(known) = self.results.get(&(operation, one, other)) {
            return *known;
        }
        let (first_ends, first) = self.nodes[one];
        let (second_ends, second) = self.nodes[other];
        let ends = match operation {
            Union => first_ends || second_ends,
            Difference => first_ends && !second_ends,
            Intersection => first_ends && second_ends,
            Then => false,
        };
        let mut next = [NOTHING; 10];
        for digit in 0..10 {
            let with = if operation == Then { other } else { second[digit] };
            next[digit] = self.combine(operation, first[digit], with);
        }
        let mut set = self.node((ends, next));
        if operation == Then && first_ends {
            set = self.union(set, other);
        }
        self.results.insert((operation, one, other), set);
        set
    }

    /// All strings of these lengths.
    pub(crate) fn of_lengths(&mut self, lengths: impl Iterator<Item = usize>) -> Set {
        let mut all = NOTHING;
        for length in lengths {
            let mut set = EMPTY;
            for _ in 0..length {
                set = self.node((false, [set; 10]));
            }
            all = self.union(all, set);
        }
        all
    }

    /// The strings that a pattern matches whole.
    pub(crate) fn pattern(&mut self, pattern: &str) -> Result<Set> {
        let mut rest = pattern.as_bytes();
        let set = self.alternatives(&mut rest).with_context(|| pattern.to_owned())?;
        ensure!(rest.is_empty(), "{pattern}: cannot be read");
        Ok(set)
    }

    fn alternatives(&mut self, rest: &mut &[u8]) -> Result<Set> {
        let mut all = self.sequence(rest)?;
        while let Some(behind) = rest.strip_prefix(b"|") {
            *rest = behind;
            let next = self.sequence(rest)?;
            all = self.union(all, next);
        }
        Ok(all)
    }

    fn sequence(&mut self, rest: &mut &[u8]) -> Result<Set> {
        let mut parts = Vec::new();
        while !rest.is_empty() && !matches!(rest[0], b'|' | b')') {
            let atom = self.atom(rest)?;
            let (least, most) = count(rest)?;
            let mut set = EMPTY;
            for number in 0..most {
                set = self.then(atom, set);
                if number + least < most {
                    set = self.union(EMPTY, set);
                }
            }
            parts.push(set);
        }
        Ok(parts.into_iter().rev().fold(EMPTY, |behind, part| self.then(part, behind)))
    }

    fn atom(&mut self, rest: &mut &[u8]) -> Result<Set> {
        if let Some(inner) = rest.strip_prefix(b"(?:") {
            *rest = inner;
            let set = self.alternatives(rest)?;
            *rest = rest.strip_prefix(b")").context("a group does not end")?;
            return Ok(set);
        }
        let digits = match rest {
            [b'\\', b'd', behind @ ..] => {
                *rest = behind;
                0x3ff
            }
            [b'[', class @ ..] => {
                let end = class.iter().position(|byte| *byte == b']').context("a class")?;
                *rest = &class[end + 1..];
                class_of(&class[..end])?
            }
            [digit @ b'0'..=b'9', behind @ ..] => {
                *rest = behind;
                1 << (digit - b'0')
            }
            _ => bail!("an unknown form: {}", String::from_utf8_lossy(rest)),
        };
        let next =
            std::array::from_fn(|digit| if digits >> digit & 1 == 1 { EMPTY } else { NOTHING });
        Ok(self.node((false, next)))
    }

    /// The sets one after the other, as `src/phone/ranges.rs` reads them.
    pub(crate) fn write(&self, sets: &[Set]) -> Result<Vec<u8>> {
        let mut writer = Writer {
            digits: self,
            any: self.any(),
            known: Vec::new(),
            flags: Vec::new(),
            low: Vec::new(),
            references: Vec::new(),
        };
        for set in sets {
            if *set == NOTHING {
                writer.edge(0, 0, 0);
            } else {
                writer.target(*set, 0, LAST)?;
            }
        }
        let count = u16::try_from(writer.flags.len()).context("too many edges")?;
        Ok([&count.to_le_bytes()[..], &writer.flags, &writer.low, &writer.references].concat())
    }

    /// "Any n digits" by their nodes.
    fn any(&self) -> HashMap<Set, u8> {
        let mut any = HashMap::new();
        let mut set = EMPTY;
        for length in 0..13 {
            any.insert(set, length);
            match self.numbers.get(&(false, [set; 10])) {
                Some(longer) => set = *longer,
                None => break,
            }
        }
        any
    }
}

/// How often an atom may stand.
fn count(rest: &mut &[u8]) -> Result<(usize, usize)> {
    if let Some(behind) = rest.strip_prefix(b"?") {
        *rest = behind;
        return Ok((0, 1));
    }
    let Some(inner) = rest.strip_prefix(b"{") else { return Ok((1, 1)) };
    let end = inner.iter().position(|byte| *byte == b'}').context("a count")?;
    let text = std::str::from_utf8(&inner[..end])?;
    *rest = &inner[end + 1..];
    let (least, most) = text.split_once(',').unwrap_or((text, text));
    Ok((least.parse()?, most.parse()?))
}

fn class_of(class: &[u8]) -> Result<u16> {
    let mut digits = 0;
    let mut rest = class;
    loop {
        let (range, behind) = match rest {
            [] => return Ok(digits),
            [low, b'-', high, behind @ ..] => (*low..=*high, behind),
            [one, behind @ ..] => (*one..=*one, behind),
        };
        for digit in range {
            ensure!(digit.is_ascii_digit(), "a class of something other than digits");
            digits |= 1 << (digit - b'0');
        }
        rest = behind;
    }
}

/// Flags of an edge: the last of its node, one whose node may end a string.
const LAST: u8 = 4;
const ENDS: u8 = 8;

struct Writer<'d> {
    digits: &'d Digits,
    any: HashMap<Set, u8>,
    /// Nodes that are whole, the one used last at the end.
    known: Vec<Set>,
    flags: Vec<u8>,
    low: Vec<u8>,
    references: Vec<u8>,
}

impl Writer<'_> {
    fn edge(&mut self, mask: u16, flags: u8, kind: u8) {
        let [low, high] = mask.to_le_bytes();
        self.flags.push(high | flags | kind << 4);
        self.low.push(low);
    }

    fn target(&mut self, set: Set, mask: u16, flags: u8) -> Result<()> {
        if let Some(length) = self.any.get(&set) {
            self.edge(mask, flags, 1 + length);
            return Ok(());
        }
        if let Some(at) = self.known.iter().rposition(|known| *known == set) {
            self.edge(mask, flags, 15);
            let mut back = self.known.len() - 1 - at;
            while back > 127 {
                self.references.push((back & 127) as u8 | 128);
                back >>= 7;
            }
            self.references.push(back as u8);
            self.known.remove(at);
        } else {
            self.edge(mask, flags, 0);
            self.node(set)?;
        }
        self.known.push(set);
        Ok(())
    }

    fn node(&mut self, set: Set) -> Result<()> {
        let (ends, next) = self.digits.nodes[set];
        let mut edges: Vec<(Set, u16)> = Vec::new();
        for (digit, target) in next.into_iter().enumerate().filter(|(_, target)| *target != NOTHING)
        {
            match edges.iter_mut().find(|(known, _)| *known == target) {
                Some((_, mask)) => *mask |= 1 << digit,
                None => edges.push((target, 1 << digit)),
            }
        }
        ensure!(!edges.is_empty(), "a node without edges");
        let count = edges.len();
        for (index, (target, mask)) in edges.into_iter().enumerate() {
            let last = if index + 1 == count { LAST } else { 0 };
            let ends = if ends && index == 0 { ENDS } else { 0 };
            self.target(target, mask, last | ends)?;
        }
        Ok(())
    }
}
