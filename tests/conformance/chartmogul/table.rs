//! The table that the suite prints.

use std::collections::BTreeMap;
use std::fmt;

use ghl_chartmogul::chartmogul;

use super::recording::Recording;

/// What came of one recording; an exemption carries its reason.
#[derive(Debug)]
pub(super) struct Checked {
    /// The row; `None` for a retired path.
    pub(super) name: Option<&'static str>,
    pub(super) request: Result<Option<&'static str>, String>,
    pub(super) response: Result<Option<&'static str>, String>,
}

/// Counts by row.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: BTreeMap<&'static str, [usize; 4]>,
    exemptions: BTreeMap<&'static str, usize>,
    pub(super) failures: Vec<String>,
    pub(super) requests: usize,
    responses: usize,
    recordings: usize,
}

impl Table {
    pub(super) fn add(&mut self, recording: &Recording, checked: Checked) {
        self.recordings += 1;
        let row = self.rows.entry(checked.name.unwrap_or("(retired paths)")).or_default();
        row[0] += 1;
        for (column, result) in [(1, checked.request), (2, checked.response)] {
            match result {
                Ok(None) => row[column] += 1,
                Ok(Some(reason)) if column == 1 => {
                    row[3] += 1;
                    *self.exemptions.entry(reason).or_default() += 1;
                }
                Ok(Some(_)) => {}
                Err(problem) => self.failures.push(format!("{}: {problem}", recording.file)),
            }
        }
        self.requests = self.rows.values().map(|row| row[1]).sum();
        self.responses = self.rows.values().map(|row| row[2]).sum();
    }
}

impl Table {
    /// The sums of all rows, for people.
    pub(super) fn total(&self) -> String {
        format!(
            "{} recordings: {} requests produced, {} responses read with no field lost, {} failures",
            self.recordings,
            self.requests,
            self.responses,
            self.failures.len()
        )
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = ("row", "recorded", "requests", "responses", "exempt");
        writeln!(
            formatter,
            "{:<38}{:>10}{:>10}{:>11}{:>8}",
            heads.0, heads.1, heads.2, heads.3, heads.4
        )?;
        for (name, [recorded, requests, responses, exempt]) in &self.rows {
            writeln!(
                formatter,
                "{name:<38}{recorded:>10}{requests:>10}{responses:>11}{exempt:>8}"
            )?;
        }
        let simple = || chartmogul::endpoints().filter(|row| !row.composed);
        let rows = simple().count();
        let silent = simple().filter(|row| !self.rows.contains_key(row.name)).count();
        writeln!(
            formatter,
            "{} rows, {silent} without a recording; {} recordings: {} requests produced, {} responses read, {} failures",
            rows,
            self.recordings,
            self.requests,
            self.responses,
            self.failures.len()
        )?;
        for (reason, times) in &self.exemptions {
            writeln!(formatter, "  exempt {times:>3}: {reason}")?;
        }
        Ok(())
    }
}
