//! The telephone plans of `src/phone`, made of libphonenumber's data as the crate rlibphonenumber has it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::digits::{Digits, NOTHING, Set};
use crate::process::{cargo, read};

/// The crate that has the data. The connector's tests use it as a judge.
const CRATE: &str = "rlibphonenumber";

/// What is written.
pub(crate) struct Made {
    pub(crate) plans: String,
    pub(crate) ranges: Vec<u8>,
}

/// One territory of the data, as far as it is used.
#[derive(Default)]
struct Territory {
    id: String,
    code: u64,
    main: bool,
    abroad: String,
    national: String,
    becomes: String,
    leading: Option<String>,
    general: Description,
    types: Vec<Description>,
}

/// A kind of number: its pattern, and the lengths that it has.
#[derive(Default)]
struct Description {
    pattern: Option<String>,
    lengths: Vec<i64>,
    local_lengths: Vec<i64>,
}

/// Makes the tables. The date stays that of `before` as long as the crate's version does.
pub(crate) fn make(before: &str) -> Result<Made> {
    let (version, folder) = find_crate()?;
    let path = folder.join("src/generated/metadata/metadata.bin");
    let bytes = fs::read(&path).with_context(|| format!("no {}", path.display()))?;
    let mut by_code: BTreeMap<u64, Vec<Territory>> = BTreeMap::new();
    for field in fields(&bytes)? {
        let territory = territory(field.bytes()?)?;
        let of_code = by_code.entry(territory.code).or_default();
        // The one that stands for a calling code is asked first.
        let at = if territory.main { 0 } else { of_code.len() };
        of_code.insert(at, territory);
    }
    let source = format!("{CRATE} {version}");
    let present = before.lines().next().filter(|line| line.contains(&format!("{source},")));
    let date = present.and_then(read_on).map_or_else(|| day_text(super::today()), str::to_owned);
    let mut plans =
        format!("# From libphonenumber (Google, Apache-2.0) by {source}, read {date}\n");
    let mut digits = Digits::new();
    let mut sets = Vec::new();
    for (code, territories) in &by_code {
        sets.push(used(&mut digits, territories)?);
        for territory in territories {
            sets.push(digits.pattern(territory.general.pattern.as_deref().unwrap_or_default())?);
            let fields = [
                &territory.id,
                &code.to_string(),
                &territory.abroad,
                &territory.national,
                &territory.becomes,
                &mask(&territory.general.lengths)?,
                &mask(&territory.general.local_lengths)?,
            ];
            for field in fields {
                ensure!(!field.contains([' ', '\n', '\r']), "{field:?} holds a blank");
                plans.push_str(if field.is_empty() { "-" } else { field });
                plans.push(' ');
            }
            plans.pop();
            plans.push('\n');
        }
    }
    Ok(Made { plans, ranges: digits.write(&sets)? })
}

/// The numbers in use under one calling code: those of the first territory that a number belongs to.
fn used(digits: &mut Digits, territories: &[Territory]) -> Result<Set> {
    let mut all = NOTHING;
    let mut taken = NOTHING;
    for territory in territories {
        let mut own = NOTHING;
        for kind in &territory.types {
            let set = described(digits, kind)?;
            own = digits.union(own, set);
        }
        let general = described(digits, &territory.general)?;
        own = digits.intersection(own, general);
        let left = digits.difference(own, taken);
        all = digits.union(all, left);
        if territories.len() > 1 {
            if let Some(leading) = &territory.leading {
                let front = digits.pattern(leading)?;
                let behind = digits.of_lengths(0..18);
                let set = digits.then(front, behind);
                own = digits.union(own, set);
            }
            taken = digits.union(taken, own);
        }
    }
    Ok(all)
}

fn described(digits: &mut Digits, kind: &Description) -> Result<Set> {
    let Some(pattern) = &kind.pattern else { return Ok(NOTHING) };
    let set = digits.pattern(pattern)?;
    if kind.lengths.is_empty() {
        return Ok(set);
    }
    let lengths = kind.lengths.iter().filter_map(|length| usize::try_from(*length).ok());
    let lengths = digits.of_lengths(lengths);
    Ok(digits.intersection(set, lengths))
}

/// A bit for each length, in hexadecimal.
fn mask(lengths: &[i64]) -> Result<String> {
    let mut mask = 0u32;
    for length in lengths {
        ensure!((0..32).contains(length) || *length == -1, "a length of {length}");
        if *length >= 0 {
            mask |= 1 << length;
        }
    }
    Ok(format!("{mask:x}"))
}

/// The version and the folder of the crate that cargo has fetched.
fn find_crate() -> Result<(String, PathBuf)> {
    let text = read(cargo().args(["metadata", "--format-version", "1"]))?;
    let metadata: Value = serde_json::from_str(&text)?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    let package = packages.iter().find(|package| package["name"] == CRATE).context(CRATE)?;
    let text = |name: &str| package[name].as_str().context("no text").map(str::to_owned);
    let manifest = PathBuf::from(text("manifest_path")?);
    Ok((text("version")?, manifest.parent().context("no folder")?.to_owned()))
}

