//! The patterns of dialled prefixes: digits, `\d`, classes, groups, alternatives, `?`, `{n,m}` and `$`.
//! Alternatives are tried in order, counts take as much as they can, as regular expressions do.

/// What a pattern took of the front of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// Where it ends.
    pub(super) end: usize,
    /// Beginning and end of what its first two groups took.
    pub(super) groups: [Option<(usize, usize)>; 2],
}

/// Matches a pattern at the beginning of a text.
pub(super) fn find(pattern: &str, text: &str) -> Option<Found> {
    let mut search =
        Search { pattern: pattern.as_bytes(), text: text.as_bytes(), groups: [None; 2] };
    let mut end = None;
    let found = search.alternatives(0, 0, &mut |_, at| {
        end = Some(at);
        true
    });
    Some(Found { end: end.filter(|_| found)?, groups: search.groups })
}

/// What is matched after a part that matched up to a place.
type Then<'t> = &'t mut dyn FnMut(&mut Search<'_>, usize) -> bool;

struct Search<'a> {
    pattern: &'a [u8],
    text: &'a [u8],
    groups: [Option<(usize, usize)>; 2],
}

impl Search<'_> {
    fn byte(&self, at: usize) -> u8 {
        self.pattern.get(at).copied().unwrap_or(b')')
    }

    /// The alternatives from a place of the pattern to the end of their group.
    fn alternatives(&mut self, from: usize, at: usize, then: Then<'_>) -> bool {
        let mut from = from;
        loop {
            if self.sequence(from, at, then) {
                return true;
            }
            while !matches!(self.byte(from), b'|' | b')') {
                from = self.end_of_atom(from);
            }
            if self.byte(from) == b')' {
                return false;
            }
            from += 1;
        }
    }

    fn sequence(&mut self, from: usize, at: usize, then: Then<'_>) -> bool {
        if matches!(self.byte(from), b'|' | b')') {
            return then(self, at);
        }
        let end = self.end_of_atom(from);
        let (least, most, rest) = self.count(end);
        self.repeated(from, (least, most), at, &mut |search, at| search.sequence(rest, at, then))
    }

    fn repeated(
        &mut self,
        atom: usize,
        (least, most): (usize, usize),
        at: usize,
        then: Then<'_>,
    ) -> bool {
        let once_more = most > 0
            && self.atom(atom, at, &mut |search, at| {
                search.repeated(atom, (least.saturating_sub(1), most - 1), at, then)
            });
        once_more || (least == 0 && then(self, at))
    }

    fn atom(&mut self, atom: usize, at: usize, then: Then<'_>) -> bool {
        match self.byte(atom) {
            b'(' if self.byte(atom + 1) == b'?' => self.alternatives(atom + 3, at, then),
            b'(' => {
                let before = self.pattern.get(..=atom).unwrap_or_default();
                let opened = |two: &&[u8]| matches!(two, [b'(', next] if *next != b'?');
                let group = before.windows(2).filter(opened).count();
                self.alternatives(atom + 1, at, &mut |search, end| {
                    let Some(slot) = search.groups.get_mut(group) else {
                        return then(search, end);
                    };
                    let before = slot.replace((at, end));
                    let matched = then(search, end);
                    if !matched && let Some(slot) = search.groups.get_mut(group) {
                        *slot = before;
                    }
                    matched
                })
            }
            b'$' => at == self.text.len() && then(self, at),
            _ => {
                let fits = self.text.get(at).is_some_and(|digit| self.takes(atom, *digit));
                fits && then(self, at + 1)
            }
        }
    }

    /// Whether a digit, `\d` or a class takes this digit.
    fn takes(&self, atom: usize, digit: u8) -> bool {
        match self.byte(atom) {
            b'\\' => digit.is_ascii_digit(),
            b'[' => {
                let class = self.pattern.get(atom + 1..self.end_of_atom(atom) - 1);
                let class = class.unwrap_or_default();
                let range = |three: &[u8]| matches!(three, [low, b'-', high] if (*low..=*high).contains(&digit));
                class.contains(&digit) || class.windows(3).any(range)
            }
            one => one == digit,
        }
    }

    /// The place behind an atom, before its count.
    fn end_of_atom(&self, from: usize) -> usize {
        match self.byte(from) {
            b'\\' => from + 2,
            b'[' => self.behind(from, b']'),
            b'{' => self.behind(from, b'}'),
            b'(' => {
                let mut open = 0;
                let rest = self.pattern.get(from..).unwrap_or_default();
                let end = rest.iter().position(|byte| {
                    open += i32::from(*byte == b'(') - i32::from(*byte == b')');
                    open == 0
                });
                end.map_or(self.pattern.len(), |end| from + end + 1)
            }
            _ => from + 1,
        }
    }

    fn behind(&self, from: usize, end: u8) -> usize {
        let rest = self.pattern.get(from..).unwrap_or_default();
        rest.iter().position(|byte| *byte == end).map_or(self.pattern.len(), |at| from + at + 1)
    }

    /// How often an atom may stand, and the place behind its count.
    fn count(&self, at: usize) -> (usize, usize, usize) {
        match self.byte(at) {
            b'?' => (0, 1, at + 1),
            b'{' => {
                let end = self.behind(at, b'}');
                let mut numbers = [0, 0];
                let mut which = 0;
                for byte in self.pattern.get(at + 1..end - 1).unwrap_or_default() {
                    if *byte == b',' {
                        which = 1;
                    } else if let Some(number) = numbers.get_mut(which) {
                        *number = *number * 10 + usize::from(byte.wrapping_sub(b'0'));
                    }
                }
                let [least, most] = numbers;
                (least, if which == 0 { least } else { most }, end)
            }
            _ => (1, 1, at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_go_in_order_and_counts_take_what_they_can() {
        for (pattern, text, end, first) in [
            ("0", "012", Some(1), None),
            ("0", "12", None, None),
            ("0|80?", "8012", Some(2), None),
            ("([457]\\d{6})$|1", "4123456", Some(7), Some("4123456")),
            ("([457]\\d{6})$|1", "41234567", None, None),
            ("([457]\\d{6})$|1", "14123456", Some(1), None),
            ("0?(?:(11|2[13-5])15)?", "011155", Some(5), Some("11")),
            ("0?(?:(11|2[13-5])15)?", "02415", Some(5), Some("24")),
            ("0?(?:(11|2[13-5])15)?", "0221", Some(1), None),
            ("0?(?:(11|2[13-5])15)?", "99", Some(0), None),
            ("00(?:30|5[09]|[126-9]?)", "0050", Some(4), None),
            ("00(?:30|5[09]|[126-9]?)", "0031", Some(2), None),
            ("(0)\\d{2,3}1", "01211", Some(5), Some("0")),
        ] {
            let found = find(pattern, text);
            assert_eq!(found.map(|found| found.end), end, "{pattern} {text}");
            let first_found = found.and_then(|found| found.groups[0]);
            assert_eq!(first_found.map(|(from, to)| &text[from..to]), first, "{pattern} {text}");
        }
    }
}
