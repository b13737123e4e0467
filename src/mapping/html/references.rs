//! HTML's character references: `&eacute;`, `&#233;`, `&#xE9;`, always with their semicolon.

use std::sync::OnceLock;

/// All names of HTML in the order of their characters. A line holds the names of a character, then
/// how far it is from that of the line before (where that is not 1), then a second character.
static NAMES: &str = include_str!("references.txt");

/// The longest name has 31 characters.
const LONGEST: usize = 32;

/// Windows-1252's characters at 0x80 to 0x9F, which a number there means.
static WINDOWS: [u16; 32] = [
    0x20AC, 0x81, 0x201A, 0x192, 0x201E, 0x2026, 0x2020, 0x2021, 0x2C6, 0x2030, 0x160, 0x2039,
    0x152, 0x8D, 0x17D, 0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x2DC,
    0x2122, 0x161, 0x203A, 0x153, 0x9D, 0x17E, 0x178,
];

/// A name and what it stands for: one character, or two.
type Row = (&'static str, char, Option<char>);

/// The names, by their first letters.
static ROWS: OnceLock<Vec<Vec<Row>>> = OnceLock::new();

const BUCKETS: usize = 128;

fn bucket(name: &str) -> usize {
    name.bytes().take(3).fold(name.len(), |sum, byte| sum * 5 + usize::from(byte)) % BUCKETS
}

fn rows() -> Vec<Vec<Row>> {
    let mut rows = vec![Vec::new(); BUCKETS];
    let mut code = 0;
    for line in NAMES.lines() {
        let (names, value) = line.split_once(' ').unwrap_or((line, "1"));
        let (step, second) = value.split_once('+').unwrap_or((value, ""));
        code += decimal(step);
        let Some(first) = char::from_u32(code) else { continue };
        let second = char::from_u32(decimal(second)).filter(|_| !second.is_empty());
        for name in names.split(',') {
            if let Some(row) = rows.get_mut(bucket(name)) {
                row.push((name, first, second));
            }
        }
    }
    rows
}

fn decimal(digits: &str) -> u32 {
    digits.bytes().fold(0, |number, digit| number * 10 + u32::from(digit & 15))
}

fn named(name: &str) -> Option<(char, Option<char>)> {
    if name.len() >= LONGEST || name.is_empty() {
        return None;
    }
    let row = ROWS.get_or_init(rows).get(bucket(name))?.iter().find(|row| row.0 == name)?;
    Some((row.1, row.2))
}

/// As browsers read it: what is not a character becomes U+FFFD.
fn numbered(number: &str) -> Option<char> {
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    let mut code: u32 = 0;
    for digit in digits.chars() {
        code = code.saturating_mul(radix).saturating_add(digit.to_digit(radix)?);
    }
    if digits.is_empty() {
        return None;
    }
    let meant = code.checked_sub(0x80).and_then(|at| WINDOWS.get(at as usize));
    let code = meant.map_or(code, |code| u32::from(*code));
    Some(char::from_u32(code).filter(|read| *read != '\0').unwrap_or('\u{fffd}'))
}

/// Hands on a text piece by piece: the text as it is (`true`), and what a reference stands for.
pub(super) fn decode(text: &str, push: &mut dyn FnMut(&str, bool)) {
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        push(before, true);
        // A number may have leading zeros; over 32 characters are not a reference.
        let end = behind.bytes().take(LONGEST).position(|byte| byte == b';');
        let read = end.and_then(|end| {
            let name = behind.get(..end)?;
            let read = match name.strip_prefix('#') {
                Some(number) => (numbered(number)?, None),
                None => named(name)?,
            };
            Some((read, behind.get(end + 1..)?))
        });
        match read {
            Some(((first, second), after)) => {
                let mut room = [0; 4];
                push(first.encode_utf8(&mut room), false);
                if let Some(second) = second {
                    push(second.encode_utf8(&mut room), false);
                }
                rest = after;
            }
            None => {
                push("&", true);
                rest = behind;
            }
        }
    }
    push(rest, true);
}

/// A text with its references replaced.
pub(super) fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    decode(text, &mut |piece, _| out.push_str(piece));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_html_is_known() {
        let rows = rows();
        assert_eq!(rows.iter().map(Vec::len).sum::<usize>(), 2125);
        assert!(rows.iter().all(|bucket| bucket.len() < 80), "the names are spread");
        for (text, right) in [
            ("&amp;&lt;&gt;&quot;&apos;", "&<>\"'"),
            ("&eacute;&Eacute;&euro;&nbsp;&hellip;", "éÉ€\u{a0}…"),
            ("&CounterClockwiseContourIntegral;&zwnj;&Afr;", "∳\u{200c}𝔄"),
            ("&NotEqualTilde;&fjlig;&Tab;&NewLine;", "≂\u{338}fj\t\n"),
            ("&#65;&#x41;&#X41;&#0000065;", "AAAA"),
            (
                "&#128;&#150;&#0;&#xD800;&#1114112;&#99999999999999;",
                "€–\u{fffd}\u{fffd}\u{fffd}\u{fffd}",
            ),
        ] {
            assert_eq!(decoded(text), right, "{text}");
        }
    }

    #[test]
    fn what_is_not_a_reference_stays() {
        for text in [
            "&",
            "&&",
            "&amp",
            "&copy=2&reg=3",
            "&unknown;",
            "&;",
            "&#;",
            "&#x;",
            "&#12a;",
            "&#xg;",
            "& amp;",
            "&é;",
        ] {
            assert_eq!(decoded(text), text);
        }
        assert_eq!(decoded("&&amp;amp;"), "&&amp;");
    }
}
