//! Tests of telephone numbers: the inputs with their right answers, libphonenumber's port as a judge, and
//! what holds for all texts.

use rlibphonenumber::enums::{PhoneNumberFormat, PhoneNumberType, Region};
use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL as JUDGE};
use serde_json::Value;

use super::*;
use crate::seeded::Random;

#[test]
fn each_input_has_its_right_answer() {
    let rows: Vec<Value> =
        serde_json::from_str(include_str!("../../tests/fixtures/values/phones.json")).unwrap();
    assert!(rows.len() > 70);
    for row in rows {
        let input = row["input"].as_str().unwrap();
        let country = row["country"].as_str();
        assert_eq!(e164(input, country).as_deref(), row["right"].as_str(), "{input:?} {country:?}");
    }
}

/// What the judge reads, if it is in use.
fn judged(text: &str, region: Option<Region>) -> Option<String> {
    let number = JUDGE.parse(text, region).ok()?;
    JUDGE
        .is_valid_number(&number)
        .then(|| JUDGE.format(&number, PhoneNumberFormat::E164).to_string())
}

/// How many numbers the judge is asked about, and from which seed: PHONE_ROUNDS, PHONE_SEED.
fn asked(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Digits as they may be dialled in a region: a real number with other digits at its end, or any.
fn digits(random: &mut Random, region: Region) -> String {
    let kinds = [PhoneNumberType::Mobile, PhoneNumberType::FixedLine, PhoneNumberType::TollFree];
    let example = JUDGE.get_example_number_for_type_and_region(region, *random.of(&kinds));
    let mut digits = String::new();
    match example {
        Ok(example) if random.below(3) > 0 => {
            let form = *random.of(&[PhoneNumberFormat::National, PhoneNumberFormat::E164]);
            let text = JUDGE.format(&example, form);
            digits.extend(text.chars().filter(char::is_ascii_digit));
            let keep = digits.len().saturating_sub(1 + random.below(4));
            let length = digits.len();
            digits.truncate(keep);
            while digits.len() < length {
                digits.push(char::from(b'0' + random.below(10) as u8));
            }
        }
        _ => {
            for _ in 0..3 + random.below(13) {
                digits.push(char::from(b'0' + random.below(10) as u8));
            }
        }
    }
    let fronts = ["", "", "", "", "0", "00", "011", "1", "8", "15", "549"];
    format!("{}{digits}", random.of(&fronts))
}

#[test]
fn numbers_are_decided_as_libphonenumber_does() {
    let (rounds, seed) = (asked("PHONE_ROUNDS", 20_000), asked("PHONE_SEED", 77));
    let mut random = Random::new(seed);
    let plans = Plans::get();
    let regions: Vec<Region> = {
        let mut regions: Vec<Region> = JUDGE.get_supported_regions().collect();
        regions.sort_by_key(ToString::to_string);
        regions
    };
    let (mut in_use, mut fitting) = (0, 0);
    for round in 0..rounds {
        let region = *random.of(&regions);
        let text = digits(&mut random, region);
        let at = format!("round {round} of seed {seed}: {text:?} in {region}");
        let used = |number: Option<Number>| {
            number.filter(|number| plans.is_used(number)).map(|number| number.e164())
        };
        let plan = plans.of_region(&region.to_string()).unwrap_or_else(|| panic!("{region}"));
        let dialled = used(plans.dialled(plan, &text));
        assert_eq!(dialled, judged(&text, Some(region)), "{at}");
        let plus = format!("+{text}");
        assert_eq!(used(plans.international(&text)), judged(&plus, None), "{at}, behind a +");
        in_use += usize::from(dialled.is_some());
        // Whether its length is possible, used or not.
        let parsed = JUDGE.parse(&plus, None).ok();
        let possible = parsed.filter(|number| {
            JUDGE.is_possible_number_with_reason(number) == Ok(NumberLengthType::IsPossible)
        });
        let possible =
            possible.map(|number| JUDGE.format(&number, PhoneNumberFormat::E164).to_string());
        let fits = plans.international(&text).filter(|number| plans.has_its_length(number));
        assert_eq!(fits.map(|number| number.e164()), possible, "{at}, its length");
        fitting += usize::from(possible.is_some());
    }
    let least = rounds as usize / 10;
    assert!(in_use > least && fitting > least, "{in_use} {fitting}");
}

#[test]
fn every_example_of_the_data_is_in_use() {
    let plans = Plans::get();
    let mut examples = 0;
    for region in JUDGE.get_supported_regions() {
        let Ok(example) = JUDGE.get_example_number(region) else { continue };
        let number = JUDGE.format(&example, PhoneNumberFormat::E164);
        let read = plans.international(&number[1..]).filter(|number| plans.is_used(number));
        assert_eq!(read.map(|number| number.e164()).as_deref(), Some(&*number), "{region}");
        examples += 1;
    }
    assert!(examples > 200);
}

#[test]
fn any_text_is_a_number_of_its_own_digits_that_is_stable_or_none() {
    let pieces = [
        "+",
        "00",
        "0",
        "1",
        "44",
        "49",
        "(",
        ")",
        "-",
        " ",
        "x12",
        "ext",
        "#3",
        ";ext=4",
        "tel:",
        "415",
        "555",
        "2671",
        "٣",
        "７",
        "/",
        "~",
        "e",
        "(0)",
        "20 7946 0018",
        "30 123456",
        "flowers",
        "·",
        "\u{200b}",
        "_",
        ";phone-context=",
        "39",
        "06 6982",
        "5511987654321",
        "\u{1f600}",
        "é",
    ];
    let countries =
        ["US", "GB", "DE", "MX", "AR", "BR", "IT", "RU", "IN", "JP", "AU", "AQ", "germany", "?"];
    let mut random = Random::new(5);
    let mut numbers = 0;
    for _ in 0..100_000 {
        let text: String = (0..random.below(8)).map(|_| *random.of(&pieces)).collect();
        let country = Some(*random.of(&countries)).filter(|country| *country != "?");
        let Some(number) = e164(&text, country) else { continue };
        numbers += 1;
        let digits = number.strip_prefix('+').unwrap();
        assert!((5..=20).contains(&digits.len()) && !digits.starts_with('0'), "{text:?} {number}");
        assert!(digits.bytes().all(|byte| byte.is_ascii_digit()), "{text:?} {number}");
        for other in countries {
            assert_eq!(e164(&number, Some(other)).as_deref(), Some(&*number), "{text:?}");
        }
        // The last digits are those that were typed: nothing is made up.
        let typed = Typed::of(&text).unwrap().digits;
        let last = &digits[digits.len() - 4..];
        assert!(typed.ends_with(last), "{text:?} {number}");
    }
    assert!(numbers > 1_000, "{numbers}");
}

#[test]
fn punctuation_changes_no_number() {
    let blanks = ["", " ", "-", ".", "\u{a0}", "\u{2011}", " - ", "\u{200b}"];
    let mut random = Random::new(31);
    for (country, digits) in
        [("US", "4155552671"), ("DE", "030123456"), ("FR", "0612345678"), ("BR", "5511987654321")]
    {
        let expected = e164(digits, Some(country));
        assert!(expected.is_some(), "{digits}");
        for _ in 0..500 {
            let text: String =
                digits.chars().map(|digit| format!("{digit}{}", random.of(&blanks))).collect();
            assert_eq!(e164(&text, Some(country)), expected, "{text:?}");
        }
    }
}
