//! Telephone numbers judged by another implementation, libphonenumber-js.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use ghl_chartmogul::phone::e164;
use rlibphonenumber::PHONE_NUMBER_UTIL as DATA;
use rlibphonenumber::enums::{PhoneNumberFormat, PhoneNumberType, Region};
use serde_json::json;

use super::{Seeded, inputs, seed};

/// A number as a person may type it: an example of the data with other digits, in one of its forms.
fn typed(random: &mut Seeded, region: Region) -> String {
    let kinds = [PhoneNumberType::Mobile, PhoneNumberType::FixedLine, PhoneNumberType::TollFree];
    let kind = kinds[random.below(kinds.len())];
    let Ok(example) = DATA.get_example_number_for_type_and_region(region, kind) else {
        return (0..4 + random.below(10))
            .map(|_| char::from(b'0' + random.below(10) as u8))
            .collect();
    };
    let form = match random.below(4) {
        0 => PhoneNumberFormat::International,
        1 => PhoneNumberFormat::E164,
        _ => PhoneNumberFormat::National,
    };
    let text = DATA.format(&example, form).to_string();
    let keep = text.len().saturating_sub(1 + random.below(5));
    let change = |(at, c): (usize, char), random: &mut Seeded| {
        if at >= keep && c.is_ascii_digit() { char::from(b'0' + random.below(10) as u8) } else { c }
    };
    let text: String = text.char_indices().map(|one| change(one, random)).collect();
    match random.below(12) {
        0 => text.chars().filter(|c| c.is_ascii_digit()).collect(),
        1 => text.replace('+', "00"),
        2 => text.replace('+', ""),
        3 => format!("{text}{}", random.below(10)),
        4 => format!("{text} ext. {}", 1 + random.below(99)),
        _ => text,
    }
}

#[test]
fn telephone_numbers_are_those_of_libphonenumber_js() {
    let (rounds, seed) = (inputs(2_000), seed());
    println!("{rounds} telephone numbers of seed {seed}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/values");
    if !folder.join("node_modules/libphonenumber-js").is_dir() {
        println!("skipped: libphonenumber-js is not installed: run `npm ci` in tests/values");
        return;
    }
    let mut regions: Vec<Region> = DATA.get_supported_regions().collect();
    regions.sort_by_key(ToString::to_string);
    let mut random = Seeded::new(seed);
    let mut lines = String::new();
    for _ in 0..rounds {
        let region = regions[random.below(regions.len())];
        let input = typed(&mut random, region);
        let country = region.to_string();
        let ours = e164(&input, Some(&country));
        writeln!(lines, "{}", json!({"input": input, "country": country, "ours": ours})).unwrap();
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("phones.jsonl");
    std::fs::write(&file, lines).unwrap();
    let judge = Command::new("node").arg(folder.join("phones.mjs")).arg(&file).output().unwrap();
    let said = String::from_utf8_lossy(&judge.stdout);
    println!("{said}{}", String::from_utf8_lossy(&judge.stderr));
    assert!(judge.status.success(), "they differ for seed {seed}: {said}");
}
