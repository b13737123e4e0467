//! Tests of e-mail addresses: the inputs with their right answers, and what holds for all texts.

use serde_json::Value;

use super::*;
use crate::seeded::Random;

#[test]
fn each_input_has_its_right_answer() {
    let rows: Vec<Value> =
        serde_json::from_str(include_str!("../../tests/fixtures/values/emails.json")).unwrap();
    assert!(rows.len() > 80);
    for row in rows {
        let input = row["input"].as_str().unwrap();
        assert_eq!(normal(input).as_deref(), row["right"].as_str(), "{input:?}");
        assert_eq!(written(input).is_some(), row["right"].is_string(), "{input:?}");
    }
}

#[test]
fn what_is_written_keeps_the_form_of_its_domain() {
    let written = |text: &str| written(text).unwrap();
    assert_eq!(written("User@XN--MLLER-KVA.example"), "user@xn--mller-kva.example");
    assert_eq!(written("JU\u{308}RGEN@Müller.example"), "jürgen@müller.example");
    assert_eq!(normal("jürgen@müller.example"), normal("ju\u{308}rgen@xn--mller-kva.example"));
    assert_eq!(written("Ada <Ada@Example.com>"), "ada@example.com");
}

#[test]
fn an_address_that_is_sent_has_nothing_around_it() {
    for good in ["ada@example.com", "Ada@Example.com", "jürgen+x@exämple.co.uk", "ju\u{308}@x.io"]
    {
        assert!(is_address(good), "{good:?}");
    }
    for bad in [
        " ada@x.io",
        "ada@x.io\n",
        "<ada@x.io>",
        "mailto:ada@x.io",
        "ada@x.io.",
        "a\u{200b}@x.io",
        "a@b",
    ] {
        assert!(!is_address(bad), "{bad:?}");
    }
    let long = format!("{}@{}.example", "a".repeat(64), "b".repeat(63));
    assert!(is_address(&long) && !is_address(&format!("a{long}")));
    let long = format!("a@{}{}.com", "b12345678.".repeat(24), "c".repeat(8));
    assert_eq!(long.len(), 254);
    assert!(is_address(&long) && !is_address(&format!("a{long}")));
}

#[test]
fn any_text_is_an_address_that_is_stable_or_none() {
    let pieces = [
        "@",
        ".",
        "a",
        "Ada",
        "xn--",
        "-",
        "mailto:",
        "<",
        ">",
        "\u{301}",
        "\u{200b}",
        "é",
        "É",
        "example",
        "com",
        "\"",
        " ",
        "xn--a",
        "xn--99999999",
        "xn--mller-kva",
        "İ",
        "Σ",
        "ß",
        "＠",
        "。",
        "\u{0}",
        "1",
        "+tag",
        ",",
        ";",
        "?x=1",
        "用户",
        "\u{1f600}",
        "\u{a0}",
        "a@b.co",
        "q@xn--e1afmkfd.xn--p1ai",
    ];
    let mut random = Random::new(9);
    let mut addresses = 0;
    for _ in 0..100_000 {
        let text: String = (0..random.below(9)).map(|_| *random.of(&pieces)).collect();
        let Some(address) = normal(&text) else {
            assert_eq!(written(&text), None, "{text:?}");
            continue;
        };
        addresses += 1;
        assert_eq!(normal(&address).as_deref(), Some(&*address), "{text:?}");
        let sent = written(&text).unwrap();
        assert!(is_address(&sent) && written(&sent).as_deref() == Some(&*sent), "{text:?}");
        assert_eq!(normal(&sent).as_deref(), Some(&*address), "{text:?}");
    }
    assert!(addresses > 2_000, "{addresses}");
}

#[test]
fn other_spellings_of_one_address_are_equal_and_no_others() {
    let locals =
        ["ada", "o'brien", "jürgen", "rené+news", "用户", "first.last", "straße", "i\u{307}x"];
    let domains = ["example.com", "müller.example", "sub.example.co.uk", "例え.テスト"];
    let mut random = Random::new(17);
    let nfd = icu_normalizer::DecomposingNormalizerBorrowed::new_nfd();
    let mut seen: Vec<(String, (usize, usize))> = Vec::new();
    for _ in 0..20_000 {
        let (l, d) = (random.below(locals.len()), random.below(domains.len()));
        let mut text = format!("{}@{}", locals[l], domains[d]);
        for _ in 0..random.below(4) {
            text = match random.below(8) {
                0 => nfd.normalize(&text).into_owned(),
                1 => text
                    .chars()
                    .flat_map(|c| if c == 'ß' { vec![c] } else { c.to_uppercase().collect() })
                    .collect(),
                2 => format!(" {text}\u{a0}"),
                3 if !text.contains('<') => format!("Ada L. <{text}>"),
                4 if !text.contains(['<', ':']) => format!("mailto:{text}"),
                5 => text.replacen('a', "a\u{200b}", 1),
                6 => text.replace('@', "＠"),
                _ => text.replace("müller", "xn--mller-kva"),
            };
        }
        let address = normal(&text).unwrap_or_else(|| panic!("{text:?}"));
        match seen.iter().find(|(known, _)| *known == address) {
            Some((_, of)) => assert_eq!(*of, (l, d), "{text:?}"),
            None => {
                assert!(!seen.iter().any(|(_, of)| *of == (l, d)), "{text:?} is {address:?}");
                seen.push((address, (l, d)));
            }
        }
    }
}
