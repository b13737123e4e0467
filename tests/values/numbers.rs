//! Numbers of many locales.

use ghl_chartmogul::mapping::numbers::{Unread, mark_of, read};
use ghl_chartmogul::mapping::settings::DecimalMark;
use serde::Deserialize;

use crate::{Seeded, inputs, seed, table};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    input: String,
    decimal_mark: Option<String>,
    right: Option<f64>,
}

#[test]
fn inputs_with_right_answers() {
    for Row { input, decimal_mark, right } in table("numbers") {
        let mark = decimal_mark.map(|mark| match mark.as_str() {
            "." => DecimalMark::Point,
            _ => DecimalMark::Comma,
        });
        assert_eq!(read(&input, mark).ok(), right, "{input}");
    }
}

#[test]
fn what_two_countries_read_otherwise_is_ambiguous() {
    for text in ["1,250", "1.250", "999,999", "€ 12.345", "-1,000", "(1.250)"] {
        assert_eq!(read(text, None), Err(Unread::Ambiguous), "{text}");
        let (point, comma) =
            (read(text, Some(DecimalMark::Point)), read(text, Some(DecimalMark::Comma)));
        assert!(point.is_ok() && comma.is_ok() && point != comma, "{text}");
    }
    for text in [
        "1_000", "12%", "10k", "1/2", "5 to 6", "1.2.3", "0x1f", "5e", "e5", "1e5 €", "€", "- 5 -",
        "5..", "..5", "1,,250",
    ] {
        assert_eq!(read(text, None), Err(Unread::NoNumber), "{text}");
    }
    for (text, right) in [
        ("5 € -", -5.0),
        ("100,00- EUR", -100.0),
        ("Kč 12,5", 12.5),
        ("1'250.5", 1250.5),
        ("+ 7", 7.0),
        ("۱٬۲۵۰٫۵", 1250.5),
    ] {
        assert_eq!(read(text, None), Ok(right), "{text}");
    }
}

#[test]
fn the_mark_is_that_of_the_country() {
    for (country, mark) in [
        ("US", DecimalMark::Point),
        ("DE", DecimalMark::Comma),
        ("br", DecimalMark::Comma),
        ("CH", DecimalMark::Point),
        ("MX", DecimalMark::Point),
        ("ZA", DecimalMark::Comma),
        ("IN", DecimalMark::Point),
        ("FR", DecimalMark::Comma),
        ("", DecimalMark::Point),
        ("DEU", DecimalMark::Point),
    ] {
        assert_eq!(mark_of(country), mark, "{country}");
    }
}

/// How eight locales write a number: the decimal mark, the grouping, and whether it groups as India does.
const LOCALES: &[(char, &str, bool)] = &[
    ('.', ",", false),
    (',', ".", false),
    (',', "\u{a0}", false),
    (',', "\u{202f}", false),
    ('.', "’", false),
    ('.', ",", true),
    (',', "", false),
    ('٫', "٬", false),
];

#[test]
fn as_any_locale_writes_it_a_number_arrives_or_is_ambiguous() {
    let mut random = Seeded::new(seed());
    let (mut same, mut ambiguous) = (0_u64, 0_u64);
    for _ in 0..inputs(20_000) {
        let digits = 1 + random.below(9);
        let whole: String = std::iter::once(1 + random.below(9))
            .chain((1..digits).map(|_| random.below(10)))
            .map(|digit| char::from_digit(digit as u32, 10).unwrap())
            .collect();
        let fraction: String =
            (0..random.below(4)).map(|_| char::from(b'0' + random.below(10) as u8)).collect();
        let number: f64 = format!("{whole}.{fraction}0").parse().unwrap();
        for (mark, group, indian) in LOCALES {
            let mut text = grouped(&whole, group, *indian);
            if !fraction.is_empty() {
                text.push(*mark);
                text.push_str(&fraction);
            }
            let text = match random.below(5) {
                0 => format!("-{text} €"),
                1 => format!("(US${text})"),
                _ => text,
            };
            let number = if text.contains(['-', '(']) { -number } else { number };
            match read(&text, None) {
                Ok(read) => {
                    assert_eq!(read, number, "seed {}: {text}", seed());
                    same += 1;
                }
                Err(why) => {
                    assert_eq!(why, Unread::Ambiguous, "seed {}: {text}", seed());
                    ambiguous += 1;
                }
            }
            let told = if *mark == ',' { DecimalMark::Comma } else { DecimalMark::Point };
            assert_eq!(read(&text, Some(told)), Ok(number), "seed {}: {text}", seed());
        }
    }
    assert!(same > ambiguous * 5 && ambiguous > 0, "{same} the same, {ambiguous} ambiguous");
}

fn grouped(whole: &str, group: &str, indian: bool) -> String {
    let mut out = String::new();
    for (index, digit) in whole.chars().enumerate() {
        let left = whole.len() - index;
        let at =
            left == 3 || left > 3 && if indian { left % 2 == 1 } else { left.is_multiple_of(3) };
        if index > 0 && at {
            out.push_str(group);
        }
        out.push(digit);
    }
    out
}

#[test]
fn any_text_is_read_or_refused() {
    const PIECES: &[&str] = &[
        "1", "0", "250", ",", ".", "'", " ", "\u{a0}", "-", "+", "(", ")", "€", "us$", "kr.", "e",
        "E+", "٫", "٬", "٥", "\u{200e}", "%", "k",
    ];
    let mut random = Seeded::new(seed());
    for _ in 0..inputs(100_000) {
        let text = random.noise(PIECES, 10);
        for mark in [None, Some(DecimalMark::Point), Some(DecimalMark::Comma)] {
            if let Ok(number) = read(&text, mark) {
                assert!(number.is_finite(), "seed {}: {text:?}", seed());
                // What is read is read the same again as we write it.
                assert_eq!(
                    read(&number.to_string(), Some(DecimalMark::Point))
                        .ok()
                        .filter(|_| number.abs() < 1e15 && number.abs() > 1e-9),
                    Some(number).filter(|_| number.abs() < 1e15 && number.abs() > 1e-9),
                    "{text:?}"
                );
            }
        }
    }
}
