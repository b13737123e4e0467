//! Sets of digit strings as one graph in which equal ends are shared; `xtask/src/tables` writes it.
//!
//! The file: the number of edges (2 bytes, little end first), a byte for each edge's flags, a byte for
//! the low bits of its digits, and the numbers of its references. Nodes come in the order in which they
//! are first reached, edges of a node in one piece. An edge leads to a node that follows, to "any n
//! digits", or back to one that is whole: counted from the one that was used last.

/// A set, by its first edge.
pub(super) type Set = u16;

/// The set that holds the empty string alone, and the one that holds nothing.
const END: Set = u16::MAX;
const NOTHING: Set = u16::MAX - 1;

/// What an edge carries beside its ten bits of digits.
const DIGITS: u16 = 0x3ff;
const LAST_OF_NODE: u16 = 0x400;
const NODE_ENDS: u16 = 0x800;

/// Longest "any n digits" that has a name of its own.
const LONGEST_ANY: usize = 13;

/// The kind of an edge's target, in the upper half of its flags: this, or `FIRST_ANY + n`.
const NEW: u8 = 0;
const FIRST_ANY: u8 = 1;
const KNOWN: u8 = 15;

/// The graph: digits and flags of each edge, and where it leads.
#[derive(Debug, Default)]
pub(super) struct Ranges {
    edges: Vec<(u16, Set)>,
}

impl Ranges {
    /// Whether the set holds these digits.
    pub(super) fn holds(&self, set: Set, digits: &[u8]) -> bool {
        let mut at = set;
        for digit in digits {
            let bit = 1u16.checked_shl(u32::from(digit.wrapping_sub(b'0'))).unwrap_or(0);
            at = match self.next(at, bit & DIGITS) {
                Some(next) => next,
                None => return false,
            };
        }
        at == END || self.edge(at).is_some_and(|(flags, _)| flags & NODE_ENDS != 0)
    }

    fn next(&self, set: Set, bit: u16) -> Option<Set> {
        let mut at = set;
        loop {
            let (flags, target) = self.edge(at)?;
            if flags & bit != 0 {
                return Some(target);
            }
            if flags & LAST_OF_NODE != 0 {
                return None;
            }
            at = at.checked_add(1)?;
        }
    }

    fn edge(&self, at: Set) -> Option<(u16, Set)> {
        self.edges.get(usize::from(at)).copied()
    }
}

/// Reads the sets of a file one after the other.
#[derive(Debug)]
pub(super) struct Reader {
    ranges: Ranges,
    flags: &'static [u8],
    digits: &'static [u8],
    references: &'static [u8],
    edge: usize,
    /// Nodes that are whole, the one used last at the end.
    known: Vec<Set>,
    any: [Set; LONGEST_ANY],
}

impl Reader {
    /// A reader at the beginning of a file.
    pub(super) fn new(file: &'static [u8]) -> Self {
        let (count, rest) = file.split_at_checked(2).unwrap_or_default();
        let count = count.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let (flags, rest) = rest.split_at_checked(count).unwrap_or_default();
        let (digits, references) = rest.split_at_checked(count).unwrap_or_default();
        let mut ranges = Ranges::default();
        let mut next = END;
        let any = [(); LONGEST_ANY].map(|()| {
            let of = next;
            next = ranges.edges.len() as Set;
            ranges.edges.push((DIGITS | LAST_OF_NODE, of));
            of
        });
        Self { ranges, flags, digits, references, edge: 0, known: Vec::new(), any }
    }

    /// The next set.
    pub(super) fn set(&mut self) -> Set {
        match self.take() {
            Some((flags, _)) => self.target(flags),
            None => NOTHING,
        }
    }

    /// What was read.
    pub(super) fn ranges(self) -> Ranges {
        self.ranges
    }

    fn take(&mut self) -> Option<(u8, u8)> {
        let edge = Some((*self.flags.get(self.edge)?, *self.digits.get(self.edge)?));
        self.edge += 1;
        edge
    }

    /// The node that an edge leads to; one that follows is read whole. No number is longer than 17
    /// digits, so this does not go deep.
    fn target(&mut self, flags: u8) -> Set {
        let set = match flags >> 4 {
            NEW if flags & 4 == 0 => return NOTHING,
            NEW => self.node(),
            KNOWN => {
                let back = self.reference();
                let at = self.known.len().checked_sub(back + 1);
                at.map_or(NOTHING, |at| self.known.remove(at))
            }
            any => return self.any.get(usize::from(any - FIRST_ANY)).copied().unwrap_or(NOTHING),
        };
        self.known.push(set);
        set
    }

    fn node(&mut self) -> Set {
        let mut edges = [(0, NOTHING); 10];
        let mut count = 0;
        for edge in &mut edges {
            let Some((flags, digits)) = self.take() else { break };
            let last = flags & 4 != 0;
            let ends = if flags & 8 != 0 { NODE_ENDS } else { 0 };
            let mask = u16::from(flags & 3) << 8 | u16::from(digits);
            let target = self.target(flags | 4);
            *edge = (mask | ends | if last { LAST_OF_NODE } else { 0 }, target);
            count += 1;
            if last {
                break;
            }
        }
        let set = self.ranges.edges.len() as Set;
        self.ranges.edges.extend(edges.iter().take(count));
        set
    }

    /// A number, seven bits a byte, low ones first.
    fn reference(&mut self) -> usize {
        let mut number = 0;
        for shift in [0, 7, 14] {
            let Some((byte, rest)) = self.references.split_first() else { break };
            self.references = rest;
            number |= usize::from(byte & 127) << shift;
            if *byte < 128 {
                break;
            }
        }
        number
    }
}
