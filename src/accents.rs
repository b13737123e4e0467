//! Letters with a mark: composed into one character, as Unicode's form NFC has them, and without the mark.
//!
//! The table holds small letters only (Latin, Greek, Cyrillic), so a text is lower-cased first. It is not
//! the whole of NFC: marks in another order and scripts beyond these stay as they are. What it composes, it
//! composes as NFC does.

/// A line for each mark: the mark, then a letter and what they make, pair by pair. `cargo xtask tables`
/// writes it.
static LETTERS: &str = include_str!("accents/letters.txt");

/// The combining marks that compose.
const MARKS: std::ops::RangeInclusive<char> = '\u{300}'..='\u{36f}';

/// The text in small letters, each composed with the mark behind it.
pub fn lower_composed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Character by character: a sigma at the end of a word stays an ordinary sigma.
    for c in text.chars().flat_map(char::to_lowercase) {
        let joined = if MARKS.contains(&c) {
            out.chars().next_back().and_then(|letter| composed(letter, c))
        } else {
            None
        };
        match joined {
            Some(one) => {
                out.pop();
                out.push(one);
            }
            None => out.push(c),
        }
    }
    out
}

/// The small letter without its marks.
pub fn bare(letter: char) -> char {
    let mut bare = letter;
    while !bare.is_ascii() {
        let found = lines().find_map(|(_, pairs)| {
            let (letters, composed) = (pairs.clone().step_by(2), pairs.skip(1).step_by(2));
            letters.zip(composed).find(|(_, composed)| *composed == bare)
        });
        match found {
            Some((letter, _)) => bare = letter,
            None => break,
        }
    }
    bare
}

fn composed(letter: char, mark: char) -> Option<char> {
    let (_, mut pairs) = lines().find(|(of, _)| *of == mark)?;
    loop {
        let pair = (pairs.next()?, pairs.next()?);
        if pair.0 == letter {
            return Some(pair.1);
        }
    }
}

/// The marks, each with its pairs.
fn lines() -> impl Iterator<Item = (char, std::str::Chars<'static>)> {
    LETTERS.lines().filter_map(|line| {
        let mut characters = line.chars();
        Some((characters.next()?, characters))
    })
}

#[cfg(test)]
// The judges are native.
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::*;
    use icu_normalizer::ComposingNormalizerBorrowed;

    /// Unicode's way: composed, lower-cased, composed again.
    fn judge(text: &str) -> String {
        let nfc = ComposingNormalizerBorrowed::new_nfc();
        let lower: String = nfc.normalize(text).chars().flat_map(char::to_lowercase).collect();
        nfc.normalize(&lower).into_owned()
    }

    #[test]
    fn every_pair_is_one_of_unicode() {
        let mut pairs = 0;
        for (mark, mut characters) in lines() {
            while let (Some(letter), Some(composed)) = (characters.next(), characters.next()) {
                let text = format!("{letter}{mark}");
                assert_eq!(judge(&text), composed.to_string(), "{text:?}");
                assert_eq!(lower_composed(&text), composed.to_string());
                pairs += 1;
            }
        }
        assert!(pairs > 400, "{pairs}");
    }

    #[test]
    fn letters_of_european_languages_are_composed_as_icu_does() {
        let marks = ['\u{300}'..='\u{304}', '\u{306}'..='\u{30c}', '\u{327}'..='\u{328}'];
        for mark in marks.into_iter().flatten() {
            for letter in "aAeEiIoOuUyYcCnNsSzZgGrRlLtTdDhHkKwWжиИуУеЕαΑεΕιΙοΟυΥωΩ".chars()
            {
                let text = format!("x{letter}{mark}y");
                assert_eq!(lower_composed(&text), judge(&text), "{text:?}");
            }
            // The order of marks may differ from Unicode's: the composed letter is still right.
            for letter in "éÉüÜñÑçÇßẞİıΣςæÆ가".chars() {
                let text = format!("x{letter}{mark}y");
                let small: String = text.chars().flat_map(char::to_lowercase).collect();
                let composed = lower_composed(&text);
                assert!(composed == small || composed == judge(&text), "{text:?} {composed:?}");
            }
        }
    }

    #[test]
    fn a_letter_loses_all_its_marks() {
        for (letter, expected) in
            [('é', 'e'), ('ế', 'e'), ('ñ', 'n'), ('x', 'x'), ('й', 'и'), ('ł', 'ł'), ('日', '日')]
        {
            assert_eq!(bare(letter), expected);
        }
    }
}