/// One field of a message in the form of protocol buffers.
struct Field<'b> {
    number: u64,
    value: FieldValue<'b>,
}

enum FieldValue<'b> {
    Number(u64),
    Bytes(&'b [u8]),
}

impl<'b> Field<'b> {
    fn bytes(&self) -> Result<&'b [u8]> {
        match self.value {
            FieldValue::Bytes(bytes) => Ok(bytes),
            FieldValue::Number(_) => bail!("field {} is a number", self.number),
        }
    }

    fn text(&self) -> Result<String> {
        Ok(String::from_utf8(self.bytes()?.to_vec())?)
    }

    /// A pattern, without what anchors it at both ends.
    fn pattern(&self) -> Result<String> {
        let text = self.text()?;
        let inner = text.strip_prefix("^(?:").and_then(|inner| inner.strip_suffix(")$"));
        Ok(inner.with_context(|| text.clone())?.to_owned())
    }

    /// Numbers, each in a field of its own or packed into one.
    fn numbers(&self) -> Result<Vec<i64>> {
        match self.value {
            FieldValue::Number(number) => Ok(vec![number as i64]),
            FieldValue::Bytes(mut bytes) => {
                let mut numbers = Vec::new();
                while !bytes.is_empty() {
                    numbers.push(variable(&mut bytes)? as i64);
                }
                Ok(numbers)
            }
        }
    }
}

fn fields(mut bytes: &[u8]) -> Result<Vec<Field<'_>>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let tag = variable(&mut bytes)?;
        let value = match tag & 7 {
            0 => FieldValue::Number(variable(&mut bytes)?),
            2 => {
                let length = usize::try_from(variable(&mut bytes)?)?;
                let (inner, rest) = bytes.split_at_checked(length).context("cut short")?;
                bytes = rest;
                FieldValue::Bytes(inner)
            }
            other => bail!("a field of kind {other}"),
        };
        found.push(Field { number: tag >> 3, value });
    }
    Ok(found)
}

fn variable(bytes: &mut &[u8]) -> Result<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().context("cut short")?;
        *bytes = rest;
        number |= u64::from(byte & 127) << shift;
        if *byte < 128 {
            return Ok(number);
        }
    }
    bail!("a number that does not end")
}

/// Numbers of the fields in `phonemetadata.proto`.
fn territory(bytes: &[u8]) -> Result<Territory> {
    let mut territory = Territory::default();
    for field in fields(bytes)? {
        match field.number {
            1 => territory.general = description(field.bytes()?)?,
            // Fixed, mobile, toll free, premium, shared cost, personal, voip, pager, uan, voicemail.
            2..=8 | 21 | 25 | 28 => territory.types.push(description(field.bytes()?)?),
            9 => territory.id = field.text()?,
            10 => territory.code = field.numbers()?.first().copied().unwrap_or_default() as u64,
            11 => territory.abroad = field.pattern()?,
            15 => territory.national = field.pattern()?,
            16 => territory.becomes = field.text()?,
            22 => territory.main = field.numbers()? == [1],
            23 => territory.leading = Some(field.pattern()?),
            _ => {}
        }
    }
    Ok(territory)
}

fn description(bytes: &[u8]) -> Result<Description> {
    let mut description = Description::default();
    for field in fields(bytes)? {
        match field.number {
            2 => description.pattern = Some(field.pattern()?),
            9 => description.lengths.extend(field.numbers()?),
            10 => description.local_lengths.extend(field.numbers()?),
            _ => {}
        }
    }
    Ok(description)
}

/// The day on which the data of a table was read, which its first line ends with.
pub(crate) fn read_on(table: &str) -> Option<&str> {
    table.lines().next()?.rsplit_once(", read ").map(|(_, date)| date)
}

/// Days since 1970 of a date.
pub(crate) fn day_number(date: &str) -> Result<u64> {
    let mut parts = date.split('-').map(str::parse::<u64>);
    let (Some(Ok(year)), Some(Ok(month)), Some(Ok(day))) =
        (parts.next(), parts.next(), parts.next())
    else {
        bail!("{date} is not a date");
    };
    // Years that begin in March: their leap day is the last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day;
    days.checked_sub(719_469).with_context(|| format!("{date} is before 1970"))
}

/// The date of a number of days since 1970.
pub(crate) fn day_text(days: u64) -> String {
    let guess = 1970 + days / 366;
    let of = |year: u64, month: u64, day: u64| format!("{year:04}-{month:02}-{day:02}");
    let before = |date: &String| day_number(date).is_ok_and(|number| number <= days);
    let year = (guess..).take_while(|year| before(&of(*year, 1, 1))).last().unwrap_or(1970);
    let month = (1..=12).rev().find(|month| before(&of(year, *month, 1))).unwrap_or(1);
    let day = days + 1 - day_number(&of(year, month, 1)).unwrap_or(days);
    of(year, month, day)
}
