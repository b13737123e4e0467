//! `cargo xtask tables`: writes the module's tables from data of others: telephone plans, composed letters,
//! names of countries. They change with that data and not with our code, so no test writes them anew.

mod digits;
mod phone_plans;

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use crate::process::{command, read};
use crate::{tools, workspace};

/// Days after which telephone data is called old.
const OLD: u64 = 183;

/// Where the telephone plans stand.
const PLANS: &str = "src/phone/plans.txt";
const RANGES: &str = "src/phone/ranges.bin";

/// Writes all tables.
pub(crate) fn write() -> Result<()> {
    tools::node()?;
    let root = workspace::root();
    let before = fs::read_to_string(root.join(PLANS)).unwrap_or_default();
    let made = phone_plans::make(&before)?;
    save(&root.join(PLANS), made.plans.as_bytes())?;
    save(&root.join(RANGES), &made.ranges)?;
    let script = root.join("xtask/src/tables/unicode.mjs");
    for (table, place) in
        [("letters", "src/accents/letters.txt"), ("countries", "src/countries/names.txt")]
    {
        let text = read(command("node").arg(&script).arg(table).current_dir(root))?;
        save(&root.join(place), format!("{text}\n").as_bytes())?;
    }
    Ok(())
}

fn save(path: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    fs::write(path, bytes)?;
    println!("wrote {} ({} bytes)", path.strip_prefix(workspace::root())?.display(), bytes.len());
    Ok(())
}

/// What to say where the telephone plans are older than half a year: ranges that are newer are not known.
pub(crate) fn age() -> Result<Option<String>> {
    let text = fs::read_to_string(workspace::root().join(PLANS))?;
    let read = phone_plans::read_on(&text).context("no date in the telephone plans")?;
    let days = today().saturating_sub(phone_plans::day_number(read)?);
    Ok((days > OLD).then(|| {
        format!(
            "telephone plans were read on {read}, {days} days ago: \
             run `cargo update -p rlibphonenumber` and `cargo xtask tables`"
        )
    }))
}

/// Days since 1970.
fn today() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / 86_400)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plans_say_when_they_were_read() {
        let text = fs::read_to_string(workspace::root().join(PLANS)).unwrap();
        let read = phone_plans::read_on(&text).unwrap();
        assert!(phone_plans::day_number(read).unwrap() <= today());
        assert_eq!(phone_plans::day_number("1970-01-01").unwrap(), 0);
        assert_eq!(phone_plans::day_number("2024-03-01").unwrap(), 19_783);
        assert_eq!(phone_plans::day_text(19_783), "2024-03-01");
        age().unwrap();
    }

    #[test]
    fn the_plans_are_those_of_the_crate_that_judges_them() {
        let root = workspace::root();
        let before = fs::read_to_string(root.join(PLANS)).unwrap();
        let made = phone_plans::make(&before).unwrap();
        assert!(made.plans == before, "{PLANS} is older than the crate: run `cargo xtask tables`");
        assert!(made.ranges == fs::read(root.join(RANGES)).unwrap(), "{RANGES} differs");
    }
}
