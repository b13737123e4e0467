//! Truth values in many languages.

use ghl_chartmogul::mapping::booleans::read;
use ghl_chartmogul::mapping::settings::BooleanWords;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Seeded, inputs, seed, table};

#[derive(Deserialize)]
struct Row {
    input: Value,
    right: Option<bool>,
}

#[test]
fn inputs_with_right_answers() {
    for Row { input, right } in table("booleans") {
        assert_eq!(read(&input, &BooleanWords::default(), None), right, "{input}");
    }
}

#[test]
fn a_word_of_the_settings_goes_first() {
    let words =
        BooleanWords { yes: vec!["Aktiv".into(), "no".into()], no: vec!["Gekündigt".into()] };
    for (text, right) in [
        ("aktiv.", Some(true)),
        ("NO", Some(true)),
        ("gekündigt", Some(false)),
        ("yes", Some(true)),
        ("maybe", None),
    ] {
        assert_eq!(read(&json!(text), &words, None), right, "{text}");
    }
}

#[test]
fn words_of_many_hands() {
    let none = BooleanWords::default();
    for (value, country, right) in [
        (json!("tak"), Some("PL"), Some(true)),
        (json!("tak"), Some("DK"), None),
        (json!(["No"]), None, Some(false)),
        (json!(["Ja, gern"]), None, Some(true)),
        (json!([""]), None, None),
        (json!([]), None, None),
        (json!([true]), None, Some(true)),
        (json!("HAYIR"), None, Some(false)),
        (json!("ΝΑΙ"), None, Some(true)),
        (json!("نعم\u{200f}"), None, Some(true)),
        (json!("✔\u{fe0f}"), None, Some(true)),
        (json!("x"), None, None),
        (json!("ok"), None, None),
        (json!(0.0), None, Some(false)),
        (json!({"value": "yes"}), None, None),
        (json!(null), None, None),
    ] {
        assert_eq!(read(&value, &none, country), right, "{value}");
    }
}

#[test]
fn no_text_but_a_word_says_anything() {
    const PIECES: &[&str] =
        &["yes", "no", "ja", " ", ".", "!", "İ", "ß", "\u{200b}", "✓", "0", "1", "не"];
    let mut random = Seeded::new(seed());
    for _ in 0..inputs(100_000) {
        let text = random.noise(PIECES, 4);
        let read_once = read(&json!(text), &BooleanWords::default(), None);
        let seen = text.to_lowercase();
        if read_once.is_some() {
            assert!(
                seen.chars().filter(|c| c.is_alphanumeric() || *c == '✓').count() <= 6,
                "seed {}: {text:?}",
                seed()
            );
        }
    }
}
