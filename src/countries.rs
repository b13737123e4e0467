//! Countries by their ISO 3166-1 code, and states of the United States by theirs, of what a person typed.

use std::sync::OnceLock;

use crate::accents::bare;

/// A line for each country: alpha-2, alpha-3 and numeric code, then its names in English, German,
/// French, Spanish, Portuguese, Italian and Dutch as [`fold`] folds them. `cargo xtask tables` writes it.
static COUNTRIES: &str = include_str!("countries/names.txt");

/// States, territories and military posts of the United States, as ChartMogul takes them: code, name,
/// and what else they are called (the Associated Press's abbreviations, and older ones), folded.
static STATES: &[&str] = &[
    "AA armedforcesamericas",
    "AE armedforceseurope",
    "AK alaska",
    "AL alabama ala",
    "AP armedforcespacific",
    "AR arkansas ark",
    "AS americansamoa",
    "AZ arizona ariz",
    "CA california calif cal kalifornien californie",
    "CO colorado colo",
    "CT connecticut conn",
    "DC districtofcolumbia washingtondc",
    "DE delaware del",
    "FL florida fla",
    "GA georgia",
    "GU guam",
    "HI hawaii",
    "IA iowa",
    "ID idaho",
    "IL illinois ill",
    "IN indiana ind",
    "KS kansas kan kans",
    "KY kentucky",
    "LA louisiana",
    "MA massachusetts mass",
    "MD maryland",
    "ME maine",
    "MI michigan mich",
    "MN minnesota minn",
    "MO missouri",
    "MP northernmarianaislands",
    "MS mississippi miss",
    "MT montana mont",
    "NC northcarolina ncarolina",
    "ND northdakota ndak ndakota",
    "NE nebraska neb nebr",
    "NH newhampshire",
    "NJ newjersey",
    "NM newmexico nmex",
    "NV nevada nev",
    "NY newyork",
    "OH ohio",
    "OK oklahoma okla",
    "OR oregon ore",
    "PA pennsylvania penn penna",
    "PR puertorico",
    "RI rhodeisland",
    "SC southcarolina scarolina",
    "SD southdakota sdak sdakota",
    "TN tennessee tenn",
    "TX texas tex",
    "UT utah",
    "VA virginia",
    "VI usvirginislands virginislands",
    "VT vermont",
    "WA washington wash",
    "WI wisconsin wis wisc",
    "WV westvirginia wvirginia",
    "WY wyoming wyo",
];

/// The alpha-2 code of a country given by a code of ISO 3166-1 or by a name, in any case, with accents
/// or without. A name that more than one country has ("Korea", "Congo") gives none.
pub fn country_code(text: &str) -> Option<&'static str> {
    static LINES: OnceLock<Vec<&str>> = OnceLock::new();
    let lines = LINES.get_or_init(|| COUNTRIES.lines().collect());
    either(text, &|text| {
        let found = match text.as_bytes() {
            [first, second] => {
                let code = [first.to_ascii_uppercase(), second.to_ascii_uppercase()];
                let order = |line: &&str| line.as_bytes().iter().take(2).cmp(&code);
                let at = lines.binary_search_by(order).ok();
                at.and_then(|at| lines.get(at)?.get(..2))
            }
            [_, _, _] => with_word(&text.to_ascii_uppercase()),
            _ => None,
        };
        // Codes are taken as they stand, "N.A." is not Namibia. Names are in small letters.
        let name = fold(text);
        let named = || with_word(&name).or_else(|| with_word(name.strip_prefix("the")?));
        found.or_else(named)
    })
}

/// The country whose line has this word after its code.
fn with_word(word: &str) -> Option<&'static str> {
    let word = format!(" {word}");
    let whole =
        |at: &usize| matches!(COUNTRIES.as_bytes().get(at + word.len()), None | Some(b' ' | b'\n'));
    let mut found = COUNTRIES.match_indices(&word).map(|(at, _)| at);
    let before = COUNTRIES.get(..found.find(whole).filter(|_| word.len() > 1)?)?;
    before.get(before.rfind('\n').map_or(0, |end| end + 1)..)?.get(..2)
}

/// The code of a state of the United States, given by its code, its name or a usual abbreviation.
pub fn state_code(text: &str) -> Option<&'static str> {
    either(text, &|text| {
        let name = fold(text);
        // "US-CA", "State of California", "Texas, USA", "New York State", as they stand or without that.
        let around = [("", ""), ("us", ""), ("stateof", ""), ("", "usa"), ("", "state")];
        let bare = |(front, back)| name.strip_prefix(front)?.strip_suffix(back);
        let state = |name: &str| {
            let has = |line: &&&str| line.split(' ').any(|one| one.eq_ignore_ascii_case(name));
            STATES.iter().find(has)?.get(..2)
        };
        around.into_iter().filter_map(bare).find_map(state)
    })
}

