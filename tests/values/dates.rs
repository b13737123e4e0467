//! Instants and days.

use ghl_chartmogul::dates::{self, Zone};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Seeded, inputs, seed, table};

#[derive(Deserialize)]
struct Row {
    input: Value,
    right: Option<String>,
}

/// An answer is an instant, `day` and a day, or the reason why there is none.
#[test]
fn inputs_with_right_answers() {
    for Row { input, right } in table("dates") {
        let right = right.filter(|right| !right.starts_with("rejected")).unwrap_or_default();
        if let Some(day) = right.split("day ").nth(1) {
            assert_eq!(dates::day(&input).as_deref(), day.get(..10), "{input}");
            continue;
        }
        let right = right.split(' ').next().filter(|right| !right.is_empty());
        assert_eq!(dates::instant(&input).map(dates::iso).as_deref(), right, "{input}");
        assert_eq!(dates::day(&input).is_some(), right.is_some(), "{input}");
    }
}

#[test]
fn any_instant_is_read_as_it_was_written() {
    let mut random = Seeded::new(seed());
    let (first, last) = (-2_208_988_800_000_i64, 7_258_118_399_999_i64);
    for _ in 0..inputs(20_000) {
        let share = random.below(1 << 30) as i64;
        let at = first + (last - first) / (1 << 30) * share + random.below(86_400_000) as i64;
        let at = at.min(last);
        let text = dates::iso(at);
        assert_eq!(dates::instant_of(&text), Some(at), "seed {}: {text}", seed());
        assert_eq!(dates::day(&json!(text)).as_deref(), text.get(..10));
        if at.abs() >= 10_000_000_000 {
            assert_eq!(dates::instant(&json!(at)), Some(at), "seed {}: {at}", seed());
            assert_eq!(dates::instant(&json!(at.to_string())), Some(at), "seed {}: {at}", seed());
        }
        // The same instant on another clock.
        let minutes = random.below(28 * 60) as i64 - 14 * 60;
        let local = dates::iso(at + minutes * 60_000);
        let sign = if minutes < 0 { '-' } else { '+' };
        let zone = format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60);
        let text = local.replace('Z', &zone);
        if (1901..2199).contains(&text[..4].parse::<i32>().unwrap()) {
            assert_eq!(dates::instant_of(&text), Some(at), "seed {}: {text}", seed());
        }
        // A day has no zone.
        assert_eq!(
            dates::read(&local[..10]).map(|(_, zone)| zone),
            Some(Zone::Day).filter(|_| (1900..2200).contains(&local[..4].parse::<i32>().unwrap()))
        );
    }
}

#[test]
fn any_text_is_a_date_of_our_time_or_none() {
    const PIECES: &[&str] = &[
        "2021-07-16",
        "T",
        " ",
        "11:00",
        ":00",
        ".123",
        "Z",
        "+05:30",
        "-0800",
        "UTC",
        "1626433200000",
        "-",
        "9",
        "99999999999",
        "é",
        "2200-",
        "1899-",
        "02-29",
    ];
    let mut random = Seeded::new(seed());
    for _ in 0..inputs(100_000) {
        let text = random.noise(PIECES, 6);
        if let Some(at) = dates::instant_of(&text) {
            let year: i32 = dates::iso(at)[..4].parse().unwrap();
            // A zone can carry the first and the last day over the border.
            assert!((1899..=2200).contains(&year), "seed {}: {text:?} {year}", seed());
        }
        let number = random.below(usize::MAX >> 34) as i64;
        for number in [number << random.below(34), -(number << random.below(34)), i64::MIN + number]
        {
            let day = dates::day(&json!(number));
            assert_eq!(day.is_some(), dates::instant(&json!(number)).is_some(), "{number}");
        }
    }
}