/// The code that a text gives whole, or that both of its two parts give: "CA - California". A slash
/// joins no word: "n/a", "o/k".
fn either(text: &str, code: &dyn Fn(&str) -> Option<&'static str>) -> Option<&'static str> {
    let text = text.trim();
    let whole = if text.contains('/') { None } else { code(text) };
    whole.or_else(|| {
        let parts = text.split(['-', '(', ')', ',', '/']).map(str::trim);
        let mut parts = parts.filter(|part| !part.is_empty());
        let (first, second) = (parts.next()?, parts.next()?);
        let both = code(first)?;
        (parts.next().is_none() && code(second) == Some(both)).then_some(both)
    })
}

/// A name as it is compared: small letters and digits, without accents and what separates words;
/// `&` is "and", `St.` is "saint". `unicode.mjs` of `cargo xtask tables` folds likewise.
fn fold(text: &str) -> String {
    let mut folded = String::new();
    let mut word = 0;
    // A blank more at the end, which ends the last word.
    for c in text.chars().flat_map(char::to_lowercase).map(bare).chain([' ']) {
        match c {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' => folded.push('d'),
            'ı' => folded.push('i'),
            'þ' => folded.push_str("th"),
            '&' => folded.push_str("and"),
            // A separate mark is part of the letter in front of it.
            '\u{300}'..='\u{36f}' => {}
            c if c.is_alphanumeric() => folded.push(c),
            _ => {
                if folded.get(word..) == Some("st") {
                    folded.truncate(word);
                    folded.push_str("saint");
                }
                word = folded.len();
            }
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::seeded::Random;

    fn each(file: &str, code: fn(&str) -> Option<&'static str>) {
        let rows: Vec<Value> = serde_json::from_str(file).unwrap();
        assert!(rows.len() >= 100);
        for row in rows {
            let input = row["input"].as_str().unwrap();
            assert_eq!(code(input), row["right"].as_str(), "{input:?}");
        }
    }

    #[test]
    fn each_country_has_its_right_answer() {
        each(include_str!("../tests/fixtures/values/countries.json"), country_code);
    }

    #[test]
    fn each_state_has_its_right_answer() {
        each(include_str!("../tests/fixtures/values/states.json"), state_code);
    }

    #[test]
    fn the_table_is_in_order_folded_and_without_clash() {
        let mut seen = std::collections::BTreeMap::new();
        let mut before = "";
        for line in COUNTRIES.lines() {
            let mut words = line.split(' ');
            let code = words.next().unwrap();
            assert!(before < code && code.len() == 2, "{code}");
            before = code;
            for word in std::iter::once(code).chain(words).filter(|word| *word != "-") {
                assert!(word.len() < 4 || fold(word) == word, "{line}");
                assert_eq!(seen.insert(word.to_lowercase(), code).unwrap_or(code), code, "{word}");
                assert_eq!(country_code(word), Some(code), "{word}");
            }
        }
        assert!(seen.len() > 1_200, "{}", seen.len());
    }

    #[test]
    fn states_have_one_code_each() {
        for line in STATES {
            for word in line.split(' ') {
                assert_eq!(state_code(word), line.get(..2), "{word}");
                assert_eq!(fold(word), word.to_lowercase());
            }
        }
        assert!(STATES.is_sorted());
    }

    #[test]
    fn any_text_has_a_code_of_the_table_or_none() {
        let pieces = [
            "us",
            "-",
            "ca",
            "New ",
            "é",
            "the ",
            "St. ",
            "İ",
            "ß",
            "(",
            ")",
            ",",
            "York",
            "state",
            "USA",
            "Georgia",
            " ",
            "\u{301}",
            "DE",
            "saint",
            "lucia",
            "&",
            "\u{1f600}",
            "840",
            "korea",
        ];
        let mut random = Random::new(23);
        for _ in 0..5_000 {
            let text: String = (0..random.below(7)).map(|_| *random.of(&pieces)).collect();
            for (code, again) in [
                (country_code(&text), country_code as fn(&str) -> Option<&'static str>),
                (state_code(&text), state_code),
            ] {
                assert!(code.is_none_or(|code| again(code) == Some(code)), "{text:?} {code:?}");
            }
            assert_eq!(country_code(&format!(" {text} ")), country_code(&text), "{text:?}");
            assert_eq!(
                state_code(&text.to_uppercase()),
                state_code(&text.to_lowercase()),
                "{text:?}"
            );
        }
    }
}
